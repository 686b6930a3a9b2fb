//! Calls that anybody may make.

use crate::day::{Day, candle_open};
use crate::gateio::channels::{candle_row, levels, trade};
use crate::gateio::error::Refusal;
use crate::gateio::floor::{Floor, signed_size};
use crate::gateio::hearing::without_prefix;
use crate::gateio::parameters::{Parameters, Period};
use crate::gateio::positions::{mark_places, risk_limit, table};
use crate::gateio::router::{Call, Handled};
use crate::gateio::words::{self, contracts, is_decimal, seconds, whole_seconds};
use crate::gateio::write::{Object, Style, array, quoted};
use crate::number::cut;
use crate::tape::Level;
use plimsoll_domain::{Direction, FillCause, Instrument, Money, Timestamp};
use rust_decimal::Decimal;
use std::time::Duration;

/// The most open orders of one contract.
pub(crate) const MOST_ORDERS: usize = 100;
/// When contracts were listed, as far as anybody asks.
const LISTED: i64 = 1_609_899_548;
/// How far a funding rate can be from zero.
const FUNDING_LIMIT: &str = "0.003";

/// The contract that a call names.
pub(crate) fn named<'a>(floor: &'a Floor, parameters: &Parameters) -> Result<&'a Instrument, Refusal> {
    floor.native(parameters.required("contract")?).ok_or(Refusal::CONTRACT_NOT_FOUND)
}

/// The contract that a call names, if it names one.
pub(crate) fn maybe_named<'a>(floor: &'a Floor, parameters: &Parameters) -> Result<Option<&'a Instrument>, Refusal> {
    match parameters.get("contract") {
        None => Ok(None),
        Some(native) => floor.native(native).map(Some).ok_or(Refusal::CONTRACT_NOT_FOUND),
    }
}

/// What the simulated venue has none of: other settle currencies, spot, options.
pub(crate) fn nothing(_: &mut Floor, _: &Call<'_>) -> Handled {
    Ok("[]".to_owned())
}

pub(crate) fn time(_: &mut Floor, call: &Call<'_>) -> Handled {
    Ok(Object::new().raw("server_time", call.now.as_millis()).end())
}

pub(crate) fn list_contracts(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let page = call.parameters.page()?;
    let floor = &*floor;
    let limit = if call.parameters.get("limit").is_some() { page.limit } else { usize::MAX };
    let rows = floor.instruments().skip(page.offset).take(limit);
    Ok(array(rows.filter_map(|instrument| contract(floor, instrument, call.decimal))))
}

pub(crate) fn one_contract(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let instrument = floor.native(call.place(0)?).ok_or(Refusal::CONTRACT_NOT_FOUND)?;
    contract(floor, instrument, call.decimal).ok_or(Refusal::CONTRACT_NOT_FOUND)
}

/// What all accounts together hold on the side that holds more, in contracts.
pub(crate) fn open_interest(floor: &Floor, instrument: &Instrument) -> (Decimal, [usize; 2]) {
    let of = |direction| floor.exchange.held_by_all(&instrument.symbol).filter(move |held| held.direction == direction);
    let held = |direction| of(direction).map(|held| held.quantity.get()).sum::<Decimal>();
    let open = held(Direction::Long).max(held(Direction::Short));
    (contracts(instrument, open), [of(Direction::Long).count(), of(Direction::Short).count()])
}

