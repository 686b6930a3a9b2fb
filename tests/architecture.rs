//! Dependencies point inwards: each layer names only the layers that it may, and outside crates stay where they belong.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Each crate, and the crates of ours that it may name. Anything else is a mistake. Tests and benches may also drive
/// what [`MAY_TEST_WITH`] lists.
const MAY_USE: &[(&str, &[&str])] = &[
    ("plimsoll-domain", &[]),
    ("plimsoll-transport", &[]),
    ("plimsoll-ports", &["plimsoll-domain"]),
    ("plimsoll-engine", &["plimsoll-domain", "plimsoll-ports"]),
    ("plimsoll-exchange", &["plimsoll-domain", "plimsoll-ports"]),
    ("plimsoll-strategies", &["plimsoll-domain", "plimsoll-ports"]),
    ("plimsoll-history", &["plimsoll-domain"]),
    (
        "plimsoll-backtest",
        &["plimsoll-domain", "plimsoll-engine", "plimsoll-exchange", "plimsoll-history", "plimsoll-ports"],
    ),
    (
        "plimsoll-simulation",
        &[
            "plimsoll-backtest",
            "plimsoll-domain",
            "plimsoll-engine",
            "plimsoll-exchange",
            "plimsoll-memory",
            "plimsoll-ports",
        ],
    ),
    ("plimsoll-venue", &["plimsoll-domain", "plimsoll-ports", "plimsoll-transport"]),
    ("plimsoll-binance", &["plimsoll-domain", "plimsoll-ports", "plimsoll-transport", "plimsoll-venue"]),
    ("plimsoll-gateio", &["plimsoll-domain", "plimsoll-ports", "plimsoll-transport", "plimsoll-venue"]),
    ("plimsoll-bitget", &["plimsoll-domain", "plimsoll-ports", "plimsoll-transport", "plimsoll-venue"]),
    ("plimsoll-postgres", &["plimsoll-domain", "plimsoll-ports"]),
    ("plimsoll-memory", &["plimsoll-domain", "plimsoll-ports"]),
    ("plimsoll-sqlite", &["plimsoll-domain", "plimsoll-ports"]),
    ("plimsoll-spool", &["plimsoll-domain", "plimsoll-ports"]),
    ("plimsoll-venue-server", &["plimsoll-domain", "plimsoll-exchange", "plimsoll-ports"]),
    ("plimsoll-service", &["plimsoll-domain", "plimsoll-engine", "plimsoll-ports"]),
    ("plimsoll-api", &["plimsoll-ports", "plimsoll-service"]),
    ("plimsoll-alerts", &["plimsoll-ports", "plimsoll-transport"]),
    ("plimsoll-telegram", &["plimsoll-alerts", "plimsoll-ports", "plimsoll-service", "plimsoll-transport"]),
    ("plimsoll-testkit", &["plimsoll-domain", "plimsoll-ports"]),
    ("plimsoll-testkit-postgres", &[]),
    (
        "plimsoll",
        &[
            "plimsoll-alerts",
            "plimsoll-api",
            "plimsoll-backtest",
            "plimsoll-binance",
            "plimsoll-bitget",
            "plimsoll-domain",
            "plimsoll-engine",
            "plimsoll-exchange",
            "plimsoll-gateio",
            "plimsoll-history",
            "plimsoll-ports",
            "plimsoll-postgres",
            "plimsoll-service",
            "plimsoll-simulation",
            "plimsoll-spool",
            "plimsoll-sqlite",
            "plimsoll-strategies",
            "plimsoll-telegram",
            "plimsoll-venue",
            "plimsoll-venue-server",
        ],
    ),
    ("xtask", &["plimsoll-testkit-postgres"]),
    (
        "plimsoll-trial",
        &[
            "plimsoll-domain",
            "plimsoll-engine",
            "plimsoll-exchange",
            "plimsoll-memory",
            "plimsoll-ports",
            "plimsoll-simulation",
        ],
    ),
    ("plimsoll-tests", &[]),
];

/// What tests and benches may drive besides: the engine, the suites, a database server, the venue server, the exchange, the embedded
/// store, the store in memory, the spool in front of either, the strategies, and a crate's own mocks.
const MAY_TEST_WITH: &[&str] = &[
    "plimsoll-engine",
    "plimsoll-testkit",
    "plimsoll-testkit-postgres",
    "plimsoll-venue-server",
    "plimsoll-exchange",
    "plimsoll-memory",
    "plimsoll-spool",
    "plimsoll-sqlite",
    "plimsoll-strategies",
    "plimsoll-ports",
];

