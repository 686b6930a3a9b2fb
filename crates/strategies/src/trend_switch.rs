//! With the trend of several lengths, one way or the other.

mod settings;
mod trend;

pub use settings::TrendSwitchSettings;

use crate::candles::Bar;
use crate::error::StrategyError;
use crate::on_its_way::OnItsWay;
use crate::place::Place;
use crate::trail::{Trail, better, trail};
use crate::{float, saved, text};
use plimsoll_domain::{Candle, Direction, Instrument, Leverage, Price, Rounding};
use plimsoll_ports::{BadState, Decision, Feed, FeedKind, FillRole, Holding, Intent, OpenIntent, StopLoss, Strategy};
use plimsoll_ports::{StrategyEvent, StrategyView};
use serde::{Deserialize, Serialize};
use trend::Signal;

/// Long while the trends of all lengths of candles rise, short while all fall, and as it was while they differ.
///
/// It opens when they agree and strength and volume confirm it, on the close of the shortest candle. When all have turned it
/// closes, and opens the other way once that is done, if that is confirmed too. Its stop follows the best close, and never
/// goes back; after it has stopped, it stays flat for some candles.
pub struct TrendSwitch {
    name: String,
    place: Place,
    settings: TrendSwitchSettings,
    leverage: Leverage,
    of: String,
    state: State,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    signal: Signal,
    last: Option<i64>,
    #[serde(with = "text::option")]
    close: Option<Price>,
    /// The best close since what is held was opened.
    #[serde(with = "text::option")]
    best: Option<Price>,
    /// What is to be opened once flat.
    #[serde(with = "text::option")]
    next: Option<Direction>,
    cooldown: u32,
    on_its_way: OnItsWay,
}

impl TrendSwitch {
    /// The name of this kind of strategy.
    pub const KIND: &'static str = "trend_switch";

    /// # Errors
    /// [`StrategyError::Invalid`] with everything that is wrong with the settings.
    pub fn new(name: &str, place: Place, settings: TrendSwitchSettings) -> Result<Self, StrategyError> {
        let invalid = |problems| StrategyError::Invalid { kind: Self::KIND, problems };
        settings.validate().map_err(invalid)?;
        let leverage = Leverage::new(settings.leverage).map_err(|error| invalid(vec![error.to_string()]))?;
        let lengths: Vec<String> = settings.timeframes.iter().map(ToString::to_string).collect();
        let TrendSwitchSettings { fast, slow, rsi_period, volume_period, atr_period, .. } = settings;
        let of = format!(
            "{} of {place}, {}, {fast}/{slow}, strength {rsi_period}, volume {volume_period}, range {atr_period}",
            Self::KIND,
            lengths.join(" ")
        );
        let state = State::new(&settings);
        Ok(Self { name: name.to_owned(), place, settings, leverage, of, state })
    }

    fn hear_candle(&mut self, view: &StrategyView<'_>, candle: &Candle) -> Vec<Decision> {
        let (state, bar) = (&mut self.state, Bar::of(candle));
        if state.last.is_some_and(|last| bar.open_time <= last) {
            return Vec::new();
        }
        state.last = Some(bar.open_time);
        state.close = Some(candle.close);
        state.signal.update(&bar);
        state.on_its_way.candle();
        state.cooldown = state.cooldown.saturating_sub(1);
        let agreed = state.signal.agreed();
        state.next =
            agreed.filter(|direction| state.cooldown == 0 && state.signal.confirms(&self.settings, *direction));
        let held = view.account(&self.place.account).and_then(|account| account.holding(&self.place.symbol));
        let Some(held) = held else {
            self.state.best = None;
            return self.open(view).into_iter().collect();
        };
        let direction = held.position.direction;
        self.state.best = Some(better(direction, self.state.best, candle.close));
        if self.state.on_its_way.is() {
            return Vec::new();
        }
        if agreed == Some(direction.opposite()) {
            self.state.on_its_way.sent();
            let reason = format!("all trends have turned against the {direction}: {}", self.state.signal.shown());
            return vec![self.place.decision(self.place.close(direction), reason)];
        }
        self.follow(view, held, candle.close).into_iter().collect()
    }

