//! Our books against the exchange's, field by field.

mod bookings;
mod journal;
mod ports;
mod positions;
mod trades;
mod view;

use super::difference::{Difference, Differences};
use super::process::Process;
use super::stage::Stage;
use super::truth::Truth;
use plimsoll_domain::{Fill, Timestamp};
use plimsoll_engine::{ClientOrderIds, Reconciliation};
use plimsoll_ports::{PositionRepository, PositionStatus, TradeRepository};

/// What both sides hold, row by row, for whoever looks into a difference.
pub(crate) async fn books(stage: &Stage, process: &Process) -> Vec<String> {
    let truth = Truth::of(stage);
    let mut rows: Vec<String> = truth.fills.iter().map(shown).collect();
    let trades = TradeRepository::since(&process.store, &stage.account, None, Timestamp::default()).await;
    for trade in trades.expect("trades are read") {
        rows.push(format!(
            "recorded {:?} {} {}",
            trade.position.map(|it| it.0),
            trade.fill.symbol,
            trade.fill.trade_id
        ));
    }
    for status in PositionStatus::ALL {
        for it in process.store.by_status(&stage.account, status).await.expect("positions are read") {
            let (id, opened) = (it.id.0, &it.opened);
            let (symbol, direction, quantity) = (&opened.symbol, opened.direction, opened.quantity);
            let closed = it.closed.as_ref().map(|closed| format!("{} {}", closed.reason, closed.closed_at));
            rows.push(format!("record {id} {symbol} {direction} {quantity} from {} {closed:?}", opened.opened_at));
        }
    }
    rows
}

fn shown(fill: &Fill) -> String {
    let Fill { symbol, trade_id, client_order_id, side, quantity, price, cause, time, .. } = fill;
    format!("traded {symbol} {trade_id}: {side} {quantity} at {price} by {client_order_id} ({cause}), {time}")
}

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
    books.changes(&mut differences);
    books.ports(&mut differences).await;
    differences.into_vec()
}
