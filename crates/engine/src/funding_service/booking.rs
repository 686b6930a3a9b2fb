//! Recording what the venue has booked, beside what our own formula gives.

use super::{FundingFailure, FundingService};
use crate::execution::walk;
use plimsoll_domain::{
    Decimal, Fill, FundingPayment, Money, Position, PositionSide, Price, Rate, Symbol, Timestamp, funding,
};
use plimsoll_ports::{FundingRecord, PositionRecord, PositionStatus, QueryError, StoreError};
use std::time::Duration;

/// A booking and our formula may differ by this much, in the settle currency: venues round marks and payments.
const ROUNDING: Decimal = Decimal::from_parts(1, 0, 0, false, 6);

/// A settlement and its booking may be told with times this far apart.
const SETTLEMENT_SLACK: Duration = Duration::from_secs(60);

/// Bookings are asked for again from so long before the newest known one, since venues book late.
const OVERLAP: Duration = Duration::from_secs(60 * 60);

/// What a pass over the venue's bookings brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FundingRecording {
    /// Bookings that were not recorded before, oldest first.
    pub new: Vec<FundingRecord>,
    /// Those of them that differ from our own formula by more than rounding.
    pub differences: Vec<Difference>,
    /// Bookings that could not be recorded, by their id, and why.
    pub failed: Vec<(String, StoreError)>,
}

/// A booking that differs from our own formula by more than rounding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The venue's id of the booking.
    pub booking: String,
    /// For this contract.
    pub symbol: Symbol,
    /// As booked; positive is paid.
    pub booked: Money,
    /// By our formula.
    pub expected: Money,
    /// When it was settled.
    pub time: Timestamp,
}

/// Everything that an expected payment is made of.
#[derive(Clone, Copy)]
struct Settlement {
    side: PositionSide,
    held: Position,
    rate: Rate,
    mark: Price,
}

impl Settlement {
    fn payment(&self) -> Money {
        funding::payment(self.held, self.mark, self.rate)
    }
}

impl FundingService {
    /// Fetches the venue's bookings since the newest recorded one, with an overlap, and records those that are new, each
    /// with what our own formula gives. The booking counts; the formula only checks it.
    ///
    /// They are asked for from `since` on where that is earlier. Never from later: what is recorded tells from where the
    /// next pass goes on, so that a gap before it would stay.
    ///
    /// # Errors
    /// [`FundingFailure`] if the bookings cannot be had. A booking that cannot be recorded is in
    /// [`FundingRecording::failed`], and comes again with the next pass.
    pub async fn record(&self, since: Option<Timestamp>) -> Result<FundingRecording, FundingFailure> {
        let Some(since) = since.into_iter().chain(self.resume_from().await?).min() else {
            return Ok(FundingRecording::default());
        };
        let mut recording = FundingRecording::default();
        for payment in self.broker.funding_payments(since).await? {
            let (Some(id), Some(symbol)) = (payment.id.clone(), payment.symbol.clone()) else { continue };
            let record = self.record_of(&payment, id.as_ref(), symbol).await;
            match self.records.log(&record).await {
                Ok(true) => recording.add(record),
                Ok(false) => {}
                Err(error) => {
                    // Oldest first: a later one on record would hide that this one is not.
                    let is_away = matches!(error, StoreError::Unreachable(_));
                    recording.failed.push((record.booking, error));
                    if is_away {
                        break;
                    }
                }
            }
        }
        Ok(recording)
    }

    /// The newest recorded booking, less an overlap; before the first one, the opening of the oldest recorded position.
    async fn resume_from(&self) -> Result<Option<Timestamp>, StoreError> {
        const DAYS_LOOKED_BACK: u32 = 32;
        let now = self.clock.now();
        let booked = self.records.history(&self.account, None, None, DAYS_LOOKED_BACK, now).await?;
        if let Some(newest) = booked.last() {
            return Ok(Some(newest.time.minus(OVERLAP)));
        }
        let mut oldest = None;
        for status in [PositionStatus::Open, PositionStatus::Closed, PositionStatus::Liquidated] {
            let opened = self.positions.by_status(&self.account, status).await?;
            let first = opened.iter().map(|record| record.opened.opened_at).min();
            oldest = [oldest, first].into_iter().flatten().min();
        }
        Ok(oldest)
    }

