//! Bars and quotes a second through a backtest: an EMA 10/50 cross on a margin account with tiered liquidation, the same history
//! that another program is given (`--write DIR`), the same history twice as long.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a bench")]

use plimsoll_backtest::{Candles, Item, Listing, Quote, Run, Settings};
use plimsoll_domain::{
    AccountId, Candle, Decimal, Direction, Leverage, MarketEvent, Price, Quantity, Symbol, Timestamp,
};
use plimsoll_exchange::listings;
use plimsoll_exchange::prices::{MarkModel, Regime, Walk, WalkSettings};
use plimsoll_ports::{
    BadState, CloseIntent, Decision, Feed, FeedKind, Intent, OpenIntent, StopLoss, Strategy, StrategyEvent,
    StrategyView, Waiver,
};
use rust_decimal::prelude::ToPrimitive;
use rustix::time::{ClockId, clock_gettime};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

const START: Timestamp = Timestamp::from_millis(1_577_836_800_000);
const MINUTE: Duration = Duration::from_secs(60);
const TENTH: Duration = Duration::from_millis(100);

/// An exponential average that begins with its first value.
struct Ema {
    share: f64,
    value: Option<f64>,
    /// How many values it waits for.
    wants: u32,
}

impl Ema {
    fn new(period: u32) -> Self {
        Self { share: 2.0 / f64::from(period + 1), value: None, wants: period }
    }

    fn update(&mut self, value: f64) -> Option<f64> {
        let average = self.value.map_or(value, |before| before + self.share * (value - before));
        self.value = Some(average);
        self.wants = self.wants.saturating_sub(1);
        (self.wants == 0).then_some(average)
    }
}

/// Always in the market: long while the fast average is above the slow one, short while it is below.
struct Cross {
    account: AccountId,
    symbol: Symbol,
    kind: FeedKind,
    fast: Ema,
    slow: Ema,
    above: Option<bool>,
    skips: bool,
    /// The program that it is measured beside places no stops.
    waiver: Waiver,
}

impl Cross {
    fn new(kind: FeedKind) -> Self {
        let symbol = listings::btc_usdt().symbol;
        let waiver = Waiver::new("the bench", "the same orders as beside it").unwrap();
        Self {
            account: AccountId::new("main"),
            symbol,
            kind,
            fast: Ema::new(10),
            slow: Ema::new(50),
            above: None,
            skips: false,
            waiver,
        }
    }

    fn hears(&mut self, view: &StrategyView<'_>, price: Price) -> Vec<Decision> {
        let value = float(price.get());
        let (Some(fast), Some(slow)) = (self.fast.update(value), self.slow.update(value)) else { return Vec::new() };
        let above = fast > slow;
        if self.above == Some(above) {
            return Vec::new();
        }
        self.above = Some(above);
        let direction = if above { Direction::Long } else { Direction::Short };
        let held = view.accounts[0].holding(&self.symbol).map(|held| held.position.direction);
        let mut decisions = Vec::with_capacity(2);
        if let Some(held) = held {
            let close = CloseIntent { symbol: self.symbol.clone(), direction: held, quantity: None };
            decisions.push(Decision::one(self.account.clone(), Intent::Close(close), "cross"));
        }
        let open = OpenIntent {
            symbol: self.symbol.clone(),
            direction,
            quantity: Quantity::new(Decimal::new(1, 2)).unwrap(),
            leverage: Leverage::new(2).unwrap(),
            stop_loss: StopLoss::Waived(self.waiver.clone()),
            take_profit: None,
        };
        decisions.push(Decision::one(self.account.clone(), Intent::Open(open), "cross"));
        decisions
    }
}

impl Strategy for Cross {
    fn name(&self) -> String {
        "cross".to_owned()
    }

    fn feeds(&self) -> Vec<Feed> {
        vec![Feed { account: self.account.clone(), symbol: self.symbol.clone(), kind: self.kind }]
    }

    fn decide<'a>(&mut self, view: &StrategyView<'a>, event: &StrategyEvent<'a>) -> Vec<Decision> {
        match event {
            StrategyEvent::Market { event: MarketEvent::Candle(candle), .. } => self.hears(view, candle.close),
            StrategyEvent::Market { event: MarketEvent::Quotes(quotes), .. } => {
                // Each second one counts, so that there are as many orders as of bars.
                self.skips = !self.skips;
                let bid = quotes.bid.filter(|_| !self.skips);
                bid.map_or_else(Vec::new, |(bid, _)| self.hears(view, bid))
            }
            _ => Vec::new(),
        }
    }

    fn state(&self) -> String {
        String::new()
    }

    fn restore(&mut self, _: &str) -> Result<(), BadState> {
        Ok(())
    }
}

/// Prices here have few digits: both are exact floats.
fn float(value: Decimal) -> f64 {
    const TENS: [f64; 5] = [1e0, 1e1, 1e2, 1e3, 1e4];
    match (i32::try_from(value.mantissa()), TENS.get(value.scale() as usize)) {
        (Ok(digits), Some(ten)) => f64::from(digits) / ten,
        _ => value.to_f64().unwrap(),
    }
}

