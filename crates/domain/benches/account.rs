//! What it costs to take an event into an account's state, beside the least that any state would cost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use criterion::{Criterion, criterion_group, criterion_main};
use plimsoll_domain::*;
use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Fills of one day, say: beyond what the state remembers, so that forgetting is in the figure.
const FILLS: i64 = 32_768;

fn fill(id: i64) -> Fill {
    let up = id % 4 < 2;
    Fill {
        trade_id: TradeId::new((1_000_000 + id).to_string()),
        order_id: OrderId::new((8_886_774 + id / 2).to_string()),
        client_order_id: ClientOrderId::reported(format!("plimsoll-{id}")),
        symbol: Symbol::new("BTC", "USDT", "USDT").unwrap(),
        side: if up { Side::Buy } else { Side::Sell },
        position_side: PositionSide::Both,
        price: Price::new(Decimal::new(600_000 + id % 977, 1)).unwrap(),
        quantity: Quantity::new(Decimal::new(if up { 3 } else { 2 }, 3)).unwrap(),
        fee: Money::new(Decimal::new(24, 3)),
        fee_currency: Some(Currency::new("USDT")),
        liquidity: Some(Liquidity::Taker),
        realized_pnl: Some(Money::ZERO),
        cause: FillCause::Order,
        time: Timestamp::from_millis(1_700_000_000_000 + id),
    }
}

fn report(id: i64) -> PositionReport {
    let quantity = Quantity::new(Decimal::new(1 + id % 50, 3)).unwrap();
    let entry = Price::new(Decimal::new(600_000 + id % 977, 1)).unwrap();
    PositionReport {
        symbol: Symbol::new("BTC", "USDT", "USDT").unwrap(),
        position_side: PositionSide::Both,
        position: Some(Position { direction: Direction::Long, quantity, entry }),
        mark_price: None,
        liquidation_price: None,
        unrealized_pnl: Some(Money::new(Decimal::new(id, 4))),
        realized_pnl: Some(Money::new(Decimal::new(id, 2))),
        leverage: None,
        margin_mode: Some(MarginMode::Cross),
        isolated_margin: None,
        maintenance_margin: None,
        margin_ratio: None,
        stamp: Stamp::at(Timestamp::from_millis(1_700_000_000_000 + id)),
    }
}

/// An account with positions and marks in a dozen other contracts.
fn account() -> AccountState {
    let mut state = AccountState::new();
    for (id, base) in
        ["ADA", "APT", "ARB", "AVAX", "BNB", "DOGE", "ETH", "LINK", "OP", "SOL", "SUI", "XRP"].into_iter().enumerate()
    {
        let symbol = Symbol::new(base, "USDT", "USDT").unwrap();
        let other = Fill { symbol, ..fill(i64::try_from(id).unwrap()) };
        state.apply(&AccountEvent::Fill(other));
    }
    state
}

/// Time for `rounds` events, taken by a fresh `start` after each pass over `events`.
fn time<S, E>(rounds: u64, events: &[E], start: impl Fn() -> S, take: impl Fn(&mut S, &E)) -> Duration {
    let mut left = usize::try_from(rounds).unwrap();
    let mut total = Duration::ZERO;
    while left > 0 {
        let mut state = start();
        let pass = &events[..left.min(events.len())];
        let begun = Instant::now();
        for event in pass {
            take(&mut state, event);
        }
        total += begun.elapsed();
        left -= pass.len();
    }
    total
}

fn apply(state: &mut AccountState, event: &AccountEvent) {
    black_box(state.apply(black_box(event)));
}

fn benches(criterion: &mut Criterion) {
    let fills: Vec<Fill> = (0..FILLS).map(fill).collect();
    let fill_events: Vec<AccountEvent> = fills.iter().cloned().map(AccountEvent::Fill).collect();
    let reports: Vec<AccountEvent> = (0..FILLS).map(report).map(AccountEvent::Position).collect();
    let both: Vec<[AccountEvent; 2]> =
        fill_events.iter().cloned().zip(reports.iter().cloned()).map(|(fill, report)| [fill, report]).collect();

    let mut group = criterion.benchmark_group("account");
    group.bench_function("floor: remember the trade id, clone the fill", |bencher| {
        bencher.iter_custom(|rounds| {
            time(rounds, &fills, HashMap::new, |known: &mut HashMap<TradeId, Timestamp>, fill| {
                known.insert(fill.trade_id.clone(), fill.time);
                black_box(vec![black_box(fill).clone()]);
            })
        });
    });
    group.bench_function("apply a fill", |bencher| {
        bencher.iter_custom(|rounds| time(rounds, &fill_events, account, apply));
    });
    group.bench_function("apply a fill again", |bencher| {
        let known = || {
            let mut state = account();
            fill_events.iter().for_each(|event| apply(&mut state, event));
            state
        };
        let known = known();
        bencher.iter_custom(|rounds| time(rounds, &fill_events, || known.clone(), apply));
    });
    group.bench_function("apply a position report", |bencher| {
        bencher.iter_custom(|rounds| time(rounds, &reports, account, apply));
    });
    group.bench_function("apply a fill and its position report", |bencher| {
        bencher.iter_custom(|rounds| {
            time(rounds, &both, account, |state, [fill, report]| {
                apply(state, fill);
                apply(state, report);
            })
        });
    });
    group.finish();
}

criterion_group!(account_benches, benches);
criterion_main!(account_benches);
