//! Worked liquidation prices, one row a case.

use crate::given::{btc, decimal, money, position, price, rate, single, step};
use plimsoll_domain::{
    Direction, Leg, Leverage, Liquidation, LiquidationBounds, MarginTiers, Money, Price, Rate, Tier,
    liquidation::{bankruptcy, cross, distance, estimate, isolated},
    margin,
};

fn side(bound: Option<Price>) -> String {
    bound.map_or("none".into(), |price| price.to_string())
}

fn said(answer: Liquidation) -> String {
    match answer {
        Liquidation::AlreadyDue => "due".into(),
        Liquidation::Bounds(bounds) => format!("{} {}", side(bounds.below), side(bounds.above)),
    }
}

/// Rows of `direction quantity entry margin fee mark | below above tier`.
fn check(tiers: &MarginTiers, rows: &str) {
    for row in rows.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let (given, expected) = row.split_once('|').unwrap();
        let given: Vec<&str> = given.split_whitespace().collect();
        let leg = Leg { position: position(given[0], given[1], given[2]), tiers };
        let mark = (given[5] != "-").then(|| price(given[5]));
        let answer = isolated(leg, money(given[3]), rate(given[4]), mark);
        let bounds = answer.bounds().unwrap_or_default();
        let tier = bounds.below.or(bounds.above).map_or("-".into(), |at| leg.tier(at).to_string());
        let expected = expected.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(format!("{} {tier}", said(answer)), expected, "{row}");
    }
}

#[test]
fn isolated_positions_liquidate_in_the_tier_of_their_liquidation_price() {
    check(
        &btc(),
        "
        long  0.5   50000   5000 0      -     | 40160.642570281124497991967871 none 0
        short 0.5   50000   5000 0      -     | none 59760.956175298804780876494024 0
        long  2     50000  10000 0      -     | 45201.005025125628140703517588 none 1
        short 11.5  50000  57500 0      -     | none 54726.883949977321324434653016 2
        long  0.5   50000   5000 0.0005 -     | 40180.8136614766449020592667 none 0
        short 0.5   50000   5000 0.0005 -     | none 59731.209556993529118964659034 0
        short 9.8   60000  29400 0      60000 | none 62689.457303040441213743321472 2
        long  2     60000  12000 0      60000 | 54246.231155778894472361809045 none 1
        ",
    );
}

#[test]
fn no_price_is_none_and_insolvency_says_so() {
    check(
        &btc(),
        "
        long  1 50000  50000 0 -     | none none -
        long  1 50000  60000 0 50000 | none none -
        long  1 50000  49999 0 -     | 1.0040160642570281124497991968 none 0
        long  1 50000   5000 0 45000 | due -
        long  1 50000   5000 0 45181 | 45180.722891566265060240963855 none 0
        long  1 50000   5000 0 45180 | due -
        short 1 50000   5000 0 55000 | due -
        short 1 50000 -50000 0 -     | due -
        short 1 50000 -60000 0 -     | due -
        long  1 50000  -1000 0 -     | 51206.030150753768844221105528 none 1
        long  1 50000  -1000 0 51000 | due -
        short 1 5000000000 5000000000 0 - | none 9901001435.643564356435643564 3
        short 1 9000000000 9000000000 0 - | none none -
        ",
    );
}

#[test]
fn a_mark_exactly_at_the_liquidation_price_is_due() {
    let tiers = single("0.05", "0");
    check(
        &tiers,
        "
        long  1 100 14.5 0 90.0000001  | 90 none 0
        long  1 100 14.5 0 90          | due -
        short 1 100 15.5 0 109.9999999 | none 110 0
        short 1 100 15.5 0 110         | due -
        ",
    );
}

