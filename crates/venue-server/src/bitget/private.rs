//! What the private channels of v2 tell of one exchange event.

use crate::bitget::channel::Channel;
use crate::bitget::floor::Floor;
use crate::bitget::lives::Life;
use crate::bitget::order_row::OrderFacts;
use crate::bitget::plan_row;
use crate::bitget::position_row::history_pushed;
use crate::bitget::session::Push;
use crate::bitget::words;
use crate::number::trimmed;
use plimsoll_domain::{AccountId, Price, Quantity};
use plimsoll_exchange::{ConditionalOrder, ExchangeEvent, FillNews, News, PlacedOrder};
use rust_decimal::Decimal;
use serde_json::json;

/// What an account is told of one exchange event; nothing, if the venue has no word for it. What it has and holds is told
/// once for all that happened together.
pub(crate) fn render(floor: &Floor, account: &AccountId, event: &ExchangeEvent, ended: Option<&Life>) -> Vec<Push> {
    let teller = Teller { floor, account };
    let mut pushes = match &event.news {
        News::OrderAccepted(placed)
        | News::OrderCancelled(placed)
        | News::OrderExpired { order: placed, .. }
        | News::OrderAmended(placed) => teller.order(placed, None),
        News::OrderFilled(news) => teller.fill(news),
        // That its child was accepted is told by the child.
        News::ConditionalTriggered(_) => Vec::new(),
        News::ConditionalStored(order)
        | News::ConditionalTriggering(order)
        | News::ConditionalFinished(order)
        | News::ConditionalRejected(order)
        | News::ConditionalCancelled(order)
        | News::ConditionalExpired { order, .. } => teller.plan(order),
        News::Deleveraged(close) => teller.deleveraged(close, event),
        _ => Vec::new(),
    };
    pushes.extend(ended.and_then(|life| teller.over(life)));
    pushes
}

struct Teller<'a> {
    floor: &'a Floor,
    account: &'a AccountId,
}

impl Teller<'_> {
    fn order(&self, placed: &PlacedOrder, news: Option<&FillNews>) -> Vec<Push> {
        let Some(instrument) = self.floor.instrument(&placed.order.symbol) else { return Vec::new() };
        let Some(facts) = OrderFacts::new(self.floor, self.account, placed) else { return Vec::new() };
        let row = facts.pushed(news.map(|news| &news.fill));
        vec![Push::new(Channel::Orders, Some(&instrument.native), "snapshot", &[row])]
    }

    fn fill(&self, news: &FillNews) -> Vec<Push> {
        let mut pushes = self.order(&news.order, Some(news));
        let instrument = self.floor.instrument(&news.fill.symbol);
        if let (Some(instrument), Some(facts)) = (instrument, OrderFacts::new(self.floor, self.account, &news.order)) {
            let row = facts.fill_pushed(&news.fill);
            pushes.push(Push::new(Channel::Fill, Some(&instrument.native), "snapshot", &[row]));
        }
        pushes
    }

    fn plan(&self, order: &ConditionalOrder) -> Vec<Push> {
        let Some(instrument) = self.floor.instrument(&order.order.symbol) else { return Vec::new() };
        let row = plan_row::pushed(self.floor, self.account, instrument, order);
        vec![Push::new(Channel::Plans, Some(&instrument.native), "snapshot", &[row])]
    }

    fn over(&self, life: &Life) -> Option<Push> {
        let instrument = self.floor.instrument(&life.symbol)?;
        let row = history_pushed(instrument, life);
        Some(Push::new(Channel::PositionsHistory, Some(&instrument.native), "snapshot", &[row]))
    }

    fn deleveraged(&self, close: &plimsoll_domain::ForcedClose, event: &ExchangeEvent) -> Vec<Push> {
        let Some(instrument) = self.floor.instrument(&close.symbol) else { return Vec::new() };
        // The fill that came before says which way.
        let fills = self.floor.exchange.fills(self.account, &close.symbol);
        let side = fills.last().map_or("", |fill| words::side(fill.side));
        let row = json!({
            "symbol": &*instrument.native, "side": side, "status": "triggered",
            "price": trimmed(close.price.map_or(Decimal::ZERO, Price::get)),
            "amount": trimmed(close.quantity.map_or(Decimal::ZERO, Quantity::get)),
            "ts": event.stamp.time.as_millis().to_string(),
        });
        vec![Push::new(Channel::Deleveraging, Some(&instrument.native), "update", &[row])]
    }
}
