//! The listen key: what opens the private stream, and may die without a word.

use crate::broker::BinanceBroker;
use crate::client::Client;
use crate::wire::{body, request};
use plimsoll_domain::Timestamp;
use plimsoll_transport::{Address, DialFailure, Priority};
use plimsoll_venue::Kept;
use secrecy::{ExposeSecret, SecretString};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The venue does not know the listen key (any more).
const NO_SUCH_KEY: &str = "-1125";

/// Asks for a listen key whenever a connection is made, and remembers when the venue last showed that it knows it.
///
/// A socket whose key has died stays open, answers pings, and is silent for ever: that it lives proves nothing.
pub(super) struct ListenKey {
    broker: BinanceBroker,
    shown: Mutex<Shown>,
}

#[derive(Default)]
struct Shown {
    key: Option<SecretString>,
    at: Timestamp,
}

impl ListenKey {
    pub(super) fn new(broker: BinanceBroker) -> Self {
        Self { broker, shown: Mutex::default() }
    }

    /// An address with a new key in it.
    pub(super) async fn open(&self) -> Result<Address, DialFailure> {
        let client = self.client();
        let key = client.read(&request::listen_key_open(), Priority::ReducesRisk, body::listen_key).await;
        let key = key
            .map_err(|error| DialFailure { reason: error.to_string(), not_before: error.wait(client.clock().now()) })?;
        let url = request::private_url(&client.rest().endpoints.sockets, key.expose_secret());
        *self.shown() = Shown { key: Some(key), at: client.clock().now() };
        Ok(Address { url, greetings: Vec::new() })
    }

    /// The venue has just sent something that it sends to holders of the key only.
    pub(super) fn is_heard(&self) {
        let now = self.client().clock().now();
        self.shown().at = now;
    }

    /// Whether the venue has shown lately that it knows the key.
    pub(super) fn is_believed(&self) -> bool {
        let client = self.client();
        client.clock().now().since(self.shown().at) < client.rest().settings.key_believed_for
    }

    /// Keeps the key for another hour.
    pub(super) async fn keep_alive(&self) -> Kept {
        let ours = self.shown().key.clone();
        let call = request::listen_key_keep_alive();
        match self.client().read(&call, Priority::ReducesRisk, body::kept_listen_key).await {
            Ok(kept) => self.kept(ours, kept),
            Err(error) if error.code() == Some(NO_SUCH_KEY) => Kept::Gone("the listen key is gone"),
            Err(error) => {
                tracing::warn!(%error, "the listen key could not be kept alive");
                Kept::Unsure
            }
        }
    }

    fn kept(&self, ours: Option<SecretString>, kept: Option<SecretString>) -> Kept {
        let same = |one: &SecretString, other: &SecretString| one.expose_secret() == other.expose_secret();
        match (&ours, &kept) {
            (Some(ours), Some(kept)) if !same(ours, kept) => Kept::Gone("the venue keeps another listen key alive"),
            _ => {
                self.is_heard();
                Kept::Alive
            }
        }
    }

    fn client(&self) -> &Client {
        &self.broker.shared().client
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
