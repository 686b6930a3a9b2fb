//! The questions: each path, what it takes, and what it answers.

use crate::access::Access;
use crate::asked::Asked;
use crate::document;
use crate::problem::Problem;
use crate::server::App;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use plimsoll_ports::Severity;
use plimsoll_service::{CandleInterval, EventFilter, Moment, RecordFilter};
use serde::Serialize;
use std::sync::Arc;

/// What is answered, as JSON.
#[derive(Debug)]
pub(crate) struct Answer<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response<Body> {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
            Err(_) => {
                let detail = "the answer cannot be written";
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail).into_response()
            }
        }
    }
}

type Answered<T> = Result<Answer<T>, Problem>;
type Shared = State<Arc<App>>;

/// Who asks, and what it may.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Session {
    /// When it was put together.
    time: Moment,
    /// The name that goes into records.
    who: String,
    /// What it may: `read`, `act`.
    scopes: &'static [&'static str],
    /// Whether a token is needed at all.
    needs_token: bool,
    /// What kind of money the accounts trade.
    mode: &'static str,
    /// The version of the program.
    version: &'static str,
}

pub(crate) async fn session(
    State(app): Shared,
    Extension(access): Extension<Access>,
    asked: Asked,
) -> Answered<Session> {
    asked.only(&[])?;
    Ok(Answer(Session {
        time: app.service.clock().now().into(),
        who: access.who.to_string(),
        scopes: access.scope.words(),
        needs_token: !app.settings.tokens.is_empty(),
        mode: app.service.mode(),
        version: env!("CARGO_PKG_VERSION"),
    }))
}

pub(crate) async fn overview(State(app): Shared, asked: Asked) -> Answered<plimsoll_service::Overview> {
    asked.only(&[])?;
    Ok(Answer(app.service.overview().await))
}

pub(crate) async fn accounts(State(app): Shared, asked: Asked) -> Answered<plimsoll_service::Accounts> {
    let asked = asked.only(&["account"])?;
    Ok(Answer(app.service.account_rows(asked.account().as_ref()).await?))
}

pub(crate) async fn positions(State(app): Shared, asked: Asked) -> Answered<plimsoll_service::Positions> {
    let asked = asked.only(&["account", "symbol"])?;
    Ok(Answer(app.service.positions(asked.account().as_ref(), asked.symbol()?.as_ref()).await?))
}

pub(crate) async fn orders(State(app): Shared, asked: Asked) -> Answered<plimsoll_service::Orders> {
    let asked = asked.only(&["account", "symbol"])?;
    Ok(Answer(app.service.orders(asked.account().as_ref(), asked.symbol()?.as_ref()).await?))
}

pub(crate) async fn fills(State(app): Shared, asked: Asked) -> Answered<plimsoll_service::Fills> {
    let asked = asked.only(&["account", "symbol", "days", "limit"])?;
    Ok(Answer(app.service.fills(&records(&asked, 7, 200, 1000)?).await?))
}

pub(crate) async fn closed(State(app): Shared, asked: Asked) -> Answered<plimsoll_service::ClosedPositions> {
    let asked = asked.only(&["account", "symbol", "days", "limit"])?;
    Ok(Answer(app.service.closed(&records(&asked, 30, 200, 1000)?).await?))
}

pub(crate) async fn risk(State(app): Shared, asked: Asked) -> Answered<plimsoll_service::Risk> {
    let asked = asked.only(&["account"])?;
    Ok(Answer(app.service.risk(asked.account().as_ref()).await?))
}

pub(crate) async fn funding(State(app): Shared, asked: Asked) -> Answered<plimsoll_service::Funding> {
    let asked = asked.only(&["account", "symbol", "days", "limit"])?;
    Ok(Answer(app.service.funding(&records(&asked, 30, 500, 2000)?).await?))
}

pub(crate) async fn pnl(State(app): Shared, asked: Asked) -> Answered<plimsoll_service::Pnl> {
    let asked = asked.only(&["account", "days", "points"])?;
    let (days, points) = (asked.whole("days", 7, 1..=366)?, asked.whole("points", 500, 4..=2000)?);
    Ok(Answer(app.service.pnl(asked.account().as_ref(), days, Some(points)).await?))
}

