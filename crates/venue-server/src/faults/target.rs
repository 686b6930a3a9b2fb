//! What a fault strikes at.

use std::fmt;

/// One kind of frame or of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// Private sockets and their frames.
    Private,
    /// Market sockets and their frames; requests for market data.
    Market,
    /// Requests that place ordinary orders.
    Place,
    /// Requests that place conditional orders.
    Stop,
    /// Requests that change orders.
    Amend,
    /// Requests that cancel orders of either kind.
    Cancel,
    /// Requests that read the account: orders, fills, positions, balances, income.
    Query,
    /// Requests that change settings: leverage, margin, modes.
    Settings,
    /// Requests about the key of the private stream.
    Key,
    /// Requests for the server's time.
    Clock,
}

impl Target {
    /// Every one of them.
    pub const ALL: &'static [Self] = &[
        Self::Private,
        Self::Market,
        Self::Place,
        Self::Stop,
        Self::Amend,
        Self::Cancel,
        Self::Query,
        Self::Settings,
        Self::Key,
        Self::Clock,
    ];

    /// Its word in a plan's text.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Market => "market",
            Self::Place => "place",
            Self::Stop => "stop",
            Self::Amend => "amend",
            Self::Cancel => "cancel",
            Self::Query => "query",
            Self::Settings => "settings",
            Self::Key => "key",
            Self::Clock => "clock",
        }
    }
}

/// Several of them. Written with a plus between: `place+stop`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Targets(u16);

impl Targets {
    pub(crate) const NONE: Self = Self(0);
    /// Private and market sockets.
    pub const SOCKETS: Self = Self::of(Target::Private).and(Target::Market);
    /// Requests that may add to a position.
    pub const ADDING: Self = Self::of(Target::Place).and(Target::Stop).and(Target::Amend);
    /// Requests about orders, written `trade`.
    pub const TRADE: Self = Self::ADDING.and(Target::Cancel);
    /// Every request.
    pub const REQUESTS: Self =
        Self::TRADE.and(Target::Query).and(Target::Settings).and(Target::Key).and(Target::Clock).and(Target::Market);

    /// One of them.
    #[must_use]
    pub const fn of(target: Target) -> Self {
        Self(1 << target as u16)
    }

    /// These and one more.
    #[must_use]
    pub const fn and(self, target: Target) -> Self {
        Self(self.0 | Self::of(target).0)
    }

    /// Whether it is among these.
    #[must_use]
    pub const fn hold(self, target: Target) -> bool {
        self.0 & Self::of(target).0 != 0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn both(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    pub(crate) const fn within(self, allowed: Self) -> bool {
        self.0 & !allowed.0 == 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Target> {
        Target::ALL.iter().copied().filter(move |target| self.hold(*target))
    }
}

impl From<Target> for Targets {
    fn from(target: Target) -> Self {
        Self::of(target)
    }
}

impl fmt::Display for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::TRADE {
            return f.write_str("trade");
        }
        for (number, target) in self.iter().enumerate() {
            let plus = if number == 0 { "" } else { "+" };
            write!(f, "{plus}{}", target.word())?;
        }
        Ok(())
    }
}
