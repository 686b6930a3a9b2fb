//! Answers that lag behind the stream, and pages that do not hold everything.

use crate::actors::*;
use tokio_tungstenite::tungstenite::Message;

/// A position as the stream tells it, and as an answer does.
fn position(amount: &str) -> (Message, String) {
    let millis = stage::START.as_millis();
    let row = format!(r#"{{"s":"BTCUSDT","pa":"{amount}","ep":"60000","up":"0","mt":"cross","ps":"BOTH"}}"#);
    let told = format!(r#"{{"e":"ACCOUNT_UPDATE","E":{millis},"T":{millis},"a":{{"m":"ORDER","B":[],"P":[{row}]}}}}"#);
    let row = format!(
        r#"[{{"symbol":"BTCUSDT","positionSide":"BOTH","positionAmt":"{amount}","entryPrice":"60000","markPrice":"60000",
        "unRealizedProfit":"0","liquidationPrice":"0","updateTime":{millis}}}]"#
    );
    (Message::text(told), row)
}

/// The sizes that the next `count` snapshots list.
async fn listed(stream: &mut dyn AccountStream, count: usize) -> Vec<Vec<String>> {
    let mut sizes = Vec::new();
    while sizes.len() < count {
        if let StreamItem::Event(AccountEvent::Snapshot(snapshot)) = next(stream).await {
            let held = snapshot.positions.iter().filter_map(|report| report.position);
            sizes.push(held.map(|held| held.quantity.to_string()).collect());
        }
    }
    sizes
}

#[tokio::test]
async fn a_snapshot_that_lags_behind_the_stream_does_not_drop_what_was_just_told() {
    let (told, row) = position("2");
    // The first snapshot was before it; two more are late.
    let script = Script::start(move |call, before| {
        (call == "GET /fapi/v3/positionRisk" && before >= 3).then(|| Say::json(row.clone()))
    })
    .await;
    let frames = Frames::start(move |_| vec![told.clone(), Message::text("{")]).await;
    let broker = scripted(&script, frames.url(), &MarketClock::new(stage::START), settings());
    let mut stream = broker.account_stream();
    assert_eq!(listed(&mut stream, 2).await, [Vec::<String>::new(), vec!["2".to_owned()]]);
}

#[tokio::test]
async fn answers_that_insist_are_believed_and_asked_once_more() {
    let (told, _) = position("2");
    let script = Script::start(|_, _| None).await;
    let frames = Frames::start(move |_| vec![told.clone(), Message::text("{")]).await;
    let quick = Settings { answers_lag: Duration::from_millis(50), ..settings() };
    let broker = scripted(&script, frames.url(), &MarketClock::new(stage::START), quick);
    let mut stream = broker.account_stream();
    assert_eq!(listed(&mut stream, 3).await, vec![Vec::<String>::new(); 3]);
}

#[tokio::test]
async fn the_trades_of_one_contract_are_read_again_by_themselves() {
    let (_, row) = position("2");
    let script = Script::start(move |call, before| match call {
        "GET /fapi/v3/positionRisk" => Some(Say::json(row.clone())),
        "GET /fapi/v1/userTrades" if before == 0 => Some(Say::Close),
        _ => None,
    })
    .await;
    let frames = Frames::start(|_| vec![Message::text("{")]).await;
    let broker = scripted(&script, frames.url(), &MarketClock::new(stage::START), settings());
    let mut stream = broker.account_stream();
    assert_eq!(listed(&mut stream, 2).await, vec![vec!["2".to_owned()]; 2]);
    for (call, times) in [("GET /fapi/v1/userTrades", 2), ("GET /fapi/v1/income", 1), ("GET /fapi/v3/positionRisk", 2)]
    {
        assert_eq!(script.heard(call), times, "{call}");
    }
}

