//! What a venue takes by force, and what hedged it.

use crate::afloat::{held, look, with};
use crate::desk::{Desk, desk_with, long, unprotected};
use crate::venue::{Fault, btc, eth, money, size};
use plimsoll_engine::{AfloatSettings, HedgePair, LostLeg, Measure, Settings};
use plimsoll_ports::domain::afloat::HedgeRatio;
use plimsoll_ports::domain::{Direction, FillCause, OrderType, PositionMode, PositionSide, Quantity};
use plimsoll_ports::{OpenIntent, RefusalReason};

/// Long and short of one contract, 0.05 each.
async fn hedged(afloat: AfloatSettings) -> Desk {
    hedged_by(afloat, "0.05").await
}

/// Long 0.05 and short so much of one contract.
async fn hedged_by(afloat: AfloatSettings, short: &str) -> Desk {
    let desk = desk_with(|settings| Settings { position_mode: PositionMode::Hedge, ..with(afloat)(settings) });
    for (direction, quantity) in [(Direction::Long, size("0.05")), (Direction::Short, size(short))] {
        desk.open(&OpenIntent { direction, quantity, stop_loss: unprotected(), ..long() }).await.unwrap();
    }
    desk
}

fn of(desk: &Desk, side: PositionSide) -> Option<Quantity> {
    desk.venue.state().held.get(&(btc(), side)).map(|held| held.position.quantity)
}

#[tokio::test]
async fn a_hedge_that_balances_what_is_left_stays() {
    for (short, taken, left) in [("0.02", "0.03", "0.02"), ("0.03", "0.03", "0.02"), ("0.01", "0.01", "0.01")] {
        let desk = hedged_by(AfloatSettings::default(), short).await;
        desk.venue.take(&btc(), PositionSide::Long, taken, "adl_autoclose-1", FillCause::Adl);
        let report = look(&desk).await;
        assert!(matches!(report.measures[0], Measure::Taken { .. }), "{:?}", report.measures);
        assert_eq!(of(&desk, PositionSide::Short), Some(size(left)), "{short} {taken}");
    }
}

#[tokio::test]
async fn a_loss_that_somebody_has_matched_by_hand_is_not_matched_again() {
    let desk = hedged(AfloatSettings::default()).await;
    desk.venue.take(&btc(), PositionSide::Long, "0.02", "adl_autoclose-1", FillCause::Adl);
    desk.venue.take(&btc(), PositionSide::Short, "0.02", "web_1", FillCause::Order);
    look(&desk).await;
    assert_eq!(
        (of(&desk, PositionSide::Long), of(&desk, PositionSide::Short)),
        (Some(size("0.03")), Some(size("0.03")))
    );
    assert_eq!((desk.store.events("deleveraged").len(), desk.store.events("lost_leg").len()), (1, 0));
}

#[tokio::test]
async fn of_two_hedges_the_one_that_was_not_closed_is_tried_again_and_the_other_is_not() {
    // Both stand against more than is left of the leg that lost: what is closed of them is what it lost, once.
    let pair = HedgePair { one: btc(), other: eth(), ratio: HedgeRatio::new("10".parse().unwrap()).unwrap() };
    let desk = hedged_by(AfloatSettings { hedges: vec![pair], ..AfloatSettings::default() }, "0.058").await;
    let (symbol, direction, quantity) = (eth(), Direction::Short, size("1"));
    desk.open(&OpenIntent { symbol, direction, quantity, stop_loss: unprotected(), ..long() }).await.unwrap();
    desk.venue.take(&btc(), PositionSide::Long, "0.01", "adl_autoclose-1", FillCause::Adl);
    desk.venue.fail(OrderType::Market, Fault::Refuse(RefusalReason::Other));
    let report = look(&desk).await;
    let failures = report.measures.iter().filter(|it| it.has_failed()).count();
    assert_eq!((report.measures.len(), failures), (3, 1), "{:?}", report.measures);
    for _ in 0..2 {
        look(&desk).await;
        assert_eq!(of(&desk, PositionSide::Short), Some(size("0.048")));
        assert_eq!(desk.venue.state().held[&(eth(), PositionSide::Short)].position.quantity, size("0.9"));
    }
}

