//! Every repository in memory; down on command.

mod journal;

use async_trait::async_trait;
use plimsoll_ports::domain::{AccountId, Currency, Money, PositionSide, Price, Quantity, Symbol, Timestamp, VenueId};
use plimsoll_ports::{
    Alert, BookingRecord, BookingRepository, ClosedPosition, ComposedEntry, ControlRepository, DailyPnl,
    EquityRepository, FundingRecord, FundingRepository, JournalEntry, JournalState, KillSwitchRecord, LadderStep,
    Notifier, NotifyError, OpenedPosition, PnlSnapshot, PositionId, PositionRecord, PositionRepository, PositionStatus,
    RiskEventRecord, RiskEventRepository, StoreError, Totals, TradeRecord, TradeRepository,
};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

#[derive(Default)]
pub(crate) struct Tables {
    pub(crate) down: bool,
    /// Positions can be read and not written.
    pub(crate) read_only: bool,
    /// Whoever writes down what became of a position waits for ever.
    pub(crate) hold_positions: bool,
    /// No order is written down.
    pub(crate) takes_no_orders: bool,
    /// Orders are written down, and what becomes of them is not.
    pub(crate) takes_no_states: bool,
    /// A composed order is written down, and whoever wrote it is not told.
    pub(crate) loses_composed: bool,
    /// The database goes with that answer.
    pub(crate) falls_with_composed: bool,
    /// Rows of the equity curve and of the trades make no sense.
    pub(crate) is_corrupt: bool,
    /// No event of risk is taken.
    pub(crate) takes_no_events: bool,
    /// Nobody can be told: whoever tries waits for ever.
    pub(crate) deaf: bool,
    /// Whoever asks for the kill switch waits until this is over.
    pub(crate) hold_controls: bool,
    /// So many bookings are not taken, as nobody answers.
    pub(crate) bookings_lost: u32,
    /// How often positions are still listed before they cannot be any more.
    pub(crate) listings: Option<u32>,
    pub(crate) journal: Vec<JournalEntry>,
    pub(crate) composed: Vec<ComposedEntry>,
    pub(crate) positions: Vec<PositionRecord>,
    pub(crate) trades: Vec<TradeRecord>,
    pub(crate) funding: Vec<FundingRecord>,
    pub(crate) bookings: Vec<BookingRecord>,
    pub(crate) equity: Vec<PnlSnapshot>,
    pub(crate) risk_events: Vec<RiskEventRecord>,
    pub(crate) kill_switch: Vec<KillSwitchRecord>,
    /// Another process engages it once it has been read so often.
    pub(crate) kill_after: Option<u32>,
    pub(crate) ladder: Vec<LadderStep>,
    /// Another process takes this step once the ladder has been read.
    pub(crate) stepped_meanwhile: Option<LadderStep>,
    pub(crate) alerts: Vec<Alert>,
}

#[derive(Clone, Default)]
pub(crate) struct Store(Arc<Mutex<Tables>>);

impl Store {
    pub(crate) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap()
    }

    fn up(&self) -> Result<MutexGuard<'_, Tables>, StoreError> {
        let tables = self.tables();
        if tables.down { Err(StoreError::Unreachable("no database".to_owned())) } else { Ok(tables) }
    }

    fn readable(&self) -> Result<MutexGuard<'_, Tables>, StoreError> {
        let tables = self.up()?;
        let corrupt = || StoreError::Corrupt("pnl_snapshots.wallet: 'a lot' is no number".to_owned());
        if tables.is_corrupt { Err(corrupt()) } else { Ok(tables) }
    }

    pub(crate) fn events(&self, kind: &str) -> Vec<RiskEventRecord> {
        self.tables().risk_events.iter().filter(|event| event.kind == kind).cloned().collect()
    }

    pub(crate) fn state_of(&self, purpose: plimsoll_ports::Purpose) -> JournalState {
        let tables = self.tables();
        tables.journal.iter().rfind(|entry| entry.purpose == purpose).unwrap().state.clone()
    }
}

