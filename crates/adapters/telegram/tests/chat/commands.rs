use crate::scene::{ANA, GROUP, PRIVATE, Scene};
use plimsoll_ports::domain::AccountId;

#[tokio::test]
async fn the_menu_is_set_and_every_question_is_answered() {
    let scene = Scene::new().await;
    scene
        .telegram
        .until(0, |it| it.method == "setMyCommands" && it.with["commands"].as_array().unwrap().len() == 15)
        .await;
    for (text, parts) in [
        ("/start", &["/futures_open long|short", "/futures_emergency_close"][..]),
        ("/help", &["/release"]),
        (
            "/futures_status",
            &["Status, paper", "main at paper", "second at paper", "equity: 10000.00 USDT", "nothing is held"],
        ),
        ("/futures_status on second", &["second at paper"]),
        ("/funding_rate", &["BTC/USDT:USDT at paper", "every 8 h", "mark 50000"]),
        ("/funding_rate btc", &["BTC/USDT:USDT at paper"]),
        ("/liquidation_risk", &["nothing is held", "worst margin ratio unknown"]),
        ("/pnl", &["Profit and loss", "today: unknown"]),
        ("/risk", &["max_leverage", "kill switch: released"]),
        ("/strategies", &["trend: running", "BTC/USDT:USDT"]),
    ] {
        let answer = scene.ask(text).await;
        for part in parts {
            assert!(answer.text().contains(part), "{text}: {}", answer.text());
        }
        assert_eq!(answer.buttons(), []);
    }
    let second = scene.ask("/futures_status on second").await;
    assert!(second.text().contains("second at paper") && !second.text().contains("main at paper"), "{}", second.text());
}