#[test]
fn a_line_taken_as_given() {
    check(&single("0.10", "135365"), "long 3683.979 1456.84 1535443.01 0 - | 1114.7849637458724806942589943 none 0");
    check(&single("0.025", "16300"), "long 109.488 32481.98 1535443.01 0 - | 18778.725932171000123652469115 none 0");
    check(
        &single("0.01", "0.01"),
        "
        short 1   10 2                              0 - | none 11.891089108910891089108910891 0
        short 1   10 3.3333333333333333333333333333 0 - | none 13.211221122112211221122112211 0
        short 1    8 1.6                            0 - | none 9.514851485148514851485148515 0
        short 0.6 10 1.2                            0 - | none 11.897689768976897689768976898 0
        long  1   10 2                              0 - | 8.070707070707070707070707071 none 0
        long  1    8 1.6                            0 - | 6.4545454545454545454545454545 none 0
        long  0.6 10 1.2                            0 - | 8.063973063973063973063973064 none 0
        ",
    );
}

#[test]
fn a_cross_position_counts_what_the_others_leave() {
    let (eth, btc) = (single("0.10", "135365"), single("0.025", "16300"));
    let (eth, btc) = (
        Leg { position: position("long", "3683.979", "1456.84"), tiers: &eth },
        Leg { position: position("long", "109.488", "32481.98"), tiers: &btc },
    );
    let rest = |leg: Leg<'_>, mark: &str| {
        let it = leg.position;
        it.unrealized_pnl(price(mark)) - leg.tiers.maintenance(it.notional(price(mark)))
    };
    let wallet = money("1535443.01");
    let of_eth = cross(&[eth], wallet, rest(btc, "31967.27"), Rate::ZERO, Some(price("1335.18")));
    let of_btc = cross(&[btc], wallet, rest(eth, "1335.18"), Rate::ZERO, Some(price("31967.27")));
    assert_eq!(said(of_eth), "1153.2564642391042704399539496 none");
    assert_eq!(said(of_btc), "26316.893264518860748584553933 none");
}

#[test]
fn the_cross_price_does_not_move_with_the_leverage_setting() {
    let position = position("long", "2", "50000");
    let answers = [1, 5, 20, 125].map(|times| {
        let leverage = Leverage::new(times).unwrap();
        let lines = btc().lines().iter().map(|line| Tier { max_leverage: leverage, ..*line }).collect();
        let tiers = MarginTiers::new(lines).unwrap();
        let leg = Leg { position, tiers: &tiers };
        let own = isolated(leg, margin::initial(position.notional(position.entry), leverage), Rate::ZERO, None);
        (cross(&[leg], money("10000"), Money::ZERO, Rate::ZERO, None), own)
    });
    for pair in answers.windows(2) {
        assert_eq!(pair[0].0, pair[1].0);
        assert_ne!(pair[0].1, pair[1].1);
    }
}

#[test]
fn hedge_legs_share_one_answer() {
    let one_line = single("0.004", "0");
    let table = btc();
    let check = |tiers: &MarginTiers, wallet: &str, long: (&str, &str), short: (&str, &str), mark, expected: &str| {
        let long = Leg { position: position("long", long.0, long.1), tiers };
        let short = Leg { position: position("short", short.0, short.1), tiers };
        let mark: Option<&str> = mark;
        for legs in [[long, short], [short, long]] {
            let answer = cross(&legs, money(wallet), Money::ZERO, Rate::ZERO, mark.map(price));
            assert_eq!(said(answer), expected, "{legs:?}");
        }
    };
    check(&one_line, "5000", ("1", "30000"), ("0.5", "31000"), None, "19230.769230769230769230769231 none");
    check(&one_line, "5000", ("0.5", "30000"), ("1", "31000"), None, "none 41501.976284584980237154150198");
    check(&one_line, "5000", ("1", "30000"), ("1", "31000"), None, "none 750000");
    check(&one_line, "50000", ("1", "30000"), ("0.5", "31000"), None, "none none");
    // The whole table, both legs in tiers of their own.
    check(&table, "0", ("100", "50000"), ("99", "50000"), Some("60000"), "due");
    check(&table, "25000", ("10", "50000"), ("9.9", "50000"), Some("50000"), "none 433333.33333333333333333333333");
    check(&table, "3000", ("10", "1000"), ("9.9", "1000"), Some("20000"), "none 163543.44122657580919931856899");
    check(&table, "420", ("1", "50000"), ("0.995", "50000"), Some("50000"), "none 54271.356783919597989949748744");
    check(&table, "420", ("1", "50000"), ("0.995", "50000"), Some("54272"), "due");
}

