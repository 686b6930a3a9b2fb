//! Contracts, their margin tables, and what trading them costs.

use super::body_rows;
use crate::wire::moment::first_moment;
use plimsoll_domain::{
    ContractStatus, Currency, Decimal, Fees, HedgeMargin, Instrument, Leverage, MarginTiers, Money, Quantity, Rate,
    Step, Symbol, Tier, Timestamp, VenueId,
};
use plimsoll_venue::json::{self, DecodeError, Num, Raw, Text};
use plimsoll_venue::{Unread, message, plain};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What the venue divides contracts into where it divides them. No field states it: found by others, and finer sizes are
/// cut off without a word.
const TENTH: Decimal = Decimal::from_parts(1, 0, 0, false, 1);

/// The venue's list of contracts.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Every linear contract that could be read, whatever its status.
    pub contracts: Vec<Contract>,
    /// Why the others could not: one odd contract takes none of the others with it.
    pub unread: Vec<Unread>,
}

/// A contract as listed, before its margin table and the account's fees are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// The venue's name of it.
    pub native: Arc<str>,
    /// Its unified name.
    pub symbol: Symbol,
    /// The venue's word for its state (`trading`): an open set.
    pub status: Arc<str>,
    /// It is on its way out: only reducing is allowed.
    pub in_delisting: bool,
    /// Base units in a contract.
    pub multiplier: Decimal,
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
    /// The schedule of the contract, which margins and liquidation prices are reckoned with, not what the account pays.
    pub base_fees: Fees,
    /// Hours between fundings.
    pub funding_interval_hours: u32,
    /// When it is taken from the list, once that is announced.
    pub ends: Option<Timestamp>,
}

impl Contract {
    /// Orders that open positions are taken.
    #[must_use]
    pub fn is_trading(&self) -> bool {
        self.standing().may_open()
    }

    /// What may be done with it.
    #[must_use]
    pub fn standing(&self) -> ContractStatus {
        match &*self.status {
            "delisted" => ContractStatus::Delisted,
            "delisting" => ContractStatus::ReduceOnly,
            _ if self.in_delisting => ContractStatus::ReduceOnly,
            "trading" => ContractStatus::Trading,
            "prelaunch" => ContractStatus::PreLaunch,
            _ => ContractStatus::Halted,
        }
    }

    /// The whole instrument, with what the account pays. A forced close is reckoned at the contract's own taker rate: the
    /// venue liquidates where nothing is left beyond maintenance and that, so the rates of the margin table hold it.
    ///
    /// Of two cross legs the larger alone is asked for maintenance (Gate.io's help pages on the liquidation of 2024, articles
    /// 37783 and 39469). They say the same of initial margin; the sum of both legs, which we count, is never less.
    #[must_use]
    pub fn instrument(&self, tiers: MarginTiers, fees: Fees) -> Instrument {
        Instrument {
            venue: VenueId::new("gateio"),
            symbol: self.symbol.clone(),
            native: Arc::clone(&self.native),
            settle: Currency::new(self.symbol.settle()),
            multiplier: self.multiplier,
            tick: self.tick,
            lot: self.lot,
            min_quantity: self.min_quantity,
            max_quantity: self.max_quantity,
            max_market_quantity: self.max_market_quantity,
            min_notional: Money::ZERO,
            tiers: with_closing_fee(tiers, self.base_fees.taker).hedged(HedgeMargin::LargerLeg),
            fees,
            liquidation_fee: self.base_fees.taker,
            funding_interval_hours: self.funding_interval_hours,
            status: self.standing(),
            ends: self.ends,
            margin_fee: Rate::new(self.base_fees.taker.get().max(Decimal::ZERO)),
        }
    }
}

/// The table with a fee of closing in every rate; a rate that would be the whole notional stays as it is.
fn with_closing_fee(tiers: MarginTiers, fee: Rate) -> MarginTiers {
    let raised = |tier: &Tier| Tier { rate: Rate::new(tier.rate.get() + fee.get().max(Decimal::ZERO)), ..*tier };
    MarginTiers::new(tiers.lines().iter().map(raised).collect()).unwrap_or(tiers)
}

message! {
    struct Row {
        required {
            name = "name": Text<'a>,
            quanto_multiplier = "quanto_multiplier": Num<'a>,
            order_price_round = "order_price_round": Num<'a>,
            maker_fee_rate = "maker_fee_rate": Num<'a>,
            taker_fee_rate = "taker_fee_rate": Num<'a>,
            funding_interval = "funding_interval": Num<'a>,
        }
        optional {
            kind = "type": Option<Text<'a>>,
            status = "status": Option<Text<'a>>,
            in_delisting = "in_delisting": bool,
            enable_decimal = "enable_decimal": bool,
            order_size_min = "order_size_min": Num<'a>,
            order_size_max = "order_size_max": Num<'a>,
            market_order_size_max = "market_order_size_max": Num<'a>,
            launch_time = "launch_time": Num<'a>,
            delisting_time = "delisting_time": Num<'a>,
            delisted_time = "delisted_time": Num<'a>,
        }
    }
}

