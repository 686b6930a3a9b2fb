//! From a fill on the private stream to the stop that protects it, on loopback: from the moment a venue begins to write the
//! bytes of Binance's `ORDER_TRADE_UPDATE` to a WebSocket until the first bytes of the signed order have reached it. In turns
//! with a bare WebSocket that sends as many bytes back, once as the library has it, and once with a buffer for reading that
//! is as small as [`SocketSession`]'s. The venue is a thread of its own that blocks on its sockets; the orders come back on
//! another socket than the fills go out on, which costs our side nothing and the venue no more than the echo: it blocks on
//! one of them. The echo is one task on one socket; it decodes nothing, and has no deadlines.
//!
//! In the figures: both ways through the kernel, reading the frame ([`SocketSession`]), decoding it, applying it to an
//! account ([`AccountState`]), deciding which stop the position is owed, the check before an order ([`risk::check`]), building
//! and signing the request, writing it.
//!
//! - *stop as a frame*: one task does all of it, and writes the order as a message of the venue's request socket, as
//!   `wire::request::ws_api` makes it. The live adapter sends no orders that way yet.
//! - *stop over HTTP*: the same task hands the order to the live broker: budgets, the venue's time, signature, reqwest.
//! - *through the engine*: the live private stream, which tells nothing twice and loses nothing, the task that owns the
//!   account and publishes it, and a listener to its changes that asks the live broker for the stop.
//!
//! Not in the figures: TLS; the journal, which is written before an order is sent and measured by itself (`bench journal`);
//! reading back what rests before and after a stop is placed, which `PositionManager` does over REST. The decision is the
//! manager's (a stop for the whole position, rounded so that it fires no later than was asked), made of the same parts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a bench")]

#[path = "wire_to_wire/peer.rs"]
mod peer;

use futures_util::{SinkExt, StreamExt};
use peer::{Marks, Peer, Settled};
use plimsoll_binance::wire::request::{self, Place};
use plimsoll_binance::wire::{self, Event, Symbols, body};
use plimsoll_binance::{BinanceBroker, Credentials, Endpoints};
use plimsoll_domain::risk::{self, AccountFacts, Allowance, Elsewhere, OrderFacts, RiskLimits};
use plimsoll_domain::{
    AccountEvent, AccountSnapshot, AccountState, Change, ClientOrderId, Direction, Instrument, KillSwitch, Money,
    NewOrder, Order, OrderKind, OrderSize, OrderType, PositionMode, Price, Timestamp, TriggerBy,
};
use plimsoll_engine::AccountFollower;
use plimsoll_exchange::listings;
use plimsoll_ports::{Broker, Clock, SystemClock};
use plimsoll_transport::{Address, SocketItem, SocketSession, SocketSettings};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_tungstenite::connect_async_with_config;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

const LISTING: &[u8] = include_bytes!("../../crates/adapters/binance/tests/fixtures/rest_exchange_info.json");
/// Whoever opens a position says where its loss ends: so far from its entry, in percent.
const STOP_AWAY: &str = "0.97";
const LONGER_THAN_THIS_TAKES: Duration = Duration::from_secs(24 * 3600);

