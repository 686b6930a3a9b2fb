//! The breakout from a squeeze.

use crate::desk::{self, Desk, candle};
use crate::stage::Stage;
use plimsoll_domain::liquidation::{self, Leg};
use plimsoll_domain::{Candle, Direction, MarketEvent, Position, Price, Rate, margin};
use plimsoll_ports::{Intent, OpenIntent, StopLoss, Strategy};
use plimsoll_strategies::settings::Number;
use plimsoll_strategies::{VolatilityBreakout, VolatilityBreakoutSettings};
use plimsoll_testkit::contract::strategy;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;

fn settings() -> VolatilityBreakoutSettings {
    VolatilityBreakoutSettings {
        period: 10,
        squeeze_lookback: 10,
        squeeze_memory: 3,
        volume_period: 5,
        atr_period: 5,
        time_exit: 6,
        trail_step: Number(dec!(0)),
        ..VolatilityBreakoutSettings::default()
    }
}

fn made(settings: VolatilityBreakoutSettings) -> VolatilityBreakout {
    VolatilityBreakout::new("breakout", desk::place("main"), settings).unwrap()
}

/// Forty closes that swing less and less around 1000, then these, with this volume where they begin.
fn quiet_then(closes: &[Decimal], volume: Decimal) -> Vec<Candle> {
    let swing = |index: i64| {
        Decimal::from(1000) + Decimal::from(if index % 2 == 0 { 40 - index } else { index - 40 }) / dec!(4)
    };
    let all: Vec<Decimal> = (0..40).map(swing).chain(closes.iter().copied()).collect();
    (0..)
        .zip(&all)
        .map(|(index, close)| {
            let volume = if index == 40 { volume } else { dec!(100) };
            candle(15, index, [close + dec!(1), close - dec!(1), *close], volume)
        })
        .collect()
}

fn opened(settings: VolatilityBreakoutSettings, candles: &[Candle], equity: Decimal) -> (Desk, Option<OpenIntent>) {
    let (mut desk, mut strategy) = (Desk::new("main"), made(settings));
    desk.equity = equity;
    let mut open = None;
    for candle in candles {
        for decision in desk.candle(&mut strategy, candle.clone()) {
            if let Intent::Open(intent) = &decision.legs[0].intent {
                assert!(open.replace(intent.clone()).is_none(), "it opens twice");
            }
        }
    }
    (desk, open)
}

#[test]
fn a_close_out_of_narrow_bands_with_volume_is_followed() {
    for (closes, volume, expected) in [
        (dec!(1010), dec!(150), Some(Direction::Long)),
        (dec!(990), dec!(150), Some(Direction::Short)),
        (dec!(1010), dec!(149), None),
        (dec!(1000.2), dec!(500), None),
    ] {
        let (_, open) = opened(settings(), &quiet_then(&[closes], volume), dec!(10000));
        assert_eq!(open.map(|it| it.direction), expected, "{closes} with {volume}");
    }
}

#[test]
fn a_squeeze_is_forgotten_after_some_candles() {
    // The bands widen, and the break comes later.
    let late = |candles: usize| {
        let mut closes: Vec<Decimal> = [dec!(1003), dec!(997)].into_iter().cycle().take(candles).collect();
        closes.push(dec!(1020));
        let mut all = quiet_then(&closes, dec!(100));
        all.last_mut().unwrap().volume = dec!(500);
        opened(settings(), &all, dec!(10000)).1.is_some()
    };
    assert_eq!((late(2), late(3)), (true, false));
}

#[test]
fn its_stop_loses_the_share_of_equity_that_it_may() {
    let (_, open) = opened(settings(), &quiet_then(&[dec!(1010)], dec!(150)), dec!(10000));
    let open = open.unwrap();
    let StopLoss::At(stop) = open.stop_loss else { panic!("{open:?}") };
    let (entry, stop, quantity) = (dec!(1010), stop.get(), open.quantity.get());
    let lost = quantity * ((entry - stop) + (entry + stop) * dec!(0.0005));
    assert!(lost <= dec!(100) && lost + dec!(0.02) > dec!(100), "{lost} of 10000");
    assert_eq!(open.leverage.get(), 10);
    let target = open.take_profit.unwrap().get();
    let ratio = (target - entry) / (entry - stop);
    assert!((ratio - dec!(3)).abs() < dec!(0.05), "{ratio} R");
}

