//! Opens, watches, protects and closes leveraged positions, under hard limits.

mod adjust;
mod afloat;
mod attached;
mod bookings;
mod close;
mod company;
mod composed;
mod elsewhere;
mod entries;
mod exposure;
mod failure;
mod flatten;
mod foreign;
mod just_read;
mod kill_switch;
mod ladder;
mod ledger;
mod lives;
mod monitor;
mod move_stop;
mod open;
mod outcome;
mod protection;
mod reading;
mod reconcile;
mod rules;
mod sentence;
mod settle;
mod shutdown;
mod survey;
mod switched;
mod told;

pub use adjust::{AdjustFailure, LeverageChange, MarginChange};
pub use afloat::{
    AfloatSettings, Backed, CutFor, HedgePair, KeptLeverage, LastSeen, LostLeg, MarginFor, Measure, NotSuchLeverage,
    WhyLost,
};
pub use composed::{ComposeFailure, Progress};
pub use entries::CancelledEntries;
pub use exposure::Sister;
pub use failure::{CloseFailure, MonitorFailure, OpenFailure, ProtectionFailure, ReconcileFailure, ReleaseFailure};
pub use flatten::{HalfFlattened, UnfinishedFlatten};
pub use foreign::{Foreign, ForeignPolicy};
pub use just_read::JustRead;
pub use ladder::{Ladder, LadderFailure};
pub use move_stop::MoveStopFailure;
pub use open::{Preview, StopMove};
pub use outcome::{
    Action, Closed, EndedPosition, FlattenReason, Flattened, MonitorReport, OpenWarning, Opened, PositionHealth,
    Protected, Protection, Unclosed,
};
pub use reconcile::{Adopted, Drifted, Finding, OrderFate, Orphan, Reconciliation, Restored, Summary, Unprotected};
pub use rules::Rules;
pub use survey::{Survey, SurveyedPosition};

pub(crate) use monitor::{Glance, is_covered};
pub(crate) use survey::{is_stop, is_target, nearest_of};

use crate::client_order_id::{ClientOrderIds, IntentId};
use crate::colleagues::{Alone, Colleagues};
use crate::funding_service::FundingService;
use crate::order_path::{Dispatched, Evidence, OrderPath, Patience, Placed, SendFailure, Wait};
use crate::remembering::RememberingJournal;
use crate::trouble::Troubles;
use crate::venue_account::AccountView;
use plimsoll_domain::risk::{Allowance, MarginAlert, RiskLimits, Scope};
use plimsoll_domain::{
    AccountId, ClientOrderId, Currency, MarginMode, NewOrder, PositionMode, PositionSide, Price, Rate, Symbol,
    Timestamp,
};
use plimsoll_ports::{
    Alert, BookingRepository, Broker, Clock, ControlRepository, EquityRepository, FundingRates, FundingRepository,
    MarketFeed, Notifier, OrderJournal, PositionRepository, Purpose, RiskEventRepository, Severity, TradeRepository,
};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::sync::{Semaphore, watch};

/// Everything outside that a [`PositionManager`] works with.
#[derive(Clone)]
pub struct Ports {
    /// Takes the orders.
    pub broker: Arc<dyn Broker>,
    /// Has the prices.
    pub feed: Arc<dyn MarketFeed>,
    /// Has the funding rates.
    pub funding_rates: Arc<dyn FundingRates>,
    /// Remembers every order before it is sent.
    pub journal: Arc<dyn OrderJournal>,
    /// Remembers positions.
    pub positions: Arc<dyn PositionRepository>,
    /// Remembers trades.
    pub trades: Arc<dyn TradeRepository>,
    /// Remembers funding.
    pub funding: Arc<dyn FundingRepository>,
    /// Remembers transfers, liquidation clearance, rebates and the like.
    pub bookings: Arc<dyn BookingRepository>,
    /// Remembers the equity curve.
    pub equity: Arc<dyn EquityRepository>,
    /// Remembers refusals and interventions.
    pub risk_events: Arc<dyn RiskEventRepository>,
    /// Holds the kill switch and the ladder to live trading.
    pub controls: Arc<dyn ControlRepository>,
    /// Tells a person.
    pub notifier: Arc<dyn Notifier>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// How a [`PositionManager`] is to work.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The account.
    pub account: AccountId,
    /// The currency that the account is kept in: equity, limits and records are in it, and only contracts that settle in
    /// it are opened.
    pub settle: Currency,
    /// What is allowed.
    pub limits: RiskLimits,
    /// How many positions a symbol may have; set at the venue before the first order if it differs there.
    pub position_mode: PositionMode,
    /// What backs new positions; set at the venue before an order if it differs there.
    pub margin_mode: MarginMode,
    /// The fee of closing that the venue counts into liquidation; zero where it does not.
    pub closing_fee: Rate,
    /// How it is kept afloat: what thin margin, a leverage that has drifted and a hedge that was taken make necessary.
    pub afloat: AfloatSettings,
    /// What to do with a position whose stop cannot be verified at the venue.
    pub unverified_stop: UnverifiedStop,
    /// How long to wait for the venue, and for what.
    pub patience: Patience,
    /// What to do about orders and positions of others.
    pub foreign: ForeignPolicy,
    /// How far from the entry an adopted position of others is given a stop-loss, as a share of the price; `None` gives it
    /// none.
    pub adopted_stop: Option<Rate>,
    /// What to do about a flattening that a crash has cut short.
    pub unfinished_flatten: UnfinishedFlatten,
    /// How the account climbs to live trading; `None` where it is not real money.
    pub ladder: Option<Ladder>,
    /// The other accounts on the same records: what they hold counts in the limits on a venue and on the portfolio.
    pub sisters: Vec<Sister>,
}

