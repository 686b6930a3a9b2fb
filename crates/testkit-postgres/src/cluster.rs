//! A cluster's files: how they are made, and how a server on them is told to run.

use crate::identity::Identity;
use crate::installation::Installation;
use crate::trouble::Trouble;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The one user of every cluster.
pub(crate) const USER: &str = "plimsoll";

/// Data that survive no power cut, written fast.
const SETTINGS: [&str; 9] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
    "shared_buffers=64MB",
    "max_wal_size=256MB",
    "log_min_messages=warning",
];

/// Longer than any server takes that comes up at all, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A cluster in a folder.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    pub(crate) installation: Installation,
    pub(crate) identity: Identity,
    folder: PathBuf,
}

impl Cluster {
    /// The cluster in this folder, made if there is none.
    pub(crate) fn in_folder(folder: &Path, installation: Installation) -> Result<Self, Trouble> {
        let identity = Identity::for_cluster(folder)?;
        let folder = folder.canonicalize().map_err(Trouble::at(folder))?;
        let cluster = Self { installation, identity, folder };
        if !cluster.data().join("PG_VERSION").is_file() {
            cluster.initialise()?;
        }
        Ok(cluster)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    /// What `postgres` is started with.
    pub(crate) fn arguments(&self, port: u16) -> Vec<String> {
        let settings = SETTINGS.iter().flat_map(|setting| ["-c".to_owned(), (*setting).to_owned()]);
        ["-p".to_owned(), port.to_string()].into_iter().chain(settings).collect()
    }

    /// Waits until the server says that it is ready; `is_alive` tells whether it can still become so.
    pub(crate) fn wait_until_ready(&self, mut is_alive: impl FnMut() -> bool) -> Result<(), Trouble> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline && is_alive() {
            if self.is_ready() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(10).collect();
        let last: Vec<&str> = lines.into_iter().rev().collect();
        Err(Trouble::new(format!("the server in {} did not start:\n{}", self.folder.display(), last.join("\n"))))
    }

    /// The server keeps a file of its state: its eighth line says `ready` once it takes connections.
    fn is_ready(&self) -> bool {
        let state = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        state.lines().nth(7).is_some_and(|status| status.trim() == "ready")
    }

    fn initialise(&self) -> Result<(), Trouble> {
        let program = self.installation.program("initdb");
        let mut command = self.identity.command(&program);
        command.arg("-D").arg(self.data());
        command.args(["-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        let output = command.output().map_err(Trouble::at(&program))?;
        if output.status.success() {
            return Ok(());
        }
        Err(Trouble::new(format!("initdb in {}: {}", self.folder.display(), String::from_utf8_lossy(&output.stderr))))
    }
}

/// A port that nobody listens at.
pub(crate) fn free_port() -> Result<u16, Trouble> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|error| Trouble::new(format!("no free port: {error}")))
}

/// The address of a database of a server at this port.
pub(crate) fn url(port: u16, database: &str) -> String {
    format!("postgres://{USER}@127.0.0.1:{port}/{database}")
}
