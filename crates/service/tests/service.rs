//! The service against a paper venue and records in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod world;

use plimsoll_engine::{AccountView, VenueAccount};
use plimsoll_ports::RiskEventRepository;
use plimsoll_ports::domain::{AccountId, Decimal};
use plimsoll_service::{
    ActFailure, Action, Caller, Came, CandleInterval, EventFilter, Figure, Outcome, Prepared, RecordFilter,
};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;
use world::{World, start};

fn ops() -> Caller {
    Caller::new("ops")
}

impl World {
    async fn prepare(&self, json: &str) -> Result<Prepared, ActFailure> {
        let (action, word) = Action::read(json)?;
        self.service.prepare(&ops(), action, word.as_deref()).await
    }

    async fn act(&self, json: &str, key: &str) -> Outcome {
        let prepared = self.prepare(json).await.unwrap();
        assert_eq!(prepared.refusals, Vec::<String>::new(), "{json}");
        self.service.confirm(&ops(), &prepared.nonce.unwrap(), key).await.unwrap()
    }

    async fn audited(&self) -> Vec<String> {
        let events = RiskEventRepository::since(&self.store, &AccountId::new("main"), start()).await.unwrap();
        events.into_iter().filter(|it| it.kind.starts_with("action_")).map(|it| it.kind).collect()
    }
}

fn figure(text: &str) -> Figure {
    text.parse::<Decimal>().unwrap().into()
}

const OPEN: &str = r#"{"action":"open","account":"main","symbol":"BTC/USDT:USDT","direction":"long","quantity":"0.05",
    "leverage":5,"stop_loss":"48000"}"#;

