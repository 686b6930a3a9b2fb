//! Composed orders beside everything else that a process does.

use crate::desk::{Desk, desk, long};
use crate::venue::{Fault, btc, price, size};
use plimsoll_engine::{ComposeFailure, OpenFailure, Progress};
use plimsoll_ports::domain::{AccountId, Direction, Leverage, OrderType, Price, Quantity, TimeInForce, Timestamp};
use plimsoll_ports::{
    Clock, ComposedEnd, ComposedKind, ComposedOrder, OpenIntent, Opening, OrderJournal, SlicedTrade, StopLoss,
};
use std::time::Duration;

/// Long 0.02 BTC in `slices`, an hour apart, with a stop at 45,000.
fn twap(slices: u16) -> ComposedOrder {
    let opening = Opening {
        quantity: size("0.02"),
        leverage: Leverage::new(5).unwrap(),
        stop_loss: StopLoss::At(price("45000")),
        take_profit: None,
    };
    let trade = SlicedTrade::Open(opening);
    of(ComposedKind::Twap { trade, slices, every: Duration::from_secs(3600) })
}

fn trailing(distance: &str) -> ComposedOrder {
    of(ComposedKind::TrailingStop { distance: distance.parse().unwrap(), activation: None })
}

fn of(kind: ComposedKind) -> ComposedOrder {
    ComposedOrder { symbol: btc(), direction: Direction::Long, kind }
}

impl Desk {
    async fn compose(&self, order: &ComposedOrder) -> Result<Progress, ComposeFailure> {
        self.manager.compose(order).await
    }

    /// What rests of a type: triggers, in the order of placing.
    fn triggers(&self, of: OrderType) -> Vec<Price> {
        let state = self.venue.state();
        state.open.iter().filter(|order| order.order_type == of).filter_map(|order| order.trigger).collect()
    }

    fn stops(&self) -> Vec<Price> {
        self.triggers(OrderType::StopMarket)
    }

    fn held(&self) -> Option<Quantity> {
        self.venue.position(&btc()).map(|it| it.quantity)
    }
}

#[tokio::test]
async fn a_part_is_sent_once_though_the_guard_looks_while_it_is_being_composed() {
    let desk = desk();
    desk.venue.state().slow_instrument = 1;
    let order = twap(1);
    let looking = async {
        // It is written down next, and the first look at it takes its time: the guard's is over before.
        desk.venue.state().slow_instrument = 50;
        tokio::task::yield_now().await;
        desk.manager.monitor().await.unwrap();
    };
    let (progress, ()) = tokio::join!(desk.compose(&order), looking);
    assert_eq!(progress.unwrap().filled, Some(size("0.02")));
    let entries = desk.venue.state().fills.len();
    assert_eq!((desk.held(), entries), (Some(size("0.02")), 1));
}

#[tokio::test]
async fn a_stop_whose_place_a_newer_one_has_taken_is_not_placed_again() {
    let desk = desk();
    desk.compose(&twap(2)).await.unwrap();
    assert_eq!(desk.stops(), [price("45000")]);
    desk.open(&OpenIntent { stop_loss: StopLoss::At(price("46000")), quantity: size("0.01"), ..long() }).await.unwrap();
    for _ in 0..3 {
        desk.manager.monitor().await.unwrap();
        assert_eq!(desk.stops(), [price("46000")], "it covers what the parts have opened too");
    }
}

#[tokio::test]
async fn a_stop_that_never_arrived_is_owed_though_an_older_one_rests_for_an_entry_that_waits() {
    let desk = desk();
    let opening = Opening {
        quantity: size("0.01"),
        leverage: Leverage::new(5).unwrap(),
        stop_loss: StopLoss::At(price("44000")),
        take_profit: None,
    };
    let waits = ComposedKind::Bracket { opening, price: price("48000"), time_in_force: TimeInForce::Gtc };
    desk.compose(&of(waits)).await.unwrap();
    desk.venue.sleep(Duration::from_secs(1)).await;
    desk.venue.fail(OrderType::StopMarket, Fault::LostRequest);
    desk.compose(&twap(2)).await.unwrap();
    desk.manager.monitor().await.unwrap();
    assert_eq!(desk.held(), Some(size("0.01")));
    assert!(desk.stops().contains(&price("45000")), "{:?}", desk.stops());
}

#[tokio::test]
async fn a_stop_that_rests_already_and_does_the_same_is_not_owed_with_every_look() {
    let desk = desk();
    desk.open(&OpenIntent { quantity: size("0.01"), ..long() }).await.unwrap();
    desk.venue.sleep(Duration::from_secs(1)).await;
    desk.compose(&twap(2)).await.unwrap();
    for _ in 0..2 {
        let report = desk.manager.monitor().await.unwrap();
        assert_eq!(desk.stops(), [price("45000")]);
        let sent: Vec<_> = report.composed.iter().flat_map(|it| &it.sent).collect();
        assert_eq!((sent, report.troubles), (vec![], vec![]));
    }
}

