//! What the guard has recorded while an opening was still at work.

use crate::desk::{desk, long};
use crate::venue::{btc, price, size};
use plimsoll_ports::domain::FillCause;
use plimsoll_ports::{OpenIntent, StopLoss};

#[tokio::test]
async fn what_was_added_and_is_closed_before_its_opening_records_it_is_recorded_once() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    // Cancelling the stop that is replaced takes its time.
    desk.venue.state().slow_cancels = 20;
    let more = OpenIntent { quantity: size("0.005"), stop_loss: StopLoss::At(price("46000")), ..long() };
    let meanwhile = async {
        while desk.venue.position(&btc()).map(|it| it.quantity) != Some(size("0.055")) {
            tokio::task::yield_now().await;
        }
        desk.venue.close_elsewhere(&btc(), "hand-1", FillCause::Order);
        desk.manager.monitor().await.unwrap();
    };
    // Whatever the opening says of it, since nothing is held any more.
    let (_opened, ()) = tokio::join!(desk.open(&more), meanwhile);
    let tables = desk.store.tables();
    let open = tables.positions.iter().filter(|it| it.closed.is_none()).count();
    assert_eq!((tables.positions.len(), open), (1, 0));
    assert!(tables.trades.iter().all(|trade| trade.position == tables.trades.first().unwrap().position));
}
