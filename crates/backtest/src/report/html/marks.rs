//! Signs of fills on the price chart.

use super::chart::{Mark, mark_key};
use crate::TaggedFill;
use maud::Markup;
use plimsoll_domain::{FillCause, Side};
use rust_decimal::prelude::ToPrimitive;

/// More signs than this hide each other.
const MOST: usize = 600;

/// The signs of the fills of a contract, and how many were left out: those of stops and of force are kept longest.
pub(super) fn marks(fills: &[&TaggedFill]) -> (Vec<Mark>, usize) {
    let (grave, plain): (Vec<&TaggedFill>, Vec<&TaggedFill>) =
        fills.iter().partition(|tagged| matches!(tagged.role.as_str(), "stop_loss" | "forced"));
    let mut shown = evenly(&plain, MOST.saturating_sub(grave.len()));
    shown.extend(evenly(&grave, MOST));
    let left_out = fills.len() - shown.len();
    (shown.into_iter().filter_map(mark).collect(), left_out)
}

fn mark(tagged: &TaggedFill) -> Option<Mark> {
    Some(Mark { class: class(tagged), time: tagged.fill.time, value: tagged.fill.price.get().to_f64()? })
}

fn class(tagged: &TaggedFill) -> &'static str {
    match (tagged.role.as_str(), tagged.fill.side) {
        ("entry", Side::Buy) => "buy",
        ("entry", Side::Sell) => "sell",
        ("stop_loss", _) => "stop",
        // An order of the account that is no strategy's: a limit has closed what was held.
        ("forced", _) if tagged.fill.cause == FillCause::Order => "limit",
        ("forced", _) => "forced",
        ("resting", _) => "rest",
        _ => "exit",
    }
}

/// As many as `most` of them, with equal gaps.
fn evenly<'a>(fills: &[&'a TaggedFill], most: usize) -> Vec<&'a TaggedFill> {
    let step = fills.len().div_ceil(most.max(1)).max(1);
    fills.iter().copied().step_by(step).take(most).collect()
}

/// What those signs mean that are shown.
pub(super) fn keys(marks: &[Mark]) -> Vec<Markup> {
    [
        ("buy", "entry, bought"),
        ("sell", "entry, sold"),
        ("exit", "exit"),
        ("stop", "stop"),
        ("rest", "resting order"),
        ("limit", "closed by a limit"),
        ("forced", "forced by the exchange"),
    ]
    .into_iter()
    .filter(|(class, _)| marks.iter().any(|mark| mark.class == *class))
    .map(|(class, text)| mark_key(class, text))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::{MOST, keys, marks};
    use crate::TaggedFill;
    use crate::statistics::fixture::fill;
    use plimsoll_domain::{FillCause, Side};

    #[test]
    fn too_many_signs_are_thinned_but_stops_stay() {
        let mut fills: Vec<TaggedFill> =
            (0..2000).map(|hour| fill(hour, Side::Buy, "100", "0", None, "resting")).collect();
        fills.extend((0..50).map(|hour| fill(hour, Side::Sell, "90", "0", None, "stop_loss")));
        fills.push(fill(7, Side::Sell, "80", "0", None, "forced"));
        fills[2050].fill.cause = FillCause::Liquidation;
        let (shown, left_out) = marks(&fills.iter().collect::<Vec<_>>());
        assert!(shown.len() <= MOST);
        assert_eq!(shown.len() + left_out, fills.len());
        let of = |class| shown.iter().filter(|mark| mark.class == class).count();
        assert_eq!((of("stop"), of("forced")), (50, 1));
        assert!(of("rest") > 400);
    }

    #[test]
    fn what_a_limit_closes_is_not_forced_by_the_exchange() {
        let mut fills =
            [fill(1, Side::Sell, "100", "0", None, "forced"), fill(2, Side::Sell, "90", "0", None, "forced")];
        fills[1].fill.cause = FillCause::Liquidation;
        let (shown, _) = marks(&fills.iter().collect::<Vec<_>>());
        let words: String = keys(&shown).into_iter().map(|key| key.into_string()).collect();
        assert_eq!(shown.iter().map(|mark| mark.class).collect::<Vec<_>>(), ["limit", "forced"]);
        assert!(words.contains("closed by a limit") && words.contains("forced by the exchange"), "{words}");
        let (shown, _) = marks(&[&fills[0]]);
        assert_eq!(keys(&shown).len(), 1);
    }

    #[test]
    fn an_entry_points_where_it_goes() {
        let fills = [
            fill(1, Side::Buy, "100", "0", None, "entry"),
            fill(2, Side::Sell, "100", "0", None, "entry"),
            fill(3, Side::Sell, "100", "0", None, "take_profit"),
            fill(4, Side::Sell, "100", "0", None, "exit"),
        ];
        let (shown, left_out) = marks(&fills.iter().collect::<Vec<_>>());
        assert_eq!(shown.iter().map(|mark| mark.class).collect::<Vec<_>>(), ["buy", "sell", "exit", "exit"]);
        assert_eq!(left_out, 0);
        assert!(marks(&[]).0.is_empty());
    }
}
