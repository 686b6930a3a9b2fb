//! The funding arbitrage.

use crate::desk::{self, Desk, funding, mark, place};
use crate::stage::Stage;
use plimsoll_domain::{AccountId, Direction, Fill, MarketEvent, Rate, SettledFunding, Step, Timestamp};
use plimsoll_ports::{Decision, FillRole, Intent, Strategy, StrategyEvent};
use plimsoll_strategies::settings::Number;
use plimsoll_strategies::{FundingArbitrage, FundingArbitrageSettings, MarginOf};
use plimsoll_testkit::contract::strategy;
use rust_decimal::Decimal;
use rust_decimal_macros::dec;
use std::sync::Arc;
use std::time::Duration;

const NAMES: [&str; 2] = ["one", "two"];

/// Costs of 0.2 % (four fills at 0.05 %), and a day to earn them in.
fn settings() -> FundingArbitrageSettings {
    FundingArbitrageSettings {
        horizon_hours: 24,
        min_profit: Number(dec!(0.001)),
        exit_carry: Number(dec!(0.0005)),
        slippage: Number(dec!(0)),
        predicted_weight: Number(dec!(1)),
        ..FundingArbitrageSettings::default()
    }
}

fn made(settings: FundingArbitrageSettings) -> FundingArbitrage {
    FundingArbitrage::new("carry", NAMES.map(place), settings).unwrap()
}

struct Pair {
    desks: [Desk; 2],
    strategy: FundingArbitrage,
}

impl Pair {
    /// Both at a price of 1,000, with funding every eight hours: none on the first, and this on the second.
    fn new(settings: FundingArbitrageSettings, rate: Decimal) -> Self {
        let mut pair = Self { desks: NAMES.map(Desk::new), strategy: made(settings) };
        pair.prices(dec!(1000), dec!(1000));
        pair.rates(dec!(0), rate);
        pair
    }

    fn prices(&mut self, first: Decimal, second: Decimal) {
        self.desks[0].price(first);
        self.desks[1].price(second);
    }

    fn rates(&mut self, first: Decimal, second: Decimal) {
        for (desk, rate) in self.desks.iter_mut().zip([first, second]) {
            let next = desk.now.plus(Duration::from_secs(3600));
            desk.market.funding = Some(funding(rate, 8, next, desk.now));
        }
    }

    fn pass(&mut self, seconds: u64) {
        self.desks.iter_mut().for_each(|desk| desk.now = desk.now.plus(Duration::from_secs(seconds)));
    }

    fn ask(&mut self, event: &StrategyEvent<'_>) -> Vec<Decision> {
        let [first, second] = &self.desks;
        let strategy = &mut self.strategy;
        Desk::see(&[first, second], |view| strategy.decide(view, event))
    }

    /// Lets it hear a mark, and says what it decides.
    fn hear(&mut self) -> Vec<Decision> {
        let account = AccountId::new("one");
        let event = mark(self.desks[0].market.mark.unwrap().get(), self.desks[0].now);
        self.ask(&StrategyEvent::Market { account: &account, event: &event })
    }

    fn heard_fill(&mut self, account: &str, role: FillRole<'_>, fill: &Fill) -> Vec<Decision> {
        let account = AccountId::new(account);
        self.ask(&StrategyEvent::Fill { account: &account, role, fill })
    }

    /// Does what was decided, on both accounts.
    fn carry_out(&mut self, decided: &[Decision]) {
        for leg in decided.iter().flat_map(|it| &it.legs) {
            let desk = self.desks.iter_mut().find(|desk| desk.id == leg.account).unwrap();
            desk.carry_out_one(&leg.intent);
        }
    }

    /// Enters, and lets so much time pass that it looks again.
    fn entered(settings: FundingArbitrageSettings) -> Self {
        let mut pair = Self::new(settings, dec!(0.0015));
        let decided = pair.hear();
        pair.carry_out(&decided);
        pair.pass(60);
        assert_eq!(pair.hear(), [], "nothing is to be done");
        pair.pass(60);
        pair
    }
}

