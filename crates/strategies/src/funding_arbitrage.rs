//! Two contracts on the same base, one long and one short, for the difference of their funding.

mod carry;
mod enter;
mod hold;
mod pair;
mod settings;

pub use settings::{FundingArbitrageSettings, MarginOf};

use crate::error::StrategyError;
use crate::place::Place;
use crate::saved;
use carry::History;
use pair::Side;
use plimsoll_domain::{AccountId, Decimal, Direction, Leverage, MarketEvent, Symbol, Timestamp};
use plimsoll_ports::{
    BadState, Decision, Feed, FeedKind, FillRole, Intent, Leg, Strategy, StrategyEvent, StrategyView,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Long where funding is low and short where it is high, in equal sizes, while the difference is worth more than it costs.
///
/// Both legs are one decision, to enter and to leave. What is expected counts the settlements of either contract by its own
/// interval. A leg that is lost takes the other with it at once; legs that differ are made equal by making the larger one
/// smaller; and when either comes near its liquidation, both are made smaller.
pub struct FundingArbitrage {
    name: String,
    places: [Place; 2],
    settings: FundingArbitrageSettings,
    leverage: Leverage,
    of: String,
    state: State,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    histories: [History; 2],
    pending: Option<Pending>,
    /// Nothing of what is held is closed before this moment, in microseconds since 1970.
    wait_until: i64,
    /// Nothing is entered before this moment.
    enter_after: i64,
    /// When it last looked at what it holds.
    looked: Option<i64>,
}

/// What was decided, and has not happened yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pending {
    what: What,
    since: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Opening,
    Reducing,
    Closing,
}

impl FundingArbitrage {
    /// The name of this kind of strategy.
    pub const KIND: &'static str = "funding_arbitrage";

    /// # Errors
    /// [`StrategyError::Invalid`] with everything that is wrong with the settings, or with the two places.
    pub fn new(name: &str, places: [Place; 2], settings: FundingArbitrageSettings) -> Result<Self, StrategyError> {
        let invalid = |problems| StrategyError::Invalid { kind: Self::KIND, problems };
        let mut problems = settings.validate().err().unwrap_or_default();
        let [first, second] = &places;
        if first.account == second.account {
            problems.push(format!("the legs are on two accounts, got {} for both", first.account));
        }
        if first.symbol.base() != second.symbol.base() {
            problems.push(format!("the legs have one base, got {} and {}", first.symbol, second.symbol));
        }
        let leverage = Leverage::new(settings.leverage);
        let Ok(leverage) = leverage else { return Err(invalid(problems)) };
        if !problems.is_empty() {
            return Err(invalid(problems));
        }
        let of = format!("{} of {first} and {second}", Self::KIND);
        Ok(Self { name: name.to_owned(), places, settings, leverage, of, state: State::default() })
    }

    /// What is to be done now. `is_urgent` is after a leg was ended by another hand.
    fn act(&mut self, view: &StrategyView<'_>, is_urgent: bool) -> Option<Decision> {
        let first = Side::of(&self.places[0], view)?;
        let second = Side::of(&self.places[1], view)?;
        let now = view.now;
        match (first.held, second.held) {
            (None, None) => {
                if self.is_awaited(What::Opening, now) || now.as_micros() < self.state.enter_after {
                    return None;
                }
                self.state.pending = None;
                self.enter([first, second], now)
            }
            (Some(_), Some(_)) => {
                if self.state.pending.is_some_and(|pending| pending.what == What::Opening) {
                    self.state.pending = None;
                }
                let is_awaited = self.is_awaited(What::Closing, now) || self.is_awaited(What::Reducing, now);
                if is_awaited || (self.is_waiting(now) && !is_urgent) || (self.has_looked(now) && !is_urgent) {
                    return None;
                }
                self.state.looked = Some(now.as_micros());
                self.hold([first, second], now)
            }
            (Some(held), None) | (None, Some(held)) => {
                let is_awaited = self.is_awaited(What::Opening, now) || self.is_awaited(What::Closing, now);
                if (is_awaited || self.is_waiting(now)) && !is_urgent {
                    return None;
                }
                let index = usize::from(first.held.is_none());
                self.closing(now);
                let place = &self.places[index];
                let direction = held.position.direction;
                let reason = format!("{place} is {direction} by {} with no leg opposite", held.position.quantity);
                Some(place.decision(place.close(direction), reason))
            }
        }
    }

