//! The check before an order.

use super::exposure::{Elsewhere, Exposed, overexposed};
use super::kill_switch::KillSwitch;
use super::ladder::Allowance;
use super::limits::{OverLimit, RiskLimits};
use super::reason::{Reason, Warning};
use crate::leverage::Leverage;
use crate::money::Money;
use crate::order::{NewOrder, OrderSize};
use crate::position::Position;
use crate::quantity::Quantity;
use crate::rate::Rate;
use rust_decimal::Decimal;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What an order would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderFacts {
    /// It may add exposure: every limit applies.
    Adds(ExposureFacts),
    /// It may only shrink a position: it is refused only where there is nothing for it to shrink.
    Reduces {
        /// Its size; `None` closes whatever is held.
        quantity: Option<Quantity>,
        /// What is held on the side that it shrinks; `None` if nothing is.
        held: Option<Quantity>,
    },
}

impl OrderFacts {
    /// The facts of an order that may only shrink `position`, the one it is for; `None` if it may add exposure.
    #[must_use]
    pub fn reducing(order: &NewOrder, position: Option<Position>) -> Option<Self> {
        if order.adds_exposure() {
            return None;
        }
        let held = position.filter(|held| held.direction.closing_side() == order.side).map(|held| held.quantity);
        let quantity = match order.size {
            OrderSize::Quantity(quantity) => Some(quantity),
            OrderSize::WholePosition => None,
        };
        Some(Self::Reduces { quantity, held })
    }
}

/// What the account would hold after an order that adds exposure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExposureFacts {
    /// The leverage as asked for, whole or not.
    pub leverage: Decimal,
    /// The most leverage that the contract's margin tiers allow for the resulting notional.
    pub tier_max_leverage: Leverage,
    /// Notional of the position after the order.
    pub resulting_notional: Money,
    /// Notional of the account's other positions.
    pub other_notional: Money,
    /// Initial margin that the order needs.
    pub required_margin: Money,
    /// The fees of the order.
    pub fees: Money,
    /// How many positions would be open after it.
    pub open_positions: u32,
    /// The exact distance from the mark to liquidation after the order, as a share of the mark: zero or less if it would
    /// be due at once, `None` if no price liquidates.
    pub liquidation_distance: Option<Rate>,
    /// What the resulting position is expected to pay in funding a day (negative: receives); `None` if no rate is known.
    pub funding_per_day: Option<Money>,
}

/// What the account is before the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountFacts<'a> {
    /// Wallet and unrealised profit.
    pub equity: Money,
    /// What new positions may use.
    pub available: Money,
    /// The equity that the day (UTC) opened with, moved by deposits and withdrawals since.
    pub day_start_equity: Money,
    /// The largest equity recorded, moved by deposits and withdrawals since.
    pub peak_equity: Money,
    /// How old the state is that these facts were taken from; `None` if it was never complete, or is in doubt.
    pub state_age: Option<Duration>,
    /// Whether trading is stopped.
    pub kill_switch: &'a KillSwitch,
    /// Initial margin of what is held.
    pub margin_in_use: Money,
    /// What other accounts hold.
    pub elsewhere: Elsewhere,
    /// What the ladder to live trading allows.
    pub allowance: Allowance,
}

/// The order may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// What the operator should know all the same.
    pub warnings: Vec<Warning>,
}

/// The order may not be sent: every reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Every reason that applies; never empty.
    pub reasons: Vec<Reason>,
}

impl Refused {
    /// The reasons that stop all trading, not only this order.
    pub fn trips(&self) -> impl Iterator<Item = &Reason> {
        self.reasons.iter().filter(|reason| reason.trips_kill_switch())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, reason) in self.reasons.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{reason}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}

/// Whether an order may be sent.
///
/// # Errors
/// [`Refused`] with every reason that applies, not only the first.
pub fn check(order: &OrderFacts, account: &AccountFacts<'_>, limits: &RiskLimits) -> Result<Approval, Refused> {
    let limits = &limits.allowed(account.allowance);
    let mut findings = Findings { limits, reasons: Vec::new(), warnings: Vec::new() };
    match order {
        OrderFacts::Reduces { quantity, held } => findings.reduce_only(*quantity, *held),
        OrderFacts::Adds(order) => {
            findings.leverage(order);
            findings.position_size(order, account);
            findings.exposure(order, account);
            findings.margin(order, account);
            findings.reasons.extend(losses(account.equity, account.day_start_equity, account.peak_equity, limits));
            findings.positions(order);
            findings.liquidation_distance(order);
            findings.funding(order);
            findings.freshness(account);
            findings.kill_switch(account);
            findings.ladder(order, account);
        }
    }
    let Findings { reasons, warnings, .. } = findings;
    if reasons.is_empty() { Ok(Approval { warnings }) } else { Err(Refused { reasons }) }
}