#[test]
fn a_nearly_hedged_pair_is_liquidated_from_both_sides() {
    let tiers = btc();
    let long = Leg { position: position("long", "1", "50000"), tiers: &tiers };
    let short = Leg { position: position("short", "0.99", "50000"), tiers: &tiers };
    let answer = |wallet: &str, mark: Option<&str>| {
        said(cross(&[long, short], money(wallet), Money::ZERO, Rate::ZERO, mark.map(price)))
    };
    // 420 + 0.01·(P − 50,000) against 0.00796·P in the lowest tiers, and 0.012935·P − 1,900 in the third.
    let both = "39215.686274509803921568627451 620102.21465076660988074957411";
    assert_eq!(answer("420", None), both);
    assert_eq!(answer("420", Some("40000")), both);
    assert_eq!(answer("420", Some("39000")), "due");
    assert_eq!(answer("420", Some("700000")), "due");
    assert_eq!(answer("300", None), "due");
}

#[test]
fn a_closing_fee_larger_than_all_profit_still_has_an_answer() {
    // A fee above 1 − rate makes a rising price bad for a long: requirement grows faster than equity.
    let tiers = single("0.5", "0");
    let leg = Leg { position: position("long", "1", "100"), tiers: &tiers };
    assert_eq!(said(isolated(leg, money("150"), rate("0.75"), None)), "none 200");
    assert_eq!(said(isolated(leg, money("50"), rate("0.75"), None)), "due");
}

#[test]
fn a_bound_is_shown_away_from_safety() {
    let bounds = LiquidationBounds { below: Some(price("40160.6425")), above: Some(price("59760.9561")) };
    let shown = bounds.for_display(step("0.1"));
    assert_eq!((side(shown.below), side(shown.above)), ("40160.7".into(), "59760.9".into()));
    let fits = LiquidationBounds { below: Some(price("40160.6")), above: None };
    assert_eq!(fits.for_display(step("0.1")), fits);
    let below_a_tick = LiquidationBounds { below: Some(price("0.01")), above: Some(price("0.04")) };
    let shown = below_a_tick.for_display(step("0.1"));
    assert_eq!((side(shown.below), side(shown.above)), ("0.1".into(), "0.04".into()));
}

#[test]
fn the_estimate_charges_maintenance_at_entry() {
    let check = |direction, entry: &str, leverage, mmr: &str, expected: &str| {
        let estimated = estimate(direction, price(entry), Leverage::new(leverage).unwrap(), rate(mmr));
        assert_eq!(side(estimated), expected);
    };
    check(Direction::Long, "50000", 5, "0.004", "40200");
    check(Direction::Short, "50000", 5, "0.004", "59800");
    check(Direction::Long, "30000", 3, "0.004", "20120");
    check(Direction::Long, "50000", 1, "0", "none");
    check(Direction::Short, "50000", 1, "0.004", "99800");
}

#[test]
fn bankruptcy_is_where_equity_is_gone() {
    let check = |direction: &str, size: &str, entry: &str, margin: &str, expected: &str| {
        assert_eq!(side(bankruptcy(position(direction, size, entry), money(margin))), expected);
    };
    check("long", "0.5", "50000", "5000", "40000");
    check("short", "0.5", "50000", "5000", "60000");
    check("long", "1", "100", "14.5", "85.5");
    check("short", "1", "100", "15.5", "115.5");
    check("long", "1", "100", "100", "none");
    check("long", "1", "100", "500", "none");
}

#[test]
fn distance_is_a_fraction_of_the_mark() {
    let check = |direction, mark: &str, at: &str, expected: &str| {
        assert_eq!(distance(direction, price(mark), price(at)).get(), decimal(expected));
    };
    check(Direction::Long, "50000", "40000", "0.2");
    check(Direction::Short, "50000", "60000", "0.2");
    check(Direction::Long, "50000", "50000", "0");
    check(Direction::Long, "40000", "50000", "-0.25");
}

#[test]
fn no_leg_has_no_liquidation_price() {
    let nothing = cross(&[], money("-5"), Money::ZERO, Rate::ZERO, None);
    assert_eq!(nothing, Liquidation::Bounds(LiquidationBounds::default()));
}
