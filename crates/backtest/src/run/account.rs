//! One account on its exchange, and what of it is at hand without asking.

use super::protecting::Protection;
use super::settings::{Listing, RunRefused, Settings};
use super::told::Sent;
use crate::outcome::LedgerSums;
use plimsoll_domain::risk::{EquityWatch, KillSwitch, RiskLimits};
use plimsoll_domain::{
    AccountId, ClientOrderId, Currency, FundingRate, Instrument, Leverage, MarkPrice, MarketEvent, Money, Position,
    PositionSide, Price, Rate, SettledFunding, Symbol, Timestamp,
};
use plimsoll_engine::desk::{ChannelIndex, Seen};
use plimsoll_exchange::{Exchange, ExchangeEvent, MarketIndex, TickRefused};
use plimsoll_ports::{Caps, Funds, TradedMarket};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// So many orders, fills and rows the exchange keeps for each contract: more than one moment makes. What is kept is walked
/// through the processor's caches again and again.
const KEPT: usize = 256;

/// A contract as the account has it.
#[derive(Debug)]
pub(super) struct Market {
    pub(super) index: MarketIndex,
    pub(super) instrument: Arc<Instrument>,
    pub(super) channel: Option<ChannelIndex>,
    pub(super) hears_marks: bool,
    pub(super) hears_quotes: bool,
    pub(super) mark: Price,
    pub(super) position: Option<Position>,
    pub(super) leverage: Option<Leverage>,
}

#[derive(Debug)]
pub(super) struct Account {
    pub(super) id: AccountId,
    pub(super) exchange: Exchange,
    pub(super) markets: Vec<Market>,
    /// What strategies see of the markets, by place.
    traded: Vec<TradedMarket>,
    pub(super) wallet: Money,
    /// Orders rest, or something is held: what is available is not the wallet.
    is_engaged: bool,
    /// The newest row of the exchange's ledger that is in the sums.
    booked: u64,
    /// What stands for each contract at the exchange, by place.
    pub(super) protection: Vec<Protection>,
    /// Orders of strategies, by name.
    pub(super) sent: BTreeMap<ClientOrderId, Sent>,
    limits: Option<RiskLimits>,
    /// Daily loss and drawdown.
    pub(super) watch: EquityWatch,
    /// Engaged by these, to the end of the run.
    pub(super) kill_switch: KillSwitch,
}

impl Account {
    pub(super) fn open(
        id: AccountId,
        wallet: Money,
        contracts: usize,
        settings: &Settings,
    ) -> Result<Self, RunRefused> {
        let exchange_settings = plimsoll_exchange::Settings {
            spread_ticks: settings.spread_ticks,
            slippage: settings.slippage,
            liquidation: settings.liquidation,
            // What is booked is added up as it comes.
            keeps: Some(KEPT * contracts.max(1)),
            candles: false,
            full_reports: false,
            ..plimsoll_exchange::Settings::default()
        };
        let mut exchange = Exchange::with_settings(settings.start, exchange_settings);
        exchange.open_account(id.clone(), wallet)?;
        exchange.drain_events();
        let watch = EquityWatch::new(wallet, settings.start);
        Ok(Self {
            id,
            exchange,
            markets: Vec::new(),
            traded: Vec::new(),
            wallet,
            is_engaged: false,
            booked: 0,
            protection: Vec::new(),
            sent: BTreeMap::new(),
            limits: settings.limits.clone(),
            watch,
            kill_switch: KillSwitch::Released,
        })
    }

    /// Lists a contract; answers its place.
    pub(super) fn list(
        &mut self,
        listing: Listing,
        channel: Option<ChannelIndex>,
        (hears_marks, hears_quotes): (bool, bool),
        settings: &Settings,
    ) -> Result<usize, RunRefused> {
        let Listing { instrument, opening, .. } = listing;
        let index = self.exchange.list(instrument.clone(), opening)?;
        // A contract begins in cross margin.
        if settings.margin_mode != plimsoll_domain::MarginMode::Cross {
            self.exchange.set_margin_mode(&self.id, &instrument.symbol, settings.margin_mode)?;
        }
        self.exchange.set_funding_rate(&instrument.symbol, Rate::ZERO)?;
        self.exchange.drain_events();
        self.protection.push(Protection::default());
        let instrument = Arc::new(instrument);
        self.traded.push(TradedMarket {
            instrument: Arc::clone(&instrument),
            // Nobody sees a price before there is one.
            last: None,
            mark: None,
            marked_at: None,
            funding: None,
        });
        self.markets.push(Market {
            index,
            instrument,
            channel,
            hears_marks,
            hears_quotes,
            mark: opening,
            position: None,
            leverage: None,
        });
        Ok(self.markets.len() - 1)
    }

