//! What may still be asked of the venue: its limits, kept here before it has to.

use crate::endpoints::Settings;
use crate::wire::Call;
use plimsoll_domain::Timestamp;
use plimsoll_transport::{Backoff, BackoffSettings, HttpResponse, Priority, WeightBudget, WeightLimit};
use plimsoll_venue::{Failure, Wait};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// Too many orders within ten seconds or a minute.
const ORDER_LIMIT: &str = "-1015";

/// The longest ban that the venue gives an address.
const LONGEST_BAN: Duration = Duration::from_secs(3 * 24 * 3600);

const MINUTE_MS: i64 = 60_000;

/// Calls for funding rates have a pool of their own: so many in five minutes.
const FUNDING: WeightLimit = WeightLimit { most: 500, reserve: 0, watch: 0 };

/// What one address has used: every account and every feed behind it counts together.
struct Address {
    weight: WeightBudget,
    funding: WeightBudget,
    /// How long to stay away when the venue has had enough and does not say for how long.
    backoff: Backoff,
}

impl Address {
    fn new(backoff: BackoffSettings) -> Self {
        let settings =
            BackoffSettings { first: Duration::from_secs(2), longest: Duration::from_secs(60), seed: backoff.seed };
        Self {
            weight: WeightBudget::new(MINUTE_MS),
            funding: WeightBudget::new(5 * MINUTE_MS),
            backoff: Backoff::new(settings),
        }
    }
}

/// A ban is the address's: it binds every client of this process that asks the same venue, whoever met it.
static ADDRESSES: Mutex<BTreeMap<String, Weak<Mutex<Address>>>> = Mutex::new(BTreeMap::new());

fn address(venue: &str, backoff: BackoffSettings) -> Arc<Mutex<Address>> {
    let mut addresses = ADDRESSES.lock().unwrap_or_else(PoisonError::into_inner);
    addresses.retain(|_, address| address.strong_count() > 0);
    if let Some(known) = addresses.get(venue).and_then(Weak::upgrade) {
        return known;
    }
    let fresh = Arc::new(Mutex::new(Address::new(backoff)));
    addresses.insert(venue.to_owned(), Arc::downgrade(&fresh));
    fresh
}

/// What one account has used.
struct Orders {
    ten_seconds: WeightBudget,
    minute: WeightBudget,
}

/// The budgets of one client: its address's, and its account's orders.
pub(crate) struct Budgets {
    address: Arc<Mutex<Address>>,
    orders: Mutex<Orders>,
    weight: WeightLimit,
    ten_seconds: WeightLimit,
    minute: WeightLimit,
}

impl Budgets {
    pub(crate) fn new(venue: &str, settings: &Settings) -> Self {
        let orders = |most: u32| {
            let part = u64::from(most) * u64::from(settings.order_reserve_percent.min(100)) / 100;
            WeightLimit { most, reserve: u32::try_from(part).unwrap_or(most), watch: 0 }
        };
        Self {
            address: address(venue.trim_end_matches('/'), settings.private_socket.backoff),
            orders: Mutex::new(Orders { ten_seconds: WeightBudget::new(10_000), minute: WeightBudget::new(MINUTE_MS) }),
            weight: WeightLimit {
                most: settings.weight_limit,
                reserve: settings.weight_reserve,
                watch: settings.weight_to_watch,
            },
            ten_seconds: orders(settings.orders_per_ten_seconds),
            minute: orders(settings.orders_per_minute),
        }
    }

    /// Takes the call out of every budget that it counts in, or out of none. Times are the venue's.
    ///
    /// # Errors
    /// The time from which it is worth asking again.
    pub(crate) fn admit(&self, call: &Call, priority: Priority, now: Timestamp) -> Result<(), Timestamp> {
        self.take(call, priority, now.as_millis()).map_err(Timestamp::from_millis)
    }

    fn take(&self, call: &Call, priority: Priority, now: i64) -> Result<(), i64> {
        let (mut address, mut orders) = (self.address(), self.orders());
        let counts = orders_of(call);
        address.weight.check(self.weight, call.weight, priority, now)?;
        if is_of_funding_pool(call) {
            address.funding.admit(FUNDING, 1, Priority::ReducesRisk, now)?;
        }
        if let Some((ten_seconds, minute)) = counts {
            orders.ten_seconds.check(self.ten_seconds, ten_seconds, priority, now)?;
            orders.minute.admit(self.minute, minute, priority, now)?;
            orders.ten_seconds.take(ten_seconds, now);
        }
        address.weight.take(call.weight, now);
        Ok(())
    }

    /// Takes note of what the venue says has been used.
    pub(crate) fn observe(&self, call: &Call, answer: &HttpResponse, sent: Timestamp, now: Timestamp) {
        let (sent, now) = (sent.as_millis(), now.as_millis());
        // Zero and less are what free calls show; this call's header is known to be wrong.
        let told = |name| answer.header(name).and_then(|used| used.parse::<u32>().ok()).filter(|used| *used > 0);
        if let Some(used) = told("x-mbx-used-weight-1m").filter(|_| !call.path.contains("/ticker/")) {
            self.address().weight.observe(used, sent, now);
        }
        if let Some(used) = told("x-mbx-order-count-10s") {
            self.orders().ten_seconds.observe(used, sent, now);
        }
        if let Some(used) = told("x-mbx-order-count-1m") {
            self.orders().minute.observe(used, sent, now);
        }
    }

