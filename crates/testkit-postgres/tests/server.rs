//! A server comes when it is called, goes when it is told, and never outlives who called it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_testkit_postgres::{Installation, Server, Service};
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn listens(url: &str) -> bool {
    let address = url.rsplit_once('@').unwrap().1.split('/').next().unwrap();
    TcpStream::connect(address).is_ok()
}

/// Waits until nobody listens there any more.
fn ends(url: &str) -> bool {
    let deadline = Instant::now() + Duration::from_secs(30);
    while Instant::now() < deadline {
        if !listens(url) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

#[test]
fn a_server_starts_stops_crashes_and_starts_again_at_the_same_address() {
    let mut server = Server::disposable().unwrap();
    let url = server.url("postgres");
    assert!(listens(&url));
    server.stop().unwrap();
    assert!(!listens(&url));
    server.start_again().unwrap();
    server.crash().unwrap();
    assert!(!listens(&url));
    server.start_again().unwrap();
    assert_eq!(server.url("postgres"), url);
    assert!(listens(&url));
    drop(server);
    assert!(!listens(&url));
}

const IS_CHILD: &str = "PLIMSOLL_TEST_SERVER_CHILD";

#[test]
fn a_server_ends_with_a_process_that_is_killed() {
    if std::env::var_os(IS_CHILD).is_some() {
        let server = Server::disposable().unwrap();
        println!("serves {}", server.url("postgres"));
        std::thread::sleep(Duration::from_secs(600));
        return;
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_server_ends_with_a_process_that_is_killed", "--nocapture"])
        .env(IS_CHILD, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let url = lines.find_map(|line| line.split_once("serves ").map(|(_, url)| url.to_owned())).unwrap();
    assert!(listens(&url));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(ends(&url), "it goes on");
}

#[test]
fn a_service_stays_until_it_is_stopped_and_leaves_its_address() {
    let folder = tempfile::tempdir().unwrap();
    // Whoever the server runs as must get there.
    let service = Service::in_folder(folder.path(), Installation::find().unwrap()).unwrap();
    assert_eq!(service.running(), None);
    let url = service.start().unwrap();
    assert_eq!(service.start().unwrap(), url, "it runs already");
    drop(service);

    let service = Service::in_folder(folder.path(), Installation::find().unwrap()).unwrap();
    assert_eq!(std::fs::read_to_string(service.address_file()).unwrap().trim(), url);
    assert_eq!(service.running(), Some(url.clone()));
    service.stop().unwrap();
    assert!(!listens(&url) && service.running().is_none() && !service.address_file().exists());
    service.stop().unwrap();
}
