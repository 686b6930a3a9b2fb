//! Who comes in: the name that the browser knows us by, where it comes from, its token, and how much it asks.

use crate::actions::{MOST_BODY, too_large};
use crate::problem::Problem;
use crate::server::App;
use crate::settings::{Scope, bearer};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use plimsoll_service::Caller;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

/// Who asks, and what it may.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) who: Caller,
    pub(crate) scope: Scope,
}

/// Every request: the host that it was sent to.
///
/// A page of somebody else's may give its own name our address (DNS rebinding) and then speaks to us as if we were it. It
/// cannot choose what the browser sends as `Host`: its own name, which is none of ours.
pub(crate) async fn at_our_host(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match is_ours(request.headers(), &app) {
        true => next.run(request).await,
        false => Problem::new(StatusCode::MISDIRECTED_REQUEST, "wrong_host", "this server does not go by that name")
            .help("Use localhost or its address with its port, or add the name to the configured hosts.")
            .into_response(),
    }
}

fn is_ours(headers: &HeaderMap, app: &App) -> bool {
    let Some(host) = only(headers, header::HOST) else { return false };
    // Nobody's browser says a user there.
    let Some(host) = host.parse::<Authority>().ok().filter(|_| !host.contains('@')) else { return false };
    let name = host.host().trim_start_matches('[').trim_end_matches(']');
    if app.settings.hosts.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return true;
    }
    // An address cannot be given to somebody else's page; a name can.
    let is_local = name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok();
    is_local && host.port_u16().unwrap_or(80) == app.address.port()
}

/// The one header of this name; of several none can be believed.
fn only(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?;
    if all.next().is_some() { None } else { first.to_str().ok() }
}

/// Every question below `/api`: how much it asks, and its token.
pub(crate) async fn may_read(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let access = throttled(&app, &request).and_then(|()| access(&app, request.headers()));
    match access {
        Ok(access) => {
            request.extensions_mut().insert(access);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// Every order: that it may act, and that no page of somebody else's has sent it.
pub(crate) async fn may_act(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match acting(&app, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn throttled(app: &App, request: &Request) -> Result<(), Problem> {
    let throttle = if *request.method() == Method::POST { &app.acting } else { &app.reading };
    let client = client(request);
    let waits = |retry| Problem::too_many(retry, "too much was asked at once");
    throttle.take(client, Instant::now()).map_err(waits)
}

/// The address that somebody asks from.
pub(crate) fn client(request: &Request) -> IpAddr {
    let unknown = IpAddr::from([0, 0, 0, 0]);
    request.extensions().get::<ConnectInfo<SocketAddr>>().map_or(unknown, |ConnectInfo(address)| address.ip())
}

fn access(app: &App, headers: &HeaderMap) -> Result<Access, Problem> {
    let tokens = &app.settings.tokens;
    if tokens.is_empty() {
        return Ok(Access { who: Caller::new("loopback"), scope: Scope::Act });
    }
    let presented = only(headers, header::AUTHORIZATION);
    let presented = presented.ok_or_else(|| Problem::unauthorized("this takes a token"))?;
    let (scheme, token) = presented.split_once(' ').unwrap_or((presented, ""));
    let known = bearer(tokens, token.trim()).filter(|_| scheme.eq_ignore_ascii_case("bearer"));
    let token = known.ok_or_else(|| Problem::unauthorized("no such token is configured"))?;
    Ok(Access { who: Caller::new(token.name()), scope: token.scope() })
}

fn acting(app: &App, request: &Request) -> Result<(), Problem> {
    let scope = request.extensions().get::<Access>().map(|access| access.scope);
    if scope != Some(Scope::Act) {
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "this token may only look")
            .help("Acting takes a token with the scope `act`."));
    }
    let headers = request.headers();
    // What is announced to be too large is not waited for.
    let announced = only(headers, header::CONTENT_LENGTH).map(str::parse::<usize>);
    if announced.is_some_and(|length| length.is_ok_and(|length| length > MOST_BODY)) {
        return Err(too_large());
    }
    let foreign = |why: &'static str| {
        Err(Problem::new(StatusCode::FORBIDDEN, "foreign_origin", why).help(
            "Send it from the server's own page, or with the header `Origin: http://HOST:PORT` of the server itself.",
        ))
    };
    match headers.contains_key(header::ORIGIN) {
        true if !is_own_origin(headers) => foreign("it was sent by a page of somebody else's"),
        // Without a token nothing but the origin tells a person at this machine from a page that person looks at.
        false if app.settings.tokens.is_empty() => foreign("without a token, acting takes the server's own origin"),
        _ => Ok(()),
    }
}

/// Where it comes from is where it goes to; what the browser says of it beside that does not contradict it.
fn is_own_origin(headers: &HeaderMap) -> bool {
    let (Some(origin), Some(host)) = (only(headers, header::ORIGIN), only(headers, header::HOST)) else { return false };
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    let fetched = headers.get("sec-fetch-site").is_none_or(|site| site == "same-origin" || site == "none");
    fetched && authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}
