//! What public channels are sent.

use crate::day::{candle_open, turnover};
use crate::faults::Target;
use crate::gateio::floor::Floor;
use crate::gateio::market::socket_ticker;
use crate::gateio::session::{Channel, Session, Subscription, framed, update};
use crate::gateio::words::{contracts, sign, whole_seconds};
use crate::gateio::write::{Object, Style, array, quoted};
use crate::number::trimmed;
use crate::outlet::{About, Outlet, Sent};
use crate::tape::{Depth, Level, Print};
use plimsoll_domain::{Candle, Instrument, Symbol, Timestamp};
use plimsoll_exchange::PlacedOrder;
use std::sync::Arc;
use std::time::Duration;

/// How often the channels that show a state tell of it, at most.
const STATE_EVERY: Duration = Duration::from_millis(100);

/// Tells what a moved price has set off: a trade, a changed book.
pub(crate) fn publish_moves(floor: &mut Floor, symbol: &Symbol, print: Option<Print>, changes: Option<Depth>) {
    let Some(instrument) = floor.instrument(symbol).cloned() else { return };
    let (update_id, depth) = floor.tape(symbol).map(|tape| (tape.update, tape.depth().clone())).unwrap_or_default();
    let now = floor.exchange.now();
    each(floor, &instrument, |subscription, style| match subscription.channel {
        Channel::Trades => {
            let print = print.as_ref()?;
            Some(update(Channel::Trades, &array([trade(&instrument, print, style)]), now))
        }
        Channel::OrderBookUpdate => {
            let changes = changes.as_ref()?;
            let level = quoted(&subscription.detail.levels.to_string());
            let body = Object::new()
                .raw("t", now.as_millis())
                .text("s", &instrument.native)
                .raw("U", update_id)
                .raw("u", update_id)
                .raw("b", levels(&instrument, &changes.bids, style))
                .raw("a", levels(&instrument, &changes.asks, style))
                .raw("l", level);
            Some(update(Channel::OrderBookUpdate, &body.end(), now))
        }
        Channel::BookV2 => {
            let changes = changes.as_ref()?;
            let body = book_v2(&instrument, subscription, update_id, changes, style, now).raw("U", update_id);
            Some(update(Channel::BookV2, &body.end(), now))
        }
        Channel::BookTicker => {
            changes.as_ref()?;
            let (bid, ask) = (depth.bids.first()?, depth.asks.first()?);
            let size = |level: &Level| contracts(&instrument, level.1);
            let body = Object::new()
                .raw("t", now.as_millis())
                .raw("u", update_id)
                .text("s", &instrument.native)
                .digits("b", bid.0.get())
                .size("B", size(bid), style)
                .digits("a", ask.0.get())
                .size("A", size(ask), style);
            Some(update(Channel::BookTicker, &body.end(), now))
        }
        _ => None,
    });
}

/// Tells everybody of a position that was closed by force.
pub(crate) fn publish_liquidation(floor: &mut Floor, placed: &PlacedOrder, time: Timestamp) {
    let Some(instrument) = floor.instrument(&placed.order.symbol).cloned() else { return };
    let order = &placed.order;
    let size = order.filled.map(|filled| sign(order.side) * contracts(&instrument, filled.get())).unwrap_or_default();
    let price = order.average_price.or(order.price).map(plimsoll_domain::Price::get).unwrap_or_default();
    each(floor, &instrument, |subscription, style| {
        (subscription.channel == Channel::PublicLiquidates).then(|| {
            // The size is that of the position, which the order stands against.
            let row = Object::new()
                .digits("price", price)
                .size("size", -size, style)
                .raw("time", time.as_millis())
                .text("contract", &instrument.native);
            update(Channel::PublicLiquidates, &array([row.end()]), time)
        })
    });
}

/// Tells what is due on the channels that show a state.
pub(crate) fn publish_state(floor: &mut Floor, symbol: &Symbol) {
    let Some(instrument) = floor.instrument(symbol).cloned() else { return };
    let now = floor.exchange.now();
    floor.refresh_day(&instrument);
    let mut sockets = std::mem::take(&mut floor.sockets);
    let mut faults = std::mem::take(&mut floor.faults);
    sockets.retain(|session| {
        send(session, &instrument, &mut faults, now, |subscription, style| {
            if subscription.sent.is_some_and(|sent| sent <= now && now.since(sent) < STATE_EVERY) {
                return None;
            }
            let frame = state(floor, &instrument, subscription, style)?;
            subscription.sent = Some(now);
            Some(frame)
        })
    });
    floor.sockets = sockets;
    floor.faults = faults;
}

/// Tells a new subscriber what a channel begins with: whole books.
pub(crate) fn publish_first(floor: &mut Floor, socket: u64, fresh: &[Subscription]) {
    let now = floor.exchange.now();
    let Some(decimal) = floor.sockets.get_mut(socket).map(|session| session.is_decimal()) else { return };
    let style = Style::stream(decimal);
    let mut frames = Vec::new();
    for subscription in fresh {
        let native = subscription.contract.as_deref().unwrap_or_default();
        let Some(instrument) = floor.native(native) else { continue };
        match subscription.channel {
            Channel::BookV2 => {
                let Some(tape) = floor.tape(&instrument.symbol) else { continue };
                let body = book_v2(instrument, subscription, tape.update, tape.depth(), style, now).raw("full", true);
                frames.push(update(Channel::BookV2, &body.end(), now));
            }
            Channel::OrderBook => frames.extend(state(floor, instrument, &mut subscription.clone(), style)),
            _ => {}
        }
    }
    let Some(session) = floor.sockets.get_mut(socket) else { return };
    // A socket that is too slow for its first frames is found out with the next.
    let _ = frames.into_iter().all(|frame| session.say(frame));
}

