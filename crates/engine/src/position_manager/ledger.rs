//! Writing down what happened. Nothing here stops an operation: what cannot be written is a trouble.

use super::PositionManager;
use super::lives;
use super::outcome::EndedPosition;
use super::reconcile::LOOK_BACK;
use super::settle::Settled;
use crate::execution::{fees, total, walk};
use crate::order_path::distinct;
use crate::trouble::{Record, Subject, Trouble, Troubles};
use plimsoll_domain::pnl::average_price;
use plimsoll_domain::{Decimal, Fill, FillCause, Money, Position, PositionSide, Quantity, Symbol, Timestamp};
use plimsoll_ports::{
    Alert, ClosedPosition, NotifyError, OpenedPosition, PositionId, PositionRecord, PositionStatus, RiskEventRecord,
    TradeRecord,
};
use std::time::Duration;

/// Whoever is told has this long to take it.
const TOLD_WITHIN: Duration = Duration::from_secs(5);

impl PositionManager {
    /// Tells a person, if that is done soon: nobody who guards a position waits longer for it.
    pub(crate) async fn alert(&self, alert: &Alert, troubles: &mut Troubles) {
        let told = tokio::select! {
            biased;
            told = self.ports.notifier.notify(alert) => told,
            () = self.ports.clock.sleep(TOLD_WITHIN) => {
                Err(NotifyError(format!("no answer within {} s", TOLD_WITHIN.as_secs())))
            }
        };
        troubles.keep(told, Trouble::from);
    }

    #[expect(clippy::too_many_arguments, reason = "they are the columns of one record")]
    pub(crate) async fn log_risk(
        &self,
        kind: &str,
        symbol: Option<&Symbol>,
        detail: &str,
        figure: Option<Decimal>,
        limit: Option<Decimal>,
        action: &str,
        troubles: &mut Troubles,
    ) {
        let event = self.risk_event(kind, symbol, detail, figure, limit, action);
        self.noted.own(&event);
        troubles.written(Record::RiskEvent, self.ports.risk_events.log(&event).await);
    }

    /// An event of now.
    pub(crate) fn risk_event(
        &self,
        kind: &str,
        symbol: Option<&Symbol>,
        detail: &str,
        figure: Option<Decimal>,
        limit: Option<Decimal>,
        action: &str,
    ) -> RiskEventRecord {
        RiskEventRecord {
            account: self.settings.account.clone(),
            time: self.ports.clock.now(),
            kind: kind.to_owned(),
            symbol: symbol.cloned(),
            detail: detail.to_owned(),
            figure,
            limit,
            action: action.to_owned(),
        }
    }

    pub(crate) fn trades(&self, fills: &[Fill], position: Option<PositionId>) -> Vec<TradeRecord> {
        let (account, venue) = (&self.settings.account, self.ports.broker.venue());
        let record =
            |fill: &Fill| TradeRecord { account: account.clone(), venue: venue.clone(), position, fill: fill.clone() };
        fills.iter().map(record).collect()
    }

    /// Records what an entry of `entered` made: a new position, or one larger than what was held before it, if that and the
    /// entry are all of it.
    ///
    /// A record that is not of what was held before has not been told all yet, such as that its stop has ended it: it
    /// follows the venue first, so that each fill is recorded with its own position. `None` where it could not be written,
    /// or what made the position is not known yet: its trades are kept then, and the next reconciliation records it.
    pub(crate) async fn record_entry(
        &self,
        opened: &OpenedPosition,
        entered: Quantity,
        before: Before,
        fills: &[Fill],
        troubles: &mut Troubles,
    ) -> Option<PositionId> {
        let (account, positions) = (&self.settings.account, &self.ports.positions);
        self.claim(&opened.symbol, opened.side);
        let _books = self.bookkeeping.lock().await;
        let known = positions.find_open(account, &opened.symbol, opened.side).await;
        let known = troubles.read(Record::Position, known).flatten();
        // The guard has found it meanwhile, and recorded its end too: what it was is known.
        if known.is_none() && self.are_settled(&opened.symbol, fills, troubles).await {
            return None;
        }
        match known {
            Some(known) if !before.with(entered, opened).is_some_and(|held| is_recorded_as(&known, held)) => {
                self.record_entry_after(&known, opened, fills, troubles).await
            }
            Some(known) => {
                let trades = self.trades(fills, Some(known.id));
                let written = positions.update(known.id, opened.quantity, opened.entry_price, &trades).await;
                troubles.written(Record::Position, written).map(|()| known.id)
            }
            None => match self.with_its_beginning(opened, entered, before, fills, troubles).await {
                Some((opened, fills)) => {
                    let written = positions.open(&opened, &self.trades(&fills, None)).await;
                    troubles.written(Record::Position, written)
                }
                None => self.put_off(&opened.symbol, fills, troubles).await,
            },
        }
    }

