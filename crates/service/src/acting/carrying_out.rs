//! Doing what was confirmed, and saying what became of it.

use super::opening::intent;
use super::preview::{resting, still_broken};
use super::{Caller, Came};
use crate::account::ServedAccount;
use crate::action::{Action, Open, Part, Size};
use crate::service::Service;
use crate::strategies::StrategyFailure;
use futures_util::future::join_all;
use plimsoll_domain::{ClientOrderId, Quantity};
use plimsoll_engine::{
    AdjustFailure, CloseFailure, Closed, FlattenReason, Flattened, ForeignPolicy, OpenFailure, Opened, Protected,
    ReleaseFailure, SendFailure, Trouble,
};
use plimsoll_ports::{CloseIntent, CommandError, StoreError};

/// What became of it.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) came: Came,
    pub(super) text: String,
    pub(super) lines: Vec<String>,
    pub(super) troubles: Vec<String>,
}

impl Report {
    fn of(came: Came, text: impl Into<String>) -> Self {
        Self { came, text: text.into(), lines: Vec::new(), troubles: Vec::new() }
    }

    pub(super) fn failed(text: impl Into<String>) -> Self {
        Self::of(Came::Failed, text)
    }

    fn beside(mut self, troubles: &[Trouble]) -> Self {
        self.troubles.extend(troubles.iter().map(ToString::to_string));
        self
    }

    /// Several as one: as bad as the worst of them.
    fn together(them: Vec<Self>) -> Self {
        let rank = |came: Came| match came {
            Came::Done => 0,
            Came::Refused => 1,
            Came::Failed => 2,
            Came::Unknown => 3,
        };
        let came = them.iter().map(|it| it.came).max_by_key(|came| rank(*came)).unwrap_or(Came::Done);
        let text = them.iter().map(|it| it.text.as_str()).collect::<Vec<_>>().join("; ");
        let mut all = Self::of(came, text);
        for it in them {
            all.lines.extend(it.lines);
            all.troubles.extend(it.troubles);
        }
        all
    }
}

impl Service {
    pub(super) async fn do_it(&self, who: &Caller, action: &Action) -> Report {
        let accounts = match self.accounts_of(action).await {
            Ok(accounts) => accounts,
            Err(failure) => return Report::of(Came::Refused, failure.to_string()),
        };
        match (action, accounts.as_slice()) {
            (Action::Flatten { reason, .. }, accounts) => {
                Report::together(join_all(accounts.iter().map(|it| flatten(it, who, reason))).await)
            }
            (Action::Kill { reason, flatten, .. }, accounts) => {
                Report::together(join_all(accounts.iter().map(|it| kill(it, who, reason, *flatten))).await)
            }
            (Action::Release { reason, .. }, accounts) => {
                Report::together(join_all(accounts.iter().map(|it| release(it, who, reason))).await)
            }
            (Action::PauseStrategy { strategy, reason }, _) => {
                let done = self.control().pause(strategy, who.as_str(), reason).await;
                switched(done, format!("the strategy {strategy} is paused"))
            }
            (Action::ResumeStrategy { strategy, reason }, _) => {
                let done = self.control().resume(strategy, who.as_str(), reason).await;
                switched(done, format!("the strategy {strategy} runs again"))
            }
            (Action::Open(it), [account]) => match self.may_open() {
                true => open(account, who, it).await,
                false => Report::of(Came::Refused, "trading.enabled is false: nothing is opened"),
            },
            (action, [account]) => one(account, who, action).await,
            // What is about one account has been found to have it.
            _ => Report::of(Came::Refused, format!("{action}: there is no such account")),
        }
    }
}

