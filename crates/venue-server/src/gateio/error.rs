//! What the venue says when it says no: a label, a sentence, an HTTP status.

use crate::gateio::write::Object;
use plimsoll_domain::Timestamp;
use std::borrow::Cow;

/// A refusal in the venue's words. Rendered as `{"label":"ORDER_NOT_FOUND","message":"Order not found"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) label: &'static str,
    pub(crate) message: Cow<'static, str>,
    pub(crate) status: u16,
    /// When another try makes sense, where it was one request too many.
    pub(crate) reset: Option<Timestamp>,
}

impl Refusal {
    const fn plain(label: &'static str, message: &'static str, status: u16) -> Self {
        Self { label, message: Cow::Borrowed(message), status, reset: None }
    }

    /// The body. The matching engine's refusals have a `detail` where others have a `message`.
    pub(crate) fn body(&self) -> String {
        let name = if Self::MATCHING.contains(&self.label) { "detail" } else { "message" };
        Object::new().text("label", self.label).text(name, &self.message).end()
    }

    const MATCHING: &[&str] = &[
        "ORDER_POC_IMMEDIATE",
        "ORDER_FOK",
        "CONTRACT_IN_DELISTING",
        "REDUCE_EXCEEDED",
        "PRICE_TOO_DEVIATED",
        "INSUFFICIENT_AVAILABLE",
        "RISK_LIMIT_EXCEEDED",
    ];

    pub(crate) fn saying(self, message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), ..self }
    }

    /// A parameter that is none of what it may be.
    pub(crate) fn invalid(name: &str, value: &str) -> Self {
        let value: String = value.chars().take(64).collect();
        Self::INVALID_PARAM_VALUE.saying(format!("Invalid parameter `{name}` with value: {value}"))
    }

    /// A parameter that must be there is not.
    pub(crate) fn missing(name: &str) -> Self {
        Self::MISSING_REQUIRED_PARAM.saying(format!("Missing required parameter: {name}"))
    }

    /// More than may be asked for; `reset` is when it may be again.
    pub(crate) fn too_many_requests(reset: Timestamp) -> Self {
        Self { reset: Some(reset), ..Self::TOO_MANY_REQUESTS }
    }

    /// The refusal with this label.
    pub(crate) fn labelled(label: &str) -> Option<Self> {
        Self::KNOWN.iter().find(|refusal| refusal.label == label).cloned()
    }
}

macro_rules! refusals {
    ($($label:ident $status:literal $message:literal;)*) => {
        impl Refusal {
            $(pub(crate) const $label: Self = Self::plain(stringify!($label), $message, $status);)*

            const KNOWN: &[Self] = &[$(Self::$label),*];
        }
    };
}

refusals! {
    INVALID_KEY 401 "Invalid key provided";
    INVALID_SIGNATURE 401 "Signature mismatch";
    MISSING_REQUIRED_HEADER 401 "Missing required header: KEY, SIGN or Timestamp";
    REQUEST_EXPIRED 403 "gap between request Timestamp and server time exceeds 60";
    INVALID_PARAM_VALUE 400 "Invalid parameter value";
    INVALID_REQUEST_BODY 400 "Invalid request body";
    MISSING_REQUIRED_PARAM 400 "Missing required parameter";
    NOT_FOUND 404 "Not found";
    METHOD_NOT_ALLOWED 405 "Method not allowed";
    TOO_MANY_REQUESTS 429 "Request Rate limit Exceeded (311)";
    TOO_BUSY 503 "Too busy, please try again later";
    INTERNAL 500 "Internal server error";
    SERVER_TIMEOUT 504 "Request timed out, result unknown";
    USER_NOT_FOUND 400 "please transfer funds first to create futures account";
    CONTRACT_NOT_FOUND 400 "contract not found";
    ORDER_NOT_FOUND 404 "Order not found";
    ORDER_FINISHED 400 "order is finished";
    TOO_MANY_ORDERS 400 "too many open orders of this contract";
    ORDER_POC_IMMEDIATE 400 "order would be filled immediately";
    ORDER_FOK 400 "order cannot be filled entirely";
    PRICE_TOO_DEVIATED 400 "order price deviates too far from the mark price";
    SIZE_TOO_LARGE 400 "order size too large";
    SIZE_TOO_SMALL 400 "order size too small";
    INSUFFICIENT_AVAILABLE 400 "insufficient available balance";
    RISK_LIMIT_EXCEEDED 400 "position and orders exceed the risk limit at this leverage";
    LEVERAGE_TOO_HIGH 400 "leverage too high";
    LEVERAGE_TOO_LOW 400 "leverage too low for the open position";
    POSITION_NOT_FOUND 400 "position not found";
    POSITION_EMPTY 400 "position is empty";
    POSITION_CROSS_MARGIN 400 "the margin of a cross position cannot be changed";
    POSITION_DUAL_MODE 400 "position is in dual mode";
    POSITION_HOLDING 400 "there are open positions";
    ORDER_PENDING 400 "there are open orders";
    REDUCE_EXCEEDED 400 "reduce-only order exceeds the position";
    REMOVE_TOO_MUCH 400 "too much margin removed";
    NO_CHANGE 400 "nothing changed";
    AUTO_TRIGGER_PRICE_LESS_LAST 400 "trigger price must be above the last price";
    AUTO_TRIGGER_PRICE_GREATE_LAST 400 "trigger price must be below the last price";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_written_as_the_venue_writes_them() {
        assert_eq!(Refusal::ORDER_NOT_FOUND.body(), r#"{"label":"ORDER_NOT_FOUND","message":"Order not found"}"#);
        let poc = Refusal::ORDER_POC_IMMEDIATE.saying("order price 1700 while counter price 1793.55");
        assert_eq!(
            poc.body(),
            r#"{"label":"ORDER_POC_IMMEDIATE","detail":"order price 1700 while counter price 1793.55"}"#
        );
        assert_eq!(Refusal::invalid("text", "abc").message, "Invalid parameter `text` with value: abc");
        assert_eq!(Refusal::labelled("NO_CHANGE"), Some(Refusal::NO_CHANGE));
    }
}
