use crate::held_up::HeldUp;
use crate::world::{World, bought, next, position, report, start, until};
use async_trait::async_trait;
use plimsoll_engine::{AccountNews, AccountPorts, Link, VenueAccount};
use plimsoll_exchange::MarketClock;
use plimsoll_ports::domain::{AccountEvent, Change, Direction, Timestamp};
use plimsoll_ports::{Clock, StreamItem};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[tokio::test]
async fn a_gap_is_measured_told_and_closed_by_the_next_snapshot() {
    let mut world = World::new();
    world.settings.resync_after = Duration::from_secs(10_000);
    let account = world.account().await;
    assert_eq!(account.view().gaps.closed, 0, "connecting for the first time is no gap");
    let mut news = account.news();
    world.send(StreamItem::Disconnected { reason: "cut".to_owned() });
    let view = until(&account, |view| matches!(view.link, Link::Down { .. })).await;
    assert_eq!(view.gaps.open_since, Some(start()));
    world.pass(Duration::from_secs(7));
    world.send(StreamItem::Connected);
    world.send_snapshot();
    let gap = next(&mut news, |it| if let AccountNews::GapClosed(gap) = it { Some(gap) } else { None }).await;
    assert_eq!((gap.from, gap.until, gap.reason.as_str()), (start(), start().plus(Duration::from_secs(7)), "cut"));
    assert_eq!((account.view().gaps.closed, account.view().gaps.open_since), (1, None));
}

#[tokio::test]
async fn a_stream_that_stays_down_is_read_around_with_the_fills_that_it_missed() {
    let mut world = World::new();
    let account = world.account().await;
    let mut changes = account.changes();
    world.send(StreamItem::Disconnected { reason: "cut".to_owned() });
    until(&account, |view| matches!(view.link, Link::Down { .. })).await;
    world.pass(Duration::from_secs(1));
    let time = start().plus(Duration::from_millis(500));
    let held = position(Direction::Long, "0.1", "50000");
    world.truth.change(|truth| truth.positions = vec![report(Some(held), "500", "50000", time)]);
    world.fills.lock().unwrap().push(bought("7", "0.1", "50000", time));
    let view = world.while_time_passes(until(&account, |view| !view.positions.is_empty())).await;
    assert_eq!(view.positions[0].position, held);
    assert_eq!(view.tally.fills, 1, "the fill is counted though no stream brought it");
    assert_eq!(view.age(view.read_at.unwrap()), None, "events do not flow yet: nothing may be judged on it");
    let mut told = 0;
    while let Ok(change) = changes.try_recv() {
        told += usize::from(matches!(change, Change::Filled(_)));
    }
    assert_eq!(told, 1);
}

#[tokio::test]
async fn a_fill_whose_message_was_lost_is_found_however_long_ago_it_was() {
    let mut world = World::new();
    let account = world.account().await;
    let minutes = |minutes: u64| start().plus(Duration::from_secs(60 * minutes));
    for (id, time) in [("1", minutes(1)), ("2", minutes(2)), ("3", minutes(30))] {
        let fill = bought(id, "0.1", "50000", time);
        world.fills.lock().unwrap().push(fill.clone());
        if id != "2" {
            world.event(AccountEvent::Fill(fill));
        }
    }
    until(&account, |view| view.tally.fills == 2).await;
    world.pass(Duration::from_secs(31 * 60));
    let held = position(Direction::Long, "0.3", "50000");
    world.truth.change(|truth| truth.positions = vec![report(Some(held), "500", "50000", minutes(30))]);
    account.resynchronise().await.unwrap();
    assert_eq!(account.view().tally.fills, 3);

    assert_eq!(account.resynchronise().await.unwrap().fills, 1, "those before the last minute are known");

    world.pass(Duration::from_secs(60));
    world.send_snapshot();
    until(&account, |view| view.traded_until == Some(minutes(32))).await;
    assert_eq!(account.resynchronise().await.unwrap().fills, 0, "the stream brings them with its snapshots");
}

