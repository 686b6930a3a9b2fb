//! Contracts: rules from one body, margin tables and fees from others.

use super::answer::data;
use crate::wire::event::leverage_of;
use plimsoll_domain::{
    ContractStatus, Currency, Decimal, Fees, HedgeMargin, Instrument, MarginTiers, Money, Quantity, Rate, Step, Symbol,
    Tier, Timestamp, VenueId,
};
use plimsoll_venue::json::{self, Num, Text, each, rows};
use plimsoll_venue::{DecodeError, Unread, message, plain};
use serde_json::value::RawValue;
use std::sync::Arc;

/// What closing is reckoned to cost at a liquidation, as a fraction of the notional: 0.06 %. The venue counts it into the
/// maintenance margin: its `keepMarginRate` is without it, the rates of our tables are with it.
pub const LIQUIDATION_FEE: Rate = Rate::new(Decimal::from_parts(6, 0, 0, false, 4));

/// The venue's list of contracts.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Every contract that could be read, whatever its kind and status.
    pub contracts: Vec<Contract>,
    /// Why the others could not: one odd contract takes none of the others with it.
    pub unread: Vec<Unread>,
}

/// A contract as listed, before its margin table and our fees are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// The venue's name of it.
    pub native: Arc<str>,
    /// Its unified name. That of a dated contract is also its perpetual's.
    pub symbol: Symbol,
    /// The venue's word for its kind (`perpetual`): an open set.
    pub contract_type: Arc<str>,
    /// The venue's word for its state (`normal`): an open set.
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
    /// The smallest notional of an order that opens.
    pub min_notional: Money,
    /// What it costs who has no other terms.
    pub standard_fees: Fees,
    /// Hours between fundings.
    pub funding_interval_hours: u32,
    /// When it is taken from the list, or when opening stops before that, once that is announced.
    pub ends: Option<Timestamp>,
}

impl Contract {
    /// It never expires.
    #[must_use]
    pub fn is_perpetual(&self) -> bool {
        &*self.contract_type == "perpetual"
    }

    /// It never expires, and orders of programs are taken. One that may only be closed (`limit_open`) does not count.
    #[must_use]
    pub fn is_trading(&self) -> bool {
        self.is_perpetual() && self.standing().may_open()
    }

    /// It never expires, and is not delisted.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.is_perpetual() && self.standing() != ContractStatus::Delisted
    }

    /// What may be done with it. `restrictedAPI` takes no orders of programs at all, `maintain` none of anybody for now.
    #[must_use]
    pub fn standing(&self) -> ContractStatus {
        match &*self.status {
            "normal" => ContractStatus::Trading,
            "listed" => ContractStatus::PreLaunch,
            "limit_open" => ContractStatus::ReduceOnly,
            "off" => ContractStatus::Delisted,
            _ => ContractStatus::Halted,
        }
    }

    /// The whole instrument.
    ///
    /// Of two cross legs the larger alone is asked for maintenance: the venue's own condition of a cross liquidation. Nothing
    /// of the kind is said of initial margin (article 12560603881482 counts each order), which is therefore each leg's.
    #[must_use]
    pub fn instrument(&self, tiers: MarginTiers, fees: Fees) -> Instrument {
        Instrument {
            venue: VenueId::new("bitget"),
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
            tiers: tiers.hedged(HedgeMargin::LargerLeg),
            fees,
            liquidation_fee: LIQUIDATION_FEE,
            funding_interval_hours: self.funding_interval_hours,
            status: self.standing(),
            ends: self.ends,
            margin_fee: Rate::ZERO,
        }
    }
}

