//! The paper broker, by calls that take their time.

use super::Line;
use crate::fault::Site;
use async_trait::async_trait;
use plimsoll_domain::{
    AccountSnapshot, BalanceReport, Booking, ClientOrderId, Fill, FundingPayment, Instrument, Leverage, MarginMode,
    Money, NewOrder, Order, OrderId, PositionMode, PositionReport, PositionSide, Price, Quantity, Symbol, Timestamp,
    VenueId,
};
use plimsoll_exchange::{OrderRef, PaperBroker};
use plimsoll_ports::{Broker, ClockOffset, CommandError, PlaceError, QueryError};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The broker of one process.
pub(crate) struct TrialBroker {
    line: Line,
    broker: PaperBroker,
}

impl TrialBroker {
    pub(crate) const fn new(line: Line, broker: PaperBroker) -> Self {
        Self { line, broker }
    }

    async fn query<T>(
        &self,
        name: &'static str,
        ask: impl Future<Output = Result<T, QueryError>>,
    ) -> Result<T, QueryError> {
        self.line.call(Site::Query, name, ask).await
    }

    /// Whoever is told that a stop rests has read it back.
    fn read_back<'a>(&self, orders: impl IntoIterator<Item = &'a Order>) {
        let world = &self.line.world;
        let now = world.time.now();
        let mut state = world.state();
        let fortune = state.fortune;
        orders.into_iter().for_each(|order| state.naked.read(&order.client_order_id, now, fortune));
    }

    /// Whoever is told of a position, or of a fill, knows that a stop has to be there.
    fn see<'a>(&self, held: impl IntoIterator<Item = (&'a Symbol, PositionSide)>) {
        let world = &self.line.world;
        let now = world.time.now();
        let mut state = world.state();
        held.into_iter().for_each(|(symbol, side)| state.naked.see(symbol, side, now));
    }

    fn see_held(&self, positions: &[PositionReport]) {
        let held = positions.iter().filter(|report| report.position.is_some());
        self.see(held.map(|report| (&report.symbol, report.position_side)));
    }

    /// An order on its way, with what it carries.
    async fn send(&self, order: &NewOrder, stop: Option<Price>) -> Result<OrderId, PlaceError> {
        let is_stop = order.kind.order_type().is_conditional();
        let site = if is_stop { Site::Stop } else { Site::Place };
        let (world, broker, order) = (Arc::clone(&self.line.world), self.broker.clone(), order.clone());
        world.note(|| {
            let (id, side, symbol) = (&order.client_order_id, order.side, &order.symbol);
            let carries = stop.map_or(String::new(), |stop| format!(", with a stop at {stop}"));
            format!("  sends {id}: {side} {:?} of {symbol}, {:?}{carries}", order.size, order.kind)
        });
        world.leaves(&order);
        let asked = async move {
            let before = stop.map(|_| waiting(&world, &broker));
            let answer = match stop {
                Some(stop) => broker.place_with_stop(&order, stop).await,
                None => broker.place(&order).await,
            };
            if answer.is_ok() {
                world.note(|| format!("  the venue takes {}", order.client_order_id));
                world.taken(&order);
                if is_stop {
                    lose(&world, &broker, &order.client_order_id);
                }
                if let Some(before) = before {
                    waiting(&world, &broker).difference(&before).for_each(|made| lose(&world, &broker, made));
                }
            }
            answer
        };
        self.line.command(site, "place", asked).await
    }

    /// The same on the way, even if whoever asked is no more.
    async fn command<F>(
        &self,
        site: Site,
        name: &'static str,
        ask: impl FnOnce(PaperBroker) -> F,
    ) -> Result<(), CommandError>
    where
        F: Future<Output = Result<(), CommandError>> + Send + 'static,
    {
        let (world, asked) = (Arc::clone(&self.line.world), ask(self.broker.clone()));
        let done = async move {
            let answer = asked.await;
            world.observe();
            answer
        };
        self.line.command(site, name, done).await
    }
}

#[async_trait]
impl Broker for TrialBroker {
    fn venue(&self) -> VenueId {
        self.broker.venue()
    }

    fn clock_offset(&self) -> Option<ClockOffset> {
        self.broker.clock_offset()
    }

    async fn instruments(&self) -> Result<Vec<Instrument>, QueryError> {
        self.line.call(Site::Market, "instruments", self.broker.instruments()).await
    }

    async fn instrument(&self, symbol: &Symbol) -> Result<Instrument, QueryError> {
        self.line.call(Site::Market, "instrument", self.broker.instrument(symbol)).await
    }

    async fn account(&self) -> Result<AccountSnapshot, QueryError> {
        let account = self.query("account", self.broker.account()).await?;
        self.see_held(&account.positions);
        self.read_back(&account.orders);
        Ok(account)
    }

    async fn positions(&self) -> Result<Vec<PositionReport>, QueryError> {
        let positions = self.query("positions", self.broker.positions()).await?;
        self.see_held(&positions);
        Ok(positions)
    }

