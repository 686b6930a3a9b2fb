//! What the venue says of an account: frames, a line each, and the state that they make.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_binance::wire::{Event, Symbols, decode};
use plimsoll_domain::AccountState;

fuzz_target!(|data: &[u8]| {
    let symbols = Symbols::by_suffix();
    let mut state = AccountState::new();
    for (arrival, frame) in (1..).zip(data.split(|byte| *byte == b'\n')) {
        let told = decode(frame, &symbols, arrival);
        assert_eq!(told, decode(frame, &symbols, arrival), "the same frame says the same");
        for event in told.into_iter().flatten() {
            if let Event::Account(event) = event {
                state.apply(&event);
                assert!(state.apply(&event).is_empty(), "what is repeated changes nothing: {event:?}");
            }
        }
    }
});
