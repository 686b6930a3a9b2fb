//! Several markets at once: what happens at one moment has happened everywhere before anybody decides, in a backtest and in a
//! simulation of the same prices.

#![allow(clippy::unwrap_used, reason = "what a test cannot set up fails it")]

use plimsoll_backtest::{Candles, Item, Listing, Moments, Outcome, Run, Settings};
use plimsoll_domain::{AccountId, Candle, Money, Timestamp, VenueId};
use plimsoll_exchange::listings;
use plimsoll_exchange::prices::{Walk, WalkSettings};
use plimsoll_ports::Strategy;
use plimsoll_simulation::{Market, Simulated, SimulatedAccount, Simulation, Strategies, run};
use plimsoll_strategies::{Place, build};
use serde_json::json;
use std::convert::Infallible;
use std::time::Duration;

const START: Timestamp = Timestamp::from_millis(1_767_571_200_000);
const MINUTE: Duration = Duration::from_secs(60);
const MINUTES: u32 = 1500;
const NAMES: [&str; 2] = ["main", "other"];

/// Candles of a minute of a seeded walk.
fn candles(seed: u64) -> Vec<Candle> {
    let instrument = listings::btc_usdt();
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
            volume: 10.into(),
            closed: true,
        }
    };
    (0..MINUTES).map(minute).collect()
}

/// The candles of each market as they begin, and on the first of them these rates of funding, one every eight hours.
fn items(markets: &[Vec<Candle>], rates: &[&str]) -> Vec<Item> {
    let settled = (1..).map(|n| START.plus(Duration::from_secs(8 * 3600) * n));
    let mut items: Vec<Item> =
        settled.zip(rates).map(|(time, rate)| Item::Funding(0, time, rate.parse().unwrap())).collect();
    for number in 0..MINUTES as usize {
        items.extend(markets.iter().enumerate().map(|(market, it)| Item::Candle(market, Candles::of(&it[number]))));
    }
    items
}

fn place(account: &str) -> Place {
    Place { account: AccountId::new(account), symbol: listings::btc_usdt().symbol }
}

fn wallet() -> Money {
    "10000".parse().unwrap()
}

fn backtest(strategies: Vec<Box<dyn Strategy>>, items: &[Item]) -> (Outcome, Vec<String>) {
    let made = Settings::new(START, NAMES.map(|name| (AccountId::new(name), wallet())).to_vec());
    let listing = |name| Listing {
        account: AccountId::new(name),
        instrument: listings::btc_usdt(),
        opening: "60000".parse().unwrap(),
    };
    let mut run = Run::new(made, NAMES.map(listing).to_vec(), strategies).unwrap();
    items.iter().for_each(|item| run.step(item).unwrap());
    let decisions = run.decisions().to_vec();
    (run.finish().unwrap(), decisions)
}

fn simulate(seats: &Strategies<'_>, items: &[Item]) -> Simulated {
    let accounts = NAMES.map(|name| SimulatedAccount::new(AccountId::new(name), VenueId::new(name), wallet())).to_vec();
    let market = |name| Market {
        account: AccountId::new(name),
        instrument: listings::btc_usdt(),
        opening: "60000".parse().unwrap(),
    };
    let simulation = Simulation::new(START, 7, accounts, NAMES.map(market).to_vec());
    let items = items.iter().cloned().map(Ok::<_, Infallible>);
    run(simulation, seats, Moments::of(items), |_| ()).unwrap()
}

#[test]
fn what_is_hedged_at_one_price_loses_its_costs_and_no_more() {
    let settings = json!({"horizon_hours": 24, "min_profit": "0", "slippage": "0"});
    let strategy = build("funding_arbitrage", "carry", &NAMES.map(place), &settings).unwrap();
    let same = candles(3);
    let (outcome, decisions) = backtest(vec![strategy], &items(&[same.clone(), same], &["0.001", "-0.001", "-0.001"]));
    assert!(outcome.fills.len() >= 2, "{decisions:?}");
    assert!(decisions.iter().all(|it| !it.contains("the basis has moved")), "{decisions:?}");
    for pair in outcome.fills.chunks(2) {
        assert_eq!(pair[0].fill.time, pair[1].fill.time, "both legs at one moment");
    }
    // Of every lot a buy pays a tick more than the sale beside it gets: once to open, once to close.
    let closed: Vec<_> = outcome.trades.iter().filter(|it| it.closed.is_some()).collect();
    let tick = listings::btc_usdt().tick.get();
    let spread: Money = closed.iter().map(|it| Money::new(it.quantity.get() * tick)).sum();
    assert!(closed.len() >= 2, "{decisions:?}");
    assert_eq!(closed.iter().map(|it| it.profit).sum::<Money>(), -spread);
}

#[test]
fn two_markets_are_traded_alike() {
    let seats = || -> Vec<Box<dyn Strategy>> {
        let on = |name: &str| build("ema_cross", name, &[place(name)], &json!({"fast": 5, "slow": 20})).unwrap();
        NAMES.map(on).into_iter().collect()
    };
    let items = items(&[candles(3), candles(5)], &[]);
    let (tested, by_backtest) = backtest(seats(), &items);
    let simulated = simulate(&seats, &items);
    // Whose word comes first at one moment is nobody's.
    let sorted = |mut decisions: Vec<String>| {
        decisions.sort();
        decisions
    };
    let (by_backtest, by_simulation) = (sorted(by_backtest), sorted(simulated.decisions));
    for (one, other) in by_backtest.iter().zip(&by_simulation) {
        assert_eq!(one, other);
    }
    assert!(by_backtest.len() > 60, "{}", by_backtest.len());
    assert_eq!(by_backtest.len(), by_simulation.len());
    assert_eq!((tested.wallet, tested.ledger), (simulated.outcome.wallet, simulated.outcome.ledger));
}
