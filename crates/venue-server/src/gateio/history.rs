//! Calls about what has happened: trades, closed positions, forced closes.

use crate::gateio::error::Refusal;
use crate::gateio::floor::{Floor, Forced};
use crate::gateio::market::maybe_named;
use crate::gateio::order_rows;
use crate::gateio::parameters::Period;
use crate::gateio::push::{mark_of, size_of};
use crate::gateio::router::{Call, Handled};
use crate::gateio::words::{self, contracts, whole_seconds};
use crate::gateio::write::{Object, Style, array};
use crate::number::cut;
use plimsoll_domain::{AccountId, Direction, Fill, FillCause, Instrument, MarginMode, OrderId, Quantity};
use rust_decimal::Decimal;

/// An account's fills of the contract that a call names, or of all, the newest first.
fn fills<'a>(
    floor: &'a Floor,
    call: &Call<'_>,
    account: &AccountId,
    period: Period,
) -> Result<impl Iterator<Item = (&'a Instrument, &'a Fill)>, Refusal> {
    let only = maybe_named(floor, call.parameters)?.map(|instrument| instrument.symbol.clone());
    let order = call.parameters.get("order").map(OrderId::new);
    let fills = floor.exchange.fills_between(account, period.from, period.before()).iter().rev();
    let wanted = fills.filter(move |fill| {
        period.holds(fill.time)
            && only.as_ref().is_none_or(|only| fill.symbol == *only)
            && order.as_ref().is_none_or(|order| fill.order_id == *order)
    });
    Ok(wanted.filter_map(|fill| Some((floor.instrument(&fill.symbol)?, fill))))
}

pub(crate) fn my_trades(floor: &mut Floor, call: &Call<'_>) -> Handled {
    trades(floor, call, false)
}

pub(crate) fn my_trades_by_time(floor: &mut Floor, call: &Call<'_>) -> Handled {
    trades(floor, call, true)
}

fn trades(floor: &Floor, call: &Call<'_>, by_time: bool) -> Handled {
    let account = call.account()?;
    let (page, period) = (call.parameters.page()?, call.parameters.period()?);
    let role = call.parameters.get("role");
    let wanted =
        fills(floor, call, account, period)?.filter(|(_, fill)| role.is_none_or(|role| role == order_rows::role(fill)));
    let row = |(instrument, fill)| order_rows::trade(floor, fill, instrument, by_time, call.decimal);
    Ok(array(page.cut(wanted).into_iter().map(row)))
}

pub(crate) fn position_closes(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let only = maybe_named(floor, call.parameters)?.map(|instrument| instrument.symbol.clone());
    let (page, period) = (call.parameters.page()?, call.parameters.period()?);
    let side = call.parameters.get("side");
    let closes = floor.closes.get(account).map(Vec::as_slice).unwrap_or_default();
    let name = |direction| if direction == Direction::Long { "long" } else { "short" };
    let rows = closes.iter().rev().filter(|row| {
        only.as_ref().is_none_or(|only| row.symbol == *only)
            && period.holds(row.time)
            && side.is_none_or(|side| side == name(row.direction))
    });
    let style = Style::rest(call.decimal);
    let rows = page.cut(rows).into_iter().filter_map(|row| {
        let instrument = floor.instrument(&row.symbol)?;
        let (long, short) = match row.direction {
            Direction::Long => (row.entry, row.exit),
            Direction::Short => (row.exit, row.entry),
        };
        let body = Object::new()
            .raw("time", whole_seconds(row.time))
            .text("contract", &instrument.native)
            .text("side", name(row.direction))
            .text("text", &row.text)
            .digits("pnl", row.sums.total())
            .digits("pnl_pnl", row.sums.pnl)
            .digits("pnl_fund", row.sums.fund)
            .digits("pnl_fee", row.sums.fee)
            .size("max_size", contracts(instrument, row.most), style)
            .size("accum_size", contracts(instrument, row.closed), style)
            .raw("first_open_time", whole_seconds(row.opened))
            .text("long_price", &cut(long, 12))
            .text("short_price", &cut(short, 12));
        Some(body.end())
    });
    Ok(array(rows))
}

