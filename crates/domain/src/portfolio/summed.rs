//! A portfolio whose sums are taken, to be asked where one more order would be liquidated.

use super::{Collateral, Figures, Holding, Portfolio, leg, plus};
use crate::liquidation::{Leg, Liquidation, cross, isolated};
use crate::money::Money;

/// What the positions of a [`Portfolio`] have beyond their requirement, summed once, at its marks. The check before an order
/// needs the liquidation of one position, and gets it from here without working out any other.
#[derive(Debug, Clone)]
pub struct Sums {
    /// `U − M` of each, where it is cross.
    surpluses: Vec<Money>,
    cross_wallet: Money,
    surplus: Money,
}

/// A [`Portfolio`] with its [`Sums`].
#[derive(Debug, Clone)]
pub struct Summed<'a> {
    holdings: Vec<Holding<'a>>,
    sums: Sums,
}

impl<'a> Portfolio<'a> {
    /// Takes the sums, in one pass. They are those of these marks.
    #[must_use]
    pub fn sums(&self) -> Sums {
        let surplus = |(it, figures): (&Holding<'_>, Figures)| match it.collateral {
            Collateral::Cross => figures.surplus(),
            Collateral::Isolated(_) => Money::ZERO,
        };
        let surpluses: Vec<Money> = self.holdings.iter().zip(self.figures()).map(surplus).collect();
        let surplus = surpluses.iter().fold(Money::ZERO, |sum, it| plus(sum, *it));
        Sums { surpluses, cross_wallet: self.cross_wallet(), surplus }
    }

    /// The same, kept beside the holdings.
    #[must_use]
    pub fn summed(self) -> Summed<'a> {
        let sums = self.sums();
        Summed { holdings: self.holdings, sums }
    }
}

impl Summed<'_> {
    /// As of [`Sums::liquidation_with`].
    #[must_use]
    pub fn liquidation_with(&self, made: &Holding<'_>, instead_of: Option<usize>) -> Liquidation {
        self.sums.liquidation_with(self.holdings.iter().copied(), made, instead_of)
    }
}

impl Sums {
    /// The liquidation of `made` were it held, in the place of the holding with this number, which is one of its contract,
    /// or, without one, as one more: what [`Portfolio::assess`] would say of it. `holdings` are those that the sums were taken of, in their order.
    #[must_use]
    pub fn liquidation_with<'a>(
        &self,
        holdings: impl IntoIterator<Item = Holding<'a>>,
        made: &Holding<'a>,
        instead_of: Option<usize>,
    ) -> Liquidation {
        let (fee, mark) = (made.closing_fee, Some(made.mark));
        if let Collateral::Isolated(margin) = made.collateral {
            return isolated(leg(made), margin, fee, mark);
        }
        let (mut wallet, mut taken) = (self.cross_wallet, Money::ZERO);
        let mut legs: Vec<Leg<'_>> = Vec::new();
        for (place, (it, surplus)) in holdings.into_iter().zip(&self.surpluses).enumerate() {
            let is_replaced = instead_of == Some(place);
            match it.collateral {
                Collateral::Isolated(margin) if is_replaced => wallet = plus(wallet, margin),
                Collateral::Cross if is_replaced => taken = plus(taken, *surplus),
                Collateral::Cross if it.symbol == made.symbol => {
                    taken = plus(taken, *surplus);
                    legs.push(Leg { position: it.position, tiers: it.tiers });
                }
                Collateral::Cross | Collateral::Isolated(_) => {}
            }
        }
        let rest = plus(self.surplus, -taken);
        if legs.is_empty() {
            return cross(&[leg(made)], wallet, rest, fee, mark);
        }
        legs.push(leg(made));
        cross(&legs, wallet, rest, fee, mark)
    }
}
