//! Faults by command: what may go wrong between a venue and its clients, decided by a seed.
//!
//! ```
//! use plimsoll_venue_server::faults::{Fault, FaultPlan, Target};
//!
//! // Every fiftieth frame is lost, one order in twenty is executed without an answer, and two minutes in the private
//! // sockets fall silent.
//! let plan: FaultPlan = "seed=7,drop=0.02,timeout-after=place:0.05,half-open=private@120s".parse()?;
//! assert_eq!(plan.to_string(), "seed=7,drop=0.02,timeout-after=place:0.05,half-open=private@2m");
//!
//! // The same without text: one single fault, for the next order.
//! let rule = Fault::TimeoutAfter.next(1).on(Target::Place);
//! assert_eq!(rule.to_string(), "timeout-after=place:x1");
//! # Ok::<_, plimsoll_venue_server::faults::SpecError>(())
//! ```
//!
//! A [plan](FaultPlan) says what may happen, how often, to what and when. What it decides depends on its seed and on the
//! sequence of what happens at the venue, never on the wall clock; and every rule draws from a stream of its own for each
//! kind of request and of frame, so that a request more of one kind changes nothing for the others. When is counted on the
//! market's clock.
//!
//! Nothing here names a venue: how a fault looks on the wire is for the venue's face to say.

mod chance;
mod control;
mod fault;
mod frame;
mod injector;
mod plan;
mod spec;
mod target;
mod text;

pub use chance::{Chance, Often, Window};
pub use fault::{Fault, Site};
pub use injector::{Faults, Injected};
pub use plan::{Detail, FaultPlan, Rule};
pub use spec::SpecError;
pub use target::{Target, Targets};
pub use text::{guide, known};

pub(crate) use control::{Commanded, command};
pub(crate) use frame::{garbled, truncated};
