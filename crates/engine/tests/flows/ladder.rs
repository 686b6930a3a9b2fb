use crate::desk::{Desk, desk, desk_with, long, manager, unprotected};
use crate::venue::{btc, money, size};
use plimsoll_engine::{Ladder, LadderFailure, OpenFailure, Settings};
use plimsoll_ports::domain::risk::{LadderRules, RiskCheck, Rung};
use plimsoll_ports::domain::{AccountId, Direction, Money, Timestamp};
use plimsoll_ports::{Clock, LadderStep, OpenIntent, PnlSnapshot, StoreError};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

/// A live account, whose paper trading is that of another.
fn live(settings: Settings) -> Settings {
    let paper = Some(AccountId::new("rehearsal"));
    Settings { ladder: Some(Ladder { rules: LadderRules::default(), paper }), ..settings }
}

/// Days on which this account held something, from then on.
fn traded(desk: &Desk, account: &str, from: Timestamp, days: u32) {
    let point = |day: u32| PnlSnapshot {
        account: AccountId::new(account),
        time: from.plus(DAY * day),
        wallet: money("10000"),
        unrealized_pnl: Money::ZERO,
        realized_pnl: Money::ZERO,
        fees: Money::ZERO,
        funding: Money::ZERO,
        adjustments: Money::ZERO,
        margin_ratio: None,
        open_positions: 1,
    };
    desk.store.tables().equity.extend((0..days).map(point));
}

fn stand_on(desk: &Desk, name: &str) {
    let step = LadderStep { name: name.to_owned(), since: desk.venue.now(), overridden_by: None };
    desk.store.tables().ladder.push(step);
}

/// 0.002 BTC are worth 100.
fn little(quantity: &str) -> OpenIntent {
    OpenIntent { quantity: size(quantity), ..long() }
}