#[tokio::test]
async fn a_hedge_that_was_closed_in_part_is_finished() {
    let most_at_once = Some(money("500"));
    let desk = hedged(AfloatSettings { most_at_once, ..AfloatSettings::default() }).await;
    desk.venue.take(&btc(), PositionSide::Long, "0.02", "adl_autoclose-1", FillCause::Adl);
    desk.venue.fail(OrderType::Market, Fault::Partly(size("0.01")));
    desk.venue.fail(OrderType::Market, Fault::Refuse(RefusalReason::Other));
    assert!(look(&desk).await.measures.iter().any(Measure::has_failed));
    assert_eq!(of(&desk, PositionSide::Short), Some(size("0.04")));
    look(&desk).await;
    assert_eq!(of(&desk, PositionSide::Short), Some(size("0.03")));
}

#[tokio::test]
async fn the_hedge_of_a_leg_that_was_deleveraged_goes_with_it_or_is_told() {
    for (lost_leg, left) in [(LostLeg::Match, "0.03"), (LostLeg::Tell, "0.05")] {
        let desk = hedged(AfloatSettings { lost_leg, ..AfloatSettings::default() }).await;
        look(&desk).await;
        desk.venue.take(&btc(), PositionSide::Long, "0.02", "adl_autoclose-1", FillCause::Adl);
        let report = look(&desk).await;
        assert!(
            matches!(&report.measures[0], Measure::Taken { cause: FillCause::Adl, quantity, .. } if *quantity == size("0.02")),
            "{:?}",
            report.measures
        );
        let legs = (of(&desk, PositionSide::Long), of(&desk, PositionSide::Short));
        assert_eq!(legs, (Some(size("0.03")), Some(size(left))), "{lost_leg:?}");
        assert_eq!(desk.store.events("deleveraged").len(), 1);
        let matched = usize::from(lost_leg == LostLeg::Match);
        assert_eq!((desk.store.events("lost_leg").len(), report.measures.len()), (matched, 1 + matched));
        assert!(look(&desk).await.measures.is_empty(), "it is followed once");
    }
}

#[tokio::test]
async fn a_hedge_in_another_contract_is_closed_in_proportion() {
    let pair = HedgePair { one: btc(), other: eth(), ratio: HedgeRatio::new("10".parse().unwrap()).unwrap() };
    let desk = desk_with(with(AfloatSettings { hedges: vec![pair], ..AfloatSettings::default() }));
    desk.open(&OpenIntent { stop_loss: unprotected(), ..long() }).await.unwrap();
    let (symbol, direction, quantity) = (eth(), Direction::Short, size("0.5"));
    desk.open(&OpenIntent { symbol, direction, quantity, stop_loss: unprotected(), ..long() }).await.unwrap();
    desk.venue.take(&btc(), PositionSide::Both, "0.02", "adl_autoclose-1", FillCause::Adl);
    look(&desk).await;
    assert_eq!(desk.venue.position(&eth()).unwrap().quantity, size("0.3"));
    desk.venue.take(&eth(), PositionSide::Both, "0.1", "adl_autoclose-2", FillCause::Adl);
    look(&desk).await;
    assert_eq!(held(&desk), size("0.02"), "a tenth the other way round");
}

#[tokio::test]
async fn a_hedge_that_could_not_be_closed_is_closed_by_the_next_look() {
    let desk = hedged(AfloatSettings::default()).await;
    desk.venue.take(&btc(), PositionSide::Long, "0.02", "adl_autoclose-1", FillCause::Adl);
    desk.venue.fail(OrderType::Market, Fault::Refuse(RefusalReason::Other));
    let report = look(&desk).await;
    assert!(report.measures.iter().any(Measure::has_failed), "{:?}", report.measures);
    look(&desk).await;
    assert_eq!(desk.venue.state().held[&(btc(), PositionSide::Short)].position.quantity, size("0.03"));
    assert_eq!(desk.store.events("deleveraged").len(), 1, "what was taken is told once");
}