/// Outside crates that only these of ours may name, outside of tests.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("reqwest", &["plimsoll-transport"]),
    ("tokio-tungstenite", &["plimsoll-transport"]),
    ("rustls", &["plimsoll-transport"]),
    ("sqlx", &["plimsoll-postgres", "plimsoll-sqlite", "plimsoll-testkit-postgres"]),
    ("axum", &["plimsoll-api", "plimsoll-venue-server"]),
    ("utoipa", &["plimsoll-api", "plimsoll-service"]),
    ("clap", &["plimsoll"]),
    ("ta-lib", &["plimsoll-strategies"]),
    ("arrow", &["plimsoll-history"]),
    ("parquet", &["plimsoll-history"]),
];

/// The outside crates that the domain may name.
const DOMAIN_NAMES: &[&str] = &["arrayvec", "rust_decimal", "serde", "thiserror"];

#[test]
fn each_layer_names_only_what_it_may() {
    let rule: BTreeMap<_, BTreeSet<_>> =
        MAY_USE.iter().map(|(name, may)| (*name, may.iter().copied().collect())).collect();
    let workspace = workspace();
    let ours: BTreeSet<_> = workspace.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(ours, rule.keys().copied().collect(), "every crate has a line in the rule, and every line a crate");
    let mut broken = Vec::new();
    for package in &workspace {
        for named in package.uses.iter().filter(|named| ours.contains(named.name.as_str())) {
            let allowed = rule[package.name.as_str()].contains(named.name.as_str())
                || named.only_tests && MAY_TEST_WITH.contains(&named.name.as_str())
                || package.name == "plimsoll-tests";
            if !allowed {
                broken.push(format!("{} names {}", package.name, named.name));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn outside_crates_stay_where_they_belong() {
    let mut broken = Vec::new();
    for package in workspace() {
        for named in package.uses.iter().filter(|named| !named.only_tests) {
            let kept = ONLY_IN.iter().find(|(outside, _)| *outside == named.name);
            if kept.is_some_and(|(_, keepers)| !keepers.contains(&package.name.as_str())) {
                broken.push(format!("{} names {}", package.name, named.name));
            }
            if package.name == "plimsoll-domain" && !DOMAIN_NAMES.contains(&named.name.as_str()) {
                broken.push(format!("{} names {}", package.name, named.name));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn the_architecture_page_tells_of_every_crate() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/architecture.md")).unwrap();
    let untold: Vec<_> = workspace()
        .into_iter()
        .map(|package| package.name)
        .filter(|name| !page.contains(&format!("`{name}`")))
        .collect();
    assert!(untold.is_empty(), "docs/architecture.md says nothing of {untold:?}");
}

/// A reader follows the pages from the README: no link of theirs leads nowhere.
#[test]
fn every_link_between_the_pages_leads_somewhere() {
    let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let docs = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut broken = Vec::new();
    for page in docs.chain([root.join("README.md")]).filter(|page| page.extension().is_some_and(|it| it == "md")) {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            let is_ours = !file.is_empty() && !file.contains("://");
            if is_ours && !page.parent().unwrap().join(file).exists() {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// A page that the book leaves out is read by nobody, and a chapter without a page is none.
#[test]
fn the_book_has_every_page_once() {
    let docs = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs"));
    let summary = std::fs::read_to_string(docs.join("SUMMARY.md")).unwrap();
    let chapters = summary.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let mut chapters: Vec<String> = chapters.map(str::to_owned).collect();
    chapters.sort();
    let pages = std::fs::read_dir(docs).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut pages: Vec<String> = pages.filter(|page| page.ends_with(".md") && page != "SUMMARY.md").collect();
    pages.sort();
    assert_eq!(chapters, pages);
}

struct Package {
    name: String,
    uses: Vec<Named>,
}

struct Named {
    name: String,
    only_tests: bool,
}

fn workspace() -> Vec<Package> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| Package {
            name: text(&package["name"]),
            uses: package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .map(|used| Named { name: text(&used["name"]), only_tests: used["kind"] == "dev" })
                .collect(),
        })
        .collect()
}
