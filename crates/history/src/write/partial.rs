//! A file beside its place until it is whole.

use crate::write::WriteError;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// `.name.partial` beside `name`; removed when dropped.
#[derive(Debug)]
pub(crate) struct PartialFile {
    path: PathBuf,
    place: PathBuf,
}

impl PartialFile {
    pub(crate) fn create(place: &Path) -> Result<(Self, File), WriteError> {
        let failed = |error| WriteError::Io { path: place.to_owned(), error };
        let Some(name) = place.file_name() else {
            return Err(failed(std::io::Error::other("it names no file")));
        };
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(".partial");
        let path = place.with_file_name(hidden);
        let file = File::create(&path).map_err(failed)?;
        Ok((Self { path, place: place.to_owned() }, file))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn failed(&self, error: std::io::Error) -> WriteError {
        WriteError::Io { path: self.place.clone(), error }
    }

    pub(crate) fn refused(&self, reason: &impl ToString) -> WriteError {
        WriteError::Parquet { path: self.place.clone(), reason: reason.to_string() }
    }

    /// Renames, so that there is the old file or the new one at any moment, and waits until the disk knows.
    pub(crate) fn put_in_place(self) -> Result<(), WriteError> {
        fs::rename(&self.path, &self.place).map_err(|error| self.failed(error))?;
        let folder = self.place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| self.failed(error))
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        // Gone already if it was put in its place; if it stays, the next writer writes over it.
        let _ = fs::remove_file(&self.path);
    }
}
