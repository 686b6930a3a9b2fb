//! Balances, positions and settings.

use super::answer::{Answer, data};
use crate::wire::event::{held, leverage_of, margin_mode, maybe_leverage, positive_price, ratio, wallet};
use crate::wire::symbols::Symbols;
use crate::wire::word;
use plimsoll_domain::{
    BalanceReport, Decimal, ForcedClose, Leverage, MarginMode, Money, PositionMode, PositionReport, PositionSide,
    Stamp, Symbol, Timestamp,
};
use plimsoll_venue::json::{Num, Text, each, rows};
use plimsoll_venue::{DecodeError, message, plain};

message! {
    struct Account {
        required {
            margin_coin = "marginCoin": Text<'a>,
            equity = "accountEquity": Num<'a>,
        }
        optional {
            available = "available": Num<'a>,
            unrealized = "unrealizedPL": Num<'a>,
            crossed_unrealized = "crossedUnrealizedPL": Num<'a>,
            isolated_unrealized = "isolatedUnrealizedPL": Num<'a>,
            margin_mode = "marginMode": Option<Text<'a>>,
            pos_mode = "posMode": Option<Text<'a>>,
            crossed_leverage = "crossedMarginLeverage": Num<'a>,
            long_leverage = "isolatedLongLever": Num<'a>,
            short_leverage = "isolatedShortLever": Num<'a>,
            asset_mode = "assetMode": Option<Text<'a>>,
        }
    }
}

/// The balances of `account/account` and `account/accounts`, empty ones included, as of the answer.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn balances(body: &[u8], symbols: &Symbols) -> Result<Vec<BalanceReport>, DecodeError> {
    let answer = data(body)?;
    let rows: Vec<Account<'_>> = rows(answer.data)?;
    each(&rows, |row| row.balance(symbols, stamp(&answer)).map(Some))
}

fn stamp(answer: &Answer<'_>) -> Stamp {
    Stamp::at(answer.time.unwrap_or_default())
}

impl Account<'_> {
    fn balance(&self, symbols: &Symbols, stamp: Stamp) -> Result<BalanceReport, DecodeError> {
        let equity = self.equity.maybe_money("accountEquity")?;
        let unrealized_pnl = self.unrealized()?;
        Ok(BalanceReport {
            currency: symbols.currency(self.margin_coin.as_str()),
            wallet: wallet(equity, unrealized_pnl),
            cross_wallet: None,
            available: self.available.maybe_money("available")?,
            equity,
            unrealized_pnl,
            stamp,
        })
    }

    /// The sum, or its parts where the venue leaves it out.
    fn unrealized(&self) -> Result<Option<Money>, DecodeError> {
        if let Some(whole) = self.unrealized.maybe_money("unrealizedPL")? {
            return Ok(Some(whole));
        }
        let crossed = self.crossed_unrealized.maybe_money("crossedUnrealizedPL")?;
        let isolated = self.isolated_unrealized.maybe_money("isolatedUnrealizedPL")?;
        let (None, None) = (crossed, isolated) else {
            let part = |part: Option<Money>| part.map_or(Decimal::ZERO, Money::get);
            return Ok(part(crossed).checked_add(part(isolated)).map(Money::new));
        };
        Ok(None)
    }
}

/// How a contract is set for this account, and the account with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// What backs the contract's positions.
    pub margin_mode: MarginMode,
    /// How many positions each contract may have: a setting of the whole account.
    pub position_mode: PositionMode,
    /// Leverage of longs, or of both.
    pub long_leverage: Option<Leverage>,
    /// Leverage of shorts, or of both.
    pub short_leverage: Option<Leverage>,
    /// Several coins back positions together. Margins then follow other rules than ours.
    pub multi_assets: bool,
}

/// The settings in `account/account`.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn settings(body: &[u8]) -> Result<Settings, DecodeError> {
    let it: Account<'_> = plain::read(data(body)?.data)?;
    let missing = |place: &str| DecodeError::new("no value", place);
    let margin_mode = margin_mode(it.margin_mode.as_ref())?.ok_or_else(|| missing("marginMode"))?;
    let pos_mode = it.pos_mode.as_ref().ok_or_else(|| missing("posMode"))?;
    let crossed = maybe_leverage(it.crossed_leverage, "crossedMarginLeverage")?;
    let of = |isolated, place| match margin_mode {
        MarginMode::Cross => Ok(crossed),
        MarginMode::Isolated => maybe_leverage(isolated, place),
    };
    Ok(Settings {
        margin_mode,
        position_mode: word::position_mode(pos_mode.as_str(), "posMode")?,
        long_leverage: of(it.long_leverage, "isolatedLongLever")?,
        short_leverage: of(it.short_leverage, "isolatedShortLever")?,
        multi_assets: it.asset_mode.as_ref().is_some_and(|mode| mode.as_str() == "union"),
    })
}

