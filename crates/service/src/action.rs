//! What may be ordered, and how it is written.

mod reading;

use plimsoll_domain::{AccountId, ClientOrderId, Direction, Leverage, Money, Price, Quantity, Symbol};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};
use std::fmt;

/// What somebody wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Open a position, or add to it.
    Open(Open),
    /// Close a position whole.
    Close {
        /// On this account.
        account: AccountId,
        /// The contract.
        symbol: Symbol,
        /// Which way the position goes; needed where both are held.
        direction: Option<Direction>,
    },
    /// Close a part of a position.
    Reduce {
        /// On this account.
        account: AccountId,
        /// The contract.
        symbol: Symbol,
        /// Which way the position goes; needed where both are held.
        direction: Option<Direction>,
        /// How much of it.
        part: Part,
    },
    /// Close every position, and cancel every order.
    Flatten {
        /// On this account, or on all.
        account: Option<AccountId>,
        /// Why, for the records.
        reason: String,
    },
    /// Set a contract's leverage.
    Leverage {
        /// On this account.
        account: AccountId,
        /// The contract.
        symbol: Symbol,
        /// The leverage.
        leverage: Leverage,
    },
    /// Move margin into an isolated position (positive), or out of it.
    Margin {
        /// On this account.
        account: AccountId,
        /// The contract.
        symbol: Symbol,
        /// Which way the position goes; needed where both are held.
        direction: Option<Direction>,
        /// How much.
        amount: Money,
    },
    /// Cancel an order that rests, or end a composed order.
    CancelOrder {
        /// On this account.
        account: AccountId,
        /// Its name.
        client_order_id: ClientOrderId,
    },
    /// Let a strategy open nothing more.
    PauseStrategy {
        /// Its name.
        strategy: String,
        /// Why, for the records.
        reason: String,
    },
    /// Let a strategy go on.
    ResumeStrategy {
        /// Its name.
        strategy: String,
        /// Why, for the records.
        reason: String,
    },
    /// Engage the kill switch: entries are cancelled, and nothing more is opened.
    Kill {
        /// Of this account, or of all.
        account: Option<AccountId>,
        /// Why, for the records.
        reason: String,
        /// Close everything as well.
        flatten: bool,
    },
    /// Release the kill switch.
    Release {
        /// Of this account, or of all.
        account: Option<AccountId>,
        /// Why, for the records.
        reason: String,
    },
}

/// What is to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// On this account.
    pub account: AccountId,
    /// The contract.
    pub symbol: Symbol,
    /// Long or short.
    pub direction: Direction,
    /// How much.
    pub size: Size,
    /// The leverage to set.
    pub leverage: Leverage,
    /// What ends its loss.
    pub stop: Stop,
    /// Where profit is to be taken, on the mark price.
    pub take_profit: Option<Price>,
    /// The worst price to fill at: what does not fill at once is not left resting.
    pub limit: Option<Price>,
}

/// How much is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// In base units.
    Quantity(Quantity),
    /// By what it is worth at the limit, or at the mark: rounded down to the lot when it is prepared.
    Notional(Money),
}

/// How much of a position is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// In base units.
    Quantity(Quantity),
    /// As a share of what is held, above 0 and below 1: rounded down to the lot when it is prepared.
    Share(plimsoll_domain::Decimal),
}

/// What ends the loss of what is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// A stop that triggers here, on the mark price.
    At(Price),
    /// So far from the mark, as a share of it, above 0 and below 1: a price when it is prepared, rounded so that it triggers
    /// earlier rather than later.
    Within(plimsoll_domain::Decimal),
    /// The one that rests already.
    Keep,
    /// None, for this reason, which is recorded under the name of whoever confirms it.
    None(String),
}

/// The word that flattening takes.
pub(crate) const FLATTEN: &str = "FLATTEN";
/// The word that the kill switch takes.
pub(crate) const KILL: &str = "KILL";

