//! A paper run, written down line by line: what it was made with first, and then every price. It is all that a replay needs.

use super::contract::ContractRow;
use crate::failure::Failure;
use plimsoll_backtest::{Moment, MomentPrice};
use plimsoll_domain::{Price, Rate, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The form of these files.
const FORM: u32 = 1;

/// What a paper run is made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    plimsoll_paper: u32,
    /// The configuration file's text. It holds no secrets: those are in the environment and in files.
    pub(super) config: String,
    /// Settings that the environment gave instead.
    pub(super) environment: BTreeMap<String, String>,
    /// The time before the first price, in microseconds since 1970.
    pub(super) start: i64,
    pub(super) seed: u64,
    /// What each account begins with.
    pub(super) capital: String,
    pub(super) markets: Vec<ContractRow>,
}

impl Header {
    pub(super) const fn new(
        config: String,
        environment: BTreeMap<String, String>,
        start: Timestamp,
        seed: u64,
        capital: String,
        markets: Vec<ContractRow>,
    ) -> Self {
        Self { plimsoll_paper: FORM, config, environment, start: start.as_micros(), seed, capital, markets }
    }
}

/// The prices of a moment, short: there are many.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    /// When, in microseconds since 1970.
    t: i64,
    /// Market, last and mark.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    p: Vec<(usize, String, String)>,
    /// Market, when a funding is settled, and its rate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    f: Vec<(usize, i64, String)>,
}

impl Line {
    fn of(moment: &Moment) -> Self {
        let prices = moment.prices.iter().map(|it| (it.market, it.last.to_string(), it.mark.to_string()));
        let fundings = moment.fundings.iter().map(|(market, at, rate)| (*market, at.as_micros(), rate.to_string()));
        Self { t: moment.time.as_micros(), p: prices.collect(), f: fundings.collect() }
    }

    fn moment(&self) -> Option<Moment> {
        let mut prices = Vec::with_capacity(self.p.len());
        for (market, last, mark) in &self.p {
            let (last, mark): (Price, Price) = (last.parse().ok()?, mark.parse().ok()?);
            prices.push(MomentPrice { market: *market, last, mark });
        }
        let mut fundings = Vec::with_capacity(self.f.len());
        for (market, at, rate) in &self.f {
            let rate: Rate = rate.parse().ok()?;
            fundings.push((*market, Timestamp::from_micros(*at), rate));
        }
        Some(Moment { time: Timestamp::from_micros(self.t), prices, closed: Vec::new(), fundings })
    }
}

/// A recording that is read again.
pub(super) struct Recording {
    pub(super) header: Header,
    path: PathBuf,
    lines: std::iter::Enumerate<std::io::Lines<BufReader<File>>>,
}

impl Recording {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let file = File::open(path).map_err(|error| Failure::usage(format!("cannot read {shown}: {error}")))?;
        let mut lines = BufReader::new(file).lines().enumerate();
        let first = lines.next().map(|(_, line)| line);
        let first = first.transpose().map_err(|error| Failure::no(format!("{shown}: {error}")))?.unwrap_or_default();
        let header: Header = serde_json::from_str(&first).map_err(|error| {
            Failure::no(format!("{shown}:1: not the beginning of a paper run: {error}"))
                .help("`plimsoll run --paper --record FILE` writes such files.")
        })?;
        if header.plimsoll_paper != FORM {
            let form = header.plimsoll_paper;
            return Err(Failure::no(format!("{shown}: written in form {form}; this program reads form {FORM}")));
        }
        Ok(Self { header, path: path.to_owned(), lines })
    }
}

impl Iterator for Recording {
    type Item = Result<Moment, Failure>;

    /// The next moment. A last line that was cut off by a crash is left out; anything else that cannot be read is an error.
    fn next(&mut self) -> Option<Self::Item> {
        let (number, line) = self.lines.next()?;
        let shown = self.path.display();
        let wrong = |what: String| Some(Err(Failure::no(format!("{shown}:{}: {what}", number + 1))));
        let line = match line {
            Ok(line) => line,
            Err(error) => return wrong(error.to_string()),
        };
        match serde_json::from_str::<Line>(&line).ok().and_then(|line| line.moment()) {
            Some(moment) => Some(Ok(moment)),
            None if self.lines.next().is_none() => None,
            None => wrong("not the prices of a moment".to_owned()),
        }
    }
}

