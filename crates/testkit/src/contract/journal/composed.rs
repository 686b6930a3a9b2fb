//! What the journal promises of composed orders and their parts.

use super::super::records::{
    NAMES, NOON, PRICES, QUANTITIES, account, at, btc, composed, entry, every, is_conflict, is_not_found, price,
    quantity,
};
use super::super::suite::{Failure, Outcome, Suite, apart, ensure, ensure_eq};
use super::ids;
use plimsoll_domain::{AccountId, ClientOrderId, Direction, Leverage, Rate, TimeInForce, Timestamp, VenueId};
use plimsoll_ports::{
    ComposedEnd, ComposedEntry, ComposedKind, ComposedOrder, ComposedState, JournalEntry, JournalState, Opening,
    OrderJournal, SlicedTrade, StopLoss, Waiver,
};
use std::time::Duration;

/// Runs every case, each on a fresh and empty store.
pub(super) async fn run<S: OrderJournal>(suite: &mut Suite, fresh: &impl AsyncFn() -> S) {
    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {
            $(suite.case(stringify!($case), apart(|| async { $case(&fresh().await).await })).await;)+
        };
    }
    cases![
        every_kind_of_composed_order_is_read_back_whole,
        names_and_times_of_composed_orders_are_read_back_exactly,
        a_composed_order_works_whatever_the_entry_says,
        composing_again_changes_nothing,
        another_composed_order_under_the_same_id_conflicts,
        accounts_do_not_share_composed_orders,
        the_same_composed_order_twice_at_once_is_one,
        of_two_composed_orders_under_one_id_at_once_one_wins,
        every_end_of_a_composed_order_is_read_back,
        the_first_end_of_a_composed_order_stands,
        a_composed_order_that_never_was_is_not_found,
        a_composed_order_is_no_order,
        composed_orders_that_go_on_are_oldest_first,
        parts_are_the_orders_whose_ids_begin_with_the_name,
        parts_are_oldest_first_and_in_their_states,
    ];
}

async fn is_read_back(journal: &dyn OrderJournal, entry: &ComposedEntry) -> Outcome {
    journal.compose(entry).await?;
    ensure_eq!(journal.composed(&entry.account, &entry.id).await?.as_ref(), Some(entry), "the composed order");
    Ok(())
}

/// One that opens in every way that there is, and one that closes.
fn trades() -> Result<Vec<SlicedTrade>, Failure> {
    let mut trades = vec![SlicedTrade::Close(quantity(QUANTITIES[3])?)];
    for stop_loss in [
        StopLoss::At(price(PRICES[3])?),
        StopLoss::Resting,
        StopLoss::Waived(Waiver::new(NAMES[1], NAMES[2])?),
        StopLoss::Waived(Waiver::new("a=b c", "stop=1 reason=2:no\nand more")?),
    ] {
        for take_profit in [None, Some(price(PRICES[2])?)] {
            trades.push(SlicedTrade::Open(Opening {
                quantity: quantity(QUANTITIES[0])?,
                leverage: Leverage::new(125)?,
                stop_loss: stop_loss.clone(),
                take_profit,
            }));
        }
    }
    Ok(trades)
}

fn kinds() -> Result<Vec<ComposedKind>, Failure> {
    let mut kinds = Vec::new();
    for trade in trades()? {
        if let SlicedTrade::Open(opening) = &trade {
            for time_in_force in every::<TimeInForce>()? {
                let (opening, price) = (opening.clone(), price("67123.10")?);
                kinds.push(ComposedKind::Bracket { opening, price, time_in_force });
            }
        }
        let (price, visible) = (price(PRICES[0])?, quantity(QUANTITIES[1])?);
        kinds.push(ComposedKind::Iceberg { trade: trade.clone(), price, visible });
        for (slices, every) in [(1, Duration::from_millis(1)), (u16::MAX, Duration::from_secs(7 * 86_400))] {
            kinds.push(ComposedKind::Twap { trade: trade.clone(), slices, every });
        }
    }
    kinds.push(ComposedKind::Oco {
        quantity: quantity(QUANTITIES[1])?,
        stop: price("60000")?,
        target: price("70000.5")?,
    });
    for activation in [None, Some(price("68000")?)] {
        kinds.push(ComposedKind::TrailingStop { distance: "0.0125".parse::<Rate>()?, activation });
    }
    Ok(kinds)
}

