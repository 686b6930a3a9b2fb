//! Calls that anybody may make.

use crate::binance::error::Refusal;
use crate::binance::floor::Floor;
use crate::binance::market_data::{candle_close, levels, volumes};
use crate::binance::number::{self, padded, shown, trimmed};
use crate::binance::parameters::{Parameters, Period};
use crate::binance::router::{Call, Handled, json};
use crate::binance::words;
use crate::day::{Day, candle_open};
use plimsoll_domain::{Direction, Instrument, Price, Timestamp};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::time::Duration;

/// A perpetual never delivers.
const DELIVERY: i64 = 4_133_404_800_000;
/// When contracts were listed, as far as anybody asks.
const ONBOARD: i64 = 1_569_398_400_000;
/// The most open orders of one contract.
pub(crate) const MOST_ORDERS: usize = 200;

/// The contract that a call names.
pub(crate) fn named<'a>(floor: &'a Floor, parameters: &Parameters) -> Result<&'a Instrument, Refusal> {
    floor.native(parameters.required("symbol")?).ok_or(Refusal::INVALID_SYMBOL)
}

/// The contract that a call names, if it names one.
pub(crate) fn maybe_named<'a>(floor: &'a Floor, parameters: &Parameters) -> Result<Option<&'a Instrument>, Refusal> {
    match parameters.get("symbol") {
        None => Ok(None),
        Some(native) => floor.native(native).map(Some).ok_or(Refusal::INVALID_SYMBOL),
    }
}

/// One object for a named contract, else an array of all.
fn one_or_all(floor: &Floor, call: &Call<'_>, row: impl Fn(&Instrument) -> Option<Value>) -> Handled {
    match maybe_named(floor, call.parameters)? {
        Some(instrument) => json(&row(instrument).ok_or(Refusal::INVALID_SYMBOL)?),
        None => json(&floor.instruments().into_iter().filter_map(row).collect::<Vec<_>>()),
    }
}

pub(crate) fn ping(_: &mut Floor, _: &Call<'_>) -> Handled {
    Ok("{}".to_owned())
}

pub(crate) fn time(_: &mut Floor, call: &Call<'_>) -> Handled {
    json(&json!({"serverTime": call.now.as_millis()}))
}

