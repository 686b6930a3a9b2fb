//! The traits through which Plimsoll meets venues, databases, people and time.
//!
//! Code that is written against them is tested without any of the four. The feature `mocks` gives a mock of every trait:
//!
//! ```
//! use plimsoll_ports::domain::{Direction, Position, PositionReport, PositionSide, Price, Stamp, Symbol};
//! use plimsoll_ports::{Broker, MockBroker, QueryError};
//!
//! /// How many contracts the account is short of.
//! async fn shorts(broker: &dyn Broker) -> Result<usize, QueryError> {
//!     let is_short = |it: &&PositionReport| it.position.is_some_and(|held| held.direction == Direction::Short);
//!     Ok(broker.positions().await?.iter().filter(is_short).count())
//! }
//!
//! # fn report(symbol: &Symbol, direction: Direction) -> Result<PositionReport, Box<dyn std::error::Error>> {
//! #     let position = Position { direction, quantity: "0.5".parse()?, entry: "50000".parse()? };
//! #     Ok(PositionReport {
//! #         symbol: symbol.clone(), position_side: PositionSide::Both, position: Some(position), mark_price: None,
//! #         liquidation_price: None, unrealized_pnl: None, realized_pnl: None, leverage: None, margin_mode: None,
//! #         isolated_margin: None, maintenance_margin: None, margin_ratio: None, stamp: Stamp::default(),
//! #     })
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let held = vec![
//!     report(&"BTC/USDT:USDT".parse()?, Direction::Long)?,
//!     report(&"ETH/USDT:USDT".parse()?, Direction::Short)?,
//! ];
//! let mut broker = MockBroker::new();
//! broker.expect_positions().times(1).returning(move || Ok(held.clone()));
//! assert_eq!(shorts(&broker).await?, 1);
//! # Ok(())
//! # }
//! ```
//!
//! [`Broker`], [`AccountStream`], [`MarketFeed`] and [`FundingRates`] are a venue; [`OrderJournal`] and the repositories are
//! a store; [`Strategy`] decides; [`Notifier`], [`EventBus`], [`Lease`] and [`Clock`] are the rest of the world. Errors say
//! whose turn it is: see [`PlaceError`].
//!
//! This crate talks to nobody. It holds no venue, no database, no engine and no retries: an implementation brings its own,
//! and proves by the contract suites of `plimsoll-testkit` that it keeps what the traits promise. Its few functions
//! ([`place_bracket`], [`close_all`], [`cancel_all_orders`]) are for those who use a venue without the engine.

mod account_audit;
mod account_stream;
mod bracket;
mod broker;
mod clock;
mod close_all;
mod error;
mod event_bus;
mod funding_rates;
mod market_feed;
mod notifier;
mod stop_loss;
mod store;
mod strategy;

pub use account_audit::{AccountAudit, AccountSettings, ContractSettings, KeyRights, VenuePulse};
pub use account_stream::{AccountStream, StreamItem};
pub use bracket::{Bracket, BracketError, PlacedBracket, Protection, ProtectionLeg, place_bracket};
pub use broker::Broker;
#[cfg(feature = "system-clock")]
pub use clock::SystemClock;
pub use clock::{Clock, ClockOffset};
pub use close_all::{ClosedAll, NotClosed, cancel_all_orders, close_all};
pub use error::{CommandError, NotSent, PlaceError, QueryError, Refusal, RefusalReason};
pub use event_bus::{BusError, EventBus, Held, Lease, LeaseError};
pub use funding_rates::FundingRates;
pub use market_feed::{MarketFeed, MarketItem, MarketStream};
pub use notifier::{Alert, Notifier, NotifyError, Severity};
pub use plimsoll_domain as domain;
pub use stop_loss::{NotAWaiver, StopLoss, Waiver};
pub use store::{
    Advance, BookingRecord, BookingRepository, ClosedPosition, ComposedEnd, ComposedEntry, ComposedKind, ComposedOrder,
    ComposedState, ControlRepository, DailyPnl, DeskRepository, EquityRepository, FundingRecord, FundingRepository,
    ImpossibleMove, JournalEntry, JournalState, KillSwitchRecord, LadderStep, LedgerListener, LedgerRecord,
    NotAComposedOrder, OpenedPosition, Opening, OrderJournal, PnlSnapshot, PositionId, PositionRecord,
    PositionRepository, PositionStatus, Purpose, RiskEventRecord, RiskEventRepository, SavedDesk, SlicedTrade,
    StoreError, ThinnedCurve, Totals, TradeRecord, TradeRepository, WholeLedger,
};
pub use strategy::{
    BadState, Caps, CloseIntent, Decision, Feed, FeedKind, FillRole, Funds, Holding, Intent, KnownFunds, Leg,
    OpenIntent, RestIntent, RestingEffect, Strategy, StrategyEvent, StrategyView, TradedAccount, TradedMarket,
    WorkingOrder,
};

#[cfg(feature = "mocks")]
pub use {
    account_audit::MockAccountAudit,
    account_stream::MockAccountStream,
    broker::MockBroker,
    clock::MockClock,
    event_bus::{MockEventBus, MockLease},
    funding_rates::MockFundingRates,
    market_feed::{MockMarketFeed, MockMarketStream},
    notifier::MockNotifier,
    store::{
        MockBookingRepository, MockControlRepository, MockDeskRepository, MockEquityRepository, MockFundingRepository,
        MockOrderJournal, MockPositionRepository, MockRiskEventRepository, MockTradeRepository,
    },
    strategy::MockStrategy,
};
