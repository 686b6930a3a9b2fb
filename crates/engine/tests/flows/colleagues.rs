//! Another process trades the same account: what it has in hand is left to it, until it dies.

use crate::desk::{Desk, close_all, desk, long, manager};
use crate::store::Store;
use crate::venue::{Fault, Venue, btc, eth, price, size};
use plimsoll_engine::{ClientOrderIds, Colleagues, PositionManager};
use plimsoll_ports::domain::{
    AccountId, ClientOrderId, Direction, FillCause, NewOrder, OrderKind, OrderSize, OrderType, PositionSide, VenueId,
};
use plimsoll_ports::{
    Broker, Clock, JournalEntry, JournalState, OpenIntent, OrderJournal, Purpose, RiskEventRecord, Severity, StopLoss,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The other process, while it lives.
struct Other {
    ids: ClientOrderIds,
    lives: Arc<AtomicBool>,
}

struct Watched(String, Arc<AtomicBool>);

impl Colleagues for Watched {
    fn is_alive(&self, process: &str) -> bool {
        process == self.0 && self.is_anyone_alive()
    }

    fn is_anyone_alive(&self) -> bool {
        self.1.load(Ordering::SeqCst)
    }
}

impl Other {
    fn new() -> Self {
        let ids = ClientOrderIds::of_process(&AccountId::new("main"), 7);
        Self { ids, lives: Arc::new(AtomicBool::new(true)) }
    }

    /// It has written an order down, and nobody knows how far it has come with it.
    async fn intends(&self, venue: &Venue, store: &Store, purpose: Purpose) -> ClientOrderId {
        let now = venue.now();
        let client_order_id = self.ids.intent(now).order(purpose, 0);
        let (side, reduce_only) = match purpose {
            Purpose::Entry => (Direction::Long.opening_side(), false),
            _ => (Direction::Long.closing_side(), true),
        };
        let order = NewOrder {
            client_order_id: client_order_id.clone(),
            symbol: btc(),
            side,
            position_side: PositionSide::Both,
            kind: OrderKind::Market,
            size: OrderSize::Quantity("0.05".parse().unwrap()),
            reduce_only,
        };
        let entry = JournalEntry {
            account: AccountId::new("main"),
            venue: VenueId::new("test"),
            order,
            purpose,
            state: JournalState::Intended,
            intended_at: now,
            updated_at: now,
        };
        store.intend(&entry).await.unwrap();
        client_order_id
    }

    fn watched(&self) -> Arc<Watched> {
        Arc::new(Watched(self.ids.process().to_owned(), Arc::clone(&self.lives)))
    }

    fn dies(&self) {
        self.lives.store(false, Ordering::SeqCst);
    }
}

fn beside(other: &Other, venue: &Venue, store: &Store) -> PositionManager {
    manager(venue, store, |settings| settings).with_colleagues(other.watched())
}

fn state_of(store: &Store, id: &ClientOrderId) -> JournalState {
    store.tables().journal.iter().find(|entry| entry.order.client_order_id == *id).unwrap().state.clone()
}

#[tokio::test]
async fn an_exit_that_waits_for_its_turn_elsewhere_is_not_declared_lost() {
    let (desk, other) = (desk(), Other::new());
    let manager = beside(&other, &desk.venue, &desk.store);
    manager.open(&long()).await.unwrap();
    let id = other.intends(&desk.venue, &desk.store, Purpose::Exit).await;
    desk.venue.sleep(Duration::from_secs(30)).await;
    let found = manager.reconcile().await.unwrap();
    assert_eq!((found.orders.len(), state_of(&desk.store, &id)), (0, JournalState::Intended));
    assert_eq!(manager.monitor().await.unwrap().troubles, []);
    other.dies();
    let found = manager.reconcile().await.unwrap();
    assert_eq!(found.lost_exits().count(), 1, "{found:?}");
    assert!(matches!(state_of(&desk.store, &id), JournalState::NotSent { .. }));
}

#[tokio::test]
async fn a_position_that_another_process_is_opening_is_adopted_only_once_that_has_died() {
    let (desk, other) = (desk(), Other::new());
    let manager = beside(&other, &desk.venue, &desk.store);
    let id = other.intends(&desk.venue, &desk.store, Purpose::Entry).await;
    desk.venue.open_as(&id, &btc(), Direction::Long, "0.05");
    for _ in 0..3 {
        let found = manager.reconcile().await.unwrap();
        assert_eq!((found.adopted.len(), found.unprotected.len(), found.foreign.len()), (0, 0, 0), "{found:?}");
        assert!(desk.store.tables().positions.is_empty());
    }
    // Whoever wants out is not held up by anybody.
    other.dies();
    let found = manager.reconcile().await.unwrap();
    assert_eq!((found.adopted.len(), found.adopted[0].is_ours), (1, true), "{found:?}");
}

#[tokio::test]
async fn closing_waits_for_nobody_elsewhere() {
    let (desk, other) = (desk(), Other::new());
    let manager = beside(&other, &desk.venue, &desk.store);
    manager.open(&long()).await.unwrap();
    other.intends(&desk.venue, &desk.store, Purpose::Exit).await;
    let closed = manager.close(&close_all(&btc(), Direction::Long)).await.unwrap();
    assert!(closed.ended.is_some() && desk.venue.position(&btc()).is_none());
}

#[tokio::test]
async fn what_another_process_is_opening_is_no_alarm_until_that_has_died() {
    let (desk, other) = (desk(), Other::new());
    let manager = beside(&other, &desk.venue, &desk.store);
    let id = other.intends(&desk.venue, &desk.store, Purpose::Entry).await;
    desk.venue.open_as(&id, &btc(), Direction::Long, "0.05");
    let alarms = || {
        let tables = desk.store.tables();
        tables.alerts.iter().filter(|it| it.key.starts_with("no_stop") || it.key.starts_with("unrecorded")).count()
    };
    let report = manager.monitor().await.unwrap();
    let [health] = report.positions.as_slice() else { panic!("it is held: {report:?}") };
    assert!(health.is_in_hand && !health.has_stop && !health.is_unprotected());
    assert_eq!((report.unrecorded.len(), alarms()), (0, 0));
    other.dies();
    let report = manager.monitor().await.unwrap();
    assert!(report.positions[0].is_unprotected());
    let recorded = desk.store.tables().positions.len();
    assert_eq!((recorded, alarms()), (1, 1), "it is recorded, and has no stop");
}

#[tokio::test]
async fn a_process_that_lives_and_does_nothing_more_excuses_no_missing_stop() {
    let (desk, other) = (desk(), Other::new());
    let manager = beside(&other, &desk.venue, &desk.store);
    let id = other.intends(&desk.venue, &desk.store, Purpose::Entry).await;
    desk.venue.open_as(&id, &btc(), Direction::Long, "0.05");
    assert!(!manager.monitor().await.unwrap().positions[0].is_unprotected());
    desk.venue.sleep(Duration::from_secs(120)).await;
    assert!(manager.monitor().await.unwrap().positions[0].is_unprotected());
}

/// A flattening has begun, and whoever began it is gone.
fn begun(desk: &Desk) -> RiskEventRecord {
    RiskEventRecord {
        account: AccountId::new("main"),
        time: desk.venue.now(),
        kind: "flatten_begun".to_owned(),
        symbol: None,
        detail: "margin".to_owned(),
        figure: None,
        limit: None,
        action: "begun".to_owned(),
    }
}

#[tokio::test]
async fn a_flattening_that_was_cut_short_has_not_ended_while_its_positions_cannot_be_closed() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.store.tables().risk_events.push(begun(&desk));
    desk.venue.sleep(Duration::from_secs(120)).await;
    for _ in 0..1000 {
        desk.venue.fail(OrderType::Market, Fault::NotSent);
    }
    let events = |kind| desk.store.events(kind).len();
    desk.manager.compare().await.unwrap();
    assert!(desk.venue.position(&btc()).is_some());
    assert_eq!((events("flatten"), events("flatten_waits")), (0, 1));
    desk.venue.state().faults.clear();
    desk.manager.compare().await.unwrap();
    assert!(desk.venue.position(&btc()).is_none());
    assert_eq!((events("flatten"), events("flatten_waits")), (1, 1));
}

