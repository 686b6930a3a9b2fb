//! What the exchange tells, put to those whose it is.

use super::Run;
use super::protecting::Which;
use crate::outcome::Incident;
use plimsoll_domain::{
    ClientOrderId, Fill, FillCause, Leverage, MarketEvent, Money, OrderStatus, Price, Symbol, Timestamp, Transition,
};
use plimsoll_engine::desk::{Own, SeatIndex, Share};
use plimsoll_exchange::{ExchangeEvent, FillNews, News};
use plimsoll_ports::{FillRole, StopLoss, StrategyEvent};

/// An order of a strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) seat: SeatIndex,
    pub(super) symbol: Symbol,
    pub(super) role: Role,
    pub(super) leverage: Leverage,
    /// What is to end the loss of what it opens.
    pub(super) stop: Option<StopLoss>,
    /// Of an order at market: the last price when it was decided.
    pub(super) decided: Option<Price>,
}

/// [`FillRole`], owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    Entry,
    Exit,
    StopLoss,
    TakeProfit,
    Resting(String),
    Forced,
}

impl Role {
    pub(super) fn as_fill(&self) -> FillRole<'_> {
        match self {
            Self::Entry => FillRole::Entry,
            Self::Exit => FillRole::Exit,
            Self::StopLoss => FillRole::StopLoss,
            Self::TakeProfit => FillRole::TakeProfit,
            Self::Resting(label) => FillRole::Resting(label),
            Self::Forced => FillRole::Forced,
        }
    }
}

/// What a strategy is still to be told.
#[derive(Debug)]
pub(super) struct Told {
    seat: SeatIndex,
    /// What it had then: of several fills at one moment it knows those that it was told.
    own: Own,
    what: What,
}

#[derive(Debug)]
enum What {
    Fill(Role, Box<Fill>),
    Ended(Symbol, String, OrderStatus),
}

/// Protection that is refused closes, and what closes may end protection: no more than this is needed.
const MOST_PASSES: usize = 4;

impl Run {
    /// Takes the events of an account's exchange into the books, tells the strategies, and sees to protection.
    pub(super) fn account_for(&mut self, account: usize) {
        let mut told = self.book(account);
        // What protection does to the account is told with it.
        for _ in 0..MOST_PASSES {
            self.protect_all(account);
            if !self.accounts[account].exchange.has_events() {
                break;
            }
            told.extend(self.book(account));
        }
        self.tell(account, told);
    }

    /// Takes the events into the books; answers what is to be told.
    pub(super) fn book(&mut self, account: usize) -> Vec<Told> {
        let mut told = Vec::new();
        while self.accounts[account].exchange.has_events() {
            for ExchangeEvent { news, .. } in self.accounts[account].events() {
                self.book_one(account, news, &mut told);
            }
        }
        let Self { accounts, ledger, .. } = self;
        accounts[account].read();
        accounts[account].add_booked(ledger);
        told
    }

    fn book_one(&mut self, account: usize, news: News, told: &mut Vec<Told>) {
        match news {
            News::OrderFilled(news) => self.filled(account, *news, told),
            News::OrderCancelled(order) | News::OrderExpired { order, .. } => {
                let order = order.order;
                self.ended(account, &order.client_order_id, order.status, told);
            }
            News::ConditionalRejected(order) | News::ConditionalExpired { order, .. } => {
                let id = &order.order.client_order_id;
                if let Some((place, which)) = self.accounts[account].protection_of(id) {
                    self.accounts[account].protection[place].clear(which);
                    let text = format!("the {} of {} was not carried out", which.word(), order.order.symbol);
                    self.incident("protection_lost", text);
                }
            }
            News::FundingPaid { payment, .. } => {
                if let Some(symbol) = payment.symbol {
                    self.share_funding(account, &symbol, payment.payment);
                }
            }
            News::FundingSettled(settled) => {
                let next = self.accounts[account].settled(&settled);
                self.settled.push((account, MarketEvent::Settled(settled)));
                self.settled.extend(next.map(|next| (account, MarketEvent::Funding(next))));
            }
            News::MarginCall { positions, .. } => {
                for thin in positions {
                    self.incident("margin_call", format!("{}: margin is thin", thin.report.symbol));
                }
            }
            News::LiquidationStarted { positions, .. } => {
                for thin in positions {
                    let report = thin.report;
                    let held = report.position.map(|held| format!("{} {}", held.direction, held.quantity));
                    let mark = report.mark_price.map(|mark| format!(" at the mark {mark}"));
                    let (held, mark) = (held.unwrap_or_default(), mark.unwrap_or_default());
                    self.incident("liquidation", format!("{} {held} is liquidated{mark}", report.symbol));
                }
            }
            News::Liquidated { close, fee, .. } => {
                let price = close.price.map_or_else(String::new, |price| format!(" at {price}"));
                self.incident("liquidated", format!("{} was closed by force{price}, fee {fee}", close.symbol));
            }
            News::Deleveraged(close) => self.incident("deleveraged", format!("{} was deleveraged", close.symbol)),
            News::Covered { amount, .. } => self.incident("covered", format!("the insurance fund made good {amount}")),
            _ => {}
        }
    }

