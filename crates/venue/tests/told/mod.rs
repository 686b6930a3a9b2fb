//! Events in one line each, for snapshots. What an event does not carry is `-`.

use plimsoll_domain::{
    AccountEvent, BalanceReport, Fill, ForcedClose, MarginWarning, MarketEvent, Order, PositionReport, Stamp, Timestamp,
};
use plimsoll_venue::{DecodeError, Event, SessionEvent};
use std::fmt::Display;

/// The events of one message, or why there are none.
pub(crate) fn told(outcome: Result<Vec<Event>, DecodeError>) -> String {
    match outcome {
        Ok(events) if events.is_empty() => "nothing".to_owned(),
        Ok(events) => events.iter().map(event).collect::<Vec<_>>().join("\n"),
        Err(error) => format!("error: {error}"),
    }
}

fn or_none<T: Display>(value: &Option<T>) -> String {
    value.as_ref().map_or_else(|| "-".to_owned(), T::to_string)
}

fn at(time: Timestamp) -> String {
    format!("@{}", time.as_millis())
}

fn stamped(stamp: Stamp) -> String {
    format!("{}+{}", at(stamp.time), stamp.sequence)
}

fn event(event: &Event) -> String {
    match event {
        Event::Account(event) => account(event),
        Event::FillNotice(it) => format!(
            "fill notice {} {} {} at {} {} trade {} order {} '{}' {}",
            it.symbol,
            it.side,
            it.quantity,
            it.price,
            it.liquidity,
            it.trade_id,
            it.order_id,
            it.client_order_id,
            at(it.time)
        ),
        Event::Market(event) => market(event),
        Event::Session(event) => session(event),
    }
}

fn session(event: &SessionEvent) -> String {
    match event {
        SessionEvent::Login => "login".to_owned(),
        SessionEvent::Subscribed { id } => format!("subscribed {id}"),
        SessionEvent::Refused { id, code, message } => format!("refused {id}: {code}: {message}"),
        SessionEvent::Pong => "pong".to_owned(),
        SessionEvent::StreamExpired => "stream expired".to_owned(),
        SessionEvent::VenueError { code, message } => format!("venue error {code}: {message}"),
        SessionEvent::ContractChanged { native } => format!("contract changed {native}"),
        SessionEvent::Unknown { what } => format!("unknown: {what}"),
    }
}

fn account(event: &AccountEvent) -> String {
    match event {
        AccountEvent::Snapshot(_) => "snapshot".to_owned(),
        AccountEvent::Order(it) => order(it),
        AccountEvent::Fill(it) => fill(it),
        AccountEvent::Position(it) => position(it),
        AccountEvent::Balance(it) => balance(it),
        AccountEvent::Funding(it) => format!(
            "funding {} pays {} {} id {} {}",
            or_none(&it.symbol),
            it.payment,
            it.currency,
            or_none(&it.id),
            at(it.time)
        ),
        AccountEvent::MarginCall(it) => warning("margin call", it),
        AccountEvent::LiquidationWarning(it) => warning("liquidation warning", it),
        AccountEvent::Liquidation(it) => forced("liquidation", it),
        AccountEvent::Adl(it) => forced("adl", it),
        AccountEvent::Leverage { symbol, leverage, stamp } => {
            format!("leverage {symbol} {leverage} {}", stamped(*stamp))
        }
        AccountEvent::MarginMode { symbol, mode, stamp } => format!("margin mode {symbol} {mode} {}", stamped(*stamp)),
        AccountEvent::PositionMode { mode, stamp } => format!("position mode {mode} {}", stamped(*stamp)),
        AccountEvent::AutoMargin { symbol, position_side, on, stamp } => {
            format!("auto margin {symbol} {position_side} {on} {}", stamped(*stamp))
        }
    }
}

pub(crate) fn order(it: &Order) -> String {
    let flags = [(it.reduce_only, " reduce-only"), (it.close_position, " close-position")];
    let flags: String = flags.into_iter().filter_map(|(set, word)| set.then_some(word)).collect();
    format!(
        "order {} '{}' {} {} {} {} {}{flags} quantity {} price {} trigger {} {} filled {} mean {} child {} {}",
        it.order_id,
        it.client_order_id,
        it.symbol,
        it.side,
        it.position_side,
        it.order_type,
        or_none(&it.time_in_force),
        or_none(&it.quantity),
        or_none(&it.price),
        or_none(&it.trigger),
        it.status,
        or_none(&it.filled),
        or_none(&it.average_price),
        or_none(&it.child),
        stamped(it.updated)
    )
}

