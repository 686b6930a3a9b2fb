//! The order journal: what we meant, before the first byte of it was sent.
//!
//! An order's life in the journal is one machine, and [`JournalState::follow`] is its rule: every store asks it before it
//! writes. `docs/order-journal.md` shows it with who makes each move, and what a crash in each state leaves behind.
//!
//! ```text
//!                 ┌──────────────▶ not sent   it never left us, never arrived, or was dropped
//!                 │      ┌───────▶ refused    the venue said no
//!  intended ──────┼──────┤
//!     │           │      │
//!     ├─▶ unanswered ────┤
//!     │           │      │
//!     └─▶ accepted ◀─────┘ (found at the venue)
//!              │
//!              └─────────────────▶ finished   it has ended at the venue (from any state before)
//! ```

use super::StoreError;
use super::composed::{ComposedEnd, ComposedEntry};
use async_trait::async_trait;
use plimsoll_domain::{AccountId, ClientOrderId, NewOrder, OrderId, OrderStatus, Price, Quantity, Timestamp, VenueId};

/// The journal of orders: every order is written here before it is sent, so that after a crash it can be looked up.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait OrderJournal: Send + Sync {
    /// Writes down an order that is about to be sent, in state [`JournalState::Intended`] whatever the entry says. The
    /// same order again (venue, order and purpose) changes nothing, however far it has got by then; another order under
    /// the same id of the account is a [`StoreError::Conflict`].
    async fn intend(&self, entry: &JournalEntry) -> Result<(), StoreError>;

    /// Records what became of it. States only move forward, by [`JournalState::follow`]: one that is no further than the
    /// recorded one changes nothing, and one that contradicts it is a [`StoreError::Conflict`], as is one
    /// [`Finished`](JournalState::Finished) with a status that is not final. An order that was never intended is
    /// [`StoreError::NotFound`].
    async fn record(
        &self,
        account: &AccountId,
        id: &ClientOrderId,
        state: &JournalState,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// The entry of this order, if it was ever intended.
    async fn entry(&self, account: &AccountId, id: &ClientOrderId) -> Result<Option<JournalEntry>, StoreError>;

    /// Every entry of the account whose outcome is not final, oldest first.
    async fn unfinished(&self, account: &AccountId) -> Result<Vec<JournalEntry>, StoreError>;

    /// Writes down a composed order before any part of it is sent, as [`Working`](super::ComposedState::Working) whatever
    /// the entry says. The same order again (venue and order) changes nothing, whether it has ended by then or not; another
    /// one under the same id of the account is a [`StoreError::Conflict`].
    async fn compose(&self, entry: &ComposedEntry) -> Result<(), StoreError>;

    /// Records how a composed order ended, and why. The first end stands: any other later changes nothing. One that was
    /// never composed is [`StoreError::NotFound`].
    async fn end_composed(
        &self,
        account: &AccountId,
        id: &ClientOrderId,
        how: ComposedEnd,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// The composed order of this id, if there ever was one.
    async fn composed(&self, account: &AccountId, id: &ClientOrderId) -> Result<Option<ComposedEntry>, StoreError>;

    /// Every composed order of the account that has not ended, oldest first.
    async fn working(&self, account: &AccountId) -> Result<Vec<ComposedEntry>, StoreError>;

    /// Every entry of the account whose id begins with `name`, the parts of a composed order, oldest first.
    async fn parts(&self, account: &AccountId, name: &ClientOrderId) -> Result<Vec<JournalEntry>, StoreError>;

    /// The newest `limit` entries of the account, newest first.
    async fn recent(&self, account: &AccountId, limit: u32) -> Result<Vec<JournalEntry>, StoreError>;
}

/// One order as the journal holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// The account it is for.
    pub account: AccountId,
    /// The venue it goes to.
    pub venue: VenueId,
    /// The order itself, whole.
    pub order: NewOrder,
    /// What it is for.
    pub purpose: Purpose,
    /// What has become of it.
    pub state: JournalState,
    /// When it was written down.
    pub intended_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
}

