//! What a desk hears of markets, as streams that mend themselves.

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use plimsoll_domain::{Candle, FundingRate, MarketEvent, Symbol, Timestamp};
use plimsoll_ports::{Clock, FundingRates, MarketFeed, MarketItem, MarketStream};
use std::sync::Arc;
use std::time::Duration;

/// Prices that could not be had are asked for again after so long.
const RETRY: Duration = Duration::from_secs(5);

/// A candle that has just closed is asked for again after so long, while the venue does not have it.
const CANDLE_RETRY: Duration = Duration::from_secs(1);

/// So often, and then it is left out: a venue need not have a candle in which nobody traded.
const CANDLE_TRIES: u32 = 30;

/// What funding is to come is asked for so often.
const FUNDING_EVERY: Duration = Duration::from_secs(60);

/// One thing that is heard.
pub(super) enum Heard {
    /// Of an account's venue.
    Market(usize, MarketEvent),
    /// A closed candle of a channel, by its place among those that hear candles.
    Candle(usize, Candle),
    /// What is away.
    Trouble(String),
}

/// Marks, quotes and trades of an account's contracts.
pub(super) fn prices(
    account: usize,
    feed: Arc<dyn MarketFeed>,
    symbols: Vec<Symbol>,
    clock: Arc<dyn Clock>,
) -> BoxStream<'static, Heard> {
    struct At {
        feed: Arc<dyn MarketFeed>,
        symbols: Vec<Symbol>,
        clock: Arc<dyn Clock>,
        flowing: Option<Box<dyn MarketStream>>,
        has_failed: bool,
    }
    let at = At { feed, symbols, clock, flowing: None, has_failed: false };
    stream::unfold(at, move |mut at| async move {
        loop {
            if std::mem::take(&mut at.has_failed) {
                at.clock.sleep(RETRY).await;
            }
            let Some(flowing) = &mut at.flowing else {
                match at.feed.subscribe(&at.symbols).await {
                    Ok(flowing) => at.flowing = Some(flowing),
                    Err(error) => {
                        at.has_failed = true;
                        return Some((Heard::Trouble(format!("prices cannot be had: {error}")), at));
                    }
                }
                continue;
            };
            match flowing.next().await {
                Some(MarketItem::Event(event)) => return Some((Heard::Market(account, event), at)),
                Some(MarketItem::Connected) => {}
                Some(MarketItem::Disconnected { reason }) => {
                    return Some((Heard::Trouble(format!("prices do not flow: {reason}")), at));
                }
                None => {
                    (at.flowing, at.has_failed) = (None, true);
                    return Some((Heard::Trouble("the prices have ended".to_owned()), at));
                }
            }
        }
    })
    .boxed()
}

/// Which candles a channel hears.
#[derive(Clone)]
pub(super) struct CandleFeed {
    pub(super) place: usize,
    pub(super) feed: Arc<dyn MarketFeed>,
    pub(super) symbol: Symbol,
    pub(super) interval: Duration,
    /// When the next one begins.
    pub(super) next: Timestamp,
}

/// Closed candles, each once, from [`next`](CandleFeed::next) on.
pub(super) fn candles(of: CandleFeed, clock: Arc<dyn Clock>) -> BoxStream<'static, Heard> {
    struct At {
        of: CandleFeed,
        clock: Arc<dyn Clock>,
        tries: u32,
    }
    let at = At { of, clock, tries: 0 };
    stream::unfold(at, |mut at| async move {
        loop {
            let CandleFeed { place, feed, symbol, interval, next } = &at.of;
            let now = at.clock.now();
            let closes = next.plus(*interval);
            if now < closes {
                at.clock.sleep(closes.since(now)).await;
                continue;
            }
            let until = begin_of(now, *interval);
            let (place, next) = (*place, *next);
            let trouble = match feed.candles(symbol, *interval, next, until).await {
                Ok(candles) => {
                    let new: Vec<Candle> = candles.into_iter().filter(|it| it.closed && it.open_time >= next).collect();
                    if let Some(last) = new.last() {
                        at.of.next = last.open_time.plus(last.interval);
                        at.tries = 0;
                        let heard: Vec<Heard> = new.into_iter().map(|it| Heard::Candle(place, it)).collect();
                        return Some((heard, at));
                    }
                    None
                }
                Err(error) => Some(error.to_string()),
            };
            at.tries += 1;
            if at.tries < CANDLE_TRIES {
                at.clock.sleep(CANDLE_RETRY).await;
                continue;
            }
            // One that cannot be asked for is asked for again; one that is not there is left out.
            if trouble.is_none() {
                at.of.next = until;
            }
            at.tries = 0;
            let why = trouble.unwrap_or_else(|| "the venue has none".to_owned());
            let what = format!("no candle of {} from {next} until {until}: {why}", at.of.symbol);
            return Some((vec![Heard::Trouble(what)], at));
        }
    })
    .flat_map(stream::iter)
    .boxed()
}

/// The funding to come, each time that it is another one.
pub(super) fn funding(
    account: usize,
    rates: Arc<dyn FundingRates>,
    symbol: Symbol,
    clock: Arc<dyn Clock>,
) -> BoxStream<'static, Heard> {
    struct At {
        rates: Arc<dyn FundingRates>,
        symbol: Symbol,
        clock: Arc<dyn Clock>,
        told: Option<FundingRate>,
        is_first: bool,
    }
    let at = At { rates, symbol, clock, told: None, is_first: true };
    stream::unfold(at, move |mut at| async move {
        loop {
            if !std::mem::take(&mut at.is_first) {
                at.clock.sleep(FUNDING_EVERY).await;
            }
            match at.rates.current(&at.symbol).await {
                Ok(rate) if at.told.as_ref().is_some_and(|told| is_same(told, &rate)) => {}
                Ok(rate) => {
                    at.told = Some(rate.clone());
                    return Some((Heard::Market(account, MarketEvent::Funding(rate)), at));
                }
                Err(error) => {
                    let what = format!("the funding of {} cannot be had: {error}", at.symbol);
                    return Some((Heard::Trouble(what), at));
                }
            }
        }
    })
    .boxed()
}

fn is_same(told: &FundingRate, new: &FundingRate) -> bool {
    (told.rate, told.next_time, told.interval_hours) == (new.rate, new.next_time, new.interval_hours)
}

/// When the interval begins that this time is in; intervals begin at whole ones since 1970.
pub(super) fn begin_of(time: Timestamp, interval: Duration) -> Timestamp {
    let interval = i64::try_from(interval.as_micros()).unwrap_or(i64::MAX).max(1);
    let micros = time.as_micros();
    Timestamp::from_micros(micros.saturating_sub(micros.rem_euclid(interval)))
}
