//! Hours of four strategies on five accounts, in bad weather, with a death in the middle.

#![allow(clippy::unwrap_used, reason = "what a test cannot set up fails it")]

use plimsoll_backtest::report::Report;
use plimsoll_domain::risk::RiskLimits;
use plimsoll_domain::{AccountId, Decimal, Instrument, Timestamp, VenueId};
use plimsoll_engine::track::result_of;
use plimsoll_exchange::listings;
use plimsoll_ports::Strategy;
use plimsoll_simulation::{
    Generator, GeneratorSettings, Market, Simulated, SimulatedAccount, Simulation, Weather, run,
};
use plimsoll_strategies::{Place, build};
use serde_json::json;
use std::time::Duration;

const START: Timestamp = Timestamp::from_millis(1_767_571_200_000);

const HOUR: Duration = Duration::from_secs(3600);

fn markets() -> Vec<Market> {
    let market = |account: &str, instrument: Instrument, opening: &str| Market {
        account: AccountId::new(account),
        instrument,
        opening: opening.parse().unwrap(),
    };
    vec![
        market("binance", listings::btc_usdt(), "92000"),
        market("gateio", listings::gateio::btc_usdt(), "92000"),
        market("bitget", listings::bitget::eth_usdt(), "3150"),
        market("binance-carry", listings::eth_usdt(), "3150"),
        market("bitget-carry", listings::bitget::eth_usdt(), "3150"),
    ]
}

fn strategies() -> Vec<Box<dyn Strategy>> {
    let place = |number: usize| {
        let market = &markets()[number];
        Place { account: market.account.clone(), symbol: market.instrument.symbol.clone() }
    };
    let trend = json!({"timeframes": ["1m", "5m"], "fast": 5, "slow": 12, "volume_factor": "0"});
    let grid = json!({"interval": "1m", "range_interval": "15m", "exposure": "0.5", "min_profit": "0.0001"});
    let breakout = json!({"interval": "1m", "squeeze_lookback": 30, "volume_factor": "0"});
    let carry = json!({"predicted_weight": "1", "equity_fraction": "0.3"});
    vec![
        build("trend_switch", "trend", &[place(0)], &trend).unwrap(),
        build("grid", "grid", &[place(1)], &grid).unwrap(),
        build("volatility_breakout", "breakout", &[place(2)], &breakout).unwrap(),
        build("funding_arbitrage", "carry", &[place(3), place(4)], &carry).unwrap(),
    ]
}

fn simulate(seed: u64, hours: u32, weather: Weather, crashes: &[Duration]) -> Simulated {
    let markets = markets();
    let accounts = markets.iter().map(|market| {
        let (id, venue) = (market.account.clone(), VenueId::new(market.account.as_str()));
        SimulatedAccount::new(id, venue, "10000".parse().unwrap())
    });
    let mut simulation = Simulation::new(START, seed, accounts.collect(), markets.clone());
    simulation.limits = Some(RiskLimits::default());
    simulation.weather = weather;
    simulation.crashes = crashes.iter().map(|after| START.plus(*after)).collect();
    let prices = Generator::new(GeneratorSettings::new(START, HOUR * hours, seed), &markets);
    run(simulation, &strategies, prices, |_| ()).unwrap()
}

fn told(simulated: &Simulated) -> String {
    let told = simulated.outcome.incidents.iter().take(60);
    told.map(|it| format!("{} {}: {}\n", it.time, it.kind, it.text)).collect()
}

/// Whatever happened, the books add up, nothing is bare, and nothing rests that nobody needs.
fn is_right(simulated: &Simulated) {
    let report = Report::of(&simulated.outcome);
    assert!(report.reconciliation.adds_up(), "{:#?}\n{}", report.reconciliation, told(simulated));
    assert_eq!((&simulated.unprotected, &simulated.orphans), (&vec![], &vec![]), "{}", told(simulated));
    let lost = simulated.outcome.incidents.iter().find(|it| it.text.contains("left out"));
    assert_eq!(lost, None);
}

#[test]
fn a_day_with_a_death_in_the_middle_adds_up_and_is_the_same_again() {
    let hours = 6;
    let days = [(); 2].map(|()| simulate(1, hours, Weather::usual(), &[HOUR * 3]));
    for day in &days {
        is_right(day);
        assert_eq!(day.lives, 2, "{}", told(day));
        assert!(!day.faults.is_empty());
    }
    assert_eq!(days[0].outcome.hash, days[1].outcome.hash);
    assert_eq!(days[0].decisions, days[1].decisions);
    let traded: std::collections::BTreeSet<&str> =
        days[0].outcome.fills.iter().map(|fill| fill.strategy.as_str()).collect();
    assert_eq!(traded.into_iter().collect::<Vec<_>>(), ["breakout", "carry", "grid", "trend"], "{}", told(&days[0]));
}

#[test]
fn another_seed_is_another_day() {
    let days = [1, 2].map(|seed| simulate(seed, 1, Weather::still(), &[]));
    assert_ne!(days[0].outcome.hash, days[1].outcome.hash);
}

/// What a strategy made of its round trips, as the reports tell it: their results, as shares.
fn results(simulated: &Simulated, strategy: &str) -> Vec<Decimal> {
    let ended = simulated.outcome.trades.iter().filter(|trip| trip.strategy == strategy && trip.closed.is_some());
    ended.filter_map(|trip| result_of(trip.net(), trip.quantity, trip.entry.get())).collect()
}

/// The record of every strategy is the one of the books, whichever life has taken it down.
fn has_a_record(simulated: &Simulated) -> usize {
    let mut ended = 0;
    for (strategy, track) in &simulated.tracks {
        let expected = results(simulated, strategy);
        let kept: Vec<Decimal> = track.trips().iter().map(|it| it.share).collect();
        let shown = format!("{strategy}: {kept:?}\n{expected:?}\n{}", told(simulated));
        assert_eq!((kept.len(), track.left_out()), (expected.len(), 0), "{shown}");
        let differs = |(one, other): (&Decimal, &Decimal)| (*one - *other).abs() > Decimal::new(1, 7);
        assert!(!kept.iter().zip(&expected).any(differs), "{shown}");
        ended += kept.len();
    }
    ended
}

#[test]
fn deaths_at_any_moment_lose_nothing() {
    let mut ended = 0;
    for seed in 10..18 {
        // Often, and at moments that fall between prices.
        let crashes: Vec<Duration> =
            (1..8).map(|number| Duration::from_millis(900_000 * number + 137 * number * seed)).collect();
        let day = simulate(seed, 2, Weather { faults_per_mille: 30, ..Weather::usual() }, &crashes);
        is_right(&day);
        assert_eq!(day.lives, 8, "{}", told(&day));
        ended += has_a_record(&day);
    }
    assert!(ended > 20, "{ended} round trips have ended");
}
