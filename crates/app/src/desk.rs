//! One account, wired: venue, records and engine, by injection.

use crate::colleagues::OnThisMachine;
use crate::config::{Account, Config, Environment, VenueEnvironment};
use crate::failure::Failure;
use crate::notify::Log;
use crate::records::Records;
use crate::screen;
use crate::venue::{Keys, Venue, Way};
use plimsoll_domain::VenueId;
use plimsoll_domain::risk::RiskLimits;
use plimsoll_engine::{
    AccountPorts, ContractSetting, GuardSettings, JustRead, Ladder, Lookout, Patience, Ports, PositionManager,
    ReconcileFailure, Reconciliation, Rules, Settings, Sister, VenueAccountSettings, Vigilance,
};
use plimsoll_ports::{AccountAudit, Notifier, SystemClock};
use std::sync::Arc;
use std::time::Duration;

/// While the private stream is down the guard reads the account itself, so that whoever follows it need not often.
const READ_WHILE_DOWN: Duration = Duration::from_secs(30);

/// How often what the stream made us believe is held against what the venue says, at the most: every look of the guard
/// reads the account too.
const AUDIT_OF_THE_VIEW: Duration = Duration::from_secs(5 * 60);

/// One account with everything that trades it.
pub(crate) struct Desk {
    pub(crate) config: Config,
    pub(crate) account: Account,
    pub(crate) venue: Venue,
    pub(crate) records: Records,
    pub(crate) manager: Arc<PositionManager>,
}

/// A desk before its manager has been told what to judge by.
struct Unmanned {
    config: Config,
    account: Account,
    venue: Venue,
    records: Records,
}

/// Nobody may believe sooner than the venue allows that an order never arrived.
fn patience(config: &Config, account: &Account) -> Patience {
    let wanted = config.intervals.patience();
    Patience { window: wanted.window.max(account.venue.order_window()), ..wanted }
}

/// What the operator's settings are, before a verb changes any of them.
pub(crate) fn engine_settings(config: &Config, account: &Account) -> Result<Settings, Failure> {
    let limits = RiskLimits::new(account.limits.clone()).map_err(Failure::usage)?;
    Ok(Settings {
        settle: account.settle.clone(),
        limits,
        position_mode: account.position_mode,
        margin_mode: account.margin_mode,
        afloat: config.protection.clone(),
        unverified_stop: account.unverified_stop,
        foreign: account.foreign,
        patience: patience(config, account),
        ladder: ladder(config, account),
        sisters: sisters(config, account),
        ..Settings::new(account.name.clone())
    })
}

/// How every guard watches.
pub(crate) fn guard_settings(config: &Config) -> GuardSettings {
    let intervals = &config.intervals;
    GuardSettings {
        interval: intervals.monitor,
        audit: intervals.audit,
        retry: intervals.monitor,
        reconcile: intervals.reconcile,
        ..GuardSettings::default()
    }
}

/// How closely an account is followed.
pub(crate) fn vigilance(config: &Config, account: &Account) -> Vigilance {
    Vigilance {
        fresh_within: account.limits.max_state_age,
        audit_every: AUDIT_OF_THE_VIEW.max(config.intervals.audit),
        watch: config.watch.clone(),
    }
}

/// What an account is judged by.
pub(crate) fn rules(config: &Config, account: &Account) -> Result<Rules, Failure> {
    let Settings { limits, afloat, .. } = engine_settings(config, account)?;
    Ok(Rules { limits, afloat })
}

/// Only real money has a ladder to climb.
fn ladder(config: &Config, account: &Account) -> Option<Ladder> {
    let is_live = account.environment == VenueEnvironment::Live;
    is_live.then(|| Ladder { rules: config.ladder, paper: account.paper_account.clone() })
}

/// The other accounts of the same currency. Real money and play money are not added up.
fn sisters(config: &Config, account: &Account) -> Vec<Sister> {
    let is_live = |it: &Account| it.environment == VenueEnvironment::Live;
    let others = config.accounts.iter().filter(|other| other.name != account.name);
    let alike = others.filter(|other| other.settle == account.settle && is_live(other) == is_live(account));
    alike.map(|it| Sister { account: it.name.clone(), venue: VenueId::new(it.venue.as_str()) }).collect()
}

impl Desk {
    /// Wires one account.
    pub(crate) async fn open(
        config: Config,
        account: Account,
        environment: &Environment,
        settings: Settings,
    ) -> Result<Self, Failure> {
        let keys = Keys::read(&account, environment)?;
        Self::wire(config, account, keys, settings).await
    }

