//! What a reader of private events is told.

use super::outlet::Outlet;
use super::{Floor, PaperVenue, reading, telling};
use crate::event::{ExchangeEvent, News};
use crate::exchange::Exchange;
use async_trait::async_trait;
use plimsoll_domain::{AccountEvent, AccountId, Symbol, Timestamp};
use plimsoll_ports::{AccountStream, StreamItem};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// How many items a slow reader may leave unread before it is told to begin again from a snapshot.
const CAPACITY: usize = 4096;

/// A quiet account is shown to be alive this often, of the market's time.
const SIGN_OF_LIFE: Duration = Duration::from_secs(3);

/// The private events of one paper account.
///
/// [`Alive`](StreamItem::Alive) comes with the first tick that is three seconds after the last thing that was said: while
/// the market stands still, so does what is known of it. Nothing is lost while the reader keeps up. One that leaves more than 4096 items unread is told
/// [`Resync`](StreamItem::Resync) after those, a snapshot as of then, and the fills and funding since.
pub struct PaperAccountStream {
    venue: PaperVenue,
    line: u64,
    wake: Arc<Notify>,
}

impl PaperAccountStream {
    pub(super) fn open(venue: PaperVenue, account: AccountId) -> Self {
        let line = AccountLine::beginning(account, CAPACITY);
        let wake = line.outlet.reader();
        let line = venue.floor().listen(line);
        Self { venue, line, wake }
    }

    fn take(&self) -> Option<StreamItem> {
        self.venue.floor().take_private(self.line)
    }
}

#[async_trait]
impl AccountStream for PaperAccountStream {
    async fn next(&mut self) -> Option<StreamItem> {
        loop {
            if let Some(item) = self.take() {
                return Some(item);
            }
            self.wake.notified().await;
        }
    }
}

impl Drop for PaperAccountStream {
    fn drop(&mut self) {
        self.venue.floor().private.remove(&self.line);
    }
}

impl fmt::Debug for PaperAccountStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaperAccountStream").field("venue", &self.venue).finish_non_exhaustive()
    }
}

/// The venue's end of one private stream.
#[derive(Debug)]
pub(super) struct AccountLine {
    account: AccountId,
    outlet: Outlet<StreamItem, Gap>,
    /// When something was last said, at the latest.
    spoke: Timestamp,
    /// When a snapshot was told at the very moment of an event before it: it is no newer than that event.
    doubted: Option<Timestamp>,
}

/// Why events were not kept, from when on, and the contracts whose settings were changed meanwhile.
#[derive(Debug)]
struct Gap {
    cause: Cause,
    since: Timestamp,
    set: BTreeSet<Symbol>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Beginning,
    Cut,
    Overflow,
}

impl Gap {
    const fn new(cause: Cause, since: Timestamp) -> Self {
        Self { cause, since, set: BTreeSet::new() }
    }
}

impl AccountLine {
    fn beginning(account: AccountId, capacity: usize) -> Self {
        let gap = Gap::new(Cause::Beginning, Timestamp::from_micros(i64::MAX));
        Self {
            account,
            outlet: Outlet::beginning(gap, capacity),
            spoke: Timestamp::from_micros(i64::MIN),
            doubted: None,
        }
    }

    pub(super) fn hear(&mut self, event: &ExchangeEvent) {
        if event.account.as_ref() != Some(&self.account) {
            return;
        }
        self.spoke = event.stamp.time;
        let items = telling::to_account(event.clone()).into_iter().map(StreamItem::Event).collect();
        self.outlet.tell(items, || Gap::new(Cause::Overflow, event.stamp.time));
        if let News::LeverageChanged { symbol, .. } | News::MarginModeChanged { symbol, .. } = &event.news
            && let Some(gap) = self.outlet.gap()
        {
            gap.set.insert(symbol.clone());
        }
    }

    /// Tells the account again where a snapshot was no newer than what came before it; and shows that the connection
    /// stands, if nothing has been said for a while and nothing waits to be read.
    pub(super) fn live(&mut self, exchange: &Exchange) {
        let now = exchange.now();
        if self.doubted.take_if(|told| *told < now).is_some() {
            let items = snapshot(exchange, &self.account).into_iter().collect();
            self.outlet.tell(items, || Gap::new(Cause::Overflow, now));
        }
        if now.since(self.spoke) >= SIGN_OF_LIFE {
            self.spoke = now;
            self.outlet.tell_if_idle(StreamItem::Alive);
        }
    }

