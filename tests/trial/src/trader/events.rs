//! What the market and others do.

use super::Trader;
use super::deeds::{beyond, nth};
use crate::market::Contract;
use crate::step::Event;
use plimsoll_domain::{
    ClientOrderId, Decimal, Direction, Money, NewOrder, Order, OrderKind, OrderSize, PositionMode, PositionSide, Price,
    Quantity, Rounding, TimeInForce,
};
use std::time::Duration;

/// How far the market goes where it has nowhere to go.
const FAR: Decimal = Decimal::from_parts(5, 0, 0, false, 2);

impl Trader<'_> {
    /// Lets it happen; `hand` names what is done by hand.
    pub(crate) async fn befalls(&self, event: Event, hand: u64) {
        let world = &self.world;
        world.sync();
        let now = world.time.now();
        world.state().observer.disturbed(now);
        match event {
            Event::Jumps { contract, by } => {
                if let Ok(price) = Price::new(world.price(contract).get() * (Decimal::ONE + by)) {
                    world.jump(contract, price);
                }
            }
            Event::Triggers { which, beyond } => self.triggers(which, beyond),
            Event::Liquidates { which } => self.liquidates(which),
            Event::SettlesFunding => self.settles_funding().await,
            Event::TradesByHand { which, share, adds } => self.trades_by_hand(which, share, adds, hand),
            Event::RestsByHand { contract, direction } => self.rests_by_hand(contract, direction, hand),
            Event::Transfers(amount) => {
                let amount = Money::new(amount.into());
                // What cannot be taken out stays.
                let _ = world.venue.exchange(|exchange| exchange.transfer(&world.account, amount));
            }
        }
        world.observe();
    }

    fn triggers(&self, which: u64, beyond: Decimal) {
        let open = self.world.truth().open;
        let waiting: Vec<&Order> = open.iter().filter(|order| order.trigger.is_some()).collect();
        let Some((symbol, trigger)) = nth(&waiting, which).and_then(|it| Some((&it.symbol, it.trigger?))) else {
            return;
        };
        let contract = Contract::of(symbol);
        let sign = if trigger < self.world.price(contract) { -Decimal::ONE } else { Decimal::ONE };
        if let Ok(price) = Price::new(trigger.get() * (Decimal::ONE + sign * beyond)) {
            self.world.jump(contract, price);
        }
    }

    fn liquidates(&self, which: u64) {
        let Some((report, position)) = self.held(which) else { return };
        let contract = Contract::of(&report.symbol);
        let price = self.world.price(contract);
        let target = match report.liquidation_price {
            Some(liquidation) => beyond(liquidation, position.direction, Decimal::new(1, 3)),
            None => beyond(price, position.direction, FAR),
        };
        if let Some(target) = target {
            self.world.jump(contract, target);
        }
    }

    pub(crate) async fn settles_funding(&self) {
        let symbol = Contract::Bitcoin.symbol();
        let now = self.world.time.now();
        let next = self.world.venue.exchange(|exchange| exchange.market(&symbol).map(|market| market.next_funding));
        let span = next.map_or(Duration::ZERO, |next| next.since(now));
        self.world.time.sleep(span + Duration::from_secs(2)).await;
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
        let instrument = contract.instrument();
        let price = beyond(self.world.price(contract), direction, Decimal::new(2, 2));
        let Some(price) = price.and_then(|price| price.round(instrument.tick, Rounding::Down)) else { return };
        let quantity = Decimal::from(300) / price.get();
        let Some(quantity) = Quantity::new(quantity).ok().and_then(|it| it.round(instrument.lot, Rounding::Down))
        else {
            return;
        };
        let mode = self.world.truth().position_mode;
        let mode = if mode == PositionMode::Hedge { PositionMode::Hedge } else { PositionMode::OneWay };
        self.by_hand(&NewOrder {
            client_order_id: ClientOrderId::reported(format!("hand-{hand}")),
            symbol: contract.symbol(),
            side: direction.opening_side(),
            position_side: PositionSide::of(direction, mode),
            kind: OrderKind::Limit { price, time_in_force: TimeInForce::Gtc },
            size: OrderSize::Quantity(quantity),
            reduce_only: false,
        });
    }

    fn by_hand(&self, order: &NewOrder) {
        let world = &self.world;
        let done = world.venue.exchange(|exchange| exchange.place(&world.account, order));
        // What the venue refuses did not happen.
        world.note(|| match done {
            Ok(_) => format!("  by hand: {} {:?} of {}", order.side, order.size, order.symbol),
            Err(refused) => format!("  not by hand: {refused}"),
        });
    }
}