async fn one(account: &ServedAccount, who: &Caller, action: &Action) -> Report {
    let manager = &account.manager;
    match action {
        Action::Close { symbol, direction, .. } => close(account, symbol, *direction, None).await,
        Action::Reduce { symbol, direction, part: Part::Quantity(quantity), .. } => {
            close(account, symbol, *direction, Some(*quantity)).await
        }
        Action::Leverage { symbol, leverage, .. } => match manager.set_leverage(symbol, *leverage).await {
            Ok(_) => Report::of(Came::Done, format!("{symbol} is at {leverage} on {}", account.name())),
            Err(failure) => adjusted(&failure),
        },
        Action::Margin { symbol, direction: Some(direction), amount, .. } => {
            match manager.adjust_margin(symbol, *direction, *amount).await {
                Ok(it) => {
                    let (before, after) = it.margin;
                    let name = account.name();
                    Report::of(Came::Done, format!("the margin of {symbol} is {after} on {name}, it was {before}"))
                }
                Err(failure) => adjusted(&failure),
            }
        }
        Action::CancelOrder { client_order_id, .. } => cancel(account, who, client_order_id).await,
        // What is prepared has a size and a direction.
        _ => Report::of(Came::Refused, format!("{action}: prepare it again")),
    }
}

async fn open(account: &ServedAccount, who: &Caller, it: &Open) -> Report {
    let Size::Quantity(quantity) = it.size else {
        return Report::of(Came::Refused, "prepare it again: its size is not settled");
    };
    let intent = match intent(it, quantity, who) {
        Ok(intent) => intent,
        Err(failure) => return Report::of(Came::Refused, failure.to_string()),
    };
    let manager = &account.manager;
    let opened = match it.limit {
        Some(limit) => manager.open_within("operator", &intent, limit).await,
        None => manager.open(&intent).await,
    };
    match opened {
        Ok(it) => told(account, &it),
        Err(failure) => not_opened(&failure),
    }
}

fn told(account: &ServedAccount, it: &Opened) -> Report {
    let (stop, is_protected) = match &it.stop_loss {
        Protected::By(stop) => (format!("stop at {}, read back", stop.trigger), true),
        Protected::Waived(waiver) => (format!("NO STOP: {waiver}"), true),
        Protected::NotVerified(failure) => (format!("THE STOP IS NOT VERIFIED: {failure}"), false),
        Protected::TakenBack => ("taken back: trading was stopped".to_owned(), false),
    };
    let name = account.name();
    let text = format!("opened {} {} {} at {} on {name}; {stop}", it.direction, it.quantity, it.symbol, it.price);
    let mut result = Report::of(if is_protected { Came::Done } else { Came::Failed }, text).beside(&it.troubles);
    let currency = account.currency();
    result.lines.push(format!("margin {} {currency}", it.margin));
    result.lines.extend(it.fees.map(|fees| format!("fee {fees} {currency}")));
    result.lines.extend(it.take_profit.as_ref().map(|it| format!("target at {}, read back", it.trigger)));
    result.lines.extend(it.warnings.iter().map(ToString::to_string));
    result
}

fn not_opened(failure: &OpenFailure) -> Report {
    match failure {
        OpenFailure::Order { failure: SendFailure::Unresolved(_), .. } => {
            Report::of(Came::Unknown, failure.to_string())
        }
        OpenFailure::Unprotected { closing, .. } | OpenFailure::Stopped { closing, .. } => match closing.as_ref() {
            Ok(closed) => Report::failed(format!("{failure}; {} were closed again", closed.quantity)),
            Err(error) => {
                let text = format!("{failure}; closing it again failed: {error}. IT MAY BE OPEN WITHOUT A STOP");
                Report::of(Came::Unknown, text)
            }
        },
        OpenFailure::NotKnown(_)
        | OpenFailure::Records(_)
        | OpenFailure::NotSetUp(CommandError::NotSent(_) | CommandError::Unanswered(_))
        | OpenFailure::Order { failure: SendFailure::NotSent(_) | SendFailure::NotJournalled(_), .. } => {
            Report::failed(failure.to_string())
        }
        _ => Report::of(Came::Refused, failure.to_string()),
    }
}

