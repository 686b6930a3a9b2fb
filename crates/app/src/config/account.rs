//! The accounts.

use super::limits;
use super::problem::{Origin, Problem, nearest};
use super::reader::{Reader, Section};
use super::secret::{SecretPlace, path_shown, variable_shown};
use super::word::share;
use crate::venue::{Places, VenueName};
use plimsoll_bitget::Protocol;
use plimsoll_domain::risk::LimitSettings;
use plimsoll_domain::{AccountId, Currency, Leverage, MarginMode, NotASymbol, PositionMode, Rate, Symbol};
use plimsoll_engine::{ForeignPolicy, UnverifiedStop};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// One account at one venue.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// Its name, also in the records.
    pub(crate) name: AccountId,
    /// Whose account it is.
    pub(crate) venue: VenueName,
    /// Whether it is real money.
    pub(crate) environment: VenueEnvironment,
    /// Scheme and host of REST.
    pub(crate) rest_url: String,
    /// Scheme and host of the sockets.
    pub(crate) socket_url: String,
    /// Scheme and host of the venue's wallet service, which tells what a key may do; `None` where there is none.
    pub(crate) wallet_url: Option<String>,
    /// Where the API key is.
    pub(crate) key: SecretPlace,
    /// Where its secret is.
    pub(crate) secret: SecretPlace,
    /// Where the key's passphrase is, on venues that have one.
    pub(crate) passphrase: Option<SecretPlace>,
    /// Bitget: which dialect of its private stream is spoken.
    pub(crate) protocol: Protocol,
    /// The currency that it is kept in.
    pub(crate) settle: Currency,
    /// How many positions a contract may have.
    pub(crate) position_mode: PositionMode,
    /// What backs new positions.
    pub(crate) margin_mode: MarginMode,
    /// The leverage that its contracts are set to while nothing is open in them; `None` leaves that to orders.
    pub(crate) leverage: Option<Leverage>,
    /// What to do with a position whose stop cannot be verified.
    pub(crate) unverified_stop: UnverifiedStop,
    /// What to do about positions and orders that are not ours.
    pub(crate) foreign: ForeignPolicy,
    /// The account whose days are those of paper trading, before this one is traded live.
    pub(crate) paper_account: Option<AccountId>,
    /// The contracts that it trades: `doctor` looks at each.
    pub(crate) symbols: Vec<Symbol>,
    /// Request weight a minute that this address may use.
    pub(crate) weight_limit: Option<u32>,
    /// The taker fee that is reckoned with.
    pub(crate) assumed_taker_fee: Rate,
    /// Its limits.
    pub(crate) limits: LimitSettings,
}

impl Account {
    /// What has to be kept secret of it, each by its name, and where that is.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = (&'static str, &SecretPlace)> {
        let passphrase = self.passphrase.as_ref().map(|place| ("passphrase", place));
        [("key", &self.key), ("secret", &self.secret)].into_iter().chain(passphrase)
    }
}

/// Which of a venue's worlds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VenueEnvironment {
    /// Real money.
    Live,
    /// The venue's own demo.
    Testnet,
    /// A simulated venue on this machine.
    Loopback,
}

