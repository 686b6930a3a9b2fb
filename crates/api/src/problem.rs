//! What went wrong, as `application/problem+json` (RFC 9457): a word for programs, a sentence for people, and what to do.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use plimsoll_service::{ActFailure, AskFailure};
use serde::Serialize;
use std::borrow::Cow;
use std::time::Duration;

/// A venue that did not answer is asked again by nobody before that.
const VENUE_ASKED_AGAIN: Duration = plimsoll_service::CANDLES_AGAIN_AFTER;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) detail: Cow<'static, str>,
    pub(crate) remedy: Option<Cow<'static, str>>,
    /// When to come again.
    pub(crate) retry: Option<Duration>,
}

/// A problem as it is answered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ProblemBody {
    /// A name for it that never changes.
    #[serde(rename = "type")]
    kind: String,
    /// The status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// The word for programs.
    code: &'static str,
    /// What it is, for people.
    detail: String,
    /// What to do about it.
    remedy: Option<String>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, detail: detail.into(), remedy: None, retry: None }
    }

    pub(crate) fn help(self, remedy: impl Into<Cow<'static, str>>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    pub(crate) fn bad_query(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_query", detail)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here")
            .help("/api/openapi.json lists what there is.")
    }

    pub(crate) fn unauthorized(detail: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
            .help("Send the header `Authorization: Bearer TOKEN` with a token that is configured.")
    }

    pub(crate) fn too_many(retry: Duration, detail: &'static str) -> Self {
        let it = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail);
        Self { retry: Some(retry), ..it }
            .help("Come again after `Retry-After`; /api/stream tells of changes by itself.")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let body = ProblemBody {
            kind: format!("urn:plimsoll:{}", self.code.replace('_', "-")),
            title: self.status.canonical_reason().unwrap_or("problem").to_lowercase(),
            status: self.status.as_u16(),
            code: self.code,
            detail: self.detail.into_owned(),
            remedy: self.remedy.map(Cow::into_owned),
        };
        let mut response = Response::new(Body::from(serde_json::to_vec(&body).unwrap_or_default()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(retry) = self.retry {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(retry)));
        }
        response
    }
}

impl From<AskFailure> for Problem {
    fn from(failure: AskFailure) -> Self {
        let (status, code) = match &failure {
            AskFailure::UnknownAccount(_) => (StatusCode::NOT_FOUND, "unknown_account"),
            AskFailure::UnknownContract(..) => (StatusCode::NOT_FOUND, "unknown_contract"),
            AskFailure::Venue(_) => (StatusCode::SERVICE_UNAVAILABLE, "venue_unavailable"),
            AskFailure::Records(_) => (StatusCode::SERVICE_UNAVAILABLE, "records_unavailable"),
            AskFailure::NotAMove(_) => (StatusCode::BAD_REQUEST, "bad_query"),
        };
        let it = Self::new(status, code, failure.to_string());
        match failure {
            AskFailure::Venue(_) => {
                Self { retry: Some(VENUE_ASKED_AGAIN), ..it }.help("Come again after `Retry-After`.")
            }
            _ => it,
        }
    }
}

impl From<ActFailure> for Problem {
    fn from(failure: ActFailure) -> Self {
        let status = match &failure {
            ActFailure::Invalid(_) | ActFailure::WrongWord { .. } | ActFailure::BadKey => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            ActFailure::UnknownAccount(_) | ActFailure::UnknownStrategy(_) | ActFailure::UnknownNonce => {
                StatusCode::NOT_FOUND
            }
            ActFailure::ForeignNonce => StatusCode::FORBIDDEN,
            ActFailure::UsedNonce | ActFailure::UsedKey => StatusCode::CONFLICT,
            ActFailure::ExpiredNonce { .. } => StatusCode::GONE,
            ActFailure::Venue(_)
            | ActFailure::Records(_)
            | ActFailure::Busy
            | ActFailure::Interrupted
            | ActFailure::NoNonce(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        let it = Self::new(status, failure.code(), failure.to_string());
        match failure.remedy() {
            Some(remedy) => it.help(remedy),
            None => it,
        }
    }
}

/// Up to the next whole second.
fn whole_seconds(retry: Duration) -> u64 {
    u64::try_from(retry.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_finds_the_venue_silent_is_told_when_to_come_again() {
        let response = Problem::from(AskFailure::Venue("it has not answered".to_owned())).into_response();
        let again = response.headers().get(header::RETRY_AFTER).and_then(|seconds| seconds.to_str().ok());
        assert_eq!((response.status(), again), (StatusCode::SERVICE_UNAVAILABLE, Some("10")));
        let none = AskFailure::UnknownAccount(plimsoll_ports::domain::AccountId::new("none"));
        let response = Problem::from(none).into_response();
        assert_eq!(response.headers().get(header::RETRY_AFTER), None, "it is of no use");
    }
}