/// What to do with a position whose stop-loss was wanted and cannot be verified at the venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnverifiedStop {
    /// Close it again.
    Close,
    /// Keep it, and tell a person.
    Keep,
}

impl Settings {
    /// Settings of an account in USDT with the default limits, one-way, isolated, that closes what it cannot protect.
    #[must_use]
    pub fn new(account: AccountId) -> Self {
        Self {
            account,
            settle: Currency::new("USDT"),
            limits: RiskLimits::default(),
            position_mode: PositionMode::OneWay,
            margin_mode: MarginMode::Isolated,
            closing_fee: Rate::ZERO,
            afloat: AfloatSettings::default(),
            unverified_stop: UnverifiedStop::Close,
            patience: Patience::default(),
            foreign: ForeignPolicy::default(),
            adopted_stop: None,
            unfinished_flatten: UnfinishedFlatten::default(),
            ladder: None,
            sisters: Vec::new(),
        }
    }
}

/// Opens, watches, protects and closes the positions of one account.
///
/// Whatever adds exposure is checked against every limit, journalled before it is sent, followed to a definite state, and
/// protected by a stop that is read back from the venue. Whatever removes exposure always gets through: a database that
/// fails is reported and does not stop it. One intent is opened at a time; closing waits for nobody.
pub struct PositionManager {
    ports: Ports,
    settings: Settings,
    /// What it judges by now; the settings hold what it judged by at first.
    rules: RwLock<Arc<Rules>>,
    path: OrderPath,
    /// The journal among the ports, which remembers what it could not take.
    journal: Arc<RememberingJournal>,
    funding: FundingService,
    ids: ClientOrderIds,
    view: Option<watch::Receiver<Arc<AccountView>>>,
    /// Whoever holds its one permit may add exposure.
    turn: Semaphore,
    /// What this process knows of the kill switch, so that a database that fails cannot release it.
    latch: Mutex<Option<plimsoll_ports::KillSwitchRecord>>,
    /// How many flattenings are under way: none may be raced by an order that adds exposure.
    flattening: AtomicU32,
    /// How many flattenings have begun in all.
    flattenings: AtomicU32,
    /// How loud each position's margin ratio was when it was last told.
    told: Mutex<HashMap<(Symbol, PositionSide), MarginAlert>>,
    /// What is remembered of keeping the account afloat.
    afloat: afloat::Memory,
    /// What was earned and what was put in, as far as the records tell.
    earnings: Mutex<monitor::Earnings>,
    /// The orders that this process is sending: nobody else looks after them.
    in_flight: Mutex<HashSet<ClientOrderId>>,
    /// The composed orders that go on, as far as this process carries them.
    carried: Mutex<HashSet<ClientOrderId>>,
    /// The one composed order that this process carries on, if it leaves all others to others.
    only: Mutex<Option<ClientOrderId>>,
    /// Composed orders that may open against others of their group.
    both_ways: Mutex<HashMap<ClientOrderId, Arc<str>>>,
    /// The stops that composed openings owe to what fills of them.
    owed_stops: Mutex<composed::OwedStops>,
    /// The composed orders that somebody of this process works on: two would send the same part.
    worked: Mutex<HashSet<ClientOrderId>>,
    /// Positions of others that the policy leaves alone.
    left_alone: Mutex<HashSet<(Symbol, PositionSide)>>,
    /// What the ladder allowed when the records last told.
    allowed: Mutex<Option<Allowance>>,
    /// The day (UTC) on which it was last looked whether a step is due.
    climbed: Mutex<Option<Timestamp>>,
    /// The limits on all positions together that were broken when that was last told.
    overexposed: Mutex<Vec<Scope>>,
    /// What the composed order that was written down last was judged by.
    judged: Mutex<Option<open::Judged>>,
    /// What of others was announced, and was there when it was last looked.
    announced: Mutex<HashSet<String>>,
    /// What was told last of the kill switch, and of blindness.
    said_last: switched::Said,
    noted: elsewhere::Noted,
    /// What the last reconciliation told.
    said: Mutex<Vec<String>>,
    /// The venue has refused a stop since there was no position yet: from then on stops follow their entries.
    stops_follow: AtomicBool,
    /// Where stops are that entries carry, as far as this process has sent or met them.
    carried_stops: Mutex<HashSet<attached::Place>>,
    /// The names of those that the venue has made, as far as this process has met them.
    attached: Mutex<HashSet<ClientOrderId>>,
    /// The venue has refused an entry for the sake of the stop that it carried, or may have.
    attaches_no_more: AtomicBool,
    /// The venue has refused a second stop beside the first: from then on what is replaced is cancelled first.
    takes_one_stop: AtomicBool,
    /// The last order could not be written down.
    journal_lacks: AtomicBool,
    /// Who else trades the account.
    colleagues: Arc<dyn Colleagues>,
    /// Whoever brings a record of a position up to what the venue holds: a fill belongs to one of them.
    bookkeeping: tokio::sync::Mutex<()>,
}

