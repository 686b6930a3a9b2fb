//! Every limit with its use of now, the margin against its thresholds, and what the limits did.

use crate::account::{Seen, ServedAccount};
use crate::facts::Facts;
use crate::failure::AskFailure;
use crate::figure::{Figure, Moment, answers, known};
use crate::overview::{LadderRow, Switch, is_cross, losses, stage, worst};
use crate::service::Service;
use crate::trades::DAY;
use plimsoll_domain::afloat::{Level, Stage, Thresholds};
use plimsoll_domain::risk::{Climb, RiskLimits, Scope};
use plimsoll_domain::{AccountId, Decimal, Leverage, Money, PositionFigures};
use plimsoll_ports::RiskEventRecord;
use std::cmp::Reverse;

/// How many events are shown.
const EVENTS: usize = 50;

answers! {
    /// Limits, margin and what was done, account by account.
    pub struct Risk {
        /// When it was put together.
        pub time: Moment,
        /// The accounts.
        pub accounts: Vec<RiskRow>,
    }

    /// The risk of an account.
    pub struct RiskRow {
        /// Its name.
        pub account: String,
        /// Where it is.
        pub venue: String,
        /// What kind of money it trades.
        pub mode: &'static str,
        /// What it is kept in.
        pub currency: String,
        /// It is known well enough to open anything on.
        pub is_fresh: bool,
        /// Wallet and unrealised profit.
        pub equity: Option<Figure>,
        /// Every limit.
        pub limits: Vec<LimitRow>,
        /// Its margin.
        pub margin: MarginRow,
        /// Its kill switch.
        pub kill_switch: Switch,
        /// Its step on the ladder; null for what is not live, or not known.
        pub ladder: Option<LadderRow>,
        /// What its limits did within the last seven days, newest first; null while the records cannot be read.
        pub events: Option<Vec<RiskEventRow>>,
    }

    /// A limit, and how much of it is used.
    pub struct LimitRow {
        /// Its name in the configuration.
        pub name: &'static str,
        /// `money`, `count`, `times`, `fraction` or `ms`.
        pub unit: &'static str,
        /// What there is of it now.
        pub used: Option<Figure>,
        /// The limit in force.
        pub limit: Figure,
        /// How much of the limit that is: at 1 it is reached, above it is broken.
        pub share: Option<Figure>,
        /// `ok`, `near`, `broken` or `unknown`.
        pub state: &'static str,
        /// Breaking it stops all trading.
        pub engages_kill_switch: bool,
        /// The contract that it is about, of a limit for each position.
        pub symbol: Option<String>,
        /// The same in words.
        pub text: String,
    }

    /// The margin of an account against its thresholds.
    pub struct MarginRow {
        /// The worst of the cross pool and the isolated positions.
        pub margin_ratio: Option<Figure>,
        /// That of the cross pool.
        pub pool_ratio: Option<Figure>,
        /// How far the worst has come.
        pub stage: Option<&'static str>,
        /// From which figures on what is done, mildest first.
        pub thresholds: Vec<ThresholdRow>,
        /// What adding margin and reducing restore.
        pub target: LevelRow,
        /// The pool and each isolated position.
        pub gauges: Vec<Gauge>,
    }

    /// From which figures on something is done.
    pub struct ThresholdRow {
        /// `warn`, `cancel`, `top_up`, `reduce` or `flatten`.
        pub stage: &'static str,
        /// From this margin ratio up.
        pub ratio: Figure,
        /// At this distance to liquidation and nearer.
        pub distance: Option<Figure>,
    }

    /// What is restored.
    pub struct LevelRow {
        /// At most this margin ratio.
        pub ratio: Figure,
        /// At least this distance.
        pub distance: Option<Figure>,
    }

    /// What has a margin ratio.
    pub struct Gauge {
        /// `pool` or `position`.
        pub of: &'static str,
        /// The contract of a position.
        pub symbol: Option<String>,
        /// Which position of it.
        pub position_side: Option<&'static str>,
        /// Maintenance ÷ equity.
        pub margin_ratio: Option<Figure>,
        /// From the mark to liquidation; of the pool that of its nearest position.
        pub distance: Option<Figure>,
        /// How far it has come.
        pub stage: Option<&'static str>,
    }

    /// What a limit did.
    pub struct RiskEventRow {
        /// When.
        pub time: Moment,
        /// What kind, as a short word.
        pub kind: String,
        /// About this contract.
        pub symbol: Option<String>,
        /// In words.
        pub detail: String,
        /// The figure.
        pub figure: Option<Figure>,
        /// The limit that it was held against.
        pub limit: Option<Figure>,
        /// What was done about it.
        pub action: String,
    }
}

