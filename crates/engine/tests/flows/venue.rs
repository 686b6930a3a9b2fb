//! A venue in memory: fills market orders at the mark, keeps conditional orders, and fails on command.

use async_trait::async_trait;
use plimsoll_ports::domain::{
    AccountSnapshot, BalanceReport, BestQuotes, Booking, BookingKind, Candle, ClientOrderId, Currency, Decimal,
    Direction, Fees, Fill, FillCause, FundingPayment, FundingRate, Instrument, Leverage, MarginMode, MarginTiers,
    MarkPrice, Money, NewOrder, Order, OrderId, OrderKind, OrderSize, OrderStatus, OrderType, Position, PositionMode,
    PositionReport, PositionSide, Price, Quantity, Rate, SettledFunding, Side, Stamp, Step, Symbol, Tier, Timestamp,
    TradeId, VenueId, margin,
};
use plimsoll_ports::{
    Broker, Clock, CommandError, FundingRates, MarketFeed, MarketStream, NotSent, PlaceError, QueryError, Refusal,
    RefusalReason,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// What happens to the next order of a kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fault {
    Refuse(RefusalReason),
    NotSent,
    /// It is executed, and the answer is lost.
    LostAnswer,
    /// It never arrives, and no answer comes.
    LostRequest,
    /// The same, while somebody else makes a position of this size.
    LostRequestWhilePositionGrows(Quantity),
    /// It is executed in part, and then expires.
    Partly(Quantity),
    /// It rests at another trigger than was asked for.
    OtherTrigger(Price),
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) now: Timestamp,
    pub(crate) marks: BTreeMap<Symbol, Price>,
    pub(crate) held: BTreeMap<(Symbol, PositionSide), Holding>,
    pub(crate) wallet: Money,
    pub(crate) mode: PositionMode,
    pub(crate) leverage: Leverage,
    pub(crate) margin_mode: MarginMode,
    pub(crate) open: Vec<Order>,
    pub(crate) done: Vec<Order>,
    pub(crate) fills: Vec<Fill>,
    pub(crate) payments: Vec<FundingPayment>,
    pub(crate) bookings: Vec<Booking>,
    /// How often they were asked for.
    pub(crate) bookings_asked: usize,
    /// Bookings are not told.
    pub(crate) hide_bookings: bool,
    /// Bookings are in the wallet, and no question tells of them yet.
    pub(crate) hold_bookings: bool,
    pub(crate) settled: Vec<SettledFunding>,
    pub(crate) rate: Rate,
    pub(crate) faults: Vec<(OrderType, Fault)>,
    /// Nothing can be read.
    pub(crate) blind: bool,
    /// So many questions about an order are answered by "not known".
    pub(crate) unknown: u32,
    /// Trades are not told.
    pub(crate) hide_fills: bool,
    /// So much is bought while the orders of a symbol are asked for next.
    pub(crate) bought_meanwhile: Option<Quantity>,
    pub(crate) max_market: Quantity,
    pub(crate) calls: Vec<String>,
    next: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Holding {
    pub(crate) position: Position,
    pub(crate) margin: Money,
    pub(crate) margin_mode: MarginMode,
    pub(crate) leverage: Leverage,
}

/// The venue, and its market's clock.
#[derive(Clone)]
pub(crate) struct Venue(Arc<Mutex<State>>);

pub(crate) fn btc() -> Symbol {
    "BTC/USDT:USDT".parse().unwrap()
}

pub(crate) fn eth() -> Symbol {
    "ETH/USDT:USDT".parse().unwrap()
}

pub(crate) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub(crate) fn size(text: &str) -> Quantity {
    text.parse().unwrap()
}

pub(crate) fn money(text: &str) -> Money {
    text.parse().unwrap()
}

