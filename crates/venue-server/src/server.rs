//! HTTP and WebSocket on loopback, whatever is spoken over them.

use crate::line::{LineEnd, Outgoing};
use crate::link::{Door, Link};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ws::{Message, WebSocket};
use axum::extract::{ConnectInfo, Request, WebSocketUpgrade};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse;
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
    fn answer(&self, request: HttpRequest<'_>) -> Reply;
    /// Takes a new socket at this path.
    fn open(&self, path: &str, query: &str, headers: &HeaderMap) -> Opening;
    /// Takes a client's message; `false` if the socket is to be closed.
    fn hear(&self, socket: u64, text: &str) -> bool;
    /// Forgets a socket.
    fn close(&self, socket: u64);
    /// How often an idle socket is pinged.
    fn ping_every(&self) -> Duration;
}

/// What a request is answered with.
#[derive(Debug)]
pub(crate) enum Reply {
    Now(Response<Body>),
    After(Duration, Response<Body>),
    /// Nothing; the connection is closed after a while, or, if there is none, never.
    HangUp(Option<Duration>),
}

/// What becomes of whoever opens a socket.
#[derive(Debug)]
pub(crate) enum Opening {
    /// It is open, under this number.
    Open(u64, LineEnd),
    /// There is nothing at this path.
    NotFound,
    /// There would be, but not now.
    Unavailable,
    /// The connection is closed without a word.
    HangUp,
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
        let over = stopped.clone();
        let router = Router::new().fallback(move |ConnectInfo(link): ConnectInfo<Link>, upgrade, request| {
            serve(Arc::clone(&wire), link, over.clone(), upgrade, request)
        });
        let service = router.into_make_service_with_connect_info::<Link>();
        let task = tokio::spawn(async move {
            let stopped = until(stopped);
            if let Err(error) = axum::serve(Door(listener), service).with_graceful_shutdown(stopped).await {
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
    link: Link,
    stopped: watch::Receiver<bool>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    if let Ok(upgrade) = upgrade {
        let (socket, line) = match wire.open(path, query, &parts.headers) {
            Opening::Open(socket, line) => (socket, line),
            Opening::NotFound => return StatusCode::NOT_FOUND.into_response(),
            Opening::Unavailable => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
            Opening::HangUp => return hang_up(&link),
        };
        let upgrade = upgrade.max_message_size(MOST_MESSAGE).max_frame_size(MOST_MESSAGE);
        return upgrade.on_upgrade(move |stream| async move { speak(&*wire, socket, line, link, stream).await });
    }
    let Ok(body) = to_bytes(body, MOST_BODY).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let method = parts.method.as_str();
    match wire.answer(HttpRequest { method, path, query, headers: &parts.headers, body: &body }) {
        Reply::Now(response) => response,
        Reply::After(wait, response) => {
            tokio::time::sleep(wait).await;
            response
        }
        Reply::HangUp(wait) => {
            // Whoever is not answered may leave, which ends this too; and so does the server's end.
            tokio::select! {
                () = patience(wait) => {}
                () = until(stopped) => {}
            }
            hang_up(&link)
        }
    }
}

async fn patience(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

/// Closes the connection: of this answer not one byte is written.
fn hang_up(link: &Link) -> Response<Body> {
    link.cut();
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}

/// Moves frames and messages until one side has had enough.
async fn speak(wire: &dyn Wire, socket: u64, mut line: LineEnd, link: Link, mut stream: WebSocket) {
    let mut cut = line.cut();
    let mut ping = tokio::time::interval_at(tokio::time::Instant::now() + wire.ping_every(), wire.ping_every());
    loop {
        let (out, wait) = tokio::select! {
            outgoing = line.next() => match outgoing {
                Some(Outgoing::Frame(frame)) => (Message::text(&*frame), Duration::ZERO),
                Some(Outgoing::Late(frame, wait)) => (Message::text(&*frame), wait),
                Some(Outgoing::Die) => {
                    link.die();
                    line.wrote();
                    continue;
                }
                None => break,
            },
            heard = stream.recv() => match heard {
                Some(Ok(Message::Text(text))) if wire.hear(socket, text.as_str()) => continue,
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_))) => continue,
                _ => break,
            },
            _ = ping.tick() => (Message::Ping(Vec::new().into()), Duration::ZERO),
        };
        let text = matches!(out, Message::Text(_));
        let send = async {
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            stream.send(out).await.is_ok()
        };
        // A client that does not read holds up the write; once its line is cut, nobody waits for it.
        let sent = tokio::select! {
            sent = send => sent,
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
