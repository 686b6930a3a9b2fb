//! A venue in this process, and `plimsoll run` in one of its own with everybody who watches it.

use crate::receiver::{PATH, Receiver};
use crate::telegram::{TOKEN, Telegram};
use plimsoll_domain::{
    AccountId, ClientOrderId, Decimal, NewOrder, OrderKind, OrderSize, PositionSide, Price, Side, Symbol, Timestamp,
};
use plimsoll_exchange::{Exchange, Tick, listings};
use plimsoll_ports::{Clock, SystemClock};
use plimsoll_venue_server::{BinanceVenue, RateLimits, Running, Settings};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

const KEY: &str = "watched-key";
const SECRET: &str = "watched-secret";
/// Of the webhook.
const SIGNING: &str = "watched-signing";
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const ANA: i64 = 11;
pub(crate) const EVE: i64 = 66;

pub(crate) struct Scene {
    pub(crate) venue: Arc<Running>,
    pub(crate) telegram: Telegram,
    pub(crate) receiver: Receiver,
    account: AccountId,
    price: Arc<Mutex<Price>>,
    moving: tokio::task::JoinHandle<()>,
    process: Child,
    pub(crate) stdout: Heard,
    pub(crate) stderr: Heard,
    /// Where the API is.
    api: String,
    folder: TempDir,
}