async fn close(
    account: &ServedAccount,
    symbol: &plimsoll_domain::Symbol,
    direction: Option<plimsoll_domain::Direction>,
    quantity: Option<Quantity>,
) -> Report {
    let Some(direction) = direction else {
        return Report::of(Came::Refused, "prepare it again: its direction is not settled");
    };
    let intent = CloseIntent { symbol: symbol.clone(), direction, quantity };
    match account.manager.close(&intent).await {
        Ok(it) => shut(account, &it),
        Err(failure) => not_closed(&failure),
    }
}

fn shut(account: &ServedAccount, it: &Closed) -> Report {
    let at = it.price.map(|price| format!(" at {price}")).unwrap_or_default();
    let left = it.remaining.map_or_else(|| "nothing is left".to_owned(), |left| format!("{} are left", left.quantity));
    let name = account.name();
    let text = format!("closed {} {} {}{at} on {name}; {left}", it.direction, it.quantity, it.symbol);
    let mut result = Report::of(Came::Done, text).beside(&it.troubles);
    let currency = account.currency();
    result.lines.extend(it.realized_pnl.map(|pnl| format!("realised {pnl} {currency}")));
    result.lines.extend(it.fees.map(|fees| format!("fee {fees} {currency}")));
    result.lines.extend(it.ended.as_ref().map(|it| format!("the whole position brought {} {currency} net", it.net())));
    result
}

fn not_closed(failure: &CloseFailure) -> Report {
    match failure.cause() {
        CloseFailure::Order { failure: SendFailure::Unresolved(_), .. } => {
            Report::of(Came::Unknown, failure.to_string())
        }
        CloseFailure::NotKnown(_) | CloseFailure::Order { failure: SendFailure::NotSent(_), .. } => {
            Report::failed(match failure {
                CloseFailure::Cleared { .. } => format!("{failure}; see what is held, and close it again"),
                _ => format!("{failure}; the position, and what rests for it, is as it was"),
            })
        }
        _ => Report::of(Came::Refused, failure.to_string()),
    }
}

fn adjusted(failure: &AdjustFailure) -> Report {
    match failure {
        AdjustFailure::Command(CommandError::Unanswered(_)) => Report::of(Came::Unknown, failure.to_string()),
        AdjustFailure::Command(CommandError::NotSent(_)) | AdjustFailure::NotKnown(_) => {
            Report::failed(failure.to_string())
        }
        _ => Report::of(Came::Refused, failure.to_string()),
    }
}

async fn flatten(account: &ServedAccount, who: &Caller, reason: &str) -> Report {
    // Whoever leaves alone what is of others finds out first what that is; if that fails, everything is closed.
    if account.manager.settings().foreign != ForeignPolicy::Adopt
        && let Err(error) = account.manager.reconcile().await
    {
        tracing::warn!(%error, "what is of others is not known");
    }
    let reason = FlattenReason::Wanted { by: who.to_string(), reason: reason.to_owned() };
    let it = account.manager.flatten_all(reason).await;
    flat(account, &it)
}

/// Flat is what the venue says is flat: no position and no order, of whomever.
fn flat(account: &ServedAccount, it: &Flattened) -> Report {
    let name = account.name();
    let mut result = match &it.remaining {
        None => Report::of(Came::Unknown, format!("{name}: the venue does not tell whether it is flat")),
        Some(_) if it.is_confirmed() => {
            let (closed, cancelled) = (it.closed.len(), it.cancelled.len());
            let text = format!("{name} is flat: {closed} positions closed, {cancelled} orders cancelled");
            Report::of(Came::Done, text)
        }
        Some((positions, orders)) => {
            let (positions, orders) = (positions.len(), orders.len());
            let cancelled = it.cancelled.len();
            let text = format!("{name} is NOT FLAT: {positions} positions and {orders} orders remain");
            Report::failed(format!("{text}; {cancelled} orders were cancelled"))
        }
    };
    result.lines.extend(it.closed.iter().map(|it| shut(account, it).text));
    result.lines.extend(it.failed.iter().map(|it| format!("{} {}: {}", it.symbol, it.direction, it.failure)));
    if it.left_alone > 0 {
        result.lines.push(format!("{} of others are left alone", it.left_alone));
    }
    result.beside(&it.troubles)
}

