use crate::world::{World, bought, btc, next, position, report, start, until};
use plimsoll_engine::{AccountNews, Link, ReadFailure, VenueAccount};
use plimsoll_ports::StreamItem;
use plimsoll_ports::domain::{AccountEvent, Difference, DifferenceField, DifferenceSubject, Direction, PositionSide};
use std::time::Duration;

fn existence() -> Difference {
    Difference {
        subject: DifferenceSubject::Position(btc(), PositionSide::Both),
        field: DifferenceField::Existence,
        ours: None,
        venue: Some("long 0.1 at 50000".to_owned()),
    }
}

/// An account of which the venue has a position that no event told.
async fn with_an_untold_position() -> (World, VenueAccount) {
    let mut world = World::new();
    let account = world.account().await;
    world.pass(Duration::from_secs(1));
    let held = position(Direction::Long, "0.1", "50000");
    let time = start().plus(Duration::from_millis(500));
    world.truth.change(|truth| truth.positions = vec![report(Some(held), "500", "50000", time)]);
    (world, account)
}

#[tokio::test]
async fn a_difference_that_stays_is_recorded_told_and_taken_in() {
    let (world, account) = with_an_untold_position().await;
    let mut news = account.news();
    let found = world.while_time_passes(account.audit()).await.unwrap();
    assert_eq!(found, [existence()]);
    let told = next(&mut news, |it| if let AccountNews::Differs(it) = it { Some(it) } else { None }).await;
    assert_eq!(told, existence());
    let view = account.view();
    assert_eq!((view.audits.audits, view.audits.differences), (1, 1));
    assert_eq!(view.audits.recent[0].difference, existence());
    assert_eq!(view.positions.len(), 1, "the venue's word is taken");
    assert!(account.audit().await.unwrap().is_empty(), "and believed from then on");
}

#[tokio::test]
async fn what_is_on_its_way_is_no_difference() {
    let (world, account) = with_an_untold_position().await;
    let before = world.asked();
    let audit = account.audit();
    let arrives = async {
        // The event comes between the two looks.
        while world.asked() == before {
            tokio::task::yield_now().await;
        }
        let time = start().plus(Duration::from_millis(500));
        world.event(AccountEvent::Fill(bought("7", "0.1", "50000", time)));
        until(&account, |view| !view.positions.is_empty()).await;
        world
            .while_time_passes(async {
                while world.asked() < before + 2 {
                    tokio::task::yield_now().await;
                }
            })
            .await;
    };
    let (found, ()) = tokio::join!(audit, arrives);
    let found: Vec<_> = found.unwrap().into_iter().map(|it| it.field).collect();
    assert_eq!(found, [], "the position was on its way");
    assert_eq!(account.view().audits.differences, 0);
}

#[tokio::test]
async fn an_audit_comes_by_itself_when_it_is_time() {
    let mut world = World::new();
    world.settings.stale_after = Duration::from_secs(10_000);
    let account = world.account().await;
    let before = world.asked();
    world.while_time_passes(until(&account, |view| view.audits.audits > 0)).await;
    assert!(world.asked() > before);
    assert!(account.view().audits.last_at >= Some(start().plus(Duration::from_secs(300))));
}

#[tokio::test]
async fn an_account_in_doubt_is_not_audited() {
    let (world, account) = with_an_untold_position().await;
    world.send(StreamItem::Disconnected { reason: "cut".to_owned() });
    until(&account, |view| matches!(view.link, Link::Down { .. })).await;
    assert_eq!(account.audit().await.unwrap_err(), ReadFailure::InDoubt);
    assert_eq!((account.view().audits.audits, account.view().audits.unfinished), (0, 1));
}
