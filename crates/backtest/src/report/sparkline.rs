//! A curve in a line of text.

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The values as bars, at most `width` of them: each is the last value of an equal share of the values. What does not
/// change is drawn in the middle; of nothing there is nothing.
#[must_use]
pub fn sparkline(values: &[f64], width: usize) -> String {
    let width = width.min(values.len());
    let shown: Vec<f64> =
        (1..=width).filter_map(|bar| values.get((bar * values.len() / width).saturating_sub(1))).copied().collect();
    let (low, high) =
        shown.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), it| (low.min(*it), high.max(*it)));
    shown.iter().filter_map(|value| BARS.get(height(*value, low, high))).collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 7")]
fn height(value: f64, low: f64, high: f64) -> usize {
    let share = (value - low) / (high - low);
    if share.is_finite() { (share.clamp(0.0, 1.0) * 7.0).round() as usize } else { 3 }
}

#[cfg(test)]
mod tests {
    use super::sparkline;

    #[test]
    fn a_curve_is_a_line_of_bars() {
        for (values, width, expected) in [
            (&[][..], 10, ""),
            (&[5.0], 10, "▄"),
            (&[5.0, 5.0, 5.0], 10, "▄▄▄"),
            (&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 8, "▁▂▃▄▅▆▇█"),
            (&[0.0, 9.0, -2.0, 7.0], 2, "█▁"),
            (&[1.0, 0.0, 1.0, 0.0, 1.0, 7.0], 3, "▁▁█"),
            (&[1.0, 2.0], 0, ""),
            (&[1.0, f64::NAN, 2.0], 3, "▁▄█"),
        ] {
            assert_eq!(sparkline(values, width), expected, "{values:?}");
        }
    }
}
