//! Bookings and profits that come in several pages, and a list of contracts that changes.

use crate::actors::*;
use plimsoll_domain::ContractStatus;

/// A row of the account book; the venue tells the newest first.
fn row(id: usize, seconds_ago: i64, kind: &str, trade: &str, change: &str) -> String {
    let time = stage::START.as_millis() / 1000 - seconds_ago;
    format!(
        r#"{{"time":{time},"change":"{change}","balance":"1","text":"BTC_USDT:1","type":"{kind}","contract":"BTC_USDT","trade_id":"{trade}","id":"{id}"}}"#
    )
}

/// What a page asks for.
fn asked(query: &str, name: &str) -> Option<i64> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

/// A venue that has these rows, and serves them as it is asked: by window and page.
async fn booked(rows: Vec<(i64, String)>, fills: String) -> Script {
    Script::reading(move |call, query, _| match call {
        "GET /account_book" => {
            let (from, to) = (asked(query, "from").unwrap_or(0), asked(query, "to").unwrap_or(i64::MAX));
            let within = rows.iter().filter(|(time, _)| (from..=to).contains(time)).map(|(_, row)| row.as_str());
            let offset = usize::try_from(asked(query, "offset").unwrap_or(0)).unwrap();
            let page: Vec<&str> = within.skip(offset).take(1000).collect();
            Some(Say::json(format!("[{}]", page.join(","))))
        }
        "GET /my_trades_timerange" => Some(Say::json(fills.clone())),
        _ => None,
    })
    .await
}

fn at(seconds_ago: i64, row: String) -> (i64, String) {
    (stage::START.as_millis() / 1000 - seconds_ago, row)
}

#[tokio::test]
async fn a_profit_that_is_booked_in_parts_is_added_up_wherever_the_pages_end() {
    let mut rows: Vec<(i64, String)> = Vec::new();
    // Two parts of one trade's profit on both sides of a page's end, among those of others; and one just now.
    rows.push(at(1, row(5000, 1, "pnl", "77", "0.5")));
    for id in 0..1500 {
        let (trade, change) = if id == 998 || id == 999 || id == 1400 { ("77", "2") } else { ("1", "9") };
        rows.push(at(1000, row(3000 - id, 1000, "pnl", trade, change)));
    }
    let time = stage::START.as_millis() / 1000 - 1000;
    let fills = format!(
        r#"[{{"trade_id":"77","create_time":{time},"contract":"BTC_USDT","order_id":"5","size":"-10","price":"60000","text":"t-a","fee":"0.1","role":"taker","close_size":"-10"}}]"#
    );
    let script = booked(rows, fills).await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
    let fills = broker.fills(&symbol(), stage::START.minus(Duration::from_secs(5000))).await.unwrap();
    assert_eq!(fills[0].realized_pnl, Some("6.5".parse().unwrap()));
}

#[tokio::test]
async fn bookings_of_many_pages_are_told_once_each() {
    let mut rows: Vec<(i64, String)> = vec![at(5, row(9000, 5, "dnw", "", "1"))];
    rows.extend((0..2500).map(|id| at(2000, row(8000 - id, 2000, "dnw", "", "1"))));
    let script = booked(rows, "[]".to_owned()).await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
    let bookings = broker.bookings(stage::START.minus(Duration::from_secs(5000))).await.unwrap();
    let ids: std::collections::BTreeSet<&str> = bookings.iter().map(|it| it.id.as_str()).collect();
    assert_eq!((bookings.len(), ids.len()), (2501, 2501));
    assert_eq!(bookings.last().map(|it| it.id.as_str()), Some("dnw-9000"), "oldest first");
}

#[tokio::test]
async fn a_venue_that_tells_one_page_for_ever_is_not_asked_for_ever() {
    let page: Vec<String> = (0..1000).map(|id| row(id, 2000, "dnw", "", "1")).collect();
    let page = format!("[{}]", page.join(","));
    let script = Script::start(move |call, _| (call == "GET /account_book").then(|| Say::json(page.clone()))).await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
    let bookings = broker.bookings(stage::START.minus(Duration::from_secs(5000))).await.unwrap();
    assert_eq!(bookings.len(), 1000);
    assert!(script.heard("GET /account_book") <= 4);
}

