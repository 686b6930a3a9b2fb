//! The schema of `plimsoll config schema`, as an editor uses it, on the example and on the broken files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::Value;
use std::process::Command;
use toml::de::{DeTable, DeValue};

/// Broken files in which every line by itself is as it may be: what lines say of each other, where secrets are, and what stands
/// in the environment, only `config check` sees.
const ONLY_CHECK_SEES: [&str; 21] = [
    "account_leverage_above_its_limit",
    "accounts_with_the_same_keys",
    "api_for_everybody",
    "api_with_a_short_token",
    "database_of_another_kind",
    "database_with_a_password",
    "default_leverage_above_the_limit",
    "distances_in_the_wrong_order",
    "environment_that_does_not_parse",
    "expectation_of_something_else",
    "leverage_above_its_cap",
    "number_in_hexadecimal",
    "secrets_that_are_not_to_be_had",
    "settled_in_something_else",
    "strategies_without_candles",
    "strategy_leverage_above_the_limit",
    "strategy_on_an_unknown_account",
    "time_too_long",
    "times_that_contradict",
    "warn_above_reduce",
    "watch_beyond_liquidation",
];

fn printed(verb: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll")).args(["config", verb]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn schema() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(&printed("schema")).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

/// A configuration as an editor hands it to a schema; `None` where it is no TOML.
fn read(text: &str) -> Option<Value> {
    let (table, broken) = DeTable::parse_recoverable(text);
    broken.is_empty().then(|| object(table.get_ref()))
}

fn object(table: &DeTable<'_>) -> Value {
    table.iter().map(|(name, it)| (name.get_ref().to_string(), value(it.get_ref()))).collect()
}

fn value(it: &DeValue<'_>) -> Value {
    match it {
        DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix()).unwrap().into(),
        // What is no number in JSON is none here.
        DeValue::Float(digits) => serde_json::from_str(digits.as_str()).unwrap_or(Value::Null),
        DeValue::Boolean(it) => (*it).into(),
        DeValue::Array(all) => all.iter().map(|it| value(it.get_ref())).collect(),
        DeValue::Table(table) => object(table),
        DeValue::String(text) => text.to_string().into(),
        DeValue::Datetime(time) => time.to_string().into(),
    }
}

#[test]
fn the_example_fits_and_so_does_every_way_to_write_a_value() {
    let schema = schema();
    let told = |text: &str| -> Vec<String> {
        let read = read(text).unwrap();
        schema.iter_errors(&read).map(|error| format!("{}: {error}", error.instance_path())).collect()
    };
    assert_eq!(told(&printed("example")), Vec::<String>::new());
    let main = "[accounts.main]\nenvironment = \"loopback\"\nkey_file = \"/k\"\nsecret_env = \"S\"\n";
    for more in [
        "symbols = [\"BTC/USDT:USDT\", \"ETH/USDT:USDT\"]",
        "symbols = \"BTC/USDT:USDT, ETH/USDT:USDT\"\nleverage = \"3\"\nassumed_taker_fee = 0.0005",
        "[accounts.main.limits]\nmax_leverage = 2\nmax_position = \"1000.50\"",
        "[trading]\nenabled = \"yes\"\nrequire_stop = false",
        "[telegram]\ntoken_env = \"T\"\nchats = [-1001234567890, 5]\nusers = 12345678",
        "[api]\nlisten = \"[::1]:7878\"",
        "[webhook]\nurl = \"https://alerts.example.org/hook\"\nsecret_file = \"/s\"",
        "[webhook]\nurl_file = \"/u\"\n[heartbeat]\nurl = \"http://127.0.0.1:9/beat\"\nevery = \"30s\"",
        "[protection]\nhedges = [\"BTC/USDT:USDT ETH/USDT:USDT 15\"]",
        "[strategies.a]\nkind = \"ema_cross\"\non = \"main BTC/USDT:USDT\"\nsettings = { fast = 5, stop = { atr = 2.5 } }",
        "[strategies.a]\nkind = \"grid\"\non = [\"main BTC/USDT:USDT\"]\nsettings = { exposure = \"0.2\" }",
    ] {
        assert_eq!(told(&format!("{main}{more}\n")), Vec::<String>::new(), "{more}");
    }
}

#[test]
fn broken_files_are_refused_but_for_what_only_a_check_sees() {
    let schema = schema();
    let mut unseen = Vec::new();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/broken")).unwrap() {
        let file = file.unwrap().path();
        let Some(read) = read(&std::fs::read_to_string(&file).unwrap()) else { continue };
        if schema.is_valid(&read) {
            unseen.push(file.file_stem().unwrap().to_str().unwrap().to_owned());
        }
    }
    unseen.sort();
    assert_eq!(unseen, ONLY_CHECK_SEES);
}
