//! What [`FundingRepository`] promises.

use super::records::{
    AMOUNTS, DAY, EIGHT_HOURS, NAMES, NOON, PRICES, QUANTITIES, account, at, booking, btc, decimal, eth, every,
    is_conflict, money, price, quantity,
};
use super::suite::{Outcome, Suite, ensure, ensure_eq};
use plimsoll_domain::{AccountId, Currency, PositionSide, Rate, Timestamp, VenueId};
use plimsoll_ports::{FundingRecord, FundingRepository};

/// Runs every case, each on a fresh and empty store.
///
/// # Panics
/// If a promise is broken; the message names every broken one.
pub async fn run<S: FundingRepository>(fresh: impl AsyncFn() -> S) {
    let mut suite = Suite::new("FundingRepository");
    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {
            $(suite.case(stringify!($case), async { $case(&fresh().await).await }).await;)+
        };
    }
    cases![
        every_detail_is_read_back_or_absent,
        numbers_and_names_are_read_back_exactly,
        a_booking_is_recorded_once,
        a_booking_is_known_by_account_venue_and_id,
        of_two_reports_at_once_one_is_new,
        another_payment_under_the_same_id_conflicts,
        a_day_holds_three_payments,
        a_history_is_oldest_first,
        a_history_is_of_one_symbol_or_venue_or_of_all,
    ];
    suite.finish();
}

async fn is_read_back(funding: &dyn FundingRepository, event: &FundingRecord) -> Outcome {
    ensure!(funding.log(event).await?, "{event:?} is not new");
    let found = funding.history(&event.account, None, Some(&event.venue), 1, event.time).await?;
    ensure_eq!(found.last(), Some(event), "the booking");
    Ok(())
}

async fn every_detail_is_read_back_or_absent(funding: &dyn FundingRepository) -> Outcome {
    let full = booking("full")?;
    is_read_back(funding, &full).await?;
    for side in every::<PositionSide>()? {
        is_read_back(funding, &FundingRecord { booking: side.to_string(), side: Some(side), ..full.clone() }).await?;
    }
    let bare =
        FundingRecord { side: None, rate: None, quantity: None, mark_price: None, expected: None, ..booking("bare")? };
    is_read_back(funding, &bare).await
}

