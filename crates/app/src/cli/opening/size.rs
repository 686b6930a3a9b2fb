//! How much to open: as a size, as a worth, or by what the stop may lose.

use crate::desk::Desk;
use crate::failure::Failure;
use plimsoll_domain::{Decimal, Instrument, Money, Price, Quantity, Rate, Rounding};

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Quantity(Quantity),
    /// Worth this much at the price.
    Notional(Money),
    /// Losing this much at the stop, fees of entry and stop included.
    Risk(Money),
}

impl Wanted {
    /// What nobody can open.
    pub(super) fn is_possible(self) -> Result<(), Failure> {
        match self {
            Self::Notional(amount) | Self::Risk(amount) if !amount.is_positive() => {
                Err(Failure::usage(format!("an amount is above 0, got {amount}")))
            }
            _ => Ok(()),
        }
    }

    /// The size before it is brought to whole lots.
    pub(super) async fn exact(
        self,
        desk: &Desk,
        instrument: &Instrument,
        limit: Option<Price>,
        stop: Option<Price>,
    ) -> Result<Quantity, Failure> {
        let amount = match self {
            Self::Quantity(quantity) => return Ok(quantity),
            Self::Notional(amount) | Self::Risk(amount) => amount,
        };
        let mark = desk.venue.feed.mark_price(&instrument.symbol).await.map_err(Failure::unanswered)?.price;
        let price = limit.unwrap_or(mark);
        let per_unit = match (self, stop) {
            (Self::Risk(_), Some(stop)) => loss_per_unit(price, stop, instrument.fees.taker),
            _ => price.get(),
        };
        let size = amount.get().checked_div(per_unit).and_then(|size| Quantity::new(size).ok());
        size.ok_or_else(|| self.less_than_a_lot(instrument))
    }

    /// The size that is asked of the engine; one that follows from money is rounded down to the lot.
    pub(super) fn in_lots(self, exact: Quantity, instrument: &Instrument) -> Result<Quantity, Failure> {
        match self {
            Self::Quantity(quantity) => Ok(quantity),
            Self::Notional(_) | Self::Risk(_) => {
                exact.round(instrument.lot, Rounding::Down).ok_or_else(|| self.less_than_a_lot(instrument))
            }
        }
    }

    fn less_than_a_lot(self, instrument: &Instrument) -> Failure {
        let amount = match self {
            Self::Quantity(quantity) => quantity.to_string(),
            Self::Notional(amount) | Self::Risk(amount) => amount.to_string(),
        };
        Failure::no(format!("{amount} is less than one lot of {} {}", instrument.lot, instrument.symbol))
    }
}

/// What one unit loses between entry and stop, with both fees.
fn loss_per_unit(entry: Price, stop: Price, fee: Rate) -> Decimal {
    (entry.get() - stop.get()).abs() + (entry.get() + stop.get()) * fee.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stop_loses_the_distance_and_both_fees() {
        let price = |text: &str| text.parse::<Price>().unwrap();
        let fee = "0.001".parse().unwrap();
        for (entry, stop, lost) in [("100", "90", "10.19"), ("90", "100", "10.19"), ("100", "100", "0.2")] {
            assert_eq!(
                loss_per_unit(price(entry), price(stop), fee),
                lost.parse::<Decimal>().unwrap(),
                "{entry} {stop}"
            );
        }
    }
}