impl Venue {
    pub(crate) fn new(wallet: &str) -> Self {
        let marks = [(btc(), price("50000")), (eth(), price("2000"))];
        Self(Arc::new(Mutex::new(State {
            now: Timestamp::from_millis(1_700_000_000_000),
            marks: marks.into_iter().collect(),
            held: BTreeMap::new(),
            wallet: money(wallet),
            mode: PositionMode::OneWay,
            leverage: Leverage::new(20).unwrap(),
            margin_mode: MarginMode::Cross,
            open: Vec::new(),
            done: Vec::new(),
            fills: Vec::new(),
            payments: Vec::new(),
            bookings: Vec::new(),
            bookings_asked: 0,
            hide_bookings: false,
            hold_bookings: false,
            settled: Vec::new(),
            rate: "0.0001".parse().unwrap(),
            faults: Vec::new(),
            blind: false,
            unknown: 0,
            hide_fills: false,
            bought_meanwhile: None,
            max_market: size("120"),
            calls: Vec::new(),
            next: 1,
        })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn fail(&self, kind: OrderType, fault: Fault) {
        self.state().faults.push((kind, fault));
    }

    /// Moves a mark and fires what it triggers.
    pub(crate) fn mark(&self, symbol: &Symbol, to: &str) {
        let mut state = self.state();
        state.marks.insert(symbol.clone(), price(to));
        let fired: Vec<Order> = state.open.iter().filter(|order| fires(order, symbol, price(to))).cloned().collect();
        for order in fired {
            state.open.retain(|open| open.order_id != order.order_id);
            state.trigger(order);
        }
    }

    /// Closes a position as its venue does by force, or as a person does by hand.
    pub(crate) fn close_elsewhere(&self, symbol: &Symbol, id: &str, cause: FillCause) {
        let mut state = self.state();
        let held = state.held[&(symbol.clone(), PositionSide::Both)].position;
        let order = market(symbol, held.direction.closing_side(), held.quantity, ClientOrderId::reported(id), true);
        state.trade(&order, held.quantity, cause);
    }

    pub(crate) fn open_elsewhere(&self, symbol: &Symbol, direction: Direction, quantity: &str) {
        self.open_as(&ClientOrderId::reported("web_1"), symbol, direction, quantity);
    }

    /// Somebody's market order of this name fills.
    pub(crate) fn open_as(&self, id: &ClientOrderId, symbol: &Symbol, direction: Direction, quantity: &str) {
        let order = market(symbol, direction.opening_side(), size(quantity), id.clone(), false);
        self.state().trade(&order, size(quantity), FillCause::Order);
    }

    pub(crate) fn position(&self, symbol: &Symbol) -> Option<Position> {
        self.state().held.get(&(symbol.clone(), PositionSide::Both)).map(|held| held.position)
    }

    /// Books something else than a fill or funding, a minute later.
    pub(crate) fn book(&self, kind: BookingKind, amount: &str) {
        let mut state = self.state();
        state.now = state.now.plus(Duration::from_secs(60));
        let (id, amount, time) = (state.id(), money(amount), state.now);
        state.wallet += amount;
        state.bookings.push(Booking { id, kind, symbol: None, amount, currency: Currency::new("USDT"), time });
        state.now = time.plus(Duration::from_secs(60));
    }

    pub(crate) fn pay_funding(&self, symbol: &Symbol, id: &str, payment: &str) {
        let mut state = self.state();
        state.now = state.now.plus(Duration::from_secs(60));
        let (time, mark, rate) = (state.now, state.marks[symbol], state.rate);
        state.settled.push(SettledFunding { symbol: symbol.clone(), rate, mark_price: Some(mark), time });
        let payment = money(payment);
        state.wallet -= payment;
        state.payments.push(FundingPayment {
            id: Some(id.into()),
            symbol: Some(symbol.clone()),
            payment,
            rate: None,
            currency: Currency::new("USDT"),
            time,
        });
        state.now = time.plus(Duration::from_secs(60));
    }
}

pub(crate) fn market(
    symbol: &Symbol,
    side: Side,
    quantity: Quantity,
    id: ClientOrderId,
    reduce_only: bool,
) -> NewOrder {
    NewOrder {
        client_order_id: id,
        symbol: symbol.clone(),
        side,
        position_side: PositionSide::Both,
        kind: OrderKind::Market,
        size: OrderSize::Quantity(quantity),
        reduce_only,
    }
}

fn fires(order: &Order, symbol: &Symbol, mark: Price) -> bool {
    let Some(trigger) = order.trigger.filter(|_| order.symbol == *symbol) else { return false };
    match (order.order_type, order.side) {
        (OrderType::StopMarket, Side::Sell) | (OrderType::TakeProfitMarket, Side::Buy) => mark <= trigger,
        _ => mark >= trigger,
    }
}

impl State {
    fn id(&mut self) -> String {
        self.next += 1;
        self.next.to_string()
    }

    /// Trades at the mark, and answers the finished order.
    fn trade(&mut self, order: &NewOrder, quantity: Quantity, cause: FillCause) -> OrderId {
        let id = self.id();
        self.now = self.now.plus(Duration::from_millis(1));
        let (at, key) = (self.marks[&order.symbol], (order.symbol.clone(), order.position_side));
        let before = self.held.get(&key).cloned();
        let held = before.as_ref().map(|held| held.position);
        let transition = Position::after(held, Direction::from(order.side), quantity, at);
        let fee = quantity * at * instrument(&order.symbol, self.max_market).fees.taker;
        self.wallet += transition.realized() - fee;
        match transition.position() {
            Some(position) => {
                let leverage = before.as_ref().map_or(self.leverage, |held| held.leverage);
                let margin_mode = before.as_ref().map_or(self.margin_mode, |held| held.margin_mode);
                let margin = margin::initial(position.notional(position.entry), leverage);
                self.held.insert(key, Holding { position, margin, margin_mode, leverage });
            }
            None => {
                self.held.remove(&key);
            }
        }
        let trade = self.id();
        self.fills.push(Fill {
            trade_id: TradeId::new(trade),
            order_id: OrderId::new(id.clone()),
            client_order_id: order.client_order_id.clone(),
            symbol: order.symbol.clone(),
            side: order.side,
            position_side: order.position_side,
            price: at,
            quantity,
            fee,
            fee_currency: Some(Currency::new("USDT")),
            liquidity: None,
            realized_pnl: None,
            cause,
            time: self.now,
        });
        let wanted = match order.size {
            OrderSize::Quantity(wanted) => wanted,
            OrderSize::WholePosition => quantity,
        };
        let status = if quantity < wanted { OrderStatus::Expired } else { OrderStatus::Filled };
        let mut done = reported(order, id.clone(), status, self.now);
        (done.filled, done.average_price) = (Some(quantity), Some(at));
        self.done.push(done);
        OrderId::new(id)
    }

    /// A triggered order closes the position through a child order whose id nobody of ours knows.
    fn trigger(&mut self, order: Order) {
        let held = self.held[&(order.symbol.clone(), order.position_side)].position;
        let child = market(&order.symbol, order.side, held.quantity, ClientOrderId::reported("child"), true);
        let child = self.trade(&child, held.quantity, FillCause::Order);
        let filled = Some(held.quantity);
        self.done.push(Order { status: OrderStatus::Filled, filled, child: Some(child), ..order });
    }
}

fn reported(order: &NewOrder, id: String, status: OrderStatus, now: Timestamp) -> Order {
    let trigger = match order.kind {
        OrderKind::StopMarket { trigger, .. } | OrderKind::TakeProfitMarket { trigger, .. } => Some(trigger),
        OrderKind::Market | OrderKind::Limit { .. } => None,
    };
    Order {
        order_id: OrderId::new(id),
        client_order_id: order.client_order_id.clone(),
        symbol: order.symbol.clone(),
        side: order.side,
        position_side: order.position_side,
        order_type: order.kind.order_type(),
        time_in_force: None,
        price: None,
        trigger,
        quantity: match order.size {
            OrderSize::Quantity(quantity) => Some(quantity),
            OrderSize::WholePosition => None,
        },
        filled: None,
        average_price: None,
        reduce_only: order.reduce_only,
        close_position: order.size == OrderSize::WholePosition,
        child: None,
        status,
        updated: Stamp::at(now),
    }
}

pub(crate) fn refusal(reason: RefusalReason) -> Refusal {
    Refusal { reason, code: "-1".to_owned(), message: "no".to_owned() }
}

pub(crate) fn instrument(symbol: &Symbol, max_market: Quantity) -> Instrument {
    let tier = |floor: &str, rate: &str, deduction: &str, max| Tier {
        floor: money(floor),
        rate: rate.parse().unwrap(),
        deduction: money(deduction),
        max_leverage: Leverage::new(max).unwrap(),
    };
    Instrument {
        venue: VenueId::new("test"),
        symbol: symbol.clone(),
        native: symbol.as_str().into(),
        settle: Currency::new(symbol.settle()),
        multiplier: Decimal::ONE,
        tick: Step::new("0.1".parse().unwrap()).unwrap(),
        lot: Step::new("0.001".parse().unwrap()).unwrap(),
        min_quantity: size("0.001"),
        max_quantity: size("1000"),
        max_market_quantity: max_market,
        min_notional: money("5"),
        tiers: MarginTiers::new(vec![tier("0", "0.004", "0", 125), tier("50000", "0.005", "50", 100)]).unwrap(),
        fees: Fees { maker: "0.0002".parse().unwrap(), taker: "0.0005".parse().unwrap() },
        liquidation_fee: "0.0125".parse().unwrap(),
        funding_interval_hours: 8,
        status: plimsoll_domain::ContractStatus::Trading,
        ends: None,
        margin_fee: plimsoll_domain::Rate::ZERO,
    }
}

impl Venue {
    fn see(&self) -> Result<MutexGuard<'_, State>, QueryError> {
        let state = self.state();
        if state.blind {
            return Err(QueryError::Unreachable(NotSent::Disconnected("no route".to_owned())));
        }
        Ok(state)
    }

    fn command(&self, call: String) -> Result<MutexGuard<'_, State>, CommandError> {
        let mut state = self.state();
        state.calls.push(call);
        Ok(state)
    }
}

#[async_trait]
impl Broker for Venue {
    fn venue(&self) -> VenueId {
        VenueId::new("test")
    }

