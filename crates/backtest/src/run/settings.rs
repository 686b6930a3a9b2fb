//! What a run is made with.

use plimsoll_domain::risk::RiskLimits;
use plimsoll_domain::{AccountId, Instrument, MarginMode, Money, Price, Rate, Timestamp};
use plimsoll_engine::desk::DeskRefused;
use plimsoll_exchange::{ListingRefused, Rejection};
use std::time::Duration;

/// What a run is made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The time before the first event.
    pub start: Timestamp,
    /// The accounts, each on an exchange of its own, and what is in their wallets at first.
    pub accounts: Vec<(AccountId, Money)>,
    /// The limits that every opening is checked against, and that stop trading when they trip; `None`: the exchange's margin
    /// alone decides.
    pub limits: Option<RiskLimits>,
    /// Cross or isolated, for all positions.
    pub margin_mode: MarginMode,
    /// Distance between bid and ask, in ticks: what a market order pays at least.
    pub spread_ticks: u32,
    /// How much worse than the best price a market order fills, as a share of it.
    pub slippage: Rate,
    /// How long a decision takes to the exchange.
    pub latency: Duration,
    /// Whether positions are liquidated.
    pub liquidation: bool,
    /// Time between the points of the equity curve.
    pub curve_step: Duration,
    /// Whether every fill, round trip and decision is kept, or only counted and hashed: a sweep wants figures only.
    pub keeps_records: bool,
    /// What the caller made the run with besides (strategies' parameters, files): goes into the hash.
    pub label: String,
}

impl Settings {
    /// Cross margin, one tick of spread, no slippage, no latency, liquidation, a point of the curve every hour, records kept,
    /// no limits.
    #[must_use]
    pub const fn new(start: Timestamp, accounts: Vec<(AccountId, Money)>) -> Self {
        Self {
            start,
            accounts,
            limits: None,
            margin_mode: MarginMode::Cross,
            spread_ticks: 1,
            slippage: Rate::ZERO,
            latency: Duration::ZERO,
            liquidation: true,
            curve_step: Duration::from_secs(3600),
            keeps_records: true,
            label: String::new(),
        }
    }
}

/// A contract that is traded on an account. Markets have numbers, from 0, in the order of their listings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The account on whose exchange.
    pub account: AccountId,
    /// The contract.
    pub instrument: Instrument,
    /// Its price before the first event.
    pub opening: Price,
}

/// Why a run cannot begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunRefused {
    /// The strategies do not fit together.
    #[error(transparent)]
    Desk(#[from] DeskRefused),
    /// A contract is listed for an account that there is none of.
    #[error("a contract is listed for account '{0}', which the run does not have")]
    UnknownAccount(AccountId),
    /// The exchange does not list a contract.
    #[error(transparent)]
    Listing(#[from] ListingRefused),
    /// The exchange does not open an account.
    #[error(transparent)]
    Account(#[from] Rejection),
    /// Nothing is listed.
    #[error("no contract is listed: there is nothing to trade")]
    NoMarket,
}