#[test]
fn what_is_available_and_the_margin_table_cap_it() {
    let tight = VolatilityBreakoutSettings { risk: Number(dec!(0.5)), ..settings() };
    let candles = quiet_then(&[dec!(1010)], dec!(150));
    // Ten times 2,000 is in the first tier, ten times 10,000 in the second, which allows five.
    for (equity, leverage) in [(dec!(2000), 10), (dec!(10000), 5)] {
        let open = opened(tight.clone(), &candles, equity).1.unwrap();
        assert_eq!(open.leverage.get(), leverage);
        let notional = open.quantity.get() * dec!(1010);
        let taken = notional / Decimal::from(leverage) + notional * dec!(0.0005);
        assert!(taken <= equity && taken > equity * dec!(0.99), "{taken} of {equity}");
    }
}

#[test]
fn leverage_is_lowered_until_liquidation_is_beyond_the_stop() {
    // The stop is more than a tenth of the price away.
    let wide = VolatilityBreakoutSettings { stop_atr: Number(dec!(40)), ..settings() };
    let open = opened(wide, &quiet_then(&[dec!(1010)], dec!(150)), dec!(10000)).1.unwrap();
    assert!(open.leverage.get() < 10);
    let position =
        Position { direction: open.direction, quantity: open.quantity, entry: Price::new(dec!(1010)).unwrap() };
    let instrument = desk::instrument();
    let due = |leverage| {
        let margin = margin::initial(position.notional(position.entry), leverage);
        let leg = Leg { position, tiers: &instrument.tiers };
        liquidation::isolated(leg, margin, Rate::ZERO, Some(position.entry)).bounds().unwrap().below.unwrap()
    };
    let StopLoss::At(stop) = open.stop_loss else { panic!("{open:?}") };
    assert!(due(open.leverage) < stop);
    assert!(due(plimsoll_domain::Leverage::new(open.leverage.get() + 1).unwrap()) >= stop, "one more would do too");
}

#[test]
fn the_stop_follows_from_one_r_on() {
    let before = [dec!(1010), dec!(1012)];
    let after = [dec!(1010), dec!(1012), dec!(1025)];
    let stop = |closes: &[Decimal]| {
        let (desk, open) = opened(settings(), &quiet_then(closes, dec!(150)), dec!(10000));
        (open.unwrap().stop_loss.price().unwrap(), desk.holding.unwrap().stop.unwrap())
    };
    let (first, now) = stop(&before);
    assert_eq!(first, now);
    let (first, now) = stop(&after);
    assert!(now > first, "{now} and {first}");
}

#[test]
fn what_comes_to_nothing_is_closed_after_some_candles() {
    let still = [dec!(1010); 6];
    let (desk, _) = opened(settings(), &quiet_then(&still, dec!(150)), dec!(10000));
    assert!(desk.holding.is_some(), "five candles after");
    let still = [dec!(1010); 7];
    let (desk, _) = opened(settings(), &quiet_then(&still, dec!(150)), dec!(10000));
    assert_eq!(desk.held(), None);
    assert!(desk.told.last().unwrap().contains("after 6 candles it has earned 0 a unit"), "{:?}", desk.told);
}

#[test]
fn bands_that_no_close_can_be_outside_of_are_refused() {
    // Of n values the furthest is (n − 1) ÷ √n deviations from their mean.
    let problems = |period, deviations| {
        VolatilityBreakoutSettings { period, deviations: Number(deviations), ..settings() }.validate().err()
    };
    assert_eq!(problems(5, dec!(1.7)), None);
    let told = problems(5, dec!(2)).unwrap().join("; ");
    assert!(told.contains("no close is ever 2 deviations from the mean of 5"), "{told}");
}

/// Quiet and loud by turns, with breaks to both sides.
fn changeable(count: usize) -> Vec<Candle> {
    let mut closes = Vec::new();
    let mut price = dec!(1000);
    for index in 0..count {
        let phase = index % 60;
        price += match phase {
            0..40 => {
                Decimal::from(i64::try_from(40 - phase).unwrap()) / dec!(8)
                    * if phase % 2 == 0 { dec!(1) } else { dec!(-1) }
            }
            40..48 if (index / 60) % 2 == 0 => dec!(9),
            40..48 => dec!(-9),
            _ => dec!(0.5),
        };
        closes.push(price);
    }
    let volume = |index: i64| if index % 60 >= 40 { dec!(400) } else { dec!(100) };
    (0..).zip(&closes).map(|(index, it)| candle(15, index, [it + dec!(1), it - dec!(1), *it], volume(index))).collect()
}

#[test]
fn it_does_not_look_ahead() {
    desk::assert_no_look_ahead(&changeable(400), || Box::new(made(settings())));
}

#[tokio::test]
async fn it_keeps_the_contract() {
    let events: Vec<MarketEvent> = changeable(300).into_iter().map(MarketEvent::Candle).collect();
    let make = || -> Box<dyn Strategy> { Box::new(made(settings())) };
    strategy::run(async || Stage::new(make, &["main"], events.clone())).await;
}
