//! The account's private events.

use crate::broker::GateioBroker;
use crate::directory::Listed;
use crate::wire::{self, Reading, Symbols, request};
use plimsoll_domain::{
    AccountEvent, AccountSnapshot, Fill, Leverage, MarginMode, PositionMode, PositionReport, Symbol, Timestamp,
};
use plimsoll_ports::{Clock, NotSent};
use plimsoll_transport::{Address, Dial, DialFailure};
use plimsoll_venue::{
    AccountFollower, CallError, DecodeError, Event, FollowSettings, Greeting, OrderMemory, PrivateStream, Refused, Rest,
};
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The private events of one account: see [`GateioBroker::account_stream`].
pub type GateioAccountStream = AccountFollower;

/// Channels without which the account is followed all the same: what they tell is a warning, or told elsewhere too.
const DISPENSABLE: [&str; 4] =
    ["futures.position_adl_rank", "futures.reduce_risk_limits", "futures.position_closes", "futures.auto_deleverages"];

/// The subscription was not authenticated.
const NOT_AUTHENTICATED: &str = "4";
/// A key that was refused twice, with the venue's time asked for in between, does not become right by asking again at once.
const AFTER_WRONG_KEY: Duration = Duration::from_secs(60);
/// Too many connections, or messages.
const AFTER_TOO_MUCH: Duration = Duration::from_secs(10);

/// How long to stay away after this error of a socket, if the back-off may be too short. The code is the same for much else:
/// the label is in the message.
pub(crate) fn pause_after(code: &str, message: &str) -> Option<Duration> {
    [code, message].iter().any(|words| words.contains("TOO_MANY")).then_some(AFTER_TOO_MUCH)
}

pub(crate) fn open(broker: &GateioBroker) -> GateioAccountStream {
    AccountFollower::open(Source { broker: broker.clone(), settings: Mutex::default(), refused: AtomicU32::new(0) })
}

/// What the venue's stream has of its own: subscriptions that are signed one by one, and the account's position mode,
/// without which orders and trades cannot be told.
struct Source {
    broker: GateioBroker,
    settings: Mutex<Settings>,
    /// How often in a row a subscription was not authenticated.
    refused: AtomicU32,
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

/// Orders and trades cannot be told without the position mode. While it is not known, what says the same in either mode is
/// read, and anything else makes the account be read again, which tells the mode too.
fn read(frame: &[u8], symbols: &Symbols, mode: Option<PositionMode>, arrival: u64) -> Result<Vec<Event>, DecodeError> {
    let by = |mode| wire::decode(frame, Reading::new(symbols, mode), arrival);
    match mode {
        Some(mode) => by(mode),
        None => match (by(PositionMode::OneWay), by(PositionMode::Hedge)) {
            (Ok(one_way), Ok(hedge)) if one_way == hedge => Ok(one_way),
            (Err(error), Err(_)) => Err(error),
            _ => Err(DecodeError::new("the account's position mode is not known", "the whole message")),
        },
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
        let shared = self.broker.shared();
        shared.directory.listing.unforgotten(&shared.client).await
    }

    async fn forget_listing(&self) {
        self.broker.shared().directory.forget().await;
    }

    fn decode(&self, frame: &[u8], listing: &Listed, arrival: u64) -> Result<Vec<Event>, DecodeError> {
        let shared = self.broker.shared();
        let mut events = read(frame, &listing.symbols, shared.known_mode(), arrival)?;
        for event in &events {
            if let Event::Account(AccountEvent::PositionMode { mode, .. }) = event {
                shared.heard_mode(Some(*mode));
            }
        }
        shared.names.hear(&mut events);
        Ok(self.contract_settings().hear(events))
    }

    fn hide(&self, words: &str) -> String {
        self.broker.shared().client.rest().hide(words)
    }

    async fn snapshot(&self) -> Result<AccountSnapshot, CallError> {
        // Every subscription was acknowledged.
        self.refused.store(0, Ordering::Relaxed);
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
        // Whatever it was not authenticated for: the clocks may have drifted apart.
        let now = match self.refused.load(Ordering::Relaxed) {
            0 => shared.client.known_time().await?,
            _ => shared.client.measure_time().await.map_err(CallError::before_sending)?,
        };
        let user = shared.user().await?;
        shared.mode().await?;
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
        let again = code == NOT_AUTHENTICATED && self.refused.fetch_add(1, Ordering::Relaxed) > 0;
        let not_before = if again { Some(AFTER_WRONG_KEY) } else { pause_after(code, message) };
        Refused::GiveUp { reason, not_before }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_venue::SessionEvent;

    #[test]
    fn too_much_is_waited_out_on_either_stream() {
        let refused = br#"{"time":1,"channel":"futures.tickers","event":"subscribe","error":{"code":1,"message":"TOO_MANY_REQUESTS"},"result":null}"#;
        let told = read(refused, &Symbols::by_name(), None, 1).unwrap();
        let [Event::Session(SessionEvent::Refused { id, code, message })] = &told[..] else { panic!("{told:?}") };
        assert_eq!((id.as_str(), code.as_str()), ("futures.tickers", "1"));
        assert_eq!(pause_after(code, message), Some(Duration::from_secs(10)));
        assert_eq!(pause_after("2", "unknown contract BTC_USDT"), None);
    }

    #[test]
    fn no_position_mode_is_guessed() {
        let symbols = Symbols::by_name();
        let order = br#"{"time":1,"time_ms":1541505434123,"channel":"futures.orders","event":"update","result":[{"contract":"BTC_USDT","create_time_ms":1628736847325,"finish_as":"_new","id":4872460,"is_reduce_only":false,"left":"1","price":40000.4,"size":"1","status":"open","text":"t-a","tif":"gtc","update_id":1}]}"#;
        let told = |mode| read(order, &symbols, mode, 1);
        assert!(told(Some(PositionMode::OneWay)).is_ok() && told(Some(PositionMode::Hedge)).is_ok());
        let error = told(None).unwrap_err();
        assert_eq!(error.to_string(), "the account's position mode is not known, in the whole message");
        // What is the same in either mode is read.
        let pong = br#"{"time":1,"channel":"futures.pong","event":"","result":null}"#;
        assert_eq!(read(pong, &symbols, None, 1).unwrap().len(), 1);
        assert!(read(b"{", &symbols, None, 1).is_err());
    }
}
