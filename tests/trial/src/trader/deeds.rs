//! What our side does.

use super::Trader;
use crate::fuse::Fuse;
use crate::manager;
use crate::process::said;
use crate::step::{Deed, Entry, Hand};
use plimsoll_domain::{
    Decimal, Direction, Leverage, Money, Order, Position, PositionMode, PositionReport, Price, Quantity,
};
use plimsoll_engine::{FlattenReason, Opened};
use plimsoll_ports::{CloseIntent, OpenIntent, StopLoss, Waiver};
use std::sync::Arc;

impl Trader<'_> {
    pub(crate) async fn done(&self, deed: Deed) -> String {
        let manager = &self.process().manager;
        match deed {
            Deed::Open(entry) => self.open(entry).await,
            Deed::Compose(composition) => self.compose(composition).await,
            Deed::CancelComposed { which } => self.cancel_composed(which).await,
            Deed::Close { which, share } => self.close(which, share).await,
            Deed::Flatten => {
                let (by, reason) = ("trader".to_owned(), "the plan says so".to_owned());
                let flattened = manager.flatten_all(FlattenReason::Wanted { by, reason }).await;
                format!("flattened, confirmed: {}, {} failed", flattened.is_confirmed(), flattened.failed.len())
            }
            Deed::Reconcile => match manager.reconcile().await {
                Ok(it) => format!("reconciled{}", said(&it)),
                Err(failure) => format!("not reconciled: {failure}"),
            },
            Deed::Cancel { which } => self.cancel(which).await,
            Deed::Leverage { contract, leverage } => {
                let leverage = Leverage::new(leverage).expect("a leverage");
                match manager.set_leverage(&contract.symbol(), leverage).await {
                    Ok(change) => format!("leverage {}", change.to),
                    Err(failure) => format!("leverage is not set: {failure}"),
                }
            }
            Deed::Margin { which, amount } => self.margin(which, amount).await,
            Deed::Kill(hand) => {
                match hand {
                    Hand::Here => self.kill_here().await,
                    Hand::Elsewhere => self.kill_elsewhere().await,
                    Hand::Both => {
                        futures_util::future::join(self.kill_here(), self.kill_elsewhere()).await;
                    }
                }
                "killed".to_owned()
            }
            Deed::Restart | Deed::Watch(_) => String::new(),
        }
    }

    async fn kill_here(&self) {
        let now = self.world.time.now();
        self.world.state().observer.engaged(now);
        let troubles = self.process().manager.engage_kill_switch("operator", "the plan says so").await;
        self.world.note(|| format!("  killed here, {} troubles", troubles.len()));
    }

    /// By another process, whose calls meet the same faults.
    async fn kill_elsewhere(&self) {
        let (fuse, off) = (Fuse::default(), Arc::default());
        let ports = manager::ports(&self.world, &fuse, &off);
        let other = manager::of(&self.world, self.plan, 1_000_000, ports);
        let troubles = other.engage_kill_switch("operator elsewhere", "the plan says so").await;
        self.world.note(|| format!("  killed elsewhere, {} troubles", troubles.len()));
    }

    async fn open(&self, entry: Entry) -> String {
        let manager = &self.process().manager;
        self.releases(entry).await;
        let was_engaged = self.world.state().observer.is_engaged() && !entry.releases;
        let intent = self.intent(entry);
        let price = self.world.price(entry.contract);
        let limit = entry.limit.and_then(|away| beyond(price, entry.direction.opposite(), -away));
        let opened = match limit {
            Some(limit) => manager.open_within("trader", &intent, limit).await,
            None => manager.open_for("trader", &intent).await,
        };
        match opened {
            Ok(opened) => {
                if was_engaged && self.world.state().observer.is_engaged() {
                    self.world.is_wrong(format!("opening {}", intent.symbol), "opened", "the kill switch is engaged");
                }
                self.check_opened(&opened);
                format!("opened {} at {}", opened.quantity, opened.price)
            }
            Err(failure) => format!("not opened: {failure}"),
        }
    }

    /// Trading goes on, if that is wanted.
    pub(super) async fn releases(&self, entry: Entry) {
        let manager = &self.process().manager;
        if entry.releases && manager.kill_switch().await.is_ok_and(|switch| switch.engaged) {
            // If it cannot be released, what is wanted is refused.
            let _ = manager.release_kill_switch("trader", "the plan goes on").await;
        }
    }

    /// A one-way account adds to what it holds: the other way round it would only be refused.
    pub(super) fn way(&self, entry: Entry) -> Direction {
        let symbol = entry.contract.symbol();
        let held = self.world.truth().positions.into_iter().filter(|it| it.symbol == symbol);
        let held: Vec<Position> = held.filter_map(|it| it.position).collect();
        match held.as_slice() {
            [only] if self.plan.position_mode == PositionMode::OneWay => only.direction,
            _ => entry.direction,
        }
    }

    fn intent(&self, entry: Entry) -> OpenIntent {
        let (symbol, direction) = (entry.contract.symbol(), self.way(entry));
        let price = self.world.price(entry.contract);
        let quantity = Quantity::new((Decimal::from(entry.notional) / price.get()).round_dp(3))
            .unwrap_or(Quantity::new(Decimal::new(1, 3)).expect("a size"));
        OpenIntent {
            symbol,
            direction,
            quantity,
            leverage: Leverage::new(entry.leverage).expect("a leverage"),
            stop_loss: entry
                .stop
                .and_then(|away| beyond(price, direction, away))
                .map_or_else(unprotected, StopLoss::At),
            take_profit: entry.target.and_then(|away| beyond(price, direction, -away)),
        }
    }

    /// What is said to be protected is protected at the venue, unless somebody has interfered since.
    fn check_opened(&self, opened: &Opened) {
        let Some(stop) = opened.stop_loss.stop() else { return };
        let truth = self.world.truth();
        let is_held = truth.positions.iter().any(|it| {
            it.symbol == opened.symbol
                && it.position_side == opened.side
                && it.position.is_some_and(|held| held.direction == opened.direction)
        });
        let was_there = truth.conditional.iter().any(|it| it.order.client_order_id == stop.client_order_id);
        let rests = truth.is_open(&stop.client_order_id);
        let is_lost = self.world.state().struck.contains_key(&crate::fault::Fault::LostStop);
        if is_held && (!was_there || !rests && !is_lost && !self.may_have_ended(&truth, &stop.client_order_id)) {
            let subject = format!("the stop of {} {}", opened.symbol, opened.side);
            self.world.is_wrong(subject, "verified", "not there");
        }
    }

    /// It has triggered, or its position ended in between and another began.
    fn may_have_ended(&self, truth: &crate::truth::Truth, id: &plimsoll_domain::ClientOrderId) -> bool {
        truth.named(id).any(|order| order.status.is_final())
    }

    /// One of what is held.
    pub(super) fn held(&self, which: u64) -> Option<(PositionReport, Position)> {
        let positions = self.world.truth().positions;
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
        let open = self.world.truth().open;
        let ours: Vec<&Order> = open.iter().filter(|order| self.world.ids.is_ours(&order.client_order_id)).collect();
        let Some(order) = nth(&ours, which) else { return "nothing of ours rests".to_owned() };
        let ports = manager::ports(&self.world, &Fuse::default(), &Arc::default());
        match ports.broker.cancel(&order.symbol, &order.client_order_id).await {
            Ok(()) => format!("cancelled {}, a {}", order.client_order_id, order.order_type.as_str()),
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

/// This one of them, counted round and round.
pub(super) fn nth<T>(of: &[T], which: u64) -> Option<&T> {
    let count = u64::try_from(of.len()).ok().filter(|count| *count > 0)?;
    of.get(usize::try_from(which % count).ok()?)
}

/// The plan wants no stop here.
pub(super) fn unprotected() -> StopLoss {
    StopLoss::Waived(Waiver::new("plan", "this one goes without").expect("a name and a reason"))
}

/// A price on the losing side of a position of this direction, so far away; negative: on the winning side.
pub(super) fn beyond(price: Price, direction: Direction, away: Decimal) -> Option<Price> {
    Price::new(price.get() * (Decimal::ONE - direction.sign() * away)).ok()
}
