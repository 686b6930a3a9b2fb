//! The order path against mocks: what is called, in which order, and how often.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use mockall::Sequence;
use plimsoll_engine::{Entry, OrderPath, Patience, Placed, Reducing, SendFailure, Trouble};
use plimsoll_ports::domain::{
    AccountId, ClientOrderId, Fill, FillCause, Money, NewOrder, Order, OrderId, OrderKind, OrderSize, OrderStatus,
    OrderType, PositionSide, Side, Stamp, Symbol, Timestamp, TradeId, VenueId,
};
use plimsoll_ports::{
    JournalState, MockBroker, MockClock, MockOrderJournal, NotSent, PlaceError, Purpose, QueryError, Refusal,
    RefusalReason, StopLoss, StoreError,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

fn symbol() -> Symbol {
    "BTC/USDT:USDT".parse().unwrap()
}

fn new_order(reduce_only: bool) -> NewOrder {
    NewOrder {
        client_order_id: ClientOrderId::new("pl-1").unwrap(),
        symbol: symbol(),
        side: Side::Buy,
        position_side: PositionSide::Both,
        kind: OrderKind::Market,
        size: OrderSize::Quantity("2".parse().unwrap()),
        reduce_only,
    }
}

fn found(status: OrderStatus, filled: Option<&str>) -> Order {
    Order {
        order_id: OrderId::new("77"),
        client_order_id: ClientOrderId::new("pl-1").unwrap(),
        symbol: symbol(),
        side: Side::Buy,
        position_side: PositionSide::Both,
        order_type: OrderType::Market,
        time_in_force: None,
        price: None,
        trigger: None,
        quantity: Some("2".parse().unwrap()),
        filled: filled.map(|filled| filled.parse().unwrap()),
        average_price: filled.map(|_| "100".parse().unwrap()),
        child: None,
        reduce_only: false,
        close_position: false,
        status,
        updated: Stamp::default(),
    }
}

fn fill(trade: &str, quantity: &str) -> Fill {
    Fill {
        trade_id: TradeId::new(trade),
        order_id: OrderId::new("77"),
        client_order_id: ClientOrderId::new("pl-1").unwrap(),
        symbol: symbol(),
        side: Side::Buy,
        position_side: PositionSide::Both,
        price: "100".parse().unwrap(),
        quantity: quantity.parse().unwrap(),
        fee: "0.1".parse().unwrap(),
        fee_currency: None,
        liquidity: None,
        realized_pnl: None,
        cause: FillCause::Order,
        time: Timestamp::from_millis(1_000_000),
    }
}

fn refusal(reason: RefusalReason) -> PlaceError {
    PlaceError::Refused(Refusal { reason, code: "-1".to_owned(), message: "no".to_owned() })
}

fn unanswered() -> PlaceError {
    PlaceError::Unanswered("timed out".to_owned())
}

fn broker() -> MockBroker {
    let mut broker = MockBroker::new();
    broker.expect_venue().returning(|| VenueId::new("test"));
    broker
}

/// A journal that takes everything; `states` are the words it must be told, in this order.
fn journal(states: &'static [&'static str]) -> MockOrderJournal {
    let mut journal = MockOrderJournal::new();
    let mut sequence = Sequence::new();
    journal.expect_intend().times(1).in_sequence(&mut sequence).returning(|_| Ok(()));
    for word in states {
        let told = move |_: &AccountId, _: &ClientOrderId, state: &JournalState, _: &Timestamp| word_of(state) == *word;
        journal.expect_record().withf(told).times(1).in_sequence(&mut sequence).returning(|_, _, _, _| Ok(()));
    }
    journal
}

fn word_of(state: &JournalState) -> &'static str {
    match state {
        JournalState::Intended => "intended",
        JournalState::Unanswered => "unanswered",
        JournalState::Accepted { .. } => "accepted",
        JournalState::Refused { .. } => "refused",
        JournalState::NotSent { .. } => "not sent",
        JournalState::Finished { .. } => "finished",
    }
}

