//! The calls as they go out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_bitget::wire::request::{self, Channel, Place, PlanKind, WhichOrder};
use plimsoll_bitget::wire::{Call, Protocol, Trading};
use plimsoll_domain::{
    ClientOrderId, Direction, Leverage, MarginMode, NewOrder, OrderId, OrderKind, OrderSize, PositionMode, PositionSide,
    Side, TimeInForce, Timestamp, TriggerBy,
};
use std::time::Duration;

fn sent(call: &Call) -> String {
    let request = call.public("", Trading::Live);
    format!("{} {}{}", request.method, request.url, request.body.map_or_else(String::new, |body| format!(" {body}")))
}

fn order() -> NewOrder {
    NewOrder {
        client_order_id: ClientOrderId::new("plim-1").unwrap(),
        symbol: "BTC/USDT:USDT".parse().unwrap(),
        side: Side::Sell,
        position_side: PositionSide::Both,
        kind: OrderKind::Market,
        size: OrderSize::Quantity("0.0010".parse().unwrap()),
        reduce_only: true,
    }
}

fn placed(order: &NewOrder) -> String {
    let place = Place::new(order, "BTCUSDT", MarginMode::Cross);
    let Some(call) = request::place(&place) else { return "cannot be expressed".to_owned() };
    let what = request::plan_type(&place).map_or_else(String::new, |plan_type| format!("{plan_type}: "));
    format!("{what}{}", sent(&call))
}

fn stop() -> OrderKind {
    OrderKind::StopMarket { trigger: "59000.50".parse().unwrap(), trigger_by: TriggerBy::Mark }
}

fn target() -> OrderKind {
    OrderKind::TakeProfitMarket { trigger: "62000".parse().unwrap(), trigger_by: TriggerBy::Last }
}

#[test]
fn one_way_orders_say_reduce_only_and_no_trade_side() {
    insta::assert_snapshot!(placed(&order()), @"");
    insta::assert_snapshot!(placed(&NewOrder { reduce_only: false, side: Side::Buy, ..order() }), @"");
}

#[test]
fn orders_with_legs_say_the_side_of_the_leg_and_what_is_done_to_it() {
    let leg = |side, position_side| placed(&NewOrder { side, position_side, ..order() });
    insta::assert_snapshot!(leg(Side::Buy, PositionSide::Long), @"");
    insta::assert_snapshot!(leg(Side::Sell, PositionSide::Long), @"");
    insta::assert_snapshot!(leg(Side::Sell, PositionSide::Short), @"");
    insta::assert_snapshot!(leg(Side::Buy, PositionSide::Short), @"");
}

#[test]
fn what_reduces_and_waits_is_a_stop_loss_or_take_profit_order() {
    insta::assert_snapshot!(placed(&NewOrder { kind: stop(), ..order() }), @"");
    insta::assert_snapshot!(placed(&NewOrder { kind: target(), position_side: PositionSide::Long, ..order() }), @"");
    insta::assert_snapshot!(placed(&NewOrder { kind: stop(), side: Side::Buy, position_side: PositionSide::Short, ..order() }), @"");
}

#[test]
fn what_opens_and_waits_is_a_trigger_order() {
    insta::assert_snapshot!(placed(&NewOrder { kind: stop(), reduce_only: false, ..order() }), @"");
    insta::assert_snapshot!(placed(&NewOrder { kind: stop(), position_side: PositionSide::Short, ..order() }), @"");
}

#[test]
fn the_whole_position_is_closed_without_a_size_and_only_by_what_waits() {
    let whole = NewOrder { size: OrderSize::WholePosition, ..order() };
    insta::assert_snapshot!(placed(&NewOrder { kind: stop(), ..whole.clone() }), @"");
    insta::assert_snapshot!(placed(&NewOrder { kind: target(), position_side: PositionSide::Long, ..whole.clone() }), @"");
    insta::assert_snapshot!(placed(&whole), @"");
    insta::assert_snapshot!(sent(&request::flash_close("BTCUSDT", PositionSide::Both)), @"");
    insta::assert_snapshot!(sent(&request::flash_close("BTCUSDT", PositionSide::Short)), @"");
}

#[test]
fn small_and_large_numbers_have_no_exponent_and_strange_times_in_force_are_not_sent() {
    let limit = |time_in_force| OrderKind::Limit { price: "0.00000001".parse().unwrap(), time_in_force };
    let size = OrderSize::Quantity("100000000000000".parse().unwrap());
    insta::assert_snapshot!(placed(&NewOrder { kind: limit(TimeInForce::PostOnly), size, reduce_only: false, ..order() }), @"");
    insta::assert_snapshot!(placed(&NewOrder { kind: limit(TimeInForce::Gtd), ..order() }), @"");
}

