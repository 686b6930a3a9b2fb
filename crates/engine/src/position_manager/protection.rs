//! Stops that rest at the venue, and count only once the venue reads them back.

use super::PositionManager;
use super::failure::ProtectionFailure;
use super::outcome::Protection;
use super::sentence::leg;
use crate::client_order_id::IntentId;
use crate::order_path::{Evidence, Placed, SendFailure, Wait};
use crate::trouble::{Subject, Troubles};
use plimsoll_domain::{
    ClientOrderId, Decimal, Direction, Instrument, Liquidation, NewOrder, Order, OrderKind, OrderSize, OrderType,
    Position, PositionSide, Price, Quantity, Rounding, Symbol, TriggerBy,
};
use plimsoll_ports::{Alert, JournalState, Purpose, RefusalReason, Severity, StoreError};
use std::cmp::Reverse;
use std::sync::atomic::Ordering;

/// One protective order that is wanted.
pub(crate) struct Wanted<'a> {
    /// Its name, given before the entry is sent.
    pub(crate) id: ClientOrderId,
    pub(crate) instrument: &'a Instrument,
    pub(crate) direction: Direction,
    pub(crate) side: PositionSide,
    pub(crate) purpose: Purpose,
    pub(crate) trigger: Price,
    /// For how long it is tried to place it.
    pub(crate) wait: Wait,
}

impl Wanted<'_> {
    /// A stop fires earlier, never later; a profit is taken no later than asked.
    pub(crate) fn rounded(&self) -> Result<Price, ProtectionFailure> {
        let profit_rounding = match self.direction {
            Direction::Long => Rounding::Down,
            Direction::Short => Rounding::Up,
        };
        let rounded = match self.purpose {
            Purpose::TakeProfit => self.trigger.round(self.instrument.tick, profit_rounding),
            _ => self.instrument.stop_price(self.direction, self.trigger),
        };
        rounded.ok_or(ProtectionFailure::NoPrice(self.trigger))
    }

    pub(crate) const fn order_type(&self) -> OrderType {
        match self.purpose {
            Purpose::TakeProfit => OrderType::TakeProfitMarket,
            _ => OrderType::StopMarket,
        }
    }

    /// It closes the whole position as it is when it triggers, so that its size is always right.
    fn order(&self, trigger: Price) -> NewOrder {
        let trigger_by = TriggerBy::Mark;
        NewOrder {
            client_order_id: self.id.clone(),
            symbol: self.instrument.symbol.clone(),
            side: self.direction.closing_side(),
            position_side: self.side,
            kind: match self.purpose {
                Purpose::TakeProfit => OrderKind::TakeProfitMarket { trigger, trigger_by },
                _ => OrderKind::StopMarket { trigger, trigger_by },
            },
            size: OrderSize::WholePosition,
            reduce_only: false,
        }
    }

    fn is_met_by(&self, order: &Order, trigger: Price) -> Result<(), ProtectionFailure> {
        let differs = |what: String| Err(ProtectionFailure::ReadBackDifferently(what));
        if order.status.is_final() {
            return Err(ProtectionFailure::Ended(order.status));
        }
        if order.order_type != self.order_type() {
            return differs(format!("a {} order", order.order_type));
        }
        if order.trigger != Some(trigger) {
            let found = order.trigger.map_or("no trigger".to_owned(), |found| format!("a trigger at {found}"));
            return differs(found);
        }
        if order.side != self.direction.closing_side() || order.position_side != self.side {
            return differs(format!("one that will {} on side {}", order.side, order.position_side));
        }
        if !order.close_position {
            return differs("one that does not close the whole position".to_owned());
        }
        Ok(())
    }
}

