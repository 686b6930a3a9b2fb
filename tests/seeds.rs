//! A fixed choice of seeds of the whole system under fire. `cargo xtask faults` runs any others.

use plimsoll_tests::faults::{Batch, Wire, run_many};

async fn end_with_the_books_of_the_exchange(wire: Wire, seeds: u64) {
    let batch = Batch { wire, from: 1, seeds, jobs: 8, stops_at_failure: false };
    let summary = run_many(batch, |_, _, outcome| {
        if let Some(outcome) = outcome.filter(|it| !it.is_well()) {
            println!("{outcome}\n");
        }
    })
    .await;
    assert!(summary.is_well(), "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_schedules_of_faults_over_binance_end_with_the_books_of_the_exchange() {
    end_with_the_books_of_the_exchange(Wire::Binance, 40).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_schedules_of_faults_over_gateio_end_with_the_books_of_the_exchange() {
    end_with_the_books_of_the_exchange(Wire::Gateio, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_schedules_of_faults_over_bitget_end_with_the_books_of_the_exchange() {
    end_with_the_books_of_the_exchange(Wire::Bitget, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_schedules_of_faults_over_bitgets_older_stream_end_with_the_books_of_the_exchange() {
    end_with_the_books_of_the_exchange(Wire::BitgetMixV1, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_schedules_of_faults_at_the_ports_of_the_paper_venue_end_with_the_books_of_the_exchange() {
    end_with_the_books_of_the_exchange(Wire::Paper, 20).await;
}