    async fn instruments(&self) -> Result<Vec<Instrument>, QueryError> {
        let max = self.see()?.max_market;
        Ok(vec![instrument(&btc(), max), instrument(&eth(), max)])
    }

    async fn instrument(&self, symbol: &Symbol) -> Result<Instrument, QueryError> {
        Ok(instrument(symbol, self.see()?.max_market))
    }

    async fn account(&self) -> Result<AccountSnapshot, QueryError> {
        let (positions, orders, balances) =
            (self.positions().await?, self.open_orders(None).await?, self.balances().await?);
        let state = self.see()?;
        Ok(AccountSnapshot { positions, orders, balances, position_mode: state.mode, time: state.now })
    }

    async fn positions(&self) -> Result<Vec<PositionReport>, QueryError> {
        let state = self.see()?;
        let report = |((symbol, side), held): (&(Symbol, PositionSide), &Holding)| PositionReport {
            symbol: symbol.clone(),
            position_side: *side,
            position: Some(held.position),
            mark_price: Some(state.marks[symbol]),
            liquidation_price: Some(price("1")),
            unrealized_pnl: Some(held.position.unrealized_pnl(state.marks[symbol])),
            realized_pnl: None,
            leverage: Some(held.leverage),
            margin_mode: Some(held.margin_mode),
            isolated_margin: (held.margin_mode == MarginMode::Isolated).then_some(held.margin),
            maintenance_margin: None,
            margin_ratio: None,
            stamp: Stamp::at(state.now),
        };
        Ok(state.held.iter().map(report).collect())
    }

