//! Prices and rates.

use crate::actors::*;
use std::collections::BTreeMap;

#[tokio::test]
async fn prices_and_rates_need_no_key() {
    let stage = Stage::new().await;
    let endpoints = Endpoints::custom(stage.venue.rest_url(), stage.venue.ws_url());
    let clock = || Arc::new(stage.clock.clone());
    let feed = BinanceMarketFeed::new(endpoints.clone(), clock()).unwrap();
    let rates = BinanceFundingRates::new(endpoints, clock()).unwrap();
    assert_eq!(feed.mark_price(&symbol()).await.unwrap().price.to_string(), "60000");
    assert_eq!(rates.current(&symbol()).await.unwrap().interval_hours, Some(8));
    let odd = feed.candles(&symbol(), Duration::from_secs(61), stage::START, stage.clock.now()).await;
    assert!(matches!(odd, Err(QueryError::Unreachable(NotSent::Invalid(_)))), "{odd:?}");
}

#[tokio::test]
async fn no_text_shows_a_secret() {
    let stage = Stage::new().await;
    let patience = HttpSettings { timeout: Duration::from_secs(2), ..HttpSettings::default() };
    let nowhere = Endpoints::custom("http://127.0.0.1:1", "ws://127.0.0.1:1");
    let clock = Arc::new(stage.clock.clone());
    let quick = Settings { http: patience, ..settings() };
    let broker = BinanceBroker::with_settings(nowhere, credentials(), clock, quick).unwrap();
    let place = broker.place(&market(Side::Buy)).await;
    let stream = broker.account_stream();
    let shown = format!("{broker:?} {place:?} {stream:?} {:?} {:?}", stage.broker, stage.broker.account_stream());
    for secret in ["dbefbc809e3e", "2b5eb11e1879", "signature="] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// A venue of 60 contracts, of which every seventh is dearer than the others.
fn crowded(call: &str, query: &str) -> Option<Say> {
    let name = |number: usize| format!("C{number}USDT");
    let listing = |number: usize| contract(&name(number), &format!("C{number}"));
    let bracket = |number: usize| {
        let tier = r#"{"bracket":1,"initialLeverage":50,"notionalCap":1000000,"notionalFloor":0,"maintMarginRatio":0.01,"cum":0}"#;
        format!(r#"{{"symbol":"{}","brackets":[{tier}]}}"#, name(number))
    };
    let all = |row: &dyn Fn(usize) -> String| (0..60).map(row).collect::<Vec<_>>().join(",");
    Some(Say::json(match call {
        "GET /fapi/v1/exchangeInfo" => format!(r#"{{"symbols":[{}]}}"#, all(&listing)),
        "GET /fapi/v1/leverageBracket" => format!("[{}]", all(&bracket)),
        "GET /fapi/v1/commissionRate" => {
            let native = query.split('&').find_map(|pair| pair.strip_prefix("symbol=")).unwrap();
            let number: usize = native.trim_matches(|it: char| !it.is_ascii_digit()).parse().unwrap();
            let taker = if number % 7 == 3 { "0.001" } else { "0.0004" };
            format!(r#"{{"symbol":"{native}","makerCommissionRate":"0.0002","takerCommissionRate":"{taker}"}}"#)
        }
        _ => return None,
    }))
}

fn contract(native: &str, base: &str) -> String {
    let filters = r#"[{"filterType":"PRICE_FILTER","maxPrice":"100000","minPrice":"0.1","tickSize":"0.1"},
        {"filterType":"LOT_SIZE","maxQty":"1000","minQty":"0.001","stepSize":"0.001"},
        {"filterType":"MARKET_LOT_SIZE","maxQty":"120","minQty":"0.001","stepSize":"0.001"},
        {"filterType":"MIN_NOTIONAL","notional":"5"}]"#;
    format!(
        r#"{{"symbol":"{native}","pair":"{native}","contractType":"PERPETUAL","status":"TRADING","baseAsset":"{base}",
        "quoteAsset":"USDT","marginAsset":"USDT","liquidationFee":"0.01","filters":{filters}}}"#
    )
}

#[tokio::test]
async fn among_many_contracts_each_comes_to_its_own_fees_and_none_is_told_cheaper_than_it_is() {
    let script = Script::reading(|call, query, _| crowded(call, query)).await;
    let clock = MarketClock::new(stage::START);
    let broker = scripted(&script, NOWHERE, &clock, settings());
    let takers = async || -> BTreeMap<String, String> {
        let instruments = broker.instruments().await.unwrap();
        instruments.iter().map(|it| (it.native.to_string(), it.fees.taker.to_string())).collect()
    };
    let first = takers().await;
    assert_eq!((first.len(), script.heard("GET /fapi/v1/commissionRate")), (60, 20), "no more at a time");
    for asked in [40, 60, 60] {
        let told = takers().await;
        assert_eq!(script.heard("GET /fapi/v1/commissionRate"), asked);
        for (native, taker) in told {
            let number: usize = native.trim_matches(|it: char| !it.is_ascii_digit()).parse().unwrap();
            let true_one = if number % 7 == 3 { "0.001" } else { "0.0004" };
            assert!(taker == true_one || taker == "0.001", "{native} costs {true_one}, not {taker}");
            assert!(taker == true_one || asked < 60, "{native} is known");
        }
    }
}

#[tokio::test]
async fn a_contract_that_is_listed_after_the_margin_tables_were_read_is_not_missed() {
    const TABLES: &str = include_str!("../fixtures/rest_leverage_bracket.json");
    let script = Script::start(|call, before| match call {
        "GET /fapi/v1/leverageBracket" => {
            Some(Say::json(if before == 0 { TABLES.replace("BTCUSDT", "ZZZUSDT") } else { TABLES.to_owned() }))
        }
        "GET /fapi/v1/commissionRate" => {
            Some(Say::json(r#"{"symbol":"BTCUSDT","makerCommissionRate":"0.0002","takerCommissionRate":"0.0004"}"#))
        }
        _ => None,
    })
    .await;
    let clock = MarketClock::new(stage::START);
    let broker = scripted(&script, NOWHERE, &clock, settings());
    let is_told = async || broker.instruments().await.unwrap().iter().any(|it| it.symbol == symbol());
    assert!(!is_told().await && !is_told().await);
    assert_eq!(
        script.heard("GET /fapi/v1/leverageBracket"),
        1,
        "what the venue did not tell is not asked for again and again"
    );
    // A newer list has a contract that the tables lack.
    clock.tell(stage::START.plus(Duration::from_secs(6 * 60)));
    assert!(is_told().await && is_told().await);
    assert_eq!(script.heard("GET /fapi/v1/leverageBracket"), 2);
}