async fn numbers_and_names_are_read_back_exactly(funding: &dyn FundingRepository) -> Outcome {
    for (number, amount) in AMOUNTS.into_iter().enumerate() {
        let pick = |texts: [&'static str; 4]| texts.into_iter().cycle().nth(number).unwrap_or_default();
        let event = FundingRecord {
            account: AccountId::new(pick(NAMES)),
            venue: VenueId::new(pick(NAMES)),
            rate: Some(Rate::new(decimal(amount)?)),
            quantity: Some(quantity(pick(QUANTITIES))?),
            mark_price: Some(price(pick(PRICES))?),
            payment: money(amount)?,
            expected: Some(money(amount)?),
            currency: Currency::new(pick(NAMES)),
            time: Timestamp::from_micros(1_700_000_000_123_457),
            ..booking(&format!("{number} {}", pick(NAMES)))?
        };
        is_read_back(funding, &event).await?;
    }
    Ok(())
}

async fn holds(funding: &dyn FundingRepository, expected: &[FundingRecord]) -> Outcome {
    ensure_eq!(funding.history(&account(), None, None, 1, at(DAY - 1)).await?, expected, "the bookings");
    Ok(())
}

async fn a_booking_is_recorded_once(funding: &dyn FundingRepository) -> Outcome {
    ensure_eq!(funding.log(&booking("1")?).await?, true, "the first report is new");
    ensure_eq!(funding.log(&booking("1")?).await?, false, "the second is new");
    let sparse = FundingRecord { rate: None, expected: None, ..booking("1")? };
    ensure_eq!(funding.log(&sparse).await?, false, "one with fewer details is new");
    holds(funding, &[booking("1")?]).await
}

async fn a_booking_is_known_by_account_venue_and_id(funding: &dyn FundingRepository) -> Outcome {
    let first = booking("1")?;
    let elsewhere = FundingRecord { venue: VenueId::new("gateio"), ..first.clone() };
    let other = FundingRecord { account: AccountId::new("other"), ..first.clone() };
    for event in [first, elsewhere, other, booking("2")?] {
        ensure!(funding.log(&event).await?, "{event:?} is not new");
    }
    Ok(())
}

async fn of_two_reports_at_once_one_is_new(funding: &dyn FundingRepository) -> Outcome {
    let event = booking("1")?;
    let (one, two) = tokio::join!(funding.log(&event), funding.log(&event));
    ensure!(one? != two?, "both are new, or neither");
    holds(funding, &[event]).await
}

async fn another_payment_under_the_same_id_conflicts(funding: &dyn FundingRepository) -> Outcome {
    let first = booking("1")?;
    funding.log(&first).await?;
    for other in [
        FundingRecord { payment: -first.payment, ..first.clone() },
        FundingRecord { symbol: eth()?, ..first.clone() },
        FundingRecord { currency: Currency::new("USDC"), ..first.clone() },
        FundingRecord { time: at(1), ..first.clone() },
    ] {
        let outcome = funding.log(&other).await;
        ensure!(is_conflict(&outcome), "{outcome:?} for {other:?}");
    }
    holds(funding, &[first]).await
}

async fn a_day_holds_three_payments(funding: &dyn FundingRepository) -> Outcome {
    for number in 0..7 {
        let time = at(-number * EIGHT_HOURS);
        funding.log(&FundingRecord { time, ..booking(&number.to_string())? }).await?;
    }
    for (days, now, expected) in [
        (0, NOON, &[][..]),
        (1, NOON, &["2", "1", "0"]),
        (1, at(-1), &["3", "2", "1"]),
        (1, at(1), &["2", "1", "0"]),
        (2, NOON, &["5", "4", "3", "2", "1", "0"]),
        (u32::MAX, NOON, &["6", "5", "4", "3", "2", "1", "0"]),
    ] {
        let found = funding.history(&account(), None, None, days, now).await?;
        ensure_eq!(ids(&found), expected, "{days} days up to {now:?}");
    }
    Ok(())
}

fn ids(bookings: &[FundingRecord]) -> Vec<&str> {
    bookings.iter().map(|event| event.booking.as_str()).collect()
}

async fn a_history_is_oldest_first(funding: &dyn FundingRepository) -> Outcome {
    for (id, micros) in [("a", 30), ("b", 10), ("c", 20), ("d", 20)] {
        funding.log(&FundingRecord { time: at(micros), ..booking(id)? }).await?;
    }
    ensure_eq!(ids(&funding.history(&account(), None, None, 1, at(30)).await?), ["b", "c", "d", "a"], "the history");
    Ok(())
}

async fn a_history_is_of_one_symbol_or_venue_or_of_all(funding: &dyn FundingRepository) -> Outcome {
    let (binance, gateio, bitcoin) = (VenueId::new("binance"), VenueId::new("gateio"), btc()?);
    for (micros, id, venue, symbol) in
        [(1, "a", &binance, btc()?), (2, "b", &binance, eth()?), (3, "c", &gateio, btc()?), (4, "d", &gateio, eth()?)]
    {
        let event = FundingRecord { time: at(micros), venue: venue.clone(), symbol, ..booking(id)? };
        funding.log(&event).await?;
        funding.log(&FundingRecord { account: AccountId::new("other"), ..event }).await?;
    }
    for (symbol, venue, expected) in [
        (None, None, &["a", "b", "c", "d"][..]),
        (Some(&bitcoin), None, &["a", "c"]),
        (None, Some(&gateio), &["c", "d"]),
        (Some(&bitcoin), Some(&gateio), &["c"]),
        (None, Some(&VenueId::new("bitget")), &[]),
    ] {
        let found = funding.history(&account(), symbol, venue, 1, at(9)).await?;
        ensure_eq!(ids(&found), expected, "{symbol:?} at {venue:?}");
    }
    Ok(())
}