/// What an order is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Opens a position or adds to it.
    Entry,
    /// Closes a position, in whole or part, because somebody wants it.
    Exit,
    /// Rests at the venue to end a loss.
    StopLoss,
    /// Rests at the venue to take a profit.
    TakeProfit,
    /// Shrinks a position because margin is thin.
    Reduce,
    /// Closes a position because margin is gone or the kill switch was pulled.
    Flatten,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Purpose; 6] =
        [Self::Entry, Self::Exit, Self::StopLoss, Self::TakeProfit, Self::Reduce, Self::Flatten];

    /// It rests at the venue to protect a position.
    #[must_use]
    pub const fn protects(self) -> bool {
        matches!(self, Self::StopLoss | Self::TakeProfit)
    }

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Exit => "exit",
            Self::StopLoss => "stop_loss",
            Self::TakeProfit => "take_profit",
            Self::Reduce => "reduce",
            Self::Flatten => "flatten",
        }
    }
}

/// What has become of a journalled order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalState {
    /// Written down; it may or may not have been sent.
    Intended,
    /// Sent, and the answer never came: it may be live.
    Unanswered,
    /// The venue has it.
    Accepted {
        /// The venue's id of it.
        order_id: OrderId,
    },
    /// The venue said no; nothing rests.
    Refused {
        /// Why.
        reason: String,
    },
    /// It never left us.
    NotSent {
        /// Why.
        reason: String,
    },
    /// It has ended at the venue.
    Finished {
        /// How: filled, cancelled, expired or rejected.
        status: OrderStatus,
        /// How much was filled in all.
        filled: Option<Quantity>,
        /// The size-weighted mean of its fills.
        average_price: Option<Price>,
    },
}

impl JournalState {
    /// How far along: 0 intended, 1 unanswered, 2 accepted, 3 final. Records only move up.
    #[must_use]
    pub const fn rank(&self) -> u8 {
        match self {
            Self::Intended => 0,
            Self::Unanswered => 1,
            Self::Accepted { .. } => 2,
            Self::Refused { .. } | Self::NotSent { .. } | Self::Finished { .. } => 3,
        }
    }

    /// Nothing more can happen to it.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        self.rank() == 3
    }

    /// What recording `next` over this state does: the one rule of the journal's machine.
    ///
    /// # Errors
    /// [`ImpossibleMove`]: `next` contradicts what is recorded, or contradicts itself.
    pub fn follow(&self, next: &Self) -> Result<Advance, ImpossibleMove> {
        if let Self::Finished { status, .. } = next
            && !status.is_final()
        {
            return Err(ImpossibleMove::NotAnEnd(*status));
        }
        if next.rank() <= self.rank() {
            return Ok(Advance::Stands);
        }
        match (self, next) {
            (Self::Accepted { .. }, Self::Refused { .. } | Self::NotSent { .. }) => {
                Err(ImpossibleMove::WasAccepted { next: next.as_str() })
            }
            _ => Ok(Advance::Moves),
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Unanswered => "unanswered",
            Self::Accepted { .. } => "accepted",
            Self::Refused { .. } => "refused",
            Self::NotSent { .. } => "not_sent",
            Self::Finished { .. } => "finished",
        }
    }
}

/// What recording a state does to the one that is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Advance {
    /// The new state is further, and is recorded.
    Moves,
    /// The recorded one is as far or further, and stands: saying a thing twice, late or out of order does no harm.
    Stands,
}

/// A state that cannot come after the recorded one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ImpossibleMove {
    /// What the venue has accepted did leave us, and was not refused: how it ended is another matter.
    #[error("an order that was accepted cannot become {next}")]
    WasAccepted {
        /// The word for the state that was to follow.
        next: &'static str,
    },
    /// It is said to have ended, in a status that is no end.
    #[error("an order does not end {0}")]
    NotAnEnd(OrderStatus),
}