impl Tables {
    fn keep(&mut self, trades: &[TradeRecord], position: Option<PositionId>) {
        for trade in trades {
            let position = position.or(trade.position);
            match self.trades.iter_mut().find(|known| known.fill.trade_id == trade.fill.trade_id) {
                Some(known) => known.position = known.position.or(position),
                None => self.trades.push(TradeRecord { position, ..trade.clone() }),
            }
        }
    }

    fn record(&mut self, id: PositionId) -> Result<&mut PositionRecord, StoreError> {
        let missing = || StoreError::NotFound(format!("position {}", id.0));
        self.positions.iter_mut().find(|record| record.id == id).ok_or_else(missing)
    }
}

#[async_trait]
impl PositionRepository for Store {
    async fn open(&self, position: &OpenedPosition, trades: &[TradeRecord]) -> Result<PositionId, StoreError> {
        let mut tables = self.up()?;
        let is_open = |known: &PositionRecord| {
            known.closed.is_none() && known.opened.symbol == position.symbol && known.opened.side == position.side
        };
        if tables.positions.iter().any(is_open) {
            return Err(StoreError::Conflict("a second open position".to_owned()));
        }
        let id = PositionId(i64::try_from(tables.positions.len()).unwrap() + 1);
        tables.positions.push(PositionRecord { id, opened: position.clone(), closed: None });
        tables.keep(trades, Some(id));
        Ok(id)
    }

    async fn update(
        &self,
        id: PositionId,
        quantity: Quantity,
        entry_price: Price,
        trades: &[TradeRecord],
    ) -> Result<(), StoreError> {
        if self.tables().hold_positions {
            std::future::pending::<()>().await;
        }
        let mut tables = self.up()?;
        let record = tables.record(id)?;
        (record.opened.quantity, record.opened.entry_price) = (quantity, entry_price);
        tables.keep(trades, Some(id));
        Ok(())
    }

    async fn close(&self, id: PositionId, closed: &ClosedPosition, trades: &[TradeRecord]) -> Result<(), StoreError> {
        let mut tables = self.up()?;
        if tables.read_only {
            return Err(StoreError::Unreachable("the disk is full".to_owned()));
        }
        tables.record(id)?.closed = Some(closed.clone());
        tables.keep(trades, Some(id));
        Ok(())
    }

    async fn find_open(
        &self,
        _: &AccountId,
        symbol: &Symbol,
        side: PositionSide,
    ) -> Result<Option<PositionRecord>, StoreError> {
        let is_it = |it: &&PositionRecord| it.closed.is_none() && it.opened.symbol == *symbol && it.opened.side == side;
        Ok(self.up()?.positions.iter().find(is_it).cloned())
    }

    async fn find(&self, id: PositionId) -> Result<Option<PositionRecord>, StoreError> {
        Ok(self.up()?.positions.iter().find(|record| record.id == id).cloned())
    }

    async fn by_status(&self, account: &AccountId, status: PositionStatus) -> Result<Vec<PositionRecord>, StoreError> {
        let status_of = |record: &&PositionRecord| {
            let known = record.closed.as_ref().map_or(PositionStatus::Open, |it| it.status);
            record.opened.account == *account && known == status
        };
        let mut tables = self.up()?;
        match &mut tables.listings {
            Some(0) => return Err(StoreError::Unreachable("no database any more".to_owned())),
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(tables.positions.iter().rev().filter(status_of).cloned().collect())
    }
}

#[async_trait]
impl TradeRepository for Store {
    async fn log(&self, trade: &TradeRecord) -> Result<bool, StoreError> {
        let mut tables = self.up()?;
        let before = tables.trades.len();
        tables.keep(std::slice::from_ref(trade), None);
        Ok(tables.trades.len() > before)
    }

