//! Stops, targets, resting orders, latency, refusals.

use crate::stage::{MINUTE, Scripted, account, btc, close, heard, intent, open, price, run, settings, size};
use plimsoll_backtest::Settings;
use plimsoll_domain::risk::{LimitSettings, RiskLimits};
use plimsoll_domain::{Direction, Leverage, Side};
use plimsoll_ports::{Decision, Intent, OpenIntent, RestIntent, RestingEffect, StopLoss, StrategyView};
use std::time::Duration;

fn on_main(intent: Intent) -> Vec<Decision> {
    vec![Decision::one(account("main"), intent, "by script")]
}

/// What a strategy hears that decides this at the first candles.
fn hears(settings: Settings, script: fn(usize, &StrategyView<'_>) -> Vec<Decision>, prices: &[&str]) -> Vec<String> {
    let strategy = Scripted::new("one", script);
    let of = strategy.heard.clone();
    run(settings, vec![strategy], prices);
    heard(&of)
}

#[test]
fn a_stop_closes_at_the_mark() {
    let script = |number: usize, _: &StrategyView<'_>| match number {
        0 => vec![open(Direction::Long, "0.1", "49000")],
        _ => Vec::new(),
    };
    let told = hears(settings(), script, &["50000", "50000", "48500", "48600"]);
    assert_eq!(told, ["entry buy 0.1 at 50000.1", "stop_loss sell 0.1 at 48500"]);
}

#[test]
fn a_target_closes_and_takes_the_stop_with_it() {
    let script = |number: usize, view: &StrategyView<'_>| match number {
        0 => {
            let open = OpenIntent { take_profit: Some(price("51000")), ..intent(Direction::Long, "0.1", "49000") };
            on_main(Intent::Open(open))
        }
        // Were the stop left behind, it would close this one.
        2 => {
            assert!(view.accounts[0].holdings.is_empty());
            vec![open(Direction::Short, "0.1", "60000")]
        }
        _ => Vec::new(),
    };
    let told = hears(settings(), script, &["50000", "50000", "51500", "51400", "48000"]);
    assert_eq!(told, ["entry buy 0.1 at 50000.1", "take_profit sell 0.1 at 51500", "entry sell 0.1 at 51400"]);
}

#[test]
fn a_stop_is_moved() {
    let script = |number: usize, view: &StrategyView<'_>| match number {
        0 => vec![open(Direction::Long, "0.1", "49000")],
        1 => {
            let (symbol, direction, trigger) = (btc(), Direction::Long, price("50900"));
            on_main(Intent::MoveStop { symbol, direction, trigger })
        }
        2 => {
            assert_eq!(view.accounts[0].holdings[0].stop, Some(price("50900")));
            Vec::new()
        }
        _ => Vec::new(),
    };
    let told = hears(settings(), script, &["50000", "50000", "51000", "51000", "50800"]);
    assert_eq!(told, ["entry buy 0.1 at 50000.1", "stop_loss sell 0.1 at 50800"]);
}

fn rest(label: &str, side: Side, limit: &str, effect: RestingEffect) -> Vec<Decision> {
    let (quantity, price) = (size("0.1"), price(limit));
    on_main(Intent::Rest(RestIntent { symbol: btc(), label: label.into(), side, quantity, price, effect }))
}

#[test]
fn a_resting_order_fills_at_its_limit_and_is_protected_then() {
    let script = |number: usize, view: &StrategyView<'_>| match number {
        0 => {
            let (leverage, stop_loss) = (Leverage::new(5).unwrap(), StopLoss::At(price("48000")));
            rest("low", Side::Buy, "49500", RestingEffect::Opens { leverage, stop_loss })
        }
        1 => {
            assert_eq!(view.accounts[0].orders.iter().map(|it| it.label.as_str()).collect::<Vec<_>>(), ["low"]);
            Vec::new()
        }
        2 => {
            let own = view.accounts[0];
            assert_eq!((own.orders.len(), own.holdings[0].stop), (0, Some(price("48000"))));
            rest("high", Side::Sell, "50000", RestingEffect::Reduces)
        }
        _ => Vec::new(),
    };
    let told = hears(settings(), script, &["50000", "50000", "49800", "49400", "50100"]);
    let expected = ["resting buy 0.1 at 49500", "low filled", "resting sell 0.1 at 50000", "high filled"];
    assert_eq!(told, expected);
}

#[test]
fn a_resting_order_is_cancelled_by_its_label() {
    let script = |number: usize, view: &StrategyView<'_>| match number {
        0 => {
            let (leverage, stop_loss) = (Leverage::new(5).unwrap(), StopLoss::At(price("48000")));
            rest("low", Side::Buy, "49500", RestingEffect::Opens { leverage, stop_loss })
        }
        1 => on_main(Intent::Cancel { symbol: btc(), label: "low".into() }),
        2 => {
            assert!(view.accounts[0].orders.is_empty());
            on_main(Intent::Cancel { symbol: btc(), label: "low".into() })
        }
        _ => Vec::new(),
    };
    let told = hears(settings(), script, &["50000", "50000", "49900", "49800", "49000"]);
    assert_eq!(told, ["low canceled", "no order 'low' rests"]);
}

