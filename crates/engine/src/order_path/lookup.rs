//! Asking until the venue is definite.

use super::{Evidence, OrderPath, Placed, SOONER, SendFailure, Sent, is_on_its_way};
use crate::execution::{Execution, total};
use crate::trouble::Troubles;
use plimsoll_domain::{Decimal, Fill, NewOrder, Order, OrderId, OrderSize, OrderStatus, Position, Timestamp};
use plimsoll_ports::{JournalState, QueryError};
use std::time::Duration;

/// Our clock and the venue's may differ by this much: fills are asked for from so long before the order was written.
const CLOCK_SLACK: Duration = Duration::from_secs(60);

/// How often an order that has ended is asked for fills that its venue counts and does not tell yet.
const FILL_TRIES: u32 = 6;

/// What one look at the venue shows.
enum Look {
    Definite(Placed),
    NotYet(String),
    NotFound,
}

impl OrderPath {
    /// Looks an order up until the venue is definite, or patience ends; journals the answer.
    ///
    /// `order_id` is known once the venue has accepted it: it cannot be found to have never arrived then.
    pub(crate) async fn follow(
        &self,
        order: &NewOrder,
        order_id: Option<OrderId>,
        sent: Sent,
        evidence: Evidence,
        troubles: &mut Troubles,
    ) -> Result<Placed, SendFailure> {
        self.follow_for(self.gives_up(evidence), order, order_id, sent, evidence, troubles).await
    }

    /// After how long an order whose fate is not known is left to others.
    pub(crate) const fn gives_up(&self, evidence: Evidence) -> Duration {
        match evidence {
            Evidence::HeldAfterwards => self.patience.first_wait,
            Evidence::Position(_) | Evidence::Size(_) | Evidence::BookAndTrades => self.patience.give_up,
        }
    }

    /// The same, with patience of its own: none is one look.
    pub(crate) async fn follow_for(
        &self,
        give_up: Duration,
        order: &NewOrder,
        order_id: Option<OrderId>,
        sent: Sent,
        evidence: Evidence,
        troubles: &mut Troubles,
    ) -> Result<Placed, SendFailure> {
        let proven_after = if order_id.is_some() { self.patience.give_up } else { self.patience.window };
        // Counted by what was slept, since the clock may be set meanwhile.
        let age = self.clock.now().since(sent.last_at);
        let first_wait = match evidence {
            Evidence::HeldAfterwards => self.patience.first_wait / SOONER,
            Evidence::Position(_) | Evidence::Size(_) | Evidence::BookAndTrades => self.patience.first_wait,
        };
        let (mut waited, mut wait) = (Duration::ZERO, first_wait);
        loop {
            let unclear = match self.look(order, order_id.as_ref(), sent.intended_at).await {
                Look::Definite(placed) => return Ok(self.landed(order, placed, order_id.is_some(), troubles).await),
                Look::NotFound if age.saturating_add(waited) >= proven_after => {
                    match self.contradiction(order, evidence).await {
                        None => return self.gone(order, order_id.is_some(), troubles).await,
                        Some(contradiction) => contradiction,
                    }
                }
                Look::NotFound => "the venue does not know it yet".to_owned(),
                Look::NotYet(why) => why,
            };
            if waited >= give_up {
                return Err(SendFailure::Unresolved(unclear));
            }
            // Not past the moment from which "not found" is a proof.
            let until_proof = proven_after.saturating_sub(age.saturating_add(waited));
            let pause = if until_proof.is_zero() { wait } else { wait.min(until_proof) };
            self.clock.sleep(pause).await;
            waited = waited.saturating_add(pause);
            wait = self.patience.next(wait);
        }
    }

    /// One look: the order itself first, then its trades, since a venue may forget an order before its trades.
    async fn look(&self, order: &NewOrder, order_id: Option<&OrderId>, intended_at: Timestamp) -> Look {
        match self.broker.order(&order.symbol, &order.client_order_id).await {
            Ok(Some(found)) if found.status.is_final() => {
                let fills = self.fills_of(&found, intended_at).await;
                Look::Definite(Placed::Ended(Execution::of(&found, fills)))
            }
            Ok(Some(found)) if is_on_its_way(&found) => Look::NotYet(format!("it is {} still", found.status)),
            Ok(Some(found)) => Look::Definite(Placed::Resting(Box::new(found))),
            Ok(None) => self.look_at_fills(order, order_id, intended_at).await,
            Err(error) => Look::NotYet(error.to_string()),
        }
    }