/// The lines that were heard.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn of(source: impl AsyncRead + Send + Unpin + 'static) -> Self {
        let heard = Self::default();
        let (mut lines, into) = (BufReader::new(source).lines(), heard.clone());
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                into.0.lock().unwrap().push(line);
            }
        });
        heard
    }

    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }

    /// The lines that are JSON.
    pub(crate) fn json(&self) -> Vec<Value> {
        self.0.lock().unwrap().iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

fn bitcoin() -> Symbol {
    "BTC/USDT:USDT".parse().unwrap()
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

/// The market has stood at 60000 for ten minutes.
async fn venue(account: &AccountId) -> Arc<Running> {
    let now = SystemClock.now();
    let minutes_ago = |minutes: i64| Timestamp::from_millis(now.as_millis() - minutes * 60_000);
    let mut exchange = Exchange::new(minutes_ago(11));
    exchange.list(listings::btc_usdt(), price("60000")).unwrap();
    for minutes in (1..=10).rev() {
        exchange.advance(&Tick::at(bitcoin(), minutes_ago(minutes), price("60000"))).unwrap();
    }
    // What takes hours elsewhere takes seconds here.
    let rate_limits = RateLimits { weight_per_minute: 1_000_000, ..RateLimits::default() };
    let venue = BinanceVenue::start(exchange, Settings { rate_limits, ..Settings::default() }).await.unwrap();
    venue.open_account_with_passphrase(account, KEY, SECRET.into(), "".into()).unwrap();
    Arc::new(venue)
}

/// Time passes at the price of the moment.
async fn go_on(venue: Arc<Running>, price: Arc<Mutex<Price>>) {
    let mut beat = tokio::time::interval(Duration::from_millis(50));
    loop {
        beat.tick().await;
        let price = *price.lock().unwrap();
        // A wall clock that was set back makes the market wait.
        let _ = venue.advance([&Tick::at(bitcoin(), SystemClock.now(), price)]);
    }
}

impl Scene {
    /// Runs, and is served.
    pub(crate) async fn new() -> Self {
        let account = AccountId::new("main");
        let (venue, telegram, receiver) = (venue(&account).await, Telegram::new().await, Receiver::new().await);
        let price = Arc::new(Mutex::new(price("60000")));
        let moving = tokio::spawn(go_on(Arc::clone(&venue), Arc::clone(&price)));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(written(&folder), configuration(&folder, &venue, &telegram, &receiver)).unwrap();
        let (process, stdout, stderr) = begun(&folder, &receiver);
        let api = String::new();
        let mut it = Self { venue, telegram, receiver, account, price, moving, process, stdout, stderr, api, folder };
        it.is_served().await;
        it
    }

    async fn is_served(&mut self) {
        self.api = self.told("serving", |_| true).await["address"].as_str().unwrap().to_owned();
        self.told("stream_connected", |_| true).await;
    }

    /// Stops it, and begins it anew after something was changed in its folder.
    pub(crate) async fn again(mut self, change: impl AsyncFnOnce(&Path)) -> Self {
        self.end().await;
        change(self.folder.path()).await;
        (self.process, self.stdout, self.stderr) = begun(&self.folder, &self.receiver);
        self.is_served().await;
        self
    }

    /// Has it read its configuration again, with this in place of that.
    pub(crate) fn reread(&self, that: &str, this: &str) {
        let file = written(&self.folder);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(that), "{text}");
        std::fs::write(file, text.replace(that, this)).unwrap();
        self.signal("-HUP");
    }

    fn signal(&self, signal: &str) {
        let id = self.process.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    async fn end(&mut self) {
        self.signal("-TERM");
        let status = tokio::time::timeout(PATIENCE, self.process.wait()).await.unwrap().unwrap();
        assert!(status.success(), "{status}: {}", self.stderr.text());
    }

    /// What `run` tells of this name, of which this holds.
    pub(crate) async fn told(&self, event: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let find = || self.stdout.json().into_iter().find(|it| it["event"] == event && holds(it));
        self.until(event, || async { find() }).await
    }

    /// Asks until there is an answer.
    pub(crate) async fn until<T, F: Future<Output = Option<T>>>(&self, what: &str, ask: impl Fn() -> F) -> T {
        let asking = async {
            loop {
                if let Some(answer) = ask().await {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let answer = tokio::time::timeout(PATIENCE, asking).await;
        answer.unwrap_or_else(|_| panic!("no {what}, but {}", self.stdout.text()))
    }

    /// Asks the API.
    pub(crate) async fn get(&self, path: &str) -> String {
        let host = self.api.strip_prefix("http://").unwrap();
        let mut socket = TcpStream::connect(host).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
        assert!(!head.to_ascii_lowercase().contains("transfer-encoding"), "the body is whole: {head}");
        body.to_owned()
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(path).await).unwrap()
    }

    /// Somebody buys by hand, and it is adopted: there is no stop.
    pub(crate) async fn bought_by_hand(&self) {
        let order = NewOrder {
            client_order_id: ClientOrderId::reported("hand-1"),
            symbol: bitcoin(),
            side: Side::Buy,
            position_side: PositionSide::Both,
            kind: OrderKind::Market,
            size: OrderSize::Quantity("0.02".parse().unwrap()),
            reduce_only: false,
        };
        self.told("contract_set", |_| true).await;
        self.venue.exchange(|exchange| exchange.place(&self.account, &order)).unwrap();
        self.told("position_opened", |_| true).await;
    }

    /// The price goes to where what is held is nearly liquidated; answers what was forced, as the records have it.
    pub(crate) async fn forced(&self) -> Value {
        let held = self.venue.exchange(|exchange| exchange.positions(&self.account));
        let liquidation = held.into_iter().find_map(|report| report.liquidation_price).expect("it can be liquidated");
        *self.price.lock().unwrap() = Price::new(liquidation.get().round_dp(0) + Decimal::from(20)).unwrap();
        let of_records = || async {
            let risk = self.json("/api/risk").await;
            let events = risk["accounts"][0]["events"].as_array().unwrap().clone();
            events.into_iter().find(|it| it["kind"] == "margin_thin" && it["action"] == "reduced")
        };
        let forced = self.until("forced action", of_records).await;
        *self.price.lock().unwrap() = price("60000");
        forced
    }

    /// Somebody writes to the bot.
    pub(crate) fn write(&self, user: i64, text: &str) {
        let date = SystemClock.now().as_millis() / 1000;
        self.telegram.tell(serde_json::json!({ "message": {
            "message_id": 900, "date": date, "chat": { "id": user, "type": "private" },
            "from": { "id": user, "is_bot": false, "first_name": "x" }, "text": text } }));
    }

    /// Stops it cleanly, and answers everything that it has said.
    pub(crate) async fn stop(mut self) -> String {
        self.end().await;
        let said = self.stdout.text() + "\n" + &self.stderr.text();
        self.moving.abort();
        for secret in [TOKEN, PATH, SECRET, SIGNING] {
            assert!(!said.contains(secret), "{secret} was told");
        }
        said
    }
}

fn written(folder: &TempDir) -> PathBuf {
    folder.path().join("plimsoll.toml")
}

/// `plimsoll run` with what is written in this folder, and what it says.
fn begun(folder: &TempDir, receiver: &Receiver) -> (Child, Heard, Heard) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["run", "--json", "--config"])
        .arg(written(folder))
        .env_remove("DATABASE_URL")
        .env("WATCHED_KEY", KEY)
        .env("WATCHED_SECRET", SECRET)
        .env("WATCHED_TOKEN", TOKEN)
        .env("WATCHED_URL", format!("http://{}/{PATH}/beat", receiver.address))
        .env("WATCHED_SIGNING", SIGNING)
        // Whatever the libraries below tell is heard too.
        .env("PLIMSOLL_LOG", "trace")
        .env("PLIMSOLL_LOG_FORMAT", "json")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let (stdout, stderr) = (process.stdout.take().unwrap(), process.stderr.take().unwrap());
    (process, Heard::of(stdout), Heard::of(stderr))
}

/// What a backtest of the strategy would have written.
pub(crate) const EXPECTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/expectation/ema_cross_by_default.json");

fn configuration(folder: &TempDir, venue: &Running, telegram: &Telegram, receiver: &Receiver) -> String {
    let (folder, rest, sockets) = (folder.path().display(), venue.rest_url(), venue.ws_url());
    let (bot, alerts) = (telegram.address, receiver.address);
    format!(
        r#"database = "sqlite:{folder}/records.db"
state = "{folder}/state"

[trading]
warm_up = "5m"

[limits]
max_position = 1000000
max_position_share = "1000 %"
max_daily_loss = 1000000
max_daily_loss_share = "100 %"
max_drawdown = 1000000
max_leverage = 10

[intervals]
monitor = "1s"
audit = "2s"
reconcile = "2s"

[accounts.main]
venue = "binance"
environment = "loopback"
rest_url = "{rest}"
socket_url = "{sockets}"
key_env = "WATCHED_KEY"
secret_env = "WATCHED_SECRET"
leverage = 10
weight_limit = 1000000

[strategies.patient]
kind = "ema_cross"
on = "main BTC/USDT:USDT"
expectation = "{EXPECTED}"

[api]
listen = "127.0.0.1:0"

[telegram]
token_env = "WATCHED_TOKEN"
chats = "{ANA}"
users = "{ANA}"
address = "http://{bot}"

[webhook]
url = "http://{alerts}/{PATH}/alerts"
secret_env = "WATCHED_SIGNING"

[heartbeat]
url_env = "WATCHED_URL"
every = "200ms"
"#
    )
}
