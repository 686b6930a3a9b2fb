//! One socket: what it is subscribed to, who has logged in on it, what it is sent.

use crate::faults::{Faults, Target, Targets};
use crate::gateio::push::Push;
use crate::line::Line;
use crate::outlet::{About, Outlet, Sent};
use crate::sockets::Socket;
use plimsoll_domain::{AccountId, Timestamp};
use std::time::{Duration, Instant};

/// A socket on which nothing is said for so long, either way, is closed.
const SILENCE: Duration = Duration::from_secs(60);

macro_rules! channels {
    ($($name:ident $word:literal $private:literal;)*) => {
        /// What can be subscribed to.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Channel {
            $($name,)*
        }

        impl Channel {
            const ALL: &[Self] = &[$(Self::$name),*];

            pub(crate) const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// Whether a subscription has to be signed.
            pub(crate) const fn is_private(self) -> bool {
                match self { $(Self::$name => $private,)* }
            }
        }
    };
}

channels! {
    Tickers "futures.tickers" false;
    Trades "futures.trades" false;
    BookTicker "futures.book_ticker" false;
    OrderBook "futures.order_book" false;
    OrderBookUpdate "futures.order_book_update" false;
    BookV2 "futures.obu" false;
    Candlesticks "futures.candlesticks" false;
    PublicLiquidates "futures.public_liquidates" false;
    Orders "futures.orders" true;
    UserTrades "futures.usertrades" true;
    Positions "futures.positions" true;
    Balances "futures.balances" true;
    Liquidates "futures.liquidates" true;
    AutoDeleverages "futures.auto_deleverages" true;
    PositionCloses "futures.position_closes" true;
    ReduceRiskLimits "futures.reduce_risk_limits" true;
    AdlRank "futures.position_adl_rank" true;
    AutoOrders "futures.autoorders" true;
}

impl Channel {
    pub(crate) fn read(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|channel| channel.word() == word)
    }
}

/// One subscription.
#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    pub(crate) channel: Channel,
    /// Whose events; of private channels.
    pub(crate) account: Option<AccountId>,
    /// The contract; `None` is all.
    pub(crate) contract: Option<String>,
    /// What else the payload says: an interval, a depth.
    pub(crate) detail: Detail,
    /// When something was last sent.
    pub(crate) sent: Option<Timestamp>,
}

/// What a public channel's payload says beside its contract.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Detail {
    pub(crate) word: String,
    pub(crate) interval: Duration,
    pub(crate) of_mark: bool,
    pub(crate) levels: usize,
}

/// One socket.
#[derive(Debug)]
pub(crate) struct Session {
    outlet: Outlet,
    decimal: bool,
    subscriptions: Vec<Subscription>,
    /// Who may send orders over it.
    pub(crate) login: Option<AccountId>,
    was_private: bool,
    last: Instant,
}

impl Socket for Session {
    fn target(&self) -> Target {
        if self.was_private { Target::Private } else { Target::Market }
    }

    fn targets_at_first(&self) -> Targets {
        Targets::SOCKETS
    }

    fn outlet(&self) -> &Outlet {
        &self.outlet
    }

    fn outlet_mut(&mut self) -> &mut Outlet {
        &mut self.outlet
    }
}

impl Session {
    pub(crate) fn new(line: Line, decimal: bool) -> Self {
        Self {
            outlet: Outlet::new(line),
            decimal,
            subscriptions: Vec::new(),
            login: None,
            was_private: false,
            last: Instant::now(),
        }
    }

    pub(crate) const fn is_decimal(&self) -> bool {
        self.decimal
    }

    /// Whether nothing has been said on it for too long.
    pub(crate) fn is_silent(&self) -> bool {
        self.last.elapsed() >= SILENCE
    }

    /// Notes that something was said.
    pub(crate) fn touch(&mut self) {
        self.last = Instant::now();
    }

    /// Answers; `false` if the socket is too slow.
    pub(crate) fn say(&mut self, frame: String) -> bool {
        self.touch();
        self.outlet.say(frame.into())
    }

    /// The accounts that it hears of on this channel.
    pub(crate) fn accounts_on(&self, channel: Channel) -> impl Iterator<Item = &AccountId> {
        let own = self.subscriptions.iter().filter(move |known| known.channel == channel);
        own.filter_map(|known| known.account.as_ref())
    }

