//! The header of every screen.

use crate::account::{Seen, ServedAccount, link, whole_millis};
use crate::facts::Facts;
use crate::figure::{Figure, Moment, answers, known};
use crate::service::Service;
use crate::strategies::RunState;
use plimsoll_domain::afloat::Stage;
use plimsoll_domain::risk::{Climb, EquityWatch};
use plimsoll_domain::{Liquidation, MarginRatio, Money, NearestLiquidation, PositionFigures};
use plimsoll_ports::KillSwitchRecord;

answers! {
    /// Everything on one line of a screen.
    pub struct Overview {
        /// When it was put together.
        pub time: Moment,
        /// What kind of money the accounts trade: `paper`, `testnet`, `live`, `simulated`, or `mixed`, or `none`.
        pub mode: &'static str,
        /// By currency, real money and play money apart.
        pub totals: Vec<OverviewTotal>,
        /// The worst margin ratio of all.
        pub worst_margin_ratio: Option<WorstRatio>,
        /// The position that is nearest to its liquidation.
        pub nearest_liquidation: Option<Nearest>,
        /// `released`, `engaged`, `partly` or `unknown`.
        pub kill_switch: &'static str,
        /// How many positions are open.
        pub positions: usize,
        /// How many of them no stop at the venue covers.
        pub unprotected: usize,
        /// How many of them cannot be judged.
        pub unpriced: usize,
        /// How many orders rest.
        pub open_orders: usize,
        /// How many orders nobody knows the end of; null while the records cannot be read.
        pub unknown_orders: Option<usize>,
        /// How many strategies run, are paused, have stopped.
        pub strategies: StrategyCount,
        /// The number of the newest event.
        pub last_event: u64,
        /// Each account in short.
        pub accounts: Vec<OverviewAccount>,
    }

    /// Sums of one currency; a sum is null if one of its parts is not known.
    pub struct OverviewTotal {
        /// The currency.
        pub currency: String,
        /// Whether it is real money.
        pub is_live: bool,
        /// Wallets and profits.
        pub equity: Option<Figure>,
        /// Profit of every position at its mark, before fees.
        pub unrealized_pnl: Option<Figure>,
        /// What the positions tie up.
        pub used_margin: Option<Figure>,
        /// What the contracts require.
        pub maintenance_margin: Option<Figure>,
        /// What was earned since midnight UTC; transfers are no part of it.
        pub day_pnl: Option<Figure>,
        /// What the day opened with.
        pub day_start_equity: Option<Figure>,
        /// How far it has fallen from its peak, account by account.
        pub drawdown: Option<Figure>,
        /// The peaks of the accounts together.
        pub peak_equity: Option<Figure>,
    }

    /// The worst margin ratio.
    pub struct WorstRatio {
        /// Whose.
        pub account: String,
        /// Where.
        pub venue: String,
        /// Of this isolated position; null: of the cross pool.
        pub symbol: Option<String>,
        /// Maintenance ÷ equity.
        pub margin_ratio: Figure,
        /// How far it has come: `warn`, `cancel`, `top_up`, `reduce`, `flatten`; null is calm.
        pub stage: Option<&'static str>,
    }

    /// The position that is nearest to its liquidation.
    pub struct Nearest {
        /// Whose.
        pub account: String,
        /// Where.
        pub venue: String,
        /// Of which contract.
        pub symbol: String,
        /// `both`, `long` or `short`.
        pub position_side: &'static str,
        /// How far the mark is, as a share of itself.
        pub distance: Figure,
        /// A mark at or below this liquidates.
        pub liquidation_below: Option<Figure>,
        /// A mark at or above this liquidates.
        pub liquidation_above: Option<Figure>,
    }

    /// Strategies by their state.
    pub struct StrategyCount {
        /// They run.
        pub running: usize,
        /// They open nothing more for now.
        pub paused: usize,
        /// They have ended.
        pub stopped: usize,
    }

    /// An account in short.
    pub struct OverviewAccount {
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
        /// Wallet and unrealised profit.
        pub equity: Option<Figure>,
        /// What was earned since midnight UTC.
        pub day_pnl: Option<Figure>,
        /// How far it has fallen from its peak.
        pub drawdown: Option<Figure>,
        /// The worst of the cross pool and the isolated positions.
        pub margin_ratio: Option<Figure>,
        /// How far it has come.
        pub stage: Option<&'static str>,
        /// `released`, `engaged` or `unknown`.
        pub kill_switch: &'static str,
        /// How many positions are open.
        pub positions: usize,
        /// How many of them no stop covers.
        pub unprotected: usize,
    }

    /// A kill switch.
    pub struct Switch {
        /// `released`, `engaged` or `unknown`.
        pub state: &'static str,
        /// Why it was engaged or released.
        pub reason: Option<String>,
        /// Who did it.
        pub by: Option<String>,
        /// When.
        pub since: Option<Moment>,
    }

    /// A step on the ladder to live trading.
    pub struct LadderRow {
        /// `paper`, `micro` or `full`.
        pub step: &'static str,
        /// Since when.
        pub since: Moment,
        /// How many days have counted.
        pub served_days: u32,
        /// How many it takes; null at the top.
        pub needed_days: Option<u32>,
        /// The one above; null at the top.
        pub next: Option<&'static str>,
    }
}

