//! `plimsoll config`: an example, a check, what is in force, and every setting for people and for editors.

use crate::config::{self, Config, Problem, Shown, find};
use crate::failure::Failure;
use crate::screen::{self, counted};
use crate::surface;
use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;

/// The configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigVerb {
    /// Print a commented configuration with every setting
    Example,
    /// Print every setting on one page, in Markdown: what may be written, the default, the environment, what it means
    Reference,
    /// Print a JSON schema of the configuration, for editors
    Schema,
    /// Say everything that is wrong with the configuration, each with its place and remedy
    Check(WhichFile),
    /// Print what is in force, and where each value comes from; secrets are not shown
    Show(WhichFile),
}

/// Which configuration.
#[derive(Debug, Args)]
pub(crate) struct WhichFile {
    /// The configuration file; without it PLIMSOLL_CONFIG, plimsoll.toml here, or ~/.config/plimsoll/plimsoll.toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Checked<'a> {
    file: String,
    ok: bool,
    problems: &'a [Problem],
}

#[derive(Serialize)]
struct Effective<'a> {
    file: String,
    settings: &'a [Shown],
}

impl ConfigVerb {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Example => screen::line(config::example::EXAMPLE.trim_end()).map(|()| ExitCode::SUCCESS),
            Self::Reference => screen::line(config::reference::page().trim_end()).map(|()| ExitCode::SUCCESS),
            Self::Schema => screen::line(format!("{:#}", config::schema::schema())).map(|()| ExitCode::SUCCESS),
            Self::Check(which) => which.check(),
            Self::Show(which) => which.show(),
        }
    }
}

impl WhichFile {
    fn read(&self) -> Result<find::Read, Failure> {
        find::read(self.config.as_deref(), find::environment())
            .map_err(|error| Failure::usage(error.what).help(error.remedy))
    }

    /// Reads everything, the secrets too: a variable that is not set is found now, and not with the first order.
    fn check(&self) -> Result<ExitCode, Failure> {
        let read = self.read()?;
        let problems = match read.config() {
            Ok(config) => wrong_secrets(&config, &read.environment),
            Err(problems) => problems,
        };
        let ok = problems.is_empty();
        if self.json {
            screen::json(&Checked { file: read.file.display().to_string(), ok, problems: &problems })?;
        } else if ok {
            screen::line(format!("{}: no problem found", read.file.display()))?;
        } else {
            for problem in &problems {
                screen::line(problem)?;
            }
            screen::line(format!("{} to be mended", counted(problems.len(), "problem")))?;
        }
        Ok(if ok { ExitCode::SUCCESS } else { ExitCode::from(2) })
    }

