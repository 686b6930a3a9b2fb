//! Whom the bot hears, and what it takes for granted.

use plimsoll_ports::domain::{AccountId, Decimal, Leverage, Symbol};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeSet;
use std::time::Duration;

/// How a [`Bot`](crate::Bot) is to work.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What BotFather gave.
    pub token: BotToken,
    /// Scheme and host of the Bot API: `https://`, or `http://` to this machine.
    pub address: String,
    /// Commands are heard in these chats: a person's own number for a private one, a negative one for a group.
    pub chats: BTreeSet<i64>,
    /// Only of these users.
    pub users: BTreeSet<i64>,
    /// The account that is meant where none is named; without it the only one, if there is only one.
    pub account: Option<AccountId>,
    /// The contract that is meant where none is named; without it the only one that is held, or else that strategies trade.
    pub symbol: Option<Symbol>,
    /// The leverage that is meant where none is named and nothing is held.
    pub leverage: Leverage,
    /// How far from the mark the stop is where none is named, as a share of it.
    pub stop_distance: Decimal,
    /// How much one user may ask.
    pub commands: Allowance,
    /// How many buttons one user may press.
    pub presses: Allowance,
    /// A command that is older than this when it arrives is not heard.
    pub latest: Duration,
    /// How long a request for news waits at the other side.
    pub poll: Duration,
}

/// How much one user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// At once, after a rest.
    pub burst: u32,
    /// A minute, in the long run.
    pub per_minute: u32,
}

impl Settings {
    /// The usual ones: 3x where nothing else is said, and a stop 2 % away.
    #[must_use]
    pub fn new(token: BotToken, chats: impl IntoIterator<Item = i64>, users: impl IntoIterator<Item = i64>) -> Self {
        Self {
            token,
            address: "https://api.telegram.org".to_owned(),
            chats: chats.into_iter().collect(),
            users: users.into_iter().collect(),
            account: None,
            symbol: None,
            leverage: Leverage::new(3).unwrap_or(Leverage::ONE),
            stop_distance: Decimal::new(2, 2),
            commands: Allowance { burst: 10, per_minute: 30 },
            presses: Allowance { burst: 10, per_minute: 60 },
            latest: Duration::from_secs(60),
            poll: Duration::from_secs(25),
        }
    }

    pub(crate) fn check(&self) -> Result<(), SetUpFailure> {
        if !is_private(&self.address) {
            return Err(SetUpFailure::Address);
        }
        if self.chats.is_empty() || self.users.is_empty() {
            return Err(SetUpFailure::Nobody);
        }
        if self.stop_distance <= Decimal::ZERO || self.stop_distance >= Decimal::ONE {
            return Err(SetUpFailure::StopDistance(self.stop_distance));
        }
        Ok(())
    }
}

/// The token is in every address: nobody on the way is to read it.
fn is_private(address: &str) -> bool {
    let Some((scheme, authority)) = address.trim_end_matches('/').split_once("://") else { return false };
    let name = authority.rsplit_once(':').map_or(authority, |(name, _)| name);
    let is_plain = !authority.is_empty() && !authority.contains(['/', '?', '#', '@']);
    is_plain && (scheme == "https" || scheme == "http" && matches!(name, "127.0.0.1" | "[::1]" | "localhost"))
}

/// Why a bot or a notifier was not set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetUpFailure {
    /// An address that the token is not sent to.
    #[error("the address of the Bot API is https://host, or http://host on this machine")]
    Address,
    /// No chat or no user is on the list.
    #[error("nobody is heard: the bot needs a chat and a user on its lists")]
    Nobody,
    /// A distance that is none.
    #[error("a stop is more than 0 and less than all of the mark away, got {0}")]
    StopDistance(Decimal),
    /// There is no HTTP client to be had.
    #[error("{0}")]
    Http(String),
}

/// A bot's token. Nothing shows it.
#[derive(Debug, Clone)]
pub struct BotToken(SecretString);

/// What is no token of a bot's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a bot's token is a number, a colon, and 30 or more letters, digits, '-' and '_'")]
pub struct NotAToken;

impl BotToken {
    /// A token as BotFather gives it.
    ///
    /// # Errors
    /// [`NotAToken`], which does not say what it was.
    pub fn new(text: &str) -> Result<Self, NotAToken> {
        let text = text.trim();
        let (number, secret) = text.split_once(':').ok_or(NotAToken)?;
        let is_number = !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit());
        let is_secret =
            secret.len() >= 30 && secret.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_'));
        if is_number && is_secret { Ok(Self(SecretString::from(text))) } else { Err(NotAToken) }
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_shape_and_never_shown() {
        let secret = "AAE-abcdefghijklmnopqrstuvwxyz_0123";
        let token = BotToken::new(&format!(" 123456:{secret}\n")).unwrap();
        assert_eq!(token.expose(), format!("123456:{secret}"));
        assert!(!format!("{:?}", Settings::new(token, [1], [1])).contains("abcdef"));
        for wrong in
            ["", "123456", "x:AAE-abcdefghijklmnopqrstuvwxyz_0123", "1:short", "1:AAE/abcdefghijklmnopqrstuvwxyz_0123"]
        {
            assert_eq!(BotToken::new(wrong).unwrap_err(), NotAToken);
        }
    }

    #[test]
    fn the_token_goes_nowhere_in_the_open() {
        for (address, is_it) in [
            ("https://api.telegram.org", true),
            ("https://api.telegram.org/", true),
            ("http://127.0.0.1:8081", true),
            ("http://[::1]:8081", true),
            ("http://api.telegram.org", false),
            ("http://127.0.0.1@evil.example", false),
            ("https://api.telegram.org/path", false),
            ("api.telegram.org", false),
            ("https://", false),
        ] {
            assert_eq!(is_private(address), is_it, "{address}");
        }
    }
}
