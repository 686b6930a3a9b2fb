//! What strategies do, in the two forms in which `run` tells it. docs/strategies.md lists the events.

mod rows;

use crate::config::StrategyConfig;
use crate::failure::Failure;
use crate::screen;
use plimsoll_domain::{AccountId, Fill, Money, Timestamp};
use plimsoll_engine::desk::SeatIndex;
use plimsoll_engine::trading::{Reseated, Role, Seated, TradingNews};
use plimsoll_ports::{Clock, CloseIntent, Decision, Intent, Leg, RestIntent, RestingEffect, StopLoss, SystemClock};
use rows::{FillRow, Filled, LegRow, money, realized};
use serde::Serialize;
use std::collections::BTreeSet;

/// Tells of one desk.
#[derive(Debug)]
pub(super) struct Trades {
    json: bool,
    /// By seat: its name, and its accounts.
    seats: Vec<(String, BTreeSet<AccountId>)>,
    /// There are several accounts: every line names those that it is of.
    several: bool,
}

/// Strategies that cannot be seated yet.
#[derive(Debug)]
pub(super) struct Waiting {
    /// The accounts that they trade.
    pub(super) accounts: BTreeSet<AccountId>,
    trades: Trades,
    why: String,
}

/// One line of `run --json`.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[allow(clippy::enum_variant_names, reason = "the names of the events begin so: they stand among those of guards")]
enum Told {
    StrategyBegan { resumed: Option<String> },
    StrategyReseated { how: &'static str, why: Option<String> },
    StrategyDecided { reason: String, legs: Vec<LegRow> },
    StrategyRefused { decision: String, reason: String },
    StrategyDone { decision: String },
    StrategyFilled(Box<Filled>),
    StrategyForeignFill(Box<FillRow>),
    StrategyEnded { symbol: String, label: String, status: String },
    StrategyFunded { symbol: String, payment: String },
    StrategyStopped { reason: String },
    StrategyDiffers { what: String },
    StrategyTrouble { error: String },
}

/// An event, when it was told, and whose it is.
#[derive(Debug, Serialize)]
struct OfStrategy {
    #[serde(flatten)]
    told: Told,
    time: String,
    account: Option<String>,
    strategy: Option<String>,
}

impl Trades {
    /// Of strategies in the order of their seats.
    pub(super) fn new(json: bool, strategies: &[StrategyConfig], several: bool) -> Self {
        let seats = strategies.iter().map(|strategy| (strategy.name.clone(), strategy.accounts())).collect();
        Self { json, seats, several }
    }

    pub(super) fn tell(&mut self, news: &TradingNews) -> Result<(), Failure> {
        if let TradingNews::Reseated(seated) = news {
            self.seats = seated.iter().map(|it| (it.strategy.clone(), it.accounts.clone())).collect();
        }
        self.say(news)
    }

    fn say(&self, news: &TradingNews) -> Result<(), Failure> {
        let now = SystemClock.now();
        if self.json {
            return self.for_programs(news, now).iter().try_for_each(screen::json);
        }
        self.for_people(news).iter().try_for_each(|said| screen::line(format!("{} {said}", screen::second(now))))
    }