    async fn of_position(&self, id: PositionId) -> Result<Vec<TradeRecord>, StoreError> {
        Ok(self.up()?.trades.iter().filter(|trade| trade.position == Some(id)).cloned().collect())
    }

    async fn since<'a>(
        &self,
        _: &AccountId,
        symbol: Option<&'a Symbol>,
        since: Timestamp,
    ) -> Result<Vec<TradeRecord>, StoreError> {
        let is_its = |it: &&TradeRecord| it.fill.time >= since && symbol.is_none_or(|symbol| it.fill.symbol == *symbol);
        Ok(self.up()?.trades.iter().filter(is_its).cloned().collect())
    }

    async fn daily_pnl(&self, _: &AccountId, _: u32, _: Timestamp) -> Result<Vec<DailyPnl>, StoreError> {
        Ok(Vec::new())
    }

    async fn totals(&self, _: &AccountId) -> Result<Vec<Totals>, StoreError> {
        let tables = self.readable()?;
        let booked = |is_transfer: bool| {
            let of = |it: &&BookingRecord| it.booking.kind.is_transfer() == is_transfer;
            tables.bookings.iter().filter(of).map(|it| it.booking.amount).sum()
        };
        Ok(vec![Totals {
            currency: Currency::new("USDT"),
            realized_pnl: tables.trades.iter().filter_map(|trade| trade.fill.realized_pnl).sum(),
            fees: tables.trades.iter().map(|trade| trade.fill.fee).sum(),
            funding: tables.funding.iter().map(|booking| booking.payment).sum(),
            adjustments: booked(false),
            transfers: booked(true),
        }])
    }
}

#[async_trait]
impl FundingRepository for Store {
    async fn log(&self, event: &FundingRecord) -> Result<bool, StoreError> {
        let mut tables = self.up()?;
        let is_known = tables.funding.iter().any(|known| known.booking == event.booking);
        if !is_known {
            tables.funding.push(event.clone());
        }
        Ok(!is_known)
    }

    async fn history<'a>(
        &self,
        _: &AccountId,
        symbol: Option<&'a Symbol>,
        _: Option<&'a VenueId>,
        _: u32,
        _: Timestamp,
    ) -> Result<Vec<FundingRecord>, StoreError> {
        let of = |it: &&FundingRecord| symbol.is_none_or(|symbol| it.symbol == *symbol);
        Ok(self.up()?.funding.iter().filter(of).cloned().collect())
    }
}

#[async_trait]
impl BookingRepository for Store {
    async fn log(&self, booking: &BookingRecord) -> Result<bool, StoreError> {
        let mut tables = self.up()?;
        if let Some(left) = tables.bookings_lost.checked_sub(1) {
            tables.bookings_lost = left;
            return Err(StoreError::Unreachable("no database for a moment".to_owned()));
        }
        let is_known = tables.bookings.iter().any(|known| known.booking.id == booking.booking.id);
        if !is_known {
            tables.bookings.push(booking.clone());
        }
        Ok(!is_known)
    }

    async fn since(&self, _: &AccountId, since: Timestamp) -> Result<Vec<BookingRecord>, StoreError> {
        Ok(self.up()?.bookings.iter().filter(|it| it.booking.time >= since).cloned().collect())
    }

    async fn last(&self, _: &AccountId) -> Result<Option<BookingRecord>, StoreError> {
        Ok(self.up()?.bookings.iter().max_by_key(|it| it.booking.time).cloned())
    }
}

#[async_trait]
impl EquityRepository for Store {
    async fn snapshot(&self, snapshot: &PnlSnapshot) -> Result<(), StoreError> {
        self.up()?.equity.push(snapshot.clone());
        Ok(())
    }

    async fn curve(&self, account: &AccountId, days: u32, now: Timestamp) -> Result<Vec<PnlSnapshot>, StoreError> {
        let tables = self.readable()?;
        let from = now.minus(Duration::from_secs(86_400) * days);
        let is_within = |point: &&PnlSnapshot| point.account == *account && point.time > from && point.time <= now;
        let mut curve: Vec<PnlSnapshot> = tables.equity.iter().filter(is_within).cloned().collect();
        curve.sort_by_key(|point| point.time);
        Ok(curve)
    }

