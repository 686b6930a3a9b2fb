//! What the account traded, what it paid for holding, and what was done to it.

use super::body_rows;
use super::order::{leg, or_empty, side_of};
use crate::wire::moment::first_moment;
use crate::wire::symbols::{Reading, Symbols, Traded, currency, quantity};
use crate::wire::word;
use plimsoll_domain::{
    Booking, BookingKind, Decimal, Fill, FillCause, ForcedClose, FundingPayment, Money, OrderId, PositionMode,
    PositionSide, Side, Symbol, Timestamp, TradeId,
};
use plimsoll_venue::json::{self, DecodeError, Num, Text};
use plimsoll_venue::message;
use std::collections::HashMap;
use std::sync::Arc;

message! {
    /// A trade of the account. Its id is `trade_id` where the window is asked for.
    pub(crate) struct Row {
        required {
            contract = "contract": Text<'a>,
            order_id = "order_id": Num<'a>,
            size = "size": Num<'a>,
            price = "price": Num<'a>,
        }
        optional {
            id = "id": Num<'a>,
            trade_id = "trade_id": Num<'a>,
            create_time = "create_time": Num<'a>,
            create_time_ms = "create_time_ms": Num<'a>,
            text = "text": Option<Text<'a>>,
            role = "role": Option<Text<'a>>,
            fee = "fee": Num<'a>,
            point_fee = "point_fee": Num<'a>,
            close_size = "close_size": Num<'a>,
        }
    }
}

impl Row<'_> {
    /// The fill. Its fee is in the settle currency, unless it was paid in points. The profit
    /// of what it closed is booked apart; where it says that it closed nothing, there is none.
    pub(crate) fn fill(&self, traded: &Traded, mode: PositionMode) -> Result<Fill, DecodeError> {
        let size = traded.base(self.size, "size")?;
        let quantity = quantity(size, "size")?.ok_or_else(|| DecodeError::new("a trade of nothing", "size"))?;
        let (side, text) = (side_of(size), or_empty(&self.text));
        let cause = word::cause(text);
        let id = if self.id.0.is_empty() { self.trade_id } else { self.id };
        let time = first_moment(&[(self.create_time_ms, "create_time_ms"), (self.create_time, "create_time")])?;
        let (fee, fee_currency) = self.fee(&traded.symbol)?;
        Ok(Fill {
            trade_id: TradeId::new(id.id("id")?),
            order_id: OrderId::new(self.order_id.id("order_id")?),
            client_order_id: word::client_order_id(text),
            symbol: traded.symbol.clone(),
            side,
            position_side: self.leg(mode, side, cause)?,
            price: self.price.price("price")?,
            quantity,
            fee,
            fee_currency: Some(currency(fee_currency)),
            liquidity: word::liquidity(or_empty(&self.role), "role")?,
            realized_pnl: self.closed_nothing()?.then_some(Money::ZERO),
            cause,
            time: time.ok_or_else(|| DecodeError::new("no value", "create_time"))?,
        })
    }

    fn closed_nothing(&self) -> Result<bool, DecodeError> {
        Ok(!self.close_size.0.is_empty() && self.close_size.decimal("close_size")?.is_zero())
    }

    fn fee<'s>(&self, symbol: &'s Symbol) -> Result<(Money, &'s str), DecodeError> {
        let fee = self.fee.maybe_money("fee")?.unwrap_or(Money::ZERO);
        let points = self.point_fee.maybe_money("point_fee")?.unwrap_or(Money::ZERO);
        Ok(if fee.is_zero() && !points.is_zero() { (points, "POINT") } else { (fee, symbol.settle()) })
    }

    /// In hedge mode a trade that closes something says how much; one that does not say cannot be told from one that opens
    /// the other leg.
    fn leg(&self, mode: PositionMode, side: Side, cause: FillCause) -> Result<PositionSide, DecodeError> {
        if mode == PositionMode::OneWay {
            return Ok(PositionSide::Both);
        }
        if cause != FillCause::Order {
            return Ok(leg(mode, side, true));
        }
        Ok(leg(mode, side, !self.close_size.decimal("close_size")?.is_zero()))
    }
}

/// The account's trades, as `GET /my_trades` and its sister for a window tell them.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn fills(body: &[u8], reading: Reading<'_>) -> Result<Vec<Fill>, DecodeError> {
    json::each(&body_rows::<Row<'_>>(body)?, |row| {
        row.fill(&reading.symbols.traded(row.contract.as_str())?, reading.mode).map(Some)
    })
}

message! {
    struct Book {
        required {
            time = "time": Num<'a>,
            change = "change": Num<'a>,
            kind = "type": Text<'a>,
        }
        optional {
            text = "text": Option<Text<'a>>,
            contract = "contract": Option<Text<'a>>,
            id = "id": Num<'a>,
            trade_id = "trade_id": Option<Text<'a>>,
            currency = "currency": Option<Text<'a>>,
        }
    }
}