impl From<ImpossibleMove> for StoreError {
    fn from(impossible: ImpossibleMove) -> Self {
        Self::Conflict(impossible.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states() -> Vec<JournalState> {
        let finished = |status| JournalState::Finished { status, filled: None, average_price: None };
        vec![
            JournalState::Intended,
            JournalState::Unanswered,
            JournalState::Accepted { order_id: OrderId::new("8001") },
            JournalState::Refused { reason: "no".to_owned() },
            JournalState::NotSent { reason: "throttled".to_owned() },
            finished(OrderStatus::Filled),
            finished(OrderStatus::Canceled),
            finished(OrderStatus::Expired),
            finished(OrderStatus::Rejected),
        ]
    }

    /// The page that tells of the machine holds this table: `m` moves, `.` stands, `x` is impossible.
    const MACHINE: &str = "
        from \\ to    intended unanswered accepted refused not_sent finished
        intended          .        m         m        m        m        m
        unanswered        .        .         m        m        m        m
        accepted          .        .         .        x        x        m
        refused           .        .         .        .        .        .
        not_sent          .        .         .        .        .        .
        finished          .        .         .        .        .        .
    ";

    #[test]
    fn the_machine_is_this_table() {
        let mut rows = MACHINE.lines().map(str::trim).filter(|line| !line.is_empty());
        let header: Vec<&str> = rows.next().unwrap().split_whitespace().skip(3).collect();
        let expected: Vec<(&str, Vec<&str>)> =
            rows.map(|row| row.split_whitespace().collect()).map(|row: Vec<_>| (row[0], row[1..].to_vec())).collect();
        for (from, row) in &expected {
            for (to, expected) in header.iter().zip(row) {
                for (from, to) in pairs(from, to) {
                    let found = match from.follow(&to) {
                        Ok(Advance::Moves) => "m",
                        Ok(Advance::Stands) => ".",
                        Err(_) => "x",
                    };
                    assert_eq!(found, *expected, "{from:?} to {to:?}");
                }
            }
        }
        assert_eq!((header.len(), expected.len()), (6, 6));
    }

    #[test]
    fn the_page_shows_the_same_table() {
        let page =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/order-journal.md")).unwrap();
        for row in MACHINE.lines().map(str::trim).filter(|line| !line.is_empty()) {
            assert!(page.lines().any(|line| line.trim() == row), "the page does not show: {row}");
        }
    }

    fn pairs(from: &str, to: &str) -> Vec<(JournalState, JournalState)> {
        let of = |word: &str| states().into_iter().filter(|state| state.as_str() == word).collect::<Vec<_>>();
        let tos = of(to);
        of(from).into_iter().flat_map(|from| tos.iter().map(move |to| (from.clone(), to.clone()))).collect()
    }

    #[test]
    fn whatever_is_said_in_whatever_order_a_state_never_goes_back_and_an_end_stays() {
        let states = states();
        for (one, two, three) in triples(&states) {
            let mut at = one.clone();
            for next in [two, three] {
                let before = at.clone();
                if at.follow(next) == Ok(Advance::Moves) {
                    at = next.clone();
                }
                assert!(at.rank() >= before.rank());
                assert!(!before.is_final() || at == before);
            }
        }
    }

    fn triples(states: &[JournalState]) -> impl Iterator<Item = (&JournalState, &JournalState, &JournalState)> {
        states
            .iter()
            .flat_map(move |one| states.iter().flat_map(move |two| states.iter().map(move |three| (one, two, three))))
    }

    #[test]
    fn an_order_does_not_finish_in_a_status_that_is_no_end() {
        for status in [OrderStatus::New, OrderStatus::PartiallyFilled] {
            let next = JournalState::Finished { status, filled: None, average_price: None };
            for state in states() {
                assert_eq!(state.follow(&next), Err(ImpossibleMove::NotAnEnd(status)));
            }
        }
    }
}
