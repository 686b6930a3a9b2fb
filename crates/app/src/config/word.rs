//! Values in the forms that people write them in: `5s`, `5 %`, `yes`.

use plimsoll_domain::{Decimal, Rate, decimal};
use std::time::Duration;

/// Units of time, the smallest first, in milliseconds.
const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Reads `250ms`, `5s`, `1m`, `2h` or `1d`; above zero.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("'{text}' is no time: write it like 250ms, 5s, 1m, 2h or 1d");
    let digits = text.find(|character: char| !character.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at_checked(digits).ok_or_else(wrong)?;
    let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit.trim()).ok_or_else(wrong)?;
    let number: u64 = number.parse().map_err(|_| wrong())?;
    match number.checked_mul(*millis).filter(|millis| *millis > 0 && *millis <= 366 * 86_400_000) {
        Some(millis) => Ok(Duration::from_millis(millis)),
        None => Err(format!("'{text}' is not between 1ms and 366d")),
    }
}

/// The shortest way to write it.
pub(crate) fn duration_text(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let fits = |unit: &&(&str, u64)| millis.is_multiple_of(unit.1) && millis > 0;
    match UNITS.iter().rev().find(fits) {
        Some((name, unit)) => format!("{}{name}", millis / unit),
        None => "0s".to_owned(),
    }
}

/// Reads a fraction: `0.05`, or `5 %`.
pub(super) fn share(text: &str) -> Result<Rate, String> {
    match text.strip_suffix('%') {
        Some(percent) => percentage(percent.trim()),
        None => text.parse().map_err(|error: plimsoll_domain::NotARate| error.to_string()),
    }
}

/// Reads a percentage without its sign, as the environment variable `DAILY_LOSS_LIMIT` has it: `5` is 0.05.
pub(super) fn percentage(text: &str) -> Result<Rate, String> {
    let percent = decimal::exact(text).map_err(|error| error.to_string())?;
    let fraction = percent.checked_mul(Decimal::new(1, 2)).ok_or("too large for a percentage")?;
    fraction.normalize().to_string().parse().map_err(|error: plimsoll_domain::NotARate| error.to_string())
}

/// Reads yes or no in the words that environment files use.
pub(super) fn truth(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err(format!("'{text}' is neither true nor false")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_with_their_unit() {
        for (text, millis) in [("250ms", 250), ("5s", 5_000), ("1m", 60_000), ("2h", 7_200_000), ("1d", 86_400_000)] {
            let read = duration(text).unwrap();
            assert_eq!(read, Duration::from_millis(millis), "{text}");
            assert_eq!(duration_text(read), text);
        }
        for text in ["5", "s", "", "-5s", "5 years", "0s", "99999999999999999999s", "18446744073709551615d", "é"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shares_are_fractions_or_percentages() {
        let rate = |text: &str| text.parse::<Rate>().unwrap();
        for (text, expected) in [("0.05", "0.05"), ("5 %", "0.05"), ("2.5%", "0.025"), ("100%", "1")] {
            assert_eq!(share(text), Ok(rate(expected)), "{text}");
        }
        assert_eq!(percentage("5"), Ok(rate("0.05")));
        for text in ["five", "%", "", "1e99%", "99999999999999999999999999%"] {
            assert!(share(text).is_err(), "{text}");
        }
    }
}
