//! Whose fill is whose: records of positions that begin and end while nobody looks.

use crate::desk::{desk, long, manager};
use crate::venue::{btc, price};
use plimsoll_engine::{ClientOrderIds, ForeignPolicy, Settings, Trouble};
use plimsoll_ports::domain::{AccountId, Decimal, Direction, FillCause, Timestamp};
use plimsoll_ports::{Clock, PositionStatus, Purpose};
use std::time::Duration;

#[tokio::test]
async fn an_entry_after_an_end_that_nobody_saw_is_of_a_record_of_its_own() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.sleep(Duration::from_secs(60)).await;
    desk.venue.close_elsewhere(&btc(), "web_1", FillCause::Order);
    desk.venue.sleep(Duration::from_secs(60)).await;
    let opened = desk.open(&long()).await.unwrap();
    let tables = desk.store.tables();
    let (first, second) = (&tables.positions[0], &tables.positions[1]);
    assert_eq!(first.closed.as_ref().map(|closed| closed.status), Some(PositionStatus::Closed));
    assert_eq!((opened.record, second.closed.is_none()), (Some(second.id), true));
    let left = |id| -> Decimal {
        let its = tables.trades.iter().filter(|trade| trade.position == Some(id));
        its.map(|trade| Direction::from(trade.fill.side).sign() * trade.fill.quantity.get()).sum()
    };
    assert_eq!((left(first.id), left(second.id)), (Decimal::ZERO, second.opened.quantity.get()));
}

#[tokio::test]
async fn an_entry_as_large_as_a_record_whose_end_cannot_be_read_now_is_not_of_that_record() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.sleep(Duration::from_secs(60)).await;
    desk.venue.close_elsewhere(&btc(), "web_1", FillCause::Order);
    desk.venue.sleep(Duration::from_secs(60)).await;
    desk.venue.state().fills_fail_before = Some(desk.venue.now().minus(Duration::from_secs(90)));
    let opened = desk.open(&long()).await.unwrap();
    assert_eq!(opened.record, None);
    assert!(opened.troubles.iter().any(|it| matches!(it, Trouble::RecordedLater { .. })), "{:?}", opened.troubles);
    let first = desk.store.tables().positions[0].id;
    let of_positions: Vec<_> = desk.store.tables().trades.iter().map(|it| it.position).collect();
    assert_eq!(of_positions, [Some(first), None]);
    desk.venue.state().fills_fail_before = None;
    manager(&desk.venue, &desk.store, |it| it).reconcile().await.unwrap();
    let tables = desk.store.tables();
    let left = |id| -> Decimal {
        let its = tables.trades.iter().filter(|trade| trade.position == Some(id));
        its.map(|trade| Direction::from(trade.fill.side).sign() * trade.fill.quantity.get()).sum()
    };
    let (first, second) = (&tables.positions[0], &tables.positions[1]);
    assert_eq!((left(first.id), left(second.id)), (Decimal::ZERO, second.opened.quantity.get()));
}

#[tokio::test]
async fn what_somebody_began_and_we_add_to_is_recorded_from_its_beginning() {
    let desk = desk();
    desk.venue.open_elsewhere(&btc(), Direction::Long, "0.005");
    desk.venue.sleep(Duration::from_secs(60)).await;
    let opened = desk.open(&long()).await.unwrap();
    let tables = desk.store.tables();
    let its = tables.trades.iter().filter(|trade| trade.position == opened.record && opened.record.is_some());
    let sum: Decimal = its.map(|trade| trade.fill.quantity.get()).sum();
    assert_eq!((sum, tables.positions[0].opened.quantity.get()), (Decimal::new(55, 3), Decimal::new(55, 3)));
}

