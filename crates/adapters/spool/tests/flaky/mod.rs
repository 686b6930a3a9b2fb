//! A store that goes away and comes back when it is told to.

use async_trait::async_trait;
use plimsoll_domain::{AccountId, ClientOrderId, Money, PositionSide, Price, Quantity, Symbol, Timestamp, VenueId};
use plimsoll_ports::*;
use plimsoll_sqlite::SqliteStore;
use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

/// Answers so many calls; clones are the same store.
#[derive(Clone)]
pub(crate) struct Flaky {
    inner: SqliteStore,
    /// How many calls it answers before it is away; negative: all.
    left: Arc<AtomicI64>,
    hangs: Arc<AtomicBool>,
    calls: Arc<AtomicUsize>,
}

impl Flaky {
    pub(crate) fn new(inner: &SqliteStore) -> Self {
        Self { inner: inner.clone(), left: Arc::new(AtomicI64::new(-1)), hangs: Arc::default(), calls: Arc::default() }
    }

    /// It answers so many calls, then it is away; `None`: it is there.
    pub(crate) fn answer(&self, calls: Option<u32>) {
        self.left.store(calls.map_or(-1, i64::from), Ordering::SeqCst);
    }

    /// It answers nothing now.
    #[allow(dead_code, reason = "not every test asks")]
    pub(crate) fn is_away(&self) -> bool {
        self.left.load(Ordering::SeqCst) == 0
    }

    /// It never answers.
    #[allow(dead_code, reason = "not every test has it hang")]
    pub(crate) fn hang(&self) {
        self.hangs.store(true, Ordering::SeqCst);
    }

    #[allow(dead_code, reason = "not every test counts")]
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    async fn call<T>(&self, run: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.hangs.load(Ordering::SeqCst) {
            pending::<()>().await;
        }
        match self.left.load(Ordering::SeqCst) {
            0 => Err(StoreError::Unreachable("the database is away".to_owned())),
            left => {
                if left > 0 {
                    self.left.fetch_sub(1, Ordering::SeqCst);
                }
                run.await
            }
        }
    }
}

macro_rules! flaky {
    ($port:ident: $(fn $name:ident $(<$life:lifetime>)? ($($arg:ident: $type:ty),*) -> $out:ty;)*) => {
        #[async_trait]
        impl $port for Flaky {
            $(async fn $name $(<$life>)? (&self, $($arg: $type),*) -> Result<$out, StoreError> {
                self.call($port::$name(&self.inner, $($arg),*)).await
            })*
        }
    };
}

flaky!(OrderJournal:
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

flaky!(PositionRepository:
    fn open(position: &OpenedPosition, trades: &[TradeRecord]) -> PositionId;
    fn update(id: PositionId, quantity: Quantity, entry_price: Price, trades: &[TradeRecord]) -> ();
    fn close(id: PositionId, closed: &ClosedPosition, trades: &[TradeRecord]) -> ();
    fn find_open(account: &AccountId, symbol: &Symbol, side: PositionSide) -> Option<PositionRecord>;
    fn find(id: PositionId) -> Option<PositionRecord>;
    fn by_status(account: &AccountId, status: PositionStatus) -> Vec<PositionRecord>;
);

flaky!(TradeRepository:
    fn log(trade: &TradeRecord) -> bool;
    fn of_position(id: PositionId) -> Vec<TradeRecord>;
    fn since<'a>(account: &AccountId, symbol: Option<&'a Symbol>, since: Timestamp) -> Vec<TradeRecord>;
    fn daily_pnl(account: &AccountId, days: u32, now: Timestamp) -> Vec<DailyPnl>;
    fn totals(account: &AccountId) -> Vec<Totals>;
);

flaky!(FundingRepository:
    fn log(event: &FundingRecord) -> bool;
    fn history<'a>(account: &AccountId, symbol: Option<&'a Symbol>, venue: Option<&'a VenueId>, days: u32, now: Timestamp) -> Vec<FundingRecord>;
);

flaky!(BookingRepository:
    fn log(booking: &BookingRecord) -> bool;
    fn since(account: &AccountId, since: Timestamp) -> Vec<BookingRecord>;
    fn last(account: &AccountId) -> Option<BookingRecord>;
);

flaky!(EquityRepository:
    fn snapshot(snapshot: &PnlSnapshot) -> ();
    fn curve(account: &AccountId, days: u32, now: Timestamp) -> Vec<PnlSnapshot>;
    fn peak(account: &AccountId) -> Option<Money>;
    fn peak_earned(account: &AccountId, now: Timestamp) -> Option<Money>;
    fn first_since(account: &AccountId, since: Timestamp) -> Option<PnlSnapshot>;
    fn last_until(account: &AccountId, until: Timestamp) -> Option<PnlSnapshot>;
);

flaky!(RiskEventRepository:
    fn log(event: &RiskEventRecord) -> ();
    fn since(account: &AccountId, since: Timestamp) -> Vec<RiskEventRecord>;
);

flaky!(ControlRepository:
    fn kill_switch(account: &AccountId) -> KillSwitchRecord;
    fn set_kill_switch(account: &AccountId, record: &KillSwitchRecord) -> ();
    fn trip_kill_switch(account: &AccountId, record: &KillSwitchRecord) -> bool;
    fn kill_switch_history(account: &AccountId) -> Vec<KillSwitchRecord>;
    fn ladder(account: &AccountId) -> Option<LadderStep>;
    fn set_ladder(account: &AccountId, step: &LadderStep) -> ();
    fn step_ladder<'a>(account: &AccountId, before: Option<&'a LadderStep>, step: &LadderStep) -> bool;
);

flaky!(DeskRepository:
    fn desk(name: &str) -> Option<SavedDesk>;
    fn save_desk(name: &str, desk: &SavedDesk) -> ();
);
