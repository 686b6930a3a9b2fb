use crate::venue::*;
use plimsoll_domain::liquidation::{self, Leg};
use plimsoll_domain::{Direction, MarginMode, OrderStatus, Price, Rate, Rounding};
use plimsoll_exchange::{IncomeKind, Settings, listings};

/// A tick towards safety of a price, and the first tick that liquidates.
fn around(exact: Price, direction: Direction) -> (Price, Price) {
    let tick = listings::btc_usdt().tick;
    let (due, safer) = match direction {
        Direction::Long => (exact.round(tick, Rounding::Down).unwrap(), tick.get()),
        Direction::Short => (exact.round(tick, Rounding::Up).unwrap(), -tick.get()),
    };
    (Price::new(due.get() + safer).unwrap(), due)
}

#[test]
fn it_comes_exactly_at_the_domain_s_price() {
    for (mode, words, times) in [
        (MarginMode::Isolated, "buy 0.5", 5),
        (MarginMode::Isolated, "sell 0.5", 5),
        (MarginMode::Isolated, "buy 2", 20),
        (MarginMode::Isolated, "sell 11.5", 60),
        (MarginMode::Cross, "buy 2", 20),
        (MarginMode::Cross, "sell 2", 20),
    ] {
        let mut venue = Venue::with(Settings::default(), "20000").set(mode, times);
        venue.place(words);
        let report = venue.report();
        let position = report.position.unwrap();
        let figures = venue.exchange.account_figures(&alice()).unwrap();
        let backing = report.isolated_margin.unwrap_or(figures.cross_wallet);
        let tiers = listings::btc_usdt().tiers;
        let bounds =
            liquidation::isolated(Leg { position, tiers: &tiers }, backing, Rate::ZERO, None).bounds().unwrap();
        let exact = bounds.below.or(bounds.above).unwrap();
        assert_eq!(report.liquidation_price, Some(exact), "{words}");
        let (safe, due) = around(exact, position.direction);
        venue.tick(&safe.to_string());
        assert_eq!(venue.report().position, Some(position), "{words} at {safe}");
        venue.tick(&due.to_string());
        assert_eq!(venue.position(), "flat", "{words} at {due}");
    }
}

#[test]
fn a_mark_between_ticks_liquidates_at_the_last_digit() {
    let mut venue = Venue::new().set(MarginMode::Isolated, 5);
    venue.place("buy 0.5");
    let exact = venue.report().liquidation_price.unwrap();
    let just_above = Price::new(exact.get() + rust_decimal::Decimal::new(1, 20)).unwrap();
    venue.tick_apart("50000", &just_above.to_string());
    assert_ne!(venue.position(), "flat");
    venue.tick_apart("50000", &exact.to_string());
    assert_eq!(venue.position(), "flat");
}

#[test]
fn the_story_of_a_liquidation() {
    let mut venue = Venue::new().set(MarginMode::Isolated, 10);
    venue.place("sell 0.1");
    let resting = venue.place("buy 0.1 at 49000");
    venue.place("buy all stop 54900");
    venue.tick("54500");
    venue.story();
    venue.tick("54850");
    assert_eq!(
        venue.story(),
        [
            "liquidation started",
            "expired Liquidation",
            "conditional expired Liquidation",
            "accepted",
            "filled 0.1 at 54850",
            "forced order",
            "liquidated, fee 15"
        ]
    );
    assert_eq!(venue.now(&resting).status, OrderStatus::Expired);
    // Margin 500 less the loss of 485 leaves 15 of the fee of 68.5625; the rest of the wallet is untouched.
    assert_eq!(venue.wallet(), "9498");
    assert_eq!(venue.exchange.insurance_fund(), money("1000015"));
    let order = venue.exchange.orders(&alice(), &btc()).pop().unwrap();
    assert!(order.order.client_order_id.as_str().starts_with("autoclose-"));
}

