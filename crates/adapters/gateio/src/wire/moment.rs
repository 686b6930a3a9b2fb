//! Times, which the venue writes in seconds, milliseconds or microseconds, as it likes.

use plimsoll_domain::{Decimal, Timestamp};
use plimsoll_venue::DecodeError;
use plimsoll_venue::json::Num;

/// Below this a time is in seconds: as milliseconds it would be of March 1973, as seconds it is of the year 5138.
const MILLIS_FROM: i64 = 100_000_000_000;
/// From this on a time is in microseconds.
const MICROS_FROM: i64 = 100_000_000_000_000;

/// A time since 1970, in the unit that its size tells. One field is in seconds here and in milliseconds there
/// (`update_time` of an order, `time` of a public liquidation, `create_time_ms` of a trade); no moment at which the venue
/// has existed can be read in two ways. What is finer than a microsecond is cut off.
pub(crate) fn moment(number: Num<'_>, place: &str) -> Result<Timestamp, DecodeError> {
    let value = number.decimal(place)?;
    let micros_per_unit = match value {
        value if value < Decimal::from(MILLIS_FROM) => 1_000_000,
        value if value < Decimal::from(MICROS_FROM) => 1_000,
        _ => 1,
    };
    let micros = value.checked_mul(Decimal::from(micros_per_unit)).and_then(|it| i64::try_from(it.trunc()).ok());
    match micros {
        Some(micros) if micros >= 0 => Ok(Timestamp::from_micros(micros)),
        _ => Err(DecodeError::new(format!("{value} is no time since 1970"), place)),
    }
}

/// The same, where the venue writes 0 or nothing for no time.
pub(crate) fn maybe_moment(number: Num<'_>, place: &str) -> Result<Option<Timestamp>, DecodeError> {
    if number.0.is_empty() || number.0 == "0" { Ok(None) } else { moment(number, place).map(Some) }
}

/// The first of several fields that holds a time.
pub(crate) fn first_moment(fields: &[(Num<'_>, &str)]) -> Result<Option<Timestamp>, DecodeError> {
    for (number, place) in fields {
        if let Some(time) = maybe_moment(*number, place)? {
            return Ok(Some(time));
        }
    }
    Ok(None)
}

/// A time in a header, in whatever unit.
#[cfg(feature = "live")]
pub(crate) fn moment_of(text: &str) -> Option<Timestamp> {
    moment(Num(text.trim()), "the header").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_time_tells_its_unit() {
        for (text, micros) in [
            ("1546569968", Some(1_546_569_968_000_000)),
            ("1596531048.285", Some(1_596_531_048_285_000)),
            ("1682294400.1234567", Some(1_682_294_400_123_456)),
            ("1628736848321", Some(1_628_736_848_321_000)),
            ("1681985856667508", Some(1_681_985_856_667_508)),
            ("1.5e9", Some(1_500_000_000_000_000)),
            ("-1", None),
            ("99999999999999999999999", None),
            ("", None),
        ] {
            assert_eq!(moment(Num(text), "time").ok(), micros.map(Timestamp::from_micros), "{text}");
        }
        assert_eq!(maybe_moment(Num("0"), "time"), Ok(None));
    }
}
