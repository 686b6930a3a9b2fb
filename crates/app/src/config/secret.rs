//! Secrets, from where the configuration says that they are.

use super::reader::Environment;
use secrecy::SecretString;
use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SecretPlace {
    /// In the environment variable of this name, or in the file that the variable `NAME_FILE` names.
    Variable(String),
    /// In this file.
    File(PathBuf),
}

/// Why a secret is not to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoSecret {
    /// What is wrong.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) remedy: String,
    /// Others than its owner may read the file.
    pub(crate) is_exposed: bool,
}

impl fmt::Display for SecretPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "environment {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
        }
    }
}

impl NoSecret {
    fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into(), is_exposed: false }
    }
}

impl SecretPlace {
    /// The secret.
    ///
    /// # Errors
    /// [`NoSecret`] if there is none, or if others than its owner may read it.
    pub(crate) fn read(&self, environment: &Environment) -> Result<SecretString, NoSecret> {
        match self {
            Self::File(path) => read_file(path),
            Self::Variable(name) => match (environment.get(name), environment.get(&format!("{name}_FILE"))) {
                (Some(value), _) if !value.trim().is_empty() => Ok(SecretString::from(value.trim())),
                (_, Some(path)) => read_file(Path::new(path)),
                (Some(_), None) => {
                    Err(NoSecret::new(format!("{name} is empty"), format!("export {name} with a value")))
                }
                (None, None) => {
                    let remedy = format!("export {name}, or {name}_FILE with the path of a file that holds it");
                    Err(NoSecret::new(format!("{name} is not set in the environment"), remedy))
                }
            },
        }
    }
}

fn read_file(path: &Path) -> Result<SecretString, NoSecret> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| {
        NoSecret::new(format!("{shown} cannot be read: {error}"), format!("put the secret alone into {shown}"))
    };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(NoSecret {
            what: format!("{shown} may be read by others than its owner (mode {mode:o})"),
            remedy: format!("chmod 600 {shown}"),
            is_exposed: true,
        });
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    match text.trim() {
        "" => Err(NoSecret::new(format!("{shown} is empty"), format!("put the secret alone into {shown}"))),
        secret => Ok(SecretString::from(secret)),
    }
}
