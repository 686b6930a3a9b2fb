//! What protecting an account costs: the plan for a whole account, and the check before an order.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a bench")]

use criterion::{Criterion, criterion_group, criterion_main};
use plimsoll_domain::afloat::{Action, Guarded, GuardedAccount, Level, ThresholdSettings, Thresholds, plan};
use plimsoll_domain::risk::{
    AccountFacts, Allowance, Elsewhere, KillSwitch, OrderFacts, Projection, RiskLimits, check, distance_to,
};
use plimsoll_domain::{
    Collateral, ContractStatus, Currency, Decimal, Direction, Fees, Holding, Instrument, Leverage, Liquidation,
    MarginRatio, MarginTiers, Money, Portfolio, Position, Price, Quantity, Rate, Step, Tier, VenueId,
};
use std::hint::black_box;
use std::time::Duration;

/// Twelve lines of a BTC table, in thousandths of their notionals: floor, rate in parts per 10,000, deduction, leverage.
const LINES: [(i64, i64, i64, u32); 12] = [
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
    let line = |(floor, rate, deduction, leverage): (i64, i64, i64, u32)| Tier {
        floor: Money::new(Decimal::new(floor, 3)),
        rate: Rate::new(Decimal::new(rate, 4)),
        deduction: Money::new(Decimal::new(deduction, 3)),
        max_leverage: Leverage::new(leverage).unwrap(),
    };
    MarginTiers::new(LINES.map(line).to_vec()).unwrap()
}

fn instruments(count: usize) -> Vec<Instrument> {
    let contract = |n: usize| Instrument {
        venue: VenueId::new("bench"),
        symbol: format!("A{n}/USDT:USDT").parse().unwrap(),
        native: format!("A{n}USDT").into(),
        settle: Currency::new("USDT"),
        multiplier: Decimal::ONE,
        tick: Step::new(Decimal::new(1, 1)).unwrap(),
        lot: Step::new(Decimal::new(1, 3)).unwrap(),
        min_quantity: "0.001".parse().unwrap(),
        max_quantity: "1000".parse().unwrap(),
        max_market_quantity: "100".parse().unwrap(),
        min_notional: "5".parse().unwrap(),
        tiers: tiers(),
        fees: Fees { maker: "0.0002".parse().unwrap(), taker: "0.0005".parse().unwrap() },
        liquidation_fee: Rate::ZERO,
        funding_interval_hours: 8,
        status: ContractStatus::Trading,
        ends: None,
        margin_fee: Rate::ZERO,
    };
    (0..count).map(contract).collect()
}

/// Position number `n`: sizes that spread over the first seven tiers.
fn held(n: i64, instrument: &Instrument, collateral: Collateral) -> Guarded<'_> {
    let direction = if n % 3 == 0 { Direction::Short } else { Direction::Long };
    let quantity = Quantity::new(Decimal::new(10 + (n * 7919) % 2_000, 3)).unwrap();
    Guarded {
        instrument,
        position: Position { direction, quantity, entry: Price::new(Decimal::new(500_000 + n, 1)).unwrap() },
        mark: Price::new(Decimal::new(498_000 + n, 1)).unwrap(),
        collateral,
        closing_fee: Rate::ZERO,
        fee: instrument.fees.taker,
        depth: Quantity::new(Decimal::new(2, 1)).ok(),
        left_alone: false,
    }
}

/// A cross account whose margin ratio is this many hundredths.
fn account(instruments: &[Instrument], hundredths: i64) -> GuardedAccount<'_> {
    let positions = (0_i64..).zip(instruments).map(|(n, it)| held(n, it, Collateral::Cross)).collect();
    let mut account = GuardedAccount {
        wallet: Money::ZERO,
        positions,
        entries: Vec::new(),
        free: Money::ZERO,
        money_step: Step::new(Decimal::new(1, 2)).unwrap(),
    };
    let margin = account.portfolio().margin();
    account.wallet = amount(margin.maintenance / Decimal::new(hundredths, 2) - margin.equity);
    account
}

/// To eight decimals, as venues keep balances.
fn amount(amount: Money) -> Money {
    Money::new(amount.get().round_dp(8))
}

