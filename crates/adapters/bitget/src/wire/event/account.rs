//! `account`, `positions`, `positions-history` and `adl-noti`.

use super::{Context, Frame, all, each_row};
use crate::wire::word;
use plimsoll_domain::{
    AccountEvent, BalanceReport, ForcedClose, Leverage, MarginMode, MarginRatio, Money, Position, PositionMode,
    PositionReport, PositionSide, Price,
};
use plimsoll_venue::json::{Num, Text, each};
use plimsoll_venue::{DecodeError, Event, message};

message! {
    struct Balance {
        required {
            margin_coin = "marginCoin": Text<'a>,
        }
        optional {
            available = "available": Num<'a>,
            equity = "equity": Num<'a>,
            unrealized = "unrealizedPL": Num<'a>,
        }
    }
}

/// `{"marginCoin":"USDT","frozen":"0","available":"11.9","equity":"11.9","unrealizedPL":"0","crossedRiskRate":"0",…}`.
/// Equity holds the unrealised profit; the wallet is what is left without it.
pub(super) fn balances(rows: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let sent = context.sent()?;
    each_row(rows, |row: &Balance<'_>| {
        let equity = row.equity.maybe_money("equity")?;
        let unrealized_pnl = row.unrealized.maybe_money("unrealizedPL")?;
        Ok(vec![Event::Account(AccountEvent::Balance(BalanceReport {
            currency: context.symbols.currency(row.margin_coin.as_str()),
            wallet: wallet(equity, unrealized_pnl),
            cross_wallet: None,
            available: row.available.maybe_money("available")?,
            equity,
            unrealized_pnl,
            stamp: context.stamp(sent),
        }))])
    })
}

message! {
    struct Equity {
        required {
            equity = "usdtEquity": Num<'a>,
        }
        optional {
            unrealized = "unrealizedPL": Num<'a>,
            usdt_unrealized = "usdtUnrealized": Num<'a>,
        }
    }
}

/// `{"btcEquity":"0.0021","usdtEquity":"13.98","unrealizedPL":"0",…}`: the whole account, valued in USDT.
pub(super) fn equity(rows: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let sent = context.sent()?;
    each_row(rows, |row: &Equity<'_>| {
        let unrealized = row.unrealized.maybe_money("unrealizedPL")?;
        Ok(vec![Event::Account(AccountEvent::Balance(BalanceReport {
            currency: context.symbols.currency(word::MARGIN_COIN),
            wallet: None,
            cross_wallet: None,
            available: None,
            equity: row.equity.maybe_money("usdtEquity")?,
            unrealized_pnl: unrealized.or(row.usdt_unrealized.maybe_money("usdtUnrealized")?),
            stamp: context.stamp(sent),
        }))])
    })
}

/// Equity without the unrealised profit.
pub(crate) fn wallet(equity: Option<Money>, unrealized: Option<Money>) -> Option<Money> {
    let wallet = equity?.get().checked_sub(unrealized?.get())?;
    Some(Money::new(wallet))
}

message! {
    struct Row {
        required {
            inst_id = "instId": Text<'a>,
            hold_side = "holdSide": Text<'a>,
            pos_mode = "posMode": Text<'a>,
            total = "total": Num<'a>,
        }
        optional {
            margin_size = "marginSize": Num<'a>,
            margin_mode = "marginMode": Option<Text<'a>>,
            open_price = "openPriceAvg": Num<'a>,
            leverage = "leverage": Num<'a>,
            achieved = "achievedProfits": Num<'a>,
            unrealized = "unrealizedPL": Num<'a>,
            liquidation = "liquidationPrice": Num<'a>,
            margin_rate = "marginRate": Num<'a>,
            mark = "markPrice": Num<'a>,
            updated = "uTime": Num<'a>,
        }
    }
}

/// `{"posId":"9","instId":"BTCUSDT","marginSize":"2.1","marginMode":"crossed","holdSide":"long","posMode":"hedge_mode",
/// "total":"0.001","openPriceAvg":"43849","leverage":20,"unrealizedPL":"-0.003","liquidationPrice":"17629.6",
/// "keepMarginRate":"0.004","marginRate":"0.0076","uTime":"1701913016923"}`: every open position, in every push.
pub(super) fn positions(rows: &str, context: Context<'_>) -> Result<Frame, DecodeError> {
    let stamp = context.stamp(context.sent()?);
    let rows = all::<Row<'_>>(rows)?;
    let reports = each(&rows, |row| row.report(context))?;
    let events = reports.into_iter().map(AccountEvent::Position).map(Event::Account).collect();
    Ok(Frame { events, all_positions: Some(stamp) })
}

impl Row<'_> {
    /// `None` for a row of nothing.
    fn report(&self, context: Context<'_>) -> Result<Option<PositionReport>, DecodeError> {
        let mode = word::position_mode(self.pos_mode.as_str(), "posMode")?;
        let held = held(self.hold_side.as_str(), self.total, self.open_price, "openPriceAvg")?;
        let Some(position) = held else { return Ok(None) };
        let margin_mode = margin_mode(self.margin_mode.as_ref())?;
        let isolated = margin_mode == Some(MarginMode::Isolated);
        Ok(Some(PositionReport {
            symbol: context.symbols.symbol(self.inst_id.as_str())?,
            position_side: PositionSide::of(position.direction, mode),
            position: Some(position),
            mark_price: self.mark.maybe_price("markPrice")?,
            liquidation_price: positive_price(self.liquidation, "liquidationPrice")?,
            unrealized_pnl: self.unrealized.maybe_money("unrealizedPL")?,
            realized_pnl: self.achieved.maybe_money("achievedProfits")?,
            leverage: maybe_leverage(self.leverage, "leverage")?,
            margin_mode,
            isolated_margin: if isolated { self.margin_size.maybe_money("marginSize")? } else { None },
            maintenance_margin: None,
            margin_ratio: ratio(self.margin_rate, "marginRate")?,
            stamp: context.stamp(context.time(self.updated, "uTime")?),
        }))
    }
}

