//! May this be opened? Every limit, on the account as it was read.

use super::Plan;
use crate::position_manager::PositionManager;
use crate::position_manager::failure::OpenFailure;
use crate::position_manager::kill_switch::as_switch;
use crate::position_manager::outcome::OpenWarning;
use crate::position_manager::protection::liquidated_before;
use crate::position_manager::reading::Held;
use crate::trouble::Troubles;
use plimsoll_domain::risk::{AccountFacts, OrderFacts, Projection, Reason, Refused, Warning, check, distance_to};
use plimsoll_domain::{
    Direction, Liquidation, MarginMode, Money, Position, PositionReport, Price, Quantity, Rounding, Stamp, UnfitSize,
    margin,
};
use plimsoll_ports::{StopLoss, StoreError};
use std::time::Duration;

/// An intent that may be sent.
pub(in crate::position_manager) struct Approved {
    pub(in crate::position_manager) quantity: Quantity,
    pub(super) warnings: Vec<OpenWarning>,
}

/// What is said of an intent before it is sent.
pub(super) struct Weighed {
    pub(super) quantity: Quantity,
    pub(super) by_the_limits: Result<Vec<Warning>, Refused>,
}

impl PositionManager {
    /// Sizes the order and checks it against every limit; what they refuse is recorded.
    pub(in crate::position_manager) async fn approve(
        &self,
        plan: &Plan<'_>,
        troubles: &mut Troubles,
    ) -> Result<Approved, OpenFailure> {
        let Weighed { quantity, by_the_limits } = self.judge(plan, troubles).await?;
        match by_the_limits {
            Ok(limits) => Ok(Approved { quantity, warnings: self.warnings(plan.intent.quantity, quantity, limits) }),
            Err(refused) => {
                self.record_refusal(plan, &refused, troubles).await;
                Err(OpenFailure::Refused(refused))
            }
        }
    }

    /// Sizes the order and judges it at the mark, as what opens it and what previews it do.
    pub(super) async fn judge(&self, plan: &Plan<'_>, troubles: &mut Troubles) -> Result<Weighed, OpenFailure> {
        let intent = plan.intent;
        if self.is_flattening() {
            return Err(OpenFailure::Flattening);
        }
        let held = plan.held();
        if let Some(held) = held.filter(|held| held.direction != intent.direction) {
            return Err(OpenFailure::OppositePosition { symbol: intent.symbol.clone(), held: held.direction });
        }
        plan.right_sides()?;
        plan.stop_rests()?;
        let quantity = plan.size()?;
        let projection = Projection::of(&plan.instrument, held, intent.direction, quantity, plan.mark, intent.leverage);
        let made = projection.after.unwrap_or(Position { direction: intent.direction, quantity, entry: plan.mark });
        let liquidation = plan.reading.liquidation_of(&self.as_held(plan, made));
        plan.stop_comes_first(liquidation)?;
        let funding = plan.funding_of(made).map(|cost| cost.per_day);
        let distance = distance_to(liquidation, plan.mark);
        // What rests elsewhere may fill before this does.
        let resting = plan.reading.resting_beside(&intent.symbol, plan.side);
        let open = plan.reading.open_positions().saturating_add(resting.positions);
        let others = plan.reading.notional_beside(&intent.symbol, plan.side) + resting.notional;
        let facts = projection.facts(intent.leverage, open, others, distance, funding);
        let by_the_limits = self.by_the_limits(plan, &OrderFacts::Adds(facts), troubles).await?;
        Ok(Weighed { quantity, by_the_limits })
    }

    async fn by_the_limits(
        &self,
        plan: &Plan<'_>,
        order: &OrderFacts,
        troubles: &mut Troubles,
    ) -> Result<Result<Vec<Warning>, Refused>, StoreError> {
        let (now, reading) = (self.ports.clock.now(), &plan.reading);
        let kill_switch = as_switch(&self.kill_switch().await?, now);
        let equity = reading.wallet(&self.settings.settle) + reading.unrealized_pnl();
        let watch = self.equity_watch(reading, troubles).await?;
        let account = AccountFacts {
            equity,
            available: reading.available(&self.settings.settle),
            day_start_equity: watch.day_start_equity(),
            peak_equity: watch.peak_equity(),
            state_age: self.state_age(plan),
            kill_switch: &kill_switch,
            margin_in_use: reading.margin_in_use(),
            elsewhere: self.elsewhere().await?,
            allowance: self.allowance().await?,
        };
        Ok(check(order, &account, &self.rules().limits).map(|approval| approval.warnings))
    }

    /// Records, settings and the stop took their time since it was judged: what it was judged by was read longer ago than it
    /// may be.
    pub(in crate::position_manager) fn grown_old(&self, plan: &Plan<'_>) -> Option<Reason> {
        let (age, limit) = (plan.begun.age(), self.rules().limits.settings().max_state_age);
        (age > limit).then_some(Reason::Stale { age, limit })
    }

    /// The same, refused and recorded.
    pub(super) async fn refuse_what_has_grown_old(
        &self,
        plan: &Plan<'_>,
        troubles: &mut Troubles,
    ) -> Result<(), OpenFailure> {
        let Some(reason) = self.grown_old(plan) else { return Ok(()) };
        let refused = Refused { reasons: vec![reason] };
        self.record_refusal(plan, &refused, troubles).await;
        Err(OpenFailure::Refused(refused))
    }

    /// How old the state is: what the account's own task says, where there is one, and no less than what was read for this
    /// order. A position that cannot be priced leaves the account in doubt.
    fn state_age(&self, plan: &Plan<'_>) -> Option<Duration> {
        if !plan.reading.unpriced.is_empty() {
            return None;
        }
        let read = plan.begun.age();
        match &self.view {
            Some(view) => view.borrow().age(self.ports.clock.now()).map(|age| age.max(read)),
            None => Some(read),
        }
    }

