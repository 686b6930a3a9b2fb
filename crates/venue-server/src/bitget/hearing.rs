//! What clients say over sockets, and what they are answered.

use crate::bitget::auth::{self, Claim, LoginRefused};
use crate::bitget::channel::{Place, Wish};
use crate::bitget::floor::Floor;
use crate::bitget::session::Session;
use crate::outlet::Sent;
use crate::sockets::Socket;
use plimsoll_domain::AccountId;
use serde_json::{Value, json};
use std::time::Instant;

/// The longest message that subscribes.
const LONGEST: usize = 4096;
/// The most channels of one socket.
const MOST_CHANNELS: usize = 1000;

/// What is wrong, in the numbers of either dialect.
#[derive(Debug, Clone, Copy)]
struct Wrong {
    code: i32,
    /// In the dialect of `mix/v1/stream`, which has five.
    mission: (&'static str, &'static str),
}

const AUTHENTICATION: (&str, &str) = ("60001", "Authentication failed");
const TOO_MANY_MESSAGES: (&str, &str) = ("60003", "Rate limit exceeded");
const SUBSCRIPTION: (&str, &str) = ("60004", "Invalid subscription");
const MESSAGE: (&str, &str) = ("60005", "Invalid message");

impl Wrong {
    const NO_CHANNEL: Self = Self { code: 30001, mission: SUBSCRIPTION };
    const REQUEST: Self = Self { code: 30002, mission: MESSAGE };
    const OP: Self = Self { code: 30003, mission: MESSAGE };
    const NO_LOGIN: Self = Self { code: 30004, mission: AUTHENTICATION };
    const TOO_MANY: Self = Self { code: 30006, mission: TOO_MANY_MESSAGES };
    const PARAMETERS: Self = Self { code: 30016, mission: SUBSCRIPTION };
    const PERMISSION: Self = Self { code: 25620, mission: MESSAGE };

    const fn login(refused: LoginRefused) -> Self {
        let code = match refused {
            LoginRefused::Key => 30011,
            LoginRefused::Passphrase => 30012,
            LoginRefused::Timestamp => 30013,
            LoginRefused::Expired => 30014,
            LoginRefused::Signature => 30015,
        };
        Self { code, mission: AUTHENTICATION }
    }

    fn body(self, place: Place, msg: &str, op: Option<&str>, arg: Option<&Value>) -> Value {
        if place == Place::Mission {
            let (code, msg) = self.mission;
            return json!({"event": "error", "code": code, "msg": msg});
        }
        let mut body = json!({"event": "error", "code": self.code, "msg": msg});
        if let Some(members) = body.as_object_mut() {
            members.extend(op.map(|op| ("op".to_owned(), op.into())));
            members.extend(arg.map(|arg| ("arg".to_owned(), arg.clone())));
        }
        body
    }
}

/// What is told when a login has ended.
pub(crate) fn login_ended(place: Place) -> Value {
    Wrong::NO_LOGIN.body(place, "User not logged in/User must be logged in", None, None)
}

impl Floor {
    /// Takes a client's message; `false` if the socket is to be closed at once.
    pub(crate) fn hear(&mut self, socket: u64, text: &str) -> bool {
        let now = Instant::now();
        let Some(session) = self.sockets.get_mut(socket) else { return false };
        if !session.count(now) {
            return self.part(socket, Wrong::TOO_MANY, "too many requests");
        }
        if text == "ping" {
            session.keep_alive(now);
            return session.say_text("pong");
        }
        let place = session.place;
        let Ok(message) = serde_json::from_str::<Value>(text) else {
            return session.say(&Wrong::REQUEST.body(place, "Illegal request", None, None));
        };
        let Some(op) = message.get("op").and_then(Value::as_str) else {
            return session.say(&Wrong::REQUEST.body(place, "Illegal request", None, None));
        };
        let args = message.get("args").and_then(Value::as_array).cloned().unwrap_or_default();
        match op {
            "ping" if place == Place::Mission => {
                session.keep_alive(now);
                session.say(&json!({"event": "pong"}))
            }
            "login" if place != Place::Public => self.log_in(socket, args.first().unwrap_or(&Value::Null)),
            "subscribe" if text.len() > LONGEST => {
                session.say(&Wrong::PARAMETERS.body(place, "Param error: too long", Some(op), None))
            }
            "subscribe" => args.iter().all(|arg| self.subscribe(socket, arg)),
            "unsubscribe" => args.iter().all(|arg| session.obey_unsubscribe(arg)),
            // Orders over sockets are for those whom the venue has let.
            "trade" if place == Place::Private => {
                session.say(&Wrong::PERMISSION.body(place, "permission denied", Some(op), None))
            }
            other => {
                let other: String = other.chars().take(64).collect();
                session.say(&Wrong::OP.body(place, &format!("INVALID op:{other}"), None, None))
            }
        }
    }

