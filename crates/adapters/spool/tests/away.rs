//! A store that goes away and comes back, under a spool.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

#[path = "away/composed.rs"]
mod composed;
#[path = "away/desks.rs"]
mod desks;
mod flaky;

use composed::{OCO, composed};
use desks::desk;
use flaky::Flaky;
use plimsoll_domain::{
    AccountId, ClientOrderId, Currency, Direction, Fill, FillCause, Leverage, Liquidity, MarginMode, Money, NewOrder,
    OrderId, OrderKind, OrderSize, OrderStatus, PositionSide, Side, Symbol, Timestamp, TradeId, TriggerBy, VenueId,
};
use plimsoll_ports::*;
use plimsoll_spool::{Spool, SpoolError, SpoolSettings};
use plimsoll_sqlite::SqliteStore;
use plimsoll_testkit::contract;
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
use proptest::strategy::Strategy;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn settings() -> SpoolSettings {
    SpoolSettings { retry_after: Duration::ZERO, ..SpoolSettings::default() }
}

fn account() -> AccountId {
    AccountId::new("main")
}

fn btc() -> Symbol {
    "BTC/USDT:USDT".parse().unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + seconds * 1000)
}

fn order(id: &str, reduce_only: bool) -> NewOrder {
    NewOrder {
        client_order_id: ClientOrderId::reported(id),
        symbol: btc(),
        side: Side::Sell,
        position_side: PositionSide::Both,
        kind: OrderKind::StopMarket { trigger: "45000.10".parse().unwrap(), trigger_by: TriggerBy::Mark },
        size: OrderSize::Quantity("0.00100".parse().unwrap()),
        reduce_only,
    }
}

fn intent(id: &str, reduce_only: bool, time: Timestamp) -> JournalEntry {
    JournalEntry {
        account: account(),
        venue: VenueId::new("test"),
        order: order(id, reduce_only),
        purpose: if reduce_only { Purpose::Exit } else { Purpose::Entry },
        state: JournalState::Intended,
        intended_at: time,
        updated_at: time,
    }
}

fn trade(number: usize, side: Side, time: Timestamp) -> TradeRecord {
    TradeRecord {
        account: account(),
        venue: VenueId::new("test"),
        position: None,
        fill: Fill {
            trade_id: TradeId::new(format!("t{number}")),
            order_id: OrderId::new(format!("o{number}")),
            client_order_id: ClientOrderId::reported(format!("c\t{number}\\")),
            symbol: btc(),
            side,
            position_side: PositionSide::Both,
            price: "50000.10".parse().unwrap(),
            quantity: "0.0010".parse().unwrap(),
            fee: "0.02500000000000000000001".parse().unwrap(),
            fee_currency: Some(Currency::new("USDT")),
            liquidity: Some(Liquidity::Taker),
            realized_pnl: (side == Side::Sell).then(|| "-1.50".parse().unwrap()),
            cause: FillCause::Order,
            time,
        },
    }
}

fn opened(time: Timestamp) -> OpenedPosition {
    OpenedPosition {
        account: account(),
        venue: VenueId::new("test"),
        symbol: btc(),
        side: PositionSide::Both,
        direction: Direction::Long,
        quantity: "0.0010".parse().unwrap(),
        entry_price: "50000.10".parse().unwrap(),
        leverage: Leverage::new(5).unwrap(),
        margin_mode: MarginMode::Isolated,
        strategy: "operator\nof the day".to_owned(),
        opened_at: time,
    }
}

fn closed(time: Timestamp) -> ClosedPosition {
    ClosedPosition {
        status: PositionStatus::Closed,
        exit_price: "50000.10".parse().unwrap(),
        realized_pnl: "-1.50".parse().unwrap(),
        fees: "0.05".parse().unwrap(),
        funding: Money::ZERO,
        reason: "exit".to_owned(),
        closed_at: time,
    }
}

fn engaged(number: usize, time: Timestamp) -> KillSwitchRecord {
    KillSwitchRecord { engaged: true, reason: format!("loss {number}"), by: "limits".to_owned(), since: Some(time) }
}

fn point(time: Timestamp) -> PnlSnapshot {
    let money = |text: &str| text.parse().unwrap();
    PnlSnapshot {
        account: account(),
        time,
        wallet: money("9999.99999999"),
        unrealized_pnl: money("-0.1"),
        realized_pnl: money("1"),
        fees: money("2"),
        funding: money("3"),
        adjustments: money("0.5"),
        margin_ratio: None,
        open_positions: 1,
    }
}

fn event(number: usize, time: Timestamp) -> RiskEventRecord {
    RiskEventRecord {
        account: account(),
        time,
        kind: "margin_call".to_owned(),
        symbol: Some(btc()),
        detail: format!("number {number}"),
        figure: Some("0.80".parse().unwrap()),
        limit: None,
        action: "told".to_owned(),
    }
}

