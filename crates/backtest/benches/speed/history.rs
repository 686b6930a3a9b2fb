//! Prices that are the same each time: a walk, as bars or as quotes.

use plimsoll_backtest::{Candles, Item, Quote};
use plimsoll_domain::{Candle, Decimal, Price, Quantity, Timestamp};
use plimsoll_exchange::listings;
use plimsoll_exchange::prices::{MarkModel, Regime, Walk, WalkSettings};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

pub(crate) const START: Timestamp = Timestamp::from_millis(1_577_836_800_000);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
const TENTH: Duration = Duration::from_millis(100);

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

/// Bars of a minute, without end.
pub(crate) fn bars() -> impl Iterator<Item = Item> {
    let mut prices = walk(MINUTE / 4, 250);
    let symbol = listings::btc_usdt().symbol;
    (0..).map(move |number| {
        let four: [Price; 4] = std::array::from_fn(|_| prices.next().unwrap().last);
        let last = Candle {
            symbol: symbol.clone(),
            open_time: START.plus(MINUTE * number),
            interval: MINUTE,
            open: four[0],
            high: four.into_iter().max().unwrap(),
            low: four.into_iter().min().unwrap(),
            close: four[3],
            volume: Decimal::TEN,
            closed: true,
        };
        Item::Candle(0, Candles { last, mark: None })
    })
}

/// Quotes ten times a second, without end.
pub(crate) fn quotes() -> impl Iterator<Item = Item> {
    let size = Quantity::new(Decimal::TEN).unwrap();
    let tick = Decimal::new(1, 1);
    walk(TENTH, 20).map(move |tick_at| {
        let bid = tick_at.last;
        let ask = Price::new(bid.get() + tick).unwrap();
        Item::Quote(0, Quote { time: tick_at.time, bid, bid_size: size, ask, ask_size: size, mark: None })
    })
}

/// Writes what another program is to read: prices with the digits of a tick.
pub(crate) fn write(path: &Path, items: &[Item]) {
    let mut rows = String::new();
    for item in items {
        match item {
            Item::Candle(_, Candles { last, .. }) => {
                let Candle { open, high, low, close, volume, .. } = last;
                let time = last.open_time.as_millis();
                let prices = [open, high, low, close].map(|price| price.get());
                let [open, high, low, close] = prices;
                writeln!(rows, "{time},{open:.1},{high:.1},{low:.1},{close:.1},{volume}")
            }
            Item::Quote(_, quote) => {
                writeln!(rows, "{},{:.1},{:.1}", quote.time.as_millis(), quote.bid.get(), quote.ask.get())
            }
            Item::Funding(..) => Ok(()),
        }
        .unwrap();
    }
    let header = match items.first() {
        Some(Item::Candle(..)) => "time_ms,open,high,low,close,volume\n",
        _ => "time_ms,bid,ask\n",
    };
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, header.to_owned() + &rows).unwrap();
}
