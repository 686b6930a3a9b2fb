//! What settings of several strategies are made of.

mod interval;
mod number;
mod problems;
mod size;
mod stop;

pub use interval::Interval;
pub use number::Number;
pub(crate) use problems::Problems;
pub use size::Size;
pub(crate) use size::fitting;
pub use stop::Stop;
pub(crate) use stop::beyond;
