//! Downloads that are broken off and taken up again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use plimsoll_domain::{Decimal, Price, Timestamp, VenueId};
use plimsoll_history::{CandleRow, Download, FundingRow, Ordered, Policy, Series, SeriesKind, Span, Store, StoreError};
use std::time::Duration;
use tempfile::TempDir;

const HOUR: i64 = 3_600_000_000;

fn at(text: &str) -> Timestamp {
    let row = format!("time,rate\n{text},0\n");
    let mut rows = plimsoll_history::Rows::<FundingRow>::from_csv("time", std::io::Cursor::new(row)).unwrap();
    rows.next().unwrap().unwrap().time
}

fn span(from: &str, to: &str) -> Span {
    Span { from: at(from), to: at(to) }
}

fn hourly() -> Series {
    let of = SeriesKind::Candles(Duration::from_secs(3600));
    Series { venue: VenueId::new("binance"), symbol: "BTC/USDT:USDT".parse().unwrap(), of }
}

fn candle(time: Timestamp) -> CandleRow {
    let price = Price::new(Decimal::from(time.as_micros() / HOUR + 1)).unwrap();
    CandleRow { time, open: price, high: price, low: price, close: price, volume: Decimal::ONE }
}

/// What the venue has: an hour each, but none on the second of February.
fn answer(page: Span) -> Vec<CandleRow> {
    let (from, to) = (page.from.as_micros(), page.to.as_micros());
    let hours = (from..to).step_by(HOUR as usize).map(Timestamp::from_micros);
    hours.filter(|hour| !span("2024-02-02", "2024-02-03").holds(*hour)).map(candle).collect()
}

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn begin(&self, span: Span, now: &str) -> Result<Download<CandleRow>, StoreError> {
        Download::begin(&Store::new(self.0.path()), &hourly(), span, at(now), 100)
    }

    fn rows(&self, span: Option<Span>) -> Vec<CandleRow> {
        let rows = Store::new(self.0.path()).rows::<CandleRow>(&hourly(), span).unwrap();
        Ordered::new(rows, Policy { gaps: plimsoll_history::Act::Report, ..Policy::STRICT })
            .collect::<Result<_, _>>()
            .unwrap()
    }
}

const LATER: &str = "2025-01-01";

#[test]
fn a_download_that_is_broken_off_after_any_page_goes_on_where_it_was() {
    let wanted = span("2024-01-20", "2024-03-05");
    let whole = Place::new();
    let mut pages = Vec::new();
    let mut ask = |page| {
        pages.push(page);
        Ok::<_, StoreError>(answer(page))
    };
    assert_eq!(whole.begin(wanted, LATER).unwrap().run(&mut ask).unwrap(), (45 - 1) * 24);
    let expected = whole.rows(None);
    assert_eq!(expected.len(), 44 * 24);
    for after in 0..pages.len() {
        let place = Place::new();
        let mut first = place.begin(wanted, LATER).unwrap();
        for page in &pages[..after] {
            first.keep(*page, answer(*page)).unwrap();
        }
        // It is killed in the middle of writing the next page.
        let folder = Store::new(place.0.path()).folder(&hourly());
        drop(first);
        std::fs::write(folder.join(".2024-02.parquet.partial"), "PAR1 half a pa").unwrap();
        let mut second = place.begin(wanted, LATER).unwrap();
        let mut asked = Vec::new();
        while let Some(page) = second.next_page() {
            asked.push(page);
            second.keep(page, answer(page)).unwrap();
        }
        assert_eq!(asked, pages[after..], "after {after} pages");
        assert_eq!(place.rows(None), expected);
    }
}

#[test]
fn pages_hold_no_more_rows_than_were_said_and_end_with_their_month() {
    let place = Place::new();
    let mut download = place.begin(span("2024-01-30", "2024-02-06"), LATER).unwrap();
    assert_eq!(download.progress(), (0, 3));
    let mut hours = Vec::new();
    while let Some(page) = download.next_page() {
        hours.push(page.to.since(page.from).as_secs() / 3600);
        download.keep(page, answer(page)).unwrap();
    }
    assert_eq!(hours, [48, 100, 20]);
    assert_eq!(download.progress(), (3, 3));
    let mut names: Vec<_> = std::fs::read_dir(Store::new(place.0.path()).folder(&hourly())).unwrap().collect();
    names.sort_by_key(|entry| entry.as_ref().unwrap().file_name());
    let names: Vec<_> = names.into_iter().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names, [".lock", "2024-01.parquet", "2024-02.parquet"]);
}

#[test]
fn only_what_is_missing_is_asked_for_before_between_and_behind() {
    let place = Place::new();
    let ask = |page| Ok::<_, StoreError>(answer(page));
    place.begin(span("2024-01-10", "2024-01-11"), LATER).unwrap().run(ask).unwrap();
    place.begin(span("2024-01-13", "2024-01-14"), LATER).unwrap().run(ask).unwrap();
    let mut download = place.begin(span("2024-01-09", "2024-01-15"), LATER).unwrap();
    let mut asked = Vec::new();
    while let Some(page) = download.next_page() {
        asked.push(page);
        download.keep(page, answer(page)).unwrap();
    }
    let expected =
        [span("2024-01-09", "2024-01-10"), span("2024-01-11", "2024-01-13"), span("2024-01-14", "2024-01-15")];
    assert_eq!(asked, expected);
    assert_eq!(place.rows(None).len(), 6 * 24);
}

