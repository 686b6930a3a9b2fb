//! Figures for people: tables that fit 80 columns. Programs get full precision through `--json` instead.

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};
use plimsoll_domain::{Decimal, Money, Price, Rate, Timestamp};
use rust_decimal::RoundingStrategy;
use serde::Serialize;
use std::fmt::Display;
use std::io::{ErrorKind, Write};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use crate::failure::Failure;

/// `1 position`, `2 positions`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// A table of facts, one a line: what it is, and its figure.
#[derive(Debug, Default)]
pub(crate) struct Facts(Vec<(String, String)>);

impl Facts {
    /// Adds a line.
    pub(crate) fn line(mut self, what: impl Display, figure: impl Display) -> Self {
        self.0.push((what.to_string(), figure.to_string()));
        self
    }

    /// Adds a line if there is a figure.
    pub(crate) fn maybe(self, what: impl Display, figure: Option<impl Display>) -> Self {
        match figure {
            Some(figure) => self.line(what, figure),
            None => self,
        }
    }

    /// Prints the table.
    pub(crate) fn print(self) -> Result<(), Failure> {
        let width = self.0.iter().map(|(what, _)| what.chars().count()).max().unwrap_or(0);
        for (what, figure) in self.0 {
            line(format!("  {what:<width$}  {figure}"))?;
        }
        Ok(())
    }
}

/// A table with a header, for stdout. Where it is too wide, cells are broken between words and never within one: half a
/// price is none.
pub(crate) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic).set_width(80);
    table.set_header(header);
    let mut widest: Vec<usize> = header.iter().map(|title| widest_word(title)).collect();
    for row in rows {
        for (widest, text) in widest.iter_mut().zip(&row) {
            *widest = widest_word(text).max(*widest);
        }
        let cells = row.into_iter().enumerate().map(|(column, text)| match column {
            0 => Cell::new(text),
            _ => Cell::new(text).set_alignment(CellAlignment::Right),
        });
        table.add_row(cells);
    }
    let width = |word: usize| ColumnConstraint::LowerBoundary(Width::Fixed(u16::try_from(word).unwrap_or(u16::MAX)));
    table.set_constraints(widest.into_iter().map(|word| width(word + PADDING)));
    table
}

/// Of a cell, on both sides of it.
const PADDING: usize = 2;

fn widest_word(text: &str) -> usize {
    text.split_whitespace().map(|word| word.chars().count()).max().unwrap_or(0)
}

/// Prints a line to stdout.
pub(crate) fn line(text: impl Display) -> Result<(), Failure> {
    written(writeln!(std::io::stdout(), "{text}"))
}

/// What became of writing to stdout: `println!` would panic where a reader such as `head` has seen enough.
pub(crate) fn written(outcome: std::io::Result<()>) -> Result<(), Failure> {
    outcome.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::unread(),
        _ => Failure::unreachable(format!("cannot write to stdout: {error}")),
    })
}

/// Says something on stderr. Where that cannot be written either, nobody is told, and what is being done goes on:
/// `eprintln!` would panic.
pub(crate) fn aside(text: impl Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Prints one JSON value on one line.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    line(serde_json::to_string(value).map_err(Failure::usage)?)
}

/// Full precision, for `--json`.
pub(crate) fn full(value: impl Into<Decimal>) -> String {
    value.into().normalize().to_string()
}

/// Money to the cent, halves to even; for people only.
pub(crate) fn cents(money: Money) -> String {
    format!("{:.2}", money.get().round_dp_with_strategy(2, RoundingStrategy::MidpointNearestEven))
}

/// Money with as many places as it has, four at most; for people only.
pub(crate) fn money(money: Money) -> String {
    let rounded = money.get().round_dp_with_strategy(4, RoundingStrategy::MidpointNearestEven).normalize();
    if rounded.scale() < 2 { format!("{rounded:.2}") } else { rounded.to_string() }
}

/// Money that a venue may not have told yet; for people only.
pub(crate) fn told(amount: Option<Money>) -> String {
    amount.map_or_else(|| "not known yet: not all of its fills are told".to_owned(), money)
}

/// A price with eight places at most, halves to even; for people only.
pub(crate) fn price(price: Price) -> String {
    price.get().round_dp_with_strategy(8, RoundingStrategy::MidpointNearestEven).normalize().to_string()
}

/// A fraction as a percentage with two places; for people only.
pub(crate) fn percent(fraction: Decimal) -> String {
    match fraction.checked_mul(Decimal::ONE_HUNDRED) {
        Some(percent) => {
            format!("{:.2} %", percent.round_dp_with_strategy(2, RoundingStrategy::MidpointNearestEven))
        }
        None => "beyond measure".to_owned(),
    }
}

/// A small rate as a percentage with all its places.
pub(crate) fn rate(rate: Rate) -> String {
    let percent = rate.get().checked_mul(Decimal::ONE_HUNDRED).unwrap_or(Decimal::MAX);
    format!("{} %", percent.normalize())
}

/// A moment in UTC as RFC 3339, for `--json`.
pub(crate) fn instant(time: Timestamp) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(time.as_micros()) * 1000);
    time.ok().and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default()
}

/// A moment in UTC, to the second.
pub(crate) fn second(time: Timestamp) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(time.as_micros()) * 1000);
    time.ok().and_then(|time| time.format(&format).ok()).unwrap_or_default()
}

/// A moment in UTC, to the minute.
pub(crate) fn minute(time: Timestamp) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]");
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(time.as_micros()) * 1000);
    time.ok().and_then(|time| time.format(&format).ok()).unwrap_or_default()
}
