//! A state is a function of the set of its events: a venue in miniature speaks, and its words arrive shuffled,
//! repeated and, before a snapshot, lost.

use crate::events::*;
use plimsoll_domain::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, HashSet};

/// What happens next at the venue.
#[derive(Debug, Clone)]
struct Step {
    kind: u8,
    pick: usize,
    size: u32,
    price: u32,
    quiet: bool,
    wait: i64,
}

fn step() -> impl Strategy<Value = Step> {
    let parts = (0..18_u8, 0..8_usize, 1..6_u32, 80..120_u32, any::<bool>(), 0..3_i64);
    parts.prop_map(|(kind, pick, size, price, quiet, wait)| Step { kind, pick, size, price, quiet, wait })
}

/// The venue's own truth, and what it has said.
#[derive(Debug, Default)]
struct Venue {
    now: i64,
    sequence: u64,
    positions: BTreeMap<Symbol, Position>,
    orders: BTreeMap<OrderId, Order>,
    wallet: i64,
    trades: u64,
    said: Vec<AccountEvent>,
    last_snapshot: usize,
}

impl Venue {
    fn stamp(&mut self) -> Stamp {
        self.sequence += 1;
        Stamp { time: ms(self.now), sequence: self.sequence }
    }

    fn take(&mut self, step: &Step) {
        self.now += step.wait;
        let symbol = symbol(if step.pick.is_multiple_of(2) { "BTC" } else { "ETH" });
        match step.kind {
            0..=2 => self.place(symbol, step),
            3..=11 => self.trade(step),
            12 => self.cancel(step),
            13 => self.fund(step),
            14 => self.set_leverage(symbol, step),
            15 => self.warn(symbol),
            16 => self.amend(step),
            _ => self.snapshot(),
        }
    }

    fn place(&mut self, symbol: Symbol, step: &Step) {
        let held = self.positions.get(&symbol);
        let closing = held.filter(|_| step.quiet).map(|held| held.direction.closing_side());
        let side = closing.unwrap_or(if step.price.is_multiple_of(2) { Side::Buy } else { Side::Sell });
        let order_type = if step.size == 5 { OrderType::StopMarket } else { OrderType::Limit };
        let placed = Order {
            symbol,
            side,
            order_type,
            reduce_only: closing.is_some(),
            quantity: Some(Quantity::new(Decimal::from(step.size)).unwrap()),
            price: Some(Price::new(Decimal::from(step.price)).unwrap()),
            updated: self.stamp(),
            ..order(&self.sequence.to_string(), 0, OrderStatus::New, None)
        };
        self.report_order(placed);
    }

    fn report_order(&mut self, order: Order) {
        self.said.push(AccountEvent::Order(order.clone()));
        if order.status.is_final() {
            self.orders.remove(&order.order_id);
        } else {
            self.orders.insert(order.order_id.clone(), order);
        }
    }

    fn pick(&self, step: &Step, conditional: bool) -> Option<Order> {
        let fits = |order: &&Order| conditional || !order.order_type.is_conditional();
        let fitting: Vec<&Order> = self.orders.values().filter(fits).collect();
        fitting.get(step.pick % fitting.len().max(1)).map(|order| (*order).clone())
    }

    fn amend(&mut self, step: &Step) {
        let Some(order) = self.pick(step, true) else { return };
        let price = Some(Price::new(Decimal::from(step.price)).unwrap());
        let updated = self.stamp();
        self.report_order(Order { price, updated, ..order });
    }

    fn cancel(&mut self, step: &Step) {
        let Some(order) = self.pick(step, true) else { return };
        let updated = self.stamp();
        self.report_order(Order { status: OrderStatus::Canceled, updated, ..order });
    }

