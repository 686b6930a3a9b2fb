//! Other strategies take the seats of a desk at work: it goes on over the same accounts, and hears what it heard.

use super::carrying::place_of;
use super::caught::Caught;
use super::handle::SeatState;
use super::hearing::candle_channels;
use super::news::{Reseated, Seated};
use super::seats::SeatWork;
use super::{TradingDesk, TradingNews};
use crate::desk::{Desk, DeskRefused, SeatIndex};
use plimsoll_domain::{AccountId, Instrument, Symbol};
use plimsoll_ports::{BadState, Feed, Strategy};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use tokio::sync::watch;

/// Strategies that are ready to take the seats of a desk.
pub struct Seating {
    pub(super) desk: Desk,
    pub(super) seats: Vec<SeatWork>,
    unlisted: Vec<Unlisted>,
    instruments: Vec<(AccountId, Instrument)>,
    taken: watch::Sender<Taken>,
}

/// Whether strategies have taken the seats of a desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Something is under way still.
    Waits,
    /// They sit there, or did until others took their place.
    InForce,
    /// Those who sat there do so still: why is told.
    Refused,
}

/// A contract that somebody is to hear of, and of which nothing is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlisted {
    /// Who: one of them.
    pub strategy: String,
    /// On which account.
    pub account: AccountId,
    /// The contract.
    pub symbol: Symbol,
}

impl fmt::Display for Unlisted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { strategy, account, symbol } = self;
        write!(f, "{symbol} on account '{account}', of which '{strategy}' is to hear,")
    }
}

impl fmt::Debug for Seating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seating").field("desk", &self.desk).finish_non_exhaustive()
    }
}

impl Seating {
    /// `made_with` is what the settings of each come to, as far as that is said.
    pub(super) fn new(
        strategies: Vec<Box<dyn Strategy>>,
        made_with: Vec<String>,
        accounts: Vec<AccountId>,
    ) -> Result<Self, DeskRefused> {
        let mut made_with = made_with.into_iter();
        let (mut caught, mut seats): (Vec<Box<dyn Strategy>>, Vec<SeatWork>) = (Vec::new(), Vec::new());
        for strategy in strategies {
            let (strategy, words) = Caught::new(strategy);
            seats.push(SeatWork::new(strategy.name().into(), made_with.next().unwrap_or_default(), words));
            caught.push(Box::new(strategy));
        }
        let desk = Desk::new(caught, accounts)?;
        let taken = watch::Sender::new(Taken::Waits);
        Ok(Self { desk, seats, unlisted: Vec::new(), instruments: Vec::new(), taken })
    }

    pub(super) fn beside(mut self, listed: &BTreeSet<(AccountId, Symbol)>) -> Self {
        self.unlisted = unlisted(&self.desk, listed);
        self
    }

    /// The contracts of which the desk knows nothing yet, each once: it asks nobody for them, they are to be
    /// [handed over](Self::hand_over).
    #[must_use]
    pub fn unlisted(&self) -> &[Unlisted] {
        &self.unlisted
    }

    /// What a contract of this account is.
    pub fn hand_over(&mut self, account: &AccountId, instrument: Instrument) {
        self.instruments.push((account.clone(), instrument));
    }

    /// Whether these have taken the seats, as it changes.
    pub(super) fn taken(&self) -> watch::Receiver<Taken> {
        self.taken.subscribe()
    }
}

fn unlisted(desk: &Desk, listed: &BTreeSet<(AccountId, Symbol)>) -> Vec<Unlisted> {
    let mut them: Vec<Unlisted> = Vec::new();
    for seat in desk.seats() {
        for Feed { account, symbol, .. } in desk.feeds_of(seat) {
            let is_known = listed.contains(&(account.clone(), symbol.clone()));
            if !is_known && !them.iter().any(|it| it.account == account && it.symbol == symbol) {
                them.push(Unlisted { strategy: desk.name(seat).to_owned(), account, symbol });
            }
        }
    }
    them
}

impl TradingDesk {
    /// The contracts of which it knows nothing yet, each once. It asks for them when it begins.
    #[must_use]
    pub fn unlisted(&self) -> Vec<Unlisted> {
        unlisted(&self.desk, &self.listed.borrow())
    }

    /// What a contract of this account is: it is not asked for then.
    pub fn hand_over(&mut self, account: &AccountId, instrument: Instrument) {
        let Some(place) = place_of(&self.names, account) else { return };
        let symbol = instrument.symbol.clone();
        if self.accounts[place].market(&symbol).is_none() {
            self.accounts[place].list(instrument);
            self.listed.send_modify(|listed| {
                listed.insert((account.clone(), symbol));
            });
        }
    }

