//! Everything that is told, once for programs and once for people.

use super::*;
use plimsoll_domain::{
    ContractChange, ContractStatus, Difference, DifferenceField, DifferenceSubject, Direction, Threshold,
};
use plimsoll_engine::{AppliedSetting, ContractSetting, Why};

const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

fn btc() -> Symbol {
    "BTC/USDT:USDT".parse().unwrap()
}

fn long() -> Position {
    let (quantity, entry) = ("0.5".parse().unwrap(), "60000".parse().unwrap());
    Position { direction: Direction::Long, quantity, entry }
}

fn warning(level: Option<u8>) -> MarginWarning {
    MarginWarning {
        symbol: btc(),
        position_side: PositionSide::Both,
        quantity: None,
        margin_ratio: MarginRatio::of("85".parse().unwrap(), "100".parse().unwrap()),
        liquidation_price: Some("54250.1".parse().unwrap()),
        mark_price: Some("54300".parse().unwrap()),
        maintenance_margin: Some("85".parse().unwrap()),
        level,
        time: NOW,
    }
}

fn forced(level: Option<u8>) -> ForcedClose {
    let (quantity, price) = (Some("0.5".parse().unwrap()), Some("54250".parse().unwrap()));
    ForcedClose { symbol: btc(), position_side: PositionSide::Both, quantity, price, level, time: NOW }
}

fn closed() -> ClosedPosition {
    let realized = Some("-100.50".parse().unwrap());
    ClosedPosition { symbol: btc(), position_side: PositionSide::Both, position: long(), realized, cause: None }
}

fn of_account(news: AccountNews) -> LookoutNews {
    LookoutNews::Account(news)
}

fn everything() -> Vec<LookoutNews> {
    let (retry, side) = (Duration::from_secs(2), PositionSide::Both);
    let changed = |change| of_account(AccountNews::Changed(change));
    let crossed = |figure, crossing, value: Option<&str>| {
        let (value, threshold) = (value.map(|value| value.parse().unwrap()), Threshold::above(Decimal::new(8, 1)));
        of_account(AccountNews::Watched(Watched { figure, crossing, value, threshold, is_certain: true }))
    };
    vec![
        LookoutNews::Connected,
        LookoutNews::NotConnected { failure: plimsoll_engine::ConnectFailure::NotLive(retry), retry },
        of_account(AccountNews::Link(Link::Down { reason: "closed by the venue".to_owned() })),
        of_account(AccountNews::Link(Link::Syncing)),
        of_account(AccountNews::Link(Link::Live)),
        of_account(AccountNews::GapClosed(Gap {
            from: NOW,
            until: NOW.plus(Duration::from_millis(1500)),
            reason: "closed by the venue".to_owned(),
        })),
        LookoutNews::Ended { retry },
        LookoutNews::Missed(7),
        LookoutNews::MarksFlow(vec![btc()]),
        LookoutNews::MarksStopped("no route".to_owned()),
        LookoutNews::Set(AppliedSetting {
            symbol: btc(),
            setting: ContractSetting { leverage: None, margin_mode: Some(plimsoll_domain::MarginMode::Isolated) },
            changed: true,
            verification: Verification::ReadBack,
        }),
        LookoutNews::NotSet { symbol: Some(btc()), why: "something is open".to_owned() },
        changed(Change::PositionOpened { symbol: btc(), position_side: side, position: long() }),
        changed(Change::PositionUpdated {
            symbol: btc(),
            position_side: side,
            before: long(),
            position: long(),
            realized: None,
        }),
        changed(Change::PositionClosed(closed())),
        changed(Change::PositionLiquidated(closed())),
        changed(Change::MarginCalled(warning(None))),
        of_account(AccountNews::Derived(Derived::MarginCall(warning(None)))),
        changed(Change::LiquidationNear(warning(Some(3)))),
        of_account(AccountNews::Derived(Derived::LiquidationWarning {
            level: MarginAlert::HighUsage,
            warning: warning(None),
        })),
        changed(Change::LiquidationExecuted(forced(None))),
        changed(Change::AdlWarned(ForcedClose { quantity: None, price: None, ..forced(Some(4)) })),
        changed(Change::AdlExecuted(forced(None))),
        crossed(WatchedFigure::PositionMarginRatio(btc(), side), Crossing::Raised, Some("0.85")),
        crossed(WatchedFigure::UnrealizedLoss, Crossing::Cleared, None),
        of_account(AccountNews::Differs(Difference {
            subject: DifferenceSubject::Position(btc(), side),
            field: DifferenceField::Size,
            ours: None,
            venue: Some("0.5".to_owned()),
        })),
        of_account(AccountNews::Contract(ContractChange::Status {
            symbol: btc(),
            before: ContractStatus::Trading,
            status: ContractStatus::ReduceOnly,
        })),
    ]
}

fn wakes() -> Vec<Wake> {
    vec![Wake { why: Why::StopGone, symbol: Some(btc()) }, Wake { why: Why::UnrealizedLoss, symbol: None }]
}

