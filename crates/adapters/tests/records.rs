//! An order, a position and a trade to write.

use plimsoll_domain::{
    AccountId, ClientOrderId, Direction, Fill, FillCause, Leverage, Liquidity, MarginMode, NewOrder, OrderId,
    OrderKind, OrderSize, PositionSide, Side, Timestamp, TradeId, VenueId,
};
use plimsoll_ports::{JournalEntry, JournalState, OpenedPosition, Purpose, TradeRecord};

pub(crate) fn account() -> AccountId {
    AccountId::new("main")
}

pub(crate) fn entry(id: &str, side: Side) -> JournalEntry {
    JournalEntry {
        account: account(),
        venue: VenueId::new("binance"),
        order: NewOrder {
            client_order_id: ClientOrderId::new(id).unwrap(),
            symbol: "BTC/USDT:USDT".parse().unwrap(),
            side,
            position_side: PositionSide::Both,
            kind: OrderKind::Market,
            size: OrderSize::Quantity("0.001".parse().unwrap()),
            reduce_only: false,
        },
        purpose: Purpose::Entry,
        state: JournalState::Intended,
        intended_at: Timestamp::from_millis(1_700_000_000_000),
        updated_at: Timestamp::from_millis(1_700_000_000_000),
    }
}

pub(crate) fn position() -> OpenedPosition {
    OpenedPosition {
        account: account(),
        venue: VenueId::new("binance"),
        symbol: "BTC/USDT:USDT".parse().unwrap(),
        side: PositionSide::Both,
        direction: Direction::Long,
        quantity: "0.001".parse().unwrap(),
        entry_price: "67123.10".parse().unwrap(),
        leverage: Leverage::new(3).unwrap(),
        margin_mode: MarginMode::Isolated,
        strategy: "operator".to_owned(),
        opened_at: Timestamp::from_millis(1_700_000_000_000),
    }
}

pub(crate) fn trade(id: &str) -> TradeRecord {
    TradeRecord {
        account: account(),
        venue: VenueId::new("binance"),
        position: None,
        fill: Fill {
            trade_id: TradeId::new(id),
            order_id: OrderId::new("8001"),
            client_order_id: ClientOrderId::new("long-btc-1").unwrap(),
            symbol: "BTC/USDT:USDT".parse().unwrap(),
            side: Side::Buy,
            position_side: PositionSide::Both,
            price: "67123.10".parse().unwrap(),
            quantity: "0.001".parse().unwrap(),
            fee: "0.02684924".parse().unwrap(),
            fee_currency: None,
            liquidity: Some(Liquidity::Taker),
            realized_pnl: None,
            cause: FillCause::Order,
            time: Timestamp::from_millis(1_700_000_000_000),
        },
    }
}
