//! What private channels are told, and in which order.

use crate::client::*;
use plimsoll_domain::{AccountId, Money, Timestamp};
use plimsoll_exchange::Tick;
use plimsoll_exchange::listings::gateio;
use serde_json::{Value, json};

const ALL: [&str; 8] = [
    "futures.orders",
    "futures.usertrades",
    "futures.positions",
    "futures.balances",
    "futures.position_closes",
    "futures.liquidates",
    "futures.auto_deleverages",
    "futures.autoorders",
];

fn of<'a>(frames: &'a [Value], channel: &str) -> Vec<&'a Value> {
    let wanted = frames.iter().filter(|frame| frame["channel"] == format!("futures.{channel}"));
    wanted.flat_map(|frame| frame["result"].as_array().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fill_is_told_as_position_trade_order_and_money() {
    let venue = Venue::start().await;
    let mut socket = venue.private(&ALL).await;
    let id = venue.trade(100)["id"].to_string();
    let frames = socket.heard().await;
    let channels: Vec<_> = frames.iter().map(|frame| frame["channel"].as_str().unwrap()).collect();
    assert_eq!(
        channels,
        ["futures.orders", "futures.positions", "futures.usertrades", "futures.orders", "futures.balances"]
    );
    let orders: Vec<_> =
        of(&frames, "orders").iter().map(|it| pick(it, &["left", "status", "finish_as", "update_id"])).collect();
    assert_eq!(orders, ["100 open _new 1", "0 finished filled 2"]);
    let order = of(&frames, "orders")[1];
    assert_eq!(pick(order, &["id", "user", "finish_time_ms"]), format!("{id} {USER} {}", START * 1000));
    // Figures are numbers here, sizes are texts, and ids of trades are texts as well.
    assert_eq!((&order["fill_price"], &order["size"]), (&json!(60000.1), &json!("100")));
    let trade = of(&frames, "usertrades")[0];
    assert_eq!(pick(trade, &["order_id", "size", "price", "role", "close_size"]), format!("{id} 100 60000.1 taker 0"));
    assert!(trade["id"].is_string() && trade["fee"].is_number(), "{trade}");
    let position = of(&frames, "positions")[0];
    assert_eq!(pick(position, &["size", "entry_price", "mode", "leverage", "update_id"]), "100 60000.1 single 0 1");
    assert!(position.get("mark_price").is_none(), "{position}");
    let movement = of(&frames, "balances")[0];
    assert_eq!(
        pick(movement, &["type", "change", "balance", "text", "currency"]),
        format!("fee -0.45000075 9999.54999925 BTC_USDT:{id} usdt")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pushed_positions_order_with_those_over_rest() {
    let venue = Venue::start().await;
    let mut socket = venue.private(&["futures.positions"]).await;
    venue.trade(10);
    venue.trade(10);
    venue.set("/positions/BTC_USDT/leverage", "leverage=0&cross_leverage_limit=5");
    let pushed: Vec<u64> =
        of(&socket.heard().await, "positions").iter().map(|row| row["update_id"].as_u64().unwrap()).collect();
    assert_eq!(pushed, [1, 2, 3]);
    assert_eq!(venue.get("/positions/BTC_USDT", "")["update_id"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_position_is_told_with_a_size_of_zero() {
    let venue = Venue::start().await;
    venue.trade(100);
    venue.tick("60100", 1);
    let mut socket = venue.private(&ALL).await;
    venue.trade(-100);
    let frames = socket.heard().await;
    assert_eq!(of(&frames, "positions")[0]["size"], "0");
    let closed = of(&frames, "position_closes")[0];
    assert_eq!(pick(closed, &["contract", "side", "text", "pnl"]), "BTC_USDT long api 0.09824925");
    let kinds: Vec<_> = of(&frames, "balances").iter().map(|it| pick(it, &["type"])).collect();
    assert_eq!(kinds, ["pnl", "fee"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resting_order_is_told_from_its_placing_to_its_end() {
    let venue = Venue::start().await;
    let mut socket = venue.private(&["futures.orders"]).await;
    let id = venue.post("/orders", &limit(20, "59000", "t-mine"))["id"].to_string();
    venue.signed("PUT", &format!("/orders/{id}"), "", r#"{"size":"30"}"#);
    venue.delete("/orders/t-mine", "");
    let told: Vec<_> = of(&socket.heard().await, "orders")
        .iter()
        .map(|it| pick(it, &["text", "size", "left", "finish_as", "update_id", "finish_time"]))
        .collect();
    let end = format!("t-mine 30 30 cancelled 3 {START}");
    assert_eq!(told, ["t-mine 20 20 _new 1 0", "t-mine 30 30 _update 2 0", end.as_str()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn small_figures_have_exponents_and_sizes_are_what_the_handshake_asked_for() {
    let venue = Venue::start().await;
    let mut socket = venue.socket_for(false).await;
    socket.say(&subscription("futures.usertrades", "subscribe", &json!([USER, "!all"]), START, "secret")).await;
    assert_eq!(socket.hear().await.unwrap()["result"]["status"], "success");
    venue.trade(-1);
    let frames = socket.heard().await;
    assert_eq!(of(&frames, "usertrades")[0]["size"], -1);
    let mut socket = venue.private(&["futures.positions"]).await;
    // A hundred-millionth is what is paid for almost nothing: told as 1e-8.
    venue.running.exchange(|exchange| {
        exchange.set_funding_rate(&gateio::btc_usdt().symbol, "-0.00000000001".parse().unwrap()).unwrap();
    });
    venue.tick("60000", 28_800);
    let text = socket.heard().await.iter().map(Value::to_string).collect::<String>();
    assert!(text.contains("realised_pnl"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn funding_changes_the_position_and_the_ledger() {
    let venue = Venue::start().await;
    venue.set("/positions/BTC_USDT/leverage", "leverage=10");
    venue.trade(100);
    let mut socket = venue.private(&["futures.positions", "futures.balances"]).await;
    venue.tick("60000", 28_800);
    let frames = socket.heard().await;
    assert_eq!(pick(of(&frames, "balances")[0], &["type", "change", "text"]), "fund -0.06 BTC_USDT");
    // 60.0001 and 0.45000075 of margin, less the 0.06 that was paid.
    assert_eq!(pick(of(&frames, "positions")[0], &["margin", "realised_pnl"]), "60.39010075 -0.51000075");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_liquidation_is_told_on_every_channel_that_it_concerns() {
    let venue = Venue::start().await;
    venue.set("/positions/BTC_USDT/leverage", "leverage=50");
    venue.trade(1000);
    venue.post("/orders", &limit(10, "59900", "t-a"));
    let mut socket = venue.private(&ALL).await;
    venue.tick("58900", 1);
    let frames = socket.heard().await;
    let orders: Vec<_> = of(&frames, "orders").iter().map(|it| pick(it, &["is_liq", "finish_as"])).collect();
    assert_eq!(orders, ["false liquidated", "true _new", "true filled"]);
    assert_eq!(of(&frames, "positions").last().unwrap()["size"], "0");
    let row = of(&frames, "liquidates")[0];
    assert_eq!(
        pick(row, &["size", "leverage", "fill_price", "left"]),
        "1000 50 58900.0 0".replace("58900.0", &row["fill_price"].to_string())
    );
    assert!(of(&frames, "usertrades")[0]["text"].as_str().unwrap().starts_with("liq-"));
    assert_eq!(of(&frames, "position_closes").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleveraging_is_told_to_whom_it_hits() {
    let insurance = plimsoll_exchange::Settings { insurance_fund: Money::ZERO, ..Default::default() };
    let mut exchange = plimsoll_exchange::Exchange::with_settings(Timestamp::from_millis(START * 1000), insurance);
    exchange.list(gateio::btc_usdt(), price("60000")).unwrap();
    let settings = plimsoll_venue_server::Settings {
        clock: plimsoll_venue_server::AuthenticationClock::Market,
        ..Default::default()
    };
    let running = plimsoll_venue_server::GateioVenue::start(exchange, settings).await.unwrap();
    running.open_account(&account(), KEY, "secret".to_owned().into()).unwrap();
    let other = AccountId::new("other");
    running.open_account(&other, "other", "secret".to_owned().into()).unwrap();
    let symbol = gateio::btc_usdt().symbol;
    let order = |account: &AccountId, side, quantity: &str| {
        let order = plimsoll_domain::NewOrder {
            client_order_id: plimsoll_domain::ClientOrderId::reported("api"),
            symbol: symbol.clone(),
            side,
            position_side: plimsoll_domain::PositionSide::Both,
            kind: plimsoll_domain::OrderKind::Market,
            size: plimsoll_domain::OrderSize::Quantity(quantity.parse().unwrap()),
            reduce_only: false,
        };
        running.exchange(|exchange| exchange.place(account, &order).unwrap());
    };
    order(&account(), plimsoll_domain::Side::Sell, "1");
    order(&other, plimsoll_domain::Side::Buy, "2");
    let mut request = tokio_tungstenite::tungstenite::client::IntoClientRequest::into_client_request(format!(
        "{}/v4/ws/usdt",
        running.ws_url()
    ))
    .unwrap();
    request.headers_mut().insert("X-Gate-Size-Decimal", "1".parse().unwrap());
    let (mut stream, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    use futures_util::{SinkExt, StreamExt};
    let say = subscription("futures.auto_deleverages", "subscribe", &json!([USER, "!all"]), START, "secret");
    stream.send(tokio_tungstenite::tungstenite::Message::text(say.to_string())).await.unwrap();
    stream.next().await.unwrap().unwrap();
    // Beyond the other's bankruptcy, which nobody but this account can bear.
    let tick = Tick::at(symbol.clone(), Timestamp::from_millis((START + 1) * 1000), price("50000"));
    running.advance([&tick]).unwrap();
    let frame = stream.next().await.unwrap().unwrap().into_text().unwrap();
    let frame: Value = serde_json::from_str(&frame).unwrap();
    let row = &frame["result"][0];
    assert_eq!(
        (&frame["channel"], pick(row, &["trade_size", "position_size"])),
        (&json!("futures.auto_deleverages"), "10000 0".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn trigger_orders_are_told_when_they_are_stored_and_when_they_fire() {
    let venue = Venue::start().await;
    venue.trade(30);
    let mut socket = venue.private(&["futures.autoorders"]).await;
    let body = json!({
        "initial": {"contract": "BTC_USDT", "size": -30, "price": "0", "tif": "ioc", "reduce_only": true},
        "trigger": {"price": "59000", "rule": 2, "price_type": 1}, "order_type": "plan-close-long-position",
    });
    venue.post("/price_orders", &body);
    venue.tick("59000", 1);
    let frames = socket.heard().await;
    let told: Vec<_> =
        of(&frames, "autoorders").iter().map(|it| pick(it, &["status", "finish_as", "order_type"])).collect();
    assert_eq!(told, ["open  plan-close-long-position", "finished succeeded plan-close-long-position"]);
    let fired = of(&frames, "autoorders")[1];
    assert_eq!(pick(&fired["initial"], &["size", "is_reduce_only"]), "-30 true");
    assert_eq!(fired["trigger"]["price_type"], 1);
    assert!(fired["trade_id"].as_u64().unwrap() > 1 << 53);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_place_in_the_queue_of_deleveraging_is_told_when_it_changes() {
    let venue = Venue::start().await;
    let mut socket = venue.private(&["futures.position_adl_rank"]).await;
    venue.trade(100);
    for last in ["60000", "60500", "60600", "59000"] {
        venue.tick(last, 1);
    }
    let told: Vec<_> = of(&socket.heard().await, "position_adl_rank")
        .iter()
        .map(|it| pick(it, &["contract", "mode", "rank_division"]))
        .collect();
    assert_eq!(told, ["BTC_USDT single 5", "BTC_USDT single 1", "BTC_USDT single 5"]);
    assert_eq!(venue.get("/positions/BTC_USDT", "")["adl_ranking"], 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_does_not_hear_of_another() {
    let venue = Venue::start().await;
    let other = AccountId::new("other");
    venue.running.open_account(&other, "other", "secret".to_owned().into()).unwrap();
    let mut socket = venue.private(&ALL).await;
    venue.running.exchange(|exchange| exchange.transfer(&other, "5".parse().unwrap()).unwrap());
    assert_eq!(socket.heard().await.len(), 0);
    venue.running.exchange(|exchange| exchange.transfer(&account(), "5".parse().unwrap()).unwrap());
    assert_eq!(pick(of(&socket.heard().await, "balances")[0], &["type", "change", "text"]), "dnw 5 -");
}
