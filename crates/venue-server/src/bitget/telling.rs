//! Telling everybody what has happened: private pushes, pushes of the market, and what the venue remembers of it.

use crate::bitget::account::Funds;
use crate::bitget::channel::{Channel, Place, Wish};
use crate::bitget::floor::Floor;
use crate::bitget::lives::Life;
use crate::bitget::market_data;
use crate::bitget::session::Push;
use crate::bitget::{mission, positions, private};
use crate::faults::{Fault, Rule, Site, Target};
use crate::outlet::Sent;
use crate::tape::{Depth, Print};
use plimsoll_domain::{AccountId, MarginMode, PositionSide, Symbol};
use plimsoll_exchange::{ExchangeEvent, News};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What has changed of an account's state since it was last told.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    positions: bool,
    money: bool,
    /// The positions that ended.
    pub(crate) ended: Vec<(Symbol, PositionSide, Life)>,
}

impl Changed {
    fn mark(&mut self, floor: &Floor, account: &AccountId, news: &News) {
        let (positions, money) = match news {
            News::OrderAccepted(_) | News::OrderCancelled(_) | News::OrderExpired { .. } | News::OrderAmended(_) => {
                (true, false)
            }
            News::OrderFilled(_) | News::Liquidated { .. } | News::IsolatedMarginChanged { .. } => (true, true),
            News::FundingPaid { position, .. } => (position.margin_mode == Some(MarginMode::Isolated), true),
            News::Covered { .. } | News::Transferred { .. } => (false, true),
            News::LeverageChanged { symbol, .. } => {
                (floor.exchange.positions(account).iter().any(|report| report.symbol == *symbol), false)
            }
            _ => (false, false),
        };
        self.positions |= positions;
        self.money |= money;
    }
}

/// A push and who it is for.
type Told = (AccountId, Place, Push);

