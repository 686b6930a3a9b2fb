//! A real month, where the recording is at hand.

use crate::venue::*;
use plimsoll_domain::{FillCause, MarginMode, Money};
use plimsoll_exchange::prices::{MarkModel, read_candles, ticks};
use plimsoll_exchange::{Exchange, IncomeKind, listings};
use rust_decimal_macros::dec;
use std::fs::File;
use std::path::PathBuf;

fn recording(name: &str) -> Option<File> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = std::env::var_os("PLIMSOLL_SHARED").map_or(beside, PathBuf::from);
    let file = File::open(folder.join("data").join(name)).ok();
    if file.is_none() {
        println!("{name} is absent: nothing is checked");
    }
    file
}

#[test]
fn a_month_that_falls_by_a_third_liquidates_a_long_and_the_books_agree() {
    let Some(file) = recording("btc-perp-1m.csv") else { return };
    let candles = read_candles(file, &btc()).unwrap();
    let first = &candles[0];
    let mut exchange = Exchange::new(first.open_time);
    exchange.list(listings::btc_usdt(), first.open).unwrap();
    exchange.open_account(alice(), money("1000")).unwrap();
    exchange.set_margin_mode(&alice(), &btc(), MarginMode::Isolated).unwrap();
    exchange.set_leverage(&alice(), &btc(), leverage(5)).unwrap();
    let order = Venue::new().order("buy 0.01");
    exchange.place(&alice(), &order).unwrap();
    for tick in ticks(&candles, MarkModel::Follows { one_in: 4 }, listings::btc_usdt().tick) {
        exchange.advance(&tick).unwrap();
    }
    assert!(exchange.positions(&alice()).is_empty());
    let symbol = btc();
    let alice = alice();
    let forced = exchange.fills(&alice, &symbol).last().unwrap();
    assert_eq!(forced.cause, FillCause::Liquidation);
    // Five times leverage ends about a fifth below the entry; funding has brought it a little nearer.
    let fallen = forced.price.get() / first.open.get();
    assert!((dec!(0.8)..dec!(0.83)).contains(&fallen), "{fallen}");
    let rows = exchange.income(&alice);
    let wallet = exchange.balance(&alice).unwrap().wallet.unwrap();
    assert_eq!(wallet, rows.iter().map(|row| row.amount).sum::<Money>());
    let fundings = rows.iter().filter(|row| row.kind == IncomeKind::FundingFee).count();
    assert!(fundings > 10);
    assert_eq!(exchange.funding_history(&btc()).len(), 94);
}
