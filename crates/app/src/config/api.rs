//! The dashboard and the API that `run` serves.

use super::account::{optional_secret, refuse_secrets};
use super::problem::Problem;
use super::reader::{Reader, Section};
use super::secret::SecretPlace;
use std::net::SocketAddr;

/// Where a token may be.
const TOKENS: [&str; 4] = ["read_token_env", "read_token_file", "act_token_env", "act_token_file"];

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
    refuse_secrets(
        &mut section,
        reader,
        &[("read_token", "read_token"), ("act_token", "act_token"), ("token", "act_token")],
    );
    let address = |text: &str| -> Result<SocketAddr, String> {
        text.parse().map_err(|_| format!("'{text}' is not an address and a port, such as 127.0.0.1:7878"))
    };
    let listen = section.wanted(reader, "listen", &[], address, ToString::to_string);
    let read_token = optional_secret(&mut section, reader, ["read_token_env", "read_token_file"]);
    let act_token = optional_secret(&mut section, reader, ["act_token_env", "act_token_file"]);
    let names = |text: &str| text.split(',').map(|name| host(name.trim())).collect::<Result<Vec<_>, _>>();
    let hosts = section.wanted(reader, "hosts", &[], names, |names| names.join(", ")).unwrap_or_default();
    if listen.is_some_and(|it| !it.ip().is_loopback())
        && !TOKENS.iter().any(|it| section.place_of(reader, it).is_some())
    {
        let path = section.full("listen");
        let what = "it can be reached from elsewhere, and no token is configured";
        let remedy = "listen on 127.0.0.1, or write act_token_env = \"NAME\" of a variable with a token \
                      (`openssl rand -hex 32` makes one), and put a proxy with TLS in front";
        reader.wrong(Problem::new(reader.origin_of(&path), &path, what, remedy));
    }
    section.refuse_unknown(reader);
    ApiConfig { listen, read_token, act_token, hosts }
}

/// The name of a machine, and not an address of it.
fn host(name: &str) -> Result<String, String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
    let is_one = !name.is_empty() && name.bytes().all(fits);
    is_one.then(|| name.to_owned()).ok_or_else(|| format!("'{name}' is no name of a machine alone"))
}
