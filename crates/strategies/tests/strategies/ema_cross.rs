//! The cross of two averages.

use crate::desk::{self, Desk, closes, walk};
use crate::stage::Stage;
use plimsoll_domain::{AccountId, Candle, Direction, MarketEvent};
use plimsoll_ports::{CloseIntent, Decision, FillRole, Intent, StopLoss, Strategy, StrategyEvent};
use plimsoll_strategies::settings::{Number, Size, Stop};
use plimsoll_strategies::{EmaCross, EmaCrossSettings};
use plimsoll_testkit::contract::strategy;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;

fn settings() -> EmaCrossSettings {
    EmaCrossSettings { fast: 2, slow: 4, size: Size::Quantity(Number(dec!(0.5))), ..EmaCrossSettings::default() }
}

fn made(settings: EmaCrossSettings) -> EmaCross {
    EmaCross::new("cross", desk::place("main"), settings).unwrap()
}

/// Falls, and rises again through the averages.
fn down_and_up() -> Vec<Decimal> {
    [100, 98, 96, 94, 92, 90, 88, 95, 100, 105].map(Decimal::from).to_vec()
}

fn run(desk: &mut Desk, strategy: &mut EmaCross, candles: Vec<Candle>) -> Vec<Decision> {
    candles.into_iter().flat_map(|candle| desk.candle(strategy, candle)).collect()
}

fn after(candles: &[Candle], closes: impl IntoIterator<Item = Decimal>) -> Vec<Candle> {
    let begin = candles.len();
    desk::closes(1, candles.iter().map(|it| it.close.get()).chain(closes)).split_off(begin)
}

#[test]
fn it_buys_with_the_close_that_crosses_with_a_stop_below() {
    let (mut desk, mut strategy) = (Desk::new("main"), made(settings()));
    let decided = run(&mut desk, &mut strategy, closes(1, down_and_up()));
    let [Decision { legs, reason }] = &decided[..] else { panic!("{decided:?}") };
    let Intent::Open(open) = &legs[0].intent else { panic!("{legs:?}") };
    assert_eq!((open.direction, open.quantity.get()), (Direction::Long, dec!(0.5)));
    // The first close whose fast average is above is 95: 5 % of that below is 90.25, up to the tick.
    assert_eq!(open.stop_loss, StopLoss::At("90.3".parse().unwrap()));
    assert!(reason.contains("average of 2 candles") && reason.contains("above that of 4"), "{reason}");
}

#[test]
fn it_turns_by_closing_first_and_opening_once_flat() {
    let (mut desk, mut strategy) = (Desk::new("main"), made(settings()));
    let up = closes(1, down_and_up());
    run(&mut desk, &mut strategy, up.clone());
    let decided = run(&mut desk, &mut strategy, after(&up, [dec!(90), dec!(80)]));
    let intents: Vec<&Intent> = decided.iter().map(|it| &it.legs[0].intent).collect();
    assert!(matches!(&intents[..], [Intent::Close(_), Intent::Open(open)] if open.direction == Direction::Short));
    assert_eq!(desk.held(), Some((Direction::Short, dec!(0.5))));
}

#[test]
fn long_only_it_is_flat_where_it_would_be_short() {
    let (mut desk, mut strategy) = (Desk::new("main"), made(EmaCrossSettings { long_only: true, ..settings() }));
    let up = closes(1, down_and_up());
    run(&mut desk, &mut strategy, up.clone());
    run(&mut desk, &mut strategy, after(&up, [dec!(90), dec!(80), dec!(70)]));
    assert_eq!((desk.held(), desk.told.len()), (None, 2));
}

