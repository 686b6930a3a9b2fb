//! The switch with the trend.

use crate::desk::{self, Desk, candle, closes, walk};
use crate::stage::Stage;
use plimsoll_domain::{Candle, Direction, MarketEvent};
use plimsoll_ports::{Decision, FillRole, Intent, Strategy};
use plimsoll_strategies::settings::{Interval, Number, Size, Stop};
use plimsoll_strategies::{TrendSwitch, TrendSwitchSettings};
use plimsoll_testkit::contract::strategy;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;

/// Trends of one and of three minutes, and no filters.
fn settings() -> TrendSwitchSettings {
    TrendSwitchSettings {
        timeframes: vec![Interval::minutes(1), Interval::minutes(3)],
        fast: 2,
        slow: 3,
        rsi_period: 3,
        rsi_long: Number(dec!(0)),
        rsi_short: Number(dec!(100)),
        volume_period: 3,
        volume_factor: Number(dec!(0)),
        size: Size::Quantity(Number(dec!(1))),
        leverage: 2,
        stop: Stop::Fraction(Number(dec!(0.1))),
        atr_period: 3,
        trail_atr: Number(dec!(2)),
        trail_step: Number(dec!(0)),
        cooldown: 3,
    }
}

fn made(settings: TrendSwitchSettings) -> TrendSwitch {
    TrendSwitch::new("trend", desk::place("main"), settings).unwrap()
}

/// So many minutes of one step each.
fn steps(from: i64, step: i64, count: i64) -> Vec<Decimal> {
    (1..=count).map(|minute| Decimal::from(from + step * minute)).collect()
}

fn run(desk: &mut Desk, strategy: &mut TrendSwitch, candles: &[Candle]) -> Vec<(usize, Decision)> {
    let mut decided = Vec::new();
    for (index, candle) in candles.iter().enumerate() {
        decided.extend(desk.candle(strategy, candle.clone()).into_iter().map(|it| (index, it)));
    }
    decided
}

fn kinds(decided: &[(usize, Decision)]) -> Vec<(usize, &'static str)> {
    let word = |intent: &Intent| match intent {
        Intent::Open(open) if open.direction == Direction::Long => "long",
        Intent::Open(_) => "short",
        Intent::Close(_) => "close",
        Intent::MoveStop { .. } => "stop",
        other => panic!("{other:?}"),
    };
    decided.iter().map(|(index, it)| (*index, word(&it.legs[0].intent))).filter(|(_, word)| *word != "stop").collect()
}

#[test]
fn it_opens_once_all_trends_agree_and_those_of_longer_candles_only_count_when_closed() {
    // The short trend is known from the third minute on; three candles of three minutes take nine.
    let decided = run(&mut Desk::new("main"), &mut made(settings()), &closes(1, steps(1000, 1, 12)));
    assert_eq!(kinds(&decided), [(8, "long")]);
    assert!(decided[0].1.reason.contains("all trends are long"), "{}", decided[0].1.reason);
}

#[test]
fn it_turns_by_closing_and_opens_the_other_way_once_flat() {
    let mut desk = Desk::new("main");
    // Wide stops: they are not what ends this.
    let settings = TrendSwitchSettings { trail_atr: Number(dec!(50)), ..settings() };
    let candles = closes(1, [steps(1000, 1, 12), steps(1012, -3, 12)].concat());
    let decided = run(&mut desk, &mut made(settings), &candles);
    let kinds = kinds(&decided);
    assert_eq!(kinds.iter().map(|(_, word)| *word).collect::<Vec<_>>(), ["long", "close", "short"]);
    assert_eq!(kinds[1].0, kinds[2].0, "it opens with the news of the close");
    assert_eq!(desk.held(), Some((Direction::Short, dec!(1))));
}

#[test]
fn a_turn_that_is_not_confirmed_only_closes() {
    let mut desk = Desk::new("main");
    let settings = TrendSwitchSettings { trail_atr: Number(dec!(50)), rsi_short: Number(dec!(0)), ..settings() };
    // It falls without a pause but for a little, so that its strength is above 0.
    let mut fall = steps(1012, -3, 12);
    fall.iter_mut().step_by(2).for_each(|close| *close += dec!(4));
    let decided = run(&mut desk, &mut made(settings), &closes(1, [steps(1000, 1, 12), fall].concat()));
    assert_eq!(kinds(&decided).iter().map(|(_, word)| *word).collect::<Vec<_>>(), ["long", "close"]);
}

