//! How the command says no: an exit code, one sentence, and what to do about it.

use crate::checkup::remedy::Cause;
use crate::screen;
use plimsoll_ports::{QueryError, RefusalReason};
use serde::Serialize;
use std::fmt::Display;
use std::process::ExitCode;

/// Why the command did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
    help: Option<String>,
}

/// What scripts can rely on: the exit code and a word for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unread,
    No,
    Usage,
    Unreachable,
    OutcomeUnknown,
}

impl Kind {
    const fn exit_code(self) -> u8 {
        match self {
            Self::Unread => 0,
            Self::No => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::OutcomeUnknown => 4,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Unread => "unread",
            Self::No => "no",
            Self::Usage => "usage",
            Self::Unreachable => "unreachable",
            Self::OutcomeUnknown => "outcome_unknown",
        }
    }
}

impl Failure {
    /// Whoever read our output has seen enough and closed it: that is their right, and no reason to complain.
    pub(crate) fn unread() -> Self {
        Self::new(Kind::Unread, "nobody reads the output any more")
    }

    /// The answer is "no": refused by risk, not found, a check failed.
    pub(crate) fn no(message: impl Display) -> Self {
        Self::new(Kind::No, message)
    }

    /// Wrong use or configuration.
    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// The venue or the database could not be reached.
    pub(crate) fn unreachable(message: impl Display) -> Self {
        Self::new(Kind::Unreachable, message)
    }

    /// It may or may not have been done.
    pub(crate) fn outcome_unknown(message: impl Display) -> Self {
        Self::new(Kind::OutcomeUnknown, message)
    }

    /// A question that the venue did not answer, told as `message`: who may not ask has keys to mend, and what is not
    /// listed is not found.
    pub(crate) fn query(error: &QueryError, message: impl Display) -> Self {
        match error {
            QueryError::Refused(refusal) => match refusal.reason {
                RefusalReason::NotAllowed => {
                    let hint =
                        Cause::of(&refusal.code).map_or("The venue has something against this key.", Cause::hint);
                    Self::usage(message).help(format!("{hint} `plimsoll doctor` looks at the rest."))
                }
                RefusalReason::NotTrading => Self::no(message)
                    .help("A symbol is written like BTC/USDT:USDT: base, quote, and what it settles in."),
                _ => Self::no(message),
            },
            QueryError::Unreachable(_) | QueryError::Unreadable(_) => Self::unreachable(message),
        }
    }

    /// The same, in the question's own words.
    pub(crate) fn unanswered(error: QueryError) -> Self {
        Self::query(&error, &error)
    }

    fn new(kind: Kind, message: impl Display) -> Self {
        Self { kind, message: message.to_string(), help: None }
    }

    /// The venue or the database was not reached.
    pub(crate) fn is_unreachable(&self) -> bool {
        self.kind == Kind::Unreachable
    }

    /// Whoever read our output has closed it.
    pub(crate) fn is_unread(&self) -> bool {
        self.kind == Kind::Unread
    }

    /// The sentence alone.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Adds what is so as well.
    pub(crate) fn beside(self, said: impl Display) -> Self {
        Self { message: format!("{}; {said}", self.message), ..self }
    }

    /// Adds what to do about it.
    pub(crate) fn help(self, help: impl Display) -> Self {
        Self { help: Some(help.to_string()), ..self }
    }

    /// Prints it to stderr, for a person or as JSON, and gives the exit code.
    pub(crate) fn report(&self, json: bool) -> ExitCode {
        if self.kind == Kind::Unread {
            return ExitCode::SUCCESS;
        }
        if json {
            let error =
                Envelope { error: Body { code: self.kind.word(), message: &self.message, help: self.help.as_deref() } };
            screen::aside(serde_json::to_string(&error).unwrap_or_else(|_| self.message.clone()));
        } else {
            screen::aside(format!("plimsoll: {}", self.message));
            if let Some(help) = &self.help {
                screen::aside(help);
            }
        }
        ExitCode::from(self.kind.exit_code())
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    code: &'a str,
    message: &'a str,
    help: Option<&'a str>,
}
