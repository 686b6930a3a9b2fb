//! `plimsoll order cancel`: the end of an order that goes on, or of one that rests.

use super::list::{name, unknown};
use crate::cli::acting;
use crate::cli::composed::Composed;
use crate::cli::signals::to_its_end;
use crate::cli::target::{Consent, Target};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::screen;
use clap::Args;
use plimsoll_domain::{ClientOrderId, Order, OrderType, PositionReport};
use plimsoll_ports::{CommandError, ComposedEntry, ComposedState, RefusalReason, StoreError};
use serde::Serialize;

/// End an order that goes on, or cancel one that rests at the venue.
///
/// What has filled stays, and what protects that rests on. The last stop of a position is never cancelled, not with an OCO
/// either: close the position instead.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll order cancel NAME --yes")]
pub(crate) struct Cancel {
    /// Its name, as `order list` shows it, or the id of an order that rests, as `orders` does
    #[arg(value_parser = name)]
    name: ClientOrderId,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    target: Target,
}

#[derive(Serialize)]
struct Answer<'a> {
    name: &'a ClientOrderId,
    what: String,
    done: bool,
    cancelled: Vec<ClientOrderId>,
}

impl Cancel {
    pub(super) async fn cancel(self) -> Result<(), Failure> {
        self.consent.can_be_had(self.target.json)?;
        let desk = self.target.desk().await?;
        let outcome = self.cancel_at(&desk).await;
        desk.close().await;
        outcome
    }

    async fn cancel_at(&self, desk: &Desk) -> Result<(), Failure> {
        let open = desk.venue.broker.open_orders(None).await.map_err(Failure::unanswered)?;
        // What cannot be looked up in the records may rest at the venue all the same.
        match desk.manager.composed(&self.name).await {
            Ok(Some(entry)) => self.end(desk, entry, open).await,
            Ok(None) => self.cancel_resting(desk, &open).await,
            Err(error) => self.cancel_resting(desk, &open).await.map_err(|_| Failure::unreachable(error)),
        }
    }

    async fn end(&self, desk: &Desk, entry: ComposedEntry, open: Vec<Order>) -> Result<(), Failure> {
        if let ComposedState::Ended { how, reason } = &entry.state {
            return Err(Failure::no(format!("{} has ended already, {}: {reason}", self.name, how.as_str())));
        }
        let it = Composed::of(desk, entry).await.map_err(Failure::unreachable)?;
        let resting: Vec<(Order, bool)> = open.into_iter().map(|order| (order, true)).collect();
        let what = it.sentence(&resting);
        if !self.is_wanted(desk, &what)? {
            return Ok(());
        }
        let by = acting::operator();
        let cancelled =
            to_its_end(desk.manager.cancel_composed(&self.name, &by)).await.map_err(|error| match error {
                StoreError::NotFound(_) => Failure::no(format!("{} has ended meanwhile", self.name)),
                error => Failure::unreachable(error).help("It goes on. Try again when the records can be had."),
            })?;
        // What could not be cancelled now is said, and by the exit code too.
        let left = self.left(desk, &it).await;
        let told = self.told(what, cancelled);
        left?;
        acting::done(told)
    }

    /// Whether any part of it rests that trades or takes a profit; a stop may.
    async fn left(&self, desk: &Desk, it: &Composed) -> Result<(), Failure> {
        let keeps_target = it.entry.order.opening().is_some();
        let open = desk.venue.broker.open_orders(None).await.map_err(|error| {
            Failure::outcome_unknown(format!("it has ended; whether a part of it rests still is not known: {error}"))
                .help("`plimsoll orders` shows what rests.")
        })?;
        let rests = |order: &&Order| {
            let is_target = matches!(order.order_type, OrderType::TakeProfitMarket | OrderType::TakeProfit);
            let is_its = order.client_order_id.as_str().starts_with(self.name.as_str());
            is_its && !is_stop(order) && !(is_target && keeps_target)
        };
        match open.iter().find(rests) {
            None => Ok(()),
            Some(order) => {
                let id = &order.client_order_id;
                Err(Failure::unreachable(format!("it has ended, but its part {id} rests still"))
                    .help(format!("`plimsoll order cancel {id}` cancels it.")))
            }
        }
    }

