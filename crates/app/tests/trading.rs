//! `plimsoll run` with strategies, a process of its own, over two accounts at a venue in this one whose market is commanded.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use plimsoll_domain::{AccountId, Decimal, Price, Symbol, Timestamp};
use plimsoll_exchange::{Exchange, Tick, listings};
use plimsoll_ports::{Clock, SystemClock};
use plimsoll_venue_server::{BinanceVenue, RateLimits, Running, Settings};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// How long anything may take: the shortest candle lasts a minute.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the market has behind it when it is first asked.
const PAST_MINUTES: i64 = 30;

/// A venue with a market that goes on, and two accounts there.
struct Stage {
    venue: Arc<Running>,
    price: Arc<Mutex<Price>>,
    folder: TempDir,
    moving: tokio::task::JoinHandle<()>,
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn bitcoin() -> Symbol {
    "BTC/USDT:USDT".parse().unwrap()
}

impl Stage {
    /// The market has fallen for half an hour, from 60300 to 60000.
    async fn set(strategies: &str) -> Self {
        let now = SystemClock.now();
        let minutes_ago = |minutes: i64| Timestamp::from_millis(now.as_millis() - minutes * 60_000);
        let mut exchange = Exchange::new(minutes_ago(PAST_MINUTES + 1));
        exchange.list(listings::btc_usdt(), price("60300")).unwrap();
        for minutes in (1..=PAST_MINUTES).rev() {
            let fallen = Price::new(Decimal::from(60_000 + 10 * minutes)).unwrap();
            exchange.advance(&Tick::at(bitcoin(), minutes_ago(minutes), fallen)).unwrap();
        }
        // What takes hours elsewhere takes seconds here.
        let rate_limits = RateLimits { weight_per_minute: 1_000_000, ..RateLimits::default() };
        let venue = BinanceVenue::start(exchange, Settings { rate_limits, ..Settings::default() }).await;
        let (venue, price) = (Arc::new(venue.unwrap()), Arc::new(Mutex::new(price("60000"))));
        for account in ["main", "second"] {
            let (key, secret) = (format!("{account}-key"), format!("{account}-secret"));
            venue.open_account_with_passphrase(&AccountId::new(account), &key, secret.into(), "".into()).unwrap();
        }
        let moving = tokio::spawn(go_on(Arc::clone(&venue), Arc::clone(&price)));
        let stage = Self { venue, price, folder: tempfile::tempdir().unwrap(), moving };
        std::fs::write(stage.config(), stage.configuration() + strategies).unwrap();
        stage
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("plimsoll.toml")
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("records.db")
    }