impl VenueEnvironment {
    const WORDS: [(&'static str, Self); 3] =
        [("live", Self::Live), ("testnet", Self::Testnet), ("loopback", Self::Loopback)];

    /// The word for it.
    pub(crate) fn as_str(self) -> &'static str {
        word_of(&Self::WORDS, self)
    }
}

const FOREIGN: [(&str, ForeignPolicy); 3] =
    [("adopt", ForeignPolicy::Adopt), ("watch", ForeignPolicy::Watch), ("ignore", ForeignPolicy::Ignore)];

const UNVERIFIED: [(&str, UnverifiedStop); 2] = [("close", UnverifiedStop::Close), ("keep", UnverifiedStop::Keep)];

/// Names under which people write secrets into files.
const SECRETS: [&str; 6] = ["key", "secret", "api_key", "api_secret", "password", "passphrase"];

/// Every table below `[accounts]`.
pub(super) fn read_all(root: &mut Section<'_>, reader: &mut Reader<'_>, limits: &LimitSettings) -> Vec<Account> {
    let section = root.section(reader, "accounts");
    let mut accounts = Vec::new();
    for (name, span, table) in section.sections(reader) {
        let origin = reader.at(span);
        if !is_name(&name) {
            let remedy = "use small letters, digits, - and _, at most 32 of them";
            reader.wrong(Problem::new(origin.clone(), &table.path, format!("'{name}' is no name"), remedy));
        }
        accounts.extend(read(&name, &origin, table, reader, limits));
    }
    if accounts.is_empty() && reader.problems.is_empty() {
        let remedy = "write [accounts.main] with venue, environment, key_env, secret_env and, for Bitget, passphrase_env: see \
             `plimsoll config example`";
        let origin = root.place_of(reader, "accounts").unwrap_or_else(|| reader.at(0..0));
        reader.wrong(Problem::new(origin, "accounts", "no account is configured", remedy));
    }
    accounts
}

pub(super) fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    (1..=32).contains(&name.len()) && name.bytes().all(fits)
}

fn read(
    name: &str,
    origin: &Origin,
    mut section: Section<'_>,
    reader: &mut Reader<'_>,
    limits: &LimitSettings,
) -> Option<Account> {
    refuse_secrets(&mut section, reader);
    let venue = of_words(&VenueName::WORDS);
    let venue = section.read(reader, "venue", &[], VenueName::Binance, venue, VenueName::to_string);
    let environment = of_words(&VenueEnvironment::WORDS);
    let environment = section.wanted(reader, "environment", &[], environment, |it| it.as_str().to_owned());
    if environment.is_none() && section.place_of(reader, "environment").is_none() {
        let remedy = "write environment = \"testnet\", \"loopback\" or \"live\"";
        reader.wrong(Problem::new(origin.clone(), &section.path, "which environment is it?", remedy));
    }
    let urls = read_urls(&mut section, reader, origin, venue, environment);
    let key = read_secret(&mut section, reader, origin, ["key_env", "key_file"]);
    let secret = read_secret(&mut section, reader, origin, ["secret_env", "secret_file"]);
    let passphrase = if venue.has_passphrase() {
        Some(read_secret(&mut section, reader, origin, ["passphrase_env", "passphrase_file"]))
    } else {
        None
    };
    let protocol = if venue == VenueName::Bitget {
        let known = |text: &str| text.parse::<Protocol>().map_err(|unknown| unknown.to_string());
        section.read(reader, "protocol", &[], Protocol::V2, known, Protocol::to_string)
    } else {
        Protocol::V2
    };
    let unverified = of_words(&UNVERIFIED);
    let foreign = of_words(&FOREIGN);
    let settle =
        section.read(reader, "settle", &[], Currency::new("USDT"), |text| Ok(Currency::new(text)), Currency::to_string);
    let position_mode = section.value(reader, "position_mode", &[], PositionMode::OneWay);
    let margin_mode = section.value(reader, "margin_mode", &[], MarginMode::Isolated);
    let leverage = |text: &str| text.parse::<Leverage>().map_err(|error| error.to_string());
    let leverage = section.wanted(reader, "leverage", &[], leverage, Leverage::to_string);
    let unverified_stop = section
        .read(reader, "unverified_stop", &[], UnverifiedStop::Close, unverified, |it| word_of(&UNVERIFIED, *it).into());
    let foreign =
        section.read(reader, "foreign", &[], ForeignPolicy::Adopt, foreign, |it| word_of(&FOREIGN, *it).to_owned());
    let named = |text: &str| if is_name(text) { Ok(AccountId::new(text)) } else { Err(format!("'{text}' is no name")) };
    let paper_account = section.wanted(reader, "paper_account", &[], named, AccountId::to_string);
    let fee = Rate::new(plimsoll_domain::Decimal::new(5, 4));
    let assumed_taker_fee = section.read(reader, "assumed_taker_fee", &[], fee, share, Rate::to_string);
    let weight_limit = read_weight_limit(&mut section, reader, venue, environment);
    let usual = Symbol::new("BTC", "USDT", "USDT").into_iter().collect();
    let symbols = section.read(reader, "symbols", &[], usual, symbols, |them| listed(them));
    refuse_strange_settle(&settle, &symbols, &section, reader);
    let own = section.section(reader, "limits");
    let limits = limits::read(own, reader, Some(limits));
    section.refuse_unknown(reader);
    let (rest_url, socket_url, wallet_url) = urls?;
    Some(Account {
        name: AccountId::new(name),
        venue,
        environment: environment?,
        rest_url,
        socket_url,
        wallet_url,
        key: key?,
        secret: secret?,
        protocol,
        passphrase: passphrase.map_or(Some(None), |place| place.map(Some))?,
        settle,
        position_mode,
        margin_mode,
        leverage,
        unverified_stop,
        foreign,
        paper_account,
        symbols,
        weight_limit,
        assumed_taker_fee,
        limits,
    })
}

