//! The trading floor: the exchange, who may call, who listens, and what the venue remembers beyond the exchange.

use crate::bitget::Settings;
use crate::bitget::channel::Place;
use crate::bitget::limits::Usage;
use crate::bitget::lives::Lives;
use crate::bitget::order_row::Tally;
use crate::bitget::orders::Preset;
use crate::bitget::plans::{PlanType, Plans};
use crate::bitget::session::Session;
use crate::day::quotes;
use crate::faults::Faults;
use crate::line::line;
use crate::running::Credentials;
use crate::server::Opening;
use crate::sockets::Sockets;
use crate::tape::Tape;
use plimsoll_domain::{
    AccountId, Candle, ClientOrderId, Instrument, Leverage, MarginMode, OrderId, PositionMode, Symbol, Timestamp,
};
use plimsoll_exchange::{ConditionalOrder, Exchange, MarketView, OrderRef, PlacedOrder, Tick, TickRefused};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How often what is old is forgotten.
const DAY: Duration = Duration::from_secs(86_400);

/// Everything behind the one lock.
#[derive(Debug)]
pub(crate) struct Floor {
    pub(crate) exchange: Exchange,
    pub(crate) settings: Settings,
    pub(crate) usage: Usage,
    pub(crate) faults: Faults,
    pub(crate) lives: Lives,
    pub(crate) plans: Plans,
    pub(crate) presets: BTreeMap<OrderId, Preset>,
    pub(crate) tallies: BTreeMap<OrderId, Tally>,
    pub(crate) keys: BTreeMap<String, Credentials>,
    pub(crate) sockets: Sockets<Session>,
    pub(crate) tapes: BTreeMap<Symbol, Tape>,
    generated: u64,
    /// When what is old was last forgotten.
    forgot: Timestamp,
}

