//! The exchange itself: listing, accounts, time.

use crate::account::{Account, Holding};
use crate::conditional::Conditional;
use crate::event::{ExchangeEvent, News};
use crate::gate::PriceKey;
use crate::income::{self, Income, IncomeKind};
use crate::market::{ListingRefused, Market, MarketIndex};
use crate::numbered::Numbered;
use crate::order::Working;
use crate::rejection::Rejection;
use crate::settings::Settings;
use crate::solvency::PoolId;
use crate::tick::{Tick, TickRefused};
use plimsoll_domain::liquidation::LiquidationBounds;
use plimsoll_domain::{AccountId, Currency, Instrument, Leverage, Money, Price, Stamp, Symbol, Timestamp, TradeId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A perpetual-futures exchange in memory. See the [crate's page](crate) for its rules.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub(crate) settings: Settings,
    pub(crate) now: Timestamp,
    pub(crate) markets: Vec<Market>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) orders: Numbered<Working>,
    pub(crate) conditionals: Numbered<Conditional>,
    /// The stops that orders carry which are not done.
    pub(crate) attached: BTreeMap<usize, Price>,
    pub(crate) insurance_fund: Money,
    /// Accounts whose wallet or positions changed, whose margin is to be judged.
    pub(crate) unsettled: BTreeSet<usize>,
    /// Margin pools that were called, and until when they are not called again.
    pub(crate) called: BTreeSet<(Timestamp, PoolId)>,
    /// The fences of each account's pools: market, pool and bounds.
    pub(crate) fenced: HashMap<usize, Vec<(usize, PoolId, LiquidationBounds)>>,
    pub(crate) priorities: u64,
    pub(crate) forced: u64,
    /// Something is due by time alone from then on: a funding, or a margin call to be repeated.
    wake_at: Timestamp,
    symbols: HashMap<Symbol, usize>,
    names: HashMap<AccountId, usize>,
    events: Vec<ExchangeEvent>,
    sequence: u64,
    incomes: u64,
}

const NEVER: Timestamp = Timestamp::from_micros(i64::MAX);
const MOST_FUNDINGS: i64 = 100_000;