    async fn balances(&self) -> Result<Vec<BalanceReport>, QueryError> {
        let state = self.see()?;
        let profit: Money = state.held.iter().map(|(key, it)| it.position.unrealized_pnl(state.marks[&key.0])).sum();
        let used: Money = state.held.values().map(|held| held.margin).sum();
        Ok(vec![BalanceReport {
            currency: Currency::new("USDT"),
            wallet: Some(state.wallet),
            cross_wallet: Some(state.wallet),
            available: Some(state.wallet + profit - used),
            equity: Some(state.wallet + profit),
            unrealized_pnl: Some(profit),
            stamp: Stamp::at(state.now),
        }])
    }

    async fn open_orders<'a>(&self, symbol: Option<&'a Symbol>) -> Result<Vec<Order>, QueryError> {
        let of = |order: &&Order| symbol.is_none_or(|symbol| order.symbol == *symbol);
        if let Some(symbol) = symbol {
            let bought = self.state().bought_meanwhile.take();
            bought.into_iter().for_each(|quantity| self.open_elsewhere(symbol, Direction::Long, &quantity.to_string()));
        }
        Ok(self.see()?.open.iter().filter(of).cloned().collect())
    }

    async fn order(&self, _: &Symbol, id: &ClientOrderId) -> Result<Option<Order>, QueryError> {
        let mut state = self.see()?;
        if state.unknown > 0 {
            state.unknown -= 1;
            return Ok(None);
        }
        Ok(state.open.iter().chain(&state.done).rfind(|order| order.client_order_id == *id).cloned())
    }

