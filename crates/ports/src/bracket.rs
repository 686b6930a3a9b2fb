//! An entry with its protection: for whoever embeds a broker without the engine.

use crate::broker::Broker;
use crate::clock::Clock;
use crate::error::PlaceError;
use plimsoll_domain::{ClientOrderId, NewOrder, Order, OrderKind, OrderSize, Price, TimeInForce, TriggerBy};
use std::time::Duration;

/// An entry with what protects it. Protection closes the whole position, whatever its size will be then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bracket {
    /// Opens the position: a market order, or a limit order that fills now or not at all (IOC, FOK).
    pub entry: NewOrder,
    /// Closes it at a loss. A bracket has one.
    pub stop_loss: Protection,
    /// Closes it at a profit.
    pub take_profit: Option<Protection>,
}

/// A price at which a position is closed at the market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection {
    /// Our name for the order.
    pub client_order_id: ClientOrderId,
    /// The price that triggers it, on the contract's tick.
    pub trigger: Price,
    /// Which price is watched; the mark is harder to push through a stop than the last trade.
    pub trigger_by: TriggerBy,
}

/// A bracket that stands, as its venue reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedBracket {
    /// The entry, filled in whole or part.
    pub entry: Order,
    /// The stop-loss, read back.
    pub stop_loss: Order,
    /// The take-profit, read back.
    pub take_profit: Option<Order>,
}

/// Why a bracket does not stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BracketError {
    /// The entry could rest: a position would be open before its protection. Nothing was sent.
    #[error("an entry with protection is a market order or one that fills now or never")]
    EntryMayRest,
    /// The entry was not placed; nothing is open.
    #[error("the entry was not placed: {0}")]
    Entry(PlaceError),
    /// The entry's fate is not known: it was sent, and looking it up did not settle it. It may be open and unprotected.
    #[error("the entry may be open without protection: {0}")]
    EntryUnknown(String),
    /// The entry ended without a fill; nothing is open.
    #[error("the entry ended without a fill")]
    NotFilled(Box<Order>),
    /// The position is open and this protection does not stand: place another, or close the position.
    #[error("the position is open, but {leg} does not stand: {reason}")]
    Unprotected {
        /// The entry, filled.
        entry: Box<Order>,
        /// Which protection is missing.
        leg: ProtectionLeg,
        /// Why.
        reason: String,
    },
}

/// One of a bracket's two protections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProtectionLeg {
    /// Closes at a loss.
    StopLoss,
    /// Closes at a profit.
    TakeProfit,
}

impl std::fmt::Display for ProtectionLeg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::StopLoss => "the stop-loss",
            Self::TakeProfit => "the take-profit",
        })
    }
}

/// Looking this often, without an answer or without an end, settles nothing: with the waits, some 25 seconds.
pub(crate) const LOOKS: u32 = 8;

/// The wait after the first look; each further one is twice as long.
pub(crate) const FIRST_WAIT: Duration = Duration::from_millis(100);

/// Places the entry, waits until its fate is known, attaches the protection and reads it back.
///
/// An entry whose answer never came is looked up, with growing waits, before anything else is sent; nothing is ever sent
/// twice.
///
/// ```
/// # #[cfg(feature = "mocks")] {
/// use plimsoll_ports::domain::{ClientOrderId, NewOrder, OrderKind, OrderSize, PositionSide, Side, TriggerBy};
/// use plimsoll_ports::{Bracket, BracketError, MockBroker, MockClock, NotSent, PlaceError, Protection, place_bracket};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let entry = NewOrder {
///     client_order_id: ClientOrderId::new("entry-1")?,
///     symbol: "BTC/USDT:USDT".parse()?,
///     side: Side::Buy,
///     position_side: PositionSide::Both,
///     kind: OrderKind::Market,
///     size: OrderSize::Quantity("0.002".parse()?),
///     reduce_only: false,
/// };
/// let stop_loss = Protection {
///     client_order_id: ClientOrderId::new("stop-1")?,
///     trigger: "58000".parse()?,
///     trigger_by: TriggerBy::Mark,
/// };
/// let bracket = Bracket { entry, stop_loss, take_profit: None };
///
/// // A broker without a connection: the entry certainly did not leave, so nothing else is sent.
/// let mut broker = MockBroker::new();
/// let offline = || PlaceError::NotSent(NotSent::Disconnected("no route".into()));
/// broker.expect_place().times(1).returning(move |_| Err(offline()));
/// let outcome = futures_block_on(place_bracket(&broker, &MockClock::new(), &bracket));
/// assert_eq!(outcome, Err(BracketError::Entry(offline())));
/// # Ok(())
/// # }
/// # main().unwrap();
/// # fn futures_block_on<F: Future>(future: F) -> F::Output {
/// #     let mut future = std::pin::pin!(future);
/// #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
/// #     loop {
/// #         if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) { return output; }
/// #     }
/// # }
/// # }
/// ```
///
/// # Errors
/// [`BracketError`]; only [`Unprotected`](BracketError::Unprotected) and
/// [`EntryUnknown`](BracketError::EntryUnknown) can leave a position open.
pub async fn place_bracket(
    broker: &dyn Broker,
    clock: &dyn Clock,
    bracket: &Bracket,
) -> Result<PlacedBracket, BracketError> {
    let entry = &bracket.entry;
    if may_rest(entry.kind) {
        return Err(BracketError::EntryMayRest);
    }
    match broker.place(entry).await {
        Ok(_) | Err(PlaceError::Unanswered(_)) => {}
        Err(error) => return Err(BracketError::Entry(error)),
    }
    let filled = ended(broker, clock, entry).await?;
    if filled.filled.is_none() {
        return Err(BracketError::NotFilled(Box::new(filled)));
    }
    let attach = async |leg, protection: &Protection| {
        attach(broker, clock, entry, leg, protection).await.map_err(|reason| BracketError::Unprotected {
            entry: Box::new(filled.clone()),
            leg,
            reason,
        })
    };
    let stop_loss = attach(ProtectionLeg::StopLoss, &bracket.stop_loss).await?;
    let take_profit = match &bracket.take_profit {
        Some(protection) => Some(attach(ProtectionLeg::TakeProfit, protection).await?),
        None => None,
    };
    Ok(PlacedBracket { entry: filled, stop_loss, take_profit })
}

