//! Beginning: what was saved is taken up, what happened since is told, and the past is heard.

use super::handle::{SeatState, Word};
use super::orders::{IntentState, Standing, Whose};
use super::saving::SavedState;
use super::{TradingDesk, TradingNews, feeds};
use crate::client_order_id::IntentId;
use crate::desk::SeatIndex;
use crate::track::Track;
use plimsoll_domain::{
    AccountId, Candle, ClientOrderId, Decimal, OrderStatus, Quantity, Remainder, Symbol, Timestamp, TradeId,
};
use plimsoll_ports::BadState;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// What is away at the beginning is asked for again after so long.
const RETRY: Duration = Duration::from_secs(5);

/// A desk that was away for longer than this begins with the warm-up instead of all that it has missed.
const MOST_MISSED: Duration = Duration::from_secs(7 * 86_400);

impl TradingDesk {
    /// Reads contracts, takes up what was saved, and hears the past. Answers what was said meanwhile and is to be heard next: nothing
    /// that happened to an account means anything before it is known whose it is. Ends early where it is stopped.
    pub(super) async fn begin(&mut self, words: &mut mpsc::UnboundedReceiver<Word>) -> Vec<Word> {
        let mut unheard = Vec::new();
        for place in 0..self.names.len() {
            self.list(place, words, &mut unheard).await;
            if self.is_stopping {
                return unheard;
            }
        }
        let resumed = self.take_up(words, &mut unheard).await;
        if self.is_stopping {
            return unheard;
        }
        self.has_begun = true;
        // What a new desk has to know of begins now.
        if resumed.is_none() {
            let now = self.clock.now();
            self.names.iter().for_each(|account| self.trades.known_until(account.clone(), now));
        }
        if resumed.is_some() {
            for place in 0..self.names.len() {
                let recovered = self.recovering(place).await;
                // Fills that are not known yet explain what is missing.
                match self.recovered(recovered) {
                    true => self.unread.push(place),
                    false => self.compare(place).await,
                }
            }
        }
        self.hear_the_past(resumed).await;
        self.news.push(TradingNews::Began { resumed });
        unheard
    }

    /// Reads the contracts of an account.
    async fn list(&mut self, place: usize, words: &mut mpsc::UnboundedReceiver<Word>, unheard: &mut Vec<Word>) {
        let id = self.names[place].clone();
        let mut symbols: Vec<Symbol> =
            self.desk.feeds().into_iter().filter(|feed| feed.account == id).map(|feed| feed.symbol).collect();
        symbols.dedup();
        for symbol in symbols {
            if self.accounts[place].market(&symbol).is_some() {
                continue;
            }
            while !self.is_stopping {
                match self.accounts[place].account.broker.instrument(&symbol).await {
                    Ok(instrument) => {
                        self.hand_over(&id, instrument);
                        break;
                    }
                    Err(error) => {
                        self.news.push(TradingNews::Trouble { what: format!("{symbol} cannot be read: {error}") });
                        self.pause(words, unheard).await;
                    }
                }
            }
        }
    }

    /// Waits for a while, and takes down what is said meanwhile.
    async fn pause(&mut self, words: &mut mpsc::UnboundedReceiver<Word>, unheard: &mut Vec<Word>) {
        let clock = std::sync::Arc::clone(&self.clock);
        let mut pause = clock.sleep(RETRY);
        loop {
            tokio::select! {
                biased;
                () = &mut pause => return,
                Some(word) = words.recv() => match word {
                    Word::Stop => {
                        self.is_stopping = true;
                        return;
                    }
                    word => unheard.push(word),
                }
            }
        }
    }

