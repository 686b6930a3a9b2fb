//! A Bot API on loopback, which is as strict as Telegram's about what it is sent.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub(crate) const TOKEN: &str = "424242:AAF-not-to-be-told-anywhere_0123456789";

#[derive(Clone)]
pub(crate) struct Telegram {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<Inside>>,
    /// Every call that was answered well, oldest first.
    pub(crate) calls: watch::Sender<Vec<Call>>,
    /// Changes when there is something new.
    news: watch::Sender<u64>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) with: Value,
    /// The number of the message that was sent.
    pub(crate) message: i64,
}

#[derive(Default)]
struct Inside {
    updates: VecDeque<Value>,
    strays: Vec<Value>,
    last_update: i64,
    /// What each message says.
    messages: HashMap<(i64, i64), (Value, Value)>,
    last_message: i64,
    /// What the next calls of a method are answered instead.
    faults: VecDeque<(String, Value)>,
    is_away: bool,
    attempts: HashMap<String, usize>,
}

impl Call {
    pub(crate) fn text(&self) -> &str {
        self.with["text"].as_str().unwrap_or_default()
    }

    pub(crate) fn chat(&self) -> i64 {
        self.with["chat_id"].as_i64().unwrap()
    }

    /// What the buttons below it send: words and data.
    pub(crate) fn buttons(&self) -> Vec<(String, String)> {
        let rows = self.with["reply_markup"]["inline_keyboard"].as_array().cloned().unwrap_or_default();
        let all = rows.iter().flat_map(|row| row.as_array().unwrap());
        let text = |it: &Value, name: &str| it[name].as_str().unwrap().to_owned();
        all.map(|it| (text(it, "text"), text(it, "callback_data"))).collect()
    }
}

impl Telegram {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let telegram = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::default(),
            calls: watch::Sender::new(Vec::new()),
            news: watch::Sender::new(0),
        };
        let router = Router::new().route("/{bot}/{method}", axum::routing::post(answer)).with_state(telegram.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        telegram
    }

    /// Something happened: an update without its number, which it gets. Answers that.
    pub(crate) fn tell(&self, mut update: Value) -> i64 {
        let number = {
            let mut inside = self.state.lock().unwrap();
            inside.last_update += 1;
            let number = inside.last_update;
            if update.get("update_id").is_none() {
                update["update_id"] = json!(number);
            }
            inside.updates.push_back(update);
            number
        };
        self.news.send_modify(|it| *it += 1);
        number
    }

    /// Something that is told once, whatever was taken: it may be no update at all, or one of before.
    pub(crate) fn tell_raw(&self, update: Value) {
        self.state.lock().unwrap().strays.push(update);
        self.news.send_modify(|it| *it += 1);
    }

    /// The next call of this method is answered so.
    pub(crate) fn fail(&self, method: &str, answer: Value) {
        self.state.lock().unwrap().faults.push_back((method.to_owned(), answer));
    }

    pub(crate) fn away(&self, is_away: bool) {
        self.state.lock().unwrap().is_away = is_away;
        // Whoever waits for news is cut off.
        self.news.send_modify(|it| *it += 1);
    }

    pub(crate) fn attempts(&self, method: &str) -> usize {
        self.state.lock().unwrap().attempts.get(method).copied().unwrap_or_default()
    }

    /// How many updates were not yet said to be taken.
    pub(crate) fn untaken(&self) -> usize {
        self.state.lock().unwrap().updates.len()
    }

    pub(crate) fn all(&self, method: &str) -> Vec<Call> {
        self.calls.borrow().iter().filter(|it| it.method == method).cloned().collect()
    }

    pub(crate) fn said(&self) -> Vec<String> {
        self.all("sendMessage").iter().map(|it| it.text().to_owned()).collect()
    }

    /// The first call from this one on that is so.
    pub(crate) async fn until(&self, from: usize, is_so: impl Fn(&Call) -> bool) -> Call {
        let mut calls = self.calls.subscribe();
        let found = calls.wait_for(|all| all.iter().skip(from).any(&is_so));
        let found = tokio::time::timeout(Duration::from_secs(10), found).await;
        let Ok(Ok(all)) = found else { panic!("it came about in time: {:#?}", self.calls.borrow()) };
        all.iter().skip(from).find(|it| is_so(it)).cloned().unwrap()
    }

    async fn news(&self, with: &Value) -> Value {
        let mut news = self.news.subscribe();
        loop {
            news.mark_unchanged();
            {
                let mut inside = self.state.lock().unwrap();
                if inside.is_away {
                    return refusal(502, "Bad Gateway");
                }
                if let Some(offset) = with["offset"].as_i64() {
                    inside.updates.retain(|it| it["update_id"].as_i64().unwrap() >= offset);
                }
                let has_news = !inside.updates.is_empty() || !inside.strays.is_empty();
                if has_news || with["timeout"] == json!(0) {
                    let mut updates = std::mem::take(&mut inside.strays);
                    updates.extend(inside.updates.iter().cloned());
                    return json!({ "ok": true, "result": updates });
                }
            }
            news.changed().await.unwrap();
        }
    }

    fn send(&self, with: &Value) -> Result<(i64, Value), Value> {
        check(with)?;
        let mut inside = self.state.lock().unwrap();
        inside.last_message += 1;
        let number = inside.last_message;
        let chat = with["chat_id"].as_i64().ok_or_else(|| refusal(400, "Bad Request: chat not found"))?;
        inside.messages.insert((chat, number), (with["text"].clone(), with["reply_markup"].clone()));
        Ok((number, json!({ "message_id": number, "date": 0, "chat": { "id": chat, "type": "private" } })))
    }

    fn edit(&self, with: &Value) -> Result<(i64, Value), Value> {
        check(with)?;
        let mut inside = self.state.lock().unwrap();
        let key = (with["chat_id"].as_i64().unwrap(), with["message_id"].as_i64().unwrap());
        let now = (with["text"].clone(), with["reply_markup"].clone());
        match inside.messages.get_mut(&key) {
            None => Err(refusal(400, "Bad Request: message to edit not found")),
            Some(before) if *before == now => Err(refusal(400, "Bad Request: message is not modified")),
            Some(before) => {
                *before = now;
                Ok((key.1, json!({ "message_id": key.1, "date": 0, "chat": { "id": key.0 } })))
            }
        }
    }
}

