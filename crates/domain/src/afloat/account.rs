//! What is protected, and what that has to work with.

use crate::instrument::Instrument;
use crate::money::Money;
use crate::name::Symbol;
use crate::portfolio::{Collateral, Holding, Portfolio};
use crate::position::Position;
use crate::price::{Price, Step};
use crate::quantity::Quantity;
use crate::rate::Rate;
use crate::reduce::Reducible;

/// One account in one settle currency, at its marks.
#[derive(Debug, Clone)]
pub struct GuardedAccount<'a> {
    /// The whole wallet, without unrealised profit: isolated margin is still in it, what open orders hold is not where the
    /// venue takes that off what backs the positions.
    pub wallet: Money,
    /// What is held: of one contract at most one long and one short, at one mark.
    pub positions: Vec<Guarded<'a>>,
    /// The entries that rest on the books. Orders that only reduce are no entries, and are not to be listed.
    pub entries: Vec<RestingEntries<'a>>,
    /// What of the wallet may be moved into isolated margin, by the venue's word.
    pub free: Money,
    /// The smallest amount of the settle currency that can be moved.
    pub money_step: Step,
}

/// One position, and what closing a part of it takes.
#[derive(Debug, Clone, Copy)]
pub struct Guarded<'a> {
    /// Its contract.
    pub instrument: &'a Instrument,
    /// What is held of it.
    pub position: Position,
    /// Its mark price, at which it would be closed.
    pub mark: Price,
    /// What backs it.
    pub collateral: Collateral,
    /// The fee of closing that the venue counts into liquidation; zero where it does not.
    pub closing_fee: Rate,
    /// What closing costs, as a fraction of the notional closed: the account's taker fee.
    pub fee: Rate,
    /// What the book bears at once; `None` if nobody knows, and then the venue's largest market order is the only bound.
    pub depth: Option<Quantity>,
    /// It is somebody else's: it counts in every figure and is told of, and nothing is done about it.
    pub left_alone: bool,
}

/// The entries that rest in one contract.
#[derive(Debug, Clone, Copy)]
pub struct RestingEntries<'a> {
    /// The contract.
    pub symbol: &'a Symbol,
    /// What cancelling them gives back to the cross pool; zero where the venue counts that into the pool all the while.
    pub margin: Money,
}

impl<'a> Guarded<'a> {
    /// The position as a [`Portfolio`] holds it.
    #[must_use]
    pub fn holding(&self) -> Holding<'a> {
        Holding {
            symbol: &self.instrument.symbol,
            position: self.position,
            mark: self.mark,
            collateral: self.collateral,
            tiers: &self.instrument.tiers,
            closing_fee: self.closing_fee,
        }
    }

    pub(super) fn is_cross(&self) -> bool {
        self.collateral == Collateral::Cross
    }

    /// With this much of it left, beside this much equity and this much that is required of others.
    pub(super) fn reducible(&self, left: Quantity, equity: Money, elsewhere: Money) -> Reducible<'a> {
        Reducible {
            position: Position { quantity: left, ..self.position },
            mark: self.mark,
            tiers: &self.instrument.tiers,
            lot: self.instrument.lot,
            fee: self.fee,
            equity,
            elsewhere,
        }
    }
}

impl<'a> GuardedAccount<'a> {
    /// The account as it stands.
    #[must_use]
    pub fn portfolio(&self) -> Portfolio<'a> {
        Portfolio { wallet: self.wallet, holdings: self.positions.iter().map(Guarded::holding).collect() }
    }
}