    /// Takes up what was saved, as soon as the records can be read: a desk that began as new would forget what it holds. What makes no
    /// sense is told and put aside, and the desk begins as new.
    async fn take_up(
        &mut self,
        words: &mut mpsc::UnboundedReceiver<Word>,
        unheard: &mut Vec<Word>,
    ) -> Option<Timestamp> {
        let saved = loop {
            match self.saver.load().await {
                Ok(saved) => break saved?,
                Err(error) => {
                    self.news.push(TradingNews::Trouble { what: format!("the saved desk cannot be read: {error}") });
                    self.pause(words, unheard).await;
                    if self.is_stopping {
                        return None;
                    }
                }
            }
        };
        let read = serde_json::from_str::<SavedState>(&saved.state).map_err(|error| BadState(error.to_string()));
        match read.and_then(|state| self.restore(&state)) {
            Ok(()) => {
                for account in self.names.clone() {
                    self.trades.known_until(account, saved.saved_at);
                }
                Some(saved.saved_at)
            }
            Err(error) => {
                let aside = self.saver.put_aside(&saved).await;
                let kept = aside
                    .map_or_else(|error| format!("and is lost: {error}"), |name| format!("and is kept as '{name}'"));
                let what = format!("the saved desk makes no sense, {kept}; it begins as new: {error}");
                self.news.push(TradingNews::Trouble { what });
                None
            }
        }
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), BadState> {
        let anew = self.desk.restore(&state.desk)?;
        for (name, made_with, track) in &state.tracks {
            // Of other settings nothing can be said by what these made.
            let is_same = |seat: &SeatIndex| self.desk.name(*seat) == name && self.made_with(*seat) == made_with;
            if !self.desk.seats().any(|seat| is_same(&seat)) || anew.iter().any(|(other, _)| other == name) {
                continue;
            }
            if let Some(work) = self.seat_named_mut(name) {
                match Track::restored(track) {
                    Ok(track) => work.track = Arc::new(track),
                    Err(error) => {
                        let what = format!(
                            "what '{name}' made of its round trips cannot be read, and is counted anew: {error}"
                        );
                        self.news.push(TradingNews::Trouble { what });
                    }
                }
            }
        }
        for (name, error) in anew {
            let what = format!(
                "'{name}' begins as new with what it holds: its saved state does not fit its settings: {error}"
            );
            self.news.push(TradingNews::Trouble { what });
        }
        for it in &state.intents {
            if let Some(whose) = self.read_intent(it)? {
                self.intents.add(IntentId::named(&ClientOrderId::reported(it.intent.clone())), whose);
            }
        }
        self.find_left_over();
        for (account, symbol, interval, next) in &state.candles {
            let interval = Duration::from_micros(*interval);
            let names = &self.names;
            let channel = self.candles.iter_mut().find(|it| {
                names[it.account].as_str() == account && it.symbol.as_str() == symbol && it.interval == interval
            });
            if let Some(channel) = channel {
                channel.next = Timestamp::from_micros(*next);
            }
        }
        for (account, symbol, id) in &state.trades {
            let symbol: Symbol = symbol.parse().map_err(|_| BadState(symbol.clone()))?;
            self.trades.add(AccountId::new(account.as_str()), symbol, TradeId::new(id.as_str()));
        }
        for (name, by) in &state.paused {
            if let Some(work) = self.seat_named_mut(name) {
                work.state = SeatState::Paused { by: by.clone() };
            }
        }
        Ok(())
    }

    /// `None` for one of a strategy that does not sit here any more.
    fn read_intent(&self, it: &IntentState) -> Result<Option<Whose>, BadState> {
        let Some(seat) = self.desk.seats().find(|seat| self.desk.name(*seat) == it.strategy) else { return Ok(None) };
        let bad = |text: &str| BadState(text.to_owned());
        Ok(Some(Whose {
            seat,
            account: AccountId::new(it.account.as_str()),
            symbol: it.symbol.parse().map_err(|_| bad(&it.symbol))?,
            label: it.label.clone(),
            standing: if it.rests && it.label.is_some() { Standing::Rests } else { Standing::Over },
            opens: it.opens,
            leverage: it.leverage.parse().map_err(|_| bad(&it.leverage))?,
            stop: it.stop.as_deref().map(|stop| stop.parse().map_err(|_| bad(stop))).transpose()?,
            decided: it.decided.as_deref().map(|price| price.parse().map_err(|_| bad(price))).transpose()?,
        }))
    }

