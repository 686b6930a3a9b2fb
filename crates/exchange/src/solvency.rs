//! Margin pools: what backs what, and between which marks nothing is due.
//!
//! A pool is a wallet and the positions that it backs: an isolated position is one, all cross positions of an account
//! are one. A pool that is judged sound gets a fence around the mark of each of its symbols, within which it stays
//! sound whatever the others do inside theirs; it is judged again only when a mark leaves its fence, or when its wallet
//! or its positions change. The fence of a pool of one symbol is its exact liquidation price.

use crate::account::Held;
use crate::event::{News, ThinPosition};
use crate::exchange::Exchange;
use crate::gate::PriceKey;
use crate::market::Market;
use plimsoll_domain::liquidation::{self, Leg, Liquidation, LiquidationBounds};
use plimsoll_domain::{
    HedgeMargin, MarginMode, MarginRatio, MarginTiers, MarginWarning, Money, Position, PositionSide, Price, Rate,
};
use rust_decimal::Decimal;
use std::time::Duration;

/// A margin pool of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PoolId {
    pub(crate) account: usize,
    /// The market and side of an isolated position; `None` is the cross pool.
    pub(crate) isolated: Option<(usize, PositionSide)>,
}

/// A pool as it is now.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    pub(crate) id: PoolId,
    /// What backs it, without unrealised profit.
    pub(crate) wallet: Money,
    /// Sorted by market.
    pub(crate) positions: Vec<(usize, PositionSide, Position)>,
}

/// A call is not repeated within this time.
const CALL_EVERY: Duration = Duration::from_secs(3600);

impl Pool {
    /// The markets that it has positions in.
    fn markets(&self) -> Vec<usize> {
        let mut markets: Vec<usize> = self.positions.iter().map(|(market, _, _)| *market).collect();
        markets.dedup();
        markets
    }

    /// Its positions in one market.
    fn of(&self, index: usize) -> &[(usize, PositionSide, Position)] {
        let before = self.positions.partition_point(|(market, _, _)| *market < index);
        let rest = &self.positions[before..];
        &rest[..rest.partition_point(|(market, _, _)| *market == index)]
    }

    fn legs<'a>(&self, market: usize, tiers: &'a MarginTiers) -> Vec<Leg<'a>> {
        self.of(market).iter().map(|(_, _, position)| Leg { position: *position, tiers }).collect()
    }

    /// `Σ (U − M)` of the positions of one market, the fee of closing among what is asked for.
    fn cushion(&self, index: usize, market: &Market, tiers: &MarginTiers) -> Money {
        let fee = market.closing_fee;
        let cushion = |(_, side, position): &(usize, PositionSide, Position)| {
            let unrealized = position.unrealized_pnl(market.mark);
            if self.is_covered(index, *side, tiers.hedge()) {
                return unrealized;
            }
            let notional = position.notional(market.mark);
            let kept = unrealized - tiers.maintenance(notional);
            if fee == Rate::ZERO { kept } else { kept - notional * fee }
        };
        self.of(index).iter().map(cushion).sum()
    }

    /// Whether nothing is asked of this leg, since the other of its market is larger, or as large, and counts alone.
    fn is_covered(&self, index: usize, side: PositionSide, hedge: HedgeMargin) -> bool {
        if hedge == HedgeMargin::EachLeg {
            return false;
        }
        let legs = self.of(index);
        let of = |own: bool| {
            legs.iter().find(|(_, other, _)| (*other == side) == own).map(|(_, _, position)| position.quantity)
        };
        match (of(true), of(false)) {
            (Some(own), Some(other)) => own < other || own == other && side == PositionSide::Short,
            _ => false,
        }
    }

    /// What is asked of its positions at the marks.
    pub(crate) fn maintenance(&self, markets: &[Market]) -> Money {
        let asked = |(index, side, position): &(usize, PositionSide, Position)| {
            let market = &markets[*index];
            let covered = self.is_covered(*index, *side, market.instrument.tiers.hedge());
            if covered { Money::ZERO } else { market.maintenance(position.notional(market.mark)) }
        };
        self.positions.iter().map(asked).sum()
    }
}

/// The tables that a pool is judged by: those of liquidation, or those of a margin call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Liquidation,
    Call,
}

impl Line {
    fn tiers(self, market: &Market) -> &MarginTiers {
        match (self, &market.call_tiers) {
            (Self::Call, Some(tiers)) => tiers,
            _ => &market.instrument.tiers,
        }
    }
}

