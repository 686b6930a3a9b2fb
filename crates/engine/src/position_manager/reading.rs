//! The account as its venue gives it, with what judging it takes: contracts and marks.

use super::PositionManager;
use crate::trouble::{Subject, Troubles};
use plimsoll_domain::{
    AccountSnapshot, Assessment, BalanceReport, Collateral, Currency, Direction, Holding, Instrument, Liquidation,
    MarginMode, Money, Order, Portfolio, Position, PositionReport, PositionSide, Price, Rate, Remainder, Sums, Symbol,
};
use plimsoll_ports::QueryError;
use std::collections::BTreeSet;

/// The account at one moment. What the check before an order asks of all positions is summed up once.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) snapshot: AccountSnapshot,
    /// Every open position that settles in the manager's currency and can be priced.
    pub(crate) held: Vec<Held>,
    /// The positions whose contract or mark cannot be had: nobody can judge them.
    pub(crate) unpriced: Vec<PositionReport>,
    settle: Currency,
    closing_fee: Rate,
    sums: Sums,
    totals: Totals,
}

/// What is held altogether.
#[derive(Debug, Clone, Copy)]
struct Totals {
    notional: Money,
    unrealized_pnl: Money,
    margin_in_use: Money,
}

/// What entries that rest would add.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Resting {
    /// What of them has not filled, at their prices.
    pub(crate) notional: Money,
    /// How many positions they would open that are not held.
    pub(crate) positions: u32,
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
    fn new(
        snapshot: AccountSnapshot,
        held: Vec<Held>,
        unpriced: Vec<PositionReport>,
        settle: Currency,
        closing_fee: Rate,
    ) -> Self {
        let wallet = wallet_in(&snapshot, &settle);
        let holdings = held.iter().map(|held| held.holding(closing_fee)).collect();
        let sums = Portfolio { wallet, holdings }.sums();
        let totals = Totals::of(&held, &unpriced);
        Self { snapshot, held, unpriced, settle, closing_fee, sums, totals }
    }

    /// What is left of it without some of its positions.
    pub(crate) fn without(self, is_left_out: impl Fn(&Symbol, PositionSide) -> bool) -> Self {
        let Self { mut snapshot, mut held, mut unpriced, settle, closing_fee, .. } = self;
        held.retain(|held| !is_left_out(&held.report.symbol, held.report.position_side));
        unpriced.retain(|report| !is_left_out(&report.symbol, report.position_side));
        snapshot.positions.retain(|report| !is_left_out(&report.symbol, report.position_side));
        snapshot.orders.retain(|order| !is_left_out(&order.symbol, order.position_side));
        Self::new(snapshot, held, unpriced, settle, closing_fee)
    }

    /// The exact liquidation of a position, held or not, were it held beside the others.
    pub(crate) fn liquidation_of(&self, made: &Held) -> Liquidation {
        let is_it = |held: &Held| {
            (&held.report.symbol, held.report.position_side) == (&made.report.symbol, made.report.position_side)
        };
        let instead_of = self.held.iter().position(is_it);
        let holdings = self.held.iter().map(|held| held.holding(self.closing_fee));
        self.sums.liquidation_with(holdings, &made.holding(self.closing_fee), instead_of)
    }

    pub(crate) fn balance(&self, currency: &Currency) -> Option<&BalanceReport> {
        balance_in(&self.snapshot, currency)
    }

    /// Everything but unrealised profit.
    pub(crate) fn wallet(&self, currency: &Currency) -> Money {
        wallet_in(&self.snapshot, currency)
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
    pub(crate) const fn margin_in_use(&self) -> Money {
        self.totals.margin_in_use
    }

    /// Notional of all positions at their marks; of one that cannot be priced, at its entry.
    pub(crate) const fn notional(&self) -> Money {
        self.totals.notional
    }

    /// The same without one position.
    pub(crate) fn notional_beside(&self, symbol: &Symbol, side: PositionSide) -> Money {
        let own = self.find(symbol, side).map(|held| held.position.notional(held.mark));
        self.notional() - own.unwrap_or_default()
    }

    /// The entries that rest in other positions than this one, as what they would hold if they filled.
    pub(crate) fn resting_beside(&self, symbol: &Symbol, side: PositionSide) -> Resting {
        let is_entry = |order: &&Order| order.adds_exposure() && !order.status.is_final();
        let is_other = |order: &&Order| (&order.symbol, order.position_side) != (symbol, side);
        let is_ours = |order: &&Order| order.symbol.settle() == self.settle.as_str();
        let entries = self.snapshot.orders.iter().filter(is_entry).filter(is_other).filter(is_ours);
        let (mut notional, mut opens) = (Money::ZERO, BTreeSet::new());
        for order in entries {
            let left = order.quantity.and_then(|whole| match order.filled.map(|filled| whole.minus(filled)) {
                None => Some(whole),
                Some(Remainder::Left(left)) => Some(left),
                Some(Remainder::Nothing | Remainder::Excess(_)) => None,
            });
            let Some((left, price)) = left.zip(order.price.or(order.trigger)) else { continue };
            notional += left * price;
            if self.report(&order.symbol, order.position_side).is_none_or(|report| report.position.is_none()) {
                opens.insert((&order.symbol, order.position_side));
            }
        }
        Resting { notional, positions: u32::try_from(opens.len()).unwrap_or(u32::MAX) }
    }

    /// Profit of the positions at their marks; of one that cannot be priced, the venue's word.
    pub(crate) const fn unrealized_pnl(&self) -> Money {
        self.totals.unrealized_pnl
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

impl Totals {
    fn of(held: &[Held], unpriced: &[PositionReport]) -> Self {
        let margin_in_use = |held: &Held| {
            let notional = held.position.notional(held.mark);
            held.report.isolated_margin.or_else(|| held.initial_margin()).unwrap_or(notional)
        };
        let at_entry = |report: &PositionReport| report.position.map(|held| held.notional(held.entry));
        let notional: Money = held.iter().map(|held| held.position.notional(held.mark)).sum();
        let unrealized_pnl: Money = held.iter().map(|held| held.position.unrealized_pnl(held.mark)).sum();
        Self {
            notional: notional + unpriced.iter().filter_map(at_entry).sum(),
            unrealized_pnl: unrealized_pnl + unpriced.iter().filter_map(|report| report.unrealized_pnl).sum(),
            margin_in_use: held.iter().map(margin_in_use).sum(),
        }
    }
}

fn balance_in<'a>(snapshot: &'a AccountSnapshot, currency: &Currency) -> Option<&'a BalanceReport> {
    snapshot.balances.iter().find(|balance| balance.currency == *currency)
}

