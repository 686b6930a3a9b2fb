use crate::venue::*;
use plimsoll_domain::{AccountId, FillCause, MarginMode, Money, OrderStatus, PositionSide};
use plimsoll_exchange::Settings;

/// Alice short ten times her margin, an empty fund, and others long.
fn crowded() -> Venue {
    let settings = Settings { insurance_fund: Money::ZERO, ..Settings::default() };
    let mut venue = Venue::with(settings, "10000").set(MarginMode::Isolated, 10);
    venue.place("sell 0.1");
    venue
}

#[test]
fn the_profitable_side_pays_at_the_bankruptcy_price_without_a_fee() {
    let mut venue = crowded();
    venue.bob("buy 0.3");
    let resting = venue.bob("sell 0.1 at 65000");
    let wallet = venue.exchange.balance(&bob()).unwrap().wallet.unwrap();
    venue.story();
    venue.tick("60000");
    assert_eq!(
        venue.story(),
        [
            "liquidation started",
            "accepted",
            "filled 0.1 at 55000",
            "forced order",
            "expired Adl",
            "accepted",
            "filled 0.1 at 55000",
            "deleveraged 0.1 at 55000",
            "liquidated, fee 0"
        ]
    );
    assert_eq!(venue.position(), "flat");
    assert_eq!(venue.bobs_position(), "long 0.2 at 50000.1");
    assert_eq!(venue.now(&resting).status, OrderStatus::Expired);
    assert_eq!(venue.exchange.balance(&bob()).unwrap().wallet.unwrap() - wallet, money("499.99"));
    assert_eq!(venue.exchange.insurance_fund(), Money::ZERO);
    let symbol = btc();
    let bob = bob();
    let fill = venue.exchange.fills(&bob, &symbol).last().unwrap();
    assert_eq!((fill.cause, fill.fee), (FillCause::Adl, Money::ZERO));
    assert!(fill.client_order_id.as_str().starts_with("adl_autoclose-"));
}

#[test]
fn the_highest_profit_times_leverage_goes_first() {
    let mut venue = crowded();
    let carol = AccountId::new("carol");
    venue.exchange.open_account(carol.clone(), money("10000")).unwrap();
    venue.exchange.set_leverage(&carol, &btc(), leverage(50)).unwrap();
    venue.bob("buy 0.3");
    let order = venue.order("buy 0.06");
    venue.send(&carol, order).unwrap();
    venue.tick("54000");
    let quantile =
        |account: &AccountId| venue.exchange.position_figures(account, &btc(), PositionSide::Both).unwrap().adl;
    assert_eq!((quantile(&carol), quantile(&bob())), (4, 1));
    venue.tick("60000");
    assert!(venue.exchange.positions(&carol).is_empty());
    assert_eq!(venue.bobs_position(), "long 0.26 at 50000.1");
}

#[test]
fn without_anybody_in_profit_the_fund_goes_below_zero() {
    let mut venue = crowded();
    venue.tick("60000");
    assert_eq!(venue.position(), "flat");
    assert_eq!(venue.exchange.insurance_fund(), money("-500"));
}
