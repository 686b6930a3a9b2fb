//! `cargo xtask faults`: the whole system under fire, by seed; and how soon a deliberate bug is found by it.

use crate::bugs::{DEDUPE_OFF, JOURNAL_AFTER_SEND, RESEND_UNDER_NEW_ID, STATE_DEDUPE_OFF, STOP_NOT_RESTORED};
use crate::seeds::Seeds;
use anyhow::Result;

/// The whole over real sockets, each seed with a real database.
pub(crate) const FAULTS: Seeds = Seeds {
    package: "plimsoll-tests",
    command: "faults",
    is_release: false,
    bugs: &[&JOURNAL_AFTER_SEND, &DEDUPE_OFF, &STATE_DEDUPE_OFF, &RESEND_UNDER_NEW_ID, &STOP_NOT_RESTORED],
};

/// Seeds, or a bug with seeds.
pub(crate) fn run_seeds(arguments: &[&str]) -> Result<()> {
    FAULTS.run(arguments)
}
