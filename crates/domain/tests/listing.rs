//! What a newer list of contracts says otherwise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use plimsoll_domain::risk::Projection;
use plimsoll_domain::{
    ContractStatus, Currency, Decimal, Direction, Fees, Instrument, Leverage, MarginTiers, Money, Rate, Step, Symbol,
    Timestamp, VenueId, contract_changes,
};
use std::collections::BTreeMap;

fn instrument(symbol: &str) -> Instrument {
    Instrument {
        venue: VenueId::new("test"),
        symbol: symbol.parse().unwrap(),
        native: symbol.into(),
        settle: Currency::new("USDT"),
        multiplier: Decimal::ONE,
        tick: Step::new("0.1".parse().unwrap()).unwrap(),
        lot: Step::new("0.001".parse().unwrap()).unwrap(),
        min_quantity: "0.001".parse().unwrap(),
        max_quantity: "100".parse().unwrap(),
        max_market_quantity: "50".parse().unwrap(),
        min_notional: "5".parse().unwrap(),
        tiers: MarginTiers::single("0.004".parse().unwrap(), Money::ZERO, Leverage::MAX).unwrap(),
        fees: Fees { maker: Rate::ZERO, taker: "0.0005".parse().unwrap() },
        liquidation_fee: Rate::ZERO,
        funding_interval_hours: 8,
        status: ContractStatus::Trading,
        ends: None,
        margin_fee: Rate::ZERO,
    }
}

fn list(contracts: &[Instrument]) -> BTreeMap<Symbol, Instrument> {
    contracts.iter().map(|it| (it.symbol.clone(), it.clone())).collect()
}

#[test]
fn everything_that_is_otherwise_is_told_and_nothing_else() {
    let before = instrument("BTC/USDT:USDT");
    let check = |change: fn(&mut Instrument), expected: &[&str]| {
        let mut now = before.clone();
        change(&mut now);
        let changes = contract_changes(&list(std::slice::from_ref(&before)), &list(&[now]));
        let told: Vec<String> = changes.iter().map(|it| format!("{}: {it}", it.as_str())).collect();
        assert_eq!(told, expected);
    };
    check(|_| (), &[]);
    check(|it| it.status = ContractStatus::Halted, &["contract_status: BTC/USDT:USDT is halted, and was trading"]);
    check(
        |it| {
            it.status = ContractStatus::ReduceOnly;
            it.ends = Some(Timestamp::from_millis(1_767_599_970_000));
        },
        &[
            "contract_status: BTC/USDT:USDT is reduce_only, and was trading",
            "contract_ends: BTC/USDT:USDT is delisted at 2026-01-05T07:59:30Z",
        ],
    );
    check(
        |it| it.funding_interval_hours = 4,
        &["contract_funding_interval: BTC/USDT:USDT settles funding every 4 h, not every 8 h"],
    );
    check(
        |it| it.tick = Step::new("0.5".parse().unwrap()).unwrap(),
        &["contract_sizes: BTC/USDT:USDT has other steps or limits of orders"],
    );
    check(
        |it| it.max_market_quantity = "10".parse().unwrap(),
        &["contract_sizes: BTC/USDT:USDT has other steps or limits of orders"],
    );
    check(
        |it| it.tiers = MarginTiers::single("0.005".parse().unwrap(), Money::ZERO, Leverage::MAX).unwrap(),
        &["contract_margin: BTC/USDT:USDT has another margin table"],
    );
    check(|it| it.fees.taker = Rate::ZERO, &["contract_fees: BTC/USDT:USDT has other fees"]);
}

#[test]
fn a_contract_that_comes_is_known_and_one_that_goes_is_delisted_once() {
    let (btc, eth) = (instrument("BTC/USDT:USDT"), instrument("ETH/USDT:USDT"));
    let told = |before: &[Instrument], now: &[Instrument]| -> Vec<String> {
        contract_changes(&list(before), &list(now)).iter().map(ToString::to_string).collect()
    };
    assert_eq!(told(std::slice::from_ref(&btc), &[btc.clone(), eth.clone()]), ["ETH/USDT:USDT is listed: trading"]);
    assert_eq!(
        told(&[btc.clone(), eth.clone()], std::slice::from_ref(&btc)),
        ["ETH/USDT:USDT is delisted, and was trading"]
    );
    let gone = Instrument { status: ContractStatus::Delisted, ..eth };
    assert!(told(&[btc.clone(), gone], &[btc]).is_empty());
}

#[test]
fn only_a_contract_that_trades_may_be_opened() {
    use ContractStatus::{Delisted, Halted, PreLaunch, ReduceOnly, Trading};
    let open: Vec<_> =
        [PreLaunch, Trading, ReduceOnly, Halted, Delisted].into_iter().filter(|it| it.may_open()).collect();
    assert_eq!(open, [Trading]);
}

#[test]
fn initial_margin_holds_what_the_venue_wants_for_closing() {
    let plain = instrument("BTC/USDT:USDT");
    let (notional, leverage) = ("12.0345".parse().unwrap(), Leverage::new(5).unwrap());
    assert_eq!(plain.initial_margin(notional, leverage), "2.4069".parse().unwrap());
    // A real account's: 12.0345 at 5x, with a fee of 0.075 % for closing.
    let with_fee = Instrument { margin_fee: "0.00075".parse().unwrap(), ..plain };
    assert_eq!(with_fee.initial_margin(notional, leverage), "2.415925875".parse().unwrap());
    // What a preview shows is reckoned the same way.
    let (quantity, price) = ("0.01".parse().unwrap(), "1203.45".parse().unwrap());
    let projected = Projection::of(&with_fee, None, Direction::Long, quantity, price, leverage);
    assert_eq!(projected.required_margin, "2.415925875".parse().unwrap());
}
