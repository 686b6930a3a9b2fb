//! The venue's limits, and what of them a call takes.

use crate::endpoints::Settings;
use crate::wire::Call;
use crate::wire::request::Scope;
use plimsoll_transport::WeightLimit;
use plimsoll_venue::{Charge, Failure, Holder, Pool, Silenced};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
/// A second of the venue's, and by how much calls that leave us a second apart may come closer on their way.
const SECOND_AND_JITTER: Duration = Duration::from_millis(1100);
const MINUTE: Duration = Duration::from_secs(60);

/// What the venue counts: each endpoint's calls in a second, and all requests of an address in a minute.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    minute: Pool,
    scale: u32,
    reserve_percent: u32,
}

impl Limits {
    pub(crate) fn new(settings: &Settings) -> Self {
        let limit = WeightLimit {
            most: settings.requests_per_minute,
            reserve: settings.request_reserve,
            watch: settings.requests_to_watch,
        };
        let minute =
            Pool { name: "requests in a minute", holder: Holder::Address, window: MINUTE, slides: false, limit };
        let reserve_percent = settings.endpoint_reserve_percent.min(100);
        Self { minute, scale: settings.endpoint_scale, reserve_percent }
    }

    /// What the call takes.
    pub(crate) fn charges(&self, call: &Call) -> Vec<Charge> {
        vec![Charge { pool: self.endpoint(call), weight: 1 }, Charge { pool: self.minute, weight: 1 }]
    }

    /// Nobody knows when the venue's seconds begin: what is not exceeded in any second is not exceeded in one of its own.
    /// What reduces risk may use all of it, whoever watches all but the reserve, and everything else a part of the half, so
    /// that another process of the account's may ask as well. Two that watch in the same second could come beyond it together:
    /// neither asks for half as much but while it starts.
    fn endpoint(&self, call: &Call) -> Pool {
        let holder = match call.scope {
            Scope::Address => Holder::Address,
            Scope::Account => Holder::Account,
        };
        let most = call.per_second.saturating_mul(self.scale).max(1);
        let half = (most / 2).max(1);
        let ordinary = half.saturating_sub(half / 100 * self.reserve_percent + half % 100 * self.reserve_percent / 100);
        let reserve = most / 100 * self.reserve_percent + (most % 100 * self.reserve_percent).div_ceil(100);
        let watch = most.saturating_sub(reserve).saturating_sub(ordinary);
        let limit = WeightLimit { most, reserve, watch };
        Pool { name: call.path, holder, window: SECOND_AND_JITTER, slides: true, limit }
    }

    /// What the venue wants no more of, after such a failure. It does not say which limit was broken: the endpoint's is the
    /// likelier one by far, and whoever wants out at another endpoint is to be heard still.
    pub(crate) fn silenced(&self, call: &Call, failure: &Failure) -> Silenced {
        let limited = failure.status == 429 || failure.code == "429";
        if limited {
            Silenced { pool: Some(self.endpoint(call)), window: SECOND }
        } else {
            Silenced { pool: None, window: MINUTE }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::classify;
    use crate::wire::request::{self, WhichOrder};
    use plimsoll_domain::{ClientOrderId, Timestamp};
    use plimsoll_transport::Priority;
    use plimsoll_venue::Budgets;

    /// A whole minute, by anybody's clock.
    const NOW: Timestamp = Timestamp::from_millis(1_700_000_040_000);

    fn seconds(count: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(count))
    }

    struct Kept {
        limits: Limits,
        budgets: Budgets,
    }

    impl Kept {
        fn new(venue: &str) -> Self {
            Self { limits: Limits::new(&Settings::default()), budgets: Budgets::new(venue, Some(1)) }
        }

        fn admit(&self, call: &Call, priority: Priority, now: Timestamp) -> Result<(), Timestamp> {
            self.budgets.admit(&self.limits.charges(call), priority, now)
        }
    }

    fn cancel() -> Call {
        request::cancel("BTCUSDT", WhichOrder::Client(&ClientOrderId::new("a").unwrap()))
    }

    #[test]
    fn each_endpoint_has_a_second_of_its_own_with_a_reserve() {
        let kept = Kept::new("bitget endpoints");
        let next = NOW.plus(SECOND_AND_JITTER);
        for _ in 0..4 {
            assert_eq!(kept.admit(&cancel(), Priority::Ordinary, NOW), Ok(()));
        }
        assert_eq!(kept.admit(&cancel(), Priority::Ordinary, NOW), Err(next));
        assert_eq!(kept.admit(&request::positions(None), Priority::Ordinary, NOW), Ok(()), "another endpoint");
        for _ in 4..10 {
            assert_eq!(kept.admit(&cancel(), Priority::ReducesRisk, seconds(1)), Ok(()));
        }
        assert_eq!(kept.admit(&cancel(), Priority::ReducesRisk, seconds(1)), Err(next), "that were all ten");
        assert_eq!(kept.admit(&cancel(), Priority::ReducesRisk, next), Ok(()), "the first four are over");
        assert_eq!(kept.admit(&cancel(), Priority::Ordinary, next), Err(seconds(1).plus(SECOND_AND_JITTER)));
    }

    #[test]
    fn whoever_watches_reads_the_account_twice_in_a_second_and_leaves_the_reserve_alone() {
        let kept = Kept::new("bitget watching");
        let plans = || request::open_plans(request::PlanKind::Trailing, None, None);
        for _ in 0..8 {
            assert_eq!(kept.admit(&plans(), Priority::Watches, NOW), Ok(()));
        }
        for (call, most) in [(plans(), 10), (request::positions(None), 5)] {
            assert_eq!(call.per_second, most, "by the venue's documentation");
        }
        let next = NOW.plus(SECOND_AND_JITTER);
        assert_eq!(kept.admit(&plans(), Priority::Watches, NOW), Err(next));
        for _ in 8..10 {
            assert_eq!(kept.admit(&plans(), Priority::ReducesRisk, NOW), Ok(()));
        }
        assert_eq!(kept.admit(&plans(), Priority::ReducesRisk, NOW), Err(next), "no faster than the venue takes them");
        for _ in 0..4 {
            assert_eq!(kept.admit(&request::positions(None), Priority::Watches, NOW), Ok(()));
        }
        assert_eq!(kept.admit(&request::positions(None), Priority::Watches, NOW), Err(next));
        assert_eq!(kept.admit(&request::positions(None), Priority::ReducesRisk, NOW), Ok(()));
    }

    #[test]
    fn too_many_requests_silence_their_endpoint_alone() {
        let kept = Kept::new("bitget silence");
        let failure = classify(429, None, br#"{"code":"429","msg":"Too Many Requests"}"#, true);
        let call = request::positions(None);
        kept.budgets.silence(kept.limits.silenced(&call, &failure), failure.wait, NOW);
        assert!(kept.admit(&call, Priority::ReducesRisk, NOW).is_err());
        assert_eq!(kept.admit(&cancel(), Priority::ReducesRisk, NOW), Ok(()));
    }
}
