//! A breakout from a squeeze.

mod plan;
mod settings;
mod squeeze;

pub use settings::VolatilityBreakoutSettings;

use crate::candles::Bar;
use crate::error::StrategyError;
use crate::on_its_way::OnItsWay;
use crate::place::Place;
use crate::trail::{Trail, better, trail};
use crate::{float, saved, text};
use plan::plan;
use plimsoll_domain::{Candle, Decimal, Price, Rounding};
use plimsoll_ports::{BadState, Decision, Feed, FeedKind, FillRole, Holding, Intent, OpenIntent, StopLoss, Strategy};
use plimsoll_ports::{StrategyEvent, StrategyView};
use serde::{Deserialize, Serialize};
use squeeze::{Breakout, Squeeze};

/// Opens when a close breaks out of narrow bands with volume, with a stop and a target in average true ranges; lets the stop
/// follow once the trade has earned what it risked, and ends what comes to nothing after some time.
///
/// Its size is such that the stop loses a set share of equity, and no more than is available pays for. One squeeze makes one
/// trade.
pub struct VolatilityBreakout {
    name: String,
    place: Place,
    settings: VolatilityBreakoutSettings,
    of: String,
    state: State,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    squeeze: Squeeze,
    last: Option<i64>,
    /// What the stop of the trade loses on each unit: 1 R.
    #[serde(with = "text::option")]
    risk: Option<Decimal>,
    /// The best close since it was opened.
    #[serde(with = "text::option")]
    best: Option<Price>,
    on_its_way: OnItsWay,
}

impl VolatilityBreakout {
    /// The name of this kind of strategy.
    pub const KIND: &'static str = "volatility_breakout";

    /// # Errors
    /// [`StrategyError::Invalid`] with everything that is wrong with the settings.
    pub fn new(name: &str, place: Place, settings: VolatilityBreakoutSettings) -> Result<Self, StrategyError> {
        settings.validate().map_err(|problems| StrategyError::Invalid { kind: Self::KIND, problems })?;
        let VolatilityBreakoutSettings { interval, period, deviations, squeeze_lookback, .. } = &settings;
        let of = format!(
            "{} of {place}, {interval}, bands {period} and {deviations}, lowest of {squeeze_lookback}, volume {}, range {}",
            Self::KIND,
            settings.volume_period,
            settings.atr_period
        );
        let state = State::new(&settings);
        Ok(Self { name: name.to_owned(), place, settings, of, state })
    }

    fn hear_candle(&mut self, view: &StrategyView<'_>, candle: &Candle) -> Option<Decision> {
        let bar = Bar::of(candle);
        if self.state.last.is_some_and(|last| bar.open_time <= last) {
            return None;
        }
        self.state.last = Some(bar.open_time);
        self.state.on_its_way.candle();
        let breakout = self.state.squeeze.update(&self.settings, &bar);
        let held = view.account(&self.place.account).and_then(|account| account.holding(&self.place.symbol));
        match held {
            Some(held) => self.manage(view, held, candle),
            None => breakout.and_then(|breakout| self.open(view, breakout, candle.close)),
        }
    }

    fn open(&mut self, view: &StrategyView<'_>, breakout: Breakout, close: Price) -> Option<Decision> {
        if self.state.on_its_way.is() {
            return None;
        }
        let (account, market) = self.place.seen(view)?;
        let atr = self.state.squeeze.atr.value()?;
        let plan = plan(&self.settings, account, &market.instrument, (breakout.direction, close), atr)?;
        self.state.squeeze.used();
        self.state.on_its_way.sent();
        (self.state.risk, self.state.best) = (Some(plan.risk), None);
        let open = OpenIntent {
            symbol: self.place.symbol.clone(),
            direction: breakout.direction,
            quantity: plan.quantity,
            leverage: plan.leverage,
            stop_loss: StopLoss::At(plan.stop),
            take_profit: plan.target,
        };
        let Breakout { direction, bands, narrowest, volume } = breakout;
        let [upper, lower, narrowest, volume, atr] =
            [bands.upper, bands.lower, narrowest, volume, atr].map(float::shown);
        let reason = format!(
            "{direction}: the close {close} is outside {lower} to {upper}, after bands as narrow as {narrowest} of their \
             middle, with {volume} times the usual volume; a range is {atr}, and the stop is {} away",
            plan.risk
        );
        Some(self.place.decision(Intent::Open(open), reason))
    }

