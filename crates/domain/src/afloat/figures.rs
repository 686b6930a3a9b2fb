//! How near everything is that backs positions.

use super::account::{Guarded, GuardedAccount};
use super::thresholds::Thresholds;
use crate::liquidation::Liquidation;
use crate::margin::{MarginRatio, isolated_equity};
use crate::money::Money;
use crate::portfolio::{AccountMargin, Assessment, Collateral};
use crate::rate::Rate;
use crate::risk::distance_to;

/// How near one backing is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figures {
    pub(super) margin: AccountMargin,
    /// The nearest of its positions; not worked out where nothing depends on it.
    pub(super) distance: Option<Rate>,
    pub(super) is_due: bool,
}

impl Figures {
    fn of(margin: AccountMargin) -> Self {
        let is_due = margin.ratio().is_some_and(|ratio| ratio.is_liquidation());
        Self { margin, distance: None, is_due }
    }

    fn near(&mut self, it: &Guarded<'_>, liquidation: Liquidation) {
        self.is_due |= liquidation == Liquidation::AlreadyDue;
        self.distance = self.distance.into_iter().chain(distance_to(liquidation, it.mark)).min();
    }

    pub(super) fn ratio(&self) -> Option<MarginRatio> {
        self.margin.ratio()
    }
}

/// Of the cross pool, with this much more in the wallet, and of every isolated position, by its place.
///
/// Liquidation prices are what takes time. They are worked out only where a threshold judges by distance, or the venue counts
/// a fee into liquidation: without one, what is due is where equity has met maintenance.
pub(super) fn figures(
    account: &GuardedAccount<'_>,
    thresholds: &Thresholds,
    freed: Money,
) -> (Figures, Vec<(usize, Figures)>) {
    let mut portfolio = account.portfolio();
    portfolio.wallet = Money::new(portfolio.wallet.get().saturating_add(freed.get()));
    let mut isolated: Vec<(usize, Figures)> =
        account.positions.iter().enumerate().filter_map(|(place, it)| Some((place, own(it)?))).collect();
    let counts = |it: &Guarded<'_>| it.closing_fee != Rate::ZERO;
    if !thresholds.judges_distance() && !account.positions.iter().any(counts) {
        return (Figures::of(portfolio.margin()), isolated);
    }
    let Assessment { positions, account: pool } = portfolio.assess();
    let mut pool = Figures::of(pool);
    let liquidations = || account.positions.iter().zip(&positions).map(|(it, margin)| (it, margin.liquidation));
    for (it, liquidation) in liquidations().filter(|(it, _)| it.is_cross()) {
        pool.near(it, liquidation);
    }
    for ((it, liquidation), (_, own)) in liquidations().filter(|(it, _)| !it.is_cross()).zip(&mut isolated) {
        own.near(it, liquidation);
    }
    (pool, isolated)
}

fn own(it: &Guarded<'_>) -> Option<Figures> {
    let Collateral::Isolated(margin) = it.collateral else { return None };
    let equity = isolated_equity(it.position, margin, it.mark);
    Some(Figures::of(AccountMargin { equity, maintenance: it.holding().maintenance() }))
}
