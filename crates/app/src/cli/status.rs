//! `plimsoll status`: the account on one screen.

use super::composed::{self, Composed};
use super::orders;
use super::positions;
use super::target::Target;
use crate::failure::Failure;
use crate::screen::{self, Facts, full, percent};
use clap::Args;
use plimsoll_domain::Money;
use plimsoll_domain::risk::Climb;
use plimsoll_engine::Survey;
use plimsoll_ports::{Clock, DailyPnl, JournalEntry, KillSwitchRecord, SystemClock};
use serde::Serialize;
use std::process::ExitCode;

/// Equity, margin, positions, today's result, the kill switch, and orders of unknown fate.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll status --account main")]
pub(crate) struct Status {
    #[command(flatten)]
    target: Target,
}

#[derive(Serialize)]
struct Answer {
    account: String,
    environment: &'static str,
    time: String,
    wallet: String,
    equity: String,
    available: String,
    margin_ratio: Option<String>,
    alert: String,
    position_mode: String,
    positions: Vec<positions::Row>,
    unpriced: usize,
    open_orders: usize,
    unfinished_orders: Option<usize>,
    /// Those that go on; not known while the database is away.
    composed: Option<Vec<composed::Row>>,
    unprotected: usize,
    today_net: Option<String>,
    trading_enabled: bool,
    /// Not known, as the orders of unknown fate, while the database is away.
    kill_switch: Option<Switch>,
    /// The step of the ladder; null for an account that is not live, or while it is not known.
    ladder: Option<String>,
}

#[derive(Serialize)]
struct Switch {
    engaged: bool,
    reason: Option<String>,
    by: Option<String>,
    since: Option<String>,
}

/// What the records say beside the venue.
struct Recorded {
    working: Vec<Composed>,
    unfinished: Vec<JournalEntry>,
    today: Option<DailyPnl>,
    switch: KillSwitchRecord,
    climb: Option<Climb>,
}

impl Status {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        super::runtime()?.block_on(self.show())?;
        Ok(ExitCode::SUCCESS)
    }

    async fn show(self) -> Result<(), Failure> {
        let desk = self.target.desk().await?;
        let read = async {
            let name = &desk.account.name;
            let survey = desk.manager.survey().await.map_err(Failure::unanswered)?;
            if desk.records.away.is_some() {
                return Ok((survey, None));
            }
            let (working, unfinished) = orders::recorded(&desk).await.map_err(Failure::unreachable)?;
            let days = desk.records.trades.daily_pnl(name, 1, SystemClock.now()).await.map_err(Failure::unreachable)?;
            let switch = desk.manager.kill_switch().await.map_err(Failure::unreachable)?;
            let climb = desk.manager.ladder().await.map_err(Failure::unreachable)?;
            let rests = |it: &JournalEntry| {
                survey.orders.iter().any(|(order, _)| order.client_order_id == it.order.client_order_id)
            };
            let unfinished = unfinished.into_iter().filter(|it| !rests(it)).collect();
            Ok((survey, Some(Recorded { working, unfinished, today: days.into_iter().last(), switch, climb })))
        };
        let read = read.await;
        desk.close().await;
        let (survey, recorded) = read?;
        if self.target.json {
            screen::json(&Answer::of(&desk, &survey, recorded.as_ref()))?;
        } else {
            print(&desk, &survey, recorded.as_ref())?;
        }
        positions::all_judged([&survey])
    }
}

fn unprotected(survey: &Survey) -> usize {
    survey.positions.iter().filter(|it| !it.health.has_stop).count()
}

