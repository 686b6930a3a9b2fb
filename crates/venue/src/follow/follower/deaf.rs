//! A stream that has gone deaf without a word: the venue has done something, and the stream has told of nothing since.

use plimsoll_domain::{AccountSnapshot, Fill, Timestamp};
use std::time::Duration;

/// What a stream has not told after so long it does not tell; and it must have been silent for so much longer, by whatever
/// clocks.
const NEWS_TAKES: Duration = Duration::from_secs(10);

/// What the venue has done while the stream was silent for this long, and long enough before this snapshot to have been
/// told. Conditional orders do not count: not every stream tells of them.
pub(super) fn untold(silence: Duration, snapshot: &AccountSnapshot, fills: &[Fill]) -> Option<String> {
    let is_untold = |at: Timestamp| {
        let ago = snapshot.time.since(at);
        ago >= NEWS_TAKES && ago.saturating_add(NEWS_TAKES) < silence
    };
    if let Some(fill) = fills.iter().find(|fill| is_untold(fill.time)) {
        return Some(format!("trade {} of {}", fill.trade_id, fill.symbol));
    }
    let ordinary = || snapshot.orders.iter().filter(|order| !order.order_type.is_conditional());
    let order = ordinary().find(|order| is_untold(order.updated.time))?;
    Some(format!("order {} of {}", order.order_id, order.symbol))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::{
        ClientOrderId, FillCause, Money, Order, OrderId, OrderStatus, OrderType, PositionMode, PositionSide, Side,
        Stamp, Symbol, TradeId,
    };

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn symbol() -> Symbol {
        Symbol::new("BTC", "USDT", "USDT").unwrap()
    }

    fn before(seconds: u64) -> Timestamp {
        NOW.minus(Duration::from_secs(seconds))
    }

    fn fill(seconds: u64) -> Fill {
        Fill {
            trade_id: TradeId::new("7"),
            order_id: OrderId::new("1"),
            client_order_id: ClientOrderId::reported("one"),
            symbol: symbol(),
            side: Side::Buy,
            position_side: PositionSide::Both,
            price: "60000".parse().unwrap(),
            quantity: "0.01".parse().unwrap(),
            fee: Money::ZERO,
            fee_currency: None,
            liquidity: None,
            realized_pnl: None,
            cause: FillCause::Order,
            time: before(seconds),
        }
    }

    fn order(order_type: OrderType, seconds: u64) -> Order {
        Order {
            order_id: OrderId::new("1"),
            client_order_id: ClientOrderId::reported("one"),
            symbol: symbol(),
            side: Side::Buy,
            position_side: PositionSide::Both,
            order_type,
            time_in_force: None,
            price: None,
            trigger: None,
            quantity: None,
            filled: None,
            average_price: None,
            reduce_only: false,
            close_position: false,
            child: None,
            status: OrderStatus::New,
            updated: Stamp::at(before(seconds)),
        }
    }

    fn check(silence: u64, orders: &[Order], fills: &[Fill], expected: Option<&str>) {
        let snapshot = AccountSnapshot {
            position_mode: PositionMode::OneWay,
            positions: Vec::new(),
            orders: orders.to_vec(),
            balances: Vec::new(),
            time: NOW,
        };
        let found = untold(Duration::from_secs(silence), &snapshot, fills);
        assert_eq!(found.as_deref(), expected, "{silence} s, {orders:?}, {fills:?}");
    }

    #[test]
    fn what_the_venue_has_done_in_a_silence_should_have_been_told() {
        let (trade, resting) = (Some("trade 7 of BTC/USDT:USDT"), Some("order 1 of BTC/USDT:USDT"));
        check(300, &[], &[], None);
        check(300, &[], &[fill(60)], trade);
        check(300, &[order(OrderType::Limit, 60)], &[], resting);
        // It is on its way, or was told before the silence began.
        for seconds in [0, 3, 9, 290, 300, 301, 4000] {
            check(300, &[order(OrderType::Limit, seconds)], &[fill(seconds)], None);
        }
        check(15, &[order(OrderType::Limit, 12)], &[fill(12)], None);
        // Not every stream tells of these.
        check(300, &[order(OrderType::StopMarket, 60)], &[], None);
    }
}
