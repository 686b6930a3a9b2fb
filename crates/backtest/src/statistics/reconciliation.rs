//! The report must add up to the last digit: fills and trades against the exchange's own ledger.

use crate::{Outcome, RoundTrip, TaggedFill};
use plimsoll_domain::{Currency, Money, Symbol, TradeId};
use std::fmt;

/// What was held against what, and what did not agree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reconciliation {
    /// Each one that does not agree. Nothing may be believed while there is any.
    pub mismatches: Vec<Mismatch>,
}

impl Reconciliation {
    /// Holds a run against its ledger.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        let foreign = outcome.fills.iter().filter_map(|tagged| foreign_fee(tagged, &outcome.currency));
        let sums = claims(outcome).into_iter().filter_map(|(claim, found, expected)| {
            (found != expected).then_some(Mismatch::Sum { claim, found, expected })
        });
        Self { mismatches: sums.chain(foreign).collect() }
    }

    /// Everything agrees.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        self.mismatches.is_empty()
    }
}

/// Something that does not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// Two amounts that must be the same, to the last digit.
    Sum {
        /// Which.
        claim: Claim,
        /// What the run's records add up to.
        found: Money,
        /// What it must be.
        expected: Money,
    },
    /// A fee in another currency than the run's: it is in no sum.
    ForeignFee {
        /// The contract.
        symbol: Symbol,
        /// The trade.
        trade_id: TradeId,
        /// What the fee was paid in.
        currency: Currency,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sum { claim, found, expected } => {
                write!(f, "{claim}: {found}, but must be {expected}: off by {}", *found - *expected)
            }
            Self::ForeignFee { symbol, trade_id, currency } => {
                write!(f, "the fee of trade {trade_id} of {symbol} was paid in {currency}, and is in no sum")
            }
        }
    }
}

/// A pair of amounts that must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Realised profit of all fills is that of the ledger.
    FillsProfit,
    /// Fees of all fills are those of the ledger.
    FillsFees,
    /// Profit of all trades is that of the ledger.
    TradesProfit,
    /// Fees of all trades are those of the ledger.
    TradesFees,
    /// Funding of all trades is that of the ledger.
    TradesFunding,
    /// Opening wallets and the ledger's sums are the wallets at last.
    Wallet,
    /// The curve ends with the equity at last.
    CurveEquity,
    /// The curve ends with the funding of the ledger.
    CurveFunding,
    /// Without an open position, equity is the wallets.
    FlatEquity,
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FillsProfit => "realised profit of the fills",
            Self::FillsFees => "fees of the fills",
            Self::TradesProfit => "profit of the trades",
            Self::TradesFees => "fees of the trades",
            Self::TradesFunding => "funding of the trades",
            Self::Wallet => "the wallets at last",
            Self::CurveEquity => "equity at the end of the curve",
            Self::CurveFunding => "funding at the end of the curve",
            Self::FlatEquity => "equity without an open position",
        })
    }
}

/// Each claim with what was found and what it must be.
fn claims(outcome: &Outcome) -> Vec<(Claim, Money, Money)> {
    let ledger = outcome.ledger;
    let fills = |of: fn(&TaggedFill) -> Money| outcome.fills.iter().map(of).sum::<Money>();
    let trades = |of: fn(&RoundTrip) -> Money| outcome.trades.iter().map(of).sum::<Money>();
    let earned = ledger.profit - ledger.fees - ledger.funding - ledger.liquidation_fees + ledger.covered;
    let mut claims = vec![
        (Claim::FillsProfit, fills(|it| it.fill.realized_pnl.unwrap_or(Money::ZERO)), ledger.profit),
        (Claim::FillsFees, fills(|it| it.fill.fee), ledger.fees),
        (Claim::TradesProfit, trades(|it| it.profit), ledger.profit),
        (Claim::TradesFees, trades(|it| it.fees), ledger.fees),
        (Claim::TradesFunding, trades(|it| it.funding), ledger.funding),
        (Claim::Wallet, outcome.wallet, outcome.opening + earned),
    ];
    if let Some(last) = outcome.curve.last() {
        claims.push((Claim::CurveEquity, last.equity, outcome.equity));
        claims.push((Claim::CurveFunding, last.funding, ledger.funding));
    }
    if outcome.trades.iter().all(|trade| trade.closed.is_some()) {
        claims.push((Claim::FlatEquity, outcome.equity, outcome.wallet));
    }
    claims
}

fn foreign_fee(tagged: &TaggedFill, settle: &Currency) -> Option<Mismatch> {
    let fill = &tagged.fill;
    let currency = fill.fee_currency.as_ref().filter(|currency| *currency != settle && !fill.fee.is_zero())?;
    Some(Mismatch::ForeignFee {
        symbol: fill.symbol.clone(),
        trade_id: fill.trade_id.clone(),
        currency: currency.clone(),
    })
}