#[tokio::test]
async fn a_stop_that_somebody_cancelled_is_owed_again() {
    let desk = desk();
    desk.compose(&twap(2)).await.unwrap();
    let id = desk.venue.state().open.first().map(|order| order.client_order_id.clone()).unwrap();
    let stop = {
        let mut state = desk.venue.state();
        let at = state.open.iter().position(|order| order.client_order_id == id).unwrap();
        state.open.remove(at)
    };
    let canceled = plimsoll_ports::domain::OrderStatus::Canceled;
    desk.venue.state().done.push(plimsoll_ports::domain::Order { status: canceled, ..stop });
    desk.manager.monitor().await.unwrap();
    assert_eq!(desk.stops(), [price("45000")]);
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_sent_since_it_would_be_sent_again() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.store.tables().takes_no_orders = true;
    let trade = SlicedTrade::Close(size("0.02"));
    let closing = of(ComposedKind::Twap { trade, slices: 1, every: Duration::from_secs(1) });
    let pair = of(ComposedKind::Oco { quantity: size("0.05"), stop: price("47000"), target: price("55000") });
    for order in [&closing, &pair, &trailing("0.02")] {
        let progress = desk.compose(order).await.unwrap();
        assert!(progress.sent.is_empty() && !progress.troubles.is_empty(), "{progress:?}");
    }
    assert_eq!((desk.held(), desk.stops()), (Some(size("0.05")), vec![price("45000")]));
    desk.store.tables().takes_no_orders = false;
    desk.manager.monitor().await.unwrap();
    desk.manager.monitor().await.unwrap();
    assert_eq!(desk.held(), Some(size("0.03")), "once");
}

#[tokio::test]
async fn nothing_is_opened_against_what_is_being_opened_in_parts() {
    let desk = desk();
    let waiting = desk.compose(&twap(2)).await.unwrap();
    let short = Direction::Short;
    let against = OpenIntent { direction: short, stop_loss: StopLoss::At(price("55000")), ..long() };
    let refused = desk.open(&against).await.unwrap_err();
    let is_it = |failure: &OpenFailure| matches!(failure, OpenFailure::OppositeOrder { id, .. } if *id == waiting.id);
    assert!(is_it(&refused), "{refused}");
    let against = ComposedOrder { direction: short, ..twap(2) };
    let refused = desk.compose(&against).await.unwrap_err();
    assert!(matches!(&refused, ComposeFailure::NotOpened(failure) if is_it(failure)), "{refused}");
    desk.open(&OpenIntent { quantity: size("0.01"), ..long() }).await.unwrap();
}

#[tokio::test]
async fn one_stop_follows_a_position() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    let first = desk.compose(&trailing("0.02")).await.unwrap();
    assert_eq!(desk.stops(), [price("49000")]);
    let refused = desk.compose(&trailing("0.01")).await.unwrap_err();
    assert!(matches!(&refused, ComposeFailure::Nonsense(why) if why.contains(first.id.as_str())), "{refused}");
    assert_eq!(desk.stops(), [price("49000")]);
    desk.manager.cancel_composed(&first.id, "ana").await.unwrap();
    desk.compose(&trailing("0.01")).await.unwrap();
    assert_eq!(desk.stops(), [price("49500")], "in the place of the one before");
}

#[tokio::test]
async fn what_is_left_of_a_pair_whose_end_was_cut_short_is_cancelled_but_for_its_stop() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    let pair = ComposedKind::Oco { quantity: size("0.05"), stop: price("47000"), target: price("55000") };
    let pair = desk.compose(&of(pair)).await.unwrap();
    assert_eq!(desk.triggers(OrderType::TakeProfitMarket), [price("55000")]);
    // Whoever ended it died with that.
    let account = AccountId::new("main");
    let now = Timestamp::from_millis(1_700_000_000_000);
    desk.store.end_composed(&account, &pair.id, ComposedEnd::Canceled, "by ana", now).await.unwrap();
    let told = desk.manager.reconcile().await.unwrap();
    assert_eq!(told.orphans.iter().map(|it| (it.is_ours, it.cancelled)).collect::<Vec<_>>(), [(true, true)]);
    assert_eq!(desk.triggers(OrderType::TakeProfitMarket), []);
    assert!(desk.stops().contains(&price("47000")), "a stop goes with its position");
}