fn path(broker: MockBroker, journal: MockOrderJournal) -> OrderPath {
    let mut clock = MockClock::new();
    clock.expect_now().returning(|| Timestamp::from_millis(1_000_000));
    clock.expect_sleep().returning(|_| ());
    OrderPath {
        broker: Arc::new(broker),
        journal: Arc::new(journal),
        clock: Arc::new(clock),
        account: AccountId::new("main"),
        patience: Patience::default(),
    }
}

fn protected() -> Entry {
    Entry::new(new_order(false), StopLoss::At("90".parse().unwrap()))
}

fn reducing() -> Reducing {
    Reducing::try_from(new_order(true)).unwrap()
}

async fn entry(path: &OrderPath) -> Result<Placed, SendFailure> {
    path.enter(&protected(), None).await.0
}

#[tokio::test]
async fn the_intent_is_written_before_the_order_is_sent_and_its_end_after() {
    let mut sequence = Sequence::new();
    let (mut journal, mut broker) = (MockOrderJournal::new(), broker());
    journal
        .expect_intend()
        .withf(|entry| entry.state == JournalState::Intended && entry.order == new_order(false))
        .times(1)
        .in_sequence(&mut sequence)
        .returning(|_| Ok(()));
    broker.expect_place().times(1).in_sequence(&mut sequence).returning(|_| Ok(OrderId::new("77")));
    journal
        .expect_record()
        .withf(|_, _, state, _| word_of(state) == "accepted")
        .times(1)
        .in_sequence(&mut sequence)
        .returning(|_, _, _, _| Ok(()));
    broker
        .expect_order()
        .times(1)
        .in_sequence(&mut sequence)
        .returning(|_, _| Ok(Some(found(OrderStatus::Filled, Some("2")))));
    broker
        .expect_fills()
        .times(1)
        .in_sequence(&mut sequence)
        .returning(|_, _| Ok(vec![fill("1", "1"), fill("2", "1")]));
    journal
        .expect_record()
        .withf(|_, _, state, _| word_of(state) == "finished")
        .times(1)
        .in_sequence(&mut sequence)
        .returning(|_, _, _, _| Ok(()));
    let Ok(Placed::Ended(execution)) = entry(&path(broker, journal)).await else { panic!("it was filled") };
    assert_eq!(execution.filled(), Some("2".parse().unwrap()));
    assert_eq!(execution.fees(), Some("0.2".parse::<Money>().unwrap()));
}

#[tokio::test]
async fn a_refusal_ends_it() {
    let mut broker = broker();
    broker.expect_place().times(1).returning(|_| Err(refusal(RefusalReason::InsufficientMargin)));
    let failure = entry(&path(broker, journal(&["refused"]))).await.unwrap_err();
    assert!(matches!(failure, SendFailure::Refused(refusal) if refusal.reason == RefusalReason::InsufficientMargin));
}

#[tokio::test]
async fn an_entry_that_was_not_sent_is_not_sent_again() {
    let mut broker = broker();
    let why = NotSent::Unavailable("busy".to_owned());
    broker.expect_place().times(1).returning(move |_| Err(PlaceError::NotSent(why.clone())));
    let failure = entry(&path(broker, journal(&["not sent"]))).await.unwrap_err();
    assert!(matches!(failure, SendFailure::NotSent(NotSent::Unavailable(_))));
}

#[tokio::test]
async fn an_order_that_removes_exposure_is_sent_again_under_its_id_until_it_gets_through() {
    let mut broker = broker();
    let mut sequence = Sequence::new();
    let same_id = |order: &NewOrder| order.client_order_id.as_str() == "pl-1";
    broker
        .expect_place()
        .withf(same_id)
        .times(2)
        .in_sequence(&mut sequence)
        .returning(|_| Err(PlaceError::NotSent(NotSent::Disconnected("no route".to_owned()))));
    broker.expect_place().withf(same_id).times(1).in_sequence(&mut sequence).returning(|_| Ok(OrderId::new("77")));
    broker.expect_order().returning(|_, _| Ok(Some(found(OrderStatus::Filled, Some("2")))));
    broker.expect_fills().returning(|_, _| Ok(vec![fill("1", "2")]));
    let path = path(broker, journal(&["accepted", "finished"]));
    let (placed, troubles) = path.reduce(&reducing(), Purpose::Exit).await;
    assert!(matches!(placed, Ok(Placed::Ended(_))) && troubles.is_empty());
}

