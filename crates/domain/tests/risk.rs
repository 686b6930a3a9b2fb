//! Every risk check, with its edge on both sides.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_domain::risk::*;
use plimsoll_domain::*;
use proptest::prelude::*;
use rust_decimal_macros::dec;
use std::time::Duration;

fn money(amount: Decimal) -> Money {
    Money::new(amount)
}

fn times(times: u32) -> Leverage {
    Leverage::new(times).unwrap()
}

/// An order that no limit minds.
fn modest() -> ExposureFacts {
    ExposureFacts {
        leverage: dec!(3),
        tier_max_leverage: times(125),
        resulting_notional: money(dec!(1000)),
        required_margin: money(dec!(333)),
        fees: money(dec!(0.5)),
        open_positions: 1,
        liquidation_distance: Some(Rate::new(dec!(0.3))),
        funding_per_day: Some(money(dec!(0.3))),
    }
}

/// An account in good order: 100,000 of equity, so that absolute limits are the stricter ones.
fn calm(kill_switch: &KillSwitch) -> AccountFacts<'_> {
    AccountFacts {
        equity: money(dec!(100000)),
        available: money(dec!(50000)),
        day_start_equity: money(dec!(100000)),
        peak_equity: money(dec!(100000)),
        state_age: Some(Duration::from_secs(1)),
        kill_switch,
    }
}

fn engaged() -> KillSwitch {
    let mut switch = KillSwitch::default();
    switch.engage(Engagement { reason: "drawdown".into(), by: "risk".into(), since: Timestamp::from_millis(1) });
    switch
}

/// Which checks refuse an order after these changes to a calm account and a modest order.
fn refusals(change: impl FnOnce(&mut ExposureFacts, &mut AccountFacts<'_>, &mut LimitSettings)) -> Vec<RiskCheck> {
    let switch = KillSwitch::Released;
    let (mut order, mut account, mut settings) = (modest(), calm(&switch), LimitSettings::default());
    change(&mut order, &mut account, &mut settings);
    let limits = RiskLimits::new(settings).unwrap();
    match check(&OrderFacts::Adds(order), &account, &limits) {
        Ok(_) => Vec::new(),
        Err(refused) => refused.reasons.iter().map(Reason::check).collect(),
    }
}

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

fn check_adds(order: ExposureFacts, account: &AccountFacts<'_>) -> Result<Approval, Refused> {
    check(&OrderFacts::Adds(order), account, &RiskLimits::default())
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
fn reduce_only_needs_a_position_as_large() {
    let quantity = |size: Decimal| Quantity::new(size).unwrap();
    let check = |size: Option<Decimal>, held: Option<Decimal>, approved: bool| {
        let order = OrderFacts::Reduces { quantity: size.map(quantity), held: held.map(quantity) };
        let result = risk::check(&order, &calm(&KillSwitch::Released), &RiskLimits::default());
        assert_eq!(result.is_ok(), approved, "{size:?} of {held:?}");
    };
    check(Some(dec!(2)), Some(dec!(2)), true);
    check(Some(dec!(2.001)), Some(dec!(2)), false);
    check(Some(dec!(1)), None, false);
    check(None, Some(dec!(2)), true);
    check(None, None, false);
}

#[test]
fn an_order_that_may_only_shrink_is_known_by_its_kind() {
    let long = Position { direction: Direction::Long, quantity: "2".parse().unwrap(), entry: "100".parse().unwrap() };
    let order = |side, position_side, size, reduce_only| NewOrder {
        client_order_id: ClientOrderId::new("a").unwrap(),
        symbol: "BTC/USDT:USDT".parse().unwrap(),
        side,
        position_side,
        kind: OrderKind::Market,
        size,
        reduce_only,
    };
    let one = OrderSize::Quantity("1".parse().unwrap());
    let facts = |order| OrderFacts::reducing(&order, Some(long));
    let (both, quantity) = (PositionSide::Both, Some("1".parse().unwrap()));
    let held = Some(long.quantity);
    assert_eq!(facts(order(Side::Sell, both, one, false)), None, "it may flip");
    assert_eq!(facts(order(Side::Sell, both, one, true)), Some(OrderFacts::Reduces { quantity, held }));
    assert_eq!(facts(order(Side::Buy, both, one, true)), Some(OrderFacts::Reduces { quantity, held: None }));
    let leg = order(Side::Sell, PositionSide::Long, one, false);
    assert_eq!(facts(leg), Some(OrderFacts::Reduces { quantity, held }));
    let whole = order(Side::Sell, both, OrderSize::WholePosition, false);
    assert_eq!(facts(whole), Some(OrderFacts::Reduces { quantity: None, held }));
}

#[test]
fn a_refusal_lists_every_reason_with_figure_and_limit() {
    let switch = engaged();
    let order = ExposureFacts {
        leverage: dec!(7.5),
        tier_max_leverage: times(4),
        resulting_notional: money(dec!(20000)),
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
    };
    let settings = LimitSettings { funding_over_limit: OverLimit::Refuse, ..LimitSettings::default() };
    let refused = check(&OrderFacts::Adds(order), &account, &RiskLimits::new(settings).unwrap()).unwrap_err();
    let lines: Vec<String> = refused.reasons.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "leverage 7.5 is not a whole number from 1",
            "leverage 7.5x is above the limit of 5x",
            "leverage 7.5x is above the 4x that the contract allows at notional 20000",
            "position of 20000 would be above the limit of 900",
            "margin and fees of 2008 are more than the 1000 available",
            "loss of 1000 since the day's start is above the limit of 200",
            "drawdown of 2000 is above the limit of 1000",
            "4 open positions would be above the limit of 3",
            "liquidation would be 0.01 of the mark away, less than the minimum of 0.03",
            "funding of 12.5 a day would be above the limit of 10",
            "the account's state is 12.5 s old, the limit is 10 s",
            "the kill switch is engaged: drawdown",
        ]
    );
    let figures: Vec<_> = refused.reasons.iter().map(|it| (it.check(), it.figure(), it.limit())).collect();
    assert_eq!(figures[3], (RiskCheck::PositionSize, Some(dec!(20000)), Some(dec!(900))));
    assert_eq!(figures[10], (RiskCheck::Freshness, Some(dec!(12.5)), Some(dec!(10))));
    assert_eq!(figures[11], (RiskCheck::KillSwitch, None, None));
}

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

