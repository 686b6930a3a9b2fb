//! `plimsoll order`: orders that rest, and orders that are made of several and go on.

mod cancel;
mod closing;
mod following;
mod list;
mod opening;
mod placing;

use crate::failure::Failure;
use clap::Subcommand;
use std::process::ExitCode;

/// Orders that rest or go on. Each is written down before its first part is sent, and outlives the process that placed it.
///
/// `plimsoll run` carries them on, after a restart too; so does the verb that places one, with --wait.
#[derive(Debug, Subcommand)]
pub(crate) enum Order {
    /// A limit entry that may rest, with its stop and its target
    Bracket(opening::Bracket),
    /// A limit order of which only a part is seen
    Iceberg(opening::Iceberg),
    /// Market orders of one size in even steps of time
    Twap(opening::Twap),
    /// A stop and a target for a position: one cancels the other
    Oco(closing::Oco),
    /// A stop that follows the mark price and never goes back
    Trail(closing::Trail),
    /// End one that goes on, or cancel an order that rests
    Cancel(cancel::Cancel),
    /// Those that go on, and how far they have got
    List(list::List),
    /// One by its name, with all its parts
    Show(list::Show),
}

impl Order {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let runtime = super::runtime()?;
        match self {
            Self::Bracket(bracket) => runtime.block_on(bracket.place()),
            Self::Iceberg(iceberg) => runtime.block_on(iceberg.place()),
            Self::Twap(twap) => runtime.block_on(twap.place()),
            Self::Oco(oco) => runtime.block_on(oco.place()),
            Self::Trail(trail) => runtime.block_on(trail.place()),
            Self::Cancel(cancel) => runtime.block_on(cancel.cancel()),
            Self::List(list) => runtime.block_on(list.show()),
            Self::Show(show) => runtime.block_on(show.show()),
        }?;
        Ok(ExitCode::SUCCESS)
    }
}
