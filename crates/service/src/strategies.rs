//! Strategies as surfaces see them: what they do, and pausing them.

use crate::figure::{Figure, Moment, answers, known};
use crate::performance::Performance;
use crate::service::Service;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Currency, Money, Symbol, Timestamp};
use plimsoll_ports::{Holding, WorkingOrder};

/// Whatever runs the strategies.
#[async_trait]
pub trait StrategyControl: Send + Sync {
    /// Every strategy, in the order in which they are configured.
    async fn list(&self) -> Vec<StrategyStatus>;

    /// Lets a strategy open nothing more until it is resumed. What it holds stays, with its protection.
    async fn pause(&self, name: &str, by: &str, reason: &str) -> Result<(), StrategyFailure>;

    /// Lets it go on.
    async fn resume(&self, name: &str, by: &str, reason: &str) -> Result<(), StrategyFailure>;
}

/// No strategy runs.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoStrategies;

#[async_trait]
impl StrategyControl for NoStrategies {
    async fn list(&self) -> Vec<StrategyStatus> {
        Vec::new()
    }

    async fn pause(&self, name: &str, _: &str, _: &str) -> Result<(), StrategyFailure> {
        Err(StrategyFailure::Unknown(name.to_owned()))
    }

    async fn resume(&self, name: &str, _: &str, _: &str) -> Result<(), StrategyFailure> {
        Err(StrategyFailure::Unknown(name.to_owned()))
    }
}

/// Why a strategy was not paused or resumed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StrategyFailure {
    /// There is none of this name.
    #[error("there is no strategy '{0}'")]
    Unknown(String),
    /// It is in no state for that.
    #[error("{0}")]
    NotNow(String),
}

/// A strategy at the moment of asking.
#[derive(Debug, Clone, PartialEq)]
pub struct StrategyStatus {
    /// Its name.
    pub name: String,
    /// The accounts that it trades.
    pub accounts: Vec<AccountId>,
    /// The contracts that it trades.
    pub contracts: Vec<Symbol>,
    /// Whether it runs.
    pub state: RunState,
    /// Why it is in that state, and by whom, where there is something to say.
    pub reason: Option<String>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// What it holds, by its own fills.
    pub holdings: Vec<(AccountId, Holding)>,
    /// What it has resting, its protection apart.
    pub working: Vec<(AccountId, WorkingOrder)>,
    /// Its newest decisions, newest first.
    pub decisions: Vec<Decided>,
    /// What it was configured with.
    pub parameters: serde_json::Value,
    /// What it has earned after fees and funding, where that is known.
    pub net_profit: Option<Money>,
    /// What that is in.
    pub currency: Option<Currency>,
    /// How it stands to what its backtest predicts, once anybody has looked.
    pub performance: Option<Performance>,
}

/// Whether a strategy runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It hears the market and decides.
    Running,
    /// It opens nothing more, until somebody resumes it.
    Paused,
    /// It has ended.
    Stopped,
}

/// One decision of a strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// When.
    pub time: Timestamp,
    /// What, in words.
    pub text: String,
    /// Why, with its figures.
    pub reason: String,
}

/// The answer to "which strategies run, and what do they do?".
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Strategies {
    /// When it was put together.
    pub time: Moment,
    /// Every strategy.
    pub strategies: Vec<StrategyRow>,
}

/// A strategy.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct StrategyRow {
    /// Its name.
    pub name: String,
    /// The accounts that it trades.
    pub accounts: Vec<String>,
    /// The contracts that it trades.
    pub contracts: Vec<String>,
    /// Whether it runs.
    pub state: RunState,
    /// Why, and by whom.
    pub reason: Option<String>,
    /// Since when.
    pub since: Option<Moment>,
    /// What it holds.
    pub holdings: Vec<HoldingRow>,
    /// What it has resting.
    pub working: Vec<WorkingRow>,
    /// Its newest decisions, newest first.
    pub decisions: Vec<DecisionRow>,
    /// What it was configured with.
    pub parameters: serde_json::Value,
    /// What it has earned after fees and funding.
    pub net_pnl: Option<Figure>,
    /// What that is in.
    pub currency: Option<String>,
    /// How it stands to what its backtest predicts; null before anybody has looked.
    pub performance: Option<Performance>,
}

answers! {
    /// What a strategy holds of a contract.
    pub struct HoldingRow {
        /// On this account.
        pub account: String,
        /// The contract.
        pub symbol: String,
        /// `long` or `short`.
        pub direction: &'static str,
        /// How much, in base units.
        pub quantity: Figure,
        /// The average entry.
        pub entry_price: Figure,
        /// The leverage.
        pub leverage: u32,
        /// Where it wants its stop.
        pub stop: Option<Figure>,
        /// When it was opened.
        pub opened_at: Moment,
    }

    /// An order of a strategy that rests.
    pub struct WorkingRow {
        /// On this account.
        pub account: String,
        /// The contract.
        pub symbol: String,
        /// The strategy's name for it.
        pub label: String,
        /// `buy` or `sell`.
        pub side: &'static str,
        /// Its limit.
        pub price: Figure,
        /// Its size, in base units.
        pub quantity: Figure,
        /// How much of it has filled.
        pub filled: Option<Figure>,
    }

    /// A decision of a strategy.
    pub struct DecisionRow {
        /// When.
        pub time: Moment,
        /// What.
        pub text: String,
        /// Why, with its figures.
        pub reason: String,
    }
}

impl Service {
    /// Every strategy: state, holdings, orders, decisions.
    pub async fn strategies(&self) -> Strategies {
        let strategies = self.control().list().await.into_iter().map(StrategyRow::of).collect();
        Strategies { time: self.now().into(), strategies }
    }
}

impl StrategyRow {
    fn of(it: StrategyStatus) -> Self {
        Self {
            name: it.name,
            accounts: it.accounts.iter().map(ToString::to_string).collect(),
            contracts: it.contracts.iter().map(ToString::to_string).collect(),
            state: it.state,
            reason: it.reason,
            since: it.since.map(Moment),
            holdings: it.holdings.iter().map(|(account, it)| HoldingRow::of(account, it)).collect(),
            working: it.working.iter().map(|(account, it)| WorkingRow::of(account, it)).collect(),
            decisions: it.decisions.into_iter().map(DecisionRow::from).collect(),
            parameters: it.parameters,
            net_pnl: known(it.net_profit),
            currency: it.currency.map(|currency| currency.to_string()),
            performance: it.performance,
        }
    }
}

impl HoldingRow {
    fn of(account: &AccountId, it: &Holding) -> Self {
        Self {
            account: account.to_string(),
            symbol: it.symbol.to_string(),
            direction: it.position.direction.as_str(),
            quantity: it.position.quantity.into(),
            entry_price: it.position.entry.into(),
            leverage: it.leverage.get(),
            stop: known(it.stop),
            opened_at: it.opened_at.into(),
        }
    }
}

impl WorkingRow {
    fn of(account: &AccountId, it: &WorkingOrder) -> Self {
        Self {
            account: account.to_string(),
            symbol: it.symbol.to_string(),
            label: it.label.clone(),
            side: it.side.as_str(),
            price: it.price.into(),
            quantity: it.quantity.into(),
            filled: known(it.filled),
        }
    }
}

impl From<Decided> for DecisionRow {
    fn from(it: Decided) -> Self {
        Self { time: it.time.into(), text: it.text, reason: it.reason }
    }
}
