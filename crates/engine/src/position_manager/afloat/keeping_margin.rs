//! An isolated position that is made smaller keeps its margin: venues give the share of what is closed back to the wallet,
//! and the rest would be as near to its liquidation as before.

use super::carrying_out::Done;
use super::measure::{CutFor, MarginFor, Measure};
use crate::execution::{fees, total, walk};
use crate::order_path::Wait;
use crate::position_manager::PositionManager;
use crate::position_manager::close::ClosedAtVenue;
use plimsoll_domain::afloat::{Cut, Guarded, GuardedAccount};
use plimsoll_domain::{
    ClientOrderId, Collateral, Decimal, Fill, Money, Position, PositionReport, PositionSide, Step, Symbol, Timestamp,
};
use plimsoll_ports::{CommandError, NotSent};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

/// What was set free and cannot be worked out for so long is told once more, and left to a person.
const OWED_FOR: Duration = Duration::from_secs(10 * 60);

/// Margin that cuts have set free, and that is not put back yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owed {
    symbol: Symbol,
    side: PositionSide,
    /// As it was held before the first of these cuts.
    held: Position,
    /// Its margin then, and what it was given since.
    margin: Money,
    /// What was closed of it.
    closed: Decimal,
    /// Profit less fees of what was closed, as far as the venue has told it.
    outcome: Money,
    /// The orders that it has not told yet, and how much they closed.
    untold: (Vec<ClientOrderId>, Decimal),
    /// When the first cut was sent.
    since: Timestamp,
}

/// Why it is not known what was set free.
enum NotKnown {
    /// A later look may know.
    Yet(String),
    /// None will.
    Ever(String),
}

impl PositionManager {
    /// Makes a position smaller and, if it is isolated, puts back what its venue has set free by that: what the closed part
    /// held, less its loss and its fees. Nothing else of the wallet is touched. `added` was given to it since it was read.
    ///
    /// What cannot be worked out at once is told, and put back before the next look judges anything.
    pub(super) async fn cut_keeping_margin(
        &self,
        it: &Guarded<'_>,
        side: PositionSide,
        added: Money,
        cut: &Cut,
        why: CutFor,
    ) -> Vec<Done> {
        let since = self.ports.clock.now();
        let done = self.cut_at_venue(it, cut, why).await;
        let symbol = &it.instrument.symbol;
        let margin = match it.collateral {
            Collateral::Isolated(margin) if !cut.is_whole => margin + added,
            Collateral::Isolated(_) | Collateral::Cross => {
                self.take_owed(symbol, side);
                return vec![Done::Cut(Box::new(done))];
            }
        };
        let Some(closed) = &done.closed else { return vec![Done::Cut(Box::new(done))] };
        // What an earlier cut has set free is worked out with it: the venue tells one margin.
        let mut owed = self.take_owed(symbol, side).unwrap_or_else(|| Owed {
            symbol: symbol.clone(),
            side,
            held: it.position,
            margin,
            closed: Decimal::ZERO,
            outcome: Money::ZERO,
            untold: Default::default(),
            since,
        });
        owed.add(closed);
        let mut all = vec![Done::Cut(Box::new(done))];
        all.extend(self.put_back(owed, true).await.map(Done::Other));
        all
    }

    /// Puts back what earlier cuts have set free, as far as it is known by now: the account is judged with it.
    pub(super) async fn put_back_owed(&self, account: &mut GuardedAccount<'_>, sides: &[PositionSide]) -> Vec<Measure> {
        let mut measures = Vec::new();
        let all = std::mem::take(&mut *self.margins_owed());
        for owed in all {
            let (symbol, side) = (owed.symbol.clone(), owed.side);
            let Some(done) = self.put_back(owed, false).await else { continue };
            if let Measure::MarginAdded { amount, failure: None, .. } = &done {
                let its = account.positions.iter_mut().zip(sides);
                let its = its.filter(|(it, its)| it.instrument.symbol == symbol && **its == side);
                for (it, _) in its {
                    if let Collateral::Isolated(margin) = &mut it.collateral {
                        *margin += *amount;
                    }
                }
                account.free -= *amount;
            }
            measures.push(done);
        }
        measures
    }