impl Action {
    /// What it is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::Close { .. } => "close",
            Self::Reduce { .. } => "reduce",
            Self::Flatten { .. } => "flatten",
            Self::Leverage { .. } => "leverage",
            Self::Margin { .. } => "margin",
            Self::CancelOrder { .. } => "cancel_order",
            Self::PauseStrategy { .. } => "pause_strategy",
            Self::ResumeStrategy { .. } => "resume_strategy",
            Self::Kill { .. } => "kill",
            Self::Release { .. } => "release",
        }
    }

    /// The word that a person is to type for it; `None` where it takes none.
    #[must_use]
    pub const fn word(&self) -> Option<&'static str> {
        match self {
            Self::Flatten { .. } => Some(FLATTEN),
            Self::Kill { .. } => Some(KILL),
            _ => None,
        }
    }

    /// It only removes risk, or stops more from being taken: it waits for no record.
    #[must_use]
    pub fn only_removes_risk(&self) -> bool {
        match self {
            Self::Close { .. }
            | Self::Reduce { .. }
            | Self::Flatten { .. }
            | Self::Kill { .. }
            | Self::PauseStrategy { .. } => true,
            Self::Margin { amount, .. } => amount.is_positive(),
            // What is cancelled may be a stop.
            Self::CancelOrder { .. }
            | Self::Open(_)
            | Self::Leverage { .. }
            | Self::ResumeStrategy { .. }
            | Self::Release { .. } => false,
        }
    }

    /// The contract that it is about.
    #[must_use]
    pub const fn symbol(&self) -> Option<&Symbol> {
        match self {
            Self::Open(Open { symbol, .. })
            | Self::Close { symbol, .. }
            | Self::Reduce { symbol, .. }
            | Self::Leverage { symbol, .. }
            | Self::Margin { symbol, .. } => Some(symbol),
            _ => None,
        }
    }

    /// Whose it is: one account, all of them, or those of a strategy.
    pub(crate) const fn whose(&self) -> Whose<'_> {
        match self {
            Self::Open(Open { account, .. })
            | Self::Close { account, .. }
            | Self::Reduce { account, .. }
            | Self::Leverage { account, .. }
            | Self::Margin { account, .. }
            | Self::CancelOrder { account, .. } => Whose::One(account),
            Self::Flatten { account, .. } | Self::Kill { account, .. } | Self::Release { account, .. } => match account
            {
                Some(account) => Whose::One(account),
                None => Whose::All,
            },
            Self::PauseStrategy { strategy, .. } | Self::ResumeStrategy { strategy, .. } => {
                Whose::Strategys(strategy.as_str())
            }
        }
    }

    /// Its fields as they are written, those that are not given left out.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        let mut fields = vec![("action", json!(self.name()))];
        let mut put = |name, value: Option<Value>| fields.extend(value.map(|value| (name, value)));
        match self.whose() {
            Whose::One(account) => put("account", Some(json!(account.as_str()))),
            Whose::Strategys(strategy) => put("strategy", Some(json!(strategy))),
            Whose::All => {}
        }
        put("symbol", self.symbol().map(|symbol| json!(symbol.as_str())));
        match self {
            Self::Open(it) => {
                put("direction", Some(json!(it.direction.as_str())));
                match it.size {
                    Size::Quantity(quantity) => put("quantity", Some(json!(quantity.to_string()))),
                    Size::Notional(notional) => put("notional", Some(json!(notional.to_string()))),
                }
                put("leverage", Some(json!(it.leverage.get())));
                match &it.stop {
                    Stop::At(price) => put("stop_loss", Some(json!(price.to_string()))),
                    Stop::Within(share) => put("stop_distance", Some(json!(share.normalize().to_string()))),
                    Stop::Keep => put("keep_stop", Some(json!(true))),
                    Stop::None(why) => put("no_stop", Some(json!(why))),
                }
                put("take_profit", it.take_profit.map(|price| json!(price.to_string())));
                put("limit", it.limit.map(|price| json!(price.to_string())));
            }
            Self::Close { direction, .. } => put("direction", direction.map(|it| json!(it.as_str()))),
            Self::Reduce { direction, part, .. } => {
                put("direction", direction.map(|it| json!(it.as_str())));
                match part {
                    Part::Quantity(quantity) => put("quantity", Some(json!(quantity.to_string()))),
                    Part::Share(share) => put("share", Some(json!(share.normalize().to_string()))),
                }
            }
            Self::Leverage { leverage, .. } => put("leverage", Some(json!(leverage.get()))),
            Self::Margin { direction, amount, .. } => {
                put("direction", direction.map(|it| json!(it.as_str())));
                put("amount", Some(json!(amount.to_string())));
            }
            Self::CancelOrder { client_order_id, .. } => {
                put("client_order_id", Some(json!(client_order_id.as_str())));
            }
            Self::Kill { reason, flatten, .. } => {
                put("reason", Some(json!(reason)));
                put("flatten", Some(json!(flatten)));
            }
            Self::Flatten { reason, .. }
            | Self::Release { reason, .. }
            | Self::PauseStrategy { reason, .. }
            | Self::ResumeStrategy { reason, .. } => put("reason", Some(json!(reason))),
        }
        fields
    }
}

