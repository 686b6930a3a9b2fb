use crate::venue::*;
use plimsoll_domain::{MarginMode, PositionMode, PositionSide, Timestamp};
use plimsoll_exchange::{Exchange, ListingRefused, News, Rejection, Tick, TickRefused, listings};
use std::time::Duration;

#[test]
fn leverage_stays_within_the_table() {
    let mut venue = Venue::with(plimsoll_exchange::Settings::default(), "1000000");
    let set = |venue: &mut Venue, times| venue.exchange.set_leverage(&alice(), &btc(), leverage(times));
    assert_eq!(set(&mut venue, 126), Err(Rejection::LeverageTooHigh { leverage: leverage(126), max: leverage(125) }));
    venue.place("buy 2");
    assert!(matches!(set(&mut venue, 125), Err(Rejection::MaxPositionAtLeverage { .. })));
    set(&mut venue, 100).unwrap();
    assert_eq!(venue.report().leverage, Some(leverage(100)));
}

#[test]
fn lowering_leverage_takes_margin() {
    let mut venue = Venue::new().set(MarginMode::Cross, 20);
    venue.place("buy 1");
    let refused = venue.exchange.set_leverage(&alice(), &btc(), leverage(2));
    assert!(matches!(refused, Err(Rejection::InsufficientMargin { .. })));
    assert_eq!(venue.report().leverage, Some(leverage(20)));
    let mut venue = Venue::new().set(MarginMode::Isolated, 20);
    venue.place("buy 0.1");
    let refused = venue.exchange.set_leverage(&alice(), &btc(), leverage(10));
    assert_eq!(refused, Err(Rejection::LeverageReduction { from: leverage(20), to: leverage(10) }));
}

#[test]
fn modes_do_not_change_under_open_orders_and_positions() {
    let mut venue = Venue::new();
    let mode = |venue: &mut Venue, mode| venue.exchange.set_position_mode(&alice(), mode);
    let margin = |venue: &mut Venue, mode| venue.exchange.set_margin_mode(&alice(), &btc(), mode);
    assert_eq!(mode(&mut venue, PositionMode::OneWay), Err(Rejection::NoChange));
    assert_eq!(margin(&mut venue, MarginMode::Cross), Err(Rejection::NoChange));
    venue.place("buy 0.1 stop 51000");
    assert_eq!(mode(&mut venue, PositionMode::Hedge), Err(Rejection::OpenOrders));
    assert_eq!(margin(&mut venue, MarginMode::Isolated), Err(Rejection::OpenOrders));
    venue.exchange.cancel_all_conditionals(&alice(), &btc()).unwrap();
    venue.place("buy 0.1");
    assert_eq!(mode(&mut venue, PositionMode::Hedge), Err(Rejection::OpenPositions));
    assert_eq!(margin(&mut venue, MarginMode::Isolated), Err(Rejection::OpenPositions));
    venue.place("sell 0.1");
    mode(&mut venue, PositionMode::Hedge).unwrap();
    margin(&mut venue, MarginMode::Isolated).unwrap();
}

#[test]
fn isolated_margin_moves_between_position_and_wallet() {
    let mut venue = Venue::new().set(MarginMode::Isolated, 10);
    venue.place("sell 0.1");
    let adjust = |venue: &mut Venue, amount: &str| {
        venue.exchange.adjust_isolated_margin(&alice(), &btc(), PositionSide::Both, money(amount))
    };
    assert_eq!(venue.report().isolated_margin, Some(money("500")));
    let before = venue.report().liquidation_price;
    adjust(&mut venue, "100").unwrap();
    assert_eq!(venue.report().isolated_margin, Some(money("600")));
    assert!(venue.report().liquidation_price > before);
    assert_eq!(venue.available(), "9398");
    assert_eq!(
        adjust(&mut venue, "-100.5"),
        Err(Rejection::TooMuchTaken { amount: money("100.5"), max: money("100") })
    );
    adjust(&mut venue, "-100").unwrap();
    assert!(matches!(adjust(&mut venue, "9999"), Err(Rejection::InsufficientMargin { .. })));
    assert_eq!(adjust(&mut venue, "0"), Err(Rejection::NoChange));
    assert_eq!(
        venue.exchange.adjust_isolated_margin(&bob(), &btc(), PositionSide::Both, money("1")),
        Err(Rejection::NotIsolated)
    );
}

#[test]
fn closing_part_of_an_isolated_position_gives_its_share_back() {
    let mut venue = Venue::new().set(MarginMode::Isolated, 10);
    venue.place("sell 0.2");
    assert_eq!(venue.report().isolated_margin, Some(money("1000")));
    venue.place("buy 0.05");
    assert_eq!(venue.report().isolated_margin, Some(money("750")));
    venue.place("buy 0.25");
    // Turned around: 0.1 long from 50,000.1.
    assert_eq!(venue.report().isolated_margin, Some(money("500.001")));
}

#[test]
fn turning_a_losing_isolated_position_around_takes_margin() {
    let mut venue = Venue::with(plimsoll_exchange::Settings::default(), "510").set(MarginMode::Isolated, 10);
    venue.place("sell 0.1");
    venue.tick("54000");
    // The margin of 500 has lost 400: what is left does not open another 0.1.
    assert!(matches!(venue.try_place("buy 0.2"), Err(Rejection::InsufficientMargin { .. })));
    let resting = venue.place("buy 0.1 at 53000");
    venue.place("buy 0.1 reduce");
    assert_eq!(venue.now(&resting).status, plimsoll_domain::OrderStatus::New);
    venue.tick("53000");
    assert_eq!(venue.now(&resting).status, plimsoll_domain::OrderStatus::Expired);
    assert_eq!(venue.position(), "flat");
}

