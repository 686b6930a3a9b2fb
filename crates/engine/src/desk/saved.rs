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
    /// that were not there are as new. So is one whose settings are others than those that its state was made with; what it
    /// holds is its own all the same. Answers those.
    ///
    /// # Errors
    /// [`BadState`] if something of the desk itself cannot be read, with what; it is to be built anew then.
    pub fn restore(&mut self, state: &DeskState) -> Result<Vec<(String, BadState)>, BadState> {
        let mut anew = Vec::new();
        let Self { accounts, seats, channels } = self;
        for saved in &state.seats {
            let Some(seat) = seats.iter_mut().find(|seat| *seat.name == saved.name) else { continue };
            if let Err(error) = seat.strategy.restore(&saved.state) {
                anew.push((saved.name.clone(), error));
            }
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
        Ok(anew)
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

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::{ClientOrderId, Fill, FillCause, MarketEvent, Money, OrderId, PositionSide, TradeId};
    use plimsoll_ports::{Decision, Feed, FeedKind, Strategy, StrategyEvent, StrategyView};

    /// Remembers one word, and takes up that of its own kind only.
    struct Remembers {
        name: &'static str,
        word: String,
    }

    impl Strategy for Remembers {
        fn name(&self) -> String {
            self.name.to_owned()
        }

        fn feeds(&self) -> Vec<Feed> {
            let kind = FeedKind::Candles(Duration::from_secs(300));
            vec![Feed { account: AccountId::new("main"), symbol: bitcoin(), kind }]
        }

        fn decide<'a>(&mut self, _: &StrategyView<'a>, _: &StrategyEvent<'a>) -> Vec<Decision> {
            Vec::new()
        }

        fn state(&self) -> String {
            self.word.clone()
        }

        fn restore(&mut self, state: &str) -> Result<(), BadState> {
            if state.starts_with(&self.word[..1]) {
                self.word = state.to_owned();
                return Ok(());
            }
            Err(BadState(state.to_owned()))
        }
    }

    fn bitcoin() -> Symbol {
        "BTC/USDT:USDT".parse().unwrap()
    }

    fn desk(words: [&str; 2]) -> Desk {
        let [one, two] = words.map(str::to_owned);
        let strategies: Vec<Box<dyn Strategy>> =
            vec![Box::new(Remembers { name: "one", word: one }), Box::new(Remembers { name: "two", word: two })];
        Desk::new(strategies, vec![AccountId::new("main")]).unwrap()
    }

    /// A desk at which one holds something with a stop, two has something resting, and a candle is half built.
    fn busy() -> Desk {
        let mut desk = desk(["apple", "berry"]);
        let seats: Vec<_> = desk.seats().collect();
        let fill = Fill {
            trade_id: TradeId::new("1"),
            order_id: OrderId::new("1"),
            client_order_id: ClientOrderId::reported("entry"),
            symbol: bitcoin(),
            side: Side::Buy,
            position_side: PositionSide::Both,
            price: "50000.1".parse().unwrap(),
            quantity: "0.125".parse().unwrap(),
            fee: Money::ZERO,
            fee_currency: None,
            liquidity: None,
            realized_pnl: None,
            cause: FillCause::Order,
            time: Timestamp::from_millis(1_700_000_000_123),
        };
        let own = desk.own_mut(seats[0], 0).unwrap();
        own.fill(&fill, Leverage::new(7).unwrap());
        own.stop_at(&bitcoin(), Some("48000".parse().unwrap()));
        desk.own_mut(seats[1], 0).unwrap().rests(WorkingOrder {
            symbol: bitcoin(),
            label: "3.in".to_owned(),
            side: Side::Sell,
            price: "52000".parse().unwrap(),
            quantity: "0.25".parse().unwrap(),
            filled: Some("0.1".parse().unwrap()),
        });
        let price = "50000".parse().unwrap();
        let candle = Candle {
            symbol: bitcoin(),
            open_time: Timestamp::from_millis(1_700_000_100_000),
            interval: Duration::from_secs(60),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: "1.5".parse().unwrap(),
            closed: true,
        };
        let channel = desk.channel(0, &bitcoin()).unwrap();
        let nobody: [crate::desk::AccountNow; 0] = [];
        desk.hear(channel, Timestamp::default(), &nobody, &MarketEvent::Candle(candle), &mut Vec::new());
        desk
    }

    #[test]
    fn a_desk_is_taken_up_as_it_was_saved() {
        let saved = busy().state();
        let text = serde_json::to_string(&saved).unwrap();
        let read: DeskState = serde_json::from_str(&text).unwrap();
        let mut again = desk(["a", "b"]);
        assert_eq!(again.restore(&read), Ok(vec![]));
        assert_eq!(again.state(), saved);
        let seat = again.seats().next().unwrap();
        let held = again.own(seat, 0).unwrap().holding(&bitcoin()).unwrap().clone();
        assert_eq!((held.leverage, held.stop), (Leverage::new(7).unwrap(), Some("48000".parse().unwrap())));
    }

    #[test]
    fn a_strategy_whose_state_does_not_fit_keeps_what_it_holds() {
        let saved = busy().state();
        let mut again = desk(["x", "b"]);
        assert_eq!(again.restore(&saved), Ok(vec![("one".to_owned(), BadState("apple".to_owned()))]));
        let seats: Vec<_> = again.seats().collect();
        assert!(again.own(seats[0], 0).unwrap().holding(&bitcoin()).is_some());
        assert_eq!(again.own(seats[1], 0).unwrap().orders().len(), 1);
    }

    #[test]
    fn what_makes_no_sense_is_refused_whole() {
        let text = serde_json::to_string(&busy().state()).unwrap().replace("0.125", "none of it");
        let read: DeskState = serde_json::from_str(&text).unwrap();
        assert_eq!(desk(["a", "b"]).restore(&read), Err(BadState("none of it".to_owned())));
    }
}
