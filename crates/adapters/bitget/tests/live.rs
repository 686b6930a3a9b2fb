//! The private stream and the broker against a venue that is well, and sockets that are not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]
#![allow(dead_code, reason = "the stage serves several test files")]

#[path = "venue/stage.rs"]
mod stage;

use futures_util::{SinkExt, StreamExt};
use plimsoll_bitget::{BitgetAccountAudit, BitgetBroker, Credentials, Endpoints, Protocol, Settings};
use plimsoll_domain::{
    AccountEvent, ClientOrderId, Direction, MarginMode, NewOrder, OrderKind, OrderSize, OrderStatus, PositionMode,
    PositionSide, Side, TimeInForce,
};
use plimsoll_ports::{
    AccountAudit, AccountStream, Broker, CommandError, NotSent, PlaceError, QueryError, RefusalReason, StreamItem,
};
use stage::{Stage, VenueSettings, credentials, settings, symbol};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

async fn next(stream: &mut impl AccountStream) -> StreamItem {
    let item = tokio::time::timeout(Duration::from_secs(20), stream.next()).await;
    item.expect("an item in time").expect("a stream goes on")
}

async fn until<T>(stream: &mut impl AccountStream, wanted: impl Fn(&StreamItem) -> Option<T>) -> T {
    loop {
        if let Some(found) = wanted(&next(stream).await) {
            return found;
        }
    }
}

fn is_snapshot(item: &StreamItem) -> Option<()> {
    matches!(item, StreamItem::Event(AccountEvent::Snapshot(_))).then_some(())
}

fn why(item: &StreamItem) -> Option<String> {
    match item {
        StreamItem::Disconnected { reason } => Some(reason.clone()),
        _ => None,
    }
}

/// A socket server that says what a script wants to each client message, on each connection in its turn.
struct Sockets {
    url: String,
    task: JoinHandle<()>,
}

enum Say {
    These(Vec<Message>),
    /// These bytes under the protocol, and then the end.
    Raw(Vec<u8>),
}

impl Sockets {
    async fn start(line: impl Fn(usize, &str) -> Option<Say> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let line = Arc::new(line);
        let task = tokio::spawn(async move {
            let mut connection = 0;
            while let Ok((client, _)) = listener.accept().await {
                let line = Arc::clone(&line);
                tokio::spawn(async move {
                    if let Ok(socket) = tokio_tungstenite::accept_async(client).await {
                        serve(socket, |heard| line(connection, heard)).await;
                    }
                });
                connection += 1;
            }
        });
        Self { url, task }
    }
}

