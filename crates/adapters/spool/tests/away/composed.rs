//! Composed orders while the store is away.

use super::flaky::Flaky;
use super::{account, at, intent, open};
use plimsoll_domain::{ClientOrderId, Timestamp, VenueId};
use plimsoll_ports::{ComposedEnd, ComposedEntry, ComposedState, OrderJournal, StoreError};
use plimsoll_sqlite::SqliteStore;

pub(crate) fn composed(id: &str, order: &str, time: Timestamp) -> ComposedEntry {
    ComposedEntry {
        account: account(),
        venue: VenueId::new("test"),
        id: ClientOrderId::reported(id),
        order: order.parse().unwrap(),
        state: ComposedState::Working,
        placed_at: time,
        updated_at: time,
    }
}

/// It only reduces.
pub(crate) const OCO: &str = "oco symbol=BTC/USDT:USDT direction=long quantity=0.001 stop=45000.1 target=55000";
/// It opens, and nobody's stop ends its loss.
const TWAP: &str = "twap symbol=BTC/USDT:USDT direction=long slices=2 every_ms=60000 quantity=0.002 leverage=5 \
    stop=waived by=3:ana reason=16:hedged\telsewhere";

#[tokio::test]
async fn a_composed_order_that_opens_is_refused_at_once_and_one_that_reduces_is_kept_with_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool");
    let database = SqliteStore::in_memory().await.unwrap();
    let store = Flaky::new(&database);
    let spool = open(&path, &store);
    let twap = composed("twap-1", TWAP, at(0));
    spool.compose(&twap).await.unwrap();
    store.answer(Some(0));
    let refused = spool.compose(&composed("twap-2", TWAP, at(1))).await;
    assert!(matches!(refused, Err(StoreError::Unreachable(_))), "{refused:?}");
    let whole = composed("oco-1", OCO, at(1));
    for entry in [&whole, &composed("oco-2", OCO, at(2)), &whole] {
        spool.compose(entry).await.unwrap();
    }
    spool.intend(&intent("oco-1-stop", true, at(3))).await.unwrap();
    let id = &whole.id;
    assert_eq!(spool.composed(&account(), id).await.unwrap(), Some(whole.clone()));
    // The end of one that the store alone knows is kept too, and of two ends the first.
    spool.end_composed(&account(), &twap.id, ComposedEnd::Canceled, "enough", at(4)).await.unwrap();
    spool.end_composed(&account(), id, ComposedEnd::Done, "its\tstop\nfilled", at(5)).await.unwrap();
    spool.end_composed(&account(), id, ComposedEnd::Failed, "too late", at(6)).await.unwrap();
    let state = ComposedState::Ended { how: ComposedEnd::Done, reason: "its\tstop\nfilled".to_owned() };
    let done = ComposedEntry { state, updated_at: at(5), ..whole.clone() };
    assert_eq!(spool.composed(&account(), id).await.unwrap(), Some(done.clone()));
    assert!(matches!(spool.working(&account()).await, Err(StoreError::Unreachable(_))), "the rest is not known");
    assert!(matches!(spool.parts(&account(), id).await, Err(StoreError::Unreachable(_))), "nor are all parts");

    // A new process sees the same; when the store is back, everybody does.
    drop(spool);
    let spool = open(&path, &store);
    assert_eq!(spool.status().pending, 7);
    assert_eq!(spool.composed(&account(), id).await.unwrap(), Some(done.clone()));
    store.answer(None);
    assert_eq!(spool.working(&account()).await.unwrap(), [composed("oco-2", OCO, at(2))]);
    assert_eq!((spool.status().pending, spool.status().refused), (0, 0));
    assert_eq!(OrderJournal::composed(&database, &account(), id).await.unwrap(), Some(done));
    let state = ComposedState::Ended { how: ComposedEnd::Canceled, reason: "enough".to_owned() };
    let ended = ComposedEntry { state, updated_at: at(4), ..twap };
    assert_eq!(OrderJournal::composed(&database, &account(), &ended.id).await.unwrap(), Some(ended));
    assert_eq!(OrderJournal::parts(&database, &account(), id).await.unwrap().len(), 1);
    spool.compose(&composed("twap-2", TWAP, at(7))).await.unwrap();
}

#[tokio::test]
async fn another_composed_order_under_an_id_that_the_store_knows_is_kept_aside() {
    let directory = tempfile::tempdir().unwrap();
    let database = SqliteStore::in_memory().await.unwrap();
    let store = Flaky::new(&database);
    let spool = open(&directory.path().join("spool"), &store);
    let first = composed("oco-1", OCO, at(0));
    OrderJournal::compose(&database, &first).await.unwrap();
    store.answer(Some(0));
    spool.compose(&composed("oco-1", &OCO.replace("55000", "56000"), at(1))).await.unwrap();
    spool.end_composed(&account(), &ClientOrderId::reported("oco-9"), ComposedEnd::Done, "", at(1)).await.unwrap();
    store.answer(None);
    assert_eq!(spool.drain().await, Ok(2));
    assert_eq!((spool.status().pending, spool.status().refused), (0, 2));
    let aside = std::fs::read_to_string(directory.path().join("spool.refused")).unwrap();
    assert!(aside.contains("compose\t") && aside.contains("end_composed\t"), "{aside}");
    assert_eq!(OrderJournal::working(&database, &account()).await.unwrap(), [first]);
}