#[tokio::test]
async fn a_live_stream_that_brings_nothing_is_not_believed() {
    let mut world = World::new();
    let account = world.account().await;
    let before = world.asked();
    world.pass(Duration::from_secs(29));
    let view = world
        .while_time_passes(until(&account, |view| view.read_at >= Some(start().plus(Duration::from_secs(30)))))
        .await;
    assert_eq!(world.asked(), before + 1);
    assert_eq!(view.link, Link::Live);
    assert_eq!(view.age(view.read_at.unwrap()), Some(Duration::ZERO), "what was just read is fresh");
}

#[tokio::test]
async fn a_reading_begun_before_the_connection_does_not_stand_for_its_snapshot() {
    let mut world = World::new();
    let account = world.account().await;
    world.send(StreamItem::Disconnected { reason: "cut".to_owned() });
    until(&account, |view| matches!(view.link, Link::Down { .. })).await;
    account.resynchronise().await.unwrap();
    world.pass(Duration::from_secs(1));
    world.send(StreamItem::Connected);
    let view = until(&account, |view| view.link == Link::Syncing).await;
    assert_eq!(view.age(start()), None);
    account.resynchronise().await.unwrap();
    assert_eq!(account.view().link, Link::Live, "begun since events flow, it completes them");
}

/// The market's time, shown by a clock that can be set back. Who sleeps does not notice.
struct Adjusted {
    market: MarketClock,
    back: Mutex<Duration>,
}

#[async_trait]
impl Clock for Adjusted {
    fn now(&self) -> Timestamp {
        self.market.now().minus(*self.back.lock().unwrap())
    }

    async fn sleep(&self, duration: Duration) {
        self.market.sleep(duration).await;
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_hides_no_silence() {
    let mut world = World::new();
    world.send(StreamItem::Connected);
    world.send_snapshot();
    let clock = Arc::new(Adjusted { market: world.clock.clone(), back: Mutex::default() });
    let (ports, stream) = (world.ports(world.broker()), world.take_stream());
    let ports = AccountPorts { clock: Arc::clone(&clock) as Arc<dyn Clock>, ..ports };
    let account = VenueAccount::connect(ports, stream, world.settings.clone()).await.unwrap();
    let before = world.asked();
    world.pass(Duration::from_secs(5));
    *clock.back.lock().unwrap() = Duration::from_secs(3600);
    let read_again = async || {
        let asked = world.asked();
        while world.asked() == asked {
            tokio::task::yield_now().await;
        }
    };
    for silences in 1..=2 {
        world.while_time_passes(read_again()).await;
        assert_eq!(world.asked(), before + silences);
        let passed = world.clock.now().since(start());
        let most = Duration::from_secs(40) * u32::try_from(silences).unwrap();
        assert!(passed <= most, "the silence was noticed after {passed:?}");
    }
    let view = world.while_time_passes(until(&account, |view| view.read_at < Some(start()))).await;
    assert!(view.age(clock.now()).unwrap() < Duration::from_secs(2), "what was just read is of now");
    world.pass(Duration::from_secs(20));
    assert!(account.view().age(clock.now()).unwrap() >= Duration::from_secs(20), "and ages");
}

/// The venue takes its time with the list; meanwhile the stream falls silent, and somebody asks.
#[tokio::test]
async fn a_list_that_does_not_come_keeps_nobody_waiting_for_the_account() {
    let mut world = World::new();
    world.settings.list_every = Duration::from_secs(5);
    world.send(StreamItem::Connected);
    world.send_snapshot();
    let broker = Arc::new(HeldUp::new(world.broker()));
    let (ports, stream) = (world.ports(world.broker()), world.take_stream());
    let ports = AccountPorts { broker: Arc::clone(&broker) as _, ..ports };
    let account = VenueAccount::connect(ports, stream, world.settings.clone()).await.unwrap();
    broker.hold_up_lists();
    let wanted = async {
        while broker.lists_wanted() == 0 {
            tokio::task::yield_now().await;
        }
    };
    world.while_time_passes(wanted).await;
    let before = world.asked();
    tokio::time::timeout(Duration::from_secs(10), account.resynchronise()).await.expect("it waits").unwrap();
    assert_eq!(world.asked(), before + 1);
    let silence_noticed = async {
        while world.asked() == before + 1 {
            tokio::task::yield_now().await;
        }
    };
    world.while_time_passes(silence_noticed).await;
}
