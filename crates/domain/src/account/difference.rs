//! What is believed of an account against what its venue says when it is asked.

use super::AccountState;
use super::contract::Contract;
use crate::event::{AccountSnapshot, BalanceReport, PositionReport};
use crate::name::{Currency, OrderId, Symbol};
use crate::order::Order;
use crate::position::Position;
use crate::side::{PositionSide, UnknownWord, words};
use crate::time::Stamp;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// One thing of which the state and a reading say different things.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// What it is about.
    pub subject: DifferenceSubject,
    /// Which figure of it.
    pub field: DifferenceField,
    /// What the state says; `None` if there is no such thing.
    pub ours: Option<String>,
    /// What the venue says; `None` if there is no such thing.
    pub venue: Option<String>,
}

/// What a [`Difference`] is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum DifferenceSubject {
    /// The account's own settings.
    Account,
    /// A contract's settings.
    Contract(Symbol),
    /// A position.
    Position(Symbol, PositionSide),
    /// An order; `true` where its id is from the conditional orders' id space.
    Order(Symbol, bool, OrderId),
    /// A balance.
    Balance(Currency),
}

/// Which figure of a subject differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DifferenceField {
    /// Whether it exists at all.
    Existence,
    /// The account's position mode.
    PositionMode,
    /// Direction and size of a position.
    Size,
    /// A position's entry price.
    Entry,
    /// A contract's leverage.
    Leverage,
    /// A contract's margin mode.
    MarginMode,
    /// What is assigned to an isolated position.
    IsolatedMargin,
    /// An order's status.
    Status,
    /// How much of an order is filled.
    Filled,
    /// An order's size.
    Quantity,
    /// An order's limit.
    Price,
    /// An order's trigger.
    Trigger,
    /// The wallet.
    Wallet,
    /// The part of the wallet that backs cross positions.
    CrossWallet,
}
words!(
    DifferenceField,
    "field",
    Existence = "existence",
    PositionMode = "position_mode",
    Size = "size",
    Entry = "entry",
    Leverage = "leverage",
    MarginMode = "margin_mode",
    IsolatedMargin = "isolated_margin",
    Status = "status",
    Filled = "filled",
    Quantity = "quantity",
    Price = "price",
    Trigger = "trigger",
    Wallet = "wallet",
    CrossWallet = "cross_wallet"
);

impl fmt::Display for DifferenceSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account => f.write_str("account"),
            Self::Contract(symbol) => write!(f, "{symbol}"),
            Self::Position(symbol, side) => write!(f, "position {symbol} {side}"),
            Self::Order(symbol, false, id) => write!(f, "order {symbol} {id}"),
            Self::Order(symbol, true, id) => write!(f, "conditional order {symbol} {id}"),
            Self::Balance(currency) => write!(f, "balance {currency}"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
        let (ours, venue) = (word(&self.ours), word(&self.venue));
        write!(f, "{}, {}: we have {ours}, the venue says {venue}", self.subject, self.field)
    }
}

/// What the two sides have been found to disagree on.
struct Found<'a> {
    reading: &'a AccountSnapshot,
    differences: Vec<Difference>,
}

impl AccountState {
    /// What this state and a reading of the venue say differently, figure by figure.
    ///
    /// A figure that the state heard later than the reading was begun is left out: it is news to the reading. What the
    /// reading does not carry is not compared, and nothing that moves with prices is (marks, unrealised profit, available
    /// balance, the venue's liquidation prices and margin figures). What is in the reading and still on its way to the
    /// state does show: look a second time before believing it.
    #[must_use]
    pub fn differences(&self, reading: &AccountSnapshot) -> Vec<Difference> {
        let mut found = Found { reading, differences: Vec::new() };
        if !self.position_mode.is_newer_than(reading.time) {
            let mode = self.position_mode.get().map(|mode| mode.to_string());
            let venue = Some(reading.position_mode.to_string());
            found.compare(&DifferenceSubject::Account, DifferenceField::PositionMode, mode, venue);
        }
        self.compare_positions(&mut found);
        self.compare_orders(&mut found);
        self.compare_balances(&mut found);
        found.differences
    }

    fn compare_positions(&self, found: &mut Found<'_>) {
        let mut listed = BTreeMap::new();
        for report in &found.reading.positions {
            if let Some(contract) = self.contracts.get(&report.symbol) {
                found.settings(contract, report);
            }
            if let Some(position) = report.position {
                listed.insert((&report.symbol, report.position_side), (position, report));
            }
        }
        let ours = self.contracts.iter().flat_map(|(symbol, contract)| {
            contract.slots().filter(|(_, slot)| slot.position().is_some()).map(move |(side, _)| (symbol, side))
        });
        let keys: BTreeSet<_> = ours.chain(listed.keys().copied()).collect();
        for (symbol, side) in keys {
            let slot = self.contracts.get(symbol).map(|contract| contract.slot(side));
            if slot.and_then(|slot| slot.as_of()).is_some_and(|as_of| as_of > found.reading.time) {
                continue;
            }
            let ours = slot.and_then(|slot| slot.position());
            let margin = slot.and_then(|slot| slot.last_report()).and_then(|report| report.isolated_margin);
            let venue = listed.get(&(symbol, side)).copied();
            found.position(DifferenceSubject::Position(symbol.clone(), side), ours.map(|it| (it, margin)), venue);
        }
    }

