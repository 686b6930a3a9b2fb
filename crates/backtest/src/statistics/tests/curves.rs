//! Figures of the equity curve.

use crate::statistics::fixture::{DAY, HOUR, START, curve, grown, money, quiet};
use crate::statistics::{Drawdown, Returns, Statistics, months, under_water};
use crate::{CurvePoint, Outcome};
use proptest::prelude::*;

fn run(curve: Vec<CurvePoint>) -> Outcome {
    let (first, last) = (curve[0], curve[curve.len() - 1]);
    Outcome { from: first.time, to: last.time, equity: last.equity, wallet: last.equity, curve, ..quiet() }
}

fn near(found: Option<f64>, expected: Option<f64>, what: &str) {
    match (found, expected) {
        (Some(found), Some(expected)) => {
            assert!((found - expected).abs() < 1e-8, "{what}: {found}, not {expected}");
        }
        _ => assert_eq!(found, expected, "{what}"),
    }
}

#[test]
fn a_curve_that_is_drawn_in_finer_steps_has_the_same_returns() {
    let hours: Vec<String> = (0..60).map(|hour| format!("{}", 1000 + hour % 7)).collect();
    let hours: Vec<&str> = hours.iter().map(String::as_str).collect();
    let coarse = curve(HOUR, &hours);
    for a_step in [1, 5, 12, 40] {
        let step = HOUR / a_step;
        let finer = coarse.iter().flat_map(|point| {
            (0..a_step).map(move |number| CurvePoint { time: point.time.plus(step * number), ..*point })
        });
        let finer: Vec<CurvePoint> = finer.collect();
        assert_eq!(Returns::of(&finer), Returns::of(&coarse), "{a_step} an hour");
    }
}

#[test]
fn ratios_of_returns_are_those_counted_by_hand() {
    let pair = |one: i64, other: i64| [one, other].repeat(15);
    let rare: Vec<i64> = (0..30).map(|day| if day % 10 == 0 { 10 } else { 0 }).collect();
    let unlike = |deviation: f64| Some(deviation * (30_f64 / 29.0).sqrt() * 365_f64.sqrt());
    for (what, percents, volatility, sharpe, sortino, skewness, kurtosis) in [
        // Mean 1 %, deviation 1 %, nothing lost.
        ("2, 0", pair(2, 0), unlike(0.01), Some((365.0 * 29.0 / 30.0_f64).sqrt()), None, Some(0.0), Some(1.0)),
        // Mean 1 %, deviation 2 %, downside deviation √(0.01² ÷ 2).
        (
            "3, -1",
            pair(3, -1),
            unlike(0.02),
            Some(0.5 * (365.0 * 29.0 / 30.0_f64).sqrt()),
            Some(730_f64.sqrt()),
            Some(0.0),
            Some(1.0),
        ),
        // A tenth of the days: (1 − 2p) ÷ √(pq) and 3 + (1 − 6pq) ÷ pq with p = 0.1.
        (
            "10 rarely",
            rare,
            unlike(0.03),
            Some((365.0 * 29.0 / 30.0_f64).sqrt() / 3.0),
            None,
            Some(8.0 / 3.0),
            Some(73.0 / 9.0),
        ),
        ("flat", vec![0; 40], Some(0.0), None, None, None, None),
        ("steady", vec![1; 40], Some(0.0), None, None, None, None),
        ("29 returns", pair(3, -1)[..29].to_vec(), None, None, None, None, None),
        ("one", vec![1], None, None, None, None, None),
        ("none", vec![], None, None, None, None, None),
    ] {
        let it = Statistics::of(&run(grown(&percents)));
        assert_eq!(it.returns, percents.len(), "{what}");
        near(it.volatility, volatility, &format!("volatility of {what}"));
        near(it.sharpe, sharpe, &format!("sharpe of {what}"));
        near(it.sortino, sortino, &format!("sortino of {what}"));
        near(it.skewness, skewness, &format!("skewness of {what}"));
        near(it.kurtosis, kurtosis, &format!("kurtosis of {what}"));
    }
}