    /// Whether these fills are recorded with a position, all of them.
    async fn are_settled(&self, symbol: &Symbol, fills: &[Fill], troubles: &mut Troubles) -> bool {
        let Some(first) = fills.iter().map(|fill| fill.time).min() else { return false };
        let recorded = self.ports.trades.since(&self.settings.account, Some(symbol), first).await;
        let Some(recorded) = troubles.read(Record::Trade, recorded) else { return false };
        let is_of_a_position =
            |fill: &Fill| recorded.iter().any(|known| known.position.is_some() && known.fill.trade_id == fill.trade_id);
        fills.iter().all(is_of_a_position)
    }

    /// The record of a position waits until the venue has told all that made it; what is known of its trades does not.
    async fn put_off(&self, symbol: &Symbol, fills: &[Fill], troubles: &mut Troubles) -> Option<PositionId> {
        self.log_trades(fills, troubles).await;
        troubles.add(Trouble::RecordedLater { symbol: symbol.clone() });
        None
    }

    /// A position that the entry alone does not make was begun by others, or by an order of ours that nobody has recorded:
    /// it is recorded from its beginning, as far as the venue tells. `None` while the venue has not told it all: a record
    /// with the last of its trades alone would never get the first. What the entry alone makes begins with it.
    async fn with_its_beginning(
        &self,
        opened: &OpenedPosition,
        entered: Quantity,
        before: Before,
        fills: &[Fill],
        troubles: &mut Troubles,
    ) -> Option<(OpenedPosition, Vec<Fill>)> {
        let alone = || (opened.clone(), fills.to_vec());
        if entered == opened.quantity {
            return Some(alone());
        }
        let made = Position { direction: opened.direction, quantity: opened.quantity, entry: opened.entry_price };
        let since = self.ports.clock.now().minus(LOOK_BACK);
        let new = self.unrecorded(&opened.symbol, opened.side, since, troubles).await?;
        // The venue's list may be older than the order's own fills.
        let all = distinct(new.into_iter().chain(fills.iter().cloned()));
        match lives::made_by(made, all, fills) {
            Some(life) => {
                let opened_at = life.fills.first().map_or(opened.opened_at, |first| first.time);
                Some((OpenedPosition { opened_at, ..opened.clone() }, life.fills))
            }
            // Whoever looked just before saw nothing held: the rest is of now, and the venue has not told its trades yet.
            None if before == Before::Flat => None,
            // It began before what is looked at.
            None => (total(fills) == Some(entered)).then(alone),
        }
    }

    /// The same, after the record has followed the venue: the entry made it larger, or a new one after its end.
    async fn record_entry_after(
        &self,
        known: &PositionRecord,
        opened: &OpenedPosition,
        fills: &[Fill],
        troubles: &mut Troubles,
    ) -> Option<PositionId> {
        let made = Position { direction: opened.direction, quantity: opened.quantity, entry: opened.entry_price };
        let (settled, mut rest) = self.follow_record(known, Some(made), troubles).await;
        match settled {
            Settled::Changed => return Some(known.id),
            Settled::Ended(end) => self.tell_of_end(&end, troubles).await,
            // Somebody else has recorded it meanwhile: what is left to do is to say which trades made it.
            Settled::Same => {
                let trades = self.trades(fills, Some(known.id));
                let written = self.ports.positions.update(known.id, opened.quantity, opened.entry_price, &trades).await;
                return troubles.written(Record::Position, written).map(|()| known.id);
            }
            Settled::Unexplained if self.lacks(known, made, fills, troubles).await => {
                let trades = self.trades(fills, Some(known.id));
                let written = self.ports.positions.update(known.id, opened.quantity, opened.entry_price, &trades).await;
                return troubles.written(Record::Position, written).map(|()| known.id);
            }
            Settled::Unexplained => return self.put_off(&opened.symbol, fills, troubles).await,
        }
        let own = rest.pop().map_or_else(|| fills.to_vec(), |life| life.fills);
        let others: Vec<Fill> = rest.into_iter().flat_map(|life| life.fills).collect();
        self.log_trades(&distinct(others.into_iter()), troubles).await;
        let written = self.ports.positions.open(opened, &self.trades(&own, None)).await;
        troubles.written(Record::Position, written)
    }

