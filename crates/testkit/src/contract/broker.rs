//! What [`Broker`] promises.
//!
//! [`Broker`]: plimsoll_ports::Broker

mod attached;
mod bookings;
mod conditional;
mod orders;
mod reads;
mod settings;

use super::stage::BrokerStage;
use super::suite::Suite;

/// Runs every case, each on a fresh stage.
///
/// ```no_run
/// use plimsoll_domain::{Price, Symbol};
/// use plimsoll_ports::Broker;
/// use plimsoll_testkit::contract::{BrokerStage, broker};
/// use std::sync::Arc;
///
/// /// A simulated venue with one account; yours.
/// struct MyStage {
///     # broker: Arc<dyn Broker>,
///     # symbol: Symbol,
///     # price: Price,
///     // a broker, a contract, a market that can be moved
/// }
///
/// # #[async_trait::async_trait]
/// impl BrokerStage for MyStage {
///     # fn broker(&self) -> Arc<dyn Broker> { Arc::clone(&self.broker) }
///     # fn symbol(&self) -> Symbol { self.symbol.clone() }
///     # async fn price(&self) -> Price { self.price }
///     # async fn move_price(&self, _: Price) {}
///     // broker, symbol, price, move_price
/// }
///
/// # async fn example(new_stage: impl AsyncFn() -> MyStage) {
/// broker::run(new_stage).await;
/// # }
/// ```
///
/// # Panics
/// If a promise is broken; the message names every broken one.
pub async fn run<S: BrokerStage>(fresh: impl AsyncFn() -> S) {
    let mut suite = Suite::new("Broker");
    macro_rules! cases {
        ($($module:ident :: $case:ident),+ $(,)?) => {
            $(suite.case(stringify!($case), async { $module::$case(&fresh().await).await }).await;)+
        };
    }
    cases![
        reads::an_instrument_is_the_same_alone_and_in_the_list,
        reads::an_unknown_contract_is_not_trading,
        reads::a_fresh_account_is_flat_and_has_money,
        reads::a_snapshot_holds_positions_orders_and_balances,
        reads::a_snapshot_is_older_than_what_follows,
        reads::fills_are_oldest_first_and_no_older_than_asked,
        reads::booked_funding_is_what_the_wallet_lost,
        bookings::a_transfer_is_booked_as_one,
        bookings::a_liquidations_clearance_is_booked,
        bookings::all_that_changes_a_wallet_is_told,
        orders::a_market_order_fills_and_is_looked_up,
        orders::a_fill_costs_the_wallet_its_fee,
        orders::a_limit_order_rests_until_cancelled,
        orders::a_resting_order_fills_when_the_price_comes,
        orders::cancelling_twice_is_an_unknown_order,
        orders::an_unknown_order_is_none_not_an_error,
        orders::an_amended_order_keeps_its_ids,
        orders::amending_an_unknown_order_is_refused,
        orders::an_id_in_use_is_never_taken_for_success_of_the_second,
        orders::a_post_only_order_never_takes,
        orders::a_fill_or_kill_order_that_cannot_fill_leaves_nothing,
        orders::an_immediate_or_cancel_order_leaves_nothing,
        orders::a_size_off_the_lot_leaves_nothing,
        orders::an_order_beyond_the_margin_is_refused,
        orders::a_reduce_only_order_opens_nothing,
        orders::a_reduce_only_order_reduces_and_closes,
        orders::a_forced_close_is_told_from_an_order_of_ours,
        conditional::a_stop_is_an_open_order_until_cancelled,
        conditional::cancel_all_takes_conditional_orders_too,
        conditional::everything_is_cancelled_at_once_or_nothing_is,
        conditional::a_stop_triggers_closes_and_is_reported_filled,
        conditional::a_take_profit_of_a_short_triggers_below,
        conditional::a_trigger_already_passed_is_refused,
        attached::a_stop_is_attached_or_nothing_is_sent,
        attached::an_attached_stop_closes_what_was_filled,
        attached::what_never_fills_has_no_stop,
        conditional::a_bracket_stands_behind_its_entry,
        conditional::close_all_leaves_nothing_behind,
        settings::leverage_is_set_reported_and_set_again,
        settings::leverage_beyond_the_table_is_refused,
        settings::margin_mode_is_set_reported_and_set_again,
        settings::margin_mode_does_not_change_under_a_position,
        settings::isolated_margin_is_added_and_taken_out,
        settings::a_cross_position_has_no_margin_of_its_own,
        settings::position_mode_is_set_reported_and_set_again,
        settings::position_mode_does_not_change_under_a_position,
        settings::hedge_legs_stand_side_by_side_and_close_alone,
        settings::an_order_for_the_wrong_mode_is_refused,
    ];
    suite.finish();
}
