//! A broker whose list of contracts can be made not to come.

use plimsoll_ports::MockBroker;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

pub(crate) struct HeldUp {
    broker: MockBroker,
    holds_up: AtomicBool,
    wanted: AtomicUsize,
}

impl HeldUp {
    pub(crate) fn new(broker: MockBroker) -> Self {
        Self { broker, holds_up: AtomicBool::default(), wanted: AtomicUsize::default() }
    }

    /// From now on no list comes.
    pub(crate) fn hold_up_lists(&self) {
        self.holds_up.store(true, Ordering::SeqCst);
    }

    async fn before(&self, call: &'static str) {
        if call == "instruments" && self.holds_up.load(Ordering::SeqCst) {
            self.wanted.fetch_add(1, Ordering::SeqCst);
            std::future::pending::<()>().await;
        }
    }

    /// How many lists are wanted and do not come.
    pub(crate) fn lists_wanted(&self) -> usize {
        self.wanted.load(Ordering::SeqCst)
    }
}

passes_on!(HeldUp);
