//! From a decision to what managers are asked for: whatever cannot be is refused before anything is written down.

use super::TradingDesk;
use super::carrying::{Assigned, Task, place_of};
use super::handle::SeatState;
use super::orders::{Standing, Whose};
use super::seats::Waiting;
use crate::desk::SeatIndex;
use plimsoll_domain::{Direction, Instrument, Leverage, Price, Quantity, Rounding, Side, Symbol, TimeInForce};
use plimsoll_ports::{
    CloseIntent, ComposedKind, ComposedOrder, Intent, Leg, OpenIntent, Opening, RestIntent, RestingEffect, SlicedTrade,
    StopLoss, WorkingOrder,
};
use std::sync::Arc;

impl TradingDesk {
    /// Makes every leg ready, and writes down whose each is.
    pub(super) fn prepare(&mut self, seat: SeatIndex, waiting: &Waiting) -> Result<Vec<Assigned>, String> {
        if waiting.decision.legs.iter().any(|leg| leg.intent.adds_exposure()) {
            self.may_add(seat, waiting)?;
        }
        let mut legs = Vec::with_capacity(waiting.decision.legs.len());
        for leg in &waiting.decision.legs {
            legs.push(self.leg(seat, leg, waiting.moment)?);
        }
        let prices = waiting.prices.iter().copied().chain(std::iter::repeat(None));
        for ((assigned, leg), decided) in legs.iter().zip(&waiting.decision.legs).zip(prices) {
            self.register(seat, assigned, leg, decided);
        }
        Ok(legs)
    }

    fn may_add(&self, seat: SeatIndex, waiting: &Waiting) -> Result<(), String> {
        let Some(work) = self.seats.get(seat.get()) else { return Err("nobody sits there".to_owned()) };
        match &work.state {
            SeatState::Running => {}
            SeatState::Paused { by } => return Err(format!("the strategy is paused by {by}")),
            SeatState::Stopped { why } => return Err(format!("the strategy is stopped: {why}")),
        }
        let waited = self.clock.now().since(waiting.at);
        if waited > self.settings.stale_after {
            return Err(format!("its turn came {} s after it was decided", waited.as_secs()));
        }
        for leg in waiting.decision.legs.iter().filter(|leg| leg.intent.adds_exposure()) {
            let contract = (leg.account.clone(), leg.intent.symbol().clone());
            let last = work.opened.get(&contract);
            // Whoever decided it knew nothing of the opening that was under way.
            if last.is_some_and(|(decided, done)| waiting.moment != *decided && waiting.moment < *done) {
                return Err(format!("it was decided while another opening of {} was under way", contract.1));
            }
        }
        Ok(())
    }

