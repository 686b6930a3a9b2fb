use crate::close::rest;
use crate::desk::{Desk, desk, desk_with, long};
use crate::venue::{Fault, btc, eth};
use plimsoll_engine::{FlattenReason, Flattened, ForeignPolicy, Settings};
use plimsoll_ports::domain::{Direction, OrderType, Side};
use plimsoll_ports::{JournalState, Purpose, RefusalReason};

async fn flatten(desk: &Desk) -> Flattened {
    let reason = FlattenReason::Wanted { by: "operator".to_owned(), reason: "test".to_owned() };
    desk.manager.flatten_all(reason).await
}

#[tokio::test]
async fn whatever_made_way_for_an_exit_that_was_not_sent_is_told_as_cancelled() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    let stop = desk.venue.state().open[0].client_order_id.clone();
    let ours = rest(&desk, stop.as_str().replace("s0", "x9").as_str(), Side::Sell, true);
    desk.venue.fail(OrderType::Market, Fault::Refuse(RefusalReason::NothingToReduce));
    for _ in 0..1000 {
        desk.venue.fail(OrderType::Market, Fault::NotSent);
    }
    let flattened = flatten(&desk).await;
    assert!(desk.venue.position(&btc()).is_some() && flattened.closed.is_empty(), "{flattened:?}");
    assert_eq!(flattened.cancelled, [ours]);
}

#[tokio::test]
async fn what_became_of_an_exit_is_asked_when_the_venue_is_flat() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.open_elsewhere(&eth(), Direction::Short, "0.5");
    // Nothing that is asked of an order is answered: the positions tell that they are closed.
    desk.venue.state().unknown = u32::MAX;
    desk.venue.state().hide_fills = true;
    let flattened = flatten(&desk).await;
    assert!(flattened.is_confirmed() && flattened.closed.is_empty(), "{flattened:?}");
    let ended = &desk.store.events("flatten")[0];
    assert!(ended.detail.contains("2 closed, 0 failed; the venue is flat"), "{}", ended.detail);

    desk.venue.state().unknown = 0;
    desk.venue.state().hide_fills = false;
    desk.manager.monitor().await.unwrap();
    let exits: Vec<_> =
        desk.store.tables().journal.iter().filter(|it| it.purpose == Purpose::Flatten).cloned().collect();
    let is_finished = |state: &JournalState| matches!(state, JournalState::Finished { filled: Some(_), .. });
    assert!(exits.len() == 2 && exits.iter().all(|exit| is_finished(&exit.state)), "{exits:?}");
}

#[tokio::test]
async fn reduce_only_orders_of_ours_that_hold_the_size_make_way_for_a_flattening() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    let stop = desk.venue.state().open[0].client_order_id.clone();
    let ours = rest(&desk, stop.as_str().replace("s0", "x9").as_str(), Side::Sell, true);
    desk.venue.state().sizes_are_held = true;
    let flattened = flatten(&desk).await;
    assert!(flattened.is_confirmed() && flattened.failed.is_empty(), "{flattened:?}");
    assert_eq!(flattened.closed[0].cancelled, [ours]);
    assert_eq!(flattened.cancelled, [stop]);
}

#[tokio::test]
async fn all_that_rests_is_cancelled_at_once_only_where_all_of_it_may_go_and_nothing_is_held() {
    for (foreign, is_closed) in
        [(ForeignPolicy::Adopt, true), (ForeignPolicy::Adopt, false), (ForeignPolicy::Watch, true)]
    {
        let desk = desk_with(|settings| Settings { foreign, ..settings });
        desk.open(&long()).await.unwrap();
        let stop = desk.venue.state().open[0].client_order_id.clone();
        let theirs = ["web_1", "web_2", "web_3"].map(|id| rest(&desk, id, Side::Sell, true));
        desk.venue.state().cancels_everything = true;
        for _ in 0..if is_closed { 0 } else { 500 } {
            desk.venue.fail(OrderType::Market, Fault::Refuse(RefusalReason::Other));
        }
        let flattened = flatten(&desk).await;
        let at_once = desk.venue.state().calls.iter().any(|call| call == "cancel everything");
        let rests: Vec<_> = desk.venue.state().open.iter().map(|order| order.client_order_id.clone()).collect();
        let is_all = is_closed && foreign == ForeignPolicy::Adopt;
        assert_eq!((at_once, flattened.is_confirmed()), (is_all, is_all), "{foreign:?}: {flattened:?}");
        match (is_closed, is_all) {
            (_, true) => {
                assert_eq!(flattened.cancelled.len(), 4, "{flattened:?}");
                assert!(matches!(desk.store.state_of(Purpose::StopLoss), JournalState::Finished { .. }));
            }
            (true, false) => assert_eq!(rests, theirs, "what others want is theirs"),
            (false, false) => assert!(rests.contains(&stop) && desk.venue.position(&btc()).is_some(), "it protects"),
        }
    }
}
