//! `plimsoll run`, a process of its own, at a venue in this one. It looks by the clock every two hours: whatever it notices
//! sooner, the account's stream has told it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use plimsoll_domain::{
    AccountId, ClientOrderId, Decimal, Instrument, NewOrder, OrderKind, OrderSize, PositionSide, Price, Side, Symbol,
};
use plimsoll_exchange::{Exchange, OrderRef, Tick, listings};
use plimsoll_ports::{Clock, SystemClock};
use plimsoll_venue_server::{BinanceVenue, BitgetVenue, Fault, GateioVenue, RateLimits, Running, Settings};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

const KEY: &str = "guard-key";
const SECRET: &str = "guard-secret";
const PASSPHRASE: &str = "guard-phrase";

/// How long anything may take; the clock would let it look after two hours.
const PATIENCE: Duration = Duration::from_secs(60);

/// A venue with a market that goes on, and the configuration of an account there.
struct Stage {
    venue: Arc<Running>,
    account: AccountId,
    bitcoin: Instrument,
    price: Arc<Mutex<Price>>,
    folder: TempDir,
    moving: tokio::task::JoinHandle<()>,
}

impl Stage {
    async fn set(wire: &str) -> Self {
        let bitcoin = match wire {
            "gateio" => listings::gateio::btc_usdt(),
            "bitget" => listings::bitget::btc_usdt(),
            _ => listings::btc_usdt(),
        };
        let mut exchange = Exchange::new(SystemClock.now());
        exchange.list(bitcoin.clone(), price("60000")).unwrap();
        let venue = match wire {
            "gateio" => GateioVenue::start(exchange, Settings::default()).await,
            "bitget" => BitgetVenue::start(exchange, Settings::default()).await,
            // What takes hours elsewhere takes seconds here: three processes start, and each reads everything.
            _ => {
                let rate_limits = RateLimits { weight_per_minute: 1_000_000, ..RateLimits::default() };
                BinanceVenue::start(exchange, Settings { rate_limits, ..Settings::default() }).await
            }
        };
        let (venue, account) = (Arc::new(venue.unwrap()), AccountId::new("main"));
        venue.open_account_with_passphrase(&account, KEY, SECRET.into(), PASSPHRASE.into()).unwrap();
        let price = Arc::new(Mutex::new(price("60000")));
        let moving = tokio::spawn(go_on(Arc::clone(&venue), bitcoin.symbol.clone(), Arc::clone(&price)));
        let stage = Self { venue, account, bitcoin, price, folder: tempfile::tempdir().unwrap(), moving };
        std::fs::write(stage.config(), stage.configuration(wire)).unwrap();
        stage
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("plimsoll.toml")
    }

