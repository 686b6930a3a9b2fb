//! The traits through which Plimsoll meets venues, databases, people and time.

mod account_stream;
mod bracket;
mod broker;
mod clock;
mod error;
mod event_bus;
mod funding_rates;
mod market_feed;
mod notifier;
mod store;
mod strategy;

pub use account_stream::{AccountStream, StreamItem};
pub use bracket::{
    Bracket, BracketError, ClosedAll, NotClosed, PlacedBracket, Protection, ProtectionLeg, cancel_all_orders, close_all,
    place_bracket,
};
pub use broker::Broker;
pub use clock::Clock;
#[cfg(feature = "system-clock")]
pub use clock::SystemClock;
pub use error::{CommandError, NotSent, PlaceError, QueryError, Refusal, RefusalReason};
pub use event_bus::{BusError, EventBus, Held, Lease, LeaseError};
pub use funding_rates::FundingRates;
pub use market_feed::{MarketFeed, MarketItem, MarketStream};
pub use notifier::{Alert, Notifier, NotifyError, Severity};
pub use plimsoll_domain as domain;
pub use store::{
    ClosedPosition, ControlRepository, DailyPnl, EquityRepository, FundingRecord, FundingRepository, JournalEntry,
    JournalState, KillSwitchRecord, LadderStep, OpenedPosition, OrderJournal, PnlSnapshot, PositionId, PositionRecord,
    PositionRepository, PositionStatus, Purpose, RiskEventRecord, RiskEventRepository, StoreError, Totals,
    TradeRecord, TradeRepository,
};
pub use strategy::{BadState, CloseIntent, Intent, OpenIntent, Strategy, StrategyView};

#[cfg(feature = "mocks")]
pub use {
    account_stream::MockAccountStream,
    broker::MockBroker,
    clock::MockClock,
    event_bus::{MockEventBus, MockLease},
    funding_rates::MockFundingRates,
    market_feed::{MockMarketFeed, MockMarketStream},
    notifier::MockNotifier,
    store::{
        MockControlRepository, MockEquityRepository, MockFundingRepository, MockOrderJournal, MockPositionRepository,
        MockRiskEventRepository, MockTradeRepository,
    },
    strategy::MockStrategy,
};
