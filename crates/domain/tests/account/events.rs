//! Events with the figures a test cares about.

use plimsoll_domain::*;
use std::str::FromStr;

pub(crate) fn symbol(base: &str) -> Symbol {
    Symbol::new(base, "USDT", "USDT").unwrap()
}

pub(crate) fn usdt() -> Currency {
    Currency::new("USDT")
}

pub(crate) fn money(text: &str) -> Money {
    Money::from_str(text).unwrap()
}

pub(crate) fn ms(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(crate) fn stamp(millis: i64) -> Stamp {
    Stamp::at(ms(millis))
}

/// `long 2 @ 100`
pub(crate) fn position(text: &str) -> Position {
    let mut words = text.split_whitespace();
    let direction = words.next().unwrap().parse().unwrap();
    let quantity = words.next().unwrap().parse().unwrap();
    assert_eq!(words.next(), Some("@"));
    Position { direction, quantity, entry: words.next().unwrap().parse().unwrap() }
}

/// `buy 2 @ 100` as trade `id` of order `o<id>` at this millisecond, in one-way mode.
pub(crate) fn fill(id: u64, millis: i64, text: &str) -> Fill {
    let mut words = text.split_whitespace();
    let side = words.next().unwrap().parse().unwrap();
    let quantity = words.next().unwrap().parse().unwrap();
    assert_eq!(words.next(), Some("@"));
    Fill {
        trade_id: TradeId::new(id.to_string()),
        order_id: OrderId::new(format!("o{id}")),
        client_order_id: ClientOrderId::reported(format!("c{id}")),
        symbol: symbol("BTC"),
        side,
        position_side: PositionSide::Both,
        price: words.next().unwrap().parse().unwrap(),
        quantity,
        fee: money("0.1"),
        fee_currency: Some(usdt()),
        liquidity: Some(Liquidity::Taker),
        realized_pnl: None,
        cause: FillCause::Order,
        time: ms(millis),
    }
}

pub(crate) fn report(millis: i64, held: Option<&str>) -> PositionReport {
    PositionReport {
        symbol: symbol("BTC"),
        position_side: PositionSide::Both,
        position: held.map(position),
        mark_price: None,
        liquidation_price: None,
        unrealized_pnl: None,
        realized_pnl: None,
        leverage: None,
        margin_mode: None,
        isolated_margin: None,
        maintenance_margin: None,
        margin_ratio: None,
        stamp: stamp(millis),
    }
}

pub(crate) fn order(id: &str, millis: i64, status: OrderStatus, filled: Option<&str>) -> Order {
    Order {
        order_id: OrderId::new(id),
        client_order_id: ClientOrderId::reported(format!("c-{id}")),
        symbol: symbol("BTC"),
        side: Side::Buy,
        position_side: PositionSide::Both,
        order_type: OrderType::Limit,
        time_in_force: Some(TimeInForce::Gtc),
        price: Some("100".parse().unwrap()),
        trigger: None,
        quantity: Some("5".parse().unwrap()),
        filled: filled.map(|filled| filled.parse().unwrap()),
        average_price: filled.map(|_| "100".parse().unwrap()),
        reduce_only: false,
        close_position: false,
        child: None,
        status,
        updated: stamp(millis),
    }
}

pub(crate) fn balance(millis: i64, wallet: &str) -> BalanceReport {
    BalanceReport {
        currency: usdt(),
        wallet: Some(money(wallet)),
        cross_wallet: Some(money(wallet)),
        available: None,
        equity: None,
        unrealized_pnl: None,
        stamp: stamp(millis),
    }
}

pub(crate) fn funding(id: Option<&str>, millis: i64, payment: &str) -> FundingPayment {
    FundingPayment {
        id: id.map(Into::into),
        symbol: Some(symbol("BTC")),
        payment: money(payment),
        rate: None,
        currency: usdt(),
        time: ms(millis),
    }
}

pub(crate) fn warning(millis: i64) -> MarginWarning {
    MarginWarning {
        level: None,
        symbol: symbol("BTC"),
        position_side: PositionSide::Both,
        quantity: Some("2".parse().unwrap()),
        margin_ratio: None,
        liquidation_price: None,
        mark_price: Some("81".parse().unwrap()),
        maintenance_margin: None,
        time: ms(millis),
    }
}

pub(crate) fn forced(millis: i64, quantity: Option<&str>) -> ForcedClose {
    ForcedClose {
        symbol: symbol("BTC"),
        position_side: PositionSide::Both,
        quantity: quantity.map(|quantity| quantity.parse().unwrap()),
        price: quantity.map(|_| "80".parse().unwrap()),
        level: None,
        time: ms(millis),
    }
}

pub(crate) fn empty_snapshot(millis: i64) -> AccountSnapshot {
    AccountSnapshot {
        position_mode: PositionMode::OneWay,
        positions: Vec::new(),
        orders: Vec::new(),
        balances: Vec::new(),
        time: ms(millis),
    }
}

/// The words of what changed.
pub(crate) fn words(changes: &[Change]) -> Vec<&'static str> {
    changes.iter().map(Change::as_str).collect()
}

/// Everything that can be asked of a state.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    positions: Vec<HeldPosition>,
    orders: Vec<Order>,
    balances: Vec<(Currency, Balance)>,
    equity: Option<Money>,
    leverage: Vec<Option<Leverage>>,
    margin_mode: Vec<Option<MarginMode>>,
    position_mode: Option<PositionMode>,
    as_of: Option<Timestamp>,
    synced_at: Option<Timestamp>,
    needs_resync: bool,
}

impl Seen {
    pub(crate) fn of(state: &AccountState) -> Self {
        let symbols = [symbol("BTC"), symbol("ETH")];
        Self {
            positions: state.positions().collect(),
            orders: state.open_orders().cloned().collect(),
            balances: state.balances().map(|(currency, balance)| (currency.clone(), balance)).collect(),
            equity: state.equity(&usdt()),
            leverage: symbols.iter().map(|symbol| state.leverage(symbol)).collect(),
            margin_mode: symbols.iter().map(|symbol| state.margin_mode(symbol)).collect(),
            position_mode: state.position_mode(),
            as_of: state.as_of(),
            synced_at: state.synced_at(),
            needs_resync: state.needs_resync(),
        }
    }
}
