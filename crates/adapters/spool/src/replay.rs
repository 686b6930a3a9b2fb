//! Taking one write over to the store, so that taking it over twice is taking it over once.

use crate::spool::Spool;
use crate::write::Write;
use plimsoll_domain::AccountId;
use plimsoll_ports::{
    BookingRepository, ClosedPosition, ControlRepository, DeskRepository, EquityRepository, FundingRepository,
    KillSwitchRecord, OpenedPosition, OrderJournal, PositionId, PositionRecord, PositionRepository, PositionStatus,
    RiskEventRepository, SavedDesk, StoreError, TradeRecord, TradeRepository,
};

impl Spool {
    /// Gives one write to the store.
    pub(crate) async fn replay(&self, write: &Write) -> Result<(), StoreError> {
        let store = &**self.store();
        match write {
            Write::Intend(entry) => self.reach(OrderJournal::intend(store, entry)).await,
            Write::Record { account, id, state, at } => {
                self.reach(OrderJournal::record(store, account, id, state, *at)).await
            }
            Write::Compose(entry) => self.reach(OrderJournal::compose(store, entry)).await,
            Write::EndComposed { account, id, how, reason, at } => {
                self.reach(OrderJournal::end_composed(store, account, id, *how, reason, *at)).await
            }
            Write::Open { number, opened, trades } => self.replay_open(*number, opened, trades).await,
            Write::Update { id, quantity, entry_price, trades } => {
                let (id, trades) = (self.numbered(*id), self.with_numbers(trades));
                let updated = self.reach(PositionRepository::update(store, id, *quantity, *entry_price, &trades)).await;
                match updated {
                    // It was replayed before, and so was its end.
                    Err(StoreError::Conflict(_)) if self.is_closed(id).await? => Ok(()),
                    outcome => outcome,
                }
            }
            Write::Close { id, closed, trades } => self.replay_close(*id, closed, trades).await,
            Write::Trade(trade) => {
                let position = trade.position.map(|id| self.numbered(id));
                let trade = TradeRecord { position, ..(**trade).clone() };
                self.reach(TradeRepository::log(store, &trade)).await.map(drop)
            }
            Write::Funding(funding) => self.reach(FundingRepository::log(store, funding)).await.map(drop),
            Write::Booking(booking) => self.reach(BookingRepository::log(store, booking)).await.map(drop),
            Write::Equity(point) => self.reach(EquityRepository::snapshot(store, point)).await,
            Write::RiskEvent(event) => self.reach(RiskEventRepository::log(store, event)).await,
            Write::KillSwitch { account, record } => self.replay_kill_switch(account, record).await,
            Write::Desk { name, desk } => self.replay_desk(name, desk).await,
        }
    }

    /// A position that an earlier replay has opened already is known by how it was opened.
    async fn replay_open(
        &self,
        number: PositionId,
        opened: &OpenedPosition,
        trades: &[TradeRecord],
    ) -> Result<(), StoreError> {
        let store = &**self.store();
        for status in PositionStatus::ALL {
            let known = self.reach(PositionRepository::by_status(store, &opened.account, status)).await?;
            if let Some(known) = known.iter().find(|known| is_opening_of(known, opened)) {
                self.learn_number(number, known.id);
                return Ok(());
            }
        }
        let trades = self.with_numbers(trades);
        let id = self.reach(PositionRepository::open(store, opened, &trades)).await?;
        self.learn_number(number, id);
        Ok(())
    }

    async fn replay_close(
        &self,
        id: PositionId,
        closed: &ClosedPosition,
        trades: &[TradeRecord],
    ) -> Result<(), StoreError> {
        let (id, trades) = (self.numbered(id), self.with_numbers(trades));
        self.reach(PositionRepository::close(&**self.store(), id, closed, &trades)).await
    }

    /// What the store knows from later stands: an operator may have released it since.
    async fn replay_kill_switch(&self, account: &AccountId, record: &KillSwitchRecord) -> Result<(), StoreError> {
        let store = &**self.store();
        let known = self.reach(ControlRepository::kill_switch(store, account)).await?;
        if known == *record || known.since > record.since {
            return Ok(());
        }
        self.reach(ControlRepository::set_kill_switch(store, account, record)).await
    }

    /// What the store knows from later stands: another process may have sat down at the desk since.
    async fn replay_desk(&self, name: &str, desk: &SavedDesk) -> Result<(), StoreError> {
        let store = &**self.store();
        let known = self.reach(DeskRepository::desk(store, name)).await?;
        if known.is_some_and(|known| known == *desk || known.saved_at > desk.saved_at) {
            return Ok(());
        }
        self.reach(DeskRepository::save_desk(store, name, desk)).await
    }

    async fn is_closed(&self, id: PositionId) -> Result<bool, StoreError> {
        let found = self.reach(PositionRepository::find(&**self.store(), id)).await?;
        Ok(found.is_some_and(|record| record.closed.is_some()))
    }

    pub(crate) fn with_numbers(&self, trades: &[TradeRecord]) -> Vec<TradeRecord> {
        let numbered =
            |trade: &TradeRecord| TradeRecord { position: trade.position.map(|id| self.numbered(id)), ..trade.clone() };
        trades.iter().map(numbered).collect()
    }
}

/// Size and entry may have changed since.
fn is_opening_of(known: &PositionRecord, opened: &OpenedPosition) -> bool {
    let its = &known.opened;
    (&its.venue, &its.symbol, its.side, its.direction) == (&opened.venue, &opened.symbol, opened.side, opened.direction)
        && (its.opened_at, &its.strategy) == (opened.opened_at, &opened.strategy)
}
