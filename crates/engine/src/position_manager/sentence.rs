//! Exact figures as a sentence has them.

use plimsoll_domain::{Decimal, PositionSide, Price, Rate, Symbol};

/// A price that was computed, to nine digits: no contract has a finer tick at its price.
pub(super) fn short(price: Price) -> Decimal {
    price.get().round_sf(9).unwrap_or(price.get()).normalize()
}

/// A share in per cent, to two places and never more than it is: what is below a limit does not read as the limit.
pub(super) fn percent_down(share: Rate) -> String {
    let hundredths = hundredfold(share).saturating_mul(Decimal::ONE_HUNDRED).floor();
    format!("{} %", (hundredths / Decimal::ONE_HUNDRED).normalize())
}

/// A share in per cent, as it was written.
pub(super) fn percent_exact(share: Rate) -> String {
    format!("{} %", hundredfold(share).normalize())
}

fn hundredfold(share: Rate) -> Decimal {
    share.get().saturating_mul(Decimal::ONE_HUNDRED)
}

/// A position of a contract, for the key of an alert: each leg of a hedge is told by itself.
pub(super) fn leg(symbol: &Symbol, side: PositionSide) -> String {
    match side {
        PositionSide::Both => symbol.to_string(),
        PositionSide::Long | PositionSide::Short => format!("{symbol} {side}"),
    }
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
        let share = |text: &str| percent_down(text.parse().unwrap());
        assert_eq!([share("0.0485132703181030374820423299"), share("0.03"), share("0")], ["4.85 %", "3 %", "0 %"]);
    }

    #[test]
    fn what_is_below_a_limit_does_not_read_as_the_limit() {
        let share = |text: &str| text.parse().unwrap();
        for (left, limit) in [("0.029996", "0.03"), ("0.033329", "0.03333"), ("-0.000001", "0")] {
            assert_ne!(percent_down(share(left)), percent_exact(share(limit)));
        }
        assert_eq!([percent_down(share("0.029996")), percent_exact(share("0.03333"))], ["2.99 %", "3.333 %"]);
    }

    #[test]
    fn the_legs_of_a_hedge_have_keys_of_their_own() {
        let symbol = "BTC/USDT:USDT".parse().unwrap();
        let keys = [PositionSide::Both, PositionSide::Long, PositionSide::Short].map(|side| leg(&symbol, side));
        assert_eq!(keys, ["BTC/USDT:USDT", "BTC/USDT:USDT long", "BTC/USDT:USDT short"]);
    }
}
