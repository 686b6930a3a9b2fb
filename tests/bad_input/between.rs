//! What stands between an adapter and its venue: a gateway that passes bytes on, and can be told to misbehave.
//!
//! It knows as much of HTTP and WebSockets as it takes to find where requests, answers and frames end; what it says
//! otherwise is bytes, so that it can say anything.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How many times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Times {
    Once,
    Always,
}

/// What becomes of the connection after a mishap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Everything else is passed on.
    GoOn,
    /// It is closed.
    Close,
    /// It stays open, and nothing more is said.
    Hold,
}

/// What is said instead, and what then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instead {
    pub(crate) bytes: Vec<u8>,
    pub(crate) then: Then,
}

pub(crate) fn instead(bytes: impl Into<Vec<u8>>, then: Then) -> Instead {
    Instead { bytes: bytes.into(), then }
}

/// Makes what is said out of what was to be said, if this is the thing to say it instead of.
type Change = Box<dyn Fn(&[u8]) -> Option<Instead> + Send>;

#[derive(Default)]
struct Rules {
    /// Requests that begin so (`GET /path`).
    answers: Vec<(String, Times, Instead)>,
    handshakes: Vec<(Times, Instead)>,
    frames: Vec<(Times, Change)>,
}

#[derive(Default)]
struct State {
    rules: Mutex<Rules>,
    requests: Mutex<Vec<String>>,
    handshakes: AtomicUsize,
}

impl State {
    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer_to(&self, request: &str) -> Option<Instead> {
        let mut rules = self.rules();
        let index = rules.answers.iter().position(|(beginning, ..)| request.starts_with(beginning.as_str()))?;
        match rules.answers[index].1 {
            Times::Once => Some(rules.answers.remove(index).2),
            Times::Always => Some(rules.answers[index].2.clone()),
        }
    }

    fn answer_to_handshake(&self) -> Option<Instead> {
        let mut rules = self.rules();
        match rules.handshakes.first()?.0 {
            Times::Once => Some(rules.handshakes.remove(0).1),
            Times::Always => Some(rules.handshakes[0].1.clone()),
        }
    }

    fn frame(&self, payload: &[u8]) -> Option<Instead> {
        let mut rules = self.rules();
        let (index, said) =
            rules.frames.iter().enumerate().find_map(|(index, (_, change))| Some((index, change(payload)?)))?;
        if rules.frames[index].0 == Times::Once {
            drop(rules.frames.remove(index));
        }
        Some(said)
    }
}

/// The gateway: an address for requests, and one for sockets.
pub(crate) struct Between {
    pub(crate) rest: String,
    pub(crate) sockets: String,
    state: Arc<State>,
    tasks: [JoinHandle<()>; 2],
}

impl Between {
    /// A gateway to the venue at these addresses.
    pub(crate) async fn start(rest: &str, sockets: &str) -> Self {
        let state = Arc::<State>::default();
        let (rest, requests) = listen(rest, &state, |client, venue, state| {
            tokio::spawn(request(client, venue, state));
        })
        .await;
        let (sockets, frames) = listen(sockets, &state, |client, venue, state| {
            tokio::spawn(socket(client, venue, state));
        })
        .await;
        Self { rest: format!("http://{rest}"), sockets: format!("ws://{sockets}"), state, tasks: [requests, frames] }
    }

    /// Requests that begin so (`GET /path`) are not passed on, and answered with this.
    pub(crate) fn answer(&self, times: Times, beginning: &str, instead: Instead) {
        self.state.rules().answers.push((beginning.to_owned(), times, instead));
    }

    /// Handshakes of sockets are not passed on, and answered with this.
    pub(crate) fn answer_handshakes(&self, times: Times, instead: Instead) {
        self.state.rules().handshakes.push((times, instead));
    }

    /// Frames of which `change` makes something are replaced by that.
    pub(crate) fn change_frames(&self, times: Times, change: impl Fn(&[u8]) -> Option<Instead> + Send + 'static) {
        self.state.rules().frames.push((times, Box::new(change)));
    }

    /// No more mishaps.
    pub(crate) fn behave(&self) {
        *self.state.rules() = Rules::default();
    }

