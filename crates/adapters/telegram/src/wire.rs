//! What the Bot API says, as far as it matters here. Fields that are not named are left unread.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// The answer to every call.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    pub(crate) ok: bool,
    pub(crate) result: Option<Box<RawValue>>,
    pub(crate) error_code: Option<u16>,
    pub(crate) description: Option<String>,
    pub(crate) parameters: Option<Parameters>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Parameters {
    /// Seconds to wait.
    pub(crate) retry_after: Option<u64>,
}

/// Who we are.
#[derive(Debug, Deserialize)]
pub(crate) struct Me {
    pub(crate) username: String,
}

/// A message that we sent.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {}

/// The number of an update, whatever else there is to it.
#[derive(Debug, Deserialize)]
pub(crate) struct Numbered {
    pub(crate) update_id: i64,
}

/// One thing that happened.
#[derive(Debug, Deserialize)]
pub(crate) struct Update {
    pub(crate) message: Option<Message>,
    pub(crate) callback_query: Option<CallbackQuery>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    pub(crate) message_id: i64,
    /// Seconds since 1970; 0 of a message that cannot be had any more.
    #[serde(default)]
    pub(crate) date: i64,
    pub(crate) chat: Chat,
    pub(crate) from: Option<User>,
    pub(crate) text: Option<String>,
    /// The topic of a group that has some.
    pub(crate) message_thread_id: Option<i64>,
    #[serde(default)]
    pub(crate) is_topic_message: bool,
    // Each of these says that somebody else has written it.
    forward_origin: Option<IgnoredAny>,
    forward_date: Option<IgnoredAny>,
    via_bot: Option<IgnoredAny>,
    sender_chat: Option<IgnoredAny>,
    edit_date: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Chat {
    pub(crate) id: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct User {
    pub(crate) id: i64,
    #[serde(default)]
    pub(crate) is_bot: bool,
}

/// A button was pressed.
#[derive(Debug, Deserialize)]
pub(crate) struct CallbackQuery {
    pub(crate) id: String,
    pub(crate) from: User,
    pub(crate) message: Option<Message>,
    pub(crate) data: Option<String>,
}

/// A place to answer in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) chat: i64,
    pub(crate) thread: Option<i64>,
}

impl Message {
    pub(crate) fn place(&self) -> Place {
        Place { chat: self.chat.id, thread: self.message_thread_id.filter(|_| self.is_topic_message) }
    }

    /// Whoever sent it wrote it, now, and as themselves.
    pub(crate) fn is_own(&self) -> bool {
        self.forward_origin.is_none()
            && self.forward_date.is_none()
            && self.via_bot.is_none()
            && self.sender_chat.is_none()
            && self.edit_date.is_none()
    }
}
