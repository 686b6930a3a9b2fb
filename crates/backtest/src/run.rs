//! A run: history in, decisions on a simulated exchange, an outcome at the end.

mod account;
pub(crate) mod books;
pub(crate) mod chart;
mod dealing;
pub(crate) mod digest;
mod history;
mod protecting;
pub(crate) mod queue;
mod risk;
mod settings;
mod told;

pub use history::{Candles, Item, Quote};
pub use settings::{Listing, RunRefused, Settings};

use crate::outcome::{CurvePoint, Incident, LedgerSums, Outcome, RunKind};
use account::Account;
use books::Books;
use chart::Chart;
use dealing::Priced;
use digest::Digest;
use plimsoll_domain::{AccountId, BestQuotes, Candle, MarketEvent, Money, Price, Timestamp};
use plimsoll_engine::desk::{ChannelIndex, Desk, Wanted};
use plimsoll_exchange::TickRefused;
use plimsoll_exchange::prices::candle_ticks;
use plimsoll_ports::Strategy;
use queue::{Due, Queue};
use std::collections::VecDeque;

/// Why a run ended before its history did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The history goes back in time, or names a market that is not listed.
    #[error("{0}")]
    Tick(#[from] TickRefused),
    /// The history names a market by a number that no listing has.
    #[error("market {0} is not listed")]
    UnknownMarket(usize),
    /// A strategy answered its own answers without end.
    #[error("strategy '{0}' decides anew whatever is done: {MOST_ROUNDS} rounds at one moment")]
    Endless(String),
}

/// So often may strategies answer to what became of their own decisions at one moment.
const MOST_ROUNDS: usize = 1000;

/// Strategies on history: the desk, the exchange of every account, the books. The [crate's page](crate) has an example.
#[derive(Debug)]
pub struct Run {
    settings: Settings,
    desk: Desk,
    accounts: Vec<Account>,
    /// By the number of a market: its account, and its place among that account's.
    markets: Vec<(usize, usize)>,
    books: Books,
    digest: Digest,
    incidents: Vec<Incident>,
    now: Timestamp,
    first: Option<Timestamp>,
    events: u64,
    /// What was decided and is on its way, by when it arrives.
    underway: VecDeque<(Timestamp, Priced)>,
    wanted: Vec<Wanted>,
    /// Prices that come in order of time although their candles do not; used where several markets go side by side.
    queue: Queue,
    /// What happens at one moment, while it does.
    due: Vec<Due>,
    curve: Vec<CurvePoint>,
    next_point: Timestamp,
    charts: Vec<Chart>,
    orders: u64,
    ledger: LedgerSums,
    /// The candle or the quotes that were told last, to be written over.
    told: Option<MarketEvent>,
    /// Fundings that were settled, and are to be told.
    settled: Vec<(usize, MarketEvent)>,
}

impl Run {
    /// Sets everything up.
    ///
    /// # Errors
    /// [`RunRefused`].
    pub fn new(
        settings: Settings,
        listings: Vec<Listing>,
        strategies: Vec<Box<dyn Strategy>>,
    ) -> Result<Self, RunRefused> {
        let names: Vec<AccountId> = settings.accounts.iter().map(|(id, _)| id.clone()).collect();
        let desk = Desk::new(strategies, names)?;
        let mut accounts = Vec::new();
        for (id, wallet) in &settings.accounts {
            let contracts = listings.iter().filter(|listing| listing.account == *id).count();
            accounts.push(Account::open(id.clone(), *wallet, contracts, &settings)?);
        }
        let (mut markets, mut charts) = (Vec::new(), Vec::new());
        let contracts = listings.clone();
        for listing in listings {
            let place = accounts.iter().position(|account: &Account| account.id == listing.account);
            let Some(place) = place else { return Err(RunRefused::UnknownAccount(listing.account)) };
            let channel = desk.channel(place, &listing.instrument.symbol);
            let (marks, quotes, _) = channel.map_or((false, false, false), |channel| desk.hears(channel));
            charts.push(Chart::new(listing.instrument.symbol.clone()));
            markets.push((place, accounts[place].list(listing, channel, (marks, quotes), &settings)?));
        }
        if markets.is_empty() {
            return Err(RunRefused::NoMarket);
        }
        let digest = Digest::new(&settings, &contracts, &desk);
        let now = settings.start;
        Ok(Self {
            desk,
            accounts,
            markets,
            books: Books::default(),
            digest,
            incidents: Vec::new(),
            now,
            first: None,
            events: 0,
            underway: VecDeque::new(),
            wanted: Vec::new(),
            queue: Queue::default(),
            due: Vec::new(),
            curve: Vec::new(),
            next_point: now,
            charts,
            orders: 0,
            ledger: LedgerSums::default(),
            told: None,
            settled: Vec::new(),
            settings,
        })
    }

