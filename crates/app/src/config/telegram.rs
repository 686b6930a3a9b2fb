//! The Telegram bot that `run` lets in.

use super::account::{Account, is_name, optional_secret, refuse_secrets};
use super::problem::{Origin, Problem, nearest};
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

pub(super) fn read(root: &mut Section<'_>, reader: &mut Reader<'_>, accounts: &[Account]) -> Option<TelegramConfig> {
    let origin = root.place_of(reader, "telegram");
    let mut section = root.section(reader, "telegram");
    refuse_secrets(&mut section, reader, &[("token", "token"), ("bot_token", "token")]);
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
    let account = section.wanted(reader, "account", &[], |text| configured(text, accounts), ToString::to_string);
    let symbol = |text: &str| text.parse::<Symbol>().map_err(|error| error.to_string());
    let symbol = section.wanted(reader, "symbol", &[], symbol, ToString::to_string);
    let address = section.wanted(reader, "address", &[], address, Clone::clone);
    let origin: Origin = origin?;
    refuse_missing(&section, reader, &origin);
    section.refuse_unknown(reader);
    Some(TelegramConfig { token: token?, chats: chats?, users: users?, account, symbol, address })
}

/// What the bot cannot do without.
fn refuse_missing(section: &Section<'_>, reader: &mut Reader<'_>, origin: &Origin) {
    for (names, remedy) in [
        (
            &["token_env", "token_file", "token", "bot_token"][..],
            "write token_env = \"NAME\" of the variable that holds the bot's token",
        ),
        (&["chats"][..], "write chats = \"-1001234567890\": the numbers of the chats that are heard, and told"),
        (
            &["users"][..],
            "write users = \"12345678\": the numbers of the people who are heard; anybody else gets no answer",
        ),
    ] {
        let is_said =
            |name: &&str| section.place_of(reader, name).is_some() || reader.is_in_environment(&section.full(name));
        if !names.iter().any(is_said) {
            let what = format!("the bot has no {}", names[0].trim_end_matches("_env"));
            reader.wrong(Problem::new(origin.clone(), &section.path, what, remedy));
        }
    }
}

fn configured(text: &str, accounts: &[Account]) -> Result<AccountId, String> {
    let names = accounts.iter().map(|account| account.name.as_str());
    match names.clone().any(|name| name == text) {
        true => Ok(AccountId::new(text)),
        false if !is_name(text) => Err(format!("'{text}' is no name")),
        false => Err(unknown_account(text, accounts)),
    }
}

/// The sentence of an account that is not configured.
pub(super) fn unknown_account(text: &str, accounts: &[Account]) -> String {
    if accounts.is_empty() {
        return format!("no account '{text}' can be used: what is wrong with the accounts is to be mended first");
    }
    let names: Vec<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
    let meant =
        nearest(text, names.iter().copied()).map(|meant| format!(", did you mean {meant}?")).unwrap_or_default();
    format!("no account is called '{text}'{meant} (configured are {})", names.join(", "))
}

/// The token is in every address: nobody on the way is to read it.
fn address(text: &str) -> Result<String, String> {
    // Not repeated: a token may have been written with it.
    let refused = || "neither https://host nor http://host on this machine".to_owned();
    plimsoll_alerts::host_of(text).map(|_| text.to_owned()).ok_or_else(refused)
}
