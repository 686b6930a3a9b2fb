//! The market: its time passes by itself, faster than the wall's, and its prices go where they are told.

use super::step::Contract;
use super::venue::Venue;
use plimsoll_domain::{Instrument, Price, Symbol, Timestamp};
use plimsoll_exchange::{MarketClock, Tick, listings};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;

/// 2026-01-05 05:59:30 UTC.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_767_592_770_000);

/// So often the market's time passes, and so much of it: twenty times as fast as the wall's.
const BEAT: Duration = Duration::from_millis(4);
const STRIDE: Duration = Duration::from_millis(80);

/// The market of a stage.
#[derive(Debug)]
pub(crate) struct Market {
    venue: Arc<Venue>,
    pub(crate) clock: MarketClock,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    time: Timestamp,
    bitcoin: Price,
    ether: Price,
}

impl Contract {
    pub(crate) const ALL: [Self; 2] = [Self::Bitcoin, Self::Ether];

    pub(crate) fn instrument(self) -> Instrument {
        match self {
            Self::Bitcoin => listings::btc_usdt(),
            Self::Ether => listings::eth_usdt(),
        }
    }

    pub(crate) fn symbol(self) -> Symbol {
        self.instrument().symbol
    }

    pub(crate) fn of(symbol: &Symbol) -> Self {
        if Self::Ether.symbol() == *symbol { Self::Ether } else { Self::Bitcoin }
    }

    pub(crate) fn opening(self) -> Price {
        let price = match self {
            Self::Bitcoin => "60000",
            Self::Ether => "3000",
        };
        price.parse().expect("a price")
    }
}

impl Market {
    pub(crate) fn new(venue: Arc<Venue>) -> Arc<Self> {
        let state = State { time: START, bitcoin: Contract::Bitcoin.opening(), ether: Contract::Ether.opening() };
        Arc::new(Self { venue, clock: MarketClock::new(START), state: Mutex::new(state) })
    }

    /// Lets time pass until the answer is aborted.
    pub(crate) fn pass(self: &Arc<Self>) -> JoinHandle<()> {
        let market = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut beat = tokio::time::interval(BEAT);
            beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                beat.tick().await;
                let Some(market) = market.upgrade() else { return };
                market.skip(STRIDE);
            }
        })
    }

    /// Lets so much time pass at once, at the prices of now.
    pub(crate) fn skip(&self, span: Duration) {
        self.tick(Contract::Bitcoin, |state| state.time = state.time.plus(span));
    }

    pub(crate) fn price(&self, contract: Contract) -> Price {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.price(contract)
    }

    /// Moves a price, to the tick.
    pub(crate) fn move_to(&self, contract: Contract, price: Price) {
        let tick = contract.instrument().tick;
        let Some(price) = price.round(tick, plimsoll_domain::Rounding::Down) else { return };
        self.tick(contract, |state| {
            state.time = state.time.plus(Duration::from_millis(1));
            *state.price_mut(contract) = price;
        });
    }

    fn tick(&self, contract: Contract, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        let tick = Tick::at(contract.symbol(), state.time, state.price(contract));
        self.venue.advance(&tick).expect("ticks are in order");
        self.clock.tell(state.time);
    }
}

impl State {
    const fn price(&self, contract: Contract) -> Price {
        match contract {
            Contract::Bitcoin => self.bitcoin,
            Contract::Ether => self.ether,
        }
    }

    const fn price_mut(&mut self, contract: Contract) -> &mut Price {
        match contract {
            Contract::Bitcoin => &mut self.bitcoin,
            Contract::Ether => &mut self.ether,
        }
    }
}
