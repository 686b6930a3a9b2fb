//! Reading a plan from text.

use crate::faults::chance::Chance;
use crate::faults::fault::{Site, Takes};
use crate::faults::plan::Detail;
use crate::faults::{Fault, FaultPlan, Often, Rule, Target, Targets, Window, text};
use std::str::FromStr;

/// Why a text is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// No fault of that name.
    #[error("`{word}` is no fault; known are seed, {}", text::known())]
    UnknownFault {
        /// What was said.
        word: String,
    },
    /// A fault does not strike at that.
    #[error("`{fault}` does not take `{word}`; it takes {takes}")]
    UnknownPart {
        /// Of which fault.
        fault: &'static str,
        /// What was said.
        word: String,
        /// What can be said.
        takes: String,
    },
    /// It does not say how often.
    #[error("`{0}` does not say how often: 0.02 by chance, 1 always, #3 the third time, x2 the next two, or @60s when")]
    HowOften(&'static str),
    /// It does not say how far.
    #[error("`{0}` does not say how far the clock is off, such as -3s")]
    HowFar(&'static str),
    /// Something is said twice.
    #[error("`{word}` in `{item}` says again what was said")]
    Twice {
        /// What was said.
        word: String,
        /// Where.
        item: String,
    },
    /// No time, or an end before its beginning.
    #[error("`{0}` is no time: 120s, 60s..90s, 60s.. are (in ms, s, m, h)")]
    Time(String),
    /// No seed.
    #[error("`{0}` is no seed: a whole number from 0 to 18446744073709551615 is")]
    Seed(String),
}

impl FromStr for FaultPlan {
    type Err = SpecError;

    /// Reads `seed=7,drop=0.02,timeout-after=place:0.05,skew=-3s,429=0.01:retry=2s,half-open@120s`.
    fn from_str(spec: &str) -> Result<Self, SpecError> {
        let mut plan = Self::default();
        let mut seeded = false;
        for item in spec.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            match item.strip_prefix("seed=") {
                Some(_) if seeded => {
                    return Err(SpecError::Twice { word: "seed".to_owned(), item: item.to_owned() });
                }
                Some(seed) => {
                    plan.seed = seed.parse().map_err(|_| SpecError::Seed(seed.to_owned()))?;
                    seeded = true;
                }
                None => plan.rules.push(item.parse()?),
            }
        }
        Ok(plan)
    }
}

impl FromStr for Rule {
    type Err = SpecError;

    fn from_str(item: &str) -> Result<Self, SpecError> {
        let (rest, window) = match item.split_once('@') {
            Some((rest, window)) => (rest, read_window(window)?),
            None => (item, Window::Whole),
        };
        let (word, parts) = rest.split_once('=').map_or((rest, None), |(word, parts)| (word, Some(parts)));
        let fault = Fault::named(word).ok_or_else(|| SpecError::UnknownFault { word: word.to_owned() })?;
        let mut said = Said::default();
        for part in parts.into_iter().flat_map(|parts| parts.split(':')) {
            said.read(fault, part, item)?;
        }
        if fault.takes() == Takes::Shift && said.detail.is_none() {
            return Err(SpecError::HowFar(fault.word()));
        }
        let often = match (said.often, window) {
            (Some(often), _) => often,
            _ if fault.site() == Site::Venue => Often::Always,
            (None, Window::At(_)) => Often::Next(1),
            (None, Window::During(..)) => Often::Always,
            (None, Window::Whole) => return Err(SpecError::HowOften(fault.word())),
        };
        let targets = said.targets.unwrap_or(fault.usual_targets());
        Ok(Self { fault, targets, often, window, detail: said.detail })
    }
}

/// The parts of a rule that have been read.
#[derive(Debug, Default)]
struct Said {
    targets: Option<Targets>,
    often: Option<Often>,
    detail: Option<Detail>,
}

