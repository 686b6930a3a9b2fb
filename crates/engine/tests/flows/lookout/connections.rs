//! The account's stream ends, begins again, or never comes.

use super::scene::{Scene, begin, begin_among, hand, market, seldom};
use crate::venue::btc;
use async_trait::async_trait;
use plimsoll_engine::{ClientOrderIds, Colleagues, ContractSetting, GuardSettings, Streams};
use plimsoll_exchange::PaperBroker;
use plimsoll_ports::domain::{AccountId, Leverage, Side, VenueId};
use plimsoll_ports::{AccountStream, Clock, JournalEntry, JournalState, OrderJournal, Purpose, StreamItem};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::watch;

struct Mute;

#[async_trait]
impl AccountStream for Mute {
    async fn next(&mut self) -> Option<StreamItem> {
        None
    }
}

#[tokio::test]
async fn without_a_stream_it_says_so_and_looks_by_the_clock() {
    let mut scene = begin(GuardSettings::default(), |_| Arc::new(|| Box::new(Mute) as Box<dyn AccountStream>));
    let mut told = scene.until("watched").await;
    told.extend(scene.until("not connected").await);
    assert!(!told.iter().any(|it| it == "connected"), "{told:?}");
    for _ in 0..3 {
        scene.tick(5, "50000");
        scene.until("watched").await;
    }
}

/// Streams that end while they are cut.
fn until_cut(is_cut: &watch::Sender<bool>) -> impl Fn(&PaperBroker) -> Streams {
    let is_cut = is_cut.subscribe();
    move |broker| {
        let (broker, is_cut) = (broker.clone(), is_cut.clone());
        Arc::new(move || Box::new(Cut { stream: Box::new(broker.account_stream()), is_cut: is_cut.clone() }))
    }
}

impl Scene {
    /// The stream is cut, and another one may begin; answers how its end is told.
    async fn cut(&mut self, is_cut: &watch::Sender<bool>) -> String {
        is_cut.send_replace(true);
        let told = self.until("ended").await;
        is_cut.send_replace(false);
        told.last().unwrap().clone()
    }

    /// Time passes, whatever the account hears, until this is told.
    async fn pass_until(&mut self, wanted: &str) {
        let told = async {
            loop {
                match self.told.try_recv() {
                    Ok(it) if it.starts_with(wanted) => return,
                    Ok(_) => continue,
                    Err(_) => {}
                }
                self.tick(1, "50000");
                self.settled().await;
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(10), told).await;
        assert!(found.is_ok(), "no {wanted}");
    }
}

#[tokio::test]
async fn what_happened_before_a_connection_is_looked_at_at_once() {
    let is_cut = watch::Sender::new(false);
    let mut scene = begin(seldom(), until_cut(&is_cut));
    scene.pass_until("woken connected").await;
    scene.pass_until("reconciled").await;
    scene.cut(&is_cut).await;
    scene.trade(&hand("hand-1"), Side::Buy, "0.01").await;
    scene.pass_until("watched 1").await;
    scene.stop.stop();
}

#[tokio::test]
async fn what_a_connection_is_looked_at_by_is_read_once() {
    let is_cut = watch::Sender::new(false);
    let mut scene = begin(seldom(), until_cut(&is_cut));
    scene.pass_until("connected").await;
    scene.asked();
    scene.pass_until("woken connected").await;
    scene.pass_until("watched").await;
    assert_eq!(scene.asked().get("account"), Some(&1), "for the books and for the look");
    scene.stop.stop();
}

#[tokio::test]
async fn only_a_connection_that_has_held_is_followed_by_another_one_soon() {
    let is_cut = watch::Sender::new(false);
    let mut scene = begin(seldom(), until_cut(&is_cut));
    for expected in ["ended 1", "ended 2", "ended 4"] {
        scene.pass_until("connected").await;
        assert_eq!(scene.cut(&is_cut).await, expected);
    }
    scene.pass_until("connected").await;
    scene.pass(31, "50000").await;
    assert_eq!(scene.cut(&is_cut).await, "ended 1");
    scene.stop.stop();
}

/// A stream that ends once it is cut.
struct Cut {
    stream: Box<dyn AccountStream>,
    is_cut: watch::Receiver<bool>,
}

#[async_trait]
impl AccountStream for Cut {
    async fn next(&mut self) -> Option<StreamItem> {
        tokio::select! {
            biased;
            _ = self.is_cut.wait_for(|cut| *cut) => None,
            item = self.stream.next() => item,
        }
    }
}

/// Another process of ours, while it lives.
struct Other(Arc<AtomicBool>);

impl Colleagues for Other {
    fn is_alive(&self, _: &str) -> bool {
        self.is_anyone_alive()
    }

    fn is_anyone_alive(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_contract_that_another_process_has_in_hand_is_set_at_a_connection_after_its_death() {
    let ten = ContractSetting { leverage: Some(Leverage::new(10).unwrap()), margin_mode: None };
    let (lives, is_cut) = (Arc::new(AtomicBool::new(true)), watch::Sender::new(false));
    let other = Arc::new(Other(Arc::clone(&lives)));
    let mut scene = begin_among(other, [(btc(), ten)].into(), seldom(), until_cut(&is_cut));
    let now = scene.clock.now();
    let id = ClientOrderIds::of_process(&AccountId::new("main"), 7).intent(now).order(Purpose::Entry, 0);
    let entry = JournalEntry {
        account: AccountId::new("main"),
        venue: VenueId::new("paper"),
        order: market(&id, Side::Buy, "0.01"),
        purpose: Purpose::Entry,
        state: JournalState::Intended,
        intended_at: now,
        updated_at: now,
    };
    scene.store.intend(&entry).await.unwrap();
    scene.pass_until("not set: another process has it in hand: left as it is").await;
    assert!(!scene.asked().contains_key("set_leverage"));
    lives.store(false, Ordering::SeqCst);
    scene.cut(&is_cut).await;
    scene.pass_until("set").await;
    assert!(scene.asked().contains_key("set_leverage"));
    // It is done: the next connection leaves it alone.
    scene.cut(&is_cut).await;
    scene.pass_until("connected").await;
    scene.pass(2, "50000").await;
    assert!(!scene.asked().contains_key("set_leverage"));
    scene.stop.stop();
}
