//! From money to a ratio: the one road out of decimals.

use plimsoll_domain::Money;
use rust_decimal::prelude::ToPrimitive;

/// `of ÷ by` as a float; `None` unless `by` is above zero and the quotient is a number.
pub(crate) fn share(of: Money, by: Money) -> Option<f64> {
    if !by.is_positive() {
        return None;
    }
    finite(of.get().checked_div(by.get())?.to_f64()?)
}

/// The number, if it is one.
pub(crate) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::{finite, share};
    use plimsoll_domain::Money;

    #[test]
    fn a_share_is_a_number_or_nothing() {
        for (of, by, expected) in [
            ("5", "20", Some(0.25)),
            ("-5", "20", Some(-0.25)),
            ("0", "20", Some(0.0)),
            ("5", "0", None),
            ("5", "-20", None),
            ("70000000000000000000000000000", "0.0000000001", None),
        ] {
            let money = |text: &str| Money::new(plimsoll_domain::decimal::exact(text).unwrap());
            assert_eq!(share(money(of), money(by)), expected, "{of} of {by}");
        }
        assert_eq!(finite(f64::NAN), None);
        assert_eq!(finite(f64::INFINITY), None);
    }
}
