//! Calls that anybody may make.

use crate::bitget::error::Refusal;
use crate::bitget::floor::Floor;
use crate::bitget::market_data::{self, candle_row, ticker_row};
use crate::bitget::parameters::{Parameters, Period};
use crate::bitget::position_row::keep_margin_rate;
use crate::bitget::router::{Call, Handled, answer};
use crate::bitget::words;
use crate::day::candle_open;
use crate::number::{bare, cut, trimmed};
use plimsoll_domain::{Direction, Instrument, Money, Timestamp};
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::time::Duration;

/// When contracts were listed, as far as anybody asks.
const LAUNCHED: i64 = 1_569_398_400_000;
/// The most open orders of one contract.
pub(crate) const MOST_ORDERS: usize = 400;

/// Whether contracts are listed under the product type that a call names.
pub(crate) fn product(parameters: &Parameters) -> Result<bool, Refusal> {
    words::read_product(parameters.get("productType").ok_or(Refusal::PRODUCT_MISSING)?)
}

/// The contract that a call names, with its product type.
pub(crate) fn listed<'a>(floor: &'a Floor, parameters: &Parameters) -> Result<&'a Instrument, Refusal> {
    let found = product(parameters)?;
    let native = parameters.required("symbol")?;
    floor.native(native).filter(|_| found).ok_or_else(|| Refusal::no_such(native))
}

/// The contract that a call names, if it names one.
pub(crate) fn maybe_listed<'a>(floor: &'a Floor, parameters: &Parameters) -> Result<Option<&'a Instrument>, Refusal> {
    match parameters.get("symbol") {
        None => Ok(None),
        Some(native) => floor.native(native).map(Some).ok_or_else(|| Refusal::no_such(native)),
    }
}

/// The contract that a call names, or all of its product type.
fn one_or_all<'a>(floor: &'a Floor, call: &Call<'_>) -> Result<Vec<&'a Instrument>, Refusal> {
    let found = product(call.parameters)?;
    match maybe_listed(floor, call.parameters)? {
        Some(instrument) => Ok(vec![instrument]),
        None if found => Ok(floor.instruments()),
        None => Ok(Vec::new()),
    }
}

fn rows(instruments: Vec<&Instrument>, row: impl Fn(&Instrument) -> Option<Value>) -> Handled {
    answer(&instruments.into_iter().filter_map(row).collect::<Vec<_>>())
}

/// What is asked of markets that are not here.
pub(crate) fn nothing(_: &mut Floor, _: &Call<'_>) -> Handled {
    answer(&json!([]))
}

pub(crate) fn time(_: &mut Floor, call: &Call<'_>) -> Handled {
    answer(&json!({"serverTime": call.now.as_millis().to_string()}))
}

pub(crate) fn contracts(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let band = floor.exchange.settings().price_band.get();
    rows(one_or_all(floor, call)?, |instrument| Some(contract(instrument, band)))
}

fn contract(instrument: &Instrument, band: Decimal) -> Value {
    let places = instrument.tick.decimals();
    // The tick in units of the last place.
    let step = instrument.tick.get() * Decimal::from(10_u64.saturating_pow(places));
    let most = instrument.max_leverage(Money::ZERO).get();
    json!({
        "symbol": &*instrument.native, "baseCoin": instrument.symbol.base(), "quoteCoin": instrument.symbol.quote(),
        "buyLimitPriceRatio": trimmed(band), "sellLimitPriceRatio": trimmed(band), "feeRateUpRatio": "0",
        "makerFeeRate": trimmed(instrument.fees.maker.get()), "takerFeeRate": trimmed(instrument.fees.taker.get()),
        "openCostUpRatio": "0", "supportMarginCoins": [instrument.settle.as_str()],
        "minTradeNum": trimmed(instrument.min_quantity.get()), "priceEndStep": trimmed(step),
        "volumePlace": instrument.lot.decimals().to_string(), "pricePlace": places.to_string(),
        "sizeMultiplier": trimmed(instrument.lot.get()), "symbolType": "perpetual",
        "minTradeUSDT": trimmed(instrument.min_notional.get()), "maxSymbolOrderNum": MOST_ORDERS.to_string(),
        "maxProductOrderNum": MOST_ORDERS.to_string(), "maxPositionNum": "150", "symbolStatus": "normal",
        "offTime": "-1", "limitOpenTime": "-1", "deliveryTime": "", "deliveryStartTime": "",
        "launchTime": LAUNCHED.to_string(), "fundInterval": instrument.funding_interval_hours.to_string(),
        "minLever": "1", "maxLever": most.to_string(), "posLimit": "0.1", "maintainTime": "",
        "maxMarketOrderQty": trimmed(instrument.max_market_quantity.get()),
        "maxOrderQty": trimmed(instrument.max_quantity.get()), "isRwa": "NO",
    })
}

