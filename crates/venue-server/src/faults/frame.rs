//! Frames that cannot be read.

/// A frame that ends too early, somewhere by `number`: never whole.
pub(crate) fn truncated(frame: &str, number: u64) -> String {
    let end = place(frame, number).max(1).min(frame.len().saturating_sub(1));
    frame.get(..frame.floor_char_boundary(end)).unwrap_or_default().to_owned()
}

/// A frame with a few characters in its midst overwritten, somewhere by `number`. What they are overwritten with stands
/// nowhere in a valid text of JSON, so that no number is only changed.
pub(crate) fn garbled(frame: &str, number: u64) -> String {
    let from = place(frame, number);
    let overwrite = |(at, letter): (usize, char)| if (from..from + 5).contains(&at) { '\u{1}' } else { letter };
    frame.char_indices().map(overwrite).collect()
}

fn place(frame: &str, number: u64) -> usize {
    let length = u64::try_from(frame.len()).unwrap_or(u64::MAX).saturating_sub(1).max(1);
    usize::try_from(number % length).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_frames_cannot_be_read_wherever_they_are_broken() {
        let frame = r#"{"e":"ORDER_TRADE_UPDATE","o":{"s":"币BTCUSDT","q":"0.02","p":59000}}"#;
        let readable = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok();
        assert!(readable(frame));
        for number in 0..200 {
            assert!(!readable(&truncated(frame, number)), "{number}");
            assert!(!readable(&garbled(frame, number)), "{number}: {}", garbled(frame, number));
        }
        for short in ["", "a", "{}"] {
            assert!(truncated(short, 1).len() <= short.len());
            garbled(short, 1);
        }
    }
}
