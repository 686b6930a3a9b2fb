//! The venue as the ports show it.

use super::{Fault, Holding, State, Venue, btc, eth, instrument, market, price, refusal, reported};
use async_trait::async_trait;
use plimsoll_ports::domain::{
    AccountSnapshot, BalanceReport, BestQuotes, Booking, Candle, ClientOrderId, Currency, Direction, Fill, FillCause,
    FundingPayment, FundingRate, Instrument, Leverage, MarginMode, MarkPrice, Money, NewOrder, Order, OrderId,
    OrderKind, OrderSize, OrderStatus, PositionMode, PositionReport, PositionSide, Price, Quantity, SettledFunding,
    Stamp, Symbol, Timestamp, TriggerBy, VenueId,
};
use plimsoll_ports::{
    Broker, Clock, CommandError, FundingRates, MarketFeed, MarketStream, NotSent, PlaceError, QueryError, RefusalReason,
};
use std::sync::MutexGuard;
use std::time::Duration;

impl Venue {
    fn see(&self) -> Result<MutexGuard<'_, State>, QueryError> {
        let state = self.state();
        if state.blind {
            return Err(QueryError::Unreachable(NotSent::Disconnected("no route".to_owned())));
        }
        Ok(state)
    }

    fn command(&self, call: String) -> Result<MutexGuard<'_, State>, CommandError> {
        let mut state = self.state();
        state.calls.push(call);
        Ok(state)
    }
}

#[async_trait]
impl Broker for Venue {
    fn venue(&self) -> VenueId {
        VenueId::new("test")
    }

    async fn instruments(&self) -> Result<Vec<Instrument>, QueryError> {
        let max = self.see()?.max_market;
        Ok(vec![instrument(&btc(), max), instrument(&eth(), max)])
    }

    async fn instrument(&self, symbol: &Symbol) -> Result<Instrument, QueryError> {
        let turns = std::mem::take(&mut self.state().slow_instrument);
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        if self.state().hold_instruments {
            std::future::pending::<()>().await;
        }
        let takes = self.state().instruments_take.pop_front().unwrap_or_default();
        self.pass(takes);
        if self.state().hide_instruments {
            return Err(QueryError::Unreachable(NotSent::Unavailable("busy".to_owned())));
        }
        Ok(instrument(symbol, self.see()?.max_market))
    }

    async fn account(&self) -> Result<AccountSnapshot, QueryError> {
        self.state().accounts_asked += 1;
        let (positions, orders, balances) =
            (self.positions().await?, self.open_orders(None).await?, self.balances().await?);
        let state = self.see()?;
        Ok(AccountSnapshot { positions, orders, balances, position_mode: state.mode, time: state.now })
    }

    async fn positions(&self) -> Result<Vec<PositionReport>, QueryError> {
        let state = self.see()?;
        let report = |((symbol, side), held): (&(Symbol, PositionSide), &Holding)| PositionReport {
            symbol: symbol.clone(),
            position_side: *side,
            position: Some(held.position),
            mark_price: Some(state.marks[symbol]),
            liquidation_price: Some(price("1")),
            unrealized_pnl: Some(held.position.unrealized_pnl(state.marks[symbol])),
            realized_pnl: None,
            leverage: Some(held.leverage),
            margin_mode: Some(held.margin_mode),
            isolated_margin: (held.margin_mode == MarginMode::Isolated).then_some(held.margin),
            maintenance_margin: None,
            margin_ratio: None,
            stamp: Stamp::at(state.now),
        };
        Ok(state.held.iter().map(report).collect())
    }

    async fn balances(&self) -> Result<Vec<BalanceReport>, QueryError> {
        let state = self.see()?;
        if state.hide_balances {
            return Ok(Vec::new());
        }
        let profit: Money = state.held.iter().map(|(key, it)| it.position.unrealized_pnl(state.marks[&key.0])).sum();
        let used: Money = state.held.values().map(|held| held.margin).sum();
        Ok(vec![BalanceReport {
            currency: Currency::new("USDT"),
            wallet: Some(state.wallet),
            cross_wallet: Some(state.wallet),
            available: Some(state.wallet + profit - used),
            equity: Some(state.wallet + profit),
            unrealized_pnl: Some(profit),
            stamp: Stamp::at(state.now),
        }])
    }

