//! The contract suites bite: a broker that breaks one promise is caught, by that promise's name and by no other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]
#![allow(dead_code, reason = "the stage serves several test files")]

#[path = "venue/stage.rs"]
mod stage;

use async_trait::async_trait;
use plimsoll_domain::{
    AccountSnapshot, BalanceReport, Booking, BookingKind, ClientOrderId, Fill, FundingPayment, Instrument, Leverage,
    MarginMode, Money, NewOrder, Order, OrderId, PositionMode, PositionReport, PositionSide, Price, Quantity, Symbol,
    Timestamp, VenueId,
};
use plimsoll_ports::{Broker, CommandError, NotSent, PlaceError, QueryError, RefusalReason};
use plimsoll_testkit::contract::{self, BrokerStage};
use stage::Stage;
use std::sync::Arc;

/// What is wrong with a broker that is right in everything else.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Flaw {
    TellsTradesTwice,
    LosesTheFee,
    KeepsClearanceToItself,
    CancelsWhatIsGone,
    CannotSetWhatIsSet,
    IgnoresReduceOnly,
}

struct Flawed(Arc<dyn Broker>, Flaw);

#[async_trait]
impl Broker for Flawed {
    fn venue(&self) -> VenueId {
        self.0.venue()
    }

    async fn instruments(&self) -> Result<Vec<Instrument>, QueryError> {
        self.0.instruments().await
    }

    async fn instrument(&self, symbol: &Symbol) -> Result<Instrument, QueryError> {
        self.0.instrument(symbol).await
    }

    async fn account(&self) -> Result<AccountSnapshot, QueryError> {
        self.0.account().await
    }

    async fn positions(&self) -> Result<Vec<PositionReport>, QueryError> {
        self.0.positions().await
    }

    async fn balances(&self) -> Result<Vec<BalanceReport>, QueryError> {
        self.0.balances().await
    }

    async fn open_orders<'a>(&self, symbol: Option<&'a Symbol>) -> Result<Vec<Order>, QueryError> {
        self.0.open_orders(symbol).await
    }

    async fn order(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<Option<Order>, QueryError> {
        self.0.order(symbol, id).await
    }

    async fn fills(&self, symbol: &Symbol, since: Timestamp) -> Result<Vec<Fill>, QueryError> {
        let mut fills = self.0.fills(symbol, since).await?;
        match self.1 {
            Flaw::TellsTradesTwice => fills.extend(fills.last().cloned()),
            Flaw::LosesTheFee => fills.iter_mut().for_each(|fill| fill.fee = Money::ZERO),
            _ => {}
        }
        Ok(fills)
    }

    async fn funding_payments(&self, since: Timestamp) -> Result<Vec<FundingPayment>, QueryError> {
        self.0.funding_payments(since).await
    }

    async fn bookings(&self, since: Timestamp) -> Result<Vec<Booking>, QueryError> {
        let mut bookings = self.0.bookings(since).await?;
        bookings.retain(|it| self.1 != Flaw::KeepsClearanceToItself || it.kind != BookingKind::LiquidationClearance);
        Ok(bookings)
    }

    async fn place(&self, order: &NewOrder) -> Result<OrderId, PlaceError> {
        let ignores = self.1 == Flaw::IgnoresReduceOnly;
        self.0.place(&NewOrder { reduce_only: order.reduce_only && !ignores, ..order.clone() }).await
    }

    async fn amend(
        &self,
        symbol: &Symbol,
        id: &ClientOrderId,
        quantity: Quantity,
        price: Price,
    ) -> Result<(), CommandError> {
        self.0.amend(symbol, id, quantity, price).await
    }

    async fn cancel(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<(), CommandError> {
        match self.0.cancel(symbol, id).await {
            Err(CommandError::Refused(refusal))
                if refusal.reason == RefusalReason::UnknownOrder && self.1 == Flaw::CancelsWhatIsGone =>
            {
                Ok(())
            }
            outcome => outcome,
        }
    }

    async fn cancel_all(&self, symbol: &Symbol) -> Result<(), CommandError> {
        self.0.cancel_all(symbol).await
    }

    async fn set_leverage(&self, symbol: &Symbol, leverage: Leverage) -> Result<(), CommandError> {
        self.0.set_leverage(symbol, leverage).await
    }

    async fn set_margin_mode(&self, symbol: &Symbol, mode: MarginMode) -> Result<(), CommandError> {
        self.0.set_margin_mode(symbol, mode).await
    }

    async fn set_position_mode(&self, mode: PositionMode) -> Result<(), CommandError> {
        if self.1 == Flaw::CannotSetWhatIsSet && self.0.account().await.expect("an account").position_mode == mode {
            return Err(CommandError::NotSent(NotSent::Invalid("it is set already".into())));
        }
        self.0.set_position_mode(mode).await
    }

    async fn adjust_isolated_margin(
        &self,
        symbol: &Symbol,
        side: PositionSide,
        amount: Money,
    ) -> Result<(), CommandError> {
        self.0.adjust_isolated_margin(symbol, side, amount).await
    }
}

struct FlawedStage(Stage, Flaw);

#[async_trait]
impl BrokerStage for FlawedStage {
    fn broker(&self) -> Arc<dyn Broker> {
        Arc::new(Flawed(self.0.broker(), self.1))
    }

    fn symbol(&self) -> Symbol {
        self.0.symbol()
    }

    async fn price(&self) -> Price {
        self.0.price().await
    }

    async fn move_price(&self, to: Price) {
        self.0.move_price(to).await;
    }

    async fn settle_funding(&self) -> bool {
        self.0.settle_funding().await
    }

    async fn transfer(&self, amount: Money) -> bool {
        self.0.transfer(amount).await
    }
}

/// The names of the cases that a flaw fails.
fn broken_by(flaw: Flaw) -> Vec<String> {
    let run = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(contract::broker::run(async || FlawedStage(Stage::new().await, flaw)));
    });
    let panic = run.join().expect_err("the flaw is not noticed");
    let message = panic.downcast_ref::<String>().expect("a message");
    message.lines().skip(1).filter_map(|line| Some(line.trim().split_once(':')?.0.to_owned())).collect()
}

