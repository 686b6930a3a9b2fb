//! Orders that may only shrink a position.

use crate::calm;
use plimsoll_domain::risk::*;
use plimsoll_domain::*;
use rust_decimal_macros::dec;

#[test]
fn reduce_only_needs_a_position_as_large() {
    let quantity = |size: Decimal| Quantity::new(size).unwrap();
    let check = |size: Option<Decimal>, held: Option<Decimal>, approved: bool| {
        let order = OrderFacts::Reduces { quantity: size.map(quantity), held: held.map(quantity) };
        let result = risk::check(&order, &calm(&KillSwitch::Released), &RiskLimits::default());
        assert_eq!(result.is_ok(), approved, "{size:?} of {held:?}");
    };
    check(Some(dec!(2)), Some(dec!(2)), true);
    check(Some(dec!(2.001)), Some(dec!(2)), false);
    check(Some(dec!(1)), None, false);
    check(None, Some(dec!(2)), true);
    check(None, None, false);
}

#[test]
fn an_order_that_may_only_shrink_is_known_by_its_kind() {
    let long = Position { direction: Direction::Long, quantity: "2".parse().unwrap(), entry: "100".parse().unwrap() };
    let order = |side, position_side, size, reduce_only| NewOrder {
        client_order_id: ClientOrderId::new("a").unwrap(),
        symbol: "BTC/USDT:USDT".parse().unwrap(),
        side,
        position_side,
        kind: OrderKind::Market,
        size,
        reduce_only,
    };
    let one = OrderSize::Quantity("1".parse().unwrap());
    let facts = |order| OrderFacts::reducing(&order, Some(long));
    let (both, quantity) = (PositionSide::Both, Some("1".parse().unwrap()));
    let held = Some(long.quantity);
    assert_eq!(facts(order(Side::Sell, both, one, false)), None, "it may flip");
    assert_eq!(facts(order(Side::Sell, both, one, true)), Some(OrderFacts::Reduces { quantity, held }));
    assert_eq!(facts(order(Side::Buy, both, one, true)), Some(OrderFacts::Reduces { quantity, held: None }));
    let leg = order(Side::Sell, PositionSide::Long, one, false);
    assert_eq!(facts(leg), Some(OrderFacts::Reduces { quantity, held }));
    let whole = order(Side::Sell, both, OrderSize::WholePosition, false);
    assert_eq!(facts(whole), Some(OrderFacts::Reduces { quantity: None, held }));
}