#[test]
fn what_the_venue_has_not_got_is_asked_for_once() {
    let place = Place::new();
    let wanted = span("2024-02-02", "2024-02-03");
    assert_eq!(place.begin(wanted, LATER).unwrap().run(|page| Ok::<_, StoreError>(answer(page))).unwrap(), 0);
    assert_eq!(place.begin(wanted, LATER).unwrap().next_page(), None);
    assert!(place.rows(None).is_empty());
}

#[test]
fn what_has_not_closed_is_asked_for_later() {
    let place = Place::new();
    let wanted = span("2024-01-01", "2024-01-02");
    let mut download = place.begin(wanted, "2024-01-01T05:00:30Z").unwrap();
    let page = download.next_page().unwrap();
    assert_eq!(page.to, at("2024-01-01T04:00:00Z"), "an hour that closed half a minute ago may not be published yet");
    download.keep(page, answer(page)).unwrap();
    drop(download);
    let next = place.begin(wanted, "2024-01-01T06:01:00Z").unwrap().next_page().unwrap();
    assert_eq!(next, Span { from: at("2024-01-01T04:00:00Z"), to: at("2024-01-01T06:00:00Z") });
}

#[test]
fn a_wrong_answer_is_not_kept_and_can_be_asked_for_again() {
    let place = Place::new();
    let mut download = place.begin(span("2024-01-01", "2024-01-02"), LATER).unwrap();
    let page = download.next_page().unwrap();
    let error = download.keep(page, vec![candle(page.to)]).unwrap_err().to_string();
    assert_eq!(error, "asked for 2024-01-01T00:00:00Z to 2024-01-02T00:00:00Z, and got a row of 2024-01-02T00:00:00Z");
    let other = CandleRow { volume: Decimal::TWO, ..candle(page.from) };
    let error = download.keep(page, vec![candle(page.from), other]).unwrap_err().to_string();
    assert!(error.contains("two rows of 2024-01-01T00:00:00Z that say different things"), "{error}");
    assert_eq!(download.next_page(), Some(page));
    let twice = answer(page).into_iter().chain(answer(page)).collect();
    let kept = download.keep(page, twice).unwrap();
    assert_eq!((kept.new, kept.known), (24, 24));
}

#[test]
fn one_process_downloads_a_series_at_a_time() {
    let place = Place::new();
    let first = place.begin(span("2024-01-01", "2024-01-02"), LATER).unwrap();
    assert!(matches!(place.begin(span("2024-01-01", "2024-01-02"), LATER), Err(StoreError::Busy(_))));
    drop(first);
    assert!(place.begin(span("2024-01-01", "2024-01-02"), LATER).is_ok());
}

#[test]
fn a_series_is_one_stream_and_a_span_of_it_is_cut_out() {
    let place = Place::new();
    let ask = |page| Ok::<_, StoreError>(answer(page));
    place.begin(span("2024-01-20", "2024-04-10"), LATER).unwrap().run(ask).unwrap();
    let cut = span("2024-02-28T05:00:00Z", "2024-03-02T01:00:00Z");
    let expected: Vec<CandleRow> = place.rows(None).into_iter().filter(|row| cut.holds(row.time)).collect();
    assert_eq!(expected.len(), 68);
    assert_eq!(place.rows(Some(cut)), expected);
}

#[test]
fn the_store_lists_what_it_holds() {
    let place = Place::new();
    let store = Store::new(place.0.path());
    assert_eq!(store.list(), []);
    let marks = Series { of: SeriesKind::Marks(Duration::from_secs(60)), ..hourly() };
    let funding = Series { of: SeriesKind::Funding, symbol: "A-B/USDT:USDT".parse().unwrap(), ..hourly() };
    for series in [&hourly(), &marks, &funding] {
        std::fs::create_dir_all(store.folder(series)).unwrap();
    }
    assert!(store.folder(&funding).ends_with("binance/A-B-USDT-USDT/funding"));
    assert_eq!(store.list(), [funding, hourly(), marks]);
}

#[test]
fn a_damaged_file_ends_the_stream_with_its_name() {
    let place = Place::new();
    let ask = |page| Ok::<_, StoreError>(answer(page));
    place.begin(span("2024-01-20", "2024-04-10"), LATER).unwrap().run(ask).unwrap();
    let path = Store::new(place.0.path()).folder(&hourly()).join("2024-03.parquet");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 5]).unwrap();
    let rows: Vec<_> = Store::new(place.0.path()).rows::<CandleRow>(&hourly(), None).unwrap().collect();
    let error = rows.last().unwrap().as_ref().unwrap_err().to_string();
    assert!(error.contains("2024-03.parquet is not a whole Parquet file"), "{error}");
    let error = place.begin(span("2024-03-01", "2024-05-01"), LATER).unwrap_err().to_string();
    assert!(error.ends_with("; move it away, and it is downloaded again"), "{error}");
}