    /// A fill, then its order, position and balance, all of one moment. A quiet step leaves the position to the fill.
    fn trade(&mut self, step: &Step) {
        let Some(order) = self.pick(step, false) else { return };
        self.now += 1;
        let before = order.filled.map_or(Decimal::ZERO, Quantity::get);
        let whole = order.quantity.unwrap().get();
        let held = self.positions.get(&order.symbol).copied();
        let mut size = Decimal::from(step.size).min(whole - before);
        if order.reduce_only {
            let reducible = held.filter(|held| held.direction.closing_side() == order.side);
            let Some(reducible) = reducible else { return };
            size = size.min(reducible.quantity.get());
        }
        let quantity = Quantity::new(size).unwrap();
        let price = Price::new(Decimal::from(step.price)).unwrap();
        let transition = Position::after(held, Direction::from(order.side), quantity, price);
        match transition.position() {
            Some(position) => self.positions.insert(order.symbol.clone(), position),
            None => self.positions.remove(&order.symbol),
        };
        self.trades += 1;
        self.said.push(AccountEvent::Fill(Fill {
            order_id: order.order_id.clone(),
            symbol: order.symbol.clone(),
            side: order.side,
            price,
            quantity,
            time: ms(self.now),
            ..fill(self.trades, 0, "buy 1 @ 1")
        }));
        let filled = Quantity::new(before + size).ok();
        let status = if before + size == whole { OrderStatus::Filled } else { OrderStatus::PartiallyFilled };
        let (symbol, updated) = (order.symbol.clone(), self.stamp());
        self.report_order(Order { filled, status, updated, ..order });
        if !step.quiet {
            let report = self.position_report(&symbol);
            self.said.push(AccountEvent::Position(report));
        }
        self.wallet -= 1;
        self.say_balance();
    }

    fn position_report(&mut self, symbol: &Symbol) -> PositionReport {
        PositionReport {
            symbol: symbol.clone(),
            position: self.positions.get(symbol).copied(),
            isolated_margin: Some(Money::new(Decimal::from(self.sequence))),
            stamp: self.stamp(),
            ..report(0, None)
        }
    }

    fn say_balance(&mut self) {
        let stamp = self.stamp();
        let wallet = self.wallet.to_string();
        self.said.push(AccountEvent::Balance(BalanceReport { stamp, ..balance(0, &wallet) }));
    }

    fn fund(&mut self, step: &Step) {
        self.wallet -= i64::from(step.size);
        let id = self.stamp().sequence.to_string();
        let payment = funding(step.quiet.then_some(&id), self.now, &step.size.to_string());
        self.said.push(AccountEvent::Funding(payment));
        self.say_balance();
    }

    fn set_leverage(&mut self, symbol: Symbol, step: &Step) {
        let (leverage, stamp) = (Leverage::new(step.size).unwrap(), self.stamp());
        let mode = if step.quiet { MarginMode::Cross } else { MarginMode::Isolated };
        self.said.push(AccountEvent::Leverage { symbol: symbol.clone(), leverage, stamp });
        self.said.push(AccountEvent::MarginMode { symbol, mode, stamp });
    }

    fn warn(&mut self, symbol: Symbol) {
        self.now += 1;
        self.said.push(AccountEvent::MarginCall(MarginWarning { symbol, ..warning(self.now) }));
    }

    /// The whole truth of this moment. What happens next happens later.
    fn snapshot(&mut self) {
        let symbols: Vec<Symbol> = self.positions.keys().cloned().collect();
        let snapshot = AccountSnapshot {
            positions: symbols.iter().map(|symbol| self.position_report(symbol)).collect(),
            orders: self.orders.values().cloned().collect(),
            balances: vec![balance(0, &self.wallet.to_string())],
            ..empty_snapshot(self.now)
        };
        self.last_snapshot = self.said.len();
        self.said.push(AccountEvent::Snapshot(Box::new(snapshot)));
        self.now += 1;
    }
}

fn venue(steps: &[Step]) -> Venue {
    let mut venue = Venue { now: 1000, wallet: 5000, ..Venue::default() };
    for step in steps {
        venue.take(step);
    }
    venue.say_balance();
    venue
}

fn applied<'a>(events: impl IntoIterator<Item = &'a AccountEvent>) -> (AccountState, Vec<Change>) {
    let mut state = AccountState::new();
    let changes = events.into_iter().flat_map(|event| state.apply(event)).collect();
    (state, changes)
}

fn shuffled<'a>(events: &[&'a AccountEvent], keys: &[u32]) -> Vec<&'a AccountEvent> {
    let mut keyed: Vec<(u32, &AccountEvent)> = keys.iter().copied().cycle().zip(events.iter().copied()).collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, event)| event).collect()
}