/// Writes moments down as they come.
pub(super) struct Writer {
    file: File,
    path: PathBuf,
}

impl Writer {
    /// Begins a file that is not there yet.
    pub(super) fn begin(path: &Path, header: &Header) -> Result<Self, Failure> {
        let fails = |error: std::io::Error| Failure::usage(format!("cannot write {}: {error}", path.display()));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(fails)?;
        let mut it = Self { file, path: path.to_owned() };
        let text = serde_json::to_string(header).map_err(|error| Failure::no(error.to_string()))?;
        it.write(text)?;
        Ok(it)
    }

    /// Goes on with a file whose whole lines end where the last one does; what a crash has cut off is taken away.
    pub(super) fn go_on(path: &Path) -> Result<Self, Failure> {
        let fails = |error: std::io::Error| Failure::usage(format!("cannot write {}: {error}", path.display()));
        let text = std::fs::read(path).map_err(fails)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let file = OpenOptions::new().append(true).open(path).map_err(fails)?;
        file.set_len(u64::try_from(whole).unwrap_or(u64::MAX)).map_err(fails)?;
        Ok(Self { file, path: path.to_owned() })
    }

    pub(super) fn moment(&mut self, moment: &Moment) -> Result<(), Failure> {
        let text = serde_json::to_string(&Line::of(moment)).map_err(|error| Failure::no(error.to_string()))?;
        self.write(text)
    }

    fn write(&mut self, mut line: String) -> Result<(), Failure> {
        line.push('\n');
        let written = self.file.write_all(line.as_bytes());
        written.map_err(|error| Failure::unreachable(format!("cannot write {}: {error}", self.path.display())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        let start = Timestamp::from_millis(1_767_571_200_000);
        Header::new("[accounts.main]\n".to_owned(), BTreeMap::new(), start, 7, "10000".to_owned(), Vec::new())
    }

    fn moment(millis: i64, last: &str) -> Moment {
        let price = MomentPrice { market: 0, last: last.parse().unwrap(), mark: "60000.12".parse().unwrap() };
        let fundings = vec![(0, Timestamp::from_millis(28_800_000), "-0.00012".parse().unwrap())];
        Moment { time: Timestamp::from_millis(millis), prices: vec![price], closed: Vec::new(), fundings }
    }

    #[test]
    fn what_was_written_is_read_again_and_goes_on_where_a_crash_cut_it_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("paper.jsonl");
        let mut writer = Writer::begin(&path, &header()).unwrap();
        writer.moment(&moment(1, "60000.1")).unwrap();
        writer.moment(&moment(2, "60001")).unwrap();
        drop(writer);
        std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"t\":3,\"p\":[[0,\"600").unwrap();

        let read = Recording::open(&path).unwrap();
        assert_eq!(read.header, header());
        assert_eq!(read.map(Result::unwrap).collect::<Vec<_>>(), [moment(1, "60000.1"), moment(2, "60001")]);

        Writer::go_on(&path).unwrap().moment(&moment(4, "59999")).unwrap();
        let times: Vec<i64> = Recording::open(&path).unwrap().map(|it| it.unwrap().time.as_millis()).collect();
        assert_eq!(times, [1, 2, 4]);
    }

    #[test]
    fn what_is_no_recording_is_told_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("paper.jsonl");
        std::fs::write(&path, "timestamp,open\n").unwrap();
        let Err(failure) = Recording::open(&path) else { panic!("it was read") };
        assert!(failure.message().contains(":1: not the beginning of a paper run"), "{}", failure.message());

        std::fs::remove_file(&path).unwrap();
        drop(Writer::begin(&path, &header()).unwrap());
        std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"nonsense\n{\"t\":1}\n").unwrap();
        let read: Result<Vec<Moment>, Failure> = Recording::open(&path).unwrap().collect();
        assert!(read.unwrap_err().message().contains(":2: not the prices of a moment"));
    }
}
