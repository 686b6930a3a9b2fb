//! The trading floor: the exchange, who may call, who listens, and what the venue remembers beyond the exchange.

use crate::binance::deadlines::{Dated, Deadlines};
use crate::binance::facts::Trigger;
use crate::binance::limits::Usage;
use crate::binance::listen_key::ListenKeys;
use crate::binance::market_data;
use crate::binance::session::{Address, Session};
use crate::binance::subscription::Stream;
use crate::binance::user_data::{self, UserEvent};
use crate::day::quotes;
use crate::faults::{Fault, Faults, Rule, Site, Target};
use crate::line::line;
use crate::outlet::Sent;
use crate::server::Opening;
use crate::settings::Settings;
use crate::sockets::Sockets;
use crate::tape::Tape;
use plimsoll_domain::{
    AccountId, BalanceReport, Candle, ClientOrderId, Instrument, Leverage, MarginMode, Money, PositionMode,
    PositionReport, PositionSide, Symbol, Timestamp,
};
use plimsoll_exchange::{
    ConditionalOrder, Exchange, ExchangeEvent, MarketView, News, OrderRef, PlacedOrder, Tick, TickRefused,
};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Everything behind the one lock.
#[derive(Debug)]
pub(crate) struct Floor {
    pub(crate) exchange: Exchange,
    pub(crate) settings: Settings,
    pub(crate) usage: Usage,
    pub(crate) listen_keys: ListenKeys,
    pub(crate) deadlines: Deadlines,
    pub(crate) faults: Faults,
    pub(crate) margin_changes: BTreeMap<AccountId, Vec<MarginChange>>,
    keys: BTreeMap<String, (AccountId, SecretString)>,
    pub(crate) sockets: Sockets<Session>,
    generated: u64,
    tapes: BTreeMap<Symbol, Tape>,
    /// When what is old was last forgotten.
    forgot: Timestamp,
}

/// How often what is old is forgotten.
const DAY: Duration = Duration::from_secs(86_400);

/// One change of an isolated position's margin.
#[derive(Debug, Clone)]
pub(crate) struct MarginChange {
    pub(crate) symbol: Symbol,
    pub(crate) position_side: PositionSide,
    pub(crate) amount: Money,
    pub(crate) time: Timestamp,
}

