//! An address that something is sent to: often a secret itself, since whoever knows it may write there.

use super::account::optional_secret;
use super::problem::{Origin, Problem};
use super::reader::{Environment, Reader, Section};
use super::secret::{NoSecret, SecretPlace};
use secrecy::{ExposeSecret, SecretString};

/// Where an address is.
#[derive(Debug, Clone)]
pub(crate) enum Address {
    /// It is written in the configuration.
    Written(SecretString),
    /// It is kept like any other secret.
    Kept(SecretPlace),
}

impl Address {
    /// Whether both are written in the configuration itself, and not the same.
    pub(crate) fn differs(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Written(one), Self::Written(other)) => one.expose_secret() != other.expose_secret(),
            _ => false,
        }
    }

    /// The address.
    ///
    /// # Errors
    /// [`NoSecret`] if there is none, or if others than its owner may read it.
    pub(crate) fn read(&self, environment: &Environment) -> Result<SecretString, NoSecret> {
        match self {
            Self::Written(address) => Ok(address.clone()),
            Self::Kept(place) => place.read(environment),
        }
    }
}

/// The `url` of a section, or where it is kept; `None` where neither is said, which is a problem of a section that is there.
pub(super) fn read(section: &mut Section<'_>, reader: &mut Reader<'_>, written_at: Option<Origin>) -> Option<Address> {
    let before = reader.problems.len();
    let written = section.wanted(reader, "url", &[], begins_like_one, |address| shown(address));
    let kept = optional_secret(section, reader, ["url_env", "url_file"]);
    let origin = written_at.clone().unwrap_or(Origin::Default);
    match (written, kept) {
        (Some(address), None) => Some(Address::Written(address.into())),
        (None, Some(place)) => Some(Address::Kept(place)),
        (Some(_), Some(_)) => {
            let remedy = "keep one of url, url_env and url_file";
            reader.wrong(Problem::new(origin, &section.path, "the address is said to be in two places", remedy));
            None
        }
        (None, None) => {
            if written_at.is_some() && reader.problems.len() == before {
                let remedy = "write url = \"https://…\", or url_env or url_file to keep it out of here";
                reader.wrong(Problem::new(origin, &section.path, "an address is missing", remedy));
            }
            None
        }
    }
}

fn begins_like_one(text: &str) -> Result<String, String> {
    let refused = || "not an address that may be told: https://host/…, or http:// to this machine".to_owned();
    plimsoll_alerts::host_of(text).map(|_| text.to_owned()).ok_or_else(refused)
}

/// As much of it as may be shown: neither its path nor a password in it.
fn shown(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or_default();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}/…")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{MINIMAL, config, problems};
    use super::*;

    #[test]
    fn an_address_is_written_or_kept_and_shown_without_what_is_secret_of_it() {
        let text = "[webhook]\nurl = \"https://me:hunter2@alerts.example/hunter2?key=hunter2\"\nsecret_env = \"S\"\n\
                    [heartbeat]\nurl_env = \"BEAT\"\nevery = \"30s\"\n";
        let it = config(&format!("{MINIMAL}{text}"), &[("BEAT", "http://127.0.0.1:9/beat")]);
        let (webhook, heartbeat) = (it.webhook.as_ref().unwrap(), it.heartbeat.as_ref().unwrap());
        assert!(webhook.secret.is_some());
        let environment = Environment::from([("BEAT".to_owned(), "http://127.0.0.1:9/beat".to_owned())]);
        let read = |address: &Address| address.read(&environment).unwrap().expose_secret().to_owned();
        assert_eq!(read(&webhook.address), "https://me:hunter2@alerts.example/hunter2?key=hunter2");
        assert_eq!((read(&heartbeat.address).as_str(), heartbeat.every.as_secs()), ("http://127.0.0.1:9/beat", 30));
        let shown = it.shown.iter().find(|it| it.setting == "webhook.url").unwrap();
        assert_eq!(shown.value, "https://alerts.example/…");
        assert!(!format!("{it:?}").contains("hunter2"));
        let without = config(MINIMAL, &[]);
        assert!(without.webhook.is_none() && without.heartbeat.is_none());
        let by_environment = config(MINIMAL, &[("PLIMSOLL_HEARTBEAT_URL", "https://beat.example/1")]);
        assert_eq!(by_environment.heartbeat.unwrap().every.as_secs(), 60);
    }

    #[test]
    fn a_section_without_its_address_or_with_two_is_refused() {
        for (text, sentence) in [
            ("[webhook]\nsecret_env = \"S\"\n", "webhook: an address is missing"),
            ("[heartbeat]\nevery = \"1m\"\n", "heartbeat: an address is missing"),
            (
                "[heartbeat]\nurl = \"https://a.example\"\nurl_env = \"B\"\n",
                "heartbeat: the address is said to be in two",
            ),
            ("[heartbeat]\nurl = \"hunter2\"\n", "heartbeat.url: not an address"),
            ("[heartbeat]\nurl_env = \"B\"\nevery = \"0s\"\n", "heartbeat.every"),
            ("[webhook]\nurl_env = \"A\"\nsecrets = \"x\"\n", "webhook.secrets"),
        ] {
            let said = problems(&format!("{MINIMAL}{text}"), &[]);
            assert!(said.contains(sentence) && !said.contains("hunter2"), "{text}: {said}");
        }
    }
}
