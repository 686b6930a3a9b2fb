//! What holds of every plan, on arbitrary accounts.

use super::simulated::Simulated;
use super::{contract, guarded, plus, thresholds};
use crate::given::{decimal, off, step};
use plimsoll_domain::afloat::{Action, Backing, FlattenCause, Guarded, GuardedAccount, Thresholds, plan};
use plimsoll_domain::{
    Collateral, Decimal, Direction, HedgeMargin, Instrument, Leverage, MarginRatio, MarginTiers, Money, Position,
    Price, Quantity, Rate, Step, Tier,
};
use proptest::prelude::*;

/// A contract and its legs, in lots and hundredths: what an account is made of.
#[derive(Debug, Clone)]
struct Drawn {
    rises: Vec<(i64, i64)>,
    larger_leg: bool,
    lot: i64,
    min: i64,
    max: i64,
    mark: i64,
    /// Sizes in lots, entries in hundredths of the mark, and the ratio of an isolated leg in thousandths.
    legs: Vec<(bool, i64, i64, Option<i64>)>,
    fee: i64,
    depth: Option<i64>,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let leg = (any::<bool>(), 1_i64..400, 50_i64..150, prop::option::of(400_i64..1100));
    let terms = (1_i64..20, 1_i64..5, 10_i64..200, 1_i64..3000, 0_i64..=10, prop::option::of(1_i64..100));
    (prop::collection::vec((1_i64..4000, 1_i64..300), 1..5), any::<bool>(), terms, prop::collection::vec(leg, 1..=2))
        .prop_map(|(rises, larger_leg, (lot, min, max, mark, fee, depth), mut legs)| {
            // A contract has one long and one short at most.
            if let [first, second] = &mut legs[..] {
                second.0 = !first.0;
            }
            Drawn { rises, larger_leg, lot, min, max, mark, legs, fee, depth }
        })
}

fn table(it: &Drawn) -> MarginTiers {
    let mut line = Tier {
        floor: Money::ZERO,
        rate: Rate::new(Decimal::new(4, 3)),
        deduction: Money::ZERO,
        max_leverage: Leverage::ONE,
    };
    let mut lines = vec![line];
    for (width, rise) in &it.rises {
        let (floor, rise) = (line.floor + Money::new(Decimal::from(*width)), Decimal::new(*rise, 4));
        line =
            Tier { floor, deduction: line.deduction + floor * rise, rate: Rate::new(line.rate.get() + rise), ..line };
        lines.push(line);
    }
    let hedge = if it.larger_leg { HedgeMargin::LargerLeg } else { HedgeMargin::EachLeg };
    MarginTiers::new(lines).unwrap().hedged(hedge)
}

fn contracts(drawn: &[Drawn]) -> Vec<Instrument> {
    let one = |(number, it): (usize, &Drawn)| {
        let hundredths = |number: i64| Quantity::new(Decimal::new(number, 2)).unwrap();
        let mut contract = contract(&format!("A{number}"), table(it), "1", "1", "1", "0.01");
        contract.lot = Step::new(Decimal::new(it.lot, 2)).unwrap();
        contract.min_quantity = hundredths(it.lot * it.min);
        contract.max_market_quantity = hundredths(it.lot * it.max);
        contract
    };
    drawn.iter().enumerate().map(one).collect()
}

/// The account whose pool has this ratio, in thousandths, and whose isolated positions have theirs.
fn account<'a>(drawn: &[Drawn], contracts: &'a [Instrument], ratio: i64, all_cross: bool) -> GuardedAccount<'a> {
    let mut positions = Vec::new();
    for (it, contract) in drawn.iter().zip(contracts) {
        let mark = Price::new(Decimal::new(it.mark, 1)).unwrap();
        for (long, size, entry, own) in &it.legs {
            let position = Position {
                direction: if *long { Direction::Long } else { Direction::Short },
                quantity: Quantity::new(Decimal::new(size * it.lot, 2)).unwrap(),
                entry: Price::new(mark.get() * Decimal::new(*entry, 2)).unwrap(),
            };
            let mut leg = guarded(contract, position, mark, Collateral::Cross);
            leg.fee = Rate::new(Decimal::new(it.fee, 4));
            leg.depth = it.depth.map(|depth| Quantity::new(Decimal::new(depth * it.lot, 2)).unwrap());
            if let Some(own) = own.filter(|_| !all_cross) {
                leg.collateral = Collateral::Isolated(backing(&leg, own) - position.unrealized_pnl(mark));
            }
            positions.push(leg);
        }
    }
    let mut account = GuardedAccount {
        wallet: Money::ZERO,
        positions,
        entries: Vec::new(),
        free: Money::ZERO,
        money_step: step("0.01"),
    };
    let (equity, required) = Simulated::new(&account).margin(None);
    account.wallet = Money::new((required * Decimal::ONE_THOUSAND / Decimal::from(ratio)).round_dp(8) - equity);
    account
}

