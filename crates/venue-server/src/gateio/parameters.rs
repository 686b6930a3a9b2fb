//! The parameters of one request, from its query or from the object in its body; values are checked as they are taken.

use crate::gateio::error::Refusal;
use percent_encoding::percent_decode_str;
use plimsoll_domain::Timestamp;
use plimsoll_domain::decimal::exact;
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Names and values. A value is the text that was sent, or the JSON of what is no text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads a query string.
    pub(crate) fn query(query: &str) -> Self {
        let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Self(pairs.collect())
    }

    /// Reads a JSON object. What is `null` is not there.
    pub(crate) fn object(json: &str) -> Result<Self, Refusal> {
        let members: BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(json).map_err(|_| Refusal::INVALID_REQUEST_BODY)?;
        let members = members.into_iter().filter(|(_, value)| value.get() != "null");
        Ok(Self(members.map(|(name, value)| (name, text(&value))).collect()))
    }

    #[cfg(test)]
    pub(crate) fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// These, and those of the other where these have none of the name.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The value, if one was sent that is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The value, which must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| Refusal::missing(name))
    }

    /// An exact decimal number, if one was sent.
    pub(crate) fn decimal(&self, name: &str) -> Result<Option<Decimal>, Refusal> {
        self.get(name).map(|text| exact(text).map_err(|_| Refusal::invalid(name, text))).transpose()
    }

    /// An exact decimal number, which must be there.
    pub(crate) fn required_decimal(&self, name: &str) -> Result<Decimal, Refusal> {
        self.decimal(name)?.ok_or_else(|| Refusal::missing(name))
    }

    /// A whole number, if one was sent.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.get(name).map(|text| text.parse().map_err(|_| Refusal::invalid(name, text))).transpose()
    }

    /// `true` or `false`; without a word it is `false`.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(text) => Err(Refusal::invalid(name, text)),
        }
    }

    /// The object within an object.
    pub(crate) fn nested(&self, name: &str) -> Result<Self, Refusal> {
        Self::object(self.required(name)?).map_err(|_| Refusal::invalid(name, self.get(name).unwrap_or_default()))
    }

    /// The part of a list that a call wants: so many rows, after so many.
    pub(crate) fn page(&self) -> Result<Page, Refusal> {
        let number = |name: &str, default: i64, least: i64| match self.integer(name)?.unwrap_or(default) {
            value if value < least => Err(Refusal::invalid(name, &value.to_string())),
            value => Ok(usize::try_from(value).unwrap_or(usize::MAX)),
        };
        Ok(Page { limit: number("limit", 100, 1)?.min(1000), offset: number("offset", 0, 0)? })
    }

    /// The times between which rows are wanted, both inclusive.
    pub(crate) fn period(&self) -> Result<Period, Refusal> {
        let moment = |name: &str| -> Result<Option<Timestamp>, Refusal> {
            let seconds = self.integer(name)?;
            Ok(seconds.map(|seconds| Timestamp::from_millis(seconds.saturating_mul(1000))))
        };
        Ok(Period { from: moment("from")?, to: moment("to")? })
    }
}

/// The items of an array in a body.
pub(crate) fn items(json: &str, most: usize) -> Result<Vec<Box<RawValue>>, Refusal> {
    let items: Vec<Box<RawValue>> = serde_json::from_str(json).map_err(|_| Refusal::INVALID_REQUEST_BODY)?;
    if items.is_empty() || items.len() > most {
        return Err(Refusal::INVALID_REQUEST_BODY.saying(format!("a batch has 1 to {most} items")));
    }
    Ok(items)
}

/// A text, or the JSON of what is none.
pub(crate) fn text(value: &RawValue) -> String {
    serde_json::from_str::<String>(value.get()).unwrap_or_else(|_| value.get().to_owned())
}

/// So many rows, after so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) limit: usize,
    pub(crate) offset: usize,
}

impl Page {
    pub(crate) fn cut<T>(self, rows: impl IntoIterator<Item = T>) -> Vec<T> {
        rows.into_iter().skip(self.offset).take(self.limit).collect()
    }
}

/// From a second to a second, both inclusive; open where `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
}

impl Period {
    /// The first moment after its last second.
    pub(crate) fn before(&self) -> Option<Timestamp> {
        self.to.map(|to| Timestamp::from_millis(to.as_millis().saturating_add(1000)))
    }

    pub(crate) fn holds(&self, time: Timestamp) -> bool {
        let second = Timestamp::from_millis(time.as_millis() - time.as_millis().rem_euclid(1000));
        self.from.is_none_or(|from| from <= second) && self.to.is_none_or(|to| second <= to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal_macros::dec;

    #[test]
    fn numbers_come_as_numbers_or_as_text() {
        let parameters =
            Parameters::object(r#"{"size":"-1.5","price":0,"tif":null,"reduce_only":true,"in":{"a":[1]}}"#);
        let parameters = parameters.unwrap();
        assert_eq!(parameters.decimal("size"), Ok(Some(dec!(-1.5))));
        assert_eq!(parameters.decimal("price"), Ok(Some(dec!(0))));
        assert_eq!((parameters.get("tif"), parameters.flag("reduce_only")), (None, Ok(true)));
        assert_eq!(parameters.nested("in").unwrap().get("a"), Some("[1]"));
        assert_eq!(Parameters::object("[1]").unwrap_err(), Refusal::INVALID_REQUEST_BODY);
    }

    #[test]
    fn a_malformed_value_is_named() {
        let parameters = Parameters::query("limit=0&from=soon&size=1e&contract=%42TC+USDT");
        assert_eq!(parameters.page().unwrap_err(), Refusal::invalid("limit", "0"));
        assert_eq!(parameters.period().unwrap_err(), Refusal::invalid("from", "soon"));
        assert_eq!(parameters.decimal("size").unwrap_err(), Refusal::invalid("size", "1e"));
        assert_eq!(parameters.get("contract"), Some("BTC USDT"));
        assert_eq!(parameters.required("side").unwrap_err(), Refusal::missing("side"));
    }

    #[test]
    fn a_page_is_a_part_of_a_list() {
        let page = Parameters::query("limit=2&offset=1").page().unwrap();
        assert_eq!(page.cut([1, 2, 3, 4]), [2, 3]);
        let period = Parameters::query("from=10&to=11").period().unwrap();
        let holds = |millis| period.holds(Timestamp::from_millis(millis));
        assert!(!holds(9_999) && holds(10_000) && holds(11_999) && !holds(12_000));
    }
}
