//! Trading on one account, on the exchange itself: whatever makes it tell.

use super::exchange::Counted;
use super::listed;
use super::plan::Plan;
use super::said::Told;
use super::venue::Wire;
use plimsoll_domain::{
    AccountId, ClientOrderId, Decimal, Direction, Instrument, Leverage, MarginMode, Money, NewOrder, OrderId,
    OrderKind, OrderSize, PositionMode, PositionSide, Price, Quantity, Rounding, Side, Symbol, TimeInForce, Timestamp,
    TriggerBy,
};
use plimsoll_exchange::{Exchange, OrderRef, Rejection, Tick};
use plimsoll_ports::{Clock, SystemClock};
use plimsoll_trial::random::Random;
use plimsoll_venue_server::Running;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// So many contracts are traded: few, so that each is traded a lot.
pub(super) const CONTRACTS: usize = 6;

/// So many orders rest at most, and so many stops.
const RESTING: usize = 48;
const STOPS: usize = 12;

/// So often it is looked whether it is time for more.
const BEAT: Duration = Duration::from_millis(5);

/// So much is done between two beats at most: what could not be done in time is done later, but not at once.
const AT_ONCE: u32 = 400;

/// One account at one venue, and who trades on it.
pub(super) struct Trading {
    pub(super) venue: Arc<Running>,
    pub(super) account: AccountId,
    contracts: Vec<Instrument>,
    prices: Vec<Price>,
    hedges: bool,
    random: Random,
    time: Timestamp,
    placed: u64,
    resting: VecDeque<(Symbol, OrderId)>,
    stops: VecDeque<OrderId>,
    pub(super) refused: u64,
    /// What was told before trading began.
    before: Told,
    counted: Arc<Counted>,
}

impl Trading {
    pub(super) fn new(wire: Wire, venue: Arc<Running>, account: AccountId, plan: &Plan, counted: Arc<Counted>) -> Self {
        let (contracts, hedges) = (listed::contracts(wire, CONTRACTS), hedges(wire, plan.seed));
        let mut it = Self {
            prices: vec![listed::opening(); CONTRACTS],
            time: venue.exchange(|exchange| exchange.now()),
            venue,
            account,
            contracts,
            hedges,
            random: Random::of(plan.seed, &format!("trading on {wire}")),
            placed: 0,
            resting: VecDeque::new(),
            stops: VecDeque::new(),
            refused: 0,
            before: Told::default(),
            counted,
        };
        it.set_up();
        it.before = it.told_in_all();
        it
    }

    /// Half of the accounts hedge; two of the contracts are isolated.
    fn set_up(&mut self) {
        let (account, hedges, contracts) = (&self.account, self.hedges, &self.contracts);
        self.venue.exchange(|exchange| {
            if hedges {
                exchange.set_position_mode(account, PositionMode::Hedge).expect("nothing is held");
            }
            for contract in contracts.iter().take(2) {
                exchange.set_margin_mode(account, &contract.symbol, MarginMode::Isolated).expect("nothing is held");
            }
        });
    }

