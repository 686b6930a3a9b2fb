//! What exact margin costs, each beside a floor measured in the same run: a loop of bare decimals, written by hand for
//! one position, that checks a tiered liquidation at every price.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a bench")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use plimsoll_domain::{
    Collateral, Decimal, Direction, Holding, Leg, Leverage, MarginTiers, Money, Portfolio, Position, Price, Quantity,
    Rate, Symbol, Tier,
    liquidation::{cross, isolated},
    stress::common_move,
};
use std::hint::black_box;

/// Twelve lines of a BTC table: floor, rate in parts per 10,000, deduction, leverage.
const BTC: [(u64, i64, u64, u32); 12] = [
    (0, 40, 0, 125),
    (50_000, 50, 50, 100),
    (600_000, 65, 950, 75),
    (3_000_000, 100, 11_450, 50),
    (12_000_000, 200, 131_450, 25),
    (70_000_000, 250, 481_450, 20),
    (100_000_000, 500, 2_981_450, 10),
    (230_000_000, 1000, 14_481_450, 5),
    (480_000_000, 1250, 26_481_450, 4),
    (600_000_000, 1500, 41_481_450, 3),
    (800_000_000, 2500, 121_481_450, 2),
    (1_200_000_000, 5000, 421_481_450, 1),
];

fn tiers() -> MarginTiers {
    let line = |(floor, rate, deduction, leverage): (u64, i64, u64, u32)| Tier {
        floor: Money::new(floor.into()),
        rate: Rate::new(Decimal::new(rate, 4)),
        deduction: Money::new(deduction.into()),
        max_leverage: Leverage::new(leverage).unwrap(),
    };
    MarginTiers::new(BTC.map(line).to_vec()).unwrap()
}

fn position(direction: Direction, quantity: i64, entry: i64) -> Position {
    Position {
        direction,
        quantity: Quantity::new(Decimal::new(quantity, 3)).unwrap(),
        entry: Price::new(Decimal::new(entry, 1)).unwrap(),
    }
}

/// A thousand prices around 50,000, with one decimal.
fn prices() -> Vec<Decimal> {
    (0..1000).map(|n| Decimal::new(500_000 + (n * 7919) % 40_000 - 20_000, 1)).collect()
}

/// The floor: is this long liquidated at this price?
fn is_due(
    lines: &[(Decimal, Decimal, Decimal)],
    quantity: Decimal,
    entry: Decimal,
    margin: Decimal,
    at: Decimal,
) -> bool {
    let notional = quantity * at;
    let mut line = &lines[0];
    for next in &lines[1..] {
        if notional < next.0 {
            break;
        }
        line = next;
    }
    margin + quantity * (at - entry) <= notional * line.1 - line.2
}

fn floor(criterion: &mut Criterion) {
    let lines: Vec<_> = BTC.iter().map(|it| (it.0.into(), Decimal::new(it.1, 4), it.2.into())).collect();
    let prices = prices();
    let (quantity, entry, margin) = (Decimal::new(500, 3), Decimal::new(500_000, 1), Decimal::from(5000));
    let mut group = criterion.benchmark_group("floor");
    group.throughput(Throughput::Elements(prices.len() as u64));
    group.bench_function("bare decimals, liquidation checked at every price", |bench| {
        bench.iter(|| {
            let due = |at: &&Decimal| is_due(black_box(&lines), quantity, entry, margin, **at);
            prices.iter().filter(due).count()
        });
    });
    group.finish();
}

fn one_position(criterion: &mut Criterion) {
    let tiers = tiers();
    let leg = |direction, quantity| Leg { position: position(direction, quantity, 500_000), tiers: &tiers };
    let (wallet, rest, mark) =
        (Money::new(5000.into()), Money::new(Decimal::new(-1234567, 4)), Price::new(49_000.into()).ok());
    let mut group = criterion.benchmark_group("liquidation");
    group.throughput(Throughput::Elements(1));
    let lone = |bench: &mut criterion::Bencher<'_>, leg: Leg<'_>, wallet: Money| {
        bench.iter(|| isolated(black_box(leg), black_box(wallet), Rate::ZERO, black_box(mark)));
    };
    group.bench_function("isolated long, first tier", |bench| lone(bench, leg(Direction::Long, 500), wallet));
    group.bench_function("isolated short, third tier", |bench| {
        lone(bench, leg(Direction::Short, 11_500), Money::new(57_500.into()));
    });
    group.bench_function("isolated short, last tier", |bench| {
        lone(bench, leg(Direction::Short, 30_000_000), Money::new(1_450_000_000.into()));
    });
    group.bench_function("cross long, first tier", |bench| {
        let legs = [leg(Direction::Long, 500)];
        bench.iter(|| cross(black_box(&legs), black_box(wallet), black_box(rest), Rate::ZERO, black_box(mark)));
    });
    group.bench_function("cross hedge, two legs", |bench| {
        let legs = [leg(Direction::Long, 1000), leg(Direction::Short, 900)];
        bench.iter(|| cross(black_box(&legs), black_box(wallet), black_box(rest), Rate::ZERO, black_box(mark)));
    });
    group.finish();
}

fn accounts(criterion: &mut Criterion) {
    let tiers = tiers();
    let symbols: Vec<Symbol> = (0..10_000).map(|n| format!("A{n}/USDT:USDT").parse().unwrap()).collect();
    let holding = |(n, symbol)| Holding {
        symbol,
        position: position(if n % 3 == 0 { Direction::Short } else { Direction::Long }, 100 + n, 500_000 + n),
        mark: Price::new(Decimal::new(498_000 + n, 1)).unwrap(),
        collateral: Collateral::Cross,
        tiers: &tiers,
        closing_fee: Rate::ZERO,
    };
    let portfolio = |size: usize| Portfolio {
        wallet: Money::new(Decimal::from(size) * Decimal::from(60_000)),
        holdings: (0_i64..).zip(&symbols[..size]).map(holding).collect(),
    };
    for (name, act) in [
        ("account health", (|it| _ = black_box(it.margin().cover())) as fn(&Portfolio<'_>)),
        ("account, every liquidation price", |it| _ = black_box(it.assess())),
        ("account, common move", |it| _ = black_box(common_move(it))),
    ] {
        let mut group = criterion.benchmark_group(name);
        for size in [1, 100, 10_000] {
            let portfolio = portfolio(size);
            group.throughput(Throughput::Elements(size as u64));
            group.bench_with_input(BenchmarkId::from_parameter(size), &portfolio, |bench, it| bench.iter(|| act(it)));
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(std::time::Duration::from_millis(500)).measurement_time(std::time::Duration::from_secs(2));
    targets = floor, one_position, accounts
}
criterion_main!(benches);
