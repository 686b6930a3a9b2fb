//! The contract that a history is of.

use crate::failure::Failure;
use plimsoll_domain::{
    ContractStatus, Currency, Decimal, Fees, Instrument, Money, Quantity, Rate, Step, Symbol, VenueId,
};
use plimsoll_exchange::listings;
use plimsoll_history::CandleRow;
use plimsoll_strategies::settings::Number;
use serde::Deserialize;

/// What of a contract is otherwise than it would be taken for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ContractPlan {
    tick: Option<Number>,
    lot: Option<Number>,
    min_notional: Option<Number>,
    taker_fee: Option<Number>,
    maker_fee: Option<Number>,
    funding_interval_hours: Option<u32>,
    /// `floor:rate:deduction[:max_leverage],...`, or a file of such lines in JSON.
    tiers: Option<String>,
}

impl ContractPlan {
    /// Its fundings come as its file says.
    pub(super) const fn has_no_funding_interval(&self) -> bool {
        self.funding_interval_hours.is_none()
    }
}

/// The contract: of BTC and ETH what Binance published, of others one whose tick is that of the prices and whose margin table is
/// that of ETH.
pub(super) fn instrument(symbol: &Symbol, plan: &ContractPlan, first: &CandleRow) -> Result<Instrument, Failure> {
    let known = [listings::btc_usdt(), listings::eth_usdt()].into_iter().find(|known| known.symbol == *symbol);
    let mut it = match known {
        Some(known) => known,
        None => like(symbol, first)?,
    };
    let wrong = |what: &str, value: Decimal| Failure::usage(format!("{symbol}: {what} cannot be {value}"));
    if let Some(Number(tick)) = plan.tick {
        it.tick = Step::new(tick).map_err(|_| wrong("tick", tick))?;
    }
    if let Some(Number(lot)) = plan.lot {
        it.lot = Step::new(lot).map_err(|_| wrong("lot", lot))?;
        it.min_quantity = Quantity::new(lot).map_err(|_| wrong("lot", lot))?;
    }
    if let Some(Number(notional)) = plan.min_notional {
        it.min_notional = Money::new(notional);
    }
    // A rebate is a fee below zero; nothing costs more than it is worth.
    let fee = |what: &str, fee: Decimal| match fee.abs() < Decimal::ONE {
        true => Ok(Rate::new(fee)),
        false => Err(wrong(what, fee)),
    };
    if let Some(Number(taker)) = plan.taker_fee {
        it.fees.taker = fee("taker_fee", taker)?;
    }
    if let Some(Number(maker)) = plan.maker_fee {
        it.fees.maker = fee("maker_fee", maker)?;
    }
    if let Some(hours) = plan.funding_interval_hours {
        it.funding_interval_hours = hours;
    }
    if let Some(tiers) = &plan.tiers {
        it.tiers = crate::cli::calc::margin_table(tiers)?;
    }
    Ok(it)
}

fn like(symbol: &Symbol, first: &CandleRow) -> Result<Instrument, Failure> {
    let of = listings::eth_usdt();
    let places =
        [first.open, first.high, first.low, first.close].into_iter().map(|price| price.get().normalize().scale());
    let tick = Decimal::new(1, places.max().unwrap_or(2));
    // A lot is worth about a cent, so that sizes are as fine as anybody wants them.
    let lot = (0..8).map(|places| Decimal::new(1, places)).find(|lot| *lot * first.open.get() <= Decimal::new(5, 2));
    let lot = lot.unwrap_or(Decimal::new(1, 8));
    let unfit = |_| Failure::usage(format!("{symbol}: no tick can be made of its first candle"));
    let many = Quantity::new(Decimal::from(1_000_000_000_u64)).map_err(|_| Failure::usage("a size is above zero"))?;
    Ok(Instrument {
        venue: VenueId::new("history"),
        symbol: symbol.clone(),
        native: format!("{}{}", symbol.base(), symbol.quote()).into(),
        settle: Currency::new(symbol.settle()),
        multiplier: Decimal::ONE,
        tick: Step::new(tick).map_err(unfit)?,
        lot: Step::new(lot).map_err(unfit)?,
        min_quantity: Quantity::new(lot).map_err(|_| Failure::usage("a lot is above zero"))?,
        max_quantity: many,
        max_market_quantity: many,
        min_notional: Money::new(Decimal::from(5)),
        tiers: of.tiers.clone(),
        fees: Fees { maker: of.fees.maker, taker: of.fees.taker },
        liquidation_fee: of.liquidation_fee,
        funding_interval_hours: 8,
        status: ContractStatus::Trading,
        ends: None,
        margin_fee: Rate::ZERO,
    })
}
