//! Which cross position to make smaller first: the one that lowers the pool's ratio most for the notional sold.
//!
//! Maintenance is convex, so each lot of a contract that is closed relieves the pool by no more than the lot before. The
//! positions are therefore so many runs of like lots, a tier each, and the runs are taken in the order of what they
//! relieve per notional, until the target is met. Of two legs of one contract the larger goes first, down to the smaller,
//! and then both together: that is where the contract's requirement falls fastest, whether its venue asks for both or for
//! the larger alone, and what hedges is never left without what it hedges.

use super::account::{Guarded, GuardedAccount};
use super::cut::Cut;
use super::score::{score, units, units_of};
use crate::account::id_hash::ByIds;
use crate::decimal::{is_at_most, is_positive, larger, or_zero, order, smaller, whole_quotient};
use crate::margin::{HedgeMargin, MarginRatio, MarginTiers};
use crate::money::Money;
use crate::name::Symbol;
use crate::portfolio::AccountMargin;
use crate::price::Rounding;
use crate::quantity::Quantity;
use rust_decimal::Decimal;
use std::cmp::{Ordering, Reverse};
use std::collections::binary_heap::PeekMut;
use std::collections::hash_map::Entry;
use std::collections::{BinaryHeap, HashMap};

/// The cross positions while they are made smaller, at their marks.
pub(super) struct CrossPool<'a> {
    account: &'a GuardedAccount<'a>,
    /// Each position of the account, by its place.
    positions: Vec<Lots<'a>>,
    pub(super) equity: Decimal,
    pub(super) required: Decimal,
    /// What is required of the positions that are left alone.
    beside: Decimal,
    /// The places of the cross legs of each contract that may be made smaller.
    pub(super) contracts: Vec<Legs>,
    /// What was made smaller, in that order.
    touched: Vec<usize>,
}

/// What making a position smaller looks at, side by side: run after run is of another position, and looking for it all over the
/// account is what would take time.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Lots<'a> {
    whole: Decimal,
    left: Decimal,
    mark: Decimal,
    lot: Decimal,
    fee: Decimal,
    /// What a lot is worth, and costs in fees.
    of_lot: (Decimal, Decimal),
    tiers: &'a MarginTiers,
}

impl<'a> Lots<'a> {
    fn of(it: &Guarded<'a>) -> Self {
        let (whole, mark, lot, fee) =
            (it.position.quantity.get(), it.mark.get(), it.instrument.lot.get(), it.fee.get());
        let notional = lot.saturating_mul(mark);
        let of_lot = (notional, notional.saturating_mul(fee));
        Self { whole, left: whole, mark, lot, fee, of_lot, tiers: &it.instrument.tiers }
    }
}

/// The cross legs of one contract, by their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Legs {
    pub(super) one: usize,
    pub(super) other: Option<usize>,
}

/// Lots of one contract that all relieve the pool alike.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// What each unit closes of the larger leg, and of the smaller.
    larger: (usize, Decimal),
    smaller: Option<(usize, Decimal)>,
    /// The notional of the larger leg, and how much of it a unit closes.
    notional: Decimal,
    of_one: Decimal,
    /// What a unit costs in fees, and what is no longer required then: altogether, and per notional as a score.
    cost: Decimal,
    relief: Decimal,
    per_notional: i128,
    /// The notional down to which units are alike; `None` for a single unit.
    alike_to: Option<Decimal>,
}

/// A run among others: the best is the greatest, and of equals the largest position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Offer {
    score: i128,
    notional: Decimal,
    contract: Reverse<usize>,
}

impl PartialOrd for Offer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Offer {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        let by_notional = || order(self.notional, other.notional);
        self.score.cmp(&other.score).then_with(by_notional).then_with(|| self.contract.cmp(&other.contract))
    }
}

impl<'a> CrossPool<'a> {
    /// The cross positions of an account, with its figures.
    pub(super) fn of(account: &'a GuardedAccount<'a>, margin: AccountMargin) -> Self {
        let positions = account.positions.iter().map(Lots::of).collect();
        let (equity, required) = (margin.equity.get(), margin.maintenance.get());
        let contracts = contracts(account);
        let (beside, touched) = (Decimal::ZERO, Vec::new());
        let mut pool = Self { account, positions, equity, required, beside, contracts, touched };
        if account.positions.iter().any(|it| it.left_alone) {
            pool.beside = required.saturating_sub(pool.sum());
        }
        pool
    }

