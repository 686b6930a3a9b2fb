//! How an account is looked after.

use super::view::ContractSetting;
use super::watchers::WatchSettings;
use crate::order_path::Patience;
use plimsoll_domain::{AccountId, Currency, Decimal, PositionMode, Rate, Symbol};
use plimsoll_ports::{AccountAudit, Broker, Clock, OrderJournal};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Everything outside that a [`VenueAccount`](crate::VenueAccount) works with, beside its stream.
#[derive(Clone)]
pub struct AccountPorts {
    /// Has the account, and takes its orders.
    pub broker: Arc<dyn Broker>,
    /// Tells how contracts are set, where the venue can be asked; without it only positions tell.
    pub audit: Option<Arc<dyn AccountAudit>>,
    /// Remembers every order before it is sent.
    pub journal: Arc<dyn OrderJournal>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// How closely an account is followed. It may be otherwise while it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vigilance {
    /// What reduces is judged by a position that is no older.
    pub fresh_within: Duration,
    /// How often the venue is asked whether it sees the account as we do.
    pub audit_every: Duration,
    /// What is watched.
    pub watch: WatchSettings,
}

/// How a [`VenueAccount`](crate::VenueAccount) looks after its account.
#[derive(Debug, Clone)]
pub struct VenueAccountSettings {
    /// The account.
    pub account: AccountId,
    /// The currency that its figures are in.
    pub settle: Currency,
    /// The fee of closing that the venue counts into liquidation; zero where it does not.
    pub closing_fee: Rate,
    /// How contracts are to be set: applied at the start where the venue has them otherwise, and read back.
    pub contracts: BTreeMap<Symbol, ContractSetting>,
    /// How many positions a symbol is to have; `None` leaves it as it is.
    pub position_mode: Option<PositionMode>,
    /// The account must be live so soon after the start.
    pub live_within: Duration,
    /// What reduces is judged by a position that is no older.
    pub fresh_within: Duration,
    /// A live stream that brings nothing for so long is not believed: the account is read.
    pub stale_after: Duration,
    /// An account that is in doubt for so long is read, whatever its stream promises; and again after each such time.
    pub resync_after: Duration,
    /// How far back fills are asked for, before the time up to which they are known: so much a venue's list may lag.
    pub back_fill_overlap: Duration,
    /// How often the venue is asked whether it sees the account as we do.
    pub audit_every: Duration,
    /// How long something may be on its way: a difference counts if it is still there after this.
    pub second_look_after: Duration,
    /// How often the venue's list of contracts is read again: halts, delistings, new tiers, steps and funding intervals are
    /// known so soon.
    pub list_every: Duration,
    /// How often staleness and audits are thought of.
    pub look_every: Duration,
    /// A position above this margin ratio counts as high risk.
    pub high_risk: Decimal,
    /// What is watched.
    pub watch: WatchSettings,
    /// How long to wait for the venue when an order is sent.
    pub patience: Patience,
}

impl VenueAccountSettings {
    /// An account in USDT: fresh within 10 s, stale after 30 s, resynchronised 5 s into a doubt, audited every 5 minutes;
    /// nothing is set at the venue.
    #[must_use]
    pub fn new(account: AccountId) -> Self {
        Self {
            account,
            settle: Currency::new("USDT"),
            closing_fee: Rate::ZERO,
            contracts: BTreeMap::new(),
            position_mode: None,
            live_within: Duration::from_secs(30),
            fresh_within: Duration::from_secs(10),
            stale_after: Duration::from_secs(30),
            resync_after: Duration::from_secs(5),
            back_fill_overlap: Duration::from_secs(60),
            audit_every: Duration::from_secs(300),
            second_look_after: Duration::from_secs(3),
            list_every: Duration::from_secs(300),
            look_every: Duration::from_secs(1),
            high_risk: Decimal::new(7, 1),
            watch: WatchSettings::default(),
            patience: Patience::default(),
        }
    }

    /// How closely the account is followed at first.
    #[must_use]
    pub fn vigilance(&self) -> Vigilance {
        let Self { fresh_within, audit_every, watch, .. } = self;
        Vigilance { fresh_within: *fresh_within, audit_every: *audit_every, watch: watch.clone() }
    }

    /// The same settings, so closely followed.
    pub(crate) fn with_vigilance(mut self, vigilance: Vigilance) -> Self {
        let Vigilance { fresh_within, audit_every, watch } = vigilance;
        (self.fresh_within, self.audit_every, self.watch) = (fresh_within, audit_every, watch);
        self
    }
}
