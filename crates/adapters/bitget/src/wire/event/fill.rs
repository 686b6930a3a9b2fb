//! `fill`: a trade of the account.

use super::{Context, each_row, id};
use crate::wire::word::{self, Shows, ToldLeg, leg};
use plimsoll_domain::{AccountEvent, ClientOrderId, Currency, Fill, FillCause, ForcedClose, Money, OrderId, TradeId};
use plimsoll_venue::json::{Num, Text};
use plimsoll_venue::{DecodeError, Event, message};

message! {
    struct Row {
        required {
            order_id = "orderId": Num<'a>,
            trade_id = "tradeId": Num<'a>,
            symbol = "symbol": Text<'a>,
            side = "side": Text<'a>,
            price = "price": Num<'a>,
            base_volume = "baseVolume": Num<'a>,
        }
        optional {
            client_oid = "clientOid": Option<Text<'a>>,
            pos_mode = "posMode": Option<Text<'a>>,
            trade_side = "tradeSide": Option<Text<'a>>,
            scope = "tradeScope": Option<Text<'a>>,
            profit = "profit": Num<'a>,
            fees = "feeDetail": Option<Vec<FeeDetail<'a>>>,
            created = "cTime": Num<'a>,
        }
    }
}

message! {
    /// One part of a fee. It is negative where it is paid.
    pub(crate) struct FeeDetail {
        required {}
        optional {
            coin = "feeCoin": Option<Text<'a>>,
            total = "totalFee": Num<'a>,
        }
    }
}

/// A trade: `side` is what was done. With it the forced close, if the venue did it.
///
/// `{"orderId":"111","clientOid":"111","tradeId":"222","symbol":"BTCUSDT","side":"buy","posMode":"one_way_mode",
/// "price":"51000.5","baseVolume":"0.01","profit":"0","tradeSide":"open","tradeScope":"taker",
/// "feeDetail":[{"feeCoin":"USDT","totalFee":"-0.183717"}],"cTime":"1703577336606"}`
pub(super) fn fills(rows: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    each_row(rows, |row: &Row<'_>| {
        let fill = row.fill(context)?;
        let forced = forced(&fill);
        Ok([Event::Account(AccountEvent::Fill(fill))].into_iter().chain(forced.map(Event::Account)).collect())
    })
}

impl Row<'_> {
    fn fill(&self, context: Context<'_>) -> Result<Fill, DecodeError> {
        let text = |text: &Option<Text<'_>>| text.as_ref().map_or_else(String::new, |text| text.as_str().to_owned());
        let leg = leg(ToldLeg {
            side: self.side.as_str(),
            trade_side: self.trade_side.as_ref().map_or("", Text::as_str),
            pos_side: "",
            pos_mode: self.pos_mode.as_ref().map_or("", Text::as_str),
            reduce_only: false,
            shows: Shows::Trade,
        })?;
        let (fee, fee_currency) = paid(self.fees.as_deref().unwrap_or_default(), context)?;
        Ok(Fill {
            trade_id: TradeId::new(id(self.trade_id, "tradeId")?),
            order_id: OrderId::new(id(self.order_id, "orderId")?),
            client_order_id: ClientOrderId::reported(text(&self.client_oid)),
            symbol: context.symbols.symbol(self.symbol.as_str())?,
            side: leg.side,
            position_side: leg.position_side,
            price: self.price.price("price")?,
            quantity: self.base_volume.quantity("baseVolume")?,
            fee,
            fee_currency,
            liquidity: word::liquidity(self.scope.as_ref().map_or("", Text::as_str), "tradeScope")?,
            realized_pnl: self.profit.maybe_money("profit")?,
            cause: leg.cause,
            time: context.time(self.created, "cTime")?,
        })
    }
}

/// What a trade cost. Its parts are of one coin; of a second one only the first is told.
pub(crate) fn paid(fees: &[FeeDetail<'_>], context: Context<'_>) -> Result<(Money, Option<Currency>), DecodeError> {
    let coin = fees.iter().find_map(|fee| fee.coin.as_ref()).map(Text::as_str).filter(|coin| !coin.is_empty());
    let mut total = plimsoll_domain::Decimal::ZERO;
    for fee in fees.iter().filter(|fee| fee.coin.as_ref().is_none_or(|of| Some(of.as_str()) == coin)) {
        let part = fee.total.maybe_money("feeDetail.totalFee")?.unwrap_or_default();
        total = total.saturating_add(part.get());
    }
    Ok((Money::new(-total), coin.map(|coin| context.symbols.currency(coin))))
}

/// What the venue closed itself.
pub(crate) fn forced(fill: &Fill) -> Option<AccountEvent> {
    let event = match fill.cause {
        FillCause::Liquidation => AccountEvent::Liquidation,
        FillCause::Adl => AccountEvent::Adl,
        FillCause::Order | FillCause::Settlement => return None,
    };
    Some(event(ForcedClose {
        symbol: fill.symbol.clone(),
        position_side: fill.position_side,
        quantity: Some(fill.quantity),
        price: Some(fill.price),
        level: None,
        time: fill.time,
    }))
}
