use super::*;
use crate::statistics::fixture::{btc, fill, quiet, trade};
use plimsoll_domain::Side;
use proptest::prelude::*;

/// Hundredths of a per cent.
fn shares(points: &[i64]) -> Vec<Decimal> {
    points.iter().map(|point| Decimal::new(*point, 4)).collect()
}

fn expecting(points: &[i64]) -> Expectation {
    let returns = shares(points);
    let (strategy, settings) = ("ema_cross".to_owned(), "5f2a".to_owned());
    let (from, to) = (quiet().from, quiet().to);
    let round_trips = u64::try_from(returns.len()).unwrap();
    let contracts = vec![btc()];
    Expectation { strategy, settings, contracts, from, to, round_trips, returns, costs: None, hash: "90b1".to_owned() }
}

fn repeated(parts: &[(usize, i64)]) -> Vec<i64> {
    parts.iter().flat_map(|(times, point)| std::iter::repeat_n(*point, *times)).collect()
}

/// Results whose sum is 0 and whose shape is that of a bell, nearly.
fn bell() -> Vec<i64> {
    let mut points = Vec::new();
    for (times, point) in [(4, 45), (11, 35), (21, 25), (32, 15), (38, 5)] {
        points.extend(std::iter::repeat_n([point, -point], times).flatten());
    }
    points
}

/// How probable so little is, by the normal distribution.
fn by_formula(live: &[i64], known: &[i64]) -> f64 {
    let mean =
        |them: &[i64]| them.iter().map(|it| f64::from(i32::try_from(*it).unwrap())).sum::<f64>() / count(them.len());
    let m = mean(known);
    let squares: f64 = known.iter().map(|it| (f64::from(i32::try_from(*it).unwrap()) - m).powi(2)).sum();
    let error = (squares / count(known.len() - 1) * (1.0 / count(live.len()) + 1.0 / count(known.len()))).sqrt();
    0.5 * libm::erfc((m - mean(live)) / error * std::f64::consts::FRAC_1_SQRT_2)
}

#[test]
fn results_like_a_bell_are_judged_as_by_the_formula() {
    let known = bell();
    for (live, low, high) in [
        (vec![-8; 25], 0.03, 0.06),
        (vec![-16; 25], 0.0001, 0.001),
        (vec![0; 25], 0.45, 0.55),
        (vec![-12; 10], 0.03, 0.06),
    ] {
        let judged = judge_trips(&shares(&live), &expecting(&known));
        let (chance, formula) = (judged.chance.unwrap(), by_formula(&live, &known));
        assert!((chance - formula).abs() < 0.01 && (low..high).contains(&chance), "{live:?}: {chance}, {formula}");
    }
}

#[test]
fn a_few_large_losses_among_many_small_wins_are_judged_by_how_often_they_come() {
    // Of a hundred three lose: of ten three or more with a chance of 0.3 %, and just two with 3.2 %, which are as bad as these
    // and count by half. The formula says one in a thousand.
    let (known, live) = (repeated(&[(970, 10), (30, -300)]), repeated(&[(8, 10), (2, -300)]));
    let judged = judge_trips(&shares(&live), &expecting(&known));
    let chance = judged.chance.unwrap();
    assert!((0.014..0.024).contains(&chance), "{chance}");
    assert!(by_formula(&live, &known) < 0.002);
    assert_eq!(judged.verdict(false), Verdict::AsPredicted);
}

#[test]
fn what_is_outside_is_so_until_it_is_well_inside() {
    let expected = expecting(&bell());
    for (point, was_inside, was_outside) in [
        (-16, Verdict::Outside, Verdict::Outside),
        (-10, Verdict::AsPredicted, Verdict::Outside),
        (-4, Verdict::AsPredicted, Verdict::AsPredicted),
    ] {
        let live: Vec<i64> = (0..24).map(|number| if number % 2 == 0 { point + 20 } else { point - 20 }).collect();
        let judged = judge_trips(&shares(&live), &expected);
        assert_eq!((judged.verdict(false), judged.verdict(true)), (was_inside, was_outside), "{point}: {judged}");
    }
}

#[test]
fn nothing_is_said_of_few() {
    let live = vec![-500; FEWEST_TRIPS];
    let judge = |live: &[i64], known: &[i64]| judge_trips(&shares(live), &expecting(known));
    assert_eq!(judge(&live[1..], &bell()).verdict(false), Verdict::TooFew);
    assert_eq!(judge(&live, &bell()[..29]).verdict(false), Verdict::TooFew);
    assert_eq!(judge(&live, &bell()).verdict(false), Verdict::Outside);
    assert_eq!(judge(&[], &bell()).to_string(), "no round trip has ended yet; the backtest has 212");
    assert_eq!(
        judge(&live[9..], &bell()).to_string(),
        "1 round trips earned −5.00 % each, the backtest +0.00 % ± 0.20 %: 10 are needed to judge"
    );
    let few = judge(&live, &bell()[..29]).to_string();
    assert!(few.ends_with(": it has 29, and 30 are needed to judge by"), "{few}");
}

