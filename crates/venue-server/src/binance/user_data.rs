//! What a private socket is sent: one exchange event becomes the venue's events, in the venue's order.

mod frame;

use crate::binance::facts::{OrderFacts, id};
use crate::binance::floor::Floor;
use crate::binance::number::{self, shown_trimmed, stream_price, stream_quantity, trimmed};
use crate::binance::words;
use frame::{
    AccountBody, AccountUpdate, AlgoBody, AlgoUpdate, BalanceRow, MarginCall, MarginCallRow, OrderBody, OrderUpdate,
    PositionRow, TradeLite,
};
use plimsoll_domain::{
    AccountId, BalanceReport, Fill, Instrument, Liquidity, MarginMode, Money, OrderStatus, PositionReport, Price,
    Quantity, Side, Symbol,
};
use plimsoll_exchange::{
    ConditionalOrder, ConditionalStatus, ExchangeEvent, ExpiryReason, FillNews, News, PlacedOrder, ThinPosition,
};
use rust_decimal::Decimal;
use serde::Serialize;

/// One event, rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserEvent {
    /// Its type, for those who filter.
    pub(crate) name: &'static str,
    pub(crate) json: String,
}

/// What an account is told of one exchange event; nothing, if the venue has no word for it.
pub(crate) fn render(floor: &Floor, account: &AccountId, event: &ExchangeEvent) -> Vec<UserEvent> {
    let teller = Teller { floor, account, time: event.stamp.time.as_millis() };
    match &event.news {
        News::OrderAccepted(placed) => teller.order(placed, "NEW", None, "0"),
        News::OrderFilled(news) => teller.fill(news),
        News::OrderCancelled(placed) => teller.order(placed, "CANCELED", None, "0"),
        News::OrderExpired { order, reason } => teller.order(order, "EXPIRED", None, expiry(*reason, order)),
        News::OrderAmended(placed) => teller.order(placed, "AMENDMENT", None, "0"),
        News::ConditionalStored(order)
        | News::ConditionalTriggering(order)
        | News::ConditionalTriggered(order)
        | News::ConditionalFinished(order)
        | News::ConditionalRejected(order)
        | News::ConditionalCancelled(order)
        | News::ConditionalExpired { order, .. } => teller.conditional(order),
        News::FundingPaid { payment, position, balance } => {
            let isolated = position.margin_mode == Some(MarginMode::Isolated);
            let positions = if isolated { vec![&**position] } else { Vec::new() };
            let symbol = payment.symbol.as_ref().and_then(|symbol| teller.native(symbol));
            teller.account("FUNDING_FEE", balance, -payment.payment, &positions, symbol)
        }
        News::MarginCall { positions, cross_wallet } | News::LiquidationStarted { positions, cross_wallet } => {
            teller.margin_call(positions, *cross_wallet)
        }
        News::Liquidated { fee, balance, .. } => teller.account("INSURANCE_CLEAR", balance, -*fee, &[], None),
        News::Covered { amount, balance } => teller.account("INSURANCE_CLEAR", balance, *amount, &[], None),
        News::LeverageChanged { symbol, leverage } => teller.leverage(symbol, leverage.get()),
        News::MarginModeChanged { symbol, .. } => teller.margin_mode(symbol),
        News::IsolatedMarginChanged { position, balance, .. } => {
            teller.account("MARGIN_TRANSFER", balance, Money::ZERO, &[position], None)
        }
        News::Transferred { amount, balance } => {
            let reason = if amount.is_negative() { "WITHDRAW" } else { "DEPOSIT" };
            teller.account(reason, balance, *amount, &[], None)
        }
        // Position mode has no event, and the fill that deleveraged was told; the rest is everybody's.
        News::PositionModeChanged(_)
        | News::Deleveraged(_)
        | News::Trade(_)
        | News::ForcedOrder(_)
        | News::FundingSettled(_) => Vec::new(),
    }
}