impl Exchange {
    /// Judges every pool that changed, until nothing is left to do, and learns what to wait for.
    pub(crate) fn settle(&mut self) {
        while let Some(account) = self.unsettled.pop_first() {
            self.assess(account);
        }
        if !self.attached.is_empty() {
            self.store_attached();
        }
        self.rewatch();
    }

    /// Judges the pools whose fence a mark has left.
    pub(crate) fn look_at_pools(&mut self, market: usize) {
        let it = &self.markets[market];
        let key = PriceKey::of(it.mark);
        let below = it.floors.iter().rev().take_while(|(floor, _)| *floor >= key);
        let above = it.ceilings.iter().take_while(|(ceiling, _)| *ceiling <= key);
        self.unsettled.extend(below.chain(above).map(|(_, pool)| pool.account));
    }

    /// Judges the pools whose call has run out.
    pub(crate) fn recall(&mut self) {
        while let Some((time, pool)) = self.called.first().copied().filter(|(time, _)| *time <= self.now) {
            self.called.remove(&(time, pool));
            self.unsettled.insert(pool.account);
        }
    }

    fn assess(&mut self, account: usize) {
        self.take_fences_down(account);
        if !self.settings.liquidation {
            return;
        }
        self.cover_deficit(account);
        let pools = self.pools(account);
        self.called.retain(|(_, called)| called.account != account || pools.iter().any(|pool| pool.id == *called));
        for pool in pools {
            // Where there are calls they come first: a pool that has enough for those is not liquidated.
            let line = if self.calls(&pool) { Line::Call } else { Line::Liquidation };
            if self.fence(&pool, line) {
                continue;
            }
            if line == Line::Liquidation || !self.fence(&pool, Line::Liquidation) {
                self.liquidate(&pool);
                self.unsettled.insert(account);
                return;
            }
            self.call(&pool);
        }
    }

    /// The account's margin pools with positions.
    pub(crate) fn pools(&self, account: usize) -> Vec<Pool> {
        let it = &self.accounts[account];
        let mut pools = Vec::new();
        let mut cross =
            Pool { id: PoolId { account, isolated: None }, wallet: it.cross_wallet(), positions: Vec::new() };
        for (market, side, Held { position, margin }) in it.positions() {
            if it.holdings[market].margin_mode == MarginMode::Cross {
                cross.positions.push((market, side, position));
            } else {
                let id = PoolId { account, isolated: Some((market, side)) };
                pools.push(Pool { id, wallet: margin, positions: vec![(market, side, position)] });
            }
        }
        if !cross.positions.is_empty() {
            pools.push(cross);
        }
        pools
    }

    /// The pool that backs this position.
    pub(crate) fn pool_of(&self, account: usize, market: usize, side: PositionSide) -> Option<Pool> {
        let holding = &self.accounts[account].holdings[market];
        holding.position(side)?;
        let isolated = (holding.margin_mode == MarginMode::Isolated).then_some((market, side));
        self.pools(account).into_iter().find(|pool| pool.id.isolated == isolated)
    }

    /// Of each of its markets, the marks that meet the requirement if only that one moves; `None` where equity has met it at
    /// the marks, by the same sums as the liquidation price that is shown.
    fn sound(&self, pool: &Pool, cushions: &[(usize, Money)], line: Line) -> Option<Vec<(usize, LiquidationBounds)>> {
        let bounds = |index| self.liquidation_of(pool, cushions, index, line, true).bounds();
        cushions.iter().map(|(index, _)| Some((*index, bounds(*index)?))).collect()
    }

    /// `Σ (U − M)` of each of its markets.
    fn cushions(&self, pool: &Pool, line: Line) -> Vec<(usize, Money)> {
        let cushion = |index| pool.cushion(index, &self.markets[index], line.tiers(&self.markets[index]));
        pool.markets().into_iter().map(|index| (index, cushion(index))).collect()
    }

    fn calls(&self, pool: &Pool) -> bool {
        pool.positions.iter().all(|(market, _, _)| self.markets[*market].call_tiers.is_some())
    }

    /// Where the pool meets the requirement if only this market moves.
    fn liquidation_of(
        &self,
        pool: &Pool,
        cushions: &[(usize, Money)],
        index: usize,
        line: Line,
        at_mark: bool,
    ) -> Liquidation {
        let market = &self.markets[index];
        let rest = cushions.iter().filter(|(other, _)| *other != index).map(|(_, cushion)| *cushion).sum();
        let legs = pool.legs(index, line.tiers(market));
        liquidation::cross(&legs, pool.wallet, rest, market.closing_fee, at_mark.then_some(market.mark))
    }