    /// Whether the trades of a record make what is held with these fills, and only with them: somebody has recorded it who did not
    /// know them. A record whose own trades make as much is another one, which has ended.
    async fn lacks(&self, record: &PositionRecord, held: Position, fills: &[Fill], troubles: &mut Troubles) -> bool {
        let known = self.ports.trades.of_position(record.id).await;
        let Some(known) = troubles.read(Record::Trade, known) else { return false };
        let known = known.into_iter().map(|trade| trade.fill);
        let all = distinct(known.chain(fills.iter().cloned()));
        lives::before(Some(held), &all).is_zero()
    }

    /// Records what fills made of a position: another size, or its end, which `reason` names.
    ///
    /// Only what the fills explain is recorded, so that every figure is true: until they are all told the record stays as
    /// it is, and the next pass of monitoring tries again.
    pub(crate) async fn record_exit(
        &self,
        record: &PositionRecord,
        new: Vec<Fill>,
        remaining: Option<Position>,
        reason: &str,
        troubles: &mut Troubles,
    ) -> Settled {
        let held = remaining;
        let remaining = remaining.filter(|it| it.direction == record.opened.direction);
        let known = self.ports.trades.of_position(record.id).await;
        let Some(known) = troubles.read(Record::Trade, known) else { return Settled::Unexplained };
        let known: Vec<Fill> = known.into_iter().map(|trade| trade.fill).collect();
        let Some(new) = explaining(record, &known, new, held) else {
            tracing::warn!(symbol = %record.opened.symbol, "the fills do not explain yet what the venue holds");
            return Settled::Unexplained;
        };
        let trades = self.trades(&new, Some(record.id));
        if let Some(remaining) = remaining {
            let written = self.ports.positions.update(record.id, remaining.quantity, remaining.entry, &trades).await;
            let Some(()) = troubles.written(Record::Position, written) else { return Settled::Unexplained };
            self.note_taken(record, &new);
            return Settled::Changed;
        }
        self.write_end(record, known, &new, reason, troubles).await
    }

    /// Records a position's end by the fills that its record holds and those that it does not hold yet.
    pub(crate) async fn write_end(
        &self,
        record: &PositionRecord,
        known: Vec<Fill>,
        new: &[Fill],
        reason: &str,
        troubles: &mut Troubles,
    ) -> Settled {
        let Some((ended, closed)) = self.end_of(record, known, new, reason, troubles).await else {
            return Settled::Unexplained;
        };
        let trades = self.trades(new, Some(record.id));
        let written = self.ports.positions.close(record.id, &closed, &trades).await;
        match troubles.written(Record::Position, written) {
            Some(()) => {
                self.note_taken(record, new);
                Settled::Ended(Box::new(ended))
            }
            None => Settled::Unexplained,
        }
    }

    /// The figures of a position's whole life.
    async fn end_of(
        &self,
        record: &PositionRecord,
        known: Vec<Fill>,
        new: &[Fill],
        reason: &str,
        troubles: &mut Troubles,
    ) -> Option<(EndedPosition, ClosedPosition)> {
        let opened = &record.opened;
        let fills = distinct(known.into_iter().chain(new.iter().cloned()));
        let is_closing = |fill: &&Fill| fill.side == opened.direction.closing_side();
        let closing: Vec<Fill> = fills.iter().filter(is_closing).cloned().collect();
        let closed_at = closing.last()?.time;
        let forced = closing.iter().any(|fill| fill.cause == FillCause::Liquidation);
        let closed = ClosedPosition {
            status: if forced { PositionStatus::Liquidated } else { PositionStatus::Closed },
            exit_price: average_price(&closing)?,
            realized_pnl: closing.iter().filter_map(|fill| fill.realized_pnl).sum(),
            fees: fees(&fills),
            funding: self.funding_of(&opened.symbol, opened.side, opened.opened_at, closed_at, troubles).await,
            reason: reason.to_owned(),
            closed_at,
        };
        let ended = EndedPosition {
            record: record.id,
            symbol: opened.symbol.clone(),
            side: opened.side,
            direction: opened.direction,
            status: closed.status,
            reason: closed.reason.clone(),
            by_colleague: closing.last().is_some_and(|last| self.is_closed_by_colleague(last, reason)),
            exit_price: closed.exit_price,
            realized_pnl: closed.realized_pnl,
            fees: closed.fees,
            funding: closed.funding,
            closed_at,
        };
        Some((ended, closed))
    }

