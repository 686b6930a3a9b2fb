//! Cancelling many orders: some side by side, again where one did not get through, and judged by what rests afterwards.

use super::{ROUNDS, Remaining};
use crate::order_path::{SOONER, Tries, Wait};
use crate::position_manager::PositionManager;
use crate::trouble::{Trouble, Troubles};
use futures_util::{StreamExt, stream};
use plimsoll_domain::{ClientOrderId, Order, PositionReport};
use plimsoll_ports::{CommandError, NotSent};

/// How many orders are cancelled at a time.
const CANCELLED_AT_ONCE: usize = 8;

/// So many are cancelled one by one, whatever the venue has.
const FEW: usize = 2;

/// What came of cancelling orders.
#[derive(Default)]
pub(in crate::position_manager) struct Cancelled {
    /// Those that rest no more by our doing.
    pub(in crate::position_manager) done: Vec<ClientOrderId>,
    /// All that rested beside them when they were listed last, whoever placed it; `None` if that was not told.
    pub(in crate::position_manager) rests: Option<Vec<Order>>,
}

impl PositionManager {
    /// Some side by side, since a venue may be slow; told in the order in which it lists them. What did not get through is
    /// tried again for a moment, as far as it rests still.
    pub(in crate::position_manager) async fn cancel_orders(
        &self,
        which: impl Fn(&Order) -> bool,
        troubles: &mut Troubles,
    ) -> Cancelled {
        let mut tries = Tries::new(&self.ports.clock, self.settings.patience);
        let mut cancelled = Cancelled::default();
        loop {
            let listed = self.open_orders_patiently(None).await;
            cancelled.rests = troubles.keep(listed, Trouble::OrdersNotKnown);
            let Some(rests) = &mut cancelled.rests else { return cancelled };
            let mut met = Troubles::default();
            let wanted = rests.iter().filter(|order| which(order)).collect();
            let done = self.cancel_each(wanted, &mut met).await;
            rests.retain(|order| !done.contains(&order.client_order_id));
            cancelled.done.extend(done);
            let is_again = match met.why_not_cancelled() {
                Some(why) => tries.may_go_on(&why, Wait::Glance).await,
                None => false,
            };
            if is_again {
                met.forget_not_cancelled();
            }
            troubles.join(met);
            if !is_again {
                return cancelled;
            }
        }
    }

    /// Cancels what may go of what is `known`, and reads back what is left, until nothing of it may go, or trying again is of
    /// no use. The reading back is the next look as well: nothing is listed for one purpose only. Where `whatever_rests` may
    /// go, whoever placed it, and nothing is held that it could protect, all is cancelled at once.
    pub(super) async fn clear_and_read_back(
        &self,
        mut known: Option<Remaining>,
        mut whatever_rests: bool,
        may_go: impl Fn(&Order, &[PositionReport]) -> bool,
        troubles: &mut Troubles,
    ) -> (Vec<ClientOrderId>, Option<Remaining>) {
        let mut tries = Tries::new(&self.ports.clock, self.settings.patience);
        let (mut done, mut taken) = (Vec::new(), 0);
        loop {
            let mut met = Troubles::default();
            if let Some((held, rests)) = &known {
                let mut wanted: Vec<&Order> = rests.iter().filter(|order| may_go(order, held)).collect();
                if whatever_rests && held.is_empty() && wanted.len() > FEW {
                    done.extend(
                        self.cancel_at_once(rests, &mut met).await.inspect(|_| wanted.clear()).unwrap_or_default(),
                    );
                    // What is left of it then is cancelled one by one.
                    whatever_rests = false;
                }
                done.extend(self.cancel_each(wanted, &mut met).await);
            }
            let read_back = self.read_back().await;
            let was_known = known.is_some();
            known = troubles.keep(read_back, Trouble::RemainderNotKnown);
            let is_left = known.as_ref().is_some_and(|(held, rests)| rests.iter().any(|order| may_go(order, held)));
            let is_again = is_left
                && match met.why_not_cancelled() {
                    _ if !was_known => true,
                    Some(why) => tries.may_go_on(&why, Wait::Glance).await,
                    // It was not there before, or its cancel was taken and does not show yet, or was refused.
                    None => {
                        taken += 1;
                        let why = NotSent::Unavailable("it is listed still".to_owned());
                        taken < ROUNDS && tries.may_go_on(&why, Wait::Glance).await
                    }
                };
            if is_again || known.is_some() && !is_left {
                met.forget_not_cancelled();
            }
            troubles.join(met);
            if !is_again {
                return (done, known);
            }
        }
    }

    /// Everything with a call or a few, where the venue has those; `None` if that certainly did nothing.
    async fn cancel_at_once(&self, rests: &[Order], troubles: &mut Troubles) -> Option<Vec<ClientOrderId>> {
        let mut again = 0;
        let ids = loop {
            match self.ports.broker.cancel_everything(rests).await {
                Ok(ids) => break ids?,
                // What rests still is read back.
                Err(CommandError::Unanswered(_)) => break Vec::new(),
                Err(CommandError::NotSent(NotSent::Unavailable(_) | NotSent::Disconnected(_))) if again < SOONER => {
                    again += 1;
                    self.ports.clock.sleep(self.settings.patience.first_wait / SOONER).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "what rests is not cancelled at once, but one by one");
                    return None;
                }
            }
        };
        let mut cancelled = Vec::new();
        for order in rests.iter().filter(|order| ids.contains(&order.order_id)) {
            self.record_cancelled(&order.client_order_id, troubles).await;
            cancelled.push(order.client_order_id.clone());
        }
        Some(cancelled)
    }

    async fn cancel_each(&self, orders: Vec<&Order>, troubles: &mut Troubles) -> Vec<ClientOrderId> {
        let each: Vec<_> = orders.into_iter().map(|order| self.cancel_alone(order)).collect();
        let outcomes: Vec<_> = stream::iter(each).buffered(CANCELLED_AT_ONCE).collect().await;
        let mut cancelled = Vec::new();
        for (done, met) in outcomes {
            cancelled.extend(done);
            troubles.join(met);
        }
        cancelled
    }

    /// What certainly did not get through is sent again at once, a few times: no list has to tell of that.
    async fn cancel_alone(&self, order: &Order) -> (Option<ClientOrderId>, Troubles) {
        let mut again = 0;
        loop {
            let mut troubles = Troubles::default();
            let done = self.cancel(&order.symbol, &order.client_order_id, &mut troubles).await;
            if again >= SOONER || !troubles.is_cancel_not_sent() {
                return (done, troubles);
            }
            again += 1;
            self.ports.clock.sleep(self.settings.patience.first_wait / SOONER).await;
        }
    }
}