#[test]
fn money_moves_in_and_out() {
    let mut venue = Venue::new().set(MarginMode::Cross, 10);
    venue.exchange.transfer(&alice(), money("500")).unwrap();
    venue.place("sell 0.1");
    let refused = venue.exchange.transfer(&alice(), money("-9999"));
    assert_eq!(refused, Err(Rejection::TooMuchTaken { amount: money("9999"), max: money("9998") }));
    venue.exchange.transfer(&alice(), money("-9998")).unwrap();
    assert_eq!(venue.wallet(), "500");
    assert!(matches!(venue.exchange.transfer(&alice(), money("0.000000001")), Err(Rejection::UnfitAmount(_))));
    assert_eq!(venue.exchange.open_account(alice(), money("1")), Err(Rejection::DuplicateAccount));
}

#[test]
fn listings_are_checked() {
    let mut exchange = Exchange::new(START);
    exchange.list(listings::btc_usdt(), price("50000")).unwrap();
    assert_eq!(exchange.list(listings::btc_usdt(), price("1")), Err(ListingRefused::Duplicate(btc())));
    let mut other = listings::eth_usdt();
    other.settle = plimsoll_domain::Currency::new("USDC");
    assert!(matches!(exchange.list(other.clone(), price("1")), Err(ListingRefused::SettleCurrency { .. })));
    (other.settle, other.funding_interval_hours) = (plimsoll_domain::Currency::new("USDT"), 0);
    assert_eq!(exchange.list(other, price("1")), Err(ListingRefused::FundingInterval(0)));
}

#[test]
fn time_does_not_go_back_nor_far_ahead() {
    let mut venue = Venue::new();
    let at = |time| Tick::at(btc(), time, price("50000"));
    let before = START.minus(Duration::from_micros(1));
    let refused = venue.exchange.advance(&at(before));
    assert_eq!(refused, Err(TickRefused::InThePast { time: before, now: START }));
    let far = Timestamp::from_micros(i64::MAX);
    assert_eq!(venue.exchange.advance(&at(far)), Err(TickRefused::TooFarAhead { time: far, now: START }));
    let unknown = Tick::at("XRP/USDT:USDT".parse().unwrap(), START, price("1"));
    assert_eq!(venue.exchange.advance(&unknown), Err(TickRefused::UnknownMarket));
    venue.exchange.advance(&at(START)).unwrap();
}

#[test]
fn candles_are_built_from_ticks() {
    let mut venue = Venue::new();
    let mut at = |seconds: u64, last: &str| {
        let time = START.plus(Duration::from_secs(seconds));
        venue.exchange.advance(&Tick::at(btc(), time, price(last))).unwrap();
    };
    at(10, "50100");
    at(20, "49900");
    at(50, "50050");
    at(60, "50060");
    at(130, "50070");
    venue.place("buy 0.5");
    let end = START.plus(Duration::from_secs(3600));
    let of = |seconds: u64| {
        let candles = venue.exchange.candles(&btc(), Duration::from_secs(seconds), START, end);
        let shown = |candle: &plimsoll_domain::Candle| {
            format!(
                "{} {} {} {} {} {}",
                candle.open, candle.high, candle.low, candle.close, candle.volume, candle.closed
            )
        };
        candles.iter().map(shown).collect::<Vec<_>>()
    };
    let candles = |minutes: u64| of(60 * minutes);
    assert_eq!(
        candles(1),
        ["50000 50100 49900 50050 0 true", "50060 50060 50060 50060 0 true", "50070 50070 50070 50070 0.5 false"]
    );
    assert_eq!(candles(5), ["50000 50100 49900 50070 0.5 false"]);
    let tens = [
        "50000 50000 50000 50000 0 true",
        "50100 50100 50100 50100 0 true",
        "49900 49900 49900 49900 0 true",
        "50050 50050 50050 50050 0 true",
        "50060 50060 50060 50060 0 true",
        "50070 50070 50070 50070 0.5 false",
    ];
    assert_eq!(of(10), tens);
    assert_eq!(of(30), ["50000 50100 49900 49900 0 true", tens[3], tens[4], tens[5]]);
    assert_eq!(START.as_micros() % 90_000_000, 0, "it begins one");
    assert_eq!(of(90), ["50000 50100 49900 50060 0 true", tens[5]]);
    assert_eq!((of(0), of(15)), (vec![], vec![]), "there are none of other lengths");
}

#[test]
fn a_fill_that_is_told_in_brief_leaves_out_only_what_is_worked_out() {
    let told = |full_reports| {
        let settings = plimsoll_exchange::Settings { full_reports, ..Default::default() };
        let mut venue = Venue::with(settings, "10000");
        venue.place("buy 0.1");
        let events = venue.exchange.drain_events();
        let fill = events.into_iter().find_map(|event| match event.news {
            News::OrderFilled(news) => Some(*news),
            _ => None,
        });
        fill.unwrap()
    };
    let (whole, brief) = (told(true), told(false));
    assert!(whole.position.maintenance_margin.is_some() && whole.balance.available.is_some());
    assert_eq!((brief.position.liquidation_price, brief.position.maintenance_margin), (None, None));
    assert_eq!((brief.balance.available, brief.balance.equity), (None, None));
    assert_eq!((&brief.order, &brief.fill), (&whole.order, &whole.fill));
    assert_eq!((brief.position.position, brief.balance.wallet), (whole.position.position, whole.balance.wallet));
}
