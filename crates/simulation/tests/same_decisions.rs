//! A backtest and a simulation of the same prices decide the same, line by line.

#![allow(clippy::unwrap_used, reason = "what a test cannot set up fails it")]

use plimsoll_backtest::{Candles, Item, Listing, Moments, Outcome, Run, Settings};
use plimsoll_domain::risk::{LimitSettings, RiskLimits};
use plimsoll_domain::{AccountId, Candle, Instrument, Money, Timestamp, VenueId};
use plimsoll_exchange::listings;
use plimsoll_exchange::prices::{Walk, WalkSettings};
use plimsoll_ports::Strategy;
use plimsoll_simulation::{Market, Simulated, SimulatedAccount, Simulation, Strategies, run};
use plimsoll_strategies::{Place, build};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::time::Duration;

const START: Timestamp = Timestamp::from_millis(1_767_571_200_000);
const MINUTE: Duration = Duration::from_secs(60);

fn account() -> AccountId {
    AccountId::new("main")
}

fn wallet() -> Money {
    "10000".parse().unwrap()
}

/// Candles of a minute from a seeded walk.
fn candles(instrument: &Instrument, seed: u64, minutes: u32) -> Vec<Candle> {
    let opening = "60000".parse().unwrap();
    let settings = WalkSettings::lively(instrument.symbol.clone(), instrument.tick, START, opening);
    let mut walk = Walk::new(settings, seed);
    let minute = |number: u32| {
        let prices: Vec<_> = walk.by_ref().take(60).map(|tick| tick.last).collect();
        Candle {
            symbol: instrument.symbol.clone(),
            open_time: START.plus(MINUTE * number),
            interval: MINUTE,
            open: prices[0],
            high: *prices.iter().max().unwrap(),
            low: *prices.iter().min().unwrap(),
            close: prices[59],
            volume: (10 + number % 7).into(),
            closed: true,
        }
    };
    (0..minutes).map(minute).collect()
}

fn strategies(kind: &str, settings: &Value) -> impl Fn() -> Vec<Box<dyn Strategy>> {
    let places = [Place { account: account(), symbol: listings::btc_usdt().symbol }];
    move || vec![build(kind, kind, &places, settings).unwrap()]
}

fn backtest(seats: &Strategies<'_>, candles: &[Candle], limits: &RiskLimits) -> (Outcome, Vec<String>) {
    let mut made = Settings::new(START, vec![(account(), wallet())]);
    made.limits = Some(limits.clone());
    let listing = Listing { account: account(), instrument: listings::btc_usdt(), opening: candles[0].open };
    let mut run = Run::new(made, vec![listing], seats()).unwrap();
    for candle in candles {
        run.step(&Item::Candle(0, Candles::of(candle))).unwrap();
    }
    let decisions = run.decisions().to_vec();
    (run.finish().unwrap(), decisions)
}

fn simulate(seats: &Strategies<'_>, candles: &[Candle], limits: &RiskLimits) -> Simulated {
    let accounts = vec![SimulatedAccount::new(account(), VenueId::new("paper"), wallet())];
    let market = Market { account: account(), instrument: listings::btc_usdt(), opening: candles[0].open };
    let mut simulation = Simulation::new(START, 7, accounts, vec![market]);
    simulation.limits = Some(limits.clone());
    let items = candles.iter().map(|candle| Ok::<_, Infallible>(Item::Candle(0, Candles::of(candle))));
    run(simulation, seats, Moments::of(items), |_| ()).unwrap()
}

fn compare(kind: &str, settings: &Value, seed: u64, minutes: u32, at_least: usize) {
    compare_under(&RiskLimits::default(), (kind, settings), seed, minutes, at_least);
}

/// What the backtest tells of it.
fn compare_under(
    limits: &RiskLimits,
    (kind, settings): (&str, &Value),
    seed: u64,
    minutes: u32,
    at_least: usize,
) -> Outcome {
    let candles = candles(&listings::btc_usdt(), seed, minutes);
    let seats = strategies(kind, settings);
    let (tested, by_backtest) = backtest(&seats, &candles, limits);
    let simulated = simulate(&seats, &candles, limits);
    for (number, (one, other)) in by_backtest.iter().zip(&simulated.decisions).enumerate() {
        assert_eq!(one, other, "decision {number}; {}", told(&simulated));
    }
    assert_eq!(by_backtest.len(), simulated.decisions.len(), "{}", told(&simulated));
    assert!(by_backtest.len() >= at_least, "{} decisions", by_backtest.len());
    let fills = |outcome: &Outcome| -> Vec<String> {
        let told = outcome.fills.iter().map(|it| {
            let fill = &it.fill;
            format!("{} {} {} {} {}", fill.time, it.role, fill.side, fill.quantity, fill.price)
        });
        told.collect()
    };
    assert_eq!(fills(&tested), fills(&simulated.outcome), "{}", told(&simulated));
    assert_eq!((tested.wallet, tested.ledger), (simulated.outcome.wallet, simulated.outcome.ledger));
    assert_eq!((simulated.unprotected, simulated.orphans), (vec![], vec![]));
    tested
}

#[test]
fn averages_that_cross_are_traded_alike() {
    compare("ema_cross", &json!({"fast": 5, "slow": 20}), 3, 1500, 30);
}

#[test]
fn trends_are_traded_alike() {
    let settings = json!({"timeframes": ["1m", "5m"], "fast": 5, "slow": 12, "volume_factor": "0"});
    compare("trend_switch", &settings, 5, 1500, 20);
}

#[test]
fn breakouts_are_traded_alike() {
    let settings = json!({"interval": "1m", "squeeze_lookback": 30, "volume_factor": "0"});
    compare("volatility_breakout", &settings, 11, 2000, 10);
}

#[test]
fn grids_are_traded_alike() {
    let settings = json!({"interval": "1m", "range_interval": "15m", "min_profit": "0.0001"});
    compare("grid", &settings, 2, 1500, 20);
}

#[test]
fn a_loss_limit_that_breaks_closes_everything_at_the_same_price_in_both() {
    for (seed, loss) in [(3, "20"), (5, "35"), (11, "60")] {
        let limits =
            RiskLimits::new(LimitSettings { max_drawdown: loss.parse().unwrap(), ..LimitSettings::default() }).unwrap();
        let cross = ("ema_cross", &json!({"fast": 5, "slow": 20}));
        let outcome = compare_under(&limits, cross, seed, 1500, 1);
        let stopped: Vec<_> = outcome.incidents.iter().filter(|it| it.kind == "kill_switch").collect();
        assert_eq!(stopped.len(), 1, "seed {seed}: {:?}", outcome.incidents);
        let last = outcome.fills.last().unwrap();
        assert_eq!((last.role.as_str(), last.fill.time), ("forced", stopped[0].time), "seed {seed}");
    }
}

#[test]
fn the_same_simulation_ends_in_the_same_hash() {
    let candles = candles(&listings::btc_usdt(), 1, 300);
    let settings = json!({"fast": 5, "slow": 20});
    let seats = strategies("ema_cross", &settings);
    let hashes = [(); 2].map(|()| simulate(&seats, &candles, &RiskLimits::default()).outcome.hash);
    assert_eq!(hashes[0], hashes[1]);
}

/// The first incidents, for whoever looks for a difference.
fn told(simulated: &Simulated) -> String {
    let first = simulated.outcome.incidents.iter().take(40);
    first.map(|it| format!("{} {}: {}\n", it.time, it.kind, it.text)).collect()
}
