//! Trades: every fill, once.

use super::{PositionId, StoreError};
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Currency, Fill, Money, Symbol, Timestamp, VenueId};

/// Every fill of every account, once.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait TradeRepository: Send + Sync {
    /// Records a fill; known by account, symbol and trade id. The same fill again returns `false` and changes nothing,
    /// except that it may add what the first report left out ([`TradeRecord::completed_by`]). Another fill under the
    /// same id is a [`StoreError::Conflict`]; an unknown position is [`StoreError::NotFound`].
    async fn log(&self, trade: &TradeRecord) -> Result<bool, StoreError>;

    /// The trades of one position, oldest first.
    async fn of_position(&self, id: PositionId) -> Result<Vec<TradeRecord>, StoreError>;

    /// The account's trades at or after `since`, oldest first; of one symbol, or of all.
    async fn since<'a>(
        &self,
        account: &AccountId,
        symbol: Option<&'a Symbol>,
        since: Timestamp,
    ) -> Result<Vec<TradeRecord>, StoreError>;

    /// Profit by UTC day for the `days` days that end with the day of `now`, oldest first; days without trades,
    /// funding or bookings are not listed. Amounts are added up as one currency; fees paid in another than the symbol's settle
    /// currency are left out here, and listed by [`totals`](Self::totals).
    async fn daily_pnl(&self, account: &AccountId, days: u32, now: Timestamp) -> Result<Vec<DailyPnl>, StoreError>;

    /// The exact sums of everything on record for the account, trades, funding and bookings, by currency in alphabetical
    /// order. Profit counts in the symbol's settle currency; a fee in the currency it was paid in, the settle currency
    /// where the venue did not say; funding and bookings in their own. A currency in which nothing is on record is not
    /// listed.
    async fn totals(&self, account: &AccountId) -> Result<Vec<Totals>, StoreError>;
}

/// A fill as the store holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeRecord {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub venue: VenueId,
    /// The position that it changed, where known.
    pub position: Option<PositionId>,
    /// What happened.
    pub fill: Fill,
}

impl TradeRecord {
    /// This record with what `report`, another report of the same fill, adds to it; `None` if they contradict each
    /// other.
    ///
    /// Two reports agree if account, venue, symbol, trade, order, sides, price, quantity and fee are the same. What one
    /// leaves out (the position, the fee's currency, liquidity, realised profit) the other may give; what both give must
    /// be the same. The client order id, the cause and the time stay as first recorded: a venue's stream and its
    /// history differ in whether and how they give them.
    #[must_use]
    pub fn completed_by(&self, report: &Self) -> Option<Self> {
        let (ours, theirs) = (&self.fill, &report.fill);
        let same = self.account == report.account
            && self.venue == report.venue
            && (&ours.symbol, &ours.trade_id, &ours.order_id) == (&theirs.symbol, &theirs.trade_id, &theirs.order_id)
            && (ours.side, ours.position_side) == (theirs.side, theirs.position_side)
            && (ours.price, ours.quantity, ours.fee) == (theirs.price, theirs.quantity, theirs.fee);
        if !same {
            return None;
        }
        Some(Self {
            position: either(&self.position, &report.position)?,
            fill: Fill {
                fee_currency: either(&ours.fee_currency, &theirs.fee_currency)?,
                liquidity: either(&ours.liquidity, &theirs.liquidity)?,
                realized_pnl: either(&ours.realized_pnl, &theirs.realized_pnl)?,
                ..ours.clone()
            },
            ..self.clone()
        })
    }
}

/// What one or both of them say; `None` if they say different things.
fn either<T: Clone + PartialEq>(one: &Option<T>, other: &Option<T>) -> Option<Option<T>> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => None,
        (Some(it), _) | (None, Some(it)) => Some(Some(it.clone())),
        (None, None) => Some(None),
    }
}

/// What one UTC day brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DailyPnl {
    /// Midnight UTC at its start.
    pub day: Timestamp,
    /// Realised profit, before fees.
    pub realized_pnl: Money,
    /// Fees in the settle currency; positive is paid.
    pub fees: Money,
    /// Funding; positive is paid.
    pub funding: Money,
    /// What was booked beside fills and funding and is no transfer: liquidation clearance, rebates and the like;
    /// positive is received.
    pub adjustments: Money,
    /// What was put in less what was taken out: neither profit nor loss.
    pub transfers: Money,
}

impl DailyPnl {
    /// Realised profit less fees and funding, and the adjustments; no transfers.
    #[must_use]
    pub fn net(&self) -> Money {
        self.realized_pnl - self.fees - self.funding + self.adjustments
    }
}

/// What an account's records add up to in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// The currency.
    pub currency: Currency,
    /// Realised profit, before fees and funding.
    pub realized_pnl: Money,
    /// Fees; positive is paid.
    pub fees: Money,
    /// Funding; positive is paid.
    pub funding: Money,
    /// What was booked beside fills and funding and is no transfer: liquidation clearance, rebates and the like;
    /// positive is received.
    pub adjustments: Money,
    /// What was put in less what was taken out: neither profit nor loss.
    pub transfers: Money,
}

impl Totals {
    /// Realised profit less fees and funding, and the adjustments; no transfers.
    #[must_use]
    pub fn net(&self) -> Money {
        self.realized_pnl - self.fees - self.funding + self.adjustments
    }
}
