//! What outlives a process: time, venues, records, and whoever takes down what happens.

use crate::feed::ClosedCandles;
use crate::settings::{Market, SetUpRefused, SimulatedAccount, Simulation};
use crate::time::Time;
use crate::weather::Sky;
use plimsoll_backtest::{CurvePoint, LedgerSums, Moment, Recorder, Totals};
use plimsoll_domain::{AccountId, Currency, Money, Timestamp};
use plimsoll_exchange::{ConditionalStatus, Exchange, PaperVenue, Settings, Tick};
use plimsoll_memory::MemoryStore;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One account on a venue of its own.
pub(crate) struct Place {
    pub(crate) account: SimulatedAccount,
    pub(crate) venue: PaperVenue,
    pub(crate) candles: ClosedCandles,
}

pub(crate) struct World {
    pub(crate) simulation: Simulation,
    pub(crate) time: Time,
    pub(crate) store: MemoryStore,
    pub(crate) places: Vec<Place>,
    /// By the market's number: whose it is.
    pub(crate) markets: Vec<usize>,
    pub(crate) sky: Arc<Sky>,
    recorder: Mutex<Recorder>,
}

impl World {
    pub(crate) fn new(simulation: Simulation, strategies: Vec<String>) -> Result<Arc<Self>, SetUpRefused> {
        let time = Time::new(simulation.start, simulation.seed);
        let mut places = Vec::new();
        for account in &simulation.accounts {
            places.push(place(&simulation, account)?);
        }
        let mut markets = Vec::new();
        for market in &simulation.markets {
            let place = simulation.accounts.iter().position(|account| account.id == market.account);
            markets.push(place.ok_or_else(|| SetUpRefused::UnknownAccount(market.account.clone()))?);
        }
        let names = simulation.accounts.iter().map(|account| account.id.clone()).collect();
        let symbols: Vec<_> = simulation.markets.iter().map(|market| market.instrument.symbol.clone()).collect();
        let recorder = Recorder::new(simulation.made_with(&strategies), strategies, names, &symbols);
        let sky = Sky::new(simulation.weather.clone(), time.clone(), simulation.seed);
        let (store, recorder) = (MemoryStore::new(), Mutex::new(recorder));
        Ok(Arc::new(Self { simulation, time, store, places, markets, sky, recorder }))
    }

