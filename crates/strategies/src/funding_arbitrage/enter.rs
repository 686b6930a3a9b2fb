//! When and what to enter.

use super::pair::{Side, common_size};
use super::{FundingArbitrage, Pending, What, leg};
use plimsoll_domain::{Decimal, Direction, Leverage, Money, Position, Price, Quantity, Timestamp};
use plimsoll_ports::{Decision, Intent, Leg, OpenIntent, StopLoss};
use std::time::Duration;

impl FundingArbitrage {
    /// Both legs, if funding is expected to beat what they cost.
    pub(super) fn enter(&mut self, sides: [Side<'_>; 2], now: Timestamp) -> Option<Decision> {
        let carry = self.carry(sides, now)?;
        // Long the first where the second pays more, and the other way round.
        let directions = if carry.is_sign_negative() {
            [Direction::Short, Direction::Long]
        } else {
            [Direction::Long, Direction::Short]
        };
        let carry = carry.abs();
        let costs = self.costs(sides);
        if carry - costs < self.settings.min_profit.0 || self.settles_soon(sides, now) {
            return None;
        }
        let apart = sides[0].basis_to(&sides[1], &self.settings)?;
        if apart.abs() > self.settings.max_basis.0 || !sides.iter().all(|side| side.instrument.status.may_open()) {
            return None;
        }
        let (quantity, leverage) = self.size(sides)?;
        let legs: Option<Vec<Leg>> = (0..2)
            .map(|index| {
                let open = self.open(index, sides[index], (directions[index], quantity, leverage))?;
                Some(leg(&self.places[index], Intent::Open(open)))
            })
            .collect();
        let legs = legs?;
        self.state.pending = Some(Pending { what: What::Opening, since: now.as_micros() });
        let hours = self.settings.horizon_hours;
        let reason = format!(
            "funding of {} of the notional is expected in {hours} h, and costs of {}; {} is {} and {} {}, {} apart",
            carry.normalize(),
            costs.normalize(),
            self.places[0],
            directions[0],
            self.places[1],
            directions[1],
            apart.round_dp(6).normalize()
        );
        Some(Decision { legs, reason })
    }

    /// What four fills cost, as a fraction of a leg's notional: their fees, and what they lose to the spread.
    fn costs(&self, [first, second]: [Side<'_>; 2]) -> Decimal {
        (first.taker() + second.taker()) * Decimal::TWO + self.settings.slippage.0 * Decimal::from(4)
    }

    /// Just before a settlement the price holds the payment already.
    fn settles_soon(&self, sides: [Side<'_>; 2], now: Timestamp) -> bool {
        let guard = Duration::from_secs(self.settings.settlement_guard_seconds.into());
        self.places.iter().zip(sides).any(|(place, side)| {
            let to_come = side.account.market(&place.symbol).and_then(|market| market.funding.as_ref());
            let next = to_come.and_then(|funding| funding.next_time);
            next.is_some_and(|next| next > now && next.since(now) < guard)
        })
    }

    /// The size of both legs, in lots of both, and the leverage that both contracts allow it.
    fn size(&self, sides: [Side<'_>; 2]) -> Option<(Quantity, Leverage)> {
        let sized = |leverage: Leverage| {
            let affordable = |side: Side<'_>| {
                let margin = side
                    .account
                    .available()
                    .min(side.account.equity())
                    .get()
                    .saturating_mul(self.settings.equity_fraction.0);
                let notional = margin.saturating_mul(leverage.as_decimal());
                let notional = self.settings.max_notional.map_or(notional, |most| notional.min(most.0));
                let notional = side.account.caps().notional(Money::new(notional)).get();
                let size = notional.checked_div(side.mark.get())?;
                Some(size.min(side.instrument.max_market_quantity.get()))
            };
            let [first, second] = sides;
            let size = common_size(affordable(first)?.min(affordable(second)?), first.instrument, second.instrument)?;
            for side in sides {
                side.instrument.market_size(size, side.mark).ok()?;
            }
            Some(size)
        };
        let size = sized(self.leverage)?;
        let allowed =
            sides.iter().map(|side| side.instrument.max_leverage(size * side.mark)).fold(self.leverage, Ord::min);
        if allowed == self.leverage { Some((size, allowed)) } else { Some((sized(allowed)?, allowed)) }
    }

    /// One leg with its stop on the way to its liquidation; `None` if that would be too near.
    fn open(&self, index: usize, side: Side<'_>, wanted: (Direction, Quantity, Leverage)) -> Option<OpenIntent> {
        let (direction, quantity, leverage) = wanted;
        let position = Position { direction, quantity, entry: side.mark };
        // What no price liquidates, a stop halfway to nothing, or to twice the price, protects as well.
        let distance = side.distance(&self.settings, position, leverage).unwrap_or(Decimal::ONE);
        if distance < self.settings.target_liquidation_distance.0 {
            return None;
        }
        let away = side.mark.get() * distance.min(Decimal::ONE) * self.settings.stop_share.0;
        let stop = Price::new(side.mark.get() - direction.sign() * away).ok()?;
        let stop = side.instrument.stop_price(direction, stop)?;
        Some(OpenIntent {
            symbol: self.places[index].symbol.clone(),
            direction,
            quantity,
            leverage,
            stop_loss: StopLoss::At(stop),
            take_profit: None,
        })
    }
}
