//! What a newer list of contracts says otherwise than the one before.

use crate::instrument::{ContractStatus, Instrument};
use crate::name::Symbol;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::fmt;

/// One thing that is otherwise about a contract than it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContractChange {
    /// It is known and was not: it was listed, or what its venue says of it could be read at last.
    Known {
        /// The contract.
        symbol: Symbol,
        /// What may be done with it.
        status: ContractStatus,
    },
    /// What may be done with it: it begins to trade, is halted, may only be reduced, or is settled.
    Status {
        /// The contract.
        symbol: Symbol,
        /// Before.
        before: ContractStatus,
        /// Now.
        status: ContractStatus,
    },
    /// Its end was announced, moved, or called off (`None`).
    Ends {
        /// The contract.
        symbol: Symbol,
        /// When.
        at: Option<Timestamp>,
    },
    /// Funding is settled more often, or more seldom.
    FundingInterval {
        /// The contract.
        symbol: Symbol,
        /// Before, in hours.
        before_hours: u32,
        /// Now, in hours.
        hours: u32,
    },
    /// The steps of prices and sizes, or the least and the most that an order may be: what is rounded to the old ones may be
    /// refused.
    Sizes {
        /// The contract.
        symbol: Symbol,
    },
    /// Its margin table, or another rule of its margin: maintenance and liquidation prices are others.
    Margin {
        /// The contract.
        symbol: Symbol,
    },
    /// What trading it costs this account.
    Fees {
        /// The contract.
        symbol: Symbol,
    },
    /// What its venue says of it cannot be read: what was known is believed still, and that may be out of date.
    Unreadable {
        /// The contract.
        symbol: Symbol,
        /// Why.
        reason: String,
    },
}

impl ContractChange {
    /// The contract.
    #[must_use]
    pub const fn symbol(&self) -> &Symbol {
        match self {
            Self::Known { symbol, .. }
            | Self::Status { symbol, .. }
            | Self::Ends { symbol, .. }
            | Self::FundingInterval { symbol, .. }
            | Self::Sizes { symbol }
            | Self::Margin { symbol }
            | Self::Fees { symbol }
            | Self::Unreadable { symbol, .. } => symbol,
        }
    }

    /// The word for it in logs and records.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Known { .. } => "contract_known",
            Self::Status { .. } => "contract_status",
            Self::Ends { .. } => "contract_ends",
            Self::FundingInterval { .. } => "contract_funding_interval",
            Self::Sizes { .. } => "contract_sizes",
            Self::Margin { .. } => "contract_margin",
            Self::Fees { .. } => "contract_fees",
            Self::Unreadable { .. } => "contract_unreadable",
        }
    }
}

impl fmt::Display for ContractChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let symbol = self.symbol();
        match self {
            Self::Known { status, .. } => write!(f, "{symbol} is listed: {status}"),
            Self::Status { before, status, .. } => write!(f, "{symbol} is {status}, and was {before}"),
            Self::Ends { at: Some(at), .. } => write!(f, "{symbol} is delisted at {at}"),
            Self::Ends { at: None, .. } => write!(f, "{symbol} is not to be delisted any more"),
            Self::FundingInterval { before_hours, hours, .. } => {
                write!(f, "{symbol} settles funding every {hours} h, not every {before_hours} h")
            }
            Self::Sizes { .. } => write!(f, "{symbol} has other steps or limits of orders"),
            Self::Margin { .. } => write!(f, "{symbol} has another margin table"),
            Self::Fees { .. } => write!(f, "{symbol} has other fees"),
            Self::Unreadable { reason, .. } => {
                write!(f, "{symbol} cannot be read, and is believed to be as it was: {reason}")
            }
        }
    }
}

/// What is otherwise than before, by contract. One that was known and is not in `now` counts as delisted, unless it was
/// already.
#[must_use]
pub fn contract_changes(
    before: &BTreeMap<Symbol, Instrument>,
    now: &BTreeMap<Symbol, Instrument>,
) -> Vec<ContractChange> {
    let gone = before.values().filter(|it| !now.contains_key(&it.symbol) && it.status != ContractStatus::Delisted);
    let gone = gone.map(|it| ContractChange::Status {
        symbol: it.symbol.clone(),
        before: it.status,
        status: ContractStatus::Delisted,
    });
    let mut changes: Vec<ContractChange> = gone.collect();
    for it in now.values() {
        match before.get(&it.symbol) {
            None => changes.push(ContractChange::Known { symbol: it.symbol.clone(), status: it.status }),
            Some(before) => changes.extend(since(before, it)),
        }
    }
    changes
}

fn since(before: &Instrument, it: &Instrument) -> impl Iterator<Item = ContractChange> {
    let symbol = || it.symbol.clone();
    let sizes = |it: &Instrument| {
        (it.tick, it.lot, it.multiplier, it.min_quantity, it.max_quantity, it.max_market_quantity, it.min_notional)
    };
    let margins = |it: &Instrument| (it.liquidation_fee, it.margin_fee);
    let (was, is) = (before.funding_interval_hours, it.funding_interval_hours);
    let status = ContractChange::Status { symbol: symbol(), before: before.status, status: it.status };
    [
        (before.status != it.status).then_some(status),
        (before.ends != it.ends).then(|| ContractChange::Ends { symbol: symbol(), at: it.ends }),
        (was != is).then(|| ContractChange::FundingInterval { symbol: symbol(), before_hours: was, hours: is }),
        (sizes(before) != sizes(it)).then(|| ContractChange::Sizes { symbol: symbol() }),
        (before.tiers != it.tiers || margins(before) != margins(it))
            .then(|| ContractChange::Margin { symbol: symbol() }),
        (before.fees != it.fees).then(|| ContractChange::Fees { symbol: symbol() }),
    ]
    .into_iter()
    .flatten()
}
