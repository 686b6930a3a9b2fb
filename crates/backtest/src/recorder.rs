//! What strategies did elsewhere than in a [`Run`](crate::Run), put into the same [`Outcome`].

use crate::moments::Moment;
use crate::outcome::{CurvePoint, Incident, LedgerSums, Outcome, RunKind, TaggedFill};
use crate::run::books::Books;
use crate::run::chart::Chart;
use crate::run::digest::Digest;
use plimsoll_domain::{AccountId, Candle, Currency, Fill, Money, Price, Symbol, Timestamp, TradeId, Transition};
use plimsoll_ports::Decision;
use std::collections::HashSet;

/// No more incidents than a person reads.
const MOST_INCIDENTS: usize = 10_000;

/// Takes down prices, decisions, fills and funding as they come, on several accounts, and makes the outcome of them that a backtest makes.
#[derive(Debug)]
pub struct Recorder {
    strategies: Vec<String>,
    accounts: Vec<AccountId>,
    books: Books,
    digest: Digest,
    charts: Vec<Chart>,
    curve: Vec<CurvePoint>,
    incidents: Vec<Incident>,
    /// Trades that were taken down, by strategy: whoever takes up an older state tells them again.
    known: HashSet<(usize, usize, Symbol, TradeId)>,
    span: Option<(Timestamp, Timestamp)>,
    events: u64,
}

/// What the accounts come to at the end, by the exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// What the run was of.
    pub kind: RunKind,
    /// The settle currency.
    pub currency: Currency,
    /// All wallets at first.
    pub opening: Money,
    /// All wallets at last.
    pub wallet: Money,
    /// All wallets and unrealised profit at last.
    pub equity: Money,
    /// The exchange's own sums.
    pub ledger: LedgerSums,
}

impl Recorder {
    /// `made_with` is all that the run is made with: it goes into the hash. `strategies` and `accounts` are named by their places
    /// from here on; `markets` have a chart each.
    #[must_use]
    pub fn new(made_with: String, strategies: Vec<String>, accounts: Vec<AccountId>, markets: &[Symbol]) -> Self {
        Self {
            strategies,
            accounts,
            books: Books::default(),
            digest: Digest::made_with(made_with),
            charts: markets.iter().cloned().map(Chart::new).collect(),
            curve: Vec::new(),
            incidents: Vec::new(),
            known: HashSet::new(),
            span: None,
            events: 0,
        }
    }

    /// The prices of a moment.
    pub fn moment(&mut self, moment: &Moment) {
        for price in &moment.prices {
            self.events += 1;
            self.digest.price(price.market, moment.time, price.last, price.mark);
        }
        for (market, candle) in &moment.closed {
            self.digest.candle(*market, 0, candle);
        }
        for (market, time, rate) in &moment.fundings {
            self.digest.funding(*market, *time, *rate);
        }
        let from = self.span.map_or(moment.time, |(from, _)| from);
        self.span = Some((from, moment.time));
    }

    /// A candle of a market, for its chart; `liquidation` is asked for now and then.
    pub fn chart(&mut self, market: usize, candle: &Candle, liquidation: impl FnOnce() -> Option<Price>) {
        if let Some(chart) = self.charts.get_mut(market) {
            chart.candle(candle, liquidation);
        }
    }

    /// A decision of a strategy.
    pub fn decision(&mut self, at: Timestamp, strategy: usize, decision: &Decision) {
        let name = self.strategies.get(strategy).map_or("", String::as_str);
        self.digest.decision(at, name, decision, true);
    }

    /// A strategy's fill on an account, and what it made of its position. One that was taken down is left out.
    pub fn fill(&mut self, strategy: usize, account: usize, role: &str, fill: &Fill, made: Transition) {
        if !self.known.insert((strategy, account, fill.symbol.clone(), fill.trade_id.clone())) {
            return;
        }
        let (Some(name), Some(id)) = (self.strategies.get(strategy), self.accounts.get(account)) else { return };
        self.digest.fill(strategy, fill);
        self.books.fill((name, id), (strategy, account), (role, None), fill, made, true);
    }

    /// Funding that was paid for what a strategy holds; negative was received.
    pub fn funding(&mut self, strategy: usize, account: usize, symbol: &Symbol, paid: Money) {
        self.books.funding((strategy, account), symbol, paid);
    }

    /// A point of the equity curve.
    pub fn point(&mut self, point: CurvePoint) {
        // What came after the last point at the same time is in this one.
        self.curve.pop_if(|last| last.time == point.time);
        self.curve.push(point);
    }

    /// Something that a person should know of.
    pub fn incident(&mut self, time: Timestamp, kind: &str, text: String) {
        if self.incidents.len() < MOST_INCIDENTS {
            self.incidents.push(Incident { time, kind: kind.to_owned(), text });
        }
    }

    /// What was decided until now, one line each, as [`Run::decisions`](crate::Run::decisions) has them.
    #[must_use]
    pub fn decisions(&self) -> &[String] {
        self.digest.log()
    }

    /// How many fills were taken down.
    #[must_use]
    pub const fn fills(&self) -> u64 {
        self.books.count
    }

    /// The fills that were taken down.
    #[must_use]
    pub fn fill_records(&self) -> &[TaggedFill] {
        self.books.fills()
    }

    /// Every incident, oldest first.
    #[must_use]
    pub fn incidents(&self) -> &[Incident] {
        &self.incidents
    }

    /// What all of it comes to.
    #[must_use]
    pub fn finish(self, totals: Totals) -> Outcome {
        let Totals { kind, currency, opening, wallet, equity, ledger } = totals;
        let ended = self.books.ended;
        let (fills, trades) = self.books.into_records();
        let (from, to) = self.span.unwrap_or_default();
        Outcome {
            kind,
            strategies: self.strategies,
            from,
            to,
            events: self.events,
            currency,
            opening,
            wallet,
            equity,
            curve: self.curve,
            fills,
            trades,
            ended,
            ledger,
            incidents: self.incidents,
            chart: self.charts.into_iter().flat_map(Chart::into_candles).collect(),
            hash: self.digest.finish(),
        }
    }
}
