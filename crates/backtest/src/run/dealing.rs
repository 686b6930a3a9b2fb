//! Decisions, carried out.

use super::protecting::{on_tick, right_side};
use super::told::{Role, Sent};
use super::{MOST_ROUNDS, Run, RunError};
use plimsoll_domain::{
    ClientOrderId, Direction, NewOrder, OrderKind, OrderSize, OrderStatus, PositionSide, Price, Quantity, Side, Symbol,
    TimeInForce,
};
use plimsoll_engine::desk::{Netted, SeatIndex, Seen, Wanted};
use plimsoll_exchange::OrderRef;
use plimsoll_ports::{
    CloseIntent, Decision, Intent, Leg, OpenIntent, RestIntent, RestingEffect, StrategyEvent, WorkingOrder,
};

/// What one leg has opened: what is closed again where another leg fails.
struct Opened {
    account: usize,
    symbol: Symbol,
    direction: Direction,
    quantity: Quantity,
}

/// What was decided, and the last price of each leg's contract at that moment.
#[derive(Debug)]
pub(super) struct Priced {
    wanted: Wanted,
    prices: Vec<Option<Price>>,
}

impl Run {
    /// Carries out what was decided, and what is decided in answer to that.
    pub(super) fn decide(&mut self) -> Result<(), RunError> {
        let mut rounds = 0;
        while !self.wanted.is_empty() {
            rounds += 1;
            let mut wanted = std::mem::take(&mut self.wanted);
            if rounds > MOST_ROUNDS {
                let seat = wanted.first().map(|it| self.desk.name(it.seat).to_owned());
                return Err(RunError::Endless(seat.unwrap_or_default()));
            }
            for it in &wanted {
                self.digest.decision(self.now, self.desk.name(it.seat), &it.decision, self.settings.keeps_records);
            }
            for Netted { seat, decision, left } in self.desk.net(&mut wanted) {
                if left.is_none() {
                    self.refuse(seat, &decision, "another strategy wants the opposite at this moment");
                }
            }
            for it in wanted {
                let prices = it.decision.legs.iter().map(|leg| self.last_price(leg)).collect();
                let it = Priced { wanted: it, prices };
                if self.settings.latency.is_zero() {
                    self.carry_out(it);
                } else {
                    self.underway.push_back((self.now.plus(self.settings.latency), it));
                }
            }
        }
        Ok(())
    }

    /// Carries out what has arrived by now.
    pub(super) fn arrive(&mut self) -> Result<(), RunError> {
        while self.underway.front().is_some_and(|(due, _)| *due <= self.now) {
            let Some((_, priced)) = self.underway.pop_front() else { break };
            self.carry_out(priced);
        }
        self.decide()
    }

    fn last_price(&self, leg: &Leg) -> Option<Price> {
        let account = self.accounts.iter().find(|account| account.id == leg.account)?;
        account.markets().iter().find(|market| market.instrument.symbol == *leg.intent.symbol())?.last
    }

    fn carry_out(&mut self, priced: Priced) {
        let Priced { wanted: Wanted { seat, decision }, prices } = priced;
        let mut opened: Vec<Opened> = Vec::new();
        for (leg, decided) in decision.legs.iter().zip(prices) {
            match self.leg(seat, leg, decided) {
                Ok(it) => opened.extend(it),
                Err(reason) => {
                    for it in opened {
                        let quantity = Some(it.quantity);
                        let close = CloseIntent { symbol: it.symbol, direction: it.direction, quantity };
                        if let Err(error) = self.close(seat, it.account, &close, None) {
                            self.incident("leg_left", format!("a leg could not be taken back: {error}"));
                        }
                    }
                    return self.refuse(seat, &decision, &reason);
                }
            }
        }
    }

