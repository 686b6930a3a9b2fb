//! What the venue lists: read in bulk where it is told so, table by table where it is not, and taken up when it changes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]
#![allow(dead_code, reason = "the stage serves several test files")]

#[path = "venue/stage.rs"]
mod stage;

use plimsoll_bitget::{BitgetBroker, Endpoints, Settings};
use plimsoll_domain::{ClientOrderId, ContractStatus, NewOrder, OrderKind, OrderSize, PositionSide, Side, Symbol};
use plimsoll_exchange::MarketClock;
use plimsoll_ports::{Broker, Clock, PlaceError, RefusalReason};
use plimsoll_testkit::SimulatedClock;
use stage::{START, credentials, settings};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A venue that lists what it is told to list: by name and status.
struct Lister {
    url: String,
    listed: Arc<Mutex<Vec<(String, &'static str)>>>,
    heard: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Lister {
    async fn start(contracts: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let listed = (0..contracts).map(|it| (format!("C{it}"), "normal")).collect();
        let (listed, heard) = (Arc::new(Mutex::new(listed)), Arc::new(Mutex::new(Vec::new())));
        let (list, calls) = (Arc::clone(&listed), Arc::clone(&heard));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, Arc::clone(&list), Arc::clone(&calls)));
            }
        });
        Self { url, listed, heard, task }
    }

    fn broker(&self, clock: Arc<dyn Clock>, settings: Settings) -> BitgetBroker {
        let endpoints = Endpoints::custom(self.url.clone(), "ws://127.0.0.1:1");
        BitgetBroker::with_settings(endpoints, credentials(), clock, settings).unwrap()
    }

    fn set(&self, base: &str, status: Option<&'static str>) {
        let mut listed = self.listed.lock().unwrap();
        listed.retain(|(name, _)| name != base);
        listed.extend(status.map(|status| (base.to_owned(), status)));
    }

    fn heard(&self, path: &str) -> usize {
        self.heard.lock().unwrap().iter().filter(|call| call.contains(path)).count()
    }
}

