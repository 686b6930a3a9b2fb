//! Where the account has traded.

use super::BinanceBroker;
use crate::wire::body::{self, Income};
use crate::wire::request;
use plimsoll_domain::{Symbol, Timestamp};
use plimsoll_transport::Priority::Watches;
use plimsoll_venue::CallError;
use std::collections::BTreeSet;
use std::time::Duration;

/// A booking may carry a time that our idea of the venue's clock has not reached.
const AHEAD: Duration = Duration::from_secs(24 * 3600);
/// The most rows that one answer has.
const FULL: usize = 1000;
const MILLISECOND: Duration = Duration::from_millis(1);

impl BinanceBroker {
    /// The contracts that something was booked for since then: fees and profits name theirs, whether or not we have ever
    /// heard of a position in it.
    pub(crate) async fn traded_since(&self, since: Timestamp) -> Result<BTreeSet<Symbol>, CallError> {
        let end = self.shared.client.known_time().await?.plus(AHEAD);
        let (mut from, mut traded) = (since, BTreeSet::new());
        loop {
            let call = request::income(None, None, Some(from), Some(end));
            let page = self.shared.ask(&call, Watches, body::income).await?;
            let (full, newest) = (page.len() >= FULL, page.iter().map(Income::time).max());
            traded.extend(page.into_iter().filter_map(|row| match row {
                Income::Traded { symbol, .. } => symbol,
                Income::Funding { .. } | Income::Booked(_) => None,
            }));
            match newest {
                Some(newest) if full => from = newest.max(from.plus(MILLISECOND)),
                _ => return Ok(traded),
            }
        }
    }
}
