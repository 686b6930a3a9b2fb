//! The store ports but the order journal, through the spool.

use super::Spool;
use crate::store::Store;
use crate::write::Write;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Money, PositionSide, Price, Quantity, Symbol, Timestamp, VenueId};
use plimsoll_ports::{
    BookingRecord, BookingRepository, ClosedPosition, ControlRepository, DailyPnl, EquityRepository, FundingRecord,
    FundingRepository, KillSwitchRecord, LadderStep, OpenedPosition, PnlSnapshot, PositionId, PositionRecord,
    PositionRepository, PositionStatus, RiskEventRecord, RiskEventRepository, StoreError, ThinnedCurve, Totals,
    TradeRecord, TradeRepository,
};
use std::sync::Arc;

impl Spool {
    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.shared.store
    }

    /// The store's number of a position, where it has one by now.
    pub(crate) fn numbered(&self, id: PositionId) -> PositionId {
        self.notes().numbers.get(&id.0).copied().unwrap_or(id)
    }

    pub(crate) fn learn_number(&self, ours: PositionId, theirs: PositionId) {
        self.notes().numbers.insert(ours.0, theirs);
    }

    /// A number of our own for a position that the store cannot number yet.
    fn next_number(&self) -> PositionId {
        let mut notes = self.notes();
        notes.last_number -= 1;
        PositionId(notes.last_number)
    }

    /// What waits, as far as it can be looked at without waiting for the disk.
    pub(super) async fn pending<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut dyn Iterator<Item = &Write>) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let looked = self.on_disk(move |_, disk| Ok(look(&mut disk.pending.iter()))).await;
        looked.map_err(StoreError::Unreachable)
    }
}

#[async_trait]
impl PositionRepository for Spool {
    async fn open(&self, position: &OpenedPosition, trades: &[TradeRecord]) -> Result<PositionId, StoreError> {
        if self.is_through().await {
            match self.reach(PositionRepository::open(&**self.store(), position, trades)).await {
                Err(StoreError::Unreachable(_)) => {}
                answer => return answer,
            }
        }
        let number = self.next_number();
        self.append(Write::Open { number, opened: position.clone(), trades: trades.to_vec() }).await?;
        Ok(number)
    }

    async fn update(
        &self,
        id: PositionId,
        quantity: Quantity,
        entry_price: Price,
        trades: &[TradeRecord],
    ) -> Result<(), StoreError> {
        let through = async {
            PositionRepository::update(&**self.store(), self.numbered(id), quantity, entry_price, trades).await
        };
        // By the store's number, if it is known: the spool forgets its own with what it has replayed.
        let write =
            || Write::Update { id: self.numbered(id), quantity, entry_price, trades: self.with_numbers(trades) };
        self.write(write, through, ()).await
    }

    async fn close(&self, id: PositionId, closed: &ClosedPosition, trades: &[TradeRecord]) -> Result<(), StoreError> {
        let through = async { PositionRepository::close(&**self.store(), self.numbered(id), closed, trades).await };
        let write =
            || Write::Close { id: self.numbered(id), closed: closed.clone(), trades: self.with_numbers(trades) };
        self.write(write, through, ()).await
    }

    async fn find_open(
        &self,
        account: &AccountId,
        symbol: &Symbol,
        side: PositionSide,
    ) -> Result<Option<PositionRecord>, StoreError> {
        self.read(PositionRepository::find_open(&**self.store(), account, symbol, side)).await
    }

    async fn find(&self, id: PositionId) -> Result<Option<PositionRecord>, StoreError> {
        self.read(async { PositionRepository::find(&**self.store(), self.numbered(id)).await }).await
    }

    async fn by_status(&self, account: &AccountId, status: PositionStatus) -> Result<Vec<PositionRecord>, StoreError> {
        self.read(PositionRepository::by_status(&**self.store(), account, status)).await
    }
}

#[async_trait]
impl TradeRepository for Spool {
    async fn log(&self, trade: &TradeRecord) -> Result<bool, StoreError> {
        let through = async {
            let position = trade.position.map(|id| self.numbered(id));
            TradeRepository::log(&**self.store(), &TradeRecord { position, ..trade.clone() }).await
        };
        let write = || {
            let position = trade.position.map(|id| self.numbered(id));
            Write::Trade(Box::new(TradeRecord { position, ..trade.clone() }))
        };
        self.write(write, through, true).await
    }

    async fn of_position(&self, id: PositionId) -> Result<Vec<TradeRecord>, StoreError> {
        self.read(async { TradeRepository::of_position(&**self.store(), self.numbered(id)).await }).await
    }

    async fn since<'a>(
        &self,
        account: &AccountId,
        symbol: Option<&'a Symbol>,
        since: Timestamp,
    ) -> Result<Vec<TradeRecord>, StoreError> {
        self.read(TradeRepository::since(&**self.store(), account, symbol, since)).await
    }

    async fn daily_pnl(&self, account: &AccountId, days: u32, now: Timestamp) -> Result<Vec<DailyPnl>, StoreError> {
        self.read(TradeRepository::daily_pnl(&**self.store(), account, days, now)).await
    }

    async fn totals(&self, account: &AccountId) -> Result<Vec<Totals>, StoreError> {
        self.read(TradeRepository::totals(&**self.store(), account)).await
    }
}

#[async_trait]
impl FundingRepository for Spool {
    async fn log(&self, event: &FundingRecord) -> Result<bool, StoreError> {
        let through = FundingRepository::log(&**self.store(), event);
        self.write(|| Write::Funding(Box::new(event.clone())), through, true).await
    }

