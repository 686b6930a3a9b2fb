//! What [`BookingRepository`] promises.

use super::records::{AMOUNTS, NAMES, NOON, account, at, cleared, eth, is_conflict, money, with_booking};
use super::suite::{Outcome, Suite, ensure, ensure_eq};
use plimsoll_domain::{AccountId, BookingKind, Currency, Timestamp, VenueId};
use plimsoll_ports::{BookingRecord, BookingRepository};

/// Runs every case, each on a fresh and empty store.
///
/// # Panics
/// If a promise is broken; the message names every broken one.
pub async fn run<S: BookingRepository>(fresh: impl AsyncFn() -> S) {
    let mut suite = Suite::new("BookingRepository");
    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {
            $(suite.case(stringify!($case), async { $case(&fresh().await).await }).await;)+
        };
    }
    cases![
        every_kind_is_read_back,
        numbers_and_names_are_read_back_exactly,
        a_booking_is_recorded_once,
        a_booking_is_known_by_account_venue_and_id,
        of_two_reports_at_once_one_is_new,
        a_kind_stays_as_first_recorded,
        other_money_under_the_same_id_conflicts,
        bookings_since_are_oldest_first_and_no_older_than_asked,
        the_last_booking_is_the_newest,
    ];
    suite.finish();
}

async fn is_read_back(bookings: &dyn BookingRepository, record: &BookingRecord) -> Outcome {
    ensure!(bookings.log(record).await?, "{record:?} is not new");
    let found = bookings.since(&record.account, record.booking.time).await?;
    ensure_eq!(found.iter().find(|it| it.booking.id == record.booking.id), Some(record), "the booking");
    Ok(())
}

async fn every_kind_is_read_back(bookings: &dyn BookingRepository) -> Outcome {
    let others = ["UNHEARD_OF", "transfer", "other:", "it's \"quoted\"; -- %_", ""];
    let others = others.map(|word| BookingKind::Other(word.to_owned()));
    for (number, kind) in BookingKind::NAMED.into_iter().chain(others).enumerate() {
        is_read_back(bookings, &with_booking(&cleared(&number.to_string())?, |booking| booking.kind = kind)).await?;
    }
    is_read_back(bookings, &with_booking(&cleared("bare")?, |booking| booking.symbol = None)).await
}

async fn numbers_and_names_are_read_back_exactly(bookings: &dyn BookingRepository) -> Outcome {
    for (number, amount) in AMOUNTS.into_iter().enumerate() {
        let (name, amount) = (NAMES.into_iter().cycle().nth(number).unwrap_or_default(), money(amount)?);
        let record = with_booking(&cleared(&format!("{number} {name}"))?, |booking| {
            (booking.amount, booking.currency) = (amount, Currency::new(name));
            booking.time = Timestamp::from_micros(1_700_000_000_123_457);
        });
        let (account, venue) = (AccountId::new(name), VenueId::new(name));
        is_read_back(bookings, &BookingRecord { account, venue, ..record }).await?;
    }
    Ok(())
}

async fn hold(bookings: &dyn BookingRepository, expected: &[BookingRecord]) -> Outcome {
    ensure_eq!(bookings.since(&account(), Timestamp::from_micros(i64::MIN)).await?, expected, "the bookings");
    Ok(())
}

async fn a_booking_is_recorded_once(bookings: &dyn BookingRepository) -> Outcome {
    hold(bookings, &[]).await?;
    ensure_eq!(bookings.log(&cleared("1")?).await?, true, "the first report is new");
    ensure_eq!(bookings.log(&cleared("1")?).await?, false, "the second is new");
    hold(bookings, &[cleared("1")?]).await
}

async fn a_booking_is_known_by_account_venue_and_id(bookings: &dyn BookingRepository) -> Outcome {
    let first = cleared("1")?;
    let elsewhere = BookingRecord { venue: VenueId::new("gateio"), ..first.clone() };
    let other = BookingRecord { account: AccountId::new("other"), ..first.clone() };
    for record in [first, elsewhere, other, cleared("2")?] {
        ensure!(bookings.log(&record).await?, "{record:?} is not new");
    }
    Ok(())
}

async fn of_two_reports_at_once_one_is_new(bookings: &dyn BookingRepository) -> Outcome {
    let record = cleared("1")?;
    let (one, two) = tokio::join!(bookings.log(&record), bookings.log(&record));
    ensure!(one? != two?, "both are new, or neither");
    hold(bookings, &[record]).await
}

async fn a_kind_stays_as_first_recorded(bookings: &dyn BookingRepository) -> Outcome {
    let unheard_of = BookingKind::Other("INSURANCE_CLEAR".to_owned());
    let first = with_booking(&cleared("1")?, |booking| booking.kind = unheard_of);
    bookings.log(&first).await?;
    ensure_eq!(bookings.log(&cleared("1")?).await?, false, "a report that knows the kind is new");
    hold(bookings, &[first]).await
}

async fn other_money_under_the_same_id_conflicts(bookings: &dyn BookingRepository) -> Outcome {
    let (first, ether) = (cleared("1")?, eth()?);
    bookings.log(&first).await?;
    for other in [
        with_booking(&first, |booking| booking.amount = -booking.amount),
        with_booking(&first, |booking| booking.symbol = Some(ether)),
        with_booking(&first, |booking| booking.symbol = None),
        with_booking(&first, |booking| booking.currency = Currency::new("USDC")),
        with_booking(&first, |booking| booking.time = at(1)),
    ] {
        let outcome = bookings.log(&other).await;
        ensure!(is_conflict(&outcome), "{outcome:?} for {other:?}");
    }
    hold(bookings, &[first]).await
}

fn ids(bookings: &[BookingRecord]) -> Vec<&str> {
    bookings.iter().map(|it| it.booking.id.as_str()).collect()
}

async fn bookings_since_are_oldest_first_and_no_older_than_asked(bookings: &dyn BookingRepository) -> Outcome {
    for (id, micros) in [("a", 30), ("b", 10), ("c", 20), ("d", 20)] {
        let record = with_booking(&cleared(id)?, |booking| booking.time = at(micros));
        bookings.log(&record).await?;
        bookings.log(&BookingRecord { account: AccountId::new("other"), ..record }).await?;
    }
    for (micros, expected) in
        [(0, &["b", "c", "d", "a"][..]), (10, &["b", "c", "d", "a"]), (11, &["c", "d", "a"]), (31, &[])]
    {
        let found = bookings.since(&account(), at(micros)).await?;
        ensure_eq!(ids(&found), expected, "since {micros}");
    }
    Ok(())
}

async fn the_last_booking_is_the_newest(bookings: &dyn BookingRepository) -> Outcome {
    ensure_eq!(bookings.last(&account()).await?, None, "the last of none");
    let other = AccountId::new("other");
    for (id, micros, last) in [("a", 0, "a"), ("b", 30, "b"), ("c", 20, "b"), ("d", 30, "d"), ("e", -1, "d")] {
        let record = with_booking(&cleared(id)?, |booking| booking.time = at(micros));
        bookings.log(&record).await?;
        let later = with_booking(&record, |booking| booking.time = NOON.plus(std::time::Duration::from_secs(9)));
        bookings.log(&BookingRecord { account: other.clone(), ..later }).await?;
        let found = bookings.last(&account()).await?;
        ensure_eq!(found.map(|it| it.booking.id).as_deref(), Some(last), "the last after {id}");
    }
    Ok(())
}