impl Exchange {
    /// An empty exchange whose time is `start`, with the [default settings](Settings::default).
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self::with_settings(start, Settings::default())
    }

    /// An empty exchange whose time is `start`.
    #[must_use]
    pub fn with_settings(start: Timestamp, settings: Settings) -> Self {
        Self {
            insurance_fund: settings.insurance_fund,
            settings,
            now: start,
            markets: Vec::new(),
            accounts: Vec::new(),
            orders: Numbered::default(),
            conditionals: Numbered::default(),
            attached: BTreeMap::new(),
            unsettled: BTreeSet::new(),
            called: BTreeSet::new(),
            fenced: HashMap::new(),
            priorities: 0,
            forced: 0,
            wake_at: NEVER,
            symbols: HashMap::new(),
            names: HashMap::new(),
            events: Vec::new(),
            sequence: 0,
            incomes: 0,
        }
    }

    /// From now on, each account keeps so much of its history: see [`Settings::keeps`].
    pub const fn keep(&mut self, keeps: Option<usize>) {
        self.settings.keeps = keeps;
    }

    /// From now on, post-only orders that would take and fill-or-kill orders that cannot fill are accepted and expire at
    /// once: see [`Settings::expires_unmatched`].
    pub const fn expire_unmatched(&mut self) {
        self.settings.expires_unmatched = true;
    }

    /// Lists a contract, whose last and mark price are `opening`. The answer names it in
    /// [`advance_indexed`](Self::advance_indexed).
    ///
    /// # Errors
    /// [`ListingRefused`] for a second listing of a symbol, another settle currency than the first, or a funding
    /// interval that is none.
    pub fn list(&mut self, instrument: Instrument, opening: Price) -> Result<MarketIndex, ListingRefused> {
        if self.symbols.contains_key(&instrument.symbol) {
            return Err(ListingRefused::Duplicate(instrument.symbol));
        }
        if let Some(first) = self.markets.first().filter(|first| first.instrument.settle != instrument.settle) {
            let settle = first.instrument.settle.to_string();
            return Err(ListingRefused::SettleCurrency { found: instrument.settle.to_string(), settle });
        }
        if !(1..=24).contains(&instrument.funding_interval_hours) {
            return Err(ListingRefused::FundingInterval(instrument.funding_interval_hours));
        }
        let index = self.markets.len();
        self.symbols.insert(instrument.symbol.clone(), index);
        let mut market = Market::opening(instrument, opening, self.now, self.settings.margin_call_cover);
        market.count_closing_fee(self.settings.counts_closing_fee);
        if !self.settings.candles {
            market.candles = None;
        }
        let leverage = self.settings.default_leverage.min(market.max_leverage());
        for account in &mut self.accounts {
            account.holdings.push(Holding::new(leverage));
        }
        self.markets.push(market);
        self.rewatch();
        Ok(MarketIndex(index))
    }

    /// Changes what margins count, by which names orders go and which ids they get: what a venue's face may ask of its
    /// exchange before anybody has traded on it. The other settings stay, as do those of an exchange that has had
    /// orders.
    pub fn adopt(&mut self, counts_closing_fee: bool, repeats_client_ids: bool, first_order_id: u64) {
        if !self.orders.is_unused() || !self.conditionals.is_unused() {
            return;
        }
        self.settings = Settings { counts_closing_fee, repeats_client_ids, first_order_id, ..self.settings.clone() };
        for market in &mut self.markets {
            market.count_closing_fee(counts_closing_fee);
        }
    }

    /// Opens an account with this much in its wallet: one-way mode, cross margin, the default leverage.
    ///
    /// # Errors
    /// [`Rejection::DuplicateAccount`]; [`Rejection::UnfitAmount`] for a wallet below zero or one that cannot be kept.
    pub fn open_account(&mut self, id: AccountId, wallet: Money) -> Result<(), Rejection> {
        if self.names.contains_key(&id) {
            return Err(Rejection::DuplicateAccount);
        }
        if wallet.is_negative() || !income::fits(wallet) {
            return Err(Rejection::UnfitAmount(wallet));
        }
        let leverage = |market: &Market| -> Leverage { self.settings.default_leverage.min(market.max_leverage()) };
        let holdings = self.markets.iter().map(|market| Holding::new(leverage(market))).collect();
        let account = self.accounts.len();
        self.names.insert(id.clone(), account);
        self.accounts.push(Account::new(id, holdings));
        if wallet.is_positive() {
            self.book_transfer(account, wallet);
        }
        Ok(())
    }

    /// Moves money into the wallet (positive) or out of it (negative).
    ///
    /// # Errors
    /// [`Rejection::TooMuchTaken`] for more than is available, [`Rejection::UnfitAmount`] for an amount that cannot be
    /// kept, [`Rejection::NoChange`] for nothing.
    pub fn transfer(&mut self, account: &AccountId, amount: Money) -> Result<(), Rejection> {
        let account = self.account_index(account)?;
        if amount.is_zero() {
            return Err(Rejection::NoChange);
        }
        if !income::fits(amount) || !income::fits(self.accounts[account].wallet + amount) {
            return Err(Rejection::UnfitAmount(amount));
        }
        if amount.is_negative() {
            let most = self.withdrawable(account);
            if -amount > most {
                return Err(Rejection::TooMuchTaken { amount: -amount, max: most });
            }
        }
        self.book_transfer(account, amount);
        self.settle();
        Ok(())
    }

    fn book_transfer(&mut self, account: usize, amount: Money) {
        self.book_income(account, IncomeKind::Transfer, None, amount, None);
        let balance = self.balance_report(account);
        self.tell(account, News::Transferred { amount, balance });
    }

    /// Moves time and the prices of one contract. In this order: funding that was due before the tick is settled at
    /// the mark before it; the prices change; funding due now is settled; margin pools that the mark has brought to
    /// their maintenance are called or liquidated; resting orders that the last price touches fill; conditional orders
    /// trigger; margin is judged again where that changed something.
    ///
    /// # Errors
    /// [`TickRefused`], and nothing has changed.
    pub fn advance(&mut self, tick: &Tick) -> Result<(), TickRefused> {
        let market = match self.markets.first() {
            Some(first) if first.instrument.symbol == tick.symbol => 0,
            _ => *self.symbols.get(&tick.symbol).ok_or(TickRefused::UnknownMarket)?,
        };
        self.advance_indexed(MarketIndex(market), tick.time, tick.last, tick.mark, tick.index)
    }

    /// [`advance`](Self::advance) by the index that [`list`](Self::list) gave: nothing is looked up.
    ///
    /// # Errors
    /// [`TickRefused`], and nothing has changed.
    #[inline]
    pub fn advance_indexed(
        &mut self,
        market: MarketIndex,
        time: Timestamp,
        last: Price,
        mark: Price,
        index: Option<Price>,
    ) -> Result<(), TickRefused> {
        if time < self.now {
            return Err(TickRefused::InThePast { time, now: self.now });
        }
        let Some(it) = self.markets.get_mut(market.0) else { return Err(TickRefused::UnknownMarket) };
        let (last_key, mark_key) = (PriceKey::of(last), PriceKey::of(mark));
        let quiet = time < self.wake_at && it.quiet_mark.holds(mark_key) && it.quiet_last.holds(last_key);
        if !quiet {
            return self.advance_eventfully(market.0, time, last, mark, index);
        }
        self.now = time;
        it.set_prices(time, (last, last_key), (mark, mark_key), index);
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn advance_eventfully(
        &mut self,
        market: usize,
        time: Timestamp,
        last: Price,
        mark: Price,
        index: Option<Price>,
    ) -> Result<(), TickRefused> {
        self.forget_beyond_what_is_kept();
        let too_far = |market: &Market| {
            let ahead = time.as_micros().saturating_sub(market.next_funding.as_micros());
            ahead / market.funding_interval_micros() > MOST_FUNDINGS
        };
        if self.markets.iter().any(too_far) {
            return Err(TickRefused::TooFarAhead { time, now: self.now });
        }
        self.settle_funding_before(time);
        self.now = time;
        let keyed = |price| (price, PriceKey::of(price));
        self.markets[market].set_prices(time, keyed(last), keyed(mark), index);
        self.settle_funding_at(time);
        self.recall();
        self.look_at_pools(market);
        self.settle();
        self.fill_resting(market);
        self.settle();
        self.fire_conditionals(market);
        self.settle();
        Ok(())
    }

    /// The exchange's time: that of its newest tick.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Everything that happened since the last call, in order. Until then it is kept.
    pub fn drain_events(&mut self) -> Vec<ExchangeEvent> {
        std::mem::take(&mut self.events)
    }

    /// Whether anything has happened since the events were last taken.
    #[inline]
    #[must_use]
    pub const fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// What is in an account's wallet.
    #[must_use]
    pub fn wallet(&self, account: &AccountId) -> Option<Money> {
        Some(self.accounts[self.account_index(account).ok()?].wallet)
    }

    /// Whether an account has anything that margin is held for: a position, or an ordinary order that is open.
    #[must_use]
    pub fn is_engaged(&self, account: &AccountId) -> bool {
        let Ok(account) = self.account_index(account) else { return false };
        let it = &self.accounts[account];
        !it.open_orders.is_empty() || it.positions().next().is_some()
    }

    pub(crate) fn account_index(&self, id: &AccountId) -> Result<usize, Rejection> {
        self.names.get(id).copied().ok_or(Rejection::UnknownAccount)
    }

    pub(crate) fn market_index(&self, symbol: &Symbol) -> Result<usize, Rejection> {
        self.symbols.get(symbol).copied().ok_or(Rejection::UnknownSymbol)
    }

    pub(crate) fn tell(&mut self, account: usize, news: News) {
        let totals = &mut self.accounts[account].totals;
        totals.events = totals.events.saturating_add(1);
        let account = Some(self.accounts[account].id.clone());
        self.push(account, news);
    }

    pub(crate) fn tell_everybody(&mut self, news: News) {
        self.push(None, news);
    }

    fn push(&mut self, account: Option<AccountId>, news: News) {
        let stamp = self.next_stamp();
        self.events.push(ExchangeEvent { stamp, account, news });
    }

    pub(crate) fn next_stamp(&mut self) -> Stamp {
        self.sequence += 1;
        self.stamp()
    }

    pub(crate) fn stamp(&self) -> Stamp {
        Stamp { time: self.now, sequence: self.sequence }
    }

    /// Changes a wallet by this row and answers its id. What the wallet backs is to be judged again.
    pub(crate) fn book_income(
        &mut self,
        account: usize,
        kind: IncomeKind,
        market: Option<usize>,
        amount: Money,
        trade_id: Option<TradeId>,
    ) -> u64 {
        self.incomes += 1;
        // What is reported with it is newer than what was read at this very moment.
        self.sequence += 1;
        let symbol = market.map(|market| self.markets[market].instrument.symbol.clone());
        let currency = self.settle_currency();
        let row = Income { id: self.incomes, kind, symbol, amount, currency, trade_id, time: self.now };
        let it = &mut self.accounts[account];
        it.wallet += amount;
        it.income.push(row);
        self.unsettled.insert(account);
        self.incomes
    }

    pub(crate) fn settle_currency(&self) -> Currency {
        self.markets.first().map_or_else(|| Currency::new("USDT"), |market| market.instrument.settle.clone())
    }

    /// Learns anew between which prices, and until when, nothing can happen.
    pub(crate) fn rewatch(&mut self) {
        let call = self.called.first().map(|(time, _)| *time);
        let fundings = self.markets.iter().map(|market| market.next_funding);
        self.wake_at = fundings.chain(call).min().unwrap_or(NEVER);
        for market in &mut self.markets {
            market.rewatch();
        }
    }
}

impl Market {
    #[inline]
    fn set_prices(&mut self, time: Timestamp, last: (Price, PriceKey), mark: (Price, PriceKey), index: Option<Price>) {
        self.time = time;
        self.last = last.0;
        self.mark = mark.0;
        self.index = index.or(self.index);
        if let Some(candles) = &mut self.candles {
            candles.last.tick(time, last.0, last.1);
            candles.mark.tick(time, mark.0, mark.1);
        }
    }
}
