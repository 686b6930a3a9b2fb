//! Positions: how the venue writes them, and the calls about their leverage and margin.

use crate::gateio::error::Refusal;
use crate::gateio::floor::{Floor, signed_size};
use crate::gateio::parameters::Parameters;
use crate::gateio::refusal;
use crate::gateio::router::{Call, Handled};
use crate::gateio::words::{self, contracts, whole_seconds};
use crate::gateio::write::{Object, Style, array};
use crate::number::cut;
use plimsoll_domain::{
    AccountId, Instrument, Leverage, MarginMode, Money, PositionMode, PositionReport, PositionSide, Symbol, Timestamp,
};
use plimsoll_exchange::Rejection;
use rust_decimal::{Decimal, RoundingStrategy};

/// Places of figures that are worked out.
const PLACES: u32 = 12;

pub(crate) const fn margin_mode(mode: MarginMode) -> &'static str {
    match mode {
        MarginMode::Isolated => "isolated",
        MarginMode::Cross => "cross",
    }
}

/// The leverage in the venue's two fields: 0 in the first is cross, and the second says how much.
fn leverages(leverage: Leverage, mode: MarginMode) -> (Decimal, Decimal) {
    match mode {
        MarginMode::Isolated => (leverage.as_decimal(), Decimal::ZERO),
        MarginMode::Cross => (Decimal::ZERO, leverage.as_decimal()),
    }
}

/// The price that marks are rounded to: a digit finer than the tick.
pub(crate) fn mark_places(instrument: &Instrument) -> u32 {
    instrument.tick.decimals() + 1
}

/// The place in the queue of deleveraging of what is not in it.
pub(crate) const NO_RANK: u8 = 6;

/// The place in the queue of deleveraging: 1 is first, 5 is last.
pub(crate) fn adl(floor: &Floor, account: &AccountId, report: &PositionReport) -> u8 {
    if report.position.is_none() {
        return NO_RANK;
    }
    let figures = floor.exchange.position_figures(account, &report.symbol, report.position_side);
    5_u8.saturating_sub(figures.map_or(0, |figures| figures.adl))
}

/// The bound of the tier that a notional is in. The last tier of the simulated exchange has none.
pub(crate) fn risk_limit(instrument: &Instrument, tier: usize) -> Decimal {
    let next = instrument.tiers.lines().get(tier + 1);
    next.map_or_else(|| Decimal::from(1_000_000_000_000_i64), |next| next.floor.get())
}

