//! What the venue says while nothing is wrong.

use crate::script::Say;
use crate::stage::START;
use futures_util::{SinkExt, StreamExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// A path as scripts name it.
pub(crate) fn short(path: &str) -> &str {
    path
}

/// An account that holds nothing, in one-way mode.
pub(crate) fn answer(call: &str) -> Say {
    Say::json(match call {
        "GET /fapi/v1/time" => format!(r#"{{"serverTime":{}}}"#, START.as_millis()),
        "GET /fapi/v1/exchangeInfo" => include_str!("../fixtures/rest_exchange_info.json").to_owned(),
        "GET /fapi/v1/accountConfig" => r#"{"dualSidePosition":false}"#.to_owned(),
        "GET /fapi/v3/account" => {
            r#"{"assets":[{"asset":"USDT","walletBalance":"1000","marginBalance":"1000","unrealizedProfit":"0",
            "crossWalletBalance":"1000","availableBalance":"1000","updateTime":0}],"positions":[]}"#
                .to_owned()
        }
        "POST /fapi/v1/listenKey" | "PUT /fapi/v1/listenKey" => r#"{"listenKey":"opened"}"#.to_owned(),
        call if call.starts_with("GET ") => "[]".to_owned(),
        _ => r#"{"orderId":1,"algoId":1}"#.to_owned(),
    })
}

/// Says the messages, and listens.
pub(crate) async fn speak(client: TcpStream, messages: Vec<Message>, pings: Arc<AtomicUsize>) -> Option<()> {
    let mut socket = tokio_tungstenite::accept_async(client).await.ok()?;
    go_on(&mut socket, messages, pings).await
}

/// The same on a socket that stands.
pub(crate) async fn go_on(
    socket: &mut WebSocketStream<TcpStream>,
    messages: Vec<Message>,
    pings: Arc<AtomicUsize>,
) -> Option<()> {
    for message in messages {
        socket.send(message).await.ok()?;
    }
    // Reading answers pings.
    while let Some(Ok(message)) = socket.next().await {
        pings.fetch_add(usize::from(message.is_ping()), Ordering::SeqCst);
    }
    Some(())
}
