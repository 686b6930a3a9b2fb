//! Figures of trades, and of how near a liquidation came.

use crate::statistics::fixture::{HOUR, START, candle, fill, money, quiet, trade, two_trades};
use crate::statistics::{Statistics, TradeFigures, nearest_liquidation, strategies};
use crate::{Outcome, RoundTrip};
use plimsoll_domain::{FillCause, Side};

/// Trades of an hour, one after the other, with these nets.
fn nets(nets: &[&str]) -> Vec<RoundTrip> {
    let hours = 0..u32::try_from(nets.len()).unwrap();
    nets.iter().zip(hours).map(|(net, hour)| trade(hour, Some(hour + 1), net, "0", "0")).collect()
}

#[test]
fn trades_are_won_and_lost_by_their_net() {
    for (trades, won, lost, win_rate, profit_factor) in [
        (&[][..], 0, 0, None, None),
        (&["5"], 1, 0, Some(1.0), None),
        (&["-5"], 0, 1, Some(0.0), Some(0.0)),
        (&["0"], 0, 0, Some(0.0), None),
        (&["30", "-10", "0", "-5"], 1, 2, Some(0.25), Some(2.0)),
    ] {
        let it = TradeFigures::of(&nets(trades));
        assert_eq!((it.closed, it.won, it.lost), (trades.len(), won, lost), "{trades:?}");
        assert_eq!((it.win_rate, it.profit_factor), (win_rate, profit_factor), "{trades:?}");
    }
    // A profit of 1 that cost 0.7 of fees and 0.4 of funding was lost.
    let it = TradeFigures::of(&[trade(0, Some(1), "1", "0.7", "0.4")]);
    assert_eq!((it.won, it.lost, it.expectancy), (0, 1, Some(money("-0.1"))));
}

#[test]
fn averages_and_extremes_of_trades() {
    let it = TradeFigures::of(&nets(&["10", "20", "-3", "-4", "-5", "1", "-6"]));
    assert_eq!(it.expectancy, Some(money("1.85714286")));
    assert_eq!((it.average_win, it.average_loss), (Some(money("10.33333333")), Some(money("-4.5"))));
    assert_eq!((it.largest_win, it.largest_loss), (Some(money("20")), Some(money("-6"))));
    assert_eq!((it.losing_streak, it.average_held), (3, Some(HOUR)));
    let none = TradeFigures::of(&[]);
    assert_eq!(none, TradeFigures::default());
}

#[test]
fn what_is_held_still_is_counted_but_neither_won_nor_lost() {
    let it = TradeFigures::of(&[trade(0, Some(2), "5", "0", "0"), trade(2, None, "-9", "1", "0")]);
    assert_eq!((it.closed, it.open, it.won, it.lost), (1, 1, 1, 0));
    assert_eq!((it.largest_loss, it.average_held), (None, Some(HOUR * 2)));
}

#[test]
fn a_streak_ends_with_a_trade_that_loses_nothing() {
    for (trades, streak) in
        [(&["-1", "-1", "0", "-1"][..], 2), (&["1", "-1", "-1", "-1"], 3), (&["1", "2"], 0), (&["-1"], 1)]
    {
        assert_eq!(TradeFigures::of(&nets(trades)).losing_streak, streak, "{trades:?}");
    }
}

#[test]
fn time_is_exposed_once_however_much_is_held() {
    for (what, trades, expected) in [
        ("nothing", vec![], 0.0),
        ("a quarter", vec![trade(0, Some(6), "1", "0", "0")], 0.25),
        ("two that overlap", vec![trade(0, Some(6), "1", "0", "0"), trade(3, Some(12), "1", "0", "0")], 0.5),
        ("one in another", vec![trade(0, Some(12), "1", "0", "0"), trade(3, Some(6), "1", "0", "0")], 0.5),
        ("two apart", vec![trade(18, Some(24), "1", "0", "0"), trade(0, Some(6), "1", "0", "0")], 0.5),
        ("held still", vec![trade(12, None, "0", "0", "0")], 0.5),
    ] {
        let it = Statistics::of(&Outcome { trades, ..quiet() });
        assert_eq!(it.exposure_time, Some(expected), "{what}");
    }
    assert_eq!(Statistics::of(&Outcome { to: START, ..quiet() }).exposure_time, None);
}

