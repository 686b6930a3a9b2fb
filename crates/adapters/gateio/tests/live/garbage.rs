//! What is no message of the venue, and the stream that goes on.

use crate::actors::*;
use tokio_tungstenite::tungstenite::Message;

/// A message that is sound, and can be told from others by its number.
fn sound(number: u64) -> Message {
    let millis = stage::START.as_millis();
    Message::text(format!(
        r#"{{"time_ms":{millis},"channel":"futures.balances","event":"update","result":[{{"balance":{number},"change":1,"type":"dnw","time_ms":{},"currency":"usdt"}}]}}"#,
        millis + i64::try_from(number).unwrap()
    ))
}

fn is_sound(item: &StreamItem) -> Option<u64> {
    match item {
        StreamItem::Event(AccountEvent::Balance(report)) => report.wallet.and_then(|it| it.to_string().parse().ok()),
        _ => None,
    }
}

/// What the venue, or somebody on the way, might say.
fn garbage() -> Vec<(&'static str, Message)> {
    let update =
        |row: &str| format!(r#"{{"time_ms":1,"channel":"futures.positions","event":"update","result":[{row}]}}"#);
    let position =
        |size: &str| update(&format!(r#"{{"contract":"BTC_USDT","mode":"single","size":{size},"entry_price":1}}"#));
    let texts = [
        ("no JSON", "garbage".to_owned()),
        ("nothing", String::new()),
        ("a word", "null".to_owned()),
        ("cut off", position("1").get(..80).unwrap().to_owned()),
        ("two messages", format!("{0}{0}", position("1"))),
        ("a field missing", update(r#"{"size":1}"#)),
        ("of another kind", update(r#"{"contract":"BTC_USDT","size":{}}"#)),
        ("an unknown word", position("1").replace("single", "triple")),
        ("an unknown contract", position("1").replace("BTC_USDT", "NO_SENSE")),
        ("a huge exponent", position("1e400")),
        ("a huge exponent in quotes", position("\"1e400\"")),
        ("forty digits", position(&format!("\"{}\"", "7".repeat(40)))),
        ("not a number", position("\"NaN\"")),
        ("a member twice", position("1,\"size\":2")),
        ("deep lists", "[".repeat(100_000)),
        ("deep objects", r#"{"a":"#.repeat(100_000)),
    ];
    let mut all: Vec<(&str, Message)> = texts.into_iter().map(|(what, text)| (what, Message::text(text))).collect();
    all.push(("not UTF-8", Message::binary(vec![b'{', 0xc3, 0x28, b'}'])));
    all.push(("compressed", Message::binary(vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0])));
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
    let (mut expected, mut doubted) = ((1..).zip(garbage()).peekable(), false);
    while let Some((count, (what, _))) = expected.peek() {
        let item = next(&mut stream).await;
        assert!(!matches!(item, StreamItem::Disconnected { .. }), "{what}: {item:?}");
        doubted |= matches!(item, StreamItem::Resync { .. });
        if let Some(heard) = is_sound(&item) {
            assert_eq!((heard, doubted), (*count, true), "{what}");
            doubted = false;
            expected.next();
        }
    }
    assert_eq!(frames.connections(), 1);
}

#[tokio::test]
async fn a_channel_that_is_not_known_is_no_reason_to_doubt() {
    let script = Script::start(|_, _| None).await;
    let new = r#"{"time":1,"channel":"futures.of_tomorrow","event":"update","result":[{"x":[1]}]}"#;
    let frames = Frames::start(move |_| vec![Message::text(new), sound(7)]).await;
    let mut stream = scripted(&script, frames.url(), &MarketClock::new(stage::START), settings()).account_stream();
    assert_eq!(next(&mut stream).await, StreamItem::Connected);
    loop {
        let item = next(&mut stream).await;
        assert!(!matches!(item, StreamItem::Resync { .. } | StreamItem::Disconnected { .. }), "{item:?}");
        if is_sound(&item) == Some(7) {
            break;
        }
    }
}

#[tokio::test]
async fn a_notice_of_an_upgrade_makes_a_new_connection_at_once() {
    let script = Script::start(|_, _| None).await;
    let notice = r#"{"time":1,"channel":"futures.system","event":"update","result":{"type":"upgrade","msg":"soon"}}"#;
    let frames = Frames::start(move |nth| if nth == 0 { vec![Message::text(notice)] } else { vec![sound(7)] }).await;
    let mut stream = scripted(&script, frames.url(), &MarketClock::new(stage::START), settings()).account_stream();
    until(&mut stream, |item| matches!(item, StreamItem::Disconnected { .. }).then_some(())).await;
    assert_eq!(until(&mut stream, is_sound).await, 7);
    assert_eq!(frames.connections(), 2);
}
