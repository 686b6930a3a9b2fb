//! Somebody who says it again until it is heard.

use async_trait::async_trait;
use plimsoll_domain::{AccountId, ClientOrderId, Money, PositionSide, Price, Quantity, Symbol, Timestamp, VenueId};
use plimsoll_ports::{
    BookingRecord, BookingRepository, ClosedPosition, ComposedEnd, ComposedEntry, ControlRepository, DailyPnl,
    DeskRepository, EquityRepository, FundingRecord, FundingRepository, JournalEntry, JournalState, KillSwitchRecord,
    LadderStep, OpenedPosition, OrderJournal, PnlSnapshot, PositionId, PositionRecord, PositionRepository,
    PositionStatus, RiskEventRecord, RiskEventRepository, SavedDesk, StoreError, Totals, TradeRecord, TradeRepository,
};
use plimsoll_postgres::PostgresStore;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A store whose server comes and goes, and a caller who repeats every call that did not reach it.
#[derive(Clone)]
pub(crate) struct Patient {
    pub(crate) store: PostgresStore,
    /// How many calls were answered.
    pub(crate) answered: Arc<AtomicU32>,
}

impl Patient {
    async fn patiently<T, F: Future<Output = Result<T, StoreError>>>(
        &self,
        mut call: impl FnMut() -> F,
    ) -> Result<T, StoreError> {
        loop {
            match call().await {
                Err(StoreError::Unreachable(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
                outcome => {
                    self.answered.fetch_add(1, Ordering::SeqCst);
                    return outcome;
                }
            }
        }
    }
}

macro_rules! patient {
    ($port:ident: $(fn $name:ident $(<$life:lifetime>)? ($($argument:ident: $type:ty),*) -> $out:ty;)+) => {
        #[async_trait]
        impl $port for Patient {
            $(async fn $name $(<$life>)? (&self, $($argument: $type),*) -> Result<$out, StoreError> {
                self.patiently(|| $port::$name(&self.store, $($argument),*)).await
            })+
        }
    };
}

patient!(OrderJournal:
    fn intend(entry: &JournalEntry) -> ();
    fn record(account: &AccountId, id: &ClientOrderId, state: &JournalState, at: Timestamp) -> ();
    fn entry(account: &AccountId, id: &ClientOrderId) -> Option<JournalEntry>;
    fn unfinished(account: &AccountId) -> Vec<JournalEntry>;
    fn compose(entry: &ComposedEntry) -> ();
    fn end_composed(account: &AccountId, id: &ClientOrderId, how: ComposedEnd, reason: &str, at: Timestamp) -> ();
    fn composed(account: &AccountId, id: &ClientOrderId) -> Option<ComposedEntry>;
    fn working(account: &AccountId) -> Vec<ComposedEntry>;
    fn parts(account: &AccountId, name: &ClientOrderId) -> Vec<JournalEntry>;
    fn recent(account: &AccountId, limit: u32) -> Vec<JournalEntry>;
);
patient!(PositionRepository:
    fn open(position: &OpenedPosition, trades: &[TradeRecord]) -> PositionId;
    fn update(id: PositionId, quantity: Quantity, entry_price: Price, trades: &[TradeRecord]) -> ();
    fn close(id: PositionId, closed: &ClosedPosition, trades: &[TradeRecord]) -> ();
    fn find_open(account: &AccountId, symbol: &Symbol, side: PositionSide) -> Option<PositionRecord>;
    fn find(id: PositionId) -> Option<PositionRecord>;
    fn by_status(account: &AccountId, status: PositionStatus) -> Vec<PositionRecord>;
);
patient!(TradeRepository:
    fn log(trade: &TradeRecord) -> bool;
    fn of_position(id: PositionId) -> Vec<TradeRecord>;
    fn since<'a>(account: &AccountId, symbol: Option<&'a Symbol>, since: Timestamp) -> Vec<TradeRecord>;
    fn daily_pnl(account: &AccountId, days: u32, now: Timestamp) -> Vec<DailyPnl>;
    fn totals(account: &AccountId) -> Vec<Totals>;
);
patient!(FundingRepository:
    fn log(event: &FundingRecord) -> bool;
    fn history<'a>(
        account: &AccountId,
        symbol: Option<&'a Symbol>,
        venue: Option<&'a VenueId>,
        days: u32,
        now: Timestamp
    ) -> Vec<FundingRecord>;
);
patient!(BookingRepository:
    fn log(booking: &BookingRecord) -> bool;
    fn since(account: &AccountId, since: Timestamp) -> Vec<BookingRecord>;
    fn last(account: &AccountId) -> Option<BookingRecord>;
);
patient!(EquityRepository:
    fn snapshot(snapshot: &PnlSnapshot) -> ();
    fn curve(account: &AccountId, days: u32, now: Timestamp) -> Vec<PnlSnapshot>;
    fn peak(account: &AccountId) -> Option<Money>;
    fn first_since(account: &AccountId, since: Timestamp) -> Option<PnlSnapshot>;
    fn last_until(account: &AccountId, until: Timestamp) -> Option<PnlSnapshot>;
);
patient!(RiskEventRepository:
    fn log(event: &RiskEventRecord) -> ();
    fn since(account: &AccountId, since: Timestamp) -> Vec<RiskEventRecord>;
);
patient!(ControlRepository:
    fn kill_switch(account: &AccountId) -> KillSwitchRecord;
    fn set_kill_switch(account: &AccountId, record: &KillSwitchRecord) -> ();
    fn trip_kill_switch(account: &AccountId, record: &KillSwitchRecord) -> bool;
    fn kill_switch_history(account: &AccountId) -> Vec<KillSwitchRecord>;
    fn ladder(account: &AccountId) -> Option<LadderStep>;
    fn set_ladder(account: &AccountId, step: &LadderStep) -> ();
    fn step_ladder<'a>(account: &AccountId, before: Option<&'a LadderStep>, step: &LadderStep) -> bool;
);
patient!(DeskRepository:
    fn desk(name: &str) -> Option<SavedDesk>;
    fn save_desk(name: &str, desk: &SavedDesk) -> ();
);
