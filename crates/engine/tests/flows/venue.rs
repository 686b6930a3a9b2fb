//! A venue in memory: fills market orders at the mark, keeps conditional orders, and fails on command.

mod ports;

use plimsoll_ports::domain::{
    Booking, BookingKind, ClientOrderId, Currency, Decimal, Direction, Fees, Fill, FillCause, FundingPayment,
    Instrument, Leverage, MarginMode, MarginTiers, Money, NewOrder, Order, OrderId, OrderKind, OrderSize, OrderStatus,
    OrderType, Position, PositionMode, PositionSide, Price, Quantity, Rate, SettledFunding, Side, Stamp, Step, Symbol,
    Tier, Timestamp, TradeId, VenueId, margin,
};
use plimsoll_ports::{Refusal, RefusalReason};
use std::collections::{BTreeMap, VecDeque};
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
    /// It is accepted, and expires without a fill.
    Unfilled,
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
    /// How often the whole account was.
    pub(crate) accounts_asked: usize,
    /// Bookings are not told.
    pub(crate) hide_bookings: bool,
    /// Bookings are in the wallet, and no question tells of them yet.
    pub(crate) hold_bookings: bool,
    pub(crate) settled: Vec<SettledFunding>,
    pub(crate) rate: Rate,
    pub(crate) faults: Vec<(OrderType, Fault)>,
    /// Nothing can be read.
    pub(crate) blind: bool,
    /// The next question for a contract takes so many turns of everybody else.
    pub(crate) slow_instrument: u32,
    /// So much time passes while each of the next questions for a contract is answered.
    pub(crate) instruments_take: VecDeque<Duration>,
    /// The same of the next question for a mark price.
    pub(crate) mark_takes: Duration,
    /// The same of the next setting of leverage.
    pub(crate) leverage_takes: Duration,
    /// No contract can be asked about.
    pub(crate) hide_instruments: bool,
    /// No margin is moved into positions.
    pub(crate) refuses_margin: bool,
    /// No balance is listed.
    pub(crate) hide_balances: bool,
    /// How often the open orders of all contracts were asked for.
    pub(crate) listed_whole: usize,
    /// So many readings of all open orders fail.
    pub(crate) hide_orders: u32,
    /// So many readings of those of one contract fail.
    pub(crate) hide_orders_of_one: u32,
    /// What only reduces is refused while a sized reduce-only order of its contract rests.
    pub(crate) sizes_are_held: bool,
    /// No stop is taken before there is a position.
    pub(crate) stops_need_a_position: bool,
    /// An order may carry a stop, which is there when it has filled.
    pub(crate) attaches_stops: bool,
    /// What is attached to an order never appears.
    pub(crate) loses_attached: bool,
    /// No second order of a kind that closes a whole position is taken.
    pub(crate) takes_one_stop: bool,
    /// The next order takes so many turns of everybody else on its way.
    pub(crate) slow_place: u32,
    /// All orders of the account can be cancelled with one call.
    pub(crate) cancels_everything: bool,
    /// A cancel lets others go first so often.
    pub(crate) slow_cancels: u32,
    /// How many cancels are on their way, and how many were at once at most.
    pub(crate) cancelling: (usize, usize),
    /// What is asked of a contract is never answered.
    pub(crate) hold_instruments: bool,
    /// So many questions about an order are answered by "not known".
    pub(crate) unknown: u32,
    /// Trades are not told.
    pub(crate) hide_fills: bool,
    /// A question for trades from before this time fails.
    pub(crate) fills_fail_before: Option<Timestamp>,
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
            accounts_asked: 0,
            hide_bookings: false,
            hold_bookings: false,
            settled: Vec::new(),
            rate: "0.0001".parse().unwrap(),
            faults: Vec::new(),
            blind: false,
            slow_instrument: 0,
            instruments_take: VecDeque::new(),
            mark_takes: Duration::ZERO,
            leverage_takes: Duration::ZERO,
            hide_instruments: false,
            refuses_margin: false,
            hide_balances: false,
            sizes_are_held: false,
            stops_need_a_position: false,
            attaches_stops: false,
            loses_attached: false,
            takes_one_stop: false,
            slow_place: 0,
            cancels_everything: false,
            slow_cancels: 0,
            cancelling: (0, 0),
            hold_instruments: false,
            unknown: 0,
            hide_fills: false,
            fills_fail_before: None,
            listed_whole: 0,
            hide_orders: 0,
            hide_orders_of_one: 0,
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

    /// So much time passes.
    fn pass(&self, duration: Duration) {
        let mut state = self.state();
        state.now = state.now.plus(duration);
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
        let held = self.state().held[&(symbol.clone(), PositionSide::Both)].position;
        self.take(symbol, PositionSide::Both, &held.quantity.to_string(), id, cause);
    }

    /// The same with so much of one position of a contract.
    pub(crate) fn take(&self, symbol: &Symbol, side: PositionSide, quantity: &str, id: &str, cause: FillCause) {
        let mut state = self.state();
        let held = state.held[&(symbol.clone(), side)].position;
        let (closing, id) = (held.direction.closing_side(), ClientOrderId::reported(id));
        let order = NewOrder { position_side: side, ..market(symbol, closing, size(quantity), id, true) };
        state.trade(&order, size(quantity), cause);
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
                let whole = margin::initial(position.notional(position.entry), leverage);
                // What is closed gives its share of the margin back, of what was added as well.
                let margin = match before.as_ref().filter(|held| held.position.quantity > position.quantity) {
                    Some(held) => held.margin * (position.quantity.get() / held.position.quantity.get()),
                    None => whole,
                };
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

    /// A triggered order closes the position through a child order whose id nobody of ours knows. That of a stop that the venue
    /// has made itself has the stop's name.
    fn trigger(&mut self, order: Order) {
        let held = self.held.get(&(order.symbol.clone(), order.position_side)).map(|held| held.position);
        let Some(held) = held else {
            return self.done.push(Order { status: OrderStatus::Rejected, ..order });
        };
        let name = match order.client_order_id.as_str().starts_with("venue-") {
            true => order.client_order_id.clone(),
            false => ClientOrderId::reported("child"),
        };
        let child = market(&order.symbol, order.side, held.quantity, name, true);
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
