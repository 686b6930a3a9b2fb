//! What the venue said to an order: a line of the log by the order's client order id and, with the feature `metrics`, figures.
//!
//! | name | kind | what |
//! |---|---|---|
//! | `plimsoll_orders_total` | counter | sendings of orders by `account`, `venue` and `outcome`: `accepted`, `refused`, `not_sent`, `unanswered` |
//! | `plimsoll_order_answer_seconds` | histogram | from sending an order to the venue's answer, by `account` and `venue`; what was not sent is left out |

use super::OrderPath;
use plimsoll_domain::{NewOrder, OrderId};
use plimsoll_ports::PlaceError;
use std::time::Duration;

impl OrderPath {
    pub(super) fn answered(&self, order: &NewOrder, answer: &Result<OrderId, PlaceError>, took: Duration) {
        let outcome = outcome(answer);
        let (id, symbol, account) = (&order.client_order_id, &order.symbol, &self.account);
        match answer {
            Ok(order_id) => {
                tracing::info!(client_order_id = %id, %account, %symbol, %order_id, ?took, "an order was accepted");
            }
            Err(why) => {
                tracing::warn!(client_order_id = %id, %account, %symbol, outcome, %why, ?took, "an order was not accepted");
            }
        }
        self.count(outcome, took);
    }

    #[cfg(feature = "metrics")]
    fn count(&self, outcome: &'static str, took: Duration) {
        let (account, venue) = (self.account.to_string(), self.broker.venue().to_string());
        metrics::counter!(
            "plimsoll_orders_total", "account" => account.clone(), "venue" => venue.clone(), "outcome" => outcome
        )
        .increment(1);
        if outcome != "not_sent" {
            metrics::histogram!("plimsoll_order_answer_seconds", "account" => account, "venue" => venue).record(took);
        }
    }

    #[cfg(not(feature = "metrics"))]
    const fn count(&self, _: &'static str, _: Duration) {}
}

const fn outcome(answer: &Result<OrderId, PlaceError>) -> &'static str {
    match answer {
        Ok(_) => "accepted",
        Err(PlaceError::Refused(_)) => "refused",
        Err(PlaceError::NotSent(_)) => "not_sent",
        Err(PlaceError::Unanswered(_)) => "unanswered",
    }
}
