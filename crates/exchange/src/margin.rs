//! What an account may still use: initial margin of its positions and its open orders.
//!
//! A position takes its notional at the mark ÷ leverage. Open orders take what they would add to it: in one-way mode
//! the buys and the sells of a symbol are netted with the position and the side that takes more counts; in hedge mode
//! each leg's opening orders count. What an opening order would lose at once, filled at its limit, is added.

use crate::account::{Held, Holding};
use crate::exchange::Exchange;
use crate::market::Market;
use crate::order::Working;
use plimsoll_domain::{
    Direction, Leverage, MarginMode, Money, PositionMode, PositionSide, Price, Quantity, Rate, Side, Transition,
};
use std::collections::BTreeMap;

/// An order that is to be counted beside those that rest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    pub(crate) side: Side,
    pub(crate) notional: Money,
    /// What it would lose at once: never negative.
    pub(crate) open_loss: Money,
}

impl Candidate {
    /// An order of this size at this price.
    pub(crate) fn new(side: Side, quantity: Quantity, price: Price, mark: Price) -> Self {
        let at_once = Direction::from(side).sign() * quantity.get() * (price.get() - mark.get());
        Self { side, notional: quantity * price, open_loss: Money::new(at_once).max(Money::ZERO) }
    }

    /// What remains of an order that adds exposure.
    fn of(order: &Working, mark: Price) -> Option<Self> {
        let (limit, _) = order.limit.filter(|_| !order.reduces())?;
        Some(Self::new(order.side, order.remaining()?, limit, mark))
    }
}

/// What one more order asks of its symbol.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demand {
    /// Initial margin beyond what the symbol takes already: never negative.
    pub(crate) margin: Money,
    /// What the symbol can reach with it, if that is further than without.
    pub(crate) further: Option<Money>,
}

/// What the positions and orders of one symbol weigh.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Load {
    /// Opening buys, or the opening orders of the long leg.
    pub(crate) bids: Money,
    /// Opening sells, or the opening orders of the short leg.
    pub(crate) asks: Money,
    bids_loss: Money,
    asks_loss: Money,
    /// Positions' notional at the mark: of the long side, and of the short.
    long: Money,
    short: Money,
    netted: bool,
    /// What margins count of the fee of closing.
    closing_fee: Rate,
}

impl Load {
    fn add(&mut self, candidate: Candidate) {
        match candidate.side {
            Side::Buy => {
                self.bids += candidate.notional;
                self.bids_loss += candidate.open_loss;
            }
            Side::Sell => {
                self.asks += candidate.notional;
                self.asks_loss += candidate.open_loss;
            }
        }
    }

    fn net(self) -> Money {
        self.long - self.short
    }

    /// The largest notional that the position, or one of its legs, can reach.
    pub(crate) fn reach(self) -> Money {
        if self.netted {
            let net = self.net();
            (net + self.bids).abs().max((net - self.asks).abs()).max(net.abs())
        } else {
            (self.long + self.bids).max(self.short + self.asks)
        }
    }

    /// Initial margin of the orders beyond that of the positions. Orders that only close need none.
    fn orders(self, leverage: Leverage) -> Money {
        let initial = |notional: Money| {
            let margin = notional / leverage.as_decimal();
            if self.closing_fee == Rate::ZERO { margin } else { margin + notional * self.closing_fee }
        };
        if !self.netted {
            return initial(self.bids + self.asks) + self.bids_loss + self.asks_loss;
        }
        let held = self.net().abs();
        let side = |reach: Money, loss| if reach > held { initial(reach - held) + loss } else { Money::ZERO };
        side((self.net() + self.bids).abs(), self.bids_loss).max(side((self.net() - self.asks).abs(), self.asks_loss))
    }
}

