//! A plan: rules, and the seed that decides what they leave open.

use crate::faults::fault::Takes;
use crate::faults::{Fault, Often, Site, Targets, Window, text};
use std::fmt;
use std::time::Duration;

/// What may go wrong, how often, at what and when.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FaultPlan {
    /// What decides.
    pub seed: u64,
    /// Earlier ones go first where several strike at the same thing.
    pub rules: Vec<Rule>,
}

impl FaultPlan {
    /// Nothing goes wrong yet.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, rules: Vec::new() }
    }

    /// With one rule more.
    #[must_use]
    pub fn with(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Whether nothing ever goes wrong by it.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.rules.is_empty()
    }
}

impl fmt::Display for FaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed={}", self.seed)?;
        self.rules.iter().try_for_each(|rule| write!(f, ",{rule}"))
    }
}

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    pub(crate) fault: Fault,
    pub(crate) targets: Targets,
    pub(crate) often: Often,
    pub(crate) window: Window,
    pub(crate) detail: Option<Detail>,
}

/// What a rule says of its fault beyond how often it strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// How long it takes, or after how long to retry.
    Span(Duration),
    /// It takes for ever.
    Never,
    /// How many frames.
    Frames(u32),
    /// The venue's code.
    Code(i32),
    /// How far the clock is off, in milliseconds; negative: behind.
    Millis(i64),
}

impl Rule {
    pub(crate) const fn new(fault: Fault, often: Often) -> Self {
        Self { fault, targets: fault.usual_targets(), often, window: Window::Whole, detail: None }
    }

    /// A server's clock that is off by so many milliseconds; negative: behind.
    #[must_use]
    pub const fn skew(millis: i64) -> Self {
        Self { detail: Some(Detail::Millis(millis)), ..Self::new(Fault::Skew, Often::Always) }
    }

    /// What goes wrong.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        self.fault
    }

    /// What it strikes at.
    #[must_use]
    pub const fn targets(&self) -> Targets {
        self.targets
    }

    /// Strikes at these only. What the fault [cannot strike at](Fault::targets) is left out.
    #[must_use]
    pub fn on(self, targets: impl Into<Targets>) -> Self {
        let allowed = self.fault.targets();
        let wanted = targets.into().iter().filter(|target| allowed.hold(*target));
        Self { targets: wanted.fold(Targets::NONE, Targets::and), ..self }
    }

    /// Strikes at this moment of the market's clock since it was given, or at the first chance after it.
    #[must_use]
    pub const fn at(self, moment: Duration) -> Self {
        Self { window: Window::At(moment), ..self }
    }

    /// Strikes only then, on the market's clock since it was given.
    #[must_use]
    pub const fn during(self, from: Duration, until: Option<Duration>) -> Self {
        Self { window: Window::During(from, until), ..self }
    }

    /// How long the fault lasts: a delay, or the time until a connection without an answer is closed; or after how long
    /// the answer says to try again.
    #[must_use]
    pub const fn lasting(self, span: Duration) -> Self {
        Self { detail: Some(Detail::Span(span)), ..self }
    }

    /// A connection without an answer is never closed.
    #[must_use]
    pub const fn for_ever(self) -> Self {
        Self { detail: Some(Detail::Never), ..self }
    }

    /// The code that the venue refuses with.
    #[must_use]
    pub const fn with_code(self, code: i32) -> Self {
        Self { detail: Some(Detail::Code(code)), ..self }
    }

    /// By how many frames a frame is overtaken.
    #[must_use]
    pub const fn by_frames(self, frames: u32) -> Self {
        Self { detail: Some(Detail::Frames(frames)), ..self }
    }

    /// How long the fault lasts; `None` is for ever.
    #[must_use]
    pub const fn span(&self) -> Option<Duration> {
        match (self.detail, self.fault.takes()) {
            (Some(Detail::Span(span)), _) => Some(span),
            (Some(Detail::Never), Takes::ForOrNever(_)) => None,
            (_, Takes::Retry(span) | Takes::For(span) | Takes::ForOrNever(span)) => Some(span),
            _ => Some(Duration::ZERO),
        }
    }

    /// By how many frames a frame is overtaken.
    #[must_use]
    pub const fn frames(&self) -> u32 {
        match (self.detail, self.fault.takes()) {
            (Some(Detail::Frames(frames)), _) | (_, Takes::By(frames)) => frames,
            _ => 1,
        }
    }

    pub(crate) const fn code(&self) -> Option<i32> {
        match self.detail {
            Some(Detail::Code(code)) => Some(code),
            _ => None,
        }
    }

    pub(crate) const fn shift_millis(&self) -> i64 {
        match self.detail {
            Some(Detail::Millis(millis)) => millis,
            _ => 0,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(Detail::Millis(millis)) = self.detail {
            parts.push(text::signed(millis));
        }
        if self.targets != self.fault.usual_targets() {
            parts.push(self.targets.to_string());
        }
        // What goes without saying: once at a moment, always during a window or where only that makes sense.
        let usual = match self.window {
            _ if self.fault.site() == Site::Venue => Some(Often::Always),
            Window::At(_) => Some(Often::Next(1)),
            Window::During(..) => Some(Often::Always),
            Window::Whole => None,
        };
        if usual != Some(self.often) {
            parts.push(self.often.to_string());
        }
        match self.detail {
            Some(Detail::Span(span)) if matches!(self.fault.takes(), Takes::Retry(_)) => {
                parts.push(format!("retry={}", text::span(span)));
            }
            Some(Detail::Span(span)) => parts.push(format!("for={}", text::span(span))),
            Some(Detail::Never) => parts.push("for=never".to_owned()),
            Some(Detail::Frames(frames)) => parts.push(format!("by={frames}")),
            Some(Detail::Code(code)) => parts.push(format!("code={code}")),
            Some(Detail::Millis(_)) | None => {}
        }
        let equals = if parts.is_empty() { "" } else { "=" };
        write!(f, "{}{equals}{}{}", self.fault.word(), parts.join(":"), self.window)
    }
}