/// The losses that stop all trading.
pub(super) fn losses(
    equity: Money,
    day_start: Money,
    peak: Money,
    limits: &RiskLimits,
) -> impl Iterator<Item = Reason> + use<> {
    let loss = less(day_start, equity);
    let limit = limits.daily_loss_limit(day_start);
    let daily = (loss > limit).then_some(Reason::DailyLoss { loss, limit });
    let drawdown = less(peak, equity);
    let limit = limits.settings().max_drawdown;
    let fallen = (drawdown > limit).then_some(Reason::Drawdown { drawdown, limit });
    daily.into_iter().chain(fallen)
}

struct Findings<'a> {
    limits: &'a RiskLimits,
    reasons: Vec<Reason>,
    warnings: Vec<Warning>,
}

impl Findings<'_> {
    fn refuse_if(&mut self, refused: bool, reason: Reason) {
        if refused {
            self.reasons.push(reason);
        }
    }

    fn reduce_only(&mut self, quantity: Option<Quantity>, held: Option<Quantity>) {
        match (quantity, held) {
            (_, None) => self.reasons.push(Reason::NothingToReduce),
            (Some(quantity), Some(held)) => {
                self.refuse_if(quantity > held, Reason::ReducesTooMuch { quantity, held });
            }
            (None, Some(_)) => {}
        }
    }

    fn leverage(&mut self, order: &ExposureFacts) {
        let leverage = order.leverage;
        let whole = leverage >= Decimal::ONE && leverage.fract().is_zero();
        self.refuse_if(!whole, Reason::NotALeverage(leverage));
        let limit = self.limits.settings().max_leverage;
        self.refuse_if(leverage > limit.as_decimal(), Reason::Leverage { leverage, limit });
        let (limit, notional) = (order.tier_max_leverage, order.resulting_notional);
        self.refuse_if(leverage > limit.as_decimal(), Reason::TierLeverage { leverage, limit, notional });
    }

    fn position_size(&mut self, order: &ExposureFacts, account: &AccountFacts<'_>) {
        let (notional, limit) = (order.resulting_notional, self.limits.position_limit(account.equity));
        self.refuse_if(notional > limit, Reason::PositionSize { notional, limit });
    }

    fn exposure(&mut self, order: &ExposureFacts, account: &AccountFacts<'_>) {
        let notional = more(order.resulting_notional, order.other_notional);
        let own = Exposed { notional, equity: account.equity };
        self.reasons.extend(overexposed(own, account.elsewhere, self.limits));
    }

    fn margin(&mut self, order: &ExposureFacts, account: &AccountFacts<'_>) {
        let required = more(order.required_margin, order.fees);
        let available = account.available;
        self.refuse_if(required > available, Reason::Margin { required, available });
    }

    fn positions(&mut self, order: &ExposureFacts) {
        let (open, limit) = (order.open_positions, self.limits.settings().max_positions);
        self.refuse_if(open > limit, Reason::Positions { open, limit });
    }

    fn liquidation_distance(&mut self, order: &ExposureFacts) {
        let Some(distance) = order.liquidation_distance else { return };
        let minimum = self.limits.settings().min_liquidation_distance;
        let due = distance <= Rate::ZERO;
        self.refuse_if(due || distance < minimum, Reason::LiquidationDistance { distance, minimum });
    }

    fn funding(&mut self, order: &ExposureFacts) {
        let limit = self.limits.settings().max_funding_per_day;
        match (order.funding_per_day, self.limits.settings().funding_over_limit) {
            (Some(per_day), _) if per_day <= limit => {}
            (Some(per_day), OverLimit::Warn) => self.warnings.push(Warning::Funding { per_day, limit }),
            (Some(per_day), OverLimit::Refuse) => self.reasons.push(Reason::Funding { per_day, limit }),
            (None, OverLimit::Warn) => self.warnings.push(Warning::FundingUnknown),
            (None, OverLimit::Refuse) => self.reasons.push(Reason::FundingUnknown { limit }),
        }
    }

    fn freshness(&mut self, account: &AccountFacts<'_>) {
        let limit = self.limits.settings().max_state_age;
        match account.state_age {
            Some(age) => self.refuse_if(age > limit, Reason::Stale { age, limit }),
            None => self.reasons.push(Reason::StateInDoubt),
        }
    }

    fn kill_switch(&mut self, account: &AccountFacts<'_>) {
        if let KillSwitch::Engaged(engagement) = account.kill_switch {
            self.reasons.push(Reason::KillSwitch { reason: Arc::clone(&engagement.reason) });
        }
    }

    fn ladder(&mut self, order: &ExposureFacts, account: &AccountFacts<'_>) {
        match account.allowance {
            Allowance::Whole => {}
            Allowance::PaperOnly { days } => self.reasons.push(Reason::PaperOnly { days }),
            Allowance::Capital(capital) => {
                let required = more(account.margin_in_use, more(order.required_margin, order.fees));
                let limit = capital.min(account.equity);
                self.refuse_if(required > limit, Reason::MicroCapital { required, limit });
            }
        }
    }
}

fn more(a: Money, b: Money) -> Money {
    Money::new(a.get().saturating_add(b.get()))
}

pub(super) fn less(a: Money, b: Money) -> Money {
    Money::new(a.get().saturating_sub(b.get()))
}
