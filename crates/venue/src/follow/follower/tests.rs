//! What is expected of the stream while what it has said waits for the reader.

use super::*;
use plimsoll_domain::{AccountSnapshot, Fill, Symbol, Timestamp};
use plimsoll_ports::{Clock, NotSent, SystemClock};
use plimsoll_transport::{Address, Dial, DialFailure};
use std::collections::BTreeSet;

const LIMIT: Duration = Duration::from_secs(3600);

/// A venue that nothing is asked of.
struct Source {
    clock: Arc<dyn Clock>,
    orders: crate::OrderMemory,
}

impl Dial for Source {
    async fn dial(&self) -> Result<Address, DialFailure> {
        Err(DialFailure { reason: "nobody is there".to_owned(), not_before: None })
    }
}

fn nothing<T>() -> Result<T, CallError> {
    Err(CallError::NotSent(NotSent::Disconnected("nobody is there".to_owned())))
}

impl PrivateStream for Source {
    type Listing = ();

    fn settings(&self) -> FollowSettings {
        FollowSettings { news_within: LIMIT, ..FollowSettings::default() }
    }

    fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    fn orders(&self) -> &crate::OrderMemory {
        &self.orders
    }

    async fn listing(&self) -> Result<Arc<()>, CallError> {
        nothing()
    }

    async fn forget_listing(&self) {}

    fn decode(&self, _: &[u8], (): &(), _: u64) -> Result<Vec<Event>, crate::DecodeError> {
        Ok(Vec::new())
    }

    async fn snapshot(&self) -> Result<AccountSnapshot, CallError> {
        nothing()
    }

    async fn fills(&self, _: Timestamp, _: &BTreeSet<Symbol>) -> Result<Vec<Fill>, CallError> {
        nothing()
    }
}

#[tokio::test]
async fn nothing_is_overdue_while_messages_wait_for_the_reader() {
    let source = Source { clock: Arc::new(SystemClock), orders: crate::OrderMemory::default() };
    let (outlet, _reader) = Outlet::new(8);
    let mut follower = Follower::new(Arc::new(source), outlet);
    (follower.session, follower.listing) = (Session::Up, Some(Arc::new(())));
    let placed = Instant::now();
    follower.awaited.expect(What::Order(ClientOrderId::reported("one")), placed);
    assert_eq!(follower.overdue(), Some(placed + LIMIT));

    assert!(follower.waiting.push(b"one".to_vec()) && follower.waiting.push(b"two".to_vec()));
    assert_eq!(follower.overdue(), None);
    follower.next_waiting().await;
    assert_eq!(follower.overdue(), None, "one still waits");

    let emptied = Instant::now();
    follower.next_waiting().await;
    assert!(follower.overdue() >= Some(emptied + LIMIT), "it has all its time again");
}
