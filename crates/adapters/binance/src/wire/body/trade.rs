//! What the account traded, and what it paid for holding.

use crate::wire::symbols::Symbols;
use crate::wire::word;
use plimsoll_domain::{
    Booking, ClientOrderId, Currency, Fill, FillCause, FundingPayment, Liquidity, Order, OrderId, Symbol, Timestamp,
    TradeId,
};
use plimsoll_venue::DecodeError;
use plimsoll_venue::json::{Num, Text, each, rows, text};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserTrade<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    id: Num<'a>,
    #[serde(borrow)]
    order_id: Num<'a>,
    #[serde(borrow)]
    side: Text<'a>,
    #[serde(borrow)]
    position_side: Text<'a>,
    #[serde(borrow)]
    price: Num<'a>,
    #[serde(borrow)]
    qty: Num<'a>,
    #[serde(borrow)]
    commission: Num<'a>,
    #[serde(borrow)]
    commission_asset: Text<'a>,
    #[serde(default, borrow)]
    realized_pnl: Num<'a>,
    #[serde(default)]
    maker: Option<bool>,
    #[serde(borrow)]
    time: Num<'a>,
}

/// The trades of `GET /fapi/v1/userTrades`. They name their order by the venue's id only: the client id is empty and the
/// cause [`FillCause::Order`] until [`name_fills`] has found them.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn fills(body: &[u8], symbols: &Symbols) -> Result<Vec<Fill>, DecodeError> {
    let rows: Vec<UserTrade<'_>> = rows(text(body)?)?;
    each(&rows, |row| row.fill(symbols).map(Some))
}

impl UserTrade<'_> {
    fn fill(&self, symbols: &Symbols) -> Result<Fill, DecodeError> {
        Ok(Fill {
            trade_id: TradeId::new(self.id.id("id")?),
            order_id: OrderId::new(self.order_id.id("orderId")?),
            client_order_id: ClientOrderId::reported(""),
            symbol: symbols.symbol(self.symbol.as_str())?,
            side: word::side(self.side.as_str(), "side")?,
            position_side: word::position_side(self.position_side.as_str(), "positionSide")?,
            price: self.price.price("price")?,
            quantity: self.qty.quantity("qty")?,
            fee: self.commission.money("commission")?,
            fee_currency: Some(Currency::new(self.commission_asset.as_str())),
            liquidity: self.maker.map(|maker| if maker { Liquidity::Maker } else { Liquidity::Taker }),
            realized_pnl: self.realized_pnl.maybe_money("realizedPnl")?,
            cause: FillCause::Order,
            time: self.time.time("time")?,
        })
    }
}

/// Gives trades the client id of their order, and with it who brought them about.
pub fn name_fills(fills: &mut [Fill], orders: &[Order]) {
    let orders = orders.iter().filter(|order| !order.order_type.is_conditional());
    let names: HashMap<&OrderId, &ClientOrderId> = orders.map(|it| (&it.order_id, &it.client_order_id)).collect();
    for fill in fills {
        if let Some(name) = names.get(&fill.order_id) {
            fill.client_order_id = (*name).clone();
            fill.cause = word::cause(name.as_str());
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row<'a> {
    #[serde(default, borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    pub(super) income_type: Text<'a>,
    #[serde(borrow)]
    income: Num<'a>,
    #[serde(borrow)]
    asset: Text<'a>,
    #[serde(borrow)]
    time: Num<'a>,
    #[serde(borrow)]
    tran_id: Num<'a>,
}

/// One row of `GET /fapi/v1/income`: everything that changes a wallet is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Income {
    /// Profit or fee of a trade, in this contract if we know it; the trades themselves are told elsewhere.
    Traded {
        /// The contract.
        symbol: Option<Symbol>,
        /// When it was booked.
        time: Timestamp,
    },
    /// Funding: told elsewhere too.
    Funding {
        /// When it was booked.
        time: Timestamp,
    },
    /// Anything else.
    Booked(Booking),
}

impl Income {
    /// When it was booked.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        match self {
            Self::Traded { time, .. } | Self::Funding { time } => *time,
            Self::Booked(booking) => booking.time,
        }
    }
}

/// Every row of `GET /fapi/v1/income`. A contract that is not listed (any more) costs a row its symbol, not its money.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn income(body: &[u8], symbols: &Symbols) -> Result<Vec<Income>, DecodeError> {
    let rows: Vec<Row<'_>> = rows(text(body)?)?;
    each(&rows, |row| row.income(symbols).map(Some))
}

/// The funding among the bookings of `GET /fapi/v1/income`; the others are left out.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn funding_payments(body: &[u8], symbols: &Symbols) -> Result<Vec<FundingPayment>, DecodeError> {
    let rows: Vec<Row<'_>> = rows(text(body)?)?;
    each(&rows, |row| row.funding(symbols))
}

impl Row<'_> {
    /// The venue's ids are unique within one kind of booking. What comes in is paid to the account.
    pub(super) fn funding(&self, symbols: &Symbols) -> Result<Option<FundingPayment>, DecodeError> {
        let id = self.tran_id.id("tranId")?;
        let id: Arc<str> = match self.income_type.as_str() {
            "FUNDING_FEE" => id.into(),
            "SPECIAL_FUNDING_FEE" => format!("special-{id}").into(),
            _ => return Ok(None),
        };
        let native = Some(self.symbol.as_str()).filter(|native| !native.is_empty());
        Ok(Some(FundingPayment {
            id: Some(id),
            symbol: native.map(|native| symbols.symbol(native)).transpose()?,
            payment: -self.income.money("income")?,
            rate: None,
            currency: Currency::new(self.asset.as_str()),
            time: self.time.time("time")?,
        }))
    }

    /// The venue's ids are unique within one kind of booking only: the kind is part of ours.
    fn income(&self, symbols: &Symbols) -> Result<Income, DecodeError> {
        let time = self.time.time("time")?;
        let symbol = symbols.symbol(self.symbol.as_str()).ok();
        let kind = self.income_type.as_str();
        Ok(match kind {
            "REALIZED_PNL" | "COMMISSION" => Income::Traded { symbol, time },
            "FUNDING_FEE" => Income::Funding { time },
            _ => Income::Booked(Booking {
                id: format!("{kind}-{}", self.tran_id.id("tranId")?),
                kind: word::booking_kind(kind),
                symbol,
                amount: self.income.money("income")?,
                currency: Currency::new(self.asset.as_str()),
                time,
            }),
        })
    }
}
