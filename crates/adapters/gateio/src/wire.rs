//! Gate.io's wire without a socket: requests out, events in, each a pure function of its arguments.
//!
//! No clock is read and nothing is sent: `now` comes in as an argument, and what goes out is a plain value.

pub mod body;
pub mod event;
pub mod request;
pub mod sign;

mod contracts;
mod moment;
mod symbols;
mod word;

pub use contracts::UnevenSize;
pub use event::decode;
pub use plimsoll_venue::{DecodeError, Event, FillNotice, HttpRequest, Method, SessionEvent};
pub use request::{Call, Credentials, Security};
pub use symbols::{Reading, Symbols};

#[cfg(feature = "live")]
pub(crate) use moment::moment_of;
