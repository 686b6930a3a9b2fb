//! The ladder to live trading: what counts, what is due, what is allowed.

use crate::{calm, modest, money};
use plimsoll_domain::risk::*;
use plimsoll_domain::*;
use proptest::prelude::*;
use rust_decimal_macros::dec;

const HOUR: i64 = 3_600_000;

fn at(day: i64, hour: i64) -> Timestamp {
    Timestamp::from_millis((day * 24 + hour) * HOUR)
}

fn day(day: i64, hour: i64, open_positions: u32, fees: i64) -> DayOnRecord {
    let (equity, fees) = (money(dec!(250)), Money::new(Decimal::from(fees)));
    DayOnRecord { first: at(day, hour), equity, open_positions, fees }
}

fn step(rung: Rung, since: Timestamp) -> Foothold {
    Foothold { rung, since, overridden_by: None }
}

#[test]
fn a_day_counts_once_it_is_over_and_was_traded_on() {
    let rules = LadderRules::default();
    let check = |what: &str, days: &[DayOnRecord], counted: u32, on_record: u32| {
        let served = rules.climb(&step(Rung::Paper, at(10, 6)), days, at(20, 12)).served;
        assert_eq!((served.days, served.on_record), (counted, on_record), "{what}");
    };
    check("nothing on record", &[], 0, 0);
    check("held", &[day(11, 0, 1, 0)], 1, 1);
    check("neither held nor traded", &[day(11, 0, 0, 5), day(12, 0, 0, 5)], 0, 2);
    check("traded by the next day", &[day(11, 0, 0, 5), day(12, 0, 0, 6)], 1, 2);
    check("traded by the next day on record", &[day(11, 0, 0, 5), day(15, 3, 0, 6)], 1, 2);
    check("days apart", &[day(11, 0, 1, 0), day(14, 5, 1, 0), day(19, 23, 2, 0)], 3, 3);
    check("two points of one day", &[day(11, 0, 1, 0), day(11, 23, 1, 0)], 1, 1);
    check("told twice, out of order", &[day(12, 0, 1, 0), day(11, 0, 1, 0), day(12, 0, 1, 0)], 1, 1);
    check("not over", &[day(20, 0, 1, 0)], 0, 0);
    check("of a clock that runs ahead", &[day(25, 0, 1, 0)], 0, 0);
    check("before the step", &[day(9, 0, 1, 0), day(10, 5, 1, 0)], 0, 0);
    check("on the day of the step, which is none of its own", &[day(10, 6, 1, 0)], 0, 0);
    check("the day of the step and the next", &[day(10, 7, 1, 0), day(11, 0, 1, 0)], 1, 1);
}

#[test]
fn a_step_taken_at_midnight_counts_that_day() {
    let rules = LadderRules::default();
    let check = |since: Timestamp, counted: u32| {
        let days = [day(10, 0, 1, 0), day(11, 0, 1, 0)];
        assert_eq!(rules.climb(&step(Rung::Paper, since), &days, at(20, 0)).served.days, counted, "{since:?}");
    };
    check(at(10, 0), 2);
    check(at(10, 0).plus(std::time::Duration::from_micros(1)), 1);
    check(at(11, 0), 1);
}

#[test]
fn a_day_of_micro_capital_needs_that_much() {
    let rules = LadderRules::default();
    let check = |rung: Rung, equity: Decimal, counted: u32| {
        let days = [DayOnRecord { equity: money(equity), ..day(1, 0, 1, 0) }];
        assert_eq!(rules.climb(&step(rung, at(0, 0)), &days, at(9, 0)).served.days, counted, "{rung} {equity}");
    };
    check(Rung::Micro, dec!(99.99), 0);
    check(Rung::Micro, dec!(100), 1);
    check(Rung::Micro, dec!(10000), 1);
    check(Rung::Paper, dec!(1), 1);
}

#[test]
fn a_promotion_is_due_when_the_days_are_served() {
    let rules = LadderRules::default();
    let check = |rung: Rung, count: i64, due: Option<Rung>, missing: Option<u32>| {
        let days: Vec<DayOnRecord> = (0..count).map(|it| day(it, 1, 1, 0)).collect();
        let climb = rules.climb(&step(rung, at(0, 0)), &days, at(200, 0));
        assert_eq!((climb.due, climb.missing()), (due, missing), "{rung} after {count} days");
    };
    check(Rung::Paper, 0, None, Some(60));
    check(Rung::Paper, 59, None, Some(1));
    check(Rung::Paper, 60, Some(Rung::Micro), Some(0));
    check(Rung::Paper, 61, Some(Rung::Micro), Some(0));
    check(Rung::Micro, 29, None, Some(1));
    check(Rung::Micro, 30, Some(Rung::Full), Some(0));
    check(Rung::Full, 100, None, None);
}

