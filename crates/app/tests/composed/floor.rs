//! A venue in this process, whose price goes where a test wants it, and the command in processes of its own.

use crate::stage::{self, answer};
use plimsoll_domain::{AccountId, Order, Position, Price, Symbol};
use plimsoll_exchange::{Exchange, Tick, listings};
use plimsoll_ports::{Clock, SystemClock};
use plimsoll_venue_server::{BinanceVenue, RateLimits, Running, Settings};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) const BTC: &str = "BTC/USDT:USDT";

const KEYS: [(&str, &str); 2] = [("STAGE_KEY", "floor-key"), ("STAGE_SECRET", "floor-secret")];

/// Nothing here takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A venue at 60,000, an account there, and a folder for the records.
pub(crate) struct Floor {
    venue: Running,
    _runtime: Runtime,
    account: AccountId,
    symbol: Symbol,
    config: PathBuf,
    _folder: TempDir,
}

impl Floor {
    pub(crate) fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let instrument = listings::btc_usdt();
        let symbol = instrument.symbol.clone();
        let mut exchange = Exchange::new(SystemClock.now());
        exchange.list(instrument, "60000".parse().unwrap()).unwrap();
        // What a person asks for in an hour is asked for here in seconds.
        let rate_limits = RateLimits {
            weight_per_minute: 10_000_000,
            orders_per_minute: 1_000_000,
            orders_per_ten_seconds: 1_000_000,
            funding_per_five_minutes: 1_000_000,
            ..RateLimits::default()
        };
        let settings = Settings { rate_limits, ..Settings::default() };
        let venue = runtime.block_on(BinanceVenue::start(exchange, settings)).unwrap();
        let account = AccountId::new("main");
        venue.open_account(&account, KEYS[0].1, KEYS[1].1.into()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite:{}", folder.path().join("records.db").display());
        let (rest, socket) = (venue.rest_url(), venue.ws_url());
        let config = stage::configuration(folder.path(), &database, &[("main", "binance", &rest, &socket)]);
        let more = "weight_limit = 1000000\n\n[intervals]\nmonitor = \"200ms\"\naudit = \"500ms\"\n";
        let text = std::fs::read_to_string(&config).unwrap() + more;
        std::fs::write(&config, text).unwrap();
        let floor = Self { venue, _runtime: runtime, account, symbol, config, _folder: folder };
        floor.price("60000");
        floor
    }

    /// The market goes there.
    pub(crate) fn price(&self, price: &str) {
        let tick = Tick::at(self.symbol.clone(), SystemClock.now(), price.parse().unwrap());
        self.venue.advance([&tick]).unwrap();
    }

    pub(crate) fn held(&self) -> Option<Position> {
        self.venue.exchange(|exchange| exchange.positions(&self.account)).iter().find_map(|it| it.position)
    }

    /// How much is held, as a decimal.
    pub(crate) fn size(&self) -> String {
        self.held().map_or_else(|| "0".to_owned(), |held| held.quantity.to_string())
    }

    /// What rests, and what waits for its trigger.
    pub(crate) fn open(&self) -> Vec<Order> {
        self.venue.exchange(|exchange| {
            let waiting = exchange.open_conditionals(&self.account).into_iter().map(|it| it.order);
            exchange.open_orders(&self.account).into_iter().map(|it| it.order).chain(waiting).collect()
        })
    }

    /// The triggers of what waits for one, the lowest first.
    pub(crate) fn triggers(&self) -> Vec<Price> {
        let mut triggers: Vec<Price> = self.open().iter().filter_map(|it| it.trigger).collect();
        triggers.sort_unstable();
        triggers
    }

    /// How many orders have traded.
    pub(crate) fn trades(&self) -> usize {
        self.venue.exchange(|exchange| exchange.fills(&self.account, &self.symbol).count())
    }

    /// Waits until it is so.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !is_so(self) {
            assert!(began.elapsed() < PATIENCE, "not {what}: {:?}, {:?}", self.held(), self.open());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What a verb answers, split at spaces; it must exit with `code`.
    pub(crate) fn verb(&self, code: i32, line: &str) -> Value {
        let arguments: Vec<&str> = line.split(' ').collect();
        answer(code, &stage::verb(&self.config, &KEYS, &arguments))
    }

    /// What a verb says no with.
    pub(crate) fn message(&self, code: i32, line: &str) -> String {
        let error = self.verb(code, line);
        let [message, help] = ["message", "help"].map(|it| error["error"][it].as_str().unwrap_or_default().to_owned());
        format!("{message} {help}")
    }

    /// Places an order; its name.
    pub(crate) fn place(&self, line: &str) -> String {
        let placed = self.verb(0, &format!("order {line} --yes"));
        placed["placed"]["name"].as_str().unwrap_or_else(|| panic!("{line}: {placed}")).to_owned()
    }

    /// The order of this name, as `order show` tells of it.
    pub(crate) fn shown(&self, name: &str) -> Value {
        self.verb(0, &format!("order show {name}"))
    }

    /// Starts a verb, and lets it go on.
    pub(crate) fn start(&self, line: &str) -> Going {
        let arguments: Vec<&str> = line.split(' ').collect();
        let mut command = stage::command(&self.config, &KEYS, &arguments);
        Going::of(command.stdout(Stdio::piped()).stderr(Stdio::null()))
    }
}

impl Floor {
    /// Starts `plimsoll run`, and waits until it guards the account.
    pub(crate) fn run(&self) -> Going {
        let mut run = self.start("run");
        run.tells("that it has begun", |told| told["event"] == "reconciled");
        run
    }
}

/// A process that goes on until it is killed, asked to stop, or done; killed when dropped.
pub(crate) struct Going {
    process: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Going {
    fn of(command: &mut Command) -> Self {
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    /// The next line that it tells in which this is so.
    pub(crate) fn tells(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let mut last = String::new();
        for line in self.lines.by_ref() {
            last = line.unwrap();
            let told: Value = serde_json::from_str(&last).unwrap();
            if is_it(&told) {
                return told;
            }
        }
        panic!("it never told {what}; last: {last}")
    }

    /// kill -9.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to stop, which must go well.
    pub(crate) fn stop(mut self) {
        let asked = Command::new("kill").arg("-TERM").arg(self.process.id().to_string()).status().unwrap();
        assert!(asked.success());
        assert_eq!(self.process.wait().unwrap().code(), Some(0));
    }

    /// Waits for its end; its exit code.
    pub(crate) fn ends(mut self) -> Option<i32> {
        for line in self.lines.by_ref() {
            line.unwrap();
        }
        self.process.wait().unwrap().code()
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
