//! Bitget's wire without a socket: requests out, events in, each a pure function of its arguments.
//!
//! No clock is read and nothing is sent: `now` comes in as an argument, and what goes out is a plain value.

pub mod body;
pub mod event;
pub mod request;
pub mod sign;

mod protocol;
mod symbols;
mod word;

pub use event::{Frame, decode, read};
pub use plimsoll_venue::{DecodeError, Event, FillNotice, HttpRequest, Method, SessionEvent};
pub use protocol::{Protocol, UnknownProtocol};
pub use request::{Call, Credentials, Security, Trading};
pub use symbols::Symbols;
