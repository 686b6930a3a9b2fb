//! Price events a second, beside a hand-written loop that checks one tiered liquidation at every price.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a bench")]

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use plimsoll_domain::{
    AccountId, ClientOrderId, Instrument, Leverage, NewOrder, OrderKind, OrderSize, PositionSide, Price, Side, Symbol,
    Timestamp, TriggerBy,
};
use plimsoll_exchange::prices::{MarkModel, Regime, Walk, WalkSettings};
use plimsoll_exchange::{Exchange, MarketIndex, Settings, Tick, listings};
use rust_decimal::Decimal;
use std::hint::black_box;
use std::time::Duration;

const EVENTS: usize = 100_000;
const START: Timestamp = Timestamp::from_millis(1_704_067_200_000);

fn ticks(instrument: &Instrument, opening: &str, count: usize) -> Vec<Tick> {
    let settings = WalkSettings {
        every: Duration::from_millis(100),
        regimes: vec![Regime { volatility_ppm: 20, drift_ppm: 0 }],
        jump_one_in: 0,
        mark: MarkModel::Follows { one_in: 8 },
        ..WalkSettings::lively(instrument.symbol.clone(), instrument.tick, START, opening.parse().unwrap())
    };
    Walk::new(settings, 42).take(count).collect()
}

fn order(account: usize, symbol: Symbol, size: &str, kind: OrderKind) -> NewOrder {
    let side = if kind == OrderKind::Market { Side::Buy } else { Side::Sell };
    NewOrder {
        client_order_id: ClientOrderId::new(&format!("{account}-{}", kind.order_type())).unwrap(),
        symbol,
        side,
        position_side: PositionSide::Both,
        kind,
        size: OrderSize::Quantity(size.parse().unwrap()),
        reduce_only: false,
    }
}

/// So many accounts, each long two bitcoin at leverage 5.
fn exchange(accounts: usize, liquidation: bool) -> (Exchange, MarketIndex) {
    let bitcoin = listings::btc_usdt();
    let symbol = bitcoin.symbol.clone();
    let mut exchange = Exchange::with_settings(START, Settings { liquidation, ..Settings::default() });
    let market = exchange.list(bitcoin, "50000".parse().unwrap()).unwrap();
    exchange.list(listings::eth_usdt(), "2500".parse().unwrap()).unwrap();
    for account in 0..accounts {
        let id = AccountId::new(account.to_string());
        exchange.open_account(id.clone(), "40000".parse().unwrap()).unwrap();
        exchange.set_leverage(&id, &symbol, Leverage::new(5).unwrap()).unwrap();
        exchange.place(&id, &order(account, symbol.clone(), "2", OrderKind::Market)).unwrap();
    }
    exchange.drain_events();
    (exchange, market)
}

fn with_stop() -> (Exchange, MarketIndex) {
    let (mut exchange, market) = exchange(1, true);
    let stop = OrderKind::StopMarket { trigger: "40000".parse().unwrap(), trigger_by: TriggerBy::Mark };
    exchange.place(&AccountId::new("0"), &order(0, listings::btc_usdt().symbol, "2", stop)).unwrap();
    (exchange, market)
}

fn with_two_symbols() -> (Exchange, MarketIndex) {
    let (mut exchange, market) = exchange(1, true);
    exchange.place(&AccountId::new("0"), &order(0, listings::eth_usdt().symbol, "10", OrderKind::Market)).unwrap();
    (exchange, market)
}

fn run(exchange: &mut Exchange, market: MarketIndex, ticks: &[Tick]) {
    for tick in ticks {
        exchange.advance_indexed(market, tick.time, tick.last, tick.mark, tick.index).unwrap();
    }
}

/// What a program without an exchange would do: equity against tiered maintenance at every mark.
fn floor(ticks: &[Tick], tiers: &[(Decimal, Decimal, Decimal)]) -> usize {
    let (quantity, entry, wallet): (Decimal, Price, Decimal) = (2.into(), "50000.1".parse().unwrap(), 40_000.into());
    let mut solvent = 0;
    for tick in ticks {
        let notional = quantity * tick.mark.get();
        let (_, rate, deduction) = tiers.iter().take_while(|(floor, _, _)| *floor <= notional).last().unwrap();
        let equity = wallet + quantity * (tick.mark.get() - entry.get());
        solvent += usize::from(equity > notional * rate - deduction);
    }
    solvent
}

fn price_events(criterion: &mut Criterion) {
    let ticks = ticks(&listings::btc_usdt(), "50000", EVENTS);
    let mut group = criterion.benchmark_group("price_events");
    group.throughput(Throughput::Elements(EVENTS as u64));
    let tiers: Vec<_> = listings::btc_usdt()
        .tiers
        .lines()
        .iter()
        .map(|tier| (tier.floor.get(), tier.rate.get(), tier.deduction.get()))
        .collect();
    group.bench_function("floor", |bencher| bencher.iter(|| floor(black_box(&ticks), &tiers)));
    let mut measure = |name: &str, (exchange, market): (Exchange, MarketIndex)| {
        group.bench_function(name, |bencher| {
            bencher.iter_batched_ref(
                || exchange.clone(),
                |exchange| run(exchange, market, black_box(&ticks)),
                BatchSize::LargeInput,
            );
        });
    };
    measure("one_position", exchange(1, true));
    measure("one_position_liquidation_off", exchange(1, false));
    measure("one_position_with_stop", with_stop());
    measure("thousand_positions", exchange(1000, true));
    measure("two_symbols_cross", with_two_symbols());
    let by_symbol = exchange(1, true).0;
    group.bench_function("one_position_by_symbol", |bencher| {
        bencher.iter_batched_ref(
            || by_symbol.clone(),
            |exchange| ticks.iter().for_each(|tick| exchange.advance(black_box(tick)).unwrap()),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn linear_in_events(criterion: &mut Criterion) {
    let ticks = ticks(&listings::btc_usdt(), "50000", 100 * 20_000);
    let (exchange, market) = exchange(1, true);
    let mut group = criterion.benchmark_group("linear_in_events");
    group.sample_size(10);
    for count in [20_000, 200_000, 2_000_000] {
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter_batched_ref(
                || exchange.clone(),
                |exchange| run(exchange, market, black_box(&ticks[..count])),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// A market order in and one out, each with its events, and a tick between.
fn order_round_trip(criterion: &mut Criterion) {
    let (exchange, market) = exchange(0, true);
    let id = AccountId::new("trader");
    let symbol = listings::btc_usdt().symbol;
    let tick = &ticks(&listings::btc_usdt(), "50000", 1)[0];
    criterion.bench_function("order_round_trip", |bencher| {
        let mut exchange = exchange.clone();
        // Its fees are never used up.
        exchange.open_account(id.clone(), "1000000000000".parse().unwrap()).unwrap();
        let buy = order(0, symbol.clone(), "0.1", OrderKind::Market);
        let sell = NewOrder { side: Side::Sell, reduce_only: true, ..buy.clone() };
        bencher.iter(|| {
            exchange.place(&id, &buy).unwrap();
            exchange.advance_indexed(market, exchange.now(), tick.last, tick.mark, None).unwrap();
            exchange.place(&id, &sell).unwrap();
            exchange.drain_events().len()
        });
    });
}

criterion_group!(benches, price_events, linear_in_events, order_round_trip);
criterion_main!(benches);
