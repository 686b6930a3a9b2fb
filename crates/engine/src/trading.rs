//! A desk at work: it hears markets, and what its strategies decide is carried out by position managers.
//!
//! The same [`Desk`] works in a backtest. Here it works on ports: an account's own manager checks, journals, sends and protects
//! whatever is wanted. Before anything is sent it is written down whose it is, so that a fill finds its strategy after a crash
//! too.

mod account;
mod beginning;
mod carrying;
mod caught;
mod doubts;
mod feeds;
mod handle;
mod hearing;
mod leftover;
mod news;
mod orders;
mod preparing;
mod reseating;
mod saving;
mod seats;
mod telling;

pub use account::DeskAccount;
pub use handle::{DecisionOutcome, DecisionStatus, SeatState, SeatStatus, TradingHandle};
pub use news::{Reseated, Role, Seated, TradingNews};
pub use reseating::{Seating, Taken, Unlisted};

use crate::desk::{ChannelIndex, Desk, DeskRefused, Netted, SeatIndex, Wanted};
use account::Traded;
use carrying::{Done, carry_out};
use doubts::{Doubts, Resting};
use futures_util::StreamExt;
use futures_util::future::{BoxFuture, join};
use futures_util::stream::FuturesUnordered;
use handle::Word;
use hearing::candle_channels;
use leftover::{CalledBack, Leftover};
use orders::Intents;
use plimsoll_domain::{AccountId, Price, Symbol, Timestamp};
use plimsoll_ports::{Clock, Decision, DeskRepository, Leg, Strategy, StrategyEvent};
use saving::Saver;
use seats::{Next, SeatWork, Waiting};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use telling::{Recovered, Trades};
use tokio::sync::{mpsc, watch};

/// So often may strategies answer to what became of their own decisions at one moment.
const MOST_ROUNDS: u32 = 1000;

/// How a desk works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradingSettings {
    /// The name that it is saved under.
    pub name: String,
    /// How much of the past a desk that was never saved hears first; what is decided in it is not carried out.
    pub warm_up: Duration,
    /// An opening whose turn comes later than this after it was decided is refused.
    pub stale_after: Duration,
    /// How often it is saved, besides before anything is sent.
    pub save_every: Duration,
    /// What the settings of each strategy come to, by seat, as one word: the record of what one made begins anew with another.
    pub made_with: Vec<String>,
}

impl Default for TradingSettings {
    fn default() -> Self {
        Self {
            name: "desk".to_owned(),
            warm_up: Duration::ZERO,
            stale_after: Duration::from_secs(10),
            save_every: Duration::from_secs(10),
            made_with: Vec::new(),
        }
    }
}

/// A contract of which somebody hears candles.
struct CandleChannel {
    channel: ChannelIndex,
    account: usize,
    symbol: Symbol,
    interval: Duration,
    /// When the next one begins.
    next: Timestamp,
}

/// Something that was begun and has come to its end.
enum Ended {
    Decision(Done),
    Recovery(Recovered),
    /// What the journal tells of resting orders of this account.
    Asked(usize, Resting),
    /// Whether something that is believed to rest on this account does not go on.
    Looked {
        account: usize,
        is_over: bool,
    },
    /// Something that was left over is cancelled, or not.
    CalledBack(CalledBack),
}

/// Strategies at work over one or several accounts.
///
/// It hears what it needs by itself, prices apart from what happens to the accounts: that comes from their guards, through
/// [`TradingHandle::hear`].
pub struct TradingDesk {
    desk: Desk,
    names: Vec<AccountId>,
    accounts: Vec<Traded>,
    settings: TradingSettings,
    clock: Arc<dyn Clock>,
    saver: Arc<Saver>,
    seats: Vec<SeatWork>,
    intents: Intents,
    doubts: Doubts,
    /// The accounts of which is being read what they did while nobody listened.
    recovers: BTreeSet<usize>,
    /// Resting orders that nobody needs any more.
    leftover: Leftover,
    trades: Trades,
    candles: Vec<CandleChannel>,
    wanted: Vec<Wanted>,
    news: Vec<TradingNews>,
    /// Counts the moments at which something was decided.
    moment: u64,
    /// What is heard now is of the past.
    is_past: bool,
    /// What was saved has been taken up: from then on it may be replaced.
    has_begun: bool,
    /// Accounts whose fills could not be read at the beginning.
    unread: Vec<usize>,
    /// Something is otherwise than it was saved.
    is_dirty: bool,
    /// Something is otherwise than it was published.
    has_changed: bool,
    is_stopping: bool,
    /// Strategies that take the seats as soon as nothing that was decided is under way.
    seating: Option<Seating>,
    status: watch::Sender<Arc<[SeatStatus]>>,
    /// The contracts that are known, by account.
    listed: watch::Sender<BTreeSet<(AccountId, Symbol)>>,
    handle: TradingHandle,
    words: Option<mpsc::UnboundedReceiver<Word>>,
}

