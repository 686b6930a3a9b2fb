//! Records against the exchange's own books, field by field.

pub mod bookings;
pub mod composed;
mod journal;
mod positions;
pub mod trades;

use crate::difference::Differences;
use crate::truth::Truth;
use plimsoll_domain::{AccountId, Money, Order, OrderStatus, Timestamp};
use plimsoll_engine::{ClientOrderIds, Reconciliation};
use plimsoll_ports::{BookingRepository, FundingRepository, OrderJournal, PositionRepository, TradeRepository};

/// Records that can be compared.
pub trait Ledger: OrderJournal + PositionRepository + TradeRepository + FundingRepository + BookingRepository {}

impl<S: OrderJournal + PositionRepository + TradeRepository + FundingRepository + BookingRepository> Ledger for S {}

/// What a venue's wire calls by other words than the exchange behind it.
pub trait Words: Sync {
    /// The status of an order, as it is told.
    fn tells(&self, order: &Order) -> OrderStatus;

    /// Whether the order that a conditional one becomes goes by its name, or by the venue's own.
    fn names_children(&self) -> bool;
}

/// No wire: everything is called what it is.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

impl Words for Plain {
    fn tells(&self, order: &Order) -> OrderStatus {
        order.status
    }

    fn names_children(&self) -> bool {
        true
    }
}

/// What is compared.
#[derive(Clone, Copy)]
pub struct Books<'a, S> {
    /// Our records.
    pub store: &'a S,
    /// Whose.
    pub account: &'a AccountId,
    /// The exchange's.
    pub truth: &'a Truth,
    /// The last reconciliation: what it tells is known, though no record holds it.
    pub told: &'a Reconciliation,
    /// Tells which orders are ours.
    pub ids: &'a ClientOrderIds,
    /// The venue's words.
    pub words: &'a dyn Words,
    /// When the records began: what was booked until then is not theirs.
    pub start: Timestamp,
    /// The wallet that they began with.
    pub wallet: Money,
}

impl<S: Ledger> Books<'_, S> {
    /// Compares positions and their stops, the journal, trades, funding, bookings, the wallet and composed orders.
    pub async fn compare(&self, differences: &mut Differences) {
        self.positions(differences).await;
        self.journal(differences).await;
        self.trades(differences).await;
        self.bookings(differences).await;
        self.composed(differences).await;
    }
}

impl<S> std::fmt::Debug for Books<'_, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Books").field("account", self.account).finish_non_exhaustive()
    }
}
