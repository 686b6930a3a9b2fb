//! Reading JSON without losing a digit or guessing a value.

mod error;
mod num;
mod raw;
mod text;

pub use error::DecodeError;
pub use num::Num;
pub use raw::Raw;
pub use text::Text;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// `text` as a whole JSON document of this shape.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, DecodeError> {
    Ok(serde_json::from_str(text)?)
}

/// Bytes as text.
///
/// # Errors
/// [`DecodeError`] with the place of the first byte that is not UTF-8.
pub fn utf8(bytes: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|error| DecodeError::new("not UTF-8", format!("byte {}", error.valid_up_to())))
}

/// A body as text, without the space around it.
///
/// # Errors
/// As [`utf8`].
pub fn text(body: &[u8]) -> Result<&str, DecodeError> {
    Ok(utf8(body)?.trim())
}

/// The rows of a body that is a list of them, or one.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn rows<'a, T: Deserialize<'a>>(text: &'a str) -> Result<Vec<T>, DecodeError> {
    if text.starts_with('[') { read(text) } else { Ok(vec![read(text)?]) }
}

/// Reads each row, leaves out those that `reader` answers with `None`, and says in which one something is wrong.
///
/// # Errors
/// That of the first row that cannot be read.
pub fn each<T, U>(
    rows: &[T],
    mut reader: impl FnMut(&T) -> Result<Option<U>, DecodeError>,
) -> Result<Vec<U>, DecodeError> {
    let mut out = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        out.extend(reader(row).map_err(|error| error.inside(&format!("[{index}]")))?);
    }
    Ok(out)
}

/// A field whose presence says something even when it is null: for `#[serde(deserialize_with = …)]`.
///
/// # Errors
/// The deserializer's.
pub fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&'de RawValue>::deserialize(deserializer).map(Some)
}
