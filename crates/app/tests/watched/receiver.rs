//! Where alerts are posted, and where a heartbeat is heard, on loopback.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// Part of both addresses: nobody is to read it.
pub(crate) const PATH: &str = "not-to-be-told-anywhere";

#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    inside: Arc<Mutex<Inside>>,
}

#[derive(Default)]
struct Inside {
    arrived: Vec<Value>,
    signatures: Vec<String>,
    /// So many of the next are answered with a failure.
    failing: usize,
    failed: usize,
    beats: usize,
}

impl Receiver {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let it = Self { address: listener.local_addr().unwrap(), inside: Arc::default() };
        let router =
            Router::new().route("/{path}/alerts", post(take)).route("/{path}/beat", get(beat)).with_state(it.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        it
    }

    /// The next ones come to nothing.
    pub(crate) fn fail(&self, times: usize) {
        self.inside.lock().unwrap().failing = times;
    }

    pub(crate) fn failed(&self) -> usize {
        self.inside.lock().unwrap().failed
    }

    pub(crate) fn beats(&self) -> usize {
        self.inside.lock().unwrap().beats
    }

    pub(crate) fn arrived(&self) -> Vec<Value> {
        self.inside.lock().unwrap().arrived.clone()
    }

    pub(crate) fn signatures(&self) -> Vec<String> {
        self.inside.lock().unwrap().signatures.clone()
    }
}

async fn take(
    State(receiver): State<Receiver>,
    Path(path): Path<String>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let mut inside = receiver.inside.lock().unwrap();
    if path != PATH {
        return StatusCode::NOT_FOUND;
    }
    if inside.failing > 0 {
        (inside.failing, inside.failed) = (inside.failing - 1, inside.failed + 1);
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let signature = headers.get("x-plimsoll-signature").map(|it| it.to_str().unwrap().to_owned());
    inside.signatures.extend(signature);
    inside.arrived.push(serde_json::from_str(&body).unwrap());
    StatusCode::OK
}

async fn beat(State(receiver): State<Receiver>, Path(path): Path<String>) -> StatusCode {
    if path != PATH {
        return StatusCode::NOT_FOUND;
    }
    receiver.inside.lock().unwrap().beats += 1;
    StatusCode::OK
}
