//! Whatever the figures are.

use crate::{calm, check_adds, engaged, times};
use plimsoll_domain::risk::*;
use plimsoll_domain::*;
use proptest::prelude::*;
use rust_decimal_macros::dec;
use std::time::Duration;

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
        let own = calm(&switch);
        let account = AccountFacts { equity, available, day_start_equity, peak_equity, state_age, ..own };
        let size = Decimal::from(held * share) / dec!(100);
        let quantity = Quantity::new(size).ok();
        let account = AccountFacts { allowance: Allowance::PaperOnly { days: 60 }, ..account };
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
        let held = Exposed { notional: equity, equity: available };
        let account = AccountFacts {
            equity,
            available,
            day_start_equity,
            peak_equity,
            state_age: None,
            margin_in_use: peak_equity,
            elsewhere: Elsewhere { venue: held, portfolio: held },
            allowance: Allowance::Capital(day_start_equity),
            ..calm(&switch)
        };
        let [leverage, notional, margin, fees, distance, funding] = order_figures;
        let order = ExposureFacts {
            leverage,
            tier_max_leverage: times(20),
            resulting_notional: Money::new(notional),
            other_notional: Money::new(margin),
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
