use crate::composed_seen::bracket;
use crate::desk::{desk, long};
use crate::venue::{Fault, Venue, btc, price, size};
use async_trait::async_trait;
use plimsoll_engine::{AccountFollower, AccountView, Link, OpenFailure};
use plimsoll_ports::domain::risk::RiskCheck;
use plimsoll_ports::domain::{AccountEvent, Change, Direction, MarkPrice, OrderType};
use plimsoll_ports::{AccountStream, Broker, Clock, OpenIntent, StreamItem};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

struct Scripted(mpsc::UnboundedReceiver<StreamItem>);

#[async_trait]
impl AccountStream for Scripted {
    async fn next(&mut self) -> Option<StreamItem> {
        self.0.recv().await
    }
}

fn start(venue: &Venue) -> (AccountFollower, mpsc::UnboundedSender<StreamItem>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (AccountFollower::spawn(Box::new(Scripted(receiver)), Arc::new(venue.clone())), sender)
}

async fn snapshot(venue: &Venue) -> StreamItem {
    StreamItem::Event(AccountEvent::Snapshot(Box::new(venue.account().await.unwrap())))
}

async fn until(account: &AccountFollower, holds: impl Fn(&AccountView) -> bool) -> Arc<AccountView> {
    let mut view = account.watch();
    let found = tokio::time::timeout(Duration::from_secs(10), view.wait_for(|view| holds(view))).await;
    Arc::clone(&found.expect("the view never came to that").unwrap())
}

#[tokio::test]
async fn a_view_is_live_between_a_snapshot_and_a_disconnection() {
    let venue = Venue::new("10000");
    let (account, stream) = start(&venue);
    assert_eq!(account.view().link, Link::Connecting);
    stream.send(StreamItem::Connected).unwrap();
    let view = until(&account, |view| view.link == Link::Syncing).await;
    assert_eq!(view.age(venue.now()), None, "without a snapshot nothing is certain");

    stream.send(snapshot(&venue).await).unwrap();
    let view = until(&account, |view| view.link == Link::Live).await;
    assert_eq!(view.age(venue.now().plus(Duration::from_secs(7))), Some(Duration::from_secs(7)));
    let heard_at = view.heard_at;
    venue.sleep(Duration::from_secs(7)).await;
    stream.send(StreamItem::Alive).unwrap();
    let view = until(&account, |view| view.heard_at > heard_at).await;
    assert_eq!(view.age(venue.now()), Some(Duration::ZERO), "a quiet account stays fresh while its stream is alive");

    stream.send(StreamItem::Disconnected { reason: "cut".to_owned() }).unwrap();
    let view = until(&account, |view| matches!(view.link, Link::Down { .. })).await;
    assert_eq!(view.age(venue.now()), None);
    stream.send(StreamItem::Connected).unwrap();
    venue.sleep(Duration::from_secs(1)).await;
    stream.send(snapshot(&venue).await).unwrap();
    let view = until(&account, |view| view.link == Link::Live && !view.needs_resync).await;
    assert_eq!(view.age(venue.now()), Some(Duration::ZERO));
}

#[tokio::test]
async fn changes_are_told_and_marks_taken() {
    let venue = Venue::new("10000");
    let (account, stream) = start(&venue);
    let mut changes = account.changes();
    stream.send(StreamItem::Connected).unwrap();
    stream.send(snapshot(&venue).await).unwrap();
    venue.open_elsewhere(&btc(), Direction::Long, "0.01");
    venue.sleep(Duration::from_secs(1)).await;
    stream.send(snapshot(&venue).await).unwrap();
    loop {
        let change = tokio::time::timeout(Duration::from_secs(10), changes.recv()).await.unwrap().unwrap();
        if let Change::PositionOpened { symbol, .. } = change {
            assert_eq!(symbol, btc());
            break;
        }
    }
    venue.sleep(Duration::from_secs(1)).await;
    account.mark(MarkPrice { symbol: btc(), price: price("51000"), index: None, time: venue.now() });
    let at_mark = |view: &AccountView| view.positions.first().is_some_and(|it| it.mark_price == Some(price("51000")));
    until(&account, at_mark).await;
}

#[tokio::test]
async fn the_task_ends_with_its_stream() {
    let venue = Venue::new("10000");
    let (account, stream) = start(&venue);
    drop(stream);
    let view = until(&account, |view| view.link == Link::Ended).await;
    assert_eq!(view.age(venue.now()), None);
}

#[tokio::test]
async fn an_account_that_is_in_doubt_puts_a_part_off_and_ends_nothing() {
    let mut desk = desk();
    desk.venue.fail(OrderType::Limit, Fault::NotSent);
    let placed = desk.manager.compose(&bracket()).await.unwrap();
    let (account, stream) = start(&desk.venue);
    desk.manager = crate::desk::manager(&desk.venue, &desk.store, |it| it).with_view(account.watch());
    drop(stream);
    until(&account, |view| view.link == Link::Ended).await;
    let report = desk.manager.monitor().await.unwrap();
    assert!(report.composed.iter().all(|it| it.ended.is_none() && it.sent.is_empty()), "{:?}", report.composed);
    assert_eq!(desk.manager.working().await.unwrap().len(), 1, "{} goes on", placed.id);
}

#[tokio::test]
async fn a_stale_view_refuses_exposure_and_lets_closing_through() {
    let mut desk = desk();
    desk.open(&long()).await.unwrap();
    let (account, stream) = start(&desk.venue);
    desk.manager = crate::desk::manager(&desk.venue, &desk.store, |it| it).with_view(account.watch());
    let stale = async |desk: &crate::desk::Desk| {
        let more = OpenIntent { quantity: size("0.001"), ..long() };
        let Err(OpenFailure::Refused(refused)) = desk.open(&more).await else { panic!("it was let through") };
        assert_eq!(refused.reasons.iter().map(|it| it.check()).collect::<Vec<_>>(), [RiskCheck::Freshness]);
    };
    stale(&desk).await;
    stream.send(StreamItem::Connected).unwrap();
    stream.send(snapshot(&desk.venue).await).unwrap();
    until(&account, |view| view.link == Link::Live).await;
    desk.venue.sleep(Duration::from_secs(11)).await;
    stale(&desk).await;
    assert_eq!(desk.close().await.unwrap().remaining, None);
}
