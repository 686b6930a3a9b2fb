//! What a venue books to a wallet beside fills and funding.

use crate::money::Money;
use crate::name::{Currency, Symbol};
use crate::time::Timestamp;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// One change of a wallet that is neither a fill's profit or fee nor funding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// The venue's id of it, unique within the account.
    pub id: String,
    /// What it is.
    pub kind: BookingKind,
    /// For this contract, where it is about one.
    pub symbol: Option<Symbol>,
    /// Positive is credited to the wallet, negative is taken from it.
    pub amount: Money,
    /// In this currency.
    pub currency: Currency,
    /// When it was booked.
    pub time: Timestamp,
}

/// What a [`Booking`] is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BookingKind {
    /// Moved between this wallet and another one of the same owner: a deposit or a withdrawal.
    Transfer,
    /// Exchanged for another currency of the same wallet.
    Conversion,
    /// What a liquidation paid to the insurance fund beyond its fill, negative; or what the fund made good, positive.
    LiquidationClearance,
    /// Fees that came back, or a share of the fees of others.
    Rebate,
    /// A gift, a reward, or interest.
    Bonus,
    /// Anything else, by the venue's own word.
    Other(String),
}

/// What precedes a venue's own word, so that it is taken for none of ours.
const OTHER: &str = "other:";

impl BookingKind {
    /// The kinds that go by a word of ours.
    pub const NAMED: [BookingKind; 5] =
        [Self::Transfer, Self::Conversion, Self::LiquidationClearance, Self::Rebate, Self::Bonus];

    /// It only moves what the owner had already: neither profit nor loss. What nobody knows counts as profit or loss.
    #[must_use]
    pub const fn is_transfer(&self) -> bool {
        matches!(self, Self::Transfer | Self::Conversion)
    }
}

impl fmt::Display for BookingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Transfer => "transfer",
            Self::Conversion => "conversion",
            Self::LiquidationClearance => "liquidation_clearance",
            Self::Rebate => "rebate",
            Self::Bonus => "bonus",
            Self::Other(word) => return f.pad(&format!("{OTHER}{word}")),
        })
    }
}

impl FromStr for BookingKind {
    type Err = Infallible;

    /// Reads what [`Display`](fmt::Display) writes; a word that is none of ours is [`BookingKind::Other`].
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let named = Self::NAMED.into_iter().find(|kind| kind.to_string() == text);
        Ok(named.unwrap_or_else(|| Self::Other(text.strip_prefix(OTHER).unwrap_or(text).to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_back_from_its_word() {
        let others =
            ["POSITION_LIMIT_INCREASE_FEE", "transfer", "other:", ""].map(|it| BookingKind::Other(it.to_owned()));
        for kind in BookingKind::NAMED.into_iter().chain(others) {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert_eq!("something".parse(), Ok(BookingKind::Other("something".to_owned())));
    }

    #[test]
    fn only_what_the_owner_had_already_is_a_transfer() {
        let transfers: Vec<_> = BookingKind::NAMED.into_iter().filter(BookingKind::is_transfer).collect();
        assert_eq!(transfers, [BookingKind::Transfer, BookingKind::Conversion]);
        assert!(!BookingKind::Other("TRANSFER_TAX".to_owned()).is_transfer());
    }
}
