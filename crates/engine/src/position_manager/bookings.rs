//! What the venue books beside fills and funding: recorded as it tells it, so that nothing has to be guessed.

use super::{PositionManager, Reconciliation};
use crate::trouble::{Record, Trouble, Troubles};
use plimsoll_domain::Timestamp;
use plimsoll_ports::{BookingRecord, StoreError};
use std::time::Duration;

/// Venues book late: bookings are asked for again from so long before the last reading.
const OVERLAP: Duration = Duration::from_secs(60 * 60);

/// Bookings are read at least so often: two that cancel out leave a wallet that adds up.
const AT_LEAST_EVERY: Duration = Duration::from_secs(60 * 60);

/// They are dear to ask for (30 of 2,400 a minute at one venue): while a wallet does not add up, no more often than this.
const AT_MOST_EVERY: Duration = Duration::from_secs(10);

/// Whether a wallet shows what was booked so shortly before it was looked at, nobody can say.
const JUST_NOW: Duration = Duration::from_secs(1);

/// How far the venue's bookings have been read, as far as this process knows.
#[derive(Debug, Default)]
pub(in crate::position_manager) struct Read {
    /// When the records begin: what was booked before is not theirs.
    begun: Option<Timestamp>,
    /// When a reading was last tried.
    tried: Option<Timestamp>,
    /// When the last reading began of which everything is recorded.
    whole: Option<Timestamp>,
    /// The time of the latest booking that the venue has told.
    latest: Option<Timestamp>,
    /// What was recorded and nobody was told of.
    news: Vec<BookingRecord>,
}

impl Read {
    fn told(&mut self, time: Timestamp) {
        self.latest = self.latest.max(Some(time));
    }

    /// Whether a wallet that was looked at then shows every booking that the venue has told.
    pub(in crate::position_manager) fn is_shown_at(&self, looked: Timestamp) -> bool {
        self.latest.is_none_or(|latest| latest.plus(JUST_NOW) < looked)
    }

    /// Nothing is on record: what is booked from `first` on will be.
    pub(in crate::position_manager) fn begin(&mut self, first: Timestamp) {
        self.begun.get_or_insert(first);
    }
}

impl PositionManager {
    /// Fetches what the venue booked since the last reading, or since the records began, and records what is new. What
    /// cannot be had or recorded is a trouble, and comes again with the next reading. Before there is any record nothing
    /// is recorded here either: it is only noted how late the venue's latest booking is.
    pub(crate) async fn record_bookings(&self, troubles: &mut Troubles) {
        let now = self.ports.clock.now();
        self.earnings().read.tried = Some(now);
        let Some(begun) = troubles.read(Record::Booking, self.bookings_since().await) else { return };
        let since = begun.unwrap_or_else(|| now.minus(OVERLAP));
        let told = troubles.keep(self.ports.broker.bookings(since).await, Trouble::BookingsNotKnown);
        let mut is_whole = told.is_some();
        for booking in told.unwrap_or_default() {
            self.earnings().read.told(booking.time);
            if begun.is_none() {
                continue;
            }
            let (account, venue) = (self.settings.account.clone(), self.ports.broker.venue());
            let record = BookingRecord { account, venue, booking };
            let logged = self.ports.bookings.log(&record).await;
            let is_away = matches!(logged, Err(StoreError::Unreachable(_)));
            if troubles.written(Record::Booking, logged) == Some(true) {
                let mut earnings = self.earnings();
                earnings.recorded(&record.booking, &self.settings.settle);
                earnings.read.news.push(record);
            }
            // Oldest first: a later one on record would hide that this one is not. What contradicts the records never
            // will be, and keeps nothing else from them.
            if is_away {
                is_whole = false;
                break;
            }
        }
        if is_whole {
            self.earnings().read.whole = Some(now);
        }
    }

    /// What was recorded since this was last asked, oldest first.
    pub(crate) fn take_new_bookings(&self) -> Vec<BookingRecord> {
        std::mem::take(&mut self.earnings().read.news)
    }

    /// What was booked while nobody looked: after the fills, which say when the records begin.
    pub(super) async fn back_fill_bookings(&self, it: &mut Reconciliation) {
        let mut troubles = Troubles::default();
        self.record_bookings(&mut troubles).await;
        it.bookings = self.take_new_bookings();
        it.troubles.extend(troubles.into_vec());
    }

    /// Records bookings, if it is long enough ago.
    pub(super) async fn record_bookings_now_and_then(&self, troubles: &mut Troubles) {
        let whole = self.earnings().read.whole;
        if whole.is_none_or(|whole| self.ports.clock.now().since(whole) >= AT_LEAST_EVERY) {
            self.record_bookings(troubles).await;
        }
    }

    /// Whether the venue may be asked again already.
    pub(super) fn may_ask_for_bookings(&self) -> bool {
        let tried = self.earnings().read.tried;
        tried.is_none_or(|tried| self.ports.clock.now().since(tried) >= AT_MOST_EVERY)
    }

    /// Whether the last reading told everything.
    pub(super) fn has_read_bookings(&self) -> bool {
        let earnings = self.earnings();
        earnings.read.whole.is_some() && earnings.read.whole == earnings.read.tried
    }

    /// From when on bookings are to be asked for; `None` before there is any record.
    async fn bookings_since(&self) -> Result<Option<Timestamp>, StoreError> {
        let Some(begun) = self.records_begun().await? else { return Ok(None) };
        let known = self.earnings().read.whole;
        let last = match known {
            Some(_) => known,
            None => self.ports.bookings.last(&self.settings.account).await?.map(|last| last.booking.time),
        };
        Ok(Some(last.map_or(begun, |last| begun.max(last.minus(OVERLAP)))))
    }

    /// The time of the first trade or point of the equity curve on record; where there was none when the wallet was first
    /// looked at, the time of that look.
    async fn records_begun(&self) -> Result<Option<Timestamp>, StoreError> {
        if let Some(begun) = self.earnings().read.begun {
            return Ok(Some(begun));
        }
        let (account, ever) = (&self.settings.account, Timestamp::default());
        let point = self.ports.equity.first_since(account, ever).await?.map(|point| point.time);
        let trades = self.ports.trades.since(account, None, ever).await?;
        let recorded = point.into_iter().chain(trades.first().map(|trade| trade.fill.time)).min();
        let mut earnings = self.earnings();
        earnings.read.begun = earnings.read.begun.or(recorded);
        Ok(earnings.read.begun)
    }
}
