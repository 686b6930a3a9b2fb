//! The bot itself: hears, and has everything looked at by somebody of its own.

use crate::allowance::{Allowances, Heard};
use crate::buttons::{Buttons, Presser};
use crate::calls::{CallFailure, Calls};
use crate::command::{Command, MENU};
use crate::settings::{SetUpFailure, Settings};
use crate::strangers::Strangers;
use crate::text::Text;
use crate::wire::{CallbackQuery, Me, Message, Numbered, Place, Update};
use plimsoll_ports::domain::{AccountId, Timestamp};
use plimsoll_ports::{Clock, Severity};
use plimsoll_service::{Caller, NewEvent, Service};
use plimsoll_transport::{Backoff, BackoffSettings};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// So much may be under way at once; more waits.
const MOST_AT_ONCE: usize = 64;
/// What is under way when the bot is stopped has this long to say how it went.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// After a week of silence Telegram begins to count anew, anywhere: by then what we counted to is forgotten. Whatever came
/// twice for that would be too old to be heard.
const COUNTED_ON: Duration = Duration::from_secs(24 * 60 * 60);
/// A question that takes a second press holds for so long.
const ASKED_FOR: Duration = Duration::from_secs(60);

/// Why a bot came to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BotFailure {
    /// Telegram does not know it: is the token that of a bot?
    #[error("Telegram does not let the bot in ({0}): is its token right, and not revoked?")]
    NotLetIn(String),
}

/// Running accounts in a chat.
pub struct Bot(Arc<Desk>);

/// What everybody who handles something needs.
pub(crate) struct Desk {
    pub(crate) settings: Settings,
    pub(crate) service: Arc<Service>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) calls: Calls,
    pub(crate) buttons: Buttons,
    commands: Allowances,
    presses: Allowances,
    strangers: Strangers,
}

impl fmt::Debug for Bot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bot").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

impl Bot {
    /// A bot that serves these accounts. It calls nobody yet.
    ///
    /// # Errors
    /// [`SetUpFailure`].
    pub fn new(settings: Settings, service: Arc<Service>, clock: Arc<dyn Clock>) -> Result<Self, SetUpFailure> {
        settings.check()?;
        let calls = Calls::new(&settings, Arc::clone(&clock))?;
        let (commands, presses) = (Allowances::new(settings.commands), Allowances::new(settings.presses));
        Ok(Self(Arc::new(Desk {
            settings,
            service,
            clock,
            calls,
            buttons: Buttons::new(ASKED_FOR),
            commands,
            presses,
            strangers: Strangers::default(),
        })))
    }

    /// How much was heard of those who are on no list.
    #[must_use]
    pub fn strangers(&self) -> u64 {
        self.0.strangers.count()
    }

    /// Hears and answers until then, through every outage. What is under way by then has a moment to say how it went; what
    /// was confirmed goes on to its end in any case, and [`Service::idle`] waits for it.
    ///
    /// # Errors
    /// [`BotFailure`], where Telegram does not let it in.
    pub async fn run(&self, until: impl Future<Output = ()> + Send) -> Result<(), BotFailure> {
        let mut until = pin!(until);
        let desk = &self.0;
        let me = tokio::select! {
            biased;
            () = &mut until => return Ok(()),
            me = desk.introduced() => me?,
        };
        tracing::info!(bot = %me, "the Telegram bot hears");
        let mut hearing = Hearing {
            desk: Arc::clone(desk),
            me: me.into(),
            began: desk.clock.now(),
            next: None,
            heard_at: desk.clock.now(),
            under_way: JoinSet::new(),
        };
        tokio::select! {
            biased;
            () = &mut until => {}
            () = hearing.hear() => {}
        }
        hearing.end().await;
        Ok(())
    }
}

