//! A dialler whose other side may say anything, and is told without what must not be shown; and may want to be left alone, by
//! a clock that is not of the network.

use crate::failure::plain;
use plimsoll_ports::Clock;
use plimsoll_transport::{Address, Dial, DialFailure};
use std::sync::Arc;
use std::time::Duration;

/// This dialler, the account's clock, and what leaves out of the other side's words what only the trader knows.
pub(crate) struct Discreet<D> {
    dial: D,
    clock: Arc<dyn Clock>,
    hide: Box<dyn Fn(&str) -> String + Send + Sync>,
}

impl<D> Discreet<D> {
    pub(crate) fn new(dial: D, clock: Arc<dyn Clock>, hide: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self { dial, clock, hide: Box::new(hide) }
    }
}

impl<D: Dial> Dial for Discreet<D> {
    async fn dial(&self) -> Result<Address, DialFailure> {
        self.dial.dial().await
    }

    fn heartbeat(&self) -> Option<String> {
        self.dial.heartbeat()
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        self.dial.headers()
    }

    async fn rest(&self, wait: Duration) {
        self.clock.sleep(wait).await;
    }

    fn told(&self, words: &str) -> String {
        plain(&(self.hide)(words))
    }
}
