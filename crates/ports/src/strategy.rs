//! Decisions: a market and portfolio view in, decisions out.

mod decision;
mod event;
mod view;

pub use decision::{CloseIntent, Decision, Intent, Leg, OpenIntent, RestIntent, RestingEffect};
pub use event::{FillRole, StrategyEvent};
pub use view::{Caps, Funds, Holding, KnownFunds, StrategyView, TradedAccount, TradedMarket, WorkingOrder};

use plimsoll_domain::{AccountId, Symbol};
use std::time::Duration;

/// A trading strategy: pure, so that it decides the same in a backtest, in a simulation, on paper and live.
///
/// It hears closed candles only, each once and in order, whatever feeds it: it cannot look ahead.
///
/// It is tested with values, and the loop that feeds it with mocks:
///
/// ```
/// use plimsoll_ports::domain::{AccountId, Direction, Leverage, MarkPrice, MarketEvent, Price, Timestamp};
/// use plimsoll_ports::{
///     BadState, Decision, Feed, FeedKind, Intent, MarketItem, MarketStream, MockMarketStream, OpenIntent, StopLoss,
///     Strategy, StrategyEvent, StrategyView,
/// };
///
/// /// Buys once, when the mark falls to a price.
/// struct BuyTheDip {
///     account: AccountId,
///     below: Price,
///     bought: bool,
/// }
///
/// impl Strategy for BuyTheDip {
///     fn name(&self) -> String {
///         "buy-the-dip".to_owned()
///     }
///
///     fn feeds(&self) -> Vec<Feed> {
///         let Ok(symbol) = "BTC/USDT:USDT".parse() else { return Vec::new() };
///         vec![Feed { account: self.account.clone(), symbol, kind: FeedKind::Marks }]
///     }
///
///     fn decide<'a>(&mut self, _: &StrategyView<'a>, event: &StrategyEvent<'a>) -> Vec<Decision> {
///         let StrategyEvent::Market { event: MarketEvent::Mark(mark), .. } = event else { return Vec::new() };
///         if self.bought || mark.price > self.below {
///             return Vec::new();
///         }
///         self.bought = true;
///         let (symbol, direction, leverage) = (mark.symbol.clone(), Direction::Long, Leverage::ONE);
///         let Ok(quantity) = "0.001".parse() else { return Vec::new() };
///         let Ok(stop) = "45000".parse() else { return Vec::new() };
///         let (stop_loss, take_profit) = (StopLoss::At(stop), None);
///         let open = OpenIntent { symbol, direction, quantity, leverage, stop_loss, take_profit };
///         let reason = format!("the mark {} is not above {}", mark.price, self.below);
///         vec![Decision::one(self.account.clone(), Intent::Open(open), reason)]
///     }
///
///     fn state(&self) -> String {
///         self.bought.to_string()
///     }
///
///     fn restore(&mut self, state: &str) -> Result<(), BadState> {
///         self.bought = state.parse().map_err(|_| BadState(state.to_owned()))?;
///         Ok(())
///     }
/// }
///
/// /// Feeds a strategy with everything that a stream brings, and collects what it decides.
/// async fn feed(strategy: &mut dyn Strategy, account: &AccountId, stream: &mut dyn MarketStream) -> Vec<Decision> {
///     let view = StrategyView { now: Timestamp::default(), accounts: &[] };
///     let mut decided = Vec::new();
///     while let Some(item) = stream.next().await {
///         if let MarketItem::Event(event) = item {
///             decided.extend(strategy.decide(&view, &StrategyEvent::Market { account, event: &event }));
///         }
///     }
///     decided
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let account = AccountId::new("main");
/// let mut marks = ["52000", "49000", "48000"].into_iter();
/// let mut stream = MockMarketStream::new();
/// stream.expect_next().returning(move || {
///     let price = marks.next()?.parse().ok()?;
///     let symbol = "BTC/USDT:USDT".parse().ok()?;
///     let mark = MarkPrice { symbol, price, index: None, time: Timestamp::default() };
///     Some(MarketItem::Event(MarketEvent::Mark(mark)))
/// });
/// let mut strategy = BuyTheDip { account: account.clone(), below: "50000".parse()?, bought: false };
/// assert_eq!(feed(&mut strategy, &account, &mut stream).await.len(), 1);
///
/// let mut restarted = BuyTheDip { account, below: "50000".parse()?, bought: false };
/// restarted.restore(&strategy.state())?;
/// assert!(restarted.bought);
/// # Ok(())
/// # }
/// ```
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Strategy: Send {
    /// Its name, for records; the tag of its orders and trades in the ledger.
    fn name(&self) -> String;

    /// What it has to hear. It hears nothing else of the market; of its own orders it hears always.
    fn feeds(&self) -> Vec<Feed>;

    /// What it wants, given what has just happened and what is held.
    fn decide<'a>(&mut self, view: &StrategyView<'a>, event: &StrategyEvent<'a>) -> Vec<Decision>;

    /// Its state as text, to be given to [`restore`](Self::restore) after a restart.
    fn state(&self) -> String;

    /// Takes up where [`state`](Self::state) left off.
    ///
    /// # Errors
    /// [`BadState`] if the text is not one of its states; it is as new then.
    fn restore(&mut self, state: &str) -> Result<(), BadState>;
}

/// One thing that a strategy has to hear.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Feed {
    /// The account on whose venue.
    pub account: AccountId,
    /// The contract.
    pub symbol: Symbol,
    /// What of it.
    pub kind: FeedKind,
}

/// What of a contract a strategy hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeedKind {
    /// [`Candle`](plimsoll_domain::MarketEvent::Candle)s of this interval, once each is closed.
    Candles(Duration),
    /// Every [`Mark`](plimsoll_domain::MarketEvent::Mark).
    Marks,
    /// Every [`Quotes`](plimsoll_domain::MarketEvent::Quotes).
    Quotes,
    /// [`Funding`](plimsoll_domain::MarketEvent::Funding) to come, as it changes, and [what was
    /// settled](plimsoll_domain::MarketEvent::Settled).
    Funding,
}

/// A text that is no state of the strategy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a state of this strategy: {0}")]
pub struct BadState(pub String);