#[tokio::test]
async fn a_flattening_that_was_cut_short_has_not_ended_while_another_process_has_a_part_of_it_in_hand() {
    let (desk, other) = (desk(), Other::new());
    let manager = beside(&other, &desk.venue, &desk.store);
    manager.open(&long()).await.unwrap();
    let ether = OpenIntent { symbol: eth(), quantity: size("0.5"), stop_loss: StopLoss::At(price("1800")), ..long() };
    manager.open(&ether).await.unwrap();
    desk.store.tables().risk_events.push(begun(&desk));
    desk.venue.sleep(Duration::from_secs(120)).await;
    other.intends(&desk.venue, &desk.store, Purpose::Exit).await;
    let events = |kind| desk.store.events(kind).len();
    for _ in 0..2 {
        manager.reconcile().await.unwrap();
        assert!(desk.venue.position(&btc()).is_some() && desk.venue.position(&eth()).is_none());
        assert_eq!((events("flatten"), events("flatten_waits")), (0, 1));
    }
    other.dies();
    manager.reconcile().await.unwrap();
    assert!(desk.venue.position(&btc()).is_none());
    assert_eq!((events("flatten"), events("flatten_waits")), (1, 1));
}

#[tokio::test]
async fn what_another_process_of_ours_has_closed_is_told_as_that_and_is_no_difference() {
    let (desk, other) = (desk(), Other::new());
    let manager = beside(&other, &desk.venue, &desk.store);
    manager.open(&long()).await.unwrap();
    let close = async || {
        let id = other.intends(&desk.venue, &desk.store, Purpose::Exit).await;
        desk.venue.take(&btc(), PositionSide::Both, "0.05", id.as_str(), FillCause::Order);
        // It has swept what protected the position.
        let resting = desk.venue.state().open.clone();
        for order in resting {
            desk.venue.cancel(&btc(), &order.client_order_id).await.unwrap();
        }
        std::mem::take(&mut desk.store.tables().alerts);
    };
    let told = || {
        let alerts = std::mem::take(&mut desk.store.tables().alerts);
        alerts.into_iter().map(|it| (it.severity, it.title)).collect::<Vec<_>>()
    };
    let closed = || (Severity::Info, "BTC/USDT:USDT long was closed: exit by another process of ours".to_owned());

    // It lives, and has not come to its records yet.
    close().await;
    let report = manager.monitor().await.unwrap();
    assert!(report.ended[0].by_colleague && report.ended[0].reason == "exit", "{report:?}");
    assert_eq!(told(), [closed()]);

    // It has died before it came to them.
    manager.open(&long()).await.unwrap();
    close().await;
    other.dies();
    let found = manager.reconcile().await.unwrap();
    let summary = found.summary();
    let ended = summary.findings.iter().find(|it| it.kind == "ended").expect("it is listed all the same");
    assert_eq!((summary.is_clean, ended.severity), (true, Severity::Info), "{summary:?}");
    assert_eq!(ended.found, "the long position had ended: exit by another process of ours");
    assert_eq!(told(), [], "nobody is warned of a difference");

    // What was never written down here is another's, whatever it is called.
    manager.open(&long()).await.unwrap();
    let unknown = other.ids.intent(desk.venue.now()).order(Purpose::Exit, 0);
    desk.venue.take(&btc(), PositionSide::Both, "0.05", unknown.as_str(), FillCause::Order);
    std::mem::take(&mut desk.store.tables().alerts);
    let report = manager.monitor().await.unwrap();
    assert!(!report.ended[0].by_colleague && report.ended[0].reason == "elsewhere", "{report:?}");
    assert_eq!(told(), [(Severity::Warning, "BTC/USDT:USDT long was closed: elsewhere".to_owned())]);
}