/// Returns of 3 % and -1 %: a ratio of r = √(29 ÷ 120) a day, a skewness of 0 and a kurtosis of 1, so that the spread is 1.
#[test]
fn what_the_record_proves() {
    let it = Statistics::of(&run(grown(&[3, -1].repeat(15))));
    let ratio = (29.0 / 120.0_f64).sqrt();
    assert!(it.sharpe_above_zero.unwrap() > 0.99);
    let days = it.length_needed.unwrap().as_secs_f64() / DAY.as_secs_f64();
    near(Some(days), Some(1.0 + (1.644_853_626_951_473 / ratio).powi(2)), "days needed");
    assert_eq!(it.record.unwrap().samples, 30);
    let losing = Statistics::of(&run(grown(&[-3, 1].repeat(15))));
    assert!(losing.sharpe_above_zero.unwrap() < 0.01);
    assert_eq!(losing.length_needed, None);
}

#[test]
fn returns_over_a_period() {
    for (what, days, equity, total, annualised) in [
        ("a year", 365, "1100", Some(0.1), Some(0.1)),
        ("half a year", 730 / 4, "1100", Some(0.1), Some(1.1_f64.powf(365.0 / 182.0) - 1.0)),
        ("73 days", 73, "1100", Some(0.1), Some(1.1_f64.powi(5) - 1.0)),
        ("73 days of loss", 73, "900", Some(-0.1), Some(0.9_f64.powi(5) - 1.0)),
        ("six days", 6, "1100", Some(0.1), None),
        ("all lost", 73, "0", Some(-1.0), Some(-1.0)),
        ("more than all lost", 73, "-10", Some(-1.01), None),
        ("a week of wonders", 7, "1000000000000000000", Some(1e15 - 1.0), None),
    ] {
        let it = Statistics::of(&run(curve(DAY * days, &["1000", equity])));
        near(it.total_return, total, &format!("return of {what}"));
        near(it.annualised_return, annualised, &format!("annualised return of {what}"));
    }
    assert_eq!(Statistics::of(&Outcome { opening: money("0"), ..quiet() }).total_return, None);
}

#[test]
fn a_drawdown_is_from_its_peak_until_it_is_seen_again() {
    for (equities, amount, fraction, (peak, trough), length, recovered) in [
        (&["100", "120", "90", "130"][..], "30", 0.25, (1, 2), 2, true),
        (&["100", "120", "90", "119"], "30", 0.25, (1, 2), 2, false),
        // The second fall is the larger amount, the first the larger fraction, and the longer.
        (&["100", "60", "90", "100", "200", "150", "200"], "50", 0.4, (0, 1), 3, true),
        (&["100", "100", "100"], "0", 0.0, (0, 0), 0, true),
        (&["100", "110", "120"], "0", 0.0, (0, 0), 0, true),
        // A peak that lasts is no drawdown until it is left.
        (&["100", "100", "90", "100"], "10", 0.1, (1, 2), 2, true),
        (&["100", "0"], "100", 1.0, (0, 1), 1, false),
        (&["100", "-50", "-20"], "150", 1.5, (0, 1), 2, false),
        (&["100"], "0", 0.0, (0, 0), 0, true),
    ] {
        let it = Drawdown::of(&curve(HOUR, equities)).unwrap();
        assert_eq!(it.amount, money(amount), "{equities:?}");
        near(Some(it.fraction), Some(fraction), &format!("{equities:?}"));
        assert_eq!((it.peak, it.trough), (START.plus(HOUR * peak), START.plus(HOUR * trough)), "{equities:?}");
        assert_eq!((it.length, it.recovered), (HOUR * length, recovered), "{equities:?}");
    }
    assert_eq!(Drawdown::of(&[]), None);
    assert_eq!(Drawdown::of(&curve(HOUR, &["0", "10"])), None);
    assert_eq!(under_water(&curve(HOUR, &["100", "75", "100", "120", "-12"])), [0.0, 0.25, 0.0, 0.0, 1.1]);
}