fn may_rest(kind: OrderKind) -> bool {
    match kind {
        OrderKind::Market => false,
        OrderKind::Limit { time_in_force, .. } => !matches!(time_in_force, TimeInForce::Ioc | TimeInForce::Fok),
        OrderKind::StopMarket { .. } | OrderKind::TakeProfitMarket { .. } => true,
    }
}

/// The entry, once nothing more can happen to it.
async fn ended(broker: &dyn Broker, clock: &dyn Clock, entry: &NewOrder) -> Result<Order, BracketError> {
    let mut last = String::new();
    for look in 0..LOOKS {
        match broker.order(&entry.symbol, &entry.client_order_id).await {
            Ok(Some(order)) if order.status.is_final() => return Ok(order),
            Ok(Some(order)) => last = format!("still {}", order.status),
            Ok(None) => last = "the venue does not know it (yet)".to_owned(),
            Err(error) => last = error.to_string(),
        }
        clock.sleep(FIRST_WAIT * 2_u32.pow(look)).await;
    }
    Err(BracketError::EntryUnknown(last))
}

/// Places one protection and reads it back, or says why it does not stand.
async fn attach(
    broker: &dyn Broker,
    clock: &dyn Clock,
    entry: &NewOrder,
    leg: ProtectionLeg,
    protection: &Protection,
) -> Result<Order, String> {
    let &Protection { trigger, trigger_by, .. } = protection;
    let order = NewOrder {
        client_order_id: protection.client_order_id.clone(),
        symbol: entry.symbol.clone(),
        side: entry.side.opposite(),
        position_side: entry.position_side,
        kind: match leg {
            ProtectionLeg::StopLoss => OrderKind::StopMarket { trigger, trigger_by },
            ProtectionLeg::TakeProfit => OrderKind::TakeProfitMarket { trigger, trigger_by },
        },
        size: OrderSize::WholePosition,
        reduce_only: true,
    };
    match broker.place(&order).await {
        Ok(_) | Err(PlaceError::Unanswered(_)) => {}
        Err(error) => return Err(error.to_string()),
    }
    let mut last = String::new();
    for look in 0..LOOKS {
        match broker.order(&order.symbol, &order.client_order_id).await {
            // It may have triggered already: then it is filled, and the position closed.
            Ok(Some(found)) if !found.status.is_final() || found.filled.is_some() => return Ok(found),
            Ok(Some(found)) => return Err(format!("it is {}", found.status)),
            Ok(None) => last = "the venue does not know it".to_owned(),
            Err(error) => last = error.to_string(),
        }
        clock.sleep(FIRST_WAIT * 2_u32.pow(look)).await;
    }
    Err(last)
}

#[cfg(test)]
#[cfg(feature = "mocks")]
mod tests {
    use super::*;
    use crate::error::{Refusal, RefusalReason};
    use crate::{MockBroker, MockClock};
    use plimsoll_domain::{OrderId, OrderStatus, OrderType, PositionSide, Quantity, Side, Stamp, Symbol};
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn entry() -> NewOrder {
        NewOrder {
            client_order_id: ClientOrderId::new("entry").unwrap(),
            symbol: symbol(),
            side: Side::Buy,
            position_side: PositionSide::Both,
            kind: OrderKind::Market,
            size: OrderSize::Quantity(size()),
            reduce_only: false,
        }
    }

    fn symbol() -> Symbol {
        "BTC/USDT:USDT".parse().unwrap()
    }

    fn size() -> Quantity {
        "0.002".parse().unwrap()
    }

