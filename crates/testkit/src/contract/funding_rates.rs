//! What [`FundingRates`](plimsoll_ports::FundingRates) promises.

use super::stage::{FundingStage, Trader};
use super::suite::{Failure, Outcome, Suite, ensure, ensure_eq, eventually};
use plimsoll_domain::Symbol;
use plimsoll_ports::{QueryError, RefusalReason};
use std::time::Duration;

/// Runs every case, each on a fresh stage.
///
/// # Panics
/// If a promise is broken; the message names every broken one.
pub async fn run<S: FundingStage>(fresh: impl AsyncFn() -> S) {
    let mut suite = Suite::new("FundingRates");
    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {
            $(suite.case(stringify!($case), async { $case(&fresh().await).await }).await;)+
        };
    }
    cases![
        the_coming_rate_has_its_time_and_interval,
        an_unknown_contract_has_no_rate,
        settled_rates_are_sorted_and_within_what_was_asked,
    ];
    suite.finish();
}

async fn the_coming_rate_has_its_time_and_interval(stage: &dyn FundingStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let rate = stage.rates().current(&it.symbol).await?;
    ensure_eq!(rate.symbol, it.symbol, "contract");
    let (Some(next), Some(hours)) = (rate.next_time, rate.interval_hours) else {
        return Err(Failure::new(format!("no time or no interval: {rate:?}")));
    };
    ensure_eq!(hours, it.instrument.funding_interval_hours, "the interval");
    let interval = Duration::from_secs(3600 * u64::from(hours));
    ensure!(next > rate.time && next <= rate.time.plus(interval), "not the coming settlement: {rate:?}");
    ensure!(rate.mark_price.is_some(), "no mark price: {rate:?}");
    Ok(())
}

async fn an_unknown_contract_has_no_rate(stage: &dyn FundingStage) -> Outcome {
    let unknown = Symbol::new("NOSUCHCOIN", "USDT", "USDT")?;
    match stage.rates().current(&unknown).await {
        Err(QueryError::Refused(refusal)) => ensure_eq!(refusal.reason, RefusalReason::NotTrading, "the refusal"),
        other => ensure!(false, "not refused: {other:?}"),
    }
    Ok(())
}

async fn settled_rates_are_sorted_and_within_what_was_asked(stage: &dyn FundingStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let coming = stage.rates().current(&it.symbol).await?;
    for _ in 0..2 {
        if !stage.settle_funding().await {
            println!("  left out: the stage cannot settle funding");
            return Ok(());
        }
    }
    let from = coming.time;
    let now = stage.rates().current(&it.symbol).await?.time.plus(Duration::from_secs(60));
    let settled = eventually("both settlements are published", || async {
        Ok(Some(stage.rates().history(&it.symbol, from, now).await?).filter(|rates| rates.len() >= 2))
    })
    .await?;
    ensure!(settled.is_sorted_by(|a, b| a.time < b.time), "not oldest first: {settled:?}");
    ensure!(settled.iter().all(|rate| rate.time >= from && rate.time < now), "not what was asked: {settled:?}");
    ensure!(settled.iter().all(|rate| rate.symbol == it.symbol), "another contract: {settled:?}");
    let (Some(first), Some(last)) = (settled.first(), settled.last()) else { return Ok(()) };
    ensure_eq!(Some(first.time.start_of_day()), coming.next_time.map(|time| time.start_of_day()), "the announced day");
    let fewer = stage.rates().history(&it.symbol, from, last.time).await?;
    ensure_eq!(fewer.len(), settled.len() - 1, "the end is excluded: rates");
    let same = stage.rates().history(&it.symbol, first.time, last.time).await?;
    ensure_eq!(same, fewer, "the beginning is included: rates");
    Ok(())
}
