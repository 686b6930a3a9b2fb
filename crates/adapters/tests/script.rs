//! Servers that answer from a script, however wrong.

use crate::usual;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

/// What a scripted server says to a request.
#[derive(Clone)]
pub(crate) enum Say {
    /// This, with this status.
    Text(u16, String),
    /// This, with a header too.
    With(u16, (&'static str, String), String),
    /// These bytes as the body of a success.
    Body(Vec<u8>),
    /// Less than was promised, and then nothing.
    Half(String),
    /// These bytes, whatever they are.
    Raw(Vec<u8>),
    /// Nothing: the connection is closed.
    Close,
}

impl Say {
    pub(crate) fn json(body: impl Into<String>) -> Self {
        Self::Text(200, body.into())
    }

    fn bytes(self) -> Vec<u8> {
        let head = |status: u16, length: usize, more: &str| {
            format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {length}\r\n{more}\r\n").into_bytes()
        };
        match self {
            Self::Text(status, body) => [head(status, body.len(), ""), body.into_bytes()].concat(),
            Self::With(status, (name, value), body) => {
                [head(status, body.len(), &format!("{name}: {value}\r\n")), body.into_bytes()].concat()
            }
            Self::Body(body) => [head(200, body.len(), ""), body].concat(),
            Self::Half(body) => [head(200, body.len() + 10, ""), body.into_bytes()].concat(),
            Self::Raw(bytes) => bytes,
            Self::Close => Vec::new(),
        }
    }
}

/// A venue's REST that answers every call as one does with whom nothing is wrong, except where the script has a line:
/// it is asked with the call (`POST /fapi/v1/order`) and how many times that has been called before.
pub(crate) struct Script {
    url: String,
    heard: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Script {
    pub(crate) async fn start(line: impl Fn(&str, usize) -> Option<Say> + Send + Sync + 'static) -> Self {
        Self::reading(move |call, _, times| line(call, times)).await
    }

    /// The script is asked with the query too.
    pub(crate) async fn reading(line: impl Fn(&str, &str, usize) -> Option<Say> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (line, calls) = (Arc::new(line), Arc::clone(&heard));
        let task = tokio::spawn(async move {
            let times: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
            while let Ok((client, _)) = listener.accept().await {
                let (line, calls, times) = (Arc::clone(&line), Arc::clone(&calls), Arc::clone(&times));
                tokio::spawn(async move {
                    answer(client, |call, query| {
                        calls.lock().unwrap_or_else(PoisonError::into_inner).push(call.to_owned());
                        let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
                        let count = times.entry(call.to_owned()).or_default();
                        *count += 1;
                        line(call, query, *count - 1).unwrap_or_else(|| usual::answer(call))
                    })
                    .await
                });
            }
        });
        Self { url, heard, task }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// How often this was called; with "", how often anything was.
    pub(crate) fn heard(&self, call: &str) -> usize {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.iter().filter(|it| call.is_empty() || *it == call).count()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The head of a request, and as much of a body as it promises.
async fn answer(mut client: TcpStream, say: impl FnOnce(&str, &str) -> Say) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.ok()?);
    }
    let text = String::from_utf8(head).ok()?;
    let length =
        text.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    client.read_exact(&mut vec![0; length.unwrap_or(0)]).await.ok()?;
    let mut words = text.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let answer = say(&format!("{method} {}", usual::short(path)), query).bytes();
    client.write_all(&answer).await.ok()
}

/// A socket that says these messages to the first, second, … that connects, and then listens.
pub(crate) struct Frames {
    url: String,
    connections: Arc<AtomicUsize>,
    pings: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Frames {
    pub(crate) async fn start(script: impl Fn(usize) -> Vec<Message> + Send + Sync + 'static) -> Self {
        Self::speaking(script, usual::speak).await
    }

    /// One that says the messages as `speak` does, which counts pings.
    pub(crate) async fn speaking<F: Future<Output = Option<()>> + Send + 'static>(
        script: impl Fn(usize) -> Vec<Message> + Send + Sync + 'static,
        speak: impl Fn(TcpStream, Vec<Message>, Arc<AtomicUsize>) -> F + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("ws://{}", listener.local_addr().expect("an address"));
        let (connections, pings) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (counted, pinged) = (Arc::clone(&connections), Arc::clone(&pings));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let messages = script(counted.fetch_add(1, Ordering::SeqCst));
                tokio::spawn(speak(client, messages, Arc::clone(&pinged)));
            }
        });
        Self { url, connections, pings, task }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// How many pings were answered.
    pub(crate) fn pings(&self) -> usize {
        self.pings.load(Ordering::SeqCst)
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.task.abort();
    }
}
