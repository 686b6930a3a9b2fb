//! Answers that are no data: errors, acknowledgements, the time.

use plimsoll_domain::{OrderId, Timestamp};
use plimsoll_venue::json::{Num, Raw, Text, text};
use plimsoll_venue::{DecodeError, message, plain};

/// What the venue says is wrong: `{"code":"40034","msg":"Parameter … does not exist","requestTime":1,"data":null}`. It
/// comes with any HTTP status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Trouble {
    /// The venue's code, five or six digits.
    pub code: String,
    /// The venue's text.
    pub message: String,
}

message! {
    struct Envelope {
        required {
            code = "code": Num<'a>,
        }
        optional {
            msg = "msg": Option<Text<'a>>,
            data = "data": Raw<'a>,
            time = "requestTime": Num<'a>,
        }
    }
}

/// An answer that is none of the errors.
pub(super) struct Answer<'a> {
    /// The data, as they were sent; nothing where there are none.
    pub(super) data: &'a str,
    /// When the venue answered, where it says.
    pub(super) time: Option<Timestamp>,
}

impl Envelope<'_> {
    fn succeeded(&self) -> bool {
        matches!(self.code.0, "00000" | "0")
    }

    fn trouble(&self) -> Trouble {
        let message = self.msg.as_ref().map_or_else(String::new, |text| text.as_str().to_owned());
        Trouble { code: self.code.0.chars().take(16).collect(), message }
    }
}

/// The data of an answer.
pub(super) fn answer(body: &[u8]) -> Result<Answer<'_>, DecodeError> {
    let it: Envelope<'_> = plain::read(text(body)?)?;
    if !it.succeeded() {
        return Err(DecodeError::new(format!("the venue says {}", it.trouble()), "code"));
    }
    // A time that no clock shows stands in some of the venue's own examples.
    let time = it.time.time("requestTime").ok();
    Ok(Answer { data: if it.data.is_nothing() { "" } else { it.data.0 }, time })
}

/// The data of an answer that has some.
pub(super) fn data(body: &[u8]) -> Result<Answer<'_>, DecodeError> {
    let answer = answer(body)?;
    if answer.data.is_empty() { Err(DecodeError::new("no value", "data")) } else { Ok(answer) }
}

/// The error that a body is, if it is one.
#[must_use]
pub fn trouble(body: &[u8]) -> Option<Trouble> {
    let text = text(body).ok().filter(|text| text.starts_with('{'))?;
    let it = plain::read::<Envelope<'_>>(text).ok()?;
    (!it.succeeded()).then(|| it.trouble())
}

/// The answer to something that was set, changed or cancelled.
///
/// # Errors
/// [`DecodeError`] for what is no success of the venue: the page of somebody on the way, or nothing at all.
pub fn acknowledged(body: &[u8]) -> Result<(), DecodeError> {
    answer(body).map(|_| ())
}

message! {
    struct Lists {
        required {}
        optional {
            done = "successList": Option<Vec<Succeeded<'a>>>,
            failed = "failureList": Option<Vec<Failed<'a>>>,
        }
    }
}

message! {
    struct Succeeded {
        required {}
        optional { order_id = "orderId": Num<'a>, }
    }
}

message! {
    struct Failed {
        required {}
        optional {
            order_id = "orderId": Num<'a>,
            message = "errorMsg": Option<Text<'a>>,
            code = "errorCode": Num<'a>,
        }
    }
}

/// What became of the orders of a batch: the answer is a success whatever that is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cancelled {
    /// So many are cancelled, or closed.
    pub done: usize,
    /// What was wrong with each of the others.
    pub failures: Vec<Trouble>,
}

/// Which orders `cancel-all-orders` and `cancel-plan-order` cancelled: what could not be is not among them.
///
/// # Errors
/// [`DecodeError`] for what is no success of the venue.
pub fn cancelled_ids(body: &[u8]) -> Result<Vec<OrderId>, DecodeError> {
    let answer = answer(body)?;
    if !answer.data.starts_with('{') {
        return Ok(Vec::new());
    }
    let lists: Lists<'_> = plain::read(answer.data)?;
    let ids = lists.done.unwrap_or_default().into_iter().map(|done| done.order_id.0);
    Ok(ids.filter(|id| !id.is_empty()).map(OrderId::new).collect())
}

/// What became of the orders of `batch-cancel-orders`, `cancel-plan-order` and `close-positions`.
///
/// # Errors
/// [`DecodeError`] for what is no success of the venue.
pub fn cancelled(body: &[u8]) -> Result<Cancelled, DecodeError> {
    let answer = answer(body)?;
    if !answer.data.starts_with('{') {
        return Ok(Cancelled::default());
    }
    let lists: Lists<'_> = plain::read(answer.data)?;
    let told = |failed: Failed<'_>| Trouble {
        code: failed.code.0.to_owned(),
        message: match failed.message {
            Some(message) => format!("order {}: {}", failed.order_id.0, message.as_str()),
            None => format!("order {}", failed.order_id.0),
        },
    };
    let failures = lists.failed.unwrap_or_default().into_iter().map(told).collect();
    Ok(Cancelled { done: lists.done.unwrap_or_default().len(), failures })
}

message! {
    struct ServerTime {
        required { time = "serverTime": Num<'a>, }
        optional {}
    }
}

/// `{"serverTime":"1688008631614"}`.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn server_time(body: &[u8]) -> Result<Timestamp, DecodeError> {
    plain::read::<ServerTime<'_>>(data(body)?.data)?.time.time("serverTime")
}
