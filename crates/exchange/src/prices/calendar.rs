//! Times as recorded files write them.

use plimsoll_domain::Timestamp;

/// Reads `2021-12-31 23:01:00.000000`, `2021-11-18T00:00:00.017000Z` (UTC, with or without a fraction) or whole
/// milliseconds since 1970.
pub(crate) fn timestamp(text: &str) -> Option<Timestamp> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Timestamp::from_millis);
    }
    let text = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00")).unwrap_or(text);
    let (date, time) = text.split_once([' ', 'T'])?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let (whole, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = numbers(whole, ':', [2, 2, 2])?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days(year, month, day)? * 86_400 + hour * 3600 + minute * 60 + second;
    Some(Timestamp::from_micros(seconds * 1_000_000 + micros(fraction)?))
}

/// Three numbers of these lengths.
fn numbers(text: &str, separator: char, lengths: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; 3];
    for (number, length) in numbers.iter_mut().zip(lengths) {
        *number = digits(parts.next()?).filter(|(_, found)| *found == length)?.0;
    }
    parts.next().is_none().then_some(numbers)
}

/// A fraction of a second in microseconds; finer digits are cut off.
fn micros(fraction: &str) -> Option<i64> {
    digits(fraction)?;
    let six: String = fraction.chars().chain("000000".chars()).take(6).collect();
    Some(digits(&six)?.0)
}

fn digits(text: &str) -> Option<(i64, usize)> {
    let all = (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().ok().map(|number| (number, text.len())))?
}

/// Days since 1970-01-01 of a date of the Gregorian calendar, counted in its 400-year eras, years from March.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let march_year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (march_year.div_euclid(400), march_year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use super::timestamp;

    #[test]
    fn every_form_is_read() {
        let check = |text: &str, micros: Option<i64>| {
            assert_eq!(timestamp(text).map(|time| time.as_micros()), micros, "{text}");
        };
        check("1970-01-01 00:00:00", Some(0));
        check("2021-12-31 23:01:00.000000", Some(1_640_991_660_000_000));
        check("2021-11-18T00:00:00.017000Z", Some(1_637_193_600_017_000));
        check("2021-11-18T00:00:00.017Z", Some(1_637_193_600_017_000));
        check("2000-02-29T00:00:00Z", Some(951_782_400_000_000));
        check("1640991660000", Some(1_640_991_660_000_000));
        for wrong in [
            "",
            "2021-12-31",
            "2021-02-29 00:00:00",
            "2021-13-01 00:00:00",
            "2021-01-01 24:00:00",
            "soon",
            "2021-1-1 00:00:00",
            "2021-01-01 00:00:00.",
            "99999999999999999999",
        ] {
            check(wrong, None);
        }
    }
}
