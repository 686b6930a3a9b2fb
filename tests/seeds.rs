//! A fixed choice of seeds of the whole system under fire. `cargo xtask faults` runs any others.

use plimsoll_tests::faults::{Batch, Wire, run_many};

#[tokio::test(flavor = "multi_thread")]
async fn forty_schedules_of_faults_end_with_the_books_of_the_exchange() {
    let batch = Batch { wire: Wire::Binance, from: 1, seeds: 40, jobs: 8, stops_at_failure: false };
    let summary = run_many(batch, |_, _, outcome| {
        if let Some(outcome) = outcome.filter(|it| !it.is_well()) {
            println!("{outcome}\n");
        }
    })
    .await;
    assert!(summary.is_well(), "{summary}");
}
