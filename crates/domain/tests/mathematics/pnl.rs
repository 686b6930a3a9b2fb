//! Profit as traders state it.

use crate::given::{decimal, money, position, price, quantity, symbol};
use plimsoll_domain::{
    ClientOrderId, Fill, FillCause, Leverage, Money, OrderId, PositionSide, Side, Timestamp, TradeId, pnl,
};

fn fill(trade: &str, size: &str, at: &str) -> Fill {
    Fill {
        trade_id: TradeId::new(trade),
        order_id: OrderId::new("7"),
        client_order_id: ClientOrderId::new("a-1").unwrap(),
        symbol: symbol("BTC/USDT:USDT"),
        side: Side::Buy,
        position_side: PositionSide::Both,
        price: price(at),
        quantity: quantity(size),
        fee: Money::ZERO,
        fee_currency: None,
        liquidity: None,
        realized_pnl: None,
        cause: FillCause::Order,
        time: Timestamp::default(),
    }
}

#[test]
fn an_average_counts_each_trade_once() {
    let fills = [fill("1", "1", "100"), fill("2", "3", "104"), fill("1", "1", "100")];
    assert_eq!(pnl::average_price(&fills), Some(price("103")));
    assert_eq!(pnl::average_price(&fills[..1]), Some(price("100")));
    assert_eq!(pnl::average_price(&[]), None);
}

#[test]
fn return_on_equity_is_the_move_times_the_leverage() {
    let check = |direction: &str, times, mark: &str, expected: &str| {
        let it = position(direction, "0.3", "50000");
        assert_eq!(pnl::return_on_equity(it, Leverage::new(times).unwrap(), price(mark)), decimal(expected));
    };
    check("long", 10, "51000", "20");
    check("short", 10, "51000", "-20");
    check("long", 1, "50000", "0");
    check("short", 3, "40000", "60");
}

#[test]
fn net_profit_is_gross_less_fees_and_funding() {
    assert_eq!(pnl::net(money("100"), money("7.5"), money("2.5")), money("90"));
    assert_eq!(pnl::net(money("100"), money("-1"), money("-2")), money("103"));
}
