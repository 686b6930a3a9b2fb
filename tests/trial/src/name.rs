//! What an order is for, by its name.

use plimsoll_domain::ClientOrderId;
use plimsoll_ports::Purpose;

/// Whether `id` is that of an order for `purpose` of the intent of this name: names go on with a letter for it.
pub(crate) fn is_for(name: &ClientOrderId, purpose: Purpose, id: &ClientOrderId) -> bool {
    let letter = match purpose {
        Purpose::Entry => 'e',
        Purpose::Exit => 'x',
        Purpose::StopLoss => 's',
        Purpose::TakeProfit => 't',
        Purpose::Reduce => 'r',
        Purpose::Flatten => 'f',
    };
    id.as_str().strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with(letter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::{AccountId, Timestamp};
    use plimsoll_engine::ClientOrderIds;

    #[test]
    fn an_order_is_for_what_it_was_named_for() {
        let ids = ClientOrderIds::of_process(&AccountId::new("main"), 1);
        let (one, other) = (ids.intent(Timestamp::default()), ids.intent(Timestamp::default()));
        for purpose in Purpose::ALL {
            for number in [0, 1, 35, 36, 1295] {
                let id = one.order(purpose, number);
                let found: Vec<Purpose> =
                    Purpose::ALL.into_iter().filter(|purpose| is_for(&one.name(), *purpose, &id)).collect();
                assert_eq!(found, [purpose], "{id}");
                assert!(!is_for(&other.name(), purpose, &id));
            }
        }
    }
}