    fn leg(&self, seat: SeatIndex, leg: &Leg, moment: u64) -> Result<Assigned, String> {
        let not_here = || format!("account '{}' is not traded here", leg.account);
        let account = place_of(&self.names, &leg.account).ok_or_else(not_here)?;
        let on = self.accounts[account].account.clone();
        let manager = Arc::clone(&on.manager);
        let task = match &leg.intent {
            Intent::Open(open) => {
                self.has_price(account, &open.symbol)?;
                self.refuse_opposite(seat, account, &open.symbol, open.direction)?;
                let stop_loss = self.nearest(seat, account, &open.symbol, open.direction, &open.stop_loss);
                let intent = OpenIntent { stop_loss, ..open.clone() };
                Task::Open { intent, name: manager.name_intent(), undo: manager.name_intent() }
            }
            Intent::Rest(rest) => {
                let order = self.resting(seat, account, rest)?;
                Task::Rest { order, name: manager.name_intent(), label: rest.label.clone() }
            }
            Intent::Close(close) => {
                let CloseIntent { symbol, direction, quantity } = close;
                let held = self.desk.own(seat, account).and_then(|own| own.holding(symbol));
                let Some(held) = held.filter(|held| held.position.direction == *direction) else {
                    return Err(format!("no {direction} of {symbol} is held"));
                };
                let held = held.position.quantity;
                let quantity = Some(quantity.map_or(held, |quantity| quantity.min(held)));
                let intent = CloseIntent { symbol: symbol.clone(), direction: *direction, quantity };
                Task::Close { intent, name: manager.name_intent() }
            }
            Intent::MoveStop { symbol, direction, trigger } => {
                let held = self.desk.own(seat, account).and_then(|own| own.holding(symbol));
                if held.is_none_or(|held| held.position.direction != *direction) {
                    return Err(format!("no {direction} of {symbol} is held"));
                }
                let wanted = StopLoss::At(*trigger);
                let nearest = self.nearest(seat, account, symbol, *direction, &wanted).price().unwrap_or(*trigger);
                Task::MoveStop { symbol: symbol.clone(), direction: *direction, own: *trigger, trigger: nearest }
            }
            Intent::Cancel { symbol, label } => {
                let gone = || format!("no order '{label}' rests");
                let own = self.desk.own(seat, account).ok_or_else(gone)?;
                if !own.orders().iter().any(|order| order.symbol == *symbol && order.label == *label) {
                    return Err(gone());
                }
                let name = self.intents.labelled(seat, &leg.account, symbol, label).ok_or_else(gone)?;
                Task::Cancel { name: name.clone() }
            }
        };
        Ok(Assigned { account, on, moment, task })
    }

    fn resting(&self, seat: SeatIndex, account: usize, rest: &RestIntent) -> Result<ComposedOrder, String> {
        let RestIntent { symbol, label, side, quantity, price, effect } = rest;
        let instrument = self.has_price(account, symbol)?;
        let own = self.desk.own(seat, account);
        if own.is_some_and(|own| own.orders().iter().any(|it| it.symbol == *symbol && it.label == *label)) {
            return Err(format!("an order '{label}' rests already"));
        }
        let quantity = in_lots(*quantity, instrument)?;
        let opened = match side {
            Side::Buy => Direction::Long,
            Side::Sell => Direction::Short,
        };
        let (direction, kind) = match effect {
            RestingEffect::Reduces => {
                let trade = SlicedTrade::Close(quantity);
                (opened.opposite(), ComposedKind::Iceberg { trade, price: *price, visible: quantity })
            }
            RestingEffect::Opens { leverage, stop_loss } => {
                self.refuse_opposite(seat, account, symbol, opened)?;
                let stop_loss = self.nearest(seat, account, symbol, opened, stop_loss);
                let opening = Opening { quantity, leverage: *leverage, stop_loss, take_profit: None };
                (opened, ComposedKind::Bracket { opening, price: *price, time_in_force: TimeInForce::PostOnly })
            }
        };
        Ok(ComposedOrder { symbol: symbol.clone(), direction, kind })
    }

    fn has_price(&self, account: usize, symbol: &Symbol) -> Result<&Instrument, String> {
        let market = self.accounts[account].market(symbol);
        let market = market.ok_or_else(|| format!("{symbol} is not traded on this account"))?;
        if market.mark.is_none() {
            return Err(format!("{symbol} has no price yet"));
        }
        Ok(&market.instrument)
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
        let opposite = direction.opposite().opening_side();
        let id = &self.names[account];
        for other in self.desk.seats().filter(|other| *other != seat) {
            let orders = self.desk.own(other, account).map_or(&[][..], |own| own.orders());
            let opens = |order: &&WorkingOrder| {
                let intent = self.intents.labelled(other, id, symbol, &order.label);
                intent.and_then(|intent| self.intents.of(intent)).is_some_and(|whose| whose.opens)
            };
            let rests = orders.iter().filter(|it| it.symbol == *symbol && it.side == opposite).any(|it| opens(&it));
            if rests {
                let other = self.desk.name(other);
                return Err(format!("strategy '{other}' has an opening of {symbol} resting in the other direction"));
            }
        }
        match self.desk.held_by_others(seat, account, symbol) {
            Some((other, held)) if held != direction => {
                Err(format!("strategy '{}' holds a {held} of {symbol} on this account", self.desk.name(other)))
            }
            _ => Ok(()),
        }
    }

