//! How many digits the numbers of a file need.

use crate::layout::Layout;
use crate::row::Row;
use std::marker::PhantomData;

/// What the numbers of each column need to be kept exactly. A Parquet column has one number of decimals for all its rows,
/// so this has to be known before the first is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digits<R> {
    columns: Vec<Need>,
    row: PhantomData<fn() -> R>,
}

/// What the numbers of one column need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Need {
    /// Digits before the point, at most.
    pub(crate) whole: u32,
    /// Digits behind the point, at most.
    pub(crate) decimals: u32,
    /// Whether any row has a number here.
    pub(crate) is_used: bool,
}

impl<R: Row> Digits<R> {
    /// What nothing needs.
    #[must_use]
    pub fn none() -> Self {
        Self { columns: vec![Need::default(); R::COLUMNS.len()], row: PhantomData }
    }

    /// What these rows need.
    #[must_use]
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a R>) -> Self {
        let mut digits = Self::none();
        for row in rows {
            digits.take(row);
        }
        digits
    }

    /// What this row needs as well.
    pub fn take(&mut self, row: &R) {
        for (at, need) in self.columns.iter_mut().enumerate().skip(1) {
            let Some(number) = Layout::number(row, at) else { continue };
            let number = number.normalize();
            let digits = number.mantissa().unsigned_abs().checked_ilog10().map_or(1, |log| log + 1);
            need.decimals = need.decimals.max(number.scale());
            need.whole = need.whole.max(digits.saturating_sub(number.scale()));
            need.is_used = true;
        }
    }

    /// The places of the columns that a file with these rows has: those that are needed, and those in use.
    pub(crate) fn columns(&self) -> Vec<usize> {
        let used = |at: &usize| self.need(*at).is_used || R::COLUMNS.get(*at).is_some_and(|column| column.is_needed);
        (0..R::COLUMNS.len()).filter(used).collect()
    }

    pub(crate) fn need(&self, at: usize) -> Need {
        self.columns.get(at).copied().unwrap_or_default()
    }
}
