//! Other strategies take the seats of a desk at work: it goes on over the same accounts, and hears what it heard.

use super::caught::Caught;
use super::handle::Word;
use super::news::{Reseated, Seated};
use super::seats::SeatWork;
use super::{TradingDesk, TradingNews, candle_channels};
use crate::desk::{Desk, DeskRefused, SeatIndex};
use plimsoll_domain::AccountId;
use plimsoll_ports::{BadState, Strategy};
use std::fmt;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Strategies that are ready to take the seats of a desk.
pub struct Seating {
    pub(super) desk: Desk,
    pub(super) seats: Vec<SeatWork>,
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
        Ok(Self { desk: Desk::new(caught, accounts)?, seats })
    }
}

impl TradingDesk {
    /// The strategies go on from where their namesakes are. Answers what was said meanwhile and is to be heard next.
    ///
    /// Only contracts that nobody here has heard of are asked for: everything else is known.
    pub(super) async fn take_seats(
        &mut self,
        seating: Seating,
        words: &mut mpsc::UnboundedReceiver<Word>,
    ) -> Vec<Word> {
        let mut unheard = Vec::new();
        let Some(seated) = self.sit_down(seating) else { return unheard };
        for place in 0..self.names.len() {
            self.list(place, words, &mut unheard).await;
        }
        self.news.push(TradingNews::Reseated(seated));
        unheard
    }

    /// `None` where they cannot: then everybody keeps his seat.
    fn sit_down(&mut self, seating: Seating) -> Option<Vec<Seated>> {
        let Seating { mut desk, mut seats } = seating;
        let anew = match desk.restore(&self.desk.state()) {
            Ok(anew) => anew,
            Err(error) => {
                let what = format!("the strategies keep their settings: what they hold cannot be handed on: {error}");
                self.news.push(TradingNews::Trouble { what });
                return None;
            }
        };
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
        Some(seated)
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
