//! Who is told of alerts: the log, the chats and the webhook that are configured. One that cannot be reached holds up no other.

use crate::config::{Address, Config, Environment};
use crate::failure::Failure;
use crate::notify::Log;
use async_trait::async_trait;
use plimsoll_alerts::{Heartbeat, Relay, RelaySettings, RelayTally, WebhookNotifier, WebhookSettings};
use plimsoll_ports::{Alert, Notifier, NotifyError, SystemClock};
use plimsoll_telegram::TelegramNotifier;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;

/// Whoever stops the program waits so long for what is still to be told.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Everybody who is told of alerts.
pub(crate) struct Alerting {
    telegram: Option<TelegramNotifier>,
    webhook: Option<WebhookNotifier>,
}

impl Alerting {
    /// Starts, in tasks of the runtime that this is called in.
    ///
    /// # Errors
    /// What is wrong with an address or a secret.
    pub(crate) fn start(
        config: &Config,
        environment: &Environment,
        telegram: Option<&plimsoll_telegram::Settings>,
    ) -> Result<Self, Failure> {
        let relay = RelaySettings::default;
        let chats = |it: &plimsoll_telegram::Settings| {
            TelegramNotifier::start(it, it.chats.clone(), relay(), Arc::new(SystemClock)).map_err(Failure::usage)
        };
        let webhook = || -> Result<Option<WebhookNotifier>, Failure> {
            let Some(it) = &config.webhook else { return Ok(None) };
            let mut settings = WebhookSettings::new(read(&it.address, environment, "webhook")?);
            if let Some(place) = &it.secret {
                let secret = place.read(environment).map_err(|missing| {
                    Failure::usage(format!("the secret of [webhook]: {}", missing.what)).help(missing.remedy)
                })?;
                settings.secret = Some(secret);
            }
            let notifier = WebhookNotifier::start(settings, Arc::new(SystemClock));
            notifier.map(Some).map_err(|failure| Failure::usage(format!("[webhook]: {failure}")))
        };
        Ok(Self { telegram: telegram.map(chats).transpose()?, webhook: webhook()? })
    }

    /// What has become of alerts, and how many wait, by where they go.
    pub(crate) fn tallies(&self) -> Vec<(&'static str, RelayTally, usize)> {
        let sum = |place, relays: &[&Relay]| {
            let mut sum = (place, RelayTally::default(), 0);
            for relay in relays {
                let RelayTally { delivered, failed, dropped } = relay.tally();
                sum.1.delivered += delivered;
                sum.1.failed += failed;
                sum.1.dropped += dropped;
                sum.2 += relay.waiting();
            }
            sum
        };
        let telegram = self.telegram.iter().map(|it| sum("telegram", &it.relays().iter().collect::<Vec<_>>()));
        telegram.chain(self.webhook.iter().map(|it| sum("webhook", &[it.relay()]))).collect()
    }

    /// Waits a moment for what is still on its way.
    pub(crate) async fn drained(&self) {
        let all = async {
            if let Some(it) = &self.telegram {
                it.drained().await;
            }
            if let Some(it) = &self.webhook {
                it.relay().drained().await;
            }
        };
        if tokio::time::timeout(LAST_WORDS, all).await.is_err() {
            let waiting: usize = self.tallies().iter().map(|(_, _, waiting)| waiting).sum();
            tracing::warn!(waiting, "alerts are left that could not be delivered");
        }
    }
}

#[async_trait]
impl Notifier for Alerting {
    /// An error says where it has not arrived yet; it is kept for there.
    async fn notify(&self, alert: &Alert) -> Result<(), NotifyError> {
        Log.notify(alert).await?;
        let chats = async {
            match &self.telegram {
                Some(it) => it.notify(alert).await,
                None => Ok(()),
            }
        };
        let address = async {
            match &self.webhook {
                Some(it) => it.notify(alert).await,
                None => Ok(()),
            }
        };
        let (chats, address) = tokio::join!(chats, address);
        match (chats, address) {
            (Ok(()), Ok(())) => Ok(()),
            (Err(one), Ok(())) | (Ok(()), Err(one)) => Err(one),
            (Err(NotifyError(one)), Err(NotifyError(other))) => Err(NotifyError(format!("{one}; {other}"))),
        }
    }
}

/// What is to be called while all is well, if anything is.
///
/// # Errors
/// What is wrong with its address.
pub(crate) fn heartbeat(config: &Config, environment: &Environment) -> Result<Option<(Heartbeat, Duration)>, Failure> {
    let Some(it) = &config.heartbeat else { return Ok(None) };
    let heartbeat = Heartbeat::new(read(&it.address, environment, "heartbeat")?);
    heartbeat
        .map(|heartbeat| Some((heartbeat, it.every)))
        .map_err(|failure| Failure::usage(format!("[heartbeat]: {failure}")))
}

fn read(address: &Address, environment: &Environment, section: &str) -> Result<SecretString, Failure> {
    address
        .read(environment)
        .map_err(|missing| Failure::usage(format!("the address of [{section}]: {}", missing.what)).help(missing.remedy))
}
