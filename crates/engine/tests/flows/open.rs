use crate::desk::{Desk, desk, desk_with, long, manager, unprotected};
use crate::venue::{Fault, btc, eth, money, price, size};
use plimsoll_engine::{
    CloseFailure, FlattenReason, OpenFailure, OpenWarning, PositionManager, Protected, ProtectionFailure, SendFailure,
    Settings, Trouble, UnverifiedStop,
};
use plimsoll_ports::domain::risk::RiskCheck;
use plimsoll_ports::domain::{
    Direction, Leverage, Liquidation, LiquidationBounds, MarginMode, OrderStatus, OrderType, Position, PositionMode,
};
use plimsoll_ports::{Clock, JournalState, OpenIntent, Purpose, RefusalReason, Severity, StopLoss};
use std::time::Duration;

#[tokio::test]
async fn a_position_is_opened_protected_and_recorded() {
    let desk = desk();
    let opened = desk.open(&OpenIntent { take_profit: Some(price("60000")), ..long() }).await.unwrap();

    assert_eq!((opened.price, opened.quantity), (price("50000"), size("0.05")));
    assert_eq!((opened.notional, opened.fees, opened.margin), (money("2500"), Some(money("1.25")), money("500")));
    let below = (2500 - 500) as f64 / (0.05 * 0.996);
    let Liquidation::Bounds(LiquidationBounds { below: Some(liquidation), above: None }) = opened.liquidation else {
        panic!("a long is liquidated below")
    };
    assert_eq!(liquidation.get().round_dp(6).to_string(), format!("{below:.6}"));
    assert_eq!(opened.venue_liquidation, Some(price("1")));
    let funding = opened.funding.unwrap();
    assert_eq!((funding.per_day, funding.next_payment), (money("0.75"), money("0.25")));
    assert_eq!(opened.stop_loss.stop().unwrap().clone().trigger, price("45000"));
    assert_eq!(opened.take_profit.unwrap().trigger, price("60000"));
    assert!(opened.warnings.is_empty() && opened.troubles.is_empty());

    let tables = desk.store.tables();
    let record = &tables.positions[0];
    assert_eq!(Some(record.id), opened.record);
    assert_eq!((record.opened.quantity, record.opened.strategy.as_str()), (size("0.05"), "operator"));
    assert_eq!(tables.trades.len(), 1);
    assert_eq!(tables.trades[0].position, opened.record);
    let purposes: Vec<_> = tables.journal.iter().map(|entry| entry.purpose).collect();
    assert_eq!(purposes, [Purpose::StopLoss, Purpose::TakeProfit, Purpose::Entry], "nothing is entered unprotectably");
    assert!(matches!(tables.journal[0].state, JournalState::Accepted { .. }));
    assert!(matches!(tables.journal[1].state, JournalState::Accepted { .. }));
    assert!(matches!(tables.journal[2].state, JournalState::Finished { .. }));
}

#[tokio::test]
async fn margin_mode_and_leverage_are_set_before_the_order() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    assert_eq!(
        desk.venue.state().calls,
        [
            "margin mode isolated BTC/USDT:USDT",
            "leverage 5x BTC/USDT:USDT",
            "place stop_market sell",
            "place market buy"
        ]
    );
}

#[tokio::test]
async fn a_refusal_lists_and_records_every_reason() {
    let desk = desk();
    let too_much = OpenIntent { quantity: size("0.5"), leverage: Leverage::new(10).unwrap(), ..long() };
    let failure = desk.open(&OpenIntent { stop_loss: unprotected(), ..too_much }).await.unwrap_err();
    let OpenFailure::Refused(refused) = failure else { panic!("{failure}") };
    let checks: Vec<_> = refused.reasons.iter().map(|reason| reason.check()).collect();
    assert_eq!(checks, [RiskCheck::Leverage, RiskCheck::PositionSize]);
    assert_eq!(desk.store.events("refused_leverage").len(), 1);
    let size = &desk.store.events("refused_position_size")[0];
    assert_eq!((size.figure.unwrap(), size.limit.unwrap()), (25_000.into(), 3_000.into()));
    assert!(desk.venue.state().calls.is_empty(), "nothing was sent or set");
}

