//! The same check as before a live order.

use super::Run;
use super::told::Role;
use plimsoll_domain::risk::{
    AccountFacts, Allowance, Elsewhere, Engagement, Exposed, KillSwitch, OrderFacts, Projection, check, distance_to,
    verdict,
};
use plimsoll_domain::{
    Collateral, Direction, Holding, Liquidation, MarginMode, Money, Portfolio, Position, Price, Quantity, Rate,
    Remainder, Symbol, margin,
};
use plimsoll_engine::desk::SeatIndex;
use plimsoll_ports::OpenIntent;
use std::time::Duration;

impl Run {
    /// Every limit, on the account as it is now; and a stop beyond the liquidation price protects nothing.
    pub(super) fn check(
        &mut self,
        account: usize,
        place: usize,
        open: &OpenIntent,
        quantity: Quantity,
        stop: Option<Price>,
    ) -> Result<(), String> {
        if self.settings.limits.is_none() && stop.is_none() {
            return Ok(());
        }
        let it = &self.accounts[account];
        let market = &it.markets[place];
        let held = market.position;
        // What rests on the same side may fill before this does.
        let resting = self.resting_openings(account, &open.symbol, open.direction, None);
        let quantity = resting.map_or(quantity, |resting| quantity + resting);
        let projection = Projection::of(&market.instrument, held, open.direction, quantity, market.mark, open.leverage);
        let made = projection.after.unwrap_or(Position { direction: open.direction, quantity, entry: market.mark });
        let liquidation = self.liquidation_of(account, place, made, open);
        if let Some((stop, bounds)) = stop.zip(liquidation.bounds()) {
            let beyond = match open.direction {
                Direction::Long => bounds.below.filter(|below| stop <= *below),
                Direction::Short => bounds.above.filter(|above| stop >= *above),
            };
            if let Some(price) = beyond {
                return Err(format!("the stop at {stop} is beyond the liquidation price {price}"));
            }
        }
        let Some(limits) = &self.settings.limits else { return Ok(()) };
        let beside = |other: usize| other != place;
        let others = it.markets.iter().enumerate().filter(|(other, _)| beside(*other));
        let others = others.filter_map(|(_, market)| Some(market.position?.notional(market.mark))).sum();
        let count = it.markets.iter().filter(|market| market.position.is_some()).count();
        let open_positions = u32::try_from(count).unwrap_or(u32::MAX);
        let distance = distance_to(liquidation, market.mark);
        let funding = it.funding(place).map(|funding| {
            let a_day = plimsoll_domain::Decimal::from(24 / market.instrument.funding_interval_hours.clamp(1, 24));
            made.notional(market.mark) * Rate::new(funding.rate.get() * a_day * made.direction.sign())
        });
        let facts = projection.facts(open.leverage, open_positions, others, distance, funding);
        let figures = it.exchange.account_figures(&it.id);
        let equity = it.equity();
        let mut watch = it.watch;
        watch.observe(equity, self.now);
        let elsewhere = self.accounts.iter().enumerate().filter(|(other, _)| *other != account);
        let portfolio = elsewhere.fold(Exposed::default(), |sum, (_, other)| {
            sum.with(Exposed { notional: other.exposure(), equity: other.equity() })
        });
        let account_facts = AccountFacts {
            equity,
            available: figures.map_or(Money::ZERO, |figures| figures.available),
            day_start_equity: watch.day_start_equity(),
            peak_equity: watch.peak_equity(),
            state_age: Some(Duration::ZERO),
            kill_switch: &it.kill_switch,
            margin_in_use: figures.map_or(Money::ZERO, |figures| figures.position_initial_margin),
            elsewhere: Elsewhere { venue: Exposed::default(), portfolio },
            allowance: Allowance::Whole,
        };
        match check(&OrderFacts::Adds(facts), &account_facts, limits) {
            Ok(_) => Ok(()),
            Err(refused) => {
                let trips: Vec<String> = refused.trips().map(ToString::to_string).collect();
                if !trips.is_empty() {
                    self.stop_trading(account, &trips.join("; "));
                }
                Err(refused.to_string())
            }
        }
    }

