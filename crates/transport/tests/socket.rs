//! What a socket session tells, over loopback, of servers that behave and servers that do not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use futures_util::{SinkExt, StreamExt};
use plimsoll_transport::{Address, BackoffSettings, Dial, DialFailure, SocketItem, SocketSession, SocketSettings};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

const LONG: Duration = Duration::from_secs(3600);

/// Settings in which nothing happens by itself.
fn settings() -> SocketSettings {
    SocketSettings {
        ping_after: LONG,
        dead_after: LONG,
        backoff: BackoffSettings { first: Duration::from_millis(1), longest: Duration::from_millis(4), seed: Some(1) },
        ..SocketSettings::default()
    }
}

async fn listen() -> (TcpListener, Address) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/ws", listener.local_addr().unwrap());
    (listener, Address { url, greetings: vec!["hello".into()] })
}

async fn accept(listener: &TcpListener) -> WebSocketStream<TcpStream> {
    let (socket, _) = listener.accept().await.unwrap();
    tokio_tungstenite::accept_async(socket).await.unwrap()
}

/// The next item, within a time that only a hang exceeds.
async fn next<D: Dial>(session: &mut SocketSession<D>) -> SocketItem {
    tokio::time::timeout(Duration::from_secs(20), session.next()).await.expect("an item")
}

/// Why the connection was lost; signs of life before that are passed over.
async fn reason<D: Dial>(session: &mut SocketSession<D>) -> String {
    loop {
        match next(session).await {
            // Where it was comes first.
            SocketItem::Disconnected { reason } => {
                let place = reason.starts_with("ws://").then(|| reason.split_once(": ")).flatten();
                return place.map_or(reason.clone(), |(_, why)| why.to_owned());
            }
            SocketItem::Alive => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn it_greets_reads_and_comes_back() {
    let (listener, address) = listen().await;
    let server = tokio::spawn(async move {
        for word in ["first", "second"] {
            let mut socket = accept(&listener).await;
            assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("hello"));
            socket.send(Message::text(word)).await.unwrap();
            socket.send(Message::binary(vec![1, 2])).await.unwrap();
            socket.close(None).await.unwrap();
        }
        listener
    });
    let mut session = SocketSession::new(address, settings());
    for word in ["first", "second"] {
        assert_eq!(next(&mut session).await, SocketItem::Connected);
        assert_eq!(next(&mut session).await, SocketItem::Message(word.into()));
        assert_eq!(next(&mut session).await, SocketItem::Message(vec![1, 2]));
        assert_eq!(reason(&mut session).await, "closed by the other side");
    }
    server.await.unwrap();
}

#[tokio::test]
async fn a_ping_is_answered_and_a_pong_is_life() {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        let (mut pings, mut pongs) = (0, 0);
        socket.send(Message::Ping(vec![9].into())).await.unwrap();
        while pings < 3 || pongs < 1 {
            match socket.next().await.unwrap().unwrap() {
                Message::Ping(_) => pings += 1,
                Message::Pong(payload) => {
                    assert_eq!(payload.as_ref(), [9]);
                    pongs += 1;
                }
                _ => {}
            }
        }
        socket.send(Message::text("alive")).await.unwrap();
        listener
    });
    let patient =
        SocketSettings { ping_after: Duration::from_millis(20), dead_after: Duration::from_secs(15), ..settings() };
    let mut session = SocketSession::new(address, patient);
    assert_eq!(next(&mut session).await, SocketItem::Connected);
    let mut signs_of_life = 0;
    let last = loop {
        match next(&mut session).await {
            SocketItem::Alive => signs_of_life += 1,
            other => break other,
        }
    };
    assert_eq!(last, SocketItem::Message("alive".into()));
    assert!(signs_of_life > 0, "pings and pongs are told");
}

#[tokio::test]
async fn a_silent_connection_is_dead() {
    let (listener, address) = listen().await;
    let server = tokio::spawn(async move {
        // Holds the connections and reads nothing, so that no ping is answered.
        (accept(&listener).await, accept(&listener).await, listener)
    });
    let limit = Duration::from_millis(50);
    let mut session = SocketSession::new(address, SocketSettings { dead_after: limit, ..settings() });
    assert_eq!(next(&mut session).await, SocketItem::Connected);
    assert_eq!(reason(&mut session).await, "nothing has arrived for 50ms");
    assert_eq!(next(&mut session).await, SocketItem::Connected);
    server.await.unwrap();
}

#[tokio::test]
async fn pongs_do_not_excuse_a_mute_feed() {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        while let Some(Ok(_)) = socket.next().await {}
    });
    let quick = SocketSettings {
        ping_after: Duration::from_millis(10),
        mute_after: Some(Duration::from_millis(100)),
        ..settings()
    };
    let mut session = SocketSession::new(address, quick);
    assert_eq!(next(&mut session).await, SocketItem::Connected);
    assert_eq!(reason(&mut session).await, "connected, but no message has arrived for 100ms");
}

