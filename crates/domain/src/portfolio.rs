//! A whole account at its marks: every position against what backs it.

mod summed;

pub use summed::{Summed, Sums};

use crate::account::id_hash::ByIds;
use crate::liquidation::{Leg, Liquidation, cross, isolated};
use crate::margin::{HedgeMargin, MarginRatio, MarginTiers, isolated_equity, margin_cover};
use crate::money::Money;
use crate::name::Symbol;
use crate::position::Position;
use crate::price::Price;
use crate::rate::Rate;
use rust_decimal::Decimal;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The positions of one account in one settle currency, at their marks.
#[derive(Debug, Clone)]
pub struct Portfolio<'a> {
    /// The whole wallet of the settle currency, without unrealised profit: isolated margin is still in it. Where a venue
    /// lets open orders hold margin, take that off first.
    pub wallet: Money,
    /// What is held. The legs of one symbol have the same mark.
    pub holdings: Vec<Holding<'a>>,
}

/// One position of a [`Portfolio`].
#[derive(Debug, Clone, Copy)]
pub struct Holding<'a> {
    /// The contract.
    pub symbol: &'a Symbol,
    /// What is held of it.
    pub position: Position,
    /// Its mark price.
    pub mark: Price,
    /// What backs it.
    pub collateral: Collateral,
    /// The margin table of the contract.
    pub tiers: &'a MarginTiers,
    /// The fee of closing that the venue counts into liquidation; zero where it does not. It counts into the liquidation
    /// of its own symbol, and for all symbols into a common move; ratios are of maintenance alone.
    pub closing_fee: Rate,
}

/// What backs a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collateral {
    /// The account's cross pool.
    Cross,
    /// This much wallet margin of its own, without unrealised profit.
    Isolated(Money),
}

/// Equity against requirement, of the cross pool or of an isolated position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct AccountMargin {
    /// What backs the positions: wallet and unrealised profit.
    pub equity: Money,
    /// What they require.
    pub maintenance: Money,
}

/// One position's part in an [`Assessment`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PositionMargin {
    /// The prices that liquidate it while all other marks stand still. The cross legs of one symbol share them.
    pub liquidation: Liquidation,
    /// Of what backs it: an isolated position's own, the pool's for a cross one.
    pub margin_ratio: Option<MarginRatio>,
    /// Size × mark.
    pub notional: Money,
    /// Maintenance margin at the mark, as if it were the only leg of its contract.
    pub maintenance: Money,
    /// Profit at the mark, before fees.
    pub unrealized_pnl: Money,
}

/// What there is to say about the margin of a [`Portfolio`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Assessment {
    /// Every position, in the order of the holdings.
    pub positions: Vec<PositionMargin>,
    /// The cross pool.
    pub account: AccountMargin,
}

impl AccountMargin {
    /// Maintenance ÷ equity; `None` where nothing is required.
    #[must_use]
    pub fn ratio(&self) -> Option<MarginRatio> {
        MarginRatio::of(self.maintenance, self.equity)
    }

    /// Equity ÷ maintenance; `None` where nothing is required.
    #[must_use]
    pub fn cover(&self) -> Option<Decimal> {
        margin_cover(self.maintenance, self.equity)
    }
}

impl AccountMargin {
    fn add(&mut self, it: Figures) {
        self.equity = plus(self.equity, it.unrealized_pnl);
        self.maintenance = plus(self.maintenance, it.required);
    }
}

impl Holding<'_> {
    /// Size × mark.
    #[must_use]
    pub fn notional(&self) -> Money {
        self.position.notional(self.mark)
    }

    /// Profit at the mark, before fees.
    #[must_use]
    pub fn unrealized_pnl(&self) -> Money {
        self.position.unrealized_pnl(self.mark)
    }

    /// Maintenance margin at the mark.
    #[must_use]
    pub fn maintenance(&self) -> Money {
        self.tiers.maintenance(self.notional())
    }

    pub(crate) fn is_cross(&self) -> bool {
        self.collateral == Collateral::Cross
    }
}

