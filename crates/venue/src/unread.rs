//! A row of a list that cannot be read.

use crate::json::{self, DecodeError, Raw};
use std::collections::HashMap;
use std::sync::Arc;

/// A row of a list that cannot be read, with the name of what it is about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Unread {
    /// The venue's name of it; `None` where not even that can be read.
    pub native: Option<Arc<str>>,
    /// Why it cannot be read.
    pub error: DecodeError,
}

impl Unread {
    /// This row, which has the venue's name in this member.
    #[must_use]
    pub fn new(row: &str, member: &str, error: DecodeError) -> Self {
        let members: HashMap<String, Raw<'_>> = json::read(row).unwrap_or_default();
        let name = members.get(member).and_then(|name| json::read::<String>(name.0).ok());
        Self { native: name.filter(|name| !name.is_empty()).map(Arc::from), error }
    }
}

impl From<Unread> for DecodeError {
    fn from(unread: Unread) -> Self {
        unread.error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_cannot_be_read_has_its_name_where_that_can() {
        let native = |row| Unread::new(row, "symbol", DecodeError::new("no value", "x")).native;
        assert_eq!(native(r#"{"step":{},"symbol":"A"}"#).as_deref(), Some("A"));
        for nameless in [r#"{"step":"1"}"#, r#"{"symbol":5}"#, r#"{"symbol":""}"#, "[]", "null", "{"] {
            assert_eq!(native(nameless), None, "{nameless}");
        }
    }
}
