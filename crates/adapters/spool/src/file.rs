//! The file: appended to and synced, read back up to a truncated tail, emptied when the store has everything.

use crate::write::Write;
use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write as _};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Fewer outdated bytes than this are left where they are. Orders that remove risk need the same disk: what a long outage
/// leaves on it is what waits, not every save of it.
const OUTDATED_AT_MOST: u64 = 4 << 20;

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
    path: PathBuf,
    /// How much of it is whole lines.
    length: u64,
    /// How long the newest line of each desk is.
    desks: HashMap<Vec<u8>, u64>,
    /// How long the lines of desks are that a newer one has taken the place of.
    outdated: u64,
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
        // Whoever has it may have put a new file in its place between our opening it and our locking it.
        if !is_at(&file, path).map_err(io)? {
            return Err(SpoolError::InUse { path: path.to_owned() });
        }
        // A file that was just made outlives a crash once its directory is on the disk too.
        sync_folder_of(path).map_err(io)?;
        // What a crash in the middle of writing it anew has left. Where it cannot be removed it does no harm.
        drop(std::fs::remove_file(beside(path)));
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;
        let (writes, length) =
            read(&bytes).map_err(|(line, what)| SpoolError::Damaged { path: path.to_owned(), line, what })?;
        let mut it = Self { file, path: path.to_owned(), length, desks: HashMap::new(), outdated: 0 };
        it.cut().map_err(io)?;
        let whole = usize::try_from(length).ok().and_then(|length| bytes.get(..length)).unwrap_or_default();
        lines(whole).for_each(|line| it.count(line));
        Ok((it, writes))
    }

    #[cfg(test)]
    pub(crate) fn read_only(path: &Path) -> Self {
        let file = File::open(path).unwrap();
        Self { file, path: path.to_owned(), length: 0, desks: HashMap::new(), outdated: 0 }
    }

    /// Appends one write; when this returns, it is on the disk.
    pub(crate) fn append(&mut self, write: &Write) -> std::io::Result<()> {
        // What a failed append may have left behind the last whole line goes first.
        self.cut()?;
        let line = write.to_line() + "\n";
        self.file.write_all(line.as_bytes())?;
        self.file.sync_data()?;
        self.length += line.len() as u64;
        self.count(line.as_bytes());
        Ok(())
    }

    /// Writes the file anew without outdated saves of desks, once those are most of it and many. A crash in the middle leaves
    /// the old file or the new one.
    pub(crate) fn slim(&mut self) -> std::io::Result<()> {
        if self.outdated < OUTDATED_AT_MOST.max(self.length / 2) {
            return Ok(());
        }
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        (&self.file).take(self.length).read_to_end(&mut bytes)?;
        let slim = without_outdated(&bytes);
        let beside = beside(&self.path);
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&beside)?;
        // Ours before it has the name under which others find it.
        file.try_lock()?;
        file.write_all(&slim)?;
        file.sync_all()?;
        std::fs::rename(&beside, &self.path)?;
        (self.file, self.length, self.outdated) = (file, slim.len() as u64, 0);
        sync_folder_of(&self.path)
    }

    /// Forgets everything: the store has it.
    pub(crate) fn empty(&mut self) -> std::io::Result<()> {
        (self.length, self.outdated) = (0, 0);
        self.desks.clear();
        self.cut()?;
        self.file.sync_data()
    }

    fn count(&mut self, line: &[u8]) {
        if let Some(name) = desk_of(line) {
            self.outdated += self.desks.insert(name.to_owned(), line.len() as u64).unwrap_or(0);
        }
    }

    fn cut(&mut self) -> std::io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length)).map(drop)
    }
}

/// Where the file is written anew.
fn beside(path: &Path) -> PathBuf {
    path.with_extension("new")
}

