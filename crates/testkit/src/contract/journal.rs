//! What [`OrderJournal`] promises.

mod composed;

use super::records::{NAMES, NOON, PRICES, QUANTITIES, at, entry, every, is_conflict, is_not_found, price, quantity};
use super::suite::{Failure, Outcome, Suite, apart, ensure, ensure_eq};
use plimsoll_domain::{
    AccountId, ClientOrderId, OrderId, OrderKind, OrderSize, OrderStatus, PositionSide, Side, TimeInForce, Timestamp,
    TriggerBy, VenueId,
};
use plimsoll_ports::{Advance, JournalEntry, JournalState, OrderJournal, Purpose};

/// Runs every case, each on a fresh and empty store.
///
/// ```no_run
/// # use plimsoll_ports::OrderJournal;
/// # async fn example<MyStore: OrderJournal>(open: impl AsyncFn() -> MyStore) {
/// plimsoll_testkit::contract::journal::run(open).await;
/// # }
/// ```
///
/// # Panics
/// If a promise is broken; the message names every broken one.
pub async fn run<S: OrderJournal>(fresh: impl AsyncFn() -> S) {
    let mut suite = Suite::new("OrderJournal");
    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {
            $(suite.case(stringify!($case), apart(|| async { $case(&fresh().await).await })).await;)+
        };
    }
    cases![
        every_kind_of_order_is_read_back_whole,
        every_word_is_read_back,
        numbers_and_names_are_read_back_exactly,
        an_order_is_intended_whatever_the_entry_says,
        intending_again_changes_nothing,
        another_order_under_the_same_id_conflicts,
        accounts_do_not_share_ids,
        the_same_intent_twice_at_once_is_one_entry,
        of_two_orders_under_one_id_at_once_one_wins,
        every_state_is_read_back,
        states_only_move_forward,
        an_order_never_intended_is_not_found,
        an_order_does_not_finish_in_a_status_that_is_not_final,
        unfinished_orders_are_oldest_first,
        recent_orders_are_newest_first_and_no_more_than_asked,
    ];
    composed::run(&mut suite, &fresh).await;
    suite.finish();
}

async fn is_read_back(journal: &dyn OrderJournal, entry: &JournalEntry) -> Outcome {
    journal.intend(entry).await?;
    let found = journal.entry(&entry.account, &entry.order.client_order_id).await?;
    ensure_eq!(found.as_ref(), Some(entry), "the entry");
    Ok(())
}

async fn every_kind_of_order_is_read_back_whole(journal: &dyn OrderJournal) -> Outcome {
    let mut kinds = vec![OrderKind::Market];
    for time_in_force in every::<TimeInForce>()? {
        kinds.push(OrderKind::Limit { price: price("67123.10")?, time_in_force });
    }
    for trigger_by in every::<TriggerBy>()? {
        kinds.push(OrderKind::StopMarket { trigger: price("60000")?, trigger_by });
        kinds.push(OrderKind::TakeProfitMarket { trigger: price("70000")?, trigger_by });
    }
    for (number, kind) in kinds.into_iter().enumerate() {
        let mut entry = entry(&format!("kind-{number}"))?;
        entry.order.kind = kind;
        is_read_back(journal, &entry).await?;
        entry.order.client_order_id = ClientOrderId::reported(format!("whole-{number}"));
        entry.order.size = OrderSize::WholePosition;
        entry.order.reduce_only = true;
        is_read_back(journal, &entry).await?;
    }
    Ok(())
}

async fn every_word_is_read_back(journal: &dyn OrderJournal) -> Outcome {
    for purpose in Purpose::ALL {
        for side in every::<Side>()? {
            for position_side in every::<PositionSide>()? {
                let mut entry = entry(&format!("{}-{side}-{position_side}", purpose.as_str()))?;
                entry.purpose = purpose;
                (entry.order.side, entry.order.position_side) = (side, position_side);
                is_read_back(journal, &entry).await?;
            }
        }
    }
    Ok(())
}

async fn numbers_and_names_are_read_back_exactly(journal: &dyn OrderJournal) -> Outcome {
    for name in NAMES {
        let mut entry = entry(name)?;
        (entry.account, entry.venue) = (AccountId::new(name), VenueId::new(name));
        is_read_back(journal, &entry).await?;
    }
    for text in QUANTITIES {
        let mut entry = entry(text)?;
        entry.order.size = OrderSize::Quantity(quantity(text)?);
        is_read_back(journal, &entry).await?;
    }
    for text in PRICES {
        let mut entry = entry(&format!("at-{text}"))?;
        entry.order.kind = OrderKind::Limit { price: price(text)?, time_in_force: TimeInForce::Gtc };
        is_read_back(journal, &entry).await?;
    }
    for micros in [0, 1, -1, 1_700_000_000_123_457, i64::MAX, i64::MIN] {
        let mut entry = entry(&format!("time-{micros}"))?;
        (entry.intended_at, entry.updated_at) = (Timestamp::from_micros(micros), Timestamp::from_micros(micros));
        is_read_back(journal, &entry).await?;
    }
    Ok(())
}

