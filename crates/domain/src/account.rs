//! An account as the sum of what its venue has said.

mod contract;
mod difference;
mod funds;
mod held;
pub(crate) mod id_hash;
mod known;
mod life;
mod newest;
mod orders;
mod slot;
mod view;

pub use difference::{Difference, DifferenceField, DifferenceSubject};
pub use held::HeldPosition;

use crate::change::{Balance, Change};
use crate::event::{AccountEvent, AccountSnapshot, BalanceReport, ForcedClose, FundingPayment, MarginWarning};
use crate::fill::{Fill, FillCause};
use crate::market::MarkPrice;
use crate::money::Money;
use crate::name::{Currency, Symbol};
use crate::order::Order;
use crate::price::Price;
use crate::quantity::Quantity;
use crate::side::{PositionMode, PositionSide};
use crate::time::{Stamp, Timestamp};
use contract::Contract;
use funds::Funds;
use known::Known;
use newest::Newest;
use orders::Alive;
use std::collections::BTreeMap;
use std::sync::Arc;

const NOTICES_LIMIT: usize = 7168;

/// An account as its venue's events describe it.
///
/// The state is a function of the *set* of events applied: repeating them, or applying them in another order, leads to
/// the same state. Orders keep the report that is furthest on, so that a late "new" never brings back a finished order;
/// fills are known by symbol and trade id; positions are the newest report with the fills since on top of it; a snapshot
/// replaces everything that is not newer than it. What is remembered to recognise repetitions is bounded: beyond
/// thousands of fills or orders a contract, what is older than the memory counts as known.
///
/// ```
/// use plimsoll_domain::{AccountEvent, AccountState, Change, Fill, FillCause, Money, OrderId, PositionSide, Side};
/// use plimsoll_domain::{ClientOrderId, Timestamp, TradeId};
///
/// let bought = Fill {
///     trade_id: TradeId::new("7"),
///     order_id: OrderId::new("42"),
///     client_order_id: ClientOrderId::new("first")?,
///     symbol: "BTC/USDT:USDT".parse()?,
///     side: Side::Buy,
///     position_side: PositionSide::Both,
///     price: "60000".parse()?,
///     quantity: "0.001".parse()?,
///     fee: "0.03".parse()?,
///     fee_currency: None,
///     liquidity: None,
///     realized_pnl: None,
///     cause: FillCause::Order,
///     time: Timestamp::from_millis(1_700_000_000_000),
/// };
/// let mut account = AccountState::new();
/// let changes = account.apply(&AccountEvent::Fill(bought.clone()));
/// assert!(matches!(changes[..], [Change::Filled(_), Change::PositionOpened { .. }]));
/// assert!(account.apply(&AccountEvent::Fill(bought)).is_empty(), "a fill that is repeated changes nothing");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct AccountState {
    contracts: BTreeMap<Symbol, Contract>,
    funds: BTreeMap<Currency, Funds>,
    position_mode: Newest<PositionMode>,
    notices: Known<Notice>,
    synced: Option<Timestamp>,
    as_of: Option<Timestamp>,
    lost: Option<Timestamp>,
}

/// What names a message that is an occurrence, not a state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Notice {
    Booking(Arc<str>),
    Funding(Currency, Option<Symbol>, Timestamp, Money),
    MarginCall(Symbol, PositionSide, Timestamp),
    LiquidationWarning(Symbol, PositionSide, Timestamp),
    Forced(FillCause, Symbol, PositionSide, Timestamp, Option<Quantity>, Option<Price>),
    AdlWarning(Symbol, PositionSide, Timestamp, Option<u8>),
}

impl Default for AccountState {
    fn default() -> Self {
        Self::new()
    }
}

