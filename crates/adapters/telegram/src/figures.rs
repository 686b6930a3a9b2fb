//! Figures for people, rounded as the program's own screens round them. The exact ones are on those screens, and in the API.

use plimsoll_ports::domain::Decimal;
use plimsoll_service::Figure;

/// Prices that were worked out keep so many digits behind the point, zeros that lead not counted.
const DIGITS: u32 = 8;

/// Money with four places at most, and two at least.
pub(crate) fn amount(figure: Option<Figure>) -> String {
    figure.map_or_else(unknown, |it| rounded_amount(it.get()))
}

/// The same with its currency.
pub(crate) fn money(figure: Option<Figure>, currency: &str) -> String {
    figure.map_or_else(unknown, |it| format!("{} {currency}", rounded_amount(it.get())))
}

/// A share as a percentage with two places.
pub(crate) fn percent(share: Option<Figure>) -> String {
    share.map_or_else(unknown, |it| rounded_percent(it.get()))
}

/// A small rate as a percentage with all its places.
pub(crate) fn rate(rate: Option<Figure>) -> String {
    rate.map_or_else(unknown, |it| exact_percent(it.get()))
}

/// A price that was worked out.
pub(crate) fn price(figure: Option<Figure>) -> String {
    figure.map_or_else(unknown, |it| rounded_price(it.get()))
}

/// What the venue said, as it said it.
pub(crate) fn exact(figure: Option<Figure>) -> String {
    figure.map_or_else(unknown, |it| it.to_string())
}

fn unknown() -> String {
    "unknown".to_owned()
}

pub(crate) fn rounded_amount(amount: Decimal) -> String {
    let rounded = amount.round_dp(4).normalize();
    if rounded.scale() < 2 { format!("{rounded:.2}") } else { rounded.to_string() }
}

pub(crate) fn rounded_percent(share: Decimal) -> String {
    let percent = share.checked_mul(Decimal::ONE_HUNDRED);
    percent.map_or_else(|| "beyond measure".to_owned(), |it| format!("{:.2} %", it.round_dp(2)))
}

pub(crate) fn exact_percent(rate: Decimal) -> String {
    let percent = rate.checked_mul(Decimal::ONE_HUNDRED);
    percent.map_or_else(|| "beyond measure".to_owned(), |it| format!("{} %", rounded_price(it)))
}

fn rounded_price(price: Decimal) -> String {
    let digits = price.mantissa().unsigned_abs().checked_ilog10().map_or(1, |it| it + 1);
    let leading_zeros = if price.trunc().is_zero() { price.scale().saturating_sub(digits) } else { 0 };
    price.round_dp(DIGITS + leading_zeros).normalize().to_string()
}

/// Seconds with one place, of milliseconds.
pub(crate) fn seconds(millis: Figure) -> String {
    let seconds = millis.get() / Decimal::ONE_THOUSAND;
    format!("{} s", seconds.round_dp(1).normalize())
}

/// A sentence with its longest figures shortened.
pub(crate) fn tidy(text: &str) -> String {
    text.split_inclusive(char::is_whitespace).map(tidied).collect()
}

fn tidied(word: &str) -> String {
    let bare = word.trim_matches(|it: char| !it.is_ascii_alphanumeric());
    match bare.parse::<Decimal>() {
        Ok(long) if long.scale() > DIGITS => word.replacen(bare, &rounded_price(long), 1),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(text: &str) -> Option<Figure> {
        Some(Figure::from(text.parse::<Decimal>().unwrap()))
    }

    #[test]
    fn figures_are_rounded_for_people() {
        for (shown, expected) in [
            (money(figure("45.820225333333333333333333333"), "USDT"), "45.8202 USDT"),
            (money(figure("-100"), "USDT"), "-100.00 USDT"),
            (money(None, "USDT"), "unknown"),
            (amount(figure("0.00005")), "0.00"),
            (amount(figure("1.5")), "1.50"),
            (percent(figure("0.3308494553877648810440607127")), "33.08 %"),
            (percent(figure("79228162514264337593543950335")), "beyond measure"),
            (rate(figure("0.00012345")), "0.012345 %"),
            (price(figure("68956.366666666666666666666667")), "68956.36666667"),
            (price(figure("0.0000123456")), "0.0000123456"),
            (price(figure("0.0000123456789123")), "0.000012345679"),
            (price(figure("50000.00")), "50000"),
            (price(figure("0")), "0"),
            (exact(figure("0.123456789012")), "0.123456789012"),
            (exact(None), "unknown"),
            (seconds(Figure::from(Decimal::from(314))), "0.3 s"),
            (seconds(Figure::from(Decimal::from(10_000))), "10 s"),
        ] {
            assert_eq!(shown, expected);
        }
    }

    #[test]
    fn sentences_keep_all_but_their_longest_figures() {
        for (said, expected) in [
            ("at 68956.366666666666666666666667, no less", "at 68956.36666667, no less"),
            ("(-0.333333333333) and\n0.25", "(-0.33333333) and\n0.25"),
            ("sell all at 48000", "sell all at 48000"),
            ("cancel pl-0.123456789012 a0.123456789012", "cancel pl-0.123456789012 a0.123456789012"),
            ("", ""),
        ] {
            assert_eq!(tidy(said), expected);
        }
    }
}
