//! Where sockets are opened, and what they can be subscribed to.

use crate::bitget::words;
use serde_json::{Value, json};
use std::time::Duration;

/// Where a socket was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Public,
    Private,
    /// The dialect of `mix/v1/stream`.
    Mission,
}

impl Place {
    /// Reads `/v2/ws/public`, `/v2/ws/private`, `/mix/v1/stream`; `None` for any other path.
    pub(crate) fn read(path: &str) -> Option<Self> {
        match path.trim_end_matches('/') {
            "/v2/ws/public" => Some(Self::Public),
            "/v2/ws/private" => Some(Self::Private),
            "/mix/v1/stream" => Some(Self::Mission),
            _ => None,
        }
    }

    pub(crate) fn is_private(self) -> bool {
        self != Self::Public
    }
}

/// One kind of push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    Account,
    Equity,
    Positions,
    PositionsHistory,
    Orders,
    Plans,
    Fill,
    Deleveraging,
    Execution,
    Liquidation,
    Ticker,
    Trade,
    /// With its length.
    Candle(Duration),
    /// The whole book and its changes, or so many levels of it.
    Book(Option<usize>),
}

impl Channel {
    /// The channel of this name where a socket was opened.
    pub(crate) fn read(place: Place, name: &str) -> Option<Self> {
        let channel = match (place, name) {
            (Place::Private | Place::Mission, "account") => Self::Account,
            (Place::Private | Place::Mission, "positions") => Self::Positions,
            (Place::Private | Place::Mission, "orders") => Self::Orders,
            (Place::Private, "equity") => Self::Equity,
            (Place::Private, "positions-history") => Self::PositionsHistory,
            (Place::Private, "orders-algo") => Self::Plans,
            (Place::Private, "fill") => Self::Fill,
            (Place::Private, "adl-noti") => Self::Deleveraging,
            (Place::Mission, "execution") => Self::Execution,
            (Place::Mission, "liquidation") => Self::Liquidation,
            (Place::Public, "ticker") => Self::Ticker,
            (Place::Public, "trade") => Self::Trade,
            (Place::Public, "books") => Self::Book(None),
            (Place::Public, "books1") => Self::Book(Some(1)),
            (Place::Public, "books5") => Self::Book(Some(5)),
            (Place::Public, "books15") => Self::Book(Some(15)),
            (Place::Public, candle) => Self::Candle(words::granularity(candle.strip_prefix("candle")?)?),
            _ => return None,
        };
        Some(channel)
    }

    /// Its kind, for the faults.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Equity => "equity",
            Self::Positions => "positions",
            Self::PositionsHistory => "positions-history",
            Self::Orders => "orders",
            Self::Plans => "orders-algo",
            Self::Fill => "fill",
            Self::Deleveraging => "adl-noti",
            Self::Execution => "execution",
            Self::Liquidation => "liquidation",
            Self::Ticker => "ticker",
            Self::Trade => "trade",
            Self::Candle(_) => "candle",
            Self::Book(_) => "books",
        }
    }

    /// Whether it tells of the account's money or positions, rather than of orders.
    pub(crate) const fn is_state(self) -> bool {
        matches!(self, Self::Account | Self::Equity | Self::Positions | Self::PositionsHistory)
    }

    /// How long it is silent after a push, on the market's clock.
    pub(crate) const fn every(self) -> Duration {
        match self {
            Self::Ticker => Duration::from_millis(300),
            Self::Candle(_) => Duration::from_secs(1),
            Self::Book(Some(1)) => Duration::from_millis(10),
            Self::Book(_) => Duration::from_millis(150),
            _ => Duration::ZERO,
        }
    }
}

/// One subscription: a channel, of one contract or of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) channel: Channel,
    /// The contract's own name; `None` is all.
    pub(crate) native: Option<String>,
    /// What it is called in answers and pushes.
    pub(crate) arg: Value,
}

impl Wish {
    /// Reads what a client sends; `None` if there is no such thing.
    pub(crate) fn read(place: Place, arg: &Value) -> Option<Self> {
        let word = |name: &str| arg.get(name).and_then(Value::as_str);
        let name = word("channel")?;
        let channel = Channel::read(place, name)?;
        let kind = word("instType")?;
        let native = word("instId").filter(|id| !id.eq_ignore_ascii_case("default")).map(str::to_owned);
        if place == Place::Mission {
            // Of the account the selector may also be a coin.
            let native = native.filter(|_| channel != Channel::Account);
            let mut said = json!({"channel": name, "instType": kind});
            if let (Some(id), Some(said)) = (arg.get("instId"), said.as_object_mut()) {
                said.insert("instId".to_owned(), id.clone());
            }
            return (kind == "FUTURES").then_some(Self { channel, native, arg: said });
        }
        if kind != words::PRODUCT {
            return None;
        }
        let whole = matches!(channel, Channel::Account | Channel::Positions | Channel::PositionsHistory);
        if (whole && native.is_some()) || (place == Place::Public && native.is_none()) {
            return None;
        }
        let (selector, value) = match channel {
            Channel::Account => ("coin", word("coin").unwrap_or("default").to_owned()),
            _ => ("instId", native.clone().unwrap_or_else(|| "default".to_owned())),
        };
        let arg = json!({"instType": kind, "channel": name, selector: value});
        Some(Self { channel, native, arg })
    }

    /// Whether it is about this contract.
    pub(crate) fn covers(&self, native: Option<&str>) -> bool {
        match (&self.native, native) {
            (None, _) | (_, None) => true,
            (Some(wanted), Some(native)) => wanted.eq_ignore_ascii_case(native),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(place: Place, arg: &Value) -> Option<(Channel, Option<String>)> {
        Wish::read(place, arg).map(|wish| (wish.channel, wish.native))
    }

    #[test]
    fn subscriptions_are_read_where_they_belong() {
        let orders = |id: &str| json!({"instType": "USDT-FUTURES", "channel": "orders", "instId": id});
        assert_eq!(check(Place::Private, &orders("default")), Some((Channel::Orders, None)));
        assert_eq!(check(Place::Private, &orders("BTCUSDT")), Some((Channel::Orders, Some("BTCUSDT".to_owned()))));
        assert_eq!(check(Place::Public, &orders("default")), None);
        let positions = json!({"instType": "USDT-FUTURES", "channel": "positions", "instId": "BTCUSDT"});
        assert_eq!(check(Place::Private, &positions), None);
        let futures = json!({"instType": "FUTURES", "channel": "positions", "instId": "BTCUSDT"});
        assert_eq!(check(Place::Private, &futures), None);
        assert_eq!(check(Place::Mission, &futures), Some((Channel::Positions, Some("BTCUSDT".to_owned()))));
        let execution = json!({"instType": "FUTURES", "channel": "execution"});
        assert_eq!(check(Place::Mission, &execution), Some((Channel::Execution, None)));
        let candle = json!({"instType": "USDT-FUTURES", "channel": "candle1H", "instId": "BTCUSDT"});
        let hour = Channel::Candle(Duration::from_secs(3600));
        assert_eq!(check(Place::Public, &candle), Some((hour, Some("BTCUSDT".to_owned()))));
    }

    #[test]
    fn what_is_pushed_is_called_as_it_was_asked_for() {
        let arg = json!({"instType": "USDT-FUTURES", "channel": "account", "coin": "default"});
        assert_eq!(Wish::read(Place::Private, &arg).unwrap().arg, arg);
        let arg = json!({"instType": "FUTURES", "channel": "orders"});
        assert_eq!(Wish::read(Place::Mission, &arg).unwrap().arg, arg);
    }
}
