//! As whom PostgreSQL runs: it refuses root.

use crate::trouble::Trouble;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// As whom a cluster's programs run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identity {
    /// As ourselves.
    Own,
    /// We are root: as this user and group.
    Other { user: u32, group: u32 },
    /// We are root, and the other user may not reach the folder: as root by another name.
    Renamed,
}

/// Nobody, where there is no user `postgres`.
const NOBODY: u32 = 65_534;

pub(crate) fn is_root() -> Result<bool, Trouble> {
    let process = Path::new("/proc/self");
    Ok(fs::metadata(process).map_err(Trouble::at(process))?.uid() == 0)
}

impl Identity {
    /// For a cluster in this folder, which is made and handed over.
    pub(crate) fn for_cluster(folder: &Path) -> Result<Self, Trouble> {
        fs::create_dir_all(folder).map_err(Trouble::at(folder))?;
        if !is_root()? {
            return Ok(Self::Own);
        }
        let folder = folder.canonicalize().map_err(Trouble::at(folder))?;
        let others_may_pass = |path: &Path| fs::metadata(path).is_ok_and(|it| it.permissions().mode() & 0o001 != 0);
        if !folder.ancestors().skip(1).all(others_may_pass) {
            return Ok(Self::Renamed);
        }
        let (user, group) = postgres_user().unwrap_or((NOBODY, NOBODY));
        chown(&folder, Some(user), Some(group)).map_err(Trouble::at(&folder))?;
        Ok(Self::Other { user, group })
    }

    /// A program that runs so.
    pub(crate) fn command(self, program: impl AsRef<OsStr>) -> Command {
        match self {
            Self::Own => Command::new(program),
            Self::Other { user, group } => {
                let mut command = Command::new(program);
                command.uid(user).gid(group).current_dir("/");
                command
            }
            Self::Renamed => {
                let mut command = Command::new("unshare");
                command.args(["--user", "--map-user=1000", "--map-group=1000", "--"]).arg(program);
                command
            }
        }
    }
}

fn postgres_user() -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let fields: Vec<&str> = users.lines().find(|line| line.starts_with("postgres:"))?.split(':').collect();
    Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
}
