//! Contracts as Bitget lists them, as instruments of the venue `bitget`. The maintenance rates hold the fee of 0.06 % that
//! the venue adds to what it publishes, and grow slice by slice, as since November 2025.

use crate::listings::continuous;
use plimsoll_domain::{
    ContractStatus, Currency, Fees, HedgeMargin, Instrument, MarginTiers, Money, Quantity, Rate, Step, Symbol, VenueId,
};
use rust_decimal::Decimal;

/// BTC/USDT:USDT, `BTCUSDT`: tick 0.1, lot 0.0001, smallest notional 5, fees 0.02 % and 0.06 %, eleven margin tiers from
/// leverage 125.
#[must_use]
pub fn btc_usdt() -> Instrument {
    instrument(
        ["BTC", "BTCUSDT"],
        [Decimal::new(1, 1), Decimal::new(1, 4)],
        [1200, 220],
        &[
            (0, 46, 125),
            (150_000, 56, 100),
            (900_000, 106, 50),
            (12_000_000, 156, 25),
            (38_000_000, 306, 20),
            (50_000_000, 506, 10),
            (100_000_000, 1206, 5),
            (150_000_000, 1506, 4),
            (200_000_000, 2006, 3),
            (250_000_000, 3006, 2),
            (400_000_000, 6006, 1),
        ],
    )
}

/// ETH/USDT:USDT, `ETHUSDT`: tick 0.01, lot 0.01, fees and smallest notional as [`btc_usdt`], a margin table of our own
/// from leverage 100.
#[must_use]
pub fn eth_usdt() -> Instrument {
    instrument(
        ["ETH", "ETHUSDT"],
        [Decimal::new(1, 2), Decimal::new(1, 2)],
        [10_000, 2000],
        &[
            (0, 56, 100),
            (100_000, 106, 50),
            (1_000_000, 206, 25),
            (5_000_000, 506, 10),
            (20_000_000, 1006, 5),
            (50_000_000, 5006, 1),
        ],
    )
}

/// `sizes` are the largest limit and the largest market order; tiers are (floor, rate in hundredths of a per cent,
/// leverage).
#[expect(clippy::expect_used, reason = "constants that the tests of this file build")]
fn instrument(
    [base, native]: [&str; 2],
    [tick, lot]: [Decimal; 2],
    sizes: [i64; 2],
    tiers: &[(i64, i64, u32)],
) -> Instrument {
    let quantity = |value: Decimal| Quantity::new(value).expect("a listed size is a size");
    let [max, max_market] = sizes.map(|size| quantity(Decimal::from(size)));
    Instrument {
        venue: VenueId::new("bitget"),
        symbol: Symbol::new(base, "USDT", "USDT").expect("a listed symbol is a symbol"),
        native: native.into(),
        settle: Currency::new("USDT"),
        multiplier: Decimal::ONE,
        tick: Step::new(tick).expect("a listed tick is above zero"),
        lot: Step::new(lot).expect("a listed lot is above zero"),
        min_quantity: quantity(lot),
        max_quantity: max,
        max_market_quantity: max_market,
        min_notional: Money::new(Decimal::from(5)),
        tiers: MarginTiers::new(continuous(tiers))
            .expect("a listed margin table is continuous")
            .hedged(HedgeMargin::LargerLeg),
        fees: Fees { maker: Rate::new(Decimal::new(2, 4)), taker: Rate::new(Decimal::new(6, 4)) },
        liquidation_fee: Rate::new(Decimal::new(6, 4)),
        funding_interval_hours: 8,
        status: ContractStatus::Trading,
        ends: None,
        margin_fee: Rate::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margin_grows_slice_by_slice() {
        // 150,000 at 0.46 % and 180,000 at 0.56 %.
        let margin = btc_usdt().tiers.maintenance(Money::new(Decimal::from(330_000)));
        assert_eq!(margin, "1698".parse().unwrap());
        assert_eq!(eth_usdt().max_leverage(Money::ZERO).get(), 100);
    }
}
