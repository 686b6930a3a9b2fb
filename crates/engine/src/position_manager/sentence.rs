//! Exact figures as a sentence has them.

use plimsoll_domain::{Decimal, Price, Rate};

/// A price that was computed, to nine digits: no contract has a finer tick at its price.
pub(super) fn short(price: Price) -> Decimal {
    price.get().round_sf(9).unwrap_or(price.get()).normalize()
}

/// A share in per cent, to two places.
pub(super) fn percent(share: Rate) -> String {
    let exact = share.get();
    format!("{} %", exact.checked_mul(Decimal::ONE_HUNDRED).unwrap_or(exact).round_dp(2).normalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_has_no_more_digits_than_a_person_reads() {
        let price = |text: &str| short(text.parse().unwrap()).to_string();
        assert_eq!(price("70391.274980953923925088316027"), "70391.275");
        assert_eq!(price("0.000012345678912345"), "0.0000123456789");
        assert_eq!(price("45000.0"), "45000");
        let share = |text: &str| percent(text.parse().unwrap());
        assert_eq!([share("0.0485132703181030374820423299"), share("0.03"), share("0")], ["4.85 %", "3 %", "0 %"]);
    }
}