    fn refuse(&mut self, seat: SeatIndex, decision: &Decision, reason: &str) {
        let text = format!("{}: {} was refused: {reason}", self.desk.name(seat), decision.reason);
        self.incident("refused", text);
        let Self { desk, accounts, wanted, now, .. } = self;
        desk.tell(seat, *now, accounts, &StrategyEvent::Refused { decision, reason }, wanted);
    }

    fn leg(&mut self, seat: SeatIndex, leg: &Leg, decided: Option<Price>) -> Result<Option<Opened>, String> {
        let Some(account) = self.accounts.iter().position(|account| account.id == leg.account) else {
            return Err(format!("account '{}' is not traded here", leg.account));
        };
        match &leg.intent {
            Intent::Open(open) => self.open(seat, account, open, decided).map(Some),
            Intent::Rest(rest) => self.rest_order(seat, account, rest).map(|()| None),
            Intent::Close(close) => self.close(seat, account, close, decided).map(|()| None),
            Intent::MoveStop { symbol, direction, trigger } => {
                self.move_stop(seat, account, symbol, *direction, *trigger).map(|()| None)
            }
            Intent::Cancel { symbol, label } => self.cancel(seat, account, symbol, label).map(|()| None),
        }
    }

    pub(super) fn next_id(&mut self) -> ClientOrderId {
        self.orders += 1;
        ClientOrderId::reported(self.orders.to_string())
    }

    pub(super) fn place_of(&self, account: usize, symbol: &Symbol) -> Result<usize, String> {
        let it = &self.accounts[account];
        let place = it.place_of(symbol).ok_or_else(|| format!("{symbol} is not traded on this account"))?;
        if it.has_price(place) { Ok(place) } else { Err(format!("{symbol} has no price yet")) }
    }

    fn open(
        &mut self,
        seat: SeatIndex,
        account: usize,
        open: &OpenIntent,
        decided: Option<Price>,
    ) -> Result<Opened, String> {
        let place = self.place_of(account, &open.symbol)?;
        let (direction, mark) = (open.direction, self.accounts[account].markets[place].mark);
        self.refuse_opposite(seat, account, &open.symbol, direction)?;
        let instrument = &self.accounts[account].markets[place].instrument;
        let quantity = instrument.market_size(open.quantity, mark).map_err(|unfit| unfit.to_string())?;
        let stop = self.stop_of(account, place, direction, &open.stop_loss)?;
        right_side("stop-loss", stop, direction.opposite(), mark)?;
        right_side("take-profit", open.take_profit, direction, mark)?;
        self.check(account, place, open, quantity, stop)?;
        self.set_leverage(account, place, open.leverage)?;
        let symbol = open.symbol.clone();
        let sent = Sent {
            seat,
            symbol,
            role: Role::Entry,
            leverage: open.leverage,
            stop: Some(on_tick(&open.stop_loss, stop)),
            decided,
        };
        self.accounts[account].protection[place].wanted_target = open.take_profit;
        let sent = self.market(account, &open.symbol, direction.opening_side(), (quantity, false), sent);
        if sent.is_err() {
            self.accounts[account].protection[place].wanted_target = None;
        }
        sent?;
        Ok(Opened { account, symbol: open.symbol.clone(), direction, quantity })
    }

    fn close(
        &mut self,
        seat: SeatIndex,
        account: usize,
        close: &CloseIntent,
        decided: Option<Price>,
    ) -> Result<(), String> {
        let CloseIntent { symbol, direction, quantity } = close;
        let held = self.desk.own(seat, account).and_then(|own| own.holding(symbol));
        let Some(held) = held.filter(|held| held.position.direction == *direction) else {
            return Err(format!("no {direction} of {symbol} is held"));
        };
        let (leverage, held) = (held.leverage, held.position.quantity);
        let quantity = quantity.map_or(held, |quantity| quantity.min(held));
        let sent = Sent { seat, symbol: symbol.clone(), role: Role::Exit, leverage, stop: None, decided };
        self.market(account, symbol, direction.closing_side(), (quantity, true), sent)
    }

