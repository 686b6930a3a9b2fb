//! Stops that entries carry, where the venue takes none before there is a position and attaches one: the venue makes them
//! itself as the entry fills. They hold until a stop of ours rests, and go then.
//!
//! They go by names of the venue's, which nobody knows before. What tells them is what they do: not ours by its name, a stop
//! that only reduces, at the trigger of a stop of ours that is journalled for the same position. Somebody else's at that very
//! trigger is taken for one; it is cancelled only where ours rests there and covers the position whole, or where nothing is
//! held any more.

use super::PositionManager;
use super::monitor::{covers, is_stop};
use super::outcome::Protection;
use super::protection::Wanted;
use crate::trouble::{Record, Subject, Troubles};
use plimsoll_domain::{
    ClientOrderId, Direction, Fill, FillCause, Order, OrderId, OrderType, PositionSide, Price, Quantity, Side, Symbol,
};
use plimsoll_ports::{Purpose, RefusalReason};
use std::collections::HashSet;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// So many entries of the journal are gone through for the trigger of a stop that this process has not sent itself.
const LOOKED_THROUGH: u32 = 1000;

/// So many are remembered: what is forgotten is found in the journal again.
const MOST_REMEMBERED: usize = 4096;

/// Where a stop that an entry carries would be: the position, which way it trades, and its trigger.
pub(super) type Place = (Symbol, PositionSide, Side, Price);

impl PositionManager {
    /// Where the stop triggers that an entry is to carry; `None` where the venue attaches none, or a stop of ours covers
    /// already what is opened.
    pub(super) fn to_attach(&self, wanted: Option<&Wanted<'_>>, open: &[Order]) -> Option<Price> {
        let wanted = wanted.filter(|_| self.ports.broker.attaches_stops() && !self.attaches_no_more())?;
        if open.iter().any(self.stands_in_the_way(wanted)) {
            return None;
        }
        let trigger = wanted.rounded().ok()?;
        let mut carried = self.carried_stops();
        if carried.len() >= MOST_REMEMBERED {
            carried.clear();
        }
        carried.insert(place(wanted, trigger));
        Some(trigger)
    }

    /// The venue has refused an entry that carried a stop, in a word that nobody knows: it may be for the stop's sake, and the
    /// next ones go without.
    pub(super) fn note_refusal(&self, reason: RefusalReason) {
        if reason == RefusalReason::Other {
            tracing::warn!("an entry with its stop attached was refused: stops follow their entries from now on");
            self.attaches_no_more.store(true, Ordering::SeqCst);
        }
    }

    fn attaches_no_more(&self) -> bool {
        self.attaches_no_more.load(Ordering::SeqCst)
    }

    /// Asks for the stops that the venue has made of what an entry carried until there are some; whoever asks need not wait
    /// for the answer.
    pub(super) async fn await_attached(&self, wanted: &Wanted<'_>, trigger: Price) -> Vec<Order> {
        let patience = self.settings.patience;
        let mut wait = patience.first_wait;
        loop {
            match self.ports.broker.open_orders(Some(&wanted.instrument.symbol)).await {
                Ok(open) => {
                    let made = self.made_of(wanted, trigger, open);
                    if !made.is_empty() {
                        return made;
                    }
                }
                Err(error) => tracing::debug!(%error, "what an entry carried cannot be looked for"),
            }
            self.ports.clock.sleep(wait).await;
            wait = patience.next(wait);
        }
    }

    fn made_of(&self, wanted: &Wanted<'_>, trigger: Price, open: Vec<Order>) -> Vec<Order> {
        let place = place(wanted, trigger);
        let made: Vec<Order> = open
            .into_iter()
            .filter(|order| self.may_be_attached(order) && place_of(order).as_ref() == Some(&place))
            .collect();
        made.iter().for_each(|order| self.remember_attached(&order.client_order_id));
        made
    }