#[test]
fn orders_are_named_by_either_id() {
    let (ours, theirs) = (ClientOrderId::new("plim-1").unwrap(), OrderId::new("138001"));
    let (client, id) = (WhichOrder::Client(&ours), WhichOrder::Id(&theirs));
    insta::assert_snapshot!(sent(&request::cancel("BTCUSDT", client)), @"");
    insta::assert_snapshot!(sent(&request::cancel_all("BTCUSDT")), @"");
    insta::assert_snapshot!(sent(&request::cancel_plan("BTCUSDT", client, "pos_loss")), @"");
    insta::assert_snapshot!(sent(&request::cancel_all_plans("BTCUSDT", "normal_plan")), @"");
    insta::assert_snapshot!(sent(&request::amend("BTCUSDT", id, "plim-1", "0.5".parse().unwrap(), "60000".parse().unwrap())), @"");
    insta::assert_snapshot!(sent(&request::order("BTCUSDT", client)), @"");
    insta::assert_snapshot!(sent(&request::open_plan(PlanKind::StopLossTakeProfit, "BTCUSDT", client)), @"");
    insta::assert_snapshot!(sent(&request::past_plan(PlanKind::Trigger, "BTCUSDT", id)), @"");
}

#[test]
fn lists_are_read_page_by_page() {
    let time = Some(Timestamp::from_millis(1_700_000_000_000));
    insta::assert_snapshot!(sent(&request::open_orders(None, None)), @"");
    insta::assert_snapshot!(sent(&request::open_orders(Some("BTCUSDT"), Some("138001"))), @"");
    insta::assert_snapshot!(sent(&request::open_plans(PlanKind::Trailing, None, None)), @"");
    insta::assert_snapshot!(sent(&request::order_history(None, time, time, None)), @"");
    insta::assert_snapshot!(sent(&request::fills(Some("BTCUSDT"), time, time, Some("777"))), @"");
    insta::assert_snapshot!(sent(&request::bills(Some("contract_settle_fee"), time, time, None)), @"");
}

#[test]
fn the_account_is_read_and_set() {
    let ten = Leverage::new(10).unwrap();
    insta::assert_snapshot!(sent(&request::account("BTCUSDT")), @"");
    insta::assert_snapshot!(sent(&request::all_accounts()), @"");
    insta::assert_snapshot!(sent(&request::positions(Some("BTCUSDT"))), @"");
    insta::assert_snapshot!(sent(&request::set_leverage("BTCUSDT", ten, MarginMode::Cross, PositionMode::Hedge)), @"");
    insta::assert_snapshot!(sent(&request::set_leverage("BTCUSDT", ten, MarginMode::Isolated, PositionMode::Hedge)), @"");
    insta::assert_snapshot!(sent(&request::set_margin_mode("BTCUSDT", MarginMode::Isolated)), @"");
    insta::assert_snapshot!(sent(&request::set_position_mode(PositionMode::Hedge)), @"");
    let amount = "-5".parse().unwrap();
    insta::assert_snapshot!(sent(&request::set_isolated_margin("BTCUSDT", PositionSide::Both, Direction::Short, amount)), @"");
    insta::assert_snapshot!(sent(&request::trade_rate("BTCUSDT")), @"");
}

#[test]
fn the_market_is_read() {
    let time = Some(Timestamp::from_millis(1_700_000_000_000));
    insta::assert_snapshot!(sent(&request::server_time()), @"");
    insta::assert_snapshot!(sent(&request::contracts()), @"");
    insta::assert_snapshot!(sent(&request::position_tiers("BTCUSDT")), @"");
    insta::assert_snapshot!(sent(&request::ticker("BTCUSDT")), @"");
    insta::assert_snapshot!(sent(&request::current_funding(None)), @"");
    insta::assert_snapshot!(sent(&request::funding_history("BTCUSDT", 2)), @"");
    insta::assert_snapshot!(sent(&request::candles("BTCUSDT", "1m", time, time, 5000)), @"");
    insta::assert_snapshot!(sent(&request::mark_price_candles("BTCUSDT", "1H", time, None, 10)), @"");
    insta::assert_snapshot!(sent(&request::history_candles("BTCUSDT", "1Dutc", time, time, 500)), @"");
    assert_eq!(request::interval_word(Duration::from_secs(3600)), Some("1H"));
    assert_eq!(request::interval_word(Duration::from_secs(86400)), Some("1Dutc"));
    assert_eq!(request::interval_word(Duration::from_secs(7200)), None);
}

#[test]
fn channels_are_selected_in_either_dialect() {
    let of = |name, native| Channel { name, native };
    let channels = [of("account", None), of("orders", None), of("equity", None), of("ticker", Some("BTCUSDT"))];
    insta::assert_snapshot!(request::subscribe(Protocol::V2, &channels), @"");
    insta::assert_snapshot!(request::unsubscribe(Protocol::V2, &channels[1..2]), @"");
    let older = [of("account", None), of("execution", Some("BTCUSDT"))];
    insta::assert_snapshot!(request::subscribe(Protocol::MixV1, &older), @"");
}
