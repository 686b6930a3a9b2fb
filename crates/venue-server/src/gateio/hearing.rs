//! What clients say on their sockets: pings, subscriptions, orders.

use crate::gateio::auth::{self, Claim};
use crate::gateio::floor::Floor;
use crate::gateio::session::{Channel, Detail, Session, Subscription, answered, failed};
use crate::gateio::words;
use crate::gateio::{channels, socket_orders};
use plimsoll_domain::AccountId;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::time::Duration;

/// A client's message.
#[derive(Debug, Deserialize)]
pub(crate) struct Said {
    #[serde(default)]
    pub(crate) id: Option<i64>,
    #[serde(default)]
    time: Option<Box<RawValue>>,
    #[serde(default)]
    pub(crate) channel: String,
    #[serde(default)]
    event: String,
    #[serde(default)]
    pub(crate) payload: Option<Box<RawValue>>,
    #[serde(default)]
    auth: Option<Auth>,
}

#[derive(Debug, Deserialize)]
struct Auth {
    #[serde(rename = "KEY", default)]
    key: String,
    #[serde(rename = "SIGN", default)]
    sign: String,
}

/// What a subscription fails with.
struct Failure(u8, String);

impl Failure {
    fn argument(message: impl Into<String>) -> Self {
        Self(2, message.into())
    }
}

impl Floor {
    /// Takes a client's message; `false` if the socket is to be closed.
    pub(crate) fn hear(&mut self, socket: u64, text: &str) -> bool {
        let now = self.server_time();
        let Some(session) = self.sockets.get_mut(socket) else { return false };
        session.touch();
        let Ok(said) = serde_json::from_str::<Said>(text) else {
            return session.say(failed("", "", None, 1, "invalid argument struct", now));
        };
        if said.channel == "futures.ping" {
            let (seconds, millis) = (now.as_millis().div_euclid(1000), now.as_millis());
            return session.say(format!(
                r#"{{"time":{seconds},"time_ms":{millis},"channel":"futures.pong","event":"","result":null}}"#
            ));
        }
        match said.event.as_str() {
            "subscribe" | "unsubscribe" => self.subscription(socket, &said),
            "api" => socket_orders::obey(self, socket, &said),
            other => {
                let message = format!("unknown event {other}");
                session.say(failed(&said.channel, other, said.id, 2, &message, now))
            }
        }
    }

    fn subscription(&mut self, socket: u64, said: &Said) -> bool {
        let now = self.server_time();
        let read = self.subscriptions(said);
        let Some(session) = self.sockets.get_mut(socket) else { return false };
        let answer = |failure: Option<&Failure>| {
            let error = failure.map(|Failure(code, message)| (*code, message.as_str()));
            answered(&said.channel, &said.event, said.id, error, now)
        };
        let subscriptions = match read.and_then(|read| distinct(session, said, read)) {
            Ok(subscriptions) => subscriptions,
            Err(failure) => return session.say(answer(Some(&failure))),
        };
        let begins = said.event == "subscribe";
        let fresh = subscriptions.clone();
        for subscription in subscriptions {
            if begins {
                session.subscribe(subscription);
            } else {
                let contract = subscription.contract.as_deref();
                session.unsubscribe(subscription.channel, contract, &subscription.detail.word);
            }
        }
        if !session.say(answer(None)) {
            return false;
        }
        if begins {
            channels::publish_first(self, socket, &fresh);
        }
        true
    }

    /// What a message subscribes to, or no longer; all of it or nothing.
    fn subscriptions(&self, said: &Said) -> Result<Vec<Subscription>, Failure> {
        let channel = Channel::read(&said.channel);
        let channel = channel.ok_or_else(|| Failure::argument(format!("unknown channel {}", said.channel)))?;
        let payload = payload(said)?;
        if channel.is_private() {
            let account = self.signed(said)?;
            return self.private(channel, &account, &payload);
        }
        self.public(channel, &payload)
    }

    fn signed(&self, said: &Said) -> Result<AccountId, Failure> {
        let failed = || Failure(4, "authentication fail".to_owned());
        let auth = said.auth.as_ref().ok_or_else(failed)?;
        let time = said.time.as_deref().map(crate::gateio::parameters::text);
        let claim = Claim { key: Some(&auth.key), sign: Some(&auth.sign), timestamp: time.as_deref() };
        let caller = auth::verify_subscription(claim, &said.channel, &said.event, self.server_time(), &self.keys);
        caller.map_err(|refusal| Failure(4, refusal.message.into_owned()))
    }