    /// The venue has answered as one does who is not overrun.
    pub(crate) fn welcome(&self) {
        self.address().backoff.reset();
    }

    /// The venue wants no such calls for a while: until when, if that is what the failure says.
    pub(crate) fn silence(&self, call: &Call, failure: &Failure, now: Timestamp) -> Option<Timestamp> {
        let mut address = self.address();
        let until = match failure.wait {
            Wait::None => return None,
            // Where the venue does not say for how long: to the end of its minute, and a little more than others.
            Wait::Unsaid => {
                let minute = Timestamp::from_millis(address.weight.window_end(now.as_millis()));
                minute.plus(address.backoff.next_wait())
            }
            Wait::For(wait) => now.plus(wait.min(LONGEST_BAN)),
            // A number that is no time must not silence us for ever.
            Wait::Until(until) => until.min(now.plus(LONGEST_BAN)),
        };
        let millis = until.as_millis();
        if failure.code == ORDER_LIMIT {
            // The order limit is not the address's: cancels are wanted still.
            self.orders().ten_seconds.silence(millis);
        } else if is_of_funding_pool(call) && failure.status == 429 {
            // Its pool is empty, not the address's: whoever closes a position is heard still.
            address.funding.silence(millis);
        } else {
            address.weight.silence(millis);
        }
        Some(until)
    }

    /// When the silence ends that the venue has asked this address for, if it is not over.
    pub(crate) fn silent_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.address().weight.silent_until(now.as_millis()).map(Timestamp::from_millis)
    }

    fn address(&self) -> MutexGuard<'_, Address> {
        self.address.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the call takes from the order limits of ten seconds and of a minute.
fn orders_of(call: &Call) -> Option<(u32, u32)> {
    call.counts_as_order.then_some(if call.path.ends_with("/batchOrders") { (5, 1) } else { (1, 1) })
}

fn is_of_funding_pool(call: &Call) -> bool {
    matches!(call.path, "/fapi/v1/fundingRate" | "/fapi/v1/fundingInfo")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::classify;
    use crate::wire::request;

    /// A whole minute, by anybody's clock.
    const NOW: Timestamp = Timestamp::from_millis(1_700_000_040_000);

    fn seconds(count: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(count))
    }

    fn tight(venue: &str) -> Budgets {
        let settings = Settings { orders_per_ten_seconds: 10, orders_per_minute: 20, ..Settings::default() };
        Budgets::new(venue, &Settings { weight_limit: 100, weight_reserve: 20, weight_to_watch: 30, ..settings })
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
        budgets.observe(&order(), &answer(&[("x-mbx-order-count-10s", "9")]), NOW, NOW);
        assert_eq!(budgets.admit(&order(), Priority::Ordinary, NOW), Err(seconds(10)));
        budgets.observe(&order(), &answer(&[("x-mbx-order-count-1m", "20")]), seconds(10), seconds(10));
        assert_eq!(budgets.admit(&order(), Priority::ReducesRisk, seconds(10)), Err(seconds(60)));
    }

    #[test]
    fn a_header_that_is_no_count_is_passed_over() {
        let budgets = tight("odd headers");
        for odd in ["-1", "0", "", "many", "99999999999999999999"] {
            budgets.observe(&order(), &answer(&[("x-mbx-used-weight-1m", odd)]), NOW, NOW);
        }
        let wrong = request::book_ticker(None);
        budgets.observe(&wrong, &answer(&[("x-mbx-used-weight-1m", "100")]), NOW, NOW);
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
            assert_eq!(budgets.silent_until(NOW), Some(until));
        }
        assert_eq!(elsewhere.admit(&order(), Priority::Ordinary, NOW), Ok(()));
        assert_eq!(beside.admit(&order(), Priority::Ordinary, until), Ok(()));
    }

    #[test]
    fn a_client_that_is_gone_leaves_nothing_behind() {
        let ban = failure(418, Some(100), "");
        tight("left").silence(&order(), &ban, NOW);
        assert_eq!(tight("left").silent_until(NOW), None);
    }

    #[test]
    fn without_a_time_it_stays_away_for_the_minute_and_longer_each_time() {
        let budgets = tight("jitter");
        let limit = failure(429, None, r#"{"code":-1003,"msg":"Too many requests."}"#);
        let mut waits = Vec::new();
        for _ in 0..5 {
            let until = budgets.silence(&order(), &limit, NOW).unwrap();
            waits.push(until.since(seconds(60)));
        }
        assert!(waits[0] >= Duration::from_secs(1) && waits[0] <= Duration::from_secs(2), "{waits:?}");
        assert!(waits[4] >= Duration::from_secs(16) && waits[4] <= Duration::from_secs(32), "{waits:?}");
        budgets.welcome();
        let until = budgets.silence(&order(), &limit, NOW).unwrap();
        assert!(until <= seconds(62), "it has begun again");
    }

    #[test]
    fn no_number_of_the_venue_silences_for_ever() {
        let odd = r#"{"code":-1003,"msg":"IP banned until 9999999999999."}"#;
        for failure in [failure(418, Some(u64::MAX), ""), failure(418, None, odd), failure(429, Some(u64::MAX), "")] {
            let budgets = tight("for ever");
            assert_eq!(budgets.silence(&order(), &failure, NOW), Some(NOW.plus(LONGEST_BAN)));
        }
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
