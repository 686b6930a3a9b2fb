//! What the pages and the packages tell to run is what the command has.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use yaml_rust2::{Yaml, YamlLoader};

fn docs() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs")).canonicalize().unwrap()
}

fn kept(name: &str) -> String {
    std::fs::read_to_string(docs().join(name)).unwrap()
}

fn plimsoll(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plimsoll")).args(words).env_clear().output().unwrap()
}

/// Whether there is such a verb, with such options.
fn is_known(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_verb =
        |word: &&&str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') && !word.starts_with('-');
    let mut verbs: Vec<&str> = words.iter().take_while(is_verb).copied().collect();
    // What follows a verb may be a value of it.
    let help = loop {
        let help = plimsoll(&[&verbs[..], &["--help"]].concat());
        if help.status.success() || verbs.pop().is_none() {
            break String::from_utf8(help.stdout).unwrap();
        }
    };
    let options = words.iter().filter_map(|word| word.split('=').next()).filter(|word| word.starts_with("--"));
    !verbs.is_empty() && options.clone().all(|option| help.contains(option))
}

#[test]
fn every_command_of_the_pages_is_one() {
    let readme = docs().join("../README.md");
    let pages = std::fs::read_dir(docs()).unwrap().map(|entry| entry.unwrap().path());
    let pages = pages.filter(|page| page.extension().is_some_and(|it| it == "md")).chain([readme]);
    let (mut unknown, mut seen) = (Vec::new(), 0);
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        let lines = text.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next()).flat_map(str::lines);
        for line in lines.filter_map(|line| line.trim_start_matches(['$', '#', ' ']).strip_prefix("plimsoll ")) {
            for command in line.split(" #").next().unwrap().split(" && ").filter_map(|it| it.split(" > ").next()) {
                let command = command.trim_start_matches("plimsoll ");
                seen += 1;
                if !is_known(command) {
                    unknown.push(format!("{}: plimsoll {command}", page.display()));
                }
            }
        }
    }
    assert!(unknown.is_empty() && seen > 30, "{seen}: {unknown:#?}");
}

#[test]
fn the_service_runs_what_there_is_and_is_reloaded_by_the_signal_that_is_heard() {
    let unit = kept("packaging/plimsoll.service");
    let lines: Vec<&str> = unit.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let is_one = |line: &&str| (line.starts_with('[') && line.ends_with(']')) || line.split_once('=').is_some();
    assert!(lines.iter().all(is_one), "{lines:#?}");
    let run: Vec<&str> =
        lines.iter().filter_map(|line| line.split_once("=/usr/local/bin/plimsoll ")).map(|it| it.1).collect();
    assert_eq!(run, ["config check", "db migrate", "run"]);
    assert!(run.iter().all(|line| is_known(line)));
    assert!(lines.contains(&"ExecReload=/bin/kill -HUP $MAINPID"));
    for hardened in ["NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "User=plimsoll"] {
        assert!(lines.contains(&hardened), "{hardened}");
    }
}

#[test]
fn the_composition_fits_together() {
    let yaml = |name: &str| YamlLoader::load_from_str(&kept(name)).unwrap().remove(0);
    let compose = yaml("packaging/compose.yaml");
    let texts = |it: &Yaml| -> Vec<String> {
        it.as_vec().into_iter().flatten().filter_map(|it| it.as_str().map(str::to_owned)).collect()
    };
    let secrets: Vec<&str> = compose["secrets"].as_hash().unwrap().keys().filter_map(Yaml::as_str).collect();
    let volumes: Vec<&str> = compose["volumes"].as_hash().unwrap().keys().filter_map(Yaml::as_str).collect();
    let services = compose["services"].as_hash().unwrap();
    assert_eq!(
        services.keys().filter_map(Yaml::as_str).collect::<Vec<_>>(),
        ["plimsoll", "migrate", "postgres", "prometheus", "grafana"]
    );
    for (name, service) in services {
        for secret in texts(&service["secrets"]) {
            assert!(secrets.contains(&secret.as_str()), "{name:?}: {secret}");
        }
        for volume in texts(&service["volumes"]) {
            let source = volume.split(':').next().unwrap();
            let is_there = match source.strip_prefix("./") {
                // The operator's own.
                Some("plimsoll.toml") => true,
                Some(file) => docs().join("..").join(file).exists(),
                None => volumes.contains(&source),
            };
            assert!(is_there, "{name:?}: {volume}");
        }
        for port in texts(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name:?}: {port} is open to others");
        }
    }
    for service in ["plimsoll", "migrate"] {
        assert!(is_known(&texts(&compose["services"][service]["command"]).join(" ")), "{service}");
        assert_eq!(compose["services"][service]["build"]["dockerfile"].as_str(), Some("docs/packaging/Dockerfile"));
    }
    let token = yaml("packaging/prometheus.yml")["scrape_configs"][0]["authorization"]["credentials_file"].clone();
    assert_eq!(token.as_str(), Some("/run/secrets/metrics_token"));
    assert!(secrets.contains(&"metrics_token"));
    assert_eq!(
        yaml("packaging/grafana-datasource.yml")["datasources"][0]["url"].as_str(),
        Some("http://prometheus:9090")
    );
}

#[test]
fn the_configuration_of_the_composition_is_one() {
    let file = docs().join("packaging/plimsoll.toml");
    let shown = plimsoll(&["config", "show", "--config", file.to_str().unwrap()]);
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    let image = kept("packaging/Dockerfile");
    for line in ["USER plimsoll", "ENTRYPOINT [\"plimsoll\"]", "CMD [\"run\"]", "HEALTHCHECK "] {
        assert!(image.lines().any(|it| it.starts_with(line)), "{line}");
    }
}
