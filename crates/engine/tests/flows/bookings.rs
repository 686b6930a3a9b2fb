//! What is booked beside fills and funding: transfers are facts, and clearance is a loss.

use crate::desk::{desk, desk_with, long, manager, unprotected};
use crate::venue::{btc, money, size};
use plimsoll_engine::{Action, MonitorReport, Settings, Trouble};
use plimsoll_ports::domain::risk::{LimitSettings, Reason, RiskLimits};
use plimsoll_ports::domain::{BookingKind, Direction, FillCause, Money};
use plimsoll_ports::{Clock, OpenIntent, TradeRepository};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// So wide that only the day's loss speaks: 500.
fn daily(settings: Settings) -> Settings {
    let wide = settings.limits.settings().clone();
    let limits = LimitSettings { max_drawdown: money("100000"), ..wide };
    Settings { limits: RiskLimits::new(limits).unwrap(), ..settings }
}

fn booked(report: &MonitorReport) -> Vec<(BookingKind, Money)> {
    report.bookings.iter().map(|it| (it.booking.kind.clone(), it.booking.amount)).collect()
}

/// How often the venue was asked for its bookings.
fn asked(desk: &crate::desk::Desk) -> usize {
    desk.venue.state().bookings_asked
}

/// What the records make of the 10,000 that were there before them.
async fn recorded(desk: &crate::desk::Desk) -> Money {
    let totals = desk.store.totals(&desk.manager.settings().account).await.unwrap().remove(0);
    money("10000") + totals.net() + totals.transfers
}

#[tokio::test]
async fn after_a_liquidation_the_records_are_the_wallet() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.manager.monitor().await.unwrap();
    desk.venue.close_elsewhere(&btc(), "autoclose-1", FillCause::Liquidation);
    desk.venue.book(BookingKind::LiquidationClearance, "-31.25");
    let report = desk.manager.monitor().await.unwrap();
    assert_eq!(report.ended[0].reason, "liquidation");
    assert_eq!(booked(&report), [(BookingKind::LiquidationClearance, money("-31.25"))]);
    assert_eq!(recorded(&desk).await, desk.venue.state().wallet);
    let point = report.snapshot.unwrap();
    assert_eq!(point.adjustments, money("-31.25"));
    assert_eq!(point.wallet, money("10000") + point.earned(), "the curve explains the wallet");
    assert!(desk.manager.monitor().await.unwrap().bookings.is_empty(), "it is told once");
}

#[tokio::test]
async fn clearance_counts_as_a_loss_and_a_withdrawal_does_not() {
    for (kind, is_loss) in [(BookingKind::LiquidationClearance, true), (BookingKind::Transfer, false)] {
        let desk = desk_with(daily);
        desk.manager.monitor().await.unwrap();
        desk.venue.book(kind.clone(), "-600");
        let report = desk.manager.monitor().await.unwrap();
        match report.action {
            Action::Stopped { reasons } => assert!(is_loss && matches!(reasons[..], [Reason::DailyLoss { .. }])),
            other => assert!(!is_loss && other == Action::None, "{kind}: {other:?}"),
        }
        assert_eq!(recorded(&desk).await, money("9400"), "{kind}");
    }
}

#[tokio::test]
async fn what_was_put_in_before_the_first_look_is_no_news_however_the_first_look_goes() {
    let desk = desk_with(daily);
    desk.venue.book(BookingKind::Transfer, "10000");
    desk.venue.open_elsewhere(&btc(), Direction::Long, "0.01");
    // The position is in no record yet, so this look cannot tell what of the wallet was put in.
    assert_eq!(desk.manager.monitor().await.unwrap().action, Action::None);
    desk.manager.reconcile().await.unwrap();
    for _ in 0..8 {
        desk.venue.sleep(20 * MINUTE).await;
        let report = desk.manager.monitor().await.unwrap();
        assert_eq!((booked(&report), report.action), (vec![], Action::None));
    }
}

#[tokio::test]
async fn a_deposit_in_the_moment_of_the_first_look_is_neither_profit_nor_loss() {
    for kind in [BookingKind::Transfer, BookingKind::Conversion] {
        let desk = desk_with(daily);
        desk.venue.book(kind, "10000");
        let now = desk.venue.now();
        desk.venue.state().bookings[0].time = now;
        for _ in 0..8 {
            assert_eq!(desk.manager.monitor().await.unwrap().action, Action::None);
            desk.venue.sleep(20 * MINUTE).await;
        }
        assert_eq!(desk.store.events("wallet_difference"), []);
    }
}

#[tokio::test]
async fn a_deposit_from_before_the_first_look_that_the_venue_tells_late_is_recorded_and_moves_nothing() {
    let desk = desk_with(daily);
    desk.manager.monitor().await.unwrap();
    desk.open(&OpenIntent { stop_loss: unprotected(), quantity: size("0.01"), ..long() }).await.unwrap();
    desk.venue.sleep(2 * MINUTE).await;
    // Another process, whose first look shows a wallet with money that the venue has not booked yet.
    desk.venue.state().hold_bookings = true;
    desk.venue.book(BookingKind::Transfer, "5000");
    desk.venue.sleep(MINUTE).await;
    let restarted = manager(&desk.venue, &desk.store, daily);
    restarted.monitor().await.unwrap();
    desk.venue.state().hold_bookings = false;
    desk.venue.sleep(61 * MINUTE).await;
    let report = restarted.monitor().await.unwrap();
    assert_eq!((booked(&report), report.action), (vec![(BookingKind::Transfer, money("5000"))], Action::None));
    for _ in 0..3 {
        desk.venue.sleep(10 * MINUTE).await;
        assert_eq!(restarted.monitor().await.unwrap().action, Action::None);
    }
    assert_eq!(desk.store.events("wallet_difference"), []);
}

