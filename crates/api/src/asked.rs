//! What a query string asks for.

use crate::problem::Problem;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use plimsoll_service::domain::{AccountId, Decimal, Symbol, decimal};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// The parameters of a query string: each once, and none that nobody reads.
#[derive(Debug)]
pub(crate) struct Asked(BTreeMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let unreadable = || Problem::bad_query("the query string cannot be read");
        let Query(pairs) =
            Query::<Vec<(String, String)>>::from_request_parts(parts, state).await.map_err(|_| unreadable())?;
        let mut asked = BTreeMap::new();
        for (name, value) in pairs {
            if asked.insert(name.clone(), value).is_some() {
                return Err(Problem::bad_query(format!("'{}' is given twice", short(&name))));
            }
        }
        Ok(Self(asked))
    }
}

impl Asked {
    /// Nothing is asked for but these.
    pub(crate) fn only(self, known: &[&str]) -> Result<Self, Problem> {
        match self.0.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(self),
            Some(name) if known.is_empty() => {
                Err(Problem::bad_query(format!("'{}': this takes no parameters", short(name))))
            }
            Some(name) => {
                let known = known.join(", ");
                Err(Problem::bad_query(format!("nothing is called '{}' here: there is {known}", short(name))))
            }
        }
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    pub(crate) fn account(&self) -> Option<AccountId> {
        self.text("account").map(AccountId::new)
    }

    pub(crate) fn symbol(&self) -> Result<Option<Symbol>, Problem> {
        let read = |text: &str| text.parse().map_err(|error| Problem::bad_query(format!("'symbol': {error}")));
        self.text("symbol").map(read).transpose()
    }

    pub(crate) fn whole<T>(&self, name: &str, usual: T, range: RangeInclusive<T>) -> Result<T, Problem>
    where
        T: std::str::FromStr + PartialOrd + std::fmt::Display,
    {
        let Some(text) = self.text(name) else { return Ok(usual) };
        let (least, most) = (range.start(), range.end());
        let wrong = || Problem::bad_query(format!("'{name}' is a whole number from {least} to {most}"));
        text.parse().ok().filter(|number| range.contains(number)).ok_or_else(wrong)
    }

    pub(crate) fn needed_decimal(&self, name: &str) -> Result<Decimal, Problem> {
        let text = self.text(name).ok_or_else(|| Problem::bad_query(format!("this takes '{name}'")))?;
        decimal::exact(text).map_err(|error| Problem::bad_query(format!("'{name}': {error}")))
    }
}

fn short(name: &str) -> String {
    name.chars().filter(|it| !it.is_control()).take(40).collect()
}