    pub(super) fn cut(&mut self, now: Timestamp) {
        self.outlet.lose(Gap::new(Cause::Cut, now));
    }

    pub(super) fn take(&mut self, exchange: &Exchange) -> Option<StreamItem> {
        let (account, spoke, doubted) = (&self.account, self.spoke, &mut self.doubted);
        self.outlet.take(|gap| {
            let now = exchange.now();
            *doubted = (spoke >= now).then_some(now);
            mended(exchange, account, &gap)
        })
    }
}

/// What is told after a gap: that there was one, the account as it is, and what happened meanwhile.
fn mended(exchange: &Exchange, account: &AccountId, gap: &Gap) -> Vec<StreamItem> {
    let mut items = match gap.cause {
        Cause::Beginning => vec![StreamItem::Connected],
        Cause::Cut => {
            let reason = "the paper venue has cut the stream".to_owned();
            vec![StreamItem::Disconnected { reason }, StreamItem::Connected]
        }
        Cause::Overflow => {
            let reason = format!("more than {CAPACITY} items were left unread");
            vec![StreamItem::Resync { reason }]
        }
    };
    items.extend(snapshot(exchange, account));
    let meanwhile = reading::happened(exchange, account, gap.since, gap.set.iter());
    items.extend(meanwhile.into_iter().map(StreamItem::Event));
    items
}

/// The account as it is. Accounts are never closed.
fn snapshot(exchange: &Exchange, account: &AccountId) -> Option<StreamItem> {
    let snapshot = reading::snapshot(exchange, account).ok()?;
    Some(StreamItem::Event(AccountEvent::Snapshot(Box::new(snapshot))))
}

impl Floor {
    fn listen(&mut self, line: AccountLine) -> u64 {
        let number = self.number();
        self.private.insert(number, line);
        number
    }

