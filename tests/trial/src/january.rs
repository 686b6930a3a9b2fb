//! A market of candles, gone through by a long at its leverage: with protection and without.
//!
//! The position manager and the exchange are the real ones. The market goes through each candle in the order that hurts a
//! long most: from its open down to its low, up to its high, and to its close. What is not protected is only watched, and
//! is to be liquidated exactly where the exact price says. What is protected is looked at as a guard with a live view looks:
//! at once when its margin reaches a stage that something is done about, and every hour.

mod case;
mod desk;
mod drive;
mod outcome;
mod table;

pub use case::{Case, cases};
pub use drive::play;
pub use outcome::{Liquidated, Outcome};
pub use table::table;
