//! What an account's state can be asked.

use super::AccountState;
use super::funds::Funds;
use super::held::HeldPosition;
use crate::change::Balance;
use crate::leverage::Leverage;
use crate::money::Money;
use crate::name::{Currency, OrderId, Symbol};
use crate::order::Order;
use crate::price::Price;
use crate::side::{MarginMode, PositionMode, PositionSide};
use crate::time::Timestamp;
use std::time::Duration;

/// What is known of the account.
impl AccountState {
    /// Every open position, by symbol and side.
    pub fn positions(&self) -> impl Iterator<Item = HeldPosition> {
        self.contracts.iter().flat_map(|(symbol, contract)| {
            contract.slots().filter_map(move |(side, _)| HeldPosition::of(symbol, side, contract))
        })
    }

    /// This position, if it is open.
    #[must_use]
    pub fn position(&self, symbol: &Symbol, position_side: PositionSide) -> Option<HeldPosition> {
        HeldPosition::of(symbol, position_side, self.contracts.get(symbol)?)
    }

    /// Every open order, by symbol. A conditional order that has triggered is not one any more: its child is, and
    /// [`order_by_id`](Self::order_by_id) tells both.
    pub fn open_orders(&self) -> impl Iterator<Item = &Order> {
        self.contracts.values().flat_map(|contract| contract.orders.open())
    }

    /// The open orders of one contract.
    pub fn open_orders_of(&self, symbol: &Symbol) -> impl Iterator<Item = &Order> {
        self.contracts.get(symbol).into_iter().flat_map(|contract| contract.orders.open())
    }

    /// An order by its venue's id, open or lately finished. `conditional` says which id space it is from.
    #[must_use]
    pub fn order_by_id(&self, symbol: &Symbol, conditional: bool, id: &OrderId) -> Option<&Order> {
        self.contracts.get(symbol)?.orders.get(conditional, id)
    }

    /// Every currency of which a balance is known.
    pub fn balances(&self) -> impl Iterator<Item = (&Currency, Balance)> {
        self.funds.iter().map(|(currency, funds)| (currency, funds.get()))
    }

    /// The balance of one currency; all `None` if nothing is known.
    #[must_use]
    pub fn balance(&self, currency: &Currency) -> Balance {
        self.funds.get(currency).map(Funds::get).unwrap_or_default()
    }

    /// Wallet and the unrealised profit at the marks of the positions that settle in this currency. Where the wallet or
    /// a mark is missing, what the venue last gave as equity; `None` if it gave none.
    #[must_use]
    pub fn equity(&self, currency: &Currency) -> Option<Money> {
        let balance = self.balance(currency);
        let wallet = balance.wallet.zip(self.unrealized_pnl(currency));
        wallet.map(|(wallet, profit)| sum(wallet, profit)).or(balance.equity)
    }

    /// Unrealised profit of the positions that settle in this currency; `None` if one of them has no mark.
    #[must_use]
    pub fn unrealized_pnl(&self, currency: &Currency) -> Option<Money> {
        let settles = |it: &HeldPosition| it.symbol.settle() == currency.as_str();
        self.positions().filter(settles).try_fold(Money::ZERO, |total, it| Some(sum(total, it.unrealized_pnl?)))
    }

    /// A symbol's leverage setting, if known.
    #[must_use]
    pub fn leverage(&self, symbol: &Symbol) -> Option<Leverage> {
        self.contracts.get(symbol)?.leverage()
    }

    /// A symbol's margin mode, if known.
    #[must_use]
    pub fn margin_mode(&self, symbol: &Symbol) -> Option<MarginMode> {
        self.contracts.get(symbol)?.margin_mode()
    }

    /// The contracts of which a setting is known, with their leverage and margin mode.
    pub fn settings(&self) -> impl Iterator<Item = (&Symbol, Option<Leverage>, Option<MarginMode>)> {
        let told = self.contracts.iter().map(|(symbol, it)| (symbol, it.leverage(), it.margin_mode()));
        told.filter(|(_, leverage, mode)| leverage.is_some() || mode.is_some())
    }

    /// The account's position mode, if known.
    #[must_use]
    pub fn position_mode(&self) -> Option<PositionMode> {
        self.position_mode.get()
    }

    /// Whether a position's automatic margin top-up is known to be on.
    #[must_use]
    pub fn auto_margin(&self, symbol: &Symbol, position_side: PositionSide) -> bool {
        let contract = self.contracts.get(symbol);
        contract.and_then(|contract| contract.slot(position_side).auto_margin.get()).unwrap_or(false)
    }

    /// The newest mark price of a symbol, if any was heard.
    #[must_use]
    pub fn mark_price(&self, symbol: &Symbol) -> Option<Price> {
        self.contracts.get(symbol)?.mark.get()
    }

    /// How old the state is at this moment of the venue's clock; `None` if there never was a snapshot, or something was
    /// missed since.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Option<Duration> {
        let known = self.as_of.filter(|_| self.synced.is_some() && !self.needs_resync());
        known.map(|as_of| now.since(as_of))
    }

    /// The venue's time of the newest thing it said about the account.
    #[must_use]
    pub const fn as_of(&self) -> Option<Timestamp> {
        self.as_of
    }

    /// The time of the newest snapshot.
    #[must_use]
    pub const fn synced_at(&self) -> Option<Timestamp> {
        self.synced
    }

    /// Whether something was missed, so that only a snapshot can be trusted.
    #[must_use]
    pub fn needs_resync(&self) -> bool {
        let lost = self.lost.is_some_and(|lost| self.synced.is_none_or(|synced| synced < lost));
        lost || self.contracts.values().any(|contract| contract.slots().any(|(_, slot)| slot.doubt().is_some()))
    }
}

fn sum(a: Money, b: Money) -> Money {
    Money::new(a.get().saturating_add(b.get()))
}