    /// Never held across an await.
    pub(crate) fn recorder(&self) -> MutexGuard<'_, Recorder> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn incident(&self, kind: &str, text: String) {
        let now = self.time.now();
        self.recorder().incident(now, kind, text);
    }

    pub(crate) fn place_of(&self, account: &AccountId) -> Option<usize> {
        self.places.iter().position(|place| place.account.id == *account)
    }

    /// Prices move, candles close, fundings become known.
    pub(crate) fn apply(&self, moment: &Moment) -> Result<(), plimsoll_exchange::TickRefused> {
        self.recorder().moment(moment);
        for (market, time, rate) in &moment.fundings {
            let Some((place, market)) = self.market(*market) else { continue };
            // A rate beyond reason is refused by the exchange, whose standing rate stays.
            place.venue.exchange(|exchange| {
                drop(exchange.schedule_funding(&market.instrument.symbol, [(*time, *rate)]));
            });
        }
        for (market, candle) in &moment.closed {
            if let Some((place, _)) = self.market(*market) {
                place.candles.add(candle.clone());
            }
        }
        for price in &moment.prices {
            let Some((place, market)) = self.market(price.market) else { continue };
            let symbol = market.instrument.symbol.clone();
            let tick = Tick { symbol, time: moment.time, last: price.last, mark: price.mark, index: None };
            place.venue.advance([&tick])?;
        }
        Ok(())
    }

    pub(crate) fn market(&self, number: usize) -> Option<(&Place, &Market)> {
        let place = self.places.get(*self.markets.get(number)?)?;
        Some((place, self.simulation.markets.get(number)?))
    }

    /// A point of the equity curve, at this time.
    pub(crate) fn point(&self, time: Timestamp) {
        let (mut equity, mut exposure, mut funding) = (Money::ZERO, Money::ZERO, Money::ZERO);
        for place in &self.places {
            let (its_equity, its_exposure, sums) =
                place.venue.exchange(|exchange| figures(exchange, &place.account.id));
            (equity, exposure, funding) = (equity + its_equity, exposure + its_exposure, funding + sums.funding);
        }
        self.recorder().point(CurvePoint { time, equity, exposure, funding });
    }

    /// What the accounts come to, by the exchanges.
    pub(crate) fn totals(&self) -> Totals {
        let mut totals = Totals {
            kind: self.simulation.kind,
            currency: Currency::new("USDT"),
            opening: Money::ZERO,
            wallet: Money::ZERO,
            equity: Money::ZERO,
            ledger: LedgerSums::default(),
        };
        for place in &self.places {
            let id = &place.account.id;
            let (equity, _, _) = place.venue.exchange(|exchange| figures(exchange, id));
            totals.opening += place.account.wallet;
            totals.equity += equity;
            place.venue.exchange(|exchange| {
                totals.wallet += exchange.wallet(id).unwrap_or(Money::ZERO);
                exchange.income(id).iter().for_each(|row| totals.ledger.add(row));
            });
        }
        totals
    }

    /// Positions for which no stop rests at their venue.
    pub(crate) fn unprotected(&self) -> Vec<String> {
        let mut bare = Vec::new();
        for place in &self.places {
            let id = &place.account.id;
            place.venue.exchange(|exchange| {
                for report in exchange.positions(id) {
                    let Some(held) = report.position else { continue };
                    let closes = held.direction.closing_side();
                    let has_stop = exchange.conditionals(id, &report.symbol).iter().any(|it| {
                        it.status == ConditionalStatus::New
                            && it.order.side == closes
                            && it.order.order_type == plimsoll_domain::OrderType::StopMarket
                    });
                    if !has_stop {
                        bare.push(format!("{id}: {} of {} {}", held.direction, held.quantity, report.symbol));
                    }
                }
            });
        }
        bare
    }

    /// Orders that rest for contracts of which nothing is held, conditional ones that nothing needs any more.
    pub(crate) fn orphans(&self) -> Vec<String> {
        let mut orphans = Vec::new();
        for place in &self.places {
            let id = &place.account.id;
            place.venue.exchange(|exchange| {
                let held: Vec<_> = exchange
                    .positions(id)
                    .into_iter()
                    .filter(|report| report.position.is_some())
                    .map(|report| report.symbol)
                    .collect();
                let entering: Vec<_> = exchange.open_orders(id).into_iter().map(|order| order.order.symbol).collect();
                for market in self.simulation.markets.iter().filter(|market| market.account == *id) {
                    let symbol = &market.instrument.symbol;
                    if held.contains(symbol) || entering.contains(symbol) {
                        continue;
                    }
                    let resting = exchange.conditionals(id, symbol);
                    let resting = resting.iter().filter(|it| it.status == ConditionalStatus::New);
                    orphans.extend(resting.map(|it| format!("{id}: {} of {symbol}", it.order.client_order_id)));
                }
            });
        }
        orphans
    }
}

fn place(simulation: &Simulation, account: &SimulatedAccount) -> Result<Place, SetUpRefused> {
    let settings =
        Settings { spread_ticks: simulation.spread_ticks, slippage: simulation.slippage, ..Settings::default() };
    let mut exchange = Exchange::with_settings(simulation.start, settings);
    for market in simulation.markets.iter().filter(|market| market.account == account.id) {
        exchange.list(market.instrument.clone(), market.opening)?;
        exchange.set_funding_rate(&market.instrument.symbol, plimsoll_domain::Rate::ZERO)?;
    }
    let venue = PaperVenue::new(account.venue.clone(), exchange);
    venue.open_account(account.id.clone(), account.wallet)?;
    Ok(Place { account: account.clone(), venue, candles: ClosedCandles::default() })
}

/// Equity, exposure at the mark, and the sums of its ledger.
fn figures(exchange: &Exchange, account: &AccountId) -> (Money, Money, LedgerSums) {
    let positions = exchange.positions(account);
    let held = || positions.iter().filter_map(|report| Some((report.position?, report.mark_price?)));
    let unrealized: Money = held().map(|(held, mark)| held.unrealized_pnl(mark)).sum();
    let exposure: Money = held().map(|(held, mark)| held.notional(mark)).sum();
    let mut sums = LedgerSums::default();
    exchange.income(account).iter().for_each(|row| sums.add(row));
    (exchange.wallet(account).unwrap_or(Money::ZERO) + unrealized, exposure, sums)
}

/// When something is to happen.
pub(crate) type Agenda<T> = BTreeMap<Timestamp, Vec<T>>;
