//! Leverage and isolated margin, within the limits.

use super::PositionManager;
use super::monitor::is_stop;
use super::protection::{covered_at, liquidated_before};
use super::reading::find_direction;
use crate::position_manager::sentence::{percent_down, percent_exact, short};
use crate::trouble::Troubles;
use plimsoll_domain::liquidation::{self, Leg};
use plimsoll_domain::risk::distance_to;
use plimsoll_domain::{
    Direction, Leverage, Liquidation, MarginMode, Money, Position, PositionSide, Price, Rate, Symbol,
};
use plimsoll_ports::{CommandError, QueryError};

/// What another leverage of a contract would mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeverageChange {
    /// The contract.
    pub symbol: Symbol,
    /// What is set now; `None` where the venue tells it only of contracts that are held.
    pub from: Option<Leverage>,
    /// What would be set.
    pub to: Leverage,
    /// The most that the venue allows for what is held.
    pub most: Leverage,
    /// What is held of it.
    pub held: Option<Position>,
    /// The initial margin of that at its entry now, and then.
    pub initial_margin: Option<(Money, Money)>,
}

/// What moving margin into or out of an isolated position would mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarginChange {
    /// The contract.
    pub symbol: Symbol,
    /// Which position of it.
    pub side: PositionSide,
    /// What is held.
    pub position: Position,
    /// The mark.
    pub mark: Price,
    /// What is moved: positive into the position, negative out of it.
    pub amount: Money,
    /// The margin that it holds now, and then.
    pub margin: (Money, Money),
    /// The exact liquidation price now, and then.
    pub liquidation: (Liquidation, Liquidation),
    /// The distance to it now, and then.
    pub distance: (Option<Rate>, Option<Rate>),
}

