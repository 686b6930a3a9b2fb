use crate::scene::{ANA, BEN, EVE, GROUP, PRIVATE, Scene};
use plimsoll_telegram::{Allowance, Settings};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn strangers_get_no_answer_and_are_told_of_once_an_hour() {
    let scene = Scene::new().await;
    for (user, chat) in [(EVE, EVE), (EVE, GROUP), (ANA, -555), (EVE, PRIVATE)] {
        scene.write(user, chat, "/futures_status");
        scene.write(user, chat, "hello?");
    }
    let mut bot = scene.message(ANA, GROUP, "/kill");
    bot["from"]["is_bot"] = json!(true);
    scene.telegram.tell(json!({ "message": bot }));
    let mut nobody = scene.message(ANA, GROUP, "/kill");
    nobody.as_object_mut().unwrap().remove("from");
    scene.telegram.tell(json!({ "message": nobody }));
    scene.settled().await;
    assert_eq!(scene.telegram.said().len(), 2, "only who is known is answered");
    assert_eq!(scene.bot.strangers(), 10);
    let told = scene.events("telegram_stranger");
    assert_eq!(told, ["user 66 in chat 66 is on no list and was not answered; 1 such messages so far"]);
    scene.world.pass(Duration::from_secs(3600));
    scene.write(EVE, EVE, "/start");
    scene.settled().await;
    let told = scene.events("telegram_stranger");
    assert!(told.len() == 2 && told[1].contains("11 such messages"), "{told:?}");
}

#[tokio::test]
async fn what_is_not_written_to_us_now_by_who_sends_it_is_no_command() {
    let scene = Scene::new().await;
    for text in ["/futures_status@another_bot", "/weather", "good morning", "see /futures_status"] {
        scene.write(ANA, GROUP, text);
    }
    for (field, value) in [
        ("forward_origin", json!({ "type": "user", "date": 1 })),
        ("forward_date", json!(1)),
        ("via_bot", json!({ "id": 5, "is_bot": true })),
        ("sender_chat", json!({ "id": GROUP })),
        ("edit_date", json!(1)),
    ] {
        let mut message = scene.message(ANA, GROUP, "/futures_status");
        message[field] = value;
        scene.telegram.tell(json!({ "message": message }));
    }
    let edited = scene.message(ANA, GROUP, "/futures_status");
    scene.telegram.tell(json!({ "edited_message": edited }));
    scene.telegram.tell(json!({ "channel_post": edited }));
    scene.settled().await;
    assert_eq!(scene.telegram.said().len(), 2);
}

#[tokio::test]
async fn what_was_written_while_nobody_listened_is_not_made_up_for() {
    let mut scene = Scene::new().await;
    scene.settled().await;
    scene.stop().await;
    assert_eq!(scene.telegram.untaken(), 0, "what was heard is said to have been heard");
    let last = scene.telegram.all("getUpdates").pop().unwrap().with;
    assert_eq!((last["timeout"].as_i64(), last["offset"].as_i64()), (Some(0), Some(3)), "also what came last");
    scene.write(ANA, PRIVATE, "/futures_open long 100");
    scene.world.pass(Duration::from_secs(61));
    scene.write(ANA, PRIVATE, "/strategies");
    scene.restart();
    scene.settled().await;
    let said = scene.telegram.said();
    assert!(said.len() == 5 && said.iter().any(|it| it.contains("trend")), "{said:?}");
    assert!(scene.audited().await.is_empty());
}

#[tokio::test]
async fn what_arrives_late_is_not_done_and_that_is_said() {
    let scene = Scene::new().await;
    scene.settled().await;
    let mut message = scene.message(ANA, PRIVATE, "/futures_open long 100");
    scene.world.pass(Duration::from_secs(75));
    message["date"] = json!(scene.now() - 75);
    let from = scene.telegram.calls.borrow().len();
    scene.telegram.tell(json!({ "message": message }));
    let answer = scene.telegram.until(from, |it| it.method == "sendMessage").await;
    assert!(answer.text().contains("75 s late: nothing was done"), "{}", answer.text());
}

