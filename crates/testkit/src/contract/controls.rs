//! What [`ControlRepository`] promises.

use super::records::{NAMES, account, at};
use super::suite::{Outcome, Suite, ensure, ensure_eq};
use plimsoll_domain::{AccountId, Timestamp};
use plimsoll_ports::{ControlRepository, KillSwitchRecord, LadderStep};

/// Runs every case, each on a fresh and empty store.
///
/// # Panics
/// If a promise is broken; the message names every broken one.
pub async fn run<S: ControlRepository>(fresh: impl AsyncFn() -> S) {
    let mut suite = Suite::new("ControlRepository");
    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {
            $(suite.case(stringify!($case), async { $case(&fresh().await).await }).await;)+
        };
    }
    cases![
        an_untouched_kill_switch_is_released,
        the_kill_switch_is_as_last_recorded,
        the_kill_switch_keeps_its_history,
        repeating_the_last_record_changes_nothing,
        two_who_pull_at_once_both_pull,
        of_those_who_trip_it_at_once_one_does,
        a_trip_stands_until_it_is_released,
        the_ladder_is_as_last_recorded,
        a_step_is_taken_from_the_one_before_only,
        of_those_who_take_a_step_at_once_one_does,
        accounts_have_controls_of_their_own,
        names_and_times_are_read_back_exactly,
    ];
    suite.finish();
}

fn switch(engaged: bool, by: &str, micros: i64) -> KillSwitchRecord {
    KillSwitchRecord { engaged, reason: "daily loss of 512.40".to_owned(), by: by.to_owned(), since: Some(at(micros)) }
}

fn step(name: &str, micros: i64, overridden_by: Option<&str>) -> LadderStep {
    LadderStep { name: name.to_owned(), since: at(micros), overridden_by: overridden_by.map(str::to_owned) }
}

async fn an_untouched_kill_switch_is_released(controls: &dyn ControlRepository) -> Outcome {
    let found = controls.kill_switch(&account()).await?;
    ensure!(!found.engaged && found.since.is_none(), "{found:?}");
    ensure_eq!(controls.kill_switch_history(&account()).await?, [], "its history");
    Ok(())
}

async fn the_kill_switch_is_as_last_recorded(controls: &dyn ControlRepository) -> Outcome {
    // The last record holds, whatever the clock of whoever made it said.
    for record in [switch(true, "daily_loss", 10), switch(false, "operator", 20), switch(true, "operator", 5)] {
        controls.set_kill_switch(&account(), &record).await?;
        ensure_eq!(controls.kill_switch(&account()).await?, record, "the switch");
    }
    Ok(())
}

async fn the_kill_switch_keeps_its_history(controls: &dyn ControlRepository) -> Outcome {
    let records = [switch(true, "daily_loss", 10), switch(false, "operator", 20), switch(true, "drawdown", 20)];
    for record in &records {
        controls.set_kill_switch(&account(), record).await?;
    }
    controls.set_ladder(&account(), &step("paper", 0, None)).await?;
    ensure_eq!(controls.kill_switch_history(&account()).await?, records, "the history");
    Ok(())
}

async fn repeating_the_last_record_changes_nothing(controls: &dyn ControlRepository) -> Outcome {
    let (pulled, released) = (switch(true, "daily_loss", 10), switch(false, "operator", 20));
    for record in [&pulled, &pulled, &released, &released, &pulled] {
        controls.set_kill_switch(&account(), record).await?;
    }
    let expected = [pulled.clone(), released, pulled];
    ensure_eq!(controls.kill_switch_history(&account()).await?, expected, "the history");
    Ok(())
}

async fn two_who_pull_at_once_both_pull(controls: &dyn ControlRepository) -> Outcome {
    let (account, rule, operator) = (account(), switch(true, "daily_loss", 10), switch(true, "operator", 10));
    let (one, two) =
        tokio::join!(controls.set_kill_switch(&account, &rule), controls.set_kill_switch(&account, &operator));
    ensure_eq!((one, two), (Ok(()), Ok(())), "both");
    let history = controls.kill_switch_history(&account).await?;
    ensure!(history.len() == 2 && history.contains(&rule) && history.contains(&operator), "{history:?}");
    ensure_eq!(history.last(), Some(&controls.kill_switch(&account).await?), "the switch");
    Ok(())
}

async fn of_those_who_trip_it_at_once_one_does(controls: &dyn ControlRepository) -> Outcome {
    let account = account();
    let records = ["daily_loss", "drawdown", "operator"].map(|by| switch(true, by, 10));
    let [one, two, three] = &records;
    let (one, two, three) = tokio::join!(
        controls.trip_kill_switch(&account, one),
        controls.trip_kill_switch(&account, two),
        controls.trip_kill_switch(&account, three),
    );
    let answers = [one?, two?, three?];
    let who: Vec<KillSwitchRecord> =
        records.iter().zip(answers).filter(|(_, tripped)| *tripped).map(|(record, _)| record.clone()).collect();
    ensure_eq!(who.len(), 1, "how many tripped it");
    ensure_eq!(controls.kill_switch_history(&account).await?, who, "the history");
    Ok(())
}

