//! Always in the market, on the side of the faster of two averages.

use plimsoll_domain::{AccountId, Decimal, Direction, Leverage, MarketEvent, Price, Quantity, Symbol};
use plimsoll_exchange::listings;
use plimsoll_ports::{
    BadState, CloseIntent, Decision, Feed, FeedKind, Intent, OpenIntent, StopLoss, Strategy, StrategyEvent,
    StrategyView, Waiver,
};
use rust_decimal::prelude::ToPrimitive;

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

/// Long while the fast average is above the slow one, short while it is below.
pub(crate) struct Cross {
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
    pub(crate) fn new(kind: FeedKind, fast: u32, slow: u32) -> Self {
        let symbol = listings::btc_usdt().symbol;
        let waiver = Waiver::new("the bench", "the same orders as beside it").unwrap();
        Self {
            account: AccountId::new("main"),
            symbol,
            kind,
            fast: Ema::new(fast),
            slow: Ema::new(slow),
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