impl Service {
    /// Everything on one line of a screen.
    pub async fn overview(&self) -> Overview {
        let now = self.now();
        let mut together = Together::default();
        for account in self.accounts() {
            let facts = self.facts(account).await;
            together.add(account, &account.seen(now), &facts);
        }
        let strategies = self.control().list().await;
        let count = |state| strategies.iter().filter(|it| it.state == state).count();
        let fleets = self.fleets();
        let totals = fleets.iter().flat_map(|(is_live, fleet)| {
            let totals = fleet.portfolio().totals();
            let together = &together;
            totals.into_iter().map(move |(currency, it)| {
                let days =
                    together.days.iter().filter(|day| day.is_live == *is_live && day.currency == currency.as_str());
                let days: Option<Vec<EquityWatch>> = days.map(|day| day.watch).collect();
                let sum = |of: fn(&EquityWatch) -> Money| {
                    let days = days.as_ref().filter(|days| !days.is_empty())?;
                    Some(Figure::from(days.iter().map(of).sum::<Money>()))
                };
                OverviewTotal {
                    currency: currency.to_string(),
                    is_live: *is_live,
                    equity: known(it.equity),
                    unrealized_pnl: known(it.unrealized_pnl),
                    used_margin: known(it.used_margin),
                    maintenance_margin: known(it.maintenance),
                    day_pnl: sum(day_pnl),
                    day_start_equity: sum(EquityWatch::day_start_equity),
                    drawdown: sum(EquityWatch::drawdown),
                    peak_equity: sum(EquityWatch::peak_equity),
                }
            })
        });
        let nearest = fleets.iter().filter_map(|(_, fleet)| fleet.portfolio().nearest_liquidation());
        Overview {
            time: now.into(),
            mode: self.mode(),
            totals: totals.collect(),
            nearest_liquidation: nearest.min_by_key(|it| it.distance).map(|it| Nearest::of(&it)),
            kill_switch: together_switched(together.accounts.iter().map(|it| it.kill_switch)),
            positions: together.accounts.iter().map(|it| it.positions).sum(),
            unprotected: together.accounts.iter().map(|it| it.unprotected).sum(),
            unpriced: together.unpriced,
            open_orders: together.orders,
            unknown_orders: together.unknown,
            worst_margin_ratio: together.worst.map(|(_, worst)| worst),
            strategies: StrategyCount {
                running: count(RunState::Running),
                paused: count(RunState::Paused),
                stopped: count(RunState::Stopped),
            },
            last_event: self.hub().last(),
            accounts: together.accounts,
        }
    }
}

/// What the accounts come to.
struct Together {
    accounts: Vec<OverviewAccount>,
    worst: Option<(MarginRatio, WorstRatio)>,
    unpriced: usize,
    orders: usize,
    unknown: Option<usize>,
    days: Vec<Day>,
}

struct Day {
    is_live: bool,
    currency: String,
    watch: Option<EquityWatch>,
}

impl Default for Together {
    fn default() -> Self {
        Self { accounts: Vec::new(), worst: None, unpriced: 0, orders: 0, unknown: Some(0), days: Vec::new() }
    }
}

impl Together {
    fn add(&mut self, account: &ServedAccount, seen: &Seen, facts: &Facts) {
        let watch = losses(account, seen);
        let worst = worst(&seen.positions);
        let stage = worst.and_then(|it| stage(account, it));
        if let Some((it, ratio)) = worst.and_then(|it| Some((it, it.margin_ratio?)))
            && self.worst.as_ref().is_none_or(|(known, _)| ratio > *known)
        {
            let row = WorstRatio {
                account: account.name().to_string(),
                venue: account.venue().to_string(),
                symbol: (!is_cross(it)).then(|| it.held.symbol.to_string()),
                margin_ratio: ratio.into(),
                stage: stage.map(Stage::as_str),
            };
            self.worst = Some((ratio, row));
        }
        self.unpriced += seen.positions.iter().filter(|it| it.liquidation.is_none()).count();
        self.orders += seen.view.orders.len();
        let unknown = facts.unknown(|entry| rests(seen, entry)).map(Iterator::count);
        self.unknown = self.unknown.zip(unknown).map(|(sum, it)| sum + it);
        let (link, link_reason) = link(&seen.view.link);
        self.accounts.push(OverviewAccount {
            account: account.name().to_string(),
            venue: account.venue().to_string(),
            mode: account.mode.as_str(),
            currency: account.currency().to_string(),
            link,
            link_reason,
            data_age_ms: seen.age_ms(),
            is_fresh: seen.is_fresh,
            clock_offset_ms: account.ports.broker.clock_offset().map(|it| whole_millis(it.micros)),
            equity: known(seen.margin.equity),
            day_pnl: known(watch.as_ref().map(day_pnl)),
            drawdown: known(watch.map(|it| it.drawdown())),
            margin_ratio: known(worst.and_then(|it| it.margin_ratio)),
            stage: stage.map(Stage::as_str),
            kill_switch: facts.switch(),
            positions: seen.positions.len(),
            unprotected: seen.positions.iter().filter(|it| !seen.view.sheltered(&it.held).is_covered).count(),
        });
        self.days.push(Day { is_live: account.is_live(), currency: account.currency().to_string(), watch });
    }
}