async fn every_kind_of_composed_order_is_read_back_whole(journal: &dyn OrderJournal) -> Outcome {
    for (number, kind) in kinds()?.into_iter().enumerate() {
        for direction in every::<Direction>()? {
            let order = ComposedOrder { symbol: btc()?, direction, kind: kind.clone() };
            is_read_back(journal, &ComposedEntry { order, ..composed(&format!("kind-{number}-{direction}"))? }).await?;
        }
    }
    Ok(())
}

async fn names_and_times_of_composed_orders_are_read_back_exactly(journal: &dyn OrderJournal) -> Outcome {
    for name in NAMES {
        let (account, venue) = (AccountId::new(name), VenueId::new(name));
        is_read_back(journal, &ComposedEntry { account, venue, ..composed(name)? }).await?;
    }
    for micros in [0, 1, -1, 1_700_000_000_123_457, i64::MAX, i64::MIN] {
        let time = Timestamp::from_micros(micros);
        let entry = ComposedEntry { placed_at: time, updated_at: time, ..composed(&format!("time-{micros}"))? };
        is_read_back(journal, &entry).await?;
    }
    Ok(())
}

async fn a_composed_order_works_whatever_the_entry_says(journal: &dyn OrderJournal) -> Outcome {
    let state = ComposedState::Ended { how: ComposedEnd::Done, reason: "all of it".to_owned() };
    let entry = ComposedEntry { state, ..composed("a")? };
    journal.compose(&entry).await?;
    let found = journal.composed(&entry.account, &entry.id).await?;
    ensure_eq!(found.map(|it| it.state), Some(ComposedState::Working), "the state");
    Ok(())
}

async fn composing_again_changes_nothing(journal: &dyn OrderJournal) -> Outcome {
    let entry = composed("a")?;
    is_read_back(journal, &entry).await?;
    let later = ComposedEntry { placed_at: at(1), updated_at: at(1), ..entry.clone() };
    journal.compose(&later).await?;
    ensure_eq!(journal.composed(&entry.account, &entry.id).await?.as_ref(), Some(&entry), "after composing it later");
    journal.end_composed(&entry.account, &entry.id, ComposedEnd::Canceled, "enough", at(2)).await?;
    let ended = journal.composed(&entry.account, &entry.id).await?;
    journal.compose(&entry).await?;
    ensure_eq!(journal.composed(&entry.account, &entry.id).await?, ended, "after composing an ended one");
    ensure_eq!(journal.working(&entry.account).await?, [], "what goes on");
    Ok(())
}

async fn another_composed_order_under_the_same_id_conflicts(journal: &dyn OrderJournal) -> Outcome {
    let first = composed("a")?;
    is_read_back(journal, &first).await?;
    let (mut symbol, mut direction, mut kind) = (first.clone(), first.clone(), first.clone());
    symbol.order.symbol = "BTC/USDC:USDC".parse()?;
    direction.order.direction = first.order.direction.opposite();
    kind.order.kind = ComposedKind::TrailingStop { distance: "0.03".parse::<Rate>()?, activation: None };
    let venue = ComposedEntry { venue: VenueId::new("gateio"), ..first.clone() };
    for ended in [false, true] {
        if ended {
            journal.end_composed(&first.account, &first.id, ComposedEnd::Done, "", at(1)).await?;
        }
        let before = journal.composed(&first.account, &first.id).await?;
        for other in [&symbol, &direction, &kind, &venue] {
            let outcome = journal.compose(other).await;
            ensure!(is_conflict(&outcome), "{outcome:?} for {other:?}");
        }
        ensure_eq!(journal.composed(&first.account, &first.id).await?, before, "what was first recorded");
    }
    Ok(())
}

async fn accounts_do_not_share_composed_orders(journal: &dyn OrderJournal) -> Outcome {
    let mine = composed("a")?;
    let mut theirs = ComposedEntry { account: AccountId::new("other"), ..mine.clone() };
    theirs.order.direction = mine.order.direction.opposite();
    is_read_back(journal, &mine).await?;
    is_read_back(journal, &theirs).await?;
    journal.end_composed(&theirs.account, &theirs.id, ComposedEnd::Failed, "refused", at(1)).await?;
    ensure_eq!(journal.working(&mine.account).await?, [mine], "mine");
    ensure_eq!(journal.working(&theirs.account).await?, [], "theirs");
    Ok(())
}

