//! What a run leaves behind: all that a report is made of.

use plimsoll_domain::{AccountId, Currency, Direction, Fill, Money, Price, Quantity, Symbol, Timestamp};
use plimsoll_exchange::{Income, IncomeKind};

/// What a run was of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// History, through an exchange.
    Backtest,
    /// The whole system on simulated time.
    Simulation,
    /// The whole system on the live prices of venues, with nothing at stake.
    Paper,
}

impl RunKind {
    /// What a report of these strategies is called.
    #[must_use]
    pub fn title(self, strategies: &[String]) -> String {
        let names = strategies.join(", ");
        match self {
            Self::Backtest => format!("Backtest of {names}"),
            Self::Simulation => format!("Simulation of {names}"),
            Self::Paper => format!("Paper trading of {names}"),
        }
    }
}

/// What a run leaves behind. Money is in the settle currency; fees and funding are positive where they were paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What it was of.
    pub kind: RunKind,
    /// The strategies that ran, by name.
    pub strategies: Vec<String>,
    /// When the first event was.
    pub from: Timestamp,
    /// When the last event was.
    pub to: Timestamp,
    /// How many market events there were.
    pub events: u64,
    /// The settle currency.
    pub currency: Currency,
    /// All wallets at first.
    pub opening: Money,
    /// All wallets at last.
    pub wallet: Money,
    /// All wallets and unrealised profit at last.
    pub equity: Money,
    /// Equity over time, in equal steps, the first and the last point among them.
    pub curve: Vec<CurvePoint>,
    /// Every fill, oldest first.
    pub fills: Vec<TaggedFill>,
    /// Every position from its opening to its end, oldest end first.
    pub trades: Vec<RoundTrip>,
    /// How many positions ended, whether they are kept or not.
    pub ended: u64,
    /// The exchange's own sums, against which the fills are held.
    pub ledger: LedgerSums,
    /// What a person should know of: liquidations, refusals, forced reductions.
    pub incidents: Vec<Incident>,
    /// Prices for charts: a thousand candles a contract at most.
    pub chart: Vec<ChartCandle>,
    /// SHA-256 over events, configuration, data and decisions, in hexadecimal.
    pub hash: String,
}

impl Outcome {
    /// Where a loss limit has stopped an account: from then on nothing was opened there.
    pub fn stops(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.iter().filter(|it| it.kind == "kill_switch")
    }
}

/// A point of the equity curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurvePoint {
    /// When.
    pub time: Timestamp,
    /// All wallets and unrealised profit.
    pub equity: Money,
    /// Notional of all positions at the mark.
    pub exposure: Money,
    /// Funding paid since the run began.
    pub funding: Money,
}

/// A fill, and whose it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaggedFill {
    /// The strategy.
    pub strategy: String,
    /// The account.
    pub account: AccountId,
    /// What kind of order filled: `entry`, `exit`, `stop_loss`, `take_profit`, `resting` or `forced`.
    pub role: String,
    /// The fill.
    pub fill: Fill,
    /// Of an order at market in a backtest: the last price when it was decided.
    pub decided: Option<Price>,
}

/// A position from its opening to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundTrip {
    /// The strategy.
    pub strategy: String,
    /// The account.
    pub account: AccountId,
    /// The contract.
    pub symbol: Symbol,
    /// Long or short.
    pub direction: Direction,
    /// The most that was held.
    pub quantity: Quantity,
    /// When it was opened.
    pub opened: Timestamp,
    /// When it ended; `None` if it is held still.
    pub closed: Option<Timestamp>,
    /// Average price of what was opened.
    pub entry: Price,
    /// Average price of what was closed; `None` if nothing was.
    pub exit: Option<Price>,
    /// Profit from prices, before fees and funding; of what is held still, what was realised.
    pub profit: Money,
    /// Fees paid.
    pub fees: Money,
    /// Funding paid.
    pub funding: Money,
    /// What ended it: the role of its last fill.
    pub ended_by: Option<String>,
}

impl RoundTrip {
    /// Profit after fees and funding.
    #[must_use]
    pub fn net(&self) -> Money {
        self.profit - self.fees - self.funding
    }
}

/// The exchange's own sums over its ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LedgerSums {
    /// Realised profit from prices.
    pub profit: Money,
    /// Trading fees paid.
    pub fees: Money,
    /// Funding paid.
    pub funding: Money,
    /// Liquidation fees paid.
    pub liquidation_fees: Money,
    /// What the insurance fund made good.
    pub covered: Money,
}

impl LedgerSums {
    /// Adds a row of an exchange's ledger.
    pub fn add(&mut self, row: &Income) {
        match row.kind {
            IncomeKind::Transfer => {}
            IncomeKind::RealizedPnl => self.profit += row.amount,
            IncomeKind::Commission => self.fees -= row.amount,
            IncomeKind::FundingFee => self.funding -= row.amount,
            IncomeKind::InsuranceClear if row.amount.is_negative() => self.liquidation_fees -= row.amount,
            IncomeKind::InsuranceClear => self.covered += row.amount,
        }
    }
}

/// Something that a person should know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// When.
    pub time: Timestamp,
    /// A word for its kind: `liquidation`, `refused`, `gap`, say.
    pub kind: String,
    /// What happened, in a sentence with its figures.
    pub text: String,
}

/// A candle of the price chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartCandle {
    /// The contract.
    pub symbol: Symbol,
    /// When it opened.
    pub open_time: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// The price that would have liquidated what was held early in it.
    pub liquidation: Option<Price>,
}