    /// Moves a price; answers whether anything happened that is to be accounted for.
    #[inline]
    pub(super) fn advance(
        &mut self,
        place: usize,
        time: Timestamp,
        last: Price,
        mark: Price,
    ) -> Result<bool, TickRefused> {
        let market = &mut self.markets[place];
        self.exchange.advance_indexed(market.index, time, last, mark, None)?;
        market.mark = mark;
        let traded = &mut self.traded[place];
        (traded.last, traded.mark, traded.marked_at) = (Some(last), Some(mark), Some(time));
        Ok(self.exchange.has_events())
    }

    pub(super) fn events(&mut self) -> Vec<ExchangeEvent> {
        self.exchange.drain_events()
    }

    /// Takes over from the exchange what events may have changed.
    pub(super) fn read(&mut self) {
        self.wallet = self.exchange.wallet(&self.id).unwrap_or(self.wallet);
        self.is_engaged = self.exchange.is_engaged(&self.id);
        for market in &mut self.markets {
            market.position = self.exchange.held_of(&self.id, market.index);
        }
    }

    pub(super) fn unrealized(&self) -> Money {
        self.markets.iter().filter_map(|market| Some(market.position?.unrealized_pnl(market.mark))).sum()
    }

    pub(super) fn equity(&self) -> Money {
        if self.is_engaged { self.wallet + self.unrealized() } else { self.wallet }
    }

    pub(super) fn exposure(&self) -> Money {
        self.markets.iter().filter_map(|market| Some(market.position?.notional(market.mark))).sum()
    }

    pub(super) fn mark_event(&self, place: usize, time: Timestamp) -> Option<MarketEvent> {
        let market = self.markets.get(place)?;
        let (symbol, price) = (market.instrument.symbol.clone(), market.mark);
        Some(MarketEvent::Mark(MarkPrice { symbol, price, index: None, time }))
    }

    /// Whether the contract has been traded yet.
    pub(super) fn has_price(&self, place: usize) -> bool {
        self.traded.get(place).is_some_and(|traded| traded.mark.is_some())
    }

    pub(super) fn place_of(&self, symbol: &Symbol) -> Option<usize> {
        self.markets.iter().position(|market| market.instrument.symbol == *symbol)
    }

    /// Schedules the rate of a funding to come. Nobody is told: it is not known before it is settled.
    pub(super) fn schedule(&mut self, place: usize, time: Timestamp, rate: Rate) {
        let Some(market) = self.markets.get(place) else { return };
        // A rate beyond reason is refused by the exchange, whose standing rate is none.
        drop(self.exchange.schedule_funding(&market.instrument.symbol, [(time, rate)]));
    }

    /// A funding was settled: what is expected of the next is its rate, until that is known.
    pub(super) fn settled(&mut self, settled: &SettledFunding) -> Option<FundingRate> {
        let place = self.place_of(&settled.symbol)?;
        let market = &self.markets[place];
        let hours = market.instrument.funding_interval_hours;
        let funding = FundingRate {
            symbol: settled.symbol.clone(),
            rate: settled.rate,
            next_time: Some(settled.time.plus(Duration::from_secs(3600) * hours)),
            interval_hours: Some(hours),
            mark_price: Some(market.mark),
            index_price: None,
            time: settled.time,
        };
        self.traded[place].funding = Some(funding.clone());
        Some(funding)
    }

    /// The price that liquidates what is held of a contract.
    pub(super) fn liquidation(&self, place: usize) -> Option<Price> {
        let market = self.markets.get(place).filter(|market| market.position.is_some())?;
        let report = self.exchange.position(&self.id, &market.instrument.symbol, PositionSide::Both);
        report?.liquidation_price
    }

    pub(super) fn funding(&self, place: usize) -> Option<FundingRate> {
        self.traded.get(place)?.funding.clone()
    }

    pub(super) fn currency(&self) -> Currency {
        self.markets.first().map_or_else(|| Currency::new("USDT"), |market| market.instrument.settle.clone())
    }

    /// Adds what the exchange has booked since the last time to its own sums.
    pub(super) fn add_booked(&mut self, sums: &mut LedgerSums) {
        let rows = self.exchange.income(&self.id);
        let new = rows.len() - rows.iter().rev().take_while(|row| row.id > self.booked).count();
        self.booked = rows.last().map_or(self.booked, |row| row.id);
        rows[new..].iter().for_each(|row| sums.add(row));
    }
}

impl Funds for Account {
    fn equity(&self) -> Money {
        Self::equity(self)
    }

    fn available(&self) -> Money {
        match self.is_engaged {
            true => self.exchange.account_figures(&self.id).map_or(Money::ZERO, |figures| figures.available),
            false => self.wallet,
        }
    }

    fn caps(&self) -> Caps {
        let Some(limits) = &self.limits else { return Caps::default() };
        let notional = Some(limits.position_limit(Self::equity(self)));
        Caps { notional, leverage: Some(limits.settings().max_leverage) }
    }
}

impl Seen for Account {
    fn id(&self) -> &AccountId {
        &self.id
    }

    fn funds(&self) -> &dyn Funds {
        self
    }

    fn markets(&self) -> &[TradedMarket] {
        &self.traded
    }
}
