//! Calls that nobody waits for to the end.

use crate::records::{position, trade};
use plimsoll_domain::{AccountId, Timestamp};
use plimsoll_ports::{OpenedPosition, PositionRepository, PositionStatus, TradeRecord, TradeRepository};
use std::task::Poll;

/// No call takes so many.
const MOST_ATTEMPTS: u32 = 1000;

/// Positions whose opening is dropped, each a little later than the last, until one is not. Once `settle` knows that
/// nothing of it is on its way any more, all of it is there, or nothing.
pub(crate) async fn leaves_all_or_nothing<S: PositionRepository + TradeRepository>(
    store: &S,
    settle: impl AsyncFn(&AccountId),
) {
    let trades = [trade("1"), trade("2"), trade("3")];
    let (mut dropped, mut polls) = (0, 1);
    for attempt in 1..MOST_ATTEMPTS {
        let account = AccountId::new(format!("dropped in attempt {attempt}"));
        let position = OpenedPosition { account: account.clone(), ..position() };
        let trades = trades.clone().map(|trade| TradeRecord { account: account.clone(), ..trade });
        let outcome = dropped_after(polls, store.open(&position, &trades)).await;
        settle(&account).await;
        let open = store.by_status(&account, PositionStatus::Open).await.unwrap().len();
        let recorded = TradeRepository::since(store, &account, None, Timestamp::default()).await.unwrap().len();
        assert!([(0, 0), (1, 3)].contains(&(open, recorded)), "{open} positions and {recorded} trades");
        match outcome {
            None => {
                dropped += 1;
                polls += 1;
            }
            Some(outcome) => {
                outcome.unwrap();
                // A server that answers before anybody looks leaves nothing to be dropped: that call proves nothing.
                if dropped > 0 {
                    break;
                }
            }
        }
    }
    assert!(dropped > 0, "no call was dropped");
}

/// Polls `call` until it is done or has been woken `polls` times, and drops it.
async fn dropped_after<T>(polls: u32, call: impl Future<Output = T>) -> Option<T> {
    let mut call = std::pin::pin!(call);
    let mut left = polls;
    std::future::poll_fn(|context| {
        left -= 1;
        match call.as_mut().poll(context) {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
