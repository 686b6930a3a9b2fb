//! One account: its wallet, its positions, its settings and its history.

use crate::income::Income;
use crate::retention::Totals;
use plimsoll_domain::{
    AccountId, ClientOrderId, Fill, Leverage, MarginMode, Money, Position, PositionMode, PositionSide, Timestamp,
};
use std::collections::{BTreeSet, HashMap, VecDeque};

/// A position with what belongs to it here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    pub(crate) position: Position,
    /// The wallet margin assigned to it; zero where it is cross.
    pub(crate) margin: Money,
}

/// One of the three places of a symbol: the position of one-way mode, or a leg of hedge mode.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Slot {
    pub(crate) held: Option<Held>,
    /// Profit realised there since the account was opened, before fees.
    pub(crate) realized: Money,
    pub(crate) updated: Timestamp,
}

/// An account's settings and positions of one contract.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holding {
    pub(crate) leverage: Leverage,
    pub(crate) margin_mode: MarginMode,
    slots: [Slot; 3],
}

pub(crate) const POSITION_SIDES: [PositionSide; 3] = [PositionSide::Both, PositionSide::Long, PositionSide::Short];

impl Holding {
    pub(crate) fn new(leverage: Leverage) -> Self {
        Self { leverage, margin_mode: MarginMode::Cross, slots: [Slot::default(); 3] }
    }

    pub(crate) fn slot(&self, side: PositionSide) -> &Slot {
        &self.slots[place(side)]
    }

    pub(crate) fn slot_mut(&mut self, side: PositionSide) -> &mut Slot {
        &mut self.slots[place(side)]
    }

    pub(crate) fn position(&self, side: PositionSide) -> Option<Position> {
        self.slot(side).held.map(|held| held.position)
    }

    /// Every open position of the symbol.
    pub(crate) fn open(&self) -> impl Iterator<Item = (PositionSide, Held)> + '_ {
        POSITION_SIDES.into_iter().filter_map(|side| Some((side, self.slot(side).held?)))
    }
}

const fn place(side: PositionSide) -> usize {
    match side {
        PositionSide::Both => 0,
        PositionSide::Long => 1,
        PositionSide::Short => 2,
    }
}

/// An account's whole state.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) wallet: Money,
    pub(crate) position_mode: PositionMode,
    /// By market.
    pub(crate) holdings: Vec<Holding>,
    pub(crate) open_orders: BTreeSet<usize>,
    pub(crate) all_orders: Vec<usize>,
    /// In the order of ending.
    pub(crate) ended_orders: VecDeque<usize>,
    pub(crate) open_conditionals: BTreeSet<usize>,
    pub(crate) all_conditionals: Vec<usize>,
    /// In the order of being triggered or ending: triggered ones end in the same call.
    pub(crate) ended_conditionals: VecDeque<usize>,
    pub(crate) order_names: HashMap<ClientOrderId, usize>,
    pub(crate) conditional_names: HashMap<ClientOrderId, usize>,
    pub(crate) fills: Vec<Fill>,
    pub(crate) income: Vec<Income>,
    pub(crate) totals: Totals,
}

impl Account {
    pub(crate) fn new(id: AccountId, holdings: Vec<Holding>) -> Self {
        Self {
            id,
            wallet: Money::ZERO,
            position_mode: PositionMode::OneWay,
            holdings,
            open_orders: BTreeSet::new(),
            all_orders: Vec::new(),
            ended_orders: VecDeque::new(),
            open_conditionals: BTreeSet::new(),
            all_conditionals: Vec::new(),
            ended_conditionals: VecDeque::new(),
            order_names: HashMap::new(),
            conditional_names: HashMap::new(),
            fills: Vec::new(),
            income: Vec::new(),
            totals: Totals::default(),
        }
    }

    /// Every open position, with its market.
    pub(crate) fn positions(&self) -> impl Iterator<Item = (usize, PositionSide, Held)> + '_ {
        self.holdings
            .iter()
            .enumerate()
            .flat_map(|(market, holding)| holding.open().map(move |(side, held)| (market, side, held)))
    }

    /// The wallet that is not assigned to isolated positions.
    pub(crate) fn cross_wallet(&self) -> Money {
        self.wallet - self.positions().map(|(_, _, held)| held.margin).sum()
    }
}