    fn configuration(&self, wire: &str) -> String {
        let folder = self.folder.path().display();
        let own = match wire {
            "bitget" => "passphrase_env = \"GUARD_PASSPHRASE\"\n",
            "binance" => "weight_limit = 1000000\n",
            _ => "",
        };
        format!(
            "database = \"sqlite:{folder}/records.db\"\nstate = \"{folder}/state\"\n\n\
             [limits]\nmax_position = 1000000\nmax_position_share = \"1000 %\"\nmax_daily_loss = 1000000\n\
             max_daily_loss_share = \"100 %\"\nmax_drawdown = 1000000\nmax_leverage = 10\n\n\
             [intervals]\nmonitor = \"2h\"\naudit = \"2h\"\nreconcile = \"2h\"\n\n\
             [accounts.main]\nvenue = \"{wire}\"\nenvironment = \"loopback\"\nleverage = 10\n\
             rest_url = \"{}\"\nsocket_url = \"{}\"\nkey_env = \"GUARD_KEY\"\nsecret_env = \"GUARD_SECRET\"\n{own}",
            self.venue.rest_url(),
            self.venue.ws_url(),
        )
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.args(words).args(["--json", "--config"]).arg(self.config()).env_remove("DATABASE_URL");
        command.env("GUARD_KEY", KEY).env("GUARD_SECRET", SECRET).env("GUARD_PASSPHRASE", PASSPHRASE);
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// A verb of another process.
    async fn verb(&self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let Output { status, stderr, .. } = self.command(&words).output().await.unwrap();
        assert!(status.success(), "{line}: {}", String::from_utf8_lossy(&stderr));
    }

    /// An order that nobody here has sent.
    fn by_hand(&self, id: &str, side: Side) {
        let order = NewOrder {
            client_order_id: ClientOrderId::reported(id),
            symbol: self.bitcoin.symbol.clone(),
            side,
            position_side: PositionSide::Both,
            kind: OrderKind::Market,
            size: OrderSize::Quantity("0.02".parse().unwrap()),
            reduce_only: false,
        };
        self.venue.exchange(|exchange| exchange.place(&self.account, &order)).unwrap();
    }

    /// What rests as conditional orders.
    fn stops(&self) -> Vec<ClientOrderId> {
        let open = self.venue.exchange(|exchange| exchange.open_conditionals(&self.account));
        open.into_iter().map(|it| it.order.client_order_id).collect()
    }

    fn held(&self) -> Option<Decimal> {
        let held = self.venue.exchange(|exchange| exchange.positions(&self.account));
        held.into_iter().find_map(|report| report.position).map(|held| held.quantity.get())
    }

    /// The price goes to where what is held is nearly liquidated.
    fn jump_to_thin_margin(&self) {
        let held = self.venue.exchange(|exchange| exchange.positions(&self.account));
        let liquidation = held.into_iter().find_map(|report| report.liquidation_price).expect("it can be liquidated");
        *self.price.lock().unwrap() = Price::new(liquidation.get().round_dp(0) + Decimal::from(20)).unwrap();
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.moving.abort();
    }
}

/// Time passes at the price of the moment.
async fn go_on(venue: Arc<Running>, symbol: Symbol, price: Arc<Mutex<Price>>) {
    let mut beat = tokio::time::interval(Duration::from_millis(50));
    loop {
        beat.tick().await;
        let price = *price.lock().unwrap();
        // A wall clock that was set back makes the market wait.
        let _ = venue.advance([&Tick::at(symbol.clone(), SystemClock.now(), price)]);
    }
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

/// The process, and what it tells.
struct Guard {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    heard: Vec<Value>,
}

impl Guard {
    fn start(stage: &Stage) -> Self {
        let mut process = stage.command(&["run"]).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines, heard: Vec::new() }
    }

    /// The next event of this name of which this holds.
    async fn until(&mut self, event: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let heard = async {
            while let Some(line) = self.lines.next_line().await.unwrap() {
                let told: Value = serde_json::from_str(&line).unwrap();
                self.heard.push(told.clone());
                if told["event"] == event && holds(&told) {
                    return Some(told);
                }
            }
            None
        };
        let found = tokio::time::timeout(PATIENCE, heard).await.ok().flatten();
        found.unwrap_or_else(|| panic!("no {event}, but {}", Value::from(self.heard.clone())))
    }

    /// An event of this name, if it was not told already since the last [`forget`](Self::forget).
    async fn told(&mut self, event: &str) {
        if !self.heard.iter().any(|it| it["event"] == event) {
            self.until(event, |_| true).await;
        }
    }

    fn forget(&mut self) {
        self.heard.clear();
    }

    async fn woken(&mut self, why: &[&str]) {
        let is_one = |it: &Value| why.iter().any(|why| it["why"] == *why);
        self.until("woken", |it| it["why"].as_array().unwrap().iter().any(is_one)).await;
    }

    async fn stop(mut self) {
        let id = self.process.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.until("stopped", |_| true).await;
        let status = tokio::time::timeout(PATIENCE, self.process.wait()).await.unwrap().unwrap();
        assert!(status.success(), "{status}");
    }
}

async fn everything_is_noticed_at_once(wire: &str) {
    let stage = Stage::set(wire).await;
    let mut guard = Guard::start(&stage);
    guard.until("stream_connected", |_| true).await;
    let set = guard.until("contract_set", |_| true).await;
    assert_eq!((&set["margin_mode"], &set["leverage"]), (&"isolated".into(), &10.into()), "{set}");

    // Another process opens: the stream tells, and nobody is alarmed.
    stage.verb("open BTC/USDT:USDT --side long --quantity 0.02 --leverage 10 --stop 58000 --yes").await;
    guard.until("position_opened", |it| it["quantity"] == "0.02").await;

    // Its stop is cancelled by hand, and placed again.
    let [stop] = <[ClientOrderId; 1]>::try_from(stage.stops()).unwrap();
    let cancel = OrderRef::Client(stop.clone());
    stage.venue.exchange(|exchange| exchange.cancel_conditional(&stage.account, &cancel)).unwrap();
    guard.woken(&["stop_gone"]).await;
    guard.until("pass", |it| it["unprotected"] == 1).await;
    let is_restored = |it: &Value| it["findings"].as_array().unwrap().iter().any(|it| it["kind"] == "restored");
    guard.until("reconciled", is_restored).await;
    assert!(matches!(stage.stops().as_slice(), [again] if *again != stop));
    stage.verb("close BTC/USDT:USDT --yes").await;
    guard.until("position_closed", |_| true).await;

    // A position is made by hand, and adopted.
    guard.forget();
    stage.by_hand("hand-1", Side::Buy);
    guard.woken(&["position_opened", "traded_elsewhere"]).await;
    guard.until("pass", |it| it["positions"] == 1).await;
    let is_adopted = |it: &Value| it["findings"].as_array().unwrap().iter().any(|it| it["kind"] == "adopted");
    guard.until("reconciled", is_adopted).await;

    // The market falls to where margin is thin.
    guard.told("marks_flow").await;
    stage.jump_to_thin_margin();
    let warned = guard.until("liquidation_warning", |_| true).await;
    assert!(warned["level"] == "high_usage" || warned["level"] == "warning", "{warned}");
    guard.woken(&["thin_margin", "position_margin_ratio", "liquidation_warning", "margin_call"]).await;
    // The look that defends it may come before the last of these reasons.
    let is_defended = |it: &Value| it["event"] == "pass" && it["action"] == "defended";
    if !guard.heard.iter().any(is_defended) {
        guard.until("pass", is_defended).await;
    }
    // As much as restores the target: what is left keeps the margin of the whole, and is calm while the price stays there.
    let kept = stage.held().unwrap();
    assert!(kept > Decimal::ZERO && kept < Decimal::new(2, 2), "{kept}");
    *stage.price.lock().unwrap() = price("60000");

    // The stream is cut, and comes back: what happened meanwhile is looked at.
    stage.venue.inject(Fault::Refuse.always());
    stage.venue.disconnect_private_sockets();
    guard.until("stream_disconnected", |_| true).await;
    stage.by_hand("hand-2", Side::Buy);
    stage.venue.call_off(Fault::Refuse);
    let gap = guard.until("gap_closed", |_| true).await;
    assert!(gap["length_ms"].as_u64().is_some() && gap["reason"].is_string(), "{gap}");
    guard.woken(&["position_changed", "traded_elsewhere"]).await;
    guard.until("pass", |it| it["positions"] == 1).await;
    let left = stage.held().unwrap() - Decimal::new(2, 2);
    assert_eq!(left, kept, "what was bought by hand stays whole");

    // It guards on.
    stage.by_hand("hand-3", Side::Buy);
    guard.woken(&["position_changed", "traded_elsewhere"]).await;
    guard.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_noticed_at_once_at_binance() {
    everything_is_noticed_at_once("binance").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_noticed_at_once_at_gateio() {
    everything_is_noticed_at_once("gateio").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_noticed_at_once_at_bitget() {
    everything_is_noticed_at_once("bitget").await;
}