fn instrument() -> Instrument {
    let tier = |floor, rate, deduction, most| Tier {
        floor: money(floor),
        rate: Rate::new(rate),
        deduction: money(deduction),
        max_leverage: times(most),
    };
    let tiers = vec![tier(dec!(0), dec!(0.004), dec!(0), 125), tier(dec!(50000), dec!(0.005), dec!(50), 100)];
    Instrument {
        venue: VenueId::new("simulated"),
        symbol: "BTC/USDT:USDT".parse().unwrap(),
        native: "BTCUSDT".into(),
        settle: Currency::new("USDT"),
        multiplier: Decimal::ONE,
        tick: Step::new(dec!(0.1)).unwrap(),
        lot: Step::new(dec!(0.001)).unwrap(),
        min_quantity: "0.001".parse().unwrap(),
        max_quantity: "1000".parse().unwrap(),
        max_market_quantity: "100".parse().unwrap(),
        min_notional: money(dec!(100)),
        tiers: MarginTiers::new(tiers).unwrap(),
        fees: Fees { maker: Rate::new(dec!(0.0002)), taker: Rate::new(dec!(0.0005)) },
        liquidation_fee: Rate::new(dec!(0.0125)),
        funding_interval_hours: 8,
        status: plimsoll_domain::ContractStatus::Trading,
        ends: None,
        margin_fee: plimsoll_domain::Rate::ZERO,
    }
}

