//! What is left when guarding ends: nothing is cancelled, and nobody here goes on with what is not done.

use crate::screen::counted;
use plimsoll_domain::ClientOrderId;
use plimsoll_engine::Survey;
use plimsoll_ports::ComposedEntry;
use serde::Serialize;

/// The last that is told of an account.
#[derive(Debug, Serialize)]
pub(super) struct Left {
    event: &'static str,
    positions: usize,
    resting: usize,
    unprotected: usize,
    /// `None` where the records do not tell.
    composed: Option<Vec<StandsStill>>,
}

/// A composed order that nobody carries on from here.
#[derive(Debug, Serialize)]
struct StandsStill {
    kind: &'static str,
    name: ClientOrderId,
}

impl Left {
    /// What the venue has still, and the composed orders that are `working` by the records.
    pub(super) fn of(survey: &Survey, working: Option<Vec<ComposedEntry>>) -> Self {
        let stands = |it: ComposedEntry| StandsStill { kind: it.order.kind.as_str(), name: it.id };
        Self {
            event: "stopped",
            positions: survey.positions.len() + survey.unpriced.len(),
            resting: survey.orders.len(),
            unprotected: survey.positions.iter().filter(|it| !it.health.has_stop).count(),
            composed: working.map(|them| them.into_iter().map(stands).collect()),
        }
    }

    /// The same for people.
    pub(super) fn sentence(&self) -> String {
        let stops = match self.unprotected {
            0 => String::new(),
            count => format!(", {count} WITHOUT A STOP"),
        };
        let (positions, resting) = (counted(self.positions, "position"), counted(self.resting, "order"));
        format!("stopped: left open: {positions}{stops}; left resting: {resting}{}", self.standing_still())
    }

    fn standing_still(&self) -> String {
        let Some(them) = &self.composed else {
            return "; whether an order goes on is not known: the records cannot be read".to_owned();
        };
        let named: Vec<String> = them.iter().map(|it| format!("{} {}", it.kind.replace('_', " "), it.name)).collect();
        match named.is_empty() {
            true => String::new(),
            false => format!("; left to the next `plimsoll run`: {}", named.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(unprotected: usize, composed: Option<&[(&'static str, &str)]>) -> Left {
        let stands = |it: &(&'static str, &str)| StandsStill { kind: it.0, name: ClientOrderId::reported(it.1) };
        let composed = composed.map(|them| them.iter().map(stands).collect());
        Left { event: "stopped", positions: 1, resting: 4, unprotected, composed }
    }

    #[test]
    fn orders_that_nobody_carries_on_are_told_with_their_names() {
        let before = "stopped: left open: 1 position; left resting: 4 orders";
        for (composed, expected) in [
            (Some(&[][..]), ""),
            (Some(&[("twap", "plj1")][..]), "; left to the next `plimsoll run`: twap plj1"),
            (
                Some(&[("trailing_stop", "plj1"), ("iceberg", "plj2")][..]),
                "; left to the next `plimsoll run`: trailing stop plj1, iceberg plj2",
            ),
            (None, "; whether an order goes on is not known: the records cannot be read"),
        ] {
            assert_eq!(left(0, composed).sentence(), format!("{before}{expected}"));
        }
        assert!(left(1, Some(&[])).sentence().contains("1 position, 1 WITHOUT A STOP; left resting"));
    }

    #[test]
    fn programs_are_told_the_same() {
        let told = |composed| serde_json::to_value(left(0, composed)).unwrap()["composed"].clone();
        assert_eq!(told(Some(&[("twap", "plj1")])), serde_json::json!([{ "kind": "twap", "name": "plj1" }]));
        assert_eq!(told(None), serde_json::Value::Null);
    }
}
