//! What the account traded, and what was booked to it.

use super::answer::answer;
use super::order::Page;
use crate::wire::event::{Context, FeeDetail, id, paid};
use crate::wire::symbols::Symbols;
use crate::wire::word::{self, Shows, ToldLeg, leg};
use plimsoll_domain::{Booking, ClientOrderId, Fill, FundingPayment, OrderId, Symbol, Timestamp, TradeId};
use plimsoll_venue::json::{Num, Text, each};
use plimsoll_venue::{DecodeError, message, plain};

message! {
    struct Row {
        required {
            trade_id = "tradeId": Num<'a>,
            symbol = "symbol": Text<'a>,
            order_id = "orderId": Num<'a>,
            price = "price": Num<'a>,
            base_volume = "baseVolume": Num<'a>,
            side = "side": Text<'a>,
            created = "cTime": Num<'a>,
        }
        optional {
            fees = "feeDetail": Option<Vec<FeeDetail<'a>>>,
            profit = "profit": Num<'a>,
            trade_side = "tradeSide": Option<Text<'a>>,
            pos_mode = "posMode": Option<Text<'a>>,
            scope = "tradeScope": Option<Text<'a>>,
        }
    }
}

message! {
    struct Listed {
        required {}
        optional {
            list = "fillList": Option<Vec<Row<'a>>>,
            end = "endId": Num<'a>,
        }
    }
}

/// The trades of `order/fills` and `order/fill-history`. They name their order by the venue's id only: the client id is
/// empty. With legs, `side` is read as what was done, as in the pushes; the venue does not say so of these answers, so the
/// order is the better witness.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn fills(body: &[u8], symbols: &Symbols) -> Result<Page<Fill>, DecodeError> {
    let answer = answer(body)?;
    if answer.data.is_empty() {
        return Ok(Page { rows: Vec::new(), older_than: None });
    }
    let Listed { list, end } = plain::read(answer.data)?;
    let rows = each(&list.unwrap_or_default(), |row| row.fill(symbols).map(Some));
    Ok(Page::new(rows.map_err(|error| error.inside("fillList"))?, end))
}

impl Row<'_> {
    fn fill(&self, symbols: &Symbols) -> Result<Fill, DecodeError> {
        let text = |text: Option<&Text<'_>>| text.map_or_else(String::new, |text| text.as_str().to_owned());
        let (trade_side, pos_mode) = (text(self.trade_side.as_ref()), text(self.pos_mode.as_ref()));
        let leg = leg(ToldLeg {
            side: self.side.as_str(),
            trade_side: &trade_side,
            pos_side: "",
            pos_mode: &pos_mode,
            reduce_only: false,
            shows: Shows::Trade,
        })?;
        let context = Context { symbols, arrival: 0, sent: None };
        let (fee, fee_currency) = paid(self.fees.as_deref().unwrap_or_default(), context)?;
        Ok(Fill {
            trade_id: TradeId::new(id(self.trade_id, "tradeId")?),
            order_id: OrderId::new(id(self.order_id, "orderId")?),
            client_order_id: ClientOrderId::reported(""),
            symbol: symbols.symbol(self.symbol.as_str())?,
            side: leg.side,
            position_side: leg.position_side,
            price: self.price.price("price")?,
            quantity: self.base_volume.quantity("baseVolume")?,
            fee,
            fee_currency,
            liquidity: word::liquidity(self.scope.as_ref().map_or("", Text::as_str), "tradeScope")?,
            realized_pnl: self.profit.maybe_money("profit")?,
            cause: leg.cause,
            time: self.created.time("cTime")?,
        })
    }
}

message! {
    struct BillRow {
        required {
            bill_id = "billId": Num<'a>,
            amount = "amount": Num<'a>,
            business = "businessType": Text<'a>,
            coin = "coin": Text<'a>,
            created = "cTime": Num<'a>,
        }
        optional {
            symbol = "symbol": Option<Text<'a>>,
        }
    }
}

message! {
    struct Bills {
        required {}
        optional {
            list = "bills": Option<Vec<BillRow<'a>>>,
            end = "endId": Num<'a>,
        }
    }
}

/// A bill of `account/bill`: everything that changes a wallet is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bill {
    /// A trade, in this contract if we know it; the trades themselves are told elsewhere.
    Traded {
        /// The contract.
        symbol: Option<Symbol>,
        /// When it was booked.
        time: Timestamp,
    },
    /// Funding.
    Funding(FundingPayment),
    /// Margin that moved between the wallet and its own isolated position: nothing was gained or lost.
    Moved {
        /// When it was booked.
        time: Timestamp,
    },
    /// Anything else.
    Booked(Booking),
}

impl Bill {
    /// When it was booked.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        match self {
            Self::Traded { time, .. } | Self::Moved { time } => *time,
            Self::Funding(payment) => payment.time,
            Self::Booked(booking) => booking.time,
        }
    }
}

/// The bills of `account/bill`. A contract that is not listed (any more) costs a bill its symbol, not its money.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn bills(body: &[u8], symbols: &Symbols) -> Result<Page<Bill>, DecodeError> {
    let answer = answer(body)?;
    if answer.data.is_empty() {
        return Ok(Page { rows: Vec::new(), older_than: None });
    }
    let Bills { list, end } = plain::read(answer.data)?;
    let rows = each(&list.unwrap_or_default(), |row| row.bill(symbols).map(Some));
    Ok(Page::new(rows.map_err(|error| error.inside("bills"))?, end))
}

impl BillRow<'_> {
    /// Funding that is paid comes with a minus.
    fn bill(&self, symbols: &Symbols) -> Result<Bill, DecodeError> {
        let time = self.created.time("cTime")?;
        let symbol = self.symbol.as_ref().and_then(|native| symbols.symbol(native.as_str()).ok());
        let kind = self.business.as_str();
        if word::is_trade(kind) {
            return Ok(Bill::Traded { symbol, time });
        }
        if word::moves_margin(kind) {
            return Ok(Bill::Moved { time });
        }
        let bill_id = id(self.bill_id, "billId")?;
        let (amount, currency) = (self.amount.money("amount")?, symbols.currency(self.coin.as_str()));
        Ok(match kind {
            "contract_settle_fee" => {
                let id = Some(bill_id.into());
                Bill::Funding(FundingPayment { id, symbol, payment: -amount, rate: None, currency, time })
            }
            _ => {
                let kind = word::booking_kind(kind);
                Bill::Booked(Booking { id: bill_id.to_owned(), kind, symbol, amount, currency, time })
            }
        })
    }
}
