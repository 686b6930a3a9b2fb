//! A month's file in memory: its rows, and what was asked for.

use crate::open::Format;
use crate::parquet_rows::note;
use crate::row::Row;
use crate::rows::Rows;
use crate::span::{Span, Spans};
use crate::store::download::StoreError;
use crate::write::{Digits, FileWriter};
use plimsoll_domain::Timestamp;
use std::path::{Path, PathBuf};

/// The note in the footer of what was asked for.
const ASKED: &str = "plimsoll.asked";

/// The rows of a month.
#[derive(Debug)]
pub(crate) struct MonthFile<R> {
    pub(crate) path: PathBuf,
    rows: Vec<R>,
    asked: Spans,
}

impl<R: Row> MonthFile<R> {
    /// Reads the file of the month that begins so; empty if there is none.
    pub(crate) fn load(folder: &Path, month: Timestamp) -> Result<Self, StoreError> {
        let day = month.to_string();
        let path = folder.join(format!("{}.parquet", day.get(..7).unwrap_or(&day)));
        if !path.exists() {
            return Ok(Self { path, rows: Vec::new(), asked: Spans::default() });
        }
        let rows = Rows::<R>::open(&path)?.collect::<Result<_, _>>()?;
        let asked = asked(&path)?;
        Ok(Self { path, rows, asked })
    }

    /// Adds the answer to a page; how many of its rows are new.
    pub(crate) fn add(&mut self, page: Span, rows: Vec<R>) -> Result<u64, StoreError> {
        let before = self.rows.len();
        self.rows.extend(rows);
        // A stable sort: of two rows of one time, that which was there comes first.
        self.rows.sort_by_key(Row::time);
        let contradiction = self.rows.windows(2).find_map(|pair| match pair {
            [one, other] if one.time() == other.time() && one != other => Some(one.time()),
            _ => None,
        });
        if let Some(time) = contradiction {
            return Err(StoreError::Contradiction { path: self.path.clone(), time });
        }
        self.rows.dedup();
        self.asked.add(page);
        let added = self.rows.len().saturating_sub(before);
        Ok(u64::try_from(added).unwrap_or(u64::MAX))
    }

    /// Writes the file anew: the old one or the new one is there at any moment.
    pub(crate) fn save(&self) -> Result<(), StoreError> {
        let notes = [(ASKED, self.asked.to_text())];
        let mut writer = FileWriter::create_noted(&self.path, Format::Parquet, &Digits::of(&self.rows), &notes)?;
        self.rows.iter().try_for_each(|row| writer.write(row))?;
        Ok(writer.finish()?)
    }
}

/// What of this span the file of a month does not know.
pub(crate) fn missing(folder: &Path, month: Span, span: Span) -> Result<Vec<Span>, StoreError> {
    let day = month.from.to_string();
    let path = folder.join(format!("{}.parquet", day.get(..7).unwrap_or(&day)));
    let asked = if path.exists() { asked(&path)? } else { Spans::default() };
    Ok(asked.missing(Span { from: span.from.max(month.from), to: span.to.min(month.to) }))
}

fn asked(path: &Path) -> Result<Spans, StoreError> {
    Ok(note(path, ASKED)?.map(|text| Spans::of_text(&text)).unwrap_or_default())
}
