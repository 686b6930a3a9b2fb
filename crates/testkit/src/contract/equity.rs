//! What [`EquityRepository`] promises.

use super::records::{AMOUNTS, DAY, NAMES, NOON, account, at, decimal, is_conflict, money, point};
use super::suite::{Failure, Outcome, Suite, ensure, ensure_eq};
use plimsoll_domain::{AccountId, MarginRatio, Money, Timestamp};
use plimsoll_ports::{EquityRepository, PnlSnapshot, ThinnedCurve};

/// Runs every case, each on a fresh and empty store.
///
/// # Panics
/// If a promise is broken; the message names every broken one.
pub async fn run<S: EquityRepository>(fresh: impl AsyncFn() -> S) {
    let mut suite = Suite::new("EquityRepository");
    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {
            $(suite.case(stringify!($case), async { $case(&fresh().await).await }).await;)+
        };
    }
    cases![
        a_point_is_read_back_exactly,
        the_same_point_again_changes_nothing,
        another_point_of_the_same_moment_conflicts,
        of_two_points_of_one_moment_at_once_one_wins,
        a_curve_is_oldest_first_and_no_longer_than_asked,
        a_thinned_curve_is_chosen_from_the_whole_one,
        the_peak_is_the_highest_equity,
        the_first_point_since_is_found,
        the_last_point_of_a_day_is_found,
        accounts_have_curves_of_their_own,
    ];
    suite.finish();
}

async fn a_point_is_read_back_exactly(equity: &dyn EquityRepository) -> Outcome {
    for (number, amount) in AMOUNTS.into_iter().enumerate() {
        let ratio = if number % 2 == 0 { decimal(amount)? } else { decimal(amount)?.abs() };
        let snapshot = PnlSnapshot {
            account: AccountId::new(format!("{number} {}", NAMES.get(number % NAMES.len()).unwrap_or(&"main"))),
            time: Timestamp::from_micros(1_700_000_000_123_457),
            wallet: money(amount)?,
            unrealized_pnl: Money::ZERO,
            realized_pnl: money(amount)?,
            fees: money(amount)?,
            funding: money(amount)?,
            adjustments: money(amount)?,
            margin_ratio: (number > 0).then_some(MarginRatio::reported(ratio)),
            open_positions: if number == 0 { 0 } else { u32::MAX },
        };
        equity.snapshot(&snapshot).await?;
        ensure_eq!(equity.first_since(&snapshot.account, snapshot.time).await?.as_ref(), Some(&snapshot), "the point");
        let mirrored = PnlSnapshot {
            time: Timestamp::from_micros(1_700_000_000_123_458),
            wallet: Money::ZERO,
            unrealized_pnl: money(amount)?,
            ..snapshot
        };
        equity.snapshot(&mirrored).await?;
        ensure_eq!(equity.first_since(&mirrored.account, mirrored.time).await?.as_ref(), Some(&mirrored), "the point");
    }
    Ok(())
}

async fn the_same_point_again_changes_nothing(equity: &dyn EquityRepository) -> Outcome {
    for _ in 0..2 {
        equity.snapshot(&point(0, "100")?).await?;
    }
    ensure_eq!(equity.curve(&account(), 1, NOON).await?, [point(0, "100")?], "the curve");
    Ok(())
}

async fn another_point_of_the_same_moment_conflicts(equity: &dyn EquityRepository) -> Outcome {
    equity.snapshot(&point(0, "100")?).await?;
    let outcome = equity.snapshot(&point(0, "101")?).await;
    ensure!(is_conflict(&outcome), "{outcome:?}");
    ensure_eq!(equity.curve(&account(), 1, NOON).await?, [point(0, "100")?], "the curve");
    ensure_eq!(equity.peak(&account()).await?, Some(money("100")?), "the peak");
    Ok(())
}

async fn of_two_points_of_one_moment_at_once_one_wins(equity: &dyn EquityRepository) -> Outcome {
    let (low, high) = (point(0, "100")?, point(0, "101")?);
    let (one, two) = tokio::join!(equity.snapshot(&low), equity.snapshot(&high));
    let winner = match (&one, &two) {
        (Ok(()), lost) if is_conflict(lost) => low,
        (lost, Ok(())) if is_conflict(lost) => high,
        _ => return Err(Failure::new(format!("{one:?} and {two:?}"))),
    };
    ensure_eq!(equity.curve(&account(), 1, NOON).await?, [winner], "the curve");
    Ok(())
}

async fn a_curve_is_oldest_first_and_no_longer_than_asked(equity: &dyn EquityRepository) -> Outcome {
    let times = [0, -2 * DAY, 1, -DAY, -DAY + 1, -1];
    for (micros, wallet) in times.into_iter().zip(["1", "2", "3", "4", "5", "6"]) {
        equity.snapshot(&point(micros, wallet)?).await?;
    }
    for (days, expected) in [
        (0, &[][..]),
        (1, &[-DAY + 1, -1, 0]),
        (2, &[-DAY, -DAY + 1, -1, 0]),
        (u32::MAX, &[-2 * DAY, -DAY, -DAY + 1, -1, 0]),
    ] {
        let found: Vec<Timestamp> =
            equity.curve(&account(), days, NOON).await?.into_iter().map(|point| point.time).collect();
        let expected: Vec<Timestamp> = expected.iter().map(|&micros| at(micros)).collect();
        ensure_eq!(found, expected, "{days} days");
    }
    Ok(())
}

