//! `plimsoll data download`.

use super::bar::Bar;
use crate::failure::Failure;
use crate::screen;
use crate::venue::{Keys, Venue, VenueName, Way};
use crate::{cli, config::VenueEnvironment};
use clap::Args;
use plimsoll_bitget::Protocol;
use plimsoll_domain::{Symbol, Timestamp, VenueId};
use plimsoll_history::{
    CandleRow, Download as Pages, FundingRow, Progress, Row, Series, SeriesKind, Span, Store, StoreError,
    interval_word, read_interval, read_time,
};
use plimsoll_ports::{Clock, NotSent, QueryError, SystemClock};
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// How many rows are asked for at once.
const PAGE: u32 = 1000;

/// How long to wait for a venue that is away, once after the other.
const PAUSES: [Duration; 3] = [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(4)];

/// What is waited beyond the moment from which requests may go out again.
const BREATH: Duration = Duration::from_millis(100);

/// A venue that wants a longer pause has banned this address.
const LONGEST: Duration = Duration::from_secs(300);

/// Download a venue's closed candles, or its settled funding rates. No account is needed.
///
/// They go into DIR/VENUE/SYMBOL/INTERVAL/YEAR-MONTH.parquet. Only what is missing there is asked for, so a download that was
/// broken off goes on where it was, and one of yesterday is brought up to date by the same words.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll data download --venue binance --symbol BTC/USDT:USDT --interval 1m \\
      --from 2024-01-01 --to 2024-02-01 --dir history
  plimsoll data download --venue binance --symbol BTC/USDT:USDT --funding \\
      --from 2024-01-01 --dir history")]
