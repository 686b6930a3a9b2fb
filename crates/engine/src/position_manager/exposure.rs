//! All positions together: what the account holds beside what other accounts hold, by the records.

use super::PositionManager;
use super::reading::Reading;
use crate::trouble::{Record, Troubles};
use plimsoll_domain::risk::{Elsewhere, Exposed, Reason, Scope, overexposed};
use plimsoll_domain::{AccountId, Money, VenueId};
use plimsoll_ports::{Alert, PnlSnapshot, PositionRecord, PositionStatus, Severity, StoreError};
use std::sync::PoisonError;
use std::time::Duration;

/// Another account of the same currency on the same records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sister {
    /// Its name.
    pub account: AccountId,
    /// Where it is.
    pub venue: VenueId,
}

/// Equity on record that is older than this says nothing of an account: it counts as one that has none.
const KNOWN_FOR: Duration = Duration::from_secs(60 * 60);

impl PositionManager {
    /// What the other accounts hold, by the records: positions at their entry prices, equity as the curve had it within the
    /// hour. Nothing is read where no limit asks for it.
    pub(crate) async fn elsewhere(&self) -> Result<Elsewhere, StoreError> {
        let mut elsewhere = Elsewhere::default();
        let is_limited = |scope| self.settings.limits.exposure_limit(scope, Money::ZERO).is_some();
        if !is_limited(Scope::Venue) && !is_limited(Scope::Portfolio) {
            return Ok(elsewhere);
        }
        let here = self.ports.broker.venue();
        for sister in &self.settings.sisters {
            let held = self.held_by(&sister.account).await?;
            elsewhere.portfolio = elsewhere.portfolio.with(held);
            if sister.venue == here {
                elsewhere.venue = elsewhere.venue.with(held);
            }
        }
        Ok(elsewhere)
    }

    async fn held_by(&self, account: &AccountId) -> Result<Exposed, StoreError> {
        let open = self.ports.positions.by_status(account, PositionStatus::Open).await?;
        let is_ours = |record: &&PositionRecord| record.opened.symbol.settle() == self.settings.settle.as_str();
        let notional = open.iter().filter(is_ours).map(|it| it.opened.quantity * it.opened.entry_price).sum();
        let since = self.ports.clock.now().minus(KNOWN_FOR);
        let known = self.ports.equity.first_since(account, since).await?;
        Ok(Exposed { notional, equity: known.as_ref().map(PnlSnapshot::equity).unwrap_or_default() })
    }

    /// The limits on all positions together that are broken now. A limit is recorded and told when it comes to be broken.
    pub(crate) async fn watch_exposure(&self, reading: &Reading, troubles: &mut Troubles) -> Vec<Reason> {
        let equity = reading.wallet(&self.settings.settle) + reading.unrealized_pnl();
        let own = Exposed { notional: reading.notional(), equity };
        // Without the records the account is judged alone.
        let elsewhere = troubles.read(Record::Position, self.elsewhere().await).unwrap_or_default();
        let broken: Vec<Reason> = overexposed(own, elsewhere, &self.limits_in_force()).collect();
        for reason in self.newly_broken(&broken) {
            let (detail, figure, limit) = (reason.to_string(), reason.figure(), reason.limit());
            self.log_risk("exposure", None, &detail, figure, limit, "told", troubles).await;
            let account = &self.settings.account;
            let (key, title) = (format!("exposure/{account}"), format!("too much is held on {account}"));
            self.alert(&Alert { severity: Severity::Critical, key, title, body: detail }, troubles).await;
        }
        broken
    }

    fn newly_broken<'a>(&self, broken: &'a [Reason]) -> Vec<&'a Reason> {
        let mut told = self.overexposed.lock().unwrap_or_else(PoisonError::into_inner);
        let scopes: Vec<Option<Scope>> = broken.iter().map(scope_of).collect();
        let new = broken.iter().filter(|it| scope_of(it).is_none_or(|scope| !told.contains(&scope))).collect();
        *told = scopes.into_iter().flatten().collect();
        new
    }
}

const fn scope_of(reason: &Reason) -> Option<Scope> {
    match reason {
        Reason::Exposure { scope, .. } => Some(*scope),
        _ => None,
    }
}