/// Every position on margin of its own, at this ratio.
fn isolated(instruments: &[Instrument], hundredths: i64) -> GuardedAccount<'_> {
    let mut account = account(instruments, hundredths);
    for it in &mut account.positions {
        let own = amount(it.holding().maintenance() / Decimal::new(hundredths, 2) - it.holding().unrealized_pnl());
        it.collateral = Collateral::Isolated(own);
        account.wallet += own;
    }
    account
}

fn plans(criterion: &mut Criterion) {
    let instruments = instruments(1000);
    let by_ratio = Thresholds::default();
    let settings = ThresholdSettings {
        target: Level { distance: Some(Rate::new(Decimal::new(3, 2))), ..by_ratio.settings().target },
        reduce: Level { distance: Some(Rate::new(Decimal::new(2, 2))), ..by_ratio.settings().reduce },
        ..*by_ratio.settings()
    };
    let by_both = Thresholds::new(settings).unwrap();
    let deep = ThresholdSettings {
        target: Level { ratio: MarginRatio::reported(Decimal::new(1, 1)), distance: None },
        ..*by_ratio.settings()
    };
    let deep = Thresholds::new(deep).unwrap();
    let mut group = criterion.benchmark_group("plan for 1,000 positions");
    for (name, account, thresholds, reductions) in [
        ("cross, calm", account(&instruments, 50), &by_ratio, 0),
        ("cross, reduced to the ratio", account(&instruments, 85), &by_ratio, 1),
        ("cross, reduced to ratio and distance", account(&instruments, 85), &by_both, 1),
        ("cross, nearly all of it sold", account(&instruments, 94), &deep, 500),
        ("cross, flattened", account(&instruments, 97), &by_ratio, 0),
        ("isolated, each reduced to the ratio", isolated(&instruments, 85), &by_ratio, 1000),
    ] {
        let found = plan(&account, thresholds).iter().filter(|it| matches!(it, Action::Reduce { .. })).count();
        assert!(found >= reductions && (reductions > 0 || found == 0), "{name}: {found} reductions");
        group.bench_function(name, |bench| bench.iter(|| plan(black_box(&account), thresholds)));
    }
    group.finish();
}

fn pre_trade(criterion: &mut Criterion) {
    let instruments = instruments(101);
    let (held, contract) = (account(&instruments[..100], 30), &instruments[100]);
    let portfolio = held.portfolio();
    let (limits, switch) = (RiskLimits::default(), KillSwitch::Released);
    let (quantity, mark, leverage) = ("0.1".parse().unwrap(), "49800".parse().unwrap(), Leverage::new(5).unwrap());
    let decide = |liquidation: &dyn Fn(Holding<'_>) -> Liquidation| {
        let made = Projection::of(contract, None, Direction::Long, quantity, mark, leverage);
        let holding = Holding {
            symbol: &contract.symbol,
            position: made.after.unwrap(),
            mark,
            collateral: Collateral::Cross,
            tiers: &contract.tiers,
            closing_fee: Rate::ZERO,
        };
        let distance = distance_to(liquidation(holding), mark);
        let facts = made.facts(leverage, 100, portfolio.wallet, distance, Some(Money::ZERO));
        let account = AccountFacts {
            equity: portfolio.wallet,
            available: portfolio.wallet,
            day_start_equity: portfolio.wallet,
            peak_equity: portfolio.wallet,
            state_age: Some(Duration::ZERO),
            kill_switch: &switch,
            margin_in_use: portfolio.wallet,
            elsewhere: Elsewhere::default(),
            allowance: Allowance::default(),
        };
        check(&OrderFacts::Adds(facts), &account, &limits)
    };
    let assessed = |made: Holding<'_>| {
        let holdings = portfolio.holdings.iter().copied().chain([made]).collect();
        let assessment = Portfolio { wallet: portfolio.wallet, holdings }.assess();
        assessment.positions.last().unwrap().liquidation
    };
    let summed = portfolio.clone().summed();
    let mut group = criterion.benchmark_group("check before an order, 100 positions");
    group.bench_function("every liquidation price", |bench| bench.iter(|| decide(&assessed)));
    group.bench_function("sums taken anew", |bench| {
        bench.iter(|| decide(&|made| portfolio.clone().summed().liquidation_with(&made, None)));
    });
    group.bench_function("sums at hand", |bench| {
        bench.iter(|| decide(&|made| black_box(&summed).liquidation_with(&made, None)));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = plans, pre_trade
}
criterion_main!(benches);
