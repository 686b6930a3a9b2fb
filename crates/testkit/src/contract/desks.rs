//! What [`DeskRepository`] promises.

use super::records::{NAMES, NOON, at};
use super::suite::{Outcome, Suite, ensure, ensure_eq};
use plimsoll_domain::Timestamp;
use plimsoll_ports::{DeskRepository, SavedDesk};

/// Runs every case, each on a fresh and empty store.
///
/// # Panics
/// If a promise is broken; the message names every broken one.
pub async fn run<S: DeskRepository>(fresh: impl AsyncFn() -> S) {
    let mut suite = Suite::new("DeskRepository");
    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {
            $(suite.case(stringify!($case), async { $case(&fresh().await).await }).await;)+
        };
    }
    cases![
        a_desk_that_was_never_saved_is_none,
        a_desk_is_as_it_was_saved_last,
        desks_are_kept_apart_by_every_letter_of_their_names,
        a_text_is_kept_as_it_was_written,
        a_long_text_with_every_kind_of_letter_survives,
        times_are_kept_to_the_microsecond,
        of_those_who_save_at_once_one_is_kept_whole,
    ];
    suite.finish();
}

fn saved(state: &str, micros: i64) -> SavedDesk {
    SavedDesk { state: state.to_owned(), saved_at: at(micros) }
}

async fn a_desk_that_was_never_saved_is_none(desks: &dyn DeskRepository) -> Outcome {
    ensure_eq!(desks.desk("main").await?, None, "on an empty store");
    desks.save_desk("other", &saved("{}", 0)).await?;
    ensure_eq!(desks.desk("main").await?, None, "beside another one");
    Ok(())
}

async fn a_desk_is_as_it_was_saved_last(desks: &dyn DeskRepository) -> Outcome {
    // The last one holds, whatever the clock of whoever saved it said.
    let shorter = saved("[]", 20);
    for desk in
        [saved("{\"held\":\"0.10\"}", 10), shorter.clone(), saved("{\"held\":\"0.2\"}", 5), shorter.clone(), shorter]
    {
        desks.save_desk("main", &desk).await?;
        ensure_eq!(desks.desk("main").await?, Some(desk), "the desk");
    }
    Ok(())
}

async fn desks_are_kept_apart_by_every_letter_of_their_names(desks: &dyn DeskRepository) -> Outcome {
    // Two of them look like "é" and are written differently.
    let others = ["", " ", "Main", "main ", "main%", "m_in", "\u{e9}", "e\u{301}"];
    let names: Vec<&str> = NAMES.into_iter().chain(others).collect();
    for round in ["first", "second"] {
        for name in &names {
            desks.save_desk(name, &saved(&format!("{round} of '{name}'"), 0)).await?;
        }
        for name in &names {
            let expected = saved(&format!("{round} of '{name}'"), 0);
            ensure_eq!(desks.desk(name).await?, Some(expected), "desk '{name}'");
        }
    }
    Ok(())
}

async fn a_text_is_kept_as_it_was_written(desks: &dyn DeskRepository) -> Outcome {
    // The order of its names, names that come twice, spaces and places behind the point are the engine's business.
    let odd = " {\"b\":1.10,\"a\" : 1e400,\r\n\t\"b\":-0, \"nul\":\"\\u0000\", \"tab\":\"\\t\", \"\\\\N\":null}\n";
    for text in [odd, "", "no JSON", "'); DROP TABLE desks; --", "\\N", "\\", "1"] {
        desks.save_desk("main", &saved(text, 0)).await?;
        ensure_eq!(desks.desk("main").await?, Some(saved(text, 0)), "the desk");
    }
    Ok(())
}

async fn a_long_text_with_every_kind_of_letter_survives(desks: &dyn DeskRepository) -> Outcome {
    // Every letter of one or two bytes but U+0000, one in twenty of all others, and the last ones.
    let few = (0x1..0x800).chain((0x800..0x11_0000).step_by(20)).chain([0xFEFF, 0xFFFD, 0xFFFE, 0xFFFF, 0x10_FFFF]);
    let text: String = few.filter_map(char::from_u32).collect();
    ensure!(text.len() > 200_000, "{} bytes only", text.len());
    let desk = saved(&text, 0);
    for _ in 0..2 {
        desks.save_desk("main", &desk).await?;
        let found = desks.desk("main").await?.unwrap_or_else(|| saved("", 0));
        let same = found.state.chars().zip(text.chars()).take_while(|(found, written)| found == written).count();
        ensure!(
            found == desk,
            "of {} bytes there are {}, of {} letters the first {same} are the same",
            text.len(),
            found.state.len(),
            text.chars().count()
        );
    }
    Ok(())
}

async fn times_are_kept_to_the_microsecond(desks: &dyn DeskRepository) -> Outcome {
    for micros in [NOON.as_micros() + 1, 1_700_000_000_123_457, 0, -1, 4_102_444_800_999_999] {
        let desk = SavedDesk { state: "{}".to_owned(), saved_at: Timestamp::from_micros(micros) };
        desks.save_desk("main", &desk).await?;
        ensure_eq!(desks.desk("main").await?, Some(desk), "the desk");
    }
    Ok(())
}

async fn of_those_who_save_at_once_one_is_kept_whole(desks: &dyn DeskRepository) -> Outcome {
    let texts = ["a", "b", "c"].map(|letter| letter.repeat(50_000));
    let all: Vec<SavedDesk> = texts.iter().zip(1..).map(|(text, micros)| saved(text, micros)).collect();
    for name in ["new", "new", "another"] {
        let [one, two, three] = all.as_slice() else { continue };
        let (one, two, three) =
            tokio::join!(desks.save_desk(name, one), desks.save_desk(name, two), desks.save_desk(name, three));
        ensure_eq!((one, two, three), (Ok(()), Ok(()), Ok(())), "all three");
        let found = desks.desk(name).await?;
        let whole = found.as_ref().is_some_and(|found| all.contains(found));
        ensure!(whole, "desk '{name}' is none of the three: saved at {:?}", found.map(|it| it.saved_at));
    }
    Ok(())
}
