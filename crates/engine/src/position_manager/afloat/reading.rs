//! The account as protection judges it.

use crate::position_manager::PositionManager;
use crate::position_manager::entries::Whose;
use crate::position_manager::reading::{Held, Reading};
use plimsoll_domain::afloat::{Guarded, GuardedAccount, RestingEntries, Thresholds};
use plimsoll_domain::{Decimal, MarginRatio, Money, PositionSide, Price, Quantity, Step, Symbol};
use std::collections::BTreeSet;

impl PositionManager {
    /// The thresholds in force: those of the settings, and none later than the limits on the cover ask for.
    pub(in crate::position_manager) fn thresholds(&self) -> Thresholds {
        let rules = self.rules();
        let limits = rules.limits.settings();
        let at = |cover: Decimal| MarginRatio::reported(Decimal::ONE.checked_div(cover).unwrap_or(Decimal::ONE));
        let thin = limits.min_cover.saturating_add(limits.cover_buffer.get());
        rules.afloat.thresholds.no_later_than(at(thin), at(limits.min_cover))
    }

    /// Everything that is held and can be priced, in the order of the reading.
    pub(super) fn guarded_account<'a>(&self, reading: &'a Reading) -> GuardedAccount<'a> {
        let settle = &self.settings.settle;
        let entries = reading.snapshot.orders.iter().filter(|order| self.is_entry(order, Whose::Ours));
        let symbols: BTreeSet<&Symbol> = entries.map(|order| &order.symbol).collect();
        // What venues hold for resting orders does not back less: it is only not free.
        let entries = symbols.into_iter().map(|symbol| RestingEntries { symbol, margin: Money::ZERO }).collect();
        GuardedAccount {
            wallet: reading.wallet(settle),
            positions: reading.held.iter().map(|held| self.guarded(held)).collect(),
            entries,
            free: reading.available(settle),
            money_step: Step::HUNDREDTH,
        }
    }

    pub(in crate::position_manager) fn guarded<'a>(&self, held: &'a Held) -> Guarded<'a> {
        Guarded {
            instrument: &held.instrument,
            position: held.position,
            mark: held.mark,
            collateral: held.collateral(),
            closing_fee: self.settings.closing_fee,
            fee: held.instrument.fees.taker,
            depth: self.rules().afloat.most_at_once.and_then(|most| at_price(most, held.mark)),
            left_alone: self.is_left_alone(&held.report.symbol, held.report.position_side),
        }
    }
}

/// How much of a contract is worth this.
fn at_price(notional: Money, mark: Price) -> Option<Quantity> {
    notional.get().checked_div(mark.get()).and_then(|size| Quantity::new(size).ok())
}

/// Which position of its contract each is, in the order of the reading.
pub(super) fn sides(reading: &Reading) -> Vec<PositionSide> {
    reading.held.iter().map(|held| held.report.position_side).collect()
}
