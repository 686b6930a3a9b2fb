//! Rows from Parquet, a batch at a time.

mod cells;

use crate::fault::{Fault, Place, RowError};
use crate::open::{OpenError, columns};
use crate::parquet_rows::cells::{Batch, Values, wanted};
use crate::row::Row;
use crate::rows::Progress;
use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// How many rows are unpacked at once.
const BATCH: usize = 8192;

/// The rows of a Parquet file.
pub(crate) struct ParquetRows {
    file: Arc<str>,
    reader: ParquetRecordBatchReader,
    places: Vec<Option<usize>>,
    batch: Batch,
    at: usize,
    done: u64,
    total: u64,
    is_over: bool,
}

impl std::fmt::Debug for ParquetRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetRows").field("file", &self.file).field("done", &self.done).finish_non_exhaustive()
    }
}

impl ParquetRows {
    /// Reads the footer.
    pub(crate) fn open<R: Row>(file: Arc<str>, input: File) -> Result<Self, OpenError> {
        // The types that are stored say enough, and fewer of them can come.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let builder = guarded(|| ParquetRecordBatchReaderBuilder::try_new_with_options(input, options))
            .and_then(|builder| builder.map_err(|error| error.to_string()))
            .map_err(|reason| OpenError::not_parquet(&file, &reason))?;
        let schema = builder.schema().clone();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let in_file = columns(&file, R::KIND, R::COLUMNS, &names)?;
        for (at, (column, place)) in R::COLUMNS.iter().zip(&in_file).enumerate() {
            if let Some(field) = place.and_then(|place| schema.fields().get(place)) {
                wanted(at, field.data_type()).map_err(|wanted| OpenError::ColumnType {
                    file: file.clone(),
                    column: column.name,
                    found: field.data_type().to_string(),
                    wanted,
                })?;
            }
        }
        let mut taken: Vec<usize> = in_file.iter().flatten().copied().collect();
        taken.sort_unstable();
        // A batch holds what is taken in the order of the file.
        let places = in_file.iter().map(|place| taken.iter().position(|taken| Some(*taken) == *place)).collect();
        let mask = ProjectionMask::roots(builder.parquet_schema(), taken);
        let total = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        let builder = builder.with_projection(mask).with_batch_size(BATCH);
        let reader = guarded(|| builder.build())
            .and_then(|reader| reader.map_err(|error| error.to_string()))
            .map_err(|reason| OpenError::not_parquet(&file, &reason))?;
        Ok(Self { file, reader, places, batch: Batch::default(), at: 0, done: 0, total, is_over: false })
    }

    #[inline]
    pub(crate) fn next_row<R: Row>(&mut self) -> Option<Result<R, RowError>> {
        while self.at >= self.batch.len {
            if self.is_over {
                return None;
            }
            if let Err(fault) = self.next_batch() {
                self.is_over = true;
                self.done += 1;
                return Some(Err(self.error(fault)));
            }
        }
        let row = R::read(&self.batch.row(self.at, R::COLUMNS));
        self.at += 1;
        self.done += 1;
        Some(row.map_err(|fault| self.error(fault)))
    }

    fn next_batch(&mut self) -> Result<(), Fault> {
        self.at = 0;
        self.batch = Batch::default();
        let (reader, places) = (&mut self.reader, &self.places);
        let batch = guarded(|| reader.next().map(|batch| read(&batch?, places)).transpose())
            .and_then(|batch| batch.map_err(|error: ArrowError| error.to_string()))
            .map_err(|reason| Fault::Unreadable(reason.into()))?;
        match batch {
            Some(batch) => self.batch = batch,
            None => self.is_over = true,
        }
        Ok(())
    }

    #[cold]
    fn error(&self, fault: Fault) -> RowError {
        RowError { file: self.file.clone(), place: self.place(), fault }
    }

    pub(crate) const fn place(&self) -> Place {
        Place::Row(self.done)
    }

    pub(crate) fn progress(&self) -> Progress {
        Progress { done: self.done, total: Some(self.total) }
    }
}

fn read(batch: &RecordBatch, places: &[Option<usize>]) -> Result<Batch, ArrowError> {
    let values = |(at, place): (usize, &Option<usize>)| match place.and_then(|place| batch.columns().get(place)) {
        Some(array) if at == 0 => Values::times(array),
        Some(array) => Values::numbers(array),
        None => Ok(Values::Absent),
    };
    let columns = places.iter().enumerate().map(values).collect::<Result<_, _>>()?;
    Ok(Batch { columns, len: batch.num_rows() })
}

/// The library panics over some files whose pages were changed. Whatever it was doing is not used any more after that.
fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| "its pages contradict its footer: it is damaged".to_owned())
}

/// The note of this name in the footer of a file.
pub(crate) fn note(path: &std::path::Path, name: &str) -> Result<Option<String>, OpenError> {
    let file: Arc<str> = path.to_string_lossy().into();
    let input = File::open(path).map_err(|error| OpenError::io(&file, error))?;
    let reader = guarded(|| SerializedFileReader::new(input))
        .and_then(|reader| reader.map_err(|error| error.to_string()))
        .map_err(|reason| OpenError::not_parquet(&file, &reason))?;
    let notes = reader.metadata().file_metadata().key_value_metadata();
    let found = notes.and_then(|notes| notes.iter().find(|note| note.key == name));
    Ok(found.and_then(|note| note.value.clone()))
}
