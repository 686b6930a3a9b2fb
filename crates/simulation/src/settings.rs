//! What is simulated.

use crate::weather::Weather;
use plimsoll_backtest::RunKind;
use plimsoll_domain::risk::RiskLimits;
use plimsoll_domain::{AccountId, Instrument, MarginMode, Money, Price, Rate, Timestamp, VenueId};
use plimsoll_engine::AfloatSettings;
use plimsoll_engine::desk::DeskRefused;
use plimsoll_exchange::{ListingRefused, Rejection};
use std::time::Duration;

/// What is simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulation {
    /// The time before the first price.
    pub start: Timestamp,
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// The accounts, each on a venue of its own.
    pub accounts: Vec<SimulatedAccount>,
    /// The contracts. They have numbers, from 0, in this order.
    pub markets: Vec<Market>,
    /// The limits that every opening is checked against; `None`: the exchange's margin alone decides.
    pub limits: Option<RiskLimits>,
    /// How thin margin is answered.
    pub protection: AfloatSettings,
    /// Cross or isolated, for all positions.
    pub margin_mode: MarginMode,
    /// Distance between bid and ask, in ticks: what a market order pays at least.
    pub spread_ticks: u32,
    /// How much worse than the best price a market order fills, as a share of it.
    pub slippage: Rate,
    /// How the network and the venues behave.
    pub weather: Weather,
    /// When the process dies in the middle of whatever it is at.
    pub crashes: Vec<Timestamp>,
    /// How long it takes until it runs again.
    pub down_for: Duration,
    /// Time between the points of the equity curve.
    pub curve_step: Duration,
    /// What the report calls it.
    pub kind: RunKind,
    /// What the caller made it with besides, strategies' parameters say: goes into the hash.
    pub label: String,
}

/// An account on a venue of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedAccount {
    /// Its name.
    pub id: AccountId,
    /// Its venue's name.
    pub venue: VenueId,
    /// What is in its wallet at first.
    pub wallet: Money,
    /// Limits of its own, instead of the simulation's.
    pub limits: Option<RiskLimits>,
    /// Cross or isolated, instead of the simulation's.
    pub margin_mode: Option<MarginMode>,
}

impl SimulatedAccount {
    /// An account with the simulation's limits and margin mode.
    #[must_use]
    pub const fn new(id: AccountId, venue: VenueId, wallet: Money) -> Self {
        Self { id, venue, wallet, limits: None, margin_mode: None }
    }
}

/// A contract on an account's venue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Market {
    /// The account on whose venue.
    pub account: AccountId,
    /// The contract.
    pub instrument: Instrument,
    /// Its price before the first.
    pub opening: Price,
}

/// Why a simulation cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum SetUpRefused {
    /// The strategies do not fit together.
    #[error(transparent)]
    Desk(#[from] DeskRefused),
    /// A contract is of an account that there is none of.
    #[error("a contract is listed for account '{0}', which the simulation does not have")]
    UnknownAccount(AccountId),
    /// An exchange does not list a contract.
    #[error(transparent)]
    Listing(#[from] ListingRefused),
    /// An exchange does not open an account.
    #[error(transparent)]
    Account(#[from] Rejection),
    /// The machine gives no runtime.
    #[error("no runtime can be made: {0}")]
    Runtime(#[from] std::io::Error),
}

impl Simulation {
    /// Cross margin, one tick of spread, no slippage, still weather, no crashes, a point of the curve every five minutes, the usual
    /// protection, no limits.
    #[must_use]
    pub fn new(start: Timestamp, seed: u64, accounts: Vec<SimulatedAccount>, markets: Vec<Market>) -> Self {
        Self {
            start,
            seed,
            accounts,
            markets,
            limits: None,
            protection: AfloatSettings::default(),
            margin_mode: MarginMode::Cross,
            spread_ticks: 1,
            slippage: Rate::ZERO,
            weather: Weather::still(),
            crashes: Vec::new(),
            down_for: Duration::from_secs(10),
            curve_step: Duration::from_secs(300),
            kind: RunKind::Simulation,
            label: String::new(),
        }
    }

    /// All of it, and who takes part, as text.
    pub(crate) fn made_with(&self, strategies: &[String]) -> String {
        format!("{self:?} {strategies:?}")
    }
}