#[test]
fn turnover_fees_and_funding_are_sums() {
    let it = Statistics::of(&two_trades());
    assert_eq!((it.turnover, it.turnover_ratio), (money("425"), Some(0.425)));
    assert_eq!((it.fees, it.funding), (money("0.6"), money("0.5")));
}

#[test]
fn each_strategy_has_its_own_sums_whether_it_was_announced_or_not() {
    let other = |strategy: &str, trade: RoundTrip| RoundTrip { strategy: strategy.to_owned(), ..trade };
    let outcome = Outcome {
        strategies: vec!["idle".to_owned(), "trend".to_owned()],
        trades: vec![
            trade(0, Some(1), "10", "1", "-2"),
            trade(1, Some(2), "-3", "1", "0"),
            other("hand", trade(3, None, "0", "0.5", "0.1")),
        ],
        ..quiet()
    };
    let shown: Vec<_> = strategies(&outcome)
        .into_iter()
        .map(|it| (it.name, it.trades, [it.profit, it.fees, it.funding, it.net].map(|it| it.to_string()).join(" ")))
        .collect();
    assert_eq!(
        shown,
        [
            ("idle".to_owned(), 0, "0 0 0 0".to_owned()),
            ("trend".to_owned(), 2, "7 2 -2 7".to_owned()),
            ("hand".to_owned(), 1, "0 0.5 0.1 -0.6".to_owned()),
        ]
    );
}

#[test]
fn how_near_a_liquidation_came() {
    for (what, chart, expected) in [
        ("no position", vec![candle(0, "90", "110", "100", None)], None),
        // Nobody knows whether the low of the first candle was before the entry.
        ("one candle", vec![candle(0, "85", "110", "100", Some("80"))], Some((0, 0.2))),
        (
            "held through a low",
            vec![candle(0, "90", "110", "100", Some("80")), candle(1, "90", "110", "100", Some("81"))],
            Some((1, 0.1)),
        ),
        (
            "a short held through a high",
            vec![candle(0, "90", "110", "100", Some("150")), candle(1, "90", "120", "100", Some("150"))],
            Some((1, 0.25)),
        ),
        (
            "turned around in between",
            vec![candle(0, "90", "110", "100", Some("80")), candle(1, "90", "140", "100", Some("150"))],
            Some((0, 0.2)),
        ),
        (
            "flat in between",
            vec![
                candle(0, "90", "110", "100", Some("70")),
                candle(1, "75", "110", "100", None),
                candle(2, "75", "110", "100", Some("75")),
            ],
            Some((2, 0.25)),
        ),
        (
            "through the line, which moved",
            vec![candle(0, "90", "110", "100", Some("80")), candle(1, "79", "110", "100", Some("80"))],
            Some((1, 0.0)),
        ),
    ] {
        let found = nearest_liquidation(&Outcome { chart, ..quiet() });
        let expected = expected.map(|(hour, distance)| (START.plus(HOUR * hour), distance));
        assert_eq!(found.map(|it| (it.time, it.distance)), expected, "{what}");
    }
}

#[test]
fn a_liquidation_was_as_near_as_can_be() {
    let mut forced = fill(5, Side::Sell, "80", "0", Some("-20"), "forced");
    forced.fill.cause = FillCause::Liquidation;
    let chart = vec![candle(0, "90", "110", "100", Some("80"))];
    let found = nearest_liquidation(&Outcome { fills: vec![forced], chart, ..quiet() }).unwrap();
    assert_eq!((found.time, found.distance), (START.plus(HOUR * 5), 0.0));
}
