//! Strategies trade an account in one process of this machine, and no other: two would open everything twice.

use crate::failure::Failure;
use plimsoll_domain::AccountId;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// The right to let strategies trade an account; it ends with the process, however that ends.
#[derive(Debug)]
pub(super) struct Alone {
    _lock: File,
}

impl Alone {
    /// Takes it, if nobody has it.
    pub(super) fn on(state: &Path, account: &AccountId) -> Result<Self, Failure> {
        let folder = state.join("trading");
        let failed = |error: std::io::Error| {
            Failure::usage(format!("cannot make {}: {error}", folder.display()))
                .help("Set state to a directory that may be written: processes find each other there.")
        };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
        let file = folder.join(format!("{account}.lock"));
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(file).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                let taken = format!("another process lets strategies trade account '{account}' already");
                Err(Failure::usage(taken).help("Stop that one first, or add --no-strategies to guard beside it."))
            }
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_traded_by_one_at_a_time_and_another_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let on = |account: &str| Alone::on(folder.path(), &AccountId::new(account));
        let first = on("main").unwrap();
        assert!(on("main").is_err_and(|failure| failure.message().contains("account 'main' already")));
        assert!(on("second").is_ok());
        drop(first);
        assert!(on("main").is_ok());
    }
}