async fn kill(account: &ServedAccount, who: &Caller, reason: &str, and_flatten: bool) -> Report {
    let name = account.name();
    let troubles = account.manager.engage_kill_switch(who.as_str(), reason).await;
    let mut result = if and_flatten {
        let flat = flatten(account, who, reason).await;
        Report { text: format!("the kill switch of {name} is engaged; {}", flat.text), ..flat }
    } else {
        let it = account.manager.cancel_entries().await;
        let engaged = format!("the kill switch of {name} is engaged; {} entries cancelled", it.cancelled.len());
        let result = match it.remaining.as_ref().map(Vec::len) {
            Some(0) => Report::of(Came::Done, engaged),
            Some(left) => Report::failed(format!("{engaged}, {left} ORDERS THAT ADD EXPOSURE REST STILL")),
            None => Report::of(Came::Unknown, format!("{engaged}; the venue does not tell what rests still")),
        };
        result.beside(&it.troubles)
    };
    // Engaged here, and perhaps nowhere else: other processes go by the records.
    if !troubles.is_empty() && result.came == Came::Done {
        result.came = Came::Failed;
        result.text.push_str("; IT MAY NOT BE RECORDED: other processes of the account go on");
    }
    result.beside(&troubles)
}

async fn release(account: &ServedAccount, who: &Caller, reason: &str) -> Report {
    let name = account.name();
    match account.manager.release_kill_switch(who.as_str(), reason).await {
        Ok(()) => {
            // That it is released does not wait for what cannot be read.
            let broken: String = match account.manager.losses_on_record().await {
                Ok(broken) => broken.iter().map(|it| format!("; {}", still_broken(account, it))).collect(),
                Err(error) => format!("; whether a limit is broken still is not known: {error}"),
            };
            Report::of(Came::Done, format!("the kill switch of {name} is released{broken}"))
        }
        // Of several that are meant, those that are not engaged are as they are to be.
        Err(failure @ ReleaseFailure::NotReleased(_)) => match account.manager.kill_switch().await {
            Ok(it) if !it.engaged => Report::of(Came::Done, format!("the kill switch of {name} was not engaged")),
            _ => Report::of(Came::Refused, format!("{name}: {failure}")),
        },
        Err(failure) => Report::failed(format!("{name}: {failure}")),
    }
}

async fn cancel(account: &ServedAccount, who: &Caller, id: &ClientOrderId) -> Report {
    let name = account.name();
    if let Some(order) = resting(account, id) {
        return match account.ports.broker.cancel(&order.symbol, id).await {
            Ok(()) => Report::of(Came::Done, format!("{id} is cancelled on {name}")),
            Err(failure @ CommandError::Refused(_)) => Report::of(Came::Refused, format!("{id}: {failure}")),
            Err(failure @ CommandError::NotSent(_)) => Report::failed(format!("{id}: {failure}")),
            Err(failure @ CommandError::Unanswered(_)) => Report::of(Came::Unknown, format!("{id}: {failure}")),
        };
    }
    match account.manager.cancel_composed(id, who.as_str()).await {
        Ok(cancelled) => {
            let count = cancelled.len();
            Report::of(Came::Done, format!("{id} has ended on {name}; {count} orders of it were cancelled"))
        }
        Err(StoreError::NotFound(_)) => Report::of(Came::Refused, format!("{id} neither rests nor goes on")),
        Err(error) => Report::failed(format!("{id}: {error}")),
    }
}

fn switched(done: Result<(), StrategyFailure>, text: String) -> Report {
    match done {
        Ok(()) => Report::of(Came::Done, text),
        Err(failure) => Report::of(Came::Refused, failure.to_string()),
    }
}
