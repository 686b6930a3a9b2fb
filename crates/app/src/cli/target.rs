//! Which account a verb is for, and whether its operator means it.

use super::config::{refused, wrong_secrets};
use crate::config::{Account, Config, Database, Environment, Origin, Problem, Shown, VenueEnvironment, find};
use crate::desk::{Desk, engine_settings, open_records};
use crate::failure::Failure;
use crate::venue::Keys;
use clap::Args;
use plimsoll_engine::{Lookout, Settings};
use plimsoll_ports::Notifier;
use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// Which account, by which configuration.
#[derive(Debug, Clone, Args)]
pub(crate) struct Target {
    /// The account; may be left out where only one is configured
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Option<String>,
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where the records are, instead of where the configuration says
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// Real money is meant: an account in the live environment is not touched without it
    #[arg(long)]
    pub(crate) live: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Whether the operator means it.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Consent {
    /// Do it without asking: for scripts
    #[arg(long, short)]
    yes: bool,
    /// Show what it means, and stop
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
}

/// A configuration that was read, and the account that was meant.
pub(crate) struct Chosen {
    pub(crate) config: Config,
    pub(crate) account: Account,
    pub(crate) environment: Environment,
}

/// A configuration that was read, and every account that was meant.
pub(crate) struct ChosenAll {
    pub(crate) config: Config,
    pub(crate) accounts: Vec<Account>,
    pub(crate) environment: Environment,
}

impl ChosenAll {
    /// The keys of each account.
    pub(crate) fn keys(&self) -> Result<Vec<Keys>, Failure> {
        self.accounts.iter().map(|account| Keys::read(account, &self.environment)).collect()
    }

    /// Wires each on the same records, with what follows its private stream.
    pub(crate) async fn guarded(
        &self,
        keys: &[Keys],
        notifier: impl Fn(&Account) -> Arc<dyn Notifier>,
    ) -> Result<Vec<(Desk, Lookout)>, Failure> {
        let Self { config, accounts, .. } = self;
        let settings = accounts.iter().map(|account| engine_settings(config, account));
        let ready: Vec<_> = settings.collect::<Result<Vec<_>, Failure>>()?;
        let records = open_records(config).await?;
        let wired = accounts.iter().zip(keys).zip(ready).map(|((account, keys), settings)| {
            let (account, keys, notifier) = (account.clone(), keys.clone(), notifier(account));
            Desk::with_lookout(config.clone(), account, keys, settings, records.clone(), notifier)
        });
        match wired.collect() {
            Ok(guarded) => Ok(guarded),
            Err(failure) => {
                records.close().await;
                Err(failure)
            }
        }
    }
}

impl Target {
    /// Reads the configuration and finds the account; nothing is connected yet.
    pub(crate) fn choose(&self) -> Result<Chosen, Failure> {
        let (config, environment) = self.read()?;
        let account = config.account(self.account.as_deref()).map_err(Failure::usage)?.clone();
        self.is_meant(&account)?;
        Ok(Chosen { config, account, environment })
    }

    /// The same of the account that was named, or of every one that is configured.
    pub(crate) fn choose_all(&self) -> Result<ChosenAll, Failure> {
        let (config, environment) = self.read()?;
        self.all_of(config, environment)
    }

    /// The same anew, with everything that is against it.
    pub(crate) fn choose_all_again(&self) -> Result<ChosenAll, Vec<String>> {
        let read = find::read(self.config.as_deref(), find::environment());
        let read = read.map_err(|error| vec![format!("{}\n    {}", error.what, error.remedy)])?;
        let told = |problems: Vec<Problem>| problems.iter().map(ToString::to_string).collect::<Vec<_>>();
        let config = read.config().map_err(told)?;
        let wrong = wrong_secrets(&config, &read.environment);
        if !wrong.is_empty() {
            return Err(told(wrong));
        }
        let chosen = self.with_database(config).and_then(|config| self.all_of(config, read.environment));
        chosen.map_err(|failure| vec![failure.message().to_owned()])
    }

