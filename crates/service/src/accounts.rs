//! The accounts by themselves.

use crate::account::{Seen, ServedAccount, link, whole_millis};
use crate::facts::Facts;
use crate::failure::AskFailure;
use crate::figure::{Figure, Moment, answers, known};
use crate::overview::{LadderRow, Switch, day_pnl, losses, stage, worst};
use crate::service::Service;
use plimsoll_domain::AccountId;
use plimsoll_domain::afloat::Stage;
use plimsoll_domain::risk::Climb;

answers! {
    /// Every account with all its figures.
    pub struct Accounts {
        /// When it was put together.
        pub time: Moment,
        /// The accounts.
        pub accounts: Vec<AccountRow>,
    }

    /// An account.
    pub struct AccountRow {
        /// Its name.
        pub account: String,
        /// Where it is.
        pub venue: String,
        /// What kind of money it trades.
        pub mode: &'static str,
        /// What it is kept in.
        pub currency: String,
        /// `connecting`, `syncing`, `live`, `down` or `ended`.
        pub link: &'static str,
        /// Why it is down.
        pub link_reason: Option<String>,
        /// How old what is shown is; null is staler than any age.
        pub data_age_ms: Option<u64>,
        /// It is young enough to open anything on.
        pub is_fresh: bool,
        /// How far the venue's clock is ahead of ours, as last measured; negative: it is behind. Null: not measured, or they go
        /// by one clock.
        pub clock_offset_ms: Option<i64>,
        /// When that was measured.
        pub clock_measured_at: Option<Moment>,
        /// How young that is.
        pub fresh_within_ms: u64,
        /// When the stream last brought anything.
        pub heard_at: Option<Moment>,
        /// When the venue was last asked.
        pub read_at: Option<Moment>,
        /// The venue's time of the newest event.
        pub as_of: Option<Moment>,
        /// How often it was in doubt and is whole again.
        pub gaps: u64,
        /// Since when it is in doubt now.
        pub in_doubt_since: Option<Moment>,
        /// `one_way` or `hedge`.
        pub position_mode: Option<&'static str>,
        /// What backs new positions: `isolated` or `cross`.
        pub margin_mode: &'static str,
        /// Everything but unrealised profit.
        pub wallet: Option<Figure>,
        /// Wallet and unrealised profit.
        pub equity: Option<Figure>,
        /// What new positions may use.
        pub available: Option<Figure>,
        /// What the positions tie up.
        pub used_margin: Option<Figure>,
        /// Initial margin of every position.
        pub initial_margin: Option<Figure>,
        /// What the contracts require.
        pub maintenance_margin: Option<Figure>,
        /// Profit of every position at its mark, before fees.
        pub unrealized_pnl: Option<Figure>,
        /// The worst of the cross pool and the isolated positions.
        pub margin_ratio: Option<Figure>,
        /// That of the cross pool.
        pub pool_ratio: Option<Figure>,
        /// How far it has come.
        pub stage: Option<&'static str>,
        /// What was earned since midnight UTC.
        pub day_pnl: Option<Figure>,
        /// What the day opened with.
        pub day_start_equity: Option<Figure>,
        /// How far it has fallen from its peak.
        pub drawdown: Option<Figure>,
        /// What it has fallen from.
        pub peak_equity: Option<Figure>,
        /// Its kill switch.
        pub kill_switch: Switch,
        /// Its step on the ladder; null for what is not live, or not known.
        pub ladder: Option<LadderRow>,
        /// The strategies that trade it.
        pub strategies: Vec<String>,
    }
}

impl Service {
    /// Every account with all its figures, or one.
    ///
    /// # Errors
    /// [`AskFailure::UnknownAccount`].
    pub async fn account_rows(&self, account: Option<&AccountId>) -> Result<Accounts, AskFailure> {
        let now = self.now();
        let strategies = self.control().list().await;
        let mut accounts = Vec::new();
        for account in self.chosen(account)? {
            let of = strategies.iter().filter(|it| it.accounts.contains(account.name()));
            let names = of.map(|it| it.name.clone()).collect();
            let climb = self.climb(account).await;
            let facts = self.facts(account).await;
            accounts.push(AccountRow::of(account, &account.seen(now), &facts, climb.as_ref(), names));
        }
        Ok(Accounts { time: now.into(), accounts })
    }
}

impl AccountRow {
    fn of(account: &ServedAccount, seen: &Seen, facts: &Facts, climb: Option<&Climb>, strategies: Vec<String>) -> Self {
        let (view, margin, watch) = (&seen.view, &seen.margin, losses(account, seen));
        let ((link, link_reason), offset) = (link(&view.link), account.ports.broker.clock_offset());
        let worst = worst(&seen.positions);
        Self {
            account: account.name().to_string(),
            venue: account.venue().to_string(),
            mode: account.mode.as_str(),
            currency: account.currency().to_string(),
            link,
            link_reason,
            data_age_ms: seen.age_ms(),
            is_fresh: seen.is_fresh,
            clock_offset_ms: offset.map(|it| whole_millis(it.micros)),
            clock_measured_at: offset.map(|it| it.measured_at.into()),
            fresh_within_ms: crate::account::millis(account.fresh_within()),
            heard_at: view.heard_at.map(Moment),
            read_at: view.read_at.map(Moment),
            as_of: view.as_of.map(Moment),
            gaps: view.gaps.closed,
            in_doubt_since: view.gaps.open_since.map(Moment),
            position_mode: view.position_mode.map(|it| it.as_str()),
            margin_mode: account.manager.settings().margin_mode.as_str(),
            wallet: known(margin.wallet),
            equity: known(margin.equity),
            available: known(margin.available),
            used_margin: known(margin.used),
            initial_margin: known(margin.initial),
            maintenance_margin: known(margin.maintenance),
            unrealized_pnl: known(margin.unrealized_pnl),
            margin_ratio: known(worst.and_then(|it| it.margin_ratio)),
            pool_ratio: known(margin.pool.and_then(|pool| pool.ratio())),
            stage: worst.and_then(|it| stage(account, it)).map(Stage::as_str),
            day_pnl: known(watch.as_ref().map(day_pnl)),
            day_start_equity: known(watch.map(|it| it.day_start_equity())),
            drawdown: known(watch.map(|it| it.drawdown())),
            peak_equity: known(watch.map(|it| it.peak_equity())),
            kill_switch: Switch::of(facts.kill_switch.as_ref()),
            ladder: climb.map(LadderRow::of),
            strategies,
        }
    }
}