impl PositionManager {
    /// Places a protective order, reads it back and compares. An earlier one of ours for the same position is kept if it is
    /// the same, and cancelled once the new one rests if not: meanwhile it goes on protecting, as does what the venue has
    /// made of a stop that an entry carried.
    pub(crate) async fn protect(
        &self,
        wanted: &Wanted<'_>,
        troubles: &mut Troubles,
    ) -> Result<Protection, ProtectionFailure> {
        let trigger = wanted.rounded()?;
        let symbol = &wanted.instrument.symbol;
        let open =
            troubles.known(Subject::Orders, symbol, self.open_orders_patiently(Some(symbol)).await).unwrap_or_default();
        let attached = self.attached_beside(wanted, &open, troubles).await;
        let earlier = open.into_iter().filter(self.stands_in_the_way(wanted)).collect();
        let protection = self.protect_beside(wanted, trigger, earlier, troubles).await?;
        self.cancel_replaced(&attached, troubles).await;
        Ok(protection)
    }

    async fn protect_beside(
        &self,
        wanted: &Wanted<'_>,
        trigger: Price,
        mut earlier: Vec<Order>,
        troubles: &mut Troubles,
    ) -> Result<Protection, ProtectionFailure> {
        // One is enough: a second one of the same kind would be an orphan once the first has filled.
        if let Some(at) = earlier.iter().position(|it| wanted.is_met_by(it, trigger).is_ok()) {
            let kept = earlier.swap_remove(at);
            self.record_kept(&wanted.order(trigger), &kept, troubles).await;
            self.cancel_replaced(&earlier, troubles).await;
            return Ok(self.verified(wanted, &kept, trigger));
        }
        if !earlier.is_empty() && self.takes_one_stop.load(Ordering::SeqCst) {
            self.cancel_replaced(&earlier, troubles).await;
            return self.place_protection(wanted, trigger, troubles).await;
        }
        match self.place_protection(wanted, trigger, troubles).await {
            Ok(protection) => {
                self.cancel_replaced(&earlier, troubles).await;
                Ok(protection)
            }
            Err(ProtectionFailure::Order(SendFailure::Refused(refusal)))
                if !earlier.is_empty() && may_be_the_earlier_ones_fault(refusal.reason) =>
            {
                let replaced = self.replace_under_another_name(wanted, trigger, &earlier, troubles).await;
                if replaced.is_ok() && refusal.reason == RefusalReason::Blocked {
                    self.takes_one_stop.store(true, Ordering::SeqCst);
                }
                replaced
            }
            Err(failure) => Err(failure),
        }
    }

    /// The venue has said no beside the earlier one: that goes first, and the name that was refused is used up.
    async fn replace_under_another_name(
        &self,
        wanted: &Wanted<'_>,
        trigger: Price,
        earlier: &[Order],
        troubles: &mut Troubles,
    ) -> Result<Protection, ProtectionFailure> {
        let mut order = wanted.order(trigger);
        if let Some((intent, number)) = self.ids.intent_of(&wanted.id).zip(IntentId::number_of(&wanted.id)) {
            order.client_order_id = intent.order(wanted.purpose, number.saturating_add(1));
        }
        self.cancel_replaced(earlier, troubles).await;
        self.place_and_verify(wanted, &order, trigger, troubles).await
    }

    pub(super) async fn cancel_replaced(&self, orders: &[Order], troubles: &mut Troubles) {
        for it in orders {
            self.cancel(&it.symbol, &it.client_order_id, troubles).await;
        }
    }

    /// Places a protective order that nothing stands in the way of, reads it back and compares.
    pub(crate) async fn place_protection(
        &self,
        wanted: &Wanted<'_>,
        trigger: Price,
        troubles: &mut Troubles,
    ) -> Result<Protection, ProtectionFailure> {
        self.place_and_verify(wanted, &wanted.order(trigger), trigger, troubles).await
    }

