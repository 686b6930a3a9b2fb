//! A desk: accounts in memory on which whatever is decided is done at once, at the last price.

use plimsoll_domain::{
    AccountId, Candle, ClientOrderId, ContractStatus, Direction, Fees, Fill, FillCause, FundingRate, Instrument,
    Leverage, MarginTiers, MarkPrice, MarketEvent, Money, OrderId, OrderStatus, Position, PositionSide, Price,
    Quantity, Rate, Side, Step, Symbol, Tier, Timestamp, TradeId, Transition, VenueId,
};
use plimsoll_ports::{
    Decision, FillRole, Funds, Holding, Intent, Strategy, StrategyEvent, StrategyView, TradedAccount, TradedMarket,
    WorkingOrder,
};
use plimsoll_strategies::Place;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;
use std::sync::Arc;
use std::time::Duration;

pub(crate) fn symbol() -> Symbol {
    "BTC/USDT:USDT".parse().unwrap()
}

pub(crate) fn place(account: &str) -> Place {
    Place { account: AccountId::new(account), symbol: symbol() }
}

/// Ticks of 0.1, lots of 0.001, maker 0.02 % and taker 0.05 %, and two margin tiers.
pub(crate) fn instrument() -> Instrument {
    let tier = |floor, rate, deduction, times| Tier {
        floor: Money::new(floor),
        rate: Rate::new(rate),
        deduction: Money::new(deduction),
        max_leverage: Leverage::new(times).unwrap(),
    };
    let tiers = vec![tier(dec!(0), dec!(0.004), dec!(0), 50), tier(dec!(50000), dec!(0.005), dec!(50), 5)];
    Instrument {
        venue: VenueId::new("desk"),
        symbol: symbol(),
        native: "BTCUSDT".into(),
        settle: plimsoll_domain::Currency::new("USDT"),
        multiplier: dec!(1),
        tick: Step::new(dec!(0.1)).unwrap(),
        lot: Step::new(dec!(0.001)).unwrap(),
        min_quantity: Quantity::new(dec!(0.001)).unwrap(),
        max_quantity: Quantity::new(dec!(1000)).unwrap(),
        max_market_quantity: Quantity::new(dec!(1000)).unwrap(),
        min_notional: Money::new(dec!(5)),
        tiers: MarginTiers::new(tiers).unwrap(),
        fees: Fees { maker: Rate::new(dec!(0.0002)), taker: Rate::new(dec!(0.0005)) },
        liquidation_fee: Rate::ZERO,
        funding_interval_hours: 8,
        status: ContractStatus::Trading,
        ends: None,
        margin_fee: Rate::ZERO,
    }
}

/// What is on one account.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) id: AccountId,
    pub(crate) equity: Decimal,
    pub(crate) market: TradedMarket,
    pub(crate) holding: Option<Holding>,
    pub(crate) orders: Vec<WorkingOrder>,
    pub(crate) now: Timestamp,
    /// Everything that was decided, and why, as it was done.
    pub(crate) told: Vec<String>,
    trades: u64,
}

impl Desk {
    /// An account with 10,000 and nothing held.
    pub(crate) fn new(account: &str) -> Self {
        let market =
            TradedMarket { instrument: Arc::new(instrument()), last: None, mark: None, marked_at: None, funding: None };
        Self {
            id: AccountId::new(account),
            equity: dec!(10000),
            market,
            holding: None,
            orders: Vec::new(),
            now: Timestamp::default(),
            told: Vec::new(),
            trades: 0,
        }
    }

    pub(crate) fn price(&mut self, price: Decimal) {
        let price = Price::new(price).unwrap();
        (self.market.last, self.market.mark, self.market.marked_at) = (Some(price), Some(price), Some(self.now));
    }

    pub(crate) fn hold(&mut self, direction: Direction, quantity: Decimal, entry: Decimal) {
        let (quantity, entry) = (Quantity::new(quantity).unwrap(), Price::new(entry).unwrap());
        let position = Position { direction, quantity, entry };
        self.holding =
            Some(Holding { symbol: symbol(), position, leverage: Leverage::ONE, stop: None, opened_at: self.now });
    }

    pub(crate) fn held(&self) -> Option<(Direction, Decimal)> {
        self.holding.as_ref().map(|it| (it.position.direction, it.position.quantity.get()))
    }