    fn ended(&mut self, account: usize, id: &ClientOrderId, status: OrderStatus, told: &mut Vec<Told>) {
        let Some(sent) = self.accounts[account].sent.remove(id) else { return };
        if let Role::Resting(label) = sent.role {
            if let Some(own) = self.desk.own_mut(sent.seat, account) {
                own.ended(&sent.symbol, &label);
            }
            told.push(self.to_tell(account, sent.seat, What::Ended(sent.symbol, label, status)));
        }
    }

    fn filled(&mut self, account: usize, news: FillNews, told: &mut Vec<Told>) {
        let FillNews { order, fill, .. } = news;
        let is_whole = order.order.status.is_final();
        let sent = &mut self.accounts[account].sent;
        let sent = match fill.cause {
            FillCause::Order if is_whole => sent.remove(&fill.client_order_id),
            FillCause::Order => sent.get(&fill.client_order_id).cloned(),
            _ => None,
        };
        match sent {
            Some(sent) => self.fill_of(account, sent, fill, is_whole, told),
            None => {
                let of = self.accounts[account].protection_of(&fill.client_order_id);
                let role = match of {
                    Some((_, Which::Stop)) => Role::StopLoss,
                    Some((_, Which::Target)) => Role::TakeProfit,
                    None => Role::Forced,
                };
                if let Some((place, which)) = of
                    && is_whole
                {
                    self.accounts[account].protection[place].clear(which);
                }
                self.share_fill(account, &role, &fill, told);
            }
        }
    }

    fn fill_of(&mut self, account: usize, sent: Sent, fill: Fill, is_whole: bool, told: &mut Vec<Told>) {
        let Sent { seat, role, leverage, stop, decided, .. } = sent;
        let Some(own) = self.desk.own_mut(seat, account) else { return };
        if let Role::Resting(label) = &role {
            own.filled_resting(&fill.symbol, label, fill.quantity);
        }
        let made = own.fill(&fill, leverage);
        // What only shrank keeps the stop that it has.
        if let Some(StopLoss::At(stop)) = stop
            && !matches!(made, Transition::Reduced(..))
        {
            own.stop_at(&fill.symbol, Some(stop));
        }
        if let Role::Resting(label) = &role
            && is_whole
        {
            own.ended(&fill.symbol, label);
        }
        self.record(account, seat, (&role, decided), &fill, made);
        if made.position().is_none() {
            self.call_back(account, seat, &fill.symbol);
        }
        let ended = match &role {
            Role::Resting(label) if is_whole => {
                Some(What::Ended(fill.symbol.clone(), label.clone(), OrderStatus::Filled))
            }
            _ => None,
        };
        let filled = What::Fill(role, Box::new(fill));
        told.extend([Some(filled), ended].into_iter().flatten().map(|what| self.to_tell(account, seat, what)));
    }

    fn to_tell(&self, account: usize, seat: SeatIndex, what: What) -> Told {
        Told { seat, own: self.desk.own(seat, account).cloned().unwrap_or_default(), what }
    }

    fn record(
        &mut self,
        account: usize,
        seat: SeatIndex,
        (role, decided): (&Role, Option<Price>),
        fill: &Fill,
        made: Transition,
    ) {
        let Self { books, desk, accounts, settings, digest, .. } = self;
        digest.fill(seat.get(), fill);
        books.fill(
            (desk.name(seat), &accounts[account].id),
            (seat.get(), account),
            (role.as_fill().as_str(), decided),
            fill,
            made,
            settings.keeps_records,
        );
    }