pub(crate) fn ticker(floor: &mut Floor, call: &Call<'_>) -> Handled {
    rows(vec![listed(floor, call.parameters)?], |instrument| ticker_row(floor, instrument))
}

pub(crate) fn tickers(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let found = product(call.parameters)?;
    let all = if found { floor.instruments() } else { Vec::new() };
    rows(all, |instrument| ticker_row(floor, instrument))
}

pub(crate) fn symbol_price(floor: &mut Floor, call: &Call<'_>) -> Handled {
    rows(vec![listed(floor, call.parameters)?], |instrument| {
        let view = floor.market(&instrument.symbol)?;
        Some(json!({
            "symbol": &*instrument.native, "price": trimmed(view.last.get()), "indexPrice": trimmed(view.index.get()),
            "markPrice": trimmed(view.mark.get()), "ts": view.time.as_millis().to_string(),
        }))
    })
}

/// The book; its levels are numbers, not texts.
pub(crate) fn depth(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let instrument = listed(floor, call.parameters)?;
    let limit = match call.parameters.get("limit") {
        None => 100,
        Some("max") => usize::MAX,
        Some(text) => text.parse().map_err(|_| Refusal::wrong("limit"))?,
    };
    if !matches!(call.parameters.get("precision"), None | Some("scale0")) {
        return Err(Refusal::wrong("precision"));
    }
    let depth = floor.tape(&instrument.symbol).map(|tape| tape.depth().clone()).unwrap_or_default();
    let levels = |levels: &[crate::tape::Level]| -> Vec<[Box<RawValue>; 2]> {
        levels.iter().take(limit).map(|(price, size)| [bare(price.get()), bare(*size)]).collect()
    };
    let body = Book {
        asks: levels(&depth.asks),
        bids: levels(&depth.bids),
        ts: floor.exchange.now().as_millis().to_string(),
        scale: trimmed(instrument.tick.get()),
        precision: "scale0",
        is_max_precision: "NO",
    };
    answer(&body)
}

#[derive(serde::Serialize)]
struct Book {
    asks: Vec<[Box<RawValue>; 2]>,
    bids: Vec<[Box<RawValue>; 2]>,
    ts: String,
    scale: String,
    precision: &'static str,
    #[serde(rename = "isMaxPrecision")]
    is_max_precision: &'static str,
}

pub(crate) fn candles(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let kind = call.parameters.get("kLineType").map(str::to_ascii_uppercase);
    match kind.as_deref() {
        None | Some("MARKET") => candle_rows(floor, call, false, 1000),
        Some("MARK" | "INDEX") => candle_rows(floor, call, true, 1000),
        Some(_) => Err(Refusal::wrong("kLineType")),
    }
}

pub(crate) fn old_candles(floor: &mut Floor, call: &Call<'_>) -> Handled {
    candle_rows(floor, call, false, 200)
}

/// Of the mark, which the index is shown as too: the exchange keeps no candles of that.
pub(crate) fn old_mark_candles(floor: &mut Floor, call: &Call<'_>) -> Handled {
    candle_rows(floor, call, true, 200)
}

/// Oldest first: the last ones until the end that is asked for, or from the start on if only that is.
fn candle_rows(floor: &Floor, call: &Call<'_>, of_mark: bool, most: usize) -> Handled {
    let instrument = listed(floor, call.parameters)?;
    let word = call.parameters.required("granularity")?;
    let interval = words::granularity(word).ok_or(Refusal::BAD_GRANULARITY)?;
    let limit = call.parameters.limit("limit", 100, most)?;
    let Period { start, end } = call.parameters.period()?;
    let now = floor.exchange.now();
    let back = interval.saturating_mul(u32::try_from(limit).unwrap_or(u32::MAX).saturating_sub(1));
    let until = end.map_or(now, Timestamp::from_millis).min(now);
    let from = start.map_or_else(|| candle_open(until, interval).minus(back), Timestamp::from_millis);
    let until = until.plus(Duration::from_micros(1));
    let mut candles = floor.candles(&instrument.symbol, interval, from, until, of_mark);
    if start.is_some() && end.is_none() {
        candles.truncate(limit);
    } else {
        candles.drain(..candles.len().saturating_sub(limit));
    }
    answer(&candles.iter().map(|candle| candle_row(candle, of_mark)).collect::<Vec<_>>())
}

pub(crate) fn trades(floor: &mut Floor, call: &Call<'_>) -> Handled {
    trade_rows(floor, call, 100, 100)
}

