//! Gate.io USDT-settled perpetual futures: REST v4 and its WebSocket, as they are in 2026.
//!
//! The exchange keeps sizes in base units; here they are contracts, signed, each of a contract's
//! [multiplier](plimsoll_domain::Instrument::multiplier). What the exchange does not have is refused: trigger orders with
//! a limit, icebergs, split positions, attached stops, fractions of a leverage, a margin mode that changes under an open
//! position.

mod account;
mod auth;
mod channels;
mod deadlines;
mod error;
mod faulty;
mod floor;
mod hearing;
mod history;
mod ledger;
mod limits;
mod lives;
mod market;
mod order_rows;
mod orders;
mod parameters;
mod positions;
mod push;
mod refusal;
mod request;
mod router;
mod session;
mod socket_orders;
mod telling;
mod triggers;
mod words;
mod write;

pub use limits::RateLimits;

use crate::faults::{Faults, Targets};
use crate::gateio::auth::{Claim, Sent};
use crate::gateio::floor::Floor;
use crate::gateio::limits::Left;
use crate::gateio::router::{Answer, Arrived};
use crate::gateio::session::Session;
use crate::line::{Progress, line};
use crate::running::{self, Credentials, Face, Running, StartError};
use crate::server::{HttpRequest, Opening, Reply};
use crate::settings::Settings;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use plimsoll_domain::{Money, Timestamp};
use plimsoll_exchange::{Exchange, Tick, TickRefused};
use std::sync::Arc;

/// Gate.io's face of an exchange. For `https://api.gateio.ws` stands the [REST address](Running::rest_url), for
/// `wss://fx-ws.gateio.ws` that of [the streams](Running::ws_url).
#[derive(Debug)]
pub struct GateioVenue;

impl GateioVenue {
    /// Starts serving `exchange`. It stops when the answer is dropped or [shut down](Running::shutdown).
    ///
    /// An exchange without orders is made to reckon as this venue does: margins count the fee of closing, client order
    /// ids may repeat, order ids are beyond what a 64-bit float holds.
    ///
    /// # Errors
    /// [`StartError`] if the address is not on loopback or cannot be listened at.
    pub async fn start(exchange: Exchange, settings: Settings<RateLimits>) -> Result<Running, StartError> {
        running::start(settings, |settings| Floor::new(exchange, settings)).await
    }
}

impl Face for Floor {
    fn exchange(&mut self) -> &mut Exchange {
        &mut self.exchange
    }

    fn faults(&self) -> &Faults {
        &self.faults
    }

    fn faults_mut(&mut self) -> &mut Faults {
        &mut self.faults
    }

    fn wallet(&self) -> Money {
        self.settings.wallet
    }

    fn add_key(&mut self, key: String, credentials: Credentials) {
        self.keys.insert(key, credentials);
    }

    fn publish(&mut self) {
        Self::publish(self);
    }

    fn advance(&mut self, tick: &Tick) -> Result<(), TickRefused> {
        Self::advance(self, tick)
    }

    fn keep_time(&mut self) {
        Self::keep_time(self);
    }

    fn keep_faults(&mut self) {
        Self::keep_faults(self);
    }

    fn calm(&mut self) {
        self.faults.calm();
        self.usage.forgive();
        self.sockets.release_all();
    }

    fn expire_keys(&mut self) {
        self.log_everybody_out(true);
    }

    fn sockets(&self) -> (usize, usize) {
        self.sockets.count()
    }

    fn cut(&mut self, targets: Targets) {
        self.sockets.cut(targets);
    }

    fn progress(&self) -> Vec<Arc<Progress>> {
        self.sockets.progress()
    }

    fn answer(&mut self, request: HttpRequest<'_>) -> Reply {
        let HttpRequest { method, path, query, headers, body } = request;
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let Ok(body) = std::str::from_utf8(body) else {
            let refusal = error::Refusal::INVALID_REQUEST_BODY;
            return Reply::Now(http(&Answer::refused(&refusal, None), self.server_time()));
        };
        let claim = Claim { key: header("key"), sign: header("sign"), timestamp: header("timestamp") };
        let sent = Sent { method, path, query, body };
        let arrived = Arrived { sent, claim, decimal: wants_decimals(headers), expires: header("x-gate-exptime") };
        faulty::answer(self, arrived)
    }

    fn open(&mut self, path: &str, _: &str, headers: &HeaderMap) -> Opening {
        // A path without a settle currency is another currency's, and the testnet's has a word more.
        if !matches!(path.trim_end_matches('/'), "/v4/ws/usdt" | "/v4/ws/futures/usdt") {
            return Opening::NotFound;
        }
        let (near, far) = line(self.settings.backlog);
        let session = Session::new(near, wants_decimals(headers));
        let now = self.exchange.now();
        self.sockets.admit(path, session, far, &mut self.faults, now)
    }

    fn hear(&mut self, socket: u64, text: &str) -> bool {
        Self::hear(self, socket, text)
    }

    fn close(&mut self, socket: u64) {
        self.sockets.close(socket);
    }
}

/// Whether sizes are wanted as texts, with fractions.
fn wants_decimals(headers: &HeaderMap) -> bool {
    headers.get("x-gate-size-decimal").is_some_and(|value| value.as_bytes() == b"1")
}

fn http(answer: &Answer, now: Timestamp) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.body.clone()));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // Nobody traces anything here: the moment is as good a name as any.
    if let Ok(trace) = HeaderValue::from_str(&format!("{:032x}", now.as_micros())) {
        headers.insert("x-gate-trace-id", trace);
    }
    headers.insert("x-in-time", HeaderValue::from(now.as_micros()));
    headers.insert("x-out-time", HeaderValue::from(now.as_micros()));
    if let Some(Left { limit, remain, reset }) = answer.left {
        headers.insert("x-gate-ratelimit-requests-remain", HeaderValue::from(remain));
        headers.insert("x-gate-ratelimit-limit", HeaderValue::from(limit));
        headers.insert("x-gate-ratelimit-reset-timestamp", HeaderValue::from(reset.as_millis()));
    }
    response
}
