//! What the account holds: several readings made one.

use super::{BinanceBroker, position_mode};
use crate::wire::{body, request};
use plimsoll_domain::{AccountSnapshot, BalanceReport, Money, Order, PositionReport, Symbol};
use plimsoll_transport::Priority::{self, ReducesRisk, Watches};
use plimsoll_venue::{CallError, insist, whole};
use std::time::Duration;

impl BinanceBroker {
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
            self.read_positions(),
            self.read_open_orders(None, Watches),
            self.read_balances(),
        )?;
        let time = before.minus(Duration::from_millis(1));
        whole(AccountSnapshot { position_mode, positions, orders, balances, time })
    }

    /// What is held and how it is set: both, since an isolated position whose mode is not known would be judged as another.
    async fn read_positions(&self) -> Result<Vec<PositionReport>, CallError> {
        let (positions, settings) = tokio::try_join!(self.held(Watches), self.set(Watches))?;
        Ok(completed(positions, &settings))
    }

    /// Whoever wants out must see what is held, also where how it is set cannot be read.
    pub(super) async fn read_held(&self) -> Result<Vec<PositionReport>, CallError> {
        let (positions, settings) = tokio::join!(self.held(ReducesRisk), self.set(ReducesRisk));
        let settings = settings.unwrap_or_else(|error| {
            tracing::warn!(%error, "how the contracts are set cannot be read: positions are told without it");
            Vec::new()
        });
        Ok(completed(positions?, &settings))
    }

    async fn held(&self, priority: Priority) -> Result<Vec<PositionReport>, CallError> {
        let mut positions = self.shared.ask(&request::positions(None), priority, body::positions).await?;
        positions.retain(|report| report.position.is_some());
        Ok(positions)
    }

    async fn set(&self, priority: Priority) -> Result<Vec<body::SymbolConfig>, CallError> {
        self.shared.ask(&request::symbol_config(None), priority, body::symbol_config).await
    }

    pub(super) async fn read_balances(&self) -> Result<Vec<BalanceReport>, CallError> {
        let balances = self.shared.client.read(&request::account(), Watches, body::account_balances).await?;
        let zero = |money: Option<Money>| money.is_none_or(Money::is_zero);
        let empty = |it: &BalanceReport| zero(it.wallet) && zero(it.equity) && zero(it.unrealized_pnl);
        Ok(balances.into_iter().filter(|balance| !empty(balance)).collect())
    }

    /// Both services' open orders: those of one contract cost next to nothing; those of all, a thirtieth of the minute.
    pub(super) async fn read_open_orders(
        &self,
        symbol: Option<&Symbol>,
        priority: Priority,
    ) -> Result<Vec<Order>, CallError> {
        let native = match symbol {
            Some(symbol) => Some(self.shared.native(symbol).await?),
            None => None,
        };
        let (ordinary, conditional) =
            (request::open_orders(native.as_deref()), request::open_algo_orders(native.as_deref()));
        let (mut orders, conditional) = tokio::try_join!(
            self.shared.ask(&ordinary, priority, body::orders),
            self.shared.ask(&conditional, priority, body::algo_orders),
        )?;
        orders.extend(conditional);
        orders.retain(|order| !order.status.is_final());
        for order in &orders {
            self.shared.memory.learn(order);
        }
        Ok(orders)
    }
}

fn completed(mut positions: Vec<PositionReport>, settings: &[body::SymbolConfig]) -> Vec<PositionReport> {
    for report in &mut positions {
        if let Some(setting) = settings.iter().find(|setting| setting.symbol == report.symbol) {
            setting.complete(report);
        }
    }
    positions
}
