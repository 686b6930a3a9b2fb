//! All positions together: of an account, at a venue, of the portfolio.

use super::limits::RiskLimits;
use super::reason::Reason;
use crate::money::Money;
use crate::side::{UnknownWord, words};
use std::fmt;
use std::str::FromStr;

/// Whose positions are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The account's.
    Account,
    /// Those of every account at its venue.
    Venue,
    /// Those of every account.
    Portfolio,
}
words!(Scope, "scope", Account = "account", Venue = "venue", Portfolio = "portfolio");

/// What positions are worth, and the equity behind them, in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exposed {
    /// Notional of the positions, long and short alike.
    pub notional: Money,
    /// Wallet and unrealised profit.
    pub equity: Money,
}

impl Exposed {
    /// Both together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        let sum = |a: Money, b: Money| Money::new(a.get().saturating_add(b.get()));
        Self { notional: sum(self.notional, other.notional), equity: sum(self.equity, other.equity) }
    }
}

/// What other accounts of the same currency hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Elsewhere {
    /// The others at the account's venue.
    pub venue: Exposed,
    /// All others.
    pub portfolio: Exposed,
}

/// The limits on all positions together that `own`, the account, breaks with what is held elsewhere. Of its equity counts
/// what the limits let count.
pub fn overexposed(own: Exposed, elsewhere: Elsewhere, limits: &RiskLimits) -> impl Iterator<Item = Reason> + use<> {
    let own = Exposed { equity: limits.counted(own.equity), ..own };
    let scopes = [
        (Scope::Account, own),
        (Scope::Venue, own.with(elsewhere.venue)),
        (Scope::Portfolio, own.with(elsewhere.portfolio)),
    ];
    let broken = scopes.map(|(scope, all)| {
        let limit = limits.exposure_limit(scope, all.equity)?;
        (all.notional > limit).then_some(Reason::Exposure { scope, notional: all.notional, limit })
    });
    broken.into_iter().flatten()
}