#[test]
fn programs_are_told_everything_by_a_name_of_its_own() {
    let news = everything();
    let told = news.iter().filter_map(|news| for_programs(news, NOW)).chain([woken(&wakes(), NOW)]);
    let lines: Vec<String> = told.map(|it| serde_json::to_string(&it).unwrap()).collect();
    let lines = lines.join("\n").replace(r#","time":"2026-01-01T00:00:00Z""#, "");
    insta::assert_snapshot!(lines, @r#"
    {"event":"stream_connected"}
    {"event":"stream_not_connected","error":"the private stream was not live within 2 s","retry_ms":2000}
    {"event":"stream_disconnected","reason":"closed by the venue"}
    {"event":"stream_syncing"}
    {"event":"stream_live"}
    {"event":"gap_closed","from":"2026-01-01T00:00:00Z","until":"2026-01-01T00:00:01.5Z","length_ms":1500,"reason":"closed by the venue"}
    {"event":"stream_ended","retry_ms":2000}
    {"event":"news_missed","count":7}
    {"event":"marks_flow","symbols":["BTC/USDT:USDT"]}
    {"event":"marks_stopped","reason":"no route"}
    {"event":"contract_set","symbol":"BTC/USDT:USDT","leverage":null,"margin_mode":"isolated","changed":true,"read_back":true}
    {"event":"not_set","symbol":"BTC/USDT:USDT","reason":"something is open"}
    {"event":"position_opened","symbol":"BTC/USDT:USDT","position_side":"both","direction":"long","quantity":"0.5","entry_price":"60000"}
    {"event":"position_updated","symbol":"BTC/USDT:USDT","position_side":"both","direction":"long","quantity":"0.5","entry_price":"60000"}
    {"event":"position_closed","symbol":"BTC/USDT:USDT","position_side":"both","direction":"long","quantity":"0.5","entry_price":"60000","realized_pnl":"-100.5","cause":null}
    {"event":"position_liquidated","symbol":"BTC/USDT:USDT","position_side":"both","direction":"long","quantity":"0.5","entry_price":"60000","realized_pnl":"-100.5","cause":null}
    {"event":"margin_call","symbol":"BTC/USDT:USDT","position_side":"both","level":"high_usage","margin_ratio":"0.85","mark_price":"54300","liquidation_price":"54250.1","maintenance_margin":"85","derived":false}
    {"event":"margin_call","symbol":"BTC/USDT:USDT","position_side":"both","level":"high_usage","margin_ratio":"0.85","mark_price":"54300","liquidation_price":"54250.1","maintenance_margin":"85","derived":true}
    {"event":"liquidation_warning","symbol":"BTC/USDT:USDT","position_side":"both","level":"3","margin_ratio":"0.85","mark_price":"54300","liquidation_price":"54250.1","maintenance_margin":"85","derived":false}
    {"event":"liquidation_warning","symbol":"BTC/USDT:USDT","position_side":"both","level":"high_usage","margin_ratio":"0.85","mark_price":"54300","liquidation_price":"54250.1","maintenance_margin":"85","derived":true}
    {"event":"liquidation_executed","symbol":"BTC/USDT:USDT","position_side":"both","quantity":"0.5","price":"54250","level":null}
    {"event":"adl_warning","symbol":"BTC/USDT:USDT","position_side":"both","quantity":null,"price":null,"level":4}
    {"event":"adl_executed","symbol":"BTC/USDT:USDT","position_side":"both","quantity":"0.5","price":"54250","level":null}
    {"event":"threshold_crossed","figure":"position_margin_ratio","symbol":"BTC/USDT:USDT","position_side":"both","crossing":"raised","value":"0.85","threshold":"0.8","certain":true}
    {"event":"threshold_crossed","figure":"unrealized_loss","symbol":null,"position_side":null,"crossing":"cleared","value":null,"threshold":"0.8","certain":true}
    {"event":"audit_difference","about":"position BTC/USDT:USDT both","figure":"size","ours":null,"venue":"0.5"}
    {"event":"contract_changed","symbol":"BTC/USDT:USDT","what":"contract_status","text":"BTC/USDT:USDT is reduce_only, and was trading"}
    {"event":"woken","why":[{"why":"stop_gone","symbol":"BTC/USDT:USDT"},{"why":"unrealized_loss","symbol":null}]}
    "#);
}

#[test]
fn people_are_told_in_sentences() {
    let news = everything();
    let told = news.iter().filter_map(for_people).chain([woken_for_people(&wakes())]);
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @"
    the private stream is live: what it tells is looked at at once
    the private stream is not connected: the private stream was not live within 2 s; looking by the clock, next try in 2s
    the private stream is down: closed by the venue; looking by the clock
    the account is whole again after 1500 ms: closed by the venue
    the private stream has ended; looking by the clock, another one in 2s
    7 pieces of news were missed; the account is looked at
    mark prices do not flow: no route; looking by the clock
    BTC/USDT:USDT: now has isolated margin
    BTC/USDT:USDT is not set as configured: something is open
    opened: BTC/USDT:USDT long 0.5 from 60000
    changed: BTC/USDT:USDT long 0.5 from 60000
    closed: BTC/USDT:USDT long 0.5 from 60000
    LIQUIDATED: BTC/USDT:USDT long 0.5 from 60000
    the venue calls for margin: BTC/USDT:USDT, margin ratio 0.85, liquidated at 54250.1
    margin is wanted, by the figures: BTC/USDT:USDT, margin ratio 0.85, liquidated at 54250.1
    the venue warns of liquidation (3): BTC/USDT:USDT, margin ratio 0.85, liquidated at 54250.1
    liquidation is near (high_usage), by the figures: BTC/USDT:USDT, margin ratio 0.85, liquidated at 54250.1
    the venue has closed by force for want of margin: BTC/USDT:USDT 0.5 at 54250
    in the deleveraging queue: BTC/USDT:USDT, place 4
    the venue has deleveraged: BTC/USDT:USDT 0.5 at 54250
    position margin ratio of BTC/USDT:USDT has crossed 0.8: 0.85
    unrealized loss is back from 0.8: gone
    the venue sees the account otherwise: position BTC/USDT:USDT both, size: we have none, the venue says 0.5
    BTC/USDT:USDT is reduce_only, and was trading
    looking at once: stop gone BTC/USDT:USDT, unrealized loss
    ");
}