/// Why leverage or margin was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdjustFailure {
    /// Above what is configured.
    #[error("leverage {wanted} is above the limit of {limit}")]
    LeverageAboveLimit {
        /// What was asked for.
        wanted: Leverage,
        /// The limit.
        limit: Leverage,
    },
    /// Above what the venue allows for what is held.
    #[error("leverage {wanted} is above the {most} that the venue allows for this position")]
    LeverageAboveTier {
        /// What was asked for.
        wanted: Leverage,
        /// What is allowed.
        most: Leverage,
    },
    /// Nothing is held.
    #[error("{symbol} has no {direction} position")]
    NothingHeld {
        /// The contract.
        symbol: Symbol,
        /// Which way.
        direction: Direction,
    },
    /// Cross positions share one pool: none has margin of its own.
    #[error("{0} is backed by the whole account (cross): only an isolated position has margin of its own")]
    NotIsolated(Symbol),
    /// It would bring liquidation too near.
    #[error("taking out {amount} leaves {} to liquidation, the limit is {}", percent_down(*distance), percent_exact(*limit))]
    TooNearLiquidation {
        /// What was to be taken out.
        amount: Money,
        /// How far the mark would be from liquidation.
        distance: Rate,
        /// The least that is allowed.
        limit: Rate,
    },
    /// It would be liquidated at once, whatever the limit is.
    #[error("taking out {amount} leaves less than the maintenance margin: it would be liquidated at once")]
    LiquidatedAtOnce {
        /// What was to be taken out.
        amount: Money,
    },
    /// It would bring liquidation before the stop, which would protect nothing.
    #[error("taking out {amount} leaves liquidation at {}, before the stop at {stop}", short(*liquidation))]
    StopBeyondLiquidation {
        /// What was to be taken out.
        amount: Money,
        /// The stop that would close it, or the last that would close some of it.
        stop: Price,
        /// Where it would be liquidated.
        liquidation: Price,
    },
    /// The venue did not tell what judging it takes.
    #[error("the account cannot be read: {0}")]
    NotKnown(#[from] QueryError),
    /// The venue did not do it, or may not have.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl PositionManager {
    /// What another leverage would mean. Nothing is set.
    ///
    /// # Errors
    /// [`AdjustFailure`] if it is not allowed.
    pub async fn preview_leverage(&self, symbol: &Symbol, to: Leverage) -> Result<LeverageChange, AdjustFailure> {
        let limit = self.rules().limits.settings().max_leverage;
        if to > limit {
            return Err(AdjustFailure::LeverageAboveLimit { wanted: to, limit });
        }
        let instrument = self.ports.broker.instrument(symbol).await?;
        let positions = self.ports.broker.positions().await?;
        let of_symbol = positions.iter().find(|report| report.symbol == *symbol && report.position.is_some());
        let held = of_symbol.and_then(|report| report.position);
        let notional = held.map_or(Money::ZERO, |held| held.notional(held.entry));
        let most = instrument.max_leverage(notional);
        if to > most {
            return Err(AdjustFailure::LeverageAboveTier { wanted: to, most });
        }
        let from = of_symbol.and_then(|report| report.leverage);
        let now = |leverage| instrument.initial_margin(notional, leverage);
        let initial_margin = held.and(from).map(|from| (now(from), now(to)));
        Ok(LeverageChange { symbol: symbol.clone(), from, to, most, held, initial_margin })
    }

    /// Sets a contract's leverage at the venue, within the limits.
    ///
    /// # Errors
    /// [`AdjustFailure`].
    pub async fn set_leverage(&self, symbol: &Symbol, to: Leverage) -> Result<LeverageChange, AdjustFailure> {
        let change = self.preview_leverage(symbol, to).await?;
        self.ports.broker.set_leverage(symbol, to).await?;
        self.log_risk("leverage", Some(symbol), &format!("set to {to}"), None, None, "set", &mut Troubles::default())
            .await;
        Ok(change)
    }

    /// What moving margin would mean. Nothing is moved.
    ///
    /// # Errors
    /// [`AdjustFailure`] if it is not allowed: taking out must leave the configured distance to liquidation, and the stop before
    /// it.
    pub async fn preview_margin(
        &self,
        symbol: &Symbol,
        direction: Direction,
        amount: Money,
    ) -> Result<MarginChange, AdjustFailure> {
        let positions = self.ports.broker.positions().await?;
        let nothing = || AdjustFailure::NothingHeld { symbol: symbol.clone(), direction };
        let (report, position) = find_direction(&positions, symbol, direction).ok_or_else(nothing)?;
        if report.margin_mode != Some(MarginMode::Isolated) {
            return Err(AdjustFailure::NotIsolated(symbol.clone()));
        }
        let instrument = self.ports.broker.instrument(symbol).await?;
        let mark = match report.mark_price {
            Some(mark) => mark,
            None => self.ports.feed.mark_price(symbol).await?.price,
        };
        let before = report.isolated_margin.unwrap_or_default();
        let after = before + amount;
        // What is isolated is judged by itself: the rest of the account does not matter.
        let leg = Leg { position, tiers: &instrument.tiers };
        let at = |margin| liquidation::isolated(leg, margin, self.settings.closing_fee, Some(mark));
        let (now, then) = (at(before), at(after));
        let distance = |liquidation| distance_to(liquidation, mark);
        let change = MarginChange {
            symbol: symbol.clone(),
            side: report.position_side,
            position,
            mark,
            amount,
            margin: (before, after),
            liquidation: (now, then),
            distance: (distance(now), distance(then)),
        };
        self.far_enough(&change)?;
        self.stop_comes_first(&change).await?;
        Ok(change)
    }

    fn far_enough(&self, change: &MarginChange) -> Result<(), AdjustFailure> {
        if !change.amount.is_negative() {
            return Ok(());
        }
        let (amount, limit) = (change.amount.abs(), self.rules().limits.settings().min_liquidation_distance);
        if change.liquidation.1 == Liquidation::AlreadyDue {
            return Err(AdjustFailure::LiquidatedAtOnce { amount });
        }
        match change.distance.1.filter(|distance| *distance < limit) {
            Some(distance) => Err(AdjustFailure::TooNearLiquidation { amount, distance, limit }),
            None => Ok(()),
        }
    }

    async fn stop_comes_first(&self, change: &MarginChange) -> Result<(), AdjustFailure> {
        if !change.amount.is_negative() {
            return Ok(());
        }
        let (symbol, direction) = (&change.symbol, change.position.direction);
        let orders = self.ports.broker.open_orders(Some(symbol)).await?;
        let stops = orders.iter().filter(|order| is_stop(order, symbol, change.side, direction));
        let Some(stop) = covered_at(change.position, change.mark, stops) else { return Ok(()) };
        match liquidated_before(direction, stop, change.liquidation.1) {
            Some(liquidation) => {
                Err(AdjustFailure::StopBeyondLiquidation { amount: change.amount.abs(), stop, liquidation })
            }
            None => Ok(()),
        }
    }

    /// Moves margin into (positive) or out of (negative) an isolated position, within the limits.
    ///
    /// # Errors
    /// [`AdjustFailure`].
    pub async fn adjust_margin(
        &self,
        symbol: &Symbol,
        direction: Direction,
        amount: Money,
    ) -> Result<MarginChange, AdjustFailure> {
        let change = self.preview_margin(symbol, direction, amount).await?;
        self.ports.broker.adjust_isolated_margin(symbol, change.side, amount).await?;
        let (detail, figure) = (format!("isolated margin {} → {}", change.margin.0, change.margin.1), amount.get());
        self.log_risk("margin_moved", Some(symbol), &detail, Some(figure), None, "moved", &mut Troubles::default())
            .await;
        Ok(change)
    }
}
