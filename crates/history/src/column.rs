//! The columns of a file, found by the names that people give them.

/// A column that a kind of file has.
#[derive(Debug)]
pub struct Column {
    /// What we call it, and write.
    pub name: &'static str,
    /// What else it is called, in small letters and digits only; a file that has several has the first of them.
    pub synonyms: &'static [&'static str],
    /// Whether a file without it is refused.
    pub is_needed: bool,
}

pub(crate) const TIME: Column = needed(
    "time",
    &[
        "timestamp",
        "opentime",
        "datetime",
        "date",
        "ts",
        "starttime",
        "start",
        "fundingtime",
        "calctime",
        "snapshottime",
        "unix",
        "timestampms",
        "t",
    ],
);
pub(crate) const OPEN: Column = needed("open", &["openprice", "o"]);
pub(crate) const HIGH: Column = needed("high", &["highprice", "max", "h"]);
pub(crate) const LOW: Column = needed("low", &["lowprice", "min", "l"]);
pub(crate) const CLOSE: Column = needed("close", &["closeprice", "c"]);
pub(crate) const VOLUME: Column = needed("volume", &["vol", "basevolume", "volumebase", "v"]);
pub(crate) const RATE: Column =
    needed("rate", &["fundingrate", "lastfundingrate", "realizedrate", "realisedrate", "funding", "r"]);
pub(crate) const MARK: Column = optional("mark", &["markprice"]);
pub(crate) const BID: Column = needed("bid", &["bidprice", "bestbid", "bestbidprice", "bid1price"]);
pub(crate) const ASK: Column = needed("ask", &["askprice", "bestask", "bestaskprice", "ask1price"]);
pub(crate) const BID_SIZE: Column =
    optional("bid_size", &["bidquantity", "bidqty", "bidamount", "bestbidsize", "bestbidqty", "bid1size"]);
pub(crate) const ASK_SIZE: Column =
    optional("ask_size", &["askquantity", "askqty", "askamount", "bestasksize", "bestaskqty", "ask1size"]);

const fn needed(name: &'static str, synonyms: &'static [&'static str]) -> Column {
    Column { name, synonyms, is_needed: true }
}

const fn optional(name: &'static str, synonyms: &'static [&'static str]) -> Column {
    Column { name, synonyms, is_needed: false }
}

/// Where each column is in a file with these names; what is not there and not needed is `None`.
pub(crate) fn places(columns: &[Column], names: &[&str]) -> Result<Vec<Option<usize>>, Misnamed> {
    let names: Vec<String> = names.iter().map(|name| bare(name)).collect();
    columns.iter().map(|column| place(column, &names)).collect()
}

fn place(column: &Column, names: &[String]) -> Result<Option<usize>, Misnamed> {
    let ours = bare(column.name);
    for wanted in std::iter::once(ours.as_str()).chain(column.synonyms.iter().copied()) {
        let mut found = names.iter().enumerate().filter(|(_, name)| *name == wanted).map(|(place, _)| place);
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => return Err(Misnamed::Twice(column.name)),
            (Some(place), None) => return Ok(Some(place)),
            (None, _) => {}
        }
    }
    if column.is_needed { Err(Misnamed::Missing(column.name)) } else { Ok(None) }
}

/// A name without what writers vary: `Open Time`, `open_time` and `openTime` are one.
fn bare(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Why the columns of a file are not those of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misnamed {
    Missing(&'static str),
    Twice(&'static str),
}

#[cfg(test)]
mod tests {
    use super::{MARK, Misnamed, OPEN, TIME, places};

    #[test]
    fn a_column_is_found_by_any_of_its_names() {
        for name in ["time", "Timestamp", "open_time", "openTime", "Open Time", "date", "\u{feff}TS"] {
            assert_eq!(places(&[TIME, OPEN], &["x", name, "open"]), Ok(vec![Some(1), Some(2)]), "{name}");
        }
    }

    #[test]
    fn of_several_times_the_first_of_the_list_is_taken() {
        assert_eq!(places(&[TIME], &["unix", "date", "timestamp"]), Ok(vec![Some(2)]));
    }

    #[test]
    fn what_is_missing_or_twice_is_named() {
        assert_eq!(places(&[TIME, OPEN], &["time", "close"]), Err(Misnamed::Missing("open")));
        assert_eq!(places(&[TIME, OPEN], &["time", "open", "Open"]), Err(Misnamed::Twice("open")));
        assert_eq!(places(&[TIME, MARK], &["time"]), Ok(vec![Some(0), None]));
    }
}
