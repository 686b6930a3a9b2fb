//! What a setting takes, found out by asking whoever reads it.
//!
//! A reader says yes or no to a text, and nothing else of what it takes. So it is asked about one text of each form, while the
//! example is read: what is said of a setting is then what holds.

use super::rows;
use std::collections::BTreeSet;

/// One setting, as its reader has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Noted {
    /// Its name in full.
    pub(super) path: String,
    /// The environment variables that go before the file.
    pub(super) variables: Vec<String>,
    /// What it is where nobody says; `None` where it may be left out.
    pub(super) default: Option<String>,
    /// What may be written.
    pub(super) form: Form,
}

/// What may be written for a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// True or false.
    Truth,
    /// One of these words.
    Words(Vec<String>),
    /// A whole number.
    Whole,
    /// Whole numbers.
    Wholes,
    /// A decimal number.
    Number,
    /// A share: 0.05, or 5 %.
    Share,
    /// A time with its unit.
    Time,
    /// A contract.
    Symbol,
    /// Contracts.
    Symbols,
    /// An address with one of these schemes.
    Address([&'static str; 2]),
    /// An address and a port of this machine.
    Socket,
    /// The name of an environment variable.
    Variable,
    /// The name of an account.
    Name,
    /// Texts in a form of their own.
    Texts,
    /// Any text.
    Text,
}

/// A word that is none of any list.
const NO_WORD: &str = "no-such-word";

impl Noted {
    /// What `takes` says of a setting that is `own` in the example.
    pub(super) fn of(path: &str, also: &[&str], own: &str, takes: impl Fn(&str) -> bool) -> Self {
        let also = also.iter().map(|name| (*name).to_owned());
        let variables = std::iter::once(variable_of(path)).chain(also).collect();
        Self { path: path.to_owned(), variables, default: None, form: Form::of(own, takes) }
    }

    /// One that the example does not have: what it takes is not known.
    pub(super) fn unwritten(path: &str) -> Self {
        Self { path: path.to_owned(), variables: vec![variable_of(path)], default: None, form: Form::Text }
    }
}

impl Form {
    fn of(own: &str, takes: impl Fn(&str) -> bool) -> Self {
        let is_digits = own.strip_prefix('-').unwrap_or(own).bytes().all(|byte| byte.is_ascii_digit());
        let words: Vec<String> = words(own).into_iter().filter(|word| takes(word)).collect();
        match () {
            () if takes("any text at all: (1)") => Self::Text,
            () if takes(NO_WORD) && takes("host.example.org, other.example.org") => Self::Texts,
            () if takes(NO_WORD) => Self::Name,
            () if takes("true") && takes("off") => Self::Truth,
            () if takes("5 %") => Self::Share,
            () if takes("5s") => Self::Time,
            () if is_digits && takes(&format!("{own}.5")) => Self::Number,
            () if is_digits && takes(&format!("{own},7")) => Self::Wholes,
            () if is_digits && takes(own) => Self::Whole,
            () if takes("AAA/BBB:BBB, CCC/BBB:BBB") => Self::Symbols,
            () if takes("AAA/BBB:BBB") => Self::Symbol,
            () if takes("https://example.org") => Self::Address(["https", "http"]),
            () if takes("wss://example.org") => Self::Address(["wss", "ws"]),
            () if takes("127.0.0.1:7878") => Self::Socket,
            () if takes("A_NAME") => Self::Variable,
            () if words.len() > 1 => Self::Words(words),
            () => Self::Texts,
        }
    }

    /// What is to be written, for a person.
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::Truth => "true or false".to_owned(),
            Self::Words(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
            Self::Whole => "a whole number".to_owned(),
            Self::Wholes => "whole numbers".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Share => "a share: `0.05`, `5 %`".to_owned(),
            Self::Time => "a time: `250ms`, `5s`, `1m`, `2h`, `1d`".to_owned(),
            Self::Symbol => "a contract: `BTC/USDT:USDT`".to_owned(),
            Self::Symbols => "contracts: `BTC/USDT:USDT`".to_owned(),
            Self::Address([safe, _]) => format!("an address: `{safe}://…`"),
            Self::Socket => "an address and a port".to_owned(),
            Self::Variable => "the name of a variable".to_owned(),
            Self::Name => "a name".to_owned(),
            Self::Texts => "texts".to_owned(),
            Self::Text => "a text".to_owned(),
        }
    }
}

/// Its own value, the words in quotes that the example's comments name as others, and the kinds of strategies.
fn words(own: &str) -> BTreeSet<String> {
    let rows = rows::all();
    let quoted = rows.iter().flat_map(|row| row.about.split('"').skip(1).step_by(2));
    let kinds = plimsoll_strategies::kinds().into_iter().map(|kind| kind.name.to_owned());
    quoted.map(str::to_owned).chain(kinds).chain([own.to_owned()]).collect()
}

/// The variable that goes before a setting of this name in full.
pub(super) fn variable_of(path: &str) -> String {
    format!("PLIMSOLL_{}", path.to_ascii_uppercase().replace(['.', '-'], "_"))
}