/// What each leg does: `account: long 1.5`, `account: close 1.5`.
fn told(decided: &[Decision]) -> Vec<String> {
    let leg = |leg: &plimsoll_ports::Leg| match &leg.intent {
        Intent::Open(open) => format!("{}: {} {}", leg.account, open.direction, open.quantity),
        Intent::Close(close) => {
            let quantity = close.quantity.map_or_else(|| "all".to_owned(), |it| it.to_string());
            format!("{}: close {} {quantity}", leg.account, close.direction)
        }
        other => panic!("{other:?}"),
    };
    decided.iter().map(|it| it.legs.iter().map(leg).collect::<Vec<_>>().join(", ")).collect()
}

#[test]
fn it_enters_both_legs_in_one_decision_where_funding_beats_what_they_cost() {
    // Three settlements a day: 0.1 % each is 0.3 %, less costs of 0.2 % is what it asks for.
    for (first, second, expected) in [
        (dec!(0), dec!(0.001), Some("one: long 16, two: short 16")),
        (dec!(0.001), dec!(0), Some("one: short 16, two: long 16")),
        (dec!(-0.0005), dec!(0.0005), Some("one: long 16, two: short 16")),
        (dec!(0), dec!(0.00099), None),
        (dec!(0.001), dec!(0.001), None),
    ] {
        let mut pair = Pair::new(settings(), dec!(0));
        pair.rates(first, second);
        // Twice 80 % of 10,000, at 1,000 a piece.
        assert_eq!(told(&pair.hear()), Vec::from_iter(expected), "{first} and {second}");
    }
}

#[test]
fn funding_counts_by_the_true_interval_of_each() {
    let mut pair = Pair::new(settings(), dec!(0));
    // The same rate, but every hour: 24 settlements against three.
    let next = Timestamp::default().plus(Duration::from_secs(3600));
    pair.desks[0].market.funding = Some(funding(dec!(0.0002), 8, next, Timestamp::default()));
    pair.desks[1].market.funding = Some(funding(dec!(0.0002), 1, next, Timestamp::default()));
    let decided = pair.hear();
    assert_eq!(told(&decided), ["one: long 16, two: short 16"]);
    assert!(decided[0].reason.contains("funding of 0.0042 of the notional is expected in 24 h, and costs of 0.002"));
}

#[test]
fn what_was_settled_counts_beside_what_is_to_come() {
    let half = FundingArbitrageSettings { predicted_weight: Number(dec!(0.5)), ..settings() };
    let mut pair = Pair::new(half, dec!(0.001));
    let account = AccountId::new("two");
    let rate = Rate::new(dec!(0.0002));
    let settled = SettledFunding { symbol: desk::symbol(), rate, mark_price: None, time: Timestamp::default() };
    let event = MarketEvent::Settled(settled);
    assert_eq!(
        pair.ask(&StrategyEvent::Market { account: &account, event: &event }),
        [],
        "0.06 % is expected each time"
    );
}

#[test]
fn it_does_not_enter_twice_nor_just_before_a_settlement_nor_where_prices_are_apart() {
    let mut pair = Pair::new(settings(), dec!(0.0015));
    assert_eq!(pair.hear().len(), 1);
    assert_eq!(pair.hear(), [], "it is on its way");
    let mut pair = Pair::new(settings(), dec!(0.0015));
    pair.pass(3600 - 59);
    assert_eq!(pair.hear(), [], "a settlement is near");
    let mut pair = Pair::new(settings(), dec!(0.0015));
    pair.prices(dec!(1000), dec!(1006));
    assert_eq!(pair.hear(), [], "prices are apart");
}

#[test]
fn an_entry_that_was_refused_is_tried_again_after_a_while() {
    let mut pair = Pair::new(settings(), dec!(0.0015));
    let decided = pair.hear();
    assert_eq!(pair.ask(&StrategyEvent::Refused { decision: &decided[0], reason: "away" }), []);
    pair.pass(59);
    assert_eq!(pair.hear(), []);
    pair.pass(1);
    assert_eq!(pair.hear().len(), 1);
}

#[test]
fn sizes_are_in_lots_of_both() {
    let mut pair = Pair::new(settings(), dec!(0.0015));
    let coarse = |lot| {
        let mut instrument = desk::instrument();
        instrument.lot = Step::new(lot).unwrap();
        Arc::new(instrument)
    };
    pair.desks[0].market.instrument = coarse(dec!(0.7));
    pair.desks[1].market.instrument = coarse(dec!(0.5));
    assert_eq!(told(&pair.hear()), ["one: long 14, two: short 14"]);
}

