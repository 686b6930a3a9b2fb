//! What ends the loss of a position that is to be opened. Nothing is opened without one.

use plimsoll_domain::Price;

/// What ends the loss of a position that is to be opened, or added to.
///
/// An intent to open has one; there is no way to leave it out:
///
/// ```compile_fail,E0063
/// use plimsoll_ports::OpenIntent;
/// use plimsoll_ports::domain::{Direction, Leverage};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let naked = OpenIntent {
///     symbol: "BTC/USDT:USDT".parse()?,
///     direction: Direction::Long,
///     quantity: "0.05".parse()?,
///     leverage: Leverage::new(5)?,
///     take_profit: None,
/// };
/// # Ok(())
/// # }
/// ```
///
/// Nor is none at all one of the choices:
///
/// ```compile_fail,E0308
/// use plimsoll_ports::StopLoss;
///
/// let none: StopLoss = None;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopLoss {
    /// A stop that is to rest at the venue, and triggers when the mark price is here.
    At(Price),
    /// The stop that rests for the position already, and closes whatever it will be. Where none does, nothing is opened.
    Resting,
    /// None: somebody answers for that by name.
    Waived(Waiver),
}

impl StopLoss {
    /// Where a stop is to be placed.
    #[must_use]
    pub const fn price(&self) -> Option<Price> {
        match self {
            Self::At(price) => Some(*price),
            Self::Resting | Self::Waived(_) => None,
        }
    }
}

/// Who wants a position without a stop-loss, and why. It is recorded before anything is sent.
///
/// Nobody can make one without a name and a reason:
///
/// ```compile_fail,E0451
/// use plimsoll_ports::Waiver;
///
/// let nobody = Waiver { by: String::new(), reason: String::new() };
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    by: String,
    reason: String,
}

impl Waiver {
    /// # Errors
    /// [`NotAWaiver`] without a name or a reason.
    pub fn new(by: &str, reason: &str) -> Result<Self, NotAWaiver> {
        let (by, reason) = (by.trim(), reason.trim());
        if by.is_empty() {
            return Err(NotAWaiver::Nobody);
        }
        if reason.is_empty() {
            return Err(NotAWaiver::NoReason);
        }
        Ok(Self { by: by.to_owned(), reason: reason.to_owned() })
    }

    /// Who answers for it.
    #[must_use]
    pub fn by(&self) -> &str {
        &self.by
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl std::fmt::Display for Waiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} wants none: {}", self.by, self.reason)
    }
}

/// Why a stop-loss is not waived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAWaiver {
    /// Nobody is named.
    #[error("to open without a stop-loss takes somebody who answers for it")]
    Nobody,
    /// No reason is given.
    #[error("to open without a stop-loss takes a reason")]
    NoReason,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_somebody_with_a_reason_waives_a_stop() {
        for (by, reason, expected) in [
            ("ana", "hedged elsewhere", Ok(("ana", "hedged elsewhere"))),
            (" ana ", " hedged ", Ok(("ana", "hedged"))),
            ("", "hedged elsewhere", Err(NotAWaiver::Nobody)),
            (" ", "", Err(NotAWaiver::Nobody)),
            ("ana", "\t", Err(NotAWaiver::NoReason)),
        ] {
            let waiver = Waiver::new(by, reason);
            assert_eq!(waiver.as_ref().map(|it| (it.by(), it.reason())).map_err(|error| *error), expected);
        }
    }
}
