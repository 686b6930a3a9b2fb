//! One account at one venue, always current.

mod audit;
mod connect;
mod contracts;
mod fills;
mod fleet;
mod follower;
mod keeper;
mod listener;
mod listing;
mod news;
mod owner;
mod reducing;
mod settings;
mod sheltered;
mod telemetry;
mod view;
mod watchers;

pub use audit::{AuditLog, AuditedDifference};
pub use connect::ConnectFailure;
pub use contracts::{AppliedSetting, LeverageSettings, SettingFailure, Verification};
pub use fleet::Fleet;
pub use follower::{AccountFollower, Ended};
pub use keeper::{ReadFailure, Resynchronised};
pub use listener::Listener;
pub use news::{AccountNews, Derived, Watched, WatchedFigure};
pub use reducing::{Excess, ReduceFailure, ReduceIntent, ReduceSize, Reduced};
pub use settings::{AccountPorts, VenueAccountSettings, Vigilance};
pub use sheltered::Sheltered;
pub use view::{AccountView, ContractSetting, Gap, Gaps, Link, Observed};
pub use watchers::WatchSettings;

use crate::client_order_id::ClientOrderIds;
use crate::order_path::OrderPath;
use crate::steady::Steady;
use follower::Line;
use keeper::Request;
use plimsoll_domain::{
    Change, Difference, MarginFigures, MarginRatio, MarkPrice, Money, PositionFigures, PositionSide, Symbol, Tally,
};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// One account at one venue, always current: its stream and its broker joined.
///
/// One task owns the state ([`AccountFollower`]); another asks the venue on its behalf, when the stream is silent or in
/// doubt, and on a slow timer to audit what is believed. Whatever is asked here is worked out from the state at the moment
/// of asking, and comes with its age ([`Observed`]): nothing is kept, and a figure that cannot be known is `None`.
///
/// Both tasks end when this handle is dropped. What rests at the venue stays there.
pub struct VenueAccount {
    follower: AccountFollower,
    keeping: JoinHandle<()>,
    requests: mpsc::Sender<Request>,
    steady: Arc<Steady>,
    ports: AccountPorts,
    path: OrderPath,
    ids: ClientOrderIds,
    settings: VenueAccountSettings,
    vigilance: watch::Sender<Vigilance>,
    applied: Vec<AppliedSetting>,
}

/// What an account has done and holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradingStatistics {
    /// Orders, trades and fees since the account is followed.
    pub tally: Tally,
    /// Open positions.
    pub active_positions: usize,
    /// Profit of all positions at their marks, before fees.
    pub total_unrealized_pnl: Option<Money>,
    /// What the positions tie up.
    pub total_margin_used: Option<Money>,
    /// The positions above the configured margin ratio (0.7), as far as they can be judged.
    pub high_risk: Vec<(Symbol, PositionSide)>,
    /// Positions whose margin ratio cannot be told.
    pub unjudged: usize,
}

/// An account in four figures, in its settle currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountMetrics {
    /// Wallet and the profit of every position.
    pub total_equity: Option<Money>,
    /// What the positions tie up.
    pub used_margin: Option<Money>,
    /// All maintenance ÷ all equity; also `None` where nothing is required.
    pub margin_ratio: Option<MarginRatio>,
    /// Profit of all positions at their marks, before fees.
    pub unrealized_pnl: Option<Money>,
}

/// What is known.
impl VenueAccount {
    /// What is known now.
    #[must_use]
    pub fn view(&self) -> Arc<AccountView> {
        self.follower.view()
    }

    /// A channel that always holds what is known now; for [`PositionManager::with_view`](crate::PositionManager::with_view).
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<AccountView>> {
        self.follower.watch()
    }

    /// Every change from now on: see [`AccountFollower::changes`].
    #[must_use]
    pub fn changes(&self) -> Listener<Change> {
        self.follower.changes()
    }

    /// Everything there is to know from now on: see [`AccountFollower::news`].
    #[must_use]
    pub fn news(&self) -> Listener<AccountNews> {
        self.follower.news()
    }

    /// Tells a mark price, so that profits and margins are current: see [`AccountFollower::mark`].
    pub fn mark(&self, mark: MarkPrice) {
        self.follower.mark(mark);
    }

    /// Waits until events flow and nothing is in doubt.
    ///
    /// # Errors
    /// [`Ended`] if the stream ends before.
    pub async fn until_live(&self) -> Result<Arc<AccountView>, Ended> {
        self.follower.until_live().await
    }

    /// Whether the stream has ended for good.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.follower.has_ended()
    }

    /// How the configured contracts were set when the account was connected.
    #[must_use]
    pub fn applied(&self) -> &[AppliedSetting] {
        &self.applied
    }

    /// How this account is looked after. How closely may be otherwise since [`follow_by`](Self::follow_by).
    #[must_use]
    pub const fn settings(&self) -> &VenueAccountSettings {
        &self.settings
    }
}

