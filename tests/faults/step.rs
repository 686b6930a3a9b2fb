//! What the trader does, one step at a time.

use plimsoll_domain::{Decimal, Direction};
use std::fmt;
use std::time::Duration;

/// One of the contracts that are traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contract {
    Bitcoin,
    Ether,
}

/// One step, and what happens beside it.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) deed: Deed,
    /// The process dies at this await of it.
    pub(crate) crash: Option<u64>,
    /// The market does this while it is under way.
    pub(crate) meanwhile: Option<(Duration, Event)>,
}

/// What our side does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deed {
    /// Opens or adds, for so much money.
    Open {
        contract: Contract,
        direction: Direction,
        notional: u64,
        leverage: u32,
        /// How far from the price, as a share of it.
        stop: Option<Decimal>,
        target: Option<Decimal>,
        /// The worst price, as a share of the price away from it.
        limit: Option<Decimal>,
    },
    /// Closes this one of what is held; a share of it, or the whole.
    Close {
        which: u64,
        share: Option<Decimal>,
    },
    Flatten,
    Monitor,
    Reconcile,
    /// Two at once.
    MonitorBesideOpen {
        contract: Contract,
        direction: Direction,
        notional: u64,
        stop: Decimal,
    },
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
    /// Ends in an orderly way, and starts again.
    Restart,
    /// Nothing of ours: the market or others do something.
    Watch(Event),
}

/// What the market, the venue or others do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event {
    /// The price moves by a share of itself.
    Moves { contract: Contract, by: Decimal },
    /// The price goes where this one of the stops (or targets) is, and a little beyond.
    Triggers { which: u64, beyond: Decimal },
    /// The price goes beyond where this one of what is held is liquidated.
    Liquidates { which: u64 },
    /// Time passes until funding has been settled.
    SettlesFunding,
    /// Time passes at the prices of now.
    Waits(Duration),
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
        if let Some((after, event)) = &self.meanwhile {
            write!(f, ", meanwhile after {after:?} {event:?}")?;
        }
        if let Some(awaits) = self.crash {
            write!(f, ", dies at await {awaits}")?;
        }
        Ok(())
    }
}