fn main() {
    // `cargo bench` says that it is one; whoever else starts this, to list its tests say, wants no measurement.
    let is_bench = std::env::args().any(|it| it == "--bench");
    let filters: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    if !is_bench || !filters.is_empty() && !filters.iter().any(|filter| "wire to wire".contains(filter.as_str())) {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut peer = Peer::listen();
    let broker = broker(&peer);
    runtime.spawn(echo(peer.url("echo"), WebSocketConfig::default()));
    runtime.spawn(echo(peer.url("lean"), WebSocketConfig::default().read_buffer_size(16 * 1024)));
    let as_a_frame =
        Sender::Frame(Box::new(SocketSession::new(address(peer.url("orders")), SocketSettings::default())));
    runtime.spawn(alone(peer.url("frames"), as_a_frame, peer.settled("frames")));
    runtime.spawn(alone(peer.url("http"), Sender::Broker(broker.clone()), peer.settled("http")));
    runtime.spawn(through_the_engine(broker, peer.settled("engine")));
    peer.measure();
}

/// A broker that meets no limit, and is not alarmed that the stream never tells of the stops that it places.
fn broker(peer: &Peer) -> BinanceBroker {
    let settings = plimsoll_binance::Settings {
        weight_limit: u32::MAX,
        orders_per_ten_seconds: u32::MAX,
        orders_per_minute: u32::MAX,
        news_within: LONGER_THAN_THIS_TAKES,
        read_again_every: LONGER_THAN_THIS_TAKES,
        ..plimsoll_binance::Settings::default()
    };
    let endpoints = Endpoints::custom(peer.rest_url(), peer.url("engine"));
    BinanceBroker::with_settings(endpoints, keys(), Arc::new(SystemClock), settings).unwrap()
}

fn keys() -> Credentials {
    Credentials::new("bench-key", "bench-secret")
}

fn address(url: String) -> Address {
    Address { url, greetings: Vec::new() }
}

/// The floor: what arrives is sent back.
async fn echo(url: String, config: WebSocketConfig) {
    let (mut socket, _) = connect_async_with_config(url, Some(config), true).await.unwrap();
    while let Some(Ok(message)) = socket.next().await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
}

/// By what a stop goes out.
enum Sender {
    Frame(Box<SocketSession<Address>>),
    Broker(BinanceBroker),
}

impl Sender {
    async fn ready(&mut self) {
        match self {
            Self::Frame(socket) => assert_eq!(socket.next().await, SocketItem::Connected),
            // The first order waits for the list of contracts and the venue's time.
            Self::Broker(broker) => {
                broker.account().await.unwrap();
            }
        }
    }

    async fn send(&mut self, order: &NewOrder, marks: &mut Marks) {
        match self {
            Self::Frame(socket) => {
                let call = request::place(&Place::new(order, "BTCUSDT")).unwrap();
                let (now, window) = (SystemClock.now(), Some(Duration::from_secs(5)));
                let id = order.client_order_id.as_str();
                let text = request::ws_api("algoOrder.place", &call, &keys(), now, window, id);
                marks.signed = Some(Instant::now());
                socket.send(&text).await.unwrap();
            }
            Self::Broker(broker) => {
                broker.place(order).await.unwrap();
            }
        }
    }
}

/// One task: reads, decodes, applies, decides, sends.
async fn alone(url: String, mut sender: Sender, settled: Settled) {
    let mut socket = SocketSession::new(address(url), SocketSettings::default());
    assert_eq!(socket.next().await, SocketItem::Connected);
    sender.ready().await;
    let (symbols, instrument) = (Symbols::listed(&body::contracts(LISTING).unwrap().contracts), listings::btc_usdt());
    let limits = RiskLimits::default();
    let mut state = AccountState::new();
    let nothing = AccountSnapshot {
        position_mode: PositionMode::OneWay,
        positions: Vec::new(),
        orders: Vec::new(),
        balances: Vec::new(),
        time: Timestamp::from_millis(0),
    };
    state.apply(&AccountEvent::Snapshot(Box::new(nothing)));
    settled.ready();
    let (mut arrival, mut marks) = (0, Marks::default());
    while let SocketItem::Message(frame) = socket.next().await {
        let read = Instant::now();
        arrival += 1;
        for event in wire::decode(&frame, &symbols, arrival).unwrap() {
            let Event::Account(event) = event else { continue };
            for change in state.apply(&event) {
                if let Some(stop) = owed(&instrument, &limits, &change, state.open_orders(), arrival) {
                    marks = Marks { read: Some(read), decided: Some(Instant::now()), signed: None };
                    sender.send(&stop, &mut marks).await;
                }
                if matches!(change, Change::BalanceChanged { .. }) {
                    settled.tell(marks);
                }
            }
        }
    }
}

/// The live stream, the engine's owner of the account, and a listener.
async fn through_the_engine(broker: BinanceBroker, settled: Settled) {
    let account = AccountFollower::spawn(Box::new(broker.account_stream()), Arc::new(SystemClock));
    let mut changes = account.changes();
    account.until_live().await.unwrap();
    settled.ready();
    let (instrument, limits) = (listings::btc_usdt(), RiskLimits::default());
    let mut number = 0;
    while let Ok(change) = changes.recv().await {
        number += 1;
        if let Some(stop) = owed(&instrument, &limits, &change, account.view().orders.iter(), number) {
            broker.place(&stop).await.unwrap();
        }
        if matches!(change, Change::BalanceChanged { .. }) {
            settled.tell(Marks::default());
        }
    }
}

/// The stop that a position is owed after this change, unless one rests or the check before an order refuses it.
fn owed<'a>(
    instrument: &Instrument,
    limits: &RiskLimits,
    change: &Change,
    mut open: impl Iterator<Item = &'a Order>,
    number: u64,
) -> Option<NewOrder> {
    let (Change::PositionOpened { symbol, position_side, position }
    | Change::PositionUpdated { symbol, position_side, position, .. }) = change
    else {
        return None;
    };
    let side = position.direction.closing_side();
    let protects = |it: &Order| {
        it.order_type == OrderType::StopMarket
            && it.close_position
            && (&it.symbol, it.position_side, it.side) == (symbol, *position_side, side)
    };
    if open.any(protects) {
        return None;
    }
    let away = match position.direction {
        Direction::Long => STOP_AWAY,
        Direction::Short => panic!("only longs are opened here"),
    };
    let wanted = Price::new(position.entry.get() * away.parse::<Price>().unwrap().get()).unwrap();
    let trigger = instrument.stop_price(position.direction, wanted)?;
    let stop = NewOrder {
        client_order_id: ClientOrderId::new(&format!("bench-stop-{number}")).unwrap(),
        symbol: symbol.clone(),
        side,
        position_side: *position_side,
        kind: OrderKind::StopMarket { trigger, trigger_by: TriggerBy::Mark },
        size: OrderSize::WholePosition,
        reduce_only: false,
    };
    let facts = OrderFacts::reducing(&stop, Some(*position))?;
    let account = AccountFacts {
        equity: Money::ZERO,
        available: Money::ZERO,
        day_start_equity: Money::ZERO,
        peak_equity: Money::ZERO,
        state_age: None,
        kill_switch: &KillSwitch::Released,
        margin_in_use: Money::ZERO,
        elsewhere: Elsewhere::default(),
        allowance: Allowance::Whole,
    };
    // An order that may only shrink a position is judged by what is held alone, whatever else the account is.
    risk::check(&facts, &account, limits).is_ok().then_some(stop)
}