pub(crate) fn refusal(code: u16, description: &str) -> Value {
    json!({ "ok": false, "error_code": code, "description": description })
}

/// A text that Telegram would take.
fn check(with: &Value) -> Result<(), Value> {
    let text = with["text"].as_str().unwrap_or_default();
    if text.trim().is_empty() {
        return Err(refusal(400, "Bad Request: message text is empty"));
    }
    if text.encode_utf16().count() > 4096 {
        return Err(refusal(400, "Bad Request: message is too long"));
    }
    let mut plain = text.replace("<b>", "").replace("</b>", "");
    for entity in ["&amp;", "&lt;", "&gt;"] {
        plain = plain.replace(entity, "");
    }
    if with["parse_mode"] != "HTML" || plain.contains(['<', '>', '&']) {
        return Err(refusal(400, "Bad Request: can't parse entities"));
    }
    let rows = with["reply_markup"]["inline_keyboard"].as_array().cloned().unwrap_or_default();
    let too_long = |it: &Value| !(1..=64).contains(&it["callback_data"].as_str().unwrap().len());
    if rows.iter().flat_map(|row| row.as_array().unwrap()).any(too_long) {
        return Err(refusal(400, "Bad Request: BUTTON_DATA_INVALID"));
    }
    Ok(())
}

async fn answer(
    State(telegram): State<Telegram>,
    Path((bot, method)): Path<(String, String)>,
    body: String,
) -> (StatusCode, String) {
    if bot != format!("bot{TOKEN}") {
        return (StatusCode::UNAUTHORIZED, refusal(401, "Unauthorized").to_string());
    }
    let with: Value = serde_json::from_str(&body).unwrap();
    let fault = {
        let mut inside = telegram.state.lock().unwrap();
        *inside.attempts.entry(method.clone()).or_default() += 1;
        let place = inside.faults.iter().position(|(of, _)| *of == method);
        match place.and_then(|place| inside.faults.remove(place)) {
            Some((_, answer)) => Some(answer),
            None => inside.is_away.then(|| refusal(502, "Bad Gateway")),
        }
    };
    let answered = match (fault, method.as_str()) {
        (Some(fault), _) => Err(fault),
        (None, "getMe") => Ok((0, json!({ "id": 424242, "is_bot": true, "username": "plimsoll_bot" }))),
        (None, "getUpdates") => {
            let news = telegram.news(&with).await;
            if news["ok"] == json!(true) { Ok((0, news["result"].clone())) } else { Err(news) }
        }
        (None, "sendMessage") => telegram.send(&with),
        (None, "editMessageText") => telegram.edit(&with),
        (None, "answerCallbackQuery" | "setMyCommands") => Ok((0, json!(true))),
        _ => Err(refusal(404, "Not Found")),
    };
    match answered {
        Ok((message, result)) => {
            telegram.calls.send_modify(|all| all.push(Call { method, with, message }));
            (StatusCode::OK, json!({ "ok": true, "result": result }).to_string())
        }
        Err(refusal) => {
            let code = refusal["error_code"].as_u64().unwrap_or(502);
            (StatusCode::from_u16(u16::try_from(code).unwrap()).unwrap(), refusal.to_string())
        }
    }
}
