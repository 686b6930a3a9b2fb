//! The records, by calls that take their time.

use super::Line;
use crate::fault::Site;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, ClientOrderId, Money, PositionSide, Price, Quantity, Symbol, Timestamp, VenueId};
use plimsoll_ports::{
    BookingRecord, BookingRepository, ClosedPosition, ComposedEnd, ComposedEntry, ControlRepository, DailyPnl,
    EquityRepository, FundingRecord, FundingRepository, JournalEntry, JournalState, KillSwitchRecord, LadderStep,
    OpenedPosition, OrderJournal, PnlSnapshot, PositionId, PositionRecord, PositionRepository, PositionStatus,
    RiskEventRecord, RiskEventRepository, StoreError, Totals, TradeRecord, TradeRepository,
};

/// The records as one process reaches them.
pub(crate) struct TrialRecords {
    line: Line,
}

impl TrialRecords {
    pub(crate) const fn new(line: Line) -> Self {
        Self { line }
    }
}

/// Passes calls on to the store behind, one site for each.
macro_rules! passed_on {
    ($port:ident { $($extra:item)* } $($site:ident $name:ident $(<$life:lifetime>)? ($($arg:ident: $type:ty),*) -> $out:ty;)*) => {
        #[async_trait]
        impl $port for TrialRecords {
            $($extra)*
            $(async fn $name $(<$life>)? (&self, $($arg: $type),*) -> Result<$out, StoreError> {
                let ask = $port::$name(&self.line.world.store, $($arg),*);
                self.line.call(Site::$site, concat!(stringify!($port), "::", stringify!($name)), ask).await
            })*
        }
    };
}

passed_on!(OrderJournal {
    async fn intend(&self, entry: &JournalEntry) -> Result<(), StoreError> {
        let world = &self.line.world;
        let id = &entry.order.client_order_id;
        let now = world.time.now();
        world.state().observer.intends(id, now);
        world.note(|| format!("  intends {id} ({})", entry.purpose.as_str()));
        let intended = self.line.call(Site::Write, "intend", world.store.intend(entry)).await;
        if intended.is_err() {
            world.state().observer.unwritten.insert(id.clone());
        }
        intended
    }

    async fn record(
        &self,
        account: &AccountId,
        id: &ClientOrderId,
        state: &JournalState,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let world = &self.line.world;
        world.note(|| format!("  records {id} {}", state.as_str()));
        self.line.call(Site::Write, "record", world.store.record(account, id, state, at)).await
    }
}
    Read entry(account: &AccountId, id: &ClientOrderId) -> Option<JournalEntry>;
    Read unfinished(account: &AccountId) -> Vec<JournalEntry>;
    Write compose(entry: &ComposedEntry) -> ();
    Write end_composed(
        account: &AccountId,
        id: &ClientOrderId,
        how: ComposedEnd,
        reason: &str,
        at: Timestamp
    ) -> ();
    Read composed(account: &AccountId, id: &ClientOrderId) -> Option<ComposedEntry>;
    Read working(account: &AccountId) -> Vec<ComposedEntry>;
    Read parts(account: &AccountId, name: &ClientOrderId) -> Vec<JournalEntry>;
    Read recent(account: &AccountId, limit: u32) -> Vec<JournalEntry>;
);

passed_on!(PositionRepository {
    async fn open(&self, position: &OpenedPosition, trades: &[TradeRecord]) -> Result<PositionId, StoreError> {
        let world = &self.line.world;
        world.note(|| {
            let (symbol, direction, quantity, since) =
                (&position.symbol, position.direction, position.quantity, position.opened_at);
            format!("  records {symbol} {direction} {quantity} since {since}, by trades{}", ids(trades))
        });
        self.line.call(Site::Write, "open", PositionRepository::open(&world.store, position, trades)).await
    }

    async fn update(
        &self,
        id: PositionId,
        quantity: Quantity,
        entry_price: Price,
        trades: &[TradeRecord],
    ) -> Result<(), StoreError> {
        let world = &self.line.world;
        world.note(|| format!("  records {} {quantity}, by trades{}", id.0, ids(trades)));
        let update = PositionRepository::update(&world.store, id, quantity, entry_price, trades);
        self.line.call(Site::Write, "update", update).await
    }
}
    Write close(id: PositionId, closed: &ClosedPosition, trades: &[TradeRecord]) -> ();
    Read find_open(account: &AccountId, symbol: &Symbol, side: PositionSide) -> Option<PositionRecord>;
    Read find(id: PositionId) -> Option<PositionRecord>;
    Read by_status(account: &AccountId, status: PositionStatus) -> Vec<PositionRecord>;
);

passed_on!(TradeRepository {}
    Write log(trade: &TradeRecord) -> bool;
    Read of_position(id: PositionId) -> Vec<TradeRecord>;
    Read since<'a>(account: &AccountId, symbol: Option<&'a Symbol>, since: Timestamp) -> Vec<TradeRecord>;
    Read daily_pnl(account: &AccountId, days: u32, now: Timestamp) -> Vec<DailyPnl>;
    Read totals(account: &AccountId) -> Vec<Totals>;
);

passed_on!(FundingRepository {}
    Write log(event: &FundingRecord) -> bool;
    Read history<'a>(
        account: &AccountId,
        symbol: Option<&'a Symbol>,
        venue: Option<&'a VenueId>,
        days: u32,
        now: Timestamp
    ) -> Vec<FundingRecord>;
);

passed_on!(BookingRepository {}
    Write log(booking: &BookingRecord) -> bool;
    Read since(account: &AccountId, since: Timestamp) -> Vec<BookingRecord>;
    Read last(account: &AccountId) -> Option<BookingRecord>;
);

passed_on!(EquityRepository {}
    Write snapshot(snapshot: &PnlSnapshot) -> ();
    Read curve(account: &AccountId, days: u32, now: Timestamp) -> Vec<PnlSnapshot>;
    Read peak(account: &AccountId) -> Option<Money>;
    Read peak_earned(account: &AccountId, now: Timestamp) -> Option<Money>;
    Read first_since(account: &AccountId, since: Timestamp) -> Option<PnlSnapshot>;
);

passed_on!(RiskEventRepository {}
    Write log(event: &RiskEventRecord) -> ();
    Read since(account: &AccountId, since: Timestamp) -> Vec<RiskEventRecord>;
);

passed_on!(ControlRepository {
    async fn set_kill_switch(&self, account: &AccountId, record: &KillSwitchRecord) -> Result<(), StoreError> {
        let world = &self.line.world;
        let ask = async {
            let written = world.store.set_kill_switch(account, record).await;
            if written.is_ok() {
                world.switched(record.engaged);
            }
            written
        };
        self.line.call(Site::Write, "set_kill_switch", ask).await
    }
}
    Read kill_switch(account: &AccountId) -> KillSwitchRecord;
    Read kill_switch_history(account: &AccountId) -> Vec<KillSwitchRecord>;
    Read ladder(account: &AccountId) -> Option<LadderStep>;
    Write set_ladder(account: &AccountId, step: &LadderStep) -> ();
);

fn ids(trades: &[TradeRecord]) -> String {
    trades.iter().map(|trade| format!(" {}", trade.fill.trade_id)).collect()
}
