//! Our books against the exchange's, field by field.

mod bookings;
mod journal;
mod positions;
mod trades;
mod view;

use super::difference::{Difference, Differences};
use super::process::Process;
use super::stage::Stage;
use super::truth::Truth;
use plimsoll_engine::{ClientOrderIds, Reconciliation};

/// What is compared.
struct Books<'a> {
    stage: &'a Stage,
    process: &'a Process,
    truth: &'a Truth,
    /// The last reconciliation: what it tells is known, though no record holds it.
    told: &'a Reconciliation,
    ids: ClientOrderIds,
}

/// Everything in which our books and the exchange's differ.
pub(crate) async fn differences(stage: &Stage, process: &Process, told: &Reconciliation) -> Vec<Difference> {
    let truth = &Truth::of(stage);
    let ids = ClientOrderIds::of_process(&stage.account, 0);
    let books = Books { stage, process, truth, told, ids };
    let mut differences = Differences::default();
    books.positions(&mut differences).await;
    books.journal(&mut differences).await;
    books.trades(&mut differences).await;
    books.bookings(&mut differences).await;
    books.view(&mut differences).await;
    differences.into_vec()
}
