//! Every trade.

use super::{Books, Ledger, Words};
use crate::difference::Differences;
use crate::name::is_for;
use plimsoll_domain::{Fill, FillCause, Timestamp};
use plimsoll_ports::{OpenedPosition, PositionStatus, Purpose, TradeRecord, TradeRepository};

impl<S: Ledger> Books<'_, S> {
    pub(super) async fn trades(&self, differences: &mut Differences) {
        let (store, account) = (self.store, self.account);
        let ours = TradeRepository::since(store, account, None, Timestamp::default()).await.expect("trades are read");
        // What others opened and closed while nobody looked is no position of ours.
        let is_entry = |fill: &Fill| {
            let intent = self.ids.intent_of(&fill.client_order_id);
            intent.is_some_and(|intent| is_for(&intent.name(), Purpose::Entry, &fill.client_order_id))
        };
        // What ended unrecorded gets a record of its own once the open one of the same position has ended.
        let open = store.by_status(account, PositionStatus::Open).await.expect("positions are read");
        let waits = |fill: &Fill| {
            let same = |it: &OpenedPosition| (&it.symbol, it.side) == (&fill.symbol, fill.position_side);
            open.iter().any(|it| same(&it.opened) && fill.time < it.opened.opened_at)
        };
        let is_homeless =
            |trade: &&TradeRecord| trade.position.is_none() && is_entry(&trade.fill) && !waits(&trade.fill);
        let homeless = ours.iter().filter(is_homeless);
        let homeless: Vec<String> = homeless.map(|trade| name(&trade.fill)).collect();
        let ours = ours.into_iter().map(|trade| (name(&trade.fill), trade.fill)).collect();
        let truth = self.truth.fills.iter().map(|fill| (name(fill), fill)).collect();
        let words = self.words;
        differences.rows("trade", ours, truth, |differences, subject, ours, truth| {
            fill(differences, subject, ours, truth, words);
        });
        for trade in homeless {
            differences.note(format!("trade {trade}"), "of no recorded position", "of one");
        }
    }
}

/// What tells trades apart.
#[must_use]
pub fn name(fill: &Fill) -> String {
    format!("{} {}", fill.symbol, fill.trade_id)
}

/// Compares one fill.
pub fn fill(differences: &mut Differences, subject: &str, ours: &Fill, truth: &Fill, words: &dyn Words) {
    differences.same(subject, "order", &ours.order_id, &truth.order_id);
    // What the venue does by force, or makes of a conditional order, may go by a name of its own.
    let is_number = ours.client_order_id.as_str().bytes().all(|byte| byte.is_ascii_digit());
    let is_nameless = !words.names_children() && is_number;
    if truth.cause == FillCause::Order && !is_nameless {
        differences.same(subject, "client order id", &ours.client_order_id, &truth.client_order_id);
    }
    differences.same(subject, "side", &ours.side, &truth.side);
    differences.same(subject, "position side", &ours.position_side, &truth.position_side);
    differences.same(subject, "price", &ours.price, &truth.price);
    differences.same(subject, "quantity", &ours.quantity, &truth.quantity);
    differences.same(subject, "fee", &ours.fee, &truth.fee);
    differences.same(subject, "liquidity", &ours.liquidity, &truth.liquidity);
    differences.same(subject, "realised profit", &ours.realized_pnl, &truth.realized_pnl);
    differences.same(subject, "cause", &ours.cause, &truth.cause);
    differences.same(subject, "time", &ours.time, &truth.time);
}
