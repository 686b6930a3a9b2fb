//! An action from JSON: exactly what is written, or a sentence that says what is wrong with it.

use super::{Action, Open, Part, Size, Stop};
use crate::failure::ActFailure;
use plimsoll_domain::{AccountId, ClientOrderId, Decimal, Money, decimal};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

/// The longest text that anybody writes for the records.
const MOST_TEXT: usize = 300;

/// Every field that any action has, and what was typed beside it.
const KNOWN: [&str; 20] = [
    "account",
    "action",
    "amount",
    "client_order_id",
    "direction",
    "flatten",
    "keep_stop",
    "leverage",
    "limit",
    "no_stop",
    "notional",
    "quantity",
    "reason",
    "share",
    "stop_distance",
    "stop_loss",
    "strategy",
    "symbol",
    "take_profit",
    "word",
];

/// The fields of a JSON object that nobody has taken yet, each as it is written: no number becomes a float on the way.
struct Fields<'j>(BTreeMap<String, &'j RawValue>);

impl Action {
    /// Reads an action, and the word that was typed for it.
    ///
    /// ```
    /// use plimsoll_service::Action;
    ///
    /// let (action, word) = Action::read(r#"{"action":"kill","reason":"news","word":"KILL"}"#)?;
    /// assert_eq!((action.to_string().as_str(), word.as_deref()), ("engage the kill switch of all accounts", Some("KILL")));
    ///
    /// let wrong = Action::read(r#"{"action":"close","account":"main"}"#);
    /// assert_eq!(wrong.unwrap_err().to_string(), "'close' needs 'symbol'");
    /// # Ok::<(), plimsoll_service::ActFailure>(())
    /// ```
    ///
    /// # Errors
    /// [`ActFailure::Invalid`] says which field is wrong, missing or unknown.
    pub fn read(json: &str) -> Result<(Self, Option<String>), ActFailure> {
        let fields =
            serde_json::from_str(json).map_err(|_| ActFailure::Invalid("an action is a JSON object".to_owned()))?;
        let mut fields = Fields(fields);
        // First: what is said to be missing may be there under a mistyped name.
        if let Some(strange) = fields.given().find(|name| !KNOWN.contains(name)) {
            return Err(ActFailure::Invalid(format!("no action has a field '{}'", short(strange))));
        }
        let word = fields.text("word").map_err(ActFailure::Invalid)?;
        let action = fields.action().map_err(ActFailure::Invalid)?;
        match fields.given().next() {
            Some(left) => Err(ActFailure::Invalid(format!("'{}' takes no '{left}' beside the rest", action.name()))),
            None => Ok((action, word)),
        }
    }
}

