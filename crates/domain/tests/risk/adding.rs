//! Orders that add exposure.

use crate::{calm, check_adds, engaged, modest, money, refusals, times};
use plimsoll_domain::risk::*;
use plimsoll_domain::*;
use rust_decimal_macros::dec;
use std::time::Duration;

#[test]
fn leverage_has_edges_at_one_at_the_limit_and_at_the_tier() {
    let check = |leverage: Decimal, limit: u32, tier: u32, expected: &[RiskCheck]| {
        let refused = refusals(|order, _, settings| {
            order.leverage = leverage;
            order.tier_max_leverage = times(tier);
            settings.max_leverage = times(limit);
        });
        assert_eq!(refused, expected, "{leverage}x, limit {limit}x, tier {tier}x");
    };
    let leverage = RiskCheck::Leverage;
    check(dec!(0), 5, 125, &[leverage]);
    check(dec!(-3), 5, 125, &[leverage]);
    check(dec!(0.999), 5, 125, &[leverage]);
    check(dec!(1), 5, 125, &[]);
    check(dec!(1.0), 5, 125, &[]);
    check(dec!(2.5), 5, 125, &[leverage]);
    check(dec!(5), 5, 125, &[]);
    check(dec!(6), 5, 125, &[leverage]);
    check(dec!(5.5), 5, 125, &[leverage, leverage]);
    check(dec!(20), 20, 125, &[]);
    check(dec!(4), 5, 4, &[]);
    check(dec!(5), 5, 4, &[leverage]);
    check(dec!(6), 5, 4, &[leverage, leverage]);
}

#[test]
fn position_size_is_bounded_by_the_stricter_limit() {
    let check = |equity: Decimal, notional: Decimal, refused: bool| {
        let found = refusals(|order, account, _| {
            order.resulting_notional = money(notional);
            (account.equity, account.day_start_equity, account.peak_equity) =
                (money(equity), money(equity), money(equity));
        });
        assert_eq!(found.contains(&RiskCheck::PositionSize), refused, "{notional} of {equity}");
    };
    check(dec!(100000), dec!(10000), false);
    check(dec!(100000), dec!(10000.01), true);
    check(dec!(10000), dec!(3000), false);
    check(dec!(10000), dec!(3000.01), true);
    check(dec!(0), dec!(0.01), true);
    check(dec!(-100), dec!(0.01), true);
}

#[test]
fn margin_and_fees_must_be_available() {
    let check = |required: Decimal, fees: Decimal, available: Decimal, expected: &[RiskCheck]| {
        let refused = refusals(|order, account, _| {
            (order.required_margin, order.fees) = (money(required), money(fees));
            account.available = money(available);
        });
        assert_eq!(refused, expected, "{required} + {fees} of {available}");
    };
    check(dec!(99), dec!(1), dec!(100), &[]);
    check(dec!(99), dec!(1.01), dec!(100), &[RiskCheck::Margin]);
    check(dec!(100), dec!(-1), dec!(99), &[]);
    check(dec!(0), dec!(0), dec!(-1), &[RiskCheck::Margin]);
    check(Decimal::MAX, Decimal::MAX, dec!(100), &[RiskCheck::Margin]);
}

#[test]
fn losses_refuse_above_their_limit_and_trip_the_kill_switch() {
    let check = |day_start: Decimal, peak: Decimal, equity: Decimal, expected: &[RiskCheck]| {
        let refused = refusals(|_, account, _| {
            (account.day_start_equity, account.peak_equity) = (money(day_start), money(peak));
            account.equity = money(equity);
        });
        assert_eq!(refused, expected, "day {day_start}, peak {peak}, now {equity}");
    };
    let (daily, drawdown) = (RiskCheck::DailyLoss, RiskCheck::Drawdown);
    // The absolute limit of 500 is the stricter from 10,000 up, 5 % of the day's opening below.
    check(dec!(20000), dec!(20000), dec!(19500), &[]);
    check(dec!(20000), dec!(20000), dec!(19499.99), &[daily]);
    check(dec!(4000), dec!(4000), dec!(3800), &[]);
    check(dec!(4000), dec!(4000), dec!(3799.99), &[daily]);
    check(dec!(20000), dec!(21000), dec!(20000), &[]);
    check(dec!(20000), dec!(21000.01), dec!(20000), &[drawdown]);
    check(dec!(20000), dec!(20600), dec!(19499), &[daily, drawdown]);
    check(dec!(20000), dec!(20000), dec!(25000), &[]);

    let switch = KillSwitch::Released;
    let account = AccountFacts { equity: money(dec!(98000)), ..calm(&switch) };
    let refused = check_adds(modest(), &account).unwrap_err();
    assert_eq!(refused.trips().count(), 2);
    assert_eq!(refused.trips().next().map(|it| (it.figure(), it.limit())), Some((Some(dec!(2000)), Some(dec!(500)))));
}

#[test]
fn the_number_of_positions_is_bounded() {
    let check = |open, expected: &[RiskCheck]| {
        assert_eq!(refusals(|order, _, _| order.open_positions = open), expected, "{open}");
    };
    check(3, &[]);
    check(4, &[RiskCheck::Positions]);
}

