//! Where a strategy trades.

use plimsoll_domain::{AccountId, Candle, Direction, MarketEvent, Symbol};
use plimsoll_ports::{CloseIntent, Decision, Feed, FeedKind, Intent, StrategyEvent, StrategyView};
use plimsoll_ports::{TradedAccount, TradedMarket};
use std::fmt;
use std::time::Duration;

/// A contract on an account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The account.
    pub account: AccountId,
    /// The contract.
    pub symbol: Symbol,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.symbol, self.account)
    }
}

impl Place {
    pub(crate) fn is(&self, account: &AccountId, symbol: &Symbol) -> bool {
        self.symbol == *symbol && self.account == *account
    }

    pub(crate) fn feed(&self, kind: FeedKind) -> Feed {
        Feed { account: self.account.clone(), symbol: self.symbol.clone(), kind }
    }

    /// The closed candle of this place and interval that the event is, if it is one.
    #[inline]
    pub(crate) fn candle<'e>(&self, interval: Duration, event: &StrategyEvent<'e>) -> Option<&'e Candle> {
        let StrategyEvent::Market { account, event: MarketEvent::Candle(candle) } = event else { return None };
        (candle.closed && candle.interval == interval && self.is(account, &candle.symbol)).then_some(candle)
    }

    pub(crate) fn seen<'a>(&self, view: &StrategyView<'a>) -> Option<(&'a TradedAccount<'a>, &'a TradedMarket)> {
        let account = view.account(&self.account)?;
        Some((account, account.market(&self.symbol)?))
    }

    pub(crate) fn decision(&self, intent: Intent, reason: String) -> Decision {
        Decision::one(self.account.clone(), intent, reason)
    }

    pub(crate) fn close(&self, direction: Direction) -> Intent {
        Intent::Close(CloseIntent { symbol: self.symbol.clone(), direction, quantity: None })
    }

    /// Whether the decision is one about this place.
    pub(crate) fn concerns(&self, decision: &Decision) -> bool {
        decision.legs.iter().any(|leg| self.is(&leg.account, leg.intent.symbol()))
    }
}