pub(crate) fn exchange_info(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let limits = floor.usage.limits();
    let limit = |kind: &str, interval: &str, number: u32, limit: u32| json!({"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit});
    let instruments = floor.instruments();
    let mut settles: Vec<&str> = instruments.iter().map(|instrument| instrument.settle.as_str()).collect();
    settles.sort_unstable();
    settles.dedup();
    let assets: Vec<Value> = settles
        .into_iter()
        .map(|asset| json!({"asset": asset, "marginAvailable": true, "autoAssetExchange": "0"}))
        .collect();
    let band = floor.exchange.settings().price_band.get();
    let symbols: Vec<Value> = instruments.into_iter().map(|instrument| contract(instrument, band)).collect();
    json(&json!({
        "exchangeFilters": [],
        "rateLimits": [
            limit("REQUEST_WEIGHT", "MINUTE", 1, limits.weight_per_minute),
            limit("ORDERS", "MINUTE", 1, limits.orders_per_minute),
            limit("ORDERS", "SECOND", 10, limits.orders_per_ten_seconds),
        ],
        "serverTime": call.now.as_millis(), "assets": assets, "symbols": symbols, "timezone": "UTC",
        "futuresType": "U_MARGINED",
    }))
}

fn contract(instrument: &Instrument, band: Decimal) -> Value {
    let places = number::price_precision(instrument);
    let tick = padded(instrument.tick.get(), places);
    let (min, max) = (trimmed(instrument.min_quantity.get()), trimmed(instrument.max_quantity.get()));
    let (step, max_market) = (trimmed(instrument.lot.get()), trimmed(instrument.max_market_quantity.get()));
    let lowest = instrument.tiers.at(plimsoll_domain::Money::ZERO);
    let percent = |rate: Decimal| padded((rate * Decimal::ONE_HUNDRED).round_dp(4), 4);
    json!({
        "symbol": &*instrument.native, "pair": &*instrument.native, "contractType": "PERPETUAL",
        "deliveryDate": DELIVERY, "onboardDate": ONBOARD, "status": "TRADING",
        "maintMarginPercent": percent(lowest.rate.get()),
        "requiredMarginPercent": percent(Decimal::ONE / lowest.max_leverage.as_decimal()),
        "baseAsset": instrument.symbol.base(), "quoteAsset": instrument.symbol.quote(),
        "marginAsset": instrument.settle.as_str(), "pricePrecision": places,
        "quantityPrecision": number::quantity_precision(instrument), "baseAssetPrecision": 8, "quotePrecision": 8,
        "underlyingType": "COIN", "underlyingSubType": [], "settlePlan": 0, "triggerProtect": "0.0500",
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": trimmed(Price::MAX.get()), "tickSize": tick},
            {"filterType": "LOT_SIZE", "minQty": min, "maxQty": max, "stepSize": step},
            {"filterType": "MARKET_LOT_SIZE", "minQty": min, "maxQty": max_market, "stepSize": step},
            {"filterType": "MAX_NUM_ORDERS", "limit": MOST_ORDERS},
            {"filterType": "MIN_NOTIONAL", "notional": trimmed(instrument.min_notional.get())},
            {"filterType": "PERCENT_PRICE", "multiplierUp": padded(Decimal::ONE + band, 4),
             "multiplierDown": padded(Decimal::ONE - band, 4), "multiplierDecimal": "4"},
        ],
        "orderTypes": ["LIMIT", "MARKET", "STOP_MARKET", "TAKE_PROFIT_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
        "liquidationFee": padded(instrument.liquidation_fee.get(), 6), "marketTakeBound": padded(band, 2),
    })
}

pub(crate) fn depth(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let instrument = named(floor, call.parameters)?;
    let limit = call.parameters.integer("limit")?.unwrap_or(500);
    if ![5, 10, 20, 50, 100, 500, 1000].contains(&limit) {
        return Err(Refusal::depth_limit(limit));
    }
    let (tape, view) = (floor.tape(&instrument.symbol), floor.market(&instrument.symbol));
    let (Some(tape), Some(view)) = (tape, view) else { return Err(Refusal::INVALID_SYMBOL) };
    let count = usize::try_from(limit).unwrap_or(usize::MAX);
    let (bids, asks) = (&tape.depth().bids, &tape.depth().asks);
    json(&json!({
        "lastUpdateId": tape.update, "E": view.time.as_millis(), "T": view.time.as_millis(),
        "bids": levels(instrument, bids.get(..count).unwrap_or(bids)),
        "asks": levels(instrument, asks.get(..count).unwrap_or(asks)),
    }))
}

pub(crate) fn trades(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let instrument = named(floor, call.parameters)?;
    let limit = call.parameters.limit(500, 1000)?;
    let prints: Vec<_> = floor.tape(&instrument.symbol).into_iter().flat_map(|tape| tape.prints()).collect();
    let from = prints.len().saturating_sub(limit);
    let rows = prints.into_iter().skip(from).map(|print| {
        json!({
            "id": print.id, "price": number::price(instrument, Some(print.price)),
            "qty": number::quantity(instrument, Some(print.quantity)),
            "quoteQty": padded((print.quantity * print.price).get(), 2), "time": print.time.as_millis(),
            "isBuyerMaker": print.buyer_is_maker, "isRPITrade": false,
        })
    });
    json(&rows.collect::<Vec<_>>())
}

pub(crate) fn aggregate_trades(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let instrument = named(floor, call.parameters)?;
    let limit = call.parameters.limit(500, 1000)?;
    let period = call.parameters.period()?;
    let first = call.parameters.integer("fromId")?;
    let prints = floor.tape(&instrument.symbol).into_iter().flat_map(|tape| tape.prints());
    let wanted = |id: i64, time: Timestamp| match first {
        Some(first) => id >= first,
        None => period.holds(time.as_millis()),
    };
    let rows = prints.filter(|print| wanted(print.id, print.time)).map(|print| {
        let quantity = number::quantity(instrument, Some(print.quantity));
        json!({
            "a": print.id, "p": number::price(instrument, Some(print.price)), "q": quantity, "nq": quantity,
            "f": print.id, "l": print.id, "T": print.time.as_millis(), "m": print.buyer_is_maker,
        })
    });
    let rows = rows.collect();
    let cut = if first.is_some() { Period { start: first, end: None } } else { period };
    json(&cut.cut(rows, limit))
}

pub(crate) fn candles(floor: &mut Floor, call: &Call<'_>) -> Handled {
    candle_rows(floor, call, false)
}

pub(crate) fn mark_price_candles(floor: &mut Floor, call: &Call<'_>) -> Handled {
    candle_rows(floor, call, true)
}

fn candle_rows(floor: &Floor, call: &Call<'_>, of_mark: bool) -> Handled {
    let instrument = named(floor, call.parameters)?;
    let interval = words::read_interval(call.parameters.required("interval")?)?;
    let limit = call.parameters.limit(500, 1500)?;
    let period = call.parameters.period()?;
    let now = floor.exchange.now();
    let end = period.end.map_or(now, Timestamp::from_millis).min(now);
    let back = interval.saturating_mul(u32::try_from(limit).unwrap_or(u32::MAX).saturating_sub(1));
    let start = period.start.map_or_else(|| candle_open(end, interval).minus(back), Timestamp::from_millis);
    let until = end.plus(Duration::from_micros(1));
    let candles = floor.candles(&instrument.symbol, interval, start, until, of_mark);
    let rows = candles.iter().map(|candle| {
        let price = |price: Price| number::price(instrument, Some(price));
        let (volume, turnover) = if of_mark { ("0".to_owned(), "0".to_owned()) } else { volumes(instrument, candle) };
        json!([
            candle.open_time.as_millis(),
            price(candle.open),
            price(candle.high),
            price(candle.low),
            price(candle.close),
            volume,
            candle_close(candle),
            turnover,
            0,
            "0",
            "0",
            "0"
        ])
    });
    json(&period.cut(rows.collect(), limit))
}

pub(crate) fn premium_index(floor: &mut Floor, call: &Call<'_>) -> Handled {
    one_or_all(floor, call, |instrument| {
        let view = floor.market(&instrument.symbol)?;
        let index = shown(view.index.get());
        Some(json!({
            "symbol": &*instrument.native, "markPrice": shown(view.mark.get()), "indexPrice": index,
            "estimatedSettlePrice": index, "lastFundingRate": padded(view.funding_rate.get(), 8),
            "interestRate": "0.00010000", "nextFundingTime": view.next_funding.as_millis(),
            "time": view.time.as_millis(),
        }))
    })
}

pub(crate) fn funding_history(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let only = maybe_named(floor, call.parameters)?;
    let period = call.parameters.period()?;
    let default = if period.start.is_none() && period.end.is_none() { 200 } else { 100 };
    let limit = call.parameters.limit(default, 1000)?;
    let instruments = only.map_or_else(|| floor.instruments(), |one| vec![one]);
    let mut rows: Vec<(i64, Value)> = Vec::new();
    for instrument in instruments {
        for settled in floor.exchange.funding_history(&instrument.symbol) {
            let millis = settled.time.as_millis();
            let mark = settled.mark_price.map_or_else(String::new, |mark| shown(mark.get()));
            let row = json!({
                "symbol": &*instrument.native, "fundingRate": padded(settled.rate.get(), 8), "fundingTime": millis,
                "markPrice": mark, "rateType": "Regular",
            });
            rows.push((millis, row));
        }
    }
    rows.retain(|(millis, _)| period.holds(*millis));
    rows.sort_by_key(|(millis, _)| *millis);
    json(&period.cut(rows.into_iter().map(|(_, row)| row).collect(), limit))
}

pub(crate) fn funding_info(floor: &mut Floor, _: &Call<'_>) -> Handled {
    // Only contracts that differ from the eight hours that everybody assumes.
    let adjusted = floor.instruments().into_iter().filter(|instrument| instrument.funding_interval_hours != 8);
    let rows = adjusted.map(|instrument| {
        json!({
            "symbol": &*instrument.native, "adjustedFundingRateCap": "0.02000000",
            "adjustedFundingRateFloor": "-0.02000000", "fundingIntervalHours": instrument.funding_interval_hours,
            "disclaimer": false, "updateTime": null,
        })
    });
    json(&rows.collect::<Vec<_>>())
}

pub(crate) fn price_ticker(floor: &mut Floor, call: &Call<'_>) -> Handled {
    one_or_all(floor, call, |instrument| {
        let view = floor.market(&instrument.symbol)?;
        let price = number::price(instrument, Some(view.last));
        Some(json!({"symbol": &*instrument.native, "price": price, "time": view.time.as_millis()}))
    })
}

pub(crate) fn book_ticker(floor: &mut Floor, call: &Call<'_>) -> Handled {
    one_or_all(floor, call, |instrument| {
        let (tape, view) = (floor.tape(&instrument.symbol)?, floor.market(&instrument.symbol)?);
        let bid = levels(instrument, tape.depth().bids.get(..1)?).swap_remove(0);
        let ask = levels(instrument, tape.depth().asks.get(..1)?).swap_remove(0);
        Some(json!({
            "symbol": &*instrument.native, "pair": &*instrument.native, "bidPrice": bid[0], "bidQty": bid[1],
            "askPrice": ask[0], "askQty": ask[1], "time": view.time.as_millis(), "lastUpdateId": tape.update,
        }))
    })
}

pub(crate) fn day_ticker(floor: &mut Floor, call: &Call<'_>) -> Handled {
    one_or_all(floor, call, |instrument| {
        let day = Day::of(&floor.exchange, floor.tape(&instrument.symbol)?, instrument)?;
        let price = |price: Price| number::price(instrument, Some(price));
        Some(json!({
            "symbol": &*instrument.native, "pair": &*instrument.native, "priceChange": trimmed(day.change()),
            "priceChangePercent": padded(day.change_percent(), 3), "weightedAvgPrice": trimmed(day.mean()),
            "lastPrice": price(day.last), "lastQty": number::quantity(instrument, day.last_quantity),
            "openPrice": price(day.open), "highPrice": price(day.high), "lowPrice": price(day.low),
            "volume": padded(day.volume, number::quantity_precision(instrument)), "quoteVolume": padded(day.turnover, 2),
            "openTime": day.from.as_millis(), "closeTime": floor.exchange.now().as_millis(),
            "firstId": day.first_id, "lastId": day.last_id, "count": day.count,
        }))
    })
}

pub(crate) fn open_interest(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let instrument = named(floor, call.parameters)?;
    let held = |direction: Direction| -> Decimal {
        let reports = floor.exchange.accounts().flat_map(|account| floor.positions(account));
        let positions =
            reports.filter(|report| report.symbol == instrument.symbol).filter_map(|report| report.position);
        positions.filter(|position| position.direction == direction).map(|position| position.quantity.get()).sum()
    };
    // What one side of the accounts holds beyond the other is held against the outside market.
    let open = held(Direction::Long).max(held(Direction::Short));
    json(&json!({
        "openInterest": padded(open, number::quantity_precision(instrument)), "symbol": &*instrument.native,
        "time": floor.exchange.now().as_millis(),
    }))
}