message! {
    struct Row {
        required {
            symbol = "symbol": Text<'a>,
            base = "baseCoin": Text<'a>,
            quote = "quoteCoin": Text<'a>,
            maker = "makerFeeRate": Num<'a>,
            taker = "takerFeeRate": Num<'a>,
            min_size = "minTradeNum": Num<'a>,
            end_step = "priceEndStep": Num<'a>,
            price_place = "pricePlace": Num<'a>,
            size_step = "sizeMultiplier": Num<'a>,
            symbol_type = "symbolType": Text<'a>,
            status = "symbolStatus": Text<'a>,
        }
        optional {
            margin_coins = "supportMarginCoins": Vec<Text<'a>>,
            min_money = "minTradeUSDT": Num<'a>,
            interval = "fundInterval": Num<'a>,
            max_market = "maxMarketOrderQty": Num<'a>,
            max_limit = "maxOrderQty": Num<'a>,
            off_time = "offTime": Num<'a>,
            limit_open_time = "limitOpenTime": Num<'a>,
        }
    }
}

/// The contracts of `market/contracts`.
///
/// # Errors
/// [`DecodeError`] if the body is no list of contracts at all.
pub fn contracts(body: &[u8]) -> Result<Listing, DecodeError> {
    let rows: Vec<&RawValue> = json::read(data(body)?.data)?;
    let mut listing = Listing::default();
    for (index, row) in rows.iter().enumerate() {
        match plain::read::<Row<'_>>(row.get()).and_then(|row| row.contract()) {
            Ok(contract) => listing.contracts.push(contract),
            Err(error) => {
                let error = error.inside(&format!("data[{index}]"));
                listing.unread.push(Unread::new(row.get(), "symbol", error));
            }
        }
    }
    Ok(listing)
}

impl Row<'_> {
    /// A largest size that is missing sets no limit; without both steps nothing can be rounded. Of the coins that may
    /// back it the quote is ours.
    fn contract(&self) -> Result<Contract, DecodeError> {
        let native = self.symbol.as_str();
        let named = |error: DecodeError| error.inside(native);
        let settle = match self.margin_coins.first() {
            Some(first) if !self.margin_coins.iter().any(|coin| coin.as_str() == self.quote.as_str()) => first.as_str(),
            _ => self.quote.as_str(),
        };
        let symbol = Symbol::new(self.base.as_str(), self.quote.as_str(), settle)
            .map_err(|error| DecodeError::new(error.to_string(), native))?;
        let lot = step(self.size_step.decimal("sizeMultiplier").map_err(named)?, "sizeMultiplier").map_err(named)?;
        let largest =
            |number: Num<'_>, place| Ok::<_, DecodeError>(number.maybe_quantity(place)?.unwrap_or(Quantity::MAX));
        let max_quantity = largest(self.max_limit, "maxOrderQty").map_err(named)?;
        let max_market = largest(self.max_market, "maxMarketOrderQty").map_err(named)?;
        let smallest = self.min_size.maybe_quantity("minTradeNum").map_err(named)?;
        Ok(Contract {
            native: native.into(),
            symbol,
            contract_type: self.symbol_type.as_str().into(),
            status: self.status.as_str().into(),
            settle: Currency::new(settle),
            tick: self.tick().map_err(named)?,
            lot,
            min_quantity: smallest.or_else(|| Quantity::new(lot.get()).ok()).unwrap_or(max_quantity),
            max_quantity,
            max_market_quantity: max_market.min(max_quantity),
            min_notional: self.min_money.maybe_money("minTradeUSDT").map_err(named)?.unwrap_or(Money::ZERO),
            standard_fees: Fees {
                maker: self.maker.rate("makerFeeRate").map_err(named)?,
                taker: self.taker.rate("takerFeeRate").map_err(named)?,
            },
            funding_interval_hours: hours(self.interval).map_err(named)?,
            ends: match announced(self.off_time, "offTime").map_err(named)? {
                None => announced(self.limit_open_time, "limitOpenTime").map_err(named)?,
                end => end,
            },
        })
    }

    /// `priceEndStep` in units of the last of `pricePlace` decimals.
    fn tick(&self) -> Result<Step, DecodeError> {
        let place: u32 = self.price_place.whole("pricePlace")?;
        if place > 20 {
            return Err(DecodeError::new(format!("{place} decimals"), "pricePlace"));
        }
        let unit = Decimal::new(1, place);
        let tick = self.end_step.decimal("priceEndStep")?.checked_mul(unit);
        step(tick.unwrap_or_default().normalize(), "priceEndStep")
    }
}