/// A position over REST.
pub(crate) fn row(floor: &Floor, account: &AccountId, report: &PositionReport, decimal: bool) -> Option<String> {
    let instrument = floor.instrument(&report.symbol)?;
    let (symbol, side) = (&report.symbol, report.position_side);
    let style = Style::rest(decimal);
    let figures = floor.exchange.position_figures(account, symbol, side)?;
    let place = floor.lives.get(account, symbol, side);
    let (leverage, mode) = floor.setting(account, symbol);
    let (own, shared) = leverages(leverage, mode);
    let tier = instrument.tiers.at(figures.notional);
    let maintenance = figures.maintenance_margin.get();
    let without_fee = instrument.tiers.maintenance(figures.notional).get();
    let average = without_fee.checked_div(figures.notional.get()).unwrap_or_else(|| tier.rate.get());
    let margin = match mode {
        MarginMode::Isolated => report.isolated_margin.unwrap_or_default().get(),
        MarginMode::Cross => figures.initial_margin.get(),
    };
    let places = mark_places(instrument);
    let liquidation = report.liquidation_price.map_or(Decimal::ZERO, |price| {
        price.get().round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero)
    });
    let updated = floor.exchange.position_updated(account, symbol, side).unwrap_or_default();
    let row = Object::new()
        .raw("user", floor.user(account))
        .text("contract", &instrument.native)
        .size("size", contracts(instrument, signed_size(report)), style)
        .digits("leverage", own)
        .digits("cross_leverage_limit", shared)
        .digits("lever", leverage.as_decimal())
        .text("pos_margin_mode", margin_mode(mode))
        .digits("risk_limit", risk_limit(instrument, instrument.tiers.index(figures.notional)))
        .digits("leverage_max", instrument.max_leverage(figures.notional).as_decimal())
        .digits("maintenance_rate", tier.rate.get())
        .text("average_maintenance_rate", &cut(average, PLACES))
        .digits("value", figures.notional.get())
        .digits("margin", if report.position.is_some() { margin } else { Decimal::ZERO })
        .text("initial_margin", &cut(figures.initial_margin.get(), PLACES))
        .text("maintenance_margin", &cut(maintenance, PLACES))
        .digits("entry_price", report.position.map_or(Decimal::ZERO, |position| position.entry.get()))
        .digits("liq_price", liquidation)
        .digits("mark_price", words::price(report.mark_price))
        .digits("unrealised_pnl", report.unrealized_pnl.unwrap_or_default().get())
        .digits("realised_pnl", place.sums.total())
        .digits("pnl_pnl", place.sums.pnl)
        .digits("pnl_fund", place.sums.fund)
        .digits("pnl_fee", place.sums.fee)
        .digits("history_pnl", place.history)
        .digits("last_close_pnl", place.last)
        .text("realised_point", "0")
        .text("history_point", "0")
        .raw("adl_ranking", adl(floor, account, report))
        .raw("pending_orders", floor.open_orders(account, Some(symbol)).len())
        .raw("close_order", "null")
        .text("mode", words::row_mode(side))
        .raw("update_time", whole_seconds(updated))
        .raw("open_time", place.opened.map_or(0, whole_seconds))
        .raw("update_id", place.updates)
        .text("risk_limit_table", &table(instrument));
    Some(row.end())
}

/// The name of a contract's table of tiers.
pub(crate) fn table(instrument: &Instrument) -> String {
    format!("{}_TIERS", instrument.native)
}

/// A position on a stream.
pub(crate) fn pushed(
    floor: &Floor,
    account: &AccountId,
    report: &PositionReport,
    time: Timestamp,
    style: Style,
) -> Option<String> {
    let instrument = floor.instrument(&report.symbol)?;
    let (symbol, side) = (&report.symbol, report.position_side);
    let place = floor.lives.get(account, symbol, side);
    let (leverage, mode) = floor.setting(account, symbol);
    let (own, shared) = leverages(leverage, mode);
    let notional = report.position.zip(report.mark_price).map_or(Money::ZERO, |(it, mark)| it.notional(mark));
    let margin = match mode {
        MarginMode::Isolated => report.isolated_margin.unwrap_or_default().get(),
        MarginMode::Cross => {
            let figures = floor.exchange.position_figures(account, symbol, side);
            figures.map_or(Decimal::ZERO, |figures| figures.initial_margin.get())
        }
    };
    let row = Object::new()
        .text("contract", &instrument.native)
        .size("size", contracts(instrument, signed_size(report)), style)
        .figure("entry_price", report.position.map_or(Decimal::ZERO, |position| position.entry.get()), style)
        .figure("leverage", own, style)
        .figure("cross_leverage_limit", shared, style)
        .figure("lever", leverage.as_decimal(), style)
        .text("pos_margin_mode", margin_mode(mode))
        .figure("leverage_max", instrument.max_leverage(notional).as_decimal(), style)
        .figure("liq_price", report.liquidation_price.map_or(Decimal::ZERO, |price| price.get().round_dp(8)), style)
        .figure("maintenance_rate", instrument.tiers.at(notional).rate.get(), style)
        .figure("margin", if report.position.is_some() { margin } else { Decimal::ZERO }, style)
        .figure("risk_limit", risk_limit(instrument, instrument.tiers.index(notional)), style)
        .figure("realised_pnl", place.sums.total(), style)
        .raw("realised_point", 0)
        .figure("history_pnl", place.history, style)
        .raw("history_point", 0)
        .figure("last_close_pnl", place.last, style)
        .text("mode", words::row_mode(side))
        .raw("time", whole_seconds(time))
        .raw("time_ms", time.as_millis())
        .text("user", &floor.user(account).to_string())
        .raw("update_id", place.updates);
    Some(row.end())
}

