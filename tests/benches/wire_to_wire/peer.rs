//! The venue of the bench: its sockets, its REST, and its clock.

use plimsoll_ports::{Clock, SystemClock};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

const WARM_UP: usize = 500;
const ROUNDS: usize = 5000;
const LISTING: &str = include_str!("../../../crates/adapters/binance/tests/fixtures/rest_exchange_info.json");

/// When what happened to a fill, as those say who took it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Marks {
    /// Its bytes were there.
    pub(crate) read: Option<Instant>,
    /// It was decided which stop is owed, and that it may be sent.
    pub(crate) decided: Option<Instant>,
    /// The order was built and signed.
    pub(crate) signed: Option<Instant>,
}

impl Marks {
    /// What passed between them, by what was done in it.
    fn parts(self, began: Instant, arrived: Instant) -> Vec<(&'static str, Duration)> {
        if self.read.is_none() {
            return Vec::new();
        }
        let last = if self.signed.is_some() { "written, until it is there" } else { "built, signed, written, there" };
        let steps = [
            ("until it is read", self.read),
            ("decoded, applied, decided, judged", self.decided),
            ("built, signed", self.signed),
            (last, Some(arrived)),
        ];
        let mut before = began;
        let step = |(name, at): (_, Option<Instant>)| Some((name, at? - std::mem::replace(&mut before, at?)));
        steps.into_iter().filter_map(step).collect()
    }
}

/// Tells the venue that a turn is over.
pub(crate) struct Settled(mpsc::Sender<Marks>);

impl Settled {
    pub(crate) fn ready(&self) {
        self.tell(Marks::default());
    }

    pub(crate) fn tell(&self, marks: Marks) {
        // The venue has gone when it has measured enough.
        let _ = self.0.send(marks);
    }
}

/// Listens; nothing is accepted before [`measure`](Self::measure).
pub(crate) struct Peer {
    rest: TcpListener,
    sockets: BTreeMap<&'static str, TcpListener>,
    settled: BTreeMap<&'static str, Receiver<Marks>>,
}

const SOCKETS: [&str; 6] = ["echo", "lean", "frames", "orders", "http", "engine"];

impl Peer {
    pub(crate) fn listen() -> Self {
        let listen = || TcpListener::bind("127.0.0.1:0").unwrap();
        Self { rest: listen(), sockets: SOCKETS.map(|name| (name, listen())).into(), settled: BTreeMap::new() }
    }

    pub(crate) fn rest_url(&self) -> String {
        format!("http://{}", self.rest.local_addr().unwrap())
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("ws://{}", self.sockets[name].local_addr().unwrap())
    }

    pub(crate) fn settled(&mut self, name: &'static str) -> Settled {
        let (told, settled) = mpsc::channel();
        self.settled.insert(name, settled);
        Settled(told)
    }

    /// All turns, in an order that changes with every round, so that each follows every other.
    pub(crate) fn measure(self) {
        let (arrived, arrivals) = mpsc::channel();
        let rest = self.rest;
        thread::spawn(move || {
            for client in rest.incoming() {
                let (client, arrived) = (client.unwrap(), arrived.clone());
                thread::spawn(move || answer(client, &arrived));
            }
        });
        let mut lines: BTreeMap<_, _> = self.sockets.iter().map(|(name, it)| (*name, Line::accept(it))).collect();
        for settled in self.settled.values() {
            settled.recv().unwrap();
        }
        let mut lanes: Vec<Lane> = LANES.iter().map(|(name, told_by, _)| Lane::new(name, told_by)).collect();
        for round in 0..WARM_UP + ROUNDS {
            let count = lanes.len();
            for turn in 0..count {
                let lane = &mut lanes[(turn * (1 + round % 3) + round / 3) % count];
                let took = lane.take(&mut lines, &arrivals, self.settled.get(lane.told_by));
                if round >= WARM_UP {
                    lane.figures.push(took);
                }
            }
        }
        print(lanes);
    }
}