impl Floor {
    /// Tells everybody what has happened on the exchange since the last time, in order.
    pub(crate) fn publish(&mut self) {
        loop {
            let events = self.exchange.drain_events();
            if events.is_empty() {
                return;
            }
            let shuffle = self.shuffle(&events);
            let mut told: Vec<Told> = Vec::new();
            let mut changed: BTreeMap<AccountId, Changed> = BTreeMap::new();
            for event in &events {
                match &event.account {
                    None => self.tell_everybody(event),
                    Some(account) => {
                        let ended = self.remember(account, &event.news);
                        let changed = changed.entry(account.clone()).or_default();
                        changed.mark(self, account, &event.news);
                        self.render(account, event, ended.as_ref(), &mut told);
                        changed.ended.extend(ended.map(|life| (life.symbol.clone(), life.position_side, life)));
                    }
                }
            }
            for (account, changed) in &changed {
                self.render_state(account, changed, &mut told);
            }
            if let Some(rule) = shuffle {
                let first = rule.fault() == Fault::PositionsFirst;
                told.sort_by_key(|(_, _, push)| push.channel.is_state() != first);
            }
            for (account, place, push) in told {
                self.tell(&account, place, &push);
            }
            // What is attached to orders that have filled is placed, which is news again.
            for event in &events {
                self.place_attached(event);
            }
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

    /// Adds up what the exchange does not; answers the position's life that has ended.
    fn remember(&mut self, account: &AccountId, news: &News) -> Option<Life> {
        match news {
            News::OrderFilled(news) => {
                let tally = self.tallies.entry(news.order.order.order_id.clone()).or_default();
                tally.fee += news.fill.fee;
                tally.profit += news.fill.realized_pnl.unwrap_or_default();
                let (_, mode) = self.setting(account, &news.fill.symbol);
                self.lives.filled(account, &news.fill, mode)
            }
            News::OrderExpired { order, reason } => {
                self.tallies.entry(order.order.order_id.clone()).or_default().ended = Some(*reason);
                None
            }
            News::FundingPaid { payment, position, .. } => {
                self.lives.funded(account, &position.symbol, position.position_side, -payment.payment);
                None
            }
            _ => None,
        }
    }

    fn listens(&self, account: &AccountId, place: Place) -> bool {
        self.sockets.any(|session| session.place == place && session.account.as_ref() == Some(account))
    }

    fn render(&self, account: &AccountId, event: &ExchangeEvent, ended: Option<&Life>, told: &mut Vec<Told>) {
        if self.listens(account, Place::Private) {
            let pushes = private::render(self, account, event, ended);
            told.extend(pushes.into_iter().map(|push| (account.clone(), Place::Private, push)));
        }
        if self.listens(account, Place::Mission) {
            let pushes = mission::render(self, account, event);
            told.extend(pushes.into_iter().map(|push| (account.clone(), Place::Mission, push)));
        }
    }

    fn render_state(&self, account: &AccountId, changed: &Changed, told: &mut Vec<Told>) {
        let mut tell = |place, push| told.push((account.clone(), place, push));
        if self.listens(account, Place::Private) {
            if changed.positions {
                tell(Place::Private, positions_push(self, account));
            }
            if let Some(funds) = Funds::new(self, account).filter(|_| changed.money) {
                tell(Place::Private, Push::new(Channel::Account, None, "snapshot", &[funds.pushed()]));
                tell(Place::Private, Push::new(Channel::Equity, None, "snapshot", &[funds.equity_pushed()]));
            }
        }
        if self.listens(account, Place::Mission) {
            if changed.positions {
                mission::positions(self, account, &changed.ended)
                    .into_iter()
                    .for_each(|push| tell(Place::Mission, push));
            }
            if changed.money {
                mission::account(self, account).into_iter().for_each(|push| tell(Place::Mission, push));
            }
        }
    }

    fn tell(&mut self, account: &AccountId, place: Place, push: &Push) {
        let now = self.exchange.now();
        let mut ended = None;
        let Self { sockets, faults, .. } = self;
        sockets.retain(|session| {
            if session.place != place || session.account.as_ref() != Some(account) {
                return true;
            }
            match session.push(push, None, now, faults) {
                Sent::On => true,
                Sent::Cut => false,
                Sent::EndKey { told } => {
                    ended = Some(told);
                    true
                }
            }
        });
        if let Some(told) = ended {
            self.end_logins_of(Some(account), told);
        }
    }

    fn tell_everybody(&mut self, event: &ExchangeEvent) {
        if let News::Trade(trade) = &event.news {
            let print = self.tapes.entry(trade.symbol.clone()).or_default().traded(trade);
            self.tell_trade(&trade.symbol, &print);
        }
    }

    pub(crate) fn tell_trade(&mut self, symbol: &Symbol, print: &Print) {
        let Some(native) = self.instrument(symbol).map(|it| Arc::clone(&it.native)) else { return };
        self.broadcast(&Push::new(Channel::Trade, Some(&native), "update", &[market_data::print_row(print)]));
    }

    pub(crate) fn tell_book(&mut self, symbol: &Symbol, changes: &Depth) {
        let Some(native) = self.instrument(symbol).map(|it| Arc::clone(&it.native)) else { return };
        let Some(update) = self.tape(symbol).map(|tape| tape.update) else { return };
        let row = market_data::book_row(changes, usize::MAX, (update, update - 1), self.exchange.now());
        self.broadcast(&Push::new(Channel::Book(None), Some(&native), "update", &[row]));
    }

    fn broadcast(&mut self, push: &Push) {
        let now = self.exchange.now();
        let Self { sockets, faults, .. } = self;
        sockets.retain(|session| session.place != Place::Public || session.push(push, None, now, faults) != Sent::Cut);
    }

    /// Sends what is due on the channels that show a state: tickers, candles, the best levels.
    pub(crate) fn publish_market(&mut self, symbol: &Symbol) {
        let mut sockets = std::mem::take(&mut self.sockets);
        let mut faults = std::mem::take(&mut self.faults);
        if let Some(instrument) = self.exchange.instrument(symbol) {
            let (native, now) = (Arc::clone(&instrument.native), self.exchange.now());
            sockets.retain(|session| {
                session.place != Place::Public
                    || session.show(&native, now, &mut faults, |channel, last| {
                        market_data::shown(self, instrument, channel, last)
                    })
            });
        }
        self.sockets = sockets;
        self.faults = faults;
    }

    /// What a channel begins with, if it begins with anything.
    pub(crate) fn first_push(&self, place: Place, account: Option<&AccountId>, wish: &Wish) -> Option<Push> {
        match (place, wish.channel, account) {
            (Place::Private, Channel::Account, Some(account)) => {
                Some(Push::new(Channel::Account, None, "snapshot", &[Funds::new(self, account)?.pushed()]))
            }
            (Place::Private, Channel::Equity, Some(account)) => {
                Some(Push::new(Channel::Equity, None, "snapshot", &[Funds::new(self, account)?.equity_pushed()]))
            }
            (Place::Private, Channel::Positions, Some(account)) => Some(positions_push(self, account)),
            (Place::Mission, Channel::Account, Some(account)) => mission::account(self, account),
            (Place::Mission, Channel::Positions, Some(account)) => mission::all_positions(self, account, wish),
            (Place::Public, channel, _) => {
                let instrument = self.native(wish.native.as_deref()?)?;
                let rows = market_data::first(self, instrument, channel)?;
                let native = Some(Arc::clone(&instrument.native));
                Some(Push { channel, native, action: "snapshot", rows: rows.into() })
            }
            _ => None,
        }
    }
}

/// The full list: what is not in it is closed.
fn positions_push(floor: &Floor, account: &AccountId) -> Push {
    let rows: Vec<Value> = positions::pushed(floor, account);
    Push::new(Channel::Positions, None, "snapshot", &rows)
}
