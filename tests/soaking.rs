//! A short soak. `cargo xtask soak` holds a long one.

use plimsoll_tests::soak::{Plan, run};
use std::path::Path;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn three_accounts_that_are_followed_through_faults_end_with_the_books_of_the_exchange() {
    soak(10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_do_accounts_that_hold_hedge_legs() {
    soak(2).await;
}

async fn soak(seed: u64) {
    let plan = Plan { length: Duration::from_secs(8), rate: 150, seed, judges_time: false };
    let report = run(plan, Path::new(env!("CARGO_BIN_EXE_soak")), None, |line| println!("{line}")).await;
    assert!(report.is_well(), "{report}");
    assert_eq!(report.accounts.len(), 3);
    for account in &report.accounts {
        assert!(account.told >= 150 && account.fills > 0 && account.heard > 0, "{report}");
        assert!(account.faults.iter().any(|(word, _)| word == "disconnect" || word == "dup"), "{report}");
        assert!(account.snapshots >= account.connections.min(2), "{report}");
    }
}
