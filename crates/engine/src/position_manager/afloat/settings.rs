//! How an account is kept afloat.

use plimsoll_domain::afloat::{Adding, HedgeRatio, Thresholds};
use plimsoll_domain::{Decimal, Money, Rate, Symbol};

/// How a [`PositionManager`](crate::PositionManager) keeps its account afloat.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AfloatSettings {
    /// From which figures on what is done. A [limit on the cover](plimsoll_domain::risk::LimitSettings::min_cover) that asks
    /// for it earlier moves them down.
    pub thresholds: Thresholds,
    /// The largest notional that one order of a reduction closes, in the settle currency: what the book bears at once.
    /// `None` is bound by the venue's largest market order alone.
    pub most_at_once: Option<Money>,
    /// The leverage that positions are brought back to while their margin is calm; `None` lets it be what prices make it.
    pub leverage: Option<KeptLeverage>,
    /// Contracts that hedge each other, beside the two legs of one contract.
    pub hedges: Vec<HedgePair>,
    /// What to do about a position whose hedge was taken by the venue.
    pub lost_leg: LostLeg,
}

/// A leverage to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptLeverage {
    target: Decimal,
    band: Rate,
    adding: Adding,
    gives_margin: bool,
}

impl KeptLeverage {
    /// Notional ÷ equity is brought back to `target` once it is further away than `band`, a share of it: only by making
    /// positions smaller, unless more is allowed.
    ///
    /// # Errors
    /// [`NotSuchLeverage`] unless the target is above 0 and the band from 0 up to below 1.
    pub fn new(target: Decimal, band: Rate) -> Result<Self, NotSuchLeverage> {
        if target <= Decimal::ZERO || target > Decimal::ONE_THOUSAND {
            return Err(NotSuchLeverage::Target(target));
        }
        if band < Rate::ZERO || band.get() >= Decimal::ONE {
            return Err(NotSuchLeverage::Band(band));
        }
        Ok(Self { target, band, adding: Adding::Never, gives_margin: false })
    }

    /// A position below its leverage may also grow, where a stop rests that closes whatever it will be, and the order passes
    /// every check.
    #[must_use]
    pub const fn that_may_add(self) -> Self {
        Self { adding: Adding::Allowed, ..self }
    }

    /// An isolated position above its leverage is given margin, as far as some is free, before it is made smaller.
    #[must_use]
    pub const fn that_gives_margin(self) -> Self {
        Self { gives_margin: true, ..self }
    }

    /// Notional ÷ equity.
    #[must_use]
    pub const fn target(&self) -> Decimal {
        self.target
    }

    /// How far away is still left alone, as a share of the target.
    #[must_use]
    pub const fn band(&self) -> Rate {
        self.band
    }

    /// Whether positions may grow.
    #[must_use]
    pub const fn adding(&self) -> Adding {
        self.adding
    }

    /// Whether isolated positions may be given margin.
    #[must_use]
    pub const fn gives_margin(&self) -> bool {
        self.gives_margin
    }
}

/// A leverage that cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSuchLeverage {
    /// Notional ÷ equity.
    #[error("a leverage to be kept is above 0 and at most 1000, got {0}")]
    Target(Decimal),
    /// The share of it that is left alone.
    #[error("the band of a leverage is from 0 up to below 1, got {0}")]
    Band(Rate),
}

/// Two contracts, long in one and short in the other, that hedge each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HedgePair {
    /// One contract.
    pub one: Symbol,
    /// The other.
    pub other: Symbol,
    /// How many units of the other stand against one unit of the one.
    pub ratio: HedgeRatio,
}

/// What to do about a position whose hedge was taken by the venue: by auto-deleveraging, or by force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum LostLeg {
    /// As much of it is closed as has lost its hedge.
    #[default]
    Match,
    /// A person is told, and decides.
    Tell,
}