#[tokio::test]
async fn what_cannot_be_right_is_refused_before_anything_is_sent() {
    let desk = desk();
    let cases = [
        (OpenIntent { stop_loss: StopLoss::At(price("51000")), ..long() }, "wrong side"),
        (OpenIntent { take_profit: Some(price("49000")), ..long() }, "wrong side"),
        (OpenIntent { stop_loss: StopLoss::At(price("40100")), ..long() }, "beyond the liquidation price"),
        (OpenIntent { quantity: size("0.0001"), ..long() }, "less than one lot"),
        (OpenIntent { direction: Direction::Short, stop_loss: StopLoss::At(price("49000")), ..long() }, "wrong side"),
    ];
    for (intent, said) in cases {
        let failure = desk.open(&intent).await.unwrap_err();
        assert!(failure.to_string().contains(said), "{failure}");
    }
    assert!(desk.venue.state().calls.is_empty());
}

#[tokio::test]
async fn a_one_way_position_is_not_turned_by_opening() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    let short = OpenIntent { direction: Direction::Short, stop_loss: StopLoss::At(price("55000")), ..long() };
    let failure = desk.open(&short).await.unwrap_err();
    assert_eq!(failure, OpenFailure::OppositePosition { symbol: btc(), held: Direction::Long });
}

#[tokio::test]
async fn funding_above_ten_a_day_is_warned_about() {
    let desk = desk();
    desk.venue.state().rate = "0.002".parse().unwrap();
    let opened = desk.open(&long()).await.unwrap();
    assert_eq!(opened.funding.unwrap().per_day, money("15"));
    let warned = |warning: &&OpenWarning| warning.to_string().contains("funding");
    assert_eq!(opened.warnings.iter().filter(warned).count(), 1, "{:?}", opened.warnings);
}

#[tokio::test]
async fn a_size_is_rounded_down_to_the_lot_and_said() {
    let desk = desk();
    let opened = desk.open(&OpenIntent { quantity: size("0.0509"), ..long() }).await.unwrap();
    assert_eq!(opened.quantity, size("0.05"));
    assert_eq!(opened.warnings, [OpenWarning::Rounded { wanted: size("0.0509"), sent: size("0.05") }]);
}

#[tokio::test]
async fn a_partial_fill_is_protected_and_recorded_as_it_is() {
    let desk = desk();
    desk.venue.fail(OrderType::Market, Fault::Partly(size("0.02")));
    let opened = desk.open(&long()).await.unwrap();
    assert_eq!((opened.quantity, opened.position.quantity), (size("0.02"), size("0.02")));
    assert_eq!(opened.warnings, [OpenWarning::PartlyFilled { sent: size("0.05"), filled: size("0.02") }]);
    assert_eq!(desk.store.tables().positions[0].opened.quantity, size("0.02"));
}

#[tokio::test]
async fn adding_blends_the_entry_and_replaces_the_stop() {
    let desk = desk();
    desk.open(&OpenIntent { quantity: size("0.02"), ..long() }).await.unwrap();
    desk.venue.mark(&btc(), "52000");
    let more = OpenIntent { quantity: size("0.02"), stop_loss: StopLoss::At(price("48000")), ..long() };
    let opened = desk.open(&more).await.unwrap();
    assert_eq!(opened.position.entry, price("51000"));
    assert_eq!(opened.position.quantity, size("0.04"));
    let tables = desk.store.tables();
    assert_eq!((tables.positions.len(), tables.trades.len()), (1, 2));
    assert_eq!(tables.positions[0].opened.entry_price, price("51000"));
    let stops: Vec<_> = desk.venue.state().open.iter().map(|order| order.trigger.unwrap()).collect();
    assert_eq!(stops, [price("48000")]);
}

#[tokio::test]
async fn a_preview_by_what_was_just_read_reads_no_account_and_what_is_opened_then_does() {
    let desk = desk();
    let asked = || desk.venue.state().accounts_asked;
    let (_, read) = desk.manager.reconcile_and_read().await.unwrap();
    let before = asked();
    let shown = desk.manager.preview_by(read, &long()).await.unwrap();
    assert_eq!((asked(), shown.equity), (before, money("10000")));
    // It is good for a second.
    let (_, read) = desk.manager.reconcile_and_read().await.unwrap();
    desk.venue.sleep(Duration::from_secs(1)).await;
    let before = asked();
    desk.manager.preview_by(read, &long()).await.unwrap();
    assert_eq!(asked(), before + 1);
    // Whatever was read, what adds exposure is judged by a reading of its own.
    desk.manager.reconcile_and_read().await.unwrap();
    let before = asked();
    desk.open(&long()).await.unwrap();
    assert_eq!(asked(), before + 1);
}

