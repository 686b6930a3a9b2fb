//! What a strategy hears of its resting orders: the same of a backtest and of a simulation, in the same order.

#![allow(clippy::unwrap_used, reason = "what a test cannot set up fails it")]

use plimsoll_backtest::{Candles, Item, Listing, Moments, Run, Settings};
use plimsoll_domain::{
    AccountId, Candle, Decimal, Direction, Leverage, MarketEvent, Money, Price, Side, Symbol, Timestamp, VenueId,
};
use plimsoll_exchange::listings;
use plimsoll_ports::{
    BadState, CloseIntent, Decision, Feed, FeedKind, Intent, OpenIntent, RestIntent, RestingEffect, StopLoss, Strategy,
    StrategyEvent, StrategyView,
};
use plimsoll_simulation::{Market, SimulatedAccount, Simulation, run};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const START: Timestamp = Timestamp::from_millis(1_767_571_200_000);
const MINUTE: Duration = Duration::from_secs(60);

fn account() -> AccountId {
    AccountId::new("main")
}

fn btc() -> Symbol {
    listings::btc_usdt().symbol
}

fn wallet() -> Money {
    "10000".parse().unwrap()
}

/// Decides by the number of the candle, and writes down what it hears and what it has resting then.
struct Scripted {
    candles: usize,
    script: fn(usize) -> Vec<Intent>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Strategy for Scripted {
    fn name(&self) -> String {
        "scripted".to_owned()
    }

    fn feeds(&self) -> Vec<Feed> {
        vec![Feed { account: account(), symbol: btc(), kind: FeedKind::Candles(MINUTE) }]
    }

    fn decide<'a>(&mut self, view: &StrategyView<'a>, event: &StrategyEvent<'a>) -> Vec<Decision> {
        let text = match event {
            StrategyEvent::Market { event: MarketEvent::Candle(_), .. } => {
                self.candles += 1;
                let decided = (self.script)(self.candles);
                return decided.into_iter().map(|intent| Decision::one(account(), intent, "as written")).collect();
            }
            StrategyEvent::Market { .. } => return Vec::new(),
            StrategyEvent::Fill { role, fill, .. } => format!("{} {}", role.as_str(), fill.quantity),
            StrategyEvent::Ended { label, status, .. } => format!("{label} ended: {status:?}"),
            StrategyEvent::Refused { .. } => "refused".to_owned(),
        };
        let seen = view.account(&account()).unwrap();
        let held = seen.holding(&btc()).map_or(Decimal::ZERO, |holding| holding.position.quantity.get());
        let resting: Vec<&str> = seen.orders.iter().map(|order| order.label.as_str()).collect();
        let line = format!("{}: {text}; holds {held}, rests {}", self.candles, resting.join(", "));
        self.heard.lock().unwrap().push(line.trim_end().to_owned());
        Vec::new()
    }

    fn state(&self) -> String {
        String::new()
    }

    fn restore(&mut self, _: &str) -> Result<(), BadState> {
        Ok(())
    }
}

fn candles(closes: &[u32]) -> Vec<Candle> {
    let mut open = closes[0];
    let candle = |(number, close): (u32, &u32)| {
        let (from, to) = (std::mem::replace(&mut open, *close), *close);
        let price = |it: u32| -> Price { it.to_string().parse().unwrap() };
        Candle {
            symbol: btc(),
            open_time: START.plus(MINUTE * number),
            interval: MINUTE,
            open: price(from),
            high: price(from.max(to)),
            low: price(from.min(to)),
            close: price(to),
            volume: 100.into(),
            closed: true,
        }
    };
    (0..).zip(closes).map(candle).collect()
}

fn backtest(script: fn(usize) -> Vec<Intent>, candles: &[Candle]) -> Vec<String> {
    let heard = Arc::default();
    let settings = Settings::new(START, vec![(account(), wallet())]);
    let listing = Listing { account: account(), instrument: listings::btc_usdt(), opening: candles[0].open };
    let scripted = Scripted { candles: 0, script, heard: Arc::clone(&heard) };
    let mut run = Run::new(settings, vec![listing], vec![Box::new(scripted)]).unwrap();
    for candle in candles {
        run.step(&Item::Candle(0, Candles::of(candle))).unwrap();
    }
    run.finish().unwrap();
    heard.lock().unwrap().clone()
}