#[tokio::test]
async fn a_position_is_opened_shown_reduced_and_closed() {
    let world = World::new().await;
    let prepared = world.prepare(OPEN).await.unwrap();
    assert_eq!(prepared.summary, "open long 0.05 BTC/USDT:USDT on main at 5x");
    let fact = |name: &str| prepared.facts.iter().find(|it| it.name == name).map(|it| it.value.clone());
    assert_eq!((fact("notional").as_deref(), fact("initial margin").as_deref()), (Some("2500"), Some("500")));
    assert!(prepared.orders[1].contains("sell all at 48000"), "{:?}", prepared.orders);
    assert!(world.service.positions(None, None).await.unwrap().positions.is_empty(), "nothing is done yet");

    let nonce = prepared.nonce.unwrap();
    let outcome = world.service.confirm(&ops(), &nonce, "click-0001").await.unwrap();
    assert_eq!(outcome.outcome, Came::Done, "{outcome:?}");
    assert!(outcome.text.contains("stop at 48000, read back"), "{}", outcome.text);
    world.until(0, |view| !view.positions.is_empty() && !view.orders.is_empty()).await;
    world.mark("49000").await;

    let positions = world.service.positions(None, None).await.unwrap().positions;
    let [it] = positions.as_slice() else { panic!("one position is held: {positions:?}") };
    assert_eq!((it.quantity, it.mark_price), (figure("0.05"), Some(figure("49000"))));
    assert_eq!((it.direction, it.leverage, it.margin_mode), ("long", Some(5), Some("isolated")));
    assert!(it.is_protected && it.stop_comes_first == Some(true), "{it:?}");
    let stop = it.stop.as_ref().unwrap();
    assert_eq!((stop.trigger, stop.covers_all), (figure("48000"), true));
    assert!(stop.verified_at.is_some());
    assert_eq!((it.strategy.as_deref(), it.is_due), (Some("operator"), Some(false)));
    assert_eq!(it.liquidation_price, it.venue_liquidation_price, "the exchange liquidates where we say");
    assert_eq!(it.liquidation_difference, Some(figure("0")));

    let half = r#"{"action":"reduce","account":"main","symbol":"BTC/USDT:USDT","share":"0.5"}"#;
    let prepared = world.prepare(half).await.unwrap();
    assert_eq!(prepared.action.to_string(), "reduce BTC/USDT:USDT long by 0.025 on main", "what was open is settled");
    let odd =
        world.prepare(r#"{"action":"reduce","account":"main","symbol":"BTC/USDT:USDT","quantity":"0.0257"}"#).await;
    let odd = odd.unwrap().action.to_string();
    assert_eq!(odd, "reduce BTC/USDT:USDT long by 0.025 on main", "in lots, as it would be sent");
    let outcome = world.service.confirm(&ops(), &prepared.nonce.unwrap(), "click-0002").await.unwrap();
    assert!(outcome.text.contains("0.025 are left"), "{}", outcome.text);

    let outcome = world.act(r#"{"action":"close","account":"main","symbol":"BTC/USDT:USDT"}"#, "click-0003").await;
    assert!(outcome.outcome == Came::Done && outcome.text.contains("nothing is left"), "{outcome:?}");
    world.until(0, |view| view.positions.is_empty()).await;
    let filter = RecordFilter { days: 1, limit: 10, ..RecordFilter::default() };
    let closed = world.service.closed(&filter).await.unwrap().closed;
    assert_eq!((closed.len(), closed[0].reason.as_str()), (1, "exit"));
    assert_eq!(world.service.fills(&filter).await.unwrap().fills.len(), 3);
    let steps = ["action_prepared", "action_confirmed", "action_done"];
    assert_eq!(world.audited().await, steps.repeat(3));
}

#[tokio::test]
async fn a_stop_by_its_distance_is_a_price_once_it_is_prepared_and_triggers_early() {
    let world = World::new().await;
    for (direction, stop) in [("long", "48499.9"), ("short", "51500.1")] {
        let json = OPEN.replace("\"stop_loss\":\"48000\"", "\"stop_distance\":\"0.030003\"").replace("long", direction);
        let prepared = world.prepare(&json).await.unwrap();
        let Action::Open(open) = &prepared.action else { panic!("{prepared:?}") };
        assert_eq!(open.stop, plimsoll_service::Stop::At(stop.parse().unwrap()), "{direction}");
        assert!(prepared.orders[1].contains(stop), "{:?}", prepared.orders);
    }
}

#[tokio::test]
async fn a_contract_is_told_of_that_nobody_holds() {
    let world = World::new().await;
    let it = world.service.contract(&AccountId::new("main"), &world::btc()).await.unwrap();
    assert_eq!((it.mark_price, it.interval_hours, it.currency.as_str()), (figure("50000"), 8, "USDT"));
    assert!(it.funding_rate.is_some() && it.annualised.is_some(), "{it:?}");
    let unknown = world.service.contract(&AccountId::new("main"), &"XYZ/USDT:USDT".parse().unwrap()).await;
    assert_eq!(unknown.unwrap_err().code(), "invalid_action");
}

#[tokio::test]
async fn what_is_confirmed_twice_is_done_once() {
    let world = World::new().await;
    let nonce = world.prepare(OPEN).await.unwrap().nonce.unwrap();
    let (owner, eve) = (ops(), Caller::new("eve"));
    let (one, other, foreign) = tokio::join!(
        world.service.confirm(&owner, &nonce, "click-0001"),
        world.service.confirm(&owner, &nonce, "click-0001"),
        world.service.confirm(&eve, &nonce, "click-0001"),
    );
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!((one.outcome, &one.text, one.completed_at), (other.outcome, &other.text, other.completed_at));
    assert!(other.repeated && !one.repeated);
    assert_eq!(foreign.unwrap_err(), ActFailure::ForeignNonce);
    assert_eq!(world.service.confirm(&ops(), &nonce, "click-0002").await.unwrap_err(), ActFailure::UsedNonce);
    let filter = RecordFilter { days: 1, limit: 10, ..RecordFilter::default() };
    assert_eq!(world.service.fills(&filter).await.unwrap().fills.len(), 1, "it was opened once");
}

#[tokio::test]
async fn what_is_confirmed_too_late_is_not_done_and_is_on_record() {
    let world = World::new().await;
    let nonce = world.prepare(OPEN).await.unwrap().nonce.unwrap();
    world.pass(Duration::from_secs(61));
    let failure = world.service.confirm(&ops(), &nonce, "click-0001").await.unwrap_err();
    assert_eq!(failure.code(), "nonce_expired", "{failure}");
    assert_eq!(world.audited().await, ["action_prepared", "action_refused"]);
    let filter = EventFilter { limit: 10, ..EventFilter::default() };
    let told = world.service.events(&filter).events;
    assert!(told.last().is_some_and(|it| it.kind == "action_refused" && it.text.contains("61 s ago")), "{told:?}");
}

#[tokio::test]
async fn what_the_limits_refuse_has_no_nonce_and_says_why() {
    let world = World::new().await;
    let large = OPEN.replace("0.05", "1").replace("\"leverage\":5", "\"leverage\":6");
    let prepared = world.prepare(&large).await.unwrap();
    assert_eq!((&prepared.nonce, &prepared.expires_at), (&None, &None));
    let all = prepared.refusals.join("\n");
    assert!(all.contains("leverage 6") && prepared.refusals.len() >= 2, "{all}");
    assert_eq!(world.audited().await, ["action_refused"]);
    for (json, code) in [
        (OPEN.replace("main", "nobody"), "unknown_account"),
        (OPEN.replace("BTC/USDT", "XYZ/USDT"), "invalid_action"),
        (r#"{"action":"close","account":"main","symbol":"BTC/USDT:USDT"}"#.to_owned(), "invalid_action"),
        (r#"{"action":"pause_strategy","strategy":"grid","reason":"x"}"#.to_owned(), "unknown_strategy"),
    ] {
        match world.prepare(&json).await {
            Err(failure) => assert_eq!(failure.code(), code, "{json}: {failure}"),
            Ok(it) => assert!(it.nonce.is_none(), "{json}: {it:?}"),
        }
    }
}

#[tokio::test]
async fn the_kill_switch_takes_its_word_stops_everything_and_is_released() {
    let world = World::new().await;
    world.long().await;
    let kill = r#"{"action":"kill","reason":"news","flatten":true,"word":"KILL"}"#;
    for wrong in [kill.replace("\"KILL\"", "\"kill\""), kill.replace(",\"word\":\"KILL\"", "")] {
        assert_eq!(world.prepare(&wrong).await.unwrap_err(), ActFailure::WrongWord { word: "KILL" });
    }
    let outcome = world.act(kill, "click-0001").await;
    assert_eq!(outcome.outcome, Came::Done, "{outcome:?}");
    assert!(outcome.text.contains("main is flat") && outcome.text.contains("second is flat"), "{}", outcome.text);
    world.until(0, |view| view.positions.is_empty() && view.orders.is_empty()).await;
    let switches = world.service.kill_switches().await;
    assert_eq!((switches.state, switches.accounts[0].by.as_deref()), ("engaged", Some("ops")));
    let refused = world.prepare(OPEN).await.unwrap();
    assert!(refused.refusals.iter().any(|it| it.contains("kill switch")), "{:?}", refused.refusals);

    let outcome = world.act(r#"{"action":"release","account":"main","reason":"over"}"#, "click-0002").await;
    assert_eq!(outcome.outcome, Came::Done, "{outcome:?}");
    assert_eq!(world.service.kill_switches().await.state, "partly");
    assert_eq!(world.service.overview().await.kill_switch, "partly");
}

#[tokio::test]
async fn a_flattening_says_whose_orders_it_does_not_know() {
    let view_of = |name: &str, account: &VenueAccount| match name {
        "second" => {
            let in_doubt = AccountView { needs_resync: true, ..AccountView::clone(&account.watch().borrow()) };
            watch::channel(Arc::new(in_doubt)).1
        }
        _ => account.watch(),
    };
    let world = World::with_views(view_of).await;
    world.long().await;
    let flatten = r#"{"action":"flatten","reason":"news","word":"FLATTEN"}"#;
    let warnings = world.prepare(flatten).await.unwrap().warnings;
    assert_eq!(warnings, ["what rests on second is not known for certain: all of it is cancelled"]);
}

#[tokio::test]
async fn what_adds_risk_is_not_done_unless_it_is_written_down_and_what_removes_it_is() {
    let world = World::new().await;
    world.long().await;
    let more = OPEN.replace("0.05", "0.005");
    let nonce = world.prepare(&more).await.unwrap().nonce.unwrap();
    world.is_unwritable.store(true, Ordering::SeqCst);
    let outcome = world.service.confirm(&ops(), &nonce, "click-0001").await.unwrap();
    assert_eq!(outcome.outcome, Came::Failed, "{outcome:?}");
    assert!(outcome.text.contains("cannot be written down") && !outcome.troubles.is_empty(), "{outcome:?}");
    assert_eq!(world.service.positions(None, None).await.unwrap().positions[0].quantity, figure("0.05"));

    let outcome = world.act(r#"{"action":"close","account":"main","symbol":"BTC/USDT:USDT"}"#, "click-0002").await;
    assert_eq!(outcome.outcome, Came::Done, "{outcome:?}");
    assert!(outcome.troubles.iter().any(|it| it.contains("the disk is full")), "{outcome:?}");
    world.until(0, |view| view.positions.is_empty()).await;
}

#[tokio::test]
async fn what_has_begun_comes_to_its_end_though_nobody_waits() {
    let world = World::new().await;
    let nonce = world.prepare(OPEN).await.unwrap().nonce.unwrap();
    let service = world.service.clone();
    let gone = tokio::spawn(async move { service.confirm(&ops(), &nonce, "click-0001").await });
    while !world.hub.follow(Some(0)).kept.iter().any(|it| it.kind == "action_confirmed") {
        tokio::task::yield_now().await;
    }
    gone.abort();
    world.service.idle().await;
    world.until(0, |view| !view.positions.is_empty()).await;
    let steps = ["action_prepared", "action_confirmed", "action_done"];
    assert_eq!(world.audited().await, steps, "nobody waited for it");
}

#[test]
fn what_removes_risk_is_told_from_what_adds_it() {
    for (json, removes) in [
        (OPEN, false),
        (r#"{"action":"close","account":"main","symbol":"BTC/USDT:USDT"}"#, true),
        (r#"{"action":"margin","account":"main","symbol":"BTC/USDT:USDT","amount":"1"}"#, true),
        (r#"{"action":"margin","account":"main","symbol":"BTC/USDT:USDT","amount":"-1"}"#, false),
        (r#"{"action":"kill","reason":"x"}"#, true),
        (r#"{"action":"release","reason":"x"}"#, false),
        (r#"{"action":"cancel_order","account":"main","client_order_id":"x"}"#, false),
    ] {
        assert_eq!(Action::read(json).unwrap().0.only_removes_risk(), removes, "{json}");
    }
}

#[tokio::test]
async fn strategies_are_paused_and_resumed() {
    let world = World::new().await;
    let pause = r#"{"action":"pause_strategy","strategy":"trend","reason":"news"}"#;
    assert_eq!(world.act(pause, "click-0001").await.text, "the strategy trend is paused");
    let it = world.service.strategies().await.strategies.remove(0);
    assert_eq!((it.state, it.reason.as_deref()), (plimsoll_service::RunState::Paused, Some("by ops: news")));
    assert_eq!(world.service.overview().await.strategies.paused, 1);
}

#[tokio::test]
async fn an_order_that_rests_is_cancelled_with_a_warning_if_it_is_the_stop() {
    let world = World::new().await;
    world.long().await;
    let id = world.service.orders(None, None).await.unwrap().resting[0].client_order_id.clone();
    let json = format!(r#"{{"action":"cancel_order","account":"main","client_order_id":"{id}"}}"#);
    let prepared = world.prepare(&json).await.unwrap();
    assert!(prepared.warnings[0].contains("WITHOUT A STOP"), "{:?}", prepared.warnings);
    let outcome = world.service.confirm(&ops(), &prepared.nonce.unwrap(), "click-0001").await.unwrap();
    assert_eq!(outcome.outcome, Came::Done, "{outcome:?}");
    world.until(0, |view| view.orders.is_empty()).await;
    assert_eq!(world.service.overview().await.unprotected, 1);
    let again = world.prepare(&json).await.unwrap();
    assert!(again.nonce.is_none() && again.refusals[0].contains("neither rests"), "{again:?}");
}

#[tokio::test]
async fn overview_risk_funding_and_pnl_tell_one_story() {
    let world = World::new().await;
    world.long().await;
    world.managers[0].monitor().await.unwrap();
    world.mark("49000").await;
    let overview = world.service.overview().await;
    assert_eq!((overview.mode, overview.positions, overview.unprotected, overview.unpriced), ("paper", 1, 0, 0));
    assert_eq!((overview.kill_switch, overview.unknown_orders), ("released", Some(0)));
    let total = &overview.totals[0];
    assert!(!total.is_live && total.unrealized_pnl.unwrap() < figure("-49"), "{total:?}");
    assert_eq!(total.day_pnl, None, "the second account has not been looked at yet");
    let main = &overview.accounts[0];
    assert!(main.is_fresh && main.day_pnl.unwrap() < figure("-49"), "{main:?}");
    assert_eq!(overview.nearest_liquidation.as_ref().unwrap().account, "main");

    let risk = world.service.risk(None).await.unwrap();
    let limit = |name: &str| risk.accounts[0].limits.iter().find(|it| it.name == name).unwrap();
    assert_eq!(limit("max_daily_loss").used.map(Figure::get), main.day_pnl.map(|it| -it.get()));
    assert_eq!(
        (limit("max_position").used, limit("max_position").limit),
        (Some(figure("2450")), limit("max_position").limit)
    );
    assert_eq!((limit("max_positions").used, limit("max_positions").state), (Some(figure("1")), "ok"));
    assert_eq!((limit("max_leverage").share, limit("max_leverage").state), (Some(figure("1")), "near"));
    assert!(limit("min_liquidation_distance").share.unwrap() < figure("1"));
    let margin = &risk.accounts[0].margin;
    assert_eq!(
        margin.thresholds.iter().map(|it| it.stage).collect::<Vec<_>>(),
        ["warn", "cancel", "reduce", "flatten"]
    );
    assert_eq!(margin.gauges.len(), 2);
    assert_eq!(margin.gauges[1].margin_ratio, main.margin_ratio);

    let filter = RecordFilter { days: 30, limit: 10, ..RecordFilter::default() };
    let funding = world.service.funding(&filter).await.unwrap();
    assert_eq!(funding.rates.len(), 1);
    assert!(funding.rates[0].rate.is_some() && funding.per_day[0].per_day.is_some(), "{funding:?}");
    let pnl = world.service.pnl(Some(&AccountId::new("main")), 7, Some(100)).await.unwrap();
    assert_eq!((pnl.accounts.len(), pnl.accounts[0].curve.len(), pnl.accounts[0].thinned), (1, 2, false));
    let open: Vec<u32> = pnl.accounts[0].curve.iter().map(|it| it.open_positions).collect();
    assert_eq!(open, [0, 1], "the first is of before the first order");
    assert_eq!(pnl.accounts[0].day.pnl, main.day_pnl);
    let without = world.service.pnl(None, 7, None).await.unwrap();
    assert_eq!((without.accounts[0].curve.len(), without.accounts[0].thinned), (0, false), "it was not asked for");
    assert_eq!(without.accounts[0].days.len(), pnl.accounts[0].days.len());

    let exposure = world.service.exposure();
    assert_eq!((exposure.by_asset[0].base.as_str(), exposure.by_asset[0].net), ("BTC", figure("2450")));
    assert_eq!(exposure.by_asset[0].share, Some(figure("1")));
}

#[tokio::test]
async fn a_fall_is_told_with_who_goes_first_and_when() {
    let world = World::new().await;
    world.long().await;
    let position = world.service.positions(None, None).await.unwrap().positions.remove(0);
    let distance = position.distance.unwrap().get() * Decimal::ONE_HUNDRED;
    let mild = world.service.what_if(None, "-5".parse().unwrap()).unwrap();
    assert_eq!((mild.first, mild.totals[0].equity_change), (None, Some(figure("-125"))));
    let hard = world.service.what_if(Some("BTC"), "-50".parse().unwrap()).unwrap();
    let first = hard.first.unwrap();
    assert_eq!((first.account.as_str(), first.symbol.as_str()), ("main", world::BTC));
    assert!((first.at_percent.get() + distance).abs() <= "0.02".parse().unwrap(), "{first:?} by {distance}");
    assert_eq!(hard.totals[0].liquidated, 1);
    let other = world.service.what_if(Some("ETH"), "-50".parse().unwrap()).unwrap();
    assert_eq!((other.first, other.totals[0].equity_change), (None, Some(figure("0"))));
    assert!(world.service.what_if(None, "-100".parse().unwrap()).is_err());
    let stress = world.service.stress().unwrap();
    assert_eq!(stress.rows.iter().map(|it| it.asset.as_deref()).collect::<Vec<_>>(), [None, Some("BTC")]);
    assert!(stress.rows.iter().all(|row| row.cells.len() == stress.moves.len()));
}

#[tokio::test]
async fn what_is_stale_is_said_to_be() {
    let world = World::new().await;
    assert_eq!(world.service.unready(), Vec::<String>::new());
    world.pass(Duration::from_secs(11));
    let overview = world.service.overview().await;
    assert!(!overview.accounts[0].is_fresh, "{:?}", overview.accounts[0]);
    assert_eq!(world.service.unready()[0], "main: known 11 s ago");
}

#[tokio::test]
async fn candles_are_the_venues_and_those_that_have_closed() {
    let world = World::new().await;
    world.mark("50100").await;
    world.mark("49900").await;
    let candles = async |limit| {
        let asked =
            world.service.candles(&AccountId::new("main"), &world::btc(), CandleInterval::OneMinute, limit).await;
        asked.map(|it| {
            (it.candles.iter().map(|it| (it.time.0, it.high, it.low, it.close)).collect::<Vec<_>>(), it.trouble)
        })
    };
    assert_eq!(candles(10).await, Ok((vec![], None)), "none has closed");
    world.pass(Duration::from_secs(60));
    world.mark("50500").await;
    let first = (start(), figure("50100"), figure("49900"), figure("49900"));
    assert_eq!(candles(10).await, Ok((vec![first], None)));
    world.pass(Duration::from_secs(60));
    world.mark("50400").await;
    let second = (start().plus(Duration::from_secs(60)), figure("50500"), figure("50500"), figure("50500"));
    assert_eq!(candles(10).await, Ok((vec![first, second], None)));
    assert_eq!(candles(1).await, Ok((vec![second], None)));
    let (main, unlisted) = (AccountId::new("main"), "XYZ/USDT:USDT".parse().unwrap());
    let unknown = world.service.candles(&main, &unlisted, CandleInterval::Day, 1).await;
    assert_eq!(unknown.unwrap_err().to_string(), "paper lists no XYZ/USDT:USDT");
}
