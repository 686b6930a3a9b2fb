//! One socket: what it is subscribed to, what its client says, what it is sent.

use crate::binance::subscription::{Route, Stream, UserData};
use crate::faults::{Faults, Target};
use crate::line::Line;
use crate::outlet::{About, Outlet, Sent};
use crate::sockets::Socket;
use percent_encoding::percent_decode_str;
use plimsoll_domain::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The most streams that one socket may have.
const MOST_STREAMS: usize = 1024;
/// The most messages that a client may send in a second.
const MOST_MESSAGES: u32 = 10;

/// Where a socket was opened, and what its address asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    route: Route,
    /// Payloads are wrapped with the name of their stream.
    combined: bool,
    names: Vec<String>,
    users: Vec<UserData>,
}

impl Address {
    /// Reads `/market/ws/btcusdt@aggTrade`, `/public/stream?streams=…`, `/private/ws?listenKey=…`; `None` for any other
    /// path.
    pub(crate) fn read(path: &str, query: &str) -> Option<Self> {
        let (route, rest) = match path.split_at_checked(path.get(1..)?.find('/').map_or(path.len(), |at| at + 1))? {
            ("/public", rest) => (Route::Public, rest),
            ("/market", rest) => (Route::Market, rest),
            ("/private", rest) => (Route::Private, rest),
            _ => (Route::Public, path),
        };
        let (combined, names) = if let Some(names) = rest.strip_prefix("/ws") {
            (false, names.strip_prefix('/').or(names.is_empty().then_some(""))?)
        } else {
            (rest == "/stream").then_some((true, ""))?
        };
        let listed = query.split('&').filter_map(|pair| pair.strip_prefix("streams="));
        let names = listed.chain([names]).flat_map(|names| names.split('/')).filter(|name| !name.is_empty());
        let names: Vec<String> = names.map(|name| percent_decode_str(name).decode_utf8_lossy().into_owned()).collect();
        let users = if route == Route::Private { UserData::read_query(query) } else { Vec::new() };
        Some(Self { route, combined, names, users })
    }
}

/// One socket.
#[derive(Debug)]
pub(crate) struct Session {
    route: Route,
    combined: bool,
    subscriptions: Vec<Subscription>,
    users: Vec<UserData>,
    outlet: Outlet,
    messages: (Option<Instant>, u32),
}

#[derive(Debug)]
struct Subscription {
    name: String,
    stream: Stream,
    /// When something was last sent, by contract.
    sent: BTreeMap<Arc<str>, Timestamp>,
}

impl Socket for Session {
    fn target(&self) -> Target {
        if self.route == Route::Private { Target::Private } else { Target::Market }
    }

    fn outlet(&self) -> &Outlet {
        &self.outlet
    }

    fn outlet_mut(&mut self) -> &mut Outlet {
        &mut self.outlet
    }
}

impl Session {
    pub(crate) fn new(address: Address, line: Line) -> Self {
        let Address { route, combined, names, users } = address;
        let mut session =
            Self { route, combined, subscriptions: Vec::new(), users, outlet: Outlet::new(line), messages: (None, 0) };
        for name in names {
            session.subscribe(name);
        }
        session
    }

    fn subscribe(&mut self, name: String) {
        if self.route == Route::Private {
            let user = UserData::read(&name);
            match self.users.iter_mut().find(|known| known.listen_key == user.listen_key) {
                Some(known) if user.events.is_empty() => known.events.clear(),
                Some(known) if !known.events.is_empty() => known.events.extend(user.events),
                Some(_) => {}
                None => self.users.push(user),
            }
        } else if self.subscriptions.iter().all(|known| known.name != name) {
            let stream = Stream::read(&name);
            self.subscriptions.push(Subscription { name, stream, sent: BTreeMap::new() });
        }
    }

    fn unsubscribe(&mut self, name: &str) {
        self.subscriptions.retain(|known| known.name != name);
        let gone = UserData::read(name);
        self.users.retain_mut(|known| {
            if known.listen_key != gone.listen_key {
                return true;
            }
            // Whoever hears everything has no single event to be rid of; whoever has no event left hears nothing.
            let hears_all = known.events.is_empty();
            known.events.retain(|event| !gone.events.contains(event));
            !gone.events.is_empty() && (hears_all || !known.events.is_empty())
        });
    }

