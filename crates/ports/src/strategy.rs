//! Decisions: a market and portfolio view in, intents out.

use crate::stop_loss::StopLoss;
use plimsoll_domain::{
    AccountId, ClientOrderId, Direction, Instrument, Leverage, MarketEvent, Money, PositionReport, Price, Quantity,
    Symbol, Timestamp,
};

/// A trading strategy: pure, so that it decides the same in a backtest, on paper and live.
///
/// It is tested with values, and the loop that feeds it with mocks:
///
/// ```
/// use plimsoll_ports::domain::{AccountId, Direction, Leverage, MarkPrice, MarketEvent, Money, Price, Timestamp};
/// use plimsoll_ports::{
///     BadState, Intent, MarketItem, MarketStream, MockMarketStream, OpenIntent, StopLoss, Strategy, StrategyView,
/// };
///
/// /// Buys once, when the mark falls to a price.
/// struct BuyTheDip {
///     below: Price,
///     bought: bool,
/// }
///
/// impl Strategy for BuyTheDip {
///     fn name(&self) -> String {
///         "buy-the-dip".to_owned()
///     }
///
///     fn decide(&mut self, _: &StrategyView<'_>, event: &MarketEvent) -> Vec<Intent> {
///         let MarketEvent::Mark(mark) = event else { return Vec::new() };
///         if self.bought || mark.price > self.below {
///             return Vec::new();
///         }
///         self.bought = true;
///         let (symbol, direction, leverage) = (mark.symbol.clone(), Direction::Long, Leverage::ONE);
///         let Ok(quantity) = "0.001".parse() else { return Vec::new() };
///         let Ok(stop) = "45000".parse() else { return Vec::new() };
///         let (stop_loss, take_profit) = (StopLoss::At(stop), None);
///         vec![Intent::Open(OpenIntent { symbol, direction, quantity, leverage, stop_loss, take_profit })]
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
/// /// Feeds a strategy with everything that a stream brings, and collects what it wants.
/// async fn feed(strategy: &mut dyn Strategy, stream: &mut dyn MarketStream) -> Vec<Intent> {
///     let account = AccountId::new("main");
///     let (now, equity) = (Timestamp::default(), Money::ZERO);
///     let view = StrategyView { now, account: &account, instruments: &[], positions: &[], equity, available: equity };
///     let mut wanted = Vec::new();
///     while let Some(item) = stream.next().await {
///         if let MarketItem::Event(event) = item {
///             wanted.extend(strategy.decide(&view, &event));
///         }
///     }
///     wanted
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut marks = ["52000", "49000", "48000"].into_iter();
/// let mut stream = MockMarketStream::new();
/// stream.expect_next().returning(move || {
///     let price = marks.next()?.parse().ok()?;
///     let symbol = "BTC/USDT:USDT".parse().ok()?;
///     let mark = MarkPrice { symbol, price, index: None, time: Timestamp::default() };
///     Some(MarketItem::Event(MarketEvent::Mark(mark)))
/// });
/// let mut strategy = BuyTheDip { below: "50000".parse()?, bought: false };
/// assert_eq!(feed(&mut strategy, &mut stream).await.len(), 1);
///
/// let mut restarted = BuyTheDip { below: "50000".parse()?, bought: false };
/// restarted.restore(&strategy.state())?;
/// assert!(restarted.bought);
/// # Ok(())
/// # }
/// ```
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Strategy: Send {
    /// Its name, for records.
    fn name(&self) -> String;

    /// What it wants, given what has just happened and what is held.
    fn decide<'a>(&mut self, view: &StrategyView<'a>, event: &MarketEvent) -> Vec<Intent>;

    /// Its state as text, to be given to [`restore`](Self::restore) after a restart.
    fn state(&self) -> String;

    /// Takes up where [`state`](Self::state) left off.
    ///
    /// # Errors
    /// [`BadState`] if the text is not one of its states; it is as new then.
    fn restore(&mut self, state: &str) -> Result<(), BadState>;
}

/// A text that is no state of the strategy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a state of this strategy: {0}")]
pub struct BadState(pub String);

/// What a strategy sees.
#[derive(Debug, Clone)]
pub struct StrategyView<'a> {
    /// Now.
    pub now: Timestamp,
    /// The account it trades.
    pub account: &'a AccountId,
    /// The contracts it may trade.
    pub instruments: &'a [Instrument],
    /// What is held.
    pub positions: &'a [PositionReport],
    /// Wallet and unrealised profit.
    pub equity: Money,
    /// What new positions may use.
    pub available: Money,
}

/// What a strategy or an operator wants. It is checked, journalled and sent by the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// Open a position, or add to it.
    Open(OpenIntent),
    /// Close a position, in whole or part.
    Close(CloseIntent),
    /// Cancel an order.
    Cancel {
        /// The contract.
        symbol: Symbol,
        /// The order.
        id: ClientOrderId,
    },
}

/// Open a position, or add to it, at market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIntent {
    /// The contract.
    pub symbol: Symbol,
    /// Long or short.
    pub direction: Direction,
    /// How much, in base units.
    pub quantity: Quantity,
    /// The leverage to set.
    pub leverage: Leverage,
    /// What ends its loss.
    pub stop_loss: StopLoss,
    /// Where profit is to be taken, on the mark price.
    pub take_profit: Option<Price>,
}

/// Close a position at market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseIntent {
    /// The contract.
    pub symbol: Symbol,
    /// Which way the position is.
    pub direction: Direction,
    /// How much, in base units; `None` closes it whole.
    pub quantity: Option<Quantity>,
}
