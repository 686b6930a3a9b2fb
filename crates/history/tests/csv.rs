//! CSV as people write it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use plimsoll_history::{CandleRow, FundingRow, MarkRow, QuoteRow, Row, Rows};

fn read<R: Row>(text: &str) -> Result<Vec<Result<R, String>>, String> {
    let rows =
        Rows::<R>::from_csv("f.csv", std::io::Cursor::new(text.to_owned())).map_err(|error| error.to_string())?;
    Ok(rows.map(|row| row.map_err(|error| error.to_string())).collect())
}

/// The only row of such a file as text.
fn candle(header: &str, row: &str) -> String {
    match read::<CandleRow>(&format!("{header}\n{row}\n")).as_deref() {
        Ok([Ok(it)]) => {
            format!("{} {} {} {} {} {}", it.time, it.open, it.high, it.low, it.close, it.volume.normalize())
        }
        Ok([Err(error)]) => error.clone(),
        Ok(rows) => format!("{} rows", rows.len()),
        Err(error) => error.clone(),
    }
}

const HEADER: &str = "time,open,high,low,close,volume";

#[test]
fn candles_are_read_by_the_names_of_their_columns() {
    let expected = "2024-01-01T00:00:00Z 10 12.5 9 11 100.25";
    for (header, row) in [
        (HEADER, "2024-01-01T00:00:00Z,10,12.50,9,11,100.25"),
        ("\u{feff}Timestamp,Open,High,Low,Close,Volume", "2024-01-01 00:00:00.000000,10,12.5,9,11,100.25"),
        ("open_time;open;high;low;close;volume", "1704067200000;10;12.5;9;11;100.25"),
        ("volume\tclose\tlow\thigh\topen\tdate", "100.25\t11\t9\t12.5\t10\t1704067200"),
        ("unix,date,symbol,open,high,low,close,Volume BTC,vol", "9,2024-01-01,BTC,10,12.5,9,11,5,100.25"),
        ("time , open, high ,low,close,volume", " 2024-01-01 00:00:00 , 10 , 12.5 ,9,11,1.0025e2"),
        (HEADER, "\"2024-01-01 00:00:00\",\"10\",\"12.5\",9,11,100.25\r"),
    ] {
        assert_eq!(candle(header, row), expected, "{header}: {row}");
    }
}

#[test]
fn a_wrong_row_says_what_is_wrong_and_where() {
    for (row, expected) in [
        (
            "yesterday,1,1,1,1,1",
            "'yesterday' is no time such as 2024-01-31T23:01:00Z, 2024-01-31 23:01:00.5 or 1706742060000",
        ),
        (",1,1,1,1,1", "'' is no time such as 2024-01-31T23:01:00Z, 2024-01-31 23:01:00.5 or 1706742060000"),
        ("0,NaN,1,1,1,1", "open is 'NaN', which is no finite number"),
        ("0,1,-inf,1,1,1", "high is '-inf', which is no finite number"),
        ("0,0,1,1,1,1", "open is 0: a price is above 0 and at most 10000000000"),
        ("0,1,1,-0.5,1,1", "low is -0.5: a price is above 0 and at most 10000000000"),
        ("0,1,1,1,,1", "close is empty"),
        ("0,1,1,1,1,null", "volume is empty"),
        ("0,1,1,1,1,-3", "volume is -3, below 0"),
        ("0,1,1,1,1,much", "volume is 'much', which is not a decimal number that can be kept exactly"),
        ("0,10,9,8,8,1", "open and close are not between low and high"),
        ("0,10,12,11,12,1", "open and close are not between low and high"),
        ("0,1,1,1,1", "5 cells, but the header has 6"),
        ("0,1,1,1,1,1,1", "7 cells, but the header has 6"),
    ] {
        assert_eq!(candle(HEADER, row), format!("f.csv, line 2: {expected}"), "{row}");
    }
}