    fn names(&self) -> Vec<String> {
        let users = self.users.iter().flat_map(|user| {
            if user.events.is_empty() {
                vec![user.listen_key.clone()]
            } else {
                user.events.iter().map(|event| format!("{}@{event}", user.listen_key)).collect()
            }
        });
        self.subscriptions.iter().map(|known| known.name.clone()).chain(users).collect()
    }

    /// Takes a client's message and queues the answer; `false` if the socket is to be closed.
    pub(crate) fn hear(&mut self, text: &str, now: Instant) -> bool {
        let running =
            self.messages.0.is_some_and(|began| now.saturating_duration_since(began) < Duration::from_secs(1));
        self.messages = if running { (self.messages.0, self.messages.1 + 1) } else { (Some(now), 1) };
        if self.messages.1 > MOST_MESSAGES {
            return false;
        }
        let answer = match serde_json::from_str::<Value>(text) {
            Err(error) => json!({"code": 3, "msg": format!("Invalid JSON: {error}")}),
            Ok(message) => match Asked::deserialize(&message) {
                Err(error) => json!({"code": 2, "msg": format!("Invalid request: {error}")}),
                Ok(asked) => self.obey(asked),
            },
        };
        self.outlet.say(answer.to_string().into())
    }

    fn obey(&mut self, asked: Asked) -> Value {
        let id = asked.id;
        let done = json!({"result": null, "id": id});
        match asked.method.as_str() {
            "SUBSCRIBE" => match asked.names() {
                Some(names) if self.names().len() + names.len() > MOST_STREAMS => {
                    json!({"code": 2, "msg": format!("Invalid request: too many streams, at most {MOST_STREAMS}"), "id": id})
                }
                Some(names) => {
                    names.into_iter().for_each(|name| self.subscribe(name));
                    done
                }
                None => wrong_params(id),
            },
            "UNSUBSCRIBE" => match asked.names() {
                Some(names) => {
                    names.iter().for_each(|name| self.unsubscribe(name));
                    done
                }
                None => wrong_params(id),
            },
            "LIST_SUBSCRIPTIONS" => json!({"result": self.names(), "id": id}),
            "SET_PROPERTY" => match asked.params.as_slice() {
                [Value::String(name), Value::Bool(on)] if name == "combined" => {
                    self.combined = *on;
                    done
                }
                [Value::String(name), _] if name == "combined" => {
                    json!({"code": 1, "msg": "Invalid value type: expected Boolean"})
                }
                _ => json!({"code": 0, "msg": "Unknown property"}),
            },
            "GET_PROPERTY" => match asked.params.as_slice() {
                [Value::String(name)] if name == "combined" => json!({"result": self.combined, "id": id}),
                _ => json!({"code": 0, "msg": "Unknown property"}),
            },
            other => {
                let method: String = other.chars().take(64).collect();
                json!({"code": 2, "msg": format!("Invalid request: unknown variant `{method}`")})
            }
        }
    }

    /// Sends a private event to whoever on this socket listens with this key.
    pub(crate) fn tell(
        &mut self,
        key: &str,
        event: &'static str,
        payload: &Arc<str>,
        now: Timestamp,
        faults: &mut Faults,
    ) -> Sent {
        let wanted = self.users.iter().any(|user| user.listen_key == key && user.wants(event));
        if !wanted {
            return Sent::On;
        }
        let about = About { target: self.target(), kind: event, now };
        self.outlet.send(wrapped(self.combined, key, payload), about, faults)
    }

