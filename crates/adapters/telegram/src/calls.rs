//! The Bot API: one call, one answer, or a failure without the token.

use crate::settings::{SetUpFailure, Settings};
use crate::text::Text;
use crate::wire::{Answer, Place, Sent};
use plimsoll_ports::Clock;
use plimsoll_ports::domain::Timestamp;
use plimsoll_transport::{Backoff, BackoffSettings, HttpFailure, HttpRequest, HttpSession, HttpSettings, Method};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often a call is tried.
const ATTEMPTS: u32 = 6;
/// Beyond its wait at the other side, a request for news may take this long.
const SLACK: Duration = Duration::from_secs(10);
/// Telegram says how long to wait; if it does not, this is it.
const WAIT: Duration = Duration::from_secs(1);
/// The most that is said over a button.
const MOST_TOAST: usize = 190;

/// Calls of one bot.
#[derive(Clone)]
pub(crate) struct Calls(Arc<Inner>);

struct Inner {
    /// With the token: never shown.
    base: String,
    token: crate::BotToken,
    calls: HttpSession,
    polls: HttpSession,
    clock: Arc<dyn Clock>,
    /// Nothing is called before this.
    closed_until: Mutex<Timestamp>,
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls").finish_non_exhaustive()
    }
}

/// Why a call came to nothing. The words hold no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallFailure {
    /// No answer, or none that can be read: it may have been done.
    #[error("Telegram is not reached: {0}")]
    Unreachable(String),
    /// Telegram said no.
    #[error("Telegram refuses: {code} {description}")]
    Refused { code: u16, description: String },
    /// Telegram wants us to wait.
    #[error("Telegram wants us to wait for {} s", .0.as_secs())]
    Throttled(Duration),
}

/// A button below a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Button {
    pub(crate) words: String,
    /// Comes back when it is pressed: 64 bytes at most.
    pub(crate) data: String,
}

impl Calls {
    pub(crate) fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, SetUpFailure> {
        let session = |settings| HttpSession::new(settings).map_err(|error| SetUpFailure::Http(error.to_string()));
        let usual = HttpSettings::default();
        let (address, token) = (settings.address.trim_end_matches('/'), settings.token.clone());
        Ok(Self(Arc::new(Inner {
            base: format!("{address}/bot{}", token.expose()),
            token,
            calls: session(usual)?,
            polls: session(HttpSettings { timeout: settings.poll.saturating_add(SLACK), ..usual })?,
            clock,
            closed_until: Mutex::default(),
        })))
    }

    /// Calls a method, once.
    pub(crate) async fn once<T: DeserializeOwned>(&self, method: &str, with: &Value) -> Result<T, CallFailure> {
        self.opened().await;
        let inner = &self.0;
        let session = if method == "getUpdates" { &inner.polls } else { &inner.calls };
        let request = HttpRequest::new(Method::Post, format!("{}/{method}", inner.base));
        let request = request.header("content-type", "application/json").body(with.to_string());
        let response = session.send(&request).await.map_err(|failure| {
            let (HttpFailure::NotSent(text) | HttpFailure::Unanswered(text)) = failure;
            let why = text.replace(&format!("{request:?}"), method);
            CallFailure::Unreachable(self.clean(&why))
        })?;
        let unread = |_| CallFailure::Unreachable(format!("{method}: an answer {} that says nothing", response.status));
        let answer: Answer = serde_json::from_slice(&response.body).map_err(unread)?;
        match answer {
            Answer { ok: true, result: Some(result), .. } => serde_json::from_str(result.get()).map_err(unread),
            it => Err(self.failure(response.status, it)),
        }
    }

    /// The same, again and again while Telegram is away or wants us to wait, for a while.
    pub(crate) async fn insist<T: DeserializeOwned>(&self, method: &str, with: &Value) -> Result<T, CallFailure> {
        let (first, longest) = (Duration::from_millis(500), Duration::from_secs(10));
        let mut backoff = Backoff::new(BackoffSettings { first, longest, seed: None });
        let mut attempt = 1;
        loop {
            match self.once(method, with).await {
                Err(CallFailure::Unreachable(_)) if attempt < ATTEMPTS => self.wait(backoff.next_wait()).await,
                // The next call waits by itself.
                Err(CallFailure::Throttled(_)) if attempt < ATTEMPTS => {}
                done => return done,
            }
            attempt += 1;
        }
    }