#[tokio::test]
async fn an_account_that_holds_something_and_lists_no_balance_for_it_is_not_read() {
    let (_, row) = position("2");
    let script = Script::start(move |call, _| match call {
        "GET /fapi/v3/positionRisk" => Some(Say::json(row.clone())),
        "GET /fapi/v3/account" => Some(Say::json(r#"{"assets":[],"positions":[]}"#)),
        _ => None,
    })
    .await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
    let outcome = broker.account().await;
    assert!(matches!(&outcome, Err(QueryError::Unreadable(why)) if why.contains("USDT")), "{outcome:?}");
    assert_eq!(broker.positions().await.unwrap().len(), 1, "whoever wants out sees what is held");
}

/// A trade of the first millisecond.
fn trade(id: u64, order: u64) -> String {
    let millis = stage::START.as_millis();
    format!(
        r#"{{"symbol":"BTCUSDT","id":{id},"orderId":{order},"side":"BUY","positionSide":"BOTH","price":"60000","qty":"0.001",
        "commission":"0","commissionAsset":"USDT","realizedPnl":"0","maker":false,"time":{millis}}}"#
    )
}

/// Trades with these ids, all of one millisecond and of one order.
fn trades(ids: impl Iterator<Item = u64>) -> String {
    format!("[{}]", ids.map(|id| trade(id, 7)).collect::<Vec<_>>().join(","))
}

#[tokio::test]
async fn more_trades_in_one_millisecond_than_an_answer_holds_are_all_told() {
    const LAST: u64 = 2500;
    let script = Script::reading(|call, query, _| {
        let number = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.parse::<u64>().ok());
        let order = r#"{"orderId":7,"clientOrderId":"one","symbol":"BTCUSDT","side":"BUY","positionSide":"BOTH",
            "type":"MARKET","origQty":"3","executedQty":"3","status":"FILLED"}"#;
        match call {
            "GET /fapi/v1/userTrades" => {
                let happened = stage::START.as_millis().unsigned_abs();
                let inside = |name, side: fn(&u64, &u64) -> bool| number(name).is_none_or(|it| side(&it, &happened));
                let in_window = inside("startTime=", u64::le) && inside("endTime=", u64::ge);
                let first = number("fromId=").unwrap_or(1);
                Some(Say::json(if in_window { trades((first..=LAST).take(1000)) } else { "[]".to_owned() }))
            }
            "GET /fapi/v1/order" => Some(Say::json(order)),
            _ => None,
        }
    })
    .await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
    let fills = broker.fills(&symbol(), stage::START).await.unwrap();
    let told: Vec<String> = fills.iter().map(|fill| fill.trade_id.to_string()).collect();
    assert_eq!(told, (1..=LAST).map(|id| id.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_order_that_the_pages_skip_is_asked_for_by_itself_before_it_counts_as_forgotten() {
    const ORDERS: u64 = 12;
    let named = |id: u64| {
        format!(
            r#"{{"orderId":{id},"clientOrderId":"name-{id}","symbol":"BTCUSDT","side":"BUY","positionSide":"BOTH",
            "type":"MARKET","origQty":"1","executedQty":"1","status":"FILLED"}}"#
        )
    };
    let script = Script::reading(move |call, query, _| {
        let number = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.parse::<u64>().ok());
        match call {
            "GET /fapi/v1/userTrades" => {
                let happened = stage::START.as_millis().unsigned_abs();
                let in_window = number("startTime=").is_none_or(|from| from <= happened)
                    && number("endTime=").is_none_or(|to| to >= happened);
                let rows: Vec<String> = (1..=if in_window { ORDERS } else { 0 }).map(|id| trade(id, id)).collect();
                Some(Say::json(format!("[{}]", rows.join(","))))
            }
            // Six at a time, and two of them not at all.
            "GET /fapi/v1/allOrders" => {
                let told = (number("orderId=").unwrap_or(1)..=ORDERS).filter(|id| ![3, 9].contains(id));
                Some(Say::json(format!("[{}]", told.take(6).map(named).collect::<Vec<_>>().join(","))))
            }
            "GET /fapi/v1/order" if number("orderId=") == Some(3) => Some(Say::json(named(3))),
            "GET /fapi/v1/order" => Some(Say::Text(400, r#"{"code":-2013,"msg":"Order does not exist."}"#.to_owned())),
            _ => None,
        }
    })
    .await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
    let fills = broker.fills(&symbol(), stage::START).await.unwrap();
    let told: Vec<&str> = fills.iter().map(|fill| fill.client_order_id.as_str()).collect();
    let names: Vec<String> =
        (1..=ORDERS).map(|id| if id == 9 { String::new() } else { format!("name-{id}") }).collect();
    assert_eq!(told, names);
    assert_eq!((script.heard("GET /fapi/v1/allOrders"), script.heard("GET /fapi/v1/order")), (2, 2));
}