    fn closing(&mut self, now: Timestamp) {
        self.state.pending = Some(Pending { what: What::Closing, since: now.as_micros() });
        self.state.enter_after = self.after_a_while(now);
    }

    fn after_a_while(&self, now: Timestamp) -> i64 {
        now.plus(Duration::from_secs(self.settings.retry_seconds.into())).as_micros()
    }

    /// Both legs closed whole, as one decision.
    fn leave(&mut self, held: [Direction; 2], now: Timestamp, reason: String) -> Decision {
        self.closing(now);
        let legs = self.places.iter().zip(held).map(|(place, direction)| leg(place, place.close(direction)));
        Decision { legs: legs.collect(), reason }
    }

    /// Funding over the horizon for a long first and a short second leg, as a fraction of a leg's notional: positive is
    /// earned. `None` where a rate is not known.
    fn carry(&self, view: [Side<'_>; 2], now: Timestamp) -> Option<Decimal> {
        let paid = |index: usize| {
            let (place, side) = (&self.places[index], view[index]);
            let to_come = side.account.market(&place.symbol)?.funding.as_ref()?;
            let hours = side.instrument.funding_interval_hours;
            Some(self.state.histories[index].paid_by_long(&self.settings, to_come, hours, now))
        };
        Some(paid(1)? - paid(0)?)
    }

    /// Whether this was decided so short a time ago that it is still awaited.
    fn is_awaited(&self, what: What, now: Timestamp) -> bool {
        let grace = Duration::from_secs(self.settings.naked_leg_seconds.into());
        self.state.pending.is_some_and(|it| it.what == what && now.since(Timestamp::from_micros(it.since)) < grace)
    }

    fn is_waiting(&self, now: Timestamp) -> bool {
        now.as_micros() < self.state.wait_until
    }

    fn has_looked(&self, now: Timestamp) -> bool {
        let often = Duration::from_secs(self.settings.check_seconds.into());
        self.state.looked.is_some_and(|looked| now.since(Timestamp::from_micros(looked)) < often)
    }

    fn leg_of(&self, account: &AccountId, symbol: &Symbol) -> Option<usize> {
        self.places.iter().position(|place| place.is(account, symbol))
    }

    fn refused(&mut self, decision: &Decision, now: Timestamp) {
        self.state.pending = None;
        if decision.legs.iter().any(|leg| leg.intent.adds_exposure()) {
            self.state.enter_after = self.after_a_while(now);
        } else {
            // A way out is tried again soon, but not with every price.
            self.state.wait_until = now.plus(Duration::from_secs(5)).as_micros();
        }
    }
}

fn leg(place: &Place, intent: Intent) -> Leg {
    Leg { account: place.account.clone(), intent }
}

impl Strategy for FundingArbitrage {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn feeds(&self) -> Vec<Feed> {
        self.places.iter().flat_map(|place| [place.feed(FeedKind::Funding), place.feed(FeedKind::Marks)]).collect()
    }

    fn decide<'a>(&mut self, view: &StrategyView<'a>, event: &StrategyEvent<'a>) -> Vec<Decision> {
        let decided = match event {
            StrategyEvent::Market { account, event: MarketEvent::Settled(settled) } => {
                let Some(index) = self.leg_of(account, &settled.symbol) else { return Vec::new() };
                self.state.histories[index].settled(settled, self.settings.history);
                self.act(view, false)
            }
            StrategyEvent::Market { account, event: MarketEvent::Funding(it) }
                if self.leg_of(account, &it.symbol).is_some() =>
            {
                self.act(view, false)
            }
            StrategyEvent::Market { account, event: MarketEvent::Mark(it) }
                if self.leg_of(account, &it.symbol).is_some() =>
            {
                self.act(view, false)
            }
            StrategyEvent::Fill { account, role, fill } if self.leg_of(account, &fill.symbol).is_some() => {
                let by_another_hand = matches!(role, FillRole::StopLoss | FillRole::TakeProfit | FillRole::Forced);
                self.act(view, by_another_hand)
            }
            StrategyEvent::Refused { decision, .. } if self.places.iter().any(|place| place.concerns(decision)) => {
                self.refused(decision, view.now);
                None
            }
            _ => None,
        };
        decided.into_iter().collect()
    }

    fn state(&self) -> String {
        saved::write(&self.of, &self.state)
    }

    fn restore(&mut self, state: &str) -> Result<(), BadState> {
        self.state = State::default();
        self.state = saved::read(&self.of, state)?;
        Ok(())
    }
}
