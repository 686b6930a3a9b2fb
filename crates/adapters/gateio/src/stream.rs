//! The account's private events.

use crate::broker::GateioBroker;
use crate::directory::Listed;
use crate::wire::{self, Reading, request};
use plimsoll_domain::{
    AccountEvent, AccountSnapshot, Fill, Leverage, MarginMode, PositionMode, PositionReport, Symbol, Timestamp,
};
use plimsoll_ports::{Clock, NotSent};
use plimsoll_transport::{Address, Dial, DialFailure};
use plimsoll_venue::{
    AccountFollower, CallError, DecodeError, Event, FollowSettings, Greeting, OrderMemory, PrivateStream, Refused,
};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The private events of one account: see [`GateioBroker::account_stream`].
pub type GateioAccountStream = AccountFollower;

/// Channels without which the account is followed all the same: what they tell is a warning, or told elsewhere too.
const DISPENSABLE: [&str; 4] =
    ["futures.position_adl_rank", "futures.reduce_risk_limits", "futures.position_closes", "futures.auto_deleverages"];

/// The subscription was not authenticated.
const NOT_AUTHENTICATED: &str = "4";
/// A wrong key does not become right by asking again at once.
const AFTER_WRONG_KEY: Duration = Duration::from_secs(60);

pub(crate) fn open(broker: &GateioBroker) -> GateioAccountStream {
    AccountFollower::open(Source { broker: broker.clone(), settings: Mutex::default() })
}

/// What the venue's stream has of its own: subscriptions that are signed one by one, and the account's position mode,
/// without which orders and trades cannot be told.
struct Source {
    broker: GateioBroker,
    settings: Mutex<Settings>,
}

/// How contracts were set, as far as the stream has told: the venue tells of a setting by a position's row only, flat or
/// not.
#[derive(Debug, Default)]
struct Settings(HashMap<Symbol, (Option<Leverage>, Option<MarginMode>)>);

impl Settings {
    /// Puts the news of a setting before the row that it came with. Of a contract that was never heard of, a row that
    /// holds nothing was sent for its setting.
    fn hear(&mut self, events: Vec<Event>) -> Vec<Event> {
        let mut told = Vec::with_capacity(events.len());
        for event in events {
            if let Event::Account(AccountEvent::Position(report)) = &event {
                told.extend(self.news(report).into_iter().flatten().map(Event::Account));
            }
            told.push(event);
        }
        told
    }

    fn news(&mut self, report: &PositionReport) -> [Option<AccountEvent>; 2] {
        let (symbol, stamp) = (report.symbol.clone(), report.stamp);
        let silent = report.position.is_some() && !self.0.contains_key(&symbol);
        let known = self.0.entry(symbol.clone()).or_default();
        let leverage = report.leverage.filter(|leverage| known.0.replace(*leverage) != Some(*leverage) && !silent);
        let mode = report.margin_mode.filter(|mode| known.1.replace(*mode) != Some(*mode) && !silent);
        [
            leverage.map(|leverage| AccountEvent::Leverage { symbol: symbol.clone(), leverage, stamp }),
            mode.map(|mode| AccountEvent::MarginMode { symbol, mode, stamp }),
        ]
    }

    /// What a snapshot shows is known, and no news.
    fn learn(&mut self, snapshot: &AccountSnapshot) {
        for report in &snapshot.positions {
            let known = self.0.entry(report.symbol.clone()).or_default();
            *known = (report.leverage.or(known.0), report.margin_mode.or(known.1));
        }
    }
}

impl Source {
    fn contract_settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The headers with which sizes come as texts with all their digits, on sockets as in answers.
pub(crate) fn headers() -> Vec<(&'static str, String)> {
    vec![("X-Gate-Size-Decimal", "1".to_owned())]
}

/// Where the socket is, once the venue wants to hear from us again.
pub(crate) fn address(client: &crate::client::Client, greetings: Vec<String>) -> Result<Address, DialFailure> {
    client.may_dial()?;
    Ok(Address { url: client.rest().endpoints.sockets.clone(), greetings })
}

impl Dial for Source {
    async fn dial(&self) -> Result<Address, DialFailure> {
        address(&self.broker.shared().client, Vec::new())
    }

    fn heartbeat(&self) -> Option<String> {
        Some(request::ping(self.broker.shared().client.venue_time()))
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        headers()
    }
}

impl PrivateStream for Source {
    type Listing = Listed;

    const EXPIRED: &'static str = "the venue is about to close the connection";

    fn settings(&self) -> FollowSettings {
        self.broker.shared().client.rest().settings.follow()
    }

    fn clock(&self) -> &Arc<dyn Clock> {
        self.broker.shared().client.clock()
    }

    fn orders(&self) -> &OrderMemory {
        &self.broker.shared().memory
    }

    async fn listing(&self) -> Result<Arc<Listed>, CallError> {
        self.broker.shared().listed().await
    }

    async fn forget_listing(&self) {
        self.broker.shared().directory.forget().await;
    }

    fn decode(&self, frame: &[u8], listing: &Listed, arrival: u64) -> Result<Vec<Event>, DecodeError> {
        let shared = self.broker.shared();
        let mode = shared.known_mode().unwrap_or(PositionMode::OneWay);
        let mut events = wire::decode(frame, Reading::new(&listing.symbols, mode), arrival)?;
        for event in &events {
            if let Event::Account(AccountEvent::PositionMode { mode, .. }) = event {
                shared.heard_mode(Some(*mode));
            }
        }
        shared.names.hear(&mut events);
        Ok(self.contract_settings().hear(events))
    }

    async fn snapshot(&self) -> Result<AccountSnapshot, CallError> {
        let snapshot = self.broker.snapshot().await?;
        self.contract_settings().learn(&snapshot);
        Ok(snapshot)
    }

    async fn fills(&self, since: Timestamp, _: &BTreeSet<Symbol>) -> Result<Vec<Fill>, CallError> {
        self.broker.read_fills(None, since).await
    }

    async fn handshake(&self) -> Result<Vec<Greeting>, CallError> {
        let shared = self.broker.shared();
        let Some(credentials) = &shared.client.rest().credentials else {
            return Err(CallError::NotSent(NotSent::Invalid("private channels need a key".to_owned())));
        };
        let (now, user) = (shared.client.known_time().await?, shared.user().await?);
        let subscribe = |(id, channel): (u64, &&str)| {
            let payload = request::private_payload(channel, &user);
            request::subscribe_private(channel, &payload, credentials, id, now)
        };
        let frames = (1..).zip(&request::PRIVATE_CHANNELS).map(subscribe).collect();
        Ok(vec![Greeting::subscriptions(frames, request::PRIVATE_CHANNELS)])
    }

    fn refused(&self, id: &str, code: &str, message: &str) -> Refused {
        if code != NOT_AUTHENTICATED && DISPENSABLE.contains(&id) {
            tracing::warn!(channel = id, code, message, "the venue refuses a channel: going on without it");
            return Refused::GoOn;
        }
        let what = if id.is_empty() { "the session" } else { id };
        let reason = format!("the venue refuses {what}: {message} ({code})");
        Refused::GiveUp { reason, not_before: (code == NOT_AUTHENTICATED).then_some(AFTER_WRONG_KEY) }
    }
}