    fn configuration(&self) -> String {
        let (folder, database) = (self.folder.path().display(), self.database());
        let mut text = format!(
            "database = \"sqlite:{}\"\nstate = \"{folder}/state\"\n\n[trading]\nwarm_up = \"20m\"\n\n\
             [intervals]\nreconcile = \"2s\"\n\n\
             [limits]\nmax_position = 1000000\nmax_position_share = \"1000 %\"\nmax_daily_loss = 1000000\n\
             max_daily_loss_share = \"100 %\"\nmax_drawdown = 1000000\nmax_leverage = 10\n\n",
            database.display()
        );
        for account in ["main", "second"] {
            let name = account.to_ascii_uppercase();
            text += &format!(
                "[accounts.{account}]\nvenue = \"binance\"\nenvironment = \"loopback\"\nrest_url = \"{}\"\n\
                 socket_url = \"{}\"\nkey_env = \"{name}_KEY\"\nsecret_env = \"{name}_SECRET\"\nweight_limit = 1000000\n\n",
                self.venue.rest_url(),
                self.venue.ws_url(),
            );
        }
        text
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.args(words).arg("--config").arg(self.config()).env_remove("DATABASE_URL");
        for account in ["main", "second"] {
            let name = account.to_ascii_uppercase();
            command.env(format!("{name}_KEY"), format!("{account}-key"));
            command.env(format!("{name}_SECRET"), format!("{account}-secret"));
        }
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    fn goes_to(&self, to: &str) {
        *self.price.lock().unwrap() = price(to);
    }

    /// What an account holds, and how many stops rest.
    fn held(&self, account: &str) -> (Decimal, usize) {
        let account = AccountId::new(account);
        self.venue.exchange(|exchange| {
            let held = exchange.positions(&account).into_iter().filter_map(|report| report.position);
            (held.map(|held| held.quantity.get()).sum(), exchange.open_conditionals(&account).len())
        })
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.moving.abort();
    }
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

/// The process, and what it tells.
struct Program {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    heard: Vec<String>,
}

impl Program {
    fn start(stage: &Stage, words: &[&str]) -> Self {
        let mut process = stage.command(words).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines, heard: Vec::new() }
    }

    async fn line(&mut self, holds: impl Fn(&str) -> bool) -> String {
        let heard = async {
            while let Some(line) = self.lines.next_line().await.unwrap() {
                self.heard.push(line.clone());
                if holds(&line) {
                    return Some(line);
                }
            }
            None
        };
        let found = tokio::time::timeout(PATIENCE, heard).await.ok().flatten();
        found.unwrap_or_else(|| panic!("it was not told, but\n{}", self.heard.join("\n")))
    }

    /// The next event of this name of which this holds.
    async fn until(&mut self, event: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let read = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        let is_it = |line: &str| read(line)["event"] == event && holds(&read(line));
        read(&self.line(is_it).await)
    }

    /// Asks it to read its configuration again.
    fn reread(&self) {
        let id = self.process.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    }

    async fn kill(mut self) -> Vec<String> {
        self.process.kill().await.unwrap();
        self.heard
    }

    /// Asks it to stop; everything that it ever told.
    async fn stop(mut self) -> Vec<String> {
        let id = self.process.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let rest = async {
            while let Some(line) = self.lines.next_line().await.unwrap() {
                self.heard.push(line);
            }
        };
        tokio::time::timeout(PATIENCE, rest).await.unwrap();
        let status = tokio::time::timeout(PATIENCE, self.process.wait()).await.unwrap().unwrap();
        assert!(status.success(), "{status}: {}", self.heard.join("\n"));
        self.heard
    }
}

const CROSS: &str = r#"
[strategies.cross]
kind = "ema_cross"
on = "main BTC/USDT:USDT"
[strategies.cross.settings]
interval = "1m"
fast = 2
slow = 5
long_only = true
size = { quantity = 0.01 }
stop = { fraction = 0.02 }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_strategy_trades_dies_with_its_process_and_goes_on_as_if_nothing_had_happened() {
    let stage = Stage::set(CROSS).await;
    let mut run = Program::start(&stage, &["run", "--json"]);
    let began = run.until("strategy_began", |_| true).await;
    assert_eq!(
        (&began["strategy"], &began["account"], &began["resumed"]),
        (&"cross".into(), &"main".into(), &Value::Null)
    );

    // Nobody else lets the same account be traded meanwhile.
    let Output { status, stderr, .. } = stage.command(&["run", "--json"]).output().await.unwrap();
    let said = String::from_utf8_lossy(&stderr).into_owned();
    assert_eq!(status.code(), Some(2), "{said}");
    assert!(said.contains("another process lets strategies trade account 'main' already"), "{said}");

    // The minute that runs closes above: the averages cross.
    stage.goes_to("61000");
    let decided = run.until("strategy_decided", |_| true).await;
    assert!(decided["reason"].as_str().unwrap().contains("has crossed above"), "{decided}");
    assert_eq!((&decided["legs"][0]["action"], &decided["legs"][0]["direction"]), (&"open".into(), &"long".into()));
    let filled = run.until("strategy_filled", |_| true).await;
    assert_eq!(
        (&filled["role"], &filled["side"], &filled["quantity"]),
        (&"entry".into(), &"buy".into(), &"0.01".into())
    );
    assert_eq!((&filled["account"], &filled["strategy"]), (&"main".into(), &"cross".into()), "{filled}");
    run.until("strategy_done", |_| true).await;
    assert_eq!((stage.held("main"), stage.held("second")), (("0.01".parse().unwrap(), 1), (Decimal::ZERO, 0)));
    let heard = run.kill().await;
    for line in &heard {
        let told: Value = serde_json::from_str(line).unwrap();
        assert!(told.as_object().unwrap().contains_key("account"), "{told}");
    }

    let mut again = Program::start(&stage, &["run", "--json"]);
    let resumed = again.until("strategy_began", |_| true).await;
    assert!(resumed["resumed"].is_string(), "{resumed}");
    again.until("pass", |it| it["account"] == "main" && it["positions"] == 1 && it["unprotected"] == 0).await;
    assert_eq!(stage.held("main"), ("0.01".parse().unwrap(), 1), "nothing was opened twice");

    // It is not taken out while it holds something, and nothing else of what is written takes effect then.
    let whole = std::fs::read_to_string(stage.config()).unwrap();
    std::fs::write(stage.config(), stage.configuration().replace("max_leverage = 10", "max_leverage = 9")).unwrap();
    again.reread();
    let refused = again.until("configuration_refused", |_| true).await;
    let said = "strategies.cross cannot be taken out while it holds something";
    assert!(
        refused["problems"].as_array().unwrap().iter().any(|it| it.as_str().unwrap().starts_with(said)),
        "{refused}"
    );

    // Other settings are taken up while it holds: it goes on by them, and holds what it held.
    std::fs::write(stage.config(), whole.replace("quantity = 0.01", "quantity = 0.02")).unwrap();
    again.reread();
    let changed = again.until("configuration_reread", |_| true).await;
    assert_eq!(changed["changed"][0]["setting"], "strategies.cross.settings.size", "{changed}");
    let seated = again.until("strategy_reseated", |_| true).await;
    assert_eq!(
        (&seated["strategy"], &seated["how"], &seated["why"]),
        (&"cross".into(), &"goes_on".into(), &Value::Null)
    );

    // Its stop is its own still.
    stage.goes_to("59000");
    let stopped = again.until("strategy_filled", |_| true).await;
    assert_eq!((&stopped["role"], &stopped["strategy"]), (&"stop_loss".into(), &"cross".into()), "{stopped}");
    assert_eq!((&stopped["quantity"], &stopped["position"]), (&"0.01".into(), &Value::Null), "{stopped}");
    assert_eq!(stage.held("main"), (Decimal::ZERO, 0));
    let told = again.stop().await;
    let ends: Vec<Value> = told.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |event: &str| ends.iter().filter(|it| it["event"] == event).count();
    assert_eq!(
        (of("stopped"), of("strategy_began"), of("strategy_decided"), of("strategy_foreign_fill")),
        (2, 1, 0, 0),
        "{}",
        told.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_names_its_account_where_there_are_several() {
    let stage = Stage::set("").await;
    let mut run = Program::start(&stage, &["run"]);
    for account in ["main", "second"] {
        let agree = format!("{account}: records and venue agree");
        if !run.heard.iter().any(|line| line.contains(&agree)) {
            run.line(|line| line.contains(&agree)).await;
        }
    }
    let told = run.stop().await;
    assert!(told.iter().all(|line| line.contains("main: ") || line.contains("second: ")), "{}", told.join("\n"));
    assert_eq!(
        told.iter().filter(|line| line.contains("stopped: left open: 0 positions")).count(),
        2,
        "{}",
        told.join("\n")
    );
    let mut one = Program::start(&stage, &["run", "--account", "second", "--json"]);
    let alone = one.until("reconciled", |_| true).await;
    assert_eq!(alone["account"], "second");
    assert!(one.stop().await.iter().all(|line| line.contains("\"account\":\"second\"")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strategy_over_two_accounts_needs_both_guarded() {
    let arbitrage =
        "[strategies.arb]\nkind = \"funding_arbitrage\"\non = \"main BTC/USDT:USDT, second BTC/USDT:USDT\"\n";
    let stage = Stage::set(arbitrage).await;
    let Output { status, stdout, stderr } = stage.command(&["run", "--account", "main"]).output().await.unwrap();
    let said = String::from_utf8_lossy(&stderr).into_owned();
    assert_eq!((status.code(), stdout.len()), (Some(2), 0), "{said}");
    assert!(
        said.contains("strategy 'arb' trades on 'main' and 'second', and 'second' would not be guarded here"),
        "{said}"
    );
    let mut run = Program::start(&stage, &["run", "--account", "main", "--no-strategies", "--json"]);
    run.until("reconciled", |_| true).await;
    run.stop().await;
    let mut run = Program::start(&stage, &["run", "--json"]);
    let began = run.until("strategy_began", |_| true).await;
    assert_eq!((&began["strategy"], &began["account"]), (&"arb".into(), &Value::Null), "{began}");
    run.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strategies_wait_for_a_database_that_is_away_while_accounts_are_guarded() {
    let stage = Stage::set(CROSS).await;
    // No file can be opened where a directory is.
    std::fs::create_dir(stage.database()).unwrap();
    let mut run = Program::start(&stage, &["run", "--json"]);
    let waits = run.until("strategy_trouble", |_| true).await;
    assert!(waits["error"].as_str().unwrap().starts_with("the database is away"), "{waits}");
    for account in ["main", "second"] {
        let is_seen = |line: &str| line.contains("\"pass\"") && line.contains(account);
        if !run.heard.iter().any(|line| is_seen(line)) {
            run.line(is_seen).await;
        }
    }
    std::fs::remove_dir(stage.database()).unwrap();
    run.until("strategy_began", |it| it["strategy"] == "cross").await;
    run.stop().await;
}
