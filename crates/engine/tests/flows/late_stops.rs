//! Stops that would never fire, since liquidation is reached before them.

use crate::desk::{desk, long};
use crate::venue::{btc, money, price};
use plimsoll_engine::AdjustFailure;
use plimsoll_ports::OpenIntent;
use plimsoll_ports::domain::{Direction, PositionSide};

/// 500 back 0.05 BTC from 50,000: it is liquidated near 40,000, and the stop is at 45,000.
const BTC: (Direction, PositionSide) = (Direction::Long, PositionSide::Both);

#[tokio::test]
async fn margin_is_not_taken_out_beyond_the_stop() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    let take = async |amount: &str| desk.manager.adjust_margin(&btc(), BTC.0, money(amount)).await;
    take("-100").await.unwrap();
    let failure = take("-150").await.unwrap_err();
    let AdjustFailure::StopBeyondLiquidation { amount, stop, liquidation } = failure else { panic!("{failure}") };
    assert_eq!((amount, stop), (money("150"), price("45000")));
    assert!(liquidation >= stop, "{liquidation}");
    let calls = desk.venue.state().calls.iter().filter(|it| it.starts_with("margin -")).count();
    assert_eq!(calls, 1);
    // Without a stop there is none to come too late.
    desk.venue.state().open.clear();
    take("-150").await.unwrap();
}

#[tokio::test]
async fn a_stop_that_comes_too_late_is_told_and_margin_may_be_added() {
    let desk = desk();
    desk.open(&OpenIntent { take_profit: None, ..long() }).await.unwrap();
    let late = async || {
        let report = desk.manager.monitor().await.unwrap();
        (report.positions[0].late_stop, report.positions[0].has_stop)
    };
    assert_eq!(late().await, (None, true));
    // By somebody at the venue.
    desk.venue.state().held.get_mut(&(btc(), BTC.1)).unwrap().margin = money("250");
    let (Some((stop, liquidation)), true) = late().await else { panic!("it would be liquidated first") };
    assert!(stop == price("45000") && liquidation >= stop, "{stop} {liquidation}");
    let told = desk.store.tables().alerts.iter().filter(|it| it.key.starts_with("late_stop/main/")).count();
    assert_eq!(told, 1);
    desk.manager.adjust_margin(&btc(), BTC.0, money("100")).await.unwrap();
    assert_eq!(late().await, (None, true));
}
