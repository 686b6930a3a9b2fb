//! Which processes of this machine trade an account: each keeps a locked file while it lives.

use crate::failure::Failure;
use plimsoll_domain::AccountId;
use plimsoll_engine::Colleagues;
use std::fs::{File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The processes of one account.
pub(crate) struct OnThisMachine {
    folder: PathBuf,
    account: AccountId,
    own: String,
    /// Locked until this process ends, however it ends.
    _life: File,
}

impl OnThisMachine {
    /// Makes this process known to the others.
    pub(crate) fn join(state: &Path, account: &AccountId, process: &str) -> Result<Self, Failure> {
        let folder = state.join("processes");
        let failed = |error: &std::io::Error| {
            Failure::usage(format!("cannot make {}: {error}", folder.display()))
                .help("Set state to a directory that may be written: processes find each other there.")
        };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|error| failed(&error))?;
        let file = folder.join(name(account, process));
        // Locked before it is found under its name: a file that nobody has locked is one of a process that has died.
        let hidden = file.with_extension("new");
        let life = File::create(&hidden).map_err(|error| failed(&error))?;
        life.lock().and_then(|()| std::fs::rename(&hidden, &file)).map_err(|error| failed(&error))?;
        Ok(Self { folder, account: account.clone(), own: process.to_owned(), _life: life })
    }
}

impl Drop for OnThisMachine {
    fn drop(&mut self) {
        // A file that stays is taken for what it is: nobody's.
        let _ = std::fs::remove_file(self.folder.join(name(&self.account, &self.own)));
    }
}

impl Colleagues for OnThisMachine {
    fn is_alive(&self, process: &str) -> bool {
        process == self.own || is_locked(&self.folder.join(name(&self.account, process)))
    }

    fn is_anyone_alive(&self) -> bool {
        let own = name(&self.account, &self.own);
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let others = entries.filter(|entry| {
            let file = entry.file_name();
            let file = file.to_string_lossy();
            file != own.as_str() && is_of(&self.account, &file)
        });
        others.map(|entry| entry.path()).any(|path| is_locked(&path))
    }
}

fn name(account: &AccountId, process: &str) -> String {
    format!("{account}.{process}.life")
}

/// Whether it is the file of a process of this account. A process has no dot in its name, an account may have.
fn is_of(account: &AccountId, file: &str) -> bool {
    let life = file.strip_suffix(".life").and_then(|rest| rest.rsplit_once('.'));
    life.is_some_and(|(of, _)| of == account.as_str())
}

/// Whether a process that lives has locked it; what one that died has left goes.
fn is_locked(file: &Path) -> bool {
    let Ok(open) = File::open(file) else { return false };
    match open.try_lock() {
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(error)) => {
            // Nobody can say: what is somebody else's is not touched.
            tracing::warn!(%error, file = %file.display(), "cannot tell whether another process lives");
            true
        }
        Ok(()) => {
            let _ = std::fs::remove_file(file);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_alive_until_it_ends_and_accounts_have_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let (main, second) = (AccountId::new("main"), AccountId::new("main.second"));
        let join = |account: &AccountId, process: &str| OnThisMachine::join(folder.path(), account, process).unwrap();
        let one = join(&main, "aaaaaa");
        assert!(one.is_alive("aaaaaa") && !one.is_alive("bbbbbb") && !one.is_anyone_alive());
        let elsewhere = join(&second, "cccccc");
        assert!(!one.is_anyone_alive() && !elsewhere.is_anyone_alive());
        let other = join(&main, "bbbbbb");
        assert!(one.is_alive("bbbbbb") && other.is_alive("aaaaaa"));
        assert!(one.is_anyone_alive() && other.is_anyone_alive());
        drop(other);
        assert!(!one.is_alive("bbbbbb") && !one.is_anyone_alive());
        // A crash leaves the file, and no lock on it.
        let left = folder.path().join("processes/main.dddddd.life");
        std::fs::write(&left, "").unwrap();
        assert!(!one.is_alive("dddddd") && !left.exists());
    }
}
