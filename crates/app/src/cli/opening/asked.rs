//! What was asked for and cannot be had to the last digit: sizes are whole lots, stops are on the tick.

use super::size::Wanted;
use crate::screen::{full, price};
use plimsoll_domain::{Direction, Instrument, Price, Quantity, Rounding, Step};

/// What is otherwise than it was asked for; nothing, where the contract takes it as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::cli) struct Asked {
    size: Option<Brought<Wanted, Quantity>>,
    stop: Option<Brought<Price, Price>>,
}

/// What was asked for, and what a step of the contract makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Brought<A, B> {
    asked: A,
    step: Step,
    to: B,
}

impl Asked {
    /// `wanted` comes to `exact` before it is brought to whole lots.
    pub(super) fn of(
        wanted: Wanted,
        exact: Quantity,
        stop: Option<Price>,
        direction: Direction,
        instrument: &Instrument,
    ) -> Self {
        let (lot, tick) = (instrument.lot, instrument.tick);
        let size = exact.round(lot, Rounding::Down).filter(|size| *size != exact);
        let rests = |asked: Price| {
            let to = instrument.stop_price(direction, asked).filter(|rests| *rests != asked)?;
            Some(Brought { asked, step: tick, to })
        };
        Self { size: size.map(|to| Brought { asked: wanted, step: lot, to }), stop: stop.and_then(rests) }
    }

    /// For programs: the size that was asked for as a size.
    pub(in crate::cli) fn quantity(&self) -> Option<String> {
        self.size.and_then(|it| if let Wanted::Quantity(it) = it.asked { Some(full(it.get())) } else { None })
    }

    /// For programs: the worth that was asked for.
    pub(in crate::cli) fn notional(&self) -> Option<String> {
        self.size.and_then(|it| if let Wanted::Notional(it) = it.asked { Some(full(it.get())) } else { None })
    }

    /// For programs: what the stop was allowed to lose.
    pub(in crate::cli) fn risk(&self) -> Option<String> {
        self.size.and_then(|it| if let Wanted::Risk(it) = it.asked { Some(full(it.get())) } else { None })
    }

    /// For programs: the stop that was asked for.
    pub(in crate::cli) fn stop_loss(&self) -> Option<String> {
        self.stop.map(|it| full(it.asked.get()))
    }

    /// For people: a line for each.
    pub(in crate::cli) fn lines(&self) -> impl Iterator<Item = String> {
        let size = self.size.map(|Brought { asked, step, to }| {
            let asked = match asked {
                Wanted::Quantity(quantity) => format!("asked for {quantity}"),
                Wanted::Notional(amount) => format!("asked for a notional of {amount}"),
                Wanted::Risk(amount) => format!("asked to risk {amount}"),
            };
            format!("{asked}: in whole lots of {step} that is {to}")
        });
        let stop = self.stop.map(|Brought { asked, step, to }| {
            format!("stop asked at {}: on the contract's tick of {step} that is {}", price(asked), price(to))
        });
        size.into_iter().chain(stop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_exchange::listings;

    /// What is said of this, on a contract with a lot of 0.001 and a tick of 0.1.
    fn said(wanted: Wanted, exact: &str, stop: Option<&str>, direction: Direction) -> (Asked, Vec<String>) {
        let (exact, stop) = (exact.parse().unwrap(), stop.map(|it| it.parse().unwrap()));
        let asked = Asked::of(wanted, exact, stop, direction, &listings::btc_usdt());
        (asked, asked.lines().collect())
    }

    #[test]
    fn a_size_and_a_stop_that_the_contract_has_otherwise_are_said() {
        let size = Wanted::Quantity("0.0015".parse().unwrap());
        let (asked, lines) = said(size, "0.0015", Some("55000.05"), Direction::Long);
        let expected = [
            "asked for 0.0015: in whole lots of 0.001 that is 0.001",
            "stop asked at 55000.05: on the contract's tick of 0.1 that is 55000.1",
        ];
        assert_eq!(lines, expected);
        let told = [asked.quantity(), asked.notional(), asked.risk(), asked.stop_loss()];
        assert_eq!(told.each_ref().map(Option::as_deref), [Some("0.0015"), None, None, Some("55000.05")]);

        let (_, lines) = said(size, "0.0015", Some("65000.05"), Direction::Short);
        assert_eq!(lines[1], "stop asked at 65000.05: on the contract's tick of 0.1 that is 65000");
    }

    #[test]
    fn money_that_does_not_come_to_whole_lots_is_said_as_money() {
        let worth = Wanted::Notional("300".parse().unwrap());
        let (asked, lines) = said(worth, "0.00248", None, Direction::Long);
        assert_eq!(lines, ["asked for a notional of 300: in whole lots of 0.001 that is 0.002"]);
        assert_eq!((asked.notional().as_deref(), asked.quantity()), (Some("300"), None));

        let risk = Wanted::Risk("50".parse().unwrap());
        let (asked, lines) = said(risk, "0.0963", Some("58000"), Direction::Long);
        assert_eq!(lines, ["asked to risk 50: in whole lots of 0.001 that is 0.096"]);
        assert_eq!((asked.risk().as_deref(), asked.stop_loss()), (Some("50"), None));
    }

    #[test]
    fn what_the_contract_takes_as_it_is_is_not_said() {
        let size = Wanted::Quantity("0.002".parse().unwrap());
        assert_eq!(said(size, "0.002", Some("55000.1"), Direction::Long), (Asked::default(), vec![]));
        let worth = Wanted::Notional("300".parse().unwrap());
        assert_eq!(said(worth, "0.005", None, Direction::Short), (Asked::default(), vec![]));
    }
}