fn wallet_in(snapshot: &AccountSnapshot, currency: &Currency) -> Money {
    let Some(balance) = balance_in(snapshot, currency) else { return Money::ZERO };
    let from_equity = || Some(balance.equity? - balance.unrealized_pnl.unwrap_or_default());
    balance.wallet.or_else(from_equity).unwrap_or_default()
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
        self.priced(snapshot, troubles).await
    }

    /// What is held and what backs it, read anew; what rests and how the account is set are of the reading before. To list all
    /// that rests is most of what a whole reading takes of a venue's request limits.
    pub(super) async fn read_what_is_held(
        &self,
        before: &Reading,
        troubles: &mut Troubles,
    ) -> Result<Reading, QueryError> {
        let (positions, balances) = tokio::try_join!(self.ports.broker.positions(), self.ports.broker.balances())?;
        let AccountSnapshot { position_mode, ref orders, time, .. } = before.snapshot;
        let snapshot = AccountSnapshot { position_mode, positions, orders: orders.clone(), balances, time };
        self.priced(snapshot, troubles).await
    }

    async fn priced(&self, snapshot: AccountSnapshot, troubles: &mut Troubles) -> Result<Reading, QueryError> {
        if let Some(settle) = snapshot.unbacked() {
            return Err(QueryError::Unreadable(format!(
                "positions are held in {settle}, and no balance of it is listed"
            )));
        }
        let (mut held, mut unpriced) = (Vec::new(), Vec::new());
        for report in snapshot.positions.clone() {
            let Some(position) = report.position else { continue };
            match self.price(&report, troubles).await {
                Some((instrument, mark)) if instrument.settle == self.settings.settle => {
                    held.push(Held { report, position, instrument, mark });
                }
                _ => unpriced.push(report),
            }
        }
        Ok(Reading::new(snapshot, held, unpriced, self.settings.settle.clone(), self.settings.closing_fee))
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