/// Equity that makes the ratio of this position so many thousandths.
fn backing(it: &Guarded<'_>, thousandths: i64) -> Money {
    Money::new((it.holding().maintenance().get() * Decimal::ONE_THOUSAND / Decimal::from(thousandths)).round_dp(8))
}

fn any_account() -> impl Strategy<Value = (Vec<Drawn>, i64)> {
    (prop::collection::vec(drawn(), 1..5), 400_i64..1100)
}

/// By the ratio alone, and by both.
fn all_thresholds() -> [Thresholds; 2] {
    [Thresholds::default(), thresholds("0.55@0.12 0.6@0.1 0.65@0.08 0.7@0.05 0.9@0.01", None)]
}

fn is_within(it: &Simulated<'_>, isolated: Option<usize>, target: MarginRatio) -> bool {
    let (equity, required) = it.margin(isolated);
    required <= target.get() * equity + decimal("0.000000000000001")
}

fn places(account: &GuardedAccount<'_>) -> Vec<Option<usize>> {
    let isolated =
        (0..account.positions.len()).filter(|place| account.positions[*place].collateral != Collateral::Cross);
    isolated.map(Some).chain([None]).collect()
}

fn is_of(account: &GuardedAccount<'_>, place: usize, backing: Option<usize>) -> bool {
    match backing {
        Some(own) => place == own,
        None => account.positions[place].collateral == Collateral::Cross,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn after_a_plan_the_target_holds_or_nothing_is_left((drawn, ratio) in any_account()) {
        let contracts = contracts(&drawn);
        let account = account(&drawn, &contracts, ratio, false);
        for thresholds in all_thresholds() {
            let target = thresholds.settings().target;
            let actions = plan(&account, &thresholds);
            let mut after = Simulated::new(&account);
            after.carry_out(&actions);
            for backing in places(&account) {
                let is_open = (0..after.held.len()).any(|place| is_of(&account, place, backing) && after.held[place].is_some());
                let of_it = |place: &usize| is_of(&account, *place, backing);
                let reduced = actions.iter().any(|it| matches!(it, Action::Reduce { place, .. } if of_it(place)));
                let flattened = actions.iter().any(|it| match it {
                    Action::Flatten { backing: Backing::Pool, .. } => backing.is_none(),
                    Action::Flatten { backing: Backing::Isolated(place), .. } => backing == Some(*place),
                    _ => false,
                });
                prop_assert!(!flattened || !is_open);
                prop_assert!(!(flattened && reduced));
                if reduced && is_open {
                    prop_assert!(is_within(&after, backing, target.ratio), "{:?}", actions);
                    let distance = after.distance(backing);
                    let wanted = target.distance.unwrap_or_default().get() - decimal("0.00000000000001");
                    prop_assert!(distance.is_none_or(|it| it.get() >= wanted), "{:?} {:?}", distance, actions);
                }
            }
        }
    }

    #[test]
    fn a_plan_is_empty_only_where_all_is_calm((drawn, ratio) in any_account()) {
        let contracts = contracts(&drawn);
        let account = account(&drawn, &contracts, ratio, false);
        for thresholds in all_thresholds() {
            let actions = plan(&account, &thresholds);
            let now = Simulated::new(&account);
            let told = actions.iter().filter_map(|it| match it {
                Action::Warn { backing, .. } | Action::AlreadyDue { backing, .. } => Some(*backing),
                _ => None,
            });
            let told: Vec<Backing> = told.collect();
            for backing in places(&account) {
                let warn = thresholds.settings().warn;
                let (equity, required) = now.margin(backing);
                let by_ratio = required > Decimal::ZERO && (equity <= Decimal::ZERO || required / equity >= warn.ratio.get());
                let distance = now.distance(backing).zip(warn.distance);
                let is_near = by_ratio || distance.is_some_and(|(it, warn)| it <= warn);
                let named = backing.map_or(Backing::Pool, Backing::Isolated);
                prop_assert_eq!(told.contains(&named), is_near, "{:?}: {} of {}", named, required, equity);
            }
            if told.is_empty() {
                prop_assert_eq!(&actions[..], &[]);
            }
        }
    }

    #[test]
    fn what_is_due_is_said((drawn, ratio) in any_account()) {
        let contracts = contracts(&drawn);
        let account = account(&drawn, &contracts, ratio, false);
        let actions = plan(&account, &Thresholds::default());
        for backing in places(&account) {
            let (equity, required) = Simulated::new(&account).margin(backing);
            let named = backing.map_or(Backing::Pool, Backing::Isolated);
            let said = actions.iter().any(|it| matches!(it, Action::AlreadyDue { backing, .. } if *backing == named));
            prop_assert_eq!(said, required > Decimal::ZERO && equity <= required, "{:?}: {} of {}", named, required, equity);
            let closed = actions.iter().any(|it| {
                matches!(it, Action::Flatten { backing, cause: FlattenCause::AlreadyDue, .. } if *backing == named)
            });
            prop_assert_eq!(said, closed);
        }
    }

    /// The simulator panics at what adds or flips.
    #[test]
    fn no_plan_asks_for_what_the_venue_refuses_or_adds_exposure((drawn, ratio) in any_account()) {
        let contracts = contracts(&drawn);
        let account = account(&drawn, &contracts, ratio, false);
        for thresholds in all_thresholds() {
            let actions = plan(&account, &thresholds);
            let mut seen = Vec::new();
            let mut after = Simulated::new(&account);
            for action in &actions {
                let Action::Reduce { place, cut } = action else { continue };
                prop_assert!(!seen.contains(place), "twice");
                seen.push(*place);
                let it = &account.positions[*place];
                prop_assert!(cut.quantity <= it.position.quantity);
                prop_assert!(cut.is_whole || cut.quantity.fits(it.instrument.lot));
                prop_assert!(cut.is_whole || cut.quantity >= it.instrument.min_quantity);
                let left = it.position.quantity.get() - cut.quantity.get();
                prop_assert!(left.is_zero() || left >= it.instrument.min_quantity.get());
                let sum: Decimal = cut.slices.iter().map(|slice| slice.get()).sum();
                prop_assert_eq!(sum, cut.quantity.get());
            }
            after.carry_out(&actions);
            let before = Simulated::new(&account);
            for place in 0..account.positions.len() {
                prop_assert!(after.notional(place) <= before.notional(place));
            }
        }
    }

    #[test]
    fn what_is_sold_of_a_lone_position_is_the_least_that_the_venue_takes(
        drawn in drawn(), ratio in 400_i64..1000, cross in any::<bool>(),
    ) {
        let drawn = [Drawn { legs: drawn.legs[..1].to_vec(), ..drawn }];
        let contracts = contracts(&drawn);
        let mut account = account(&drawn, &contracts, ratio, true);
        if !cross {
            let own = backing(&account.positions[0], ratio) - account.positions[0].holding().unrealized_pnl();
            account.positions[0].collateral = Collateral::Isolated(own);
        }
        let backing = (!cross).then_some(0);
        for thresholds in all_thresholds() {
            let target = thresholds.settings().target;
            let actions = plan(&account, &thresholds);
            let Some(Action::Reduce { cut, .. }) = actions.last() else { continue };
            let it = &account.positions[0];
            let less = cut.quantity.get() - it.instrument.lot.get();
            let Ok(less) = Quantity::new(less) else { continue };
            if less < it.instrument.min_quantity || it.position.quantity.get() - less.get() < it.instrument.min_quantity.get() {
                continue;
            }
            let mut after = Simulated::new(&account);
            after.close(0, less);
            let (equity, required) = after.margin(backing);
            let near = |distance: Rate| after.distance(backing).is_some_and(|it| it < distance);
            let missed = required > target.ratio.get() * equity || target.distance.is_some_and(near);
            prop_assert!(missed, "{less} would do");
        }
    }

    #[test]
    fn no_other_lot_lowers_the_ratio_more_for_what_it_sells_than_the_first((drawn, ratio) in any_account()) {
        let contracts = contracts(&drawn);
        let account = account(&drawn, &contracts, ratio, true);
        let actions = plan(&account, &Thresholds::default());
        let first = actions.iter().find_map(|it| if let Action::Reduce { place, .. } = it { Some(*place) } else { None });
        let Some(first) = first else { return Ok(()) };
        let before = Simulated::new(&account);
        let fall = |places: &[usize]| {
            let mut after = before.clone();
            let mut sold = Decimal::ZERO;
            for place in places {
                let it = &account.positions[*place];
                let lot = Quantity::new(it.instrument.lot.get()).unwrap();
                after.close(*place, lot);
                sold += (lot * it.mark).get();
            }
            let ((equity, required), (equity_then, required_then)) = (before.margin(None), after.margin(None));
            (required / equity - required_then / equity_then) / sold
        };
        let is_twin = |place: &usize| {
            let (one, other) = (&account.positions[first], &account.positions[*place]);
            *place != first && one.instrument.symbol == other.instrument.symbol
                && one.position.quantity == other.position.quantity
        };
        // Two legs of one size go together.
        let twin = (0..account.positions.len()).find(is_twin);
        let chosen = twin.map_or_else(|| fall(&[first]), |twin| fall(&[first, twin]));
        for place in 0..account.positions.len() {
            let other = fall(&[place]);
            let near = off(chosen, other, chosen) <= decimal("0.000000000000000001");
            prop_assert!(chosen >= other || near, "{first} gives {chosen}, {place} gives {other}");
        }
    }

    #[test]
    fn what_is_hedged_stays_hedged((drawn, ratio) in any_account()) {
        let contracts = contracts(&drawn);
        let account = account(&drawn, &contracts, ratio, true);
        let actions = plan(&account, &Thresholds::default());
        let (before, mut after) = (Simulated::new(&account), Simulated::new(&account));
        after.carry_out(&actions);
        for it in &account.positions {
            // The smallest order, and what is too small to be left.
            let slack = Decimal::TWO * it.instrument.min_quantity.get();
            prop_assert!(after.net(it).abs() <= before.net(it).abs() + slack);
        }
    }

    #[test]
    fn without_fees_every_target_is_within_reach((drawn, ratio) in any_account()) {
        let drawn: Vec<Drawn> = drawn.into_iter().map(|it| Drawn { fee: 0, ..it }).collect();
        let contracts = contracts(&drawn);
        let account = account(&drawn, &contracts, ratio, false);
        for thresholds in all_thresholds() {
            for action in plan(&account, &thresholds) {
                let given_up = matches!(action, Action::Flatten { cause: FlattenCause::OutOfReach, .. });
                prop_assert!(!given_up, "{action:?}");
            }
        }
    }

    #[test]
    fn added_margin_is_the_least_that_restores_and_the_pool_can_spare(
        (drawn, ratio) in any_account(), free in 0_i64..1_000_000, most in 1_i64..1_000_000,
    ) {
        let contracts = contracts(&drawn);
        let mut account = account(&drawn, &contracts, ratio, false);
        account.free = Money::new(Decimal::new(free, 3));
        let most = Decimal::new(most, 3);
        for (levels, at) in [
            ("0.6 0.7 0.75 0.8 0.95", "0.77"),
            ("0.55@0.12 0.6@0.1 0.65@0.08 0.7@0.05 0.9@0.01", "0.67@0.06"),
        ] {
            let thresholds = thresholds(levels, Some(&format!("{at} {most}")));
            let target = thresholds.settings().target;
            let actions = plan(&account, &thresholds);
            let mut sum = Money::ZERO;
            for action in &actions {
                let Action::AddMargin { place, amount, restores } = action else { continue };
                sum = plus(sum, *amount);
                let holds = |amount: Money| {
                    let mut after = Simulated::new(&account);
                    let Collateral::Isolated(own) = &mut after.account.positions[*place].collateral else { panic!("isolated") };
                    *own += amount;
                    let (equity, required) = after.margin(Some(*place));
                    let near = |distance: Rate| after.distance(Some(*place)).is_some_and(|it| it < distance);
                    required <= target.ratio.get() * equity && !target.distance.is_some_and(near)
                };
                prop_assert!(amount.is_positive() && (amount.get() * Decimal::ONE_HUNDRED).fract().is_zero());
                prop_assert_eq!(holds(*amount), *restores);
                prop_assert!(!holds(*amount - Money::new(decimal("0.01"))));
            }
            prop_assert!(sum.get() <= most && sum <= account.free);
            if !sum.is_zero() {
                let mut after = Simulated::new(&account);
                after.carry_out(&actions);
                let backs_nothing = after.margin(None).1.is_zero();
                prop_assert!(backs_nothing || is_within(&after, None, target.ratio));
                let told = |it: &Action| matches!(it, Action::Warn { backing: Backing::Pool, .. });
                prop_assert!(!actions.iter().any(told), "margin from a pool that needs it");
                let distance = after.distance(None).zip(target.distance);
                prop_assert!(distance.is_none_or(|(it, wanted)| it.get() >= wanted.get() - decimal("0.00000000000001")));
            }
        }
    }
}
