//! Every promise of the venue ports, kept over loopback sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]
#![allow(dead_code, reason = "the stage serves two test files")]

#[path = "venue/stage.rs"]
mod stage;

use plimsoll_bitget::{Protocol, Settings};
use plimsoll_testkit::contract;
use plimsoll_venue_server::bitget::Settings as VenueSettings;
use stage::Stage;

#[tokio::test]
async fn the_broker_keeps_its_promises() {
    contract::broker::run(Stage::new).await;
}

#[tokio::test]
async fn the_account_stream_keeps_its_promises() {
    contract::stream::run(Stage::new).await;
}

#[tokio::test]
async fn the_market_feed_keeps_its_promises() {
    contract::feed::run(Stage::new).await;
}

#[tokio::test]
async fn the_funding_rates_keep_their_promises() {
    contract::funding_rates::run(Stage::new).await;
}

#[tokio::test]
async fn the_account_stream_keeps_its_promises_in_the_older_dialect() {
    let older = || async {
        Stage::with(Settings { protocol: Protocol::MixV1, ..stage::settings() }, VenueSettings::default()).await
    };
    contract::stream::run(older).await;
}