    /// Takes a whole history, oldest first.
    ///
    /// # Errors
    /// What reading the history says, or [`RunError`].
    pub fn all<E: From<RunError>>(&mut self, history: impl Iterator<Item = Result<Item, E>>) -> Result<(), E> {
        for item in history {
            self.step(&item?)?;
        }
        Ok(())
    }

    /// Takes the next thing of the history.
    ///
    /// # Errors
    /// [`RunError`]; what came before it stands.
    pub fn step(&mut self, item: &Item) -> Result<(), RunError> {
        self.events += 1;
        match item {
            Item::Candle(market, candles) => self.candle(*market, candles),
            Item::Quote(market, quote) => self.quote(*market, quote),
            &Item::Funding(market, time, rate) => {
                let (account, place) = self.place(market)?;
                self.digest.funding(market, time, rate);
                self.accounts[account].schedule(place, time, rate);
                Ok(())
            }
        }
    }

    fn place(&self, market: usize) -> Result<(usize, usize), RunError> {
        self.markets.get(market).copied().ok_or(RunError::UnknownMarket(market))
    }

    /// A candle comes when it opens. Where there is one market, its prices have no others beside them; else they wait until
    /// nothing earlier can come.
    fn candle(&mut self, market: usize, candles: &Candles) -> Result<(), RunError> {
        self.place(market)?;
        self.digest.candles(market, candles);
        if self.markets.len() == 1 {
            return self.walk(market, candles);
        }
        self.come_to(candles.last.open_time)?;
        self.queue.add(market, candles);
        Ok(())
    }

    /// Everything that waits and is no later than this.
    fn come_to(&mut self, time: Timestamp) -> Result<(), RunError> {
        loop {
            let mut due = std::mem::take(&mut self.due);
            self.queue.take(time, &mut due);
            let is_over = due.is_empty();
            let passed = self.moment(&due);
            due.clear();
            self.due = due;
            passed?;
            if is_over {
                return Ok(());
            }
        }
    }

    /// What happens at one time in several markets: every exchange has come to it before anybody decides anything.
    fn moment(&mut self, due: &[Due]) -> Result<(), RunError> {
        for it in due {
            let (account, place) = self.place(it.market)?;
            self.come(account, place, it.time, it.last, it.mark)?;
        }
        let of = |run: &Self, it: &Due| run.place(it.market);
        for it in due {
            let (account, _) = of(self, it)?;
            if self.accounts[account].exchange.has_events() {
                self.account_for(account);
            }
        }
        self.decide()?;
        for it in due {
            let (account, _) = of(self, it)?;
            self.after_prices(account)?;
        }
        for it in due {
            let (account, place) = of(self, it)?;
            self.hear_mark(account, place)?;
        }
        for it in due {
            if let Some(candle) = &it.closing {
                self.hear_close(it.market, candle)?;
            }
        }
        if due.iter().any(|it| it.closing.is_some()) { self.observe() } else { Ok(()) }
    }