    /// `[user, contract]`; of some channels without the user, of balances without the contract.
    fn private(&self, channel: Channel, account: &AccountId, payload: &[String]) -> Result<Vec<Subscription>, Failure> {
        let user = self.user(account).to_string();
        // The user's id stands first. For positions it is no more than a placeholder, and two channels do without.
        let named = payload.first().is_some_and(|first| *first == user);
        let contracts = match channel {
            Channel::AdlRank | Channel::AutoOrders if !named => payload,
            Channel::Positions => payload.get(1..).unwrap_or_default(),
            _ if named => payload.get(1..).unwrap_or_default(),
            _ => return Err(Failure::argument("the payload begins with the user id")),
        };
        let subscription = |contract: Option<String>| Subscription {
            channel,
            account: Some(account.clone()),
            contract,
            detail: Detail::default(),
            sent: None,
        };
        if channel == Channel::Balances || contracts.is_empty() {
            return Ok(vec![subscription(None)]);
        }
        contracts.iter().map(|word| self.contract(word).map(subscription)).collect()
    }

    /// A contract by its name; `!all` is all.
    fn contract(&self, word: &str) -> Result<Option<String>, Failure> {
        if word == "!all" {
            return Ok(None);
        }
        let known = self.native(word).ok_or_else(|| Failure::argument(format!("unknown contract {word}")))?;
        Ok(Some(known.native.to_string()))
    }

    fn public(&self, channel: Channel, payload: &[String]) -> Result<Vec<Subscription>, Failure> {
        let word = |at: usize| payload.get(at).map(String::as_str).unwrap_or_default();
        let subscription = |contract: Option<String>, detail: Detail| Subscription {
            channel,
            account: None,
            contract,
            detail,
            sent: None,
        };
        let one = |name: &str, detail: Detail| Ok(vec![subscription(self.contract(name)?, detail)]);
        match channel {
            Channel::Candlesticks => one(without_prefix(word(1)).1, candle(word(0), word(1))?),
            Channel::OrderBook => {
                let levels = levels(word(1), &["1", "5", "10", "20", "50", "100"])?;
                one(word(0), Detail { word: word(1).to_owned(), levels, ..Detail::default() })
            }
            Channel::OrderBookUpdate => {
                let interval = match word(1) {
                    "100ms" => Duration::from_millis(100),
                    "20ms" => Duration::from_millis(20),
                    other => return Err(Failure::argument(format!("unknown frequency {other}"))),
                };
                let levels = if word(2).is_empty() { 100 } else { levels(word(2), &["20", "50", "100"])? };
                one(word(0), Detail { word: word(1).to_owned(), interval, levels, of_mark: false })
            }
            Channel::BookV2 => {
                let mut subscriptions = Vec::new();
                for name in payload {
                    let rest = name.strip_prefix("ob.").and_then(|rest| rest.rsplit_once('.'));
                    let (native, count) = rest.ok_or_else(|| Failure::argument(format!("unknown stream {name}")))?;
                    let levels = levels(count, &["50", "400"])?;
                    let detail = Detail { word: count.to_owned(), levels, ..Detail::default() };
                    subscriptions.push(subscription(self.contract(native)?, detail));
                }
                Ok(subscriptions)
            }
            _ if payload.is_empty() => Err(Failure::argument("the payload names no contract")),
            _ => {
                let contracts = payload.iter().map(|name| self.contract(name));
                contracts.map(|contract| Ok(subscription(contract?, Detail::default()))).collect()
            }
        }
    }
}

/// A second subscription to one book of the newer kind is an error.
fn distinct(session: &Session, said: &Said, read: Vec<Subscription>) -> Result<Vec<Subscription>, Failure> {
    let twice = read.iter().find(|one| {
        said.event == "subscribe" && one.channel == Channel::BookV2 && session.has(one.channel, one.contract.as_deref())
    });
    match twice {
        Some(one) => {
            let name = one.contract.as_deref().unwrap_or_default();
            Err(Failure::argument(format!("Alert sub ob.{name}.{}", one.detail.word)))
        }
        None => Ok(read),
    }
}

/// The payload is an array of texts; numbers stand for texts.
fn payload(said: &Said) -> Result<Vec<String>, Failure> {
    let Some(payload) = &said.payload else { return Ok(Vec::new()) };
    let values: Vec<Value> =
        serde_json::from_str(payload.get()).map_err(|_| Failure(1, "invalid argument struct".to_owned()))?;
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(values.into_iter().map(text).collect())
}

fn levels(word: &str, offered: &[&str]) -> Result<usize, Failure> {
    let known = offered.contains(&word).then(|| word.parse().ok()).flatten();
    known.ok_or_else(|| Failure::argument(format!("unknown depth {word}")))
}

/// `mark_BTC_USDT` is of the mark; the index is not kept apart from it.
pub(crate) fn without_prefix(name: &str) -> (bool, &str) {
    match name.strip_prefix("mark_").or_else(|| name.strip_prefix("index_")) {
        Some(native) => (true, native),
        None => (false, name),
    }
}

fn candle(interval: &str, name: &str) -> Result<Detail, Failure> {
    let length = words::read_interval(interval).map_err(|refusal| Failure::argument(refusal.message.into_owned()))?;
    Ok(Detail { word: format!("{interval}_{name}"), interval: length, of_mark: without_prefix(name).0, levels: 0 })
}