/// A moment; −1 and nothing are none.
fn announced(number: Num<'_>, place: &str) -> Result<Option<Timestamp>, DecodeError> {
    if number.0.is_empty() {
        return Ok(None);
    }
    Ok(Some(number.whole::<i64>(place)?).filter(|millis| *millis > 0).map(Timestamp::from_millis))
}

/// The venue's usual interval where it does not say.
fn hours(number: Num<'_>) -> Result<u32, DecodeError> {
    match number.0 {
        "" => Ok(8),
        _ => match number.whole("fundInterval")? {
            0 => Err(DecodeError::new("an interval of 0 hours", "fundInterval")),
            hours => Ok(hours),
        },
    }
}

fn step(number: Decimal, place: &str) -> Result<Step, DecodeError> {
    Step::new(number).map_err(|error| DecodeError::new(error.to_string(), place))
}

message! {
    struct Level {
        required {
            start = "startUnit": Num<'a>,
            leverage = "leverage": Num<'a>,
            keep = "keepMarginRate": Num<'a>,
        }
        optional {}
    }
}

/// The margin table of `market/query-position-lever`, whose rows are all of one contract. The venue publishes no
/// deductions: each tier's rate holds for its own slice of the notional, so they follow from the rates. The rates of the
/// table are `keepMarginRate` + [`LIQUIDATION_FEE`].
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn margin_tiers(body: &[u8]) -> Result<MarginTiers, DecodeError> {
    let rows: Vec<Level<'_>> = rows(data(body)?.data)?;
    let mut tiers = each(&rows, |row| row.tier().map(Some))?;
    tiers.sort_by_key(|tier| tier.floor);
    let (mut deduction, mut before) = (Decimal::ZERO, None::<Decimal>);
    for tier in &mut tiers {
        let rate = tier.rate.get();
        let more =
            tier.floor.get().checked_mul(rate - before.unwrap_or(rate)).and_then(|more| deduction.checked_add(more));
        deduction = more.ok_or_else(|| DecodeError::new("a margin table beyond all numbers", "startUnit"))?;
        tier.deduction = Money::new(deduction.normalize());
        before = Some(rate);
    }
    MarginTiers::new(tiers).map_err(|error| DecodeError::new(error.to_string(), "data"))
}

impl Level<'_> {
    fn tier(&self) -> Result<Tier, DecodeError> {
        let keep = self.keep.rate("keepMarginRate")?.get();
        if !(Decimal::ZERO..=Decimal::ONE).contains(&keep) {
            return Err(DecodeError::new(format!("a rate of {keep}"), "keepMarginRate"));
        }
        Ok(Tier {
            floor: self.start.money("startUnit")?,
            rate: Rate::new(keep + LIQUIDATION_FEE.get()),
            deduction: Money::ZERO,
            max_leverage: leverage_of(self.leverage, "leverage")?,
        })
    }
}

message! {
    struct TradeRate {
        required {
            maker = "makerFeeRate": Num<'a>,
            taker = "takerFeeRate": Num<'a>,
        }
        optional {}
    }
}

/// `{"makerFeeRate":"0.0002","takerFeeRate":"0.0006"}`: what trading costs this account.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn trade_rate(body: &[u8]) -> Result<Fees, DecodeError> {
    let it: TradeRate<'_> = plain::read(data(body)?.data)?;
    Ok(Fees { maker: it.maker.rate("makerFeeRate")?, taker: it.taker.rate("takerFeeRate")? })
}