fn contract(floor: &Floor, instrument: &Instrument, decimal: bool) -> Option<String> {
    let view = floor.exchange.market(&instrument.symbol)?;
    let tape = floor.tape(&instrument.symbol)?;
    let style = Style::rest(decimal);
    let (open, [longs, shorts]) = open_interest(floor, instrument);
    let size = |base: Decimal| contracts(instrument, base);
    let lowest = instrument.tiers.at(Money::ZERO);
    let largest = instrument.tiers.lines().last().map_or(Decimal::ZERO, |tier| tier.floor.get());
    let mark_round = Decimal::new(1, mark_places(instrument));
    let row = Object::new()
        .text("name", &instrument.native)
        .text("type", "direct")
        .digits("quanto_multiplier", instrument.multiplier)
        .text("ref_discount_rate", "0")
        .digits("order_price_deviate", floor.exchange.settings().price_band.get())
        .digits("maintenance_rate", lowest.rate.get())
        .text("mark_type", "index")
        .digits("last_price", view.last.get())
        .digits("mark_price", view.mark.get())
        .digits("index_price", view.index.get())
        .digits("funding_rate_indicative", view.funding_rate.get())
        .digits("mark_price_round", mark_round)
        .raw("funding_offset", 0)
        .raw("in_delisting", false)
        .digits("risk_limit_base", risk_limit(instrument, 0))
        .text("interest_rate", "0.0003")
        .digits("order_price_round", instrument.tick.get())
        .size("order_size_min", size(instrument.min_quantity.get()), style)
        .size("order_size_max", size(instrument.max_quantity.get()), style)
        .size("market_order_size_max", size(instrument.max_market_quantity.get()), style)
        .raw("enable_decimal", is_decimal(instrument))
        .text("ref_rebate_rate", "0.2")
        .raw("funding_interval", i64::from(instrument.funding_interval_hours) * 3600)
        .text("risk_limit_step", "0")
        .text("leverage_min", "1")
        .digits("leverage_max", lowest.max_leverage.as_decimal())
        .digits("risk_limit_max", largest)
        .digits("maker_fee_rate", instrument.fees.maker.get())
        .digits("taker_fee_rate", instrument.fees.taker.get())
        .digits("funding_rate", view.funding_rate.get())
        .raw("funding_next_apply", whole_seconds(view.next_funding))
        .text("funding_rate_limit", FUNDING_LIMIT)
        .text("funding_impact_value", "60000")
        .text("funding_cap_ratio", "0.75")
        .raw("short_users", shorts)
        .raw("long_users", longs)
        .raw("config_change_time", LISTED)
        .size("trade_size", Decimal::ZERO, style)
        .size("position_size", open, style)
        .raw("orders_limit", MOST_ORDERS)
        .raw("trade_id", tape.newest().map_or(0, |print| print.id))
        .raw("orderbook_id", tape.update)
        .raw("enable_bonus", true)
        .raw("enable_credit", true)
        .raw("create_time", LISTED)
        .raw("launch_time", LISTED)
        .raw("delisting_time", 0)
        .raw("delisted_time", 0)
        .text("status", "trading")
        .digits("market_order_slip_ratio", floor.exchange.settings().price_band.get())
        .text("contract_type", "")
        .raw("enable_circuit_breaker", false);
    Some(row.end())
}

/// A ticker over REST.
fn ticker(floor: &Floor, instrument: &Instrument, style: Style) -> Option<String> {
    let day = Day::of(&floor.exchange, floor.tape(&instrument.symbol)?, instrument)?;
    let open = open_interest(floor, instrument).0;
    ticker_row(floor, instrument, &day, open, style).map(Object::end)
}

/// A ticker over a socket: it carries the times of funding.
pub(crate) fn socket_ticker(floor: &Floor, instrument: &Instrument, style: Style) -> Option<String> {
    let view = floor.exchange.market(&instrument.symbol)?;
    let last = floor.days.get(&instrument.symbol)?;
    let row = ticker_row(floor, instrument, &last.day, last.open_interest, style)?
        .raw("funding_interval", i64::from(instrument.funding_interval_hours) * 3600)
        .raw("funding_next_apply", whole_seconds(view.next_funding));
    Some(row.end())
}

fn ticker_row(floor: &Floor, instrument: &Instrument, day: &Day, open: Decimal, style: Style) -> Option<Object> {
    let view = floor.exchange.market(&instrument.symbol)?;
    let tape = floor.tape(&instrument.symbol)?;
    let best =
        |side: &[Level]| side.first().map_or((Decimal::ZERO, Decimal::ZERO), |(price, size)| (price.get(), *size));
    let (bid, ask) = (best(&tape.depth().bids), best(&tape.depth().asks));
    let size = |base: Decimal| contracts(instrument, base);
    let text = |value: Decimal| if style.decimal { value } else { value.trunc() };
    let row = Object::new()
        .text("contract", &instrument.native)
        .digits("last", view.last.get())
        .digits("low_24h", day.low.get())
        .digits("high_24h", day.high.get())
        .digits("change_percentage", day.change_percent())
        .digits("total_size", text(open))
        .digits("volume_24h", text(size(day.volume)))
        .digits("volume_24h_base", day.volume)
        .digits("volume_24h_quote", day.turnover)
        .digits("volume_24h_settle", day.turnover)
        .digits("mark_price", view.mark.get())
        .digits("index_price", view.index.get())
        .digits("funding_rate", view.funding_rate.get())
        .digits("funding_rate_indicative", view.funding_rate.get())
        .digits("quanto_multiplier", instrument.multiplier)
        .digits("highest_bid", bid.0)
        .digits("highest_size", text(size(bid.1)))
        .digits("lowest_ask", ask.0)
        .digits("lowest_size", text(size(ask.1)));
    Some(row)
}

