//! What an intent would mean, by the same code that judges it, without doing any of it.

use super::Plan;
use super::checks::Weighed;
use crate::funding_service::FundingCost;
use crate::position_manager::PositionManager;
use crate::position_manager::failure::OpenFailure;
use crate::position_manager::just_read::JustRead;
use crate::position_manager::protection::reached_first;
use crate::trouble::{Trouble, Troubles};
use plimsoll_domain::risk::{Projection, Refused, Warning, distance_to};
use plimsoll_domain::{Direction, Leverage, Liquidation, Money, Position, Price, Quantity, Rate, Symbol};
use plimsoll_ports::{OpenIntent, StopLoss};
use std::fmt;

/// What opening, or adding to, a position would mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The contract.
    pub symbol: Symbol,
    /// Long or short.
    pub direction: Direction,
    /// The size that would be sent, in lots.
    pub quantity: Quantity,
    /// The mark of now.
    pub mark: Price,
    /// The price that the figures are for, funding apart, which is paid at the mark: the limit of an entry that waits for it, else
    /// the mark.
    pub price: Price,
    /// The leverage.
    pub leverage: Leverage,
    /// What is held of it now.
    pub before: Option<Position>,
    /// What would be held, if it filled whole at `price`.
    pub after: Position,
    /// Size × `price`, of the order.
    pub notional: Money,
    /// The margin that the order needs: its notional ÷ leverage.
    pub initial_margin: Money,
    /// What the venue would require of the whole position.
    pub maintenance_margin: Money,
    /// The taker fee of the order.
    pub fee: Money,
    /// The fee, as a fraction.
    pub fee_rate: Rate,
    /// The exact liquidation price of the whole position.
    pub liquidation: Liquidation,
    /// How far `price` would be from it.
    pub distance: Option<Rate>,
    /// What funding would cost the whole position, if the rate is known.
    pub funding: Option<FundingCost>,
    /// Where the stop-loss would rest, on the contract's tick.
    pub stop_loss: Option<Price>,
    /// What the whole position would lose at its stop, with the fee of closing; positive is lost.
    pub loss_at_stop: Option<Money>,
    /// Where the take-profit would rest, as it was asked for.
    pub take_profit: Option<Price>,
    /// Wallet and unrealised profit.
    pub equity: Money,
    /// What new positions may use.
    pub available: Money,
    /// Every limit that says no.
    pub refused: Option<Refused>,
    /// What the limits say of it beside that.
    pub warnings: Vec<Warning>,
    /// Where the stop of all that is held goes.
    pub stop_move: Option<StopMove>,
    /// What could not be had beside it.
    pub troubles: Vec<Trouble>,
}

/// What is added to a position takes the stop of all of it along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopMove {
    /// Where the stop rests.
    pub from: Price,
    /// Where it is to rest.
    pub to: Price,
    /// More is lost there than where it rests.
    pub is_further: bool,
}

impl fmt::Display for StopMove {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let further = if self.is_further { ", further away" } else { "" };
        write!(f, "the stop of all that is held moves from {} to {}{further}", self.from, self.to)
    }
}

impl PositionManager {
    /// What this intent would mean, by a reading taken now. Nothing is set, sent or recorded; a refusal by the limits is part
    /// of the answer.
    ///
    /// # Errors
    /// [`OpenFailure`] where not even that can be said: an unfit size, a stop on the wrong side or beyond liquidation, an
    /// account that cannot be read.
    pub async fn preview(&self, intent: &OpenIntent) -> Result<Preview, OpenFailure> {
        self.preview_of(None, intent, false, None).await
    }

    /// The same by what was [just read](Self::reconcile_and_read), where that is of this account and no older than a second.
    /// It is for showing: opening reads the account anew.
    ///
    /// # Errors
    /// [`OpenFailure`] as of [`preview`](Self::preview).
    pub async fn preview_by(&self, read: Option<JustRead>, intent: &OpenIntent) -> Result<Preview, OpenFailure> {
        self.preview_of(read, intent, false, None).await
    }

