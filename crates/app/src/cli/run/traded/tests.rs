//! Everything that is told, once for programs and once for people.

use super::*;
use plimsoll_domain::{
    Candle, ClientOrderId, Direction, FillCause, Leverage, Liquidity, OrderId, OrderStatus, Position, PositionSide,
    Side, Symbol, TradeId, Transition,
};
use plimsoll_engine::desk::Desk;
use plimsoll_ports::OpenIntent;
use plimsoll_strategies::Place;
use std::sync::Arc;
use std::time::Duration;

const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

fn btc() -> Symbol {
    "BTC/USDT:USDT".parse().unwrap()
}

fn account(name: &str) -> AccountId {
    AccountId::new(name)
}

fn configured(name: &str, kind: &str, accounts: &[&str]) -> StrategyConfig {
    let places = accounts.iter().map(|name| Place { account: account(name), symbol: btc() }).collect();
    StrategyConfig {
        name: name.to_owned(),
        kind: kind.to_owned(),
        places,
        settings: serde_json::Map::new(),
        expectation: None,
    }
}

fn strategies() -> Vec<StrategyConfig> {
    vec![configured("cross", "ema_cross", &["main"]), configured("arb", "funding_arbitrage", &["main", "second"])]
}

fn seats() -> (SeatIndex, SeatIndex) {
    let built = strategies().iter().map(|it| it.build().unwrap()).collect();
    let desk = Desk::new(built, vec![account("main"), account("second")]).unwrap();
    let mut seats = desk.seats();
    (seats.next().unwrap(), seats.next().unwrap())
}

fn open(direction: Direction) -> Intent {
    Intent::Open(OpenIntent {
        symbol: btc(),
        direction,
        quantity: "0.1".parse().unwrap(),
        leverage: Leverage::new(3).unwrap(),
        stop_loss: StopLoss::At("57000".parse().unwrap()),
        take_profit: None,
    })
}

fn rest(effect: RestingEffect) -> Intent {
    let (quantity, price) = ("0.1".parse().unwrap(), "59000".parse().unwrap());
    Intent::Rest(RestIntent { symbol: btc(), label: "cell-3".to_owned(), side: Side::Buy, quantity, price, effect })
}

fn on_main(intent: Intent, reason: &str) -> Arc<Decision> {
    Arc::new(Decision::one(account("main"), intent, reason))
}

fn both() -> Arc<Decision> {
    let leg = |name: &str, direction| Leg { account: account(name), intent: open(direction) };
    let legs = vec![leg("main", Direction::Long), leg("second", Direction::Short)];
    Arc::new(Decision { legs, reason: "funding beats its costs by 0.0012".to_owned() })
}

fn fill(side: Side) -> Box<Fill> {
    Box::new(Fill {
        trade_id: TradeId::new("7"),
        order_id: OrderId::new("8"),
        client_order_id: ClientOrderId::reported("plm-1-entry"),
        symbol: btc(),
        side,
        position_side: PositionSide::Both,
        price: "60000.10".parse().unwrap(),
        quantity: "0.1".parse().unwrap(),
        fee: "3.000005".parse().unwrap(),
        fee_currency: Some(plimsoll_domain::Currency::new("USDT")),
        liquidity: Some(Liquidity::Taker),
        realized_pnl: None,
        cause: FillCause::Order,
        time: NOW,
    })
}

fn everything() -> Vec<TradingNews> {
    let ((cross, arb), main) = (seats(), account("main"));
    let long =
        Position { direction: Direction::Long, quantity: "0.1".parse().unwrap(), entry: "60000.1".parse().unwrap() };
    let decided = |decision| TradingNews::Decided { seat: cross, at: NOW, decision };
    let crossed = on_main(open(Direction::Long), "the averages have crossed: 60010 above 60005");
    let opens = RestingEffect::Opens { leverage: Leverage::ONE, stop_loss: StopLoss::At("55000".parse().unwrap()) };
    let direction = Direction::Long;
    let part = CloseIntent { symbol: btc(), direction, quantity: "0.05".parse().ok() };
    let moved = Intent::MoveStop { symbol: btc(), direction, trigger: "58000".parse().unwrap() };
    let filled =
        |role, side, made| TradingNews::Filled { seat: cross, account: main.clone(), role, fill: fill(side), made };
    let price = "60000".parse().unwrap();
    let candle = Candle {
        symbol: btc(),
        open_time: NOW,
        interval: Duration::from_secs(60),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: "1".parse().unwrap(),
        closed: true,
    };
    vec![
        TradingNews::Began { resumed: None },
        TradingNews::Began { resumed: Some(NOW) },
        decided(Arc::clone(&crossed)),
        decided(on_main(rest(opens), "the grid")),
        decided(on_main(rest(RestingEffect::Reduces), "the grid")),
        decided(on_main(Intent::Close(part), "too large")),
        decided(on_main(moved, "the close is higher")),
        decided(on_main(Intent::Cancel { symbol: btc(), label: "cell-3".to_owned() }, "the grid is over")),
        TradingNews::Decided { seat: arb, at: NOW, decision: both() },
        TradingNews::Refused {
            seat: cross,
            decision: Arc::clone(&crossed),
            reason: "the kill switch is engaged".to_owned(),
        },
        TradingNews::Refused { seat: arb, decision: both(), reason: "one leg was refused".to_owned() },
        TradingNews::Done { seat: cross, decision: crossed },
        filled(Role::Entry, Side::Buy, Transition::Opened(long)),
        filled(Role::Resting("cell-3".to_owned()), Side::Buy, Transition::Increased(long)),
        filled(Role::StopLoss, Side::Sell, Transition::Closed("-12.50".parse().unwrap())),
        TradingNews::Foreign { account: main.clone(), fill: fill(Side::Sell) },
        TradingNews::Ended {
            seat: cross,
            account: main.clone(),
            symbol: btc(),
            label: "cell-3".to_owned(),
            status: OrderStatus::Canceled,
        },
        TradingNews::Funded { seat: arb, account: account("second"), symbol: btc(), payment: "-0.60".parse().unwrap() },
        TradingNews::Candle { account: main.clone(), candle: Box::new(candle) },
        TradingNews::Stopped { seat: arb, why: "it panicked: by zero".to_owned() },
        TradingNews::Differs {
            seat: cross,
            account: main,
            what: "0.1 of BTC/USDT:USDT is not held at the venue any more, and no fill tells why".to_owned(),
        },
        TradingNews::Trouble { what: "prices do not flow: closed".to_owned() },
    ]
}

