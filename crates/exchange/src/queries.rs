//! What can be asked.

use crate::account::{Holding, POSITION_SIDES};
use crate::exchange::Exchange;
use crate::income::Income;
use crate::margin::{AccountFigures, PositionFigures};
use crate::market::{MarketIndex, MarketView};
use crate::order::{ConditionalOrder, OrderRef, PlacedOrder};
use plimsoll_domain::{
    AccountId, BalanceReport, BestQuotes, Candle, Fill, Instrument, Leverage, MarginMode, MarketTrade, Money, Position,
    PositionMode, PositionReport, PositionSide, SettledFunding, Side, Symbol, Timestamp,
};
use std::time::Duration;

impl Exchange {
    /// Every listed contract, in the order of listing.
    pub fn instruments(&self) -> impl Iterator<Item = &Instrument> {
        self.markets.iter().map(|market| &market.instrument)
    }

    /// A listed contract.
    #[must_use]
    pub fn instrument(&self, symbol: &Symbol) -> Option<&Instrument> {
        Some(&self.markets[self.market_index(symbol).ok()?].instrument)
    }

    /// How this exchange behaves.
    #[must_use]
    pub const fn settings(&self) -> &crate::settings::Settings {
        &self.settings
    }

    /// Every account, in the order of opening.
    pub fn accounts(&self) -> impl Iterator<Item = &AccountId> {
        self.accounts.iter().map(|account| &account.id)
    }

    /// A contract's market now.
    #[must_use]
    pub fn market(&self, symbol: &Symbol) -> Option<MarketView> {
        let market = &self.markets[self.market_index(symbol).ok()?];
        Some(MarketView {
            symbol: symbol.clone(),
            last: market.last,
            mark: market.mark,
            index: market.index.unwrap_or(market.mark),
            funding_rate: market.funding_rate_at(market.next_funding),
            next_funding: market.next_funding,
            funding_interval_hours: market.instrument.funding_interval_hours,
            time: market.time,
        })
    }

    /// The best bid and ask, of the outside market and of resting orders. The outside market's size is unlimited; it is
    /// shown as the contract's largest market order.
    #[must_use]
    pub fn quotes(&self, symbol: &Symbol) -> Option<BestQuotes> {
        let index = self.market_index(symbol).ok()?;
        let market = &self.markets[index];
        let size = market.instrument.max_market_quantity;
        Some(BestQuotes {
            symbol: symbol.clone(),
            bid: Some((self.best_counter(index, Side::Sell), size)),
            ask: Some((self.best_counter(index, Side::Buy), size)),
            last: Some(market.last),
            time: market.time,
        })
    }

    /// The newest trades that accounts made here, oldest first; at most a thousand are kept.
    pub fn trades(&self, symbol: &Symbol) -> impl Iterator<Item = &MarketTrade> {
        let market = self.market_index(symbol).ok().map(|index| &self.markets[index]);
        market.into_iter().flat_map(|market| &market.trades)
    }

    /// Candles of the last price that opened at or after `from` and before `to`, oldest first; the last may be open.
    /// Intervals are tens of seconds, of another length there are none, and start at multiples of themselves since 1970. Volume
    /// is what accounts traded here. Ten weeks of whole minutes are kept, of others a day.
    #[must_use]
    pub fn candles(&self, symbol: &Symbol, interval: Duration, from: Timestamp, to: Timestamp) -> Vec<Candle> {
        let Ok(index) = self.market_index(symbol) else { return Vec::new() };
        let candles = self.markets[index].candles.as_ref();
        candles.map_or_else(Vec::new, |it| it.last.candles(symbol, interval, from, to, self.now))
    }

    /// Candles of the mark price, as [`candles`](Self::candles); without volume.
    #[must_use]
    pub fn mark_candles(&self, symbol: &Symbol, interval: Duration, from: Timestamp, to: Timestamp) -> Vec<Candle> {
        let Ok(index) = self.market_index(symbol) else { return Vec::new() };
        let candles = self.markets[index].candles.as_ref();
        candles.map_or_else(Vec::new, |it| it.mark.candles(symbol, interval, from, to, self.now))
    }

    /// Every funding that was settled, oldest first.
    #[must_use]
    pub fn funding_history(&self, symbol: &Symbol) -> &[SettledFunding] {
        self.market_index(symbol).map_or(&[], |index| &self.markets[index].funding_history)
    }

    /// The most notional that a contract's margin table allows at this leverage; `None` where it has no limit, or the
    /// contract is not listed.
    #[must_use]
    pub fn max_notional(&self, symbol: &Symbol, leverage: Leverage) -> Option<Money> {
        self.markets[self.market_index(symbol).ok()?].max_notional(leverage)
    }

    /// What the insurance fund holds. Below zero, it has borne more than it had, as nobody else could.
    #[must_use]
    pub const fn insurance_fund(&self) -> Money {
        self.insurance_fund
    }

