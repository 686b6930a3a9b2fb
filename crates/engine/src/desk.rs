//! Strategies at one desk: who hears what, who holds what, and what of their wishes stands against each other.
//!
//! The desk is plain values: a backtest, a simulation and a live account feed the same one, and carry out what it answers. What
//! a strategy holds and has resting is kept here, by fills; what the account holds is the sum over its strategies.

mod channel;
mod netting;
mod own;
mod saved;
mod seat;
mod sharing;

pub use netting::Netted;
pub use own::Own;
pub use saved::DeskState;
pub use sharing::Share;

use channel::Channel;
use plimsoll_domain::{AccountId, Direction, MarketEvent, Symbol, Timestamp};
use plimsoll_ports::{Decision, Feed, Funds, KnownFunds, Strategy, StrategyEvent, TradedMarket};
use seat::Seat;
use std::collections::BTreeSet;

/// One account as it is now.
#[derive(Debug, Clone)]
pub struct AccountNow {
    /// Its name.
    pub id: AccountId,
    /// What it has to trade with.
    pub funds: KnownFunds,
    /// The contracts that may be traded, and their prices.
    pub markets: Vec<TradedMarket>,
}

/// An account as strategies see it, what is their own apart.
pub trait Seen {
    /// Its name.
    fn id(&self) -> &AccountId;

    /// What it has to trade with.
    fn funds(&self) -> &dyn Funds;

    /// The contracts that may be traded, and their prices.
    fn markets(&self) -> &[TradedMarket];
}

impl Seen for AccountNow {
    fn id(&self) -> &AccountId {
        &self.id
    }

    fn funds(&self) -> &dyn Funds {
        &self.funds
    }

    fn markets(&self) -> &[TradedMarket] {
        &self.markets
    }
}

/// A strategy at the desk, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeatIndex(usize);

impl SeatIndex {
    /// Its number, from 0, in the order in which the strategies were given.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0
    }
}

/// What one strategy wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Who.
    pub seat: SeatIndex,
    /// What, and why.
    pub decision: Decision,
}

/// Why strategies cannot sit at one desk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeskRefused {
    /// Two of one name would share their records.
    #[error("two strategies are called '{0}': give one of them another name")]
    SameName(String),
    /// A strategy has to hear of an account that the desk does not have.
    #[error("strategy '{strategy}' has to hear of account '{account}', which is not traded here")]
    UnknownAccount {
        /// The strategy.
        strategy: String,
        /// The account that it names.
        account: AccountId,
    },
    /// There is nobody.
    #[error("no strategy is given")]
    Nobody,
    /// A view holds so many accounts and no more.
    #[error("{0} accounts are too many for one desk, which has {MOST_ACCOUNTS} at most")]
    TooManyAccounts(usize),
}

/// So many accounts fit into a view.
const MOST_ACCOUNTS: usize = 8;

/// A contract of an account of which somebody hears, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelIndex(usize);

/// Strategies over one or several accounts.
pub struct Desk {
    accounts: Vec<AccountId>,
    seats: Vec<Seat>,
    channels: Vec<Channel>,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("accounts", &self.accounts).field("seats", &self.seats).finish_non_exhaustive()
    }
}

impl Desk {
    /// Seats the strategies, in this order, over these accounts.
    ///
    /// # Errors
    /// [`DeskRefused`].
    pub fn new(strategies: Vec<Box<dyn Strategy>>, accounts: Vec<AccountId>) -> Result<Self, DeskRefused> {
        if strategies.is_empty() {
            return Err(DeskRefused::Nobody);
        }
        if accounts.len() > MOST_ACCOUNTS {
            return Err(DeskRefused::TooManyAccounts(accounts.len()));
        }
        let mut desk = Self { accounts, seats: Vec::new(), channels: Vec::new() };
        for strategy in strategies {
            let seat = Seat::new(strategy, desk.accounts.len());
            if desk.seats.iter().any(|other| other.name == seat.name) {
                return Err(DeskRefused::SameName(seat.name.to_string()));
            }
            let number = desk.seats.len();
            for feed in seat.strategy.feeds() {
                desk.connect(number, &seat.name, feed)?;
            }
            desk.seats.push(seat);
        }
        Ok(desk)
    }

    fn connect(&mut self, seat: usize, name: &str, feed: Feed) -> Result<(), DeskRefused> {
        let Some(account) = self.accounts.iter().position(|id| *id == feed.account) else {
            return Err(DeskRefused::UnknownAccount { strategy: name.to_owned(), account: feed.account });
        };
        let channel = match self.channel(account, &feed.symbol) {
            Some(ChannelIndex(found)) => found,
            None => {
                self.channels.push(Channel::new(account, feed.symbol));
                self.channels.len() - 1
            }
        };
        self.channels[channel].connect(seat, feed.kind);
        Ok(())
    }

