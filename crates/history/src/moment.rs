//! Times as recorded files write them.

use plimsoll_domain::Timestamp;
use time::{Date, Month};

/// The largest count that is taken for seconds, and times a thousand for milliseconds, and so on: the year 5138. The
/// smallest of each is thus in 1973.
const LARGEST: u64 = 100_000_000_000;

const MICROS_PER_SECOND: i64 = 1_000_000;
const JULIAN_DAY_OF_1970: i64 = 2_440_588;

/// Reads a time as files write it, and as people do: `2024-01-31`, `2024-01-31 23:01:00`, `2024-01-31T23:01:00+02:00`, or a
/// count since 1970 whose unit is told by its size. Without an offset it is UTC.
#[must_use]
pub fn read_time(text: &str) -> Option<Timestamp> {
    moment(text.trim().as_bytes())
}

/// Reads a time in UTC, or with its offset: `2021-12-31T23:01:00.017Z`, `2021-12-31 23:01:00`, `2021-12-31`,
/// `2021-12-31T23:01:00+02:00`, or a count of seconds, milliseconds, microseconds or nanoseconds since 1970, with or
/// without a fraction, which is told by its size. Finer than a microsecond is cut off.
#[inline]
pub(crate) fn moment(text: &[u8]) -> Option<Timestamp> {
    if text.get(4) == Some(&b'-') { civil(text) } else { counted(text) }
}

/// A count since 1970, whose unit is told by its size.
pub(crate) fn count(count: u64) -> Option<Timestamp> {
    let micros = match count {
        _ if count < LARGEST => count * 1_000_000,
        _ if count < LARGEST * 1000 => count * 1000,
        _ if count < LARGEST * 1_000_000 => count,
        _ => count / 1000,
    };
    i64::try_from(micros).ok().map(Timestamp::from_micros)
}

fn counted(text: &[u8]) -> Option<Timestamp> {
    let mut parts = text.splitn(2, |byte| *byte == b'.');
    let whole = digits(parts.next()?)?;
    let Some(fraction) = parts.next() else {
        return count(whole);
    };
    let millionths = i64::try_from(millionths(fraction)?).ok()?;
    let fraction = match whole {
        _ if whole < LARGEST => millionths,
        _ if whole < LARGEST * 1000 => millionths / 1000,
        _ => 0,
    };
    Some(Timestamp::from_micros(count(whole)?.as_micros() + fraction))
}

fn civil(text: &[u8]) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *<&[u8; 10]>::try_from(date).ok()? else {
        return None;
    };
    let year = pair(y0, y1)? * 100 + pair(y2, y3)?;
    let (month, day) = (pair(m0, m1)?, pair(d0, d1)?);
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?).ok()?;
    let days = i64::from(date.to_julian_day()) - JULIAN_DAY_OF_1970;
    let of_day = if rest.is_empty() { 0 } else { of_day(rest)? };
    Some(Timestamp::from_micros(days * 86_400 * MICROS_PER_SECOND + of_day))
}

/// Microseconds since midnight in UTC of `T23:01:00.017Z`.
fn of_day(text: &[u8]) -> Option<i64> {
    let (clock, rest) = text.split_at_checked(9)?;
    let [b'T' | b't' | b' ', h0, h1, b':', m0, m1, b':', s0, s1] = *<&[u8; 9]>::try_from(clock).ok()? else {
        return None;
    };
    let (hour, minute, second) = (pair(h0, h1)?, pair(m0, m1)?, pair(s0, s1)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction, zone) = match rest {
        [b'.', rest @ ..] => {
            let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
            let (fraction, zone) = rest.split_at_checked(end)?;
            (i64::try_from(millionths(fraction)?).ok()?, zone)
        }
        zone => (0, zone),
    };
    Some((hour * 3600 + minute * 60 + second - offset(zone)?) * MICROS_PER_SECOND + fraction)
}

/// Seconds that this zone is ahead of UTC; none is UTC.
fn offset(zone: &[u8]) -> Option<i64> {
    let (sign, h0, h1, m0, m1) = match *zone {
        [] | [b'Z' | b'z'] | [b' ', b'U', b'T', b'C'] => return Some(0),
        [sign @ (b'+' | b'-'), h0, h1, b':', m0, m1] | [sign @ (b'+' | b'-'), h0, h1, m0, m1] => (sign, h0, h1, m0, m1),
        _ => return None,
    };
    let (hours, minutes) = (pair(h0, h1)?, pair(m0, m1)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let ahead = hours * 3600 + minutes * 60;
    Some(if sign == b'-' { -ahead } else { ahead })
}

#[inline]
fn pair(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens) * 10 + i64::from(ones))
}

fn digits(text: &[u8]) -> Option<u64> {
    let read = |sum: u64, byte: &u8| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0'));
    if (1..=19).contains(&text.len()) { text.iter().try_fold(0, read) } else { None }
}

/// The first six digits behind a point, in millionths.
fn millionths(fraction: &[u8]) -> Option<u64> {
    digits(fraction.get(..fraction.len().min(19))?)?;
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let kept = fraction.get(..fraction.len().min(6))?;
    let missing = u32::try_from(6 - kept.len()).ok()?;
    Some(digits(kept)? * 10_u64.pow(missing))
}

#[cfg(test)]
mod tests {
    use super::moment;
    use plimsoll_domain::Timestamp;
    use proptest::prelude::*;

    #[test]
    fn every_form_of_time_is_read() {
        for (text, micros) in [
            ("1970-01-01 00:00:00", 0),
            ("1970-01-01", 0),
            ("2021-12-31 23:01:00.000000", 1_640_991_660_000_000),
            ("2021-11-18T00:00:00.017000Z", 1_637_193_600_017_000),
            ("2021-11-18T00:00:00.017Z", 1_637_193_600_017_000),
            ("2021-11-18T00:00:00.123456789Z", 1_637_193_600_123_456),
            ("2021-11-18T02:00:00+02:00", 1_637_193_600_000_000),
            ("2021-11-17 19:30:00.5-0430", 1_637_193_600_500_000),
            ("2021-11-18 00:00:00 UTC", 1_637_193_600_000_000),
            ("2000-02-29T00:00:00Z", 951_782_400_000_000),
            ("1640991660", 1_640_991_660_000_000),
            ("1640991660.0171239", 1_640_991_660_017_123),
            ("1640991660000", 1_640_991_660_000_000),
            ("1640991660000.5", 1_640_991_660_000_500),
            ("1640991660000000", 1_640_991_660_000_000),
            ("1640991660000000999", 1_640_991_660_000_000),
            ("0", 0),
        ] {
            assert_eq!(moment(text.as_bytes()), Some(Timestamp::from_micros(micros)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "-",
            "-5",
            "soon",
            "2021-02-29 00:00:00",
            "2021-13-01 00:00:00",
            "2021-01-01 24:00:00",
            "2021-01-01 00:00:60",
            "2021-1-1 00:00:00",
            "2021-01-01 00:00:00.",
            "2021-01-01 00:00:00.1x",
            "2021-01-01 00:00:00 CET",
            "2021-01-01 00:00",
            "2021-01-01T00:00:00+24:00",
            "99999999999999999999",
            "1640991660.",
            "1640991660.x",
            "1e9",
        ] {
            assert_eq!(moment(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_a_moment_shows_is_read_back(micros in 0_i64..253_402_300_799_999_999) {
            let time = Timestamp::from_micros(micros);
            prop_assert_eq!(moment(time.to_string().as_bytes()), Some(time));
        }

        #[test]
        fn no_bytes_make_it_panic(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = moment(&text);
        }
    }
}
