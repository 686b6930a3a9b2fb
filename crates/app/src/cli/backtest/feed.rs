//! Files, opened and put into one order of time.

use super::plan::{MarketPlan, Prepared};
use crate::failure::Failure;
use indicatif::{ProgressBar, ProgressStyle};
use plimsoll_backtest::{Candles, Incident, Item, Outcome};
use plimsoll_domain::{Candle, Symbol, Timestamp};
use plimsoll_history::{CandleRow, Findings, FundingRow, MarkRow, Merge, Ordered, Policy, Row, RowError, Rows, Timed};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A rate is given to the exchange so long before the candle in which it is settled; nobody else hears it.
const AHEAD: Duration = Duration::from_secs(3600);

/// One market's files, of which the first row was seen.
#[derive(Debug)]
pub(crate) struct MarketFeed {
    symbol: Symbol,
    candles: PathBuf,
    marks: Option<PathBuf>,
    funding: Option<PathBuf>,
    interval: Duration,
    funding_interval: Option<Duration>,
    first: CandleRow,
    span: (Option<Timestamp>, Option<Timestamp>),
}

/// What a run brought.
pub(crate) struct Done {
    pub(super) outcome: Outcome,
    /// A line each.
    pub(super) decisions: String,
}

/// Something of a history, and where in the order of time it stands.
struct Dated(Timestamp, Item);

impl Timed for Dated {
    fn time(&self) -> Timestamp {
        self.0
    }
}

fn ordered<R: Row>(path: &Path) -> Result<Ordered<R>, Failure> {
    let rows = Rows::<R>::open(path).map_err(|error| super::super::data::unopened(&error))?;
    Ok(Ordered::new(rows, Policy::default()))
}

fn wrong(error: &RowError) -> Failure {
    Failure::no(error).help("`plimsoll data check` lists everything that is wrong with a file.")
}

/// Opens a market's files and reads their beginnings.
pub(super) fn open(plan: &MarketPlan, span: (Option<Timestamp>, Option<Timestamp>)) -> Result<MarketFeed, Failure> {
    let symbol: Symbol = plan.symbol.parse().map_err(|error| {
        Failure::usage(format!("{error}"))
            .help("A symbol is written like BTC/USDT:USDT: base, quote, and what it settles in.")
    })?;
    let shown = plan.candles.display();
    let mut candles = ordered::<CandleRow>(&plan.candles)?;
    let Some(interval) = candles.interval() else {
        return Err(Failure::no(format!("{shown}: too few candles to tell how long they last")));
    };
    let first = loop {
        match candles.next() {
            None => return Err(Failure::no(format!("{shown}: no candle between the times that were given"))),
            Some(row) => {
                let row = row.map_err(|error| wrong(&error))?;
                if span.1.is_some_and(|to| row.time >= to) {
                    return Err(Failure::no(format!("{shown}: no candle between the times that were given")));
                }
                if span.0.is_none_or(|from| row.time >= from) {
                    break row;
                }
            }
        }
    };
    if let Some(path) = &plan.marks {
        let found = ordered::<MarkRow>(path)?.interval();
        if found != Some(interval) {
            let word = |interval: Option<Duration>| interval.map_or("?".into(), plimsoll_history::interval_word);
            return Err(Failure::usage(format!(
                "{}: mark candles of {}, and the candles are of {}: both have to be of one interval",
                path.display(),
                word(found),
                word(Some(interval))
            ))
            .help("Without --marks the mark is the last price."));
        }
    }
    let funding_interval = match &plan.funding {
        Some(path) => ordered::<FundingRow>(path)?.interval(),
        None => None,
    };
    Ok(MarketFeed {
        symbol,
        candles: plan.candles.clone(),
        marks: plan.marks.clone(),
        funding: plan.funding.clone(),
        interval,
        funding_interval,
        first,
        span,
    })
}

impl MarketFeed {
    pub(super) const fn symbol(&self) -> &Symbol {
        &self.symbol
    }

    /// How long its candles last.
    pub(super) const fn interval(&self) -> Duration {
        self.interval
    }

    /// Whole hours between its fundings, as its file has them.
    pub(super) fn funding_hours(&self) -> Option<u32> {
        let interval = self.funding_interval?.as_secs();
        u32::try_from(interval / 3600).ok().filter(|hours| interval.is_multiple_of(3600) && (1..=24).contains(hours))
    }

    pub(super) const fn first(&self) -> &CandleRow {
        &self.first
    }

    fn is_within(&self, time: Timestamp) -> bool {
        let (from, to) = self.span;
        from.is_none_or(|from| time >= from) && to.is_none_or(|to| time < to)
    }