impl Portfolio<'_> {
    /// Wallet and the profit of every position, isolated ones included.
    #[must_use]
    pub fn equity(&self) -> Money {
        self.holdings.iter().fold(self.wallet, |sum, it| plus(sum, it.unrealized_pnl()))
    }

    /// What the wallet leaves for the cross positions: all but what isolated positions hold.
    #[must_use]
    pub fn cross_wallet(&self) -> Money {
        self.holdings.iter().fold(self.wallet, |left, it| match it.collateral {
            Collateral::Cross => left,
            Collateral::Isolated(margin) => plus(left, -margin),
        })
    }

    /// The cross pool: one pass, no liquidation prices.
    #[must_use]
    pub fn margin(&self) -> AccountMargin {
        let mut pool = AccountMargin { equity: self.wallet, maintenance: Money::ZERO };
        let mut covered = self.covered();
        covered.sort_unstable();
        let mut covered = covered.into_iter().peekable();
        for (place, it) in self.holdings.iter().enumerate() {
            let is_covered = covered.next_if_eq(&place).is_some();
            match it.collateral {
                Collateral::Cross => {
                    pool.equity = plus(pool.equity, it.unrealized_pnl());
                    let required = if is_covered { Money::ZERO } else { it.maintenance() };
                    pool.maintenance = plus(pool.maintenance, required);
                }
                Collateral::Isolated(margin) => pool.equity = plus(pool.equity, -margin),
            }
        }
        pool
    }

    /// Every position and the pool, with exact liquidation prices; in time linear in the positions.
    #[must_use]
    pub fn assess(&self) -> Assessment {
        let figures = self.figures();
        let wallet = self.cross_wallet();
        let mut pool = AccountMargin { equity: wallet, maintenance: Money::ZERO };
        for (_, figures) in self.holdings.iter().zip(&figures).filter(|(it, _)| it.is_cross()) {
            pool.add(*figures);
        }
        let shared = self.shared(&figures, wallet, pool);
        let each = self.holdings.iter().zip(figures).zip(shared);
        let positions = each.map(|((it, figures), shared)| assessed(it, figures, pool, shared));
        Assessment { positions: positions.collect(), account: pool }
    }

    /// Each position's figures. What is required of a cross leg beside a larger opposite one of the same contract depends on
    /// the venue.
    fn figures(&self) -> Vec<Figures> {
        let mut figures: Vec<Figures> = self.holdings.iter().map(Figures::of).collect();
        for covered in self.covered() {
            if let Some(figures) = figures.get_mut(covered) {
                figures.required = Money::ZERO;
            }
        }
        figures
    }

    /// The holdings, by their place, that nothing is asked of: smaller cross legs, where the venue counts the larger alone.
    pub(crate) fn covered(&self) -> Vec<usize> {
        let mut largest: HashMap<&Symbol, usize> = HashMap::new();
        let mut covered = Vec::new();
        let counts = |it: &Holding<'_>| it.is_cross() && it.tiers.hedge() == HedgeMargin::LargerLeg;
        for (place, it) in self.holdings.iter().enumerate().filter(|(_, it)| counts(it)) {
            match largest.entry(it.symbol) {
                Entry::Vacant(entry) => drop(entry.insert(place)),
                Entry::Occupied(mut entry) => {
                    let other = self.holdings.get(*entry.get()).map(|it| it.position);
                    let opposite = other.filter(|other| other.direction != it.position.direction);
                    let Some(other) = opposite else { continue };
                    let smaller = if it.position.quantity > other.quantity { entry.insert(place) } else { place };
                    covered.push(smaller);
                }
            }
        }
        covered
    }

    pub(crate) fn cross(&self) -> impl Iterator<Item = &Holding<'_>> {
        self.holdings.iter().filter(|it| it.is_cross())
    }

    /// The answer that the cross legs of each symbol share, for each holding; `None` for an isolated one. What the positions
    /// have beyond their requirement is summed once, and each symbol takes its own part out of it.
    fn shared(&self, figures: &[Figures], wallet: Money, pool: AccountMargin) -> Vec<Option<Liquidation>> {
        let mut symbols: Vec<Legs<'_>> = Vec::new();
        let mut numbers: HashMap<&Symbol, usize, ByIds> =
            HashMap::with_capacity_and_hasher(self.holdings.len(), ByIds::default());
        let mut of: Vec<Option<usize>> = Vec::with_capacity(self.holdings.len());
        for (it, figures) in self.holdings.iter().zip(figures) {
            of.push(it.is_cross().then(|| {
                let number = *numbers.entry(it.symbol).or_insert(symbols.len());
                match symbols.get_mut(number) {
                    Some(legs) => legs.add(it, figures.surplus()),
                    None => symbols.push(Legs::of(it, figures.surplus())),
                }
                number
            }));
        }
        let surplus = plus(plus(pool.equity, -wallet), -pool.maintenance);
        let answers: Vec<Liquidation> = symbols.into_iter().map(|legs| legs.liquidation(wallet, surplus)).collect();
        of.into_iter().map(|number| answers.get(number?).copied()).collect()
    }
}