pub(crate) fn tickers(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let floor = &*floor;
    let only = maybe_named(floor, call.parameters)?;
    let wanted = floor.instruments().filter(|instrument| only.is_none_or(|only| only.symbol == instrument.symbol));
    let style = Style::rest(call.decimal);
    Ok(array(wanted.filter_map(|instrument| ticker(floor, instrument, style))))
}

pub(crate) fn order_book(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let instrument = named(floor, call.parameters)?;
    let tape = floor.tape(&instrument.symbol).ok_or(Refusal::CONTRACT_NOT_FOUND)?;
    let limit = if call.parameters.get("limit").is_some() { call.parameters.page()?.limit } else { 10 };
    if ![0, 1, 5, 10, 20, 50, 100].contains(&limit) {
        return Err(Refusal::invalid("limit", &limit.to_string()));
    }
    let style = Style::rest(call.decimal);
    let top = |side: &[Level]| levels(instrument, side.get(..limit).unwrap_or(side), style);
    let now = seconds(floor.exchange.now());
    let book = if call.parameters.flag("with_id")? { Object::new().raw("id", tape.update) } else { Object::new() };
    Ok(book
        .raw("current", now)
        .raw("update", now)
        .raw("asks", top(&tape.depth().asks))
        .raw("bids", top(&tape.depth().bids))
        .end())
}

pub(crate) fn trades(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let instrument = named(floor, call.parameters)?;
    let (page, period) = (call.parameters.page()?, call.parameters.period()?);
    let prints = floor.tape(&instrument.symbol).into_iter().flat_map(|tape| tape.prints().rev());
    let prints = prints.filter(|print| period.holds(print.time));
    let style = Style::rest(call.decimal);
    Ok(array(page.cut(prints).into_iter().map(|print| trade(instrument, print, style))))
}

/// The most candles of one call.
const MOST_CANDLES: usize = 2000;

pub(crate) fn candlesticks(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let (of_mark, native) = without_prefix(call.parameters.required("contract")?);
    let instrument = floor.native(native).ok_or(Refusal::CONTRACT_NOT_FOUND)?;
    let rows = candles(floor, call, instrument, of_mark)?;
    let style = Style::rest(call.decimal);
    Ok(array(rows.iter().map(|candle| candle_row(instrument, candle, of_mark, style).end())))
}

/// How far the mark is from the index is not kept; its candles are those of nothing.
pub(crate) fn premium_index(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let instrument = named(floor, call.parameters)?;
    let rows = candles(floor, call, instrument, true)?;
    let row = |candle: &plimsoll_domain::Candle| {
        let at = whole_seconds(candle.open_time);
        Object::new().raw("t", at).text("o", "0").text("h", "0").text("l", "0").text("c", "0").end()
    };
    Ok(array(rows.iter().map(row)))
}

fn candles(
    floor: &Floor,
    call: &Call<'_>,
    instrument: &Instrument,
    of_mark: bool,
) -> Result<Vec<plimsoll_domain::Candle>, Refusal> {
    let interval = words::read_interval(call.parameters.get("interval").unwrap_or("5m"))?;
    let Period { from, to } = call.parameters.period()?;
    let limit = call.parameters.integer("limit")?;
    if limit.is_some() && (from.is_some() || to.is_some()) {
        return Err(Refusal::INVALID_PARAM_VALUE.saying("limit cannot be combined with from or to"));
    }
    let limit = usize::try_from(limit.unwrap_or(100)).unwrap_or(0).clamp(1, MOST_CANDLES);
    let end = to.unwrap_or_else(|| floor.exchange.now()).min(floor.exchange.now());
    let back = interval.saturating_mul(u32::try_from(limit).unwrap_or(u32::MAX).saturating_sub(1));
    let start = from.unwrap_or_else(|| candle_open(end, interval).minus(back));
    let until = end.plus(Duration::from_micros(1));
    let symbol = &instrument.symbol;
    let mut rows = if of_mark {
        floor.exchange.mark_candles(symbol, interval, start, until)
    } else {
        floor.exchange.candles(symbol, interval, start, until)
    };
    rows.truncate(MOST_CANDLES);
    Ok(rows)
}

/// How far back rates are told of.
const FUNDING_DAYS: u64 = 180;

