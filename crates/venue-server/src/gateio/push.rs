//! What private channels are told: one exchange event becomes the venue's pushes, in the venue's order.

use crate::gateio::floor::{Floor, signed_size};
use crate::gateio::history::{deleveraged, liquidated};
use crate::gateio::ledger::{Movement, kind};
use crate::gateio::lives::Closed;
use crate::gateio::order_rows::{self, finish_as};
use crate::gateio::positions;
use crate::gateio::session::Channel;
use crate::gateio::triggers;
use crate::gateio::words::{self, contracts, whole_seconds};
use crate::gateio::write::{Object, Style};
use plimsoll_domain::{AccountId, Direction, Fill, FillCause, PositionReport, Symbol, Timestamp};
use plimsoll_exchange::{ConditionalOrder, ExchangeEvent, FillNews, News, PlacedOrder};

/// One entry of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Push {
    pub(crate) channel: Channel,
    /// The contract that it is about; nothing where it is about money.
    pub(crate) contract: Option<String>,
    pub(crate) json: String,
}

/// What an account is told of one event. `closed` is the position that it closed, `movements` what it did to the wallet.
pub(crate) fn render(
    floor: &Floor,
    account: &AccountId,
    event: &ExchangeEvent,
    closed: Option<&Closed>,
    movements: &[Movement],
    style: Style,
) -> Vec<Push> {
    let teller = Teller { floor, account, time: event.stamp.time, style };
    let mut pushes = match &event.news {
        News::OrderAccepted(placed) => teller.order(placed, "_new"),
        News::OrderAmended(placed) => teller.order(placed, "_update"),
        News::OrderCancelled(placed) | News::OrderExpired { order: placed, .. } => {
            teller.order(placed, finish_as(floor, placed).unwrap_or("cancelled"))
        }
        News::OrderFilled(news) => teller.fill(news, closed),
        News::ConditionalStored(order)
        | News::ConditionalFinished(order)
        | News::ConditionalRejected(order)
        | News::ConditionalCancelled(order)
        | News::ConditionalExpired { order, .. } => teller.trigger(order),
        News::FundingPaid { position, .. } | News::IsolatedMarginChanged { position, .. } => teller.position(position),
        News::LeverageChanged { symbol, .. } | News::MarginModeChanged { symbol, .. } => teller.settings(symbol),
        News::Liquidated { .. } => teller.liquidated(),
        News::Deleveraged(_) => teller.deleveraged(),
        _ => Vec::new(),
    };
    pushes.extend(movements.iter().map(|movement| teller.movement(movement, &event.news)));
    pushes
}

struct Teller<'a> {
    floor: &'a Floor,
    account: &'a AccountId,
    time: Timestamp,
    style: Style,
}