    pub(super) fn it(&self, place: usize) -> Option<&'a Guarded<'a>> {
        self.account.positions.get(place)
    }

    /// What is left of a position.
    pub(super) fn left(&self, place: usize) -> Decimal {
        self.positions.get(place).map_or(Decimal::ZERO, |it| it.left)
    }

    pub(super) fn is_within(&self, target: MarginRatio) -> bool {
        is_at_most(self.required, self.allowed(target))
    }

    /// The most that may be required.
    fn allowed(&self, target: MarginRatio) -> Decimal {
        target.get().saturating_mul(self.equity)
    }

    /// How many positions were made smaller.
    pub(super) fn touched(&self) -> usize {
        self.touched.len()
    }

    /// What to close of each position, in the order in which to do it.
    pub(super) fn cuts(&self) -> impl Iterator<Item = (usize, Cut)> {
        self.touched.iter().filter_map(|place| Some((*place, self.cut(*place)?)))
    }

    /// Makes positions smaller until the ratio is met, by as little as it takes; false if that is out of reach.
    pub(super) fn reduce_to(&mut self, target: MarginRatio) -> bool {
        loop {
            if !self.walk(target) {
                return false;
            }
            // What the venue's minimums close beyond that can, by its fees, be too much.
            self.as_taken();
            if self.is_within(target) {
                return true;
            }
        }
    }

    /// Takes run after run.
    fn walk(&mut self, target: MarginRatio) -> bool {
        let mut allowed = self.allowed(target);
        if is_at_most(self.required, allowed) {
            return true;
        }
        let (equity, required) = (self.equity, self.required);
        let offer = |pool: &Self, contract: usize, run: &Run| {
            let due = required.saturating_mul(pool.positions.get(run.larger.0)?.fee);
            let score = score(run.per_notional, run.cost, due, equity);
            Some(Offer { score, notional: run.notional, contract: Reverse(contract) })
        };
        let mut runs: Vec<Option<Run>> = self.contracts.iter().map(|legs| self.run(*legs)).collect();
        let mut offers: Vec<Offer> = Vec::with_capacity(runs.len());
        offers.extend(runs.iter().enumerate().filter_map(|(contract, run)| offer(self, contract, run.as_ref()?)));
        let mut offers = BinaryHeap::from(offers);
        while let Some(mut best) = offers.peek_mut() {
            let contract = best.contract.0;
            let found = self.contracts.get(contract).copied().zip(runs.get_mut(contract));
            let Some((legs, next, run)) = found.and_then(|(legs, next)| {
                let run = (*next)?;
                Some((legs, next, run))
            }) else {
                PeekMut::pop(best);
                continue;
            };
            let gain = run.relief.saturating_sub(target.get().saturating_mul(run.cost));
            // Fees take more than it relieves, and so they do further down.
            if !is_positive(gain) {
                PeekMut::pop(best);
                continue;
            }
            self.take(&run, gain, allowed);
            allowed = self.allowed(target);
            if is_at_most(self.required, allowed) {
                return true;
            }
            *next = self.run(legs);
            match next.as_ref().and_then(|run| offer(self, contract, run)) {
                Some(offer) => *best = offer,
                None => {
                    PeekMut::pop(best);
                }
            }
        }
        false
    }

    /// As many units of a run as it needs for what is required to be allowed, or all.
    fn take(&mut self, run: &Run, gain: Decimal, allowed: Decimal) {
        let missing = self.required.saturating_sub(allowed);
        let meets = |units: Decimal| is_at_most(missing, units.saturating_mul(gain));
        let mut units = Self::units(run);
        if order(units, Decimal::ONE).is_gt() && meets(units - Decimal::ONE) {
            let needed = whole_quotient(missing, gain, Rounding::Up).unwrap_or(Decimal::MAX).max(Decimal::ONE);
            // A quotient is rounded in its last digit.
            let nearby = [needed.saturating_sub(Decimal::ONE), needed, needed.saturating_add(Decimal::ONE)];
            units =
                nearby.into_iter().find(|units| *units >= Decimal::ONE && meets(*units)).unwrap_or(units).min(units);
        }
        for (place, size) in [Some(run.larger), run.smaller].into_iter().flatten() {
            self.close(place, size.saturating_mul(units));
        }
        self.required = self.required.saturating_sub(run.relief.saturating_mul(units));
    }

