//! What to do about what a venue does not answer, and about a key that it refuses, in the words of that venue's own pages.

use super::Weight;
use crate::config::{Account, VenueEnvironment};
use crate::venue::VenueName;
use plimsoll_ports::{NotSent, QueryError, RefusalReason};

/// What a venue has against us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Key,
    Secret,
    Passphrase,
    Clock,
    Address,
    Rights,
    World,
    AccountKind,
}

impl Cause {
    /// By the venue's code: no two venues have one in common.
    pub(crate) fn of(code: &str) -> Option<Self> {
        Some(match code {
            "-2014" | "-2015" | "INVALID_KEY" | "INVALID_CREDENTIALS" | "40006" | "40037" | "40041" | "30011" => {
                Self::Key
            }
            "-1022" | "INVALID_SIGNATURE" | "40009" | "30015" => Self::Secret,
            "40011" | "40012" | "40036" | "30012" => Self::Passphrase,
            "-1021" | "-5028" | "REQUEST_EXPIRED" | "40004" | "40005" | "40008" | "30013" | "30014" => Self::Clock,
            "IP_FORBIDDEN" | "40018" | "40038" => Self::Address,
            "READ_ONLY" | "FORBIDDEN" | "40014" => Self::Rights,
            "40099" => Self::World,
            "40084" | "40085" => Self::AccountKind,
            _ => return None,
        })
    }

    /// What to do, where it is not known which account it is about.
    pub(crate) const fn hint(self) -> &'static str {
        match self {
            Self::Key => {
                "The venue does not know the key: look at key_env (or key_file) and environment of the account."
            }
            Self::Secret => "The signature is wrong: secret_env (or secret_file) does not name the secret of this key.",
            Self::Passphrase => {
                "The passphrase is wrong: passphrase_env (or passphrase_file) has to name the one that was chosen when the \
                 key was made."
            }
            Self::Clock => "The clocks differ: synchronise this machine's (timedatectl set-ntp true).",
            Self::Address => "The key is not for this machine's address: add it to the key's list at the venue.",
            Self::Rights => "The key may not do this: give it the right to trade futures at the venue.",
            Self::World => "The key is of another environment: a demo key opens no live account, and the reverse.",
            Self::AccountKind => {
                "The account is of a kind that is not spoken to: the classic one is wanted, not the unified."
            }
        }
    }
}

/// The venue's own names for what has to be set there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    pub(crate) no_account: &'static str,
    pub(crate) multi_assets: &'static str,
    pub(crate) trade: &'static str,
    pub(crate) withdraw: &'static str,
    pub(crate) addresses: &'static str,
    pub(crate) fee_token: &'static str,
}

pub(crate) const fn words(venue: VenueName) -> Words {
    match venue {
        VenueName::Binance => Words {
            no_account: "open a futures account at Binance, and finish its checks",
            multi_assets: "at Binance: Preference, Asset Mode, Single-Asset Mode",
            trade: "at Binance, API Management: edit the key, Enable Futures",
            withdraw: "at Binance, API Management: edit the key, switch off Enable Withdrawals",
            addresses: "at Binance, API Management: edit the key, restrict it to this machine's address",
            fee_token: "at Binance: switch off the BNB discount of futures fees, for one currency in the ledger",
        },
        VenueName::Gateio => Words {
            no_account: "transfer something to the futures account at Gate.io, which opens it",
            multi_assets: "at Gate.io: go back from the unified to the classic account",
            trade: "at Gate.io, API Keys: edit the key, Perpetual Futures, Read And Write",
            withdraw: "at Gate.io, API Keys: edit the key, switch off Withdrawal",
            addresses: "at Gate.io, API Keys: edit the key, IP permissions: this machine's address",
            fee_token: "at Gate.io: switch off the deduction of fees in points or GT, for one currency in the ledger",
        },
        VenueName::Bitget => Words {
            no_account: "open USDT-M futures at Bitget, and finish its checks",
            multi_assets: "at Bitget, futures preferences: Asset mode, Single-asset mode",
            trade: "at Bitget, API Keys: edit the key, Read-write, Futures: Orders and Holdings",
            withdraw: "at Bitget, API Keys: edit the key, switch off Withdraw",
            addresses: "at Bitget, API Keys: edit the key, bind it to this machine's address",
            fee_token: "at Bitget: switch off the BGB discount of fees, for one currency in the ledger",
        },
    }
}

/// What to do where the requests of this time are spent.
pub(crate) const ONCE_REQUESTS_MAY_GO_OUT: &str =
    "run it again then: the venue has had enough requests of this machine, or the minute's are used up";

const WHEN_IT_ANSWERS: &str = "run it again when the venue answers";

/// What it means that a contract cannot be read: one that could not be asked for may well trade.
pub(crate) fn of_contract(error: &QueryError, account: &Account) -> (Weight, String, String) {
    let remedy = match error {
        QueryError::Unreachable(NotSent::Throttled { .. }) => ONCE_REQUESTS_MAY_GO_OUT,
        QueryError::Unreachable(NotSent::Disconnected(_) | NotSent::Unavailable(_)) | QueryError::Unreadable(_) => {
            WHEN_IT_ANSWERS
        }
        QueryError::Refused(_) | QueryError::Unreachable(NotSent::Invalid(_)) => {
            let remedy = format!("name contracts that trade under symbols in [accounts.{}]", account.name);
            return (Weight::Wrong, error.to_string(), remedy);
        }
    };
    (Weight::Warning, format!("whether it trades is not known: {error}"), remedy.to_owned())
}

