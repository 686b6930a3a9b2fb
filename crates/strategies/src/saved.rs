//! States as text, with the name of what they are a state of.

use plimsoll_ports::BadState;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Written<'a, T> {
    of: &'a str,
    state: &'a T,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read<T> {
    of: String,
    state: T,
}

/// A state, of what `of` names: the strategy, its market, and all that the meaning of the state depends on.
pub(crate) fn write<T: Serialize>(of: &str, state: &T) -> String {
    // Maps with keys that are no text are what cannot be written; states have none.
    serde_json::to_string(&Written { of, state }).unwrap_or_default()
}

/// Reads it back, if it is a state of that.
pub(crate) fn read<T: DeserializeOwned>(of: &str, text: &str) -> Result<T, BadState> {
    let read: Read<T> = serde_json::from_str(text).map_err(|error| BadState(format!("it cannot be read: {error}")))?;
    if read.of != of {
        return Err(BadState(format!("it is one of '{}', and this is '{of}'", read.of)));
    }
    Ok(read.state)
}