impl Fields<'_> {
    fn action(&mut self) -> Result<Action, String> {
        let name = self.text("action")?.ok_or("an action needs 'action', such as \"close\"")?;
        let name = name.as_str();
        Ok(match name {
            "open" => Action::Open(self.open()?),
            "close" => Action::Close {
                account: self.account(name)?,
                symbol: self.needed(name, "symbol")?,
                direction: self.parsed("direction")?,
            },
            "reduce" => Action::Reduce {
                account: self.account(name)?,
                symbol: self.needed(name, "symbol")?,
                direction: self.parsed("direction")?,
                part: self.part()?,
            },
            "flatten" => Action::Flatten { account: self.maybe_account()?, reason: self.reason(name)? },
            "leverage" => Action::Leverage {
                account: self.account(name)?,
                symbol: self.needed(name, "symbol")?,
                leverage: self.needed(name, "leverage")?,
            },
            "margin" => {
                let amount: Money = self.needed(name, "amount")?;
                if amount.is_zero() {
                    return Err("'amount' is not 0: positive into the position, negative out of it".to_owned());
                }
                Action::Margin {
                    account: self.account(name)?,
                    symbol: self.needed(name, "symbol")?,
                    direction: self.parsed("direction")?,
                    amount,
                }
            }
            "cancel_order" => Action::CancelOrder { account: self.account(name)?, client_order_id: self.order(name)? },
            "pause_strategy" => {
                Action::PauseStrategy { strategy: self.name(name, "strategy")?, reason: self.reason(name)? }
            }
            "resume_strategy" => {
                Action::ResumeStrategy { strategy: self.name(name, "strategy")?, reason: self.reason(name)? }
            }
            "kill" => Action::Kill {
                account: self.maybe_account()?,
                reason: self.reason(name)?,
                flatten: self.parsed("flatten")?.unwrap_or(false),
            },
            "release" => Action::Release { account: self.maybe_account()?, reason: self.reason(name)? },
            unknown => return Err(format!("there is no action '{}'", short(unknown))),
        })
    }

    fn open(&mut self) -> Result<Open, String> {
        let name = "open";
        Ok(Open {
            account: self.account(name)?,
            symbol: self.needed(name, "symbol")?,
            direction: self.needed(name, "direction")?,
            size: self.size()?,
            leverage: self.needed(name, "leverage")?,
            stop: self.stop()?,
            take_profit: self.parsed("take_profit")?,
            limit: self.parsed("limit")?,
        })
    }

    fn size(&mut self) -> Result<Size, String> {
        match (self.parsed("quantity")?, self.parsed::<Money>("notional")?) {
            (Some(quantity), None) => Ok(Size::Quantity(quantity)),
            (None, Some(notional)) if notional.is_positive() => Ok(Size::Notional(notional)),
            (None, Some(notional)) => Err(format!("'notional' is above 0, got {notional}")),
            _ => Err("'open' needs one of 'quantity' and 'notional'".to_owned()),
        }
    }

    fn part(&mut self) -> Result<Part, String> {
        match (self.parsed("quantity")?, self.exact("share")?) {
            (Some(quantity), None) => Ok(Part::Quantity(quantity)),
            (None, Some(share)) if share > Decimal::ZERO && share < Decimal::ONE => Ok(Part::Share(share)),
            (None, Some(share)) => Err(format!("'share' is above 0 and below 1, got {share}; 'close' closes it whole")),
            _ => Err("'reduce' needs one of 'quantity' and 'share'".to_owned()),
        }
    }

    fn stop(&mut self) -> Result<Stop, String> {
        let keeps = self.parsed::<bool>("keep_stop")?.filter(|keeps| *keeps);
        match (self.parsed("stop_loss")?, self.exact("stop_distance")?, keeps, self.said("no_stop")?) {
            (Some(price), None, None, None) => Ok(Stop::At(price)),
            (None, Some(share), None, None) if share > Decimal::ZERO && share < Decimal::ONE => Ok(Stop::Within(share)),
            (None, Some(share), None, None) => Err(format!("'stop_distance' is above 0 and below 1, got {share}")),
            (None, None, Some(_), None) => Ok(Stop::Keep),
            (None, None, None, Some(why)) => Ok(Stop::None(why)),
            _ => {
                Err("'open' needs one of 'stop_loss', 'stop_distance', 'keep_stop' and 'no_stop' with a reason"
                    .to_owned())
            }
        }
    }

    fn account(&mut self, of: &str) -> Result<AccountId, String> {
        self.name(of, "account").map(AccountId::new)
    }

    fn maybe_account(&mut self) -> Result<Option<AccountId>, String> {
        Ok(self.said("account")?.map(AccountId::new))
    }

    fn order(&mut self, of: &str) -> Result<ClientOrderId, String> {
        // Whoever placed it may have named it in a way that we would not.
        self.name(of, "client_order_id").map(ClientOrderId::reported)
    }

    fn reason(&mut self, of: &str) -> Result<String, String> {
        self.name(of, "reason")
    }

    /// A text that somebody wrote.
    fn name(&mut self, of: &str, field: &str) -> Result<String, String> {
        self.said(field)?.ok_or_else(|| format!("'{of}' needs '{field}'"))
    }

    /// The same, if it was written.
    fn said(&mut self, field: &str) -> Result<Option<String>, String> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        let text = text.trim();
        if text.is_empty() {
            return Err(format!("'{field}' is empty"));
        }
        if text.chars().count() > MOST_TEXT || text.chars().any(char::is_control) {
            return Err(format!("'{field}' is one line of at most {MOST_TEXT} characters"));
        }
        Ok(Some(text.to_owned()))
    }

    fn needed<T: FromStr<Err: Display>>(&mut self, of: &str, field: &str) -> Result<T, String> {
        self.parsed(field)?.ok_or_else(|| format!("'{of}' needs '{field}'"))
    }

    fn parsed<T: FromStr<Err: Display>>(&mut self, field: &str) -> Result<Option<T>, String> {
        let Some(text) = self.written(field)? else { return Ok(None) };
        text.parse().map(Some).map_err(|error: T::Err| format!("'{field}': {error}"))
    }

    fn exact(&mut self, field: &str) -> Result<Option<Decimal>, String> {
        let Some(text) = self.written(field)? else { return Ok(None) };
        decimal::exact(&text).map(Some).map_err(|error| format!("'{field}': {error}"))
    }

    /// What is written for a field, in quotes or, of a number or a yes, without.
    fn written(&mut self, field: &str) -> Result<Option<String>, String> {
        let Some(raw) = self.take(field) else { return Ok(None) };
        match raw.get().chars().next() {
            Some('"') => text(field, raw).map(Some),
            Some('{' | '[') => Err(format!("'{field}' is a text or a number")),
            _ => Ok(Some(raw.get().to_owned())),
        }
    }

    fn text(&mut self, field: &str) -> Result<Option<String>, String> {
        self.take(field).map(|raw| text(field, raw)).transpose()
    }

    /// Null is as good as nothing.
    fn take(&mut self, field: &str) -> Option<&RawValue> {
        self.0.remove(field).filter(|raw| raw.get() != "null")
    }

    fn is_given(&self, field: &str) -> bool {
        self.0.get(field).is_some_and(|raw| raw.get() != "null")
    }

    fn given(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str).filter(|field| self.is_given(field))
    }
}

