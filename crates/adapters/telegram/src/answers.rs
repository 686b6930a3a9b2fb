//! What the service answers, in messages.

use crate::command::MENU;
use crate::doubts::Doubts;
use crate::figures::{amount, exact, money, percent, price, rate, seconds, tidy};
use crate::text::Text;
use plimsoll_ports::domain::AccountId;
use plimsoll_service::{
    Contract, Figure, Funding, LimitRow, Overview, Pnl, PositionRow, Positions, Risk, RunState, Strategies,
};

pub(crate) fn help() -> Text {
    let lines = MENU.iter().map(|(name, takes, what)| format!("/{name} {takes}\n    {what}"));
    Text::titled("Commands").lines(lines).gap().line(
        "What acts is shown first, and done when its button is pressed: once, by whoever asked, within a minute. \
         Amounts are worth in the currency that the account is kept in.",
    )
}

pub(crate) fn status(overview: &Overview, positions: &Positions, only: Option<&AccountId>) -> Text {
    let (mut text, doubts) = (Text::titled(&format!("Status, {}", overview.mode)), Doubts::of(overview));
    for it in overview.accounts.iter().filter(|it| only.is_none_or(|only| it.account == only.as_str())) {
        let currency = &it.currency;
        text = text.gap().bold(&format!("{} at {}, {}", it.account, it.venue, it.mode));
        text = text.lines(doubts.of_account(&it.account));
        text = text.line(&format!("equity: {}", money(it.equity, currency)));
        text = text.line(&format!("today: {}", money(it.day_pnl, currency)));
        text = text.line(&format!("margin ratio: {}{}", percent(it.margin_ratio), stage(it.stage)));
        text = text.line(&format!("kill switch: {}", it.kill_switch));
        for row in positions.positions.iter().filter(|row| row.account == it.account) {
            text = position(text.gap(), row);
        }
        if it.positions == 0 {
            text = text.line("nothing is held");
        }
    }
    let unknown = overview.unknown_orders.map_or_else(|| "unknown".to_owned(), |count| count.to_string());
    let unprotected = match overview.unprotected {
        0 => String::new(),
        count => format!("; {count} WITHOUT A STOP"),
    };
    text.gap().line(&format!(
        "{} positions{unprotected}; {} orders rest, of {unknown} the end is not known",
        overview.positions, overview.open_orders
    ))
}

fn position(text: Text, it: &PositionRow) -> Text {
    let currency = &it.currency;
    let leverage = it.leverage.map(|leverage| format!(" at {leverage}x")).unwrap_or_default();
    let text = text
        .line(&format!("{} {} {}{leverage}", it.symbol, it.direction, it.quantity))
        .line(&format!("  entry {}, mark {}", price(Some(it.entry_price)), exact(it.mark_price)))
        .line(&format!("  profit {}, notional {}", money(it.unrealized_pnl, currency), money(it.notional, currency)));
    text.line(&format!("  {}", liquidation(it))).line(&format!("  {}", stop(it)))
}

fn liquidation(it: &PositionRow) -> String {
    match it.is_due {
        None => "liquidation: cannot be judged".to_owned(),
        Some(true) => "LIQUIDATION IS DUE".to_owned(),
        Some(false) if it.liquidation_price.is_none() => "no price liquidates it".to_owned(),
        Some(false) => format!("liquidated at {}, {} away", price(it.liquidation_price), percent(it.distance)),
    }
}

fn stop(it: &PositionRow) -> String {
    let Some(stop) = &it.stop else { return "NO STOP".to_owned() };
    let whole = if it.is_protected { "" } else { ", NOT for all of it" };
    let late = if it.stop_comes_first == Some(false) { ", BEYOND LIQUIDATION" } else { "" };
    format!("stop {}, {} away{whole}{late}", exact(Some(stop.trigger)), percent(stop.distance))
}

pub(crate) fn liquidation_risk(positions: &Positions, risk: &Risk, doubts: &Doubts) -> Text {
    let mut text = Text::titled("Liquidation risk, the nearest first");
    text = text.lines(doubts.lines(risk.accounts.iter().map(|it| it.account.as_str())));
    if positions.positions.is_empty() {
        text = text.line("nothing is held");
    }
    for it in &positions.positions {
        text = text
            .gap()
            .line(&format!("{} {} {} on {}", it.symbol, it.direction, it.quantity, it.account))
            .line(&format!("  mark {}, {}", exact(it.mark_price), liquidation(it)))
            .line(&format!("  margin ratio {}{}", percent(it.margin_ratio), stage(it.stage)))
            .line(&format!("  {}", stop(it)));
    }
    for it in &risk.accounts {
        let margin = &it.margin;
        let is_cross = |row: &PositionRow| row.account == it.account && row.margin_mode == Some("cross");
        // Where nothing is cross there is no pool to know of.
        let has_pool = margin.pool_ratio.is_some() || positions.positions.iter().any(is_cross);
        let pool = if has_pool { format!(", pool {}", percent(margin.pool_ratio)) } else { String::new() };
        let worst = format!("{}{}", percent(margin.margin_ratio), stage(margin.stage));
        text = text.gap().line(&format!("{}: worst margin ratio {worst}{pool}", it.account));
    }
    text
}

