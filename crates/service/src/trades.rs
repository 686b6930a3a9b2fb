//! What was traded, and the positions that have ended.

use crate::failure::AskFailure;
use crate::figure::{Figure, Moment, answers, known};
use crate::service::Service;
use plimsoll_domain::{AccountId, Symbol};
use plimsoll_ports::{PositionRecord, PositionStatus, TradeRecord};
use std::cmp::Reverse;
use std::time::Duration;

pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Which records are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordFilter {
    /// Those of this account, or of all.
    pub account: Option<AccountId>,
    /// Those of this contract, or of all.
    pub symbol: Option<Symbol>,
    /// Those of so many times 24 hours.
    pub days: u32,
    /// At most so many, the newest.
    pub limit: usize,
}

answers! {
    /// What was traded.
    pub struct Fills {
        /// When it was put together.
        pub time: Moment,
        /// There are older ones within the days that were asked for.
        pub truncated: bool,
        /// The fills, newest first.
        pub fills: Vec<FillRow>,
    }

    /// A fill.
    pub struct FillRow {
        /// Whose.
        pub account: String,
        /// Where.
        pub venue: String,
        /// When.
        pub time: Moment,
        /// The contract.
        pub symbol: String,
        /// `buy` or `sell`.
        pub side: &'static str,
        /// `both`, `long` or `short`.
        pub position_side: &'static str,
        /// At this price.
        pub price: Figure,
        /// This much, in base units.
        pub quantity: Figure,
        /// Size × price.
        pub notional: Figure,
        /// Positive is paid.
        pub fee: Figure,
        /// What the fee was paid in.
        pub fee_currency: Option<String>,
        /// `maker` or `taker`.
        pub liquidity: Option<&'static str>,
        /// Profit of what it closed, before fees, where the venue says.
        pub realized_pnl: Option<Figure>,
        /// `order`, `liquidation`, `adl` or `settlement`.
        pub cause: &'static str,
        /// The venue's id of the trade.
        pub trade_id: String,
        /// The venue's id of the order.
        pub order_id: String,
        /// Our name for the order.
        pub client_order_id: String,
        /// The number of the position that it changed, on record.
        pub position: Option<i64>,
    }

    /// The positions that have ended.
    pub struct ClosedPositions {
        /// When it was put together.
        pub time: Moment,
        /// There are older ones within the days that were asked for.
        pub truncated: bool,
        /// The positions, newest first.
        pub closed: Vec<ClosedRow>,
    }

    /// A position that has ended.
    pub struct ClosedRow {
        /// Its number on record.
        pub position: i64,
        /// Whose.
        pub account: String,
        /// Where.
        pub venue: String,
        /// The contract.
        pub symbol: String,
        /// `both`, `long` or `short`.
        pub position_side: &'static str,
        /// `long` or `short`.
        pub direction: &'static str,
        /// Its last size, in base units.
        pub quantity: Figure,
        /// The size-weighted mean price of its opening fills.
        pub entry_price: Figure,
        /// The size-weighted mean price of its closing fills.
        pub exit_price: Figure,
        /// The leverage that was set.
        pub leverage: u32,
        /// `isolated` or `cross`.
        pub margin_mode: &'static str,
        /// Who wanted it.
        pub strategy: String,
        /// When it was opened.
        pub opened_at: Moment,
        /// When it ended.
        pub closed_at: Moment,
        /// `closed` or `liquidated`.
        pub status: &'static str,
        /// Why it ended.
        pub reason: String,
        /// Profit before fees and funding.
        pub realized_pnl: Figure,
        /// Positive is paid.
        pub fees: Figure,
        /// Positive is paid.
        pub funding: Figure,
        /// What it brought after fees and funding.
        pub net: Figure,
    }
}

impl Service {
    /// What was traded, newest first.
    ///
    /// # Errors
    /// [`AskFailure`].
    pub async fn fills(&self, filter: &RecordFilter) -> Result<Fills, AskFailure> {
        let now = self.now();
        let mut trades = Vec::new();
        for account in self.chosen(filter.account.as_ref())? {
            let since = now.minus(DAY * filter.days);
            let of_it = account.ports.trades.since(account.name(), filter.symbol.as_ref(), since).await?;
            trades.extend(of_it);
        }
        trades.sort_by_key(|it| Reverse(it.fill.time));
        let truncated = trades.len() > filter.limit;
        let fills = trades.iter().take(filter.limit).map(FillRow::of).collect();
        Ok(Fills { time: now.into(), truncated, fills })
    }

    /// The positions that have ended, newest first.
    ///
    /// # Errors
    /// [`AskFailure`].
    pub async fn closed(&self, filter: &RecordFilter) -> Result<ClosedPositions, AskFailure> {
        let now = self.now();
        let since = now.minus(DAY * filter.days);
        let mut closed = Vec::new();
        for account in self.chosen(filter.account.as_ref())? {
            for status in [PositionStatus::Closed, PositionStatus::Liquidated] {
                let of_it = account.ports.positions.by_status(account.name(), status).await?;
                closed.extend(of_it.iter().filter_map(ClosedRow::of));
            }
        }
        let is_wanted = |it: &ClosedRow| filter.symbol.as_ref().is_none_or(|symbol| it.symbol == symbol.as_str());
        closed.retain(|it| it.closed_at.0 >= since && is_wanted(it));
        closed.sort_by_key(|it| Reverse(it.closed_at));
        let truncated = closed.len() > filter.limit;
        closed.truncate(filter.limit);
        Ok(ClosedPositions { time: now.into(), truncated, closed })
    }
}

impl FillRow {
    fn of(it: &TradeRecord) -> Self {
        let fill = &it.fill;
        Self {
            account: it.account.to_string(),
            venue: it.venue.to_string(),
            time: fill.time.into(),
            symbol: fill.symbol.to_string(),
            side: fill.side.as_str(),
            position_side: fill.position_side.as_str(),
            price: fill.price.into(),
            quantity: fill.quantity.into(),
            notional: (fill.quantity * fill.price).into(),
            fee: fill.fee.into(),
            fee_currency: fill.fee_currency.as_ref().map(ToString::to_string),
            liquidity: fill.liquidity.map(|it| it.as_str()),
            realized_pnl: known(fill.realized_pnl),
            cause: fill.cause.as_str(),
            trade_id: fill.trade_id.to_string(),
            order_id: fill.order_id.to_string(),
            client_order_id: fill.client_order_id.to_string(),
            position: it.position.map(|it| it.0),
        }
    }
}

impl ClosedRow {
    fn of(it: &PositionRecord) -> Option<Self> {
        let (opened, closed) = (&it.opened, it.closed.as_ref()?);
        Some(Self {
            position: it.id.0,
            account: opened.account.to_string(),
            venue: opened.venue.to_string(),
            symbol: opened.symbol.to_string(),
            position_side: opened.side.as_str(),
            direction: opened.direction.as_str(),
            quantity: opened.quantity.into(),
            entry_price: opened.entry_price.into(),
            exit_price: closed.exit_price.into(),
            leverage: opened.leverage.get(),
            margin_mode: opened.margin_mode.as_str(),
            strategy: opened.strategy.clone(),
            opened_at: opened.opened_at.into(),
            closed_at: closed.closed_at.into(),
            status: closed.status.as_str(),
            reason: closed.reason.clone(),
            realized_pnl: closed.realized_pnl.into(),
            fees: closed.fees.into(),
            funding: closed.funding.into(),
            net: plimsoll_domain::pnl::net(closed.realized_pnl, closed.fees, closed.funding).into(),
        })
    }
}