/// An order of the journal rests at the venue.
pub(crate) fn rests(seen: &Seen, entry: &plimsoll_ports::JournalEntry) -> bool {
    seen.view.orders.iter().any(|order| order.client_order_id == entry.order.client_order_id)
}

/// The loss of the day and the fall from the peak; `None` until they are known.
pub(crate) fn losses(account: &ServedAccount, seen: &Seen) -> Option<EquityWatch> {
    seen.margin.equity.and_then(|equity| account.manager.losses(equity))
}

pub(crate) fn day_pnl(watch: &EquityWatch) -> Money {
    -watch.daily_loss()
}

/// The position with the worst margin ratio.
pub(crate) fn worst(positions: &[PositionFigures]) -> Option<&PositionFigures> {
    positions.iter().filter(|it| it.margin_ratio.is_some()).max_by_key(|it| it.margin_ratio)
}

pub(crate) fn is_cross(it: &PositionFigures) -> bool {
    it.held.margin_mode == Some(plimsoll_domain::MarginMode::Cross)
}

/// How far the margin behind a position has come.
pub(crate) fn stage(account: &ServedAccount, it: &PositionFigures) -> Option<Stage> {
    let stages = account.manager.stages();
    match is_cross(it) {
        true => stages.pool_stage(it.margin_ratio, it.distance),
        false => stages.isolated_stage(it.margin_ratio, it.distance),
    }
}

/// One word for several switches.
pub(crate) fn together_switched(words: impl Iterator<Item = &'static str>) -> &'static str {
    let words: Vec<&str> = words.collect();
    let count = |word: &str| words.iter().filter(|it| **it == word).count();
    match (count("engaged"), count("unknown")) {
        (0, 0) => "released",
        (engaged, _) if engaged == words.len() => "engaged",
        (0, _) => "unknown",
        _ => "partly",
    }
}

impl Nearest {
    fn of(it: &NearestLiquidation) -> Self {
        let bounds = it.liquidation.bounds().unwrap_or_default();
        Self {
            account: it.account.to_string(),
            venue: it.venue.to_string(),
            symbol: it.symbol.to_string(),
            position_side: it.position_side.as_str(),
            distance: it.distance.into(),
            liquidation_below: known(bounds.below),
            liquidation_above: known(bounds.above),
        }
    }
}

impl Switch {
    pub(crate) fn of(record: Option<&KillSwitchRecord>) -> Self {
        let Some(it) = record else { return Self { state: "unknown", reason: None, by: None, since: None } };
        let state = if it.engaged { "engaged" } else { "released" };
        let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self { state, reason: said(&it.reason), by: said(&it.by), since: it.since.map(Moment) }
    }
}

impl LadderRow {
    pub(crate) fn of(it: &Climb) -> Self {
        Self {
            step: it.foothold.rung.as_str(),
            since: it.foothold.since.into(),
            served_days: it.served.days,
            needed_days: it.needed,
            next: it.foothold.rung.next().map(|rung| rung.as_str()),
        }
    }
}

/// The bounds of a liquidation, and whether it is due; `None` where it cannot be judged.
pub(crate) fn bounds(liquidation: Option<Liquidation>) -> (Option<Figure>, Option<Figure>, Option<bool>) {
    match liquidation {
        None => (None, None, None),
        Some(Liquidation::AlreadyDue) => (None, None, Some(true)),
        Some(Liquidation::Bounds(it)) => (known(it.below), known(it.above), Some(false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_switches_are_one_word() {
        for (words, expected) in [
            (&["released", "released"][..], "released"),
            (&["engaged", "engaged"], "engaged"),
            (&["engaged", "released"], "partly"),
            (&["engaged", "unknown"], "partly"),
            (&["released", "unknown"], "unknown"),
            (&[], "released"),
        ] {
            assert_eq!(together_switched(words.iter().copied()), expected, "{words:?}");
        }
    }
}
