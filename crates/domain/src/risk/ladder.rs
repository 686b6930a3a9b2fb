//! The ladder from paper to live trading: paper, then micro capital, then all of it.
//!
//! What is climbed with is days that were traded, as the equity curve has them: not days that have passed, and not days on
//! which a program ran beside the market. A step out of turn is somebody's, by name.
//!
//! ```
//! use plimsoll_domain::risk::{Allowance, DayOnRecord, LadderRules, Rung, Foothold};
//! use plimsoll_domain::{Money, Timestamp};
//!
//! let midnight = |day: i64| Timestamp::from_millis(day * 86_400_000);
//! let held = |day| DayOnRecord { first: midnight(day), equity: Money::ZERO, open_positions: 1, fees: Money::ZERO };
//! let rules = LadderRules::default();
//! let days: Vec<DayOnRecord> = (0..60).map(held).collect();
//! let climb = rules.climb(&Foothold::first(), &days, midnight(59));
//! assert_eq!((climb.missing(), climb.due), (Some(1), None));
//! assert_eq!(rules.climb(&Foothold::first(), &days, midnight(60)).due, Some(Rung::Micro));
//! assert_eq!(rules.allowance(Rung::Paper), Allowance::PaperOnly { days: 60 });
//! ```

use super::limits::BrokenLimit;
use crate::money::Money;
use crate::side::{UnknownWord, words};
use crate::time::Timestamp;
use rust_decimal::Decimal;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// A step of the ladder, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rung {
    /// Orders go to a simulated venue or a venue's own demo; no live order adds exposure.
    Paper,
    /// Live, with a small part of the capital whatever the account holds.
    Micro,
    /// Live, within the limits alone.
    Full,
}
words!(Rung, "step of the ladder", Paper = "paper", Micro = "micro", Full = "full");

impl Rung {
    /// The one above; `None` at the top.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self {
            Self::Paper => Some(Self::Micro),
            Self::Micro => Some(Self::Full),
            Self::Full => None,
        }
    }
}

/// How long each step takes, and what micro capital is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LadderRules {
    /// Days of paper trading before the first live order.
    pub paper_days: u32,
    /// Days of trading with micro capital before all of it may be used.
    pub micro_days: u32,
    /// The equity below which a day with micro capital proves nothing, in the settle currency.
    pub micro_minimum: Money,
    /// The most that positions may be backed with while the capital is micro, in the settle currency: equity above it is
    /// not used.
    pub micro_capital: Money,
}

impl Default for LadderRules {
    fn default() -> Self {
        Self {
            paper_days: 60,
            micro_days: 30,
            micro_minimum: Money::new(Decimal::ONE_HUNDRED),
            micro_capital: Money::new(Decimal::from(500)),
        }
    }
}

/// Where an account stands, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foothold {
    /// The step.
    pub rung: Rung,
    /// Since when; days that began before that are not counted.
    pub since: Timestamp,
    /// Who took it out of turn, by name; `None` if it was due.
    pub overridden_by: Option<Arc<str>>,
}

impl Foothold {
    /// Where every account begins that has nothing on record.
    #[must_use]
    pub const fn first() -> Self {
        Self { rung: Rung::Paper, since: Timestamp::from_micros(0), overridden_by: None }
    }

    /// Midnight (UTC) of the first whole day on this step.
    fn first_day(&self) -> Timestamp {
        let day = self.since.start_of_day();
        if day == self.since { day } else { day.plus(DAY) }
    }
}

/// A day (UTC) of an equity curve, by its first point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayOnRecord {
    /// The time of that point.
    pub first: Timestamp,
    /// Wallet and unrealised profit then.
    pub equity: Money,
    /// How many positions were open then.
    pub open_positions: u32,
    /// Fees since the records began; positive is paid.
    pub fees: Money,
}

impl DayOnRecord {
    const fn day(&self) -> Timestamp {
        self.first.start_of_day()
    }
}

/// What was served of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Served {
    /// Whole days that count: traded, one after another or not.
    pub days: u32,
    /// Whole days that are on record, whether they count or not.
    pub on_record: u32,
    /// Midnight (UTC) of the first day that counts.
    pub first: Option<Timestamp>,
    /// Midnight (UTC) of the last day that counts.
    pub last: Option<Timestamp>,
}