/// Sends what `render` makes of each subscription of this contract.
fn each(floor: &mut Floor, instrument: &Instrument, mut render: impl FnMut(&Subscription, Style) -> Option<String>) {
    let now = floor.exchange.now();
    let Floor { sockets, faults, .. } = floor;
    sockets.retain(|session| send(session, instrument, faults, now, |subscription, style| render(subscription, style)));
}

fn send(
    session: &mut Session,
    instrument: &Instrument,
    faults: &mut crate::faults::Faults,
    now: Timestamp,
    mut render: impl FnMut(&mut Subscription, Style) -> Option<String>,
) -> bool {
    let style = Style::stream(session.is_decimal());
    let mut spoke = false;
    let (subscriptions, outlet) = session.subscriptions_mut();
    let stays = subscriptions.iter_mut().all(|subscription| {
        let concerned = subscription.contract.as_deref().is_none_or(|contract| contract == &*instrument.native);
        if subscription.account.is_some() || !concerned {
            return true;
        }
        let Some(frame) = render(subscription, style) else { return true };
        spoke = true;
        emit(outlet, subscription.channel, frame, faults, now)
    });
    if spoke {
        session.touch();
    }
    stays
}

fn emit(
    outlet: &mut Outlet,
    channel: Channel,
    frame: String,
    faults: &mut crate::faults::Faults,
    now: Timestamp,
) -> bool {
    let about = About { target: Target::Market, kind: channel.word(), now };
    outlet.send(Arc::from(frame), about, faults) != Sent::Cut
}

/// The frame of a channel that shows a state.
fn state(floor: &Floor, instrument: &Instrument, subscription: &mut Subscription, style: Style) -> Option<String> {
    let now = floor.exchange.now();
    match subscription.channel {
        Channel::Tickers => Some(update(Channel::Tickers, &array([socket_ticker(floor, instrument, style)?]), now)),
        Channel::OrderBook => {
            let tape = floor.tape(&instrument.symbol)?;
            let top =
                |side: &[Level]| levels(instrument, side.get(..subscription.detail.levels).unwrap_or(side), style);
            let body = Object::new()
                .raw("t", now.as_millis())
                .text("contract", &instrument.native)
                .raw("id", tape.update)
                .raw("asks", top(&tape.depth().asks))
                .raw("bids", top(&tape.depth().bids));
            Some(framed(Channel::OrderBook, "all", &body.end(), now))
        }
        Channel::Candlesticks => {
            let detail = &subscription.detail;
            let from = candle_open(subscription.sent.unwrap_or(now), detail.interval);
            let until = now.plus(Duration::from_micros(1));
            let symbol = &instrument.symbol;
            let candles = if detail.of_mark {
                floor.exchange.mark_candles(symbol, detail.interval, from, until)
            } else {
                floor.exchange.candles(symbol, detail.interval, from, until)
            };
            let rows = candles.iter().map(|candle| {
                candle_row(instrument, candle, detail.of_mark, style)
                    .text("n", &detail.word)
                    .raw("w", candle.closed)
                    .end()
            });
            Some(update(Channel::Candlesticks, &array(rows), now))
        }
        _ => None,
    }
}

/// A candle, without what only one of its channels says.
pub(crate) fn candle_row(instrument: &Instrument, candle: &Candle, of_mark: bool, style: Style) -> Object {
    let row = Object::new()
        .raw("t", whole_seconds(candle.open_time))
        .digits("o", candle.open.get())
        .digits("h", candle.high.get())
        .digits("l", candle.low.get())
        .digits("c", candle.close.get());
    if of_mark {
        return row;
    }
    let name = if style.stream { "a" } else { "sum" };
    row.size("v", contracts(instrument, candle.volume), style).digits(name, turnover(candle))
}

/// A trade: below zero where the taker sold.
pub(crate) fn trade(instrument: &Instrument, print: &Print, style: Style) -> String {
    let size = contracts(instrument, print.quantity.get());
    let size = if print.buyer_is_maker { -size } else { size };
    let row = Object::new().size("size", size, style).raw("id", print.id);
    let row = if style.stream {
        row.raw("create_time", whole_seconds(print.time)).raw("create_time_ms", print.time.as_millis())
    } else {
        row.raw("create_time", whole_seconds(print.time))
            .raw("create_time_ms", crate::gateio::words::seconds(print.time))
    };
    row.digits("price", print.price.get()).text("contract", &instrument.native).end()
}

/// A book's levels: `[{"p":"1.52","s":"100"}]`.
pub(crate) fn levels(instrument: &Instrument, side: &[Level], style: Style) -> String {
    let level = |(price, size): &Level| {
        Object::new().digits("p", price.get()).size("s", contracts(instrument, *size), style).end()
    };
    array(side.iter().map(level))
}

fn book_v2(
    instrument: &Instrument,
    subscription: &Subscription,
    update_id: i64,
    book: &Depth,
    style: Style,
    now: Timestamp,
) -> Object {
    let pair = |(price, size): &Level| {
        let size = contracts(instrument, *size);
        let size = if style.decimal { size } else { size.trunc() };
        format!(r#"["{}","{}"]"#, trimmed(price.get()), trimmed(size))
    };
    Object::new()
        .raw("t", now.as_millis())
        .text("s", &format!("ob.{}.{}", instrument.native, subscription.detail.word))
        .raw("u", update_id)
        .raw("b", array(book.bids.iter().map(pair)))
        .raw("a", array(book.asks.iter().map(pair)))
}
