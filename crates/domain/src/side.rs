//! Which way: sides of orders, directions of positions, and the account modes that tie them together.

use rust_decimal::Decimal;
use std::fmt;
use std::str::FromStr;

macro_rules! words {
    ($name:ident, $what:literal, $($variant:ident = $word:literal),+) => {
        impl $name {
            /// The word for it in configuration, tables and JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord {
                        what: $what,
                        word: word.chars().take(64).collect(),
                        known: &[$($word),+],
                    }),
                }
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

/// A word that stands for none of the known values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} '{word}': known are {}", known.join(", "))]
pub struct UnknownWord {
    /// What was expected.
    pub what: &'static str,
    /// What was read.
    pub word: String,
    /// What would have been right.
    pub known: &'static [&'static str],
}

/// What an order does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Buys base.
    Buy,
    /// Sells base.
    Sell,
}
words!(Side, "side", Buy = "buy", Sell = "sell");

impl Side {
    /// The other one.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }
}

/// Which way a position profits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From rising prices.
    Long,
    /// From falling prices.
    Short,
}
words!(Direction, "direction", Long = "long", Short = "short");

impl Direction {
    /// +1 for long, −1 for short: the `s` of every formula.
    #[must_use]
    pub const fn sign(self) -> Decimal {
        match self {
            Self::Long => Decimal::ONE,
            Self::Short => Decimal::NEGATIVE_ONE,
        }
    }

    /// The other one.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Long => Self::Short,
            Self::Short => Self::Long,
        }
    }

    /// The side of an order that opens or adds to a position of this direction.
    #[must_use]
    pub const fn opening_side(self) -> Side {
        match self {
            Self::Long => Side::Buy,
            Self::Short => Side::Sell,
        }
    }

    /// The side of an order that reduces a position of this direction.
    #[must_use]
    pub const fn closing_side(self) -> Side {
        self.opening_side().opposite()
    }
}

impl From<Side> for Direction {
    /// The direction of the position that an order of this side opens from flat.
    fn from(side: Side) -> Self {
        match side {
            Side::Buy => Self::Long,
            Side::Sell => Self::Short,
        }
    }
}

/// Which position of a symbol an order or a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PositionSide {
    /// The one position of one-way mode.
    Both,
    /// The long leg of hedge mode.
    Long,
    /// The short leg of hedge mode.
    Short,
}
words!(PositionSide, "position side", Both = "both", Long = "long", Short = "short");

impl PositionSide {
    /// The direction of a hedge leg; `None` in one-way mode, where the position itself says.
    #[must_use]
    pub const fn direction(self) -> Option<Direction> {
        match self {
            Self::Both => None,
            Self::Long => Some(Direction::Long),
            Self::Short => Some(Direction::Short),
        }
    }

    /// Which position of a symbol holds this direction under `mode`.
    #[must_use]
    pub const fn of(direction: Direction, mode: PositionMode) -> Self {
        match (mode, direction) {
            (PositionMode::OneWay, _) => Self::Both,
            (PositionMode::Hedge, Direction::Long) => Self::Long,
            (PositionMode::Hedge, Direction::Short) => Self::Short,
        }
    }
}

/// How many positions a symbol may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PositionMode {
    /// One, long or short.
    OneWay,
    /// A long and a short at once.
    Hedge,
}
words!(PositionMode, "position mode", OneWay = "one_way", Hedge = "hedge");

/// What collateral backs a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MarginMode {
    /// Collateral of its own.
    Isolated,
    /// Shared by the account's cross positions of that settle currency.
    Cross,
}
words!(MarginMode, "margin mode", Isolated = "isolated", Cross = "cross");
