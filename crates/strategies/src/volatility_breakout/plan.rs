//! What to open on a breakout.

use super::VolatilityBreakoutSettings;
use crate::float;
use crate::settings::{beyond, fitting};
use plimsoll_domain::{
    Decimal, Direction, Instrument, Leg, Leverage, Liquidation, Position, Price, Quantity, Rounding, liquidation,
};
use plimsoll_ports::TradedAccount;

/// A trade before it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) quantity: Quantity,
    pub(super) leverage: Leverage,
    pub(super) stop: Price,
    pub(super) target: Option<Price>,
    /// What a stop loses on each unit, before fees: 1 R.
    pub(super) risk: Decimal,
}

/// The trade whose stop loses the share of equity that may be lost, fees among it, as far as what is available pays for it,
/// with the most leverage up to that of the settings at which liquidation is beyond the stop.
pub(super) fn plan(
    settings: &VolatilityBreakoutSettings,
    account: &TradedAccount<'_>,
    instrument: &Instrument,
    (direction, price): (Direction, Price),
    atr: f64,
) -> Option<Plan> {
    let ranges = |times: Decimal| float::distance(atr * float::of(times), instrument.tick, Rounding::Down);
    let stop = beyond(instrument, direction, price, ranges(settings.stop_atr.0)?)?;
    let risk = (price.get() - stop.get()).abs();
    let fees = (price.get() + stop.get()).saturating_mul(instrument.fees.taker.get().max(Decimal::ZERO));
    let may_lose = account.equity().get().saturating_mul(settings.risk.0);
    let wanted = may_lose.checked_div(risk + fees)?;
    let target = price.get() + direction.sign().saturating_mul(ranges(settings.target_atr.0)?);
    // Towards the price, where it is met sooner.
    let nearer = if direction == Direction::Long { Rounding::Down } else { Rounding::Up };
    let target = Price::new(target).ok().and_then(|target| target.round(instrument.tick, nearer));
    let most = account.caps().leverage.map_or(settings.leverage, |most| settings.leverage.min(most.get()));
    (1..=most).rev().find_map(|times| {
        let wished = Leverage::new(times).ok()?;
        let (quantity, leverage) = fitting(wanted, account, instrument, price, wished)?;
        let position = Position { direction, quantity, entry: price };
        let safe = leverage == wished && stops_before_liquidation(position, instrument, leverage, stop);
        safe.then_some(Plan { quantity, leverage, stop, target, risk })
    })
}

/// Whether the stop of an isolated position comes before its liquidation.
fn stops_before_liquidation(position: Position, instrument: &Instrument, leverage: Leverage, stop: Price) -> bool {
    let margin = plimsoll_domain::margin::initial(position.notional(position.entry), leverage);
    let leg = Leg { position, tiers: &instrument.tiers };
    match liquidation::isolated(leg, margin, instrument.liquidation_fee, Some(position.entry)) {
        Liquidation::Bounds(bounds) => bounds.holds(stop),
        Liquidation::AlreadyDue => false,
    }
}
