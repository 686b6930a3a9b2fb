//! How near everything is that backs positions.

use super::account::GuardedAccount;
use super::thresholds::{Stage, Thresholds};
use crate::liquidation::Liquidation;
use crate::margin::{MarginRatio, isolated_equity};
use crate::money::Money;
use crate::portfolio::{AccountMargin, Assessment, Collateral, Holding, Portfolio};
use crate::rate::Rate;
use crate::risk::distance_to;

/// How near one backing is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figures {
    pub(super) margin: AccountMargin,
    /// Maintenance ÷ equity of it.
    ratio: Option<MarginRatio>,
    /// The nearest of its positions; not worked out where nothing depends on it.
    pub(super) distance: Option<Rate>,
    pub(super) is_due: bool,
}

impl Figures {
    fn of(margin: AccountMargin) -> Self {
        let ratio = margin.ratio();
        let is_due = ratio.is_some_and(|ratio| ratio.is_liquidation());
        Self { margin, ratio, distance: None, is_due }
    }

    fn near(&mut self, it: &Holding<'_>, liquidation: Liquidation) {
        self.is_due |= liquidation == Liquidation::AlreadyDue;
        self.distance = self.distance.into_iter().chain(distance_to(liquidation, it.mark)).min();
    }

    pub(super) const fn ratio(&self) -> Option<MarginRatio> {
        self.ratio
    }
}

/// The highest stage that anything of a portfolio has reached; `None` if all is calm. What is due has reached the highest
/// there is. Isolated positions speak for themselves alone: those that are not `judged`, by their place, are not heard.
#[must_use]
pub fn stage(portfolio: &Portfolio<'_>, thresholds: &Thresholds, judged: impl Fn(usize) -> bool) -> Option<Stage> {
    let (pool, isolated) = of_portfolio(portfolio, thresholds);
    let due = |it: &Figures| it.is_due.then_some(Stage::Flatten);
    let of_pool = due(&pool).or_else(|| thresholds.pool_stage(pool.ratio(), pool.distance));
    let of_isolated = |it: &Figures| due(it).or_else(|| thresholds.isolated_stage(it.ratio(), it.distance));
    let heard = isolated.iter().filter(|(place, _)| judged(*place));
    heard.filter_map(|(_, it)| of_isolated(it)).chain(of_pool).max()
}

/// Of the cross pool, with this much more in the wallet, and of every isolated position, by its place.
pub(super) fn figures(
    account: &GuardedAccount<'_>,
    thresholds: &Thresholds,
    freed: Money,
) -> (Figures, Vec<(usize, Figures)>) {
    let mut portfolio = account.portfolio();
    portfolio.wallet = Money::new(portfolio.wallet.get().saturating_add(freed.get()));
    of_portfolio(&portfolio, thresholds)
}

/// Liquidation prices are what takes time. They are worked out only where a threshold judges by distance, or the venue counts
/// a fee into liquidation: without one, what is due is where equity has met maintenance.
fn of_portfolio(portfolio: &Portfolio<'_>, thresholds: &Thresholds) -> (Figures, Vec<(usize, Figures)>) {
    let holdings = &portfolio.holdings;
    let mut isolated: Vec<(usize, Figures)> =
        holdings.iter().enumerate().filter_map(|(place, it)| Some((place, own(it)?))).collect();
    if !thresholds.judges_distance() && holdings.iter().all(|it| it.closing_fee == Rate::ZERO) {
        return (Figures::of(portfolio.margin()), isolated);
    }
    let Assessment { positions, account: pool } = portfolio.assess();
    let mut pool = Figures::of(pool);
    let liquidations = || holdings.iter().zip(&positions).map(|(it, margin)| (it, margin.liquidation));
    let is_cross = |it: &Holding<'_>| it.collateral == Collateral::Cross;
    for (it, liquidation) in liquidations().filter(|(it, _)| is_cross(it)) {
        pool.near(it, liquidation);
    }
    for ((it, liquidation), (_, own)) in liquidations().filter(|(it, _)| !is_cross(it)).zip(&mut isolated) {
        own.near(it, liquidation);
    }
    (pool, isolated)
}

fn own(it: &Holding<'_>) -> Option<Figures> {
    let Collateral::Isolated(margin) = it.collateral else { return None };
    let equity = isolated_equity(it.position, margin, it.mark);
    Some(Figures::of(AccountMargin { equity, maintenance: it.maintenance() }))
}
