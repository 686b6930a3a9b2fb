//! Every promise of the venue ports, kept over loopback sockets.

use crate::stage::Stage;
use plimsoll_testkit::contract;

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