    fn show(&self) -> Result<ExitCode, Failure> {
        let read = self.read()?;
        let config = read.config().map_err(|problems| refused(&problems))?;
        if self.json {
            screen::json(&Effective { file: read.file.display().to_string(), settings: &config.shown })?;
            return Ok(ExitCode::SUCCESS);
        }
        let width = |of: fn(&Shown) -> &str| config.shown.iter().map(|it| of(it).chars().count()).max().unwrap_or(0);
        let (name, value) = (width(|it| &it.setting), width(|it| &it.value).min(40));
        for Shown { setting, value: it, origin } in &config.shown {
            screen::line(format!("{setting:<name$}  {it:<value$}  {origin}"))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What is configured and not to be had, what is no token, and what is the same though it may not be.
pub(crate) fn wrong_secrets(config: &Config, environment: &config::Environment) -> Vec<Problem> {
    let mut problems = Vec::new();
    let place = |setting: &str| {
        let origin = config.shown.iter().find(|shown| shown.setting == setting);
        origin.map_or(config::Origin::Default, |shown| shown.origin.clone())
    };
    let mut keys: Vec<(&config::Account, secrecy::SecretString)> = Vec::new();
    for account in &config.accounts {
        for (secret, where_it_is) in account.secrets() {
            let setting = where_it_is.setting(&account.name, secret);
            match where_it_is.read(environment) {
                Err(missing) => problems.push(Problem::new(place(&setting), &setting, missing.what, missing.remedy)),
                Ok(key) if secret == "key" => {
                    problems.extend(
                        twin(account, &key, &keys)
                            .map(|(what, remedy)| Problem::new(place(&setting), &setting, what, remedy)),
                    );
                    keys.push((account, key));
                }
                Ok(_) => {}
            }
        }
    }
    let mut values: Vec<SecretString> = Vec::new();
    for (token, where_it_is) in config.tokens() {
        let wrong = match where_it_is.read(environment) {
            Err(missing) => Some((missing.what, missing.remedy)),
            Ok(read) => {
                let is_same = values.iter().any(|it| it.expose_secret() == read.expose_secret());
                let same =
                    is_same.then(|| ("another token has the same value".to_owned(), "give each a value of its own"));
                let wrong = surface::unfit(token, &read).or(same);
                values.push(read);
                wrong.map(|(what, remedy)| (what, remedy.to_owned()))
            }
        };
        let setting = where_it_is.named(token);
        problems.extend(wrong.map(|(what, remedy)| Problem::new(place(&setting), &setting, what, remedy)));
    }
    problems.sort_by_key(|problem| config::place(&problem.origin));
    problems
}

/// What is wrong with an account whose key an earlier one has, though it is found in another place.
fn twin(
    account: &config::Account,
    key: &secrecy::SecretString,
    earlier: &[(&config::Account, secrecy::SecretString)],
) -> Option<(String, &'static str)> {
    let is_twin = |(other, of_other): &&(&config::Account, secrecy::SecretString)| {
        account.is_beside(other) && of_other.expose_secret() == key.expose_secret()
    };
    let (other, _) = earlier.iter().find(is_twin)?;
    let what = format!("its value is the key of account '{}' as well: both are one account at the venue", other.name);
    Some((what, "give each account a key of its own, or keep one of the two"))
}

/// The failure of a verb that needs a configuration and has a wrong one.
pub(crate) fn refused(problems: &[Problem]) -> Failure {
    let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let count = counted(problems.len(), "problem");
    Failure::usage(format!("the configuration has {count}\n{}", said.join("\n")))
        .help("`plimsoll config check` says the same again; `plimsoll config example` shows how it is written.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Places};

    fn missing(text: &str) -> Vec<String> {
        found(text, &[])
    }

    fn found(text: &str, variables: &[(&str, &str)]) -> Vec<String> {
        let places = Places { file: "plimsoll.toml".to_owned(), state: PathBuf::from("/state") };
        let environment: Environment =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let config = Config::read(text, &environment, &places).unwrap();
        wrong_secrets(&config, &environment).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_token_that_run_would_refuse_is_found_with_its_line_and_not_told() {
        let text = "[accounts.main]\nenvironment = \"testnet\"\nkey_env = \"K\"\nsecret_env = \"S\"\n\
                    [api]\nlisten = \"127.0.0.1:7878\"\nread_token_env = \"READ\"\nact_token_env = \"ACT\"\n\
                    [telegram]\ntoken_env = \"BOT\"\nchats = \"1\"\nusers = \"1\"\n";
        let (long, bot) = ("0123456789abcdef0123", "123456:AAE-abcdefghijklmnopqrstuvwxyz_0123");
        let check =
            |read, act, bot| found(text, &[("K", "key"), ("S", "secret"), ("READ", read), ("ACT", act), ("BOT", bot)]);
        assert_eq!(check(long, "another-0123456789abcdef", bot), [""; 0]);
        let told = check(long, long, bot);
        assert!(
            told.len() == 1 && told[0].starts_with("plimsoll.toml:8:17: api.act_token_env: another token"),
            "{told:?}"
        );
        let told = check("not\u{e9}-to-be-sent-in-a-header", "lemon", "987:lime");
        let expected = [
            "plimsoll.toml:7:18: api.read_token_env: the token of 'api-reader' holds what cannot stand in a header",
            "plimsoll.toml:8:17: api.act_token_env: the token of 'api-operator' has fewer than 20 characters",
            "plimsoll.toml:10:13: telegram.token_env: a bot's token is a number",
        ];
        assert_eq!(told.len(), expected.len(), "{told:?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.starts_with(expected) && told.contains("\n    put "), "{told}");
        }
        let said = told.join("\n");
        assert!(!said.contains("lemon") && !said.contains("lime") && !said.contains("to-be-sent"), "{said}");
    }

    #[test]
    fn a_passphrase_that_is_not_to_be_had_is_found_as_key_and_secret_are() {
        let found = missing(
            "[accounts.main]\nvenue = \"bitget\"\nenvironment = \"testnet\"\nkey_env = \"K\"\nsecret_env = \"S\"\n\
             passphrase_env = \"P\"\n",
        );
        let expected = [
            "plimsoll.toml:4:11: accounts.main.key_env: K is not set",
            "plimsoll.toml:5:14: accounts.main.secret_env: S is not set",
            "plimsoll.toml:6:18: accounts.main.passphrase_env: P is not set",
        ];
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{found}");
        }
    }

    #[test]
    fn a_pasted_secret_is_found_by_its_setting_and_not_told() {
        let (key, secret) = ("VMPUZE6ZVXSD8YBQ7KTLFA2G", "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqq");
        let text =
            format!("[accounts.main]\nenvironment = \"testnet\"\nkey_env = \"{key}\"\nsecret_file = \"{secret}\"\n");
        let found = missing(&text).join("\n");
        assert!(found.contains("accounts.main.key_env") && found.contains("accounts.main.secret_file"), "{found}");
        assert!(!found.contains(key) && !found.contains(secret), "{found}");
    }
}
