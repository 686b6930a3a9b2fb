//! More trades than orders are remembered: each is told by the name of its order.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]
#![allow(dead_code, reason = "the stage serves several test files")]

#[path = "venue/stage.rs"]
mod stage;

use plimsoll_bitget::{BitgetBroker, Endpoints};
use plimsoll_exchange::MarketClock;
use plimsoll_ports::Broker;
use stage::{START, credentials, settings, symbol};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// More than are remembered.
const ORDERS: usize = 9000;
/// More than the venue's, so that there are few pages.
const PAGE: usize = 3000;

/// A venue with an account that has placed many orders, each of which has traded once.
struct Veteran {
    url: String,
    task: JoinHandle<()>,
}

impl Veteran {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client));
            }
        });
        Self { url, task }
    }
}

impl Drop for Veteran {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut client: TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = client.read_u8().await else { return };
        head.push(byte);
    }
    let text = String::from_utf8(head).unwrap();
    let target = text.split(' ').nth(1).unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let body = match answer(path, query) {
        Some(data) => format!(r#"{{"code":"00000","msg":"success","requestTime":1,"data":{data}}}"#),
        None => r#"{"code":"43001","msg":"The order does not exist","requestTime":1,"data":null}"#.to_owned(),
    };
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    let _ = client.write_all(format!("{head}{body}").as_bytes()).await;
}

fn answer(path: &str, query: &str) -> Option<String> {
    let contracts = r#"[{"symbol":"BTCUSDT","baseCoin":"BTC","quoteCoin":"USDT","makerFeeRate":"0.0002","takerFeeRate":"0.0006","supportMarginCoins":["USDT"],"minTradeNum":"0.0001","priceEndStep":"1","pricePlace":"1","sizeMultiplier":"0.0001","symbolType":"perpetual","minTradeUSDT":"5","symbolStatus":"normal","fundInterval":"8","offTime":"-1","limitOpenTime":"-1"}]"#;
    Some(match path {
        "/api/v2/public/time" => format!(r#"{{"serverTime":"{}"}}"#, START.as_millis()),
        "/api/v2/mix/market/contracts" => contracts.to_owned(),
        "/api/v2/mix/order/fills" => page(query, "fillList", trade),
        "/api/v2/mix/order/orders-history" => page(query, "entrustedList", order),
        "/api/v2/mix/order/orders-pending" | "/api/v2/mix/order/orders-plan-pending" => {
            r#"{"entrustedList":null,"endId":null}"#.to_owned()
        }
        // Nothing is known of one order alone.
        "/api/v2/mix/order/detail" => return None,
        other => panic!("nobody asks for {other}"),
    })
}

/// Newest first, before `idLessThan`.
fn page(query: &str, list: &str, row: fn(usize) -> String) -> String {
    let number = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.parse::<i64>().ok());
    let now = START.as_millis();
    let inside = number("startTime=").is_none_or(|from| from <= now) && number("endTime=").is_none_or(|to| to >= now);
    let before = number("idLessThan=").map_or(ORDERS + 1, |id| usize::try_from(id).unwrap());
    let rows: Vec<String> = (1..before).rev().take(if inside { PAGE } else { 0 }).map(row).collect();
    let end = before.saturating_sub(rows.len()).max(1);
    format!(r#"{{"{list}":[{}],"endId":"{end}"}}"#, rows.join(","))
}

fn trade(id: usize) -> String {
    let time = START.as_millis();
    format!(
        r#"{{"tradeId":"{id}","symbol":"BTCUSDT","orderId":"{id}","price":"60000","baseVolume":"0.001","feeDetail":[],"side":"buy","profit":"0","tradeSide":"buy_single","posMode":"one_way_mode","tradeScope":"taker","cTime":"{time}"}}"#
    )
}

fn order(id: usize) -> String {
    let time = START.as_millis();
    format!(
        r#"{{"cTime":"{time}","clientOid":"name-{id}","force":"gtc","leverage":"10","marginCoin":"USDT","marginMode":"crossed","orderId":"{id}","orderType":"market","posMode":"one_way_mode","posSide":"net","price":"","reduceOnly":"no","side":"buy","size":"0.001","tradeSide":"buy_single","uTime":"{time}","symbol":"BTCUSDT","baseVolume":"0.001","fee":"0","priceAvg":"60000","quoteVolume":"60","orderSource":"market","status":"filled"}}"#
    )
}

#[tokio::test]
async fn more_trades_than_orders_are_remembered_are_all_told_by_name() {
    let venue = Veteran::start().await;
    let endpoints = Endpoints::custom(venue.url.clone(), "ws://127.0.0.1:1");
    let clock = Arc::new(MarketClock::new(START));
    let broker = BitgetBroker::with_settings(endpoints, credentials(), clock, settings()).unwrap();
    let fills = broker.fills(&symbol(), START).await.unwrap();
    assert_eq!(fills.len(), ORDERS);
    let nameless =
        fills.iter().filter(|fill| fill.client_order_id.as_str() != format!("name-{}", fill.order_id)).count();
    assert_eq!(nameless, 0);
}
