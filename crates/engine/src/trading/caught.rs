//! A strategy whose panic stops it, and nobody else.

use plimsoll_ports::{BadState, Decision, Feed, Strategy, StrategyEvent, StrategyView};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Whether a strategy has panicked, and what it said then.
#[derive(Debug, Clone, Default)]
pub(super) struct LastWords(Arc<Said>);

#[derive(Debug, Default)]
struct Said {
    words: Mutex<Option<String>>,
    /// What it would decide from then on is worth nothing.
    is_over: AtomicBool,
}

impl LastWords {
    pub(super) fn take(&self) -> Option<String> {
        self.0.words.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn say(&self, words: String) {
        *self.0.words.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
        self.0.is_over.store(true, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.0.is_over.load(Ordering::Relaxed)
    }

    /// Whoever takes the place of one that has panicked, and is the same, is silent too.
    pub(super) fn go_on_from(&self, before: &Self) {
        self.0.is_over.store(before.is_over(), Ordering::Relaxed);
    }
}

pub(super) struct Caught {
    inner: Box<dyn Strategy>,
    words: LastWords,
}

impl Caught {
    pub(super) fn new(inner: Box<dyn Strategy>) -> (Self, LastWords) {
        let words = LastWords::default();
        (Self { inner, words: words.clone() }, words)
    }
}

impl Strategy for Caught {
    fn name(&self) -> String {
        self.inner.name()
    }

    fn feeds(&self) -> Vec<Feed> {
        self.inner.feeds()
    }

    fn decide<'a>(&mut self, view: &StrategyView<'a>, event: &StrategyEvent<'a>) -> Vec<Decision> {
        if self.words.is_over() {
            return Vec::new();
        }
        let Self { inner, words } = self;
        catch_unwind(AssertUnwindSafe(|| inner.decide(view, event))).unwrap_or_else(|panic| {
            words.say(said(panic.as_ref()));
            Vec::new()
        })
    }

    fn state(&self) -> String {
        self.inner.state()
    }

    fn restore(&mut self, state: &str) -> Result<(), BadState> {
        self.inner.restore(state)
    }
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it said nothing".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::{AccountId, MarkPrice, MarketEvent, Timestamp};

    struct Divides;

    impl Strategy for Divides {
        fn name(&self) -> String {
            "divides".to_owned()
        }

        fn feeds(&self) -> Vec<Feed> {
            Vec::new()
        }

        fn decide<'a>(&mut self, _: &StrategyView<'a>, _: &StrategyEvent<'a>) -> Vec<Decision> {
            panic!("by zero")
        }

        fn state(&self) -> String {
            String::new()
        }

        fn restore(&mut self, _: &str) -> Result<(), BadState> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_ends_the_strategy_and_is_told_once() {
        let (mut strategy, words) = Caught::new(Box::new(Divides));
        let account = AccountId::new("main");
        let (symbol, price) = ("BTC/USDT:USDT".parse().unwrap(), "1".parse().unwrap());
        let event = MarketEvent::Mark(MarkPrice { symbol, price, index: None, time: Timestamp::default() });
        let view = StrategyView { now: Timestamp::default(), accounts: &[] };
        for said in [Some("by zero".to_owned()), None] {
            assert_eq!(strategy.decide(&view, &StrategyEvent::Market { account: &account, event: &event }), []);
            assert_eq!(words.take(), said);
        }
    }
}
