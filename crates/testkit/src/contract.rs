//! Every promise in the docs of a port, as a case that a broken one fails by name.
//!
//! A suite is an async function: it is given a way to make a fresh stage or store for each case, runs all cases, and
//! panics once with a line for each broken promise.

mod records;
mod stage;
pub(crate) mod suite;

pub mod broker;
pub mod feed;
pub mod funding_rates;
pub mod stream;

pub mod bookings;
pub mod controls;
pub mod desks;
pub mod equity;
pub mod funding;
pub mod journal;
pub mod positions;
pub mod risk_events;
pub mod trades;
pub mod whole_ledger;

pub mod clock;
pub mod event_bus;
pub mod lease;
pub mod notifier;
pub mod strategy;

pub use clock::ClockStage;
pub use event_bus::EventBusStage;
pub use lease::LeaseStage;
pub use notifier::NotifierStage;
pub use stage::{BrokerStage, FeedStage, FundingStage, StreamStage};
pub use strategy::StrategyStage;
