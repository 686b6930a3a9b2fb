//! Contracts: filters from one body, margin tables, fees and funding intervals from others.

use crate::wire::event::leverage_of;
use plimsoll_domain::{
    ContractStatus, Currency, Decimal, Fees, Instrument, MarginTiers, Money, Quantity, Rate, Step, Symbol, Tier,
    Timestamp, VenueId,
};
use plimsoll_venue::json::{self, Num, Text, each, rows, text};
use plimsoll_venue::{DecodeError, Unread};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::sync::Arc;

/// The funding interval of a contract that [`funding_intervals`] does not list.
pub const DEFAULT_FUNDING_INTERVAL_HOURS: u32 = 8;

/// The venue's list of contracts.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Every contract that could be read, whatever its kind and status.
    pub contracts: Vec<Contract>,
    /// Why the others could not: one odd contract takes none of the others with it.
    pub unread: Vec<Unread>,
}

/// A contract as listed, before margin table and fees are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// The venue's name of it.
    pub native: Arc<str>,
    /// Its unified name. That of a dated contract is also its perpetual's.
    pub symbol: Symbol,
    /// The venue's word for its kind (`PERPETUAL`): an open set.
    pub contract_type: Arc<str>,
    /// The venue's word for its state (`TRADING`): an open set.
    pub status: Arc<str>,
    /// The currency of margin, profit and fees.
    pub settle: Currency,
    /// Distance between prices.
    pub tick: Step,
    /// Distance between sizes, in base units.
    pub lot: Step,
    /// The smallest order, in base units.
    pub min_quantity: Quantity,
    /// The largest limit order, in base units.
    pub max_quantity: Quantity,
    /// The largest market order, in base units.
    pub max_market_quantity: Quantity,
    /// The smallest notional of an order that is not reduce-only.
    pub min_notional: Money,
    /// What a forced close costs, as a fraction of its notional.
    pub liquidation_fee: Rate,
    /// When it ends: a perpetual only once its delisting is announced.
    pub ends: Option<Timestamp>,
}

/// The day in the year 2100 that stands for "never".
const NEVER: i64 = 4_133_404_800_000;

impl Contract {
    /// It never expires.
    #[must_use]
    pub fn is_perpetual(&self) -> bool {
        matches!(&*self.contract_type, "PERPETUAL" | "TRADIFI_PERPETUAL")
    }

    /// It never expires, and orders are taken.
    #[must_use]
    pub fn is_trading(&self) -> bool {
        self.is_perpetual() && self.standing().may_open()
    }

    /// It never expires, and is not delisted.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.is_perpetual() && self.standing() != ContractStatus::Delisted
    }

    /// What may be done with it.
    #[must_use]
    pub fn standing(&self) -> ContractStatus {
        match &*self.status {
            "TRADING" => ContractStatus::Trading,
            "PENDING_TRADING" => ContractStatus::PreLaunch,
            "PRE_DELIVERING" | "PRE_SETTLE" | "DELIVERING" | "SETTLING" => ContractStatus::ReduceOnly,
            "DELIVERED" | "CLOSE" => ContractStatus::Delisted,
            _ => ContractStatus::Halted,
        }
    }

    /// The whole instrument.
    #[must_use]
    pub fn instrument(&self, tiers: MarginTiers, fees: Fees, funding_interval_hours: u32) -> Instrument {
        Instrument {
            venue: VenueId::new("binance"),
            symbol: self.symbol.clone(),
            native: Arc::clone(&self.native),
            settle: self.settle.clone(),
            multiplier: Decimal::ONE,
            tick: self.tick,
            lot: self.lot,
            min_quantity: self.min_quantity,
            max_quantity: self.max_quantity,
            max_market_quantity: self.max_market_quantity,
            min_notional: self.min_notional,
            tiers,
            fees,
            liquidation_fee: self.liquidation_fee,
            funding_interval_hours,
            status: self.standing(),
            ends: self.ends,
            margin_fee: Rate::ZERO,
        }
    }
}

