//! `plimsoll request`: the exact signed request, unsent.

mod action;

use crate::failure::Failure;
use crate::screen;
use crate::venue::VenueName;
use action::Action;
use clap::Args;
use plimsoll_binance::wire::Credentials;
use plimsoll_binance::wire::request::HttpRequest;
use plimsoll_domain::Timestamp;
use secrecy::SecretString;
use serde::Serialize;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

/// The exact signed request of an action, unsent.
///
/// Signs for the moment that --at names, so that a worked example can be reproduced to the byte. Nothing is sent.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll request --venue binance --key KEY --secret SECRET --at 1700000000000 \\
      place --symbol BTC/USDT:USDT --side buy --type limit --quantity 1 --price 9000")]
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
    /// Scheme and host of the venue
    #[arg(long, default_value = "https://fapi.binance.com")]
    base: String,
    /// Accepted for uniformity: the output is always JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    action: Action,
}

/// What signs a request, besides its action.
pub(crate) struct Signing<'a> {
    pub(crate) base: &'a str,
    pub(crate) credentials: Credentials,
    pub(crate) now: Timestamp,
    pub(crate) recv_window: Option<Duration>,
}

/// What an action becomes.
pub(crate) enum Outgoing {
    Http(HttpRequest),
    Socket(String),
}

impl Request {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let VenueName::Binance = self.venue;
        if self.passphrase.is_some() {
            return Err(Failure::usage("Binance has no passphrase"));
        }
        if !self.base.starts_with("https://") && !self.base.starts_with("http://") {
            return Err(Failure::usage(format!(
                "--base '{}' is no address such as https://fapi.binance.com",
                self.base
            )));
        }
        let signing = Signing {
            base: &self.base,
            credentials: Credentials { key: self.key, secret: self.secret },
            now: Timestamp::from_millis(self.at),
            recv_window: self.recv_window.map(Duration::from_millis),
        };
        match self.action.outgoing(&signing)? {
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