/// One row of `GET /account_book`: everything that changes a wallet is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Income {
    /// Profit or fee of a trade, in this contract if we know it; the trades themselves are told elsewhere.
    Traded {
        /// The contract.
        symbol: Option<Symbol>,
        /// When it was booked.
        time: Timestamp,
    },
    /// Funding.
    Funding(FundingPayment),
    /// Anything else.
    Booked(Booking),
}

impl Income {
    /// When it was booked.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        match self {
            Self::Traded { time, .. } => *time,
            Self::Funding(payment) => payment.time,
            Self::Booked(booking) => booking.time,
        }
    }
}

/// A row of `GET /account_book`, and what tells it from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booked<T> {
    /// The venue's id of the row, unique within the account; rows of old answers lack it.
    pub id: Option<Box<str>>,
    /// When it was booked.
    pub time: Timestamp,
    /// What it says.
    pub it: T,
}

/// Every row of `GET /account_book`, settled in `settle`, each with an id of its own. A contract that is not listed (any
/// more) costs a row its symbol, not its money.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn income(body: &[u8], symbols: &Symbols, settle: &str) -> Result<Vec<Income>, DecodeError> {
    Ok(distinct(booked_income(body, symbols, settle)?))
}

/// The same, with what tells the rows of several pages apart.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn booked_income(body: &[u8], symbols: &Symbols, settle: &str) -> Result<Vec<Booked<Income>>, DecodeError> {
    json::each(&body_rows::<Book<'_>>(body)?, |row| Ok(Some(row.booked(row.income(symbols, settle)?)?)))
}

/// Rows that the venue does not number are known by what they say. Those that say the same are as many bookings: they are
/// counted, so that none passes for another.
#[must_use]
pub fn distinct(rows: Vec<Booked<Income>>) -> Vec<Income> {
    let mut alike: HashMap<String, usize> = HashMap::new();
    let mut number = |id: &str| {
        let count = alike.entry(id.to_owned()).or_default();
        *count += 1;
        (*count > 1).then(|| format!("{id}#{count}"))
    };
    let told = rows.into_iter().map(|row| match (row.id, row.it) {
        (None, Income::Funding(payment)) => {
            let again = payment.id.as_deref().and_then(&mut number);
            Income::Funding(FundingPayment { id: again.map(Arc::from).or(payment.id), ..payment })
        }
        (None, Income::Booked(booking)) => {
            let again = number(&booking.id);
            Income::Booked(Booking { id: again.unwrap_or(booking.id), ..booking })
        }
        (_, it) => it,
    });
    told.collect()
}

/// The funding among the rows of `GET /account_book`; the others are left out.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn funding_payments(body: &[u8], symbols: &Symbols, settle: &str) -> Result<Vec<FundingPayment>, DecodeError> {
    let rows = income(body, symbols, settle)?;
    Ok(rows
        .into_iter()
        .filter_map(|row| if let Income::Funding(payment) = row { Some(payment) } else { None })
        .collect())
}

/// What a trade has brought, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profit {
    /// The contract.
    pub symbol: Symbol,
    /// The trade.
    pub trade: TradeId,
    /// How much; negative is a loss.
    pub amount: Money,
}

/// The rows of `GET /account_book`, with the profit that each tells; `None` for those that tell none of a trade.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn profits(body: &[u8], symbols: &Symbols) -> Result<Vec<Booked<Option<Profit>>>, DecodeError> {
    json::each(&body_rows::<Book<'_>>(body)?, |row| Ok(Some(row.booked(row.profit(symbols)?)?)))
}

/// The contract that a booking is about, by its own member or by the beginning of its text (`BTC_USDT:6086261`).
pub(crate) fn booked_contract<'a>(contract: &'a str, text: &'a str) -> Option<&'a str> {
    let by_text = || text.split_once(':').map(|(native, _)| native);
    Some(contract).filter(|native| !native.is_empty()).or_else(by_text)
}