impl Floor {
    pub(crate) fn new(exchange: Exchange, settings: Settings) -> Self {
        let mut faults = Faults::default();
        faults.begin(&settings.faults, exchange.now());
        let mut floor = Self {
            faults,
            forgot: exchange.now(),
            usage: Usage::new(settings.rate_limits),
            exchange,
            settings,
            lives: Lives::default(),
            plans: Plans::default(),
            presets: BTreeMap::new(),
            tallies: BTreeMap::new(),
            keys: BTreeMap::new(),
            sockets: Sockets::default(),
            tapes: BTreeMap::new(),
            generated: 0,
        };
        let symbols: Vec<Symbol> = floor.instruments().iter().map(|instrument| instrument.symbol.clone()).collect();
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

    /// What this key opens.
    pub(crate) fn credentials(&self, key: &str) -> Option<&Credentials> {
        self.keys.get(key)
    }

    /// A client order id for those who sent none.
    pub(crate) fn generate_client_id(&mut self) -> ClientOrderId {
        self.generated += 1;
        ClientOrderId::reported(format!("auto-{:018}", self.generated))
    }

    // --- what the exchange has

    pub(crate) fn instruments(&self) -> Vec<&Instrument> {
        self.exchange.instruments().collect()
    }

    pub(crate) fn instrument(&self, symbol: &Symbol) -> Option<&Instrument> {
        self.exchange.instrument(symbol)
    }

    /// The contract that goes by the venue's own name, in any case.
    pub(crate) fn native(&self, native: &str) -> Option<&Instrument> {
        self.exchange.instruments().find(|instrument| instrument.native.eq_ignore_ascii_case(native))
    }

    /// What accounts hold.
    pub(crate) fn settle(&self) -> String {
        self.instruments().first().map_or_else(|| "USDT".to_owned(), |instrument| instrument.settle.to_string())
    }

    pub(crate) fn market(&self, symbol: &Symbol) -> Option<MarketView> {
        self.exchange.market(symbol)
    }

    pub(crate) fn tape(&self, symbol: &Symbol) -> Option<&Tape> {
        self.tapes.get(symbol)
    }

    pub(crate) fn setting(&self, account: &AccountId, symbol: &Symbol) -> (Leverage, MarginMode) {
        self.exchange.symbol_settings(account, symbol).unwrap_or((Leverage::ONE, MarginMode::Cross))
    }

    pub(crate) fn position_mode(&self, account: &AccountId) -> PositionMode {
        self.exchange.position_mode(account).unwrap_or(PositionMode::OneWay)
    }

    /// Open ordinary orders, of one contract or of all.
    pub(crate) fn open_orders(&self, account: &AccountId, symbol: Option<&Symbol>) -> Vec<PlacedOrder> {
        let mut orders = self.exchange.open_orders(account);
        orders.retain(|placed| symbol.is_none_or(|symbol| placed.order.symbol == *symbol));
        orders
    }

    /// Plans that wait for their trigger, of one contract or of all.
    pub(crate) fn open_plans(&self, account: &AccountId, symbol: Option<&Symbol>) -> Vec<(PlanType, ConditionalOrder)> {
        let orders = self.exchange.open_conditionals(account).into_iter();
        let wanted = orders.filter(|order| symbol.is_none_or(|symbol| order.order.symbol == *symbol));
        wanted.map(|order| (self.plans.of(&order), order)).collect()
    }

    pub(crate) fn plan(&self, account: &AccountId, which: &OrderRef) -> Option<(PlanType, ConditionalOrder)> {
        let order = self.exchange.conditional(account, which)?;
        Some((self.plans.of(&order), order))
    }

    /// The order that a call means. What a plan became goes by the plan's id, not by the name that the plan was given.
    pub(crate) fn order(&self, account: &AccountId, symbol: &Symbol, which: &OrderRef) -> Option<PlacedOrder> {
        if let OrderRef::Client(name) = which
            && let Some(plan) = self.exchange.conditional(account, &OrderRef::Id(OrderId::new(name.as_str())))
        {
            return self.exchange.order(account, symbol, &OrderRef::Id(plan.child?));
        }
        let placed = self.exchange.order(account, symbol, which)?;
        let by_name = matches!(which, OrderRef::Client(_));
        (!by_name || placed.parent.is_none()).then_some(placed)
    }

    /// The client id that the venue shows of an order.
    pub(crate) fn shown_client_id(&self, placed: &PlacedOrder) -> String {
        placed.parent.as_ref().map_or_else(|| placed.order.client_order_id.to_string(), ToString::to_string)
    }

    pub(crate) fn tally(&self, order: &OrderId) -> Tally {
        self.tallies.get(order).copied().unwrap_or_default()
    }

    pub(crate) fn preset(&self, order: &OrderId) -> Preset {
        self.presets.get(order).copied().unwrap_or_default()
    }

    /// Candles of the last price, or of the mark.
    pub(crate) fn candles(
        &self,
        symbol: &Symbol,
        interval: Duration,
        from: Timestamp,
        to: Timestamp,
        of_mark: bool,
    ) -> Vec<Candle> {
        if of_mark {
            self.exchange.mark_candles(symbol, interval, from, to)
        } else {
            self.exchange.candles(symbol, interval, from, to)
        }
    }

    // --- time and prices

    /// Does what has fallen due: sockets that nobody keeps alive are cut.
    pub(crate) fn keep_time(&mut self) {
        let (limits, now) = (self.settings.rate_limits, Instant::now());
        self.sockets.retain(|session| session.is_alive(&limits, now));
        self.keep_faults();
    }

    /// Moves time and prices, and tells everybody.
    pub(crate) fn advance(&mut self, tick: &Tick) -> Result<(), TickRefused> {
        self.exchange.advance(tick)?;
        self.observe(&tick.symbol);
        self.publish();
        self.keep_time();
        self.publish_market(&tick.symbol);
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
        self.lives.forget_before(before);
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
        if let Some(print) = print {
            self.tell_trade(symbol, &print);
        }
        if let Some(changes) = changes {
            self.tell_book(symbol, &changes);
        }
    }

    // --- sockets

    /// Takes a new socket.
    pub(crate) fn open(&mut self, path: &str) -> Opening {
        let Some(place) = Place::read(path) else { return Opening::NotFound };
        let (near, far) = line(self.settings.backlog);
        let now = self.exchange.now();
        self.sockets.admit(path, Session::new(place, near, Instant::now()), far, &mut self.faults, now)
    }

    /// Takes every fault away and lets go what they hold back. Sockets that are dead stay so.
    pub(crate) fn calm(&mut self) {
        self.faults.calm();
        self.usage.forgive();
        self.sockets.release_all();
    }
}
