//! Bitget USDT-M futures: REST and WebSocket of API v2 as they are in 2026, and beside them the dialect of
//! `mix/v1/stream` with its channels `account`, `positions`, `orders`, `execution` and `liquidation`.
//!
//! The header of demo trading is taken and changes nothing. Of coins and contracts there are those that settle in USDT.
//! What the exchange does not have is refused: plans that become limit orders or follow the price, orders over sockets, a
//! leverage of its own for each leg, margin that is added by itself, several coins as margin. A liquidation closes whole.

mod account;
mod auth;
mod batches;
mod channel;
mod closing;
mod error;
mod faulty;
mod floor;
mod hearing;
mod limits;
mod lives;
mod market;
mod market_data;
mod mission;
mod modify;
mod order_row;
mod orders;
mod parameters;
mod plan_calls;
mod plan_lists;
mod plan_row;
mod plans;
mod position_row;
mod positions;
mod private;
mod queries;
mod refusal;
mod request;
mod router;
mod session;
mod settings_calls;
mod telling;
mod words;

pub use limits::RateLimits;

use crate::bitget::auth::{Claim, Sent};
use crate::bitget::floor::Floor;
use crate::bitget::router::Arrived;
use crate::faults::{Faults, Targets};
use crate::line::Progress;
use crate::running::{self, Credentials, Face, Running, StartError};
use crate::server::{HttpRequest, Opening, Reply};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use plimsoll_domain::Money;
use plimsoll_exchange::{Exchange, Tick, TickRefused};
use std::sync::Arc;

/// How Bitget's face behaves.
pub type Settings = crate::settings::Settings<RateLimits>;

/// Bitget's face of an exchange. For `https://api.bitget.com` stands the [REST address](Running::rest_url), for
/// `wss://ws.bitget.com` that of [the streams](Running::ws_url): `/v2/ws/public`, `/v2/ws/private`, `/mix/v1/stream`.
/// Accounts are opened [with a passphrase](Running::open_account_with_passphrase).
///
/// The margin tables of its contracts are to hold the fee of 0.06 % that the venue adds to every maintenance rate: what is
/// published is less by that much.
#[derive(Debug)]
pub struct BitgetVenue;

impl BitgetVenue {
    /// Starts serving `exchange`. It stops when the answer is dropped or [shut down](Running::shutdown).
    ///
    /// # Errors
    /// [`StartError`] if the address is not on loopback or cannot be listened at.
    pub async fn start(mut exchange: Exchange, settings: Settings) -> Result<Running, StartError> {
        // An order is accepted before it is matched: what matching refuses is cancelled.
        exchange.expire_unmatched();
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
        Self::calm(self);
    }

    fn expire_keys(&mut self) {
        self.end_logins(true);
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
        let Ok(body) = std::str::from_utf8(body) else { return Reply::Now(plain(StatusCode::BAD_REQUEST)) };
        let claim = Claim {
            key: header("access-key"),
            sign: header("access-sign"),
            timestamp: header("access-timestamp"),
            passphrase: header("access-passphrase"),
        };
        faulty::answer(self, Arrived { sent: Sent { method, path, query, body }, claim })
    }

    fn open(&mut self, path: &str, _: &str, _: &HeaderMap) -> Opening {
        Self::open(self, path)
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
    if let Some(remaining) = answer.remaining {
        headers.insert("x-mbx-used-remain-limit", HeaderValue::from(remaining));
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