    /// The stop that the venue has made of what an entry carried, read back, where it covers what has filled.
    pub(super) async fn attached_in_its_stead(
        &self,
        wanted: &Wanted<'_>,
        filled: Option<Quantity>,
        troubles: &mut Troubles,
    ) -> Option<Protection> {
        let (trigger, filled) = (wanted.rounded().ok()?, filled?);
        let symbol = &wanted.instrument.symbol;
        let open = troubles.known(Subject::Orders, symbol, self.open_orders_patiently(Some(symbol)).await)?;
        let made = self.made_of(wanted, trigger, open);
        let stop = made.first().filter(|_| covers(made.iter(), filled))?;
        Some(Protection {
            purpose: Purpose::StopLoss,
            client_order_id: stop.client_order_id.clone(),
            order_id: stop.order_id.clone(),
            trigger,
            verified_at: self.ports.clock.now(),
        })
    }

    /// Cancels what the venue has made of what an entry carried, now that a stop of ours was read back; `made` is what was
    /// found of it already.
    pub(super) async fn end_attached(&self, wanted: &Wanted<'_>, made: Vec<Order>, troubles: &mut Troubles) {
        let symbol = &wanted.instrument.symbol;
        let made = match wanted.rounded() {
            Ok(trigger) if made.is_empty() => {
                let open = troubles.known(Subject::Orders, symbol, self.open_orders_patiently(Some(symbol)).await);
                self.made_of(wanted, trigger, open.unwrap_or_default())
            }
            _ => made,
        };
        self.cancel_replaced(&made, troubles).await;
    }

    /// Those of these orders that the venue has made of what entries of ours carried, of whatever process.
    pub(super) async fn attached_of(&self, orders: &[Order], troubles: &mut Troubles) -> HashSet<OrderId> {
        let candidates: Vec<&Order> = orders.iter().filter(|order| self.may_be_attached(order)).collect();
        if candidates.iter().any(|order| !self.is_carried(order)) {
            let journalled = self.ports.journal.recent(&self.settings.account, LOOKED_THROUGH).await;
            let journalled = troubles.read(Record::Journal, journalled).unwrap_or_default();
            let stops = journalled.into_iter().filter(|entry| entry.purpose == Purpose::StopLoss);
            let places = stops.filter_map(|entry| {
                let (order, trigger) = (&entry.order, entry.order.kind.trigger()?);
                Some((order.symbol.clone(), order.position_side, order.side, trigger))
            });
            let meant: HashSet<Place> = candidates.iter().filter_map(|order| place_of(order)).collect();
            self.carried_stops().extend(places.filter(|place| meant.contains(place)));
        }
        let attached = candidates.into_iter().filter(|order| self.is_carried(order));
        attached
            .inspect(|order| self.remember_attached(&order.client_order_id))
            .map(|order| order.order_id.clone())
            .collect()
    }

    /// This process knows that the venue has made it of what an entry of ours carried.
    pub(super) fn is_known_as_attached(&self, order: &Order) -> bool {
        self.may_be_attached(order) && self.is_carried(order)
    }

    /// Takes note of an order that the account's stream tells of: a stop that the venue has made of what an entry carried goes by
    /// a name of the venue's, and so do its fills.
    pub(crate) fn note_attached(&self, order: &Order) {
        if self.is_known_as_attached(order) {
            self.remember_attached(&order.client_order_id);
        }
    }

    /// Asks the venue which of these trades were those of such stops, as far as nobody knows it.
    pub(crate) async fn meet_attached(&self, fills: &[Fill]) {
        let mut asked = HashSet::new();
        for fill in fills.iter().filter(|fill| fill.cause == FillCause::Order) {
            let id = &fill.client_order_id;
            if !self.ids.is_ours(id) && !self.was_of_attached(id) && asked.insert(id) {
                // Whoever cannot be asked leaves it at what is known.
                self.was_attached(&fill.symbol, id, &mut Troubles::default()).await;
            }
        }
    }

