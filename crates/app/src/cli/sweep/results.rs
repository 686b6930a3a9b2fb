//! Every combination, written down as it ends: a sweep that was interrupted goes on where it was.

use crate::failure::Failure;
use plimsoll_backtest::honesty::TrackRecord;
use plimsoll_backtest::report::SweepRow;
use plimsoll_backtest::sweep::Tried;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Where results are kept, if anywhere.
pub(super) struct Results {
    file: Option<(PathBuf, Mutex<File>)>,
    key: String,
}

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    plan: String,
    parameters: Vec<(String, String)>,
    in_sample: Option<Exact>,
    out_of_sample: Option<Exact>,
    trades: u64,
    record: Option<Shape>,
    hash: String,
    returns: Vec<Exact>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Shape {
    sharpe: Exact,
    samples: usize,
    skewness: Exact,
    kurtosis: Exact,
}

/// A float that is read as exactly as it was written.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(transparent)]
struct Exact(f64);

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // The fast way of reading floats may be off by the last bit.
        let text = Box::<RawValue>::deserialize(from)?;
        let finite = text.get().parse::<f64>().ok().filter(|it| it.is_finite());
        finite.map(Self).ok_or_else(|| serde::de::Error::custom(format!("'{}' is no number", text.get())))
    }
}

impl Results {
    /// Opens the file, with what it has of this plan. What was being written when the last sweep was interrupted is cut off.
    pub(super) fn open(path: Option<&Path>, key: String) -> Result<(Self, Vec<Tried>), Failure> {
        let Some(path) = path else { return Ok((Self { file: None, key }, Vec::new())) };
        let shown = path.display();
        let failed = |error: std::io::Error| Failure::usage(format!("cannot use {shown}: {error}"));
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::usage(format!(
                    "another sweep writes to {shown}: wait for it, or name another file"
                )));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let (lines, broken) = bytes.split_at(whole);
        if lines.is_empty() && !b"{\"plan\":".starts_with(&broken[..broken.len().min(8)]) {
            return Err(foreign(path, 1, "it has no results of a sweep"));
        }
        let mut kept = Vec::new();
        let each = lines.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
        for (number, line) in each {
            let line: Line =
                serde_json::from_slice(line).map_err(|error| foreign(path, number + 1, &error.to_string()))?;
            if line.plan != key {
                return Err(foreign(path, number + 1, "it is of another plan"));
            }
            kept.push(line.tried());
        }
        let end = u64::try_from(whole).unwrap_or(u64::MAX);
        file.set_len(end).and_then(|()| file.seek(SeekFrom::Start(end))).map_err(failed)?;
        Ok((Self { file: Some((path.to_owned(), Mutex::new(file))), key }, kept))
    }

    /// Adds one, all of its line at once.
    pub(super) fn keep(&self, tried: &Tried) -> Result<(), Failure> {
        let Some((path, file)) = &self.file else { return Ok(()) };
        let failed = |error: &dyn std::fmt::Display| Failure::no(format!("cannot write {}: {error}", path.display()));
        let mut line = serde_json::to_vec(&Line::of(&self.key, tried)).map_err(|error| failed(&error))?;
        line.push(b'\n');
        let mut file = file.lock().map_err(|error| failed(&error))?;
        file.write_all(&line).and_then(|()| file.flush()).map_err(|error| failed(&error))
    }
}

fn foreign(path: &Path, line: usize, wrong: &str) -> Failure {
    Failure::usage(format!("{}, line {line}: {wrong}", path.display())).help(
        "Results are taken up only by the same strategies, settings, files, names of --try, --by, --out-of-sample and \
         --folds: name another file, or remove this one.",
    )
}

impl Line {
    fn of(key: &str, tried: &Tried) -> Self {
        let Tried { row, returns } = tried;
        let finite = |figure: Option<f64>| figure.filter(|it| it.is_finite()).map(Exact);
        Self {
            plan: key.to_owned(),
            parameters: row.parameters.clone(),
            in_sample: finite(row.in_sample),
            out_of_sample: finite(row.out_of_sample),
            trades: row.trades,
            record: row.record.map(|it| Shape {
                sharpe: Exact(it.sharpe),
                samples: it.samples,
                skewness: Exact(it.skewness),
                kurtosis: Exact(it.kurtosis),
            }),
            hash: row.hash.clone(),
            returns: returns.iter().copied().map(Exact).collect(),
        }
    }

    fn tried(self) -> Tried {
        let record = self.record.map(|it| TrackRecord {
            sharpe: it.sharpe.0,
            samples: it.samples,
            skewness: it.skewness.0,
            kurtosis: it.kurtosis.0,
        });
        let row = SweepRow {
            parameters: self.parameters,
            in_sample: self.in_sample.map(|it| it.0),
            out_of_sample: self.out_of_sample.map(|it| it.0),
            trades: self.trades,
            hash: self.hash,
            record,
        };
        Tried { row, returns: self.returns.into_iter().map(|it| it.0).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(value: &str, figure: f64) -> Tried {
        let row = SweepRow {
            parameters: vec![("fast".into(), value.into())],
            in_sample: Some(figure),
            out_of_sample: None,
            trades: 3,
            hash: "ab".into(),
            record: Some(TrackRecord { sharpe: figure / 7.0, samples: 40, skewness: -0.1, kurtosis: 1.0 / 3.0 }),
        };
        Tried { row, returns: vec![0.1 + 0.2, figure.sin(), -1e-17] }
    }

    fn refused(path: &Path, key: &str) -> String {
        Results::open(Some(path), key.into()).map(|_| ()).unwrap_err().message().to_owned()
    }

    #[test]
    fn what_was_kept_comes_back_to_the_last_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.jsonl");
        let all: Vec<Tried> = (1..200).map(|it| tried(&it.to_string(), 1.0 / f64::from(it))).collect();
        let (results, kept) = Results::open(Some(&path), "a".into()).unwrap();
        assert_eq!(kept, []);
        all.iter().for_each(|it| results.keep(it).unwrap());
        assert!(refused(&path, "a").starts_with("another sweep writes to "));
        drop(results);
        assert_eq!(Results::open(Some(&path), "a".into()).unwrap().1, all);
        assert!(refused(&path, "b").ends_with("r.jsonl, line 1: it is of another plan"));
    }

    #[test]
    fn a_broken_last_line_is_left_out_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.jsonl");
        let (results, _) = Results::open(Some(&path), "a".into()).unwrap();
        results.keep(&tried("1", 0.5)).unwrap();
        results.keep(&tried("2", 0.6)).unwrap();
        drop(results);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 1]).unwrap();
        let (results, kept) = Results::open(Some(&path), "a".into()).unwrap();
        assert_eq!(kept, [tried("1", 0.5)]);
        results.keep(&tried("2", 0.6)).unwrap();
        drop(results);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        std::fs::write(&path, &text[5..]).unwrap();
        assert!(refused(&path, "a").contains("r.jsonl, line 1: "), "{}", refused(&path, "a"));
    }

    #[test]
    fn a_file_of_something_else_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes");
        std::fs::write(&path, "do not lose me").unwrap();
        assert!(refused(&path, "a").ends_with("notes, line 1: it has no results of a sweep"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "do not lose me");
    }
}