impl TradingDesk {
    /// Seats the strategies, in this order, over these accounts. Nothing is asked for before it [runs](Self::run).
    ///
    /// # Errors
    /// [`DeskRefused`].
    pub fn new(
        strategies: Vec<Box<dyn Strategy>>,
        accounts: Vec<DeskAccount>,
        records: Arc<dyn DeskRepository>,
        clock: Arc<dyn Clock>,
        settings: TradingSettings,
    ) -> Result<Self, DeskRefused> {
        let names: Vec<AccountId> = accounts.iter().map(|account| account.id().clone()).collect();
        let Seating { desk, seats, .. } = Seating::new(strategies, settings.made_with.clone(), names.clone())?;
        let (words, heard) = mpsc::unbounded_channel();
        let (status, listed) = (watch::Sender::new(Arc::default()), watch::Sender::new(BTreeSet::new()));
        let (seen, accounts_of) = (status.subscribe(), names.as_slice().into());
        let handle = TradingHandle { words, seats: seen, accounts: accounts_of, listed: listed.subscribe() };
        let now = clock.now();
        let mut it = Self {
            candles: candle_channels(&desk, &names, now),
            desk,
            names,
            accounts: accounts.into_iter().map(Traded::new).collect(),
            saver: Arc::new(Saver::new(settings.name.clone(), records)),
            settings,
            clock,
            seats,
            intents: Intents::default(),
            doubts: Doubts::default(),
            recovers: BTreeSet::new(),
            leftover: Leftover::default(),
            trades: Trades::default(),
            wanted: Vec::new(),
            news: Vec::new(),
            moment: 0,
            is_past: false,
            has_begun: false,
            unread: Vec::new(),
            is_dirty: true,
            has_changed: true,
            is_stopping: false,
            seating: None,
            status,
            listed,
            handle,
            words: Some(heard),
        };
        it.publish();
        Ok(it)
    }

    /// A way to it while it works.
    #[must_use]
    pub fn handle(&self) -> TradingHandle {
        self.handle.clone()
    }

    /// The names of the strategies, by seat.
    #[must_use]
    pub fn strategies(&self) -> Vec<String> {
        self.desk.names().map(str::to_owned).collect()
    }

