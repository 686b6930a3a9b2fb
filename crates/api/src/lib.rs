//! The service over HTTP: questions, actions in two steps, a stream of events, and the dashboard.
//!
//! ```no_run
//! use plimsoll_api::{Api, ApiSettings, Scope, Token};
//! use plimsoll_service::Service;
//! use secrecy::SecretString;
//!
//! # async fn example(
//! #     service: Service, secret: SecretString, interrupted: impl Future<Output = ()> + Send + 'static,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let mut settings = ApiSettings::new("127.0.0.1:7878".parse()?);
//! settings.tokens.push(Token::new("ops", Scope::Act, &secret)?);
//! let api = Api::bind(service, settings).await?;
//! println!("http://{}", api.address());
//! api.serve(interrupted).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Without a token it listens on loopback alone: whoever is on this machine may look, and acting takes a request of the
//! server's own page. `docs/api.md` says it for those who use it, and `/api/openapi.json` for their programs.
//!
//! This crate judges and computes nothing: it lets in whom it should, reads what they ask, and writes what the
//! [`Service`](plimsoll_service::Service) answers. It has no TLS, which a proxy in front of it has.

mod access;
mod actions;
mod asked;
mod assets;
mod document;
mod headers;
mod problem;
mod routes;
mod server;
mod settings;
mod stream;
mod throttle;

pub use server::{Api, BindFailure};
pub use settings::{ApiSettings, Metrics, NotAToken, Scope, Token};
pub use throttle::Allowance;
