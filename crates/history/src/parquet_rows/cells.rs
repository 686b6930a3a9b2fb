//! The cells of a batch, whatever the type of their column.

use crate::column::Column;
use crate::fault::Fault;
use crate::layout::Cells;
use crate::moment::{count, moment};
use crate::number::number;
use arrow::array::types::{Decimal128Type, Float32Type, Float64Type, Int64Type, TimestampMicrosecondType, UInt64Type};
use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, TimeUnit};
use arrow::error::ArrowError;
use plimsoll_domain::{Decimal, Timestamp};
use std::fmt::Write;

/// Some rows, by column.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) columns: Vec<Values>,
    pub(crate) len: usize,
}

impl Batch {
    pub(crate) fn row(&self, at: usize, names: &'static [Column]) -> BatchRow<'_> {
        BatchRow { batch: self, row: at, names }
    }
}

/// The values of a column. What comes in many types is first made one of these, without loss.
pub(crate) enum Values {
    Absent,
    Micros(PrimitiveArray<TimestampMicrosecondType>),
    Count(PrimitiveArray<Int64Type>),
    Decimal(PrimitiveArray<Decimal128Type>, i8),
    Unsigned(PrimitiveArray<UInt64Type>),
    Double(PrimitiveArray<Float64Type>),
    Single(PrimitiveArray<Float32Type>),
    Text(StringArray),
}

/// Whether a column at this place can be read; if not, what it should be.
pub(crate) fn wanted(at: usize, found: &DataType) -> Result<(), &'static str> {
    let is_text = matches!(found, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let is_number = found.is_integer() || matches!(found, DataType::Float32 | DataType::Float64);
    if at == 0 {
        let is_time = matches!(found, DataType::Timestamp(..) | DataType::Date32 | DataType::Date64);
        return if is_time || is_text || is_number { Ok(()) } else { Err("time") };
    }
    if is_text || is_number || found.is_decimal() { Ok(()) } else { Err("number") }
}

impl Values {
    pub(crate) fn times(array: &ArrayRef) -> Result<Self, ArrowError> {
        match array.data_type() {
            DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => {
                let micros = cast(array, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
                Ok(Self::Micros(micros.as_primitive().clone()))
            }
            _ => Self::numbers(array),
        }
    }

    pub(crate) fn numbers(array: &ArrayRef) -> Result<Self, ArrowError> {
        Ok(match array.data_type() {
            DataType::Float64 => Self::Double(array.as_primitive().clone()),
            DataType::Float32 => Self::Single(array.as_primitive().clone()),
            DataType::UInt64 => Self::Unsigned(array.as_primitive().clone()),
            whole if whole.is_integer() => Self::Count(cast(array, &DataType::Int64)?.as_primitive().clone()),
            DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) => {
                Self::decimals(&cast(array, &DataType::Decimal128(38, *scale))?, *scale)
            }
            DataType::Decimal128(_, scale) => Self::decimals(array, *scale),
            DataType::Decimal256(_, scale) => Self::decimals(&cast(array, &DataType::Decimal128(38, *scale))?, *scale),
            _ => Self::Text(cast(array, &DataType::Utf8)?.as_string().clone()),
        })
    }

    fn decimals(array: &ArrayRef, scale: i8) -> Self {
        Self::Decimal(array.as_primitive().clone(), scale)
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Absent => true,
            Self::Micros(it) => it.is_null(row),
            Self::Count(it) => it.is_null(row),
            Self::Decimal(it, _) => it.is_null(row),
            Self::Unsigned(it) => it.is_null(row),
            Self::Double(it) => it.is_null(row),
            Self::Single(it) => it.is_null(row),
            Self::Text(it) => it.is_null(row),
        }
    }
}

/// A cast that refuses what it would have to lose.
fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() })
}

/// One row of a batch.
pub(crate) struct BatchRow<'a> {
    batch: &'a Batch,
    row: usize,
    names: &'static [Column],
}