    /// Works until it is [stopped](TradingHandle::stop), and tells everything that it decides and that becomes of it. What is under
    /// way then is finished first.
    pub async fn run(mut self, mut tell: impl FnMut(&TradingNews)) {
        let Some(mut words) = self.words.take() else { return };
        let unheard = self.begin(&mut words).await;
        // Whoever is answered from here on sees what was taken up.
        self.publish();
        let mut heard = self.listen();
        let mut underway: FuturesUnordered<BoxFuture<'static, Ended>> = FuturesUnordered::new();
        // Whoever was paused meanwhile opens nothing more.
        let waiting = std::iter::from_fn(|| words.try_recv().ok());
        for account in std::mem::take(&mut self.unread) {
            underway.push(self.recover_later(account));
        }
        for word in unheard.into_iter().chain(waiting) {
            if let Some(account) = self.word(word) {
                underway.push(self.recover(account));
            }
        }
        let (clock, every) = (Arc::clone(&self.clock), self.settings.save_every);
        let mut timer = clock.sleep(every);
        loop {
            self.settle();
            while self.start(&mut underway) {
                self.settle();
            }
            let asked = || self.call_back().or_else(|| self.ask_of_doubts()).or_else(|| self.ask_of_accounts());
            underway.extend(std::iter::from_fn(asked));
            self.news.drain(..).for_each(|news| tell(&news));
            if std::mem::take(&mut self.has_changed) {
                self.publish();
            }
            if self.is_stopping && underway.is_empty() {
                break;
            }
            if let Some(seating) = self.seating.take_if(|_| self.seats.iter().all(SeatWork::is_idle)) {
                let feeds = self.desk.feeds();
                self.take_seats(seating);
                if self.desk.feeds() != feeds {
                    heard = self.listen();
                }
                self.save().await;
                continue;
            }
            self.seats.iter_mut().for_each(|work| work.refusals = 0);
            tokio::select! {
                biased;
                Some(ended) = underway.next(), if !underway.is_empty() => match ended {
                    Ended::Decision(done) => self.done(done),
                    Ended::Asked(account, resting) => self.asked(account, resting),
                    Ended::CalledBack(it) => self.called_back(it),
                    // It may have filled, which is told first.
                    Ended::Looked { account, is_over } => {
                        if is_over && !self.recovers.contains(&account) {
                            underway.push(self.recover(account));
                        }
                    }
                    Ended::Recovery(recovered) => {
                        let account = recovered.account;
                        self.recovers.remove(&account);
                        // What could not be read is asked for again.
                        if self.recovered(recovered) && !self.is_stopping {
                            underway.push(self.recover_later(account));
                        }
                    }
                },
                Some(word) = words.recv() => {
                    // Who was paused stays so through a crash.
                    let is_order = matches!(word, Word::Pause { .. } | Word::Resume { .. });
                    if let Some(account) = self.word(word) {
                        underway.push(self.recover(account));
                    }
                    if is_order {
                        self.save().await;
                    }
                }
                () = &mut timer => {
                    timer = clock.sleep(every);
                    self.save().await;
                }
                Some(it) = heard.next(), if !self.is_stopping => self.hear(it),
            }
        }
        self.save().await;
        self.news.drain(..).for_each(|news| tell(&news));
        self.publish();
    }

    /// Takes up what was decided: what stands against each other is taken out, and the rest waits for its turn.
    fn settle(&mut self) {
        let mut rounds = 0;
        while !self.wanted.is_empty() {
            rounds += 1;
            self.moment += 1;
            let mut wanted = std::mem::take(&mut self.wanted);
            if rounds > MOST_ROUNDS {
                for it in wanted {
                    self.stop_seat(
                        it.seat,
                        format!("it decides anew whatever is done: {MOST_ROUNDS} rounds at one moment"),
                    );
                }
                return;
            }
            let at = self.clock.now();
            if self.is_past {
                // What is held is still to be closed; what was to be opened then is not to be opened now.
                for Wanted { seat, decision } in wanted.extract_if(.., |it| adds(&it.decision)) {
                    self.tell_refused(seat, &decision, "it was decided on prices of the past");
                }
            }
            for Wanted { seat, decision } in &wanted {
                let decision = Arc::new(decision.clone());
                self.news.push(TradingNews::Decided { seat: *seat, at, decision });
            }
            for Netted { seat, decision, left } in self.desk.net(&mut wanted) {
                if left.is_none() {
                    self.refuse(
                        seat,
                        &Arc::new(decision),
                        "another strategy wants the opposite at this moment".to_owned(),
                    );
                }
            }
            for Wanted { seat, decision } in wanted {
                let prices = decision.legs.iter().map(|leg| self.fair_price(leg)).collect();
                let (decision, moment) = (Arc::new(decision), self.moment);
                let Some(work) = self.seats.get_mut(seat.get()) else { continue };
                work.note(at, &decision);
                work.queue.push_back(Waiting { decision, prices, at, moment });
                self.has_changed = true;
            }
        }
        self.is_past = false;
        self.hear_last_words();
    }

    /// What a leg's contract is worth at the decision.
    fn fair_price(&self, leg: &Leg) -> Option<Price> {
        let place = carrying::place_of(&self.names, &leg.account)?;
        self.accounts[place].fair(leg.intent.symbol())
    }

