//! Fewer points that look the same.

/// Places of at most about `most` of the values: of each equal share of them the first, the lowest, the highest and the
/// last, so that no extreme is lost.
pub(super) fn thinned(values: &[f64], most: usize) -> Vec<usize> {
    if values.len() <= most.max(4) {
        return (0..values.len()).collect();
    }
    let share = values.len().div_ceil((most / 4).max(1));
    let mut places = Vec::with_capacity(most);
    for (number, values) in values.chunks(share).enumerate() {
        let mut kept =
            [0, extreme(values, |one, other| one < other), extreme(values, |one, other| one > other), values.len() - 1];
        kept.sort_unstable();
        places.extend(kept.map(|place| number * share + place));
    }
    places.dedup();
    places
}

fn extreme(values: &[f64], is_further: fn(f64, f64) -> bool) -> usize {
    let mut best = (0, values.first().copied().unwrap_or_default());
    for (place, value) in values.iter().enumerate() {
        if is_further(*value, best.1) {
            best = (place, *value);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::thinned;
    use proptest::prelude::*;

    #[test]
    fn few_points_are_all_kept() {
        assert_eq!(thinned(&[], 8), [0; 0]);
        assert_eq!(thinned(&[3.0, 1.0, 2.0], 8), [0, 1, 2]);
        // Shares of four: 0 9 1 2, then 3 -5 4 5.
        assert_eq!(thinned(&[0.0, 9.0, 1.0, 2.0, 3.0, -5.0, 4.0, 5.0], 4), [0, 1, 5, 7]);
    }

    proptest! {
        #[test]
        fn extremes_and_ends_are_kept_and_the_rest_is_few(
            values in prop::collection::vec(-1000.0..1000.0_f64, 1..3000), most in 4usize..600,
        ) {
            let places = thinned(&values, most);
            prop_assert!(places.is_sorted_by(|one, other| one < other));
            prop_assert!(places.len() <= most.max(4));
            prop_assert_eq!((places[0], places[places.len() - 1]), (0, values.len() - 1));
            let kept = places.iter().map(|place| values[*place]);
            prop_assert_eq!(kept.clone().fold(f64::MIN, f64::max), values.iter().copied().fold(f64::MIN, f64::max));
            prop_assert_eq!(kept.fold(f64::MAX, f64::min), values.iter().copied().fold(f64::MAX, f64::min));
        }
    }
}
