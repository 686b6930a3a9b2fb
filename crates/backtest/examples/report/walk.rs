//! A made-up month: prices that wander, and two strategies that trade on them without any skill.

use plimsoll_backtest::{ChartCandle, CurvePoint, Incident, LedgerSums, Outcome, RoundTrip, RunKind, TaggedFill};
use plimsoll_domain::{
    AccountId, ClientOrderId, Currency, Decimal, Direction, Fill, FillCause, Liquidity, Money, OrderId, PositionSide,
    Price, Quantity, Side, Symbol, Timestamp, TradeId,
};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

/// 2024-01-01.
const START: Timestamp = Timestamp::from_millis(1_704_067_200_000);

/// A run over so many hours.
pub(crate) fn month(seed: u64, hours: u32) -> Outcome {
    let mut walk = Walk::new(seed);
    for hour in 0..hours {
        walk.hour(hour);
    }
    walk.end(hours)
}

struct Walk {
    dice: Dice,
    markets: Vec<Market>,
    wallet: Money,
    outcome: Outcome,
}

struct Market {
    symbol: Symbol,
    strategy: &'static str,
    /// In ten-thousandths of a quote unit.
    price: i64,
    held: Option<RoundTrip>,
}

/// Numbers that look random, the same ones every time.
struct Dice(u64);

impl Dice {
    /// From 0 to below `sides`.
    fn roll(&mut self, sides: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 >> 1).unwrap_or_default() % sides
    }
}

impl Walk {
    fn new(seed: u64) -> Self {
        let market =
            |symbol: &str, strategy, price| Some(Market { symbol: symbol.parse().ok()?, strategy, price, held: None });
        let opening = Money::new(Decimal::from(10_000));
        Self {
            dice: Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            markets: [market("BTC/USDT:USDT", "trend", 470_000_000), market("SOL/USDT:USDT", "breakout", 1_024_000)]
                .into_iter()
                .flatten()
                .collect(),
            wallet: opening,
            outcome: Outcome {
                kind: RunKind::Backtest,
                strategies: vec!["trend".to_owned(), "breakout".to_owned()],
                from: START,
                to: START,
                events: 0,
                currency: Currency::new("USDT"),
                opening,
                wallet: opening,
                equity: opening,
                curve: vec![CurvePoint { time: START, equity: opening, exposure: Money::ZERO, funding: Money::ZERO }],
                fills: Vec::new(),
                trades: Vec::new(),
                ledger: LedgerSums::default(),
                incidents: Vec::new(),
                chart: Vec::new(),
                ended: 0,
                hash: "9f2c41d07be6a853c1f0d2947a6e58b3302c9d18e7f4ab65d0913c7e2854ff06".to_owned(),
            },
        }
    }

    fn hour(&mut self, hour: u32) {
        let open_time = START.plus(HOUR * hour);
        let end = open_time.plus(HOUR);
        let mut markets = std::mem::take(&mut self.markets);
        for market in &mut markets {
            let open = market.price;
            let (mut high, mut low) = (open, open);
            for minute in 0..60 {
                let step = market.price / 1600;
                market.price += self.dice.roll(2 * step + 1) - step;
                (high, low) = (high.max(market.price), low.min(market.price));
                self.trade(market, open_time.plus(Duration::from_secs(60 * (minute + 1))));
            }
            if (hour + 1).is_multiple_of(8) {
                self.pay_funding(market);
            }
            self.outcome.chart.extend(candle(market, open_time, [open, high, low]));
            self.outcome.events += 121;
        }
        self.markets = markets;
        let (unrealised, exposure) = self.open_figures();
        let funding = self.outcome.ledger.funding;
        self.outcome.curve.push(CurvePoint { time: end, equity: self.wallet + unrealised, exposure, funding });
    }

    fn trade(&mut self, market: &mut Market, time: Timestamp) {
        let Some(price) = price(market.price) else { return };
        let Some(held) = market.held.take() else {
            if self.dice.roll(500) == 0 {
                market.held = self.enter(market, price, time);
            }
            return;
        };
        let move_of = held.direction.sign() * (price.get() / held.entry.get() - Decimal::ONE);
        let role = match move_of {
            it if it <= Decimal::new(-15, 3) => "stop_loss",
            it if it >= Decimal::new(22, 3) => "take_profit",
            _ if self.dice.roll(1400) == 0 => "exit",
            _ => {
                market.held = Some(held);
                return;
            }
        };
        self.leave(held, price, time, role);
    }