    async fn fills(&self, symbol: &Symbol, since: Timestamp) -> Result<Vec<Fill>, QueryError> {
        let state = self.see()?;
        let told = |fill: &&Fill| !state.hide_fills && fill.symbol == *symbol && fill.time >= since;
        Ok(state.fills.iter().filter(told).cloned().collect())
    }

    async fn funding_payments(&self, since: Timestamp) -> Result<Vec<FundingPayment>, QueryError> {
        Ok(self.see()?.payments.iter().filter(|payment| payment.time >= since).cloned().collect())
    }

    async fn bookings(&self, since: Timestamp) -> Result<Vec<Booking>, QueryError> {
        let mut state = self.see()?;
        state.bookings_asked += 1;
        if state.hide_bookings {
            return Err(QueryError::Unreachable(NotSent::Unavailable("busy".to_owned())));
        }
        let is_told = !state.hold_bookings;
        Ok(state.bookings.iter().filter(|booking| is_told && booking.time >= since).cloned().collect())
    }

    async fn place(&self, order: &NewOrder) -> Result<OrderId, PlaceError> {
        let mut state = self.state();
        let kind = order.kind.order_type();
        state.calls.push(format!("place {kind} {}", order.side));
        let fault = state.faults.iter().position(|(of, _)| *of == kind).map(|index| state.faults.remove(index).1);
        let lost = || PlaceError::Unanswered("timed out".to_owned());
        match &fault {
            Some(Fault::Refuse(reason)) => return Err(PlaceError::Refused(refusal(*reason))),
            Some(Fault::NotSent) => return Err(PlaceError::NotSent(NotSent::Unavailable("busy".to_owned()))),
            Some(Fault::LostRequest) => return Err(lost()),
            Some(Fault::LostRequestWhilePositionGrows(grown)) => {
                let other = market(&order.symbol, order.side, *grown, ClientOrderId::reported("web_9"), false);
                state.trade(&other, *grown, FillCause::Order);
                return Err(lost());
            }
            _ => {}
        }
        let key = (order.symbol.clone(), order.position_side);
        let held = state.held.get(&key).map(|held| held.position.quantity);
        let id = match (order.kind, order.size) {
            (OrderKind::Market, OrderSize::Quantity(quantity)) => {
                if order.reduce_only && held.is_none() {
                    return Err(PlaceError::Refused(refusal(RefusalReason::NothingToReduce)));
                }
                if quantity > state.max_market {
                    return Err(PlaceError::Refused(refusal(RefusalReason::BadSizeOrPrice)));
                }
                let quantity = match fault {
                    Some(Fault::Partly(part)) => part,
                    _ if order.reduce_only => quantity.min(held.unwrap()),
                    _ => quantity,
                };
                state.trade(order, quantity, FillCause::Order)
            }
            _ => {
                let id = state.id();
                let mut resting = reported(order, id.clone(), OrderStatus::New, state.now);
                if let Some(Fault::OtherTrigger(other)) = fault {
                    resting.trigger = Some(other);
                }
                state.open.push(resting);
                OrderId::new(id)
            }
        };
        if fault == Some(Fault::LostAnswer) { Err(lost()) } else { Ok(id) }
    }

