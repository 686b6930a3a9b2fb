//! A stream that has gone deaf without a word: the venue has done something, and the stream has told of nothing since.

use plimsoll_domain::{AccountSnapshot, Fill, Timestamp};
use std::time::Duration;
use tokio::time::Instant;

/// The venue's clock and ours may differ by the thousandth part of what they count.
const DRIFT: u32 = 1000;

/// How long a stream has told of nothing, by our clock and by the time that passes: the shorter of the two. A simulated clock
/// may be slow, and one that is set forward makes no silence; one that is set back hides no more of it than what had passed
/// since the last look at it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Silence {
    since: Instant,
    /// What our clock showed at the last look, and what it had counted by then.
    shown: Timestamp,
    counted: Duration,
}

impl Silence {
    /// Something is heard now.
    pub(super) const fn begun(shown: Timestamp, now: Instant) -> Self {
        Self { since: now, shown, counted: Duration::ZERO }
    }

    /// How long it is now.
    pub(super) fn until(&mut self, shown: Timestamp, now: Instant) -> Duration {
        self.counted = self.counted.saturating_add(shown.since(self.shown));
        self.shown = shown;
        self.counted.min(now.saturating_duration_since(self.since))
    }
}

/// When the account is looked at because its stream tells nothing: soon after it has fallen silent, since a stream that told
/// of much does not fall silent for nothing, and later each time that it was right to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looks {
    soonest: Duration,
    latest: Duration,
    since: Instant,
    wait: Duration,
    /// No look before this: one that is right to be silent, a little at a time, is not to be asked all the time.
    not_before: Instant,
}

/// What comes in a trickle is looked at no more often than this many times the soonest look.
const APART: u32 = 3;
/// A wait that is set to nothing would be a storm of questions.
const SHORTEST: Duration = Duration::from_millis(10);

impl Looks {
    /// The first look is when what was done a while after the last news has been [untold] for its time: of a busy account
    /// there is always something. There is one this often at least.
    pub(super) fn new(told_within: Duration, every: Duration, now: Instant) -> Self {
        let latest = every.max(SHORTEST);
        let soonest = (told_within.saturating_mul(5) / 2).clamp(SHORTEST, latest);
        Self { soonest, latest, since: now, wait: soonest, not_before: now }
    }

    /// The stream tells something, or is made whole.
    pub(super) const fn heard(&mut self, now: Instant) {
        (self.since, self.wait) = (now, self.soonest);
    }

    /// The account was looked at.
    pub(super) fn looked(&mut self, now: Instant) {
        (self.since, self.wait) = (now, self.wait.saturating_mul(2).min(self.latest));
        self.not_before = now + self.soonest.saturating_mul(APART).min(self.latest);
    }

    /// The account could not be read: whether the stream is deaf is as open as it was, and is asked again after this.
    pub(super) fn blind(&mut self, now: Instant, again: Duration) {
        self.not_before = now + again.clamp(SHORTEST, self.latest);
    }

    /// When the next look is due, if nothing is told before.
    pub(super) fn due(&self) -> Instant {
        (self.since + self.wait).max(self.not_before)
    }
}

