//! Writing down what happened. Nothing here stops an operation: what cannot be written is a trouble.

use super::PositionManager;
use super::outcome::EndedPosition;
use crate::execution::{fees, walk};
use crate::order_path::distinct;
use crate::trouble::{Record, Subject, Trouble, Troubles};
use plimsoll_domain::pnl::average_price;
use plimsoll_domain::{Decimal, Fill, FillCause, Money, Position, PositionSide, Symbol, Timestamp};
use plimsoll_ports::{
    Alert, ClosedPosition, OpenedPosition, PositionId, PositionRecord, PositionStatus, RiskEventRecord, TradeRecord,
};

impl PositionManager {
    pub(crate) async fn alert(&self, alert: &Alert, troubles: &mut Troubles) {
        troubles.keep(self.ports.notifier.notify(alert).await, Trouble::from);
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
        let event = RiskEventRecord {
            account: self.settings.account.clone(),
            time: self.ports.clock.now(),
            kind: kind.to_owned(),
            symbol: symbol.cloned(),
            detail: detail.to_owned(),
            figure,
            limit,
            action: action.to_owned(),
        };
        troubles.written(Record::RiskEvent, self.ports.risk_events.log(&event).await);
    }

    pub(crate) fn trades(&self, fills: &[Fill], position: Option<PositionId>) -> Vec<TradeRecord> {
        let (account, venue) = (&self.settings.account, self.ports.broker.venue());
        let record = |fill: &Fill| TradeRecord {
            account: account.clone(),
            venue: venue.clone(),
            position,
            fill: fill.clone(),
        };
        fills.iter().map(record).collect()
    }

    /// Records what an entry made: a new position, or a larger one.
    pub(crate) async fn record_entry(
        &self,
        opened: &OpenedPosition,
        fills: &[Fill],
        troubles: &mut Troubles,
    ) -> Option<PositionId> {
        let (account, positions) = (&self.settings.account, &self.ports.positions);
        let known = positions.find_open(account, &opened.symbol, opened.side).await;
        match troubles.read(Record::Position, known).flatten() {
            Some(known) => {
                let trades = self.trades(fills, Some(known.id));
                let written = positions.update(known.id, opened.quantity, opened.entry_price, &trades).await;
                troubles.written(Record::Position, written).map(|()| known.id)
            }
            None => {
                let written = positions.open(opened, &self.trades(fills, None)).await;
                troubles.written(Record::Position, written)
            }
        }
    }

    /// Records what closing fills made of a position: a smaller one, or its end. `reason` names the end.
    ///
    /// An end is recorded only once all its fills are told, so that its figures are true: until then the record stays
    /// open, and the next pass of monitoring tries again.
    pub(crate) async fn record_exit(
        &self,
        record: &PositionRecord,
        mut new: Vec<Fill>,
        remaining: Option<Position>,
        reason: &str,
        troubles: &mut Troubles,
    ) -> Option<EndedPosition> {
        let opened = &record.opened;
        let before =
            Position { direction: opened.direction, quantity: opened.quantity, entry: opened.entry_price };
        let left = walk(Some(before), &mut new);
        let trades = self.trades(&new, Some(record.id));
        if let Some(remaining) = remaining.filter(|it| it.direction == opened.direction) {
            let written =
                self.ports.positions.update(record.id, remaining.quantity, remaining.entry, &trades).await;
            troubles.written(Record::Position, written);
            return None;
        }
        if left.is_some_and(|left| left.direction == opened.direction) {
            return None;
        }
        let (ended, closed) = self.end_of(record, &new, reason, troubles).await?;
        let written = self.ports.positions.close(record.id, &closed, &trades).await;
        troubles.written(Record::Position, written);
        Some(ended)
    }

    /// The figures of a position's whole life.
    async fn end_of(
        &self,
        record: &PositionRecord,
        new: &[Fill],
        reason: &str,
        troubles: &mut Troubles,
    ) -> Option<(EndedPosition, ClosedPosition)> {
        let opened = &record.opened;
        let known = self.ports.trades.of_position(record.id).await;
        let known = troubles.read(Record::Trade, known)?.into_iter().map(|trade| trade.fill);
        let fills = distinct(known.chain(new.iter().cloned()));
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
            exit_price: closed.exit_price,
            realized_pnl: closed.realized_pnl,
            fees: closed.fees,
            funding: closed.funding,
            closed_at,
        };
        Some((ended, closed))
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
