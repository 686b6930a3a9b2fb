//! Where a venue is.

use super::account::VenueEnvironment;
use super::problem::{Origin, Problem};
use super::reader::{Reader, Section};
use crate::venue::{Places, VenueName};

/// Of REST, of the sockets, and of the wallet service where there is one.
type Urls = (String, String, Option<String>);

pub(super) fn read(
    section: &mut Section<'_>,
    reader: &mut Reader<'_>,
    account: &Origin,
    venue: VenueName,
    environment: Option<VenueEnvironment>,
) -> Option<Urls> {
    let Places { rest, sockets, wallet } = environment.map(|it| venue.places(it)).unwrap_or_default();
    let mut one = |name, schemes: [&'static str; 2], usual: Option<&str>, is_needed: bool| {
        let check = move |text: &str| url(text, schemes, environment);
        let given = section.wanted(reader, name, &[], check, String::clone);
        let url = given.or_else(|| usual.map(str::to_owned));
        if url.is_none() && is_needed && section.place_of(reader, name).is_none() {
            let (path, example) = (format!("{}.{name}", section.path), format!("{}://127.0.0.1:8545", schemes[1]));
            let remedy = format!("write {name} = \"{example}\", as `plimsoll venue` prints it");
            reader.wrong(Problem::new(account.clone(), &path, "where is the simulated venue?", remedy));
        }
        url
    };
    let is_needed = environment == Some(VenueEnvironment::Loopback);
    let rest = one("rest_url", ["https", "http"], rest, is_needed);
    let socket = one("socket_url", ["wss", "ws"], sockets, is_needed);
    let wallet = one("wallet_url", ["https", "http"], wallet, false);
    Some((rest?, socket?, wallet))
}

/// Plain text only on this machine: everywhere else the line is encrypted.
fn url(text: &str, schemes: [&str; 2], environment: Option<VenueEnvironment>) -> Result<String, String> {
    let [safe, plain] = schemes;
    let (scheme, rest) = text.split_once("://").ok_or_else(|| format!("'{text}' is no address: {safe}://host"))?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let local = is_loopback(host);
    match (scheme, environment) {
        _ if host.contains('@') => Err("it names no host alone: take out what stands before the @".to_owned()),
        _ if host.is_empty() => Err(format!("'{text}' names no host")),
        (scheme, _) if scheme != safe && scheme != plain => Err(format!("'{scheme}' is neither {safe} nor {plain}")),
        (_, Some(VenueEnvironment::Loopback)) if !local => Err(format!("'{host}' is not on this machine")),
        (_, Some(VenueEnvironment::Live)) if local => Err("the live venue is not on this machine".to_owned()),
        (scheme, _) if scheme == plain && !local => {
            Err(format!("{plain} is for this machine only: use {safe}, or leave it out for the venue's own"))
        }
        _ => Ok(text.trim_end_matches('/').to_owned()),
    }
}

fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let name = if host.starts_with('[') { host.split(']').next().unwrap_or_default() } else { name };
    name == "localhost" || name == "[::1" || name.parse().is_ok_and(|it: std::net::Ipv4Addr| it.is_loopback())
}
