//! What is to be made smaller is made smaller at once, whatever becomes of the rest.

use crate::afloat::{look, with};
use crate::desk::{Desk, desk_with, long, unprotected};
use crate::venue::{Fault, btc, eth, money, size};
use plimsoll_engine::{AfloatSettings, CutFor, Measure};
use plimsoll_ports::domain::{FillCause, OrderType};
use plimsoll_ports::{Clock, OpenIntent};
use std::time::Duration;

/// Two isolated positions, each with margin that is as thin: 4.82 of 5.1, say.
async fn two_thin() -> Desk {
    two_thin_with(AfloatSettings::default()).await
}

async fn two_thin_with(afloat: AfloatSettings) -> Desk {
    let desk = desk_with(with(afloat));
    for (symbol, quantity) in [(btc(), "0.05"), (eth(), "1")] {
        let intent = OpenIntent { symbol, quantity: size(quantity), stop_loss: unprotected(), ..long() };
        desk.open(&intent).await.unwrap();
    }
    desk.venue.mark(&btc(), "40170");
    desk.venue.mark(&eth(), "1606.8");
    desk
}

#[tokio::test]
async fn a_reduction_that_is_not_answered_keeps_no_other_waiting() {
    for fault in [Fault::LostRequest, Fault::NotSent] {
        let desk = two_thin().await;
        desk.venue.fail(OrderType::Market, fault.clone());
        let begun = desk.venue.now();
        let report = look(&desk).await;
        let cut = |it: &&Measure| matches!(it, Measure::Cut { why: CutFor::Margin, .. });
        assert_eq!(report.measures.iter().filter(cut).count(), 2, "{:?}", report.measures);
        let state = desk.venue.state();
        let fill = state.fills.iter().find(|fill| fill.time > begun && fill.cause == FillCause::Order).unwrap();
        assert!(fill.time.since(begun) < Duration::from_secs(1), "{fault:?}: {:?}", fill.time.since(begun));
        assert!(state.now.since(begun) < Duration::from_secs(8), "{fault:?}: {:?}", state.now.since(begun));
    }
}

#[tokio::test]
async fn a_reduction_whose_fate_was_not_told_is_made_again_by_what_is_held_then() {
    for (fault, orders) in [(Fault::LostRequest, 2), (Fault::LostAnswer, 1)] {
        let desk = two_thin().await;
        desk.venue.mark(&eth(), "2000");
        desk.venue.fail(OrderType::Market, fault.clone());
        desk.venue.state().unknown = 4;
        for _ in 0..3 {
            look(&desk).await;
        }
        let sold = desk.venue.state().calls.iter().filter(|call| *call == "place market sell").count();
        assert_eq!((sold, desk.venue.position(&btc()).unwrap().quantity), (orders, size("0.03")), "{fault:?}");
        assert_eq!(look(&desk).await.measures, [], "{fault:?}");
    }
}

#[tokio::test]
async fn no_reduction_waits_for_the_books_of_another() {
    let most_at_once = Some(money("300"));
    let desk = two_thin_with(AfloatSettings { most_at_once, ..AfloatSettings::default() }).await;
    desk.store.tables().hold_positions = true;
    let turns = async {
        for _ in 0..10_000 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        report = look(&desk) => panic!("nothing was written: {:?}", report.measures),
        () = turns => {}
    }
    let left = |symbol| desk.venue.position(&symbol).unwrap().quantity;
    assert_eq!((left(btc()), left(eth())), (size("0.03"), size("0.605")));
}