#[tokio::test]
async fn a_booking_that_was_not_taken_is_not_hidden_by_a_later_one() {
    let desk = desk();
    desk.manager.monitor().await.unwrap();
    desk.venue.book(BookingKind::Transfer, "-10");
    desk.venue.sleep(3 * 60 * MINUTE).await;
    desk.venue.book(BookingKind::Transfer, "-20");
    desk.store.tables().bookings_lost = 1;
    desk.manager.monitor().await.unwrap();
    desk.venue.sleep(MINUTE).await;
    desk.manager.monitor().await.unwrap();
    let amounts: Vec<_> = desk.store.tables().bookings.iter().map(|it| it.booking.amount).collect();
    assert_eq!(amounts, [money("-10"), money("-20")]);
}

#[tokio::test]
async fn a_wallet_that_adds_up_has_its_bookings_read_once_an_hour() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.manager.monitor().await.unwrap();
    let before = asked(&desk);
    for _ in 0..59 {
        desk.venue.sleep(MINUTE).await;
        assert_eq!(desk.manager.monitor().await.unwrap().troubles, []);
    }
    assert_eq!(asked(&desk), before);
    desk.venue.sleep(MINUTE).await;
    desk.manager.monitor().await.unwrap();
    assert_eq!(asked(&desk), before + 1);
    desk.venue.book(BookingKind::Transfer, "100");
    desk.manager.monitor().await.unwrap();
    assert_eq!(asked(&desk), before + 2, "a wallet that does not add up is looked into at once");
}

#[tokio::test]
async fn transfers_that_cancel_out_are_recorded_with_the_hour() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.manager.monitor().await.unwrap();
    desk.venue.book(BookingKind::Transfer, "100");
    desk.venue.book(BookingKind::Transfer, "-100");
    assert_eq!(booked(&desk.manager.monitor().await.unwrap()), []);
    desk.venue.sleep(60 * MINUTE).await;
    let both = [(BookingKind::Transfer, money("100")), (BookingKind::Transfer, money("-100"))];
    assert_eq!(booked(&desk.manager.monitor().await.unwrap()), both);
}

#[tokio::test]
async fn while_bookings_cannot_be_read_transfers_are_guessed_and_that_is_said() {
    let desk = desk_with(daily);
    desk.open(&OpenIntent { stop_loss: unprotected(), ..long() }).await.unwrap();
    desk.manager.monitor().await.unwrap();
    desk.venue.state().hide_bookings = true;
    desk.venue.book(BookingKind::Transfer, "-600");
    for _ in 0..3 {
        desk.venue.sleep(30 * MINUTE).await;
        let report = desk.manager.monitor().await.unwrap();
        assert_eq!(report.action, Action::None);
        assert!(report.troubles.iter().any(|it| matches!(it, Trouble::BookingsNotKnown(_))), "{:?}", report.troubles);
    }
    desk.venue.state().hide_bookings = false;
    desk.venue.sleep(MINUTE).await;
    let report = desk.manager.monitor().await.unwrap();
    assert_eq!((booked(&report), report.action), (vec![(BookingKind::Transfer, money("-600"))], Action::None));
}

#[tokio::test]
async fn money_that_leaves_and_is_never_booked_is_a_loss_in_the_end() {
    let desk = desk_with(daily);
    desk.manager.monitor().await.unwrap();
    desk.venue.state().wallet -= money("600");
    assert_eq!(desk.manager.monitor().await.unwrap().action, Action::None, "it may be booked late");
    desk.venue.sleep(5 * MINUTE).await;
    let report = desk.manager.monitor().await.unwrap();
    assert!(matches!(report.action, Action::Stopped { .. }), "{:?}", report.action);
    assert_eq!(desk.store.events("wallet_difference").len(), 1);
    assert!(desk.store.tables().alerts.iter().any(|alert| alert.key == "wallet/main"));
    desk.manager.monitor().await.unwrap();
    assert_eq!(desk.store.events("wallet_difference").len(), 1, "it is told once");
}

#[tokio::test]
async fn what_was_booked_while_nobody_looked_is_recorded_on_start_and_nothing_from_before_the_records() {
    let desk = desk_with(daily);
    desk.venue.book(BookingKind::Transfer, "2000");
    desk.venue.book(BookingKind::LiquidationClearance, "-2000");
    desk.open(&OpenIntent { stop_loss: unprotected(), quantity: size("0.01"), ..long() }).await.unwrap();
    desk.venue.close_elsewhere(&btc(), "autoclose-1", FillCause::Liquidation);
    desk.venue.book(BookingKind::LiquidationClearance, "-6.25");
    desk.venue.book(BookingKind::Transfer, "-700");
    let restarted = manager(&desk.venue, &desk.store, daily);
    let found = restarted.reconcile().await.unwrap();
    let booked: Vec<_> = found.bookings.iter().map(|it| it.booking.amount).collect();
    assert_eq!(booked, [money("-6.25"), money("-700")]);
    assert_eq!(recorded(&desk).await, desk.venue.state().wallet);
    let report = restarted.monitor().await.unwrap();
    assert_eq!((report.bookings.len(), report.action), (0, Action::None));
}
