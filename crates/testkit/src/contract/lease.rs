//! What [`Lease`] promises.

use super::records::account;
use super::suite::{Failure, Outcome, Suite, ensure, ensure_eq};
use async_trait::async_trait;
use plimsoll_domain::AccountId;
use plimsoll_ports::{Held, Lease, LeaseError};
use std::time::Duration;

/// Two engines that want the lease of the same accounts, and a way to let time pass.
#[async_trait]
pub trait LeaseStage: Send + Sync {
    /// One engine's way to the leases.
    fn one(&self) -> &dyn Lease;

    /// Another engine's way to the same leases.
    fn other(&self) -> &dyn Lease;

    /// Lets this much time pass for whoever keeps the leases.
    async fn pass(&self, duration: Duration);
}

/// How long the cases lease for.
const TERM: Duration = Duration::from_secs(3);

/// Runs every case, each on a fresh stage.
///
/// # Panics
/// If a promise is broken; the message names every broken one.
pub async fn run<S: LeaseStage>(fresh: impl AsyncFn() -> S) {
    let mut suite = Suite::new("Lease");
    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {
            $(suite.case(stringify!($case), async { $case(&fresh().await).await }).await;)+
        };
    }
    cases![
        a_lease_has_one_holder,
        a_lease_that_is_renewed_is_kept,
        a_lease_that_ran_out_is_anybodys_and_its_epoch_rises,
        a_lease_that_is_given_back_is_free,
        of_two_at_once_one_holds,
        accounts_are_leased_apart,
    ];
    suite.finish();
}

fn taken(outcome: Result<Held, LeaseError>) -> Outcome {
    match outcome {
        Err(LeaseError::Taken { .. }) => Ok(()),
        other => Err(Failure::new(format!("not taken: {other:?}"))),
    }
}

async fn a_lease_has_one_holder(stage: &dyn LeaseStage) -> Outcome {
    let held = stage.one().acquire(&account(), TERM).await?;
    ensure_eq!(held.account, account(), "whose lease");
    taken(stage.other().acquire(&account(), TERM).await)?;
    taken(stage.one().acquire(&account(), TERM).await)
}

async fn a_lease_that_is_renewed_is_kept(stage: &dyn LeaseStage) -> Outcome {
    let mut held = stage.one().acquire(&account(), TERM).await?;
    for _ in 0..3 {
        stage.pass(TERM * 2 / 3).await;
        let renewed = stage.one().renew(&held, TERM).await?;
        ensure_eq!(renewed.epoch, held.epoch, "the epoch of a renewed lease");
        ensure!(renewed.until > held.until, "it was not made longer");
        held = renewed;
        taken(stage.other().acquire(&account(), TERM).await)?;
    }
    Ok(())
}

async fn a_lease_that_ran_out_is_anybodys_and_its_epoch_rises(stage: &dyn LeaseStage) -> Outcome {
    let first = stage.one().acquire(&account(), TERM).await?;
    stage.pass(TERM * 2).await;
    let second = stage.other().acquire(&account(), TERM).await?;
    ensure!(second.epoch > first.epoch, "epoch {} after {}", second.epoch, first.epoch);
    taken(stage.one().renew(&first, TERM).await)?;
    stage.one().release(first).await.ok();
    taken(stage.one().acquire(&account(), TERM).await)
}

async fn a_lease_that_is_given_back_is_free(stage: &dyn LeaseStage) -> Outcome {
    let first = stage.one().acquire(&account(), TERM).await?;
    let epoch = first.epoch;
    stage.one().release(first).await?;
    let second = stage.other().acquire(&account(), TERM).await?;
    ensure!(second.epoch > epoch, "epoch {} after {epoch}", second.epoch);
    Ok(())
}

async fn of_two_at_once_one_holds(stage: &dyn LeaseStage) -> Outcome {
    let account = account();
    let (one, other) = tokio::join!(stage.one().acquire(&account, TERM), stage.other().acquire(&account, TERM));
    ensure_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1, "holders");
    taken(if one.is_ok() { other } else { one })
}

async fn accounts_are_leased_apart(stage: &dyn LeaseStage) -> Outcome {
    stage.one().acquire(&account(), TERM).await?;
    stage.other().acquire(&AccountId::new("another"), TERM).await?;
    Ok(())
}