/// The name of a lane, the socket on which it is told of fills, and what is measured.
const LANES: [(&str, &str, &str); 5] = [
    ("echo", "echo", "a bare WebSocket's echo of as many bytes"),
    ("lean", "lean", "the same, with a buffer as small as ours"),
    ("frames", "frames", "fill to stop as a frame, one task"),
    ("http", "http", "fill to stop over HTTP, one task"),
    ("engine", "engine", "fill to stop through the engine, over HTTP"),
];

/// One way from a frame to what comes back.
struct Lane {
    name: &'static str,
    told_by: &'static str,
    told: usize,
    last: i64,
    figures: Vec<Took>,
}

struct Took {
    whole: Duration,
    parts: Vec<(&'static str, Duration)>,
}

impl Lane {
    const fn new(name: &'static str, told_by: &'static str) -> Self {
        Self { name, told_by, told: 0, last: 0, figures: Vec::new() }
    }

    fn take(
        &mut self,
        lines: &mut BTreeMap<&'static str, Line>,
        arrivals: &Receiver<Instant>,
        settled: Option<&Receiver<Marks>>,
    ) -> Took {
        self.told += 1;
        // The venue's times are milliseconds, and nothing happens twice in one.
        while SystemClock.now().as_millis() <= self.last {
            std::hint::spin_loop();
        }
        self.last = SystemClock.now().as_millis();
        let fill = fill(self.told, self.last);
        let began = Instant::now();
        lines.get_mut(self.told_by).unwrap().say(fill);
        let arrived = match self.name {
            "echo" | "lean" => lines.get_mut(self.name).unwrap().hear(),
            "frames" => lines.get_mut("orders").unwrap().hear(),
            _ => arrivals.recv().unwrap(),
        };
        let whole = arrived - began;
        let Some(settled) = settled else { return Took { whole, parts: Vec::new() } };
        lines.get_mut(self.told_by).unwrap().say(account(self.told, self.last));
        let parts = settled.recv().unwrap().parts(began, arrived);
        Took { whole, parts }
    }
}

/// A WebSocket that is written as one, and listened to for its bytes.
struct Line {
    socket: WebSocket<TcpStream>,
    bytes: TcpStream,
    buffer: Vec<u8>,
}

impl Line {
    fn accept(listener: &TcpListener) -> Self {
        let (client, _) = listener.accept().unwrap();
        client.set_nodelay(true).unwrap();
        let bytes = client.try_clone().unwrap();
        Self { socket: tungstenite::accept(client).unwrap(), bytes, buffer: vec![0; 65536] }
    }

    fn say(&mut self, text: String) {
        self.socket.send(Message::text(text)).unwrap();
    }