impl Desk {
    /// Asks who we are, until there is an answer, and tells what we understand.
    async fn introduced(&self) -> Result<String, BotFailure> {
        let mut backoff = backoff();
        let me = loop {
            match self.calls.once::<Me>("getMe", &json!({})).await {
                Ok(me) => break me.username,
                Err(failure @ CallFailure::Refused { code: 401 | 404, .. }) => {
                    return Err(BotFailure::NotLetIn(failure.to_string()));
                }
                Err(failure) => {
                    tracing::warn!(%failure, "the Telegram bot cannot begin yet");
                    self.calls.wait(backoff.next_wait()).await;
                }
            }
        };
        let menu: Vec<Value> =
            MENU.iter().map(|(name, _, what)| json!({ "command": name, "description": what })).collect();
        if let Err(failure) = self.calls.once::<bool>("setMyCommands", &json!({ "commands": menu })).await {
            tracing::warn!(%failure, "Telegram's menu of commands is not set");
        }
        Ok(me)
    }

    /// Who this is, in the records.
    pub(crate) fn caller(user: i64) -> Caller {
        Caller::new(format!("telegram:{user}"))
    }

    /// Tells everybody who listens.
    pub(crate) fn publish(&self, severity: Severity, kind: &str, account: Option<AccountId>, text: String) {
        let (time, kind) = (self.clock.now(), kind.to_owned());
        self.service.hub().publish(NewEvent { time, severity, kind, account, symbol: None, text });
    }

    /// Says something; that it does not arrive changes nothing.
    pub(crate) async fn say(&self, to: Place, text: Text) {
        if let Err(failure) = self.calls.say(to, text, &[]).await {
            tracing::warn!(%failure, chat = to.chat, "an answer does not arrive");
        }
    }

    /// Whether this user is heard in this chat.
    fn knows(&self, chat: i64, user: Option<i64>) -> bool {
        let is_known = self.settings.chats.contains(&chat) && user.is_some_and(|it| self.settings.users.contains(&it));
        if !is_known && let Some(count) = self.strangers.another(self.clock.now()) {
            let who = user.map_or_else(|| "somebody without a number".to_owned(), |user| format!("user {user}"));
            let text = format!("{who} in chat {chat} is on no list and was not answered; {count} such messages so far");
            tracing::warn!(chat, ?user, count, "a stranger writes to the Telegram bot");
            self.publish(Severity::Warning, "telegram_stranger", None, text);
        }
        is_known
    }

    async fn heard(&self, message: Message, me: &str, began: Timestamp) {
        let user = message.from.as_ref().filter(|it| !it.is_bot).map(|it| it.id);
        let place = message.place();
        if !self.knows(place.chat, user) {
            return;
        }
        let (Some(user), Some(text)) = (user, message.text.as_deref()) else { return };
        if !message.is_own() {
            tracing::debug!(user, "what was forwarded or edited is no command");
            return;
        }
        let Some(read) = Command::read(text, me, place.chat < 0) else { return };
        let (now, sent) = (self.clock.now(), Timestamp::from_millis(message.date.saturating_mul(1000)));
        let late = now.since(sent);
        if late > self.settings.latest {
            tracing::info!(user, late_s = late.as_secs(), "a command comes too late and is not heard");
            // What was sent while nobody listened is not made up for, and not talked about.
            if sent >= began {
                let late = late.as_secs();
                self.say(place, Text::default().line(&format!("This came {late} s late: nothing was done."))).await;
            }
            return;
        }
        // Getting out is counted with presses: whoever has asked too much can still do that.
        let allowances = match &read {
            Ok(Command::Kill { .. } | Command::EmergencyClose { .. }) => &self.presses,
            _ => &self.commands,
        };
        match allowances.take(user, now) {
            Heard::Yes => {}
            Heard::Silent => return,
            Heard::TooMuch(wait) => {
                let wait = wait.as_secs() + 1;
                return self.say(place, Text::default().line(&format!("Too much at once: wait {wait} s."))).await;
            }
        }
        match read {
            Ok(command) => {
                tracing::debug!(user, chat = place.chat, command = command.name(), "a command");
                let said: Vec<&str> = text.split_whitespace().collect();
                self.carry_out(place, user, command, &said.join(" ")).await;
            }
            Err(why) => self.say(place, Text::default().line(&why)).await,
        }
    }