/// Why an order expired, in the venue's numbers.
const fn expiry(reason: ExpiryReason, order: &PlacedOrder) -> &'static str {
    match reason {
        ExpiryReason::ImmediateOrCancel if order.order.price.is_none() => "9",
        ExpiryReason::ImmediateOrCancel => "2",
        ExpiryReason::SelfTrade => "1",
        ExpiryReason::ReduceOnly => "4",
        ExpiryReason::Liquidation | ExpiryReason::Adl => "5",
        ExpiryReason::InsufficientMargin | ExpiryReason::WouldTakeLiquidity => "0",
    }
}

struct Teller<'a> {
    floor: &'a Floor,
    account: &'a AccountId,
    time: i64,
}

impl Teller<'_> {
    fn native(&self, symbol: &Symbol) -> Option<String> {
        self.floor.instrument(symbol).map(|instrument| instrument.native.to_string())
    }

    fn order(&self, placed: &PlacedOrder, execution: &str, news: Option<&FillNews>, reason: &str) -> Vec<UserEvent> {
        let Some(instrument) = self.floor.instrument(&placed.order.symbol) else { return Vec::new() };
        let facts = OrderFacts {
            placed,
            instrument,
            trigger: self.floor.trigger(self.account, placed),
            good_till: self.floor.deadlines.good_till(&placed.order.order_id),
        };
        let order = &placed.order;
        let fill = news.map(|news| &news.fill);
        let (bids, asks) = self.floor.open_notional(self.account, &order.symbol);
        let body = OrderBody {
            s: &instrument.native,
            c: facts.client_id(),
            side: words::side(order.side),
            o: facts.order_type(),
            f: facts.time_in_force(),
            q: stream_quantity(order.quantity),
            p: stream_price(order.price),
            ap: order.average_price.map_or_else(|| "0".to_owned(), |price| shown_trimmed(price.get())),
            sp: stream_price(facts.trigger.price),
            x: execution,
            status: stream_status(placed, reason),
            i: facts.id(),
            l: stream_quantity(fill.map(|fill| fill.quantity)),
            z: stream_quantity(order.filled),
            last: stream_price(fill.map(|fill| fill.price)),
            commission_asset: fill
                .and_then(|fill| fill.fee_currency.as_ref())
                .map_or(instrument.settle.as_str(), |currency| currency.as_str()),
            n: fill.map_or_else(|| "0".to_owned(), |fill| trimmed(fill.fee.get())),
            time: self.time,
            t: fill.map_or(0, |fill| id(fill.trade_id.as_str())),
            b: trimmed(bids.get()),
            a: trimmed(asks.get()),
            m: is_maker(fill),
            reduce_only: order.reduce_only,
            wt: facts.trigger.working_type(),
            ot: facts.original_type(),
            ps: words::position_side(order.position_side),
            cp: order.close_position,
            rp: fill.and_then(|fill| fill.realized_pnl).map_or_else(|| "0".to_owned(), |profit| trimmed(profit.get())),
            price_protect: false,
            si: 0,
            ss: 0,
            stp: "EXPIRE_MAKER",
            pm: "NONE",
            gtd: facts.good_till.unwrap_or(0),
            er: reason,
        };
        event(
            "ORDER_TRADE_UPDATE",
            &OrderUpdate { e: "ORDER_TRADE_UPDATE", event: self.time, time: self.time, o: body },
        )
    }

    /// A fill is told three times: briefly, as a change of the account, as a change of the order.
    fn fill(&self, news: &FillNews) -> Vec<UserEvent> {
        let FillNews { order: placed, fill, position, balance } = news;
        let Some(instrument) = self.floor.instrument(&fill.symbol) else { return Vec::new() };
        let forced = fill.cause != plimsoll_domain::FillCause::Order;
        let mut events = Vec::new();
        if !forced {
            events.extend(self.trade_lite(instrument, placed, fill));
        }
        events.extend(self.account("ORDER", balance, Money::ZERO, &[position], None));
        events.extend(self.order(placed, if forced { "CALCULATED" } else { "TRADE" }, Some(news), "0"));
        events
    }

    fn trade_lite(&self, instrument: &Instrument, placed: &PlacedOrder, fill: &Fill) -> Vec<UserEvent> {
        let price = |price: Option<Price>| match price {
            Some(price) => number::price(instrument, Some(price)),
            None => "0".to_owned(),
        };
        let body = TradeLite {
            e: "TRADE_LITE",
            event: self.time,
            time: self.time,
            s: &instrument.native,
            q: number::quantity(instrument, placed.order.quantity),
            p: price(placed.order.price),
            m: is_maker(Some(fill)),
            c: fill.client_order_id.as_str(),
            side: words::side(fill.side),
            last: price(Some(fill.price)),
            l: number::quantity(instrument, Some(fill.quantity)),
            t: id(fill.trade_id.as_str()),
            i: id(fill.order_id.as_str()),
        };
        event("TRADE_LITE", &body)
    }

    fn account(
        &self,
        reason: &str,
        balance: &BalanceReport,
        change: Money,
        positions: &[&PositionReport],
        symbol: Option<String>,
    ) -> Vec<UserEvent> {
        let balances = [BalanceRow {
            a: balance.currency.as_str(),
            wb: trimmed(balance.wallet.unwrap_or_default().get()),
            cw: trimmed(balance.cross_wallet.or(balance.wallet).unwrap_or_default().get()),
            bc: trimmed(change.get()),
        }];
        let positions = positions.iter().filter_map(|report| self.position(report)).collect();
        let body = AccountBody { m: reason, balances: &balances, positions, symbol };
        let update = AccountUpdate { e: "ACCOUNT_UPDATE", event: self.time, time: self.time, a: body };
        event("ACCOUNT_UPDATE", &update)
    }

    fn position(&self, report: &PositionReport) -> Option<PositionRow> {
        let instrument = self.floor.instrument(&report.symbol)?;
        let mode = report.margin_mode.unwrap_or(MarginMode::Cross);
        Some(PositionRow {
            s: instrument.native.to_string(),
            pa: trimmed(signed(report)),
            ep: stream_price(report.position.map(|position| position.entry)),
            bep: shown_trimmed(break_even(report, instrument)),
            cr: trimmed(report.realized_pnl.unwrap_or_default().get()),
            up: shown_trimmed(report.unrealized_pnl.unwrap_or_default().get()),
            mt: words::margin_type(mode),
            iw: trimmed(report.isolated_margin.unwrap_or_default().get()),
            ps: words::position_side(report.position_side),
            ma: instrument.settle.to_string(),
        })
    }

    fn conditional(&self, order: &ConditionalOrder) -> Vec<UserEvent> {
        let Some(instrument) = self.floor.instrument(&order.order.symbol) else { return Vec::new() };
        let triggered = order.child.is_some() || order.status == ConditionalStatus::Rejected;
        let it = &order.order;
        let body = AlgoBody {
            caid: it.client_order_id.as_str(),
            aid: id(it.order_id.as_str()),
            at: "CONDITIONAL",
            o: words::order_type(it.order_type),
            s: &instrument.native,
            side: words::side(it.side),
            ps: words::position_side(it.position_side),
            f: words::time_in_force(it.time_in_force),
            q: stream_quantity(it.quantity),
            status: algo_status(order.status),
            ai: order.child.as_ref().map_or("", |child| child.as_str()),
            ap: triggered.then(|| it.average_price.map_or_else(|| "0".to_owned(), |price| shown_trimmed(price.get()))),
            aq: triggered.then(|| stream_quantity(it.filled)),
            act: triggered.then_some("MARKET"),
            tp: stream_price(it.trigger),
            p: "0",
            stp: "EXPIRE_MAKER",
            wt: words::working_type(Some(order.trigger_by)),
            pm: "NONE",
            cp: it.close_position,
            price_protect: false,
            reduce_only: it.reduce_only,
            tt: order.triggered.map_or(0, |time| time.as_millis()),
            gtd: 0,
            rm: order
                .refusal
                .as_ref()
                .map(|refusal| crate::binance::refusal::of_order(refusal, it.side, false).msg.into_owned()),
            ia: false,
        };
        event("ALGO_UPDATE", &AlgoUpdate { e: "ALGO_UPDATE", event: self.time, time: self.time, o: body })
    }

    fn margin_call(&self, positions: &[ThinPosition], cross_wallet: Option<Money>) -> Vec<UserEvent> {
        let rows = positions.iter().filter_map(|ThinPosition { report, .. }| {
            Some(MarginCallRow {
                s: self.native(&report.symbol)?,
                ps: words::position_side(report.position_side),
                pa: trimmed(signed(report)),
                mt: words::margin_setting(report.margin_mode.unwrap_or(MarginMode::Cross)),
                iw: trimmed(report.isolated_margin.unwrap_or_default().get()),
                mp: stream_price(report.mark_price),
                up: shown_trimmed(report.unrealized_pnl.unwrap_or_default().get()),
                mm: shown_trimmed(report.maintenance_margin.unwrap_or_default().get()),
            })
        });
        let body = MarginCall {
            e: "MARGIN_CALL",
            event: self.time,
            cw: cross_wallet.map(|wallet| trimmed(wallet.get())),
            p: rows.collect(),
        };
        event("MARGIN_CALL", &body)
    }

    fn leverage(&self, symbol: &Symbol, leverage: u32) -> Vec<UserEvent> {
        let Some(native) = self.native(symbol) else { return Vec::new() };
        let body = serde_json::json!({
            "e": "ACCOUNT_CONFIG_UPDATE", "E": self.time, "T": self.time, "ac": {"s": native, "l": leverage}
        });
        event("ACCOUNT_CONFIG_UPDATE", &body)
    }

    /// Told as a change of the account, with the symbol's positions though they are empty: the setting is in them.
    fn margin_mode(&self, symbol: &Symbol) -> Vec<UserEvent> {
        let Some(balance) = self.floor.balance(self.account) else { return Vec::new() };
        let sides = self.floor.position_sides(self.account).iter();
        let rows: Vec<_> = sides.filter_map(|side| self.floor.exchange.position(self.account, symbol, *side)).collect();
        let rows: Vec<&PositionReport> = rows.iter().collect();
        self.account("MARGIN_TYPE_CHANGE", &balance, Money::ZERO, &rows, None)
    }
}

