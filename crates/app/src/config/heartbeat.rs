//! What `run` calls while all is well: a dead man's switch.

use super::address::{self, Address};
use super::reader::{Reader, Section};
use super::word::{duration, duration_text};
use std::time::Duration;

/// An address that is called while all is well.
#[derive(Debug, Clone)]
pub(crate) struct HeartbeatConfig {
    pub(crate) address: Address,
    /// How long after one call the next one comes.
    pub(crate) every: Duration,
}

const EVERY: Duration = Duration::from_secs(60);

pub(super) fn read(root: &mut Section<'_>, reader: &mut Reader<'_>) -> Option<HeartbeatConfig> {
    let origin = root.place_of(reader, "heartbeat");
    let mut section = root.section(reader, "heartbeat");
    let address = address::read(&mut section, reader, origin.clone());
    let show = |time: &Duration| duration_text(*time);
    let every = match origin.is_some() || address.is_some() {
        true => section.read(reader, "every", &[], EVERY, duration, show),
        // Nothing is called, and nothing is shown of how often.
        false => section.wanted(reader, "every", &[], duration, show).unwrap_or(EVERY),
    };
    section.refuse_unknown(reader);
    Some(HeartbeatConfig { address: address?, every })
}