/// What the venue has done while the stream was silent for this long, and so long before this snapshot that it should have
/// been told. Conditional orders do not count: not every stream tells of them.
pub(super) fn untold(
    silence: Duration,
    told_within: Duration,
    snapshot: &AccountSnapshot,
    fills: &[Fill],
) -> Option<String> {
    let margin = told_within.saturating_add(silence / DRIFT);
    let is_untold = |at: Timestamp| {
        let ago = snapshot.time.since(at);
        ago >= told_within && ago.saturating_add(margin) < silence
    };
    if let Some(fill) = fills.iter().find(|fill| is_untold(fill.time)) {
        return Some(format!("trade {} of {}", fill.trade_id, fill.symbol));
    }
    let ordinary = || snapshot.orders.iter().filter(|order| !order.order_type.is_conditional());
    let order = ordinary().find(|order| is_untold(order.updated.time))?;
    Some(format!("order {} of {}", order.order_id, order.symbol))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::{
        ClientOrderId, FillCause, Money, Order, OrderId, OrderType, PositionMode, PositionSide, Side, Symbol, TradeId,
    };

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn symbol() -> Symbol {
        Symbol::new("BTC", "USDT", "USDT").unwrap()
    }

    fn before(seconds: u64) -> Timestamp {
        NOW.minus(Duration::from_secs(seconds))
    }

    fn fill(seconds: u64) -> Fill {
        Fill {
            trade_id: TradeId::new("7"),
            order_id: OrderId::new("1"),
            client_order_id: ClientOrderId::reported("one"),
            symbol: symbol(),
            side: Side::Buy,
            position_side: PositionSide::Both,
            price: "60000".parse().unwrap(),
            quantity: "0.01".parse().unwrap(),
            fee: Money::ZERO,
            fee_currency: None,
            liquidity: None,
            realized_pnl: None,
            cause: FillCause::Order,
            time: before(seconds),
        }
    }

    fn order(order_type: OrderType, seconds: u64) -> Order {
        super::super::tests::order(order_type, before(seconds))
    }

    fn check(silence: u64, orders: &[Order], fills: &[Fill], expected: Option<&str>) {
        let snapshot = AccountSnapshot {
            position_mode: PositionMode::OneWay,
            positions: Vec::new(),
            orders: orders.to_vec(),
            balances: Vec::new(),
            time: NOW,
        };
        let found = untold(Duration::from_secs(silence), Duration::from_secs(10), &snapshot, fills);
        assert_eq!(found.as_deref(), expected, "{silence} s, {orders:?}, {fills:?}");
    }

    #[test]
    fn a_stream_that_falls_silent_is_looked_into_soon_and_then_less_and_less_often() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut looks = Looks::new(10 * second, 300 * second, start);
        looks.heard(start + second);
        let mut waits = Vec::new();
        for _ in 0..6 {
            let due = looks.due();
            waits.push((due - start - second).as_secs());
            looks.looked(due);
        }
        assert_eq!(waits, [25, 100, 200, 400, 700, 1000]);
        looks.heard(start + 1500 * second);
        assert_eq!(looks.due(), start + 1525 * second);
    }

    #[test]
    fn a_look_that_shows_nothing_is_tried_again_soon() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut looks = Looks::new(10 * second, 300 * second, start);
        looks.heard(start);
        let mut due = looks.due();
        for after in [25, 30, 35] {
            assert_eq!(due, start + after * second);
            looks.blind(due, 5 * second);
            due = looks.due();
        }
        looks.looked(due);
        assert_eq!(looks.due(), start + 115 * second);
    }

    #[test]
    fn what_comes_in_a_trickle_is_not_looked_into_all_the_time() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut looks = Looks::new(10 * second, 300 * second, start);
        looks.looked(start + 25 * second);
        looks.heard(start + 26 * second);
        assert_eq!(looks.due(), start + 100 * second);
    }

    #[test]
    fn no_setting_makes_looks_follow_each_other_without_a_pause() {
        let start = Instant::now();
        for (told_within, every) in [(0, 0), (0, 300), (10, 0)] {
            let mut looks = Looks::new(Duration::from_secs(told_within), Duration::from_secs(every), start);
            assert!(looks.due() > start);
            looks.looked(start);
            assert!(looks.due() > start);
            looks.blind(start, Duration::ZERO);
            assert!(looks.due() > start);
        }
        assert_eq!(
            Looks::new(Duration::from_secs(10), Duration::from_secs(2), start).due(),
            start + Duration::from_secs(2)
        );
    }

    #[test]
    fn what_the_venue_has_done_in_a_silence_should_have_been_told() {
        let (trade, resting) = (Some("trade 7 of BTC/USDT:USDT"), Some("order 1 of BTC/USDT:USDT"));
        check(300, &[], &[], None);
        check(300, &[], &[fill(60)], trade);
        check(300, &[order(OrderType::Limit, 60)], &[], resting);
        // It is on its way, or was told before the silence began.
        for seconds in [0, 3, 9, 290, 300, 301, 4000] {
            check(300, &[order(OrderType::Limit, seconds)], &[fill(seconds)], None);
        }
        check(15, &[order(OrderType::Limit, 12)], &[fill(12)], None);
        // Clocks that count for long come apart.
        check(100_000, &[], &[fill(99_880)], trade);
        check(100_000, &[], &[fill(99_920)], None);
        // Not every stream tells of these.
        check(300, &[order(OrderType::StopMarket, 60)], &[], None);
    }

    #[test]
    fn a_silence_is_no_longer_than_by_our_clock_and_by_the_time_that_passes() {
        let begun = Instant::now();
        let silent = |looks: &[(i64, u64)]| {
            let mut silence = Silence::begun(NOW, begun);
            let look = |(shown, passed): &(i64, u64)| {
                let shown = Timestamp::from_millis(NOW.as_millis() + 1000 * shown);
                silence.until(shown, begun + Duration::from_secs(*passed)).as_secs()
            };
            looks.iter().map(look).collect::<Vec<_>>()
        };
        assert_eq!(silent(&[(60, 60), (90, 90)]), [60, 90]);
        assert_eq!(silent(&[(3660, 60)]), [60], "set forward by an hour");
        assert_eq!(silent(&[(300, 300), (-3000, 600), (-2700, 900)]), [300, 300, 600], "set back by an hour");
        assert_eq!(silent(&[(20, 600)]), [20], "simulated, and slow");
        assert_eq!(silent(&[(0, 600)]), [0], "simulated, and standing still");
    }
}
