//! Messages that cannot be read.

use crate::actors::*;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// A message that can be read, told by its leverage.
fn sound(leverage: u32) -> Message {
    let setting = format!(r#"{{"s":"BTCUSDT","l":{leverage}}}"#);
    let millis = stage::START.as_millis();
    Message::text(format!(r#"{{"e":"ACCOUNT_CONFIG_UPDATE","E":{millis},"T":{millis},"ac":{setting}}}"#))
}

fn is_sound(item: &StreamItem) -> Option<u32> {
    match item {
        StreamItem::Event(AccountEvent::Leverage { leverage, .. }) => Some(leverage.get()),
        _ => None,
    }
}

fn update(body: &str) -> String {
    format!(r#"{{"e":"ORDER_TRADE_UPDATE","E":1,"T":1,"o":{{"s":"BTCUSDT",{body}}}}}"#)
}

/// What a broken venue, or somebody on the way, might say.
fn garbage() -> Vec<(&'static str, Message)> {
    let rest = r#""c":"x","S":"BUY","o":"LIMIT","x":"NEW","X":"NEW","i":1,"l":"0","z":"0","ps":"BOTH""#;
    let position = |amount: &str| {
        let row = format!(r#"{{"s":"BTCUSDT","pa":{amount},"ep":"1","ps":"BOTH"}}"#);
        format!(r#"{{"e":"ACCOUNT_UPDATE","E":1,"T":1,"a":{{"m":"ORDER","B":[],"P":[{row}]}}}}"#)
    };
    let texts = [
        ("no JSON", "garbage".to_owned()),
        ("nothing", String::new()),
        ("a word", "null".to_owned()),
        ("cut off", update(rest).get(..60).unwrap().to_owned()),
        ("cut off at once", "{".to_owned()),
        ("two messages", format!("{0}{0}", position("\"1\""))),
        ("a field missing", update(r#""c":"x","S":"BUY""#)),
        ("of another kind", update(&format!(r#""q":{{}},{rest}"#))),
        ("an unknown word", update(&format!(r#""q":"1",{rest}"#).replace(r#""X":"NEW""#, r#""X":"BETTER""#))),
        ("an unknown contract", update(&format!(r#""q":"1",{rest}"#)).replace("BTCUSDT", "NONSENSE")),
        ("a huge exponent", position("1e400")),
        ("a huge exponent in quotes", position("\"1e400\"")),
        ("forty digits", position(&format!("\"{}\"", "7".repeat(40)))),
        ("forty decimals", position(&format!("\"0.{}1\"", "0".repeat(40)))),
        ("not a number", position("\"NaN\"")),
        ("a huge time", format!(r#"{{"e":"ACCOUNT_UPDATE","E":1,"T":{},"a":{{"m":"ORDER"}}}}"#, "9".repeat(40))),
        ("a time before 1970", r#"{"e":"ACCOUNT_UPDATE","E":1,"T":-1,"a":{"m":"ORDER"}}"#.to_owned()),
        ("a member twice", r#"{"e":"ACCOUNT_UPDATE","E":1,"T":1,"T":2,"a":{"m":"ORDER"}}"#.to_owned()),
        ("deep lists", "[".repeat(100_000)),
        ("deep lists that end", format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))),
        ("deep objects", r#"{"a":"#.repeat(100_000)),
        ("deep streams", format!("{}1{}", r#"{"stream":"s","data":"#.repeat(50_000), "}".repeat(50_000))),
        ("deep events", format!(r#"{{"e":"ACCOUNT_UPDATE","T":1,"a":{}"#, "[".repeat(100_000))),
    ];
    let mut all: Vec<(&str, Message)> = texts.into_iter().map(|(what, text)| (what, Message::text(text))).collect();
    all.push(("not UTF-8", Message::binary(vec![b'{', 0xc3, 0x28, b'}'])));
    all
}

#[tokio::test]
async fn a_message_that_cannot_be_read_asks_for_a_snapshot_and_the_stream_goes_on() {
    let script = Script::start(|_, _| None).await;
    let frames = Frames::start(|_| {
        let pairs = (1..).zip(garbage()).map(|(count, (_, odd))| [odd, sound(count)]);
        pairs.flatten().collect()
    })
    .await;
    let broker = scripted(&script, frames.url(), &MarketClock::new(stage::START), settings());
    let mut stream = broker.account_stream();
    assert_eq!(next(&mut stream).await, StreamItem::Connected);
    assert_eq!(is_snapshot(&next(&mut stream).await), Some(()));
    let (mut expected, mut doubted, mut owed) = ((1..).zip(garbage()).peekable(), false, false);
    while let Some((count, (what, _))) = expected.peek() {
        let item = next(&mut stream).await;
        assert!(!matches!(item, StreamItem::Disconnected { .. }), "{what}: {item:?}");
        doubted |= matches!(item, StreamItem::Resync { .. });
        owed = matches!(item, StreamItem::Resync { .. }) || owed && is_snapshot(&item).is_none();
        if let Some(heard) = is_sound(&item) {
            assert_eq!((heard, doubted), (*count, true), "{what}");
            doubted = false;
            expected.next();
        }
    }
    if owed {
        until(&mut stream, is_snapshot).await;
    }
    assert_eq!(frames.connections(), 1);
}

#[tokio::test]
async fn a_message_that_breaks_the_socket_makes_a_new_one() {
    let text = |payload: &'static [u8]| Message::Frame(Frame::message(payload, OpCode::Data(Data::Text), true));
    for odd in [text(&[b'{', 0xc3, 0x28, b'}']), Message::binary(vec![b' '; 70_000]), Message::Close(None)] {
        let script = Script::start(|_, _| None).await;
        let frames = Frames::start(move |nth| if nth == 0 { vec![odd.clone()] } else { vec![sound(7)] }).await;
        let private_socket = SocketSettings { largest_message: 60_000, ..settings().private_socket };
        let small = Settings { private_socket, ..settings() };
        let broker = scripted(&script, frames.url(), &MarketClock::new(stage::START), small);
        let mut stream = broker.account_stream();
        let is_cut = |item: &StreamItem| matches!(item, StreamItem::Disconnected { .. }).then_some(());
        until(&mut stream, is_cut).await;
        assert_eq!(next(&mut stream).await, StreamItem::Connected);
        assert_eq!(is_snapshot(&next(&mut stream).await), Some(()));
        assert_eq!(is_sound(&next(&mut stream).await), Some(7));
    }
}

#[tokio::test]
async fn an_event_that_is_not_known_is_no_reason_to_doubt() {
    let script = Script::start(|_, _| None).await;
    let frames = Frames::start(|_| vec![Message::text(r#"{"e":"SOMETHING_NEW","E":1,"x":[{}]}"#), sound(7)]).await;
    let mut stream = scripted(&script, frames.url(), &MarketClock::new(stage::START), settings()).account_stream();
    assert_eq!(next(&mut stream).await, StreamItem::Connected);
    assert_eq!(is_snapshot(&next(&mut stream).await), Some(()));
    assert_eq!(is_sound(&next(&mut stream).await), Some(7));
}

#[tokio::test]
async fn however_many_messages_cannot_be_read_snapshots_are_few() {
    let script = Script::start(|_, _| None).await;
    let frames = Frames::start(|_| (0..200).map(|_| Message::text("{")).chain([sound(7)]).collect()).await;
    let patient = Settings { between_snapshots: Duration::from_secs(3600), ..settings() };
    let mut stream = scripted(&script, frames.url(), &MarketClock::new(stage::START), patient).account_stream();
    assert_eq!(until(&mut stream, is_sound).await, 7);
    assert_eq!(script.heard("GET /fapi/v3/positionRisk"), 1);
}

#[tokio::test]
async fn prices_go_on_after_a_message_that_cannot_be_read() {
    let script = Script::start(|_, _| None).await;
    let mark = |price: &str| {
        let fields = format!(r#""e":"markPriceUpdate","E":1,"s":"BTCUSDT","p":"{price}","i":"1","r":"0","T":2"#);
        Message::text(format!(r#"{{"stream":"btcusdt@markPrice@1s","data":{{{fields}}}}}"#))
    };
    let frames = Frames::start(move |_| {
        let odd = garbage().into_iter().map(|(_, odd)| odd).chain([mark("-1"), mark("1e400"), mark("NaN")]);
        // A price after each: many in a row that cannot be read would end the connection.
        odd.flat_map(|odd| [odd, mark("60000")]).collect()
    })
    .await;
    let broker = scripted(&script, frames.url(), &MarketClock::new(stage::START), settings());
    let mut prices = broker.market_feed().subscribe(&[symbol()]).await.unwrap();
    assert_eq!(prices.next().await, Some(MarketItem::Connected));
    let (mut gaps, mut mark) = (Vec::new(), None);
    while mark.is_none() {
        match tokio::time::timeout(Duration::from_secs(20), prices.next()).await.expect("a price").unwrap() {
            MarketItem::Event(plimsoll_domain::MarketEvent::Mark(told)) => mark = Some(told.price.to_string()),
            MarketItem::Disconnected { reason } => gaps.push(reason),
            MarketItem::Connected => {}
            item => panic!("{item:?}"),
        }
    }
    assert_eq!(mark.as_deref(), Some("60000"));
    assert!(gaps.first().is_some_and(|it| it.starts_with("a market message cannot be read")), "{gaps:?}");
}
