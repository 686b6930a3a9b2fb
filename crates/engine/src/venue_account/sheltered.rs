//! What rests at the venue to end a position.

use super::view::AccountView;
use crate::position_manager::{is_covered, is_stop, is_target, nearest_of};
use plimsoll_domain::{HeldPosition, Order};

/// What rests at the venue to end a position, as far as a view of the account tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sheltered<'a> {
    /// The stop whose trigger is nearest to the mark; without a mark, the first that is listed.
    pub stop: Option<&'a Order>,
    /// The target whose trigger is nearest to the mark.
    pub target: Option<&'a Order>,
    /// Stops rest that close the position whole.
    pub is_covered: bool,
}

impl AccountView {
    /// What rests at the venue to end this position. How old that is, [`age`](Self::age) says.
    #[must_use]
    pub fn sheltered(&self, held: &HeldPosition) -> Sheltered<'_> {
        let which = (&held.symbol, held.position_side, held.position.direction);
        let nearest = |is_wanted| nearest_of(&self.orders, which, held.mark_price, is_wanted);
        Sheltered { stop: nearest(is_stop), target: nearest(is_target), is_covered: is_covered(self, held) }
    }
}