    async fn place_and_verify(
        &self,
        wanted: &Wanted<'_>,
        order: &NewOrder,
        trigger: Price,
        troubles: &mut Troubles,
    ) -> Result<Protection, ProtectionFailure> {
        let placed = self.send(order, wanted.purpose, Evidence::BookAndTrades, wanted.wait, troubles).await;
        match placed.map_err(ProtectionFailure::Order)? {
            Placed::Resting(found) => {
                wanted.is_met_by(&found, trigger)?;
                Ok(self.verified(wanted, &found, trigger))
            }
            Placed::Ended(execution) => Err(ProtectionFailure::Ended(execution.status)),
        }
    }

    /// The same; a failure is recorded and told.
    pub(crate) async fn protect_or_tell(
        &self,
        wanted: &Wanted<'_>,
        troubles: &mut Troubles,
    ) -> Result<Protection, ProtectionFailure> {
        let protection = self.protect(wanted, troubles).await;
        if let Err(failure) = &protection {
            self.tell_of_protection(wanted, failure, troubles).await;
        }
        protection
    }

    /// Records and tells that a protective order is not verified.
    pub(crate) async fn tell_of_protection(
        &self,
        wanted: &Wanted<'_>,
        failure: &ProtectionFailure,
        troubles: &mut Troubles,
    ) {
        let (symbol, purpose, trigger) = (&wanted.instrument.symbol, wanted.purpose, wanted.trigger);
        let detail = format!("{} of {symbol} at {trigger}: {failure}", purpose.as_str());
        let kind = format!("{}_not_verified", purpose.as_str());
        self.log_risk(&kind, Some(symbol), &detail, Some(trigger.get()), None, "told", troubles).await;
        let severity = if purpose == Purpose::StopLoss { Severity::Critical } else { Severity::Warning };
        let key = format!("protection/{}/{}", self.settings.account, leg(symbol, wanted.side));
        let title = format!("{symbol}: the {} is not verified", purpose.as_str());
        self.alert(&Alert { severity, key, title, body: detail }, troubles).await;
    }