#[test]
fn a_gap_through_bankruptcy_costs_the_margin_and_the_fund_the_rest() {
    let mut venue = Venue::new().set(MarginMode::Isolated, 10);
    venue.place("sell 0.1");
    venue.tick("60000");
    // Bankrupt at 55,000: the fund takes the position over there and closes it at 60,000.
    assert_eq!(venue.wallet(), "9498");
    assert_eq!(venue.exchange.insurance_fund(), money("999500"));
    let symbol = btc();
    let alice = alice();
    let fill = venue.exchange.fills(&alice, &symbol).last().unwrap();
    assert_eq!((fill.price, fill.realized_pnl), (price("55000"), Some(money("-500"))));
}

#[test]
fn cross_positions_share_one_fate() {
    let mut venue = Venue::new().set(MarginMode::Cross, 50);
    venue.place("buy 2");
    venue.place("buy 20 eth");
    // 100,000 of bitcoin and 50,000 of ether on 10,000: seven per cent less on both is the end.
    venue.tick("46600");
    assert_ne!(venue.position(), "flat");
    venue.tick_ether("2330");
    assert_eq!(venue.position(), "flat");
    assert!(venue.exchange.positions(&alice()).is_empty());
    let wallet: f64 = venue.wallet().parse().unwrap();
    assert!(wallet >= 0.0);
}

#[test]
fn the_price_that_is_shown_for_one_of_several_symbols_is_where_it_ends() {
    let mut venue = Venue::new().set(MarginMode::Cross, 50);
    venue.place("buy 2");
    venue.place("sell 20 eth");
    venue.tick("48000");
    venue.tick_ether("2550");
    let exact = venue.report().liquidation_price.unwrap();
    let (safe, due) = around(exact, Direction::Long);
    venue.tick(&safe.to_string());
    assert_ne!(venue.position(), "flat");
    venue.tick(&due.to_string());
    assert_eq!(venue.position(), "flat");
}

#[test]
fn a_hedged_pair_is_liquidated_by_a_rally() {
    let mut venue = Venue::with(Settings::default(), "600").hedge().set(MarginMode::Cross, 100);
    venue.place("buy 0.5 long");
    venue.place("sell 0.5 short");
    let report = venue.exchange.position(&alice(), &btc(), plimsoll_domain::PositionSide::Long).unwrap();
    let above = report.liquidation_price.unwrap();
    assert!(above > price("50000"));
    let (safe, due) = around(above, Direction::Short);
    venue.tick(&safe.to_string());
    assert_eq!(venue.exchange.positions(&alice()).len(), 2);
    venue.tick(&due.to_string());
    assert!(venue.exchange.positions(&alice()).is_empty());
}

#[test]
fn an_isolated_liquidation_leaves_the_rest_alone() {
    let mut venue = Venue::new().set(MarginMode::Isolated, 20);
    venue.place("buy 0.1");
    venue.place("buy 1 eth");
    let other = venue.place("buy 1 at 2400 eth");
    venue.tick("47000");
    assert_eq!(venue.position(), "flat");
    assert_eq!(venue.exchange.positions(&alice()).len(), 1);
    assert_eq!(venue.now(&other).status, OrderStatus::New);
}

#[test]
fn the_last_price_alone_does_not_liquidate() {
    let mut venue = Venue::new().set(MarginMode::Isolated, 20);
    venue.place("buy 0.1");
    venue.tick_apart("40000", "50000");
    assert_eq!(venue.position(), "long 0.1 at 50000.1");
}

#[test]
fn a_margin_call_comes_before_and_once_an_hour() {
    let mut venue = Venue::new().set(MarginMode::Isolated, 10);
    venue.place("sell 0.1");
    venue.story();
    // Equity 500 − 0.1·(P − 50,000) meets 1.25 · 0.004 · 0.1 · P at 54,726.3…
    venue.tick("54700");
    assert!(venue.story().is_empty());
    venue.tick("54730");
    assert_eq!(venue.story(), ["margin call"]);
    venue.tick("54740").tick("54700").tick("54740");
    assert!(venue.story().is_empty());
    let later = venue.exchange.now().plus(std::time::Duration::from_secs(3600));
    let tick = plimsoll_exchange::Tick::at(btc(), later, price("54741"));
    venue.exchange.advance(&tick).unwrap();
    assert_eq!(venue.story(), ["margin call"]);
}