impl Answer {
    fn of(desk: &crate::desk::Desk, survey: &Survey, recorded: Option<&Recorded>) -> Self {
        Self {
            account: desk.account.name.to_string(),
            environment: desk.account.environment.as_str(),
            time: screen::instant(survey.time),
            wallet: full(survey.wallet.get()),
            equity: full(survey.equity.get()),
            available: full(survey.available.get()),
            margin_ratio: survey.margin_ratio.map(|ratio| full(ratio.get())),
            alert: survey.alert.to_string(),
            position_mode: survey.position_mode.to_string(),
            positions: positions::rows(&desk.account, survey),
            unpriced: survey.unpriced.len(),
            open_orders: survey.orders.len(),
            unfinished_orders: recorded.map(|it| it.unfinished.len()),
            composed: recorded.map(|it| it.working.iter().map(|it| composed::Row::of(it, &survey.orders)).collect()),
            unprotected: unprotected(survey),
            today_net: recorded.and_then(|it| it.today.as_ref()).map(|day| full(day.net().get())),
            trading_enabled: desk.config.trading.enabled,
            kill_switch: recorded.map(|it| Switch::of(&it.switch)),
            ladder: recorded.and_then(|it| it.climb.as_ref()).map(|it| it.foothold.rung.to_string()),
        }
    }
}

impl Switch {
    fn of(switch: &KillSwitchRecord) -> Self {
        let said = |text: &str| switch.engaged.then(|| text.to_owned());
        Self {
            engaged: switch.engaged,
            reason: said(&switch.reason),
            by: said(&switch.by),
            since: switch.since.filter(|_| switch.engaged).map(screen::instant),
        }
    }
}

const AWAY: &str = "not known while the database is away";

fn switched(desk: &crate::desk::Desk, recorded: Option<&Recorded>) -> String {
    let Some(Recorded { switch, .. }) = recorded else { return AWAY.to_owned() };
    match (switch.engaged, desk.config.trading.enabled) {
        (true, _) => {
            let since = switch.since.map(screen::minute).unwrap_or_default();
            format!("ENGAGED by {} since {since}: {}", switch.by, switch.reason)
        }
        (false, true) => "released".to_owned(),
        (false, false) => "released, but trading.enabled is false: nothing is opened".to_owned(),
    }
}

fn print(desk: &crate::desk::Desk, survey: &Survey, recorded: Option<&Recorded>) -> Result<(), Failure> {
    let (account, settle) = (&desk.account, &desk.account.settle);
    let money = |money: Money| format!("{} {settle}", screen::cents(money));
    let today = match recorded {
        Some(it) => it.today.as_ref().map_or_else(|| "nothing recorded".to_owned(), |day| money(day.net())),
        None => AWAY.to_owned(),
    };
    let ratio = survey.margin_ratio.map_or_else(|| "-".to_owned(), |ratio| percent(ratio.get()));
    let alert = if survey.positions.is_empty() { String::new() } else { format!(" ({})", survey.alert) };
    let own = survey.orders.iter().filter(|(_, ours)| *ours).count();
    screen::line(format!(
        "{} on {} {}, {}",
        account.name,
        account.venue,
        account.environment.as_str(),
        screen::minute(survey.time)
    ))?;
    Facts::default()
        .line("equity", money(survey.equity))
        .line("wallet", money(survey.wallet))
        .line("available", money(survey.available))
        .line("margin ratio", format!("{ratio}{alert}"))
        .line("today, net", today)
        .line("positions", survey.positions.len() + survey.unpriced.len())
        .line("open orders", format!("{} ({own} ours)", survey.orders.len()))
        .line("kill switch", switched(desk, recorded))
        .maybe("ladder", recorded.and_then(|it| it.climb.as_ref()).map(|it| super::ladder::sentence(desk, it)))
        .print()?;
    if !survey.positions.is_empty() {
        screen::line(screen::table(
            &["position", "size", "mark", "liquidation", "distance", "PnL", "stop"],
            survey.positions.iter().map(positions::short),
        ))?;
    }
    for it in recorded.iter().flat_map(|it| &it.working) {
        screen::line(format!("goes on: {} {}", it.entry.id, it.sentence(&survey.orders)))?;
    }
    for entry in recorded.iter().flat_map(|it| &it.unfinished) {
        let (id, symbol, purpose) = (&entry.order.client_order_id, &entry.order.symbol, entry.purpose.as_str());
        screen::line(format!("UNKNOWN: {symbol} {purpose} {id}: any verb that acts looks it up first"))?;
    }
    match unprotected(survey) {
        0 => Ok(()),
        count => screen::line(format!("WITHOUT A STOP: {count} of the positions")),
    }
}
