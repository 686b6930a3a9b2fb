//! From nothing to an account that is whole, set as configured, and followed.

use super::VenueAccount;
use super::contracts::{AppliedSetting, SettingFailure, allowed};
use super::fills::FillReader;
use super::follower::{AccountFollower, Command, Ended};
use super::keeper::Keeper;
use super::listing::List;
use super::owner::{Judgement, Now, Reading};
use super::settings::{AccountPorts, VenueAccountSettings};
use super::telemetry::Telemetry;
use crate::client_order_id::ClientOrderIds;
use crate::order_path::OrderPath;
use crate::steady::Steady;
use futures_util::future::try_join_all;
use plimsoll_domain::{AccountEvent, PositionMode};
use plimsoll_ports::{AccountStream, CommandError, QueryError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// How many requests may wait for the keeper.
const REQUESTS_KEPT: usize = 16;

/// Why an account could not be brought up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectFailure {
    /// The contracts or the account cannot be read.
    #[error("the account cannot be read: {0}")]
    NotKnown(#[from] QueryError),
    /// The stream did not come to be live in time.
    #[error("the private stream was not live within {} s", .0.as_secs())]
    NotLive(Duration),
    /// The stream ended.
    #[error(transparent)]
    Ended(#[from] Ended),
    /// The position mode could not be set.
    #[error("the position mode was not set to {wanted}: {error}")]
    PositionMode {
        /// What is configured.
        wanted: PositionMode,
        /// Why.
        error: CommandError,
    },
    /// The position mode was accepted, and the venue has another.
    #[error("the position mode was set to {wanted}, and the venue has {found}")]
    PositionModeNotApplied {
        /// What is configured.
        wanted: PositionMode,
        /// What was read back.
        found: PositionMode,
    },
    /// A contract could not be set as configured.
    #[error(transparent)]
    Setting(#[from] SettingFailure),
}

impl VenueAccount {
    /// Brings an account up. Must be called within a tokio runtime.
    ///
    /// The stream is followed from the first moment; meanwhile contracts and, where something is configured to be set, the
    /// account are read at once. All of it meets in the same state, which takes an event twice, late or out of order without
    /// harm, so nothing in between is lost or counted twice. Then the configured modes and leverages are applied where the
    /// venue has others, and read back. It is up once the stream is live as well.
    ///
    /// # Errors
    /// [`ConnectFailure`]; nothing is left running then.
    pub async fn connect(
        ports: AccountPorts,
        stream: Box<dyn AccountStream>,
        settings: VenueAccountSettings,
    ) -> Result<Self, ConnectFailure> {
        let mut account = Self::start(ports, stream, settings);
        account.load().await?;
        account.set_up().await?;
        account.go_live().await?;
        Ok(account)
    }

    fn start(ports: AccountPorts, stream: Box<dyn AccountStream>, settings: VenueAccountSettings) -> Self {
        let VenueAccountSettings { account, settle, closing_fee, watch, .. } = settings.clone();
        let telemetry = Telemetry::of(&account);
        let judgement = Judgement { telemetry: telemetry.clone(), settle, closing_fee, watch };
        let steady = Arc::new(Steady::new(Arc::clone(&ports.clock)));
        let follower = AccountFollower::start(stream, Arc::clone(&steady), judgement);
        let (requests, received) = mpsc::channel(REQUESTS_KEPT);
        let vigilance = watch::Sender::new(settings.vigilance());
        let keeper = Keeper {
            broker: Arc::clone(&ports.broker),
            fills: FillReader::new(Arc::clone(&ports.broker), settings.back_fill_overlap),
            steady: Arc::clone(&steady),
            line: follower.line(),
            view: follower.watch(),
            settings: settings.clone(),
            vigilance: vigilance.subscribe(),
            telemetry,
        };
        let path = OrderPath {
            broker: Arc::clone(&ports.broker),
            journal: Arc::clone(&ports.journal),
            clock: Arc::clone(&ports.clock),
            account: settings.account.clone(),
            patience: settings.patience,
        };
        let ids = ClientOrderIds::new(&settings.account);
        let keeping = tokio::spawn(keeper.run(received));
        Self { follower, keeping, requests, steady, ports, path, ids, settings, vigilance, applied: Vec::new() }
    }

    /// Contracts, and the account where something is to be set by what it holds: otherwise the stream's own first snapshot tells
    /// all there is to know, and venues count each reading.
    async fn load(&self) -> Result<(), ConnectFailure> {
        let begun = Now::of(&self.steady);
        let broker = &self.ports.broker;
        if self.settings.position_mode.is_none() && self.settings.contracts.is_empty() {
            let contracts = broker.instruments().await?;
            return Ok(self.line().tell(Command::Contracts(List::of(contracts))).await?);
        }
        let (contracts, account) = tokio::try_join!(broker.instruments(), broker.account())?;
        let events = vec![AccountEvent::Snapshot(Box::new(account))];
        self.line().tell(Command::Contracts(List::of(contracts))).await?;
        self.line().tell_through(Command::Read(Reading { begun, events })).await?;
        Ok(())
    }

    /// The position mode first, since venues refuse it once anything is open; then every contract at once.
    async fn set_up(&mut self) -> Result<(), ConnectFailure> {
        if let Some(wanted) = self.settings.position_mode {
            self.set_position_mode(wanted).await?;
        }
        for symbol in self.settings.contracts.keys() {
            self.know(symbol).await;
        }
        let view = self.view();
        let account = &*self;
        let each = self.settings.contracts.iter().map(|(symbol, setting)| {
            let judged = setting.leverage.map_or(Ok(()), |leverage| allowed(&view, symbol, leverage));
            async move {
                judged?;
                account.apply(symbol, *setting).await
            }
        });
        let applied: Vec<AppliedSetting> = try_join_all(each).await?;
        self.applied = applied;
        Ok(())
    }

    pub(crate) async fn set_position_mode(&self, wanted: PositionMode) -> Result<(), ConnectFailure> {
        if self.view().position_mode == Some(wanted) {
            return Ok(());
        }
        let failed = |error| ConnectFailure::PositionMode { wanted, error };
        self.ports.broker.set_position_mode(wanted).await.map_err(failed)?;
        let begun = Now::of(&self.steady);
        let account = self.ports.broker.account().await?;
        let found = account.position_mode;
        let events = vec![AccountEvent::Snapshot(Box::new(account))];
        self.line().tell_through(Command::Read(Reading { begun, events })).await?;
        if found == wanted { Ok(()) } else { Err(ConnectFailure::PositionModeNotApplied { wanted, found }) }
    }

    async fn go_live(&self) -> Result<(), ConnectFailure> {
        let within = self.settings.live_within;
        tokio::select! {
            biased;
            live = self.follower.until_live() => Ok(live.map(drop)?),
            () = self.ports.clock.sleep(within) => Err(ConnectFailure::NotLive(within)),
        }
    }
}
