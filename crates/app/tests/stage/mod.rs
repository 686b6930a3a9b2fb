//! A simulated venue in a process of its own, and the command beside it.

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// Of the keys of venues that have one.
pub(crate) const PASSPHRASE: &str = "stage-phrase";

/// A venue, ended when dropped.
pub(crate) struct Venue(Child);

impl Venue {
    /// One with this wire that knows `key` and `secret`, and where its REST and its sockets are.
    pub(crate) fn start(wire: &str, key: &str, secret: &str) -> (Self, String, String) {
        Self::start_with(wire, key, secret, &[])
    }

    /// The same, with more arguments.
    pub(crate) fn start_with(wire: &str, key: &str, secret: &str, more: &[&str]) -> (Self, String, String) {
        let mut process = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(["venue", "--speak", wire, "--key", key, "--secret", secret, "--passphrase", PASSPHRASE])
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let address = |of: &str| ready[of].as_str().unwrap().to_owned();
        (Self(process), address("rest"), address("ws"))
    }
}

impl Drop for Venue {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A configuration of these accounts, each a name, a wire and its addresses, which reads keys from `STAGE_KEY`,
/// `STAGE_SECRET` and, where there is one, `STAGE_PASSPHRASE`.
pub(crate) fn configuration(folder: &Path, database: &str, accounts: &[(&str, &str, &str, &str)]) -> PathBuf {
    let (file, state) = (folder.join("plimsoll.toml"), folder.join("state"));
    let mut text = format!("database = \"{database}\"\nstate = \"{}\"\n", state.display());
    for (name, wire, rest, socket) in accounts {
        text += &format!(
            "\n[accounts.{name}]\nvenue = \"{wire}\"\nenvironment = \"loopback\"\nrest_url = \"{rest}\"\n\
             socket_url = \"{socket}\"\nkey_env = \"STAGE_KEY\"\nsecret_env = \"STAGE_SECRET\"\n"
        );
        if *wire == "bitget" {
            text += "passphrase_env = \"STAGE_PASSPHRASE\"\n";
        }
    }
    std::fs::write(&file, text).unwrap();
    file
}

/// Runs the command with `--json` and these keys.
pub(crate) fn verb(config: &Path, keys: &[(&str, &str)], arguments: &[&str]) -> Output {
    command(config, keys, arguments).output().unwrap()
}

/// The command with `--json` and these keys.
pub(crate) fn command(config: &Path, keys: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command
        .args(arguments)
        .args(["--json", "--config"])
        .arg(config)
        .env_remove("DATABASE_URL")
        .env_remove("STAGE_KEY")
        .env_remove("STAGE_SECRET")
        .env("STAGE_PASSPHRASE", PASSPHRASE)
        .envs(keys.iter().copied());
    command
}

/// What the command answers; it must exit with `code`.
pub(crate) fn answer(code: i32, output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    let text = if code == 0 { &output.stdout } else { &output.stderr };
    let last = String::from_utf8_lossy(text).lines().rfind(|line| line.starts_with(['{', '['])).map(str::to_owned);
    last.map_or(Value::Null, |line| serde_json::from_str(&line).unwrap())
}