#[test]
fn a_decision_arrives_as_late_as_its_latency_and_meets_the_price_of_then() {
    let script = |number: usize, _: &StrategyView<'_>| match number {
        0 => vec![open(Direction::Long, "0.1", "49000")],
        _ => Vec::new(),
    };
    let late = Settings { latency: Duration::from_millis(500), ..settings() };
    // The second candle's prices are 15 seconds apart: its second one is the first that comes behind the latency.
    assert_eq!(hears(late, script, &["50000", "50000", "50400"]), ["entry buy 0.1 at 50000.1"]);
    let later = Settings { latency: MINUTE / 2, ..settings() };
    assert_eq!(hears(later, script, &["50000", "50000", "50400"]), ["entry buy 0.1 at 50400.1"]);
}

#[test]
fn slippage_is_against_the_order_and_on_the_tick() {
    let script = |number: usize, _: &StrategyView<'_>| match number {
        0 => vec![open(Direction::Long, "0.1", "49000")],
        1 => vec![close(Direction::Long, None)],
        _ => Vec::new(),
    };
    let slipping = Settings { slippage: "0.0005".parse().unwrap(), ..settings() };
    // 50000.1 × 1.0005 = 50025.10005, up to 50025.2; 50000 × 0.9995 = 49975.
    let told = hears(slipping, script, &["50000", "50000", "50000", "50000"]);
    assert_eq!(told, ["entry buy 0.1 at 50025.2", "exit sell 0.1 at 49975"]);
}

#[test]
fn what_breaks_a_limit_is_refused_with_every_reason() {
    let script = |number: usize, _: &StrategyView<'_>| match number {
        0 => vec![open(Direction::Long, "0.3", "49000")],
        1 => vec![open(Direction::Long, "0.05", "49000")],
        _ => Vec::new(),
    };
    let limits = Some(RiskLimits::new(LimitSettings::default()).unwrap());
    let told = hears(Settings { limits, ..settings() }, script, &["50000", "50000", "50000", "50000"]);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("position of 15000 USDT") || told[0].contains("15000"), "{told:?}");
    assert_eq!(told[1], "entry buy 0.05 at 50000.1");
}

#[test]
fn wrong_sides_and_stops_beyond_liquidation_are_refused() {
    let script = |number: usize, _: &StrategyView<'_>| match number {
        0 => vec![open(Direction::Long, "0.1", "51000")],
        1 => vec![open(Direction::Long, "0.9", "20000")],
        2 => vec![close(Direction::Long, None)],
        _ => Vec::new(),
    };
    let told = hears(settings(), script, &["50000", "50000", "50000", "50000", "50000"]);
    assert_eq!(told[0], "the stop-loss at 51000 is on the wrong side of 50000");
    assert!(told[1].starts_with("the stop at 20000 is beyond the liquidation price 3"), "{told:?}");
    assert_eq!(told[2], "no long of BTC/USDT:USDT is held");
}

#[test]
fn what_rests_counts_as_if_it_had_filled() {
    let script = |number: usize, _: &StrategyView<'_>| match number {
        0 | 1 => {
            let (leverage, stop_loss) = (Leverage::new(5).unwrap(), StopLoss::At(price("48000")));
            let label = if number == 0 { "first" } else { "second" };
            let effect = RestingEffect::Opens { leverage, stop_loss };
            let (quantity, price) = (size("0.035"), price("49500"));
            on_main(Intent::Rest(RestIntent {
                symbol: btc(),
                label: label.into(),
                side: Side::Buy,
                quantity,
                price,
                effect,
            }))
        }
        _ => Vec::new(),
    };
    let limits = Some(RiskLimits::new(LimitSettings::default()).unwrap());
    // Either of them is 1750 at the mark, below the limit of 3000; both are above.
    let told = hears(Settings { limits, ..settings() }, script, &["50000", "50000", "50000", "49400"]);
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].contains("3500"), "{told:?}");
    assert_eq!(told[1..], ["resting buy 0.035 at 49500", "first filled"]);
}

#[test]
fn a_loss_that_breaks_its_limit_calls_back_what_would_open_and_closes_what_is_held_at_that_price() {
    let script = |number: usize, _: &StrategyView<'_>| match number {
        0 => vec![open(Direction::Long, "0.05", "30000")],
        1 => {
            let (leverage, stop_loss) = (Leverage::new(5).unwrap(), StopLoss::At(price("20000")));
            rest("low", Side::Buy, "25000", RestingEffect::Opens { leverage, stop_loss })
        }
        80 => vec![open(Direction::Long, "0.002", "20000")],
        _ => Vec::new(),
    };
    let limits = LimitSettings { max_daily_loss: crate::stage::money("300"), ..LimitSettings::default() };
    let limits = Some(RiskLimits::new(LimitSettings { max_position_share: "0.9".parse().unwrap(), ..limits }).unwrap());
    let mut prices = vec!["50000"; 10];
    prices.resize(100, "43000");
    let told = hears(Settings { limits, ..settings() }, script, &prices);
    assert_eq!(told[0], "entry buy 0.05 at 50000.1");
    assert_eq!(told[1], "low canceled");
    assert_eq!(told[2], "forced sell 0.05 at 43000");
    assert!(told[3].contains("kill switch"), "{told:?}");
    assert_eq!(told.len(), 4, "{told:?}");
}
