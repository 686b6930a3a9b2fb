//! `plimsoll run`, a process of its own, at a venue in this one. It looks by the clock every two hours: whatever it notices
//! sooner, the account's stream has told it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod rereading;
mod stage;

use plimsoll_domain::{ClientOrderId, Decimal, Side};
use plimsoll_exchange::OrderRef;
use plimsoll_venue_server::Fault;
use serde_json::Value;
use stage::{Guard, Stage, price};

async fn everything_is_noticed_at_once(wire: &str) {
    let stage = Stage::set(wire).await;
    let mut guard = Guard::start(&stage);
    guard.until("stream_connected", |_| true).await;
    let set = guard.until("contract_set", |_| true).await;
    assert_eq!((&set["margin_mode"], &set["leverage"]), (&"isolated".into(), &10.into()), "{set}");

    // Another process opens: the stream tells, and nobody is alarmed.
    stage.verb("open BTC/USDT:USDT --side long --quantity 0.02 --leverage 10 --stop 58000 --yes").await;
    guard.until("position_opened", |it| it["quantity"] == "0.02").await;

    // Its stop is cancelled by hand, and placed again.
    let [stop] = <[ClientOrderId; 1]>::try_from(stage.stops()).unwrap();
    let cancel = OrderRef::Client(stop.clone());
    stage.venue.exchange(|exchange| exchange.cancel_conditional(&stage.account, &cancel)).unwrap();
    guard.woken(&["stop_gone"]).await;
    guard.until("pass", |it| it["unprotected"] == 1).await;
    let is_restored = |it: &Value| it["findings"].as_array().unwrap().iter().any(|it| it["kind"] == "restored");
    guard.until("reconciled", is_restored).await;
    assert!(matches!(stage.stops().as_slice(), [again] if *again != stop));
    stage.verb("close BTC/USDT:USDT --yes").await;
    guard.until("position_closed", |_| true).await;

    // A position is made by hand, and adopted.
    guard.forget();
    stage.by_hand("hand-1", Side::Buy);
    guard.woken(&["position_opened", "traded_elsewhere"]).await;
    guard.until("pass", |it| it["positions"] == 1).await;
    let is_adopted = |it: &Value| it["findings"].as_array().unwrap().iter().any(|it| it["kind"] == "adopted");
    guard.until("reconciled", is_adopted).await;

    // The market falls to where margin is thin.
    guard.told("marks_flow").await;
    stage.jump_to_thin_margin();
    let warned = guard.until("liquidation_warning", |_| true).await;
    assert!(warned["level"] == "high_usage" || warned["level"] == "warning", "{warned}");
    guard.woken(&["thin_margin", "position_margin_ratio", "liquidation_warning", "margin_call"]).await;
    // The look that defends it may come before the last of these reasons.
    let is_defended = |it: &Value| it["event"] == "pass" && it["action"] == "defended";
    if !guard.heard.iter().any(is_defended) {
        guard.until("pass", is_defended).await;
    }
    // As much as restores the target: what is left keeps the margin of the whole, and is calm while the price stays there.
    let kept = stage.held().unwrap();
    assert!(kept > Decimal::ZERO && kept < Decimal::new(2, 2), "{kept}");
    *stage.price.lock().unwrap() = price("60000");

    // The stream is cut, and comes back: what happened meanwhile is looked at.
    stage.venue.inject(Fault::Refuse.always());
    stage.venue.disconnect_private_sockets();
    guard.until("stream_disconnected", |_| true).await;
    stage.by_hand("hand-2", Side::Buy);
    stage.venue.call_off(Fault::Refuse);
    let gap = guard.until("gap_closed", |_| true).await;
    assert!(gap["length_ms"].as_u64().is_some() && gap["reason"].is_string(), "{gap}");
    guard.woken(&["position_changed", "traded_elsewhere"]).await;
    guard.until("pass", |it| it["positions"] == 1).await;
    let left = stage.held().unwrap() - Decimal::new(2, 2);
    assert_eq!(left, kept, "what was bought by hand stays whole");

    // It guards on.
    stage.by_hand("hand-3", Side::Buy);
    guard.woken(&["position_changed", "traded_elsewhere"]).await;
    guard.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_noticed_at_once_at_binance() {
    everything_is_noticed_at_once("binance").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_noticed_at_once_at_gateio() {
    everything_is_noticed_at_once("gateio").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_noticed_at_once_at_bitget() {
    everything_is_noticed_at_once("bitget").await;
}
