//! The cross of two averages: the simplest strategy, and the measure of speed.

mod cross;
mod settings;

pub use settings::EmaCrossSettings;

use crate::error::StrategyError;
use crate::indicator::Atr;
use crate::on_its_way::OnItsWay;
use crate::place::Place;
use crate::settings::Stop;
use crate::{float, saved, text};
use cross::Cross;
use plimsoll_domain::{Candle, Direction, Leverage, Price};
use plimsoll_ports::{BadState, Decision, Feed, FeedKind, Intent, OpenIntent, StopLoss, Strategy, StrategyEvent};
use plimsoll_ports::{FillRole, StrategyView};
use serde::{Deserialize, Serialize};

/// Long from the close with which a fast exponential average crosses above a slow one, and short (or flat) from the close
/// with which it crosses below.
///
/// It turns by closing first, and opens once that is done. An opening that is refused is not tried again before the next
/// cross; a close is. After its stop it waits for the next cross.
pub struct EmaCross {
    name: String,
    place: Place,
    settings: EmaCrossSettings,
    leverage: Leverage,
    of: String,
    state: State,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    cross: Cross,
    atr: Option<Atr>,
    last: Option<i64>,
    #[serde(with = "text::option")]
    close: Option<Price>,
    todo: Option<Target>,
    on_its_way: OnItsWay,
}

/// What is to be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Target {
    Long,
    Short,
    Flat,
}

impl Target {
    fn direction(self) -> Option<Direction> {
        match self {
            Self::Long => Some(Direction::Long),
            Self::Short => Some(Direction::Short),
            Self::Flat => None,
        }
    }
}

impl EmaCross {
    /// The name of this kind of strategy.
    pub const KIND: &'static str = "ema_cross";

    /// # Errors
    /// [`StrategyError::Invalid`] with everything that is wrong with the settings.
    pub fn new(name: &str, place: Place, settings: EmaCrossSettings) -> Result<Self, StrategyError> {
        let invalid = |problems| StrategyError::Invalid { kind: Self::KIND, problems };
        settings.validate().map_err(invalid)?;
        let leverage = Leverage::new(settings.leverage).map_err(|error| invalid(vec![error.to_string()]))?;
        let EmaCrossSettings { interval, fast, slow, .. } = &settings;
        let atr = if has_atr(&settings) { settings.atr_period } else { 0 };
        let of = format!("{} of {place}, {interval}, {fast}/{slow}, range {atr}", Self::KIND);
        let state = State::new(&settings);
        Ok(Self { name: name.to_owned(), place, settings, leverage, of, state })
    }

    fn hear_candle(&mut self, view: &StrategyView<'_>, candle: &Candle) -> Vec<Decision> {
        let state = &mut self.state;
        let time = candle.open_time.as_micros();
        if state.last.is_some_and(|last| time <= last) {
            return Vec::new();
        }
        state.last = Some(time);
        state.close = Some(candle.close);
        state.on_its_way.candle();
        let close = float::of(candle.close.get());
        if let Some(atr) = &mut state.atr {
            atr.update(float::of(candle.high.get()), float::of(candle.low.get()), close);
        }
        if let Some(crossed) = state.cross.update(close) {
            state.todo = Some(match crossed {
                Direction::Long => Target::Long,
                Direction::Short if self.settings.long_only => Target::Flat,
                Direction::Short => Target::Short,
            });
        }
        self.act(view)
    }

    /// The next step towards what is to be held, if there is one to take now.
    fn act(&mut self, view: &StrategyView<'_>) -> Vec<Decision> {
        let Some(target) = self.state.todo else { return Vec::new() };
        if self.state.on_its_way.is() {
            return Vec::new();
        }
        let held = view.account(&self.place.account).and_then(|account| account.holding(&self.place.symbol));
        let held = held.map(|holding| holding.position.direction);
        if held == target.direction() {
            self.state.todo = None;
            return Vec::new();
        }
        if let Some(held) = held {
            self.state.on_its_way.sent();
            return vec![self.place.decision(self.place.close(held), self.reason())];
        }
        self.state.todo = None;
        let opened = target.direction().and_then(|direction| self.open(view, direction));
        let Some(opened) = opened else { return Vec::new() };
        self.state.on_its_way.sent();
        vec![self.place.decision(Intent::Open(opened), self.reason())]
    }

    fn open(&self, view: &StrategyView<'_>, direction: Direction) -> Option<OpenIntent> {
        let (account, market) = self.place.seen(view)?;
        let (instrument, price) = (&*market.instrument, self.state.close?);
        let atr = self.state.atr.as_ref().and_then(Atr::value);
        let stop = self.settings.stop.trigger(instrument, direction, price, atr)?;
        let (quantity, leverage) = self.settings.size.in_lots(account, instrument, price, self.leverage)?;
        Some(OpenIntent {
            symbol: self.place.symbol.clone(),
            direction,
            quantity,
            leverage,
            stop_loss: StopLoss::At(stop),
            take_profit: None,
        })
    }

    fn reason(&self) -> String {
        let Some((fast, slow)) = self.state.cross.values() else { return "the averages have crossed".to_owned() };
        let side = if fast > slow { "above" } else { "below" };
        let (fast_period, slow_period) = (self.settings.fast, self.settings.slow);
        let (fast, slow) = (float::shown(fast), float::shown(slow));
        format!("the average of {fast_period} candles, {fast}, has crossed {side} that of {slow_period}, {slow}")
    }
}

fn has_atr(settings: &EmaCrossSettings) -> bool {
    matches!(settings.stop, Stop::Atr(_))
}

impl State {
    fn new(settings: &EmaCrossSettings) -> Self {
        let atr = has_atr(settings).then(|| Atr::new(settings.atr_period));
        let cross = Cross::new(settings.fast, settings.slow);
        Self { cross, atr, last: None, close: None, todo: None, on_its_way: OnItsWay::default() }
    }
}

impl Strategy for EmaCross {
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
                let flat = view.account(account).is_none_or(|account| account.holding(&fill.symbol).is_none());
                // A close that has filled in part is still on its way.
                if flat || *role == FillRole::Entry {
                    self.state.on_its_way.heard();
                }
                self.act(view)
            }
            StrategyEvent::Refused { decision, .. } if self.place.concerns(decision) => {
                self.state.on_its_way.heard();
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
