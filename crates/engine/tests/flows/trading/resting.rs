//! However an order that rests for a strategy ends, the strategy hears of it: also where the venue has nothing to say.

use super::seating::{Scene, acts, decision, is_done, main};
use crate::venue::{btc, price, size};
use plimsoll_engine::trading::TradingNews;
use plimsoll_ports::domain::{ClientOrderId, Direction, Leverage, OrderStatus, Price, Side};
use plimsoll_ports::{
    Clock, ComposedEnd, Decision, Intent, OrderJournal, Purpose, RestIntent, RestingEffect, StopLoss,
};

/// Lets an order rest at 49,000, and wants it gone at 51,000.
fn rests(at: Price) -> Vec<Decision> {
    let rest = RestIntent {
        symbol: btc(),
        label: "low".to_owned(),
        side: Side::Buy,
        quantity: size("0.01"),
        price: price("49000"),
        effect: RestingEffect::Opens { leverage: Leverage::new(5).unwrap(), stop_loss: StopLoss::At(price("45000")) },
    };
    match at {
        at if at == price("50000") => vec![decision(Intent::Rest(rest), "in")],
        at if at == price("51000") => {
            vec![decision(Intent::Cancel { symbol: btc(), label: "low".to_owned() }, "not any more")]
        }
        _ => Vec::new(),
    }
}

/// One whose order rests.
async fn resting() -> (Scene, ClientOrderId) {
    let mut scene = Scene::of(vec![acts("grid", rests)]).await;
    scene.marks("50000");
    scene.until(is_done("in")).await;
    let composed = scene.store.tables().composed.last().expect("it is written down").id.clone();
    (scene, composed)
}

/// It ends in the journal; the venue tells nothing of an order.
async fn ends(scene: &Scene, composed: &ClientOrderId, how: ComposedEnd) {
    scene.store.end_composed(&main(), composed, how, "so it is", scene.venue.now()).await.unwrap();
}

async fn end_of(scene: &mut Scene) -> OrderStatus {
    let told = scene.until(|news| matches!(news, TradingNews::Ended { .. })).await;
    match told.last() {
        Some(TradingNews::Ended { label, status, .. }) if label == "low" => *status,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_ends_without_a_word_of_the_venues_is_told_once_two_looks_have_not_met_it() {
    for how in [ComposedEnd::Failed, ComposedEnd::Canceled] {
        let (mut scene, composed) = resting().await;
        ends(&scene, &composed, how).await;
        scene.looks();
        scene.looks();
        assert_eq!(end_of(&mut scene).await, OrderStatus::Canceled, "{how:?}");
        // The label is free again.
        scene.marks("50000");
        scene.until(is_done("in")).await;
        scene.end().await;
    }
}

#[tokio::test]
async fn what_has_filled_unheard_is_told_as_that_and_not_as_an_order_that_is_gone() {
    let (mut scene, composed) = resting().await;
    let part = scene.store.parts(&main(), &composed).await.unwrap().into_iter().find(|it| it.purpose == Purpose::Entry);
    scene.venue.open_as(&part.expect("a part was sent").order.client_order_id, &btc(), Direction::Long, "0.01");
    ends(&scene, &composed, ComposedEnd::Done).await;
    scene.looks();
    scene.looks();
    let told = scene.until(|news| matches!(news, TradingNews::Ended { .. })).await;
    assert!(told.iter().any(|news| matches!(news, TradingNews::Filled { .. })), "{told:?}");
    let status = told.last().and_then(|news| match news {
        TradingNews::Ended { status, .. } => Some(*status),
        _ => None,
    });
    assert_eq!(status, Some(OrderStatus::Filled));
    scene.end().await;
}

#[tokio::test]
async fn cancelling_what_has_ended_already_is_done_and_its_end_is_told() {
    let (mut scene, composed) = resting().await;
    ends(&scene, &composed, ComposedEnd::Failed).await;
    scene.marks("51000");
    scene.until(is_done("not any more")).await;
    assert_eq!(end_of(&mut scene).await, OrderStatus::Canceled);
    scene.end().await;
}

#[tokio::test]
async fn while_the_records_are_away_nothing_is_said_to_have_ended() {
    let (mut scene, composed) = resting().await;
    scene.store.tables().down = true;
    scene.looks();
    scene.looks();
    scene.marks("51000");
    let told = scene.until(|news| matches!(news, TradingNews::Refused { .. })).await;
    assert!(!told.iter().any(|news| matches!(news, TradingNews::Ended { .. })), "{told:?}");
    scene.store.tables().down = false;
    ends(&scene, &composed, ComposedEnd::Failed).await;
    scene.looks();
    assert_eq!(end_of(&mut scene).await, OrderStatus::Canceled);
    scene.end().await;
}