    /// A fill that is nobody's order: it goes to those who hold what it closes, by what they hold.
    fn share_fill(&mut self, account: usize, role: &Role, fill: &Fill, told: &mut Vec<Told>) {
        let place = self.accounts[account].place_of(&fill.symbol);
        let lot = place.map(|place| self.accounts[account].markets[place].instrument.lot);
        for Share { seat, fill, made } in self.desk.share_fill(account, fill, lot) {
            self.record(account, seat, (role, None), &fill, made);
            if made.position().is_none() {
                self.call_back(account, seat, &fill.symbol);
            }
            told.push(self.to_tell(account, seat, What::Fill(role.clone(), Box::new(fill))));
        }
    }

    /// What rested to reduce a holding goes with it: of a contract that others hold too it would close what is theirs.
    fn call_back(&mut self, account: usize, seat: SeatIndex, symbol: &Symbol) {
        let it = &self.accounts[account];
        let reduces = |sent: &Sent| {
            sent.seat == seat && sent.symbol == *symbol && matches!(sent.role, Role::Resting(_)) && sent.stop.is_none()
        };
        let left = it.sent.iter().filter(|(_, sent)| reduces(sent));
        let mut left: Vec<(ClientOrderId, Role)> = left.map(|(id, sent)| (id.clone(), sent.role.clone())).collect();
        // In the order in which they were sent: they are named by numbers.
        left.sort_by_key(|(id, _)| (id.as_str().len(), id.clone()));
        for (id, role) in left {
            if let (Role::Resting(label), Some(own)) = (role, self.desk.own_mut(seat, account)) {
                own.ended(symbol, &label);
            }
            // The exchange has ended it already where nothing at all is held, which its own news tells.
            drop(self.call_off(account, symbol, id));
        }
    }

    /// Funding goes to those who hold, by what they hold.
    fn share_funding(&mut self, account: usize, symbol: &Symbol, payment: Money) {
        for (seat, part) in self.desk.share_funding(account, symbol, payment) {
            self.books.funding((seat.get(), account), symbol, part);
        }
    }

    /// Tells the strategies what became of their orders.
    pub(super) fn tell(&mut self, account: usize, told: Vec<Told>) {
        for (account, event) in std::mem::take(&mut self.settled) {
            self.tell_settled(account, &event);
        }
        if told.is_empty() {
            return;
        }
        let Self { desk, wanted, now, accounts, .. } = self;
        let id = &accounts[account].id;
        for Told { seat, own: then, what } in told {
            let own = desk.own_mut(seat, account).map(|own| std::mem::replace(own, then));
            let event = match &what {
                What::Fill(role, fill) => StrategyEvent::Fill { account: id, role: role.as_fill(), fill },
                What::Ended(symbol, label, status) => {
                    StrategyEvent::Ended { account: id, symbol, label, status: *status }
                }
            };
            desk.tell(seat, *now, accounts, &event, wanted);
            if let (Some(place), Some(own)) = (desk.own_mut(seat, account), own) {
                *place = own;
            }
        }
    }

    fn tell_settled(&mut self, account: usize, event: &MarketEvent) {
        let symbol = match event {
            MarketEvent::Settled(settled) => &settled.symbol,
            MarketEvent::Funding(funding) => &funding.symbol,
            _ => return,
        };
        let Some(place) = self.accounts[account].place_of(symbol) else { return };
        let Some(channel) = self.accounts[account].markets[place].channel else { return };
        if self.desk.hears(channel).2 {
            let Self { desk, accounts, wanted, now, .. } = self;
            desk.hear(channel, *now, accounts, event, wanted);
        }
    }

    pub(super) fn incident(&mut self, kind: &str, text: String) {
        self.incident_at(self.now, kind, text);
    }

    fn incident_at(&mut self, time: Timestamp, kind: &str, text: String) {
        if self.incidents.len() < MOST_INCIDENTS {
            self.incidents.push(Incident { time, kind: kind.to_owned(), text });
        }
    }
}

/// No more than a person reads.
const MOST_INCIDENTS: usize = 10_000;