fn funding(number: usize, time: Timestamp) -> FundingRecord {
    FundingRecord {
        account: account(),
        venue: VenueId::new("test"),
        booking: format!("F{number}"),
        symbol: btc(),
        side: None,
        rate: Some("0.0001".parse().unwrap()),
        quantity: None,
        mark_price: None,
        payment: "-0.25000000".parse().unwrap(),
        expected: None,
        currency: Currency::new("USDT"),
        time,
    }
}

/// One step of protection at work: what it writes, in the order in which it does.
async fn step(store: &Spool, kind: u8, number: usize, position: &mut Option<(PositionId, Timestamp)>) {
    let now = at(i64::try_from(number).unwrap() * 10);
    let id = format!("exit-{number}");
    match kind {
        0 => {
            OrderJournal::intend(store, &intent(&id, true, now)).await.unwrap();
            let accepted = JournalState::Accepted { order_id: OrderId::new("8") };
            let order_id = ClientOrderId::reported(&id);
            OrderJournal::record(store, &account(), &order_id, &accepted, now).await.unwrap();
            let finished = JournalState::Finished {
                status: OrderStatus::Filled,
                filled: Some("0.0010".parse().unwrap()),
                average_price: Some("50000.10".parse().unwrap()),
            };
            OrderJournal::record(store, &account(), &order_id, &finished, now).await.unwrap();
        }
        1 => match position.take() {
            None => {
                let buy = trade(number, Side::Buy, now);
                *position = Some((PositionRepository::open(store, &opened(now), &[buy]).await.unwrap(), now));
            }
            Some((id, _)) => {
                let sell = trade(number, Side::Sell, now);
                PositionRepository::close(store, id, &closed(now), &[sell]).await.unwrap();
            }
        },
        2 => {
            if let Some((id, _)) = *position {
                let more = trade(number, Side::Buy, now);
                let (size, entry) = ("0.0020".parse().unwrap(), "50000.10".parse().unwrap());
                PositionRepository::update(store, id, size, entry, &[more]).await.unwrap();
            }
        }
        3 => drop(TradeRepository::log(store, &trade(number, Side::Buy, now)).await.unwrap()),
        4 => drop(FundingRepository::log(store, &funding(number, now)).await.unwrap()),
        5 => EquityRepository::snapshot(store, &point(now)).await.unwrap(),
        6 => RiskEventRepository::log(store, &event(number, now)).await.unwrap(),
        7 => {
            let whole = composed(&format!("oco-{number}"), OCO, now);
            OrderJournal::compose(store, &whole).await.unwrap();
            OrderJournal::intend(store, &intent(&format!("oco-{number}-stop"), true, now)).await.unwrap();
            if number.is_multiple_of(2) {
                let ended =
                    OrderJournal::end_composed(store, &account(), &whole.id, ComposedEnd::Done, "a\tb", now).await;
                ended.unwrap();
            }
        }
        8 => DeskRepository::save_desk(store, &format!("desk {}", number % 3), &desk(number, now)).await.unwrap(),
        _ => ControlRepository::set_kill_switch(store, &account(), &engaged(number, now)).await.unwrap(),
    }
}

/// Everything that the store holds.
async fn everything(store: &SqliteStore) -> Vec<String> {
    let (account, start, now) = (account(), Timestamp::default(), at(1_000_000));
    let mut all = vec![
        format!("{:?}", OrderJournal::recent(store, &account, 10_000).await.unwrap()),
        format!("{:?}", TradeRepository::since(store, &account, None, start).await.unwrap()),
        format!("{:?}", FundingRepository::history(store, &account, None, None, 1000, now).await.unwrap()),
        format!("{:?}", EquityRepository::curve(store, &account, 1000, now).await.unwrap()),
        format!("{:?}", RiskEventRepository::since(store, &account, start).await.unwrap()),
        format!("{:?}", ControlRepository::kill_switch_history(store, &account).await.unwrap()),
        format!("{:?}", TradeRepository::totals(store, &account).await.unwrap()),
    ];
    for number in 0..3 {
        all.push(format!("{:?}", DeskRepository::desk(store, &format!("desk {number}")).await.unwrap()));
    }
    for number in 0..25 {
        let name = ClientOrderId::reported(format!("oco-{number}"));
        all.push(format!("{:?}", OrderJournal::composed(store, &account, &name).await.unwrap()));
    }
    for status in PositionStatus::ALL {
        all.push(format!("{:?}", PositionRepository::by_status(store, &account, status).await.unwrap()));
    }
    all
}

fn open(path: &Path, store: &Flaky) -> Spool {
    Spool::open(path, Arc::new(store.clone()), settings()).unwrap()
}

