//! `cargo xtask trial`: the whole on one simulated clock, by seed; and how soon a deliberate bug is found by it.

use crate::bugs::{ATTACHED_FORGOTTEN, DEDUPE_OFF, JOURNAL_AFTER_SEND, STOP_NOT_MOVED};
use crate::seeds::Seeds;
use anyhow::Result;

/// Nothing in it is real, so it is as fast as the machine: many seeds want the optimiser.
pub(crate) const TRIAL: Seeds = Seeds {
    package: "plimsoll-trial",
    command: "trial",
    is_release: true,
    bugs: &[&JOURNAL_AFTER_SEND, &DEDUPE_OFF, &STOP_NOT_MOVED, &ATTACHED_FORGOTTEN],
};

/// Seeds, or a bug with seeds.
pub(crate) fn run_seeds(arguments: &[&str]) -> Result<()> {
    TRIAL.run(arguments)
}
