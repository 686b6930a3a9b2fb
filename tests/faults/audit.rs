//! Our books against the exchange's, field by field.

mod ports;
mod view;

use super::market::START;
use super::process::Process;
use super::stage::{Stage, WALLET};
use plimsoll_domain::{Fill, Money, Timestamp};
use plimsoll_engine::{ClientOrderIds, Reconciliation};
use plimsoll_ports::{PositionRepository, PositionStatus, TradeRepository};
use plimsoll_trial::books::Books;
use plimsoll_trial::difference::{Difference, Differences};
use plimsoll_trial::truth::Truth;

/// What both sides hold, row by row, for whoever looks into a difference.
pub(crate) async fn books(stage: &Stage, process: &Process) -> Vec<String> {
    let truth = stage.truth();
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

/// What a process says and hears, against the exchange's own books.
struct Word<'a> {
    stage: &'a Stage,
    process: &'a Process,
    truth: &'a Truth,
}

/// Everything in which our books and the exchange's differ.
pub(crate) async fn differences(stage: &Stage, process: &Process, told: &Reconciliation) -> Vec<Difference> {
    let truth = &stage.truth();
    let books = Books {
        store: &process.store,
        account: &stage.account,
        truth,
        told,
        ids: &ClientOrderIds::of_process(&stage.account, 0),
        words: &stage.wire,
        start: START,
        wallet: Money::new(WALLET.into()),
    };
    let mut differences = Differences::default();
    books.compare(&mut differences).await;
    let word = Word { stage, process, truth };
    word.view(&mut differences).await;
    word.changes(&mut differences);
    word.ports(&mut differences).await;
    differences.into_vec()
}
