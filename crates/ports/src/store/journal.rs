//! The order journal: what we meant, before the first byte of it was sent.

use super::StoreError;
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

    /// Records what became of it. States only move forward: an earlier or equal rank than the recorded one
    /// (see [`JournalState::rank`]) changes nothing. An order that was never intended is [`StoreError::NotFound`]; one
    /// [`Finished`](JournalState::Finished) with a status that is not final is a [`StoreError::Conflict`].
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
}