    fn warnings(&self, wanted: Quantity, sent: Quantity, limits: Vec<Warning>) -> Vec<OpenWarning> {
        let rounded = (wanted != sent).then_some(OpenWarning::Rounded { wanted, sent });
        limits.into_iter().map(OpenWarning::Limits).chain(rounded).collect()
    }

    async fn record_refusal(&self, plan: &Plan<'_>, refused: &Refused, troubles: &mut Troubles) {
        let symbol = &plan.intent.symbol;
        // One event a check: events of one kind, time and contract are one.
        for (index, reason) in refused.reasons.iter().enumerate() {
            let same_check = |other: &&Reason| other.check() == reason.check();
            if refused.reasons.iter().take(index).any(|other| same_check(&other)) {
                continue;
            }
            let said: Vec<String> = refused.reasons.iter().filter(same_check).map(ToString::to_string).collect();
            let (kind, detail) = (format!("refused_{}", reason.check()), said.join("; "));
            let (figure, limit) = (reason.figure(), reason.limit());
            self.log_risk(&kind, Some(symbol), &detail, figure, limit, "refused", troubles).await;
        }
        let trips: Vec<String> = refused.trips().map(ToString::to_string).collect();
        if !trips.is_empty() {
            self.engage("risk limits", &trips.join("; "), troubles).await;
            self.take_back_entries(troubles).await;
        }
    }

    /// `made` as a position held at the plan's mark, with the margin that the settings would give it.
    pub(super) fn as_held(&self, plan: &Plan<'_>, made: Position) -> Held {
        let before = plan.reading.report(&plan.intent.symbol, plan.side);
        let assigned = before.filter(|before| before.position.is_some()).and_then(|before| before.isolated_margin);
        let added = match plan.held() {
            Some(held) => made.notional(made.entry) - held.notional(held.entry),
            None => made.notional(made.entry),
        };
        let margin = assigned.unwrap_or(Money::ZERO) + margin::initial(added, plan.intent.leverage);
        let report = PositionReport {
            symbol: plan.intent.symbol.clone(),
            position_side: plan.side,
            position: Some(made),
            mark_price: Some(plan.mark),
            liquidation_price: None,
            unrealized_pnl: None,
            realized_pnl: None,
            leverage: Some(plan.intent.leverage),
            margin_mode: Some(self.settings.margin_mode),
            isolated_margin: (self.settings.margin_mode == MarginMode::Isolated).then_some(margin),
            maintenance_margin: None,
            margin_ratio: None,
            stamp: Stamp::at(plan.reading.snapshot.time),
        };
        Held { report, position: made, instrument: plan.instrument.clone(), mark: plan.mark }
    }
}

impl Plan<'_> {
    /// What is sent: in lots, no less than the venue takes and, in one order, no more.
    pub(super) fn size(&self) -> Result<Quantity, UnfitSize> {
        let (instrument, wanted) = (&self.instrument, self.intent.quantity);
        if !self.in_parts {
            return instrument.market_size(wanted, self.mark);
        }
        wanted.round(instrument.lot, Rounding::Down).ok_or(UnfitSize::BelowLot { wanted, lot: instrument.lot })
    }

    /// A stop rests on the losing side of the mark, a profit is taken on the other.
    pub(super) fn right_sides(&self) -> Result<(), OpenFailure> {
        let (direction, mark) = (self.intent.direction, self.mark);
        let is_below = |trigger: Price| trigger < mark;
        let is_above = |trigger: Price| trigger > mark;
        let long = direction == Direction::Long;
        let losing: &dyn Fn(Price) -> bool = if long { &is_below } else { &is_above };
        let winning: &dyn Fn(Price) -> bool = if long { &is_above } else { &is_below };
        let wrong = |what, trigger| Err(OpenFailure::WrongSide { what, trigger, mark, direction });
        match (self.intent.stop_loss.price(), self.intent.take_profit) {
            (Some(trigger), _) if !losing(trigger) => wrong("stop-loss", trigger),
            (_, Some(trigger)) if !winning(trigger) => wrong("take-profit", trigger),
            _ => Ok(()),
        }
    }

    /// Where the stop is to be, or is.
    pub(in crate::position_manager) fn stop_trigger(&self) -> Option<Price> {
        match self.intent.stop_loss {
            StopLoss::At(price) => Some(price),
            StopLoss::Resting => self.stop_that_rests().and_then(|stop| stop.trigger),
            StopLoss::Waived(_) => None,
        }
    }

    /// The same as the venue takes it: on the contract's tick.
    pub(in crate::position_manager) fn stop_price(&self) -> Option<Price> {
        self.instrument.stop_price(self.intent.direction, self.stop_trigger()?)
    }

    /// What is to be protected by a stop that rests has one.
    pub(super) fn stop_rests(&self) -> Result<(), OpenFailure> {
        match self.intent.stop_loss {
            StopLoss::Resting if self.stop_that_rests().is_none() => {
                Err(OpenFailure::NoStopRests(self.intent.symbol.clone()))
            }
            StopLoss::Resting | StopLoss::At(_) | StopLoss::Waived(_) => Ok(()),
        }
    }

    /// A stop beyond the liquidation price protects nothing. Both are judged before the order, at the mark.
    pub(super) fn stop_comes_first(&self, liquidation: Liquidation) -> Result<(), OpenFailure> {
        let Some(trigger) = self.stop_trigger() else { return Ok(()) };
        match liquidated_before(self.intent.direction, trigger, liquidation) {
            Some(liquidation) => Err(OpenFailure::StopBeyondLiquidation { trigger, liquidation }),
            None => Ok(()),
        }
    }
}