fn simulate(script: fn(usize) -> Vec<Intent>, candles: &[Candle]) -> Vec<String> {
    let heard = Arc::default();
    let accounts = vec![SimulatedAccount::new(account(), VenueId::new("paper"), wallet())];
    let market = Market { account: account(), instrument: listings::btc_usdt(), opening: candles[0].open };
    let simulation = Simulation::new(START, 7, accounts, vec![market]);
    let items = candles.iter().map(|candle| Ok::<_, Infallible>(Item::Candle(0, Candles::of(candle))));
    let seats =
        || -> Vec<Box<dyn Strategy>> { vec![Box::new(Scripted { candles: 0, script, heard: Arc::clone(&heard) })] };
    let simulated = run(simulation, &seats, Moments::of(items), |_| ()).unwrap();
    assert_eq!((simulated.unprotected, simulated.orphans), (vec![], vec![]));
    heard.lock().unwrap().clone()
}

fn open() -> Intent {
    Intent::Open(OpenIntent {
        symbol: btc(),
        direction: Direction::Long,
        quantity: "0.02".parse().unwrap(),
        leverage: Leverage::new(2).unwrap(),
        stop_loss: StopLoss::At("59000".parse().unwrap()),
        take_profit: None,
    })
}

fn close(quantity: &str) -> Intent {
    let quantity = Some(quantity.parse().unwrap());
    Intent::Close(CloseIntent { symbol: btc(), direction: Direction::Long, quantity })
}

fn rest(label: &str, side: Side, price: &str, effect: RestingEffect) -> Intent {
    let (symbol, quantity) = (btc(), "0.01".parse().unwrap());
    Intent::Rest(RestIntent { symbol, label: label.to_owned(), side, quantity, price: price.parse().unwrap(), effect })
}

fn opens() -> RestingEffect {
    RestingEffect::Opens { leverage: Leverage::new(2).unwrap(), stop_loss: StopLoss::At("59000".parse().unwrap()) }
}

#[test]
fn what_rests_to_reduce_a_holding_ends_with_it_before_anything_is_heard() {
    let script: fn(usize) -> Vec<Intent> = |candle| match candle {
        1 => vec![open()],
        2 => vec![
            rest("near", Side::Sell, "61000", RestingEffect::Reduces),
            rest("far", Side::Sell, "62000", RestingEffect::Reduces),
        ],
        _ => Vec::new(),
    };
    let candles = candles(&[60000, 60010, 60000, 60000, 58500, 58500]);
    let heard = backtest(script, &candles);
    assert_eq!(
        heard,
        [
            "1: entry 0.02; holds 0.02, rests",
            "4: stop_loss 0.02; holds 0, rests",
            "4: near ended: Expired; holds 0, rests",
            "4: far ended: Expired; holds 0, rests",
        ]
    );
    assert_eq!(simulate(script, &candles), heard);
}

#[test]
fn what_would_take_liquidity_is_refused_once_and_does_not_rest() {
    let script: fn(usize) -> Vec<Intent> = |candle| match candle {
        2 => vec![rest("across", Side::Buy, "60500", opens())],
        _ => Vec::new(),
    };
    let candles = candles(&[60000, 60010, 60000, 60000, 60500, 60500]);
    let heard = backtest(script, &candles);
    assert_eq!(heard, ["2: refused; holds 0, rests"]);
    assert_eq!(simulate(script, &candles), heard);
}

#[test]
fn of_two_orders_that_fill_at_one_moment_one_is_told_after_the_other() {
    let script: fn(usize) -> Vec<Intent> = |candle| match candle {
        2 => vec![rest("upper", Side::Buy, "59800", opens()), rest("lower", Side::Buy, "59600", opens())],
        _ => Vec::new(),
    };
    let candles = candles(&[60000, 60010, 60000, 60000, 59500, 59500]);
    let heard = backtest(script, &candles);
    assert_eq!(
        heard,
        [
            "4: resting 0.01; holds 0.01, rests lower",
            "4: upper ended: Filled; holds 0.01, rests lower",
            "4: resting 0.01; holds 0.02, rests",
            "4: lower ended: Filled; holds 0.02, rests",
        ]
    );
    assert_eq!(simulate(script, &candles), heard);
}

#[test]
fn what_takes_the_last_of_a_holding_ends_filled_and_once() {
    let script: fn(usize) -> Vec<Intent> = |candle| match candle {
        1 => vec![open()],
        2 => vec![
            rest("near", Side::Sell, "61000", RestingEffect::Reduces),
            rest("spare", Side::Sell, "63000", RestingEffect::Reduces),
        ],
        3 => vec![close("0.01")],
        _ => Vec::new(),
    };
    let candles = candles(&[60000, 60010, 60000, 60000, 62000, 62000]);
    let heard = backtest(script, &candles);
    assert_eq!(
        heard,
        [
            "1: entry 0.02; holds 0.02, rests",
            "3: exit 0.01; holds 0.01, rests near, spare",
            "3: spare ended: Expired; holds 0.01, rests near",
            "4: resting 0.01; holds 0, rests",
            "4: near ended: Filled; holds 0, rests",
        ]
    );
    assert_eq!(simulate(script, &candles), heard);
}