    /// How many units of a run there are.
    fn units(run: &Run) -> Decimal {
        let Some(alike_to) = run.alike_to else { return Decimal::ONE };
        let units = whole_quotient(run.notional.saturating_sub(alike_to), run.of_one, Rounding::Down);
        larger(units.unwrap_or(Decimal::ONE), Decimal::ONE)
    }

    /// The next run of a contract; `None` if nothing is left of it.
    fn run(&self, legs: Legs) -> Option<Run> {
        let (most, least) = self.by_size(legs);
        let &Lots { left: held, mark: price, lot, fee, of_lot, tiers, .. } = self.positions.get(most)?;
        if held.is_zero() {
            return None;
        }
        let hedge = least.map_or(Decimal::ZERO, |place| self.left(place));
        let apart = held.saturating_sub(hedge);
        let each = tiers.hedge() == HedgeMargin::EachLeg;
        let is_pair =
            !hedge.is_zero() && order(apart, lot).is_lt() && (each || apart.saturating_mul(Decimal::TWO) <= lot);
        let of_larger = smaller(lot, held);
        let rest = held.saturating_sub(of_larger).saturating_mul(price);
        let of_smaller = if is_pair { lot.min(hedge) } else { Decimal::ZERO };
        let (of_one, of_one_cost) = if order(of_larger, lot).is_eq() {
            of_lot
        } else {
            let of_one = of_larger.saturating_mul(price);
            (of_one, of_one.saturating_mul(fee))
        };
        let (closed, cost) = if is_pair {
            let closed = of_larger.saturating_add(of_smaller).saturating_mul(price);
            (closed, closed.saturating_mul(fee))
        } else {
            (of_one, of_one_cost)
        };
        let notional = held.saturating_mul(price);
        let tier = tiers.at(Money::new(notional));
        // Units are alike while the tier stays what it is, and while the larger leg alone is the larger one.
        let ends = if is_pair { apart } else { hedge };
        let mut alike_to = larger(tier.floor.get(), ends.saturating_mul(price));
        if alike_to.is_zero() && !tier.deduction.is_zero() {
            // A line taken as given ends with a step, at nothing.
            alike_to = lot.saturating_mul(price);
        }
        let is_alike = is_at_most(lot, held) && is_at_most(alike_to, rest) && (!is_pair || !each || apart.is_zero());
        let (relief, per_notional) = if is_alike {
            // Of a pair of which the larger leg alone is asked for, half of what is sold relieves.
            let halves = is_pair && !each;
            let per_notional = if halves { tier.rate.get() / Decimal::TWO } else { tier.rate.get() };
            (closed.saturating_mul(per_notional), units(per_notional))
        } else if hedge.is_zero() {
            let before = tier.maintenance(Money::new(notional)).get();
            let after = if rest.is_zero() { Decimal::ZERO } else { tiers.maintenance(Money::new(rest)).get() };
            let relief = before.saturating_sub(after);
            (relief, units_of(relief, closed))
        } else {
            let it = self.it(most)?;
            let after = required(it, held.saturating_sub(of_larger), hedge.saturating_sub(of_smaller));
            let relief = required(it, held, hedge).saturating_sub(after);
            (relief, units_of(relief, closed))
        };
        Some(Run {
            larger: (most, of_larger),
            smaller: least.filter(|_| is_pair).map(|place| (place, of_smaller)),
            notional,
            of_one,
            cost,
            relief,
            per_notional,
            alike_to: is_alike.then_some(alike_to),
        })
    }

    /// The larger leg, and the smaller.
    fn by_size(&self, legs: Legs) -> (usize, Option<usize>) {
        match legs.other {
            Some(other) if order(self.left(other), self.left(legs.one)).is_gt() => (other, Some(legs.one)),
            other => (legs.one, other),
        }
    }

    /// What is required of a contract.
    pub(super) fn required_of(&self, legs: Legs) -> Decimal {
        let other = legs.other.map_or(Decimal::ZERO, |place| self.left(place));
        self.it(legs.one).map_or(Decimal::ZERO, |it| required(it, self.left(legs.one), other))
    }

    fn sum(&self) -> Decimal {
        self.contracts.iter().fold(self.beside, |sum, legs| sum.saturating_add(self.required_of(*legs)))
    }

