//! Stops that would never fire, since liquidation is reached before them.

use crate::desk::{Desk, desk, desk_with, long};
use crate::venue::{btc, money, price, size};
use plimsoll_engine::{AdjustFailure, Settings};
use plimsoll_ports::domain::risk::{LimitSettings, RiskLimits};
use plimsoll_ports::domain::{ClientOrderId, Direction, OrderType, PositionMode, PositionSide, Rate};
use plimsoll_ports::{ComposedKind, ComposedOrder, OpenIntent, StopLoss};

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

/// Another stop rests beside the one over all of it: of a size, or a trailing one.
fn rest_beside(desk: &Desk, order_type: OrderType, trigger: &str, quantity: &str) {
    let mut state = desk.venue.state();
    let mut other = state.open[0].clone();
    other.client_order_id = ClientOrderId::reported(format!("web_{}", state.open.len()));
    (other.order_type, other.trigger) = (order_type, Some(price(trigger)));
    (other.close_position, other.quantity) = (false, Some(size(quantity)));
    state.open.push(other);
}

#[tokio::test]
async fn what_closes_a_part_trails_or_takes_a_profit_does_not_hide_a_stop_that_comes_too_late() {
    let short = OpenIntent { direction: Direction::Short, stop_loss: StopLoss::At(price("55000")), ..long() };
    for (held, nearer, beyond) in [(long(), "48500", "52000"), (short, "51500", "48000")] {
        let desk = desk();
        let stop = held.stop_loss.price().unwrap();
        desk.open(&held).await.unwrap();
        rest_beside(&desk, OrderType::StopMarket, nearer, "0.01");
        rest_beside(&desk, OrderType::StopMarket, beyond, "0.05");
        rest_beside(&desk, OrderType::TrailingStopMarket, nearer, "0.05");
        let failure = desk.manager.adjust_margin(&btc(), held.direction, money("-300")).await.unwrap_err();
        assert!(
            matches!(failure, AdjustFailure::StopBeyondLiquidation { stop: told, .. } if told == stop),
            "{failure}"
        );
        desk.venue.state().held.get_mut(&(btc(), BTC.1)).unwrap().margin = money("200");
        let late = async || desk.manager.monitor().await.unwrap().positions[0].late_stop;
        assert_eq!(late().await.map(|(told, _)| told), Some(stop), "{}", held.direction);
        // Where no other rests than such as close a part, the last of them is to come first too.
        let whole = desk.venue.state().open.remove(0);
        assert_eq!(late().await, None, "{}", held.direction);
        rest_beside(&desk, OrderType::StopMarket, &stop.to_string(), "0.01");
        assert_eq!(late().await.map(|(told, _)| told), Some(stop), "{}", held.direction);
        desk.venue.state().open.pop();
        desk.venue.state().open.insert(0, whole);
        // Stops with sizes that are enough for all of it close it in time.
        rest_beside(&desk, OrderType::StopMarket, nearer, "0.04");
        assert_eq!(late().await, None, "{}", held.direction);
        desk.manager.adjust_margin(&btc(), held.direction, money("-1")).await.unwrap();
    }
}

#[tokio::test]
async fn margin_is_not_taken_out_until_liquidation_is_due_whatever_the_limit() {
    let limits = LimitSettings { min_liquidation_distance: Rate::ZERO, ..LimitSettings::default() };
    let desk = desk_with(|settings| Settings { limits: RiskLimits::new(limits).unwrap(), ..settings });
    desk.open(&long()).await.unwrap();
    desk.venue.state().open.clear();
    let failure = desk.manager.adjust_margin(&btc(), BTC.0, money("-495")).await.unwrap_err();
    assert_eq!(failure, AdjustFailure::LiquidatedAtOnce { amount: money("495") });
    desk.manager.adjust_margin(&btc(), BTC.0, money("-400")).await.unwrap();
}

#[tokio::test]
async fn a_pair_of_stop_and_target_is_refused_where_liquidation_comes_before_its_stop() {
    let short = OpenIntent { direction: Direction::Short, stop_loss: StopLoss::At(price("55000")), ..long() };
    for (held, stops, target) in [(long(), ["39000", "41000"], "60000"), (short, ["61000", "59000"], "40000")] {
        let desk = desk();
        desk.open(&held).await.unwrap();
        let oco = |stop: &str| {
            let kind = ComposedKind::Oco { quantity: size("0.05"), stop: price(stop), target: price(target) };
            ComposedOrder { symbol: btc(), direction: held.direction, kind }
        };
        let refused = desk.manager.compose(&oco(stops[0])).await.unwrap_err();
        assert!(refused.to_string().contains("beyond liquidation at"), "{refused}");
        desk.manager.compose(&oco(stops[1])).await.unwrap();
    }
}

#[tokio::test]
async fn of_a_hedge_each_leg_whose_stop_comes_too_late_is_told() {
    let desk = desk_with(|settings| Settings { position_mode: PositionMode::Hedge, ..settings });
    let short = OpenIntent { direction: Direction::Short, stop_loss: StopLoss::At(price("55000")), ..long() };
    for held in [long(), short] {
        desk.open(&held).await.unwrap();
    }
    for side in [PositionSide::Long, PositionSide::Short] {
        desk.venue.state().held.get_mut(&(btc(), side)).unwrap().margin = money("200");
    }
    desk.manager.monitor().await.unwrap();
    let tables = desk.store.tables();
    let told = tables.alerts.iter().filter(|it| it.key.starts_with("late_stop/")).map(|it| it.key.as_str());
    assert_eq!(Vec::from_iter(told), ["late_stop/main/BTC/USDT:USDT long", "late_stop/main/BTC/USDT:USDT short"]);
}