fn text(field: &str, raw: &RawValue) -> Result<String, String> {
    serde_json::from_str(raw.get()).map_err(|_| format!("'{field}' is a text"))
}

/// What somebody wrote, for saying it back.
fn short(text: &str) -> String {
    text.chars().filter(|it| !it.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_exactly_and_written_alike() {
        for json in [
            r#"{"action":"open","account":"main","symbol":"BTC/USDT:USDT","direction":"long","quantity":"0.010","leverage":3,"stop_loss":58000.10}"#,
            r#"{"action":"open","account":"main","symbol":"BTC/USDT:USDT","direction":"short","notional":500,"leverage":"3","keep_stop":true,"take_profit":"1","limit":"2"}"#,
            r#"{"action":"open","account":"main","symbol":"BTC/USDT:USDT","direction":"short","notional":"500","leverage":3,"no_stop":"hedged"}"#,
            r#"{"action":"open","account":"main","symbol":"BTC/USDT:USDT","direction":"long","notional":"500","leverage":3,"stop_distance":"0.02"}"#,
            r#"{"action":"close","account":"main","symbol":"BTC/USDT:USDT","direction":null}"#,
            r#"{"action":"reduce","account":"main","symbol":"BTC/USDT:USDT","direction":"long","share":0.5}"#,
            r#"{"action":"reduce","account":"main","symbol":"BTC/USDT:USDT","quantity":"0.5"}"#,
            r#"{"action":"flatten","reason":"weekend"}"#,
            r#"{"action":"leverage","account":"main","symbol":"BTC/USDT:USDT","leverage":3}"#,
            r#"{"action":"margin","account":"main","symbol":"BTC/USDT:USDT","amount":"-20.5"}"#,
            r#"{"action":"cancel_order","account":"main","client_order_id":"pl-1"}"#,
            r#"{"action":"pause_strategy","strategy":"trend","reason":"news"}"#,
            r#"{"action":"resume_strategy","strategy":"trend","reason":"news"}"#,
            r#"{"action":"kill","account":"main","reason":"news","flatten":true}"#,
            r#"{"action":"release","reason":"over"}"#,
        ] {
            let (action, word) = Action::read(json).unwrap_or_else(|error| panic!("{json}: {error}"));
            let written = serde_json::to_string(&action).unwrap();
            assert_eq!(Action::read(&written), Ok((action, word)), "{json} became {written}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (json, said) in [
            ("[]", "an action is a JSON object"),
            ("{}", "an action needs 'action'"),
            (r#"{"action":7}"#, "'action' is a text"),
            (r#"{"action":"sell"}"#, "no action 'sell'"),
            (r#"{"action":"close","account":"main"}"#, "'close' needs 'symbol'"),
            (r#"{"action":"close","account":"main","symbol":"BTC"}"#, "'symbol'"),
            (r#"{"action":"close","account":"main","symbol":"BTC/USDT:USDT","quantity":"1"}"#, "takes no 'quantity'"),
            (r#"{"action":"close","account":"main","symbol":"BTC/USDT:USDT","yes":1}"#, "no action has a field 'yes'"),
            (r#"{"action":"close","account":"main","smybol":"BTC/USDT:USDT"}"#, "no action has a field 'smybol'"),
            (r#"{"action":"reduce","account":"main","symbol":"BTC/USDT:USDT","share":"1"}"#, "below 1"),
            (r#"{"action":"reduce","account":"main","symbol":"BTC/USDT:USDT"}"#, "one of 'quantity' and 'share'"),
            (r#"{"action":"margin","account":"main","symbol":"BTC/USDT:USDT","amount":0}"#, "'amount' is not 0"),
            (r#"{"action":"margin","account":"main","symbol":"BTC/USDT:USDT","amount":"NaN"}"#, "'amount'"),
            (r#"{"action":"margin","account":"main","symbol":"BTC/USDT:USDT","amount":{}}"#, "a text or a number"),
            (r#"{"action":"flatten","reason":" "}"#, "'reason' is empty"),
            (r#"{"action":"flatten","reason":"a\nb"}"#, "one line"),
            (r#"{"action":"kill"}"#, "'kill' needs 'reason'"),
            (
                r#"{"action":"open","account":"main","symbol":"BTC/USDT:USDT","direction":"long","quantity":1,"leverage":3}"#,
                "one of 'stop_loss'",
            ),
            (
                r#"{"action":"open","account":"main","symbol":"BTC/USDT:USDT","direction":"long","quantity":1,"leverage":3,"stop_distance":2}"#,
                "'stop_distance' is above 0 and below 1",
            ),
            (
                r#"{"action":"open","account":"main","symbol":"BTC/USDT:USDT","direction":"up","quantity":1,"leverage":3}"#,
                "'direction'",
            ),
        ] {
            let error = Action::read(json).expect_err(json).to_string();
            assert!(error.contains(said), "{json}: {error}");
        }
    }
}
