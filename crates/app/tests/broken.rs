//! Broken configurations, each a file of `tests/broken`, and what `plimsoll config check` says of it: what, where, and what to
//! do about it. A first line `# environment:` gives variables.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/broken");

/// Every file, by name.
fn files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// `plimsoll config VERB` of a file of this folder, in an environment of `K` and `S` and these variables.
fn config(folder: &Path, words: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.arg("config").args(words).current_dir(folder).env_clear();
    command.env("HOME", "/home/nobody").env("K", "key").env("S", "secret").envs(variables.iter().copied());
    command.output().unwrap()
}

fn check(folder: &Path, name: &str, variables: &[(&str, &str)]) -> Output {
    config(folder, &["check", "--config", name], variables)
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap() + std::str::from_utf8(&output.stderr).unwrap()
}

/// What its first line says of the environment.
fn variables(text: &str) -> Vec<(&str, &str)> {
    let first = text.lines().next().and_then(|line| line.strip_prefix("# environment: "));
    first.into_iter().flat_map(|line| line.split(' ')).filter_map(|pair| pair.split_once('=')).collect()
}

#[test]
fn every_broken_file_is_answered_with_what_and_where_and_a_remedy() {
    let mut all = String::new();
    for file in files() {
        let (name, text) = (file.file_name().unwrap().to_str().unwrap(), std::fs::read_to_string(&file).unwrap());
        let output = check(Path::new(FOLDER), name, &variables(&text));
        assert_eq!(output.status.code(), Some(2), "{name}: {}", said(&output));
        writeln!(
            all,
            "{}",
            said(&output).replace(&format!("{name}:"), &format!("{}:", name.trim_end_matches(".toml")))
        )
        .unwrap();
    }
    for secret in
        ["NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP", "VMPUZE6ZVXSD8YBQ7KTLFA2G", "vmPUze6", "hunter2", "123456:ABC", "letmein"]
    {
        assert!(!all.contains(secret), "{secret} is told");
    }
    assert!(files().len() >= 40, "{}", files().len());
    insta::assert_snapshot!(all);
}

/// A line that is wrong is a line that is named: none is told without its place but what stands in the environment.
#[test]
fn every_mistake_has_its_line_and_its_remedy() {
    for file in files() {
        let (name, text) = (file.file_name().unwrap().to_str().unwrap(), std::fs::read_to_string(&file).unwrap());
        let output = config(Path::new(FOLDER), &["check", "--json", "--config", name], &variables(&text));
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let problems = told["problems"].as_array().unwrap();
        assert!(!problems.is_empty(), "{name}");
        for problem in problems {
            let line = problem["origin"]["file"]["line"].as_u64();
            let is_placed = line.is_some_and(|line| line <= 1 + text.lines().count() as u64)
                || problem["origin"]["environment"].is_string();
            let is_said = |of: &str| problem[of].as_str().is_some_and(|said| said.len() > 5);
            assert!(is_placed && is_said("what") && is_said("remedy"), "{name}: {problem}");
        }
    }
}

#[test]
fn what_is_no_file_of_text_is_told_as_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::create_dir(here.join("directory")).unwrap();
    std::fs::write(here.join("latin"), b"# caf\xE9\n").unwrap();
    std::fs::write(here.join("second-line"), b"# fine\n# caf\xE9\n").unwrap();
    std::fs::write(here.join("utf-16"), b"\xFF\xFE[\0l\0").unwrap();
    std::fs::write(here.join("empty"), b"").unwrap();
    std::fs::write(here.join("large"), vec![b'#'; 1024 * 1024 + 1]).unwrap();
    std::fs::write(here.join("unreadable"), b"").unwrap();
    std::fs::set_permissions(here.join("unreadable"), std::fs::Permissions::from_mode(0o0)).unwrap();
    for (name, what, remedy) in [
        ("directory", "cannot read directory: ", "name the file, perhaps directory/plimsoll.toml"),
        ("latin", "cannot read latin: line 1 is not UTF-8", "save it as UTF-8, or take that letter out"),
        ("second-line", "cannot read second-line: line 2 is not UTF-8", "save it as UTF-8"),
        ("utf-16", "cannot read utf-16: line 1 is not UTF-8", "it is UTF-16: save it as UTF-8"),
        ("large", "large is larger than 1024 KiB", "that is no configuration"),
        ("missing", "cannot read missing: No such file", "plimsoll config example > missing"),
        ("empty", "empty:1:1: accounts: no account is configured", "write [accounts.main]"),
    ] {
        let output = check(here, name, &[]);
        let said = said(&output);
        assert!(output.status.code() == Some(2) && said.contains(what) && said.contains(remedy), "{name}: {said}");
    }
    // Whoever may read everything may read this too, and finds it empty.
    let said = said(&check(here, "unreadable", &[]));
    let is_refused =
        said.contains("cannot read unreadable: Permission denied") && said.contains("chmod u+r unreadable");
    assert!(is_refused || said.contains("no account is configured"), "{said}");
}

#[test]
fn what_editors_of_other_systems_leave_is_read_as_it_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[accounts.main]\r\nenvironment = \"testnet\"\r\nkey_env = \"K\"\r\nsecret_env = \"S\"\r\n";
    std::fs::write(folder.path().join("right"), format!("\u{feff}{text}")).unwrap();
    std::fs::write(folder.path().join("wrong"), format!("\u{feff}{text}\r\n[limits]\r\nmax_leverag = 5\r\n")).unwrap();
    let right = check(folder.path(), "right", &[]);
    assert_eq!((right.status.code(), said(&right).as_str()), (Some(0), "right: no problem found\n"));
    assert!(said(&check(folder.path(), "wrong", &[])).starts_with("wrong:7:1: limits.max_leverag: no such setting"));
}

#[test]
fn a_key_that_two_variables_hold_is_one_account() {
    let folder = tempfile::tempdir().unwrap();
    let account = |name: &str, key: &str| {
        format!("[accounts.{name}]\nenvironment = \"testnet\"\nkey_env = \"{key}\"\nsecret_env = \"S\"\n")
    };
    std::fs::write(folder.path().join("twins"), account("one", "K") + &account("two", "ALSO_K")).unwrap();
    let told = said(&check(folder.path(), "twins", &[("ALSO_K", "key")]));
    assert!(
        told.starts_with("twins:7:11: accounts.two.key_env: its value is the key of account 'one' as well"),
        "{told}"
    );
    let apart = check(folder.path(), "twins", &[("ALSO_K", "another")]);
    assert_eq!(apart.status.code(), Some(0), "{}", said(&apart));
}
