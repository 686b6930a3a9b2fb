//! Watching until it is told to stop.

use crate::desk::{Desk, desk, desk_with, long, manager};
use crate::venue::{Fault, btc, eth, price};
use plimsoll_engine::{ForeignPolicy, Guard, GuardNews, GuardSettings, OpenFailure, RestingEntries, Settings};
use plimsoll_ports::domain::{ClientOrderId, Direction, OrderType};
use std::sync::Arc;

fn word(news: &GuardNews) -> &'static str {
    match news {
        GuardNews::Reconciled(_) => "reconciled",
        GuardNews::NotReconciled(_) => "not reconciled",
        GuardNews::Watched(_) => "watched",
        GuardNews::Blind(_) => "blind",
        GuardNews::Woken(_) => "woken",
        GuardNews::Lookout(_) => "lookout",
        GuardNews::Stopped(_) => "stopped",
    }
}

#[tokio::test]
async fn it_reconciles_watches_and_stops_with_protection_resting() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    let manager = Arc::new(manager(&desk.venue, &desk.store, |it| it));
    let guard = Guard::new(manager.clone(), GuardSettings::default());
    let (stop, mut told) = (guard.stopper(), Vec::new());
    let points = desk.store.tables().equity.len();
    let stopped = guard
        .run(|news| {
            told.push(word(news));
            if told.len() == 3 {
                stop.stop();
            }
        })
        .await;
    assert_eq!(told, ["reconciled", "watched", "watched", "stopped"]);
    assert_eq!((stopped.protection.as_ref().map(Vec::len), stopped.cancelled.len()), (Some(1), 0));
    assert!(stopped.has_snapshot && stopped.troubles.is_empty(), "{stopped:?}");
    assert_eq!(desk.store.tables().equity.len(), points + 3, "one a look, and the last");
    assert_eq!(desk.venue.state().open.len(), 1, "the stop rests on");
    assert!(matches!(manager.open(&long()).await, Err(OpenFailure::ShuttingDown)));
    assert!(
        manager.close(&crate::desk::close_all(&btc(), Direction::Long)).await.is_ok(),
        "what is held can be closed"
    );
}

#[tokio::test]
async fn a_stop_waits_for_the_opening_under_way() {
    let desk = desk();
    // The answer is lost, and the order looked up for a while: meanwhile the program is to stop.
    desk.venue.fail(OrderType::Market, Fault::LostAnswer);
    desk.venue.state().unknown = 3;
    desk.venue.state().hide_fills = true;
    let intent = long();
    let stop = async {
        desk.venue.state().hide_fills = false;
        desk.manager.shutdown(RestingEntries::Keep).await
    };
    let (opened, stopped) = tokio::join!(desk.open(&intent), stop);
    assert!(opened.unwrap().stop_loss.stop().is_some(), "it is finished with its stop");
    assert_eq!((stopped.protection.map(|it| it.len()), desk.store.tables().positions.len()), (Some(1), 1));
}

#[tokio::test]
async fn a_clean_stop_reads_the_account_once() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    let before = desk.venue.state().accounts_asked;
    let stopped = desk.manager.shutdown(RestingEntries::Keep).await;
    assert_eq!((stopped.protection.map(|it| it.len()), stopped.has_snapshot), (Some(1), true));
    assert_eq!(desk.venue.state().accounts_asked - before, 1);
}

#[tokio::test]
async fn resting_entries_of_ours_are_cancelled_if_wished_and_those_of_others_never() {
    for (wish, left) in [(RestingEntries::Keep, 3), (RestingEntries::Cancel, 2)] {
        let desk = desk();
        desk.open(&long()).await.unwrap();
        let mut ours = desk.venue.state().open[0].clone();
        ours.order_type = OrderType::Limit;
        ours.close_position = false;
        ours.side = Direction::Long.opening_side();
        ours.client_order_id = ClientOrderId::reported(ours.client_order_id.as_str().replace("s0", "e9"));
        let mut theirs = ours.clone();
        theirs.client_order_id = ClientOrderId::reported("web_1");
        desk.venue.state().open.extend([ours.clone(), theirs]);
        let stopped = desk.manager.shutdown(wish).await;
        assert_eq!(desk.venue.state().open.len(), left, "{wish:?}");
        let cancelled = if wish == RestingEntries::Cancel { vec![ours.client_order_id] } else { Vec::new() };
        assert_eq!(stopped.cancelled, cancelled, "{wish:?}");
    }
}

#[tokio::test]
async fn without_records_it_guards_all_the_same_and_starts_when_they_are_back() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.store.tables().down = true;
    let guard = Guard::new(Arc::new(manager(&desk.venue, &desk.store, |it| it)), GuardSettings::default());
    let (stop, mut told) = (guard.stopper(), Vec::new());
    guard
        .run(|news| {
            told.push(word(news));
            match told.len() {
                4 => desk.store.tables().down = false,
                6 => stop.stop(),
                _ => {}
            }
        })
        .await;
    let expected = ["not reconciled", "watched", "not reconciled", "watched", "reconciled", "watched", "stopped"];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_position_that_appears_is_adopted_or_left_alone_by_policy() {
    for (foreign, is_recorded) in [(ForeignPolicy::Adopt, true), (ForeignPolicy::Ignore, false)] {
        let desk = desk_with(|settings| Settings { foreign, ..settings });
        let Desk { venue, store, manager } = desk;
        let guard = Guard::new(Arc::new(manager), GuardSettings::default());
        let (stop, mut told) = (guard.stopper(), Vec::new());
        guard
            .run(|news| {
                told.push(word(news));
                match told.len() {
                    1 => venue.open_elsewhere(&eth(), Direction::Long, "0.5"),
                    5 => stop.stop(),
                    _ => {}
                }
            })
            .await;
        assert_eq!(told, ["reconciled", "watched", "reconciled", "watched", "watched", "stopped"], "{foreign:?}");
        assert_eq!(store.tables().positions.len(), usize::from(is_recorded), "{foreign:?}");
        assert_eq!(venue.position(&eth()).unwrap().entry, price("2000"));
    }
}