fn refused(outcome: Result<plimsoll_engine::Opened, OpenFailure>) -> Vec<RiskCheck> {
    match outcome {
        Err(OpenFailure::Refused(refused)) => refused.reasons.iter().map(|reason| reason.check()).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn on_the_paper_step_nothing_live_is_opened_and_everything_is_closed() {
    let desk = desk_with(live);
    assert_eq!(refused(desk.open(&little("0.001")).await), [RiskCheck::Ladder]);
    assert!(desk.venue.state().calls.is_empty(), "nothing was sent or set");
    let event = &desk.store.events("refused_ladder")[0];
    assert_eq!((event.limit, event.action.as_str()), (Some(60.into()), "refused"));
    assert!(event.detail.contains("60 days of paper trading"), "{}", event.detail);

    desk.venue.open_elsewhere(&btc(), Direction::Long, "0.5");
    desk.close().await.unwrap();
    assert!(desk.venue.position(&btc()).is_none());
}

#[tokio::test]
async fn an_account_that_is_not_live_climbs_nothing() {
    let desk = desk();
    stand_on(&desk, "paper");
    desk.open(&long()).await.unwrap();
    assert_eq!(desk.manager.ladder().await, Ok(None));
    assert_eq!(desk.manager.override_ladder(Rung::Full, "ana", "why not").await, Err(LadderFailure::NotLive));
}

#[tokio::test]
async fn sixty_days_of_paper_trading_promote_to_micro_capital() {
    let desk = desk_with(live);
    let start = desk.venue.now().start_of_day();
    traded(&desk, "rehearsal", start.minus(DAY * 59), 59);
    desk.manager.reconcile().await.unwrap();
    let climb = desk.manager.ladder().await.unwrap().unwrap();
    assert_eq!((climb.foothold.rung, climb.served.days, climb.missing()), (Rung::Paper, 59, Some(1)));
    assert!(desk.store.tables().ladder.is_empty());

    traded(&desk, "rehearsal", start, 1);
    desk.venue.sleep(DAY).await;
    let report = desk.manager.monitor().await.unwrap();
    assert_eq!(report.climbed.and_then(|it| it.due), Some(Rung::Micro), "the guard finds it on the next day");
    let step = desk.store.tables().ladder.last().cloned().unwrap();
    assert_eq!((step.name.as_str(), step.overridden_by), ("micro", None));
    let event = &desk.store.events("ladder_promoted")[0];
    assert_eq!((event.figure, event.limit), (Some(60.into()), Some(60.into())));

    // The account holds 10,000 and counts as one of 500: at most 30 % of that in a position.
    assert_eq!(refused(desk.open(&little("0.004")).await), [RiskCheck::PositionSize]);
    desk.open(&little("0.003")).await.unwrap();
}

#[tokio::test]
async fn days_of_the_live_account_itself_are_no_paper_trading() {
    let desk = desk_with(live);
    traded(&desk, "main", desk.venue.now().minus(DAY * 90), 90);
    desk.manager.reconcile().await.unwrap();
    assert_eq!(desk.manager.ladder().await.unwrap().map(|it| it.served.days), Some(0));
    assert_eq!(refused(desk.open(&little("0.001")).await), [RiskCheck::Ladder]);
}

#[tokio::test]
async fn thirty_days_with_micro_capital_promote_to_all_of_it() {
    let desk = desk_with(live);
    // Days before the step are of no account.
    traded(&desk, "main", desk.venue.now().minus(DAY * 90), 90);
    stand_on(&desk, "micro");
    // The day of the step was half over: it is not one of the thirty.
    traded(&desk, "main", desk.venue.now(), 31);
    desk.venue.sleep(DAY * 30).await;
    desk.manager.reconcile().await.unwrap();
    assert_eq!(desk.manager.ladder().await.unwrap().and_then(|it| it.missing()), Some(1));
    desk.venue.sleep(DAY).await;
    let found = desk.manager.reconcile().await.unwrap().summary().findings;
    assert_eq!(found.iter().filter(|it| it.kind == "ladder").count(), 1, "{found:?}");
    assert_eq!(desk.manager.ladder().await.unwrap().map(|it| it.foothold.rung), Some(Rung::Full));
    desk.open(&long()).await.unwrap();
}

#[tokio::test]
async fn the_margin_of_all_positions_stays_within_micro_capital() {
    let desk = desk_with(live);
    stand_on(&desk, "micro");
    // 0.05 BTC at 5x hold 500 of margin.
    desk.venue.state().leverage = long().leverage;
    desk.venue.open_elsewhere(&btc(), Direction::Long, "0.05");
    let other = OpenIntent { symbol: crate::venue::eth(), quantity: size("0.05"), stop_loss: unprotected(), ..long() };
    assert_eq!(refused(desk.open(&other).await), [RiskCheck::Ladder]);
    assert!(desk.store.events("refused_ladder")[0].detail.contains("the 500 that"));
}

#[tokio::test]
async fn a_step_out_of_turn_is_recorded_by_name() {
    let desk = desk_with(live);
    for (by, reason, expected) in [(" ", "tested", LadderFailure::Nobody), ("ana", "", LadderFailure::NoReason)] {
        assert_eq!(desk.manager.override_ladder(Rung::Full, by, reason).await, Err(expected));
    }
    desk.manager.override_ladder(Rung::Full, "ana", "traded elsewhere for years").await.unwrap();
    let step = desk.store.tables().ladder.last().cloned().unwrap();
    assert_eq!((step.name.as_str(), step.overridden_by.as_deref()), ("full", Some("ana")));
    let event = &desk.store.events("ladder_overridden")[0];
    assert_eq!(event.detail, "from paper to full by ana: traded elsewhere for years");
    desk.open(&long()).await.unwrap();
    let again = desk.manager.override_ladder(Rung::Full, "ana", "again").await;
    assert_eq!(again, Err(LadderFailure::AlreadyThere(Rung::Full)));

    // The way down is a step out of turn too, and every process of the account goes by it.
    let other = manager(&desk.venue, &desk.store, live);
    other.override_ladder(Rung::Paper, "ana", "a strategy that nobody knows yet").await.unwrap();
    assert_eq!(refused(desk.open(&little("0.001")).await), [RiskCheck::Ladder]);
}

#[tokio::test]
async fn a_step_that_is_due_does_not_undo_one_that_a_person_has_taken_meanwhile() {
    let desk = desk_with(live);
    stand_on(&desk, "micro");
    traded(&desk, "main", desk.venue.now(), 31);
    desk.venue.sleep(DAY * 31).await;
    let demoted = LadderStep { name: "paper".into(), since: desk.venue.now(), overridden_by: Some("ana".into()) };
    desk.store.tables().stepped_meanwhile = Some(demoted.clone());
    let report = desk.manager.monitor().await.unwrap();
    assert_eq!((report.climbed, desk.store.tables().ladder.last()), (None, Some(&demoted)));
    assert!(desk.store.events("ladder_promoted").is_empty());
    assert_eq!(refused(desk.open(&little("0.001")).await), [RiskCheck::Ladder]);
}

#[tokio::test]
async fn days_of_paper_trading_before_somebody_was_sent_back_are_not_counted_again() {
    let desk = desk_with(live);
    traded(&desk, "rehearsal", desk.venue.now().minus(DAY * 90), 90);
    stand_on(&desk, "paper");
    assert_eq!(desk.manager.ladder().await.unwrap().map(|it| it.served.days), Some(0));
}

#[tokio::test]
async fn a_step_that_nobody_knows_and_records_that_are_away_open_nothing() {
    let desk = desk_with(live);
    stand_on(&desk, "moon");
    let failure = desk.open(&little("0.001")).await.unwrap_err();
    assert!(matches!(&failure, OpenFailure::Records(StoreError::Corrupt(why)) if why.contains("moon")), "{failure}");
    desk.store.tables().down = true;
    assert!(matches!(desk.open(&little("0.001")).await, Err(OpenFailure::Records(StoreError::Unreachable(_)))));
    assert!(desk.venue.state().calls.is_empty());
}

#[tokio::test]
async fn a_loss_of_micro_capital_stops_trading_between_orders() {
    let desk = desk_with(live);
    stand_on(&desk, "micro");
    desk.manager.monitor().await.unwrap();
    desk.open(&OpenIntent { stop_loss: unprotected(), ..little("0.003") }).await.unwrap();
    // 5 % of 500 are 25, of which fees are 0.075.
    desk.venue.mark(&btc(), "41700");
    assert!(desk.manager.monitor().await.unwrap().verdict.trips.is_empty());
    desk.venue.mark(&btc(), "41600");
    let report = desk.manager.monitor().await.unwrap();
    assert_eq!(report.verdict.trips.len(), 1, "{:?}", report.verdict);
    assert!(desk.is_killed());
}