#[test]
fn liquidation_must_stay_far_enough_away() {
    let check = |distance: Option<Decimal>, minimum: Decimal, expected: &[RiskCheck]| {
        let refused = refusals(|order, _, settings| {
            order.liquidation_distance = distance.map(Rate::new);
            settings.min_liquidation_distance = Rate::new(minimum);
        });
        assert_eq!(refused, expected, "{distance:?} of {minimum}");
    };
    let distance = RiskCheck::LiquidationDistance;
    check(Some(dec!(0.05)), dec!(0.05), &[]);
    check(Some(dec!(0.0499)), dec!(0.05), &[distance]);
    check(None, dec!(0.05), &[]);
    check(Some(dec!(0.0001)), dec!(0), &[]);
    check(Some(dec!(0)), dec!(0), &[distance]);
    check(Some(dec!(-0.1)), dec!(0), &[distance]);
}

#[test]
fn funding_warns_by_default_and_refuses_if_told_to() {
    let check = |per_day: Option<Decimal>, over: OverLimit, warned: bool, refused: bool| {
        let settings = LimitSettings { funding_over_limit: over, ..LimitSettings::default() };
        let order = ExposureFacts { funding_per_day: per_day.map(money), ..modest() };
        let switch = KillSwitch::Released;
        let result = risk::check(&OrderFacts::Adds(order), &calm(&switch), &RiskLimits::new(settings).unwrap());
        assert_eq!(result.is_err(), refused, "{per_day:?} {over:?}");
        assert_eq!(result.is_ok_and(|approval| !approval.warnings.is_empty()), warned, "{per_day:?} {over:?}");
    };
    check(Some(dec!(10.00)), OverLimit::Warn, false, false);
    check(Some(dec!(10.01)), OverLimit::Warn, true, false);
    check(Some(dec!(10.00)), OverLimit::Refuse, false, false);
    check(Some(dec!(10.01)), OverLimit::Refuse, false, true);
    check(Some(dec!(-50)), OverLimit::Refuse, false, false);
    check(None, OverLimit::Warn, true, false);
    check(None, OverLimit::Refuse, false, true);
}

#[test]
fn exposure_is_added_only_on_fresh_and_certain_state() {
    let check = |age: Option<u64>, expected: &[RiskCheck]| {
        let refused = refusals(|_, account, _| account.state_age = age.map(Duration::from_millis));
        assert_eq!(refused, expected, "{age:?} ms");
    };
    check(Some(10_000), &[]);
    check(Some(10_001), &[RiskCheck::Freshness]);
    check(None, &[RiskCheck::Freshness]);
}

#[test]
fn the_kill_switch_refuses_what_adds_exposure() {
    let switch = engaged();
    let refused = check_adds(modest(), &calm(&switch)).unwrap_err();
    assert_eq!(refused.to_string(), "the kill switch is engaged: drawdown");
}

#[test]
fn a_refusal_lists_every_reason_with_figure_and_limit() {
    let switch = engaged();
    let order = ExposureFacts {
        leverage: dec!(7.5),
        tier_max_leverage: times(4),
        resulting_notional: money(dec!(20000)),
        other_notional: money(dec!(5000)),
        required_margin: money(dec!(2000)),
        fees: money(dec!(8)),
        open_positions: 4,
        liquidation_distance: Some(Rate::new(dec!(0.01))),
        funding_per_day: Some(money(dec!(12.5))),
    };
    let account = AccountFacts {
        equity: money(dec!(3000)),
        available: money(dec!(1000)),
        day_start_equity: money(dec!(4000)),
        peak_equity: money(dec!(5000)),
        state_age: Some(Duration::from_millis(12_500)),
        kill_switch: &switch,
        margin_in_use: money(dec!(10)),
        elsewhere: Elsewhere::default(),
        allowance: Allowance::PaperOnly { days: 60 },
    };
    let settings = LimitSettings {
        funding_over_limit: OverLimit::Refuse,
        max_exposure: Some(money(dec!(30000))),
        max_exposure_share: Some(Rate::new(dec!(5))),
        ..LimitSettings::default()
    };
    let refused = check(&OrderFacts::Adds(order), &account, &RiskLimits::new(settings).unwrap()).unwrap_err();
    let lines: Vec<String> = refused.reasons.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "leverage 7.5 is not a whole number from 1",
            "leverage 7.5x is above the limit of 5x",
            "leverage 7.5x is above the 4x that the contract allows at notional 20000",
            "position of 20000 would be above the limit of 900",
            "positions of 25000 together are above the limit of 15000 of the account",
            "margin and fees of 2008 are more than the 1000 available",
            "loss of 1000 since the day's start is above the limit of 200",
            "drawdown of 2000 is above the limit of 1000",
            "4 open positions would be above the limit of 3",
            "liquidation would be 0.01 of the mark away, less than the minimum of 0.03",
            "funding of 12.5 a day would be above the limit of 10",
            "the account's state is 12.5 s old, the limit is 10 s",
            "the kill switch is engaged: drawdown",
            "the account is on the paper step of the ladder: 60 days of paper trading come before a live order",
        ]
    );
    let figures: Vec<_> = refused.reasons.iter().map(|it| (it.check(), it.figure(), it.limit())).collect();
    assert_eq!(figures[3], (RiskCheck::PositionSize, Some(dec!(20000)), Some(dec!(900))));
    assert_eq!(figures[11], (RiskCheck::Freshness, Some(dec!(12.5)), Some(dec!(10))));
    assert_eq!(figures[12], (RiskCheck::KillSwitch, None, None));
    assert_eq!(figures[13], (RiskCheck::Ladder, None, Some(dec!(60))));
}
