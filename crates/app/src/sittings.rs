//! Who sits at a desk: whoever was asked to take the seats need not sit there yet, or ever.

use crate::config::StrategyConfig;
use plimsoll_engine::trading::Taken;
use tokio::sync::watch;

/// Strategies that were asked to take the seats of a desk.
#[derive(Debug, Clone)]
struct Sitting {
    strategies: Vec<StrategyConfig>,
    may_open: bool,
    taken: watch::Receiver<Taken>,
}

/// All of them that matter still, oldest first.
#[derive(Debug, Clone)]
pub(crate) struct Sittings(Vec<Sitting>);

impl Sittings {
    /// These were there first.
    pub(crate) fn begin(strategies: Vec<StrategyConfig>, may_open: bool) -> Self {
        let taken = watch::Sender::new(Taken::InForce).subscribe();
        Self(vec![Sitting { strategies, may_open, taken }])
    }

    /// These are asked to sit there from now on.
    pub(crate) fn ask(&mut self, strategies: Vec<StrategyConfig>, may_open: bool, taken: watch::Receiver<Taken>) {
        self.0.drain(..self.newest_in_force());
        self.0.push(Sitting { strategies, may_open, taken });
    }

    /// Who sits there, as far as is known.
    pub(crate) fn in_force(&self) -> &[StrategyConfig] {
        self.0.get(self.newest_in_force()).map_or(&[], |it| &it.strategies)
    }

    /// Whether these sit there, or do as soon as nothing is under way.
    pub(crate) fn are(&self, strategies: &[StrategyConfig], may_open: bool) -> bool {
        self.0.last().is_some_and(|it| {
            it.strategies == strategies && it.may_open == may_open && *it.taken.borrow() != Taken::Refused
        })
    }

    fn newest_in_force(&self) -> usize {
        self.0.iter().rposition(|it| *it.taken.borrow() == Taken::InForce).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(name: &str) -> Vec<StrategyConfig> {
        let (kind, places, settings) = ("ema_cross".to_owned(), Vec::new(), serde_json::Map::new());
        vec![StrategyConfig { name: name.to_owned(), kind, places, settings, expectation: None }]
    }

    #[test]
    fn whoever_was_asked_sits_there_once_the_desk_says_so_and_is_asked_again_if_it_was_refused() {
        let mut sittings = Sittings::begin(called("first"), true);
        assert!(sittings.are(&called("first"), true) && !sittings.are(&called("first"), false));
        let ask = |sittings: &mut Sittings, name: &str| {
            let taken = watch::Sender::new(Taken::Waits);
            sittings.ask(called(name), true, taken.subscribe());
            taken
        };
        let second = ask(&mut sittings, "second");
        assert!(sittings.are(&called("second"), true), "nobody is asked twice");
        assert_eq!(sittings.in_force(), called("first"));
        let third = ask(&mut sittings, "third");
        second.send_replace(Taken::InForce);
        third.send_replace(Taken::Refused);
        assert_eq!(sittings.in_force(), called("second"), "whatever was asked for since");
        assert!(!sittings.are(&called("third"), true), "it is asked again");
        ask(&mut sittings, "third").send_replace(Taken::InForce);
        assert_eq!(sittings.in_force(), called("third"));
    }
}
