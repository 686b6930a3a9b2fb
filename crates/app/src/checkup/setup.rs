//! This machine and its configuration; nobody else is asked.

use super::{Checkup, Weight, when};
use crate::config::{Account, Config, Database, Environment, VenueEnvironment};
use crate::failure::Failure;
use crate::records::{Records, left_by_others, missing_folder, no_folder, schema_versions};
use crate::screen::counted;
use plimsoll_domain::risk::LadderRules;
use plimsoll_strategies::FundingArbitrage;
use serde_json::Value;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

impl Checkup {
    /// Key, secret and passphrase, switches, limits, the directory of state.
    pub(crate) fn of_setup(&mut self, config: &Config, account: &Account, environment: &Environment) {
        for (secret, place) in account.secrets() {
            let missing = place.read(environment).err();
            let said = |what: String| format!("{}: {what}", place.setting(&account.name, secret));
            self.check(secret, Weight::Wrong, missing.map(|it| (said(it.what), it.remedy)));
        }
        let off = "set enabled = true under [trading], or unset ENABLE_FUTURES";
        self.check("enabled", Weight::Warning, when(!config.trading.enabled, || "opening is switched off".into(), off));
        let unguarded = || "positions may be opened without a stop-loss".to_owned();
        let guard = "set require_stop = true under [trading]";
        self.check("require_stop", Weight::Warning, when(!config.trading.require_stop, unguarded, guard));
        let limits = &account.limits;
        let tight = limits.max_daily_loss > limits.max_position;
        let found =
            || format!("a day may lose {}, a position may be worth {}", limits.max_daily_loss, limits.max_position);
        self.check("daily_loss", Weight::Warning, when(tight, found, "lower max_daily_loss under [limits]"));
        let found = || {
            format!(
                "leverage up to {}: a move of {} % is liquidation",
                limits.max_leverage,
                100 / limits.max_leverage.get()
            )
        };
        let remedy = "lower max_leverage under [limits]: 5 and less leave room for a stop";
        self.check("leverage_limit", Weight::Warning, when(limits.max_leverage.get() > 20, found, remedy));
        self.of_limits(account);
        self.of_ladder(config, account);
        self.of_strategies(config, account);
        self.of_state(&config.state);
    }

    /// A limit on all positions together that is below what one of them may be worth.
    fn of_limits(&mut self, account: &Account) {
        let limits = &account.limits;
        let small = limits.max_exposure.filter(|most| *most < limits.max_position);
        let found = small.map(|most| {
            let found = format!("all positions together may be worth {most}, one of them {}", limits.max_position);
            (found, "lower max_position, or raise max_exposure, under [limits]".to_owned())
        });
        self.check("exposure", Weight::Warning, found);
    }

    /// What strategies trade on this account, against what it is set to.
    fn of_strategies(&mut self, config: &Config, account: &Account) {
        for strategy in &config.strategies {
            let here = strategy.places.iter().filter(|place| place.account == account.name);
            let symbols: Vec<_> = here.map(|place| &place.symbol).collect();
            let unset = symbols.iter().find(|symbol| !account.symbols.contains(symbol)).map(|symbol| {
                let remedy = format!(
                    "add it to symbols in [accounts.{}]: `run` sets them, and this looks at them",
                    account.name
                );
                (format!("it trades {symbol}, which is not among the account's symbols"), remedy)
            });
            self.check_of("strategy_symbols", Weight::Warning, &strategy.name, unset);
            // What a pair is safe from is reckoned by what backs it.
            let reckoned = strategy.settings.get("margin").and_then(Value::as_str).unwrap_or("cross");
            let is_pair = strategy.kind == FundingArbitrage::KIND && !symbols.is_empty();
            let found = || format!("it reckons with {reckoned} margin, the account has {}", account.margin_mode);
            let remedy =
                format!("set margin_mode = \"{reckoned}\" in [accounts.{}], or margin in its settings", account.name);
            let differs = is_pair && account.margin_mode.to_string() != reckoned;
            self.check_of("strategy_margin", Weight::Warning, &strategy.name, when(differs, found, remedy));
        }
    }