    /// The four prices of a candle, then its close to whoever hears candles.
    fn walk(&mut self, market: usize, candles: &Candles) -> Result<(), RunError> {
        let (account, place) = self.place(market)?;
        let Candles { last, mark } = candles;
        let lasts = candle_ticks(last);
        match mark {
            None => {
                for (time, price) in lasts {
                    self.tick(account, place, time, price, price)?;
                }
            }
            Some(mark) => {
                for ((time, price), (_, mark)) in lasts.into_iter().zip(candle_ticks(mark)) {
                    self.tick(account, place, time, price, mark)?;
                }
            }
        }
        let mark = candles.mark.as_ref().map_or(last.close, |mark| mark.close);
        self.close_candle(market, last, mark)
    }

    /// The exchange comes to the close too: funding that is due then is settled before anybody decides.
    fn close_candle(&mut self, market: usize, last: &Candle, mark: Price) -> Result<(), RunError> {
        let (account, place) = self.place(market)?;
        self.tick(account, place, last.open_time.plus(last.interval), last.close, mark)?;
        self.hear_close(market, last)?;
        self.observe()
    }

    fn hear_close(&mut self, market: usize, last: &Candle) -> Result<(), RunError> {
        let (account, place) = self.place(market)?;
        self.charts[market].candle(last, || self.accounts[account].liquidation(place));
        match self.accounts[account].markets[place].channel {
            Some(channel) => self.hear_candle(channel, last),
            None => Ok(()),
        }
    }

    fn quote(&mut self, market: usize, quote: &Quote) -> Result<(), RunError> {
        self.come_to(quote.time)?;
        let (account, place) = self.place(market)?;
        self.digest.quote(market, quote);
        self.tick(account, place, quote.time, quote.bid, quote.mark.unwrap_or(quote.bid))?;
        let market = &self.accounts[account].markets[place];
        if let Some(channel) = market.channel
            && market.hears_quotes
        {
            let (bid, ask) = (Some((quote.bid, quote.bid_size)), Some((quote.ask, quote.ask_size)));
            let symbol = &market.instrument.symbol;
            let event = match self.told.take() {
                Some(MarketEvent::Quotes(told)) if told.symbol == *symbol => {
                    MarketEvent::Quotes(BestQuotes { bid, ask, time: quote.time, ..told })
                }
                _ => {
                    let symbol = symbol.clone();
                    MarketEvent::Quotes(BestQuotes { symbol, bid, ask, last: None, time: quote.time })
                }
            };
            let heard = self.hear(channel, &event);
            self.told = Some(event);
            heard?;
        }
        self.observe()
    }

    /// One price: the exchange first, then what was on its way, then whoever hears marks.
    #[inline]
    fn tick(
        &mut self,
        account: usize,
        place: usize,
        time: Timestamp,
        last: Price,
        mark: Price,
    ) -> Result<(), RunError> {
        if self.come(account, place, time, last, mark)? {
            self.account_for(account);
            self.decide()?;
        }
        self.after_prices(account)?;
        self.hear_mark(account, place)
    }

    /// A price comes to its exchange; answers whether anything has happened there that is to be accounted for.
    #[inline]
    fn come(
        &mut self,
        account: usize,
        place: usize,
        time: Timestamp,
        last: Price,
        mark: Price,
    ) -> Result<bool, RunError> {
        self.now = time;
        if self.first.is_none() {
            self.begin(time);
        }
        Ok(self.accounts[account].advance(place, time, last, mark)?)
    }

    /// What was on its way arrives, and losses are judged.
    #[inline]
    fn after_prices(&mut self, account: usize) -> Result<(), RunError> {
        if !self.underway.is_empty() {
            self.arrive()?;
        }
        if self.settings.limits.is_some() {
            self.judge_losses(account);
            self.decide()?;
        }
        Ok(())
    }

    #[cold]
    fn begin(&mut self, time: Timestamp) {
        self.first = Some(time);
        self.next_point = time;
        self.point();
    }