pub(crate) async fn events(State(app): Shared, asked: Asked) -> Answered<plimsoll_service::Events> {
    let asked = asked.only(&["after", "limit", "severity", "account"])?;
    let severity = match asked.text("severity") {
        None => None,
        Some("info") => Some(Severity::Info),
        Some("warning") => Some(Severity::Warning),
        Some("critical") => Some(Severity::Critical),
        Some(_) => return Err(Problem::bad_query("'severity' is info, warning or critical")),
    };
    let after = asked.text("after").is_some().then(|| asked.whole("after", 0, 0..=u64::MAX)).transpose()?;
    let filter = EventFilter { after, limit: asked.whole("limit", 200, 1..=1000)?, severity, account: asked.account() };
    Ok(Answer(app.service.events(&filter)))
}

pub(crate) async fn strategies(State(app): Shared, asked: Asked) -> Answered<plimsoll_service::Strategies> {
    asked.only(&[])?;
    Ok(Answer(app.service.strategies().await))
}

pub(crate) async fn exposure(State(app): Shared, asked: Asked) -> Answered<plimsoll_service::Exposures> {
    asked.only(&[])?;
    Ok(Answer(app.service.exposure()))
}

pub(crate) async fn what_if(State(app): Shared, asked: Asked) -> Answered<plimsoll_service::WhatIf> {
    let asked = asked.only(&["percent", "asset"])?;
    Ok(Answer(app.service.what_if(asked.text("asset"), asked.needed_decimal("percent")?)?))
}

pub(crate) async fn stress(State(app): Shared, asked: Asked) -> Answered<plimsoll_service::Stress> {
    asked.only(&[])?;
    Ok(Answer(app.service.stress()?))
}

pub(crate) async fn candles(State(app): Shared, asked: Asked) -> Answered<plimsoll_service::Candles> {
    let asked = asked.only(&["account", "symbol", "interval", "limit"])?;
    let account = asked.account().ok_or_else(|| Problem::bad_query("this takes 'account'"))?;
    let symbol = asked.symbol()?.ok_or_else(|| Problem::bad_query("this takes 'symbol'"))?;
    let interval = CandleInterval::of(asked.text("interval").unwrap_or("15m")).ok_or_else(|| {
        let known = CandleInterval::ALL.map(CandleInterval::as_str).join(", ");
        Problem::bad_query(format!("'interval' is one of {known}"))
    })?;
    let limit = asked.whole("limit", 300, 1..=1000)?;
    Ok(Answer(app.service.candles(&account, &symbol, interval, limit).await?))
}

pub(crate) async fn kill(State(app): Shared, asked: Asked) -> Answered<plimsoll_service::KillSwitches> {
    asked.only(&[])?;
    Ok(Answer(app.service.kill_switches().await))
}

pub(crate) async fn openapi() -> Answer<serde_json::Value> {
    Answer(document::openapi())
}

pub(crate) async fn not_this_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this path is not asked in that way")
        .help("Questions are GET, actions are POST; /api/openapi.json lists both.")
}

pub(crate) async fn alive() -> Answer<serde_json::Value> {
    Answer(serde_json::json!({ "status": "alive" }))
}

pub(crate) async fn ready(State(app): Shared) -> Response<Body> {
    let reasons = app.service.unready();
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Answer(serde_json::json!({ "ready": reasons.is_empty(), "reasons": reasons }))).into_response()
}

pub(crate) async fn metrics(State(app): Shared) -> Response<Body> {
    let Some(render) = &app.settings.metrics else { return Problem::not_found().into_response() };
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], render().await).into_response()
}

fn records(asked: &Asked, days: u32, limit: usize, most: usize) -> Result<RecordFilter, Problem> {
    Ok(RecordFilter {
        account: asked.account(),
        symbol: asked.symbol()?,
        days: asked.whole("days", days, 1..=366)?,
        limit: asked.whole("limit", limit, 1..=most)?,
    })
}