pub(crate) fn funding_rate(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let instrument = named(floor, call.parameters)?;
    let (page, period) = (call.parameters.page()?, call.parameters.period()?);
    let oldest = call.now.minus(Duration::from_secs(FUNDING_DAYS * 86_400));
    if let Some(from) = period.from.filter(|from| *from < oldest) {
        return Err(Refusal::invalid("from", &whole_seconds(from).to_string()));
    }
    Ok(funding_rows(floor, instrument, |time| period.holds(time), page.limit))
}

/// Settled rates, the newest first.
fn funding_rows(floor: &Floor, instrument: &Instrument, holds: impl Fn(Timestamp) -> bool, limit: usize) -> String {
    let settled = floor.exchange.funding_history(&instrument.symbol).iter().rev().filter(|settled| holds(settled.time));
    let row = |settled: &plimsoll_domain::SettledFunding| {
        Object::new().raw("t", whole_seconds(settled.time)).digits("r", settled.rate.get()).end()
    };
    array(settled.take(limit).map(row))
}

pub(crate) fn funding_rates(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let names = call.parameters.required("contracts")?;
    let names: Vec<String> = serde_json::from_str(names).map_err(|_| Refusal::invalid("contracts", names))?;
    let row = |native: &String| {
        let instrument = floor.native(native).ok_or(Refusal::CONTRACT_NOT_FOUND)?;
        Ok(Object::new().text("contract", native).raw("data", funding_rows(floor, instrument, |_| true, 100)).end())
    };
    Ok(array(names.iter().map(row).collect::<Result<Vec<_>, Refusal>>()?))
}

/// The lines of a contract's margin table. Where several contracts are told of, each line names its own.
fn tiers(instrument: &Instrument, named: bool) -> Vec<String> {
    let lines = instrument.tiers.lines().iter().enumerate();
    let line = |(number, tier): (usize, &plimsoll_domain::Tier)| {
        let leverage = tier.max_leverage.as_decimal();
        let initial = Decimal::ONE.checked_div(leverage).unwrap_or(Decimal::ONE);
        let row = Object::new()
            .raw("tier", number + 1)
            .digits("risk_limit", risk_limit(instrument, number))
            .text("initial_rate", &cut(initial, 6))
            .digits("maintenance_rate", tier.rate.get())
            .digits("leverage_max", leverage)
            .digits("deduction", tier.deduction.get());
        if named { row.text("contract", &instrument.native).end() } else { row.end() }
    };
    lines.map(line).collect()
}

pub(crate) fn risk_limit_tiers(floor: &mut Floor, call: &Call<'_>) -> Handled {
    match maybe_named(floor, call.parameters)? {
        Some(instrument) => Ok(array(tiers(instrument, false))),
        None => {
            let page = call.parameters.page()?;
            Ok(array(page.cut(floor.instruments()).into_iter().flat_map(|instrument| tiers(instrument, true))))
        }
    }
}

pub(crate) fn risk_limit_table(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let id = call.parameters.required("table_id")?;
    let instrument = floor.instruments().find(|instrument| table(instrument) == id);
    let instrument = instrument.ok_or_else(|| Refusal::invalid("table_id", id))?;
    Ok(array(tiers(instrument, false)))
}

/// Positions that were closed by force, of all accounts.
pub(crate) fn liquidated_orders(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let only = maybe_named(floor, call.parameters)?.map(|instrument| instrument.symbol.clone());
    let (page, period) = (call.parameters.page()?, call.parameters.period()?);
    let mut rows: Vec<_> = floor.forced.values().flatten().filter(|row| row.cause == FillCause::Liquidation).collect();
    rows.retain(|row| only.as_ref().is_none_or(|only| row.close.symbol == *only) && period.holds(row.close.time));
    rows.sort_by_key(|row| std::cmp::Reverse(row.close.time));
    let style = Style::rest(call.decimal);
    let rows = page.cut(rows).into_iter().filter_map(|row| {
        let instrument = floor.instrument(&row.close.symbol)?;
        let size = row.position.as_ref().map(|report| contracts(instrument, signed_size(report))).unwrap_or_default();
        let price = words::price(row.close.price);
        let row = Object::new()
            .raw("time", whole_seconds(row.close.time))
            .text("contract", &instrument.native)
            .size("size", size, style)
            .size("order_size", -size, style)
            .digits("order_price", price)
            .digits("fill_price", price)
            .size("left", Decimal::ZERO, style);
        Some(row.end())
    });
    Ok(array(rows))
}

pub(crate) fn insurance(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let row = Object::new()
        .raw("t", whole_seconds(call.now))
        .raw("b", quoted(&crate::number::trimmed(floor.exchange.insurance_fund().get())));
    Ok(array([row.end()]))
}