    /// Whether trades of this name are known as those of a stop that the venue has made of what an entry of ours carried.
    pub(crate) fn was_of_attached(&self, id: &ClientOrderId) -> bool {
        self.attached.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }

    fn remember_attached(&self, id: &ClientOrderId) {
        let mut attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner);
        if attached.len() >= MOST_REMEMBERED {
            attached.clear();
        }
        if !id.as_str().is_empty() {
            attached.insert(id.clone());
        }
    }

    /// What the venue has made for this position of what entries carried goes once a stop of ours was read back.
    pub(super) async fn attached_beside(
        &self,
        wanted: &Wanted<'_>,
        open: &[Order],
        troubles: &mut Troubles,
    ) -> Vec<Order> {
        if wanted.purpose != Purpose::StopLoss {
            return Vec::new();
        }
        let (symbol, side, direction) = (&wanted.instrument.symbol, wanted.side, wanted.direction);
        let of_position: Vec<Order> =
            open.iter().filter(|order| is_stop(order, symbol, side, direction)).cloned().collect();
        let attached = self.attached_of(&of_position, troubles).await;
        of_position.into_iter().filter(|order| attached.contains(&order.order_id)).collect()
    }

    /// Cancels what of these is needed no more: beside a stop of ours that covers the position whole, or where nothing is held
    /// that it could protect. Answers those that outlived their position, and whether they are gone.
    pub(super) async fn clear_attached(
        &self,
        orders: &[Order],
        attached: &HashSet<OrderId>,
        troubles: &mut Troubles,
    ) -> Vec<(Order, bool)> {
        let mut outlived = Vec::new();
        for order in orders.iter().filter(|order| attached.contains(&order.order_id)) {
            let direction = Direction::from(order.side.opposite());
            let is_ours = |it: &&Order| {
                it.close_position
                    && is_stop(it, &order.symbol, order.position_side, direction)
                    && self.ids.is_ours(&it.client_order_id)
            };
            if orders.iter().find(is_ours).is_some() {
                self.cancel(&order.symbol, &order.client_order_id, troubles).await;
                continue;
            }
            // It may have been made after the positions were read.
            if self.is_held_or_unknown(&order.symbol, direction, troubles).await {
                continue;
            }
            let is_cancelled = self.cancel(&order.symbol, &order.client_order_id, troubles).await.is_some();
            outlived.push((order.clone(), is_cancelled));
        }
        outlived
    }

    /// Whether a trade was one of a stop that the venue has made of what an entry carried.
    pub(super) async fn was_attached(&self, symbol: &Symbol, id: &ClientOrderId, troubles: &mut Troubles) -> bool {
        if !self.ports.broker.attaches_stops() || id.as_str().is_empty() {
            return false;
        }
        let found = troubles.known(Subject::Orders, symbol, self.ports.broker.order(symbol, id).await).flatten();
        let Some(order) = found else { return false };
        !self.attached_of(&[order], troubles).await.is_empty()
    }

    fn may_be_attached(&self, order: &Order) -> bool {
        self.ports.broker.attaches_stops()
            && order.order_type == OrderType::StopMarket
            && !order.adds_exposure()
            && !self.ids.is_ours(&order.client_order_id)
    }

    fn is_carried(&self, order: &Order) -> bool {
        place_of(order).is_some_and(|place| self.carried_stops().contains(&place))
    }

    fn carried_stops(&self) -> std::sync::MutexGuard<'_, HashSet<Place>> {
        self.carried_stops.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(wanted: &Wanted<'_>, trigger: Price) -> Place {
    (wanted.instrument.symbol.clone(), wanted.side, wanted.direction.closing_side(), trigger)
}

fn place_of(order: &Order) -> Option<Place> {
    Some((order.symbol.clone(), order.position_side, order.side, order.trigger?))
}
