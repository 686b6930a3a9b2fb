//! A strategy that may open nothing: `trading.enabled` is false.

use plimsoll_ports::{BadState, Decision, Feed, Strategy, StrategyEvent, StrategyView};

/// Why it is refused.
const REASON: &str = "trading.enabled is false: nothing is opened";

/// So often may it decide anew, once it is refused, at one moment.
const ROUNDS: usize = 8;

/// Goes on closing and cancelling; what would open is refused at once, and it hears so.
pub(super) struct ClosesOnly(Box<dyn Strategy>);

impl ClosesOnly {
    pub(super) fn new(strategy: Box<dyn Strategy>) -> Self {
        Self(strategy)
    }
}

impl Strategy for ClosesOnly {
    fn name(&self) -> String {
        self.0.name()
    }

    fn feeds(&self) -> Vec<Feed> {
        self.0.feeds()
    }

    fn decide<'a>(&mut self, view: &StrategyView<'a>, event: &StrategyEvent<'a>) -> Vec<Decision> {
        let (mut taken, mut wanted) = (Vec::new(), self.0.decide(view, event));
        for _ in 0..ROUNDS {
            let adds = |decision: &Decision| decision.legs.iter().any(|leg| leg.intent.adds_exposure());
            let (refused, others): (Vec<_>, Vec<_>) = wanted.into_iter().partition(adds);
            taken.extend(others);
            let refused = refused.iter().map(|decision| StrategyEvent::Refused { decision, reason: REASON });
            wanted = refused.flat_map(|event| self.0.decide(view, &event)).collect();
            if wanted.is_empty() {
                break;
            }
        }
        taken
    }

    fn state(&self) -> String {
        self.0.state()
    }

    fn restore(&mut self, state: &str) -> Result<(), BadState> {
        self.0.restore(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::{AccountId, Direction, Leverage, Symbol, Timestamp};
    use plimsoll_ports::{CloseIntent, Intent, OpenIntent, StopLoss};

    /// Opens whenever it hears of an end, and closes what it was refused to open.
    struct Opens;

    impl Strategy for Opens {
        fn name(&self) -> String {
            "opens".to_owned()
        }

        fn feeds(&self) -> Vec<Feed> {
            Vec::new()
        }

        fn decide<'a>(&mut self, _: &StrategyView<'a>, event: &StrategyEvent<'a>) -> Vec<Decision> {
            let (symbol, direction): (Symbol, _) = ("BTC/USDT:USDT".parse().unwrap(), Direction::Long);
            let intent = match event {
                StrategyEvent::Refused { .. } => Intent::Close(CloseIntent { symbol, direction, quantity: None }),
                _ => Intent::Open(OpenIntent {
                    symbol,
                    direction,
                    quantity: "1".parse().unwrap(),
                    leverage: Leverage::ONE,
                    stop_loss: StopLoss::At("1".parse().unwrap()),
                    take_profit: None,
                }),
            };
            vec![Decision::one(AccountId::new("main"), intent, "it was asked")]
        }

        fn state(&self) -> String {
            String::new()
        }

        fn restore(&mut self, _: &str) -> Result<(), BadState> {
            Ok(())
        }
    }

    #[test]
    fn what_opens_is_refused_and_what_closes_is_decided() {
        let (account, symbol) = (AccountId::new("main"), "BTC/USDT:USDT".parse().unwrap());
        let view = StrategyView { now: Timestamp::default(), accounts: &[] };
        let status = plimsoll_domain::OrderStatus::Canceled;
        let event = StrategyEvent::Ended { account: &account, symbol: &symbol, label: "a", status };
        let decided = ClosesOnly::new(Box::new(Opens)).decide(&view, &event);
        assert!(matches!(decided.as_slice(), [one] if matches!(one.legs[0].intent, Intent::Close(_))), "{decided:?}");
    }
}
