//! Every risk check, with its edge on both sides.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod account;
mod adding;
mod any_figures;
mod every_row;
mod ladder;
mod projection;
mod reducing;

use plimsoll_domain::risk::*;
use plimsoll_domain::*;
use rust_decimal_macros::dec;
use std::time::Duration;

pub(crate) fn money(amount: Decimal) -> Money {
    Money::new(amount)
}

pub(crate) fn times(times: u32) -> Leverage {
    Leverage::new(times).unwrap()
}

/// An order that no limit minds.
pub(crate) fn modest() -> ExposureFacts {
    ExposureFacts {
        leverage: dec!(3),
        tier_max_leverage: times(125),
        resulting_notional: money(dec!(1000)),
        other_notional: Money::ZERO,
        required_margin: money(dec!(333)),
        fees: money(dec!(0.5)),
        open_positions: 1,
        liquidation_distance: Some(Rate::new(dec!(0.3))),
        funding_per_day: Some(money(dec!(0.3))),
    }
}

/// An account in good order: 100,000 of equity, so that absolute limits are the stricter ones.
pub(crate) fn calm(kill_switch: &KillSwitch) -> AccountFacts<'_> {
    AccountFacts {
        equity: money(dec!(100000)),
        available: money(dec!(50000)),
        day_start_equity: money(dec!(100000)),
        peak_equity: money(dec!(100000)),
        state_age: Some(Duration::from_secs(1)),
        kill_switch,
        margin_in_use: Money::ZERO,
        elsewhere: Elsewhere::default(),
        allowance: Allowance::Whole,
    }
}

pub(crate) fn engaged() -> KillSwitch {
    let mut switch = KillSwitch::default();
    switch.engage(Engagement { reason: "drawdown".into(), by: "risk".into(), since: Timestamp::from_millis(1) });
    switch
}

/// Which checks refuse an order after these changes to a calm account and a modest order.
pub(crate) fn refusals(
    change: impl FnOnce(&mut ExposureFacts, &mut AccountFacts<'_>, &mut LimitSettings),
) -> Vec<RiskCheck> {
    let switch = KillSwitch::Released;
    let (mut order, mut account, mut settings) = (modest(), calm(&switch), LimitSettings::default());
    change(&mut order, &mut account, &mut settings);
    let limits = RiskLimits::new(settings).unwrap();
    match check(&OrderFacts::Adds(order), &account, &limits) {
        Ok(_) => Vec::new(),
        Err(refused) => refused.reasons.iter().map(Reason::check).collect(),
    }
}

pub(crate) fn check_adds(order: ExposureFacts, account: &AccountFacts<'_>) -> Result<Approval, Refused> {
    check(&OrderFacts::Adds(order), account, &RiskLimits::default())
}
