//! What [`RiskEventRepository`] promises.

use super::records::{AMOUNTS, NAMES, NOON, account, at, decimal, eth, is_conflict, risk_event};
use super::suite::{Outcome, Suite, ensure, ensure_eq};
use plimsoll_domain::{AccountId, Timestamp};
use plimsoll_ports::{RiskEventRecord, RiskEventRepository};

/// Runs every case, each on a fresh and empty store.
///
/// # Panics
/// If a promise is broken; the message names every broken one.
pub async fn run<S: RiskEventRepository>(fresh: impl AsyncFn() -> S) {
    let mut suite = Suite::new("RiskEventRepository");
    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {
            $(suite.case(stringify!($case), async { $case(&fresh().await).await }).await;)+
        };
    }
    cases![
        an_event_is_read_back_exactly,
        the_same_event_again_changes_nothing,
        the_same_event_twice_at_once_is_one,
        other_figures_under_the_same_key_conflict,
        events_of_one_moment_stand_side_by_side,
        events_are_oldest_first_and_no_older_than_asked,
    ];
    suite.finish();
}

async fn an_event_is_read_back_exactly(events: &dyn RiskEventRepository) -> Outcome {
    for (number, amount) in AMOUNTS.into_iter().enumerate() {
        let name = NAMES.get(number % NAMES.len()).copied().unwrap_or("main");
        let event = RiskEventRecord {
            account: AccountId::new(format!("{number} {name}")),
            time: Timestamp::from_micros(1_700_000_000_123_457),
            kind: name.to_owned(),
            symbol: if number % 2 == 0 { None } else { Some(eth()?) },
            detail: name.to_owned(),
            figure: if number == 0 { None } else { Some(decimal(amount)?) },
            limit: if number == 1 { None } else { Some(decimal(amount)?) },
            action: name.to_owned(),
        };
        events.log(&event).await?;
        ensure_eq!(events.since(&event.account, event.time).await?, [event], "the events");
    }
    Ok(())
}

async fn the_same_event_again_changes_nothing(events: &dyn RiskEventRepository) -> Outcome {
    let about_all = RiskEventRecord { symbol: None, ..risk_event()? };
    for _ in 0..2 {
        events.log(&risk_event()?).await?;
        events.log(&about_all).await?;
    }
    ensure_eq!(events.since(&account(), NOON).await?, [risk_event()?, about_all], "the events");
    Ok(())
}

async fn the_same_event_twice_at_once_is_one(events: &dyn RiskEventRepository) -> Outcome {
    let event = RiskEventRecord { symbol: None, ..risk_event()? };
    let (one, two) = tokio::join!(events.log(&event), events.log(&event));
    ensure_eq!((one, two), (Ok(()), Ok(())), "both");
    ensure_eq!(events.since(&account(), NOON).await?, [event], "the events");
    Ok(())
}

async fn other_figures_under_the_same_key_conflict(events: &dyn RiskEventRepository) -> Outcome {
    let first = risk_event()?;
    events.log(&first).await?;
    for other in [
        RiskEventRecord { figure: None, ..first.clone() },
        RiskEventRecord { limit: Some(decimal("1.2")?), ..first.clone() },
        RiskEventRecord { action: "warned".to_owned(), ..first.clone() },
    ] {
        let outcome = events.log(&other).await;
        ensure!(is_conflict(&outcome), "{outcome:?} for {other:?}");
    }
    ensure_eq!(events.since(&account(), NOON).await?, [first], "the events");
    Ok(())
}

async fn events_of_one_moment_stand_side_by_side(events: &dyn RiskEventRepository) -> Outcome {
    let first = risk_event()?;
    let all = [
        first.clone(),
        RiskEventRecord { kind: "refused".to_owned(), ..first.clone() },
        RiskEventRecord { symbol: None, ..first.clone() },
        RiskEventRecord { symbol: Some(eth()?), ..first.clone() },
        RiskEventRecord { detail: "the daily loss is beyond its limit".to_owned(), ..first },
    ];
    for event in &all {
        events.log(event).await?;
    }
    ensure_eq!(events.since(&account(), NOON).await?, all, "the events");
    Ok(())
}

async fn events_are_oldest_first_and_no_older_than_asked(events: &dyn RiskEventRepository) -> Outcome {
    for (kind, micros) in [("a", 30), ("b", 10), ("c", 20), ("d", 20)] {
        let event = RiskEventRecord { kind: kind.to_owned(), time: at(micros), ..risk_event()? };
        events.log(&event).await?;
        events.log(&RiskEventRecord { account: AccountId::new("other"), ..event }).await?;
    }
    for (since, expected) in
        [(0, &["b", "c", "d", "a"][..]), (10, &["b", "c", "d", "a"]), (11, &["c", "d", "a"]), (31, &[])]
    {
        let found = events.since(&account(), at(since)).await?;
        ensure_eq!(found.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), expected, "since {since}");
    }
    Ok(())
}