/// The rows of one contract: one in single mode, two in dual mode.
fn rows_of(floor: &Floor, account: &AccountId, symbol: &Symbol, decimal: bool) -> Vec<String> {
    let sides = floor.position_sides(account).iter();
    let reports = sides.filter_map(|side| floor.exchange.position(account, symbol, *side));
    reports.filter_map(|report| row(floor, account, &report, decimal)).collect()
}

/// What the calls about one contract answer: an object in single mode, an array in dual mode.
fn shape(floor: &mut Floor, account: &AccountId, symbol: &Symbol, decimal: bool) -> Handled {
    // What has just been done counts in the rows.
    floor.publish();
    let mut rows = rows_of(floor, account, symbol, decimal);
    match floor.position_mode(account) {
        PositionMode::OneWay => rows.pop().ok_or(Refusal::POSITION_NOT_FOUND),
        PositionMode::Hedge => Ok(array(rows)),
    }
}

/// The contract that a path names.
fn named(floor: &Floor, call: &Call<'_>) -> Result<Symbol, Refusal> {
    let native = call.place(0)?;
    floor.native(native).map(|instrument| instrument.symbol.clone()).ok_or(Refusal::CONTRACT_NOT_FOUND)
}

pub(crate) fn list(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let (page, holding) = (call.parameters.page()?, call.parameters.flag("holding")?);
    let sides = floor.position_sides(account);
    let symbols = floor.instruments().map(|instrument| &instrument.symbol);
    let reports = symbols
        .flat_map(|symbol| sides.iter().filter_map(|side| floor.exchange.position(account, symbol, *side)))
        .filter(|report| !holding || report.position.is_some());
    let rows = page.cut(reports).into_iter().filter_map(|report| row(floor, account, &report, call.decimal));
    Ok(array(rows))
}

pub(crate) fn single(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let (account, symbol) = (call.account()?, named(floor, call)?);
    if floor.position_mode(account) == PositionMode::Hedge {
        return Err(Refusal::POSITION_DUAL_MODE);
    }
    shape(floor, account, &symbol, call.decimal)
}

pub(crate) fn dual(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let (account, symbol) = (call.account()?, named(floor, call)?);
    if floor.position_mode(account) == PositionMode::OneWay {
        return Err(Refusal::POSITION_NOT_FOUND);
    }
    shape(floor, account, &symbol, call.decimal)
}

/// Leverage, and with it the margin mode: none at all means cross.
pub(crate) fn set_leverage(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let (account, symbol) = (call.account()?, named(floor, call)?);
    let own = leverage(call.parameters, "leverage")?.ok_or_else(|| Refusal::missing("leverage"))?;
    let shared = leverage(call.parameters, "cross_leverage_limit")?;
    let most = floor.instrument(&symbol).ok_or(Refusal::CONTRACT_NOT_FOUND)?.max_leverage(Money::ZERO);
    let (mode, wanted) = match own {
        Wanted::Leverage(leverage) => (MarginMode::Isolated, Some(leverage)),
        Wanted::Unset => match shared {
            Some(Wanted::Leverage(leverage)) => (MarginMode::Cross, Some(leverage)),
            Some(Wanted::Unset) => (MarginMode::Cross, Some(most)),
            None => (MarginMode::Cross, None),
        },
    };
    apply(floor, account, &symbol, mode, wanted)?;
    shape(floor, account, &symbol, call.decimal)
}

