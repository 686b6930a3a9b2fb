//! The venue's limits, and what of them a call takes.

use crate::endpoints::Settings;
use crate::wire::Call;
use crate::wire::request::Limit;
use plimsoll_transport::{HttpResponse, WeightLimit};
use plimsoll_venue::{Charge, Failure, Holder, Pool, Silenced};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const TEN_SECONDS: Duration = Duration::from_secs(10);
const MINUTE: Duration = Duration::from_secs(60);
const TOO_MANY_REQUESTS: u16 = 429;

/// What the venue counts: orders and cancellations by the second, everything else by endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    orders: Pool,
    cancels: Pool,
    calls: WeightLimit,
}

impl Limits {
    pub(crate) fn new(settings: &Settings) -> Self {
        let part = |most: u32, percent: u32| {
            u32::try_from(u64::from(most) * u64::from(percent.min(100)) / 100).unwrap_or(most)
        };
        let limit = |most, watch| WeightLimit { most, reserve: part(most, settings.reserve_percent), watch };
        let second =
            |name, most| Pool { name, holder: Holder::Account, window: SECOND, slides: false, limit: limit(most, 0) };
        let most = settings.calls_per_ten_seconds;
        Self {
            orders: second("orders in a second", settings.orders_per_second),
            cancels: second("cancels in a second", settings.cancels_per_second),
            calls: limit(most, part(most, settings.watch_percent)),
        }
    }

    fn pool(&self, call: &Call) -> Pool {
        let endpoint =
            |holder| Pool { name: call.endpoint, holder, window: TEN_SECONDS, slides: false, limit: self.calls };
        match call.limit {
            Limit::Place => self.orders,
            Limit::Cancel => self.cancels,
            Limit::Private => endpoint(Holder::Account),
            Limit::Public => endpoint(Holder::Address),
        }
    }

    /// What the call takes.
    pub(crate) fn charges(&self, call: &Call) -> Vec<Charge> {
        vec![Charge { pool: self.pool(call), weight: 1 }]
    }

    /// What the venue says has been used: it tells what is left. Where that is nothing it also says until when, and silence
    /// lasts until then, not until our window ends.
    pub(crate) fn used(&self, call: &Call, answer: &HttpResponse) -> Vec<(Pool, u32)> {
        if answer.status == TOO_MANY_REQUESTS {
            return Vec::new();
        }
        let pool = self.pool(call);
        let told = answer.header("x-gate-ratelimit-requests-remain").and_then(|left| left.trim().parse::<u32>().ok());
        told.map(|left| (pool, pool.limit.most.saturating_sub(left))).into_iter().collect()
    }

    /// What the venue wants no more of, after such a failure: what the limit is about, and, where the gateway says no
    /// without a word of the venue's own, everything.
    pub(crate) fn silenced(&self, call: &Call, failure: &Failure) -> Silenced {
        let everything = failure.status == 403;
        Silenced { pool: (!everything).then(|| self.pool(call)), window: if everything { MINUTE } else { SECOND } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::classify;
    use crate::wire::request;
    use plimsoll_domain::Timestamp;
    use plimsoll_transport::Priority;
    use plimsoll_venue::{Budgets, Wait};

    /// A whole minute, by anybody's clock.
    const NOW: Timestamp = Timestamp::from_millis(1_700_000_040_000);

    fn seconds(count: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(count))
    }

    fn tight(venue: &str) -> (Limits, Budgets) {
        let settings = Settings { orders_per_second: 10, cancels_per_second: 5, ..Settings::default() };
        let settings = Settings { calls_per_ten_seconds: 10, reserve_percent: 20, watch_percent: 30, ..settings };
        (Limits::new(&settings), Budgets::new(venue, None))
    }

    fn admit((limits, budgets): &(Limits, Budgets), call: &Call, priority: Priority) -> Result<(), Timestamp> {
        budgets.admit(&limits.charges(call), priority, NOW)
    }

    fn order() -> Call {
        request::amend(
            request::WhichOrder::Id(&plimsoll_domain::OrderId::new("1")),
            plimsoll_domain::Side::Buy,
            plimsoll_domain::Decimal::ONE,
            "1".parse().unwrap(),
        )
    }

    #[test]
    fn orders_have_a_reserve_and_leave_cancels_alone() {
        let kept = tight("gate orders");
        for _ in 0..8 {
            assert_eq!(admit(&kept, &order(), Priority::Ordinary), Ok(()));
        }
        assert_eq!(admit(&kept, &order(), Priority::Ordinary), Err(seconds(1)));
        assert_eq!(admit(&kept, &order(), Priority::ReducesRisk), Ok(()));
        assert_eq!(admit(&kept, &request::cancel_all("BTC_USDT"), Priority::ReducesRisk), Ok(()));
    }

    #[test]
    fn every_endpoint_has_a_limit_of_its_own() {
        let kept = tight("gate endpoints");
        for _ in 0..5 {
            assert_eq!(admit(&kept, &request::account(), Priority::Ordinary), Ok(()));
        }
        assert_eq!(admit(&kept, &request::account(), Priority::Ordinary), Err(seconds(10)));
        assert_eq!(admit(&kept, &request::account(), Priority::Watches), Ok(()));
        assert_eq!(admit(&kept, &request::positions(true, 0), Priority::Ordinary), Ok(()));
        let public = request::contracts(0);
        assert_eq!(admit(&kept, &public, Priority::Ordinary), Ok(()));
    }

    #[test]
    fn what_is_left_by_the_headers_counts() {
        let (limits, budgets) = tight("gate headers");
        let answer = |left: &str| {
            let headers = [("x-gate-ratelimit-requests-remain", left)];
            let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            HttpResponse { status: 200, headers, body: Vec::new() }
        };
        for odd in ["-1", "", "many"] {
            assert_eq!(limits.used(&order(), &answer(odd)), [], "{odd}");
        }
        let over = HttpResponse { status: 429, ..answer("0") };
        assert_eq!(limits.used(&order(), &over), [], "until when is said beside it");
        let used = limits.used(&order(), &answer("1"));
        assert_eq!(used, [(limits.pool(&order()), 9)]);
        budgets.observe(&used, NOW, NOW);
        assert!(budgets.admit(&limits.charges(&order()), Priority::Ordinary, NOW).is_err());
    }

    #[test]
    fn a_limit_silences_what_it_is_about_and_a_firewall_everything() {
        let (limits, budgets) = tight("gate silence");
        let limit = classify(429, Wait::Unsaid, br#"{"label":"TOO_MANY_REQUESTS"}"#, true);
        assert!(limits.silenced(&order(), &limit).pool.is_some());
        let wall = classify(403, Wait::Unsaid, b"<html>", true);
        assert_eq!(limits.silenced(&order(), &wall).pool, None);
        budgets.silence(limits.silenced(&order(), &wall), wall.wait, NOW);
        assert_eq!(budgets.silent_until(NOW), Some(seconds(60)));
    }
}
