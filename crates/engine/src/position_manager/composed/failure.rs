//! Why a composed order was not taken.

use crate::position_manager::failure::OpenFailure;
use plimsoll_domain::{ClientOrderId, Direction, Quantity, Symbol};
use plimsoll_ports::{QueryError, StoreError};

/// Why a composed order was not taken: nothing was sent and, but for [`NotKnownWritten`](Self::NotKnownWritten), nothing was
/// written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeFailure {
    /// What it is to open may not be opened, for every reason that applies to it as a whole.
    #[error(transparent)]
    NotOpened(#[from] OpenFailure),
    /// It makes no sense.
    #[error("{0}")]
    Nonsense(String),
    /// It is to close or protect what is not held.
    #[error("{symbol} has no {direction} position")]
    NothingHeld {
        /// The contract.
        symbol: Symbol,
        /// Which way.
        direction: Direction,
    },
    /// It is for more than is held.
    #[error("{wanted} is more than the {held} held")]
    MoreThanHeld {
        /// What was asked for.
        wanted: Quantity,
        /// What is held.
        held: Quantity,
    },
    /// The venue did not tell what judging it takes.
    #[error("the account cannot be read: {0}")]
    NotKnown(#[from] QueryError),
    /// It cannot be written down: after a crash nobody would go on with it.
    #[error("the records are not to be had: {0}")]
    Records(#[from] StoreError),
    /// Whether it was written down is not known: if it was, whoever guards the account carries it on, and
    /// [`composed`](crate::PositionManager::composed) finds it.
    #[error("the records do not tell whether '{id}' was written down; it goes on if it was: {error}")]
    NotKnownWritten {
        /// Its name.
        id: ClientOrderId,
        /// What the records said.
        error: StoreError,
    },
    /// The program is stopping.
    #[error("the program is stopping: nothing more is begun")]
    ShuttingDown,
}
