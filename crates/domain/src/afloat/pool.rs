//! The cross pool: what all its positions share.

use super::account::GuardedAccount;
use super::distance;
use super::figures::{Figures, figures};
use super::plan::{Action, Backing, Block, FlattenCause, flatten};
use super::relief::CrossPool;
use super::thresholds::{Stage, Thresholds};
use crate::money::Money;

/// What to do about the pool; `None` if it is calm.
pub(super) fn block(account: &GuardedAccount<'_>, now: Figures, thresholds: &Thresholds) -> Option<Block> {
    let stage = thresholds.pool_stage(now.ratio(), now.distance);
    let stage = if now.is_due { Stage::Flatten } else { stage? };
    let backing = Backing::Pool;
    let mut actions = vec![match now.is_due {
        true => Action::AlreadyDue { backing, margin: now.margin },
        false => Action::Warn { backing, ratio: now.ratio(), distance: now.distance, stage },
    }];
    let mut freed = Money::ZERO;
    if stage >= Stage::Cancel && !account.entries.is_empty() {
        let symbols = account.entries.iter().map(|entries| entries.symbol.clone()).collect();
        actions.push(Action::CancelEntries { symbols });
        freed = account.entries.iter().fold(freed, |sum, entries| plus(sum, entries.margin));
    }
    if now.is_due {
        actions.extend(flatten(account, backing, FlattenCause::AlreadyDue));
    } else if stage >= Stage::Reduce {
        heavier(account, thresholds, freed, now, &mut actions);
    }
    Some(Block { urgency: (now.is_due, stage, now.ratio()), actions })
}

/// What has to follow once the entries are cancelled and what they held is back.
fn heavier(
    account: &GuardedAccount<'_>,
    thresholds: &Thresholds,
    freed: Money,
    now: Figures,
    actions: &mut Vec<Action>,
) {
    let after = if freed.is_zero() { now } else { figures(account, thresholds, freed).0 };
    let target = thresholds.settings().target;
    match thresholds.pool_stage(after.ratio(), after.distance) {
        Some(Stage::Flatten) => actions.extend(flatten(account, Backing::Pool, FlattenCause::Level)),
        Some(Stage::Reduce | Stage::TopUp) => {
            let mut pool = CrossPool::of(account, after.margin);
            let restored = pool.reduce_to(target.ratio)
                && target.distance.is_none_or(|distance| distance::restore(&mut pool, distance))
                && pool.is_within(target.ratio);
            if restored {
                actions.reserve(pool.touched());
                actions.extend(pool.cuts().map(|(place, cut)| Action::Reduce { place, cut }));
            } else {
                actions.extend(flatten(account, Backing::Pool, FlattenCause::OutOfReach));
            }
        }
        Some(Stage::Warn | Stage::Cancel) | None => {}
    }
}

fn plus(a: Money, b: Money) -> Money {
    Money::new(a.get().saturating_add(b.get()))
}
