//! What an action would mean and what became of it, in a message.

use crate::text::Text;
use plimsoll_ports::domain::Decimal;
use plimsoll_service::{Came, Fact, Outcome, Prepared};

/// What it would mean.
pub(crate) fn prepared(it: &Prepared) -> Text {
    let money = if it.is_live { "REAL MONEY" } else { "play money" };
    let mut text = Text::titled(&it.summary).line(money).gap();
    text = text.lines(it.facts.iter().map(fact));
    if !it.orders.is_empty() {
        text = text.gap().bold("Orders").lines(&it.orders);
    }
    if !it.warnings.is_empty() {
        text = text.gap().bold("To be known").lines(&it.warnings);
    }
    if !it.refusals.is_empty() {
        return text.gap().bold("Refused: nothing is done").lines(&it.refusals);
    }
    let holds = it.expires_in_ms.map(|millis| format!("Nothing is done yet. This holds for {} s.", millis / 1000));
    text.gap().lines(holds)
}

fn fact(it: &Fact) -> String {
    let (name, value) = (it.name, it.value.as_str());
    match it.unit.as_deref() {
        None => format!("{name}: {value}"),
        Some("times") => format!("{name}: {value}x"),
        Some("fraction") => {
            let percent = value.parse::<Decimal>().ok().and_then(|it| it.checked_mul(Decimal::ONE_HUNDRED));
            percent.map_or_else(|| format!("{name}: {value}"), |percent| format!("{name}: {} %", percent.normalize()))
        }
        Some(unit) => format!("{name}: {value} {unit}"),
    }
}

/// What became of it.
pub(crate) fn outcome(it: &Outcome) -> Text {
    let title = match it.outcome {
        Came::Done => "Done",
        Came::Refused => "Refused",
        Came::Failed => "FAILED",
        Came::Unknown => "NOT KNOWN: it may have been done, see /futures_status",
    };
    let mut text = Text::titled(title).line(&it.text).lines(&it.lines);
    if !it.troubles.is_empty() {
        text = text.gap().bold("Beside it").lines(&it.troubles);
    }
    text
}
