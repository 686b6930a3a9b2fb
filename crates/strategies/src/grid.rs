//! Resting orders on a ladder of prices.

mod lines;
mod market;
mod orders;
mod settings;

pub use settings::{GridSettings, GridSide, Spacing};

use crate::error::StrategyError;
use crate::on_its_way::OnItsWay;
use crate::place::Place;
use crate::{saved, text};
use lines::Lines;
use market::Market;
use orders::{Asked, cell_of, label, wanted};
use plimsoll_domain::{Candle, Decimal, OrderStatus, Price, Quantity, Timestamp};
use plimsoll_ports::{BadState, CloseIntent, Decision, Feed, FeedKind, FillRole, Intent, Strategy, StrategyEvent};
use plimsoll_ports::{StrategyView, TradedAccount, TradedMarket, WorkingOrder};
use serde::{Deserialize, Serialize};

/// Buys on the rungs below the price and sells on those above it, over and over, as long as the price stays in a range.
///
/// Each cell, two neighbouring prices, opens at one and closes at the other. What is to rest follows from what is held and
/// what the grid is; with every event it is compared with what rests, by label: what is missing is placed, what is wrong is
/// cancelled, and nothing rests twice, after a restart or a lost order too. Some closes in a row outside the grid end it:
/// what is held is closed, and another one begins around the price.
pub struct Grid {
    name: String,
    place: Place,
    settings: GridSettings,
    of: String,
    state: State,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    market: Market,
    last: Option<i64>,
    #[serde(with = "text::option")]
    close: Option<Price>,
    lines: Option<Lines>,
    /// How many grids there have been: part of labels, so that no order of an earlier one is taken for one of this.
    epoch: u32,
    asked: Asked,
    /// Closes in a row outside the grid.
    outside: u32,
    /// The grid is over: everything is cancelled and closed.
    over: Option<String>,
    cooldown: u32,
    on_its_way: OnItsWay,
    /// Why there is no grid, for people who read states.
    why: Option<String>,
}

impl Grid {
    /// The name of this kind of strategy.
    pub const KIND: &'static str = "grid";

    /// # Errors
    /// [`StrategyError::Invalid`] with everything that is wrong with the settings.
    pub fn new(name: &str, place: Place, settings: GridSettings) -> Result<Self, StrategyError> {
        let invalid = |problems| StrategyError::Invalid { kind: Self::KIND, problems };
        settings.validate().map_err(invalid)?;
        let GridSettings { interval, range_interval, atr_period, volume_period, .. } = &settings;
        let of = format!(
            "{} of {place}, {interval} and {range_interval}, range {atr_period}, volume {volume_period}",
            Self::KIND
        );
        let state = State::new(&settings);
        Ok(Self { name: name.to_owned(), place, settings, of, state })
    }

    fn hear_candle(&mut self, view: &StrategyView<'_>, candle: &Candle) -> Vec<Decision> {
        let time = candle.open_time.as_micros();
        if self.state.last.is_some_and(|last| time <= last) {
            return Vec::new();
        }
        let state = &mut self.state;
        state.last = Some(time);
        state.close = Some(candle.close);
        state.market.update(&self.settings, candle);
        state.asked.candle();
        state.on_its_way.candle();
        state.cooldown = state.cooldown.saturating_sub(1);
        let Some((account, market)) = self.place.seen(view) else { return Vec::new() };
        self.end_if_nothing_is_left(account, view.now);
        if let Some(lines) = &self.state.lines {
            self.state.outside = if lines.holds(candle.close) { 0 } else { self.state.outside.saturating_add(1) };
            if self.state.outside >= self.settings.recenter_after && self.state.over.is_none() {
                let count = self.state.outside;
                let reason =
                    format!("{count} closes are outside {} to {}, the last {}", lines.lower, lines.upper, candle.close);
                self.state.over = Some(reason);
            }
            self.settle(account);
        } else {
            self.begin(account, market, candle.close);
        }
        self.act(account, market, view.now)
    }

