//! What an action would mean, by the code that judges it; and what it leaves open, settled.

use super::{Caller, Fact, Preview};
use crate::account::ServedAccount;
use crate::action::{Action, Part};
use crate::failure::ActFailure;
use crate::service::Service;
use plimsoll_domain::risk::Reason;
use plimsoll_domain::{
    ClientOrderId, Decimal, Direction, Liquidation, Money, Order, Position, PositionReport, Quantity, Rounding, Symbol,
};
use plimsoll_engine::AdjustFailure;
use plimsoll_ports::{CommandError, QueryError};

impl Service {
    /// What it would mean, and the action with its open ends settled: what is confirmed is what was shown.
    pub(super) async fn preview(
        &self,
        who: &Caller,
        action: Action,
        accounts: &[&ServedAccount],
    ) -> Result<(Action, Preview), ActFailure> {
        if let Action::Flatten { reason, .. } = &action {
            let preview = flattening(accounts, reason).await;
            return Ok((action, preview));
        }
        if let Action::Kill { flatten, reason, .. } = &action {
            let preview = killing(accounts, *flatten, reason).await;
            return Ok((action, preview));
        }
        if let Action::Release { reason, .. } = &action {
            let preview = releasing(accounts, reason).await?;
            return Ok((action, preview));
        }
        match (action, accounts) {
            (Action::Open(open), [account]) => self.opening(who, account, open).await,
            (Action::Close { account: name, symbol, direction }, [account]) => {
                let (report, held) = held(account, &symbol, direction).await?;
                let preview = closing(account, &report, held, held.quantity).await;
                let direction = Some(held.direction);
                Ok((Action::Close { account: name, symbol, direction }, preview))
            }
            (Action::Reduce { account: name, symbol, direction, part }, [account]) => {
                let (report, held) = held(account, &symbol, direction).await?;
                let quantity = sized(account, &symbol, held, part).await?;
                let mut preview = closing(account, &report, held, quantity).await;
                if quantity > held.quantity {
                    preview.refusals.push(format!("{quantity} is more than the {} held", held.quantity));
                }
                let (direction, part) = (Some(held.direction), Part::Quantity(quantity));
                Ok((Action::Reduce { account: name, symbol, direction, part }, preview))
            }
            (Action::Margin { account: name, symbol, direction, amount }, [account]) => {
                let (_, held) = held(account, &symbol, direction).await?;
                let preview = margin(account, &symbol, held.direction, amount).await?;
                let direction = Some(held.direction);
                Ok((Action::Margin { account: name, symbol, direction, amount }, preview))
            }
            (action @ Action::Leverage { .. }, [account]) => {
                let preview = leverage(account, &action).await?;
                Ok((action, preview))
            }
            (Action::CancelOrder { account: name, client_order_id }, [account]) => {
                let preview = cancelling(account, &client_order_id).await?;
                Ok((Action::CancelOrder { account: name, client_order_id }, preview))
            }
            (action, _) => Ok((action.clone(), strategy(&action))),
        }
    }
}

pub(super) fn liquidation(it: Liquidation) -> String {
    match it.bounds().map(|bounds| (bounds.below, bounds.above)) {
        None => "at once".to_owned(),
        Some((None, None)) => "none".to_owned(),
        Some((Some(one), None) | (None, Some(one))) => one.to_string(),
        Some((Some(below), Some(above))) => format!("{below} and {above}"),
    }
}

pub(crate) fn venue(error: &QueryError) -> ActFailure {
    match error {
        QueryError::Refused(_) => ActFailure::Invalid(error.to_string()),
        QueryError::Unreachable(_) | QueryError::Unreadable(_) => ActFailure::Venue(error.to_string()),
    }
}

/// What is held of a contract, as the venue has it now.
async fn held(
    account: &ServedAccount,
    symbol: &Symbol,
    direction: Option<Direction>,
) -> Result<(PositionReport, Position), ActFailure> {
    let positions = account.manager.positions().await.map_err(|error| venue(&error))?;
    let is_it = |held: &Position| direction.is_none_or(|direction| held.direction == direction);
    let of_symbol = positions.into_iter().filter(|report| report.symbol == *symbol);
    let mut found = of_symbol.filter_map(|it| it.position.filter(is_it).map(|held| (it, held)));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => {
            let way = direction.map(|it| format!("{it} ")).unwrap_or_default();
            Err(ActFailure::Invalid(format!("{symbol} has no {way}position on {}", account.name())))
        }
        (Some(_), Some(_)) => {
            Err(ActFailure::Invalid(format!("{symbol} holds a long and a short: say which with 'direction'")))
        }
    }
}

