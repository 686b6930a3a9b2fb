//! What a lookout tells, in the two forms in which `run` passes it on. docs/guarding.md lists the events.

use crate::config::duration_text;
use crate::screen;
use plimsoll_domain::risk::MarginAlert;
use plimsoll_domain::{
    Change, ClosedPosition, Crossing, Decimal, ForcedClose, MarginRatio, MarginWarning, Money, Position, PositionSide,
    Price, Symbol, Timestamp,
};
use plimsoll_engine::{AccountNews, Derived, Gap, Link, LookoutNews, Verification, Wake, Watched, WatchedFigure};
use serde::Serialize;
use std::time::Duration;

/// One line of `run --json`.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Told {
    StreamConnected { time: String },
    StreamNotConnected { time: String, error: String, retry_ms: u64 },
    StreamDisconnected { time: String, reason: String },
    StreamSyncing { time: String },
    StreamLive { time: String },
    StreamEnded { time: String, retry_ms: u64 },
    GapClosed { time: String, from: String, until: String, length_ms: u64, reason: String },
    NewsMissed { time: String, count: u64 },
    MarksFlow { time: String, symbols: Vec<String> },
    MarksStopped { time: String, reason: String },
    ContractSet(ContractSet),
    NotSet { time: String, symbol: Option<String>, reason: String },
    PositionOpened(Held),
    PositionUpdated(Held),
    PositionClosed(Closed),
    PositionLiquidated(Closed),
    MarginCall(Warned),
    LiquidationWarning(Warned),
    LiquidationExecuted(Forced),
    AdlWarning(Forced),
    AdlExecuted(Forced),
    ThresholdCrossed(Crossed),
    AuditDifference { time: String, about: String, figure: String, ours: Option<String>, venue: Option<String> },
    ContractChanged { time: String, symbol: String, what: &'static str, text: String },
    Woken { time: String, why: Vec<Reason> },
}

