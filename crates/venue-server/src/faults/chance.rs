//! How often, and when.

use crate::faults::text;
use std::fmt;
use std::time::Duration;

/// A probability in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chance(u32);

const WHOLE: u32 = 1_000_000;

impl Chance {
    /// So many millionths, at most all of them.
    #[must_use]
    pub const fn millionths(millionths: u32) -> Self {
        Self(if millionths > WHOLE { WHOLE } else { millionths })
    }

    /// Reads `0.02`, `1`: from 0 to 1, to the millionth.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 6 {
            return None;
        }
        let whole: u32 = whole.parse().ok()?;
        let fraction: u32 = format!("{fraction:0<6}").parse().ok()?;
        let millionths = whole.checked_mul(WHOLE)?.checked_add(fraction)?;
        (millionths <= WHOLE).then_some(Self(millionths))
    }

    /// Whether a draw falls within.
    pub(crate) const fn holds(self, draw: u64) -> bool {
        draw % (WHOLE as u64) < self.0 as u64
    }
}

impl fmt::Display for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(WHOLE) {
            return write!(f, "{}", self.0 / WHOLE);
        }
        f.write_str(format!("0.{:06}", self.0).trim_end_matches('0'))
    }
}

/// How often a rule strikes of the times that it could.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Often {
    /// Every time. Written `1`, or not at all where a time is given.
    Always,
    /// By chance, written `0.02`.
    Sometimes(Chance),
    /// The time of this number only, from 1. Written `#3`.
    Only(u64),
    /// The next so many times. Written `x2`.
    Next(u64),
}

impl fmt::Display for Often {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => f.write_str("1"),
            Self::Sometimes(chance) => chance.fmt(f),
            Self::Only(number) => write!(f, "#{number}"),
            Self::Next(times) => write!(f, "x{times}"),
        }
    }
}

/// When a rule holds, on the market's clock since the plan began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Window {
    /// All the time.
    #[default]
    Whole,
    /// At this moment, or at the first chance after it. Written `@120s`.
    At(Duration),
    /// From the first to before the second, if there is one. Written `@60s..90s`, `@60s..`.
    During(Duration, Option<Duration>),
}

impl Window {
    pub(crate) fn holds(self, elapsed: Duration) -> bool {
        match self {
            Self::Whole => true,
            Self::At(from) | Self::During(from, None) => elapsed >= from,
            Self::During(from, Some(until)) => elapsed >= from && elapsed < until,
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::At(at) => write!(f, "@{}", text::span(*at)),
            Self::During(from, None) => write!(f, "@{}..", text::span(*from)),
            Self::During(from, Some(until)) => write!(f, "@{}..{}", text::span(*from), text::span(*until)),
        }
    }
}

/// The draw of this number from the stream of this name: the same for ever, and unlike any other.
pub(crate) const fn draw(seed: u64, stream: u64, number: u64) -> u64 {
    mix(mix(mix(seed) ^ stream).wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

/// A name as a number (FNV-1a).
pub(crate) fn name(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The finish of `SplitMix64`: every bit of the input moves half of the output's.
const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_are_read_and_shown_to_the_millionth() {
        for (text, millionths) in [("0", 0), ("1", 1_000_000), ("0.02", 20_000), ("0.000001", 1), ("1.0", 1_000_000)] {
            assert_eq!(Chance::read(text), Some(Chance(millionths)), "{text}");
        }
        for text in ["", ".", "1.1", "2", "-0.1", "0.0000001", "1e-3", "0.", ".5", "99999999999"] {
            assert_eq!(Chance::read(text), None, "{text}");
        }
        assert_eq!(Chance(20_000).to_string(), "0.02");
        assert_eq!(Chance(1).to_string(), "0.000001");
        assert_eq!(Chance(0).to_string(), "0");
    }

    #[test]
    fn a_chance_strikes_about_as_often_as_it_says() {
        for seed in 0..20 {
            let struck = (0..10_000).filter(|number| Chance(50_000).holds(draw(seed, 1, *number))).count();
            assert!((400..600).contains(&struck), "{seed}: {struck} of 10000 at 0.05");
        }
        assert!(!(0..10_000).any(|number| Chance(0).holds(draw(1, 1, number))));
        assert!((0..10_000).all(|number| Chance(WHOLE).holds(draw(1, 1, number))));
    }
}
