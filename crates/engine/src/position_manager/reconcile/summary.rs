//! A reconciliation as a list of findings, for a start-up report: what was found, with ids and figures, and what was done.

use super::report::{OrderFate, Reconciliation};
use crate::order_path::{Placed, SendFailure};
use crate::position_manager::foreign::Foreign;
use plimsoll_domain::{PositionSide, Symbol, Timestamp};
use plimsoll_ports::{BookingRecord, PositionId, Severity};
use std::time::Duration;

/// What a reconciliation found and did, without any rendering: an application prints it, or writes it as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// When it began, on our clock.
    pub started: Timestamp,
    /// How long it took, the venue's answers and windows included.
    pub took: Duration,
    /// Nothing differed, and nothing is left open.
    pub is_clean: bool,
    /// Every finding, the urgent ones first.
    pub findings: Vec<Finding>,
}

/// One thing that was found, and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How urgent it is for a person.
    pub severity: Severity,
    /// What it is, as a short word: `order`, `lost_exit`, `adopted`, `ended`, `changed`, `unexplained`, `orphan`,
    /// `restored`, `unprotected`, `drifted`, `position_mode`, `foreign_order`, `foreign_position`, `flattening`,
    /// `ladder`, `funding`, `booking` or `trouble`.
    pub kind: &'static str,
    /// The contract, if it is about one.
    pub symbol: Option<Symbol>,
    /// Which position of it, if it is about one.
    pub side: Option<PositionSide>,
    /// The order, record or booking that it is about.
    pub id: Option<String>,
    /// What was found, in words.
    pub found: String,
    /// What was done, in words.
    pub done: String,
    /// Its figures by name, exact.
    pub figures: Vec<(&'static str, String)>,
}

impl Finding {
    fn new(severity: Severity, kind: &'static str, found: impl Into<String>, done: impl Into<String>) -> Self {
        let (found, done) = (found.into(), done.into());
        Self { severity, kind, symbol: None, side: None, id: None, found, done, figures: Vec::new() }
    }

    fn of(self, symbol: &Symbol, side: PositionSide) -> Self {
        Self { symbol: Some(symbol.clone()), side: Some(side), ..self }
    }

    fn id(self, id: impl ToString) -> Self {
        Self { id: Some(id.to_string()), ..self }
    }

    fn record(self, record: Option<PositionId>) -> Self {
        match record {
            Some(PositionId(id)) => self.id(id),
            None => self,
        }
    }

    fn figure(mut self, name: &'static str, figure: impl ToString) -> Self {
        self.figures.push((name, figure.to_string()));
        self
    }
}

