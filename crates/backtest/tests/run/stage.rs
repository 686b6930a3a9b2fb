//! Strategies by script, markets by closing prices.

use plimsoll_backtest::{Candles, Item, Listing, Outcome, Run, Settings};
use plimsoll_domain::{AccountId, Candle, Direction, Leverage, MarketEvent, Money, Price, Quantity, Symbol, Timestamp};
use plimsoll_exchange::listings;
use plimsoll_ports::{
    BadState, CloseIntent, Decision, Feed, FeedKind, Intent, OpenIntent, StopLoss, Strategy, StrategyEvent,
    StrategyView,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) const START: Timestamp = Timestamp::from_millis(1_704_067_200_000);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// What is decided at the close of a candle, by its number from 0; a line for everything that is heard goes to `heard`.
type Script = Box<dyn Fn(usize, &StrategyView<'_>) -> Vec<Decision> + Send>;

pub(crate) struct Scripted {
    name: String,
    accounts: Vec<AccountId>,
    script: Script,
    candles: usize,
    pub(crate) heard: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    pub(crate) fn new(name: &str, script: impl Fn(usize, &StrategyView<'_>) -> Vec<Decision> + Send + 'static) -> Self {
        let accounts = vec![account("main")];
        Self { name: name.to_owned(), accounts, script: Box::new(script), candles: 0, heard: Arc::default() }
    }

    pub(crate) fn on(self, accounts: &[&str]) -> Self {
        Self { accounts: accounts.iter().map(|it| account(it)).collect(), ..self }
    }

    fn hears(&self, line: String) {
        self.heard.lock().unwrap().push(line);
    }
}

impl Strategy for Scripted {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn feeds(&self) -> Vec<Feed> {
        let kind = FeedKind::Candles(MINUTE);
        self.accounts.iter().map(|account| Feed { account: account.clone(), symbol: btc(), kind }).collect()
    }

    fn decide<'a>(&mut self, view: &StrategyView<'a>, event: &StrategyEvent<'a>) -> Vec<Decision> {
        match event {
            StrategyEvent::Market { account, event: MarketEvent::Candle(_) } if **account == self.accounts[0] => {
                self.candles += 1;
                (self.script)(self.candles - 1, view)
            }
            StrategyEvent::Fill { role, fill, .. } => {
                self.hears(format!("{} {} {} at {}", role.as_str(), fill.side, fill.quantity, fill.price));
                Vec::new()
            }
            StrategyEvent::Ended { label, status, .. } => {
                self.hears(format!("{label} {status}"));
                Vec::new()
            }
            StrategyEvent::Refused { reason, .. } => {
                self.hears((*reason).to_owned());
                Vec::new()
            }
            StrategyEvent::Market { .. } => Vec::new(),
        }
    }

    fn state(&self) -> String {
        self.candles.to_string()
    }

    fn restore(&mut self, state: &str) -> Result<(), BadState> {
        self.candles = state.parse().map_err(|_| BadState(state.to_owned()))?;
        Ok(())
    }
}

pub(crate) fn btc() -> Symbol {
    listings::btc_usdt().symbol
}

pub(crate) fn account(name: &str) -> AccountId {
    AccountId::new(name)
}

pub(crate) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub(crate) fn money(text: &str) -> Money {
    text.parse().unwrap()
}

pub(crate) fn size(text: &str) -> Quantity {
    text.parse().unwrap()
}

pub(crate) fn open(direction: Direction, quantity: &str, stop: &str) -> Decision {
    open_on("main", direction, quantity, stop)
}

pub(crate) fn intent(direction: Direction, quantity: &str, stop: &str) -> OpenIntent {
    OpenIntent {
        symbol: btc(),
        direction,
        quantity: size(quantity),
        leverage: Leverage::new(5).unwrap(),
        stop_loss: StopLoss::At(price(stop)),
        take_profit: None,
    }
}

pub(crate) fn open_on(on: &str, direction: Direction, quantity: &str, stop: &str) -> Decision {
    Decision::one(account(on), Intent::Open(intent(direction, quantity, stop)), "by script")
}

pub(crate) fn close(direction: Direction, quantity: Option<&str>) -> Decision {
    let quantity = quantity.map(size);
    Decision::one(account("main"), Intent::Close(CloseIntent { symbol: btc(), direction, quantity }), "by script")
}

pub(crate) fn settings() -> Settings {
    Settings::new(START, vec![(account("main"), money("10000"))])
}

/// A minute's candle from one price to the next, by its number.
pub(crate) fn candle(number: usize, from: &str, to: &str) -> Candle {
    let (open, close) = (price(from), price(to));
    Candle {
        symbol: btc(),
        open_time: START.plus(MINUTE * u32::try_from(number).unwrap()),
        interval: MINUTE,
        open,
        high: open.max(close),
        low: open.min(close),
        close,
        volume: 10.into(),
        closed: true,
    }
}

/// One market for each account, all with the same prices: each candle goes from a price to the next.
pub(crate) fn run(settings: Settings, strategies: Vec<Scripted>, prices: &[&str]) -> (Outcome, Vec<String>) {
    let listed = settings.accounts.iter().map(|(account, _)| Listing {
        account: account.clone(),
        instrument: listings::btc_usdt(),
        opening: price(prices[0]),
    });
    let listed: Vec<Listing> = listed.collect();
    let markets = listed.len();
    let strategies = strategies.into_iter().map(|it| -> Box<dyn Strategy> { Box::new(it) }).collect();
    let mut run = Run::new(settings, listed, strategies).unwrap();
    for (number, pair) in prices.windows(2).enumerate() {
        for market in 0..markets {
            run.step(&Item::Candle(market, Candles::of(&candle(number, pair[0], pair[1])))).unwrap();
        }
    }
    let decisions = run.decisions().to_vec();
    (run.finish().unwrap(), decisions)
}

pub(crate) fn heard(of: &Arc<Mutex<Vec<String>>>) -> Vec<String> {
    of.lock().unwrap().clone()
}
