//! The paper venue keeps every promise of the venue ports.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use async_trait::async_trait;
use plimsoll_domain::{AccountId, Money, Price, Symbol, Timestamp, VenueId};
use plimsoll_exchange::{Exchange, PaperBroker, PaperVenue, Settings, Tick, listings};
use plimsoll_ports::{AccountStream, Broker, FundingRates, MarketFeed};
use plimsoll_testkit::contract::{self, BrokerStage, FeedStage, FundingStage, StreamStage};
use std::sync::Arc;
use std::time::Duration;

/// 2026-01-05 07:59:30 UTC: half a minute before a funding settlement.
const START: Timestamp = Timestamp::from_millis(1_767_599_970_000);

/// Time stands still between moves.
struct Stage {
    venue: PaperVenue,
    broker: PaperBroker,
}

impl Stage {
    fn new() -> Self {
        Self::of(Settings::default())
    }

    fn of(settings: Settings) -> Self {
        let mut exchange = Exchange::with_settings(START, settings);
        exchange.list(listings::btc_usdt(), "60000".parse().unwrap()).unwrap();
        exchange.list(listings::eth_usdt(), "3000".parse().unwrap()).unwrap();
        let venue = PaperVenue::new(VenueId::new("paper"), exchange);
        let broker = venue.open_account(AccountId::new("trader"), "10000".parse().unwrap()).unwrap();
        Self { venue, broker }
    }

    fn tick(&self, time: Timestamp, price: Price) {
        self.venue.advance([&Tick::at(self.symbol(), time, price)]).unwrap();
    }

    fn market(&self) -> plimsoll_exchange::MarketView {
        self.venue.exchange(|exchange| exchange.market(&self.symbol())).unwrap()
    }
}

#[async_trait]
impl BrokerStage for Stage {
    fn broker(&self) -> Arc<dyn Broker> {
        Arc::new(self.broker.clone())
    }

    fn symbol(&self) -> Symbol {
        listings::btc_usdt().symbol
    }

    async fn price(&self) -> Price {
        self.market().last
    }

    async fn move_price(&self, to: Price) {
        self.tick(self.market().time.plus(Duration::from_millis(1)), to);
    }

    async fn settle_funding(&self) -> bool {
        let market = self.market();
        self.tick(market.next_funding.plus(Duration::from_secs(1)), market.last);
        true
    }

    async fn transfer(&self, amount: Money) -> bool {
        self.venue.exchange(|exchange| exchange.transfer(self.broker.account_id(), amount)).is_ok()
    }
}

#[async_trait]
impl StreamStage for Stage {
    async fn open_stream(&self) -> Box<dyn AccountStream> {
        Box::new(self.broker.account_stream())
    }

    async fn cut_stream(&self) {
        self.venue.cut_streams();
    }
}

#[async_trait]
impl FeedStage for Stage {
    fn feed(&self) -> Arc<dyn MarketFeed> {
        Arc::new(self.venue.clone())
    }

    async fn cut_feed(&self) -> bool {
        self.venue.cut_streams();
        true
    }
}

impl FundingStage for Stage {
    fn rates(&self) -> Arc<dyn FundingRates> {
        Arc::new(self.venue.clone())
    }
}

#[tokio::test]
async fn the_broker_keeps_its_promises() {
    contract::broker::run(async || Stage::new()).await;
}

#[tokio::test]
async fn a_broker_that_attaches_stops_keeps_them_too() {
    contract::broker::run(async || Stage::of(Settings { attaches_stops: true, ..Settings::default() })).await;
}

#[tokio::test]
async fn the_account_stream_keeps_its_promises() {
    contract::stream::run(async || Stage::new()).await;
}

#[tokio::test]
async fn the_market_feed_keeps_its_promises() {
    contract::feed::run(async || Stage::new()).await;
}

#[tokio::test]
async fn the_funding_rates_keep_their_promises() {
    contract::funding_rates::run(async || Stage::new()).await;
}