    /// The channel of a contract, if anybody hears of it. `account` is the account's place.
    #[must_use]
    pub fn channel(&self, account: usize, symbol: &Symbol) -> Option<ChannelIndex> {
        let is_its = |channel: &Channel| channel.account == account && channel.symbol == *symbol;
        self.channels.iter().position(is_its).map(ChannelIndex)
    }

    /// What is heard of a channel, besides candles: marks, quotes and funding.
    #[must_use]
    pub fn hears(&self, channel: ChannelIndex) -> (bool, bool, bool) {
        self.channels.get(channel.0).map_or((false, false, false), Channel::hears)
    }

    /// The names of the strategies, by seat.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.seats.iter().map(|seat| &*seat.name)
    }

    /// The name of one.
    #[must_use]
    pub fn name(&self, seat: SeatIndex) -> &str {
        self.seats.get(seat.0).map_or("", |seat| &*seat.name)
    }

    /// Every feed that somebody has to hear, once.
    #[must_use]
    pub fn feeds(&self) -> Vec<Feed> {
        let mut feeds: Vec<Feed> = self.seats.iter().flat_map(|seat| seat.strategy.feeds()).collect();
        feeds.sort();
        feeds.dedup();
        feeds
    }

    /// The accounts that a strategy hears of.
    pub(crate) fn accounts_of(&self, seat: SeatIndex) -> BTreeSet<AccountId> {
        self.feeds_of(seat).into_iter().map(|feed| feed.account).collect()
    }

    /// What a strategy hears of.
    pub(crate) fn feeds_of(&self, seat: SeatIndex) -> Vec<Feed> {
        self.seats.get(seat.0).map(|seat| seat.strategy.feeds()).unwrap_or_default()
    }

    /// What a strategy has on an account.
    #[must_use]
    pub fn own(&self, seat: SeatIndex, account: usize) -> Option<&Own> {
        self.seats.get(seat.0)?.own.get(account)
    }

    /// The same, to be changed by fills and answers.
    pub fn own_mut(&mut self, seat: SeatIndex, account: usize) -> Option<&mut Own> {
        self.seats.get_mut(seat.0)?.own.get_mut(account)
    }

    /// Everybody, in order.
    pub fn seats(&self) -> impl Iterator<Item = SeatIndex> + use<> {
        (0..self.seats.len()).map(SeatIndex)
    }

    /// Which way others than `seat` hold a contract; `None` if nobody else does.
    #[must_use]
    pub fn held_by_others(&self, seat: SeatIndex, account: usize, symbol: &Symbol) -> Option<(SeatIndex, Direction)> {
        let others = self.seats().filter(|other| *other != seat);
        let mut held = others.filter_map(|other| {
            let holding = self.own(other, account)?.holding(symbol)?;
            Some((other, holding.position.direction))
        });
        held.next()
    }

    /// Something happened in a market: whoever has to hear it decides, in the order of the seats. Of candles, only closed ones
    /// of the shortest interval are to be given, each once: longer ones are built from them.
    pub fn hear(
        &mut self,
        channel: ChannelIndex,
        now: Timestamp,
        accounts: &[impl Seen],
        event: &MarketEvent,
        wanted: &mut Vec<Wanted>,
    ) {
        let Self { accounts: names, seats, channels } = self;
        let Some(channel) = channels.get_mut(channel.0) else { return };
        let Some(account) = names.get(channel.account) else { return };
        channel.deliver(event, |number, event| {
            let Some(seat) = seats.get_mut(number) else { return };
            let decisions = seat.decide(now, accounts, &StrategyEvent::Market { account, event });
            wanted.extend(decisions.into_iter().map(|decision| Wanted { seat: SeatIndex(number), decision }));
        });
    }

    /// Something happened to a strategy's own orders: it decides.
    pub fn tell(
        &mut self,
        seat: SeatIndex,
        now: Timestamp,
        accounts: &[impl Seen],
        event: &StrategyEvent<'_>,
        wanted: &mut Vec<Wanted>,
    ) {
        let Some(it) = self.seats.get_mut(seat.0) else { return };
        let decisions = it.decide(now, accounts, event);
        wanted.extend(decisions.into_iter().map(|decision| Wanted { seat, decision }));
    }

    /// Takes out what stands against each other among openings of one moment: see [`Netted`].
    pub fn net(&self, wanted: &mut Vec<Wanted>) -> Vec<Netted> {
        netting::net(wanted)
    }
}
