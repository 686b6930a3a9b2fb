//! Calls, over loopback, at a venue that counts and has a clock of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_domain::Timestamp;
use plimsoll_ports::{Clock, NotSent, PlaceError, RefusalReason, SystemClock};
use plimsoll_transport::{HttpResponse, Priority, WeightLimit};
use plimsoll_venue::{
    CallError, CallSettings, Charge, Class, Client, DecodeError, Failure, Holder, HttpRequest, Method, Pool, Rest,
    RestCall, Silenced, Wait, excerpt, without,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// The venue's clock is ahead of ours by this much.
const AHEAD: Duration = Duration::from_secs(3600);
/// In which one order may be sent, where that is not an hour.
const SHORT: Duration = Duration::from_millis(200);
const HOUR: Duration = Duration::from_secs(3600);

const PASSPHRASE: &str = "open sesame";

/// One of `time`, `read` and `order`.
struct Ask(&'static str);

impl RestCall for Ask {
    fn method(&self) -> Method {
        if self.0 == "order" { Method::Post } else { Method::Get }
    }

    fn path(&self) -> &str {
        self.0
    }

    fn is_signed(&self) -> bool {
        self.0 != "time"
    }

    fn is_order(&self) -> bool {
        self.0 == "order"
    }
}

struct Venue {
    url: String,
    has_key: bool,
    window: Duration,
}

fn orders(window: Duration) -> Pool {
    let limit = WeightLimit { most: 1, reserve: 0, watch: 0 };
    Pool { name: "orders", holder: Holder::Account, window, slides: false, limit }
}

impl Rest for Venue {
    type Call = Ask;

    fn server_time(&self) -> Ask {
        Ask("time")
    }

    fn read_time(&self, body: &[u8]) -> Result<Timestamp, DecodeError> {
        let text = plimsoll_venue::json::text(body)?;
        plimsoll_venue::json::Num(text).time("the whole answer")
    }

    /// The time is in the address, so that the venue can see it.
    fn request(&self, call: &Ask, now: Timestamp) -> Result<HttpRequest, NotSent> {
        if call.is_signed() && !self.has_key {
            return Err(NotSent::Invalid("no key".to_owned()));
        }
        Ok(HttpRequest {
            method: call.method(),
            url: format!("{}/{}/{}", self.url, call.0, now.as_millis()),
            headers: Vec::new(),
            body: None,
            weight: 1,
            counts_as_order: call.is_order(),
        })
    }

    fn charges(&self, call: &Ask) -> Vec<Charge> {
        if call.is_order() { vec![Charge { pool: orders(self.window), weight: 1 }] } else { Vec::new() }
    }

    fn used(&self, _call: &Ask, answer: &HttpResponse) -> Vec<(Pool, u32)> {
        let used = answer.header("x-used").and_then(|used| used.parse().ok());
        used.map(|used| (orders(self.window), used)).into_iter().collect()
    }

    fn judge(&self, _call: &Ask, answer: &HttpResponse) -> Result<(), Failure> {
        let (class, wait) = match answer.status {
            200 => return Ok(()),
            401 => (Class::Clock, Wait::None),
            429 => (Class::BackOff, Wait::For(Duration::from_secs(9))),
            430 => (Class::BackOff, Wait::For(Duration::from_millis(20))),
            _ => (Class::Unknown, Wait::None),
        };
        let (code, message) = (answer.status.to_string(), excerpt(&answer.body));
        Err(Failure { class, reason: RefusalReason::Other, status: answer.status, code, message, wait })
    }

    fn hide(&self, words: &str) -> String {
        without(words, &[PASSPHRASE])
    }

    fn silenced(&self, _call: &Ask, _failure: &Failure) -> Silenced {
        Silenced { pool: None, window: self.window }
    }
}

/// What was asked for, and what the answers are: the first that waits for it, or a plain success.
#[derive(Clone, Default)]
struct Script {
    heard: Arc<Mutex<Vec<(String, i64)>>>,
    answers: Arc<Mutex<Vec<(&'static str, u16)>>>,
}

impl Script {
    fn answer(&self, what: &str, stamp: i64) -> (u16, String) {
        self.heard.lock().unwrap().push((what.to_owned(), stamp));
        let mut answers = self.answers.lock().unwrap();
        let status = match answers.iter().position(|(asked, _)| *asked == what) {
            Some(found) => answers.remove(found).1,
            None => 200,
        };
        let body = if what == "time" { SystemClock.now().plus(AHEAD).as_millis().to_string() } else { "done".into() };
        // As somebody on the way says it, who repeats what was sent.
        let body = if status == 502 { format!("{:>195}{PASSPHRASE}", "gone: ".repeat(32)) } else { body };
        (status, body)
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().iter().map(|(what, _)| what.clone()).collect()
    }
}

/// A venue that answers so, and its client.
async fn venue(answers: &[(&'static str, u16)], window: Duration) -> (Script, Client<Venue>) {
    let script = Script { heard: Arc::default(), answers: Arc::new(Mutex::new(answers.to_vec())) };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let told = script.clone();
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(socket.read_u8().await.unwrap());
            }
            let request = String::from_utf8(request).unwrap();
            let path: Vec<&str> = request.split(' ').nth(1).unwrap().split('/').collect();
            let (status, body) = told.answer(path[1], path[2].parse().unwrap());
            let head = format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
            socket.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        }
    });
    // Who knows of short windows waits for the next.
    let patience = if window == SHORT { SHORT * 2 } else { Duration::ZERO };
    let settings = CallSettings { patience, ..CallSettings::default() };
    let rest = Venue { url: url.clone(), has_key: true, window };
    (script, Client::new(&url, rest, Arc::new(SystemClock), settings).unwrap())
}

async fn call(client: &Client<Venue>, what: &'static str) -> Result<Vec<u8>, CallError> {
    client.call(&Ask(what), Priority::Ordinary).await
}

#[tokio::test]
async fn the_venues_time_is_measured_before_anything_is_signed_with_it() {
    let (script, client) = venue(&[], HOUR).await;
    assert_eq!(call(&client, "read").await, Ok(b"done".to_vec()));
    assert_eq!(call(&client, "read").await, Ok(b"done".to_vec()));
    assert_eq!(script.heard(), ["time", "read", "read"]);
    let stamps: Vec<i64> = script.heard.lock().unwrap().iter().map(|(_, stamp)| *stamp).collect();
    let ahead = i64::try_from(AHEAD.as_millis()).unwrap();
    assert!(stamps[1] - stamps[0] > ahead - 60_000, "by the venue's clock: {stamps:?}");
}

#[tokio::test]
async fn what_was_refused_over_its_time_is_signed_anew_once() {
    let (script, client) = venue(&[("read", 401)], HOUR).await;
    assert_eq!(call(&client, "read").await, Ok(b"done".to_vec()));
    assert_eq!(script.heard(), ["time", "read", "time", "read"]);

    let (script, client) = venue(&[("read", 401), ("read", 401)], HOUR).await;
    assert!(call(&client, "read").await.unwrap_err().is_about_time());
    assert_eq!(script.heard(), ["time", "read", "time", "read"]);
}

#[tokio::test]
async fn what_a_pool_does_not_admit_fails_at_once_or_waits_if_it_may() {
    let (script, client) = venue(&[], HOUR).await;
    call(&client, "read").await.unwrap();
    let outcomes = [call(&client, "order").await, call(&client, "order").await, call(&client, "order").await];
    assert!(outcomes[0].is_ok());
    let throttled = |outcome: &Result<_, _>| matches!(outcome, Err(CallError::NotSent(NotSent::Throttled { .. })));
    assert!(outcomes[1..].iter().any(throttled), "{outcomes:?}");
    assert!(script.heard().len() < 5, "it was not sent: {:?}", script.heard());

    let (script, client) = venue(&[], SHORT).await;
    for _ in 0..3 {
        call(&client, "order").await.unwrap();
    }
    let windows: Vec<i64> = script.heard.lock().unwrap().iter().map(|(_, stamp)| stamp / 200).collect();
    assert!(windows[1] < windows[3], "one a window: {windows:?}");
}

#[tokio::test]
async fn who_is_told_to_be_silent_is_silent() {
    let (script, client) = venue(&[("read", 429)], HOUR).await;
    let Err(CallError::Venue(failure, now)) = call(&client, "read").await else { panic!("a failure") };
    let Wait::Until(until) = failure.wait else { panic!("{failure:?}") };
    assert!(until.since(now) > Duration::from_secs(8) && until.since(now) <= Duration::from_secs(9), "on our clock");
    let banned = client.may_dial().unwrap_err();
    assert!(banned.reason.starts_with("the venue wants no requests for another "), "{}", banned.reason);
    assert!(banned.not_before.is_some());
    let Err(CallError::NotSent(NotSent::Throttled { .. })) = call(&client, "order").await else { panic!("silence") };
    assert_eq!(script.heard(), ["time", "read"]);
}

#[tokio::test]
async fn a_question_too_many_is_asked_again_if_there_is_time_and_an_order_never_is() {
    let (script, client) = venue(&[("read", 430), ("read", 430)], SHORT).await;
    assert_eq!(call(&client, "read").await, Ok(b"done".to_vec()));
    assert_eq!(script.heard(), ["time", "read", "read", "read"]);

    let (script, client) = venue(&[("order", 430)], SHORT).await;
    assert!(call(&client, "order").await.is_err());
    assert_eq!(script.heard(), ["time", "order"]);

    for (status, window) in [(430, HOUR), (429, SHORT)] {
        let (script, client) = venue(&[("read", status)], window).await;
        assert!(call(&client, "read").await.is_err(), "there is no time for that");
        assert_eq!(script.heard(), ["time", "read"]);
    }

    let (script, client) = venue(&[("read", 430); 5], SHORT).await;
    assert!(call(&client, "read").await.is_err(), "three times at most");
    assert_eq!(script.heard().len(), 5);
}

#[tokio::test]
async fn whoever_wants_out_asks_again_at_once_and_sends_nothing_twice() {
    let failures = [("read", 500), ("read", 500), ("read", 500), ("order", 500)];
    for (priority, times) in [(Priority::ReducesRisk, 4), (Priority::Watches, 1), (Priority::Ordinary, 1)] {
        let (script, client) = venue(&failures, HOUR).await;
        let outcome = client.call(&Ask("read"), priority).await;
        assert_eq!(outcome.is_ok(), times == 4, "{priority:?}: {outcome:?}");
        assert!(client.call(&Ask("order"), priority).await.is_err());
        let heard = script.heard();
        let of = |what| heard.iter().filter(|it| *it == what).count();
        assert_eq!((of("read"), of("order")), (times, 1), "{priority:?}");
    }
    let (script, client) = venue(&[("read", 500); 9], HOUR).await;
    assert!(client.call(&Ask("read"), Priority::ReducesRisk).await.is_err());
    assert_eq!(script.heard().len(), 5, "the time, and four times the question");
    let (script, client) = venue(&[("read", 429)], HOUR).await;
    assert!(client.call(&Ask("read"), Priority::ReducesRisk).await.is_err());
    assert_eq!(script.heard(), ["time", "read"], "who is told to be silent is silent");
}

#[tokio::test]
async fn no_half_of_a_passphrase_is_told_where_an_answer_is_cut() {
    let (_script, client) = venue(&[("read", 502)], HOUR).await;
    let told = call(&client, "read").await.unwrap_err().to_string();
    assert!(told.contains("GET read: gone: gone: ") && !told.contains("open"), "{told}");
}

#[tokio::test]
async fn what_needs_a_key_does_not_leave_without_one() {
    let (script, client) = venue(&[], HOUR).await;
    let rest = Venue { url: client.rest().url.clone(), has_key: false, window: HOUR };
    let client = Client::new(&rest.url.clone(), rest, Arc::new(SystemClock), CallSettings::default()).unwrap();
    let error = PlaceError::from(call(&client, "order").await.unwrap_err());
    assert_eq!(error, PlaceError::NotSent(NotSent::Invalid("no key".to_owned())));
    assert_eq!(script.heard(), ["time"]);
}