async fn an_order_is_intended_whatever_the_entry_says(journal: &dyn OrderJournal) -> Outcome {
    let accepted = JournalState::Accepted { order_id: OrderId::new("8001") };
    let entry = JournalEntry { state: accepted, ..entry("a")? };
    journal.intend(&entry).await?;
    let found = journal.entry(&entry.account, &entry.order.client_order_id).await?;
    ensure_eq!(found.map(|it| it.state), Some(JournalState::Intended), "the state");
    Ok(())
}

async fn intending_again_changes_nothing(journal: &dyn OrderJournal) -> Outcome {
    let entry = entry("a")?;
    let id = &entry.order.client_order_id;
    is_read_back(journal, &entry).await?;
    let later = JournalEntry { intended_at: at(1), updated_at: at(1), ..entry.clone() };
    journal.intend(&later).await?;
    ensure_eq!(journal.entry(&entry.account, id).await?.as_ref(), Some(&entry), "after intending it later");
    let state = JournalState::Accepted { order_id: OrderId::new("8001") };
    journal.record(&entry.account, id, &state, at(2)).await?;
    journal.intend(&entry).await?;
    let found = journal.entry(&entry.account, id).await?;
    ensure_eq!(found.map(|it| it.state), Some(state), "intending an accepted order again");
    ensure_eq!(journal.recent(&entry.account, 9).await?.len(), 1, "entries");
    Ok(())
}

async fn another_order_under_the_same_id_conflicts(journal: &dyn OrderJournal) -> Outcome {
    let first = entry("a")?;
    is_read_back(journal, &first).await?;
    let (mut size, mut side, mut kind, mut reduces) = (first.clone(), first.clone(), first.clone(), first.clone());
    size.order.size = OrderSize::Quantity(quantity("0.002")?);
    side.order.side = Side::Sell;
    kind.order.kind = OrderKind::Limit { price: price("1")?, time_in_force: TimeInForce::Gtc };
    reduces.order.reduce_only = true;
    let purpose = JournalEntry { purpose: Purpose::Exit, ..first.clone() };
    let venue = JournalEntry { venue: VenueId::new("gateio"), ..first.clone() };
    for other in [size, side, kind, reduces, purpose, venue] {
        let outcome = journal.intend(&other).await;
        ensure!(is_conflict(&outcome), "{outcome:?} for {other:?}");
    }
    let found = journal.entry(&first.account, &first.order.client_order_id).await?;
    ensure_eq!(found, Some(first), "what was first recorded");
    Ok(())
}

async fn accounts_do_not_share_ids(journal: &dyn OrderJournal) -> Outcome {
    let mine = entry("a")?;
    let mut theirs = JournalEntry { account: AccountId::new("other"), ..mine.clone() };
    theirs.order.side = Side::Sell;
    is_read_back(journal, &mine).await?;
    is_read_back(journal, &theirs).await?;
    let refused = JournalState::Refused { reason: "no".to_owned() };
    journal.record(&theirs.account, &theirs.order.client_order_id, &refused, at(1)).await?;
    ensure_eq!(journal.unfinished(&mine.account).await?, [mine], "mine");
    ensure_eq!(journal.unfinished(&theirs.account).await?, [], "theirs");
    Ok(())
}

async fn the_same_intent_twice_at_once_is_one_entry(journal: &dyn OrderJournal) -> Outcome {
    let entry = entry("a")?;
    let (one, two) = tokio::join!(journal.intend(&entry), journal.intend(&entry));
    ensure_eq!((one, two), (Ok(()), Ok(())), "both");
    ensure_eq!(journal.recent(&entry.account, 9).await?, [entry], "entries");
    Ok(())
}

async fn of_two_orders_under_one_id_at_once_one_wins(journal: &dyn OrderJournal) -> Outcome {
    let buys = entry("a")?;
    let mut sells = buys.clone();
    sells.order.side = Side::Sell;
    let (one, two) = tokio::join!(journal.intend(&buys), journal.intend(&sells));
    let winner = match (&one, &two) {
        (Ok(()), lost) if is_conflict(lost) => buys,
        (lost, Ok(())) if is_conflict(lost) => sells,
        _ => return Err(Failure::new(format!("{one:?} and {two:?}"))),
    };
    ensure_eq!(journal.recent(&winner.account, 9).await?, [winner], "entries");
    Ok(())
}

fn states() -> Result<Vec<JournalState>, Failure> {
    let mut states = vec![
        JournalState::Intended,
        JournalState::Unanswered,
        JournalState::Accepted { order_id: OrderId::new(NAMES[1]) },
        JournalState::Refused { reason: NAMES[2].to_owned() },
        JournalState::NotSent { reason: String::new() },
    ];
    for status in every::<OrderStatus>()?.into_iter().filter(|status| status.is_final()) {
        states.push(JournalState::Finished { status, filled: None, average_price: None });
        let (filled, average_price) = (Some(quantity(QUANTITIES[3])?), Some(price(PRICES[3])?));
        states.push(JournalState::Finished { status, filled, average_price });
    }
    Ok(states)
}