    #[inline]
    fn hear_mark(&mut self, account: usize, place: usize) -> Result<(), RunError> {
        let it = &self.accounts[account];
        if !it.markets[place].hears_marks {
            return Ok(());
        }
        let (Some(channel), Some(event)) = (it.markets[place].channel, it.mark_event(place, self.now)) else {
            return Ok(());
        };
        self.hear(channel, &event)
    }

    fn hear(&mut self, channel: ChannelIndex, event: &MarketEvent) -> Result<(), RunError> {
        let Self { desk, accounts, wanted, now, .. } = self;
        desk.hear(channel, *now, accounts, event, wanted);
        if self.wanted.is_empty() { Ok(()) } else { self.decide() }
    }

    /// The event is one that was told before, written over: nothing is allocated.
    fn hear_candle(&mut self, channel: ChannelIndex, candle: &Candle) -> Result<(), RunError> {
        let mut event = self.told.take().unwrap_or_else(|| MarketEvent::Candle(candle.clone()));
        match &mut event {
            MarketEvent::Candle(told) if told.symbol == candle.symbol && told.interval == candle.interval => {
                let Candle { open_time, open, high, low, close, volume, closed, .. } = *candle;
                (told.open_time, told.volume, told.closed) = (open_time, volume, closed);
                (told.open, told.high, told.low, told.close) = (open, high, low, close);
            }
            other => *other = MarketEvent::Candle(candle.clone()),
        }
        let heard = self.hear(channel, &event);
        self.told = Some(event);
        heard
    }

    /// A point of the curve, where one is due.
    #[inline]
    fn observe(&mut self) -> Result<(), RunError> {
        if self.now < self.next_point {
            return Ok(());
        }
        self.point();
        self.decide()
    }

    #[cold]
    fn point(&mut self) {
        let step = self.settings.curve_step;
        while self.next_point <= self.now {
            self.next_point = self.next_point.plus(step);
        }
        let (equity, exposure) = self.totals();
        self.curve.push(CurvePoint { time: self.now, equity, exposure, funding: self.ledger.funding });
        for account in &mut self.accounts {
            account.watch.observe(account.equity(), self.now);
        }
    }

    fn totals(&self) -> (Money, Money) {
        let equity = self.accounts.iter().map(Account::equity).sum();
        (equity, self.accounts.iter().map(Account::exposure).sum())
    }

    /// What was decided until now, one line each, if records are kept: two runs of the same history can be compared by them.
    #[must_use]
    pub fn decisions(&self) -> &[String] {
        self.digest.log()
    }

    /// How many fills there were.
    #[must_use]
    pub const fn fills(&self) -> u64 {
        self.books.count
    }

    /// What the run leaves behind.
    ///
    /// # Errors
    /// [`RunError`] of what waited for its turn.
    pub fn finish(mut self) -> Result<Outcome, RunError> {
        self.come_to(Timestamp::from_micros(i64::MAX))?;
        self.next_point = self.now;
        // What came after the last point at the same time is in the last one.
        self.curve.pop_if(|point| point.time == self.now);
        self.point();
        let (equity, _) = self.totals();
        let opening = self.settings.accounts.iter().map(|(_, wallet)| *wallet).sum();
        let wallet = self.accounts.iter().map(|account| account.wallet).sum();
        let ended = self.books.ended;
        let (fills, trades) = self.books.into_records();
        Ok(Outcome {
            kind: RunKind::Backtest,
            strategies: self.desk.names().map(str::to_owned).collect(),
            from: self.first.unwrap_or(self.settings.start),
            to: self.now,
            events: self.events,
            currency: self.accounts.first().map_or_else(|| plimsoll_domain::Currency::new("USDT"), Account::currency),
            opening,
            wallet,
            equity,
            curve: self.curve,
            fills,
            trades,
            ended,
            ledger: self.ledger,
            incidents: self.incidents,
            chart: self.charts.into_iter().flat_map(Chart::into_candles).collect(),
            hash: self.digest.finish(),
        })
    }
}
