//! How a position is set, by the records and by its venue.

use super::{Drifted, Reconciliation};
use crate::position_manager::PositionManager;
use crate::position_manager::reading::Reading;
use crate::trouble::{Record, Troubles};
use plimsoll_domain::Leverage;
use plimsoll_ports::{OpenedPosition, PositionRecord};

/// The kind of the risk event of a leverage that was set for a contract.
pub(in crate::position_manager) const LEVERAGE_SET: &str = "leverage";

impl PositionManager {
    /// Leverage and margin mode as they are recorded, against what the venue has.
    pub(super) async fn tell_drift(
        &self,
        open: &[PositionRecord],
        reading: &Reading,
        it: &mut Reconciliation,
        troubles: &mut Troubles,
    ) {
        let snapshot = &reading.snapshot;
        it.position_mode = Some(snapshot.position_mode).filter(|found| *found != self.settings.position_mode);
        for record in open {
            let opened = &record.opened;
            let Some(report) = reading.report(&opened.symbol, opened.side) else { continue };
            let mut leverage = report.leverage.filter(|found| *found != opened.leverage);
            if let Some(found) = leverage
                && self.was_set_since(opened, found, troubles).await
            {
                leverage = None;
            }
            let margin_mode = report.margin_mode.filter(|found| *found != opened.margin_mode);
            if report.position.is_some() && (leverage.is_some() || margin_mode.is_some()) {
                it.drifted.push(Drifted {
                    record: record.id,
                    symbol: opened.symbol.clone(),
                    side: opened.side,
                    recorded: (opened.leverage, opened.margin_mode),
                    leverage,
                    margin_mode,
                });
            }
        }
    }

    /// Whether that was what was set last for the contract of this position, since it is held.
    async fn was_set_since(&self, opened: &OpenedPosition, found: Leverage, troubles: &mut Troubles) -> bool {
        let events = self.ports.risk_events.since(&opened.account, opened.opened_at).await;
        let events = troubles.read(Record::RiskEvent, events).unwrap_or_default();
        let sets = |kind: &str| kind == LEVERAGE_SET;
        let last = events.iter().rfind(|event| sets(&event.kind) && event.symbol.as_ref() == Some(&opened.symbol));
        last.is_some_and(|event| event.figure == Some(found.as_decimal()))
    }
}