/// How much of a position a part is: down to the lot.
async fn sized(account: &ServedAccount, symbol: &Symbol, held: Position, part: Part) -> Result<Quantity, ActFailure> {
    let wanted = match part {
        // What is held whole goes whole, whatever the lot is by now.
        Part::Quantity(quantity) if quantity >= held.quantity => return Ok(quantity),
        Part::Quantity(quantity) => Some(quantity),
        Part::Share(share) => held.quantity.get().checked_mul(share).and_then(|size| Quantity::new(size).ok()),
    };
    // Without the contract's lot nothing is rounded, and the venue has the last word.
    let size = match account.ports.broker.instrument(symbol).await {
        Ok(instrument) => wanted.and_then(|size| size.round(instrument.lot, Rounding::Down)),
        Err(_) => wanted,
    };
    size.ok_or_else(|| ActFailure::Invalid(format!("that part of {} is less than one lot", held.quantity)))
}

async fn closing(account: &ServedAccount, report: &PositionReport, held: Position, quantity: Quantity) -> Preview {
    let mut preview = Preview::default();
    let (currency, part) = (account.currency().as_str(), Position { quantity, ..held });
    preview.facts.push(Fact::price("held", held.quantity));
    preview.facts.push(Fact::price("entry", held.entry));
    if let Some(mark) = report.mark_price {
        let notional = part.notional(mark);
        preview.facts.push(Fact::price("mark", mark));
        preview.facts.push(Fact::figure("notional", notional, currency));
        preview.facts.push(Fact::figure("would realise", part.unrealized_pnl(mark), currency));
        if let Ok(instrument) = account.ports.broker.instrument(&report.symbol).await {
            preview.facts.push(Fact::figure("fee", notional * instrument.fees.taker, currency));
        }
    }
    let (side, symbol) = (held.direction.closing_side(), &report.symbol);
    preview.orders.push(format!("{side} {quantity} {symbol} at market, reduce-only"));
    if quantity == held.quantity {
        preview.orders.push("cancel what protects it".to_owned());
    }
    preview
}

/// Getting out waits for nothing: what cannot be shown is said, and may be confirmed.
async fn flattening(accounts: &[&ServedAccount], reason: &str) -> Preview {
    let mut preview = Preview::default();
    let (mut positions, mut orders) = (0, 0);
    let mut unrealized = Some(Decimal::ZERO);
    for account in accounts {
        let name = account.name();
        let Ok(held) = account.manager.positions().await else {
            preview.warnings.push(format!("what {name} holds cannot be shown now: all of it is closed"));
            continue;
        };
        for (report, it) in held.iter().filter_map(|report| Some((report, report.position?))) {
            positions += 1;
            let pnl = report.mark_price.map(|mark| it.unrealized_pnl(mark).get());
            unrealized = unrealized.zip(pnl).map(|(sum, pnl)| sum.saturating_add(pnl));
            let side = it.direction.closing_side();
            preview.orders.push(format!("{name}: {side} {} {} at market", it.quantity, report.symbol));
        }
        let view = account.view();
        if !view.is_trusted() {
            preview.warnings.push(format!("what rests on {name} is not known for certain: all of it is cancelled"));
        }
        let rest = view.orders.len();
        orders += rest;
        if rest > 0 {
            preview.orders.push(format!("{name}: cancel {rest} orders"));
        }
    }
    preview.facts.push(Fact::count("to close", positions, "positions"));
    preview.facts.push(Fact::count("to cancel", orders, "orders"));
    preview.facts.extend(unrealized.map(|sum| Fact::price("would realise, all currencies", sum)));
    preview.facts.push(Fact::words("reason", reason));
    preview
}

async fn killing(accounts: &[&ServedAccount], flatten: bool, reason: &str) -> Preview {
    let mut preview = if flatten { flattening(accounts, reason).await } else { Preview::default() };
    let entries = accounts.iter().map(|it| it.view().orders.iter().filter(|order| order.adds_exposure()).count());
    preview.facts.insert(0, Fact::count("entries that rest", entries.sum(), "orders"));
    if !flatten {
        preview.facts.push(Fact::words("reason", reason));
        preview.orders.push("cancel every order that adds exposure; positions keep their protection".to_owned());
    }
    preview.warnings.push("nothing more is opened until somebody releases it, also after a restart".to_owned());
    preview
}

async fn releasing(accounts: &[&ServedAccount], reason: &str) -> Result<Preview, ActFailure> {
    let mut preview = Preview::default();
    let mut engaged = 0;
    for account in accounts {
        let it = account.manager.kill_switch().await.map_err(ActFailure::Records)?;
        if it.engaged {
            engaged += 1;
            match account.manager.losses_on_record().await {
                Ok(broken) => preview.warnings.extend(broken.iter().map(|broken| still_broken(account, broken))),
                Err(error) => preview.warnings.push(format!("whether a limit is broken still is not known: {error}")),
            }
            let since = it.since.map(|since| format!(" since {since}")).unwrap_or_default();
            preview
                .facts
                .push(Fact::words("engaged", format!("{} by {}{since}: {}", account.name(), it.by, it.reason)));
        }
    }
    if engaged == 0 {
        preview.refusals.push("no kill switch is engaged".to_owned());
    }
    preview.facts.push(Fact::words("reason", reason));
    preview.warnings.push("exposure may be added again".to_owned());
    Ok(preview)
}