/// One step, and what happens around it.
#[derive(Debug, Clone)]
struct Turn {
    kind: u8,
    /// The store answers so many calls, then is away; `None`: all.
    answers: Option<u32>,
    /// The process is replaced by a new one before the step.
    dies: bool,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = (0_u8..10, proptest::option::weighted(0.5, 0_u32..4), proptest::bool::weighted(0.2))
        .prop_map(|(kind, answers, dies)| Turn { kind, answers, dies });
    proptest::collection::vec(turn, 1..25)
}

async fn run(turns: &[Turn], outages: bool) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool");
    let database = SqliteStore::in_memory().await.unwrap();
    let store = Flaky::new(&database);
    let mut spool = open(&path, &store);
    let mut position = None;
    for (number, turn) in turns.iter().enumerate() {
        if outages {
            store.answer(turn.answers);
            if turn.dies {
                drop(spool);
                spool = open(&path, &store);
                position = match position {
                    Some((id, since)) => Some((known(&database, id, since).await, since)),
                    None => None,
                };
            }
        }
        step(&spool, turn.kind, number, &mut position).await;
    }
    store.answer(None);
    spool.drain().await.unwrap();
    let status = spool.status();
    assert_eq!((status.pending, status.refused), (0, 0), "{status:?}");
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0, "nothing is left in the file");
    everything(&database).await
}

/// A new process finds positions by reading; one that is only spooled goes by the spool's own number.
async fn known(database: &SqliteStore, id: PositionId, opened_at: Timestamp) -> PositionId {
    let open = PositionRepository::by_status(database, &account(), PositionStatus::Open).await.unwrap();
    open.iter().find(|record| record.opened.opened_at == opened_at).map_or(id, |record| record.id)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_store_that_comes_and_goes_ends_up_like_one_that_stays(turns in turns()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (away, stayed) = runtime.block_on(async { (run(&turns, true).await, run(&turns, false).await) });
        prop_assert_eq!(away, stayed);
    }
}

#[tokio::test]
async fn what_adds_exposure_is_refused_at_once_and_what_removes_it_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool");
    let database = SqliteStore::in_memory().await.unwrap();
    let store = Flaky::new(&database);
    let spool = open(&path, &store);
    store.answer(Some(0));
    let refused = spool.intend(&intent("entry", false, at(0))).await;
    assert!(matches!(refused, Err(StoreError::Unreachable(_))), "{refused:?}");
    spool.intend(&intent("exit", true, at(0))).await.unwrap();
    let id = ClientOrderId::reported("exit");
    spool.record(&account(), &id, &JournalState::Unanswered, at(1)).await.unwrap();
    let found = spool.entry(&account(), &id).await.unwrap().unwrap();
    assert_eq!((found.state, found.updated_at), (JournalState::Unanswered, at(1)));
    assert!(matches!(spool.unfinished(&account()).await, Err(StoreError::Unreachable(_))), "the rest is not known");

    // A new process sees the same; when the store is back, everybody does.
    drop(spool);
    let spool = open(&path, &store);
    assert_eq!(spool.status().pending, 2);
    assert!(spool.entry(&account(), &id).await.unwrap().is_some());
    store.answer(None);
    assert_eq!(spool.unfinished(&account()).await.unwrap().len(), 1);
    assert_eq!((spool.status().pending, std::fs::metadata(&path).unwrap().len()), (0, 0));
    assert_eq!(OrderJournal::unfinished(&database, &account()).await.unwrap().len(), 1);
    spool.intend(&intent("entry", false, at(2))).await.unwrap();
}

#[tokio::test]
async fn the_first_read_after_a_long_absence_lacks_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let database = SqliteStore::in_memory().await.unwrap();
    let store = Flaky::new(&database);
    let spool = open(&directory.path().join("spool"), &store);
    store.answer(Some(0));
    for number in 0..130 {
        RiskEventRepository::log(&spool, &event(number, at(0))).await.unwrap();
    }
    store.answer(Some(100));
    let read = RiskEventRepository::since(&spool, &account(), Timestamp::default()).await;
    assert!(matches!(read, Err(StoreError::Unreachable(_))), "some are not there yet: {read:?}");
    store.answer(None);
    let read = RiskEventRepository::since(&spool, &account(), Timestamp::default()).await.unwrap();
    assert_eq!((read.len(), spool.status().pending), (130, 0));
}

#[tokio::test]
async fn releasing_needs_the_store_and_engaging_does_not() {
    let directory = tempfile::tempdir().unwrap();
    let database = SqliteStore::in_memory().await.unwrap();
    let store = Flaky::new(&database);
    let spool = open(&directory.path().join("spool"), &store);
    store.answer(Some(0));
    spool.set_kill_switch(&account(), &engaged(1, at(1))).await.unwrap();
    assert_eq!(spool.kill_switch(&account()).await.unwrap(), engaged(1, at(1)));
    let released = KillSwitchRecord { engaged: false, ..engaged(2, at(2)) };
    assert!(matches!(spool.set_kill_switch(&account(), &released).await, Err(StoreError::Unreachable(_))));
    store.answer(None);
    spool.set_kill_switch(&account(), &released).await.unwrap();
    assert_eq!(database.kill_switch_history(&account()).await.unwrap(), [engaged(1, at(1)), released]);
}