impl Floor {
    pub(crate) fn new(exchange: Exchange, settings: Settings) -> Self {
        let mut faults = Faults::default();
        faults.begin(&settings.faults, exchange.now());
        let mut floor = Self {
            faults,
            forgot: exchange.now(),
            usage: Usage::new(settings.rate_limits),
            listen_keys: ListenKeys::new(settings.listen_key_life),
            exchange,
            settings,
            deadlines: Deadlines::default(),
            margin_changes: BTreeMap::new(),
            keys: BTreeMap::new(),
            sockets: Sockets::default(),
            generated: 0,
            tapes: BTreeMap::new(),
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

    /// Whose key it is, and the secret that goes with it.
    pub(crate) fn caller(&self, key: &str) -> Option<(&AccountId, &SecretString)> {
        self.keys.get(key).map(|(account, secret)| (account, secret))
    }

    /// The secret of one of the account's keys.
    pub(crate) fn secret(&self, account: &AccountId) -> Option<&SecretString> {
        self.keys.values().find(|(owner, _)| owner == account).map(|(_, secret)| secret)
    }

    pub(crate) fn add_key(&mut self, account: AccountId, key: String, secret: SecretString) {
        self.keys.insert(key, (account, secret));
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

    /// The contract that goes by the venue's own name.
    pub(crate) fn native(&self, native: &str) -> Option<&Instrument> {
        self.exchange.instruments().find(|instrument| &*instrument.native == native)
    }

    pub(crate) fn market(&self, symbol: &Symbol) -> Option<MarketView> {
        self.exchange.market(symbol)
    }

    pub(crate) fn tape(&self, symbol: &Symbol) -> Option<&Tape> {
        self.tapes.get(symbol)
    }

    /// Every open position.
    pub(crate) fn positions(&self, account: &AccountId) -> Vec<PositionReport> {
        self.exchange.positions(account)
    }

    /// The positions that a call shows: of contracts where something is held or waited for, or of all. One-way accounts
    /// have one of a contract, hedge accounts its two legs.
    pub(crate) fn shown_positions(&self, account: &AccountId, all: bool) -> Vec<PositionReport> {
        let sides = self.position_sides(account);
        let symbols = self.exchange.instruments().map(|instrument| &instrument.symbol);
        let symbols = symbols.filter(|symbol| all || self.exchange.is_active(account, symbol));
        symbols
            .flat_map(|symbol| sides.iter().filter_map(|side| self.exchange.position(account, symbol, *side)))
            .collect()
    }

    /// The positions of a contract that the account's mode has.
    pub(crate) fn position_sides(&self, account: &AccountId) -> &'static [PositionSide] {
        match self.position_mode(account) {
            PositionMode::OneWay => &[PositionSide::Both],
            PositionMode::Hedge => &[PositionSide::Long, PositionSide::Short],
        }
    }

    /// The balance of the settle currency.
    pub(crate) fn balance(&self, account: &AccountId) -> Option<BalanceReport> {
        self.exchange.balance(account)
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

    /// Open conditional orders, of one contract or of all.
    pub(crate) fn open_conditionals(&self, account: &AccountId, symbol: Option<&Symbol>) -> Vec<ConditionalOrder> {
        let mut orders = self.exchange.open_conditionals(account);
        orders.retain(|order| symbol.is_none_or(|symbol| order.order.symbol == *symbol));
        orders
    }

    pub(crate) fn conditional(&self, account: &AccountId, which: &OrderRef) -> Option<ConditionalOrder> {
        self.exchange.conditional(account, which)
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

    /// The conditional order that this one is the child of.
    pub(crate) fn parent(&self, account: &AccountId, placed: &PlacedOrder) -> Option<ConditionalOrder> {
        self.conditional(account, &OrderRef::Id(placed.parent.clone()?))
    }

    pub(crate) fn trigger(&self, account: &AccountId, placed: &PlacedOrder) -> Trigger {
        Trigger::of(self.parent(account, placed).as_ref())
    }

    /// The notional of the account's resting bids and asks.
    pub(crate) fn open_notional(&self, account: &AccountId, symbol: &Symbol) -> (Money, Money) {
        user_data::open_notional(self.open_orders(account, Some(symbol)).iter())
    }

    // --- time

    /// Does what has fallen due: orders past their date, countdowns that ran out, listen keys that were not kept alive.
    pub(crate) fn keep_time(&mut self) {
        let now = self.server_time();
        let millis = now.as_millis();
        for Dated { account, symbol, order, .. } in self.deadlines.dated_until(millis) {
            // One that is final already needs no cancelling.
            let _ = self.exchange.cancel(&account, &symbol, &OrderRef::Id(order));
        }
        for (account, symbol) in self.deadlines.run_out(millis) {
            // A countdown for a contract without orders has nothing to do.
            let _ = self.exchange.cancel_all(&account, &symbol);
        }
        let expired = self.listen_keys.expire(now);
        self.tell_expired(&expired);
        self.keep_faults();
    }

    /// Ends every listen key; whoever listens with one is told, and hears nothing after that.
    pub(crate) fn expire_listen_keys(&mut self) {
        let expired = self.listen_keys.expire_all();
        self.tell_expired(&expired);
    }

    fn tell_expired(&mut self, keys: &[String]) {
        let millis = self.server_time().as_millis();
        for key in keys {
            let name = "listenKeyExpired";
            let json = serde_json::json!({"e": name, "E": millis, "listenKey": key}).to_string();
            self.tell(key, &UserEvent { name, json });
        }
    }

    // --- prices

    /// Moves time and prices, and tells everybody.
    pub(crate) fn advance(&mut self, tick: &Tick) -> Result<(), TickRefused> {
        self.exchange.advance(tick)?;
        self.observe(&tick.symbol);
        // What happened is told before the time that passed ends the key that it is told by.
        self.publish();
        self.keep_time();
        self.publish();
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
        self.margin_changes.values_mut().for_each(|changes| changes.retain(|change| change.time >= before));
        self.deadlines.forget_before(before.as_millis());
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
        let update = tape.update;
        if self.sockets.is_empty() {
            return;
        }
        let frames = market_data::moved(instrument, print.as_ref(), changes.as_ref(), update, view.time);
        self.broadcast(symbol, frames);
    }

    // --- sockets

    /// Takes a new socket.
    pub(crate) fn open(&mut self, path: &str, query: &str) -> Opening {
        let Some(address) = Address::read(path, query) else { return Opening::NotFound };
        let (near, far) = line(self.settings.backlog);
        let session = Session::new(address, near);
        let now = self.exchange.now();
        self.sockets.admit(path, session, far, &mut self.faults, now)
    }

    pub(crate) fn hear(&mut self, socket: u64, text: &str) -> bool {
        self.sockets.get_mut(socket).is_some_and(|session| session.hear(text, Instant::now()))
    }

    /// Takes every fault away and lets go what they hold back. Sockets that are dead stay so.
    pub(crate) fn calm(&mut self) {
        self.faults.calm();
        self.usage.forgive();
        self.sockets.release_all();
    }

    /// Tells everybody what has happened on the exchange since the last time, in order.
    pub(crate) fn publish(&mut self) {
        let events = self.exchange.drain_events();
        let shuffle = self.shuffle(&events);
        let mut told = Vec::new();
        for event in events {
            self.remember(&event);
            match &event.account {
                None => self.tell_everybody(&event),
                Some(account) if shuffle.is_none() => self.tell_account(account, &event),
                Some(account) => {
                    if let Some(key) = self.listen_keys.of(account) {
                        let key: Arc<str> = key.into();
                        let rendered = user_data::render(self, account, &event);
                        told.extend(rendered.into_iter().map(|event| (Arc::clone(&key), event)));
                    }
                }
            }
        }
        // Events of one type keep their order, as the venue promises.
        let first = shuffle.is_some_and(|rule| rule.fault() == Fault::PositionsFirst);
        told.sort_by_key(|(_, event)| (event.name == "ACCOUNT_UPDATE") != first);
        for (key, event) in told {
            self.tell(&key, &event);
        }
    }

    /// Whether what happened is told in another order than the venue's.
    fn shuffle(&mut self, events: &[ExchangeEvent]) -> Option<Rule> {
        let filled = |event: &ExchangeEvent| matches!(event.news, News::OrderFilled(_));
        if self.faults.is_quiet() || !events.iter().any(filled) {
            return None;
        }
        let now = self.exchange.now();
        let rule = self.faults.decide(&[Site::Events], Target::Private, "", now)?;
        self.faults.note(rule.fault(), format!("{} events", events.len()), None, now);
        Some(rule)
    }

    fn remember(&mut self, event: &ExchangeEvent) {
        if let (Some(account), News::IsolatedMarginChanged { symbol, position_side, amount, .. }) =
            (&event.account, &event.news)
        {
            let (symbol, position_side, amount) = (symbol.clone(), *position_side, *amount);
            let change = MarginChange { symbol, position_side, amount, time: event.stamp.time };
            self.margin_changes.entry(account.clone()).or_default().push(change);
        }
    }

    fn tell_account(&mut self, account: &AccountId, event: &ExchangeEvent) {
        let Some(key) = self.listen_keys.of(account).map(str::to_owned) else { return };
        for told in user_data::render(self, account, event) {
            self.tell(&key, &told);
        }
    }

    fn tell(&mut self, key: &str, event: &UserEvent) {
        let payload: Arc<str> = event.json.as_str().into();
        let now = self.exchange.now();
        let mut ended = None;
        let Self { sockets, faults, .. } = self;
        sockets.retain(|session| match session.tell(key, event.name, &payload, now, faults) {
            Sent::On => true,
            Sent::Cut => false,
            Sent::EndKey { told } => {
                ended = Some(told);
                true
            }
        });
        if let Some(told) = ended.filter(|_| self.listen_keys.end(key))
            && told
        {
            self.tell_expired(&[key.to_owned()]);
        }
    }

    fn tell_everybody(&mut self, event: &ExchangeEvent) {
        match &event.news {
            News::Trade(trade) => {
                let tape = self.tapes.entry(trade.symbol.clone()).or_default();
                let print = tape.traded(trade);
                let Some(instrument) = self.exchange.instrument(&trade.symbol) else { return };
                let frames = market_data::moved(instrument, Some(&print), None, 0, trade.time);
                self.broadcast(&trade.symbol, frames);
            }
            News::ForcedOrder(placed) => {
                let symbol = placed.order.symbol.clone();
                let Some(instrument) = self.exchange.instrument(&symbol) else { return };
                let frame = market_data::forced_order(instrument, placed, event.stamp.time);
                self.broadcast(&symbol, vec![(market_data::Kind::ForcedOrder, frame)]);
            }
            _ => {}
        }
    }

    /// Sends frames about one contract to the streams of their kind.
    fn broadcast(&mut self, symbol: &Symbol, frames: Vec<(market_data::Kind, String)>) {
        let Some(instrument) = self.exchange.instrument(symbol) else { return };
        let (native, now) = (Arc::clone(&instrument.native), self.exchange.now());
        for (kind, frame) in frames {
            let payload: Arc<str> = frame.into();
            let of_kind = |stream: &Stream| market_data::Kind::of(stream) == Some(kind);
            let render = |stream: &Stream, _| if of_kind(stream) { vec![Arc::clone(&payload)] } else { Vec::new() };
            let faults = &mut self.faults;
            self.sockets.retain(|session| session.publish(&native, now, faults, render));
        }
    }

    /// Sends what is due on the streams that show a state: marks, quotes, candles, tickers, partial books.
    fn publish_market(&mut self, symbol: &Symbol) {
        let mut sockets = std::mem::take(&mut self.sockets);
        let mut faults = std::mem::take(&mut self.faults);
        if let Some(instrument) = self.exchange.instrument(symbol) {
            let (native, now) = (Arc::clone(&instrument.native), self.exchange.now());
            let shown = market_data::Shown::new(self, instrument);
            sockets.retain(|session| {
                session.publish(&native, now, &mut faults, |stream, last| shown.frames(stream, last))
            });
        }
        self.sockets = sockets;
        self.faults = faults;
    }
}
