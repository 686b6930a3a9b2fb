//! Stops that would never fire: liquidation is reached before them.

use crate::position_manager::PositionManager;
use crate::position_manager::outcome::PositionHealth;
use crate::position_manager::protection::{liquidated_before, reached_first};
use crate::position_manager::reading::{Held, Reading};
use crate::position_manager::sentence::short;
use crate::trouble::Troubles;
use plimsoll_domain::{Liquidation, Price};
use plimsoll_ports::{Alert, Severity};

impl PositionManager {
    pub(super) async fn tell_of_late_stops(&self, positions: &[PositionHealth], troubles: &mut Troubles) {
        for it in positions {
            let Some((stop, liquidation)) = it.late_stop else { continue };
            let key = format!("late_stop/{}/{}", self.settings.account, it.symbol);
            let title = format!("{} would be liquidated before its stop", it.symbol);
            let body = format!("{}: liquidation at {}, the stop at {stop}", it.position.direction, short(liquidation));
            self.alert(&Alert { severity: Severity::Warning, key, title, body }, troubles).await;
        }
    }
}

impl Reading {
    /// The stop that is reached first, and liquidation, where this is reached before it.
    pub(super) fn late_stop(&self, held: &Held, liquidation: Liquidation) -> Option<(Price, Price)> {
        let (report, direction) = (&held.report, held.position.direction);
        let stops = self.stops(&report.symbol, report.position_side, direction);
        let stop = reached_first(direction, stops)?.trigger?;
        Some((stop, liquidated_before(direction, stop, liquidation)?))
    }
}