#[tokio::test]
async fn an_old_connection_is_rolled_over() {
    let (listener, address) = listen().await;
    let server = tokio::spawn(async move { (accept(&listener).await, accept(&listener).await) });
    let limit = Duration::from_millis(50);
    let mut session = SocketSession::new(address, SocketSettings { longest_life: limit, ..settings() });
    assert_eq!(next(&mut session).await, SocketItem::Connected);
    assert!(reason(&mut session).await.starts_with("given up at 50ms of age"));
    assert_eq!(next(&mut session).await, SocketItem::Connected);
    server.await.unwrap();
}

/// Fails twice, then knows an address.
struct Reluctant(Arc<AtomicU32>, Address);

impl Dial for Reluctant {
    async fn dial(&self) -> Result<Address, DialFailure> {
        match self.0.fetch_add(1, Ordering::Relaxed) + 1 {
            attempt @ ..=2 => Err(DialFailure { reason: format!("no key, attempt {attempt}"), not_before: None }),
            _ => Ok(self.1.clone()),
        }
    }
}

#[tokio::test]
async fn failing_attempts_are_told_once_and_go_on() {
    let (listener, address) = listen().await;
    let server = tokio::spawn(async move { accept(&listener).await });
    let dials = Arc::new(AtomicU32::new(0));
    let mut session = SocketSession::new(Reluctant(Arc::clone(&dials), address), settings());
    assert_eq!(reason(&mut session).await, "no key, attempt 1");
    assert_eq!(next(&mut session).await, SocketItem::Connected);
    assert_eq!(dials.load(Ordering::Relaxed), 3);
    server.await.unwrap();
}

/// Knows an address once it is let.
struct Slow(Arc<AtomicU32>, Arc<Notify>, Address);

impl Dial for Slow {
    async fn dial(&self) -> Result<Address, DialFailure> {
        self.0.fetch_add(1, Ordering::Relaxed);
        self.1.notified().await;
        Ok(self.2.clone())
    }
}

#[tokio::test]
async fn an_attempt_to_connect_goes_on_while_its_reader_is_busy_elsewhere() {
    let (listener, address) = listen().await;
    let server = tokio::spawn(async move { accept(&listener).await });
    let (dials, go) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
    let mut session = SocketSession::new(Slow(Arc::clone(&dials), Arc::clone(&go), address), settings());
    for _ in 0..5 {
        assert!(tokio::time::timeout(Duration::from_millis(5), session.next()).await.is_err());
    }
    go.notify_one();
    assert_eq!(next(&mut session).await, SocketItem::Connected);
    assert_eq!(dials.load(Ordering::Relaxed), 1, "one attempt, begun once");
    server.await.unwrap();
}

#[tokio::test]
async fn no_reason_shows_a_key() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let key = "pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1";
    let url = format!("ws://{}/private/ws/{key}?token={key}", listener.local_addr().unwrap());
    drop(listener);
    let mut session = SocketSession::new(Address { url, greetings: vec![key.into()] }, settings());
    let reason = reason(&mut session).await;
    assert!(!reason.contains(key) && !format!("{session:?}").contains(key), "{reason}");
}

#[tokio::test]
async fn a_reader_that_gives_up_loses_nothing() {
    let (listener, address) = listen().await;
    let (say, mut said) = tokio::sync::mpsc::channel::<()>(1);
    tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        said.recv().await;
        socket.send(Message::text("kept")).await.unwrap();
        said.recv().await;
    });
    let mut session = SocketSession::new(address, settings());
    assert_eq!(next(&mut session).await, SocketItem::Connected);
    for _ in 0..10 {
        assert!(tokio::time::timeout(Duration::from_millis(1), session.next()).await.is_err());
    }
    say.send(()).await.unwrap();
    assert_eq!(next(&mut session).await, SocketItem::Message("kept".into()));
}

/// A dialler that knows what is secret.
struct Discreet(Address);

impl Dial for Discreet {
    async fn dial(&self) -> Result<Address, DialFailure> {
        Ok(self.0.clone())
    }

    fn told(&self, words: &str) -> String {
        words.replace("open sesame", "…")
    }
}

/// Why a connection ended whose other side had something to say at last.
async fn last_words<D: Dial>(dial: impl FnOnce(Address) -> D) -> String {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        let words = CloseFrame { code: CloseCode::Policy, reason: "not\nopen sesame".into() };
        socket.close(Some(words)).await.unwrap();
        while let Some(Ok(_)) = socket.next().await {}
    });
    let mut session = SocketSession::new(dial(address), settings());
    assert_eq!(next(&mut session).await, SocketItem::Connected);
    reason(&mut session).await
}

#[tokio::test]
async fn the_last_words_of_the_other_side_are_told_as_the_dialler_wants_them() {
    assert_eq!(last_words(|it| it).await, "closed by the other side: not open sesame (1008)");
    assert_eq!(last_words(|it| Arc::new(Discreet(it))).await, "closed by the other side: not\n… (1008)");
}