#[derive(Deserialize)]
struct ExchangeInfo<'a> {
    #[serde(borrow)]
    symbols: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    contract_type: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    base_asset: Text<'a>,
    #[serde(borrow)]
    quote_asset: Text<'a>,
    #[serde(borrow)]
    margin_asset: Text<'a>,
    #[serde(borrow)]
    liquidation_fee: Num<'a>,
    #[serde(borrow, default)]
    delivery_date: Num<'a>,
    #[serde(borrow)]
    filters: Vec<Filter<'a>>,
}

/// One filter; which of the fields it has depends on its type.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Filter<'a> {
    #[serde(borrow)]
    filter_type: Text<'a>,
    #[serde(borrow)]
    tick_size: Num<'a>,
    #[serde(borrow)]
    step_size: Num<'a>,
    #[serde(borrow)]
    min_qty: Num<'a>,
    #[serde(borrow)]
    max_qty: Num<'a>,
    #[serde(borrow)]
    notional: Num<'a>,
}

/// The contracts of `GET /fapi/v1/exchangeInfo`.
///
/// # Errors
/// [`DecodeError`] if the body is no list of contracts at all.
pub fn contracts(body: &[u8]) -> Result<Listing, DecodeError> {
    let info: ExchangeInfo<'_> = json::read(text(body)?)?;
    let mut listing = Listing::default();
    for (index, row) in info.symbols.iter().enumerate() {
        match json::read::<Row<'_>>(row.get()).and_then(|row| row.contract()) {
            Ok(contract) => listing.contracts.push(contract),
            Err(error) => {
                let error = error.inside(&format!("symbols[{index}]"));
                listing.unread.push(Unread::new(row.get(), "symbol", error));
            }
        }
    }
    Ok(listing)
}

impl<'a> Row<'a> {
    /// A filter that is missing, or a member that is zero, sets no limit. Without a step nothing can be rounded, so a
    /// contract must have both steps.
    fn contract(&self) -> Result<Contract, DecodeError> {
        let native = self.symbol.as_str();
        let named = |error: DecodeError| error.inside(native);
        let (base, quote, settle) = (self.base_asset.as_str(), self.quote_asset.as_str(), self.margin_asset.as_str());
        let symbol = Symbol::new(base, quote, settle).map_err(|error| DecodeError::new(error.to_string(), native))?;
        let (sizes, market) = (self.filter("LOT_SIZE"), self.filter("MARKET_LOT_SIZE"));
        let lot = step(sizes.step_size, "LOT_SIZE.stepSize").map_err(named)?;
        let smallest = sizes.min_qty.maybe_quantity("LOT_SIZE.minQty").map_err(named)?;
        let largest = sizes.max_qty.maybe_quantity("LOT_SIZE.maxQty").map_err(named)?.unwrap_or(Quantity::MAX);
        let market_largest = market.max_qty.maybe_quantity("MARKET_LOT_SIZE.maxQty").map_err(named)?;
        Ok(Contract {
            native: native.into(),
            symbol,
            contract_type: self.contract_type.as_str().into(),
            status: self.status.as_str().into(),
            settle: Currency::new(settle),
            tick: step(self.filter("PRICE_FILTER").tick_size, "PRICE_FILTER.tickSize").map_err(named)?,
            lot,
            min_quantity: smallest.or_else(|| Quantity::new(lot.get()).ok()).unwrap_or(largest),
            max_quantity: largest,
            max_market_quantity: market_largest.map_or(largest, |market| market.min(largest)),
            min_notional: self
                .filter("MIN_NOTIONAL")
                .notional
                .maybe_money("MIN_NOTIONAL.notional")
                .map_err(named)?
                .unwrap_or(Money::ZERO),
            liquidation_fee: self.liquidation_fee.rate("liquidationFee").map_err(named)?,
            ends: match self.delivery_date.0 {
                "" => None,
                _ => Some(self.delivery_date.whole::<i64>("deliveryDate").map_err(named)?)
                    .filter(|date| (1..NEVER).contains(date))
                    .map(Timestamp::from_millis),
            },
        })
    }

