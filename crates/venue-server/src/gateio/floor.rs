//! The trading floor: the exchange, who may call, who listens, and what the venue remembers beyond the exchange.

use crate::clock::AuthenticationClock;
use crate::day::{Day, quotes};
use crate::faults::Faults;
use crate::gateio::auth::Keys;
use crate::gateio::deadlines::Deadlines;
use crate::gateio::ledger::Ledgers;
use crate::gateio::limits::{RateLimits, Usage};
use crate::gateio::lives::{Closed, Lives};
use crate::gateio::session::Session;
use crate::gateio::triggers::TriggerFacts;
use crate::gateio::{channels, market};
use crate::settings::Settings;
use crate::sockets::Sockets;
use crate::tape::Tape;
use plimsoll_domain::{
    AccountId, FillCause, ForcedClose, Instrument, Leverage, MarginMode, OrderId, PositionMode, PositionReport,
    PositionSide, Symbol, Timestamp, TradeId,
};
use plimsoll_exchange::{ConditionalOrder, Exchange, OrderRef, PlacedOrder, Tick, TickRefused};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::time::Duration;

/// Everything behind the one lock.
#[derive(Debug)]
pub(crate) struct Floor {
    pub(crate) exchange: Exchange,
    pub(crate) settings: Settings<RateLimits>,
    pub(crate) usage: Usage,
    pub(crate) faults: Faults,
    pub(crate) keys: Keys,
    pub(crate) deadlines: Deadlines,
    pub(crate) lives: Lives,
    pub(crate) ledgers: Ledgers,
    pub(crate) closes: BTreeMap<AccountId, Vec<Closed>>,
    pub(crate) forced: BTreeMap<AccountId, Vec<Forced>>,
    pub(crate) triggers: BTreeMap<OrderId, TriggerFacts>,
    pub(crate) sockets: Sockets<Session>,
    pub(crate) days: BTreeMap<Symbol, LastDay>,
    orders: BTreeMap<OrderId, OrderFacts>,
    /// When each fill was, and how much of a position it closed, in contracts.
    pub(crate) reduced: BTreeMap<(Symbol, TradeId), (Timestamp, Decimal)>,
    /// Positions as they were when their liquidation began.
    pub(crate) doomed: BTreeMap<(AccountId, Symbol, PositionSide), PositionReport>,
    /// The place in the queue of deleveraging that was last told of each position.
    pub(crate) ranks: BTreeMap<(AccountId, Symbol, PositionSide), u8>,
    pub(crate) tapes: BTreeMap<Symbol, Tape>,
    /// When what is old was last forgotten.
    forgot: Timestamp,
}

/// The first order id, which no 64-bit float can hold exactly.
const FIRST_ORDER: u64 = 94_294_117_000_000_001;
/// The user id of the first account.
const FIRST_USER: usize = 100_001;
/// How often what is old is forgotten.
const DAY: Duration = Duration::from_secs(86_400);

/// The last day of a contract as the tickers on sockets tell of it.
#[derive(Debug)]
pub(crate) struct LastDay {
    /// The minute since 1970 that it was worked out in.
    minute: i64,
    pub(crate) day: Day,
    /// In contracts.
    pub(crate) open_interest: Decimal,
}

/// What the venue remembers of an order beyond the exchange.
#[derive(Debug, Clone, Default)]
pub(crate) struct OrderFacts {
    /// How it ended, if the exchange ended it.
    pub(crate) ended: Option<&'static str>,
    /// It was to close the whole position.
    pub(crate) is_close: bool,
    /// How often it has changed.
    pub(crate) updates: u32,
    /// The remark of its last change.
    pub(crate) remark: Option<String>,
}

/// A position, or a part of it, that was closed by force.
#[derive(Debug, Clone)]
pub(crate) struct Forced {
    pub(crate) cause: FillCause,
    pub(crate) close: ForcedClose,
    pub(crate) order: Option<OrderId>,
    /// The position before a liquidation, after a deleveraging.
    pub(crate) position: Option<PositionReport>,
}

