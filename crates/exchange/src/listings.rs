//! Contracts to list: what Binance published of two of them, as instruments of the venue `binance`; those of other venues
//! are in modules of their names.

pub mod bitget;
pub mod gateio;

use plimsoll_domain::{
    ContractStatus, Currency, Fees, Instrument, Leverage, MarginTiers, Money, Quantity, Rate, Step, Symbol, Tier,
    VenueId,
};
use rust_decimal::Decimal;

/// BTC/USDT:USDT, `BTCUSDT`: tick 0.10, lot 0.001, smallest notional 50, fees 0.02 % and 0.04 %, twelve margin tiers
/// from leverage 125.
#[must_use]
pub fn btc_usdt() -> Instrument {
    instrument(
        ["BTC", "BTCUSDT"],
        [Decimal::new(1, 1), Decimal::new(1, 3)],
        [1000, 120, 50],
        &[
            (0, 40, 125),
            (50_000, 50, 100),
            (600_000, 65, 75),
            (3_000_000, 100, 50),
            (12_000_000, 200, 25),
            (70_000_000, 250, 20),
            (100_000_000, 500, 10),
            (230_000_000, 1000, 5),
            (480_000_000, 1250, 4),
            (600_000_000, 1500, 3),
            (800_000_000, 2500, 2),
            (1_200_000_000, 5000, 1),
        ],
    )
}

/// ETH/USDT:USDT, `ETHUSDT`: tick 0.01, lot 0.001, smallest notional 20, fees as [`btc_usdt`], a margin table of our
/// own from leverage 100.
#[must_use]
pub fn eth_usdt() -> Instrument {
    instrument(
        ["ETH", "ETHUSDT"],
        [Decimal::new(1, 2), Decimal::new(1, 3)],
        [10_000, 2000, 20],
        &[
            (0, 50, 100),
            (50_000, 65, 75),
            (500_000, 100, 50),
            (2_000_000, 200, 25),
            (10_000_000, 500, 10),
            (50_000_000, 1000, 5),
            (100_000_000, 1250, 4),
            (200_000_000, 2500, 2),
            (400_000_000, 5000, 1),
        ],
    )
}

/// `sizes` are the largest limit order, the largest market order and the smallest notional; tiers are (floor, rate in
/// hundredths of a per cent, leverage).
#[expect(clippy::expect_used, reason = "constants that the tests of this file build")]
fn instrument(
    [base, native]: [&str; 2],
    [tick, lot]: [Decimal; 2],
    [max, max_market, min_notional]: [i64; 3],
    tiers: &[(i64, i64, u32)],
) -> Instrument {
    let quantity = |value: Decimal| Quantity::new(value).expect("a listed size is a size");
    Instrument {
        venue: VenueId::new("binance"),
        symbol: Symbol::new(base, "USDT", "USDT").expect("a listed symbol is a symbol"),
        native: native.into(),
        settle: Currency::new("USDT"),
        multiplier: Decimal::ONE,
        tick: Step::new(tick).expect("a listed tick is above zero"),
        lot: Step::new(lot).expect("a listed lot is above zero"),
        min_quantity: quantity(lot),
        max_quantity: quantity(Decimal::from(max)),
        max_market_quantity: quantity(Decimal::from(max_market)),
        min_notional: Money::new(Decimal::from(min_notional)),
        tiers: MarginTiers::new(continuous(tiers)).expect("a listed margin table is continuous"),
        fees: Fees { maker: Rate::new(Decimal::new(2, 4)), taker: Rate::new(Decimal::new(4, 4)) },
        liquidation_fee: Rate::new(Decimal::new(125, 4)),
        funding_interval_hours: 8,
        status: ContractStatus::Trading,
        ends: None,
        margin_fee: Rate::ZERO,
    }
}

/// Fills the deductions in: each makes the table continuous at its floor.
#[expect(clippy::expect_used, reason = "constants that the tests of this file build")]
fn continuous(tiers: &[(i64, i64, u32)]) -> Vec<Tier> {
    let (mut deduction, mut below) = (Decimal::ZERO, Decimal::ZERO);
    let line = |&(floor, basis_points, times): &(i64, i64, u32)| {
        let (floor, rate) = (Decimal::from(floor), Decimal::new(basis_points, 4));
        deduction += floor * (rate - below);
        below = rate;
        Tier {
            floor: Money::new(floor),
            rate: Rate::new(rate),
            deduction: Money::new(deduction),
            max_leverage: Leverage::new(times).expect("a listed leverage is a leverage"),
        }
    };
    tiers.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bitcoin_deducts_what_binance_publishes() {
        let deductions: Vec<String> = btc_usdt().tiers.lines().iter().map(|tier| tier.deduction.to_string()).collect();
        assert_eq!(
            deductions,
            [
                "0",
                "50",
                "950",
                "11450",
                "131450",
                "481450",
                "2981450",
                "14481450",
                "26481450",
                "41481450",
                "121481450",
                "421481450"
            ]
        );
    }

    #[test]
    fn ether_is_cheap_to_test_with() {
        let ether = eth_usdt();
        assert_eq!((ether.native.as_ref(), ether.min_notional.to_string().as_str()), ("ETHUSDT", "20"));
    }
}
