//! The paper venue: no wire, so whatever goes wrong does so at the ports.
//!
//! The plan and its words are those of the venues' servers. What has no sense here (clocks that are off, keys that end)
//! is not in a plan for paper; everything else looks as an adapter would tell it: see [`calls`] and [`stream`].

mod broker;
mod calls;
mod public;
mod stream;

use super::venue::Connection;
use broker::FaultyBroker;
use calls::Line;
use plimsoll_domain::{AccountId, Money, VenueId};
use plimsoll_exchange::{Exchange, PaperVenue, Rejection, Tick, TickRefused};
use plimsoll_venue_server::{FaultPlan, Injected};
use public::FaultyPublic;
use std::sync::Arc;
use stream::FaultyStream;

/// The venue and what goes wrong with it, for as long as a stage stands.
#[derive(Debug)]
pub(crate) struct Paper {
    line: Line,
    account: AccountId,
}

impl Paper {
    pub(super) fn open(exchange: Exchange, account: AccountId, wallet: Money) -> Result<Self, Rejection> {
        let venue = PaperVenue::new(VenueId::new("paper"), exchange);
        venue.open_account(account.clone(), wallet)?;
        Ok(Self { line: Line::new(venue), account })
    }

    pub(super) fn exchange<R>(&self, run: impl FnOnce(&mut Exchange) -> R) -> R {
        self.line.venue.exchange(run)
    }

