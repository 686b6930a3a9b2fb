//! The trading floor: the exchange, who may call, who listens, and what the venue remembers beyond the exchange.

use crate::clock::AuthenticationClock;
use crate::day::quotes;
use crate::faults::{Fault, Faults, Rule, Site, Target};
use crate::gateio::auth::Keys;
use crate::gateio::channels;
use crate::gateio::deadlines::Deadlines;
use crate::gateio::ledger::Ledgers;
use crate::gateio::limits::{RateLimits, Usage};
use crate::gateio::lives::{Closed, Lives};
use crate::gateio::push::{self, Push};
use crate::gateio::session::Session;
use crate::gateio::triggers::TriggerFacts;
use crate::gateio::words;
use crate::gateio::write::Style;
use crate::outlet::Sent;
use crate::settings::Settings;
use crate::sockets::Sockets;
use crate::tape::Tape;
use plimsoll_domain::{
    AccountId, FillCause, ForcedClose, Instrument, Leverage, MarginMode, OrderId, PositionMode, PositionReport,
    PositionSide, Symbol, Timestamp, TradeId,
};
use plimsoll_exchange::{ConditionalOrder, Exchange, ExchangeEvent, News, OrderRef, PlacedOrder, Tick, TickRefused};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::sync::Arc;
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
    orders: BTreeMap<OrderId, OrderFacts>,
    /// How much of a position each fill closed, in contracts.
    reduced: BTreeMap<(Symbol, TradeId), Decimal>,
    /// Positions as they were when their liquidation began.
    doomed: BTreeMap<(AccountId, Symbol, PositionSide), PositionReport>,
    tapes: BTreeMap<Symbol, Tape>,
    /// When what is old was last forgotten.
    forgot: Timestamp,
}

/// The first order id, which no 64-bit float can hold exactly.
const FIRST_ORDER: u64 = 94_294_117_000_000_001;
/// The user id of the first account.
const FIRST_USER: usize = 100_001;
/// How often what is old is forgotten.
const DAY: Duration = Duration::from_secs(86_400);

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
            orders: BTreeMap::new(),
            reduced: BTreeMap::new(),
            doomed: BTreeMap::new(),
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
        self.reduced.get(&(symbol.clone(), trade.clone())).copied().unwrap_or_default()
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
        self.sockets.retain(|session| !session.is_silent());
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
        let kept: std::collections::BTreeSet<(Symbol, TradeId)> = self
            .exchange
            .accounts()
            .flat_map(|account| {
                self.exchange.instruments().flat_map(move |it| self.exchange.fills(account, &it.symbol))
            })
            .map(|fill| (fill.symbol.clone(), fill.trade_id.clone()))
            .collect();
        self.reduced.retain(|key, _| kept.contains(key));
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

    // --- news

    /// Tells everybody what has happened on the exchange since the last time, in order.
    pub(crate) fn publish(&mut self) {
        let events = self.exchange.drain_events();
        let shuffle = self.shuffle(&events);
        let mut told: Vec<(AccountId, Style, Push)> = Vec::new();
        for event in &events {
            let closed = self.remember(event);
            let Some(account) = &event.account else {
                self.tell_everybody(event);
                continue;
            };
            let styles = self.styles(account);
            let movements = self.ledgers.until(&self.exchange, account, Some(event));
            for style in styles {
                let pushes = push::render(self, account, event, closed.as_ref(), &movements, style);
                told.extend(pushes.into_iter().map(|push| (account.clone(), style, push)));
            }
            if shuffle.is_none() {
                for (account, style, push) in told.drain(..) {
                    self.tell(&account, style, &push);
                }
            }
        }
        self.settle_ledgers(&mut told);
        if let Some(rule) = shuffle {
            // Pushes of one channel keep their order.
            let first = rule.fault() == Fault::PositionsFirst;
            told.sort_by_key(|(_, _, push)| (push.channel != "futures.positions") != first);
            told.reverse_if(false);
        }
        for (account, style, push) in told {
            self.tell(&account, style, &push);
        }
    }
}
