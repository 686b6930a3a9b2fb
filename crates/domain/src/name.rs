//! Names: venues, accounts, currencies, symbols and the ids of orders and trades.

mod id;

use id::Id;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident($text:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize))]
        #[cfg_attr(feature = "serde", serde(transparent))]
        pub struct $name($text);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

macro_rules! open_name {
    ($name:ident) => {
        impl $name {
            /// Takes the name as it is.
            #[must_use]
            pub fn new(name: impl Into<Arc<str>>) -> Self {
                Self(name.into())
            }
        }
    };
}

macro_rules! open_id {
    ($name:ident) => {
        impl $name {
            /// Takes the id as it is.
            #[must_use]
            pub fn new(id: impl AsRef<str>) -> Self {
                Self(Id::new(id.as_ref()))
            }
        }
    };
}

name! {
    /// A trading venue, by its lower-case name (`binance`): an open set, so that a new venue touches no inner crate.
    VenueId(Arc<str>)
}
name! {
    /// One of our accounts, by the name that the operator gave it.
    AccountId(Arc<str>)
}
name! {
    /// A currency by the venue's code (`USDT`).
    Currency(Arc<str>)
}
name! {
    /// An order's id at its venue. Conditional orders may have an id space of their own: see
    /// [`OrderType::is_conditional`](crate::OrderType::is_conditional).
    OrderId(Id)
}
name! {
    /// A trade's id at its venue, unique within its symbol.
    TradeId(Id)
}
name! {
    /// A contract in unified notation, `BTC/USDT:USDT`: base, quote, settle currency.
    Symbol(Arc<str>)
}
name! {
    /// The name an order goes by before any venue has seen it: stored before sending, unique for ever, valid on every
    /// venue.
    ClientOrderId(Id)
}

open_name!(VenueId);
open_name!(AccountId);
open_name!(Currency);
open_id!(OrderId);
open_id!(TradeId);

impl Symbol {
    /// # Errors
    /// [`NotASymbol`] if a part is empty or holds a separator.
    pub fn new(base: &str, quote: &str, settle: &str) -> Result<Self, NotASymbol> {
        format!("{base}/{quote}:{settle}").parse()
    }

    /// What is traded.
    #[must_use]
    pub fn base(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// What prices are in.
    #[must_use]
    pub fn quote(&self) -> &str {
        self.0.split(['/', ':']).nth(1).unwrap_or_default()
    }

    /// What profit, margin and fees are in.
    #[must_use]
    pub fn settle(&self) -> &str {
        self.0.rsplit(':').next().unwrap_or_default()
    }
}

impl FromStr for Symbol {
    type Err = NotASymbol;

    fn from_str(text: &str) -> Result<Self, NotASymbol> {
        let refuse = || NotASymbol(text.chars().take(64).collect());
        let (base, rest) = text.split_once('/').ok_or_else(refuse)?;
        let (quote, settle) = rest.split_once(':').ok_or_else(refuse)?;
        let part = |part: &str| !part.is_empty() && !part.contains(['/', ':']) && !part.contains(char::is_whitespace);
        if [base, quote, settle].into_iter().all(part) { Ok(Self(text.into())) } else { Err(refuse()) }
    }
}

/// A text that is not base/quote:settle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a symbol such as BTC/USDT:USDT (base/quote:settle)")]
pub struct NotASymbol(String);

impl ClientOrderId {
    /// Takes an id that some venue reports, whatever its shape.
    #[must_use]
    pub fn reported(id: impl AsRef<str>) -> Self {
        Self(Id::new(id.as_ref()))
    }

    /// An id of our own: 1 to 28 of `a-z A-Z 0-9 - _`, which Binance (36), Bitget (50) and Gate (28 after its `t-`)
    /// all take unchanged.
    ///
    /// # Errors
    /// [`NotAClientOrderId`] for anything else.
    pub fn new(id: &str) -> Result<Self, NotAClientOrderId> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if (1..=28).contains(&id.len()) && id.bytes().all(allowed) {
            Ok(Self(Id::new(id)))
        } else {
            Err(NotAClientOrderId(id.chars().take(64).collect()))
        }
    }
}

/// An id that not every venue would take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a client order id: 1 to 28 of a-z, A-Z, 0-9, '-' and '_'")]
pub struct NotAClientOrderId(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_knows_its_parts() {
        let symbol: Symbol = "BTC/USDT:USDT".parse().unwrap();
        assert_eq!((symbol.base(), symbol.quote(), symbol.settle()), ("BTC", "USDT", "USDT"));
        for wrong in ["BTCUSDT", "BTC/USDT", "/USDT:USDT", "BTC/USDT:", "A/B/C:D", "BTC/US DT:USDT", ""] {
            assert!(wrong.parse::<Symbol>().is_err(), "{wrong}");
        }
    }
}
