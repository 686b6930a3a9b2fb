//! One socket: who it is logged in as, what it is subscribed to, what it is sent.

use crate::bitget::channel::{Channel, Place, Wish};
use crate::bitget::limits::RateLimits;
use crate::faults::{Faults, Target};
use crate::line::Line;
use crate::outlet::{About, Outlet, Sent};
use crate::sockets::Socket;
use plimsoll_domain::{AccountId, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The most messages that a client may send in a second.
const MOST_MESSAGES: u32 = 10;
/// How long before its end a socket is told of it.
const NOTICE: Duration = Duration::from_secs(60);

/// One socket.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) place: Place,
    pub(crate) account: Option<AccountId>,
    wishes: Vec<(Wish, BTreeMap<Arc<str>, Timestamp>)>,
    outlet: Outlet,
    messages: (Instant, u32),
    opened: Instant,
    /// When it last sent a ping.
    pinged: Instant,
    noticed: bool,
}

impl Socket for Session {
    fn target(&self) -> Target {
        if self.place.is_private() { Target::Private } else { Target::Market }
    }

    fn outlet(&self) -> &Outlet {
        &self.outlet
    }

    fn outlet_mut(&mut self) -> &mut Outlet {
        &mut self.outlet
    }
}

/// One push: what of, about which contract, and its rows as JSON.
#[derive(Debug, Clone)]
pub(crate) struct Push {
    pub(crate) channel: Channel,
    pub(crate) native: Option<Arc<str>>,
    pub(crate) action: &'static str,
    pub(crate) rows: Arc<str>,
}

impl Push {
    /// Rows that stand for themselves.
    pub(crate) fn new(channel: Channel, native: Option<&str>, action: &'static str, rows: &[Value]) -> Self {
        let rows = Value::from(rows).to_string().into();
        Self { channel, native: native.map(Arc::from), action, rows }
    }
}

impl Session {
    pub(crate) fn new(place: Place, line: Line, now: Instant) -> Self {
        Self {
            place,
            account: None,
            wishes: Vec::new(),
            outlet: Outlet::new(line),
            messages: (now, 0),
            opened: now,
            pinged: now,
            noticed: false,
        }
    }

    /// Counts a client's message; `false` if there were too many.
    pub(crate) fn count(&mut self, now: Instant) -> bool {
        let running = now.saturating_duration_since(self.messages.0) < Duration::from_secs(1);
        self.messages = if running { (self.messages.0, self.messages.1 + 1) } else { (now, 1) };
        self.messages.1 <= MOST_MESSAGES
    }

    /// Takes note of a ping.
    pub(crate) const fn keep_alive(&mut self, now: Instant) {
        self.pinged = now;
    }

    /// Whether it goes on: whoever sends no ping is cut, and so is whoever has been there for too long, who is told
    /// before.
    pub(crate) fn is_alive(&mut self, limits: &RateLimits, now: Instant) -> bool {
        if now.saturating_duration_since(self.pinged) >= limits.idle {
            return false;
        }
        let Some(life) = limits.socket_life else { return true };
        let age = now.saturating_duration_since(self.opened);
        if age >= life {
            return false;
        }
        if age + NOTICE >= life && !self.noticed {
            self.noticed = true;
            let notice = json!({"event": "error", "code": 30033, "msg": "service upgrade, please reconnect"});
            return self.say(&notice);
        }
        true
    }

    /// Sends an answer; `false` if the socket is too slow.
    pub(crate) fn say(&self, answer: &Value) -> bool {
        self.outlet.say(answer.to_string().into())
    }

    /// Sends a text that is no JSON.
    pub(crate) fn say_text(&self, text: &str) -> bool {
        self.outlet.say(text.into())
    }

    pub(crate) fn wishes(&self) -> usize {
        self.wishes.len()
    }

    pub(crate) fn subscribe(&mut self, wish: Wish) {
        if self.wishes.iter().all(|(known, _)| known.arg != wish.arg) {
            self.wishes.push((wish, BTreeMap::new()));
        }
    }

    pub(crate) fn unsubscribe(&mut self, wish: &Wish) {
        self.wishes.retain(|(known, _)| known.arg != wish.arg);
    }