    /// Closes so much of a position, for its fee; what is required is for the caller to say.
    fn close(&mut self, place: usize, size: Decimal) {
        let Some(it) = self.positions.get_mut(place) else { return };
        if order(it.left, it.whole).is_eq() {
            self.touched.push(place);
        }
        it.left = or_zero(it.left.saturating_sub(size));
        let cost = size.saturating_mul(it.mark).saturating_mul(it.fee);
        self.equity = self.equity.saturating_sub(cost);
    }

    /// Closes at least so much of a leg, as its venue takes it.
    pub(super) fn close_of(&mut self, legs: Legs, place: usize, size: Quantity) {
        let before = self.required_of(legs);
        self.close(place, size.get().min(self.left(place)));
        self.close_to_cut(place);
        self.required = self.required.saturating_sub(before).saturating_add(self.required_of(legs));
    }

    /// What was closed of each position, as its venue takes it.
    fn as_taken(&mut self) {
        let mut is_more = false;
        for at in 0..self.touched.len() {
            let Some(place) = self.touched.get(at).copied() else { continue };
            is_more |= self.close_to_cut(place);
        }
        if is_more {
            self.required = self.sum();
        }
    }

    fn close_to_cut(&mut self, place: usize) -> bool {
        let Some(it) = self.it(place) else { return false };
        let closed = it.position.quantity.get().saturating_sub(self.left(place));
        let Ok(taken) = Quantity::new(closed).map(|closed| it.size(closed)) else { return false };
        let more = taken.get().saturating_sub(closed);
        if is_positive(more) {
            self.close(place, more);
        }
        is_positive(more)
    }

    fn cut(&self, place: usize) -> Option<Cut> {
        let it = self.it(place)?;
        let closed = it.position.quantity.get().saturating_sub(self.left(place));
        // It is closed as its venue takes it already.
        Quantity::new(closed).ok().map(|closed| it.cut_exactly(closed))
    }
}

/// What the contract of `it` requires of two cross legs of these sizes, one of which may be none.
pub(super) fn required(it: &Guarded<'_>, one: Decimal, other: Decimal) -> Decimal {
    let of = |size: Decimal| {
        let notional = Money::new(size.saturating_mul(it.mark.get()));
        if notional.is_positive() { it.instrument.tiers.maintenance(notional).get() } else { Decimal::ZERO }
    };
    match it.instrument.tiers.hedge() {
        _ if other.is_zero() => of(one),
        HedgeMargin::EachLeg => of(one).saturating_add(of(other)),
        HedgeMargin::LargerLeg => of(one.max(other)),
    }
}

fn contracts(account: &GuardedAccount<'_>) -> Vec<Legs> {
    let mut found: Vec<Legs> = Vec::with_capacity(account.positions.len());
    let mut by_symbol: HashMap<&Symbol, usize, ByIds> =
        HashMap::with_capacity_and_hasher(account.positions.len(), ByIds::default());
    for (place, it) in account.positions.iter().enumerate().filter(|(_, it)| it.is_cross()) {
        match by_symbol.entry(&it.instrument.symbol) {
            Entry::Vacant(entry) => {
                entry.insert(found.len());
                found.push(Legs { one: place, other: None });
            }
            Entry::Occupied(entry) => match found.get_mut(*entry.get()) {
                Some(legs) if legs.other.is_none() => legs.other = Some(place),
                _ => found.push(Legs { one: place, other: None }),
            },
        }
    }
    let is_ours = |place: usize| account.positions.get(place).is_some_and(|it| !it.left_alone);
    found.retain_mut(|legs| {
        let beside = legs.other.filter(|other| !is_ours(*other));
        match (is_ours(legs.one), beside) {
            (true, None) => true,
            // Where the larger leg alone counts, what making ours smaller relieves is the other's to say.
            (true, Some(_)) => {
                legs.other = None;
                hedge_of(account, legs.one) == Some(HedgeMargin::EachLeg)
            }
            (false, _) => match legs.other.take().filter(|other| is_ours(*other)) {
                Some(other) => {
                    legs.one = other;
                    hedge_of(account, other) == Some(HedgeMargin::EachLeg)
                }
                None => false,
            },
        }
    });
    found
}

fn hedge_of(account: &GuardedAccount<'_>, place: usize) -> Option<HedgeMargin> {
    account.positions.get(place).map(|it| it.instrument.tiers.hedge())
}