#[tokio::test]
async fn an_unanswered_order_is_looked_up_until_it_is_found_filled() {
    let mut broker = broker();
    broker.expect_place().times(1).returning(|_| Err(unanswered()));
    let mut sequence = Sequence::new();
    let unreachable = || QueryError::Unreachable(NotSent::Disconnected("no route".to_owned()));
    broker.expect_order().times(1).in_sequence(&mut sequence).returning(move |_, _| Err(unreachable()));
    broker.expect_order().times(1).in_sequence(&mut sequence).returning(|_, _| Ok(None));
    broker
        .expect_order()
        .times(1)
        .in_sequence(&mut sequence)
        .returning(|_, _| Ok(Some(found(OrderStatus::PartiallyFilled, Some("1")))));
    broker
        .expect_order()
        .times(1)
        .in_sequence(&mut sequence)
        .returning(|_, _| Ok(Some(found(OrderStatus::Filled, Some("2")))));
    let mut fills = Sequence::new();
    broker.expect_fills().times(1).in_sequence(&mut fills).returning(|_, _| Ok(vec![]));
    broker.expect_fills().times(1).in_sequence(&mut fills).returning(|_, _| Ok(vec![fill("1", "2")]));
    let placed = entry(&path(broker, journal(&["unanswered", "finished"]))).await;
    assert!(matches!(placed, Ok(Placed::Ended(execution)) if execution.is_told()));
}

#[tokio::test]
async fn an_unanswered_conditional_order_is_found_resting() {
    let mut broker = broker();
    broker.expect_place().times(1).returning(|_| Err(unanswered()));
    let resting = Order { order_type: OrderType::StopMarket, ..found(OrderStatus::New, None) };
    broker.expect_order().times(1).returning(move |_, _| Ok(Some(resting.clone())));
    let placed = entry(&path(broker, journal(&["unanswered", "accepted"]))).await;
    assert!(matches!(placed, Ok(Placed::Resting(order)) if order.order_id.as_str() == "77"));
}

#[tokio::test]
async fn a_taken_id_means_that_an_earlier_attempt_may_have_landed() {
    let mut broker = broker();
    broker.expect_place().times(1).returning(|_| Err(refusal(RefusalReason::DuplicateId)));
    broker.expect_order().returning(|_, _| Ok(Some(found(OrderStatus::Filled, Some("2")))));
    broker.expect_fills().returning(|_, _| Ok(vec![fill("1", "2")]));
    assert!(matches!(entry(&path(broker, journal(&["finished"]))).await, Ok(Placed::Ended(_))));
}

#[tokio::test]
async fn an_order_that_the_venue_forgot_is_known_by_its_fills() {
    let mut broker = broker();
    broker.expect_place().times(1).returning(|_| Err(unanswered()));
    broker.expect_order().returning(|_, _| Ok(None));
    broker.expect_fills().returning(|_, _| Ok(vec![fill("1", "2"), fill("1", "2")]));
    let placed = entry(&path(broker, journal(&["unanswered", "finished"]))).await;
    assert!(matches!(placed, Ok(Placed::Ended(execution)) if execution.fills.len() == 1));
}

#[tokio::test]
async fn not_found_counts_only_after_the_window_and_when_everything_agrees() {
    let mut broker = broker();
    broker.expect_place().times(1).returning(|_| Err(unanswered()));
    let waits = Patience::default();
    // 0.1 + 0.2 + 0.4 + 0.8 + 1.6 + 4 × 2 s: nine waits, and so ten looks, until the window of 10 s has passed.
    assert_eq!(waits.window, Duration::from_secs(10));
    broker.expect_order().times(10).returning(|_, _| Ok(None));
    broker.expect_fills().times(10).returning(|_, _| Ok(vec![]));
    broker.expect_open_orders().times(1).returning(|_| Ok(vec![]));
    broker.expect_positions().times(1).returning(|| Ok(vec![]));
    let failure = entry(&path(broker, journal(&["unanswered", "not sent"]))).await.unwrap_err();
    assert_eq!(failure, SendFailure::NeverArrived);
}

