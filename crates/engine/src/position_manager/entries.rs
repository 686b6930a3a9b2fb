//! Entries that rest: once trading is stopped, none of them may fill.

use super::PositionManager;
use super::foreign::ForeignPolicy;
use super::reading::Reading;
use crate::trouble::{Trouble, Troubles};
use plimsoll_domain::{ClientOrderId, Order};

/// What came of taking back the entries that rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelledEntries {
    /// Those that rest no more by our doing.
    pub cancelled: Vec<ClientOrderId>,
    /// Those that rest still, as the venue lists them afterwards; `None` if it does not tell.
    pub remaining: Option<Vec<Order>>,
    /// What went wrong beside it.
    pub troubles: Vec<Trouble>,
}

/// Whose entries are taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Those of our intents.
    Ours,
    /// Those of others too, in an account whose strangers are adopted: an operator wants it.
    Adopted,
}

impl PositionManager {
    /// Cancels every resting order that adds exposure, for an operator who stops trading: ours, and those of others where
    /// the [`ForeignPolicy`] adopts them. What protects or reduces a position rests on. What rests then is read back.
    pub async fn cancel_entries(&self) -> CancelledEntries {
        let mut troubles = Troubles::default();
        let (cancelled, remaining) = self.take_back_entries(Whose::Adopted, &mut troubles).await;
        CancelledEntries { cancelled, remaining, troubles: troubles.into_vec() }
    }

    /// The same, for whoever stops trading.
    pub(crate) async fn take_back_entries(
        &self,
        whose: Whose,
        troubles: &mut Troubles,
    ) -> (Vec<ClientOrderId>, Option<Vec<Order>>) {
        let is_it = |order: &Order| self.is_entry(order, whose);
        let done = self.cancel_orders(is_it, troubles).await.done;
        let open = self.ports.broker.open_orders(None).await;
        let remaining: Option<Vec<Order>> = troubles
            .keep(open, Trouble::RemainderNotKnown)
            .map(|open| open.into_iter().filter(|order| is_it(order)).collect());
        if !done.is_empty() || remaining.as_ref().is_some_and(|remaining| !remaining.is_empty()) {
            let left = remaining.as_ref().map_or_else(|| "?".to_owned(), |remaining| remaining.len().to_string());
            let names: Vec<&str> = done.iter().map(ClientOrderId::as_str).collect();
            let detail = format!("{} cancelled ({}), {left} rest still", done.len(), names.join(", "));
            self.log_risk("entries_cancelled", None, &detail, None, None, "cancelled", troubles).await;
        }
        (done, remaining)
    }

    /// While trading is stopped, by whomever, no entry of ours rests: one may have come in since it was stopped.
    pub(crate) async fn keep_stopped(&self, reading: &Reading, troubles: &mut Troubles) -> Vec<ClientOrderId> {
        let rests = reading.snapshot.orders.iter().any(|order| self.is_entry(order, Whose::Ours));
        if !rests || !self.kill_switch().await.is_ok_and(|switch| switch.engaged) {
            return Vec::new();
        }
        self.take_back_entries(Whose::Ours, troubles).await.0
    }

    fn is_entry(&self, order: &Order, whose: Whose) -> bool {
        let is_adopted = whose == Whose::Adopted && self.settings.foreign == ForeignPolicy::Adopt;
        let is_ours = is_adopted || self.ids.is_ours(&order.client_order_id);
        is_ours && order.adds_exposure() && !order.status.is_final()
    }
}