/// How often each occurrence was told: fills, bookings, notices, warnings.
fn told(changes: &[Change]) -> Vec<String> {
    let occurrence = |change: &Change| match change {
        Change::Filled(fill) => Some(format!("fill {} {}", fill.symbol, fill.trade_id)),
        Change::FundingPaid(it) | Change::FundingNoticed(it) => Some(format!("funding {it:?}")),
        Change::MarginCalled(it) => Some(format!("call {it:?}")),
        _ => None,
    };
    let mut told: Vec<String> = changes.iter().filter_map(occurrence).collect();
    told.sort();
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn in_order_the_state_is_the_venues(steps in prop::collection::vec(step(), 1..60)) {
        let venue = venue(&steps);
        let (state, _) = applied(&venue.said);
        let positions: BTreeMap<Symbol, Position> = state.positions().map(|it| (it.symbol, it.position)).collect();
        prop_assert_eq!(&positions, &venue.positions);
        let mut orders: Vec<&Order> = state.open_orders().collect();
        orders.sort_by(|a, b| a.order_id.cmp(&b.order_id));
        prop_assert_eq!(orders, venue.orders.values().collect::<Vec<_>>());
        prop_assert_eq!(state.balance(&usdt()).wallet, Some(Money::new(Decimal::from(venue.wallet))));
        prop_assert!(!state.needs_resync());
    }

    #[test]
    fn every_arrival_leads_to_the_same_state(
        steps in prop::collection::vec(step(), 1..40),
        keys in prop::collection::vec(any::<u32>(), 97),
        lost in prop::collection::vec(prop::bool::weighted(0.2), 89),
        repeated in prop::collection::vec(any::<bool>(), 83),
    ) {
        let venue = venue(&steps);
        let in_order: Vec<&AccountEvent> = venue.said.iter().collect();
        let (truth, _) = applied(in_order.iter().copied());

        let survives = |(index, _): &(usize, &&AccountEvent)| index >= &venue.last_snapshot || !lost[index % lost.len()];
        let heard: Vec<&AccountEvent> = in_order.iter().enumerate().filter(survives).map(|(_, event)| *event).collect();
        let again = heard.iter().zip(repeated.iter().cycle()).filter(|(_, again)| **again).map(|(event, _)| *event);
        let arriving: Vec<&AccountEvent> = heard.iter().copied().chain(again).collect();

        let (state, changes) = applied(shuffled(&arriving, &keys));
        let (ordered, in_order_changes) = applied(heard.iter().copied());
        prop_assert_eq!(Seen::of(&state), Seen::of(&ordered));
        prop_assert_eq!(told(&changes), told(&in_order_changes), "told once each, in whatever order");
        if heard.len() == in_order.len() {
            prop_assert_eq!(Seen::of(&state), Seen::of(&truth));
        }
        let held = |state: &AccountState| state.positions().map(|it| (it.symbol, it.position)).collect::<Vec<_>>();
        prop_assert_eq!(held(&state), held(&truth), "a snapshot makes up for what was lost before it");
    }

    #[test]
    fn apply_twice_is_apply_once(
        steps in prop::collection::vec(step(), 1..40),
        keys in prop::collection::vec(any::<u32>(), 97),
    ) {
        let venue = venue(&steps);
        let events: Vec<&AccountEvent> = venue.said.iter().collect();
        let mut state = AccountState::new();
        for event in shuffled(&events, &keys) {
            state.apply(event);
            let once = Seen::of(&state);
            prop_assert_eq!(state.apply(event), vec![]);
            prop_assert_eq!(Seen::of(&state), once);
        }
        for event in &events {
            prop_assert_eq!(state.apply(event), vec![]);
        }
    }

    #[test]
    fn a_reduce_only_fill_never_increases_or_flips(
        held in prop::option::of((any::<bool>(), 1..50_u32)),
        buys in any::<bool>(),
        size in 1..100_u32,
        order_first in any::<bool>(),
    ) {
        let mut state = AccountState::new();
        if let Some((long, size)) = held {
            let text = format!("{} {size} @ 100", if long { "buy" } else { "sell" });
            state.apply(&AccountEvent::Fill(fill(1, 10, &text)));
        }
        let before = state.positions().next().map(|it| it.position);
        let side = if buys { Side::Buy } else { Side::Sell };
        let reduces = AccountEvent::Order(Order { reduce_only: true, side, ..order("o2", 11, OrderStatus::New, None) });
        let trade = AccountEvent::Fill(fill(2, 12, &format!("{side} {size} @ 105")));
        let events = if order_first { [reduces, trade] } else { [trade, reduces] };
        for event in &events {
            state.apply(event);
        }
        let after = state.positions().next().map(|it| it.position);
        match (before, after) {
            (None, after) => prop_assert_eq!(after, None),
            (Some(_), None) => {}
            (Some(before), Some(after)) => {
                prop_assert_eq!((before.direction, before.entry), (after.direction, after.entry));
                prop_assert!(after.quantity <= before.quantity);
            }
        }
        let shrinks = before.is_some_and(|it| it.direction.closing_side() == side && it.quantity.get() >= size.into());
        prop_assert_eq!(state.needs_resync(), !shrinks, "what cannot be is a gap");
    }
}