pub(crate) fn funding(funding: &Funding, doubts: &Doubts) -> Text {
    let mut text = Text::titled("Funding of what is held; what is paid is positive");
    text = text.lines(doubts.lines(funding.rates.iter().map(|it| it.account.as_str())));
    for it in &funding.rates {
        let next = it.next_time.map(|time| format!(" at {time}")).unwrap_or_default();
        text = text
            .gap()
            .line(&format!("{} {} {} on {}", it.symbol, it.direction, it.quantity, it.account))
            .line(&format!("  rate {}{}, a year {}", rate(it.rate), every(it.interval_hours), percent(it.annualised)))
            .line(&format!("  next {}{next}, a day {}", amount(it.next_payment), amount(it.per_day)));
    }
    for it in &funding.per_day {
        text = text.gap().line(&format!("a day in all: {}", money(it.per_day, &it.currency)));
    }
    text
}

pub(crate) fn contract(it: &Contract) -> Text {
    let next = it.next_time.map(|time| format!("next at {time}"));
    Text::titled(&format!("{} at {}", it.symbol, it.venue))
        .line(&format!("rate {}{}", rate(it.funding_rate), every(Some(it.interval_hours))))
        .line(&format!("a year {}", percent(it.annualised)))
        .lines(next)
        .line(&format!("mark {}", it.mark_price))
        .line("Positive: longs pay shorts.")
}

fn every(hours: Option<u32>) -> String {
    hours.map(|hours| format!(" every {hours} h")).unwrap_or_default()
}

pub(crate) fn pnl(pnl: &Pnl, doubts: &Doubts) -> Text {
    let mut text = Text::titled("Profit and loss");
    for it in &pnl.accounts {
        let currency = &it.currency;
        text = text
            .gap()
            .bold(&format!("{}, {}", it.account, it.mode))
            .lines(doubts.of_account(&it.account))
            .line(&format!("today: {}", money(it.day.pnl, currency)))
            .line(&format!("equity: {}", money(it.day.equity, currency)))
            .line(&format!("below its peak: {}", money(it.day.drawdown, currency)));
        for sum in &it.totals {
            let [realized, fees, funding, net] =
                [sum.realized_pnl, sum.fees, sum.funding, sum.net].map(|it| amount(Some(it)));
            let all = format!("realised {realized}, fees {fees}, funding {funding}, net {net} {}", sum.currency);
            text = text.line(&format!("since the records began: {all}"));
        }
        for day in it.days.iter().rev().take(7) {
            let date: String = day.day.to_string().chars().take(10).collect();
            text = text.line(&format!("{date}: net {}", money(Some(day.net), currency)));
        }
    }
    text
}

pub(crate) fn risk(risk: &Risk, doubts: &Doubts) -> Text {
    let mut text = Text::titled("Limits");
    for it in &risk.accounts {
        text = text.gap().bold(&format!("{}, {}", it.account, it.mode));
        text = text.lines(doubts.of_account(&it.account));
        text = text.line(&format!("kill switch: {}", it.kill_switch.state));
        text = text.line(&format!("margin ratio: {}{}", percent(it.margin.margin_ratio), stage(it.margin.stage)));
        for limit in &it.limits {
            let state = if limit.state == "ok" { String::new() } else { format!(" ({})", limit.state.to_uppercase()) };
            text = text.line(&format!("{}: {}{state}", limit.name, used(limit, &it.currency)));
        }
    }
    text
}

/// How much of a limit is used, in its unit.
fn used(limit: &LimitRow, currency: &str) -> String {
    if limit.name.starts_with("min_") {
        return match limit.used {
            // Nothing could come near it, in words.
            None if limit.state == "ok" => format!("{}; at least {}", limit.text, percent(Some(limit.limit))),
            left => format!("{}, at least {}", percent(left), percent(Some(limit.limit))),
        };
    }
    let said = |figure: Figure| match limit.unit {
        "money" => amount(Some(figure)),
        "fraction" => percent(Some(figure)),
        "times" => format!("{figure}x"),
        "ms" => seconds(figure),
        _ => figure.to_string(),
    };
    let unit = if limit.unit == "money" { format!(" {currency}") } else { String::new() };
    format!("{} of {}{unit}", limit.used.map_or_else(|| "unknown".to_owned(), said), said(limit.limit))
}

pub(crate) fn strategies(strategies: &Strategies) -> Text {
    let mut text = Text::titled("Strategies");
    if strategies.strategies.is_empty() {
        return text.line("none run");
    }
    for it in &strategies.strategies {
        let state = match it.state {
            RunState::Running => "running",
            RunState::Paused => "paused",
            RunState::Stopped => "stopped",
        };
        let reason = it.reason.as_ref().map(|reason| format!(", {reason}")).unwrap_or_default();
        text = text.gap().bold(&format!("{}: {state}{reason}", it.name));
        text = text.line(&format!("on {}: {}", it.accounts.join(", "), it.contracts.join(", ")));
        for held in &it.holdings {
            let (direction, quantity, symbol) = (held.direction, held.quantity, &held.symbol);
            text = text.line(&format!("holds {direction} {quantity} {symbol} on {}", held.account));
        }
        if let Some(newest) = it.decisions.first() {
            text = text.line(&format!("{}: {}: {}", newest.time, tidy(&newest.text), tidy(&newest.reason)));
        }
    }
    text
}

fn stage(stage: Option<&'static str>) -> String {
    stage.map(|stage| format!(" ({})", stage.to_uppercase())).unwrap_or_default()
}