    fn compare_orders(&self, found: &mut Found<'_>) {
        let key = |order: &Order| (order.symbol.clone(), order.order_type.is_conditional(), order.order_id.clone());
        let open = |order: &&Order| !order.status.is_final() && order.child.is_none();
        let listed: BTreeMap<_, &Order> =
            found.reading.orders.iter().filter(open).map(|order| (key(order), order)).collect();
        let ours: BTreeMap<_, &Order> = self.open_orders().map(|order| (key(order), order)).collect();
        let keys: BTreeSet<_> = listed.keys().chain(ours.keys()).cloned().collect();
        for key in keys {
            let (symbol, conditional, id) = &key;
            let known = self.order_by_id(symbol, *conditional, id);
            if known.is_some_and(|order| order.updated.time > found.reading.time) {
                continue;
            }
            found.order(ours.get(&key).copied(), listed.get(&key).copied(), &key);
        }
    }

    fn compare_balances(&self, found: &mut Found<'_>) {
        let listed: BTreeMap<&Currency, &BalanceReport> =
            found.reading.balances.iter().map(|report| (&report.currency, report)).collect();
        let keys: BTreeSet<&Currency> = listed.keys().copied().chain(self.funds.keys()).collect();
        for currency in keys {
            let Some(funds) = self.funds.get(currency) else {
                let wallet = listed.get(currency).and_then(|report| report.wallet).filter(|wallet| !wallet.is_zero());
                found.text(DifferenceSubject::Balance(currency.clone()), DifferenceField::Wallet, None, wallet);
                continue;
            };
            if funds.is_newer_than(found.reading.time) {
                continue;
            }
            let (ours, subject) = (funds.get(), DifferenceSubject::Balance(currency.clone()));
            match listed.get(currency) {
                Some(report) => {
                    found.known(&subject, DifferenceField::Wallet, ours.wallet, report.wallet);
                    found.known(&subject, DifferenceField::CrossWallet, ours.cross_wallet, report.cross_wallet);
                }
                None => {
                    let wallet = ours.wallet.filter(|wallet| !wallet.is_zero());
                    found.compare(&subject, DifferenceField::Wallet, wallet.map(|it| it.to_string()), None);
                }
            }
        }
    }
}

impl Found<'_> {
    fn compare(
        &mut self,
        subject: &DifferenceSubject,
        field: DifferenceField,
        ours: Option<String>,
        venue: Option<String>,
    ) {
        if ours != venue {
            self.differences.push(Difference { subject: subject.clone(), field, ours, venue });
        }
    }

    fn text<T: fmt::Display>(
        &mut self,
        subject: DifferenceSubject,
        field: DifferenceField,
        ours: Option<T>,
        venue: Option<T>,
    ) {
        self.compare(&subject, field, ours.map(|it| it.to_string()), venue.map(|it| it.to_string()));
    }

    /// A figure that the venue may leave out.
    fn known<T: fmt::Display + PartialEq>(
        &mut self,
        subject: &DifferenceSubject,
        field: DifferenceField,
        ours: Option<T>,
        venue: Option<T>,
    ) {
        if venue.is_some() && ours != venue {
            self.text(subject.clone(), field, ours, venue);
        }
    }

    fn settings(&mut self, contract: &Contract, report: &PositionReport) {
        let subject = DifferenceSubject::Contract(report.symbol.clone());
        let (leverage, mode) = contract.settings_heard();
        let old = |stamp: Option<Stamp>| stamp.is_none_or(|stamp| stamp.time <= self.reading.time);
        let (leverage_counts, mode_counts) = (old(leverage), old(mode));
        if leverage_counts {
            self.known(&subject, DifferenceField::Leverage, contract.leverage(), report.leverage);
        }
        if mode_counts {
            self.known(&subject, DifferenceField::MarginMode, contract.margin_mode(), report.margin_mode);
        }
    }

    fn position(
        &mut self,
        subject: DifferenceSubject,
        ours: Option<(Position, Option<crate::Money>)>,
        venue: Option<(Position, &PositionReport)>,
    ) {
        match (ours, venue) {
            (Some((ours, margin)), Some((venue, report))) => {
                let sized = |it: Position| Some(format!("{} {}", it.direction, it.quantity));
                if (ours.direction, ours.quantity) != (venue.direction, venue.quantity) {
                    self.compare(&subject, DifferenceField::Size, sized(ours), sized(venue));
                } else if !super::life::same(ours, venue) {
                    self.text(subject.clone(), DifferenceField::Entry, Some(ours.entry), Some(venue.entry));
                }
                self.known(&subject, DifferenceField::IsolatedMargin, margin, report.isolated_margin);
            }
            (ours, venue) => {
                let shown = |it: Position| format!("{} {} at {}", it.direction, it.quantity, it.entry);
                let (ours, venue) = (ours.map(|(it, _)| shown(it)), venue.map(|(it, _)| shown(it)));
                self.compare(&subject, DifferenceField::Existence, ours, venue);
            }
        }
    }

    fn order(&mut self, ours: Option<&Order>, venue: Option<&Order>, key: &(Symbol, bool, OrderId)) {
        let (symbol, conditional, id) = key.clone();
        let subject = DifferenceSubject::Order(symbol, conditional, id);
        let (Some(ours), Some(venue)) = (ours, venue) else {
            let shown = |order: &Order| format!("{} {} {}", order.side, order.order_type, order.status);
            let (ours, venue) = (ours.map(shown), venue.map(shown));
            return self.compare(&subject, DifferenceField::Existence, ours, venue);
        };
        self.text(subject.clone(), DifferenceField::Status, Some(ours.status), Some(venue.status));
        self.text(subject.clone(), DifferenceField::Filled, ours.filled, venue.filled);
        self.known(&subject, DifferenceField::Quantity, ours.quantity, venue.quantity);
        self.known(&subject, DifferenceField::Price, ours.price, venue.price);
        self.known(&subject, DifferenceField::Trigger, ours.trigger, venue.trigger);
    }
}
