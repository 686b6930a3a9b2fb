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
    faults: Faults,
    task: JoinHandle<()>,
}

/// What happens to requests of a path.
type Faults = Arc<Mutex<Vec<(&'static str, Fault)>>>;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// A server error, once.
    Once,
    /// Server errors.
    Always,
    /// No answer.
    Hang,
}

impl Lister {
    async fn start(contracts: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let listed = (0..contracts).map(|it| (format!("C{it}"), "normal")).collect();
        let (listed, heard) = (Arc::new(Mutex::new(listed)), Arc::new(Mutex::new(Vec::new())));
        let (list, calls) = (Arc::clone(&listed), Arc::clone(&heard));
        let faults = Faults::default();
        let faulty = Arc::clone(&faults);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, Arc::clone(&list), Arc::clone(&calls), Arc::clone(&faulty)));
            }
        });
        Self { url, listed, heard, faults, task }
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

    fn fail(&self, path: &'static str, fault: Fault) {
        self.faults.lock().unwrap().push((path, fault));
    }

    fn mend(&self) {
        self.faults.lock().unwrap().clear();
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

/// What is to happen to this request, if anything.
fn fault(faults: &Faults, target: &str) -> Option<Fault> {
    let mut faults = faults.lock().unwrap();
    let index = faults.iter().position(|(path, _)| target.contains(path))?;
    let (_, fault) = faults[index];
    if fault == Fault::Once {
        faults.remove(index);
    }
    Some(fault)
}

async fn serve(
    mut client: TcpStream,
    listed: Arc<Mutex<Vec<(String, &'static str)>>>,
    heard: Arc<Mutex<Vec<String>>>,
    faults: Faults,
) {
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
    match fault(&faults, &target) {
        Some(Fault::Hang) => return std::future::pending().await,
        Some(Fault::Once | Fault::Always) => {
            let _ = client.write_all(b"HTTP/1.1 502 x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await;
            return;
        }
        None => {}
    }
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
        "/api/v2/mix/position/all-position" => format!("[{HELD}]"),
        "/api/v2/mix/account/accounts" => {
            r#"[{"marginCoin":"USDT","available":"900","accountEquity":"1000","unrealizedPL":"0"}]"#.to_owned()
        }
        "/api/v2/mix/order/orders-pending" | "/api/v2/mix/order/orders-plan-pending" => {
            r#"{"entrustedList":null,"endId":null}"#.to_owned()
        }
        "/api/v2/mix/order/fills" => r#"{"fillList":null,"endId":null}"#.to_owned(),
        other => panic!("nobody asks for {other}"),
    };
    let body = format!(r#"{{"code":"00000","msg":"success","requestTime":1,"data":{data}}}"#);
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    let _ = client.write_all(format!("{head}{body}").as_bytes()).await;
}

const HELD: &str = r#"{"marginCoin":"USDT","marginSize":"10","marginMode":"crossed","holdSide":"long","posMode":"one_way_mode","total":"5","available":"5","openPriceAvg":"20","leverage":"10","achievedProfits":"0","unrealizedPL":"0","liquidationPrice":"2","cTime":"1764000000060","uTime":"1764000000119","markPrice":"20","symbol":"C0USDT","locked":"0"}"#;

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

const HOURS: Duration = Duration::from_secs(3 * 3600);

#[tokio::test]
async fn an_order_goes_out_in_the_margin_mode_that_was_read_last_where_none_can_be_read() {
    const SETTINGS: &str = "account/account?";
    let venue = Lister::start(1).await;
    let clock = MarketClock::new(START);
    let broker = venue.broker(Arc::new(clock.clone()), settings());
    venue.fail(SETTINGS, Fault::Always);
    let outcome = broker.place(&market("C0", true)).await;
    assert!(matches!(outcome, Err(PlaceError::NotSent(_))), "none was ever read: {outcome:?}");
    venue.mend();
    broker.place(&market("C0", true)).await.unwrap();
    let asked = venue.heard(SETTINGS);
    clock.tell(START.plus(HOURS));
    venue.fail(SETTINGS, Fault::Always);
    broker.place(&market("C0", true)).await.unwrap();
    assert_eq!(venue.heard(SETTINGS), asked, "what reduces waits for none");
    broker.place(&market("C0", false)).await.unwrap();
    assert_eq!(venue.heard(SETTINGS), asked + 1);
    venue.mend();
    for _ in 0..2 {
        broker.place(&market("C0", false)).await.unwrap();
        assert_eq!(venue.heard(SETTINGS), asked + 2, "it is fresh again");
    }
}

#[tokio::test]
async fn a_look_at_positions_waits_for_no_list_and_hardly_for_tables() {
    let venue = Lister::start(2).await;
    let clock = MarketClock::new(START);
    let broker = venue.broker(Arc::new(clock.clone()), settings());
    let soon = |broker: &BitgetBroker| {
        let broker = broker.clone();
        async move { tokio::time::timeout(Duration::from_secs(8), broker.positions()).await.expect("soon").unwrap() }
    };
    // Nothing is known of the table, and it does not come.
    venue.fail("query-position-lever", Fault::Hang);
    let held = soon(&broker).await;
    assert_eq!((held.len(), held[0].maintenance_margin), (1, None));
    venue.mend();
    assert!(soon(&broker).await[0].maintenance_margin.is_some());
    // Both are old, and neither comes.
    clock.tell(START.plus(HOURS));
    let lists = venue.heard("market/contracts");
    venue.fail("market/contracts", Fault::Hang);
    venue.fail("query-position-lever", Fault::Hang);
    assert!(soon(&broker).await[0].maintenance_margin.is_some());
    assert_eq!(venue.heard("market/contracts"), lists);
    // The snapshot asks for the position mode too.
    let snapshot = tokio::time::timeout(Duration::from_secs(8), broker.account()).await.expect("soon").unwrap();
    assert_eq!((snapshot.positions.len(), venue.heard("market/contracts")), (1, lists));
}

#[tokio::test]
async fn a_snapshot_of_which_one_part_fails_for_a_moment_is_read_again_whole() {
    let venue = Lister::start(1).await;
    let broker = venue.broker(Arc::new(MarketClock::new(START)), settings());
    // A list, so that all parts are asked for at once.
    broker.instrument(&symbol("C0")).await.unwrap();
    venue.fail("orders-plan-pending", Fault::Once);
    broker.account().await.unwrap();
    let calls = venue.heard.lock().unwrap().clone();
    let failed = calls.iter().position(|call| call.contains("orders-plan-pending")).unwrap();
    for part in ["public/time", "account/account?", "all-position", "orders-pending", "account/accounts"] {
        assert!(calls.iter().skip(failed).any(|call| call.contains(part)), "{part} is of another moment: {calls:?}");
    }
}

#[tokio::test]
async fn a_page_of_trades_that_fails_for_a_moment_is_read_again_by_itself() {
    let venue = Lister::start(1).await;
    let broker = venue.broker(Arc::new(MarketClock::new(START)), settings());
    venue.fail("order/fills", Fault::Once);
    assert_eq!(broker.fills(&symbol("C0"), START).await, Ok(Vec::new()));
    assert_eq!(venue.heard("order/fills"), 2);
}
