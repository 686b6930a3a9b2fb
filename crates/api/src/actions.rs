//! The orders, in two steps.

use crate::access::Access;
use crate::problem::Problem;
use crate::routes::Answer;
use crate::server::App;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode, header};
use plimsoll_service::{Action, Outcome, Prepared};
use serde::Deserialize;
use std::sync::Arc;

/// The largest body that is read: the longest action is a tenth of it.
pub(crate) const MOST_BODY: usize = 16 * 1024;

/// What confirms an action.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirmation {
    /// Of what was prepared.
    nonce: String,
    /// One for each click, 8 to 64 letters, digits, `-` and `_`: the same again answers the same outcome.
    #[schema(pattern = "^[A-Za-z0-9_-]{8,64}$")]
    idempotency_key: String,
}

pub(crate) async fn prepare(
    State(app): State<Arc<App>>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Answer<Prepared>, Problem> {
    let text = json(&headers, body)?;
    let (action, word) = Action::read(&text)?;
    Ok(Answer(app.service.prepare(&access.who, action, word.as_deref()).await?))
}

pub(crate) async fn confirm(
    State(app): State<Arc<App>>,
    Extension(access): Extension<Access>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Answer<Outcome>, Problem> {
    let text = json(&headers, body)?;
    let confirmation: Confirmation = serde_json::from_str(&text).map_err(|_| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_action",
            "this takes 'nonce' and 'idempotency_key', both texts",
        )
    })?;
    let Confirmation { nonce, idempotency_key } = confirmation;
    Ok(Answer(app.service.confirm(&access.who, &nonce, &idempotency_key).await?))
}

/// A body that says that it is JSON, and is.
fn json(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<String, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "an action is JSON")
            .help("Send the header `Content-Type: application/json`."));
    }
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Problem::new(StatusCode::BAD_REQUEST, "bad_json", "the body did not come whole"),
    })?;
    let bad = |why: String| Problem::new(StatusCode::BAD_REQUEST, "bad_json", why);
    let text = String::from_utf8(body.into()).map_err(|_| bad("the body is not UTF-8".to_owned()))?;
    // Where it breaks off is said; what stands there is not.
    serde_json::from_str::<serde::de::IgnoredAny>(&text)
        .map_err(|error| bad(format!("the body is not JSON: line {}, column {}", error.line(), error.column())))?;
    Ok(text)
}

pub(crate) fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "an action is far smaller than that")
}