    /// How much the openings in this direction that rest would open in all, those of one strategy left out.
    pub(super) fn resting_openings(
        &self,
        account: usize,
        symbol: &Symbol,
        direction: Direction,
        without: Option<SeatIndex>,
    ) -> Option<Quantity> {
        let opens = |seat: SeatIndex, label: &str| {
            let sent = self.accounts[account].sent.values();
            sent.filter(|sent| sent.seat == seat && sent.symbol == *symbol && sent.stop.is_some())
                .any(|sent| matches!(&sent.role, Role::Resting(its) if its == label))
        };
        let mut sum: Option<Quantity> = None;
        for seat in self.desk.seats().filter(|seat| Some(*seat) != without) {
            let orders = self.desk.own(seat, account).map_or(&[][..], |own| own.orders());
            for order in orders.iter().filter(|it| it.symbol == *symbol && it.side == direction.opening_side()) {
                if !opens(seat, &order.label) {
                    continue;
                }
                let left = match order.filled.map(|filled| order.quantity.minus(filled)) {
                    None => Some(order.quantity),
                    Some(Remainder::Left(left)) => Some(left),
                    Some(Remainder::Nothing | Remainder::Excess(_)) => None,
                };
                sum = match (sum, left) {
                    (Some(sum), Some(left)) => Some(sum + left),
                    (sum, left) => sum.or(left),
                };
            }
        }
        sum
    }

    /// The exact liquidation of `made`, were it held beside the others.
    fn liquidation_of(&self, account: usize, place: usize, made: Position, open: &OpenIntent) -> Liquidation {
        let it = &self.accounts[account];
        let is_isolated = self.settings.margin_mode == MarginMode::Isolated;
        let mut holdings = Vec::new();
        for (other, market) in it.markets.iter().enumerate() {
            let position = if other == place { Some(made) } else { market.position };
            let Some(position) = position else { continue };
            let leverage = if other == place { Some(open.leverage) } else { market.leverage };
            let initial = margin::initial(position.notional(position.entry), leverage.unwrap_or(open.leverage));
            holdings.push(Holding {
                symbol: &market.instrument.symbol,
                position,
                mark: market.mark,
                collateral: if is_isolated { Collateral::Isolated(initial) } else { Collateral::Cross },
                tiers: &market.instrument.tiers,
                closing_fee: Rate::ZERO,
            });
        }
        let its = holdings.iter().position(|holding| *holding.symbol == open.symbol).unwrap_or_default();
        let assessment = Portfolio { wallet: it.wallet, holdings }.assess();
        assessment.positions.get(its).map_or(Liquidation::AlreadyDue, |position| position.liquidation)
    }

    /// Losses trip the account's kill switch at every price, as the guard of a live account sees it.
    pub(super) fn judge_losses(&mut self, account: usize) {
        let Some(limits) = &self.settings.limits else { return };
        let it = &mut self.accounts[account];
        if it.kill_switch.is_engaged() {
            return;
        }
        let equity = it.equity();
        it.watch.observe(equity, self.now);
        let lost = verdict(None, &it.watch, limits).trips;
        if !lost.is_empty() {
            let lost: Vec<String> = lost.iter().map(ToString::to_string).collect();
            self.stop_trading(account, &lost.join("; "));
        }
    }

    /// Nothing is opened on the account from now on; what would open is called back, and what is held is closed.
    fn stop_trading(&mut self, account: usize, reason: &str) {
        let it = &mut self.accounts[account];
        if it.kill_switch.is_engaged() {
            return;
        }
        let engagement = Engagement { reason: reason.into(), by: "risk limits".into(), since: self.now };
        it.kill_switch = KillSwitch::Engaged(engagement);
        let text = format!("trading on {} is stopped: {reason}", it.id);
        self.incident("kill_switch", text);
        self.cancel_openings(account);
        self.close_all(account);
    }
}
