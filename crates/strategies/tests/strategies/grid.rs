//! The grid.

use crate::desk::{self, Desk, candle};
use crate::stage::Stage;
use plimsoll_domain::{AccountId, Direction, MarketEvent, OrderStatus, Price, Quantity, Side};
use plimsoll_ports::{Decision, FillRole, Intent, RestingEffect, StopLoss, Strategy, StrategyEvent};
use plimsoll_strategies::settings::{Interval, Number};
use plimsoll_strategies::{Grid, GridSettings, GridSide, Spacing};
use plimsoll_testkit::contract::strategy;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;

/// Candles of a minute with a range of 10: from 970 to 1030 around 1000, seven prices, ten apart.
fn settings() -> GridSettings {
    GridSettings {
        interval: Interval::minutes(1),
        range_interval: Interval::minutes(1),
        atr_period: 2,
        levels: 7,
        recenter_after: 3,
        volume_period: 3,
        cooldown: 2,
        ..GridSettings::default()
    }
}

fn made(settings: GridSettings) -> Grid {
    Grid::new("grid", desk::place("main"), settings).unwrap()
}

struct Market {
    desk: Desk,
    grid: Grid,
    minute: i64,
}

impl Market {
    /// A grid around 1000, as soon as there is a range.
    fn new(settings: GridSettings) -> Self {
        let mut market = Self { desk: Desk::new("main"), grid: made(settings), minute: 0 };
        for _ in 0..3 {
            market.closes(dec!(1000));
        }
        market
    }

    /// A candle that ends here, whose range is 10.
    fn closes(&mut self, close: Decimal) -> Vec<Decision> {
        self.candle(close, dec!(1))
    }

    fn candle(&mut self, close: Decimal, volume: Decimal) -> Vec<Decision> {
        let candle = candle(1, self.minute, [close + dec!(5), close - dec!(5), close], volume);
        self.minute += 1;
        self.desk.candle(&mut self.grid, candle)
    }

    fn moves(&mut self, to: Decimal) -> Vec<Decision> {
        self.desk.moves(&mut self.grid, to)
    }

    /// What rests: `buy 990 in` for the order of a cell that opens.
    fn resting(&self) -> Vec<String> {
        let word = |label: &str| label.rsplit('.').next().unwrap().to_owned();
        let mut orders: Vec<_> = self.desk.orders.iter().collect();
        orders.sort_by_key(|it| it.price);
        orders.iter().map(|it| format!("{} {} {}", it.side, it.price, word(&it.label))).collect()
    }

    fn restart(&mut self, settings: GridSettings) {
        let state = self.grid.state();
        self.grid = made(settings);
        self.grid.restore(&state).unwrap();
    }
}

#[test]
fn it_rests_on_every_rung_with_a_stop_outside() {
    let market = Market::new(settings());
    assert_eq!(
        market.resting(),
        ["buy 970 in", "buy 980 in", "buy 990 in", "sell 1010 in", "sell 1020 in", "sell 1030 in"]
    );
    // 10,000 in three cells, at 1,030 a piece.
    assert!(market.desk.orders.iter().all(|it| it.quantity.get() == dec!(3.236)));
}

#[test]
fn every_opening_order_has_the_stop_of_its_side() {
    let mut grid = made(settings());
    let mut desk = Desk::new("main");
    let mut stops = Vec::new();
    for minute in 0..3 {
        let candle = candle(1, minute, [dec!(1005), dec!(995), dec!(1000)], dec!(1));
        for decision in desk.candle(&mut grid, candle) {
            let Intent::Rest(rest) = &decision.legs[0].intent else { panic!("{decision:?}") };
            let RestingEffect::Opens { stop_loss: StopLoss::At(stop), .. } = rest.effect else { panic!("{rest:?}") };
            stops.push((rest.side, stop.get()));
        }
    }
    assert!(stops.iter().all(|it| [(Side::Buy, dec!(960)), (Side::Sell, dec!(1040))].contains(it)), "{stops:?}");
    assert_eq!(stops.len(), 6);
}

#[test]
fn what_fills_is_sold_one_rung_up_and_bought_again_below() {
    let mut market = Market::new(settings());
    market.moves(dec!(979));
    assert_eq!(market.desk.held(), Some((Direction::Long, dec!(6.472))));
    // Nothing that would be short rests while it is long.
    assert_eq!(market.resting(), ["buy 970 in", "sell 990 out", "sell 1000 out"]);
    market.moves(dec!(991));
    assert_eq!(market.resting(), ["buy 970 in", "buy 980 in", "sell 1000 out"]);
    market.moves(dec!(1001));
    assert_eq!(market.desk.held(), None);
    assert_eq!(market.resting().len(), 6);
    assert_eq!(market.desk.equity, dec!(10064.72), "two cells of 10 each");
}