async fn the_same_composed_order_twice_at_once_is_one(journal: &dyn OrderJournal) -> Outcome {
    let entry = composed("a")?;
    let (one, two) = tokio::join!(journal.compose(&entry), journal.compose(&entry));
    ensure_eq!((one, two), (Ok(()), Ok(())), "both");
    ensure_eq!(journal.working(&entry.account).await?, [entry], "what goes on");
    Ok(())
}

async fn of_two_composed_orders_under_one_id_at_once_one_wins(journal: &dyn OrderJournal) -> Outcome {
    let long = composed("a")?;
    let mut short = long.clone();
    short.order.direction = long.order.direction.opposite();
    let (one, two) = tokio::join!(journal.compose(&long), journal.compose(&short));
    let winner = match (&one, &two) {
        (Ok(()), lost) if is_conflict(lost) => long,
        (lost, Ok(())) if is_conflict(lost) => short,
        _ => return Err(Failure::new(format!("{one:?} and {two:?}"))),
    };
    ensure_eq!(journal.working(&winner.account).await?, [winner], "what goes on");
    Ok(())
}

async fn every_end_of_a_composed_order_is_read_back(journal: &dyn OrderJournal) -> Outcome {
    for how in ComposedEnd::ALL {
        for (number, reason) in NAMES.into_iter().chain([""]).enumerate() {
            let entry = composed(&format!("{}-{number}", how.as_str()))?;
            journal.compose(&entry).await?;
            journal.end_composed(&entry.account, &entry.id, how, reason, at(7)).await?;
            let state = ComposedState::Ended { how, reason: reason.to_owned() };
            let expected = ComposedEntry { state, updated_at: at(7), ..entry.clone() };
            ensure_eq!(journal.composed(&entry.account, &entry.id).await?, Some(expected), "the composed order");
        }
    }
    Ok(())
}

async fn the_first_end_of_a_composed_order_stands(journal: &dyn OrderJournal) -> Outcome {
    for first in ComposedEnd::ALL {
        for later in ComposedEnd::ALL {
            let entry = composed(&format!("{}-{}", first.as_str(), later.as_str()))?;
            journal.compose(&entry).await?;
            journal.end_composed(&entry.account, &entry.id, first, "first", at(1)).await?;
            let ended = journal.composed(&entry.account, &entry.id).await?;
            journal.end_composed(&entry.account, &entry.id, later, "later", at(2)).await?;
            ensure_eq!(journal.composed(&entry.account, &entry.id).await?, ended, "{first:?}, then {later:?}");
        }
    }
    Ok(())
}

async fn a_composed_order_that_never_was_is_not_found(journal: &dyn OrderJournal) -> Outcome {
    let (there, gone) = (composed("a")?, composed("b")?);
    journal.compose(&there).await?;
    ensure_eq!(journal.composed(&gone.account, &gone.id).await?, None, "the composed order");
    let outcome = journal.end_composed(&gone.account, &gone.id, ComposedEnd::Done, "", NOON).await;
    ensure!(is_not_found(&outcome), "ending it: {outcome:?}");
    let elsewhere = AccountId::new("other");
    let outcome = journal.end_composed(&elsewhere, &there.id, ComposedEnd::Done, "", NOON).await;
    ensure!(is_not_found(&outcome), "ending it for another account: {outcome:?}");
    ensure_eq!(journal.composed(&elsewhere, &there.id).await?, None, "of another account");
    ensure_eq!(journal.working(&there.account).await?, [there], "what goes on");
    Ok(())
}

async fn a_composed_order_is_no_order(journal: &dyn OrderJournal) -> Outcome {
    let whole = composed("a")?;
    journal.compose(&whole).await?;
    ensure_eq!(journal.entry(&whole.account, &whole.id).await?, None, "the entry");
    ensure_eq!(journal.unfinished(&whole.account).await?, [], "unfinished orders");
    ensure_eq!(journal.recent(&whole.account, 9).await?, [], "recent orders");
    ensure_eq!(journal.parts(&whole.account, &whole.id).await?, [], "its parts");
    let outcome = journal.record(&whole.account, &whole.id, &JournalState::Unanswered, NOON).await;
    ensure!(is_not_found(&outcome), "recording: {outcome:?}");
    let part = entry("a-1")?;
    journal.intend(&part).await?;
    ensure_eq!(journal.composed(&part.account, &part.order.client_order_id).await?, None, "a part, composed");
    ensure_eq!(journal.working(&whole.account).await?, [whole], "what goes on");
    Ok(())
}

