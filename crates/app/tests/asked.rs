//! Verbs at a terminal, where a person is asked: nothing happens before a yes, and nobody is asked for what is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod stage;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;
use stage::{Venue, answer, configuration, verb};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

const KEYS: [(&str, &str); 2] = [("STAGE_KEY", "asked-key"), ("STAGE_SECRET", "asked-secret")];

struct Desk {
    _venue: Venue,
    folder: TempDir,
    config: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (venue, rest, socket) = Venue::start("binance", "asked-key", "asked-secret");
        let database = format!("sqlite:{}", folder.path().join("records.db").display());
        let config = configuration(folder.path(), &database, &[("main", "binance", &rest, &socket)]);
        Self { _venue: venue, folder, config }
    }

    /// Runs a verb at a terminal where somebody types this; it must exit with `code`. What stands on the screen.
    fn asked(&self, code: i32, line: &str, typed: &str) -> String {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let path = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
        let theirs = || OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let mut screen = File::from(terminal);
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.args(line.split(' ')).arg("--config").arg(&self.config).env_remove("DATABASE_URL").envs(KEYS);
        let mut child = command.stdin(theirs()).stdout(theirs()).stderr(theirs()).spawn().unwrap();
        // Only it has the other side: the screen ends when it does.
        drop(command);
        screen.write_all(typed.as_bytes()).unwrap();
        let (mut shown, mut part) = (Vec::new(), [0; 4096]);
        while let Ok(length @ 1..) = screen.read(&mut part) {
            shown.extend_from_slice(&part[..length]);
        }
        let shown = String::from_utf8_lossy(&shown).into_owned();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{line}: {shown}");
        shown
    }

    /// How many positions are held, and how many orders rest.
    fn at_venue(&self) -> (usize, usize) {
        let told = |what| answer(0, &verb(&self.config, &KEYS, &[what]));
        let count = |rows: &Value| rows.as_array().unwrap().len();
        (count(&told("positions")), count(&told("orders")["open"]))
    }

    fn refusals(&self) -> usize {
        let database = format!("sqlite:{}", self.folder.path().join("records.db").display());
        let mut export = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        let output = export.args(["db", "export", "--database", &database]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().matches(r#""kind":"refused_position_size""#).count()
    }
}

const OPEN: &str = "open BTC/USDT:USDT --side long --quantity 0.01 --stop 55000";
const BRACKET: &str = "order bracket BTC/USDT:USDT --side long --quantity 0.01 --limit 58000 --stop 56000";

#[test]
fn nothing_is_opened_before_a_yes() {
    let desk = Desk::new();
    for line in [OPEN, BRACKET] {
        let shown = desk.asked(1, line, "n\n");
        assert!(shown.contains("[y/N]") && shown.contains("not confirmed: nothing was sent"), "{shown}");
        assert_eq!(desk.at_venue(), (0, 0), "{line}");
    }
    let shown = desk.asked(0, OPEN, "y\n");
    assert!(shown.contains("opened BTC/USDT:USDT long 0.01"), "{shown}");
    assert_eq!(desk.at_venue(), (1, 1));
}

#[test]
fn nobody_is_asked_for_what_is_refused_and_it_is_on_record() {
    let desk = Desk::new();
    for (place, line) in [OPEN, BRACKET].into_iter().enumerate() {
        // Whatever is typed.
        let shown = desk.asked(1, &line.replace("0.01", "1"), "y\n");
        assert!(shown.contains("refused: ") && !shown.contains("[y/N]"), "{shown}");
        assert_eq!(desk.refusals(), place + 1, "{line}");
    }
    assert_eq!(desk.at_venue(), (0, 0));
}