    /// Opens what is next, where nothing is held or on its way.
    fn open(&mut self, view: &StrategyView<'_>) -> Option<Decision> {
        if self.state.on_its_way.is() {
            return None;
        }
        let direction = self.state.next.take()?;
        let (account, market) = self.place.seen(view)?;
        let (instrument, price) = (&*market.instrument, self.state.close?);
        let stop = self.settings.stop.trigger(instrument, direction, price, self.state.signal.atr.value())?;
        let (quantity, leverage) = self.settings.size.in_lots(account, instrument, price, self.leverage)?;
        let open = OpenIntent {
            symbol: self.place.symbol.clone(),
            direction,
            quantity,
            leverage,
            stop_loss: StopLoss::At(stop),
            take_profit: None,
        };
        self.state.on_its_way.sent();
        let reason = format!("all trends are {direction}: {}", self.state.signal.shown());
        Some(self.place.decision(Intent::Open(open), reason))
    }

    /// Moves the stop after the price.
    fn follow(&mut self, view: &StrategyView<'_>, held: &Holding, close: Price) -> Option<Decision> {
        let (_, market) = self.place.seen(view)?;
        let (instrument, best): (&Instrument, Price) = (&market.instrument, self.state.best?);
        let atr = self.state.signal.atr.value()?;
        let times = self.settings.trail_atr;
        let away = float::distance(atr * float::of(times.0), instrument.tick, Rounding::Down)?;
        let direction = held.position.direction;
        let figures = format!("{times} ranges of {} behind the best close {best}", float::shown(atr));
        match trail(instrument, held, best, close, away, self.settings.trail_step.0) {
            Trail::Stays => None,
            Trail::To(trigger) => {
                let intent = Intent::MoveStop { symbol: self.place.symbol.clone(), direction, trigger };
                Some(self.place.decision(intent, format!("the stop follows to {trigger}, {figures}")))
            }
            Trail::Through(stop) => {
                self.state.on_its_way.sent();
                self.state.cooldown = self.settings.cooldown;
                let reason = format!("the close {close} is through {stop}, {figures}");
                Some(self.place.decision(self.place.close(direction), reason))
            }
        }
    }

    fn hear_fill(&mut self, view: &StrategyView<'_>, role: FillRole<'_>) -> Vec<Decision> {
        let held = view.account(&self.place.account).and_then(|account| account.holding(&self.place.symbol));
        if held.is_none() || role == FillRole::Entry {
            self.state.on_its_way.heard();
        }
        if matches!(role, FillRole::StopLoss | FillRole::Forced) {
            self.state.cooldown = self.settings.cooldown;
            self.state.next = None;
        }
        // Only a close that it wanted itself is followed by an opening.
        if held.is_some() || role != FillRole::Exit || self.state.cooldown > 0 {
            return Vec::new();
        }
        self.open(view).into_iter().collect()
    }
}

impl State {
    fn new(settings: &TrendSwitchSettings) -> Self {
        Self {
            signal: Signal::new(settings),
            last: None,
            close: None,
            best: None,
            next: None,
            cooldown: 0,
            on_its_way: OnItsWay::default(),
        }
    }
}

impl Strategy for TrendSwitch {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn feeds(&self) -> Vec<Feed> {
        vec![self.place.feed(FeedKind::Candles(self.settings.base().get()))]
    }

    fn decide<'a>(&mut self, view: &StrategyView<'a>, event: &StrategyEvent<'a>) -> Vec<Decision> {
        if let Some(candle) = self.place.candle(self.settings.base().get(), event) {
            return self.hear_candle(view, candle);
        }
        match event {
            StrategyEvent::Fill { account, role, fill } if self.place.is(account, &fill.symbol) => {
                self.hear_fill(view, *role)
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
