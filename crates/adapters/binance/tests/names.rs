//! The venue's names of contracts and ours, both ways: only its list joins them, whatever they look like.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_binance::wire::{Symbols, body};
use plimsoll_domain::{ContractStatus, Symbol};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn row(native: &str, kind: &str, status: &str, [base, quote, settle]: [&str; 3]) -> String {
    format!(
        r#"{{"symbol":"{native}","contractType":"{kind}","deliveryDate":4133404800000,"status":"{status}","baseAsset":"{base}","quoteAsset":"{quote}","marginAsset":"{settle}","liquidationFee":"0.0125","filters":[{{"filterType":"PRICE_FILTER","tickSize":"0.1"}},{{"filterType":"LOT_SIZE","stepSize":"0.001","minQty":"0.001","maxQty":"1000"}}]}}"#
    )
}

fn listed(rows: &[String]) -> (Symbols, body::Listing) {
    let listing = body::contracts(format!(r#"{{"symbols":[{}]}}"#, rows.join(",")).as_bytes()).unwrap();
    (Symbols::listed(&listing.contracts), listing)
}

#[test]
fn every_listed_perpetual_has_a_name_of_ours_and_back() {
    let table = [
        ("BTCUSDT", "PERPETUAL", ["BTC", "USDT", "USDT"], Some("BTC/USDT:USDT")),
        ("BTCUSDC", "PERPETUAL", ["BTC", "USDC", "USDC"], Some("BTC/USDC:USDC")),
        ("ETHBTC", "PERPETUAL", ["ETH", "BTC", "BTC"], Some("ETH/BTC:BTC")),
        ("1000PEPEUSDT", "PERPETUAL", ["1000PEPE", "USDT", "USDT"], Some("1000PEPE/USDT:USDT")),
        ("1MBABYDOGEUSDT", "PERPETUAL", ["1MBABYDOGE", "USDT", "USDT"], Some("1MBABYDOGE/USDT:USDT")),
        ("0GUSDT", "PERPETUAL", ["0G", "USDT", "USDT"], Some("0G/USDT:USDT")),
        // The coin's own name ends like a currency.
        ("USDCUSDT", "PERPETUAL", ["USDC", "USDT", "USDT"], Some("USDC/USDT:USDT")),
        ("BTCDOMUSDT", "PERPETUAL", ["BTCDOM", "USDT", "USDT"], Some("BTCDOM/USDT:USDT")),
        ("测试USDT", "PERPETUAL", ["测试", "USDT", "USDT"], Some("测试/USDT:USDT")),
        // Quoted in one coin, settled in another; and shares.
        ("BTCUSD1", "PERPETUAL", ["BTC", "USD", "USD1"], Some("BTC/USD:USD1")),
        ("TSLAUSDT", "TRADIFI_PERPETUAL", ["TSLA", "USDT", "USDT"], Some("TSLA/USDT:USDT")),
        // Dated ones have no name of ours, although they are listed.
        ("BTCUSDT_261225", "CURRENT_QUARTER", ["BTC", "USDT", "USDT"], None),
        ("ETHUSDT_270326", "NEXT_QUARTER", ["ETH", "USDT", "USDT"], None),
    ];
    let rows: Vec<String> = table.iter().map(|(native, kind, of, _)| row(native, kind, "TRADING", *of)).collect();
    let (symbols, listing) = listed(&rows);
    assert_eq!((listing.contracts.len(), listing.unread.len()), (table.len(), 0));
    for (native, _, _, ours) in table {
        assert_eq!(symbols.symbol(native).ok().map(|it| it.to_string()).as_deref(), ours, "{native}");
        if let Some(ours) = ours {
            let back = symbols.native(&ours.parse().unwrap());
            assert_eq!(back.as_deref(), Some(native), "{ours}");
        }
    }
    assert_eq!(symbols.len(), 11);
}

#[test]
fn every_word_of_a_status_says_what_may_be_done() {
    use ContractStatus::{Delisted, Halted, PreLaunch, ReduceOnly, Trading};
    for (word, expected) in [
        ("TRADING", Trading),
        ("PENDING_TRADING", PreLaunch),
        ("PRE_SETTLE", ReduceOnly),
        ("SETTLING", ReduceOnly),
        ("PRE_DELIVERING", ReduceOnly),
        ("DELIVERING", ReduceOnly),
        ("DELIVERED", Delisted),
        ("CLOSE", Delisted),
        ("TRADING_HALT", Halted),
        ("TRADING_CANCEL_ONLY", Halted),
        ("A_WORD_OF_TOMORROW", Halted),
    ] {
        let (_, listing) = listed(&[row("BTCUSDT", "PERPETUAL", word, ["BTC", "USDT", "USDT"])]);
        assert_eq!(listing.contracts[0].standing(), expected, "{word}");
        assert_eq!(listing.contracts[0].is_trading(), expected == Trading, "{word}");
    }
}

#[test]
fn a_delivery_that_is_dated_is_the_announced_end() {
    let of = |date: &str| {
        let row = row("BTCUSDT", "PERPETUAL", "TRADING", ["BTC", "USDT", "USDT"]).replace("4133404800000", date);
        listed(&[row]).1.contracts[0].ends.map(|it| it.as_millis())
    };
    assert_eq!(of("4133404800000"), None, "never");
    assert_eq!(of("0"), None);
    assert_eq!(of("1767776400000"), Some(1_767_776_400_000));
}

proptest! {
    /// No name is taken to pieces: whatever the venue calls a contract is joined to what its list says of it.
    #[test]
    fn names_are_joined_by_the_list_alone(
        contracts in prop::collection::btree_map("[A-Z0-9_]{1,20}", ("[A-Z0-9]{1,10}", "USDT|USDC|BTC|FDUSD"), 1..20)
    ) {
        let mut ours: BTreeMap<Symbol, &str> = BTreeMap::new();
        let mut rows = Vec::new();
        for (native, (base, quote)) in &contracts {
            let Ok(symbol) = Symbol::new(base, quote, quote) else { continue };
            if let std::collections::btree_map::Entry::Vacant(entry) = ours.entry(symbol) {
                entry.insert(native);
                rows.push(row(native, "PERPETUAL", "TRADING", [base, quote, quote]));
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

/// Real names, where they are at hand.
#[test]
fn real_names_go_both_ways() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let shared = std::env::var_os("PLIMSOLL_SHARED").map_or_else(beside, PathBuf::from);
    let Ok(text) = std::fs::read_to_string(shared.join("data/binance-leverage-brackets.json")) else {
        println!("no real names are at hand: nothing is checked against them");
        return;
    };
    let tables: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    let natives: Vec<(String, Symbol)> = tables
        .keys()
        .map(|name| {
            let symbol: Symbol = name.parse().unwrap();
            (format!("{}{}", symbol.base(), symbol.quote()), symbol)
        })
        .collect();
    let rows: Vec<String> = natives
        .iter()
        .map(|(native, it)| row(native, "PERPETUAL", "TRADING", [it.base(), it.quote(), it.settle()]))
        .collect();
    let (symbols, _) = listed(&rows);
    assert_eq!(symbols.len(), natives.len());
    for (native, symbol) in &natives {
        for symbols in [&symbols, &Symbols::by_suffix()] {
            assert_eq!(symbols.symbol(native).unwrap(), *symbol);
            assert_eq!(symbols.native(symbol).as_deref(), Some(native.as_str()));
        }
    }
    println!("{} real names go both ways", natives.len());
}
