//! An account as strategies see it.

use crate::desk::Seen;
use crate::position_manager::PositionManager;
use crate::venue_account::AccountView;
use plimsoll_domain::{AccountId, BestQuotes, Decimal, Instrument, MarketEvent, Money, Price, Symbol};
use plimsoll_ports::{Broker, Caps, FundingRates, Funds, MarketFeed, TradedMarket};
use std::fmt;
use std::sync::Arc;
use tokio::sync::watch;

/// One account that a desk trades.
#[derive(Clone)]
pub struct DeskAccount {
    /// Carries out what is wanted.
    pub manager: Arc<PositionManager>,
    /// Has the contracts, and fills that were not told.
    pub broker: Arc<dyn Broker>,
    /// Has the prices.
    pub feed: Arc<dyn MarketFeed>,
    /// Has the funding to come.
    pub funding_rates: Arc<dyn FundingRates>,
    /// What is known of the account, as a [`Lookout`](crate::Lookout) publishes it.
    pub view: watch::Receiver<Arc<AccountView>>,
}

impl DeskAccount {
    /// Its name.
    #[must_use]
    pub fn id(&self) -> &AccountId {
        &self.manager.settings().account
    }
}

impl fmt::Debug for DeskAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeskAccount").field("id", self.id()).finish_non_exhaustive()
    }
}

/// The account and its markets now.
pub(super) struct Traded {
    pub(super) account: DeskAccount,
    pub(super) markets: Vec<TradedMarket>,
    /// The middle between the best bid and ask of each, where quotes are heard.
    middles: Vec<Option<Price>>,
}

impl Traded {
    pub(super) const fn new(account: DeskAccount) -> Self {
        Self { account, markets: Vec::new(), middles: Vec::new() }
    }

    pub(super) fn market(&self, symbol: &Symbol) -> Option<&TradedMarket> {
        self.markets.iter().find(|market| market.instrument.symbol == *symbol)
    }

    /// The contract may be traded, and has no price yet.
    pub(super) fn list(&mut self, instrument: Instrument) {
        let instrument = Arc::new(instrument);
        self.markets.push(TradedMarket { instrument, last: None, mark: None, marked_at: None, funding: None });
        self.middles.push(None);
    }

    /// Prices and funding as they come.
    pub(super) fn hear(&mut self, event: &MarketEvent) {
        let symbol = match event {
            MarketEvent::Mark(mark) => &mark.symbol,
            MarketEvent::Quotes(quotes) => &quotes.symbol,
            MarketEvent::Last(last) => &last.symbol,
            MarketEvent::Trade(trade) => &trade.symbol,
            MarketEvent::Funding(funding) => &funding.symbol,
            _ => return,
        };
        let mut markets = self.markets.iter_mut().zip(&mut self.middles);
        let Some((market, middle)) = markets.find(|(market, _)| market.instrument.symbol == *symbol) else { return };
        match event {
            MarketEvent::Mark(mark) => (market.mark, market.marked_at) = (Some(mark.price), Some(mark.time)),
            MarketEvent::Quotes(quotes) => {
                *middle = middle_of(quotes).or(*middle);
                let last = quotes.last.or_else(|| quotes.bid.map(|(price, _)| price));
                market.last = last.or(market.last);
            }
            MarketEvent::Last(last) => market.last = Some(last.price),
            MarketEvent::Trade(trade) => market.last = Some(trade.price),
            MarketEvent::Funding(funding) => market.funding = Some(funding.clone()),
            _ => {}
        }
    }

    /// What an order costs is measured beside this: the middle of the quotes, or the last price where none are heard. Beside the
    /// last trade, or the bid for want of one, buying would seem dear and selling cheap.
    pub(super) fn fair(&self, symbol: &Symbol) -> Option<Price> {
        let at = self.markets.iter().position(|market| market.instrument.symbol == *symbol)?;
        self.middles.get(at).copied().flatten().or(self.markets.get(at)?.last)
    }

    fn mark(&self, symbol: &Symbol) -> Option<Price> {
        self.market(symbol)?.mark
    }
}

fn middle_of(quotes: &BestQuotes) -> Option<Price> {
    let ((bid, _), (ask, _)) = quotes.bid.zip(quotes.ask)?;
    Price::new((bid.get() + ask.get()) / Decimal::TWO).ok()
}

impl fmt::Debug for Traded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traded").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Funds for Traded {
    /// The wallet, and what is held at the newest marks. Nothing while the account is not known.
    fn equity(&self) -> Money {
        let view = self.account.view.borrow();
        let settle = &self.account.manager.settings().settle;
        let Some(wallet) = view.balance(settle).wallet else { return Money::ZERO };
        let unrealized = view.positions.iter().filter(|held| held.symbol.settle() == settle.as_str()).map(|held| {
            match self.mark(&held.symbol).or(held.mark_price) {
                Some(mark) => held.position.unrealized_pnl(mark),
                None => held.unrealized_pnl.unwrap_or(Money::ZERO),
            }
        });
        wallet + unrealized.sum()
    }

    fn available(&self) -> Money {
        let settings = self.account.manager.settings();
        let view = self.account.view.borrow();
        view.standing(&settings.settle, settings.closing_fee).margin().available.unwrap_or(Money::ZERO)
    }

    fn caps(&self) -> Caps {
        let rules = self.account.manager.rules();
        let limits = &rules.limits;
        let notional = Some(limits.position_limit(Funds::equity(self)));
        Caps { notional, leverage: Some(limits.settings().max_leverage) }
    }
}

impl Seen for Traded {
    fn id(&self) -> &AccountId {
        self.account.id()
    }

    fn funds(&self) -> &dyn Funds {
        self
    }

    fn markets(&self) -> &[TradedMarket] {
        &self.markets
    }
}
