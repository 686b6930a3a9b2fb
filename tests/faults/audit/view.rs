//! What the account's own task believes, which hears of everything by the stream.

use super::Word;
use crate::faults::step::Contract;
use plimsoll_domain::{MarkPrice, Order, PositionSide, Symbol};
use plimsoll_engine::{AccountView, Link};
use plimsoll_ports::Clock;
use plimsoll_trial::difference::Differences;
use std::time::Duration;

/// So long the stream may take to catch up with a market that stands still.
const CATCHES_UP_WITHIN: Duration = Duration::from_millis(1500);

impl Word<'_> {
    pub(super) async fn view(&self, differences: &mut Differences) {
        let time = self.stage.market.clock.now();
        for contract in Contract::ALL {
            let (symbol, price) = (contract.symbol(), self.stage.market.price(contract));
            self.process.account.mark(MarkPrice { symbol, price, index: None, time });
        }
        let mut view = self.process.account.watch();
        let is_true = |view: &std::sync::Arc<AccountView>| {
            let mut differences = Differences::default();
            self.compare(&mut differences, view);
            differences.into_vec().is_empty()
        };
        let caught_up = tokio::time::timeout(CATCHES_UP_WITHIN, view.wait_for(is_true)).await;
        if !matches!(caught_up, Ok(Ok(_))) {
            self.compare(differences, &self.process.account.view());
        }
    }

    /// Whoever acts on changes acts once on each.
    pub(super) fn changes(&self, differences: &mut Differences) {
        for (trade, times) in self.process.ear.doubled() {
            differences.note(format!("changes, trade {trade}"), format!("told {times} times"), "once");
        }
    }

    fn compare(&self, differences: &mut Differences, view: &AccountView) {
        differences.same("view", "link", &view.link, &Link::Live);
        differences.same("view", "in doubt", &view.needs_resync, &false);
        differences.same("view", "position mode", &view.position_mode, &Some(self.truth.position_mode));
        let ours = view.positions.iter().map(|it| (name(&it.symbol, it.position_side), it)).collect();
        let truth = self.truth.positions.iter().map(|it| (name(&it.symbol, it.position_side), it)).collect();
        differences.rows("view of position", ours, truth, |differences, subject, ours, truth| {
            differences.same(subject, "position", &Some(ours.position), &truth.position);
            differences.same(subject, "mark", &ours.mark_price, &truth.mark_price);
            differences.same(subject, "unrealised profit", &ours.unrealized_pnl, &truth.unrealized_pnl);
            differences.same(subject, "leverage", &ours.leverage, &truth.leverage);
            differences.same(subject, "margin mode", &ours.margin_mode, &truth.margin_mode);
            differences.same(subject, "isolated margin", &ours.isolated_margin, &truth.isolated_margin);
        });
        let rows = |orders: &[Order]| orders.iter().map(|it| (it.order_id.to_string(), it.clone())).collect();
        differences.rows("view of order", rows(&view.orders), rows(&self.truth.open), order);
        let balance = view.balances.iter().find(|(currency, _)| *currency == self.truth.balance.currency);
        let balance = balance.map(|(_, balance)| *balance).unwrap_or_default();
        differences.same("view", "wallet", &balance.wallet, &self.truth.balance.wallet);
        // Not every venue tells what of a wallet backs cross positions.
        if let Some(cross_wallet) = balance.cross_wallet {
            differences.same("view", "cross wallet", &Some(cross_wallet), &self.truth.balance.cross_wallet);
        }
    }
}

/// What tells positions apart.
pub(super) fn name(symbol: &Symbol, side: PositionSide) -> String {
    format!("{symbol} {side}")
}

pub(super) fn order(differences: &mut Differences, subject: &str, ours: &Order, truth: &Order) {
    differences.same(subject, "client order id", &ours.client_order_id, &truth.client_order_id);
    differences.same(subject, "symbol", &ours.symbol, &truth.symbol);
    differences.same(subject, "side", &ours.side, &truth.side);
    differences.same(subject, "position side", &ours.position_side, &truth.position_side);
    differences.same(subject, "type", &ours.order_type, &truth.order_type);
    differences.same(subject, "price", &ours.price, &truth.price);
    differences.same(subject, "trigger", &ours.trigger, &truth.trigger);
    differences.same(subject, "quantity", &ours.quantity, &truth.quantity);
    differences.same(subject, "filled", &ours.filled, &truth.filled);
    // What closes the whole position only reduces, whether or not the venue says so too.
    let only_reduces = |order: &Order| order.reduce_only || order.close_position;
    differences.same(subject, "reduce-only", &only_reduces(ours), &only_reduces(truth));
    differences.same(subject, "whole position", &ours.close_position, &truth.close_position);
    differences.same(subject, "status", &ours.status, &truth.status);
}
