//! Tables of anything, for whoever reads Parquet: a notebook, say.

use super::WriteError;
use super::partial::PartialFile;
use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableColumn {
    /// What it is called; no two columns of a table are called alike.
    pub name: String,
    /// What stands in it, a value for each row.
    pub values: Values,
}

/// What stands in a column; `None` where nothing does.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Texts.
    Text(Vec<Option<String>>),
    /// Fractions.
    Float(Vec<Option<f64>>),
    /// Whole numbers.
    Whole(Vec<Option<i64>>),
}

impl Values {
    const fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Whole(values) => values.len(),
        }
    }

    const fn kind(&self) -> DataType {
        match self {
            Self::Text(_) => DataType::Utf8,
            Self::Float(_) => DataType::Float64,
            Self::Whole(_) => DataType::Int64,
        }
    }

    fn array(&self) -> ArrayRef {
        match self {
            Self::Text(values) => Arc::new(StringArray::from(values.clone())),
            Self::Float(values) => Arc::new(Float64Array::from(values.clone())),
            Self::Whole(values) => Arc::new(Int64Array::from(values.clone())),
        }
    }
}

/// Writes a table as Parquet. What is there already is replaced at once, when the new table is whole.
///
/// ```
/// use plimsoll_history::{TableColumn, Values, write_table};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("sweep.parquet");
/// let fast = TableColumn { name: "fast".into(), values: Values::Whole(vec![Some(5), Some(10)]) };
/// let sharpe = TableColumn { name: "sharpe".into(), values: Values::Float(vec![Some(0.7), None]) };
/// write_table(&path, &[fast, sharpe])?;
/// assert!(path.exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`WriteError`] if the columns make no table, or nothing can be written there; then nothing is changed there.
pub fn write_table(path: &Path, columns: &[TableColumn]) -> Result<(), WriteError> {
    if let Some(reason) = no_table(columns) {
        return Err(WriteError::Parquet { path: path.to_owned(), reason });
    }
    let (partial, file) = PartialFile::create(path)?;
    let file = written(file, columns).map_err(|error| partial.refused(&error))?;
    file.sync_all().map_err(|error| partial.failed(error))?;
    partial.put_in_place()
}

fn no_table(columns: &[TableColumn]) -> Option<String> {
    let Some(first) = columns.first() else { return Some("a table has a column at least".to_owned()) };
    let mut names = BTreeSet::new();
    columns.iter().find_map(|column| {
        let (name, found, expected) = (&column.name, column.values.len(), first.values.len());
        if !names.insert(name) {
            Some(format!("two columns are called '{name}'"))
        } else if found != expected {
            Some(format!("column '{name}' has {found} rows, and '{}' has {expected}", first.name))
        } else {
            None
        }
    })
}

fn written(file: File, columns: &[TableColumn]) -> Result<File, ParquetError> {
    let field = |column: &TableColumn| Field::new(&column.name, column.values.kind(), true);
    let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
    let rows = RecordBatch::try_new(schema.clone(), columns.iter().map(|column| column.values.array()).collect())?;
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?)).build();
    let mut writer = ArrowWriter::try_new(file, schema, Some(properties))?;
    writer.write(&rows)?;
    writer.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::{Float64Type, Int64Type};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    fn column(name: &str, values: Values) -> TableColumn {
        TableColumn { name: name.to_owned(), values }
    }

    #[test]
    fn a_table_reads_back_as_it_was_given() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.parquet");
        let columns = [
            column("word", Values::Text(vec![Some("15m".into()), None])),
            column("figure", Values::Float(vec![None, Some(-0.1)])),
            column("count", Values::Whole(vec![Some(i64::MAX), Some(0)])),
        ];
        write_table(&path, &columns).unwrap();
        let mut reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap().build().unwrap();
        let rows = reader.next().unwrap().unwrap();
        let names: Vec<String> = rows.schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, ["word", "figure", "count"]);
        assert_eq!(rows.column(0).as_string::<i32>().iter().collect::<Vec<_>>(), [Some("15m"), None]);
        assert_eq!(rows.column(1).as_primitive::<Float64Type>().iter().collect::<Vec<_>>(), [None, Some(-0.1)]);
        assert_eq!(rows.column(2).as_primitive::<Int64Type>().values().to_vec(), [i64::MAX, 0]);
        assert_eq!(rows.column(2).null_count(), 0);
    }

    #[test]
    fn columns_that_make_no_table_leave_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.parquet");
        write_table(&path, &[column("a", Values::Whole(vec![Some(1)]))]).unwrap();
        let before = std::fs::read(&path).unwrap();
        let long = [column("a", Values::Whole(vec![Some(1)])), column("b", Values::Float(vec![]))];
        let twice = [column("a", Values::Whole(vec![])), column("a", Values::Float(vec![]))];
        let said = |columns: &[TableColumn]| write_table(&path, columns).unwrap_err().to_string();
        assert!(said(&long).ends_with("column 'b' has 0 rows, and 'a' has 1"));
        assert!(said(&twice).ends_with("two columns are called 'a'"));
        assert!(said(&[]).ends_with("a table has a column at least"));
        assert_eq!(std::fs::read(&path).unwrap(), before);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
