//! The dashboard and the API that `run` serves.

use super::account::optional_secret;
use super::reader::{Reader, Section};
use super::secret::SecretPlace;
use std::net::SocketAddr;

/// Where the dashboard and the API are, and who may come in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ApiConfig {
    /// Where to listen; nothing is served without it.
    pub(crate) listen: Option<SocketAddr>,
    /// Where the token is that lets look.
    pub(crate) read_token: Option<SecretPlace>,
    /// Where the token is that lets act.
    pub(crate) act_token: Option<SecretPlace>,
    /// The names by which browsers know it, beside `localhost` and addresses.
    pub(crate) hosts: Vec<String>,
}

pub(super) fn read(mut section: Section<'_>, reader: &mut Reader<'_>) -> ApiConfig {
    let address = |text: &str| -> Result<SocketAddr, String> {
        text.parse().map_err(|_| format!("'{text}' is not an address and a port, such as 127.0.0.1:7878"))
    };
    let listen = section.wanted(reader, "listen", &[], address, ToString::to_string);
    let read_token = optional_secret(&mut section, reader, ["read_token_env", "read_token_file"]);
    let act_token = optional_secret(&mut section, reader, ["act_token_env", "act_token_file"]);
    let names = |text: &str| Ok(text.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>());
    let hosts = section.wanted(reader, "hosts", &[], names, |names| names.join(", ")).unwrap_or_default();
    section.refuse_unknown(reader);
    ApiConfig { listen, read_token, act_token, hosts }
}
