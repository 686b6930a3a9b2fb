//! The use cases: open, watch, protect and close leveraged positions, built from ports only.
//!
//! A [`PositionManager`] is given everything that it works with, so it is tested with mocks alone. Here the kill switch is
//! engaged, and what was wanted is refused before anything is sent; a mock that is not told to expect an order fails if
//! one comes:
//!
//! ```
//! use plimsoll_engine::{OpenFailure, Ports, PositionManager, Settings};
//! use plimsoll_ports::domain::risk::Reason;
//! use plimsoll_ports::domain::{AccountId, Direction, Leverage, Timestamp};
//! use plimsoll_ports::*;
//! use std::sync::Arc;
//!
//! # use plimsoll_ports::domain::*;
//! # fn account_snapshot() -> AccountSnapshot {
//! #     let money = |text: &str| text.parse::<Money>().ok();
//! #     AccountSnapshot {
//! #         position_mode: PositionMode::OneWay, positions: vec![], orders: vec![], time: Timestamp::default(),
//! #         balances: vec![BalanceReport {
//! #             currency: Currency::new("USDT"), wallet: money("10000"), cross_wallet: None,
//! #             available: money("10000"), equity: None, unrealized_pnl: None, stamp: Stamp::default(),
//! #         }],
//! #     }
//! # }
//! # fn bitcoin() -> Result<Instrument, Box<dyn std::error::Error>> {
//! #     let tier = Tier {
//! #         floor: Money::ZERO, rate: "0.004".parse()?, deduction: Money::ZERO, max_leverage: Leverage::new(125)?,
//! #     };
//! #     Ok(Instrument {
//! #         venue: VenueId::new("test"), symbol: "BTC/USDT:USDT".parse()?, native: "BTCUSDT".into(),
//! #         settle: Currency::new("USDT"), multiplier: Decimal::ONE, tick: Step::new("0.1".parse()?)?,
//! #         lot: Step::new("0.001".parse()?)?, min_quantity: "0.001".parse()?, max_quantity: "1000".parse()?,
//! #         max_market_quantity: "120".parse()?, min_notional: "5".parse()?, tiers: MarginTiers::new(vec![tier])?,
//! #         fees: Fees { maker: "0.0002".parse()?, taker: "0.0005".parse()? }, liquidation_fee: "0.0125".parse()?,
//! #         funding_interval_hours: 8, status: ContractStatus::Trading, ends: None, margin_fee: "0".parse()?,
//! #     })
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (mut broker, mut feed, mut funding_rates) = (MockBroker::new(), MockMarketFeed::new(), MockFundingRates::new());
//! let (mut journal, mut equity, mut controls) =
//!     (MockOrderJournal::new(), MockEquityRepository::new(), MockControlRepository::new());
//! let (mut risk_events, mut clock) = (MockRiskEventRepository::new(), MockClock::new());
//! # let instrument = bitcoin()?;
//! # let mark: Price = "50000".parse()?;
//! broker.expect_instrument().returning(move |_| Ok(instrument.clone()));
//! broker.expect_account().returning(|| Ok(account_snapshot()));
//! # feed.expect_mark_price().returning(move |symbol| {
//! #     Ok(MarkPrice { symbol: symbol.clone(), price: mark, index: None, time: Timestamp::default() })
//! # });
//! # funding_rates.expect_current().returning(|_| {
//! #     Err(QueryError::Unreachable(NotSent::Disconnected("no route".to_owned())))
//! # });
//! # equity.expect_first_since().returning(|_, _| Ok(None));
//! # equity.expect_last_until().returning(|_, _| Ok(None));
//! # equity.expect_peak_earned().returning(|_, _| Ok(None));
//! # let (mut positions, mut trades) = (MockPositionRepository::new(), MockTradeRepository::new());
//! # positions.expect_by_status().returning(|_, _| Ok(vec![]));
//! # trades.expect_since().returning(|_, _, _| Ok(vec![]));
//! # trades.expect_totals().returning(|_| Ok(vec![]));
//! # let mut bookings = MockBookingRepository::new();
//! # bookings.expect_last().returning(|_| Ok(None));
//! # broker.expect_bookings().returning(|_| Ok(vec![]));
//! # clock.expect_now().returning(Timestamp::default);
//! journal.expect_unfinished().returning(|_| Ok(vec![]));
//! # journal.expect_working().returning(|_| Ok(vec![]));
//! controls.expect_kill_switch().returning(|_| {
//!     let (reason, by) = ("maintenance".to_owned(), "operator".to_owned());
//!     Ok(KillSwitchRecord { engaged: true, reason, by, since: Some(Timestamp::default()) })
//! });
//! risk_events.expect_log().times(1).withf(|event| event.kind == "refused_kill_switch").returning(|_| Ok(()));
//!
//! let ports = Ports {
//!     broker: Arc::new(broker),
//!     feed: Arc::new(feed),
//!     funding_rates: Arc::new(funding_rates),
//!     journal: Arc::new(journal),
//!     positions: Arc::new(positions),
//!     trades: Arc::new(trades),
//!     funding: Arc::new(MockFundingRepository::new()),
//!     bookings: Arc::new(bookings),
//!     equity: Arc::new(equity),
//!     risk_events: Arc::new(risk_events),
//!     controls: Arc::new(controls),
//!     notifier: Arc::new(MockNotifier::new()),
//!     clock: Arc::new(clock),
//! };
//! let manager = PositionManager::new(ports, Settings::new(AccountId::new("main")));
//! let wanted = OpenIntent {
//!     symbol: "BTC/USDT:USDT".parse()?,
//!     direction: Direction::Long,
//!     quantity: "0.05".parse()?,
//!     leverage: Leverage::new(5)?,
//!     stop_loss: StopLoss::At("45000".parse()?),
//!     take_profit: None,
//! };
//! let Err(OpenFailure::Refused(refused)) = manager.open(&wanted).await else { panic!("it was let through") };
//! assert!(matches!(refused.reasons.as_slice(), [Reason::KillSwitch { .. }]));
//! # Ok(())
//! # }
//! ```
//!
//! [`OrderPath`] takes an order from the journal to a definite end; [`FundingService`] tells what funding costs, and records
//! what was booked.
//!
//! [`VenueAccount`] keeps one account current: it follows the stream, reads the account where that is silent or in doubt,
//! audits what is believed against what the venue says, sets leverages that the tiers allow, takes exposure away, derives
//! what the venue does not push, and watches thresholds. [`Fleet`] puts several of them together, over venues.
//! A [`Lookout`] keeps one connected beside a [`Guard`], which it wakes. [`AccountFollower`] is its task alone, for whoever only listens. With the feature `metrics` its figures are recorded
//! through the facade of that name.
//!
//! This crate knows no venue and no database, reads no configuration, and has no clock of its own. It decides nothing that a
//! strategy should: it carries out intents, within limits.

