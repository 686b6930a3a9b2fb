//! The venue's limits, and what of them a call takes.

use crate::endpoints::Settings;
use crate::wire::Call;
use plimsoll_transport::{HttpResponse, WeightLimit};
use plimsoll_venue::{Charge, Failure, Holder, Pool, Silenced};
use std::time::Duration;

/// Too many orders within ten seconds or a minute.
const ORDER_LIMIT: &str = "-1015";

const MINUTE: Duration = Duration::from_secs(60);

/// Calls for funding rates have a pool of their own: so many in five minutes.
const FUNDING: Pool = Pool {
    name: "funding",
    holder: Holder::Address,
    window: Duration::from_secs(5 * 60),
    slides: false,
    limit: WeightLimit { most: 500, reserve: 0, watch: 0 },
};

/// What the venue counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    weight: Pool,
    ten_seconds: Pool,
    minute: Pool,
}

impl Limits {
    pub(crate) fn new(settings: &Settings) -> Self {
        let orders = |name, window, most: u32| {
            let part = u64::from(most) * u64::from(settings.order_reserve_percent.min(100)) / 100;
            let limit = WeightLimit { most, reserve: u32::try_from(part).unwrap_or(most), watch: 0 };
            Pool { name, holder: Holder::Account, window, slides: false, limit }
        };
        let weight = WeightLimit {
            most: settings.weight_limit,
            reserve: settings.weight_reserve,
            watch: settings.weight_to_watch,
        };
        Self {
            weight: Pool { name: "weight", holder: Holder::Address, window: MINUTE, slides: false, limit: weight },
            ten_seconds: orders("orders in ten seconds", Duration::from_secs(10), settings.orders_per_ten_seconds),
            minute: orders("orders in a minute", MINUTE, settings.orders_per_minute),
        }
    }

    /// What the call takes.
    pub(crate) fn charges(&self, call: &Call) -> Vec<Charge> {
        let mut charges = vec![Charge { pool: self.weight, weight: call.weight }];
        if is_of_funding_pool(call) {
            charges.push(Charge { pool: FUNDING, weight: 1 });
        }
        if call.counts_as_order {
            let ten_seconds = if call.path.ends_with("/batchOrders") { 5 } else { 1 };
            charges.push(Charge { pool: self.ten_seconds, weight: ten_seconds });
            charges.push(Charge { pool: self.minute, weight: 1 });
        }
        charges
    }

    /// What the venue says has been used.
    pub(crate) fn used(&self, call: &Call, answer: &HttpResponse) -> Vec<(Pool, u32)> {
        let told = answer.headers.iter().filter_map(|(name, value)| {
            let pool = match name.as_str() {
                // These calls' header is known to be wrong.
                "x-mbx-used-weight-1m" if !call.path.contains("/ticker/") => self.weight,
                "x-mbx-order-count-10s" => self.ten_seconds,
                "x-mbx-order-count-1m" => self.minute,
                _ => return None,
            };
            let used: u32 = value.to_str().ok()?.parse().ok()?;
            // Zero and less are what free calls show.
            (used > 0).then_some((pool, used))
        });
        told.collect()
    }

    /// What the venue wants no more of, after such a failure.
    pub(crate) fn silenced(&self, call: &Call, failure: &Failure) -> Silenced {
        let pool = if failure.code == ORDER_LIMIT {
            // The order limit is not the address's: cancels are wanted still.
            Some(self.ten_seconds)
        } else if is_of_funding_pool(call) && failure.status == 429 {
            // Its pool is empty, not the address's: whoever closes a position is heard still.
            Some(FUNDING)
        } else {
            None
        };
        Silenced { pool, window: MINUTE }
    }
}

