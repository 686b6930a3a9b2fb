//! Where to listen, whom to let in, and how much.

use crate::throttle::Allowance;
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq;

/// How an [`Api`](crate::Api) is to work.
#[derive(Clone)]
pub struct ApiSettings {
    /// Where to listen; port 0 takes any that is free. Anything but loopback needs a token.
    pub address: SocketAddr,
    /// Who may come in. Without any token, whoever is on this machine.
    pub tokens: Vec<Token>,
    /// The names by which browsers know this server, beside `localhost` and addresses: of a proxy in front of it, say.
    pub hosts: Vec<String>,
    /// How much one client may ask.
    pub reading: Allowance,
    /// How much one client may order.
    pub acting: Allowance,
    /// How long an answer may take.
    pub timeout: Duration,
    /// What `/metrics` answers, in the text format of Prometheus.
    pub metrics: Option<Metrics>,
}

/// Renders the figures of the program: whoever asks may be made to wait for records.
pub type Metrics = Arc<dyn Fn() -> BoxFuture<'static, String> + Send + Sync>;

impl ApiSettings {
    /// The usual ones at this address: no tokens, sixty questions at once and twenty a second from then on, ten orders at
    /// once and one a second.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            tokens: Vec::new(),
            hosts: Vec::new(),
            reading: Allowance { burst: 60, per_second: 20 },
            acting: Allowance { burst: 10, per_second: 1 },
            timeout: Duration::from_secs(30),
            metrics: None,
        }
    }
}

impl fmt::Debug for ApiSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiSettings")
            .field("address", &self.address)
            .field("tokens", &self.tokens)
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}

/// What a token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Everything that only looks.
    Read,
    /// Everything.
    Act,
}

impl Scope {
    /// The words for what it allows.
    #[must_use]
    pub const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Read => &["read"],
            Self::Act => &["read", "act"],
        }
    }
}

/// Lets its bearer in. Only a digest of the secret is kept.
#[derive(Clone)]
pub struct Token {
    name: Arc<str>,
    scope: Scope,
    digest: [u8; 32],
}

/// The fewest characters of a token.
const LEAST: usize = 20;

impl Token {
    /// A token whose bearer goes by this name in records.
    ///
    /// # Errors
    /// [`NotAToken`] for one that could be guessed, cannot be sent, or has no name.
    pub fn new(name: &str, scope: Scope, secret: &SecretString) -> Result<Self, NotAToken> {
        let text = secret.expose_secret();
        if name.trim().is_empty() {
            return Err(NotAToken::NoName);
        }
        if text.len() < LEAST {
            return Err(NotAToken::TooShort { name: name.to_owned() });
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(NotAToken::NotSendable { name: name.to_owned() });
        }
        Ok(Self { name: name.into(), scope, digest: digest(text) })
    }

    /// Whom it stands for.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn is_the_same_as(&self, other: &Self) -> bool {
        self.digest.ct_eq(&other.digest).into()
    }

    /// What it allows.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        self.scope
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("name", &self.name).field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// A token that would protect nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAToken {
    /// Nobody is named.
    #[error("a token needs the name of whoever bears it")]
    NoName,
    /// It could be guessed.
    #[error(
        "the token of '{name}' has fewer than {LEAST} characters: `openssl rand -hex 32` makes one that nobody guesses"
    )]
    TooShort {
        /// Whose.
        name: String,
    },
    /// It cannot stand in a header.
    #[error("the token of '{name}' holds what cannot stand in a header: letters, digits and punctuation can")]
    NotSendable {
        /// Whose.
        name: String,
    },
}

/// Whose token this is. Every token is compared whole, so that the time tells nothing of any.
pub(crate) fn bearer<'a>(tokens: &'a [Token], presented: &str) -> Option<&'a Token> {
    let presented = digest(presented);
    let mut found = None;
    for token in tokens {
        if bool::from(token.digest.ct_eq(&presented)) {
            found = Some(token);
        }
    }
    found
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(name: &str, secret: &str) -> Result<Token, NotAToken> {
        Token::new(name, Scope::Act, &SecretString::from(secret))
    }

    #[test]
    fn a_token_that_protects_nothing_is_refused() {
        for (name, secret, expected) in [
            ("ops", "0123456789abcdef0123", None),
            ("ops", "0123456789abcdef012", Some(NotAToken::TooShort { name: "ops".to_owned() })),
            ("ops", "0123456789abcdef 123", Some(NotAToken::NotSendable { name: "ops".to_owned() })),
            (" ", "0123456789abcdef0123", Some(NotAToken::NoName)),
        ] {
            assert_eq!(token(name, secret).err(), expected);
        }
    }

    #[test]
    fn a_token_is_known_by_all_of_it_and_shown_with_none_of_it() {
        let tokens =
            [token("ana", "aaaaaaaaaaaaaaaaaaaaaaaa").unwrap(), token("ops", "bbbbbbbbbbbbbbbbbbbbbbbb").unwrap()];
        let name = |presented: &str| bearer(&tokens, presented).map(|it| it.name().to_owned());
        assert_eq!(name("bbbbbbbbbbbbbbbbbbbbbbbb").as_deref(), Some("ops"));
        for wrong in ["", "bbbbbbbbbbbbbbbbbbbbbbb", "bbbbbbbbbbbbbbbbbbbbbbbbb", "Bbbbbbbbbbbbbbbbbbbbbbbb"] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
        let mut settings = ApiSettings::new("127.0.0.1:0".parse().unwrap());
        settings.tokens = tokens.to_vec();
        let shown = format!("{settings:?}");
        assert!(shown.contains("ana") && !shown.contains("aaaaaa") && !shown.contains("digest"), "{shown}");
    }
}
