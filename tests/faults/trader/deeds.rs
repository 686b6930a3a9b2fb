//! What our side does.

use super::Trader;
use crate::faults::step::{Contract, Deed};
use plimsoll_domain::{
    Decimal, Direction, Leverage, Money, Order, OrderType, Position, PositionReport, Price, Quantity,
};
use plimsoll_engine::{Action, ClientOrderIds, FlattenReason, Opened};
use plimsoll_ports::{CloseIntent, OpenIntent, StopLoss, Waiver};
use plimsoll_trial::difference::Difference;
use plimsoll_venue_server::Fault;

/// How a deed ended.
pub(crate) struct Done {
    pub(crate) said: String,
    pub(crate) wrong: Vec<Difference>,
}

impl From<String> for Done {
    fn from(said: String) -> Self {
        Self { said, wrong: Vec::new() }
    }
}

impl Trader<'_> {
    pub(crate) async fn done(&self, deed: Deed) -> Done {
        let manager = &self.process().manager;
        match deed {
            Deed::Open { contract, direction, notional, leverage, stop, target, limit } => {
                self.release().await;
                let intent = self.intent(contract, direction, notional, leverage, stop, target);
                let limit =
                    limit.and_then(|away| beyond(self.stage.market.price(contract), direction.opposite(), -away));
                let opened = match limit {
                    Some(limit) => manager.open_within("trader", &intent, limit).await,
                    None => manager.open_for("trader", &intent).await,
                };
                match opened {
                    Ok(opened) => self.check_opened(&opened),
                    Err(failure) => format!("not opened: {failure}").into(),
                }
            }
            Deed::MonitorBesideOpen { contract, direction, notional, stop } => {
                self.release().await;
                let intent = self.intent(contract, direction, notional, 5, Some(stop), None);
                let (opened, report) = futures_util::future::join(manager.open(&intent), manager.monitor()).await;
                let opened = opened.map_or_else(|failure| failure.to_string(), |it| format!("opened {}", it.quantity));
                format!("{opened}; {}", monitored(report)).into()
            }
            Deed::Close { which, share } => self.close(which, share).await.into(),
            Deed::Flatten => {
                let (by, reason) = ("trader".to_owned(), "the schedule says so".to_owned());
                let flattened = manager.flatten_all(FlattenReason::Wanted { by, reason }).await;
                let confirmed = flattened.is_confirmed();
                format!("flattened, confirmed: {confirmed}, {} failed", flattened.failed.len()).into()
            }
            Deed::Monitor => monitored(manager.monitor().await).into(),
            Deed::Reconcile => match manager.reconcile().await {
                Ok(it) => format!("reconciled{}", super::said(&it)).into(),
                Err(failure) => format!("not reconciled: {failure}").into(),
            },
            Deed::Cancel { which } => self.cancel(which).await.into(),
            Deed::Leverage { contract, leverage } => {
                let leverage = Leverage::new(leverage).expect("a leverage");
                match manager.set_leverage(&contract.symbol(), leverage).await {
                    Ok(change) => format!("leverage {}", change.to).into(),
                    Err(failure) => format!("leverage is not set: {failure}").into(),
                }
            }
            Deed::Margin { which, amount } => self.margin(which, amount).await.into(),
            Deed::Restart | Deed::Watch(_) => String::new().into(),
        }
    }

    /// Whatever has engaged the kill switch: the trader wants to go on.
    async fn release(&self) {
        if self.process().manager.kill_switch().await.is_ok_and(|switch| switch.engaged) {
            // If it cannot be released, what is wanted is refused.
            let _ = self.process().manager.release_kill_switch("trader", "the schedule goes on").await;
        }
    }

    fn intent(
        &self,
        contract: Contract,
        direction: Direction,
        notional: u64,
        leverage: u32,
        stop: Option<Decimal>,
        target: Option<Decimal>,
    ) -> OpenIntent {
        // A one-way account adds to what it holds: the other way round it would only be refused.
        let held = self.stage.truth().positions.into_iter().filter(|it| it.symbol == contract.symbol());
        let held: Vec<Position> = held.filter_map(|it| it.position).collect();
        let direction = match held.as_slice() {
            [only] if self.schedule.position_mode == plimsoll_domain::PositionMode::OneWay => only.direction,
            _ => direction,
        };
        let price = self.stage.market.price(contract);
        let quantity = Quantity::new((Decimal::from(notional) / price.get()).round_dp(3))
            .unwrap_or(Quantity::new(Decimal::new(1, 3)).expect("a size"));
        OpenIntent {
            symbol: contract.symbol(),
            direction,
            quantity,
            leverage: Leverage::new(leverage).expect("a leverage"),
            stop_loss: stop.and_then(|away| beyond(price, direction, away)).map_or_else(unprotected, StopLoss::At),
            take_profit: target.and_then(|away| beyond(price, direction, -away)),
        }
    }

    /// What is said to be protected is protected at the venue.
    fn check_opened(&self, opened: &Opened) -> Done {
        let mut done = Done::from(format!("opened {} at {}", opened.quantity, opened.price));
        let Some(stop) = opened.stop_loss.stop() else { return done };
        let truth = self.stage.truth();
        let is_held = truth.positions.iter().any(|it| it.symbol == opened.symbol && it.position_side == opened.side);
        let may_be_lost = self.schedule.faults.rules.iter().any(|rule| rule.fault() == Fault::LoseStop);
        if is_held && !may_be_lost && !truth.is_open(&stop.client_order_id) {
            let subject = format!("the stop of {} {}", opened.symbol, opened.side);
            done.wrong.push(Difference::new(subject, "verified", "not there"));
        }
        done
    }

    /// One of what is held.
    pub(super) fn held(&self, which: u64) -> Option<(PositionReport, Position)> {
        let positions = self.stage.truth().positions;
        let report = nth(&positions, which)?.clone();
        let position = report.position?;
        Some((report, position))
    }

    async fn close(&self, which: u64, share: Option<Decimal>) -> String {
        let Some((report, position)) = self.held(which) else { return "nothing is held".to_owned() };
        let part = |share: Decimal| Quantity::new((position.quantity.get() * share).round_dp(3)).ok();
        let quantity = share.and_then(part);
        let intent = CloseIntent { symbol: report.symbol, direction: position.direction, quantity };
        match self.process().manager.close(&intent).await {
            Ok(closed) => {
                let troubles: String = closed.troubles.iter().map(|trouble| format!("; {trouble}")).collect();
                format!("closed {} of {}{troubles}", closed.quantity, position.quantity)
            }
            Err(failure) => format!("not closed: {failure}"),
        }
    }

    async fn cancel(&self, which: u64) -> String {
        let ids = ClientOrderIds::of_process(&self.stage.account, 0);
        let open = self.stage.truth().open;
        let ours: Vec<&Order> = open.iter().filter(|order| ids.is_ours(&order.client_order_id)).collect();
        let Some(order) = nth(&ours, which) else { return "nothing of ours rests".to_owned() };
        match self.process().broker.cancel(&order.symbol, &order.client_order_id).await {
            Ok(()) => format!("cancelled {}, a {}", order.client_order_id, shown(order.order_type)),
            Err(failure) => format!("{} is not cancelled: {failure}", order.client_order_id),
        }
    }

    async fn margin(&self, which: u64, amount: i64) -> String {
        let Some((report, position)) = self.held(which) else { return "nothing is held".to_owned() };
        let amount = Money::new(amount.into());
        match self.process().manager.adjust_margin(&report.symbol, position.direction, amount).await {
            Ok(change) => format!("margin {} to {}", change.margin.0, change.margin.1),
            Err(failure) => format!("margin is not moved: {failure}"),
        }
    }
}