#[test]
fn after_a_restart_and_with_lost_orders_the_set_becomes_right_without_doubles() {
    let mut market = Market::new(settings());
    market.moves(dec!(985));
    let expected = market.resting();
    assert_eq!(expected, ["buy 970 in", "buy 980 in", "sell 1000 out"]);
    market.restart(settings());
    assert_eq!(market.closes(dec!(985)), [], "nothing is missing");
    // One is lost without a word, and one rests that is none of this grid's.
    market.desk.orders.remove(0);
    market.desk.orders.push(plimsoll_ports::WorkingOrder {
        symbol: desk::symbol(),
        label: "0.7.in".to_owned(),
        side: Side::Buy,
        price: "900".parse().unwrap(),
        quantity: "1".parse().unwrap(),
        filled: None,
    });
    market.restart(settings());
    market.closes(dec!(985));
    assert_eq!(market.resting(), expected);
}

#[test]
fn what_filled_while_nobody_listened_is_found_in_what_is_held() {
    let mut market = Market::new(settings());
    // The order at 990 fills, and no event says so.
    let index = market.desk.orders.iter().position(|it| it.price == "990".parse().unwrap()).unwrap();
    let order = market.desk.orders.remove(index);
    market.desk.trade(Side::Buy, order.quantity, order.price);
    market.restart(settings());
    market.closes(dec!(985));
    assert_eq!(market.resting(), ["buy 970 in", "buy 980 in", "sell 1000 out"]);
    // And its exit fills in the same way.
    market.desk.orders.retain(|it| it.side == Side::Buy);
    market.desk.holding = None;
    market.closes(dec!(1002));
    assert_eq!(market.resting().len(), 6);
}

#[test]
fn a_part_of_a_fill_is_sold_and_the_rest_goes_on_resting() {
    let mut market = Market::new(settings());
    let index = market.desk.orders.iter().position(|it| it.price == "990".parse().unwrap()).unwrap();
    let quantity = Quantity::new(dec!(1)).unwrap();
    market.desk.orders[index].filled = Some(quantity);
    let label = market.desk.orders[index].label.clone();
    let fill = market.desk.trade(Side::Buy, quantity, "990".parse::<Price>().unwrap());
    market.desk.price(dec!(990));
    market.desk.fill_heard(&mut market.grid, FillRole::Resting(&label), &fill);
    assert_eq!(market.resting(), ["buy 970 in", "buy 980 in", "buy 990 in", "sell 1000 out"]);
    let out = market.desk.orders.iter().find(|it| it.side == Side::Sell).unwrap();
    assert_eq!(out.quantity, quantity);
}

#[test]
fn what_is_asked_for_is_not_asked_for_again_until_it_counts_as_lost() {
    let mut grid = made(settings());
    let mut desk = Desk::new("main");
    let account = AccountId::new("main");
    let mut asked = Vec::new();
    for minute in 0..4 {
        let candle = candle(1, minute, [dec!(1005), dec!(995), dec!(1000)], dec!(1));
        desk.price(dec!(1000));
        desk.now = candle.open_time.plus(candle.interval);
        let event = MarketEvent::Candle(candle);
        asked = desk.ask(&mut grid, &StrategyEvent::Market { account: &account, event: &event });
        if minute == 2 {
            assert_eq!(asked.len(), 6);
            let symbol = desk::symbol();
            let again = StrategyEvent::Ended {
                account: &account,
                symbol: &symbol,
                label: "9.9.in",
                status: OrderStatus::Canceled,
            };
            assert_eq!(desk.ask(&mut grid, &again), [], "nothing is asked for twice");
        }
    }
    assert_eq!(asked.len(), 6, "a minute later they count as lost");
}

#[test]
fn what_a_venue_will_not_have_waits_for_the_next_candle() {
    let mut market = Market::new(settings());
    let order = market.desk.orders.remove(0);
    assert_eq!(market.desk.ended(&mut market.grid, &order.label, OrderStatus::Expired), []);
    assert_eq!(market.closes(dec!(1000)).len(), 1);
}

#[test]
fn some_closes_outside_end_it_and_another_begins_around_the_price() {
    let mut market = Market::new(settings());
    market.moves(dec!(965));
    market.closes(dec!(965));
    market.closes(dec!(965));
    assert_eq!(market.desk.held(), Some((Direction::Long, dec!(9.708))));
    // One close inside begins the count anew.
    market.closes(dec!(971));
    market.closes(dec!(965));
    market.closes(dec!(965));
    assert!(market.desk.holding.is_some());
    let decided = market.closes(dec!(965));
    assert!(
        decided.iter().any(|it| it.reason.contains("the grid is over: 3 closes are outside 970 to 1030")),
        "{decided:?}"
    );
    assert_eq!(market.desk.held(), None);
    market.closes(dec!(965));
    market.closes(dec!(965));
    let resting = market.resting();
    assert_eq!(resting.len(), 6, "{resting:?}");
    assert!(resting.iter().all(|it| !it.contains("buy 97") && !it.contains("buy 98")), "{resting:?}");
}

#[test]
fn after_its_stop_there_is_no_grid_for_some_candles() {
    let mut market = Market::new(settings());
    market.moves(dec!(975));
    market.desk.end(&mut market.grid, FillRole::StopLoss);
    assert_eq!(market.resting(), [""; 0]);
    market.closes(dec!(1000));
    assert_eq!(market.resting(), [""; 0]);
    market.closes(dec!(1000));
    assert_eq!(market.resting().len(), 6);
}