    fn filter(&self, name: &str) -> &Filter<'a> {
        const NONE: &Filter<'static> = &Filter {
            filter_type: Text::EMPTY,
            tick_size: Num(""),
            step_size: Num(""),
            min_qty: Num(""),
            max_qty: Num(""),
            notional: Num(""),
        };
        self.filters.iter().find(|filter| filter.filter_type.as_str() == name).unwrap_or(NONE)
    }
}

fn step(number: Num<'_>, place: &str) -> Result<Step, DecodeError> {
    Step::new(number.decimal(place)?).map_err(|error| DecodeError::new(error.to_string(), place))
}

#[derive(Deserialize)]
struct Brackets<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    brackets: Vec<Bracket<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bracket<'a> {
    #[serde(borrow)]
    notional_floor: Num<'a>,
    #[serde(borrow)]
    maint_margin_ratio: Num<'a>,
    #[serde(borrow)]
    cum: Num<'a>,
    #[serde(borrow)]
    initial_leverage: Num<'a>,
}

/// The margin tables of `GET /fapi/v1/leverageBracket` by the venue's names, each checked: a table that is not continuous
/// is an error of its own and takes no other with it.
///
/// # Errors
/// [`DecodeError`] if the body is no list of tables at all.
pub fn leverage_brackets(body: &[u8]) -> Result<HashMap<Arc<str>, Result<MarginTiers, DecodeError>>, DecodeError> {
    let rows: Vec<Brackets<'_>> = rows(text(body)?)?;
    Ok(rows.iter().map(|row| (row.symbol.as_str().into(), row.tiers())).collect())
}

impl Brackets<'_> {
    fn tiers(&self) -> Result<MarginTiers, DecodeError> {
        let mut tiers = each(&self.brackets, |bracket| bracket.tier().map(Some))
            .map_err(|error| error.inside(self.symbol.as_str()))?;
        tiers.sort_by_key(|tier| tier.floor);
        MarginTiers::new(tiers).map_err(|error| DecodeError::new(error.to_string(), self.symbol.as_str()))
    }
}

impl Bracket<'_> {
    fn tier(&self) -> Result<Tier, DecodeError> {
        Ok(Tier {
            floor: self.notional_floor.money("notionalFloor")?,
            rate: self.maint_margin_ratio.rate("maintMarginRatio")?,
            deduction: self.cum.money("cum")?,
            max_leverage: leverage_of(self.initial_leverage, "initialLeverage")?,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Commission<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    maker_commission_rate: Num<'a>,
    #[serde(borrow)]
    taker_commission_rate: Num<'a>,
}

/// `{"symbol":"BTCUSDT","makerCommissionRate":"0.0002","takerCommissionRate":"0.0004"}`: the venue's name of the
/// contract, and what trading it costs this account.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn commission_rate(body: &[u8]) -> Result<(Arc<str>, Fees), DecodeError> {
    let it: Commission<'_> = json::read(text(body)?)?;
    let maker = it.maker_commission_rate.rate("makerCommissionRate")?;
    let taker = it.taker_commission_rate.rate("takerCommissionRate")?;
    Ok((it.symbol.as_str().into(), Fees { maker, taker }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FundingInfo<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    funding_interval_hours: Num<'a>,
}

/// Hours between fundings by the venue's names, of the contracts that were adjusted; the others have
/// [`DEFAULT_FUNDING_INTERVAL_HOURS`].
///
/// # Errors
/// [`DecodeError`] for anything but a list of such rows, and for an interval of no hours.
pub fn funding_intervals(body: &[u8]) -> Result<HashMap<Arc<str>, u32>, DecodeError> {
    let rows: Vec<FundingInfo<'_>> = rows(text(body)?)?;
    let pairs = each(&rows, |row| {
        let hours: u32 = row.funding_interval_hours.whole("fundingIntervalHours")?;
        if hours == 0 {
            return Err(DecodeError::new("an interval of 0 hours", "fundingIntervalHours"));
        }
        Ok(Some((row.symbol.as_str().into(), hours)))
    })?;
    Ok(pairs.into_iter().collect())
}
