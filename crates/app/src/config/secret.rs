//! Secrets, from where the configuration says that they are.

use super::reader::Environment;
use plimsoll_domain::AccountId;
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
            Self::Variable(name) => write!(f, "environment {}", variable_shown(name)),
            Self::File(path) => write!(f, "file {}", path_shown(path)),
        }
    }
}

impl NoSecret {
    fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into(), is_exposed: false }
    }
}

/// Stands where a name was written that may be the secret itself.
const NOT_SHOWN: &str = "*** (not shown: it may be the secret itself)";

/// A variable's name, as far as it may be shown.
pub(super) fn variable_shown(name: &str) -> &str {
    if may_be_a_secret(name) { NOT_SHOWN } else { name }
}

/// A path, as far as it may be shown: what plainly is one.
pub(super) fn path_shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    if is_plainly_a_path(&text) { text.into_owned() } else { NOT_SHOWN.to_owned() }
}

fn is_plainly_a_path(text: &str) -> bool {
    text.contains(['/', '.']) && !text.split(['/', '.']).any(may_be_a_secret)
}

/// Names are short, or made of words; keys and secrets are long and made of none.
fn may_be_a_secret(word: &str) -> bool {
    word.len() > 40 || (word.len() >= 20 && !word.contains(['_', '-']))
}

impl SecretPlace {
    /// The setting that says so, in full, where this is the place of an account's `secret`: `accounts.main.secret_file`.
    pub(crate) fn setting(&self, account: &AccountId, secret: &str) -> String {
        self.named(&format!("accounts.{account}.{secret}"))
    }

    /// The same where this is the place of another secret: `telegram.token_env`.
    pub(crate) fn named(&self, secret: &str) -> String {
        let way = match self {
            Self::Variable(_) => "env",
            Self::File(_) => "file",
        };
        format!("{secret}_{way}")
    }

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
                    let shown = variable_shown(name);
                    Err(NoSecret::new(format!("{shown} is empty"), format!("export {shown} with a value")))
                }
                (None, None) => Err(not_set(name)),
            },
        }
    }
}

fn not_set(name: &str) -> NoSecret {
    let shown = variable_shown(name);
    let remedy = if may_be_a_secret(name) {
        "write the name of a variable, like BINANCE_SECRET; a secret that was written here is known to others now"
            .to_owned()
    } else {
        format!("export {name}, or {name}_FILE with the path of a file that holds it")
    };
    NoSecret::new(format!("{shown} is not set in the environment"), remedy)
}

fn read_file(path: &Path) -> Result<SecretString, NoSecret> {
    let shown = path_shown(path);
    let alone = || {
        if shown == NOT_SHOWN {
            "write the path of a file that holds the secret alone, like /etc/plimsoll/secret; a secret that was written \
             here is known to others now"
                .to_owned()
        } else {
            format!("put the secret alone into {shown}")
        }
    };
    let unreadable = |error: std::io::Error| NoSecret::new(format!("{shown} cannot be read: {error}"), alone());
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
        "" => Err(NoSecret::new(format!("{shown} is empty"), alone())),
        secret => Ok(SecretString::from(secret)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_was_pasted_instead_of_its_place_is_not_told() {
        let pasted = ["NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j", "hunter2"];
        for secret in pasted {
            let missing = SecretPlace::File(PathBuf::from(secret)).read(&Environment::new()).unwrap_err();
            assert!(!format!("{missing:?}").contains(secret), "{missing:?}");
            assert!(missing.remedy.contains("write the path of a file"), "{missing:?}");
        }
        for key in ["VMPUZE6ZVXSD8YBQ7KTLFA2G", "A_KEY_THAT_IS_LONGER_THAN_ANY_NAME_SHOULD_BE"] {
            let missing = SecretPlace::Variable(key.to_owned()).read(&Environment::new()).unwrap_err();
            assert!(!format!("{missing:?}").contains(key), "{missing:?}");
            assert!(missing.remedy.contains("write the name of a variable"), "{missing:?}");
        }
    }

    #[test]
    fn a_place_that_plainly_is_one_is_told() {
        for path in ["/no/such/secret", "secrets/binance", "key.txt", "/no/such/place_of_a_secret-for.plimsoll"] {
            let missing = SecretPlace::File(PathBuf::from(path)).read(&Environment::new()).unwrap_err();
            assert!(missing.what.contains(path), "{missing:?}");
        }
        for name in ["KEY", "BINANCE_SECRET", "PLIMSOLL_TESTNET_API_KEY"] {
            let missing = SecretPlace::Variable(name.to_owned()).read(&Environment::new()).unwrap_err();
            assert!(missing.what.contains(name) && missing.remedy.contains(name), "{missing:?}");
        }
    }
}