    async fn peak(&self, _: &AccountId) -> Result<Option<Money>, StoreError> {
        Ok(self.readable()?.equity.iter().map(PnlSnapshot::equity).max())
    }

    async fn first_since(&self, account: &AccountId, since: Timestamp) -> Result<Option<PnlSnapshot>, StoreError> {
        let tables = self.readable()?;
        let later = tables.equity.iter().filter(|point| point.account == *account && point.time >= since);
        Ok(later.min_by_key(|point| point.time).cloned())
    }
}

#[async_trait]
impl RiskEventRepository for Store {
    async fn log(&self, event: &RiskEventRecord) -> Result<(), StoreError> {
        let mut tables = self.up()?;
        if tables.takes_no_events {
            return Err(StoreError::Unreachable("no database".to_owned()));
        }
        tables.risk_events.push(event.clone());
        Ok(())
    }

    async fn since(&self, _: &AccountId, since: Timestamp) -> Result<Vec<RiskEventRecord>, StoreError> {
        Ok(self.up()?.risk_events.iter().filter(|event| event.time >= since).cloned().collect())
    }
}

#[async_trait]
impl ControlRepository for Store {
    async fn kill_switch(&self, _: &AccountId) -> Result<KillSwitchRecord, StoreError> {
        while self.tables().hold_controls {
            tokio::task::yield_now().await;
        }
        let never = KillSwitchRecord { engaged: false, reason: String::new(), by: String::new(), since: None };
        let mut tables = self.up()?;
        if let Some(readings) = tables.kill_after {
            if readings == 0 {
                let since = Some(Timestamp::default());
                return Ok(KillSwitchRecord {
                    engaged: true,
                    reason: "storm".to_owned(),
                    by: "operator".to_owned(),
                    since,
                });
            }
            tables.kill_after = Some(readings - 1);
        }
        Ok(tables.kill_switch.last().cloned().unwrap_or(never))
    }

    async fn set_kill_switch(&self, _: &AccountId, record: &KillSwitchRecord) -> Result<(), StoreError> {
        self.up()?.kill_switch.push(record.clone());
        Ok(())
    }

    async fn kill_switch_history(&self, _: &AccountId) -> Result<Vec<KillSwitchRecord>, StoreError> {
        Ok(self.up()?.kill_switch.clone())
    }

    async fn trip_kill_switch(&self, account: &AccountId, record: &KillSwitchRecord) -> Result<bool, StoreError> {
        while self.tables().hold_controls {
            tokio::task::yield_now().await;
        }
        let known = self.kill_switch(account).await?;
        // Whoever else is at it comes between; what is looked at is looked at again in the step that writes.
        tokio::task::yield_now().await;
        let mut tables = self.up()?;
        match tables.kill_switch.last().filter(|last| last.engaged) {
            Some(last) => Ok(last == record),
            None if known.engaged => Ok(false),
            None => {
                tables.kill_switch.push(record.clone());
                Ok(true)
            }
        }
    }

    async fn ladder(&self, _: &AccountId) -> Result<Option<LadderStep>, StoreError> {
        let mut tables = self.up()?;
        let known = tables.ladder.last().cloned();
        let step = tables.stepped_meanwhile.take();
        tables.ladder.extend(step);
        Ok(known)
    }

    async fn set_ladder(&self, _: &AccountId, step: &LadderStep) -> Result<(), StoreError> {
        self.up()?.ladder.push(step.clone());
        Ok(())
    }
}

#[async_trait]
impl Notifier for Store {
    async fn notify(&self, alert: &Alert) -> Result<(), NotifyError> {
        if self.tables().deaf {
            std::future::pending::<()>().await;
        }
        self.tables().alerts.push(alert.clone());
        Ok(())
    }
}
