//! `plimsoll doctor` against a venue in a process of its own: each seeded mistake is found, and told what to do about it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A venue in a process of its own, ended when dropped.
struct Venue {
    process: Child,
    rest: String,
    socket: String,
}

impl Venue {
    fn start(arguments: &[&str]) -> Self {
        Self::speaking("binance", arguments)
    }

    fn speaking(wire: &str, arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(["venue", "--speak", wire, "--key", "doctor-key", "--secret", "doctor-secret"])
            .args(["--passphrase", "doctor-passphrase"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let address = |of: &str| ready[of].as_str().unwrap().to_owned();
        let (rest, socket) = (address("rest"), address("ws"));
        Self { process, rest, socket }
    }
}

impl Drop for Venue {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A configuration without a mistake, in a folder of its own, with a database that is made.
struct Setup {
    folder: TempDir,
    /// Lives as long as this does.
    _venue: Venue,
    text: String,
    key: &'static str,
    secret: &'static str,
}

impl Setup {
    fn new(venue: Venue) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let text = format!(
            "database = \"sqlite:{0}/plimsoll.db\"\nstate = \"{0}\"\n\n[trading]\n\n[limits]\nleverage_cap = 125\n\n\
             [accounts.main]\nvenue = \"binance\"\nenvironment = \"loopback\"\nrest_url = \"{1}\"\n\
             socket_url = \"{2}\"\nkey_env = \"DOCTOR_KEY\"\nsecret_env = \"DOCTOR_SECRET\"\nmargin_mode = \"cross\"\n",
            state.display(),
            venue.rest,
            venue.socket
        );
        let setup = Self { folder, _venue: venue, text, key: "doctor-key", secret: "doctor-secret" };
        setup.verb(&["db", "migrate", "--database", &format!("sqlite:{}/plimsoll.db", state.display())], false);
        setup.verb(&["leverage", "BTC/USDT:USDT", "5", "--yes"], true);
        setup
    }

    fn config(&self) -> PathBuf {
        let file = self.folder.path().join("plimsoll.toml");
        std::fs::write(&file, &self.text).unwrap();
        file
    }

    /// Writes this line where its section begins, instead of any other of the same setting.
    fn set(&mut self, section: &str, line: &str) {
        let setting = line.split(" =").next().unwrap();
        let mut lines: Vec<String> = self.text.lines().map(str::to_owned).collect();
        lines.retain(|it| !it.starts_with(&format!("{setting} =")));
        let at = if section.is_empty() { 0 } else { lines.iter().position(|it| it == section).unwrap() + 1 };
        lines.insert(at, line.to_owned());
        self.text = lines.join("\n") + "\n";
    }

    fn verb(&self, arguments: &[&str], configured: bool) -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.args(arguments).arg("--json").env_remove("DATABASE_URL").env_remove("ENABLE_FUTURES");
        command.envs([("DOCTOR_KEY", self.key), ("DOCTOR_SECRET", self.secret)]);
        if configured {
            command.arg("--config").arg(self.config());
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() < Some(2), "{arguments:?}: {said}");
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }

    fn findings(&self) -> Vec<(String, String, String)> {
        let answer = self.verb(&["doctor"], true);
        let text = |finding: &Value, field: &str| finding[field].as_str().unwrap().to_owned();
        let all = answer["findings"].as_array().unwrap_or_else(|| panic!("{answer}"));
        all.iter().map(|it| (text(it, "check"), text(it, "found"), text(it, "remedy"))).collect()
    }
}

/// The mistake is found, it alone, and its remedy holds these words.
fn check(seed: impl FnOnce(&mut Setup), expected: &str, remedy: &str) {
    check_at(&[], seed, expected, remedy);
}

fn check_at(venue: &[&str], seed: impl FnOnce(&mut Setup), expected: &str, remedy: &str) {
    let mut setup = Setup::new(Venue::start(venue));
    seed(&mut setup);
    let found = setup.findings();
    let checks: Vec<&str> = found.iter().map(|(check, ..)| check.as_str()).collect();
    assert_eq!(checks, [expected], "{found:?}");
    assert!(found[0].2.contains(remedy), "{found:?}");
}

fn write(path: &Path, text: &str, mode: u32) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_setup_without_a_mistake_has_no_finding() {
    let setup = Setup::new(Venue::start(&[]));
    assert_eq!(setup.findings(), []);
    let answer = setup.verb(&["doctor"], true);
    assert_eq!(answer["ok"], true);
    assert!(answer["checks"].as_array().unwrap().len() >= 30, "{answer}");
}

#[test]
fn mistakes_of_the_configuration_are_found() {
    check(|it| it.set("[trading]", "enabled = false"), "enabled", "ENABLE_FUTURES");
    check(|it| it.set("[trading]", "require_stop = false"), "require_stop", "require_stop = true");
    check(|it| it.set("[limits]", "max_position = 400"), "daily_loss", "max_daily_loss");
    check(|it| it.set("[limits]", "max_leverage = 50"), "leverage_limit", "max_leverage");
    check(|it| it.set("[accounts.main]", "assumed_taker_fee = \"0.01 %\""), "fees", "assumed_taker_fee");
    check(|it| it.set("[accounts.main]", "symbols = \"DOGE/USDT:USDT\""), "trading", "symbols");
    check(|it| it.set("[accounts.main]", "margin_mode = \"isolated\""), "margin_mode", "`open` sets it");
    check(|it| it.set("[accounts.main]", "position_mode = \"hedge\""), "position_mode", "one_way");
    check(|it| it.set("[limits]", "max_leverage = 3"), "leverage", "plimsoll leverage BTC/USDT:USDT 3");
}

#[test]
fn mistakes_of_this_machine_are_found() {
    let state = |it: &Setup| it.folder.path().join("state");
    let open_to_all = |path: &Path| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    check(|it| open_to_all(&state(it)), "state_private", "chmod 700");
    check(
        |it| {
            let file = it.folder.path().join("a-file");
            write(&file, "", 0o600);
            it.set("", &format!("state = \"{}/below\"", file.display()));
        },
        "state",
        "a directory that this user may write",
    );
    check(|it| std::fs::remove_file(state(it).join("plimsoll.db")).unwrap(), "database", "plimsoll db migrate");
    check(|it| write(&state(it).join("plimsoll.db"), "no database", 0o600), "database", "plimsoll db check");
}

#[test]
fn wrong_keys_and_secrets_are_told_apart() {
    check(|it| it.secret = "of-another-key", "key_accepted", "the secret of this key");
    check(|it| it.key = "of-another-world", "key_accepted", "`plimsoll venue` prints the key");
    check(|it| it.secret = "", "secret", "DOCTOR_SECRET");
    check(
        |it| {
            let file = it.folder.path().join("secret");
            write(&file, "doctor-secret", 0o644);
            it.text =
                it.text.replace("secret_env = \"DOCTOR_SECRET\"", &format!("secret_file = \"{}\"", file.display()));
        },
        "secret",
        "chmod 600",
    );
}

#[test]
fn a_database_that_the_first_start_makes_is_nothing_to_mend() {
    let setup = Setup::new(Venue::start(&["--wallet", "0"]));
    let file = setup.folder.path().join("state/plimsoll.db");
    std::fs::remove_file(&file).unwrap();
    let answer = setup.verb(&["doctor"], true);
    let found: Vec<_> = answer["findings"].as_array().unwrap().iter().map(|it| (&it["check"], &it["weight"])).collect();
    let note = |check: &'static str| (Value::from(check), Value::from("warning"));
    let expected = [note("database"), note("wallet")];
    assert_eq!(found, expected.iter().map(|(check, weight)| (check, weight)).collect::<Vec<_>>(), "{answer}");
    assert_eq!(answer["ok"], true);
    assert!(answer["findings"][0]["found"].as_str().unwrap().contains("the first start makes it"), "{answer}");
    assert!(!file.exists(), "it only looks");
}

#[test]
fn a_directory_of_the_database_that_is_not_there_is_a_slip_and_is_not_made() {
    let mut setup = Setup::new(Venue::start(&[]));
    let typo = setup.folder.path().join("recrods");
    setup.set("", &format!("database = \"sqlite:{}/plimsoll.db\"", typo.display()));
    let found = setup.findings();
    assert!(found[0].0 == "database" && found[0].1.starts_with("there is no directory"), "{found:?}");
    let verb = |verb: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.arg(verb).arg("--config").arg(setup.config());
        command.envs([("DOCTOR_KEY", setup.key), ("DOCTOR_SECRET", setup.secret)]);
        let output = command.env("DATABASE_URL", format!("sqlite:{}/x.db", typo.display())).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let sentence = format!("there is no directory {}", typo.display());
    let (code, said) = verb("status");
    assert!(code == Some(0) && said.contains(&sentence) && said.contains("the database is away"), "{code:?} {said}");
    let (code, said) = verb("ledger");
    assert!(code == Some(3) && said.contains(&sentence) && said.contains("plimsoll db migrate"), "{code:?} {said}");
    assert!(!typo.exists(), "it was made");
}

/// What `doctor` says of the key, and `status` of the same, with these keys in the environment.
fn refused(wire: &str, keys: [&str; 3]) -> (Value, String) {
    let venue = Venue::speaking(wire, &[]);
    let folder = tempfile::tempdir().unwrap();
    let passphrase = if wire == "bitget" { "passphrase_env = \"DOCTOR_PASSPHRASE\"\n" } else { "" };
    let state = folder.path().join("state");
    let text = format!(
        "database = \"sqlite:{0}/plimsoll.db\"\nstate = \"{0}\"\n\n[accounts.main]\nvenue = \"{wire}\"\n\
         environment = \"loopback\"\nrest_url = \"{1}\"\nsocket_url = \"{2}\"\nkey_env = \"DOCTOR_KEY\"\n\
         secret_env = \"DOCTOR_SECRET\"\n{passphrase}",
        state.display(),
        venue.rest,
        venue.socket
    );
    let file = folder.path().join("plimsoll.toml");
    std::fs::write(&file, text).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.args(arguments).env_remove("DATABASE_URL").env_remove("ENABLE_FUTURES");
        command.envs(["DOCTOR_KEY", "DOCTOR_SECRET", "DOCTOR_PASSPHRASE"].into_iter().zip(keys));
        command.output().unwrap()
    };
    let config = file.to_str().unwrap();
    run(&["db", "migrate", "--database", &format!("sqlite:{}/plimsoll.db", state.display())]);
    let told = run(&["doctor", "--json", "--config", config]);
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let found = told["findings"].as_array().unwrap().iter().find(|it| it["check"] == "key_accepted").cloned();
    let status = run(&["status", "--config", config]);
    assert_ne!(status.status.code(), Some(0));
    let said = String::from_utf8_lossy(&status.stderr).into_owned();
    for key in keys {
        assert!(!said.contains(key) && !told.to_string().contains(key), "{key} is shown: {said} {told}");
    }
    (found.unwrap_or_else(|| panic!("{told}")), said)
}