fn is_of_funding_pool(call: &Call) -> bool {
    matches!(call.path, "/fapi/v1/fundingRate" | "/fapi/v1/fundingInfo")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::classify;
    use crate::wire::request;
    use plimsoll_domain::Timestamp;
    use plimsoll_transport::Priority;
    use plimsoll_venue::Budgets;

    /// A whole minute, by anybody's clock.
    const NOW: Timestamp = Timestamp::from_millis(1_700_000_040_000);

    fn seconds(count: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(count))
    }

    /// Budgets, and what is taken of them.
    struct Kept {
        limits: Limits,
        budgets: Budgets,
    }

    impl Kept {
        fn admit(&self, call: &Call, priority: Priority, now: Timestamp) -> Result<(), Timestamp> {
            self.budgets.admit(&self.limits.charges(call), priority, now)
        }

        fn observe(&self, call: &Call, answer: &HttpResponse, now: Timestamp) {
            self.budgets.observe(&self.limits.used(call, answer), now, now);
        }

        fn silence(&self, call: &Call, failure: &Failure, now: Timestamp) -> Option<Timestamp> {
            self.budgets.silence(self.limits.silenced(call, failure), failure.wait, now)
        }
    }

    fn tight(venue: &str) -> Kept {
        let settings = Settings { orders_per_ten_seconds: 10, orders_per_minute: 20, ..Settings::default() };
        let settings = Settings { weight_limit: 100, weight_reserve: 20, weight_to_watch: 30, ..settings };
        Kept { limits: Limits::new(&settings), budgets: Budgets::new(venue, None) }
    }

    fn answer(headers: &[(&str, &str)]) -> HttpResponse {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        HttpResponse { status: 200, headers, body: Vec::new() }
    }

    fn failure(status: u16, retry_after: Option<u64>, body: &str) -> Failure {
        classify(status, retry_after.map(Duration::from_secs), body.as_bytes(), true)
    }

    fn order() -> Call {
        request::cancel_all("BTCUSDT").counted()
    }

    #[test]
    fn orders_have_a_reserve_too() {
        let budgets = tight("orders");
        for _ in 0..8 {
            assert_eq!(budgets.admit(&order(), Priority::Ordinary, NOW), Ok(()));
        }
        assert_eq!(budgets.admit(&order(), Priority::Ordinary, NOW), Err(seconds(10)), "the ten seconds are used");
        assert_eq!(budgets.admit(&order(), Priority::ReducesRisk, NOW), Ok(()));
        assert_eq!(budgets.admit(&request::cancel_all("BTCUSDT"), Priority::Ordinary, NOW), Ok(()), "no order");
        for _ in 0..7 {
            assert_eq!(budgets.admit(&order(), Priority::Ordinary, seconds(10)), Ok(()));
        }
        assert_eq!(budgets.admit(&order(), Priority::Ordinary, seconds(10)), Err(seconds(60)), "the minute is used");
        assert_eq!(budgets.admit(&order(), Priority::ReducesRisk, seconds(10)), Ok(()));
    }

    #[test]
    fn orders_of_others_are_known_from_the_headers() {
        let budgets = tight("headers");
        budgets.observe(&order(), &answer(&[("x-mbx-order-count-10s", "9")]), NOW);
        assert_eq!(budgets.admit(&order(), Priority::Ordinary, NOW), Err(seconds(10)));
        budgets.observe(&order(), &answer(&[("x-mbx-order-count-1m", "20")]), seconds(10));
        assert_eq!(budgets.admit(&order(), Priority::ReducesRisk, seconds(10)), Err(seconds(60)));
    }

    #[test]
    fn a_header_that_is_no_count_is_passed_over() {
        let budgets = tight("odd headers");
        for odd in ["-1", "0", "", "many", "99999999999999999999"] {
            budgets.observe(&order(), &answer(&[("x-mbx-used-weight-1m", odd)]), NOW);
        }
        let wrong = request::book_ticker(None);
        budgets.observe(&wrong, &answer(&[("x-mbx-used-weight-1m", "100")]), NOW);
        assert_eq!(budgets.admit(&request::server_time(), Priority::Ordinary, NOW), Ok(()));
    }

    #[test]
    fn a_call_that_is_refused_by_one_budget_takes_from_none() {
        let budgets = tight("refused");
        for _ in 0..10 {
            assert_eq!(budgets.admit(&order(), Priority::ReducesRisk, NOW), Ok(()));
        }
        for _ in 0..50 {
            assert!(budgets.admit(&order(), Priority::ReducesRisk, NOW).is_err());
        }
        let weighty = Call { weight: 39, ..request::server_time() };
        assert_eq!(budgets.admit(&weighty, Priority::Ordinary, NOW), Ok(()), "10 of 50 were used");
        assert_eq!(budgets.admit(&order(), Priority::ReducesRisk, seconds(10)), Ok(()), "10 of 20 were used");
    }

    #[test]
    fn a_ban_binds_every_client_of_the_address_and_no_other() {
        let (met, beside, elsewhere) = (tight("banned"), tight("banned"), tight("not banned"));
        let ban = failure(418, None, r#"{"code":-1003,"msg":"IP banned until 1700000100000."}"#);
        let until = Timestamp::from_millis(1_700_000_100_000);
        assert_eq!(met.silence(&order(), &ban, NOW), Some(until));
        for budgets in [&met, &beside] {
            assert_eq!(budgets.admit(&order(), Priority::ReducesRisk, NOW), Err(until));
            assert_eq!(budgets.budgets.silent_until(NOW), Some(until));
        }
        assert_eq!(elsewhere.admit(&order(), Priority::Ordinary, NOW), Ok(()));
        assert_eq!(beside.admit(&order(), Priority::Ordinary, until), Ok(()));
    }

    #[test]
    fn too_many_orders_leave_cancels_alone() {
        let budgets = tight("too many orders");
        let limit = failure(429, Some(7), r#"{"code":-1015,"msg":"Too many new orders."}"#);
        assert_eq!(budgets.silence(&order(), &limit, NOW), Some(seconds(7)));
        assert_eq!(budgets.admit(&order(), Priority::ReducesRisk, NOW), Err(seconds(7)));
        assert_eq!(budgets.admit(&request::cancel_all("BTCUSDT"), Priority::ReducesRisk, NOW), Ok(()));
    }

    #[test]
    fn an_empty_pool_of_funding_rates_leaves_everything_else_alone() {
        let budgets = tight("funding pool");
        let call = request::funding_info();
        let limit = failure(429, Some(200), r#"{"code":-1003,"msg":"Too many requests."}"#);
        budgets.silence(&call, &limit, NOW);
        assert_eq!(budgets.admit(&call, Priority::Ordinary, NOW), Err(seconds(200)));
        assert_eq!(budgets.admit(&order(), Priority::ReducesRisk, NOW), Ok(()));
        let budgets = tight("funding pool, ours");
        for _ in 0..500 {
            assert_eq!(budgets.admit(&call, Priority::Ordinary, NOW), Ok(()));
        }
        assert!(budgets.admit(&call, Priority::Ordinary, NOW).is_err());
    }
}