impl Reconciliation {
    /// Every finding with its ids and figures, the urgent ones first.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut findings: Vec<Finding> = self.orders.iter().filter_map(order).collect();
        findings.extend(self.of_positions());
        findings.extend(self.of_protection());
        findings.extend(self.of_the_account());
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        Summary { started: self.started, took: self.took, is_clean: self.is_clean(), findings }
    }

    fn of_positions(&self) -> Vec<Finding> {
        let adopted = self.adopted.iter().map(|it| {
            let (severity, whose) = match it.is_ours {
                true => (Severity::Warning, "an order of ours had opened it"),
                false => (Severity::Warning, "no order of ours has opened it"),
            };
            let found = format!("a {} position without a record: {whose}", it.position.direction);
            let done = if it.record.is_some() { "recorded" } else { "not recorded" };
            Finding::new(severity, "adopted", found, done)
                .of(&it.symbol, it.side)
                .record(it.record)
                .figure("quantity", it.position.quantity)
                .figure("entry", it.position.entry)
                .figure("fills", it.fills)
        });
        let ended = self.ended.iter().map(|it| {
            let found = format!("the {} position had ended: {}", it.direction, it.why());
            let severity = if it.by_colleague { Severity::Info } else { Severity::Warning };
            Finding::new(severity, "ended", found, "its end is recorded")
                .of(&it.symbol, it.side)
                .record(Some(it.record))
                .figure("exit_price", it.exit_price)
                .figure("realized_pnl", it.realized_pnl)
                .figure("fees", it.fees)
                .figure("funding", it.funding)
                .figure("net", it.net())
        });
        let changed = self.changed.iter().map(|record| {
            Finding::new(Severity::Info, "changed", "a recorded position had changed", "its fills are recorded")
                .record(Some(*record))
        });
        let unexplained = self.unexplained.iter().map(|record| {
            let (found, done) = ("a recorded position differs, and no fills explain it", "left as it is, tried again");
            Finding::new(Severity::Critical, "unexplained", found, done).record(Some(*record))
        });
        adopted.chain(ended).chain(changed).chain(unexplained).collect()
    }

    fn of_protection(&self) -> Vec<Finding> {
        let restored = self.restored.iter().map(|it| {
            let what = it.purpose.as_str();
            let (severity, done) = match (&it.outcome, it.closing.as_deref()) {
                (Ok(_), _) => (Severity::Warning, "placed, and read back".to_owned()),
                (Err(failure), None) => (Severity::Critical, format!("not placed: {failure}")),
                (Err(failure), Some(Ok(_))) => (Severity::Critical, format!("{failure}; the position was closed")),
                (Err(failure), Some(Err(still))) => (Severity::Critical, format!("{failure}; not closed: {still}")),
            };
            let finding = Finding::new(severity, "restored", format!("the {what} did not rest at the venue"), done)
                .of(&it.symbol, it.side)
                .id(&it.client_order_id);
            match &it.outcome {
                Ok(protection) => finding.figure("trigger", protection.trigger),
                Err(_) => finding,
            }
        });
        let unprotected = self.unprotected.iter().map(|it| {
            let found = format!("the {} position has no stop-loss at the venue", it.position.direction);
            Finding::new(Severity::Critical, "unprotected", found, "told")
                .of(&it.symbol, it.side)
                .figure("quantity", it.position.quantity)
                .figure("entry", it.position.entry)
        });
        let orphans = self.orphans.iter().map(|it| {
            let whose = if it.is_ours { "an order of ours" } else { "an order of others" };
            let found = format!("{whose} rests without a position that it is for: {}", it.order.order_type);
            let done = if it.cancelled { "cancelled" } else { "left alone" };
            Finding::new(Severity::Warning, "orphan", found, done)
                .of(&it.order.symbol, it.order.position_side)
                .id(&it.order.client_order_id)
        });
        restored.chain(unprotected).chain(orphans).collect()
    }

    fn of_the_account(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for it in &self.drifted {
            let (leverage, margin_mode) = it.recorded;
            let found = "leverage or margin mode is not what is recorded";
            let mut finding = Finding::new(Severity::Warning, "drifted", found, "told")
                .of(&it.symbol, it.side)
                .record(Some(it.record))
                .figure("recorded_leverage", leverage)
                .figure("recorded_margin_mode", margin_mode);
            if let Some(found) = it.leverage {
                finding = finding.figure("leverage", found);
            }
            if let Some(found) = it.margin_mode {
                finding = finding.figure("margin_mode", found);
            }
            findings.push(finding);
        }
        if let Some(mode) = self.position_mode {
            let found = format!("the account is in {mode} mode, which is not the configured one");
            findings.push(Finding::new(Severity::Warning, "position_mode", found, "set before the next opening"));
        }
        findings.extend(self.foreign.iter().map(foreign));
        if let Some(it) = &self.flattening {
            let done = match &it.outcome {
                Some(outcome) if outcome.failed.is_empty() => "finished",
                Some(_) => "finished in part",
                None => "told",
            };
            let found = format!("a flattening was cut short: {}", it.why);
            findings.push(
                Finding::new(Severity::Critical, "flattening", found, done)
                    .figure("begun_at", it.begun_at)
                    .figure("positions", it.held.len()),
            );
        }
        if let Some((from, to)) = self.climbed.as_ref().and_then(|it| Some((it.foothold.rung, it.due?))) {
            let found = format!("the days of the {from} step of the ladder are served");
            findings.push(Finding::new(Severity::Warning, "ladder", found, format!("on the {to} step from now on")));
        }
        findings.extend(self.funding.iter().map(|it| {
            let finding = Finding::new(Severity::Info, "funding", "funding was booked meanwhile", "recorded");
            let side = it.side.unwrap_or(PositionSide::Both);
            finding.of(&it.symbol, side).id(&it.booking).figure("payment", it.payment)
        }));
        findings.extend(self.bookings.iter().map(|BookingRecord { booking, .. }| {
            let found = format!("a {} was booked meanwhile", booking.kind);
            let finding = Finding::new(Severity::Info, "booking", found, "recorded");
            let finding = Finding { symbol: booking.symbol.clone(), ..finding };
            finding.id(&booking.id).figure("amount", booking.amount)
        }));
        let trouble = |it: &crate::trouble::Trouble| Finding::new(Severity::Warning, "trouble", it.to_string(), "told");
        findings.extend(self.troubles.iter().map(trouble));
        findings
    }
}

/// A conditional order that rests is no news.
fn order(it: &OrderFate) -> Option<Finding> {
    let what = it.purpose.as_str();
    let is_exit = !matches!(
        it.purpose,
        plimsoll_ports::Purpose::Entry | plimsoll_ports::Purpose::StopLoss | plimsoll_ports::Purpose::TakeProfit
    );
    let finding = match &it.fate {
        Ok(Placed::Resting(_)) => return None,
        Ok(Placed::Ended(execution)) => {
            let found = format!("the {what} of unknown fate had ended {}", execution.status);
            let finding = Finding::new(Severity::Info, "order", found, "journalled");
            match execution.filled().zip(execution.average_price()) {
                Some((filled, price)) => finding.figure("filled", filled).figure("price", price),
                None => finding,
            }
        }
        Err(SendFailure::NeverArrived) if is_exit => {
            let found = format!("the {what} never arrived: what it was to close is held still");
            Finding::new(Severity::Critical, "lost_exit", found, "told, and not sent again")
        }
        Err(SendFailure::NeverArrived) => {
            Finding::new(Severity::Info, "order", format!("the {what} never arrived"), "journalled")
        }
        Err(failure @ SendFailure::Forgotten) => {
            Finding::new(Severity::Warning, "order", format!("the {what}: {failure}"), "journalled")
        }
        Err(failure) => {
            let done = "left open: nothing more is opened in this contract until it is known";
            Finding::new(Severity::Critical, "order", format!("the {what}: {failure}"), done)
        }
    };
    Some(finding.of(&it.symbol, it.side).id(&it.client_order_id))
}

fn foreign(it: &Foreign) -> Finding {
    let severity = if it.is_news() { Severity::Warning } else { Severity::Info };
    match it {
        Foreign::Order { order, .. } => {
            let found = format!("an open order of others: {} {}", order.side, order.order_type);
            Finding::new(severity, "foreign_order", found, "left alone")
                .of(&order.symbol, order.position_side)
                .id(&order.order_id)
        }
        Foreign::Position { symbol, side, position, .. } => {
            let found = format!("a {} position of others", position.direction);
            Finding::new(severity, "foreign_position", found, "left alone, its margin counts")
                .of(symbol, *side)
                .figure("quantity", position.quantity)
                .figure("entry", position.entry)
        }
    }
}
