//! A dead man's switch: an address that is called while all is well. When the calls stay away, whoever keeps it tells a person:
//! it needs neither this program nor this machine for that.

use crate::webhook::{SetUpFailure, host_of, without_address};
use plimsoll_transport::{HttpRequest, HttpSession, HttpSettings, Method};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// Calls an address. It is shown nowhere but for its host: whoever knows it can speak for us.
pub struct Heartbeat {
    url: SecretString,
    host: String,
    http: HttpSession,
}

/// A call that was not heard. The words hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unheard(String);

impl Heartbeat {
    /// Of the whole address: `https://`, or `http://` to this machine.
    ///
    /// # Errors
    /// [`SetUpFailure`].
    pub fn new(url: SecretString) -> Result<Self, SetUpFailure> {
        let host = host_of(url.expose_secret()).ok_or(SetUpFailure::Address)?;
        let http = HttpSession::new(HttpSettings::default()).map_err(|error| SetUpFailure::Http(error.to_string()))?;
        Ok(Self { url, host, http })
    }

    /// Calls once.
    ///
    /// # Errors
    /// [`Unheard`], where nobody says that it was heard.
    pub async fn beat(&self) -> Result<(), Unheard> {
        let request = HttpRequest::new(Method::Get, self.url.expose_secret());
        let unheard = |why: String| Unheard(format!("{}{why}", self.host));
        let answer = self.http.send(&request).await;
        let answer = answer.map_err(|failure| unheard(without_address(&self.url, &request, failure)))?;
        match answer.status {
            200..=299 => Ok(()),
            status => Err(unheard(format!(" answers {status}"))),
        }
    }
}

impl fmt::Debug for Heartbeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heartbeat").field("host", &self.host).finish_non_exhaustive()
    }
}