    /// The marks that liquidate this pool if only this market moves.
    pub(crate) fn liquidation_bounds(&self, pool: &Pool, market: usize) -> LiquidationBounds {
        let cushions = self.cushions(pool, Line::Liquidation);
        self.liquidation_of(pool, &cushions, market, Line::Liquidation, false).bounds().unwrap_or_default()
    }

    /// Puts a fence around the mark of each market of a pool that is sound; answers whether it is. What the pool has to spare
    /// is shared out among its markets, and the fence is where a market would have used up its share.
    fn fence(&mut self, pool: &Pool, line: Line) -> bool {
        let cushions = self.cushions(pool, line);
        let Some(mut fences) = self.sound(pool, &cushions, line) else { return false };
        if cushions.len() > 1 {
            let spare = pool.wallet + cushions.iter().map(|(_, cushion)| *cushion).sum();
            let share = spare / Decimal::from(cushions.len());
            for ((index, cushion), (_, bounds)) in cushions.iter().zip(&mut fences) {
                let market = &self.markets[*index];
                let legs = pool.legs(*index, line.tiers(market));
                let wallet = share - *cushion;
                let own = liquidation::cross(&legs, wallet, Money::ZERO, market.closing_fee, Some(market.mark));
                // Nothing to spare: the next change of the mark is looked at.
                let at_once = LiquidationBounds { below: Some(market.mark), above: Some(market.mark) };
                *bounds = own.bounds().unwrap_or(at_once);
            }
        }
        for (index, bounds) in fences {
            let market = &mut self.markets[index];
            market.floors.extend(bounds.below.map(|price| (PriceKey::of(price), pool.id)));
            market.ceilings.extend(bounds.above.map(|price| (PriceKey::of(price), pool.id)));
            self.fenced.entry(pool.id.account).or_default().push((index, pool.id, bounds));
        }
        true
    }

    fn take_fences_down(&mut self, account: usize) {
        for (index, pool, bounds) in self.fenced.remove(&account).unwrap_or_default() {
            let market = &mut self.markets[index];
            if let Some(price) = bounds.below {
                market.floors.remove(&(PriceKey::of(price), pool));
            }
            if let Some(price) = bounds.above {
                market.ceilings.remove(&(PriceKey::of(price), pool));
            }
        }
    }

    fn call(&mut self, pool: &Pool) {
        if self.called.iter().any(|(_, called)| *called == pool.id) {
            return;
        }
        self.called.insert((self.now.plus(CALL_EVERY), pool.id));
        let positions = self.warnings(pool);
        let cross_wallet = pool.id.isolated.is_none().then_some(pool.wallet);
        self.tell(pool.id.account, News::MarginCall { positions, cross_wallet });
    }

    /// What there is to say about each position of a pool whose margin is thin.
    pub(crate) fn warnings(&self, pool: &Pool) -> Vec<ThinPosition> {
        let thin = |(market, side, position): &(usize, PositionSide, Position)| {
            let report = self.position_report(pool.id.account, *market, *side);
            let warning = MarginWarning {
                level: None,
                symbol: report.symbol.clone(),
                position_side: *side,
                quantity: Some(position.quantity),
                margin_ratio: report.margin_ratio,
                liquidation_price: report.liquidation_price,
                mark_price: report.mark_price,
                maintenance_margin: report.maintenance_margin,
                time: self.now,
            };
            ThinPosition { warning, report }
        };
        pool.positions.iter().map(thin).collect()
    }

    /// Equity of a pool at the marks.
    pub(crate) fn equity(&self, pool: &Pool) -> Money {
        let unrealized = |(market, _, position): &(usize, PositionSide, Position)| {
            position.unrealized_pnl(self.markets[*market].mark)
        };
        pool.wallet + pool.positions.iter().map(unrealized).sum()
    }

    pub(crate) fn ratio(&self, pool: &Pool) -> Option<MarginRatio> {
        MarginRatio::of(pool.maintenance(&self.markets), self.equity(pool))
    }

    /// The one liquidation price that venues show: of the two of a hedged pair, the one on the side that its net
    /// exposure loses on.
    pub(crate) fn shown_liquidation_price(&self, pool: &Pool, market: usize, position: Position) -> Option<Price> {
        let bounds = self.liquidation_bounds(pool, market);
        let own = pool.positions.iter().filter(|(its, _, _)| *its == market);
        let net: Decimal = own.map(|(_, _, leg)| leg.direction.sign() * leg.quantity.get()).sum();
        let falls = if net.is_zero() { position.direction.sign() } else { net };
        if falls.is_sign_positive() { bounds.below.or(bounds.above) } else { bounds.above.or(bounds.below) }
    }
}