#[test]
fn reading_goes_on_after_a_wrong_row_and_counts_every_line() {
    for end in ["\n", "\r\n"] {
        for last in ["", end] {
            let lines = ["0,1,1,1,1,1", "", "60,x,1,1,1,1", "", "", "120,1,1,1,1,1", "180,0,1,1,1,1"].join(end);
            let rows = read::<CandleRow>(&format!("{HEADER}{end}{lines}{last}")).unwrap();
            let wrong: Vec<_> = rows.iter().filter_map(|row| row.as_ref().err()).map(|error| &error[..13]).collect();
            assert_eq!(wrong, ["f.csv, line 4", "f.csv, line 8"], "{end:?} {last:?}");
            assert_eq!(rows.iter().filter(|row| row.is_ok()).count(), 2);
        }
    }
}

#[test]
fn a_file_that_holds_no_candles_is_refused() {
    for (text, expected) in [
        ("", "f.csv is empty"),
        ("\n\n", "f.csv is empty"),
        (
            "time,open,high,low,volume\n0,1,1,1,1\n",
            "f.csv has no column 'close', nor any name that stands for it, so it holds no candles; it has time, open, high, \
             low, volume",
        ),
        ("time,open,high,low,close,close,volume\n", "f.csv has two columns 'close': name one of them otherwise"),
        (
            "1704067200000,10,12,9,11,100\n",
            "f.csv has no header: which column is which cannot be known; put a first line before it such as \
             'time,open,high,low,close,volume'",
        ),
    ] {
        assert_eq!(read::<CandleRow>(text).unwrap_err(), expected);
    }
    assert!(read::<CandleRow>(HEADER).unwrap().is_empty());
}

#[test]
fn marks_need_no_volume() {
    let rows = read::<MarkRow>("time,open,high,low,close\n0,10,12,9,11\n").unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].as_ref().unwrap().close.to_string(), "11");
}

#[test]
fn funding_is_read_with_and_without_its_mark() {
    let row = |text: &str| {
        let it = *read::<FundingRow>(text).unwrap()[0].as_ref().unwrap();
        format!("{} {} {:?}", it.time, it.rate, it.mark.map(|mark| mark.to_string()))
    };
    assert_eq!(
        row("timestamp,funding_rate\n2021-11-18T00:00:00.017000Z,-0.0001\n"),
        "2021-11-18T00:00:00.017Z -0.0001 None"
    );
    assert_eq!(
        row("calc_time,funding_interval_hours,last_funding_rate,mark_price\n0,8,1e-4,50000.5\n"),
        "1970-01-01T00:00:00Z 0.0001 Some(\"50000.5\")"
    );
    let rows = read::<FundingRow>("time,rate\n0,101\n").unwrap();
    assert_eq!(rows[0], Err("f.csv, line 2: rate is 101: a rate is a fraction between -100 and 100".to_owned()));
}

#[test]
fn quotes_are_read_with_and_without_their_sizes() {
    let text = "ts,bid_price,ask_price,bid_qty,ask_qty\n1,10,10.5,3,\n2,10,9,1,1\n3,10,11,0,1\n";
    let rows = read::<QuoteRow>(text).unwrap();
    let first = rows[0].as_ref().unwrap();
    assert_eq!((first.bid.to_string(), first.ask.to_string()), ("10".to_owned(), "10.5".to_owned()));
    assert_eq!((first.bid_size.map(|size| size.to_string()), first.ask_size), (Some("3".to_owned()), None));
    assert_eq!(rows[1], Err("f.csv, line 3: the bid is above the ask".to_owned()));
    assert_eq!(rows[2], Err("f.csv, line 4: bid_size is 0: a size is above 0 and at most 100000000000000".to_owned()));
}

#[test]
fn a_packed_file_is_told_from_an_unreadable_one() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, expected) in [
        ("a.csv", &[0x1f_u8, 0x8b, 8, 0][..], "is packed with gzip: unpack it first"),
        ("b.zip", b"PK\x03\x04", "is packed with zip: unpack it first"),
        ("c.parquet", b"time,open\n", "is not a whole Parquet file: it does not begin with PAR1"),
        ("d.csv", b"", "is empty"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let error = Rows::<CandleRow>::open(&path).unwrap_err().to_string();
        assert_eq!(error, format!("{} {expected}", path.display()));
    }
    let error = Rows::<CandleRow>::open(folder.path().join("none.csv")).unwrap_err().to_string();
    assert!(error.contains("none.csv: No such file"), "{error}");
}