impl Book<'_> {
    fn booked<T>(&self, it: T) -> Result<Booked<T>, DecodeError> {
        let id = Some(self.id.0).filter(|id| !id.is_empty()).map(Box::from);
        Ok(Booked { id, time: crate::wire::moment::moment(self.time, "time")?, it })
    }

    fn profit(&self, symbols: &Symbols) -> Result<Option<Profit>, DecodeError> {
        let trade = self.trade_id.as_ref().map_or("", Text::as_str);
        let native = booked_contract(or_empty(&self.contract), or_empty(&self.text));
        let symbol = native.and_then(|native| symbols.symbol(native).ok());
        match (symbol, self.kind.as_str(), self.is_of_no_trade() || trade.is_empty()) {
            (Some(symbol), "pnl", false) => {
                Ok(Some(Profit { symbol, trade: TradeId::new(trade), amount: self.change.money("change")? }))
            }
            _ => Ok(None),
        }
    }

    /// Profit and loss name their trade. What names none, although the row has a place for it, is what a liquidation gave
    /// to the insurance fund or took from it: the venue has no word of its own for that.
    fn is_of_no_trade(&self) -> bool {
        self.trade_id.as_ref().is_some_and(|id| matches!(id.as_str(), "" | "0"))
    }

    /// The venue's ids are unique within the account; rows of old answers lack them, and are known by what they say.
    fn income(&self, symbols: &Symbols, settle: &str) -> Result<Income, DecodeError> {
        let time = crate::wire::moment::moment(self.time, "time")?;
        let (kind, text) = (self.kind.as_str(), or_empty(&self.text));
        let amount = self.change.money("change")?;
        let native = booked_contract(or_empty(&self.contract), text);
        let symbol = native.and_then(|native| symbols.symbol(native).ok());
        let of = or_empty(&self.currency);
        let paid_in = currency(if of.is_empty() { settle } else { of });
        let id = || match self.id.0 {
            "" => format!("{kind}-{}-{text}-{amount}", time.as_micros()),
            id => format!("{kind}-{id}"),
        };
        Ok(match kind {
            "pnl" if self.is_of_no_trade() => Income::Booked(Booking {
                id: id(),
                kind: BookingKind::LiquidationClearance,
                symbol,
                amount,
                currency: paid_in,
                time,
            }),
            "pnl" | "fee" | "point_fee" => Income::Traded { symbol, time },
            "fund" => Income::Funding(FundingPayment {
                id: Some(Arc::from(id())),
                symbol,
                payment: -amount,
                rate: None,
                currency: paid_in,
                time,
            }),
            _ => Income::Booked(Booking {
                id: id(),
                kind: word::booking_kind(kind),
                symbol,
                amount,
                currency: paid_in,
                time,
            }),
        })
    }
}

message! {
    /// A liquidation of the account's own. `size` is what was held before, `order_size` what was ordered against it.
    pub(crate) struct LiquidationRow {
        required {
            contract = "contract": Text<'a>,
            size = "size": Num<'a>,
            time = "time": Num<'a>,
        }
        optional {
            time_ms = "time_ms": Num<'a>,
            order_size = "order_size": Num<'a>,
            left = "left": Num<'a>,
            fill_price = "fill_price": Num<'a>,
        }
    }
}

impl LiquidationRow<'_> {
    pub(crate) fn close(&self, traded: &Traded, mode: PositionMode) -> Result<ForcedClose, DecodeError> {
        let held = traded.base(self.size, "size")?;
        let ordered = traded.maybe_base(self.order_size, "order_size")?.abs();
        let ordered = if ordered.is_zero() { held.abs() } else { ordered };
        let closed = ordered - traded.maybe_base(self.left, "left")?.abs();
        Ok(ForcedClose {
            symbol: traded.symbol.clone(),
            position_side: leg(mode, side_of(held), false),
            quantity: quantity(closed.max(Decimal::ZERO), "size")?,
            price: self.fill_price.maybe_price("fill_price")?,
            level: None,
            time: forced_at(self.time_ms, self.time)?,
        })
    }
}

message! {
    /// A position that paid for somebody else's. `position_size` is what is left of it.
    pub(crate) struct AdlRow {
        required {
            contract = "contract": Text<'a>,
            trade_size = "trade_size": Num<'a>,
            time = "time": Num<'a>,
        }
        optional {
            time_ms = "time_ms": Num<'a>,
            position_size = "position_size": Num<'a>,
            fill_price = "fill_price": Num<'a>,
        }
    }
}

impl AdlRow<'_> {
    pub(crate) fn close(&self, traded: &Traded, mode: PositionMode) -> Result<ForcedClose, DecodeError> {
        let traded_size = traded.base(self.trade_size, "trade_size")?;
        let left = traded.maybe_base(self.position_size, "position_size")?;
        let held = if left.is_zero() { -traded_size } else { left };
        Ok(ForcedClose {
            symbol: traded.symbol.clone(),
            position_side: leg(mode, side_of(held), false),
            quantity: quantity(traded_size, "trade_size")?,
            price: self.fill_price.maybe_price("fill_price")?,
            level: None,
            time: forced_at(self.time_ms, self.time)?,
        })
    }
}

fn forced_at(time_ms: Num<'_>, time: Num<'_>) -> Result<Timestamp, DecodeError> {
    first_moment(&[(time_ms, "time_ms"), (time, "time")])?.ok_or_else(|| DecodeError::new("no value", "time"))
}

/// The account's own liquidations of `GET /liquidates`.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn forced_closes(body: &[u8], reading: Reading<'_>) -> Result<Vec<ForcedClose>, DecodeError> {
    json::each(&body_rows::<LiquidationRow<'_>>(body)?, |row| {
        row.close(&reading.symbols.traded(row.contract.as_str())?, reading.mode).map(Some)
    })
}

/// The account's own deleveragings of `GET /auto_deleverages`.
pub(super) fn deleveragings(body: &[u8], reading: Reading<'_>) -> Result<Vec<ForcedClose>, DecodeError> {
    json::each(&body_rows::<AdlRow<'_>>(body)?, |row| {
        row.close(&reading.symbols.traded(row.contract.as_str())?, reading.mode).map(Some)
    })
}
