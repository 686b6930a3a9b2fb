//! Settings of the funding arbitrage.

use crate::settings::{Number, Problems};
use plimsoll_domain::Decimal;
use serde::{Deserialize, Serialize};

/// Settings of [`FundingArbitrage`](super::FundingArbitrage).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FundingArbitrageSettings {
    /// For how many hours ahead funding is expected.
    pub horizon_hours: u32,
    /// The weight of the rate to come in what is expected; the rest is that of the settled ones' average.
    pub predicted_weight: Number,
    /// How many settled rates the average is of.
    pub history: u32,
    /// It enters if funding over the horizon beats all costs by this fraction of the notional.
    pub min_profit: Number,
    /// It leaves once funding over the horizon is below this fraction of the notional; at 0, once it has turned.
    pub exit_carry: Number,
    /// What each of the four fills is expected to lose to the spread, as a fraction of its notional.
    pub slippage: Number,
    /// The leverage to set.
    pub leverage: u32,
    /// The share of the smaller account's equity that is used as margin.
    pub equity_fraction: Number,
    /// The most notional of a leg, in the settle currency; `null` for no such limit.
    pub max_notional: Option<Number>,
    /// It enters only while the marks are no further apart, as a fraction.
    pub max_basis: Number,
    /// It leaves when they have moved this far against it since it entered, as a fraction.
    pub max_basis_move: Number,
    /// Marks are compared only where they were told within so many seconds of each other.
    pub max_mark_gap_seconds: u32,
    /// It makes the larger leg smaller when the legs differ by more than this share of it.
    pub max_drift: Number,
    /// What backs a leg: all the account has, or its own margin.
    pub margin: MarginOf,
    /// Both legs are made smaller when either's liquidation is nearer than this share of the mark.
    pub min_liquidation_distance: Number,
    /// How far away it is to be then, and at the least when entering.
    pub target_liquidation_distance: Number,
    /// Where the stop of each leg is: this share of the way to its liquidation.
    pub stop_share: Number,
    /// It does not enter in this many seconds before a settlement.
    pub settlement_guard_seconds: u32,
    /// For how many seconds one leg may be there without the other, while both are opened or closed.
    pub naked_leg_seconds: u32,
    /// How many seconds after a refusal it tries to enter again.
    pub retry_seconds: u32,
    /// How often it looks at what it holds, in seconds.
    pub check_seconds: u32,
}

/// What backs a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarginOf {
    /// All equity of its account, which holds nothing else.
    Cross,
    /// Its own margin.
    Isolated,
}

impl Default for FundingArbitrageSettings {
    fn default() -> Self {
        Self {
            horizon_hours: 72,
            predicted_weight: Number::new(5, 1),
            history: 21,
            min_profit: Number::new(5, 4),
            exit_carry: Number::new(0, 0),
            slippage: Number::new(2, 4),
            leverage: 2,
            equity_fraction: Number::new(8, 1),
            max_notional: None,
            max_basis: Number::new(5, 3),
            max_basis_move: Number::new(1, 2),
            max_mark_gap_seconds: 10,
            max_drift: Number::new(2, 2),
            margin: MarginOf::Cross,
            min_liquidation_distance: Number::new(15, 2),
            target_liquidation_distance: Number::new(25, 2),
            stop_share: Number::new(8, 1),
            settlement_guard_seconds: 60,
            naked_leg_seconds: 30,
            retry_seconds: 60,
            check_seconds: 10,
        }
    }
}

impl FundingArbitrageSettings {
    /// # Errors
    /// Everything that is wrong, in words.
    pub fn validate(&self) -> Result<(), Vec<String>> {
        let mut problems = Problems::default();
        problems.period("horizon_hours", self.horizon_hours, 1);
        problems.period("history", self.history, 1);
        problems.period("max_mark_gap_seconds", self.max_mark_gap_seconds, 1);
        for (name, Number(value)) in [
            ("predicted_weight", self.predicted_weight),
            ("min_profit", self.min_profit),
            ("exit_carry", self.exit_carry),
            ("slippage", self.slippage),
            ("max_basis", self.max_basis),
        ] {
            let right = value >= Decimal::ZERO && value <= Decimal::ONE;
            problems.unless(right, || format!("{name} is from 0 to 1, got {value}"));
        }
        for (name, Number(value)) in [
            ("max_basis_move", self.max_basis_move),
            ("max_drift", self.max_drift),
            ("min_liquidation_distance", self.min_liquidation_distance),
            ("target_liquidation_distance", self.target_liquidation_distance),
            ("stop_share", self.stop_share),
        ] {
            problems.part(name, value);
        }
        problems.share("equity_fraction", self.equity_fraction.0);
        problems.leverage("leverage", self.leverage);
        if let Some(Number(most)) = self.max_notional {
            problems.above("max_notional", most, Decimal::ZERO);
        }
        let (exit, profit) = (self.exit_carry, self.min_profit);
        problems.unless(exit <= profit, || {
            format!(
                "exit_carry is at most min_profit of {profit}, or it would leave what it has just entered, got {exit}"
            )
        });
        let (least, target) = (self.min_liquidation_distance, self.target_liquidation_distance);
        problems.unless(least < target, || {
            format!("target_liquidation_distance is above min_liquidation_distance of {least}, got {target}")
        });
        problems.end()
    }
}
