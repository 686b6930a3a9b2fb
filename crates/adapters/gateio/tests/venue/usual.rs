//! What the venue says while nothing is wrong.

use crate::script::{Frames, Say};
use crate::stage::START;
use futures_util::{SinkExt, StreamExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

/// A path as scripts name it.
pub(crate) fn short(path: &str) -> &str {
    path.strip_prefix("/api/v4/futures/usdt").unwrap_or(path)
}

/// An account that holds nothing, in one-way mode.
pub(crate) fn answer(call: &str) -> Say {
    Say::json(match call {
        "GET /api/v4/spot/time" => format!(r#"{{"server_time":{}}}"#, START.as_millis()),
        "GET /contracts" => include_str!("../fixtures/rest_contracts.json").to_owned(),
        "GET /accounts" => {
            r#"{"user":7001,"currency":"USDT","total":"0","in_dual_mode":false,"position_mode":"single"}"#.to_owned()
        }
        "GET /api/v4/account/detail" => r#"{"user_id":7001}"#.to_owned(),
        "GET /fee" => include_str!("../fixtures/rest_fee.json").to_owned(),
        "GET /risk_limit_tiers" => include_str!("../fixtures/rest_tiers.json").to_owned(),
        call if call.starts_with("GET ") || call.starts_with("DELETE ") => "[]".to_owned(),
        _ => r#"{"id":1}"#.to_owned(),
    })
}

/// Acknowledges what is asked for, and says the messages once everything private is subscribed to.
pub(crate) async fn speak(client: TcpStream, messages: Vec<Message>, pings: Arc<AtomicUsize>) -> Option<()> {
    acknowledge(client, messages, None, pings).await
}

impl Frames {
    /// One that answers the subscription to this channel with this, and says nothing else.
    pub(crate) async fn refusing(channel: &'static str, refusal: Message) -> Self {
        let speak =
            move |client, messages, pings| acknowledge(client, messages, Some((channel, refusal.clone())), pings);
        Self::speaking(|_| Vec::new(), speak).await
    }
}

/// Acknowledges what is asked for, answers pings, and says the messages once everything private is subscribed to.
async fn acknowledge(
    client: TcpStream,
    messages: Vec<Message>,
    refused: Option<(&str, Message)>,
    pings: Arc<AtomicUsize>,
) -> Option<()> {
    let mut socket = tokio_tungstenite::accept_async(client).await.ok()?;
    let (mut messages, mut acknowledged) = (Some(messages), 0);
    while let Some(Ok(message)) = socket.next().await {
        pings.fetch_add(usize::from(message.is_ping()), Ordering::SeqCst);
        let Ok(text) = message.to_text() else { continue };
        if text.contains("futures.ping") {
            socket.send(Message::text(r#"{"time":1,"channel":"futures.pong","event":"","result":null}"#)).await.ok()?;
        }
        let Some(channel) = text.split(r#""channel":""#).nth(1).and_then(|rest| rest.split('"').next()) else {
            continue;
        };
        if text.contains(r#""event":"subscribe""#) {
            let ack =
                format!(r#"{{"time":1,"channel":"{channel}","event":"subscribe","result":{{"status":"success"}}}}"#);
            let refusal = refused.as_ref().filter(|(refused, _)| *refused == channel);
            socket.send(refusal.map_or_else(|| Message::text(ack), |(_, refusal)| refusal.clone())).await.ok()?;
            acknowledged += 1;
        }
        if acknowledged == plimsoll_gateio::wire::request::PRIVATE_CHANNELS.len() {
            for message in messages.take().into_iter().flatten() {
                socket.send(message).await.ok()?;
            }
        }
    }
    Some(())
}
