//! How long a position for which a stop was meant has none at the exchange.

use crate::difference::Difference;
use crate::observer::{Observer, key};
use crate::plan::Plan;
use plimsoll_domain::{AccountId, ClientOrderId, OrderType, PositionSide, Symbol, Timestamp};
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
    /// The venue takes a stop before there is a position.
    pub is_ahead: bool,
    /// Until a stop rested at the exchange; the same as `took` where none did.
    pub until_resting: Duration,
    /// Until somebody of ours had read it back, or the position was gone.
    pub took: Duration,
}

/// Where every call is answered, a stop rests again after this at the latest: a look by the clock is half a minute away, and
/// a comparison of the books a minute.
const LONGEST: Duration = Duration::from_secs(180);

impl Spell {
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
}

/// What has been without protection, and since when.
#[derive(Debug, Default)]
pub(crate) struct Naked {
    is_fair: bool,
    is_woken: bool,
    is_ahead: bool,
    bare: BTreeMap<(Symbol, PositionSide), Bare>,
    covered: BTreeSet<(Symbol, PositionSide)>,
    /// The stops that somebody of ours has read back.
    known: BTreeSet<ClientOrderId>,
    /// A stop rests since then that nobody has read back.
    unread: BTreeMap<ClientOrderId, (Bare, Timestamp)>,
    pub(crate) spells: Vec<Spell>,
}

/// What a look goes by.
pub(crate) struct Moment<'a> {
    pub(crate) exchange: &'a Exchange,
    pub(crate) account: &'a AccountId,
    pub(crate) now: Timestamp,
    pub(crate) fortune: Fortune,
    /// What grew, by an order that was just sent or by one that had rested.
    pub(crate) grown: &'a BTreeSet<String>,
    /// An order of ours has just been taken.
    pub(crate) is_sent: bool,
}

impl Naked {
    pub(crate) fn new(plan: &Plan) -> Self {
        let is_ahead = plan.closing_orders != ClosingOrders::OfPositions;
        Self { is_fair: plan.is_fair, is_woken: plan.has_lookout, is_ahead, ..Self::default() }
    }

    /// Whether anything is meant to be protected.
    pub(crate) fn is_of_interest(&self, observer: &Observer) -> bool {
        !observer.stops.is_empty() || !self.bare.is_empty()
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
            let stop = waiting.iter().map(|it| &it.order).find(|order| {
                order.symbol == report.symbol
                    && order.position_side == report.position_side
                    && order.order_type == OrderType::StopMarket
                    && order.side == opens.opposite()
                    && order.close_position
            });
            match stop {
                Some(stop) => {
                    let id = stop.client_order_id.clone();
                    let grew = it.grown.contains(&name).then_some(Bare {
                        since: it.now,
                        begins: if it.is_sent { Begins::Entered } else { Begins::Rested },
                        fortune: it.fortune,
                    });
                    self.covered.insert(which.clone());
                    match self.bare.remove(&which).or(grew) {
                        // What rested before, and was read back, protects from the first moment.
                        Some(bare) if self.known.contains(&id) => {
                            self.end(bare, Ends::Protected, (it.now, it.now), it.fortune);
                        }
                        Some(bare) => {
                            self.unread.entry(id).or_insert((bare, it.now));
                        }
                        None => {}
                    }
                }
                None => {
                    let begins = match (self.covered.remove(&which), it.grown.contains(&name), it.is_sent) {
                        (_, true, true) => Begins::Entered,
                        (_, true, false) => Begins::Rested,
                        (true, ..) => Begins::Lost,
                        (false, ..) => Begins::Entered,
                    };
                    self.bare.entry(which).or_insert(Bare { since: it.now, begins, fortune: it.fortune });
                }
            }
        }
        // What has ended needs no stop any more, and what begins in its place may be meant to have none.
        observer.stops.retain(|key, _| held.contains(key));
        self.covered.retain(|which| sides.contains(which));
        let gone: Vec<_> = self.bare.keys().filter(|which| !sides.contains(*which)).cloned().collect();
        for which in gone {
            if let Some(bare) = self.bare.remove(&which) {
                self.end(bare, Ends::Closed, (it.now, it.now), it.fortune);
            }
        }
    }

    /// Somebody of ours was told that this order rests.
    pub(crate) fn read(&mut self, id: &ClientOrderId, now: Timestamp, fortune: Fortune) {
        self.known.insert(id.clone());
        if let Some((bare, rests_since)) = self.unread.remove(id) {
            self.end(bare, Ends::Protected, (rests_since, now), fortune);
        }
    }

    fn end(&mut self, bare: Bare, ends: Ends, (rests_since, now): (Timestamp, Timestamp), fortune: Fortune) {
        self.spells.push(Spell {
            begins: bare.begins,
            ends,
            met: fortune.since(bare.fortune),
            is_fair: self.is_fair,
            is_woken: self.is_woken,
            is_ahead: self.is_ahead,
            until_resting: rests_since.since(bare.since),
            took: now.since(bare.since),
        });
    }
}