impl PositionManager {
    /// A manager of the account that `ports.broker` trades.
    #[must_use]
    pub fn new(mut ports: Ports, settings: Settings) -> Self {
        let journal = Arc::new(RememberingJournal::new(ports.journal));
        ports.journal = Arc::clone(&journal) as Arc<dyn OrderJournal>;
        let path = OrderPath {
            broker: Arc::clone(&ports.broker),
            journal: Arc::clone(&ports.journal),
            clock: Arc::clone(&ports.clock),
            account: settings.account.clone(),
            patience: settings.patience,
        };
        let funding = FundingService {
            account: settings.account.clone(),
            rates: Arc::clone(&ports.funding_rates),
            broker: Arc::clone(&ports.broker),
            feed: Arc::clone(&ports.feed),
            records: Arc::clone(&ports.funding),
            positions: Arc::clone(&ports.positions),
            trades: Arc::clone(&ports.trades),
            clock: Arc::clone(&ports.clock),
        };
        let ids = ClientOrderIds::new(&settings.account);
        let rules = Rules { limits: settings.limits.clone(), afloat: settings.afloat.clone() };
        Self {
            ports,
            settings,
            rules: RwLock::new(Arc::new(rules)),
            path,
            journal,
            funding,
            ids,
            view: None,
            turn: Semaphore::new(1),
            latch: Mutex::default(),
            flattening: AtomicU32::new(0),
            flattenings: AtomicU32::new(0),
            told: Mutex::default(),
            afloat: afloat::Memory::default(),
            earnings: Mutex::default(),
            in_flight: Mutex::default(),
            carried: Mutex::default(),
            only: Mutex::default(),
            both_ways: Mutex::default(),
            owed_stops: Mutex::default(),
            worked: Mutex::default(),
            left_alone: Mutex::default(),
            allowed: Mutex::default(),
            climbed: Mutex::default(),
            overexposed: Mutex::default(),
            judged: Mutex::default(),
            announced: Mutex::default(),
            said_last: switched::Said::default(),
            noted: elsewhere::Noted::default(),
            said: Mutex::default(),
            stops_follow: AtomicBool::new(false),
            carried_stops: Mutex::default(),
            attached: Mutex::default(),
            attaches_no_more: AtomicBool::new(false),
            takes_one_stop: AtomicBool::new(false),
            journal_lacks: AtomicBool::new(false),
            colleagues: Arc::new(Alone),
            bookkeeping: tokio::sync::Mutex::default(),
        }
    }

    /// Judges freshness by what a [`VenueAccount`](crate::VenueAccount) publishes: while it is stale or in doubt nothing
    /// that adds exposure is sent. Without one the account is read anew for every order.
    #[must_use]
    pub fn with_view(mut self, view: watch::Receiver<Arc<AccountView>>) -> Self {
        self.view = Some(view);
        self
    }