#[test]
fn programs_are_told_everything_by_a_name_of_its_own() {
    let trades = Trades::new(true, &strategies(), true);
    let told = everything().iter().flat_map(|news| trades.for_programs(news, NOW)).collect::<Vec<_>>();
    let lines: Vec<String> = told.iter().map(|it| serde_json::to_string(it).unwrap()).collect();
    insta::assert_snapshot!(lines.join("\n").replace(r#","time":"2026-01-01T00:00:00Z""#, ""), @r#"
    {"event":"strategy_began","resumed":null,"account":"main","strategy":"cross"}
    {"event":"strategy_began","resumed":null,"account":null,"strategy":"arb"}
    {"event":"strategy_began","resumed":"2026-01-01T00:00:00Z","account":"main","strategy":"cross"}
    {"event":"strategy_began","resumed":"2026-01-01T00:00:00Z","account":null,"strategy":"arb"}
    {"event":"strategy_decided","reason":"the averages have crossed: 60010 above 60005","legs":[{"account":"main","symbol":"BTC/USDT:USDT","action":"open","label":null,"side":null,"direction":"long","quantity":"0.1","price":null,"leverage":3,"stop":"57000","take_profit":null}],"account":"main","strategy":"cross"}
    {"event":"strategy_decided","reason":"the grid","legs":[{"account":"main","symbol":"BTC/USDT:USDT","action":"rest","label":"cell-3","side":"buy","direction":null,"quantity":"0.1","price":"59000","leverage":1,"stop":"55000","take_profit":null}],"account":"main","strategy":"cross"}
    {"event":"strategy_decided","reason":"the grid","legs":[{"account":"main","symbol":"BTC/USDT:USDT","action":"rest_reducing","label":"cell-3","side":"buy","direction":null,"quantity":"0.1","price":"59000","leverage":null,"stop":null,"take_profit":null}],"account":"main","strategy":"cross"}
    {"event":"strategy_decided","reason":"too large","legs":[{"account":"main","symbol":"BTC/USDT:USDT","action":"close","label":null,"side":null,"direction":"long","quantity":"0.05","price":null,"leverage":null,"stop":null,"take_profit":null}],"account":"main","strategy":"cross"}
    {"event":"strategy_decided","reason":"the close is higher","legs":[{"account":"main","symbol":"BTC/USDT:USDT","action":"move_stop","label":null,"side":null,"direction":"long","quantity":null,"price":null,"leverage":null,"stop":"58000","take_profit":null}],"account":"main","strategy":"cross"}
    {"event":"strategy_decided","reason":"the grid is over","legs":[{"account":"main","symbol":"BTC/USDT:USDT","action":"cancel","label":"cell-3","side":null,"direction":null,"quantity":null,"price":null,"leverage":null,"stop":null,"take_profit":null}],"account":"main","strategy":"cross"}
    {"event":"strategy_decided","reason":"funding beats its costs by 0.0012","legs":[{"account":"main","symbol":"BTC/USDT:USDT","action":"open","label":null,"side":null,"direction":"long","quantity":"0.1","price":null,"leverage":3,"stop":"57000","take_profit":null},{"account":"second","symbol":"BTC/USDT:USDT","action":"open","label":null,"side":null,"direction":"short","quantity":"0.1","price":null,"leverage":3,"stop":"57000","take_profit":null}],"account":null,"strategy":"arb"}
    {"event":"strategy_refused","decision":"the averages have crossed: 60010 above 60005","reason":"the kill switch is engaged","account":"main","strategy":"cross"}
    {"event":"strategy_refused","decision":"funding beats its costs by 0.0012","reason":"one leg was refused","account":null,"strategy":"arb"}
    {"event":"strategy_done","decision":"the averages have crossed: 60010 above 60005","account":"main","strategy":"cross"}
    {"event":"strategy_filled","role":"entry","label":null,"symbol":"BTC/USDT:USDT","trade_id":"7","client_order_id":"plm-1-entry","side":"buy","quantity":"0.1","price":"60000.1","fee":"3.000005","fee_currency":"USDT","liquidity":"taker","traded":"2026-01-01T00:00:00Z","realized_pnl":null,"position":{"direction":"long","quantity":"0.1","entry_price":"60000.1"},"account":"main","strategy":"cross"}
    {"event":"strategy_filled","role":"resting","label":"cell-3","symbol":"BTC/USDT:USDT","trade_id":"7","client_order_id":"plm-1-entry","side":"buy","quantity":"0.1","price":"60000.1","fee":"3.000005","fee_currency":"USDT","liquidity":"taker","traded":"2026-01-01T00:00:00Z","realized_pnl":null,"position":{"direction":"long","quantity":"0.1","entry_price":"60000.1"},"account":"main","strategy":"cross"}
    {"event":"strategy_filled","role":"stop_loss","label":null,"symbol":"BTC/USDT:USDT","trade_id":"7","client_order_id":"plm-1-entry","side":"sell","quantity":"0.1","price":"60000.1","fee":"3.000005","fee_currency":"USDT","liquidity":"taker","traded":"2026-01-01T00:00:00Z","realized_pnl":"-12.5","position":null,"account":"main","strategy":"cross"}
    {"event":"strategy_foreign_fill","symbol":"BTC/USDT:USDT","trade_id":"7","client_order_id":"plm-1-entry","side":"sell","quantity":"0.1","price":"60000.1","fee":"3.000005","fee_currency":"USDT","liquidity":"taker","traded":"2026-01-01T00:00:00Z","account":"main","strategy":null}
    {"event":"strategy_ended","symbol":"BTC/USDT:USDT","label":"cell-3","status":"canceled","account":"main","strategy":"cross"}
    {"event":"strategy_funded","symbol":"BTC/USDT:USDT","payment":"-0.6","account":"second","strategy":"arb"}
    {"event":"strategy_stopped","reason":"it panicked: by zero","account":null,"strategy":"arb"}
    {"event":"strategy_differs","what":"0.1 of BTC/USDT:USDT is not held at the venue any more, and no fill tells why","account":"main","strategy":"cross"}
    {"event":"strategy_trouble","error":"prices do not flow: closed","account":null,"strategy":null}
    "#);
}

#[test]
fn people_are_told_in_sentences_that_name_the_account_where_there_are_several() {
    let of = |several| {
        let trades = Trades::new(false, &strategies(), several);
        everything().iter().flat_map(|news| trades.for_people(news)).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(of(true), @"
    main: cross: begins as new
    main, second: arb: begins as new
    main: cross: goes on from what was saved at 2026-01-01 00:00:00
    main, second: arb: goes on from what was saved at 2026-01-01 00:00:00
    main: cross: open long 0.1 BTC/USDT:USDT, stop 57000 (the averages have crossed: 60010 above 60005)
    main: cross: rest cell-3, buy 0.1 BTC/USDT:USDT at 59000, stop 55000 (the grid)
    main: cross: rest cell-3, buy 0.1 BTC/USDT:USDT at 59000 (the grid)
    main: cross: close 0.05 of BTC/USDT:USDT long (too large)
    main: cross: move the stop of BTC/USDT:USDT long to 58000 (the close is higher)
    main: cross: cancel cell-3 of BTC/USDT:USDT (the grid is over)
    main, second: arb: open long 0.1 BTC/USDT:USDT, stop 57000 on main and open short 0.1 BTC/USDT:USDT, stop 57000 on second (funding beats its costs by 0.0012)
    main: cross: refused: the kill switch is engaged
    main, second: arb: refused: one leg was refused
    main: cross: entry: buy 0.1 BTC/USDT:USDT at 60000.1, fee 3.00 USDT
    main: cross: resting cell-3: buy 0.1 BTC/USDT:USDT at 60000.1, fee 3.00 USDT
    main: cross: stop loss: sell 0.1 BTC/USDT:USDT at 60000.1, fee 3.00 USDT, made -12.50
    main: no strategy's: sell 0.1 BTC/USDT:USDT at 60000.1, fee 3.00 USDT
    main: cross: BTC/USDT:USDT cell-3 has ended: canceled
    second: arb: funding of BTC/USDT:USDT: received 0.60
    main, second: arb: STOPPED: it panicked: by zero; its stops and targets rest on
    main: cross: 0.1 of BTC/USDT:USDT is not held at the venue any more, and no fill tells why
    main, second: strategies: prices do not flow: closed
    ");
    assert!(!of(false).contains("main: "), "{}", of(false));
}