/// Of a currency that the account never holds its equity would be 0, and everything would be judged by that.
fn refuse_strange_settle(settle: &Currency, symbols: &[Symbol], section: &Section<'_>, reader: &mut Reader<'_>) {
    let path = section.full("settle");
    let said_of_symbols = reader.origin_of(&section.full("symbols"));
    let (what, remedy) = match symbols.first().filter(|_| said_of_symbols != Origin::Default) {
        Some(_) if symbols.iter().any(|symbol| symbol.settle() == settle.as_str()) => return,
        Some(first) => {
            let theirs: BTreeSet<&str> = symbols.iter().map(Symbol::settle).collect();
            let theirs = theirs.into_iter().collect::<Vec<_>>().join(", ");
            let what = format!("it is '{settle}', while the account's symbols settle in {theirs}");
            (what, format!("write settle = \"{}\", or other symbols", first.settle()))
        }
        None if is_currency(settle.as_str()) => return,
        None => {
            let what = format!("'{settle}' is no currency: capital letters and digits");
            (what, "write it as the venue does, like settle = \"USDT\"".to_owned())
        }
    };
    let origin = match reader.origin_of(&path) {
        Origin::Default => said_of_symbols,
        origin => origin,
    };
    reader.wrong(Problem::new(origin, &path, what, remedy));
}

fn is_currency(code: &str) -> bool {
    !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Binance counts requests by their weight, and lets its users buy more of it; others count them by the endpoint.
fn read_weight_limit(
    section: &mut Section<'_>,
    reader: &mut Reader<'_>,
    venue: VenueName,
    environment: Option<VenueEnvironment>,
) -> Option<u32> {
    const NAME: &str = "weight_limit";
    if venue == VenueName::Binance {
        let usual = if environment == Some(VenueEnvironment::Testnet) { 6000 } else { 2400 };
        return Some(section.read(reader, NAME, &[], usual, weight, u32::to_string));
    }
    if let Some(origin) = section.place_of(reader, NAME) {
        section.knows(NAME);
        let what = format!("{} knows no request weight", venue.title());
        let remedy = "take it out: it is Binance's, and the limits of other venues are kept without it";
        reader.wrong(Problem::new(origin, &format!("{}.{NAME}", section.path), what, remedy));
    }
    None
}

/// A secret in the file would be in every backup of it.
fn refuse_secrets(section: &mut Section<'_>, reader: &mut Reader<'_>) {
    for name in SECRETS {
        if let Some(origin) = section.place_of(reader, name) {
            section.knows(name);
            let kind = if name.contains("key") { "key" } else { "secret" };
            let remedy = format!(
                "take it out, treat it as known to others, and say where the new one is: {kind}_env = \"NAME\" of an \
                 environment variable, or {kind}_file = \"/path\" that only you may read"
            );
            reader.wrong(Problem::new(origin, &format!("{}.{name}", section.path), "a secret is written here", remedy));
        }
    }
}

type Urls = (String, String, Option<String>);

fn read_urls(
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
        (scheme, _) if scheme == plain && !local => Err(format!("{plain} is for this machine only: use {safe}")),
        _ => Ok(text.trim_end_matches('/').to_owned()),
    }
}

fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let name = if host.starts_with('[') { host.split(']').next().unwrap_or_default() } else { name };
    name == "localhost" || name == "[::1" || name.parse().is_ok_and(|it: std::net::Ipv4Addr| it.is_loopback())
}

/// Exactly one of the two ways to say where a secret is.
/// Where a secret is that need not be anywhere.
pub(super) fn optional_secret(
    section: &mut Section<'_>,
    reader: &mut Reader<'_>,
    names: [&'static str; 2],
) -> Option<SecretPlace> {
    let is_given = names.iter().any(|name| section.place_of(reader, name).is_some());
    if is_given {
        let origin = names.iter().find_map(|name| section.place_of(reader, name)).unwrap_or(Origin::Default);
        return read_secret(section, reader, &origin, names);
    }
    names.into_iter().for_each(|name| section.knows(name));
    None
}

fn read_secret(
    section: &mut Section<'_>,
    reader: &mut Reader<'_>,
    account: &Origin,
    names: [&'static str; 2],
) -> Option<SecretPlace> {
    let [env, file] = names;
    let variable = section.wanted(reader, env, &[], variable_name, |name| variable_shown(name).to_owned());
    let path = section.wanted(reader, file, &[], |text| Ok(PathBuf::from(text)), |path| path_shown(path));
    let given = [env, file].iter().filter(|name| section.place_of(reader, name).is_some()).count();
    match (variable, path) {
        (Some(variable), None) => Some(SecretPlace::Variable(variable)),
        (None, Some(path)) => Some(SecretPlace::File(path)),
        (Some(_), Some(_)) => {
            let remedy = format!("keep one of {env} and {file}");
            reader.wrong(Problem::new(
                account.clone(),
                &section.path,
                "the secret is said to be in two places",
                remedy,
            ));
            None
        }
        (None, None) => {
            if given == 0 {
                let what = format!("{env} or {file} is missing");
                let remedy = format!("write {env} = \"NAME\" of the environment variable, or {file} = \"/path\"");
                reader.wrong(Problem::new(account.clone(), &section.path, what, remedy));
            }
            None
        }
    }
}

/// The name of a variable, and not what somebody has pasted instead of it.
fn variable_name(text: &str) -> Result<String, String> {
    let is_name = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    let starts = text.bytes().next().is_some_and(|byte| byte.is_ascii_uppercase() || byte == b'_');
    if is_name && starts && text.len() <= 48 {
        Ok(text.to_owned())
    } else {
        Err("not the name of an environment variable: capital letters, digits and _ (is it the secret itself?)".into())
    }
}

fn weight(text: &str) -> Result<u32, String> {
    let weight = text.parse().ok().filter(|weight| (1000..=1_000_000).contains(weight));
    weight.ok_or_else(|| format!("'{text}' is no whole number from 1000 to 1000000"))
}

/// Symbols with commas between them.
fn symbols(text: &str) -> Result<Vec<Symbol>, String> {
    text.split(',').map(|symbol| symbol.trim().parse().map_err(|error: NotASymbol| error.to_string())).collect()
}

fn listed(symbols: &[Symbol]) -> String {
    symbols.iter().map(Symbol::to_string).collect::<Vec<_>>().join(", ")
}

fn of_words<T: Copy>(words: &'static [(&'static str, T)]) -> impl Fn(&str) -> Result<T, String> {
    move |text| {
        let known = words.iter().map(|(word, _)| *word);
        let meant = nearest(text, known.clone()).map(|meant| format!(", did you mean {meant}?")).unwrap_or_default();
        let names = known.collect::<Vec<_>>().join(", ");
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        found.ok_or_else(|| format!("unknown word '{text}'{meant} (known are {names})"))
    }
}

fn word_of<T: Copy + PartialEq>(words: &[(&'static str, T)], value: T) -> &'static str {
    words.iter().find(|(_, known)| *known == value).map_or("", |(word, _)| *word)
}