    /// Wires one account for what asks the venue nothing: its keys may be missing.
    pub(crate) async fn without_keys(config: Config, account: Account, settings: Settings) -> Result<Self, Failure> {
        Self::wire(config, account, Keys::none(), settings).await
    }

    async fn wire(config: Config, account: Account, keys: Keys, settings: Settings) -> Result<Self, Failure> {
        let records = open_records(&config).await?;
        Self::beside(config, account, keys, settings, records)
    }

    /// Wires one account on records that are open already, and what follows its private stream for as long as it is guarded;
    /// a person is told by `notifier`.
    pub(crate) fn with_lookout(
        config: Config,
        account: Account,
        keys: Keys,
        settings: Settings,
        records: Records,
        notifier: Arc<dyn Notifier>,
    ) -> Result<(Self, Lookout), Failure> {
        let (desk, manager, lookout) = Self::looking_out(config, account, keys, settings, records, notifier)?;
        let manager = Arc::new(manager.with_view(lookout.watch()));
        let Unmanned { config, account, venue, records } = desk;
        Ok((Self { config, account, venue, records, manager }, lookout))
    }

    /// The same for a verb that acts before its lookout is connected, on records of its own: what it opens is judged by
    /// readings of its own.
    pub(crate) async fn beside_lookout(
        config: Config,
        account: Account,
        environment: &Environment,
        settings: Settings,
    ) -> Result<(Self, Lookout), Failure> {
        let keys = Keys::read(&account, environment)?;
        let records = open_records(&config).await?;
        let (desk, manager, lookout) = Self::looking_out(config, account, keys, settings, records, Arc::new(Log))?;
        let Unmanned { config, account, venue, records } = desk;
        Ok((Self { config, account, venue, records, manager: Arc::new(manager) }, lookout))
    }

    fn looking_out(
        config: Config,
        account: Account,
        keys: Keys,
        settings: Settings,
        records: Records,
        notifier: Arc<dyn Notifier>,
    ) -> Result<(Unmanned, PositionManager, Lookout), Failure> {
        let audit = Way::of(&config, &account, keys.clone()).audit(account.wallet_url.clone())?;
        let venue = Way::of(&config, &account, keys).connect()?;
        let lookout = lookout(&config, &account, &venue, &records, Arc::from(audit));
        let ports = Ports { notifier, ..ports(&venue, &records) };
        let manager = manager(&config, &account, ports, settings)?;
        Ok((Unmanned { config, account, venue, records }, manager, lookout))
    }

    /// How a guard of this account watches.
    pub(crate) fn guard_settings(&self) -> GuardSettings {
        guard_settings(&self.config)
    }

    /// Wires one account, on records that are open already: several may share them.
    pub(crate) fn beside(
        config: Config,
        account: Account,
        keys: Keys,
        settings: Settings,
        records: Records,
    ) -> Result<Self, Failure> {
        let venue = Way::of(&config, &account, keys).connect()?;
        let manager = Arc::new(manager(&config, &account, ports(&venue, &records), settings)?);
        Ok(Self { config, account, venue, records, manager })
    }

    /// Brings records and venue together: what an earlier run left open is known before anything new is done.
    pub(crate) async fn reconcile(&self) -> Result<Reconciliation, Failure> {
        Ok(self.reconcile_and_read().await?.0)
    }

    /// The same, with what was read of the account on the way.
    pub(crate) async fn reconcile_and_read(&self) -> Result<(Reconciliation, Option<JustRead>), Failure> {
        self.manager.reconcile_and_read().await.map_err(|error| {
            not_compared(&error).help("`plimsoll doctor` looks for the cause. What was asked for was not begun.")
        })
    }

    /// The same in passing, for whoever wants out: what is not definite yet is not waited for.
    pub(crate) async fn compare(&self) -> Result<Reconciliation, Failure> {
        self.manager.compare().await.map(|(it, _)| it).map_err(|error| not_compared(&error))
    }

    /// Whether it is real money.
    pub(crate) fn is_live(&self) -> bool {
        self.account.environment == VenueEnvironment::Live
    }

    /// Closes what is open on this machine; what rests at the venue stays.
    pub(crate) async fn close(&self) {
        self.records.close().await;
    }
}

