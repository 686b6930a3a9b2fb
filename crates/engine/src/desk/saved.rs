//! A desk as text: what a restart takes up again.

use super::{Desk, Own};
use plimsoll_domain::{AccountId, Candle, Direction, Leverage, Position, Price, Quantity, Side, Symbol, Timestamp};
use plimsoll_ports::{BadState, Holding, WorkingOrder};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use std::time::Duration;

/// A desk as it is kept: the strategies' states, what is their own, and candles that are half built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskState {
    seats: Vec<SeatState>,
    candles: Vec<CandleState>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SeatState {
    name: String,
    state: String,
    own: Vec<OwnState>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct OwnState {
    account: String,
    holdings: Vec<HoldingState>,
    orders: Vec<OrderState>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct HoldingState {
    symbol: String,
    direction: String,
    quantity: String,
    entry: String,
    leverage: String,
    stop: Option<String>,
    opened_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct OrderState {
    symbol: String,
    label: String,
    side: String,
    price: String,
    quantity: String,
    filled: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct CandleState {
    account: String,
    symbol: String,
    interval_micros: u64,
    open_time: i64,
    prices: [String; 4],
    volume: String,
}

impl Desk {
    /// The desk as it is now.
    #[must_use]
    pub fn state(&self) -> DeskState {
        let seats = self.seats.iter().map(|seat| SeatState {
            name: seat.name.to_string(),
            state: seat.strategy.state(),
            own: self.accounts.iter().zip(&seat.own).map(|(account, own)| OwnState::of(account, own)).collect(),
        });
        let mut candles = Vec::new();
        for channel in &self.channels {
            let Some(account) = self.accounts.get(channel.account) else { continue };
            candles.extend(channel.half_built().map(|candle| CandleState::of(account, candle)));
        }
        DeskState { seats: seats.collect(), candles }
    }

    /// Takes up where [`state`](Self::state) left off. Strategies and accounts that are not at this desk are left out, and those
    /// that were not there are as new.
    ///
    /// # Errors
    /// [`BadState`] if something of it cannot be read, with what; the desk is to be built anew then.
    pub fn restore(&mut self, state: &DeskState) -> Result<(), BadState> {
        let Self { accounts, seats, channels } = self;
        for saved in &state.seats {
            let Some(seat) = seats.iter_mut().find(|seat| *seat.name == saved.name) else { continue };
            seat.strategy.restore(&saved.state)?;
            for saved in &saved.own {
                let place = accounts.iter().position(|account| account.as_str() == saved.account);
                let own = place.and_then(|place| seat.own.get_mut(place));
                if let Some(own) = own {
                    *own = saved.read()?;
                }
            }
        }
        for saved in &state.candles {
            let (candle, symbol) = (saved.read()?, symbol(&saved.symbol)?);
            let place = accounts.iter().position(|account| account.as_str() == saved.account);
            let channel = channels.iter_mut().find(|it| Some(it.account) == place && it.symbol == symbol);
            if let Some(channel) = channel {
                channel.take_up(candle);
            }
        }
        Ok(())
    }
}

impl OwnState {
    fn of(account: &AccountId, own: &Own) -> Self {
        Self {
            account: account.to_string(),
            holdings: own.holdings().iter().map(HoldingState::of).collect(),
            orders: own.orders().iter().map(OrderState::of).collect(),
        }
    }

    fn read(&self) -> Result<Own, BadState> {
        let holdings = self.holdings.iter().map(HoldingState::read).collect::<Result<_, _>>()?;
        let orders = self.orders.iter().map(OrderState::read).collect::<Result<_, _>>()?;
        Ok(Own::of(holdings, orders))
    }
}

impl HoldingState {
    fn of(it: &Holding) -> Self {
        Self {
            symbol: it.symbol.to_string(),
            direction: it.position.direction.to_string(),
            quantity: it.position.quantity.to_string(),
            entry: it.position.entry.to_string(),
            leverage: it.leverage.get().to_string(),
            stop: it.stop.map(|stop| stop.to_string()),
            opened_at: it.opened_at.as_micros(),
        }
    }

    fn read(&self) -> Result<Holding, BadState> {
        let direction: Direction = read(&self.direction)?;
        let (quantity, entry): (Quantity, Price) = (read(&self.quantity)?, read(&self.entry)?);
        let leverage: Leverage = read(&self.leverage)?;
        let stop = self.stop.as_deref().map(read::<Price>).transpose()?;
        let position = Position { direction, quantity, entry };
        let opened_at = Timestamp::from_micros(self.opened_at);
        Ok(Holding { symbol: symbol(&self.symbol)?, position, leverage, stop, opened_at })
    }
}

impl OrderState {
    fn of(it: &WorkingOrder) -> Self {
        Self {
            symbol: it.symbol.to_string(),
            label: it.label.clone(),
            side: it.side.to_string(),
            price: it.price.to_string(),
            quantity: it.quantity.to_string(),
            filled: it.filled.map(|filled| filled.to_string()),
        }
    }

    fn read(&self) -> Result<WorkingOrder, BadState> {
        let side: Side = read(&self.side)?;
        let (price, quantity): (Price, Quantity) = (read(&self.price)?, read(&self.quantity)?);
        let filled = self.filled.as_deref().map(read::<Quantity>).transpose()?;
        Ok(WorkingOrder { symbol: symbol(&self.symbol)?, label: self.label.clone(), side, price, quantity, filled })
    }
}

impl CandleState {
    fn of(account: &AccountId, it: &Candle) -> Self {
        Self {
            account: account.to_string(),
            symbol: it.symbol.to_string(),
            interval_micros: u64::try_from(it.interval.as_micros()).unwrap_or(u64::MAX),
            open_time: it.open_time.as_micros(),
            prices: [it.open, it.high, it.low, it.close].map(|price| price.to_string()),
            volume: it.volume.to_string(),
        }
    }

    fn read(&self) -> Result<Candle, BadState> {
        let [open, high, low, close] = &self.prices;
        Ok(Candle {
            symbol: symbol(&self.symbol)?,
            open_time: Timestamp::from_micros(self.open_time),
            interval: Duration::from_micros(self.interval_micros),
            open: read(open)?,
            high: read(high)?,
            low: read(low)?,
            close: read(close)?,
            volume: read(&self.volume)?,
            closed: false,
        })
    }
}

fn read<T: FromStr>(text: &str) -> Result<T, BadState> {
    text.parse().map_err(|_| BadState(text.to_owned()))
}

fn symbol(text: &str) -> Result<Symbol, BadState> {
    read(text)
}
