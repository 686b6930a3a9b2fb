//! Figures for whoever collects them, through the `metrics` facade. Without the feature `metrics` nothing is recorded, and
//! no outside crate is linked.
//!
//! Each has the label `account`.
//!
//! | name | kind | what |
//! |---|---|---|
//! | `plimsoll_account_order_update_latency_seconds` | histogram | from the venue's change of an order to our hearing of it |
//! | `plimsoll_account_balance_changes_total` | counter | balances that changed |
//! | `plimsoll_account_position_updates_total` | counter | positions that changed, by symbol |
//! | `plimsoll_account_sessions_total` | counter | private sessions by `outcome`: `connected`, `lost`, `refused` |
//! | `plimsoll_account_gap_seconds` | histogram | how long the account was in doubt |
//! | `plimsoll_account_resync_seconds` | histogram | how long reading the account took |
//! | `plimsoll_account_audits_total`, `…_audit_differences_total` | counter | audits, and what they found |
//! | `plimsoll_account_liquidation_warnings_total` | counter | by `origin`: `venue`, `derived` |
//!
//! A session that ends before it was connected counts as `refused`: a wrong key, a venue that is away, or both. What an
//! account is at one moment is not recorded: a view and its [`Standing`](plimsoll_domain::Standing) tell it exactly, when
//! somebody asks.

use super::news::AccountNews;
use plimsoll_domain::{AccountEvent, AccountId, Change, Timestamp};
use std::time::Duration;

#[cfg(feature = "metrics")]
mod recorded {
    use super::super::news::Derived;
    use super::*;
    use metrics::{SharedString, counter, histogram};

    /// Records what happens on one account. Without a name it has the empty label.
    #[derive(Debug, Clone, Default)]
    pub(in super::super) struct Telemetry(SharedString);

    impl Telemetry {
        /// Nothing has happened yet, which is a figure too: whoever collects sees the first time as a change.
        pub(in super::super) fn of(account: &AccountId) -> Self {
            let account = SharedString::from(account.to_string());
            for outcome in ["connected", "lost", "refused"] {
                counter!("plimsoll_account_sessions_total", "account" => account.clone(), "outcome" => outcome)
                    .increment(0);
            }
            for origin in ["venue", "derived"] {
                counter!("plimsoll_account_liquidation_warnings_total", "account" => account.clone(), "origin" => origin)
                    .increment(0);
            }
            for name in [
                "plimsoll_account_balance_changes_total",
                "plimsoll_account_audits_total",
                "plimsoll_account_audit_differences_total",
            ] {
                counter!(name, "account" => account.clone()).increment(0);
            }
            for name in [
                "plimsoll_account_order_update_latency_seconds",
                "plimsoll_account_gap_seconds",
                "plimsoll_account_resync_seconds",
            ] {
                drop(histogram!(name, "account" => account.clone()));
            }
            Self(account)
        }

        pub(in super::super) fn connected(&self) {
            self.session("connected");
        }

        pub(in super::super) fn disconnected(&self, was_connected: bool) {
            self.session(if was_connected { "lost" } else { "refused" });
        }

        fn session(&self, outcome: &'static str) {
            counter!("plimsoll_account_sessions_total", "account" => self.0.clone(), "outcome" => outcome).increment(1);
        }

        pub(in super::super) fn event(&self, event: &AccountEvent, now: Timestamp) {
            if let AccountEvent::Order(order) = event {
                let latency = now.since(order.updated.time);
                histogram!("plimsoll_account_order_update_latency_seconds", "account" => self.0.clone())
                    .record(latency);
            }
        }

        pub(in super::super) fn changed(&self, change: &Change) {
            match change {
                Change::BalanceChanged { .. } => {
                    counter!("plimsoll_account_balance_changes_total", "account" => self.0.clone()).increment(1);
                }
                Change::PositionOpened { symbol, .. } | Change::PositionUpdated { symbol, .. } => {
                    self.moved(symbol.as_str());
                }
                Change::PositionClosed(closed) | Change::PositionLiquidated(closed) => {
                    self.moved(closed.symbol.as_str());
                }
                Change::LiquidationNear(_) => self.warned("venue"),
                _ => {}
            }
        }

        fn moved(&self, symbol: &str) {
            let (account, symbol) = (self.0.clone(), symbol.to_owned());
            counter!("plimsoll_account_position_updates_total", "account" => account, "symbol" => symbol).increment(1);
        }

        fn warned(&self, origin: &'static str) {
            let account = self.0.clone();
            counter!("plimsoll_account_liquidation_warnings_total", "account" => account, "origin" => origin)
                .increment(1);
        }

        pub(in super::super) fn derived(&self, news: &AccountNews) {
            if let AccountNews::Derived(Derived::LiquidationWarning { .. }) = news {
                self.warned("derived");
            }
        }

        pub(in super::super) fn gap_closed(&self, length: Duration) {
            histogram!("plimsoll_account_gap_seconds", "account" => self.0.clone()).record(length);
        }

        pub(in super::super) fn resynchronised(&self, took: Duration) {
            histogram!("plimsoll_account_resync_seconds", "account" => self.0.clone()).record(took);
        }

        pub(in super::super) fn audited(&self, differences: usize) {
            let differences = u64::try_from(differences).unwrap_or(u64::MAX);
            counter!("plimsoll_account_audits_total", "account" => self.0.clone()).increment(1);
            counter!("plimsoll_account_audit_differences_total", "account" => self.0.clone()).increment(differences);
        }
    }
}

#[cfg(feature = "metrics")]
pub(super) use recorded::Telemetry;

#[cfg(not(feature = "metrics"))]
mod silent {
    use super::*;

    #[derive(Debug, Clone, Default)]
    pub(in super::super) struct Telemetry(());

    impl Telemetry {
        pub(in super::super) const fn of(_: &AccountId) -> Self {
            Self(())
        }
        pub(in super::super) const fn connected(&self) {}
        pub(in super::super) const fn disconnected(&self, _: bool) {}
        pub(in super::super) const fn event(&self, _: &AccountEvent, _: Timestamp) {}
        pub(in super::super) const fn changed(&self, _: &Change) {}
        pub(in super::super) const fn derived(&self, _: &AccountNews) {}
        pub(in super::super) const fn gap_closed(&self, _: Duration) {}
        pub(in super::super) const fn resynchronised(&self, _: Duration) {}
        pub(in super::super) const fn audited(&self, _: usize) {}
    }
}

#[cfg(not(feature = "metrics"))]
pub(super) use silent::Telemetry;