async fn a_trip_stands_until_it_is_released(controls: &dyn ControlRepository) -> Outcome {
    let (rule, operator, released) = (switch(true, "rule", 10), switch(true, "operator", 20), switch(false, "ana", 30));
    let answers = [(&rule, true), (&operator, false), (&rule, true)];
    for (record, expected) in answers {
        ensure_eq!(controls.trip_kill_switch(&account(), record).await?, expected, "tripped");
    }
    controls.set_kill_switch(&account(), &released).await?;
    ensure_eq!(controls.trip_kill_switch(&account(), &operator).await?, true, "tripped after its release");
    let expected = [rule, released, operator];
    ensure_eq!(controls.kill_switch_history(&account()).await?, expected, "the history");
    Ok(())
}

async fn the_ladder_is_as_last_recorded(controls: &dyn ControlRepository) -> Outcome {
    ensure_eq!(controls.ladder(&account()).await?, None, "before the first step");
    for step in [step("paper", 10, None), step("full", 20, Some("operator")), step("micro", 20, None)] {
        for _ in 0..2 {
            controls.set_ladder(&account(), &step).await?;
            ensure_eq!(controls.ladder(&account()).await?.as_ref(), Some(&step), "the step");
        }
    }
    Ok(())
}

async fn a_step_is_taken_from_the_one_before_only(controls: &dyn ControlRepository) -> Outcome {
    let (paper, micro) = (step("paper", 10, None), step("micro", 20, None));
    let (sent_back, full) = (step("paper", 30, Some("ana")), step("full", 30, None));
    for (before, step, expected) in [
        (Some(&paper), &micro, false),
        (None, &paper, true),
        (None, &paper, true),
        (None, &micro, false),
        (Some(&paper), &micro, true),
        (Some(&paper), &micro, true),
        (Some(&paper), &full, false),
        (Some(&micro), &full, true),
    ] {
        let answer = controls.step_ladder(&account(), before, step).await?;
        ensure_eq!(answer, expected, "{} from {:?}", step.name, before.map(|it| &it.name));
        let holds = controls.ladder(&account()).await?.as_ref() == Some(step);
        ensure_eq!(holds, expected, "whether {} holds", step.name);
    }
    controls.set_ladder(&account(), &sent_back).await?;
    ensure_eq!(controls.step_ladder(&account(), Some(&micro), &full).await?, false, "from a step that holds no more");
    ensure_eq!(controls.ladder(&account()).await?, Some(sent_back), "the step");
    Ok(())
}

async fn of_those_who_take_a_step_at_once_one_does(controls: &dyn ControlRepository) -> Outcome {
    let account = account();
    let steps = [step("micro", 10, None), step("full", 10, None), step("full", 11, Some("ana"))];
    let [one, two, three] = &steps;
    let (one, two, three) = tokio::join!(
        controls.step_ladder(&account, None, one),
        controls.step_ladder(&account, None, two),
        controls.step_ladder(&account, None, three),
    );
    let answers = [one?, two?, three?];
    let who: Vec<LadderStep> =
        steps.iter().zip(answers).filter(|(_, taken)| *taken).map(|(step, _)| step.clone()).collect();
    ensure_eq!(who.len(), 1, "how many took it");
    ensure_eq!(controls.ladder(&account).await?.as_ref(), who.first(), "the step");
    Ok(())
}

async fn accounts_have_controls_of_their_own(controls: &dyn ControlRepository) -> Outcome {
    let other = AccountId::new("other");
    controls.set_kill_switch(&other, &switch(true, "operator", 0)).await?;
    controls.set_ladder(&other, &step("paper", 0, None)).await?;
    ensure!(!controls.kill_switch(&account()).await?.engaged, "another account's switch");
    ensure_eq!(controls.kill_switch_history(&account()).await?, [], "the history");
    ensure_eq!(controls.ladder(&account()).await?, None, "the ladder");
    Ok(())
}

async fn names_and_times_are_read_back_exactly(controls: &dyn ControlRepository) -> Outcome {
    for name in NAMES {
        let since = Timestamp::from_micros(1_700_000_000_123_457);
        let account = AccountId::new(name);
        let record =
            KillSwitchRecord { engaged: true, reason: name.to_owned(), by: name.to_owned(), since: Some(since) };
        controls.set_kill_switch(&account, &record).await?;
        ensure_eq!(controls.kill_switch(&account).await?, record, "the switch");
        let step = LadderStep { name: name.to_owned(), since, overridden_by: Some(name.to_owned()) };
        controls.set_ladder(&account, &step).await?;
        ensure_eq!(controls.ladder(&account).await?, Some(step), "the step");
    }
    let (account, untouched) = (AccountId::new("untouched"), KillSwitchRecord { since: None, ..switch(false, "", 0) });
    controls.set_kill_switch(&account, &untouched).await?;
    ensure_eq!(controls.kill_switch(&account).await?, untouched, "a switch without a time");
    Ok(())
}