#[test]
fn it_leaves_when_funding_falls_below_its_threshold_and_keeps_what_is_between() {
    let mut pair = Pair::entered(settings());
    // It would not enter at this, but it stays.
    pair.rates(dec!(0), dec!(0.0002));
    assert_eq!(pair.hear(), []);
    pair.pass(60);
    pair.rates(dec!(0), dec!(0.0001));
    let decided = pair.hear();
    assert_eq!(told(&decided), ["one: close long all, two: close short all"]);
    assert!(decided[0].reason.contains("funding of 0.0003 of the notional"), "{}", decided[0].reason);
    assert_eq!(pair.hear(), [], "it is on its way");
}

#[test]
fn it_leaves_when_funding_has_turned_or_the_basis_has_moved_against_it() {
    let mut pair = Pair::entered(settings());
    pair.rates(dec!(0.0001), dec!(0));
    let decided = pair.hear();
    assert!(decided[0].reason.starts_with("funding has turned: -0.0003"), "{}", decided[0].reason);
    let mut pair = Pair::entered(settings());
    pair.prices(dec!(1000), dec!(989));
    assert_eq!(pair.hear(), [], "the basis has moved in favour");
    pair.pass(60);
    pair.prices(dec!(1000), dec!(1011));
    let decided = pair.hear();
    assert!(decided[0].reason.contains("the basis has moved against it by 0.011"), "{}", decided[0].reason);
}

#[test]
fn marks_of_different_times_are_not_compared() {
    let mut pair = Pair::entered(settings());
    pair.prices(dec!(1000), dec!(1000));
    pair.pass(11);
    // The first is not heard any more, and the second has moved on.
    pair.desks[1].price(dec!(1020));
    assert_eq!(pair.hear(), [], "what has moved may be both");
    pair.pass(11);
    pair.prices(dec!(1000), dec!(1020));
    assert!(pair.hear()[0].reason.contains("the basis has moved against it by 0.02"));

    let mut pair = Pair::new(settings(), dec!(0.0015));
    pair.pass(11);
    pair.desks[1].price(dec!(1000));
    assert_eq!(pair.hear(), [], "nothing is entered on a price that is not known");
    pair.desks[0].price(dec!(1000));
    assert_eq!(told(&pair.hear()).len(), 1);
}

#[test]
fn a_leg_that_is_lost_takes_the_other_with_it_at_once() {
    for role in [FillRole::Forced, FillRole::StopLoss] {
        let mut pair = Pair::entered(settings());
        let held = pair.desks[0].holding.as_ref().unwrap().position;
        let fill = pair.desks[0].trade(held.direction.closing_side(), held.quantity, held.entry);
        assert_eq!(told(&pair.heard_fill("one", role, &fill)), ["two: close short all"]);
        assert_eq!(pair.hear(), [], "it is on its way");
    }
    // One that has vanished without a word.
    let mut pair = Pair::entered(settings());
    pair.desks[1].holding = None;
    assert_eq!(told(&pair.hear()), ["one: close long all"]);
    // And nothing is entered again with the next price.
    pair.desks[0].holding = None;
    assert_eq!(pair.hear(), []);
}

#[test]
fn one_leg_may_be_there_before_the_other_for_a_moment() {
    let mut pair = Pair::new(settings(), dec!(0.0015));
    let decided = pair.hear();
    let fill = {
        let Intent::Open(open) = &decided[0].legs[0].intent else { panic!("{decided:?}") };
        pair.desks[0].trade(open.direction.opening_side(), open.quantity, "1000".parse().unwrap())
    };
    assert_eq!(pair.heard_fill("one", FillRole::Entry, &fill), []);
    pair.pass(29);
    assert_eq!(pair.hear(), []);
    pair.pass(1);
    assert_eq!(told(&pair.hear()), ["one: close long all"]);
}

#[test]
fn legs_that_differ_are_made_equal_by_the_larger() {
    let mut pair = Pair::entered(settings());
    pair.desks[1].hold(Direction::Short, dec!(15.68), dec!(1000));
    assert_eq!(pair.hear(), [], "two in a hundred are let be");
    pair.pass(60);
    pair.desks[1].hold(Direction::Short, dec!(15.6), dec!(1000));
    assert_eq!(told(&pair.hear()), ["one: close long 0.4"]);
}

