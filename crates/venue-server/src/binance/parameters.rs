//! The parameters of one request: query over body, names exact, values checked as they are taken.

use crate::binance::error::Refusal;
use percent_encoding::percent_decode_str;
use plimsoll_domain::decimal::exact;
use rust_decimal::Decimal;
use std::borrow::Cow;

/// What a request was sent with. A parameter in both query and body is taken from the query.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads the raw query string and the raw form body.
    pub(crate) fn read(query: &str, body: &str) -> Self {
        Self(pairs(query).chain(pairs(body)).collect())
    }

    /// The items of a batch are objects: their members are parameters.
    pub(crate) fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
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
        self.get(name).ok_or_else(|| Refusal::mandatory(name))
    }

    /// An exact decimal number, if one was sent.
    pub(crate) fn decimal(&self, name: &str) -> Result<Option<Decimal>, Refusal> {
        self.get(name).map(|text| exact(text).map_err(|_| Refusal::mandatory(name))).transpose()
    }

    /// An exact decimal number, which must be there.
    pub(crate) fn required_decimal(&self, name: &str) -> Result<Decimal, Refusal> {
        self.decimal(name)?.ok_or_else(|| Refusal::mandatory(name))
    }

    /// A whole number, if one was sent.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.get(name).map(|text| text.parse().map_err(|_| Refusal::mandatory(name))).transpose()
    }

    /// A whole number, which must be there.
    pub(crate) fn required_integer(&self, name: &str) -> Result<i64, Refusal> {
        self.integer(name)?.ok_or_else(|| Refusal::mandatory(name))
    }

    /// `true` or `false`, in any case, if one was sent.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(Refusal::mandatory(name)),
        }
    }

    /// How many rows: `default` unless sent, never above `most`.
    pub(crate) fn limit(&self, default: usize, most: usize) -> Result<usize, Refusal> {
        match self.integer("limit")? {
            None => Ok(default),
            Some(limit) if limit < 1 => Err(Refusal::invalid("limit")),
            Some(limit) => Ok(usize::try_from(limit).unwrap_or(most).min(most)),
        }
    }

    /// The times between which rows are wanted, both inclusive, in milliseconds.
    pub(crate) fn period(&self) -> Result<Period, Refusal> {
        let period = Period { start: self.integer("startTime")?, end: self.integer("endTime")? };
        match (period.start, period.end) {
            (Some(start), Some(end)) if end < start => Err(Refusal::BAD_COMBINATION),
            _ => Ok(period),
        }
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

    /// The rows that a limit leaves: the first of them where a start was given, else the last.
    pub(crate) fn cut<T>(&self, mut rows: Vec<T>, limit: usize) -> Vec<T> {
        if self.start.is_some() {
            rows.truncate(limit);
        } else {
            rows.drain(..rows.len().saturating_sub(limit));
        }
        rows
    }
}

fn pairs(form: &str) -> impl Iterator<Item = (String, String)> {
    form.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

/// Form encoding: `%XX`, and `+` for a space.
fn decoded(text: &str) -> String {
    let spaced = if text.contains('+') { Cow::Owned(text.replace('+', " ")) } else { Cow::Borrowed(text) };
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_wins_over_the_body() {
        let parameters = Parameters::read("symbol=BTCUSDT&side=BUY", "symbol=ETHUSDT&quantity=1");
        assert_eq!(parameters.get("symbol"), Some("BTCUSDT"));
        assert_eq!(parameters.get("quantity"), Some("1"));
    }

    #[test]
    fn values_are_decoded_and_empty_ones_are_not_there() {
        let parameters = Parameters::read("list=%5B1%2C2%5D&empty=&name=a+b&symbol=%E6%B5%8B", "");
        assert_eq!(parameters.get("list"), Some("[1,2]"));
        assert_eq!(parameters.get("name"), Some("a b"));
        assert_eq!(parameters.get("symbol"), Some("测"));
        assert_eq!(parameters.required("empty").unwrap_err().code, -1102);
    }

    #[test]
    fn a_malformed_value_is_named() {
        let parameters = Parameters::read("quantity=1e&timestamp=soon&reduceOnly=yes", "");
        assert_eq!(parameters.decimal("quantity").unwrap_err(), Refusal::mandatory("quantity"));
        assert_eq!(parameters.integer("timestamp").unwrap_err(), Refusal::mandatory("timestamp"));
        assert_eq!(
            parameters.boolean("reduceOnly").unwrap_err().msg,
            "Mandatory parameter 'reduceonly' was not sent, was empty/null, or malformed."
        );
    }

    #[test]
    fn a_period_keeps_the_first_rows_after_its_start_and_else_the_last() {
        let from = Period { start: Some(1), end: None };
        let open = Period { start: None, end: None };
        assert_eq!(from.cut(vec![1, 2, 3], 2), [1, 2]);
        assert_eq!(open.cut(vec![1, 2, 3], 2), [2, 3]);
    }
}
