//! Both legs, as they are.

use super::settings::{FundingArbitrageSettings, MarginOf};
use crate::place::Place;
use plimsoll_domain::liquidation::{self, Leg};
use plimsoll_domain::{
    Decimal, Direction, Instrument, Leverage, Liquidation, Money, Position, Price, Quantity, Rate, Reducible,
    Reduction, Rounding, Timestamp, margin, reduce,
};
use plimsoll_ports::{Holding, StrategyView, TradedAccount};
use std::time::Duration;

/// One leg's account and contract, with a mark.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) account: &'a TradedAccount<'a>,
    pub(super) instrument: &'a Instrument,
    pub(super) mark: Price,
    marked_at: Option<Timestamp>,
    pub(super) held: Option<&'a Holding>,
}

impl<'a> Side<'a> {
    pub(super) fn of(place: &Place, view: &StrategyView<'a>) -> Option<Self> {
        let (account, market) = place.seen(view)?;
        let held = account.holding(&place.symbol);
        let (mark, marked_at) = (market.mark.or(market.last)?, market.mark.and(market.marked_at));
        Some(Self { account, instrument: &market.instrument, mark, marked_at, held })
    }

    /// How far the mark of `second` is above ours, as a fraction of ours; `None` where they are not of about one time: the
    /// difference may be the time's.
    pub(super) fn basis_to(&self, second: &Self, settings: &FundingArbitrageSettings) -> Option<Decimal> {
        let (one, other) = (self.marked_at?, second.marked_at?);
        let apart = one.max(other).since(one.min(other));
        let most = Duration::from_secs(settings.max_mark_gap_seconds.into());
        (apart <= most).then(|| basis(self.mark, second.mark))
    }

    /// How far the mark is from the liquidation of this position, as a share of it: exactly, through the tiers. 0 if it is
    /// due; `None` if no price liquidates it.
    pub(super) fn distance(
        &self,
        settings: &FundingArbitrageSettings,
        position: Position,
        times: Leverage,
    ) -> Option<Decimal> {
        let leg = Leg { position, tiers: &self.instrument.tiers };
        let fee = self.instrument.liquidation_fee;
        let due = match settings.margin {
            MarginOf::Cross => {
                let wallet = self.account.equity() - position.unrealized_pnl(self.mark);
                liquidation::cross(&[leg], wallet, Money::ZERO, fee, Some(self.mark))
            }
            MarginOf::Isolated => {
                let own = margin::initial(position.notional(position.entry), times);
                liquidation::isolated(leg, own, fee, Some(self.mark))
            }
        };
        let Liquidation::Bounds(bounds) = due else { return Some(Decimal::ZERO) };
        let price = match position.direction {
            Direction::Long => bounds.below?,
            Direction::Short => bounds.above?,
        };
        Some(liquidation::distance(position.direction, self.mark, price).get())
    }

    /// How much of what is held to close, so that its liquidation is far enough away. Closing a part frees as much of its own
    /// margin as it takes off: what is isolated comes no further from liquidation by that, and is closed whole.
    pub(super) fn too_much(&self, settings: &FundingArbitrageSettings, position: Position) -> Option<Quantity> {
        if settings.margin == MarginOf::Isolated {
            return Some(position.quantity);
        }
        let reducible = Reducible {
            position,
            mark: self.mark,
            tiers: &self.instrument.tiers,
            lot: self.instrument.lot,
            fee: self.instrument.fees.taker,
            equity: self.account.equity(),
            elsewhere: Money::ZERO,
        };
        let target = Rate::new(settings.target_liquidation_distance.0);
        match reduce::reduce_to_distance(reducible, target, self.instrument.liquidation_fee) {
            Reduction::NotNeeded => None,
            Reduction::Close(quantity) => Some(quantity),
            Reduction::NotEnough => Some(position.quantity),
        }
    }

    /// What is left after closing this much, or nothing if that would be too little to be closed later.
    pub(super) fn whole_if_little_is_left(&self, position: Position, closed: Quantity) -> Option<Quantity> {
        let left = position.quantity.get() - closed.get();
        (left >= self.instrument.smallest_size(self.mark).get()).then_some(closed)
    }

    pub(super) fn taker(&self) -> Decimal {
        self.instrument.fees.taker.get()
    }
}

/// How far the second mark is above the first, as a fraction of the first.
pub(super) fn basis(first: Price, second: Price) -> Decimal {
    (second.get() - first.get()).checked_div(first.get()).unwrap_or(Decimal::MAX)
}

/// The largest size up to `wanted` that is in lots of both; `None` if there is none.
pub(super) fn common_size(wanted: Decimal, first: &Instrument, second: &Instrument) -> Option<Quantity> {
    let mut size = Quantity::new(wanted).ok()?;
    // Every turn takes something off, and lots of the two are mostly multiples of each other: one turn is the rule.
    for _ in 0..64 {
        size = size.round(first.lot, Rounding::Down)?.round(second.lot, Rounding::Down)?;
        if size.fits(first.lot) {
            return Some(size);
        }
    }
    None
}
