//! The calls as they go out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_binance::wire::Call;
use plimsoll_binance::wire::request::{self, Place, Route, WhichOrder};
use plimsoll_domain::{
    ClientOrderId, NewOrder, OrderId, OrderKind, OrderSize, PositionMode, PositionSide, Side, TimeInForce, Timestamp,
    TriggerBy,
};
use std::time::Duration;

fn sent(call: &Call) -> String {
    let params: Vec<String> = call.params().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{} {} {}", call.method, call.path, params.join("&"))
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
    request::place(&Place::new(order, "BTCUSDT")).map_or_else(|| "cannot be expressed".to_owned(), |call| sent(&call))
}

const STOP: fn() -> OrderKind =
    || OrderKind::StopMarket { trigger: "59000.50".parse().unwrap(), trigger_by: TriggerBy::Mark };

#[test]
fn one_way_orders_say_reduce_only_and_hedge_legs_never_do() {
    insta::assert_snapshot!(placed(&order()), @"POST /fapi/v1/order symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.001&reduceOnly=true&newClientOrderId=plim-1");
    insta::assert_snapshot!(placed(&NewOrder { position_side: PositionSide::Long, ..order() }), @"POST /fapi/v1/order symbol=BTCUSDT&side=SELL&positionSide=LONG&type=MARKET&quantity=0.001&newClientOrderId=plim-1");
    insta::assert_snapshot!(placed(&NewOrder { kind: STOP(), ..order() }), @"POST /fapi/v1/algoOrder algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP_MARKET&quantity=0.001&triggerPrice=59000.5&workingType=MARK_PRICE&reduceOnly=true&clientAlgoId=plim-1");
    insta::assert_snapshot!(placed(&NewOrder { kind: STOP(), position_side: PositionSide::Long, ..order() }), @"POST /fapi/v1/algoOrder algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&positionSide=LONG&type=STOP_MARKET&quantity=0.001&triggerPrice=59000.5&workingType=MARK_PRICE&clientAlgoId=plim-1");
}

#[test]
fn close_position_goes_without_quantity_and_reduce_only() {
    let whole = NewOrder { size: OrderSize::WholePosition, ..order() };
    insta::assert_snapshot!(placed(&NewOrder { kind: STOP(), ..whole.clone() }), @"POST /fapi/v1/algoOrder algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP_MARKET&triggerPrice=59000.5&closePosition=true&workingType=MARK_PRICE&clientAlgoId=plim-1");
    insta::assert_snapshot!(placed(&whole), @"cannot be expressed");
}

#[test]
fn small_and_large_numbers_have_no_exponent() {
    let price = "0.00000001".parse().unwrap();
    let kind = OrderKind::Limit { price, time_in_force: TimeInForce::PostOnly };
    let size = OrderSize::Quantity("100000000000000".parse().unwrap());
    insta::assert_snapshot!(placed(&NewOrder { kind, size, reduce_only: false, ..order() }), @"POST /fapi/v1/order symbol=BTCUSDT&side=SELL&type=LIMIT&quantity=100000000000000&price=0.00000001&timeInForce=GTX&newClientOrderId=plim-1");
}

#[test]
fn the_two_services_name_their_ids_differently() {
    let (id, client) = (OrderId::new("7"), ClientOrderId::new("plim-1").unwrap());
    insta::assert_snapshot!(sent(&request::cancel("BTCUSDT", WhichOrder::Id(&id))), @"DELETE /fapi/v1/order symbol=BTCUSDT&orderId=7");
    insta::assert_snapshot!(sent(&request::cancel("BTCUSDT", WhichOrder::Client(&client))), @"DELETE /fapi/v1/order symbol=BTCUSDT&origClientOrderId=plim-1");
    insta::assert_snapshot!(sent(&request::cancel_algo(WhichOrder::Client(&client))), @"DELETE /fapi/v1/algoOrder clientAlgoId=plim-1");
    insta::assert_snapshot!(sent(&request::algo_order(WhichOrder::Id(&id))), @"GET /fapi/v1/algoOrder algoId=7");
}

#[test]
fn settings_are_words() {
    insta::assert_snapshot!(sent(&request::set_position_mode(PositionMode::OneWay)), @"POST /fapi/v1/positionSide/dual dualSidePosition=false");
    insta::assert_snapshot!(sent(&request::set_isolated_margin("BTCUSDT", PositionSide::Short, "-12.50".parse().unwrap())), @"POST /fapi/v1/positionMargin symbol=BTCUSDT&positionSide=SHORT&amount=12.5&type=2");
}

#[test]
fn weights_follow_what_is_asked() {
    let weight = |call: Call| call.weight;
    assert_eq!([1, 40], [Some("BTCUSDT"), None].map(|native| weight(request::open_orders(native))));
    assert_eq!([1, 10], [Some("BTCUSDT"), None].map(|native| weight(request::premium_index(native))));
    let candles = |limit| weight(request::candles("BTCUSDT", "1m", None, None, limit));
    assert_eq!([1, 1, 2, 2, 5, 5, 10, 10], [0, 99, 100, 499, 500, 1000, 1001, 9999].map(candles));
    let counted = |call: Call| call.counts_as_order;
    assert!(counted(request::place(&Place::new(&order(), "BTCUSDT")).unwrap()));
    assert!(!counted(request::cancel_all("BTCUSDT")));
}

#[test]
fn candles_have_the_lengths_that_the_venue_has() {
    assert_eq!(request::interval_word(Duration::from_secs(60)), Some("1m"));
    assert_eq!(request::interval_word(Duration::from_secs(28_800)), Some("8h"));
    assert_eq!(request::interval_word(Duration::from_secs(604_800)), Some("1w"));
    assert_eq!(request::interval_word(Duration::from_secs(61)), None);
    assert_eq!(request::interval_word(Duration::from_millis(60_001)), None);
}

#[test]
fn a_stream_has_one_route() {
    for (stream, route) in [
        ("btcusdt@bookTicker", Route::Public),
        ("!bookTicker", Route::Public),
        ("btcusdt@depth5@100ms", Route::Public),
        ("btcusdt@rpiDepth@500ms", Route::Public),
        ("btcusdt@markPrice@1s", Route::Market),
        ("!markPrice@arr", Route::Market),
        ("!contractInfo", Route::Market),
        ("btcusdt@forceOrder", Route::Market),
    ] {
        assert_eq!(Route::of(stream), route, "{stream}");
    }
    let streams = [request::stream("BTCUSDT", "markPrice@1s"), request::stream("ETHUSDT", "aggTrade")];
    insta::assert_snapshot!(request::stream_url("wss://fstream.binance.com", Route::Market, &streams), @"wss://fstream.binance.com/market/stream?streams=btcusdt@markPrice@1s/ethusdt@aggTrade");
    insta::assert_snapshot!(request::subscribe(&streams, 1), @r#"{"method":"SUBSCRIBE","params":["btcusdt@markPrice@1s","ethusdt@aggTrade"],"id":1}"#);
    insta::assert_snapshot!(request::private_url("wss://fstream.binance.com/", "key"), @"wss://fstream.binance.com/private/ws/key");
}

#[test]
fn a_public_request_has_no_key() {
    let time = Some(Timestamp::from_millis(1_700_000_000_000));
    let request = request::funding_history(Some("BTCUSDT"), time, None).public("https://fapi.binance.com/");
    assert!(request.headers.is_empty());
    insta::assert_snapshot!(request.url, @"https://fapi.binance.com/fapi/v1/fundingRate?symbol=BTCUSDT&startTime=1700000000000&limit=1000");
}