/// A dialler with a heartbeat that counts.
struct Beating(Address, AtomicU32);

impl Dial for Beating {
    async fn dial(&self) -> Result<Address, DialFailure> {
        Ok(self.0.clone())
    }

    fn heartbeat(&self) -> Option<String> {
        Some(format!("beat {}", self.1.fetch_add(1, Ordering::Relaxed)))
    }
}

#[tokio::test]
async fn a_heartbeat_is_a_text_made_anew_each_time_however_much_arrives() {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        let mut heard = Vec::new();
        while heard.len() < 3 {
            match socket.next().await.unwrap().unwrap() {
                Message::Text(text) => heard.push(text.to_string()),
                _ => continue,
            }
            socket.send(Message::text("pong")).await.unwrap();
        }
        assert_eq!(heard[0], "hello");
        let beats: Vec<u32> =
            heard[1..].iter().map(|beat| beat.strip_prefix("beat ").unwrap().parse().unwrap()).collect();
        assert!(beats[0] < beats[1], "{beats:?}");
        socket.send(Message::text("both heard")).await.unwrap();
        listener
    });
    let often = SocketSettings { heartbeat_every: Duration::from_millis(10), ..settings() };
    let mut session = SocketSession::new(Arc::new(Beating(address, AtomicU32::new(0))), often);
    assert_eq!(next(&mut session).await, SocketItem::Connected);
    loop {
        match next(&mut session).await {
            SocketItem::Message(text) if text == b"both heard" => break,
            SocketItem::Message(text) => assert_eq!(text, b"pong"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn what_is_sent_later_arrives_and_what_is_not_wanted_is_tried_again_after_its_time() {
    let (listener, address) = listen().await;
    let server = tokio::spawn(async move {
        for _ in 0..2 {
            let mut socket = accept(&listener).await;
            assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("hello"));
            assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("let me in"));
            socket.send(Message::text("no")).await.unwrap();
        }
    });
    let mut session = SocketSession::new(address, settings());
    assert_eq!(session.send("nobody is there").await, Ok(()));
    let wait = Duration::from_millis(50);
    let began = tokio::time::Instant::now();
    for _ in 0..2 {
        assert_eq!(next(&mut session).await, SocketItem::Connected);
        session.send("let me in").await.unwrap();
        assert_eq!(next(&mut session).await, SocketItem::Message(b"no".to_vec()));
        let item = session.give_up("it does not let us in", Some(wait));
        assert_eq!(item, SocketItem::Disconnected { reason: "it does not let us in".into() });
    }
    assert!(began.elapsed() >= wait);
    server.await.unwrap();
}

/// Whose waits are by a clock of its own, which is fast.
struct Fast(Address, Arc<Mutex<Vec<Duration>>>);

impl Dial for Fast {
    async fn dial(&self) -> Result<Address, DialFailure> {
        self.0.dial().await
    }

    async fn rest(&self, wait: Duration) {
        self.1.lock().unwrap().push(wait);
    }
}

#[tokio::test]
async fn what_the_other_side_wants_to_be_waited_is_waited_by_the_diallers_own_clock() {
    let (listener, address) = listen().await;
    let server = tokio::spawn(async move {
        for _ in 0..2 {
            accept(&listener).await;
        }
    });
    let (hour, rests) = (Duration::from_secs(3600), Arc::default());
    let mut session = SocketSession::new(Fast(address, Arc::clone(&rests)), settings());
    assert_eq!(next(&mut session).await, SocketItem::Connected);
    session.give_up("come back in an hour", Some(hour));
    assert_eq!(next(&mut session).await, SocketItem::Connected);
    assert_eq!(rests.lock().unwrap()[..], [hour]);
    server.await.unwrap();
}

/// An address whose handshake says more.
struct WithHeaders(Address);

impl Dial for WithHeaders {
    async fn dial(&self) -> Result<Address, DialFailure> {
        Ok(self.0.clone())
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        vec![("X-Size-Decimal", "1".to_owned())]
    }
}

#[tokio::test]
async fn the_handshake_has_the_headers_that_are_wanted() {
    use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
    let (listener, address) = listen().await;
    let server = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let mut said = None;
        #[expect(clippy::result_large_err, reason = "the library's own")]
        let look = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
            said = request.headers().get("x-size-decimal").cloned();
            Ok(response)
        };
        let socket = tokio_tungstenite::accept_hdr_async(socket, look).await.unwrap();
        (said, socket)
    });
    let mut session = SocketSession::new(WithHeaders(address), settings());
    assert_eq!(next(&mut session).await, SocketItem::Connected);
    let (said, _socket) = server.await.unwrap();
    assert_eq!(said.as_ref().map(|value| value.as_bytes()), Some(&b"1"[..]));
}
