//! How the venue is called: what is Bitget's own of it.

use crate::budget::Limits;
use crate::endpoints::{Endpoints, Settings};
use crate::error::classify;
use crate::wire::{Call, Credentials, DecodeError, HttpRequest, Method, Security, body, request};
use plimsoll_domain::Timestamp;
use plimsoll_ports::{Clock, NotSent};
use plimsoll_transport::{BuildFailure, HttpResponse};
use plimsoll_venue::{Charge, Failure, Rest, RestCall, Silenced, without};
use secrecy::ExposeSecret;
use std::sync::Arc;
use std::time::Duration;

/// One connection to the venue.
pub(crate) type Client = plimsoll_venue::Client<Bitget>;

/// A connection to the venue at these addresses, for one account or for none.
pub(crate) fn connect(
    endpoints: Endpoints,
    credentials: Option<Credentials>,
    clock: Arc<dyn Clock>,
    settings: Settings,
) -> Result<Client, BuildFailure> {
    let (address, calls, limits) = (endpoints.rest.clone(), settings.calls(), Limits::new(&settings));
    Client::new(&address, Bitget { endpoints, settings, credentials, limits }, clock, calls)
}

/// Where the venue is, and who we are to it.
pub(crate) struct Bitget {
    pub(crate) endpoints: Endpoints,
    pub(crate) settings: Settings,
    pub(crate) credentials: Option<Credentials>,
    limits: Limits,
}

impl RestCall for Call {
    fn method(&self) -> Method {
        self.method
    }

    fn path(&self) -> &str {
        self.path
    }

    fn is_signed(&self) -> bool {
        self.security == Security::Signed
    }

    fn is_order(&self) -> bool {
        self.counts_as_order
    }
}

impl Rest for Bitget {
    type Call = Call;

    fn server_time(&self) -> Call {
        request::server_time()
    }

    fn read_time(&self, body: &[u8]) -> Result<Timestamp, DecodeError> {
        body::server_time(body)
    }

    fn request(&self, call: &Call, now: Timestamp) -> Result<HttpRequest, NotSent> {
        let Endpoints { rest, trading, .. } = &self.endpoints;
        match (&self.credentials, call.security) {
            (_, Security::Public) => Ok(call.public(rest, *trading)),
            (Some(credentials), Security::Signed) => Ok(call.request(rest, credentials, now, *trading)),
            (None, Security::Signed) => Err(NotSent::Invalid(format!("{} needs a key", call.path))),
        }
    }

    fn charges(&self, call: &Call) -> Vec<Charge> {
        self.limits.charges(call)
    }

    /// The body says what an answer is, whatever its status. One that is no word of the venue's is no success, even if
    /// somebody on the way says so.
    fn judge(&self, call: &Call, answer: &HttpResponse) -> Result<(), Failure> {
        let succeeded = (200..300).contains(&answer.status) && body::acknowledged(&answer.body).is_ok();
        if succeeded {
            return Ok(());
        }
        let retry_after = answer.header("retry-after").and_then(|seconds| seconds.parse().ok());
        Err(classify(answer.status, retry_after.map(Duration::from_secs), &answer.body, call.changes()))
    }

    fn hide(&self, words: &str) -> String {
        let Some(Credentials { key, secret, passphrase }) = &self.credentials else { return words.to_owned() };
        without(words, &[key, secret, passphrase].map(ExposeSecret::expose_secret))
    }

    fn silenced(&self, call: &Call, failure: &Failure) -> Silenced {
        self.limits.silenced(call, failure)
    }
}
