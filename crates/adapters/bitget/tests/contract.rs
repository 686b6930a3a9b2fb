//! Every promise of the venue ports, kept over loopback sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]
#![allow(dead_code, reason = "the stage serves several test files")]

#[path = "../../tests/promises.rs"]
mod promises;
#[path = "venue/stage.rs"]
mod stage;

use plimsoll_bitget::{Protocol, Settings};
use plimsoll_testkit::contract;
use stage::{Stage, VenueSettings};

#[tokio::test]
async fn the_account_stream_keeps_its_promises_in_the_older_dialect() {
    let older = || async {
        Stage::with(Settings { protocol: Protocol::MixV1, ..stage::settings() }, VenueSettings::default()).await
    };
    contract::stream::run(older).await;
}
