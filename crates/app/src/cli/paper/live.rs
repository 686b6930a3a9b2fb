//! A venue's prices as they come, put together for every account.

use super::recording::Writer;
use crate::failure::Failure;
use crate::venue::Venue;
use futures_util::stream::{BoxStream, SelectAll};
use futures_util::{StreamExt, stream};
use plimsoll_backtest::{Moment, MomentPrice};
use plimsoll_domain::{FundingRate, MarketEvent, Price, Symbol, Timestamp};
use plimsoll_ports::{Clock, MarketItem, MarketStream, SystemClock};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// Prices of this time are one moment.
const EVERY: Duration = Duration::from_millis(250);

/// What funding is to come is asked for so often.
const FUNDING_EVERY: Duration = Duration::from_secs(60);

/// Prices that cannot be had are asked for again after so long.
const RETRY: Duration = Duration::from_secs(5);

/// So many moments may wait for the simulation, which replays what was recorded first.
const WAITING: usize = 100_000;

/// An account's venue, and the contracts whose prices are wanted: each by its market's number.
pub(super) struct Source {
    pub(super) venue: Venue,
    pub(super) markets: Vec<(usize, Symbol)>,
}

enum Heard {
    Price(usize, MarketEvent),
    Away(String),
}

/// What is known of a market, as far as it was told.
#[derive(Default)]
struct Known {
    last: Option<Price>,
    mark: Option<Price>,
    has_changed: bool,
    funding: Option<FundingRate>,
}

/// Hears prices until it is asked to stop, on a thread of its own; writes each moment down before anybody acts on it.
pub(super) fn listen(
    sources: Vec<Source>,
    writer: Option<Writer>,
    after: Timestamp,
    duration: Option<Duration>,
) -> Result<Receiver<Result<Moment, Failure>>, Failure> {
    let (sender, receiver) = sync_channel(WAITING);
    let runtime = crate::cli::runtime()?;
    std::thread::spawn(move || {
        let ended = runtime.block_on(async {
            tokio::select! {
                heard = hear(sources, writer, after, &sender) => heard,
                asked = crate::cli::signals::stopped() => asked,
                () = over(duration) => Ok(()),
            }
        });
        if let Err(failure) = ended {
            // Whoever waits for prices has ended.
            drop(sender.send(Err(failure)));
        }
    });
    Ok(receiver)
}

async fn over(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}

async fn hear(
    sources: Vec<Source>,
    mut writer: Option<Writer>,
    after: Timestamp,
    sender: &SyncSender<Result<Moment, Failure>>,
) -> Result<(), Failure> {
    let count = sources.iter().flat_map(|source| &source.markets).map(|(number, _)| number + 1).max().unwrap_or(0);
    let mut known: Vec<Known> = (0..count).map(|_| Known::default()).collect();
    let mut heard: SelectAll<BoxStream<'static, Heard>> = SelectAll::new();
    for source in sources {
        heard.extend(feeds(source));
    }
    let (mut last, mut beat) = (after, tokio::time::interval(EVERY));
    loop {
        tokio::select! {
            biased;
            _ = beat.tick() => {
                // Time never stands still, and never goes back.
                let time = SystemClock.now().max(Timestamp::from_micros(last.as_micros() + 1));
                let Some(moment) = moment(&mut known, time) else { continue };
                last = time;
                if let Some(writer) = &mut writer {
                    writer.moment(&moment)?;
                }
                if sender.send(Ok(moment)).is_err() {
                    return Ok(());
                }
            }
            Some(it) = heard.next() => match it {
                Heard::Price(number, event) => {
                    if let Some(known) = known.get_mut(number) {
                        known.hear(event);
                    }
                }
                Heard::Away(why) => crate::screen::aside(format!("prices are away: {why}")),
            }
        }
    }
}

