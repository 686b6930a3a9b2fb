//! What may still be asked of a venue: its limits, kept here before it has to.

use crate::failure::Wait;
use plimsoll_domain::Timestamp;
use plimsoll_transport::{Backoff, BackoffSettings, Priority, WeightBudget, WeightLimit};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// The longest silence that a venue is believed to want: a number that is no time must not silence us for ever.
const LONGEST_SILENCE: Duration = Duration::from_secs(3 * 24 * 3600);

/// Something of which a venue allows so much within each window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// Its name, unique among the pools of its holder: an endpoint, or what several have in common.
    pub name: &'static str,
    /// Who it is counted for.
    pub holder: Holder,
    /// How long a window is. Windows begin at whole multiples of it since 1970, by the venue's clock, unless they slide.
    pub window: Duration,
    /// Nobody knows when the venue's windows begin: every stretch of that length counts.
    pub slides: bool,
    /// What is allowed within one, and to whom.
    pub limit: WeightLimit,
}

/// Who a venue counts requests for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// Our address: every account and every feed of this process that asks the same venue counts together.
    Address,
    /// The account that the client is for.
    Account,
}

/// What a call takes out of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// Out of this one.
    pub pool: Pool,
    /// So much.
    pub weight: u32,
}

/// What the venue wants no more of for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silenced {
    /// What is charged to this pool; `None` for everything.
    pub pool: Option<Pool>,
    /// What is used up where the venue does not say for how long: silence lasts to the end of such a window.
    pub window: Duration,
}

