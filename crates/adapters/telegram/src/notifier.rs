//! Alerts in chats.

use crate::calls::{CallFailure, Calls, message_to};
use crate::figures::tidy;
use crate::settings::{SetUpFailure, Settings};
use crate::text::Text;
use crate::wire::{Place, Sent};
use async_trait::async_trait;
use plimsoll_alerts::{Courier, Letter, Relay, RelaySettings, Undelivered};
use plimsoll_ports::{Alert, Clock, Notifier, NotifyError, Severity};
use std::sync::Arc;

/// A [`Notifier`] that tells alerts in chats, each chat by itself: one that cannot be reached holds up no other.
#[derive(Debug)]
pub struct TelegramNotifier(Vec<Relay>);

impl TelegramNotifier {
    /// Starts, in tasks of the runtime that this is called in.
    ///
    /// # Errors
    /// [`SetUpFailure`].
    pub fn start(
        settings: &Settings,
        chats: impl IntoIterator<Item = i64>,
        relay: RelaySettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetUpFailure> {
        settings.check()?;
        let calls = Calls::new(settings, Arc::clone(&clock))?;
        let start = |chat| {
            Relay::start(Chat { chat, calls: calls.clone(), clock: Arc::clone(&clock) }, relay, Arc::clone(&clock))
        };
        let relays: Vec<Relay> = chats.into_iter().map(start).collect();
        if relays.is_empty() { Err(SetUpFailure::Nobody) } else { Ok(Self(relays)) }
    }

    /// What carries them, one for each chat.
    #[must_use]
    pub fn relays(&self) -> &[Relay] {
        &self.0
    }

    /// How many alerts wait, of all chats.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.iter().map(Relay::waiting).sum()
    }

    /// Returns once everything is delivered or given up: whoever stops the program gives it a moment for that.
    pub async fn drained(&self) {
        for relay in &self.0 {
            relay.drained().await;
        }
    }
}

#[async_trait]
impl Notifier for TelegramNotifier {
    /// An error says that the alert has arrived in no chat yet. It is kept, and sent when that works again.
    async fn notify(&self, alert: &Alert) -> Result<(), NotifyError> {
        let told = futures_of(&self.0, alert).await;
        let mut failures = Vec::new();
        for it in told {
            match it {
                Ok(()) => return Ok(()),
                Err(NotifyError(why)) => failures.push(why),
            }
        }
        Err(NotifyError(failures.join("; ")))
    }
}

/// Tells all at once: nobody waits for two.
async fn futures_of(relays: &[Relay], alert: &Alert) -> Vec<Result<(), NotifyError>> {
    futures_util::future::join_all(relays.iter().map(|relay| relay.notify(alert))).await
}

struct Chat {
    chat: i64,
    calls: Calls,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Courier for Chat {
    fn place(&self) -> String {
        format!("the Telegram chat {}", self.chat)
    }

    async fn deliver(&self, letter: &Letter) -> Result<(), Undelivered> {
        let Alert { severity, title, body, .. } = &letter.alert;
        let word = match severity {
            Severity::Info => "",
            Severity::Warning => "WARNING: ",
            Severity::Critical => "CRITICAL: ",
        };
        let late = letter.lateness(self.clock.now());
        let text = Text::titled(&format!("{word}{title}")).line(&tidy(body)).lines(late).message();
        let to = Place { chat: self.chat, thread: None };
        let with = message_to(to, &text, &[], *severity == Severity::Info);
        match self.calls.once::<Sent>("sendMessage", &with).await {
            Ok(Sent {}) => Ok(()),
            // A token that is not let in is no fault of the alert's.
            Err(failure @ CallFailure::Refused { code: 401 | 404, .. }) => later(&failure, None),
            Err(CallFailure::Refused { code, description }) => {
                Err(Undelivered::Refused(format!("Telegram refuses: {code} {description}")))
            }
            Err(failure @ CallFailure::Throttled(wait)) => later(&failure, Some(wait)),
            Err(failure @ CallFailure::Unreachable(_)) => later(&failure, None),
        }
    }
}

fn later(failure: &CallFailure, after: Option<std::time::Duration>) -> Result<(), Undelivered> {
    Err(Undelivered::Later { reason: failure.to_string(), after })
}
