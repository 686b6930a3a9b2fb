//! How figures are written for people. What is not available is said in words.

use plimsoll_domain::{Money, Timestamp};
use rust_decimal::{Decimal, RoundingStrategy};
use std::time::Duration;

/// What stands in place of a figure that there is not.
pub(super) const NOT_AVAILABLE: &str = "not available";

/// The figure in words, or that it is not available.
pub(super) fn or_not<T>(figure: Option<T>, write: impl Fn(T) -> String) -> String {
    figure.map_or_else(|| NOT_AVAILABLE.to_owned(), write)
}

/// Two decimals from 1 on, up to six below, thousands apart: `-12,345.60`, `0.000125`.
pub(super) fn amount(money: Money) -> String {
    let value = money.get();
    let half_even = |places| value.round_dp_with_strategy(places, RoundingStrategy::MidpointNearestEven);
    let is_small = value.abs() < Decimal::ONE && !half_even(6).is_zero();
    let text = if is_small { short(half_even(6)) } else { format!("{:.2}", half_even(2)) };
    apart(unsigned_zero(text))
}

/// The same with a plus where it is above zero.
pub(super) fn signed(money: Money) -> String {
    with_plus(amount(money), money.is_positive())
}

/// `+12.34 %` of 0.1234.
pub(super) fn change(fraction: f64) -> String {
    with_plus(percent(fraction), fraction > 0.0)
}

/// `12.34 %` of 0.1234.
pub(super) fn percent(fraction: f64) -> String {
    format!("{} %", ratio(fraction * 100.0))
}

/// Two decimals; powers of ten for what is too long to read.
pub(super) fn ratio(value: f64) -> String {
    if value.abs() >= 1e9 {
        return format!("{value:.2e}");
    }
    apart(unsigned_zero(format!("{value:.2}")))
}

/// The two largest units: `3 d 4 h`, `12 min`, `45 s`.
pub(super) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let Some(first) = units.iter().position(|(length, _)| seconds >= *length) else {
        return format!("{} ms", duration.as_millis());
    };
    let mut rest = seconds;
    let mut words = Vec::new();
    for (length, name) in units.iter().skip(first).take(2) {
        if rest / length > 0 {
            words.push(format!("{} {name}", rest / length));
        }
        rest %= length;
    }
    words.join(" ")
}

/// `2024-01-05 07:59:30`, in UTC.
pub(super) fn moment(time: Timestamp) -> String {
    time.to_string().replace('T', " ").trim_end_matches('Z').split('.').next().unwrap_or_default().to_owned()
}

/// `2024-01-05 07:59`, in UTC.
pub(super) fn minute(time: Timestamp) -> String {
    let moment = moment(time);
    moment.rsplit_once(':').map_or(moment.clone(), |(minute, _)| minute.to_owned())
}

/// All digits, with at least so many decimals.
pub(super) fn exact(value: Decimal, places: u32) -> String {
    let places = usize::try_from(places.max(value.scale())).unwrap_or_default();
    apart(unsigned_zero(format!("{value:.places$}")))
}

/// A count with its thousands apart.
pub(super) fn count(number: impl ToString) -> String {
    apart(number.to_string())
}

/// At least two decimals.
fn short(value: Decimal) -> String {
    let value = value.normalize();
    if value.scale() < 2 { format!("{value:.2}") } else { value.to_string() }
}

fn with_plus(text: String, is_positive: bool) -> String {
    // What was rounded to zero has no sign.
    let is_zero = !text.contains(|digit: char| ('1'..='9').contains(&digit));
    if is_positive && !is_zero { format!("+{text}") } else { text }
}

fn unsigned_zero(text: String) -> String {
    match text.strip_prefix('-') {
        Some(rest) if !rest.contains(|digit: char| ('1'..='9').contains(&digit)) => rest.to_owned(),
        _ => text,
    }
}

pub(super) fn apart(text: String) -> String {
    let start = usize::from(text.starts_with('-'));
    let end = text.find('.').unwrap_or(text.len());
    let mut shown = String::with_capacity(text.len() + 4);
    for (at, letter) in text.chars().enumerate() {
        if at > start && at < end && (end - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(letter);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{amount, change, count, exact, minute, moment, or_not, percent, ratio, signed, span};
    use plimsoll_domain::{Money, Timestamp, decimal};
    use std::time::Duration;

    #[test]
    fn amounts_are_as_long_as_they_are_read() {
        for (text, shown, with_sign) in [
            ("0", "0.00", "0.00"),
            ("1", "1.00", "+1.00"),
            ("999.995", "1,000.00", "+1,000.00"),
            ("-12345.6", "-12,345.60", "-12,345.60"),
            ("1234567890.125", "1,234,567,890.12", "+1,234,567,890.12"),
            ("-100", "-100.00", "-100.00"),
            ("0.5", "0.50", "+0.50"),
            ("-0.5", "-0.50", "-0.50"),
            ("0.0001254", "0.000125", "+0.000125"),
            ("-0.0000001", "0.00", "0.00"),
        ] {
            let money = Money::new(decimal::exact(text).unwrap());
            assert_eq!((amount(money).as_str(), signed(money).as_str()), (shown, with_sign), "{text}");
        }
    }

    #[test]
    fn fractions_ratios_and_counts() {
        for (value, shown) in
            [(0.1234, "+12.34 %"), (-0.1, "-10.00 %"), (0.0, "0.00 %"), (-1e-9, "0.00 %"), (1e-9, "0.00 %")]
        {
            assert_eq!(change(value), shown);
        }
        assert_eq!(percent(12.5), "1,250.00 %");
        assert_eq!(
            (ratio(-0.001), ratio(2.345), ratio(1e12)),
            ("0.00".to_owned(), "2.35".to_owned(), "1.00e12".to_owned())
        );
        assert_eq!((count(999), count(1_234_567_u64)), ("999".to_owned(), "1,234,567".to_owned()));
        assert_eq!(
            (or_not(Some(0.5), percent), or_not(None, percent)),
            ("50.00 %".to_owned(), "not available".to_owned())
        );
    }

    #[test]
    fn what_is_exact_keeps_its_digits() {
        for (text, places, shown) in [
            ("0", 0, "0"),
            ("0", 2, "0.00"),
            ("-1234.5", 3, "-1,234.500"),
            ("1.00000001", 2, "1.00000001"),
            ("-0.001", 0, "-0.001"),
        ] {
            assert_eq!(exact(decimal::exact(text).unwrap(), places), shown);
        }
    }

    #[test]
    fn spans_have_two_units_and_moments_whole_seconds() {
        for (seconds, shown) in [
            (0.25, "250 ms"),
            (45.0, "45 s"),
            (60.0, "1 min"),
            (3723.0, "1 h 2 min"),
            (86_430.0, "1 d"),
            (273_600.0, "3 d 4 h"),
        ] {
            assert_eq!(span(Duration::from_secs_f64(seconds)), shown);
        }
        assert_eq!(moment(Timestamp::from_millis(1_767_599_970_250)), "2026-01-05 07:59:30");
        assert_eq!(minute(Timestamp::from_millis(1_767_599_970_250)), "2026-01-05 07:59");
        assert_eq!(moment(Timestamp::from_millis(0)), "1970-01-01 00:00:00");
    }
}
