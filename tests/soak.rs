//! Three accounts at once, followed for minutes while their venues fail.
//!
//! One process is the exchange: three venues with an account each, on which it trades by itself, so many private events a
//! second, while the faults of a seed go on. The other follows the accounts by their
//! [`VenueAccount`](plimsoll_engine::VenueAccount)s over loopback sockets, and its memory is watched. At the end trading and
//! faults cease, the accounts are read once more, and held against the exchange field by field.

mod account;
mod books;
mod ear;
mod exchange;
mod hall;
mod lag;
pub mod listed;
mod memory;
mod plan;
mod report;
mod run;
mod said;
mod trading;
pub mod venue;
mod weather;

pub use hall::serve;
pub use plan::Plan;
pub use report::{AccountReport, Difference, MemoryReport, Report, Slice};
pub use run::run;
