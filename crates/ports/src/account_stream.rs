//! Private events of one account.

use async_trait::async_trait;
use plimsoll_domain::AccountEvent;

/// The authenticated events of one account, in the order of arrival, through every reconnection.
///
/// A gap that can be noticed is never silent: whatever may have been missed is announced by [`StreamItem::Disconnected`] or
/// [`StreamItem::Resync`], and made good by an [`AccountEvent::Snapshot`] and the fills of the gap. After a reconnection that
/// comes before anything newer; on a connection that stands events may go on until then, and what is known is in doubt.
///
/// A venue may fail to tell a single fill, which nothing shows. So behind every snapshot but the first come all fills between
/// the first and this one that were not told yet; a fill may come late at any other time too.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AccountStream: Send {
    /// The next item. Waits for as long as it takes; reconnects by itself. `None` once the stream has been shut down for
    /// good.
    async fn next(&mut self) -> Option<StreamItem>;
}

/// What a private stream brings.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly every item is an event: a box would be an allocation for each")]
pub enum StreamItem {
    /// Events flow; a snapshot follows first.
    Connected,
    /// Events do not flow: what is known is ageing.
    Disconnected {
        /// Why, for the log.
        reason: String,
    },
    /// Something could not be read or was missed: a snapshot follows, as soon as the venue may be asked for one.
    Resync {
        /// Why, for the log.
        reason: String,
    },
    /// The connection has just shown that it is alive, and nothing has happened: what is known is current. A quiet
    /// account hears this every few seconds.
    Alive,
    /// Something happened.
    Event(AccountEvent),
}
