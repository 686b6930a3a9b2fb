//! Records to write: plain ones, and ones at the edges of what a store has to keep.

use super::suite::Failure;
use plimsoll_domain::{
    AccountId, Booking, BookingKind, ClientOrderId, Currency, Decimal, Direction, Fill, FillCause, Leverage, Liquidity,
    MarginMode, Money, NewOrder, OrderId, OrderKind, OrderSize, PositionSide, Price, Quantity, Rate, Side, Symbol,
    Timestamp, TradeId, UnknownWord, VenueId, decimal::exact,
};
use plimsoll_ports::{
    BookingRecord, ClosedPosition, ComposedEntry, ComposedKind, ComposedOrder, ComposedState, FundingRecord,
    JournalEntry, JournalState, OpenedPosition, PnlSnapshot, PositionStatus, Purpose, RiskEventRecord, StoreError,
    TradeRecord,
};
use std::str::FromStr;

/// A Tuesday's noon, to the microsecond.
pub(crate) const NOON: Timestamp = Timestamp::from_micros(1_700_049_600_000_000);
/// Eight hours, in microseconds.
pub(crate) const EIGHT_HOURS: i64 = 8 * 3_600_000_000;
/// A day, in microseconds.
pub(crate) const DAY: i64 = 86_400_000_000;

/// Names as people and venues may choose them.
pub(crate) const NAMES: [&str; 4] = ["main", "Konto für 取引 №1", "it's \"quoted\"; -- %_", "👩‍🚀\u{301}"];

/// Amounts that only an exact store gives back: 28 and 29 digits, the smallest there are, negative ones.
pub(crate) const AMOUNTS: [&str; 7] = [
    "0",
    "-0.0000000000000000000000000001",
    "0.1",
    "-1234567890123456.789012345678",
    "9007199254740993",
    "79228162514264337593543950335",
    "-7.9228162514264337593543950335",
];

pub(crate) const PRICES: [&str; 4] =
    ["0.0000000000000000000000000001", "67123.10", "9999999999.999999999999999999", "1234567890.123456789012345678"];

pub(crate) const QUANTITIES: [&str; 4] =
    ["0.0000000000000000000000000001", "0.001", "100000000000000", "99999999999999.99999999999999"];

pub(crate) fn at(micros_after_noon: i64) -> Timestamp {
    Timestamp::from_micros(NOON.as_micros() + micros_after_noon)
}

pub(crate) fn account() -> AccountId {
    AccountId::new("main")
}

pub(crate) fn symbol(text: &str) -> Result<Symbol, Failure> {
    Ok(text.parse()?)
}

pub(crate) fn btc() -> Result<Symbol, Failure> {
    symbol("BTC/USDT:USDT")
}

pub(crate) fn eth() -> Result<Symbol, Failure> {
    symbol("ETH/USDT:USDT")
}

pub(crate) fn price(text: &str) -> Result<Price, Failure> {
    Ok(text.parse()?)
}

pub(crate) fn quantity(text: &str) -> Result<Quantity, Failure> {
    Ok(text.parse()?)
}

pub(crate) fn decimal(text: &str) -> Result<Decimal, Failure> {
    Ok(exact(text)?)
}

/// Without the bounds that hold for amounts from outside: a sum of ours may be larger.
pub(crate) fn money(text: &str) -> Result<Money, Failure> {
    Ok(Money::new(exact(text)?))
}

/// Every value of an enum, by its own list of words.
pub(crate) fn every<T: FromStr<Err = UnknownWord>>() -> Result<Vec<T>, Failure> {
    match T::from_str("no such word") {
        Ok(_) => Err(Failure::new("'no such word' is a word")),
        Err(unknown) => unknown.known.iter().map(|word| T::from_str(word).map_err(Failure::new)).collect(),
    }
}

pub(crate) fn is_conflict<T>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Conflict(_)))
}

pub(crate) fn is_not_found<T>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::NotFound(_)))
}

/// An intended market order.
pub(crate) fn entry(id: &str) -> Result<JournalEntry, Failure> {
    Ok(JournalEntry {
        account: account(),
        venue: VenueId::new("binance"),
        order: NewOrder {
            client_order_id: ClientOrderId::reported(id),
            symbol: btc()?,
            side: Side::Buy,
            position_side: PositionSide::Both,
            kind: OrderKind::Market,
            size: OrderSize::Quantity(quantity("0.001")?),
            reduce_only: false,
        },
        purpose: Purpose::Entry,
        state: JournalState::Intended,
        intended_at: NOON,
        updated_at: NOON,
    })
}