/// To list all of them takes many times as much of a venue's request limits.
#[tokio::test]
async fn stops_are_looked_for_among_the_orders_of_their_contract() {
    let desk = desk();
    desk.open(&OpenIntent { take_profit: Some(price("60000")), ..long() }).await.unwrap();
    desk.manager.move_stop(&btc(), Direction::Long, price("46000")).await.unwrap();
    let more = OpenIntent { quantity: size("0.005"), stop_loss: StopLoss::At(price("47000")), ..long() };
    desk.open(&more).await.unwrap();
    let state = desk.venue.state();
    assert_eq!(state.listed_whole, state.accounts_asked, "with the account, and not beside it");
}

#[tokio::test]
async fn one_listing_that_fails_is_no_proof_that_no_stop_rests() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    let rested: Vec<_> = desk.venue.state().open.iter().map(|order| order.client_order_id.clone()).collect();
    desk.venue.state().hide_orders_of_one = 1;
    desk.manager.move_stop(&btc(), Direction::Long, price("45000")).await.unwrap();
    let rests: Vec<_> = desk.venue.state().open.iter().map(|order| order.client_order_id.clone()).collect();
    assert_eq!(rests, rested, "it was found to rest there already");
}

#[tokio::test]
async fn adding_to_a_position_keeps_the_stop_that_rests_if_that_is_asked_for() {
    let desk = desk();
    let first = desk.open(&OpenIntent { quantity: size("0.02"), ..long() }).await.unwrap();
    let more = OpenIntent { quantity: size("0.02"), stop_loss: StopLoss::Resting, ..long() };
    let opened = desk.open(&more).await.unwrap();
    let (stop, kept) = (first.stop_loss.stop().unwrap(), opened.stop_loss.stop().unwrap());
    assert_eq!((&kept.client_order_id, kept.trigger), (&stop.client_order_id, price("45000")));
    assert_eq!((desk.venue.state().open.len(), opened.position.quantity), (1, size("0.04")));
    assert!(opened.warnings.is_empty());
}

#[tokio::test]
async fn nothing_is_opened_behind_a_stop_that_does_not_rest() {
    let desk = desk();
    let failure = desk.open(&OpenIntent { stop_loss: StopLoss::Resting, ..long() }).await.unwrap_err();
    assert_eq!(failure, OpenFailure::NoStopRests(btc()));
    assert!(desk.venue.state().calls.is_empty() && desk.store.tables().journal.is_empty());
}

#[tokio::test]
async fn who_wants_no_stop_is_on_record_before_anything_is_sent() {
    let desk = desk();
    let naked = OpenIntent { stop_loss: unprotected(), ..long() };
    desk.store.tables().takes_no_events = true;
    assert!(matches!(desk.open(&naked).await, Err(OpenFailure::Records(_))));
    assert!(desk.venue.position(&btc()).is_none() && desk.store.tables().journal.is_empty());

    desk.store.tables().takes_no_events = false;
    let opened = desk.open(&naked).await.unwrap();
    let StopLoss::Waived(waiver) = unprotected() else { panic!("it has a stop") };
    assert_eq!(opened.stop_loss, Protected::Waived(waiver.clone()));
    assert_eq!(opened.warnings, [OpenWarning::NoStop(waiver)]);
    let events = desk.store.events("stop_waived");
    assert_eq!((events.len(), events[0].detail.as_str()), (1, "ana wants none: hedged elsewhere"));
}

#[tokio::test]
async fn adding_with_the_same_stop_keeps_the_one_that_rests() {
    let desk = desk();
    let less = OpenIntent { quantity: size("0.02"), ..long() };
    let first = desk.open(&less).await.unwrap().stop_loss.stop().unwrap().clone();
    let second = desk.open(&less).await.unwrap().stop_loss.stop().unwrap().clone();
    assert_eq!((&second.client_order_id, desk.venue.state().open.len()), (&first.client_order_id, 1));
    let JournalState::NotSent { reason } = desk.store.state_of(Purpose::StopLoss) else { panic!("it was sent") };
    assert_eq!(reason, format!("{} rests already and does the same", first.client_order_id));
}

#[tokio::test]
async fn a_venue_that_takes_no_orders_for_some_seconds_after_the_fill_leaves_no_position_without_its_stop() {
    let desk = desk();
    // The usual back-off: 0.1, 0.2, 0.4, 0.8, 1.6 and then 2 seconds.
    for _ in 0..8 {
        desk.venue.fail(OrderType::StopMarket, Fault::NotSent);
    }
    let opened = desk.open(&long()).await.unwrap();
    let stop = opened.stop_loss.stop().unwrap().clone();
    assert_eq!(desk.venue.state().open[0].client_order_id, stop.client_order_id);
    assert_eq!(desk.store.tables().journal.iter().filter(|it| it.purpose == Purpose::StopLoss).count(), 1);
}

