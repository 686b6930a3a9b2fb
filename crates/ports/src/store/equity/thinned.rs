//! A curve with as many points as can be looked at.

use super::PnlSnapshot;
use plimsoll_domain::Timestamp;
use std::collections::BTreeSet;

/// Points that stand for all of a curve.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThinnedCurve {
    /// The first, the last, the highest and the lowest equity (as far as a double tells one from the next, where a store
    /// cannot reckon in decimals), and others evenly spread over the time between, oldest first; fewer where there are gaps.
    pub points: Vec<PnlSnapshot>,
    /// How many are on record.
    pub on_record: u32,
}

impl ThinnedCurve {
    /// Of a whole curve, oldest first, at most so many points, though the first, the last and the extremes in any case. Of
    /// several that are highest it is the last, of several that are lowest the first, where the store can tell.
    #[must_use]
    pub fn of(curve: Vec<PnlSnapshot>, points: u32) -> Self {
        let on_record = u32::try_from(curve.len()).unwrap_or(u32::MAX);
        let ends = curve.first().zip(curve.last()).map(|(first, last)| (first.time, last.time));
        let Some(moments) = ends.and_then(|ends| Self::moments(on_record, points, ends)) else {
            return Self { points: curve, on_record };
        };
        let by_equity = |place: &usize| curve.get(*place).map(PnlSnapshot::equity);
        let extremes = [(0..curve.len()).max_by_key(by_equity), (0..curve.len()).min_by_key(by_equity)];
        let evenly = moments.iter().map(|moment| curve.partition_point(|point| point.time < *moment));
        let chosen: BTreeSet<usize> = extremes.into_iter().flatten().chain(evenly).collect();
        let is_chosen = |(place, point)| chosen.contains(&place).then_some(point);
        Self { points: curve.into_iter().enumerate().filter_map(is_chosen).collect(), on_record }
    }

    /// The moments at which a curve of so many points, from `first` to `last`, is looked at: the first point at each or after
    /// it is kept, beside the extremes. `None` where all of it is shown.
    #[must_use]
    pub fn moments(on_record: u32, points: u32, (first, last): (Timestamp, Timestamp)) -> Option<Vec<Timestamp>> {
        if on_record <= points.max(FEWEST) {
            return None;
        }
        let steps = i128::from(points.saturating_sub(FEWEST - 1).max(1));
        let (first, last) = (i128::from(first.as_micros()), i128::from(last.as_micros()));
        let moment = |step| i64::try_from(first + (last - first) * step / steps).ok().map(Timestamp::from_micros);
        (0..=steps).map(moment).collect()
    }
}

/// The ends and the extremes.
const FEWEST: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::{AccountId, Money};

    fn curve(equities: &[i64]) -> Vec<PnlSnapshot> {
        let point = |(minute, equity): (i64, &i64)| PnlSnapshot {
            account: AccountId::new("main"),
            time: Timestamp::from_millis(minute * 60_000),
            wallet: Money::new((*equity).into()),
            unrealized_pnl: Money::ZERO,
            realized_pnl: Money::ZERO,
            fees: Money::ZERO,
            funding: Money::ZERO,
            adjustments: Money::ZERO,
            margin_ratio: None,
            open_positions: 0,
        };
        (0..).zip(equities).map(point).collect()
    }

    #[test]
    fn thinning_keeps_the_ends_and_the_extremes() {
        let mut equities: Vec<i64> = (0..1000).map(|_| 100).collect();
        (equities[333], equities[667]) = (90, 120);
        let curve = curve(&equities);
        for points in [4, 10, 500, 999] {
            let thinned = ThinnedCurve::of(curve.clone(), points);
            let shown = &thinned.points;
            assert!(shown.len() <= points as usize, "{} of {points}", shown.len());
            for place in [0, 333, 667, 999] {
                assert!(shown.contains(&curve[place]), "{place} of {points}");
            }
            assert!(shown.is_sorted_by_key(|it| it.time) && thinned.on_record == 1000);
        }
        assert_eq!(ThinnedCurve::of(curve.clone(), 1000).points, curve);
    }

    #[test]
    fn what_is_left_is_evenly_spread() {
        let curve = curve(&(0..101).collect::<Vec<i64>>());
        let thinned = ThinnedCurve::of(curve.clone(), 8);
        let places = [0, 20, 40, 60, 80, 100];
        assert_eq!(thinned.points, places.map(|place: usize| curve[place].clone()));
    }

    #[test]
    fn where_there_was_nothing_there_are_no_points() {
        let mut curve = curve(&(0..12).collect::<Vec<i64>>());
        for point in &mut curve[6..] {
            point.time = point.time.plus(std::time::Duration::from_secs(89 * 60));
        }
        // Minutes 0 to 5 and 95 to 100, looked at every 20.
        let minutes: Vec<i64> =
            ThinnedCurve::of(curve, 8).points.iter().map(|it| it.time.as_micros() / 60_000_000).collect();
        assert_eq!(minutes, [0, 95, 100]);
    }

    #[test]
    fn a_short_curve_is_shown_whole() {
        for length in 0..=4 {
            let curve = curve(&(0..length).collect::<Vec<i64>>());
            assert_eq!(ThinnedCurve::of(curve.clone(), 2).points, curve);
        }
    }
}