message! {
    struct Row {
        required {
            symbol = "symbol": Text<'a>,
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
            margin_ratio = "marginRatio": Num<'a>,
            mark = "markPrice": Num<'a>,
            created = "cTime": Num<'a>,
            updated = "uTime": Num<'a>,
        }
    }
}

/// The open positions of `position/all-position` and `position/single-position`. A contract that is not known is an error:
/// a position that is left out would count as closed.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn positions(body: &[u8], symbols: &Symbols) -> Result<Vec<PositionReport>, DecodeError> {
    let answer = super::answer::answer(body)?;
    if answer.data.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row<'_>> = rows(answer.data)?;
    each(&rows, |row| row.report(symbols, answer.time))
}

impl Row<'_> {
    /// `None` for a row of nothing.
    fn report(&self, symbols: &Symbols, answered: Option<Timestamp>) -> Result<Option<PositionReport>, DecodeError> {
        let mode = word::position_mode(self.pos_mode.as_str(), "posMode")?;
        let held = held(self.hold_side.as_str(), self.total, self.open_price, "openPriceAvg")?;
        let Some(position) = held else { return Ok(None) };
        let margin_mode = margin_mode(self.margin_mode.as_ref())?;
        let isolated = margin_mode == Some(MarginMode::Isolated);
        let updated = self.updated.maybe_time("uTime")?.or(self.created.maybe_time("cTime")?).or(answered);
        Ok(Some(PositionReport {
            symbol: symbols.symbol(self.symbol.as_str())?,
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
            margin_ratio: ratio(self.margin_ratio, "marginRatio")?,
            stamp: Stamp::at(updated.unwrap_or_default()),
        }))
    }
}

message! {
    struct SetLeverage {
        required {
            symbol = "symbol": Text<'a>,
            margin_mode = "marginMode": Text<'a>,
        }
        optional {
            long = "longLeverage": Num<'a>,
            short = "shortLeverage": Num<'a>,
            crossed = "crossMarginLeverage": Num<'a>,
        }
    }
}

/// What `set-leverage` and `set-margin-mode` answer: the contract, its margin mode, and its leverage (of longs, where the
/// sides differ).
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn leverage(body: &[u8], symbols: &Symbols) -> Result<(Symbol, MarginMode, Option<Leverage>), DecodeError> {
    let it: SetLeverage<'_> = plain::read(data(body)?.data)?;
    let mode = word::margin_mode(it.margin_mode.as_str(), "marginMode")?;
    let crossed = maybe_leverage(it.crossed, "crossMarginLeverage")?.filter(|_| mode == MarginMode::Cross);
    let leverage = match crossed.or(maybe_leverage(it.long, "longLeverage")?) {
        Some(leverage) => Some(leverage),
        None if it.short.0.is_empty() => None,
        None => Some(leverage_of(it.short, "shortLeverage")?),
    };
    Ok((symbols.symbol(it.symbol.as_str())?, mode, leverage))
}

message! {
    struct Rank {
        required {
            symbol = "symbol": Text<'a>,
        }
        optional {
            rank = "rank": Num<'a>,
            hold_side = "holdSide": Option<Text<'a>>,
        }
    }
}

/// The places in the deleveraging queue that `position/adlRank` tells, as fifths from 0 to 4: the venue's own figure is a
/// fraction, nearer 1 the sooner. Older answers have another figure, which is not read. `time` is when it was read.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn adl_levels(body: &[u8], symbols: &Symbols, time: Timestamp) -> Result<Vec<ForcedClose>, DecodeError> {
    let rows: Vec<Rank<'_>> = rows(data(body)?.data)?;
    each(&rows, |row| {
        if row.rank.0.is_empty() {
            return Ok(None);
        }
        let position_side = match row.hold_side.as_ref().map(Text::as_str) {
            None | Some("") => PositionSide::Both,
            Some(word) => PositionSide::of(word::hold_side(word, "holdSide")?, PositionMode::Hedge),
        };
        let rank = row.rank.decimal("rank")?.clamp(Decimal::ZERO, Decimal::ONE);
        let fifth = u8::try_from((rank * Decimal::from(5)).trunc()).unwrap_or(4).min(4);
        let symbol = symbols.symbol(row.symbol.as_str())?;
        Ok(Some(ForcedClose { symbol, position_side, quantity: None, price: None, level: Some(fifth), time }))
    })
}

message! {
    struct PositionModeSet {
        required { mode = "posMode": Text<'a>, }
        optional {}
    }
}

/// What `set-position-mode` answers.
pub(super) fn position_mode(body: &[u8]) -> Result<PositionMode, DecodeError> {
    let it: PositionModeSet<'_> = plain::read(data(body)?.data)?;
    word::position_mode(it.mode.as_str(), "posMode")
}
