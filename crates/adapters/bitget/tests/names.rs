//! The venue's names of contracts and ours, both ways: only its list joins them, whatever they look like.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_bitget::wire::{Symbols, body};
use plimsoll_domain::{ContractStatus, Symbol};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn row(native: &str, kind: &str, status: &str, [base, quote]: [&str; 2]) -> String {
    format!(
        r#"{{"symbol":"{native}","baseCoin":"{base}","quoteCoin":"{quote}","makerFeeRate":"0.0002","takerFeeRate":"0.0006","supportMarginCoins":["{quote}"],"minTradeNum":"1","priceEndStep":"1","pricePlace":"2","sizeMultiplier":"1","symbolType":"{kind}","symbolStatus":"{status}","fundInterval":"8","offTime":"-1","limitOpenTime":"-1"}}"#
    )
}

fn listed(rows: &[String]) -> (Symbols, body::Listing) {
    let listing = body::contracts(format!(r#"{{"code":"00000","data":[{}]}}"#, rows.join(",")).as_bytes()).unwrap();
    (Symbols::listed(&listing.contracts), listing)
}

#[test]
fn every_listed_perpetual_has_a_name_of_ours_and_back() {
    let table = [
        ("BTCUSDT", "perpetual", ["BTC", "USDT"], Some("BTC/USDT:USDT")),
        ("BTCPERP", "perpetual", ["BTC", "USDC"], Some("BTC/USDC:USDC")),
        ("1000BONKUSDT", "perpetual", ["1000BONK", "USDT"], Some("1000BONK/USDT:USDT")),
        ("SHIB1000USDT", "perpetual", ["SHIB1000", "USDT"], Some("SHIB1000/USDT:USDT")),
        // The venue's name does not say the multiple that its coin's name has.
        ("10000SATSUSDT", "perpetual", ["SATS", "USDT"], Some("SATS/USDT:USDT")),
        ("0GUSDT", "perpetual", ["0G", "USDT"], Some("0G/USDT:USDT")),
        ("USDCUSDT", "perpetual", ["USDC", "USDT"], Some("USDC/USDT:USDT")),
        ("龙虾USDT", "perpetual", ["龙虾", "USDT"], Some("龙虾/USDT:USDT")),
        ("BTCUSDT0327", "delivery", ["BTC", "USDT"], None),
    ];
    let rows: Vec<String> = table.iter().map(|(native, kind, of, _)| row(native, kind, "normal", *of)).collect();
    let (symbols, listing) = listed(&rows);
    assert_eq!((listing.contracts.len(), listing.unread.len()), (table.len(), 0));
    for (native, _, _, ours) in table {
        assert_eq!(symbols.symbol(native).ok().map(|it| it.to_string()).as_deref(), ours, "{native}");
        if let Some(ours) = ours {
            assert_eq!(symbols.native(&ours.parse().unwrap()).as_deref(), Some(native), "{ours}");
            // Some answers write names in small letters.
            assert_eq!(symbols.symbol(&native.to_ascii_lowercase()).unwrap().to_string(), ours);
        }
    }
}

#[test]
fn every_word_of_a_status_says_what_may_be_done() {
    use ContractStatus::{Delisted, Halted, PreLaunch, ReduceOnly, Trading};
    for (word, expected) in [
        ("normal", Trading),
        ("listed", PreLaunch),
        ("limit_open", ReduceOnly),
        ("maintain", Halted),
        ("restrictedAPI", Halted),
        ("off", Delisted),
        ("a word of tomorrow", Halted),
    ] {
        let (_, listing) = listed(&[row("BTCUSDT", "perpetual", word, ["BTC", "USDT"])]);
        assert_eq!(listing.contracts[0].standing(), expected, "{word}");
        assert_eq!(listing.contracts[0].is_trading(), expected == Trading, "{word}");
    }
}

#[test]
fn the_end_that_comes_first_in_words_is_the_announced_one() {
    let of = |off: &str, limit: &str| {
        let row = row("BTCUSDT", "perpetual", "normal", ["BTC", "USDT"])
            .replace(r#""offTime":"-1""#, &format!(r#""offTime":"{off}""#))
            .replace(r#""limitOpenTime":"-1""#, &format!(r#""limitOpenTime":"{limit}""#));
        listed(&[row]).1.contracts[0].ends.map(|it| it.as_millis())
    };
    assert_eq!(of("-1", "-1"), None);
    assert_eq!(of("", ""), None);
    assert_eq!(of("-1", "1767700000000"), Some(1_767_700_000_000));
    assert_eq!(of("1767800000000", "1767700000000"), Some(1_767_800_000_000));
}

proptest! {
    #[test]
    fn names_are_joined_by_the_list_alone(
        contracts in prop::collection::btree_map("[A-Z0-9]{1,20}", ("[A-Z0-9]{1,10}", "USDT|USDC"), 1..20)
    ) {
        let mut ours: BTreeMap<Symbol, &str> = BTreeMap::new();
        let mut rows = Vec::new();
        for (native, (base, quote)) in &contracts {
            let Ok(symbol) = Symbol::new(base, quote, quote) else { continue };
            if let std::collections::btree_map::Entry::Vacant(entry) = ours.entry(symbol) {
                entry.insert(native);
                rows.push(row(native, "perpetual", "normal", [base, quote]));
            }
        }
        let (symbols, listing) = listed(&rows);
        prop_assert!(listing.unread.is_empty());
        for (symbol, native) in ours {
            prop_assert_eq!(symbols.symbol(native).unwrap(), symbol.clone());
            let back = symbols.native(&symbol);
            prop_assert_eq!(back.as_deref(), Some(native));
        }
    }
}
