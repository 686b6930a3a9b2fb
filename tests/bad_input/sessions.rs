//! Handshakes, logins and subscriptions that go wrong.

use crate::between::{Instead, Then, Times, instead};
use crate::bytes::{PAGE, TEXT, TLS_ALERT, answer, close, frame, json};
use crate::stage::{Stage, no_prices, order, priced, says, stands, traded, why};
use crate::wire::{Beginning, Wire};
use plimsoll_ports::AccountStream;
use std::time::Duration;
use tokio::time::Instant;

/// What a socket is answered, and what is told of it.
fn refused_handshakes() -> Vec<(Instead, &'static [&'static str])> {
    let key = "token=dbefbc809e3e83c283a984c3a1459732ea7db1360ca80c5c";
    vec![
        (instead(answer(429, "retry-after: 1\r\n", "too many connections"), Then::Close), &["429"][..]),
        (instead(answer(429, "", ""), Then::Close), &["429"]),
        (instead(answer(503, "retry-after: 1\r\n", ""), Then::Close), &["503"]),
        (instead(answer(418, "", ""), Then::Close), &["418"]),
        (instead(answer(403, "content-type: text/html\r\n", PAGE), Then::Close), &["403"]),
        (instead(answer(200, "content-type: text/html\r\n", PAGE), Then::Close), &["200"]),
        (
            instead(answer(302, &format!("location: https://elsewhere.example/?{key}\r\n"), ""), Then::Close),
            &["302", "elsewhere.example"],
        ),
        (instead("SSH-2.0-OpenSSH_9.6\r\n", Then::Close), &["no websocket"]),
        (instead("HTTP/1.1 101 x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n", Then::Close), &["accept"]),
        (instead(TLS_ALERT, Then::Close), &["tls"]),
        (instead("", Then::Close), &["127.0.0.1"]),
        (instead("", Then::Hold), &["no connection within"]),
    ]
}

pub(crate) async fn a_refused_handshake_is_told_and_tried_again<W: Wire>() {
    let stage = Stage::<W>::new().await;
    for (said, words) in refused_handshakes() {
        stage.between.answer_handshakes(Times::Once, said);
        let mut stream = (stage.adapter.open)();
        let reason = why(&mut *stream).await;
        says(&reason, words);
        says(&reason, &["ws://127.0.0.1"]);
        assert!(!reason.contains("dbefbc809e3e"), "{reason}");
        stands(&mut *stream).await;
    }
}

pub(crate) async fn a_refused_handshake_of_prices_is_told_and_tried_again<W: Wire>() {
    let stage = Stage::<W>::new().await;
    for (said, words) in refused_handshakes() {
        stage.between.answer_handshakes(Times::Once, said);
        let mut stream = stage.adapter.feed.subscribe(&[W::listing().symbol]).await.expect("a stream");
        says(&no_prices(&mut *stream).await, words);
        priced(&mut *stream).await;
    }
}

pub(crate) async fn a_limit_on_connections_is_waited_for<W: Wire>() {
    let stage = Stage::<W>::new().await;
    let wait = Duration::from_secs(2);
    stage.between.answer_handshakes(Times::Once, instead(answer(429, "retry-after: 2\r\n", ""), Then::Close));
    let began = Instant::now();
    let mut stream = (stage.adapter.open)();
    why(&mut *stream).await;
    stands(&mut *stream).await;
    assert!(began.elapsed() >= wait, "after {:?}", began.elapsed());
}

pub(crate) async fn a_venue_that_hangs_up_says_why<W: Wire>() {
    let stage = Stage::<W>::new().await;
    let mut stream = stage.stream().await;
    for (code, words) in [(1008, "too many connections"), (1013, "try again later"), (4001, "slow down"), (1001, "")] {
        let said = move |_: &[u8]| Some(instead(close(code, words), Then::Close));
        stage.between.change_frames(Times::Once, said);
        let order = order::<W>();
        stage.adapter.broker.place(&order).await.expect("taken");
        let told = traded(&mut *stream, &order).await;
        says(&told.gaps.join("; "), &[&code.to_string(), words]);
    }
}

/// The beginning of a private stream is this instead.
fn begin<W: Wire>(stage: &Stage<W>, times: Times, words: &'static str, then: Then) {
    match W::BEGINNING {
        Beginning::Answer(path) => {
            let bytes = if then == Then::Hold { Vec::new() } else { json(200, words) };
            stage.between.answer(times, path, instead(bytes, then));
        }
        Beginning::FirstFrame => stage.between.change_frames(times, move |_| {
            let bytes = if then == Then::Hold { Vec::new() } else { frame(TEXT, words) };
            Some(instead(bytes, then))
        }),
    }
}