#[test]
fn strength_and_volume_have_to_confirm_an_opening() {
    let candles = |volume: Decimal| {
        let mut candles = closes(1, steps(1000, 1, 12));
        candles[10] = candle(1, 10, [dec!(1011.5), dec!(1010.5), dec!(1011)], volume);
        candles
    };
    let opened = |settings, volume| {
        kinds(&run(&mut Desk::new("main"), &mut made(settings), &candles(volume))).first().map(|(index, _)| *index)
    };
    let strict = || TrendSwitchSettings { volume_factor: Number(dec!(2)), ..settings() };
    assert_eq!(opened(strict(), dec!(2)), Some(10), "twice the volume of those before");
    assert_eq!(opened(strict(), dec!(1.9)), None);
    assert_eq!(opened(TrendSwitchSettings { rsi_long: Number(dec!(100)), ..settings() }, dec!(1)), Some(8));
    let fallen = closes(1, [steps(1002, -1, 2), steps(1000, 1, 11)].concat());
    let decided = run(
        &mut Desk::new("main"),
        &mut made(TrendSwitchSettings { rsi_long: Number(dec!(100)), ..settings() }),
        &fallen,
    );
    assert_eq!(kinds(&decided), [], "it fell once, and so its strength is below 100");
}

#[test]
fn the_stop_follows_in_favour_only_and_what_is_through_it_is_closed() {
    let (mut desk, mut strategy) = (Desk::new("main"), made(settings()));
    let candles = closes(1, [steps(1000, 1, 20), steps(1020, -1, 8)].concat());
    let mut stops = Vec::new();
    let mut ended = None;
    for (index, candle) in candles.iter().enumerate() {
        let before = desk.holding.is_some();
        let decided = desk.candle(&mut strategy, candle.clone());
        if before && desk.holding.is_none() {
            ended = Some((index, decided[0].reason.clone()));
            break;
        }
        stops.extend(desk.holding.as_ref().and_then(|it| it.stop).map(|it| it.get()));
    }
    assert!(stops.windows(2).all(|pair| pair[0] <= pair[1]), "{stops:?}");
    // Every range is 1.5: the stop is 3 behind the best close of 1020.
    assert_eq!(stops.last(), Some(&dec!(1017)));
    let (index, reason) = ended.unwrap();
    assert_eq!(index, 22, "the close of 1017 is through it");
    assert!(reason.contains("is through 1017"), "{reason}");
}

#[test]
fn after_its_stop_it_stays_flat_for_some_candles() {
    let (mut desk, mut strategy) = (Desk::new("main"), made(settings()));
    let candles = closes(1, steps(1000, 1, 20));
    run(&mut desk, &mut strategy, &candles[..12]);
    assert_eq!(desk.end(&mut strategy, FillRole::StopLoss), []);
    assert_eq!(kinds(&run(&mut desk, &mut strategy, &candles[12..])), [(2, "long")]);
}

#[test]
fn settings_that_are_wrong_are_told_in_words() {
    let timeframes = vec![Interval::minutes(15), Interval::minutes(5), Interval::minutes(40)];
    let problems =
        TrendSwitchSettings { timeframes, rsi_long: Number(dec!(101)), ..settings() }.validate().unwrap_err();
    let all = problems.join("\n");
    for part in ["got 5m after 15m", "40m cannot be made of candles of 15m", "rsi_long is from 0 to 100, got 101"] {
        assert!(all.contains(part), "{all}");
    }
}

#[test]
fn it_does_not_look_ahead() {
    desk::assert_no_look_ahead(&closes(1, walk(1000, 500)), || Box::new(made(settings())));
}

#[tokio::test]
async fn it_keeps_the_contract() {
    let events: Vec<MarketEvent> = closes(1, walk(1000, 300)).into_iter().map(MarketEvent::Candle).collect();
    let make = || -> Box<dyn Strategy> { Box::new(made(settings())) };
    strategy::run(async || Stage::new(make, &["main"], events.clone())).await;
}
