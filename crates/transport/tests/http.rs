//! What a session answers, over loopback, to servers that behave and servers that do not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_transport::{HttpFailure, HttpRequest, HttpSession, HttpSettings, Method};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A server that reads one request, says `answer`, and closes; it hands back what it read.
async fn server(answer: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let request = read_request(&mut socket).await;
        socket.write_all(answer.as_bytes()).await.unwrap();
        request
    });
    (address, task)
}

async fn read_request(socket: &mut TcpStream) -> String {
    let mut read = Vec::new();
    let mut chunk = [0; 1024];
    loop {
        let count = socket.read(&mut chunk).await.unwrap();
        read.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&read).into_owned();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        if count == 0 || text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.len() >= length) {
            return text;
        }
    }
}

fn session() -> HttpSession {
    let settings = HttpSettings { timeout: Duration::from_secs(20), ..HttpSettings::default() };
    HttpSession::new(settings).unwrap()
}

#[tokio::test]
async fn an_answer_comes_whole_whatever_its_status() {
    let (address, task) = server("HTTP/1.1 418 x\r\nX-Used-Weight: 7\r\nContent-Length: 4\r\n\r\ngone").await;
    let request =
        HttpRequest::new(Method::Post, format!("{address}/v1/order?b=%E6%B5%8B&a=1")).header("X-KEY", "k").body("c=2");
    let response = session().send(&request).await.unwrap();
    assert_eq!((response.status, response.text().as_str(), response.header("x-used-weight")), (418, "gone", Some("7")));
    let sent = task.await.unwrap();
    assert!(sent.starts_with("POST /v1/order?b=%E6%B5%8B&a=1 HTTP/1.1\r\n"), "the query is sent byte for byte: {sent}");
    assert!(sent.contains("x-key: k\r\n") && sent.ends_with("\r\n\r\nc=2"), "{sent}");
}

#[tokio::test]
async fn a_host_that_is_known_already_is_sent_the_same_bytes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let asked = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut lines = Vec::new();
        for _ in 0..6 {
            lines.push(read_request(&mut socket).await.lines().next().unwrap().to_owned());
            socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        }
        lines
    });
    let session = session();
    for path in ["/v1//x?b=%E6%B5%8B&signature=00&c=a:b/c?d", "//elsewhere/x?y=1", "/"] {
        for _ in 0..2 {
            session.send(&HttpRequest::new(Method::Get, format!("http://{host}{path}"))).await.unwrap();
        }
    }
    let lines = asked.await.unwrap();
    for (line, path) in lines.iter().zip([
        "/v1//x?b=%E6%B5%8B&signature=00&c=a:b/c?d",
        "/v1//x?b=%E6%B5%8B&signature=00&c=a:b/c?d",
        "//elsewhere/x?y=1",
        "//elsewhere/x?y=1",
        "/",
        "/",
    ]) {
        assert_eq!(*line, format!("GET {path} HTTP/1.1"));
    }
}

#[tokio::test]
async fn nobody_listening_is_certainly_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for url in [format!("http://{address}/x"), "http://no-such-host.invalid/x".into(), "no url at all".into()] {
        let failure = session().send(&HttpRequest::new(Method::Get, url)).await.unwrap_err();
        assert!(matches!(failure, HttpFailure::NotSent(_)), "{failure:?}");
    }
}

#[tokio::test]
async fn a_connection_that_closes_or_answers_half_is_unanswered() {
    for answer in ["", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"] {
        let (address, _task) = server(answer).await;
        let failure = session().send(&HttpRequest::new(Method::Post, address)).await.unwrap_err();
        assert!(matches!(failure, HttpFailure::Unanswered(_)), "{failure:?}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_unanswered() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let settings = HttpSettings {
        connect_timeout: Duration::from_millis(50),
        timeout: Duration::from_millis(100),
        ..HttpSettings::default()
    };
    let failure = HttpSession::new(settings).unwrap().send(&HttpRequest::new(Method::Post, url)).await.unwrap_err();
    assert!(matches!(failure, HttpFailure::Unanswered(_)), "{failure:?}");
    drop(listener);
}

#[tokio::test]
async fn a_redirect_is_an_answer_not_an_order() {
    let (address, _task) = server("HTTP/1.1 302 x\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(session().send(&HttpRequest::new(Method::Get, address)).await.unwrap().status, 302);
}

#[tokio::test]
async fn no_failure_shows_a_secret() {
    let (address, _task) = server("").await;
    for host in [address.as_str(), "http://127.0.0.1:1", "http://no-such-host.invalid"] {
        let url = format!("{host}/v1/order?timestamp=1&signature=c0ffee");
        let request = HttpRequest::new(Method::Post, url).header("X-KEY", "c0ffee").body("c0ffee");
        let failure = session().send(&request).await.unwrap_err();
        let shown = format!("{failure} {failure:?} {request:?}");
        assert!(!shown.contains("c0ffee") && shown.contains("/v1/order?…"), "{shown}");
    }
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        for _ in 0..2 {
            read_request(&mut socket).await;
            socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        }
        drop(listener);
    });
    let session = session();
    for _ in 0..2 {
        assert_eq!(session.send(&HttpRequest::new(Method::Get, &url)).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_kept_connection_that_closes_under_a_request_is_unanswered_and_nothing_is_sent_twice() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        read_request(&mut socket).await;
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        read_request(&mut socket).await;
        listener
    });
    let session = session();
    assert_eq!(session.send(&HttpRequest::new(Method::Get, &url)).await.unwrap().status, 200);
    let failure = session.send(&HttpRequest::new(Method::Post, &url)).await.unwrap_err();
    assert!(matches!(failure, HttpFailure::Unanswered(_)), "{failure:?}");
    // Whoever sent it again has come by another connection before giving up.
    let listener = server.await.unwrap().into_std().unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}
