//! Why there is no server.

use std::io;
use std::path::Path;

/// Why there is no server, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Trouble {
    what: String,
}

impl Trouble {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }

    /// What the system says of a file.
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.display().to_string();
        move |error| Self::new(format!("{path}: {error}"))
    }
}