async fn composed_orders_that_go_on_are_oldest_first(journal: &dyn OrderJournal) -> Outcome {
    for (id, micros) in [("a", 30), ("b", 10), ("c", 20), ("d", 20)] {
        journal.compose(&ComposedEntry { placed_at: at(micros), updated_at: at(micros), ..composed(id)? }).await?;
    }
    let working = async || -> Result<Vec<String>, Failure> {
        let entries = journal.working(&account()).await?;
        Ok(entries.into_iter().map(|entry| entry.id.as_str().to_owned()).collect())
    };
    ensure_eq!(working().await?, ["b", "c", "d", "a"], "all");
    for (id, how) in [("c", ComposedEnd::Done), ("b", ComposedEnd::Canceled), ("a", ComposedEnd::Failed)] {
        journal.end_composed(&account(), &ClientOrderId::reported(id), how, "", at(99)).await?;
    }
    ensure_eq!(working().await?, ["d"], "without the ended ones");
    Ok(())
}

/// What lies beside a name, by its bytes, by its length or by what a pattern would make of it.
const NEIGHBOURS: [&str; 13] = [
    "twap-1",
    "twap-1~",
    "twap-3",
    "twap-",
    "twap",
    "wap-2-1",
    "Twap-2-1",
    "TWAP-2-1",
    "twap_2-1",
    "tw%p-2-1",
    "twap-02",
    "twap-３",
    "取twap-2",
];

async fn parts_are_the_orders_whose_ids_begin_with_the_name(journal: &dyn OrderJournal) -> Outcome {
    let parts = ["twap-2-1", "twap-2-01", "twap-2_", "twap-2%", "twap-2~", "twap-2🚀", "twap-2-取引", "twap-21"];
    for id in parts.into_iter().chain(NEIGHBOURS) {
        journal.intend(&entry(id)?).await?;
        journal.intend(&JournalEntry { account: AccountId::new("other"), ..entry(&format!("{id}-theirs"))? }).await?;
    }
    let found = journal.parts(&account(), &ClientOrderId::reported("twap-2")).await?;
    let (mut found, mut expected) = (ids(&found), parts.to_vec());
    found.sort_unstable();
    expected.sort_unstable();
    ensure_eq!(found, expected, "parts");
    for (name, expected) in [("twap_2", &["twap_2-1"][..]), ("tw%", &["tw%p-2-1"]), ("%", &[]), ("_", &[])] {
        let found = journal.parts(&account(), &ClientOrderId::reported(name)).await?;
        ensure_eq!(ids(&found), expected, "a name is no pattern: {name}");
    }
    let theirs = journal.parts(&AccountId::new("other"), &ClientOrderId::reported("twap-2-1")).await?;
    ensure_eq!(ids(&theirs), ["twap-2-1-theirs"], "of the other account");
    ensure_eq!(journal.parts(&account(), &ClientOrderId::reported("twap-9")).await?, [], "of a name without parts");
    Ok(())
}

async fn parts_are_oldest_first_and_in_their_states(journal: &dyn OrderJournal) -> Outcome {
    for (id, micros) in [("ice-d", 30), ("ice-c", 10), ("ice-b", 20), ("ice-a", 20), ("icy", 0)] {
        journal.intend(&JournalEntry { intended_at: at(micros), updated_at: at(micros), ..entry(id)? }).await?;
    }
    let refused = JournalState::Refused { reason: "no".to_owned() };
    journal.record(&account(), &ClientOrderId::reported("ice-b"), &refused, at(99)).await?;
    let found = journal.parts(&account(), &ClientOrderId::reported("ice")).await?;
    ensure_eq!(ids(&found), ["ice-c", "ice-b", "ice-a", "ice-d"], "parts");
    let states: Vec<&str> = found.iter().map(|entry| entry.state.as_str()).collect();
    ensure_eq!(states, ["intended", "refused", "intended", "intended"], "their states");
    Ok(())
}
