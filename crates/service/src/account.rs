//! An account as it is served.

use plimsoll_domain::{AccountId, Currency, MarginFigures, PositionFigures, Symbol, Timestamp, VenueId};
use plimsoll_engine::{AccountView, Link, Ports, PositionManager};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// What kind of money an account trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The market of now, and a venue in memory.
    Paper,
    /// A venue's own demo.
    Testnet,
    /// Real money.
    Live,
    /// A recorded or generated market, or a venue on loopback.
    Simulated,
}

impl Mode {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Testnet => "testnet",
            Self::Live => "live",
            Self::Simulated => "simulated",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One running account with what it is served from. Its name, currency and limits are those of its manager's settings.
#[derive(Clone)]
pub struct ServedAccount {
    /// What kind of money it trades.
    pub mode: Mode,
    /// Trades it. What is ordered here goes through it.
    pub manager: Arc<PositionManager>,
    /// What that manager works with.
    pub ports: Ports,
    /// What is known of the account, always current: of a [`Lookout`](plimsoll_engine::Lookout) or a
    /// [`VenueAccount`](plimsoll_engine::VenueAccount). Screens are drawn from it, so that they cost a venue nothing.
    pub view: watch::Receiver<Arc<AccountView>>,
}

impl fmt::Debug for ServedAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServedAccount").field("name", self.name()).field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// An account at the moment of asking.
pub(crate) struct Seen {
    pub(crate) view: Arc<AccountView>,
    /// `None` is staler than any age.
    pub(crate) age: Option<Duration>,
    /// Every position, of whatever currency.
    pub(crate) positions: Vec<PositionFigures>,
    /// The account in its own currency.
    pub(crate) margin: MarginFigures,
    /// It is young enough to open anything on.
    pub(crate) is_fresh: bool,
}

impl ServedAccount {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &AccountId {
        &self.manager.settings().account
    }

    /// Where it is.
    #[must_use]
    pub fn venue(&self) -> VenueId {
        self.ports.broker.venue()
    }

    /// The currency that it is kept in.
    #[must_use]
    pub fn currency(&self) -> &Currency {
        &self.manager.settings().settle
    }

    /// Whether it is real money.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        matches!(self.mode, Mode::Live)
    }

    pub(crate) fn fresh_within(&self) -> Duration {
        self.manager.rules().limits.settings().max_state_age
    }

    pub(crate) fn view(&self) -> Arc<AccountView> {
        Arc::clone(&self.view.borrow())
    }

    pub(crate) fn seen(&self, now: Timestamp) -> Seen {
        let (view, settings) = (self.view(), self.manager.settings());
        let age = view.age(now);
        let own = view.standing(&settings.settle, settings.closing_fee);
        let mut positions = own.positions();
        let margin = own.margin_of(&positions);
        let settles: BTreeSet<&str> = view.positions.iter().map(|it| it.symbol.settle()).collect();
        for other in settles.into_iter().filter(|settle| *settle != settings.settle.as_str()) {
            positions.extend(view.standing(&Currency::new(other), settings.closing_fee).positions());
        }
        Seen { age, positions, margin, is_fresh: age.is_some_and(|age| age <= self.fresh_within()), view }
    }
}

impl Seen {
    pub(crate) fn age_ms(&self) -> Option<u64> {
        self.age.map(millis)
    }

    /// When the account was last known to be as it is shown; `None` while that is in doubt.
    pub(crate) fn known_at(&self) -> Option<Timestamp> {
        self.age.and_then(|_| self.view.heard_at.max(self.view.read_at))
    }

    pub(crate) fn of_symbol<'a>(
        &'a self,
        symbol: Option<&'a Symbol>,
    ) -> impl Iterator<Item = &'a PositionFigures> + use<'a> {
        self.positions.iter().filter(move |it| symbol.is_none_or(|symbol| it.held.symbol == *symbol))
    }
}

/// The word for a link, and why it is down.
pub(crate) fn link(link: &Link) -> (&'static str, Option<String>) {
    match link {
        Link::Connecting => ("connecting", None),
        Link::Syncing => ("syncing", None),
        Link::Live => ("live", None),
        Link::Down { reason } => ("down", Some(reason.clone())),
        Link::Ended => ("ended", None),
    }
}

/// The nearest whole milliseconds; halves away from zero.
pub(crate) const fn whole_millis(micros: i64) -> i64 {
    (micros / 1000).saturating_add(micros % 1000 / 500)
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_told_to_the_nearest_millisecond_ahead_or_behind() {
        for (micros, millis) in [
            (0, 0),
            (499, 0),
            (500, 1),
            (1499, 1),
            (-499, 0),
            (-500, -1),
            (-1_500, -2),
            (i64::MAX, 9_223_372_036_854_776),
        ] {
            assert_eq!(whole_millis(micros), millis, "{micros}");
        }
    }
}