#[test]
fn nothing_is_enforced_when_it_is_switched_off() {
    let mut venue = Venue::with(Settings { liquidation: false, ..Settings::default() }, "10000");
    venue.place("buy 1");
    venue.tick("1000");
    assert_eq!(venue.position(), "long 1 at 50000.1");
}

#[test]
fn the_fee_is_an_insurance_row() {
    let mut venue = Venue::new().set(MarginMode::Cross, 20);
    venue.place("buy 2");
    venue.tick("45500").tick("45300").tick("45200");
    let rows = venue.exchange.income(&alice());
    let clear = rows.iter().find(|row| row.kind == IncomeKind::InsuranceClear).unwrap();
    assert!(clear.amount.is_negative());
    let ids: std::collections::BTreeSet<u64> = rows.iter().map(|row| row.id).collect();
    assert_eq!(ids.len(), rows.len());
}

#[test]
fn a_cross_pool_that_cannot_pay_is_left_with_nothing_and_the_fund_pays_the_shortage() {
    let mut venue = Venue::new().set(MarginMode::Cross, 50);
    venue.place("buy 2");
    venue.place("buy 20 eth");
    let wallet = venue.exchange.balance(&alice()).unwrap().wallet.unwrap();
    venue.tick("40000");
    assert_eq!(venue.wallet(), "0");
    // Bitcoin lost 20,000.2 and ether 0.2 more than the wallet had; rounding to ticks went through the fee.
    let shortage = money("20000.4") - wallet;
    assert_eq!(venue.exchange.insurance_fund(), money("1000000") - shortage);
}

#[test]
fn nobody_owes_the_exchange() {
    let mut venue = Venue::with(Settings::default(), "510").set(MarginMode::Isolated, 10);
    venue.place("sell 0.1");
    venue.tick_apart("60000", "50000");
    venue.story();
    venue.place("buy 0.1 reduce");
    // 510 − 2 − 2.400004 of fees − 1,000.01.
    assert_eq!(venue.story(), ["accepted", "filled 0.1 at 60000.1", "trade", "covered 494.410004"]);
    assert_eq!(venue.wallet(), "0");
}

#[test]
fn what_is_taken_out_of_the_wallet_backs_nothing_any_more() {
    let mut venue = Venue::new().set(MarginMode::Cross, 10);
    venue.place("sell 0.1");
    venue.exchange.transfer(&alice(), money("-9498")).unwrap();
    let (safe, due) = around(venue.report().liquidation_price.unwrap(), Direction::Short);
    venue.tick(&safe.to_string());
    assert_ne!(venue.position(), "flat");
    venue.tick(&due.to_string());
    assert_eq!(venue.position(), "flat");
}

#[test]
fn a_warning_is_of_the_position_before_it_is_closed() {
    let mut venue = Venue::new().set(MarginMode::Isolated, 10);
    venue.place("sell 0.1");
    let position = venue.report().position;
    venue.exchange.drain_events();
    venue.tick("54850");
    let events = venue.exchange.drain_events();
    let plimsoll_exchange::News::LiquidationStarted { positions, .. } = &events[0].news else { panic!("{events:?}") };
    let [thin] = positions.as_slice() else { panic!("{positions:?}") };
    assert_eq!((thin.report.position, thin.report.unrealized_pnl), (position, Some(money("-485"))));
    assert_eq!(thin.report.isolated_margin, Some(money("500")));
    assert_eq!(thin.warning.maintenance_margin, Some(money("21.94")));
}