#[tokio::test]
async fn a_lost_answer_opens_once() {
    let desk = desk();
    desk.venue.fail(OrderType::Market, Fault::LostAnswer);
    let opened = desk.open(&long()).await.unwrap();
    assert_eq!(opened.position.quantity, size("0.05"));
    let sent = desk.venue.state().calls.iter().filter(|call| *call == "place market buy").count();
    assert_eq!(sent, 1);
}

#[tokio::test]
async fn a_lost_request_opens_nothing_and_leaves_the_way_free() {
    let desk = desk();
    desk.venue.fail(OrderType::Market, Fault::LostRequest);
    let intent = OpenIntent { take_profit: Some(price("60000")), ..long() };
    let failure = desk.open(&intent).await.unwrap_err();
    assert!(matches!(failure, OpenFailure::Order { failure: SendFailure::NeverArrived, .. }), "{failure}");
    assert!(desk.venue.position(&btc()).is_none());
    let stop = desk.store.state_of(Purpose::StopLoss);
    assert!(matches!(stop, JournalState::Finished { status: OrderStatus::Canceled, .. }), "{stop:?}");
    let JournalState::NotSent { reason } = desk.store.state_of(Purpose::TakeProfit) else { panic!("it is not sent") };
    assert_eq!(reason, "its entry came to nothing");
    assert!(desk.venue.state().open.is_empty());
    desk.open(&long()).await.unwrap();
}

#[tokio::test]
async fn an_entry_of_unknown_fate_blocks_its_contract_only() {
    let desk = desk();
    // The order never arrives, and a position that nobody can explain appears: it may have arrived after all.
    desk.venue.fail(OrderType::Market, Fault::LostRequestWhilePositionGrows(size("0.01")));
    let failure = desk.open(&long()).await.unwrap_err();
    let OpenFailure::Order { failure: SendFailure::Unresolved(_), id } = failure else { panic!("{failure}") };
    assert_eq!(desk.open(&long()).await, Err(OpenFailure::EarlierUnresolved(id)));
    assert!(desk.store.tables().alerts.iter().any(|alert| alert.key.starts_with("unresolved/")));
    let other = OpenIntent { symbol: eth(), quantity: size("0.5"), stop_loss: unprotected(), ..long() };
    desk.open(&other).await.unwrap();
}

#[tokio::test]
async fn a_stop_that_reads_back_differently_closes_the_position_again() {
    let desk = desk();
    desk.venue.state().stops_need_a_position = true;
    // It is refused before there is a position, and goes out again behind the entry.
    desk.venue.fail(OrderType::StopMarket, Fault::Refuse(RefusalReason::NothingToReduce));
    desk.venue.fail(OrderType::StopMarket, Fault::OtherTrigger(price("44000")));
    let failure = desk.open(&long()).await.unwrap_err();
    let OpenFailure::Unprotected { opened, failure, closing } = failure else { panic!("{failure}") };
    assert!(matches!(failure, ProtectionFailure::ReadBackDifferently(_)), "{failure}");
    assert_eq!(opened.quantity, size("0.05"));
    assert_eq!(closing.unwrap().remaining, None);
    assert!(desk.venue.position(&btc()).is_none() && desk.venue.state().open.is_empty());
    assert!(desk.store.tables().alerts.iter().any(|alert| alert.severity == Severity::Critical));
    assert_eq!(desk.store.events("stop_loss_not_verified").len(), 1);
    assert!(desk.store.tables().positions[0].closed.is_some());
}

#[tokio::test]
async fn a_refused_stop_keeps_the_position_if_the_settings_say_so() {
    let desk = desk_with(|settings| Settings { unverified_stop: UnverifiedStop::Keep, ..settings });
    desk.venue.fail(OrderType::StopMarket, Fault::Refuse(RefusalReason::NothingToReduce));
    desk.venue.fail(OrderType::StopMarket, Fault::Refuse(RefusalReason::WouldTrigger));
    let opened = desk.open(&long()).await.unwrap();
    assert!(opened.stop_loss.stop().is_none());
    assert!(matches!(opened.warnings.as_slice(), [OpenWarning::StopNotVerified(ProtectionFailure::Order(_))]));
    assert!(desk.venue.position(&btc()).is_some());
}

