//! The equity curve.

mod thinned;

pub use thinned::ThinnedCurve;

use super::StoreError;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, MarginRatio, Money, Timestamp};
use std::time::Duration;

/// The equity curve of every account.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait EquityRepository: Send + Sync {
    /// Records one point; known by account and time. The same point again changes nothing; another point of the same
    /// moment is a [`StoreError::Conflict`].
    async fn snapshot(&self, snapshot: &PnlSnapshot) -> Result<(), StoreError>;

    /// The points of the `days` times 24 hours up to and with `now`, oldest first. A point exactly that old is outside.
    async fn curve(&self, account: &AccountId, days: u32, now: Timestamp) -> Result<Vec<PnlSnapshot>, StoreError>;

    /// What of the same curve is to be drawn: see [`ThinnedCurve`], which says how many `points` it has at most. A store that
    /// does not choose them itself reads all of them.
    async fn thinned(
        &self,
        account: &AccountId,
        days: u32,
        points: u32,
        now: Timestamp,
    ) -> Result<ThinnedCurve, StoreError> {
        Ok(ThinnedCurve::of(self.curve(account, days, now).await?, points))
    }

    /// The highest equity on record.
    async fn peak(&self, account: &AccountId) -> Result<Option<Money>, StoreError>;

    /// The most that the account had earned ([`PnlSnapshot::earned`]) at any point on record up to and with `now`: what
    /// drawdown is counted from, since deposits and withdrawals do not move it. It is asked for once a process; a store
    /// that does not keep it reads its curve, a day at a time.
    async fn peak_earned(&self, account: &AccountId, now: Timestamp) -> Result<Option<Money>, StoreError> {
        let Some(first) = self.first_since(account, Timestamp::default()).await? else { return Ok(None) };
        let (mut peak, mut until) = (None, now);
        while until >= first.time {
            let highest = self.curve(account, 1, until).await?.iter().map(PnlSnapshot::earned).max();
            peak = peak.max(highest);
            until = until.minus(DAY);
        }
        Ok(peak)
    }

    /// The first point at or after `since`.
    async fn first_since(&self, account: &AccountId, since: Timestamp) -> Result<Option<PnlSnapshot>, StoreError>;

    /// The last point of the 24 hours up to and with `until`. A store that does not look it up reads them all.
    async fn last_until(&self, account: &AccountId, until: Timestamp) -> Result<Option<PnlSnapshot>, StoreError> {
        Ok(self.curve(account, 1, until).await?.pop())
    }
}

/// One point of the equity curve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PnlSnapshot {
    /// Whose.
    pub account: AccountId,
    /// When.
    pub time: Timestamp,
    /// Everything but unrealised profit.
    pub wallet: Money,
    /// Profit of the open positions at the mark, before fees.
    pub unrealized_pnl: Money,
    /// Profit realised since the records began, before fees and funding.
    pub realized_pnl: Money,
    /// Fees since the records began; positive is paid.
    pub fees: Money,
    /// Funding since the records began; positive is paid.
    pub funding: Money,
    /// What was earned otherwise since the records began: liquidation clearance, rebates, whatever changed the wallet and
    /// is no transfer; positive is received.
    pub adjustments: Money,
    /// The account's margin ratio; `None` with no positions.
    pub margin_ratio: Option<MarginRatio>,
    /// How many positions are open.
    pub open_positions: u32,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl PnlSnapshot {
    /// Realised profit less fees and funding, adjustments, and what is unrealised: what the records say was earned. Deposits and
    /// withdrawals are no part of it.
    #[must_use]
    pub fn earned(&self) -> Money {
        self.realized_pnl - self.fees - self.funding + self.adjustments + self.unrealized_pnl
    }

    /// Wallet and unrealised profit.
    #[must_use]
    pub fn equity(&self) -> Money {
        self.wallet + self.unrealized_pnl
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A curve and nothing else.
    struct Curve(Vec<PnlSnapshot>);

    #[async_trait]
    impl EquityRepository for Curve {
        async fn snapshot(&self, _: &PnlSnapshot) -> Result<(), StoreError> {
            Ok(())
        }

        async fn curve(&self, _: &AccountId, days: u32, now: Timestamp) -> Result<Vec<PnlSnapshot>, StoreError> {
            let from = now.minus(DAY * days);
            Ok(self.0.iter().filter(|point| point.time > from && point.time <= now).cloned().collect())
        }

        async fn peak(&self, _: &AccountId) -> Result<Option<Money>, StoreError> {
            Ok(None)
        }

        async fn first_since(&self, _: &AccountId, since: Timestamp) -> Result<Option<PnlSnapshot>, StoreError> {
            Ok(self.0.iter().find(|point| point.time >= since).cloned())
        }
    }

    fn point(hour: i64, realized: &str, wallet: &str) -> PnlSnapshot {
        let money = |text: &str| text.parse().unwrap();
        PnlSnapshot {
            account: AccountId::new("main"),
            time: Timestamp::from_millis(hour * 3_600_000),
            wallet: money(wallet),
            unrealized_pnl: money("5"),
            realized_pnl: money(realized),
            fees: money("2"),
            funding: money("1"),
            adjustments: Money::ZERO,
            margin_ratio: None,
            open_positions: 0,
        }
    }

    #[tokio::test]
    async fn the_peak_of_earnings_is_found_on_any_day_and_not_moved_by_the_wallet() {
        let account = AccountId::new("main");
        for highest in [0, 1, 23, 24, 25, 48, 71, 72] {
            let curve = (0..=72).map(|hour| point(hour, if hour == highest { "100" } else { "-7" }, "9000")).collect();
            let peak = Curve(curve).peak_earned(&account, Timestamp::from_millis(72 * 3_600_000)).await;
            assert_eq!(peak, Ok(Some("102".parse().unwrap())), "at hour {highest}");
        }
        assert_eq!(Curve(Vec::new()).peak_earned(&account, Timestamp::default()).await, Ok(None));
    }
}
