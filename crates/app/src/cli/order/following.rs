//! Carrying an order on until it ends, with the account guarded meanwhile.

use super::placing::ended;
use crate::cli::composed::{ProgressRow, news};
use crate::cli::signals::stopped;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::screen;
use plimsoll_domain::ClientOrderId;
use plimsoll_engine::{Guard, GuardNews, Lookout, Progress};
use plimsoll_ports::{Clock, ComposedState, SystemClock};
use serde::Serialize;
use std::pin::pin;
use std::sync::Arc;

/// An order that is carried on here.
pub(super) struct Following<'a> {
    pub(super) desk: &'a Desk,
    pub(super) id: &'a ClientOrderId,
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Told {
    event: &'static str,
    time: String,
    #[serde(flatten)]
    progress: ProgressRow,
}

#[derive(Serialize)]
struct Ended<'a> {
    event: &'static str,
    time: String,
    name: &'a ClientOrderId,
    state: &'static str,
    reason: Option<&'a str>,
}

impl Following<'_> {
    /// Guards the account until the order has ended, or until it is asked to stop: then the order is left to `run`. Other
    /// orders that go on are not carried on here.
    pub(super) async fn follow(&self, lookout: Lookout) -> Result<(), Failure> {
        // Another process may carry the others on.
        self.desk.manager.carry_only(self.id);
        let guard = Guard::new(Arc::clone(&self.desk.manager), self.desk.guard_settings()).with_lookout(lookout);
        let (stop, is_over) = (guard.stopper(), guard.stopper());
        let mut before = None;
        let mut watching = pin!(guard.run(|news| {
            if self.tell_news(news, &mut before) {
                is_over.stop();
            }
        }));
        let asked = tokio::select! {
            _ = &mut watching => Ok(()),
            asked = stopped() => {
                stop.stop();
                watching.await;
                asked
            }
        };
        asked?;
        self.conclude().await
    }

    /// Tells what has changed; `true` if the order goes on no more, or elsewhere.
    fn tell_news(&self, news: &GuardNews, before: &mut Option<String>) -> bool {
        let (them, is_whole) = match news {
            GuardNews::Reconciled(it) => (&it.composed, false),
            GuardNews::Watched(it) => (&it.composed, it.troubles.is_empty()),
            _ => return false,
        };
        let Some(progress) = them.iter().find(|it| it.id == *self.id) else { return is_whole };
        // Whoever read along may go: the order is carried on without being heard.
        let _ = self.tell(progress, before);
        progress.ended.is_some()
    }

    fn tell(&self, progress: &Progress, before: &mut Option<String>) -> Result<(), Failure> {
        let said = format!("{:?} {:?}", progress.filled, news(progress));
        if before.as_ref() == Some(&said) {
            return Ok(());
        }
        *before = Some(said);
        let now = SystemClock.now();
        if self.json {
            let progress = ProgressRow::of(progress);
            return screen::json(&Told { event: "progress", time: screen::instant(now), progress });
        }
        news(progress).map_or(Ok(()), |said| screen::line(format!("{} {said}", screen::minute(now))))
    }

    async fn conclude(&self) -> Result<(), Failure> {
        let found = self.desk.manager.composed(self.id).await.map_err(Failure::unreachable)?;
        let state = found.map_or(ComposedState::Working, |entry| entry.state);
        if self.json {
            let reason = match &state {
                ComposedState::Working => None,
                ComposedState::Ended { reason, .. } => Some(reason.as_str()),
            };
            let time = screen::instant(SystemClock.now());
            screen::json(&Ended { event: "left", time, name: self.id, state: state.as_str(), reason })?;
        }
        match state {
            ComposedState::Ended { how, reason } => {
                if !self.json {
                    screen::line(format!("{} has ended, {}: {reason}", self.id, how.as_str()))?;
                }
                ended(self.id, how, &reason)
            }
            ComposedState::Working if self.json => Ok(()),
            ComposedState::Working => screen::line(format!(
                "{} goes on: `plimsoll run` carries it on; what rests at the venue rests on",
                self.id
            )),
        }
    }
}