    /// Sends a market order and accounts for what it did.
    fn market(
        &mut self,
        account: usize,
        symbol: &Symbol,
        side: Side,
        (quantity, reduce_only): (Quantity, bool),
        sent: Sent,
    ) -> Result<(), String> {
        let id = self.next_id();
        let order = NewOrder {
            client_order_id: id.clone(),
            symbol: symbol.clone(),
            side,
            position_side: PositionSide::Both,
            kind: OrderKind::Market,
            size: OrderSize::Quantity(quantity),
            reduce_only,
        };
        let it = &mut self.accounts[account];
        it.sent.insert(id.clone(), sent);
        let placed = it.exchange.place(&it.id, &order);
        if let Err(rejection) = placed {
            it.sent.remove(&id);
            return Err(rejection.to_string());
        }
        self.account_for(account);
        Ok(())
    }

    /// What protection that was refused leaves: nothing is held without.
    pub(super) fn close_whole(&mut self, account: usize, place: usize, direction: Direction) {
        let Some(held) = self.accounts[account].markets[place].position else { return };
        let order = NewOrder {
            client_order_id: self.next_id(),
            symbol: self.accounts[account].markets[place].instrument.symbol.clone(),
            side: direction.closing_side(),
            position_side: PositionSide::Both,
            kind: OrderKind::Market,
            size: OrderSize::Quantity(held.quantity),
            reduce_only: true,
        };
        let it = &mut self.accounts[account];
        if let Err(rejection) = it.exchange.place(&it.id, &order) {
            self.incident("left_open", format!("{} could not be closed: {rejection}", order.symbol));
        }
    }

    fn rest_order(&mut self, seat: SeatIndex, account: usize, rest: &RestIntent) -> Result<(), String> {
        let place = self.place_of(account, &rest.symbol)?;
        let own = self.desk.own(seat, account);
        if own.is_some_and(|own| own.orders().iter().any(|it| it.symbol == rest.symbol && it.label == rest.label)) {
            return Err(format!("an order '{}' rests already", rest.label));
        }
        let (reduce_only, stop, leverage) = match &rest.effect {
            RestingEffect::Reduces => (true, None, None),
            RestingEffect::Opens { leverage, stop_loss } => {
                let direction = match rest.side {
                    Side::Buy => Direction::Long,
                    Side::Sell => Direction::Short,
                };
                self.refuse_opposite(seat, account, &rest.symbol, direction)?;
                let trigger = self.stop_of(account, place, direction, stop_loss)?;
                right_side("stop-loss", trigger, direction.opposite(), rest.price)?;
                let open = OpenIntent {
                    symbol: rest.symbol.clone(),
                    direction,
                    quantity: rest.quantity,
                    leverage: *leverage,
                    stop_loss: stop_loss.clone(),
                    take_profit: None,
                };
                self.check(account, place, &open, rest.quantity, trigger)?;
                self.set_leverage(account, place, *leverage)?;
                (false, Some(on_tick(stop_loss, trigger)), Some(*leverage))
            }
        };
        let id = self.next_id();
        let order = NewOrder {
            client_order_id: id.clone(),
            symbol: rest.symbol.clone(),
            side: rest.side,
            position_side: PositionSide::Both,
            kind: OrderKind::Limit { price: rest.price, time_in_force: TimeInForce::PostOnly },
            size: OrderSize::Quantity(rest.quantity),
            reduce_only,
        };
        let leverage = leverage.unwrap_or(plimsoll_domain::Leverage::ONE);
        let it = &mut self.accounts[account];
        let placed = it.exchange.place(&it.id, &order).map_err(|rejection| rejection.to_string())?;
        if placed.status == OrderStatus::Expired || placed.status == OrderStatus::Rejected {
            self.account_for(account);
            return Err("it would take liquidity".to_owned());
        }
        let role = Role::Resting(rest.label.clone());
        it.sent.insert(id, Sent { seat, symbol: rest.symbol.clone(), role, leverage, stop, decided: None });
        if let Some(own) = self.desk.own_mut(seat, account) {
            own.rests(WorkingOrder {
                symbol: rest.symbol.clone(),
                label: rest.label.clone(),
                side: rest.side,
                price: rest.price,
                quantity: placed.quantity.unwrap_or(rest.quantity),
                filled: None,
            });
        }
        self.account_for(account);
        Ok(())
    }

