//! A whole account at its marks: every position against what backs it.

use crate::liquidation::{Leg, Liquidation, cross, isolated};
use crate::margin::{MarginRatio, MarginTiers, isolated_equity, margin_cover};
use crate::money::Money;
use crate::name::Symbol;
use crate::position::Position;
use crate::price::Price;
use crate::rate::Rate;
use rust_decimal::Decimal;
use std::collections::HashMap;

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
    /// The fee of closing that the venue counts into liquidation; zero where it does not.
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
    /// Maintenance margin at the mark.
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
        let mut pool = AccountMargin { equity: self.cross_wallet(), maintenance: Money::ZERO };
        for it in self.cross() {
            pool.equity = plus(pool.equity, it.unrealized_pnl());
            pool.maintenance = plus(pool.maintenance, it.maintenance());
        }
        pool
    }

    /// Every position and the pool, with exact liquidation prices; in time linear in the positions.
    #[must_use]
    pub fn assess(&self) -> Assessment {
        let account = self.margin();
        let shared = self.shared_bounds(account);
        let positions = self.holdings.iter().map(|it| assessed(it, account, &shared)).collect();
        Assessment { positions, account }
    }

    pub(crate) fn cross(&self) -> impl Iterator<Item = &Holding<'_>> {
        self.holdings.iter().filter(|it| it.is_cross())
    }

    /// The answer that the cross legs of each symbol share. What the pool has beyond its requirement is summed once, and
    /// each symbol takes its own part out of it.
    fn shared_bounds(&self, account: AccountMargin) -> HashMap<&Symbol, Liquidation> {
        let mut symbols: HashMap<&Symbol, Pair<'_>> = HashMap::new();
        for it in self.cross() {
            symbols.entry(it.symbol).and_modify(|pair| pair.add(it)).or_insert_with(|| Pair::of(it));
        }
        let wallet = self.cross_wallet();
        let surplus = plus(plus(account.equity, -wallet), -account.maintenance);
        symbols.into_iter().map(|(symbol, pair)| (symbol, pair.bounds(wallet, surplus))).collect()
    }
}

/// The cross positions of one symbol: one, or two in hedge mode.
struct Pair<'a> {
    first: &'a Holding<'a>,
    others: Vec<&'a Holding<'a>>,
    surplus: Money,
}

impl<'a> Pair<'a> {
    fn of(first: &'a Holding<'a>) -> Self {
        Self { first, others: Vec::new(), surplus: surplus(first) }
    }

    fn add(&mut self, it: &'a Holding<'a>) {
        self.others.push(it);
        self.surplus = plus(self.surplus, surplus(it));
    }

    fn bounds(&self, wallet: Money, surplus: Money) -> Liquidation {
        let rest = plus(surplus, -self.surplus);
        let (mark, fee) = (Some(self.first.mark), self.first.closing_fee);
        if self.others.is_empty() {
            return cross(&[leg(self.first)], wallet, rest, fee, mark);
        }
        let legs: Vec<Leg<'_>> = std::iter::once(self.first).chain(self.others.iter().copied()).map(leg).collect();
        cross(&legs, wallet, rest, fee, mark)
    }
}

fn assessed(it: &Holding<'_>, account: AccountMargin, shared: &HashMap<&Symbol, Liquidation>) -> PositionMargin {
    let maintenance = it.maintenance();
    let (liquidation, equity_against) = match it.collateral {
        Collateral::Cross => (shared.get(it.symbol).copied(), account),
        Collateral::Isolated(margin) => {
            let equity = isolated_equity(it.position, margin, it.mark);
            let bounds = isolated(leg(it), margin, it.closing_fee, Some(it.mark));
            (Some(bounds), AccountMargin { equity, maintenance })
        }
    };
    PositionMargin {
        liquidation: liquidation.unwrap_or(Liquidation::AlreadyDue),
        margin_ratio: equity_against.ratio(),
        notional: it.notional(),
        maintenance,
        unrealized_pnl: it.unrealized_pnl(),
    }
}

fn leg<'a>(it: &Holding<'a>) -> Leg<'a> {
    Leg { position: it.position, tiers: it.tiers }
}

/// `U − M`.
fn surplus(it: &Holding<'_>) -> Money {
    plus(it.unrealized_pnl(), -it.maintenance())
}

/// Saturates, so that no number of positions overflows.
fn plus(a: Money, b: Money) -> Money {
    Money::new(a.get().saturating_add(b.get()))
}