    /// Whether it hears anything of this account.
    pub(crate) fn listens(&self, account: &AccountId) -> bool {
        self.subscriptions.iter().any(|known| known.account.as_ref() == Some(account))
    }

    pub(crate) fn subscriptions_mut(&mut self) -> (&mut Vec<Subscription>, &mut Outlet) {
        (&mut self.subscriptions, &mut self.outlet)
    }

    pub(crate) fn has(&self, channel: Channel, contract: Option<&str>) -> bool {
        self.subscriptions.iter().any(|known| known.channel == channel && known.contract.as_deref() == contract)
    }

    pub(crate) fn subscribe(&mut self, subscription: Subscription) {
        self.was_private |= subscription.channel.is_private();
        self.subscriptions.retain(|known| {
            let same = known.channel == subscription.channel
                && known.contract == subscription.contract
                && known.account == subscription.account
                && known.detail == subscription.detail;
            !same
        });
        self.subscriptions.push(subscription);
    }

    pub(crate) fn unsubscribe(&mut self, channel: Channel, contract: Option<&str>, word: &str) {
        self.subscriptions.retain(|known| {
            known.channel != channel || known.contract.as_deref() != contract || known.detail.word != word
        });
    }

    /// Logs in for orders.
    pub(crate) fn log_in(&mut self, account: AccountId) {
        self.was_private = true;
        self.login = Some(account);
    }

    /// Ends the login and what is subscribed to privately; `false` if the socket is too slow to be told.
    pub(crate) fn log_out(&mut self, told: bool, now: Timestamp) -> bool {
        self.login = None;
        let gone: Vec<Channel> =
            self.subscriptions.extract_if(.., |known| known.account.is_some()).map(|known| known.channel).collect();
        !told
            || gone
                .into_iter()
                .all(|channel| self.say(failed(channel.word(), "unsubscribe", None, 4, "authentication expired", now)))
    }

    /// Sends a push to whoever on this socket hears this account.
    pub(crate) fn tell(&mut self, account: &AccountId, push: &Push, now: Timestamp, faults: &mut Faults) -> Sent {
        let wanted = self.subscriptions.iter().any(|known| {
            known.channel == push.channel
                && known.account.as_ref() == Some(account)
                && (known.contract.is_none() || push.contract.is_none() || known.contract == push.contract)
        });
        if !wanted {
            return Sent::On;
        }
        self.touch();
        let about = About { target: Target::Private, kind: push.channel.word(), now };
        self.outlet.send(update(push.channel, &format!("[{}]", push.json), now).into(), about, faults)
    }
}

/// A push: `result` is JSON already.
pub(crate) fn update(channel: Channel, result: &str, now: Timestamp) -> String {
    framed(channel, "update", result, now)
}

pub(crate) fn framed(channel: Channel, event: &str, result: &str, now: Timestamp) -> String {
    let (seconds, millis) = (now.as_millis().div_euclid(1000), now.as_millis());
    let channel = channel.word();
    format!(r#"{{"time":{seconds},"time_ms":{millis},"channel":"{channel}","event":"{event}","result":{result}}}"#)
}

/// A refusal on a socket.
pub(crate) fn failed(channel: &str, event: &str, id: Option<i64>, code: u8, message: &str, now: Timestamp) -> String {
    answered(channel, event, id, Some((code, message)), now)
}

/// The answer to a subscription, or to its end.
pub(crate) fn answered(
    channel: &str,
    event: &str,
    id: Option<i64>,
    error: Option<(u8, &str)>,
    now: Timestamp,
) -> String {
    let (seconds, millis) = (now.as_millis().div_euclid(1000), now.as_millis());
    let mut frame = serde_json::json!({
        "time": seconds, "time_ms": millis, "channel": channel, "event": event,
        "result": {"status": if error.is_some() { "fail" } else { "success" }},
    });
    if let Some(members) = frame.as_object_mut() {
        if let Some(id) = id {
            members.insert("id".to_owned(), id.into());
        }
        if let Some((code, message)) = error {
            members.insert("error".to_owned(), serde_json::json!({"code": code, "message": message}));
        }
    }
    frame.to_string()
}
