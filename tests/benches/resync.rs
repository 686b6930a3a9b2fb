//! How long an account with 200 positions and 1,000 open orders is in doubt once a loss is noticed, on loopback, over each
//! wire: the account is read, joined with the stream, and the trades since are filled in. Beside it, in the same run and in
//! turns, what the venue server itself takes to answer the same requests, which bare reqwest sends: built and signed before
//! the clock starts, those that do not wait for each other at once, their bodies read and thrown away.
//!
//! A loss is noticed twice over: a frame that cannot be read, and a connection that is gone, where the time of the new
//! connection and its login is in it too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a bench")]

use futures_util::future::join_all;
use plimsoll_binance::wire::request as binance;
use plimsoll_bitget::wire::request as bitget;
use plimsoll_domain::{
    AccountId, ClientOrderId, Decimal, Instrument, Leverage, Money, NewOrder, OrderKind, OrderSize, PositionSide,
    Price, Quantity, Rounding, Side, TimeInForce, Timestamp,
};
use plimsoll_engine::{AccountNews, AccountPorts, Link, Listener, VenueAccount, VenueAccountSettings};
use plimsoll_exchange::{Exchange, Tick};
use plimsoll_gateio::wire::request as gateio;
use plimsoll_ports::{Clock, SystemClock};
use plimsoll_sqlite::SqliteStore;
use plimsoll_tests::soak::listed;
use plimsoll_tests::soak::venue::{KEY, PASSPHRASE, Patience, SECRET, Wire, connect, serve};
use plimsoll_venue_server::{Fault, Running, Target};
use std::sync::Arc;
use std::time::{Duration, Instant};

const POSITIONS: usize = 200;
const ORDERS_EACH: u64 = 5;
const WARM_UP: usize = 5;
const ROUNDS: usize = 40;
/// So much beyond the server's own time is the target.
const TARGET: Duration = Duration::from_millis(100);

fn main() {
    // `cargo bench` says that it is one; whoever else starts this, to list its tests say, wants no measurement.
    let is_bench = std::env::args().any(|it| it == "--bench");
    let filters: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    let wanted: Vec<Wire> = Wire::ALL
        .into_iter()
        .filter(|wire| {
            filters.is_empty() || filters.iter().any(|filter| format!("resync {wire}").contains(filter.as_str()))
        })
        .collect();
    if !is_bench || wanted.is_empty() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for wire in wanted {
        runtime.block_on(async { tokio::spawn(measure(wire)).await.unwrap() });
    }
}

async fn measure(wire: Wire) {
    let contracts = listed::contracts(wire, POSITIONS);
    let venue = stage(wire, &contracts).await;
    let clock = Arc::new(SystemClock);
    let connection = connect(wire, &venue.rest_url(), &venue.ws_url(), clock.clone(), 1, Patience::OfBenches);
    let journal = Arc::new(SqliteStore::in_memory().await.unwrap());
    let ports = AccountPorts { broker: connection.broker, audit: None, journal, clock };
    let settings = VenueAccountSettings::new(account());
    let account = VenueAccount::connect(ports, connection.stream, settings).await.unwrap();
    assert_eq!((account.view().positions.len(), account.view().orders.len()), (POSITIONS, POSITIONS * 5));
    // The adapter, which is made first, has chosen the process's TLS provider.
    let client = reqwest::Client::builder().no_proxy().tcp_nodelay(true).build().unwrap();
    let mut news = account.news();
    let (mut bare, mut unread, mut cut): (Vec<Duration>, Vec<Duration>, Vec<Duration>) = Default::default();
    for round in 0..WARM_UP + ROUNDS {
        let stages = requests(wire, &venue, &contracts);
        trade(&venue, &contracts, round);
        let began = Instant::now();
        let answered = answered(&client, stages).await;
        let floor = began.elapsed();
        assert!(answered, "{wire}: a bare request is refused");
        venue.inject(Fault::Garble.next(1).on(Target::Private));
        let resynchronised = doubted(&mut news, || transfer(&venue)).await;
        venue.calm();
        let reconnected = doubted(&mut news, || venue.disconnect_private_sockets()).await;
        if round >= WARM_UP {
            bare.push(floor);
            unread.push(resynchronised);
            cut.push(reconnected);
        }
    }
    assert_eq!(account.view().orders.len(), POSITIONS * 5);
    let requests: usize = requests(wire, &venue, &contracts).iter().map(Vec::len).sum();
    println!("resync {wire}: {POSITIONS} positions, {} orders, {requests} requests, {ROUNDS} rounds", POSITIONS * 5);
    let floor = median(&mut bare);
    print("the server's own answers, by bare reqwest", &mut bare, None);
    print("a frame that cannot be read, to live again", &mut unread, Some(floor));
    print("a connection that is gone, to live again", &mut cut, Some(floor));
    venue.shutdown().await;
}

