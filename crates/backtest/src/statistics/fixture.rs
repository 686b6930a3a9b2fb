//! Runs to count by hand.

use crate::{ChartCandle, CurvePoint, Incident, LedgerSums, Outcome, RoundTrip, RunKind, TaggedFill};
use plimsoll_domain::{
    AccountId, ClientOrderId, Currency, Direction, Fill, FillCause, Liquidity, Money, OrderId, PositionSide, Price,
    Quantity, Side, Symbol, Timestamp, TradeId, decimal::exact,
};
use std::time::Duration;

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// 2024-01-01, a Monday.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_704_067_200_000);

pub(crate) fn money(text: &str) -> Money {
    Money::new(exact(text).unwrap())
}

pub(crate) fn btc() -> Symbol {
    "BTC/USDT:USDT".parse().unwrap()
}

/// Nothing happened for a day with 1,000.
pub(crate) fn quiet() -> Outcome {
    Outcome {
        kind: RunKind::Backtest,
        strategies: vec!["trend".to_owned()],
        from: START,
        to: START.plus(DAY),
        events: 0,
        currency: Currency::new("USDT"),
        opening: money("1000"),
        wallet: money("1000"),
        equity: money("1000"),
        curve: Vec::new(),
        fills: Vec::new(),
        trades: Vec::new(),
        ended: 0,
        ledger: LedgerSums::default(),
        incidents: Vec::new(),
        chart: Vec::new(),
        hash: "5f2a90b1".to_owned(),
    }
}

/// Points a `step` apart.
pub(crate) fn curve(step: Duration, equities: &[&str]) -> Vec<CurvePoint> {
    let point = |(number, equity): (usize, &&str)| CurvePoint {
        time: START.plus(step * u32::try_from(number).unwrap()),
        equity: money(equity),
        exposure: Money::ZERO,
        funding: Money::ZERO,
    };
    equities.iter().enumerate().map(point).collect()
}

/// A curve from 1,000 that grows by each of `percents` a day.
pub(crate) fn grown(percents: &[i64]) -> Vec<CurvePoint> {
    let mut equity = plimsoll_domain::Decimal::from(1000);
    let mut curve = curve(DAY, &["1000"]);
    for (number, percent) in percents.iter().enumerate() {
        equity *= plimsoll_domain::Decimal::new(100 + percent, 2);
        curve.push(CurvePoint {
            time: START.plus(DAY * u32::try_from(number + 1).unwrap()),
            equity: Money::new(equity.round_dp(12)),
            exposure: Money::ZERO,
            funding: Money::ZERO,
        });
    }
    curve
}

/// A long of 1 from 100, from an hour to an hour; `None` is held still.
pub(crate) fn trade(opened: u32, closed: Option<u32>, profit: &str, fees: &str, funding: &str) -> RoundTrip {
    RoundTrip {
        strategy: "trend".to_owned(),
        account: AccountId::new("main"),
        symbol: btc(),
        direction: Direction::Long,
        quantity: "1".parse::<Quantity>().unwrap(),
        opened: START.plus(HOUR * opened),
        closed: closed.map(|hour| START.plus(HOUR * hour)),
        entry: "100".parse::<Price>().unwrap(),
        exit: closed.map(|_| Price::new(money("100").get() + money(profit).get()).unwrap()),
        profit: money(profit),
        fees: money(fees),
        funding: money(funding),
        ended_by: closed.map(|_| "exit".to_owned()),
    }
}

pub(crate) fn fill(hour: u32, side: Side, price: &str, fee: &str, profit: Option<&str>, role: &str) -> TaggedFill {
    TaggedFill {
        strategy: "trend".to_owned(),
        account: AccountId::new("main"),
        role: role.to_owned(),
        decided: None,
        fill: Fill {
            trade_id: TradeId::new(hour.to_string()),
            order_id: OrderId::new(hour.to_string()),
            client_order_id: ClientOrderId::new(&format!("t-{hour}")).unwrap(),
            symbol: btc(),
            side,
            position_side: PositionSide::Both,
            price: price.parse().unwrap(),
            quantity: "1".parse().unwrap(),
            fee: money(fee),
            fee_currency: Some(Currency::new("USDT")),
            liquidity: Some(Liquidity::Taker),
            realized_pnl: profit.map(money),
            cause: FillCause::Order,
            time: START.plus(HOUR * hour),
        },
    }
}

pub(crate) fn candle(hour: u32, low: &str, high: &str, close: &str, liquidation: Option<&str>) -> ChartCandle {
    ChartCandle {
        symbol: btc(),
        open_time: START.plus(HOUR * hour),
        open: close.parse().unwrap(),
        high: high.parse().unwrap(),
        low: low.parse().unwrap(),
        close: close.parse().unwrap(),
        liquidation: liquidation.map(|price| price.parse().unwrap()),
    }
}

/// A long of 1 from 100 to 110, fees of 0.1 each way, funding of 0.5; then one of 1 from 110 to 105: 1,003.9 at last.
pub(crate) fn two_trades() -> Outcome {
    let mut curve = curve(HOUR * 6, &["1000", "1004.9", "1009.3", "1003.9", "1003.9"]);
    for (point, (exposure, funding)) in
        curve.iter_mut().zip([("0", "0"), ("105", "0.5"), ("0", "0.5"), ("0", "0.5"), ("0", "0.5")])
    {
        (point.exposure, point.funding) = (money(exposure), money(funding));
    }
    Outcome {
        events: 1440,
        wallet: money("1003.9"),
        equity: money("1003.9"),
        curve,
        fills: vec![
            fill(1, Side::Buy, "100", "0.1", None, "entry"),
            fill(7, Side::Sell, "110", "0.1", Some("10"), "take_profit"),
            fill(13, Side::Buy, "110", "0.2", None, "entry"),
            fill(16, Side::Sell, "105", "0.2", Some("-5"), "stop_loss"),
        ],
        trades: vec![trade(1, Some(7), "10", "0.2", "0.5"), trade(13, Some(16), "-5", "0.4", "0")],
        ledger: LedgerSums { profit: money("5"), fees: money("0.6"), funding: money("0.5"), ..LedgerSums::default() },
        incidents: vec![Incident {
            time: START.plus(HOUR * 13),
            kind: "refused".to_owned(),
            text: "2 BTC/USDT:USDT would exceed the size limit of 1".to_owned(),
        }],
        chart: vec![
            candle(0, "99", "101", "100", None),
            candle(6, "100", "112", "111", Some("80")),
            candle(12, "104", "112", "105", None),
        ],
        ..quiet()
    }
}
