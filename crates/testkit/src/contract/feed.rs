//! What [`MarketFeed`](plimsoll_ports::MarketFeed) promises.

use super::stage::{FeedStage, Trader};
use super::suite::{Failure, Outcome, Suite, ensure, ensure_eq, eventually};
use plimsoll_domain::{Decimal, MarketEvent, Price, Symbol};
use plimsoll_ports::{MarketItem, MarketStream, QueryError, RefusalReason};
use std::time::Duration;

/// Runs every case, each on a fresh stage.
///
/// # Panics
/// If a promise is broken; the message names every broken one.
pub async fn run<S: FeedStage>(fresh: impl AsyncFn() -> S) {
    let mut suite = Suite::new("MarketFeed");
    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {
            $(suite.case(stringify!($case), async { $case(&fresh().await).await }).await;)+
        };
    }
    cases![
        the_mark_price_follows_the_market,
        the_best_quotes_stand_around_the_price,
        an_unknown_contract_has_no_price,
        candles_are_closed_sorted_and_within_what_was_asked,
        a_subscription_tells_prices_as_they_come,
        a_cut_is_told_and_made_good,
    ];
    suite.finish();
}

async fn the_mark_price_follows_the_market(stage: &dyn FeedStage) -> Outcome {
    let it = Trader::new(stage).await?;
    for thousandths in [0, 10, -20] {
        let wanted = it.off(thousandths).await?;
        stage.move_price(wanted).await;
        eventually("the mark price is the market's", || async {
            let mark = stage.feed().mark_price(&it.symbol).await?;
            Ok((mark.symbol == it.symbol && mark.price == wanted).then_some(()))
        })
        .await?;
    }
    Ok(())
}

async fn the_best_quotes_stand_around_the_price(stage: &dyn FeedStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let quotes = stage.feed().best_quotes(&it.symbol).await?;
    let (Some((bid, _)), Some((ask, _))) = (quotes.bid, quotes.ask) else {
        return Err(Failure::new(format!("a side is missing: {quotes:?}")));
    };
    ensure!(bid < ask, "crossed: {quotes:?}");
    let price = stage.price().await;
    let near = |quote: Price| ((quote.get() - price.get()) / price.get()).abs() < Decimal::new(1, 2);
    ensure!(near(bid) && near(ask), "far from {price}: {quotes:?}");
    Ok(())
}

async fn an_unknown_contract_has_no_price(stage: &dyn FeedStage) -> Outcome {
    let unknown = Symbol::new("NOSUCHCOIN", "USDT", "USDT")?;
    match stage.feed().mark_price(&unknown).await {
        Err(QueryError::Refused(refusal)) => ensure_eq!(refusal.reason, RefusalReason::NotTrading, "the refusal"),
        other => ensure!(false, "not refused: {other:?}"),
    }
    Ok(())
}

async fn candles_are_closed_sorted_and_within_what_was_asked(stage: &dyn FeedStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let interval = Duration::from_secs(60);
    let now = stage.feed().mark_price(&it.symbol).await?.time;
    let (from, to) = (now.minus(Duration::from_secs(3600)), now.plus(Duration::from_secs(3600)));
    let candles = stage.feed().candles(&it.symbol, interval, from, to).await?;
    ensure!(candles.is_sorted_by(|a, b| a.open_time < b.open_time), "not oldest first: {candles:?}");
    for candle in &candles {
        ensure!(candle.closed && candle.open_time.plus(interval) <= to, "not closed: {candle:?}");
        ensure!(candle.open_time >= from && candle.open_time < to, "not what was asked: {candle:?}");
        ensure_eq!((&candle.symbol, candle.interval), (&it.symbol, interval), "contract and interval");
        ensure!(candle.low <= candle.open && candle.low <= candle.close, "low is not the lowest: {candle:?}");
        ensure!(candle.high >= candle.open && candle.high >= candle.close, "high is not the highest: {candle:?}");
    }
    if let Some(last) = candles.last() {
        let until_it = stage.feed().candles(&it.symbol, interval, from, last.open_time).await?;
        ensure!(until_it.iter().all(|candle| candle.open_time < last.open_time), "the end is not excluded");
    }
    Ok(())
}

async fn a_subscription_tells_prices_as_they_come(stage: &dyn FeedStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let mut stream = stage.feed().subscribe(std::slice::from_ref(&it.symbol)).await?;
    connects(&mut *stream).await?;
    for thousandths in [5, -15] {
        let wanted = it.off(thousandths).await?;
        stage.move_price(wanted).await;
        hears(&mut *stream, &format!("the mark price {wanted}"), |item| is_mark(item, wanted)).await?;
    }
    Ok(())
}

async fn a_cut_is_told_and_made_good(stage: &dyn FeedStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let mut stream = stage.feed().subscribe(std::slice::from_ref(&it.symbol)).await?;
    connects(&mut *stream).await?;
    if !stage.cut_feed().await {
        println!("  left out: the stage cannot cut its feed");
        return Ok(());
    }
    hears(&mut *stream, "the cut", |item| matches!(item, MarketItem::Disconnected { .. })).await?;
    connects(&mut *stream).await?;
    let wanted = it.off(5).await?;
    stage.move_price(wanted).await;
    hears(&mut *stream, &format!("the mark price {wanted}"), |item| is_mark(item, wanted)).await
}

async fn connects(stream: &mut dyn MarketStream) -> Outcome {
    hears(stream, "the connection stands", |item| *item == MarketItem::Connected).await
}

fn is_mark(item: &MarketItem, wanted: Price) -> bool {
    matches!(item, MarketItem::Event(MarketEvent::Mark(mark)) if mark.price == wanted)
}

async fn hears(stream: &mut dyn MarketStream, what: &str, wanted: impl Fn(&MarketItem) -> bool) -> Outcome {
    for _ in 0..1000 {
        let item = tokio::time::timeout(Duration::from_secs(20), stream.next()).await;
        match item {
            Ok(Some(item)) if wanted(&item) => return Ok(()),
            Ok(Some(_)) => {}
            Ok(None) => return Err(Failure::new(format!("{what}: the stream has ended"))),
            Err(_) => return Err(Failure::new(format!("{what}: nothing for 20 s"))),
        }
    }
    Err(Failure::new(format!("{what}: not among the last 1000 items")))
}
