use crate::world::{World, bought, btc, position, report, start, until};
use plimsoll_engine::{ConnectFailure, ContractSetting, Link, SettingFailure, VenueAccount, Verification};
use plimsoll_ports::domain::{AccountEvent, Direction, Leverage, MarginMode, PositionMode};
use plimsoll_ports::{ContractSettings, MockAccountAudit, NotSent, QueryError, StreamItem};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn times(times: u32) -> Leverage {
    Leverage::new(times).unwrap()
}

#[tokio::test]
async fn what_comes_while_it_connects_is_neither_lost_nor_counted_twice() {
    let mut world = World::new();
    let held = position(Direction::Long, "0.1", "50000");
    world.truth.change(|truth| truth.positions = vec![report(Some(held), "500", "50000", start())]);
    let fill = bought("7", "0.1", "50000", start());
    // The stream has the fill, its own snapshot and the fill again; the broker has the position that the fill made.
    world.send(StreamItem::Connected);
    world.event(AccountEvent::Fill(fill.clone()));
    world.send_snapshot();
    world.event(AccountEvent::Fill(fill));
    let account = world.account().await;
    let view = until(&account, |view| view.tally.fills > 0).await;
    assert_eq!(view.positions.iter().map(|it| it.position).collect::<Vec<_>>(), [held]);
    assert_eq!(view.tally.fills, 1);
    assert_eq!(view.position_mode, Some(PositionMode::OneWay));
    assert!(view.contracts.contains_key(&btc()));
}

#[tokio::test]
async fn an_account_that_cannot_be_read_is_not_brought_up() {
    let mut world = World::new();
    let mut broker = plimsoll_ports::MockBroker::new();
    let gone = || QueryError::Unreachable(NotSent::Disconnected("no route".to_owned()));
    broker.expect_instruments().returning(move || Err(gone()));
    broker.expect_account().returning(move || Err(gone()));
    let (ports, stream) = (world.ports(broker), world.take_stream());
    let failure = VenueAccount::connect(ports, stream, world.settings.clone()).await.unwrap_err();
    assert_eq!(failure, ConnectFailure::NotKnown(gone()));
}

#[tokio::test]
async fn a_stream_that_is_never_live_is_told() {
    let mut world = World::new();
    let (ports, stream) = (world.ports(world.broker()), world.take_stream());
    let connecting = VenueAccount::connect(ports, stream, world.settings.clone());
    let failure = world.while_time_passes(connecting).await.unwrap_err();
    assert_eq!(failure, ConnectFailure::NotLive(Duration::from_secs(30)));
}

/// A venue that has the contract at 20x cross, and takes what it is told or pretends to.
async fn set_up(wanted: ContractSetting, honest: bool) -> (Result<VenueAccount, ConnectFailure>, Vec<String>) {
    let mut world = World::new();
    world.send(StreamItem::Connected);
    world.send_snapshot();
    world.settings.contracts.insert(btc(), wanted);
    let has = Arc::new(Mutex::new(ContractSettings { leverage: times(20), margin_mode: MarginMode::Cross }));
    let calls = Arc::new(Mutex::new(Vec::new()));
    let mut broker = world.broker();
    let (set, told) = (Arc::clone(&has), Arc::clone(&calls));
    broker.expect_set_leverage().returning(move |_, leverage| {
        told.lock().unwrap().push(leverage.to_string());
        if honest {
            set.lock().unwrap().leverage = leverage;
        }
        Ok(())
    });
    let (set, told) = (Arc::clone(&has), Arc::clone(&calls));
    broker.expect_set_margin_mode().returning(move |_, mode| {
        told.lock().unwrap().push(mode.to_string());
        set.lock().unwrap().margin_mode = mode;
        Ok(())
    });
    let mut audit = MockAccountAudit::new();
    audit.expect_contract_settings().returning(move |_| Ok(*has.lock().unwrap()));
    let mut ports = world.ports(broker);
    ports.audit = Some(Arc::new(audit));
    let account = VenueAccount::connect(ports, world.take_stream(), world.settings.clone()).await;
    let calls = calls.lock().unwrap().clone();
    (account, calls)
}

#[tokio::test]
async fn what_is_configured_is_applied_where_it_differs_and_read_back() {
    let wanted = ContractSetting { leverage: Some(times(10)), margin_mode: Some(MarginMode::Isolated) };
    let (account, calls) = set_up(wanted, true).await;
    let account = account.unwrap();
    assert_eq!(calls, ["isolated", "10x"]);
    let [applied] = account.applied() else { panic!("one contract is configured") };
    assert_eq!((applied.setting, applied.changed, applied.verification), (wanted, true, Verification::ReadBack));
    let settings = account.leverage_settings(&btc()).value.unwrap();
    assert_eq!((settings.leverage, settings.margin_mode), (wanted.leverage, wanted.margin_mode));

    let same = ContractSetting { leverage: Some(times(20)), margin_mode: Some(MarginMode::Cross) };
    let (account, calls) = set_up(same, true).await;
    assert!(calls.is_empty(), "nothing differs, and nothing is set");
    assert!(!account.unwrap().applied()[0].changed);
}

#[tokio::test]
async fn a_setting_that_the_venue_accepts_and_does_not_have_is_a_failure() {
    let wanted = ContractSetting { leverage: Some(times(10)), margin_mode: None };
    let (account, _) = set_up(wanted, false).await;
    let Err(ConnectFailure::Setting(failure)) = account else { panic!("it was believed") };
    assert_eq!(failure.to_string(), "BTC/USDT:USDT was to have leverage 10x, and the venue has 20x");
}

#[tokio::test]
async fn leverage_is_judged_by_the_contract_and_by_the_tier_before_anything_is_sent() {
    let mut world = World::new();
    // A notional of 1,000,000.
    let held = position(Direction::Long, "20", "50000");
    world.truth.change(|truth| truth.positions = vec![report(Some(held), "100000", "50000", start())]);
    let account = world.account().await;
    let settings = account.leverage_settings(&btc()).value.unwrap();
    assert!(settings.max < settings.contract_max, "the tier of so large a position allows less");
    assert_eq!(settings.leverage, Some(times(10)));

    let above_contract = account.set_leverage(&btc(), times(1000)).await.unwrap_err();
    assert!(matches!(above_contract, SettingFailure::AboveContract { .. }), "{above_contract}");
    let above_tier = account.set_leverage(&btc(), settings.contract_max).await.unwrap_err();
    assert!(matches!(above_tier, SettingFailure::AboveTier { .. }), "{above_tier}");
    let unknown = account.set_leverage(&"NO/USDT:USDT".parse().unwrap(), times(2)).await.unwrap_err();
    assert!(matches!(unknown, SettingFailure::UnknownContract(_)), "{unknown}");

    world.send(StreamItem::Disconnected { reason: "cut".to_owned() });
    until(&account, |view| matches!(view.link, Link::Down { .. })).await;
    for wanted in [
        ContractSetting { leverage: Some(times(2)), margin_mode: None },
        ContractSetting { leverage: None, margin_mode: Some(MarginMode::Isolated) },
    ] {
        let in_doubt = account.set_contract(&btc(), wanted).await.unwrap_err();
        assert!(matches!(in_doubt, SettingFailure::Stale { age: None, .. }), "{in_doubt}");
    }
}
