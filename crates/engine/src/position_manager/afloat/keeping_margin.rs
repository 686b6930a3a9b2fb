//! An isolated position that is made smaller keeps its margin: venues give the share of what is closed back to the wallet,
//! and the rest would be as near to its liquidation as before.

use super::measure::{CutFor, MarginFor, Measure};
use crate::position_manager::PositionManager;
use crate::position_manager::outcome::Closed;
use plimsoll_domain::afloat::{Cut, Guarded};
use plimsoll_domain::{Collateral, Decimal, Money, Position, PositionReport, PositionSide, Step};

impl PositionManager {
    /// Makes a position smaller and, if it is isolated, puts back what its venue has set free by that: what the closed part
    /// held, less its loss and its fees. Nothing else of the wallet is touched. `added` was given to it since it was read.
    pub(super) async fn cut_keeping_margin(
        &self,
        it: &Guarded<'_>,
        side: PositionSide,
        added: Money,
        cut: &Cut,
        why: CutFor,
    ) -> Vec<Measure> {
        let done = self.cut(it, cut, why).await;
        let before = match it.collateral {
            Collateral::Isolated(margin) if !cut.is_whole => margin + added,
            Collateral::Isolated(_) | Collateral::Cross => return vec![done],
        };
        let Measure::Cut { closed, .. } = &done else { return vec![done] };
        let outcome: Money = closed.iter().map(|part| outcome(part, it)).sum();
        let symbol = &it.instrument.symbol;
        let is_it = |report: &&PositionReport| report.symbol == *symbol && report.position_side == side;
        let left = match self.ports.broker.positions().await {
            Ok(positions) if !closed.is_empty() => {
                positions.iter().find(is_it).filter(|it| it.position.is_some()).and_then(|it| it.isolated_margin)
            }
            _ => None,
        };
        let freed = left.and_then(|left| in_cents(before - left + outcome));
        let mut measures = vec![done];
        if let Some(freed) = freed {
            measures.push(self.add_margin(it, side, freed, MarginFor::Kept).await);
        }
        measures
    }
}

/// Profit less fees of what was closed; while the venue has not told its fills, as it is to be expected.
fn outcome(closed: &Closed, it: &Guarded<'_>) -> Money {
    let price = closed.price.unwrap_or(it.mark);
    let part = Position { quantity: closed.quantity, ..it.position };
    let profit = closed.realized_pnl.unwrap_or_else(|| part.unrealized_pnl(price));
    profit - closed.fees.unwrap_or_else(|| part.notional(price) * it.fee)
}

/// Rounded down to what can be moved.
fn in_cents(amount: Money) -> Option<Money> {
    let cents = amount.get().checked_div(Step::HUNDREDTH.get())?.floor();
    let amount = cents.checked_mul(Step::HUNDREDTH.get())?;
    (amount > Decimal::ZERO).then(|| Money::new(amount))
}
