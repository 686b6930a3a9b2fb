//! What is asked of the venue, as it goes out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_domain::{
    ClientOrderId, Leverage, MarginMode, NewOrder, OrderId, OrderKind, OrderSize, PositionMode, PositionSide, Side,
    TimeInForce, Timestamp, TriggerBy,
};
use plimsoll_gateio::wire::request::{self, Call, Limit, Place, Size, WhichOrder};
use plimsoll_gateio::wire::{Symbols, body};
use std::time::Duration;

fn sent(call: &Call) -> String {
    let query: Vec<String> = call.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let parts = [call.method.as_str().to_owned(), call.path.replace("/api/v4/futures/usdt", ""), query.join("&")];
    let parts = parts.into_iter().chain(call.body.clone());
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn place(order: &Place<'_>) -> String {
    request::place(order).map_or_else(|| "cannot be expressed".to_owned(), |call| sent(&call))
}

fn order() -> Place<'static> {
    Place {
        native: "BTC_USDT",
        side: Side::Sell,
        position_side: PositionSide::Both,
        kind: OrderKind::Market,
        size: Size::Contracts("150".parse().unwrap()),
        reduce_only: true,
        client_order_id: Some("plim-1"),
    }
}

fn limit(time_in_force: TimeInForce) -> OrderKind {
    OrderKind::Limit { price: "61000.50".parse().unwrap(), time_in_force }
}

fn stop(trigger_by: TriggerBy) -> OrderKind {
    OrderKind::StopMarket { trigger: "59000.5".parse().unwrap(), trigger_by }
}

fn target() -> OrderKind {
    OrderKind::TakeProfitMarket { trigger: "63000".parse().unwrap(), trigger_by: TriggerBy::Mark }
}