pub(crate) struct Download {
    /// Whose market
    #[arg(long, value_enum)]
    venue: VenueName,
    /// The contract
    #[arg(long)]
    symbol: Symbol,
    /// How long a candle is: 1m, 5m, 1h, 1d
    #[arg(long, value_parser = interval, required_unless_present = "funding", conflicts_with = "funding")]
    interval: Option<Duration>,
    /// Download funding rates, not candles
    #[arg(long)]
    funding: bool,
    /// The first moment, in UTC: 2024-01-31, or 2024-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Timestamp,
    /// The moment after the last; without it, now
    #[arg(long, value_name = "TIME", value_parser = moment)]
    to: Option<Timestamp>,
    /// Where the files are kept
    #[arg(long)]
    dir: PathBuf,
    /// The venue's address, where it is not the public one: https, or http on this machine
    #[arg(long, value_name = "URL", value_parser = address)]
    rest: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer {
    folder: String,
    series: String,
    pages: usize,
    new_rows: u64,
}

impl Download {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let now = SystemClock.now();
        let span = Span { from: self.from, to: self.to.unwrap_or(now) };
        if span.from >= span.to {
            return Err(Failure::usage(format!("--from {} is not before --to {}", span.from, span.to)));
        }
        let of = self.interval.map_or(SeriesKind::Funding, SeriesKind::Candles);
        let series = Series { venue: VenueId::new(self.venue.as_str()), symbol: self.symbol.clone(), of };
        let store = Store::new(&self.dir);
        let (pages, new_rows) = match self.interval {
            Some(_) => self.all::<CandleRow>(&store, &series, span, now)?,
            None => self.all::<FundingRow>(&store, &series, span, now)?,
        };
        let (folder, series) = (store.folder(&series).display().to_string(), series.of.to_string());
        if self.json {
            screen::json(&Answer { folder, series, pages, new_rows })?;
        } else if pages == 0 {
            screen::line(format!("{folder}: nothing is missing"))?;
        } else {
            screen::line(format!("{folder}: {new_rows} new rows in {pages} pages"))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Asks for every page that is missing: how many there were, and the rows that were new.
    fn all<R: Asked>(
        &self,
        store: &Store,
        series: &Series,
        span: Span,
        now: Timestamp,
    ) -> Result<(usize, u64), Failure> {
        let mut pages = Pages::<R>::begin(store, series, span, now, PAGE).map_err(unkept)?;
        let venue = self.connect()?;
        let bar = Bar::new(self.json);
        let new = cli::runtime()?.block_on(async {
            let mut new = 0;
            while let Some(page) = pages.next_page() {
                let rows = insist::<R>(&venue, series, page).await.map_err(|error| broken_off(error, new))?;
                new += pages.keep(page, rows).map_err(unkept)?.new;
                let (done, all) = pages.progress();
                bar.tell("pages", Progress { done: count(done), total: Some(count(all)) });
            }
            Ok(new)
        })?;
        Ok((pages.progress().1, new))
    }

    fn connect(&self) -> Result<Venue, Failure> {
        let places = self.venue.places(VenueEnvironment::Live);
        let rest = self.rest.clone().or_else(|| places.rest.map(str::to_owned)).unwrap_or_default();
        Way {
            venue: self.venue,
            rest,
            sockets: places.sockets.unwrap_or_default().to_owned(),
            keys: Keys::none(),
            clock: Arc::new(SystemClock),
            timeout: None,
            weight_limit: None,
            protocol: Protocol::V2,
            is_demo: false,
        }
        .connect()
    }
}

/// Rows that a venue can be asked for.
#[async_trait::async_trait]
trait Asked: Row {
    async fn ask(venue: &Venue, series: &Series, page: Span) -> Result<Vec<Self>, QueryError>;
}

#[async_trait::async_trait]
impl Asked for CandleRow {
    async fn ask(venue: &Venue, series: &Series, page: Span) -> Result<Vec<Self>, QueryError> {
        let candles = venue.feed.candles(&series.symbol, series.of.interval(), page.from, page.to).await?;
        Ok(candles.iter().map(Self::from).collect())
    }
}

#[async_trait::async_trait]
impl Asked for FundingRow {
    async fn ask(venue: &Venue, series: &Series, page: Span) -> Result<Vec<Self>, QueryError> {
        let settled = venue.funding_rates.history(&series.symbol, page.from, page.to).await?;
        Ok(settled.iter().map(Self::from).collect())
    }
}

/// Asks until there is an answer: waits for the venue's budget as long as that takes, and for a venue that is away a little.
async fn insist<R: Asked>(venue: &Venue, series: &Series, page: Span) -> Result<Vec<R>, QueryError> {
    let mut pauses = PAUSES.into_iter();
    loop {
        let error = match R::ask(venue, series, page).await {
            Ok(rows) => return Ok(rows),
            Err(error) => error,
        };
        let pause = match &error {
            QueryError::Unreachable(NotSent::Throttled { until }) => {
                Some(until.since(SystemClock.now()) + BREATH).filter(|wait| *wait <= LONGEST)
            }
            QueryError::Unreachable(NotSent::Invalid(_)) | QueryError::Refused(_) | QueryError::Unreadable(_) => None,
            QueryError::Unreachable(_) => pauses.next(),
        };
        match pause {
            Some(pause) => tokio::time::sleep(pause).await,
            None => return Err(error),
        }
    }
}

fn broken_off(error: QueryError, new: u64) -> Failure {
    let failure = Failure::unanswered(error);
    if failure.is_unreachable() {
        return failure.help(format!("{new} new rows are kept; the same command goes on where this one stopped."));
    }
    failure
}

fn unkept(error: StoreError) -> Failure {
    match error {
        StoreError::Busy(_) | StoreError::Astray { .. } | StoreError::Contradiction { .. } => Failure::no(error),
        _ => Failure::usage(error),
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn interval(word: &str) -> Result<Duration, String> {
    let known = read_interval(word).filter(|interval| interval_word(*interval) == word);
    known.ok_or_else(|| format!("'{word}' is no interval such as 1m, 5m, 1h or 1d"))
}

fn moment(text: &str) -> Result<Timestamp, String> {
    read_time(text).ok_or_else(|| format!("'{text}' is no time such as 2024-01-31 or 2024-01-31T12:00:00Z"))
}

fn address(text: &str) -> Result<String, String> {
    let here = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
    let is_safe = text.starts_with("https://") || here.iter().any(|here| text.starts_with(here));
    if is_safe { Ok(text.to_owned()) } else { Err(format!("'{text}': http is for this machine only: use https")) }
}
