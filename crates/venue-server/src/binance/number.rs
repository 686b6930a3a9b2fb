//! How the venue writes numbers: padded to the contract's precision over REST, trimmed on the streams.
//!
//! Nothing is rounded away: a figure with more places than the padding keeps them, so that whoever adds up what was sent
//! arrives at what the exchange has.

pub(crate) use crate::number::{bare, padded, trimmed};

use plimsoll_domain::{Instrument, Money, Price, Quantity};
use rust_decimal::{Decimal, RoundingStrategy};

/// Places of money.
pub(crate) const MONEY: u32 = 8;

/// Places of a contract's prices: its tick's, and at least two.
pub(crate) fn price_precision(instrument: &Instrument) -> u32 {
    instrument.tick.decimals().max(2)
}

/// Places of a contract's sizes.
pub(crate) const fn quantity_precision(instrument: &Instrument) -> u32 {
    instrument.lot.decimals()
}

/// Figures that are only shown, such as a liquidation price: cut after eight places.
pub(crate) fn shown(value: Decimal) -> String {
    padded(value.round_dp_with_strategy(MONEY, RoundingStrategy::ToZero), MONEY)
}

/// [`shown`], without trailing zeros.
pub(crate) fn shown_trimmed(value: Decimal) -> String {
    crate::number::cut(value, MONEY)
}

/// Money over REST.
pub(crate) fn money(value: Money) -> String {
    padded(value.get(), MONEY)
}

/// A price of this contract over REST; `0` padded where there is none.
pub(crate) fn price(instrument: &Instrument, price: Option<Price>) -> String {
    padded(price.map_or(Decimal::ZERO, Price::get), price_precision(instrument))
}

/// A size of this contract over REST; `0` padded where there is none.
pub(crate) fn quantity(instrument: &Instrument, quantity: Option<Quantity>) -> String {
    padded(quantity.map_or(Decimal::ZERO, Quantity::get), quantity_precision(instrument))
}

/// A price on a stream; `0` where there is none.
pub(crate) fn stream_price(price: Option<Price>) -> String {
    price.map_or_else(|| "0".to_owned(), |price| price.to_string())
}

/// A size on a stream; `0` where there is none.
pub(crate) fn stream_quantity(quantity: Option<Quantity>) -> String {
    quantity.map_or_else(|| "0".to_owned(), |quantity| quantity.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal_macros::dec;

    #[test]
    fn rest_pads_and_streams_trim() {
        assert_eq!(padded(dec!(0.02), 3), "0.020");
        assert_eq!(padded(dec!(-5), 2), "-5.00");
        assert_eq!(padded(dec!(0.123456789), 3), "0.123456789");
        assert_eq!(padded(Decimal::ZERO, 8), "0.00000000");
        assert_eq!(trimmed(dec!(2317.30)), "2317.3");
        assert_eq!(trimmed(dec!(100)), "100");
    }

    #[test]
    fn what_is_only_shown_is_cut_after_eight_places() {
        assert_eq!(shown(dec!(0.4972023376)), "0.49720233");
        assert_eq!(shown_trimmed(dec!(-1.100000009)), "-1.1");
        assert_eq!(serde_json::to_string(&bare(dec!(0.0065))).unwrap(), "0.0065");
    }
}
