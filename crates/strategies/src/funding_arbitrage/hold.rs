//! What becomes of two legs that are held.

use super::pair::{Side, basis, common_size};
use super::{FundingArbitrage, Pending, What, leg};
use plimsoll_domain::{Decimal, Direction, Quantity, Rounding, Timestamp};
use plimsoll_ports::{CloseIntent, Decision, Holding, Intent};

impl FundingArbitrage {
    /// Safety first, then whether it is still worth it, then whether the legs are equal.
    pub(super) fn hold(&mut self, sides: [Side<'_>; 2], now: Timestamp) -> Option<Decision> {
        let held = [sides[0].held?, sides[1].held?];
        let directions = held.map(|it| it.position.direction);
        if directions[0] == directions[1] {
            let reason = format!("both legs are {}: they do not hedge each other", directions[0]);
            return Some(self.leave(directions, now, reason));
        }
        self.keep_away_from_liquidation(sides, held, now)
            .or_else(|| self.leave_if_due(sides, held, now))
            .or_else(|| self.make_equal(sides, held, now))
    }

    fn keep_away_from_liquidation(
        &mut self,
        sides: [Side<'_>; 2],
        held: [&Holding; 2],
        now: Timestamp,
    ) -> Option<Decision> {
        let least = self.settings.min_liquidation_distance.0;
        let distance = |index: usize| sides[index].distance(&self.settings, held[index].position, held[index].leverage);
        let (index, nearest) = (0..2).filter_map(|index| Some((index, distance(index)?))).min_by_key(|(_, it)| *it)?;
        if nearest >= least {
            return None;
        }
        let positions = held.map(|it| it.position);
        let too_much =
            sides.iter().zip(positions).filter_map(|(side, position)| side.too_much(&self.settings, position)).max()?;
        let place = &self.places[index];
        let reason = format!(
            "the liquidation of {place} is {} of the mark away, less than {least}",
            nearest.round_dp(6).normalize()
        );
        let closed = up_to_lots(too_much, sides);
        let parts = [0, 1].map(|index| sides[index].whole_if_little_is_left(positions[index], closed?));
        let directions = positions.map(|it| it.direction);
        let [Some(first), Some(second)] = parts else { return Some(self.leave(directions, now, reason)) };
        self.state.pending = Some(Pending { what: What::Reducing, since: now.as_micros() });
        let legs = [(0, first), (1, second)].map(|(index, quantity)| self.reduce(index, directions[index], quantity));
        Some(Decision { legs: legs.into(), reason: format!("{reason}: both legs are made smaller by {first}") })
    }

    fn leave_if_due(&mut self, sides: [Side<'_>; 2], held: [&Holding; 2], now: Timestamp) -> Option<Decision> {
        let directions = held.map(|it| it.position.direction);
        // As a long of the first and a short of the second, or the other way round.
        let sign = directions[0].sign();
        let entered = basis(held[0].position.entry, held[1].position.entry);
        let apart = sides[0].basis_to(&sides[1], &self.settings);
        let moved = apart.map(|apart| (apart, sign * (apart - entered)));
        if let Some((apart, against)) = moved.filter(|(_, against)| *against > self.settings.max_basis_move.0) {
            let reason = format!(
                "the basis has moved against it by {}, from {} to {}, more than {}",
                against.round_dp(6).normalize(),
                entered.round_dp(6).normalize(),
                apart.round_dp(6).normalize(),
                self.settings.max_basis_move
            );
            return Some(self.leave(directions, now, reason));
        }
        let carry = sign * self.carry(sides, now)?;
        if carry >= self.settings.exit_carry.0 {
            return None;
        }
        let hours = self.settings.horizon_hours;
        let carry = carry.normalize();
        let reason = if carry < Decimal::ZERO {
            format!("funding has turned: {carry} of the notional is expected in {hours} h")
        } else {
            format!(
                "funding of {carry} of the notional is expected in {hours} h, less than {}",
                self.settings.exit_carry
            )
        };
        Some(self.leave(directions, now, reason))
    }

    fn make_equal(&mut self, sides: [Side<'_>; 2], held: [&Holding; 2], now: Timestamp) -> Option<Decision> {
        let sizes = held.map(|it| it.position.quantity.get());
        let larger = usize::from(sizes[1] > sizes[0]);
        let excess = sizes[larger] - sizes[1 - larger];
        if excess <= sizes[larger] * self.settings.max_drift.0 {
            return None;
        }
        let quantity = Quantity::new(excess).ok()?.round(sides[larger].instrument.lot, Rounding::Down)?;
        self.state.pending = Some(Pending { what: What::Reducing, since: now.as_micros() });
        let place = &self.places[larger];
        let reason =
            format!("{place} is larger than the leg opposite by {excess}, more than {} of it", self.settings.max_drift);
        Some(Decision { legs: vec![self.reduce(larger, held[larger].position.direction, quantity)], reason })
    }

    fn reduce(&self, index: usize, direction: Direction, quantity: Quantity) -> plimsoll_ports::Leg {
        let place = &self.places[index];
        leg(place, Intent::Close(CloseIntent { symbol: place.symbol.clone(), direction, quantity: Some(quantity) }))
    }
}

/// The size in lots of both contracts that is this or a little more; `None` if there is none.
fn up_to_lots(wanted: Quantity, [first, second]: [Side<'_>; 2]) -> Option<Quantity> {
    let coarser =
        if first.instrument.lot > second.instrument.lot { first.instrument.lot } else { second.instrument.lot };
    let size = wanted.round(coarser, Rounding::Up)?;
    common_size(size.get(), first.instrument, second.instrument).filter(|it| *it >= wanted)
}