    async fn balances(&self) -> Result<Vec<BalanceReport>, QueryError> {
        self.query("balances", self.broker.balances()).await
    }

    async fn open_orders<'a>(&self, symbol: Option<&'a Symbol>) -> Result<Vec<Order>, QueryError> {
        let orders = self.query("open_orders", self.broker.open_orders(symbol)).await?;
        self.read_back(&orders);
        Ok(orders)
    }

    async fn order(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<Option<Order>, QueryError> {
        let order = self.query("order", self.broker.order(symbol, id)).await?;
        self.see(order.iter().filter(|it| it.filled.is_some()).map(|it| (&it.symbol, it.position_side)));
        self.read_back(&order);
        Ok(order)
    }

    async fn fills(&self, symbol: &Symbol, since: Timestamp) -> Result<Vec<Fill>, QueryError> {
        let fills = self.query("fills", self.broker.fills(symbol, since)).await?;
        self.see(fills.iter().map(|fill| (&fill.symbol, fill.position_side)));
        Ok(fills)
    }

    async fn funding_payments(&self, since: Timestamp) -> Result<Vec<FundingPayment>, QueryError> {
        self.query("funding_payments", self.broker.funding_payments(since)).await
    }

    async fn bookings(&self, since: Timestamp) -> Result<Vec<Booking>, QueryError> {
        self.query("bookings", self.broker.bookings(since)).await
    }

    async fn place(&self, order: &NewOrder) -> Result<OrderId, PlaceError> {
        self.send(order, None).await
    }

    fn attaches_stops(&self) -> bool {
        self.broker.attaches_stops()
    }

    async fn place_with_stop(&self, order: &NewOrder, stop: Price) -> Result<OrderId, PlaceError> {
        self.send(order, Some(stop)).await
    }

    async fn amend(
        &self,
        symbol: &Symbol,
        id: &ClientOrderId,
        quantity: Quantity,
        price: Price,
    ) -> Result<(), CommandError> {
        let (symbol, id) = (symbol.clone(), id.clone());
        let ask = |broker: PaperBroker| async move { broker.amend(&symbol, &id, quantity, price).await };
        self.command(Site::Settings, "amend", ask).await
    }

    async fn cancel(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<(), CommandError> {
        self.line.world.note(|| format!("  cancels {id}"));
        let (symbol, id) = (symbol.clone(), id.clone());
        self.command(Site::Cancel, "cancel", |broker| async move { broker.cancel(&symbol, &id).await }).await
    }

    async fn cancel_all(&self, symbol: &Symbol) -> Result<(), CommandError> {
        let symbol = symbol.clone();
        self.command(Site::Cancel, "cancel_all", |broker| async move { broker.cancel_all(&symbol).await }).await
    }

    async fn set_leverage(&self, symbol: &Symbol, leverage: Leverage) -> Result<(), CommandError> {
        let symbol = symbol.clone();
        let ask = |broker: PaperBroker| async move { broker.set_leverage(&symbol, leverage).await };
        self.command(Site::Settings, "set_leverage", ask).await
    }

    async fn set_margin_mode(&self, symbol: &Symbol, mode: MarginMode) -> Result<(), CommandError> {
        let symbol = symbol.clone();
        let ask = |broker: PaperBroker| async move { broker.set_margin_mode(&symbol, mode).await };
        self.command(Site::Settings, "set_margin_mode", ask).await
    }

    async fn set_position_mode(&self, mode: PositionMode) -> Result<(), CommandError> {
        let ask = |broker: PaperBroker| async move { broker.set_position_mode(mode).await };
        self.command(Site::Settings, "set_position_mode", ask).await
    }

    async fn adjust_isolated_margin(
        &self,
        symbol: &Symbol,
        side: PositionSide,
        amount: Money,
    ) -> Result<(), CommandError> {
        let symbol = symbol.clone();
        let ask = |broker: PaperBroker| async move { broker.adjust_isolated_margin(&symbol, side, amount).await };
        self.command(Site::Settings, "adjust_isolated_margin", ask).await
    }
}

/// What waits for its trigger.
fn waiting(world: &crate::world::World, broker: &PaperBroker) -> BTreeSet<ClientOrderId> {
    let waiting = world.venue.exchange(|exchange| exchange.open_conditionals(broker.account_id()));
    waiting.into_iter().map(|it| it.order.client_order_id).collect()
}

/// In some storms a stop that was just taken is gone without a word to anybody.
fn lose(world: &crate::world::World, broker: &PaperBroker, id: &ClientOrderId) {
    if !world.loses_stop() {
        return;
    }
    let which = OrderRef::Client(id.clone());
    let is_lost = world.venue.exchange(|exchange| {
        // One that has triggered already is no stop any more.
        let lost = exchange.cancel_conditional(broker.account_id(), &which);
        exchange.drain_events();
        lost.is_ok()
    });
    if is_lost {
        world.state().observer.lost.insert(id.clone());
    }
    world.note(|| format!("  the venue loses {id}"));
    world.observe();
}
