//! A dialler whose other side may say anything, and is told without what must not be shown.

use crate::failure::plain;
use plimsoll_transport::{Address, Dial, DialFailure};

/// This dialler, and what leaves out of the other side's words what only the trader knows.
pub(crate) struct Discreet<D> {
    dial: D,
    hide: Box<dyn Fn(&str) -> String + Send + Sync>,
}

impl<D> Discreet<D> {
    pub(crate) fn new(dial: D, hide: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self { dial, hide: Box::new(hide) }
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

    fn told(&self, words: &str) -> String {
        plain(&(self.hide)(words))
    }
}