#[tokio::test]
async fn what_is_held_is_told_with_its_liquidation_and_its_stop() {
    let scene = Scene::new().await;
    scene.world.long().await;
    scene.world.managers[0].monitor().await.unwrap();
    let position = scene.world.service.positions(None, None).await.unwrap().positions.remove(0);
    let liquidation = position.liquidation_price.unwrap().get().round_dp(8).normalize();
    for (text, parts) in [
        (
            "/futures_status",
            vec![
                "BTC/USDT:USDT long 0.05 at 5x".to_owned(),
                format!("liquidated at {liquidation}"),
                "stop 48000, 4.00 % away".to_owned(),
            ],
        ),
        (
            "/liquidation_risk",
            vec![format!("liquidated at {liquidation}"), "margin ratio".to_owned(), "stop 48000".to_owned()],
        ),
        ("/funding_rate", vec!["long 0.05 on main".to_owned(), "a day".to_owned()]),
        ("/pnl", vec!["main, paper".to_owned(), "fees 1.00, ".to_owned()]),
    ] {
        let answer = scene.ask(text).await;
        for part in parts {
            assert!(answer.text().contains(&part), "{text}: no {part} in {}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_position_is_shown_then_opened_and_closed_by_presses() {
    let scene = Scene::new().await;
    let preview = scene.ask("/futures_open long 100 BTC/USDT:USDT 5x stop 48000").await;
    for part in [
        "<b>open long 0.002 BTC/USDT:USDT on main at 5x</b>",
        "play money",
        "notional: 100.00 USDT",
        "initial margin: 20.00 USDT",
        "liquidation: 40",
        "stop-loss: 48000",
        "sell all at 48000",
        "holds for 60 s",
    ] {
        assert!(preview.text().contains(part), "no {part} in {}", preview.text());
    }
    assert!(scene.world.service.positions(None, None).await.unwrap().positions.is_empty(), "nothing is done yet");
    let done = scene.pressed(&preview, "Confirm", "Done").await;
    assert!(done.text().contains("stop at 48000, read back") && done.buttons().is_empty(), "{}", done.text());
    assert_eq!(done.message, preview.message);
    scene.world.until(0, |view| !view.positions.is_empty() && !view.orders.is_empty()).await;
    let steps = scene.audited().await;
    let kinds: Vec<_> = steps.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["action_prepared", "action_confirmed", "action_done"]);
    assert!(steps.iter().all(|(_, text)| text.starts_with("telegram:11: ")), "{steps:?}");

    let preview = scene.ask("/futures_close").await;
    assert!(preview.text().contains("close BTC/USDT:USDT long on main"), "{}", preview.text());
    let done = scene.pressed(&preview, "Confirm", "Done").await;
    assert!(done.text().contains("nothing is left"), "{}", done.text());
}

#[tokio::test]
async fn what_is_left_out_of_an_opening_is_filled_in_and_said() {
    let scene = Scene::new().await;
    let preview = scene.ask("/futures_open long 100").await;
    for part in ["BTC/USDT:USDT on main at 3x", "stop-loss: 49000"] {
        assert!(preview.text().contains(part), "no {part} in {}", preview.text());
    }
    let preview = scene.ask("/futures_open short 100 btc on second stop 1%").await;
    for part in ["open short 0.002 BTC/USDT:USDT on second at 3x", "stop-loss: 50500"] {
        assert!(preview.text().contains(part), "no {part} in {}", preview.text());
    }
    scene.world.long().await;
    let preview = scene.ask("/futures_open long 100 stop 48000").await;
    assert!(preview.text().contains("on main at 5x"), "that of what is held: {}", preview.text());
}

#[tokio::test]
async fn what_is_refused_or_makes_no_sense_has_no_button() {
    let scene = Scene::new().await;
    for (text, part) in [
        ("/futures_open long 400000", "Refused: nothing is done"),
        ("/futures_open long 100 XYZ", "no such contract"),
        ("/futures_open long 100 a<b", "a contract is written like"),
        ("/futures_open long 1", "less than one lot"),
        ("/futures_open long", "it goes like this"),
        ("/futures_open long 100 on nobody", "there is no account 'nobody'"),
        ("/futures_close", "no position"),
        ("/futures_leverage 2000", "everage"),
        ("/pause grid", "there is no strategy 'grid'"),
        ("/release", "why?"),
        ("/nonsense", "no such command"),
    ] {
        let answer = scene.ask(text).await;
        assert!(answer.text().contains(part) && answer.buttons().is_empty(), "{text}: {}", answer.text());
    }
    assert!(scene.audited().await.iter().all(|(kind, _)| kind == "action_refused"));
    assert!(scene.events("action_refused").iter().any(|it| it == "telegram:11: there is no account 'nobody'"));
    let words: Vec<_> = scene.telegram.all("sendMessage");
    assert!(words.iter().all(|it| it.chat() == PRIVATE));
}

#[tokio::test]
async fn several_positions_are_asked_about() {
    let scene = Scene::with(|settings| plimsoll_telegram::Settings { account: None, symbol: None, ..settings }).await;
    let answer = scene.ask("/futures_open long 100 BTC").await;
    assert!(answer.text().contains("on which account? add one of: on main, on second"), "{}", answer.text());
    // No strategy trades there, and nothing is held.
    assert!(scene.ask("/futures_open long 100 on second").await.text().contains("which contract?"));
    assert!(scene.ask("/futures_leverage 5").await.text().contains("which contract?"));
    assert!(scene.ask("/futures_close").await.text().contains("nothing like that is held"));
    assert!(scene.ask("/funding_rate").await.text().contains("Nothing is held."));
    for account in ["main", "second"] {
        let preview = scene.ask(&format!("/futures_open long 100 BTC on {account}")).await;
        scene.pressed(&preview, "Confirm", "Done").await;
    }
    for account in [0, 1] {
        scene.world.until(account, |view| !view.positions.is_empty()).await;
    }
    let answer = scene.ask("/futures_close").await;
    assert!(answer.text().contains("/futures_close BTC/USDT:USDT long on second"), "{}", answer.text());
    let preview = scene.ask("/futures_close BTC/USDT:USDT long on second").await;
    assert!(preview.text().contains("close BTC/USDT:USDT long on second"), "{}", preview.text());
}

#[tokio::test]
async fn leverage_and_strategies_are_set_by_one_press() {
    let scene = Scene::new().await;
    for (text, shown, done) in [
        ("/futures_leverage 4", "set the leverage of BTC/USDT:USDT to 4x on main", "4x"),
        ("/pause trend news at 8", "pause the strategy trend", "trend is paused"),
        ("/resume trend", "resume the strategy trend", "trend"),
    ] {
        let preview = scene.ask(text).await;
        assert!(preview.text().contains(shown), "{text}: {}", preview.text());
        let outcome = scene.pressed(&preview, "Confirm", "<b>Done</b>").await;
        assert!(outcome.text().contains(done), "{text}: {}", outcome.text());
    }
    assert!(scene.ask("/strategies").await.text().contains("by telegram:11: wanted on Telegram"));
}

#[tokio::test]
async fn the_kill_switch_takes_two_presses_and_is_released_with_a_reason() {
    let scene = Scene::new().await;
    scene.world.long().await;
    let first = scene.ask("/kill news on tv").await;
    assert!(first.text().contains("keeps BTC/USDT:USDT long 0.05 on main"), "{}", first.text());
    assert_eq!(scene.events("action_asked"), ["telegram:11: engage the kill switch of all accounts"]);
    let second = scene.pressed(&first, "Yes…", "Really").await;
    assert_eq!(scene.world.service.kill_switches().await.state, "released", "nothing is done yet");
    assert!(scene.audited().await.is_empty(), "and nobody has typed the word");
    let done = scene.pressed(&second, "KILL", "<b>Done</b>").await;
    assert!(done.buttons().is_empty());
    let switches = scene.world.service.kill_switches().await;
    assert_eq!((switches.state, switches.accounts[0].by.as_deref()), ("engaged", Some("telegram:11")));
    assert_eq!(switches.accounts[0].reason.as_deref(), Some("news on tv"));
    assert_eq!(scene.world.service.positions(None, None).await.unwrap().positions.len(), 1, "it closes nothing");

    let preview = scene.ask("/release it is over").await;
    scene.pressed(&preview, "Confirm", "<b>Done</b>").await;
    assert_eq!(scene.world.service.kill_switches().await.state, "released");
}

#[tokio::test]
async fn everything_is_closed_after_two_presses_also_from_a_group() {
    let scene = Scene::new().await;
    scene.world.long().await;
    let first = scene.ask_as(ANA, GROUP, "/futures_emergency_close@plimsoll_bot get out").await;
    assert!(first.text().contains("closes BTC/USDT:USDT long 0.05 on main"), "{}", first.text());
    let second = scene.pressed(&first, "Yes…", "Really").await;
    assert_eq!(second.chat(), GROUP);
    let done = scene.pressed(&second, "FLATTEN", "<b>Done</b>").await;
    assert!(done.text().contains("main is flat") && done.text().contains("second is flat"), "{}", done.text());
    scene.world.until(0, |view| view.positions.is_empty() && view.orders.is_empty()).await;
    assert!(scene.audited().await.iter().any(|(kind, text)| kind == "action_done" && text.contains("telegram:11")));
}

#[tokio::test]
async fn one_account_alone_is_closed_where_it_is_named() {
    let scene = Scene::new().await;
    scene.world.long().await;
    let first = scene.ask("/futures_emergency_close on second").await;
    assert!(first.text().contains("close everything on second"), "{}", first.text());
    let second = scene.pressed(&first, "Yes…", "Really").await;
    scene.pressed(&second, "FLATTEN", "<b>Done</b>").await;
    let held = scene.world.service.positions(Some(&AccountId::new("main")), None).await.unwrap();
    assert_eq!(held.positions.len(), 1);
}