    /// Judges an intent as opening it would, and lets nothing follow: what the limits refuse is on record, and a broken limit on
    /// losses engages the kill switch. For whoever asks nobody for a consent that would be in vain.
    ///
    /// # Errors
    /// [`OpenFailure`] as of [`open`](Self::open).
    pub async fn check(&self, intent: &OpenIntent) -> Result<(), OpenFailure> {
        self.check_of(intent, false).await
    }

    pub(in crate::position_manager) async fn check_of(
        &self,
        intent: &OpenIntent,
        in_parts: bool,
    ) -> Result<(), OpenFailure> {
        let Ok(_turn) = self.turn.acquire().await else { return Err(OpenFailure::ShuttingDown) };
        let mut troubles = Troubles::default();
        let checked = self.approved(intent, in_parts, &mut troubles).await.map(drop);
        troubles.into_vec().iter().for_each(|it| tracing::warn!(trouble = %it, "beside what was checked"));
        checked
    }

    /// The same; what is opened `in_parts` may be larger than one market order, and what waits for a limit fills there.
    pub(in crate::position_manager) async fn preview_of(
        &self,
        read: Option<JustRead>,
        intent: &OpenIntent,
        in_parts: bool,
        limit: Option<Price>,
    ) -> Result<Preview, OpenFailure> {
        let mut troubles = Troubles::default();
        self.refuse_while_unresolved(intent, None).await?;
        let plan = Plan { in_parts, ..self.plan_by(read, intent, &mut troubles).await? };
        let Weighed { quantity, by_the_limits } = self.judge(&plan, &mut troubles).await?;
        let (refused, warnings) = match by_the_limits {
            Ok(warnings) => (None, warnings),
            Err(refused) => (Some(refused), Vec::new()),
        };
        let held = plan.held();
        let stop_loss = plan.stop_price();
        let stop_move = self.stop_move(&plan);
        let settle = &self.settings.settle;
        // A limit beyond the mark is filled at the mark or better than that limit.
        let price = limit.map_or(plan.mark, |limit| match intent.direction {
            Direction::Long => limit.min(plan.mark),
            Direction::Short => limit.max(plan.mark),
        });
        let projection = Projection::of(&plan.instrument, held, intent.direction, quantity, price, intent.leverage);
        let made = projection.after.unwrap_or(Position { direction: intent.direction, quantity, entry: price });
        let liquidation = plan.reading.liquidation_of(&self.as_held(&plan, made));
        Ok(Preview {
            symbol: intent.symbol.clone(),
            direction: intent.direction,
            quantity,
            mark: plan.mark,
            price,
            leverage: intent.leverage,
            before: held,
            after: made,
            notional: quantity * price,
            initial_margin: projection.required_margin,
            maintenance_margin: plan.instrument.tiers.maintenance(made.notional(price)),
            fee: projection.fees,
            fee_rate: plan.instrument.fees.taker,
            liquidation,
            distance: distance_to(liquidation, price),
            funding: plan.funding_of(made),
            stop_loss,
            loss_at_stop: stop_loss.map(|stop| plan.loss_at(made, stop)),
            take_profit: intent.take_profit,
            equity: plan.reading.wallet(settle) + plan.reading.unrealized_pnl(),
            available: plan.reading.available(settle),
            refused,
            warnings,
            stop_move,
            troubles: troubles.into_vec(),
        })
    }
}

impl PositionManager {
    /// One stop of ours rests for a position; those of others stay where they are.
    fn stop_move(&self, plan: &Plan<'_>) -> Option<StopMove> {
        let OpenIntent { symbol, direction, stop_loss: StopLoss::At(_), .. } = plan.intent else { return None };
        plan.held()?;
        let stops = plan.reading.stops(symbol, plan.side, *direction);
        let ours = stops.filter(|stop| stop.close_position && self.ids.is_ours(&stop.client_order_id));
        let (from, to) = (reached_first(*direction, ours)?.trigger?, plan.stop_price()?);
        let is_further = if *direction == Direction::Long { to < from } else { to > from };
        (from != to).then_some(StopMove { from, to, is_further })
    }
}

impl Plan<'_> {
    /// What a position loses where its stop fills, with the taker fee of closing.
    fn loss_at(&self, position: Position, stop: Price) -> Money {
        position.notional(stop) * self.instrument.fees.taker - position.unrealized_pnl(stop)
    }
}
