//! The server: what it listens on, and every path that it answers.

use crate::access::{at_our_host, may_act, may_read};
use crate::problem::Problem;
use crate::settings::ApiSettings;
use crate::stream::{Streams, stream};
use crate::throttle::Throttle;
use crate::{actions, assets, headers, routes};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use plimsoll_service::Service;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What every answer is made from.
pub(crate) struct App {
    pub(crate) service: Service,
    pub(crate) settings: ApiSettings,
    pub(crate) address: SocketAddr,
    pub(crate) reading: Throttle,
    pub(crate) acting: Throttle,
    pub(crate) streams: Streams,
    pub(crate) stopped: watch::Receiver<bool>,
}

/// A server that listens and does not answer yet.
pub struct Api {
    listener: TcpListener,
    app: Arc<App>,
    stop: watch::Sender<bool>,
}

/// Why the server does not listen.
#[derive(Debug, thiserror::Error)]
pub enum BindFailure {
    /// Whoever reaches this address could look at the accounts and order them about.
    #[error("{0} can be reached from elsewhere, and no token is configured: nothing is served there")]
    NoToken(SocketAddr),
    /// Two tokens go by one name: records would not tell them apart.
    #[error("two tokens are called '{0}'")]
    SameName(String),
    /// Two tokens are the same: whoever has one has what both allow.
    #[error("the tokens of '{0}' and '{1}' are the same")]
    SameSecret(String, String),
    /// The machine does not let us.
    #[error("{address} cannot be listened on: {error}")]
    NotFree {
        /// The address.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
}

impl BindFailure {
    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::NoToken(_) => {
                "Listen on 127.0.0.1 or [::1], or configure a token (`openssl rand -hex 32`), and put a proxy with TLS in front."
            }
            Self::SameName(_) => "Give each token a name of its own.",
            Self::SameSecret(..) => "Give each a value of its own.",
            Self::NotFree { .. } => "Choose another port, or stop what listens there.",
        }
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("address", &self.app.address).finish_non_exhaustive()
    }
}

impl Api {
    /// Listens.
    ///
    /// # Errors
    /// [`BindFailure`], each with its [remedy](BindFailure::remedy).
    pub async fn bind(service: Service, settings: ApiSettings) -> Result<Self, BindFailure> {
        let address = settings.address;
        check(address, &settings)?;
        let listener = TcpListener::bind(address).await.map_err(|error| BindFailure::NotFree { address, error })?;
        Self::listening(service, settings, listener)
    }

    /// Takes over what listens already, wherever the settings would have it: the address is ours since it was bound.
    ///
    /// # Errors
    /// [`BindFailure`], each with its [remedy](BindFailure::remedy).
    pub fn bound(
        service: Service,
        settings: ApiSettings,
        listener: std::net::TcpListener,
    ) -> Result<Self, BindFailure> {
        let not_free = |error| BindFailure::NotFree { address: settings.address, error };
        check(listener.local_addr().map_err(not_free)?, &settings)?;
        listener.set_nonblocking(true).map_err(not_free)?;
        let listener = TcpListener::from_std(listener).map_err(not_free)?;
        Self::listening(service, settings, listener)
    }

    fn listening(service: Service, settings: ApiSettings, listener: TcpListener) -> Result<Self, BindFailure> {
        let not_free = |error| BindFailure::NotFree { address: settings.address, error };
        let address = listener.local_addr().map_err(not_free)?;
        let (stop, stopped) = watch::channel(false);
        let (reading, acting) = (Throttle::new(settings.reading), Throttle::new(settings.acting));
        let streams = Streams::default();
        let app = Arc::new(App { service, settings, address, reading, acting, streams, stopped });
        Ok(Self { listener, app, stop })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.app.address
    }

    /// Answers until `until` is over; then ends every stream, lets answers that are under way and actions that have begun
    /// come to their end, and returns.
    ///
    /// # Errors
    /// [`std::io::Error`] if the machine takes the address away.
    pub async fn serve(self, until: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
        let Self { listener, app, stop } = self;
        let service = app.service.clone();
        let router = router(app).into_make_service_with_connect_info::<SocketAddr>();
        let over = async move {
            until.await;
            stop.send_replace(true);
        };
        let served = axum::serve(listener, router).with_graceful_shutdown(over).await;
        service.idle().await;
        served
    }
}

/// Whether it may be served there, and nobody is taken for another.
fn check(address: SocketAddr, settings: &ApiSettings) -> Result<(), BindFailure> {
    if settings.tokens.is_empty() && !address.ip().is_loopback() {
        return Err(BindFailure::NoToken(address));
    }
    for (place, token) in settings.tokens.iter().enumerate() {
        for other in settings.tokens.iter().skip(place + 1) {
            if other.name() == token.name() {
                return Err(BindFailure::SameName(token.name().to_owned()));
            }
            if other.is_the_same_as(token) {
                return Err(BindFailure::SameSecret(token.name().to_owned(), other.name().to_owned()));
            }
        }
    }
    Ok(())
}

fn router(app: Arc<App>) -> Router {
    let state = || from_fn_with_state(Arc::clone(&app), may_read);
    let actions = Router::new()
        .route("/api/actions/prepare", post(actions::prepare))
        .route("/api/actions/confirm", post(actions::confirm))
        .route_layer(from_fn_with_state(Arc::clone(&app), may_act));
    let questions = Router::new()
        .route("/api/session", get(routes::session))
        .route("/api/overview", get(routes::overview))
        .route("/api/accounts", get(routes::accounts))
        .route("/api/positions", get(routes::positions))
        .route("/api/orders", get(routes::orders))
        .route("/api/fills", get(routes::fills))
        .route("/api/closed", get(routes::closed))
        .route("/api/risk", get(routes::risk))
        .route("/api/funding", get(routes::funding))
        .route("/api/pnl", get(routes::pnl))
        .route("/api/events", get(routes::events))
        .route("/api/strategies", get(routes::strategies))
        .route("/api/exposure", get(routes::exposure))
        .route("/api/what-if", get(routes::what_if))
        .route("/api/stress", get(routes::stress))
        .route("/api/candles", get(routes::candles))
        .route("/api/kill", get(routes::kill))
        .route("/api/stream", get(stream))
        .route("/metrics", get(routes::metrics))
        .merge(actions)
        .route_layer(state());
    Router::new()
        .merge(questions)
        .route("/api/openapi.json", get(routes::openapi))
        .route("/healthz", get(routes::alive))
        .route("/readyz", get(routes::ready))
        .method_not_allowed_fallback(routes::not_this_method)
        .fallback(assets::asset)
        .layer(DefaultBodyLimit::max(actions::MOST_BODY))
        .layer(from_fn_with_state(Arc::clone(&app), in_time))
        .layer(from_fn_with_state(Arc::clone(&app), at_our_host))
        .layer(from_fn(headers::guarded))
        .with_state(app)
}

/// No question is waited for longer; what a confirmation has begun goes on.
async fn in_time(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let is_confirmation = request.uri().path() == "/api/actions/confirm";
    match tokio::time::timeout(app.settings.timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let problem = Problem::new(StatusCode::GATEWAY_TIMEOUT, "timed_out", "no answer came in time");
            match is_confirmation {
                true => problem.help("It is still under way: ask again with the same nonce and idempotency key."),
                false => problem.help("Try again; /readyz says what is missing."),
            }
            .into_response()
        }
    }
}