/// What somebody has used.
#[derive(Debug, Default)]
struct Pools(BTreeMap<&'static str, WeightBudget>);

impl Pools {
    fn of(&mut self, pool: Pool) -> &mut WeightBudget {
        let window = millis(pool.window);
        let fresh = || if pool.slides { WeightBudget::sliding(window) } else { WeightBudget::new(window) };
        self.0.entry(pool.name).or_insert_with(fresh)
    }
}

#[derive(Debug)]
struct Address {
    pools: Pools,
    /// Until then, in milliseconds since 1970, the venue wants nothing at all.
    silent_until: i64,
    /// How long to stay away when the venue has had enough and does not say for how long.
    backoff: Backoff,
}

/// A ban is the address's: it binds every client of this process that asks the same venue, whoever met it.
static ADDRESSES: Mutex<BTreeMap<String, Weak<Mutex<Address>>>> = Mutex::new(BTreeMap::new());

fn address(venue: &str, seed: Option<u64>) -> Arc<Mutex<Address>> {
    let mut addresses = ADDRESSES.lock().unwrap_or_else(PoisonError::into_inner);
    addresses.retain(|_, address| address.strong_count() > 0);
    if let Some(known) = addresses.get(venue).and_then(Weak::upgrade) {
        return known;
    }
    let backoff = BackoffSettings { first: Duration::from_secs(2), longest: Duration::from_secs(60), seed };
    let fresh = Address { pools: Pools::default(), silent_until: 0, backoff: Backoff::new(backoff) };
    let fresh = Arc::new(Mutex::new(fresh));
    addresses.insert(venue.to_owned(), Arc::downgrade(&fresh));
    fresh
}

/// The budgets of one client: those of its address, and those of its account. Times are the venue's.
#[derive(Debug)]
pub struct Budgets {
    address: Arc<Mutex<Address>>,
    account: Mutex<Pools>,
}

impl Budgets {
    /// The budgets of a client of this venue, whose name is the scheme and host of its REST interface. `seed` makes the
    /// jitter of the back-off repeatable.
    #[must_use]
    pub fn new(venue: &str, seed: Option<u64>) -> Self {
        Self { address: address(venue.trim_end_matches('/'), seed), account: Mutex::default() }
    }

    /// Takes the charges out of every pool, or out of none.
    ///
    /// # Errors
    /// The time from which it is worth asking again.
    pub fn admit(&self, charges: &[Charge], priority: Priority, now: Timestamp) -> Result<(), Timestamp> {
        let now = now.as_millis();
        let (mut address, mut account) = (self.address(), self.account());
        if now < address.silent_until {
            return Err(Timestamp::from_millis(address.silent_until));
        }
        for Charge { pool, weight } in charges {
            let used = holder(*pool, &mut address.pools, &mut account);
            used.check(pool.limit, *weight, priority, now).map_err(Timestamp::from_millis)?;
        }
        for Charge { pool, weight } in charges {
            holder(*pool, &mut address.pools, &mut account).take(*weight, now);
        }
        Ok(())
    }

    /// Takes note of how much the venue says has been used of which pools, in its answer to what was sent at `sent`.
    pub fn observe(&self, used: &[(Pool, u32)], sent: Timestamp, now: Timestamp) {
        if used.is_empty() {
            return;
        }
        let (mut address, mut account) = (self.address(), self.account());
        for (pool, used) in used {
            holder(*pool, &mut address.pools, &mut account).observe(*used, sent.as_millis(), now.as_millis());
        }
    }

    /// The venue has answered as one does who is not overrun.
    pub fn welcome(&self) {
        self.address().backoff.reset();
    }

    /// The venue wants no such calls for a while: until when, if that is what `wait` says.
    pub fn silence(&self, silenced: Silenced, wait: Wait, now: Timestamp) -> Option<Timestamp> {
        let (mut address, mut account) = (self.address(), self.account());
        let until = match wait {
            Wait::None => return None,
            // To the end of the window, and a little more than others.
            Wait::Unsaid => window_end(silenced.window, now).plus(address.backoff.next_wait()),
            Wait::For(wait) => now.plus(wait.min(LONGEST_SILENCE)),
            Wait::Until(until) => until.min(now.plus(LONGEST_SILENCE)),
        };
        match silenced.pool {
            Some(pool) => holder(pool, &mut address.pools, &mut account).silence(until.as_millis()),
            None => address.silent_until = address.silent_until.max(until.as_millis()),
        }
        Some(until)
    }

    /// When the silence ends that the venue has asked this address for, if it is not over.
    #[must_use]
    pub fn silent_until(&self, now: Timestamp) -> Option<Timestamp> {
        Some(Timestamp::from_millis(self.address().silent_until)).filter(|until| now < *until)
    }

    fn address(&self) -> MutexGuard<'_, Address> {
        self.address.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn account(&self) -> MutexGuard<'_, Pools> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn holder<'a>(pool: Pool, address: &'a mut Pools, account: &'a mut Pools) -> &'a mut WeightBudget {
    match pool.holder {
        Holder::Address => address.of(pool),
        Holder::Account => account.of(pool),
    }
}

fn millis(window: Duration) -> i64 {
    i64::try_from(window.as_millis()).unwrap_or(i64::MAX).max(1)
}

fn window_end(window: Duration, now: Timestamp) -> Timestamp {
    let window = millis(window);
    Timestamp::from_millis(now.as_millis().div_euclid(window).saturating_add(1).saturating_mul(window))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A whole minute, by anybody's clock.
    const NOW: Timestamp = Timestamp::from_millis(1_700_000_040_000);
    const MINUTE: Duration = Duration::from_secs(60);

    const fn pool(name: &'static str, holder: Holder, most: u32) -> Pool {
        Pool { name, holder, window: MINUTE, slides: false, limit: WeightLimit { most, reserve: 0, watch: 0 } }
    }

    const ASKED: Pool = pool("asked", Holder::Address, 10);
    const ORDERS: Pool = pool("orders", Holder::Account, 3);
    const EVERYTHING: Silenced = Silenced { pool: None, window: MINUTE };

    fn seconds(count: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(count))
    }

    fn ask(budgets: &Budgets) -> Result<(), Timestamp> {
        budgets.admit(&[Charge { pool: ASKED, weight: 1 }], Priority::Ordinary, NOW)
    }

    fn order(budgets: &Budgets) -> Result<(), Timestamp> {
        let charges = [ASKED, ORDERS].map(|pool| Charge { pool, weight: 1 });
        budgets.admit(&charges, Priority::Ordinary, NOW)
    }

    #[test]
    fn a_call_that_is_refused_by_one_pool_takes_from_none() {
        let budgets = Budgets::new("refused", None);
        for _ in 0..3 {
            assert_eq!(order(&budgets), Ok(()));
        }
        for _ in 0..20 {
            assert_eq!(order(&budgets), Err(seconds(60)));
        }
        for _ in 0..7 {
            assert_eq!(ask(&budgets), Ok(()));
        }
        assert_eq!(ask(&budgets), Err(seconds(60)));
    }

    #[test]
    fn an_address_is_shared_and_an_account_is_not() {
        let (one, other) = (Budgets::new("shared", None), Budgets::new("shared/", None));
        for _ in 0..3 {
            assert_eq!((order(&one), order(&other)), (Ok(()), Ok(())));
        }
        for _ in 0..4 {
            assert_eq!(ask(&one), Ok(()));
        }
        assert_eq!(ask(&other), Err(seconds(60)));
    }

    #[test]
    fn what_the_venue_counts_wins() {
        let budgets = Budgets::new("counted", None);
        budgets.observe(&[(ORDERS, 3)], NOW, NOW);
        assert_eq!((order(&budgets), ask(&budgets)), (Err(seconds(60)), Ok(())));
    }

    #[test]
    fn a_ban_binds_every_client_of_the_address_and_no_other() {
        let [met, beside, elsewhere] = ["banned", "banned", "not banned"].map(|venue| Budgets::new(venue, None));
        assert_eq!(met.silence(EVERYTHING, Wait::Until(seconds(100)), NOW), Some(seconds(100)));
        for budgets in [&met, &beside] {
            assert_eq!(ask(budgets), Err(seconds(100)));
            assert_eq!(budgets.silent_until(NOW), Some(seconds(100)));
            assert_eq!(budgets.silent_until(seconds(100)), None);
        }
        assert_eq!(ask(&elsewhere), Ok(()));
    }

    #[test]
    fn a_client_that_is_gone_leaves_nothing_behind() {
        Budgets::new("left", None).silence(EVERYTHING, Wait::For(MINUTE), NOW);
        assert_eq!(Budgets::new("left", None).silent_until(NOW), None);
    }

    #[test]
    fn one_pool_that_is_silenced_leaves_the_others_alone() {
        let budgets = Budgets::new("one pool", None);
        let orders = Silenced { pool: Some(ORDERS), window: MINUTE };
        assert_eq!(budgets.silence(orders, Wait::For(Duration::from_secs(7)), NOW), Some(seconds(7)));
        assert_eq!((order(&budgets), ask(&budgets)), (Err(seconds(7)), Ok(())));
        assert_eq!(budgets.silent_until(NOW), None);
        assert_eq!(budgets.silence(orders, Wait::None, NOW), None);
    }

    #[test]
    fn without_a_time_it_stays_away_for_the_window_and_longer_each_time() {
        let budgets = Budgets::new("jitter", None);
        let mut waits = Vec::new();
        for _ in 0..5 {
            let until = budgets.silence(EVERYTHING, Wait::Unsaid, NOW).unwrap();
            waits.push(until.since(seconds(60)));
        }
        assert!(waits[0] >= Duration::from_secs(1) && waits[0] <= Duration::from_secs(2), "{waits:?}");
        assert!(waits[4] >= Duration::from_secs(16) && waits[4] <= Duration::from_secs(32), "{waits:?}");
        budgets.welcome();
        let until = budgets.silence(EVERYTHING, Wait::Unsaid, NOW).unwrap();
        assert!(until <= seconds(62), "it has begun again");
    }

    #[test]
    fn no_number_of_a_venue_silences_for_ever() {
        for wait in [Wait::For(Duration::MAX), Wait::Until(Timestamp::from_millis(9_999_999_999_999))] {
            let budgets = Budgets::new("for ever", None);
            assert_eq!(budgets.silence(EVERYTHING, wait, NOW), Some(NOW.plus(LONGEST_SILENCE)));
        }
    }
}