    /// The strategies go on from where their namesakes are, or everybody keeps his seat; either is told. Nothing is asked of
    /// anybody: what of contracts is not known here was handed over.
    pub(super) fn take_seats(&mut self, seating: Seating) {
        let Seating { desk, seats, instruments, taken, .. } = seating;
        let now = match self.sit_down(desk, seats, instruments) {
            Ok(seated) => {
                self.news.push(TradingNews::Reseated(seated));
                // Whoever hears that they sit there sees them there.
                self.publish();
                Taken::InForce
            }
            Err(why) => {
                self.news.push(TradingNews::Trouble { what: format!("the strategies keep their settings: {why}") });
                Taken::Refused
            }
        };
        taken.send_replace(now);
    }

    /// # Errors
    /// What is against it; then everybody keeps his seat.
    fn sit_down(
        &mut self,
        mut desk: Desk,
        mut seats: Vec<SeatWork>,
        instruments: Vec<(AccountId, Instrument)>,
    ) -> Result<Vec<Seated>, String> {
        self.lets_go(&desk)?;
        for (account, instrument) in instruments {
            self.hand_over(&account, instrument);
        }
        if let Some(it) = unlisted(&desk, &self.listed.borrow()).first() {
            return Err(format!("{it} is not known here: read the configuration again"));
        }
        let anew = desk.restore(&self.desk.state());
        let anew = anew.map_err(|error| format!("what they hold cannot be handed on: {error}"))?;
        for work in &mut seats {
            if let Some(before) = self.seats.iter_mut().find(|before| before.name == work.name) {
                work.goes_on_from(before);
            }
            if anew.iter().any(|(name, _)| *name == *work.name) {
                work.track = Arc::default();
            }
        }
        let seated = self.seated(&desk, &anew);
        let seat_of = |name: &str| desk.seats().find(|seat| desk.name(*seat) == name);
        let moved = |before: SeatIndex| seat_of(self.desk.name(before));
        self.intents.reseat(moved);
        let mut candles = candle_channels(&desk, &self.names, self.clock.now());
        for it in &mut candles {
            let is_it = |known: &&super::CandleChannel| {
                (known.account, &known.symbol, known.interval) == (it.account, &it.symbol, it.interval)
            };
            if let Some(known) = self.candles.iter().find(is_it) {
                it.next = known.next;
            }
        }
        (self.desk, self.seats, self.candles) = (desk, seats, candles);
        self.find_left_over();
        (self.is_dirty, self.has_changed) = (true, true);
        Ok(seated)
    }

    /// Strategies that have no namesake at this desk leave nothing behind.
    fn lets_go(&self, desk: &Desk) -> Result<(), String> {
        for seat in self.desk.seats() {
            let name = self.desk.name(seat);
            if let Some(what) = self.keeps(seat).filter(|_| desk.names().all(|other| other != name)) {
                return Err(format!(
                    "'{name}' cannot be taken out while {what}: pause it, close what it holds, and read the configuration again"
                ));
            }
        }
        Ok(())
    }

    /// What keeps a strategy in its seat, once nothing of it waits or is under way.
    fn keeps(&self, seat: SeatIndex) -> Option<&'static str> {
        let mut own = (0..self.names.len()).filter_map(|place| self.desk.own(seat, place));
        if own.clone().any(|own| !own.holdings().is_empty()) {
            return Some("it holds something");
        }
        if own.any(|own| !own.orders().is_empty()) || self.intents.iter().any(|(_, it)| it.seat == seat && it.rests()) {
            return Some("orders of its rest");
        }
        let is_running = self.seats.get(seat.get()).is_none_or(|work| work.state == SeatState::Running);
        is_running.then_some("it is not paused")
    }

    /// How each goes on.
    fn seated(&self, desk: &Desk, anew: &[(String, BadState)]) -> Vec<Seated> {
        let of = |seat: SeatIndex| {
            let name = desk.name(seat);
            let how = match anew.iter().find(|(whose, _)| whose == name) {
                Some((_, why)) => Reseated::BeginsAnew { why: why.to_string() },
                None if self.seats.iter().any(|before| &*before.name == name) => Reseated::GoesOn,
                None => Reseated::New,
            };
            Seated { strategy: name.to_owned(), accounts: desk.accounts_of(seat), how }
        };
        desk.seats().map(of).collect()
    }
}
