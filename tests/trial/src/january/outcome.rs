//! What became of a position.

use super::case::Case;
use plimsoll_domain::{Money, Price, Quantity, Timestamp};

/// What a market did to one case.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What was held, and how.
    pub case: Case,
    /// How much was bought.
    pub quantity: Quantity,
    /// At which price.
    pub entry: Price,
    /// The exact price that would have liquidated it then.
    pub liquidation: Price,
    /// Where it was liquidated, if it was.
    pub liquidated: Option<Liquidated>,
    /// How often it was not liquidated where the exact price says, or was elsewhere.
    pub misses: u64,
    /// How often the position manager looked.
    pub looks: u64,
    /// How often it made the position smaller, and by how many orders.
    pub cuts: u64,
    /// The orders of these.
    pub orders: u64,
    /// What it moved from the wallet into the position, beside what the cuts had set free.
    pub margin_added: Money,
    /// What it did that failed.
    pub failures: Vec<String>,
    /// Fees, of the entry as well.
    pub fees: Money,
    /// Profit of what was closed, before fees and funding.
    pub realized: Money,
    /// Funding; positive is paid.
    pub funding: Money,
    /// What is left of it.
    pub left: Option<Quantity>,
    /// Wallet and unrealised profit at the end.
    pub equity: Money,
}

/// Where a position was liquidated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Liquidated {
    /// When.
    pub time: Timestamp,
    /// The exact price that liquidates, as it was before that moment.
    pub exact: Price,
    /// The mark before it.
    pub before: Price,
    /// The mark of that moment: the first at the exact price or beyond.
    pub mark: Price,
    /// Whether the mark went from where nothing was to be done through the exact price at once; `None` where nobody looked.
    pub is_gap: Option<bool>,
}

impl Outcome {
    /// It was liquidated where the exact price says or, under protection, not at all: but by a gap.
    #[must_use]
    pub fn is_well(&self) -> bool {
        let is_afloat = match self.liquidated {
            Some(it) if self.case.is_protected => it.is_gap == Some(true),
            Some(_) | None => true,
        };
        is_afloat && self.misses == 0 && self.failures.is_empty()
    }

    /// It was liquidated though it was looked after, and no look could have saved it.
    #[must_use]
    pub fn is_gap(&self) -> bool {
        self.case.is_protected && self.liquidated.is_some_and(|it| it.is_gap == Some(true))
    }
}
