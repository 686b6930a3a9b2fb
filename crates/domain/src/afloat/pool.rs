//! The cross pool: what all its positions share.

use super::account::GuardedAccount;
use super::distance;
use super::ladder::{Ladder, Stage};
use super::plan::{Action, Backing, Block, FlattenCause, flatten};
use super::relief::CrossPool;
use crate::liquidation::Liquidation;
use crate::margin::MarginRatio;
use crate::money::Money;
use crate::portfolio::{AccountMargin, Assessment};
use crate::rate::Rate;
use crate::risk::distance_to;

/// What to do about the pool; `None` if it is calm.
pub(super) fn block(account: &GuardedAccount<'_>, assessment: &Assessment, ladder: &Ladder) -> Option<Block> {
    let now = Figures::of(account, assessment);
    let stage = ladder.pool_stage(now.ratio, now.distance);
    let stage = if now.is_due { Stage::Flatten } else { stage? };
    let backing = Backing::Pool;
    let mut actions = vec![match now.is_due {
        true => Action::AlreadyDue { backing, margin: assessment.account },
        false => Action::Warn { backing, ratio: now.ratio, distance: now.distance, stage },
    }];
    let mut freed = Money::ZERO;
    if stage >= Stage::Cancel && !account.entries.is_empty() {
        let symbols = account.entries.iter().map(|entries| entries.symbol.clone()).collect();
        actions.push(Action::CancelEntries { symbols });
        freed = account.entries.iter().fold(freed, |sum, entries| plus(sum, entries.margin));
    }
    if now.is_due {
        actions.push(flatten(account, backing, FlattenCause::AlreadyDue));
    } else if stage >= Stage::Reduce {
        actions.extend(heavier(account, assessment, ladder, freed, now));
    }
    Some(Block { urgency: (now.is_due, stage, now.ratio), actions })
}

/// What has to follow once the entries are cancelled and what they held is back.
fn heavier(
    account: &GuardedAccount<'_>,
    assessment: &Assessment,
    ladder: &Ladder,
    freed: Money,
    now: Figures,
) -> Vec<Action> {
    let after = if freed.is_zero() { now } else { Figures::with(account, freed) };
    let target = ladder.settings().target;
    match ladder.pool_stage(after.ratio, after.distance) {
        Some(Stage::Flatten) => vec![flatten(account, Backing::Pool, FlattenCause::Level)],
        Some(Stage::Reduce | Stage::TopUp) => {
            let mut pool = CrossPool::of(account, plus(assessment.account.equity, freed));
            let restored = pool.reduce_to(target.ratio)
                && target.distance.is_none_or(|distance| distance::restore(&mut pool, distance))
                && pool.is_within(target.ratio);
            if restored {
                pool.cuts().map(|(place, cut)| Action::Reduce { place, cut }).collect()
            } else {
                vec![flatten(account, Backing::Pool, FlattenCause::OutOfReach)]
            }
        }
        Some(Stage::Warn | Stage::Cancel) | None => Vec::new(),
    }
}

/// How near the pool is.
#[derive(Debug, Clone, Copy)]
struct Figures {
    ratio: Option<MarginRatio>,
    /// The nearest of its positions.
    distance: Option<Rate>,
    is_due: bool,
}

impl Figures {
    fn of(account: &GuardedAccount<'_>, assessment: &Assessment) -> Self {
        let AccountMargin { equity, maintenance } = assessment.account;
        let held = account.positions.iter().zip(&assessment.positions).filter(|(it, _)| it.is_cross());
        let ratio = MarginRatio::of(maintenance, equity);
        let mut found = Self { ratio, distance: None, is_due: ratio.is_some_and(|ratio| ratio.is_liquidation()) };
        for (it, margin) in held {
            found.is_due |= margin.liquidation == Liquidation::AlreadyDue;
            let distance = distance_to(margin.liquidation, it.mark);
            found.distance = found.distance.into_iter().chain(distance).min();
        }
        found
    }

    /// With this much more in the wallet.
    fn with(account: &GuardedAccount<'_>, freed: Money) -> Self {
        let mut portfolio = account.portfolio();
        portfolio.wallet = plus(portfolio.wallet, freed);
        Self::of(account, &portfolio.assess())
    }
}

fn plus(a: Money, b: Money) -> Money {
    Money::new(a.get().saturating_add(b.get()))
}