    /// Begins a grid around the price, where nothing is left of another.
    fn begin(&mut self, account: &TradedAccount<'_>, market: &TradedMarket, close: Price) {
        let state = &mut self.state;
        if state.cooldown > 0
            || !state.market.lets_open(&self.settings)
            || account.holding(&self.place.symbol).is_some()
        {
            return;
        }
        let Some(atr) = state.market.atr() else { return };
        match Lines::around(close, atr, &self.settings, &market.instrument, account.caps().notional(account.equity())) {
            Ok(lines) => {
                state.epoch += 1;
                (state.lines, state.why, state.outside) = (Some(lines), None, 0);
            }
            Err(why) => state.why = Some(why),
        }
    }

    /// Makes what the cells hold what is held. Where more is held than they knew, an order that is gone has filled.
    fn settle(&mut self, account: &TradedAccount<'_>) {
        let epoch = self.state.epoch;
        let Some(lines) = &mut self.state.lines else { return };
        let held = account.holding(&self.place.symbol).map(|it| (it.position.direction, it.position.quantity.get()));
        let rests = |index: usize| account.order(&self.place.symbol, &label(epoch, index, true)).is_some();
        let close = self.state.close;
        let crossed: Vec<bool> = lines
            .cells
            .iter()
            .map(|cell| close.is_some_and(|close| close.get() * cell.way.sign() <= cell.entry.get() * cell.way.sign()))
            .collect();
        lines.settle(held, |index| !rests(index) && crossed.get(index).copied().unwrap_or_default());
    }

    /// A grid that is over ends once nothing is held, rests or is on its way.
    fn end_if_nothing_is_left(&mut self, account: &TradedAccount<'_>, now: Timestamp) {
        let resting = self.resting(account);
        self.state.asked.seen(&resting, now);
        let is_left =
            account.holding(&self.place.symbol).is_some() || !resting.is_empty() || !self.state.asked.is_empty();
        if self.state.over.is_some() && !is_left {
            (self.state.over, self.state.lines) = (None, None);
        }
    }