impl Service {
    /// Every limit with its use of now, the margin against its thresholds, and what the limits did.
    ///
    /// # Errors
    /// [`AskFailure::UnknownAccount`].
    pub async fn risk(&self, account: Option<&AccountId>) -> Result<Risk, AskFailure> {
        let now = self.now();
        let mut accounts = Vec::new();
        for account in self.chosen(account)? {
            let seen = account.seen(now);
            let mut dearest: Option<(&PositionFigures, Money)> = None;
            for it in &seen.positions {
                let per_day = self.funding_cost(account, it).await.map(|it| it.cost.per_day);
                if let Some(per_day) = per_day.filter(|it| dearest.is_none_or(|(_, most)| *it > most)) {
                    dearest = Some((it, per_day));
                }
            }
            let events = account.ports.risk_events.since(account.name(), now.minus(DAY * 7)).await.ok();
            let (facts, climb) = (self.facts(account).await, self.climb(account).await);
            let row = RiskRow::of(account, &seen, &facts, climb.as_ref(), limits(account, &seen, dearest));
            accounts.push(RiskRow { events: events.map(newest), ..row });
        }
        Ok(Risk { time: now.into(), accounts })
    }
}

impl Service {
    /// The limits that accounts are beyond by the figures of now, with their accounts. Nobody is asked, so that what funding costs is
    /// not among them.
    #[must_use]
    pub fn broken_limits(&self) -> Vec<(AccountId, LimitRow)> {
        self.limits_that_are("broken")
    }

    /// The limits that cannot be judged by what is known now, with their accounts: before a first mark has come, say. What funding
    /// costs is not among them either.
    #[must_use]
    pub fn unjudged_limits(&self) -> Vec<(AccountId, LimitRow)> {
        self.limits_that_are("unknown")
    }

    fn limits_that_are(&self, state: &str) -> Vec<(AccountId, LimitRow)> {
        let now = self.now();
        let of = |account: &ServedAccount| {
            let rows = limits(account, &account.seen(now), None).into_iter();
            let chosen = rows.filter(|row| row.state == state && !NOT_OF_WHAT_IS_HELD.contains(&row.name));
            chosen.map(|row| (account.name().clone(), row)).collect::<Vec<_>>()
        };
        self.accounts().flat_map(of).collect()
    }
}

/// Limits that nobody is beyond by holding or losing too much, or that the venue would have to be asked about.
const NOT_OF_WHAT_IS_HELD: [&str; 2] = ["max_state_age", "max_funding_per_day"];

fn newest(mut events: Vec<RiskEventRecord>) -> Vec<RiskEventRow> {
    events.sort_by_key(|it| Reverse(it.time));
    events.into_iter().take(EVENTS).map(RiskEventRow::from).collect()
}

impl RiskRow {
    fn of(account: &ServedAccount, seen: &Seen, facts: &Facts, climb: Option<&Climb>, limits: Vec<LimitRow>) -> Self {
        Self {
            account: account.name().to_string(),
            venue: account.venue().to_string(),
            mode: account.mode.as_str(),
            currency: account.currency().to_string(),
            is_fresh: seen.is_fresh,
            equity: known(seen.margin.equity),
            limits,
            margin: MarginRow::of(account, seen),
            kill_switch: Switch::of(facts.kill_switch.as_ref()),
            ladder: climb.map(LadderRow::of),
            events: None,
        }
    }
}