/// What a release comes to while a limit is broken.
pub(super) fn still_broken(account: &ServedAccount, broken: &Reason) -> String {
    let name = account.name();
    format!(
        "still broken on {name} by the last point on record: {broken}; a look that finds the same closes what is held, and engages the kill switch again"
    )
}

async fn leverage(account: &ServedAccount, action: &Action) -> Result<Preview, ActFailure> {
    let Action::Leverage { symbol, leverage, .. } = action else { return Ok(Preview::default()) };
    let mut preview = Preview::default();
    match account.manager.preview_leverage(symbol, *leverage).await {
        Ok(it) => {
            let from = it.from.map_or_else(|| "as the venue has it".to_owned(), |from| from.to_string());
            preview.facts.push(Fact::words("now", from));
            preview.facts.push(Fact::figure("then", it.to.as_decimal(), "times"));
            preview.facts.push(Fact::figure("the venue allows", it.most.as_decimal(), "times"));
            if let Some((now, then)) = it.initial_margin {
                let currency = account.currency().as_str();
                preview.facts.push(Fact::figure("initial margin now", now, currency));
                preview.facts.push(Fact::figure("initial margin then", then, currency));
            }
        }
        Err(failure) => refused(failure, &mut preview)?,
    }
    Ok(preview)
}

async fn margin(
    account: &ServedAccount,
    symbol: &Symbol,
    direction: Direction,
    amount: Money,
) -> Result<Preview, ActFailure> {
    let (mut preview, currency) = (Preview::default(), account.currency().as_str());
    match account.manager.preview_margin(symbol, direction, amount).await {
        Ok(it) => {
            preview.facts.push(Fact::figure("margin now", it.margin.0, currency));
            preview.facts.push(Fact::figure("margin then", it.margin.1, currency));
            preview.facts.push(Fact::words("liquidation now", liquidation(it.liquidation.0)));
            preview.facts.push(Fact::words("liquidation then", liquidation(it.liquidation.1)));
            preview.facts.extend(it.distance.0.map(|it| Fact::figure("distance now", it, "fraction")));
            preview.facts.extend(it.distance.1.map(|it| Fact::figure("distance then", it, "fraction")));
        }
        Err(failure) => refused(failure, &mut preview)?,
    }
    Ok(preview)
}

fn refused(failure: AdjustFailure, preview: &mut Preview) -> Result<(), ActFailure> {
    match failure {
        AdjustFailure::NotKnown(error) => Err(venue(&error)),
        AdjustFailure::Command(CommandError::NotSent(_) | CommandError::Unanswered(_)) => {
            Err(ActFailure::Venue(failure.to_string()))
        }
        failure => {
            preview.refusals.push(failure.to_string());
            Ok(())
        }
    }
}

/// The order of this name that rests, as far as is known.
pub(super) fn resting(account: &ServedAccount, id: &ClientOrderId) -> Option<Order> {
    account.view().orders.iter().find(|order| order.client_order_id == *id).cloned()
}

async fn cancelling(account: &ServedAccount, id: &ClientOrderId) -> Result<Preview, ActFailure> {
    let mut preview = Preview::default();
    if let Some(order) = resting(account, id) {
        let size = order.quantity.map_or_else(|| "all".to_owned(), |quantity| quantity.to_string());
        let at = order.trigger.or(order.price).map(|at| format!(" at {at}")).unwrap_or_default();
        preview
            .facts
            .push(Fact::words("order", format!("{} {size} {} {}{at}", order.side, order.symbol, order.order_type)));
        preview.orders.push(format!("cancel {id}"));
        let view = account.view();
        let leaves_bare = view.positions.iter().any(|held| {
            let sheltered = view.sheltered(held);
            sheltered.stop.is_some_and(|stop| stop.client_order_id == *id) && sheltered.is_covered
        });
        if leaves_bare {
            preview.warnings.push("it is a stop: its position may be WITHOUT A STOP afterwards".to_owned());
        }
        return Ok(preview);
    }
    let composed = account.manager.composed(id).await.map_err(ActFailure::Records)?;
    match composed.filter(|it| it.state == plimsoll_ports::ComposedState::Working) {
        Some(it) => {
            preview.facts.push(Fact::words("order", it.order.to_string()));
            preview.orders.push("cancel what rests of it; what has filled stays, with its protection".to_owned());
        }
        None => preview.refusals.push(format!("{id} neither rests nor goes on, as far as is known")),
    }
    Ok(preview)
}

fn strategy(action: &Action) -> Preview {
    let mut preview = Preview::default();
    match action {
        Action::PauseStrategy { reason, .. } => {
            preview.facts.push(Fact::words("reason", reason));
            preview.warnings.push("it opens nothing more; what it holds stays, with its protection".to_owned());
        }
        Action::ResumeStrategy { reason, .. } => preview.facts.push(Fact::words("reason", reason)),
        _ => {}
    }
    preview
}
