//! Candles that strategies want, and those that there are: a strategy that waits for others hears nothing for ever.

use super::account::Account;
use super::problem::{Origin, Problem};
use super::reader::Reader;
use super::strategies::StrategyConfig;
use plimsoll_history::interval_word;
use plimsoll_ports::FeedKind;
use plimsoll_strategies::Place;
use std::time::Duration;

/// A strategy that hears candles of a contract.
struct Hears<'s> {
    strategy: &'s StrategyConfig,
    place: Place,
    interval: Duration,
}

/// Tells of every strategy whose candles are not to be had. A venue is asked for the shortest that anybody hears of a contract;
/// longer ones are made of these.
pub(super) fn check(strategies: &[StrategyConfig], accounts: &[Account], reader: &mut Reader<'_>) {
    let hears: Vec<Hears<'_>> = strategies.iter().flat_map(heard).collect();
    for it in &hears {
        let Some(account) = accounts.iter().find(|account| account.name == it.place.account) else { continue };
        let of_the_contract = hears.iter().filter(|other| other.place == it.place);
        let Some(shortest) = of_the_contract.min_by_key(|other| other.interval) else { continue };
        let had = account.venue.candle_intervals();
        let word = interval_word(it.interval);
        let what = if shortest.interval < it.interval {
            if is_made_of(it.interval, shortest.interval) {
                continue;
            }
            let (other, shortest) = (&shortest.strategy.name, interval_word(shortest.interval));
            format!("candles of {word} are not made of those of {shortest}, which '{other}' hears of {}", it.place)
        } else if had.contains(&it.interval) {
            continue;
        } else {
            format!("{} has no candles of {word}", account.venue.title())
        };
        let words: Vec<String> = had.into_iter().map(interval_word).collect();
        let remedy = format!("{} has {}", account.venue.title(), words.join(", "));
        let path = format!("strategies.{}.settings.interval", it.strategy.name);
        let origin = match reader.origin_of(&path) {
            Origin::Default => reader.origin_of(&format!("strategies.{}.on", it.strategy.name)),
            written => written,
        };
        reader.wrong(Problem::new(origin, &path, what, remedy));
    }
}

fn heard(strategy: &StrategyConfig) -> Vec<Hears<'_>> {
    let feeds = strategy.build().map(|built| built.feeds()).unwrap_or_default();
    let candles = feeds.into_iter().filter_map(|feed| {
        let FeedKind::Candles(interval) = feed.kind else { return None };
        Some(Hears { strategy, place: Place { account: feed.account, symbol: feed.symbol }, interval })
    });
    candles.collect()
}

fn is_made_of(long: Duration, short: Duration) -> bool {
    long.as_millis().is_multiple_of(short.as_millis().max(1))
}