/// A liquidation as its account is told of it.
pub(crate) fn liquidated(floor: &Floor, account: &AccountId, row: &Forced, style: Style) -> Option<String> {
    let instrument = floor.instrument(&row.close.symbol)?;
    let report = row.position.as_ref()?;
    let price = words::price(row.close.price);
    let margin = report.isolated_margin.filter(|_| report.margin_mode == Some(MarginMode::Isolated));
    let leverage = match report.margin_mode {
        Some(MarginMode::Isolated) => report.leverage.map_or(Decimal::ZERO, plimsoll_domain::Leverage::as_decimal),
        _ => Decimal::ZERO,
    };
    let body = Object::new()
        .raw("time", whole_seconds(row.close.time))
        .raw("time_ms", row.close.time.as_millis())
        .text("contract", &instrument.native)
        .size("size", size_of(floor, report), style)
        .figure("leverage", leverage, style)
        .figure("margin", margin.unwrap_or_default().get(), style)
        .figure("entry_price", report.position.map_or(Decimal::ZERO, |position| position.entry.get()), style)
        .figure("liq_price", words::price(report.liquidation_price), style)
        .figure("mark_price", mark_of(report), style)
        .raw("order_id", row.order.as_ref().map_or("0", OrderId::as_str))
        .figure("order_price", price, style)
        .figure("fill_price", price, style)
        .size("left", Decimal::ZERO, style)
        .text("user", &floor.user(account).to_string());
    Some(body.end())
}

/// A deleveraging as its account is told of it.
pub(crate) fn deleveraged(floor: &Floor, account: &AccountId, row: &Forced, style: Style) -> Option<String> {
    let instrument = floor.instrument(&row.close.symbol)?;
    let report = row.position.as_ref()?;
    let traded = row.close.quantity.map_or(Decimal::ZERO, Quantity::get);
    let fills = floor.exchange.fills(account, &row.close.symbol);
    let fill = fills.filter(|fill| Some(&fill.order_id) == row.order.as_ref()).last();
    let sign = fill.map_or(Decimal::ONE, |fill| words::sign(fill.side));
    let body = Object::new()
        .raw("time", whole_seconds(row.close.time))
        .raw("time_ms", row.close.time.as_millis())
        .text("contract", &instrument.native)
        .raw("order_id", row.order.as_ref().map_or("0", OrderId::as_str))
        .figure("entry_price", report.position.map_or(Decimal::ZERO, |position| position.entry.get()), style)
        .figure("fill_price", words::price(row.close.price), style)
        .size("position_size", size_of(floor, report), style)
        .size("trade_size", sign * contracts(instrument, traded), style)
        .text("user", &floor.user(account).to_string());
    Some(body.end())
}

pub(crate) fn liquidates(floor: &mut Floor, call: &Call<'_>) -> Handled {
    forced(floor, call, FillCause::Liquidation, liquidated)
}

pub(crate) fn deleverages(floor: &mut Floor, call: &Call<'_>) -> Handled {
    forced(floor, call, FillCause::Adl, deleveraged)
}

fn forced(
    floor: &Floor,
    call: &Call<'_>,
    cause: FillCause,
    row: impl Fn(&Floor, &AccountId, &Forced, Style) -> Option<String>,
) -> Handled {
    let account = call.account()?;
    let only = maybe_named(floor, call.parameters)?.map(|instrument| instrument.symbol.clone());
    let (page, period) = (call.parameters.page()?, call.parameters.period()?);
    let rows = floor.forced.get(account).map(Vec::as_slice).unwrap_or_default();
    let rows = rows.iter().rev().filter(|row| {
        row.cause == cause && only.as_ref().is_none_or(|only| row.close.symbol == *only) && period.holds(row.close.time)
    });
    let style = Style::rest(call.decimal);
    Ok(array(page.cut(rows).into_iter().filter_map(|it| row(floor, account, it, style))))
}
