//! Entries that rest: once trading is stopped, none of them may fill.

use super::PositionManager;
use super::composed::{Progress, Which};
use super::foreign::ForeignPolicy;
use super::reading::Reading;
use crate::trouble::{Trouble, Troubles};
use plimsoll_domain::{ClientOrderId, Order};

/// What came of taking back the entries that rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelledEntries {
    /// Those that rest no more by our doing.
    pub cancelled: Vec<ClientOrderId>,
    /// Composed orders that have ended: nothing more of them is sent, and what had filled is protected.
    pub ended: Vec<ClientOrderId>,
    /// Those that rest still, as the venue lists them afterwards; `None` if it does not tell.
    pub remaining: Option<Vec<Order>>,
    /// What went wrong beside it.
    pub troubles: Vec<Trouble>,
}

/// Whose entries are taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Those of our intents.
    Ours,
    /// Those of others too, in an account whose strangers are adopted: an operator wants it.
    Adopted,
}

impl PositionManager {
    /// Cancels every resting order that adds exposure, for an operator who stops trading: ours, and those of others where
    /// the [`ForeignPolicy`] adopts them. What is opened in parts ends, if trading is stopped; what protects or reduces a
    /// position goes on, as does what closes one in parts. What rests then is read back.
    pub async fn cancel_entries(&self) -> CancelledEntries {
        let mut troubles = Troubles::default();
        let it = self.end_entries(Whose::Adopted, &mut troubles).await;
        CancelledEntries { troubles: troubles.into_vec(), ..it }
    }

    /// While trading is stopped, by whomever, no entry of ours rests, and nothing is opened in parts: it may have come in
    /// since it was stopped, or been stopped in this pass.
    pub(crate) async fn keep_stopped(
        &self,
        reading: &Reading,
        composed: &[Progress],
        troubles: &mut Troubles,
    ) -> Vec<ClientOrderId> {
        let rests = reading.snapshot.orders.iter().any(|order| self.is_entry(order, Whose::Ours));
        let goes_on = composed.iter().any(|it| it.ended.is_none() && it.order.opening().is_some());
        if !(rests || goes_on) || !self.kill_switch().await.is_ok_and(|switch| switch.engaged) {
            return Vec::new();
        }
        self.end_entries(Whose::Ours, troubles).await.cancelled
    }

    /// What rests first: nothing that is asked meanwhile may let one of them fill.
    async fn end_entries(&self, whose: Whose, troubles: &mut Troubles) -> CancelledEntries {
        let cancelled = self.cancel_orders(|order| self.is_entry(order, whose), troubles).await.done;
        let ended = self.wind_up(Which::Openings, troubles).await;
        let remaining = self.entries_left(&cancelled, whose, troubles).await;
        CancelledEntries { cancelled, ended, remaining, troubles: Vec::new() }
    }

    /// Cancels the entries of ours that rest, for an order that has stopped trading.
    pub(crate) async fn take_back_entries(&self, troubles: &mut Troubles) {
        let done = self.cancel_orders(|order| self.is_entry(order, Whose::Ours), troubles).await.done;
        self.entries_left(&done, Whose::Ours, troubles).await;
    }

    /// Reads back what rests still, and records what was done about it.
    async fn entries_left(&self, done: &[ClientOrderId], whose: Whose, troubles: &mut Troubles) -> Option<Vec<Order>> {
        let open = self.open_orders_patiently(None).await;
        let remaining: Option<Vec<Order>> = troubles
            .keep(open, Trouble::RemainderNotKnown)
            .map(|open| open.into_iter().filter(|order| self.is_entry(order, whose)).collect());
        if !done.is_empty() || remaining.as_ref().is_some_and(|remaining| !remaining.is_empty()) {
            let left = remaining.as_ref().map_or_else(|| "?".to_owned(), |remaining| remaining.len().to_string());
            let names: Vec<&str> = done.iter().map(ClientOrderId::as_str).collect();
            let detail = format!("{} cancelled ({}), {left} rest still", done.len(), names.join(", "));
            self.log_risk("entries_cancelled", None, &detail, None, None, "cancelled", troubles).await;
        }
        remaining
    }

    pub(super) fn is_entry(&self, order: &Order, whose: Whose) -> bool {
        let is_adopted = whose == Whose::Adopted && self.settings.foreign == ForeignPolicy::Adopt;
        let is_ours = is_adopted || self.ids.is_ours(&order.client_order_id);
        is_ours && order.adds_exposure() && !order.status.is_final()
    }
}