pub(crate) fn margin_mode(word: Option<&Text<'_>>) -> Result<Option<MarginMode>, DecodeError> {
    let word = word.map(Text::as_str).filter(|word| !word.is_empty());
    word.map(|word| word::margin_mode(word, "marginMode")).transpose()
}

/// What a side and a size say is held: sizes have no sign.
pub(crate) fn held(
    hold_side: &str,
    total: Num<'_>,
    entry: Num<'_>,
    entry_place: &str,
) -> Result<Option<Position>, DecodeError> {
    let direction = word::hold_side(hold_side, "holdSide")?;
    let Some(quantity) = total.maybe_quantity("total")? else { return Ok(None) };
    Ok(Some(Position { direction, quantity, entry: entry.price(entry_place)? }))
}

/// A liquidation price of zero or below is none that the mark could reach.
pub(crate) fn positive_price(number: Num<'_>, place: &str) -> Result<Option<Price>, DecodeError> {
    if number.0.starts_with('-') {
        number.decimal(place)?;
        return Ok(None);
    }
    // For a cross short with much equity it may be beyond what a price can be.
    if number.0.is_empty() || number.decimal(place)?.is_zero() {
        return Ok(None);
    }
    Ok(Price::new(number.decimal(place)?).ok())
}

/// Maintenance ÷ equity.
pub(crate) fn ratio(number: Num<'_>, place: &str) -> Result<Option<MarginRatio>, DecodeError> {
    if number.0.is_empty() { Ok(None) } else { Ok(Some(MarginRatio::reported(number.decimal(place)?))) }
}

pub(crate) fn maybe_leverage(number: Num<'_>, place: &str) -> Result<Option<Leverage>, DecodeError> {
    if matches!(number.0, "" | "0") { Ok(None) } else { leverage_of(number, place).map(Some) }
}

pub(crate) fn leverage_of(number: Num<'_>, place: &str) -> Result<Leverage, DecodeError> {
    Leverage::new(number.whole(place)?).map_err(|error| DecodeError::new(error.to_string(), place))
}

message! {
    struct Closed {
        required {
            inst_id = "instId": Text<'a>,
            hold_side = "holdSide": Text<'a>,
            pos_mode = "posMode": Text<'a>,
        }
        optional {
            margin_mode = "marginMode": Option<Text<'a>>,
            achieved = "achievedProfits": Num<'a>,
            updated = "uTime": Num<'a>,
        }
    }
}

/// `{"posId":"1","instId":"BTCUSDT","marginMode":"crossed","holdSide":"short","posMode":"one_way_mode",
/// "openPriceAvg":"20000","closePriceAvg":"26221","openSize":"0.01","closeSize":"0.01","achievedProfits":"-62.21",
/// "settleFee":"-0.02","openFee":"-0.12","closeFee":"-0.15","uTime":"1697090609976"}`: a position that is closed.
pub(super) fn closed(rows: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    each_row(rows, |row: &Closed<'_>| {
        let direction = word::hold_side(row.hold_side.as_str(), "holdSide")?;
        let mode: PositionMode = word::position_mode(row.pos_mode.as_str(), "posMode")?;
        Ok(vec![Event::Account(AccountEvent::Position(PositionReport {
            realized_pnl: row.achieved.maybe_money("achievedProfits")?,
            margin_mode: margin_mode(row.margin_mode.as_ref())?,
            ..nothing_held(
                context.symbols.symbol(row.inst_id.as_str())?,
                PositionSide::of(direction, mode),
                context.stamp(context.time(row.updated, "uTime")?),
            )
        }))])
    })
}

/// A position that is no more.
pub(crate) fn nothing_held(
    symbol: plimsoll_domain::Symbol,
    position_side: PositionSide,
    stamp: plimsoll_domain::Stamp,
) -> PositionReport {
    PositionReport {
        symbol,
        position_side,
        position: None,
        mark_price: None,
        liquidation_price: None,
        unrealized_pnl: None,
        realized_pnl: None,
        leverage: None,
        margin_mode: None,
        isolated_margin: None,
        maintenance_margin: None,
        margin_ratio: None,
        stamp,
    }
}

message! {
    struct Deleveraged {
        required {
            symbol = "symbol": Text<'a>,
        }
        optional {
            price = "price": Num<'a>,
            time = "ts": Num<'a>,
        }
    }
}

/// `{"symbol":"BTCUSDT","side":"buy","status":"triggered","price":"88291.2","amount":"2.35","ts":"1740546523244"}`. The
/// amount is of one coin or the other, by which of the venue's pages one reads, so it is left out: the fill says it, and
/// says which leg.
pub(super) fn deleveraged(rows: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    each_row(rows, |row: &Deleveraged<'_>| {
        Ok(vec![Event::Account(AccountEvent::Adl(ForcedClose {
            symbol: context.symbols.symbol(row.symbol.as_str())?,
            position_side: PositionSide::Both,
            quantity: None,
            price: row.price.maybe_price("price")?,
            level: None,
            time: context.time(row.time, "ts")?,
        }))])
    })
}
