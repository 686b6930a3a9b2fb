//! How long a position for which a stop was meant has none at the exchange.

use crate::difference::Difference;
use crate::observer::{Observer, key};
use crate::plan::Plan;
use plimsoll_domain::{AccountId, ClientOrderId, OrderType, PositionSide, Symbol, Timestamp};
use plimsoll_engine::ClientOrderIds;
use plimsoll_exchange::{ClosingOrders, Exchange};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A time without protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spell {
    /// How it began.
    pub begins: Begins,
    /// How it ended.
    pub ends: Ends,
    /// What else happened to us meanwhile.
    pub met: Met,
    /// Nothing went wrong in the whole run, and every call took the same time.
    pub is_fair: bool,
    /// The guard hears of what happens; else it looks by the clock alone.
    pub is_woken: bool,
    /// When the venue takes a stop.
    pub takes: Takes,
    /// Until a stop rested at the exchange; the same as `took` where none did.
    pub until_resting: Duration,
    /// Until somebody of ours had read it back, or the position was gone.
    pub took: Duration,
    /// The same from when somebody of ours was first told of the fill, by whatever answer or event; nothing where the stop
    /// was read back by then.
    pub after_seen: Duration,
}

/// When a venue takes the stop of what is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Takes {
    /// Before there is a position.
    Ahead,
    /// With the entry, which carries it.
    Attached,
    /// Once there is a position.
    Behind,
}

impl Takes {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Ahead, Self::Attached, Self::Behind];

    fn of(plan: &Plan) -> Self {
        match (plan.closing_orders, plan.attaches_stops) {
            (ClosingOrders::OfPositions, true) => Self::Attached,
            (ClosingOrders::OfPositions, false) => Self::Behind,
            (ClosingOrders::Any | ClosingOrders::OneOfAKind, _) => Self::Ahead,
        }
    }

    /// In words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ahead => "takes a stop before there is a position",
            Self::Attached => "attaches it to the entry",
            Self::Behind => "takes none before there is a position",
        }
    }
}

/// Where every call is answered, a stop rests again after this at the latest: a look by the clock is half a minute away, and
/// a comparison of the books a minute.
const LONGEST: Duration = Duration::from_secs(180);

impl Spell {
    /// Whoever has sent an entry waits for it, woken or not; what had rested is looked for by the clock alone, unless somebody
    /// is woken.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.begins == Begins::Entered || self.is_woken
    }

    /// Nothing went wrong, and nobody did anything about it for minutes.
    pub(crate) fn is_too_long(&self) -> bool {
        self.met == Met::Nothing && self.took > LONGEST
    }

    pub(crate) fn to_difference(self) -> Difference {
        let subject = format!("a position without its stop since {}", self.begins.as_str());
        Difference::new(subject, format!("for {:?}", self.took), format!("for {LONGEST:?} at most"))
    }
}

/// How a time without protection began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Begins {
    /// An entry was sent that filled at once, and was waited for.
    Entered,
    /// An entry filled that had rested: nobody waited for it.
    Rested,
    /// A stop is gone that had rested.
    Lost,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ends {
    /// A stop rests, and was read back.
    Protected,
    /// The position is gone.
    Closed,
}

/// What happened meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Met {
    /// Nothing: every call was answered.
    Nothing,
    /// Something went wrong with a call, or with the stream.
    Faults,
    /// The process died.
    Death,
}

impl Begins {
    /// In words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entered => "an entry filled at once",
            Self::Rested => "an entry filled that had rested",
            Self::Lost => "a stop was gone",
        }
    }
}

impl Met {
    /// In words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing went wrong",
            Self::Faults => "something went wrong",
            Self::Death => "the process died",
        }
    }
}

/// What had happened to us at a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fortune {
    pub(crate) faults: u64,
    pub(crate) deaths: u64,
}

impl Fortune {
    const fn since(self, before: Self) -> Met {
        if self.deaths != before.deaths {
            Met::Death
        } else if self.faults != before.faults {
            Met::Faults
        } else {
            Met::Nothing
        }
    }
}

/// What is without protection.
#[derive(Debug, Clone, Copy)]
struct Bare {
    since: Timestamp,
    begins: Begins,
    fortune: Fortune,
    /// When somebody of ours was told of it.
    seen: Option<Timestamp>,
}

/// Which position.
type Which = (Symbol, PositionSide);

/// What has been without protection, and since when.
#[derive(Debug, Default)]
pub(crate) struct Naked {
    is_fair: bool,
    is_woken: bool,
    takes: Option<Takes>,
    bare: BTreeMap<Which, Bare>,
    /// The stops that cover a position whole.
    covered: BTreeMap<Which, BTreeSet<ClientOrderId>>,
    /// The stops that somebody of ours has read back.
    known: BTreeSet<ClientOrderId>,
    /// A stop rests since then that nobody has read back.
    unread: BTreeMap<Which, (Bare, Timestamp)>,
    pub(crate) spells: Vec<Spell>,
}

/// What a look goes by.
pub(crate) struct Moment<'a> {
    pub(crate) exchange: &'a Exchange,
    pub(crate) account: &'a AccountId,
    /// Tells which orders are ours.
    pub(crate) ids: &'a ClientOrderIds,
    pub(crate) now: Timestamp,
    pub(crate) fortune: Fortune,
    /// What grew, by an order that was just sent or by one that had rested.
    pub(crate) grown: &'a BTreeSet<String>,
    /// An order of ours has just been taken.
    pub(crate) is_sent: bool,
}