    async fn cancel_resting(&self, desk: &Desk, open: &[Order]) -> Result<(), Failure> {
        let is_it = |it: &&Order| it.client_order_id == self.name || it.order_id.to_string() == self.name.as_str();
        let order = open.iter().find(is_it).ok_or_else(|| unknown(&self.name))?;
        let working = desk.manager.working().await.unwrap_or_default();
        let id = &order.client_order_id;
        if let Some(whole) = working.iter().find(|it| id.as_str().starts_with(it.id.as_str())) {
            let (kind, name) = (whole.order.kind.as_str(), &whole.id);
            return Err(Failure::no(format!("{id} is a part of the {kind} {name}, which goes on"))
                .help(format!("`plimsoll order cancel {name}` ends the whole of it.")));
        }
        is_not_the_last_stop(desk, order, open).await?;
        let what = format!("{} {} of {}", order.side, order.order_type, order.symbol);
        if !self.is_wanted(desk, &what)? {
            return Ok(());
        }
        match to_its_end(desk.venue.broker.cancel(&order.symbol, id)).await {
            Ok(()) => acting::done(self.told(what, vec![id.clone()])),
            Err(CommandError::Refused(refusal)) if refusal.reason == RefusalReason::UnknownOrder => {
                Err(Failure::no(format!("{id} rests no more: it has ended meanwhile")))
            }
            Err(error @ CommandError::Refused(_)) => Err(Failure::no(error)),
            Err(error @ CommandError::NotSent(_)) => Err(Failure::unreachable(error).help("It rests on. Try again.")),
            Err(error @ CommandError::Unanswered(_)) => {
                Err(Failure::outcome_unknown(error).help("`plimsoll orders` shows whether it rests still."))
            }
        }
    }

    /// Whether it is to be done; a dry run is answered here.
    fn is_wanted(&self, desk: &Desk, what: &str) -> Result<bool, Failure> {
        let shown = if self.target.json { Ok(()) } else { screen::line(format!("cancel {what}")) };
        let is_given =
            self.consent.is_given(shown, &format!("Cancel it on {}{}?", desk.account.name, acting::live(desk)))?;
        if !is_given && self.target.json {
            let answer = Answer { name: &self.name, what: what.to_owned(), done: false, cancelled: Vec::new() };
            screen::json(&answer)?;
        }
        Ok(is_given)
    }

    fn told(&self, what: String, cancelled: Vec<ClientOrderId>) -> Result<(), Failure> {
        if self.target.json {
            return screen::json(&Answer { name: &self.name, what, done: true, cancelled });
        }
        screen::line(format!("ended {}", self.name))?;
        cancelled.iter().try_for_each(|id| screen::line(format!("  cancelled {id}")))
    }
}

/// The last stop of a position is not taken away from it.
async fn is_not_the_last_stop(desk: &Desk, order: &Order, open: &[Order]) -> Result<(), Failure> {
    if !is_stop(order) {
        return Ok(());
    }
    let positions = desk.manager.positions().await.map_err(Failure::unanswered)?;
    let of_side = |it: &&PositionReport| it.symbol == order.symbol && it.position_side == order.position_side;
    let protected = positions.iter().filter(of_side).filter_map(|it| it.position);
    let Some(held) = protected.into_iter().find(|held| held.direction.closing_side() == order.side) else {
        return Ok(());
    };
    let covers = |other: &Order| {
        is_stop(other)
            && other.order_id != order.order_id
            && (&other.symbol, other.side, other.position_side) == (&order.symbol, order.side, order.position_side)
            && (other.close_position || other.quantity.is_some_and(|quantity| quantity >= held.quantity))
    };
    if open.iter().any(covers) {
        return Ok(());
    }
    let (id, direction, symbol) = (&order.client_order_id, held.direction, &order.symbol);
    Err(Failure::no(format!("{id} is the last stop of the {direction} position in {symbol}"))
        .help("Close the position: `plimsoll close`; or let its stop follow the price: `plimsoll order trail`."))
}

fn is_stop(order: &Order) -> bool {
    matches!(order.order_type, OrderType::StopMarket | OrderType::Stop | OrderType::TrailingStopMarket)
}