    async fn record_of(&self, payment: &FundingPayment, id: &str, symbol: Symbol) -> FundingRecord {
        let settlements = self.settlements(payment, &symbol).await.unwrap_or_default();
        // Hedge legs are booked apart, and no booking says for which leg: the one that fits is it.
        let fits = |it: &&Settlement| (it.payment() - payment.payment).abs().get() <= ROUNDING;
        let only = match settlements.as_slice() {
            [only] => Some(*only),
            legs => legs.iter().find(fits).copied(),
        };
        let together = settlements.iter().map(Settlement::payment).reduce(|a, b| a + b);
        let expected = only.as_ref().map(Settlement::payment).or(together);
        FundingRecord {
            account: self.account.clone(),
            venue: self.broker.venue(),
            booking: id.to_owned(),
            symbol,
            side: only.map(|it| it.side),
            rate: payment.rate.or(settlements.first().map(|it| it.rate)),
            quantity: only.map(|it| it.held.quantity),
            mark_price: settlements.first().map(|it| it.mark),
            payment: payment.payment,
            expected,
            currency: payment.currency.clone(),
            time: payment.time,
        }
    }

    /// What was held at the settlement, with the rate and mark it was settled at; `None` where something is not known.
    async fn settlements(&self, payment: &FundingPayment, symbol: &Symbol) -> Option<Vec<Settlement>> {
        let (rate, mark) = self.settled_at(payment, symbol).await.ok()??;
        let mut settlements = Vec::new();
        for record in self.records_at(symbol, payment.time).await.ok()? {
            let trades = self.trades.of_position(record.id).await.ok()?;
            let mut before: Vec<Fill> =
                trades.into_iter().map(|trade| trade.fill).filter(|fill| fill.time < payment.time).collect();
            if let Some(held) = walk(None, &mut before) {
                settlements.push(Settlement { side: record.opened.side, held, rate, mark });
            }
        }
        Some(settlements)
    }

    async fn settled_at(&self, payment: &FundingPayment, symbol: &Symbol) -> Result<Option<(Rate, Price)>, QueryError> {
        let (from, to) = (payment.time.minus(SETTLEMENT_SLACK), payment.time.plus(SETTLEMENT_SLACK));
        let settled = self.rates.history(symbol, from, to).await?;
        let nearest = settled.iter().min_by_key(|it| it.time.since(payment.time).max(payment.time.since(it.time)));
        Ok(nearest.and_then(|it| Some((payment.rate.unwrap_or(it.rate), it.mark_price?))))
    }

    async fn records_at(&self, symbol: &Symbol, time: Timestamp) -> Result<Vec<PositionRecord>, StoreError> {
        let mut found = Vec::new();
        for status in [PositionStatus::Open, PositionStatus::Closed, PositionStatus::Liquidated] {
            let records = self.positions.by_status(&self.account, status).await?;
            found.extend(records.into_iter().filter(|record| was_open(record, symbol, time)));
        }
        Ok(found)
    }
}

fn was_open(record: &PositionRecord, symbol: &Symbol, time: Timestamp) -> bool {
    let opened = &record.opened;
    let ended_before = record.closed.as_ref().is_some_and(|closed| closed.closed_at < time);
    opened.symbol == *symbol && opened.opened_at <= time && !ended_before
}

impl FundingRecording {
    fn add(&mut self, record: FundingRecord) {
        if let Some(expected) = record.expected
            && (record.payment - expected).abs().get() > ROUNDING
        {
            self.differences.push(Difference {
                booking: record.booking.clone(),
                symbol: record.symbol.clone(),
                booked: record.payment,
                expected,
                time: record.time,
            });
        }
        self.new.push(record);
    }
}
