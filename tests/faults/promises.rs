//! What the ports promise, judged at every answer and at every item while everything goes wrong.
//!
//! The suites of the test kit judge a venue in peace. Here the same promises are held, as far as an answer shows by itself
//! whether it keeps them: who breaks one is named, with what was said.

mod broker;
mod public;
mod stream;

use super::venue::Connection;
use broker::JudgedBroker;
use plimsoll_trial::difference::Difference;
use public::{JudgedFeed, JudgedRates};
use std::sync::{Arc, Mutex, PoisonError};
use stream::JudgedStream;

/// Every promise that was broken so far, by whichever life of our process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Promises(Arc<Mutex<Vec<Difference>>>);

impl Promises {
    /// The same ports, judged.
    pub(crate) fn held_by(&self, ports: Connection) -> Connection {
        let Connection { broker, feed, funding_rates, stream } = ports;
        Connection {
            broker: Arc::new(JudgedBroker::new(broker, self.clone())),
            feed: Arc::new(JudgedFeed::new(feed, self.clone())),
            funding_rates: Arc::new(JudgedRates::new(funding_rates, self.clone())),
            stream: Box::new(JudgedStream::new(stream, self.clone())),
        }
    }

    pub(crate) fn broken(&self) -> Vec<Difference> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// `promise` is as the port has it, `said` what was said instead.
    fn hold(&self, promise: &str, is_kept: bool, said: impl FnOnce() -> String) {
        if !is_kept {
            let mut broken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            broken.push(Difference::new("promise", said(), promise));
        }
    }
}

/// Whether none of these comes twice.
fn are_different<T: PartialEq>(of: impl IntoIterator<Item = T>) -> bool {
    let mut seen = Vec::new();
    of.into_iter().all(|it| {
        let is_new = !seen.contains(&it);
        seen.push(it);
        is_new
    })
}
