//! `plimsoll positions` and what other verbs show of positions.

use super::target::Target;
use crate::config::Account;
use crate::failure::Failure;
use crate::screen::{self, Facts, full, percent, price};
use clap::Args;
use futures_util::future::join_all;
use plimsoll_domain::{Direction, Liquidation, Money, PositionReport, Price, Rate};
use plimsoll_engine::{Survey, SurveyedPosition};
use serde::Serialize;
use std::process::ExitCode;

/// Every open position: entry, mark, exact liquidation price, margin ratio, profit, funding a day, stop and target.
///
/// Where several accounts are configured and none is named, the positions of all in one table.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll positions
  plimsoll positions --account main --json")]
pub(crate) struct Positions {
    #[command(flatten)]
    target: Target,
}

/// A position for programs. Absent is null, and so is what is not known of a position that cannot be priced.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    account: String,
    venue: &'static str,
    symbol: String,
    side: Direction,
    quantity: String,
    entry_price: String,
    mark_price: Option<String>,
    notional: Option<String>,
    leverage: Option<u32>,
    margin_mode: Option<String>,
    margin: Option<String>,
    maintenance_margin: Option<String>,
    margin_ratio: Option<String>,
    unrealized_pnl: Option<String>,
    /// Below a long, above a short; a hedged pair may have both.
    liquidation_below: Option<String>,
    liquidation_above: Option<String>,
    in_liquidation: Option<bool>,
    venue_liquidation_price: Option<String>,
    distance: Option<String>,
    funding_rate: Option<String>,
    funding_per_day: Option<String>,
    stop_loss: Option<String>,
    take_profit: Option<String>,
}

impl Positions {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        super::runtime()?.block_on(self.show())?;
        Ok(ExitCode::SUCCESS)
    }

    async fn show(self) -> Result<(), Failure> {
        let desks = self.target.desks().await?;
        let surveys = join_all(desks.iter().map(|desk| desk.manager.survey())).await;
        if let Some(desk) = desks.first() {
            desk.close().await;
        }
        let (mut known, mut failed) = (Vec::new(), None);
        for (desk, survey) in desks.iter().zip(surveys) {
            match survey {
                Ok(survey) => known.push((&desk.account, survey)),
                // What one venue does not tell hides nothing of the others.
                Err(error) if desks.len() > 1 => {
                    failed = Some(Failure::query(&error, format!("{}: {error}", desk.account.name)));
                }
                Err(error) => return Err(Failure::unanswered(error)),
            }
        }
        self.tell(&known)?;
        failed.map_or_else(|| all_judged(known.iter().map(|(_, survey)| survey)), Err)
    }

    fn tell(&self, known: &[(&Account, Survey)]) -> Result<(), Failure> {
        if self.target.json {
            return screen::json(&known.iter().flat_map(|(account, it)| rows(account, it)).collect::<Vec<_>>());
        }
        if known.iter().all(|(_, survey)| survey.positions.is_empty() && survey.unpriced.is_empty()) {
            return screen::line("no open position");
        }
        match known {
            [(_, one)] => one.positions.iter().try_for_each(print)?,
            several => {
                let lines = several.iter().flat_map(|(account, it)| it.positions.iter().map(|it| line(account, it)));
                let head = ["account", "venue", "position", "size", "mark", "liquidation", "distance", "PnL", "stop"];
                screen::line(screen::table(&head, lines))?;
            }
        }
        let dark = known.iter().flat_map(|(account, it)| it.unpriced.iter().map(move |it| (account, it)));
        for (account, it) in dark {
            screen::line(format!("{}: {}: cannot be priced, so nobody can judge it", account.name, it.symbol))?;
        }
        Ok(())
    }
}

/// The positions of a survey, for programs: those that cannot be priced last.
pub(super) fn rows(account: &Account, survey: &Survey) -> Vec<Row> {
    let judged = survey.positions.iter().map(|it| Row::of(account, it));
    judged.chain(survey.unpriced.iter().filter_map(|it| Row::unpriced(account, it))).collect()
}

/// Nothing, if every position can be judged.
///
/// # Errors
/// Why not: whoever reads a list without them would believe that nothing else is held.
pub(super) fn all_judged<'a>(surveys: impl IntoIterator<Item = &'a Survey>) -> Result<(), Failure> {
    let (mut count, mut why) = (0, None);
    for survey in surveys {
        count += survey.unpriced.len();
        why = why.or_else(|| survey.troubles.first().filter(|_| !survey.unpriced.is_empty()).map(ToString::to_string));
    }
    if count == 0 {
        return Ok(());
    }
    let positions = if count == 1 { "1 position".to_owned() } else { format!("{count} positions") };
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    Err(Failure::unreachable(format!("{positions} cannot be priced, so nobody can judge what is held{why}")))
}