impl BatchRow<'_> {
    fn values(&self, at: usize) -> &Values {
        self.batch.columns.get(at).unwrap_or(&Values::Absent)
    }

    fn name(&self, at: usize) -> &'static str {
        self.names.get(at).map_or("", |column| column.name)
    }
}

impl Cells for BatchRow<'_> {
    #[inline]
    fn time(&self, at: usize) -> Result<Timestamp, Fault> {
        let values = self.values(at);
        if values.is_null(self.row) {
            return Err(Fault::Empty(self.name(at)));
        }
        let counted = |value: u64| count(value).ok_or_else(|| Fault::NotATime(value.to_string().into()));
        match values {
            Values::Micros(it) => Ok(Timestamp::from_micros(it.value(self.row))),
            Values::Unsigned(it) => counted(it.value(self.row)),
            Values::Count(it) => {
                let value = it.value(self.row);
                counted(u64::try_from(value).map_err(|_| Fault::NotATime(value.to_string().into()))?)
            }
            Values::Text(it) => written(it.value(self.row).trim()),
            _ => written(&self.number(at)?.normalize().to_string()),
        }
    }

    #[inline]
    fn number(&self, at: usize) -> Result<Decimal, Fault> {
        let (values, row) = (self.values(at), self.row);
        if values.is_null(row) {
            return Err(Fault::Empty(self.name(at)));
        }
        match values {
            Values::Absent => Err(Fault::Empty(self.name(at))),
            Values::Decimal(it, scale) => decimal(it.value(row), *scale)
                .ok_or_else(|| Fault::NotANumber(self.name(at), it.value_as_string(row).into())),
            Values::Count(it) => Ok(Decimal::from(it.value(row))),
            Values::Micros(it) => Ok(Decimal::from(it.value(row))),
            Values::Unsigned(it) => Ok(Decimal::from(it.value(row))),
            Values::Double(it) => self.shortest(at, it.value(row)),
            Values::Single(it) => self.shortest(at, it.value(row)),
            Values::Text(it) => number(it.value(row).trim().as_bytes(), self.name(at)),
        }
    }

    fn has(&self, at: usize) -> bool {
        !self.values(at).is_null(self.row)
            && !matches!(self.values(at), Values::Text(it) if it.value(self.row).is_empty())
    }
}

impl BatchRow<'_> {
    /// A float as the shortest decimal that stands for it, which is what was written when it was read from text.
    fn shortest(&self, at: usize, value: impl std::fmt::Display + std::fmt::LowerExp) -> Result<Decimal, Fault> {
        let mut text = Short::default();
        if write!(text, "{value}").is_err() {
            return Err(Fault::NotANumber(self.name(at), format!("{value:e}").into()));
        }
        number(text.written(), self.name(at))
    }
}

fn written(text: &str) -> Result<Timestamp, Fault> {
    moment(text.as_bytes()).ok_or_else(|| Fault::NotATime(text.chars().take(64).collect()))
}

/// `mantissa × 10^-scale`, if a decimal can keep it; zeros at its end are no hindrance.
#[inline]
fn decimal(mut mantissa: i128, scale: i8) -> Option<Decimal> {
    let Ok(mut scale) = u32::try_from(scale) else {
        let factor = 10_i128.checked_pow(u32::from(scale.unsigned_abs()))?;
        return Decimal::try_from_i128_with_scale(mantissa.checked_mul(factor)?, 0).ok();
    };
    loop {
        match Decimal::try_from_i128_with_scale(mantissa, scale) {
            Ok(number) => return Some(number),
            Err(_) if scale > 0 && mantissa % 10 == 0 => (mantissa, scale) = (mantissa / 10, scale - 1),
            Err(_) => return None,
        }
    }
}

/// Text without an allocation; no number that a decimal keeps is longer.
struct Short {
    bytes: [u8; 48],
    len: usize,
}

impl Default for Short {
    fn default() -> Self {
        Self { bytes: [0; 48], len: 0 }
    }
}

impl Short {
    fn written(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl Write for Short {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.len + text.len();
        let room = self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}