    fn bracket() -> Bracket {
        let protection = |id, trigger: &str| {
            let client_order_id = ClientOrderId::new(id).unwrap();
            Protection { client_order_id, trigger: trigger.parse().unwrap(), trigger_by: TriggerBy::Mark }
        };
        let (stop_loss, target) = (protection("stop", "58000"), protection("target", "66000"));
        Bracket { entry: entry(), stop_loss, take_profit: Some(target) }
    }

    fn report(order: &NewOrder, status: OrderStatus, filled: Option<Quantity>) -> Order {
        Order {
            order_id: OrderId::new("1"),
            client_order_id: order.client_order_id.clone(),
            symbol: order.symbol.clone(),
            side: order.side,
            position_side: order.position_side,
            order_type: OrderType::Market,
            time_in_force: None,
            price: None,
            trigger: None,
            quantity: None,
            filled,
            average_price: None,
            reduce_only: order.reduce_only,
            close_position: false,
            child: None,
            status,
            updated: Stamp::default(),
        }
    }

    fn waiting(times: usize) -> MockClock {
        let mut clock = MockClock::new();
        clock.expect_sleep().times(times).returning(|_| ());
        clock
    }

    #[tokio::test]
    async fn an_unanswered_entry_is_looked_up_before_protection_is_attached() {
        let mut broker = MockBroker::new();
        let looks = AtomicUsize::new(0);
        broker.expect_place().times(3).returning(|order| match order.client_order_id.as_str() {
            "entry" => Err(PlaceError::Unanswered("timeout".into())),
            _ => {
                assert_eq!((order.side, order.size, order.reduce_only), (Side::Sell, OrderSize::WholePosition, true));
                Ok(OrderId::new("2"))
            }
        });
        broker.expect_order().returning(move |_, id| {
            Ok(match (id.as_str(), looks.fetch_add(1, Ordering::Relaxed)) {
                ("entry", 0) => None,
                ("entry", 1) => Some(report(&entry(), OrderStatus::New, None)),
                ("entry", _) => Some(report(&entry(), OrderStatus::Filled, Some(size()))),
                _ => Some(report(&entry(), OrderStatus::New, None)),
            })
        });
        let placed = place_bracket(&broker, &waiting(2), &bracket()).await.unwrap();
        assert_eq!(placed.entry.filled, Some(size()));
        assert_eq!(
            (placed.stop_loss.status, placed.take_profit.map(|it| it.status)),
            (OrderStatus::New, Some(OrderStatus::New))
        );
    }

    #[tokio::test]
    async fn an_entry_that_is_never_found_is_unknown_and_nothing_else_is_sent() {
        let mut broker = MockBroker::new();
        broker.expect_place().times(1).returning(|_| Err(PlaceError::Unanswered("timeout".into())));
        broker.expect_order().times(8).returning(|_, _| Ok(None));
        let outcome = place_bracket(&broker, &waiting(8), &bracket()).await;
        assert!(matches!(outcome, Err(BracketError::EntryUnknown(_))), "{outcome:?}");
    }

    #[tokio::test]
    async fn an_entry_without_a_fill_gets_no_protection() {
        let mut broker = MockBroker::new();
        broker.expect_place().times(1).returning(|_| Ok(OrderId::new("1")));
        broker.expect_order().returning(|_, _| Ok(Some(report(&entry(), OrderStatus::Expired, None))));
        let outcome = place_bracket(&broker, &waiting(0), &bracket()).await;
        assert!(matches!(outcome, Err(BracketError::NotFilled(_))), "{outcome:?}");
    }

    #[tokio::test]
    async fn a_stop_that_is_refused_or_dead_is_told() {
        for refused in [true, false] {
            let mut broker = MockBroker::new();
            broker.expect_place().returning(move |order| match order.client_order_id.as_str() {
                "stop" if refused => Err(PlaceError::Refused(Refusal {
                    reason: RefusalReason::WouldTrigger,
                    code: "-2021".into(),
                    message: "Order would immediately trigger.".into(),
                })),
                _ => Ok(OrderId::new("1")),
            });
            broker.expect_order().returning(|_, id| {
                Ok(Some(match id.as_str() {
                    "entry" => report(&entry(), OrderStatus::Filled, Some(size())),
                    _ => report(&entry(), OrderStatus::Rejected, None),
                }))
            });
            let outcome = place_bracket(&broker, &waiting(0), &bracket()).await;
            let Err(BracketError::Unprotected { leg, .. }) = outcome else { panic!("{outcome:?}") };
            assert_eq!(leg, ProtectionLeg::StopLoss);
        }
    }

    #[tokio::test]
    async fn an_entry_that_may_rest_is_not_sent() {
        let kind = OrderKind::Limit { price: "60000".parse().unwrap(), time_in_force: TimeInForce::Gtc };
        let bracket = Bracket { entry: NewOrder { kind, ..entry() }, ..bracket() };
        let outcome = place_bracket(&MockBroker::new(), &MockClock::new(), &bracket).await;
        assert_eq!(outcome, Err(BracketError::EntryMayRest));
    }
}
