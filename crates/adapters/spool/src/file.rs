//! The file: appended to and synced, read back up to a truncated tail, emptied when the store has everything.

use crate::write::Write;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Why a spool was not opened.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The file cannot be opened or read.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// Another process writes to it.
    #[error("{}: another process is using it", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// A line in the middle of the file is damaged: what follows it may depend on it. A damaged last line is the trace of
    /// a crash in the middle of writing it, and is dropped.
    #[error("{}, line {line}: {what}; move the file away to start without it", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Which line, counted from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
}

/// The open file.
#[derive(Debug)]
pub(crate) struct SpoolFile {
    file: File,
    /// How much of it is whole lines.
    length: u64,
}

impl SpoolFile {
    /// Opens the file, makes it if there is none, and reads what it holds. It is ours until it is closed.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<Write>), SpoolError> {
        let io = |error| SpoolError::Io { path: path.to_owned(), error };
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(io)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => SpoolError::InUse { path: path.to_owned() },
            TryLockError::Error(error) => io(error),
        })?;
        // A file that was just made outlives a crash once its directory is on the disk too.
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|it| it.sync_all()).map_err(io)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;
        let (writes, length) =
            read(&bytes).map_err(|(line, what)| SpoolError::Damaged { path: path.to_owned(), line, what })?;
        let mut it = Self { file, length };
        it.cut().map_err(io)?;
        Ok((it, writes))
    }

    #[cfg(test)]
    pub(crate) fn read_only(path: &Path) -> Self {
        Self { file: File::open(path).unwrap(), length: 0 }
    }

    /// Appends one write; when this returns, it is on the disk.
    pub(crate) fn append(&mut self, write: &Write) -> std::io::Result<()> {
        // What a failed append may have left behind the last whole line goes first.
        self.cut()?;
        let line = write.to_line() + "\n";
        self.file.write_all(line.as_bytes())?;
        self.file.sync_data()?;
        self.length += line.len() as u64;
        Ok(())
    }

    /// Forgets everything: the store has it.
    pub(crate) fn empty(&mut self) -> std::io::Result<()> {
        self.length = 0;
        self.cut()?;
        self.file.sync_data()
    }

    fn cut(&mut self) -> std::io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length)).map(drop)
    }
}

/// The writes of whole lines, and how many bytes those are.
fn read(bytes: &[u8]) -> Result<(Vec<Write>, u64), (usize, String)> {
    let (mut writes, mut length) = (Vec::new(), 0);
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let text = line.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok());
        let whole = text.ok_or_else(|| "it is no whole line of text".to_owned());
        let text = match whole.and_then(|text| Write::whole(text).map_err(|damaged| damaged.0)) {
            Ok(text) => text,
            Err(what) if lines.peek().is_none() => {
                tracing::warn!(%what, "the last line of the spool was not finished: it is dropped");
                return Ok((writes, length));
            }
            Err(what) => return Err((number + 1, what)),
        };
        // What was written whole and cannot be read was written by another version: it is not ours to drop.
        writes.push(Write::of_text(text).map_err(|damaged| (number + 1, damaged.0))?);
        length += line.len() as u64;
    }
    Ok((writes, length))
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::write::checksum;

    fn line(text: &str) -> String {
        format!("{:08x}\t{text}\n", checksum(text.as_bytes()))
    }

    #[test]
    fn a_whole_last_line_that_is_not_understood_is_damage_and_a_torn_one_is_dropped() {
        let strange = line("dance\tnow");
        assert_eq!(read(strange.as_bytes()).unwrap_err(), (1, "unknown write 'dance'".to_owned()));
        let torn = strange.replace("now", "n");
        assert_eq!(read(torn.as_bytes()).unwrap().1, 0);
    }
}