    /// The candles, each with its mark. What was borne of the files is noted at their end.
    fn candles<'a>(
        &'a self,
        number: usize,
        notes: &Notes,
    ) -> Result<impl Iterator<Item = Result<Dated, Failure>> + use<'a>, Failure> {
        let mut marks = self.marks.as_deref().map(ordered::<MarkRow>).transpose()?.map(Iterator::peekable);
        let mut rows = ordered::<CandleRow>(&self.candles)?;
        let (mut unmarked, notes) = (0_u64, notes.clone());
        let mut next = move || -> Result<Option<Dated>, Failure> {
            let (from, to) = self.span;
            for row in rows.by_ref() {
                let row = row.map_err(|error| wrong(&error))?;
                if from.is_some_and(|from| row.time < from) {
                    continue;
                }
                if to.is_some_and(|to| row.time >= to) {
                    break;
                }
                let mark = match &mut marks {
                    Some(marks) => self.mark(marks, row.time)?,
                    None => None,
                };
                unmarked += u64::from(marks.is_some() && mark.is_none());
                let last = row.candle(&self.symbol, self.interval);
                return Ok(Some(Dated(row.time, Item::Candle(number, Candles { last, mark }))));
            }
            notes.take(&self.candles, rows.noted());
            if unmarked > 0 {
                let text =
                    format!("{}: {unmarked} candles have no mark, and took their last price for it", self.symbol);
                notes.add(text);
            }
            Ok(None)
        };
        Ok(std::iter::from_fn(move || next().transpose()))
    }

    /// The mark's candle of this time, if there is one.
    fn mark(
        &self,
        marks: &mut std::iter::Peekable<Ordered<MarkRow>>,
        time: Timestamp,
    ) -> Result<Option<Candle>, Failure> {
        while let Some(next) = marks.next_if(|next| next.as_ref().map_or(true, |next| next.time <= time)) {
            let row = next.map_err(|error| wrong(&error))?;
            if row.time == time {
                return Ok(Some(row.candle(&self.symbol, self.interval)));
            }
        }
        Ok(None)
    }

    fn funding(
        &self,
        number: usize,
    ) -> Result<Option<impl Iterator<Item = Result<Dated, Failure>> + use<'_>>, Failure> {
        let Some(path) = &self.funding else { return Ok(None) };
        let rows = ordered::<FundingRow>(path)?;
        Ok(Some(rows.filter_map(move |row| match row {
            Ok(row) if !self.is_within(row.time) => None,
            Ok(row) => {
                Some(Ok(Dated(row.time.minus(self.interval).minus(AHEAD), Item::Funding(number, row.time, row.rate))))
            }
            Err(error) => Some(Err(wrong(&error))),
        })))
    }
}

impl Prepared {
    /// The files, of all markets.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.markets.iter().flat_map(|market| {
            [Some(&market.candles), market.marks.as_ref(), market.funding.as_ref()]
                .into_iter()
                .flatten()
                .map(PathBuf::as_path)
        })
    }

    /// From when to when history is wanted, of each market.
    pub(crate) fn spans(&self) -> Vec<(Option<Timestamp>, Option<Timestamp>)> {
        self.markets.iter().map(|market| market.span).collect()
    }

    /// When the history ends.
    pub(crate) fn end(&self) -> Result<Timestamp, Failure> {
        let notes = Notes::default();
        let mut last = self.settings.start;
        for item in self.history(&notes)? {
            last = last.max(item?.time());
        }
        Ok(last)
    }

    /// Everything, in one order of time. Rates come before candles of their time.
    pub(crate) fn history<'a>(
        &'a self,
        notes: &Notes,
    ) -> Result<impl Iterator<Item = Result<Item, Failure>> + use<'a>, Failure> {
        let mut merged = Merge::new();
        for (number, market) in self.markets.iter().enumerate() {
            if let Some(funding) = market.funding(number)? {
                merged.add(funding);
            }
        }
        for (number, market) in self.markets.iter().enumerate() {
            merged.add(market.candles(number, notes)?);
        }
        Ok(merged.map(|(_, item)| item.map(|Dated(_, item)| item)))
    }

    /// Runs from beginning to end.
    pub(crate) fn run(&self, shows: bool) -> Result<Done, Failure> {
        let (mut run, notes) = (self.begin()?, Notes::default());
        let bar = bar(shows);
        for (count, item) in self.history(&notes)?.enumerate() {
            run.step(&item?).map_err(Failure::no)?;
            if count % 10_000 == 0 {
                bar.set_message(format!("{count} candles, {} fills", run.fills()));
                bar.tick();
            }
        }
        bar.finish_and_clear();
        let decisions = run.decisions().join("\n") + "\n";
        let mut outcome = run.finish().map_err(Failure::no)?;
        outcome.incidents.extend(notes.told(outcome.from));
        Ok(Done { outcome, decisions })
    }
}

/// What was borne of the files, said when they have been read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn take(&self, file: &Path, noted: &Findings) {
        for (topic, found) in noted.iter() {
            self.add(format!("{}: {}: {}", file.display(), topic.as_str(), found.count));
        }
    }

    fn add(&self, text: String) {
        // Whoever held it and panicked has left whole sentences.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    /// As incidents at the beginning of the run.
    fn told(&self, at: Timestamp) -> Vec<Incident> {
        let texts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        texts.into_iter().map(|text| Incident { time: at, kind: "data".to_owned(), text }).collect()
    }
}

fn bar(shows: bool) -> ProgressBar {
    if !shows || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
        bar.set_style(style);
    }
    bar
}