#[test]
fn micro_capital_counts_as_the_equity() {
    let check = |equity: Decimal, notional: Decimal, in_use: Decimal, expected: &[RiskCheck]| {
        let switch = KillSwitch::Released;
        let equity = money(equity);
        let order = ExposureFacts {
            resulting_notional: money(notional),
            required_margin: money(notional / dec!(3)),
            fees: Money::ZERO,
            ..modest()
        };
        let account = AccountFacts {
            equity,
            day_start_equity: equity,
            peak_equity: equity,
            margin_in_use: money(in_use),
            allowance: LadderRules::default().allowance(Rung::Micro),
            ..calm(&switch)
        };
        let refused = risk::check(&OrderFacts::Adds(order), &account, &RiskLimits::default());
        let refused: Vec<_> = refused.map_or_else(|it| it.reasons.iter().map(Reason::check).collect(), |_| vec![]);
        assert_eq!(refused, expected, "{notional} of {equity:?} with {in_use} in use");
    };
    let (size, ladder) = (RiskCheck::PositionSize, RiskCheck::Ladder);
    // A position is worth at most 30 % of 500, whatever the account holds beyond.
    check(dec!(100000), dec!(150), dec!(450), &[]);
    check(dec!(100000), dec!(150.03), dec!(0), &[size]);
    check(dec!(100000), dec!(150), dec!(450.01), &[ladder]);
    // With less than that, it is what there is that counts.
    check(dec!(200), dec!(60), dec!(180), &[]);
    check(dec!(200), dec!(60), dec!(180.01), &[ladder]);
    check(dec!(200), dec!(61), dec!(0), &[size]);
}

#[test]
fn a_loss_of_micro_capital_is_judged_by_it() {
    let limits = RiskLimits::default().allowed(Allowance::Capital(money(dec!(500))));
    let check = |equity: Decimal, trips: usize| {
        let mut watch = EquityWatch::new(money(dec!(10000)), at(0, 0));
        watch.observe(money(equity), at(0, 1));
        assert_eq!(verdict(None, &watch, &limits).trips.len(), trips, "{equity}");
    };
    check(dec!(9975), 0);
    check(dec!(9974.99), 1);
}

#[test]
fn rules_that_make_no_sense_are_named() {
    let sensible = LadderRules::default();
    assert_eq!(sensible.problems(), []);
    let check = |rules: LadderRules, expected: &[&str]| {
        let found: Vec<&str> = rules.problems().iter().map(|it| it.setting).collect();
        assert_eq!(found, expected, "{rules:?}");
    };
    check(LadderRules { paper_days: 0, ..sensible }, &["paper_days"]);
    check(LadderRules { micro_days: 0, ..sensible }, &["micro_days"]);
    check(LadderRules { micro_minimum: money(dec!(-1)), ..sensible }, &["micro_minimum"]);
    check(LadderRules { micro_capital: money(dec!(99.99)), ..sensible }, &["micro_capital"]);
    check(LadderRules { micro_capital: Money::ZERO, micro_minimum: Money::ZERO, ..sensible }, &["micro_capital"]);
}

proptest! {
    #[test]
    fn no_day_counts_twice_and_none_that_is_not_over(
        hours in prop::collection::vec(-100_i64..3000, 0..120),
        now in 0_i64..3000,
        since in 0_i64..3000,
    ) {
        let days: Vec<DayOnRecord> = hours.iter().map(|hour| day(0, *hour, 1, 0)).collect();
        let climb = LadderRules::default().climb(&step(Rung::Paper, at(0, since)), &days, at(0, now));
        let whole = u32::try_from((now / 24 - (since + 23) / 24).max(0)).unwrap();
        prop_assert!(climb.served.days <= whole, "{:?}", climb.served);
        prop_assert!(climb.served.days <= climb.served.on_record);
        prop_assert_eq!(climb.served.first.is_some(), climb.served.days > 0);
    }
}
