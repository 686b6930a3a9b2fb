use super::*;
use plimsoll_domain::{
    ClientOrderId, Currency, Direction, FillCause, Leverage, OrderId, Position, PositionSide, TradeId,
};

fn main() -> AccountId {
    AccountId::new("main")
}

fn fill(order: &str, side: Side, quantity: &str, price: &str, fee: &str) -> Fill {
    Fill {
        trade_id: TradeId::new("1"),
        order_id: OrderId::new(order),
        client_order_id: ClientOrderId::reported(order),
        symbol: "BTC/USDT:USDT".parse().unwrap(),
        side,
        position_side: PositionSide::Both,
        price: price.parse().unwrap(),
        quantity: quantity.parse().unwrap(),
        fee: fee.parse().unwrap(),
        fee_currency: Some(Currency::new("USDT")),
        liquidity: None,
        realized_pnl: None,
        cause: FillCause::Order,
        time: Timestamp::from_millis(1_767_600_000_000),
    }
}

/// A strategy with one contract, as its desk keeps it.
#[derive(Default)]
struct Desk {
    own: crate::desk::Own,
    track: Track,
}

impl Desk {
    fn fills(&mut self, fill: &Fill) -> Option<Position> {
        let made = self.own.fill(fill, Leverage::ONE);
        self.track.filled(&main(), fill, &made);
        made.position()
    }

    fn trade(&mut self, side: Side, quantity: &str, price: &str, fee: &str) -> Option<Position> {
        self.fills(&fill("order", side, quantity, price, fee))
    }

    fn shares(&self) -> Vec<String> {
        self.track.trips().iter().map(|it| it.share.to_string()).collect()
    }
}

#[test]
fn a_round_trip_comes_to_its_net_as_a_share_of_the_most_that_was_held() {
    let mut desk = Desk::default();
    desk.trade(Side::Buy, "1", "100", "0.1");
    assert_eq!(desk.shares(), [""; 0], "it has not ended");
    desk.track.funded(&main(), &"BTC/USDT:USDT".parse().unwrap(), "0.5".parse().unwrap());
    desk.trade(Side::Sell, "1", "102", "0.1");
    // 2 less 0.2 and 0.5, of 100.
    assert_eq!(desk.shares(), ["0.013"]);
    desk.trade(Side::Sell, "1", "100", "0");
    desk.trade(Side::Sell, "1", "110", "0");
    desk.trade(Side::Buy, "0.5", "100", "0");
    desk.trade(Side::Buy, "1.5", "107", "0");
    // 105 sold twice; 2.5 won on the half, 3 lost on the rest: of 210.
    assert_eq!(desk.shares()[1], "-0.002380952381".parse::<Decimal>().unwrap().round_dp(PLACES).to_string());
}

#[test]
fn a_fill_that_turns_it_round_ends_one_and_begins_another() {
    let mut desk = Desk::default();
    desk.trade(Side::Buy, "1", "100", "0");
    let held = desk.trade(Side::Sell, "3", "90", "0.3").unwrap();
    assert_eq!((held.direction, held.quantity), (Direction::Short, "2".parse().unwrap()));
    assert_eq!(desk.shares(), ["-0.103"], "the fee belongs to what it closed");
    desk.trade(Side::Buy, "2", "90", "1.8");
    assert_eq!(desk.shares(), ["-0.103", "-0.01"]);
}

#[test]
fn what_cannot_be_known_is_left_out_and_counted() {
    let mut desk = Desk::default();
    let in_another = Fill { fee_currency: Some(Currency::new("BNB")), ..fill("a", Side::Buy, "1", "100", "0.01") };
    desk.fills(&in_another);
    desk.trade(Side::Sell, "1", "102", "0");
    assert_eq!((desk.shares().len(), desk.track.left_out()), (0, 1));
    desk.trade(Side::Buy, "1", "100", "0");
    desk.track.lost(&main(), &"BTC/USDT:USDT".parse().unwrap(), false);
    desk.trade(Side::Sell, "1", "102", "0");
    assert_eq!((desk.shares().len(), desk.track.left_out()), (0, 2));
    desk.trade(Side::Buy, "1", "100", "0");
    desk.track.lost(&main(), &"BTC/USDT:USDT".parse().unwrap(), true);
    assert_eq!((desk.shares().len(), desk.track.left_out()), (0, 3));
    // What is held already when a record begins is no round trip of it.
    desk.track = Track::default();
    desk.trade(Side::Buy, "1", "100", "0");
    desk.trade(Side::Sell, "2", "102", "0");
    assert_eq!((desk.shares().len(), desk.track.left_out()), (0, 0));
}

#[test]
fn an_order_costs_what_it_fills_worse_than_was_decided_however_many_fills_it_takes() {
    let mut track = Track::default();
    let decided = "100".parse().unwrap();
    track.cost(&fill("a", Side::Buy, "1", "100.02", "0"), decided);
    track.cost(&fill("b", Side::Sell, "1", "99.9", "0"), decided);
    track.cost(&fill("b", Side::Sell, "3", "99.94", "0"), decided);
    track.cost(&fill("c", Side::Sell, "1", "100.01", "0"), decided);
    let costs: Vec<String> = track.costs().iter().map(|it| it.share.to_string()).collect();
    assert_eq!(costs, ["0.0002", "0.0007", "-0.0001"]);
}

#[test]
fn fills_of_two_orders_that_come_by_turns_are_two_costs() {
    let mut track = Track::default();
    let decided = "100".parse().unwrap();
    for (order, price) in [("a", "100.02"), ("b", "100.1"), ("a", "100.04"), ("b", "100.3"), ("a", "100.06")] {
        track.cost(&fill(order, Side::Buy, "1", price, "0"), decided);
    }
    let costs: Vec<String> = track.costs().iter().map(|it| it.share.to_string()).collect();
    assert_eq!(costs, ["0.0004", "0.002"]);
    assert_eq!(Track::restored(&track.state()).unwrap(), track);
}

#[test]
fn the_newest_are_kept_and_taken_up_as_they_were() {
    let mut desk = Desk::default();
    for number in 0..KEPT + 3 {
        desk.trade(Side::Buy, "1", "100", "0");
        desk.trade(Side::Sell, "1", &(101 + number).to_string(), "0");
        desk.track.cost(&fill(&number.to_string(), Side::Buy, "1", "101", "0"), "100".parse().unwrap());
    }
    desk.trade(Side::Buy, "1", "100", "0.1");
    assert_eq!((desk.track.trips().len(), desk.track.costs().len(), desk.shares()[0].as_str()), (KEPT, KEPT, "0.04"));
    let text = serde_json::to_string(&desk.track.state()).unwrap();
    let mut again = Track::restored(&serde_json::from_str(&text).unwrap()).unwrap();
    assert_eq!(again, desk.track);
    let sold = fill("order", Side::Sell, "1", "101", "0");
    let position = Position { direction: Direction::Long, quantity: sold.quantity, entry: "100".parse().unwrap() };
    again.filled(&main(), &sold, &position.apply(Direction::Short, sold.quantity, sold.price));
    assert_eq!(again.trips().last().unwrap().share.to_string(), "0.009", "what was open ends after the restart");
}
