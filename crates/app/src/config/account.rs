//! The accounts.

use super::limits;
use super::problem::{Origin, Problem, nearest};
use super::reader::{Reader, Section};
use super::secret::{SecretPlace, path_shown, variable_shown};
use super::venue_address;
use super::word::share;
use crate::venue::VenueName;
use plimsoll_bitget::Protocol;
use plimsoll_domain::risk::LimitSettings;
use plimsoll_domain::{AccountId, Currency, Leverage, MarginMode, PositionMode, Rate, Symbol};
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
    /// Whether one key would make it one account with `other`.
    pub(crate) fn is_beside(&self, other: &Self) -> bool {
        let place = |it: &Self| (it.venue, it.rest_url.clone(), it.settle.clone());
        place(self) == place(other)
    }

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

/// Names under which people write secrets into files, and under which the place of each is written.
const SECRETS: [(&str, &str); 6] = [
    ("key", "key"),
    ("secret", "secret"),
    ("api_key", "key"),
    ("api_secret", "secret"),
    ("password", "secret"),
    ("passphrase", "passphrase"),
];

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
    refuse_twins(&accounts, reader);
    if accounts.is_empty() && reader.problems.is_empty() {
        let remedy = "write [accounts.main] with venue, environment, key_env, secret_env and, for Bitget, passphrase_env: see \
             `plimsoll config example`";
        let origin = root.place_of(reader, "accounts").unwrap_or_else(|| reader.at(0..0));
        reader.wrong(Problem::new(origin, "accounts", "no account is configured", remedy));
    }
    accounts
}

/// Two accounts with one key are one account at the venue: each would take the other's orders for those of strangers.
fn refuse_twins(accounts: &[Account], reader: &mut Reader<'_>) {
    for (index, account) in accounts.iter().enumerate() {
        let Some(twin) = accounts.iter().take(index).find(|other| account.is_beside(other) && account.key == other.key)
        else {
            continue;
        };
        let setting = account.key.setting(&account.name, "key");
        let what =
            format!("account '{}' has the same key: both are one account at {}", twin.name, account.venue.title());
        let remedy = "give each account a key of its own, or keep one of the two";
        reader.wrong(Problem::new(reader.origin_of(&setting), &setting, what, remedy));
    }
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
    refuse_secrets(&mut section, reader, &SECRETS);
    let venue = of_words(&VenueName::WORDS);
    let venue = section.read(reader, "venue", &[], VenueName::Binance, venue, VenueName::to_string);
    let environment = of_words(&VenueEnvironment::WORDS);
    let environment = section.wanted(reader, "environment", &[], environment, |it| it.as_str().to_owned());
    if environment.is_none() && section.place_of(reader, "environment").is_none() {
        let remedy = "write environment = \"testnet\", \"loopback\" or \"live\"";
        reader.wrong(Problem::new(origin.clone(), &section.path, "which environment is it?", remedy));
    }
    let urls = venue_address::read(&mut section, reader, origin, venue, environment);
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
        section.knows(reader, NAME);
        let what = format!("{} knows no request weight", venue.title());
        let remedy = "take it out: it is Binance's, and the limits of other venues are kept without it";
        reader.wrong(Problem::new(origin, &format!("{}.{NAME}", section.path), what, remedy));
    }
    None
}

/// A secret in the file would be in every backup of it.
pub(super) fn refuse_secrets(section: &mut Section<'_>, reader: &mut Reader<'_>, names: &[(&'static str, &str)]) {
    for (name, kind) in names {
        if let Some(origin) = section.place_of(reader, name) {
            section.knows(reader, name);
            let remedy = format!(
                "take it out, treat it as known to others, and say where the new one is: {kind}_env = \"NAME\" of an \
                 environment variable, or {kind}_file = \"/path\" that only you may read"
            );
            reader.wrong(Problem::new(origin, &section.full(name), "a secret is written here", remedy));
        }
    }
}

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
    names.into_iter().for_each(|name| section.knows(reader, name));
    None
}

/// Exactly one of the two ways to say where a secret is.
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
            let is_plain = |(name, kind): &(&str, &str)| {
                section.place_of(reader, name).is_some() && env.strip_suffix("_env") == Some(*kind)
            };
            // Whoever wrote the secret itself is told so.
            if given == 0 && !SECRETS.iter().any(is_plain) {
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
    let mut symbols: Vec<Symbol> = Vec::new();
    let mut wrong = Vec::new();
    for word in text.split(',').map(str::trim) {
        match word.parse::<Symbol>() {
            Ok(symbol) if symbols.contains(&symbol) => wrong.push(format!("{symbol} is named twice")),
            Ok(symbol) => symbols.push(symbol),
            Err(error) => wrong.push(error.to_string()),
        }
    }
    if wrong.is_empty() { Ok(symbols) } else { Err(wrong.join("; ")) }
}

fn listed(symbols: &[Symbol]) -> String {
    symbols.iter().map(Symbol::to_string).collect::<Vec<_>>().join(", ")
}

pub(super) fn of_words<T: Copy>(words: &'static [(&'static str, T)]) -> impl Fn(&str) -> Result<T, String> {
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
