//! Orders and positions that are not ours: a person's, or another program's.

use super::PositionManager;
use super::reading::Reading;
use crate::trouble::{Record, Troubles};
use plimsoll_domain::{Decimal, Order, OrderId, Position, PositionReport, PositionSide, Symbol};
use plimsoll_ports::{Alert, Severity};
use std::collections::HashSet;
use std::sync::PoisonError;
use std::time::Duration;

/// What is done about orders and positions that no intent of ours has made. Whatever it says, each is announced once, its
/// margin counts in every check, and no order of others is cancelled, except in an account whose strangers are adopted: by
/// an operator's own flattening or stopping, and where it can only reduce a position that its resting keeps from being closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum ForeignPolicy {
    /// Positions are recorded, guarded like ours, and closed when everything is; orders are told.
    #[default]
    Adopt,
    /// They are told and kept as risk events, and never touched.
    Watch,
    /// They are told once, and never touched.
    Ignore,
}

impl ForeignPolicy {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Adopt => "adopted",
            Self::Watch => "watched",
            Self::Ignore => "ignored",
        }
    }
}

/// An order or a position of others, as the last reconciliation met it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreign {
    /// An open order.
    Order {
        /// The order.
        order: Box<Order>,
        /// It was not met before.
        is_new: bool,
    },
    /// A position that the policy leaves alone; one that is adopted is among the adopted.
    Position {
        /// The contract.
        symbol: Symbol,
        /// Which position of it.
        side: PositionSide,
        /// What is held.
        position: Position,
        /// It was not met before.
        is_new: bool,
    },
}

impl Foreign {
    /// It was not met before.
    #[must_use]
    pub const fn is_news(&self) -> bool {
        match self {
            Self::Order { is_new, .. } | Self::Position { is_new, .. } => *is_new,
        }
    }
}

/// How far back it is looked whether something was announced already.
const ANNOUNCED_WITHIN: Duration = Duration::from_secs(30 * 24 * 60 * 60);

const KIND_OF_ORDER: &str = "foreign_order";
const KIND_OF_POSITION: &str = "foreign_position";

impl PositionManager {
    /// Whether a position is one of others that the policy leaves alone, as far as the last reconciliation has met it
    /// and nothing of ours was opened there since.
    pub(crate) fn is_left_alone(&self, symbol: &Symbol, side: PositionSide) -> bool {
        let left_alone = self.left_alone.lock().unwrap_or_else(PoisonError::into_inner);
        left_alone.contains(&(symbol.clone(), side))
    }

    /// What an order of ours has filled of is ours from that moment on, whoever held it before.
    pub(crate) fn claim(&self, symbol: &Symbol, side: PositionSide) {
        let mut left_alone = self.left_alone.lock().unwrap_or_else(PoisonError::into_inner);
        left_alone.remove(&(symbol.clone(), side));
    }