    /// Begins what is next of somebody; answers whether anything was done.
    fn start(&mut self, underway: &mut FuturesUnordered<BoxFuture<'static, Ended>>) -> bool {
        let against_adding = match (self.is_stopping, &self.seating) {
            (true, _) => Some("strategies are being stopped"),
            (false, Some(_)) => Some("other settings are about to take effect"),
            (false, None) => None,
        };
        for seat in self.desk.seats() {
            let next = self.seats.get_mut(seat.get()).and_then(|work| work.next(against_adding));
            match next {
                None => continue,
                Some(Next::Refused(waiting, why)) => {
                    self.refuse(seat, &waiting.decision, why.to_owned());
                    self.count_refusal(seat);
                }
                Some(Next::Begins(waiting)) => match self.prepare(seat, &waiting) {
                    Ok(legs) => underway.push(self.carry_out(seat, &waiting, legs)),
                    Err(reason) => {
                        if let Some(work) = self.seats.get_mut(seat.get()) {
                            work.ended(&waiting.decision);
                        }
                        self.refuse(seat, &waiting.decision, reason);
                        self.count_refusal(seat);
                    }
                },
            }
            return true;
        }
        false
    }

    /// Whose it is is saved first; what only removes exposure waits for no record.
    fn carry_out(
        &mut self,
        seat: SeatIndex,
        waiting: &Waiting,
        legs: Vec<carrying::Assigned>,
    ) -> BoxFuture<'static, Ended> {
        let strategy: Arc<str> = Arc::from(self.desk.name(seat));
        let (version, text, saver) = (self.saver.version(), self.text(), Arc::clone(&self.saver));
        let (decision, now) = (Arc::clone(&waiting.decision), self.clock.now());
        self.is_dirty = false;
        Box::pin(async move {
            let saving = async { saver.save(version, text, now).await };
            if !adds(&decision) {
                let (saved, done) = join(saving, carry_out(seat, strategy, decision, legs)).await;
                if let Err(error) = saved {
                    tracing::warn!(%error, "a desk is not saved: what only removes exposure is carried out all the same");
                }
                return Ended::Decision(done);
            }
            match saving.await {
                Ok(()) => Ended::Decision(carry_out(seat, strategy, decision, legs).await),
                Err(error) => {
                    let refused = Some(format!("whose it is cannot be written down: {error}"));
                    let legs = legs.into_iter().map(carrying::Assigned::not_begun).collect();
                    Ended::Decision(Done { seat, decision, legs, refused })
                }
            }
        })
    }

    /// A strategy that answers every refusal with what is refused again would keep everybody else from being heard.
    fn count_refusal(&mut self, seat: SeatIndex) {
        let Some(work) = self.seats.get_mut(seat.get()) else { return };
        work.refusals += 1;
        if work.refusals > MOST_ROUNDS {
            self.stop_seat(seat, format!("it decides again what was refused: {MOST_ROUNDS} times at one moment"));
        }
    }

    fn refuse(&mut self, seat: SeatIndex, decision: &Arc<Decision>, reason: String) {
        self.tell_refused(seat, decision, &reason);
        if let Some(work) = self.seats.get_mut(seat.get()) {
            work.conclude(decision, DecisionOutcome::Refused(reason.clone()));
        }
        self.has_changed = true;
        self.news.push(TradingNews::Refused { seat, decision: Arc::clone(decision), reason });
    }

    fn tell_refused(&mut self, seat: SeatIndex, decision: &Decision, reason: &str) {
        let Self { desk, accounts, wanted, clock, .. } = self;
        desk.tell(seat, clock.now(), accounts, &StrategyEvent::Refused { decision, reason }, wanted);
    }

    async fn save(&mut self) {
        if !self.has_begun || !std::mem::take(&mut self.is_dirty) {
            return;
        }
        let (version, text, now) = (self.saver.version(), self.text(), self.clock.now());
        if let Err(error) = self.saver.save(version, text, now).await {
            self.is_dirty = true;
            self.news.push(TradingNews::Trouble { what: format!("the desk cannot be saved: {error}") });
        }
    }
}

/// Whether some leg of it may add exposure.
fn adds(decision: &Decision) -> bool {
    decision.legs.iter().any(|leg| leg.intent.adds_exposure())
}

impl std::fmt::Debug for TradingDesk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TradingDesk").field("desk", &self.desk).finish_non_exhaustive()
    }
}
