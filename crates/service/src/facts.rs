//! What the records say beside the venue, read at most once a second however many look.

use crate::account::ServedAccount;
use plimsoll_domain::risk::Climb;
use plimsoll_domain::{PositionSide, Symbol, Timestamp};
use plimsoll_ports::{
    ComposedEntry, JournalEntry, JournalState, KillSwitchRecord, PositionRecord, PositionStatus, StoreError,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// For so long what was read is shown.
const KNOWN_FOR: Duration = Duration::from_secs(1);
/// The same of the ladder, which is days long and takes a while to read.
const LADDER_KNOWN_FOR: Duration = Duration::from_secs(60);

/// What the records of one account say. `None`: they cannot be read.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) kill_switch: Option<KillSwitchRecord>,
    pub(crate) unfinished: Option<Vec<JournalEntry>>,
    /// Those that go on, each with its parts.
    pub(crate) working: Option<Vec<(ComposedEntry, Vec<JournalEntry>)>>,
    pub(crate) open: Option<Vec<PositionRecord>>,
}

/// The newest facts of one account.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    facts: Mutex<Option<(Timestamp, Arc<Facts>)>>,
    climb: Mutex<Option<(Timestamp, Option<Climb>)>>,
}

impl Memo {
    /// What the records say, no older than a second.
    pub(crate) async fn facts(&self, account: &ServedAccount, now: Timestamp) -> Arc<Facts> {
        let mut memo = self.facts.lock().await;
        if let Some((_, facts)) = memo.as_ref().filter(|(at, _)| is_young(*at, now, KNOWN_FOR)) {
            return Arc::clone(facts);
        }
        let facts = Arc::new(Facts::read(account).await);
        *memo = Some((now, Arc::clone(&facts)));
        facts
    }

    /// Where a live account stands; `None` where it is not live, or that is not known.
    pub(crate) async fn climb(&self, account: &ServedAccount, now: Timestamp) -> Option<Climb> {
        account.manager.settings().ladder.as_ref()?;
        let mut memo = self.climb.lock().await;
        if let Some((_, climb)) = memo.as_ref().filter(|(at, _)| is_young(*at, now, LADDER_KNOWN_FOR)) {
            return climb.clone();
        }
        let climb = account.manager.ladder().await.ok().flatten();
        *memo = Some((now, climb.clone()));
        climb
    }

    /// Something was done: what was read before it is old.
    pub(crate) async fn forget(&self) {
        *self.facts.lock().await = None;
    }
}

fn is_young(at: Timestamp, now: Timestamp, within: Duration) -> bool {
    at <= now && now.since(at) < within
}

impl Facts {
    async fn read(account: &ServedAccount) -> Self {
        let (name, ports) = (account.name(), &account.ports);
        let (kill_switch, unfinished, working, open) = tokio::join!(
            account.manager.kill_switch(),
            ports.journal.unfinished(name),
            working(account),
            ports.positions.by_status(name, PositionStatus::Open),
        );
        Self { kill_switch: kill_switch.ok(), unfinished: unfinished.ok(), working: working.ok(), open: open.ok() }
    }

    /// The word for the kill switch.
    pub(crate) const fn switch(&self) -> &'static str {
        match &self.kill_switch {
            None => "unknown",
            Some(it) if it.engaged => "engaged",
            Some(_) => "released",
        }
    }

    /// The record of an open position.
    pub(crate) fn record(&self, symbol: &Symbol, side: PositionSide) -> Option<&PositionRecord> {
        self.open.as_ref()?.iter().find(|it| it.opened.symbol == *symbol && it.opened.side == side)
    }

    /// The orders that the journal does not know the end of, and that do not rest: nobody knows what became of them.
    /// Protection that waits for its entry to fill is neither lost nor late.
    pub(crate) fn unknown<'a>(
        &'a self,
        rests: impl Fn(&JournalEntry) -> bool + 'a,
    ) -> Option<impl Iterator<Item = &'a JournalEntry>> {
        let (unfinished, working) = (self.unfinished.as_ref()?, self.working.as_ref()?);
        let is_owed = move |entry: &JournalEntry| working.iter().any(|(composed, _)| owes(composed, entry));
        Some(unfinished.iter().filter(move |entry| !rests(entry) && !is_owed(entry)))
    }
}

async fn working(account: &ServedAccount) -> Result<Vec<(ComposedEntry, Vec<JournalEntry>)>, StoreError> {
    let mut them = Vec::new();
    for entry in account.manager.working().await? {
        let parts = account.ports.journal.parts(account.name(), &entry.id).await?;
        them.push((entry, parts));
    }
    Ok(them)
}

/// It is written down beside the entry that it is to protect, and waits for that to fill.
fn owes(composed: &ComposedEntry, entry: &JournalEntry) -> bool {
    composed.order.opening().is_some()
        && entry.purpose.protects()
        && entry.state == JournalState::Intended
        && entry.order.client_order_id.as_str().starts_with(composed.id.as_str())
}