/// The contracts of `GET /contracts`, or the one of `GET /contracts/{contract}`. Inverse ones are left out.
///
/// # Errors
/// [`DecodeError`] if the body is no list of contracts at all.
pub fn contracts(body: &[u8]) -> Result<Listing, DecodeError> {
    let mut listing = Listing::default();
    for (index, row) in body_rows::<Raw<'_>>(body)?.iter().enumerate() {
        match plain::read::<Row<'_>>(row.0).and_then(|row| row.contract()) {
            Ok(contract) => listing.contracts.extend(contract),
            Err(error) => {
                let error = error.inside(&format!("[{index}]"));
                listing.unread.push(Unread::new(row.0, "name", error));
            }
        }
    }
    Ok(listing)
}

impl Row<'_> {
    /// `None` for an inverse contract. A limit that is missing or zero sets none.
    fn contract(&self) -> Result<Option<Contract>, DecodeError> {
        if self.kind.as_ref().is_some_and(|kind| kind.as_str() == "inverse") {
            return Ok(None);
        }
        let native = self.name.as_str();
        self.linear(native).map(Some).map_err(|error| error.inside(native))
    }

    fn linear(&self, native: &str) -> Result<Contract, DecodeError> {
        // The list has no members for base and quote. A name that ends with a date is no perpetual's.
        let pair = native.rsplit_once('_').filter(|(_, quote)| !quote.bytes().all(|byte| byte.is_ascii_digit()));
        let (base, quote) = pair.ok_or_else(|| DecodeError::new("no pair of names", "name"))?;
        let symbol = Symbol::new(base, quote, quote).map_err(|error| DecodeError::new(error.to_string(), "name"))?;
        let multiplier = self.quanto_multiplier.quantity("quanto_multiplier")?.get();
        let step = if self.enable_decimal { TENTH } else { Decimal::ONE };
        let of = |contracts: Decimal, place: &str| {
            Quantity::new(crate::wire::contracts::base(contracts, multiplier, place)?)
                .map_err(|error| DecodeError::new(error.to_string(), place))
        };
        let limit = |number: Num<'_>, place: &str| match number.maybe_quantity(place)? {
            Some(contracts) => of(contracts.get(), place).map(Some),
            None => Ok(None),
        };
        let lot = of(step, "quanto_multiplier")?;
        let largest = limit(self.order_size_max, "order_size_max")?.unwrap_or(Quantity::MAX);
        let market = limit(self.market_order_size_max, "market_order_size_max")?.unwrap_or(largest);
        Ok(Contract {
            native: native.into(),
            symbol,
            status: self.status.as_ref().map_or("trading", Text::as_str).into(),
            in_delisting: self.in_delisting,
            multiplier,
            tick: distance(self.order_price_round.decimal("order_price_round")?, "order_price_round")?,
            lot: distance(lot.get(), "quanto_multiplier")?,
            min_quantity: limit(self.order_size_min, "order_size_min")?.unwrap_or(lot).max(lot),
            max_quantity: largest,
            max_market_quantity: market.min(largest),
            base_fees: Fees {
                maker: self.maker_fee_rate.rate("maker_fee_rate")?,
                taker: self.taker_fee_rate.rate("taker_fee_rate")?,
            },
            funding_interval_hours: hours(self.funding_interval, "funding_interval")?,
            ends: self.ends()?,
        })
    }

    /// A time that is not after the launch says nothing.
    fn ends(&self) -> Result<Option<Timestamp>, DecodeError> {
        let launched = first_moment(&[(self.launch_time, "launch_time")])?.unwrap_or_default();
        for end in [(self.delisted_time, "delisted_time"), (self.delisting_time, "delisting_time")] {
            if let Some(end) = first_moment(&[end])?.filter(|end| *end > launched) {
                return Ok(Some(end));
            }
        }
        Ok(None)
    }
}

fn distance(step: Decimal, place: &str) -> Result<Step, DecodeError> {
    Step::new(step).map_err(|error| DecodeError::new(error.to_string(), place))
}

/// Seconds as whole hours.
pub(super) fn hours(seconds: Num<'_>, place: &str) -> Result<u32, DecodeError> {
    let seconds: u32 = seconds.whole(place)?;
    match seconds {
        seconds if seconds >= 3600 && seconds % 3600 == 0 => Ok(seconds / 3600),
        _ => Err(DecodeError::new(format!("an interval of {seconds} seconds"), place)),
    }
}

