use crate::world::{World, btc, next, position, report, start};
use plimsoll_engine::{AccountNews, VenueAccount};
use plimsoll_exchange::listings;
use plimsoll_ports::domain::{ContractChange, ContractStatus, Direction, Instrument};
use plimsoll_ports::{MockBroker, QueryError, Refusal, RefusalReason, StreamItem};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the venue lists, which may change.
type List = Arc<Mutex<Vec<Instrument>>>;

/// Of a contract with this funding interval the venue says what cannot be read.
fn is_unreadable(it: &Instrument) -> bool {
    it.funding_interval_hours == 99
}

fn listing(world: &World, list: &List) -> MockBroker {
    let mut broker = MockBroker::new();
    let (all, one, truth, clock) = (Arc::clone(list), Arc::clone(list), world.truth.clone(), world.clock.clone());
    broker.expect_venue().returning(|| plimsoll_ports::domain::VenueId::new("test"));
    broker.expect_instruments().returning(move || {
        let list = all.lock().unwrap().clone();
        Ok(list.into_iter().filter(|it| it.status != ContractStatus::PreLaunch && !is_unreadable(it)).collect())
    });
    broker.expect_instrument().returning(move |symbol| {
        let found = one.lock().unwrap().iter().find(|it| it.symbol == *symbol).cloned();
        if found.as_ref().is_some_and(is_unreadable) {
            return Err(QueryError::Unreadable("no margin table that holds together".to_owned()));
        }
        found.ok_or_else(|| {
            let (code, message) = ("-1121".to_owned(), "unknown".to_owned());
            QueryError::Refused(Refusal { reason: RefusalReason::NotTrading, code, message })
        })
    });
    broker.expect_account().returning(move || {
        Ok(plimsoll_ports::domain::AccountSnapshot { time: plimsoll_ports::Clock::now(&clock), ..truth.read() })
    });
    broker.expect_fills().returning(|_, _| Ok(Vec::new()));
    broker
}

async fn connect(world: &mut World, list: &List) -> VenueAccount {
    world.send(StreamItem::Connected);
    world.send_snapshot();
    let (ports, stream) = (world.ports(listing(world, list)), world.take_stream());
    VenueAccount::connect(ports, stream, world.settings.clone()).await.unwrap()
}

fn told(it: AccountNews) -> Option<ContractChange> {
    if let AccountNews::Contract(change) = it { Some(change) } else { None }
}

#[tokio::test]
async fn the_list_is_read_on_a_timer_and_what_is_otherwise_is_told() {
    let mut world = World::new();
    let list: List = Arc::new(Mutex::new(vec![listings::btc_usdt(), listings::eth_usdt()]));
    let account = connect(&mut world, &list).await;
    let mut news = account.news();
    {
        let mut list = list.lock().unwrap();
        list[0].status = ContractStatus::ReduceOnly;
        list[0].ends = Some(start().plus(Duration::from_secs(86_400)));
        list[0].funding_interval_hours = 4;
        list.remove(1);
    }
    let symbol = listings::eth_usdt().symbol;
    let before = ContractStatus::Trading;
    for expected in [
        ContractChange::Status { symbol, before, status: ContractStatus::Delisted },
        ContractChange::Status { symbol: btc(), before, status: ContractStatus::ReduceOnly },
        ContractChange::Ends { symbol: btc(), at: Some(start().plus(Duration::from_secs(86_400))) },
        ContractChange::FundingInterval { symbol: btc(), before_hours: 8, hours: 4 },
    ] {
        assert_eq!(world.while_time_passes(next(&mut news, told)).await, expected);
    }
    let contracts = account.view().contracts.clone();
    assert_eq!(contracts.len(), 1);
    assert_eq!(contracts[&btc()].funding_interval_hours, 4);
}

#[tokio::test]
async fn a_contract_that_is_held_and_gone_from_the_list_stays_and_is_delisted() {
    let mut world = World::new();
    let list: List = Arc::new(Mutex::new(vec![listings::btc_usdt(), listings::eth_usdt()]));
    let held = position(Direction::Long, "0.1", "50000");
    world.truth.change(|truth| truth.positions = vec![report(Some(held), "500", "50000", start())]);
    let account = connect(&mut world, &list).await;
    list.lock().unwrap().remove(0);
    world.while_time_passes(account.refresh_contracts()).await.unwrap();
    let view = account.view();
    assert_eq!(view.contracts[&btc()].status, ContractStatus::Delisted);
    assert!(account.positions().value[0].maintenance.is_some(), "it is judged still");
}

/// A venue may tell margin tables one by one: what is held is asked for first.
#[tokio::test]
async fn a_contract_that_is_held_and_not_in_the_list_is_asked_for() {
    let mut world = World::new();
    // What the list leaves out for now, and what answers when it is asked for by name.
    let unlisted = Instrument { status: ContractStatus::PreLaunch, ..listings::btc_usdt() };
    let list: List = Arc::new(Mutex::new(vec![unlisted, listings::eth_usdt()]));
    let held = position(Direction::Long, "0.1", "50000");
    world.truth.change(|truth| truth.positions = vec![report(Some(held), "500", "50000", start())]);
    let account = connect(&mut world, &list).await;
    let mut news = account.news();
    let change = world.while_time_passes(next(&mut news, told)).await;
    assert_eq!(change, ContractChange::Known { symbol: btc(), status: ContractStatus::PreLaunch });
    assert!(account.positions().value[0].maintenance.is_some());
}

#[tokio::test]
async fn a_contract_that_cannot_be_read_is_told_so_and_is_not_delisted() {
    let mut world = World::new();
    let list: List = Arc::new(Mutex::new(vec![listings::btc_usdt(), listings::eth_usdt()]));
    let held = position(Direction::Long, "0.1", "50000");
    world.truth.change(|truth| truth.positions = vec![report(Some(held), "500", "50000", start())]);
    let account = connect(&mut world, &list).await;
    let mut news = account.news();
    for it in list.lock().unwrap().iter_mut() {
        it.funding_interval_hours = 99;
    }
    for _ in 0..2 {
        account.refresh_contracts().await.unwrap();
    }
    let reason = "the venue's answer cannot be read: no margin table that holds together";
    for symbol in [btc(), listings::eth_usdt().symbol] {
        let expected = ContractChange::Unreadable { symbol, reason: reason.to_owned() };
        assert_eq!(next(&mut news, told).await, expected);
    }
    let is_told_again = std::iter::from_fn(|| news.try_recv().ok()).any(|it| told(it).is_some());
    assert!(!is_told_again, "it is told once");
    let view = account.view();
    assert_eq!(view.contracts[&btc()], listings::btc_usdt(), "what was known is believed still");
    assert_eq!(view.contracts[&listings::eth_usdt().symbol].status, ContractStatus::Trading);

    list.lock().unwrap().pop();
    list.lock().unwrap()[0] = listings::btc_usdt();
    account.refresh_contracts().await.unwrap();
    let gone = ContractChange::Status {
        symbol: listings::eth_usdt().symbol,
        before: ContractStatus::Trading,
        status: ContractStatus::Delisted,
    };
    assert_eq!(next(&mut news, told).await, gone, "that it is gone was said now");
    assert!(account.positions().value[0].maintenance.is_some());
}