    async fn pressed(&self, press: CallbackQuery) {
        let Some(message) = &press.message else { return };
        let (place, user) = (message.place(), press.from.id);
        if !self.knows(place.chat, Some(user).filter(|_| !press.from.is_bot)) {
            return;
        }
        match self.presses.take(user, self.clock.now()) {
            Heard::Yes => {}
            Heard::Silent => return,
            Heard::TooMuch(_) => return self.toast(&press.id, "Too much at once: press again in a moment.").await,
        }
        let presser = Presser { user, chat: place.chat };
        self.press(&press.id, press.data.as_deref().unwrap_or_default(), presser, place, message.message_id).await;
    }
}

/// What is heard, and what is done about it.
struct Hearing {
    desk: Arc<Desk>,
    me: Arc<str>,
    began: Timestamp,
    /// The number of the first update that was not taken yet.
    next: Option<i64>,
    /// When the last one was.
    heard_at: Timestamp,
    under_way: JoinSet<()>,
}

impl Hearing {
    async fn hear(&mut self) {
        let mut backoff = backoff();
        let mut is_away = false;
        loop {
            if self.desk.clock.now().since(self.heard_at) > COUNTED_ON {
                self.next = None;
            }
            let before = self.next;
            match self.news(self.desk.settings.poll).await {
                Ok(updates) => {
                    if std::mem::take(&mut is_away) {
                        tracing::info!("Telegram is reached again");
                    }
                    let is_empty = updates.is_empty();
                    for update in updates {
                        self.take(&update).await;
                    }
                    // Of updates without a number nothing is ever over: they are asked for less and less often.
                    if !is_empty && self.next == before {
                        self.desk.calls.wait(backoff.next_wait()).await;
                    } else {
                        backoff.reset();
                    }
                }
                Err(CallFailure::Throttled(wait)) => tracing::warn!(?wait, "Telegram wants the bot to wait"),
                Err(failure) => {
                    if !std::mem::replace(&mut is_away, true) {
                        tracing::warn!(%failure, "the Telegram bot hears nothing");
                    }
                    self.desk.calls.wait(backoff.next_wait()).await;
                }
            }
        }
    }

    async fn news(&self, wait: Duration) -> Result<Vec<Box<RawValue>>, CallFailure> {
        let mut with = json!({ "timeout": wait.as_secs(), "allowed_updates": ["message", "callback_query"] });
        if let Some(next) = self.next {
            with["offset"] = json!(next);
        }
        self.desk.calls.once("getUpdates", &with).await
    }

    /// Takes an update, once, and has it handled: what one of them waits for holds up no other.
    async fn take(&mut self, update: &RawValue) {
        while self.under_way.try_join_next().is_some() {}
        while self.under_way.len() >= MOST_AT_ONCE {
            self.under_way.join_next().await;
        }
        let Ok(Numbered { update_id }) = serde_json::from_str(update.get()) else {
            tracing::warn!("an update without a number");
            return;
        };
        if self.next.is_some_and(|next| update_id < next) {
            return;
        }
        (self.next, self.heard_at) = (Some(update_id.saturating_add(1)), self.desk.clock.now());
        let update: Update = match serde_json::from_str(update.get()) {
            Ok(update) => update,
            Err(error) => {
                tracing::warn!(update_id, at = error.column(), "an update cannot be read, and is left out");
                return;
            }
        };
        let (desk, me, began) = (Arc::clone(&self.desk), Arc::clone(&self.me), self.began);
        self.under_way.spawn(async move {
            match update {
                Update { message: Some(message), .. } => desk.heard(message, &me, began).await,
                Update { callback_query: Some(press), .. } => desk.pressed(press).await,
                _ => {}
            }
        });
    }

    async fn end(mut self) {
        tokio::select! {
            biased;
            () = async { while self.under_way.join_next().await.is_some() {} } => {}
            () = self.desk.clock.sleep(LAST_WORDS) => tracing::warn!("not every answer was sent before the end"),
        }
        // Asking for what comes next says that what came was taken: the next start does not hear it again.
        if self.next.is_some() {
            tokio::select! {
                biased;
                told = self.news(Duration::ZERO) => {
                    if let Err(failure) = told {
                        tracing::info!(%failure, "Telegram is not told what was heard");
                    }
                }
                () = self.desk.clock.sleep(LAST_WORDS) => {}
            }
        }
    }
}

fn backoff() -> Backoff {
    Backoff::new(BackoffSettings { first: Duration::from_secs(1), longest: Duration::from_secs(30), seed: None })
}
