//! What is to be done now, in order.

use super::account::{Guarded, GuardedAccount};
use super::cut::Cut;
use super::distance::room;
use super::figures::{Figures, figures};
use super::thresholds::{Stage, Thresholds};
use super::{isolated, pool};
use crate::margin::MarginRatio;
use crate::money::Money;
use crate::name::Symbol;
use crate::portfolio::{AccountMargin, Collateral};
use crate::rate::Rate;
use std::cmp::Reverse;

/// What backs the positions that are judged together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backing {
    /// The cross pool, for all cross positions.
    Pool,
    /// An isolated position's own margin. The position by its place in [`GuardedAccount::positions`].
    Isolated(usize),
}

/// One thing to do. Positions are named by their place in [`GuardedAccount::positions`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// To be told, and never hidden: equity is at or below what is required, so that the venue may liquidate now. Where the
    /// last look was calm the mark has jumped over every threshold, and no reduction could have saved it.
    AlreadyDue {
        /// Of what.
        backing: Backing,
        /// Equity against requirement.
        margin: AccountMargin,
    },
    /// To be told: how near it is.
    Warn {
        /// Of what.
        backing: Backing,
        /// Maintenance ÷ equity.
        ratio: Option<MarginRatio>,
        /// From the mark to the nearest liquidation, as a share of the mark; `None` if no price liquidates, or no threshold
        /// judges by distance.
        distance: Option<Rate>,
        /// The highest stage reached.
        stage: Stage,
    },
    /// To take the entries in these contracts off the book. What protects, and what reduces, stays.
    CancelEntries {
        /// The contracts.
        symbols: Vec<Symbol>,
    },
    /// To move wallet margin into an isolated position.
    AddMargin {
        /// The position.
        place: usize,
        /// The smallest amount that restores the target or, if that is not free, all that is.
        amount: Money,
        /// Whether it restores the target by itself.
        restores: bool,
    },
    /// To close a part of a position or all of it, reduce-only.
    Reduce {
        /// The position.
        place: usize,
        /// How much.
        cut: Cut,
    },
    /// To close everything that this backs, reduce-only.
    Flatten {
        /// What backs it.
        backing: Backing,
        /// Why.
        cause: FlattenCause,
        /// Every position of ours, those that require the most first.
        closes: Vec<(usize, Cut)>,
    },
}

/// Why no less will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FlattenCause {
    /// It is due already: whatever the venue leaves is closed.
    AlreadyDue,
    /// The highest threshold is reached.
    Level,
    /// No reduction restores the target.
    OutOfReach,
}

/// What to do about one backing.
pub(super) struct Block {
    /// How bad it is: due first, then by stage, then by ratio.
    pub(super) urgency: (bool, Stage, Option<MarginRatio>),
    pub(super) actions: Vec<Action>,
}

/// What an account is to do now to stay afloat, in the order in which to do it; nothing if all is calm.
///
/// What backs its positions is judged apart, the worst first. For each, lighter measures come before
/// heavier ones, and count when these are worked out, as if they had been carried out at the marks. Reductions are the
/// smallest that restore the target: of the cross pool first where the ratio falls fastest for the notional sold. A plan
/// is good for one look: after any of it is done, or fails, the account is to be looked at again.
#[must_use]
pub fn plan(account: &GuardedAccount<'_>, thresholds: &Thresholds) -> Vec<Action> {
    let (pool, isolated) = figures(account, thresholds, Money::ZERO);
    let pool = pool::block(account, pool, thresholds);
    let entries_are_cancelled = pool.as_ref().is_some_and(|pool| pool.urgency.1 >= Stage::Cancel);
    let is_troubled = |it: &Figures| it.is_due || thresholds.isolated_stage(it.ratio(), it.distance).is_some();
    let mut troubled: Vec<(usize, Figures)> = isolated.into_iter().filter(|(_, it)| is_troubled(it)).collect();
    troubled.sort_by_cached_key(|(_, it)| Reverse(it.ratio()));
    let mut blocks = Vec::with_capacity(troubled.len().saturating_add(1));
    let mut purse = Purse::of(account, thresholds, pool.is_none(), troubled.is_empty());
    for (place, own) in troubled {
        let Some(it) = account.positions.get(place) else { continue };
        let mut block = isolated::block(place, it, own, account, thresholds, &mut purse);
        if entries_are_cancelled {
            block.actions.retain(|action| !matches!(action, Action::CancelEntries { .. }));
        }
        blocks.push(block);
    }
    blocks.extend(pool);
    blocks.sort_by_key(|block| Reverse(block.urgency));
    let rest = blocks.iter().skip(1).map(|block| block.actions.len()).sum();
    let mut blocks = blocks.into_iter().map(|block| block.actions);
    let mut actions = blocks.next().unwrap_or_default();
    actions.reserve(rest);
    blocks.for_each(|more| actions.extend(more));
    actions
}

/// What may be moved into isolated margin.
pub(super) struct Purse {
    pub(super) left: Money,
}

impl Purse {
    /// What is free and allowed, and what the cross pool can give and still be within the target itself.
    fn of(account: &GuardedAccount<'_>, thresholds: &Thresholds, pool_is_calm: bool, is_idle: bool) -> Self {
        let Some(top_up) = thresholds.settings().top_up.filter(|_| pool_is_calm && !is_idle) else {
            return Self { left: Money::ZERO };
        };
        let given = account.free.min(top_up.most);
        let left = room(account, thresholds.settings().target).map_or(given, |room| given.min(room));
        Self { left: left.max(Money::ZERO) }
    }
}

/// Closes everything that this backs; `None` if none of it is ours to close.
pub(super) fn flatten(account: &GuardedAccount<'_>, backing: Backing, cause: FlattenCause) -> Option<Action> {
    let is_backed = |(place, it): &(usize, &Guarded<'_>)| match backing {
        Backing::Pool => it.collateral == Collateral::Cross && !it.left_alone,
        Backing::Isolated(own) => *place == own && !it.left_alone,
    };
    let mut held: Vec<(usize, &Guarded<'_>)> = account.positions.iter().enumerate().filter(is_backed).collect();
    held.sort_by_cached_key(|(_, it)| Reverse(it.holding().maintenance()));
    let closes: Vec<(usize, Cut)> = held.into_iter().map(|(place, it)| (place, it.cut_whole())).collect();
    (!closes.is_empty()).then_some(Action::Flatten { backing, cause, closes })
}
