//! What a desk hears of markets: who is to be listened to, and what of it reaches whom.

use super::feeds::{self, CandleFeed, Heard};
use super::{CandleChannel, TradingDesk, TradingNews};
use crate::desk::Desk;
use futures_util::stream::{BoxStream, SelectAll};
use plimsoll_domain::{AccountId, Candle, MarketEvent, Symbol, Timestamp};
use plimsoll_ports::FeedKind;
use std::sync::Arc;

impl TradingDesk {
    /// Everything that somebody has to hear.
    pub(super) fn listen(&self) -> SelectAll<BoxStream<'static, Heard>> {
        let (mut heard, feeds) = (SelectAll::new(), self.desk.feeds());
        for (place, id) in self.names.iter().enumerate() {
            let its = feeds.iter().filter(|feed| feed.account == *id);
            let mut symbols: Vec<Symbol> = its.clone().map(|feed| feed.symbol.clone()).collect();
            symbols.dedup();
            let account = &self.accounts[place].account;
            if !symbols.is_empty() {
                heard.push(feeds::prices(place, Arc::clone(&account.feed), symbols, Arc::clone(&self.clock)));
            }
            for feed in its.filter(|feed| feed.kind == FeedKind::Funding) {
                let (rates, clock) = (Arc::clone(&account.funding_rates), Arc::clone(&self.clock));
                heard.push(feeds::funding(place, rates, feed.symbol.clone(), clock));
            }
        }
        for (place, channel) in self.candles.iter().enumerate() {
            heard.push(feeds::candles(self.candle_feed(place, channel), Arc::clone(&self.clock)));
        }
        heard
    }

    fn candle_feed(&self, place: usize, channel: &CandleChannel) -> CandleFeed {
        let feed = Arc::clone(&self.accounts[channel.account].account.feed);
        let CandleChannel { symbol, interval, next, .. } = channel;
        CandleFeed { place, feed, symbol: symbol.clone(), interval: *interval, next: *next }
    }

    pub(super) fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Market(account, event) => self.hear_market(account, &event),
            Heard::Candle(place, candle) => self.hear_candle(place, candle),
            Heard::Trouble(what) => self.news.push(TradingNews::Trouble { what }),
        }
    }

    fn hear_market(&mut self, account: usize, event: &MarketEvent) {
        self.accounts[account].hear(event);
        let symbol = match event {
            MarketEvent::Mark(mark) => &mark.symbol,
            MarketEvent::Quotes(quotes) => &quotes.symbol,
            MarketEvent::Funding(funding) => &funding.symbol,
            MarketEvent::Settled(settled) => &settled.symbol,
            _ => return,
        };
        let Some(channel) = self.desk.channel(account, symbol) else { return };
        let Self { desk, accounts, wanted, clock, .. } = self;
        desk.hear(channel, clock.now(), accounts, event, wanted);
    }

    pub(super) fn hear_candle(&mut self, place: usize, candle: Candle) {
        let Self { desk, accounts, wanted, clock, candles, names, news, .. } = self;
        let Some(it) = candles.get_mut(place) else { return };
        it.next = candle.open_time.plus(candle.interval);
        self.is_past = clock.now().since(it.next) > self.settings.stale_after;
        let event = MarketEvent::Candle(candle);
        desk.hear(it.channel, clock.now(), accounts, &event, wanted);
        self.is_dirty = true;
        if let MarketEvent::Candle(candle) = event {
            news.push(TradingNews::Candle { account: names[it.account].clone(), candle: Box::new(candle) });
        }
    }
}

pub(super) fn candle_channels(desk: &Desk, names: &[AccountId], now: Timestamp) -> Vec<CandleChannel> {
    let mut channels: Vec<CandleChannel> = Vec::new();
    for feed in desk.feeds() {
        let FeedKind::Candles(interval) = feed.kind else { continue };
        let Some(account) = names.iter().position(|id| *id == feed.account) else { continue };
        let Some(channel) = desk.channel(account, &feed.symbol) else { continue };
        // The shortest comes first: longer ones are built from it.
        if channels.iter().any(|it| it.channel == channel) {
            continue;
        }
        let next = feeds::begin_of(now, interval);
        channels.push(CandleChannel { channel, account, symbol: feed.symbol, interval, next });
    }
    channels
}
