//! Other processes: events to them, and exactly one active engine for an account among them.

use async_trait::async_trait;
use plimsoll_domain::{AccountId, Timestamp};
use std::time::Duration;

/// Carries events to other processes.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait EventBus: Send + Sync {
    /// Publishes `payload` under `topic`. An `id` that was published before is dropped by the bus.
    async fn publish(&self, topic: &str, id: &str, payload: &[u8]) -> Result<(), BusError>;
}

/// The right to be the one active engine of an account, for a while.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Lease: Send + Sync {
    /// Takes the lease if nobody holds it.
    async fn acquire(&self, account: &AccountId, term: Duration) -> Result<Held, LeaseError>;

    /// Keeps it for another `term`; [`LeaseError::Taken`] if it was lost.
    async fn renew(&self, held: &Held, term: Duration) -> Result<Held, LeaseError>;

    /// Gives it back.
    async fn release(&self, held: Held) -> Result<(), LeaseError>;
}

/// A lease that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Of this account.
    pub account: AccountId,
    /// Rises with every holder: work under an older epoch is void.
    pub epoch: u64,
    /// Not to be relied on from this moment.
    pub until: Timestamp,
}

/// An event that was not published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the event was not published: {0}")]
pub struct BusError(pub String);

/// Why a lease is not held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// Somebody else holds it.
    #[error("another engine holds the lease until {} ms since 1970", until.as_millis())]
    Taken {
        /// When it ends, unless renewed.
        until: Timestamp,
    },
    /// Nobody could be asked.
    #[error("the lease service cannot be reached: {0}")]
    Unreachable(String),
}