    /// What a live account is to climb by.
    fn of_ladder(&mut self, config: &Config, account: &Account) {
        if account.environment != VenueEnvironment::Live {
            return;
        }
        let (usual, rules) = (LadderRules::default(), &config.ladder);
        let is_short = rules.paper_days < usual.paper_days || rules.micro_days < usual.micro_days;
        let found = || {
            let (paper, micro) = (rules.paper_days, rules.micro_days);
            format!("the ladder takes {paper} days on paper and {micro} with micro capital")
        };
        let remedy = format!("{} and {} days prove more: see [ladder]", usual.paper_days, usual.micro_days);
        self.check("ladder_days", Weight::Warning, when(is_short, found, remedy));
        let found = || "no account trades on paper for this one: its first step of the ladder has no days".to_owned();
        let remedy = format!("write paper_account = \"NAME\" into [accounts.{}]", account.name);
        self.check("paper_account", Weight::Warning, when(account.paper_account.is_none(), found, remedy));
    }

    /// What a database that is away misses is kept in this directory.
    fn of_state(&mut self, state: &Path) {
        let probe = state.join(format!(".writable.{}", std::process::id()));
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(state);
        let written = made.and_then(|()| std::fs::write(&probe, b"x"));
        let _ = std::fs::remove_file(&probe);
        let found = written.err().map(|error| {
            let found = format!("{} cannot be written: {error}", state.display());
            (found, "set state to a directory that this user may write, on a disk with room".to_owned())
        });
        self.check("state", Weight::Wrong, found);
        let mode = std::fs::metadata(state).map(|it| it.mode() & 0o777).unwrap_or(0);
        let found =
            || format!("{} may be read by others (mode {mode:o}): records are nobody else's business", state.display());
        self.check(
            "state_private",
            Weight::Warning,
            when(mode & 0o077 != 0, found, format!("chmod 700 {}", state.display())),
        );
    }

    /// The database: there, of this version, sound, and with nothing waiting beside it. Answers the records if they can be
    /// used as they are, and empty ones where the first start will make them; nothing is made, and no migration.
    pub(crate) async fn of_database(&mut self, database: &Database, state: &Path) -> Option<Records> {
        if let Database::Sqlite(file) = database
            && !file.exists()
        {
            return self.of_no_database(database, file, state).await;
        }
        let versions = schema_versions(database).await;
        let away = versions.as_ref().err().map(|failure| reason(failure, database));
        self.check("database", Weight::Wrong, away);
        let (found, known) = versions.ok()?;
        let migrate = format!("plimsoll db migrate --database {database}");
        let old = || format!("its schema is of version {found}, this program needs {known}");
        self.check("migrations", Weight::Wrong, when(found < known, old, migrate));
        let newer = || format!("its schema is of version {found}, this program knows {known}");
        self.check("schema", Weight::Wrong, when(found > known, newer, "use the newer program, which has migrated it"));
        let waiting = left_by_others(database, state);
        let found_waiting = || format!("{} files of writes that the database has missed", waiting.len());
        let take_over = "any verb that acts takes them over; `plimsoll run` does";
        self.check("spool", Weight::Warning, when(!waiting.is_empty(), found_waiting, take_over));
        if found != known {
            return None;
        }
        let records = Records::open(database).await.ok()?;
        let faults = records.whole.faults().await;
        let faulty = match faults {
            Ok(faults) if faults.is_empty() => None,
            Ok(faults) => Some(format!("{} faults, the first: {}", faults.len(), faults.first()?)),
            Err(error) => Some(error.to_string()),
        };
        let remedy = format!("plimsoll db check --database {database}");
        self.check("database_sound", Weight::Wrong, faulty.map(|found| (found, remedy)));
        Some(records)
    }

    /// A file that is not there: the first start makes it, unless its directory is not to be made either.
    async fn of_no_database(&mut self, database: &Database, file: &Path, state: &Path) -> Option<Records> {
        let migrate = format!("plimsoll db migrate --database {database}");
        if let Some(folder) = missing_folder(database, state) {
            let found = no_folder(folder, database).message().to_owned();
            let remedy =
                format!("mend `database` or DATABASE_URL, or bring the disk back; where it is meant: {migrate}");
            self.check("database", Weight::Wrong, Some((found, remedy)));
            return None;
        }
        let waiting = left_by_others(database, state).len();
        if waiting > 0 {
            let found =
                format!("{} is not there, and writes for it wait in {}", file.display(), counted(waiting, "file"));
            let remedy = "it was there before: bring its disk back, or restore the last backup".to_owned();
            self.check("database", Weight::Wrong, Some((found, remedy)));
            return None;
        }
        let found = format!("{} is not there yet: the first start makes it", file.display());
        let remedy =
            format!("nothing, if this is the first start, or make it now: {migrate}; else restore the last backup");
        self.check("database", Weight::Warning, Some((found, remedy)));
        Records::in_memory().await.ok()
    }
}