/// Each limit by the figures of now; of limits for each position that of the worst.
fn limits(account: &ServedAccount, seen: &Seen, dearest: Option<(&PositionFigures, Money)>) -> Vec<LimitRow> {
    let limits: RiskLimits = account.manager.limits();
    let it = limits.settings();
    let (watch, equity, currency) = (losses(account, seen), seen.margin.equity, account.currency());
    let held = &seen.positions;
    let lost = watch.map(|watch| watch.daily_loss().max(Money::ZERO).get());
    let may_lose = watch.map_or(it.max_daily_loss, |watch| limits.daily_loss_limit(watch.day_start_equity()));
    let largest = held.iter().filter(|it| it.notional.is_some()).max_by_key(|it| it.notional);
    let steepest = held.iter().filter(|it| it.held.leverage.is_some()).max_by_key(|it| it.held.leverage);
    let nearest = held.iter().filter(|it| it.distance.is_some()).min_by_key(|it| it.distance);
    let all = held.iter().try_fold(Decimal::ZERO, |sum, it| Some(sum.saturating_add(it.notional?.get())));
    let of = |it: Option<&PositionFigures>| it.map(|it| it.held.symbol.to_string());
    let money = |name, used, limit: Money, words: &str| {
        let text = |used: Figure| format!("{used} of {limit} {currency} {words}");
        LimitRow::most(name, "money", used, limit.get(), text)
    };
    let largest_may = equity.map_or(it.max_position, |equity| limits.position_limit(equity));
    let mut rows = vec![
        LimitRow { engages_kill_switch: true, ..money("max_daily_loss", lost, may_lose, "may be lost in a day") },
        LimitRow {
            engages_kill_switch: true,
            ..money("max_drawdown", watch.map(|it| it.drawdown().get()), it.max_drawdown, "may be lost from the peak")
        },
        LimitRow {
            symbol: of(largest),
            ..money("max_position", or_none(held, largest.and_then(|it| it.notional)), largest_may, "in one position")
        },
    ];
    if let Some(most) = equity.and_then(|equity| limits.exposure_limit(Scope::Account, equity)) {
        rows.push(money("max_exposure", all, most, "in all positions together"));
    }
    let count = Decimal::from(held.len());
    let may = it.max_positions;
    let text = |used| format!("{used} of {may} positions are open");
    rows.push(LimitRow::most("max_positions", "count", Some(count), may.into(), text));
    let times = or_none(held, steepest.and_then(|it| it.held.leverage).map(Leverage::as_decimal));
    let text = |used| format!("the highest leverage is {used}, {} is allowed", it.max_leverage);
    let row = LimitRow::most("max_leverage", "times", times, it.max_leverage.as_decimal(), text);
    rows.push(LimitRow { symbol: of(steepest), ..row });
    rows.push(LimitRow { symbol: of(nearest), ..LimitRow::distance(nearest, it.min_liquidation_distance.get(), held) });
    let costs = or_none(held, dearest.map(|(_, per_day)| per_day.max(Money::ZERO).get()));
    let row = money("max_funding_per_day", costs, it.max_funding_per_day, "a day of funding for one position");
    rows.push(LimitRow { symbol: of(dearest.map(|(it, _)| it)), ..row });
    let within = Decimal::from(crate::account::millis(it.max_state_age));
    let text = |used| format!("the account was known {used} ms ago, {within} ms are young enough");
    rows.push(LimitRow::most("max_state_age", "ms", seen.age_ms().map(Decimal::from), within, text));
    rows
}

/// The figure of the worst position: nothing where nothing is held, and not known where it is not known.
fn or_none<T: Into<Figure>>(held: &[PositionFigures], worst: Option<T>) -> Option<Decimal> {
    if held.is_empty() { Some(Decimal::ZERO) } else { worst.map(|it| it.into().get()) }
}

impl LimitRow {
    fn most(
        name: &'static str,
        unit: &'static str,
        used: Option<Decimal>,
        limit: Decimal,
        text: impl Fn(Figure) -> String,
    ) -> Self {
        let share = used.and_then(|used| used.checked_div(limit));
        Self::row(name, unit, used, limit, share, text)
    }