async fn every_state_is_read_back(journal: &dyn OrderJournal) -> Outcome {
    for (number, state) in states()?.into_iter().enumerate() {
        let entry = entry(&number.to_string())?;
        let id = &entry.order.client_order_id;
        journal.intend(&entry).await?;
        journal.record(&entry.account, id, &state, at(7)).await?;
        let updated_at = if state == JournalState::Intended { NOON } else { at(7) };
        let expected = JournalEntry { state, updated_at, ..entry.clone() };
        ensure_eq!(journal.entry(&entry.account, id).await?, Some(expected), "the entry");
    }
    Ok(())
}

async fn states_only_move_forward(journal: &dyn OrderJournal) -> Outcome {
    let states = states()?;
    for (number, (first, second)) in
        states.iter().flat_map(|one| states.iter().map(move |other| (one, other))).enumerate()
    {
        let entry = entry(&number.to_string())?;
        let id = &entry.order.client_order_id;
        journal.intend(&entry).await?;
        journal.record(&entry.account, id, first, at(1)).await?;
        let before = journal.entry(&entry.account, id).await?;
        let outcome = journal.record(&entry.account, id, second, at(2)).await;
        let after = journal.entry(&entry.account, id).await?;
        let moved = || Some(JournalEntry { state: second.clone(), updated_at: at(2), ..entry.clone() });
        let follows = first.follow(second);
        match follows {
            Ok(_) => ensure_eq!(outcome, Ok(()), "{first:?}, then {second:?}"),
            Err(_) => ensure!(is_conflict(&outcome), "{outcome:?} for {first:?}, then {second:?}"),
        }
        let expected = if follows == Ok(Advance::Moves) { moved() } else { before };
        ensure_eq!(after, expected, "{first:?}, then {second:?}");
    }
    Ok(())
}

async fn an_order_never_intended_is_not_found(journal: &dyn OrderJournal) -> Outcome {
    let entry = entry("a")?;
    let id = &entry.order.client_order_id;
    ensure_eq!(journal.entry(&entry.account, id).await?, None, "the entry");
    let outcome = journal.record(&entry.account, id, &JournalState::Unanswered, NOON).await;
    ensure!(is_not_found(&outcome), "recording: {outcome:?}");
    ensure_eq!(journal.entry(&entry.account, id).await?, None, "the entry afterwards");
    Ok(())
}

async fn an_order_does_not_finish_in_a_status_that_is_not_final(journal: &dyn OrderJournal) -> Outcome {
    let entry = entry("a")?;
    is_read_back(journal, &entry).await?;
    for status in every::<OrderStatus>()?.into_iter().filter(|status| !status.is_final()) {
        let state = JournalState::Finished { status, filled: None, average_price: None };
        let outcome = journal.record(&entry.account, &entry.order.client_order_id, &state, at(1)).await;
        ensure!(is_conflict(&outcome), "{status}: {outcome:?}");
    }
    ensure_eq!(journal.unfinished(&entry.account).await?, [entry], "unfinished");
    Ok(())
}

/// Orders `a` to `d`, written in this order, at 30, 10, 20 and 20 microseconds.
async fn four_orders(journal: &dyn OrderJournal) -> Outcome {
    for (id, micros) in [("a", 30), ("b", 10), ("c", 20), ("d", 20)] {
        let entry = JournalEntry { intended_at: at(micros), updated_at: at(micros), ..entry(id)? };
        journal.intend(&entry).await?;
    }
    Ok(())
}

fn ids(entries: &[JournalEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.order.client_order_id.as_str()).collect()
}

async fn unfinished_orders_are_oldest_first(journal: &dyn OrderJournal) -> Outcome {
    four_orders(journal).await?;
    let account = entry("a")?.account;
    ensure_eq!(ids(&journal.unfinished(&account).await?), ["b", "c", "d", "a"], "all");
    for (id, state) in [
        ("a", JournalState::Unanswered),
        ("b", JournalState::Accepted { order_id: OrderId::new("8001") }),
        ("c", JournalState::NotSent { reason: "throttled".to_owned() }),
    ] {
        journal.record(&account, &ClientOrderId::reported(id), &state, at(99)).await?;
    }
    ensure_eq!(ids(&journal.unfinished(&account).await?), ["b", "d", "a"], "without the final one");
    Ok(())
}

async fn recent_orders_are_newest_first_and_no_more_than_asked(journal: &dyn OrderJournal) -> Outcome {
    four_orders(journal).await?;
    let account = entry("a")?.account;
    for (limit, expected) in [(0, &[][..]), (1, &["a"]), (3, &["a", "d", "c"]), (u32::MAX, &["a", "d", "c", "b"])] {
        ensure_eq!(ids(&journal.recent(&account, limit).await?), expected, "the newest {limit}");
    }
    Ok(())
}
