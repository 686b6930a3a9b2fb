//! The account as its venue gives it, with what judging it takes: contracts and marks.

use super::PositionManager;
use crate::trouble::{Subject, Troubles};
use plimsoll_domain::{
    AccountSnapshot, Assessment, BalanceReport, Collateral, Currency, Direction, Holding, Instrument, MarginMode,
    Money, Portfolio, Position, PositionReport, PositionSide, Price, Rate, Symbol,
};
use plimsoll_ports::QueryError;

/// The account at one moment.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) snapshot: AccountSnapshot,
    /// Every open position that settles in the manager's currency and can be priced.
    pub(crate) held: Vec<Held>,
    /// The positions whose contract or mark cannot be had: nobody can judge them.
    pub(crate) unpriced: Vec<PositionReport>,
}

/// One open position with what judging it takes.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) report: PositionReport,
    pub(crate) position: Position,
    pub(crate) instrument: Instrument,
    pub(crate) mark: Price,
}

impl Held {
    pub(crate) fn collateral(&self) -> Collateral {
        if self.report.margin_mode != Some(MarginMode::Isolated) {
            return Collateral::Cross;
        }
        let at_entry = self.position.notional(self.position.entry);
        let assigned = self.report.leverage.map(|leverage| self.instrument.initial_margin(at_entry, leverage));
        Collateral::Isolated(self.report.isolated_margin.or(assigned).unwrap_or(Money::ZERO))
    }

    /// Its notional at the mark ÷ leverage; `None` where the leverage is not known.
    pub(crate) fn initial_margin(&self) -> Option<Money> {
        Some(self.instrument.initial_margin(self.position.notional(self.mark), self.report.leverage?))
    }

    pub(crate) fn holding(&self, closing_fee: Rate) -> Holding<'_> {
        Holding {
            symbol: &self.report.symbol,
            position: self.position,
            mark: self.mark,
            collateral: self.collateral(),
            tiers: &self.instrument.tiers,
            closing_fee,
        }
    }
}

impl Reading {
    pub(crate) fn balance(&self, currency: &Currency) -> Option<&BalanceReport> {
        self.snapshot.balances.iter().find(|balance| balance.currency == *currency)
    }

    /// Everything but unrealised profit.
    pub(crate) fn wallet(&self, currency: &Currency) -> Money {
        let Some(balance) = self.balance(currency) else { return Money::ZERO };
        let from_equity = || Some(balance.equity? - balance.unrealized_pnl.unwrap_or_default());
        balance.wallet.or_else(from_equity).unwrap_or_default()
    }

    /// What new positions may use: the venue's word, or what the positions' initial margins leave.
    pub(crate) fn available(&self, currency: &Currency) -> Money {
        let leave = || {
            let used: Money = self.held.iter().filter_map(Held::initial_margin).sum();
            self.wallet(currency) + self.unrealized_pnl() - used
        };
        self.balance(currency).and_then(|balance| balance.available).unwrap_or_else(leave)
    }

    /// What backs the positions: the margin assigned to each, or its initial margin; all of its notional where neither is
    /// known.
    pub(crate) fn margin_in_use(&self) -> Money {
        let of = |held: &Held| {
            let notional = held.position.notional(held.mark);
            held.report.isolated_margin.or_else(|| held.initial_margin()).unwrap_or(notional)
        };
        self.held.iter().map(of).sum()
    }

    /// Notional of all positions at their marks; of one that cannot be priced, at its entry.
    pub(crate) fn notional(&self) -> Money {
        let priced: Money = self.held.iter().map(|held| held.position.notional(held.mark)).sum();
        let at_entry = |report: &PositionReport| report.position.map(|held| held.notional(held.entry));
        priced + self.unpriced.iter().filter_map(at_entry).sum()
    }

    /// The same without one position.
    pub(crate) fn notional_beside(&self, symbol: &Symbol, side: PositionSide) -> Money {
        let own = self.find(symbol, side).map(|held| held.position.notional(held.mark));
        self.notional() - own.unwrap_or_default()
    }

    /// Profit of the positions at their marks; of one that cannot be priced, the venue's word.
    pub(crate) fn unrealized_pnl(&self) -> Money {
        let priced: Money = self.held.iter().map(|held| held.position.unrealized_pnl(held.mark)).sum();
        priced + self.unpriced.iter().filter_map(|report| report.unrealized_pnl).sum()
    }

    pub(crate) fn portfolio(&self, currency: &Currency, closing_fee: Rate) -> Portfolio<'_> {
        Portfolio {
            wallet: self.wallet(currency),
            holdings: self.held.iter().map(|held| held.holding(closing_fee)).collect(),
        }
    }

    pub(crate) fn assess(&self, currency: &Currency, closing_fee: Rate) -> Assessment {
        self.portfolio(currency, closing_fee).assess()
    }

    pub(crate) fn find(&self, symbol: &Symbol, side: PositionSide) -> Option<&Held> {
        self.held.iter().find(|held| held.report.symbol == *symbol && held.report.position_side == side)
    }

    pub(crate) fn report(&self, symbol: &Symbol, side: PositionSide) -> Option<&PositionReport> {
        self.snapshot.positions.iter().find(|report| report.symbol == *symbol && report.position_side == side)
    }

    pub(crate) fn open_positions(&self) -> u32 {
        let open = self.snapshot.positions.iter().filter(|report| report.position.is_some()).count();
        u32::try_from(open).unwrap_or(u32::MAX)
    }
}

/// The report of the position of `symbol` that goes this way.
pub(crate) fn find_direction<'a>(
    positions: &'a [PositionReport],
    symbol: &Symbol,
    direction: Direction,
) -> Option<(&'a PositionReport, Position)> {
    let of_symbol = positions.iter().filter(|report| report.symbol == *symbol);
    of_symbol.filter_map(|report| Some((report, report.position?))).find(|(_, held)| held.direction == direction)
}

impl PositionManager {
    /// Reads the whole account, and a contract and a mark for every position of it.
    pub(crate) async fn read_account(&self, troubles: &mut Troubles) -> Result<Reading, QueryError> {
        let snapshot = self.ports.broker.account().await?;
        if let Some(settle) = snapshot.unbacked() {
            return Err(QueryError::Unreadable(format!(
                "positions are held in {settle}, and no balance of it is listed"
            )));
        }
        let mut reading = Reading { snapshot, held: Vec::new(), unpriced: Vec::new() };
        for report in reading.snapshot.positions.clone() {
            let Some(position) = report.position else { continue };
            match self.price(&report, troubles).await {
                Some((instrument, mark)) if instrument.settle == self.settings.settle => {
                    reading.held.push(Held { report, position, instrument, mark });
                }
                _ => reading.unpriced.push(report),
            }
        }
        Ok(reading)
    }

    async fn price(&self, report: &PositionReport, troubles: &mut Troubles) -> Option<(Instrument, Price)> {
        let symbol = &report.symbol;
        let instrument = self.ports.broker.instrument(symbol).await;
        let instrument = troubles.known(Subject::Instrument, symbol, instrument)?;
        let mark = match report.mark_price {
            Some(mark) => mark,
            None => troubles.known(Subject::MarkPrice, symbol, self.ports.feed.mark_price(symbol).await)?.price,
        };
        Some((instrument, mark))
    }
}
