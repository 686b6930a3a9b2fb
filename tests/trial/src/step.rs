//! What the trader does, one step at a time.

use crate::fault::Rule;
use crate::fuse::Death;
use crate::market::Contract;
use plimsoll_domain::{Decimal, Direction};
use std::fmt;
use std::time::Duration;

/// One step, what happens beside it, and how long it is watched afterwards.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) deed: Deed,
    /// Somebody else of the same process does this at once.
    pub(crate) beside: Option<Deed>,
    /// The market does this while it is under way.
    pub(crate) meanwhile: Option<(Duration, Event)>,
    pub(crate) death: Option<Death>,
    /// What goes wrong meanwhile, and until the next step; nothing in calm weather.
    pub(crate) storm: Vec<Rule>,
    /// The clock of our process is set off by so many milliseconds.
    pub(crate) clock: Option<i64>,
    /// How long nothing else is done.
    pub(crate) watch: Duration,
}

/// An opening that is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) contract: Contract,
    pub(crate) direction: Direction,
    pub(crate) notional: u64,
    pub(crate) leverage: u32,
    /// How far from the price, as a share of it.
    pub(crate) stop: Option<Decimal>,
    pub(crate) target: Option<Decimal>,
    /// The worst price, as a share of the price away from it.
    pub(crate) limit: Option<Decimal>,
    /// If the kill switch is engaged, it is released before.
    pub(crate) releases: bool,
}

/// What a composed order is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Composes {
    Bracket,
    Iceberg,
    Twap,
    Oco,
    TrailingStop,
}

/// A composed order that is wanted. What opens nothing is for one of what is held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Composition {
    pub(crate) kind: Composes,
    pub(crate) entry: Entry,
    /// It closes instead of opening, where it can do either.
    pub(crate) closes: Option<u64>,
    /// How much of what is held it is for.
    pub(crate) share: Decimal,
    /// How many parts it has.
    pub(crate) parts: u16,
    /// From one part to the next.
    pub(crate) every: Duration,
    /// How far from the price its limit is, to the side that is better for us; or how far behind the price its stop is.
    pub(crate) away: Decimal,
    /// The stop is the one that rests already.
    pub(crate) relies_on_a_stop: bool,
}

/// Who engages the kill switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hand {
    Here,
    /// Another process.
    Elsewhere,
    /// Both, at once.
    Both,
}

/// What our side does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deed {
    /// Opens or adds.
    Open(Entry),
    /// Places an order that is made of several.
    Compose(Composition),
    /// Ends this one of the composed orders that go on.
    CancelComposed {
        which: u64,
    },
    /// Closes this one of what is held; a share of it, or the whole.
    Close {
        which: u64,
        share: Option<Decimal>,
    },
    Flatten,
    Reconcile,
    /// Cancels one of our resting orders at the broker, as a person would.
    Cancel {
        which: u64,
    },
    Leverage {
        contract: Contract,
        leverage: u32,
    },
    /// Moves margin into (or out of) this one of what is held.
    Margin {
        which: u64,
        amount: i64,
    },
    /// Engages the kill switch.
    Kill(Hand),
    /// Ends in an orderly way, and starts again.
    Restart,
    /// Nothing of ours: the market or others do something.
    Watch(Event),
}

/// What the market, the venue or others do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event {
    /// The price jumps by a share of itself.
    Jumps { contract: Contract, by: Decimal },
    /// The price goes where this one of the stops (or targets) is, and beyond.
    Triggers { which: u64, beyond: Decimal },
    /// The price goes beyond where this one of what is held is liquidated.
    Liquidates { which: u64 },
    /// Time passes until funding has been settled.
    SettlesFunding,
    /// Somebody closes a share of this one of what is held, or adds to it, by hand.
    TradesByHand { which: u64, share: Decimal, adds: bool },
    /// Somebody places a limit order by hand that rests.
    RestsByHand { contract: Contract, direction: Direction },
    /// Money comes in or goes out.
    Transfers(i64),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.deed)?;
        if let Some(beside) = &self.beside {
            write!(f, ", beside {beside:?}")?;
        }
        if let Some((after, event)) = &self.meanwhile {
            write!(f, ", meanwhile after {after:?} {event:?}")?;
        }
        if let Some(death) = self.death {
            write!(f, ", dies {death:?}")?;
        }
        if let Some(off) = self.clock {
            write!(f, ", its clock {off} ms off")?;
        }
        write!(f, ", watched for {:?}", self.watch)?;
        if !self.storm.is_empty() {
            let storm: Vec<String> = self.storm.iter().map(ToString::to_string).collect();
            write!(f, ", in a storm: {}", storm.join(", "))?;
        }
        Ok(())
    }
}