    fn take_private(&mut self, line: u64) -> Option<StreamItem> {
        self.private.get_mut(&line)?.take(&self.exchange)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listings;
    use plimsoll_domain::{
        AccountState, ClientOrderId, Leverage, MarginMode, NewOrder, OrderKind, OrderSize, PositionSide, Side,
        TimeInForce,
    };

    /// A line of an account with 1000, and what its reader has made of it.
    struct Desk {
        exchange: Exchange,
        line: AccountLine,
        state: AccountState,
        resyncs: usize,
    }

    impl Desk {
        fn new(capacity: usize) -> Self {
            let mut exchange = Exchange::new(Timestamp::from_millis(1_704_067_200_000));
            exchange.list(listings::btc_usdt(), "50000".parse().expect("a price")).expect("a listing");
            exchange.open_account(AccountId::new("ann"), "1000".parse().expect("money")).expect("an account");
            exchange.drain_events();
            let line = AccountLine::beginning(AccountId::new("ann"), capacity);
            Self { exchange, line, state: AccountState::new(), resyncs: 0 }
        }

        fn tell(&mut self) {
            for event in self.exchange.drain_events() {
                self.line.hear(&event);
            }
        }

        fn read(&mut self) {
            while let Some(item) = self.line.take(&self.exchange) {
                match item {
                    StreamItem::Event(event) => drop(self.state.apply(&event)),
                    StreamItem::Resync { .. } => {
                        self.resyncs += 1;
                        self.lose_track();
                    }
                    StreamItem::Disconnected { .. } => self.lose_track(),
                    StreamItem::Alive | StreamItem::Connected => {}
                }
            }
        }

        /// As of the newest thing that was heard, as whoever follows an account does.
        fn lose_track(&mut self) {
            let heard = self.state.as_of().unwrap_or(self.exchange.now());
            self.state.lose_track(heard);
        }

        fn order(&mut self, name: &str, side: Side, limit: Option<&str>) {
            let kind = limit.map_or(OrderKind::Market, |price| OrderKind::Limit {
                price: price.parse().expect("a price"),
                time_in_force: TimeInForce::Gtc,
            });
            let order = NewOrder {
                client_order_id: ClientOrderId::new(name).expect("an id"),
                symbol: listings::btc_usdt().symbol,
                side,
                position_side: PositionSide::Both,
                kind,
                size: OrderSize::Quantity("0.01".parse().expect("a size")),
                reduce_only: false,
            };
            self.exchange.place(&AccountId::new("ann"), &order).expect("an order");
        }

        fn agrees(&self) {
            let account = AccountId::new("ann");
            let symbol = listings::btc_usdt().symbol;
            let held = self.state.position(&symbol, PositionSide::Both).map(|held| held.position);
            let position = self.exchange.positions(&account).first().and_then(|report| report.position);
            assert_eq!(held, position, "the position");
            let balance = self.exchange.balance(&account).expect("a balance");
            assert_eq!(self.state.balance(&balance.currency).wallet, balance.wallet, "the wallet");
            let mut open: Vec<_> = self.state.open_orders().map(|order| order.order_id.clone()).collect();
            open.sort_unstable();
            let wanted: Vec<_> = self.exchange.open_orders(&account).into_iter().map(|it| it.order.order_id).collect();
            assert_eq!(open, wanted, "open orders");
        }
    }

    #[test]
    fn a_quiet_account_is_shown_to_be_alive() {
        let mut desk = Desk::new(6);
        desk.read();
        let start = desk.exchange.now();
        let mut heard = Vec::new();
        for seconds in 0..=7 {
            let price = "50000".parse().expect("a price");
            let tick = crate::Tick::at(listings::btc_usdt().symbol, start.plus(Duration::from_secs(seconds)), price);
            desk.exchange.advance(&tick).expect("a tick");
            desk.line.live(&desk.exchange);
            heard.extend(desk.line.take(&desk.exchange).map(|item| (seconds, item)));
        }
        assert_eq!(heard, [0, 3, 6].map(|seconds| (seconds, StreamItem::Alive)));
    }

    #[test]
    fn a_gap_in_the_moment_of_an_event_is_out_of_doubt_once_time_goes_on() {
        let mut desk = Desk::new(6);
        desk.read();
        desk.order("in", Side::Buy, None);
        desk.tell();
        desk.read();
        assert!(!desk.state.needs_resync());
        desk.line.cut(desk.exchange.now());
        desk.read();
        desk.agrees();
        // What the account is at this very moment may change within it: no snapshot is as new as what was heard.
        assert!(desk.state.needs_resync());
        let later = desk.exchange.now().plus(Duration::from_millis(80));
        let tick = crate::Tick::at(listings::btc_usdt().symbol, later, "50000".parse().expect("a price"));
        desk.exchange.advance(&tick).expect("a tick");
        desk.tell();
        desk.line.live(&desk.exchange);
        desk.read();
        assert!(!desk.state.needs_resync());
        desk.agrees();
        desk.line.live(&desk.exchange);
        assert_eq!(desk.line.take(&desk.exchange), None);
    }

    #[test]
    fn what_overflows_within_one_moment_is_made_good() {
        let mut desk = Desk::new(6);
        desk.read();
        desk.order("rests", Side::Buy, Some("48000"));
        desk.order("in", Side::Buy, None);
        desk.tell();
        desk.read();
        assert_eq!(desk.resyncs, 0);
        desk.agrees();
        // All of this is at one moment of the market's time, and more than six items.
        let (ann, bitcoin) = (AccountId::new("ann"), listings::btc_usdt().symbol);
        desk.exchange.set_leverage(&ann, &bitcoin, Leverage::new(5).expect("a leverage")).expect("set");
        desk.order("out", Side::Sell, None);
        desk.exchange.cancel_all(&ann, &bitcoin).expect("cancelled");
        desk.exchange.set_margin_mode(&ann, &bitcoin, MarginMode::Isolated).expect("set");
        desk.order("again", Side::Buy, Some("47000"));
        desk.tell();
        desk.read();
        assert_eq!(desk.resyncs, 1);
        desk.agrees();
        assert_eq!(desk.state.leverage(&bitcoin), Leverage::new(5).ok());
        assert_eq!(desk.state.margin_mode(&bitcoin), Some(MarginMode::Isolated));
        desk.exchange.transfer(&ann, "10".parse().expect("money")).expect("a deposit");
        desk.order("last", Side::Buy, None);
        desk.tell();
        desk.read();
        desk.agrees();
    }
}
