//! The calls as they go out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_bitget::wire::request::{self, Channel, Place, PlanKind, WhichOrder};
use plimsoll_bitget::wire::{Call, Protocol, Trading};
use plimsoll_domain::{
    ClientOrderId, Direction, Leverage, MarginMode, NewOrder, OrderId, OrderKind, OrderSize, PositionMode,
    PositionSide, Side, TimeInForce, Timestamp, TriggerBy,
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
    insta::assert_snapshot!(placed(&order()), @r#"POST /api/v2/mix/order/place-order {"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginMode":"crossed","marginCoin":"USDT","size":"0.001","side":"sell","orderType":"market","clientOid":"plim-1","reduceOnly":"YES"}"#);
    insta::assert_snapshot!(placed(&NewOrder { reduce_only: false, side: Side::Buy, ..order() }), @r#"POST /api/v2/mix/order/place-order {"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginMode":"crossed","marginCoin":"USDT","size":"0.001","side":"buy","orderType":"market","clientOid":"plim-1"}"#);
}

#[test]
fn orders_with_legs_say_the_side_of_the_leg_and_what_is_done_to_it() {
    let leg = |side, position_side| placed(&NewOrder { side, position_side, ..order() });
    insta::assert_snapshot!(leg(Side::Buy, PositionSide::Long), @r#"POST /api/v2/mix/order/place-order {"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginMode":"crossed","marginCoin":"USDT","size":"0.001","side":"buy","tradeSide":"open","orderType":"market","clientOid":"plim-1"}"#);
    insta::assert_snapshot!(leg(Side::Sell, PositionSide::Long), @r#"POST /api/v2/mix/order/place-order {"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginMode":"crossed","marginCoin":"USDT","size":"0.001","side":"buy","tradeSide":"close","orderType":"market","clientOid":"plim-1"}"#);
    insta::assert_snapshot!(leg(Side::Sell, PositionSide::Short), @r#"POST /api/v2/mix/order/place-order {"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginMode":"crossed","marginCoin":"USDT","size":"0.001","side":"sell","tradeSide":"open","orderType":"market","clientOid":"plim-1"}"#);
    insta::assert_snapshot!(leg(Side::Buy, PositionSide::Short), @r#"POST /api/v2/mix/order/place-order {"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginMode":"crossed","marginCoin":"USDT","size":"0.001","side":"sell","tradeSide":"close","orderType":"market","clientOid":"plim-1"}"#);
}

#[test]
fn an_entry_carries_its_stop_as_a_preset_and_nothing_else_does() {
    let carrying = |order: &NewOrder| {
        let place = Place::new(order, "BTCUSDT", MarginMode::Cross).with_stop(Some("58000.50".parse().unwrap()));
        sent(&request::place(&place).unwrap())
    };
    let entry = NewOrder { reduce_only: false, side: Side::Buy, ..order() };
    insta::assert_snapshot!(carrying(&entry), @r#"POST /api/v2/mix/order/place-order {"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginMode":"crossed","marginCoin":"USDT","size":"0.001","side":"buy","orderType":"market","clientOid":"plim-1","presetStopLossPrice":"58000.5"}"#);
    let kind = OrderKind::Limit { price: "59000".parse().unwrap(), time_in_force: TimeInForce::Gtc };
    let leg = NewOrder { kind, position_side: PositionSide::Long, ..entry.clone() };
    insta::assert_snapshot!(carrying(&leg), @r#"POST /api/v2/mix/order/place-order {"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginMode":"crossed","marginCoin":"USDT","size":"0.001","price":"59000","side":"buy","tradeSide":"open","orderType":"limit","force":"gtc","clientOid":"plim-1","presetStopLossPrice":"58000.5"}"#);
    assert!(!carrying(&NewOrder { kind: stop(), ..order() }).contains("preset"));
}

#[test]
fn what_reduces_and_waits_is_a_stop_loss_or_take_profit_order() {
    insta::assert_snapshot!(placed(&NewOrder { kind: stop(), ..order() }), @r#"loss_plan: POST /api/v2/mix/order/place-tpsl-order {"marginCoin":"USDT","productType":"USDT-FUTURES","symbol":"BTCUSDT","planType":"loss_plan","triggerPrice":"59000.5","triggerType":"mark_price","executePrice":"0","holdSide":"buy","size":"0.001","clientOid":"plim-1"}"#);
    insta::assert_snapshot!(placed(&NewOrder { kind: target(), position_side: PositionSide::Long, ..order() }), @r#"profit_plan: POST /api/v2/mix/order/place-tpsl-order {"marginCoin":"USDT","productType":"USDT-FUTURES","symbol":"BTCUSDT","planType":"profit_plan","triggerPrice":"62000","triggerType":"fill_price","executePrice":"0","holdSide":"long","size":"0.001","clientOid":"plim-1"}"#);
    insta::assert_snapshot!(placed(&NewOrder { kind: stop(), side: Side::Buy, position_side: PositionSide::Short, ..order() }), @r#"loss_plan: POST /api/v2/mix/order/place-tpsl-order {"marginCoin":"USDT","productType":"USDT-FUTURES","symbol":"BTCUSDT","planType":"loss_plan","triggerPrice":"59000.5","triggerType":"mark_price","executePrice":"0","holdSide":"short","size":"0.001","clientOid":"plim-1"}"#);
}

#[test]
fn what_opens_and_waits_is_a_trigger_order() {
    insta::assert_snapshot!(placed(&NewOrder { kind: stop(), reduce_only: false, ..order() }), @r#"normal_plan: POST /api/v2/mix/order/place-plan-order {"planType":"normal_plan","symbol":"BTCUSDT","productType":"USDT-FUTURES","marginMode":"crossed","marginCoin":"USDT","size":"0.001","triggerPrice":"59000.5","triggerType":"mark_price","side":"sell","orderType":"market","clientOid":"plim-1"}"#);
    insta::assert_snapshot!(placed(&NewOrder { kind: stop(), position_side: PositionSide::Short, ..order() }), @r#"normal_plan: POST /api/v2/mix/order/place-plan-order {"planType":"normal_plan","symbol":"BTCUSDT","productType":"USDT-FUTURES","marginMode":"crossed","marginCoin":"USDT","size":"0.001","triggerPrice":"59000.5","triggerType":"mark_price","side":"sell","tradeSide":"open","orderType":"market","clientOid":"plim-1"}"#);
}

#[test]
fn the_whole_position_is_closed_without_a_size_and_only_by_what_waits() {
    let whole = NewOrder { size: OrderSize::WholePosition, ..order() };
    insta::assert_snapshot!(placed(&NewOrder { kind: stop(), ..whole.clone() }), @r#"pos_loss: POST /api/v2/mix/order/place-tpsl-order {"marginCoin":"USDT","productType":"USDT-FUTURES","symbol":"BTCUSDT","planType":"pos_loss","triggerPrice":"59000.5","triggerType":"mark_price","executePrice":"0","holdSide":"buy","clientOid":"plim-1"}"#);
    insta::assert_snapshot!(placed(&NewOrder { kind: target(), position_side: PositionSide::Long, ..whole.clone() }), @r#"pos_profit: POST /api/v2/mix/order/place-tpsl-order {"marginCoin":"USDT","productType":"USDT-FUTURES","symbol":"BTCUSDT","planType":"pos_profit","triggerPrice":"62000","triggerType":"fill_price","executePrice":"0","holdSide":"long","clientOid":"plim-1"}"#);
    insta::assert_snapshot!(placed(&whole), @"cannot be expressed");
    insta::assert_snapshot!(sent(&request::flash_close("BTCUSDT", PositionSide::Both)), @r#"POST /api/v2/mix/order/close-positions {"symbol":"BTCUSDT","productType":"USDT-FUTURES"}"#);
    insta::assert_snapshot!(sent(&request::flash_close("BTCUSDT", PositionSide::Short)), @r#"POST /api/v2/mix/order/close-positions {"symbol":"BTCUSDT","productType":"USDT-FUTURES","holdSide":"short"}"#);
}

#[test]
fn small_and_large_numbers_have_no_exponent_and_strange_times_in_force_are_not_sent() {
    let limit = |time_in_force| OrderKind::Limit { price: "0.00000001".parse().unwrap(), time_in_force };
    let size = OrderSize::Quantity("100000000000000".parse().unwrap());
    insta::assert_snapshot!(placed(&NewOrder { kind: limit(TimeInForce::PostOnly), size, reduce_only: false, ..order() }), @r#"POST /api/v2/mix/order/place-order {"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginMode":"crossed","marginCoin":"USDT","size":"100000000000000","price":"0.00000001","side":"sell","orderType":"limit","force":"post_only","clientOid":"plim-1"}"#);
    insta::assert_snapshot!(placed(&NewOrder { kind: limit(TimeInForce::Gtd), ..order() }), @"cannot be expressed");
}

#[test]
fn orders_are_named_by_either_id() {
    let (ours, theirs) = (ClientOrderId::new("plim-1").unwrap(), OrderId::new("138001"));
    let (client, id) = (WhichOrder::Client(&ours), WhichOrder::Id(&theirs));
    insta::assert_snapshot!(sent(&request::cancel("BTCUSDT", client)), @r#"POST /api/v2/mix/order/cancel-order {"symbol":"BTCUSDT","productType":"USDT-FUTURES","clientOid":"plim-1","marginCoin":"USDT"}"#);
    insta::assert_snapshot!(sent(&request::cancel_all("BTCUSDT")), @r#"POST /api/v2/mix/order/batch-cancel-orders {"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginCoin":"USDT"}"#);
    insta::assert_snapshot!(sent(&request::cancel_plan("BTCUSDT", client, "pos_loss")), @r#"POST /api/v2/mix/order/cancel-plan-order {"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginCoin":"USDT","planType":"pos_loss","orderIdList":[{"clientOid":"plim-1"}]}"#);
    insta::assert_snapshot!(sent(&request::cancel_all_plans("BTCUSDT", "normal_plan")), @r#"POST /api/v2/mix/order/cancel-plan-order {"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginCoin":"USDT","planType":"normal_plan"}"#);
    insta::assert_snapshot!(sent(&request::cancel_everything()), @r#"POST /api/v2/mix/order/cancel-all-orders {"productType":"USDT-FUTURES","marginCoin":"USDT"}"#);
    insta::assert_snapshot!(sent(&request::cancel_every_plan("pos_loss")), @r#"POST /api/v2/mix/order/cancel-plan-order {"productType":"USDT-FUTURES","marginCoin":"USDT","planType":"pos_loss"}"#);
    insta::assert_snapshot!(sent(&request::amend("BTCUSDT", id, "plim-1", "0.5".parse().unwrap(), "60000".parse().unwrap())), @r#"POST /api/v2/mix/order/modify-order {"symbol":"BTCUSDT","productType":"USDT-FUTURES","orderId":"138001","marginCoin":"USDT","newClientOid":"plim-1","newSize":"0.5","newPrice":"60000"}"#);
    insta::assert_snapshot!(sent(&request::order("BTCUSDT", client)), @"GET /api/v2/mix/order/detail?clientOid=plim-1&productType=USDT-FUTURES&symbol=BTCUSDT");
    insta::assert_snapshot!(sent(&request::open_plan(PlanKind::StopLossTakeProfit, "BTCUSDT", client)), @"GET /api/v2/mix/order/orders-plan-pending?clientOid=plim-1&limit=100&planType=profit_loss&productType=USDT-FUTURES&symbol=BTCUSDT");
    insta::assert_snapshot!(sent(&request::past_plan(PlanKind::Trigger, "BTCUSDT", id)), @"GET /api/v2/mix/order/orders-plan-history?limit=100&orderId=138001&planType=normal_plan&productType=USDT-FUTURES&symbol=BTCUSDT");
}

#[test]
fn lists_are_read_page_by_page() {
    let time = Some(Timestamp::from_millis(1_700_000_000_000));
    insta::assert_snapshot!(sent(&request::open_orders(None, None)), @"GET /api/v2/mix/order/orders-pending?limit=100&productType=USDT-FUTURES");
    insta::assert_snapshot!(sent(&request::open_orders(Some("BTCUSDT"), Some("138001"))), @"GET /api/v2/mix/order/orders-pending?idLessThan=138001&limit=100&productType=USDT-FUTURES&symbol=BTCUSDT");
    insta::assert_snapshot!(sent(&request::open_plans(PlanKind::Trailing, None, None)), @"GET /api/v2/mix/order/orders-plan-pending?limit=100&planType=track_plan&productType=USDT-FUTURES");
    insta::assert_snapshot!(sent(&request::order_history(None, time, time, None)), @"GET /api/v2/mix/order/orders-history?endTime=1700000000000&limit=100&productType=USDT-FUTURES&startTime=1700000000000");
    insta::assert_snapshot!(sent(&request::fills(Some("BTCUSDT"), time, time, Some("777"))), @"GET /api/v2/mix/order/fills?endTime=1700000000000&idLessThan=777&limit=100&productType=USDT-FUTURES&startTime=1700000000000&symbol=BTCUSDT");
    insta::assert_snapshot!(sent(&request::bills(Some("contract_settle_fee"), time, time, None)), @"GET /api/v2/mix/account/bill?businessType=contract_settle_fee&endTime=1700000000000&limit=100&productType=USDT-FUTURES&startTime=1700000000000");
}

#[test]
fn the_account_is_read_and_set() {
    let ten = Leverage::new(10).unwrap();
    insta::assert_snapshot!(sent(&request::account("BTCUSDT")), @"GET /api/v2/mix/account/account?marginCoin=USDT&productType=USDT-FUTURES&symbol=BTCUSDT");
    insta::assert_snapshot!(sent(&request::all_accounts()), @"GET /api/v2/mix/account/accounts?productType=USDT-FUTURES");
    insta::assert_snapshot!(sent(&request::positions(Some("BTCUSDT"))), @"GET /api/v2/mix/position/single-position?marginCoin=USDT&productType=USDT-FUTURES&symbol=BTCUSDT");
    insta::assert_snapshot!(sent(&request::set_leverage("BTCUSDT", ten, MarginMode::Cross, PositionMode::Hedge)), @r#"POST /api/v2/mix/account/set-leverage {"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginCoin":"USDT","leverage":"10"}"#);
    insta::assert_snapshot!(sent(&request::set_leverage("BTCUSDT", ten, MarginMode::Isolated, PositionMode::Hedge)), @r#"POST /api/v2/mix/account/set-leverage {"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginCoin":"USDT","longLeverage":"10","shortLeverage":"10"}"#);
    insta::assert_snapshot!(sent(&request::set_margin_mode("BTCUSDT", MarginMode::Isolated)), @r#"POST /api/v2/mix/account/set-margin-mode {"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginCoin":"USDT","marginMode":"isolated"}"#);
    insta::assert_snapshot!(sent(&request::set_position_mode(PositionMode::Hedge)), @r#"POST /api/v2/mix/account/set-position-mode {"productType":"USDT-FUTURES","posMode":"hedge_mode"}"#);
    let amount = "-5".parse().unwrap();
    insta::assert_snapshot!(sent(&request::set_isolated_margin("BTCUSDT", PositionSide::Both, Direction::Short, amount)), @r#"POST /api/v2/mix/account/set-margin {"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginCoin":"USDT","holdSide":"short","amount":"-5"}"#);
    insta::assert_snapshot!(sent(&request::trade_rate("BTCUSDT")), @"GET /api/v2/common/trade-rate?business=mix&businessType=mix&symbol=BTCUSDT");
}

#[test]
fn the_market_is_read() {
    let time = Some(Timestamp::from_millis(1_700_000_000_000));
    insta::assert_snapshot!(sent(&request::server_time()), @"GET /api/v2/public/time");
    insta::assert_snapshot!(sent(&request::contracts()), @"GET /api/v2/mix/market/contracts?productType=USDT-FUTURES");
    insta::assert_snapshot!(sent(&request::position_tiers("BTCUSDT")), @"GET /api/v2/mix/market/query-position-lever?productType=USDT-FUTURES&symbol=BTCUSDT");
    insta::assert_snapshot!(sent(&request::ticker("BTCUSDT")), @"GET /api/v2/mix/market/ticker?productType=USDT-FUTURES&symbol=BTCUSDT");
    insta::assert_snapshot!(sent(&request::current_funding(None)), @"GET /api/v2/mix/market/current-fund-rate?productType=USDT-FUTURES");
    insta::assert_snapshot!(sent(&request::funding_history("BTCUSDT", 2)), @"GET /api/v2/mix/market/history-fund-rate?pageNo=2&pageSize=100&productType=USDT-FUTURES&symbol=BTCUSDT");
    insta::assert_snapshot!(sent(&request::candles("BTCUSDT", "1m", time, time, 5000)), @"GET /api/v2/mix/market/candles?endTime=1700000000000&granularity=1m&limit=1000&productType=USDT-FUTURES&startTime=1700000000000&symbol=BTCUSDT");
    insta::assert_snapshot!(sent(&request::mark_price_candles("BTCUSDT", "1H", time, None, 10)), @"GET /api/v2/mix/market/candles?granularity=1H&kLineType=MARK&limit=10&productType=USDT-FUTURES&startTime=1700000000000&symbol=BTCUSDT");
    insta::assert_snapshot!(sent(&request::history_candles("BTCUSDT", "1Dutc", time, time, 500)), @"GET /api/v2/mix/market/history-candles?endTime=1700000000000&granularity=1Dutc&limit=200&productType=USDT-FUTURES&startTime=1700000000000&symbol=BTCUSDT");
    assert_eq!(request::interval_word(Duration::from_secs(3600)), Some("1H"));
    assert_eq!(request::interval_word(Duration::from_secs(86400)), Some("1Dutc"));
    assert_eq!(request::interval_word(Duration::from_secs(7200)), None);
}

#[test]
fn channels_are_selected_in_either_dialect() {
    let of = |name, native| Channel { name, native };
    let channels = [of("account", None), of("orders", None), of("equity", None), of("ticker", Some("BTCUSDT"))];
    insta::assert_snapshot!(request::subscribe(Protocol::V2, &channels), @r#"{"op":"subscribe","args":[{"instType":"USDT-FUTURES","channel":"account","coin":"default"},{"instType":"USDT-FUTURES","channel":"orders","instId":"default"},{"instType":"USDT-FUTURES","channel":"equity"},{"instType":"USDT-FUTURES","channel":"ticker","instId":"BTCUSDT"}]}"#);
    insta::assert_snapshot!(request::unsubscribe(Protocol::V2, &channels[1..2]), @r#"{"op":"unsubscribe","args":[{"instType":"USDT-FUTURES","channel":"orders","instId":"default"}]}"#);
    let older = [of("account", None), of("execution", Some("BTCUSDT"))];
    insta::assert_snapshot!(request::subscribe(Protocol::MixV1, &older), @r#"{"op":"subscribe","args":[{"channel":"account","instType":"FUTURES","instId":"default"},{"channel":"execution","instType":"FUTURES","instId":"BTCUSDT"}]}"#);
}
