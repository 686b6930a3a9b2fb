//! Prices and funding rates from files.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_exchange::prices::{candle_ticks, read_candles, read_funding};

fuzz_target!(|data: &[u8]| {
    let Ok(symbol) = "BTC/USDT:USDT".parse() else { return };
    drop(read_funding(data));
    let Ok(candles) = read_candles(data, &symbol) else { return };
    for candle in &candles {
        assert!(candle.low <= candle.open.min(candle.close) && candle.high >= candle.open.max(candle.close));
        let path = candle_ticks(candle);
        assert!(path.windows(2).all(|pair| pair[0].0 <= pair[1].0), "time goes on: {candle:?}");
    }
    assert!(candles.windows(2).all(|pair| pair[0].open_time < pair[1].open_time), "oldest first");
});
