use super::*;
use plimsoll_backtest::expectation::Costs;
use plimsoll_domain::{
    AccountId, ClientOrderId, Fill, FillCause, Money, OrderId, PositionSide, Side, Timestamp, TradeId,
};
use plimsoll_engine::desk::Own;
use serde_json::Map;

/// A hundred round trips of the backtest brought 0.1 % and −0.1 % in turns, and orders cost 2 bp.
fn expectation() -> Expectation {
    let returns = (0..100).map(|number| Decimal::new(if number % 2 == 0 { 1 } else { -1 }, 3)).collect();
    Expectation {
        strategy: "ema_cross".to_owned(),
        settings: "5f2a".to_owned(),
        contracts: Vec::new(),
        from: Timestamp::default(),
        to: Timestamp::default(),
        round_trips: 100,
        returns,
        costs: Some(Costs { orders: 200, mean: Decimal::new(2, 4), deviation: Decimal::new(1, 5) }),
        hash: "90b1".to_owned(),
    }
}

fn strategy(expectation: Option<Expectation>) -> StrategyConfig {
    let (name, kind) = ("trend".to_owned(), "ema_cross".to_owned());
    StrategyConfig { name, kind, places: Vec::new(), settings: Map::new(), expectation }
}

/// Buys at 100 and sells at these prices, as decided or worse by `worse` basis points.
fn traded(track: &mut Arc<Track>, prices: &[&str], worse: i64) {
    let (track, mut own) = (Arc::make_mut(track), Own::default());
    for price in prices {
        for (side, price) in [(Side::Buy, "100"), (Side::Sell, *price)] {
            let number = track.costs().len() + track.trips().len() + usize::from(side == Side::Sell);
            let fill = Fill {
                trade_id: TradeId::new("1"),
                order_id: OrderId::new("1"),
                client_order_id: ClientOrderId::reported(format!("{number}-{side}")),
                symbol: "BTC/USDT:USDT".parse().unwrap(),
                side,
                position_side: PositionSide::Both,
                price: price.parse().unwrap(),
                quantity: "1".parse().unwrap(),
                fee: Money::ZERO,
                fee_currency: None,
                liquidity: None,
                realized_pnl: None,
                cause: FillCause::Order,
                time: Timestamp::default(),
            };
            let sign = Decimal::from(if side == Side::Buy { 1 } else { -1 });
            let decided = fill.price.get() / (Decimal::ONE + sign * Decimal::new(worse, 4));
            track.cost(&fill, plimsoll_domain::Price::new(decided.round_dp(12)).unwrap());
            let made = own.fill(&fill, plimsoll_domain::Leverage::ONE);
            track.filled(&AccountId::new("main"), &fill, &made);
        }
    }
}

#[test]
fn a_strategy_that_loses_more_than_its_backtest_is_told_of_once_and_so_is_that_it_is_over() {
    let (performances, strategy, mut track) = (Performances::default(), strategy(Some(expectation())), Arc::default());
    assert_eq!(performances.of("trend"), None, "nobody has looked yet");
    assert_eq!(performances.judge(&strategy, &track), []);
    let told = performances.of("trend").unwrap();
    assert_eq!((told.results.verdict, told.results.number, told.results.mean), (Some("too_few"), 0, None));
    traded(&mut track, &["99.8"; 12], 2);
    let [turned] = performances.judge(&strategy, &track).try_into().unwrap();
    assert_eq!((turned.matter, turned.is_over), (Matter::Degraded, false));
    assert!(
        turned.text.starts_with("12 round trips earned −0.20 % each, the backtest +0.00 % ± 0.10 %: "),
        "{turned:?}"
    );
    assert_eq!(performances.judge(&strategy, &track), [], "it is told once");
    let told = performances.of("trend").unwrap();
    assert_eq!((told.results.verdict, told.costs.verdict), (Some("outside"), Some("as_predicted")));
    assert_eq!(told.results.mean.map(|it| it.to_string()).as_deref(), Some("-0.002"));
    assert_eq!(told.results.text.as_deref(), Some(turned.text.as_str()), "the same words everywhere");
    traded(&mut track, &["100.3"; 12], 2);
    let [turned] = performances.judge(&strategy, &track).try_into().unwrap();
    assert_eq!((turned.matter, turned.is_over), (Matter::Degraded, true));
    assert_eq!(performances.of("trend").unwrap().results.verdict, Some("as_predicted"));
}

#[test]
fn orders_that_fill_worse_than_the_backtest_took_for_are_told_of() {
    let (performances, strategy, mut track) = (Performances::default(), strategy(Some(expectation())), Arc::default());
    traded(&mut track, &["100"; 10], 5);
    let [turned] = performances.judge(&strategy, &track).try_into().unwrap();
    assert_eq!((turned.matter, turned.is_over), (Matter::Drift, false));
    assert!(turned.text.starts_with("20 orders filled 5.0 bp worse than the price at their decision"), "{turned:?}");
    // What is judged by another backtest may be as predicted.
    let dearer = Costs { mean: Decimal::new(5, 4), ..expectation().costs.unwrap() };
    let other = super::tests::strategy(Some(Expectation { costs: Some(dearer), ..expectation() }));
    let [turned] = performances.judge(&other, &track).try_into().unwrap();
    assert_eq!((turned.matter, turned.is_over), (Matter::Drift, true));
}

#[test]
fn where_nothing_is_expected_figures_are_told_and_nothing_is_judged() {
    let (performances, mut track) = (Performances::default(), Arc::default());
    traded(&mut track, &["90"; 30], 50);
    assert_eq!(performances.judge(&strategy(None), &track), []);
    let told = performances.of("trend").unwrap();
    assert_eq!((told.results.verdict, told.results.number, told.costs.number), (None, 30, 60));
    assert_eq!(told.results.mean.map(|it| it.to_string()).as_deref(), Some("-0.1"));
    assert_eq!((told.costs.text, told.results.chance), (None, None));
}