impl Floor {
    pub(crate) fn new(mut exchange: Exchange, settings: Settings<RateLimits>) -> Self {
        exchange.adopt(true, true, FIRST_ORDER);
        let mut faults = Faults::default();
        faults.begin(&settings.faults, exchange.now());
        let mut floor = Self {
            faults,
            forgot: exchange.now(),
            usage: Usage::new(settings.rate_limits),
            exchange,
            settings,
            keys: Keys::new(),
            deadlines: Deadlines::default(),
            lives: Lives::default(),
            ledgers: Ledgers::default(),
            closes: BTreeMap::new(),
            forced: BTreeMap::new(),
            triggers: BTreeMap::new(),
            sockets: Sockets::default(),
            days: BTreeMap::new(),
            orders: BTreeMap::new(),
            reduced: BTreeMap::new(),
            doomed: BTreeMap::new(),
            ranks: BTreeMap::new(),
            tapes: BTreeMap::new(),
        };
        let symbols: Vec<Symbol> = floor.instruments().map(|instrument| instrument.symbol.clone()).collect();
        for symbol in &symbols {
            floor.observe(symbol);
        }
        floor.publish();
        floor
    }

    // --- who and when

    /// The time that requests are judged by.
    pub(crate) fn server_time(&self) -> Timestamp {
        let now = self.exchange.now();
        self.faults.skewed(self.settings.clock.read(now), now)
    }

    /// The account's number.
    pub(crate) fn user(&self, account: &AccountId) -> usize {
        FIRST_USER + self.exchange.accounts().position(|known| known == account).unwrap_or_default()
    }

    // --- what the exchange has

    pub(crate) fn instruments(&self) -> impl Iterator<Item = &Instrument> {
        self.exchange.instruments()
    }

    pub(crate) fn instrument(&self, symbol: &Symbol) -> Option<&Instrument> {
        self.exchange.instrument(symbol)
    }

    /// The contract that goes by the venue's own name.
    pub(crate) fn native(&self, native: &str) -> Option<&Instrument> {
        self.exchange.instruments().find(|instrument| &*instrument.native == native)
    }

    pub(crate) fn tape(&self, symbol: &Symbol) -> Option<&Tape> {
        self.tapes.get(symbol)
    }

