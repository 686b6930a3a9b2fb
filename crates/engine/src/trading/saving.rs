//! A desk is saved before anything of it is sent, and now and then.

use super::TradingDesk;
use super::orders::IntentState;
use super::seats::SeatWork;
use crate::desk::{DeskState, SeatIndex};
use crate::track::TrackState;
use plimsoll_domain::Timestamp;
use plimsoll_ports::{DeskRepository, SavedDesk, StoreError};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// A desk at work as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SavedState {
    pub(super) desk: DeskState,
    pub(super) intents: Vec<IntentState>,
    /// Which candle is next, by account, contract and interval in microseconds.
    pub(super) candles: Vec<(String, String, u64, i64)>,
    /// The newest trades that were told, by account, contract and id.
    pub(super) trades: Vec<(String, String, String)>,
    /// Strategies that were paused, and by whom.
    pub(super) paused: Vec<(String, String)>,
    /// What each strategy made of its round trips, and with which settings. Not told by what was saved before anybody took it
    /// down.
    #[serde(default)]
    pub(super) tracks: Vec<(String, String, TrackState)>,
}

/// Saves in order: what is older than what was saved is left out.
pub(super) struct Saver {
    name: String,
    records: Arc<dyn DeskRepository>,
    versions: AtomicU64,
    saved: Mutex<u64>,
}

impl Saver {
    pub(super) fn new(name: String, records: Arc<dyn DeskRepository>) -> Self {
        Self { name, records, versions: AtomicU64::new(0), saved: Mutex::new(0) }
    }

    /// A number for what is to be saved now.
    pub(super) fn version(&self) -> u64 {
        self.versions.fetch_add(1, Ordering::SeqCst).saturating_add(1)
    }

    pub(super) async fn save(&self, version: u64, state: String, saved_at: Timestamp) -> Result<(), StoreError> {
        let mut saved = self.saved.lock().await;
        if *saved >= version {
            return Ok(());
        }
        self.records.save_desk(&self.name, &SavedDesk { state, saved_at }).await?;
        *saved = version;
        Ok(())
    }

    /// Keeps what makes no sense under another name, and answers that.
    pub(super) async fn put_aside(&self, saved: &SavedDesk) -> Result<String, StoreError> {
        let name = format!("{}/unreadable", self.name);
        self.records.save_desk(&name, saved).await?;
        Ok(name)
    }

    pub(super) async fn load(&self) -> Result<Option<SavedDesk>, StoreError> {
        self.records.desk(&self.name).await
    }
}

impl TradingDesk {
    /// What the settings of a strategy come to, as far as that was said.
    pub(super) fn made_with(&self, seat: SeatIndex) -> &str {
        self.seats.get(seat.get()).map_or("", |work| &work.made_with)
    }

    /// The desk as it is kept.
    pub(super) fn text(&self) -> String {
        let intents = self.intents.iter().map(|(intent, whose)| IntentState {
            intent: intent.as_str().to_owned(),
            strategy: self.desk.name(whose.seat).to_owned(),
            account: whose.account.to_string(),
            symbol: whose.symbol.to_string(),
            label: whose.label.clone(),
            rests: whose.rests(),
            opens: whose.opens,
            leverage: whose.leverage.get().to_string(),
            stop: whose.stop.map(|stop| stop.to_string()),
            decided: whose.decided.map(|price| price.to_string()),
        });
        let candles = self.candles.iter().map(|it| {
            let interval = u64::try_from(it.interval.as_micros()).unwrap_or(u64::MAX);
            (self.names[it.account].to_string(), it.symbol.to_string(), interval, it.next.as_micros())
        });
        let track = |(seat, work): (SeatIndex, &SeatWork)| {
            (work.name.to_string(), self.made_with(seat).to_owned(), work.track.state())
        };
        let state = SavedState {
            desk: self.desk.state(),
            intents: intents.collect(),
            candles: candles.collect(),
            trades: self.trades.newest(),
            paused: self.seats.iter().filter_map(|work| Some((work.name.to_string(), work.paused_by()?))).collect(),
            tracks: self.desk.seats().zip(&self.seats).map(track).collect(),
        };
        // Strings and numbers are always JSON.
        serde_json::to_string(&state).unwrap_or_default()
    }
}