    async fn open_orders<'a>(&self, symbol: Option<&'a Symbol>) -> Result<Vec<Order>, QueryError> {
        let of = |order: &&Order| symbol.is_none_or(|symbol| order.symbol == *symbol);
        if let Some(symbol) = symbol {
            let bought = self.state().bought_meanwhile.take();
            bought.into_iter().for_each(|quantity| self.open_elsewhere(symbol, Direction::Long, &quantity.to_string()));
        }
        let mut state = self.see()?;
        state.listed_whole += usize::from(symbol.is_none());
        let hidden = if symbol.is_none() { &mut state.hide_orders } else { &mut state.hide_orders_of_one };
        if *hidden > 0 {
            *hidden -= 1;
            return Err(QueryError::Unreachable(NotSent::Throttled { until: state.now }));
        }
        Ok(state.open.iter().filter(of).cloned().collect())
    }

    async fn order(&self, _: &Symbol, id: &ClientOrderId) -> Result<Option<Order>, QueryError> {
        let mut state = self.see()?;
        if state.unknown > 0 {
            state.unknown -= 1;
            return Ok(None);
        }
        Ok(state.open.iter().chain(&state.done).rfind(|order| order.client_order_id == *id).cloned())
    }

    async fn fills(&self, symbol: &Symbol, since: Timestamp) -> Result<Vec<Fill>, QueryError> {
        let state = self.see()?;
        if state.fills_fail_before.is_some_and(|before| since < before) {
            return Err(QueryError::Unreachable(NotSent::Unavailable("busy".to_owned())));
        }
        let told = |fill: &&Fill| !state.hide_fills && fill.symbol == *symbol && fill.time >= since;
        Ok(state.fills.iter().filter(told).cloned().collect())
    }

    async fn funding_payments(&self, since: Timestamp) -> Result<Vec<FundingPayment>, QueryError> {
        Ok(self.see()?.payments.iter().filter(|payment| payment.time >= since).cloned().collect())
    }

    async fn bookings(&self, since: Timestamp) -> Result<Vec<Booking>, QueryError> {
        let mut state = self.see()?;
        state.bookings_asked += 1;
        if state.hide_bookings {
            return Err(QueryError::Unreachable(NotSent::Unavailable("busy".to_owned())));
        }
        let is_told = !state.hold_bookings;
        Ok(state.bookings.iter().filter(|booking| is_told && booking.time >= since).cloned().collect())
    }

    async fn place(&self, order: &NewOrder) -> Result<OrderId, PlaceError> {
        let turns = std::mem::take(&mut self.state().slow_place);
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        let mut state = self.state();
        let kind = order.kind.order_type();
        state.calls.push(format!("place {kind} {}", order.side));
        let fault = state.faults.iter().position(|(of, _)| *of == kind).map(|index| state.faults.remove(index).1);
        let lost = || PlaceError::Unanswered("timed out".to_owned());
        match &fault {
            Some(Fault::Refuse(reason)) => return Err(PlaceError::Refused(refusal(*reason))),
            Some(Fault::NotSent) => return Err(PlaceError::NotSent(NotSent::Unavailable("busy".to_owned()))),
            Some(Fault::LostRequest) => return Err(lost()),
            Some(Fault::LostRequestWhilePositionGrows(grown)) => {
                let other = market(&order.symbol, order.side, *grown, ClientOrderId::reported("web_9"), false);
                state.trade(&other, *grown, FillCause::Order);
                return Err(lost());
            }
            _ => {}
        }
        if fault == Some(Fault::Unfilled) {
            let (id, now) = (state.id(), state.now);
            state.done.push(reported(order, id.clone(), OrderStatus::Expired, now));
            return Ok(OrderId::new(id));
        }
        let key = (order.symbol.clone(), order.position_side);
        let held = state.held.get(&key).map(|held| held.position.quantity);
        if order.size == OrderSize::WholePosition {
            let does_the_same = |it: &Order| {
                it.close_position && (&it.symbol, it.order_type, it.side) == (&order.symbol, kind, order.side)
            };
            if state.stops_need_a_position && held.is_none() {
                return Err(PlaceError::Refused(refusal(RefusalReason::NothingToReduce)));
            }
            if state.takes_one_stop && state.open.iter().any(does_the_same) {
                return Err(PlaceError::Refused(refusal(RefusalReason::Blocked)));
            }
        }
        let id = match (order.kind, order.size) {
            (OrderKind::Market, OrderSize::Quantity(quantity)) => {
                if order.reduce_only && held.is_none() {
                    return Err(PlaceError::Refused(refusal(RefusalReason::NothingToReduce)));
                }
                let holds_size = |it: &Order| it.symbol == order.symbol && it.reduce_only && it.quantity.is_some();
                if state.sizes_are_held && order.reduce_only && state.open.iter().any(holds_size) {
                    return Err(PlaceError::Refused(refusal(RefusalReason::NothingToReduce)));
                }
                if quantity > state.max_market {
                    return Err(PlaceError::Refused(refusal(RefusalReason::BadSizeOrPrice)));
                }
                let quantity = match fault {
                    Some(Fault::Partly(part)) => part,
                    _ if order.reduce_only => quantity.min(held.unwrap()),
                    _ => quantity,
                };
                state.trade(order, quantity, FillCause::Order)
            }
            _ => {
                let id = state.id();
                let mut resting = reported(order, id.clone(), OrderStatus::New, state.now);
                if let Some(Fault::OtherTrigger(other)) = fault {
                    resting.trigger = Some(other);
                }
                state.open.push(resting);
                OrderId::new(id)
            }
        };
        if fault == Some(Fault::LostAnswer) { Err(lost()) } else { Ok(id) }
    }

    fn attaches_stops(&self) -> bool {
        self.state().attaches_stops
    }

    async fn place_with_stop(&self, order: &NewOrder, stop: Price) -> Result<OrderId, PlaceError> {
        let before = self.state().fills.len();
        let placed = self.place(order).await;
        let mut state = self.state();
        if let Some(call) = state.calls.iter_mut().rfind(|call| call.starts_with("place")) {
            call.push_str(" with its stop");
        }
        let filled: Vec<Quantity> = state.fills.iter().skip(before).map(|fill| fill.quantity).collect();
        if let (Some(filled), false) = (filled.into_iter().reduce(|sum, it| sum + it), state.loses_attached) {
            let id = state.id();
            let made = NewOrder {
                client_order_id: ClientOrderId::reported(format!("venue-{id}")),
                side: order.side.opposite(),
                kind: OrderKind::StopMarket { trigger: stop, trigger_by: TriggerBy::Last },
                size: OrderSize::Quantity(filled),
                reduce_only: true,
                ..order.clone()
            };
            let made = reported(&made, id, OrderStatus::New, state.now);
            state.open.push(made);
        }
        placed
    }

    async fn amend(&self, _: &Symbol, _: &ClientOrderId, _: Quantity, _: Price) -> Result<(), CommandError> {
        Err(CommandError::Refused(refusal(RefusalReason::UnknownOrder)))
    }

    async fn cancel(&self, _: &Symbol, id: &ClientOrderId) -> Result<(), CommandError> {
        let turns = {
            let mut state = self.state();
            state.cancelling.0 += 1;
            state.cancelling.1 = state.cancelling.1.max(state.cancelling.0);
            state.slow_cancels
        };
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        let mut state = self.command(format!("cancel {id}"))?;
        state.cancelling.0 -= 1;
        let Some(index) = state.open.iter().position(|order| order.client_order_id == *id) else {
            return Err(CommandError::Refused(refusal(RefusalReason::UnknownOrder)));
        };
        let order = state.open.remove(index);
        state.done.push(Order { status: OrderStatus::Canceled, ..order });
        Ok(())
    }

    async fn cancel_all(&self, symbol: &Symbol) -> Result<(), CommandError> {
        self.command(format!("cancel all {symbol}"))?.open.retain(|order| order.symbol != *symbol);
        Ok(())
    }

    async fn cancel_everything(&self, _: &[Order]) -> Result<Option<Vec<OrderId>>, CommandError> {
        if !self.state().cancels_everything {
            return Ok(None);
        }
        let cancelled = std::mem::take(&mut self.command("cancel everything".to_owned())?.open);
        Ok(Some(cancelled.into_iter().map(|order| order.order_id).collect()))
    }

    async fn set_leverage(&self, symbol: &Symbol, leverage: Leverage) -> Result<(), CommandError> {
        let takes = std::mem::take(&mut self.state().leverage_takes);
        self.pass(takes);
        self.command(format!("leverage {leverage} {symbol}"))?.leverage = leverage;
        Ok(())
    }

    async fn set_margin_mode(&self, symbol: &Symbol, mode: MarginMode) -> Result<(), CommandError> {
        self.command(format!("margin mode {mode} {symbol}"))?.margin_mode = mode;
        Ok(())
    }

    async fn set_position_mode(&self, mode: PositionMode) -> Result<(), CommandError> {
        self.command(format!("position mode {mode}"))?.mode = mode;
        Ok(())
    }

    async fn adjust_isolated_margin(
        &self,
        symbol: &Symbol,
        side: PositionSide,
        amount: Money,
    ) -> Result<(), CommandError> {
        let mut state = self.command(format!("margin {amount} {symbol}"))?;
        if state.refuses_margin {
            return Err(CommandError::Refused(refusal(RefusalReason::Other)));
        }
        match state.held.get_mut(&(symbol.clone(), side)) {
            Some(held) => held.margin += amount,
            None => return Err(CommandError::Refused(refusal(RefusalReason::Other))),
        }
        Ok(())
    }
}

