//! Decimal numbers as recorded files write them.

use crate::fault::Fault;
use plimsoll_domain::{Decimal, decimal};

/// Reads a number exactly, or says what it is instead.
#[inline]
pub(crate) fn number(text: &[u8], column: &'static str) -> Result<Decimal, Fault> {
    match plain(text) {
        Some(number) => Ok(number),
        None => other(text, column),
    }
}

/// At most 18 digits with at most one point between them, which is nearly every number.
#[inline]
fn plain(text: &[u8]) -> Option<Decimal> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.len() > 19 {
        return None;
    }
    let (mut value, mut count, mut point) = (0_u64, 0_u32, None);
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
            count += 1;
        } else if *byte == b'.' && point.is_none() && count > 0 {
            point = Some(count);
        } else {
            return None;
        }
    }
    let scale = match point {
        None if (1..=18).contains(&count) => 0,
        Some(before) if before < count && count <= 18 => count - before,
        _ => return None,
    };
    let (low, middle) = (value & 0xffff_ffff, value >> 32);
    let (low, middle) = (u32::try_from(low).ok()?, u32::try_from(middle).ok()?);
    Some(Decimal::from_parts(low, middle, 0, is_negative && value != 0, scale))
}

#[cold]
fn other(text: &[u8], column: &'static str) -> Result<Decimal, Fault> {
    let text = String::from_utf8_lossy(text);
    if text.is_empty() || text.eq_ignore_ascii_case("null") || text.eq_ignore_ascii_case("none") {
        return Err(Fault::Empty(column));
    }
    if let Ok(number) = decimal::exact(&text) {
        return Ok(number);
    }
    let shown: Box<str> = text.chars().take(64).collect();
    let bare = text.trim_start_matches(['-', '+']).to_ascii_lowercase();
    if matches!(bare.as_str(), "nan" | "inf" | "infinity") {
        return Err(Fault::NotFinite(column, shown));
    }
    Err(Fault::NotANumber(column, shown))
}

#[cfg(test)]
mod tests {
    use super::{number, plain};
    use crate::fault::Fault;
    use plimsoll_domain::{Decimal, decimal};
    use proptest::prelude::*;

    #[test]
    fn what_is_no_number_says_what_it_is() {
        for (text, fault) in [
            ("", Fault::Empty("open")),
            ("null", Fault::Empty("open")),
            ("NaN", Fault::NotFinite("open", "NaN".into())),
            ("-inf", Fault::NotFinite("open", "-inf".into())),
            ("Infinity", Fault::NotFinite("open", "Infinity".into())),
            ("1,5", Fault::NotANumber("open", "1,5".into())),
            ("5.", Fault::NotANumber("open", "5.".into())),
            (".5", Fault::NotANumber("open", ".5".into())),
            ("-", Fault::NotANumber("open", "-".into())),
            ("1.2.3", Fault::NotANumber("open", "1.2.3".into())),
        ] {
            assert_eq!(number(text.as_bytes(), "open"), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_power_of_ten_is_read() {
        assert_eq!(number(b"1e-8", "rate"), Ok(Decimal::new(1, 8)));
        assert_eq!(number(b"-2.5E-05", "rate"), Ok(Decimal::new(-25, 6)));
    }

    proptest! {
        #[test]
        fn the_fast_way_reads_what_the_exact_one_reads(mantissa in any::<i64>(), scale in 0_u32..=28) {
            let text = Decimal::new(mantissa, scale).to_string();
            let expected = decimal::exact(&text).unwrap();
            let read = number(text.as_bytes(), "open").unwrap();
            prop_assert_eq!((read, read.scale()), (expected, expected.scale()));
        }

        #[test]
        fn the_fast_way_takes_nothing_that_the_exact_one_refuses(text in "[-+]?[0-9.e]{0,21}") {
            if let Some(read) = plain(text.as_bytes()) {
                prop_assert_eq!(decimal::exact(&text), Ok(read));
            }
        }
    }
}