async fn serve(mut socket: WebSocketStream<TcpStream>, line: impl Fn(&str) -> Option<Say>) {
    while let Some(Ok(heard)) = socket.next().await {
        let Message::Text(heard) = heard else { continue };
        match line(&heard).unwrap_or_else(|| usual(&heard)) {
            Say::These(messages) => {
                for message in messages {
                    if socket.send(message).await.is_err() {
                        return;
                    }
                }
            }
            Say::Raw(bytes) => {
                let _ = socket.get_mut().write_all(&bytes).await;
                return;
            }
        }
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a venue says with which nothing is wrong.
fn usual(heard: &str) -> Say {
    if heard == "ping" {
        return Say::These(vec![Message::text("pong")]);
    }
    if heard.contains(r#""op":"login""#) {
        return Say::These(vec![Message::text(r#"{"event":"login","code":0}"#)]);
    }
    let channels = ["account", "positions", "positions-history", "orders", "fill", "orders-algo", "adl-noti"];
    Say::These(channels.into_iter().map(subscribed).collect())
}

fn subscribed(channel: &str) -> Message {
    let arg = format!(r#"{{"instType":"USDT-FUTURES","channel":"{channel}","instId":"default"}}"#);
    Message::text(format!(r#"{{"event":"subscribe","arg":{arg}}}"#))
}

fn text(text: &str) -> Option<Say> {
    Some(Say::These(vec![Message::text(text.to_owned())]))
}

/// A broker whose calls reach the venue, and whose stream these sockets.
fn beside(stage: &Stage, sockets: &Sockets, settings: Settings) -> BitgetBroker {
    let endpoints = Endpoints::custom(stage.venue.rest_url(), sockets.url.clone());
    BitgetBroker::with_settings(endpoints, credentials(), Arc::new(stage.clock.clone()), settings).unwrap()
}

fn with_keys(stage: &Stage, credentials: Credentials) -> BitgetBroker {
    let endpoints = Endpoints::custom(stage.venue.rest_url(), stage.venue.ws_url());
    BitgetBroker::with_settings(endpoints, credentials, Arc::new(stage.clock.clone()), settings()).unwrap()
}

#[tokio::test]
async fn wrong_credentials_end_in_a_clear_error() {
    let stage = Stage::new().await;
    for wrong in [
        Credentials::new("nobody", stage::SECRET, stage::PASSPHRASE),
        Credentials::new(stage::KEY, "another secret", stage::PASSPHRASE),
        Credentials::new(stage::KEY, stage::SECRET, "another phrase"),
    ] {
        let broker = with_keys(&stage, wrong);
        match broker.positions().await {
            Err(QueryError::Refused(refusal)) => assert_eq!(refusal.reason, RefusalReason::NotAllowed, "{refusal:?}"),
            other => panic!("{other:?}"),
        }
        let reason = until(&mut broker.account_stream(), why).await;
        assert!(reason.starts_with("the venue refuses login: "), "{reason}");
    }
}

#[tokio::test]
async fn a_refused_session_says_what_was_refused() {
    let stage = Stage::new().await;
    let error = |code: &str| format!(r#"{{"event":"error","code":{code},"msg":"said the venue"}}"#);
    for (login, subscription, protocol, expected) in [
        (Some(error("30013")), None, Protocol::V2, "the venue refuses login: said the venue (30013)"),
        (Some(error("30007")), None, Protocol::V2, "the venue refuses the session: said the venue (30007)"),
        (Some(error("\"60001\"")), None, Protocol::MixV1, "the venue refuses login: said the venue (60001)"),
        (Some(error("\"60002\"")), None, Protocol::MixV1, "the venue refuses the session: said the venue (60002)"),
        (None, Some(error("\"60003\"")), Protocol::MixV1, "the venue refuses the session: said the venue (60003)"),
        (None, Some(error("\"60004\"")), Protocol::MixV1, "the venue refuses the session: said the venue (60004)"),
        (Some("{\"event\":".to_owned()), None, Protocol::V2, "an answer that cannot be read: "),
        (Some("<html>".to_owned()), None, Protocol::V2, "an answer that cannot be read: "),
        (
            None,
            Some(
                r#"{"event":"error","arg":{"instType":"USDT-FUTURES","channel":"orders","instId":"default"},"code":"30001","msg":"no","op":"subscribe"}"#
                    .to_owned(),
            ),
            Protocol::V2,
            "the venue refuses orders: no (30001)",
        ),
    ] {
        let sockets = Sockets::start(move |_, heard| match (&login, &subscription) {
            (Some(login), _) if heard.contains("login") => text(login),
            (_, Some(subscription)) if heard.contains("subscribe") => text(subscription),
            _ => None,
        })
        .await;
        let broker = beside(&stage, &sockets, Settings { protocol, ..settings() });
        let reason = until(&mut broker.account_stream(), why).await;
        assert!(reason.starts_with(expected), "{reason}");
    }
}

#[tokio::test]
async fn the_session_stands_without_a_channel_that_only_warns() {
    let stage = Stage::new().await;
    let sockets = Sockets::start(|_, heard| {
        let Say::These(mut answers) = usual(heard) else { return None };
        if answers.len() > 1 {
            let arg = r#"{"instType":"USDT-FUTURES","channel":"adl-noti","instId":"default"}"#;
            let refused = format!(r#"{{"event":"error","arg":{arg},"code":30001,"msg":"no","op":"subscribe"}}"#);
            *answers.last_mut()? = Message::text(refused);
        }
        Some(Say::These(answers))
    })
    .await;
    let mut stream = beside(&stage, &sockets, settings()).account_stream();
    assert_eq!(next(&mut stream).await, StreamItem::Connected);
    until(&mut stream, is_snapshot).await;
}

#[tokio::test]
async fn frames_that_break_the_protocol_break_the_connection_alone() {
    let stage = Stage::new().await;
    // A text frame that ends too soon; one that says it is compressed; one of a kind that there is not.
    for bytes in [vec![0x81, 0x20, b'{'], vec![0xc1, 0x02, b'{', b'}'], vec![0x83, 0x00]] {
        let sockets = Sockets::start(move |connection, heard| {
            (connection == 0 && heard.contains("subscribe")).then(|| Say::Raw(bytes.clone()))
        })
        .await;
        let mut stream = beside(&stage, &sockets, settings()).account_stream();
        until(&mut stream, why).await;
        until(&mut stream, |item| matches!(item, StreamItem::Connected).then_some(())).await;
        until(&mut stream, is_snapshot).await;
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_read_asks_for_a_snapshot() {
    let stage = Stage::new().await;
    for odd in [
        Message::binary(vec![b'{', 0xc3, 0x28, b'}']),
        Message::text("garbage"),
        // A word of tomorrow, and nothing wrong with the rest.
        Message::text(
            r#"{"action":"snapshot","arg":{"instType":"USDT-FUTURES","channel":"orders","instId":"default"},"data":[{"orderId":"1","clientOid":"x","instId":"BTCUSDT","side":"buy","orderType":"limit","force":"gtc","price":"1","size":"1","accBaseVolume":"0","posMode":"one_way_mode","tradeSide":"buy_single","posSide":"net","marginMode":"crossed","status":"of tomorrow","cTime":"1","uTime":"1"}],"ts":1}"#,
        ),
        Message::text(
            r#"{"action":"snapshot","arg":{"instType":"USDT-FUTURES","channel":"orders"},"data":[{}],"ts":1}"#,
        ),
        Message::text(
            r#"{"action":"snapshot","arg":{"instType":"USDT-FUTURES","channel":"account"},"data":[{"marginCoin":"USDT","equity":"1e400"}],"ts":1}"#,
        ),
    ] {
        let sockets = Sockets::start(move |_, heard| {
            let Say::These(mut answers) = usual(heard) else { return None };
            if answers.len() > 1 {
                answers.push(odd.clone());
            }
            Some(Say::These(answers))
        })
        .await;
        let mut stream = beside(&stage, &sockets, settings()).account_stream();
        assert_eq!(next(&mut stream).await, StreamItem::Connected);
        until(&mut stream, is_snapshot).await;
        until(&mut stream, |item| matches!(item, StreamItem::Resync { .. }).then_some(())).await;
        until(&mut stream, is_snapshot).await;
    }
}

#[tokio::test]
async fn a_session_that_the_venue_ends_is_replaced_at_once() {
    let stage = Stage::new().await;
    let mut stream = stage.broker.account_stream();
    until(&mut stream, is_snapshot).await;
    stage.venue.expire_listen_keys();
    assert_eq!(until(&mut stream, why).await, "the venue has ended the session");
    until(&mut stream, is_snapshot).await;
}

fn market(id: &str, side: Side, position_side: PositionSide) -> NewOrder {
    NewOrder {
        client_order_id: ClientOrderId::new(id).unwrap(),
        symbol: symbol(),
        side,
        position_side,
        kind: OrderKind::Market,
        size: OrderSize::Quantity("0.01".parse().unwrap()),
        reduce_only: false,
    }
}

#[tokio::test]
async fn a_trade_of_a_leg_is_told_and_asked_for_as_what_was_done() {
    for protocol in Protocol::ALL {
        let stage = Stage::with(Settings { protocol, ..settings() }, VenueSettings::default()).await;
        stage.broker.set_position_mode(PositionMode::Hedge).await.unwrap();
        let mut stream = stage.broker.account_stream();
        until(&mut stream, is_snapshot).await;
        for (id, side, leg) in [
            ("open-long", Side::Buy, PositionSide::Long),
            ("open-short", Side::Sell, PositionSide::Short),
            ("close-long", Side::Sell, PositionSide::Long),
            ("close-short", Side::Buy, PositionSide::Short),
        ] {
            stage.broker.place(&market(id, side, leg)).await.unwrap();
            let told = until(&mut stream, |item| match item {
                StreamItem::Event(AccountEvent::Fill(fill)) => Some(fill.clone()),
                _ => None,
            })
            .await;
            assert_eq!((told.side, told.position_side), (side, leg), "{protocol} {id}");
            assert_eq!(told.client_order_id.as_str(), id, "{protocol}");
        }
        let fills = with_keys(&stage, credentials()).fills(&symbol(), stage::START).await.unwrap();
        let told: Vec<_> = fills.iter().map(|it| (it.client_order_id.as_str(), it.side, it.position_side)).collect();
        assert_eq!(told.len(), 4);
        assert_eq!(told[2], ("close-long", Side::Sell, PositionSide::Long), "by a broker that never saw the orders");
    }
}

#[tokio::test]
async fn a_position_that_is_closed_is_told_in_either_dialect() {
    for protocol in Protocol::ALL {
        let stage = Stage::with(Settings { protocol, ..settings() }, VenueSettings::default()).await;
        let mut stream = stage.broker.account_stream();
        until(&mut stream, is_snapshot).await;
        let held = |wanted: Option<Direction>| {
            move |item: &StreamItem| match item {
                StreamItem::Event(AccountEvent::Position(report)) => {
                    let direction = report.position.map(|position| position.direction);
                    (direction == wanted && report.position_side == PositionSide::Both).then_some(())
                }
                _ => None,
            }
        };
        stage.broker.place(&market("in", Side::Buy, PositionSide::Both)).await.unwrap();
        until(&mut stream, held(Some(Direction::Long))).await;
        stage.broker.place(&market("out", Side::Sell, PositionSide::Both)).await.unwrap();
        until(&mut stream, held(None)).await;
    }
}

/// An order must say the margin mode of its contract, which somebody else may have changed.
#[tokio::test]
async fn only_an_order_that_reduces_goes_out_once_more_in_the_margin_mode_that_is_set_now() {
    let stage = Stage::new().await;
    stage.broker.set_margin_mode(&symbol(), MarginMode::Cross).await.unwrap();
    stage.broker.place(&market("first", Side::Buy, PositionSide::Both)).await.unwrap();
    let out = |id| NewOrder { reduce_only: true, ..market(id, Side::Sell, PositionSide::Both) };
    let closer = with_keys(&stage, credentials());
    closer.place(&out("out")).await.unwrap();
    let other = with_keys(&stage, credentials());
    other.set_margin_mode(&symbol(), MarginMode::Isolated).await.unwrap();
    for id in ["theirs", "theirs-too"] {
        other.place(&market(id, Side::Buy, PositionSide::Both)).await.unwrap();
    }
    let held = async || stage.broker.positions().await.unwrap().remove(0);
    // The first two brokers believe in cross still.
    match stage.broker.place(&market("more", Side::Buy, PositionSide::Both)).await {
        Err(PlaceError::Refused(refusal)) => assert_eq!(refusal.code, "45117", "{refusal:?}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(held().await.position.unwrap().quantity, "0.02".parse().unwrap(), "nothing was opened");
    assert_eq!(held().await.margin_mode, Some(MarginMode::Isolated));
    closer.place(&out("close")).await.unwrap();
    assert_eq!(held().await.position.unwrap().quantity, "0.01".parse().unwrap(), "closed once");
}

#[tokio::test]
async fn an_order_is_not_changed_for_another() {
    let stage = Stage::new().await;
    let kind = OrderKind::Limit { price: "50000".parse().unwrap(), time_in_force: TimeInForce::Gtc };
    let order = NewOrder { kind, ..market("resting", Side::Buy, PositionSide::Both) };
    stage.broker.place(&order).await.unwrap();
    let (quantity, price) = ("0.02".parse().unwrap(), "51000".parse().unwrap());
    let outcome = stage.broker.amend(&symbol(), &order.client_order_id, quantity, price).await;
    assert!(matches!(outcome, Err(CommandError::NotSent(NotSent::Invalid(_)))), "{outcome:?}");
    let found = stage.broker.order(&symbol(), &order.client_order_id).await.unwrap().unwrap();
    assert_eq!((found.price, found.status), (Some("50000".parse().unwrap()), OrderStatus::New));
}

#[tokio::test]
async fn a_key_and_an_account_are_audited() {
    let stage = Stage::new().await;
    let endpoints = Endpoints::custom(stage.venue.rest_url(), stage.venue.ws_url());
    let audit = |credentials| {
        BitgetAccountAudit::new(endpoints.clone(), credentials, Arc::new(stage.clock.clone()), settings()).unwrap()
    };
    let good = audit(credentials());
    assert_eq!(good.settings().await.unwrap().position_mode, PositionMode::OneWay);
    assert_eq!(good.key_rights(&symbol()).await.unwrap().trades, Some(true));
    good.private_stream().await.unwrap();
    assert!(!good.pays_fees_in_token().await.unwrap());
    assert!(good.contract_settings(&symbol()).await.unwrap().leverage.get() >= 1);
    assert!(good.pulse().await.unwrap().apart() < Duration::from_secs(60));
    let wrong = audit(Credentials::new(stage::KEY, stage::SECRET, "another phrase"));
    assert_eq!(wrong.key_rights(&symbol()).await.unwrap().trades, Some(false));
    assert!(wrong.private_stream().await.is_err());
}
