//! The trading floor: the exchange, who may call, who listens, and what the venue remembers beyond the exchange.

use crate::clock::AuthenticationClock;
use crate::day::{Day, quotes};
use crate::faults::{Fault, Faults, Rule, Site, Target};
use crate::gateio::auth::Keys;
use crate::gateio::deadlines::Deadlines;
use crate::gateio::ledger::Ledgers;
use crate::gateio::limits::{RateLimits, Usage};
use crate::gateio::lives::{Closed, Lives};
use crate::gateio::positions;
use crate::gateio::push::{self, Push};
use crate::gateio::session::{Channel, Session};
use crate::gateio::triggers::TriggerFacts;
use crate::gateio::words;
use crate::gateio::write::Style;
use crate::gateio::{channels, market};
use crate::outlet::Sent;
use crate::settings::Settings;
use crate::sockets::Sockets;
use crate::tape::Tape;
use plimsoll_domain::{
    AccountId, FillCause, ForcedClose, Instrument, Leverage, MarginMode, OrderId, PositionMode, PositionReport,
    PositionSide, Symbol, Timestamp, TradeId,
};
use plimsoll_exchange::{
    ConditionalOrder, Exchange, ExchangeEvent, FillNews, News, OrderRef, PlacedOrder, Tick, TickRefused,
};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
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
    reduced: BTreeMap<(Symbol, TradeId), (Timestamp, Decimal)>,
    /// Positions as they were when their liquidation began.
    doomed: BTreeMap<(AccountId, Symbol, PositionSide), PositionReport>,
    /// The place in the queue of deleveraging that was last told of each position.
    ranks: BTreeMap<(AccountId, Symbol, PositionSide), u8>,
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

    /// Tells those who listen where their positions of this contract stand in the queue of deleveraging, if that is news.
    fn publish_ranks(&mut self, symbol: &Symbol) {
        let mut listening = BTreeSet::new();
        self.sockets.retain(|session| {
            listening.extend(session.accounts_on(Channel::AdlRank).cloned());
            true
        });
        for account in listening {
            for side in self.position_sides(&account) {
                let Some(report) = self.exchange.position(&account, symbol, *side) else { continue };
                let rank = positions::adl(self, &account, &report);
                let told = self.ranks.insert((account.clone(), symbol.clone(), *side), rank);
                if rank == told.unwrap_or(positions::NO_RANK) {
                    continue;
                }
                let push = push::rank(self, &account, &report, rank);
                for style in self.styles(&account) {
                    self.tell(&Told { account: account.clone(), style, push: push.clone() });
                }
            }
        }
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

    // --- news

    /// Tells everybody what has happened on the exchange since the last time, in order.
    pub(crate) fn publish(&mut self) {
        let events = self.exchange.drain_events();
        let shuffle = self.shuffle(&events);
        let mut told: Vec<Told> = Vec::new();
        for event in &events {
            let closed = self.remember(event);
            let Some(account) = &event.account else {
                self.tell_everybody(event);
                continue;
            };
            let movements = self.ledgers.until(&self.exchange, account, event);
            for style in self.styles(account) {
                let pushes = push::render(self, account, event, closed.as_ref(), &movements, style);
                told.extend(pushes.into_iter().map(|push| Told { account: account.clone(), style, push }));
            }
            if shuffle.is_none() {
                told.drain(..).for_each(|told| self.tell(&told));
            }
        }
        if let Some(rule) = shuffle {
            // Pushes of one channel keep their order.
            let first = rule.fault() == Fault::PositionsFirst;
            told.sort_by_key(|told| (told.push.channel == Channel::Positions) != first);
        }
        told.iter().for_each(|told| self.tell(told));
    }

    /// How those who listen to this account want figures written.
    fn styles(&mut self, account: &AccountId) -> Vec<Style> {
        let mut styles = Vec::new();
        self.sockets.retain(|session| {
            let style = Style::stream(session.is_decimal());
            if session.listens(account) && !styles.contains(&style) {
                styles.push(style);
            }
            true
        });
        styles
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

    /// Takes down what the exchange will not say again; the position that this has closed, if it did.
    fn remember(&mut self, event: &ExchangeEvent) -> Option<Closed> {
        let account = event.account.as_ref()?;
        match &event.news {
            News::OrderAccepted(placed) | News::OrderCancelled(placed) | News::OrderAmended(placed) => {
                self.facts_mut(&placed.order.order_id).updates += 1;
            }
            News::OrderExpired { order, reason } => {
                let (symbol, side) = (&order.order.symbol, order.order.position_side);
                let held = self.exchange.position(account, symbol, side).and_then(|report| report.position);
                let facts = self.facts_mut(&order.order.order_id);
                facts.updates += 1;
                facts.ended = Some(words::expiry(*reason, held.is_none()));
            }
            News::OrderFilled(news) => {
                self.facts_mut(&news.order.order.order_id).updates += 1;
                return self.remember_fill(account, news);
            }
            News::FundingPaid { payment, position, .. } => {
                self.lives.fund(account, &position.symbol, position.position_side, -payment.payment);
            }
            News::IsolatedMarginChanged { symbol, position_side, .. } => {
                self.lives.touch(account, symbol, *position_side);
            }
            News::LeverageChanged { symbol, .. } | News::MarginModeChanged { symbol, .. } => {
                for side in self.position_sides(account) {
                    self.lives.touch(account, symbol, *side);
                }
            }
            News::LiquidationStarted { positions, .. } => {
                for thin in positions {
                    let key = (account.clone(), thin.report.symbol.clone(), thin.report.position_side);
                    self.doomed.insert(key, thin.report.clone());
                }
            }
            News::Liquidated { close, .. } => {
                let key = (account.clone(), close.symbol.clone(), close.position_side);
                let position = self.doomed.remove(&key);
                self.remember_forced(account, FillCause::Liquidation, close, position);
            }
            News::Deleveraged(close) => {
                let position = self.exchange.position(account, &close.symbol, close.position_side);
                self.remember_forced(account, FillCause::Adl, close, position);
            }
            _ => {}
        }
        None
    }

    fn remember_fill(&mut self, account: &AccountId, news: &FillNews) -> Option<Closed> {
        let FillNews { fill, position: after, .. } = news;
        if let Some(instrument) = self.exchange.instrument(&fill.symbol) {
            let signed = words::sign(fill.side) * fill.quantity.get();
            let before = signed_size(after) - signed;
            // What stood against the fill, as far as the fill goes.
            let against = if before.is_sign_negative() == signed.is_sign_negative() { Decimal::ZERO } else { before };
            let closed = words::sign(fill.side) * against.abs().min(signed.abs());
            let key = (fill.symbol.clone(), fill.trade_id.clone());
            self.reduced.insert(key, (fill.time, words::contracts(instrument, closed)));
        }
        let closed = self.lives.fill(account, fill, after)?;
        self.closes.entry(account.clone()).or_default().push(closed.clone());
        Some(closed)
    }

    fn remember_forced(
        &mut self,
        account: &AccountId,
        cause: FillCause,
        close: &ForcedClose,
        position: Option<PositionReport>,
    ) {
        let fills = self.exchange.fills(account, &close.symbol);
        let order = fills.filter(|fill| fill.cause == cause && fill.position_side == close.position_side).last();
        let order = order.map(|fill| fill.order_id.clone());
        let row = Forced { cause, close: close.clone(), order, position };
        self.forced.entry(account.clone()).or_default().push(row);
    }

    fn tell(&mut self, told: &Told) {
        let Told { account, style, push } = told;
        let now = self.exchange.now();
        let Self { sockets, faults, .. } = self;
        sockets.retain(|session| {
            if session.is_decimal() != style.decimal {
                return true;
            }
            match session.tell(account, push, now, faults) {
                Sent::On => true,
                Sent::Cut => false,
                Sent::EndKey { told } => session.log_out(told, now),
            }
        });
    }

    fn tell_everybody(&mut self, event: &ExchangeEvent) {
        match &event.news {
            News::Trade(trade) => {
                let tape = self.tapes.entry(trade.symbol.clone()).or_default();
                let print = tape.traded(trade);
                channels::publish_moves(self, &trade.symbol.clone(), Some(print), None);
            }
            News::ForcedOrder(placed) => channels::publish_liquidation(self, placed, event.stamp.time),
            _ => {}
        }
    }

    /// Ends every login; whoever listened privately is told, and hears nothing private after that.
    pub(crate) fn log_everybody_out(&mut self, told: bool) {
        let now = self.exchange.now();
        self.sockets.retain(|session| session.log_out(told, now));
    }
}

/// A push on its way to those who listen to an account in this style.
#[derive(Debug)]
struct Told {
    account: AccountId,
    style: Style,
    push: Push,
}

/// The position's size in base units with its sign; 0 if there is none.
pub(crate) fn signed_size(report: &PositionReport) -> Decimal {
    report.position.map_or(Decimal::ZERO, |position| position.direction.sign() * position.quantity.get())
}