/// The margin figures of an account, at the marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccountFigures {
    /// Everything but unrealised profit.
    pub wallet: Money,
    /// The wallet that is not assigned to isolated positions.
    pub cross_wallet: Money,
    /// Unrealised profit of all positions.
    pub unrealized_pnl: Money,
    /// Unrealised profit of the cross positions.
    pub cross_unrealized_pnl: Money,
    /// Initial margin of all positions.
    pub position_initial_margin: Money,
    /// Initial margin of the open orders.
    pub order_initial_margin: Money,
    /// Maintenance margin of all positions, of two cross legs that of the larger alone where the contract says so.
    pub maintenance_margin: Money,
    /// What new positions may use; never negative.
    pub available: Money,
    /// What may be taken out; never negative.
    pub withdrawable: Money,
}

/// The margin figures of one position and the orders of its side, at the mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PositionFigures {
    /// Size × mark.
    pub notional: Money,
    /// Notional ÷ leverage, and the fee of closing where the exchange [counts](crate::Settings::counts_closing_fee) it.
    pub initial_margin: Money,
    /// Initial margin of the symbol's open orders.
    pub order_initial_margin: Money,
    /// Maintenance margin.
    pub maintenance_margin: Money,
    /// The symbol's opening buys, at their limits.
    pub bid_notional: Money,
    /// The symbol's opening sells, at their limits.
    pub ask_notional: Money,
    /// Place in the deleveraging queue, 0 to 4; higher is sooner.
    pub adl: u8,
}

impl Exchange {
    pub(crate) fn figures(&self, account: usize) -> AccountFigures {
        let it = &self.accounts[account];
        let mut figures = AccountFigures { wallet: it.wallet, cross_wallet: it.wallet, ..AccountFigures::default() };
        let mut cross_initial = Money::ZERO;
        for (index, holding) in it.holdings.iter().enumerate() {
            let market = &self.markets[index];
            let is_cross = holding.margin_mode == MarginMode::Cross;
            for (_, held) in holding.open() {
                let notional = held.position.notional(market.mark);
                let unrealized = held.position.unrealized_pnl(market.mark);
                figures.unrealized_pnl += unrealized;
                let initial = market.initial(notional, holding.leverage);
                figures.position_initial_margin += initial;
                figures.cross_wallet -= held.margin;
                if is_cross {
                    figures.cross_unrealized_pnl += unrealized;
                    cross_initial += initial;
                }
            }
        }
        figures.maintenance_margin = self.pools(account).iter().map(|pool| pool.maintenance(&self.markets)).sum();
        figures.order_initial_margin = self.orders_margin(account);
        let free = figures.cross_wallet + figures.cross_unrealized_pnl - cross_initial - figures.order_initial_margin;
        figures.available = free.max(Money::ZERO);
        let without_profit = free - figures.cross_unrealized_pnl.max(Money::ZERO);
        figures.withdrawable = without_profit.min(figures.cross_wallet).max(Money::ZERO);
        figures
    }

    /// What new positions may use; negative where open ones use more than there is.
    pub(crate) fn free(&self, account: usize) -> Money {
        let it = &self.accounts[account];
        let mut free = it.wallet - self.orders_margin(account);
        for (market, _, held) in it.positions() {
            let holding = &it.holdings[market];
            free -= held.margin;
            if holding.margin_mode == MarginMode::Cross {
                let market = &self.markets[market];
                free += held.position.unrealized_pnl(market.mark);
                free -= market.initial(held.position.notional(market.mark), holding.leverage);
            }
        }
        free
    }

    pub(crate) fn withdrawable(&self, account: usize) -> Money {
        self.figures(account).withdrawable
    }

    /// Initial margin of all the account's open orders.
    fn orders_margin(&self, account: usize) -> Money {
        let it = &self.accounts[account];
        let mut loads: BTreeMap<usize, Load> = BTreeMap::new();
        for number in &it.open_orders {
            let order = &self.orders[*number];
            let load = loads.entry(order.market).or_insert_with(|| self.held(account, order.market));
            if let Some(candidate) = Candidate::of(order, self.markets[order.market].mark) {
                load.add(candidate);
            }
        }
        loads.into_iter().map(|(market, load)| load.orders(it.holdings[market].leverage)).sum()
    }