/// A stop that follows a long at 2 %.
pub(crate) fn composed(id: &str) -> Result<ComposedEntry, Failure> {
    Ok(ComposedEntry {
        account: account(),
        venue: VenueId::new("binance"),
        id: ClientOrderId::reported(id),
        order: ComposedOrder {
            symbol: btc()?,
            direction: Direction::Long,
            kind: ComposedKind::TrailingStop { distance: Rate::new(decimal("0.02")?), activation: None },
        },
        state: ComposedState::Working,
        placed_at: NOON,
        updated_at: NOON,
    })
}

/// A long of 3 at 100.
pub(crate) fn opened() -> Result<OpenedPosition, Failure> {
    Ok(OpenedPosition {
        account: account(),
        venue: VenueId::new("binance"),
        symbol: btc()?,
        side: PositionSide::Both,
        direction: Direction::Long,
        quantity: quantity("3")?,
        entry_price: price("100")?,
        leverage: Leverage::new(3)?,
        margin_mode: MarginMode::Isolated,
        strategy: "operator".to_owned(),
        opened_at: NOON,
    })
}

/// How that long ended: at 110, for a profit of 30.
pub(crate) fn closed() -> Result<ClosedPosition, Failure> {
    Ok(ClosedPosition {
        status: PositionStatus::Closed,
        exit_price: price("110")?,
        realized_pnl: money("30")?,
        fees: money("0.252")?,
        funding: money("-0.01")?,
        reason: "take_profit".to_owned(),
        closed_at: at(EIGHT_HOURS),
    })
}

/// A fill that bought 3 at 100.
pub(crate) fn trade(id: &str) -> Result<TradeRecord, Failure> {
    Ok(TradeRecord {
        account: account(),
        venue: VenueId::new("binance"),
        position: None,
        fill: Fill {
            trade_id: TradeId::new(id),
            order_id: OrderId::new("8001"),
            client_order_id: ClientOrderId::reported("long-btc-1"),
            symbol: btc()?,
            side: Side::Buy,
            position_side: PositionSide::Both,
            price: price("100")?,
            quantity: quantity("3")?,
            fee: money("0.12")?,
            fee_currency: Some(Currency::new("USDT")),
            liquidity: Some(Liquidity::Taker),
            realized_pnl: None,
            cause: FillCause::Order,
            time: NOON,
        },
    })
}

/// The same trade with another fill.
pub(crate) fn with_fill(trade: &TradeRecord, change: impl FnOnce(&mut Fill)) -> TradeRecord {
    let mut changed = trade.clone();
    change(&mut changed.fill);
    changed
}

/// A payment of 0.03 at 0.01 % on a notional of 300.
pub(crate) fn booking(id: &str) -> Result<FundingRecord, Failure> {
    Ok(FundingRecord {
        account: account(),
        venue: VenueId::new("binance"),
        booking: id.to_owned(),
        symbol: btc()?,
        side: Some(PositionSide::Both),
        rate: Some(Rate::new(decimal("0.0001")?)),
        quantity: Some(quantity("3")?),
        mark_price: Some(price("100")?),
        payment: money("0.03")?,
        expected: Some(money("0.03")?),
        currency: Currency::new("USDT"),
        time: NOON,
    })
}

/// What a liquidation paid to the insurance fund.
pub(crate) fn cleared(id: &str) -> Result<BookingRecord, Failure> {
    Ok(BookingRecord {
        account: account(),
        venue: VenueId::new("binance"),
        booking: Booking {
            id: id.to_owned(),
            kind: BookingKind::LiquidationClearance,
            symbol: Some(btc()?),
            amount: money("-3.75")?,
            currency: Currency::new("USDT"),
            time: NOON,
        },
    })
}

/// The same record with another booking.
pub(crate) fn with_booking(record: &BookingRecord, change: impl FnOnce(&mut Booking)) -> BookingRecord {
    let mut changed = record.clone();
    change(&mut changed.booking);
    changed
}

/// A point of the curve with this wallet and nothing open.
pub(crate) fn point(micros_after_noon: i64, wallet: &str) -> Result<PnlSnapshot, Failure> {
    Ok(PnlSnapshot {
        account: account(),
        time: at(micros_after_noon),
        wallet: money(wallet)?,
        unrealized_pnl: Money::ZERO,
        realized_pnl: Money::ZERO,
        fees: Money::ZERO,
        funding: Money::ZERO,
        adjustments: Money::ZERO,
        margin_ratio: None,
        open_positions: 0,
    })
}

/// A margin call.
pub(crate) fn risk_event() -> Result<RiskEventRecord, Failure> {
    Ok(RiskEventRecord {
        account: account(),
        time: NOON,
        kind: "margin_call".to_owned(),
        symbol: Some(btc()?),
        detail: "the margin cover fell to 1.08".to_owned(),
        figure: Some(decimal("1.08")?),
        limit: Some(decimal("1.15")?),
        action: "halved the position".to_owned(),
    })
}
