//! Our layout of Parquet: the time in microseconds UTC, every number a decimal with as many places as its column needs, or
//! text where no decimal of 38 digits holds them all; packed with zstd.

use crate::layout::Layout;
use crate::row::Row;
use crate::write::digits::{Digits, Need};
use arrow::array::{ArrayRef, Decimal128Builder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use plimsoll_domain::Decimal;
use std::fs::File;
use std::marker::PhantomData;
use std::sync::Arc;

/// How many rows are handed over at once.
const BATCH: usize = 8192;
/// How many rows are one group: what is held in memory until it is packed.
const GROUP: usize = 16 * BATCH;
/// The digits that one, two and four machine words hold.
const PRECISIONS: [u8; 3] = [9, 18, 38];

/// A Parquet file in the making.
#[derive(Debug)]
pub(crate) struct ParquetOut<R> {
    writer: ArrowWriter<File>,
    schema: Arc<Schema>,
    times: TimestampMicrosecondBuilder,
    numbers: Vec<Numbers>,
    held: usize,
    row: PhantomData<fn() -> R>,
}

/// A column of numbers in the making.
#[derive(Debug)]
struct Numbers {
    at: usize,
    name: &'static str,
    values: Builder,
}

#[derive(Debug)]
enum Builder {
    Decimal(Decimal128Builder, u32),
    Text(StringBuilder),
}

impl<R: Row> ParquetOut<R> {
    pub(crate) fn create(file: File, digits: &Digits<R>, notes: &[(&str, String)]) -> Result<Self, ParquetError> {
        let time = Field::new("time", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), false);
        let mut fields = vec![time];
        let mut numbers = Vec::new();
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
            .set_max_row_group_row_count(Some(GROUP));
        properties = counted(properties, "time");
        for at in digits.columns().into_iter().skip(1) {
            let Some(column) = R::COLUMNS.get(at) else { continue };
            let kind = kind(digits.need(at));
            if matches!(kind, DataType::Decimal128(..=18, _)) {
                properties = counted(properties, column.name);
            }
            fields.push(Field::new(column.name, kind.clone(), !column.is_needed));
            numbers.push(Numbers { at, name: column.name, values: Builder::new(&kind)? });
        }
        let notes = notes.iter().map(|(name, text)| KeyValue::new((*name).to_owned(), text.clone())).collect();
        let properties = properties.set_key_value_metadata(Some(notes)).build();
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let schema = Arc::new(Schema::new(fields));
        let writer = ArrowWriter::try_new_with_options(file, schema.clone(), options)?;
        let times = TimestampMicrosecondBuilder::with_capacity(BATCH).with_timezone("UTC");
        Ok(Self { writer, schema, times, numbers, held: 0, row: PhantomData })
    }

    pub(crate) fn write(&mut self, row: &R) -> Result<(), ParquetError> {
        self.times.append_value(row.time().as_micros());
        for column in &mut self.numbers {
            column.values.append(Layout::number(row, column.at)).ok_or_else(|| {
                ParquetError::General(format!("{} of {} needs more digits than were said", column.name, row.time()))
            })?;
        }
        self.held += 1;
        if self.held >= BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), ParquetError> {
        let mut columns: Vec<ArrayRef> = vec![Arc::new(self.times.finish())];
        columns.extend(self.numbers.iter_mut().map(|column| column.values.finish()));
        self.held = 0;
        self.writer.write(&RecordBatch::try_new(self.schema.clone(), columns)?)
    }

    pub(crate) fn finish(mut self) -> Result<File, ParquetError> {
        if self.held > 0 {
            self.flush()?;
        }
        self.writer.into_inner()
    }
}

/// A column of whole numbers that follow one another closely: their differences are kept.
fn counted(
    properties: parquet::file::properties::WriterPropertiesBuilder,
    name: &str,
) -> parquet::file::properties::WriterPropertiesBuilder {
    let path = ColumnPath::from(name);
    properties
        .set_column_dictionary_enabled(path.clone(), false)
        .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED)
}

/// The smallest type that keeps such numbers exactly.
fn kind(need: Need) -> DataType {
    let wanted = (need.whole + need.decimals).max(1);
    let precision = PRECISIONS.into_iter().find(|precision| u32::from(*precision) >= wanted);
    match (precision, i8::try_from(need.decimals)) {
        (Some(precision), Ok(scale)) => DataType::Decimal128(precision, scale),
        _ => DataType::Utf8,
    }
}

impl Builder {
    fn new(kind: &DataType) -> Result<Self, ParquetError> {
        match *kind {
            DataType::Decimal128(precision, scale) => {
                let builder = Decimal128Builder::with_capacity(BATCH).with_precision_and_scale(precision, scale)?;
                Ok(Self::Decimal(builder, u32::from(scale.unsigned_abs())))
            }
            _ => Ok(Self::Text(StringBuilder::new())),
        }
    }

    /// Adds a number; `None` if the column has too few digits for it.
    fn append(&mut self, number: Option<Decimal>) -> Option<()> {
        match (self, number) {
            (Self::Decimal(builder, _), None) => builder.append_null(),
            (Self::Decimal(builder, scale), Some(number)) => builder.append_value(digits(number, *scale)?),
            (Self::Text(builder), None) => builder.append_null(),
            (Self::Text(builder), Some(number)) => builder.append_value(number.normalize().to_string()),
        }
        Some(())
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Decimal(builder, _) => Arc::new(builder.finish()),
            Self::Text(builder) => Arc::new(builder.finish()),
        }
    }
}

/// The number in units of `10^-scale`, if it is whole in them.
fn digits(number: Decimal, scale: u32) -> Option<i128> {
    let (mantissa, found) = (number.mantissa(), number.scale());
    if found <= scale {
        return mantissa.checked_mul(10_i128.checked_pow(scale - found)?);
    }
    let unit = 10_i128.checked_pow(found - scale)?;
    (mantissa % unit == 0).then_some(mantissa / unit)
}