    /// Says what is wrong and closes the socket behind it.
    fn part(&mut self, socket: u64, wrong: Wrong, msg: &str) -> bool {
        if let Some(session) = self.sockets.get_mut(socket) {
            session.say(&wrong.body(session.place, msg, None, None));
            session.outlet().finish();
        }
        self.sockets.close(socket);
        true
    }

    fn log_in(&mut self, socket: u64, arg: &Value) -> bool {
        let text = |name: &str| match arg.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let (key, sign, timestamp, passphrase) = (text("apiKey"), text("sign"), text("timestamp"), text("passphrase"));
        let claim =
            Claim { key: Some(&key), sign: Some(&sign), timestamp: Some(&timestamp), passphrase: Some(&passphrase) };
        let account = match auth::verify_login(claim, self.server_time(), |key| self.credentials(key)) {
            Ok(account) => account,
            Err(refused) => return self.part(socket, Wrong::login(refused), "Login failed"),
        };
        let Some(session) = self.sockets.get_mut(socket) else { return false };
        session.account = Some(account);
        let answer = match session.place {
            Place::Mission => json!({"event": "login", "code": "0", "msg": ""}),
            _ => json!({"event": "login", "code": 0, "connId": format!("{socket:08x}")}),
        };
        session.say(&answer)
    }

    fn subscribe(&mut self, socket: u64, arg: &Value) -> bool {
        let Some(session) = self.sockets.get_mut(socket) else { return false };
        let (place, account) = (session.place, session.account.clone());
        let refuse = |session: &Session, wrong: Wrong, msg: &str| {
            session.say(&wrong.body(place, msg, Some("subscribe"), Some(arg)))
        };
        if place.is_private() && account.is_none() {
            return refuse(session, Wrong::NO_LOGIN, "User not logged in/User must be logged in");
        }
        if session.wishes() >= MOST_CHANNELS {
            return refuse(session, Wrong::PARAMETERS, "Param error: too many channels");
        }
        let wish = Wish::read(place, arg);
        let wish = wish.filter(|wish| wish.native.as_ref().is_none_or(|native| self.native(native).is_some()));
        let Some(session) = self.sockets.get_mut(socket) else { return false };
        let Some(wish) = wish else {
            let word = |name: &str| arg.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let (kind, channel, id) = (word("instType"), word("channel"), word("instId"));
            let msg = format!("instType:{kind},channel:{channel},instId:{id} doesn't exist");
            return refuse(session, Wrong::NO_CHANNEL, &msg);
        };
        session.subscribe(wish.clone());
        session.say(&json!({"event": "subscribe", "arg": wish.arg})) && self.greet(socket, account.as_ref(), &wish)
    }

    /// Sends what a channel begins with.
    fn greet(&mut self, socket: u64, account: Option<&AccountId>, wish: &Wish) -> bool {
        let place = self.sockets.get_mut(socket).map(|session| session.place);
        let Some(push) = place.and_then(|place| self.first_push(place, account, wish)) else { return true };
        let now = self.exchange.now();
        let Self { sockets, faults, .. } = self;
        let Some(session) = sockets.get_mut(socket) else { return false };
        match session.push(&push, Some(wish), now, faults) {
            Sent::On => true,
            Sent::Cut => false,
            Sent::EndKey { told } => {
                self.end_logins_of(account, told);
                true
            }
        }
    }

    /// Ends every login. Their sockets stay open and hear nothing private any more.
    pub(crate) fn end_logins(&mut self, told: bool) {
        self.end_logins_of(None, told);
    }

    /// Ends the logins of one account, or of all.
    pub(crate) fn end_logins_of(&mut self, account: Option<&AccountId>, told: bool) {
        self.sockets.retain(|session| {
            let concerned = session.account.is_some() && (account.is_none() || session.account.as_ref() == account);
            if concerned {
                session.account = None;
            }
            !(concerned && told) || session.say(&login_ended(session.place))
        });
    }
}

impl Session {
    fn obey_unsubscribe(&mut self, arg: &Value) -> bool {
        if let Some(wish) = Wish::read(self.place, arg) {
            self.unsubscribe(&wish);
            return self.say(&json!({"event": "unsubscribe", "arg": wish.arg}));
        }
        self.say(&Wrong::NO_CHANNEL.body(self.place, "no such channel", Some("unsubscribe"), Some(arg)))
    }
}