#[test]
fn the_sign_of_a_size_is_its_side() {
    let open = Place { reduce_only: false, ..order() };
    insta::assert_snapshot!(place(&open), @r#"POST /orders {"contract":"BTC_USDT","size":"-150","price":"0","tif":"ioc","text":"t-plim-1"}"#);
    insta::assert_snapshot!(place(&Place { side: Side::Buy, ..open }), @r#"POST /orders {"contract":"BTC_USDT","size":"150","price":"0","tif":"ioc","text":"t-plim-1"}"#);
    insta::assert_snapshot!(place(&Place { kind: limit(TimeInForce::PostOnly), ..open }), @r#"POST /orders {"contract":"BTC_USDT","size":"-150","price":"61000.5","tif":"poc","text":"t-plim-1"}"#);
    insta::assert_snapshot!(place(&Place { kind: limit(TimeInForce::Fok), client_order_id: None, ..order() }), @r#"POST /orders {"contract":"BTC_USDT","size":"-150","price":"61000.5","tif":"fok","reduce_only":true}"#);
    insta::assert_snapshot!(place(&Place { kind: limit(TimeInForce::Gtd), ..order() }), @"cannot be expressed");
    insta::assert_snapshot!(place(&Place { size: Size::Contracts("1.50".parse().unwrap()), ..open }), @r#"POST /orders {"contract":"BTC_USDT","size":"-1.5","price":"0","tif":"ioc","text":"t-plim-1"}"#);
}

#[test]
fn in_hedge_mode_an_order_against_its_leg_says_that_it_only_reduces() {
    let leg = |side, position_side| Place { side, position_side, reduce_only: false, ..order() };
    insta::assert_snapshot!(place(&leg(Side::Buy, PositionSide::Long)), @r#"POST /orders {"contract":"BTC_USDT","size":"150","price":"0","tif":"ioc","text":"t-plim-1"}"#);
    insta::assert_snapshot!(place(&leg(Side::Sell, PositionSide::Long)), @r#"POST /orders {"contract":"BTC_USDT","size":"-150","price":"0","tif":"ioc","text":"t-plim-1","reduce_only":true}"#);
    insta::assert_snapshot!(place(&leg(Side::Buy, PositionSide::Short)), @r#"POST /orders {"contract":"BTC_USDT","size":"150","price":"0","tif":"ioc","text":"t-plim-1","reduce_only":true}"#);
}

#[test]
fn a_whole_position_is_closed_without_a_size() {
    let whole = Place { size: Size::WholePosition, ..order() };
    insta::assert_snapshot!(place(&whole), @r#"POST /orders {"contract":"BTC_USDT","size":"0","price":"0","tif":"ioc","text":"t-plim-1","close":true}"#);
    insta::assert_snapshot!(place(&Place { position_side: PositionSide::Long, ..whole }), @r#"POST /orders {"contract":"BTC_USDT","size":"0","price":"0","tif":"ioc","text":"t-plim-1","reduce_only":true,"auto_size":"close_long"}"#);
    insta::assert_snapshot!(place(&Place { position_side: PositionSide::Short, side: Side::Buy, ..whole }), @r#"POST /orders {"contract":"BTC_USDT","size":"0","price":"0","tif":"ioc","text":"t-plim-1","reduce_only":true,"auto_size":"close_short"}"#);
}

#[test]
fn a_stop_waits_for_a_price_against_the_position_and_a_target_for_one_in_its_favour() {
    insta::assert_snapshot!(place(&Place { kind: stop(TriggerBy::Mark), ..order() }), @r#"POST /price_orders {"initial":{"contract":"BTC_USDT","size":-150,"price":"0","tif":"ioc","text":"t-plim-1","reduce_only":true},"trigger":{"strategy_type":0,"price_type":1,"price":"59000.5","rule":2},"order_type":"plan-close-long-position"}"#);
    insta::assert_snapshot!(place(&Place { kind: stop(TriggerBy::Last), side: Side::Buy, ..order() }), @r#"POST /price_orders {"initial":{"contract":"BTC_USDT","size":150,"price":"0","tif":"ioc","text":"t-plim-1","reduce_only":true},"trigger":{"strategy_type":0,"price_type":0,"price":"59000.5","rule":1},"order_type":"plan-close-short-position"}"#);
    insta::assert_snapshot!(place(&Place { kind: target(), ..order() }), @r#"POST /price_orders {"initial":{"contract":"BTC_USDT","size":-150,"price":"0","tif":"ioc","text":"t-plim-1","reduce_only":true},"trigger":{"strategy_type":0,"price_type":1,"price":"63000","rule":1},"order_type":"plan-close-long-position"}"#);
    insta::assert_snapshot!(place(&Place { kind: target(), side: Side::Buy, size: Size::Contracts("0.5".parse().unwrap()), ..order() }), @r#"POST /price_orders {"initial":{"contract":"BTC_USDT","size":0,"amount":"0.5","price":"0","tif":"ioc","text":"t-plim-1","reduce_only":true},"trigger":{"strategy_type":0,"price_type":1,"price":"63000","rule":2},"order_type":"plan-close-short-position"}"#);
    insta::assert_snapshot!(place(&Place { kind: stop(TriggerBy::Mark), reduce_only: false, ..order() }), @r#"POST /price_orders {"initial":{"contract":"BTC_USDT","size":-150,"price":"0","tif":"ioc","text":"t-plim-1"},"trigger":{"strategy_type":0,"price_type":1,"price":"59000.5","rule":2}}"#);
}

#[test]
fn a_trigger_of_the_whole_position_follows_the_matrix() {
    let whole = Place { size: Size::WholePosition, kind: stop(TriggerBy::Mark), ..order() };
    insta::assert_snapshot!(place(&whole), @r#"POST /price_orders {"initial":{"contract":"BTC_USDT","size":0,"price":"0","tif":"ioc","text":"t-plim-1","reduce_only":true,"close":true},"trigger":{"strategy_type":0,"price_type":1,"price":"59000.5","rule":2},"order_type":"close-long-position"}"#);
    insta::assert_snapshot!(place(&Place { position_side: PositionSide::Long, ..whole }), @r#"POST /price_orders {"initial":{"contract":"BTC_USDT","size":0,"price":"0","tif":"ioc","text":"t-plim-1","reduce_only":true,"auto_size":"close_long"},"trigger":{"strategy_type":0,"price_type":1,"price":"59000.5","rule":2},"order_type":"close-long-position"}"#);
    insta::assert_snapshot!(place(&Place { position_side: PositionSide::Short, side: Side::Buy, ..whole }), @r#"POST /price_orders {"initial":{"contract":"BTC_USDT","size":0,"price":"0","tif":"ioc","text":"t-plim-1","reduce_only":true,"auto_size":"close_short"},"trigger":{"strategy_type":0,"price_type":1,"price":"59000.5","rule":1},"order_type":"close-short-position"}"#);
    insta::assert_snapshot!(place(&Place { position_side: PositionSide::Long, size: Size::Contracts("150".parse().unwrap()), ..whole }), @r#"POST /price_orders {"initial":{"contract":"BTC_USDT","size":-150,"price":"0","tif":"ioc","text":"t-plim-1","reduce_only":true},"trigger":{"strategy_type":0,"price_type":1,"price":"59000.5","rule":2},"order_type":"plan-close-long-position"}"#);
}

#[test]
fn quantities_go_out_as_contracts_or_not_at_all() {
    let listing = body::contracts(include_bytes!("fixtures/rest_contracts.json")).unwrap();
    let symbols = Symbols::listed(&listing.contracts);
    let order = |quantity: &str, symbol: &str| NewOrder {
        client_order_id: ClientOrderId::new("plim-1").unwrap(),
        symbol: symbol.parse().unwrap(),
        side: Side::Sell,
        position_side: PositionSide::Both,
        kind: OrderKind::Market,
        size: OrderSize::Quantity(quantity.parse().unwrap()),
        reduce_only: false,
    };
    let size = |quantity: &str, symbol: &str| {
        Place::new(&order(quantity, symbol), "BTC_USDT", &symbols).map(|it| it.size).map_err(|error| error.to_string())
    };
    assert_eq!(size("0.5", "BTC/USDT:USDT"), Ok(Size::Contracts("5000".parse().unwrap())));
    assert_eq!(size("0.015", "ETH/USDT:USDT"), Ok(Size::Contracts("1.5".parse().unwrap())));
    insta::assert_snapshot!(size("0.00015", "BTC/USDT:USDT").unwrap_err(), @"0.00015 is no number of contracts of 0.0001");
    insta::assert_snapshot!(size("0.00012345", "BTC/USDT:USDT").unwrap_err(), @"0.00012345 is no number of contracts of 0.0001");
    insta::assert_snapshot!(size("1", "DOGE/USDT:USDT").unwrap_err(), @"1 is no number of contracts of 0");
}

#[test]
fn orders_are_named_by_either_id() {
    let (id, client) = (OrderId::new("94294117235059656"), ClientOrderId::new("plim-1").unwrap());
    insta::assert_snapshot!(sent(&request::cancel(WhichOrder::Id(&id))), @"DELETE /orders/94294117235059656");
    insta::assert_snapshot!(sent(&request::cancel(WhichOrder::Client(&client))), @"DELETE /orders/t-plim-1");
    insta::assert_snapshot!(sent(&request::order(WhichOrder::Client(&client))), @"GET /orders/t-plim-1");
    insta::assert_snapshot!(sent(&request::amend(WhichOrder::Id(&id), Side::Sell, "100".parse().unwrap(), "54321".parse().unwrap())), @r#"PUT /orders/94294117235059656 {"size":"-100","price":"54321"}"#);
    insta::assert_snapshot!(sent(&request::trigger(&id)), @"GET /price_orders/94294117235059656");
    insta::assert_snapshot!(sent(&request::cancel_trigger(&id)), @"DELETE /price_orders/94294117235059656");
    insta::assert_snapshot!(sent(&request::cancel_all("BTC_USDT")), @"DELETE /orders contract=BTC_USDT");
    insta::assert_snapshot!(sent(&request::cancel_all_triggers("BTC_USDT")), @"DELETE /price_orders contract=BTC_USDT");
    insta::assert_snapshot!(sent(&request::open_orders(Some("BTC_USDT"), 0)), @"GET /orders contract=BTC_USDT&status=open&limit=1000");
    insta::assert_snapshot!(sent(&request::open_orders(None, 1000)), @"GET /orders status=open&limit=1000&offset=1000");
    insta::assert_snapshot!(sent(&request::open_triggers(None, 0)), @"GET /price_orders status=open&limit=1000");
    insta::assert_snapshot!(sent(&request::countdown_cancel(Some("BTC_USDT"), 30)), @r#"POST /countdown_cancel_all {"timeout":30,"contract":"BTC_USDT"}"#);
}

#[test]
fn settings_go_where_the_venue_reads_them() {
    let times = Leverage::new(20).unwrap();
    for mode in [PositionMode::OneWay, PositionMode::Hedge] {
        let side = if mode == PositionMode::OneWay { PositionSide::Both } else { PositionSide::Short };
        let calls = [
            request::set_leverage("BTC_USDT", times, MarginMode::Isolated, mode),
            request::set_leverage("BTC_USDT", times, MarginMode::Cross, mode),
            request::set_margin_mode("BTC_USDT", MarginMode::Cross, mode),
            request::set_position_mode(mode),
            request::adjust_isolated_margin("BTC_USDT", side, "-12.50".parse().unwrap()),
            request::position("BTC_USDT", mode),
        ];
        let told: Vec<String> = calls.iter().map(sent).collect();
        match mode {
            PositionMode::OneWay => insta::assert_snapshot!(told.join("\n"), @r#"
    POST /positions/BTC_USDT/leverage leverage=20
    POST /positions/BTC_USDT/leverage leverage=0&cross_leverage_limit=20
    POST /positions/cross_mode {"mode":"CROSS","contract":"BTC_USDT"}
    POST /dual_mode dual_mode=false
    POST /positions/BTC_USDT/margin change=-12.5
    GET /positions/BTC_USDT
    "#),
            PositionMode::Hedge => insta::assert_snapshot!(told.join("\n"), @r#"
    POST /dual_comp/positions/BTC_USDT/leverage leverage=20
    POST /dual_comp/positions/BTC_USDT/leverage leverage=0&cross_leverage_limit=20
    POST /dual_comp/positions/cross_mode {"mode":"CROSS","contract":"BTC_USDT"}
    POST /dual_mode dual_mode=true
    POST /dual_comp/positions/BTC_USDT/margin change=-12.5&dual_side=dual_short
    GET /dual_comp/positions/BTC_USDT
    "#),
        }
    }
}

#[test]
fn windows_are_in_seconds() {
    let (from, to) = (Timestamp::from_millis(1_764_000_000_900), Timestamp::from_millis(1_764_003_600_000));
    let (from, to) = (Some(from), Some(to));
    insta::assert_snapshot!(sent(&request::fills_between(Some("BTC_USDT"), from, to, 0)), @"GET /my_trades_timerange contract=BTC_USDT&from=1764000000&to=1764003600&limit=1000");
    insta::assert_snapshot!(sent(&request::bookings(None, Some("fund"), from, None, 1000)), @"GET /account_book type=fund&from=1764000000&limit=1000&offset=1000");
    insta::assert_snapshot!(sent(&request::funding_history("BTC_USDT", from, to)), @"GET /funding_rate contract=BTC_USDT&from=1764000000&to=1764003600&limit=1000");
    insta::assert_snapshot!(sent(&request::candles("BTC_USDT", "1m", from, None, 500)), @"GET /candlesticks contract=BTC_USDT&from=1764000000&interval=1m");
    insta::assert_snapshot!(sent(&request::candles("BTC_USDT", "1m", None, None, 9999)), @"GET /candlesticks contract=BTC_USDT&limit=2000&interval=1m");
    insta::assert_snapshot!(sent(&request::mark_price_candles("BTC_USDT", "1h", None, None, 1)), @"GET /candlesticks contract=mark_BTC_USDT&limit=1&interval=1h");
    insta::assert_snapshot!(sent(&request::risk_limit_tiers(None, 100)), @"GET /risk_limit_tiers limit=100&offset=100");
}

#[test]
fn each_call_takes_from_its_limit() {
    let limit = |call: &Call| call.limit;
    assert_eq!(limit(&request::place(&order()).unwrap()), Limit::Place);
    assert_eq!(limit(&request::place(&Place { kind: target(), ..order() }).unwrap()), Limit::Place);
    assert_eq!(limit(&request::cancel_all("BTC_USDT")), Limit::Cancel);
    assert_eq!(limit(&request::positions(true, 0)), Limit::Private);
    assert_eq!(limit(&request::contracts(0)), Limit::Public);
}

#[test]
fn candles_have_the_lengths_that_the_venue_has() {
    assert_eq!(request::interval_word(Duration::from_secs(60)), Some("1m"));
    assert_eq!(request::interval_word(Duration::from_secs(28_800)), Some("8h"));
    assert_eq!(request::interval_word(Duration::from_secs(604_800)), Some("7d"));
    assert_eq!(request::interval_word(Duration::from_secs(180)), None);
    assert_eq!(request::interval_word(Duration::from_millis(60_001)), None);
}

#[test]
fn channels_are_asked_for_with_what_they_want() {
    let now = Timestamp::from_millis(1_764_000_003_900);
    insta::assert_snapshot!(request::subscribe("futures.tickers", &["BTC_USDT", "ETH_USDT"], 7, now), @r#"{"id":7,"time":1764000003,"channel":"futures.tickers","event":"subscribe","payload":["BTC_USDT","ETH_USDT"]}"#);
    insta::assert_snapshot!(request::unsubscribe("futures.candlesticks", &["1m", "BTC_USDT"], 8, now), @r#"{"id":8,"time":1764000003,"channel":"futures.candlesticks","event":"unsubscribe","payload":["1m","BTC_USDT"]}"#);
    insta::assert_snapshot!(request::ping(now), @r#"{"time":1764000003,"channel":"futures.ping"}"#);
    let payloads: Vec<String> =
        request::PRIVATE_CHANNELS.iter().map(|it| format!("{it} {:?}", request::private_payload(it, "7001"))).collect();
    insta::assert_snapshot!(payloads.join("\n"), @r#"
    futures.orders ["7001", "!all"]
    futures.usertrades ["7001", "!all"]
    futures.positions ["7001", "!all"]
    futures.balances ["7001"]
    futures.autoorders ["7001", "!all"]
    futures.liquidates ["7001", "!all"]
    futures.auto_deleverages ["7001", "!all"]
    futures.position_closes ["7001", "!all"]
    futures.reduce_risk_limits ["7001", "!all"]
    futures.position_adl_rank ["!all"]
    "#);
    insta::assert_snapshot!(request::place_over_socket(&order(), "r-1", now).unwrap(), @r#"{"time":1764000003,"channel":"futures.order_place","event":"api","payload":{"req_id":"r-1","req_param":{"contract":"BTC_USDT","size":"-150","price":"0","tif":"ioc","text":"t-plim-1","reduce_only":true}}}"#);
    assert_eq!(request::place_over_socket(&Place { kind: target(), ..order() }, "r-1", now), None);
    insta::assert_snapshot!(request::cancel_over_socket("t-plim-1", "r-2", now), @r#"{"time":1764000003,"channel":"futures.order_cancel","event":"api","payload":{"req_id":"r-2","req_param":{"order_id":"t-plim-1"}}}"#);
}