fn walk(every: Duration, ppm: u32) -> Walk {
    let bitcoin = listings::btc_usdt();
    let settings = WalkSettings {
        every,
        regimes: vec![Regime { volatility_ppm: ppm, drift_ppm: 0 }],
        jump_one_in: 0,
        mark: MarkModel::Last,
        ..WalkSettings::lively(bitcoin.symbol, bitcoin.tick, START, "40000".parse().unwrap())
    };
    Walk::new(settings, 7)
}

fn bars(count: usize) -> Vec<Item> {
    let mut prices = walk(MINUTE / 4, 250);
    let symbol = listings::btc_usdt().symbol;
    let mut bars = Vec::with_capacity(count);
    for number in 0..count {
        let four: [Price; 4] = std::array::from_fn(|_| prices.next().unwrap().last);
        let last = Candle {
            symbol: symbol.clone(),
            open_time: START.plus(MINUTE * u32::try_from(number).unwrap()),
            interval: MINUTE,
            open: four[0],
            high: four.into_iter().max().unwrap(),
            low: four.into_iter().min().unwrap(),
            close: four[3],
            volume: Decimal::TEN,
            closed: true,
        };
        bars.push(Item::Candle(0, Candles::of(&last)));
    }
    bars
}

fn quotes(count: usize) -> Vec<Item> {
    let size = Quantity::new(Decimal::TEN).unwrap();
    let tick = Decimal::new(1, 1);
    let quote = |tick_at: plimsoll_exchange::Tick| {
        let bid = tick_at.last;
        let ask = Price::new(bid.get() + tick).unwrap();
        Item::Quote(0, Quote { time: tick_at.time, bid, bid_size: size, ask, ask_size: size, mark: None })
    };
    walk(TENTH, 20).take(count).map(quote).collect()
}

/// Seconds of the processor that a run takes, and what came of it.
fn measure(items: &[Item], kind: FeedKind) -> (f64, u64, String) {
    let account = AccountId::new("main");
    let settings =
        Settings { keeps_records: false, ..Settings::new(START, vec![(account.clone(), "1000000".parse().unwrap())]) };
    let listing = Listing { account, instrument: listings::btc_usdt(), opening: "40000".parse().unwrap() };
    let mut run = Run::new(settings, vec![listing], vec![Box::new(Cross::new(kind))]).unwrap();
    let began = cpu();
    for item in items {
        run.step(item).unwrap();
    }
    let orders = run.fills();
    let outcome = run.finish().unwrap();
    ((cpu() - began), orders, outcome.hash)
}

fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = Duration::new(u64::try_from(time.tv_sec).unwrap(), u32::try_from(time.tv_nsec).unwrap());
    seconds.as_secs_f64()
}

fn write(directory: &Path, bars: &[Item], quotes: &[Item]) {
    let (mut bar_rows, mut quote_rows) =
        (String::from("time_ms,open,high,low,close,volume\n"), String::from("time_ms,bid,ask\n"));
    for item in bars.iter().chain(quotes) {
        match item {
            Item::Candle(_, Candles { last, .. }) => writeln!(
                bar_rows,
                "{},{},{},{},{},{}",
                last.open_time.as_millis(),
                last.open,
                last.high,
                last.low,
                last.close,
                last.volume
            ),
            Item::Quote(_, quote) => writeln!(quote_rows, "{},{},{}", quote.time.as_millis(), quote.bid, quote.ask),
            Item::Funding(..) => Ok(()),
        }
        .unwrap();
    }
    std::fs::create_dir_all(directory).unwrap();
    std::fs::write(directory.join("bars.csv"), bar_rows).unwrap();
    std::fs::write(directory.join("quotes.csv"), quote_rows).unwrap();
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if !words.iter().any(|word| word == "--bench") {
        return;
    }
    let filters: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let to = words.iter().position(|word| word == "--write").and_then(|at| words.get(at + 1));
    if to.is_none() && !filters.is_empty() && !filters.iter().any(|filter| "speed".contains(filter.as_str())) {
        return;
    }
    let (bars, quotes) = (bars(1_000_000), quotes(2_000_000));
    let (half_bars, half_quotes) = (&bars[..bars.len() / 2], &quotes[..quotes.len() / 2]);
    if let Some(directory) = to {
        write(Path::new(directory), half_bars, half_quotes);
    }
    println!("\na backtest of an EMA 10/50 cross with margin and tiered liquidation, of one processor:");
    for (name, half, whole, kind) in [
        ("bars", half_bars, bars.as_slice(), FeedKind::Candles(MINUTE)),
        ("quotes", half_quotes, quotes.as_slice(), FeedKind::Quotes),
    ] {
        let mut best = (f64::MAX, f64::MAX, 0, String::new());
        for _ in 0..5 {
            let (seconds, fills, hash) = measure(half, kind);
            let (twice, _, _) = measure(whole, kind);
            assert!(best.3.is_empty() || best.3 == hash, "two runs of the same are not the same");
            best = (best.0.min(seconds), best.1.min(twice), fills, hash);
        }
        let count = half.len();
        #[expect(clippy::cast_precision_loss, reason = "a few million")]
        let rate = count as f64 / best.0 / 1e6;
        println!(
            "{name}: {count} in {:.3} s, {rate:.2} million a second; twice as many took {:.2} times as long; {} fills",
            best.0,
            best.1 / best.0,
            best.2
        );
    }
}