pub(crate) fn old_trades(floor: &mut Floor, call: &Call<'_>) -> Handled {
    trade_rows(floor, call, 500, 1000)
}

fn trade_rows(floor: &Floor, call: &Call<'_>, default: usize, most: usize) -> Handled {
    let instrument = listed(floor, call.parameters)?;
    let page = call.parameters.page(default, most)?;
    let prints: Vec<_> = floor.tape(&instrument.symbol).into_iter().flat_map(|tape| tape.prints()).collect();
    let (prints, _) = page.cut(prints, |print| (print.id, print.time.as_millis()));
    let rows = prints.into_iter().map(|print| {
        let mut row = market_data::print_row(print);
        if let Value::Object(row) = &mut row {
            row.insert("symbol".to_owned(), instrument.native.to_string().into());
        }
        row
    });
    answer(&rows.collect::<Vec<_>>())
}

/// The lowest and the highest rate of one funding.
const FUNDING_BOUNDS: (&str, &str) = ("-0.003", "0.003");

pub(crate) fn funding_rate(floor: &mut Floor, call: &Call<'_>) -> Handled {
    rows(one_or_all(floor, call)?, |instrument| {
        let view = floor.market(&instrument.symbol)?;
        Some(json!({
            "symbol": &*instrument.native, "fundingRate": trimmed(view.funding_rate.get()),
            "fundingRateInterval": view.funding_interval_hours.to_string(),
            "nextUpdate": view.next_funding.as_millis().to_string(), "minFundingRate": FUNDING_BOUNDS.0,
            "maxFundingRate": FUNDING_BOUNDS.1,
        }))
    })
}

/// Newest first, page by page.
pub(crate) fn funding_history(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let instrument = listed(floor, call.parameters)?;
    let size = call.parameters.limit("pageSize", 20, 100)?;
    let page = call.parameters.limit("pageNo", 1, usize::MAX)?;
    let settled = floor.exchange.funding_history(&instrument.symbol).iter().rev();
    let rows = settled.skip(size.saturating_mul(page - 1)).take(size).map(|settled| {
        json!({
            "symbol": &*instrument.native, "fundingRate": trimmed(settled.rate.get()),
            "fundingTime": settled.time.as_millis().to_string(),
        })
    });
    answer(&rows.collect::<Vec<_>>())
}

pub(crate) fn funding_time(floor: &mut Floor, call: &Call<'_>) -> Handled {
    rows(vec![listed(floor, call.parameters)?], |instrument| {
        let view = floor.market(&instrument.symbol)?;
        Some(json!({
            "symbol": &*instrument.native, "nextFundingTime": view.next_funding.as_millis().to_string(),
            "ratePeriod": view.funding_interval_hours.to_string(),
        }))
    })
}

/// What stands for no end of the last tier.
const NO_END: &str = "10000000000";

pub(crate) fn tiers(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let instrument = listed(floor, call.parameters)?;
    let lines = instrument.tiers.lines();
    let ends = lines.iter().skip(1).map(|tier| trimmed(tier.floor.get())).chain([NO_END.to_owned()]);
    let rows = (1..).zip(lines.iter().zip(ends)).map(|(level, (tier, end)): (u32, _)| {
        json!({
            "symbol": &*instrument.native, "level": level.to_string(), "startUnit": trimmed(tier.floor.get()),
            "endUnit": end, "leverage": tier.max_leverage.get().to_string(),
            "keepMarginRate": trimmed(keep_margin_rate(tier.rate.get())),
        })
    });
    answer(&rows.collect::<Vec<_>>())
}

pub(crate) fn open_interest(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let instrument = listed(floor, call.parameters)?;
    let size = held(floor, instrument);
    answer(&json!({
        "openInterestList": [{"symbol": &*instrument.native, "size": trimmed(size)}],
        "ts": floor.exchange.now().as_millis().to_string(),
    }))
}

/// What the accounts hold: what one side of them holds beyond the other is held against the outside market.
pub(crate) fn held(floor: &Floor, instrument: &Instrument) -> Decimal {
    let side = |direction: Direction| -> Decimal {
        let positions = floor.exchange.held_by_all(&instrument.symbol);
        positions.filter(|position| position.direction == direction).map(|position| position.quantity.get()).sum()
    };
    side(Direction::Long).max(side(Direction::Short))
}

/// What trading costs the caller: what it costs everybody.
pub(crate) fn trade_rate(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let native = call.parameters.required("symbol")?;
    let instrument = floor.native(native).ok_or_else(|| Refusal::no_such(native))?;
    let fees = instrument.fees;
    answer(&json!({
        "makerFeeRate": cut(fees.maker.get(), 8), "takerFeeRate": cut(fees.taker.get(), 8),
    }))
}
