//! REST bodies of every kind we ask for, and what they tell.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

#[path = "../../../venue/tests/told/mod.rs"]
mod told;

use plimsoll_binance::wire::Symbols;
use plimsoll_binance::wire::body::{self, Income, decode_endpoint};
use plimsoll_domain::{Fees, FillCause, Rate, Timestamp};
use proptest::prelude::*;
use told::told;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("fixtures/rest_", $name, ".json"))
    };
}

/// The directory that the venue's own list makes.
fn listed() -> Symbols {
    Symbols::listed(&body::contracts(fixture!("exchange_info").as_bytes()).unwrap().contracts)
}

fn read(endpoint: &str, body: &str) -> String {
    told(decode_endpoint(endpoint, body.as_bytes(), &Symbols::by_suffix()))
}

#[test]
fn a_contract_takes_its_filters_its_table_and_its_fees() {
    let listing = body::contracts(fixture!("exchange_info").as_bytes()).unwrap();
    let unread: Vec<String> = listing.unread.iter().map(ToString::to_string).collect();
    insta::assert_debug_snapshot!(unread, @r#"
    [
        "no value, in symbols[2] ODDUSDT LOT_SIZE.stepSize",
    ]
    "#);
    let [btc, dated] = &listing.contracts[..] else { panic!("two contracts can be read") };
    assert!(btc.is_trading() && !dated.is_perpetual());

    let brackets = body::leverage_brackets(fixture!("leverage_bracket").as_bytes()).unwrap();
    let tiers = brackets["BTCUSDT"].clone().unwrap();
    insta::assert_snapshot!(brackets["ODDUSDT"].clone().unwrap_err(), @"line 2 of the margin table deducts 1, but maintenance margin is continuous only with 150, in ODDUSDT");
    let fees = Fees { maker: Rate::ZERO, taker: "0.0004".parse().unwrap() };
    let instrument = btc.instrument(tiers, fees, body::DEFAULT_FUNDING_INTERVAL_HOURS);
    insta::assert_debug_snapshot!(instrument, @r#"
    Instrument {
        venue: VenueId(
            "binance",
        ),
        symbol: Symbol(
            "BTC/USDT:USDT",
        ),
        native: "BTCUSDT",
        settle: Currency(
            "USDT",
        ),
        multiplier: 1,
        tick: Step(
            0.1,
        ),
        lot: Step(
            0.001,
        ),
        min_quantity: Quantity(
            0.001,
        ),
        max_quantity: Quantity(
            1000,
        ),
        max_market_quantity: Quantity(
            120,
        ),
        min_notional: Money(
            50,
        ),
        tiers: MarginTiers {
            lines: [
                Tier {
                    floor: Money(
                        0,
                    ),
                    rate: Rate(
                        0.004,
                    ),
                    deduction: Money(
                        0.0,
                    ),
                    max_leverage: Leverage(
                        125,
                    ),
                },
                Tier {
                    floor: Money(
                        50000,
                    ),
                    rate: Rate(
                        0.005,
                    ),
                    deduction: Money(
                        50.0,
                    ),
                    max_leverage: Leverage(
                        100,
                    ),
                },
            ],
            hedge: EachLeg,
        },
        fees: Fees {
            maker: Rate(
                0,
            ),
            taker: Rate(
                0.0004,
            ),
        },
        liquidation_fee: Rate(
            0.012500,
        ),
        funding_interval_hours: 8,
        status: Trading,
        ends: None,
        margin_fee: Rate(
            0,
        ),
    }
    "#);
    assert_eq!(dated.min_quantity.to_string(), "0.001");
    assert_eq!(dated.max_quantity, plimsoll_domain::Quantity::MAX);
}

#[test]
fn only_perpetuals_are_in_the_directory() {
    let symbols = listed();
    assert_eq!(symbols.len(), 1);
    let symbol = symbols.symbol("BTCUSDT").unwrap();
    assert_eq!(symbols.native(&symbol).as_deref(), Some("BTCUSDT"));
    insta::assert_snapshot!(symbols.symbol("BTCUSDT_261225").unwrap_err(), @"'BTCUSDT_261225' is no perpetual contract that is known, in symbol");
    insta::assert_snapshot!(symbols.symbol("ETHUSDT").unwrap_err(), @"'ETHUSDT' is no perpetual contract that is known, in symbol");
}

#[test]
fn positions_tell_what_their_version_tells() {
    insta::assert_snapshot!(read("GET /fapi/v3/positionRisk", fixture!("position_risk_v3")), @r"
    position BTC/USDT:USDT long long 0.015 from 60500.1 mark 61000.1 liquidation 44121.5 unrealized 7.5 realized - leverage - isolated margin 250 maintenance 3.660006 @1764000000120+0
    position ETH/USDT:USDT short short 2 from 3010.25 mark 3011 liquidation - unrealized -1.5 realized - leverage - - margin - maintenance 39.143 @1764000000110+0
    ");
    insta::assert_snapshot!(read("GET /fapi/v2/positionRisk", fixture!("position_risk_v2")), @"position BTC/USDT:USDT both short 0.015 from 60500.1 mark 61000.1 liquidation 70000 unrealized -7.5 realized - leverage 4x cross margin - maintenance - @1764000000120+0");
}

#[test]
fn a_position_of_a_contract_that_is_not_listed_is_an_error_unless_it_is_closed() {
    let symbols = listed();
    let held = fixture!("position_risk_v3").as_bytes();
    insta::assert_snapshot!(body::positions(held, &symbols).unwrap_err(), @"'ETHUSDT' is no perpetual contract that is known, in [1] symbol");
    let closed = fixture!("position_risk_v3").replace(r#""positionAmt":"-2""#, r#""positionAmt":"0""#);
    assert_eq!(body::positions(closed.as_bytes(), &symbols).unwrap().len(), 1);
}

#[test]
fn settings_complete_a_position() {
    let symbols = Symbols::by_suffix();
    let mut position = body::positions(fixture!("position_risk_v3").as_bytes(), &symbols).unwrap().remove(1);
    assert_eq!((position.leverage, position.margin_mode), (None, None));
    let config = body::symbol_config(fixture!("symbol_config").as_bytes(), &symbols).unwrap();
    config[0].complete(&mut position);
    insta::assert_snapshot!(told::position(&position), @"position ETH/USDT:USDT short short 2 from 3010.25 mark 3011 liquidation - unrealized -1.5 realized - leverage 7x cross margin - maintenance 39.143 @1764000000110+0");
}

#[test]
fn balances_and_settings_are_told() {
    insta::assert_snapshot!(read("GET /fapi/v3/account", fixture!("account_v3")), @r"
    balance USDT wallet 1000.5 cross 750.5 available 800 equity 1006.5 unrealized 6 @1764000000120+0
    unknown: a position of BTC/USDT:USDT without its entry price
    ");
    insta::assert_snapshot!(read("GET /fapi/v3/balance", fixture!("balance")), @"balance USDT wallet 1000.5 cross 750.5 available 800 equity - unrealized - @1764000000120+0");
    insta::assert_snapshot!(read("GET /fapi/v1/symbolConfig", fixture!("symbol_config")), @r"
    leverage BTC/USDT:USDT 7x @0+0
    margin mode BTC/USDT:USDT cross @0+0
    ");
    insta::assert_snapshot!(read("GET /fapi/v1/accountConfig", fixture!("account_config")), @"position mode hedge @0+0");
    insta::assert_snapshot!(read("GET /fapi/v1/adlQuantile", fixture!("adl_quantile")), @r"
    adl BTC/USDT:USDT long - at - level 3 @0
    adl BTC/USDT:USDT short - at - level 0 @0
    ");
    insta::assert_snapshot!(read("POST /fapi/v1/leverage", r#"{"leverage":7,"maxNotionalValue":"1","symbol":"BTCUSDT"}"#), @"leverage BTC/USDT:USDT 7x @0+0");
}

#[test]
fn orders_of_both_services_are_told() {
    insta::assert_snapshot!(read("GET /fapi/v1/order", fixture!("order")), @"order 70010001 'plim-a1' BTC/USDT:USDT sell both limit gtc reduce-only quantity 0.02 price 61000.5 trigger - partially_filled filled 0.005 mean 61000.5 child - @1764000000120+0");
    insta::assert_snapshot!(read("GET /fapi/v1/openAlgoOrders", fixture!("algo_orders")), @r"
    order 4000001000000001 'plim-sl1' BTC/USDT:USDT sell both stop_market gtc close-position quantity - price - trigger 59000 new filled - mean - child - @1764000000300+0
    order 4000001000000002 'plim-tp1' BTC/USDT:USDT sell both take_profit_market gtc reduce-only quantity 0.015 price - trigger 63000 filled filled 0.015 mean 63000.1 child 70010078 @1764000000900+0
    ");
    insta::assert_snapshot!(read("POST /fapi/v1/batchOrders", fixture!("batch")), @r"
    order 70010200 'plim-b1' BTC/USDT:USDT buy both market gtc quantity 0.02 price - trigger - new filled - mean - child - @1764000000200+0
    venue error -2022: ReduceOnly Order is rejected.
    ");
}

#[test]
fn of_an_answer_to_placing_only_the_id_is_needed() {
    assert_eq!(body::placed(br#"{"orderId":70010001,"status":"SOMETHING_NEW"}"#).unwrap().as_str(), "70010001");
    assert_eq!(body::algo_placed(br#"{"algoId":4000001000000001}"#).unwrap().as_str(), "4000001000000001");
    insta::assert_snapshot!(body::placed(br#"{"status":"NEW"}"#).unwrap_err(), @"missing field `orderId`, in line 1 column 16");
}

#[test]
fn a_trade_learns_its_orders_name() {
    let symbols = Symbols::by_suffix();
    let mut fills = body::fills(fixture!("user_trades").as_bytes(), &symbols).unwrap();
    insta::assert_snapshot!(told::fill(&fills[0]), @"fill 9001 order 70010001 '' BTC/USDT:USDT sell both 0.005 at 61000.5 fee 0.0610005 USDT maker profit 1.25 by order @1764000000120");
    let mine = body::order(fixture!("order").as_bytes(), &symbols).unwrap();
    let forced = plimsoll_domain::Order {
        order_id: fills[1].order_id.clone(),
        client_order_id: plimsoll_domain::ClientOrderId::reported("autoclose-1"),
        ..mine.clone()
    };
    body::name_fills(&mut fills, &[mine, forced]);
    assert_eq!((fills[0].client_order_id.as_str(), fills[0].cause), ("plim-a1", FillCause::Order));
    assert_eq!((fills[1].client_order_id.as_str(), fills[1].cause), ("autoclose-1", FillCause::Liquidation));
}

#[test]
fn funding_that_was_booked_has_an_id() {
    insta::assert_snapshot!(read("GET /fapi/v1/income", fixture!("income")), @r"
    funding BTC/USDT:USDT pays 0.25 USDT id 880001 @1764000000000
    unknown: income COMMISSION
    unknown: income TRANSFER
    unknown: income INSURANCE_CLEAR
    unknown: income UNHEARD_OF
    ");
    assert_eq!(body::funding_payments(fixture!("income").as_bytes(), &listed()).unwrap().len(), 1);
}

/// One number names bookings of several kinds; a contract that is gone and a kind that is new cost no money.
#[test]
fn every_row_of_income_is_traded_funding_or_booked() {
    let rows = body::income(fixture!("income").as_bytes(), &listed()).unwrap();
    let told: Vec<String> = rows
        .iter()
        .map(|row| match row {
            Income::Traded { symbol, time } => format!("traded {symbol:?} @{}", time.as_millis()),
            Income::Funding { time } => format!("funding @{}", time.as_millis()),
            Income::Booked(it) => {
                let (time, symbol) = (it.time.as_millis(), it.symbol.as_ref().map_or("-", |symbol| symbol.as_str()));
                format!("{} {} {symbol} {} {} @{time}", it.id, it.kind, it.amount, it.currency)
            }
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    funding @1764000000000
    traded Some(Symbol("BTC/USDT:USDT")) @1764000000120
    TRANSFER-880001 transfer - 250.5 USDT @1764000001000
    INSURANCE_CLEAR-880002 liquidation_clearance BTC/USDT:USDT -3.75 USDT @1764000002000
    UNHEARD_OF-880001 other:UNHEARD_OF - 0.00000001 BNB @1764000003000
    "#);
}

#[test]
fn prices_and_funding_are_told() {
    let index = fixture!("premium_index");
    insta::assert_snapshot!(told(decode_endpoint("GET /fapi/v1/premiumIndex", index.as_bytes(), &listed())), @r"
    mark BTC/USDT:USDT 61010.12345678 index 61008.1 @1764000003000
    funding rate BTC/USDT:USDT 0.0001 next @1764028800000 mark 61010.12345678 index 61008.1 @1764000003000
    ");
    insta::assert_snapshot!(read("GET /fapi/v1/fundingRate", fixture!("funding_rate")), @r"
    settled funding BTC/USDT:USDT -0.00002 mark - @1763971200001
    settled funding BTC/USDT:USDT 0.0001 mark 61000.5 @1764000000002
    ");
    insta::assert_snapshot!(read("GET /fapi/v1/klines?symbol=BTCUSDT&interval=1m", fixture!("klines")), @r"
    candle BTC/USDT:USDT @1764000000000 60s 61000 61030.5 60990 61020 volume 12.5 closed true
    candle BTC/USDT:USDT @1764000060000 60s 61020 61025 61010 61015 volume 1.5 closed false
    ");
    insta::assert_snapshot!(read("GET /fapi/v1/klines", fixture!("klines")), @"error: the body does not say of which contract it is: add ?symbol=… to the endpoint, in /fapi/v1/klines symbol");
}

#[test]
fn a_candle_is_closed_once_its_end_has_passed() {
    let symbol = "BTC/USDT:USDT".parse().unwrap();
    let closed = |now: i64| -> Vec<bool> {
        let now = Some(Timestamp::from_millis(now));
        let candles = body::candles(fixture!("klines").as_bytes(), &symbol, body::CandlesOf::Trades, now).unwrap();
        candles.iter().map(|candle| candle.closed).collect()
    };
    assert_eq!(closed(1_764_000_119_999), [true, false]);
    assert_eq!(closed(1_764_000_120_000), [true, true]);
}

#[test]
fn errors_successes_and_strangers_are_told_apart() {
    insta::assert_snapshot!(read("GET /fapi/v1/order", fixture!("error")), @"venue error -1121: Invalid symbol.");
    insta::assert_snapshot!(read("POST /fapi/v1/marginType", r#"{"code":200,"msg":"success"}"#), @"nothing");
    insta::assert_snapshot!(read("DELETE /fapi/v1/algoOrder", r#"{"algoId":1,"clientAlgoId":"a","code":"200","msg":"success"}"#), @"nothing");
    insta::assert_snapshot!(read("POST /fapi/v1/listenKey", r#"{"listenKey":"not-a-real-key"}"#), @"nothing");
    insta::assert_snapshot!(read("GET /fapi/v1/time", r#"{"serverTime":1764000000000}"#), @"nothing");
    insta::assert_snapshot!(read("GET /fapi/v1/openInterest", r#"{"openInterest":"1","symbol":"BTCUSDT","time":1}"#), @"unknown: GET /fapi/v1/openInterest");
    insta::assert_snapshot!(read("GET /fapi/v1/time", "<html>"), @"error: expected value, in /fapi/v1/time line 1 column 1");
    insta::assert_snapshot!(read("GET /fapi/v3/positionRisk", "{}"), @"error: missing field `symbol`, in /fapi/v3/positionRisk line 1 column 2");
    insta::assert_snapshot!(read("nonsense", "[]"), @"unknown: GET nonsense");
}

const BODIES: [(&str, &str); 8] = [
    ("GET /fapi/v1/exchangeInfo", fixture!("exchange_info")),
    ("GET /fapi/v1/leverageBracket", fixture!("leverage_bracket")),
    ("GET /fapi/v3/positionRisk", fixture!("position_risk_v3")),
    ("GET /fapi/v3/account", fixture!("account_v3")),
    ("GET /fapi/v1/openAlgoOrders", fixture!("algo_orders")),
    ("GET /fapi/v1/userTrades", fixture!("user_trades")),
    ("GET /fapi/v1/income", fixture!("income")),
    ("GET /fapi/v1/klines?symbol=BTCUSDT", fixture!("klines")),
];

proptest! {
    #[test]
    fn no_damage_makes_it_panic(which in 0..BODIES.len(), at in any::<prop::sample::Index>(), with in ".{0,3}", cut in 0usize..4) {
        let (endpoint, body) = BODIES[which];
        let at = at.index(body.len());
        let mut damaged = body.as_bytes()[..at].to_vec();
        damaged.extend_from_slice(with.as_bytes());
        damaged.extend_from_slice(body.as_bytes().get(at + cut..).unwrap_or_default());
        let _ = decode_endpoint(endpoint, &damaged, &Symbols::by_suffix());
    }

    #[test]
    fn no_number_makes_it_panic(which in 0..BODIES.len(), nth in 0usize..40, number in "-?[0-9]{1,40}(\\.[0-9]{1,40})?(e-?[0-9]{1,4})?") {
        let (endpoint, body) = BODIES[which];
        let parts: Vec<&str> = body.split('"').collect();
        let numeric = |part: &&str| part.parse::<f64>().is_ok();
        let Some(part) = parts.iter().copied().filter(numeric).nth(nth) else { return Ok(()) };
        let damaged = body.replace(&format!("\"{part}\""), &format!("\"{number}\""));
        let _ = decode_endpoint(endpoint, damaged.as_bytes(), &Symbols::by_suffix());
    }
}