/// A position's figures at its mark.
#[derive(Debug, Clone, Copy)]
struct Figures {
    notional: Money,
    maintenance: Money,
    /// What of the maintenance counts beside the other positions.
    required: Money,
    unrealized_pnl: Money,
}

impl Figures {
    fn of(it: &Holding<'_>) -> Self {
        let notional = it.notional();
        let maintenance = it.tiers.maintenance(notional);
        Self { notional, maintenance, required: maintenance, unrealized_pnl: it.unrealized_pnl() }
    }

    /// `U − M`.
    fn surplus(&self) -> Money {
        plus(self.unrealized_pnl, -self.required)
    }
}

/// The cross positions of one symbol: one, or two in hedge mode, and what they have beyond their requirement.
struct Legs<'a> {
    first: &'a Holding<'a>,
    others: Vec<Leg<'a>>,
    surplus: Money,
}

impl<'a> Legs<'a> {
    fn of(first: &'a Holding<'a>, surplus: Money) -> Self {
        Self { first, others: Vec::new(), surplus }
    }

    fn add(&mut self, it: &'a Holding<'a>, surplus: Money) {
        self.others.push(leg(it));
        self.surplus = plus(self.surplus, surplus);
    }

    fn liquidation(mut self, wallet: Money, surplus: Money) -> Liquidation {
        let rest = plus(surplus, -self.surplus);
        let (mark, fee) = (Some(self.first.mark), self.first.closing_fee);
        if self.others.is_empty() {
            return cross(&[leg(self.first)], wallet, rest, fee, mark);
        }
        self.others.push(leg(self.first));
        cross(&self.others, wallet, rest, fee, mark)
    }
}

fn assessed(it: &Holding<'_>, figures: Figures, pool: AccountMargin, shared: Option<Liquidation>) -> PositionMargin {
    let Figures { notional, maintenance, unrealized_pnl, .. } = figures;
    let (liquidation, backing) = match it.collateral {
        Collateral::Cross => (shared.unwrap_or(Liquidation::AlreadyDue), pool),
        Collateral::Isolated(margin) => {
            let equity = isolated_equity(it.position, margin, it.mark);
            let liquidation = isolated(leg(it), margin, it.closing_fee, Some(it.mark));
            (liquidation, AccountMargin { equity, maintenance })
        }
    };
    PositionMargin { liquidation, margin_ratio: backing.ratio(), notional, maintenance, unrealized_pnl }
}

fn leg<'a>(it: &Holding<'a>) -> Leg<'a> {
    Leg { position: it.position, tiers: it.tiers }
}

/// Saturates, so that no number of positions overflows.
fn plus(a: Money, b: Money) -> Money {
    Money::new(a.get().saturating_add(b.get()))
}