/// The highest and the lowest of these are so by both amounts together, and each is there twice.
async fn a_thinned_curve_is_chosen_from_the_whole_one(equity: &dyn EquityRepository) -> Outcome {
    let none = equity.thinned(&account(), 1, 10, NOON).await?;
    ensure_eq!(none, ThinnedCurve { points: Vec::new(), on_record: 0 }, "no curve");
    // Ever further apart, so that what lies nearest to a moment, before it and behind it are three points.
    let far = |place: i64| place * place;
    let (length, highest, lowest) = (41, [17, 29], [11, 23]);
    for place in 0..length {
        let (wallet, unrealized) = match place {
            it if highest.contains(&it) => ("99.9", "900.1"),
            it if lowest.contains(&it) => ("1000", "-999.5"),
            it if it % 2 == 0 => ("500", "-12.25"),
            _ => ("12.25", "480"),
        };
        equity.snapshot(&PnlSnapshot { unrealized_pnl: money(unrealized)?, ..point(far(place), wallet)? }).await?;
    }
    equity.snapshot(&PnlSnapshot { account: AccountId::new("other"), ..point(5, "100000")? }).await?;
    let until = at(far(length - 2));
    // Outside of the day, by nothing and by one.
    for (micros, wallet) in [(far(length - 2) - DAY, "100000"), (far(length - 2) - 1 - DAY, "-100000")] {
        equity.snapshot(&point(micros, wallet)?).await?;
    }
    let whole = equity.curve(&account(), 1, until).await?;
    for points in [0, 2, 4, 5, 7, 12, 39, 40, 41, u32::MAX] {
        let thinned = equity.thinned(&account(), 1, points, until).await?;
        ensure_eq!(thinned, ThinnedCurve::of(whole.clone(), points), "{points} points");
        ensure!(thinned.points.len() <= points.max(4) as usize, "{} points of {points}", thinned.points.len());
        for place in [0, highest[1], lowest[0], length - 2] {
            ensure!(thinned.points.iter().any(|it| it.time == at(far(place))), "{place} of {points}");
        }
    }
    Ok(())
}

async fn the_peak_is_the_highest_equity(equity: &dyn EquityRepository) -> Outcome {
    ensure_eq!(equity.peak(&account()).await?, None, "the peak of no curve");
    for (micros, wallet, unrealized, peak) in [
        (0, "-10", "2", "-8"),
        (10, "9", "-1", "8"),
        (20, "10", "-3", "8"),
        (5, "5", "95.0000000000000000000000001", "100.0000000000000000000000001"),
        (30, "1000", "-900", "100.0000000000000000000000001"),
        (40, "900", "0", "900"),
    ] {
        let snapshot = PnlSnapshot { unrealized_pnl: money(unrealized)?, ..point(micros, wallet)? };
        equity.snapshot(&snapshot).await?;
        ensure_eq!(equity.peak(&account()).await?, Some(money(peak)?), "the peak after {wallet} and {unrealized}");
    }
    Ok(())
}

async fn the_first_point_since_is_found(equity: &dyn EquityRepository) -> Outcome {
    for micros in [20, 0, 10] {
        equity.snapshot(&point(micros, "1")?).await?;
    }
    for (since, expected) in [(-1, Some(0)), (0, Some(0)), (1, Some(10)), (20, Some(20)), (21, None)] {
        let found = equity.first_since(&account(), at(since)).await?.map(|point| point.time);
        ensure_eq!(found, expected.map(at), "since {since}");
    }
    Ok(())
}

async fn the_last_point_of_a_day_is_found(equity: &dyn EquityRepository) -> Outcome {
    let day = 86_400_000_000;
    for micros in [20, 0, 10] {
        equity.snapshot(&point(micros, "1")?).await?;
    }
    for (until, expected) in [
        (-1, None),
        (0, Some(0)),
        (19, Some(10)),
        (20, Some(20)),
        (21, Some(20)),
        (day + 19, Some(20)),
        (day + 20, None),
    ] {
        let found = equity.last_until(&account(), at(until)).await?.map(|point| point.time);
        ensure_eq!(found, expected.map(at), "until {until}");
    }
    Ok(())
}

async fn accounts_have_curves_of_their_own(equity: &dyn EquityRepository) -> Outcome {
    let other = AccountId::new("other");
    equity.snapshot(&PnlSnapshot { account: other.clone(), ..point(0, "1000")? }).await?;
    ensure_eq!(equity.curve(&account(), 1, NOON).await?, [], "the curve");
    ensure_eq!(equity.peak(&account()).await?, None, "the peak");
    ensure_eq!(equity.first_since(&account(), NOON).await?, None, "the first point");
    ensure_eq!(equity.last_until(&account(), NOON).await?, None, "the last point");
    equity.snapshot(&point(0, "1")?).await?;
    ensure_eq!(equity.peak(&account()).await?, Some(money("1")?), "the peak");
    ensure_eq!(equity.peak(&other).await?, Some(money("1000")?), "the other's peak");
    Ok(())
}