/// One position on one line.
fn line(account: &Account, it: &SurveyedPosition) -> Vec<String> {
    [vec![account.name.to_string(), account.venue.to_string()], short(it)].concat()
}

/// Position, size, mark, liquidation, distance, profit and stop.
pub(super) fn short(it: &SurveyedPosition) -> Vec<String> {
    let health = &it.health;
    let bounds = health.liquidation.bounds().map(|bounds| bounds.for_display(it.instrument.tick)).unwrap_or_default();
    let liquidation = match health.position.direction {
        Direction::Long => bounds.below.or(bounds.above),
        Direction::Short => bounds.above.or(bounds.below),
    };
    let stop = it.stop_loss.as_ref().and_then(|order| order.trigger);
    vec![
        format!("{} {}", it.instrument.symbol.base(), health.position.direction),
        health.position.quantity.to_string(),
        price(health.mark),
        liquidation.map_or_else(|| "none".to_owned(), price),
        distance(health.distance),
        screen::cents(health.unrealized_pnl),
        stop.map_or_else(|| "NONE".to_owned(), price),
    ]
}

impl Row {
    fn of(account: &Account, it: &SurveyedPosition) -> Self {
        let health = &it.health;
        let bounds = health.liquidation.bounds();
        let shown = |price: Option<Price>| price.map(|price| full(price.get()));
        let of_money = |money: Option<Money>| money.map(|money| full(money.get()));
        Self {
            account: account.name.to_string(),
            venue: account.venue.as_str(),
            symbol: health.symbol.to_string(),
            side: health.position.direction,
            quantity: full(health.position.quantity.get()),
            entry_price: full(health.position.entry.get()),
            mark_price: Some(full(health.mark.get())),
            notional: Some(full(it.notional.get())),
            leverage: it.leverage.map(plimsoll_domain::Leverage::get),
            margin_mode: it.margin_mode.map(|mode| mode.to_string()),
            margin: of_money(it.isolated_margin),
            maintenance_margin: Some(full(it.maintenance.get())),
            margin_ratio: health.margin_ratio.map(|ratio| full(ratio.get())),
            unrealized_pnl: Some(full(health.unrealized_pnl.get())),
            liquidation_below: shown(bounds.and_then(|bounds| bounds.below)),
            liquidation_above: shown(bounds.and_then(|bounds| bounds.above)),
            in_liquidation: Some(bounds.is_none()),
            venue_liquidation_price: shown(health.venue_liquidation),
            distance: health.distance.map(|distance| full(distance.get())),
            funding_rate: it.funding.map(|cost| full(cost.rate.get())),
            funding_per_day: of_money(it.funding.map(|cost| cost.per_day)),
            stop_loss: shown(it.stop_loss.as_ref().and_then(|order| order.trigger)),
            take_profit: shown(it.take_profit.as_ref().and_then(|order| order.trigger)),
        }
    }

    /// What the venue itself tells of it.
    fn unpriced(account: &Account, it: &PositionReport) -> Option<Self> {
        let position = it.position?;
        let of_money = |money: Option<Money>| money.map(|money| full(money.get()));
        Some(Self {
            account: account.name.to_string(),
            venue: account.venue.as_str(),
            symbol: it.symbol.to_string(),
            side: position.direction,
            quantity: full(position.quantity.get()),
            entry_price: full(position.entry.get()),
            mark_price: it.mark_price.map(|price| full(price.get())),
            notional: None,
            leverage: it.leverage.map(plimsoll_domain::Leverage::get),
            margin_mode: it.margin_mode.map(|mode| mode.to_string()),
            margin: of_money(it.isolated_margin),
            maintenance_margin: of_money(it.maintenance_margin),
            margin_ratio: None,
            unrealized_pnl: of_money(it.unrealized_pnl),
            liquidation_below: None,
            liquidation_above: None,
            in_liquidation: None,
            venue_liquidation_price: it.liquidation_price.map(|price| full(price.get())),
            distance: None,
            funding_rate: None,
            funding_per_day: None,
            stop_loss: None,
            take_profit: None,
        })
    }
}

