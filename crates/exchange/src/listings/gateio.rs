//! Contracts as Gate.io lists them: sizes are whole contracts of a multiplier, fees those of a contract's base schedule.
//! As instruments of the venue `gateio`.

use crate::listings::continuous;
use plimsoll_domain::{
    ContractStatus, Currency, Fees, HedgeMargin, Instrument, MarginTiers, Money, Quantity, Rate, Step, Symbol, VenueId,
};
use rust_decimal::Decimal;

/// BTC/USDT:USDT, `BTC_USDT`: contracts of 0.0001 bitcoin, tick 0.1, fees 0.02 % and 0.075 %, eight margin tiers from
/// leverage 125.
#[must_use]
pub fn btc_usdt() -> Instrument {
    instrument(
        ["BTC", "BTC_USDT"],
        [Decimal::new(1, 4), Decimal::new(1, 1)],
        &[
            (0, 40, 125),
            (20_000, 45, 111),
            (50_000, 50, 100),
            (100_000, 70, 75),
            (200_000, 100, 50),
            (1_000_000, 200, 25),
            (2_000_000, 500, 10),
            (3_000_000, 5000, 1),
        ],
    )
}

/// ETH/USDT:USDT, `ETH_USDT`: contracts of 0.01 ether, tick 0.01, fees as [`btc_usdt`], a margin table of our own from
/// leverage 100.
#[must_use]
pub fn eth_usdt() -> Instrument {
    instrument(
        ["ETH", "ETH_USDT"],
        [Decimal::new(1, 2), Decimal::new(1, 2)],
        &[
            (0, 50, 100),
            (100_000, 100, 50),
            (1_000_000, 200, 25),
            (2_000_000, 500, 10),
            (5_000_000, 1000, 5),
            (10_000_000, 5000, 1),
        ],
    )
}

/// Tiers are (floor, rate in hundredths of a per cent, leverage).
#[expect(clippy::expect_used, reason = "constants that the tests of this file build")]
fn instrument([base, native]: [&str; 2], [multiplier, tick]: [Decimal; 2], tiers: &[(i64, i64, u32)]) -> Instrument {
    let contracts =
        |number: i64| Quantity::new((Decimal::from(number) * multiplier).normalize()).expect("a listed size is a size");
    Instrument {
        venue: VenueId::new("gateio"),
        symbol: Symbol::new(base, "USDT", "USDT").expect("a listed symbol is a symbol"),
        native: native.into(),
        settle: Currency::new("USDT"),
        multiplier,
        tick: Step::new(tick).expect("a listed tick is above zero"),
        lot: Step::new(multiplier).expect("a listed multiplier is above zero"),
        min_quantity: contracts(1),
        max_quantity: contracts(1_000_000),
        max_market_quantity: contracts(500_000),
        min_notional: Money::ZERO,
        tiers: MarginTiers::new(continuous(tiers))
            .expect("a listed margin table is continuous")
            .hedged(HedgeMargin::LargerLeg),
        fees: Fees { maker: Rate::new(Decimal::new(2, 4)), taker: Rate::new(Decimal::new(75, 5)) },
        liquidation_fee: Rate::new(Decimal::new(75, 5)),
        funding_interval_hours: 8,
        status: ContractStatus::Trading,
        ends: None,
        margin_fee: Rate::new(Decimal::new(75, 5)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal_macros::dec;

    #[test]
    fn deductions_are_those_of_the_published_table() {
        let deductions: Vec<String> = btc_usdt().tiers.lines().iter().map(|tier| tier.deduction.to_string()).collect();
        assert_eq!(deductions, ["0", "10", "35", "235", "835", "10835", "70835", "1420835"]);
        assert_eq!(btc_usdt().tiers.maintenance(Money::new(dec!(120000))), Money::new(dec!(605)));
    }

    #[test]
    fn sizes_are_whole_contracts() {
        let ether = eth_usdt();
        assert_eq!((ether.min_quantity.get(), ether.max_quantity.get()), (dec!(0.01), dec!(10000)));
        assert_eq!(ether.lot.get(), ether.multiplier);
    }
}
