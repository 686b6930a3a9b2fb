//! All positions together: what the account holds beside what other accounts hold, by the records.

use super::PositionManager;
use super::reading::Reading;
use crate::trouble::{Record, Troubles};
use plimsoll_domain::risk::{Elsewhere, Exposed, Reason, Scope, overexposed};
use plimsoll_domain::{AccountId, Decimal, Money, VenueId};
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

/// What the other accounts hold.
#[derive(Debug, Clone, Copy, Default)]
struct Others {
    /// As new exposure is judged: who was not looked at counts with what it holds and with no equity.
    strictly: Elsewhere,
    /// As what is held here is taken away: who was not looked at may hold nothing, and have any equity.
    kindly: Elsewhere,
}

/// The limits on all positions together that are broken.
#[derive(Debug, Default)]
pub(crate) struct Overexposed {
    /// As far as is known.
    pub(crate) broken: Vec<Reason>,
    /// Those that are whatever is true of accounts that nobody looks at.
    pub(crate) surely: Vec<Reason>,
}

impl PositionManager {
    /// What the other accounts hold, by the records: positions at their entry prices, equity as the curve had it within the
    /// hour. Nothing is read where no limit asks for it.
    pub(crate) async fn elsewhere(&self) -> Result<Elsewhere, StoreError> {
        Ok(self.others().await?.strictly)
    }

    async fn others(&self) -> Result<Others, StoreError> {
        let mut others = Others::default();
        let rules = self.rules();
        let is_limited = |scope| rules.limits.exposure_limit(scope, Money::ZERO).is_some();
        if !is_limited(Scope::Venue) && !is_limited(Scope::Portfolio) {
            return Ok(others);
        }
        let here = self.ports.broker.venue();
        for sister in &self.settings.sisters {
            let (notional, equity) = self.held_by(&sister.account).await?;
            let strict = Exposed { notional, equity: equity.unwrap_or_default() };
            let unknown = Exposed { notional: Money::ZERO, equity: Money::new(Decimal::MAX) };
            let kind = equity.map_or(unknown, |equity| Exposed { notional, equity });
            for (elsewhere, held) in [(&mut others.strictly, strict), (&mut others.kindly, kind)] {
                elsewhere.portfolio = elsewhere.portfolio.with(held);
                if sister.venue == here {
                    elsewhere.venue = elsewhere.venue.with(held);
                }
            }
        }
        Ok(others)
    }

    /// What an account holds, and its equity where it was looked at within the hour.
    async fn held_by(&self, account: &AccountId) -> Result<(Money, Option<Money>), StoreError> {
        let open = self.ports.positions.by_status(account, PositionStatus::Open).await?;
        let is_ours = |record: &&PositionRecord| record.opened.symbol.settle() == self.settings.settle.as_str();
        let notional = open.iter().filter(is_ours).map(|it| it.opened.quantity * it.opened.entry_price).sum();
        let now = self.ports.clock.now();
        let last = self.ports.equity.last_until(account, now).await?;
        let known = last.filter(|point| point.time >= now.minus(KNOWN_FOR));
        Ok((notional, known.as_ref().map(PnlSnapshot::equity)))
    }

    /// The limits on all positions together that are broken now. A limit is recorded and told when it comes to be broken.
    pub(crate) async fn watch_exposure(&self, reading: &Reading, troubles: &mut Troubles) -> Overexposed {
        let equity = reading.wallet(&self.settings.settle) + reading.unrealized_pnl();
        let own = Exposed { notional: reading.notional(), equity };
        // Without the records the account is judged alone.
        let others = troubles.read(Record::Position, self.others().await).unwrap_or_default();
        let limits = self.limits_in_force();
        let broken: Vec<Reason> = overexposed(own, others.strictly, &limits).collect();
        let surely = overexposed(own, others.kindly, &limits).collect();
        for reason in self.newly_broken(&broken) {
            let (detail, figure, limit) = (reason.to_string(), reason.figure(), reason.limit());
            self.log_risk("exposure", None, &detail, figure, limit, "told", troubles).await;
            let account = &self.settings.account;
            let (key, title) = (format!("exposure/{account}"), format!("too much is held on {account}"));
            self.alert(&Alert { severity: Severity::Critical, key, title, body: detail }, troubles).await;
        }
        Overexposed { broken, surely }
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