impl AccountState {
    /// An account of which nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            contracts: BTreeMap::new(),
            funds: BTreeMap::new(),
            position_mode: Newest::default(),
            notices: Known::new(NOTICES_LIMIT),
            synced: None,
            as_of: None,
            lost: None,
        }
    }

    /// Takes an event and says what it changed: nothing, if it is known or overtaken.
    pub fn apply(&mut self, event: &AccountEvent) -> Vec<Change> {
        // Most events change two things: a fill, say, and the position.
        let mut changes = Vec::with_capacity(2);
        match event {
            AccountEvent::Snapshot(snapshot) => self.snapshot(snapshot, &mut changes),
            AccountEvent::Order(order) => self.order(order, &mut changes),
            AccountEvent::Fill(fill) => self.fill(fill, &mut changes),
            AccountEvent::Position(report) => {
                self.heard(report.stamp.time);
                self.contract(&report.symbol).report(report.stamp, report, &mut changes);
            }
            AccountEvent::Balance(report) => self.balance_report(report.stamp, report, &mut changes),
            AccountEvent::Funding(payment) => self.funding(payment, &mut changes),
            AccountEvent::MarginCall(warning) => self.warning(warning, true, &mut changes),
            AccountEvent::LiquidationWarning(warning) => self.warning(warning, false, &mut changes),
            AccountEvent::Liquidation(forced) => self.forced(FillCause::Liquidation, forced, &mut changes),
            AccountEvent::Adl(forced) => self.forced(FillCause::Adl, forced, &mut changes),
            AccountEvent::Leverage { symbol, leverage, stamp } => {
                self.heard(stamp.time);
                self.contract(symbol).set_leverage(symbol, *stamp, *leverage, true, &mut changes);
            }
            AccountEvent::MarginMode { symbol, mode, stamp } => {
                self.heard(stamp.time);
                self.contract(symbol).set_margin_mode(symbol, *stamp, *mode, true, &mut changes);
            }
            AccountEvent::PositionMode { mode, stamp } => {
                self.heard(stamp.time);
                self.set_position_mode(*stamp, *mode, true, &mut changes);
            }
            AccountEvent::AutoMargin { symbol, position_side, on, stamp } => {
                self.heard(stamp.time);
                let (slot, _) = self.contract(symbol).slot_mut(*position_side);
                if slot.auto_margin.hear(*stamp, *on).is_some() {
                    let (symbol, position_side) = (symbol.clone(), *position_side);
                    changes.push(Change::AutoMarginSet { symbol, position_side, on: *on });
                }
            }
        }
        changes
    }

    /// Takes a mark price, so that unrealised profit and equity are current. An older one than is known changes nothing.
    pub fn mark(&mut self, mark: &MarkPrice) {
        self.contract(&mark.symbol).mark.hear(Stamp::at(mark.time), mark.price);
    }

    /// Takes note that the venue spoke at this moment (its time), if only to keep the connection alive.
    pub fn heard(&mut self, at: Timestamp) {
        self.as_of = self.as_of.max(Some(at));
    }

    /// Takes note that something up to this moment (the venue's time) may have been missed: a frame that could not be
    /// read, a connection that broke. Only a snapshot as new as that lifts the doubt.
    pub fn lose_track(&mut self, at: Timestamp) -> Vec<Change> {
        let was = self.needs_resync();
        self.lost = self.lost.max(Some(at));
        if was || !self.needs_resync() {
            return Vec::new();
        }
        vec![Change::ResyncNeeded { symbol: None, at }]
    }

    fn contract(&mut self, symbol: &Symbol) -> &mut Contract {
        let since = self.synced.map(as_read_at);
        self.contracts.entry(symbol.clone()).or_insert_with(|| Contract::new(since))
    }

    fn fill(&mut self, fill: &Fill, changes: &mut Vec<Change>) {
        self.heard(fill.time);
        let contract = self.contract(&fill.symbol);
        if !contract.trades.learn(fill.trade_id.clone(), fill.time) {
            return;
        }
        changes.push(Change::Filled(fill.clone()));
        contract.fill(fill, changes);
        if fill.cause != FillCause::Order {
            self.forced_fill(fill, changes);
        }
    }

    fn order(&mut self, order: &Order, changes: &mut Vec<Change>) {
        self.heard(order.updated.time);
        let floor = self.synced;
        self.contract(&order.symbol).order(order, Alive::reported(order), floor, changes);
    }

    /// Each part of a snapshot was so at the later of its own stamp and the snapshot's time; what is not listed is gone
    /// as of that time.
    fn snapshot(&mut self, snapshot: &AccountSnapshot, changes: &mut Vec<Change>) {
        self.heard(snapshot.time);
        let stamp = as_read_at(snapshot.time);
        self.set_position_mode(stamp, snapshot.position_mode, false, changes);
        for report in &snapshot.positions {
            self.contract(&report.symbol).report(stamp.max(report.stamp), report, changes);
        }
        let floor = self.synced;
        for order in &snapshot.orders {
            self.contract(&order.symbol).order(order, Alive::listed(snapshot.time), floor, changes);
        }
        for report in &snapshot.balances {
            self.balance_report(stamp.max(report.stamp), report, changes);
        }
        self.drop_unlisted(snapshot, changes);
        self.synced = self.synced.max(Some(snapshot.time));
    }

    fn drop_unlisted(&mut self, snapshot: &AccountSnapshot, changes: &mut Vec<Change>) {
        let stamp = as_read_at(snapshot.time);
        for (symbol, contract) in &mut self.contracts {
            contract.unlisted(symbol, stamp, changes);
            contract.orders.drop_unlisted(snapshot.time, changes);
        }
        for (currency, funds) in &mut self.funds {
            if snapshot.balances.iter().any(|report| report.currency == *currency) {
                continue;
            }
            let before = funds.get();
            funds.hear_empty(stamp);
            tell_balance(currency, before, funds.get(), changes);
        }
    }

    fn balance_report(&mut self, stamp: Stamp, report: &BalanceReport, changes: &mut Vec<Change>) {
        self.heard(report.stamp.time);
        let since = self.synced.map(as_read_at);
        let funds = self.funds.entry(report.currency.clone()).or_insert_with(|| Funds::empty(since));
        let before = funds.get();
        funds.hear(stamp, report);
        tell_balance(&report.currency, before, funds.get(), changes);
    }

    fn funding(&mut self, payment: &FundingPayment, changes: &mut Vec<Change>) {
        self.heard(payment.time);
        let FundingPayment { id, currency, symbol, time, payment: amount, .. } = payment;
        let notice = match id {
            Some(id) => Notice::Booking(Arc::clone(id)),
            None => Notice::Funding(currency.clone(), symbol.clone(), *time, *amount),
        };
        if self.notices.learn(notice, *time) {
            let told = if id.is_some() { Change::FundingPaid } else { Change::FundingNoticed };
            changes.push(told(payment.clone()));
        }
    }

    fn warning(&mut self, warning: &MarginWarning, call: bool, changes: &mut Vec<Change>) {
        self.heard(warning.time);
        let MarginWarning { symbol, position_side, time, .. } = warning;
        let name = if call { Notice::MarginCall } else { Notice::LiquidationWarning };
        if self.notices.learn(name(symbol.clone(), *position_side, *time), *time) {
            let told = if call { Change::MarginCalled } else { Change::LiquidationNear };
            changes.push(told(warning.clone()));
        }
    }

    fn forced(&mut self, cause: FillCause, forced: &ForcedClose, changes: &mut Vec<Change>) {
        self.heard(forced.time);
        let ForcedClose { symbol, position_side, quantity, price, level, time } = forced;
        let executed = quantity.is_some();
        let notice = if cause == FillCause::Adl && !executed {
            Notice::AdlWarning(symbol.clone(), *position_side, *time, *level)
        } else {
            Notice::Forced(cause, symbol.clone(), *position_side, *time, *quantity, *price)
        };
        if !self.notices.learn(notice, *time) {
            return;
        }
        changes.push(match (cause, executed) {
            (FillCause::Adl, false) => Change::AdlWarned(forced.clone()),
            (FillCause::Adl, true) => Change::AdlExecuted(forced.clone()),
            _ => Change::LiquidationExecuted(forced.clone()),
        });
        if executed {
            let (_, life) = self.contract(symbol).slot_mut(*position_side);
            life.forced(cause, *time, changes);
        }
    }

    /// A venue may tell a forced close by its fill alone, or by a message of its own too: it is told once.
    fn forced_fill(&mut self, fill: &Fill, changes: &mut Vec<Change>) {
        if fill.cause == FillCause::Settlement {
            return;
        }
        let forced = ForcedClose {
            symbol: fill.symbol.clone(),
            position_side: fill.position_side,
            quantity: Some(fill.quantity),
            price: Some(fill.price),
            level: None,
            time: fill.time,
        };
        self.forced(fill.cause, &forced, changes);
    }

    fn set_position_mode(&mut self, stamp: Stamp, mode: PositionMode, said: bool, changes: &mut Vec<Change>) {
        if let Some(before) = self.position_mode.hear(stamp, mode)
            && (said || before.is_some())
        {
            changes.push(Change::PositionModeChanged { before, mode });
        }
    }
}

/// A snapshot's time is from before its readings, so it holds everything of that moment.
const fn as_read_at(time: Timestamp) -> Stamp {
    Stamp { time, sequence: u64::MAX }
}

fn tell_balance(currency: &Currency, before: Balance, balance: Balance, changes: &mut Vec<Change>) {
    let told = |it: &Balance| (it.wallet, it.cross_wallet, it.available);
    if told(&before) != told(&balance) {
        changes.push(Change::BalanceChanged { currency: currency.clone(), before, balance });
    }
}