    /// The lines for programs; none for what others tell.
    fn for_programs(&self, news: &TradingNews, now: Timestamp) -> Vec<OfStrategy> {
        let time = screen::instant(now);
        let of = |told: Told, account: Option<&AccountId>, seat: Option<SeatIndex>| {
            let (account, strategy) = (account.map(ToString::to_string), seat.map(|seat| self.name(seat).to_owned()));
            vec![OfStrategy { told, time: time.clone(), account, strategy }]
        };
        match news {
            TradingNews::Began { resumed } => {
                let began = |(name, accounts): &(String, BTreeSet<AccountId>)| OfStrategy {
                    told: Told::StrategyBegan { resumed: resumed.map(screen::instant) },
                    time: time.clone(),
                    account: only(accounts.iter()).map(ToString::to_string),
                    strategy: Some(name.clone()),
                };
                self.seats.iter().map(began).collect()
            }
            TradingNews::Reseated(seated) => {
                let told = |it: &Seated| OfStrategy {
                    told: match &it.how {
                        Reseated::GoesOn => Told::StrategyReseated { how: "goes_on", why: None },
                        Reseated::BeginsAnew { why } => {
                            Told::StrategyReseated { how: "begins_anew", why: Some(why.clone()) }
                        }
                        Reseated::New => Told::StrategyReseated { how: "new", why: None },
                    },
                    time: time.clone(),
                    account: only(it.accounts.iter()).map(ToString::to_string),
                    strategy: Some(it.strategy.clone()),
                };
                seated.iter().map(told).collect()
            }
            TradingNews::Decided { seat, at: _, decision } => {
                let legs = decision.legs.iter().map(LegRow::of).collect();
                of(Told::StrategyDecided { reason: decision.reason.clone(), legs }, account_of(decision), Some(*seat))
            }
            TradingNews::Refused { seat, decision, reason } => {
                let told = Told::StrategyRefused { decision: decision.reason.clone(), reason: reason.clone() };
                of(told, account_of(decision), Some(*seat))
            }
            TradingNews::Done { seat, decision } => {
                of(Told::StrategyDone { decision: decision.reason.clone() }, account_of(decision), Some(*seat))
            }
            TradingNews::Filled { seat, account, role, fill, made } => {
                of(Told::StrategyFilled(Box::new(Filled::of(role, fill, made))), Some(account), Some(*seat))
            }
            TradingNews::Foreign { account, fill } => {
                of(Told::StrategyForeignFill(Box::new(FillRow::of(fill))), Some(account), None)
            }
            TradingNews::Ended { seat, account, symbol, label, status } => {
                let (symbol, label, status) = (symbol.to_string(), label.clone(), status.to_string());
                of(Told::StrategyEnded { symbol, label, status }, Some(account), Some(*seat))
            }
            TradingNews::Funded { seat, account, symbol, payment } => {
                let told = Told::StrategyFunded { symbol: symbol.to_string(), payment: money(*payment) };
                of(told, Some(account), Some(*seat))
            }
            TradingNews::Stopped { seat, why } => of(Told::StrategyStopped { reason: why.clone() }, None, Some(*seat)),
            TradingNews::Differs { seat, account, what } => {
                of(Told::StrategyDiffers { what: what.clone() }, Some(account), Some(*seat))
            }
            TradingNews::Trouble { what } => of(Told::StrategyTrouble { error: what.clone() }, None, None),
            TradingNews::Candle { .. } => Vec::new(),
        }
    }

    /// The lines for people; none for what is told by another.
    fn for_people(&self, news: &TradingNews) -> Vec<String> {
        let one = |said: String| vec![said];
        match news {
            TradingNews::Began { resumed } => self
                .seats
                .iter()
                .map(|(name, accounts)| {
                    let how = match resumed {
                        Some(saved) => format!("goes on from what was saved at {}", screen::second(*saved)),
                        None => "begins as new".to_owned(),
                    };
                    format!("{}{name}: {how}", self.on(accounts.iter()))
                })
                .collect(),
            TradingNews::Reseated(seated) => seated
                .iter()
                .map(|it| {
                    let how = match &it.how {
                        Reseated::GoesOn => "goes on from where it is, by the settings of now".to_owned(),
                        Reseated::BeginsAnew { why } => format!(
                            "begins anew by the settings of now, and keeps what it holds and what rests; what it has \
                             heard does not fit them: {why}"
                        ),
                        Reseated::New => "begins as new".to_owned(),
                    };
                    format!("{}{}: {how}", self.on(&it.accounts), it.strategy)
                })
                .collect(),
            TradingNews::Decided { seat, at: _, decision } => {
                let legs: Vec<String> = decision.legs.iter().map(|leg| self.leg(decision, leg)).collect();
                one(format!("{}: {} ({})", self.said_by(*seat, decision), legs.join(" and "), decision.reason))
            }
            TradingNews::Refused { seat, decision, reason } => {
                one(format!("{}: refused: {reason}", self.said_by(*seat, decision)))
            }
            TradingNews::Filled { seat, account, role, fill, made } => {
                let role = match role {
                    Role::Resting(label) => format!("resting {label}"),
                    role => role.as_fill().as_str().replace('_', " "),
                };
                let made = realized(made).map(|made| format!(", made {}", screen::money(made))).unwrap_or_default();
                one(format!("{}{}: {role}: {}{made}", self.on([account]), self.name(*seat), traded(fill)))
            }
            TradingNews::Foreign { account, fill } => {
                one(format!("{}no strategy's: {}", self.on([account]), traded(fill)))
            }
            TradingNews::Ended { seat, account, symbol, label, status } => {
                one(format!("{}{}: {symbol} {label} has ended: {status}", self.on([account]), self.name(*seat)))
            }
            TradingNews::Funded { seat, account, symbol, payment } => {
                let what = if payment.is_negative() { "received" } else { "paid" };
                let amount = screen::money(Money::new(payment.get().abs()));
                one(format!("{}{}: funding of {symbol}: {what} {amount}", self.on([account]), self.name(*seat)))
            }
            TradingNews::Stopped { seat, why } => {
                let accounts = self.seats.get(seat.get()).map(|(_, accounts)| accounts);
                let on = self.on(accounts.into_iter().flatten());
                one(format!("{on}{}: STOPPED: {why}; its stops and targets rest on", self.name(*seat)))
            }
            TradingNews::Differs { seat, account, what } => {
                one(format!("{}{}: {what}", self.on([account]), self.name(*seat)))
            }
            TradingNews::Trouble { what } => {
                let accounts: BTreeSet<&AccountId> = self.seats.iter().flat_map(|(_, accounts)| accounts).collect();
                one(format!("{}strategies: {what}", self.on(accounts)))
            }
            TradingNews::Done { .. } | TradingNews::Candle { .. } => Vec::new(),
        }
    }