    /// Names orders by these ids instead, so that a replay names them alike.
    #[must_use]
    pub fn with_ids(mut self, ids: ClientOrderIds) -> Self {
        self.ids = ids;
        self
    }

    /// Leaves to other processes of the account what they have in hand. Without this, nobody else trades it.
    #[must_use]
    pub fn with_colleagues(mut self, colleagues: Arc<dyn Colleagues>) -> Self {
        self.colleagues = colleagues;
        self
    }

    /// A name for what is about to be wanted: the ids of all orders of an intent begin with it, so that whoever writes it down
    /// before the first is sent knows them all.
    #[must_use]
    pub fn name_intent(&self) -> IntentId {
        self.ids.intent(self.ports.clock.now())
    }

    /// How the orders of this account are named.
    #[must_use]
    pub const fn ids(&self) -> &ClientOrderIds {
        &self.ids
    }

    /// The part of its orders' names that tells this process.
    #[must_use]
    pub fn process(&self) -> &str {
        self.ids.process()
    }

    /// Sends an order. While it is under way, nobody else of this process looks it up.
    async fn send(
        &self,
        order: &NewOrder,
        purpose: Purpose,
        evidence: Evidence,
        wait: Wait,
        troubles: &mut Troubles,
    ) -> Result<Placed, SendFailure> {
        self.send_carrying((order, None), purpose, evidence, wait, troubles).await
    }

    /// The same, with a stop attached where one is wanted.
    async fn send_carrying(
        &self,
        (order, stop): (&NewOrder, Option<Price>),
        purpose: Purpose,
        evidence: Evidence,
        wait: Wait,
        troubles: &mut Troubles,
    ) -> Result<Placed, SendFailure> {
        let id = &order.client_order_id;
        let _flight = Flight::of(&self.in_flight, id);
        self.note_sent_stop(id, purpose);
        let outcome = self.path.send_noting((order, stop), purpose, evidence, wait, troubles).await;
        self.note_unsent_stop(order, &outcome, troubles);
        self.tell_of_journal(id, troubles).await;
        if let (Some(_), Err(SendFailure::Refused(refusal))) = (stop, &outcome) {
            self.note_refusal(refusal.reason);
        }
        outcome
    }

    /// Journals and sends an order that is followed later.
    async fn dispatch(
        &self,
        order: &NewOrder,
        purpose: Purpose,
        wait: Wait,
        troubles: &mut Troubles,
    ) -> Result<Dispatched, SendFailure> {
        let outcome = self.path.dispatch((order, None), purpose, wait, troubles).await;
        self.tell_of_journal(&order.client_order_id, troubles).await;
        outcome
    }

    /// An order that went out without being written down is told aloud, once until the journal is written again: after a
    /// crash nobody would know of it but the venue.
    async fn tell_of_journal(&self, id: &ClientOrderId, troubles: &mut Troubles) {
        let is_lacking = troubles.lack_a_journal_entry(id);
        let was_lacking = self.journal_lacks.swap(is_lacking, std::sync::atomic::Ordering::SeqCst);
        if is_lacking && !was_lacking {
            let account = &self.settings.account;
            let alert = Alert {
                severity: Severity::Critical,
                key: format!("journal/{account}"),
                title: format!("orders of {account} go out without a journal"),
                body: format!(
                    "{id} and what follows cannot be written down; what removes exposure is sent all the same"
                ),
            };
            self.alert(&alert, troubles).await;
        }
    }

    fn is_in_flight(&self, id: &ClientOrderId) -> bool {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }

    /// The account's funding.
    #[must_use]
    pub const fn funding(&self) -> &FundingService {
        &self.funding
    }

    /// How this manager was set up. What it judges by may be otherwise since: see [`rules`](Self::rules).
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// While one lives, its order is under way.
struct Flight<'a> {
    orders: &'a Mutex<HashSet<ClientOrderId>>,
    id: ClientOrderId,
}

impl<'a> Flight<'a> {
    fn of(orders: &'a Mutex<HashSet<ClientOrderId>>, id: &ClientOrderId) -> Self {
        orders.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone());
        Self { orders, id: id.clone() }
    }

    /// The same, unless somebody has it under way already.
    fn alone(orders: &'a Mutex<HashSet<ClientOrderId>>, id: &ClientOrderId) -> Option<Self> {
        let is_first = orders.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone());
        is_first.then(|| Self { orders, id: id.clone() })
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}