#[test]
fn a_loud_or_wild_market_is_not_entered() {
    let mut market = Market::new(GridSettings { pause: 2, ..settings() });
    market.moves(dec!(985));
    market.candle(dec!(985), dec!(6));
    assert_eq!(market.resting(), ["sell 1000 out"], "six times the usual volume: what closes goes on resting");
    market.closes(dec!(985));
    assert_eq!(market.resting(), ["sell 1000 out"]);
    market.closes(dec!(985));
    assert_eq!(market.resting(), ["buy 970 in", "buy 980 in", "sell 1000 out"]);
    let wild = Market::new(GridSettings { max_volatility: Number(dec!(0.009)), ..settings() });
    assert_eq!(wild.resting(), [""; 0], "a range of 10 is more than 0.9 % of 1000");
}

#[test]
fn rungs_that_cannot_beat_fees_are_refused() {
    // 61 prices in 60 are 1 apart: fees of 0.4 and a tick of 0.1 leave half a unit, and 0.05 % of 1030 is more.
    for (levels, min_profit, expected) in [(61, dec!(0.0004), 60), (61, dec!(0.0005), 0), (121, dec!(0), 0)] {
        let settings = GridSettings { levels, min_profit: Number(min_profit), ..settings() };
        let market = Market::new(settings);
        assert_eq!(market.resting().len(), expected, "{levels} prices for {min_profit}");
        assert_eq!(market.grid.state().contains("and fees and profit take"), expected == 0);
    }
}

#[test]
fn a_geometric_grid_goes_by_factors_and_one_of_a_side_only_holds_that() {
    let geometric = Market::new(GridSettings { spacing: Spacing::Geometric, side: GridSide::Long, ..settings() });
    let prices: Vec<Decimal> = geometric.desk.orders.iter().map(|it| it.price.get()).collect();
    // 970·(1030 ÷ 970)^(level ÷ 6), down to the tick; what is above the price cannot rest yet.
    assert_eq!(prices, [dec!(970), dec!(979.7), dec!(989.6), dec!(999.5)]);
    let short = Market::new(GridSettings { side: GridSide::Short, ..settings() });
    assert_eq!(short.resting(), ["sell 1010 in", "sell 1020 in", "sell 1030 in"]);
}

#[test]
fn a_grid_that_would_be_liquidated_before_its_stop_is_refused() {
    // At 20x, 5 % below the mean of its entries is beyond the stop of a wide grid.
    let wide = GridSettings { leverage: 20, exposure: Number(dec!(4)), range_atr: Number(dec!(12)), ..settings() };
    let market = Market::new(wide);
    assert_eq!(market.resting(), [""; 0]);
    assert!(market.grid.state().contains("would be liquidated before its stop"), "{}", market.grid.state());
}

#[test]
fn more_than_the_grid_holds_is_closed() {
    let mut market = Market::new(settings());
    market.desk.hold(Direction::Long, dec!(10), dec!(980));
    market.desk.orders.retain(|it| it.side == Side::Sell);
    let decided = market.closes(dec!(985));
    let over = decided.iter().find(|it| matches!(it.legs[0].intent, Intent::Close(_))).unwrap();
    assert_eq!(over.reason, "10 is held, and the grid holds 9.708 at the most");
}

/// A price that swings, leaves, and swings again.
fn swinging(count: i64) -> Vec<plimsoll_domain::Candle> {
    let close = |minute: i64| {
        let swing = [0, 8, 16, 24, 16, 8, 0, -8, -16, -24, -16, -8][usize::try_from(minute % 12).unwrap()];
        Decimal::from(1000 + swing + minute / 60 * 60)
    };
    (0..count)
        .map(|minute| candle(1, minute, [close(minute) + dec!(5), close(minute) - dec!(5), close(minute)], dec!(1)))
        .collect()
}

#[test]
fn it_does_not_look_ahead() {
    let run = |count: usize, restarts: bool| {
        let (mut desk, mut grid) = (Desk::new("main"), made(settings()));
        let mut decided = Vec::new();
        for candle in &swinging(300)[..count] {
            let mut now = desk.moves(&mut grid, candle.close.get());
            now.extend(desk.candle(&mut grid, candle.clone()));
            decided.push(now);
            if restarts {
                let state = grid.state();
                grid = made(settings());
                grid.restore(&state).unwrap();
            }
        }
        decided
    };
    let whole = run(300, false);
    assert!(whole.iter().flatten().count() > 20);
    assert_eq!(run(300, true), whole);
    for count in [0, 1, 77, 150, 299] {
        assert_eq!(run(count, false), whole[..count]);
    }
}

#[tokio::test]
async fn it_keeps_the_contract() {
    let events: Vec<MarketEvent> = swinging(200).into_iter().map(MarketEvent::Candle).collect();
    let make = || -> Box<dyn Strategy> { Box::new(made(settings())) };
    strategy::run(async || Stage::new(make, &["main"], events.clone())).await;
}
