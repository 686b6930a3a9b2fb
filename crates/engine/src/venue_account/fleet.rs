//! Several accounts at one moment.

use super::VenueAccount;
use super::view::AccountView;
use crate::position_manager::Settings;
use plimsoll_domain::{AccountId, Currency, PortfolioView, Rate, Timestamp, VenueId};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Several accounts, at one or many venues, each as it was known when they were put together.
///
/// ```no_run
/// # use plimsoll_engine::{Fleet, VenueAccount};
/// # use plimsoll_ports::domain::Decimal;
/// # use std::time::Duration;
/// # fn show(binance: &VenueAccount, gateio: &VenueAccount) -> Result<(), Box<dyn std::error::Error>> {
/// let fleet = Fleet::of([binance, gateio]);
/// assert!(fleet.stale(Duration::from_secs(10)).is_empty());
/// let together = fleet.portfolio();
/// for (symbol, exposure) in together.by_symbol() {
///     println!("{symbol}: {} net, {} gross", exposure.net(), exposure.gross());
/// }
/// for account in together.stress(Decimal::new(8, 1))? {
///     println!("{} after a fall by 20 %: {:?}", account.account, account.outcome);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Fleet {
    members: Vec<Member>,
}

#[derive(Debug, Clone)]
struct Member {
    venue: VenueId,
    account: AccountId,
    settle: Currency,
    closing_fee: Rate,
    view: Arc<AccountView>,
    age: Option<Duration>,
}

impl Fleet {
    /// These accounts, as they are known now.
    pub fn of<'a>(accounts: impl IntoIterator<Item = &'a VenueAccount>) -> Self {
        let member = |account: &VenueAccount| {
            let view = account.view();
            Member {
                venue: account.ports.broker.venue(),
                account: account.settings.account.clone(),
                settle: account.settings.settle.clone(),
                closing_fee: account.settings.closing_fee,
                age: view.age(account.ports.clock.now()),
                view,
            }
        };
        Self { members: accounts.into_iter().map(member).collect() }
    }

    /// With an account that somebody else keeps current, as its view has it at `now`.
    #[must_use]
    pub fn and(mut self, venue: VenueId, settings: &Settings, view: Arc<AccountView>, now: Timestamp) -> Self {
        let Settings { account, settle, closing_fee, .. } = settings;
        let (account, settle, closing_fee) = (account.clone(), settle.clone(), *closing_fee);
        self.members.push(Member { venue, account, settle, closing_fee, age: view.age(now), view });
        self
    }

    /// The accounts as one: exposure, margin, nearest liquidation, stress. An account counts once in each currency that
    /// something of it settles in.
    #[must_use]
    pub fn portfolio(&self) -> PortfolioView<'_> {
        let mut portfolio = PortfolioView::new();
        for member in &self.members {
            let held = member.view.positions.iter().map(|it| Currency::new(it.symbol.settle()));
            let currencies: BTreeSet<Currency> = held.chain([member.settle.clone()]).collect();
            for currency in currencies {
                let standing = member.view.standing(&currency, member.closing_fee);
                portfolio.add(member.venue.clone(), member.account.clone(), currency, standing);
            }
        }
        portfolio
    }

    /// The accounts that are older than this, and how old they are; `None` is in doubt.
    #[must_use]
    pub fn stale(&self, within: Duration) -> Vec<(VenueId, AccountId, Option<Duration>)> {
        let old = self.members.iter().filter(|member| member.age.is_none_or(|age| age > within));
        old.map(|member| (member.venue.clone(), member.account.clone(), member.age)).collect()
    }
}