/// What a refused key most likely is.
pub(crate) fn of_key(error: &QueryError, account: &Account) -> String {
    let refusal = match error {
        QueryError::Refused(refusal) => refusal,
        // The venue has been asked for its time, and dislikes what was signed by it.
        QueryError::Unreachable(NotSent::Unavailable(said)) if is_about_time(said) => return clock(),
        QueryError::Unreachable(NotSent::Throttled { .. }) => return ONCE_REQUESTS_MAY_GO_OUT.to_owned(),
        _ => return WHEN_IT_ANSWERS.to_owned(),
    };
    let (title, world) = (account.venue.title(), account.environment.as_str());
    match Cause::of(&refusal.code) {
        Some(Cause::Secret) => format!("the signature is wrong: is {} the secret of this key?", account.secret),
        Some(Cause::Passphrase) => format!(
            "is {} the passphrase of this key? It was chosen when the key was made, and is not the password of the account; \
             where it is, passphrase_env or passphrase_file in [accounts.{}] says. One that is forgotten is not shown again: \
             make a new key",
            account.passphrase.as_ref().map(ToString::to_string).unwrap_or_default(),
            account.name
        ),
        Some(Cause::Clock) => clock(),
        Some(Cause::Address) => words(account.venue).addresses.to_owned(),
        Some(Cause::Rights) => words(account.venue).trade.to_owned(),
        Some(Cause::World) => format!("{} is no key of {title}'s {world}: {}", account.key, other_world(account)),
        Some(Cause::AccountKind) => format!("the classic account is spoken to: leave the unified one at {title}"),
        None if refusal.reason != RefusalReason::NotAllowed => format!("ask {title} what its words mean"),
        Some(Cause::Key) | None => format!(
            "is {} a key of {title}'s {world} ({}), for futures, and allowed from this machine's address?",
            account.key,
            other_world(account)
        ),
    }
}

fn is_about_time(said: &str) -> bool {
    said.rsplit(['(', ')']).any(|code| Cause::of(code) == Some(Cause::Clock))
}

fn clock() -> String {
    "synchronise this machine's clock (timedatectl set-ntp true)".to_owned()
}

const fn other_world(account: &Account) -> &'static str {
    match (account.environment, account.venue) {
        (VenueEnvironment::Live, VenueName::Bitget) => "a key of demo trading is not one of the live venue",
        (VenueEnvironment::Live, _) => "a testnet key is not one of the live venue",
        (VenueEnvironment::Testnet, VenueName::Bitget) => "its keys are made in the demo mode of the web site",
        (VenueEnvironment::Testnet, _) => "a live key is not one of the testnet",
        (VenueEnvironment::Loopback, _) => "`plimsoll venue` prints the key that it takes",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Environment, Places};
    use plimsoll_ports::Refusal;

    fn account(venue: &str) -> Account {
        let passphrase = if venue == "bitget" { "passphrase_env = \"PASSPHRASE\"\n" } else { "" };
        let text = format!(
            "[accounts.main]\nvenue = \"{venue}\"\nenvironment = \"testnet\"\nkey_env = \"KEY\"\nsecret_env = \"SECRET\"\n{passphrase}"
        );
        let places = Places { file: "plimsoll.toml".to_owned(), state: "state".into() };
        Config::read(&text, &Environment::default(), &places).unwrap().accounts.remove(0)
    }

    fn check(venue: &str, code: &str, words: &str) {
        let refusal =
            Refusal { reason: RefusalReason::NotAllowed, code: code.to_owned(), message: "the venue's own".to_owned() };
        let remedy = of_key(&QueryError::Refused(refusal), &account(venue));
        assert!(remedy.contains(words), "{venue} {code}: {remedy}");
    }

    #[test]
    fn each_venue_is_told_what_to_do_in_its_own_words() {
        check("binance", "-2015", "KEY a key of Binance's testnet");
        check("binance", "-1022", "SECRET the secret of this key");
        check("binance", "-1021", "timedatectl");
        check("gateio", "INVALID_KEY", "KEY a key of Gate.io's testnet");
        check("gateio", "INVALID_SIGNATURE", "SECRET the secret of this key");
        check("gateio", "REQUEST_EXPIRED", "timedatectl");
        check("gateio", "IP_FORBIDDEN", "IP permissions");
        check("gateio", "READ_ONLY", "Perpetual Futures");
        check("bitget", "40037", "KEY a key of Bitget's testnet");
        check("bitget", "40009", "SECRET the secret of this key");
        check("bitget", "40012", "PASSPHRASE the passphrase of this key");
        check("bitget", "40012", "passphrase_env");
        check("bitget", "40008", "timedatectl");
        check("bitget", "40014", "Orders and Holdings");
        check("bitget", "40099", "demo mode");
        check("bitget", "99999", "KEY a key of Bitget's");
    }

    #[test]
    fn a_clock_that_asking_did_not_mend_is_told_so() {
        for code in ["-1021", "REQUEST_EXPIRED", "40008"] {
            let error =
                QueryError::Unreachable(NotSent::Unavailable(format!("the time (of this request) is wrong ({code})")));
            assert!(of_key(&error, &account("binance")).contains("timedatectl"), "{code}");
        }
        let other = QueryError::Unreachable(NotSent::Unavailable("Service Unavailable. (503)".to_owned()));
        assert!(of_key(&other, &account("binance")).contains("run it again"));
    }
}
