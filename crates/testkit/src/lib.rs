//! Contract suites for every port, and a simulated clock.
//!
//! ```no_run
//! use plimsoll_testkit::contract;
//! # use plimsoll_testkit::contract::{BrokerStage, StreamStage};
//!
//! # async fn example<MyStage: StreamStage>(new_stage: impl AsyncFn() -> MyStage) {
//! // Every promise of the ports, kept by your venue or broken by name.
//! contract::broker::run(&new_stage).await;
//! contract::stream::run(&new_stage).await;
//! # }
//! ```
//!
//! The suites know the ports only: they drive anybody's broker, stream, feed or store. They do not start a venue: how to
//! make one, move its market and cut its connections is the caller's stage.

pub mod contract;

mod clock;

pub use clock::SimulatedClock;
