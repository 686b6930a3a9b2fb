//! Staying afloat: what an account near its liquidation is to do now, and no more than that.
//!
//! ```
//! use plimsoll_domain::afloat::{Action, Guarded, GuardedAccount, ThresholdSettings, Thresholds, plan};
//! # use plimsoll_domain::{Collateral, ContractStatus, Currency, Decimal, Direction, Fees, Instrument, Leverage,
//! #     MarginTiers, Money, Position, Rate, Step, VenueId};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let step = |text: &str| Step::new(text.parse().unwrap()).unwrap();
//! # let contract = Instrument {
//! #     venue: VenueId::new("venue"), symbol: "A/USDT:USDT".parse()?, native: "AUSDT".into(),
//! #     settle: Currency::new("USDT"), multiplier: Decimal::ONE, tick: step("0.1"), lot: step("0.1"),
//! #     min_quantity: "0.1".parse()?, max_quantity: "1000".parse()?, max_market_quantity: "2".parse()?,
//! #     min_notional: "5".parse()?, tiers: MarginTiers::single("0.05".parse()?, Money::ZERO, Leverage::ONE)?,
//! #     fees: Fees { maker: Rate::ZERO, taker: Rate::ZERO }, liquidation_fee: Rate::ZERO,
//! #     funding_interval_hours: 8, status: ContractStatus::Trading, ends: None, margin_fee: Rate::ZERO,
//! # };
//! // Ten units long at 100, of which 5 % is required: 50, against 60 in the wallet. The ratio is 0.83.
//! let position = Position { direction: Direction::Long, quantity: "10".parse()?, entry: "100".parse()? };
//! let held = Guarded {
//!     instrument: &contract,
//!     position,
//!     mark: "100".parse()?,
//!     collateral: Collateral::Cross,
//!     closing_fee: Rate::ZERO,
//!     fee: Rate::ZERO,
//!     depth: None,
//!     left_alone: false,
//! };
//! let account = GuardedAccount {
//!     wallet: "60".parse()?,
//!     positions: vec![held],
//!     entries: Vec::new(),
//!     free: Money::ZERO,
//!     money_step: step("0.01"),
//! };
//! // The thresholds that are meant where none are configured reduce from 0.8, down to 0.6: 36 may be required, 7.2 units.
//! let actions = plan(&account, &Thresholds::default());
//! let [Action::Warn { .. }, Action::Reduce { cut, .. }] = &actions[..] else { panic!("{actions:?}") };
//! assert_eq!(cut.quantity, "2.8".parse()?);
//! // The venue takes two units at most in one market order.
//! assert_eq!(cut.slices.iter().collect::<Vec<_>>(), ["1.4".parse()?, "1.4".parse()?]);
//! # Ok(())
//! # }
//! ```
//!
//! Everything is worked out at the marks, as if each order were filled there, and counts the fees of closing. Nothing here
//! adds exposure; only [`keep_leverage`] can, where it is told that it may.

mod account;
mod cut;
mod deleveraged;
mod distance;
mod figures;
mod isolated;
mod leverage;
mod plan;
mod pool;
mod relief;
mod score;
mod thresholds;

pub use account::{Guarded, GuardedAccount, RestingEntries};
pub use cut::{Cut, Slices};
pub use deleveraged::{Hedge, HedgeRatio, NotAHedgeRatio};
pub use figures::stage;
pub use leverage::{Adding, Releveraged, keep_leverage, margin_for_leverage};
pub use plan::{Action, Backing, FlattenCause, plan};
pub use thresholds::{BrokenThresholds, Level, MarginTopUp, Stage, ThresholdSettings, Thresholds};