pub(crate) async fn a_malformed_login_answer_is_told_and_tried_again<W: Wire>() {
    let stage = Stage::<W>::new().await;
    for words in W::malformed_beginnings() {
        begin(&stage, Times::Once, words, Then::GoOn);
        let mut stream = (stage.adapter.open)();
        let reason = why(&mut *stream).await;
        assert!(!reason.trim().is_empty(), "for {words}");
        stands(&mut *stream).await;
    }
}

pub(crate) async fn a_login_answer_that_never_comes_is_told_and_tried_again<W: Wire>() {
    let stage = Stage::<W>::new().await;
    begin(&stage, Times::Once, "", Then::Hold);
    let mut stream = (stage.adapter.open)();
    let reason = why(&mut *stream).await;
    says(&reason, &["within"]);
    stands(&mut *stream).await;
}

pub(crate) async fn a_refused_subscription_is_told_or_done_without<W: Wire>() {
    let stage = Stage::<W>::new().await;
    if let Some((refusal, channel)) = W::refuses_needed() {
        refuse(&stage, refusal, channel);
        let mut stream = (stage.adapter.open)();
        says(&why(&mut *stream).await, &[channel, "refuses"]);
    }
    stage.between.behave();
    if let Some((refusal, channel)) = W::refuses_dispensable() {
        refuse(&stage, refusal, channel);
        let mut stream = (stage.adapter.open)();
        stands(&mut *stream).await;
        let order = order::<W>();
        stage.adapter.broker.place(&order).await.expect("taken");
        assert_eq!(traded(&mut *stream, &order).await.gaps, [""; 0], "nothing is missing");
    }
}

/// The acknowledgement of this channel is a refusal.
fn refuse<W: Wire>(stage: &Stage<W>, refusal: &'static str, channel: &'static str) {
    let acknowledged = format!(r#""{channel}""#);
    stage.between.change_frames(Times::Once, move |payload| {
        let text = String::from_utf8_lossy(payload);
        (text.contains(&acknowledged) && text.contains("subscribe")).then(|| instead(frame(TEXT, refusal), Then::GoOn))
    });
}

pub(crate) async fn a_limit_on_a_socket_is_told<W: Wire>() {
    let (said, code) = W::socket_limit();
    let stage = Stage::<W>::new().await;
    if matches!(W::BEGINNING, Beginning::FirstFrame) {
        begin(&stage, Times::Always, said, Then::GoOn);
        let mut stream = (stage.adapter.open)();
        says(&why(&mut *stream).await, &[code]);
    }
    stage.between.behave();
    let mut stream = stage.stream().await;
    stage.between.change_frames(Times::Once, move |_| Some(instead(frame(TEXT, said), Then::GoOn)));
    let order = order::<W>();
    stage.adapter.broker.place(&order).await.expect("taken");
    says(&traded(&mut *stream, &order).await.gaps.join("; "), &[code]);
}

/// However often the venue ends the session at once, the waits between attempts grow.
pub(crate) async fn a_session_that_ends_at_once_again_and_again_is_no_busy_loop<W: Wire>() {
    let stage = Stage::<W>::new().await;
    let said = W::ends_session();
    let mut stream: Box<dyn AccountStream> = stage.stream().await;
    let before = stage.between.handshakes();
    stage.between.change_frames(Times::Always, move |_| Some(instead(frame(TEXT, said), Then::GoOn)));
    let began = Instant::now();
    // Where nobody is greeted, there are frames once something happens.
    for round in 0..6 {
        if matches!(W::BEGINNING, Beginning::Answer(_)) && round > 0 {
            stands(&mut *stream).await;
        }
        let _ = stage.adapter.broker.place(&order::<W>()).await;
        why(&mut *stream).await;
    }
    let attempts = stage.between.handshakes() - before;
    let shortest = Duration::from_millis(20) * u32::try_from(attempts.saturating_sub(1)).expect("a few");
    assert!(began.elapsed() >= shortest, "{attempts} attempts within {:?}", began.elapsed());
    stage.between.behave();
    stands(&mut *stream).await;
}

pub(crate) async fn prices_that_are_refused_are_told<W: Wire>() {
    let (said, words) = W::refuses_prices();
    let stage = Stage::<W>::new().await;
    stage.between.change_frames(Times::Once, move |_| Some(instead(frame(TEXT, said), Then::GoOn)));
    let mut stream = stage.adapter.feed.subscribe(&[W::listing().symbol]).await.expect("a stream");
    says(&no_prices(&mut *stream).await, &[words]);
    priced(&mut *stream).await;
    let stage = Stage::<W>::new().await;
    let (said, words) = W::socket_limit();
    stage.between.change_frames(Times::Once, move |_| Some(instead(frame(TEXT, said), Then::Hold)));
    let mut stream = stage.adapter.feed.subscribe(&[W::listing().symbol]).await.expect("a stream");
    says(&no_prices(&mut *stream).await, &[words]);
}
