//! Lengths of candles.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// How long a candle lasts, as venues write it: `30s`, `15m`, `4h`, `1d`, `1w`. Never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval(Duration);

const UNITS: [(char, u64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

impl Interval {
    /// So many minutes; one at least.
    #[must_use]
    pub const fn minutes(count: u32) -> Self {
        let count = if count == 0 { 1 } else { count };
        Self(Duration::from_secs(60 * count as u64))
    }

    /// How long.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }

    /// Whether candles of this length can be made of candles of that one.
    #[must_use]
    pub const fn is_made_of(self, base: Self) -> bool {
        self.0.as_secs() >= base.0.as_secs() && self.0.as_secs().is_multiple_of(base.0.as_secs())
    }
}

impl FromStr for Interval {
    type Err = NotAnInterval;

    fn from_str(text: &str) -> Result<Self, NotAnInterval> {
        let refuse = || NotAnInterval(text.chars().take(64).collect());
        let unit = text.chars().last().ok_or_else(refuse)?;
        let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(refuse)?;
        let digits =
            text.strip_suffix(unit).filter(|it| it.bytes().all(|byte| byte.is_ascii_digit())).ok_or_else(refuse)?;
        let count: u64 = digits.parse().map_err(|_| refuse())?;
        let length = count.checked_mul(*seconds).filter(|it| (1..=31_536_000).contains(it)).ok_or_else(refuse)?;
        Ok(Self(Duration::from_secs(length)))
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.0.as_secs();
        let (name, seconds) = UNITS.iter().find(|(_, seconds)| length.is_multiple_of(*seconds)).unwrap_or(&('s', 1));
        write!(f, "{}{name}", length / seconds)
    }
}

impl Serialize for Interval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A text that is no length of a candle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no length of a candle: write a whole number and s, m, h, d or w, up to a year, such as 15m or 4h")]
pub struct NotAnInterval(String);

#[cfg(test)]
mod tests {
    use super::Interval;

    #[test]
    fn an_interval_is_written_as_venues_do() {
        for (text, shown) in [
            ("1m", Some("1m")),
            ("90s", Some("90s")),
            ("60m", Some("1h")),
            ("24h", Some("1d")),
            ("7d", Some("1w")),
            ("0m", None),
            ("-1m", None),
            ("m", None),
            ("15", None),
            ("1.5h", None),
            ("99999d", None),
            ("1mm", None),
            ("", None),
        ] {
            assert_eq!(text.parse::<Interval>().ok().map(|it| it.to_string()).as_deref(), shown, "{text}");
        }
    }
}