/// Whether this is the file that is found there.
fn is_at(file: &File, path: &Path) -> std::io::Result<bool> {
    let known = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(found) => Ok((found.dev(), found.ino()) == (known.dev(), known.ino())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn lines(bytes: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n')
}

/// Which desk a line saves, if it saves one: what is behind the checksum and the word.
fn desk_of(line: &[u8]) -> Option<&[u8]> {
    let mut fields = line.split(|byte| *byte == b'\t').skip(1);
    if fields.next()? == b"desk" { fields.next() } else { None }
}

/// The lines without those of desks that a later one saves again.
fn without_outdated(bytes: &[u8]) -> Vec<u8> {
    let mut newer = HashSet::new();
    let mut kept: Vec<&[u8]> =
        lines(bytes).rev().filter(|line| desk_of(line).is_none_or(|name| newer.insert(name))).collect();
    kept.reverse();
    kept.concat()
}

/// The writes of whole lines, and how many bytes those are.
fn read(bytes: &[u8]) -> Result<(Vec<Write>, u64), (usize, String)> {
    let (mut writes, mut length) = (Vec::new(), 0);
    let mut lines = lines(bytes).enumerate().peekable();
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
    use super::*;
    use crate::write::checksum;
    use plimsoll_domain::{AccountId, Timestamp};
    use plimsoll_ports::{KillSwitchRecord, SavedDesk};

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

    fn desk(name: &str, number: i64, letters: usize) -> Write {
        let desk = SavedDesk { state: "\t".repeat(letters), saved_at: Timestamp::from_micros(number) };
        Write::Desk { name: name.to_owned(), desk }
    }

    fn switch(reason: &str) -> Write {
        let record = KillSwitchRecord { engaged: true, reason: reason.to_owned(), by: "desk".to_owned(), since: None };
        Write::KillSwitch { account: AccountId::new("desk"), record }
    }

    #[test]
    fn of_a_desk_the_newest_save_is_kept_and_everything_else_in_its_order() {
        let writes = [desk("a", 1, 1), switch("one"), desk("b", 2, 1), desk("a", 3, 0), switch("two"), desk("a", 3, 0)];
        let bytes = |writes: &[Write]| writes.iter().map(|it| it.to_line() + "\n").collect::<String>().into_bytes();
        let [_, one, b, _, two, a] = writes.clone();
        assert_eq!(without_outdated(&bytes(&writes)), bytes(&[one, b, two, a]));
        assert_eq!(without_outdated(b""), b"");
    }

    #[test]
    fn a_desk_that_is_saved_over_and_over_does_not_fill_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plimsoll.spool");
        let (mut file, _) = SpoolFile::open(&path).unwrap();
        file.append(&switch("before")).unwrap();
        file.append(&desk("other", 0, 1)).unwrap();
        let letters = 250_000;
        for number in 100..140 {
            file.append(&desk("a", number, letters)).unwrap();
            file.slim().unwrap();
            let length = std::fs::metadata(&path).unwrap().len();
            assert_eq!(length, file.length);
            assert!(length < OUTDATED_AT_MOST + 2 * 500_100, "{length} bytes after {number}");
            assert!(
                matches!(SpoolFile::open(&path), Err(SpoolError::InUse { .. })),
                "it is ours, whichever file it is"
            );
        }
        file.append(&switch("after")).unwrap();
        drop(file);
        std::fs::write(beside(&path), "half of it").unwrap();
        let (mut file, writes) = SpoolFile::open(&path).unwrap();
        let others: Vec<&Write> =
            writes.iter().filter(|it| !matches!(it, Write::Desk { name, .. } if name == "a")).collect();
        assert_eq!(others, [&switch("before"), &desk("other", 0, 1), &switch("after")]);
        let newest = writes.iter().rfind(|it| matches!(it, Write::Desk { name, .. } if name == "a"));
        assert_eq!(newest, Some(&desk("a", 139, letters)));
        // What was outdated is known again, and nothing of it when the file is empty.
        assert_eq!(file.outdated, (writes.len() as u64 - 4) * (desk("a", 139, letters).to_line().len() as u64 + 1));
        file.empty().unwrap();
        assert_eq!((file.outdated, std::fs::metadata(&path).unwrap().len()), (0, 0));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_file_that_another_has_taken_the_place_of_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("one"), folder.path().join("two"));
        let [file, _] = [&path, &other].map(|it| File::create(it).unwrap());
        assert!(is_at(&file, &path).unwrap());
        std::fs::rename(&other, &path).unwrap();
        assert!(!is_at(&file, &path).unwrap());
        std::fs::remove_file(&path).unwrap();
        assert!(!is_at(&file, &path).unwrap());
    }
}