impl Drop for Lister {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut client: TcpStream, listed: Arc<Mutex<Vec<(String, &'static str)>>>, heard: Arc<Mutex<Vec<String>>>) {
    static ORDERS: AtomicUsize = AtomicUsize::new(1);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = client.read_u8().await else { return };
        head.push(byte);
    }
    let text = String::from_utf8(head).unwrap();
    let length =
        text.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    client.read_exact(&mut vec![0; length.unwrap_or(0)]).await.unwrap();
    let target = text.split(' ').nth(1).unwrap().to_owned();
    heard.lock().unwrap().push(target.clone());
    let data = match target.split('?').next().unwrap() {
        "/api/v2/public/time" => format!(r#"{{"serverTime":"{}"}}"#, START.as_millis()),
        "/api/v2/mix/market/contracts" => {
            let rows: Vec<String> = listed.lock().unwrap().iter().map(|(base, status)| contract(base, status)).collect();
            format!("[{}]", rows.join(","))
        }
        "/api/v2/mix/market/query-position-lever" => {
            r#"[{"level":"1","startUnit":"0","endUnit":"50000","leverage":"50","keepMarginRate":"0.01"}]"#.to_owned()
        }
        "/api/v2/common/trade-rate" => r#"{"makerFeeRate":"0.0001","takerFeeRate":"0.0003"}"#.to_owned(),
        "/api/v2/mix/account/account" => {
            r#"{"marginCoin":"USDT","available":"0","accountEquity":"0","unrealizedPL":"0","crossedMarginLeverage":"10","isolatedLongLever":"10","isolatedShortLever":"10","marginMode":"crossed","posMode":"one_way_mode","assetMode":"single"}"#.to_owned()
        }
        "/api/v2/mix/order/place-order" => {
            format!(r#"{{"orderId":"{}","clientOid":"x"}}"#, ORDERS.fetch_add(1, Ordering::Relaxed))
        }
        other => panic!("nobody asks for {other}"),
    };
    let body = format!(r#"{{"code":"00000","msg":"success","requestTime":1,"data":{data}}}"#);
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    let _ = client.write_all(format!("{head}{body}").as_bytes()).await;
}

fn contract(base: &str, status: &str) -> String {
    let ends = if status == "limit_open" { "1767700000000" } else { "-1" };
    format!(
        r#"{{"symbol":"{base}USDT","baseCoin":"{base}","quoteCoin":"USDT","makerFeeRate":"0.0002","takerFeeRate":"0.0006","supportMarginCoins":["USDT"],"minTradeNum":"1","priceEndStep":"1","pricePlace":"2","sizeMultiplier":"1","symbolType":"perpetual","minTradeUSDT":"5","symbolStatus":"{status}","fundInterval":"8","offTime":"{ends}","limitOpenTime":"-1"}}"#
    )
}

fn symbol(base: &str) -> Symbol {
    format!("{base}/USDT:USDT").parse().unwrap()
}

fn market(base: &str, reduce_only: bool) -> NewOrder {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NewOrder {
        client_order_id: ClientOrderId::new(&format!("list-{}", NEXT.fetch_add(1, Ordering::Relaxed))).unwrap(),
        symbol: symbol(base),
        side: Side::Sell,
        position_side: PositionSide::Both,
        kind: OrderKind::Market,
        size: OrderSize::Quantity("3".parse().unwrap()),
        reduce_only,
    }
}

#[tokio::test]
async fn the_first_list_waits_for_a_few_tables_and_learns_the_others_by_the_way() {
    let venue = Lister::start(40).await;
    let clock = Arc::new(SimulatedClock::new(START));
    let broker = venue.broker(clock.clone(), settings());
    let first = broker.instruments().await.unwrap();
    let asked = venue.heard("query-position-lever");
    assert!((1..40).contains(&first.len()) && asked <= first.len() + 1, "{} of {asked}", first.len());
    // One contract is exact at once, whichever it is, with the account's own fees.
    let last = broker.instrument(&symbol("C39")).await.unwrap();
    assert_eq!(last.tiers.lines()[0].rate.to_string(), "0.0106");
    assert_eq!(last.fees.taker.to_string(), "0.0003");
    // Time passes, and the rest is learned without anybody asking.
    let learned = async {
        while venue.heard("query-position-lever") < 40 || venue.heard("trade-rate") < 40 {
            clock.until_sleepers(1).await;
            clock.advance(Duration::from_millis(200));
            // Whoever has slept long enough is awake, and no sleeper any more, before time passes again.
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), learned).await.expect("every table and fee is asked for");
    let all = broker.instruments().await.unwrap();
    assert_eq!(all.len(), 40);
    assert_eq!(venue.heard("query-position-lever"), 40, "each table was asked for once");
}

#[tokio::test]
async fn a_contract_that_is_halted_or_delisted_takes_what_reduces_and_nothing_else() {
    let venue = Lister::start(3).await;
    let clock = MarketClock::new(START);
    let broker = venue.broker(Arc::new(clock.clone()), settings());
    broker.place(&market("C0", false)).await.unwrap();
    let later = |clock: &MarketClock| clock.tell(clock.now().plus(Duration::from_secs(400)));
    for (status, told, reason) in [
        (Some("limit_open"), ContractStatus::ReduceOnly, RefusalReason::ReduceOnlyRegime),
        (Some("maintain"), ContractStatus::Halted, RefusalReason::NotTrading),
        (Some("a word of tomorrow"), ContractStatus::Halted, RefusalReason::NotTrading),
        (Some("listed"), ContractStatus::PreLaunch, RefusalReason::NotTrading),
        (None, ContractStatus::Delisted, RefusalReason::NotTrading),
    ] {
        venue.set("C0", status);
        later(&clock);
        let instrument = broker.instrument(&symbol("C0")).await.unwrap();
        assert_eq!(instrument.status, told, "{status:?}");
        assert_eq!(instrument.ends.is_some(), status == Some("limit_open"), "{status:?}");
        let orders = venue.heard("place-order");
        match broker.place(&market("C0", false)).await {
            Err(PlaceError::Refused(refusal)) => {
                assert_eq!(refusal.reason, reason, "{refusal}");
                assert!(refusal.message.contains("C0/USDT:USDT"), "{refusal}");
            }
            other => panic!("{status:?}: {other:?}"),
        }
        assert_eq!(venue.heard("place-order"), orders, "{status:?}: nothing was sent");
        broker.place(&market("C0", true)).await.unwrap();
        assert_eq!(venue.heard("place-order"), orders + 1, "{status:?}");
    }
    // It comes back.
    venue.set("C0", Some("normal"));
    later(&clock);
    broker.place(&market("C0", false)).await.expect("what was halted trades again");
}

#[tokio::test]
async fn a_list_of_nothing_delists_nothing() {
    let venue = Lister::start(2).await;
    let clock = MarketClock::new(START);
    let broker = venue.broker(Arc::new(clock.clone()), settings());
    broker.instrument(&symbol("C1")).await.unwrap();
    for base in ["C0", "C1"] {
        venue.set(base, None);
    }
    clock.tell(clock.now().plus(Duration::from_secs(400)));
    assert_eq!(broker.instrument(&symbol("C1")).await.unwrap().status, ContractStatus::Trading);
}