    fn cancel(&mut self, seat: SeatIndex, account: usize, symbol: &Symbol, label: &str) -> Result<(), String> {
        let is_it = |sent: &Sent| {
            sent.seat == seat && sent.symbol == *symbol && matches!(&sent.role, Role::Resting(its) if its == label)
        };
        let found = self.accounts[account].sent.iter().find(|(_, sent)| is_it(sent)).map(|(id, _)| id.clone());
        let Some(id) = found else { return Err(format!("no order '{label}' rests")) };
        self.call_off(account, symbol, id)?;
        self.account_for(account);
        Ok(())
    }

    pub(super) fn call_off(&mut self, account: usize, symbol: &Symbol, id: ClientOrderId) -> Result<(), String> {
        let it = &mut self.accounts[account];
        it.exchange.cancel(&it.id, symbol, &OrderRef::Client(id)).map_err(|rejection| rejection.to_string())?;
        Ok(())
    }

    /// Every order of the account that would open something is cancelled.
    pub(super) fn cancel_openings(&mut self, account: usize) {
        let it = &self.accounts[account];
        let mut openings: Vec<(ClientOrderId, Symbol)> = Vec::new();
        for order in it.exchange.open_orders(&it.id) {
            let id = order.order.client_order_id;
            if it.sent.get(&id).is_some_and(|sent| sent.stop.is_some()) {
                openings.push((id, order.order.symbol));
            }
        }
        for (id, symbol) in openings {
            if let Err(reason) = self.call_off(account, &symbol, id) {
                self.incident("left_resting", format!("an opening of {symbol} could not be cancelled: {reason}"));
            }
        }
        self.account_for(account);
    }

    /// Everything that the account holds is closed at the market.
    pub(super) fn close_all(&mut self, account: usize) {
        for place in 0..self.accounts[account].markets.len() {
            if let Some(held) = self.accounts[account].markets[place].position {
                self.close_whole(account, place, held.direction);
                self.account_for(account);
            }
        }
    }

    /// An account holds a contract one way.
    fn refuse_opposite(
        &self,
        seat: SeatIndex,
        account: usize,
        symbol: &Symbol,
        direction: Direction,
    ) -> Result<(), String> {
        let own = self.desk.own(seat, account).and_then(|own| own.holding(symbol));
        if own.is_some_and(|own| own.position.direction != direction) {
            return Err(format!("a {} of {symbol} is held: it is to be closed first", direction.opposite()));
        }
        if self.resting_openings(account, symbol, direction.opposite(), Some(seat)).is_some() {
            return Err(format!("another strategy has an opening of {symbol} resting in the other direction"));
        }
        match self.desk.held_by_others(seat, account, symbol) {
            Some((other, held)) if held != direction => {
                Err(format!("strategy '{}' holds a {held} of {symbol} on this account", self.desk.name(other)))
            }
            _ => Ok(()),
        }
    }

    fn set_leverage(
        &mut self,
        account: usize,
        place: usize,
        leverage: plimsoll_domain::Leverage,
    ) -> Result<(), String> {
        let it = &mut self.accounts[account];
        let market = &mut it.markets[place];
        if market.leverage == Some(leverage) {
            return Ok(());
        }
        it.exchange
            .set_leverage(&it.id, &market.instrument.symbol, leverage)
            .map_err(|rejection| rejection.to_string())?;
        market.leverage = Some(leverage);
        Ok(())
    }
}