/// Opens the records, and says so if the database is away.
pub(crate) async fn open_records(config: &Config) -> Result<Records, Failure> {
    let records = Records::open_for_trading(&config.database, &config.state).await?;
    if let Some(why) = &records.away {
        screen::aside(format!(
            "the database is away: {why}\nNothing is opened meanwhile; closing and protecting go on."
        ));
    }
    Ok(records)
}

fn manager(config: &Config, account: &Account, ports: Ports, settings: Settings) -> Result<PositionManager, Failure> {
    let manager = PositionManager::new(ports, settings);
    let colleagues = OnThisMachine::join(&config.state, &account.name, manager.process())?;
    Ok(manager.with_colleagues(Arc::new(colleagues)))
}

fn lookout(
    config: &Config,
    account: &Account,
    venue: &Venue,
    records: &Records,
    audit: Arc<dyn AccountAudit>,
) -> Lookout {
    let ports = AccountPorts {
        broker: Arc::clone(&venue.broker),
        audit: Some(audit),
        journal: Arc::clone(&records.journal),
        clock: Arc::new(SystemClock),
    };
    let setting = ContractSetting { leverage: account.leverage, margin_mode: Some(account.margin_mode) };
    let Vigilance { fresh_within, audit_every, watch } = vigilance(config, account);
    let settings = VenueAccountSettings {
        settle: account.settle.clone(),
        contracts: account.symbols.iter().map(|symbol| (symbol.clone(), setting)).collect(),
        position_mode: Some(account.position_mode),
        fresh_within,
        resync_after: READ_WHILE_DOWN,
        audit_every,
        watch,
        patience: patience(config, account),
        ..VenueAccountSettings::new(account.name.clone())
    };
    let streams = venue.clone();
    Lookout::new(ports, Arc::new(move || streams.account_stream()), Arc::clone(&venue.feed), settings)
}

pub(crate) fn ports(venue: &Venue, records: &Records) -> Ports {
    let Records { journal, positions, trades, funding, bookings, equity, risk_events, controls, .. } = records.clone();
    let Venue { broker, feed, funding_rates, .. } = venue.clone();
    Ports {
        broker,
        feed,
        funding_rates,
        journal,
        positions,
        trades,
        funding,
        bookings,
        equity,
        risk_events,
        controls,
        notifier: Arc::new(Log),
        clock: Arc::new(SystemClock),
    }
}

fn not_compared(error: &ReconcileFailure) -> Failure {
    match error {
        ReconcileFailure::NotKnown(unanswered) => Failure::query(unanswered, error),
        ReconcileFailure::Records(_) => Failure::unreachable(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Places;
    use plimsoll_domain::AccountId;

    /// Accounts, each a name, its environment, its venue and what else is said of it.
    fn config(accounts: &[(&str, &str, &str, &str)]) -> Config {
        let mut text = "[ladder]\npaper_days = 90\n".to_owned();
        for (name, environment, venue, more) in accounts {
            text += &format!(
                "[accounts.{name}]\nvenue = \"{venue}\"\nenvironment = \"{environment}\"\n{more}\nkey_env = \"K\"\n\
                 secret_env = \"S\"\n"
            );
        }
        let places = Places { file: "plimsoll.toml".to_owned(), state: "/state".into() };
        Config::read(&text, &Environment::default(), &places).unwrap()
    }

    #[test]
    fn only_real_money_has_a_ladder_to_climb() {
        let config =
            config(&[("main", "live", "binance", "paper_account = \"paper\""), ("paper", "testnet", "binance", "")]);
        let ladder = |index: usize| engine_settings(&config, &config.accounts[index]).unwrap().ladder;
        let expected = Ladder { rules: config.ladder, paper: Some(AccountId::new("paper")) };
        assert_eq!((ladder(0), ladder(1)), (Some(expected), None));
        assert_eq!(config.ladder.paper_days, 90);
    }

    #[test]
    fn what_is_alike_is_added_up() {
        let config = config(&[
            ("main", "live", "binance", ""),
            ("second", "live", "gateio", ""),
            ("paper", "testnet", "binance", ""),
            ("coins", "live", "binance", "settle = \"USDC\""),
        ]);
        let sisters = |index: usize| engine_settings(&config, &config.accounts[index]).unwrap().sisters;
        let gate = Sister { account: AccountId::new("second"), venue: VenueId::new("gateio") };
        assert_eq!((sisters(0), sisters(2), sisters(3)), (vec![gate], vec![], vec![]));
    }
}
