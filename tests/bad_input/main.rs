//! Everything that a venue, a gateway or a network can say wrongly, said to the adapters of all venues over real sockets:
//! each ends in an error that names what and where, or in a recovery; none in silence. The table is docs/bad-input.md.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod answers;
mod between;
mod bytes;
mod frames;
mod keys;
mod sessions;
mod stage;
mod wire;

/// One suite, run by every venue.
macro_rules! of_each_venue {
    ($($module:ident: $($case:ident),+;)+) => {
        of_each_venue!(@venue binance Binance, $($($module $case),+),+);
        of_each_venue!(@venue gateio Gateio, $($($module $case),+),+);
        of_each_venue!(@venue bitget Bitget, $($($module $case),+),+);
        of_each_venue!(@venue bitget_v1 BitgetMixV1, $($($module $case),+),+);
    };
    (@venue $name:ident $wire:ident, $($module:ident $case:ident),+) => {
        mod $name {
            $(
                #[tokio::test]
                async fn $case() {
                    crate::$module::$case::<crate::wire::$wire>().await;
                }
            )+
        }
    };
}

of_each_venue! {
    answers: what_a_gateway_says_is_told_and_an_order_may_live, half_an_answer_is_no_answer,
        a_limit_silences_us_for_as_long_as_the_venue_says, a_limit_without_a_time_silences_us_for_a_while,
        an_address_of_the_wrong_kind_is_named;
    keys: a_wrong_key_is_refused_in_the_venues_words_and_nothing_is_done,
        a_venue_that_repeats_our_key_to_us_is_not_quoted,
        a_clock_that_is_off_is_no_trouble_once_the_venue_was_asked, a_time_that_was_told_wrongly_is_asked_for_again,
        a_venue_that_never_likes_our_time_is_told_after_one_more_try, a_venue_that_does_not_tell_its_time_is_named;
    sessions: a_refused_handshake_is_told_and_tried_again, a_refused_handshake_of_prices_is_told_and_tried_again,
        a_limit_on_connections_is_waited_for, a_venue_that_hangs_up_says_why,
        a_malformed_login_answer_is_told_and_tried_again, a_login_answer_that_never_comes_is_told_and_tried_again,
        a_refused_subscription_is_told_or_done_without, a_limit_on_a_socket_is_told,
        a_session_that_ends_at_once_again_and_again_is_no_busy_loop, prices_that_are_refused_are_told;
    frames: no_trade_is_lost_by_a_broken_frame, no_broken_frame_ends_the_prices;
}