    /// The positions of a contract that the account's mode has.
    pub(crate) fn position_sides(&self, account: &AccountId) -> &'static [PositionSide] {
        match self.position_mode(account) {
            PositionMode::OneWay => &[PositionSide::Both],
            PositionMode::Hedge => &[PositionSide::Long, PositionSide::Short],
        }
    }

    pub(crate) fn position_mode(&self, account: &AccountId) -> PositionMode {
        self.exchange.position_mode(account).unwrap_or(PositionMode::OneWay)
    }

    pub(crate) fn setting(&self, account: &AccountId, symbol: &Symbol) -> (Leverage, MarginMode) {
        self.exchange.symbol_settings(account, symbol).unwrap_or((Leverage::ONE, MarginMode::Cross))
    }

    /// Open ordinary orders, of one contract or of all.
    pub(crate) fn open_orders(&self, account: &AccountId, symbol: Option<&Symbol>) -> Vec<PlacedOrder> {
        let mut orders = self.exchange.open_orders(account);
        orders.retain(|placed| symbol.is_none_or(|symbol| placed.order.symbol == *symbol));
        orders
    }

    /// Waiting trigger orders, of one contract or of all.
    pub(crate) fn open_conditionals(&self, account: &AccountId, symbol: Option<&Symbol>) -> Vec<ConditionalOrder> {
        let mut orders = self.exchange.open_conditionals(account);
        orders.retain(|order| symbol.is_none_or(|symbol| order.order.symbol == *symbol));
        orders
    }

    /// An ordinary order of any contract.
    pub(crate) fn order(&self, account: &AccountId, which: &OrderRef) -> Option<PlacedOrder> {
        let found = self.instruments().filter_map(|it| self.exchange.order(account, &it.symbol, which));
        found.max_by_key(|placed| (placed.created, placed.order.order_id.clone()))
    }

    pub(crate) fn facts(&self, order: &OrderId) -> OrderFacts {
        self.orders.get(order).cloned().unwrap_or_default()
    }

    pub(crate) fn facts_mut(&mut self, order: &OrderId) -> &mut OrderFacts {
        self.orders.entry(order.clone()).or_default()
    }

    /// How many contracts of a position a fill has closed, with the fill's sign.
    pub(crate) fn reduced(&self, symbol: &Symbol, trade: &TradeId) -> Decimal {
        self.reduced.get(&(symbol.clone(), trade.clone())).map(|(_, closed)| *closed).unwrap_or_default()
    }

    // --- time

    /// Does what has fallen due: countdowns that ran out, triggers past their time, sockets that said nothing.
    pub(crate) fn keep_time(&mut self) {
        let now = self.server_time();
        for (account, symbol) in self.deadlines.run_out(now) {
            for placed in self.open_orders(&account, symbol.as_ref()) {
                // One that is final already needs no cancelling.
                let _ = self.exchange.cancel(&account, &placed.order.symbol, &OrderRef::Id(placed.order.order_id));
            }
        }
        for (account, order) in self.deadlines.expired(now) {
            if let Some(facts) = self.triggers.get_mut(&order) {
                facts.expired = true;
            }
            // One that has fired is no longer there to expire.
            let _ = self.exchange.cancel_conditional(&account, &OrderRef::Id(order));
        }
        // Clients that share the market's clock cannot know how long nothing was said on this one.
        if self.settings.clock == AuthenticationClock::Wall {
            self.sockets.retain(|session| !session.is_silent());
        }
        self.keep_faults();
    }

    // --- prices

    /// Moves time and prices, and tells everybody.
    pub(crate) fn advance(&mut self, tick: &Tick) -> Result<(), TickRefused> {
        self.exchange.advance(tick)?;
        self.observe(&tick.symbol);
        self.publish();
        self.keep_time();
        self.publish();
        self.publish_ranks(&tick.symbol);
        channels::publish_state(self, &tick.symbol);
        self.forget();
        Ok(())
    }

    /// Once a day, what nobody can ask for any more is forgotten.
    fn forget(&mut self) {
        let now = self.exchange.now();
        if now.since(self.forgot) < DAY {
            return;
        }
        self.forgot = now;
        let before = now.minus(self.settings.remembers);
        self.exchange.forget_before(before);
        self.closes.values_mut().for_each(|rows| rows.retain(|row| row.time >= before));
        self.forced.values_mut().for_each(|rows| rows.retain(|row| row.close.time >= before));
        self.reduced.retain(|_, (time, _)| *time >= before);
    }

    /// Works out the last day of a contract for the tickers on sockets, anew with every minute; within one it follows the
    /// price.
    pub(crate) fn refresh_day(&mut self, instrument: &Instrument) {
        if self.sockets.is_empty() {
            return;
        }
        let minute = self.exchange.now().as_millis().div_euclid(60_000);
        let last = self.exchange.market(&instrument.symbol).map(|view| view.last);
        if let (Some(it), Some(last)) = (self.days.get_mut(&instrument.symbol), last)
            && it.minute == minute
        {
            it.day.follow(last);
            return;
        }
        let Some(tape) = self.tapes.get(&instrument.symbol) else { return };
        let Some(day) = Day::of(&self.exchange, tape, instrument) else { return };
        let open_interest = market::open_interest(self, instrument).0;
        self.days.insert(instrument.symbol.clone(), LastDay { minute, day, open_interest });
    }

    /// Sees what the outside market does in this contract.
    fn observe(&mut self, symbol: &Symbol) {
        let (Some(instrument), Some(view)) = (self.exchange.instrument(symbol), self.exchange.market(symbol)) else {
            return;
        };
        let quotes = quotes(&self.exchange, symbol);
        let tape = self.tapes.entry(symbol.clone()).or_default();
        let print = tape.outside(instrument, view.last, view.time);
        let changes = quotes.and_then(|(bid, ask)| tape.quote(instrument, bid, ask));
        if !self.sockets.is_empty() {
            channels::publish_moves(self, symbol, print, changes);
        }
    }
}

/// The position's size in base units with its sign; 0 if there is none.
pub(crate) fn signed_size(report: &PositionReport) -> Decimal {
    report.position.map_or(Decimal::ZERO, |position| position.direction.sign() * position.quantity.get())
}
