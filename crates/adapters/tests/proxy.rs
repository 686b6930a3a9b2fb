//! A network that loses requests or answers on demand.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

#[derive(Clone, Copy, PartialEq)]
enum Loss {
    Requests,
    Answers,
}

type Losses = Arc<Mutex<HashMap<&'static str, Loss>>>;

/// Stands between a client and a server; every request has a connection of its own.
pub(crate) struct Proxy {
    url: String,
    losses: Losses,
    requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let upstream = upstream.trim_start_matches("http://").to_owned();
        let losses = Losses::default();
        let requests = Arc::new(AtomicUsize::new(0));
        let (shared, count) = (Arc::clone(&losses), Arc::clone(&requests));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(carry(client, upstream.clone(), Arc::clone(&shared)));
            }
        });
        Self { url, losses, requests, task }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// How many requests have come.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// Requests that begin so (`POST /path`) are executed, and never answered.
    pub(crate) fn swallow_answers_to(&self, beginning: &'static str) {
        self.losses.lock().unwrap_or_else(PoisonError::into_inner).insert(beginning, Loss::Answers);
    }

    /// Requests that begin so never arrive.
    pub(crate) fn swallow_requests_to(&self, beginning: &'static str) {
        self.losses.lock().unwrap_or_else(PoisonError::into_inner).insert(beginning, Loss::Requests);
    }

    pub(crate) fn behave_for(&self, beginning: &'static str) {
        self.losses.lock().unwrap_or_else(PoisonError::into_inner).remove(beginning);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Our requests have no body: they end with the first empty line.
async fn carry(mut client: TcpStream, upstream: String, losses: Losses) -> Option<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(client.read_u8().await.ok()?);
    }
    let text = String::from_utf8(request).ok()?;
    let loss = {
        let losses = losses.lock().unwrap_or_else(PoisonError::into_inner);
        losses.iter().find(|(beginning, _)| text.starts_with(**beginning)).map(|(_, loss)| *loss)
    };
    if loss == Some(Loss::Requests) {
        return None;
    }
    let mut server = TcpStream::connect(upstream).await.ok()?;
    let request = text.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    server.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await.ok()?;
    if loss.is_none() {
        client.write_all(&answer).await.ok()?;
    }
    Some(())
}
