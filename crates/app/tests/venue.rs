//! `plimsoll venue` with faults, as a script commands them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// A venue that ends with the test.
struct Venue {
    process: Child,
    ready: Value,
}

impl Drop for Venue {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Venue {
    fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(["venue", "--speak", "binance"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, ready: serde_json::from_str(&line).unwrap() }
    }

    /// Everything that comes back.
    fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let address = self.ready["rest"].as_str().unwrap().strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }
}

#[test]
fn a_venue_misbehaves_as_told_and_is_calmed_from_outside() {
    let venue = Venue::start(&["--faults", "500-before=clock:x1, seed=7,cut-before=clock:x1"]);
    assert_eq!(venue.ready["faults"], "seed=7,500-before=clock:x1,cut-before=clock:x1");
    assert!(venue.ask("GET", "/fapi/v1/time", "").starts_with("HTTP/1.1 500 "));
    assert_eq!(venue.ask("GET", "/fapi/v1/time", ""), "");
    assert!(venue.ask("GET", "/fapi/v1/time", "").starts_with("HTTP/1.1 200 "));
    assert!(venue.ask("POST", "/plimsoll/faults/more", "maintenance").starts_with("HTTP/1.1 200 "));
    assert!(venue.ask("GET", "/fapi/v1/time", "").starts_with("HTTP/1.1 503 "));
    assert!(venue.ask("DELETE", "/plimsoll/faults", "").contains(r#""fault":"maintenance""#));
    assert!(venue.ask("GET", "/fapi/v1/time", "").starts_with("HTTP/1.1 200 "));
}

#[test]
fn faults_are_commanded_only_where_that_was_asked_for() {
    let check = |arguments: &[&str], status: &str| {
        let said = Venue::start(arguments).ask("GET", "/plimsoll/faults", "");
        assert!(said.starts_with(status), "{arguments:?}: {said}");
    };
    check(&[], "HTTP/1.1 404 ");
    check(&["--control"], "HTTP/1.1 200 ");
}

#[test]
fn a_plan_that_is_none_is_refused_with_what_is_known() {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["venue", "--speak", "binance", "--faults", "dorp=0.1"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("`dorp` is no fault; known are seed, drop, dup"), "{said}");
}

#[test]
fn help_tells_every_word() {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll")).args(["venue", "--help"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    for fault in plimsoll_venue_server::Fault::ALL {
        assert!(said.contains(&format!("\n  {} ", fault.word())), "{}: {said}", fault.word());
    }
}
