//! Closing and cancelling everything: for whoever embeds a broker without the engine.

use crate::bracket::{FIRST_WAIT, LOOKS};
use crate::broker::Broker;
use crate::clock::Clock;
use crate::error::{CommandError, QueryError, RefusalReason};
use plimsoll_domain::{ClientOrderId, NewOrder, Order, OrderKind, OrderSize, PositionReport, Symbol};

/// What closing everything has sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedAll {
    /// The closing orders, in the order of sending.
    pub orders: Vec<NewOrder>,
}

/// What is left when closing everything did not succeed.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("{} positions and {} orders are left: {}", positions.len(), open_orders.len(), reasons.join("; "))]
pub struct NotClosed {
    /// Positions that are still open, as last read.
    pub positions: Vec<PositionReport>,
    /// Orders that are still open, as last read.
    pub open_orders: Vec<Order>,
    /// What went wrong, in the order in which it did.
    pub reasons: Vec<String>,
}

/// Cancels every open order, closes every position at the market, and reads back that nothing is left.
///
/// Orders go first: a resting entry would fill again, and a resting reduce-only order takes the room of the close. What
/// one symbol refuses stops no other. Every round reads the positions anew, and a close only ever reduces. `new_id` names
/// each closing order.
///
/// # Errors
/// [`NotClosed`], after eight rounds, with what is left.
pub async fn close_all(
    broker: &dyn Broker,
    clock: &dyn Clock,
    new_id: &(dyn Fn() -> ClientOrderId + Sync),
) -> Result<ClosedAll, NotClosed> {
    let mut sent = Vec::new();
    let mut left = NotClosed::default();
    for round in 0..LOOKS {
        if left.look(broker).await && left.is_nothing() {
            return Ok(ClosedAll { orders: sent });
        }
        if !left.open_orders.is_empty() {
            left.cancel(broker).await;
            // A cancel may have met a fill: the positions to close are those after it.
            left.look(broker).await;
        }
        for report in left.positions.clone() {
            let Some(order) = closing(broker, &report, new_id).await else { continue };
            if let Err(error) = broker.place(&order).await {
                left.reasons.push(error.to_string());
            }
            sent.push(order);
        }
        if left.look(broker).await && left.is_nothing() {
            return Ok(ClosedAll { orders: sent });
        }
        clock.sleep(FIRST_WAIT * 2_u32.pow(round)).await;
    }
    Err(left)
}

/// Cancels every open order of every symbol, and reads back that none is left.
///
/// # Errors
/// [`NotClosed`], after eight rounds, with the orders that are left and the positions as they are.
pub async fn cancel_all_orders(broker: &dyn Broker, clock: &dyn Clock) -> Result<(), NotClosed> {
    let mut left = NotClosed::default();
    for round in 0..LOOKS {
        for _ in 0..2 {
            if left.look(broker).await && left.open_orders.is_empty() {
                return Ok(());
            }
            left.cancel(broker).await;
        }
        clock.sleep(FIRST_WAIT * 2_u32.pow(round)).await;
    }
    Err(left)
}

impl NotClosed {
    /// Reads what is left; `false` if it could not be read, and what was read before stands.
    async fn look(&mut self, broker: &dyn Broker) -> bool {
        let (orders, positions) = (broker.open_orders(None).await, read_positions(broker).await);
        let read = orders.is_ok() && positions.is_ok();
        match orders {
            Ok(orders) => self.open_orders = orders,
            Err(error) => self.reasons.push(error.to_string()),
        }
        match positions {
            Ok(positions) => self.positions = positions,
            Err(error) => self.reasons.push(error.to_string()),
        }
        read
    }

    fn is_nothing(&self) -> bool {
        self.positions.is_empty() && self.open_orders.is_empty()
    }

    async fn cancel(&mut self, broker: &dyn Broker) {
        let mut symbols: Vec<Symbol> = self.open_orders.iter().map(|order| order.symbol.clone()).collect();
        symbols.sort_unstable();
        symbols.dedup();
        for symbol in &symbols {
            match broker.cancel_all(symbol).await {
                Ok(()) => {}
                // Gone already: that is what was wanted.
                Err(CommandError::Refused(refusal)) if refusal.reason == RefusalReason::UnknownOrder => {}
                Err(error) => self.reasons.push(format!("{symbol}: {error}")),
            }
        }
    }
}

