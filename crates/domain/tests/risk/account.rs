//! The limits themselves, and what they say of an account.

use crate::{money, times};
use plimsoll_domain::risk::*;
use plimsoll_domain::*;
use rust_decimal_macros::dec;
use std::time::Duration;

#[test]
fn the_defaults_are_valid_and_nonsense_is_not() {
    let defaults = LimitSettings::default();
    assert_eq!(RiskLimits::new(defaults.clone()), Ok(RiskLimits::default()));
    let check = |change: fn(&mut LimitSettings), expected: &str| {
        let mut settings = defaults.clone();
        change(&mut settings);
        assert_eq!(RiskLimits::new(settings).unwrap_err().to_string(), expected);
    };
    check(|it| it.max_position = Money::ZERO, "max_position must be above 0, got 0");
    check(|it| it.max_position_share = Rate::ZERO, "max_position_share must be above 0 and at most 1000, got 0");
    check(|it| it.max_daily_loss = money(dec!(-1)), "max_daily_loss must be above 0, got -1");
    check(
        |it| it.max_daily_loss_share = Rate::new(dec!(5)),
        "max_daily_loss_share must be above 0 and at most 1, got 5",
    );
    check(|it| it.max_exposure = Some(Money::ZERO), "max_exposure must be above 0, got 0");
    check(
        |it| it.max_portfolio_exposure_share = Some(Rate::new(dec!(1001))),
        "max_portfolio_exposure_share must be above 0 and at most 1000, got 1001",
    );
    check(|it| it.max_drawdown = Money::ZERO, "max_drawdown must be above 0, got 0");
    check(
        |it| it.max_leverage = times(21),
        "max_leverage must not be above leverage_cap: raise that too if it is meant, got 21x",
    );
    check(|it| it.max_positions = 0, "max_positions must be at least 1, got 0");
    check(
        |it| it.min_liquidation_distance = Rate::new(dec!(1)),
        "min_liquidation_distance must be at least 0 and below 1, got 1",
    );
    check(|it| it.max_funding_per_day = money(dec!(-1)), "max_funding_per_day must not be negative, got -1");
    check(
        |it| it.min_cover = dec!(0.9),
        "min_cover must be at least 1, where the venue liquidates, and at most 100, got 0.9",
    );
    check(|it| it.cover_buffer = Rate::new(dec!(-0.1)), "cover_buffer must be at least 0 and at most 100, got -0.1");
    check(|it| it.max_state_age = Duration::ZERO, "max_state_age must be above 0 seconds, got 0");
    check(
        |it| (it.max_positions, it.max_drawdown) = (0, Money::ZERO),
        "max_drawdown must be above 0, got 0; max_positions must be at least 1, got 0",
    );
    let raised = LimitSettings { max_leverage: times(50), leverage_cap: times(50), ..defaults };
    assert!(RiskLimits::new(raised).is_ok(), "raised explicitly");
}

#[test]
fn the_verdict_follows_the_cover_and_the_losses() {
    let start = Timestamp::from_millis(0);
    let check = |cover: Option<Decimal>, min_cover: Decimal, equity: Decimal, health: MarginHealth, trips: usize| {
        let limits = RiskLimits::new(LimitSettings { min_cover, ..LimitSettings::default() }).unwrap();
        let mut watch = EquityWatch::new(money(dec!(20000)), start);
        watch.observe(money(equity), Timestamp::from_millis(1));
        let verdict = verdict(cover, &watch, &limits);
        assert_eq!((verdict.health, verdict.trips.len()), (health, trips), "{cover:?} {equity}");
        assert_eq!(verdict.trips_kill_switch(), trips > 0 || health == MarginHealth::Flatten);
    };
    use MarginHealth::*;
    check(None, dec!(1), dec!(20000), NoPositions, 0);
    check(Some(dec!(1.15)), dec!(1), dec!(20000), Healthy, 0);
    check(Some(dec!(1.1499)), dec!(1), dec!(20000), Reduce, 0);
    check(Some(dec!(1)), dec!(1), dec!(20000), Reduce, 0);
    check(Some(dec!(0.9999)), dec!(1), dec!(20000), Flatten, 0);
    check(Some(dec!(1.65)), dec!(1.5), dec!(20000), Healthy, 0);
    check(Some(dec!(1.4999)), dec!(1.5), dec!(20000), Flatten, 0);
    check(Some(Decimal::MIN), dec!(1), dec!(20000), Flatten, 0);
    check(None, dec!(1), dec!(19500), NoPositions, 0);
    check(None, dec!(1), dec!(19499), NoPositions, 1);
    check(None, dec!(1), dec!(18999), NoPositions, 2);
}

