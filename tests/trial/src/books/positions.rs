//! Recorded positions, and that each has its stop.

use super::{Books, Ledger};
use crate::difference::Differences;
use plimsoll_domain::{Decimal, Direction, Fill, Money, OrderType, Position, PositionReport, Quantity};
use plimsoll_ports::{PositionRecord, PositionStatus, Purpose};

impl<S: Ledger> Books<'_, S> {
    pub(super) async fn positions(&self, differences: &mut Differences) {
        let (store, account) = (self.store, self.account);
        let open = store.by_status(account, PositionStatus::Open).await.expect("positions are read");
        let key = |symbol: &plimsoll_domain::Symbol, side: plimsoll_domain::PositionSide| format!("{symbol} {side}");
        let ours: Vec<_> = open.iter().map(|it| (key(&it.opened.symbol, it.opened.side), it)).collect();
        let truth: Vec<_> = self.truth.positions.iter().map(|it| (key(&it.symbol, it.position_side), it)).collect();
        differences.rows("position", ours, truth, |differences, subject, ours, truth| {
            self.position(differences, subject, ours, truth);
        });
        for record in &open {
            self.stop(differences, record).await;
        }
        for status in PositionStatus::ALL {
            for record in store.by_status(account, status).await.expect("positions are read") {
                self.life(differences, &record).await;
            }
        }
        self.orphans(differences).await;
    }

    fn position(&self, differences: &mut Differences, subject: &str, ours: &PositionRecord, truth: &PositionReport) {
        let (opened, held) = (&ours.opened, truth.position.expect("an open position is held"));
        differences.same(subject, "direction", &opened.direction, &held.direction);
        differences.same(subject, "quantity", &opened.quantity, &held.quantity);
        differences.same(subject, "entry", &opened.entry_price, &held.entry);
        // A record holds what it was opened with: what was set since is told by every reconciliation.
        let drifted = self.told.drifted.iter().find(|it| it.record == ours.id);
        let leverage = drifted.and_then(|it| it.leverage).unwrap_or(opened.leverage);
        let margin_mode = drifted.and_then(|it| it.margin_mode).unwrap_or(opened.margin_mode);
        differences.same(subject, "leverage", &Some(leverage), &truth.leverage);
        differences.same(subject, "margin mode", &Some(margin_mode), &truth.margin_mode);
    }

    /// A position for which a stop was ever meant has one that covers it whole.
    async fn stop(&self, differences: &mut Differences, record: &PositionRecord) {
        let (store, opened) = (self.store, &record.opened);
        let trades = store.of_position(record.id).await.expect("trades are read");
        let mut meant = false;
        for trade in trades.iter().filter(|trade| Direction::from(trade.fill.side) == opened.direction) {
            let Some(intent) = self.ids.intent_of(&trade.fill.client_order_id) else { continue };
            let id = intent.order(Purpose::StopLoss, 0);
            meant |= store.entry(self.account, &id).await.expect("the journal is read").is_some();
        }
        let is_of_position = |order: &plimsoll_domain::Order| {
            order.symbol == opened.symbol
                && order.position_side == opened.side
                && order.side == opened.direction.closing_side()
                && order.order_type == OrderType::StopMarket
        };
        let is_its_stop = |order: &&plimsoll_domain::Order| is_of_position(order) && order.close_position;
        let stops = self.truth.open.iter().filter(is_its_stop).count();
        // Stops of a size are as good, as those of pairs: together they cover all that is left.
        let sized = self.truth.open.iter().filter(|order| is_of_position(order));
        let covered: Decimal = sized.filter_map(|order| order.quantity).map(Quantity::get).sum();
        if meant && stops == 0 && covered >= opened.quantity.get() {
            return;
        }
        let made = |order: &&plimsoll_domain::Order| {
            order.quantity.is_some() && is_of_position(order) && !self.ids.is_ours(&order.client_order_id)
        };
        let beside = self.truth.open.iter().filter(made).count();
        if stops == 1 && beside > 0 {
            let subject = format!("stops of {} {}", opened.symbol, opened.side);
            differences.note(subject, "ours alone", format!("{beside} that the venue made beside it"));
        }
        if meant && stops != 1 {
            let subject = format!("stops of {} {}", opened.symbol, opened.side);
            differences.note(subject, "one was meant", format!("{stops} rest"));
        }
    }

    /// The trades of a recorded position add up to it. A trade that went through flat belongs to two.
    async fn life(&self, differences: &mut Differences, record: &PositionRecord) {
        let opened = &record.opened;
        if self.has_flipped(record) {
            return;
        }
        let trades = self.store.of_position(record.id).await.expect("trades are read");
        let subject = format!("record {} of {} {}", record.id.0, opened.symbol, opened.side);
        let signed = trades.iter().map(|it| Direction::from(it.fill.side).sign() * it.fill.quantity.get());
        let sum: Decimal = signed.sum();
        let left = match record.closed {
            Some(_) => Decimal::ZERO,
            None => opened.direction.sign() * opened.quantity.get(),
        };
        differences.same(&subject, "its trades and what is left", &sum, &left);
        if let Some(closed) = &record.closed {
            let realized: Money = trades.iter().filter_map(|it| it.fill.realized_pnl).sum();
            let fees: Money = trades.iter().map(|it| it.fill.fee).sum();
            differences.same(&subject, "its profit and that of its trades", &closed.realized_pnl, &realized);
            differences.same(&subject, "its fees and those of its trades", &closed.fees, &fees);
        }
    }

    fn has_flipped(&self, record: &PositionRecord) -> bool {
        let opened = &record.opened;
        let of_it = |fill: &&Fill| fill.symbol == opened.symbol && fill.position_side == opened.side;
        let mut held: Option<Position> = None;
        self.truth.fills.iter().filter(of_it).any(|fill| {
            let before = held;
            held = Position::after(held, Direction::from(fill.side), fill.quantity, fill.price).position();
            before.zip(held).is_some_and(|(before, after)| before.direction != after.direction)
        })
    }

    /// Nothing of ours rests that protects nothing, nor anything that a venue has made of what an entry of ours carried.
    async fn orphans(&self, differences: &mut Differences) {
        let is_ours = |order: &&plimsoll_domain::Order| {
            self.ids.is_ours(&order.client_order_id) || order.order_type.is_conditional()
        };
        for order in self.truth.open.iter().filter(is_ours) {
            let is_for = |report: &&PositionReport| {
                report.symbol == order.symbol
                    && report.position_side == order.position_side
                    && report.position.is_some_and(|held| held.direction.closing_side() == order.side)
            };
            if self.truth.positions.iter().find(is_for).is_none() && !self.may_open(order).await {
                let subject = format!("order {}", order.client_order_id);
                let what = format!("{} {} of {} rests for nothing", order.order_type, order.side, order.symbol);
                differences.note(subject, "gone", what);
            }
        }
    }
}
