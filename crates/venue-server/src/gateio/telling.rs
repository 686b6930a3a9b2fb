//! Telling everybody what has happened: private pushes, pushes of the market, and what the venue remembers of it.

use crate::faults::{Fault, Rule, Site, Target};
use crate::gateio::channels;
use crate::gateio::floor::{Floor, Forced, signed_size};
use crate::gateio::lives::Closed;
use crate::gateio::positions;
use crate::gateio::push::{self, Push};
use crate::gateio::session::Channel;
use crate::gateio::words;
use crate::gateio::write::Style;
use crate::outlet::Sent;
use plimsoll_domain::{AccountId, FillCause, ForcedClose, PositionReport, Symbol};
use plimsoll_exchange::{ExchangeEvent, FillNews, News};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// A push on its way to those who listen to an account in this style.
#[derive(Debug)]
struct Told {
    account: AccountId,
    style: Style,
    push: Push,
}

impl Floor {
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

    /// Tells those who listen where their positions of this contract stand in the queue of deleveraging, if that is news.
    pub(crate) fn publish_ranks(&mut self, symbol: &Symbol) {
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
}
