//! A client that sends exactly what it is told, and a server on loopback.

use crate::world::World;
use plimsoll_api::{Api, ApiSettings, Scope, Token};
use secrecy::SecretString;
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const READ: &str = "reads-and-nothing-more-00";
pub(crate) const ACT: &str = "acts-as-well-0000000000000";
pub(crate) const ACT_TOO: &str = "acts-as-somebody-else-00000";

/// A world with a server in front.
pub(crate) struct Site {
    pub(crate) world: World,
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<std::io::Result<()>>,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn code(&self) -> (u16, String) {
        (self.status, self.json()["code"].as_str().unwrap_or_default().to_owned())
    }
}

pub(crate) fn settings() -> ApiSettings {
    ApiSettings::new("127.0.0.1:0".parse().unwrap())
}

pub(crate) fn with_tokens() -> ApiSettings {
    let token = |name, scope, secret: &str| Token::new(name, scope, &SecretString::from(secret)).unwrap();
    let tokens =
        vec![token("ana", Scope::Read, READ), token("ops", Scope::Act, ACT), token("eve", Scope::Act, ACT_TOO)];
    ApiSettings { tokens, ..settings() }
}

impl Site {
    pub(crate) async fn new(settings: ApiSettings) -> Self {
        let world = World::new().await;
        let api = Api::bind(world.service.clone(), settings).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let address = api.address();
        let task = tokio::spawn(api.serve(async {
            let _ = stopped.await;
        }));
        Self { world, address, stop: Some(stop), task }
    }

    /// Stops it, and waits for its end.
    pub(crate) async fn stop(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        tokio::time::timeout(Duration::from_secs(10), self.task).await.unwrap().unwrap().unwrap();
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends these bytes, and reads until the server closes.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> Reply {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        socket.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        // A server that refuses a body may close before all of it is sent.
        let _ = socket.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|it| it.parse().ok()).unwrap_or(0);
        let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
        Reply { status, headers: lines.filter_map(header).collect(), body: body.to_owned() }
    }

    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request += &format!("Host: {}\r\n", self.address);
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            request += &format!("Content-Length: {}\r\n", body.len());
        }
        request += "\r\n";
        request += body;
        self.raw(request.as_bytes()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], "").await
    }

    /// As a page of the server's own does, with this token or none.
    pub(crate) async fn post(&self, path: &str, token: Option<&str>, body: &str) -> Reply {
        let (origin, bearer) = (self.origin(), token.map(|token| format!("Bearer {token}")));
        let mut headers = vec![("Content-Type", "application/json"), ("Origin", origin.as_str())];
        headers.extend(bearer.as_deref().map(|bearer| ("Authorization", bearer)));
        self.send("POST", path, &headers, body).await
    }

    /// Opens the stream of events.
    pub(crate) async fn stream(&self, headers: &str) -> Frames {
        let (read, mut write) = TcpStream::connect(self.address).await.unwrap().into_split();
        let request = format!("GET /api/stream HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.address);
        write.write_all(request.as_bytes()).await.unwrap();
        let mut frames = Frames { lines: BufReader::new(read), _write: write };
        let head = frames.line().await.unwrap();
        assert!(head.contains("200"), "{head}");
        frames
    }
}

/// The frames of a stream.
pub(crate) struct Frames {
    lines: BufReader<OwnedReadHalf>,
    _write: OwnedWriteHalf,
}

/// One frame: its event, its id and its data.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Frame {
    pub(crate) event: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
}

impl Frames {
    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = tokio::time::timeout(Duration::from_secs(10), self.lines.read_line(&mut line)).await;
        let read = read.expect("something is told in time").unwrap();
        (read > 0).then(|| line.trim_end().to_owned())
    }

    /// The next frame; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        let mut frame = Frame::default();
        loop {
            let line = self.line().await?;
            match line.split_once(": ") {
                Some(("event", event)) => frame.event = event.to_owned(),
                Some(("id", id)) => frame.id = Some(id.to_owned()),
                Some(("data", data)) => frame.data = serde_json::from_str(data).unwrap(),
                _ if line.is_empty() && !frame.event.is_empty() => return Some(frame),
                // Headers, the lengths of chunks, comments.
                _ => {}
            }
        }
    }

    /// The next frame of this event.
    pub(crate) async fn until(&mut self, event: &str) -> Frame {
        loop {
            let frame = self.next().await.expect("the stream goes on");
            if frame.event == event {
                return frame;
            }
        }
    }
}