#[test]
fn margin_alerts_begin_above_their_levels() {
    let check = |ratio: Option<Decimal>, expected: MarginAlert| {
        assert_eq!(MarginAlert::of(ratio.map(MarginRatio::reported)), expected, "{ratio:?}");
    };
    check(None, MarginAlert::Calm);
    check(Some(dec!(0.7)), MarginAlert::Calm);
    check(Some(dec!(0.70001)), MarginAlert::HighRisk);
    check(Some(dec!(0.8)), MarginAlert::HighRisk);
    check(Some(dec!(0.80001)), MarginAlert::HighUsage);
    check(Some(dec!(0.9)), MarginAlert::HighUsage);
    check(Some(dec!(0.90001)), MarginAlert::Warning);
    check(Some(Decimal::MAX), MarginAlert::Warning);
}

#[test]
fn limits_on_all_positions_together_take_the_stricter_form_and_are_free_where_none_is_set() {
    let check = |most: Option<Decimal>, share: Option<Decimal>, equity: Decimal, expected: Option<Decimal>| {
        let (most, share) = (most.map(money), share.map(Rate::new));
        for scope in [Scope::Account, Scope::Venue, Scope::Portfolio] {
            let mut settings = LimitSettings::default();
            let (of_scope, share_of_scope) = match scope {
                Scope::Account => (&mut settings.max_exposure, &mut settings.max_exposure_share),
                Scope::Venue => (&mut settings.max_venue_exposure, &mut settings.max_venue_exposure_share),
                Scope::Portfolio => (&mut settings.max_portfolio_exposure, &mut settings.max_portfolio_exposure_share),
            };
            (*of_scope, *share_of_scope) = (most, share);
            let limits = RiskLimits::new(settings).unwrap();
            let found = limits.exposure_limit(scope, money(equity));
            assert_eq!(found, expected.map(money), "{scope} {most:?} {share:?} of {equity}");
        }
    };
    check(None, None, dec!(1000), None);
    check(Some(dec!(5000)), None, dec!(1000), Some(dec!(5000)));
    check(None, Some(dec!(2)), dec!(1000), Some(dec!(2000)));
    check(Some(dec!(5000)), Some(dec!(2)), dec!(1000), Some(dec!(2000)));
    check(Some(dec!(5000)), Some(dec!(2)), dec!(4000), Some(dec!(5000)));
    check(None, Some(dec!(2)), dec!(-10), Some(dec!(0)));
}

#[test]
fn what_other_accounts_hold_counts_at_their_venue_and_in_the_portfolio() {
    let exposed = |notional: i64, equity: i64| Exposed {
        notional: Money::new(notional.into()),
        equity: Money::new(equity.into()),
    };
    let settings = LimitSettings {
        max_exposure_share: Some(Rate::new(dec!(2))),
        max_venue_exposure_share: Some(Rate::new(dec!(2))),
        max_portfolio_exposure_share: Some(Rate::new(dec!(2))),
        ..LimitSettings::default()
    };
    let limits = RiskLimits::new(settings).unwrap();
    let check = |own: Exposed, venue: Exposed, portfolio: Exposed, expected: &[Scope]| {
        let found: Vec<Scope> = overexposed(own, Elsewhere { venue, portfolio }, &limits)
            .map(|it| match it {
                Reason::Exposure { scope, .. } => scope,
                other => panic!("{other}"),
            })
            .collect();
        assert_eq!(found, expected, "{own:?} {venue:?} {portfolio:?}");
    };
    let nothing = exposed(0, 0);
    check(exposed(2000, 1000), nothing, nothing, &[]);
    check(exposed(2001, 1000), nothing, nothing, &[Scope::Account, Scope::Venue, Scope::Portfolio]);
    // Equity at the venue, and elsewhere, makes good what one account lacks.
    check(exposed(2001, 1000), exposed(0, 1), exposed(0, 1), &[Scope::Account]);
    check(exposed(2000, 1000), exposed(1, 0), exposed(1, 1), &[Scope::Venue]);
    check(exposed(2000, 1000), exposed(0, 0), exposed(1, 0), &[Scope::Portfolio]);
}

#[test]
fn an_account_of_micro_capital_lends_others_no_more_than_that() {
    let exposed = |notional: i64, equity: i64| Exposed {
        notional: Money::new(notional.into()),
        equity: Money::new(equity.into()),
    };
    let settings = LimitSettings {
        max_venue_exposure_share: Some(Rate::new(dec!(2))),
        max_portfolio_exposure_share: Some(Rate::new(dec!(2))),
        ..LimitSettings::default()
    };
    let limits = RiskLimits::new(settings).unwrap();
    let micro = Allowance::Capital(money(dec!(500)));
    let elsewhere = |notional: i64| Elsewhere { venue: exposed(notional, 1000), portfolio: exposed(notional, 1000) };
    let check = |equity: i64, others: i64, allowance: Allowance, expected: usize| {
        let broken = overexposed(exposed(100, equity), elsewhere(others), &limits.allowed(allowance));
        assert_eq!(broken.count(), expected, "{equity} beside {others}, {allowance:?}");
    };
    // Twice the 1,500 that count, whatever the account holds beyond.
    check(100_000, 2900, micro, 0);
    check(100_000, 2901, micro, 2);
    check(100_000, 2901, Allowance::Whole, 0);
    // With less than that, it is what there is that counts.
    check(200, 2300, micro, 0);
    check(200, 2301, micro, 2);
}
