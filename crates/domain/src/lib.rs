//! Values, positions, margin, liquidation, funding and risk of perpetual futures, in exact decimals.

pub mod decimal;
pub mod funding;
pub mod liquidation;
pub mod margin;
pub mod pnl;
pub mod reduce;
pub mod risk;
pub mod stress;

mod account;
mod change;
mod event;
mod fill;
mod instrument;
mod leverage;
mod market;
mod money;
mod name;
mod order;
mod portfolio;
mod position;
mod price;
mod quantity;
mod rate;
mod side;
mod time;

pub use account::{AccountState, HeldPosition};
pub use change::{Balance, Change, ClosedPosition};
pub use event::{
    AccountEvent, AccountSnapshot, BalanceReport, ForcedClose, FundingPayment, MarginWarning, PositionReport,
};
pub use fill::{Fill, FillCause, Liquidity};
pub use instrument::{Fees, Instrument, UnfitSize};
pub use leverage::{Leverage, NotALeverage};
pub use liquidation::{Leg, Liquidation, LiquidationBounds};
pub use margin::{BrokenTiers, MarginHealth, MarginRatio, MarginTiers, Tier, margin_cover};
pub use market::{
    BestQuotes, BookUpdate, Candle, FundingRate, LastPrice, MarkPrice, MarketEvent, MarketLiquidation, MarketTrade,
    SettledFunding,
};
pub use money::{Money, NotMoney};
pub use name::{AccountId, ClientOrderId, Currency, NotAClientOrderId, NotASymbol, OrderId, Symbol, TradeId, VenueId};
pub use order::{NewOrder, Order, OrderKind, OrderSize, OrderStatus, OrderType, TimeInForce, TriggerBy};
pub use portfolio::{AccountMargin, Assessment, Collateral, Holding, Portfolio, PositionMargin};
pub use position::{Position, Transition};
pub use price::{NotAPrice, NotAStep, Price, Rounding, Step};
pub use quantity::{NotAQuantity, Quantity, Remainder};
pub use rate::{NotARate, Rate};
pub use reduce::{Adjustment, Reducible, Reduction};
pub use risk::{AccountFacts, Approval, EquityWatch, ExposureFacts, KillSwitch, MarginAlert, OrderFacts, Reason, Refused, RiskLimits};
pub use rust_decimal::Decimal;
pub use side::{Direction, MarginMode, PositionMode, PositionSide, Side, UnknownWord};
pub use stress::{CommonMove, NotAFactor, Scenario};
pub use time::{Stamp, Timestamp};