#[tokio::test]
async fn a_flood_is_bounded_for_each_user_and_said_once() {
    let mut scene = Scene::with(|settings| {
        let commands = Allowance { burst: 3, per_minute: 30 };
        Settings { commands, ..settings }
    })
    .await;
    for _ in 0..50 {
        scene.write(ANA, PRIVATE, "/strategies");
    }
    scene.write(ANA, PRIVATE, "/kill");
    scene.settled().await;
    scene.stop().await;
    let said = scene.telegram.said();
    assert!(said.iter().any(|it| it.contains("engage the kill switch")), "getting out is heard all the same");
    let count = |part: &str| said.iter().filter(|it| it.contains(part)).count();
    assert_eq!((count("trend: running"), count("Too much at once: wait 3 s.")), (3, 1), "{said:?}");
}

#[tokio::test]
async fn presses_are_bounded_too() {
    let scene = Scene::with(|settings| {
        let presses = Allowance { burst: 2, per_minute: 60 };
        Settings { presses, ..settings }
    })
    .await;
    for _ in 0..20 {
        scene.press(ANA, PRIVATE, 1, "y:00");
    }
    scene.settled().await;
    scene.telegram.until(0, |it| it.text().contains("press again in a moment")).await;
    scene.telegram.until(0, |it| it.text().contains("Nothing is known")).await;
    assert!(scene.telegram.attempts("answerCallbackQuery") <= 3);
}

#[tokio::test]
async fn an_update_is_handled_once_and_one_that_cannot_be_read_holds_up_no_other() {
    let scene = Scene::new().await;
    let message = scene.message(ANA, PRIVATE, "/strategies");
    let number = scene.telegram.tell(json!({ "message": message }));
    scene.telegram.until(0, |it| it.method == "sendMessage").await;
    scene.telegram.tell_raw(json!({ "update_id": number, "message": message }));
    for wrong in [
        json!({ "message": 7 }),
        json!({ "message": { "chat": {} } }),
        json!({ "message": { "message_id": "x", "date": 0, "chat": { "id": ANA } } }),
        json!({ "callback_query": { "id": 7 } }),
        json!({ "callback_query": { "id": "7", "from": { "id": ANA } } }),
        json!({ "message": { "message_id": 1, "date": 0, "chat": { "id": PRIVATE }, "from": { "id": ANA } } }),
        json!({ "poll": {} }),
    ] {
        scene.telegram.tell(wrong);
    }
    scene.telegram.tell_raw(json!("no update"));
    scene.telegram.tell_raw(json!({ "update_id": "x" }));
    scene.settled().await;
    assert_eq!(scene.telegram.said().len(), 3, "{:?}", scene.telegram.said());
}

#[tokio::test]
async fn after_a_long_silence_numbers_may_begin_anew() {
    let scene = Scene::new().await;
    scene.settled().await;
    scene.world.pass(Duration::from_secs(25 * 60 * 60));
    let attempts = scene.telegram.attempts("getUpdates");
    scene.telegram.tell_raw(json!("something that ends the wait"));
    scene.pass_until(|| scene.telegram.attempts("getUpdates") > attempts).await;
    let message = scene.message(ANA, PRIVATE, "/strategies");
    scene.telegram.tell_raw(json!({ "update_id": 1, "message": message }));
    scene.pass_until(|| scene.telegram.said().iter().any(|it| it.contains("trend"))).await;
}

#[tokio::test]
async fn an_answer_goes_to_the_topic_that_the_question_came_from() {
    let scene = Scene::new().await;
    let mut message = scene.message(BEN, GROUP, "/help");
    message["message_thread_id"] = json!(77);
    message["is_topic_message"] = json!(true);
    scene.telegram.tell(json!({ "message": message }));
    let answer = scene.telegram.until(0, |it| it.method == "sendMessage").await;
    assert_eq!((answer.chat(), answer.with["message_thread_id"].as_i64()), (GROUP, Some(77)));
}