    /// Trades for so long, so that so much is told a second; how long it took.
    pub(super) async fn trade(&mut self, rate: u64, length: Duration) -> Duration {
        let began = Instant::now();
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            let traded = began.elapsed().min(length);
            let due = u64::try_from(traded.as_micros()).unwrap_or(u64::MAX).saturating_mul(rate) / 1_000_000;
            self.moves();
            for _ in 0..AT_ONCE {
                if self.told().events >= due {
                    break;
                }
                self.acts();
            }
            self.counted.set(self.told());
            if began.elapsed() >= length {
                return began.elapsed();
            }
        }
    }

    /// Time passes, and nothing else.
    pub(super) fn pass(&mut self) {
        self.tick(0);
    }

    /// What was told since trading began.
    pub(super) fn told(&self) -> Told {
        let told = self.told_in_all();
        Told { events: told.events - self.before.events, fills: told.fills - self.before.fills }
    }

    /// A fill is told with its order's update, as a fill, and as a change of the position and of the balance.
    fn told_in_all(&self) -> Told {
        let totals = self.venue.exchange(|exchange| exchange.totals(&self.account)).unwrap_or_default();
        Told { events: totals.events + 3 * totals.fills, fills: totals.fills }
    }

    fn tick(&mut self, contract: usize) {
        let now = SystemClock.now();
        self.time = self.time.max(now);
        let (Some(instrument), Some(price)) = (self.contracts.get(contract), self.prices.get(contract)) else { return };
        let tick = Tick::at(instrument.symbol.clone(), self.time, *price);
        self.venue.advance([&tick]).expect("ticks are in order");
    }

    /// A price goes a few steps, and not far from where it began.
    fn moves(&mut self) {
        let contract = self.contract();
        let steps = Decimal::from(self.random.between(0, 12)) - Decimal::from(6);
        let opening = listed::opening().get();
        let (Some(instrument), Some(price)) = (self.contracts.get(contract), self.prices.get_mut(contract)) else {
            return;
        };
        let next = price.get() + steps * instrument.tick.get();
        let is_near = (next - opening).abs() < opening * Decimal::new(1, 2);
        if let Some(next) = Price::new(next).ok().filter(|_| is_near) {
            *price = next;
        }
        self.tick(contract);
    }

    fn contract(&mut self) -> usize {
        usize::try_from(self.random.between(0, 1_000_000)).unwrap_or(0) % CONTRACTS
    }

    /// One thing is done, at the time of now.
    fn acts(&mut self) {
        let contract = self.contract();
        if self.time.as_millis() < SystemClock.now().as_millis() {
            self.tick(contract);
        }
        let done = match self.random.between(0, 999) {
            0..150 => self.trades(contract),
            150..350 => self.rests(contract),
            350..520 => self.cancels(),
            520..930 => self.amends(),
            930..965 => self.stops(contract),
            965..985 => self.cancels_a_stop(),
            985..990 => self.sets_leverage(contract),
            990..995 => self.transfers(),
            _ => self.adjusts_margin(),
        };
        if done.is_err() {
            self.refused += 1;
        }
    }

    /// At the market; what is held grows to a few thousand, and shrinks again.
    fn trades(&mut self, contract: usize) -> Result<(), Rejection> {
        let opens = self.random.percent(50);
        let Some(order) = self.order(contract, opens, OrderKind::Market) else { return Ok(()) };
        self.place(order).map(drop)
    }

    /// At a few steps from the market, where moves reach it, or far from it, where it rests until it is cancelled.
    fn rests(&mut self, contract: usize) -> Result<(), Rejection> {
        if self.resting.len() >= RESTING {
            return self.cancels();
        }
        let steps = if self.random.percent(30) { self.random.between(1, 6) } else { self.random.between(3000, 6000) };
        let Some(mut order) = self.order(contract, true, OrderKind::Market) else { return Ok(()) };
        let Some(price) = self.away(contract, order.side, steps) else { return Ok(()) };
        order.kind = OrderKind::Limit { price, time_in_force: TimeInForce::Gtc };
        let (symbol, id) = self.place(order)?;
        self.resting.push_back((symbol, id));
        Ok(())
    }

    fn cancels(&mut self) -> Result<(), Rejection> {
        let Some((symbol, id)) = self.resting.pop_front() else { return Ok(()) };
        let account = &self.account;
        let cancelled = self.venue.exchange(|exchange| exchange.cancel(account, &symbol, &OrderRef::Id(id)));
        // It has been filled.
        cancelled.map(drop).or_else(|refusal| if refusal == Rejection::UnknownOrder { Ok(()) } else { Err(refusal) })
    }

    fn amends(&mut self) -> Result<(), Rejection> {
        let count = u64::try_from(self.resting.len()).unwrap_or(0).max(1);
        let which = usize::try_from(self.random.between(0, count - 1)).unwrap_or(0);
        let Some((symbol, id)) = self.resting.get(which).cloned() else { return Ok(()) };
        let which = OrderRef::Id(id);
        let open = self.venue.exchange(|exchange| exchange.order(&self.account, &symbol, &which));
        let Some(order) = open.map(|it| it.order).filter(|it| !it.status.is_final()) else { return Ok(()) };
        let steps = self.random.between(3000, 6000);
        let Some(contract) = self.contracts.iter().position(|it| it.symbol == symbol) else { return Ok(()) };
        let (Some(price), Some(quantity)) = (self.away(contract, order.side, steps), order.quantity) else {
            return Ok(());
        };
        let account = &self.account;
        self.venue.exchange(|exchange| exchange.amend(account, &symbol, &which, quantity, price)).map(drop)
    }

    fn stops(&mut self, contract: usize) -> Result<(), Rejection> {
        if self.stops.len() >= STOPS {
            return self.cancels_a_stop();
        }
        let Some(mut order) = self.order(contract, false, OrderKind::Market) else { return Ok(()) };
        let steps = self.random.between(10, 6000);
        let Some(trigger) = self.away(contract, order.side.opposite(), steps) else { return Ok(()) };
        order.kind = OrderKind::StopMarket { trigger, trigger_by: TriggerBy::Mark };
        let (_, id) = self.place(order)?;
        self.stops.push_back(id);
        Ok(())
    }

    fn cancels_a_stop(&mut self) -> Result<(), Rejection> {
        let Some(id) = self.stops.pop_front() else { return Ok(()) };
        let account = &self.account;
        let cancelled = self.venue.exchange(|exchange| exchange.cancel_conditional(account, &OrderRef::Id(id)));
        // It has been triggered.
        cancelled.map(drop).or_else(|refusal| if refusal == Rejection::UnknownOrder { Ok(()) } else { Err(refusal) })
    }

    fn sets_leverage(&mut self, contract: usize) -> Result<(), Rejection> {
        let times = u32::try_from(self.random.between(5, 25)).unwrap_or(5);
        let leverage = Leverage::new(times).expect("a leverage");
        let Some(symbol) = self.contracts.get(contract).map(|it| it.symbol.clone()) else { return Ok(()) };
        let account = &self.account;
        self.venue.exchange(|exchange| exchange.set_leverage(account, &symbol, leverage))
    }

    fn transfers(&mut self) -> Result<(), Rejection> {
        let amount = Money::new(Decimal::from(self.random.between(1, 200)) - Decimal::from(100));
        let account = &self.account;
        self.venue.exchange(|exchange| exchange.transfer(account, amount))
    }

    fn adjusts_margin(&mut self) -> Result<(), Rejection> {
        let amount = Money::new(Decimal::from(self.random.between(1, 20)));
        let (account, symbol) = (&self.account, self.contracts.first().map(|it| it.symbol.clone()));
        let Some(symbol) = symbol else { return Ok(()) };
        self.venue.exchange(|exchange| {
            let held = exchange.positions(account).into_iter().find(|it| it.symbol == symbol);
            let Some(held) = held else { return Ok(()) };
            exchange.adjust_isolated_margin(account, &symbol, held.position_side, amount)
        })
    }

    fn place(&mut self, order: NewOrder) -> Result<(Symbol, OrderId), Rejection> {
        let account = &self.account;
        let placed = self.venue.exchange(|exchange| exchange.place(account, &order))?;
        Ok((order.symbol, placed.order_id))
    }

    /// An order that opens or adds, or one that closes a part of what is held; `None` if there is nothing to close.
    fn order(&mut self, contract: usize, opens: bool, kind: OrderKind) -> Option<NewOrder> {
        let instrument = self.contracts.get(contract)?.clone();
        let direction = if self.random.percent(50) { Direction::Long } else { Direction::Short };
        let worth = Decimal::from(self.random.between(60, 300));
        let mode = if self.hedges { PositionMode::Hedge } else { PositionMode::OneWay };
        let leg = PositionSide::of(direction, mode);
        let held = self.venue.exchange(|exchange| held(exchange, &self.account, &instrument.symbol, leg));
        let price = self.prices.get(contract)?.get();
        let is_much = held.is_some_and(|(_, held)| held.get() * price > Decimal::from(5000));
        let (direction, opens) = match held {
            Some((held, _)) if is_much || !opens => (held, false),
            _ if opens => (direction, true),
            _ => return None,
        };
        let wanted = Quantity::new(worth / price).ok()?.round(instrument.lot, Rounding::Up)?;
        let quantity = if opens { wanted } else { wanted.min(held?.1) };
        self.placed += 1;
        Some(NewOrder {
            client_order_id: ClientOrderId::reported(format!("soak-{}", self.placed)),
            side: if opens { direction.opening_side() } else { direction.closing_side() },
            position_side: PositionSide::of(direction, mode),
            symbol: instrument.symbol,
            kind,
            size: OrderSize::Quantity(quantity),
            reduce_only: !opens && !self.hedges,
        })
    }

    /// A price so many steps away, where an order of this side rests.
    fn away(&self, contract: usize, side: Side, steps: u64) -> Option<Price> {
        let (instrument, price) = (self.contracts.get(contract)?, self.prices.get(contract)?);
        let away = instrument.tick.get() * Decimal::from(steps);
        let price = if side == Side::Buy { price.get() - away } else { price.get() + away };
        Price::new(price).ok()?.round(instrument.tick, Rounding::Down)
    }
}

fn hedges(wire: Wire, seed: u64) -> bool {
    Random::of(seed, &format!("position mode on {wire}")).percent(50)
}

fn held(exchange: &Exchange, account: &AccountId, symbol: &Symbol, leg: PositionSide) -> Option<(Direction, Quantity)> {
    let position = exchange.position(account, symbol, leg)?.position?;
    Some((position.direction, position.quantity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_of_the_short_soaks_are_of_both_position_modes_at_every_venue() {
        let modes = |seed| Wire::ALL.map(|wire| hedges(wire, seed));
        assert_eq!([modes(10), modes(2)], [[false; 3], [true; 3]]);
    }
}