    /// Sends a push to those subscriptions that want it, or only to one.
    pub(crate) fn push(&mut self, push: &Push, only: Option<&Wish>, now: Timestamp, faults: &mut Faults) -> Sent {
        let target = self.target();
        let Self { wishes, outlet, .. } = self;
        let wanted = wishes.iter_mut().filter(|(wish, _)| match only {
            Some(only) => wish.arg == only.arg,
            None => wish.channel == push.channel && wish.covers(push.native.as_deref()),
        });
        for (wish, last) in wanted {
            if let Some(native) = &push.native {
                last.insert(Arc::clone(native), now);
            }
            let about = About { target, kind: push.channel.kind(), now };
            let sent = outlet.send(frame(push.action, &wish.arg, &push.rows, now), about, faults);
            if sent != Sent::On {
                return sent;
            }
        }
        Sent::On
    }

    /// Sends what is due on the market's channels about one contract; `false` if the socket is to be cut. `render` gives a
    /// channel's rows since it last sent something, none where it has nothing to say.
    pub(crate) fn show(
        &mut self,
        native: &Arc<str>,
        now: Timestamp,
        faults: &mut Faults,
        mut render: impl FnMut(Channel, Option<Timestamp>) -> Option<(&'static str, String)>,
    ) -> bool {
        let Self { wishes, outlet, .. } = self;
        wishes.iter_mut().all(|(wish, sent)| {
            if !wish.covers(Some(&**native)) {
                return true;
            }
            let last = sent.get(native).copied();
            if last.is_some_and(|last| last <= now && now.since(last) < wish.channel.every()) {
                return true;
            }
            let Some((action, rows)) = render(wish.channel, last) else { return true };
            sent.insert(Arc::clone(native), now);
            let about = About { target: Target::Market, kind: wish.channel.kind(), now };
            outlet.send(frame(action, &wish.arg, &rows, now), about, faults) != Sent::Cut
        })
    }
}

fn frame(action: &str, arg: &Value, rows: &str, now: Timestamp) -> Arc<str> {
    format!(r#"{{"action":"{action}","arg":{arg},"data":{rows},"ts":{}}}"#, now.as_millis()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::{Outgoing, line};

    fn wish(channel: &str, id: &str) -> Wish {
        Wish::read(Place::Private, &json!({"instType": "USDT-FUTURES", "channel": channel, "instId": id})).unwrap()
    }

    #[tokio::test]
    async fn pushes_reach_those_who_want_them() {
        let (near, mut far) = line(8);
        let mut session = Session::new(Place::Private, near, Instant::now());
        session.subscribe(wish("orders", "BTCUSDT"));
        session.subscribe(wish("orders", "BTCUSDT"));
        assert_eq!(session.wishes(), 1);
        let (now, mut faults) = (Timestamp::from_millis(7), Faults::default());
        for native in ["ETHUSDT", "BTCUSDT"] {
            let push = Push::new(Channel::Orders, Some(native), "snapshot", &[json!({"instId": native})]);
            assert_eq!(session.push(&push, None, now, &mut faults), Sent::On);
        }
        session.unsubscribe(&wish("orders", "BTCUSDT"));
        let push = Push::new(Channel::Orders, None, "snapshot", &[]);
        assert_eq!(session.push(&push, None, now, &mut faults), Sent::On);
        drop(session);
        let expected = r#"{"action":"snapshot","arg":{"channel":"orders","instId":"BTCUSDT","instType":"USDT-FUTURES"},"data":[{"instId":"BTCUSDT"}],"ts":7}"#;
        assert_eq!(far.next().await, Some(Outgoing::Frame(expected.into())));
        assert_eq!(far.next().await, None);
    }

    #[test]
    fn a_socket_without_pings_or_grown_old_is_cut() {
        let (near, _far) = line(8);
        let start = Instant::now();
        let mut session = Session::new(Place::Public, near, start);
        let limits = RateLimits { socket_life: Some(Duration::from_secs(200)), ..RateLimits::default() };
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(session.is_alive(&limits, at(119)));
        assert!(!session.is_alive(&limits, at(120)));
        session.keep_alive(at(110));
        assert!(session.is_alive(&limits, at(141)) && session.noticed);
        session.keep_alive(at(190));
        assert!(!session.is_alive(&limits, at(200)));
    }

    #[test]
    fn ten_messages_a_second_are_enough() {
        let (near, _far) = line(8);
        let start = Instant::now();
        let mut session = Session::new(Place::Public, near, start);
        assert!((0..10).all(|_| session.count(start)));
        assert!(!session.count(start));
        assert!(session.count(start + Duration::from_secs(1)));
    }
}
