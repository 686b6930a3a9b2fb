//! What the market and others do.

use super::Trader;
use super::deeds::{beyond, nth};
use crate::faults::step::{Contract, Event};
use plimsoll_domain::{
    ClientOrderId, Decimal, Direction, Money, NewOrder, Order, OrderKind, OrderSize, PositionMode, PositionSide, Price,
    Quantity, TimeInForce,
};
use std::time::Duration;

/// Hours of the market are over at once: whoever listens is given a moment to hear it.
const LONG: Duration = Duration::from_secs(30);

/// How far the market goes where it has nowhere to go.
const FAR: Decimal = Decimal::from_parts(5, 0, 0, false, 2);

impl Trader<'_> {
    /// Lets something happen between two deeds.
    pub(crate) async fn happens(&mut self, event: Event) {
        self.hands += 1;
        let before = self.stage.venue.exchange(|exchange| exchange.now());
        self.befalls(event, self.hands);
        let after = self.stage.venue.exchange(|exchange| exchange.now());
        if after.since(before) > LONG {
            self.process().freshen(&self.stage.market).await;
        }
    }

    /// Lets it happen; `hand` names what is done by hand.
    pub(crate) fn befalls(&self, event: Event, hand: u64) {
        let market = &self.stage.market;
        match event {
            Event::Moves { contract, by } => self.moves(contract, by),
            Event::Triggers { which, beyond } => self.triggers(which, beyond),
            Event::Liquidates { which } => self.liquidates(which),
            Event::SettlesFunding => self.settles_funding(),
            Event::Waits(span) => market.skip(span),
            Event::TradesByHand { which, share, adds } => self.trades_by_hand(which, share, adds, hand),
            Event::RestsByHand { contract, direction } => self.rests_by_hand(contract, direction, hand),
            Event::Transfers(amount) => {
                let amount = Money::new(amount.into());
                // What cannot be taken out stays.
                let _ = self.stage.venue.exchange(|exchange| exchange.transfer(&self.stage.account, amount));
            }
        }
    }

    fn moves(&self, contract: Contract, by: Decimal) {
        let price = self.stage.market.price(contract).get() * (Decimal::ONE + by);
        if let Ok(price) = Price::new(price) {
            self.stage.market.move_to(contract, price);
        }
    }

    fn triggers(&self, which: u64, beyond: Decimal) {
        let open = self.stage.truth().open;
        let waiting: Vec<&Order> = open.iter().filter(|order| order.trigger.is_some()).collect();
        let Some((symbol, trigger)) = nth(&waiting, which).and_then(|it| Some((&it.symbol, it.trigger?))) else {
            return;
        };
        let contract = Contract::of(symbol);
        let price = self.stage.market.price(contract);
        let sign = if trigger < price { -Decimal::ONE } else { Decimal::ONE };
        if let Ok(price) = Price::new(trigger.get() * (Decimal::ONE + sign * beyond)) {
            self.stage.market.move_to(contract, price);
        }
    }

    fn liquidates(&self, which: u64) {
        let Some((report, position)) = self.held(which) else { return };
        let contract = Contract::of(&report.symbol);
        let price = self.stage.market.price(contract);
        let target = match report.liquidation_price {
            Some(liquidation) => beyond(liquidation, position.direction, Decimal::new(1, 3)),
            None => beyond(price, position.direction, FAR),
        };
        // A cross position may be so well covered that only a market out of its mind would liquidate it.
        let is_sane = |to: &Price| {
            *to > Price::new(price.get() / Decimal::TWO).unwrap_or(*to) && to.get() < price.get() * Decimal::TWO
        };
        if let Some(target) = target.filter(is_sane) {
            self.stage.market.move_to(contract, target);
        }
    }

    pub(crate) fn settles_funding(&self) {
        let symbol = Contract::Bitcoin.symbol();
        let (now, next) = self.stage.venue.exchange(|exchange| {
            let next = exchange.market(&symbol).map(|market| market.next_funding);
            (exchange.now(), next.unwrap_or(exchange.now()))
        });
        self.stage.market.skip(next.since(now) + Duration::from_secs(2));
    }

    fn trades_by_hand(&self, which: u64, share: Decimal, adds: bool, hand: u64) {
        let Some((report, position)) = self.held(which) else { return };
        let quantity = (position.quantity.get() * share).round_dp(3);
        let Ok(quantity) = Quantity::new(quantity) else { return };
        let (direction, hedged) = (position.direction, report.position_side != PositionSide::Both);
        self.by_hand(&NewOrder {
            client_order_id: ClientOrderId::reported(format!("hand-{hand}")),
            symbol: report.symbol,
            side: if adds { direction.opening_side() } else { direction.closing_side() },
            position_side: report.position_side,
            kind: OrderKind::Market,
            size: OrderSize::Quantity(quantity),
            reduce_only: !adds && !hedged,
        });
    }

    fn rests_by_hand(&self, contract: Contract, direction: Direction, hand: u64) {
        let price = beyond(self.stage.market.price(contract), direction, Decimal::new(2, 2));
        let tick = contract.instrument().tick;
        let Some(price) = price.and_then(|price| price.round(tick, plimsoll_domain::Rounding::Down)) else { return };
        let quantity = match contract {
            Contract::Bitcoin => Decimal::new(5, 3),
            Contract::Ether => Decimal::new(50, 3),
        };
        let hedged = self.stage.truth().position_mode == PositionMode::Hedge;
        let mode = if hedged { PositionMode::Hedge } else { PositionMode::OneWay };
        self.by_hand(&NewOrder {
            client_order_id: ClientOrderId::reported(format!("hand-{hand}")),
            symbol: contract.symbol(),
            side: direction.opening_side(),
            position_side: PositionSide::of(direction, mode),
            kind: OrderKind::Limit { price, time_in_force: TimeInForce::Gtc },
            size: OrderSize::Quantity(Quantity::new(quantity).expect("a size")),
            reduce_only: false,
        });
    }

    fn by_hand(&self, order: &NewOrder) {
        // What the venue refuses did not happen.
        let _ = self.stage.venue.exchange(|exchange| exchange.place(&self.stage.account, order));
    }
}