fn account() -> AccountId {
    AccountId::new("bench")
}

/// From the news of the doubt to that of its end.
async fn doubted(news: &mut Listener<AccountNews>, lose: impl FnOnce()) -> Duration {
    while news.try_recv().is_ok() {}
    lose();
    let mut began = None;
    let done = async {
        loop {
            match news.recv().await.unwrap() {
                AccountNews::Link(link) if link != Link::Live => drop(began.get_or_insert_with(Instant::now)),
                AccountNews::GapClosed(_) => return began.unwrap().elapsed(),
                _ => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), done).await.expect("the account is live again")
}

async fn stage(wire: Wire, contracts: &[Instrument]) -> Running {
    let mut exchange = Exchange::new(SystemClock.now());
    listed::list(&mut exchange, contracts);
    let venue = serve(wire, exchange, Money::new(Decimal::from(10_000_000))).await;
    venue.open_account_with_passphrase(&account(), KEY, SECRET.into(), PASSPHRASE.into()).unwrap();
    for contract in contracts {
        order(&venue, contract, Side::Buy, OrderKind::Market, "open".to_owned());
        for number in 0..ORDERS_EACH {
            let price = listed::opening().get() - contract.tick.get() * Decimal::from(3000 + number);
            let price = Price::new(price).unwrap();
            let kind = OrderKind::Limit { price, time_in_force: TimeInForce::Gtc };
            order(&venue, contract, Side::Buy, kind, format!("{}-{number}", contract.native));
        }
    }
    venue
}

fn order(venue: &Running, contract: &Instrument, side: Side, kind: OrderKind, name: String) {
    let quantity = Quantity::new(Decimal::from(60) / listed::opening().get()).unwrap();
    let order = NewOrder {
        client_order_id: ClientOrderId::reported(name),
        symbol: contract.symbol.clone(),
        side,
        position_side: PositionSide::Both,
        kind,
        size: OrderSize::Quantity(quantity.round(contract.lot, Rounding::Up).unwrap()),
        reduce_only: false,
    };
    venue.exchange(|exchange| {
        // The leverage of a contract that was traded is known to the venue.
        let _ = exchange.set_leverage(&account(), &contract.symbol, Leverage::new(10).unwrap());
        exchange.place(&account(), &order).unwrap();
    });
}

/// Something to fill in: five trades, at the time of now.
fn trade(venue: &Running, contracts: &[Instrument], round: usize) {
    let now = SystemClock.now();
    venue.advance([&Tick::at(contracts[0].symbol.clone(), now, listed::opening())]).unwrap();
    for contract in contracts.iter().skip(round % (POSITIONS - 5)).take(5) {
        order(venue, contract, Side::Buy, OrderKind::Market, format!("more-{round}"));
    }
}

fn transfer(venue: &Running) {
    let now = SystemClock.now();
    venue.exchange(|exchange| {
        exchange.transfer(&account(), Money::new(Decimal::ONE)).unwrap();
        assert!(exchange.now() <= now);
    });
}

/// What is sent: the address, and what goes with it.
type Request = plimsoll_binance::wire::HttpRequest;

/// What a resync asks for, in stages: those of one stage at once.
fn requests(wire: Wire, venue: &Running, contracts: &[Instrument]) -> Vec<Vec<Request>> {
    let (base, now) = (venue.rest_url(), SystemClock.now());
    let (since, end) = (now.minus(Duration::from_secs(10)), now.plus(Duration::from_secs(24 * 3600)));
    match wire {
        Wire::Binance => of_binance(&base, now, (since, end), contracts),
        Wire::Gateio => of_gateio(&base, now, (since, end)),
        Wire::Bitget => of_bitget(&base, now, (since, end), venue, contracts),
    }
}

fn of_binance(
    base: &str,
    now: Timestamp,
    (since, end): (Timestamp, Timestamp),
    contracts: &[Instrument],
) -> Vec<Vec<Request>> {
    let keys = binance::Credentials::new(KEY, SECRET);
    let signed = |call: binance::Call| call.request(base, &keys, now, Some(Duration::from_secs(60)));
    let fills = contracts.iter().map(|it| signed(binance::fills(&it.native, Some(since), Some(end)))).collect();
    vec![
        vec![binance::server_time().public(base)],
        vec![
            signed(binance::position_mode()),
            signed(binance::positions(None)),
            signed(binance::symbol_config(None)),
            signed(binance::open_orders(None)),
            signed(binance::open_algo_orders(None)),
            signed(binance::account()),
        ],
        vec![signed(binance::income(None, None, Some(since), Some(end)))],
        fills,
    ]
}

fn of_gateio(base: &str, now: Timestamp, (since, end): (Timestamp, Timestamp)) -> Vec<Vec<Request>> {
    let keys = gateio::Credentials::new(KEY, SECRET);
    let signed = |call: gateio::Call| call.request(base, &keys, now, None);
    vec![
        vec![gateio::server_time().unsigned(base)],
        vec![signed(gateio::account())],
        vec![
            signed(gateio::positions(true, 0)),
            signed(gateio::open_orders(None, 0)),
            signed(gateio::open_triggers(None, 0)),
        ],
        vec![signed(gateio::open_orders(None, 1000))],
        vec![signed(gateio::fills_between(None, Some(since), Some(end), 0))],
        vec![signed(gateio::bookings(None, Some("pnl"), Some(since), Some(end), 0))],
    ]
}

fn of_bitget(
    base: &str,
    now: Timestamp,
    (since, end): (Timestamp, Timestamp),
    venue: &Running,
    contracts: &[Instrument],
) -> Vec<Vec<Request>> {
    let keys = bitget::Credentials::new(KEY, SECRET, PASSPHRASE);
    let signed = |call: bitget::Call| call.request(base, &keys, now, bitget::Trading::Live);
    let open = venue.exchange(|exchange| exchange.open_orders(&account()));
    let newest_first: Vec<&str> = open.iter().rev().map(|it| it.order.order_id.as_str()).collect();
    let plans = bitget::PlanKind::ALL.map(|kind| signed(bitget::open_plans(kind, None, None)));
    let mut first = vec![
        signed(bitget::account(&contracts[0].native)),
        signed(bitget::positions(None)),
        signed(bitget::all_accounts()),
        signed(bitget::open_orders(None, None)),
    ];
    first.extend(plans);
    let mut stages = vec![vec![bitget::server_time().public(base, bitget::Trading::Live)], first];
    // A page begins where the one before it ends.
    let ends = newest_first.iter().skip(99).step_by(100);
    stages.extend(ends.map(|end| vec![signed(bitget::open_orders(None, Some(end)))]));
    stages.push(vec![signed(bitget::fills(None, Some(since), Some(end), None))]);
    stages
}

/// Whether every request was answered well.
async fn answered(client: &reqwest::Client, stages: Vec<Vec<Request>>) -> bool {
    let mut well = true;
    for stage in stages {
        let sent = stage.into_iter().map(|it| async move {
            let method = reqwest::Method::from_bytes(it.method.as_str().as_bytes()).unwrap();
            let mut request = client.request(method, &it.url);
            for (name, value) in &it.headers {
                request = request.header(*name, value);
            }
            let answer = request.send().await.unwrap();
            let well = answer.status().is_success();
            answer.bytes().await.unwrap();
            well
        });
        well &= join_all(sent).await.into_iter().all(|it| it);
    }
    well
}

fn median(spans: &mut [Duration]) -> Duration {
    spans.sort_unstable();
    spans[spans.len() / 2]
}

fn print(name: &str, spans: &mut [Duration], floor: Option<Duration>) {
    let (median, millis) = (median(spans), |span: Duration| span.as_secs_f64() * 1000.0);
    let longest = spans.last().copied().unwrap_or_default();
    let beyond = floor.map_or_else(String::new, |floor| {
        let beyond = millis(median) - millis(floor);
        let verdict = if beyond < millis(TARGET) { "within" } else { "BEYOND" };
        format!(", {beyond:+.1} ms beyond the server's own: {verdict} the target of {} ms", TARGET.as_millis())
    });
    println!("  {name:<44} {:>7.1} ms median, {:>7.1} ms at most{beyond}", millis(median), millis(longest));
}
