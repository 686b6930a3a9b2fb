//! What a falling market does to a long, with protection and without, on prices of our own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_domain::{Candle, Decimal, Money, Price, Timestamp};
use plimsoll_trial::january::{cases, play, table};
use std::time::Duration;

const START: i64 = 1_640_995_200_000;

/// A candle of so many minutes later that goes from one price to another, half a per mille beyond both.
fn candle(minute: i64, open: Decimal, close: Decimal) -> Candle {
    let price = |it: Decimal| Price::new(it.round_dp(1)).unwrap();
    let (low, high) = (open.min(close) * Decimal::new(9995, 4), open.max(close) * Decimal::new(10_005, 4));
    Candle {
        symbol: "BTC/USDT:USDT".parse().unwrap(),
        open_time: Timestamp::from_millis(START + minute * 60_000),
        interval: Duration::from_secs(60),
        open: price(open),
        high: price(high),
        low: price(low),
        close: price(close),
        volume: Decimal::ONE,
        closed: true,
    }
}

/// Falls by so many tenths of a per cent a minute, from 50,000.
fn falling(minutes: i64, tenths: i64) -> Vec<Candle> {
    let mut open = Decimal::from(50_000);
    (0..minutes)
        .map(|minute| {
            let close = open * (Decimal::ONE - Decimal::new(tenths, 3));
            candle(minute, std::mem::replace(&mut open, close), close)
        })
        .collect()
}

#[test]
fn what_is_not_protected_is_liquidated_where_the_exact_price_says_and_what_is_never_is() {
    // 30 % down, by 0.3 % a minute.
    let candles = falling(120, 3);
    for case in cases() {
        let it = play(case, &candles);
        assert!(it.is_well(), "{it:?}");
        assert_eq!(it.liquidated.is_some(), !case.is_protected, "{}", table(&[it]));
        match it.liquidated {
            Some(at) => {
                assert!(at.mark <= at.exact && at.exact < at.before, "the first mark at it or beyond: {at:?}");
                assert!(it.left.is_none());
            }
            None => {
                assert!(it.cuts > 0 && it.orders >= it.cuts && it.left.is_some(), "{it:?}");
                assert!(it.equity > Money::ZERO && it.realized < Money::ZERO && it.fees > Money::ZERO, "{it:?}");
            }
        }
    }
}

#[test]
fn a_minute_that_opens_beyond_the_liquidation_price_is_told_as_a_gap() {
    let mut candles = falling(3, 1);
    candles.push(candle(3, Decimal::from(30_000), Decimal::from(30_000)));
    for case in cases() {
        let it = play(case, &candles);
        let at = it.liquidated.expect("nothing could have saved it");
        assert_eq!((it.is_gap(), at.is_gap), (case.is_protected, case.is_protected.then_some(true)), "{it:?}");
        assert!(it.is_well(), "{it:?}");
        assert_eq!(table(&[it]).contains("a gap"), case.is_protected);
    }
}

#[test]
fn a_market_that_stands_still_asks_for_nothing() {
    let candles = falling(180, 0);
    for case in cases() {
        let it = play(case, &candles);
        assert!(it.is_well() && it.liquidated.is_none() && it.cuts == 0, "{it:?}");
        assert_eq!((it.left, it.margin_added), (Some(it.quantity), Money::ZERO));
    }
}
