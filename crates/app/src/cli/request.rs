//! `plimsoll request`: the exact signed request, unsent.

mod action;
mod binance;
mod bitget;
pub(super) mod gateio;

use crate::config::VenueEnvironment;
use crate::failure::Failure;
use crate::screen;
use crate::venue::VenueName;
use action::Action;
use clap::Args;
use plimsoll_bitget::wire::Protocol;
use plimsoll_domain::{MarginMode, PositionMode, Timestamp};
use plimsoll_venue::{HttpRequest, Method};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// The exact signed request of an action, unsent.
///
/// Signs for the moment that --at names, so that a worked example can be reproduced to the byte. Nothing is sent.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll request --venue binance --key KEY --secret SECRET \\
      --at 1700000000000 place --symbol BTC/USDT:USDT --side buy \\
      --type limit --quantity 1 --price 9000")]
pub(crate) struct Request {
    /// The venue that it is for
    #[arg(long)]
    venue: VenueName,
    /// The API key
    #[arg(long, env = "PLIMSOLL_KEY", hide_env_values = true, default_value = "")]
    key: SecretString,
    /// The API secret
    #[arg(long, env = "PLIMSOLL_SECRET", hide_env_values = true, default_value = "")]
    secret: SecretString,
    /// The passphrase, on venues that have one
    #[arg(long, env = "PLIMSOLL_PASSPHRASE", hide_env_values = true)]
    passphrase: Option<SecretString>,
    /// The moment it is signed for, in milliseconds since 1970
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(i64).range(0..))]
    at: i64,
    /// How long after that moment the venue may still take it, in milliseconds
    #[arg(long)]
    recv_window: Option<u64>,
    /// Scheme and host of the venue; without it the live one, to which nothing is sent
    #[arg(long)]
    base: Option<String>,
    /// The account's position mode, where requests depend on it (Gate.io, Bitget)
    #[arg(long, default_value = "one_way")]
    position_mode: PositionMode,
    /// The contract's margin mode, where requests depend on it (Gate.io, Bitget)
    #[arg(long, default_value = "isolated")]
    margin_mode: MarginMode,
    /// The venue's own list of contracts, where orders count in contracts (Gate.io); without it one is one base unit
    #[arg(long, value_name = "FILE")]
    instruments: Option<PathBuf>,
    /// Which dialect of the private stream (Bitget): v2, or mix-v1
    #[arg(long, default_value = "v2")]
    dialect: Protocol,
    /// Accepted for uniformity: the output is always JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    action: Action,
}

/// What signs a request, besides its action.
struct Signing {
    base: String,
    key: SecretString,
    secret: SecretString,
    passphrase: Option<SecretString>,
    now: Timestamp,
    recv_window: Option<Duration>,
}

impl Signing {
    /// Refuses where nobody has given a key: the venue would.
    fn with_key(&self) -> Result<(), Failure> {
        present(&self.key, "--key (or PLIMSOLL_KEY)")
    }

    /// Refuses where nobody has given a secret: an empty one signs as well as any, to be refused by the venue only.
    fn with_secret(&self) -> Result<(), Failure> {
        present(&self.secret, "--secret (or PLIMSOLL_SECRET)")
    }
}

fn present(secret: &SecretString, what: &str) -> Result<(), Failure> {
    if secret.expose_secret().is_empty() { Err(Failure::usage(format!("this request needs {what}"))) } else { Ok(()) }
}

/// How the account is set, where the form of a request depends on it.
#[derive(Debug, Clone, Copy)]
struct Modes {
    position: PositionMode,
    margin: MarginMode,
}

/// The method of this name.
fn method(name: &str) -> Result<Method, Failure> {
    let known = [Method::Get, Method::Post, Method::Put, Method::Delete];
    let found = known.into_iter().find(|known| known.as_str() == name);
    found.ok_or_else(|| Failure::usage(format!("unknown method '{name}': known are GET, POST, PUT, DELETE")))
}

/// What an action becomes.
enum Outgoing {
    Http(HttpRequest),
    Socket(String),
}

/// As seconds this is the year 5138, as milliseconds 1973: whoever means either means something larger or smaller.
const EARLIEST_LIKELY: i64 = 100_000_000_000;

impl Request {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let live = self.venue.places(VenueEnvironment::Live).rest.unwrap_or_default();
        let base = self.base.clone().unwrap_or_else(|| live.to_owned());
        if !base.starts_with("https://") && !base.starts_with("http://") {
            return Err(Failure::usage(format!("--base '{base}' is no address such as {live}")));
        }
        if (1..EARLIEST_LIKELY).contains(&self.at) {
            let at = self.at;
            let remark =
                format!("note: --at is in milliseconds, and {at} of them are a moment of 1970 to 1973: seconds?");
            // No request is lost over a remark that cannot be made.
            drop(writeln!(std::io::stderr(), "{remark}"));
        }
        let Self { key, secret, passphrase, .. } = &self;
        let (key, secret, passphrase) = (key.clone(), secret.clone(), passphrase.clone());
        let (now, recv_window) = (Timestamp::from_millis(self.at), self.recv_window.map(Duration::from_millis));
        let signing = Signing { base, key, secret, passphrase, now, recv_window };
        let modes = Modes { position: self.position_mode, margin: self.margin_mode };
        let outgoing = match self.venue {
            VenueName::Binance => binance::outgoing(&self.action, &signing),
            VenueName::Gateio => gateio::outgoing(&self.action, &signing, modes, self.instruments.as_deref()),
            VenueName::Bitget => bitget::outgoing(&self.action, &signing, modes, self.dialect),
        };
        match outgoing? {
            Outgoing::Http(request) => screen::json(&Http::of(&request)),
            Outgoing::Socket(message) => screen::json(&Socket { message: &message }),
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Serialize)]
struct Http<'a> {
    method: &'a str,
    url: &'a str,
    headers: BTreeMap<&'a str, &'a str>,
    body: Option<&'a str>,
}

#[derive(Serialize)]
struct Socket<'a> {
    message: &'a str,
}

impl<'a> Http<'a> {
    fn of(request: &'a HttpRequest) -> Self {
        Self {
            method: request.method.as_str(),
            url: &request.url,
            headers: request.headers.iter().map(|(name, value)| (*name, value.as_str())).collect(),
            body: request.body.as_deref(),
        }
    }
}