fn print(it: &SurveyedPosition) -> Result<(), Failure> {
    let health = &it.health;
    let leverage = it.leverage.map(|leverage| format!(" at {leverage}")).unwrap_or_default();
    let mode = it.margin_mode.map(|mode| format!(", {mode}")).unwrap_or_default();
    let held = health.position;
    screen::line(format!("{} {} {}{leverage}{mode}", health.symbol, held.direction, held.quantity))?;
    let funding = it.funding.map(|cost| {
        format!("{} ({} every {} h)", screen::money(cost.per_day), screen::rate(cost.rate), cost.interval_hours)
    });
    let stop = it.stop_loss.as_ref().and_then(|order| order.trigger).map_or_else(|| "NONE".to_owned(), price);
    Facts::default()
        .line("entry", price(held.entry))
        .line("mark", price(health.mark))
        .line("notional", screen::money(it.notional))
        .maybe("margin", it.isolated_margin.map(screen::money))
        .line("PnL", screen::money(health.unrealized_pnl))
        .line("liquidation", liquidation(health.liquidation))
        .line("  the venue says", health.venue_liquidation.map_or_else(|| "none".to_owned(), price))
        .line("  distance", health.distance.map_or_else(|| "-".to_owned(), |rate| percent(rate.get())))
        .line("margin ratio", health.margin_ratio.map_or_else(|| "-".to_owned(), |ratio| percent(ratio.get())))
        .line("funding a day", funding.unwrap_or_else(|| "not known".to_owned()))
        .line("stop", stop)
        .maybe("target", it.take_profit.as_ref().and_then(|order| order.trigger).map(price))
        .print()
}

/// The exact liquidation price, or why there is none.
pub(super) fn liquidation(it: Liquidation) -> String {
    let Some(bounds) = it.bounds() else { return "in liquidation already".to_owned() };
    match (bounds.below, bounds.above) {
        (Some(below), Some(above)) => format!("{} below, {} above (exact)", price(below), price(above)),
        (Some(one), None) | (None, Some(one)) => format!("{} (exact)", price(one)),
        (None, None) => "no price liquidates it".to_owned(),
    }
}

/// The same for programs: below, above.
pub(super) fn liquidation_fields(it: Liquidation) -> (Option<String>, Option<String>) {
    let shown = |price: Option<Price>| price.map(|price| full(price.get()));
    it.bounds().map_or((None, None), |bounds| (shown(bounds.below), shown(bounds.above)))
}

/// A distance, or none.
pub(super) fn distance(rate: Option<Rate>) -> String {
    rate.map_or_else(|| "-".to_owned(), |rate| percent(rate.get()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Environment, Places};
    use plimsoll_domain::risk::MarginAlert;
    use plimsoll_domain::{Position, PositionMode, PositionSide, Stamp, Symbol, Timestamp};

    fn account() -> Account {
        let text =
            "[accounts.main]\nvenue = \"binance\"\nenvironment = \"testnet\"\nkey_env = \"K\"\nsecret_env = \"S\"\n";
        let places = Places { file: "plimsoll.toml".to_owned(), state: "state".into() };
        Config::read(text, &Environment::default(), &places).unwrap().accounts.remove(0)
    }

    /// An account that holds one position, which cannot be priced.
    fn survey() -> Survey {
        let (direction, mark) = (Direction::Long, "60000".parse().ok());
        let position = Position { direction, quantity: "0.5".parse().unwrap(), entry: "50000".parse().unwrap() };
        let report = PositionReport {
            symbol: Symbol::new("BTC", "USDT", "USDT").unwrap(),
            position_side: PositionSide::Both,
            position: Some(position),
            mark_price: mark,
            liquidation_price: None,
            unrealized_pnl: None,
            realized_pnl: None,
            leverage: None,
            margin_mode: None,
            isolated_margin: None,
            maintenance_margin: None,
            margin_ratio: None,
            stamp: Stamp::at(Timestamp::default()),
        };
        Survey {
            time: Timestamp::default(),
            position_mode: PositionMode::OneWay,
            wallet: Money::ZERO,
            equity: Money::ZERO,
            available: Money::ZERO,
            margin_ratio: None,
            alert: MarginAlert::of(None),
            positions: Vec::new(),
            unpriced: vec![report],
            orders: Vec::new(),
            troubles: Vec::new(),
        }
    }

    #[test]
    fn a_position_that_cannot_be_priced_is_listed_with_what_is_known_of_it() {
        let rows = serde_json::to_value(rows(&account(), &survey())).unwrap();
        let row = &rows[0];
        assert_eq!((&row["quantity"], &row["mark_price"]), (&"0.5".into(), &"60000".into()));
        for unknown in ["notional", "margin_ratio", "in_liquidation", "stop_loss", "liquidation_below"] {
            assert!(row[unknown].is_null(), "{unknown}");
        }
    }

    #[test]
    fn a_list_with_a_position_that_nobody_can_judge_ends_in_an_error() {
        let survey = survey();
        assert!(all_judged([&survey]).is_err_and(|it| it.is_unreachable()));
        assert!(all_judged([&Survey { unpriced: Vec::new(), ..survey }]).is_ok());
    }
}
