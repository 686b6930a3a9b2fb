//! Stops and targets: one of each for a position, which close it whole at the exchange.

use super::Run;
use super::account::Account;
use plimsoll_domain::{
    ClientOrderId, Direction, NewOrder, OrderKind, OrderSize, PositionSide, Price, Symbol, TriggerBy,
};
use plimsoll_engine::desk::SeatIndex;
use plimsoll_exchange::OrderRef;
use plimsoll_ports::StopLoss;

/// What rests for a contract.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Protection {
    stop: Option<(ClientOrderId, Price)>,
    target: Option<(ClientOrderId, Price)>,
    /// Where the target is to be.
    pub(super) wanted_target: Option<Price>,
}

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Stop,
    Target,
}

impl Which {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Stop => "stop-loss",
            Self::Target => "take-profit",
        }
    }
}

impl Protection {
    const fn of(&self, which: Which) -> Option<&(ClientOrderId, Price)> {
        match which {
            Which::Stop => self.stop.as_ref(),
            Which::Target => self.target.as_ref(),
        }
    }

    pub(super) fn clear(&mut self, which: Which) {
        self.set(which, None);
    }

    fn set(&mut self, which: Which, order: Option<(ClientOrderId, Price)>) {
        match which {
            Which::Stop => self.stop = order,
            Which::Target => (self.target, self.wanted_target) = (order, None),
        }
    }

    pub(super) const fn stop(&self) -> Option<Price> {
        match &self.stop {
            Some((_, price)) => Some(*price),
            None => None,
        }
    }
}

impl Account {
    /// Which protection the order of this name is.
    pub(super) fn protection_of(&self, id: &ClientOrderId) -> Option<(usize, Which)> {
        self.protection.iter().enumerate().find_map(|(place, it)| {
            let is_it = |order: &Option<(ClientOrderId, Price)>| order.as_ref().is_some_and(|(name, _)| name == id);
            match (is_it(&it.stop), is_it(&it.target)) {
                (true, _) => Some((place, Which::Stop)),
                (_, true) => Some((place, Which::Target)),
                _ => None,
            }
        })
    }
}

impl Run {
    /// Every contract of the account has the protection that its holders want, and nothing rests for what is not held.
    pub(super) fn protect_all(&mut self, account: usize) {
        for place in 0..self.accounts[account].markets.len() {
            self.protect(account, place);
        }
    }

    fn protect(&mut self, account: usize, place: usize) {
        let market = &self.accounts[account].markets[place];
        let Some(held) = market.position else {
            if self.accounts[account].protection[place] != Protection::default() {
                self.clear_away(account, place, Which::Stop);
                self.clear_away(account, place, Which::Target);
                self.accounts[account].protection[place] = Protection::default();
            }
            return;
        };
        let symbol = market.instrument.symbol.clone();
        let stops = self.desk.seats().filter_map(|seat| self.desk.own(seat, account)?.holding(&symbol)?.stop);
        // The nearest of those that its holders want closes it whole.
        let stop = match held.direction {
            Direction::Long => stops.max(),
            Direction::Short => stops.min(),
        };
        if let Some(stop) = stop
            && self.accounts[account].protection[place].stop() != Some(stop)
            && let Err(reason) = self.rest(account, place, Which::Stop, held.direction, stop)
        {
            self.incident(
                "closed_unprotected",
                format!("{symbol} is closed, since its stop at {stop} was refused: {reason}"),
            );
            self.close_whole(account, place, held.direction);
            return;
        }
        if let Some(target) = self.accounts[account].protection[place].wanted_target.take()
            && let Err(reason) = self.rest(account, place, Which::Target, held.direction, target)
        {
            self.incident("target_refused", format!("{symbol} has no target at {target}: {reason}"));
        }
    }

    /// The new order first, then the earlier one goes.
    fn rest(
        &mut self,
        account: usize,
        place: usize,
        which: Which,
        direction: Direction,
        trigger: Price,
    ) -> Result<(), String> {
        let id = self.next_id();
        let symbol = self.accounts[account].markets[place].instrument.symbol.clone();
        let trigger_by = TriggerBy::Mark;
        let order = NewOrder {
            client_order_id: id.clone(),
            symbol,
            side: direction.closing_side(),
            position_side: PositionSide::Both,
            kind: match which {
                Which::Stop => OrderKind::StopMarket { trigger, trigger_by },
                Which::Target => OrderKind::TakeProfitMarket { trigger, trigger_by },
            },
            size: OrderSize::WholePosition,
            reduce_only: false,
        };
        let it = &mut self.accounts[account];
        it.exchange.place(&it.id, &order).map_err(|rejection| rejection.to_string())?;
        self.clear_away(account, place, which);
        self.accounts[account].protection[place].set(which, Some((id, trigger)));
        Ok(())
    }

    fn clear_away(&mut self, account: usize, place: usize, which: Which) {
        let it = &mut self.accounts[account];
        let Some((id, _)) = it.protection[place].of(which).cloned() else { return };
        it.protection[place].clear(which);
        // One that has just fired is gone already.
        drop(it.exchange.cancel_conditional(&it.id, &OrderRef::Client(id)));
    }

    pub(super) fn move_stop(
        &mut self,
        seat: SeatIndex,
        account: usize,
        symbol: &Symbol,
        direction: Direction,
        trigger: Price,
    ) -> Result<(), String> {
        let place = self.place_of(account, symbol)?;
        let market = &self.accounts[account].markets[place];
        let Some(trigger) = market.instrument.stop_price(direction, trigger) else {
            return Err(format!("{trigger} is no price of {symbol}"));
        };
        right_side("stop-loss", Some(trigger), direction.opposite(), market.mark)?;
        let own = self.desk.own_mut(seat, account);
        let held = own.filter(|own| own.holding(symbol).is_some_and(|held| held.position.direction == direction));
        let Some(own) = held else { return Err(format!("no {direction} of {symbol} is held")) };
        own.stop_at(symbol, Some(trigger));
        self.account_for(account);
        Ok(())
    }

    /// Where the stop will be; `None` if there will be none.
    pub(super) fn stop_of(
        &self,
        account: usize,
        place: usize,
        direction: Direction,
        stop: &StopLoss,
    ) -> Result<Option<Price>, String> {
        match stop {
            // On the tick, where it fires sooner; one that is nowhere is no waiver.
            StopLoss::At(price) => {
                let instrument = &self.accounts[account].markets[place].instrument;
                let rests = instrument.stop_price(direction, *price);
                rests.map(Some).ok_or_else(|| format!("the stop at {price} is no price of {}", instrument.symbol))
            }
            StopLoss::Resting => match self.accounts[account].protection[place].stop() {
                Some(price) => Ok(Some(price)),
                None => Err("no stop rests that it could rely on".to_owned()),
            },
            StopLoss::Waived(_) => Ok(None),
        }
    }
}

/// A price is on the side of `from` that a move in `direction` reaches.
pub(super) fn right_side(what: &str, price: Option<Price>, direction: Direction, from: Price) -> Result<(), String> {
    let Some(price) = price else { return Ok(()) };
    let is_right = match direction {
        Direction::Long => price > from,
        Direction::Short => price < from,
    };
    if is_right { Ok(()) } else { Err(format!("the {what} at {price} is on the wrong side of {from}")) }
}

/// The same stop, where it will rest.
pub(super) fn on_tick(stop: &StopLoss, rests: Option<Price>) -> StopLoss {
    match (stop, rests) {
        (StopLoss::At(_), Some(price)) => StopLoss::At(price),
        (stop, _) => stop.clone(),
    }
}