#[tokio::test]
async fn what_nobody_recorded_and_cannot_be_read_now_is_recorded_whole_by_the_next_reconciliation() {
    let desk = desk();
    // An entry of ours whose process died before it was recorded.
    let ids = ClientOrderIds::new(&AccountId::new("main"));
    let died = ids.intent(desk.venue.now()).order(Purpose::Entry, 0);
    desk.venue.open_as(&died, &btc(), Direction::Long, "0.005");
    desk.venue.sleep(Duration::from_secs(60)).await;
    desk.venue.state().fills_fail_before = Some(desk.venue.now().minus(Duration::from_secs(3600)));
    let opened = desk.open(&long()).await.unwrap();
    assert_eq!((opened.record, desk.store.tables().positions.len()), (None, 0), "half of it would stay half");
    assert!(opened.troubles.iter().any(|it| matches!(it, Trouble::RecordedLater { .. })), "{:?}", opened.troubles);
    desk.venue.state().fills_fail_before = None;
    manager(&desk.venue, &desk.store, |it| it).reconcile().await.unwrap();
    let tables = desk.store.tables();
    let of_record: Decimal =
        tables.trades.iter().filter(|it| it.position.is_some()).map(|it| it.fill.quantity.get()).sum();
    assert_eq!((tables.positions[0].opened.quantity.get(), of_record), (Decimal::new(55, 3), Decimal::new(55, 3)));
}

#[tokio::test]
async fn what_is_added_to_a_position_older_than_the_venue_tells_is_of_its_record_until_its_end() {
    let desk = desk();
    desk.venue.open_elsewhere(&btc(), Direction::Long, "0.005");
    desk.venue.sleep(Duration::from_secs(7 * 24 * 3600)).await;
    desk.venue.state().fills_fail_before = Some(desk.venue.now().minus(Duration::from_secs(3600)));
    assert_eq!(desk.open(&long()).await.unwrap().record, None);
    assert_eq!(desk.store.tables().trades.len(), 1, "what is known of its trades is kept");
    desk.venue.state().fills_fail_before = None;
    let manager = manager(&desk.venue, &desk.store, |it| Settings { foreign: ForeignPolicy::Watch, ..it });
    manager.reconcile().await.unwrap();
    {
        let tables = desk.store.tables();
        assert_eq!((tables.positions.len(), tables.positions[0].opened.quantity.get()), (1, Decimal::new(55, 3)));
        assert!(tables.trades.iter().all(|trade| trade.position == Some(tables.positions[0].id)));
    }
    desk.venue.sleep(Duration::from_secs(60)).await;
    desk.venue.close_elsewhere(&btc(), "web_2", FillCause::Order);
    let again = manager.reconcile().await.unwrap();
    assert_eq!((again.ended.len(), again.unexplained.len()), (1, 0), "{again:#?}");
}

#[tokio::test]
async fn funding_that_was_booked_before_the_newest_position_is_not_passed_over() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.pay_funding(&btc(), "F1", "0.25");
    desk.venue.sleep(Duration::from_secs(8 * 3600)).await;
    desk.venue.pay_funding(&btc(), "F2", "0.25");
    let funding = desk.manager.funding();
    funding.record(Some(desk.venue.now().minus(Duration::from_secs(60)))).await.unwrap();
    let booked = funding.booked(Some(&btc()), 2).await.unwrap();
    assert_eq!(booked.iter().map(|it| it.booking.as_str()).collect::<Vec<_>>(), ["F1", "F2"]);
}

#[tokio::test]
async fn a_stop_that_was_replaced_and_not_cancelled_is_cleared_away() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    let ids = ClientOrderIds::new(&AccountId::new("main"));
    {
        let mut venue = desk.venue.state();
        let mut older = venue.open[0].clone();
        older.client_order_id = ids.intent(Timestamp::from_millis(1)).order(Purpose::StopLoss, 0);
        older.trigger = Some(price("44000"));
        venue.open.push(older);
    }
    manager(&desk.venue, &desk.store, |it| it).reconcile().await.unwrap();
    let left: Vec<_> = desk.venue.state().open.iter().map(|order| order.trigger).collect();
    assert_eq!(left, [Some(price("45000"))]);
}
