//! A server that stays until it is stopped, for `cargo xtask services`.

use crate::cluster::{Cluster, free_port, url};
use crate::installation::Installation;
use crate::trouble::Trouble;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// A server of the workspace: its cluster and the file with its address are in one folder.
#[derive(Debug)]
pub struct Service {
    cluster: Cluster,
    address: PathBuf,
}

impl Service {
    /// The service in this folder, its cluster made if there is none yet.
    ///
    /// # Errors
    /// [`Trouble`] if the cluster cannot be made.
    pub fn in_folder(folder: &Path, installation: Installation) -> Result<Self, Trouble> {
        let cluster = Cluster::in_folder(&folder.join("postgres"), installation)?;
        Ok(Self { cluster, address: folder.join("postgres.url") })
    }

    /// The file that holds its address while it runs.
    #[must_use]
    pub fn address_file(&self) -> &Path {
        &self.address
    }

    /// Its address if it runs.
    #[must_use]
    pub fn running(&self) -> Option<String> {
        let runs = self.control(&["status"]).is_ok();
        runs.then(|| fs::read_to_string(&self.address).ok()).flatten().map(|url| url.trim().to_owned())
    }

    /// Starts it unless it runs, and gives its address.
    ///
    /// # Errors
    /// [`Trouble`] if it does not start.
    pub fn start(&self) -> Result<String, Trouble> {
        if let Some(url) = self.running() {
            return Ok(url);
        }
        self.stop()?;
        let port = free_port()?;
        let arguments = self.cluster.arguments(port).join(" ");
        let log = self.cluster.log();
        self.control(&["start", "-w", "-t", "60", "-l", &log.to_string_lossy(), "-o", &arguments])?;
        let url = url(port, "postgres");
        fs::write(&self.address, format!("{url}\n")).map_err(Trouble::at(&self.address))?;
        Ok(url)
    }

    /// Stops it; that it does not run is no trouble.
    ///
    /// # Errors
    /// [`Trouble`] if it goes on running.
    pub fn stop(&self) -> Result<(), Trouble> {
        if self.control(&["status"]).is_ok() {
            self.control(&["stop", "-w", "-m", "fast"])?;
        }
        match fs::remove_file(&self.address) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Trouble::at(&self.address)(error)),
            _ => Ok(()),
        }
    }

    fn control(&self, arguments: &[&str]) -> Result<(), Trouble> {
        let program = self.cluster.installation.program("pg_ctl");
        let mut command = self.cluster.identity.command(&program);
        command.arg("-D").arg(self.cluster.data()).args(arguments);
        // A server inherits what it is started with: a pipe would never end.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let status = command.status().map_err(Trouble::at(&program))?;
        if status.success() {
            return Ok(());
        }
        let verb = arguments.first().copied().unwrap_or_default();
        Err(Trouble::new(format!("pg_ctl {verb} failed: see {}", self.cluster.log().display())))
    }
}