    /// The stop that is wanted, or one of another strategy that holds the same and wants it nearer: a position has one.
    fn nearest(
        &self,
        seat: SeatIndex,
        account: usize,
        symbol: &Symbol,
        direction: Direction,
        wanted: &StopLoss,
    ) -> StopLoss {
        let StopLoss::At(wanted) = wanted else { return wanted.clone() };
        let others = self.desk.seats().filter(|other| *other != seat);
        let stops = others.filter_map(|other| self.desk.own(other, account)?.holding(symbol)?.stop);
        StopLoss::At(stops.fold(*wanted, |near, stop| match direction {
            Direction::Long => near.max(stop),
            Direction::Short => near.min(stop),
        }))
    }

    fn register(&mut self, seat: SeatIndex, assigned: &Assigned, leg: &Leg, decided: Option<Price>) {
        let Assigned { account, task, .. } = assigned;
        let symbol = leg.intent.symbol().clone();
        let tick = |direction: Direction, stop: &StopLoss| -> Option<Price> {
            let stop = stop.price()?;
            let market = self.accounts[*account].market(&symbol);
            market.and_then(|market| market.instrument.stop_price(direction, stop)).or(Some(stop))
        };
        let (label, opens, leverage, stop) = match &leg.intent {
            Intent::Open(open) => (None, true, open.leverage, tick(open.direction, &open.stop_loss)),
            Intent::Rest(rest) => match &rest.effect {
                RestingEffect::Opens { leverage, stop_loss } => {
                    let direction = if rest.side == Side::Buy { Direction::Long } else { Direction::Short };
                    (Some(rest.label.clone()), true, *leverage, tick(direction, stop_loss))
                }
                RestingEffect::Reduces => (Some(rest.label.clone()), false, Leverage::ONE, None),
            },
            _ => (None, false, Leverage::ONE, None),
        };
        let standing = if label.is_some() { Standing::Begins } else { Standing::Over };
        let account_id = leg.account.clone();
        // What rests fills at its own price, whatever the last one was when it was decided.
        let decided = decided.filter(|_| label.is_none());
        let whose = Whose {
            seat,
            account: account_id,
            symbol: symbol.clone(),
            label,
            standing,
            opens,
            leverage,
            stop,
            decided,
        };
        match task {
            Task::Open { name, undo, .. } => {
                let closes = Whose { opens: false, stop: None, decided: None, ..whose.clone() };
                self.intents.add(name.clone(), whose);
                self.intents.add(undo.clone(), closes);
            }
            Task::Rest { name, order, label } => {
                let quantity = match &order.kind {
                    ComposedKind::Bracket { opening, .. } => opening.quantity,
                    ComposedKind::Iceberg { trade, .. } => trade.quantity(),
                    _ => return,
                };
                self.intents.add(name.clone(), whose);
                if let (Intent::Rest(rest), Some(own)) = (&leg.intent, self.desk.own_mut(seat, *account)) {
                    let (side, price, label) = (rest.side, rest.price, label.clone());
                    own.rests(WorkingOrder { symbol, label, side, price, quantity, filled: None });
                }
            }
            Task::Close { name, .. } => self.intents.add(name.clone(), whose),
            Task::MoveStop { .. } | Task::Cancel { .. } => {}
        }
    }
}

fn in_lots(quantity: Quantity, instrument: &Instrument) -> Result<Quantity, String> {
    let rounded = quantity.round(instrument.lot, Rounding::Down);
    rounded.ok_or_else(|| format!("{quantity} is less than a lot of {}", instrument.lot.get()))
}
