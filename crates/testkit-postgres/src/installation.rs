//! Where PostgreSQL's binaries are.

use crate::trouble::Trouble;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder that holds `initdb`, `postgres` and `pg_ctl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    bin: PathBuf,
}

/// Names the folder, where it is in none of the usual places.
const OVERRIDE: &str = "PLIMSOLL_POSTGRES_BIN";

/// Where packages put the binaries of a version; Debian's are not on the `PATH`.
const PACKAGES: [(&str, &str); 3] =
    [("/usr/lib/postgresql", ""), ("/usr", "pgsql-"), ("/usr/local/opt", "postgresql@")];

const NEEDED: [&str; 3] = ["initdb", "postgres", "pg_ctl"];

const REMEDY: &str = "no PostgreSQL server is installed: as root, `apt-get install postgresql` (Debian, Ubuntu) or your \
    system's package of the server, or set PLIMSOLL_POSTGRES_BIN to the folder that holds initdb and postgres, or \
    DATABASE_URL to a server that may be used for tests";

impl Installation {
    /// The one that `PLIMSOLL_POSTGRES_BIN` names, else one on the `PATH`, else the newest of the packages.
    ///
    /// # Errors
    /// [`Trouble`] says what to install or to set.
    pub fn find() -> Result<Self, Trouble> {
        if let Some(named) = std::env::var_os(OVERRIDE) {
            let bin = PathBuf::from(named);
            let wrong = || Trouble::new(format!("{OVERRIDE} is {}, which lacks initdb or postgres", bin.display()));
            return Self::at(&bin).ok_or_else(wrong);
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let on_the_path = std::env::split_paths(&path).find_map(|folder| Self::at(&folder));
        on_the_path.or_else(newest_package).ok_or_else(|| Trouble::new(REMEDY))
    }

    /// As [`find`](Self::find); where there is none, Debian's package is installed, by root or by `sudo` without a
    /// password.
    ///
    /// # Errors
    /// [`Trouble`] says what to install or to set.
    pub fn find_or_install() -> Result<Self, Trouble> {
        match Self::find() {
            Err(_) if std::env::var_os(OVERRIDE).is_none() => install().and_then(|()| Self::find()),
            outcome => outcome,
        }
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.bin
    }

    fn at(bin: &Path) -> Option<Self> {
        NEEDED.iter().all(|name| bin.join(name).is_file()).then(|| Self { bin: bin.to_path_buf() })
    }
}

fn newest_package() -> Option<Installation> {
    let mut found: Vec<(u32, Installation)> = Vec::new();
    for (folder, prefix) in PACKAGES {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let version = name.to_str().and_then(|name| name.strip_prefix(prefix)).and_then(|it| it.parse().ok());
            let installation = Installation::at(&entry.path().join("bin"));
            found.extend(version.zip(installation));
        }
    }
    found.into_iter().max_by_key(|(version, _)| *version).map(|(_, installation)| installation)
}

fn install() -> Result<(), Trouble> {
    let is_root = crate::identity::is_root()?;
    let apt = |arguments: &[&str]| {
        let words: &[&str] = if is_root { &["apt-get"] } else { &["sudo", "-n", "apt-get"] };
        let mut words = words.iter().chain(arguments);
        let mut command = Command::new(words.next().copied().unwrap_or_default());
        command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
        command.status().is_ok_and(|status| status.success())
    };
    let package = ["install", "--yes", "--no-install-recommends", "postgresql"];
    let installed = apt(&package) || apt(&["update"]) && apt(&package);
    if installed { Ok(()) } else { Err(Trouble::new(format!("apt-get did not help, and {REMEDY}"))) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_folder_without_the_binaries_is_no_installation() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Installation::at(folder.path()), None);
        for name in NEEDED {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(Installation::at(folder.path()).unwrap().folder(), folder.path());
    }
}