    fn all_of(&self, config: Config, environment: Environment) -> Result<ChosenAll, Failure> {
        let accounts = match &self.account {
            Some(name) => vec![config.account(Some(name)).map_err(Failure::usage)?.clone()],
            None => config.accounts.clone(),
        };
        accounts.iter().try_for_each(|account| self.is_meant(account))?;
        Ok(ChosenAll { config, accounts, environment })
    }

    /// The account that was named, or every one that is configured, wired on the same records: for looking only.
    pub(crate) async fn desks(&self) -> Result<Vec<Desk>, Failure> {
        let ChosenAll { config, accounts, environment } = self.choose_all()?;
        let records = open_records(&config).await?;
        let mut desks = Vec::with_capacity(accounts.len());
        for account in accounts {
            let (settings, keys) = (engine_settings(&config, &account)?, Keys::read(&account, &environment)?);
            desks.push(Desk::beside(config.clone(), account, keys, settings, records.clone())?);
        }
        Ok(desks)
    }

    fn is_meant(&self, account: &Account) -> Result<(), Failure> {
        if account.environment == VenueEnvironment::Live && !self.live {
            return Err(Failure::usage(format!("account '{}' is in the live environment: real money", account.name))
                .help("Add --live if that is meant, or name another with --account."));
        }
        Ok(())
    }

    fn read(&self) -> Result<(Config, Environment), Failure> {
        let read = find::read(self.config.as_deref(), find::environment());
        let read = read.map_err(|error| Failure::usage(error.what).help(error.remedy))?;
        let config = read.config().map_err(|problems| refused(&problems))?;
        Ok((self.with_database(config)?, read.environment))
    }

    /// The records are where an argument says, if one does. They must be there: new ones would know of no kill switch, no loss
    /// and no order that goes on.
    fn with_database(&self, mut config: Config) -> Result<Config, Failure> {
        if let Some(url) = &self.database {
            config.database = Database::parse(url).map_err(|why| Failure::usage(format!("--database: {why}")))?;
            if matches!(&config.database, Database::Sqlite(file) if file.try_exists().is_ok_and(|is_there| !is_there)) {
                return Err(Failure::usage(format!("--database: there is no {}", config.database)).help(format!(
                    "Name the records that this account has, or make new ones: `plimsoll db migrate --database {}`.",
                    config.database
                )));
            }
            let (setting, value, origin) =
                ("database".to_owned(), config.database.to_string(), Origin::Argument("--database"));
            config.shown.retain(|shown| shown.setting != setting);
            config.shown.push(Shown { setting, value, origin });
        }
        Ok(config)
    }

    /// The configuration, its text and the environment that it was read in.
    pub(crate) fn text(&self) -> Result<(Config, String, Environment), Failure> {
        let read = find::read(self.config.as_deref(), find::environment());
        let read = read.map_err(|error| Failure::usage(error.what).help(error.remedy))?;
        let config = read.config().map_err(|problems| refused(&problems))?;
        Ok((config, read.text, read.environment))
    }

    /// Wires the account.
    pub(crate) async fn desk(&self) -> Result<Desk, Failure> {
        self.desk_with(|settings| settings).await
    }

    /// Wires the account with settings of this verb's own, and what follows its private stream beside it.
    pub(crate) async fn desk_beside_lookout(
        &self,
        change: impl FnOnce(Settings) -> Settings,
    ) -> Result<(Desk, Lookout), Failure> {
        let Chosen { config, account, environment } = self.choose()?;
        let settings = change(engine_settings(&config, &account)?);
        Desk::beside_lookout(config, account, &environment, settings).await
    }

    /// Wires the account, with settings of this verb's own.
    pub(crate) async fn desk_with(&self, change: impl FnOnce(Settings) -> Settings) -> Result<Desk, Failure> {
        let Chosen { config, account, environment } = self.choose()?;
        let settings = change(engine_settings(&config, &account)?);
        Desk::open(config, account, &environment, settings).await
    }
}

impl Target {
    /// Wires the account for what asks the venue nothing.
    pub(crate) async fn desk_without_keys(&self) -> Result<Desk, Failure> {
        let Chosen { config, account, .. } = self.choose()?;
        let settings = engine_settings(&config, &account)?;
        Desk::without_keys(config, account, settings).await
    }

