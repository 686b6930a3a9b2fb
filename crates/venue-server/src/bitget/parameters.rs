//! The parameters of one request: a query, or the members of a JSON body; values checked as they are taken.

use crate::bitget::error::Refusal;
use percent_encoding::percent_decode_str;
use plimsoll_domain::decimal::exact;
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// What a request was sent with. Values are texts; lists and objects are their JSON.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads the raw query string.
    pub(crate) fn of_query(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Self(pairs.collect())
    }

    /// Reads a JSON object. The venue takes texts, and bare numbers and booleans where a client sends those.
    pub(crate) fn of_body(body: &str) -> Result<Self, Refusal> {
        if body.trim().is_empty() {
            return Ok(Self::default());
        }
        let members: BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(body).map_err(|_| Refusal::BAD_PARAMETERS)?;
        Ok(Self::of_members(members))
    }

    fn of_members(members: BTreeMap<String, Box<RawValue>>) -> Self {
        let text = |value: &RawValue| match value.get() {
            "null" => String::new(),
            raw => serde_json::from_str::<String>(raw).unwrap_or_else(|_| raw.to_owned()),
        };
        Self(members.into_iter().map(|(name, value)| (name, text(&value))).collect())
    }

    /// The value, if one was sent that is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The value, which must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| Refusal::missing(name))
    }

    /// An exact decimal number, if one was sent.
    pub(crate) fn decimal(&self, name: &str) -> Result<Option<Decimal>, Refusal> {
        self.get(name).map(|text| exact(text).map_err(|_| Refusal::wrong(name))).transpose()
    }

    /// An exact decimal number, which must be there.
    pub(crate) fn required_decimal(&self, name: &str) -> Result<Decimal, Refusal> {
        self.decimal(name)?.ok_or_else(|| Refusal::missing(name))
    }

    /// A whole number, if one was sent.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.get(name).map(|text| text.parse().map_err(|_| Refusal::wrong(name))).transpose()
    }

    /// A list of objects, each a set of parameters; none if it was not sent.
    pub(crate) fn list(&self, name: &str) -> Result<Option<Vec<Self>>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let items: Vec<BTreeMap<String, Box<RawValue>>> =
            serde_json::from_str(text).map_err(|_| Refusal::wrong(name))?;
        Ok(Some(items.into_iter().map(Self::of_members).collect()))
    }

    /// These, and those of `others` that are not among them.
    pub(crate) fn over(mut self, others: &Self) -> Self {
        let more: Vec<_> = others.0.iter().filter(|(name, _)| self.get(name).is_none()).cloned().collect();
        self.0.extend(more);
        self
    }

    /// How many rows: `default` unless sent, never above `most`.
    pub(crate) fn limit(&self, name: &str, default: usize, most: usize) -> Result<usize, Refusal> {
        match self.integer(name)? {
            None => Ok(default),
            Some(limit) if limit < 1 => Err(Refusal::wrong(name)),
            Some(limit) => Ok(usize::try_from(limit).unwrap_or(most).min(most)),
        }
    }

    /// The times between which rows are wanted, both inclusive, in milliseconds.
    pub(crate) fn period(&self) -> Result<Period, Refusal> {
        let period = Period { start: self.integer("startTime")?, end: self.integer("endTime")? };
        match (period.start, period.end) {
            (Some(start), Some(end)) if end < start => Err(Refusal::wrong("endTime")),
            _ => Ok(period),
        }
    }

    /// What a page of rows is asked for with.
    pub(crate) fn page(&self, default: usize, most: usize) -> Result<Page, Refusal> {
        Ok(Page {
            period: self.period()?,
            below: self.integer("idLessThan")?,
            limit: self.limit("limit", default, most)?,
        })
    }
}

/// Rows from `start` to `end`, both inclusive, in milliseconds; open where `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) start: Option<i64>,
    pub(crate) end: Option<i64>,
}

impl Period {
    /// Whether a moment lies within.
    pub(crate) fn holds(&self, millis: i64) -> bool {
        self.start.is_none_or(|start| start <= millis) && self.end.is_none_or(|end| millis <= end)
    }
}

/// One page of rows: newest first, older than an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) period: Period,
    pub(crate) below: Option<i64>,
    pub(crate) limit: usize,
}

impl Page {
    /// Whether a row may be on this page, going by its id and its moment.
    pub(crate) fn wants(&self, id: i64, millis: i64) -> bool {
        self.period.holds(millis) && self.below.is_none_or(|below| id < below)
    }

    /// The rows of this page out of all, and the id that the next page is below; `key` is a row's id and its moment.
    pub(crate) fn cut<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> (i64, i64)) -> (Vec<T>, Option<i64>) {
        rows.retain(|row| {
            let (id, millis) = key(row);
            self.wants(id, millis)
        });
        rows.sort_by_key(|row| std::cmp::Reverse(key(row).0));
        let end = rows.get(..self.limit).unwrap_or(&rows).last().map(|row| key(row).0);
        // Rows of several contracts may share an id: a page does not end between them.
        rows.retain(|row| end.is_some_and(|end| key(row).0 >= end));
        (rows, end)
    }
}

/// `%XX`; a plus is a plus.
pub(crate) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_objects_of_texts_and_bare_values() {
        let body =
            r#"{"symbol":"BTCUSDT","size":0.10,"reduceOnly":null,"empty":"","orderList":[{"size":"1"},{"size":2}]}"#;
        let parameters = Parameters::of_body(body).unwrap();
        assert_eq!(parameters.get("symbol"), Some("BTCUSDT"));
        assert_eq!(parameters.get("size"), Some("0.10"), "digits are kept as they were sent");
        assert_eq!(parameters.get("reduceOnly"), None);
        assert_eq!(parameters.required("empty").unwrap_err().code, 40019);
        let list = parameters.list("orderList").unwrap().unwrap();
        assert_eq!(list.iter().map(|item| item.get("size")).collect::<Vec<_>>(), [Some("1"), Some("2")]);
        assert_eq!(Parameters::of_body("[1]").unwrap_err().code, 40017);
        assert!(Parameters::of_body("").unwrap().get("symbol").is_none());
    }

    #[test]
    fn items_take_what_their_list_was_sent_with() {
        let all = Parameters::of_query("symbol=BTCUSDT&marginMode=crossed");
        let item = Parameters::of_query("symbol=ETHUSDT").over(&all);
        assert_eq!((item.get("symbol"), item.get("marginMode")), (Some("ETHUSDT"), Some("crossed")));
    }

    #[test]
    fn pages_are_newest_first_and_end_where_the_next_begins() {
        let rows = || vec![(1, 10), (2, 20), (3, 30), (4, 40)];
        let page = Page { period: Period { start: Some(20), end: None }, below: Some(4), limit: 1 };
        assert_eq!(page.cut(rows(), |row| *row), (vec![(3, 30)], Some(3)));
        let next = Page { below: Some(3), ..page };
        assert_eq!(next.cut(rows(), |row| *row), (vec![(2, 20)], Some(2)));
        let end = Page { below: Some(2), ..page };
        assert_eq!(end.cut(rows(), |row| *row), (vec![], None));
    }
}