#[tokio::test]
async fn a_contract_that_is_halted_or_delisted_takes_what_reduces_and_nothing_else() {
    let status = Arc::new(std::sync::Mutex::new(Some(r#""status":"trading""#)));
    let listed = Arc::clone(&status);
    let script = Script::start(move |call, _| {
        let now = *listed.lock().unwrap();
        let all = include_str!("../fixtures/rest_contracts.json");
        match (call, now) {
            ("GET /contracts", Some(now)) => Some(Say::json(all.replacen(r#""status":"trading""#, now, 1))),
            ("GET /contracts", None) => Some(Say::json(all.replacen("BTC_USDT", "XBT_USDT", 1))),
            _ => None,
        }
    })
    .await;
    let clock = MarketClock::new(stage::START);
    let broker = scripted(&script, NOWHERE, &clock, settings());
    broker.place(&market(Side::Buy)).await.unwrap();
    let mut minutes = 0;
    for (word, told, reason) in [
        (Some(r#""status":"delisting""#), ContractStatus::ReduceOnly, RefusalReason::ReduceOnlyRegime),
        (Some(r#""status":"circuit_breaker""#), ContractStatus::Halted, RefusalReason::NotTrading),
        (Some(r#""status":"a word of tomorrow""#), ContractStatus::Halted, RefusalReason::NotTrading),
        (Some(r#""status":"prelaunch""#), ContractStatus::PreLaunch, RefusalReason::NotTrading),
        (Some(r#""status":"delisted""#), ContractStatus::Delisted, RefusalReason::NotTrading),
    ] {
        *status.lock().unwrap() = word;
        minutes += 6;
        clock.tell(stage::START.plus(Duration::from_secs(60 * minutes)));
        assert_eq!(broker.instrument(&symbol()).await.unwrap().status, told, "{word:?}");
        let orders = script.heard("POST /orders");
        match broker.place(&market(Side::Buy)).await {
            Err(PlaceError::Refused(refusal)) => assert_eq!(refusal.reason, reason, "{word:?}: {refusal}"),
            other => panic!("{word:?}: {other:?}"),
        }
        assert_eq!(script.heard("POST /orders"), orders, "{word:?}: nothing was sent");
        broker.place(&NewOrder { reduce_only: true, ..market(Side::Sell) }).await.unwrap();
        assert_eq!(script.heard("POST /orders"), orders + 1, "{word:?}");
    }
}

#[tokio::test]
async fn an_order_does_not_wait_for_a_list_that_is_merely_old() {
    let script = Script::start(|_, _| None).await;
    let clock = MarketClock::new(stage::START);
    let broker = scripted(&script, NOWHERE, &clock, settings());
    broker.place(&market(Side::Buy)).await.unwrap();
    let lists = script.heard("GET /contracts");
    clock.tell(stage::START.plus(Duration::from_secs(24 * 3600)));
    broker.place(&market(Side::Buy)).await.unwrap();
    broker.cancel_all(&symbol()).await.unwrap();
    assert_eq!(script.heard("GET /contracts"), lists);
    let unheard_of = NewOrder { symbol: "NEW/USDT:USDT".parse().unwrap(), ..market(Side::Buy) };
    let outcome = broker.place(&unheard_of).await;
    assert!(matches!(&outcome, Err(PlaceError::Refused(it)) if it.reason == RefusalReason::NotTrading), "{outcome:?}");
    assert_eq!(script.heard("GET /contracts"), lists + 1, "a name that is not known may be new");
}

#[tokio::test]
async fn neither_a_look_at_an_order_nor_its_change_waits_for_a_list_that_is_merely_old() {
    let script = Script::start(|call, _| {
        let unknown = r#"{"label":"ORDER_NOT_FOUND","message":"order not found"}"#.to_owned();
        call.starts_with("GET /orders/").then_some(Say::Text(400, unknown))
    })
    .await;
    let clock = MarketClock::new(stage::START);
    let broker = scripted(&script, NOWHERE, &clock, settings());
    broker.place(&market(Side::Buy)).await.unwrap();
    let lists = script.heard("GET /contracts");
    clock.tell(stage::START.plus(Duration::from_secs(24 * 3600)));
    let id = plimsoll_domain::ClientOrderId::new("never-placed").unwrap();
    assert_eq!(broker.order(&symbol(), &id).await.unwrap(), None);
    let changed = broker.amend(&symbol(), &id, "0.01".parse().unwrap(), "60000".parse().unwrap()).await;
    assert!(
        matches!(&changed, Err(CommandError::Refused(it)) if it.reason == RefusalReason::UnknownOrder),
        "{changed:?}"
    );
    assert_eq!(script.heard("GET /contracts"), lists);
}

#[tokio::test]
async fn a_contract_that_is_listed_after_the_margin_tables_were_read_is_not_missed() {
    let script = Script::start(|call, before| {
        let table = |native: &str| {
            let tables = include_str!("../fixtures/rest_tiers.json");
            tables.replace(r#"{"tier""#, &format!(r#"{{"contract":"{native}","tier""#))
        };
        // A page that tells nothing new is the last one: each reading takes two.
        (call == "GET /risk_limit_tiers").then(|| Say::json(table(if before < 2 { "ETH_USDT" } else { "BTC_USDT" })))
    })
    .await;
    let clock = MarketClock::new(stage::START);
    let broker = scripted(&script, NOWHERE, &clock, settings());
    let is_told = async || broker.instruments().await.unwrap().iter().any(|it| it.symbol == symbol());
    assert!(!is_told().await && !is_told().await);
    assert_eq!(
        script.heard("GET /risk_limit_tiers"),
        2,
        "what the venue did not tell is not asked for again and again"
    );
    // A newer list has a contract that the tables lack.
    clock.tell(stage::START.plus(Duration::from_secs(6 * 60)));
    assert!(is_told().await && is_told().await);
    assert_eq!(script.heard("GET /risk_limit_tiers"), 4);
}