    /// Whether an order of another process of ours made this trade, and the journal knew what for: what protects does that by
    /// itself, whoever has placed it.
    fn is_closed_by_colleague(&self, last: &Fill, reason: &str) -> bool {
        let process = self.ids.process_of(&last.client_order_id);
        let purpose = self.ids.purpose_of(&last.client_order_id);
        process.is_some_and(|process| process != self.ids.process())
            && purpose.is_some_and(|purpose| !purpose.protects() && purpose.as_str() == reason)
    }

    /// Funding booked for a position over its life, after fetching what was booked last; positive is paid.
    async fn funding_of(
        &self,
        symbol: &Symbol,
        side: PositionSide,
        from: Timestamp,
        to: Timestamp,
        troubles: &mut Troubles,
    ) -> Money {
        if let Err(error) = self.funding.record(Some(from)).await {
            tracing::warn!(%error, "booked funding was not fetched");
            self.funding_trouble(symbol, error, troubles);
        }
        let days = u32::try_from(self.ports.clock.now().since(from).as_secs() / 86_400).unwrap_or(u32::MAX - 2) + 2;
        let now = self.ports.clock.now();
        let booked = self.ports.funding.history(&self.settings.account, Some(symbol), None, days, now).await;
        let booked = troubles.read(Record::Funding, booked).unwrap_or_default();
        let is_its = |it: &&plimsoll_ports::FundingRecord| {
            it.time >= from && it.time <= to && it.side.is_none_or(|booked| booked == side)
        };
        booked.iter().filter(is_its).map(|it| it.payment).sum()
    }

    pub(crate) fn funding_trouble(
        &self,
        symbol: &Symbol,
        error: crate::funding_service::FundingFailure,
        troubles: &mut Troubles,
    ) {
        use crate::funding_service::FundingFailure;
        match error {
            FundingFailure::Venue(error) => {
                troubles.add(Trouble::NotKnown { subject: Subject::Funding, symbol: symbol.clone(), error });
            }
            FundingFailure::Store(error) => troubles.add(Trouble::RecordNotRead { record: Record::Funding, error }),
            FundingFailure::NoInterval(_) => {}
        }
    }
}

/// What was held when an entry was planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    Flat,
    Held(Position),
    /// Nobody looked, or long ago.
    NotKnown,
}

impl Before {
    /// What was held, if that and what was entered are all of it: whatever else has happened to it since, such as a stop that
    /// fired under the entry, is not this entry's.
    fn with(self, entered: Quantity, opened: &OpenedPosition) -> Option<Position> {
        match self {
            Self::Held(held) if held.quantity + entered == opened.quantity => Some(held),
            Self::Flat | Self::Held(_) | Self::NotKnown => None,
        }
    }
}

fn is_recorded_as(record: &PositionRecord, held: Position) -> bool {
    let opened = &record.opened;
    (held.direction, held.quantity) == (opened.direction, opened.quantity)
}

/// The new fills with the profit that each realised, if they explain what remains: from the position as it is recorded or,
/// where its opening fills were not told when it was recorded, from nothing through all its fills. Fills that close more than there
/// was, where nothing is held the other way, lack what was added before.
fn explaining(record: &PositionRecord, known: &[Fill], new: Vec<Fill>, held: Option<Position>) -> Option<Vec<Fill>> {
    let opened = &record.opened;
    let is_other_way = |it: &Position| it.direction != opened.direction;
    let (has_turned, remaining) = (held.as_ref().is_some_and(is_other_way), held.filter(|it| !is_other_way(it)));
    let before = Position { direction: opened.direction, quantity: opened.quantity, entry: opened.entry_price };
    let explains = |left: Option<Position>| {
        if left.as_ref().is_some_and(is_other_way) && !has_turned {
            return false;
        }
        let left = left.filter(|left| left.direction == opened.direction);
        left.map(|left| left.quantity) == remaining.map(|remaining| remaining.quantity)
    };
    let mut from_record = new.clone();
    if explains(walk(Some(before), &mut from_record)) {
        return Some(from_record);
    }
    let is_new = |fill: &Fill| new.iter().any(|new| new.trade_id == fill.trade_id);
    let mut all = distinct(known.iter().chain(&new).cloned());
    explains(walk(None, &mut all)).then(|| all.into_iter().filter(is_new).collect())
}