    /// `None` if there is nothing to be put back, or if it is not known still and that was told.
    async fn put_back(&self, owed: Owed, is_first: bool) -> Option<Measure> {
        let (symbol, side, why) = (owed.symbol.clone(), owed.side, MarginFor::Kept);
        let is_over = self.ports.clock.now().since(owed.since) > OWED_FOR;
        let amount = match self.freed(&owed).await {
            Ok(amount) => in_cents(amount)?,
            Err(why_not) => {
                let (said, is_told) = match why_not {
                    NotKnown::Yet(said) if !is_over => {
                        self.margins_owed().push(owed);
                        (said, is_first)
                    }
                    NotKnown::Yet(said) | NotKnown::Ever(said) => (said, true),
                };
                let failure = Some(CommandError::NotSent(NotSent::Unavailable(said)));
                return is_told.then_some(Measure::MarginAdded { symbol, side, amount: Money::ZERO, why, failure });
            }
        };
        let failure = self.ports.broker.adjust_isolated_margin(&symbol, side, amount).await.err();
        // Had it been moved after all, nothing would be lacking the next time.
        if failure.as_ref().is_some_and(|failure| !matches!(failure, CommandError::Refused(_))) && !is_over {
            self.margins_owed().push(owed);
        }
        Some(Measure::MarginAdded { symbol, side, amount, why, failure })
    }

    /// What these cuts have set free: the margin that is gone, and the outcome of what was closed.
    async fn freed(&self, owed: &Owed) -> Result<Money, NotKnown> {
        let outcome = owed.outcome + self.untold(owed).await?;
        let positions = self.positions_patiently(Wait::Glance).await;
        let positions = positions.map_err(|error| NotKnown::Yet(error.to_string()))?;
        let is_it = |report: &&PositionReport| {
            let is_same_way = report.position.is_some_and(|held| held.direction == owed.held.direction);
            report.symbol == owed.symbol && report.position_side == owed.side && is_same_way
        };
        // What is gone has no margin, and lacks none.
        let Some((report, now)) = positions.iter().find(is_it).and_then(|it| Some((it, it.position?))) else {
            return Ok(Money::ZERO);
        };
        let expected = owed.held.quantity.get().saturating_sub(owed.closed);
        if now.quantity.get() > expected {
            return Err(NotKnown::Yet("its venue does not show the position made smaller yet".to_owned()));
        }
        if now.quantity.get() < expected {
            return Err(NotKnown::Ever("something else has made the position smaller as well".to_owned()));
        }
        let Some(left) = report.isolated_margin else {
            return Err(NotKnown::Yet("its venue does not tell its margin".to_owned()));
        };
        Ok(owed.margin - left + outcome)
    }

    /// Profit less fees of the orders that were not told at first.
    async fn untold(&self, owed: &Owed) -> Result<Money, NotKnown> {
        let (orders, quantity) = &owed.untold;
        if orders.is_empty() {
            return Ok(Money::ZERO);
        }
        let fills = self.ports.broker.fills(&owed.symbol, Self::slack_before(owed.since)).await;
        let fills = fills.map_err(|error| NotKnown::Yet(error.to_string()))?;
        let mut fills: Vec<Fill> = fills.into_iter().filter(|fill| orders.contains(&fill.client_order_id)).collect();
        if total(&fills).is_none_or(|total| total.get() < *quantity) {
            return Err(NotKnown::Yet("its venue does not tell yet at which price it was made smaller".to_owned()));
        }
        walk(Some(owed.held), &mut fills);
        Ok(fills.iter().filter_map(|fill| fill.realized_pnl).sum::<Money>() - fees(&fills))
    }

    fn take_owed(&self, symbol: &Symbol, side: PositionSide) -> Option<Owed> {
        let mut all = self.margins_owed();
        let place = all.iter().position(|it| it.symbol == *symbol && it.side == side)?;
        Some(all.swap_remove(place))
    }

    fn margins_owed(&self) -> MutexGuard<'_, Vec<Owed>> {
        self.afloat.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Owed {
    fn add(&mut self, closed: &ClosedAtVenue) {
        let quantity = closed.quantity().get();
        self.closed = self.closed.saturating_add(quantity);
        match closed.outcome() {
            Some(outcome) => self.outcome += outcome,
            None => {
                self.untold.0.extend(closed.orders().cloned());
                self.untold.1 = self.untold.1.saturating_add(quantity);
            }
        }
    }
}

/// Rounded down to what can be moved.
fn in_cents(amount: Money) -> Option<Money> {
    let cents = amount.get().checked_div(Step::HUNDREDTH.get())?.floor();
    let amount = cents.checked_mul(Step::HUNDREDTH.get())?;
    (amount > Decimal::ZERO).then(|| Money::new(amount))
}
