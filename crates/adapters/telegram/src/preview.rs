//! What an action would mean and what became of it, in a message.

use crate::figures::{exact_percent, rounded_amount, rounded_percent, tidy};
use crate::text::Text;
use plimsoll_ports::domain::Decimal;
use plimsoll_service::{Came, Fact, Outcome, Prepared};

/// What it would mean.
pub(crate) fn prepared(it: &Prepared) -> Text {
    let money = if it.is_live { "REAL MONEY" } else { "play money" };
    let mut text = Text::titled(&it.summary).line(money).gap();
    text = text.lines(it.facts.iter().map(fact));
    if !it.orders.is_empty() {
        text = text.gap().bold("Orders").lines(it.orders.iter().map(|line| tidy(line)));
    }
    if !it.warnings.is_empty() {
        text = text.gap().bold("To be known").lines(it.warnings.iter().map(|line| tidy(line)));
    }
    if !it.refusals.is_empty() {
        return text.gap().bold("Refused: nothing is done").lines(it.refusals.iter().map(|line| tidy(line)));
    }
    let holds = it.expires_in_ms.map(|millis| format!("Nothing is done yet. This holds for {} s.", millis / 1000));
    text.gap().lines(holds)
}

fn fact(it: &Fact) -> String {
    let (name, value) = (it.name, it.value.as_str());
    let number = value.parse::<Decimal>().ok();
    match (it.unit.as_deref(), number) {
        // In somebody's own words.
        (None, _) if name == "reason" => format!("{name}: {value}"),
        (None, _) => format!("{name}: {}", tidy(value)),
        (Some("times"), _) => format!("{name}: {value}x"),
        (Some("fraction"), Some(rate)) if name.ends_with("rate") => format!("{name}: {}", exact_percent(rate)),
        (Some("fraction"), Some(share)) => format!("{name}: {}", rounded_percent(share)),
        (Some(unit), Some(amount)) if is_currency(unit) => format!("{name}: {} {unit}", rounded_amount(amount)),
        (Some(unit), _) => format!("{name}: {value} {unit}"),
    }
}

/// Counts are of something in small letters.
fn is_currency(unit: &str) -> bool {
    unit.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit())
}

/// What became of it.
pub(crate) fn outcome(it: &Outcome) -> Text {
    let title = match it.outcome {
        Came::Done => "Done",
        Came::Refused => "Refused",
        Came::Failed => "FAILED",
        Came::Unknown => "NOT KNOWN: it may have been done, see /futures_status",
    };
    let mut text = Text::titled(title).line(&tidy(&it.text)).lines(it.lines.iter().map(|line| tidy(line)));
    if !it.troubles.is_empty() {
        text = text.gap().bold("Beside it").lines(it.troubles.iter().map(|line| tidy(line)));
    }
    text
}