    /// Less is worse: what is left of the way to liquidation.
    fn distance(nearest: Option<&PositionFigures>, limit: Decimal, held: &[PositionFigures]) -> Self {
        let used = nearest.and_then(|it| it.distance).map(|it| it.get());
        let is_safe = used.is_none() && held.iter().all(|it| it.liquidation.is_some());
        // Due is as broken as can be.
        let share = match used {
            Some(used) => Some(limit.checked_div(used).unwrap_or(Decimal::MAX)),
            None => is_safe.then_some(Decimal::ZERO),
        };
        let text = |used| format!("the nearest liquidation is {used} of the mark away, {limit} is the least");
        let row = Self::row("min_liquidation_distance", "fraction", used, limit, share, text);
        match is_safe {
            true => Self { text: "no price liquidates anything".to_owned(), ..row },
            false => row,
        }
    }

    fn row(
        name: &'static str,
        unit: &'static str,
        used: Option<Decimal>,
        limit: Decimal,
        share: Option<Decimal>,
        text: impl Fn(Figure) -> String,
    ) -> Self {
        let state = match share {
            None => "unknown",
            Some(share) if share > Decimal::ONE => "broken",
            Some(share) if share >= Decimal::new(8, 1) => "near",
            Some(_) => "ok",
        };
        let used = known(used);
        Self {
            name,
            unit,
            used,
            limit: limit.into(),
            share: known(share.map(|share| share.round_dp(6))),
            state,
            engages_kill_switch: false,
            symbol: None,
            text: used.map_or_else(|| "not known".to_owned(), text),
        }
    }
}

impl MarginRow {
    fn of(account: &ServedAccount, seen: &Seen) -> Self {
        let (stages, positions) = (account.manager.stages(), &seen.positions);
        let worst = worst(positions);
        let pool_ratio = seen.margin.pool.and_then(|pool| pool.ratio());
        let nearest = positions.iter().filter(|it| is_cross(it)).filter_map(|it| it.distance).min();
        let pool = Gauge {
            of: "pool",
            symbol: None,
            position_side: None,
            margin_ratio: known(pool_ratio),
            distance: known(nearest),
            stage: stages.pool_stage(pool_ratio, nearest).map(Stage::as_str),
        };
        let isolated = positions.iter().filter(|it| !is_cross(it)).map(|it| Gauge {
            of: "position",
            symbol: Some(it.held.symbol.to_string()),
            position_side: Some(it.held.position_side.as_str()),
            margin_ratio: known(it.margin_ratio),
            distance: known(it.distance),
            stage: stage(account, it).map(Stage::as_str),
        });
        Self {
            margin_ratio: known(worst.and_then(|it| it.margin_ratio)),
            pool_ratio: known(pool_ratio),
            stage: worst.and_then(|it| stage(account, it)).map(Stage::as_str),
            thresholds: thresholds(&stages),
            target: LevelRow {
                ratio: stages.settings().target.ratio.into(),
                distance: known(stages.settings().target.distance),
            },
            gauges: std::iter::once(pool).chain(isolated).collect(),
        }
    }
}

fn thresholds(stages: &Thresholds) -> Vec<ThresholdRow> {
    let it = stages.settings();
    let row = |stage: Stage, level: Level| ThresholdRow {
        stage: stage.as_str(),
        ratio: level.ratio.into(),
        distance: known(level.distance),
    };
    let top_up = it.top_up.map(|top_up| row(Stage::TopUp, top_up.at));
    let before = [row(Stage::Warn, it.warn), row(Stage::Cancel, it.cancel)];
    let after = [row(Stage::Reduce, it.reduce), row(Stage::Flatten, it.flatten)];
    before.into_iter().chain(top_up).chain(after).collect()
}

impl From<RiskEventRecord> for RiskEventRow {
    fn from(it: RiskEventRecord) -> Self {
        Self {
            time: it.time.into(),
            kind: it.kind,
            symbol: it.symbol.map(|symbol| symbol.to_string()),
            detail: it.detail,
            figure: known(it.figure),
            limit: known(it.limit),
            action: it.action,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_near_from_four_fifths_on_and_broken_beyond_itself() {
        for (used, expected) in [
            (Some("79"), "ok"),
            (Some("80"), "near"),
            (Some("100"), "near"),
            (Some("100.01"), "broken"),
            (None, "unknown"),
        ] {
            let used = used.map(|used| used.parse().unwrap());
            let row = LimitRow::most("x", "money", used, Decimal::ONE_HUNDRED, |used| format!("{used}"));
            assert_eq!((row.state, row.used.map(Figure::get)), (expected, used));
        }
    }
}