async fn read_positions(broker: &dyn Broker) -> Result<Vec<PositionReport>, QueryError> {
    let mut positions = broker.positions().await?;
    positions.retain(|report| report.position.is_some());
    Ok(positions)
}

/// The order that closes this position, or as much of it as one market order may be for.
async fn closing(
    broker: &dyn Broker,
    report: &PositionReport,
    new_id: &(dyn Fn() -> ClientOrderId + Sync),
) -> Option<NewOrder> {
    let position = report.position?;
    let largest = broker.instrument(&report.symbol).await.map(|instrument| instrument.max_market_quantity);
    let quantity = largest.map_or(position.quantity, |largest| position.quantity.min(largest));
    Some(NewOrder {
        client_order_id: new_id(),
        symbol: report.symbol.clone(),
        side: position.direction.closing_side(),
        position_side: report.position_side,
        kind: OrderKind::Market,
        size: OrderSize::Quantity(quantity),
        reduce_only: true,
    })
}

#[cfg(test)]
#[cfg(feature = "mocks")]
mod tests {
    use super::*;
    use crate::error::{NotSent, PlaceError};
    use crate::{MockBroker, MockClock};
    use plimsoll_domain::{Direction, OrderId, Position, PositionSide, Side, Stamp};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn waiting(times: usize) -> MockClock {
        let mut clock = MockClock::new();
        clock.expect_sleep().times(times).returning(|_| ());
        clock
    }

    fn long() -> PositionReport {
        let position = Position {
            direction: Direction::Long,
            quantity: "0.002".parse().unwrap(),
            entry: "60000".parse().unwrap(),
        };
        PositionReport {
            symbol: "BTC/USDT:USDT".parse().unwrap(),
            position_side: PositionSide::Both,
            position: Some(position),
            mark_price: None,
            liquidation_price: None,
            unrealized_pnl: None,
            realized_pnl: None,
            leverage: None,
            margin_mode: None,
            isolated_margin: None,
            maintenance_margin: None,
            margin_ratio: None,
            stamp: Stamp::default(),
        }
    }

    fn offline() -> NotSent {
        NotSent::Disconnected("no route".into())
    }

    #[tokio::test]
    async fn nothing_read_is_not_nothing_left() {
        let mut broker = MockBroker::new();
        broker.expect_open_orders().returning(|_| Err(QueryError::Unreachable(offline())));
        broker.expect_positions().returning(|| Err(QueryError::Unreachable(offline())));
        let id = || ClientOrderId::new("close").unwrap();
        assert!(close_all(&broker, &waiting(8), &id).await.is_err());
        assert!(cancel_all_orders(&broker, &waiting(8)).await.is_err());
    }

    #[tokio::test]
    async fn a_close_that_was_not_sent_is_sent_again() {
        let mut broker = MockBroker::new();
        let attempts = Arc::new(AtomicUsize::new(0));
        let sent = Arc::clone(&attempts);
        broker.expect_open_orders().returning(|_| Ok(Vec::new()));
        broker.expect_positions().returning(move || {
            let closed = sent.load(Ordering::Relaxed) >= 2;
            Ok(if closed { Vec::new() } else { vec![long()] })
        });
        broker.expect_instrument().returning(|_| Err(QueryError::Unreachable(offline())));
        broker.expect_place().times(2).returning(move |order| {
            assert!(order.reduce_only && order.side == Side::Sell);
            match attempts.fetch_add(1, Ordering::Relaxed) {
                0 => Err(PlaceError::NotSent(offline())),
                _ => Ok(OrderId::new("1")),
            }
        });
        let id = || ClientOrderId::new("close").unwrap();
        assert_eq!(close_all(&broker, &waiting(1), &id).await.unwrap().orders.len(), 2);
    }
}