#[test]
fn nothing_is_opened_before_the_close_is_heard_of_and_a_close_is_tried_again() {
    let mut strategy = made(settings());
    let mut desk = Desk::new("main");
    desk.hold(Direction::Short, dec!(0.5), dec!(100));
    let account = AccountId::new("main");
    let ask = |strategy: &mut EmaCross, desk: &Desk, candle: &Candle| {
        let event = MarketEvent::Candle(candle.clone());
        desk.ask(strategy, &StrategyEvent::Market { account: &account, event: &event })
    };
    let candles = closes(1, [down_and_up(), vec![dec!(106), dec!(107), dec!(108)]].concat());
    let decided: Vec<usize> = candles.iter().map(|candle| ask(&mut strategy, &desk, candle).len()).collect();
    // It closes with the cross, waits for news of that for two candles, and closes again.
    assert_eq!(decided, [0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0]);
    let refused = Decision::one(account.clone(), Intent::Close(close()), "because");
    let heard = StrategyEvent::Refused { decision: &refused, reason: "not now" };
    assert_eq!(desk.ask(&mut strategy, &heard), []);
    let next = &after(&candles, [dec!(109)])[0];
    assert!(matches!(ask(&mut strategy, &desk, next)[0].legs[0].intent, Intent::Close(_)));
}

fn close() -> CloseIntent {
    CloseIntent { symbol: desk::symbol(), direction: Direction::Short, quantity: None }
}

#[test]
fn after_its_stop_it_waits_for_the_next_cross() {
    let (mut desk, mut strategy) = (Desk::new("main"), made(settings()));
    let up = closes(1, down_and_up());
    run(&mut desk, &mut strategy, up.clone());
    assert_eq!(desk.end(&mut strategy, FillRole::StopLoss), []);
    assert_eq!(run(&mut desk, &mut strategy, after(&up, [dec!(106), dec!(107)])), []);
}

#[test]
fn a_fraction_of_equity_is_rounded_down_to_lots_and_never_more_than_is_available() {
    for (fraction, leverage, equity, expected) in [
        // 9,000 of 95 a piece is 94.736…
        (dec!(0.9), 1, dec!(10000), Some((dec!(94.736), 1))),
        // All of it would leave nothing for the fee of 0.05 %.
        (dec!(1), 1, dec!(10000), Some((dec!(105.210), 1))),
        // 100,000 would be in the second tier, which allows five times.
        (dec!(10), 10, dec!(10000), Some((dec!(525.003), 5))),
        // Not worth the smallest order.
        (dec!(0.9), 1, dec!(5), None),
    ] {
        let size = Size::EquityFraction(Number(fraction));
        let (mut desk, mut strategy) = (Desk::new("main"), made(EmaCrossSettings { size, leverage, ..settings() }));
        desk.equity = equity;
        let decided = run(&mut desk, &mut strategy, closes(1, down_and_up()));
        let opened = decided.first().map(|it| match &it.legs[0].intent {
            Intent::Open(open) => (open.quantity.get(), open.leverage.get()),
            other => panic!("{other:?}"),
        });
        assert_eq!(opened, expected, "{fraction} of {equity}");
    }
}

#[test]
fn a_stop_in_true_ranges_is_as_many_behind_the_close() {
    let stop = Stop::Atr(Number(dec!(2)));
    let (mut desk, mut strategy) = (Desk::new("main"), made(EmaCrossSettings { stop, atr_period: 3, ..settings() }));
    run(&mut desk, &mut strategy, closes(1, down_and_up()));
    // True ranges of 2.5 with every step of 2, and 7.5 with the last of 7: (2·2.5 + 7.5) ÷ 3, twice, below 95.
    assert_eq!(desk.holding.unwrap().stop, Some("86.7".parse().unwrap()));
}

#[test]
fn it_does_not_look_ahead() {
    let candles = closes(1, walk(1000, 400));
    desk::assert_no_look_ahead(&candles, || Box::new(made(settings())));
}

#[test]
fn a_state_of_other_averages_is_refused() {
    let state = made(settings()).state();
    let error = made(EmaCrossSettings { slow: 5, ..settings() }).restore(&state).unwrap_err().to_string();
    assert!(error.contains("2/4") && error.contains("2/5"), "{error}");
}

#[tokio::test]
async fn it_keeps_the_contract() {
    let events: Vec<MarketEvent> = closes(1, walk(1000, 300)).into_iter().map(MarketEvent::Candle).collect();
    strategy::run(async || Stage::new(|| Box::new(made(settings())), &["main"], events.clone())).await;
}