#[test]
fn all_5040_arrivals_of_a_batch_converge() {
    let reduces = Order { reduce_only: true, side: Side::Sell, ..order("o3", 13, OrderStatus::Filled, Some("2")) };
    let batch = [
        AccountEvent::Fill(fill(1, 10, "buy 3 @ 100")),
        AccountEvent::Position(report(10, Some("long 3 @ 100"))),
        AccountEvent::Fill(fill(2, 12, "buy 1 @ 104")),
        AccountEvent::Fill(fill(3, 13, "sell 2 @ 110")),
        AccountEvent::Order(reduces),
        AccountEvent::Snapshot(Box::new(AccountSnapshot {
            positions: vec![report(10, Some("long 3 @ 100"))],
            orders: vec![order("o3", 11, OrderStatus::New, None)],
            balances: vec![balance(11, "1000")],
            ..empty_snapshot(11)
        })),
        AccountEvent::Balance(balance(13, "1017.5")),
    ];
    let mut states = Vec::<Seen>::new();
    let mut orders = HashSet::new();
    permutations(&mut (0..batch.len()).collect::<Vec<_>>(), 0, &mut |order| {
        assert!(orders.insert(order.to_vec()));
        let seen = Seen::of(&applied(order.iter().map(|index| &batch[*index])).0);
        if !states.contains(&seen) {
            states.push(seen);
        }
    });
    assert_eq!(orders.len(), 5040);
    assert_eq!(states.len(), 1, "{states:#?}");
    let (state, _) = applied(&batch);
    assert_eq!(state.positions().next().unwrap().position, position("long 2 @ 101"));
}

#[test]
fn two_reports_of_one_moment_converge() {
    let leverage = |times| AccountEvent::Leverage {
        symbol: symbol("BTC"),
        leverage: Leverage::new(times).unwrap(),
        stamp: stamp(10),
    };
    let amended = |price: &str| Order { price: Some(price.parse().unwrap()), ..order("1", 10, OrderStatus::New, None) };
    let pairs = [
        (AccountEvent::Position(report(10, Some("long 3 @ 100"))), AccountEvent::Position(report(10, None))),
        (
            AccountEvent::Position(report(10, Some("long 3 @ 100"))),
            AccountEvent::Position(report(10, Some("short 1 @ 100"))),
        ),
        (AccountEvent::Balance(balance(10, "5")), AccountEvent::Balance(balance(10, "6"))),
        (leverage(3), leverage(4)),
        (AccountEvent::Order(amended("101")), AccountEvent::Order(amended("102"))),
    ];
    for (a, b) in &pairs {
        assert_eq!(Seen::of(&applied([a, b]).0), Seen::of(&applied([b, a]).0), "{a:?} {b:?}");
    }
}

fn permutations(order: &mut Vec<usize>, fixed: usize, visit: &mut impl FnMut(&[usize])) {
    if fixed == order.len() {
        return visit(order);
    }
    for index in fixed..order.len() {
        order.swap(fixed, index);
        permutations(order, fixed + 1, visit);
        order.swap(fixed, index);
    }
}