    /// What placing `candidate` would do to the symbol. An order that is about to be replaced is left out.
    pub(crate) fn demand_of(
        &self,
        account: usize,
        market: usize,
        candidate: Candidate,
        replacing: Option<usize>,
    ) -> Demand {
        let leverage = self.accounts[account].holdings[market].leverage;
        let before = self.load(account, market, replacing);
        let mut after = before;
        after.add(candidate);
        let further = Some(after.reach()).filter(|reach| *reach > before.reach());
        Demand { margin: after.orders(leverage) - before.orders(leverage), further }
    }

    /// An order that turns an isolated position around gives the old margin back, less what it realises, and takes margin
    /// for the rest: what that takes and what there is for it. `None` for other orders.
    pub(crate) fn turning(
        &self,
        account: usize,
        market: usize,
        side: Side,
        quantity: Quantity,
        price: Price,
    ) -> Option<(Money, Money)> {
        let holding = &self.accounts[account].holdings[market];
        let Held { position, margin } = holding.slot(PositionSide::Both).held?;
        let Transition::Flipped(rest, realized) = position.apply(side.into(), quantity, price) else { return None };
        if holding.margin_mode == MarginMode::Cross {
            return None;
        }
        let fee = (quantity * price * self.markets[market].instrument.fees.taker).max(Money::ZERO);
        let required = self.markets[market].initial(rest.notional(price), holding.leverage) + fee;
        Some((required, self.free(account) + margin + realized))
    }

    /// What leaving out one open order would set free.
    pub(crate) fn margin_held_by(&self, number: usize) -> Money {
        let Working { account, market, .. } = self.orders[number];
        let candidate = Candidate::of(&self.orders[number], self.markets[market].mark);
        candidate.map_or(Money::ZERO, |candidate| self.demand_of(account, market, candidate, Some(number)).margin)
    }

    /// The symbol's positions and open orders, but for one.
    pub(crate) fn load(&self, account: usize, market: usize, without: Option<usize>) -> Load {
        let mark = self.markets[market].mark;
        let mut load = self.held(account, market);
        for number in self.accounts[account].open_orders.iter().filter(|number| Some(**number) != without) {
            let order = &self.orders[*number];
            if order.market == market
                && let Some(candidate) = Candidate::of(order, mark)
            {
                load.add(candidate);
            }
        }
        load
    }

    /// The symbol's positions alone.
    fn held(&self, account: usize, market: usize) -> Load {
        let it = &self.accounts[account];
        let Market { mark, closing_fee, .. } = self.markets[market];
        Load { closing_fee, ..positions(&it.holdings[market], mark, it.position_mode) }
    }

    pub(crate) fn position_figures_of(&self, account: usize, market: usize, side: PositionSide) -> PositionFigures {
        let holding = &self.accounts[account].holdings[market];
        let load = self.load(account, market, None);
        let mut figures = PositionFigures {
            order_initial_margin: load.orders(holding.leverage),
            bid_notional: load.bids,
            ask_notional: load.asks,
            ..PositionFigures::default()
        };
        if let Some(position) = holding.position(side) {
            let it = &self.markets[market];
            figures.notional = position.notional(it.mark);
            figures.initial_margin = it.initial(figures.notional, holding.leverage);
            figures.maintenance_margin = it.maintenance(figures.notional);
            figures.adl = self.adl_quantile(account, market, side);
        }
        figures
    }
}

fn positions(holding: &Holding, mark: Price, mode: PositionMode) -> Load {
    let mut load = Load { netted: mode == PositionMode::OneWay, ..Load::default() };
    for (_, held) in holding.open() {
        let notional = held.position.notional(mark);
        match held.position.direction {
            Direction::Long => load.long += notional,
            Direction::Short => load.short += notional,
        }
    }
    load
}
