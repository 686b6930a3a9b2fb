use crate::scene::{ANA, BEN, EVE, GROUP, PRIVATE, Scene};
use crate::telegram::Call;
use plimsoll_service::RecordFilter;
use std::time::Duration;

const OPEN: &str = "/futures_open long 100 stop 48000";

impl Scene {
    async fn fills(&self) -> usize {
        let filter = RecordFilter { days: 1, limit: 100, ..RecordFilter::default() };
        self.world.service.fills(&filter).await.unwrap().fills.len()
    }
}

fn yes(preview: &Call) -> String {
    preview.buttons()[0].1.clone()
}

#[tokio::test]
async fn a_press_comes_too_late() {
    let scene = Scene::new().await;
    let preview = scene.ask(OPEN).await;
    scene.world.pass(Duration::from_secs(61));
    let told = scene.pressed(&preview, "Confirm", "Nothing was done").await;
    assert!(told.text().contains("61 s ago") && told.text().contains("Send the command again"), "{}", told.text());
    assert!(told.buttons().is_empty());
    assert_eq!(scene.audited().await.last().unwrap().0, "action_refused");
    assert!(scene.answered(ANA, PRIVATE, preview.message, &yes(&preview)).await.contains("confirmed before"));
    assert_eq!(scene.fills().await, 0);
}

#[tokio::test]
async fn the_second_question_lapses_too() {
    let scene = Scene::new().await;
    let first = scene.ask("/kill").await;
    let second = scene.pressed(&first, "Yes…", "Really").await;
    scene.world.pass(Duration::from_secs(61));
    let told = scene.pressed(&second, "KILL", "Lapsed").await;
    assert!(told.text().contains("nothing was done"), "{}", told.text());
    assert!(scene.events("action_refused").iter().any(|it| it.contains("pressed too late")));
    assert_eq!(scene.world.service.kill_switches().await.state, "released");
}

#[tokio::test]
async fn a_press_that_is_repeated_does_nothing_twice() {
    let scene = Scene::new().await;
    let preview = scene.ask(OPEN).await;
    let data = yes(&preview);
    for _ in 0..3 {
        scene.press(ANA, PRIVATE, preview.message, &data);
    }
    let from = 0;
    scene.telegram.until(from, |it| it.method == "editMessageText" && it.text().contains("<b>Done</b>")).await;
    assert!(scene.answered(ANA, PRIVATE, preview.message, &data).await.contains("confirmed before"));
    let no = preview.buttons()[1].1.clone();
    assert!(scene.answered(ANA, PRIVATE, preview.message, &no).await.contains("confirmed before"));
    assert_eq!(scene.fills().await, 1);

    let first = scene.ask("/kill").await;
    let second = scene.pressed(&first, "Yes…", "Really").await;
    assert!(scene.answered(ANA, PRIVATE, first.message, &yes(&first)).await.contains("confirmed before"));
    assert_eq!(scene.world.service.kill_switches().await.state, "released", "the first press twice is not the second");
    scene.pressed(&second, "KILL", "<b>Done</b>").await;
}

#[tokio::test]
async fn what_is_cancelled_stays_undone() {
    let scene = Scene::new().await;
    let preview = scene.ask(OPEN).await;
    let told = scene.pressed(&preview, "Cancel", "Cancelled: nothing was done").await;
    assert!(told.buttons().is_empty() && told.text().contains("open long 0.002"), "{}", told.text());
    assert!(scene.answered(ANA, PRIVATE, preview.message, &yes(&preview)).await.contains("cancelled"));
    assert_eq!(scene.fills().await, 0);
}

#[tokio::test]
async fn nobody_confirms_what_somebody_else_prepared_and_trying_is_on_record() {
    let scene = Scene::new().await;
    let anas = scene.ask_as(ANA, GROUP, OPEN).await;
    let bens = scene.ask_as(BEN, GROUP, "/futures_open short 100 stop 51000 on second").await;
    assert!(scene.answered(BEN, GROUP, anas.message, &yes(&anas)).await.contains("somebody else"));
    assert!(scene.audited().await.iter().any(|(kind, text)| {
        kind == "action_refused" && text.starts_with("telegram:12: ") && text.contains("somebody else")
    }));
    let no = anas.buttons()[1].1.clone();
    assert!(scene.answered(BEN, GROUP, anas.message, &no).await.contains("somebody else"));
    assert!(scene.answered(ANA, PRIVATE, anas.message, &yes(&anas)).await.contains("somebody else"), "nor elsewhere");
    assert_eq!(scene.fills().await, 0);

    let from = scene.telegram.calls.borrow().len();
    scene.press(ANA, GROUP, anas.message, &yes(&anas));
    scene.press(BEN, GROUP, bens.message, &yes(&bens));
    for message in [anas.message, bens.message] {
        let is_it = |it: &Call| it.method == "editMessageText" && it.message == message && it.text().contains("Done");
        scene.telegram.until(from, is_it).await;
    }
    assert_eq!(scene.fills().await, 2, "each does their own");
}

#[tokio::test]
async fn buttons_of_before_a_restart_and_made_up_ones_do_nothing() {
    let mut scene = Scene::new().await;
    let preview = scene.ask(OPEN).await;
    scene.stop().await;
    scene.restart();
    for data in [yes(&preview), "y:".to_owned(), "n:00".to_owned(), "z".to_owned(), String::new()] {
        let answer = scene.answered(ANA, PRIVATE, preview.message, &data).await;
        assert!(answer.contains("Nothing is known of this button"), "{data}: {answer}");
    }
    assert_eq!(scene.fills().await, 0);
}

#[tokio::test]
async fn a_stranger_who_presses_is_not_answered() {
    let scene = Scene::new().await;
    let preview = scene.ask_as(ANA, GROUP, OPEN).await;
    scene.press(EVE, GROUP, preview.message, &yes(&preview));
    scene.press(ANA, -555, preview.message, &yes(&preview));
    scene.settled().await;
    assert_eq!(scene.telegram.attempts("answerCallbackQuery"), 0);
    assert_eq!(scene.bot.strangers(), 2);
    scene.pressed(&preview, "Confirm", "<b>Done</b>").await;
}

#[tokio::test]
async fn an_outcome_is_said_anew_where_its_message_is_gone() {
    let scene = Scene::new().await;
    let preview = scene.ask(OPEN).await;
    let from = scene.telegram.calls.borrow().len();
    scene.press(ANA, PRIVATE, 12345, &yes(&preview));
    let is_it = |it: &Call| it.method == "sendMessage" && it.text().contains("<b>Done</b>");
    scene.telegram.until(from, is_it).await;
}