    async fn look_at_fills(&self, order: &NewOrder, order_id: Option<&OrderId>, intended_at: Timestamp) -> Look {
        let is_its = |fill: &Fill| {
            fill.client_order_id == order.client_order_id || order_id.is_some_and(|id| *id == fill.order_id)
        };
        let fills = match self.fills(order, intended_at).await {
            Ok(fills) => distinct(fills.into_iter().filter(is_its)),
            Err(error) => return Look::NotYet(error.to_string()),
        };
        let (Some(filled), Some(first)) = (total(&fills), fills.first()) else { return Look::NotFound };
        if matches!(order.size, OrderSize::Quantity(wanted) if filled < wanted) {
            return Look::NotYet(format!("{filled} of it are filled"));
        }
        let execution = Execution {
            client_order_id: order.client_order_id.clone(),
            order_id: first.order_id.clone(),
            status: OrderStatus::Filled,
            fills,
            reported: None,
        };
        Look::Definite(Placed::Ended(execution))
    }

    async fn fills(&self, order: &NewOrder, intended_at: Timestamp) -> Result<Vec<Fill>, QueryError> {
        self.broker.fills(&order.symbol, intended_at.minus(CLOCK_SLACK)).await
    }

    /// The trades of an order that has ended, asked for until they add up to what the venue says it filled.
    pub(crate) async fn fills_of(&self, order: &Order, intended_at: Timestamp) -> Vec<Fill> {
        let is_its = |fill: &Fill| {
            let ids = [Some(&order.order_id), order.child.as_ref()];
            fill.client_order_id == order.client_order_id || ids.contains(&Some(&fill.order_id))
        };
        let (mut fills, mut wait) = (Vec::new(), self.patience.first_wait);
        for attempt in 0..FILL_TRIES {
            if let Ok(found) = self.broker.fills(&order.symbol, intended_at.minus(CLOCK_SLACK)).await {
                fills = distinct(found.into_iter().filter(is_its));
            }
            if order.filled.is_none_or(|filled| total(&fills).is_some_and(|total| total >= filled)) {
                break;
            }
            if attempt + 1 < FILL_TRIES {
                self.clock.sleep(wait).await;
                wait = self.patience.next(wait);
            }
        }
        fills
    }

    /// Why "not found" is not believed yet; `None` if everything agrees that the order never arrived.
    async fn contradiction(&self, order: &NewOrder, evidence: Evidence) -> Option<String> {
        match self.broker.open_orders(Some(&order.symbol)).await {
            Ok(open) if open.iter().any(|open| open.client_order_id == order.client_order_id) => {
                return Some("it is on the book, and cannot be looked up".to_owned());
            }
            Ok(_) => {}
            Err(error) => return Some(error.to_string()),
        }
        let is_still = |now: Option<Position>| match evidence {
            Evidence::Position(before) => now == before,
            Evidence::Size(before) => signed_size(now) == before,
            Evidence::BookAndTrades | Evidence::HeldAfterwards => true,
        };
        if matches!(evidence, Evidence::BookAndTrades | Evidence::HeldAfterwards) {
            return None;
        }
        match self.held(order).await {
            Ok(now) if is_still(now) => None,
            Ok(_) => Some("no order and no trade is known, but the position has changed".to_owned()),
            Err(error) => Some(error.to_string()),
        }
    }

    async fn held(&self, order: &NewOrder) -> Result<Option<Position>, QueryError> {
        let positions = self.broker.positions().await?;
        let is_its = |report: &&plimsoll_domain::PositionReport| {
            report.symbol == order.symbol && report.position_side == order.position_side
        };
        Ok(positions.iter().find(is_its).and_then(|report| report.position))
    }

    /// By book, trades and position nothing of it is there: it never arrived or, if the venue once accepted it, it has
    /// ended and is forgotten.
    async fn gone(&self, order: &NewOrder, accepted: bool, troubles: &mut Troubles) -> Result<Placed, SendFailure> {
        if accepted {
            let state = JournalState::Finished { status: OrderStatus::Expired, filled: None, average_price: None };
            self.record(order, state, troubles).await;
            return Err(SendFailure::Forgotten);
        }
        let reason = "the venue never answered; by its book, its trades and the position it never arrived".to_owned();
        self.record(order, JournalState::NotSent { reason }, troubles).await;
        Err(SendFailure::NeverArrived)
    }

    async fn landed(&self, order: &NewOrder, placed: Placed, accepted: bool, troubles: &mut Troubles) -> Placed {
        match &placed {
            Placed::Ended(execution) => self.record_end(order, execution, troubles).await,
            Placed::Resting(found) if !accepted => {
                let state = JournalState::Accepted { order_id: found.order_id.clone() };
                self.record(order, state, troubles).await;
            }
            Placed::Resting(_) => {}
        }
        placed
    }
}

/// Longs positive, flat is zero.
pub(crate) fn signed_size(position: Option<Position>) -> Decimal {
    position.map_or(Decimal::ZERO, |it| it.direction.sign() * it.quantity.get())
}

/// Each trade once, oldest first.
pub(crate) fn distinct(fills: impl Iterator<Item = Fill>) -> Vec<Fill> {
    let mut kept: Vec<Fill> = Vec::new();
    for fill in fills {
        if !kept.iter().any(|known| known.trade_id == fill.trade_id && known.symbol == fill.symbol) {
            kept.push(fill);
        }
    }
    kept.sort_by_key(|fill| fill.time);
    kept
}