/// What has changed since the last moment; `None` if nothing has.
fn moment(known: &mut [Known], time: Timestamp) -> Option<Moment> {
    // A rate waits for the next price.
    if !known.iter().any(|known| known.has_changed && (known.last.is_some() || known.mark.is_some())) {
        return None;
    }
    let mut it = Moment { time, prices: Vec::new(), closed: Vec::new(), fundings: Vec::new() };
    for (market, known) in known.iter_mut().enumerate() {
        let Some(last) = known.last.or(known.mark) else { continue };
        if std::mem::take(&mut known.has_changed) {
            it.prices.push(MomentPrice { market, last, mark: known.mark.unwrap_or(last) });
        }
        if let Some(funding) = known.funding.take()
            && let Some(due) = funding.next_time
        {
            it.fundings.push((market, due, funding.rate));
        }
    }
    (!it.prices.is_empty()).then_some(it)
}

impl Known {
    fn hear(&mut self, event: MarketEvent) {
        match event {
            MarketEvent::Mark(mark) => {
                self.has_changed |= self.mark.replace(mark.price) != Some(mark.price);
            }
            // The outside market's last price is its best bid: an order that buys pays the tick above.
            MarketEvent::Quotes(quotes) => {
                let last = quotes.bid.map(|(price, _)| price).or(quotes.last);
                self.has_changed |= last.is_some() && self.last != last;
                self.last = last.or(self.last);
            }
            MarketEvent::Funding(funding) => self.funding = Some(funding),
            _ => {}
        }
    }
}

fn feeds(source: Source) -> Vec<BoxStream<'static, Heard>> {
    let Source { venue, markets } = source;
    let mut all = vec![prices(venue.clone(), markets.clone())];
    all.extend(markets.into_iter().map(|(number, symbol)| funding(venue.clone(), number, symbol)));
    all
}

fn prices(venue: Venue, markets: Vec<(usize, Symbol)>) -> BoxStream<'static, Heard> {
    struct At {
        venue: Venue,
        markets: Vec<(usize, Symbol)>,
        flowing: Option<Box<dyn MarketStream>>,
        has_failed: bool,
    }
    let at = At { venue, markets, flowing: None, has_failed: false };
    stream::unfold(at, |mut at| async move {
        loop {
            if std::mem::take(&mut at.has_failed) {
                tokio::time::sleep(RETRY).await;
            }
            let Some(flowing) = &mut at.flowing else {
                let symbols: Vec<Symbol> = at.markets.iter().map(|(_, symbol)| symbol.clone()).collect();
                match at.venue.feed.subscribe(&symbols).await {
                    Ok(flowing) => at.flowing = Some(flowing),
                    Err(error) => {
                        at.has_failed = true;
                        return Some((Heard::Away(error.to_string()), at));
                    }
                }
                continue;
            };
            match flowing.next().await {
                Some(MarketItem::Event(event)) => {
                    let symbol = match &event {
                        MarketEvent::Mark(it) => &it.symbol,
                        MarketEvent::Quotes(it) => &it.symbol,
                        _ => continue,
                    };
                    let Some((number, _)) = at.markets.iter().find(|(_, known)| known == symbol) else { continue };
                    return Some((Heard::Price(*number, event), at));
                }
                Some(MarketItem::Connected) => {}
                Some(MarketItem::Disconnected { reason }) => return Some((Heard::Away(reason), at)),
                None => {
                    (at.flowing, at.has_failed) = (None, true);
                    return Some((Heard::Away("the prices have ended".to_owned()), at));
                }
            }
        }
    })
    .boxed()
}

fn funding(venue: Venue, number: usize, symbol: Symbol) -> BoxStream<'static, Heard> {
    let at = (venue, symbol, true);
    stream::unfold(at, move |(venue, symbol, is_first)| async move {
        if !is_first {
            tokio::time::sleep(FUNDING_EVERY).await;
        }
        let heard = match venue.funding_rates.current(&symbol).await {
            Ok(rate) => Heard::Price(number, MarketEvent::Funding(rate)),
            Err(error) => Heard::Away(format!("the funding of {symbol}: {error}")),
        };
        Some((heard, (venue, symbol, false)))
    })
    .boxed()
}
