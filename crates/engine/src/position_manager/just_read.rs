//! The account as it was just read, and since when it was so.

use super::PositionManager;
use super::reading::Reading;
use crate::steady::Steady;
use plimsoll_domain::{AccountId, Timestamp};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The account as it was just read, for whoever needs it now: it is good for a second.
pub struct JustRead {
    account: AccountId,
    reading: Reading,
    begun: Begun,
}

/// When a reading began: what has happened since is not in it.
pub(super) struct Begun {
    age: Steady,
    /// How many flattenings had begun: with one more, what was judged by it is void.
    pub(super) flattenings: u32,
    pub(super) at: Timestamp,
}

/// A reading takes about so long itself, where a venue is slow.
const YOUNG: Duration = Duration::from_secs(1);

impl fmt::Debug for JustRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JustRead")
            .field("account", &self.account)
            .field("reading", &self.reading)
            .finish_non_exhaustive()
    }
}

impl Begun {
    /// How old what was read is.
    pub(super) fn age(&self) -> Duration {
        self.age.passed()
    }
}

impl PositionManager {
    /// To be asked before a reading.
    pub(super) fn reading_begins(&self) -> Begun {
        let clock = &self.ports.clock;
        Begun { age: Steady::new(Arc::clone(clock)), flattenings: self.flattenings_begun(), at: clock.now() }
    }

    pub(super) fn just_read(&self, reading: Reading, begun: Begun) -> JustRead {
        JustRead { account: self.settings.account.clone(), reading, begun }
    }

    /// What was read, if it is young, and of this account.
    pub(super) fn still_young(&self, read: JustRead) -> Option<(Reading, Begun)> {
        let is_good = read.account == self.settings.account && read.begun.age() < YOUNG;
        is_good.then_some((read.reading, read.begun))
    }
}
