//! What is wrong with a configuration: where, what, and what to do about it.

use serde::Serialize;
use std::fmt;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    /// Nobody said: what Plimsoll ships with.
    Default,
    /// The configuration file, at this line and column, both from 1.
    File {
        /// The file.
        file: String,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
    },
    /// The environment variable of this name.
    Environment(String),
    /// An argument of the command.
    Argument(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.pad("default"),
            Self::File { file, line, column } => f.pad(&format!("{file}:{line}:{column}")),
            Self::Environment(name) => f.pad(&format!("environment {name}")),
            Self::Argument(name) => f.pad(name),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// Where.
    pub(crate) origin: Origin,
    /// The setting, in full: `limits.max_leverage`; empty where it is about no single one.
    pub(crate) setting: String,
    /// What is wrong.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) remedy: String,
    /// A key that does not exist, rather than a value that does not fit.
    #[serde(skip)]
    pub(crate) is_unknown_key: bool,
}

impl Problem {
    /// A value that does not fit.
    pub(crate) fn new(origin: Origin, setting: &str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        let (setting, what, remedy) = (setting.to_owned(), what.into(), remedy.into());
        Self { origin, setting, what, remedy, is_unknown_key: false }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.origin)?;
        if !self.setting.is_empty() {
            write!(f, "{}: ", self.setting)?;
        }
        write!(f, "{}\n    {}", self.what, self.remedy)
    }
}

/// Line and column, from 1, of a byte of `text`.
pub(crate) fn line_and_column(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(line_start..).map_or(0, |line| line.chars().count());
    (before.matches('\n').count() + 1, column + 1)
}

/// The known word that `wrong` was most likely meant to be, if one is near.
pub(crate) fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = |word: &&str| distance(wrong, word) <= 1 + word.chars().count() / 4;
    known.into_iter().filter(near).min_by_key(|word| distance(wrong, word))
}

/// How many characters have to be changed, added or left out to come from one word to the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut left = index + 1;
        let mut next = vec![left];
        for ((above_left, above), with) in row.iter().zip(row.iter().skip(1)).zip(&other) {
            left = (above_left + usize::from(letter != *with)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_has_a_line_and_a_column_in_characters() {
        let text = "a = 1\nü = 'x'\nb";
        for (byte, expected) in [(0, (1, 1)), (4, (1, 5)), (6, (2, 1)), (8, (2, 2)), (15, (3, 1)), (99, (3, 2))] {
            assert_eq!(line_and_column(text, byte), expected, "{byte}");
        }
    }

    #[test]
    fn a_slip_finds_its_word_and_nonsense_finds_none() {
        let known = ["max_leverage", "max_position", "max_positions", "margin_mode"];
        for (wrong, expected) in [
            ("max_leverag", Some("max_leverage")),
            ("maxleverage", Some("max_leverage")),
            ("max_postion", Some("max_position")),
            ("margin-mode", Some("margin_mode")),
            ("colour", None),
        ] {
            assert_eq!(nearest(wrong, known), expected, "{wrong}");
        }
    }
}