fn shown(order_type: OrderType) -> &'static str {
    order_type.as_str()
}

fn monitored(report: Result<plimsoll_engine::MonitorReport, plimsoll_engine::MonitorFailure>) -> String {
    match report {
        Ok(report) => {
            let action = match report.action {
                Action::None => "nothing to do",
                Action::Defended => "defended",
                Action::Reduced(_) => "reduced",
                Action::NotReduced(_) => "not reduced",
                Action::Flattened(_) => "flattened",
                Action::Stopped { .. } => "stopped",
            };
            let troubles: String = report.troubles.iter().map(|trouble| format!("; {trouble}")).collect();
            format!("monitored: {action}, {} ended{troubles}", report.ended.len())
        }
        Err(failure) => format!("blind: {failure}"),
    }
}

/// This one of them, counted round and round.
pub(super) fn nth<T>(of: &[T], which: u64) -> Option<&T> {
    let count = u64::try_from(of.len()).ok().filter(|count| *count > 0)?;
    of.get(usize::try_from(which % count).ok()?)
}

/// The schedule wants no stop here.
fn unprotected() -> StopLoss {
    StopLoss::Waived(Waiver::new("schedule", "this one goes without").expect("a name and a reason"))
}

/// A price on the losing side of a position of this direction, so far away; negative: on the winning side.
pub(super) fn beyond(price: Price, direction: Direction, away: Decimal) -> Option<Price> {
    Price::new(price.get() * (Decimal::ONE - direction.sign() * away)).ok()
}