pub(crate) fn fill(it: &Fill) -> String {
    format!(
        "fill {} order {} '{}' {} {} {} {} at {} fee {} {} {} profit {} by {} {}",
        it.trade_id,
        it.order_id,
        it.client_order_id,
        it.symbol,
        it.side,
        it.position_side,
        it.quantity,
        it.price,
        it.fee,
        or_none(&it.fee_currency),
        or_none(&it.liquidity),
        or_none(&it.realized_pnl),
        it.cause,
        at(it.time)
    )
}

pub(crate) fn position(it: &PositionReport) -> String {
    let held = it.position.map_or_else(
        || "closed".to_owned(),
        |held| format!("{} {} from {}", held.direction, held.quantity, held.entry),
    );
    format!(
        "position {} {} {held} mark {} liquidation {} unrealized {} realized {} leverage {} {} margin {} maintenance {} {}",
        it.symbol,
        it.position_side,
        or_none(&it.mark_price),
        or_none(&it.liquidation_price),
        or_none(&it.unrealized_pnl),
        or_none(&it.realized_pnl),
        or_none(&it.leverage),
        or_none(&it.margin_mode),
        or_none(&it.isolated_margin),
        or_none(&it.maintenance_margin),
        stamped(it.stamp)
    )
}

fn balance(it: &BalanceReport) -> String {
    format!(
        "balance {} wallet {} cross {} available {} equity {} unrealized {} {}",
        it.currency,
        or_none(&it.wallet),
        or_none(&it.cross_wallet),
        or_none(&it.available),
        or_none(&it.equity),
        or_none(&it.unrealized_pnl),
        stamped(it.stamp)
    )
}

fn warning(name: &str, it: &MarginWarning) -> String {
    format!(
        "{name} {} {} {} mark {} maintenance {}{} {}",
        it.symbol,
        it.position_side,
        or_none(&it.quantity),
        or_none(&it.mark_price),
        or_none(&it.maintenance_margin),
        it.level.map(|level| format!(" level {level}")).unwrap_or_default(),
        at(it.time)
    )
}

fn forced(name: &str, it: &ForcedClose) -> String {
    format!(
        "{name} {} {} {} at {} level {} {}",
        it.symbol,
        it.position_side,
        or_none(&it.quantity),
        or_none(&it.price),
        or_none(&it.level),
        at(it.time)
    )
}

fn market(event: &MarketEvent) -> String {
    match event {
        MarketEvent::Mark(it) => {
            format!("mark {} {} index {} {}", it.symbol, it.price, or_none(&it.index), at(it.time))
        }
        MarketEvent::Quotes(it) => {
            let quote = |quote: Option<_>| {
                quote.map_or_else(
                    || "-".to_owned(),
                    |(price, size): (plimsoll_domain::Price, _)| {
                        let size: plimsoll_domain::Quantity = size;
                        format!("{size} at {price}")
                    },
                )
            };
            format!("quotes {} bid {} ask {} {}", it.symbol, quote(it.bid), quote(it.ask), at(it.time))
        }
        MarketEvent::Trade(it) => format!(
            "trade {} {} {} at {} taker {} {}",
            it.symbol,
            it.trade_id,
            it.quantity,
            it.price,
            it.taker,
            at(it.time)
        ),
        MarketEvent::Candle(it) => format!(
            "candle {} {} {}s {} {} {} {} volume {} closed {}",
            it.symbol,
            at(it.open_time),
            it.interval.as_secs(),
            it.open,
            it.high,
            it.low,
            it.close,
            it.volume,
            it.closed
        ),
        MarketEvent::Funding(it) => format!(
            "funding rate {} {} next {} mark {} index {} {}",
            it.symbol,
            it.rate,
            or_none(&it.next_time.map(at)),
            or_none(&it.mark_price),
            or_none(&it.index_price),
            at(it.time)
        ),
        MarketEvent::Book(it) => {
            let levels = |levels: &[(plimsoll_domain::Price, plimsoll_domain::Decimal)]| {
                levels.iter().map(|(price, size)| format!("{size}@{price}")).collect::<Vec<_>>().join(" ")
            };
            format!(
                "book {} {}..{} after {} bids [{}] asks [{}] {}",
                it.symbol,
                it.first_id,
                it.last_id,
                or_none(&it.previous_id),
                levels(&it.bids),
                levels(&it.asks),
                at(it.time)
            )
        }
        MarketEvent::Last(it) => format!("last {} {} {}", it.symbol, it.price, at(it.time)),
        MarketEvent::Settled(it) => {
            format!("settled funding {} {} mark {} {}", it.symbol, it.rate, or_none(&it.mark_price), at(it.time))
        }
        MarketEvent::Liquidation(it) => {
            format!("public liquidation {} {} {} at {} {}", it.symbol, it.side, it.quantity, it.price, at(it.time))
        }
    }
}
