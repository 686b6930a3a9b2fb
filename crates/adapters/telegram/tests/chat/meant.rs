use crate::scene::{ANA, GROUP, Scene};
use plimsoll_ports::domain::AccountId;
use plimsoll_telegram::Settings;

/// No contract is settled; this account is.
async fn unsettled(account: &str) -> Scene {
    Scene::with(|settings| Settings { account: Some(AccountId::new(account)), symbol: None, ..settings }).await
}

#[tokio::test]
async fn whoever_names_no_contract_is_told_what_they_said_with_one_added() {
    // Nothing is held there, and no strategy trades there.
    let scene = unsettled("second").await;
    for (said, asked) in [
        ("/futures_open short 100", "/futures_open short 100 BTC/USDT:USDT"),
        ("/futures_open  short 100 5X  stop 2.5%", "/futures_open short 100 5X stop 2.5% BTC/USDT:USDT"),
        ("/futures_open on second short 100 7x", "/futures_open on second short 100 7x BTC/USDT:USDT"),
        ("/futures_leverage 7x", "/futures_leverage 7x BTC/USDT:USDT"),
        ("/futures_leverage 7 on second", "/futures_leverage 7 on second BTC/USDT:USDT"),
    ] {
        let answer = scene.ask(said).await;
        assert_eq!(answer.text(), format!("which contract? Say it: {asked}"));
        let text = scene.ask(asked).await.text().to_owned();
        assert!(text.contains("BTC/USDT:USDT") && text.contains("on second"), "{asked}: {text}");
        assert_eq!(text.contains("short"), said.contains("short"), "{asked}: {text}");
    }
    let text = scene.ask("/futures_open short 100 5x stop 2.5% BTC/USDT:USDT").await.text().to_owned();
    assert!(text.contains("at 5x") && text.contains("stop-loss: 51250"), "{text}");
    let answer = scene.ask_as(ANA, GROUP, "/futures_open@plimsoll_bot short 100").await;
    assert!(answer.text().ends_with("/futures_open@plimsoll_bot short 100 BTC/USDT:USDT"), "{}", answer.text());
    let answer = scene.ask("/funding_rate on second").await;
    assert!(answer.text().ends_with("/funding_rate on second BTC/USDT:USDT"), "{}", answer.text());
}

#[tokio::test]
async fn the_usage_of_opening_names_no_direction() {
    let scene = Scene::new().await;
    let answer = scene.ask("/futures_open short").await;
    assert!(answer.text().contains("/futures_open long|short 100"), "{}", answer.text());
}

#[tokio::test]
async fn the_only_contract_that_is_traded_or_held_is_meant() {
    let scene = unsettled("main").await;
    for (said, shown) in [
        ("/futures_open short 100", "open short 0.002 BTC/USDT:USDT on main"),
        ("/futures_leverage 4", "set the leverage of BTC/USDT:USDT to 4x on main"),
    ] {
        let text = scene.ask(said).await.text().to_owned();
        assert!(text.contains(shown), "by its strategy: {text}");
    }
    let scene = unsettled("second").await;
    let preview = scene.ask("/futures_open long 100 btc").await;
    scene.pressed(&preview, "Confirm", "Done").await;
    scene.world.until(1, |view| !view.positions.is_empty()).await;
    let text = scene.ask("/futures_open long 100").await.text().to_owned();
    assert!(text.contains("open long 0.002 BTC/USDT:USDT on second"), "by what is held: {text}");
}

#[tokio::test]
async fn what_another_account_holds_is_not_meant_where_an_account_is_settled() {
    let scene = unsettled("second").await;
    let preview = scene.ask("/futures_open long 100 BTC on main").await;
    scene.pressed(&preview, "Confirm", "Done").await;
    scene.world.until(0, |view| !view.positions.is_empty()).await;
    let text = scene.ask("/futures_leverage 7").await.text().to_owned();
    assert_eq!(text, "which contract? Say it: /futures_leverage 7 BTC/USDT:USDT");
}

#[tokio::test]
async fn positions_on_several_accounts_are_each_named() {
    let scene = Scene::with(|settings| Settings { account: None, symbol: None, ..settings }).await;
    for account in ["main", "second"] {
        let preview = scene.ask(&format!("/futures_open long 100 BTC on {account}")).await;
        scene.pressed(&preview, "Confirm", "Done").await;
    }
    for account in [0, 1] {
        scene.world.until(account, |view| !view.positions.is_empty()).await;
    }
    let answer = scene.ask("/futures_leverage 7").await;
    let lines = "/futures_leverage 7 BTC/USDT:USDT on main\n/futures_leverage 7 BTC/USDT:USDT on second";
    assert_eq!(answer.text(), format!("which contract? Say one of:\n{lines}"));
    let answer = scene.ask("/futures_leverage 7 BTC/USDT:USDT on second").await;
    assert!(answer.text().contains("to 7x on second"), "{}", answer.text());
}