#[tokio::test]
async fn a_stop_that_is_refused_while_its_position_is_not_there_yet_is_sent_again() {
    let desk = desk();
    desk.venue.fail(OrderType::StopMarket, Fault::Refuse(RefusalReason::Other));
    let opened = desk.open(&long()).await.unwrap();
    let stop = opened.stop_loss.stop().unwrap().clone();
    let resting = desk.venue.state().open.clone();
    assert_eq!(resting.iter().map(|it| &it.client_order_id).collect::<Vec<_>>(), [&stop.client_order_id]);
    assert!(desk.store.events("stop_loss_not_verified").is_empty(), "nobody is alarmed for that");
    assert!(desk.manager.reconcile().await.unwrap().is_clean());
}

#[tokio::test]
async fn a_stop_that_was_sent_behind_an_entry_which_filled_nothing_is_called_back() {
    let desk = desk();
    desk.venue.fail(OrderType::Market, Fault::Unfilled);
    let failure = desk.open(&long()).await.unwrap_err();
    assert!(matches!(failure, OpenFailure::NothingFilled { .. }), "{failure}");
    assert_eq!(desk.venue.state().calls.iter().filter(|call| call.starts_with("place stop")).count(), 1);
    assert!(desk.venue.state().open.is_empty(), "nothing of it rests");
    assert!(desk.manager.reconcile().await.unwrap().is_clean());
}

#[tokio::test]
async fn a_stop_whose_answer_was_lost_is_found_and_verified() {
    let desk = desk();
    desk.venue.fail(OrderType::StopMarket, Fault::LostAnswer);
    let opened = desk.open(&long()).await.unwrap();
    assert!(opened.stop_loss.stop().is_some());
    assert_eq!(desk.venue.state().open.len(), 1);
}

#[tokio::test]
async fn a_take_profit_that_fails_is_only_a_warning() {
    let desk = desk();
    desk.venue.fail(OrderType::TakeProfitMarket, Fault::Refuse(RefusalReason::Other));
    let opened = desk.open(&OpenIntent { take_profit: Some(price("60000")), ..long() }).await.unwrap();
    assert!(opened.stop_loss.stop().is_some() && opened.take_profit.is_none());
    assert!(matches!(opened.warnings.as_slice(), [OpenWarning::TakeProfitNotVerified(_)]));
}

#[tokio::test]
async fn the_kill_switch_refuses_exposure_through_restarts_and_lets_closing_through() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    assert!(desk.manager.engage_kill_switch("operator", "lunch").await.is_empty());
    let restarted = crate::desk::manager(&desk.venue, &desk.store, |settings| settings);
    for manager in [&desk.manager, &restarted] {
        let Err(OpenFailure::Refused(refused)) = manager.open(&long()).await else { panic!("it was let through") };
        assert!(refused.reasons.iter().any(|reason| reason.check() == RiskCheck::KillSwitch));
    }
    assert_eq!(desk.close().await.unwrap().remaining, None);

    assert!(desk.manager.release_kill_switch("", "done").await.is_err(), "nobody released it");
    desk.manager.release_kill_switch("operator", "done").await.unwrap();
    desk.open(&long()).await.unwrap();
}

#[tokio::test]
async fn with_the_database_down_nothing_is_opened_and_everything_is_closed() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.store.tables().down = true;
    assert!(matches!(desk.open(&long()).await, Err(OpenFailure::Records(_))));
    let closed = desk.close().await.unwrap();
    assert_eq!((closed.remaining, closed.quantity), (None, size("0.05")));
    assert!(closed.troubles.iter().any(|trouble| matches!(trouble, Trouble::NotJournalled { .. })));
    assert!(desk.venue.position(&btc()).is_none() && desk.venue.state().open.is_empty());

    // Once it is back, the records follow.
    desk.store.tables().down = false;
    let report = desk.manager.monitor().await.unwrap();
    assert_eq!(report.ended.len(), 1);
    assert_eq!(report.ended[0].exit_price, price("50000"));
}

#[tokio::test]
async fn a_kill_switch_that_cannot_be_recorded_holds_all_the_same() {
    let desk = desk();
    desk.store.tables().down = true;
    assert!(!desk.manager.engage_kill_switch("operator", "fire").await.is_empty());
    desk.store.tables().down = false;
    assert!(matches!(desk.open(&long()).await, Err(OpenFailure::Refused(_))));
    desk.manager.engage_kill_switch("operator", "still").await;
    assert!(desk.is_killed(), "it is recorded once it can be");
}