    async fn amend(&self, _: &Symbol, _: &ClientOrderId, _: Quantity, _: Price) -> Result<(), CommandError> {
        Err(CommandError::Refused(refusal(RefusalReason::UnknownOrder)))
    }

    async fn cancel(&self, _: &Symbol, id: &ClientOrderId) -> Result<(), CommandError> {
        let mut state = self.command(format!("cancel {id}"))?;
        let Some(index) = state.open.iter().position(|order| order.client_order_id == *id) else {
            return Err(CommandError::Refused(refusal(RefusalReason::UnknownOrder)));
        };
        let order = state.open.remove(index);
        state.done.push(Order { status: OrderStatus::Canceled, ..order });
        Ok(())
    }

    async fn cancel_all(&self, symbol: &Symbol) -> Result<(), CommandError> {
        self.command(format!("cancel all {symbol}"))?.open.retain(|order| order.symbol != *symbol);
        Ok(())
    }

    async fn set_leverage(&self, symbol: &Symbol, leverage: Leverage) -> Result<(), CommandError> {
        self.command(format!("leverage {leverage} {symbol}"))?.leverage = leverage;
        Ok(())
    }

    async fn set_margin_mode(&self, symbol: &Symbol, mode: MarginMode) -> Result<(), CommandError> {
        self.command(format!("margin mode {mode} {symbol}"))?.margin_mode = mode;
        Ok(())
    }

    async fn set_position_mode(&self, mode: PositionMode) -> Result<(), CommandError> {
        self.command(format!("position mode {mode}"))?.mode = mode;
        Ok(())
    }

    async fn adjust_isolated_margin(&self, _: &Symbol, _: PositionSide, _: Money) -> Result<(), CommandError> {
        Ok(())
    }
}

#[async_trait]
impl MarketFeed for Venue {
    async fn mark_price(&self, symbol: &Symbol) -> Result<MarkPrice, QueryError> {
        let state = self.see()?;
        Ok(MarkPrice { symbol: symbol.clone(), price: state.marks[symbol], index: None, time: state.now })
    }

    async fn best_quotes(&self, symbol: &Symbol) -> Result<BestQuotes, QueryError> {
        let time = self.see()?.now;
        Ok(BestQuotes { symbol: symbol.clone(), bid: None, ask: None, last: None, time })
    }

    async fn candles(&self, _: &Symbol, _: Duration, _: Timestamp, _: Timestamp) -> Result<Vec<Candle>, QueryError> {
        Ok(Vec::new())
    }

    async fn subscribe(&self, _: &[Symbol]) -> Result<Box<dyn MarketStream>, QueryError> {
        Err(QueryError::Refused(refusal(RefusalReason::Other)))
    }
}

#[async_trait]
impl FundingRates for Venue {
    async fn current(&self, symbol: &Symbol) -> Result<FundingRate, QueryError> {
        let state = self.see()?;
        Ok(FundingRate {
            symbol: symbol.clone(),
            rate: state.rate,
            next_time: None,
            interval_hours: None,
            mark_price: None,
            index_price: None,
            time: state.now,
        })
    }

    async fn history(
        &self,
        symbol: &Symbol,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<SettledFunding>, QueryError> {
        let within = |it: &&SettledFunding| it.symbol == *symbol && it.time >= from && it.time < to;
        Ok(self.see()?.settled.iter().filter(within).cloned().collect())
    }
}

/// Time is the venue's; sleeping makes it pass.
#[async_trait]
impl Clock for Venue {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    async fn sleep(&self, duration: Duration) {
        {
            let mut state = self.state();
            state.now = state.now.plus(duration);
        }
        tokio::task::yield_now().await;
    }
}
