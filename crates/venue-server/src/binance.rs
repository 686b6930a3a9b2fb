//! Binance USDⓈ-M futures: REST and routed WebSocket streams, as they are in 2026.

mod account;
mod algo;
mod auth;
mod deadlines;
mod error;
mod facts;
mod faulty;
mod floor;
mod leverage;
mod limits;
mod listen_key;
mod listen_key_calls;
mod market;
mod market_data;
mod modify;
mod number;
mod order_body;
mod orders;
mod parameters;
mod queries;
mod refusal;
mod request;
mod router;
mod session;
mod settings_calls;
mod subscription;
mod user_data;
mod words;

pub use crate::clock::AuthenticationClock;
pub use crate::running::{Running, StartError};
pub use crate::settings::Settings;
pub use limits::RateLimits;

use crate::binance::auth::Sent;
use crate::binance::floor::Floor;
use crate::binance::router::Arrived;
use crate::faults::{Faults, Targets};
use crate::line::Progress;
use crate::running::{self, Credentials, Face};
use crate::server::{HttpRequest, Opening, Reply};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use plimsoll_domain::Money;
use plimsoll_exchange::{Exchange, Tick, TickRefused};
use std::sync::Arc;

/// Binance's face of an exchange. For `https://fapi.binance.com` stands the [REST address](Running::rest_url), for
/// `wss://fstream.binance.com` that of [the streams](Running::ws_url).
#[derive(Debug)]
pub struct BinanceVenue;

impl BinanceVenue {
    /// Starts serving `exchange`. It stops when the answer is dropped or [shut down](Running::shutdown).
    ///
    /// # Errors
    /// [`StartError`] if the address is not on loopback or cannot be listened at.
    pub async fn start(exchange: Exchange, settings: Settings) -> Result<Running, StartError> {
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
        Self::add_key(self, credentials.account, key, credentials.secret);
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
        Self::calm(self);
    }

    fn expire_keys(&mut self) {
        self.expire_listen_keys();
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
        let content = header("content-type").unwrap_or_default();
        let form = content.is_empty() || content.starts_with("application/x-www-form-urlencoded");
        let Ok(body) = std::str::from_utf8(body) else { return Reply::Now(plain(StatusCode::BAD_REQUEST)) };
        let arrived = Arrived { method, path, key: header("x-mbx-apikey"), sent: Sent { query, body }, form };
        faulty::answer(self, arrived)
    }

    fn open(&mut self, path: &str, query: &str, _: &HeaderMap) -> Opening {
        Self::open(self, path, query)
    }

    fn hear(&mut self, socket: u64, text: &str) -> bool {
        Self::hear(self, socket, text)
    }

    fn close(&mut self, socket: u64) {
        self.sockets.close(socket);
    }
}

fn http(answer: router::Answer) -> Response<Body> {
    let mut response = plain(StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    *response.body_mut() = Body::from(answer.body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("x-mbx-used-weight-1m", HeaderValue::from(answer.used_weight));
    if let Some((ten_seconds, minute)) = answer.order_count {
        headers.insert("x-mbx-order-count-10s", HeaderValue::from(ten_seconds));
        headers.insert("x-mbx-order-count-1m", HeaderValue::from(minute));
    }
    if let Some(seconds) = answer.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn plain(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