/// Where an account stands, and how far it is to the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Climb {
    /// Where it stands.
    pub foothold: Foothold,
    /// What was served of it.
    pub served: Served,
    /// How many days it takes; `None` at the top.
    pub needed: Option<u32>,
    /// The next step, if the days of this one are served.
    pub due: Option<Rung>,
}

impl Climb {
    /// How many days are missing; `None` at the top.
    #[must_use]
    pub fn missing(&self) -> Option<u32> {
        self.needed.map(|needed| needed.saturating_sub(self.served.days))
    }
}

/// What the ladder lets an account do beside what its limits say. What reduces exposure is no concern of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Allowance {
    /// The limits alone count: the account is not live, or at the top.
    #[default]
    Whole,
    /// The account counts as one of this equity at the most: shares of equity are shares of it, and the margin of all
    /// positions together stays within it.
    Capital(Money),
    /// No order may add exposure: so many days of paper trading come first.
    PaperOnly {
        /// How many.
        days: u32,
    },
}

impl LadderRules {
    /// Every rule that makes no sense; none of sensible ones.
    #[must_use]
    pub fn problems(&self) -> Vec<BrokenLimit> {
        let mut broken = Vec::new();
        let mut must = |holds: bool, setting: &'static str, rule: &'static str, found: &dyn fmt::Display| {
            if !holds {
                broken.push(BrokenLimit { setting, rule, found: found.to_string() });
            }
        };
        must(self.paper_days > 0, "paper_days", "must be at least 1", &self.paper_days);
        must(self.micro_days > 0, "micro_days", "must be at least 1", &self.micro_days);
        must(!self.micro_minimum.is_negative(), "micro_minimum", "must not be negative", &self.micro_minimum);
        must(
            self.micro_capital.is_positive() && self.micro_capital >= self.micro_minimum,
            "micro_capital",
            "must be above 0 and at least micro_minimum",
            &self.micro_capital,
        );
        broken
    }

    /// How many days a step takes; `None` at the top.
    #[must_use]
    pub const fn days(&self, rung: Rung) -> Option<u32> {
        match rung {
            Rung::Paper => Some(self.paper_days),
            Rung::Micro => Some(self.micro_days),
            Rung::Full => None,
        }
    }

    /// What a live account on this step may do.
    #[must_use]
    pub const fn allowance(&self, rung: Rung) -> Allowance {
        match rung {
            Rung::Paper => Allowance::PaperOnly { days: self.paper_days },
            Rung::Micro => Allowance::Capital(self.micro_capital),
            Rung::Full => Allowance::Whole,
        }
    }

    /// Where an account stands, by its recorded step and the days on record, oldest first: those of paper trading for the
    /// first step, its own for the others.
    #[must_use]
    pub fn climb(&self, foothold: &Foothold, days: &[DayOnRecord], now: Timestamp) -> Climb {
        let served = self.served(foothold, days, now);
        let needed = self.days(foothold.rung);
        let due = needed.filter(|needed| served.days >= *needed).and_then(|_| foothold.rung.next());
        Climb { foothold: foothold.clone(), served, needed, due }
    }

    /// A day counts once it is over, if the whole of it was on this step and something was held at its first point, or fees were paid
    /// by the first point of the next day on record. With micro capital there must have been that much.
    fn served(&self, foothold: &Foothold, days: &[DayOnRecord], now: Timestamp) -> Served {
        let mut served = Served::default();
        let (mut seen, first) = (None, foothold.first_day());
        for (index, it) in days.iter().enumerate() {
            let day = it.day();
            if day < first || day.plus(DAY) > now || seen.is_some_and(|seen| seen >= day) {
                continue;
            }
            seen = Some(day);
            served.on_record = served.on_record.saturating_add(1);
            let next = days.iter().skip(index.saturating_add(1)).find(|next| next.day() > day);
            let is_traded = it.open_positions > 0 || next.is_some_and(|next| next.fees != it.fees);
            let is_worth_it = foothold.rung != Rung::Micro || it.equity >= self.micro_minimum;
            if is_traded && is_worth_it {
                served.days = served.days.saturating_add(1);
                served.first = served.first.or(Some(day));
                served.last = Some(day);
            }
        }
        served
    }
}

const DAY: Duration = Duration::from_secs(86_400);