#[test]
fn it_says_its_numbers_in_words() {
    let known: Vec<i64> = bell().iter().map(|point| point + 8).collect();
    let live = vec![-2; 24];
    let said = judge_trips(&shares(&live), &expecting(&known)).to_string();
    let beginning = "24 round trips earned −0.02 % each, the backtest +0.08 % ± 0.20 %: so little happens once in ";
    assert!(said.starts_with(beginning), "{said}");
    assert!(
        said.contains("; the last 24 were lost, in the backtest 1 in a row at the most: less than once in 10000"),
        "{said}"
    );
    let calm = judge_trips(&shares(&[8; 24]), &expecting(&known)).to_string();
    assert_eq!(calm.split(": ").nth(1).unwrap().split_whitespace().next(), Some("so"), "{calm}");
    assert!(calm.ends_with(" of 100 cases"), "{calm}");
}

#[test]
fn dearer_orders_are_told_once_it_is_no_accident_and_no_trifle() {
    let by = |points: &[i64]| Costs::of(&shares(points)).unwrap();
    let enough = usize::try_from(FEWEST_ORDERS).unwrap();
    let spread = |around: i64| repeated(&[(enough / 2, around - 1), (enough / 2, around + 1)]);
    let verdict = |live: &[i64], known: &[i64]| judge_costs(&shares(live), &by(known)).verdict(false);
    assert_eq!(verdict(&spread(4), &spread(2)), Verdict::Outside);
    assert_eq!(verdict(&spread(4)[1..], &spread(2)), Verdict::TooFew);
    assert_eq!(verdict(&spread(2), &spread(2)), Verdict::AsPredicted);
    assert_eq!(verdict(&spread(0), &spread(2)), Verdict::AsPredicted, "cheaper is no alarm");
    assert_eq!(verdict(&vec![4; enough], &vec![2; enough]), Verdict::Outside, "that never differ");
    let by_accident = repeated(&[(enough - 1, 1), (1, 41)]);
    assert_eq!(verdict(&by_accident, &spread(2)), Verdict::AsPredicted, "one of them was dear");
    let trifle = Costs { orders: 1000, mean: Decimal::new(191, 6), deviation: Decimal::ZERO };
    assert_eq!(judge_costs(&shares(&vec![2; enough]), &trifle).verdict(false), Verdict::AsPredicted);
    let said = judge_costs(&shares(&spread(4)), &by(&spread(2))).to_string();
    assert!(
        said.starts_with(
            "20 orders filled 4.0 bp worse than the price at their decision, the backtest's 2.0 bp worse: "
        )
    );
}

#[test]
fn a_run_predicts_by_its_round_trips_and_its_orders() {
    let mut run = quiet();
    // Of 100 held: 2 − 0.2 − 0.5, −1 − 0.2, and one that has not ended.
    run.trades =
        vec![trade(1, Some(2), "2", "0.2", "0.5"), trade(3, Some(4), "-1", "0.2", "0"), trade(5, None, "9", "0", "0")];
    run.ended = 2;
    let mut bought = fill(1, Side::Buy, "100.02", "0", None, "entry");
    bought.decided = Some("100".parse().unwrap());
    let mut sold = fill(2, Side::Sell, "99.9", "0", None, "exit");
    sold.decided = Some("100".parse().unwrap());
    run.fills = vec![bought, sold, fill(3, Side::Sell, "90", "0", None, "stop_loss")];
    let it = Expectation::of(&run, "ema_cross", "5f2a", vec![btc()]);
    assert_eq!(it.returns, ["0.013".parse().unwrap(), "-0.012".parse().unwrap()]);
    let costs = it.costs.unwrap();
    assert_eq!((costs.orders, costs.mean.to_string().as_str()), (2, "0.0006"));
    assert_eq!(it.trips_a_day(), Some(Decimal::from(2)));
    assert_eq!(Expectation::read(&it.json()), Ok(it.clone()));
    for (broken, why) in [
        ("{".to_owned(), "it is not what `plimsoll backtest --expectation` writes: EOF"),
        (it.json().replace("\"version\": 1", "\"version\": 2"), "it is of version 2, and this program reads version 1"),
        (it.json().replace("0.013", "much"), "its returns says 'much', which is none"),
        (it.json().replace("\"hash\"", "\"cash\""), "missing field `hash`"),
    ] {
        let error = Expectation::read(&broken).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn the_less_is_earned_the_less_probable_it_is(live in proptest::collection::vec(-60_i64..60, 10..30), less in 1_i64..40) {
        let expected = expecting(&bell());
        let poorer: Vec<i64> = live.iter().map(|point| point - less).collect();
        let (one, other) = (judge_trips(&shares(&live), &expected), judge_trips(&shares(&poorer), &expected));
        prop_assert!(other.chance <= one.chance, "{:?} {:?}", one, other);
        prop_assert!(other.verdict(false) >= one.verdict(false), "{:?} {:?}", one, other);
    }
}