    /// When the first of the next bytes was there. One read takes all of them: nothing here is as long as the buffer.
    fn hear(&mut self) -> Instant {
        assert!(self.bytes.read(&mut self.buffer).unwrap() > 0, "the connection is gone");
        Instant::now()
    }
}

/// REST on one connection.
fn answer(mut client: TcpStream, arrived: &mpsc::Sender<Instant>) {
    client.set_nodelay(true).unwrap();
    let (mut buffer, mut head) = (vec![0; 65536], Vec::new());
    while let Ok(count @ 1..) = client.read(&mut buffer) {
        let at = Instant::now();
        if head.is_empty() && buffer.starts_with(b"POST /fapi/v1/algoOrder?") && arrived.send(at).is_err() {
            return;
        }
        head.extend_from_slice(&buffer[..count]);
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8(std::mem::take(&mut head)).unwrap();
        let call = text.split(['?', '\r']).next().unwrap().trim_end_matches(" HTTP/1.1");
        let body = body(call);
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        client.write_all(&[head, body].concat().into_bytes()).unwrap();
    }
}

/// An account that holds nothing yet.
fn body(call: &str) -> String {
    match call {
        "GET /fapi/v1/time" => format!(r#"{{"serverTime":{}}}"#, SystemClock.now().as_millis()),
        "GET /fapi/v1/exchangeInfo" => LISTING.to_owned(),
        "GET /fapi/v1/accountConfig" => r#"{"dualSidePosition":false}"#.to_owned(),
        "GET /fapi/v3/account" => concat!(
            r#"{"assets":[{"asset":"USDT","walletBalance":"1000","marginBalance":"1000","unrealizedProfit":"0","#,
            r#""crossWalletBalance":"1000","availableBalance":"1000","updateTime":0}],"positions":[]}"#
        )
        .to_owned(),
        "POST /fapi/v1/listenKey" | "PUT /fapi/v1/listenKey" => r#"{"listenKey":"bench"}"#.to_owned(),
        "POST /fapi/v1/algoOrder" => r#"{"algoId":70010001,"success":true}"#.to_owned(),
        _ => "[]".to_owned(),
    }
}

fn fill(number: usize, time: i64) -> String {
    let (order, trade) = (70_010_000 + number, 9_000 + number);
    format!(
        concat!(
            r#"{{"e":"ORDER_TRADE_UPDATE","E":{time},"T":{time},"o":{{"s":"BTCUSDT","c":"plim-a{order}","S":"BUY","#,
            r#""o":"LIMIT","f":"GTC","q":"0.02","p":"61000.5","ap":"61000.5","sp":"0","x":"TRADE","X":"FILLED","i":{order},"#,
            r#""l":"0.02","z":"0.02","L":"61000.5","n":"0.244002","N":"USDT","T":{time},"t":{trade},"b":"0","a":"0","m":true,"#,
            r#""R":false,"wt":"CONTRACT_PRICE","ot":"LIMIT","ps":"BOTH","cp":false,"rp":"0","pP":false,"si":0,"ss":0,"#,
            r#""V":"EXPIRE_MAKER","pm":"NONE","gtd":0,"er":"0"}}}}"#
        ),
        time = time,
        order = order,
        trade = trade,
    )
}

/// The position that these fills have made, and another balance.
fn account(number: usize, time: i64) -> String {
    let hundredths = number * 2;
    format!(
        concat!(
            r#"{{"e":"ACCOUNT_UPDATE","T":{time},"E":{time},"a":{{"B":[{{"a":"USDT","wb":"{wallet}.87866827","#,
            r#""cw":"937.87866827","bc":"0"}}],"P":[{{"s":"BTCUSDT","pa":"{whole}.{rest:02}","ep":"61000.5","cr":"0","#,
            r#""up":"0","mt":"cross","iw":"0","ps":"BOTH","ma":"USDT","bep":"61000.5"}}],"m":"ORDER"}}}}"#
        ),
        time = time,
        wallet = 900 + number % 90,
        whole = hundredths / 100,
        rest = hundredths % 100,
    )
}

fn print(lanes: Vec<Lane>) {
    println!("\nfrom a fill's bytes to its stop's bytes on loopback, {ROUNDS} times each, in turns, in microseconds:");
    println!("{:<46} {:>8} {:>8} {:>8}", "", "p50", "p90", "p99");
    let mut parts = Vec::new();
    for (lane, (_, _, what)) in lanes.into_iter().zip(LANES) {
        let (whole, of): (Vec<_>, Vec<_>) = lane.figures.into_iter().map(|it| (it.whole, it.parts)).unzip();
        row(what, whole);
        parts.push((what, of));
    }
    for (what, of) in parts {
        let names: Vec<&str> = of[0].iter().map(|(name, _)| *name).collect();
        if !names.is_empty() {
            println!("\nof which, {what}:");
        }
        for (index, name) in names.into_iter().enumerate() {
            row(name, of.iter().map(|parts| parts[index].1).collect());
        }
    }
}

fn row(name: &str, mut figures: Vec<Duration>) {
    figures.sort_unstable();
    let at = |percent: usize| figures.get(figures.len() * percent / 100).map_or(0.0, |it| it.as_secs_f64() * 1e6);
    println!("{name:<46} {:>8.1} {:>8.1} {:>8.1}", at(50), at(90), at(99));
}