#[test]
fn each_venue_says_what_it_has_against_a_key_and_what_to_do_in_its_own_words() {
    let right = ["doctor-key", "doctor-secret", "doctor-passphrase"];
    let check = |wire: &str, keys: [&str; 3], code: &str, remedy: &str, hint: &str| {
        let (found, status) = refused(wire, keys);
        assert!(found["found"].as_str().unwrap().contains(code), "{wire}: {found}");
        assert!(found["remedy"].as_str().unwrap().contains(remedy), "{wire}: {found}");
        assert!(status.contains(code) && status.contains(hint), "{wire}: {status}");
    };
    let [key, secret, passphrase] = right;
    let strange = "of-somebody-else";
    check("binance", [strange, secret, passphrase], "-2015", "of Binance's loopback", "key_env");
    check("binance", [key, strange, passphrase], "-1022", "the secret of this key", "secret_env");
    check("gateio", [strange, secret, passphrase], "INVALID_KEY", "of Gate.io's loopback", "key_env");
    check("gateio", [key, strange, passphrase], "INVALID_SIGNATURE", "the secret of this key", "secret_env");
    check("bitget", [strange, secret, passphrase], "40037", "of Bitget's loopback", "key_env");
    check("bitget", [key, strange, passphrase], "40009", "the secret of this key", "secret_env");
    check("bitget", [key, secret, strange], "40012", "passphrase_env", "passphrase_env");
}

#[test]
fn mistakes_of_venue_and_account_are_found() {
    check_at(&["--wallet", "0"], |_| {}, "wallet", "transfer");
    check_at(&["--wallet", "300"], |_| {}, "daily_loss_of_equity", "max_daily_loss");
    check_at(&["--faults", "skew=-3s"], |_| {}, "clock", "timedatectl");
    check(|it| it.set("[accounts.main]", "rest_url = \"http://127.0.0.1:9\""), "venue", "the right address");
    check(|it| drop(it.verb(&["kill", "--reason", "test", "--yes"], true)), "kill_switch", "plimsoll release");
    check(
        |it| {
            it.set("[trading]", "require_stop = false");
            let open = ["open", "BTC/USDT:USDT", "--side", "long", "--quantity", "0.002", "--leverage", "5", "--yes"];
            it.verb(&open, true);
            it.set("[trading]", "require_stop = true");
        },
        "stops",
        "plimsoll close",
    );
}