    /// What the desk believes to be held and is not at the venue any more was closed where nobody saw it.
    async fn compare(&mut self, place: usize) {
        let positions = match self.accounts[place].account.manager.positions().await {
            Ok(positions) => positions,
            Err(error) => {
                self.news.push(TradingNews::Trouble { what: format!("positions cannot be compared: {error}") });
                return;
            }
        };
        let mut missing: Vec<(crate::desk::SeatIndex, Symbol, Option<Quantity>)> = Vec::new();
        for seat in self.desk.seats() {
            for holding in self.desk.own(seat, place).map_or(&[][..], |own| own.holdings()) {
                let total: Decimal = self
                    .desk
                    .seats()
                    .filter_map(|other| self.desk.own(other, place)?.holding(&holding.symbol))
                    .map(|held| held.position.quantity.get())
                    .sum();
                let at_venue: Decimal = positions
                    .iter()
                    .filter(|report| report.symbol == holding.symbol)
                    .filter_map(|report| report.position)
                    .filter(|held| held.direction == holding.position.direction)
                    .map(|held| held.quantity.get())
                    .sum();
                if at_venue >= total {
                    continue;
                }
                let left = Quantity::new(holding.position.quantity.get() * at_venue / total).ok();
                missing.push((seat, holding.symbol.clone(), left));
            }
        }
        for (seat, symbol, left) in missing {
            let Some(own) = self.desk.own_mut(seat, place) else { continue };
            let Some(held) = own.holding(&symbol).map(|held| held.position.quantity) else { continue };
            own.shrink(&symbol, left);
            let account = self.names[place].clone();
            self.track(seat, |track| track.lost(&account, &symbol, left.is_none()));
            let gone_with_it = if left.is_none() { self.leave_over(seat, place, &symbol) } else { Vec::new() };
            let gone = match left.map(|left| held.minus(left)) {
                Some(Remainder::Left(gone)) => gone,
                _ => held,
            };
            let what = format!("{gone} of {symbol} is not held at the venue any more, and no fill tells why");
            let account = self.names[place].clone();
            (self.is_dirty, self.has_changed) = (true, true);
            self.news.push(TradingNews::Differs { seat, account, what });
            for label in gone_with_it {
                self.tell_ended(seat, place, symbol.clone(), label, OrderStatus::Expired);
            }
        }
    }

    /// Hears the candles that a restart has missed or, at first, the warm-up: all of them in the order in which they closed.
    async fn hear_the_past(&mut self, resumed: Option<Timestamp>) {
        let now = self.clock.now();
        let is_recent = resumed.is_some_and(|saved| now.since(saved) <= MOST_MISSED);
        let mut past: Vec<(usize, Candle)> = Vec::new();
        for place in 0..self.candles.len() {
            let it = &mut self.candles[place];
            if !is_recent {
                it.next = feeds::begin_of(now.minus(self.settings.warm_up), it.interval);
            }
            let (from, until) = (it.next, feeds::begin_of(now, it.interval));
            if from >= until {
                continue;
            }
            let feed = &self.accounts[it.account].account.feed;
            match feed.candles(&it.symbol, it.interval, from, until).await {
                Ok(candles) => past.extend(candles.into_iter().filter(|it| it.closed).map(|candle| (place, candle))),
                Err(error) => {
                    let what = format!("the past of {} cannot be heard: {error}", it.symbol);
                    // It is asked for again as any candle is.
                    self.news.push(TradingNews::Trouble { what });
                }
            }
        }
        past.sort_by_key(|(place, candle)| (candle.open_time.plus(candle.interval), *place));
        for (place, candle) in past {
            self.hear_candle(place, candle);
            self.settle();
        }
    }
}