/// The newer call names the margin mode.
pub(crate) fn set_leverage_and_mode(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let (account, symbol) = (call.account()?, named(floor, call)?);
    let mode = match call.parameters.required("margin_mode")? {
        "isolated" => MarginMode::Isolated,
        "cross" => MarginMode::Cross,
        other => return Err(Refusal::invalid("margin_mode", other)),
    };
    let Some(Wanted::Leverage(leverage)) = leverage(call.parameters, "leverage")? else {
        return Err(Refusal::missing("leverage"));
    };
    apply(floor, account, &symbol, mode, Some(leverage))?;
    shape(floor, account, &symbol, call.decimal)
}

enum Wanted {
    Unset,
    Leverage(Leverage),
}

/// The simulated exchange has whole leverages only.
fn leverage(parameters: &Parameters, name: &str) -> Result<Option<Wanted>, Refusal> {
    let Some(value) = parameters.decimal(name)? else { return Ok(None) };
    if value.is_zero() {
        return Ok(Some(Wanted::Unset));
    }
    let leverage: Result<Leverage, _> = value.normalize().to_string().parse();
    let leverage = leverage.map_err(|_| Refusal::invalid(name, &value.to_string()))?;
    Ok(Some(Wanted::Leverage(leverage)))
}

fn apply(
    floor: &mut Floor,
    account: &AccountId,
    symbol: &Symbol,
    mode: MarginMode,
    leverage: Option<Leverage>,
) -> Result<(), Refusal> {
    let before = floor.setting(account, symbol);
    if mode != before.1 {
        floor.exchange.set_margin_mode(account, symbol, mode).map_err(|rejection| refusal::of(&rejection))?;
    }
    let Some(leverage) = leverage.filter(|leverage| *leverage != before.0) else { return Ok(()) };
    let set = floor.exchange.set_leverage(account, symbol, leverage);
    if let Err(rejection) = set {
        if mode != before.1 {
            // Nothing has happened in between that could refuse this.
            let _ = floor.exchange.set_margin_mode(account, symbol, before.1);
        }
        return Err(refusal::of(&rejection));
    }
    Ok(())
}

pub(crate) fn get_leverage(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let (account, symbol) = (call.account()?, named(floor, call)?);
    Ok(Object::new().digits("Lever", floor.setting(account, &symbol).0.as_decimal()).end())
}

pub(crate) fn set_margin_mode(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let native = call.parameters.required("contract")?;
    let instrument = floor.native(native).ok_or(Refusal::CONTRACT_NOT_FOUND)?;
    let symbol = instrument.symbol.clone();
    let mode = match call.parameters.required("mode")? {
        "ISOLATED" => MarginMode::Isolated,
        "CROSS" => MarginMode::Cross,
        other => return Err(Refusal::invalid("mode", other)),
    };
    apply(floor, account, &symbol, mode, None)?;
    shape(floor, account, &symbol, call.decimal)
}

pub(crate) fn change_margin(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let (account, symbol) = (call.account()?, named(floor, call)?);
    let change = Money::new(call.parameters.required_decimal("change")?);
    let side = match (floor.position_mode(account), call.parameters.get("dual_side")) {
        (PositionMode::OneWay, _) => PositionSide::Both,
        (PositionMode::Hedge, Some(word)) => words::read_row_mode(word)?,
        (PositionMode::Hedge, None) => return Err(Refusal::missing("dual_side")),
    };
    let changed = floor.exchange.adjust_isolated_margin(account, &symbol, side, change);
    changed.map_err(|rejection| match rejection {
        Rejection::NoChange => Refusal::invalid("change", "0"),
        other => refusal::of(&other),
    })?;
    shape(floor, account, &symbol, call.decimal)
}

/// Tiers follow the position by themselves; the call is still taken, and changes nothing.
pub(crate) fn set_risk_limit(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let (account, symbol) = (call.account()?, named(floor, call)?);
    call.parameters.required_decimal("risk_limit")?;
    shape(floor, account, &symbol, call.decimal)
}