impl Teller<'_> {
    fn push(&self, channel: Channel, symbol: &Symbol, json: String) -> Vec<Push> {
        let contract = self.floor.instrument(symbol).map(|instrument| instrument.native.to_string());
        vec![Push { channel, contract, json }]
    }

    fn order(&self, placed: &PlacedOrder, finish: &str) -> Vec<Push> {
        let json = order_rows::pushed_order(self.floor, self.account, placed, finish, self.style);
        self.push(Channel::Orders, &placed.order.symbol, json)
    }

    /// A fill is told as a change of the position, as a trade, as a change of the order; and what it closed after that.
    fn fill(&self, news: &FillNews, closed: Option<&Closed>) -> Vec<Push> {
        let FillNews { order, fill, position, .. } = news;
        let mut pushes = self.position(position);
        pushes.extend(self.trade(fill));
        pushes.extend(self.order(order, finish_as(self.floor, order).unwrap_or("_update")));
        pushes.extend(closed.iter().flat_map(|closed| self.closed(closed)));
        pushes
    }

    fn position(&self, report: &PositionReport) -> Vec<Push> {
        let json = positions::pushed(self.floor, self.account, report, self.time, self.style);
        json.into_iter().flat_map(|json| self.push(Channel::Positions, &report.symbol, json)).collect()
    }

    /// A setting shows in the positions that it is of, though they are empty.
    fn settings(&self, symbol: &Symbol) -> Vec<Push> {
        let sides = self.floor.position_sides(self.account).iter();
        let reports = sides.filter_map(|side| self.floor.exchange.position(self.account, symbol, *side));
        reports.flat_map(|report| self.position(&report)).collect()
    }

    fn trade(&self, fill: &Fill) -> Vec<Push> {
        let Some(instrument) = self.floor.instrument(&fill.symbol) else { return Vec::new() };
        let json = order_rows::pushed_trade(self.floor, fill, instrument, self.style);
        self.push(Channel::UserTrades, &fill.symbol, json)
    }

    fn closed(&self, closed: &Closed) -> Vec<Push> {
        let Some(instrument) = self.floor.instrument(&closed.symbol) else { return Vec::new() };
        let side = if closed.direction == Direction::Long { "long" } else { "short" };
        let json = Object::new()
            .text("contract", &instrument.native)
            .figure("pnl", closed.sums.total(), self.style)
            .text("side", side)
            .text("text", &closed.text)
            .raw("time", whole_seconds(closed.time))
            .raw("time_ms", closed.time.as_millis())
            .text("user", &self.floor.user(self.account).to_string())
            .end();
        self.push(Channel::PositionCloses, &closed.symbol, json)
    }

    fn trigger(&self, order: &ConditionalOrder) -> Vec<Push> {
        let json = triggers::pushed(self.floor, self.account, order, self.style);
        json.into_iter().flat_map(|json| self.push(Channel::AutoOrders, &order.order.symbol, json)).collect()
    }

    fn liquidated(&self) -> Vec<Push> {
        let rows = self.floor.forced.get(self.account).map(Vec::as_slice).unwrap_or_default();
        let Some(row) = rows.iter().rev().find(|row| row.cause == FillCause::Liquidation) else { return Vec::new() };
        let json = liquidated(self.floor, self.account, row, self.style);
        json.into_iter().flat_map(|json| self.push(Channel::Liquidates, &row.close.symbol, json)).collect()
    }

    fn deleveraged(&self) -> Vec<Push> {
        let rows = self.floor.forced.get(self.account).map(Vec::as_slice).unwrap_or_default();
        let Some(row) = rows.iter().rev().find(|row| row.cause == FillCause::Adl) else { return Vec::new() };
        let json = deleveraged(self.floor, self.account, row, self.style);
        json.into_iter().flat_map(|json| self.push(Channel::AutoDeleverages, &row.close.symbol, json)).collect()
    }

    fn movement(&self, movement: &Movement, news: &News) -> Push {
        let income = &movement.income;
        let order = match news {
            News::OrderFilled(news) => Some(news.fill.order_id.to_string()),
            _ => None,
        };
        let json = Object::new()
            .figure("balance", movement.balance.get(), self.style)
            .figure("change", income.amount.get(), self.style)
            .text("text", &movement_text(self.floor, income.symbol.as_ref(), order.as_deref()))
            .raw("time", whole_seconds(income.time))
            .raw("time_ms", income.time.as_millis())
            .text("type", kind(income.kind))
            .text("user", &self.floor.user(self.account).to_string())
            .text("currency", &income.currency.as_str().to_ascii_lowercase())
            .end();
        Push { channel: Channel::Balances, contract: None, json }
    }
}

/// Where a position stands in the queue of deleveraging.
pub(crate) fn rank(floor: &Floor, account: &AccountId, report: &PositionReport, rank: u8) -> Push {
    let contract = floor.instrument(&report.symbol).map(|instrument| instrument.native.to_string());
    let json = Object::new()
        .text("contract", contract.as_deref().unwrap_or_default())
        .text("mode", words::row_mode(report.position_side))
        .raw("rank_division", rank)
        .raw("time_ms", floor.exchange.now().as_millis())
        .raw("user_id", floor.user(account))
        .end();
    Push { channel: Channel::AdlRank, contract, json }
}

/// What a movement was for: `BTC_USDT:3914424`, a contract and an order.
pub(crate) fn movement_text(floor: &Floor, symbol: Option<&Symbol>, order: Option<&str>) -> String {
    let native = symbol.and_then(|symbol| floor.instrument(symbol)).map(|instrument| &*instrument.native);
    match (native, order) {
        (Some(native), Some(order)) => format!("{native}:{order}"),
        (Some(native), None) => native.to_owned(),
        _ => "-".to_owned(),
    }
}

/// The size of a position in contracts, with its sign.
pub(crate) fn size_of(floor: &Floor, report: &PositionReport) -> rust_decimal::Decimal {
    floor.instrument(&report.symbol).map(|instrument| contracts(instrument, signed_size(report))).unwrap_or_default()
}

/// The mark of a report; 0 where it has none.
pub(crate) fn mark_of(report: &PositionReport) -> rust_decimal::Decimal {
    words::price(report.mark_price)
}
