//! `orders`: the state of an order, and the fill that brought it there.

use super::fill::forced;
use super::{Context, each_row, id};
use crate::wire::word::{self, Leg, Shows, ToldLeg, leg};
use plimsoll_domain::{AccountEvent, ClientOrderId, Fill, Order, OrderId, TradeId};
use plimsoll_venue::json::{Num, Text};
use plimsoll_venue::{DecodeError, Event, message};

message! {
    struct Row {
        required {
            inst_id = "instId": Text<'a>,
            order_id = "orderId": Num<'a>,
            side = "side": Text<'a>,
            order_type = "orderType": Text<'a>,
            size = "size": Num<'a>,
            status = "status": Text<'a>,
        }
        optional {
            client_oid = "clientOid": Option<Text<'a>>,
            trade_side = "tradeSide": Option<Text<'a>>,
            pos_side = "posSide": Option<Text<'a>>,
            pos_mode = "posMode": Option<Text<'a>>,
            reduce_only = "reduceOnly": Option<Text<'a>>,
            force = "force": Option<Text<'a>>,
            price = "price": Num<'a>,
            mean = "priceAvg": Num<'a>,
            filled = "accBaseVolume": Num<'a>,
            last_size = "baseVolume": Num<'a>,
            last_price = "fillPrice": Num<'a>,
            last_time = "fillTime": Num<'a>,
            last_fee = "fillFee": Num<'a>,
            fee_coin = "fillFeeCoin": Option<Text<'a>>,
            scope = "tradeScope": Option<Text<'a>>,
            trade_id = "tradeId": Num<'a>,
            pnl = "pnl": Num<'a>,
            created = "cTime": Num<'a>,
            updated = "uTime": Num<'a>,
        }
    }
}

fn word_of<'t>(text: Option<&'t Text<'_>>) -> &'t str {
    text.map_or("", Text::as_str)
}

/// The order's state; with it the fill, if the update is one; with that the forced close, if the venue did it.
///
/// `{"instId":"ETHUSDT","orderId":"13","clientOid":"plim-1","side":"buy","tradeSide":"open","posSide":"long",
/// "posMode":"hedge_mode","orderType":"limit","force":"gtc","price":"3000","size":"0.4","accBaseVolume":"0",
/// "reduceOnly":"no","status":"live","uTime":"1760461517274",…}`; a fill adds `baseVolume`, `fillPrice`, `fillTime`,
/// `fillFee`, `fillFeeCoin`, `tradeScope`, `tradeId` and `pnl`, which are those of this fill alone.
pub(super) fn updates(rows: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    each_row(rows, |row: &Row<'_>| {
        let leg = row.leg()?;
        let order = row.order(leg, context)?;
        let fill = row.fill(leg, &order, context)?;
        let forced = fill.as_ref().and_then(forced);
        let mut events = Vec::with_capacity(3);
        events.push(Event::Account(AccountEvent::Order(order)));
        events.extend(fill.map(AccountEvent::Fill).map(Event::Account));
        events.extend(forced.map(Event::Account));
        Ok(events)
    })
}

impl Row<'_> {
    fn leg(&self) -> Result<Leg, DecodeError> {
        leg(ToldLeg {
            side: self.side.as_str(),
            trade_side: word_of(self.trade_side.as_ref()),
            pos_side: word_of(self.pos_side.as_ref()),
            pos_mode: word_of(self.pos_mode.as_ref()),
            reduce_only: word::yes(word_of(self.reduce_only.as_ref()), "reduceOnly")?,
            shows: Shows::Leg,
        })
    }

    fn order(&self, leg: Leg, context: Context<'_>) -> Result<Order, DecodeError> {
        let updated = if self.updated.0.is_empty() { self.created } else { self.updated };
        Ok(Order {
            order_id: OrderId::new(id(self.order_id, "orderId")?),
            client_order_id: ClientOrderId::reported(word_of(self.client_oid.as_ref())),
            symbol: context.symbols.symbol(self.inst_id.as_str())?,
            side: leg.side,
            position_side: leg.position_side,
            order_type: word::order_type(self.order_type.as_str(), "orderType")?,
            time_in_force: word::maybe_force(word_of(self.force.as_ref()), "force")?,
            price: self.price.maybe_price("price")?,
            trigger: None,
            quantity: self.size.maybe_quantity("size")?,
            filled: self.filled.maybe_quantity("accBaseVolume")?,
            average_price: self.mean.maybe_price("priceAvg")?,
            reduce_only: leg.closes,
            close_position: false,
            child: None,
            status: word::order_status(self.status.as_str(), "status")?,
            updated: context.stamp(context.time(updated, "uTime")?),
        })
    }

    /// The fields of the last fill stay away while nothing has traded.
    fn fill(&self, leg: Leg, order: &Order, context: Context<'_>) -> Result<Option<Fill>, DecodeError> {
        if self.trade_id.0.is_empty() {
            return Ok(None);
        }
        let last = self.last_size.maybe_quantity("baseVolume")?.zip(self.last_price.maybe_price("fillPrice")?);
        let Some((quantity, price)) = last else { return Ok(None) };
        Ok(Some(Fill {
            trade_id: TradeId::new(id(self.trade_id, "tradeId")?),
            order_id: order.order_id.clone(),
            client_order_id: order.client_order_id.clone(),
            symbol: order.symbol.clone(),
            side: leg.side,
            position_side: leg.position_side,
            price,
            quantity,
            // Negative where it is paid.
            fee: -self.last_fee.maybe_money("fillFee")?.unwrap_or_default(),
            fee_currency: self
                .fee_coin
                .as_ref()
                .filter(|coin| !coin.as_str().is_empty())
                .map(|coin| context.symbols.currency(coin.as_str())),
            liquidity: word::liquidity(word_of(self.scope.as_ref()), "tradeScope")?,
            realized_pnl: self.pnl.maybe_money("pnl")?,
            cause: leg.cause,
            time: match self.last_time.maybe_time("fillTime")? {
                Some(time) => time,
                None => order.updated.time,
            },
        }))
    }
}