#[derive(Debug, Serialize)]
pub(super) struct ContractSet {
    time: String,
    symbol: String,
    leverage: Option<u32>,
    margin_mode: Option<String>,
    changed: bool,
    read_back: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Held {
    time: String,
    symbol: String,
    position_side: String,
    direction: String,
    quantity: String,
    entry_price: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Closed {
    #[serde(flatten)]
    held: Held,
    realized_pnl: Option<String>,
    cause: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Warned {
    time: String,
    symbol: String,
    position_side: String,
    level: Option<String>,
    margin_ratio: Option<String>,
    mark_price: Option<String>,
    liquidation_price: Option<String>,
    maintenance_margin: Option<String>,
    /// Worked out here, rather than said by the venue.
    derived: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Forced {
    time: String,
    symbol: String,
    position_side: String,
    quantity: Option<String>,
    price: Option<String>,
    level: Option<u8>,
}

#[derive(Debug, Serialize)]
pub(super) struct Crossed {
    time: String,
    figure: &'static str,
    symbol: Option<String>,
    position_side: Option<String>,
    crossing: &'static str,
    value: Option<String>,
    threshold: String,
    /// Whether the account was fresh then.
    certain: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Reason {
    why: &'static str,
    symbol: Option<String>,
}

/// The line for programs; `None` for what only moves figures.
pub(super) fn for_programs(news: &LookoutNews, now: Timestamp) -> Option<Told> {
    let time = screen::instant(now);
    Some(match news {
        LookoutNews::Connected => Told::StreamConnected { time },
        LookoutNews::NotConnected { failure, retry } => {
            Told::StreamNotConnected { time, error: failure.to_string(), retry_ms: millis(*retry) }
        }
        LookoutNews::Ended { retry } => Told::StreamEnded { time, retry_ms: millis(*retry) },
        LookoutNews::Missed(count) => Told::NewsMissed { time, count: *count },
        LookoutNews::MarksFlow(symbols) => {
            Told::MarksFlow { time, symbols: symbols.iter().map(Symbol::to_string).collect() }
        }
        LookoutNews::MarksStopped(reason) => Told::MarksStopped { time, reason: reason.clone() },
        LookoutNews::Set(applied) => Told::ContractSet(ContractSet {
            time,
            symbol: applied.symbol.to_string(),
            leverage: applied.setting.leverage.map(|leverage| leverage.get()),
            margin_mode: applied.setting.margin_mode.map(|mode| mode.to_string()),
            changed: applied.changed,
            read_back: applied.verification == Verification::ReadBack,
        }),
        LookoutNews::NotSet { symbol, why } => {
            Told::NotSet { time, symbol: symbol.as_ref().map(Symbol::to_string), reason: why.clone() }
        }
        LookoutNews::Account(news) => return of_account(news, time),
    })
}

/// Why a look begins before it is time for one.
pub(super) fn woken(wakes: &[Wake], now: Timestamp) -> Told {
    let reason = |wake: &Wake| Reason { why: wake.why.as_str(), symbol: wake.symbol.as_ref().map(Symbol::to_string) };
    Told::Woken { time: screen::instant(now), why: wakes.iter().map(reason).collect() }
}

fn of_account(news: &AccountNews, time: String) -> Option<Told> {
    Some(match news {
        AccountNews::Changed(change) => return of_change(change, time),
        AccountNews::Derived(Derived::MarginCall(it)) => Told::MarginCall(warned(it, level(it), true, time)),
        AccountNews::Derived(Derived::LiquidationWarning { level, warning }) => {
            Told::LiquidationWarning(warned(warning, Some(level.to_string()), true, time))
        }
        AccountNews::Watched(it) => Told::ThresholdCrossed(crossed(it, time)),
        AccountNews::Link(link) => match link {
            Link::Down { reason } => Told::StreamDisconnected { time, reason: reason.clone() },
            Link::Syncing => Told::StreamSyncing { time },
            Link::Live => Told::StreamLive { time },
            // Its end is told with what follows from it.
            Link::Connecting | Link::Ended => return None,
        },
        AccountNews::GapClosed(Gap { from, until, reason }) => Told::GapClosed {
            time,
            from: screen::instant(*from),
            until: screen::instant(*until),
            length_ms: millis(until.since(*from)),
            reason: reason.clone(),
        },
        AccountNews::Contract(change) => Told::ContractChanged {
            time,
            symbol: change.symbol().to_string(),
            what: change.as_str(),
            text: change.to_string(),
        },
        AccountNews::Differs(it) => Told::AuditDifference {
            time,
            about: it.subject.to_string(),
            figure: it.field.to_string(),
            ours: it.ours.clone(),
            venue: it.venue.clone(),
        },
    })
}

fn of_change(change: &Change, time: String) -> Option<Told> {
    Some(match change {
        Change::PositionOpened { symbol, position_side, position } => {
            Told::PositionOpened(held(symbol, *position_side, *position, time))
        }
        Change::PositionUpdated { symbol, position_side, position, .. } => {
            Told::PositionUpdated(held(symbol, *position_side, *position, time))
        }
        Change::PositionClosed(it) => Told::PositionClosed(closed(it, time)),
        Change::PositionLiquidated(it) => Told::PositionLiquidated(closed(it, time)),
        Change::MarginCalled(it) => Told::MarginCall(warned(it, level(it), false, time)),
        Change::LiquidationNear(it) => Told::LiquidationWarning(warned(it, level(it), false, time)),
        Change::LiquidationExecuted(it) => Told::LiquidationExecuted(forced(it, time)),
        Change::AdlWarned(it) => Told::AdlWarning(forced(it, time)),
        Change::AdlExecuted(it) => Told::AdlExecuted(forced(it, time)),
        _ => return None,
    })
}

/// How near a liquidation is: the venue's own level or, where it has none, ours by the margin ratio.
fn level(it: &MarginWarning) -> Option<String> {
    let ours = || it.margin_ratio.map(|ratio| MarginAlert::of(Some(ratio)).to_string());
    it.level.map(|level| level.to_string()).or_else(ours)
}

fn held(symbol: &Symbol, side: PositionSide, it: Position, time: String) -> Held {
    Held {
        time,
        symbol: symbol.to_string(),
        position_side: side.to_string(),
        direction: it.direction.to_string(),
        quantity: screen::full(it.quantity.get()),
        entry_price: screen::full(it.entry.get()),
    }
}

fn closed(it: &ClosedPosition, time: String) -> Closed {
    Closed {
        held: held(&it.symbol, it.position_side, it.position, time),
        realized_pnl: it.realized.map(money),
        cause: it.cause.map(|cause| cause.to_string()),
    }
}

fn warned(it: &MarginWarning, level: Option<String>, derived: bool, time: String) -> Warned {
    Warned {
        time,
        symbol: it.symbol.to_string(),
        position_side: it.position_side.to_string(),
        level,
        margin_ratio: it.margin_ratio.map(|ratio| screen::full(ratio.get())),
        mark_price: it.mark_price.map(price),
        liquidation_price: it.liquidation_price.map(price),
        maintenance_margin: it.maintenance_margin.map(money),
        derived,
    }
}

fn forced(it: &ForcedClose, time: String) -> Forced {
    Forced {
        time,
        symbol: it.symbol.to_string(),
        position_side: it.position_side.to_string(),
        quantity: it.quantity.map(|quantity| screen::full(quantity.get())),
        price: it.price.map(price),
        level: it.level,
    }
}

fn crossed(it: &Watched, time: String) -> Crossed {
    let (figure, position) = match &it.figure {
        WatchedFigure::PositionMarginRatio(symbol, side) => ("position_margin_ratio", Some((symbol, side))),
        WatchedFigure::UnrealizedLoss => ("unrealized_loss", None),
        WatchedFigure::AccountMarginRatio => ("account_margin_ratio", None),
        WatchedFigure::AvailableBalance => ("available_balance", None),
    };
    Crossed {
        time,
        figure,
        symbol: position.map(|(symbol, _)| symbol.to_string()),
        position_side: position.map(|(_, side)| side.to_string()),
        crossing: crossing(it.crossing),
        value: it.value.map(screen::full),
        threshold: screen::full(it.threshold.at()),
        certain: it.is_certain,
    }
}

const fn crossing(crossing: Crossing) -> &'static str {
    match crossing {
        Crossing::Raised => "raised",
        Crossing::Cleared => "cleared",
    }
}

/// The sentence for people; `None` for what only moves figures, or is told by another.
pub(super) fn for_people(news: &LookoutNews) -> Option<String> {
    Some(match news {
        LookoutNews::Connected => "the private stream is live: what it tells is looked at at once".to_owned(),
        LookoutNews::NotConnected { failure, retry } => {
            format!(
                "the private stream is not connected: {failure}; looking by the clock, next try in {}",
                duration_text(*retry)
            )
        }
        LookoutNews::Ended { retry } => {
            format!("the private stream has ended; looking by the clock, another one in {}", duration_text(*retry))
        }
        LookoutNews::Missed(count) => format!("{count} pieces of news were missed; the account is looked at"),
        LookoutNews::MarksFlow(_) => return None,
        LookoutNews::MarksStopped(reason) => format!("mark prices do not flow: {reason}; looking by the clock"),
        LookoutNews::Set(applied) => {
            let leverage =
                applied.setting.leverage.map(|leverage| format!(", leverage {leverage}")).unwrap_or_default();
            let mode = applied.setting.margin_mode.map(|mode| mode.to_string()).unwrap_or_default();
            let how = if applied.changed { "now has" } else { "has" };
            format!("{}: {how} {mode} margin{leverage}", applied.symbol)
        }
        LookoutNews::NotSet { symbol, why } => match symbol {
            Some(symbol) => format!("{symbol} is not set as configured: {why}"),
            None => format!("not set as configured: {why}"),
        },
        LookoutNews::Account(news) => return account_for_people(news),
    })
}

/// Why a look begins, for people.
pub(super) fn woken_for_people(wakes: &[Wake]) -> String {
    let said = |wake: &Wake| match &wake.symbol {
        Some(symbol) => format!("{} {symbol}", wake.why.as_str().replace('_', " ")),
        None => wake.why.as_str().replace('_', " "),
    };
    format!("looking at once: {}", wakes.iter().map(said).collect::<Vec<_>>().join(", "))
}

fn account_for_people(news: &AccountNews) -> Option<String> {
    Some(match news {
        AccountNews::Changed(change) => return change_for_people(change),
        AccountNews::Derived(Derived::MarginCall(it)) => format!("margin is wanted, by the figures: {}", thin(it)),
        AccountNews::Derived(Derived::LiquidationWarning { level, warning }) => {
            format!("liquidation is near ({level}), by the figures: {}", thin(warning))
        }
        AccountNews::Watched(it) => {
            let Crossed { figure, symbol, value, threshold, certain, .. } = crossed(it, String::new());
            let of = symbol.map(|symbol| format!(" of {symbol}")).unwrap_or_default();
            let value = value.unwrap_or_else(|| "gone".to_owned());
            let doubt = if certain { "" } else { ", as far as is known" };
            let crossing = if it.crossing == Crossing::Raised { "has crossed" } else { "is back from" };
            format!("{}{of} {crossing} {threshold}: {value}{doubt}", figure.replace('_', " "))
        }
        AccountNews::Link(Link::Down { reason }) => {
            format!("the private stream is down: {reason}; looking by the clock")
        }
        AccountNews::Link(_) => return None,
        AccountNews::GapClosed(Gap { from, until, reason }) => {
            format!("the account is whole again after {} ms: {reason}", millis(until.since(*from)))
        }
        AccountNews::Contract(change) => change.to_string(),
        AccountNews::Differs(it) => format!("the venue sees the account otherwise: {it}"),
    })
}

fn change_for_people(change: &Change) -> Option<String> {
    let held = |symbol: &Symbol, it: &Position| format!("{symbol} {} {} from {}", it.direction, it.quantity, it.entry);
    Some(match change {
        Change::PositionOpened { symbol, position, .. } => format!("opened: {}", held(symbol, position)),
        Change::PositionUpdated { symbol, position, .. } => format!("changed: {}", held(symbol, position)),
        Change::PositionClosed(it) => format!("closed: {}", held(&it.symbol, &it.position)),
        Change::PositionLiquidated(it) => format!("LIQUIDATED: {}", held(&it.symbol, &it.position)),
        Change::MarginCalled(it) => format!("the venue calls for margin: {}", thin(it)),
        Change::LiquidationNear(it) => {
            let level = level(it).map(|level| format!(" ({level})")).unwrap_or_default();
            format!("the venue warns of liquidation{level}: {}", thin(it))
        }
        Change::LiquidationExecuted(it) => {
            format!("the venue has closed by force for want of margin: {}", by_force(it))
        }
        Change::AdlWarned(it) if it.level == Some(0) => return None,
        Change::AdlWarned(it) => {
            let place = it.level.map(|level| format!(", place {level}")).unwrap_or_default();
            format!("in the deleveraging queue: {}{place}", it.symbol)
        }
        Change::AdlExecuted(it) => format!("the venue has deleveraged: {}", by_force(it)),
        _ => return None,
    })
}

fn thin(it: &MarginWarning) -> String {
    let ratio = it.margin_ratio.map(|ratio| format!(", margin ratio {}", short(ratio))).unwrap_or_default();
    let at = it.liquidation_price.map(|at| format!(", liquidated at {}", screen::price(at))).unwrap_or_default();
    format!("{}{ratio}{at}", it.symbol)
}

fn by_force(it: &ForcedClose) -> String {
    let quantity = it.quantity.map(|quantity| format!(" {quantity}")).unwrap_or_default();
    let at = it.price.map(|price| format!(" at {}", screen::price(price))).unwrap_or_default();
    format!("{}{quantity}{at}", it.symbol)
}

fn short(ratio: MarginRatio) -> Decimal {
    ratio.get().round_dp(4).normalize()
}

fn price(price: Price) -> String {
    screen::full(price.get())
}

fn money(money: Money) -> String {
    screen::full(money.get())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
