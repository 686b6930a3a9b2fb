//! Which of its dialects the private stream is spoken in.

use std::fmt;
use std::str::FromStr;

/// The dialect of the private stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// API v2 `mix`: what the exchange serves.
    #[default]
    V2,
    /// `mix/v1/stream`: one socket, `instType` `FUTURES`, channels `account`, `positions`, `orders`, `execution` and
    /// `liquidation`, a JSON ping, error codes 60001 to 60005. For servers and recordings that speak it; the exchange
    /// does not.
    MixV1,
}

impl Protocol {
    /// Both, the usual one first.
    pub const ALL: [Self; 2] = [Self::V2, Self::MixV1];

    /// Its word in settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::MixV1 => "mix-v1",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A dialect that there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown protocol '{0}': known are v2, mix-v1")]
pub struct UnknownProtocol(String);

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(word: &str) -> Result<Self, UnknownProtocol> {
        let known = Self::ALL.into_iter().find(|protocol| protocol.as_str() == word);
        known.ok_or_else(|| UnknownProtocol(word.chars().take(64).collect()))
    }
}
