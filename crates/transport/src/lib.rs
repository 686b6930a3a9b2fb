//! HTTP and WebSocket sessions, weight budgets and back-off: what every venue adapter needs of the network.
//!
//! ```no_run
//! use plimsoll_transport::{HttpFailure, HttpRequest, HttpSession, HttpSettings, Method};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let http = HttpSession::new(HttpSettings::default())?;
//! let request = HttpRequest::new(Method::Get, "https://venue.example/v1/time");
//! match http.send(&request).await {
//!     Ok(response) => println!("{} {}", response.status, response.text()),
//!     Err(HttpFailure::NotSent(reason)) => println!("safe to try again: {reason}"),
//!     Err(HttpFailure::Unanswered(reason)) => println!("it may have been done: {reason}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A failure says whether anything can have reached the other side; what that means for an order is the adapter's.
//! Sockets reconnect by themselves, with a back-off whose jitter can be seeded. No secret reaches an error or a log: of
//! an address only scheme, host and path are shown, and of the path only what cannot be a key; the other side's own words
//! are told as whoever [dials](Dial::told) wants them told.
//!
//! It knows no venue, no order and no price, retries no request, and follows no redirect or proxy.

mod backoff;
mod budget;
mod http;
mod redact;
mod socket;
mod tls;
mod trouble;

pub use backoff::{Backoff, BackoffSettings};
pub use budget::{Priority, WeightBudget, WeightLimit};
pub use http::{BuildFailure, HttpFailure, HttpRequest, HttpResponse, HttpSession, HttpSettings, Method};
pub use redact::redacted;
pub use reqwest::header::HeaderMap;
pub use socket::{Address, Dial, DialFailure, SocketItem, SocketSession, SocketSettings};