#[test]
fn calmar_is_the_annualised_return_over_the_largest_fraction() {
    let it = Statistics::of(&run(curve(DAY * 365, &["1000", "1500", "1200"])));
    near(it.annualised_return, Some(1.2_f64.sqrt() - 1.0), "annualised");
    near(it.calmar, Some((1.2_f64.sqrt() - 1.0) / 0.2), "calmar");
    assert_eq!(Statistics::of(&run(curve(DAY * 365, &["1000", "1500"]))).calmar, None);
}

#[test]
fn steps_of_another_length_and_what_follows_ruin_are_no_returns() {
    let mut uneven = curve(DAY, &["100", "110", "121"]);
    uneven.push(CurvePoint { time: START.plus(DAY * 2 + HOUR), ..uneven[2] });
    assert_eq!(Returns::of(&uneven).unwrap().values(), [0.1, 0.1]);
    assert_eq!(Returns::of(&curve(DAY, &["100", "50", "0", "10", "20"])).unwrap().values(), [-0.5, -1.0]);
    assert_eq!(Returns::of(&curve(DAY, &["0", "10"])).unwrap().values(), [0.0; 0]);
    assert_eq!(Returns::of(&curve(DAY, &["100"])), None);
    assert_eq!(Returns::of(&[]), None);
    let twice = [uneven[0], uneven[0]];
    assert_eq!(Returns::of(&twice), None);
    near(Some(Returns::of(&curve(HOUR, &["1", "2"])).unwrap().steps_a_year()), Some(8760.0), "hours of a year");
}

#[test]
fn months_end_at_midnight_and_their_returns_make_up_the_whole() {
    let mut it = curve(DAY, &["1000"; 62]);
    for (day, equity) in [(31, "1100"), (32, "1300"), (60, "990"), (61, "1089")] {
        it[day].equity = money(equity);
    }
    // 2024-01-01 and 31 days is the midnight that ends January; February has 29 days.
    let months = months(&it);
    let shown: Vec<_> = months.iter().map(|it| (it.year, it.month, it.opening, it.closing)).collect();
    assert_eq!(
        shown,
        [
            (2024, 1, money("1000"), money("1100")),
            (2024, 2, money("1100"), money("990")),
            (2024, 3, money("990"), money("1089")),
        ]
    );
    for (month, result) in months.iter().zip([0.1, -0.1, 0.1]) {
        near(month.result, Some(result), "a month");
    }
    assert_eq!(super::super::months(&[]), []);
    assert_eq!(super::super::months(&it[..1]), []);
    assert_eq!(super::super::months(&curve(DAY, &["0", "5"]))[0].result, None);
}

proptest! {
    #[test]
    fn nothing_is_ever_not_a_number(
        equities in prop::collection::vec(-1_000_000_i64..1_000_000, 0..80),
        scale in 0u32..12,
        step in 0u64..100_000_000,
    ) {
        let texts: Vec<String> =
            equities.iter().map(|it| plimsoll_domain::Decimal::new(*it, scale).to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let curve = curve(std::time::Duration::from_secs(step), &texts);
        let opening = curve.first().map_or(money("0"), |it| it.equity);
        let it = Statistics::of(&match curve.is_empty() {
            true => quiet(),
            false => Outcome { opening, ..run(curve) },
        });
        for figure in [
            it.total_return, it.annualised_return, it.volatility, it.sharpe, it.sortino, it.calmar, it.skewness,
            it.kurtosis, it.sharpe_above_zero, it.exposure_time, it.turnover_ratio, it.drawdown.map(|it| it.fraction),
        ] {
            prop_assert!(figure.is_none_or(f64::is_finite), "{it:?}");
        }
        prop_assert!(it.months.iter().all(|month| month.result.is_none_or(f64::is_finite)));
    }
}
