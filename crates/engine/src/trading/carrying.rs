//! A decision, carried out by the managers of its accounts.

use super::account::DeskAccount;
use crate::client_order_id::IntentId;
use crate::desk::SeatIndex;
use crate::execution::Execution;
use crate::position_manager::{CloseFailure, ComposeFailure};
use futures_util::future::join_all;
use plimsoll_domain::{AccountId, Direction, Fill, Price, Symbol};
use plimsoll_ports::{CloseIntent, ComposedEnd, ComposedOrder, Decision, OpenIntent, StoreError};
use std::sync::Arc;

/// One leg, made ready.
#[derive(Debug, Clone)]
pub(super) enum Task {
    Open {
        intent: OpenIntent,
        name: IntentId,
        undo: IntentId,
    },
    Rest {
        order: ComposedOrder,
        name: IntentId,
        label: String,
    },
    Close {
        intent: CloseIntent,
        name: IntentId,
    },
    /// `own` is where the strategy wants it, `trigger` where it goes: another one may want it nearer.
    MoveStop {
        symbol: Symbol,
        direction: Direction,
        own: Price,
        trigger: Price,
    },
    Cancel {
        name: IntentId,
    },
}

/// A leg on its account.
pub(super) struct Assigned {
    /// The account's place.
    pub(super) account: usize,
    pub(super) on: DeskAccount,
    /// At which moment it was decided.
    pub(super) moment: u64,
    pub(super) task: Task,
}

impl Assigned {
    /// What it comes to where it was not begun.
    pub(super) fn not_begun(self) -> LegDone {
        let Self { account, moment, task, .. } = self;
        LegDone { account, moment, task, fills: Vec::new(), is_done: false, is_doubtful: false }
    }
}

/// What a decision came to.
pub(super) struct Done {
    pub(super) seat: SeatIndex,
    pub(super) decision: Arc<Decision>,
    pub(super) legs: Vec<LegDone>,
    /// Why it was refused or taken back, if it was.
    pub(super) refused: Option<String>,
}

/// What a leg came to.
pub(super) struct LegDone {
    pub(super) account: usize,
    /// At which moment it was decided.
    pub(super) moment: u64,
    pub(super) task: Task,
    /// What it traded, as far as the answer tells.
    pub(super) fills: Vec<Fill>,
    pub(super) is_done: bool,
    /// Whether it rests, or how what was to be cancelled has ended, is not known yet.
    pub(super) is_doubtful: bool,
}

/// What one leg answers.
struct Answer {
    fills: Vec<Fill>,
    /// What it has opened, which is closed again where another leg fails.
    opened: Option<CloseIntent>,
    failed: Option<String>,
    /// Whether it rests, or how what was to be cancelled has ended, is not known.
    is_doubtful: bool,
}

impl Answer {
    const fn done(fills: Vec<Fill>) -> Self {
        Self { fills, opened: None, failed: None, is_doubtful: false }
    }

    fn failed(why: String) -> Self {
        Self { failed: Some(why), ..Self::done(Vec::new()) }
    }
}

/// Carries out every leg at once. Where one fails, what the others have opened is closed again.
pub(super) async fn carry_out(
    seat: SeatIndex,
    strategy: Arc<str>,
    decision: Arc<Decision>,
    legs: Vec<Assigned>,
) -> Done {
    let answers = join_all(legs.iter().map(|leg| one(&leg.on, &strategy, &leg.task))).await;
    let reasons: Vec<&str> = answers.iter().filter_map(|answer| answer.failed.as_deref()).collect();
    let mut refused = (!reasons.is_empty()).then(|| reasons.join("; "));
    let mut done = Vec::with_capacity(legs.len());
    for (leg, answer) in legs.into_iter().zip(answers) {
        let Answer { mut fills, opened, failed, is_doubtful } = answer;
        if let (Some(why), Task::Rest { name, .. }, None) = (&mut refused, &leg.task, &failed) {
            // What would open something without its other leg does not rest.
            if let Err(error) = leg.on.manager.cancel_composed(&name.name(), &strategy).await {
                why.push_str(&format!("; an order that rests could not be taken back: {error}"));
            }
        }
        if let (Some(why), Some(opened), Task::Open { undo, .. }) = (&mut refused, opened, &leg.task) {
            match leg.on.manager.close_as(undo.clone(), &opened).await {
                Ok(closed) => fills.extend(closed.orders.into_iter().flat_map(|order| order.fills)),
                Err(error) => why.push_str(&format!("; a leg could not be taken back: {error}")),
            }
        }
        let Assigned { account, moment, task, .. } = leg;
        done.push(LegDone { account, moment, task, fills, is_done: failed.is_none(), is_doubtful });
    }
    Done { seat, decision, legs: done, refused }
}

async fn one(on: &DeskAccount, strategy: &str, task: &Task) -> Answer {
    let manager = &on.manager;
    match task {
        Task::Open { intent, name, .. } => match manager.open_as(name.clone(), strategy, intent).await {
            Ok(opened) => {
                let quantity = Some(opened.quantity);
                let close = CloseIntent { symbol: opened.symbol.clone(), direction: opened.direction, quantity };
                Answer { opened: Some(close), ..Answer::done(opened.entry.fills) }
            }
            Err(error) => Answer::failed(error.to_string()),
        },
        Task::Rest { order, name, .. } => match manager.compose_both_ways(name.clone(), strategy, order).await {
            Ok(progress) => match progress.ended {
                None | Some((ComposedEnd::Done, _)) => Answer::done(Vec::new()),
                Some((_, why)) => Answer::failed(why),
            },
            Err(ComposeFailure::NotKnownWritten { .. }) => Answer { is_doubtful: true, ..Answer::done(Vec::new()) },
            Err(error) => Answer::failed(error.to_string()),
        },
        Task::Close { intent, name } => match manager.close_as(name.clone(), intent).await {
            Ok(closed) => Answer::done(fills_of(closed.orders)),
            // Somebody else has closed some of it: what is left goes.
            Err(CloseFailure::MoreThanHeld { .. }) => {
                let rest = CloseIntent { quantity: None, ..intent.clone() };
                match manager.close_as(name.clone(), &rest).await {
                    Ok(closed) => Answer::done(fills_of(closed.orders)),
                    Err(error) => Answer::failed(error.to_string()),
                }
            }
            Err(error) => Answer::failed(error.to_string()),
        },
        Task::MoveStop { symbol, direction, trigger, .. } => {
            match manager.move_stop(symbol, *direction, *trigger).await {
                Ok(_) => Answer::done(Vec::new()),
                Err(error) => Answer::failed(error.to_string()),
            }
        }
        Task::Cancel { name } => match manager.cancel_composed(&name.name(), strategy).await {
            Ok(_) => Answer::done(Vec::new()),
            // It goes on no more, as is wanted.
            Err(StoreError::NotFound(_)) => Answer { is_doubtful: true, ..Answer::done(Vec::new()) },
            Err(error) => Answer::failed(error.to_string()),
        },
    }
}

fn fills_of(orders: Vec<Execution>) -> Vec<Fill> {
    orders.into_iter().flat_map(|order| order.fills).collect()
}

/// The account of a leg, by its name.
pub(super) fn place_of(accounts: &[AccountId], id: &AccountId) -> Option<usize> {
    accounts.iter().position(|account| account == id)
}
