//! What may go wrong, word by word.

use crate::faults::target::{Target, Targets};
use crate::faults::{Often, Rule};
use std::time::Duration;

/// Where a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site {
    /// At one frame that is about to be sent.
    Frame,
    /// At a socket or the stream's key, when a frame is about to be sent or its time has come.
    Socket,
    /// At a socket that is about to be opened.
    Handshake,
    /// At a request.
    Request,
    /// At the events of one happening, before they are sent.
    Events,
    /// At the whole venue, as long as it lasts.
    Venue,
}

/// What can be said about a fault beyond how often it strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    Nothing,
    /// `retry=2s`: what the answer says.
    Retry(Duration),
    /// `for=50ms`.
    For(Duration),
    /// `for=50ms`, `for=never`.
    ForOrNever(Duration),
    /// `by=2`: so many frames.
    By(u32),
    /// `code=-2019`: the venue's code; unless it is given, the venue chooses.
    Code,
    /// A span with its sign, in place of how often: `-3s`.
    Shift,
}

macro_rules! faults {
    ($($(#[doc = $about:literal])+ $name:ident $word:literal $site:ident $takes:expr;)*) => {
        /// One kind of thing that goes wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault {
            $($(#[doc = $about])+ $name,)*
        }

        impl Fault {
            /// Every fault, in the order of the guide.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its word in a plan's text.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What it does, in one sentence.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self { $(Self::$name => concat!($($about),+).trim_start(),)* }
            }

            /// Where it strikes.
            #[must_use]
            pub const fn site(self) -> Site {
                match self { $(Self::$name => Site::$site,)* }
            }

            pub(crate) const fn takes(self) -> Takes {
                match self { $(Self::$name => $takes,)* }
            }
        }
    };
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

faults! {
    /// A frame is not sent.
    Drop "drop" Frame Takes::Nothing;
    /// A frame is sent twice.
    Duplicate "dup" Frame Takes::Nothing;
    /// A frame, and all behind it on its socket, comes late.
    Delay "delay" Frame Takes::For(millis(50));
    /// A frame is overtaken by the next ones of its socket, or waits a moment where none come.
    Reorder "reorder" Frame Takes::By(1);
    /// A frame is overwritten in its midst: it cannot be read.
    Garble "garble" Frame Takes::Nothing;
    /// A frame ends too early: it cannot be read.
    Truncate "truncate" Frame Takes::Nothing;
    /// The socket is cut instead of a frame being sent.
    Disconnect "disconnect" Socket Takes::Nothing;
    /// The socket stays open, but nothing gets through any more, either way; pings are not answered.
    HalfOpen "half-open" Socket Takes::Nothing;
    /// The key of the private stream ends; its socket is told, stays open, and hears nothing more.
    ExpireKey "expire-key" Socket Takes::Nothing;
    /// The key of the private stream ends, and nobody is told.
    ExpireKeySilently "expire-key-silently" Socket Takes::Nothing;
    /// A socket that is about to be opened is hung up on.
    Refuse "refuse" Handshake Takes::Nothing;
    /// Too many requests: HTTP 429 with Retry-After; nothing is done.
    TooManyRequests "429" Request Takes::Retry(millis(1000));
    /// Banned: HTTP 418 with Retry-After, for this and for every request until then; nothing is done.
    Banned "418" Request Takes::Retry(millis(120_000));
    /// HTTP 500; nothing is done.
    ServerErrorBefore "500-before" Request Takes::Nothing;
    /// HTTP 500, though it is done.
    ServerErrorAfter "500-after" Request Takes::Nothing;
    /// HTTP 502 with a page of HTML; nothing is done.
    BadGatewayBefore "502-before" Request Takes::Nothing;
    /// HTTP 502 with a page of HTML, though it is done.
    BadGatewayAfter "502-after" Request Takes::Nothing;
    /// Unavailable: HTTP 503 that says that nothing was done, and nothing is.
    Unavailable "503" Request Takes::Nothing;
    /// Overloaded: a refusal that says that nothing was done, and nothing is; what reduces risk is let through.
    Overloaded "overload" Request Takes::Nothing;
    /// HTTP 503 that says that the outcome is unknown; nothing is done.
    UnknownBefore "unknown-before" Request Takes::Nothing;
    /// HTTP 503 that says that the outcome is unknown, though it is done.
    UnknownAfter "unknown-after" Request Takes::Nothing;
    /// HTTP 408 from within the venue, outcome unknown; nothing is done.
    BackendTimeoutBefore "408-before" Request Takes::Nothing;
    /// HTTP 408 from within the venue, outcome unknown, though it is done.
    BackendTimeoutAfter "408-after" Request Takes::Nothing;
    /// No answer, after a while or never a closed connection; nothing is done.
    TimeoutBefore "timeout-before" Request Takes::ForOrNever(millis(50));
    /// No answer, after a while or never a closed connection, though it is done.
    TimeoutAfter "timeout-after" Request Takes::ForOrNever(millis(50));
    /// The connection is closed at once; nothing is done.
    CutBefore "cut-before" Request Takes::Nothing;
    /// The connection is closed at once, though it is done.
    CutAfter "cut-after" Request Takes::Nothing;
    /// It is done at once and answered late.
    Slow "slow" Request Takes::For(millis(200));
    /// It is done, and the body of the answer ends too early.
    ShortBody "short-body" Request Takes::Nothing;
    /// Refused with an error of the venue's; nothing is done.
    Reject "reject" Request Takes::Code;
    /// A stop is accepted, told of as new, and dropped without a word.
    LoseStop "lose-stop" Request Takes::Nothing;
    /// Of all that one happening sets off, the account's change is told before the orders that caused it.
    PositionsFirst "positions-first" Events Takes::Nothing;
    /// Of all that one happening sets off, the account's change is told after the orders that caused it.
    FillsFirst "fills-first" Events Takes::Nothing;
    /// The server's clock is off, behind where negative: what it tells, and what requests are judged by.
    Skew "skew" Venue Takes::Shift;
    /// Every request is answered as unavailable; sockets are cut and cannot be opened.
    Maintenance "maintenance" Venue Takes::Nothing;
}

impl Fault {
    /// The fault of this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fault| fault.word() == word)
    }

    /// Whether the venue does what a request that this strikes asks for; `None` where that is not the question.
    #[must_use]
    pub const fn executes(self) -> Option<bool> {
        match self {
            Self::ServerErrorAfter
            | Self::BadGatewayAfter
            | Self::UnknownAfter
            | Self::BackendTimeoutAfter
            | Self::TimeoutAfter
            | Self::CutAfter
            | Self::Slow
            | Self::ShortBody
            | Self::LoseStop => Some(true),
            _ => match self.site() {
                Site::Request => Some(false),
                _ => None,
            },
        }
    }

    /// What it may strike at.
    #[must_use]
    pub const fn targets(self) -> Targets {
        match self {
            Self::LoseStop => Targets::of(Target::Stop),
            Self::ExpireKey | Self::ExpireKeySilently => Targets::of(Target::Private),
            _ => match self.site() {
                Site::Frame | Site::Socket | Site::Handshake => Targets::SOCKETS,
                Site::Request => Targets::REQUESTS,
                Site::Events | Site::Venue => Targets::NONE,
            },
        }
    }

    /// What it strikes at, unless a rule says.
    #[must_use]
    pub const fn usual_targets(self) -> Targets {
        match self {
            Self::Reject => Targets::of(Target::Stop),
            Self::Overloaded => Targets::ADDING,
            _ => self.targets(),
        }
    }

    /// Strikes the next `times` times that it can.
    #[must_use]
    pub const fn next(self, times: u64) -> Rule {
        Rule::new(self, Often::Next(times))
    }

    /// Strikes every time that it can, until it is [called off](crate::Running::call_off).
    #[must_use]
    pub const fn always(self) -> Rule {
        Rule::new(self, Often::Always)
    }

    /// Strikes now, or at the first chance.
    #[must_use]
    pub const fn now(self) -> Rule {
        Rule::new(self, Often::Next(1)).at(Duration::ZERO)
    }
}
