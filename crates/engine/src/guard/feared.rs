//! Danger that was not there before.

use super::alarm::Why;
use crate::position_manager::Glance;
use plimsoll_domain::MarginHealth;

/// What was last to be feared of the account, as far as it could be believed: by the last look, and by every view since
/// that was in no doubt.
#[derive(Debug)]
pub(super) struct Feared(Option<Glance>);

impl Feared {
    /// What a look has left to be feared; `None` if it saw nothing.
    pub(super) const fn since(look: Option<Glance>) -> Self {
        Self(look)
    }

    /// What is to be feared now and was not before. A view in doubt says nothing, and is not remembered: what appears in a
    /// doubt is new when the doubt ends.
    pub(super) fn hear(&mut self, now: &Glance, is_trusted: bool) -> Vec<Why> {
        if !is_trusted {
            return Vec::new();
        }
        let before = self.0.replace(now.clone());
        let is_thinner = match &before {
            Some(before) => now.is_thinner_than(before),
            None => now.stage.is_some() || now.health.is_some_and(|health| health >= MarginHealth::Reduce),
        };
        let has_lost = before.map_or(now.has_losses, |before| now.has_lost_since(&before));
        let new = [(Why::ThinMargin, is_thinner), (Why::Losses, has_lost)];
        new.into_iter().filter_map(|(why, is_new)| is_new.then_some(why)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn glance(health: MarginHealth, has_losses: bool) -> Glance {
        Glance { health: Some(health), stage: None, has_losses, bare: BTreeSet::new() }
    }

    #[test]
    fn danger_that_appears_in_a_doubt_is_new_when_the_doubt_ends() {
        let mut feared = Feared::since(Some(glance(MarginHealth::Healthy, false)));
        let danger = glance(MarginHealth::Reduce, true);
        assert_eq!(feared.hear(&danger, false), []);
        assert_eq!(feared.hear(&danger, true), [Why::ThinMargin, Why::Losses]);
        assert_eq!(feared.hear(&danger, true), [], "it is told once");
        assert_eq!(feared.hear(&glance(MarginHealth::Flatten, true), true), [Why::ThinMargin]);
    }

    #[test]
    fn after_a_look_that_saw_nothing_all_danger_is_new() {
        for (health, has_losses, expected) in [
            (MarginHealth::NoPositions, false, vec![]),
            (MarginHealth::Healthy, false, vec![]),
            (MarginHealth::Healthy, true, vec![Why::Losses]),
            (MarginHealth::Reduce, false, vec![Why::ThinMargin]),
            (MarginHealth::Flatten, true, vec![Why::ThinMargin, Why::Losses]),
        ] {
            let mut feared = Feared::since(None);
            assert_eq!(feared.hear(&glance(health, has_losses), true), expected, "{health}");
            assert_eq!(feared.hear(&glance(health, has_losses), true), [], "{health}");
        }
    }
}