fn check(flaw: Flaw, expected: &[&str]) {
    assert_eq!(broken_by(flaw), expected, "{flaw:?}");
}

#[test]
fn a_trade_told_twice_is_noticed() {
    let sums = ["a_market_order_fills_and_is_looked_up", "a_fill_costs_the_wallet_its_fee"];
    let books = ["a_liquidations_clearance_is_booked", "all_that_changes_a_wallet_is_told"];
    let first = "fills_are_oldest_first_and_no_older_than_asked";
    check(Flaw::TellsTradesTwice, &[first, books[0], books[1], sums[0], sums[1]]);
}

#[test]
fn a_fee_left_out_is_noticed() {
    let books = ["a_liquidations_clearance_is_booked", "all_that_changes_a_wallet_is_told"];
    check(Flaw::LosesTheFee, &[books[0], books[1], "a_fill_costs_the_wallet_its_fee"]);
}

#[test]
fn a_liquidation_that_costs_more_than_is_told_is_noticed() {
    let books = ["a_liquidations_clearance_is_booked", "all_that_changes_a_wallet_is_told"];
    check(Flaw::KeepsClearanceToItself, &books);
}

#[test]
fn a_cancel_of_nothing_that_succeeds_is_noticed() {
    let expected = [
        "cancelling_twice_is_an_unknown_order",
        "an_unknown_order_is_none_not_an_error",
        "a_stop_is_an_open_order_until_cancelled",
    ];
    check(Flaw::CancelsWhatIsGone, &expected);
}

#[test]
fn a_setting_that_cannot_be_repeated_is_noticed() {
    check(Flaw::CannotSetWhatIsSet, &["position_mode_is_set_reported_and_set_again"]);
}

#[test]
fn a_dropped_reduce_only_flag_is_noticed() {
    let expected = ["a_reduce_only_order_opens_nothing", "a_take_profit_of_a_short_triggers_below"];
    check(Flaw::IgnoresReduceOnly, &expected);
}