/// Whose an action is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whose<'a> {
    One(&'a AccountId),
    All,
    Strategys(&'a str),
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = self.fields();
        let mut map = serializer.serialize_map(Some(fields.len()))?;
        for (name, value) in fields {
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

/// In one line, for people and records: `open long 0.01 BTC/USDT:USDT on main at 3x`.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = |direction: &Option<Direction>| direction.map(|it| format!(" {it}")).unwrap_or_default();
        let on = |account: &Option<AccountId>| {
            account.as_ref().map_or_else(|| "all accounts".to_owned(), ToString::to_string)
        };
        match self {
            Self::Open(it) => {
                let size = match it.size {
                    Size::Quantity(quantity) => quantity.to_string(),
                    Size::Notional(notional) => format!("{notional} worth of"),
                };
                write!(f, "open {} {size} {} on {} at {}", it.direction, it.symbol, it.account, it.leverage)?;
                it.limit.map_or(Ok(()), |limit| write!(f, ", at {limit} or better"))
            }
            Self::Close { account, symbol, direction } => write!(f, "close {symbol}{} on {account}", way(direction)),
            Self::Reduce { account, symbol, direction, part } => {
                let part = match part {
                    Part::Quantity(quantity) => quantity.to_string(),
                    Part::Share(share) => format!("{} of all", share.normalize()),
                };
                write!(f, "reduce {symbol}{} by {part} on {account}", way(direction))
            }
            Self::Flatten { account, .. } => write!(f, "close everything on {}", on(account)),
            Self::Leverage { account, symbol, leverage } => {
                write!(f, "set the leverage of {symbol} to {leverage} on {account}")
            }
            Self::Margin { account, symbol, direction, amount } => {
                let word = if amount.is_negative() { "take" } else { "add" };
                let of = if amount.is_negative() { "out of" } else { "to" };
                write!(f, "{word} {} {of} the margin of {symbol}{} on {account}", amount.abs(), way(direction))
            }
            Self::CancelOrder { account, client_order_id } => write!(f, "cancel {client_order_id} on {account}"),
            Self::PauseStrategy { strategy, .. } => write!(f, "pause the strategy {strategy}"),
            Self::ResumeStrategy { strategy, .. } => write!(f, "resume the strategy {strategy}"),
            Self::Kill { account, flatten, .. } => {
                let all = if *flatten { ", and close everything" } else { "" };
                write!(f, "engage the kill switch of {}{all}", on(account))
            }
            Self::Release { account, .. } => write!(f, "release the kill switch of {}", on(account)),
        }
    }
}