    fn name(&self, seat: SeatIndex) -> &str {
        self.seats.get(seat.get()).map_or("", |(name, _)| name)
    }

    /// `main: `, where there are several accounts.
    fn on<'a>(&self, accounts: impl IntoIterator<Item = &'a AccountId>) -> String {
        let names: BTreeSet<&str> = accounts.into_iter().map(AccountId::as_str).collect();
        if !self.several || names.is_empty() {
            return String::new();
        }
        format!("{}: ", names.into_iter().collect::<Vec<_>>().join(", "))
    }

    fn said_by(&self, seat: SeatIndex, decision: &Decision) -> String {
        format!("{}{}", self.on(decision.legs.iter().map(|leg| &leg.account)), self.name(seat))
    }

    /// What a leg is to do; where the legs are of several accounts, on which.
    fn leg(&self, decision: &Decision, leg: &Leg) -> String {
        let on = if account_of(decision).is_some() { String::new() } else { format!(" on {}", leg.account) };
        format!("{}{on}", wanted(&leg.intent))
    }
}

impl Waiting {
    pub(super) fn new(
        json: bool,
        accounts: BTreeSet<AccountId>,
        strategies: &[StrategyConfig],
        several: bool,
        why: String,
    ) -> Self {
        Self { accounts, trades: Trades::new(json, strategies, several), why }
    }

    pub(super) fn tell(&self) -> Result<(), Failure> {
        let names: Vec<&str> = self.trades.seats.iter().map(|(name, _)| name.as_str()).collect();
        let what = format!("{}; not begun until then: {}", self.why, names.join(", "));
        self.trades.say(&TradingNews::Trouble { what })
    }
}

/// The account, where all legs are of one.
fn account_of(decision: &Decision) -> Option<&AccountId> {
    only(decision.legs.iter().map(|leg| &leg.account))
}

fn only<'a>(accounts: impl Iterator<Item = &'a AccountId>) -> Option<&'a AccountId> {
    let all: BTreeSet<&AccountId> = accounts.collect();
    all.first().copied().filter(|_| all.len() == 1)
}

/// `open long 0.1 BTC/USDT:USDT, stop 57000`.
fn wanted(intent: &Intent) -> String {
    let with = |stop_loss: &StopLoss| match stop_loss.price() {
        Some(stop) => format!(", stop {}", screen::price(stop)),
        None => String::new(),
    };
    match intent {
        Intent::Open(it) => format!("open {} {} {}{}", it.direction, it.quantity, it.symbol, with(&it.stop_loss)),
        Intent::Rest(RestIntent { symbol, label, side, quantity, price, effect }) => {
            let stop =
                if let RestingEffect::Opens { stop_loss, .. } = effect { with(stop_loss) } else { String::new() };
            format!("rest {label}, {side} {quantity} {symbol} at {}{stop}", screen::price(*price))
        }
        Intent::Close(CloseIntent { symbol, direction, quantity }) => match quantity {
            Some(quantity) => format!("close {quantity} of {symbol} {direction}"),
            None => format!("close {symbol} {direction}"),
        },
        Intent::MoveStop { symbol, direction, trigger } => {
            format!("move the stop of {symbol} {direction} to {}", screen::price(*trigger))
        }
        Intent::Cancel { symbol, label } => format!("cancel {label} of {symbol}"),
    }
}

/// `buy 0.1 BTC/USDT:USDT at 60000, fee 3.00 USDT`.
fn traded(fill: &Fill) -> String {
    let currency = fill.fee_currency.as_ref().map(|currency| format!(" {currency}")).unwrap_or_default();
    let (price, fee) = (screen::price(fill.price), screen::money(fill.fee));
    format!("{} {} {} at {price}, fee {fee}{currency}", fill.side, fill.quantity, fill.symbol)
}

#[cfg(test)]
mod tests;