    fn enter(&mut self, market: &Market, price: Price, time: Timestamp) -> Option<RoundTrip> {
        let direction = if self.dice.roll(100) < 55 { Direction::Long } else { Direction::Short };
        let size = (Decimal::from(9_000 + self.dice.roll(6_000)) / price.get()).round_dp(3);
        let mut trip = RoundTrip {
            strategy: market.strategy.to_owned(),
            account: AccountId::new("main"),
            symbol: market.symbol.clone(),
            direction,
            quantity: Quantity::new(size).ok()?,
            opened: time,
            closed: None,
            entry: price,
            exit: None,
            profit: Money::ZERO,
            fees: Money::ZERO,
            funding: Money::ZERO,
            ended_by: None,
        };
        trip.fees += self.fill(&trip, direction.opening_side(), price, time, "entry", None)?;
        if self.dice.roll(12) == 0 {
            let text = format!("{} {size} more would exceed the size limit of {size}", trip.symbol);
            self.outcome.incidents.push(Incident { time, kind: "refused".to_owned(), text });
        }
        Some(trip)
    }

    fn leave(&mut self, mut trip: RoundTrip, price: Price, time: Timestamp, role: &str) {
        let gain = (price.get() - trip.entry.get()) * trip.direction.sign();
        let profit = Money::new(gain * trip.quantity.get());
        let side = trip.direction.closing_side();
        trip.fees += self.fill(&trip, side, price, time, role, Some(profit)).unwrap_or_default();
        (trip.profit, trip.exit, trip.closed) = (profit, Some(price), Some(time));
        trip.ended_by = Some(role.to_owned());
        self.wallet += profit;
        self.outcome.ledger.profit += profit;
        self.outcome.trades.push(trip);
    }

    /// The fee of a fill, which is recorded and paid.
    fn fill(
        &mut self,
        trip: &RoundTrip,
        side: Side,
        price: Price,
        time: Timestamp,
        role: &str,
        realized_pnl: Option<Money>,
    ) -> Option<Money> {
        let number = self.outcome.fills.len() + 1;
        let fee = Money::new((trip.quantity * price * Decimal::new(5, 4)).get().round_dp(8));
        self.wallet -= fee;
        self.outcome.ledger.fees += fee;
        self.outcome.fills.push(TaggedFill {
            strategy: trip.strategy.clone(),
            account: trip.account.clone(),
            role: role.to_owned(),
            decided: None,
            fill: Fill {
                trade_id: TradeId::new(number.to_string()),
                order_id: OrderId::new(number.to_string()),
                client_order_id: ClientOrderId::new(&format!("{}-{number}", trip.strategy)).ok()?,
                symbol: trip.symbol.clone(),
                side,
                position_side: PositionSide::Both,
                price,
                quantity: trip.quantity,
                fee,
                fee_currency: Some(Currency::new("USDT")),
                liquidity: Some(Liquidity::Taker),
                realized_pnl,
                cause: FillCause::Order,
                time,
            },
        });
        Some(fee)
    }

    fn pay_funding(&mut self, market: &mut Market) {
        let rate = Decimal::new(self.dice.roll(50) - 12, 5);
        let (Some(trip), Some(price)) = (&mut market.held, price(market.price)) else { return };
        let payment = Money::new(((trip.quantity * price).get() * trip.direction.sign() * rate).round_dp(8));
        trip.funding += payment;
        self.wallet -= payment;
        self.outcome.ledger.funding += payment;
    }

    /// Unrealised profit and notional.
    fn open_figures(&self) -> (Money, Money) {
        let figures = self.markets.iter().filter_map(|market| {
            let (trip, price) = (market.held.as_ref()?, price(market.price)?);
            let gain = (price.get() - trip.entry.get()) * trip.direction.sign();
            Some((Money::new(gain * trip.quantity.get()), trip.quantity * price))
        });
        figures.fold((Money::ZERO, Money::ZERO), |sum, it| (sum.0 + it.0, sum.1 + it.1))
    }

    fn end(mut self, hours: u32) -> Outcome {
        let (unrealised, _) = self.open_figures();
        let held: Vec<RoundTrip> = self.markets.iter_mut().filter_map(|market| market.held.take()).collect();
        self.outcome.trades.extend(held);
        self.outcome.wallet = self.wallet;
        self.outcome.equity = self.wallet + unrealised;
        self.outcome.to = START.plus(HOUR * hours);
        self.outcome
    }
}

fn price(ticks: i64) -> Option<Price> {
    Price::new(Decimal::new(ticks, 4).round_dp(if ticks > 100_000_000 { 1 } else { 3 })).ok()
}

fn candle(market: &Market, open_time: Timestamp, [open, high, low]: [i64; 3]) -> Option<ChartCandle> {
    let liquidation = market.held.as_ref().and_then(|trip| {
        let share = Decimal::new(if market.strategy == "trend" { 6 } else { 18 }, 2);
        Price::new((trip.entry.get() * (Decimal::ONE - trip.direction.sign() * share)).round_dp(2)).ok()
    });
    Some(ChartCandle {
        symbol: market.symbol.clone(),
        open_time,
        open: price(open)?,
        high: price(high)?,
        low: price(low)?,
        close: price(market.price)?,
        liquidation,
    })
}