#[tokio::test]
async fn the_window_runs_from_the_last_time_that_an_order_was_sent() {
    // A clock that goes on with every sleep: the venue wants no orders for half a minute first.
    let now = Arc::new(AtomicI64::new(1_000_000));
    let mut clock = MockClock::new();
    let (read, moved) = (Arc::clone(&now), Arc::clone(&now));
    clock.expect_now().returning(move || Timestamp::from_millis(read.load(Ordering::SeqCst)));
    clock.expect_sleep().returning(move |pause| {
        moved.fetch_add(i64::try_from(pause.as_millis()).unwrap(), Ordering::SeqCst);
    });
    let (mut broker, mut sequence) = (broker(), Sequence::new());
    let until = Timestamp::from_millis(1_030_000);
    let throttled = move |_: &NewOrder| Err(PlaceError::NotSent(NotSent::Throttled { until }));
    broker.expect_place().times(1).in_sequence(&mut sequence).returning(throttled);
    broker.expect_place().times(1).in_sequence(&mut sequence).returning(|_| Err(unanswered()));
    broker.expect_order().times(10).returning(|_, _| Ok(None));
    broker.expect_fills().times(10).returning(|_, _| Ok(vec![]));
    broker.expect_open_orders().returning(|_| Ok(vec![]));
    let path = OrderPath {
        broker: Arc::new(broker),
        journal: Arc::new(journal(&["unanswered", "not sent"])),
        clock: Arc::new(clock),
        account: AccountId::new("main"),
        patience: Patience::default(),
    };
    let outcome = path.reduce(&reducing(), Purpose::Exit).await.0;
    assert_eq!(outcome.unwrap_err(), SendFailure::NeverArrived);
    assert!(now.load(Ordering::SeqCst) >= 1_040_000, "it was asked for until ten seconds after the last sending");
}

#[tokio::test]
async fn a_position_that_has_changed_leaves_it_open_whether_the_order_arrived() {
    let mut broker = broker();
    broker.expect_place().times(1).returning(|_| Err(unanswered()));
    broker.expect_order().returning(|_, _| Ok(None));
    broker.expect_fills().returning(|_, _| Ok(vec![]));
    broker.expect_open_orders().returning(|_| Ok(vec![]));
    broker.expect_positions().returning(|| Ok(vec![]));
    let path = path(broker, journal(&["unanswered"]));
    let held = plimsoll_ports::domain::Position {
        direction: plimsoll_ports::domain::Direction::Long,
        quantity: "1".parse().unwrap(),
        entry: "100".parse().unwrap(),
    };
    let (outcome, _) = path.enter(&protected(), Some(held)).await;
    assert!(matches!(outcome, Err(SendFailure::Unresolved(_))));
}

#[tokio::test]
async fn without_a_journal_no_exposure_is_added_but_it_is_removed() {
    let down = || StoreError::Unreachable("no database".to_owned());
    let mut journal = MockOrderJournal::new();
    journal.expect_intend().times(1).returning(move |_| Err(down()));
    let mut silent = broker();
    silent.expect_place().times(0);
    assert_eq!(entry(&path(silent, journal)).await.unwrap_err(), SendFailure::NotJournalled(down()));

    let mut journal = MockOrderJournal::new();
    journal.expect_intend().times(1).returning(move |_| Err(down()));
    journal.expect_record().times(2).returning(move |_, _, _, _| Err(down()));
    let mut broker = broker();
    broker.expect_place().times(1).returning(|_| Ok(OrderId::new("77")));
    broker.expect_order().returning(|_, _| Ok(Some(found(OrderStatus::Filled, Some("2")))));
    broker.expect_fills().returning(|_, _| Ok(vec![fill("1", "2")]));
    let (placed, troubles) = path(broker, journal).reduce(&reducing(), Purpose::Exit).await;
    assert!(matches!(placed, Ok(Placed::Ended(_))));
    assert!(troubles.iter().all(|trouble| matches!(trouble, Trouble::NotJournalled { .. })));
    assert_eq!(troubles.len(), 3);
}

#[test]
fn an_order_that_could_add_exposure_does_not_pass_for_one_that_reduces() {
    let order = new_order(false);
    let refused = Reducing::try_from(order.clone()).unwrap_err();
    assert_eq!(refused.to_string(), format!("{} is not reduce-only, and could add exposure", order.client_order_id));
}
