//! The ports of one process: every call takes its time, may go wrong, and may be the last.

mod broker;
mod public;
mod records;

pub(crate) use broker::TrialBroker;
pub(crate) use public::TrialPublic;
pub(crate) use records::TrialRecords;

use crate::fault::{Fault, Site, Trouble};
use crate::fuse::{Doomed, Fuse};
use crate::world::World;
use plimsoll_domain::Timestamp;
use std::future::Future;
use std::sync::Arc;

/// Between our process and the world.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) world: Arc<World>,
    pub(crate) fuse: Fuse,
}

/// What a call meets that has arrived.
#[derive(Debug, Clone, Copy)]
struct Met {
    fault: Option<(Fault, Timestamp)>,
}

impl Line {
    /// Asks, and answers as the faults would have it.
    pub(crate) async fn call<T, E>(
        &self,
        site: Site,
        name: &'static str,
        ask: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E>
    where
        E: From<Trouble> + std::fmt::Display,
    {
        let doomed = self.fuse.begin().await;
        let answer = carry(&self.world, site, name, ask).await;
        self.fuse.end(doomed).await;
        answer
    }

    /// The same for what is under way although whoever asked is no more.
    pub(crate) async fn command<T, E>(
        &self,
        site: Site,
        name: &'static str,
        ask: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Trouble> + std::fmt::Display + Send + 'static,
    {
        let doomed: Doomed = self.fuse.begin().await;
        let world = Arc::clone(&self.world);
        let under_way = tokio::spawn(async move { carry(&world, site, name, ask).await });
        let answer = match under_way.await {
            Ok(answer) => answer,
            Err(failed) => match failed.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is going.
                Err(_) => Err(Trouble::Unanswered.into()),
            },
        };
        self.fuse.end(doomed).await;
        answer
    }
}

/// Brings a question there, and its answer back.
async fn carry<T, E: From<Trouble> + std::fmt::Display>(
    world: &World,
    site: Site,
    name: &'static str,
    ask: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let sent = world.time.now();
    world.time.sleep(world.travel(site)).await;
    world.sync();
    let met = Met { fault: world.strikes(site) };
    let answer = match met.fault {
        Some((fault, until)) if !fault.executes() => Err(Trouble::of(fault, site, until).into()),
        _ => ask.await,
    };
    let done = answer.is_ok();
    let late = met.fault.map(|(fault, _)| world.lateness(fault)).unwrap_or_default();
    world.time.sleep(world.travel(site) + late).await;
    let is_answered = matches!(met.fault, None | Some((Fault::Slow | Fault::Refused, _)));
    if site == Site::Stop && is_answered {
        world.state().round_trips.push(world.time.now().since(sent));
    }
    let answer = match met.fault {
        Some((Fault::Slow, _)) | None => answer,
        Some((fault, until)) if fault.executes() => Err(Trouble::of(fault, site, until).into()),
        Some(_) => answer,
    };
    world.note(|| match (&met.fault, &answer) {
        (None, Ok(_)) => name.to_string(),
        (None, Err(failure)) => format!("{name}: {failure}"),
        (Some((fault, _)), Ok(_)) => format!("{name}, {fault:?}"),
        (Some((fault, _)), Err(failure)) => {
            format!("{name}, {fault:?}{}: {failure}", if done { ", and done" } else { "" })
        }
    });
    answer
}
