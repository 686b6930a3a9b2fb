use crate::scene::Scene;
use crate::world::World;
use plimsoll_engine::{AccountView, Link};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// A word with more digits behind its point than anybody reads.
fn long_figure(text: &str) -> Option<&str> {
    let words = text.split(|it: char| !it.is_ascii_digit() && it != '.');
    words.into_iter().find(|word| word.split_once('.').is_some_and(|(_, fraction)| fraction.len() > 8))
}

#[tokio::test]
async fn figures_are_as_long_as_people_read_them() {
    let scene = Scene::new().await;
    // Two fills at odd prices make an average of many digits, and so does what it is liquidated at.
    for (price, amount) in [("50000.1", 500), ("51234.7", 700)] {
        scene.world.mark(price).await;
        let preview = scene.ask(&format!("/futures_open long {amount} 3x stop 48000.1")).await;
        assert_eq!(long_figure(preview.text()), None, "{}", preview.text());
        let done = scene.pressed(&preview, "Confirm", "Done").await;
        assert_eq!(long_figure(done.text()), None, "{}", done.text());
        scene.world.until(0, |view| !view.positions.is_empty()).await;
    }
    scene.world.mark("51111.123456").await;
    for said in ["/futures_status", "/liquidation_risk", "/funding_rate", "/pnl", "/risk", "/futures_leverage 7"] {
        let answer = scene.ask(said).await;
        assert_eq!(long_figure(answer.text()), None, "{said}: {}", answer.text());
    }
    let preview = scene.ask("/futures_open long 500 3x stop 48000.1").await;
    for part in ["mark: 51111.123456\n", "funding rate: 0.01 %"] {
        assert!(preview.text().contains(part), "as the venue has it: {part}: {}", preview.text());
    }
    let status = scene.ask("/futures_status").await;
    assert!(status.text().contains("entry 50729.73636364, mark 51111.123456\n"), "{}", status.text());
}

#[tokio::test]
async fn limits_are_told_in_their_units() {
    let scene = Scene::new().await;
    let calm = scene.ask("/risk").await;
    assert!(
        calm.text().contains("min_liquidation_distance: no price liquidates anything; at least 3.00 %\n"),
        "nothing is held: {}",
        calm.text()
    );
    scene.world.long().await;
    let risk = scene.ask("/risk").await;
    for part in [
        "max_position: 2500.00 of 2999.6985 USDT",
        "max_positions: 1 of ",
        "max_leverage: 5x of ",
        "min_liquidation_distance: 19.68 %, at least 3.00 %",
        " s of 10 s",
    ] {
        assert!(risk.text().contains(part), "no {part} in {}", risk.text());
    }
}

#[tokio::test]
async fn a_pool_is_told_of_where_there_is_one() {
    let scene = Scene::new().await;
    scene.world.long().await;
    let answer = scene.ask("/liquidation_risk").await;
    assert!(answer.text().contains("main: worst margin ratio 2"), "{}", answer.text());
    assert!(!answer.text().contains("pool"), "what is held is isolated: {}", answer.text());
}

#[tokio::test]
async fn every_answer_with_figures_of_now_says_that_they_are_stale() {
    let views: Arc<Mutex<Vec<watch::Sender<Arc<AccountView>>>>> = Arc::default();
    let kept = Arc::clone(&views);
    let world = World::with_views(move |name, account| {
        if name != "main" {
            return account.watch();
        }
        let view = account.watch().borrow().clone();
        let (sender, receiver) = watch::channel(view);
        kept.lock().unwrap().push(sender);
        receiver
    })
    .await;
    world.long().await;
    let mut view = AccountView::clone(&world.accounts[0].watch().borrow());
    view.link = Link::Down { reason: "cut".to_owned() };
    views.lock().unwrap()[0].send_replace(Arc::new(view));
    let scene = Scene::of(world, |settings| settings).await;
    let words = "NOT FRESH: in doubt, the stream is down";
    for said in ["/futures_status", "/liquidation_risk", "/risk", "/pnl", "/funding_rate"] {
        let answer = scene.ask(said).await;
        assert_eq!(answer.text().matches(words).count(), 1, "{said}: of one account alone: {}", answer.text());
        let before_figures = answer.text().split(words).next().unwrap().to_owned();
        assert!(!before_figures.contains("50000"), "{said}: {before_figures}");
        let other = scene.ask(&format!("{said} on second")).await;
        assert!(!other.text().contains("NOT FRESH"), "{said}: {}", other.text());
    }
    for said in ["/kill", "/futures_emergency_close on main"] {
        let answer = scene.ask(said).await;
        assert!(answer.text().contains("NOT FRESH: main: the stream is down: cut"), "{said}: {}", answer.text());
    }
    let other = scene.ask("/kill on second").await;
    assert!(!other.text().contains("NOT FRESH"), "{}", other.text());
}
