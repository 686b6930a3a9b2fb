//! How the venue is called: what is Gate.io's own of it.

use crate::budget::Limits;
use crate::endpoints::{Endpoints, Settings};
use crate::error::classify;
use crate::wire::{Call, Credentials, DecodeError, HttpRequest, Method, Security, body, request};
use plimsoll_domain::Timestamp;
use plimsoll_ports::{Clock, NotSent};
use plimsoll_transport::{BuildFailure, HttpResponse};
use plimsoll_venue::{Budgets, Charge, Failure, Rest, RestCall, Silenced, Wait};
use std::sync::Arc;

/// One connection to the venue.
pub(crate) type Client = plimsoll_venue::Client<Gateio>;

/// A connection to the venue at these addresses, for one account or for none.
pub(crate) fn connect(
    endpoints: Endpoints,
    credentials: Option<Credentials>,
    clock: Arc<dyn Clock>,
    settings: Settings,
) -> Result<Client, BuildFailure> {
    let (address, calls, limits) = (endpoints.rest.clone(), settings.calls(), Limits::new(&settings));
    Client::new(&address, Gateio { endpoints, settings, credentials, limits }, clock, calls)
}

/// Where the venue is, and who we are to it.
pub(crate) struct Gateio {
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
        &self.path
    }

    fn is_signed(&self) -> bool {
        self.security == Security::Signed
    }

    fn is_order(&self) -> bool {
        self.counts_as_order()
    }
}

impl Rest for Gateio {
    type Call = Call;

    fn server_time(&self) -> Call {
        request::server_time()
    }

    fn read_time(&self, body: &[u8]) -> Result<Timestamp, DecodeError> {
        body::server_time(body)
    }

    fn request(&self, call: &Call, now: Timestamp) -> Result<HttpRequest, NotSent> {
        let base = &self.endpoints.rest;
        match (&self.credentials, call.security) {
            (_, Security::Public) => Ok(call.unsigned(base)),
            (Some(credentials), Security::Signed) => {
                Ok(call.request(base, credentials, now, Some(self.settings.orders_expire_in)))
            }
            (None, Security::Signed) => Err(NotSent::Invalid(format!("{} needs a key", call.path))),
        }
    }

    fn charges(&self, call: &Call) -> Vec<Charge> {
        self.limits.charges(call)
    }

    fn observe(&self, call: &Call, answer: &HttpResponse, budgets: &Budgets, sent: Timestamp, now: Timestamp) {
        if let Some((pool, used)) = self.limits.used(call, answer) {
            budgets.observe(pool, used, sent, now);
        }
    }

    fn judge(&self, call: &Call, answer: &HttpResponse) -> Result<(), Failure> {
        // What may have changed something and was not clearly refused is unknown, whatever it was.
        let changes = call.changes();
        if (200..300).contains(&answer.status) && !(changes && body::trouble(&answer.body).is_some()) {
            return Ok(());
        }
        Err(classify(answer.status, reset(answer), &answer.body, changes))
    }

    fn silenced(&self, call: &Call, failure: &Failure) -> Silenced {
        self.limits.silenced(call, failure)
    }
}

/// Until when a limit holds, as the answer says: in a unit that no document states.
fn reset(answer: &HttpResponse) -> Wait {
    let told = answer.header("x-gate-ratelimit-reset-timestamp").and_then(crate::wire::moment_of);
    told.map_or(Wait::Unsaid, Wait::Until)
}
