//! Frames that are broken: what they held is not lost, or that it was is told.

use crate::between::{Instead, Then, Times, instead};
use crate::bytes::{BEGUN, BINARY, COMPRESSED, DEFLATE, GZIP, PAGE, TEXT, ZLIB, frame, half, head};
use crate::stage::{Stage, gap, order, priced, says, traded};
use crate::wire::Wire;
use plimsoll_domain::NewOrder;

/// What becomes of a frame, and what is told of it: nothing, where nothing is lost.
struct Mishap {
    name: &'static str,
    change: fn(&[u8]) -> Instead,
    told: Option<&'static [&'static str]>,
}

const fn mishap(name: &'static str, change: fn(&[u8]) -> Instead, told: &'static [&'static str]) -> Mishap {
    Mishap { name, change, told: Some(told) }
}

const MISHAPS: &[Mishap] = &[
    mishap("half of JSON", |it| instead(frame(TEXT, half(it)), Then::GoOn), &[]),
    mishap("half a message, and then others", |it| instead(frame(BEGUN, half(it)), Then::GoOn), &["fragment"]),
    mishap(
        "half a frame, and then nothing",
        |it| instead(half(&frame(TEXT, it)), Then::Hold),
        &["nothing has arrived"],
    ),
    mishap("half a frame, and then the end", |it| instead(half(&frame(TEXT, it)), Then::Close), &[]),
    mishap("an empty text", |_| instead(frame(TEXT, ""), Then::GoOn), &["empty"]),
    mishap("a page", |_| instead(frame(TEXT, PAGE), Then::GoOn), &["html"]),
    mishap("no UTF-8", |_| instead(frame(TEXT, b"{\"a\":\"\xff\xfe\"}"), Then::GoOn), &["utf-8"]),
    Mishap { name: "JSON in bytes", change: |it| instead(frame(BINARY, it), Then::GoOn), told: None },
    mishap("bytes", |_| instead(frame(BINARY, [0xde, 0xad, 0xbe, 0xef, 0, 1, 2]), Then::GoOn), &["binary"]),
    mishap("gzip", |_| instead(frame(BINARY, GZIP), Then::GoOn), &["compressed", "gzip"]),
    mishap("zlib", |_| instead(frame(BINARY, ZLIB), Then::GoOn), &["compressed", "zlib"]),
    mishap("a compressing socket", |_| instead(frame(COMPRESSED, DEFLATE), Then::GoOn), &["compress"]),
    mishap("too large", |_| instead([head(TEXT, 1 << 20), vec![b' '; 70_000]].concat(), Then::GoOn), &["65536"]),
    mishap("larger than memory", |_| instead(head(TEXT, 1 << 50), Then::Hold), &["65536"]),
    mishap("an opcode that is none", |_| instead(frame(0x83, "x"), Then::GoOn), &["opcode"]),
    mishap("a masked frame", |_| instead([0x81, 0x81, 0, 0, 0, 0, b'x'], Then::GoOn), &["mask"]),
];

pub(crate) async fn no_trade_is_lost_by_a_broken_frame<W: Wire>() {
    let stage = Stage::<W>::new().await;
    let mut stream = stage.stream().await;
    for Mishap { name, change, told } in MISHAPS {
        stage.between.change_frames(Times::Once, |payload| Some(change(payload)));
        let order = order::<W>();
        stage.adapter.broker.place(&order).await.expect("taken");
        let mut gaps = traded(&mut *stream, &order).await.gaps;
        match told {
            None => assert_eq!(gaps, [""; 0], "{name}"),
            Some(words) => {
                // The account may have been read, and the trade told, before the frame was.
                while gaps.is_empty() {
                    gaps.extend(gap(&mut *stream).await);
                }
                says(&format!("{name}: {}", gaps.join("; ")), words);
                // Whatever was told of it has been heard, and the stream goes on.
                let order = order_after::<W>(&stage).await;
                traded(&mut *stream, &order).await;
            }
        }
    }
}

/// An order that nothing happens to.
async fn order_after<W: Wire>(stage: &Stage<W>) -> NewOrder {
    let order = order::<W>();
    stage.adapter.broker.place(&order).await.expect("taken");
    order
}

pub(crate) async fn no_broken_frame_ends_the_prices<W: Wire>() {
    let stage = Stage::<W>::new().await;
    let mut stream = stage.prices().await;
    for Mishap { name, change, told } in MISHAPS {
        let (sender, struck) = std::sync::mpsc::channel();
        stage.between.change_frames(Times::Once, move |payload| {
            let _ = sender.send(());
            Some(change(payload))
        });
        let mut gaps = Vec::new();
        // On to the first price after it has happened and, if it is to be told, was.
        let mut is_struck = false;
        while !is_struck || (told.is_some() && gaps.is_empty()) {
            gaps.extend(priced(&mut *stream).await);
            is_struck |= struck.try_recv().is_ok();
        }
        if let Some(words) = told {
            says(&format!("{name}: {}", gaps.join("; ")), words);
        }
    }
}
