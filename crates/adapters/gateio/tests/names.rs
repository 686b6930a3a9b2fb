//! The venue's names of contracts and ours, both ways, and how much a contract is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_domain::{ContractStatus, Symbol};
use plimsoll_gateio::wire::{Symbols, body};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn row(name: &str, multiplier: &str, more: &str) -> String {
    format!(
        r#"{{"name":"{name}","type":"direct","quanto_multiplier":"{multiplier}","order_price_round":"0.1","maker_fee_rate":"-0.0001","taker_fee_rate":"0.00075","funding_interval":28800,"order_size_min":"1","order_size_max":"1000"{more}}}"#
    )
}

fn listed(rows: &[String]) -> (Symbols, body::Listing) {
    let listing = body::contracts(format!("[{}]", rows.join(",")).as_bytes()).unwrap();
    (Symbols::listed(&listing.contracts), listing)
}

/// The venue's list has no members for base and quote: its name is all that there is, and it is read in one place.
#[test]
fn every_listed_contract_has_a_name_of_ours_and_back() {
    let table = [
        ("BTC_USDT", "0.0001", Some("BTC/USDT:USDT")),
        ("1000PEPE_USDT", "10", Some("1000PEPE/USDT:USDT")),
        ("PEPE1000_USDT", "10", Some("PEPE1000/USDT:USDT")),
        ("0G_USDT", "1", Some("0G/USDT:USDT")),
        ("USDC_USDT", "1", Some("USDC/USDT:USDT")),
        ("A_B_USDT", "1", Some("A_B/USDT:USDT")),
        ("币安人生_USDT", "1", Some("币安人生/USDT:USDT")),
        ("BTC_USD1", "0.0001", Some("BTC/USD1:USD1")),
        ("BTC_USDC", "0.0001", Some("BTC/USDC:USDC")),
        ("BTC_USDT_20261225", "0.0001", None),
        ("BTCUSDT", "1", None),
    ];
    let rows: Vec<String> = table.iter().map(|(name, multiplier, _)| row(name, multiplier, "")).collect();
    let (symbols, listing) = listed(&rows);
    assert_eq!((listing.contracts.len(), listing.unread.len()), (9, 2), "{:?}", listing.unread);
    for (name, multiplier, ours) in table {
        assert_eq!(symbols.symbol(name).ok().map(|it| it.to_string()).as_deref(), ours, "{name}");
        if let Some(ours) = ours {
            let ours: Symbol = ours.parse().unwrap();
            assert_eq!(symbols.native(&ours).as_deref(), Some(name));
            assert_eq!(symbols.multiplier(&ours).map(|it| it.to_string()).as_deref(), Some(multiplier));
        }
    }
    let inverse = row("BTC_USD", "0", "").replace("direct", "inverse");
    assert!(listed(&[inverse]).0.is_empty());
}

#[test]
fn every_word_of_a_status_says_what_may_be_done() {
    use ContractStatus::{Delisted, Halted, PreLaunch, ReduceOnly, Trading};
    for (more, expected) in [
        ("", Trading),
        (r#","status":"trading""#, Trading),
        (r#","status":"trading","in_delisting":true"#, ReduceOnly),
        (r#","status":"prelaunch""#, PreLaunch),
        (r#","status":"delisting""#, ReduceOnly),
        (r#","status":"delisted","in_delisting":true"#, Delisted),
        (r#","status":"circuit_breaker""#, Halted),
        (r#","status":"a word of tomorrow""#, Halted),
    ] {
        let (_, listing) = listed(&[row("BTC_USDT", "0.0001", more)]);
        assert_eq!(listing.contracts[0].standing(), expected, "{more}");
    }
}

#[test]
fn a_delisting_after_the_launch_is_the_announced_end() {
    let of = |more: &str| listed(&[row("BTC_USDT", "1", more)]).1.contracts[0].ends.map(|it| it.as_millis() / 1000);
    assert_eq!(of(""), None);
    assert_eq!(of(r#","launch_time":1609899548,"delisting_time":0,"delisted_time":0"#), None);
    assert_eq!(of(r#","launch_time":1609899548,"delisting_time":1609899548"#), None, "as the venue's example has it");
    assert_eq!(of(r#","launch_time":1609899548,"delisting_time":1767776400"#), Some(1_767_776_400));
}

proptest! {
    #[test]
    fn names_and_sizes_go_both_ways(
        bases in prop::collection::btree_set("[A-Z0-9]{1,8}(_[A-Z0-9]{1,4})?", 1..20),
        quote in "USDT|USDC|USD1", exponent in 0_u32..8, contracts in 1_i64..1_000_000,
    ) {
        let multiplier = plimsoll_domain::Decimal::new(1, exponent);
        let names: BTreeSet<String> = bases.iter().map(|base| format!("{base}_{quote}")).collect();
        let rows: Vec<String> = names.iter().map(|name| row(name, &multiplier.to_string(), "")).collect();
        let (symbols, listing) = listed(&rows);
        prop_assert!(listing.unread.is_empty(), "{:?}", listing.unread);
        for name in names {
            let ours = symbols.symbol(&name).unwrap();
            let back = symbols.native(&ours);
            prop_assert_eq!(back.as_deref(), Some(name.as_str()));
            let base = plimsoll_domain::Decimal::from(contracts) * multiplier;
            let quantity = plimsoll_domain::Quantity::new(base).unwrap();
            prop_assert_eq!(symbols.contracts(&ours, quantity).unwrap(), plimsoll_domain::Decimal::from(contracts));
        }
    }
}