    /// Lets the stop follow, or ends what comes to nothing.
    fn manage(&mut self, view: &StrategyView<'_>, held: &Holding, candle: &Candle) -> Option<Decision> {
        let (close, position) = (candle.close, held.position);
        let best = better(position.direction, self.state.best, close);
        self.state.best = Some(best);
        if self.state.on_its_way.is() {
            return None;
        }
        let (_, market) = self.place.seen(view)?;
        let (instrument, atr) = (&*market.instrument, self.state.squeeze.atr.value()?);
        let ranges = |times: Decimal| float::distance(atr * float::of(times), instrument.tick, Rounding::Down);
        // Without a record of it, 1 R is what it would be now.
        let risk = self.state.risk.or_else(|| ranges(self.settings.stop_atr.0)).filter(|risk| *risk > Decimal::ZERO)?;
        let earned = |at: Price| position.direction.sign() * (at.get() - position.entry.get());
        let candles = candle.open_time.plus(candle.interval).since(held.opened_at).as_secs()
            / self.settings.interval.get().as_secs();
        let enough = risk.saturating_mul(self.settings.time_exit_below.0);
        if candles >= u64::from(self.settings.time_exit) && earned(close) < enough {
            let reason = format!(
                "after {candles} candles it has earned {} a unit, less than {enough}, {} R",
                earned(close),
                self.settings.time_exit_below
            );
            return Some(self.close(held, reason));
        }
        if earned(best) < risk.saturating_mul(self.settings.trail_from.0) {
            return None;
        }
        let times = self.settings.trail_atr;
        let figures = format!("{times} ranges of {} behind the best close {best}", float::shown(atr));
        match trail(instrument, held, best, close, ranges(times.0)?, self.settings.trail_step.0) {
            Trail::Stays => None,
            Trail::To(trigger) => {
                let (symbol, direction) = (self.place.symbol.clone(), position.direction);
                let intent = Intent::MoveStop { symbol, direction, trigger };
                Some(self.place.decision(intent, format!("the stop follows to {trigger}, {figures}")))
            }
            Trail::Through(stop) => Some(self.close(held, format!("the close {close} is through {stop}, {figures}"))),
        }
    }

    fn close(&mut self, held: &Holding, reason: String) -> Decision {
        self.state.on_its_way.sent();
        self.place.decision(self.place.close(held.position.direction), reason)
    }

    fn hear_fill(&mut self, view: &StrategyView<'_>, role: FillRole<'_>) {
        let held = view.account(&self.place.account).and_then(|account| account.holding(&self.place.symbol));
        if held.is_none() {
            (self.state.risk, self.state.best) = (None, None);
        }
        if held.is_none() || role == FillRole::Entry {
            self.state.on_its_way.heard();
        }
    }
}

impl State {
    fn new(settings: &VolatilityBreakoutSettings) -> Self {
        Self { squeeze: Squeeze::new(settings), last: None, risk: None, best: None, on_its_way: OnItsWay::default() }
    }
}

impl Strategy for VolatilityBreakout {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn feeds(&self) -> Vec<Feed> {
        vec![self.place.feed(FeedKind::Candles(self.settings.interval.get()))]
    }

    fn decide<'a>(&mut self, view: &StrategyView<'a>, event: &StrategyEvent<'a>) -> Vec<Decision> {
        if let Some(candle) = self.place.candle(self.settings.interval.get(), event) {
            return self.hear_candle(view, candle).into_iter().collect();
        }
        match event {
            StrategyEvent::Fill { account, role, fill } if self.place.is(account, &fill.symbol) => {
                self.hear_fill(view, *role);
            }
            StrategyEvent::Refused { decision, .. } if self.place.concerns(decision) => self.state.on_its_way.heard(),
            _ => {}
        }
        Vec::new()
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
