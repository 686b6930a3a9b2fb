//! Answers that are no data: errors, acknowledgements, the time.

use plimsoll_domain::Timestamp;
use plimsoll_venue::json::{self, DecodeError, Num, Raw, Text};
use plimsoll_venue::{message, plain};
use std::borrow::Cow;

/// What the venue says is wrong: `{"label":"INVALID_PARAM_VALUE","message":"…"}`, or `detail` in the place of `message`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{label}: {message}")]
pub struct Trouble {
    /// The venue's word for it: the only thing to branch on.
    pub label: String,
    /// The venue's text.
    pub message: String,
}

message! {
    pub(crate) struct LabelAndText {
        required {}
        optional {
            label = "label": Option<Text<'a>>,
            message = "message": Raw<'a>,
            detail = "detail": Raw<'a>,
            succeeded = "succeeded": Option<bool>,
        }
    }
}

impl LabelAndText<'_> {
    /// The error that this is, if it is one. Of a batch it may have no label, and say it in its message.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        let labelled = self.label.as_ref().is_some_and(|label| !label.as_str().is_empty());
        (labelled || self.succeeded == Some(false)).then(|| self.failure())
    }

    /// The same for what is known to have failed.
    pub(crate) fn failure(&self) -> Trouble {
        let message = [self.message, self.detail].into_iter().find_map(said).unwrap_or_default();
        let label = self.label.as_ref().map(Text::as_str).filter(|label| !label.is_empty());
        Trouble { label: label.unwrap_or(&message).to_owned(), message: message.into_owned() }
    }
}

/// A text, or whatever else was said as it stands.
fn said(raw: Raw<'_>) -> Option<Cow<'_, str>> {
    if raw.is_nothing() || raw.0 == "\"\"" {
        return None;
    }
    Some(json::read::<String>(raw.0).map_or(Cow::Borrowed(raw.0), Cow::Owned))
}

/// The error that a row is, if it is one.
pub(crate) fn trouble_of(row: &str) -> Result<Option<Trouble>, DecodeError> {
    Ok(plain::read::<LabelAndText<'_>>(row)?.trouble())
}

/// The error that a body is, if it is one.
#[must_use]
pub fn trouble(body: &[u8]) -> Option<Trouble> {
    let text = json::text(body).ok().filter(|text| text.starts_with('{'))?;
    trouble_of(text).ok()?
}

/// The answer to something that was set, changed or cancelled: an object or a list of any members, or nothing, but no page
/// of somebody on the way.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn acknowledged(body: &[u8]) -> Result<(), DecodeError> {
    let text = json::text(body)?;
    if text.is_empty() {
        return Ok(());
    }
    if !text.starts_with(['{', '[']) {
        return Err(DecodeError::new("neither an object nor a list", "the whole answer"));
    }
    json::read::<serde::de::IgnoredAny>(text).map(|_| ())
}

message! {
    struct ServerTime {
        required { server_time = "server_time": Num<'a>, }
        optional {}
    }
}

/// `{"server_time":1597026383085}`.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn server_time(body: &[u8]) -> Result<Timestamp, DecodeError> {
    plain::read::<ServerTime<'_>>(json::text(body)?)?.server_time.time("server_time")
}
