//! The Telegram bot that `run` lets in.

use super::account::optional_secret;
use super::problem::{Origin, Problem};
use super::reader::{Reader, Section};
use super::secret::SecretPlace;
use plimsoll_domain::{AccountId, Symbol};

/// Who may talk to the bot, and where its token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TelegramConfig {
    pub(crate) token: SecretPlace,
    /// The chats that are heard, and told.
    pub(crate) chats: Vec<i64>,
    /// The people who are heard there.
    pub(crate) users: Vec<i64>,
    /// The account of commands that name none, where there are several.
    pub(crate) account: Option<AccountId>,
    /// The contract of commands that name none.
    pub(crate) symbol: Option<Symbol>,
    /// Where the Bot API is, if not at Telegram's own.
    pub(crate) address: Option<String>,
}

pub(super) fn read(root: &mut Section<'_>, reader: &mut Reader<'_>) -> Option<TelegramConfig> {
    let origin = root.place_of(reader, "telegram");
    let mut section = root.section(reader, "telegram");
    let token = optional_secret(&mut section, reader, ["token_env", "token_file"]);
    let numbers = |text: &str| -> Result<Vec<i64>, String> {
        let one = |word: &str| {
            word.trim().parse().map_err(|_| format!("'{}' is not the number of a chat or a user", word.trim()))
        };
        text.split(',').map(one).collect()
    };
    let show = |all: &Vec<i64>| all.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
    let chats = section.wanted(reader, "chats", &[], numbers, show);
    let users = section.wanted(reader, "users", &[], numbers, show);
    let account = section.wanted(reader, "account", &[], |text| Ok(AccountId::new(text)), ToString::to_string);
    let symbol = |text: &str| text.parse::<Symbol>().map_err(|error| error.to_string());
    let symbol = section.wanted(reader, "symbol", &[], symbol, ToString::to_string);
    let address = section.wanted(reader, "address", &[], |text| Ok(text.to_owned()), Clone::clone);
    let path = section.path.clone();
    section.refuse_unknown(reader);
    let origin: Origin = origin?;
    match (token, chats, users) {
        (Some(token), Some(chats), Some(users)) => {
            Some(TelegramConfig { token, chats, users, account, symbol, address })
        }
        _ => {
            let remedy = "write token_env, chats and users: whoever is not listed gets no answer";
            reader.wrong(Problem::new(origin, &path, "the bot needs a token, chats and users", remedy));
            None
        }
    }
}