    async fn history<'a>(
        &self,
        account: &AccountId,
        symbol: Option<&'a Symbol>,
        venue: Option<&'a VenueId>,
        days: u32,
        now: Timestamp,
    ) -> Result<Vec<FundingRecord>, StoreError> {
        self.read(FundingRepository::history(&**self.store(), account, symbol, venue, days, now)).await
    }
}

#[async_trait]
impl BookingRepository for Spool {
    async fn log(&self, booking: &BookingRecord) -> Result<bool, StoreError> {
        let through = BookingRepository::log(&**self.store(), booking);
        self.write(|| Write::Booking(booking.clone()), through, true).await
    }

    async fn since(&self, account: &AccountId, since: Timestamp) -> Result<Vec<BookingRecord>, StoreError> {
        self.read(BookingRepository::since(&**self.store(), account, since)).await
    }

    async fn last(&self, account: &AccountId) -> Result<Option<BookingRecord>, StoreError> {
        self.read(BookingRepository::last(&**self.store(), account)).await
    }
}

#[async_trait]
impl EquityRepository for Spool {
    async fn snapshot(&self, snapshot: &PnlSnapshot) -> Result<(), StoreError> {
        let through = EquityRepository::snapshot(&**self.store(), snapshot);
        self.write(|| Write::Equity(Box::new(snapshot.clone())), through, ()).await
    }

    async fn curve(&self, account: &AccountId, days: u32, now: Timestamp) -> Result<Vec<PnlSnapshot>, StoreError> {
        self.read(EquityRepository::curve(&**self.store(), account, days, now)).await
    }

    async fn thinned(
        &self,
        account: &AccountId,
        days: u32,
        points: u32,
        now: Timestamp,
    ) -> Result<ThinnedCurve, StoreError> {
        self.read(EquityRepository::thinned(&**self.store(), account, days, points, now)).await
    }

    async fn peak(&self, account: &AccountId) -> Result<Option<Money>, StoreError> {
        self.read(EquityRepository::peak(&**self.store(), account)).await
    }

    async fn peak_earned(&self, account: &AccountId, now: Timestamp) -> Result<Option<Money>, StoreError> {
        self.read(EquityRepository::peak_earned(&**self.store(), account, now)).await
    }

    async fn first_since(&self, account: &AccountId, since: Timestamp) -> Result<Option<PnlSnapshot>, StoreError> {
        self.read(EquityRepository::first_since(&**self.store(), account, since)).await
    }

    async fn last_until(&self, account: &AccountId, until: Timestamp) -> Result<Option<PnlSnapshot>, StoreError> {
        self.read(EquityRepository::last_until(&**self.store(), account, until)).await
    }
}

#[async_trait]
impl RiskEventRepository for Spool {
    async fn log(&self, event: &RiskEventRecord) -> Result<(), StoreError> {
        let through = RiskEventRepository::log(&**self.store(), event);
        self.write(|| Write::RiskEvent(event.clone()), through, ()).await
    }

    async fn since(&self, account: &AccountId, since: Timestamp) -> Result<Vec<RiskEventRecord>, StoreError> {
        self.read(RiskEventRepository::since(&**self.store(), account, since)).await
    }
}

#[async_trait]
impl ControlRepository for Spool {
    async fn kill_switch(&self, account: &AccountId) -> Result<KillSwitchRecord, StoreError> {
        let known = self.read(ControlRepository::kill_switch(&**self.store(), account)).await;
        if !self.is_spooling() {
            return known;
        }
        let whose = account.clone();
        let waiting = self
            .pending(move |writes| {
                let engaged = writes.filter_map(|write| match write {
                    Write::KillSwitch { account, record } if *account == whose => Some(record.clone()),
                    _ => None,
                });
                engaged.last()
            })
            .await?;
        match (waiting, known) {
            (Some(waiting), Ok(known)) if known.since > waiting.since => Ok(known),
            (Some(waiting), _) => Ok(waiting),
            (None, known) => known,
        }
    }

    async fn set_kill_switch(&self, account: &AccountId, record: &KillSwitchRecord) -> Result<(), StoreError> {
        let through = ControlRepository::set_kill_switch(&**self.store(), account, record);
        if !record.engaged {
            return self.write_through(through).await;
        }
        let write = || Write::KillSwitch { account: account.clone(), record: record.clone() };
        self.write(write, through, ()).await
    }

    /// While the store is away, what waits decides: others of this machine write to spools of their own.
    async fn trip_kill_switch(&self, account: &AccountId, record: &KillSwitchRecord) -> Result<bool, StoreError> {
        if self.is_spooling()
            && let Ok(known) = self.kill_switch(account).await
            && known.engaged
        {
            return Ok(known == *record);
        }
        let through = ControlRepository::trip_kill_switch(&**self.store(), account, record);
        let write = || Write::KillSwitch { account: account.clone(), record: record.clone() };
        self.write(write, through, true).await
    }

    async fn kill_switch_history(&self, account: &AccountId) -> Result<Vec<KillSwitchRecord>, StoreError> {
        self.read(ControlRepository::kill_switch_history(&**self.store(), account)).await
    }

    async fn ladder(&self, account: &AccountId) -> Result<Option<LadderStep>, StoreError> {
        self.read(ControlRepository::ladder(&**self.store(), account)).await
    }

    async fn set_ladder(&self, account: &AccountId, step: &LadderStep) -> Result<(), StoreError> {
        self.write_through(ControlRepository::set_ladder(&**self.store(), account, step)).await
    }

    async fn step_ladder<'a>(
        &self,
        account: &AccountId,
        before: Option<&'a LadderStep>,
        step: &LadderStep,
    ) -> Result<bool, StoreError> {
        self.write_through(ControlRepository::step_ladder(&**self.store(), account, before, step)).await
    }
}
