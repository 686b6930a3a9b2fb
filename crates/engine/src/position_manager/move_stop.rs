//! Putting the stop of a position elsewhere.

use super::PositionManager;
use super::failure::ProtectionFailure;
use super::monitor::is_stop;
use super::outcome::Protection;
use super::protection::Wanted;
use super::reading::find_direction;
use crate::order_path::Wait;
use crate::trouble::{Subject, Troubles};
use plimsoll_domain::{Direction, Price, Symbol};
use plimsoll_ports::{Purpose, QueryError, StoreError};

/// Why a stop was not moved. The one that rested goes on protecting, or was placed again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoveStopFailure {
    /// There is no such position.
    #[error("no {direction} of {symbol} is held")]
    NothingHeld {
        /// The contract.
        symbol: Symbol,
        /// Which way.
        direction: Direction,
    },
    /// The mark is beyond it already: it would fire at once.
    #[error("the mark {mark} is beyond a stop at {trigger} of a {direction}: close the position instead")]
    WouldFire {
        /// The mark price.
        mark: Price,
        /// The trigger that was wanted.
        trigger: Price,
        /// Which way the position is.
        direction: Direction,
    },
    /// The venue was not reached, or does not know.
    #[error(transparent)]
    NotKnown(#[from] QueryError),
    /// The journal cannot be written: nobody would know of the new one after a crash.
    #[error("the new stop cannot be written down: {0}")]
    NotJournalled(StoreError),
    /// The new one is not verified.
    #[error("the new stop is not verified: {0}")]
    NotVerified(#[from] ProtectionFailure),
}

impl PositionManager {
    /// Puts the stop that closes a position whole at another trigger, on the mark price. The new one rests, and was read back,
    /// before the one before is cancelled, wherever the venue takes two. One that rests there already is kept.
    ///
    /// # Errors
    /// [`MoveStopFailure`]; what rested before goes on protecting then, or is placed again where it had to go first.
    pub async fn move_stop(
        &self,
        symbol: &Symbol,
        direction: Direction,
        trigger: Price,
    ) -> Result<Protection, MoveStopFailure> {
        let mut troubles = Troubles::default();
        let positions = self.positions().await?;
        let nothing = || MoveStopFailure::NothingHeld { symbol: symbol.clone(), direction };
        let (report, _) = find_direction(&positions, symbol, direction).ok_or_else(nothing)?;
        let instrument = self.ports.broker.instrument(symbol).await?;
        let mark = self.ports.feed.mark_price(symbol).await?.price;
        let is_beyond = match direction {
            Direction::Long => trigger >= mark,
            Direction::Short => trigger <= mark,
        };
        if is_beyond {
            return Err(MoveStopFailure::WouldFire { mark, trigger, direction });
        }
        let wanted = Wanted {
            id: self.name_intent().order(Purpose::StopLoss, 0),
            instrument: &instrument,
            direction,
            side: report.position_side,
            purpose: Purpose::StopLoss,
            trigger,
            wait: Wait::Patiently,
        };
        // One that rests there already, whoever sent it, is kept: no other is sent to find that out.
        let resting = self.resting_stop((symbol, wanted.side, direction), &mut troubles).await;
        if let Ok(it) = &resting
            && wanted.rounded().is_ok_and(|trigger| it.trigger == trigger)
        {
            return Ok(it.clone());
        }
        let written = self.intend_protection(std::slice::from_ref(&wanted)).await;
        written.map_err(|(_, error)| MoveStopFailure::NotJournalled(error))?;
        let moved = self.protect_or_tell(&wanted, &mut troubles).await;
        if let (Err(_), Ok(before)) = (&moved, resting) {
            self.place_again(&before, wanted, &mut troubles).await;
        }
        Ok(moved?)
    }

    /// Where a venue takes one stop only, the one before had to go first: with nothing in its place it is placed again.
    async fn place_again(&self, before: &Protection, wanted: Wanted<'_>, troubles: &mut Troubles) {
        let symbol = &wanted.instrument.symbol;
        let open = troubles.known(Subject::Orders, symbol, self.open_orders_patiently(Some(symbol)).await);
        // Where nobody knows what rests, one more might be one too many: the guard's next look decides.
        if open.is_none_or(|open| open.iter().any(|order| is_stop(order, symbol, wanted.side, wanted.direction))) {
            return;
        }
        let id = self.name_intent().order(Purpose::StopLoss, 0);
        let again = Wanted { id, trigger: before.trigger, ..wanted };
        // A failure of this is recorded and told; the guard's next look finds the position bare.
        drop(self.protect_or_tell(&again, troubles).await);
    }
}
