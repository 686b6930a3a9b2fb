//! The stop before the entry: where it rests, what keeps an entry out, and what happens where no stop is taken so early.

use crate::desk::{Desk, desk, long};
use crate::venue::{Fault, btc, price, size};
use plimsoll_engine::{FlattenReason, OpenFailure, ProtectionFailure};
use plimsoll_ports::domain::{AccountId, Direction, OrderType};
use plimsoll_ports::{CloseIntent, OpenIntent, OrderJournal, Purpose, RefusalReason, StopLoss};

#[tokio::test]
async fn where_no_stop_is_taken_before_there_is_a_position_it_follows_the_entry() {
    let desk = desk();
    desk.venue.state().stops_need_a_position = true;
    let opened = desk.open(&long()).await.unwrap();
    assert_eq!(opened.stop_loss.stop().map(|stop| stop.trigger), Some(price("45000")));
    let placed = |desk: &Desk| -> Vec<String> {
        let calls = desk.venue.state().calls.clone();
        calls.into_iter().filter(|call| call.starts_with("place")).collect()
    };
    assert_eq!(placed(&desk), ["place stop_market sell", "place market buy", "place stop_market sell"]);
    // The venue has said so once: it is not asked again.
    let whole = CloseIntent { symbol: btc(), direction: Direction::Long, quantity: None };
    desk.manager.close(&whole).await.unwrap();
    desk.venue.state().calls.clear();
    desk.open(&long()).await.unwrap();
    assert_eq!(placed(&desk), ["place market buy", "place stop_market sell"]);
    assert!(desk.store.unfinished(&AccountId::new("main")).await.unwrap().iter().all(|it| it.purpose.protects()));
}

#[tokio::test]
async fn a_stop_that_is_replaced_protects_until_the_other_rests() {
    for (takes_one, expected) in [
        (false, &["place stop_market sell", "cancel"][..]),
        (true, &["place stop_market sell", "cancel", "place stop_market sell"]),
    ] {
        let desk = desk();
        desk.open(&long()).await.unwrap();
        desk.venue.state().takes_one_stop = takes_one;
        desk.venue.state().calls.clear();
        let nearer = OpenIntent { quantity: size("0.005"), stop_loss: StopLoss::At(price("47000")), ..long() };
        let opened = desk.open(&nearer).await.unwrap();
        assert_eq!(opened.stop_loss.stop().map(|stop| stop.trigger), Some(price("47000")));
        let calls = desk.venue.state().calls.clone();
        let after: Vec<String> = calls.into_iter().skip_while(|call| call != "place market buy").skip(1).collect();
        let words: Vec<&str> = after.iter().map(|it| if it.starts_with("cancel") { "cancel" } else { it }).collect();
        assert_eq!(words, expected, "takes one: {takes_one}");
        let resting: Vec<_> = desk.venue.state().open.iter().filter_map(|order| order.trigger).collect();
        assert_eq!(resting, [price("47000")]);
    }
}

#[tokio::test]
async fn a_stop_that_fires_before_there_is_something_to_close_is_placed_again() {
    let desk = desk();
    desk.venue.state().slow_place = 5;
    let intent = long();
    let (opened, ()) = tokio::join!(desk.open(&intent), async {
        tokio::task::yield_now().await;
        // The entry is slow too: the price falls and rises again while it is on its way.
        desk.venue.state().slow_place = 20;
        while desk.venue.state().open.is_empty() {
            tokio::task::yield_now().await;
        }
        assert!(desk.venue.position(&btc()).is_none());
        desk.venue.mark(&btc(), "44000");
        desk.venue.mark(&btc(), "50000");
    });
    let stop = opened.unwrap().stop_loss.stop().cloned().unwrap();
    let resting: Vec<_> = desk.venue.state().open.iter().map(|it| it.client_order_id.clone()).collect();
    assert_eq!(resting, [stop.client_order_id]);
    assert_eq!(stop.trigger, price("45000"));
}

#[tokio::test]
async fn nothing_is_entered_whose_stop_does_not_rest() {
    for fault in [
        Fault::OtherTrigger(price("44000")),
        Fault::Refuse(RefusalReason::WouldTrigger),
        Fault::Refuse(RefusalReason::BadSizeOrPrice),
        Fault::LostRequest,
        Fault::Unfilled,
    ] {
        let desk = desk();
        desk.venue.fail(OrderType::StopMarket, fault.clone());
        let failure = desk.open(&long()).await.unwrap_err();
        assert!(matches!(failure, OpenFailure::NotProtectable(_)), "{fault:?}: {failure}");
        assert!(desk.venue.position(&btc()).is_none() && desk.venue.state().open.is_empty(), "{fault:?}");
        assert!(!desk.venue.state().calls.contains(&"place market buy".to_owned()), "{fault:?}");
        let tables = desk.store.tables().journal.clone();
        assert!(!tables.iter().any(|it| it.purpose == Purpose::Entry), "{fault:?}: it was never about to be sent");
        assert!(desk.store.unfinished(&AccountId::new("main")).await.unwrap().is_empty(), "{fault:?}");
        desk.open(&long()).await.unwrap();
    }
}

#[tokio::test]
async fn nothing_is_entered_on_a_judgement_that_the_stop_has_outlasted() {
    let desk = desk();
    desk.venue.fail(OrderType::StopMarket, Fault::LostAnswer);
    desk.venue.state().unknown = 8;
    let failure = desk.open(&long()).await.unwrap_err();
    assert!(matches!(failure, OpenFailure::NotProtectable(ProtectionFailure::TookLong(_))), "{failure}");
    assert!(desk.venue.position(&btc()).is_none() && desk.venue.state().open.is_empty());
    desk.open(&long()).await.unwrap();
}

#[tokio::test]
async fn a_flattening_keeps_out_what_only_its_stop_was_sent_of() {
    let desk = desk();
    desk.venue.state().slow_place = 20;
    let intent = long();
    let reason = FlattenReason::Wanted { by: "operator".to_owned(), reason: "now".to_owned() };
    let (outcome, flattened) = tokio::join!(desk.open(&intent), desk.manager.flatten_all(reason));
    assert!(matches!(outcome, Err(OpenFailure::Flattening | OpenFailure::NotProtectable(_))), "{outcome:?}");
    assert!(flattened.is_confirmed());
    assert!(desk.venue.position(&btc()).is_none() && desk.venue.state().open.is_empty());
    assert!(!desk.venue.state().calls.contains(&"place market buy".to_owned()));
}

#[tokio::test]
async fn the_stop_is_on_its_way_before_anybody_asks_what_became_of_the_entry() {
    let desk = desk();
    desk.venue.state().stops_need_a_position = true;
    // The first questions about the entry are not answered yet: the stop rests all the same.
    desk.venue.state().unknown = 6;
    desk.venue.state().hide_fills = true;
    let intent = long();
    let resting = async {
        while desk.venue.state().open.is_empty() {
            tokio::task::yield_now().await;
        }
        let asked = desk.venue.state().unknown;
        desk.venue.state().hide_fills = false;
        asked
    };
    let (opened, unknown) = tokio::join!(desk.open(&intent), resting);
    assert!(unknown > 0, "the entry was not known yet");
    assert!(opened.unwrap().stop_loss.stop().is_some());
    let calls = desk.venue.state().calls.clone();
    let after = calls.iter().skip_while(|call| *call != "place market buy");
    assert_eq!(after.filter(|call| call.starts_with("place stop")).count(), 1, "{calls:?}");
}
