//! HTTP and WebSocket on loopback, whatever is spoken over them.

use crate::line::LineEnd;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ws::{Message, WebSocket};
use axum::extract::{Request, WebSocketUpgrade};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse;
use axum::serve::ListenerExt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The largest request body that is read.
const MOST_BODY: usize = 256 * 1024;
/// The largest message that a client may send over a socket.
const MOST_MESSAGE: usize = 64 * 1024;

/// What a venue does with what arrives.
pub(crate) trait Wire: Send + Sync + 'static {
    /// Answers one HTTP request.
    fn answer(&self, request: HttpRequest<'_>) -> Response<Body>;
    /// Takes a new socket at this path; `None` if there is nothing there.
    fn open(&self, path: &str, query: &str) -> Option<(u64, LineEnd)>;
    /// Takes a client's message; `false` if the socket is to be closed.
    fn hear(&self, socket: u64, text: &str) -> bool;
    /// Forgets a socket.
    fn close(&self, socket: u64);
    /// How often an idle socket is pinged.
    fn ping_every(&self) -> Duration;
}

/// One HTTP request, byte for byte.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HttpRequest<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// A server that runs until it is stopped.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens at `address`; port 0 takes any that is free.
    pub(crate) async fn start(address: SocketAddr, wire: Arc<dyn Wire>) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "no TCP_NODELAY");
            }
        });
        let router = Router::new().fallback(move |upgrade, request| serve(Arc::clone(&wire), upgrade, request));
        let task = tokio::spawn(async move {
            let stopped = until(stopped);
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
                tracing::error!(%error, "the venue server has stopped");
            }
        });
        Ok(Self { address, stop, task })
    }

    /// Stops listening, and waits a moment for answers that are under way.
    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        if tokio::time::timeout(Duration::from_secs(1), &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

impl Drop for Server {
    /// Nobody waits, but connections that are idle are closed and no new ones are taken.
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the server's handle is gone, which stops it too.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn serve(
    wire: Arc<dyn Wire>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    if let Ok(upgrade) = upgrade {
        let Some((socket, line)) = wire.open(path, query) else { return StatusCode::NOT_FOUND.into_response() };
        let upgrade = upgrade.max_message_size(MOST_MESSAGE).max_frame_size(MOST_MESSAGE);
        return upgrade.on_upgrade(move |stream| async move { speak(&*wire, socket, line, stream).await });
    }
    let Ok(body) = to_bytes(body, MOST_BODY).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let method = parts.method.as_str();
    wire.answer(HttpRequest { method, path, query, headers: &parts.headers, body: &body })
}

/// Moves frames and messages until one side has had enough.
async fn speak(wire: &dyn Wire, socket: u64, mut line: LineEnd, mut stream: WebSocket) {
    let mut cut = line.cut();
    let mut ping = tokio::time::interval_at(tokio::time::Instant::now() + wire.ping_every(), wire.ping_every());
    loop {
        let out = tokio::select! {
            frame = line.next() => match frame {
                Some(frame) => Message::text(&*frame),
                None => break,
            },
            heard = stream.recv() => match heard {
                Some(Ok(Message::Text(text))) if wire.hear(socket, text.as_str()) => continue,
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_))) => continue,
                _ => break,
            },
            _ = ping.tick() => Message::Ping(Vec::new().into()),
        };
        let text = matches!(out, Message::Text(_));
        // A client that does not read holds up the write; once its line is cut, nobody waits for it.
        let sent = tokio::select! {
            sent = stream.send(out) => sent.is_ok(),
            () = cut.happened() => false,
        };
        if !sent {
            break;
        }
        if text {
            line.wrote();
        }
    }
    wire.close(socket);
}