    /// Sends what is due on the market streams about one contract; `false` if the socket is to be cut. `render` gives a
    /// stream's payloads since it last sent something, none where it has nothing to say.
    pub(crate) fn publish(
        &mut self,
        native: &Arc<str>,
        now: Timestamp,
        faults: &mut Faults,
        mut render: impl FnMut(&Stream, Option<Timestamp>) -> Vec<Arc<str>>,
    ) -> bool {
        let Self { route, combined, subscriptions, outlet, .. } = self;
        subscriptions.iter_mut().all(|subscription| {
            let Subscription { name, stream, sent } = subscription;
            if stream.route() != Some(*route) || !stream.covers(native) {
                return true;
            }
            if sent.get(native).is_some_and(|last| *last <= now && now.since(*last) < stream.every()) {
                return true;
            }
            let payloads = render(stream, sent.get(native).copied());
            if !payloads.is_empty() {
                sent.insert(Arc::clone(native), now);
            }
            let about = About { target: Target::Market, kind: stream.kind(), now };
            payloads.iter().all(|payload| outlet.send(wrapped(*combined, name, payload), about, faults) != Sent::Cut)
        })
    }
}

fn wrapped(combined: bool, name: &str, payload: &Arc<str>) -> Arc<str> {
    if combined {
        let name = Value::from(name);
        format!(r#"{{"stream":{name},"data":{payload}}}"#).into()
    } else {
        Arc::clone(payload)
    }
}

fn wrong_params(id: Option<u64>) -> Value {
    json!({"code": 2, "msg": "Invalid request: params must be an array of strings", "id": id})
}

#[derive(Debug, Deserialize)]
struct Asked {
    method: String,
    #[serde(default)]
    params: Vec<Value>,
    #[serde(default)]
    id: Option<u64>,
}

impl Asked {
    fn names(&self) -> Option<Vec<String>> {
        self.params.iter().map(|name| name.as_str().map(str::to_owned)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::{LineEnd, Outgoing, line};

    fn session(path: &str, query: &str) -> (Session, LineEnd) {
        let (near, far) = line(64);
        (Session::new(Address::read(path, query).unwrap(), near), far)
    }

    async fn next(far: &mut LineEnd) -> Option<Arc<str>> {
        match far.next().await? {
            Outgoing::Frame(frame) => Some(frame),
            other => panic!("a fault out of nowhere: {other:?}"),
        }
    }

    #[test]
    fn addresses_are_read() {
        let check = |path: &str, query: &str, expected: Option<(Route, bool, &[&str])>| {
            let read = Address::read(path, query);
            let read = read.map(|it| (it.route, it.combined, it.names));
            let expected = expected.map(|(route, combined, names)| {
                (route, combined, names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
            });
            assert_eq!(read, expected, "{path}?{query}");
        };
        check("/ws", "", Some((Route::Public, false, &[])));
        check("/stream", "streams=a@b/c@d", Some((Route::Public, true, &["a@b", "c@d"])));
        check("/market/ws/a@b/c@d", "", Some((Route::Market, false, &["a@b", "c@d"])));
        check("/market/stream", "streams=a%40b", Some((Route::Market, true, &["a@b"])));
        check("/private/ws/key", "", Some((Route::Private, false, &["key"])));
        check("/public/wsx", "", None);
        check("/public", "", None);
        check("/", "", None);
        check("/fapi/v1/ping", "", None);
    }

    #[tokio::test]
    async fn live_subscriptions_are_obeyed_and_listed() {
        let (mut session, mut far) = session("/market/ws", "");
        let start = Instant::now();
        let mut said = Vec::new();
        for text in [
            r#"{"method":"SUBSCRIBE","params":["btcusdt@aggTrade","btcusdt@markPrice"],"id":1}"#,
            r#"{"method":"UNSUBSCRIBE","params":["btcusdt@aggTrade"],"id":2}"#,
            r#"{"method":"LIST_SUBSCRIPTIONS","id":3}"#,
            r#"{"method":"GET_PROPERTY","params":["combined"],"id":4}"#,
            r#"{"method":"SET_PROPERTY","params":["combined",1],"id":5}"#,
            r#"{"method":"DANCE","id":6}"#,
            "{",
        ] {
            assert!(session.hear(text, start));
            said.push(next(&mut far).await.unwrap());
        }
        assert_eq!(&*said[0], r#"{"id":1,"result":null}"#);
        assert_eq!(&*said[2], r#"{"id":3,"result":["btcusdt@markPrice"]}"#);
        assert_eq!(&*said[3], r#"{"id":4,"result":false}"#);
        assert!(
            said[4].contains("expected Boolean") && said[5].contains(r#""code":2"#) && said[6].contains(r#""code":3"#)
        );
    }

    #[test]
    fn live_subscriptions_to_private_events_are_what_was_asked_for() {
        let ask = |session: &mut Session, method: &str, names: &[&str]| {
            let text = json!({"method": method, "params": names, "id": 1}).to_string();
            // Each in a second of its own.
            assert!(session.hear(&text, Instant::now() + Duration::from_secs(u64::from(session.messages.1) + 2)));
        };
        let wants = |session: &Session, event: &str| session.users.iter().any(|user| user.wants(event));
        let (mut session, _far) = session("/private/ws", "");
        ask(&mut session, "SUBSCRIBE", &["key@TRADE_LITE"]);
        assert!(wants(&session, "TRADE_LITE") && !wants(&session, "ACCOUNT_UPDATE"));
        ask(&mut session, "UNSUBSCRIBE", &["key@TRADE_LITE"]);
        assert!(!wants(&session, "TRADE_LITE") && !wants(&session, "ACCOUNT_UPDATE"), "the last one gone is none");
        ask(&mut session, "SUBSCRIBE", &["key@TRADE_LITE", "key"]);
        assert!(wants(&session, "TRADE_LITE") && wants(&session, "ACCOUNT_UPDATE"), "the bare key is all");
        ask(&mut session, "UNSUBSCRIBE", &["key@TRADE_LITE"]);
        assert!(wants(&session, "ACCOUNT_UPDATE"));
        ask(&mut session, "UNSUBSCRIBE", &["key"]);
        assert_eq!(session.names(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn private_subscriptions_are_limited_too() {
        let (mut session, mut far) = session("/private/ws", "");
        let names: Vec<String> = (0..=MOST_STREAMS).map(|number| format!("key-{number}")).collect();
        let subscribe = |names: &[String]| json!({"method": "SUBSCRIBE", "params": names, "id": 1}).to_string();
        assert!(session.hear(&subscribe(&names), Instant::now()));
        assert!(next(&mut far).await.unwrap().contains("too many streams"));
        assert!(session.hear(&subscribe(&names[1..]), Instant::now()));
        assert_eq!(next(&mut far).await.as_deref(), Some(r#"{"id":1,"result":null}"#));
        assert!(session.hear(&subscribe(&names[..1]), Instant::now()));
        assert!(next(&mut far).await.unwrap().contains("too many streams"));
    }

    #[test]
    fn a_client_that_talks_too_much_is_hung_up_on() {
        let (mut session, _far) = session("/market/ws", "");
        let start = Instant::now();
        let list = r#"{"method":"LIST_SUBSCRIPTIONS","id":3}"#;
        assert!((0..10).all(|_| session.hear(list, start)));
        assert!(!session.hear(list, start));
        assert!(session.hear(list, start + Duration::from_secs(1)));
    }

    #[tokio::test]
    async fn a_stream_on_the_wrong_route_stays_silent_and_one_on_its_own_is_throttled() {
        let (mut wrong, mut wrong_far) = session("/ws/btcusdt@markPrice@1s", "");
        let (mut right, mut far) = session("/market/stream", "streams=btcusdt@markPrice@1s");
        let native: Arc<str> = "BTCUSDT".into();
        for millis in [0, 400, 999, 1000] {
            let now = Timestamp::from_millis(millis);
            for session in [&mut wrong, &mut right] {
                assert!(session.publish(&native, now, &mut Faults::default(), |_, _| vec![format!("{millis}").into()]));
            }
        }
        drop((wrong, right));
        assert_eq!(next(&mut wrong_far).await, None);
        assert_eq!(next(&mut far).await.as_deref(), Some(r#"{"stream":"btcusdt@markPrice@1s","data":0}"#));
        assert_eq!(next(&mut far).await.as_deref(), Some(r#"{"stream":"btcusdt@markPrice@1s","data":1000}"#));
        assert_eq!(next(&mut far).await, None);
    }
}
