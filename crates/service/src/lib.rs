//! What any surface asks and orders of running accounts: a screen, a chat, a command, each says the same in its own way.
//!
//! A [`Service`] is built from accounts that run already, what runs their strategies, and a hub of events. What it answers
//! is drawn from what is known of each account at that moment, so that looking costs a venue nothing:
//!
//! ```no_run
//! use plimsoll_engine::{Lookout, Ports, PositionManager};
//! use plimsoll_ports::Clock;
//! use plimsoll_service::{
//!     Action, Caller, EventHub, Mode, NoStrategies, ServedAccount, Service, ServiceSettings,
//! };
//! use std::sync::Arc;
//!
//! # async fn example(
//! #     manager: Arc<PositionManager>, ports: Ports, lookout: Lookout, clock: Arc<dyn Clock>,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let account = ServedAccount { mode: Mode::Paper, manager, ports, view: lookout.watch() };
//! let hub = Arc::new(EventHub::new(clock.now()));
//! let service = Service::new([account], Arc::new(NoStrategies), hub, clock, ServiceSettings::default());
//!
//! for position in service.positions(None, None).await?.positions {
//!     println!("{} {} is liquidated at {:?}", position.symbol, position.direction, position.liquidation_price);
//! }
//!
//! // What is done is done in two steps: what it would mean, and then exactly that, once.
//! let ana = Caller::new("ana");
//! let (action, word) = Action::read(r#"{"action":"close","account":"main","symbol":"BTC/USDT:USDT"}"#)?;
//! let prepared = service.prepare(&ana, action, word.as_deref()).await?;
//! println!("{}: {:?}", prepared.summary, prepared.orders);
//! if let Some(nonce) = prepared.nonce {
//!     let outcome = service.confirm(&ana, &nonce, "a-key-for-this-click").await?;
//!     println!("{}", outcome.text);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Every preparation, confirmation and refusal is a risk event in the records of the account, and an [`Event`] for those who
//! listen. Who may ask what is the surface's affair: it names a [`Caller`] whom it has made sure of.
//!
//! This crate knows no HTTP, no chat, no venue and no database. It judges nothing: limits, margin and liquidation are the
//! engine's and the domain's.

mod account;
mod accounts;
mod acting;
mod action;
mod candles;
mod contract;
mod events;
mod exposure;
mod facts;
mod failure;
mod figure;
mod funding;
mod kill;
mod orders;
mod overview;
mod performance;
mod pnl;
mod positions;
mod rates;
mod risk;
mod service;
mod strategies;
mod trades;
mod what_if;

pub use account::{Mode, ServedAccount};
pub use accounts::{AccountRow, Accounts};
pub use acting::{Caller, Came, Fact, Outcome, Prepared};
pub use action::{Action, Open, Part, Size, Stop};
pub use candles::{CandleInterval, CandleRow, Candles, RETRY as CANDLES_AGAIN_AFTER};
pub use contract::Contract;
pub use events::{Counted, EVENTS_KEPT, Event, EventFilter, EventHub, Events, Following, NewEvent, ToldToo};
pub use exposure::{AccountExposure, AssetExposure, Exposures, SymbolExposure, TotalExposure, VenueExposure};
pub use failure::{ActFailure, AskFailure};
pub use figure::{Figure, Moment};
pub use funding::{Funding, FundingBooking, FundingBySymbol, FundingPerDay, FundingRateRow, FundingTotals};
pub use kill::{KillRow, KillSwitches};
pub use orders::{ComposedRow, OrderRow, Orders, PartRow, UnknownRow};
pub use overview::{LadderRow, Nearest, Overview, OverviewAccount, OverviewTotal, StrategyCount, Switch, WorstRatio};
pub use performance::{Judged, Performance};
pub use plimsoll_ports::domain;
pub use pnl::{CurveMark, CurvePoint, DayRow, Pnl, PnlDay, PnlRow, PnlTotals};
pub use positions::{FundingNow, PositionRow, Positions, ProtectionRow};
pub use risk::{Gauge, LevelRow, LimitRow, MarginRow, Risk, RiskEventRow, RiskRow, ThresholdRow};
pub use service::{Service, ServiceSettings};
pub use strategies::{
    Decided, DecisionRow, HoldingRow, NoStrategies, RunState, Strategies, StrategyControl, StrategyFailure,
    StrategyRow, StrategyStatus, WorkingRow,
};
pub use trades::{ClosedPositions, ClosedRow, FillRow, Fills, RecordFilter};
pub use what_if::{DueRow, FirstToGo, Stress, StressCell, StressRow, WhatIf, WhatIfAccount, WhatIfTotal};