    /// Journals protective orders before the entry that they are for, so that a crash after its fill does not lose them.
    pub(crate) async fn intend_protection(&self, wanted: &[Wanted<'_>]) -> Result<(), (ClientOrderId, StoreError)> {
        for it in wanted {
            let Ok(trigger) = it.rounded() else { continue };
            let written = self.path.write_down(&it.order(trigger), it.purpose, self.ports.clock.now()).await;
            written.map_err(|error| (it.id.clone(), error))?;
        }
        Ok(())
    }

    /// Journals that a protective order is not sent after all.
    pub(crate) async fn drop_protection(&self, wanted: &Wanted<'_>, why: &str, troubles: &mut Troubles) {
        if let Ok(trigger) = wanted.rounded() {
            let state = JournalState::NotSent { reason: why.to_owned() };
            self.path.record(&wanted.order(trigger), state, troubles).await;
        }
    }

    async fn record_kept(&self, order: &NewOrder, earlier: &Order, troubles: &mut Troubles) {
        let state = if earlier.client_order_id == order.client_order_id {
            JournalState::Accepted { order_id: earlier.order_id.clone() }
        } else {
            JournalState::NotSent { reason: format!("{} rests already and does the same", earlier.client_order_id) }
        };
        self.path.record(order, state, troubles).await;
    }

    fn verified(&self, wanted: &Wanted<'_>, found: &Order, trigger: Price) -> Protection {
        Protection {
            purpose: wanted.purpose,
            client_order_id: found.client_order_id.clone(),
            order_id: found.order_id.clone(),
            trigger,
            verified_at: self.ports.clock.now(),
        }
    }

    /// The stop that closes the whole position, whatever it is now, as the venue reads it back; of several the one that is
    /// reached first.
    pub(crate) async fn resting_stop(
        &self,
        (symbol, side, direction): (&Symbol, PositionSide, Direction),
        troubles: &mut Troubles,
    ) -> Result<Protection, ProtectionFailure> {
        // One failed question is no proof that nothing rests.
        let open =
            troubles.known(Subject::Orders, symbol, self.open_orders_patiently(Some(symbol)).await).unwrap_or_default();
        let protects = |order: &&Order| {
            order.symbol == *symbol
                && order.order_type == OrderType::StopMarket
                && order.close_position
                && (order.position_side, order.side) == (side, direction.closing_side())
        };
        let found = reached_first(direction, open.iter().filter(protects)).ok_or(ProtectionFailure::Gone)?;
        let trigger = found.trigger.ok_or(ProtectionFailure::Gone)?;
        Ok(Protection {
            purpose: Purpose::StopLoss,
            client_order_id: found.client_order_id.clone(),
            order_id: found.order_id.clone(),
            trigger,
            verified_at: self.ports.clock.now(),
        })
    }

    /// Whether an open order is one of ours, of the same kind and for the same position.
    pub(crate) fn stands_in_the_way(&self, wanted: &Wanted<'_>) -> impl Fn(&Order) -> bool {
        let (symbol, side, order_type) = (wanted.instrument.symbol.clone(), wanted.side, wanted.order_type());
        let closes = wanted.direction.closing_side();
        move |order| {
            order.symbol == symbol
                && order.order_type == order_type
                && order.position_side == side
                && order.side == closes
                && order.close_position
                && self.ids.is_ours(&order.client_order_id)
        }
    }
}

/// Where liquidation is reached before a stop, and it: what rests there protects nothing.
pub(super) fn liquidated_before(direction: Direction, stop: Price, liquidation: Liquidation) -> Option<Price> {
    let bounds = liquidation.bounds()?;
    match direction {
        Direction::Long => bounds.below.filter(|below| stop <= *below),
        Direction::Short => bounds.above.filter(|above| stop >= *above),
    }
}

/// The price at which stops have closed all of a position: one that closes whatever there is, or enough of them with sizes; where
/// they close a part only, that of the last. What waits on the winning side is no stop, and where a trailing one stops is not told.
pub(super) fn covered_at<'a>(held: Position, mark: Price, stops: impl Iterator<Item = &'a Order>) -> Option<Price> {
    let is_trailing = |stop: &Order| stop.order_type == OrderType::TrailingStopMarket;
    let mut stops: Vec<(Price, &Order)> =
        stops.filter(|stop| !is_trailing(stop)).filter_map(|stop| Some((stop.trigger?, stop))).collect();
    match held.direction {
        Direction::Long => {
            stops.retain(|(trigger, _)| *trigger <= mark);
            stops.sort_by_key(|(trigger, _)| Reverse(*trigger));
        }
        Direction::Short => {
            stops.retain(|(trigger, _)| *trigger >= mark);
            stops.sort_by_key(|(trigger, _)| *trigger);
        }
    }
    let mut closed = Decimal::ZERO;
    let covers = |(_, stop): &&(Price, &Order)| {
        closed = closed.saturating_add(stop.quantity.map_or(Decimal::ZERO, Quantity::get));
        stop.close_position || closed >= held.quantity.get()
    };
    stops.iter().find(covers).or(stops.last()).map(|(trigger, _)| *trigger)
}

/// Of several stops of a position the one that is reached first.
pub(super) fn reached_first<'a>(direction: Direction, stops: impl Iterator<Item = &'a Order>) -> Option<&'a Order> {
    match direction {
        Direction::Long => stops.max_by_key(|stop| stop.trigger),
        Direction::Short => stops.min_by_key(|stop| (stop.trigger.is_none(), stop.trigger)),
    }
}

/// The venue may take one such order for a position; not all say so in a word that is known.
const fn may_be_the_earlier_ones_fault(reason: RefusalReason) -> bool {
    matches!(reason, RefusalReason::Blocked | RefusalReason::Other)
}

impl From<SendFailure> for ProtectionFailure {
    fn from(failure: SendFailure) -> Self {
        Self::Order(failure)
    }
}
