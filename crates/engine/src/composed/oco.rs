//! A stop and a target for the same part of a position: one cancels the other. The stop comes first and is never without.

use super::part::{Fate, Part, Parts};
use super::{Facts, NewPart, Next};
use plimsoll_domain::{OrderKind, OrderSize, OrderStatus, Price, Quantity, TriggerBy};
use plimsoll_ports::{ComposedEnd, Purpose};

pub(super) fn next(quantity: Quantity, (stop, target): (Price, Price), parts: &Parts, facts: &Facts<'_>) -> Next {
    let done = |purpose| parts.of(purpose).any(Part::is_done);
    let over = match (done(Purpose::StopLoss), done(Purpose::TakeProfit)) {
        (true, _) => Some((ComposedEnd::Done, "the stop has filled")),
        (_, true) => Some((ComposedEnd::Done, "the target has filled")),
        _ if facts.held.is_none() => Some((ComposedEnd::Canceled, "the position is gone")),
        _ => None,
    };
    if let Some((how, why)) = over {
        return cancel_rest(parts).unwrap_or_else(|| Next::End(how, why.to_owned()));
    }
    // Neither is placed for more than is left of it, or is held: what was closed otherwise takes from both.
    let traded = parts.filled(Purpose::StopLoss) + parts.filled(Purpose::TakeProfit);
    let Ok(left) = Quantity::new(quantity.get() - traded) else {
        let why = "the stop and the target have filled it together".to_owned();
        return cancel_rest(parts).unwrap_or(Next::End(ComposedEnd::Done, why));
    };
    let quantity = facts.held.map_or(left, |held| left.min(held.quantity));
    let trigger_by = TriggerBy::Mark;
    let stop = NewPart {
        purpose: Purpose::StopLoss,
        number: parts.next_number(Purpose::StopLoss),
        kind: OrderKind::StopMarket { trigger: stop, trigger_by },
        size: OrderSize::Quantity(quantity),
    };
    match parts.last(Purpose::StopLoss).map(|part| &part.fate) {
        Some(Fate::Rests { .. } | Fate::Unknown) => {}
        Some(Fate::Refused(reason)) => {
            return cancel_rest(parts).unwrap_or_else(|| Next::End(ComposedEnd::Failed, reason.clone()));
        }
        // A stop that somebody cancelled is owed all the same.
        None | Some(Fate::NotSent | Fate::Ended { .. }) => return Next::Place(stop),
    }
    let target = NewPart {
        purpose: Purpose::TakeProfit,
        number: parts.next_number(Purpose::TakeProfit),
        kind: OrderKind::TakeProfitMarket { trigger: target, trigger_by },
        size: OrderSize::Quantity(quantity),
    };
    match parts.last(Purpose::TakeProfit).map(|part| &part.fate) {
        Some(Fate::Rests { .. } | Fate::Unknown) => Next::Wait(None),
        None | Some(Fate::NotSent | Fate::Ended { status: OrderStatus::Expired, .. }) => Next::Place(target),
        // The stop rests on: what is left is a stop, and no pair any more.
        Some(Fate::Refused(reason)) => Next::End(ComposedEnd::Failed, format!("the target: {reason}")),
        Some(Fate::Ended { .. }) => {
            Next::End(ComposedEnd::Canceled, "the target was cancelled at the venue; the stop rests on".to_owned())
        }
    }
}

fn cancel_rest(parts: &Parts) -> Option<Next> {
    let rests = [Purpose::TakeProfit, Purpose::StopLoss].into_iter().find_map(|purpose| parts.resting(purpose));
    rests.map(|part| Next::Cancel(part.id().clone()))
}