#[test]
fn a_projection_says_what_an_order_would_make_of_a_position() {
    let check = |before: Option<(Direction, &str)>, direction, size: &str, expected: (Decimal, Decimal, u32, u32)| {
        let before = before.map(|(direction, quantity)| Position {
            direction,
            quantity: quantity.parse().unwrap(),
            entry: "40000".parse().unwrap(),
        });
        let (size, price) = (size.parse().unwrap(), "50000".parse().unwrap());
        let it = Projection::of(&instrument(), before, direction, size, price, times(5));
        let open = it.open_positions(2);
        assert_eq!((it.notional.get(), it.required_margin.get(), it.tier_max_leverage.get(), open), expected);
        assert_eq!(it.fees, size * price * Rate::new(dec!(0.0005)));
        let facts = it.facts(times(5), 2, None, None);
        assert_eq!((facts.resulting_notional, facts.open_positions), (it.notional, open));
    };
    use Direction::*;
    check(None, Long, "0.5", (dec!(25000), dec!(5000), 125, 3));
    check(Some((Long, "0.5")), Long, "0.5", (dec!(50000), dec!(5000), 100, 2));
    check(Some((Long, "0.5")), Short, "0.2", (dec!(15000), dec!(0), 125, 2));
    check(Some((Long, "0.5")), Short, "0.5", (dec!(0), dec!(0), 125, 1));
    check(Some((Long, "0.5")), Short, "0.7", (dec!(10000), dec!(2000), 125, 2));
}

#[test]
fn the_nearest_liquidation_price_counts() {
    let check = |below: Option<&str>, above: Option<&str>, expected: Option<Decimal>| {
        let price = |text: Option<&str>| text.map(|text| text.parse().unwrap());
        let bounds = LiquidationBounds { below: price(below), above: price(above) };
        let distance = distance_to(Liquidation::Bounds(bounds), "100".parse().unwrap());
        assert_eq!(distance, expected.map(Rate::new), "{below:?} {above:?}");
    };
    check(Some("80"), None, Some(dec!(0.2)));
    check(None, Some("130"), Some(dec!(0.3)));
    check(Some("80"), Some("105"), Some(dec!(0.05)));
    check(None, None, None);
    check(Some("101"), None, Some(dec!(-0.01)));
    assert_eq!(distance_to(Liquidation::AlreadyDue, Price::MAX), Some(Rate::ZERO));
}

fn any_decimal() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        (any::<i64>(), 0..28_u32).prop_map(|(mantissa, scale)| Decimal::new(mantissa, scale)),
        Just(Decimal::MAX),
        Just(Decimal::MIN),
    ]
}

proptest! {
    #[test]
    fn what_reduces_risk_gets_through_whatever_the_account(
        figures in prop::array::uniform4(any_decimal()),
        age in prop::option::of(any::<u64>()),
        stopped in any::<bool>(),
        held in 1..1000_u32,
        share in 1..=100_u32,
    ) {
        let switch = if stopped { engaged() } else { KillSwitch::Released };
        let [equity, available, day_start_equity, peak_equity] = figures.map(Money::new);
        let state_age = age.map(Duration::from_millis);
        let account =
            AccountFacts { equity, available, day_start_equity, peak_equity, state_age, kill_switch: &switch };
        let size = Decimal::from(held * share) / dec!(100);
        let quantity = Quantity::new(size).ok();
        let order = OrderFacts::Reduces { quantity, held: Quantity::new(Decimal::from(held)).ok() };
        prop_assert_eq!(check(&order, &account, &RiskLimits::default()), Ok(Approval { warnings: vec![] }));
    }

    #[test]
    fn no_figures_panic_and_none_slip_past_a_stopped_account(
        account_figures in prop::array::uniform4(any_decimal()),
        order_figures in prop::array::uniform6(any_decimal()),
        open_positions in any::<u32>(),
    ) {
        let switch = engaged();
        let [equity, available, day_start_equity, peak_equity] = account_figures.map(Money::new);
        let account =
            AccountFacts { equity, available, day_start_equity, peak_equity, state_age: None, kill_switch: &switch };
        let [leverage, notional, margin, fees, distance, funding] = order_figures;
        let order = ExposureFacts {
            leverage,
            tier_max_leverage: times(20),
            resulting_notional: Money::new(notional),
            required_margin: Money::new(margin),
            fees: Money::new(fees),
            open_positions,
            liquidation_distance: Some(Rate::new(distance)),
            funding_per_day: Some(Money::new(funding)),
        };
        let refused = check_adds(order, &account).unwrap_err();
        let checks: Vec<RiskCheck> = refused.reasons.iter().map(Reason::check).collect();
        prop_assert!(checks.contains(&RiskCheck::KillSwitch) && checks.contains(&RiskCheck::Freshness));
        prop_assert!(!refused.to_string().is_empty());
    }
}
