//! What the cases of the venue ports stand on.

use super::suite::{Failure, Outcome, eventually};
use async_trait::async_trait;
use plimsoll_domain::{
    ClientOrderId, Decimal, Instrument, Money, NewOrder, Order, OrderKind, OrderSize, PositionReport, PositionSide,
    Price, Quantity, Rounding, Side, Symbol, TimeInForce, TriggerBy,
};
use plimsoll_ports::{AccountStream, Broker, FundingRates, MarketFeed};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// One account at one venue with one market, made fresh for each case: flat, without orders, one-way, cross, with at
/// least 10,000 of the settle currency, and nobody else moving the price.
#[async_trait]
pub trait BrokerStage: Send + Sync {
    /// The broker under test.
    fn broker(&self) -> Arc<dyn Broker>;

    /// The contract to trade.
    fn symbol(&self) -> Symbol;

    /// The price at which it trades now.
    async fn price(&self) -> Price;

    /// Moves the last and the mark price there; returns once the venue has filled, triggered and settled what follows.
    async fn move_price(&self, to: Price);

    /// Lets the venue's time pass until just after the next funding settlement. `false` where that cannot be done: the
    /// cases that need it then say that they were left out.
    async fn settle_funding(&self) -> bool {
        false
    }

    /// Puts this much into the account's wallet, or takes it out if it is negative. `false` where that cannot be done: the
    /// cases that need it then say that they were left out.
    async fn transfer(&self, amount: Money) -> bool {
        let _ = amount;
        false
    }
}

/// A stage with private events.
#[async_trait]
pub trait StreamStage: BrokerStage {
    /// A stream of the same account that the broker trades for.
    async fn open_stream(&self) -> Box<dyn AccountStream>;

    /// Cuts the stream's connection from the venue's side.
    async fn cut_stream(&self);
}

/// A stage with public prices.
#[async_trait]
pub trait FeedStage: BrokerStage {
    /// The feed under test.
    fn feed(&self) -> Arc<dyn MarketFeed>;

    /// Cuts the feed's connections from the venue's side. `false` where that cannot be done.
    async fn cut_feed(&self) -> bool {
        false
    }
}

/// A stage with funding rates.
pub trait FundingStage: BrokerStage {
    /// The rates under test.
    fn rates(&self) -> Arc<dyn FundingRates>;
}

/// An id that this process, and any before it, has not used.
pub(crate) fn fresh_id() -> ClientOrderId {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    ClientOrderId::reported(format!("c{:x}-{number:x}", micros & 0xFFFF_FFFF_FFFF))
}

/// A case's hands: the broker, the contract, and orders of a size that fits.
pub(crate) struct Trader<'a> {
    pub(crate) stage: &'a dyn BrokerStage,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) symbol: Symbol,
    pub(crate) instrument: Instrument,
    /// Four times the smallest notional: halves and quarters of it are whole lots and may be traded.
    pub(crate) size: Quantity,
}

impl<'a> Trader<'a> {
    pub(crate) async fn new(stage: &'a dyn BrokerStage) -> Result<Self, Failure> {
        let (broker, symbol) = (stage.broker(), stage.symbol());
        let instrument = broker.instrument(&symbol).await?;
        let price = stage.price().await;
        let smallest = instrument.min_quantity.get().max(instrument.min_notional.get() / price.get());
        let quarter = Quantity::new(smallest * Decimal::new(12, 1))?;
        let quarter = quarter.round(instrument.lot, Rounding::Up).ok_or_else(|| Failure::new("no size fits"))?;
        let size = Quantity::new(quarter.get() * Decimal::from(4))?;
        Ok(Self { stage, broker, symbol, instrument, size })
    }

    /// A quarter, a half (2) or three quarters of the size.
    pub(crate) fn quarters(&self, count: u32) -> Result<Quantity, Failure> {
        Ok(Quantity::new(self.size.get() / Decimal::from(4) * Decimal::from(count))?)
    }

    /// The price now and so many thousandths more, on the tick.
    pub(crate) async fn off(&self, thousandths: i64) -> Result<Price, Failure> {
        let price = self.stage.price().await.get() * (Decimal::ONE + Decimal::new(thousandths, 3));
        let rounded = Price::new(price)?.round(self.instrument.tick, Rounding::Down);
        rounded.ok_or_else(|| Failure::new("no price fits"))
    }

    pub(crate) fn order(&self, side: Side, kind: OrderKind, quantity: Quantity) -> NewOrder {
        NewOrder {
            client_order_id: fresh_id(),
            symbol: self.symbol.clone(),
            side,
            position_side: PositionSide::Both,
            kind,
            size: OrderSize::Quantity(quantity),
            reduce_only: false,
        }
    }

    pub(crate) fn market(&self, side: Side) -> NewOrder {
        self.order(side, OrderKind::Market, self.size)
    }

    /// A limit order to buy well below the market.
    pub(crate) async fn resting(&self) -> Result<NewOrder, Failure> {
        let kind = OrderKind::Limit { price: self.off(-40).await?, time_in_force: TimeInForce::Gtc };
        Ok(self.order(Side::Buy, kind, self.size))
    }

    /// A stop that closes a whole long, so many thousandths below the market.
    pub(crate) async fn stop(&self, thousandths: i64) -> Result<NewOrder, Failure> {
        let kind = OrderKind::StopMarket { trigger: self.off(-thousandths).await?, trigger_by: TriggerBy::Mark };
        let order = self.order(Side::Sell, kind, self.size);
        Ok(NewOrder { size: OrderSize::WholePosition, ..order })
    }

    /// Buys at the market and waits for the position.
    pub(crate) async fn go_long(&self) -> Result<PositionReport, Failure> {
        self.broker.place(&self.market(Side::Buy)).await?;
        self.position(PositionSide::Both).await
    }

    pub(crate) async fn position(&self, side: PositionSide) -> Result<PositionReport, Failure> {
        eventually("a position is open", || async {
            let positions = self.broker.positions().await?;
            Ok(positions.into_iter().find(|it| self.is_mine(it, side) && it.position.is_some()))
        })
        .await
    }

    pub(crate) async fn is_flat(&self) -> Outcome {
        eventually("the account is flat", || async {
            let positions = self.broker.positions().await?;
            Ok(positions.iter().all(|it| it.position.is_none()).then_some(()))
        })
        .await
    }

    fn is_mine(&self, report: &PositionReport, side: PositionSide) -> bool {
        report.symbol == self.symbol && report.position_side == side
    }

    /// Waits until the order is known and as wanted.
    pub(crate) async fn order_is(
        &self,
        what: &str,
        id: &ClientOrderId,
        wanted: impl Fn(&Order) -> bool,
    ) -> Result<Order, Failure> {
        eventually(what, || async { Ok(self.broker.order(&self.symbol, id).await?.filter(|order| wanted(order))) })
            .await
    }

    /// Waits until exactly these orders are open, asked for by symbol and for all symbols.
    pub(crate) async fn open_are(&self, wanted: &[&ClientOrderId]) -> Result<Vec<Order>, Failure> {
        let same = |orders: &[Order]| {
            let mut found: Vec<&ClientOrderId> = orders.iter().map(|order| &order.client_order_id).collect();
            let mut wanted = wanted.to_vec();
            found.sort_unstable();
            wanted.sort_unstable();
            found == wanted
        };
        eventually("the wanted orders, and no others, are open", || async {
            let mine = self.broker.open_orders(Some(&self.symbol)).await?;
            let all = self.broker.open_orders(None).await?;
            Ok((same(&mine) && same(&all)).then_some(mine))
        })
        .await
    }
}
