//! What the account holds: several readings made one.

use super::{BitgetBroker, Shared, learning};
use crate::directory::{Listed, any_trading};
use crate::wire::body::{self, PlanOrder};
use crate::wire::request::{self, PlanKind};
use plimsoll_domain::{AccountSnapshot, BalanceReport, Money, Order, PositionMode, PositionReport, Symbol};
use plimsoll_transport::Priority::{self, ReducesRisk, Watches};
use plimsoll_venue::{CallError, insist, whole};
use std::sync::Arc;
use std::time::Duration;

/// Nobody has so many pages of orders: a venue that always has another page must not keep us for ever.
const MOST_PAGES: usize = 100;

impl BitgetBroker {
    /// The whole account, its parts of one moment: where one fails for a moment, all are read again. Its time is a millisecond
    /// before what the venue's clock showed before the first reading, since the venue cuts its times to milliseconds: what
    /// happened within that one may be news.
    pub(crate) async fn snapshot(&self) -> Result<AccountSnapshot, CallError> {
        insist(self.shared.client.clock().as_ref(), || self.read_account()).await
    }

    async fn read_account(&self) -> Result<AccountSnapshot, CallError> {
        let before = self.shared.client.measure_time().await?;
        let (position_mode, positions, orders, balances) = tokio::try_join!(
            position_mode(&self.shared),
            self.read_positions(Watches),
            self.read_open_orders(None, Watches),
            self.read_balances(),
        )?;
        let time = before.minus(Duration::from_millis(1));
        whole(AccountSnapshot { position_mode, positions, orders, balances, time })
    }

    /// Whoever wants out must see what is held: no list is read again for that, and margin tables are hardly waited for. A
    /// position is not withheld over a table that cannot be read.
    pub(super) async fn read_positions(&self, priority: Priority) -> Result<Vec<PositionReport>, CallError> {
        let mut positions = self.shared.ask(&request::positions(None), priority, body::positions).await?;
        let (shared, listed) = (&self.shared, self.shared.known().await?);
        let wanting = shared.directory.wanting(&shared.client, &positions, &listed);
        learning::held(shared, wanting).await;
        for report in &mut positions {
            shared.directory.maintain(report, &listed);
        }
        Ok(positions)
    }

    pub(super) async fn read_balances(&self) -> Result<Vec<BalanceReport>, CallError> {
        let balances = self.shared.ask(&request::all_accounts(), Watches, body::balances).await?;
        let zero = |money: Option<Money>| money.is_none_or(Money::is_zero);
        let empty = |it: &BalanceReport| zero(it.wallet) && zero(it.equity) && zero(it.unrealized_pnl);
        Ok(balances.into_iter().filter(|balance| !empty(balance)).collect())
    }

    /// The open orders of every listing that the venue has.
    pub(super) async fn read_open_orders(
        &self,
        symbol: Option<&Symbol>,
        priority: Priority,
    ) -> Result<Vec<Order>, CallError> {
        let native = match symbol {
            Some(symbol) => Some(self.shared.native(symbol).await?),
            None => None,
        };
        let native = native.as_deref();
        let (mut orders, plans) = tokio::try_join!(self.pending(native, priority), self.waiting(native, priority))?;
        orders.extend(plans.into_iter().map(|plan| plan.order));
        orders.retain(|order| !order.status.is_final());
        for order in &orders {
            self.shared.learn(order);
        }
        Ok(orders)
    }

    async fn pending(&self, native: Option<&str>, priority: Priority) -> Result<Vec<Order>, CallError> {
        let (mut orders, mut older_than) = (Vec::new(), None::<String>);
        for _ in 0..MOST_PAGES {
            let call = request::open_orders(native, older_than.as_deref());
            let page = self.shared.ask(&call, priority, body::orders).await?;
            let full = page.rows.len() >= super::history::FULL;
            orders.extend(page.rows);
            match page.older_than {
                Some(end) if full && older_than.as_ref() != Some(&end) => older_than = Some(end),
                _ => break,
            }
        }
        Ok(orders)
    }

    /// The plan orders that wait, of every kind.
    pub(super) async fn waiting(&self, native: Option<&str>, priority: Priority) -> Result<Vec<PlanOrder>, CallError> {
        let [trigger, trailing, protecting] = PlanKind::ALL.map(|kind| self.plans(kind, native, priority));
        let (mut plans, trailing, protecting) = tokio::try_join!(trigger, trailing, protecting)?;
        plans.extend(trailing);
        plans.extend(protecting);
        for plan in &plans {
            self.shared.known.is_plan(&plan.order.client_order_id, &plan.plan_type);
        }
        Ok(plans)
    }

    async fn plans(
        &self,
        kind: PlanKind,
        native: Option<&str>,
        priority: Priority,
    ) -> Result<Vec<PlanOrder>, CallError> {
        let (mut plans, mut older_than) = (Vec::new(), None::<String>);
        for _ in 0..MOST_PAGES {
            let call = request::open_plans(kind, native, older_than.as_deref());
            let page = self.shared.ask(&call, priority, body::plans).await?;
            let full = page.rows.len() >= super::history::FULL;
            plans.extend(page.rows);
            match page.older_than {
                Some(end) if full && older_than.as_ref() != Some(&end) => older_than = Some(end),
                _ => break,
            }
        }
        Ok(plans)
    }
}

/// The position mode, for whoever only needs that. The venue tells it with the settings of a contract: of one that was
/// trading by the list that is known or, where the venue no longer tells of that one, by a fresh list.
pub(super) async fn position_mode(shared: &Shared) -> Result<PositionMode, CallError> {
    let known = shared.known().await?;
    match position_mode_by(shared, &known).await {
        Err(error) if error.is_final() => match shared.listed().await? {
            listed if Arc::ptr_eq(&listed, &known) => Err(error),
            listed => position_mode_by(shared, &listed).await,
        },
        outcome => outcome,
    }
}

async fn position_mode_by(shared: &Shared, listed: &Listed) -> Result<PositionMode, CallError> {
    let native = any_trading(listed)?;
    Ok(shared.directory.settings(&shared.client, &native, ReducesRisk).await?.position_mode)
}