    /// Wires the account with its keys or, where they cannot be had, without, for what must be done all the same; and says
    /// why then.
    pub(crate) async fn desk_with_or_without_keys(&self) -> Result<(Desk, Option<String>), Failure> {
        let Chosen { config, account, environment } = self.choose()?;
        let settings = engine_settings(&config, &account)?;
        match Keys::read(&account, &environment) {
            Ok(_) => Ok((Desk::open(config, account, &environment, settings).await?, None)),
            Err(why) => {
                let why = why.message().to_owned();
                Ok((Desk::without_keys(config, account, settings).await?, Some(why)))
            }
        }
    }
}

impl Consent {
    /// Whether nobody is to be asked.
    pub(crate) const fn is_given_already(self) -> bool {
        self.yes
    }

    /// Refuses at once where nobody could be asked.
    pub(crate) fn can_be_had(&self, json: bool) -> Result<(), Failure> {
        let somebody = std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && !json;
        if self.yes || self.dry_run || somebody {
            return Ok(());
        }
        Err(Failure::usage("nobody is here to confirm it")
            .help("Add --yes to do it, or --dry-run to see what it means."))
    }

    /// Whether to go on, `shown` being what became of the preview. Consent that was given beforehand does not depend on
    /// anybody reading it; consent that is asked for does.
    pub(crate) fn is_given(&self, shown: Result<(), Failure>, question: &str) -> Result<bool, Failure> {
        if self.yes {
            return Ok(true);
        }
        if self.dry_run {
            return match shown {
                Err(failure) if !failure.is_unread() => Err(failure),
                _ => Ok(false),
            };
        }
        shown.and_then(|()| ask(question)).map_err(|failure| unasked(&failure))?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer).map_err(Failure::unreachable)?;
        match answer.trim() {
            "y" | "Y" | "yes" => Ok(true),
            _ => Err(Failure::no("not confirmed: nothing was sent")),
        }
    }
}

fn ask(question: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout();
    crate::screen::written(write!(out, "\n{question} [y/N] ").and_then(|()| out.flush()))
}

/// Nobody can have said yes to what could not be shown.
fn unasked(failure: &Failure) -> Failure {
    let what = format!("nothing was done, since nobody can be asked: {}", failure.message());
    let unasked = if failure.is_unread() { Failure::usage(what) } else { Failure::unreachable(what) };
    unasked.help("Run it where its output can be read, or add --yes to do it without asking.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::written;
    use std::io::ErrorKind;

    const ASKED: Consent = Consent { yes: false, dry_run: false };
    const GIVEN: Consent = Consent { yes: true, dry_run: false };
    const DRY_RUN: Consent = Consent { yes: false, dry_run: true };

    fn unread() -> Result<(), Failure> {
        written(Err(ErrorKind::BrokenPipe.into()))
    }

    fn unwritten() -> Result<(), Failure> {
        written(Err(ErrorKind::StorageFull.into()))
    }

    #[test]
    fn consent_that_was_given_beforehand_does_not_depend_on_a_reader() {
        for shown in [Ok(()), unread(), unwritten()] {
            assert_eq!(GIVEN.is_given(shown, "Close it?"), Ok(true));
        }
    }

    #[test]
    fn what_nobody_could_read_is_not_asked_and_does_not_count_as_done() {
        for shown in [unread(), unwritten()] {
            let failure = ASKED.is_given(shown, "Close it?").expect_err("nobody was asked");
            assert!(!failure.is_unread(), "it would end with 0");
            assert!(failure.message().contains("nothing was done"), "{}", failure.message());
        }
    }

    #[test]
    fn a_dry_run_may_be_left_unread_and_must_be_writable() {
        assert_eq!(DRY_RUN.is_given(unread(), "Close it?"), Ok(false));
        assert_eq!(DRY_RUN.is_given(unwritten(), "Close it?").map_err(|it| it.is_unreachable()), Err(true));
    }
}
