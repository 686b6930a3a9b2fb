//! Where prices come from: recorded candles, or a seeded walk.

mod calendar;
mod candle_file;
mod funding_file;
mod mark;
mod walk;

pub use candle_file::{CandleFileError, LineError, candle_ticks, read_candles, ticks, ticks_with_marks};
pub use funding_file::read_funding;
pub use mark::MarkModel;
pub use walk::{Regime, Walk, WalkSettings};
