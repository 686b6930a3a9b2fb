//! A server that ends with the process that started it.

use crate::cluster::{Cluster, free_port, url};
use crate::installation::Installation;
use crate::trouble::Trouble;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Stdio};

/// A running server, which stops when this value is dropped, and also when the process is killed: it hangs on a pipe.
#[derive(Debug)]
pub struct Server {
    cluster: Cluster,
    port: u16,
    running: Option<Child>,
    _folder: tempfile::TempDir,
}

/// Waits for a line that names a signal, or for the end of its input, and passes it on to the server.
const TETHER: &str = r#""$@" & server=$!; read -r signal || signal=INT; kill -s "$signal" $server; wait $server"#;

impl Server {
    /// A server on a cluster of its own, which is deleted with it.
    ///
    /// # Errors
    /// [`Trouble`] if there is no PostgreSQL on this machine, or it does not start.
    pub fn disposable() -> Result<Self, Trouble> {
        let folder = tempfile::Builder::new().prefix("plimsoll-postgres-").tempdir();
        let folder = folder.map_err(|error| Trouble::new(format!("no temporary folder: {error}")))?;
        let cluster = Cluster::in_folder(folder.path(), Installation::find()?)?;
        let mut server = Self { cluster, port: free_port()?, running: None, _folder: folder };
        // Between finding a port and taking it, another may have taken it.
        if server.start_again().is_err() {
            server.port = free_port()?;
            server.start_again()?;
        }
        Ok(server)
    }

    /// The address of one of its databases.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        url(self.port, database)
    }

    /// Stops it as an administrator would: open transactions are rolled back, connections are told and closed.
    ///
    /// # Errors
    /// [`Trouble`] if it cannot be waited for.
    pub fn stop(&mut self) -> Result<(), Trouble> {
        self.end_by("INT")
    }

    /// Stops it as a power cut would: nobody is told anything, and what was committed is recovered at the next start.
    ///
    /// # Errors
    /// [`Trouble`] if it cannot be waited for.
    pub fn crash(&mut self) -> Result<(), Trouble> {
        self.end_by("QUIT")
    }

    /// Starts it again at the same port, with the data that it had.
    ///
    /// # Errors
    /// [`Trouble`] if it does not start.
    pub fn start_again(&mut self) -> Result<(), Trouble> {
        if self.running.is_some() {
            return Ok(());
        }
        let program = self.cluster.installation.program("postgres");
        let log = self.cluster.log();
        let output = File::options().create(true).append(true).open(&log).map_err(Trouble::at(&log))?;
        let copy = output.try_clone().map_err(Trouble::at(&log))?;
        let mut command = self.cluster.identity.command("sh");
        command.args(["-c", TETHER, "sh"]).arg(&program).arg("-D").arg(self.cluster.data());
        command.args(self.cluster.arguments(self.port));
        let child = command.stdin(Stdio::piped()).stdout(copy).stderr(output).spawn().map_err(Trouble::at(&program))?;
        let child = self.running.insert(child);
        let outcome = self.cluster.wait_until_ready(|| matches!(child.try_wait(), Ok(None)));
        if outcome.is_err() {
            self.stop()?;
        }
        outcome
    }

    fn end_by(&mut self, signal: &str) -> Result<(), Trouble> {
        let Some(mut child) = self.running.take() else { return Ok(()) };
        if let Some(mut tether) = child.stdin.take() {
            // Where nobody reads it, the server is gone already.
            let _ = writeln!(tether, "{signal}");
        }
        child.wait().map_err(Trouble::at(Path::new("postgres")))?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.crash();
    }
}
