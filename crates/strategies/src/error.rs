//! Why a strategy cannot be made.

/// Why a strategy cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StrategyError {
    /// There is none of this name.
    #[error("there is no strategy '{kind}': there are {}", known.join(", "))]
    UnknownKind {
        /// What was asked for.
        kind: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// The settings have another shape.
    #[error("settings of {kind}: {error}")]
    Unreadable {
        /// The strategy.
        kind: &'static str,
        /// What, and where.
        error: String,
    },
    /// There are no such settings.
    #[error("settings of {kind}: there is no {}: there are {}", unknown.join(" and no "), known.join(", "))]
    UnknownSettings {
        /// The strategy.
        kind: &'static str,
        /// What was set.
        unknown: Vec<String>,
        /// What there is.
        known: Vec<String>,
    },
    /// The settings can be read, and are wrong.
    #[error("settings of {kind}: {}", problems.join("; "))]
    Invalid {
        /// The strategy.
        kind: &'static str,
        /// Everything that is wrong, in words.
        problems: Vec<String>,
    },
    /// It trades in another number of places.
    #[error("{kind} trades {wanted} contracts, each on its account: {given} are given")]
    Places {
        /// The strategy.
        kind: &'static str,
        /// How many it trades.
        wanted: usize,
        /// How many it was given.
        given: usize,
    },
}
