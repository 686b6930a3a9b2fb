//! What is known of an account at one moment.

use super::audit::AuditLog;
use plimsoll_domain::{
    Balance, Currency, HeldPosition, Instrument, Leverage, MarginMode, Order, PositionMode, PositionSide, Rate,
    Standing, Symbol, Tally, Timestamp,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What is known of an account at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountView {
    /// Whether events flow.
    pub link: Link,
    /// When the stream last brought anything, on our clock.
    pub heard_at: Option<Timestamp>,
    /// When the newest reading that we asked the venue for was begun, on our clock.
    pub read_at: Option<Timestamp>,
    /// Something was missed: what follows is in doubt until the next snapshot.
    pub needs_resync: bool,
    /// The venue's time of the newest event.
    pub as_of: Option<Timestamp>,
    /// The venue's time up to which every trade is known: of the stream's last snapshot, which brings those before it.
    pub traded_until: Option<Timestamp>,
    /// How many positions a symbol may have, once known.
    pub position_mode: Option<PositionMode>,
    /// Every open position.
    pub positions: Vec<HeldPosition>,
    /// Every open order.
    pub orders: Arc<[Order]>,
    /// Every known balance.
    pub balances: Vec<(Currency, Balance)>,
    /// How contracts are set, where it was told.
    pub settings: Arc<BTreeMap<Symbol, ContractSetting>>,
    /// The venue's contracts; empty for a follower that was given none.
    pub contracts: Arc<BTreeMap<Symbol, Instrument>>,
    /// What was done since the account is followed.
    pub tally: Tally,
    /// When the account was in doubt.
    pub gaps: Gaps,
    /// What asking the venue has brought to light.
    pub audits: Arc<AuditLog>,
}

/// How a contract is set for an account, as far as it was told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ContractSetting {
    /// Its leverage.
    pub leverage: Option<Leverage>,
    /// What backs its positions.
    pub margin_mode: Option<MarginMode>,
}

/// Whether an account's events flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Not connected yet.
    Connecting,
    /// Connected; a snapshot is awaited first.
    Syncing,
    /// Events flow, and everything before them is known.
    Live,
    /// Events do not flow.
    Down {
        /// Why.
        reason: String,
    },
    /// The stream was shut down for good.
    Ended,
}

/// How often, and when last, an account that had been live was in doubt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gaps {
    /// How many have been closed.
    pub closed: u64,
    /// The last of them.
    pub last: Option<Gap>,
    /// Since when it is in doubt now, on our clock.
    pub open_since: Option<Timestamp>,
}

/// A time for which an account was in doubt, on our clock. What happened in it is known by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// From.
    pub from: Timestamp,
    /// Until.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

/// A figure, and how old what it was worked out from is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observed<T> {
    /// The figure, from what is known.
    pub value: T,
    /// How long ago the account was last known to be so. `None` is staler than any age: it is in doubt.
    pub age: Option<Duration>,
}

impl<T> Observed<T> {
    /// The figure, if it is no older than this.
    #[must_use]
    pub fn fresh(&self, within: Duration) -> Option<&T> {
        self.age.filter(|age| *age <= within).map(|_| &self.value)
    }

    /// Another figure of the same moment.
    #[must_use]
    pub fn map<U>(self, of: impl FnOnce(T) -> U) -> Observed<U> {
        Observed { value: of(self.value), age: self.age }
    }
}

impl AccountView {
    /// Of an account of which nothing has been heard yet.
    pub(crate) fn unknown() -> Self {
        Self {
            link: Link::Connecting,
            heard_at: None,
            read_at: None,
            needs_resync: false,
            as_of: None,
            traded_until: None,
            position_mode: None,
            positions: Vec::new(),
            orders: Arc::default(),
            balances: Vec::new(),
            settings: Arc::default(),
            contracts: Arc::default(),
            tally: Tally::default(),
            gaps: Gaps::default(),
            audits: Arc::default(),
        }
    }

    /// How long ago the stream last brought anything, or the venue was asked, while the stream is live and nothing is in
    /// doubt. `None` is staler than any age: nothing that adds exposure may be judged on it.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Option<Duration> {
        self.heard_at.max(self.read_at).filter(|_| self.is_trusted()).map(|known_at| now.since(known_at))
    }

    /// Events flow, and nothing is in doubt.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.link == Link::Live && !self.needs_resync
    }

    /// This position, if it is open.
    #[must_use]
    pub fn position(&self, symbol: &Symbol, side: PositionSide) -> Option<&HeldPosition> {
        self.positions.iter().find(|it| it.symbol == *symbol && it.position_side == side)
    }

    /// What is known of this currency; all `None` if nothing is.
    #[must_use]
    pub fn balance(&self, currency: &Currency) -> Balance {
        self.balances.iter().find(|(known, _)| known == currency).map(|(_, balance)| *balance).unwrap_or_default()
    }

    /// How the account stands in this currency. `closing_fee` is the fee that the venue counts into liquidation.
    #[must_use]
    pub fn standing(&self, currency: &Currency, closing_fee: Rate) -> Standing<'_> {
        let contract = |symbol: &Symbol| self.contracts.get(symbol);
        Standing::new(currency, self.balance(currency), &self.positions, contract, closing_fee)
    }
}
