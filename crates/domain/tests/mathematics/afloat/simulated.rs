//! What becomes of an account when a plan is carried out at the marks: worked out from fills, bracket by bracket, without
//! anything of the planner.

use plimsoll_domain::afloat::{Action, Guarded, GuardedAccount};
use plimsoll_domain::{
    Collateral, Decimal, Direction, HedgeMargin, MarginTiers, Money, Portfolio, Position, Rate, Transition,
    risk::distance_to,
};

/// An account that is traded.
#[derive(Clone)]
pub(super) struct Simulated<'a> {
    pub(super) account: GuardedAccount<'a>,
    pub(super) held: Vec<Option<Position>>,
}

impl<'a> Simulated<'a> {
    pub(super) fn new(account: &GuardedAccount<'a>) -> Self {
        let held = account.positions.iter().map(|it| Some(it.position)).collect();
        Self { account: account.clone(), held }
    }

    /// Carries out a whole plan. Anything that adds, flips or closes what is not there is a panic.
    pub(super) fn carry_out(&mut self, actions: &[Action]) {
        for action in actions {
            match action {
                Action::AlreadyDue { .. } | Action::Warn { .. } => {}
                Action::CancelEntries { symbols } => {
                    for entries in self.account.entries.extract_if(.., |it| symbols.contains(it.symbol)) {
                        self.account.wallet += entries.margin;
                    }
                }
                Action::AddMargin { place, amount, .. } => {
                    let Collateral::Isolated(margin) = &mut self.account.positions[*place].collateral else {
                        panic!("margin for a cross position")
                    };
                    assert!(amount.is_positive() && *amount <= self.account.free);
                    *margin += *amount;
                    self.account.free -= *amount;
                }
                Action::Reduce { place, cut } => cut.slices.iter().for_each(|slice| self.close(*place, slice)),
                Action::Flatten { closes, .. } => {
                    for (place, cut) in closes {
                        cut.slices.iter().for_each(|slice| self.close(*place, slice));
                        assert_eq!(self.held[*place], None, "flattened");
                    }
                }
            }
        }
    }

    /// A fill of a reduce-only order at the mark.
    pub(super) fn close(&mut self, place: usize, quantity: plimsoll_domain::Quantity) {
        let it = &mut self.account.positions[place];
        let held = self.held[place].expect("something is held");
        let transition = held.apply(held.direction.opposite(), quantity, it.mark);
        assert!(matches!(transition, Transition::Reduced(..) | Transition::Closed(_)), "{transition:?}");
        self.held[place] = transition.position();
        let change = transition.realized() - quantity * it.mark * it.fee;
        self.account.wallet += change;
        if let Collateral::Isolated(margin) = &mut it.collateral {
            *margin += change;
        }
    }

    /// Equity and requirement of the cross pool, or of one isolated position.
    pub(super) fn margin(&self, isolated: Option<usize>) -> (Decimal, Decimal) {
        if let Some(place) = isolated {
            let it = &self.account.positions[place];
            let Collateral::Isolated(own) = it.collateral else { panic!("isolated") };
            return (own.get() + self.profit(place), maintenance(&it.instrument.tiers, self.notional(place)));
        }
        let (mut equity, mut required) = (self.account.wallet.get(), Decimal::ZERO);
        for (place, it) in self.account.positions.iter().enumerate() {
            match it.collateral {
                Collateral::Isolated(own) => equity -= own.get(),
                Collateral::Cross => {
                    equity += self.profit(place);
                    let counts = it.instrument.tiers.hedge() == HedgeMargin::EachLeg || !self.is_covered(place);
                    required +=
                        if counts { maintenance(&it.instrument.tiers, self.notional(place)) } else { Decimal::ZERO };
                }
            }
        }
        (equity, required)
    }

    /// Whether another cross leg of its contract is larger, or as large and comes first.
    fn is_covered(&self, place: usize) -> bool {
        let it = &self.account.positions[place];
        self.account.positions.iter().enumerate().any(|(other, leg)| {
            let is_leg =
                other != place && leg.collateral == Collateral::Cross && leg.instrument.symbol == it.instrument.symbol;
            let (own, its) = (self.notional(place), self.notional(other));
            is_leg && (its > own || its == own && other < place)
        })
    }

    pub(super) fn notional(&self, place: usize) -> Decimal {
        self.held[place].map_or(Decimal::ZERO, |held| held.notional(self.account.positions[place].mark).get())
    }

    fn profit(&self, place: usize) -> Decimal {
        self.held[place].map_or(Decimal::ZERO, |held| held.unrealized_pnl(self.account.positions[place].mark).get())
    }

    /// What is held of a contract long, less what is short.
    pub(super) fn net(&self, of: &Guarded<'_>) -> Decimal {
        let legs = self.account.positions.iter().zip(&self.held);
        legs.filter(|(it, _)| it.instrument.symbol == of.instrument.symbol)
            .filter_map(|(_, held)| *held)
            .map(|held| if held.direction == Direction::Long { held.quantity.get() } else { -held.quantity.get() })
            .sum()
    }

    /// The nearest distance to liquidation of what is left, cross or isolated.
    pub(super) fn distance(&self, isolated: Option<usize>) -> Option<Rate> {
        let places: Vec<usize> = (0..self.held.len()).filter(|place| self.held[*place].is_some()).collect();
        let holding = |place: &usize| {
            let it = self.account.positions[*place];
            Guarded { position: self.held[*place].unwrap(), ..it }.holding()
        };
        let holdings: Vec<_> = places.iter().map(holding).collect();
        let assessment = Portfolio { wallet: self.wallet_of(&places), holdings }.assess();
        let judged = places.iter().zip(assessment.positions).filter(|(place, _)| match isolated {
            Some(own) => **place == own,
            None => self.account.positions[**place].collateral == Collateral::Cross,
        });
        judged.filter_map(|(place, it)| distance_to(it.liquidation, self.account.positions[*place].mark)).min()
    }

    /// The wallet without what stays in the margin of isolated positions that are closed.
    fn wallet_of(&self, open: &[usize]) -> Money {
        let closed = |place: &usize| !open.contains(place);
        let margins = (0..self.held.len()).filter(closed).map(|place| match self.account.positions[place].collateral {
            Collateral::Isolated(own) => own,
            Collateral::Cross => Money::ZERO,
        });
        self.account.wallet - margins.sum()
    }
}

/// Each bracket's part of the notional, at its own rate.
pub(super) fn maintenance(tiers: &MarginTiers, notional: Decimal) -> Decimal {
    let lines = tiers.lines();
    let ends = lines.iter().skip(1).map(|line| line.floor.get()).chain([Decimal::MAX]);
    let parts = lines
        .iter()
        .zip(ends)
        .map(|(line, end)| (notional.min(end) - line.floor.get()).max(Decimal::ZERO) * line.rate.get());
    parts.sum()
}
