//! What longs pay shorts.

use crate::given::{decimal, money, position, price, rate};
use plimsoll_domain::{Decimal, funding};

#[test]
fn longs_pay_shorts_at_a_positive_rate() {
    let check = |direction: &str, size: &str, mark: &str, at: &str, expected: &str| {
        let payment = funding::payment(position(direction, size, "1"), price(mark), rate(at));
        assert_eq!(payment, money(expected), "{direction} {size} {mark} {at}");
    };
    check("long", "0.5", "50000", "0.0001", "2.50");
    check("long", "1", "30000", "-0.0001", "-3.00");
    check("short", "0.5", "50000", "0.0001", "-2.50");
    check("short", "1", "30000", "-0.0001", "3.00");
    check("long", "0.010", "73653.56663043", "0.00005703", "0.042004629049334229");
}

#[test]
fn an_estimate_is_linear_in_its_periods() {
    let check = |size: &str, at: &str, rate_text: &str, periods: &str, expected: &str| {
        let it = position("long", size, "1");
        assert_eq!(funding::estimate(it, price(at), rate(rate_text), decimal(periods)), money(expected));
    };
    check("0.5", "50000", "0.0001", "1", "2.50");
    check("1", "30000", "-0.0001", "1", "-3.00");
    check("0.1", "60000", "0.0001", "3", "1.80");
    check("1", "50000", "0.0001", "3", "15.00");
    check("1", "50000", "0.0001", "0", "0");
}

#[test]
fn a_day_holds_as_many_fundings_as_the_interval_says() {
    let check = |hours, per_day: Option<&str>, daily: Option<&str>, yearly: Option<&str>| {
        assert_eq!(funding::per_day(hours), per_day.map(decimal), "{hours} h");
        let it = position("long", "1", "1");
        assert_eq!(funding::daily_estimate(it, price("50000"), rate("0.0001"), hours), daily.map(money), "{hours} h");
        assert_eq!(funding::annualised(rate("0.0001"), hours), yearly.map(rate), "{hours} h");
    };
    check(8, Some("3"), Some("15"), Some("0.1095"));
    check(4, Some("6"), Some("30"), Some("0.219"));
    check(2, Some("12"), Some("60"), Some("0.438"));
    check(1, Some("24"), Some("120"), Some("0.876"));
    check(0, None, None, None);
}

#[test]
fn a_carry_breaks_even_after_its_fees() {
    let check = |fees: &str, funding: &str, expected: Option<Decimal>| {
        assert_eq!(funding::break_even_intervals(money(fees), money(funding)), expected, "{fees} {funding}");
    };
    check("100", "5", Some(Decimal::from(20)));
    check("99", "8", Some(decimal("12.375")));
    check("100", "0", None);
    check("100", "-5", None);
    check("0", "5", Some(Decimal::ZERO));
    check("-3", "-5", Some(Decimal::ZERO));
}
