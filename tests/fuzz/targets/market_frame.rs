//! What the venue says of its markets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_binance::wire::{Event, Symbols, decode};
use plimsoll_domain::{AccountState, MarketEvent};

fuzz_target!(|data: &[u8]| {
    let symbols = Symbols::by_suffix();
    let mut state = AccountState::new();
    let Ok(told) = decode(data, &symbols, 1) else { return };
    for event in told {
        match event {
            Event::Market(MarketEvent::Mark(mark)) => state.mark(&mark),
            event => drop(format!("{event:?}")),
        }
    }
});