    /// Says something; buttons are below the last message of it.
    pub(crate) async fn say(&self, to: Place, text: Text, buttons: &[Button]) -> Result<(), CallFailure> {
        let messages = text.messages();
        let last = messages.len().saturating_sub(1);
        for (place, message) in messages.into_iter().enumerate() {
            let buttons = if place == last { buttons } else { &[] };
            let _: Sent = self.insist("sendMessage", &message_to(to, &message, buttons, false)).await?;
        }
        Ok(())
    }

    /// What a message says from now on.
    pub(crate) async fn edit(
        &self,
        at: Place,
        message: i64,
        text: Text,
        buttons: &[Button],
    ) -> Result<(), CallFailure> {
        let mut with = message_to(at, &text.clone().message(), buttons, false);
        with["message_id"] = json!(message);
        match self.insist::<serde::de::IgnoredAny>("editMessageText", &with).await {
            Err(CallFailure::Refused { description, .. }) if description.contains("not modified") => Ok(()),
            // It is gone, or too old: what there is to say is said all the same.
            Err(CallFailure::Refused { code: 400, .. }) => self.say(at, text, buttons).await,
            done => done.map(|_| ()),
        }
    }

    /// Answers a press: words that show for a moment, or until they are read.
    pub(crate) async fn answer(&self, press: &str, words: &str, until_read: bool) -> Result<(), CallFailure> {
        let words: String = words.chars().take(MOST_TOAST).collect();
        let with = json!({ "callback_query_id": press, "text": words, "show_alert": until_read });
        self.insist::<bool>("answerCallbackQuery", &with).await.map(|_| ())
    }

    pub(crate) async fn wait(&self, duration: Duration) {
        self.0.clock.sleep(duration).await;
    }

    fn failure(&self, status: u16, answer: Answer) -> CallFailure {
        let code = answer.error_code.unwrap_or(status);
        let description = self.clean(&answer.description.unwrap_or_default());
        match code {
            429 => {
                let wait = answer.parameters.and_then(|it| it.retry_after).map_or(WAIT, Duration::from_secs);
                let mut closed_until = self.0.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
                *closed_until = self.0.clock.now().plus(wait).max(*closed_until);
                CallFailure::Throttled(wait)
            }
            500..=599 => CallFailure::Unreachable(format!("{code} {description}")),
            code => CallFailure::Refused { code, description },
        }
    }

    /// Waits while Telegram wants us to.
    async fn opened(&self) {
        let closed_until = *self.0.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = closed_until.since(self.0.clock.now());
        if !wait.is_zero() {
            self.wait(wait).await;
        }
    }

    fn clean(&self, text: &str) -> String {
        let secret = self.0.token.expose().split_once(':').map_or("", |(_, secret)| secret);
        if secret.is_empty() {
            text.to_owned()
        } else {
            text.replace(self.0.token.expose(), "…").replace(secret, "…")
        }
    }
}

/// What `sendMessage` takes.
pub(crate) fn message_to(to: Place, html: &str, buttons: &[Button], is_quiet: bool) -> Value {
    let mut with = json!({
        "chat_id": to.chat,
        "text": html,
        "parse_mode": "HTML",
        "link_preview_options": { "is_disabled": true },
    });
    if let Some(thread) = to.thread {
        with["message_thread_id"] = json!(thread);
    }
    if is_quiet {
        with["disable_notification"] = json!(true);
    }
    if !buttons.is_empty() {
        let row: Vec<Value> = buttons.iter().map(|it| json!({ "text": it.words, "callback_data": it.data })).collect();
        with["reply_markup"] = json!({ "inline_keyboard": [row] });
    }
    with
}
