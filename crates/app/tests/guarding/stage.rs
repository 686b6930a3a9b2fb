//! A venue with a market that goes on in this process, and `plimsoll run` beside it.

use plimsoll_domain::{
    AccountId, ClientOrderId, Decimal, Instrument, NewOrder, OrderKind, OrderSize, PositionSide, Price, Side, Symbol,
};
use plimsoll_exchange::{Exchange, Tick, listings};
use plimsoll_ports::{Clock, SystemClock};
use plimsoll_venue_server::{BinanceVenue, BitgetVenue, GateioVenue, RateLimits, Running, Settings};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

const KEY: &str = "guard-key";
const SECRET: &str = "guard-secret";
const PASSPHRASE: &str = "guard-phrase";

/// How long anything may take; the clock would let it look after two hours.
const PATIENCE: Duration = Duration::from_secs(60);

/// A venue with a market that goes on, and the configuration of an account there.
pub(crate) struct Stage {
    pub(crate) venue: Arc<Running>,
    pub(crate) account: AccountId,
    pub(crate) bitcoin: Instrument,
    pub(crate) price: Arc<Mutex<Price>>,
    pub(crate) folder: TempDir,
    moving: tokio::task::JoinHandle<()>,
}

impl Stage {
    pub(crate) async fn set(wire: &str) -> Self {
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

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("plimsoll.toml")
    }

    pub(crate) fn configuration(&self, wire: &str) -> String {
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

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Self::unnamed(words);
        command.arg("--config").arg(self.config());
        command
    }

    /// The same where no file is named: it is looked for here, and then in this home.
    pub(crate) fn command_at(&self, home: &Path, words: &[&str]) -> Command {
        let mut command = Self::unnamed(words);
        command.current_dir(self.folder.path()).env("HOME", home);
        ["PLIMSOLL_CONFIG", "XDG_CONFIG_HOME", "XDG_STATE_HOME"].into_iter().for_each(|name| {
            command.env_remove(name);
        });
        command
    }

    fn unnamed(words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.args(words).arg("--json").env_remove("DATABASE_URL");
        command.env("GUARD_KEY", KEY).env("GUARD_SECRET", SECRET).env("GUARD_PASSPHRASE", PASSPHRASE);
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// A verb of another process.
    pub(crate) async fn verb(&self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let Output { status, stderr, .. } = self.command(&words).output().await.unwrap();
        assert!(status.success(), "{line}: {}", String::from_utf8_lossy(&stderr));
    }

    /// An order that nobody here has sent.
    pub(crate) fn by_hand(&self, id: &str, side: Side) {
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
    pub(crate) fn stops(&self) -> Vec<ClientOrderId> {
        let open = self.venue.exchange(|exchange| exchange.open_conditionals(&self.account));
        open.into_iter().map(|it| it.order.client_order_id).collect()
    }

    pub(crate) fn held(&self) -> Option<Decimal> {
        let held = self.venue.exchange(|exchange| exchange.positions(&self.account));
        held.into_iter().find_map(|report| report.position).map(|held| held.quantity.get())
    }

    /// The price goes to where what is held is nearly liquidated.
    pub(crate) fn jump_to_thin_margin(&self) {
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

pub(crate) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

/// The process, and what it tells.
pub(crate) struct Guard {
    pub(crate) process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    complaints: Lines<BufReader<ChildStderr>>,
    pub(crate) heard: Vec<Value>,
}

impl Guard {
    pub(crate) fn start(stage: &Stage) -> Self {
        Self::begun(stage.command(&["run"]))
    }

    pub(crate) fn begun(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let complaints = BufReader::new(process.stderr.take().unwrap()).lines();
        Self { process, lines, complaints, heard: Vec::new() }
    }

    /// The next event of this name of which this holds.
    pub(crate) async fn until(&mut self, event: &str, holds: impl Fn(&Value) -> bool) -> Value {
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

    /// Waits until this is said on stderr.
    pub(crate) async fn complains(&mut self, of: &str) {
        let heard = async {
            while let Some(line) = self.complaints.next_line().await.unwrap() {
                if line.contains(of) {
                    return true;
                }
            }
            false
        };
        assert!(tokio::time::timeout(PATIENCE, heard).await.is_ok_and(|heard| heard), "nobody complains of {of}");
    }

    /// An event of this name, if it was not told already since the last [`forget`](Self::forget).
    pub(crate) async fn told(&mut self, event: &str) {
        if !self.heard.iter().any(|it| it["event"] == event) {
            self.until(event, |_| true).await;
        }
    }

    pub(crate) fn forget(&mut self) {
        self.heard.clear();
    }

    pub(crate) async fn woken(&mut self, why: &[&str]) {
        let is_one = |it: &Value| why.iter().any(|why| it["why"] == *why);
        self.until("woken", |it| it["why"].as_array().unwrap().iter().any(is_one)).await;
    }

    pub(crate) async fn stop(mut self) {
        let id = self.process.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.until("stopped", |_| true).await;
        let status = tokio::time::timeout(PATIENCE, self.process.wait()).await.unwrap().unwrap();
        assert!(status.success(), "{status}");
    }
}