/// What follows from it.
impl VenueAccount {
    /// Margin of the account in its settle currency.
    #[must_use]
    pub fn margin(&self) -> Observed<MarginFigures> {
        self.observed(|view| view.standing(&self.settings.settle, self.settings.closing_fee).margin())
    }

    /// Every open position of the settle currency with return on equity, exact liquidation prices and margin ratio.
    #[must_use]
    pub fn positions(&self) -> Observed<Vec<PositionFigures>> {
        self.observed(|view| view.standing(&self.settings.settle, self.settings.closing_fee).positions())
    }

    /// The risk of one contract: its position, or both legs in hedge mode; empty if nothing is held.
    #[must_use]
    pub fn position_risk(&self, symbol: &Symbol) -> Observed<Vec<PositionFigures>> {
        let of_symbol = |mut all: Vec<PositionFigures>| {
            all.retain(|it| it.held.symbol == *symbol);
            all
        };
        self.positions().map(of_symbol)
    }

    /// What the account has done since it is followed, and what it holds.
    #[must_use]
    pub fn statistics(&self) -> Observed<TradingStatistics> {
        self.observed(|view| {
            let standing = view.standing(&self.settings.settle, self.settings.closing_fee);
            let positions = standing.positions();
            let margin = standing.margin_of(&positions);
            let is_high =
                |it: &&PositionFigures| it.margin_ratio.is_some_and(|ratio| ratio.get() > self.settings.high_risk);
            let named = |it: &PositionFigures| (it.held.symbol.clone(), it.held.position_side);
            TradingStatistics {
                tally: view.tally.clone(),
                active_positions: positions.len(),
                total_unrealized_pnl: margin.unrealized_pnl,
                total_margin_used: margin.used,
                high_risk: positions.iter().filter(is_high).map(named).collect(),
                unjudged: positions.iter().filter(|it| it.margin_ratio.is_none()).count(),
            }
        })
    }

    /// The account in four figures.
    #[must_use]
    pub fn metrics(&self) -> Observed<AccountMetrics> {
        self.margin().map(|margin| AccountMetrics {
            total_equity: margin.equity,
            used_margin: margin.used,
            margin_ratio: margin.margin_ratio,
            unrealized_pnl: margin.unrealized_pnl,
        })
    }

    fn observed<T>(&self, figure: impl FnOnce(&AccountView) -> T) -> Observed<T> {
        let view = self.view();
        Observed { value: figure(&view), age: view.age(self.ports.clock.now()) }
    }
}

/// What the venue is asked.
impl VenueAccount {
    /// Reads the account and its fills since shortly before the newest thing that is known, and takes them in.
    ///
    /// # Errors
    /// [`ReadFailure`].
    pub async fn resynchronise(&self) -> Result<Resynchronised, ReadFailure> {
        self.ask(Request::Resynchronise).await
    }

    /// Holds what is believed against what the venue says, field by field, and takes the venue's word. What was on its way
    /// is no difference: it has to be there at a second look. Differences are in [`AccountView::audits`] as well.
    ///
    /// # Errors
    /// [`ReadFailure`].
    pub async fn audit(&self) -> Result<Vec<Difference>, ReadFailure> {
        self.ask(Request::Audit).await
    }

    /// Reads the venue's contracts again: new ones, other tiers, other limits.
    ///
    /// # Errors
    /// [`ReadFailure`].
    pub async fn refresh_contracts(&self) -> Result<(), ReadFailure> {
        let list = listing::List::read(self.ports.broker.as_ref(), &self.view()).await?;
        Ok(self.line().tell_through(follower::Command::Contracts(list)).await?)
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, ReadFailure>>) -> Request,
    ) -> Result<T, ReadFailure> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(request(answer)).await.map_err(|_| Ended)?;
        answered.await.map_err(|_| Ended)?
    }

    /// Follows it so closely from now on; the venue is asked nothing for it.
    pub async fn follow_by(&self, vigilance: Vigilance) {
        // An account that has ended is followed by nobody.
        let _ = self.line().tell(follower::Command::Watch(vigilance.watch.clone())).await;
        self.vigilance.send_replace(vigilance);
    }

    pub(crate) fn fresh_within(&self) -> std::time::Duration {
        self.vigilance.borrow().fresh_within
    }

    fn line(&self) -> Line {
        self.follower.line()
    }
}

impl std::fmt::Debug for VenueAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VenueAccount").field("account", &self.settings.account).finish_non_exhaustive()
    }
}

impl Drop for VenueAccount {
    fn drop(&mut self) {
        self.keeping.abort();
    }
}
