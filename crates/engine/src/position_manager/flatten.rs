//! Closing everything: first what could open more, then what is held, then a look at whether it is so.

use super::PositionManager;
use super::close::Closing;
use super::outcome::{FlattenReason, Flattened, Unclosed};
use crate::trouble::Troubles;
use plimsoll_domain::{ClientOrderId, Direction, Order, PositionReport, Symbol};
use plimsoll_ports::{Alert, Purpose, QueryError, Severity};
use std::sync::atomic::{AtomicU32, Ordering};

/// How often what is still held is closed again.
const ROUNDS: u32 = 3;

/// While one lives, nothing that adds exposure is sent.
struct UnderWay<'a>(&'a AtomicU32);

impl<'a> UnderWay<'a> {
    fn new(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl PositionManager {
    /// Cancels every order that could add exposure, closes every position, cancels what rests still, and reads back
    /// whether the venue is flat: only [`Flattened::is_confirmed`] says so. It goes on when parts of it fail, and tells
    /// each.
    pub async fn flatten_all(&self, reason: FlattenReason) -> Flattened {
        self.flattenings.fetch_add(1, Ordering::SeqCst);
        let _under_way = UnderWay::new(&self.flattening);
        let mut it = Flattened {
            reason,
            closed: Vec::new(),
            failed: Vec::new(),
            cancelled: Vec::new(),
            remaining: None,
            troubles: Vec::new(),
        };
        let mut troubles = Troubles::default();
        it.cancelled.extend(self.cancel_orders(adds_exposure, &mut troubles).await);
        for round in 0..ROUNDS {
            if round > 0 {
                self.ports.clock.sleep(self.settings.patience.first_wait).await;
            }
            match self.positions_patiently().await {
                Ok(positions) => {
                    let held = directions(&positions);
                    if held.is_empty() {
                        break;
                    }
                    self.close_each(&held, &mut it).await;
                }
                Err(error) => tracing::error!(%error, "flattening blindly fails: the positions cannot be read"),
            }
        }
        // What protects a position that could not be closed stays.
        if let Ok(positions) = self.positions_patiently().await {
            let held = directions(&positions);
            let is_free = |order: &Order| !held.iter().any(|(symbol, _)| *symbol == order.symbol);
            it.cancelled.extend(self.cancel_orders(is_free, &mut troubles).await);
        }
        it.remaining = self.read_back().await.ok();
        self.tell_of_flattening(&it, &mut troubles).await;
        it.troubles = troubles.into_vec();
        it
    }

    async fn close_each(&self, held: &[(Symbol, Direction)], it: &mut Flattened) {
        let closing = held.iter().map(|(symbol, direction)| async move {
            let closing = Closing { symbol, direction: *direction, quantity: None, purpose: Purpose::Flatten };
            self.close_for(&closing).await.map_err(|failure| Unclosed {
                symbol: symbol.clone(),
                direction: *direction,
                failure,
            })
        });
        // Side by side: one that hangs must not keep the others open.
        for outcome in futures_util::future::join_all(closing).await {
            match outcome {
                Ok(closed) => it.closed.push(closed),
                Err(failure) => it.failed.push(failure),
            }
        }
    }

    async fn cancel_orders(&self, which: impl Fn(&Order) -> bool, troubles: &mut Troubles) -> Vec<ClientOrderId> {
        let mut cancelled = Vec::new();
        match self.ports.broker.open_orders(None).await {
            Ok(open) => {
                for order in open.iter().filter(|order| which(order)) {
                    cancelled.extend(self.cancel(&order.symbol, &order.client_order_id, troubles).await);
                }
            }
            Err(error) => tracing::error!(%error, "the open orders cannot be read, so none was cancelled"),
        }
        cancelled
    }

    async fn read_back(&self) -> Result<(Vec<PositionReport>, Vec<Order>), QueryError> {
        let mut positions = self.positions_patiently().await?;
        positions.retain(|report| report.position.is_some());
        Ok((positions, self.ports.broker.open_orders(None).await?))
    }

    async fn tell_of_flattening(&self, it: &Flattened, troubles: &mut Troubles) {
        let state = match &it.remaining {
            Some(_) if it.is_confirmed() => "the venue is flat".to_owned(),
            Some((positions, orders)) => format!("{} positions and {} orders remain", positions.len(), orders.len()),
            None => "the venue does not tell whether it is flat".to_owned(),
        };
        let detail = format!("{}; {} closed, {} failed; {state}", it.reason, it.closed.len(), it.failed.len());
        self.log_risk("flatten", None, &detail, None, None, "flattened", troubles).await;
        let account = &self.settings.account;
        let alert = Alert {
            severity: Severity::Critical,
            key: format!("flatten/{account}"),
            title: format!("{account} was flattened: {state}"),
            body: detail,
        };
        self.alert(&alert, troubles).await;
    }

    /// How many flattenings have begun in all.
    pub(crate) fn flattenings_begun(&self) -> u32 {
        self.flattenings.load(Ordering::SeqCst)
    }

    /// Whether a flattening is under way.
    pub(crate) fn is_flattening(&self) -> bool {
        self.flattening.load(Ordering::SeqCst) > 0
    }
}

/// Whatever is not certain to reduce.
fn adds_exposure(order: &Order) -> bool {
    let closes_leg = order.position_side.direction().is_some_and(|leg| order.side == leg.closing_side());
    !(order.reduce_only || order.close_position || closes_leg)
}

fn directions(positions: &[PositionReport]) -> Vec<(Symbol, Direction)> {
    positions.iter().filter_map(|report| Some((report.symbol.clone(), report.position?.direction))).collect()
}