impl Naked {
    pub(crate) fn new(plan: &Plan) -> Self {
        let takes = Some(Takes::of(plan));
        Self { is_fair: plan.is_fair, is_woken: plan.has_lookout, takes, ..Self::default() }
    }

    /// Whether anything is meant to be protected.
    pub(crate) fn is_of_interest(&self, observer: &Observer) -> bool {
        !observer.stops.is_empty() || !self.bare.is_empty() || !self.unread.is_empty()
    }

    pub(crate) fn look(&mut self, it: &Moment<'_>, observer: &mut Observer) {
        let positions = it.exchange.positions(it.account);
        let waiting = it.exchange.open_conditionals(it.account);
        let mut held = BTreeSet::new();
        let mut sides = BTreeSet::new();
        for report in &positions {
            let Some(position) = report.position else { continue };
            let opens = position.direction.opening_side();
            let name = key(&report.symbol, report.position_side.as_str(), opens.as_str());
            let which = (report.symbol.clone(), report.position_side);
            held.insert(name.clone());
            sides.insert(which.clone());
            if !observer.stops.contains_key(&name) {
                continue;
            }
            // What the venue has made of what an entry carried is as good, where it is for all that is held.
            let stops = waiting.iter().map(|it| &it.order).filter(|order| {
                let is_made_for_all = !it.ids.is_ours(&order.client_order_id)
                    && order.quantity.is_some_and(|quantity| quantity >= position.quantity);
                order.symbol == report.symbol
                    && order.position_side == report.position_side
                    && order.order_type == OrderType::StopMarket
                    && order.side == opens.opposite()
                    && (order.close_position || is_made_for_all)
            });
            let stops: BTreeSet<ClientOrderId> = stops.map(|stop| stop.client_order_id.clone()).collect();
            let grew = it.grown.contains(&name);
            if stops.is_empty() {
                let begins = match (self.covered.remove(&which).is_some(), grew, it.is_sent) {
                    (_, true, true) => Begins::Entered,
                    (_, true, false) => Begins::Rested,
                    (true, ..) => Begins::Lost,
                    (false, ..) => Begins::Entered,
                };
                let anew = Bare { since: it.now, begins, fortune: it.fortune, seen: None };
                // A stop that nobody had read back was none.
                let bare = self.unread.remove(&which).map_or(anew, |(bare, _)| bare);
                self.bare.entry(which).or_insert(bare);
                continue;
            }
            let begins = if it.is_sent { Begins::Entered } else { Begins::Rested };
            let grew = grew.then_some(Bare { since: it.now, begins, fortune: it.fortune, seen: None });
            let is_known = stops.iter().any(|stop| self.known.contains(stop));
            self.covered.insert(which.clone(), stops);
            match self.bare.remove(&which).or(grew) {
                // What rested before, and was read back, protects from the first moment.
                Some(bare) if is_known => self.end(bare, Ends::Protected, (it.now, it.now), it.fortune),
                Some(bare) => {
                    self.unread.entry(which).or_insert((bare, it.now));
                }
                None => {}
            }
        }
        // What has ended needs no stop any more, and what begins in its place may be meant to have none.
        observer.stops.retain(|key, _| held.contains(key));
        self.covered.retain(|which, _| sides.contains(which));
        let is_gone = |which: &&Which| !sides.contains(*which);
        let gone: BTreeSet<Which> = self.bare.keys().chain(self.unread.keys()).filter(is_gone).cloned().collect();
        for which in gone {
            if let Some(bare) = self.bare.remove(&which) {
                self.end(bare, Ends::Closed, (it.now, it.now), it.fortune);
            }
            if let Some((bare, rests_since)) = self.unread.remove(&which) {
                self.end(bare, Ends::Closed, (rests_since, it.now), it.fortune);
            }
        }
    }

    /// Somebody of ours was told of what is held there, or of a fill.
    pub(crate) fn see(&mut self, symbol: &Symbol, side: PositionSide, now: Timestamp) {
        let which = (symbol.clone(), side);
        let waiting = self.unread.get_mut(&which).map(|(bare, _)| bare);
        for bare in self.bare.get_mut(&which).into_iter().chain(waiting) {
            bare.seen.get_or_insert(now);
        }
    }

    /// Somebody of ours was told that this order rests.
    pub(crate) fn read(&mut self, id: &ClientOrderId, now: Timestamp, fortune: Fortune) {
        self.known.insert(id.clone());
        let covers = |which: &&Which| self.covered.get(*which).is_some_and(|stops| stops.contains(id));
        let read: Vec<Which> = self.unread.keys().filter(covers).cloned().collect();
        for which in read {
            if let Some((bare, rests_since)) = self.unread.remove(&which) {
                self.end(bare, Ends::Protected, (rests_since, now), fortune);
            }
        }
    }

    fn end(&mut self, bare: Bare, ends: Ends, (rests_since, now): (Timestamp, Timestamp), fortune: Fortune) {
        self.spells.push(Spell {
            begins: bare.begins,
            ends,
            met: fortune.since(bare.fortune),
            is_fair: self.is_fair,
            is_woken: self.is_woken,
            takes: self.takes.unwrap_or(Takes::Ahead),
            until_resting: rests_since.since(bare.since),
            took: now.since(bare.since),
            after_seen: bare.seen.map_or(Duration::ZERO, |seen| now.since(seen)),
        });
    }
}