mod client_order_id;
mod colleagues;
mod composed;
pub mod desk;
mod execution;
mod funding_service;
mod guard;
mod order_path;
mod position_manager;
mod remembering;
mod steady;
pub mod track;
pub mod trading;
mod trouble;
mod venue_account;

pub use client_order_id::{ClientOrderIds, IntentId};
pub use colleagues::{Alone, Colleagues};
pub use execution::Execution;
pub use funding_service::{Difference, FundingCost, FundingFailure, FundingRecording, FundingService, cost_of};
pub use guard::{
    Attention, Guard, GuardNews, GuardSettings, Lookout, LookoutNews, RestingEntries, Stopped, Stopper, Streams, Wake,
    Why,
};
pub use order_path::{AddsExposure, Entry, OrderPath, Patience, Placed, Reducing, SendFailure};
pub use position_manager::{
    Action, AdjustFailure, Adopted, AfloatSettings, Backed, CancelledEntries, CloseFailure, Closed, ComposeFailure,
    CutFor, Drifted, EndedPosition, Finding, FlattenReason, Flattened, Foreign, ForeignPolicy, HalfFlattened,
    HedgePair, JustRead, KeptLeverage, Ladder, LadderFailure, LastSeen, LeverageChange, LostLeg, MarginChange,
    MarginFor, Measure, MonitorFailure, MonitorReport, MoveStopFailure, NotSuchLeverage, OpenFailure, OpenWarning,
    Opened, OrderFate, Orphan, Ports, PositionHealth, PositionManager, Preview, Progress, Protected, Protection,
    ProtectionFailure, ReconcileFailure, Reconciliation, ReleaseFailure, Restored, Rules, Settings, Sister, StopMove,
    Summary, Survey, SurveyedPosition, Unclosed, UnfinishedFlatten, Unprotected, UnverifiedStop, WhyLost,
};
pub use trouble::{Record, Subject, Trouble};
pub use venue_account::{
    AccountFollower, AccountMetrics, AccountNews, AccountPorts, AccountView, AppliedSetting, AuditLog,
    AuditedDifference, ConnectFailure, ContractSetting, Derived, Ended, Excess, Fleet, Gap, Gaps, LeverageSettings,
    Link, Listener, Observed, ReadFailure, ReduceFailure, ReduceIntent, ReduceSize, Reduced, Resynchronised,
    SettingFailure, Sheltered, TradingStatistics, VenueAccount, VenueAccountSettings, Verification, Vigilance,
    WatchSettings, Watched, WatchedFigure,
};
