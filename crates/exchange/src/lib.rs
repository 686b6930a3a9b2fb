//! A deterministic perpetual-futures exchange in memory: matching, margin, funding, liquidation.
//!
//! Feed it prices, trade on it, and read what happened:
//!
//! ```
//! use plimsoll_domain::{
//!     AccountId, ClientOrderId, Leverage, NewOrder, OrderKind, OrderSize, PositionSide, Side, Timestamp,
//! };
//! use plimsoll_exchange::{Exchange, Tick, listings};
//! use std::time::Duration;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let start = Timestamp::from_millis(1_704_067_200_000);
//! let mut exchange = Exchange::new(start);
//! let bitcoin = listings::btc_usdt().symbol;
//! exchange.list(listings::btc_usdt(), "50000".parse()?)?;
//! let ann = AccountId::new("ann");
//! exchange.open_account(ann.clone(), "1000".parse()?)?;
//!
//! // Ann buys 0.1 bitcoin, at the ask, at leverage 10.
//! exchange.set_leverage(&ann, &bitcoin, Leverage::new(10)?)?;
//! let order = NewOrder {
//!     client_order_id: ClientOrderId::new("ann-1")?,
//!     symbol: bitcoin.clone(),
//!     side: Side::Buy,
//!     position_side: PositionSide::Both,
//!     kind: OrderKind::Market,
//!     size: OrderSize::Quantity("0.1".parse()?),
//!     reduce_only: false,
//! };
//! let filled = exchange.place(&ann, &order)?;
//! assert_eq!(filled.average_price, Some("50000.1".parse()?));
//!
//! // The market falls to her liquidation price, and she is liquidated.
//! let liquidation = exchange.positions(&ann)[0].liquidation_price.ok_or("none")?;
//! assert_eq!(liquidation, "40180.823333333333333333333333".parse()?);
//! exchange.advance(&Tick::at(bitcoin.clone(), start.plus(Duration::from_secs(60)), "40180.9".parse()?))?;
//! assert_eq!(exchange.positions(&ann).len(), 1);
//! exchange.advance(&Tick::at(bitcoin, start.plus(Duration::from_secs(61)), "40180.8".parse()?))?;
//! assert!(exchange.positions(&ann).is_empty());
//! for event in exchange.drain_events() {
//!     println!("{:?}", event.news);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # How it trades
//!
//! - **The fed last price is the outside market**: its bid is the last price, its ask [a tick](Settings::spread_ticks)
//!   above, and both are unlimited. Accounts also trade with each other's resting orders, in price-time priority and
//!   before the outside market at the same price. Trades here do not move the fed price.
//! - **A resting limit order fills** whole, as maker and at its own price, once the fed last price *touches* it.
//! - **An order never trades with its own account**: the resting one expires.
//! - **Reduce-only** holds for an order's whole life: it is cut to the position when it is placed, and shrinks or expires
//!   when the position does. Hedge legs imply it by side and position side.
//! - **Conditional orders** have an id space of their own, reserve no margin, and become market orders when they trigger;
//!   they are rejected then if margin or the position is missing.
//!
//! # How it keeps score
//!
//! - **Wallets are in steps of 1e-8.** Profit is rounded down to it and fees and funding up, never in an account's favour,
//!   and every change is an [`Income`] row: a wallet is the sum of its rows to the last digit.
//! - **Margin is judged at the mark**, never at the last price, by the exact liquidation prices of
//!   [`plimsoll_domain::liquidation`]. At every price it is known, without asking, that no account is due: see
//!   [`Exchange::advance`] for the order of things in a tick.
//! - **A liquidation** ends the pool's orders, closes at the mark, or at the bankruptcy price if the mark is beyond it, and
//!   pays its fee to the insurance fund. What the fund cannot bear falls on the profitable other side (ADL), and last on
//!   the fund all the same.
//! - **What a venue reckons differently** is a [setting](Settings): whether margins count the fee of
//!   [closing](Settings::counts_closing_fee), say. Its face [asks](Exchange::adopt) for it before anybody has traded.
//! - **Funding** is settled at whole intervals since 1970, at the mark that was known then.
//!
//! # Behind the ports
//!
//! - **[`PaperVenue`]** is the exchange as brokers, private streams, a feed and funding rates, for trading on paper.
//!
//! # What it does not do
//!
//! - No I/O, no clock, no randomness: time comes in with ticks, and the same input gives the same [events](ExchangeEvent).
//!   Its [market generator](prices::Walk) has a seed.
//! - No venue's wire: names and codes of venues are the venue server's.
//! - No forgetting, unless it is [asked](Settings::keeps) to: orders, fills, income and fundings are kept as long as it
//!   lives; of trades and candles the newest.
//! - No trailing stops, good-till-date orders, multi-currency margin, inverse contracts, or partial liquidation.

mod account;
mod account_settings;
mod adl;
mod amending;
mod attached;
mod book;
mod candles;
mod clock;
mod conditional;
mod event;
mod exchange;
mod fills;
mod filters;
mod funding;
mod gate;
mod history;
mod income;
mod liquidation;
pub mod listings;
mod margin;
mod market;
mod matching;
mod numbered;
mod order;
mod paper;
mod placing;
pub mod prices;
mod queries;
mod rejection;
mod retention;
mod settings;
mod solvency;
mod tick;

pub use clock::MarketClock;
pub use event::{ExchangeEvent, FillNews, News, ThinPosition};
pub use exchange::Exchange;
pub use history::PastOrder;
pub use income::{Income, IncomeKind};
pub use margin::{AccountFigures, PositionFigures};
pub use market::{ListingRefused, MarketIndex, MarketView};
pub use order::{ConditionalOrder, ConditionalStatus, ExpiryReason, OrderRef, PlacedOrder};
pub use paper::{PaperAccountStream, PaperBroker, PaperVenue};
pub use rejection::Rejection;
pub use retention::Totals;
pub use settings::{ClosingOrders, Settings};
pub use tick::{Tick, TickRefused};