    pub(super) fn advance<'a>(&self, ticks: impl IntoIterator<Item = &'a Tick>) -> Result<(), TickRefused> {
        self.line.venue.advance(ticks)
    }

    pub(super) fn begin_faults(&self, plan: &FaultPlan) {
        self.line.weather().faults.begin(plan, self.line.now());
    }

    pub(super) fn calm(&self) {
        self.line.weather().calm();
    }

    pub(super) fn injected(&self) -> Vec<Injected> {
        self.line.weather().faults.injected().cloned().collect()
    }

    /// The ports of a process; `seed` jitters how soon its stream comes back.
    pub(super) fn connect(&self, seed: u64) -> Connection {
        let broker = self.line.venue.broker(&self.account).expect("the account is open");
        let public = Arc::new(FaultyPublic::new(self.line.clone()));
        Connection {
            stream: Box::new(FaultyStream::open(self.line.clone(), broker.clone(), seed)),
            broker: Arc::new(FaultyBroker::new(self.line.clone(), broker)),
            feed: Arc::clone(&public) as _,
            funding_rates: public,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::market::START;
    use crate::faults::step::Contract;
    use futures_util::FutureExt;
    use plimsoll_domain::{
        ClientOrderId, NewOrder, OrderKind, OrderSize, PositionSide, Price, Side, Timestamp, TriggerBy,
    };
    use plimsoll_ports::{CommandError, NotSent, PlaceError, QueryError, RefusalReason, StreamItem};
    use std::time::Duration;

    fn paper(plan: &str) -> Paper {
        let mut exchange = Exchange::new(START);
        exchange.list(Contract::Bitcoin.instrument(), Contract::Bitcoin.opening()).unwrap();
        let paper = Paper::open(exchange, AccountId::new("main"), Money::new(10_000.into())).unwrap();
        paper.begin_faults(&plan.parse().unwrap());
        paper
    }

    fn pass(paper: &Paper, time: Timestamp, price: Price) {
        paper.advance([&Tick::at(Contract::Bitcoin.symbol(), time, price)]).unwrap();
    }

    fn order(name: &str) -> NewOrder {
        NewOrder {
            client_order_id: ClientOrderId::new(name).unwrap(),
            symbol: Contract::Bitcoin.symbol(),
            side: Side::Buy,
            position_side: PositionSide::Both,
            kind: OrderKind::Market,
            size: OrderSize::Quantity("0.01".parse().unwrap()),
            reduce_only: false,
        }
    }

    fn stop() -> NewOrder {
        let kind = OrderKind::StopMarket { trigger: "59000".parse().unwrap(), trigger_by: TriggerBy::Mark };
        NewOrder { side: Side::Sell, kind, size: OrderSize::WholePosition, ..order("stop") }
    }

    /// Whether the account holds something.
    fn is_in(paper: &Paper) -> bool {
        paper.exchange(|exchange| !exchange.positions(&AccountId::new("main")).is_empty())
    }

    #[tokio::test]
    async fn an_order_meets_what_the_plan_says_and_is_done_or_not() {
        let until = START.plus(Duration::from_secs(1));
        let unanswered = || PlaceError::Unanswered("no answer".to_owned());
        for (plan, failure, is_done) in [
            ("429=place:x1:retry=1s", Some(PlaceError::NotSent(NotSent::Throttled { until })), false),
            ("418=place:x1:retry=1s", Some(PlaceError::NotSent(NotSent::Throttled { until })), false),
            ("503=x1", Some(PlaceError::NotSent(NotSent::Unavailable("the venue is down".to_owned()))), false),
            ("maintenance", Some(PlaceError::NotSent(NotSent::Unavailable("the venue is down".to_owned()))), false),
            ("cut-before=x1", Some(PlaceError::NotSent(NotSent::Disconnected("nobody is there".to_owned()))), false),
            ("500-before=x1", Some(unanswered()), false),
            ("500-after=x1", Some(unanswered()), true),
            ("timeout-before=x1:for=1ms", Some(unanswered()), false),
            ("timeout-after=x1:for=1ms", Some(unanswered()), true),
            ("short-body=x1", Some(unanswered()), true),
            ("slow=x1:for=1ms", None, true),
            ("seed=1", None, true),
        ] {
            let paper = paper(plan);
            let placed = paper.connect(1).broker.place(&order("in")).await;
            assert_eq!(placed.err(), failure, "{plan}");
            assert_eq!(is_in(&paper), is_done, "{plan}");
            assert_eq!(paper.injected().len(), usize::from(plan != "seed=1"), "{plan}");
        }
    }

    #[tokio::test]
    async fn a_ban_holds_for_everything_until_it_ends() {
        let paper = paper("418=place:x1:retry=1s");
        let broker = paper.connect(1).broker;
        broker.place(&order("in")).await.unwrap_err();
        let until = START.plus(Duration::from_secs(1));
        let throttled = NotSent::Throttled { until };
        assert_eq!(broker.positions().await, Err(QueryError::Unreachable(throttled.clone())));
        let symbol = Contract::Bitcoin.symbol();
        assert_eq!(broker.cancel_all(&symbol).await, Err(CommandError::NotSent(throttled)));
        pass(&paper, until, Contract::Bitcoin.opening());
        assert_eq!(broker.positions().await, Ok(Vec::new()));
    }

    #[tokio::test]
    async fn what_was_asked_for_is_under_way_though_whoever_asked_is_gone() {
        let paper = paper("slow=place:x1:for=10ms");
        let broker = paper.connect(1).broker;
        let order = order("in");
        assert!(broker.place(&order).now_or_never().is_none());
        let done = async {
            while !is_in(&paper) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), done).await.unwrap();
    }

    #[tokio::test]
    async fn overload_spares_what_reduces_and_a_refusal_is_of_its_kind() {
        let paper = paper("overload=1,reject=stop:1");
        let broker = paper.connect(1).broker;
        assert!(matches!(broker.place(&order("in")).await, Err(PlaceError::NotSent(NotSent::Unavailable(_)))));
        let refused = broker.place(&stop()).await;
        assert!(matches!(refused, Err(PlaceError::Refused(it)) if it.reason == RefusalReason::WouldTrigger));
    }

    /// What is heard until so many trades were told and nothing is in doubt.
    async fn heard(plan: &str) -> Vec<&'static str> {
        let paper = paper(plan);
        let mut ports = paper.connect(1);
        let (mut heard, mut fills) = (Vec::new(), 0);
        let mut now = START;
        let is_whole = |heard: &[&str]| heard.last() == Some(&"balance") || heard.contains(&"resync");
        while fills == 0 || !is_whole(&heard) {
            let item = tokio::time::timeout(Duration::from_millis(20), ports.stream.next()).await;
            now = now.plus(Duration::from_millis(1));
            pass(&paper, now, Contract::Bitcoin.opening());
            let Ok(Some(item)) = item else { continue };
            heard.push(match item {
                StreamItem::Connected => "connected",
                StreamItem::Disconnected { .. } => "disconnected",
                StreamItem::Resync { .. } => "resync",
                StreamItem::Alive => continue,
                StreamItem::Event(event) => {
                    fills += usize::from(stream::kind(&event) == "fill");
                    stream::kind(&event)
                }
            });
            if heard == ["connected", "snapshot"] {
                ports.broker.place(&order("in")).await.unwrap();
            }
        }
        heard.split_off(2)
    }

    #[tokio::test]
    async fn events_are_told_as_the_plan_says_and_what_is_missed_is_made_good() {
        assert_eq!(heard("seed=1").await, ["order", "order", "fill", "position", "balance"]);
        assert_eq!(heard("dup=#3").await, ["order", "order", "fill", "fill", "position", "balance"]);
        assert_eq!(heard("delay=#3:for=5ms").await, ["order", "order", "fill", "position", "balance"]);
        assert_eq!(heard("reorder=#3").await, ["order", "order", "position", "fill", "balance"]);
        let missed = heard("drop=#3").await;
        assert_eq!(missed[..5], ["order", "order", "resync", "snapshot", "fill"], "{missed:?}");
    }
}
