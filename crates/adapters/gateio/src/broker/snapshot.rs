//! What the account holds: several readings made one.

use super::GateioBroker;
use crate::wire::{body, request};
use plimsoll_domain::{AccountSnapshot, BalanceReport, Money, Order, PositionReport, Symbol};
use plimsoll_transport::Priority::{self, Watches};
use plimsoll_venue::{CallError, insist, whole};
use std::collections::HashSet;
use std::time::Duration;

/// The most rows that one answer has.
const FULL: usize = 1000;

impl GateioBroker {
    /// The whole account, its parts of one moment: where one fails for a moment, all are read again. Its time is a millisecond
    /// before what the venue's clock showed before the first reading, since the venue cuts its times to milliseconds: what
    /// happened within that one may be news.
    pub(crate) async fn snapshot(&self) -> Result<AccountSnapshot, CallError> {
        insist(self.shared.client.clock().as_ref(), || self.read_account()).await
    }

    async fn read_account(&self) -> Result<AccountSnapshot, CallError> {
        let before = self.shared.client.measure_time().await?;
        // The mode comes first: orders cannot be told without it.
        let (account, position_mode) = self.shared.account_and_mode(Watches).await?;
        let (positions, orders) = tokio::try_join!(self.read_positions(Watches), self.read_open_orders(None, Watches))?;
        let balances = Some(account.balance).filter(|balance| !is_empty(balance)).into_iter().collect();
        let time = before.minus(Duration::from_millis(1));
        whole(AccountSnapshot { position_mode, positions, orders, balances, time })
    }

    pub(super) async fn read_positions(&self, priority: Priority) -> Result<Vec<PositionReport>, CallError> {
        let (mut positions, mut known, mut offset) = (Vec::new(), HashSet::new(), 0);
        loop {
            let call = request::positions(true, offset);
            let page = self.shared.ask(&call, priority, body::positions).await?;
            let (rows, before) = (page.len(), known.len());
            let fresh = |report: &PositionReport| known.insert((report.symbol.clone(), report.position_side));
            let page: Vec<PositionReport> = page.into_iter().filter(fresh).collect();
            positions.extend(page.into_iter().filter(|report| report.position.is_some()));
            // What changes meanwhile moves rows from page to page.
            if rows < FULL || known.len() == before {
                return Ok(positions);
            }
            offset += FULL;
        }
    }

    pub(super) async fn read_balances(&self) -> Result<Vec<BalanceReport>, CallError> {
        let balance = self.shared.account(Watches).await?.balance;
        Ok(Some(balance).filter(|balance| !is_empty(balance)).into_iter().collect())
    }

    /// Both services' open orders.
    pub(super) async fn read_open_orders(
        &self,
        symbol: Option<&Symbol>,
        priority: Priority,
    ) -> Result<Vec<Order>, CallError> {
        let native = match symbol {
            Some(symbol) => Some(self.shared.native(symbol).await?),
            None => None,
        };
        let (mut orders, triggers) = tokio::try_join!(
            self.all_pages(priority, |offset| request::open_orders(native.as_deref(), offset), body::orders),
            self.all_pages(priority, |offset| request::open_triggers(native.as_deref(), offset), body::triggers),
        )?;
        orders.extend(triggers);
        orders.retain(|order| !order.status.is_final());
        for order in &mut orders {
            self.shared.names.rename(order);
            self.shared.names.learn(order);
            self.shared.memory.learn(order);
        }
        Ok(orders)
    }

    /// Every page of a list of orders, each order once: what changes meanwhile moves rows from page to page.
    async fn all_pages(
        &self,
        priority: Priority,
        call: impl Fn(usize) -> crate::wire::Call,
        decode: fn(&[u8], crate::wire::Reading<'_>) -> Result<Vec<Order>, crate::wire::DecodeError>,
    ) -> Result<Vec<Order>, CallError> {
        let (mut orders, mut known, mut offset): (Vec<Order>, HashSet<_>, usize) = (Vec::new(), HashSet::new(), 0);
        loop {
            let page = self.shared.ask(&call(offset), priority, decode).await?;
            let (rows, before) = (page.len(), known.len());
            orders.extend(page.into_iter().filter(|order| known.insert(order.order_id.clone())));
            if rows < FULL || known.len() == before {
                return Ok(orders);
            }
            offset += FULL;
        }
    }
}

fn is_empty(balance: &BalanceReport) -> bool {
    let zero = |money: Option<Money>| money.is_none_or(Money::is_zero);
    zero(balance.wallet) && zero(balance.equity) && zero(balance.unrealized_pnl)
}
