//! Stops that would never fire: liquidation is reached before them.

use crate::position_manager::PositionManager;
use crate::position_manager::outcome::PositionHealth;
use crate::position_manager::protection::{covered_at, liquidated_before};
use crate::position_manager::reading::{Held, Reading};
use crate::position_manager::sentence::{leg, short};
use crate::trouble::Troubles;
use plimsoll_domain::{Liquidation, Price};
use plimsoll_ports::{Alert, Severity};

impl PositionManager {
    pub(super) async fn tell_of_late_stops(&self, positions: &[PositionHealth], troubles: &mut Troubles) {
        for it in positions {
            let Some((stop, liquidation)) = it.late_stop.filter(|_| !it.is_in_hand) else { continue };
            let key = format!("late_stop/{}/{}", self.settings.account, leg(&it.symbol, it.side));
            let title = format!("{} would be liquidated before its stop", it.symbol);
            let body = format!("{}: liquidation at {}, the stop at {stop}", it.position.direction, short(liquidation));
            self.alert(&Alert { severity: Severity::Warning, key, title, body }, troubles).await;
        }
    }
}

impl Reading {
    /// Where stops would have closed all of it, and liquidation, where this is reached before that.
    pub(super) fn late_stop(&self, held: &Held, liquidation: Liquidation) -> Option<(Price, Price)> {
        let (report, direction) = (&held.report, held.position.direction);
        let stops = self.stops(&report.symbol, report.position_side, direction);
        let stop = covered_at(held.position, held.mark, stops)?;
        Some((stop, liquidated_before(direction, stop, liquidation)?))
    }
}