fn reason(failure: &Failure, database: &Database) -> (String, String) {
    let remedy = format!("start its server, or restore its file: `plimsoll db check --database {database}` tells more");
    (failure.message().to_owned(), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Places;

    /// What is found of a configuration like this, but for the machine and the keys.
    fn found(environment: &str, account: &str, more: &str) -> Vec<&'static str> {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "{more}\n[accounts.main]\nvenue = \"binance\"\nenvironment = \"{environment}\"\nkey_env = \"K\"\n\
             secret_env = \"S\"\n{account}\n[accounts.rehearsal]\nvenue = \"binance\"\nenvironment = \"testnet\"\n\
             key_env = \"PAPER_K\"\nsecret_env = \"S\"\n"
        );
        let places = Places { file: "plimsoll.toml".to_owned(), state: folder.path().to_owned() };
        let environment = Environment::default();
        let config = Config::read(&text, &environment, &places).unwrap();
        let mut checkup = Checkup::default();
        checkup.of_setup(&config, &config.accounts[0], &environment);
        let of_these = ["exposure", "ladder_days", "paper_account", "strategy_symbols", "strategy_margin"];
        checkup.findings.iter().map(|it| it.check).filter(|check| of_these.contains(check)).collect()
    }

    #[test]
    fn a_ladder_that_proves_less_or_leads_nowhere_is_told_where_money_is_real() {
        let paper = "paper_account = \"rehearsal\"";
        assert_eq!(found("live", "", ""), ["paper_account"]);
        assert!(found("live", paper, "").is_empty());
        assert_eq!(found("live", paper, "[ladder]\npaper_days = 59"), ["ladder_days"]);
        assert_eq!(found("live", paper, "[ladder]\nmicro_days = 1"), ["ladder_days"]);
        assert!(found("testnet", "", "[ladder]\npaper_days = 59").is_empty());
    }

    #[test]
    fn a_limit_on_all_that_is_below_the_limit_on_one_is_told() {
        assert_eq!(found("testnet", "", "[limits]\nmax_exposure = 9999"), ["exposure"]);
        assert!(found("testnet", "", "[limits]\nmax_exposure = 10000").is_empty());
    }

    #[test]
    fn a_strategy_that_trades_otherwise_than_its_account_is_set_is_told() {
        let strategy = |kind: &str, on: &str| format!("[strategies.one]\nkind = \"{kind}\"\non = \"{on}\"\n");
        let (bitcoin, ether) = ("main BTC/USDT:USDT", "main ETH/USDT:USDT");
        assert!(found("testnet", "", &strategy("ema_cross", bitcoin)).is_empty());
        assert_eq!(found("testnet", "", &strategy("ema_cross", ether)), ["strategy_symbols"]);
        let pair = strategy("funding_arbitrage", &format!("{bitcoin}, rehearsal BTC/USDT:USDT"));
        assert_eq!(found("testnet", "", &pair), ["strategy_margin"]);
        assert!(found("testnet", "margin_mode = \"cross\"", &pair).is_empty());
        assert!(found("testnet", "", &format!("{pair}settings = {{ margin = \"isolated\" }}\n")).is_empty());
    }

    #[tokio::test]
    async fn a_database_that_writes_wait_for_is_no_first_start() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path();
        let database = Database::Sqlite(state.join("plimsoll.db"));
        let found = async || {
            let mut checkup = Checkup::default();
            let records = checkup.of_database(&database, state).await;
            (records.is_some(), checkup.findings.remove(0))
        };
        let (is_usable, note) = found().await;
        assert!(
            is_usable && note.weight == Weight::Warning && note.found.contains("the first start"),
            "{}",
            note.found
        );
        std::fs::create_dir(state.join("spool")).unwrap();
        let spool = format!("{}.1.spool", crate::records::name_of(&database));
        std::fs::write(state.join("spool").join(spool), "a write").unwrap();
        let (is_usable, wrong) = found().await;
        assert!(
            !is_usable && wrong.weight == Weight::Wrong && wrong.found.ends_with("writes for it wait in 1 file"),
            "{}",
            wrong.found
        );
    }
}