    /// Whether there is any such position.
    pub(crate) fn leaves_any_alone(&self) -> bool {
        !self.left_alone.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Meets whatever is not ours, announces each once, and remembers what is to be left alone. What is not there any more is
    /// forgotten, by a reading that `is_whole`: if it comes back, the records tell whether it was announced.
    /// What the venue has made of stops that entries of ours carried is ours.
    pub(crate) async fn announce_foreign(
        &self,
        reading: &Reading,
        is_whole: bool,
        attached: &HashSet<OrderId>,
        troubles: &mut Troubles,
    ) -> Vec<Foreign> {
        let policy = self.settings.foreign;
        let positions = self.foreign_positions(reading, troubles).await;
        let is_ours = |order: &&Order| self.ids.is_ours(&order.client_order_id) || attached.contains(&order.order_id);
        let orders = reading.snapshot.orders.iter().filter(|order| !is_ours(order));
        let (mut met, mut there) = (Vec::new(), HashSet::new());
        for order in orders {
            let said = describe(order);
            there.insert(key_of(KIND_OF_ORDER, &said));
            let is_new = self.announce(KIND_OF_ORDER, &order.symbol, &said, size_of(order), troubles).await;
            met.push(Foreign::Order { order: Box::new(order.clone()), is_new });
        }
        let may_be_there = positions.is_none();
        let Some(positions) = positions.filter(|_| policy != ForeignPolicy::Adopt) else {
            if is_whole {
                self.forget_all_but(&there, may_be_there);
            }
            return met;
        };
        let keys = positions.iter().map(|(report, _)| (report.symbol.clone(), report.position_side)).collect();
        *self.left_alone.lock().unwrap_or_else(PoisonError::into_inner) = keys;
        for (report, position) in positions {
            let (symbol, side) = (report.symbol.clone(), report.position_side);
            let said = format!("a {} position of {symbol} ({side}) that no order of ours has made", position.direction);
            there.insert(key_of(KIND_OF_POSITION, &said));
            let size = Some(position.quantity.get());
            let is_new = self.announce(KIND_OF_POSITION, &symbol, &said, size, troubles).await;
            met.push(Foreign::Position { symbol, side, position, is_new });
        }
        if is_whole {
            self.forget_all_but(&there, false);
        }
        met
    }

    /// Forgets that these were announced which are not there; positions are kept where it is not known which are whose.
    fn forget_all_but(&self, there: &HashSet<String>, keep_positions: bool) {
        let of_position = key_of(KIND_OF_POSITION, "");
        let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        announced.retain(|key| there.contains(key) || keep_positions && key.starts_with(&of_position));
    }

    /// Positions that no record of ours explains; `None` while the records cannot be read, since any may be ours then.
    async fn foreign_positions(
        &self,
        reading: &Reading,
        troubles: &mut Troubles,
    ) -> Option<Vec<(PositionReport, Position)>> {
        let open = plimsoll_ports::PositionStatus::Open;
        let records = self.ports.positions.by_status(&self.settings.account, open).await;
        let records = troubles.read(Record::Position, records)?;
        let held = reading.snapshot.positions.iter().filter_map(|report| Some((report.clone(), report.position?)));
        let foreign = held.filter(|(report, held)| {
            !records.iter().any(|record| {
                let opened = &record.opened;
                (&opened.symbol, opened.side) == (&report.symbol, report.position_side)
                    && opened.direction == held.direction
            })
        });
        Some(foreign.collect())
    }

    /// Tells of one, unless that was done before, by this process or an earlier one. Answers whether it is new.
    async fn announce(
        &self,
        kind: &str,
        symbol: &Symbol,
        said: &str,
        size: Option<Decimal>,
        troubles: &mut Troubles,
    ) -> bool {
        if !self.announced.lock().unwrap_or_else(PoisonError::into_inner).insert(key_of(kind, said)) {
            return false;
        }
        let since = self.ports.clock.now().minus(ANNOUNCED_WITHIN);
        let events = self.ports.risk_events.since(&self.settings.account, since).await;
        let events = troubles.read(Record::RiskEvent, events).unwrap_or_default();
        if events.iter().any(|event| event.kind == kind && event.detail == said) {
            return false;
        }
        let policy = self.settings.foreign;
        self.log_risk(kind, Some(symbol), said, size, None, policy.as_str(), troubles).await;
        let severity = if policy == ForeignPolicy::Ignore { Severity::Info } else { Severity::Warning };
        let key = format!("{kind}/{}/{symbol}", self.settings.account);
        let title = format!("{symbol}: {} of others, {}", kind.trim_start_matches("foreign_"), policy.as_str());
        self.alert(&Alert { severity, key, title, body: said.to_owned() }, troubles).await;
        true
    }
}

fn key_of(kind: &str, said: &str) -> String {
    format!("{kind}/{said}")
}

fn describe(order: &Order) -> String {
    let price = order.trigger.or(order.price).map_or(String::new(), |price| format!(" at {price}"));
    let size = order.quantity.map_or("the whole position".to_owned(), |quantity| quantity.to_string());
    let (side, kind, symbol) = (order.side, order.order_type, &order.symbol);
    format!("{side} {size} of {symbol}, {kind}{price}, order {} ({})", order.order_id, order.client_order_id)
}

fn size_of(order: &Order) -> Option<Decimal> {
    order.quantity.map(plimsoll_domain::Quantity::get)
}