#[tokio::test]
async fn a_store_that_hangs_is_away() {
    let directory = tempfile::tempdir().unwrap();
    let database = SqliteStore::in_memory().await.unwrap();
    let store = Flaky::new(&database);
    store.hang();
    let settings = SpoolSettings {
        answer_within: Duration::from_millis(20),
        retry_after: Duration::from_secs(3600),
        ..SpoolSettings::default()
    };
    let spool = Spool::open(directory.path().join("spool"), Arc::new(store.clone()), settings).unwrap();
    spool.intend(&intent("exit", true, at(0))).await.unwrap();
    let asked = store.calls();
    assert!(matches!(spool.unfinished(&account()).await, Err(StoreError::Unreachable(_))));
    assert!(spool.intend(&intent("entry", false, at(0))).await.is_err());
    assert_eq!(store.calls(), asked, "it is left in peace, and nobody waits for it");
}

#[tokio::test]
async fn a_spool_is_of_one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plimsoll.spool");
    let database = SqliteStore::in_memory().await.unwrap();
    let first = Spool::open(&path, Arc::new(database.clone()), settings()).unwrap();
    let second = Spool::open(&path, Arc::new(database.clone()), settings());
    assert!(matches!(second, Err(SpoolError::InUse { .. })), "two would write over one another");
    drop(first);
    assert!(Spool::open(&path, Arc::new(database), settings()).is_ok());
}

#[tokio::test]
async fn a_crash_in_the_middle_of_a_line_loses_that_line_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool");
    let database = SqliteStore::in_memory().await.unwrap();
    let store = Flaky::new(&database);
    let spool = open(&path, &store);
    store.answer(Some(0));
    for number in 0..3 {
        spool.intend(&intent(&format!("exit-{number}"), true, at(0))).await.unwrap();
    }
    drop(spool);
    let whole = std::fs::read(&path).unwrap();
    let second = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0 + 1;
    for length in second..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(open(&path, &store).status().pending, 2, "cut at {length} of {}", whole.len());
    }
    // What is written afterwards is read back.
    let spool = open(&path, &store);
    spool.intend(&intent("exit-9", true, at(0))).await.unwrap();
    drop(spool);
    assert_eq!(open(&path, &store).status().pending, 3);
    // Damage before the end is not passed over.
    let mut damaged = whole;
    damaged[20] ^= 1;
    std::fs::write(&path, &damaged).unwrap();
    let opened = Spool::open(&path, Arc::new(store.clone()), settings());
    assert!(matches!(opened, Err(SpoolError::Damaged { line: 1, .. })), "{opened:?}");
}

#[tokio::test]
async fn what_contradicts_the_store_is_kept_aside_and_the_rest_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spool");
    let database = SqliteStore::in_memory().await.unwrap();
    let store = Flaky::new(&database);
    let spool = open(&path, &store);
    store.answer(Some(0));
    let trade = trade(1, Side::Buy, at(0));
    TradeRepository::log(&spool, &trade).await.unwrap();
    RiskEventRepository::log(&spool, &event(1, at(0))).await.unwrap();
    // Somebody else has written another fill under the same id.
    let mut other = trade;
    other.fill.quantity = "7".parse().unwrap();
    TradeRepository::log(&database, &other).await.unwrap();
    store.answer(None);
    assert_eq!(spool.drain().await, Ok(2));
    assert_eq!((spool.status().pending, spool.status().refused), (0, 1));
    let aside = std::fs::read_to_string(directory.path().join("spool.refused")).unwrap();
    assert!(aside.contains("trade") && aside.contains("contradicts"), "{aside}");
    assert_eq!(RiskEventRepository::since(&database, &account(), Timestamp::default()).await.unwrap().len(), 1);
}

async fn fresh() -> Spool {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.keep().join("spool");
    Spool::open(path, Arc::new(SqliteStore::in_memory().await.unwrap()), settings()).unwrap()
}

#[tokio::test]
async fn it_keeps_every_promise_of_the_ports_it_stands_in_front_of() {
    contract::journal::run(fresh).await;
    contract::positions::run(fresh).await;
    contract::trades::run(fresh).await;
    contract::funding::run(fresh).await;
    contract::bookings::run(fresh).await;
    contract::equity::run(fresh).await;
    contract::risk_events::run(fresh).await;
    contract::controls::run(fresh).await;
    contract::desks::run(fresh).await;
}