    fn resting<'v>(&self, account: &TradedAccount<'v>) -> Vec<&'v WorkingOrder> {
        account.orders.iter().filter(|order| order.symbol == self.place.symbol).collect()
    }

    /// Everything that there is to do now.
    fn act(&mut self, account: &TradedAccount<'_>, market: &TradedMarket, now: Timestamp) -> Vec<Decision> {
        self.end_if_nothing_is_left(account, now);
        let symbol = &self.place.symbol;
        let (resting, held) = (self.resting(account), account.holding(symbol));
        let opens =
            self.state.over.is_none() && self.state.cooldown == 0 && self.state.market.lets_open(&self.settings);
        let price = market.last.or(market.mark).or(self.state.close);
        let (wanted, past) = match (&self.state.lines, price, &self.state.over) {
            (Some(lines), Some(price), None) => {
                let way = held.map(|it| it.position.direction);
                let rests = |label: &str| resting.iter().any(|order| order.label == label);
                wanted(lines, self.state.epoch, &market.instrument, (price, way), opens, rests)
            }
            _ => (Vec::new(), Vec::new()),
        };
        let intents = self.state.asked.reconcile(&wanted, &resting, symbol, now);
        let mut decided: Vec<Decision> =
            intents.into_iter().map(|(intent, reason)| self.place.decision(intent, reason)).collect();
        if let Some(held) = held
            && !self.state.on_its_way.is()
        {
            let direction = held.position.direction;
            if let Some(why) = &self.state.over {
                decided.push(self.place.decision(self.place.close(direction), format!("the grid is over: {why}")));
                self.state.on_its_way.sent();
            } else if let Some((quantity, reason)) = self.too_much(held.position.quantity, &past) {
                let intent = CloseIntent { symbol: symbol.clone(), direction, quantity: Some(quantity) };
                decided.push(self.place.decision(Intent::Close(intent), reason));
                self.state.on_its_way.sent();
            }
        }
        decided
    }

    /// What is to be closed at market: what no cell holds, and what cells hold whose exit the price has gone past.
    fn too_much(&self, held: Quantity, past: &[usize]) -> Option<(Quantity, String)> {
        let lines = self.state.lines.as_ref()?;
        let in_cells: Decimal = lines.cells.iter().map(|cell| cell.held).sum();
        if let Ok(over) = Quantity::new(held.get() - in_cells) {
            return Some((over, format!("{held} is held, and the grid holds {in_cells} at the most")));
        }
        let is_lost = |index: &&usize| !self.state.asked.has(&label(self.state.epoch, **index, false));
        let gone = past.iter().filter(is_lost).filter_map(|index| lines.cells.get(*index)).map(|cell| cell.held).sum();
        let gone = Quantity::new(gone).ok()?;
        Some((gone, format!("the price is past where {gone} was to be closed")))
    }

    fn hear_fill(&mut self, view: &StrategyView<'_>, role: FillRole<'_>, quantity: Quantity) -> Vec<Decision> {
        let Some((account, market)) = self.place.seen(view) else { return Vec::new() };
        let held = account.holding(&self.place.symbol);
        if held.is_none() {
            self.state.on_its_way.heard();
        }
        match role {
            FillRole::Resting(label) => self.credit(label, quantity, account),
            FillRole::StopLoss | FillRole::Forced => {
                self.state.over.get_or_insert_with(|| format!("{} has closed {quantity}", role.as_str()));
                self.state.cooldown = self.settings.cooldown;
            }
            FillRole::Entry | FillRole::Exit | FillRole::TakeProfit => {}
        }
        if held.is_none() {
            self.settle(account);
        }
        self.act(account, market, view.now)
    }

    /// A resting order has filled: its cell holds so much more or less, as far as what is held has changed.
    fn credit(&mut self, label: &str, quantity: Quantity, account: &TradedAccount<'_>) {
        let Some(index) = cell_of(self.state.epoch, label) else { return };
        let Some(lines) = &mut self.state.lines else { return };
        let Some(way) = lines.cells.get(index).map(|cell| cell.way) else { return };
        let held = account.holding(&self.place.symbol).filter(|it| it.position.direction == way);
        let change = held.map_or(Decimal::ZERO, |it| it.position.quantity.get()) - lines.held(way);
        let most = lines.quantity.get();
        let Some(cell) = lines.cells.get_mut(index) else { return };
        let change = change.clamp(-quantity.get(), quantity.get());
        cell.held = (cell.held + change).clamp(Decimal::ZERO, most);
    }

    fn again(&mut self, view: &StrategyView<'_>) -> Vec<Decision> {
        let Some((account, market)) = self.place.seen(view) else { return Vec::new() };
        self.act(account, market, view.now)
    }

    fn refused(&mut self, decision: &Decision) {
        for leg in &decision.legs {
            match &leg.intent {
                Intent::Rest(rest) => self.state.asked.refused(&rest.label),
                Intent::Cancel { label, .. } => self.state.asked.refused(label),
                _ => {}
            }
        }
    }
}

impl State {
    fn new(settings: &GridSettings) -> Self {
        Self {
            market: Market::new(settings),
            last: None,
            close: None,
            lines: None,
            epoch: 0,
            asked: Asked::default(),
            outside: 0,
            over: None,
            cooldown: 0,
            on_its_way: OnItsWay::default(),
            why: None,
        }
    }
}

impl Strategy for Grid {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn feeds(&self) -> Vec<Feed> {
        vec![self.place.feed(FeedKind::Candles(self.settings.interval.get()))]
    }

    fn decide<'a>(&mut self, view: &StrategyView<'a>, event: &StrategyEvent<'a>) -> Vec<Decision> {
        if let Some(candle) = self.place.candle(self.settings.interval.get(), event) {
            return self.hear_candle(view, candle);
        }
        match event {
            StrategyEvent::Fill { account, role, fill } if self.place.is(account, &fill.symbol) => {
                self.hear_fill(view, *role, fill.quantity)
            }
            StrategyEvent::Ended { account, symbol, label, status } if self.place.is(account, symbol) => {
                self.state.asked.ended(label, *status == OrderStatus::Filled);
                self.again(view)
            }
            StrategyEvent::Refused { decision, .. } if self.place.concerns(decision) => {
                self.refused(decision);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn state(&self) -> String {
        saved::write(&self.of, &self.state)
    }

    fn restore(&mut self, state: &str) -> Result<(), BadState> {
        self.state = State::new(&self.settings);
        self.state = saved::read(&self.of, state)?;
        Ok(())
    }
}
