//! Every change of a wallet, as a row.

use plimsoll_domain::{Currency, Money, Symbol, Timestamp, TradeId};
use rust_decimal::{Decimal, RoundingStrategy};

/// One change of a wallet. A wallet is the sum of its rows, to the last digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Income {
    /// Unique on the exchange.
    pub id: u64,
    /// What it was.
    pub kind: IncomeKind,
    /// For which contract; `None` for transfers.
    pub symbol: Option<Symbol>,
    /// Positive is received by the account.
    pub amount: Money,
    /// In this currency.
    pub currency: Currency,
    /// The trade that it came from.
    pub trade_id: Option<TradeId>,
    /// When.
    pub time: Timestamp,
}

/// What an [`Income`] row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IncomeKind {
    /// A deposit, or a withdrawal.
    Transfer,
    /// Profit of what was closed, before fees.
    RealizedPnl,
    /// A trading fee, negative when paid.
    Commission,
    /// Funding, negative when paid.
    FundingFee,
    /// The fee of a liquidation, negative; or what the insurance fund made good, positive.
    InsuranceClear,
}

impl IncomeKind {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transfer => "TRANSFER",
            Self::RealizedPnl => "REALIZED_PNL",
            Self::Commission => "COMMISSION",
            Self::FundingFee => "FUNDING_FEE",
            Self::InsuranceClear => "INSURANCE_CLEAR",
        }
    }
}

/// Wallets are kept in steps of 1e-8, so that sums of their rows are exact.
const PLACES: u32 = 8;

/// An amount that the account receives: rounded down, never in its favour.
pub(crate) fn received(amount: Money) -> Money {
    rounded(amount, RoundingStrategy::ToNegativeInfinity)
}

/// An amount that the account pays: rounded up, never in its favour.
pub(crate) fn paid(amount: Money) -> Money {
    rounded(amount, RoundingStrategy::ToPositiveInfinity)
}

fn rounded(amount: Money, strategy: RoundingStrategy) -> Money {
    Money::new(amount.get().round_dp_with_strategy(PLACES, strategy))
}

/// Whether a wallet can hold this amount exactly.
pub(crate) fn fits(amount: Money) -> bool {
    amount.get().abs() <= Decimal::from(1_000_000_000_000_000_i64) && received(amount) == amount
}
