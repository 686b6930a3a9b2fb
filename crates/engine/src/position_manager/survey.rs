//! The account as it stands, for people and programs that only look.

use super::PositionManager;
use super::outcome::PositionHealth;
use super::reading::{Held, Reading};
use crate::funding_service::{FundingCost, cost_of};
use crate::trouble::{Subject, Trouble, Troubles};
use plimsoll_domain::risk::MarginAlert;
use plimsoll_domain::{
    Direction, FundingRate, Instrument, Leverage, MarginMode, MarginRatio, Money, Order, OrderType, PositionMode,
    PositionReport, PositionSide, Price, Symbol, Timestamp,
};
use plimsoll_ports::QueryError;

/// An account at one moment: everything that is held, what rests, and what both come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The venue's time, from before the reading.
    pub time: Timestamp,
    /// How many positions a contract may have.
    pub position_mode: PositionMode,
    /// Everything but unrealised profit.
    pub wallet: Money,
    /// Wallet and unrealised profit.
    pub equity: Money,
    /// What new positions may use.
    pub available: Money,
    /// The worst margin ratio of the cross pool and the isolated positions; `None` where nothing is required.
    pub margin_ratio: Option<MarginRatio>,
    /// How loud that ratio is.
    pub alert: MarginAlert,
    /// Every position that can be judged.
    pub positions: Vec<SurveyedPosition>,
    /// Positions that cannot be priced: nobody can judge them.
    pub unpriced: Vec<PositionReport>,
    /// Every open order, with whether it is one of ours.
    pub orders: Vec<(Order, bool)>,
    /// What could not be had beside it.
    pub troubles: Vec<Trouble>,
}

/// One position of a [`Survey`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyedPosition {
    /// Entry, mark, liquidation, margin ratio and profit.
    pub health: PositionHealth,
    /// The contract.
    pub instrument: Instrument,
    /// The leverage that is set.
    pub leverage: Option<Leverage>,
    /// What backs it.
    pub margin_mode: Option<MarginMode>,
    /// The margin that it holds, if it is isolated.
    pub isolated_margin: Option<Money>,
    /// Size × mark.
    pub notional: Money,
    /// What the venue requires of it at the mark.
    pub maintenance: Money,
    /// What funding costs it at the rate of now, if that is known.
    pub funding: Option<FundingCost>,
    /// The stop that rests nearest to the mark.
    pub stop_loss: Option<Order>,
    /// The target that rests nearest to the mark.
    pub take_profit: Option<Order>,
}

impl PositionManager {
    /// Looks at the account without touching it: no order, no record, no alert.
    ///
    /// # Errors
    /// [`QueryError`] if the account itself cannot be read; what is missing beside it is among the troubles.
    pub async fn survey(&self) -> Result<Survey, QueryError> {
        let mut troubles = Troubles::default();
        let reading = self.read_account(&mut troubles).await?;
        let settle = &self.settings.settle;
        let assessment = reading.assess(settle, self.settings.closing_fee);
        let healths = self.healths(&reading, &assessment);
        let mut positions = Vec::with_capacity(healths.len());
        for ((held, health), it) in reading.held.iter().zip(healths).zip(&assessment.positions) {
            positions.push(SurveyedPosition {
                funding: self.funding_at(held, &mut troubles).await,
                instrument: held.instrument.clone(),
                leverage: held.report.leverage,
                margin_mode: held.report.margin_mode,
                isolated_margin: held.report.isolated_margin,
                notional: it.notional,
                maintenance: it.maintenance,
                stop_loss: nearest(&reading, held, is_stop),
                take_profit: nearest(&reading, held, is_target),
                health,
            });
        }
        let margin_ratio = assessment.positions.iter().filter_map(|it| it.margin_ratio).max();
        let is_ours = |order: &Order| self.ids.is_ours(&order.client_order_id);
        Ok(Survey {
            time: reading.snapshot.time,
            position_mode: reading.snapshot.position_mode,
            wallet: reading.wallet(settle),
            equity: reading.wallet(settle) + reading.unrealized_pnl(),
            available: reading.available(settle),
            margin_ratio,
            alert: MarginAlert::of(margin_ratio),
            positions,
            orders: reading.snapshot.orders.iter().map(|order| (order.clone(), is_ours(order))).collect(),
            unpriced: reading.unpriced,
            troubles: troubles.into_vec(),
        })
    }

    async fn funding_at(&self, held: &Held, troubles: &mut Troubles) -> Option<FundingCost> {
        let symbol: &Symbol = &held.report.symbol;
        let rate = self.ports.funding_rates.current(symbol).await;
        let rate: FundingRate = troubles.known(Subject::Funding, symbol, rate)?;
        let hours = rate.interval_hours.unwrap_or(held.instrument.funding_interval_hours);
        cost_of(held.position, &rate, held.mark, hours)
    }
}

/// The order that closes a position and whose trigger is nearest to the mark.
fn nearest(reading: &Reading, held: &Held, is_wanted: fn(OrderType) -> bool) -> Option<Order> {
    let (symbol, side, direction) = (&held.report.symbol, held.report.position_side, held.position.direction);
    nearest_of(&reading.snapshot.orders, (symbol, side, direction), Some(held.mark), is_wanted).cloned()
}

/// The same of any orders; without a mark, the first that is listed.
pub(crate) fn nearest_of<'a>(
    orders: &'a [Order],
    (symbol, side, direction): (&Symbol, PositionSide, Direction),
    mark: Option<Price>,
    is_wanted: fn(OrderType) -> bool,
) -> Option<&'a Order> {
    let closes = |order: &&Order| {
        order.symbol == *symbol
            && order.position_side == side
            && order.side == direction.closing_side()
            && is_wanted(order.order_type)
            && !order.status.is_final()
    };
    let distance = |order: &&Order| order.trigger.zip(mark).map(|(trigger, mark)| (trigger.get() - mark.get()).abs());
    orders.iter().filter(closes).filter(|order| order.trigger.is_some()).min_by_key(distance)
}

pub(crate) const fn is_stop(order_type: OrderType) -> bool {
    matches!(order_type, OrderType::StopMarket | OrderType::Stop | OrderType::TrailingStopMarket)
}

pub(crate) const fn is_target(order_type: OrderType) -> bool {
    matches!(order_type, OrderType::TakeProfitMarket | OrderType::TakeProfit)
}