#[test]
fn near_liquidation_both_legs_are_made_smaller_until_it_is_far_enough_away() {
    // 16 short from 1,000 with 10,000: at 1,300, 5,200 of the 10,000 are left for a notional of 20,800.
    let mut pair = Pair::entered(settings());
    pair.prices(dec!(1300), dec!(1300));
    pair.desks[0].equity = dec!(14800);
    pair.desks[1].equity = dec!(5200);
    assert_eq!(pair.hear(), [], "a quarter away");
    pair.pass(60);
    pair.prices(dec!(1450), dec!(1450));
    pair.desks[0].equity = dec!(17200);
    pair.desks[1].equity = dec!(2800);
    let decided = pair.hear();
    let [Decision { legs, reason }] = &decided[..] else { panic!("{decided:?}") };
    assert!(
        reason.contains("the liquidation of BTC/USDT:USDT on two is 0.11") && reason.contains("less than 0.15"),
        "{reason}"
    );
    let closed: Vec<Decimal> = legs
        .iter()
        .map(|leg| match &leg.intent {
            Intent::Close(close) => close.quantity.unwrap().get(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(closed[0], closed[1]);
    // What is left is 25 % away from liquidation: q·1450·1.25·0.004 + q·362.5 = 2800 − fees of 0.725 a piece closed.
    let left = dec!(16) - closed[0];
    let away = |left: Decimal| {
        left * dec!(1812.5) * dec!(0.004) + left * dec!(362.5) <= dec!(2800) - (dec!(16) - left) * dec!(0.725)
    };
    assert!(away(left) && !away(left + dec!(0.001)), "{left} are left");
}

#[test]
fn isolated_legs_near_liquidation_are_closed_whole() {
    let mut pair = Pair::entered(FundingArbitrageSettings { margin: MarginOf::Isolated, ..settings() });
    pair.prices(dec!(1350), dec!(1350));
    assert_eq!(told(&pair.hear()), ["one: close long all, two: close short all"]);
}

#[test]
fn places_and_settings_that_cannot_be_are_told_in_words() {
    let mut other = place("one");
    other.symbol = "ETH/USDT:USDT".parse().unwrap();
    let wrong = FundingArbitrageSettings { exit_carry: Number(dec!(0.01)), stop_share: Number(dec!(1)), ..settings() };
    let error = FundingArbitrage::new("carry", [place("one"), other], wrong).err().unwrap().to_string();
    for part in
        ["two accounts, got one for both", "one base, got BTC/USDT:USDT and ETH", "exit_carry is at most", "stop_share"]
    {
        assert!(error.contains(part), "'{error}' says nothing of '{part}'");
    }
}

#[test]
fn it_decides_of_a_prefix_what_it_decides_of_the_whole_and_after_restarts() {
    let rates = |step: i64| (dec!(0), Decimal::new((step * 7919) % 31 - 10, 4));
    let run = |steps: i64, restarts: bool| {
        let mut pair = Pair::new(settings(), dec!(0));
        let mut decided = Vec::new();
        for step in 0..steps {
            let (first, second) = rates(step / 20);
            pair.rates(first, second);
            let heard = pair.hear();
            pair.carry_out(&heard);
            decided.push(heard);
            pair.pass(40);
            if restarts {
                let state = pair.strategy.state();
                pair.strategy = made(settings());
                pair.strategy.restore(&state).unwrap();
            }
        }
        decided
    };
    let whole = run(600, false);
    assert!(whole.iter().flatten().count() > 3);
    assert_eq!(run(600, true), whole);
    assert_eq!(run(311, false), whole[..311]);
}

#[tokio::test]
async fn it_keeps_the_contract() {
    let rates = [dec!(0), dec!(0.002)];
    let events: Vec<MarketEvent> = (0..40).map(|_| mark(dec!(1000), Timestamp::default())).collect();
    let make = || -> Box<dyn Strategy> { Box::new(made(settings())) };
    strategy::run(async || Stage::with_funding(make, &NAMES, &rates, events.clone())).await;
}