message! {
    struct TierRow {
        required {
            risk_limit = "risk_limit": Num<'a>,
            maintenance_rate = "maintenance_rate": Num<'a>,
            leverage_max = "leverage_max": Num<'a>,
        }
        optional {
            contract = "contract": Option<Text<'a>>,
            deduction = "deduction": Num<'a>,
        }
    }
}

/// The margin table of one contract, as `GET /risk_limit_tiers?contract=…` tells it.
///
/// # Errors
/// [`DecodeError`] for a table that is not continuous, increasing and convex, and for anything else.
pub fn margin_tiers(body: &[u8]) -> Result<MarginTiers, DecodeError> {
    table(&body_rows::<TierRow<'_>>(body)?.iter().collect::<Vec<_>>())
}

/// The margin tables of a page of contracts by the venue's names, each checked: a table that is not continuous is an error
/// of its own and takes no other with it.
///
/// # Errors
/// [`DecodeError`] if the body is no list of lines that name their contract.
pub fn margin_tables(body: &[u8]) -> Result<HashMap<Arc<str>, Result<MarginTiers, DecodeError>>, DecodeError> {
    let rows: Vec<TierRow<'_>> = body_rows(body)?;
    let mut by_contract: BTreeMap<&str, Vec<&TierRow<'_>>> = BTreeMap::new();
    for row in &rows {
        let native = row.contract.as_ref().ok_or_else(|| DecodeError::new("no value", "contract"))?;
        by_contract.entry(native.as_str()).or_default().push(row);
    }
    let read =
        |(native, rows): (&str, Vec<&TierRow<'_>>)| (native.into(), table(&rows).map_err(|error| error.inside(native)));
    Ok(by_contract.into_iter().map(read).collect())
}

/// A line holds up to its risk limit, and the next one from there. The deductions follow from the rates: those that are
/// told are checked, up to what the venue may have rounded away.
fn table(rows: &[&TierRow<'_>]) -> Result<MarginTiers, DecodeError> {
    let place = "the margin table";
    let mut lines = json::each(rows, |row| row.line().map(Some))?;
    lines.sort_by_key(|line| line.0);
    let mut tiers: Vec<Tier> = Vec::with_capacity(lines.len());
    let mut floor = Money::ZERO;
    for (limit, told, mut tier) in lines {
        if let Some(below) = tiers.last() {
            let jump = floor.get().saturating_mul(tier.rate.get().saturating_sub(below.rate.get()));
            tier.deduction = Money::new(below.deduction.get().saturating_add(jump));
        }
        tier.floor = floor;
        let off = told.map(|told| (told.get().saturating_sub(tier.deduction.get())).abs());
        if off.is_some_and(|off| off > Decimal::ONE) {
            let why = format!("the line from {floor} deducts {}, not {}", told.unwrap_or_default(), tier.deduction);
            return Err(DecodeError::new(why, place));
        }
        tiers.push(tier);
        floor = limit;
    }
    MarginTiers::new(tiers).map_err(|error| DecodeError::new(error.to_string(), place))
}

impl TierRow<'_> {
    /// Up to where it holds, the deduction that is told, and the line. A leverage of 33.33 allows 33.
    fn line(&self) -> Result<(Money, Option<Money>, Tier), DecodeError> {
        let most = self.leverage_max.decimal("leverage_max")?.trunc();
        let max_leverage = u32::try_from(most).ok().and_then(|most| Leverage::new(most).ok());
        let max_leverage =
            max_leverage.ok_or_else(|| DecodeError::new(format!("{most} is no leverage"), "leverage_max"))?;
        let rate: Rate = self.maintenance_rate.rate("maintenance_rate")?;
        let tier = Tier { floor: Money::ZERO, rate, deduction: Money::ZERO, max_leverage };
        Ok((self.risk_limit.money("risk_limit")?, self.deduction.maybe_money("deduction")?, tier))
    }
}

message! {
    struct FeeRow {
        required {
            taker_fee = "taker_fee": Num<'a>,
            maker_fee = "maker_fee": Num<'a>,
        }
        optional {}
    }
}

/// `{"BTC_USDT":{"taker_fee":"0.0005","maker_fee":"0.0002"}}`: what trading costs this account, by the venue's names.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn fees(body: &[u8]) -> Result<HashMap<Arc<str>, Fees>, DecodeError> {
    let rows: HashMap<String, Raw<'_>> = json::read(json::text(body)?)?;
    let read = |(native, row): (String, Raw<'_>)| {
        let row: FeeRow<'_> = plain::read(row.0)?;
        Ok((
            Arc::from(native),
            Fees { maker: row.maker_fee.rate("maker_fee")?, taker: row.taker_fee.rate("taker_fee")? },
        ))
    };
    rows.into_iter().map(read).collect()
}
