//! A stream that has gone deaf without a word is found by what the account shows, and no other is taken for one.

use crate::actors::*;
use crate::usual;
use plimsoll_binance::BinanceAccountStream;
use plimsoll_ports::SystemClock;
use std::sync::Mutex;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;

const TOLD_WITHIN: Duration = Duration::from_millis(100);
const READ_AGAIN_EVERY: Duration = Duration::from_millis(50);
/// In the pauses between so many readings a trade that was not told becomes one that should have been.
const READINGS: usize = 6;

/// The wall clock, so many microseconds wrong.
struct Wall(AtomicI64);

impl Wall {
    fn set(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(SystemClock.now().as_micros() + self.0.load(Ordering::SeqCst))
    }

    async fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration).await;
    }
}

/// An account that trades once.
struct Scene {
    /// The time of the trade, once the venue's answers show it.
    shown: Arc<Mutex<Option<i64>>>,
    /// Its time, once the stream tells it.
    told: watch::Sender<Option<i64>>,
    script: Script,
    frames: Frames,
    clock: Arc<Wall>,
    stream: BinanceAccountStream,
}

impl Scene {
    /// Nothing was traded yet.
    async fn new() -> Self {
        let shown: Arc<Mutex<Option<i64>>> = Arc::default();
        let answers = Arc::clone(&shown);
        let script = Script::start(move |call, _| match call {
            "GET /fapi/v1/time" => Some(Say::json(format!(r#"{{"serverTime":{}}}"#, SystemClock.now().as_millis()))),
            call => answers.lock().unwrap().and_then(|millis| answer(call, millis)),
        })
        .await;
        let (told, news) = watch::channel(None);
        let speak = move |client, _, pings| {
            let mut news: watch::Receiver<Option<i64>> = news.clone();
            async move {
                let mut socket = tokio_tungstenite::accept_async(client).await.ok()?;
                let millis = (*news.wait_for(Option::is_some).await.ok()?)?;
                usual::go_on(&mut socket, vec![frame(millis)], pings).await
            }
        };
        let frames = Frames::speaking(|_| Vec::new(), speak).await;
        let clock = Arc::new(Wall(AtomicI64::new(0)));
        let endpoints = Endpoints::custom(script.url(), frames.url());
        let (told_within, read_again_every) = (TOLD_WITHIN, READ_AGAIN_EVERY);
        let settings = Settings { told_within, read_again_every, weight_limit: 1_000_000, ..settings() };
        let wall = Arc::clone(&clock) as Arc<dyn Clock>;
        let broker = BinanceBroker::with_settings(endpoints, credentials(), wall, settings).unwrap();
        let mut scene = Self { shown, told, script, frames, clock, stream: broker.account_stream() };
        assert_eq!(next(&mut scene.stream).await, StreamItem::Connected);
        scene.is_read(READINGS).await;
        scene
    }

    /// The account is read so many times, and the connection stands.
    async fn is_read(&mut self, times: usize) {
        for _ in 0..times {
            until(&mut self.stream, |item| match item {
                StreamItem::Disconnected { reason } => panic!("disconnected: {reason}"),
                item => is_snapshot(item),
            })
            .await;
        }
    }

    /// The venue's answers show a trade of this time.
    fn show(&self, millis: i64) {
        *self.shown.lock().unwrap() = Some(millis);
    }

    /// The stream tells a trade of this time.
    async fn tell(&mut self, millis: i64) {
        self.told.send_replace(Some(millis));
        until(&mut self.stream, |item| match item {
            StreamItem::Disconnected { reason } => panic!("disconnected: {reason}"),
            item => matches!(item, StreamItem::Event(AccountEvent::Fill(_))).then_some(()),
        })
        .await;
    }
}

fn answer(call: &str, millis: i64) -> Option<Say> {
    Some(Say::json(match call {
        "GET /fapi/v1/income" => format!(
            r#"[{{"symbol":"BTCUSDT","incomeType":"COMMISSION","income":"-0.01","asset":"USDT","time":{millis},
            "tranId":1,"tradeId":"9"}}]"#
        ),
        "GET /fapi/v1/userTrades" => format!(
            r#"[{{"symbol":"BTCUSDT","id":9,"orderId":7,"side":"BUY","positionSide":"BOTH","price":"60000","qty":"0.001",
            "commission":"0.01","commissionAsset":"USDT","realizedPnl":"0","maker":false,"time":{millis}}}]"#
        ),
        "GET /fapi/v1/order" => {
            r#"{"orderId":7,"clientOrderId":"one","symbol":"BTCUSDT","side":"BUY","positionSide":"BOTH",
            "type":"MARKET","origQty":"0.001","executedQty":"0.001","status":"FILLED"}"#
                .to_owned()
        }
        _ => return None,
    }))
}

/// The same trade by the stream.
fn frame(millis: i64) -> Message {
    Message::text(format!(
        r#"{{"e":"ORDER_TRADE_UPDATE","E":{millis},"T":{millis},"o":{{"s":"BTCUSDT","c":"one","S":"BUY","o":"MARKET",
        "f":"GTC","q":"0.001","p":"0","ap":"60000","sp":"0","x":"TRADE","X":"FILLED","i":7,"l":"0.001","z":"0.001",
        "L":"60000","N":"USDT","n":"0.01","T":{millis},"t":9,"m":false,"R":false,"wt":"CONTRACT_PRICE","ot":"MARKET",
        "ps":"BOTH","cp":false,"rp":"0"}}}}"#
    ))
}

#[tokio::test]
async fn an_old_trade_that_was_not_told_is_one_reconnection_whatever_is_done_to_our_clock() {
    for set_by in [0, -3600, 3600] {
        let mut scene = Scene::new().await;
        scene.clock.set(set_by);
        scene.show(SystemClock.now().as_millis());
        let found = until(&mut scene.stream, |item| match item {
            StreamItem::Disconnected { reason } => Some(reason.clone()),
            _ => None,
        });
        let reason = tokio::time::timeout(Duration::from_secs(20), found).await.expect("it is found");
        assert_eq!(reason, "the stream has gone deaf: it has not told of trade 9 of BTC/USDT:USDT", "{set_by} s");
        assert_eq!(next(&mut scene.stream).await, StreamItem::Connected);
        // The answers show the trade still.
        let asked = scene.script.heard("GET /fapi/v1/userTrades");
        scene.is_read(2 * READINGS).await;
        assert!(scene.script.heard("GET /fapi/v1/userTrades") > asked + READINGS);
        assert_eq!(scene.frames.connections(), 2, "{set_by} s");
    }
}

#[tokio::test]
async fn a_trade_that_was_told_makes_no_reconnection_whatever_is_done_to_our_clock() {
    let mut scene = Scene::new().await;
    let traded = SystemClock.now().as_millis();
    scene.tell(traded).await;
    scene.show(traded);
    for set_by in [0, 3600, -7200] {
        scene.clock.set(set_by);
        scene.is_read(READINGS).await;
    }
    assert!(scene.script.heard("GET /fapi/v1/userTrades") > READINGS, "the answers show it");
    assert_eq!(scene.frames.connections(), 1);
}
