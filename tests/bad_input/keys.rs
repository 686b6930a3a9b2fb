//! Keys that are wrong, and clocks that are.

use crate::between::{Then, Times, instead};
use crate::bytes::{answer, json};
use crate::stage::{START, Stage, hides, in_time, order, says, stands, traded, why};
use crate::wire::{KEYS, Wire};
use plimsoll_ports::{PlaceError, QueryError, RefusalReason};
use std::time::Duration;

pub(crate) async fn a_wrong_key_is_refused_in_the_venues_words_and_nothing_is_done<W: Wire>() {
    for wrong in W::wrong() {
        let stage = Stage::<W>::with_keys(wrong.keys).await;
        let place = in_time("place", stage.adapter.broker.place(&order::<W>())).await;
        let Err(PlaceError::Refused(refusal)) = &place else { panic!("{place:?}") };
        assert_eq!(refusal.reason, RefusalReason::NotAllowed, "{refusal:?}");
        says(&refusal.to_string(), &[wrong.in_answers]);
        hides(wrong.keys, &place, &refusal.to_string());
        let query = in_time("ask", stage.adapter.broker.positions()).await;
        let Err(QueryError::Refused(refusal)) = &query else { panic!("{query:?}") };
        assert_eq!(refusal.reason, RefusalReason::NotAllowed, "{refusal:?}");
        says(&refusal.to_string(), &[wrong.in_answers]);
        hides(wrong.keys, &query, &refusal.to_string());
        let mut stream = (stage.adapter.open)();
        let reason = why(&mut *stream).await;
        says(&reason, &[wrong.on_streams]);
        hides(wrong.keys, &(), &reason);
    }
}

pub(crate) async fn a_venue_that_repeats_our_key_to_us_is_not_quoted<W: Wire>() {
    let stage = Stage::<W>::new().await;
    in_time("ask", stage.adapter.broker.positions()).await.expect("the positions");
    let said = format!("key {} and passphrase {} do not fit", KEYS.key, W::PASSPHRASE);
    let bodies = [
        format!(r#"{{"code":-2015,"msg":"{said}","label":"INVALID_KEY","message":"{said}"}}"#),
        format!("<html><title>{said}</title></html>"),
        said.clone(),
    ];
    for body in bodies {
        for status in [400, 401, 403, 500] {
            let (between, adapter) = stage.another().await;
            in_time("ask", adapter.broker.positions()).await.expect("the positions");
            for path in [W::POSITIONS, W::PLACE] {
                between.answer(Times::Always, path, instead(json(status, &body), Then::Close));
            }
            let query = in_time("ask", adapter.broker.positions()).await;
            hides(KEYS, &query, &query.as_ref().expect_err("a refusal").to_string());
            let place = in_time("place", adapter.broker.place(&order::<W>())).await;
            hides(KEYS, &place, &place.as_ref().expect_err("a refusal").to_string());
        }
    }
}

pub(crate) async fn a_clock_that_is_off_is_no_trouble_once_the_venue_was_asked<W: Wire>() {
    let stage = Stage::<W>::with(KEYS, Duration::from_secs(3600)).await;
    let mut stream = stage.stream().await;
    let order = order::<W>();
    in_time("place", stage.adapter.broker.place(&order)).await.expect("taken");
    traded(&mut *stream, &order).await;
}

/// The first answer about the time is an hour off: whatever is signed by it is refused, and asked again by the right one.
pub(crate) async fn a_time_that_was_told_wrongly_is_asked_for_again<W: Wire>() {
    let stage = Stage::<W>::new().await;
    let (between, adapter) = stage.another().await;
    between.answer(Times::Once, W::TIME, instead(wrong_time(), Then::Close));
    in_time("ask", adapter.broker.positions()).await.expect("asked again by the right time");
    let (between, adapter) = stage.another().await;
    between.answer(Times::Once, W::TIME, instead(wrong_time(), Then::Close));
    let mut stream = (adapter.open)();
    stands(&mut *stream).await;
}

/// In the words of all venues at once.
fn wrong_time() -> Vec<u8> {
    let hour_ago = START.minus(Duration::from_secs(3600)).as_millis();
    json(
        200,
        &format!(
            r#"{{"serverTime":{hour_ago},"server_time":{hour_ago},"code":"00000","msg":"success","requestTime":{hour_ago},"data":{{"serverTime":"{hour_ago}"}}}}"#
        ),
    )
}

pub(crate) async fn a_venue_that_never_likes_our_time_is_told_after_one_more_try<W: Wire>() {
    let stage = Stage::<W>::new().await;
    in_time("ask", stage.adapter.broker.positions()).await.expect("the positions");
    for path in [W::POSITIONS, W::PLACE] {
        stage.between.answer(Times::Always, path, instead(W::expired(), Then::Close));
    }
    let count = |path: &str| stage.between.requests().iter().filter(|line| line.starts_with(path)).count();
    let (asked, placed) = (count(W::POSITIONS), count(W::PLACE));
    let query = in_time("ask", stage.adapter.broker.positions()).await.expect_err("the time is never right");
    assert!(matches!(query, QueryError::Unreachable(_)), "{query:?}");
    says(&query.to_string(), &["clock"]);
    let place = in_time("place", stage.adapter.broker.place(&order::<W>())).await.expect_err("never");
    assert!(matches!(place, PlaceError::NotSent(_)), "{place:?}");
    says(&place.to_string(), &["clock"]);
    assert_eq!((count(W::POSITIONS), count(W::PLACE)), (asked + 2, placed + 2));
}

pub(crate) async fn a_venue_that_does_not_tell_its_time_is_named<W: Wire>() {
    let stage = Stage::<W>::new().await;
    stage.between.answer(Times::Always, W::TIME, instead(answer(500, "", ""), Then::Close));
    let place = in_time("place", stage.adapter.broker.place(&order::<W>())).await.expect_err("no time");
    assert!(matches!(place, PlaceError::NotSent(_)), "{place:?}");
    let path = W::TIME.split(' ').nth(1).unwrap_or_default();
    says(&place.to_string(), &[path]);
    let mut stream = (stage.adapter.open)();
    says(&why(&mut *stream).await, &[path]);
    stage.between.behave();
    stands(&mut *stream).await;
}