    /// The first lines of the requests that have come.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.state.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many sockets were asked for.
    pub(crate) fn handshakes(&self) -> usize {
        self.state.handshakes.load(Ordering::SeqCst)
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn listen(
    venue: &str,
    state: &Arc<State>,
    serve: impl Fn(TcpStream, String, Arc<State>) + Send + 'static,
) -> (String, JoinHandle<()>) {
    let venue = venue.split("://").nth(1).unwrap_or_default().trim_end_matches('/').to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let state = Arc::clone(state);
    let task = tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            serve(client, venue.clone(), Arc::clone(&state));
        }
    });
    (address, task)
}

/// The head of a request or an answer, with the empty line.
async fn head(from: &mut (impl AsyncReadExt + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(from.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(it, _)| it.eq_ignore_ascii_case(name))
        .map(|it| it.1.trim())
}

/// What no request begins with is answered as servers do it.
async fn is_http(client: &mut TcpStream) -> Option<()> {
    let mut first = [0];
    client.peek(&mut first).await.ok()?;
    if first[0].is_ascii_uppercase() {
        return Some(());
    }
    client.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await.ok()?;
    None
}

/// One request: every one has a connection of its own.
async fn request(mut client: TcpStream, venue: String, state: Arc<State>) -> Option<()> {
    is_http(&mut client).await?;
    let head = head(&mut client).await?;
    let mut body = vec![0; header(&head, "content-length").and_then(|it| it.parse().ok()).unwrap_or(0)];
    client.read_exact(&mut body).await.ok()?;
    let line = head.lines().next().unwrap_or_default().to_owned();
    state.requests.lock().unwrap_or_else(PoisonError::into_inner).push(line.clone());
    if let Some(Instead { bytes, then }) = state.answer_to(&line) {
        client.write_all(&bytes).await.ok()?;
        return match then {
            Then::Hold => std::future::pending().await,
            Then::GoOn | Then::Close => Some(()),
        };
    }
    let mut server = TcpStream::connect(venue).await.ok()?;
    server.write_all(head.replacen("\r\n", "\r\nconnection: close\r\n", 1).as_bytes()).await.ok()?;
    server.write_all(&body).await.ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await.ok()?;
    client.write_all(&answer).await.ok()
}

async fn socket(mut client: TcpStream, venue: String, state: Arc<State>) -> Option<()> {
    is_http(&mut client).await?;
    let asked = head(&mut client).await?;
    state.handshakes.fetch_add(1, Ordering::SeqCst);
    if let Some(Instead { bytes, then }) = state.answer_to_handshake() {
        client.write_all(&bytes).await.ok()?;
        return match then {
            Then::Hold => std::future::pending().await,
            Then::GoOn | Then::Close => Some(()),
        };
    }
    let mut server = TcpStream::connect(venue).await.ok()?;
    server.write_all(asked.as_bytes()).await.ok()?;
    let answered = head(&mut server).await?;
    client.write_all(answered.as_bytes()).await.ok()?;
    let ((mut from_client, to_client), (from_server, mut to_server)) = (client.into_split(), server.into_split());
    tokio::select! {
        _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
        _ = frames(from_server, to_client, &state) => {}
    }
    Some(())
}

/// What the venue says, frame by frame.
async fn frames(mut venue: OwnedReadHalf, mut client: OwnedWriteHalf, state: &State) -> Option<()> {
    let mut silent = false;
    loop {
        let (whole, payload) = frame(&mut venue).await?;
        if silent {
            continue;
        }
        let is_text = whole.first().is_some_and(|first| first & 0x0f == 1);
        let is_heartbeat = payload == b"pong" || payload.windows(12).any(|part| part == b"futures.pong");
        let changed = if is_text && !is_heartbeat { state.frame(&payload) } else { None };
        match changed {
            None => client.write_all(&whole).await.ok()?,
            Some(Instead { bytes, then }) => {
                client.write_all(&bytes).await.ok()?;
                match then {
                    Then::GoOn => {}
                    Then::Close => return client.shutdown().await.ok(),
                    Then::Hold => silent = true,
                }
            }
        }
    }
}

/// One frame as it came, and its payload. Frames of servers are not masked.
async fn frame(venue: &mut OwnedReadHalf) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut whole = vec![0; 2];
    venue.read_exact(&mut whole).await.ok()?;
    let more = match whole[1] & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let mut length = vec![0; more];
    venue.read_exact(&mut length).await.ok()?;
    let count = match more {
        0 => usize::from(whole[1] & 0x7f),
        _ => length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
    };
    let mut payload = vec![0; count];
    venue.read_exact(&mut payload).await.ok()?;
    whole.extend(length);
    whole.extend(&payload);
    Some((whole, payload))
}
