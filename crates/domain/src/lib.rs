//! Values, positions, margin, liquidation, funding and risk of perpetual futures, in exact decimals.
//!
//! ```
//! use plimsoll_domain::liquidation::{self, Leg};
//! use plimsoll_domain::{Direction, Leverage, MarginTiers, Money, Position, Price, Rate, Step, Tier, funding, margin};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Half a bitcoin long from 50,000 at 5x, isolated, on a venue with these margin tiers.
//! let position = Position { direction: Direction::Long, quantity: "0.5".parse()?, entry: "50000".parse()? };
//! let tiers = MarginTiers::new(vec![
//!     Tier { floor: Money::ZERO, rate: "0.004".parse()?, deduction: Money::ZERO, max_leverage: Leverage::new(125)? },
//!     Tier {
//!         floor: "50000".parse()?,
//!         rate: "0.005".parse()?,
//!         deduction: "50".parse()?,
//!         max_leverage: Leverage::new(100)?,
//!     },
//! ])?;
//! let mark: Price = "50000".parse()?;
//! let margin = margin::initial(position.notional(position.entry), Leverage::new(5)?);
//! assert_eq!(margin.to_string(), "5000");
//!
//! // Where is it liquidated? Exactly, and as a screen would show it: never further away than it is.
//! let leg = Leg { position, tiers: &tiers };
//! let bounds = liquidation::isolated(leg, margin, Rate::ZERO, Some(mark)).bounds().ok_or("already due")?;
//! let shown = bounds.for_display(Step::new("0.1".parse()?)?);
//! assert_eq!(bounds.below, Some("40160.642570281124497991967871".parse()?));
//! assert_eq!(shown.below, Some("40160.7".parse()?));
//! assert_eq!(bounds.above, None);
//!
//! // What does it pay a day, at 0.01 % every eight hours?
//! let a_day = funding::daily_estimate(position, mark, "0.0001".parse()?, 8);
//! assert_eq!(a_day, Some("7.5".parse()?));
//! # Ok(())
//! # }
//! ```
//!
//! From here: [`Position::apply`] for what fills make of positions, [`liquidation`] for cross and hedged accounts,
//! [`Portfolio`] for a whole account at its marks, [`stress`] and [`reduce`] for how far it is from trouble and how little
//! to close, [`afloat`] for what an account in trouble is to do now, [`risk`] for whether an order may be sent, and [`AccountState`] for what a venue's events add up to.
//!
//! # What it does not do
//!
//! - No I/O, no clock, no logging, no async: time comes in as a value, and every function is plain.
//! - No floats. Numbers are read exactly or refused ([`decimal::exact`]), and rounded only where a name says which way. A
//!   quotient has the 28 digits of a [`Decimal`].
//! - No venue's words and none of its display formulas: adapters translate, and report a venue's own figures beside ours.
//! - Linear contracts only, margined in one settle currency: no inverse or quanto contracts, no options, no haircuts of a
//!   multi-currency margin.
//! - A cross liquidation price holds the other marks still; for all of them at once there is [`stress::common_move`].
//! - No guess at how a venue unwinds a position that is due: partial liquidation, insurance and deleveraging are its own.

pub mod afloat;
pub mod decimal;
pub mod funding;
pub mod liquidation;
pub mod margin;
pub mod pnl;
pub mod reduce;
pub mod risk;
pub mod stress;

mod account;
mod booking;
mod candle_builder;
mod change;
mod event;
mod exposure;
mod fill;
mod instrument;
mod leverage;
mod listing;
mod market;
mod money;
mod name;
mod order;
mod portfolio;
mod portfolio_view;
mod position;
mod price;
mod quantity;
mod rate;
mod side;
mod standing;
mod tally;
mod time;
mod watch;

pub use account::{AccountState, Difference, DifferenceField, DifferenceSubject, HeldPosition};
pub use booking::{Booking, BookingKind};
pub use candle_builder::CandleBuilder;
pub use change::{Balance, Change, ClosedPosition};
pub use event::{
    AccountEvent, AccountSnapshot, BalanceReport, ForcedClose, FundingPayment, MarginWarning, PositionReport,
};
pub use exposure::Exposure;
pub use fill::{Fill, FillCause, Liquidity};
pub use instrument::{ContractStatus, Fees, Instrument, UnfitSize};
pub use leverage::{Leverage, NotALeverage};
pub use liquidation::{Leg, Liquidation, LiquidationBounds};
pub use listing::{ContractChange, contract_changes};
pub use margin::{BrokenTiers, HedgeMargin, MarginHealth, MarginRatio, MarginTiers, Tier, margin_cover};
pub use market::{
    BestQuotes, BookUpdate, Candle, FundingRate, LastPrice, MarkPrice, MarketEvent, MarketLiquidation, MarketTrade,
    SettledFunding,
};
pub use money::{Money, NotMoney};
pub use name::{AccountId, ClientOrderId, Currency, NotAClientOrderId, NotASymbol, OrderId, Symbol, TradeId, VenueId};
pub use order::{NewOrder, Order, OrderKind, OrderSize, OrderStatus, OrderType, TimeInForce, TriggerBy};
pub use portfolio::{AccountMargin, Assessment, Collateral, Holding, Portfolio, PositionMargin, Summed, Sums};
pub use portfolio_view::{NearestLiquidation, PortfolioTotals, PortfolioView, StressOutcome, StressedAccount};
pub use position::{Position, Transition};
pub use price::{NotAPrice, NotAStep, Price, Rounding, Step};
pub use quantity::{NotAQuantity, Quantity, Remainder};
pub use rate::{NotARate, Rate};
pub use reduce::{Adjustment, Reducible, Reduction};
pub use risk::{
    AccountFacts, Approval, EquityWatch, ExposureFacts, KillSwitch, MarginAlert, OrderFacts, Reason, Refused,
    RiskLimits,
};
pub use rust_decimal::Decimal;
pub use side::{Direction, MarginMode, PositionMode, PositionSide, Side, UnknownWord};
pub use standing::{MarginFigures, PositionFigures, Standing};
pub use stress::{CommonMove, NotAFactor, Scenario};
pub use tally::Tally;
pub use time::{Stamp, Timestamp};
pub use watch::{Bad, Crossing, NotAThreshold, Threshold, Watch};
