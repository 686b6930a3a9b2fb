//! An order journal that remembers what it could not take of an order, until it can.

use async_trait::async_trait;
use plimsoll_domain::{AccountId, ClientOrderId, Timestamp};
use plimsoll_ports::{Advance, ComposedEnd, ComposedEntry, JournalEntry, JournalState, OrderJournal, StoreError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// In front of the journal of a manager. What became of an order and could not be recorded is still answered as not recorded,
/// so that it is told; but the manager reads no order without it, and it is recorded by the next
/// [`catch_up`](Self::catch_up). Nothing is written before a reading, which nobody is to wait for; whoever reads the journal
/// behind it, or another process, learns of it then.
///
/// Only what the venue has, had, or may have is remembered. Of what it refused or never got, nothing is on record then, and it
/// may be sent under its name yet.
pub(crate) struct RememberingJournal {
    journal: Arc<dyn OrderJournal>,
    unrecorded: Mutex<Unrecorded>,
    /// Whoever catches up: nobody else does meanwhile.
    catching_up: tokio::sync::Mutex<()>,
}

type Unrecorded = BTreeMap<(AccountId, ClientOrderId), (JournalState, Timestamp)>;

impl RememberingJournal {
    pub(crate) fn new(journal: Arc<dyn OrderJournal>) -> Self {
        Self { journal, unrecorded: Mutex::default(), catching_up: tokio::sync::Mutex::default() }
    }

    fn unrecorded(&self) -> MutexGuard<'_, Unrecorded> {
        self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the furthest that is known of an order.
    fn remember(&self, account: &AccountId, id: &ClientOrderId, state: &JournalState, at: Timestamp) {
        if matches!(state, JournalState::NotSent { .. } | JournalState::Refused { .. }) {
            return;
        }
        let mut unrecorded = self.unrecorded();
        let known = unrecorded.entry((account.clone(), id.clone())).or_insert_with(|| (state.clone(), at));
        if known.0.follow(state) == Ok(Advance::Moves) {
            *known = (state.clone(), at);
        }
    }

    /// Records what waits, up to the first that the journal cannot be reached for; for when nobody waits for anything else.
    pub(crate) async fn catch_up(&self) {
        let Ok(_alone) = self.catching_up.try_lock() else { return };
        let waiting = self.unrecorded().clone();
        for ((account, id), known) in waiting {
            match self.journal.record(&account, &id, &known.0, known.1).await {
                Err(StoreError::Unreachable(_)) => return,
                // An order that was never intended is not in the journal, however it ended.
                Ok(()) | Err(StoreError::NotFound(_)) => {}
                // What cannot be read today may be mended by somebody.
                Err(StoreError::Corrupt(_)) => continue,
                Err(refused @ StoreError::Conflict(_)) => {
                    tracing::error!(%id, state = known.0.as_str(), %refused, "the journal says otherwise")
                }
            }
            let mut unrecorded = self.unrecorded();
            let key = (account, id);
            if unrecorded.get(&key) == Some(&known) {
                unrecorded.remove(&key);
            }
        }
    }

    /// Entries with what is known beyond them: now, and when they were asked for, since it may have been recorded between.
    fn completed(&self, mut entries: Vec<JournalEntry>, before: &Unrecorded) -> Vec<JournalEntry> {
        let now = self.unrecorded();
        for entry in &mut entries {
            let key = (entry.account.clone(), entry.order.client_order_id.clone());
            for (state, at) in [before.get(&key), now.get(&key)].into_iter().flatten() {
                if entry.state.follow(state) == Ok(Advance::Moves) {
                    (entry.state, entry.updated_at) = (state.clone(), *at);
                }
            }
        }
        entries
    }
}

#[async_trait]
impl OrderJournal for RememberingJournal {
    async fn intend(&self, entry: &JournalEntry) -> Result<(), StoreError> {
        self.journal.intend(entry).await
    }

    async fn record(
        &self,
        account: &AccountId,
        id: &ClientOrderId,
        state: &JournalState,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let recorded = self.journal.record(account, id, state, at).await;
        if matches!(recorded, Err(StoreError::Unreachable(_))) {
            self.remember(account, id, state, at);
        }
        recorded
    }

    async fn entry(&self, account: &AccountId, id: &ClientOrderId) -> Result<Option<JournalEntry>, StoreError> {
        let before = self.unrecorded().clone();
        let entry = self.journal.entry(account, id).await?;
        Ok(self.completed(entry.into_iter().collect(), &before).pop())
    }

    async fn unfinished(&self, account: &AccountId) -> Result<Vec<JournalEntry>, StoreError> {
        let before = self.unrecorded().clone();
        let mut entries = self.completed(self.journal.unfinished(account).await?, &before);
        entries.retain(|it| !it.state.is_final());
        Ok(entries)
    }

    async fn compose(&self, entry: &ComposedEntry) -> Result<(), StoreError> {
        self.journal.compose(entry).await
    }

    async fn end_composed(
        &self,
        account: &AccountId,
        id: &ClientOrderId,
        how: ComposedEnd,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.journal.end_composed(account, id, how, reason, at).await
    }

    async fn composed(&self, account: &AccountId, id: &ClientOrderId) -> Result<Option<ComposedEntry>, StoreError> {
        self.journal.composed(account, id).await
    }

    async fn working(&self, account: &AccountId) -> Result<Vec<ComposedEntry>, StoreError> {
        self.journal.working(account).await
    }

    async fn parts(&self, account: &AccountId, name: &ClientOrderId) -> Result<Vec<JournalEntry>, StoreError> {
        let before = self.unrecorded().clone();
        Ok(self.completed(self.journal.parts(account, name).await?, &before))
    }

    async fn recent(&self, account: &AccountId, limit: u32) -> Result<Vec<JournalEntry>, StoreError> {
        let before = self.unrecorded().clone();
        Ok(self.completed(self.journal.recent(account, limit).await?, &before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mockall::Sequence;
    use plimsoll_domain::{
        NewOrder, OrderId, OrderKind, OrderSize, OrderStatus, PositionSide, Side, TriggerBy, VenueId,
    };
    use plimsoll_ports::{MockOrderJournal, Purpose};
    use std::slice;

    const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

    fn account() -> AccountId {
        AccountId::new("main")
    }

    fn id() -> ClientOrderId {
        ClientOrderId::reported("plaws0")
    }

    fn accepted() -> JournalState {
        JournalState::Accepted { order_id: OrderId::new("8001") }
    }

    fn canceled() -> JournalState {
        JournalState::Finished { status: OrderStatus::Canceled, filled: None, average_price: None }
    }

    /// A stop of which the journal has heard that it is meant, and no more.
    fn intended() -> JournalEntry {
        let order = NewOrder {
            client_order_id: id(),
            symbol: "BTC/USDT:USDT".parse().unwrap(),
            side: Side::Sell,
            position_side: PositionSide::Both,
            kind: OrderKind::StopMarket { trigger: "45000".parse().unwrap(), trigger_by: TriggerBy::Mark },
            size: OrderSize::WholePosition,
            reduce_only: false,
        };
        JournalEntry {
            account: account(),
            venue: VenueId::new("binance"),
            order,
            purpose: Purpose::StopLoss,
            state: JournalState::Intended,
            intended_at: Timestamp::from_micros(1),
            updated_at: Timestamp::from_micros(1),
        }
    }

    /// A journal that answers these records so, one after the other, and no more; to it the stop stays as it was meant.
    fn journal(records: Vec<(JournalState, Result<(), StoreError>)>) -> RememberingJournal {
        let (mut journal, mut sequence) = (MockOrderJournal::new(), Sequence::new());
        for (expected, answer) in records {
            let is_it = move |_: &AccountId, of: &ClientOrderId, state: &JournalState, at: &Timestamp| {
                (of, state, *at) == (&id(), &expected, NOW)
            };
            let record = journal.expect_record().withf(is_it).times(1).in_sequence(&mut sequence);
            record.returning(move |_, _, _, _| answer.clone());
        }
        journal.expect_unfinished().returning(|_| Ok(vec![intended()]));
        journal.expect_entry().returning(|_, _| Ok(Some(intended())));
        journal.expect_parts().returning(|_, _| Ok(vec![intended()]));
        journal.expect_recent().returning(|_, _| Ok(vec![intended()]));
        RememberingJournal::new(Arc::new(journal))
    }

    fn away() -> Result<(), StoreError> {
        Err(StoreError::Unreachable("the database is away".to_owned()))
    }

    #[tokio::test]
    async fn what_could_not_be_recorded_is_recorded_later_and_once() {
        let journal = journal(vec![(accepted(), away()), (accepted(), away()), (accepted(), Ok(()))]);
        assert_eq!(journal.record(&account(), &id(), &accepted(), NOW).await, away());
        for _ in 0..3 {
            journal.catch_up().await;
        }
    }

    #[tokio::test]
    async fn while_it_is_not_recorded_every_reading_tells_it_and_writes_nothing() {
        let journal = journal(vec![(accepted(), away())]);
        assert_eq!(journal.record(&account(), &id(), &accepted(), NOW).await, away());
        let known = JournalEntry { state: accepted(), updated_at: NOW, ..intended() };
        assert_eq!(journal.unfinished(&account()).await.unwrap(), slice::from_ref(&known));
        assert_eq!(journal.entry(&account(), &id()).await.unwrap(), Some(known.clone()));
        assert_eq!(journal.parts(&account(), &id()).await.unwrap(), slice::from_ref(&known));
        assert_eq!(journal.recent(&account(), 9).await.unwrap(), [known]);
    }

    #[tokio::test]
    async fn the_furthest_that_is_known_is_kept_and_what_has_ended_is_not_unfinished() {
        let records = [canceled(), accepted(), canceled()].map(|state| (state, away()));
        let journal = journal(records.into());
        assert_eq!(journal.record(&account(), &id(), &canceled(), NOW).await, away());
        assert_eq!(journal.record(&account(), &id(), &accepted(), NOW).await, away());
        journal.catch_up().await;
        assert_eq!(journal.unfinished(&account()).await.unwrap(), []);
        assert_eq!(journal.entry(&account(), &id()).await.unwrap().unwrap().state, canceled());
    }

    #[tokio::test]
    async fn what_is_recorded_while_somebody_reads_is_in_what_is_read() {
        let journal = journal(vec![(accepted(), away()), (accepted(), Ok(()))]);
        assert_eq!(journal.record(&account(), &id(), &accepted(), NOW).await, away());
        let before = journal.unrecorded().clone();
        journal.catch_up().await;
        let read = journal.completed(vec![intended()], &before);
        assert_eq!(read.first().map(|it| &it.state), Some(&accepted()));
    }

    #[tokio::test]
    async fn what_the_journal_contradicts_or_never_heard_of_is_forgotten_and_what_it_cannot_read_is_not() {
        let never_meant = Err(StoreError::NotFound("no such order".to_owned()));
        let otherwise = Err(StoreError::Conflict("it was accepted".to_owned()));
        let damaged = Err(StoreError::Corrupt("a state of no kind".to_owned()));
        for (refused, state) in
            [(never_meant, JournalState::Intended), (otherwise, JournalState::Intended), (damaged, accepted())]
        {
            let journal = journal(vec![(accepted(), away()), (accepted(), refused)]);
            assert_eq!(journal.record(&account(), &id(), &accepted(), NOW).await, away());
            journal.catch_up().await;
            assert_eq!(journal.entry(&account(), &id()).await.unwrap().unwrap().state, state);
        }
    }

    #[tokio::test]
    async fn what_the_venue_does_not_have_may_be_sent_yet() {
        let never_left = JournalState::NotSent { reason: "throttled".to_owned() };
        let refused = JournalState::Refused { reason: "there is no position".to_owned() };
        for state in [never_left, refused] {
            let journal = journal(vec![(state.clone(), away())]);
            assert_eq!(journal.record(&account(), &id(), &state, NOW).await, away());
            assert_eq!(journal.unfinished(&account()).await.unwrap(), [intended()]);
        }
    }
}