#[async_trait]
impl MarketFeed for Venue {
    async fn mark_price(&self, symbol: &Symbol) -> Result<MarkPrice, QueryError> {
        let takes = std::mem::take(&mut self.state().mark_takes);
        self.pass(takes);
        let state = self.see()?;
        Ok(MarkPrice { symbol: symbol.clone(), price: state.marks[symbol], index: None, time: state.now })
    }

    async fn best_quotes(&self, symbol: &Symbol) -> Result<BestQuotes, QueryError> {
        let time = self.see()?.now;
        Ok(BestQuotes { symbol: symbol.clone(), bid: None, ask: None, last: None, time })
    }

    async fn candles(&self, _: &Symbol, _: Duration, _: Timestamp, _: Timestamp) -> Result<Vec<Candle>, QueryError> {
        Ok(Vec::new())
    }

    async fn subscribe(&self, _: &[Symbol]) -> Result<Box<dyn MarketStream>, QueryError> {
        Err(QueryError::Refused(refusal(RefusalReason::Other)))
    }
}

#[async_trait]
impl FundingRates for Venue {
    async fn current(&self, symbol: &Symbol) -> Result<FundingRate, QueryError> {
        let state = self.see()?;
        Ok(FundingRate {
            symbol: symbol.clone(),
            rate: state.rate,
            next_time: None,
            interval_hours: None,
            mark_price: None,
            index_price: None,
            time: state.now,
        })
    }

    async fn history(
        &self,
        symbol: &Symbol,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<SettledFunding>, QueryError> {
        let within = |it: &&SettledFunding| it.symbol == *symbol && it.time >= from && it.time < to;
        Ok(self.see()?.settled.iter().filter(within).cloned().collect())
    }
}

/// Time is the venue's; sleeping makes it pass.
#[async_trait]
impl Clock for Venue {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    async fn sleep(&self, duration: Duration) {
        self.pass(duration);
        tokio::task::yield_now().await;
    }
}