impl Said {
    fn read(&mut self, fault: Fault, part: &str, item: &str) -> Result<(), SpecError> {
        let again = if let Some(often) = read_often(fault, part) {
            self.often.replace(often).is_some()
        } else if let Some(detail) = read_detail(fault, part) {
            self.detail.replace(detail).is_some()
        } else {
            let targets = if part == "any" { Some(fault.targets()) } else { read_targets(part) };
            let targets = targets.filter(|targets| !targets.is_empty() && targets.within(fault.targets()));
            self.targets.replace(targets.ok_or_else(|| unknown(fault, part))?).is_some()
        };
        if again {
            return Err(SpecError::Twice { word: part.to_owned(), item: item.to_owned() });
        }
        Ok(())
    }
}

fn unknown(fault: Fault, word: &str) -> SpecError {
    let takes = match fault.takes() {
        Takes::Nothing => None,
        Takes::Retry(_) => Some("retry=2s"),
        Takes::For(_) => Some("for=50ms"),
        Takes::ForOrNever(_) => Some("for=50ms or for=never"),
        Takes::By(_) => Some("by=2"),
        Takes::Code => Some("code=N"),
        Takes::Shift => Some("how far it is off, such as -3s"),
    };
    let often = (fault.site() != Site::Venue).then_some("how often (0.02, 1, #3, x2)");
    let mut targets: Vec<&str> = fault.targets().iter().map(Target::word).collect();
    if Targets::TRADE.within(fault.targets()) {
        targets.push("trade");
    }
    if targets.len() > 1 {
        targets.push("any");
    }
    let targets = (!targets.is_empty()).then(|| format!("at what ({})", targets.join(", ")));
    let takes: Vec<&str> = often.into_iter().chain(targets.as_deref()).chain(takes).collect();
    let takes = if takes.is_empty() { "nothing but a time (@60s..90s)".to_owned() } else { takes.join(", ") };
    SpecError::UnknownPart { fault: fault.word(), word: word.to_owned(), takes }
}

fn read_often(fault: Fault, part: &str) -> Option<Often> {
    if fault.site() == Site::Venue {
        return None;
    }
    if let Some(number) = part.strip_prefix('#') {
        return number.parse().ok().filter(|number| *number > 0).map(Often::Only);
    }
    if let Some(times) = part.strip_prefix('x') {
        return times.parse().ok().filter(|times| *times > 0).map(Often::Next);
    }
    let chance = Chance::read(part)?;
    Some(if chance == Chance::millionths(1_000_000) { Often::Always } else { Often::Sometimes(chance) })
}

fn read_detail(fault: Fault, part: &str) -> Option<Detail> {
    let (name, value) = part.split_once('=').unwrap_or(("", part));
    match (fault.takes(), name) {
        (Takes::Retry(_), "retry") | (Takes::For(_) | Takes::ForOrNever(_), "for") => match value {
            "never" if matches!(fault.takes(), Takes::ForOrNever(_)) => Some(Detail::Never),
            span => text::read_span(span).map(Detail::Span),
        },
        (Takes::By(_), "by") => value.parse().ok().filter(|frames| *frames > 0).map(Detail::Frames),
        (Takes::Code, "code") => value.parse().ok().map(Detail::Code),
        (Takes::Shift, "") => text::read_signed(value).map(Detail::Millis),
        _ => None,
    }
}

fn read_targets(part: &str) -> Option<Targets> {
    let mut targets = Targets::NONE;
    for word in part.split('+') {
        let one = match word {
            "trade" => Targets::TRADE,
            _ => Targets::of(Target::ALL.iter().copied().find(|target| target.word() == word)?),
        };
        targets = targets.both(one);
    }
    Some(targets)
}

fn read_window(window: &str) -> Result<Window, SpecError> {
    let wrong = || SpecError::Time(window.to_owned());
    let read = |text: &str| text::read_span(text).ok_or_else(wrong);
    match window.split_once("..") {
        None => Ok(Window::At(read(window)?)),
        Some((from, "")) => Ok(Window::During(read(from)?, None)),
        Some((from, until)) => {
            let (from, until) = (read(from)?, read(until)?);
            if until <= from {
                return Err(wrong());
            }
            Ok(Window::During(from, Some(until)))
        }
    }
}

#[cfg(test)]
mod tests;