    /// What a strategy sees of an account on which nothing is.
    pub(crate) fn empty_account(&self) -> TradedAccount<'_> {
        let markets = std::slice::from_ref(&self.market);
        TradedAccount { id: &self.id, funds: self, markets, holdings: &[], orders: &[] }
    }

    /// What a strategy sees of these desks.
    pub(crate) fn see<T>(desks: &[&Self], then: impl FnOnce(&StrategyView<'_>) -> T) -> T {
        let held: Vec<Vec<Holding>> = desks.iter().map(|desk| desk.holding.iter().cloned().collect()).collect();
        let accounts: Vec<TradedAccount<'_>> = desks
            .iter()
            .zip(&held)
            .map(|(desk, holdings)| TradedAccount {
                id: &desk.id,
                funds: *desk,
                markets: std::slice::from_ref(&desk.market),
                holdings,
                orders: &desk.orders,
            })
            .collect();
        let now = desks.iter().map(|desk| desk.now).max().unwrap_or_default();
        then(&StrategyView { now, accounts: &accounts })
    }

    /// Lets a strategy hear of the market, does what it decides, and says what that was.
    pub(crate) fn market(&mut self, strategy: &mut dyn Strategy, event: &MarketEvent) -> Vec<Decision> {
        let account = self.id.clone();
        let decided = self.ask(strategy, &StrategyEvent::Market { account: &account, event });
        self.carry_out(strategy, decided)
    }

    pub(crate) fn candle(&mut self, strategy: &mut dyn Strategy, candle: Candle) -> Vec<Decision> {
        self.price(candle.close.get());
        self.now = candle.open_time.plus(candle.interval);
        self.market(strategy, &MarketEvent::Candle(candle))
    }

    pub(crate) fn ask(&self, strategy: &mut dyn Strategy, event: &StrategyEvent<'_>) -> Vec<Decision> {
        Self::see(&[self], |view| strategy.decide(view, event))
    }

    /// Does what was decided, and all that this makes the strategy decide.
    pub(crate) fn carry_out(&mut self, strategy: &mut dyn Strategy, decided: Vec<Decision>) -> Vec<Decision> {
        let mut all = Vec::new();
        for decision in decided {
            let fills: Vec<(FillRole<'static>, Fill)> =
                decision.legs.iter().filter_map(|leg| self.carry_out_one(&leg.intent)).collect();
            self.told.push(decision.reason.clone());
            all.push(decision);
            for (role, fill) in fills {
                let more = self.fill_heard(strategy, role, &fill);
                all.extend(more);
            }
        }
        all
    }

    pub(crate) fn fill_heard(&mut self, strategy: &mut dyn Strategy, role: FillRole<'_>, fill: &Fill) -> Vec<Decision> {
        let account = self.id.clone();
        let more = self.ask(strategy, &StrategyEvent::Fill { account: &account, role, fill });
        self.carry_out(strategy, more)
    }

    pub(crate) fn carry_out_one(&mut self, intent: &Intent) -> Option<(FillRole<'static>, Fill)> {
        let last = self.market.last.unwrap();
        match intent {
            Intent::Open(open) => {
                let fill = self.trade(open.direction.opening_side(), open.quantity, last);
                let holding = self.holding.as_mut().unwrap();
                holding.leverage = open.leverage;
                holding.stop = open.stop_loss.price().or(holding.stop);
                Some((FillRole::Entry, fill))
            }
            Intent::Close(close) => {
                let held = self.holding.as_ref().expect("what is closed is held").position;
                assert_eq!(held.direction, close.direction, "it closes the wrong way");
                let quantity = close.quantity.unwrap_or(held.quantity);
                Some((FillRole::Exit, self.trade(close.direction.closing_side(), quantity, last)))
            }
            Intent::Rest(rest) => {
                assert!(self.orders.iter().all(|it| it.label != rest.label), "two orders of {}", rest.label);
                self.orders.push(WorkingOrder {
                    symbol: rest.symbol.clone(),
                    label: rest.label.clone(),
                    side: rest.side,
                    price: rest.price,
                    quantity: rest.quantity,
                    filled: None,
                });
                None
            }
            Intent::Cancel { label, .. } => {
                self.orders.retain(|it| it.label != *label);
                None
            }
            Intent::MoveStop { trigger, .. } => {
                self.holding.as_mut().expect("a stop is of what is held").stop = Some(*trigger);
                None
            }
        }
    }

    /// Trades, and says what the fill is.
    pub(crate) fn trade(&mut self, side: Side, quantity: Quantity, price: Price) -> Fill {
        let before = self.holding.take();
        let held = before.as_ref().map(|it| it.position);
        let after = Position::after(held, Direction::from(side), quantity, price);
        assert!(!matches!(after, Transition::Flipped(..)), "it trades through flat in one");
        self.equity += after.realized().get();
        self.holding = after.position().map(|position| match before {
            Some(before) => Holding { position, ..before },
            None => Holding { symbol: symbol(), position, leverage: Leverage::ONE, stop: None, opened_at: self.now },
        });
        self.trades += 1;
        Fill {
            trade_id: TradeId::new(self.trades.to_string()),
            order_id: OrderId::new(self.trades.to_string()),
            client_order_id: ClientOrderId::new(&format!("o{}", self.trades)).unwrap(),
            symbol: symbol(),
            side,
            position_side: PositionSide::Both,
            price,
            quantity,
            fee: Money::ZERO,
            fee_currency: None,
            liquidity: None,
            realized_pnl: None,
            cause: FillCause::Order,
            time: self.now,
        }
    }

    /// Moves the price, and fills every resting order that it reaches, until none is reached.
    pub(crate) fn moves(&mut self, strategy: &mut dyn Strategy, to: Decimal) -> Vec<Decision> {
        self.price(to);
        let mut all = Vec::new();
        let reached = |it: &WorkingOrder| match it.side {
            Side::Buy => it.price.get() >= to,
            Side::Sell => it.price.get() <= to,
        };
        while let Some(index) = self.orders.iter().position(reached) {
            let order = self.orders.remove(index);
            let left = order.quantity.get() - order.filled.map_or(dec!(0), Quantity::get);
            let fill = self.trade(order.side, Quantity::new(left).unwrap(), order.price);
            all.extend(self.fill_heard(strategy, FillRole::Resting(&order.label), &fill));
            all.extend(self.ended(strategy, &order.label, OrderStatus::Filled));
        }
        all
    }

    pub(crate) fn ended(&mut self, strategy: &mut dyn Strategy, label: &str, status: OrderStatus) -> Vec<Decision> {
        let (account, symbol) = (self.id.clone(), symbol());
        let event = StrategyEvent::Ended { account: &account, symbol: &symbol, label, status };
        let decided = self.ask(strategy, &event);
        self.carry_out(strategy, decided)
    }

    /// Ends what is held, by its stop or by force, and lets the strategy hear that.
    pub(crate) fn end(&mut self, strategy: &mut dyn Strategy, role: FillRole<'_>) -> Vec<Decision> {
        let held = self.holding.as_ref().unwrap().position;
        let fill = self.trade(held.direction.closing_side(), held.quantity, self.market.last.unwrap());
        self.fill_heard(strategy, role, &fill)
    }
}

/// A candle of so many minutes: it opens at the close before it, unless it says more.
pub(crate) fn candle(minutes: u64, index: i64, [high, low, close]: [Decimal; 3], volume: Decimal) -> Candle {
    let interval = Duration::from_secs(60 * minutes);
    let length = i64::try_from(interval.as_micros()).unwrap();
    let price = |value| Price::new(value).unwrap();
    Candle {
        symbol: symbol(),
        open_time: Timestamp::from_micros(index * length),
        interval,
        open: price(close),
        high: price(high),
        low: price(low),
        close: price(close),
        volume,
        closed: true,
    }
}

/// Candles of these closes, each reaching half a unit to both sides, with a volume of 1.
pub(crate) fn closes(minutes: u64, closes: impl IntoIterator<Item = Decimal>) -> Vec<Candle> {
    let half = dec!(0.5);
    (0..)
        .zip(closes)
        .map(|(index, close)| candle(minutes, index, [close + half, close - half, close], dec!(1)))
        .collect()
}

/// A walk that goes somewhere, turns, and stands: closes, by whole steps of a unit.
pub(crate) fn walk(start: i64, count: usize) -> Vec<Decimal> {
    let (mut seed, mut close) = (11_u64, start);
    let mut next = |index: usize| {
        seed = (seed * 1_103_515_245 + 12_345) % (1 << 31);
        let trend = if (index / 90).is_multiple_of(2) { 1 } else { -1 };
        close += i64::try_from((seed >> 16) % 7).unwrap() - 3 + trend;
        Decimal::from(close)
    };
    (0..count).map(&mut next).collect()
}

pub(crate) fn mark(price: Decimal, time: Timestamp) -> MarketEvent {
    MarketEvent::Mark(MarkPrice { symbol: symbol(), price: Price::new(price).unwrap(), index: None, time })
}

pub(crate) fn funding(rate: Decimal, interval_hours: u32, next: Timestamp, time: Timestamp) -> FundingRate {
    FundingRate {
        symbol: symbol(),
        rate: Rate::new(rate),
        next_time: Some(next),
        interval_hours: Some(interval_hours),
        mark_price: None,
        index_price: None,
        time,
    }
}

/// Each strategy of these candles' prefixes decides what it decides of the whole: it does not look ahead. And restarted
/// after every candle it decides the same.
pub(crate) fn assert_no_look_ahead(candles: &[Candle], fresh: impl Fn() -> Box<dyn Strategy>) {
    let run = |count: usize, restarts: bool| {
        let (mut desk, mut strategy) = (Desk::new("main"), fresh());
        let mut decided = Vec::new();
        for candle in &candles[..count] {
            decided.push(desk.candle(&mut *strategy, candle.clone()));
            if restarts {
                let state = strategy.state();
                strategy = fresh();
                strategy.restore(&state).unwrap();
            }
        }
        decided
    };
    let whole = run(candles.len(), false);
    assert!(whole.iter().flatten().count() > 3, "too little is decided to tell");
    assert_eq!(run(candles.len(), true), whole, "restarted with every candle it decides otherwise");
    for count in (0..candles.len()).step_by(candles.len() / 10 + 1) {
        assert_eq!(run(count, false), whole[..count], "of the first {count} candles it decides otherwise");
    }
}

/// All of the equity is free.
impl Funds for Desk {
    fn equity(&self) -> Money {
        Money::new(self.equity)
    }

    fn available(&self) -> Money {
        Money::new(self.equity)
    }
}