#[tokio::test]
async fn the_position_mode_is_set_only_on_an_empty_account() {
    let hedge = |settings| Settings { position_mode: PositionMode::Hedge, ..settings };
    let desk = desk_with(hedge);
    let opened = desk.open(&long()).await.unwrap();
    assert_eq!(opened.side, plimsoll_ports::domain::PositionSide::Long);
    assert_eq!(desk.venue.state().calls[0], "position mode hedge");

    let busy = desk_with(hedge);
    busy.venue.open_elsewhere(&eth(), Direction::Long, "0.1");
    assert!(matches!(busy.open(&long()).await, Err(OpenFailure::WrongPositionMode { .. })));
}

#[tokio::test]
async fn hedge_legs_are_opened_protected_and_closed_apart() {
    let desk = desk_with(|settings| Settings {
        position_mode: PositionMode::Hedge,
        margin_mode: MarginMode::Cross,
        ..settings
    });
    desk.open(&long()).await.unwrap();
    let short = OpenIntent { direction: Direction::Short, stop_loss: StopLoss::At(price("55000")), ..long() };
    let opened = desk.open(&short).await.unwrap();
    assert_eq!(
        opened.position,
        Position { direction: Direction::Short, quantity: size("0.05"), entry: price("50000") }
    );
    assert_eq!(desk.close().await.unwrap().remaining, None);
    assert_eq!(desk.venue.state().held.len(), 1);
    assert_eq!(desk.venue.state().open.len(), 1, "the short keeps its stop");
    assert!(matches!(desk.close().await, Err(CloseFailure::NothingHeld { .. })));
}

#[tokio::test]
async fn a_flattening_takes_back_what_is_being_opened() {
    let desk = desk();
    desk.venue.state().stops_need_a_position = true;
    // The answer is lost, and the order looked up for a while: meanwhile everything is flattened.
    desk.venue.fail(OrderType::Market, Fault::LostAnswer);
    desk.venue.state().unknown = 3;
    desk.venue.state().hide_fills = true;
    let intent = long();
    let reason = FlattenReason::Wanted { by: "operator".to_owned(), reason: "now".to_owned() };
    let flatten = async {
        let flattened = desk.manager.flatten_all(reason).await;
        desk.venue.state().hide_fills = false;
        flattened
    };
    let (outcome, flattened) = tokio::join!(desk.open(&intent), flatten);
    assert!(matches!(outcome, Err(OpenFailure::Stopped { .. })), "{outcome:?}");
    assert!(flattened.is_confirmed());
    assert!(desk.venue.position(&btc()).is_none() && desk.venue.state().open.is_empty());
    // The records come to the same within a pass.
    desk.manager.monitor().await.unwrap();
    assert!(desk.store.tables().positions.iter().all(|record| record.closed.is_some()));
}

/// A second process at the same venue, with the same records.
fn colleague(desk: &Desk) -> PositionManager {
    manager(&desk.venue, &desk.store, |settings| settings)
}

#[tokio::test]
async fn what_another_process_stops_while_an_entry_is_under_way_is_taken_back() {
    for flattens in [true, false] {
        let desk = desk();
        desk.venue.state().stops_need_a_position = true;
        desk.venue.fail(OrderType::Market, Fault::LostAnswer);
        desk.venue.state().unknown = 3;
        desk.venue.state().hide_fills = true;
        let colleague = colleague(&desk);
        let stop = async {
            if flattens {
                let reason = FlattenReason::Wanted { by: "operator".to_owned(), reason: "now".to_owned() };
                colleague.flatten_all(reason).await;
            } else {
                colleague.engage_kill_switch("operator", "storm").await;
            }
            desk.venue.state().hide_fills = false;
        };
        let intent = long();
        let (outcome, ()) = tokio::join!(desk.open(&intent), stop);
        assert!(matches!(outcome, Err(OpenFailure::Stopped { .. })), "{outcome:?}");
        assert!(desk.venue.position(&btc()).is_none() && desk.venue.state().open.is_empty());
    }
}

#[tokio::test]
async fn what_another_process_stops_before_the_entry_is_not_opened() {
    let desk = desk();
    // It is judged by the first reading.
    desk.store.tables().kill_after = Some(1);
    let outcome = desk.open(&long()).await;
    assert!(matches!(outcome, Err(OpenFailure::Flattening)), "{outcome:?}");
    assert!(desk.venue.state().fills.is_empty() && desk.venue.state().open.is_empty());
}
