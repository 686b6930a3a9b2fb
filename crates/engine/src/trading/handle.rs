//! What others say to a desk at work, and what they see of it.

use super::reseating::{Seating, Taken};
use crate::desk::DeskRefused;
use crate::guard::{GuardNews, LookoutNews};
use crate::track::Track;
use crate::venue_account::AccountNews;
use plimsoll_domain::{AccountId, Change, ClientOrderId, Symbol, Timestamp};
use plimsoll_ports::{Holding, Strategy, WorkingOrder};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// What is said to a desk.
#[derive(Debug)]
pub(super) enum Word {
    Change(AccountId, Box<Change>),
    /// The account was looked at, and what was next for its composed orders was done: these go on.
    Looked(AccountId, HashSet<ClientOrderId>),
    /// News of the account may be missing.
    Gap(AccountId),
    Pause {
        strategy: String,
        by: String,
    },
    Resume {
        strategy: String,
    },
    /// Answers when its turn comes.
    Answer(oneshot::Sender<()>),
    /// Others take the seats.
    Reseat(Box<Seating>),
    Stop,
}

/// A way to a desk at work. Clones lead to the same one.
#[derive(Debug, Clone)]
pub struct TradingHandle {
    pub(super) words: mpsc::UnboundedSender<Word>,
    pub(super) seats: watch::Receiver<Arc<[SeatStatus]>>,
    pub(super) accounts: Arc<[AccountId]>,
    pub(super) listed: watch::Receiver<BTreeSet<(AccountId, Symbol)>>,
}

impl TradingHandle {
    /// Passes on what the guard of an account tells: fills, funding and ends of orders among it.
    pub fn hear(&self, account: &AccountId, news: &GuardNews) {
        let word = match news {
            GuardNews::Watched(report) => {
                let go_on = report.composed.iter().filter(|it| it.ended.is_none()).map(|it| it.id.clone());
                Word::Looked(account.clone(), go_on.collect())
            }
            GuardNews::Lookout(LookoutNews::Account(AccountNews::Changed(
                change @ (Change::Filled(_)
                | Change::FundingPaid(_)
                | Change::OrderChanged { .. }
                | Change::OrderVanished(_)),
            ))) => Word::Change(account.clone(), Box::new(change.clone())),
            GuardNews::Lookout(LookoutNews::Missed(_) | LookoutNews::Connected) => Word::Gap(account.clone()),
            _ => return,
        };
        self.say(word);
    }

    /// A strategy opens nothing more until it is [resumed](Self::resume); it hears on, and may close and cancel.
    pub fn pause(&self, strategy: &str, by: &str) {
        self.say(Word::Pause { strategy: strategy.to_owned(), by: by.to_owned() });
    }

    /// A strategy that was paused may open again.
    pub fn resume(&self, strategy: &str) {
        self.say(Word::Resume { strategy: strategy.to_owned() });
    }

    /// Makes these strategies ready to take the seats of the desk; `made_with` is what the settings of each come to, as in
    /// [`TradingSettings`](super::TradingSettings). Nothing takes effect before they [do](Self::reseat). What is
    /// [not known](Seating::unlisted) of their contracts is to be handed over before.
    ///
    /// # Errors
    /// [`DeskRefused`].
    pub fn seating(&self, strategies: Vec<Box<dyn Strategy>>, made_with: Vec<String>) -> Result<Seating, DeskRefused> {
        Ok(Seating::new(strategies, made_with, self.accounts.to_vec())?.beside(&self.listed.borrow()))
    }

    /// These take the seats once what was decided is carried out, and go on from where their namesakes are, as after a restart.
    /// The accounts are not read anew. Until then nothing is begun that adds exposure. Answers what becomes of it.
    ///
    /// Strategies of which none has the name any more are gone, with what they knew. Where one of them is not paused, or has
    /// anything left, everybody keeps his seat: so it is too where a contract is not known.
    pub fn reseat(&self, seating: Seating) -> watch::Receiver<Taken> {
        let taken = seating.taken();
        self.say(Word::Reseat(Box::new(seating)));
        taken
    }

    /// The desk ends once what is under way is done. Stops, targets and resting orders stay.
    pub fn stop(&self) {
        self.say(Word::Stop);
    }

    /// Waits until the desk takes up what it is told; `false` if it has ended. One that has not begun answers once it has.
    pub async fn answers(&self) -> bool {
        let (sender, answer) = oneshot::channel();
        self.say(Word::Answer(sender));
        answer.await.is_ok()
    }

    /// Every strategy as it is now.
    #[must_use]
    pub fn seats(&self) -> Arc<[SeatStatus]> {
        Arc::clone(&self.seats.borrow())
    }

    /// The same, as it changes.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<[SeatStatus]>> {
        self.seats.clone()
    }

    /// A desk that has ended hears nothing.
    fn say(&self, word: Word) {
        drop(self.words.send(word));
    }
}

/// A strategy as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatStatus {
    /// Its name.
    pub name: String,
    /// Whether it decides.
    pub state: SeatState,
    /// What it has on each account.
    pub accounts: Vec<(AccountId, Vec<Holding>, Vec<WorkingOrder>)>,
    /// Its newest decisions, newest first, with what became of each.
    pub decisions: Vec<DecisionStatus>,
    /// What its settings come to, as one word; nothing where that was not said.
    pub made_with: String,
    /// What it made of its round trips, and what its orders cost, since its settings are as they are.
    pub track: Arc<Track>,
}

/// Whether a strategy decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeatState {
    /// It does.
    Running,
    /// It opens nothing.
    Paused {
        /// Who paused it.
        by: String,
    },
    /// It has ended by itself, and decides nothing more until it is given other settings, or the desk is begun anew.
    Stopped {
        /// Why.
        why: String,
    },
}

/// A decision, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionStatus {
    /// When it was decided.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// What became of it.
    pub outcome: DecisionOutcome,
}

/// What became of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecisionOutcome {
    /// It waits for its turn, or is being carried out.
    Underway,
    /// It was carried out.
    Done,
    /// It was refused, or taken back: why.
    Refused(String),
}