    /// An account's position mode.
    #[must_use]
    pub fn position_mode(&self, account: &AccountId) -> Option<PositionMode> {
        Some(self.accounts[self.account_index(account).ok()?].position_mode)
    }

    /// A symbol's leverage and margin mode.
    #[must_use]
    pub fn symbol_settings(&self, account: &AccountId, symbol: &Symbol) -> Option<(Leverage, MarginMode)> {
        let holding = &self.accounts[self.account_index(account).ok()?].holdings[self.market_index(symbol).ok()?];
        Some((holding.leverage, holding.margin_mode))
    }

    /// Every open position of an account.
    #[must_use]
    pub fn positions(&self, account: &AccountId) -> Vec<PositionReport> {
        let Ok(account) = self.account_index(account) else { return Vec::new() };
        let open = self.accounts[account].positions();
        open.map(|(market, side, _)| self.position_report(account, market, side)).collect()
    }

    /// Every open position in a symbol, whoever holds it.
    pub fn held_by_all(&self, symbol: &Symbol) -> impl Iterator<Item = Position> + '_ {
        let market = self.market_index(symbol).ok();
        let holdings = self.accounts.iter().filter_map(move |account| account.holdings.get(market?));
        holdings.flat_map(Holding::open).map(|(_, held)| held.position)
    }

    /// One position of an account; its report says so where nothing is held.
    #[must_use]
    pub fn position(&self, account: &AccountId, symbol: &Symbol, side: PositionSide) -> Option<PositionReport> {
        let account = self.account_index(account).ok()?;
        Some(self.position_report(account, self.market_index(symbol).ok()?, side))
    }

    /// What an account holds of a market in one-way mode.
    #[must_use]
    pub fn held_of(&self, account: &AccountId, market: MarketIndex) -> Option<Position> {
        let account = self.account_index(account).ok()?;
        self.accounts[account].holdings.get(market.0)?.position(PositionSide::Both)
    }

    /// The margin figures of one position.
    #[must_use]
    pub fn position_figures(
        &self,
        account: &AccountId,
        symbol: &Symbol,
        side: PositionSide,
    ) -> Option<PositionFigures> {
        let account = self.account_index(account).ok()?;
        Some(self.position_figures_of(account, self.market_index(symbol).ok()?, side))
    }

    /// When a position last changed.
    #[must_use]
    pub fn position_updated(&self, account: &AccountId, symbol: &Symbol, side: PositionSide) -> Option<Timestamp> {
        let holding = &self.accounts[self.account_index(account).ok()?].holdings[self.market_index(symbol).ok()?];
        Some(holding.slot(side).updated)
    }

    /// An account's balance of the settle currency.
    #[must_use]
    pub fn balance(&self, account: &AccountId) -> Option<BalanceReport> {
        Some(self.balance_report(self.account_index(account).ok()?))
    }

    /// An account's margin figures.
    #[must_use]
    pub fn account_figures(&self, account: &AccountId) -> Option<AccountFigures> {
        Some(self.figures(self.account_index(account).ok()?))
    }

    /// An account's open ordinary orders, oldest first.
    #[must_use]
    pub fn open_orders(&self, account: &AccountId) -> Vec<PlacedOrder> {
        let Ok(account) = self.account_index(account) else { return Vec::new() };
        self.accounts[account].open_orders.iter().map(|number| self.orders[*number].placed()).collect()
    }

    /// An ordinary order, open or not.
    #[must_use]
    pub fn order(&self, account: &AccountId, symbol: &Symbol, which: &OrderRef) -> Option<PlacedOrder> {
        let account = self.account_index(account).ok()?;
        let number = self.find_order(account, self.market_index(symbol).ok()?, which)?;
        Some(self.orders[number].placed())
    }

    /// Every ordinary order of a symbol that the account ever had, oldest first.
    #[must_use]
    pub fn orders(&self, account: &AccountId, symbol: &Symbol) -> Vec<PlacedOrder> {
        let (Ok(account), Ok(market)) = (self.account_index(account), self.market_index(symbol)) else {
            return Vec::new();
        };
        let all = self.accounts[account].all_orders.iter().map(|number| &self.orders[*number]);
        all.filter(|order| order.market == market).map(|order| order.placed()).collect()
    }

    /// An account's conditional orders that wait for their trigger, oldest first.
    #[must_use]
    pub fn open_conditionals(&self, account: &AccountId) -> Vec<ConditionalOrder> {
        let Ok(account) = self.account_index(account) else { return Vec::new() };
        let open = self.accounts[account].open_conditionals.iter();
        open.map(|number| self.conditional_report(*number)).collect()
    }

    /// A conditional order, waiting or not.
    #[must_use]
    pub fn conditional(&self, account: &AccountId, which: &OrderRef) -> Option<ConditionalOrder> {
        let number = self.find_conditional(self.account_index(account).ok()?, which)?;
        Some(self.conditional_report(number))
    }

    /// Every conditional order of a symbol that the account ever had, oldest first.
    #[must_use]
    pub fn conditionals(&self, account: &AccountId, symbol: &Symbol) -> Vec<ConditionalOrder> {
        let (Ok(account), Ok(market)) = (self.account_index(account), self.market_index(symbol)) else {
            return Vec::new();
        };
        let all = self.accounts[account].all_conditionals.iter();
        let own = all.filter(|number| self.conditionals[**number].market == market);
        own.map(|number| self.conditional_report(*number)).collect()
    }

    /// An account's fills of a symbol, oldest first.
    pub fn fills<'a>(&'a self, account: &AccountId, symbol: &'a Symbol) -> impl Iterator<Item = &'a Fill> + 'a {
        let account = self.account_index(account).ok().map(|account| &self.accounts[account]);
        account.into_iter().flat_map(|account| &account.fills).filter(move |fill| fill.symbol == *symbol)
    }

    /// Forgets the fills and the changes of wallets from before `time`, of every account. Wallets and positions stay as
    /// they are.
    pub fn forget_before(&mut self, time: Timestamp) {
        for account in &mut self.accounts {
            let old = account.fills.partition_point(|fill| fill.time < time);
            account.fills.drain(..old);
            let old = account.income.partition_point(|income| income.time < time);
            account.income.drain(..old);
        }
    }

    /// Every change of an account's wallet, oldest first.
    #[must_use]
    pub fn income(&self, account: &AccountId) -> &[Income] {
        self.account_index(account).map_or(&[], |account| &self.accounts[account].income)
    }

    pub(crate) fn position_report(&self, account: usize, market: usize, side: PositionSide) -> PositionReport {
        let holding = &self.accounts[account].holdings[market];
        let it = &self.markets[market];
        let slot = holding.slot(side);
        let position = holding.position(side);
        let pool = self.pool_of(account, market, side);
        let is_isolated = holding.margin_mode == MarginMode::Isolated;
        PositionReport {
            symbol: it.instrument.symbol.clone(),
            position_side: side,
            position,
            mark_price: Some(it.mark),
            liquidation_price: position
                .zip(pool.as_ref())
                .and_then(|(position, pool)| self.shown_liquidation_price(pool, market, position)),
            unrealized_pnl: Some(position.map(|position| position.unrealized_pnl(it.mark)).unwrap_or_default()),
            realized_pnl: Some(slot.realized),
            leverage: Some(holding.leverage),
            margin_mode: Some(holding.margin_mode),
            isolated_margin: is_isolated.then(|| slot.held.map(|held| held.margin).unwrap_or_default()),
            maintenance_margin: position.map(|position| it.maintenance(position.notional(it.mark))),
            margin_ratio: pool.as_ref().and_then(|pool| self.ratio(pool)),
            stamp: self.stamp(),
        }
    }

    pub(crate) fn balance_report(&self, account: usize) -> BalanceReport {
        let figures = self.figures(account);
        BalanceReport {
            currency: self.settle_currency(),
            wallet: Some(figures.wallet),
            cross_wallet: Some(figures.cross_wallet),
            available: Some(figures.available),
            equity: Some(figures.wallet + figures.unrealized_pnl),
            unrealized_pnl: Some(figures.unrealized_pnl),
            stamp: self.stamp(),
        }
    }

    /// What a fill's news tells of a position: all, or only what it is.
    pub(crate) fn told_position(&self, account: usize, market: usize, side: PositionSide) -> PositionReport {
        if self.settings.full_reports {
            return self.position_report(account, market, side);
        }
        let holding = &self.accounts[account].holdings[market];
        let slot = holding.slot(side);
        PositionReport {
            symbol: self.markets[market].instrument.symbol.clone(),
            position_side: side,
            position: holding.position(side),
            mark_price: Some(self.markets[market].mark),
            liquidation_price: None,
            unrealized_pnl: None,
            realized_pnl: Some(slot.realized),
            leverage: Some(holding.leverage),
            margin_mode: Some(holding.margin_mode),
            isolated_margin: None,
            maintenance_margin: None,
            margin_ratio: None,
            stamp: self.stamp(),
        }
    }

    /// What a fill's news tells of the balance: all, or the wallet.
    pub(crate) fn told_balance(&self, account: usize) -> BalanceReport {
        if self.settings.full_reports {
            return self.balance_report(account);
        }
        BalanceReport {
            currency: self.settle_currency(),
            wallet: Some(self.accounts[account].wallet),
            cross_wallet: None,
            available: None,
            equity: None,
            unrealized_pnl: None,
            stamp: self.stamp(),
        }
    }

    /// Whether the account has a position or an open ordinary order in this symbol.
    #[must_use]
    pub fn is_active(&self, account: &AccountId, symbol: &Symbol) -> bool {
        let (Ok(account), Ok(market)) = (self.account_index(account), self.market_index(symbol)) else { return false };
        let holding = &self.accounts[account].holdings[market];
        POSITION_SIDES.into_iter().any(|side| holding.position(side).is_some())
            || !self.open_orders_of(account, market).is_empty()
    }
}