fn event(name: &'static str, body: &impl Serialize) -> Vec<UserEvent> {
    serde_json::to_string(body).map(|json| UserEvent { name, json }).into_iter().collect()
}

/// Orders that would have traded with themselves end in a status of their own.
fn stream_status(placed: &PlacedOrder, reason: &str) -> &'static str {
    match (placed.order.status, reason) {
        (OrderStatus::Expired, "1") => "EXPIRED_IN_MATCH",
        (status, _) => words::order_status(status),
    }
}

pub(crate) const fn algo_status(status: ConditionalStatus) -> &'static str {
    match status {
        ConditionalStatus::New => "NEW",
        ConditionalStatus::Triggering => "TRIGGERING",
        ConditionalStatus::Triggered => "TRIGGERED",
        ConditionalStatus::Finished => "FINISHED",
        ConditionalStatus::Rejected => "REJECTED",
        ConditionalStatus::Canceled => "CANCELED",
        ConditionalStatus::Expired => "EXPIRED",
    }
}

fn is_maker(fill: Option<&Fill>) -> bool {
    fill.is_some_and(|fill| fill.liquidity == Some(Liquidity::Maker))
}

/// The position's size with its sign; 0 if there is none.
pub(crate) fn signed(report: &PositionReport) -> Decimal {
    report.position.map_or(Decimal::ZERO, |position| position.direction.sign() * position.quantity.get())
}

/// The price at which closing would cost what opening cost: the entry and one taker fee.
pub(crate) fn break_even(report: &PositionReport, instrument: &Instrument) -> Decimal {
    report.position.map_or(Decimal::ZERO, |position| {
        position.entry.get() * (Decimal::ONE + position.direction.sign() * instrument.fees.taker.get())
    })
}

/// The notional of open orders on each side.
pub(crate) fn open_notional<'a>(orders: impl Iterator<Item = &'a PlacedOrder>) -> (Money, Money) {
    let mut sums = (Money::ZERO, Money::ZERO);
    for placed in orders {
        let order = &placed.order;
        let filled = order.filled.map_or(Decimal::ZERO, Quantity::get);
        let left = order.quantity.map_or(Decimal::ZERO, Quantity::get) - filled;
        let notional = Money::new(left * order.price.map_or(Decimal::ZERO, Price::get));
        match order.side {
            Side::Buy => sums.0 += notional,
            Side::Sell => sums.1 += notional,
        }
    }
    sums
}
